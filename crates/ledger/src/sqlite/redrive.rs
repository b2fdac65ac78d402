use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;

use super::fault::fault;
use super::job_row::state;
use super::value::{bytes, json};
use super::writing::Writing;
use crate::error::{LedgerError, Result};
use crate::jobs::{JobState, Redrive};

impl Writing<'_> {
    /// Makes a job ready that waits, is set aside, or was discarded.
    pub(super) async fn retry_now(&mut self, job: i64, actor: &str) -> Result<()> {
        match self.state(job).await? {
            Some(JobState::Quarantined | JobState::Ready) => {}
            Some(JobState::Cancelled) if self.is_discarded(job).await? => {}
            state => {
                let wanted = "quarantined, waits or was discarded by the operator";
                return Err(unfit(job, state, "made ready again", wanted));
            }
        }
        self.make_ready(&[job]).await?;
        self.act(actor, "job.retry", format!("job/{job}"), String::new());
        Ok(())
    }

    /// Ends a job that is set aside, for good.
    pub(super) async fn drop_job(&mut self, job: i64, actor: &str) -> Result<()> {
        match self.state(job).await? {
            Some(JobState::Quarantined) => {}
            state => return Err(unfit(job, state, "dropped", "quarantined")),
        }
        // The path stays live: its store still holds the file, and the next listing must not bring it back.
        let path: i64 = sqlx::query_scalar(
            "UPDATE job SET state = 'cancelled', fence = fence + 1, changed_at = ?1, done_at = ?1
             WHERE id = ?2 RETURNING path",
        )
        .bind(self.now.0)
        .bind(job)
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)?;
        self.withdraw_path(path).await?;
        self.act(actor, "job.drop", format!("job/{job}"), String::new());
        Ok(())
    }

    /// Makes all of these ready; gives how many.
    pub(super) async fn redrive(&mut self, which: &Redrive, actor: &str) -> Result<u64> {
        let jobs: Vec<i64> = match which {
            Redrive::Quarantined { queue, kind } => sqlx::query_scalar(
                "SELECT id FROM job WHERE state = 'quarantined' AND (?1 IS NULL OR queue = ?1)
                 AND (?2 IS NULL OR failure_kind = ?2) ORDER BY id",
            )
            .bind(queue.as_deref())
            .bind(kind.map(FailureKind::as_str))
            .fetch_all(&mut self.conn)
            .await
            .map_err(fault)?,
            Redrive::Format { format, below } => sqlx::query_scalar(
                "SELECT DISTINCT j.id FROM document d JOIN job j ON j.path = d.path AND j.current = 1
                 WHERE d.format = ?1 AND d.format_version < ?2 AND d.withdrawn = 0
                 AND j.state = 'done' AND j.task = 'extract' ORDER BY j.id",
            )
            .bind(format)
            .bind(below)
            .fetch_all(&mut self.conn)
            .await
            .map_err(fault)?,
            Redrive::Stage { stage, below } => sqlx::query_scalar(
                "SELECT DISTINCT j.id FROM document d JOIN job j ON j.path = d.path AND j.current = 1
                 WHERE d.withdrawn = 0 AND coalesce(d.stages ->> ?1, 0) < ?2
                 AND j.state = 'done' AND j.task = 'extract' ORDER BY j.id",
            )
            .bind(stage)
            .bind(below)
            .fetch_all(&mut self.conn)
            .await
            .map_err(fault)?,
        };
        self.make_ready(&jobs).await?;
        let (subject, detail) = match which {
            Redrive::Quarantined { queue, kind } => (
                queue.as_ref().map_or("queue/*".to_owned(), |queue| format!("queue/{queue}")),
                serde_json::json!({ "kind": kind, "jobs": jobs.len() }),
            ),
            Redrive::Format { format, below } => (
                format!("format/{format}"),
                serde_json::json!({ "below": below, "jobs": jobs.len() }),
            ),
            Redrive::Stage { stage, below } => (
                format!("stage/{stage}"),
                serde_json::json!({ "below": below, "jobs": jobs.len() }),
            ),
        };
        self.act(actor, "jobs.redrive", subject, detail.to_string());
        Ok(jobs.len() as u64)
    }

    /// Makes the job of a document's object ready, if it is done. Gives whether it did.
    pub(super) async fn reread(&mut self, document: DocumentId, reason: &str) -> Result<bool> {
        let job: Option<(i64, String)> = sqlx::query_as(
            "UPDATE job SET tell = 1
             WHERE current = 1 AND task = 'extract' AND state IN ('ready', 'leased', 'done')
               AND path = (SELECT path FROM document WHERE id = ?)
             RETURNING id, state",
        )
        .bind(bytes(document))
        .fetch_optional(&mut self.conn)
        .await
        .map_err(fault)?;
        let open = match job {
            Some((job, state)) if state == "done" => {
                self.make_ready(&[job]).await?;
                true
            }
            Some(_) | None => false,
        };
        if open {
            let detail = serde_json::json!({ "reason": reason });
            let subject = format!("document/{document}");
            self.act("madang", "document.reread", subject, detail.to_string());
        }
        Ok(open)
    }

    /// Makes the jobs of these paths ready again that are in these states, whoever holds them.
    pub(super) async fn read_anew(
        &mut self,
        store: &str,
        paths: &[String],
        states: &[JobState],
        reason: &str,
    ) -> Result<u64> {
        let ids = paths.iter().map(|path| DocumentId::new(store, path, None));
        let ids: Vec<String> = ids.map(|id| id.uuid().simple().to_string()).collect();
        let states: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        let made = sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, run_at = ?1, changed_at = ?1, done_at = NULL,
                 attempt = iif(state = 'leased', attempt, 0), crashes = iif(state = 'leased', crashes, 0),
                 lease_until = NULL, leased_by = NULL, leased_on = NULL
             WHERE current = 1 AND task = 'extract' AND state IN (SELECT value FROM json_each(?3))
               AND path IN (SELECT id FROM path WHERE live = 1
                            AND document IN (SELECT unhex(value) FROM json_each(?2)))",
        )
        .bind(self.now.0)
        .bind(json(&ids)?)
        .bind(json(&states)?)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?
        .rows_affected();
        if made > 0 {
            let detail = serde_json::json!({ "reason": reason, "jobs": made });
            self.act("madang", "jobs.read_anew", format!("store/{store}"), detail.to_string());
        }
        Ok(made)
    }

    async fn state(&mut self, job: i64) -> Result<Option<JobState>> {
        let word: Option<String> = sqlx::query_scalar("SELECT state FROM job WHERE id = ?")
            .bind(job)
            .fetch_optional(&mut self.conn)
            .await
            .map_err(fault)?;
        word.map(|word| state(&word)).transpose()
    }

    /// Whether the operator ended a job that was set aside: it kept its failure, and its file has no later job.
    async fn is_discarded(&mut self, job: i64) -> Result<bool> {
        sqlx::query_scalar(
            "SELECT current = 1 AND task = 'extract' AND failure_kind IS NOT NULL FROM job WHERE id = ?",
        )
        .bind(job)
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)
    }

    /// Makes these ready. Somebody waits for them, also for what was read in the background before.
    async fn make_ready(&mut self, jobs: &[i64]) -> Result<()> {
        sqlx::query(
            "UPDATE job SET state = 'ready', priority = min(priority, 3), fence = fence + 1, attempt = 0,
                 crashes = 0, run_at = ?1, changed_at = ?1, done_at = NULL
             WHERE id IN (SELECT value FROM json_each(?2))",
        )
        .bind(self.now.0)
        .bind(json(jobs)?)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }
}

fn unfit(job: i64, state: Option<JobState>, act: &str, wanted: &str) -> LedgerError {
    match state {
        None => LedgerError::NotFound { what: "job", name: job.to_string() },
        Some(state) => LedgerError::conflict(format!(
            "job {job} is {} and cannot be {act}: only one that is {wanted} can",
            state.as_str()
        )),
    }
}
