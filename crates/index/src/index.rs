use madang_document::cause::Cause;
use madang_document::id::DocumentId;
use madang_document::partition::Partition;

use crate::query::{Hits, Query, SearchError};
use crate::record::Change;

/// The full text of every partition.
///
/// What every implementation promises, one on a search cluster as well as one in a folder:
///
/// * **Versions never go back.** A change whose revision is lower than that of the document in the index is passed
///   over; so is a put of a document whose deletion at a higher revision was applied shortly before. How long a
///   deletion is remembered is the implementation's; it must outlast a batch that another caller still has in hand.
/// * **The checkpoint is never ahead of its changes**, and never goes back but by `clear`. When `apply` returns,
///   its changes and then its checkpoint are durable and visible to searches; when it fails or the process dies,
///   some of the changes may be there, the checkpoint is not.
/// * **Repeated application leaves the same.** Whoever begins again at the checkpoint comes to the same state.
///
/// Partitions stand apart: what is wrong with one is an error of that one only.
pub trait Index: Send + Sync {
    /// Brings changes into a partition, then sets its checkpoint. Creates the partition's index if there is none.
    /// Blocks. One caller at a time for each partition.
    ///
    /// A checkpoint of 0 says that the index is still being built and does not hold all that was written before:
    /// searches name it in [`Hits::missing`] until it has a higher one. So a rebuild applies all documents with 0
    /// and closes with an empty batch that carries the number it had read before it began.
    ///
    /// # Errors
    /// [`IndexError`].
    fn apply(
        &self,
        partition: &Partition,
        changes: &[Change],
        checkpoint: u64,
    ) -> Result<(), IndexError>;

    /// The checkpoint of a partition; none if it has no index. The truth at restart, whatever a cursor elsewhere
    /// says. Cheap but for the first time (which compares the files with their checksums), so that a follower can
    /// ask at every turn and hear of damage that a search has met.
    ///
    /// # Errors
    /// [`IndexError::must_be_rebuilt`] says when the partition must be.
    fn checkpoint(&self, partition: &Partition) -> Result<Option<u64>, IndexError>;

    /// Removes a partition's index, damaged or not, to build it anew from the ledger.
    ///
    /// # Errors
    /// [`IndexError::Unavailable`].
    fn clear(&self, partition: &Partition) -> Result<(), IndexError>;

    /// Removes the index of a partition that holds nothing any more, for good: it is not to be built anew, and no
    /// search misses it. What is applied later makes another.
    ///
    /// # Errors
    /// [`IndexError::Unavailable`].
    fn forget(&self, partition: &Partition) -> Result<(), IndexError>;

    /// Tells it which partitions hold something by the ledger. One of them that has no index is to be built, like one
    /// that was cleared: searches name it in [`Hits::missing`] instead of finding nothing in it. Remembered until
    /// `forget`, or the end of the process. Cheap.
    fn expect(&self, partitions: &[Partition]);

    /// The partitions that have an index, damaged ones and those that are to be built included, ordered. Cheap.
    ///
    /// # Errors
    /// [`IndexError::Unavailable`].
    fn partitions(&self) -> Result<Vec<Partition>, IndexError>;

    /// Reads all of a partition: the documents in it, and ids that stand in it more than once (none, ever).
    ///
    /// # Errors
    /// [`IndexError`].
    fn verify(&self, partition: &Partition) -> Result<Census, IndexError>;

    /// Answers a query from these partitions and no other: what is in the rest changes nothing of the answer, not
    /// even a score. A partition without an index holds nothing. Whose partitions these are is for the caller to
    /// know; callers outside go through [`ScopedSearcher`](crate::scoped_searcher::ScopedSearcher). Blocks.
    ///
    /// # Errors
    /// [`SearchError`].
    fn search(&self, partitions: &[Partition], query: &Query) -> Result<Hits, SearchError>;
}

/// What an index holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Every id once, ordered.
    pub ids: Vec<DocumentId>,
    /// Ids that stand in it more than once.
    pub doubled: Vec<DocumentId>,
}

/// What a caller of an index can act on. A message is a sentence of its own; what lies behind it (an error of the
/// system, or of the backend) is its source.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Cannot be read: clear it and rebuild it from the ledger.
    #[error("the index is damaged and must be built anew: {message}")]
    Damaged {
        /// How.
        message: String,
        /// What lies behind it.
        source: Option<Cause>,
    },
    /// Sound, but made by another version: clear it and rebuild it from the ledger.
    #[error("the index must be built anew: {0}")]
    Outdated(String),
    /// Disk full, lock held, file system error: trying again later may help.
    #[error("the index cannot be used now: {message}")]
    Unavailable {
        /// Why.
        message: String,
        /// What lies behind it.
        source: Option<Cause>,
    },
    /// The change is not one of this partition: trying again does not help.
    #[error("the index refuses the change: {0}")]
    Refused(String),
}

impl IndexError {
    /// It must be rebuilt.
    pub fn damaged(message: impl Into<String>) -> IndexError {
        IndexError::Damaged { message: message.into(), source: None }
    }

    /// Trying again later may help.
    pub fn unavailable(message: impl Into<String>) -> IndexError {
        IndexError::Unavailable { message: message.into(), source: None }
    }

    /// Whether nothing helps but to build it anew.
    pub fn must_be_rebuilt(&self) -> bool {
        matches!(self, IndexError::Damaged { .. } | IndexError::Outdated(_))
    }

    /// The same, with what lies behind it. A refusal is this index's own, and so is its age.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> IndexError {
        match &mut self {
            IndexError::Refused(_) | IndexError::Outdated(_) => {}
            IndexError::Damaged { source, .. } | IndexError::Unavailable { source, .. } => {
                *source = Some(cause.into());
            }
        }
        self
    }
}
