use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::id::DocumentId;

use crate::error::Result;

/// What the indexes and the registries still have to hear. Rows are written in the transaction of the change
/// they tell of, and `seq` grows in the order of commits: a reader that remembers the last `seq` misses
/// nothing. Entry changes are read with [`Entries::events`](crate::entries::Entries::events), from the same
/// numbering.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Document changes of an agency after `after`, in order, at most `limit`.
    async fn changes(&self, agency: &Agency, after: u64, limit: u32) -> Result<Vec<Change>>;

    /// The last `seq` of all; 0 if nothing was ever written.
    async fn last_seq(&self) -> Result<u64>;

    /// The last document change of each agency.
    async fn last_changes(&self) -> Result<Vec<(Agency, u64)>>;

    /// The last entry event of all; 0 if there was none.
    async fn last_event(&self) -> Result<u64>;

    /// How far a reader (`index/1741000`, `registry/folder`) has come; 0 if it never said.
    async fn cursor(&self, reader: &str) -> Result<u64>;

    /// Remembers how far a reader has come. Never goes back, except to 0 with `reset`.
    async fn advance(&self, reader: &str, seq: u64, reset: bool) -> Result<()>;
}

/// A document that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Commit-ordered.
    pub seq: u64,
    /// The document.
    pub document: DocumentId,
    /// Whether it was withdrawn.
    pub withdrawn: bool,
}
