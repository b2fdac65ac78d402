use std::collections::BTreeMap;

use madang_document::timestamp::Timestamp;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, FromRow, Row};

use super::SqliteLedger;
use super::fault::fault;
use super::value::count;
use crate::error::Result;
use crate::jobs::{Job, JobState};

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
/// that go before a job of priority ?4, due at ?5, by their moment. What nobody waits for (4) has workers and turns of its own.
fn waiting() -> String {
    let span = span("queue = l.name AND priority = l.priority AND run_at < l.until");
    format!(
        "WITH line AS MATERIALIZED (
             SELECT q.name, q.weight, n.column1 AS priority,
                 iif(q.name = ?3 AND n.column1 = ?4, ?5, ?2 + 1) AS until
             FROM queue q CROSS JOIN (VALUES (1), (2), (3), (4)) n
             WHERE q.paused = 0 AND NOT (q.name = ?3 AND n.column1 > ?4) AND iif(?4 = 4, n.column1 = 4, n.column1 <= 3))
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
             SELECT changed_at FROM job WHERE state = 'done' AND changed_at > ?1 - 60000 AND changed_at <= ?1
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

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    /// An estimate reads a bounded number of rows of an index, wherever in its queue the job stands.
    #[tokio::test]
    async fn an_estimate_is_answered_by_an_index() {
        for (sql, range) in [(waiting(), "run_at<?"), (beside(), "run_at=? AND id<?")] {
            let plan = plan(&sql).await;
            let seek = format!(
                "SEARCH job USING COVERING INDEX job_ready (queue=? AND priority=? AND {range})"
            );
            assert_eq!(plan.iter().filter(|step| **step == seek).count(), 5, "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
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
}
