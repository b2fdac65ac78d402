use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::partition::Partition;

use crate::error::Result;
use crate::rows::Rows;

/// What the indexes and the registries still have to hear. Rows are written in the transaction of the change
/// they tell of, and `seq` grows in the order of commits: a reader that remembers the last `seq` misses
/// nothing. Entry changes are read with `Entries::events`, from the same numbering.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Document changes of a partition after `after`, in order, at most `limit`. A document that leaves for
    /// another partition is a change of both.
    async fn changes(
        &self,
        partition: &Partition,
        after: u64,
        limit: u32,
    ) -> Result<Rows<u64, DocumentChange>>;

    /// Document changes of every partition after `after`, in order, at most `limit`.
    async fn document_changes(&self, after: u64, limit: u32) -> Result<Rows<u64, DocumentChange>>;

    /// The last `seq` of all; 0 if nothing was ever written.
    async fn last_seq(&self) -> Result<u64>;

    /// The last document change of each partition that ever had one, trimmed ones included.
    async fn last_changes(&self) -> Result<Vec<(Partition, u64)>>;

    /// The last entry event of all, trimmed ones included; 0 if there was none.
    async fn last_event(&self) -> Result<u64>;
}

/// A document that changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentChange {
    /// Commit-ordered.
    pub seq: u64,
    /// The document.
    pub document: DocumentId,
    /// The partition whose readers are told.
    pub partition: Partition,
    /// Whether it is no longer there: withdrawn, or moved to another partition.
    pub withdrawn: bool,
}
