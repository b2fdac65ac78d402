use madang_document::blob_id::BlobId;
use madang_document::document::DocumentPart;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::timestamp::Timestamp;
use serde::Deserialize;

use super::compact::unpack;
use super::fault::{fault, odd};
use super::value::{bytes, content_of, count, document_id, json, signed};
use super::versions::ids;
use super::writing::Writing;
use crate::error::Result;
use crate::retention::DAY_MS;
use crate::versions::AWAITED_MS;

/// For how long before the old path is withdrawn the new one may be known: whoever moves a folder waits for the operator's
/// word on a mass disappearance, over a weekend, too.
const KNOWN_MS: i64 = 7 * DAY_MS;

/// Files of the same bytes among which an heir is looked for, those first that came last.
const CANDIDATES: i64 = 64;

/// Live files of these bytes, those that came last first.
const LIVE: &str = "
    SELECT d.id, d.path, d.agency, d.body, p.store, p.path, p.seen_at AS at
    FROM (SELECT rowid AS r FROM document WHERE content = ?1 AND agency = ?3 AND withdrawn = 0
          ORDER BY rowid DESC LIMIT ?2) c
    JOIN document d ON d.rowid = c.r JOIN path p ON p.id = d.path
    WHERE d.withdrawn = 0 AND d.parent IS NULL AND d.bytes > 0 ORDER BY p.seen_at DESC";

/// Withdrawn files of these bytes; each is asked when its path went.
const GONE: &str = "
    SELECT d.id, d.path, d.agency, d.body, p.store, p.path, coalesce(j.done_at, 0) AS at
    FROM (SELECT rowid AS r FROM document
          WHERE content = ?1 AND agency = ?3 AND withdrawn = 1 AND parent IS NULL
          ORDER BY rowid DESC LIMIT ?2) c
    JOIN document d ON d.rowid = c.r JOIN path p ON p.id = d.path
    LEFT JOIN job j ON j.path = d.path AND j.current = 1
    WHERE d.bytes > 0 ORDER BY at DESC";

/// A file, by the document of it as a whole.
type FileRow = (Vec<u8>, i64, String, Vec<u8>, String, String, i64);

/// A file of which others may have the bytes.
struct File {
    id: DocumentId,
    /// Of its path.
    number: i64,
    agency: String,
    sha256: BlobId,
    store: String,
    path: String,
    /// When it was first seen; of one that went, when it did.
    at: Timestamp,
}

/// What is asked of a body here.
#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    sha256: Option<BlobId>,
    #[serde(default)]
    characters: u64,
}

fn body(packed: &[u8]) -> Result<Body> {
    serde_json::from_str(&unpack(packed)?).map_err(|error| odd("a document", error))
}

/// None where nothing is known of its bytes.
fn file((id, number, agency, packed, store, path, at): FileRow) -> Result<Option<File>> {
    let Some(sha256) = body(&packed)?.sha256 else { return Ok(None) };
    let (id, at) = (document_id(&id)?, Timestamp(at));
    Ok(Some(File { id, number, agency, sha256, store, path, at }))
}

/// Whether the one went where the other is now: the same bytes in the same hands.
fn is_moved(gone: &File, here: &File) -> bool {
    gone.number != here.number && gone.agency == here.agency && gone.sha256 == here.sha256
}

/// A document that is gone, by whose place in its file the one is found that comes after it.
type Gone = (Vec<u8>, Option<String>, i64, Vec<u8>);

