use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::timestamp::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Row};
use uuid::Uuid;

use super::SqliteLedger;
use super::fault::{fault, odd};
use super::turns::{Choice, Due, Line, choose};
use super::value::{agency, bytes, count, json, scope, small};
use super::writing::Writing;
use crate::error::{LedgerError, Result};
use crate::held::Held;
use crate::jobs::{
    Claim, Completed, Completion, Failure, Job, JobFilter, JobState, Jobs, Redrive, Task, Ticket,
};
use crate::queue::{Queue, QueueDeclaration};
use crate::worker::Worker;

/// Jobs that are due, from queues that are not paused: of each queue the first few of each priority as a JSON array of
/// id and moment, read off `job_ready` and nothing else. So the work of a claim depends on the number of queues and
/// not on the number of jobs, be they waiting, paused or not due.
pub(super) const DUE: &str = "
    SELECT q.name, q.weight, q.turn, n.column1,
        (SELECT json_group_array(json_array(i.id, i.run_at)) FROM (
            SELECT id, run_at FROM job
            WHERE state = 'ready' AND queue = q.name AND priority = n.column1 AND run_at <= ?1
            ORDER BY run_at, id LIMIT ?2) i)
    FROM queue q CROSS JOIN (VALUES (1), (2), (3), (4)) n
    WHERE q.paused = 0";

/// How many jobs of a priority of a queue are looked at first. Twice a queue's share of the claim does nearly always;
/// if it does not, all that the claim could take are.
fn share(limit: u32, queues: u32) -> u32 {
    (limit.saturating_mul(2) / queues.max(1)).clamp(4.min(limit), limit)
}

/// Takes the chosen jobs; gives what [`ClaimRow`] reads.
const TAKE: &str = "
    UPDATE job SET state = 'leased', fence = fence + 1, attempt = attempt + 1, leased_by = ?1, leased_on = ?5,
        lease_until = ?2, changed_at = ?3
    WHERE id IN (SELECT value FROM json_each(?4))
    RETURNING id, fence, task, attempt, crashes, queue, agency,
        (SELECT store FROM path p WHERE p.id = job.path) AS store,
        (SELECT path FROM path p WHERE p.id = job.path) AS path,
        (SELECT version FROM object o WHERE o.id = job.object) AS version,
        (SELECT size FROM object o WHERE o.id = job.object) AS size,
        (SELECT modified FROM object o WHERE o.id = job.object) AS modified";

/// A job as the operator sees it; a condition on `j` follows.
pub(super) const JOB: &str = "
    SELECT j.id, j.queue, j.agency, j.task, j.state, p.store, p.path, o.version, o.size, j.priority,
           j.attempt, j.crashes, j.run_at, j.lease_until, j.failure_kind, j.failure_message,
           j.failure_crashed, j.created_at, j.done_at
    FROM job j JOIN object o ON o.id = j.object JOIN path p ON p.id = j.path";

/// What a lease that ended says: nobody else can.
const LEASE_ENDED: &str = "the worker that held it did not come back";

