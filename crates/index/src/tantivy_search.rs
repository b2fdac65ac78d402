use std::collections::BTreeMap;
use std::sync::Arc;

use madang_document::agency::Agency;
use madang_document::principal::Scope;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::{DocAddress, Searcher, TantivyDocument, Term};

use crate::cursor::{Cursor, Rank, WINDOW, fingerprint};
use crate::entry;
use crate::index::IndexError;
use crate::plan;
use crate::query::{Facet, Hit, Hits, Query, SearchError, Sort};
use crate::query_text::{self, QueryText};
use crate::ranking::{Ranking, to_score};
use crate::schema::{Fields, schema};
use crate::search::Search;
use crate::shelf::Shelf;
use crate::snippet::{self, Probe};
use crate::statistics::SharedStatistics;

/// Hits of a page, at most.
const LONGEST_PAGE: usize = 100;
/// Values of a facet, at most.
const MOST_VALUES: usize = 50;

/// Search over the indexes of the agencies in a scope.
#[derive(Debug)]
pub(crate) struct TantivySearch {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) scope: Scope,
}

impl Search for TantivySearch {
    fn search(&self, query: &Query) -> Result<Hits, SearchError> {
        if query.limit > LONGEST_PAGE {
            return Err(SearchError::Query(format!(
                "a page has at most {LONGEST_PAGE} hits, not {}; ask for fewer and go on with `after`",
                query.limit
            )));
        }
        let text = query_text::parse(&query.text)?;
        let fingerprint = fingerprint(query, &self.scope);
        let cursor = query.after.as_deref().map(|after| Cursor::parse(after, fingerprint));
        let cursor = cursor.transpose()?;
        let seen = cursor.map_or(0, |cursor| cursor.seen);
        if seen.saturating_add(query.limit) > WINDOW {
            return Err(SearchError::Query(format!(
                "only the first {WINDOW} hits can be paged through; narrow the query by words, dates or filters"
            )));
        }
        let volumes = self.volumes(query)?;
        let (_, fields) = schema();
        let page = Page { query, text: &text, fields, volumes: &volumes };
        page.collect(cursor, fingerprint).map_err(|error| SearchError::Index(error.to_string()))
    }
}

impl TantivySearch {
    /// The indexes that may be seen and are asked for, as they are now.
    fn volumes(&self, query: &Query) -> Result<Vec<(Agency, Searcher)>, SearchError> {
        let refuse = |error: IndexError| SearchError::Index(error.to_string());
        let mut volumes = Vec::new();
        for agency in self.shelf.agencies().map_err(refuse)? {
            let asked = query.agencies.is_empty() || query.agencies.contains(&agency);
            if asked
                && self.scope.covers(&agency)
                && let Some(volume) = self.shelf.open(&agency).map_err(refuse)?
            {
                volumes.push((agency, volume.reader.searcher()));
            }
        }
        Ok(volumes)
    }
}

/// One answer in the making.
struct Page<'a> {
    query: &'a Query,
    text: &'a QueryText,
    fields: Fields,
    volumes: &'a [(Agency, Searcher)],
}

impl Page<'_> {
    fn collect(&self, cursor: Option<Cursor>, fingerprint: u64) -> tantivy::Result<Hits> {
        let searchers: Vec<&Searcher> = self.volumes.iter().map(|(_, searcher)| searcher).collect();
        let statistics = SharedStatistics::new(searchers.iter().copied());
        let plan = plan::build(self.query, self.text, &self.fields, &searchers)?;
        let mut wanted: Vec<Facet> = self.query.facets.clone();
        wanted.sort_unstable();
        wanted.dedup();
        let limit = self.query.limit;
        let ranking = Ranking {
            // Without words there is nothing to score by.
            sort: match self.query.sort {
                Sort::Score if self.text.blank => Sort::Newest,
                sort => sort,
            },
            after: cursor.map(|cursor| cursor.last),
            // One more than the page tells whether there is a next one.
            limit: if limit == 0 { 0 } else { limit + 1 },
            facets: wanted.clone(),
        };

        let mut total = 0;
        let mut counts: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new(); wanted.len()];
        let mut best: Vec<(Rank, usize, DocAddress)> = Vec::new();
        for (n, (agency, searcher)) in self.volumes.iter().enumerate() {
            let ranked = searcher.search_with_statistics_provider(&plan, &ranking, &statistics)?;
            total += ranked.total;
            best.extend(ranked.best.into_iter().map(|(rank, address)| (rank, n, address)));
            for ((facet, counts), more) in wanted.iter().zip(&mut counts).zip(ranked.facets) {
                for (value, count) in more {
                    *counts.entry(value).or_default() += count;
                }
                if *facet == Facet::Agency && ranked.total > 0 {
                    counts.insert(agency.to_string(), ranked.total);
                }
            }
        }
        best.sort_by_key(|hit| std::cmp::Reverse(hit.0));
        let more = best.len() > limit;
        best.truncate(limit);
        let next = best.last().filter(|_| more).map(|(last, _, _)| {
            let seen = cursor.map_or(0, |cursor| cursor.seen) + best.len();
            Cursor { fingerprint, seen, last: *last }.print()
        });
        let probes = self.probes(&statistics, &searchers);
        let scored = ranking.sort == Sort::Score;
        let hits = best.into_iter().filter_map(|(rank, volume, address)| {
            let score = if scored { to_score(rank.0) } else { 0.0 };
            self.hit(volume, address, score, &probes).transpose()
        });
        Ok(Hits {
            total,
            hits: hits.collect::<tantivy::Result<_>>()?,
            facets: wanted.into_iter().zip(counts.into_iter().map(most)).collect(),
            next,
        })
    }

    fn probes(&self, statistics: &SharedStatistics<'_>, searchers: &[&Searcher]) -> Vec<Probe> {
        // A term that cannot be looked up weighs as one that stands nowhere; the search itself reports errors.
        let documents = statistics.total_num_docs().unwrap_or(0) as f32;
        let weight = |term: &Term| {
            (1.0 + documents / (1.0 + statistics.doc_freq(term).unwrap_or(0) as f32)).ln()
        };
        snippet::probes(self.text, &self.fields, weight, |prefix| {
            let mut terms = plan::expand(prefix, &self.fields, searchers).unwrap_or_default();
            terms.retain(|term| term.field() == self.fields.body.stem);
            terms
        })
    }

    fn hit(
        &self,
        volume: usize,
        address: DocAddress,
        score: f32,
        probes: &[Probe],
    ) -> tantivy::Result<Option<Hit>> {
        let Some((agency, searcher)) = self.volumes.get(volume) else { return Ok(None) };
        let document: TantivyDocument = searcher.doc(address)?;
        let Some(entry) = entry::read(&document, &self.fields) else {
            return Err(tantivy::TantivyError::DataCorruption(
                tantivy::error::DataCorruption::comment_only(format!(
                    "a stored document of {agency} cannot be read"
                )),
            ));
        };
        let segment = searcher.segment_reader(address.segment_ord);
        let (snippet, locator) = snippet::passage(&entry, probes, segment, address.doc_id)?;
        Ok(Some(Hit { snippet, locator, ..entry.head.hit(agency, score) }))
    }
}

/// The most frequent values, then by value.
fn most(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.truncate(MOST_VALUES);
    counts
}