impl Writing<'_> {
    /// What these withdrawn documents were is told to nobody any more, and waits for the file to be seen elsewhere.
    pub(super) async fn leave_versions(&mut self, documents: &[DocumentId]) -> Result<()> {
        sqlx::query(
            "UPDATE version SET left_at = ?2 WHERE document IN (SELECT unhex(value) FROM json_each(?1))",
        )
        .bind(ids(documents)?)
        .bind(self.now.0)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }

    /// Gives what files were to those that have their bytes under another path: of files that have just gone to one that
    /// was seen of late, to files that have just come from one that went of late. It is told as news of the heir, whose
    /// revision goes on from theirs. `next` is the number of the first row of the news.
    pub(super) async fn inherit(
        &mut self,
        gone: &[DocumentId],
        come: &[DocumentId],
        next: u64,
    ) -> Result<()> {
        let known = self.now.plus_ms(-KNOWN_MS);
        for gone in self.files(gone).await? {
            let live = self.files_of(LIVE, &gone).await?;
            if let Some(heir) = live.iter().find(|here| is_moved(&gone, here) && here.at >= known) {
                self.pass_on(&gone, heir, next).await?;
            }
        }
        let awaited = self.now.plus_ms(-AWAITED_MS);
        for here in self.come_back(come).await? {
            let gone = self.files_of(GONE, &here).await?;
            let late = gone.iter().filter(|gone| is_moved(gone, &here) && gone.at >= awaited);
            for gone in late {
                if !self.is_passed_on(gone, &here).await? {
                    self.pass_on(gone, &here, next).await?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// These documents of whole files, of those that are none and of whose bytes nothing is known.
    async fn files(&mut self, documents: &[DocumentId]) -> Result<Vec<File>> {
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<FileRow> = sqlx::query_as(
            "SELECT d.id, d.path, d.agency, d.body, p.store, p.path, p.seen_at AS at
             FROM document d JOIN path p ON p.id = d.path
             WHERE d.id IN (SELECT unhex(value) FROM json_each(?)) AND d.parent IS NULL
               AND d.content IS NOT NULL AND d.bytes > 0",
        )
        .bind(ids(documents)?)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        rows.into_iter().filter_map(|row| file(row).transpose()).collect()
    }

    /// Those of these documents whose bytes are those of a file that is gone: of most there is none, which is one seek
    /// for each and no row read.
    async fn come_back(&mut self, documents: &[DocumentId]) -> Result<Vec<File>> {
        if documents.is_empty() {
            return Ok(Vec::new());
        }
        let known: Vec<Vec<u8>> = sqlx::query_scalar(COME_BACK)
            .bind(ids(documents)?)
            .fetch_all(&mut self.conn)
            .await
            .map_err(fault)?;
        let known: Vec<DocumentId> =
            known.iter().map(|id| document_id(id)).collect::<Result<_>>()?;
        self.files(&known).await
    }

    async fn files_of(&mut self, sql: &'static str, like: &File) -> Result<Vec<File>> {
        let rows: Vec<FileRow> = sqlx::query_as(sql)
            .bind(content_of(like.sha256))
            .bind(CANDIDATES)
            .bind(&like.agency)
            .fetch_all(&mut self.conn)
            .await
            .map_err(fault)?;
        rows.into_iter().filter_map(|row| file(row).transpose()).collect()
    }

    /// Whether what a file was is that of another by now, which has its bytes as `here` has.
    async fn is_passed_on(&mut self, gone: &File, here: &File) -> Result<bool> {
        let live = self.files_of(LIVE, here).await?;
        let heirs: Vec<DocumentId> = live.iter().map(|file| file.id).collect();
        let passed: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM version WHERE document IN (SELECT unhex(value) FROM json_each(?1))
               AND store = ?2 AND path = ?3 AND until >= ?4",
        )
        .bind(ids(&heirs)?)
        .bind(&gone.store)
        .bind(&gone.path)
        .bind(gone.at.0)
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(passed > 0)
    }

    /// Gives what a file and its members were, and what they were at last, to what the same bytes are elsewhere. What
    /// waited stays where it is until its time is over: whoever walks over all that is named meets it at one of the two.
    async fn pass_on(&mut self, gone: &File, heir: &File, next: u64) -> Result<()> {
        let rows: Vec<Gone> = sqlx::query_as(
            "SELECT d.id, d.inner_path, d.revision, d.body FROM document d
             WHERE d.path = ?1 AND d.withdrawn = 1
               AND (d.parent IS NULL OR EXISTS (SELECT 1 FROM version v WHERE v.document = d.id))
             ORDER BY d.rowid",
        )
        .bind(gone.number)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        for (former, inner, revision, packed) in rows {
            let inner = inner.map(|inner| InnerPath::parse(&inner));
            let id = DocumentId::new(&heir.store, &heir.path, inner.as_ref());
            let seq = next + self.news.len() as u64;
            let row: Option<(String, i64)> = sqlx::query_as(
                "UPDATE document SET revision = max(revision, ?2) + 1, seq = ?3
                 WHERE id = ?1 AND withdrawn = 0 RETURNING agency, revision",
            )
            .bind(bytes(id))
            .bind(revision)
            .bind(signed(seq))
            .fetch_optional(&mut self.conn)
            .await
            .map_err(fault)?;
            let Some((agency, now)) = row else { continue };
            self.tell(id, &agency, count(now), false);
            sqlx::query(
                "INSERT OR IGNORE INTO version (document, revision, until, object, size, modified, outcome,
                     media_type, format, format_version, body, characters, changed, new_file, store, path)
                 SELECT ?2, revision, until, object, size, modified, outcome, media_type, format,
                     format_version, body, characters, changed, new_file, coalesce(store, ?3), coalesce(path, ?4)
                 FROM version WHERE document = ?1",
            )
            .bind(&former)
            .bind(bytes(id))
            .bind(&gone.store)
            .bind(&gone.path)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
            sqlx::query(
                "INSERT OR IGNORE INTO version (document, revision, until, object, size, modified, outcome,
                     media_type, format, format_version, body, characters, changed, new_file, store, path)
                 SELECT ?2, d.revision, ?5, o.version, o.size, o.modified, d.outcome, d.media_type, d.format,
                     d.format_version, d.body, ?6, ?7, 0, ?3, ?4
                 FROM document d JOIN object o ON o.id = d.object WHERE d.id = ?1",
            )
            .bind(&former)
            .bind(bytes(id))
            .bind(&gone.store)
            .bind(&gone.path)
            .bind(self.now.0)
            .bind(signed(body(&packed)?.characters))
            .bind(DocumentPart::Place.as_str())
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
            self.keep_the_last(&[id]).await?;
        }
        self.act(
            "ledger",
            "document.move",
            format!("document/{}", heir.id),
            json(&serde_json::json!({ "from": gone.path, "to": heir.path }))?,
        );
        Ok(())
    }
}

const COME_BACK: &str = "
    SELECT d.id FROM json_each(?) c JOIN document d ON d.id = unhex(c.value)
    WHERE d.parent IS NULL AND EXISTS (
        SELECT 1 FROM document w WHERE w.content = d.content AND w.withdrawn = 1 AND w.parent IS NULL)";

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    #[tokio::test]
    async fn files_of_the_same_bytes_are_found_by_these() {
        for (sql, seek) in [
            (LIVE, "SEARCH document USING COVERING INDEX document_copy (content=? AND agency=?)"),
            (GONE, "SEARCH document USING INDEX document_gone (content=?)"),
            (COME_BACK, "SEARCH w EXISTS USING INDEX document_gone (content=?)"),
        ] {
            let plan = plan(sql).await;
            assert!(plan.iter().any(|step| step == seek), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN document")), "{plan:#?}");
        }
    }
}
