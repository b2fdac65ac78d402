use async_trait::async_trait;
use madang_document::principal::Scope;

use super::SqliteLedger;
use super::each::readable;
use super::fault::{fault, odd};
use super::value::{json, scope};
use super::writing::Writing;
use crate::error::Result;
use crate::left_out::LeftOuts;
use crate::rows::{Row, Rows};
use madang_document::left_out::{LeftOut, LeftOutKind};

#[async_trait]
impl LeftOuts for SqliteLedger {
    async fn leave_out(&self, pipeline: &str, left_out: &[LeftOut]) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("DELETE FROM left_out WHERE pipeline = ?")
            .bind(pipeline)
            .execute(&mut tx.conn)
            .await
            .map_err(fault)?;
        tx.leave_out(pipeline, left_out).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn amend_left_out(
        &self,
        pipeline: &str,
        found: &[LeftOut],
        ended: &[String],
    ) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "DELETE FROM left_out WHERE pipeline = ?1 AND key IN (SELECT value FROM json_each(?2))",
        )
        .bind(pipeline)
        .bind(json(ended)?)
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.leave_out(pipeline, found).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn left_out(&self, pipeline: &str) -> Result<Vec<LeftOut>> {
        let rows: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT key, kind, reason FROM left_out WHERE pipeline = ? ORDER BY key",
        )
        .bind(pipeline)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(readable(rows, |(key, kind, reason)| left_out(key, &kind, reason)))
    }

    async fn left_out_at(&self, places: &[(&str, &str)]) -> Result<Vec<(String, String)>> {
        sqlx::query_as(
            "SELECT pipeline, key FROM left_out WHERE (pipeline, key) IN (
                 SELECT value ->> 0, value ->> 1 FROM json_each(?))",
        )
        .bind(json(places)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)
    }

    async fn left_outs(
        &self,
        agencies: &Scope,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Rows<(String, String), (String, LeftOut)>> {
        let (pipeline, key) = after.unwrap_or_default();
        let rows: Vec<(String, String, String, String)> = sqlx::query_as(
            "SELECT l.pipeline, l.key, l.kind, l.reason FROM left_out l
             WHERE (l.pipeline, l.key) > (?2, ?3) AND (?1 IS NULL OR l.pipeline IN (
                 SELECT name FROM queue WHERE agency IN (SELECT value FROM json_each(?1))))
             ORDER BY l.pipeline, l.key LIMIT ?4",
        )
        .bind(scope(agencies)?)
        .bind(pipeline)
        .bind(key)
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let rows = rows.into_iter().map(|(pipeline, key, kind, reason)| {
            let left_out = left_out(key.clone(), &kind, reason);
            Row { key: (pipeline.clone(), key), value: left_out.map(|one| (pipeline, one)) }
        });
        Ok(Rows(rows.collect()))
    }
}

impl Writing<'_> {
    /// Notes these. A key that stands twice among them is one thing: what was said last.
    async fn leave_out(&mut self, pipeline: &str, left_out: &[LeftOut]) -> Result<()> {
        sqlx::query(
            "INSERT OR REPLACE INTO left_out (pipeline, key, kind, reason)
             SELECT ?1, value ->> 'key', value ->> 'kind', value ->> 'reason' FROM json_each(?2)",
        )
        .bind(pipeline)
        .bind(json(left_out)?)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }
}

fn left_out(key: String, kind: &str, reason: String) -> Result<LeftOut> {
    let kind = LeftOutKind::parse(kind).ok_or_else(|| odd("what is left out", kind))?;
    Ok(LeftOut { key, kind, reason })
}
