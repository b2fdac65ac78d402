use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use madang_document::agency::Agency;
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::metadata as meta;
use madang_document::partition::Partition;
use madang_document::timestamp::Timestamp;
use madang_index::index::{Index, IndexError};
use madang_index::record::{Change, Record};
use madang_ledger::ledger::Ledger;
use madang_ledger::reader::Reader;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use madang_store::blobs::Blobs;

/// Changes of one commit at most, and bytes of text at most: a commit costs some flushes to disk, so many
/// changes share one; the text of all of them lies in memory at once.
const BATCH: u32 = 500;
const BATCH_TEXT: usize = 32 << 20;

/// Where an index stands in its owner's list of cursors.
pub fn reader(partition: &Partition) -> Reader {
    Reader::Index(partition.clone())
}

/// Owns the indexes of all agencies: reads the outbox in order and applies it, until `stop`. The checkpoint in
/// the index is the truth; the cursor in the ledger is moved after it, for others to read.
pub async fn index(
    ledger: Arc<dyn Ledger>,
    blobs: Blobs,
    index: Arc<dyn Index>,
    changed: Arc<Notify>,
    indexed: Arc<Notify>,
    stop: CancellationToken,
) {
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    let mut checkpoints: BTreeMap<Agency, u64> = BTreeMap::new();
    let mut wait = Duration::from_secs(1);
    loop {
        let wake = changed.notified();
        tokio::pin!(wake);
        wake.as_mut().enable();
        match catch_up(&ledger, &blobs, &index, &mut checkpoints).await {
            Ok(0) => wait = Duration::from_secs(1),
            Ok(_) => {
                indexed.notify_waiters();
                continue;
            }
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "the index waits");
                checkpoints.clear();
                tokio::select! {
                    () = &mut stopped => return,
                    () = tokio::time::sleep(wait) => {}
                }
                wait = (wait * 2).min(Duration::from_secs(30));
                continue;
            }
        }
        tokio::select! {
            () = &mut stopped => return,
            () = &mut wake => {}
            // Another process may have written to the ledger.
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Why the index could not catch up.
#[derive(Debug, thiserror::Error)]
pub enum Behind {
    /// The ledger did not answer.
    #[error(transparent)]
    Ledger(#[from] madang_ledger::error::LedgerError),
    /// The index did not take the changes.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The text of a document could not be had.
    #[error("the text of {document} cannot be read: {source}")]
    Text {
        /// The document.
        document: DocumentId,
        /// Why.
        source: object_store::Error,
    },
}

/// Applies one batch to each index that is behind. Gives how many changes were applied.
async fn catch_up(
    ledger: &Arc<dyn Ledger>,
    blobs: &Blobs,
    index: &Arc<dyn Index>,
    checkpoints: &mut BTreeMap<Agency, u64>,
) -> Result<u64, Behind> {
    let mut applied = 0;
    for (partition, last) in ledger.last_changes().await? {
        let agency = partition.agency.clone();
        let from = match checkpoints.get(&agency) {
            Some(checkpoint) => *checkpoint,
            None => resume(ledger, index, &agency).await?,
        };
        checkpoints.insert(agency.clone(), from);
        if from >= last {
            continue;
        }
        let outbox = ledger.changes(&partition, from, BATCH).await?;
        // However often a document changed, its record is made once, from what the ledger holds now.
        let mut ids: Vec<DocumentId> = outbox.iter().map(|change| change.document).collect();
        ids.sort();
        ids.dedup();
        let stored = ledger.documents(&ids).await?;
        let stored: BTreeMap<DocumentId, _> =
            stored.into_iter().map(|stored| (stored.document.id, stored)).collect();
        let mut changes = Vec::new();
        let mut text = 0;
        let mut through = from;
        let mut done = std::collections::BTreeSet::new();
        // The record is of the last change of its document that was read here.
        let revisions: BTreeMap<DocumentId, u64> =
            outbox.iter().map(|change| (change.document, change.seq)).collect();
        for change in &outbox {
            if text > BATCH_TEXT {
                break;
            }
            through = change.seq;
            if !done.insert(change.document) {
                continue;
            }
            let revision = revisions.get(&change.document).copied().unwrap_or(change.seq);
            match stored.get(&change.document) {
                Some(stored) if !stored.withdrawn => {
                    let segments = match &stored.document.text {
                        Some(blob) => blobs
                            .read_text(blob)
                            .await
                            .map_err(|source| Behind::Text { document: change.document, source })?,
                        None => Vec::new(),
                    };
                    text += segments.iter().map(|segment| segment.text.len()).sum::<usize>();
                    let record = Box::new(record(&stored.document, segments));
                    changes.push(Change::Put { revision, record });
                }
                _ => changes.push(Change::Delete { revision, id: change.document }),
            }
        }
        applied += changes.len() as u64;
        let to = Arc::clone(index);
        let of = Partition::of(agency.clone());
        let work = tokio::task::spawn_blocking(move || to.apply(&of, &changes, through));
        work.await.map_err(|error| IndexError::Unavailable(error.to_string()))??;
        ledger.advance(&reader(&partition), through).await?;
        checkpoints.insert(agency, through);
    }
    Ok(applied)
}

/// Where an index goes on: at its own checkpoint. An index that must be rebuilt, or that is ahead of the
/// ledger (which then is not the one it was built from), starts anew.
async fn resume(
    ledger: &Arc<dyn Ledger>,
    index: &Arc<dyn Index>,
    agency: &Agency,
) -> Result<u64, Behind> {
    let partition = Partition::of(agency.clone());
    let checkpoint = match index.checkpoint(&partition) {
        Ok(checkpoint) => checkpoint.unwrap_or(0),
        Err(IndexError::Damaged(reason)) => {
            tracing::warn!(%agency, %reason, "the index is built anew from the ledger");
            index.clear(&partition)?;
            0
        }
        Err(error) => return Err(error.into()),
    };
    let checkpoint = if checkpoint > ledger.last_seq().await? {
        tracing::warn!(%agency, "the index is ahead of the ledger and is built anew");
        index.clear(&partition)?;
        0
    } else {
        checkpoint
    };
    let reader = reader(&Partition::of(agency.clone()));
    if checkpoint == 0 {
        ledger.reset(&reader).await?;
    } else {
        ledger.advance(&reader, checkpoint).await?;
    }
    Ok(checkpoint)
}

/// The record of a document.
pub fn record(document: &Document, segments: Vec<Segment>) -> Record {
    let text = |name| document.metadata.text(name);
    let mut keywords: Vec<String> = Vec::new();
    keywords.extend(text(meta::DESCRIPTION).map(str::to_owned));
    keywords.extend(text(meta::AUTHOR).map(str::to_owned));
    match document.metadata.get(meta::KEYWORDS) {
        Some(meta::Value::Text(words)) => keywords.push(words.clone()),
        Some(meta::Value::List(words)) => {
            keywords.extend(words.iter().filter_map(|word| match word {
                meta::Value::Text(word) => Some(word.clone()),
                _ => None,
            }));
        }
        _ => {}
    }
    let date = [meta::TAKEN_AT, meta::CREATED, meta::MODIFIED]
        .into_iter()
        .find_map(|name| date(text(name)?))
        .or(document.object_modified);
    Record {
        id: document.id,
        partition: Partition::of(document.agency.clone()),
        pipeline: document.pipeline.clone(),
        path: document.path(),
        title: document.title().to_owned(),
        keywords: keywords.join("\n"),
        media_type: document.media_type.clone(),
        kind: document.media_type.kind(),
        language: document.language.clone(),
        outcome: document.outcome,
        date,
        size: document.size.unwrap_or(document.object.size),
        segments,
    }
}

/// A property that is a time, with or without an offset; without one it is taken as Korean time, where the
/// cameras and offices are.
fn date(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse(&format!("{text}+09:00")))
        .or_else(|| Timestamp::parse_start(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_korean() {
        assert_eq!(date("2026-11-23T09:00:00").unwrap().to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(date("2026-11-23T09:00:00Z").unwrap().to_string(), "2026-11-23T09:00:00Z");
        assert_eq!(date("2026-11-23").unwrap().to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(date("sometime"), None);
    }
}
