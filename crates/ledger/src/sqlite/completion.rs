use std::collections::{HashMap, HashSet};

use madang_document::content::Warning;
use madang_document::document::{Document, Provenance};
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::metadata::{Metadata, Stated};
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use serde::Deserialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, QueryBuilder, Row, Sqlite};

use super::body::text;
use super::compact::{Kind, pack, unpack};
use super::fault::fault;
use super::lookalikes::{Print, stages};
use super::news;
use super::slices::slices;
use super::value::{bytes, content_of, count, document_id, json, reason_code, signed};
use super::versions::{Change, change};
use super::writing::Writing;
use crate::error::{LedgerError, Result};
use crate::jobs::{Completion, Ticket, Verdict};
use crate::reprocessing::BACKGROUND;

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
        let ended = self.end_jobs(completions).await?;
        let known = self.documents_of(&ended).await?;
        let next = news::next(&mut self.conn).await?;
        let mut rows = Vec::new();
        let mut rekeyed = Vec::new();
        let (mut changed, mut without_past) = (Vec::new(), Vec::new());
        let (mut gone_files, mut come) = (Vec::new(), Vec::new());
        let mut applied = Vec::with_capacity(completions.len());
        for (completion, job) in completions.iter().zip(&ended) {
            let Some(job) = job else {
                applied.push(None);
                continue;
            };
            let before = self.news.len();
            let says_nothing = says_nothing(&completion.verdict);
            if (says_nothing && known.values().any(|known| known.is_what(job)))
                || is_less_than_what_is_known(completion, job, &known)
            {
                // What was read of these very bytes is as true as it was.
                self.record(completion, job);
                applied.push(Some((before, before)));
                continue;
            }
            let documents = match completion.verdict {
                Verdict::Deleted => &[][..],
                Verdict::Done | Verdict::Quarantined(_) => completion.documents.as_slice(),
            };
            for document in documents {
                belongs(document, completion, job)?;
                let known = known.get(&document.id);
                let row = self.upsert(job, document, known, next)?;
                if known.is_none_or(|known| known.withdrawn) && document.inner.is_none() {
                    come.push(document.id);
                }
                if let (Some(known), Some(row)) = (known, &row) {
                    match known.becomes(document, job, row) {
                        Becomes::Same => {}
                        Becomes::Another(change) => changed.push((row.id, change)),
                        Becomes::Others | Becomes::Returned => without_past.push(row.id),
                    }
                }
                rows.extend(row);
            }
            self.key(completion, documents, &known, &mut rows, &mut rekeyed);
            let kept: HashSet<DocumentId> = documents.iter().map(|document| document.id).collect();
            let gone = known.iter().filter(|(id, known)| {
                known.path == job.path && !known.withdrawn && !kept.contains(id)
            });
            let mut gone: Vec<(DocumentId, &FormerDocument)> =
                gone.map(|(id, known)| (*id, known)).collect();
            gone.sort_by_key(|(id, _)| *id);
            let ids = self.withdraw(&gone, next).await?;
            if completion.verdict == Verdict::Deleted {
                // A file that is not there any more may be there under another path.
                self.leave_versions(&ids).await?;
                gone_files.extend(ids);
            } else {
                without_past.extend(ids);
            }
            self.record(completion, job);
            applied.push(Some((before, self.news.len())));
        }
        self.keep_versions(&changed).await?;
        self.forget_versions(&without_past).await?;
        self.write_documents(&rows).await?;
        let ids: Vec<DocumentId> = rows.iter().map(|row| row.id).collect();
        let prints: Vec<Print> = rows.into_iter().flat_map(|row| row.prints).collect();
        self.write_prints(&ids, &prints).await?;
        self.rekey(&rekeyed).await?;
        self.inherit(&gone_files, &come, next).await?;
        Ok(applied)
    }

    /// Ends the jobs themselves, first of all: everything else rests on their fences.
    async fn end_jobs(&mut self, completions: &[Completion]) -> Result<Vec<Option<Ended>>> {
        let mut tickets = HashSet::new();
        // A ticket completes once: of two completions with the same one, the first.
        let first: Vec<bool> = completions.iter().map(|c| tickets.insert(c.ticket)).collect();
        let rows = completions.iter().zip(&first).filter(|(_, first)| **first);
        let rows: Vec<&Completion> = rows.map(|(completion, _)| completion).collect();
        let mut ended: Vec<Answer> = Vec::with_capacity(rows.len());
        for rows in slices(&rows) {
            ended.extend(
                end(rows, self.now)
                    .build_query_as::<Answer>()
                    .fetch_all(&mut self.conn)
                    .await
                    .map_err(fault)?,
            );
        }
        let mut ended: HashMap<Ticket, Ended> = ended
            .into_iter()
            .map(
                |(
                    job,
                    fence,
                    path,
                    object,
                    task,
                    tell,
                    pipeline,
                    agency,
                    store,
                    name,
                    modified,
                )| {
                    let modified = modified.map(Timestamp);
                    let ended =
                        Ended { path, object, task, tell, pipeline, agency, store, name, modified };
                    (Ticket { job, fence }, ended)
                },
            )
            .collect();
        let vain = completions.iter().filter(|completion| says_nothing(&completion.verdict));
        self.told(&ended, &vain.map(|completion| completion.ticket).collect()).await?;
        let jobs: Vec<Option<Ended>> = completions
            .iter()
            .zip(first)
            .map(|(completion, first)| if first { ended.remove(&completion.ticket) } else { None })
            .collect();
        self.mark_gone(completions, &jobs).await?;
        Ok(jobs)
    }

    /// What was lost is made again by now, but for the jobs that ended in vain; it is told with the rest.
    async fn told(&mut self, ended: &HashMap<Ticket, Ended>, vain: &HashSet<Ticket>) -> Result<()> {
        let due = ended.iter().filter(|(ticket, ended)| ended.tell && !vain.contains(ticket));
        let mut jobs: Vec<i64> = due.map(|(ticket, _)| ticket.job).collect();
        if jobs.is_empty() {
            return Ok(());
        }
        jobs.sort_unstable();
        sqlx::query("UPDATE job SET tell = 0 WHERE id IN (SELECT value FROM json_each(?))")
            .bind(json(&jobs)?)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        Ok(())
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
    async fn documents_of(
        &mut self,
        jobs: &[Option<Ended>],
    ) -> Result<HashMap<DocumentId, FormerDocument>> {
        let paths: Vec<i64> = jobs.iter().flatten().map(|job| job.path).collect();
        self.documents_at(&paths).await
    }

    async fn documents_at(&mut self, paths: &[i64]) -> Result<HashMap<DocumentId, FormerDocument>> {
        let rows: Vec<KnownRow> = sqlx::query_as(
            "SELECT id, path, object, revision, withdrawn, agency, pipeline, parent, inner_path, outcome,
                 media_type, bytes, format, format_version, body, reading, parts FROM document
             WHERE path IN (SELECT value FROM json_each(?))",
        )
        .bind(json(paths)?)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        rows.into_iter().map(|KnownRow(id, known)| Ok((document_id(&id)?, known))).collect()
    }

    /// The row that a document becomes and its news; none if it is there already, and the same. Its agency and
    /// its pipeline are those of the path, which may have changed hands while it was read.
    fn upsert(
        &mut self,
        job: &Ended,
        document: &Document,
        known: Option<&FormerDocument>,
        next: u64,
    ) -> Result<Option<DocumentRow>> {
        let content = Content {
            object: job.object,
            pipeline: job.pipeline.clone(),
            parent: document.parent.map(bytes),
            inner_path: document.inner.as_ref().map(InnerPath::to_string),
            outcome: document.outcome.as_str().to_owned(),
            media_type: document.media_type.as_str().to_owned(),
            bytes: signed(document.size.unwrap_or(document.object.size)),
            format: document.provenance.format.clone(),
            format_version: i64::from(document.provenance.format_version),
            body: text(document, job.modified)?,
        };
        let mut revision = 1;
        if let Some(known) = known {
            let same = known.content == content && known.agency == job.agency;
            if !known.withdrawn && same && !job.tell {
                return Ok(None);
            }
            revision = known.revision + 1;
            if !known.withdrawn && known.agency != job.agency {
                // The former agency's index holds it still, and hears of its own agency only.
                self.tell(document.id, &known.agency, revision, true);
            }
        }
        let seq = next + self.news.len() as u64;
        self.tell(document.id, &job.agency, revision, false);
        let (id, path, agency) = (document.id, job.path, job.agency.clone());
        let (prints, stages) = (Print::all(document, &agency), stages(document)?);
        let hash = document.sha256.map(content_of);
        Ok(Some(DocumentRow {
            id,
            path,
            agency,
            revision,
            seq,
            content,
            found: None,
            hash,
            stages,
            prints,
        }))
    }

    /// Has the object's own document found by the key of what was read: with its row, or, where that stays as it is, by
    /// itself, which is no news.
    fn key(
        &self,
        completion: &Completion,
        documents: &[Document],
        known: &HashMap<DocumentId, FormerDocument>,
        rows: &mut [DocumentRow],
        rekeyed: &mut Vec<Rekeyed>,
    ) {
        let Some(own) = documents.iter().find(|document| document.inner.is_none()) else { return };
        let key = completion.key.filter(|_| completion.verdict == Verdict::Done);
        let found = key.map(|key| Reading {
            key: key.as_bytes().to_vec(),
            parts: signed(documents.len() as u64),
        });
        match rows.iter_mut().rev().find(|row| row.id == own.id) {
            Some(row) => row.found = found,
            None if known.get(&own.id).is_some_and(|known| known.found != found) => {
                rekeyed.push((own.id, found));
            }
            None => {}
        }
    }

    async fn rekey(&mut self, rekeyed: &[Rekeyed]) -> Result<()> {
        for (id, found) in rekeyed {
            sqlx::query("UPDATE document SET reading = ?, parts = ? WHERE id = ?")
                .bind(found.as_ref().map(|found| found.key.as_slice()))
                .bind(found.as_ref().map(|found| found.parts))
                .bind(bytes(*id))
                .execute(&mut self.conn)
                .await
                .map_err(fault)?;
        }
        Ok(())
    }

    async fn write_documents(&mut self, rows: &[DocumentRow]) -> Result<()> {
        for rows in slices(rows) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO document (id, path, object, agency, pipeline, parent, inner_path, outcome,
                     media_type, bytes, format, format_version, revision, seq, body, reading, parts, stages, content) ",
            );
            insert.push_values(rows, |mut row, document| {
                let content = &document.content;
                row.push_bind(bytes(document.id))
                    .push_bind(document.path)
                    .push_bind(content.object)
                    .push_bind(document.agency.as_str())
                    .push_bind(content.pipeline.as_str())
                    .push_bind(content.parent.clone())
                    .push_bind(content.inner_path.as_deref())
                    .push_bind(content.outcome.as_str())
                    .push_bind(content.media_type.as_str())
                    .push_bind(content.bytes)
                    .push_bind(content.format.as_str())
                    .push_bind(content.format_version)
                    .push_bind(signed(document.revision))
                    .push_bind(signed(document.seq))
                    .push_bind(pack(Kind::Document, &content.body))
                    .push_bind(document.found.as_ref().map(|found| found.key.as_slice()))
                    .push_bind(document.found.as_ref().map(|found| found.parts))
                    .push_bind(document.stages.as_deref())
                    .push_bind(document.hash);
            });
            insert.push(
                " ON CONFLICT (id) DO UPDATE SET path = excluded.path, object = excluded.object,
                     agency = excluded.agency, pipeline = excluded.pipeline, parent = excluded.parent,
                     inner_path = excluded.inner_path, outcome = excluded.outcome,
                     media_type = excluded.media_type, bytes = excluded.bytes, format = excluded.format,
                     format_version = excluded.format_version, revision = excluded.revision,
                     withdrawn = 0, seq = excluded.seq, body = excluded.body, reading = excluded.reading,
                     parts = excluded.parts, stages = excluded.stages, content = excluded.content",
            );
            insert.build().execute(&mut self.conn).await.map_err(fault)?;
        }
        Ok(())
    }

    /// Withdraws what is live of a path.
    pub(super) async fn withdraw_path(&mut self, path: i64) -> Result<()> {
        let known = self.documents_at(&[path]).await?;
        let live = known.iter().filter(|(_, known)| !known.withdrawn);
        let mut live: Vec<(DocumentId, &FormerDocument)> =
            live.map(|(id, known)| (*id, known)).collect();
        live.sort_by_key(|(id, _)| *id);
        let next = news::next(&mut self.conn).await?;
        let ids = self.withdraw(&live, next).await?;
        self.forget_versions(&ids).await
    }

    /// Withdraws these documents, and gives their ids: what they were is the caller's to forget. `next` is the number of
    /// the first row of the news.
    async fn withdraw(
        &mut self,
        documents: &[(DocumentId, &FormerDocument)],
        next: u64,
    ) -> Result<Vec<DocumentId>> {
        for (id, known) in documents {
            let revision = known.revision + 1;
            sqlx::query("UPDATE document SET withdrawn = 1, revision = ?, seq = ? WHERE id = ?")
                .bind(signed(revision))
                .bind(signed(next + self.news.len() as u64))
                .bind(bytes(*id))
                .execute(&mut self.conn)
                .await
                .map_err(fault)?;
            self.tell(*id, &known.agency, revision, true);
        }
        let ids: Vec<DocumentId> = documents.iter().map(|(id, _)| *id).collect();
        if !ids.is_empty() {
            self.forget_prints(&ids).await?;
            self.forget_askers(&ids).await?;
        }
        Ok(ids)
    }

    /// Says in the audit trail what became of a job. Short, because there is one for every file ever read: the
    /// job's own row has its version and times.
    fn record(&mut self, completion: &Completion, job: &Ended) {
        let mut detail = serde_json::Map::new();
        detail.insert("verdict".to_owned(), word(&completion.verdict).into());
        detail.insert("path".to_owned(), job.name.as_str().into());
        if completion.documents.len() > 1 {
            detail.insert("documents".to_owned(), completion.documents.len().into());
        }
        if let Verdict::Quarantined(failure) = &completion.verdict {
            detail.insert("kind".to_owned(), failure.kind.as_str().into());
        }
        if job.task == "delete" {
            detail.insert("task".to_owned(), "delete".into());
        }
        let detail = serde_json::Value::Object(detail);
        let subject = format!("job/{}", completion.ticket.job);
        self.act(&completion.actor, "job.complete", subject, detail.to_string());
    }
}

