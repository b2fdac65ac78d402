use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use madang_document::id::DocumentId;
use madang_document::partition::Partition;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::{DocAddress, Searcher, TantivyDocument, TantivyError, Term};

use crate::cursor::{Cursor, Rank, WINDOW, fingerprint};
use crate::index::IndexError;
use crate::query::{Facet, Hit, Hits, MOST_FIRST, Query, QueryFault, SearchError, Sort};
use crate::query_text::{self, QueryText};
use crate::tantivy::damage::{Failure, ReadError, reading};
use crate::tantivy::entry;
use crate::tantivy::partitions::Partitions;
use crate::tantivy::plan::{self, Matching};
use crate::tantivy::ranking::{Ranking, to_score};
use crate::tantivy::schema::{Fields, schema};
use crate::tantivy::snippet::{self, Matcher};
use crate::tantivy::statistics::SharedStatistics;

/// Hits of a page, at most.
const LONGEST_PAGE: usize = 100;
/// Values of a facet, at most.
const MOST_VALUES: usize = 50;

/// Answers a query from these partitions. One that cannot be read is left out and named; the answer is then the one
/// that the others give, statistics and all.
pub(crate) fn search(
    partitions: &Partitions,
    asked: &[Partition],
    query: &Query,
) -> Result<Hits, SearchError> {
    if query.limit > LONGEST_PAGE {
        return Err(QueryFault::Page { asked: query.limit, most: LONGEST_PAGE }.into());
    }
    let text = query_text::parse(&query.text)?;
    let fingerprint = fingerprint(query);
    let cursor = query.after.as_deref().map(|after| Cursor::parse(after, fingerprint));
    let cursor = cursor.transpose()?;
    let seen = cursor.map_or(0, |cursor| cursor.seen);
    if seen.saturating_add(query.limit) > WINDOW {
        return Err(QueryFault::Depth(WINDOW).into());
    }
    let (_, fields) = schema();
    let Sources { mut readable, mut missing, mut last } = sources(partitions, asked, query);
    loop {
        if let (true, Some(error)) = (readable.is_empty(), last) {
            return Err(match error.must_be_rebuilt() {
                true => SearchError::Rebuild {
                    partitions: missing.into_iter().collect(),
                    source: error.into(),
                },
                false => SearchError::Index(error.into()),
            });
        }
        let page = Page { query, text: &text, fields, sources: &readable };
        let Failure { at, error } = match page.collect(cursor, fingerprint) {
            Ok(hits) => return Ok(Hits { missing: missing.into_iter().collect(), ..hits }),
            Err(failure) => failure,
        };
        let (partition, _) = readable.remove(at);
        last = Some(judge(partitions, &partition, error));
        missing.insert(partition);
    }
}

/// What is searched.
struct Sources {
    readable: Vec<(Partition, Searcher)>,
    missing: BTreeSet<Partition>,
    /// Why the last of those that cannot be read could not.
    last: Option<IndexError>,
}

/// The partitions that are asked, as they are now.
fn sources(partitions: &Partitions, asked: &[Partition], query: &Query) -> Sources {
    let wanted = |partition: &Partition| {
        query.agencies.is_empty() || query.agencies.contains(&partition.agency)
    };
    let asked: BTreeSet<&Partition> = asked.iter().filter(|partition| wanted(partition)).collect();
    let mut sources = Sources { readable: Vec::new(), missing: BTreeSet::new(), last: None };
    for partition in asked {
        match partitions.open(partition) {
            Ok(Some(index)) => {
                if index.last_checkpoint() == Some(0) {
                    sources.missing.insert(partition.clone());
                }
                sources.readable.push((partition.clone(), index.searcher()));
            }
            Ok(None) if partitions.is_expected(partition) => {
                sources.missing.insert(partition.clone());
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(%partition, %error, "a partition cannot be searched");
                sources.missing.insert(partition.clone());
                sources.last = Some(error);
            }
        }
    }
    sources
}

