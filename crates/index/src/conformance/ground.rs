use std::sync::Arc;

use madang_document::partition::Partition;

use crate::index::Index;

/// An index, and whoever damages what it keeps.
pub trait Ground {
    /// The index under trial.
    fn index(&self) -> Arc<dyn Index>;

    /// Damages what is kept of a partition, and gives the index as it is opened anew.
    fn damage(&mut self, partition: &Partition) -> Arc<dyn Index>;
}
