use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;

use super::SqliteLedger;
use super::fault::fault;
use super::value::digest;
use crate::declarations::{Declarations, Moved};
use crate::error::Result;

#[async_trait]
impl Declarations for SqliteLedger {
    async fn declared(&self, pipeline: &str) -> Result<Option<BlobId>> {
        let hash: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT hash FROM declaration WHERE pipeline = ?")
                .bind(pipeline)
                .fetch_optional(self.readers())
                .await
                .map_err(fault)?;
        hash.map(|hash| digest(&hash)).transpose()
    }

    async fn declare(&self, pipeline: &str, declaration: BlobId) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO declaration (pipeline, hash) VALUES (?1, ?2)
             ON CONFLICT (pipeline) DO UPDATE SET hash = ?2",
        )
        .bind(pipeline)
        .bind(declaration.as_bytes().to_vec())
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(())
    }

    async fn reassign(&self, pipeline: &str, agency: &Agency, limit: u32) -> Result<Moved> {
        let mut tx = self.begin().await?;
        // A walk over the distinct agencies, one seek each, and of each those of this pipeline.
        let rows: Vec<(i64, bool)> = sqlx::query_as(
            "WITH RECURSIVE agencies (agency) AS (
                 SELECT min(agency) FROM path
                 UNION ALL
                 SELECT (SELECT min(p.agency) FROM path p WHERE p.agency > a.agency)
                 FROM agencies a WHERE a.agency IS NOT NULL
             )
             SELECT p.id, p.live FROM agencies a CROSS JOIN path p ON p.agency = a.agency AND p.pipeline = ?1
             WHERE a.agency IS NOT NULL AND a.agency <> ?2 LIMIT ?3",
        )
        .bind(pipeline)
        .bind(agency.as_str())
        .bind(limit)
        .fetch_all(&mut tx.conn)
        .await
        .map_err(fault)?;
        if rows.is_empty() {
            tx.abandon().await?;
            return Ok(Moved::default());
        }
        let live = rows.iter().filter(|(_, live)| *live).count() as u64;
        let paths: Vec<i64> = rows.into_iter().map(|(path, _)| path).collect();
        tx.move_paths(&paths, pipeline, agency.as_str()).await?;
        let detail = serde_json::json!({ "agency": agency, "paths": paths.len() });
        tx.act("madang", "pipeline.reassign", format!("queue/{pipeline}"), detail.to_string());
        tx.commit().await?;
        Ok(Moved { paths: paths.len() as u64, live })
    }
}
