use std::time::Duration;

use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::SqliteLedger;
use super::each::{Each, rows};
use super::fault::fault;
use super::job_row::{JOB, JobRow};
use super::value::{named, scope};
use crate::error::Result;
use crate::jobs::{
    Claim, Completed, Completion, Failure, Job, JobFilter, JobState, Jobs, PriorityClass, Redrive,
    Ticket,
};
use crate::queue::{Queue, QueueDeclaration};
use crate::rows::Rows;
use crate::worker::Worker;

#[async_trait]
impl Jobs for SqliteLedger {
    async fn claim(
        &self,
        worker: &Worker,
        queues: Option<&[String]>,
        class: PriorityClass,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Claim>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut tx = self.begin_soft().await?;
        let claims = tx.claim(worker, queues, class, limit, lease).await?;
        if claims.is_empty() && tx.acts.is_empty() {
            tx.abandon().await?;
        } else {
            tx.commit().await?;
        }
        Ok(claims)
    }

    async fn renew(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<Ticket>> {
        let mut tx = self.begin().await?;
        let lost = tx.renew(tickets, lease).await;
        tx.end(lost).await
    }

    async fn complete(&self, completions: &[Completion]) -> Result<Vec<Completed>> {
        if completions.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let applied = match tx.complete(completions).await {
            Ok(applied) => applied,
            refused => return tx.end(refused.map(|_| Vec::new())).await,
        };
        let first = tx.commit().await?;
        Ok(applied
            .into_iter()
            .map(|rows| match rows {
                None => Completed::Stale,
                Some((before, end)) => {
                    let last = (end > before).then(|| first + end as u64 - 1);
                    Completed::Applied { seq: last }
                }
            })
            .collect())
    }

    async fn retry(&self, ticket: Ticket, at: Timestamp, failure: &Failure) -> Result<Completed> {
        let mut tx = self.begin().await?;
        let held = tx.give_back(ticket, at, failure).await;
        Ok(match tx.end(held).await? {
            true => Completed::Applied { seq: None },
            false => Completed::Stale,
        })
    }

    async fn sweep(&self, own_process: Uuid) -> Result<u64> {
        let mut tx = self.begin().await?;
        let taken = tx.sweep(own_process).await?;
        // Asked every few seconds, and nearly always for nothing: then nothing is written either.
        if taken == 0 {
            tx.abandon().await?;
        } else {
            tx.commit().await?;
        }
        Ok(taken)
    }

    async fn release(&self, node: Uuid) -> Result<u64> {
        let mut tx = self.begin().await?;
        let done = tx.release(node).await;
        tx.end(done).await
    }

    async fn open_queue(&self, queue: &QueueDeclaration) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx.open_queue(queue).await;
        tx.end(done).await
    }

    async fn pause(&self, queue: &str, paused: bool, actor: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx.pause(queue, paused, actor).await;
        tx.end(done).await
    }

    async fn retry_now(&self, job: i64, actor: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx.retry_now(job, actor).await;
        tx.end(done).await
    }

    async fn drop_job(&self, job: i64, actor: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let done = tx.drop_job(job, actor).await;
        tx.end(done).await
    }

    async fn redrive(&self, which: &Redrive, actor: &str) -> Result<u64> {
        let mut tx = self.begin().await?;
        let done = tx.redrive(which, actor).await;
        tx.end(done).await
    }

    async fn reread(&self, document: DocumentId, reason: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let done = tx.reread(document, reason).await;
        tx.end(done).await
    }

    async fn read_anew(&self, store: &str, paths: &[String], reason: &str) -> Result<u64> {
        let mut tx = self.begin().await?;
        let states = [JobState::Leased, JobState::Done, JobState::Quarantined];
        let done = tx.read_anew(store, paths, &states, reason).await;
        tx.end(done).await
    }

    async fn break_off(&self, store: &str, paths: &[String], reason: &str) -> Result<u64> {
        let mut tx = self.begin().await?;
        let done = tx.read_anew(store, paths, &[JobState::Leased], reason).await;
        tx.end(done).await
    }

    async fn queues(&self) -> Result<Vec<Queue>> {
        self.counted_queues().await
    }

    async fn job(&self, job: i64) -> Result<Option<Job>> {
        let sql = AssertSqlSafe(format!("{JOB} WHERE j.id = ?"));
        let row: Option<JobRow> =
            sqlx::query_as(sql).bind(job).fetch_optional(self.readers()).await.map_err(fault)?;
        row.map(JobRow::job).transpose()
    }

