use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use madang_catalog::registry::{Registry, RegistryError};
use madang_document::cause::told;
use madang_document::entry::Entry;
use madang_document::principal::Scope;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;

use crate::batch;
use crate::follow::{Follower, Gathering, Obstacle, Progress};
use crate::heads::Heads;
use crate::noted::Noted;
use madang_document::condition::{Kind, Subject};

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
/// only the newest version. A registry that does not answer is waited for; an entry that it refuses for good, or that
/// the ledger cannot read back, is noted and passed over.
pub struct Relay {
    ledger: Arc<dyn Ledger>,
    registry: Arc<dyn Registry>,
    noted: Noted,
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Relay({})", self.registry.name())
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

#[async_trait]
impl Follower for Relay {
    fn reader(&self) -> Reader {
        reader(self.registry.as_ref())
    }

    fn begin(&mut self) {
        // Its place is asked for at each step.
        self.noted.forget();
    }

    fn subject(&self) -> Subject {
        Subject::part(&reader(self.registry.as_ref()).to_string())
    }

    fn behind(&self) -> Kind {
        Kind::RegistryBehind
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.events
    }

    fn gathering(&self) -> Gathering {
        GATHERING
    }

    async fn step(&mut self, _head: u64) -> Result<Progress, Obstacle> {
        self.bring().await.map_err(|error| match error {
            RelayError::Ledger(error) => error.into(),
            RelayError::Registry(error) => Obstacle::of(error),
        })
    }
}

impl Relay {
    /// From this ledger to this registry.
    pub fn new(ledger: Arc<dyn Ledger>, registry: Arc<dyn Registry>) -> Relay {
        let noted = Noted::new(Arc::clone(&ledger), By::Reader(reader(registry.as_ref())));
        Relay { ledger, registry, noted }
    }

    async fn bring(&mut self) -> Result<Progress, RelayError> {
        self.noted.begin_pass();
        let reader = reader(self.registry.as_ref());
        let after = self.ledger.cursor(&reader).await?;
        if after < self.ledger.trimmed(&reader).await? {
            return self.bring_all(&reader).await;
        }
        let events = self.ledger.events(&Scope::All, after, BATCH).await?;
        let Some(last) = events.last().copied() else { return Ok(Progress::Done(after)) };
        let rows = events.len();
        let ids: BTreeSet<String> =
            events.readable().into_iter().map(|event| event.entry).collect();
        let mut entries = Vec::new();
        for id in ids {
            match self.ledger.entry(&id).await {
                Err(error) if error.is_of_the_act() => {
                    self.noted.unreadable_entry(id, &error).await?;
                }
                entry => entries.extend(entry?),
            }
        }
        self.put(&entries).await?;
        self.ledger.advance(&reader, last).await?;
        Ok(Progress::after(rows, BATCH, last, last))
    }

    /// Brings every entry, because the outbox no longer tells which of them changed.
    async fn bring_all(&mut self, reader: &Reader) -> Result<Progress, RelayError> {
        let start = self.ledger.last_seq().await?;
        let mut after: Option<String> = None;
        loop {
            let page = self.ledger.entries(&Scope::All, true, after.as_deref(), BATCH).await?;
            let Some(last) = page.last().cloned() else { break };
            let (entries, unreadable) = page.parted();
            for (id, error) in unreadable {
                self.noted.unreadable_entry(id, &error).await?;
            }
            self.put(&entries).await?;
            after = Some(last);
        }
        self.ledger.advance(reader, start).await?;
        Ok(Progress::More)
    }

    async fn put(&mut self, entries: &[Entry]) -> Result<(), RelayError> {
        let registry = &self.registry;
        let put = |part| registry.put(part);
        let put = batch::take(entries, put, refusal, &mut self.noted, |noted, entry, reason| {
            Box::pin(async move {
                let (id, agency) = (entry.draft.id.clone(), Some(entry.draft.agency.clone()));
                Ok(noted.note(NoteKind::EntryRefused, id, agency, &reason, 0).await?)
            })
        });
        put.await?;
        self.noted.settle(entries.iter().map(|entry| entry.draft.id.clone())).await?;
        Ok(())
    }
}

/// Why a registry refuses an entry for good.
fn refusal(error: RegistryError) -> Result<String, RelayError> {
    match error {
        RegistryError::Permanent { source, .. } => Ok(told(source.as_ref())),
        RegistryError::Transient { .. } => Err(error.into()),
    }
}