#[async_trait]
impl Jobs for SqliteLedger {
    async fn claim(&self, worker: &Worker, limit: u32, lease: Duration) -> Result<Vec<Claim>> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut tx = self.begin_soft().await?;
        let chosen = tx.take_turns(limit).await?;
        if chosen.is_empty() {
            tx.abandon().await?;
            return Ok(Vec::new());
        }
        let rows: Vec<ClaimRow> = sqlx::query_as(TAKE)
            .bind(worker.process.as_bytes().to_vec())
            .bind(after(tx.now, lease).0)
            .bind(tx.now.0)
            .bind(json(&chosen)?)
            .bind(worker.node.as_bytes().to_vec())
            .fetch_all(&mut tx.conn)
            .await
            .map_err(fault)?;
        tx.commit().await?;
        let mut claims = rows.into_iter().map(|row| row.0).collect::<Result<Vec<Claim>>>()?;
        // RETURNING promises no order.
        let place: HashMap<i64, usize> =
            chosen.iter().enumerate().map(|(place, job)| (*job, place)).collect();
        claims.sort_by_key(|claim| place.get(&claim.ticket.job).copied());
        Ok(claims)
    }

    async fn renew(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<Ticket>> {
        let mut lost = Vec::new();
        let mut tx = self.begin().await?;
        for ticket in tickets {
            let renewed = sqlx::query(
                "UPDATE job SET lease_until = ? WHERE id = ? AND fence = ? AND state = 'leased'",
            )
            .bind(after(tx.now, lease).0)
            .bind(ticket.job)
            .bind(ticket.fence)
            .execute(&mut tx.conn)
            .await
            .map_err(fault)?;
            if renewed.rows_affected() == 0 {
                lost.push(*ticket);
            }
        }
        tx.commit().await?;
        Ok(lost)
    }

    async fn complete(&self, completions: &[Completion]) -> Result<Vec<Completed>> {
        if completions.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin().await?;
        let applied = tx.complete(completions).await?;
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
        let given_back = sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, lease_until = NULL, leased_by = NULL,
                 leased_on = NULL, run_at = ?, crashes = crashes + ?, failure_kind = ?, failure_message = ?,
                 failure_crashed = ?
             WHERE id = ? AND fence = ? AND state = 'leased'",
        )
        .bind(at.0)
        .bind(i64::from(failure.crashed))
        .bind(&failure.kind)
        .bind(&failure.message)
        .bind(failure.crashed)
        .bind(ticket.job)
        .bind(ticket.fence)
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(match given_back.rows_affected() {
            0 => Completed::Stale,
            _ => Completed::Applied { seq: None },
        })
    }

    async fn sweep(&self, own_process: Uuid) -> Result<u64> {
        let mut tx = self.begin().await?;
        let taken = sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, lease_until = NULL, leased_by = NULL,
                 leased_on = NULL, crashes = crashes + 1, run_at = ?1, changed_at = ?1,
                 failure_kind = 'crashed', failure_message = ?2, failure_crashed = 1
             WHERE state = 'leased' AND lease_until <= ?1 AND leased_by <> ?3",
        )
        .bind(tx.now.0)
        .bind(LEASE_ENDED)
        .bind(own_process.as_bytes().to_vec())
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(taken.rows_affected())
    }

    async fn release(&self, node: Uuid) -> Result<u64> {
        let mut tx = self.begin().await?;
        // A lease without a node is one of a Madang that did not note it: its only node was this one.
        let taken = sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, lease_until = NULL, leased_by = NULL,
                 leased_on = NULL, run_at = ?1, changed_at = ?1,
                 failure_kind = 'interrupted', failure_message = ?2, failure_crashed = 0
             WHERE state = 'leased' AND (leased_on = ?3 OR leased_on IS NULL)",
        )
        .bind(tx.now.0)
        .bind("the service stopped while it was read")
        .bind(node.as_bytes().to_vec())
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        sqlx::query(
            "UPDATE reader SET node = NULL, process = NULL, held_until = NULL WHERE node = ?",
        )
        .bind(node.as_bytes().to_vec())
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(taken.rows_affected())
    }

    async fn open_queue(&self, queue: &QueueDeclaration) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO queue (name, agency, weight) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET agency = ?2, weight = ?3",
        )
        .bind(&queue.name)
        .bind(queue.agency.as_str())
        .bind(queue.weight.max(1))
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(())
    }

    async fn pause(&self, queue: &str, paused: bool, actor: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let known = sqlx::query("UPDATE queue SET paused = ? WHERE name = ?")
            .bind(paused)
            .bind(queue)
            .execute(&mut tx.conn)
            .await
            .map_err(fault)?;
        if known.rows_affected() == 0 {
            tx.abandon().await?;
            return Err(LedgerError::NotFound { what: "queue", name: queue.to_owned() });
        }
        let action = if paused { "queue.pause" } else { "queue.resume" };
        tx.act(actor, action, format!("queue/{queue}"), String::new());
        tx.commit().await?;
        Ok(())
    }

    async fn retry_now(&self, job: i64, actor: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        match tx.state(job).await? {
            Some(JobState::Quarantined | JobState::Ready) => {}
            state => {
                tx.abandon().await?;
                return Err(unfit(job, state, "made ready again", "quarantined or waits"));
            }
        }
        tx.make_ready(&[job]).await?;
        tx.act(actor, "job.retry", format!("job/{job}"), String::new());
        tx.commit().await?;
        Ok(())
    }

    async fn drop_job(&self, job: i64, actor: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        match tx.state(job).await? {
            Some(JobState::Quarantined) => {}
            state => {
                tx.abandon().await?;
                return Err(unfit(job, state, "dropped", "quarantined"));
            }
        }
        // The path stays live: its store still holds the file, and the next listing must not bring it back.
        let path: i64 = sqlx::query_scalar(
            "UPDATE job SET state = 'cancelled', fence = fence + 1, changed_at = ?1, done_at = ?1
             WHERE id = ?2 RETURNING path",
        )
        .bind(tx.now.0)
        .bind(job)
        .fetch_one(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.withdraw_path(path).await?;
        tx.act(actor, "job.drop", format!("job/{job}"), String::new());
        tx.commit().await?;
        Ok(())
    }

    async fn redrive(&self, which: &Redrive, actor: &str) -> Result<u64> {
        let mut tx = self.begin().await?;
        let jobs: Vec<i64> = match which {
            Redrive::Quarantined { queue, kind } => sqlx::query_scalar(
                "SELECT id FROM job WHERE state = 'quarantined' AND (?1 IS NULL OR queue = ?1)
                 AND (?2 IS NULL OR failure_kind = ?2) ORDER BY id",
            )
            .bind(queue.as_deref())
            .bind(kind.as_deref())
            .fetch_all(&mut tx.conn)
            .await
            .map_err(fault)?,
            Redrive::Format { format, below } => sqlx::query_scalar(
                "SELECT DISTINCT j.id FROM document d JOIN job j ON j.path = d.path AND j.current = 1
                 WHERE d.format = ?1 AND d.format_version < ?2 AND d.withdrawn = 0
                 AND j.state = 'done' AND j.task = 'extract' ORDER BY j.id",
            )
            .bind(format)
            .bind(below)
            .fetch_all(&mut tx.conn)
            .await
            .map_err(fault)?,
        };
        tx.make_ready(&jobs).await?;
        let (subject, detail) = match which {
            Redrive::Quarantined { queue, kind } => (
                queue.as_ref().map_or("queue/*".to_owned(), |queue| format!("queue/{queue}")),
                serde_json::json!({ "kind": kind, "jobs": jobs.len() }),
            ),
            Redrive::Format { format, below } => (
                format!("format/{format}"),
                serde_json::json!({ "below": below, "jobs": jobs.len() }),
            ),
        };
        tx.act(actor, "jobs.redrive", subject, detail.to_string());
        tx.commit().await?;
        Ok(jobs.len() as u64)
    }

    async fn reread(&self, document: DocumentId, reason: &str) -> Result<bool> {
        let mut tx = self.begin().await?;
        let job: Option<(i64, String)> = sqlx::query_as(
            "UPDATE job SET tell = 1
             WHERE current = 1 AND task = 'extract' AND state IN ('ready', 'leased', 'done')
               AND path = (SELECT path FROM document WHERE id = ?)
             RETURNING id, state",
        )
        .bind(bytes(document))
        .fetch_optional(&mut tx.conn)
        .await
        .map_err(fault)?;
        let open = match job {
            Some((job, state)) if state == "done" => {
                tx.make_ready(&[job]).await?;
                true
            }
            Some(_) | None => false,
        };
        if open {
            let detail = serde_json::json!({ "reason": reason });
            let subject = format!("document/{document}");
            tx.act("madang", "document.reread", subject, detail.to_string());
        }
        tx.commit().await?;
        Ok(open)
    }

    async fn queues(&self) -> Result<Vec<Queue>> {
        // Every count is a range of an index; none touches the table.
        let rows: Vec<QueueRow> = sqlx::query_as(
            "SELECT q.name, q.agency, q.weight, q.paused, h.missing, h.known, h.since,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'ready') AS ready,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'ready'
                     AND priority IN (1, 2, 3, 4) AND run_at > ?1) AS waiting,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'leased') AS leased,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'done') AS done,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'quarantined') AS quarantined,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'done'
                     AND changed_at > ?1 - 60000) AS last_minute,
                (SELECT min(run_at) FROM (
                     SELECT (SELECT min(run_at) FROM job WHERE queue = q.name AND state = 'ready'
                             AND priority = n.column1 AND run_at <= ?1) AS run_at
                     FROM (VALUES (1), (2), (3), (4)) n)) AS oldest_ready
             FROM queue q LEFT JOIN held h ON h.pipeline = q.name ORDER BY q.name",
        )
        .bind(self.now().0)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(|row| row.0).collect()
    }

    async fn job(&self, job: i64) -> Result<Option<Job>> {
        let sql = AssertSqlSafe(format!("{JOB} WHERE j.id = ?"));
        let row: Option<JobRow> =
            sqlx::query_as(sql).bind(job).fetch_optional(self.readers()).await.map_err(fault)?;
        row.map(JobRow::job).transpose()
    }

    async fn jobs(&self, filter: &JobFilter, after: Option<i64>, limit: u32) -> Result<Vec<Job>> {
        // One text for each set of filters, so that each has its index.
        let state = if filter.state.is_some() { "j.state = ?1" } else { "?1 IS NULL" };
        let queue = if filter.queue.is_some() { "j.queue = ?2" } else { "?2 IS NULL" };
        let page = if after.is_some() {
            "(j.changed_at, j.id) < (SELECT changed_at, id FROM job WHERE id = ?4)"
        } else {
            "?4 IS NULL"
        };
        let sql = format!(
            "{JOB} WHERE {state} AND {queue} AND {page}
             AND (?3 IS NULL OR j.agency IN (SELECT value FROM json_each(?3)))
             ORDER BY j.changed_at DESC, j.id DESC LIMIT ?5"
        );
        let rows: Vec<JobRow> = sqlx::query_as(AssertSqlSafe(sql))
            .bind(filter.state.map(JobState::as_str))
            .bind(filter.queue.as_deref())
            .bind(scope(&filter.agencies)?)
            .bind(after)
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        rows.into_iter().map(JobRow::job).collect()
    }

    async fn next_due(&self) -> Result<Option<Timestamp>> {
        let at: Option<i64> = sqlx::query_scalar(
            "SELECT min((SELECT min(run_at) FROM job
                         WHERE state = 'ready' AND queue = q.name AND priority = n.column1))
             FROM queue q CROSS JOIN (VALUES (1), (2), (3), (4)) n WHERE q.paused = 0",
        )
        .fetch_one(self.readers())
        .await
        .map_err(fault)?;
        Ok(at.map(Timestamp))
    }
}

