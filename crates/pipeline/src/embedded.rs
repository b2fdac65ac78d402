use std::sync::Arc;

use async_trait::async_trait;
use madang_catalog::entry::{Draft, Entry};
use madang_catalog::registry::{Registry, RegistryError, Retraction};
use madang_document::agency::Agency;
use madang_document::id::DocumentId;
use madang_ledger::entries::EntryDraft;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;

/// The embedded registry: the entries in the ledger itself. Workers write to it in the transaction that
/// completes a job, so no relay serves it; as a [`Registry`] it also takes entries from elsewhere.
pub struct EmbeddedRegistry {
    ledger: Arc<dyn Ledger>,
    agency: Agency,
}

impl EmbeddedRegistry {
    /// Over this ledger; entries that come from elsewhere are held for `agency`.
    pub fn new(ledger: Arc<dyn Ledger>, agency: Agency) -> EmbeddedRegistry {
        EmbeddedRegistry { ledger, agency }
    }
}

impl std::fmt::Debug for EmbeddedRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EmbeddedRegistry({})", self.agency)
    }
}

/// A draft of the catalogue as the ledger keeps it.
pub fn ledger_draft(draft: Draft, document: Option<DocumentId>, agency: &Agency) -> EntryDraft {
    EntryDraft {
        id: draft.id,
        document,
        agency: agency.clone(),
        content_hash: draft.content_hash,
        body: draft.body,
    }
}

/// An entry of the ledger as the catalogue knows it.
pub fn catalog_entry(entry: madang_ledger::entries::Entry) -> Entry {
    Entry {
        id: entry.draft.id,
        version: entry.version,
        withdrawn: entry.withdrawn,
        issued: entry.issued,
        modified: entry.modified,
        content_hash: entry.draft.content_hash,
        body: entry.draft.body,
    }
}

fn refusal(error: &LedgerError) -> RegistryError {
    RegistryError::Transient { registry: "embedded".into(), reason: error.to_string() }
}

impl EmbeddedRegistry {
    fn ledger_entry(&self, entry: &Entry) -> madang_ledger::entries::Entry {
        madang_ledger::entries::Entry {
            draft: EntryDraft {
                id: entry.id.clone(),
                document: entry.id.parse().ok(),
                agency: self.agency.clone(),
                content_hash: entry.content_hash,
                body: entry.body.clone(),
            },
            version: entry.version,
            withdrawn: entry.withdrawn,
            issued: entry.issued,
            modified: entry.modified,
        }
    }
}

#[async_trait]
impl Registry for EmbeddedRegistry {
    fn name(&self) -> &str {
        "embedded"
    }

    async fn publish(&self, entries: &[Entry]) -> Result<(), RegistryError> {
        let entries: Vec<_> = entries.iter().map(|entry| self.ledger_entry(entry)).collect();
        self.ledger.import_entries(&entries).await.map_err(|error| refusal(&error))?;
        Ok(())
    }

    async fn retract(&self, retractions: &[Retraction]) -> Result<(), RegistryError> {
        let mut known = Vec::new();
        for Retraction { entry } in retractions {
            if self.read_back(&entry.id).await?.is_some() {
                known.push(self.ledger_entry(entry));
            }
        }
        self.ledger.import_entries(&known).await.map_err(|error| refusal(&error))?;
        Ok(())
    }

    async fn read_back(&self, id: &str) -> Result<Option<Entry>, RegistryError> {
        let entry = self.ledger.entry(id).await.map_err(|error| refusal(&error))?;
        Ok(entry.map(catalog_entry))
    }
}
