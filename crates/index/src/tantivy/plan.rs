//! From what a person typed to a tantivy query.
//!
//! Ranking is the sum of BM25 over stems and bigrams of title and body, whatever matches. Which documents match at
//! all is decided apart from that, because a sum over bigrams alone would list every document that shares two
//! syllables with the query: a quarter of the words must be found ([`words_needed`]), each by its stem or by half
//! of its bigrams ([`bigrams_needed`]); a long run without spaces is the words it hides ([`Matching`]). Measured over
//! KorQuAD and MS MARCO in Korean, that shrinks the list to a tenth and a third, and costs nothing in MRR@10 (.9549 and
//! .8899, without it .9551 and .8909); asking for all of two words and three fifths of more costs a tenth of it (.868
//! and .743), because questions are not worded as the documents that answer them. The same questions typed without any
//! space reach .9521 and .8735 (`examples/ko_retrieval.rs`).

use std::collections::BTreeMap;
use std::ops::Bound;

use tantivy::query::{
    AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, PhraseQuery,
    Query as TantivyQuery, RangeQuery, TermQuery, TermSetQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{Searcher, Term};

use crate::query::Query;
use crate::query_text::{Clause, Phrase, Prefix, QueryText, Word};
use crate::tantivy::damage::{Failure, reading};
use crate::tantivy::entry::folder_term;
use crate::tantivy::property::Property;
use crate::tantivy::schema::{Analysed, Fields};

type Boxed = Box<dyn TantivyQuery>;

/// How much more a word counts in the title than in the text.
const TITLE_BOOST: f32 = 1.0;

/// Stems that a prefix stands for, at most: those of most documents.
const MOST_EXPANSIONS: usize = 128;
/// Stems looked at to find them, in each segment.
const MOST_SCANNED: usize = 20_000;

/// Of so many words of a query, how many a document must hold.
fn words_needed(words: usize) -> usize {
    words.div_ceil(4)
}

/// Of so many bigrams of a word, how many a document must hold to hold the word.
fn bigrams_needed(bigrams: usize, matching: Matching) -> usize {
    match matching {
        Matching::Loose => bigrams.div_ceil(4),
        Matching::Words if bigrams >= LONG_RUN => bigrams.div_ceil(4),
        Matching::Words if bigrams <= 2 => bigrams,
        Matching::Words => bigrams.div_ceil(2),
    }
}

/// From so many syllables on, a run of Hangul that is no word of the documents is taken for several.
const LONG_RUN: usize = 7;

/// When a document holds a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    /// By its stem or half of its bigrams; a long run by the words it hides.
    Words,
    /// By a quarter of its bigrams, and a short run by the words it hides, too: when nothing else was found.
    Loose,
}

impl Matching {
    /// The words that are looked for when this one was typed.
    fn words(self, word: &Word) -> &[Word] {
        let long = word.stem.chars().count() >= LONG_RUN;
        if word.parts.is_empty() || !(long || self == Matching::Loose) {
            std::slice::from_ref(word)
        } else {
            &word.parts
        }
    }
}

/// The query for one or several indexes.
///
/// # Errors
/// Of the index, while a prefix is expanded.
pub(crate) fn build(
    query: &Query,
    text: &QueryText,
    matching: Matching,
    fields: &Fields,
    searchers: &[&Searcher],
) -> Result<Boxed, Failure> {
    let mut clauses: Vec<(Occur, Boxed)> = filters(query, fields);
    if !text.words.is_empty() {
        let words: Vec<&Word> = text.words.iter().flat_map(|word| matching.words(word)).collect();
        clauses.push((Occur::Must, unscored(enough_words(&words, matching, fields))));
        for word in words {
            score(&mut clauses, word, fields);
        }
    }
    for clause in &text.required {
        let found = one_clause(clause, fields, searchers)?;
        clauses.push((Occur::Must, found));
    }
    for clause in &text.excluded {
        let found = one_clause(clause, fields, searchers)?;
        clauses.push((Occur::MustNot, found));
    }
    let asked = !text.words.is_empty() || !text.required.is_empty() || !text.excluded.is_empty();
    if !asked && !text.blank {
        // Only signs were typed: that finds nothing, rather than everything.
        return Ok(Box::new(EmptyQuery));
    }
    if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
        clauses.push((Occur::Must, unscored(Box::new(AllQuery))));
    }
    Ok(Box::new(BooleanQuery::with_minimum_required_clauses(clauses, 0)))
}

