use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_ledger::error::LedgerError;

use crate::gallery::Watch;
use crate::server::Server;

/// How often it is asked what changed while pictures hang in the gallery.
const BEAT: Duration = Duration::from_secs(1);
/// Changes that are asked for at once.
const PAGE: u32 = 1000;

/// Takes the pictures of documents that change or are withdrawn out of memory, beginning with what changes from now on, until
/// none is left there.
///
/// # Errors
/// When the ledger does not say where now is: then nobody takes anything down, and nothing may hang there.
pub(crate) async fn follow(server: Arc<Server>, watch: Watch) -> Result<(), LedgerError> {
    let now = server.ledger.last_seq().await?;
    tokio::spawn(take_down(server, watch, now));
    Ok(())
}

async fn take_down(server: Arc<Server>, mut watch: Watch, mut after: u64) {
    let mut closing = server.closing.subscribe();
    while !*closing.borrow() && !watch.is_over(Instant::now()) {
        tokio::select! {
            // With what it watches over, which nobody may look at any more.
            _ = closing.changed() => return,
            () = tokio::time::sleep(BEAT) => {}
        }
        loop {
            // Whoever looks at a picture asks the ledger first: where that does not answer, nobody is shown any.
            let Ok(changes) = server.ledger.document_changes(after, PAGE).await else { break };
            let Some(last) = changes.last() else { break };
            after = *last;
            let is_page = changes.len() == PAGE as usize;
            let changed: HashSet<_> =
                changes.readable().into_iter().map(|change| change.document).collect();
            server.gallery.take_down(&changed);
            if !is_page {
                break;
            }
        }
    }
}
