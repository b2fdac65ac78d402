use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use madang_catalog::asset;
use madang_catalog::series::Series;
use madang_document::entry::Draft;
use madang_document::id::DocumentId;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::reader::Reader;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Documents of one transaction at most: one flush to disk serves them all.
const BATCH: u32 = 200;

/// Makes the catalogue entries of documents as they change, until `stop`: an entry is made from the document
/// and the declaration of its pipeline, and from nothing else.
pub async fn catalogue(
    ledger: Arc<dyn Ledger>,
    series: Arc<HashMap<String, Series>>,
    changed: Arc<Notify>,
    stop: CancellationToken,
) {
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    let mut wait = Duration::from_secs(1);
    loop {
        let wake = changed.notified();
        tokio::pin!(wake);
        wake.as_mut().enable();
        match step(ledger.as_ref(), &series).await {
            Ok(true) => {
                // Whoever follows the entries waits for the same bell.
                changed.notify_waiters();
                continue;
            }
            Ok(false) => wait = Duration::from_secs(1),
            Err(error) => {
                tracing::error!(%error, "the catalogue waits");
                wait = (wait * 2).min(Duration::from_secs(30));
            }
        }
        tokio::select! {
            () = &mut stopped => return,
            () = &mut wake, if wait == Duration::from_secs(1) => {}
            // Another process may have written to the ledger.
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Makes the entries of one batch of changed documents. Gives whether there was one.
///
/// # Errors
/// When the ledger does not answer.
pub async fn step(
    ledger: &dyn Ledger,
    series: &HashMap<String, Series>,
) -> Result<bool, LedgerError> {
    let after = ledger.cursor(&Reader::Cataloguer).await?;
    let changes = ledger.document_changes(after, BATCH).await?;
    let Some(last) = changes.last().map(|change| change.seq) else { return Ok(false) };
    // However often a document changed, its entry is made once, from what the ledger holds now.
    let ids: BTreeSet<DocumentId> = changes.iter().map(|change| change.document).collect();
    let ids: Vec<DocumentId> = ids.into_iter().collect();
    let mut stored = ledger.documents(&ids).await?;
    stored.sort_by_key(|stored| stored.document.id);
    let (live, gone): (Vec<_>, Vec<_>) = stored.into_iter().partition(|stored| !stored.withdrawn);
    let drafts: Vec<Draft> = live
        .iter()
        .filter_map(|stored| {
            let series = series.get(&stored.document.pipeline)?;
            Some(asset::entry(&stored.document, series))
        })
        .collect();
    let gone: Vec<String> = gone.iter().map(|stored| stored.document.id.to_string()).collect();
    if !drafts.is_empty() {
        ledger.put_entries(&drafts).await?;
    }
    if !gone.is_empty() {
        ledger.withdraw_entries(&gone).await?;
    }
    ledger.advance(&Reader::Cataloguer, last).await?;
    Ok(true)
}
