use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::entry::{Draft, Entry};
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;

use crate::error::Result;
use crate::rows::Rows;

/// Catalogue entries and their events. The ledger keeps an entry as text and does not look inside.
#[async_trait]
pub trait Entries: Send + Sync {
    /// Writes entries in new versions, in one transaction. The same content hash changes nothing and is no
    /// event; what cannot be read back has none, and is written anew. Gives how many changed.
    async fn put_entries(&self, entries: &[Draft]) -> Result<u64>;

    /// Withdraws entries; unknown and withdrawn ones are left alone. Gives how many changed.
    async fn withdraw_entries(&self, ids: &[String]) -> Result<u64>;

    /// An entry, withdrawn ones included. Refused if it cannot be read back.
    async fn entry(&self, id: &str) -> Result<Option<Entry>> {
        self.entry_in(id, &Scope::All).await
    }

    /// The same, if the scope covers its agency. What is hidden is looked up as what is not there.
    async fn entry_in(&self, id: &str, agencies: &Scope) -> Result<Option<Entry>>;

    /// Entries ordered by id, after `after`, of what the scope covers; withdrawn ones only on request.
    async fn entries(
        &self,
        agencies: &Scope,
        withdrawn: bool,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Rows<String, Entry>>;

    /// Events after `after`, in order of `seq`, of what the scope covers: the harvest feed. An entry that
    /// changed several times appears once for each change.
    async fn events(&self, agencies: &Scope, after: u64, limit: u32) -> Result<Rows<u64, Event>>;
}

/// A change of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Commit-ordered.
    pub seq: u64,
    /// The entry.
    pub entry: String,
    /// Whose it is.
    pub agency: Agency,
    /// The version that the change made.
    pub version: u64,
    /// Whether the change withdrew it.
    pub withdrawn: bool,
    /// When.
    pub at: Timestamp,
}
