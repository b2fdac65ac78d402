use madang_document::agency::Agency;
use madang_document::principal::Principal;

use crate::record::Change;
use crate::search::ScopedSearcher;

/// The full text of every agency.
///
/// Promises: `apply` is atomic and durable (all changes and the checkpoint, or none; on disk when it returns),
/// idempotent (the same changes again leave the same documents), and has one caller per agency. Searches see
/// a state that some `apply` left.
pub trait Index: Send + Sync {
    /// Deletes by id, adds, and commits, with `checkpoint` in the commit. Creates the agency's index if there
    /// is none. Blocks.
    ///
    /// # Errors
    /// [`IndexError`]; then nothing was changed.
    fn apply(&self, agency: &Agency, changes: &[Change], checkpoint: u64)
    -> Result<(), IndexError>;

    /// The checkpoint of the last commit of this agency's index; none if there is no index. The truth at
    /// restart, whatever a cursor elsewhere says.
    ///
    /// # Errors
    /// [`IndexError::Damaged`] when the index must be rebuilt.
    fn checkpoint(&self, agency: &Agency) -> Result<Option<u64>, IndexError>;

    /// Removes this agency's index, to build it anew from the ledger.
    ///
    /// # Errors
    /// [`IndexError`].
    fn clear(&self, agency: &Agency) -> Result<(), IndexError>;

    /// The agencies that have an index.
    ///
    /// # Errors
    /// [`IndexError`].
    fn agencies(&self) -> Result<Vec<Agency>, IndexError>;

    /// Documents in this agency's index, and ids that stand in it more than once (none, ever).
    ///
    /// # Errors
    /// [`IndexError`].
    fn verify(&self, agency: &Agency) -> Result<Census, IndexError>;

    /// The searcher of a principal.
    fn scoped(&self, principal: &Principal) -> ScopedSearcher;
}

/// What an index holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Every id once, ordered.
    pub ids: Vec<madang_document::id::DocumentId>,
    /// Ids that stand in it more than once.
    pub doubled: Vec<madang_document::id::DocumentId>,
}

/// What a caller of an index can act on.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Cannot be opened or was built by another analyzer: rebuild it from the ledger.
    #[error("the index must be rebuilt: {0}")]
    Damaged(String),
    /// Disk full, lock held, file system error: trying again later may help.
    #[error("the index cannot be written: {0}")]
    Unavailable(String),
}
