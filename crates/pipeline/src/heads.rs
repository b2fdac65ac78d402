use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use madang_document::condition::{Kind, Subject};
use madang_document::partition::Partition;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use crate::backoff::DAMAGED;
use crate::board::Board;

/// How far the outbox goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Heads {
    /// The last document change of each partition.
    pub changes: BTreeMap<Partition, u64>,
    /// The last document change of all.
    pub documents: u64,
    /// The last entry event of all.
    pub events: u64,
}

/// However fast changes come, the ledger is asked no more often: one question serves all followers.
const SELDOM: Duration = Duration::from_millis(50);

/// Another process may write to the ledger, too.
const OFTEN: Duration = Duration::from_secs(1);

/// Asks the ledger how far its outbox goes.
///
/// # Errors
/// When it does not answer.
pub async fn heads(ledger: &dyn Ledger) -> Result<Heads, LedgerError> {
    let changes: BTreeMap<_, _> = ledger.last_changes().await?.into_iter().collect();
    let documents = changes.values().copied().max().unwrap_or(0);
    Ok(Heads { changes, documents, events: ledger.last_event().await? })
}

/// The outbox on the board. Followers see nothing amiss when it cannot be read: they wait for news.
fn subject() -> Subject {
    Subject::part("outbox")
}

/// Tells followers how far the outbox goes, until `stop`: whenever something `changed`, and every second. When it cannot
/// be read, the board says so.
pub async fn tell(
    ledger: Arc<dyn Ledger>,
    told: watch::Sender<Heads>,
    changed: Arc<Notify>,
    board: Board,
    stop: CancellationToken,
) {
    loop {
        let wake = changed.notified();
        tokio::pin!(wake);
        wake.as_mut().enable();
        match heads(ledger.as_ref()).await {
            Ok(now) => {
                told.send_if_modified(|before| {
                    let news = *before != now;
                    *before = now;
                    news
                });
                board.clear(Kind::OutboxUnread, &subject());
            }
            Err(error @ LedgerError::Damaged { .. }) => {
                board.ledger_failed(Subject::service(), &error);
                let pause = Duration::from_millis(DAMAGED.wait_ms(1, 0.5).unsigned_abs());
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
            }
            Err(error) => board.ledger_hinders(Kind::OutboxUnread, subject(), &error),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = wake => tokio::time::sleep(SELDOM).await,
            () = tokio::time::sleep(OFTEN) => {}
        }
    }
}
