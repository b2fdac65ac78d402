use super::fault::fault;
use super::readings::Readings;
use super::writing::Writing;
use crate::error::Result;

/// Every moment that is compared with the clock, and nothing of what is only recorded: when jobs are due, how long
/// leases last and since when, how long readers are held, and when what was passed over was last tried.
const BRING_FORWARD: [&str; 4] = [
    "UPDATE job SET run_at = run_at - ? WHERE state = 'ready'",
    "UPDATE job SET lease_until = lease_until - ?1, changed_at = changed_at - ?1 WHERE state = 'leased'",
    "UPDATE reader SET held_until = held_until - ? WHERE held_until IS NOT NULL",
    "UPDATE note SET at = at - ?",
];

impl Writing<'_> {
    /// Brings forward by so many milliseconds what waits, because the clock was set back; nothing if another process
    /// on this ledger has done so.
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
        let steps = known.steps + 1;
        sqlx::query("UPDATE clock SET at = ?, steps = ? WHERE one = 1")
            .bind(self.now.0)
            .bind(steps)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        self.readings = Readings { latest: self.now, noted: self.now, steps };
        let detail = serde_json::json!({ "by_ms": by });
        self.act("ledger", "clock.back", "clock".to_owned(), detail.to_string());
        Ok(())
    }
}
