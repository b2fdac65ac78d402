use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use madang_catalog::registry::{Registry, RegistryError};
use madang_document::principal::Scope;
use madang_ledger::audit::Act;
use madang_ledger::ledger::Ledger;
use madang_ledger::reader::Reader;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Events read at once.
const BATCH: u32 = 200;

/// The cursor of a registry's relay.
pub fn reader(registry: &dyn Registry) -> Reader {
    Reader::Registry(registry.name().to_owned())
}

/// Brings one registry what the embedded one has, until `stop`: at least once, in order, and of an entry that
/// changed several times only the newest version. A registry that does not answer is tried again, later each
/// time; an entry that it refuses for good is noted in the audit trail and passed over.
pub async fn relay(
    ledger: Arc<dyn Ledger>,
    registry: Arc<dyn Registry>,
    changed: Arc<Notify>,
    relayed: Arc<Notify>,
    stop: CancellationToken,
) {
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    let mut wait = Duration::from_secs(1);
    loop {
        let wake = changed.notified();
        tokio::pin!(wake);
        wake.as_mut().enable();
        let pause = match step(&ledger, registry.as_ref()).await {
            Ok(true) => {
                relayed.notify_waiters();
                continue;
            }
            Ok(false) => {
                wait = Duration::from_secs(1);
                Duration::from_secs(1)
            }
            Err(reason) => {
                tracing::warn!(registry = registry.name(), %reason, "the registry waits");
                wait = (wait * 2).min(Duration::from_secs(60));
                wait
            }
        };
        tokio::select! {
            () = &mut stopped => return,
            () = &mut wake, if pause == Duration::from_secs(1) => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Relays one batch. Gives whether there was one.
async fn step(ledger: &Arc<dyn Ledger>, registry: &dyn Registry) -> Result<bool, String> {
    let reader = reader(registry);
    let after = ledger.cursor(&reader).await.map_err(|error| error.to_string())?;
    let events =
        ledger.events(&Scope::All, after, BATCH).await.map_err(|error| error.to_string())?;
    let Some(last) = events.last().map(|event| event.seq) else { return Ok(false) };
    let ids: BTreeSet<String> = events.into_iter().map(|event| event.entry).collect();
    let mut entries = Vec::new();
    for id in ids {
        entries.extend(ledger.entry(&id).await.map_err(|error| error.to_string())?);
    }
    if let Err(error) = registry.put(&entries).await {
        if matches!(error, RegistryError::Transient { .. }) {
            return Err(error.to_string());
        }
        // One entry of the batch is refused for good; the others must not suffer for it.
        for entry in &entries {
            let answer = registry.put(std::slice::from_ref(entry)).await;
            pass_over(ledger, answer).await?;
        }
    }
    ledger.advance(&reader, last).await.map_err(|error| error.to_string())?;
    Ok(true)
}

/// A refusal for good is noted; any other failure stops the batch.
async fn pass_over(
    ledger: &Arc<dyn Ledger>,
    answer: Result<(), RegistryError>,
) -> Result<(), String> {
    match answer {
        Ok(()) => Ok(()),
        Err(RegistryError::Permanent { registry, entry, source }) => {
            let reason = source.to_string();
            tracing::error!(%registry, %entry, %reason, "the registry refuses an entry");
            let act = Act {
                actor: format!("registry/{registry}"),
                action: "entry.refused".into(),
                subject: entry,
                detail: reason,
            };
            ledger.append(&act).await.map_err(|error| error.to_string())
        }
        Err(error @ RegistryError::Transient { .. }) => Err(error.to_string()),
    }
}
