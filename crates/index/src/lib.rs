//! Full text: schema, Korean analysis, query, scoped search.
//!
//! One physical index per agency, so that terms, statistics, facets and suggestions cannot cross. The raw
//! searcher never leaves this crate: the only way in is [`ScopedSearcher`](search::ScopedSearcher).

mod analyzer;
/// What every index must do: call these in a backend's tests.
pub mod conformance;
mod cursor;
mod durable_directory;
mod entry;
/// The trait of an index.
pub mod index;
mod particle;
mod plan;
/// Queries and their answers.
pub mod query;
mod query_text;
mod ranking;
/// What goes into an index.
pub mod record;
mod schema;
mod script;
/// The one way to search.
pub mod search;
mod segment_map;
mod shelf;
mod snippet;
mod statistics;
/// The index in a folder.
pub mod tantivy_index;
mod tantivy_search;
mod tokenizer;
