use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::blob_part::BlobPart;
use madang_document::content::Member;
use madang_document::document::{Document, DocumentPart, Provenance};
use madang_document::id::DocumentId;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::SqliteLedger;
use super::body::DocumentRow;
use super::each::readable;
use super::fault::{fault, odd};
use super::value::{bytes, count, json, signed, small};
use super::writing::Writing;
use crate::documents::Documents;
use crate::error::Result;
use crate::versions::{Glance, KEPT, Version, Versions};

/// What was recorded of a document, with what stands in its present row: that it is gone is asked here once more.
const VERSION: &str = "
    SELECT d.id, v.revision, d.withdrawn, d.agency, d.pipeline, d.parent, d.inner_path, v.outcome,
           v.media_type, v.format, v.format_version, v.body, coalesce(v.store, p.store) AS store,
           coalesce(v.path, p.path) AS path, v.object AS version, v.size, v.modified, v.until
    FROM version v JOIN document d ON d.id = v.document JOIN path p ON p.id = d.path
    WHERE v.document = ? AND d.withdrawn = 0 ORDER BY v.revision DESC";

/// What is told of it at a glance: no row is unpacked.
const GLANCE: &str = "
    SELECT v.revision, v.until, v.outcome, v.format, v.format_version, v.characters, v.changed, v.new_file,
           coalesce(v.store, p.store), coalesce(v.path, p.path)
    FROM version v JOIN document d ON d.id = v.document JOIN path p ON p.id = d.path
    WHERE v.document = ? AND d.withdrawn = 0 ORDER BY v.revision DESC";

/// A row of [`GLANCE`].
type GlanceRow =
    (i64, i64, String, String, i64, Option<i64>, Option<String>, Option<bool>, String, String);

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
            let document = Document {
                preview: None,
                previews: Vec::new(),
                likeness: false,
                ..stored.document
            };
            Ok(Version { revision: stored.revision, until: Timestamp(until), document })
        }))
    }

    async fn glances(&self, document: DocumentId) -> Result<Vec<Glance>> {
        let rows: Vec<GlanceRow> = sqlx::query_as(GLANCE)
            .bind(bytes(document))
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        // An earlier Madang wrote one of them.
        if rows.iter().any(|(.., changed, _, _, _)| changed.is_none()) {
            return self.read_back(document).await;
        }
        Ok(readable(rows, glance))
    }
}

impl SqliteLedger {
    /// What is told of versions at a glance, by all that was read.
    async fn read_back(&self, document: DocumentId) -> Result<Vec<Glance>> {
        let Some(stored) = self.document(document).await? else { return Ok(Vec::new()) };
        let versions = self.versions(document).await?;
        let newer = versions.iter().map(|version| &version.document);
        let after = std::iter::once(&stored.document).chain(newer);
        Ok(versions.iter().zip(after).map(|(version, after)| Glance::of(version, after)).collect())
    }
}

fn glance(row: GlanceRow) -> Result<Glance> {
    let (
        revision,
        until,
        outcome,
        format,
        format_version,
        characters,
        changed,
        new_file,
        store,
        path,
    ) = row;
    let words = changed.unwrap_or_default();
    let part = |word: &str| DocumentPart::parse(word).ok_or_else(|| odd("a part", word.to_owned()));
    Ok(Glance {
        revision: count(revision),
        until: Timestamp(until),
        outcome: Outcome::parse(&outcome).ok_or_else(|| odd("an outcome", outcome.clone()))?,
        provenance: Provenance { format, format_version: small(format_version) },
        characters: count(characters.unwrap_or_default()),
        changed: words.split_terminator(',').map(part).collect::<Result<_>>()?,
        is_new_file: new_file.unwrap_or_default(),
        store,
        path,
    })
}

/// What of a document's body makes a version when it changes.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    text: Option<BlobPart>,
    #[serde(default)]
    wordless: Option<BlobId>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    reason: Option<Reason>,
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    members: Vec<Member>,
    #[serde(default)]
    sha256: Option<BlobId>,
    #[serde(default)]
    characters: u64,
}

