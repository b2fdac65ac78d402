use super::fault::fault;
use super::owed::Owed;
use super::readings::Readings;
use super::writing::Writing;
use crate::error::Result;

/// Every moment that is compared with the clock, but for when jobs are due, and nothing of what is only recorded: how
/// long leases last and since when, how long readers are held, and when what was passed over was last tried. Few rows
/// have one.
const BRING_FORWARD: [&str; 3] = [
    "UPDATE job SET lease_until = lease_until - ?1, changed_at = changed_at - ?1 WHERE state = 'leased'",
    "UPDATE reader SET held_until = held_until - ? WHERE held_until IS NOT NULL",
    "UPDATE note SET at = at - ?",
];

/// Jobs that wait, in the order in which they are claimed: a walk over one index.
const WAITING: &str = "SELECT id FROM job INDEXED BY job_ready WHERE state = 'ready'";

impl Writing<'_> {
    /// Brings forward by so many milliseconds what waits, because the clock was set back; nothing if another process
    /// on this ledger has done so. Of the jobs a first slice; the others are [`Owed`].
    ///
    /// All that waits and not what lies ahead only, or what was seen last would go before what was seen first.
    pub(super) async fn bring_forward(&mut self, by: i64) -> Result<()> {
        let known = Readings::of(&mut self.conn).await?;
        if known.steps != self.readings.steps {
            self.readings = Readings { latest: self.now, ..known };
            return Ok(());
        }
        for update in BRING_FORWARD {
            sqlx::query(update).bind(by).execute(&mut self.conn).await.map_err(fault)?;
        }
        let jobs: Vec<i64> =
            sqlx::query_scalar(WAITING).fetch_all(&mut self.conn).await.map_err(fault)?;
        self.owed.push(Owed::of(by, jobs));
        self.bring_slice().await?;
        let steps = known.steps + 1;
        sqlx::query("UPDATE clock SET steps = ? WHERE one = 1")
            .bind(steps)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        self.readings = Readings { latest: self.now, noted: known.noted, steps };
        let detail = serde_json::json!({ "by_ms": by });
        self.act("ledger", "clock.back", "clock".to_owned(), detail.to_string());
        Ok(())
    }

    /// Brings the next slice forward of what is owed.
    pub(super) async fn bring_slice(&mut self) -> Result<()> {
        let Some(owed) = self.owed.first_mut() else { return Ok(()) };
        owed.bring_slice(&mut self.conn).await?;
        if owed.is_done() {
            self.owed.remove(0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::owed::SLICE;
    use super::super::plan::plan;
    use super::super::{Durability, SqliteLedger};
    use super::*;
    use crate::conformance::sample::{self, Hand, at};
    use crate::jobs::{Jobs, PriorityClass};
    use crate::objects::{Objects, Sighting};

    const DAY: i64 = 86_400_000;

    async fn open(path: &Path, hand: &Hand) -> SqliteLedger {
        SqliteLedger::open_with(path, hand.clock(), Durability::Process).await.unwrap()
    }

    /// How many jobs wait for a moment that lies ahead of what any may wait for.
    async fn ahead(ledger: &SqliteLedger) -> i64 {
        let bound = at(DAY / 2).0;
        sqlx::query_scalar("SELECT count(*) FROM job WHERE run_at > ?")
            .bind(bound)
            .fetch_one(ledger.readers())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_backlog_is_brought_forward_in_slices_by_whoever_writes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let hand = Hand::default();
        hand.set(at(DAY));
        let ledger = open(&path, &hand).await;
        ledger.open_queue(&sample::queue(sample::PIPELINE, sample::ours())).await.unwrap();
        let all = 2 * SLICE + 10;
        let seen: Vec<Sighting> =
            (0..all).map(|n| sample::sighting(&n.to_string(), "v1")).collect();
        ledger.see(&seen).await.unwrap();
        hand.set(at(1_000));
        let left = |slices: usize| i64::try_from(all.saturating_sub(slices * SLICE)).unwrap();
        let idle = async |ledger: &SqliteLedger| {
            assert_eq!(ledger.sweep(sample::NOBODY).await.unwrap(), 0);
            ahead(ledger).await
        };
        assert_eq!(idle(&ledger).await, left(2), "one for the step, one for the act");
        assert_eq!(ledger.queues().await.unwrap()[0].waiting, 10);

        // Killed before the end: whoever comes next begins anew, and no job is left to wait for a day.
        drop(ledger);
        let ledger = open(&path, &hand).await;
        assert_eq!(idle(&ledger).await, 10, "those that were first are first again");
        assert_eq!(idle(&ledger).await, 0);
        // Done, and said so: nothing is brought forward any more.
        let due = ledger.next_due(None, PriorityClass::Any).await.unwrap();
        drop(ledger);
        let ledger = open(&path, &hand).await;
        assert_eq!(idle(&ledger).await, 0);
        assert_eq!(ledger.next_due(None, PriorityClass::Any).await.unwrap(), due);
        let claims = ledger
            .claim(&sample::worker(1), None, PriorityClass::Any, 9, sample::LEASE)
            .await
            .unwrap();
        assert_eq!(claims.len(), 9);
    }

    /// Set back again before the first is done: each job is brought forward by both.
    #[tokio::test]
    async fn steps_add_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let hand = Hand::default();
        hand.set(at(2 * DAY));
        let ledger = open(&path, &hand).await;
        ledger.open_queue(&sample::queue(sample::PIPELINE, sample::ours())).await.unwrap();
        let all = 2 * SLICE + 10;
        let seen: Vec<Sighting> =
            (0..all).map(|n| sample::sighting(&n.to_string(), "v1")).collect();
        ledger.see(&seen).await.unwrap();
        for moment in [at(DAY), at(1_000)] {
            hand.set(moment);
            ledger.sweep(sample::NOBODY).await.unwrap();
        }
        for _ in 0..5 {
            ledger.sweep(sample::NOBODY).await.unwrap();
        }
        let due: Vec<(i64, i64)> =
            sqlx::query_as("SELECT run_at, count(*) FROM job GROUP BY run_at")
                .fetch_all(ledger.readers())
                .await
                .unwrap();
        assert_eq!(due, [(at(1_000).0, i64::try_from(all).unwrap())]);
    }

    #[tokio::test]
    async fn what_waits_is_found_in_one_index() {
        let plan = plan(WAITING).await;
        assert!(
            plan.iter().any(|step| step.contains("USING COVERING INDEX job_ready")),
            "{plan:#?}"
        );
        assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
    }
}