fn unscored(query: Boxed) -> Boxed {
    Box::new(ConstScoreQuery::new(query, 0.0))
}

fn term(field: Field, token: &str, record: IndexRecordOption) -> Boxed {
    Box::new(TermQuery::new(Term::from_field_text(field, token), record))
}

/// Holds at least `needed` of these.
fn at_least(needed: usize, mut queries: Vec<Boxed>) -> Boxed {
    match queries.pop() {
        Some(only) if queries.is_empty() => only,
        Some(last) => {
            queries.push(last);
            Box::new(BooleanQuery::union_with_minimum_required_clauses(queries, needed))
        }
        None => Box::new(EmptyQuery),
    }
}

fn filters(query: &Query, fields: &Fields) -> Vec<(Occur, Boxed)> {
    let mut filters: Vec<(Occur, Boxed)> = Vec::new();
    let mut any_of = |property: Property, values: Vec<String>| {
        if !values.is_empty() {
            let terms = values.iter().map(|value| property.term(fields.property, value));
            filters.push((Occur::Must, unscored(Box::new(TermSetQuery::new(terms)))));
        }
    };
    any_of(Property::Kind, query.kinds.iter().map(|kind| kind.as_str().to_owned()).collect());
    any_of(Property::MediaType, query.media_types.iter().map(|t| t.as_str().to_owned()).collect());
    any_of(Property::Language, query.languages.clone());
    any_of(Property::Outcome, query.outcomes.iter().map(|o| o.as_str().to_owned()).collect());
    let legibilities = query.legibilities.iter().map(|it| it.as_str().to_owned());
    any_of(Property::Legibility, legibilities.collect());
    any_of(Property::Reason, query.reasons.clone());
    any_of(Property::Pipeline, query.pipelines.clone());
    let folder = query.path.as_deref().map(folder_term).filter(|folder| !folder.is_empty());
    any_of(Property::Folder, folder.into_iter().collect());
    if let Some(among) = &query.among {
        any_of(Property::Id, among.ids.iter().map(|id| id.to_string()).collect());
        if among.ids.is_empty() {
            filters.push((Occur::Must, Box::new(EmptyQuery)));
        }
    }
    if query.from.is_some() || query.to.is_some() {
        let date = |ms: i64| Term::from_field_i64(fields.date, ms);
        let from = query.from.map_or(Bound::Unbounded, |from| Bound::Included(date(from.0)));
        let to = query.to.map_or(Bound::Unbounded, |to| Bound::Excluded(date(to.0)));
        filters.push((Occur::Must, unscored(Box::new(RangeQuery::new(from, to)))));
    }
    filters
}

/// Whether a word counts towards how many must be found. A lone syllable (년, 수, 물) is too often part of a longer
/// word in the documents.
fn counts(word: &Word) -> bool {
    !(word.script.has_bigrams() && word.stem.chars().count() == 1)
}

fn enough_words(words: &[&Word], matching: Matching, fields: &Fields) -> Boxed {
    let mut counted: Vec<&Word> = words.iter().copied().filter(|word| counts(word)).collect();
    if counted.is_empty() {
        counted = words.to_vec();
    }
    let needed = words_needed(counted.len());
    at_least(needed, counted.into_iter().map(|word| holds(word, matching, fields)).collect())
}

/// Holds a word, in title or body, by its stem or its bigrams.
fn holds(word: &Word, matching: Matching, fields: &Fields) -> Boxed {
    let mut ways = Vec::new();
    for field in [fields.body, fields.title] {
        // The one bigram of a stem of two syllables finds all that the stem finds.
        if word.tokens.len() > 1 {
            ways.push(term(field.stem, &word.stem, IndexRecordOption::Basic));
        }
        if let Some(shorter) = &word.shorter {
            ways.push(term(field.stem, shorter, IndexRecordOption::Basic));
        }
        let bigrams: Vec<Boxed> =
            word.tokens.iter().map(|t| term(field.xbi, t, IndexRecordOption::Basic)).collect();
        ways.push(at_least(bigrams_needed(bigrams.len(), matching), bigrams));
    }
    at_least(1, ways)
}

