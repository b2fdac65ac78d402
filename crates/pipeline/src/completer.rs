use std::sync::Arc;
use std::time::Duration;

use madang_ledger::jobs::{Completed, Completion};
use madang_ledger::ledger::Ledger;
use tokio::sync::{Notify, mpsc};

use crate::lease::Leases;
use crate::service::Clock;

/// Completions of one transaction at most: one flush to disk serves them all.
const BATCH: usize = 32;

/// How long the first completion of a batch waits for others.
const GATHER: Duration = Duration::from_millis(20);

/// Completes jobs in groups until the channel closes. A batch that the ledger refuses is tried again until it
/// is taken: the work is done, only the record is missing, and the leases are held meanwhile.
pub async fn complete(
    ledger: Arc<dyn Ledger>,
    mut finished: mpsc::Receiver<Completion>,
    leases: Leases,
    changed: Arc<Notify>,
    clock: Clock,
) {
    while let Some(first) = finished.recv().await {
        let mut batch = vec![first];
        let gathered = tokio::time::sleep(GATHER);
        tokio::pin!(gathered);
        while batch.len() < BATCH {
            tokio::select! {
                next = finished.recv() => match next {
                    Some(completion) => batch.push(completion),
                    None => break,
                },
                () = &mut gathered => break,
            }
        }
        let mut wait = Duration::from_millis(200);
        let results = loop {
            match ledger.complete(&batch, clock()).await {
                Ok(results) => break results,
                Err(error) => {
                    tracing::error!(%error, jobs = batch.len(), "completions wait: the ledger refuses them");
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_secs(10));
                }
            }
        };
        for (completion, result) in batch.iter().zip(results) {
            if result == Completed::Stale {
                tracing::info!(
                    job = completion.ticket.job,
                    "completion refused: the job changed hands"
                );
            }
            leases.release(completion.ticket);
        }
        changed.notify_waiters();
    }
}
