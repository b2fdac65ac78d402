//! Full text: schema, Korean analysis, query, scoped search.
//!
//! One physical index per partition, so that terms, statistics, facets and suggestions cannot cross.
//! [`Index`](index::Index) is the seam for backends; callers outside search by
//! [`ScopedSearcher`](scoped_searcher::ScopedSearcher) and by nothing else.

mod analyzer;
/// What every index must do: call these in a backend's tests.
pub mod conformance;
mod cursor;
mod hidden_words;
/// The trait of an index.
pub mod index;
/// The words of a query in a text.
pub mod marker;
mod needle;
mod nfc;
mod particle;
/// Queries and their answers.
pub mod query;
mod query_text;
/// What goes into an index.
pub mod record;
/// The one way to search for callers outside.
pub mod scoped_searcher;
mod script;
/// The index in a folder, on tantivy.
pub mod tantivy;
