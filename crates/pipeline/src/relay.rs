use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use madang_catalog::registry::{Registry, RegistryError};
use madang_document::entry::Entry;
use madang_document::principal::Scope;
use madang_ledger::audit::Act;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::reader::Reader;

use crate::board::Subject;
use crate::follow::{Follower, Gathering, Obstacle, Step};
use crate::heads::Heads;

/// Events read at once.
const BATCH: u32 = 200;

/// Harvesters do not count seconds; an entry that changes twice is sent once.
const GATHERING: Gathering = Gathering {
    quiet: Duration::from_millis(200),
    longest: Duration::from_secs(4),
    enough: BATCH as u64,
};

/// The cursor of a registry's relay.
pub fn reader(registry: &dyn Registry) -> Reader {
    Reader::Registry(registry.name().to_owned())
}

/// Brings one registry what the ledger holds: at least once, in order, and of an entry that changed several times
/// only the newest version. A registry that does not answer is waited for; an entry that it refuses for good is
/// noted in the audit trail and passed over.
pub struct Relay {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Where entries go.
    pub registry: Arc<dyn Registry>,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({})", self.registry.name())
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

#[async_trait]
impl Follower for Relay {
    fn subject(&self) -> Subject {
        Subject::part(&reader(self.registry.as_ref()).to_string())
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.events
    }

    fn gathering(&self) -> Gathering {
        GATHERING
    }

    async fn step(&mut self, _head: u64) -> Result<Step, Obstacle> {
        self.bring().await.map_err(|error| Obstacle::of(&error))
    }
}

impl Relay {
    async fn bring(&self) -> Result<Step, Trouble> {
        let reader = reader(self.registry.as_ref());
        let after = self.ledger.cursor(&reader).await?;
        if after < self.ledger.trimmed(&reader).await? {
            return self.bring_all(&reader).await;
        }
        let events = self.ledger.events(&Scope::All, after, BATCH).await?;
        let Some(last) = events.last().map(|event| event.seq) else { return Ok(Step::Done(after)) };
        let ids: BTreeSet<String> = events.into_iter().map(|event| event.entry).collect();
        let mut entries = Vec::new();
        for id in ids {
            entries.extend(self.ledger.entry(&id).await?);
        }
        self.put(&entries).await?;
        self.ledger.advance(&reader, last).await?;
        Ok(Step::More)
    }

    /// Brings every entry, because the outbox no longer tells which of them changed.
    async fn bring_all(&self, reader: &Reader) -> Result<Step, Trouble> {
        let start = self.ledger.last_seq().await?;
        let mut after: Option<String> = None;
        loop {
            let page = self.ledger.entries(&Scope::All, true, after.as_deref(), BATCH).await?;
            let Some(last) = page.last().map(|entry| entry.draft.id.clone()) else { break };
            self.put(&page).await?;
            after = Some(last);
        }
        self.ledger.advance(reader, start).await?;
        Ok(Step::More)
    }

    async fn put(&self, entries: &[Entry]) -> Result<(), Trouble> {
        match self.registry.put(entries).await {
            Ok(()) => Ok(()),
            Err(error @ RegistryError::Transient { .. }) => Err(error.into()),
            // One entry of the batch is refused for good; the others must not suffer for it.
            Err(RegistryError::Permanent { .. }) => {
                for entry in entries {
                    self.put_one(entry).await?;
                }
                Ok(())
            }
        }
    }

    async fn put_one(&self, entry: &Entry) -> Result<(), Trouble> {
        match self.registry.put(std::slice::from_ref(entry)).await {
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
                Ok(self.ledger.append(&act).await?)
            }
            Err(error @ RegistryError::Transient { .. }) => Err(error.into()),
        }
    }
}
