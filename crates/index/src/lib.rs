//! Full text: schema, Korean analysis, query, scoped search.
//!
//! One physical index per agency, so that terms, statistics, facets and suggestions cannot cross. The raw
//! searcher never leaves this crate: the only way in is [`ScopedSearcher`](search::ScopedSearcher).

pub mod index;
pub mod query;
pub mod record;
pub mod search;
