use madang_document::timestamp::Timestamp;
use sqlx::sqlite::SqliteConnection;

use super::fault::fault;
use crate::clock::TOLERANCE_MS;
use crate::error::Result;

/// What is remembered of the clock by whoever writes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Readings {
    /// The latest reading.
    pub(super) latest: Timestamp,
    /// The latest one that stands in the ledger: of a time in which nothing is written nothing is noted.
    pub(super) noted: Timestamp,
    /// How often what waits was brought forward.
    pub(super) steps: i64,
}

impl Readings {
    /// Those that the ledger speaks of.
    pub(super) async fn of(conn: &mut SqliteConnection) -> Result<Readings> {
        let (at, steps): (i64, i64) = sqlx::query_as("SELECT at, steps FROM clock WHERE one = 1")
            .fetch_one(conn)
            .await
            .map_err(fault)?;
        Ok(Readings { latest: Timestamp(at), noted: Timestamp(at), steps })
    }

    /// Writes down the latest reading, at most once in a second.
    pub(super) async fn note(&mut self, conn: &mut SqliteConnection) -> Result<()> {
        if self.latest.0.abs_diff(self.noted.0) < TOLERANCE_MS.unsigned_abs() {
            return Ok(());
        }
        sqlx::query("UPDATE clock SET at = ? WHERE one = 1")
            .bind(self.latest.0)
            .execute(conn)
            .await
            .map_err(fault)?;
        self.noted = self.latest;
        Ok(())
    }
}