/// Rows of an index that are counted one by one for an estimate; beyond, it is told from their ids. A page of an index
/// holds about as many.
const COUNTED: i64 = 100;

/// Of the ready jobs in a range of `job_ready`: how many, up to ?1; the id of the first; of the ?1th from the beginning
/// and from the end, if there are so many; and of the last.
fn span(range: &str) -> String {
    let id = |name: &str, order: &str| {
        format!("(SELECT id FROM job WHERE state = 'ready' AND {range} ORDER BY {order}) AS {name}")
    };
    [
        format!(
            "(SELECT count(*) FROM (
                 SELECT 1 FROM job WHERE state = 'ready' AND {range} LIMIT ?1)) AS counted"
        ),
        id("first", "run_at, id LIMIT 1"),
        id("head", "run_at, id LIMIT 1 OFFSET ?1 - 1"),
        id("tail", "run_at DESC, id DESC LIMIT 1 OFFSET ?1 - 1"),
        id("last", "run_at DESC, id DESC LIMIT 1"),
    ]
    .join(", ")
}

/// Of each queue that is not paused, and each priority, the jobs that are due by now (?2). Of the queue ?3 only those
/// that go before a job of priority ?4, due at ?5, by their moment.
fn waiting() -> String {
    let span = span("queue = l.name AND priority = l.priority AND run_at < l.until");
    format!(
        "WITH line AS MATERIALIZED (
             SELECT q.name, q.weight, n.column1 AS priority,
                 iif(q.name = ?3 AND n.column1 = ?4, ?5, ?2 + 1) AS until
             FROM queue q CROSS JOIN (VALUES (1), (2), (3), (4)) n
             WHERE q.paused = 0 AND NOT (q.name = ?3 AND n.column1 > ?4))
         SELECT l.name, l.weight, {span} FROM line l"
    )
}

