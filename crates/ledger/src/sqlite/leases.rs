use std::time::Duration;

use madang_document::failure_kind::FailureKind;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use uuid::Uuid;

use super::fault::fault;
use super::value::reason_code;
use super::writing::Writing;
use crate::error::Result;
use crate::jobs::{Failure, LONGEST_WAIT, Ticket};

/// The end of a lease that starts now.
pub(super) fn after(now: Timestamp, lease: Duration) -> Timestamp {
    now.plus_ms(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX))
}

impl Writing<'_> {
    /// Prolongs these leases; gives those that are no longer held.
    pub(super) async fn renew(
        &mut self,
        tickets: &[Ticket],
        lease: Duration,
    ) -> Result<Vec<Ticket>> {
        let mut lost = Vec::new();
        for ticket in tickets {
            let renewed = sqlx::query(
                "UPDATE job SET lease_until = ? WHERE id = ? AND fence = ? AND state = 'leased'",
            )
            .bind(after(self.now, lease).0)
            .bind(ticket.job)
            .bind(ticket.fence)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
            if renewed.rows_affected() == 0 {
                lost.push(*ticket);
            }
        }
        Ok(lost)
    }

    /// Ends one lease, its job to be claimed again at `at`. Gives whether it was held.
    pub(super) async fn give_back(
        &mut self,
        ticket: Ticket,
        at: Timestamp,
        failure: &Failure,
    ) -> Result<bool> {
        let given_back = sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, lease_until = NULL, leased_by = NULL,
                 leased_on = NULL, run_at = ?, attempt = attempt - ?, crashes = crashes + ?, failure_kind = ?, failure_message = ?,
                 reason_code = ?, failure_crashed = ?
             WHERE id = ? AND fence = ? AND state = 'leased'",
        )
        .bind(at.min(after(self.now, LONGEST_WAIT)).0)
        .bind(i64::from(!failure.kind.counts()))
        .bind(i64::from(failure.crashed))
        .bind(failure.kind.as_str())
        .bind(failure.reason.english())
        .bind(reason_code(&failure.reason))
        .bind(failure.crashed)
        .bind(ticket.job)
        .bind(ticket.fence)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(given_back.rows_affected() > 0)
    }

    /// Ends the leases whose time has come, but those of this process; gives how many.
    pub(super) async fn sweep(&mut self, own_process: Uuid) -> Result<u64> {
        // Nobody else can say it.
        let reason = Reason::new(ReasonKind::LeaseEnded);
        let taken = sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, lease_until = NULL, leased_by = NULL,
                 leased_on = NULL, crashes = crashes + 1, run_at = ?1, changed_at = ?1,
                 failure_kind = ?4, failure_message = ?2, reason_code = ?5, failure_crashed = 1
             WHERE state = 'leased' AND lease_until <= ?1 AND leased_by <> ?3",
        )
        .bind(self.now.0)
        .bind(reason.english())
        .bind(own_process.as_bytes().to_vec())
        .bind(FailureKind::Crashed.as_str())
        .bind(reason_code(&reason))
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(taken.rows_affected())
    }

    /// Ends every lease of this node, those on readers included; gives how many jobs.
    pub(super) async fn release(&mut self, node: Uuid) -> Result<u64> {
        let reason = Reason::new(ReasonKind::Stopped);
        // A lease without a node is one of a Madang that did not note it: its only node was this one.
        let taken = sqlx::query(
            "UPDATE job SET state = 'ready', fence = fence + 1, lease_until = NULL, leased_by = NULL,
                 leased_on = NULL, run_at = ?1, changed_at = ?1,
                 failure_kind = ?4, failure_message = ?2, reason_code = ?5, failure_crashed = 0
             WHERE state = 'leased' AND (leased_on = ?3 OR leased_on IS NULL)",
        )
        .bind(self.now.0)
        .bind(reason.english())
        .bind(node.as_bytes().to_vec())
        .bind(FailureKind::Interrupted.as_str())
        .bind(reason_code(&reason))
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        sqlx::query(
            "UPDATE reader SET node = NULL, process = NULL, held_until = NULL WHERE node = ?",
        )
        .bind(node.as_bytes().to_vec())
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(taken.rows_affected())
    }
}
