use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use sqlx::AssertSqlSafe;

use super::SqliteLedger;
use super::body::{DOCUMENT, DocumentRow};
use super::fault::fault;
use super::value::count;
use crate::error::Result;
use crate::same_bytes::SameBytes;

/// How many documents there were of the object that is chosen, and those that there are.
fn before() -> String {
    // The documents of one reading stay or go together, but for a member that a later reading did not find: it is gone
    // where the others are not, and gone with them too many.
    let chosen = |key: &str| {
        format!(
            "(SELECT r.rowid FROM document r WHERE r.reading = {key} ORDER BY r.withdrawn LIMIT 1)"
        )
    };
    let own = format!(
        "(SELECT path, object, withdrawn, parts FROM document
          WHERE rowid = coalesce({}, {}))",
        chosen("?1"),
        chosen("?2")
    );
    let document = DOCUMENT.replacen("SELECT ", "SELECT k.parts, ", 1);
    document.replacen("FROM document d", &format!("FROM {own} k CROSS JOIN document d"), 1)
        + " WHERE d.path = k.path AND d.object = k.object AND d.withdrawn = k.withdrawn"
}

/// A row of [`before`].
struct Part {
    parts: u64,
    document: DocumentRow,
}

impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for Part {
    fn from_row(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Part> {
        let parts = sqlx::Row::try_get(row, "parts")?;
        Ok(Part { parts: count(parts), document: DocumentRow::from_row(row)? })
    }
}

#[async_trait]
impl SameBytes for SqliteLedger {
    async fn read_before(&self, keys: &[BlobId; 2]) -> Result<Option<Vec<Document>>> {
        let [one, other] = keys.each_ref().map(|key| key.as_bytes().to_vec());
        let rows: Vec<Part> = sqlx::query_as(AssertSqlSafe(before()))
            .bind(one)
            .bind(other)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        if rows.is_empty() || rows.iter().any(|row| row.parts != rows.len() as u64) {
            return Ok(None);
        }
        // One that cannot be read back is as good as none.
        let documents = rows.into_iter().map(|row| Some(row.document.stored().ok()?.document));
        Ok(documents.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    /// As many seeks as there are documents of one object, however many objects are of the same bytes.
    #[tokio::test]
    async fn what_was_read_before_is_answered_by_an_index() {
        let plan = plan(&before()).await;
        let seek = "document_reading (reading=?)";
        assert_eq!(plan.iter().filter(|step| step.contains(seek)).count(), 2, "{plan:#?}");
        assert!(plan.iter().any(|step| step.contains("document_path (path=?)")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{plan:#?}");
    }
}