/// The jobs of queue ?2 and priority ?3 that are due at the same moment ?4 as the job ?5 and have a lower number. Apart
/// from the others, because SQLite does not seek by a pair that ends with the row's number.
fn beside() -> String {
    format!("SELECT {}", span("queue = ?2 AND priority = ?3 AND run_at = ?4 AND id < ?5"))
}

/// What [`span`] gives.
struct Span {
    counted: i64,
    first: Option<i64>,
    head: Option<i64>,
    tail: Option<i64>,
    last: Option<i64>,
}

impl FromRow<'_, SqliteRow> for Span {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Span> {
        Ok(Span {
            counted: row.try_get("counted")?,
            first: row.try_get("first")?,
            head: row.try_get("head")?,
            tail: row.try_get("tail")?,
            last: row.try_get("last")?,
        })
    }
}

/// A row of [`waiting`].
struct Waiting {
    name: String,
    weight: i64,
    span: Span,
}

impl FromRow<'_, SqliteRow> for Waiting {
    fn from_row(row: &SqliteRow) -> sqlx::Result<Waiting> {
        let span = Span::from_row(row)?;
        Ok(Waiting { name: row.try_get("name")?, weight: row.try_get("weight")?, span })
    }
}

impl Span {
    /// About how many jobs there are. Numbers are given in the order of sightings, and those of a queue lie about as
    /// dense in the middle as they do on average at both ends.
    fn estimate(&self) -> i64 {
        let (Some(first), Some(head), Some(tail), Some(last)) =
            (self.first, self.head, self.tail, self.last)
        else {
            return self.counted;
        };
        let density = |from: i64, to: i64| {
            if to < from { 1.0 } else { self.counted as f64 / (to - from + 1) as f64 }
        };
        let density = f64::midpoint(density(first, head), density(tail, last)).min(1.0);
        let all = (last - first + 1).max(0) as f64 * density;
        (all.round() as i64).max(self.counted)
    }
}

