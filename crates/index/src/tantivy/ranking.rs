use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

use madang_document::timestamp::Timestamp;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::{Column, ColumnValues, StrColumn};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use crate::cursor::Rank;
use crate::query::{Facet, Sort};
use crate::tantivy::schema::column;

/// What is collected over one index in one pass: how many match, the best of them, and the facets.
#[derive(Clone, Debug)]
pub(crate) struct Ranking {
    pub(crate) sort: Sort,
    /// Only hits behind this one are listed; all are counted.
    pub(crate) after: Option<Rank>,
    /// Hits to list.
    pub(crate) limit: usize,
    /// Facets other than the agency, which is the same for a whole index.
    pub(crate) facets: Vec<Facet>,
}

/// What was collected.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranked {
    pub(crate) total: u64,
    /// Best first.
    pub(crate) best: Vec<(Rank, DocAddress)>,
    /// Counts, in the order of [`Ranking::facets`].
    pub(crate) facets: Vec<BTreeMap<String, u64>>,
}

/// A score as what hits are sorted by. Scores are never negative, so their bits are in order.
pub(crate) fn of_score(score: f32) -> Option<u64> {
    Some(u64::from(score.max(0.0).to_bits()))
}

/// The score that [`of_score`] took.
pub(crate) fn to_score(sorted_by: Option<u64>) -> f32 {
    sorted_by.and_then(|bits| u32::try_from(bits).ok()).map_or(0.0, f32::from_bits)
}

/// A date as what hits are sorted by: the later, the greater.
fn of_date(ms: i64) -> u64 {
    (ms as u64) ^ (1 << 63)
}

