use crate::query::{Hits, Query, SearchError};

/// The one way to search: sees only the agencies of the principal it was opened for.
pub struct ScopedSearcher {
    backend: Box<dyn Search>,
}

impl ScopedSearcher {
    pub(crate) fn new(backend: Box<dyn Search>) -> ScopedSearcher {
        ScopedSearcher { backend }
    }

    /// Answers a query. Blocks: call it where blocking is allowed.
    ///
    /// # Errors
    /// [`SearchError`].
    pub fn search(&self, query: &Query) -> Result<Hits, SearchError> {
        self.backend.search(query)
    }
}

impl std::fmt::Debug for ScopedSearcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ScopedSearcher")
    }
}

/// What a backend does for a searcher that it has already narrowed to a scope.
pub(crate) trait Search: Send + Sync {
    fn search(&self, query: &Query) -> Result<Hits, SearchError>;
}