impl SqliteLedger {
    /// About how many jobs are claimed before this one, if it waits and is due, and how many were completed in
    /// the last minute. The work of it does not depend on how many wait.
    pub(super) async fn outlook(&self, job: &Job) -> Result<(Option<u64>, u64)> {
        let now = self.now();
        let mut conn = self.readers().acquire().await.map_err(fault)?;
        let per_minute = per_minute(&mut conn, now).await?;
        if job.state != JobState::Ready || job.run_at > now {
            return Ok((None, per_minute));
        }
        let rows: Vec<Waiting> = sqlx::query_as(AssertSqlSafe(waiting()))
            .bind(COUNTED)
            .bind(now.0)
            .bind(&job.queue)
            .bind(job.priority)
            .bind(job.run_at.0)
            .fetch_all(&mut *conn)
            .await
            .map_err(fault)?;
        let mut queues: BTreeMap<String, (i64, i64)> = BTreeMap::new();
        for Waiting { name, weight, span } in rows {
            queues.entry(name).or_insert((weight, 0)).1 += span.estimate();
        }
        let Some((weight, before)) = queues.remove(&job.queue) else {
            return Ok((None, per_minute));
        };
        let beside: Span = sqlx::query_as(AssertSqlSafe(beside()))
            .bind(COUNTED)
            .bind(&job.queue)
            .bind(job.priority)
            .bind(job.run_at.0)
            .bind(job.id)
            .fetch_one(&mut *conn)
            .await
            .map_err(fault)?;
        let own = before + beside.estimate();
        let ahead = queues.values().fold(own, |ahead, (theirs, waiting)| {
            // While it waits for its turn, the others have theirs: as many as their weights say, or all they have.
            let turns = (own + 1).saturating_mul(*theirs) / weight.max(1);
            ahead + turns.min(*waiting)
        });
        Ok((Some(count(ahead)), per_minute))
    }
}

