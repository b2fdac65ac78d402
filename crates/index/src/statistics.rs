use std::collections::HashMap;
use std::sync::Mutex;

use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;
use tantivy::{Searcher, Term};

/// Term statistics over several indexes as if they were one, so that the scores of their hits compare.
///
/// Made of the indexes that may be seen and of no other: documents of a hidden agency change no score.
#[derive(Debug)]
pub(crate) struct SharedStatistics<'a> {
    searchers: Vec<&'a Searcher>,
    /// A query asks for each term once per index; without this, a term would be looked up in every index as often
    /// as there are indexes.
    doc_freq: Mutex<HashMap<Term, u64>>,
    num_tokens: Mutex<HashMap<Field, u64>>,
}

impl<'a> SharedStatistics<'a> {
    pub(crate) fn new(searchers: impl IntoIterator<Item = &'a Searcher>) -> SharedStatistics<'a> {
        SharedStatistics {
            searchers: searchers.into_iter().collect(),
            doc_freq: Mutex::default(),
            num_tokens: Mutex::default(),
        }
    }
}

/// Looks up or computes; a lock poisoned by a panic elsewhere only costs the memory of it.
fn remembered<K: std::hash::Hash + Eq, E>(
    memory: &Mutex<HashMap<K, u64>>,
    key: K,
    compute: impl FnOnce(&K) -> Result<u64, E>,
) -> Result<u64, E> {
    let mut memory = memory.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(known) = memory.get(&key) {
        return Ok(*known);
    }
    let value = compute(&key)?;
    memory.insert(key, value);
    Ok(value)
}

impl Bm25StatisticsProvider for SharedStatistics<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        remembered(&self.num_tokens, field, |field| {
            self.searchers.iter().map(|searcher| searcher.total_num_tokens(*field)).sum()
        })
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searchers.iter().map(|searcher| searcher.total_num_docs()).sum()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        remembered(&self.doc_freq, term.clone(), |term| {
            self.searchers.iter().map(|searcher| searcher.doc_freq(term)).sum()
        })
    }
}
