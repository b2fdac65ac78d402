use std::collections::HashSet;

use madang_document::document::Document;
use madang_document::id::DocumentId;

use super::documents::document_id;
use super::fault::fault;
use super::outbox::{News, What};
use super::{Writing, count, json, signed};
use crate::error::{LedgerError, Result};
use crate::jobs::{Completion, JobState, Verdict};

impl Writing<'_> {
    /// Completes one job, unless its fence has moved on: then nothing is written and the answer is `false`.
    pub(super) async fn complete(&mut self, completion: &Completion) -> Result<bool> {
        let Some(job) = self.end(completion).await? else { return Ok(false) };
        let documents: &[Document] = match completion.verdict {
            Verdict::Deleted => {
                // A reader that found nothing to read says so before any listing does. The path is gone
                // either way, and the next sighting must count as a new version.
                sqlx::query("UPDATE path SET live = 0 WHERE id = ?")
                    .bind(job.path)
                    .execute(&mut self.conn)
                    .await
                    .map_err(fault)?;
                &[]
            }
            Verdict::Done | Verdict::Quarantined(_) => &completion.documents,
        };
        for document in documents {
            if (&document.object.store, &document.object.path) != (&job.store, &job.name) {
                return Err(LedgerError::Conflict(format!(
                    "document {} does not belong to job {}: it is of `{}`, the job of `{}`",
                    document.id, completion.ticket.job, document.object.path, job.name
                )));
            }
            self.put_document(job.path, document).await?;
        }
        self.withdraw_all_but(job.path, documents).await?;
        if completion.verdict != Verdict::Deleted {
            for draft in &completion.entries {
                self.put_entry(draft).await?;
            }
        }
        self.record(completion, &job);
        Ok(true)
    }

    /// Ends the job itself, first of all: everything else rests on the fence.
    async fn end(&mut self, completion: &Completion) -> Result<Option<Ended>> {
        let (state, failure) = match &completion.verdict {
            Verdict::Done => (JobState::Done, None),
            Verdict::Quarantined(failure) => (JobState::Quarantined, Some(failure)),
            Verdict::Deleted => (JobState::Done, None),
        };
        // An extraction that ended as a deletion was never read: cancelled, which the balance counts as deleted.
        let gone = completion.verdict == Verdict::Deleted;
        let row: Option<(i64, String, String, String, String)> = sqlx::query_as(
            "UPDATE job SET
                 state = CASE WHEN ?1 AND task = 'extract' THEN 'cancelled' ELSE ?2 END,
                 lease_until = NULL, leased_by = NULL, changed_at = ?3, done_at = ?3,
                 crashes = crashes + ?4, failure_kind = ?5, failure_message = ?6, failure_crashed = ?7
             WHERE id = ?8 AND fence = ?9 AND state = 'leased'
             RETURNING path, task,
                 (SELECT store FROM path WHERE id = job.path), (SELECT path FROM path WHERE id = job.path),
                 (SELECT version FROM object WHERE id = job.object)",
        )
        .bind(gone)
        .bind(state.as_str())
        .bind(self.now.0)
        .bind(i64::from(failure.is_some_and(|f| f.crashed)))
        .bind(failure.map(|f| f.kind.as_str()))
        .bind(failure.map(|f| f.message.as_str()))
        .bind(failure.map(|f| f.crashed))
        .bind(completion.ticket.job)
        .bind(completion.ticket.fence)
        .fetch_optional(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(row.map(|(path, task, store, name, version)| Ended { path, task, store, name, version }))
    }

    async fn put_document(&mut self, path: i64, document: &Document) -> Result<()> {
        let id = document.id.uuid().as_bytes().to_vec();
        let body = json(document)?;
        let found: Option<(i64, bool, String, bool)> = sqlx::query_as(
            "SELECT revision, withdrawn, agency, body = ? FROM document WHERE id = ?",
        )
        .bind(&body)
        .bind(&id)
        .fetch_optional(&mut self.conn)
        .await
        .map_err(fault)?;
        let mut revision = 1;
        if let Some((known, withdrawn, owner, same)) = found {
            if same && !withdrawn {
                return Ok(());
            }
            revision = count(known) + 1;
            if owner != document.agency.as_str() && !withdrawn {
                // The former agency's index holds it still, and hears of its own agency only.
                self.tell_document(document.id, owner, revision, true);
            }
        }
        sqlx::query(
            "INSERT INTO document (id, path, agency, pipeline, parent, inner_path, outcome, media_type,
                 bytes, format, format_version, revision, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (id) DO UPDATE SET path = ?2, agency = ?3, pipeline = ?4, parent = ?5,
                 inner_path = ?6, outcome = ?7, media_type = ?8, bytes = ?9, format = ?10,
                 format_version = ?11, revision = ?12, withdrawn = 0, body = ?13",
        )
        .bind(&id)
        .bind(path)
        .bind(document.agency.as_str())
        .bind(&document.pipeline)
        .bind(document.parent.map(|id| id.uuid().as_bytes().to_vec()))
        .bind(document.inner.as_deref())
        .bind(document.outcome.as_str())
        .bind(document.media_type.as_str())
        .bind(signed(document.size.unwrap_or(document.object.size)))
        .bind(&document.provenance.format)
        .bind(document.provenance.format_version)
        .bind(signed(revision))
        .bind(&body)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        self.tell_document(document.id, document.agency.to_string(), revision, false);
        Ok(())
    }

    /// Withdraws the live documents of a path that are not among these, and their entries.
    pub(super) async fn withdraw_all_but(&mut self, path: i64, kept: &[Document]) -> Result<()> {
        let kept: HashSet<DocumentId> = kept.iter().map(|document| document.id).collect();
        let rows: Vec<(Vec<u8>,)> =
            sqlx::query_as("SELECT id FROM document WHERE path = ? AND withdrawn = 0 ORDER BY id")
                .bind(path)
                .fetch_all(&mut self.conn)
                .await
                .map_err(fault)?;
        for (id,) in rows {
            let document = document_id(&id)?;
            if kept.contains(&document) {
                continue;
            }
            let (agency, revision): (String, i64) = sqlx::query_as(
                "UPDATE document SET withdrawn = 1, revision = revision + 1 WHERE id = ?
                 RETURNING agency, revision",
            )
            .bind(&id)
            .fetch_one(&mut self.conn)
            .await
            .map_err(fault)?;
            self.tell_document(document, agency, count(revision), true);
            self.withdraw_entries_of(&id).await?;
        }
        Ok(())
    }

    fn tell_document(&mut self, id: DocumentId, agency: String, version: u64, withdrawn: bool) {
        self.news.push(News { what: What::Document(id), agency, version, withdrawn });
    }

    fn record(&mut self, completion: &Completion, job: &Ended) {
        let (verdict, kind) = match &completion.verdict {
            Verdict::Done => ("done", None),
            Verdict::Quarantined(failure) => ("quarantined", Some(&failure.kind)),
            Verdict::Deleted => ("deleted", None),
        };
        let detail = serde_json::json!({
            "task": job.task, "verdict": verdict, "kind": kind, "store": job.store, "path": job.name,
            "version": job.version, "documents": completion.documents.len(),
        });
        let subject = format!("job/{}", completion.ticket.job);
        self.act(&completion.actor, "job.complete", subject, detail.to_string());
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