/// Jobs that were completed in the last minute; of more than [`PACE`], told from how long the last so many took.
async fn per_minute(conn: &mut SqliteConnection, now: Timestamp) -> Result<u64> {
    const PACE: i64 = 1_000;
    let (counted, since): (i64, Option<i64>) = sqlx::query_as(
        "SELECT count(*), min(changed_at) FROM (
             SELECT changed_at FROM job WHERE state = 'done' AND changed_at > ?1 - 60000
             ORDER BY changed_at DESC LIMIT ?2)",
    )
    .bind(now.0)
    .bind(PACE)
    .fetch_one(conn)
    .await
    .map_err(fault)?;
    let took = (now.0 - since.unwrap_or(now.0)).clamp(1_000, 60_000);
    Ok(count(if counted < PACE { counted } else { counted * 60_000 / took }))
}

impl Writing<'_> {
    /// Chooses at most `limit` due jobs, and moves the queues on that they come from.
    async fn take_turns(&mut self, limit: u32) -> Result<Vec<i64>> {
        let (open, at): (u32, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM queue WHERE paused = 0), at FROM turn WHERE one = 1",
        )
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)?;
        let mut most = share(limit, open);
        let (names, lines, before, choice) = loop {
            let (names, mut lines) = self.lines(most).await?;
            if lines.is_empty() {
                return Ok(Vec::new());
            }
            let before: Vec<i64> = lines.iter().map(|line| line.at).collect();
            let choice = choose(&mut lines, at, limit as usize);
            if !choice.short || most == limit {
                break (names, lines, before, choice);
            }
            most = limit;
        };
        let Choice { chosen, at, .. } = choice;
        let moved: Vec<(&str, i64)> = names
            .iter()
            .zip(&lines)
            .zip(before)
            .filter(|((_, line), before)| line.at != *before)
            .map(|((name, line), _)| (name.as_str(), line.at))
            .collect();
        sqlx::query(
            "UPDATE queue SET turn = m.value ->> 1 FROM json_each(?) m WHERE queue.name = m.value ->> 0",
        )
        .bind(json(&moved)?)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        sqlx::query("UPDATE turn SET at = ? WHERE one = 1")
            .bind(at)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        Ok(chosen)
    }

    /// The queues that have due jobs, with at most `most` of each priority.
    async fn lines(&mut self, most: u32) -> Result<(Vec<String>, Vec<Line>)> {
        let rows: Vec<(String, i64, i64, u8, String)> = sqlx::query_as(DUE)
            .bind(self.now.0)
            .bind(most)
            .fetch_all(&mut self.conn)
            .await
            .map_err(fault)?;
        let mut queues: BTreeMap<String, Line> = BTreeMap::new();
        for (queue, weight, at, priority, heads) in rows {
            let heads: Vec<(i64, i64)> =
                serde_json::from_str(&heads).map_err(|e| odd("a list of jobs", e))?;
            if heads.is_empty() {
                continue;
            }
            let line = queues.entry(queue).or_insert_with(|| {
                let weight = small(weight);
                Line { weight, at, jobs: Vec::new() }
            });
            let cut = heads.len() >= most as usize;
            let last = heads.len() - 1;
            line.jobs.extend(heads.into_iter().enumerate().map(|(place, (job, run_at))| Due {
                job,
                priority,
                run_at,
                cut: cut && place == last,
            }));
        }
        for line in queues.values_mut() {
            line.jobs
                .sort_unstable_by_key(|due| std::cmp::Reverse((due.priority, due.run_at, due.job)));
        }
        Ok(queues.into_iter().unzip())
    }

    async fn state(&mut self, job: i64) -> Result<Option<JobState>> {
        let word: Option<String> = sqlx::query_scalar("SELECT state FROM job WHERE id = ?")
            .bind(job)
            .fetch_optional(&mut self.conn)
            .await
            .map_err(fault)?;
        word.map(|word| state(&word)).transpose()
    }

    async fn make_ready(&mut self, jobs: &[i64]) -> Result<()> {
        sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, attempt = 0, crashes = 0, run_at = ?1,
                 changed_at = ?1, done_at = NULL
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

/// The end of a lease that starts now.
fn after(now: Timestamp, lease: Duration) -> Timestamp {
    now.plus_ms(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}

fn unfit(job: i64, state: Option<JobState>, act: &str, wanted: &str) -> LedgerError {
    match state {
        None => LedgerError::NotFound { what: "job", name: job.to_string() },
        Some(state) => LedgerError::Conflict(format!(
            "job {job} is {} and cannot be {act}: only one that is {wanted} can",
            state.as_str()
        )),
    }
}

pub(super) fn task_word(task: Task) -> &'static str {
    match task {
        Task::Extract => "extract",
        Task::Delete => "delete",
    }
}

fn task(word: &str) -> Result<Task> {
    match word {
        "extract" => Ok(Task::Extract),
        "delete" => Ok(Task::Delete),
        _ => Err(odd("a job's task", word)),
    }
}

fn state(word: &str) -> Result<JobState> {
    JobState::parse(word).ok_or_else(|| odd("a job's state", word))
}

/// A row of [`TAKE`].
struct ClaimRow(Result<Claim>);

impl FromRow<'_, SqliteRow> for ClaimRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<ClaimRow> {
        let fence: i64 = row.try_get("fence")?;
        let attempt: i64 = row.try_get("attempt")?;
        let modified: Option<i64> = row.try_get("modified")?;
        let (kind, owner): (String, String) = (row.try_get("task")?, row.try_get("agency")?);
        let object = object(row)?;
        let (job, crashes, pipeline) =
            (row.try_get("id")?, row.try_get("crashes")?, row.try_get("queue")?);
        Ok(ClaimRow(task(&kind).and_then(|task| {
            Ok(Claim {
                ticket: Ticket { job, fence },
                attempt: small(attempt),
                task,
                object,
                modified: modified.map(Timestamp),
                pipeline,
                agency: agency(owner)?,
                crashes: small(crashes),
            })
        })))
    }
}

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
                failure: failure_kind.map(|kind| Failure {
                    kind,
                    message: failure_message.unwrap_or_default(),
                    crashed: failure_crashed.unwrap_or_default(),
                }),
                created_at: Timestamp(created_at),
                done_at: done_at.map(Timestamp),
            })
        });
        Ok(JobRow { job })
    }
}

