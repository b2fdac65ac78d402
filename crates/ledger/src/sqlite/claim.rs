use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use madang_document::failure_kind::FailureKind;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::each::{Each, rows};
use super::fault::{fault, odd};
use super::job_row::{object, task};
use super::leases::after;
use super::turns::{Choice, Due, Line, choose};
use super::value::{agency, json, named, reason_code, small};
use super::writing::Writing;
use crate::error::Result;
use crate::jobs::{Claim, PriorityClass, Ticket};
use crate::worker::Worker;

/// Jobs that are due, from queues that are not paused and, if any are named (?3), are among these: of each queue the first few of each priority as a JSON array of
/// id and moment, read off `job_ready` and nothing else. So the work of a claim depends on the number of queues and
/// not on the number of jobs, be they waiting, paused or not due. What nobody waits for has turns of its own (?6) where it is asked for
/// alone: a text that is read in a moment would move its queue as far as a scan of an hour does.
pub(super) const DUE: &str = "
    SELECT q.name, q.weight, iif(?6, q.background_turn, q.turn), n.column1,
        (SELECT json_group_array(json_array(i.id, i.run_at)) FROM (
            SELECT id, run_at FROM job
            WHERE state = 'ready' AND queue = q.name AND priority = n.column1 AND run_at <= ?1
            ORDER BY run_at, id LIMIT ?2) i)
    FROM queue q CROSS JOIN (VALUES (1), (2), (3), (4)) n
    WHERE n.column1 BETWEEN ?4 AND ?5 AND q.paused = 0 AND (?3 IS NULL OR q.name IN (SELECT value FROM json_each(?3)))";

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

impl Writing<'_> {
    /// Leases at most `limit` due jobs.
    pub(super) async fn claim(
        &mut self,
        worker: &Worker,
        queues: Option<&[String]>,
        class: PriorityClass,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Claim>> {
        let chosen = self.take_turns(named(queues)?.as_deref(), class, limit).await?;
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let each: Vec<Each<i64, ClaimRow>> = sqlx::query_as(TAKE)
            .bind(worker.process.as_bytes().to_vec())
            .bind(after(self.now, lease).0)
            .bind(self.now.0)
            .bind(json(&chosen)?)
            .bind(worker.node.as_bytes().to_vec())
            .fetch_all(&mut self.conn)
            .await
            .map_err(fault)?;
        let (mut claims, unreadable) = rows(each, Ok, |row| row.0)?.parted();
        for (job, error) in unreadable {
            self.set_aside(job, &error.to_string()).await?;
        }
        // RETURNING promises no order.
        let place: HashMap<i64, usize> =
            chosen.iter().enumerate().map(|(place, job)| (*job, place)).collect();
        claims.sort_by_key(|claim| place.get(&claim.ticket.job).copied());
        Ok(claims)
    }

    /// Sets a job aside that nobody can work on, because its row cannot be read back: left where it is, it would be
    /// claimed first of all each time.
    async fn set_aside(&mut self, job: i64, why: &str) -> Result<()> {
        let reason = Reason::new(ReasonKind::RowUnreadable(why.into()));
        sqlx::query(
            "UPDATE job SET state = 'quarantined', fence = fence + 1, lease_until = NULL, leased_by = NULL,
                 leased_on = NULL, failure_kind = ?1, failure_message = ?2, reason_code = ?5, failure_crashed = 0,
                 changed_at = ?3, done_at = ?3
             WHERE id = ?4",
        )
        .bind(FailureKind::House.as_str())
        .bind(reason.english())
        .bind(self.now.0)
        .bind(job)
        .bind(reason_code(&reason))
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        let detail = serde_json::json!({ "reason": why });
        self.act("ledger", "job.unreadable", format!("job/{job}"), detail.to_string());
        Ok(())
    }

    /// Chooses at most `limit` due jobs, and moves the queues on that they come from.
    async fn take_turns(
        &mut self,
        named: Option<&str>,
        class: PriorityClass,
        limit: u32,
    ) -> Result<Vec<i64>> {
        let is_apart = class == PriorityClass::Background;
        let (open, at): (u32, i64) = sqlx::query_as(
            "SELECT (SELECT count(*) FROM queue
                     WHERE paused = 0 AND (?1 IS NULL OR name IN (SELECT value FROM json_each(?1)))), iif(?2, background_at, at)
             FROM turn WHERE one = 1",
        )
        .bind(named)
        .bind(is_apart)
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)?;
        let mut most = share(limit, open);
        let (names, lines, before, choice) = loop {
            let (names, mut lines) = self.lines(named, class, most).await?;
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
        let (queues, all) = match is_apart {
            true => (
                "UPDATE queue SET background_turn = m.value ->> 1 FROM json_each(?) m WHERE queue.name = m.value ->> 0",
                "UPDATE turn SET background_at = ? WHERE one = 1",
            ),
            false => (
                "UPDATE queue SET turn = m.value ->> 1 FROM json_each(?) m WHERE queue.name = m.value ->> 0",
                "UPDATE turn SET at = ? WHERE one = 1",
            ),
        };
        sqlx::query(queues).bind(json(&moved)?).execute(&mut self.conn).await.map_err(fault)?;
        sqlx::query(all).bind(at).execute(&mut self.conn).await.map_err(fault)?;
        Ok(chosen)
    }

    /// The queues that have due jobs, with at most `most` of each priority.
    async fn lines(
        &mut self,
        named: Option<&str>,
        class: PriorityClass,
        most: u32,
    ) -> Result<(Vec<String>, Vec<Line>)> {
        let (lowest, highest) = class.bounds();
        let rows: Vec<(String, i64, i64, u8, String)> = sqlx::query_as(DUE)
            .bind(self.now.0)
            .bind(most)
            .bind(named)
            .bind(lowest)
            .bind(highest)
            .bind(class == PriorityClass::Background)
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

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    /// A claim is a few seeks: no table is read through, and the only sort is of the few rows that they gave.
    #[tokio::test]
    async fn a_claim_is_answered_by_an_index() {
        let plan = plan(DUE).await;
        let seek =
            "SEARCH job USING COVERING INDEX job_ready (queue=? AND priority=? AND run_at<?)";
        assert!(plan.iter().any(|step| step == seek), "{plan:#?}");
        assert!(!plan.iter().any(|step| step == "SCAN job"), "{plan:#?}");
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
    }

    #[test]
    fn a_queue_is_looked_at_by_its_share() {
        assert_eq!(share(32, 1), 32);
        assert_eq!(share(32, 8), 8);
        assert_eq!(share(32, 1000), 4);
        assert_eq!(share(1, 1000), 1);
        assert_eq!(share(32, 0), 32);
    }
}
