use std::collections::{HashMap, HashSet};

use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use serde::Serialize;
use sqlx::QueryBuilder;

use super::documents::document_id;
use super::fault::fault;
use super::outbox::{News, What};
use super::{Writing, count, json, signed};
use crate::error::{LedgerError, Result};
use crate::jobs::{Completion, Ticket, Verdict};

/// Rows of one statement, fifteen values each: below SQLite's limit of 32,766 (`SQLITE_MAX_VARIABLE_NUMBER`).
const ROWS: usize = 256;

impl Writing<'_> {
    /// Completes these jobs but those whose fence has moved on. Gives for each the outbox rows that it wrote,
    /// as positions in the news; none for a stale one.
    ///
    /// A step is one statement for the whole batch, not one for each job: the way to SQLite's thread and back
    /// costs more than the statement does.
    pub(super) async fn complete(
        &mut self,
        completions: &[Completion],
    ) -> Result<Vec<Option<(usize, usize)>>> {
        let ended = self.end(completions).await?;
        let known = self.documents_of(&ended).await?;
        let mut rows = Vec::new();
        let mut applied = Vec::with_capacity(completions.len());
        for (completion, job) in completions.iter().zip(&ended) {
            let Some(job) = job else {
                applied.push(None);
                continue;
            };
            let before = self.news.len();
            let documents = match completion.verdict {
                Verdict::Deleted => &[][..],
                Verdict::Done | Verdict::Quarantined(_) => completion.documents.as_slice(),
            };
            for document in documents {
                belongs(document, completion, job)?;
                let known = known.get(&document.id);
                rows.extend(self.upsert(job.path, document, known)?);
            }
            let kept: HashSet<DocumentId> = documents.iter().map(|document| document.id).collect();
            let gone = known.iter().filter(|(id, known)| {
                known.path == job.path && !known.withdrawn && !kept.contains(id)
            });
            let mut gone: Vec<(DocumentId, &Known)> =
                gone.map(|(id, known)| (*id, known)).collect();
            gone.sort_by_key(|(id, _)| *id);
            self.withdraw(&gone).await?;
            self.record(completion, job);
            applied.push(Some((before, self.news.len())));
        }
        self.write_documents(&rows).await?;
        Ok(applied)
    }

    /// Ends the jobs themselves, first of all: everything else rests on their fences.
    async fn end(&mut self, completions: &[Completion]) -> Result<Vec<Option<Ended>>> {
        #[derive(Serialize)]
        struct Row<'a> {
            job: i64,
            fence: i64,
            verdict: &'static str,
            kind: Option<&'a str>,
            message: Option<&'a str>,
            crashed: Option<bool>,
        }
        let mut tickets = HashSet::new();
        // A ticket completes once: of two completions with the same one, the first.
        let first: Vec<bool> = completions.iter().map(|c| tickets.insert(c.ticket)).collect();
        let rows = completions.iter().zip(&first).filter(|(_, first)| **first);
        let rows: Vec<Row<'_>> = rows
            .map(|(completion, _)| {
                let failure = match &completion.verdict {
                    Verdict::Quarantined(failure) => Some(failure),
                    Verdict::Done | Verdict::Deleted => None,
                };
                Row {
                    job: completion.ticket.job,
                    fence: completion.ticket.fence,
                    verdict: word(&completion.verdict),
                    kind: failure.map(|failure| failure.kind.as_str()),
                    message: failure.map(|failure| failure.message.as_str()),
                    crashed: failure.map(|failure| failure.crashed),
                }
            })
            .collect();
        // An extraction that ended as a deletion was never read: cancelled, which the balance counts as deleted.
        type Answer = (i64, i64, i64, String, String, String, String);
        let ended: Vec<Answer> = sqlx::query_as(
            "UPDATE job SET
                 state = CASE c.value ->> 'verdict' WHEN 'quarantined' THEN 'quarantined'
                     WHEN 'deleted' THEN iif(task = 'extract', 'cancelled', 'done') ELSE 'done' END,
                 lease_until = NULL, leased_by = NULL, leased_on = NULL, changed_at = ?1, done_at = ?1,
                 crashes = crashes + coalesce(c.value ->> 'crashed', 0),
                 failure_kind = c.value ->> 'kind', failure_message = c.value ->> 'message',
                 failure_crashed = c.value ->> 'crashed'
             FROM json_each(?2) c
             WHERE job.id = c.value ->> 'job' AND job.fence = c.value ->> 'fence' AND job.state = 'leased'
             RETURNING id, fence, path, task, (SELECT store FROM path p WHERE p.id = job.path),
                 (SELECT path FROM path p WHERE p.id = job.path),
                 (SELECT version FROM object o WHERE o.id = job.object)",
        )
        .bind(self.now.0)
        .bind(json(&rows)?)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        let mut ended: HashMap<Ticket, Ended> = ended
            .into_iter()
            .map(|(job, fence, path, task, store, name, version)| {
                (Ticket { job, fence }, Ended { path, task, store, name, version })
            })
            .collect();
        let jobs: Vec<Option<Ended>> = completions
            .iter()
            .zip(first)
            .map(|(completion, first)| if first { ended.remove(&completion.ticket) } else { None })
            .collect();
        self.mark_gone(completions, &jobs).await?;
        Ok(jobs)
    }

    /// A reader that found nothing to read says so before any listing does. The path is gone either way, and
    /// the next sighting must count as a new version.
    async fn mark_gone(
        &mut self,
        completions: &[Completion],
        jobs: &[Option<Ended>],
    ) -> Result<()> {
        let gone = completions.iter().zip(jobs).filter(|(c, _)| c.verdict == Verdict::Deleted);
        let gone: Vec<i64> = gone.filter_map(|(_, job)| job.as_ref().map(|job| job.path)).collect();
        if gone.is_empty() {
            return Ok(());
        }
        sqlx::query("UPDATE path SET live = 0 WHERE id IN (SELECT value FROM json_each(?))")
            .bind(json(&gone)?)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        Ok(())
    }

    /// The documents of these jobs' paths, withdrawn ones included.
    async fn documents_of(&mut self, jobs: &[Option<Ended>]) -> Result<HashMap<DocumentId, Known>> {
        let paths: Vec<i64> = jobs.iter().flatten().map(|job| job.path).collect();
        self.documents_at(&paths).await
    }

    async fn documents_at(&mut self, paths: &[i64]) -> Result<HashMap<DocumentId, Known>> {
        type Row = (Vec<u8>, i64, i64, bool, String, Vec<u8>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, path, revision, withdrawn, agency, body_hash FROM document
             WHERE path IN (SELECT value FROM json_each(?))",
        )
        .bind(json(paths)?)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        rows.into_iter()
            .map(|(id, path, revision, withdrawn, agency, hash)| {
                let revision = count(revision);
                Ok((document_id(&id)?, Known { path, revision, withdrawn, agency, hash }))
            })
            .collect()
    }

    /// The row that a document becomes and its news; none if it is there already, and the same.
    fn upsert<'d>(
        &mut self,
        path: i64,
        document: &'d Document,
        known: Option<&Known>,
    ) -> Result<Option<DocumentRow<'d>>> {
        let body = json(document)?;
        let hash = BlobId::of(body.as_bytes());
        let mut revision = 1;
        if let Some(known) = known {
            if !known.withdrawn && known.hash == hash.as_bytes() {
                return Ok(None);
            }
            revision = known.revision + 1;
            if !known.withdrawn && known.agency != document.agency.as_str() {
                // The former agency's index holds it still, and hears of its own agency only.
                self.tell(document.id, known.agency.clone(), revision, true);
            }
        }
        self.tell(document.id, document.agency.to_string(), revision, false);
        Ok(Some(DocumentRow { path, document, revision, body, hash }))
    }

    async fn write_documents(&mut self, rows: &[DocumentRow<'_>]) -> Result<()> {
        for rows in rows.chunks(ROWS) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO document (id, path, agency, pipeline, parent, inner_path, outcome, media_type,
                     bytes, format, format_version, revision, body_hash, body) ",
            );
            insert.push_values(
                rows,
                |mut row, DocumentRow { path, document, revision, body, hash }| {
                    let parent = document.parent.map(|id| id.uuid().as_bytes().to_vec());
                    row.push_bind(document.id.uuid().as_bytes().to_vec())
                        .push_bind(*path)
                        .push_bind(document.agency.as_str())
                        .push_bind(document.pipeline.as_str())
                        .push_bind(parent)
                        .push_bind(document.inner.as_ref().map(InnerPath::to_string))
                        .push_bind(document.outcome.as_str())
                        .push_bind(document.media_type.as_str())
                        .push_bind(signed(document.size.unwrap_or(document.object.size)))
                        .push_bind(document.provenance.format.as_str())
                        .push_bind(document.provenance.format_version)
                        .push_bind(signed(*revision))
                        .push_bind(hash.as_bytes().to_vec())
                        .push_bind(body.as_str());
                },
            );
            insert.push(
                " ON CONFLICT (id) DO UPDATE SET path = excluded.path, agency = excluded.agency,
                     pipeline = excluded.pipeline, parent = excluded.parent,
                     inner_path = excluded.inner_path, outcome = excluded.outcome,
                     media_type = excluded.media_type, bytes = excluded.bytes, format = excluded.format,
                     format_version = excluded.format_version, revision = excluded.revision,
                     withdrawn = 0, body_hash = excluded.body_hash, body = excluded.body",
            );
            insert.build().persistent(false).execute(&mut self.conn).await.map_err(fault)?;
        }
        Ok(())
    }

    /// Withdraws what is live of a path.
    pub(super) async fn withdraw_path(&mut self, path: i64) -> Result<()> {
        let known = self.documents_at(&[path]).await?;
        let live = known.iter().filter(|(_, known)| !known.withdrawn);
        let mut live: Vec<(DocumentId, &Known)> = live.map(|(id, known)| (*id, known)).collect();
        live.sort_by_key(|(id, _)| *id);
        self.withdraw(&live).await
    }

    async fn withdraw(&mut self, documents: &[(DocumentId, &Known)]) -> Result<()> {
        for (id, known) in documents {
            let bytes = id.uuid().as_bytes().to_vec();
            let revision = known.revision + 1;
            sqlx::query("UPDATE document SET withdrawn = 1, revision = ? WHERE id = ?")
                .bind(signed(revision))
                .bind(&bytes)
                .execute(&mut self.conn)
                .await
                .map_err(fault)?;
            self.tell(*id, known.agency.clone(), revision, true);
        }
        Ok(())
    }

    fn tell(&mut self, id: DocumentId, agency: String, version: u64, withdrawn: bool) {
        self.news.push(News { what: What::Document(id), agency, version, withdrawn });
    }

    fn record(&mut self, completion: &Completion, job: &Ended) {
        let kind = match &completion.verdict {
            Verdict::Quarantined(failure) => Some(&failure.kind),
            Verdict::Done | Verdict::Deleted => None,
        };
        let detail = serde_json::json!({
            "task": job.task, "verdict": word(&completion.verdict), "kind": kind, "store": job.store,
            "path": job.name, "version": job.version, "documents": completion.documents.len(),
        });
        let subject = format!("job/{}", completion.ticket.job);
        self.act(&completion.actor, "job.complete", subject, detail.to_string());
    }
}

/// A document's id stands for its store and path, so one of another path would take that path's place.
fn belongs(document: &Document, completion: &Completion, job: &Ended) -> Result<()> {
    if (&document.object.store, &document.object.path) == (&job.store, &job.name) {
        return Ok(());
    }
    Err(LedgerError::Conflict(format!(
        "document {} does not belong to job {}: it is of `{}`, the job of `{}`",
        document.id, completion.ticket.job, document.object.path, job.name
    )))
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Done => "done",
        Verdict::Quarantined(_) => "quarantined",
        Verdict::Deleted => "deleted",
    }
}

/// The job that a completion ended.
struct Ended {
    path: i64,
    task: String,
    store: String,
    name: String,
    version: String,
}

/// A document as it was before.
struct Known {
    path: i64,
    revision: u64,
    withdrawn: bool,
    agency: String,
    hash: Vec<u8>,
}

/// A document as it will be.
struct DocumentRow<'d> {
    path: i64,
    document: &'d Document,
    revision: u64,
    body: String,
    hash: BlobId,
}