fn score(clauses: &mut Vec<(Occur, Boxed)>, word: &Word, fields: &Fields) {
    for (field, boost) in [(fields.body, 1.0), (fields.title, TITLE_BOOST)] {
        let mut add = |field: Field, token: &str| {
            let query = term(field, token, IndexRecordOption::WithFreqs);
            clauses.push((Occur::Should, boosted(query, boost)));
        };
        add(field.stem, &word.stem);
        for token in word.tokens.iter().chain(&word.crossing) {
            add(field.xbi, token);
        }
    }
}

fn boosted(query: Boxed, boost: f32) -> Boxed {
    if boost == 1.0 { query } else { Box::new(BoostQuery::new(query, boost)) }
}

fn one_clause(clause: &Clause, fields: &Fields, searchers: &[&Searcher]) -> Result<Boxed, Failure> {
    Ok(match clause {
        Clause::Word(word) => {
            let mut ways = Vec::new();
            for field in [fields.body, fields.title] {
                ways.push(term(field.stem, &word.stem, IndexRecordOption::WithFreqs));
                let tokens = word.tokens.iter().cloned().enumerate().collect();
                ways.push(in_a_row(field.xbi, tokens));
            }
            at_least(1, ways)
        }
        Clause::Phrase(phrase) => {
            at_least(1, vec![found_phrase(phrase, fields.body), found_phrase(phrase, fields.title)])
        }
        Clause::Prefix(prefix) => {
            let terms = expand(prefix, fields, searchers)?;
            Box::new(TermSetQuery::new(terms))
        }
    })
}

/// A phrase is found whatever its spaces (by bigrams), or with particles that the query left out (by stems).
fn found_phrase(phrase: &Phrase, field: Analysed) -> Boxed {
    let stems = phrase.words.iter().map(|word| word.stem.clone()).enumerate().collect();
    at_least(1, vec![in_a_row(field.xbi, phrase.tokens.clone()), in_a_row(field.stem, stems)])
}

fn in_a_row(field: Field, tokens: Vec<(usize, String)>) -> Boxed {
    if let [(_, only)] = tokens.as_slice() {
        return term(field, only, IndexRecordOption::WithFreqs);
    }
    if tokens.is_empty() {
        return Box::new(EmptyQuery);
    }
    let terms =
        tokens.into_iter().map(|(at, token)| (at, Term::from_field_text(field, &token))).collect();
    Box::new(PhraseQuery::new_with_offset(terms))
}

/// The stems that begin so, in title and body: of all indexes searched, so that each is asked the same.
pub(crate) fn expand(
    prefix: &Prefix,
    fields: &Fields,
    searchers: &[&Searcher],
) -> Result<Vec<Term>, Failure> {
    let mut terms = Vec::new();
    for field in [fields.body.stem, fields.title.stem] {
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for (n, searcher) in searchers.iter().enumerate() {
            reading(n, || stems_with(prefix, field, searcher, &mut found))?;
        }
        let mut by_frequency: Vec<(String, u64)> = found.into_iter().collect();
        by_frequency.sort_by_key(|(_, documents)| std::cmp::Reverse(*documents));
        by_frequency.truncate(MOST_EXPANSIONS);
        let stems = by_frequency.into_iter().map(|(stem, _)| stem);
        terms.extend(
            stems.chain([prefix.stem.clone()]).map(|stem| Term::from_field_text(field, &stem)),
        );
    }
    Ok(terms)
}

/// Adds the stems of one index that begin so, and in how many documents each stands.
fn stems_with(
    prefix: &Prefix,
    field: Field,
    searcher: &Searcher,
    found: &mut BTreeMap<String, u64>,
) -> tantivy::Result<()> {
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(field)?;
        let mut stream = inverted.terms().range().ge(prefix.start.as_bytes()).into_stream()?;
        let mut scanned = 0;
        while scanned < MOST_SCANNED && stream.advance() {
            if !stream.key().starts_with(prefix.start.as_bytes()) {
                break;
            }
            scanned += 1;
            if let Ok(stem) = std::str::from_utf8(stream.key()) {
                *found.entry(stem.to_owned()).or_default() += u64::from(stream.value().doc_freq);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_much_must_be_found() {
        assert_eq!([1, 2, 4, 5, 8, 10].map(words_needed), [1, 1, 1, 2, 2, 3]);
        let needed = |matching| [1, 2, 3, 5, 7, 12].map(|n| bigrams_needed(n, matching));
        assert_eq!(needed(Matching::Words), [1, 2, 2, 3, 2, 3]);
        assert_eq!(needed(Matching::Loose), [1, 1, 1, 2, 2, 3]);
    }
}
