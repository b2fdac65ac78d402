use std::collections::HashMap;
use std::sync::Mutex;

use tantivy::error::DataCorruption;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;
use tantivy::{Searcher, TantivyError, Term};

use crate::tantivy::damage::{Failure, reading};

/// Term statistics over several indexes as if they were one, so that the scores of their hits compare.
///
/// Made of the indexes that are searched and of no other: documents of a hidden partition change no score.
#[derive(Debug)]
pub(crate) struct SharedStatistics<'a> {
    searchers: Vec<&'a Searcher>,
    /// A query asks for each term once per index; without this, a term would be looked up in every index as often
    /// as there are indexes.
    doc_freq: Mutex<HashMap<Term, u64>>,
    num_tokens: Mutex<HashMap<Field, u64>>,
    failure: Mutex<Option<Failure>>,
}

impl<'a> SharedStatistics<'a> {
    pub(crate) fn new(searchers: impl IntoIterator<Item = &'a Searcher>) -> SharedStatistics<'a> {
        SharedStatistics {
            searchers: searchers.into_iter().collect(),
            doc_freq: Mutex::default(),
            num_tokens: Mutex::default(),
            failure: Mutex::default(),
        }
    }

    /// Which index could not be read, if one could not. Told once.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }

    /// The sum of what each index says. An index that cannot say it is remembered, for tantivy hands on only that
    /// something failed.
    fn sum(&self, of: impl Fn(&Searcher) -> tantivy::Result<u64>) -> tantivy::Result<u64> {
        let mut sum = 0u64;
        for (at, searcher) in self.searchers.iter().enumerate() {
            match reading(at, || of(searcher)) {
                // Damage may give any number.
                Ok(value) => sum = sum.saturating_add(value),
                Err(failure) => {
                    let error = TantivyError::InternalError(failure.error.to_string());
                    let mut slot =
                        self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    slot.get_or_insert(failure);
                    return Err(error);
                }
            }
        }
        Ok(sum)
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
            self.sum(|searcher| searcher.total_num_tokens(*field))
        })
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.sum(Searcher::total_num_docs)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        remembered(&self.doc_freq, term.clone(), |term| {
            self.sum(|searcher| possible(searcher.doc_freq(term)?, searcher))
        })
    }
}

/// How many documents of an index hold a term, if it can be so many. Damage may give any number, and one that is too
/// great makes tantivy panic while it scores the hits of the other indexes.
fn possible(documents: u64, searcher: &Searcher) -> tantivy::Result<u64> {
    if documents <= searcher.total_num_docs()? {
        return Ok(documents);
    }
    Err(TantivyError::DataCorruption(DataCorruption::comment_only(format!(
        "a term is said to stand in {documents} documents"
    ))))
}
