use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::document::Document;
use madang_document::extent::Extent;
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use uuid::Uuid;

use super::fault::{fault, odd};
use super::{SqliteLedger, count, json};
use crate::documents::{Documents, Stored};
use crate::error::{LedgerError, Result};

/// Revision, whether it was withdrawn, and the document as JSON.
type Row = (i64, bool, String);

#[async_trait]
impl Documents for SqliteLedger {
    async fn document(&self, id: DocumentId) -> Result<Option<Stored>> {
        let row: Option<Row> =
            sqlx::query_as("SELECT revision, withdrawn, body FROM document WHERE id = ?")
                .bind(id.uuid().as_bytes().to_vec())
                .fetch_optional(self.readers())
                .await
                .map_err(fault)?;
        row.map(stored).transpose()
    }

    async fn documents(&self, ids: &[DocumentId]) -> Result<Vec<Stored>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<String> = ids.iter().map(|id| id.uuid().simple().to_string()).collect();
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT revision, withdrawn, body FROM document
             WHERE id IN (SELECT unhex(value) FROM json_each(?))",
        )
        .bind(json(&ids)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(stored).collect()
    }

    async fn members(&self, parent: DocumentId, limit: u32) -> Result<Vec<Stored>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT revision, withdrawn, body FROM document
             WHERE parent = ? AND withdrawn = 0 AND parent IS NOT NULL ORDER BY inner_path LIMIT ?",
        )
        .bind(parent.uuid().as_bytes().to_vec())
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(stored).collect()
    }

    async fn documents_after(
        &self,
        partition: &Partition,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Stored>> {
        // Every id is longer than the empty blob, and so greater.
        let after = after.map_or(Vec::new(), |id| id.uuid().as_bytes().to_vec());
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT revision, withdrawn, body FROM document
             WHERE agency = ? AND withdrawn = 0 AND id > ? ORDER BY id LIMIT ?",
        )
        .bind(partition.agency.as_str())
        .bind(after)
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(stored).collect()
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

fn stored((revision, withdrawn, body): Row) -> Result<Stored> {
    let document: Document = serde_json::from_str(&body)
        .map_err(|e| LedgerError::Damaged(format!("a document cannot be read back: {e}")))?;
    Ok(Stored { revision: count(revision), withdrawn, document })
}

/// A stored document id.
pub(super) fn document_id(bytes: &[u8]) -> Result<DocumentId> {
    Uuid::from_slice(bytes).map(DocumentId::from).map_err(|e| odd("a document id", e))
}

/// A stored institution code.
pub(super) fn agency(text: String) -> Result<Agency> {
    Agency::try_from(text).map_err(|e| odd("an agency", e))
}

/// A partition, by the institution code that its rows hold.
pub(super) fn partition(text: String) -> Result<Partition> {
    agency(text).map(Partition::of)
}

/// The agencies of a scope as a JSON array, or NULL for all of them.
pub(super) fn scope(scope: &Scope) -> Result<Option<String>> {
    match scope {
        Scope::All => Ok(None),
        Scope::Only(agencies) => json(agencies).map(Some),
    }
}