fn object(row: &SqliteRow) -> sqlx::Result<ObjectRef> {
    Ok(ObjectRef {
        store: row.try_get("store")?,
        path: row.try_get("path")?,
        version: row.try_get("version")?,
        size: count(row.try_get("size")?),
    })
}

struct QueueRow(Result<Queue>);

impl FromRow<'_, SqliteRow> for QueueRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<QueueRow> {
        let number = |name: &str| row.try_get::<i64, _>(name).map(count);
        let owner: String = row.try_get("agency")?;
        let oldest_ready: Option<i64> = row.try_get("oldest_ready")?;
        let held = match row.try_get::<Option<i64>, _>("since")? {
            None => None,
            Some(since) => Some(Held {
                missing: number("missing")?,
                known: number("known")?,
                since: Timestamp(since),
            }),
        };
        let waiting = number("waiting")?;
        let (name, paused) = (row.try_get("name")?, row.try_get("paused")?);
        let weight = small(row.try_get("weight")?);
        let ready = number("ready")?.saturating_sub(waiting);
        let (leased, done) = (number("leased")?, number("done")?);
        let (quarantined, last_minute) = (number("quarantined")?, number("last_minute")?);
        Ok(QueueRow(agency(owner).map(|agency| Queue {
            name,
            agency,
            weight,
            paused,
            ready,
            waiting,
            leased,
            done,
            quarantined,
            last_minute,
            oldest_ready: oldest_ready.map(Timestamp),
            held,
        })))
    }
}

