use async_trait::async_trait;
use madang_document::blob_part::BlobPart;
use madang_document::content::Member;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::timestamp::Timestamp;
use serde::Deserialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::SqliteLedger;
use super::body::DocumentRow;
use super::each::readable;
use super::fault::fault;
use super::value::{bytes, json};
use super::writing::Writing;
use crate::error::Result;
use crate::versions::{KEPT, Version, Versions};

/// What was recorded of a document, with what stands in its present row: that it is gone is asked here once more.
const VERSION: &str = "
    SELECT d.id, v.revision, d.withdrawn, d.agency, d.pipeline, d.parent, d.inner_path, v.outcome,
           v.media_type, v.format, v.format_version, v.body, p.store, p.path, v.object AS version, v.size,
           v.modified, v.until
    FROM version v JOIN document d ON d.id = v.document JOIN path p ON p.id = d.path
    WHERE v.document = ? AND d.withdrawn = 0 ORDER BY v.revision DESC";

/// A row of [`VERSION`].
struct VersionRow {
    until: i64,
    document: DocumentRow,
}

impl FromRow<'_, SqliteRow> for VersionRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<VersionRow> {
        Ok(VersionRow { until: row.try_get("until")?, document: DocumentRow::from_row(row)? })
    }
}

#[async_trait]
impl Versions for SqliteLedger {
    async fn versions(&self, document: DocumentId) -> Result<Vec<Version>> {
        let rows: Vec<VersionRow> = sqlx::query_as(VERSION)
            .bind(bytes(document))
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        Ok(readable(rows, |VersionRow { until, document }| {
            let stored = document.stored()?;
            // Its file is another one now, and so is the likeness in it.
            let document = Document { preview: None, likeness: false, ..stored.document };
            Ok(Version { revision: stored.revision, until: Timestamp(until), document })
        }))
    }
}

/// What of a document's body makes a version when it changes.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    text: Option<BlobPart>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    reason: Option<Reason>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    members: Vec<Member>,
}

/// Whether what a document becomes is something else than what its row says. A row that cannot be read back is none that
/// could be compared.
pub(super) fn reads_otherwise(
    document: &Document,
    outcome: &str,
    media_type: &str,
    body: &str,
) -> bool {
    let Some(outcome) = Outcome::parse(outcome) else { return false };
    let Ok(body) = serde_json::from_str::<Body>(body) else { return false };
    let Body { text, language, reason, metadata, members } = body;
    let media_type = MediaType::new(media_type);
    let rest = document.clone();
    let before =
        Document { text, language, reason, metadata, members, outcome, media_type, ..rest };
    document.reads_otherwise(&before)
}

impl Writing<'_> {
    /// Keeps what these live documents are, before their rows are written, and of each no more than the last few. The
    /// bodies are copied as they lie there, packed.
    pub(super) async fn keep_versions(&mut self, documents: &[DocumentId]) -> Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        let ids = ids(documents)?;
        // A number that stands there already can be that of a ledger restored from a copy only: it is of no use.
        sqlx::query(
            "INSERT OR REPLACE INTO version (document, revision, until, object, size, modified, outcome,
                 media_type, format, format_version, body)
             SELECT d.id, d.revision, ?2, o.version, o.size, o.modified, d.outcome, d.media_type, d.format,
                 d.format_version, d.body
             FROM document d JOIN object o ON o.id = d.object
             WHERE d.id IN (SELECT unhex(value) FROM json_each(?1)) AND d.withdrawn = 0",
        )
        .bind(&ids)
        .bind(self.now.0)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        sqlx::query(
            "DELETE FROM version WHERE document IN (SELECT unhex(value) FROM json_each(?1))
             AND (SELECT count(*) FROM version n
                  WHERE n.document = version.document AND n.revision > version.revision) >= ?2",
        )
        .bind(&ids)
        .bind(KEPT)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }

    /// Forgets what these documents were.
    pub(super) async fn forget_versions(&mut self, documents: &[DocumentId]) -> Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        sqlx::query(FORGET).bind(ids(documents)?).execute(&mut self.conn).await.map_err(fault)?;
        Ok(())
    }
}

const FORGET: &str =
    "DELETE FROM version WHERE document IN (SELECT unhex(value) FROM json_each(?))";

fn ids(documents: &[DocumentId]) -> Result<String> {
    let ids: Vec<String> = documents.iter().map(|id| id.uuid().simple().to_string()).collect();
    json(&ids)
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    #[tokio::test]
    async fn what_documents_were_is_found_by_their_ids() {
        for (sql, seek) in [(VERSION, "(document=?)"), (FORGET, "(document=?)")] {
            let plan = plan(sql).await;
            assert!(plan.iter().any(|step| step.contains(seek)), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN v")), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
