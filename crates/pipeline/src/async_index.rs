use std::collections::BTreeSet;
use std::sync::Arc;

use madang_document::partition::Partition;
use madang_index::index::{Index, IndexError};
use madang_index::record::Change;

/// The index of one partition for code that must not block: what it is asked for is done where blocking is allowed.
pub(crate) struct AsyncIndex {
    index: Arc<dyn Index>,
    partition: Partition,
}

impl AsyncIndex {
    pub(crate) fn of(index: Arc<dyn Index>, partition: Partition) -> AsyncIndex {
        AsyncIndex { index, partition }
    }

    /// See [`Index::checkpoint`].
    pub(crate) async fn checkpoint(&self) -> Result<Option<u64>, IndexError> {
        let (index, partition) = (Arc::clone(&self.index), self.partition.clone());
        blocking(move || index.checkpoint(&partition)).await
    }

    /// See [`Index::apply`].
    pub(crate) async fn apply(
        &self,
        changes: Arc<Vec<Change>>,
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        let (index, partition) = (Arc::clone(&self.index), self.partition.clone());
        blocking(move || index.apply(&partition, &changes, checkpoint)).await
    }

    /// See [`Index::clear`].
    pub(crate) async fn clear(&self) -> Result<(), IndexError> {
        let (index, partition) = (Arc::clone(&self.index), self.partition.clone());
        blocking(move || index.clear(&partition)).await
    }

    /// See [`Index::forget`].
    pub(crate) async fn forget(&self) -> Result<(), IndexError> {
        let (index, partition) = (Arc::clone(&self.index), self.partition.clone());
        blocking(move || index.forget(&partition)).await
    }
}

/// The partitions that have an index.
pub(crate) async fn partitions(index: &Arc<dyn Index>) -> Result<BTreeSet<Partition>, IndexError> {
    let index = Arc::clone(index);
    blocking(move || index.partitions()).await.map(BTreeSet::from_iter)
}

/// Runs index work where blocking is allowed. A panic there is damage that nobody foresaw.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, IndexError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => {
            Err(IndexError::damaged(error.to_string()).because(error))
        }
        Err(error) => Err(IndexError::unavailable(error.to_string()).because(error)),
    }
}
