use std::collections::BTreeMap;
use std::sync::LazyLock;

use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use sqlx::AssertSqlSafe;

use super::SqliteLedger;
use super::body::{DOCUMENT, DocumentRow};
use super::fault::fault;
use super::value::{count, json};
use crate::error::Result;
use crate::same_bytes::SameBytes;

/// Of each pair of keys its place in the list, how many documents there were of the object that is chosen, and those
/// that there are.
static BEFORE: LazyLock<String> = LazyLock::new(|| {
    // The documents of one reading stay or go together, but for a member that a later reading did not find: it is gone
    // where the others are not, and gone with them too many.
    let chosen = |key: u8| {
        format!(
            "(SELECT r.rowid FROM document r WHERE r.reading = unhex(pair.value ->> {key})
              ORDER BY r.withdrawn LIMIT 1)"
        )
    };
    let own = format!(
        "json_each(?) pair CROSS JOIN document k ON k.rowid = coalesce({}, {})",
        chosen(0),
        chosen(1)
    );
    let document = DOCUMENT.replacen("SELECT ", "SELECT pair.key AS pair, k.parts, ", 1);
    document.replacen("FROM document d", &format!("FROM {own} CROSS JOIN document d"), 1)
        + " WHERE d.path = k.path AND d.object = k.object AND d.withdrawn = k.withdrawn"
});

/// A row of [`BEFORE`].
struct Part {
    pair: i64,
    parts: u64,
    document: DocumentRow,
}

impl sqlx::FromRow<'_, sqlx::sqlite::SqliteRow> for Part {
    fn from_row(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<Part> {
        let pair = sqlx::Row::try_get(row, "pair")?;
        let parts = sqlx::Row::try_get(row, "parts")?;
        Ok(Part { pair, parts: count(parts), document: DocumentRow::from_row(row)? })
    }
}

#[async_trait]
impl SameBytes for SqliteLedger {
    async fn read_before(&self, keys: &[[BlobId; 2]]) -> Result<Vec<Option<Vec<Document>>>> {
        let hex: Vec<[String; 2]> =
            keys.iter().map(|pair| pair.each_ref().map(ToString::to_string)).collect();
        let rows: Vec<Part> = sqlx::query_as(AssertSqlSafe(BEFORE.as_str()))
            .bind(json(&hex)?)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        let mut found: BTreeMap<i64, Vec<Part>> = BTreeMap::new();
        for row in rows {
            found.entry(row.pair).or_default().push(row);
        }
        let whole = |pair: i64| {
            let parts = found.remove(&pair)?;
            if parts.iter().any(|part| part.parts != parts.len() as u64) {
                return None;
            }
            // One that cannot be read back is as good as none.
            parts.into_iter().map(|part| Some(part.document.stored().ok()?.document)).collect()
        };
        Ok((0..).take(keys.len()).map(whole).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    /// As many seeks as there are documents of one object, however many objects are of the same bytes.
    #[tokio::test]
    async fn what_was_read_before_is_answered_by_an_index() {
        let plan = plan(&BEFORE).await;
        let seek = "document_reading (reading=?)";
        assert_eq!(plan.iter().filter(|step| step.contains(seek)).count(), 2, "{plan:#?}");
        assert!(plan.iter().any(|step| step.contains("document_path (path=?)")), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        let scans = plan.iter().filter(|step| step.starts_with("SCAN"));
        assert!(scans.eq(["SCAN pair VIRTUAL TABLE INDEX 1:"]), "{plan:#?}");
    }
}
