use std::sync::Arc;
use std::time::Duration;

use madang_document::cause::told;
use madang_document::condition::{Kind, Subject};
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::retention::Retention;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::board::Board;
use crate::recollections::Recollections;

/// How often what nobody needs any more is looked for.
const TRIM: Duration = Duration::from_secs(3600);

/// How long after a start: not while it has most to do.
const SOON: Duration = Duration::from_secs(60);

/// Takes back what other processes held when they died, and removes what is older than its retention.
pub(crate) async fn sweep(
    ledger: Arc<dyn Ledger>,
    process: Uuid,
    (retention, recollections): (Retention, Recollections),
    board: Board,
    stop: CancellationToken,
) {
    let mut due = tokio::time::Instant::now() + SOON;
    loop {
        // Nothing is removed from a ledger that is damaged.
        let damaged = board.stands(Kind::LedgerDamaged, &Subject::service());
        let pause = if damaged { TRIM } else { Duration::from_secs(5) };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if damaged {
            continue;
        }
        match ledger.sweep(process).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "leases ended: their jobs will be tried again"),
            Err(error) => unswept(&board, &error, "ended leases cannot be swept"),
        }
        if due.elapsed() > Duration::ZERO {
            if let Err(error) = recollections.sweep(ledger.as_ref()).await {
                unswept(&board, &error, "what was recognised cannot be swept");
            }
            match ledger.trim(&retention).await {
                // Some thousands at a time: what is written meanwhile does not wait for the rest.
                Ok(trimmed) if trimmed.is_full => {}
                Ok(_) => due = tokio::time::Instant::now() + TRIM,
                Err(error) => unswept(&board, &error, "nothing can be trimmed"),
            }
        }
    }
}

/// A sweep that failed comes again; only damage of the ledger is more than that.
fn unswept(board: &Board, error: &LedgerError, what: &str) {
    match error {
        LedgerError::Damaged { .. } => board.ledger_failed(Subject::service(), error),
        _ => tracing::warn!(error = %told(error), "{what}"),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use madang_document::timestamp::Timestamp;

    use super::*;

    #[test]
    fn damage_that_a_sweep_meets_is_told() {
        let board = Board::new(Arc::new(|| Timestamp(0)));
        unswept(&board, &LedgerError::unavailable("busy"), "nothing can be trimmed");
        assert!(board.now().is_empty());
        unswept(&board, &LedgerError::damaged("page 3"), "nothing can be trimmed");
        assert!(board.stands(Kind::LedgerDamaged, &Subject::service()));
    }
}
