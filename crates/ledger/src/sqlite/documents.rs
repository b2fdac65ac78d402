use async_trait::async_trait;
use madang_document::extent::Extent;
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use sqlx::AssertSqlSafe;

use super::SqliteLedger;
use super::body::{DOCUMENT, DocumentRow};
use super::fault::{fault, odd};
use super::value::{bytes, count, json, partition, scope};
use crate::documents::{Documents, Stored};
use crate::error::Result;

#[async_trait]
impl Documents for SqliteLedger {
    async fn document(&self, id: DocumentId) -> Result<Option<Stored>> {
        let row: Option<DocumentRow> =
            sqlx::query_as(AssertSqlSafe(format!("{DOCUMENT} WHERE d.id = ?")))
                .bind(bytes(id))
                .fetch_optional(self.readers())
                .await
                .map_err(fault)?;
        row.map(DocumentRow::stored).transpose()
    }

    async fn documents(&self, ids: &[DocumentId]) -> Result<Vec<Stored>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = ids.iter().map(|id| id.uuid().simple().to_string()).collect();
        let rows: Vec<DocumentRow> = sqlx::query_as(AssertSqlSafe(format!(
            "{DOCUMENT} WHERE d.id IN (SELECT unhex(value) FROM json_each(?))"
        )))
        .bind(json(&ids)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(DocumentRow::stored).collect()
    }

    async fn members(&self, parent: DocumentId, limit: u32) -> Result<Vec<Stored>> {
        let rows: Vec<DocumentRow> = sqlx::query_as(AssertSqlSafe(format!(
            "{DOCUMENT} WHERE d.parent = ? AND d.withdrawn = 0 AND d.parent IS NOT NULL ORDER BY d.inner_path LIMIT ?"
        )))
        .bind(bytes(parent))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(DocumentRow::stored).collect()
    }

    async fn documents_after(
        &self,
        partition: &Partition,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Stored>> {
        // Every id is longer than the empty blob, and so greater.
        let after = after.map_or(Vec::new(), bytes);
        let rows: Vec<DocumentRow> = sqlx::query_as(AssertSqlSafe(format!(
            "{DOCUMENT} WHERE d.agency = ? AND d.withdrawn = 0 AND d.id > ? ORDER BY d.id LIMIT ?"
        )))
        .bind(partition.agency.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(DocumentRow::stored).collect()
    }

    async fn documents_of(
        &self,
        pipeline: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Stored>> {
        let rows: Vec<DocumentRow> = sqlx::query_as(AssertSqlSafe(format!(
            "{DOCUMENT} WHERE d.pipeline = ? AND d.withdrawn = 0 AND d.id > ? ORDER BY d.id LIMIT ?"
        )))
        .bind(pipeline)
        .bind(after.map_or(Vec::new(), bytes))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(DocumentRow::stored).collect()
    }

    async fn outcomes(&self, agencies: &Scope) -> Result<Vec<(Outcome, u64)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT outcome, count(*) FROM document
             WHERE withdrawn = 0 AND (?1 IS NULL OR agency IN (SELECT value FROM json_each(?1)))
             GROUP BY outcome ORDER BY outcome",
        )
        .bind(scope(agencies)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter()
            .map(|(word, n)| {
                let outcome = Outcome::parse(&word).ok_or_else(|| odd("an outcome", word))?;
                Ok((outcome, count(n)))
            })
            .collect()
    }

    async fn partitions(&self) -> Result<Vec<Partition>> {
        // A walk over the distinct agencies, one seek each.
        let rows: Vec<String> = sqlx::query_scalar(
            "WITH RECURSIVE agencies (agency) AS (
                 SELECT min(agency) FROM document
                 UNION ALL
                 SELECT (SELECT min(d.agency) FROM document d WHERE d.agency > a.agency)
                 FROM agencies a WHERE a.agency IS NOT NULL
             )
             SELECT agency FROM agencies WHERE agency IS NOT NULL ORDER BY agency",
        )
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(partition).collect()
    }

    async fn extent(&self, pipeline: &str) -> Result<Extent> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            "SELECT media_type, count(*), sum(bytes) FROM document
             WHERE pipeline = ? AND withdrawn = 0 AND parent IS NULL
             GROUP BY media_type ORDER BY media_type",
        )
        .bind(pipeline)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let mut extent = Extent::default();
        for (media_type, objects, bytes) in rows {
            extent.objects += count(objects);
            extent.bytes = extent.bytes.saturating_add(count(bytes));
            extent.media_types.push((media_type, count(objects)));
        }
        Ok(extent)
    }
}
