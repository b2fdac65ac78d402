use std::sync::Arc;

use madang_document::partition::Partition;
use madang_document::principal::Principal;

use crate::index::Index;
use crate::query::{Hits, Query, SearchError};

/// The index as callers outside may have it: whoever searches is named, and only the partitions that they may read
/// are asked.
///
/// It gives no way back to the [`Index`] it stands on. A server that holds this type, and no `Index`, cannot search
/// beyond a principal, whatever its handlers do.
#[derive(Clone)]
pub struct ScopedSearcher {
    index: Arc<dyn Index>,
}

impl ScopedSearcher {
    /// Over this index.
    pub fn new(index: Arc<dyn Index>) -> ScopedSearcher {
        ScopedSearcher { index }
    }

    /// Answers a query with what this principal may see. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn search(&self, principal: &Principal, query: &Query) -> Result<Hits, SearchError> {
        let partitions = self.index.partitions();
        let partitions = partitions.map_err(|error| SearchError::Index(error.into()))?;
        self.index.search(&readable(principal, partitions), query)
    }

    /// Whether the index answers at all; says nothing of what is in it. Blocks.
    pub fn answers(&self) -> bool {
        self.index.partitions().is_ok()
    }
}

/// The partitions that a principal may read.
fn readable(principal: &Principal, mut partitions: Vec<Partition>) -> Vec<Partition> {
    partitions.retain(|partition| principal.agencies.covers(&partition.agency));
    partitions
}

impl std::fmt::Debug for ScopedSearcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScopedSearcher")
    }
}