/// What [`end`] answers of a job.
type Answer = (i64, i64, i64, i64, String, bool, String, String, String, String, Option<i64>);

/// Ends those of these jobs whose fences match. The list is a list of values and not JSON: to read one object of it
/// again for each of its members took a tenth of the time of a completion.
fn end(completions: &[&Completion], now: Timestamp) -> QueryBuilder<Sqlite> {
    let mut update =
        QueryBuilder::new("WITH c (job, fence, verdict, kind, message, code, crashed, again) AS (");
    update.push_values(completions, |mut row, completion| {
        let failure = match &completion.verdict {
            Verdict::Quarantined(failure) => Some(failure),
            Verdict::Done | Verdict::Deleted => None,
        };
        row.push_bind(completion.ticket.job)
            .push_bind(completion.ticket.fence)
            .push_bind(word(&completion.verdict))
            .push_bind(failure.map(|failure| failure.kind.as_str()))
            .push_bind(failure.map(|failure| failure.reason.english()))
            .push_bind(failure.map(|failure| reason_code(&failure.reason)))
            .push_bind(failure.map(|failure| failure.crashed))
            .push_bind(completion.again && completion.verdict == Verdict::Done);
    });
    // An extraction that ended as a deletion was never read: cancelled, which the balance counts as deleted.
    update.push(
        ") UPDATE job SET
             state = CASE WHEN c.again THEN 'ready'
                 WHEN c.verdict = 'deleted' THEN iif(task = 'extract', 'cancelled', 'done') ELSE c.verdict END,
             priority = iif(c.again, ",
    );
    update.push_bind(BACKGROUND).push(", priority), run_at = iif(c.again, ").push_bind(now.0);
    update.push(
        ", run_at), attempt = iif(c.again, 0, attempt),
             lease_until = NULL, leased_by = NULL, leased_on = NULL, crashes = crashes + coalesce(c.crashed, 0),
             failure_kind = c.kind, failure_message = c.message, reason_code = c.code,
             failure_crashed = c.crashed, changed_at = ",
    );
    update.push_bind(now.0).push(", done_at = iif(c.again, NULL, ").push_bind(now.0).push(")");
    update.push(
        " FROM c WHERE job.id = c.job AND job.fence = c.fence AND job.state = 'leased'
         RETURNING id, fence, path, object, task, tell, queue, agency,
             (SELECT store FROM path p WHERE p.id = job.path),
             (SELECT path FROM path p WHERE p.id = job.path),
             (SELECT modified FROM object o WHERE o.id = job.object)",
    );
    update
}

/// A document's id stands for its store and path, so one of another path would take that path's place.
fn belongs(document: &Document, completion: &Completion, job: &Ended) -> Result<()> {
    if (&document.object.store, &document.object.path) == (&job.store, &job.name) {
        return Ok(());
    }
    Err(LedgerError::conflict(format!(
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
    object: i64,
    task: String,
    /// Whether its documents are told, the same or not.
    tell: bool,
    pipeline: String,
    agency: String,
    store: String,
    name: String,
    modified: Option<Timestamp>,
}

/// A document as it was before.
struct FormerDocument {
    path: i64,
    revision: u64,
    withdrawn: bool,
    agency: String,
    content: Content,
    found: Option<Reading>,
}

/// What a known document becomes by the row that it will have.
enum Becomes {
    /// What it was.
    Same,
    /// What was withdrawn: whatever it was before, it has no past.
    Returned,
    /// Something else, so that what it was is kept.
    Another(Change),
    /// Another agency's.
    Others,
}

/// Whether nothing is known of an object by this: nobody got its bytes, or the house could not go on.
fn says_nothing(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Quarantined(failure) if failure.kind.outcome().is_none())
}

/// Whether of these very bytes, of which all is known from before, something was left out now: what takes long, until it is read, or
/// what readers died of this time. What stands is more than what was read now, and stays. What is told beside the object counts
/// at once, and so does a text that was lost.
fn is_less_than_what_is_known(
    completion: &Completion,
    job: &Ended,
    known: &HashMap<DocumentId, FormerDocument>,
) -> bool {
    let is_left_alone = completion.documents.iter().any(|it| leaves_alone(&it.warnings));
    (completion.again || is_left_alone)
        && completion.verdict == Verdict::Done
        && !job.tell
        && known.values().any(|known| known.is_what(job))
        && completion.documents.iter().all(|document| {
            known.get(&document.id).is_some_and(|known| {
                !known.withdrawn
                    && known.content.object == job.object
                    && known.told().is_some_and(|told| {
                        (completion.again || known.was_looked_at(&told))
                            && beside(&told.metadata) == beside(&document.metadata)
                    })
            })
        })
}

/// Whether these tell of something that was left alone, because readers died of it.
fn leaves_alone(warnings: &[Warning]) -> bool {
    warnings.iter().any(|warning| warning.reason.kind == ReasonKind::LeftAlone)
}

/// What files beside an object tell of it.
fn beside(metadata: &Metadata) -> Vec<(String, Stated)> {
    let all = metadata.all();
    let all = all.flat_map(|(key, claims)| claims.iter().map(move |stated| (key, stated)));
    all.filter(|(_, stated)| stated.is_beside())
        .map(|(key, stated)| (key.to_owned(), stated.clone()))
        .collect()
}

/// What a document told before, as far as what comes now is held against it.
#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    warnings: Vec<Warning>,
}

impl FormerDocument {
    /// What it told; none if that cannot be read back.
    fn told(&self) -> Option<Told> {
        serde_json::from_str(&self.content.body).ok()
    }

    /// Whether all of it was looked at: nothing was left alone or put off, and no reader died over it.
    fn was_looked_at(&self, told: &Told) -> bool {
        let outcome = Outcome::parse(&self.content.outcome);
        outcome.is_some_and(|outcome| !outcome.is_death())
            && !leaves_alone(&told.warnings)
            && !told.warnings.iter().any(Warning::awaits_recognition)
    }

    /// Whether it is what a reader found in this version of an object, whose it still is.
    fn is_what(&self, job: &Ended) -> bool {
        let Content { object, inner_path, format, .. } = &self.content;
        self.path == job.path
            && !self.withdrawn
            && self.agency == job.agency
            && *object == job.object
            && inner_path.is_none()
            && format != Provenance::NONE
    }

    fn becomes(&self, document: &Document, job: &Ended, row: &DocumentRow) -> Becomes {
        let Content { object, outcome, media_type, body, .. } = &self.content;
        if self.withdrawn {
            return Becomes::Returned;
        }
        if self.agency != row.agency {
            return Becomes::Others;
        }
        let change = change(document, *object == job.object, outcome, media_type, body);
        change.map_or(Becomes::Same, Becomes::Another)
    }
}

/// By what the object's own document is found that the same bytes come to.
#[derive(Debug, PartialEq, Eq)]
struct Reading {
    key: Vec<u8>,
    /// How many documents there are of the object.
    parts: i64,
}

/// A document that stays as it is, and by what it is found from now on.
type Rekeyed = (DocumentId, Option<Reading>);

/// What of a document makes a new revision when it changes; with the agency, which is told in two partitions.
#[derive(Debug, PartialEq, Eq)]
struct Content {
    object: i64,
    pipeline: String,
    parent: Option<Vec<u8>>,
    inner_path: Option<String>,
    outcome: String,
    media_type: String,
    bytes: i64,
    format: String,
    format_version: i64,
    body: String,
}

/// A document's row as it was before, with its id.
struct KnownRow(Vec<u8>, FormerDocument);

impl FromRow<'_, SqliteRow> for KnownRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<KnownRow> {
        let content = Content {
            object: row.try_get("object")?,
            pipeline: row.try_get("pipeline")?,
            parent: row.try_get("parent")?,
            inner_path: row.try_get("inner_path")?,
            outcome: row.try_get("outcome")?,
            media_type: row.try_get("media_type")?,
            bytes: row.try_get("bytes")?,
            format: row.try_get("format")?,
            format_version: row.try_get("format_version")?,
            // A body that cannot be unpacked is none that could be the same.
            body: unpack(row.try_get("body")?).unwrap_or_default(),
        };
        let (key, parts): (Option<Vec<u8>>, Option<i64>) =
            (row.try_get("reading")?, row.try_get("parts")?);
        let known = FormerDocument {
            found: key.zip(parts).map(|(key, parts)| Reading { key, parts }),
            path: row.try_get("path")?,
            revision: count(row.try_get("revision")?),
            withdrawn: row.try_get("withdrawn")?,
            agency: row.try_get("agency")?,
            content,
        };
        Ok(KnownRow(row.try_get("id")?, known))
    }
}

/// A document as it will be.
struct DocumentRow {
    id: DocumentId,
    path: i64,
    agency: String,
    revision: u64,
    seq: u64,
    content: Content,
    found: Option<Reading>,
    /// By what copies find it.
    hash: Option<i64>,
    /// Which stages looked at it.
    stages: Option<String>,
    /// What it is compared by.
    prints: Vec<Print>,
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    /// Each job is one seek, however many there are.
    #[tokio::test]
    async fn a_completion_finds_its_jobs_by_their_numbers() {
        let completion = Completion {
            ticket: Ticket { job: 1, fence: 1 },
            verdict: Verdict::Done,
            documents: Vec::new(),
            key: None,
            again: false,
            actor: String::new(),
        };
        let plan = plan(&end(&[&completion, &completion], Timestamp(0)).into_string()).await;
        let seek = "SEARCH job USING INTEGER PRIMARY KEY (rowid=?)";
        assert!(plan.iter().any(|step| step == seek), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.starts_with("SCAN job")), "{plan:#?}");
    }
}