impl Collector for Ranking {
    type Fruit = Ranked;
    type Child = SegmentRanking;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        reader: &SegmentReader,
    ) -> tantivy::Result<SegmentRanking> {
        let columns = reader.fast_fields();
        let counters = self.facets.iter().map(|facet| Counter::new(*facet, reader));
        Ok(SegmentRanking {
            segment,
            sort: self.sort,
            after: self.after,
            limit: self.limit,
            id_high: columns.column_first_or_default(column::ID_HIGH)?,
            id_low: columns.column_first_or_default(column::ID_LOW)?,
            date: columns.column_opt(column::DATE)?,
            counters: counters.collect::<tantivy::Result<_>>()?,
            total: 0,
            best: BinaryHeap::with_capacity(self.limit.min(1024) + 1),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == Sort::Score && self.limit > 0
    }

    fn merge_fruits(&self, segments: Vec<tantivy::Result<Ranked>>) -> tantivy::Result<Ranked> {
        let mut all = Ranked::default();
        for segment in segments {
            all.absorb(segment?);
        }
        all.best.sort_by_key(|hit| Reverse(hit.0));
        all.best.truncate(self.limit);
        Ok(all)
    }
}

impl Ranked {
    fn absorb(&mut self, other: Ranked) {
        self.total += other.total;
        self.best.extend(other.best);
        self.facets.resize(self.facets.len().max(other.facets.len()), BTreeMap::new());
        for (counts, more) in self.facets.iter_mut().zip(other.facets) {
            for (value, count) in more {
                *counts.entry(value).or_default() += count;
            }
        }
    }
}

/// A [`Ranking`] over one segment.
pub(crate) struct SegmentRanking {
    segment: SegmentOrdinal,
    sort: Sort,
    after: Option<Rank>,
    limit: usize,
    id_high: Arc<dyn ColumnValues<u64>>,
    id_low: Arc<dyn ColumnValues<u64>>,
    date: Option<Column<i64>>,
    counters: Vec<Counter>,
    total: u64,
    /// The best so far, the worst of them on top.
    best: BinaryHeap<Reverse<(Rank, DocAddress)>>,
}

impl SegmentCollector for SegmentRanking {
    type Fruit = tantivy::Result<Ranked>;

    fn collect(&mut self, doc: DocId, score: Score) {
        self.total += 1;
        for counter in &mut self.counters {
            counter.count(doc);
        }
        if self.limit == 0 {
            return;
        }
        let date = || self.date.as_ref().and_then(|dates| dates.first(doc)).map(of_date);
        let sorted_by = match self.sort {
            Sort::Score => of_score(score),
            Sort::Newest => date(),
            Sort::Oldest => date().map(|date| !date),
        };
        let full = self.best.len() >= self.limit;
        if full && self.best.peek().is_some_and(|Reverse(((worst, _), _))| sorted_by < *worst) {
            return;
        }
        let id = u128::from(self.id_high.get_val(doc)) << 64 | u128::from(self.id_low.get_val(doc));
        let rank: Rank = (sorted_by, Reverse(id));
        if self.after.is_some_and(|after| rank >= after) {
            return;
        }
        self.best.push(Reverse((rank, DocAddress::new(self.segment, doc))));
        if full {
            self.best.pop();
        }
    }

    fn harvest(self) -> tantivy::Result<Ranked> {
        Ok(Ranked {
            total: self.total,
            best: self.best.into_iter().map(|Reverse(hit)| hit).collect(),
            facets: self
                .counters
                .into_iter()
                .map(Counter::harvest)
                .collect::<tantivy::Result<_>>()?,
        })
    }
}

/// Counts the values of one facet in one segment.
enum Counter {
    /// By the ordinal of the value in the segment's dictionary; read as text only at the end.
    Value(Option<StrColumn>, Vec<u64>),
    /// By the years of Korea.
    Year(Option<Column<i64>>, BTreeMap<i64, u64>),
}

impl Counter {
    fn new(facet: Facet, reader: &SegmentReader) -> tantivy::Result<Counter> {
        let columns = reader.fast_fields();
        let name = match facet {
            Facet::Kind => column::KIND,
            Facet::MediaType => column::MEDIA_TYPE,
            Facet::Language => column::LANGUAGE,
            Facet::Outcome => column::OUTCOME,
            Facet::Pipeline => column::PIPELINE,
            Facet::Year => {
                return Ok(Counter::Year(columns.column_opt(column::DATE)?, BTreeMap::new()));
            }
            // The same for a whole index: counted by who knows the index.
            Facet::Agency => return Ok(Counter::Value(None, Vec::new())),
        };
        let column = columns.str(name)?;
        let values = column.as_ref().map_or(0, |column| column.num_terms());
        Ok(Counter::Value(column, vec![0; values]))
    }

    fn count(&mut self, doc: DocId) {
        match self {
            Counter::Value(Some(column), counts) => {
                for value in column.term_ords(doc) {
                    if let Some(count) = usize::try_from(value).ok().and_then(|n| counts.get_mut(n))
                    {
                        *count += 1;
                    }
                }
            }
            Counter::Year(Some(column), counts) => {
                if let Some(ms) = column.first(doc) {
                    *counts.entry(Timestamp(ms).civil_date().year).or_default() += 1;
                }
            }
            Counter::Value(None, _) | Counter::Year(None, _) => {}
        }
    }

    fn harvest(self) -> tantivy::Result<BTreeMap<String, u64>> {
        match self {
            Counter::Year(_, counts) => {
                Ok(counts.into_iter().map(|(year, count)| (format!("{year:04}"), count)).collect())
            }
            Counter::Value(None, _) => Ok(BTreeMap::new()),
            Counter::Value(Some(column), counts) => {
                let mut named = BTreeMap::new();
                for (ordinal, count) in (0u64..).zip(counts).filter(|(_, count)| *count > 0) {
                    let mut value = String::new();
                    if column.ord_to_str(ordinal, &mut value)? {
                        named.insert(value, count);
                    }
                }
                Ok(named)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_of_dates_and_scores() {
        assert!(of_date(-1) < of_date(0) && of_date(0) < of_date(1));
        assert!(of_score(0.5) < of_score(2.25));
        assert_eq!(to_score(of_score(2.25)), 2.25);
    }
}