#[cfg(test)]
mod tests {
    use madang_document::principal::Scope;

    use super::*;
    use crate::conformance::sample;

    /// A claim is a few seeks: no table is read through, and the only sort is of the few rows that they gave.
    #[tokio::test]
    async fn a_claim_is_answered_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open(&path, sample::Hand::default().clock()).await.unwrap();
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {DUE}")))
                .bind(0)
                .bind(32)
                .fetch_all(ledger.readers())
                .await
                .unwrap();
        let plan: Vec<&str> = plan.iter().map(|row| row.3.as_str()).collect();
        let seek =
            "SEARCH job USING COVERING INDEX job_ready (queue=? AND priority=? AND run_at<?)";
        assert!(plan.contains(&seek), "{plan:#?}");
        assert!(!plan.contains(&"SCAN job"), "{plan:#?}");
        assert!(!plan.iter().any(|line| line.contains("TEMP B-TREE")), "{plan:#?}");
    }

    /// An estimate reads a bounded number of rows of an index, wherever in its queue the job stands.
    #[tokio::test]
    async fn an_estimate_is_answered_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = SqliteLedger::open(&path, sample::Hand::default().clock()).await.unwrap();
        for (sql, range) in [(waiting(), "run_at<?"), (beside(), "run_at=? AND id<?")] {
            let plan: Vec<(i64, i64, i64, String)> =
                sqlx::query_as(AssertSqlSafe(format!("EXPLAIN QUERY PLAN {sql}")))
                    .fetch_all(ledger.readers())
                    .await
                    .unwrap();
            let seek = format!(
                "SEARCH job USING COVERING INDEX job_ready (queue=? AND priority=? AND {range})"
            );
            assert_eq!(plan.iter().filter(|row| row.3 == seek).count(), 5, "{plan:#?}");
            assert!(!plan.iter().any(|row| row.3.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }

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
        let claims = ledger.claim(&sample::worker(1), 9, sample::LEASE).await.unwrap();
        assert_eq!(claims.len(), 1);
        assert_eq!(settings(ledger.begin().await.unwrap()).await, full, "after a claim");
        drop(ledger.begin_soft().await.unwrap());
        assert_eq!(
            settings(ledger.begin().await.unwrap()).await,
            full,
            "after one that was dropped"
        );
    }

    #[test]
    fn a_queue_is_looked_at_by_its_share() {
        assert_eq!(share(32, 1), 32);
        assert_eq!(share(32, 8), 8);
        assert_eq!(share(32, 1000), 4);
        assert_eq!(share(1, 1000), 1);
        assert_eq!(share(32, 0), 32);
    }

    #[test]
    fn what_is_not_counted_is_told_from_the_numbers() {
        let span = |counted, first, head, tail, last| Span { counted, first, head, tail, last };
        assert_eq!(span(0, None, None, None, None).estimate(), 0);
        assert_eq!(span(7, Some(3), None, None, Some(90)).estimate(), 7);
        // As dense as can be: one number after the other.
        assert_eq!(span(100, Some(1), Some(100), Some(9_901), Some(10_000)).estimate(), 10_000);
        // The first half is dense, the second of every other number.
        let half = span(100, Some(1), Some(100), Some(19_802), Some(20_000)).estimate();
        assert!((14_500..=15_500).contains(&half), "{half}");
        // Numbers out of order: at the least what was counted.
        assert_eq!(span(100, Some(900), Some(5), Some(7), Some(100)).estimate(), 100);
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
        let Err(LedgerError::Unavailable(text)) = answer else { panic!("{answer:?}") };
        assert!(text.contains("free space"), "{text}");
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