/// What a document was, as far as it is told at a glance, beside what stands in its row.
pub(super) struct Change {
    characters: u64,
    changed: Vec<DocumentPart>,
    is_new_file: bool,
}

/// The change by which what its row says becomes this document, which may be read from the same object; none if it reads the
/// same. A row that cannot be read back is none that could be compared.
pub(super) fn change(
    document: &Document,
    is_same_object: bool,
    outcome: &str,
    media_type: &str,
    body: &str,
) -> Option<Change> {
    let outcome = Outcome::parse(outcome)?;
    let body = serde_json::from_str::<Body>(body).ok()?;
    let Body { text, wordless, language, reason, metadata, members, sha256, characters } = body;
    let media_type = MediaType::new(media_type);
    let mut rest = document.clone();
    if !is_same_object {
        // Whatever it was called, it was another.
        rest.object.version.push('\0');
    }
    let before = Document {
        text,
        wordless,
        language,
        reason,
        metadata,
        members,
        outcome,
        media_type,
        sha256,
        characters,
        ..rest
    };
    let changed = document.differences(&before);
    let is_new_file = document.is_of_another_file(&before);
    (!changed.is_empty()).then_some(Change { characters, changed, is_new_file })
}

/// A document that comes to something else, for the statement that keeps what it was.
#[derive(Serialize)]
struct ChangeRow {
    id: String,
    characters: i64,
    changed: String,
    new_file: bool,
}

impl ChangeRow {
    fn of((id, change): &(DocumentId, Change)) -> ChangeRow {
        let words: Vec<&str> = change.changed.iter().map(|part| part.as_str()).collect();
        ChangeRow {
            id: id.uuid().simple().to_string(),
            characters: signed(change.characters),
            changed: words.join(","),
            new_file: change.is_new_file,
        }
    }
}

impl Writing<'_> {
    /// Keeps what these live documents are, before their rows are written, and of each no more than the last few. The
    /// bodies are copied as they lie there, packed.
    pub(super) async fn keep_versions(&mut self, changes: &[(DocumentId, Change)]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let rows: Vec<ChangeRow> = changes.iter().map(ChangeRow::of).collect();
        // A number that stands there already can be that of a ledger restored from a copy only: it is of no use.
        sqlx::query(
            "INSERT OR REPLACE INTO version (document, revision, until, object, size, modified, outcome,
                 media_type, format, format_version, body, characters, changed, new_file)
             SELECT d.id, d.revision, ?2, o.version, o.size, o.modified, d.outcome, d.media_type, d.format,
                 d.format_version, d.body, c.value ->> 'characters', c.value ->> 'changed', c.value ->> 'new_file'
             FROM json_each(?1) c JOIN document d ON d.id = unhex(c.value ->> 'id') JOIN object o ON o.id = d.object
             WHERE d.withdrawn = 0",
        )
        .bind(json(&rows)?)
        .bind(self.now.0)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        let ids: Vec<DocumentId> = changes.iter().map(|(id, _)| *id).collect();
        self.keep_the_last(&ids).await
    }

    /// Forgets of these documents all that they were but the last few.
    pub(super) async fn keep_the_last(&mut self, documents: &[DocumentId]) -> Result<()> {
        sqlx::query(
            "DELETE FROM version WHERE document IN (SELECT unhex(value) FROM json_each(?1))
             AND (SELECT count(*) FROM version n
                  WHERE n.document = version.document AND n.revision > version.revision) >= ?2",
        )
        .bind(ids(documents)?)
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

pub(super) fn ids(documents: &[DocumentId]) -> Result<String> {
    let ids: Vec<String> = documents.iter().map(|id| id.uuid().simple().to_string()).collect();
    json(&ids)
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    #[tokio::test]
    async fn what_documents_were_is_found_by_their_ids() {
        for (sql, seek) in
            [(VERSION, "(document=?)"), (GLANCE, "(document=?)"), (FORGET, "(document=?)")]
        {
            let plan = plan(sql).await;
            assert!(plan.iter().any(|step| step.contains(seek)), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN v")), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