    async fn jobs(
        &self,
        filter: &JobFilter,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Rows<i64, Job>> {
        // One text for each set of filters, so that each has its index.
        let state = if filter.state.is_some() { "j.state = ?1" } else { "?1 IS NULL" };
        let queue = if filter.queue.is_some() { "j.queue = ?2" } else { "?2 IS NULL" };
        let page = if after.is_some() {
            "(j.changed_at, j.id) < (SELECT changed_at, id FROM job WHERE id = ?4)"
        } else {
            "?4 IS NULL"
        };
        let due = if filter.due_after.is_some() { "j.run_at > ?6" } else { "?6 IS NULL" };
        let sql = format!(
            "{JOB} WHERE {state} AND {queue} AND {page} AND {due}
             AND (?3 IS NULL OR j.agency IN (SELECT value FROM json_each(?3)))
             ORDER BY j.changed_at DESC, j.id DESC LIMIT ?5"
        );
        let each: Vec<Each<i64, JobRow>> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(filter.state.map(JobState::as_str))
            .bind(filter.queue.as_deref())
            .bind(scope(&filter.agencies)?)
            .bind(after)
            .bind(limit)
            .bind(filter.due_after.map(|due| due.0))
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        rows(each, Ok, JobRow::job)
    }

    async fn next_due(
        &self,
        queues: Option<&[String]>,
        class: PriorityClass,
    ) -> Result<Option<Timestamp>> {
        let (lowest, highest) = class.bounds();
        let at: Option<i64> = sqlx::query_scalar(
            "SELECT min((SELECT min(run_at) FROM job
                         WHERE state = 'ready' AND queue = q.name AND priority = n.column1))
             FROM queue q CROSS JOIN (VALUES (1), (2), (3), (4)) n
             WHERE n.column1 BETWEEN ?2 AND ?3 AND q.paused = 0
                 AND (?1 IS NULL OR q.name IN (SELECT value FROM json_each(?1)))",
        )
        .bind(named(queues)?)
        .bind(lowest)
        .bind(highest)
        .fetch_one(self.readers())
        .await
        .map_err(fault)?;
        Ok(at.map(Timestamp))
    }
}

#[cfg(test)]
mod tests {
    use madang_document::principal::Scope;

    use super::super::writing::Writing;
    use super::*;
    use crate::conformance::sample;
    use crate::error::LedgerError;

    /// What a power cut may not undo waits for the disk, also right after a claim, which does not.
    #[tokio::test]
    async fn only_a_claim_does_not_wait_for_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open(&path, sample::Hand::default().clock()).await.unwrap();
        ledger.open_queue(&sample::queue(sample::PIPELINE, sample::ours())).await.unwrap();
        let settings = async |mut tx: Writing<'_>| {
            let mut read = Vec::new();
            for pragma in ["PRAGMA synchronous", "PRAGMA wal_autocheckpoint"] {
                let value: i64 = sqlx::query_scalar(pragma).fetch_one(&mut tx.conn).await.unwrap();
                read.push(value);
            }
            tx.abandon().await.unwrap();
            read
        };
        let full = [2, 8192];
        assert_eq!(settings(ledger.begin().await.unwrap()).await, full);
        assert_eq!(settings(ledger.begin_soft().await.unwrap()).await, [1, 0]);
        assert_eq!(
            settings(ledger.begin().await.unwrap()).await,
            full,
            "after one that was nothing"
        );
        let object = sample::sighting("a", "v1");
        crate::objects::Objects::see(&ledger, &[object]).await.unwrap();
        let claims = ledger
            .claim(&sample::worker(1), None, PriorityClass::Any, 9, sample::LEASE)
            .await
            .unwrap();
        assert_eq!(claims.len(), 1);
        assert_eq!(settings(ledger.begin().await.unwrap()).await, full, "after a claim");
        drop(ledger.begin_soft().await.unwrap());
        assert_eq!(
            settings(ledger.begin().await.unwrap()).await,
            full,
            "after one that was dropped"
        );
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_survived() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open(&path, sample::Hand::default().clock()).await.unwrap();
        let mut tx = ledger.begin().await.unwrap();
        // The nearest to a full disk that needs no disk of its own: the same result code, SQLITE_FULL.
        sqlx::query("PRAGMA max_page_count = 1").execute(&mut tx.conn).await.unwrap();
        tx.abandon().await.unwrap();
        let many: Vec<_> = (0..2000).map(|n| sample::sighting(&format!("{n}"), "v1")).collect();
        let answer = crate::objects::Objects::see(&ledger, &many).await;
        let Err(error @ LedgerError::Unavailable { .. }) = answer else { panic!("{answer:?}") };
        assert!(error.to_string().contains("free space"), "{error}");
        let full = |cause: &(dyn std::error::Error + 'static)| {
            let io = cause.downcast_ref::<std::io::Error>();
            io.is_some_and(|io| io.kind() == std::io::ErrorKind::StorageFull)
        };
        assert!(madang_document::cause::causes(&error).any(full), "{error:?}");
        assert_eq!(
            crate::objects::Objects::balance(&ledger, &Scope::All).await.unwrap().received,
            0
        );
        let seen = crate::objects::Objects::see(&ledger, &many).await.unwrap();
        assert_eq!(
            seen.received, 2000,
            "the disk has space again, and nothing was kept of the first try"
        );
    }
}
