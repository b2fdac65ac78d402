use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;

use super::fault::fault;
use super::value::json;
use crate::error::Result;

/// Jobs of one transaction: some tens of milliseconds.
pub(super) const SLICE: usize = 5_000;

/// Jobs that waited when the clock was set back and are still to be brought forward. A backlog of a million would keep
/// everybody who writes waiting for as long as all of it takes; so whoever writes next brings a slice of it forward
/// first.
///
/// Remembered in memory only, and so is the reading of the clock until all is done: if this process ends before, the
/// next one finds the former reading in the ledger, and brings forward what waits then. Some jobs are brought forward
/// twice by that, and go before others; none waits for it.
#[derive(Clone, Debug)]
pub(super) struct Owed {
    /// Milliseconds.
    by: i64,
    jobs: Arc<[i64]>,
    /// How many of the jobs are done.
    done: usize,
}

impl Owed {
    /// These jobs, by so many milliseconds.
    pub(super) fn of(by: i64, jobs: Vec<i64>) -> Owed {
        Owed { by, jobs: jobs.into(), done: 0 }
    }

    /// Brings the next slice forward. A job that was given back meanwhile is due a little early.
    pub(super) async fn bring_slice(&mut self, conn: &mut SqliteConnection) -> Result<()> {
        let slice: Vec<i64> = self.jobs.iter().skip(self.done).take(SLICE).copied().collect();
        sqlx::query(
            "UPDATE job SET run_at = run_at - ?1
             WHERE id IN (SELECT value FROM json_each(?2)) AND state = 'ready'",
        )
        .bind(self.by)
        .bind(json(&slice)?)
        .execute(conn)
        .await
        .map_err(fault)?;
        self.done += slice.len();
        Ok(())
    }

    /// Whether all of them are brought forward.
    pub(super) fn is_done(&self) -> bool {
        self.done >= self.jobs.len()
    }
}