/// What trouble while searching means: damage only if the files say so, because a query must not be able to have an
/// index thrown away.
fn judge(partitions: &Partitions, partition: &Partition, error: ReadError) -> IndexError {
    let checked = match partitions.open(partition) {
        Ok(Some(index)) => index.check_again(),
        Ok(None) => Ok(()),
        Err(error) => Err(error),
    };
    match checked {
        Err(IndexError::Damaged { message, source }) => {
            partitions.damaged(partition, &message);
            IndexError::Damaged { message, source }
        }
        Err(error @ IndexError::Outdated(_)) => error,
        _ => {
            tracing::error!(%partition, %error, "a search failed in good files");
            error.unavailable()
        }
    }
}

/// One answer in the making.
struct Page<'a> {
    query: &'a Query,
    text: &'a QueryText,
    fields: Fields,
    sources: &'a [(Partition, Searcher)],
}

impl Page<'_> {
    fn collect(&self, cursor: Option<Cursor>, fingerprint: u64) -> Result<Hits, Failure> {
        let searchers: Vec<&Searcher> = self.sources.iter().map(|(_, searcher)| searcher).collect();
        let statistics = SharedStatistics::new(searchers.iter().copied());
        let mut wanted: Vec<Facet> = self.query.facets.clone();
        wanted.sort_unstable();
        wanted.dedup();
        let limit = self.query.limit;
        // One more than the page tells whether there is a next one.
        let listed = if limit == 0 { 0 } else { limit + 1 };
        let first = self.query.first.min(MOST_FIRST);
        let ranking = Ranking {
            // Without words there is nothing to score by.
            sort: match self.query.sort {
                Sort::Score if self.text.blank => Sort::Newest,
                sort => sort,
            },
            after: cursor.map(|cursor| cursor.last),
            // The first hits of all are those of the first page and some more.
            limit: if cursor.is_none() { listed.max(first) } else { listed },
            facets: wanted.clone(),
        };

        let text = self.uncovered(&statistics)?;
        let mut matching = Matching::Words;
        let mut ranked = self.rank(&text, matching, &ranking, &statistics)?;
        if ranked.total == 0 && !text.words.is_empty() {
            matching = Matching::Loose;
            ranked = self.rank(&text, matching, &ranking, &statistics)?;
        }
        let Ranked { total, counts, mut best } = ranked;
        best.sort_by_key(|hit| Reverse(hit.0));
        let first = match cursor {
            None => named(&best, first),
            Some(_) if first == 0 => Vec::new(),
            Some(_) => {
                let all = Ranking { after: None, limit: first, facets: Vec::new(), ..ranking };
                let mut best = self.rank(&text, matching, &all, &statistics)?.best;
                best.sort_by_key(|hit| Reverse(hit.0));
                named(&best, first)
            }
        };
        let more = limit > 0 && best.len() > limit;
        best.truncate(limit);
        let next = best.last().filter(|_| more).map(|(last, _, _)| {
            let seen = cursor.map_or(0, |cursor| cursor.seen) + best.len();
            Cursor { fingerprint, seen, last: *last }.print()
        });
        let matchers = self.matchers(&text, &statistics, &searchers)?;
        let scored = ranking.sort == Sort::Score;
        let hits = best.into_iter().filter_map(|(rank, source, address)| {
            let score = if scored { to_score(rank.0) } else { 0.0 };
            reading(source, || self.hit(source, address, score, &matchers)).transpose()
        });
        Ok(Hits {
            total,
            hits: hits.collect::<Result<_, Failure>>()?,
            first,
            facets: wanted.into_iter().zip(counts.into_iter().map(most)).collect(),
            next,
            missing: Vec::new(),
        })
    }

    /// The query with the words that were typed without spaces, as the documents searched know them.
    fn uncovered(&self, statistics: &SharedStatistics<'_>) -> Result<QueryText, Failure> {
        let documents = statistics.total_num_docs().unwrap_or(0);
        let text = self.text.uncover(documents, |stem| {
            let term = Term::from_field_text(self.fields.body.stem, stem);
            statistics.doc_freq(&term).unwrap_or(0)
        });
        statistics.failure().map_or(Ok(text), Err)
    }

    /// What matches in all indexes, and the best of it.
    fn rank(
        &self,
        text: &QueryText,
        matching: Matching,
        ranking: &Ranking,
        statistics: &SharedStatistics<'_>,
    ) -> Result<Ranked, Failure> {
        let searchers: Vec<&Searcher> = self.sources.iter().map(|(_, searcher)| searcher).collect();
        let plan = plan::build(self.query, text, matching, &self.fields, &searchers)?;
        let wanted = &ranking.facets;
        let mut total = 0;
        let mut counts: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new(); wanted.len()];
        let mut best: Vec<(Rank, usize, DocAddress)> = Vec::new();
        for (n, (partition, searcher)) in self.sources.iter().enumerate() {
            let ranked =
                reading(n, || searcher.search_with_statistics_provider(&plan, ranking, statistics));
            // Statistics are of all indexes: what fails there is not the fault of this one.
            let ranked = ranked.map_err(|failure| statistics.failure().unwrap_or(failure))?;
            total += ranked.total;
            best.extend(ranked.best.into_iter().map(|(rank, address)| (rank, n, address)));
            for ((facet, counts), more) in wanted.iter().zip(&mut counts).zip(ranked.facets) {
                for (value, count) in more {
                    *counts.entry(value).or_default() += count;
                }
                if *facet == Facet::Agency && ranked.total > 0 {
                    *counts.entry(partition.agency.to_string()).or_default() += ranked.total;
                }
            }
        }
        Ok(Ranked { total, counts, best })
    }

    fn matchers(
        &self,
        text: &QueryText,
        statistics: &SharedStatistics<'_>,
        searchers: &[&Searcher],
    ) -> Result<Vec<Matcher>, Failure> {
        // A term that cannot be looked up weighs as one that stands nowhere.
        let documents = statistics.total_num_docs().unwrap_or(0) as f32;
        let weight = |term: &Term| {
            (1.0 + documents / (1.0 + statistics.doc_freq(term).unwrap_or(0) as f32)).ln()
        };
        let mut expanded = Ok(());
        let matchers = snippet::matchers(text, &self.fields, weight, |prefix| {
            let mut terms = match plan::expand(prefix, &self.fields, searchers) {
                Ok(terms) => terms,
                Err(failure) => {
                    expanded = Err(failure);
                    Vec::new()
                }
            };
            terms.retain(|term| term.field() == self.fields.body.stem);
            terms
        });
        expanded?;
        statistics.failure().map_or(Ok(matchers), Err)
    }

    fn hit(
        &self,
        source: usize,
        address: DocAddress,
        score: f32,
        matchers: &[Matcher],
    ) -> tantivy::Result<Option<Hit>> {
        let Some((partition, searcher)) = self.sources.get(source) else { return Ok(None) };
        let document: TantivyDocument = searcher.doc(address)?;
        let Some(entry) = entry::read(&document, &self.fields) else {
            return Err(TantivyError::DataCorruption(
                tantivy::error::DataCorruption::comment_only(format!(
                    "a stored document of {partition} cannot be read"
                )),
            ));
        };
        let segment = searcher.segment_reader(address.segment_ord);
        let (snippet, locator) = snippet::passage(&entry, matchers, segment, address.doc_id)?;
        Ok(Some(Hit { snippet, locator, ..entry.head.hit(partition, score) }))
    }
}

/// What was found in all indexes.
struct Ranked {
    total: u64,
    /// Of each facet.
    counts: Vec<BTreeMap<String, u64>>,
    /// In no order; the second is the index it stands in.
    best: Vec<(Rank, usize, DocAddress)>,
}

/// The documents of the first of these: their ids are what ties are broken by.
fn named(best: &[(Rank, usize, DocAddress)], first: usize) -> Vec<DocumentId> {
    let ids = best.iter().take(first).map(|((_, Reverse(id)), ..)| *id);
    ids.map(|id| entry::id((id >> 64) as u64, id as u64)).collect()
}

/// The most frequent values, then by value.
fn most(counts: BTreeMap<String, u64>) -> Vec<(String, u64)> {
    let mut counts: Vec<(String, u64)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts.truncate(MOST_VALUES);
    counts
}
