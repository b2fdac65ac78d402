use madang_document::failure_kind::FailureKind;
use madang_document::object::ObjectRef;
use madang_document::reason::Reason;
use madang_document::timestamp::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::fault::odd;
use super::value::{agency, count, small};
use crate::error::Result;
use crate::jobs::{Failure, Job, JobState, Task};

/// A job as the operator sees it; a condition on `j` follows.
pub(super) const JOB: &str = "
    SELECT j.id, j.queue, j.agency, j.task, j.state, p.store, p.path, o.version, o.size, j.priority,
           j.attempt, j.crashes, j.run_at, j.lease_until, j.failure_kind, j.failure_message,
           j.reason_code, j.failure_crashed, j.created_at, j.done_at
    FROM job j JOIN object o ON o.id = j.object JOIN path p ON p.id = j.path";

/// A row of [`JOB`].
pub(super) struct JobRow {
    job: Result<Job>,
}

impl JobRow {
    pub(super) fn job(self) -> Result<Job> {
        self.job
    }
}

impl FromRow<'_, SqliteRow> for JobRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<JobRow> {
        let (kind, word): (String, String) = (row.try_get("task")?, row.try_get("state")?);
        let owner: String = row.try_get("agency")?;
        let (priority, attempt, crashes): (i64, i64, i64) =
            (row.try_get("priority")?, row.try_get("attempt")?, row.try_get("crashes")?);
        let (lease_until, done_at): (Option<i64>, Option<i64>) =
            (row.try_get("lease_until")?, row.try_get("done_at")?);
        let failure_kind: Option<String> = row.try_get("failure_kind")?;
        let failure_message: Option<String> = row.try_get("failure_message")?;
        let reason_code: Option<String> = row.try_get("reason_code")?;
        let failure_crashed: Option<bool> = row.try_get("failure_crashed")?;
        let (id, queue, object) = (row.try_get("id")?, row.try_get("queue")?, object(row)?);
        let (run_at, created_at) = (row.try_get("run_at")?, row.try_get("created_at")?);
        let job = task(&kind).and_then(|task| {
            Ok(Job {
                id,
                queue,
                agency: agency(owner)?,
                task,
                state: state(&word)?,
                object,
                priority: u8::try_from(priority).unwrap_or(u8::MAX),
                attempt: small(attempt),
                crashes: small(crashes),
                run_at: Timestamp(run_at),
                lease_until: lease_until.map(Timestamp),
                failure: failure_kind.map(|word| {
                    let message = failure_message.unwrap_or_default();
                    let reason = reason(&message, reason_code.as_deref());
                    failure(&word, reason, failure_crashed.unwrap_or_default())
                }),
                created_at: Timestamp(created_at),
                done_at: done_at.map(Timestamp),
            })
        });
        Ok(JobRow { job })
    }
}

/// A stored failure. A kind that this Madang does not know is shown and not refused: it stops no list.
fn failure(word: &str, reason: Reason, crashed: bool) -> Failure {
    match FailureKind::parse(word) {
        Some(kind) => Failure { kind, reason, crashed },
        None => {
            let reason = Reason::said(format!("`{word}`: {reason}"));
            Failure { kind: FailureKind::Unknown, reason, crashed }
        }
    }
}

/// A stored reason: its value, else the sentence that stands beside it. Earlier versions kept only that.
fn reason(message: &str, code: Option<&str>) -> Reason {
    let known = code.and_then(|code| serde_json::from_str(code).ok());
    known.unwrap_or_else(|| Reason::said(message))
}

/// The object that a row of a job names.
pub(super) fn object(row: &SqliteRow) -> sqlx::Result<ObjectRef> {
    Ok(ObjectRef {
        store: row.try_get("store")?,
        path: row.try_get("path")?,
        version: row.try_get("version")?,
        size: count(row.try_get("size")?),
    })
}

/// A task as it is stored.
pub(super) fn task_word(task: Task) -> &'static str {
    match task {
        Task::Extract => "extract",
        Task::Delete => "delete",
    }
}

/// A stored task.
pub(super) fn task(word: &str) -> Result<Task> {
    match word {
        "extract" => Ok(Task::Extract),
        "delete" => Ok(Task::Delete),
        _ => Err(odd("a job's task", word)),
    }
}

/// A stored state.
pub(super) fn state(word: &str) -> Result<JobState> {
    JobState::parse(word).ok_or_else(|| odd("a job's state", word))
}
