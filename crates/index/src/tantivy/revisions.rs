use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use madang_document::id::DocumentId;
use tantivy::columnar::ColumnValues;
use tantivy::fastfield::AliveBitSet;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocSet, InvertedIndexReader, Searcher, TERMINATED};

use crate::record::Change;
use crate::tantivy::property::Property;
use crate::tantivy::schema::{Fields, column};

/// The changes of a batch that stand: of each document the one of the highest revision, of equals the last.
pub(crate) fn standing(changes: &[Change]) -> Vec<&Change> {
    let mut at: HashMap<DocumentId, usize> = HashMap::with_capacity(changes.len());
    let mut standing: Vec<&Change> = Vec::with_capacity(changes.len());
    for change in changes {
        match at.get(&change.id()).and_then(|at| standing.get_mut(*at)) {
            Some(other) if change.revision() >= other.revision() => *other = change,
            Some(_) => {}
            None => {
                at.insert(change.id(), standing.len());
                standing.push(change);
            }
        }
    }
    standing
}

/// The revisions of the documents in an index as a commit left it.
pub(crate) struct Revisions<'a> {
    segments: Vec<Segment<'a>>,
    fields: Fields,
}

struct Segment<'a> {
    ids: Arc<InvertedIndexReader>,
    revisions: Arc<dyn ColumnValues<u64>>,
    alive: Option<&'a AliveBitSet>,
}

impl<'a> Revisions<'a> {
    pub(crate) fn open(searcher: &'a Searcher, fields: Fields) -> tantivy::Result<Revisions<'a>> {
        let segments = searcher.segment_readers().iter().map(|reader| {
            Ok(Segment {
                ids: reader.inverted_index(fields.property)?,
                revisions: reader.fast_fields().column_first_or_default(column::REVISION)?,
                alive: reader.alive_bitset(),
            })
        });
        Ok(Revisions { segments: segments.collect::<tantivy::Result<_>>()?, fields })
    }

    /// The revision of this document; none if it is not in the index.
    pub(crate) fn of(&self, id: DocumentId) -> tantivy::Result<Option<u64>> {
        let term = Property::Id.term(self.fields.property, &id.to_string());
        let mut found = None;
        for segment in &self.segments {
            let postings = segment.ids.read_postings(&term, IndexRecordOption::Basic)?;
            let Some(mut postings) = postings else { continue };
            let mut doc = postings.doc();
            while doc != TERMINATED {
                if segment.alive.is_none_or(|alive| alive.is_alive(doc)) {
                    found = found.max(Some(segment.revisions.get_val(doc)));
                }
                doc = postings.advance();
            }
        }
        Ok(found)
    }
}

/// Deletions that are remembered, at most.
const MOST_REMEMBERED: usize = 10_000;

/// The last deletions, so that a put which was already on its way does not bring a document back.
///
/// In memory only: such a put can come only from a caller in this process, because a folder has one writing process
/// at a time, and another one begins at the checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Deletions {
    revisions: HashMap<DocumentId, u64>,
    order: VecDeque<DocumentId>,
}

impl Deletions {
    /// The revision at which this document was deleted, if that is remembered.
    pub(crate) fn of(&self, id: DocumentId) -> Option<u64> {
        self.revisions.get(&id).copied()
    }

    /// Remembers a deletion.
    pub(crate) fn add(&mut self, id: DocumentId, revision: u64) {
        let known = self.revisions.entry(id).or_insert_with(|| {
            self.order.push_back(id);
            revision
        });
        *known = (*known).max(revision);
        if self.order.len() > MOST_REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.revisions.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delete(name: &str, revision: u64) -> Change {
        Change::Delete { revision, id: DocumentId::new("s", name, None) }
    }

    #[test]
    fn the_highest_revision_stands_and_of_equals_the_last() {
        let mut second = delete("a", 4);
        let record = crate::conformance::sample::record("x", &[]);
        if let Change::Delete { id, .. } = &second {
            let record = Box::new(crate::record::Record { id: *id, ..record });
            second = Change::Put { revision: 4, record };
        }
        let changes = [delete("a", 4), delete("b", 9), second.clone(), delete("a", 3)];
        assert_eq!(standing(&changes), [&second, &changes[1]]);
    }

    #[test]
    fn a_bounded_number_of_deletions_is_remembered() {
        let mut deletions = Deletions::default();
        let id = |n: usize| DocumentId::new("s", &n.to_string(), None);
        for n in 0..=MOST_REMEMBERED {
            deletions.add(id(n), 5);
            deletions.add(id(n), 3);
        }
        assert_eq!(deletions.of(id(0)), None);
        assert_eq!(deletions.of(id(1)), Some(5));
        assert_eq!(deletions.revisions.len(), MOST_REMEMBERED);
    }
}
