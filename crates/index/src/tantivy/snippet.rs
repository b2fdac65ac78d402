//! The passage of a document that answers a query best.
//!
//! The postings already know at which positions of this document the words stand, and the marks of the segment map
//! say where in the text those positions are. So only about a kibibyte around the densest place is analysed again,
//! whatever the size of the document.

use madang_document::locator::Locator;
use tantivy::postings::Postings;
use tantivy::schema::IndexRecordOption;
use tantivy::{DocId, DocSet, SegmentReader, Term};

use crate::analyzer::Mark;
use crate::needle::{Match, Needle, exact, parts};
use crate::query::Snippet;
use crate::query_text::{Clause, Prefix, QueryText, Word};
use crate::tantivy::entry::StoredDocument;
use crate::tantivy::schema::Fields;

/// Characters of a passage, about.
const LENGTH: usize = 160;
/// How far a passage's border moves to stand between words, in characters.
const TO_WORD_BORDER: usize = 20;
/// Bytes analysed on each side of the densest place.
const AROUND: usize = 768;
/// Bytes analysed at most, whatever stands there.
const MOST_ANALYSED: usize = 16 * 1024;

/// What is looked for in a text: one word, phrase or prefix of the query.
#[derive(Clone, Debug)]
pub(crate) struct Matcher {
    needle: Needle,
    /// Tokens in the field `stem` of the body, each enough by itself.
    stems: Vec<Term>,
    /// Tokens in the field `xbi` of the body, together.
    bigrams: Vec<Term>,
    /// How much finding it is worth.
    weight: f32,
}

/// The matchers of a query; `weight` values a token of the field `stem`, `expand` lists the stems of a prefix.
pub(crate) fn matchers(
    text: &QueryText,
    fields: &Fields,
    weight: impl Fn(&Term) -> f32,
    mut expand: impl FnMut(&Prefix) -> Vec<Term>,
) -> Vec<Matcher> {
    let term = |token: &str| Term::from_field_text(fields.body.stem, token);
    let bigram = |token: &String| Term::from_field_text(fields.body.xbi, token);
    let words = |words: &[Word]| {
        let weight = words.iter().map(|word| weight(&term(&word.stem))).sum();
        let bigrams = words.iter().flat_map(|word| &word.tokens).map(bigram).collect();
        let whole = match words {
            [word] => vec![term(&word.stem)],
            _ => Vec::new(),
        };
        Matcher { needle: Needle::of_words(words), stems: whole, bigrams, weight }
    };
    // A run that hides several words is looked for by itself, too: somebody may have written it so.
    let all = text.words.iter().flat_map(|word| std::iter::once(word).chain(&word.parts));
    let mut matchers: Vec<Matcher> = all.map(|word| words(std::slice::from_ref(word))).collect();
    for clause in &text.required {
        matchers.push(match clause {
            Clause::Word(word) => words(std::slice::from_ref(word)),
            Clause::Phrase(phrase) => words(&phrase.words),
            Clause::Prefix(prefix) => Matcher {
                needle: Needle::of_prefix(prefix),
                stems: expand(prefix),
                bigrams: Vec::new(),
                weight: weight(&term(&prefix.stem)),
            },
        });
    }
    matchers
}

/// The passage of a document that holds most of the matchers, and where it stands.
///
/// # Errors
/// Of the index, while postings are read.
pub(crate) fn passage(
    entry: &StoredDocument,
    matchers: &[Matcher],
    segment: &SegmentReader,
    doc: DocId,
) -> tantivy::Result<(Snippet, Locator)> {
    let text = entry.text.as_str();
    if let Some((from, to)) = densest(&entry.map.marks, matchers, segment, doc)? {
        let region_start = floor(text, (from.byte as usize).saturating_sub(AROUND));
        let region_end =
            (to.byte as usize).saturating_add(AROUND).min(region_start + MOST_ANALYSED);
        let region = region_start..floor(text, region_end);
        let needles: Vec<&Needle> = matchers.iter().map(|matcher| &matcher.needle).collect();
        let mut found = exact(text, region.clone(), &needles);
        if found.is_empty() {
            found = parts(text, region, &needles);
        }
        if let Some(anchor) = best(text, entry, &found, matchers) {
            let (start, end, locator) = entry.map.segment(anchor.0, text.len());
            let locator = cell_of(locator, text.get(start..anchor.0).unwrap_or_default());
            return Ok((cut(text, anchor, (start, end), &found), locator));
        }
    }
    // Found by its title, path or keywords, or not asked for by words: how the text begins.
    Ok((cut(text, (0, 0), (0, text.len()), &[]), Locator::Whole {}))
}

/// The cell behind this beginning of a row, where the place is a row of a sheet: tabs part its cells.
fn cell_of(locator: Locator, before: &str) -> Locator {
    match locator {
        Locator::Cell { sheet, row, column } => {
            let tabs = u32::try_from(before.matches('\t').count()).unwrap_or(u32::MAX);
            Locator::Cell { sheet, row, column: column.saturating_add(tabs) }
        }
        other => other,
    }
}

/// The stretch between two marks in which the matchers of most weight stand.
fn densest(
    marks: &[Mark],
    matchers: &[Matcher],
    segment: &SegmentReader,
    doc: DocId,
) -> tantivy::Result<Option<(Mark, Mark)>> {
    let mut value = vec![0f32; marks.len()];
    let mut seen = vec![0u64; marks.len()];
    let mut positions = Vec::new();
    for matcher in matchers {
        seen.fill(0);
        let whole = matcher.stems.iter().map(|term| (term, u64::MAX));
        // Bigrams past the 63rd of a word share a bit.
        let parts = matcher.bigrams.iter().zip((0u32..).map(|n| 1u64 << n.min(62)));
        for (term, bits) in whole.chain(parts) {
            read_positions(segment, doc, term, &mut positions)?;
            let of_stem = bits == u64::MAX;
            for position in &positions {
                let stretch =
                    marks.partition_point(|m| (if of_stem { m.stem } else { m.xbi }) <= *position);
                if let Some(seen) = stretch.checked_sub(1).and_then(|n| seen.get_mut(n)) {
                    *seen |= bits;
                }
            }
        }
        let all = u32::try_from(matcher.bigrams.len().min(63)).unwrap_or(63).max(1);
        for (value, seen) in value.iter_mut().zip(&seen) {
            let share = seen.count_ones().min(all) as f32 / all as f32;
            // As much as makes a document hold the word.
            if *seen == u64::MAX || share >= 0.5 {
                *value += matcher.weight * share;
            }
        }
    }
    // What stands at or behind the last mark is not of the text: keywords and path.
    value.pop();
    let best = value.iter().enumerate().filter(|(_, value)| **value > 0.0);
    let best = best.max_by(|(n, a), (m, b)| a.total_cmp(b).then(m.cmp(n)));
    Ok(best.and_then(|(n, _)| Some((*marks.get(n)?, *marks.get(n + 1)?))))
}

fn read_positions(
    segment: &SegmentReader,
    doc: DocId,
    term: &Term,
    positions: &mut Vec<u32>,
) -> tantivy::Result<()> {
    positions.clear();
    let inverted = segment.inverted_index(term.field())?;
    let option = IndexRecordOption::WithFreqsAndPositions;
    if let Some(mut postings) = inverted.read_postings(term, option)?
        && (postings.doc() == doc || postings.doc() < doc && postings.seek(doc) == doc)
    {
        postings.positions(positions);
    }
    Ok(())
}

/// The match from which on a passage of [`LENGTH`] holds the matchers of most weight, and the end of the last match
/// in that passage. It stays within one segment, so that its locator is true of all of it.
fn best(
    text: &str,
    entry: &StoredDocument,
    found: &[Match],
    matchers: &[Matcher],
) -> Option<(usize, usize)> {
    let mut best = None::<(f32, usize, usize)>;
    let mut segment = (0, 0);
    for (n, first) in found.iter().enumerate() {
        if first.start >= segment.1 {
            let (start, end, _) = entry.map.segment(first.start, text.len());
            segment = (start, end);
        }
        let reach = text.get(first.start..)?.char_indices().nth(LENGTH);
        let reach = reach.map_or(text.len(), |(at, _)| first.start + at).min(segment.1);
        let mut inside = vec![false; matchers.len()];
        let (mut value, mut end) = (0.0, first.end);
        for other in found.iter().skip(n).take_while(|other| other.start < reach) {
            if other.end > reach {
                continue;
            }
            if let (Some(inside), Some(matcher)) =
                (inside.get_mut(other.needle), matchers.get(other.needle))
            {
                // Finding a word again is worth a little.
                value += matcher.weight * if *inside { 0.02 } else { 1.0 };
                *inside = true;
            }
            end = end.max(other.end);
        }
        if best.is_none_or(|(so_far, _, _)| value > so_far) {
            best = Some((value, first.start, end));
        }
    }
    best.map(|(_, start, end)| (start, end))
}

/// The last border between characters at or before this byte.
fn floor(text: &str, byte: usize) -> usize {
    let byte = byte.min(text.len());
    (0..=byte).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// Cuts about [`LENGTH`] characters around `anchor`, at spaces where there are some near; within `segment` unless
/// that is shorter.
fn cut(text: &str, anchor: (usize, usize), segment: (usize, usize), found: &[Match]) -> Snippet {
    let (mut low, mut high) = (floor(text, segment.0), floor(text, segment.1));
    let in_segment = text.get(low..high).unwrap_or_default();
    if in_segment.chars().nth(LENGTH / 2).is_none() {
        (low, high) = (low, text.len());
    }
    let inside = text.get(anchor.0..anchor.1).unwrap_or_default().chars().count();
    let spare = LENGTH.saturating_sub(inside);

    let before = text.get(low..anchor.0).unwrap_or_default();
    let after = text.get(anchor.1..high).unwrap_or_default();
    let available = after.chars().take(LENGTH).count();
    let lead = (spare / 3).max(spare.saturating_sub(available));
    let mut start = anchor.0;
    for (at, _) in before.char_indices().rev().take(lead) {
        start = low + at;
    }
    if start > low {
        let words = text.get(start..anchor.0).unwrap_or_default();
        let cut_a_word = !text.get(..start).unwrap_or_default().ends_with(char::is_whitespace);
        let border = words.char_indices().take(TO_WORD_BORDER).find(|(_, c)| c.is_whitespace());
        if let (true, Some((at, space))) = (cut_a_word, border) {
            start += at + space.len_utf8();
        }
    }
    let led = text.get(start..anchor.0).unwrap_or_default().chars().count();
    let mut end = anchor.1;
    for (at, c) in after.char_indices().take(spare.saturating_sub(led)) {
        end = anchor.1 + at + c.len_utf8();
    }
    if end < high && !text.get(end..).unwrap_or_default().starts_with(char::is_whitespace) {
        let words = text.get(anchor.1..end).unwrap_or_default();
        let border =
            words.char_indices().rev().take(TO_WORD_BORDER).find(|(_, c)| c.is_whitespace());
        if let Some((at, _)) = border {
            end = anchor.1 + at;
        }
    }
    let passage = text.get(start..end).unwrap_or_default();
    let leading = passage.len() - passage.trim_start().len();
    let (start, passage) = (start + leading, passage.trim());
    let end = start + passage.len();

    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let mut sorted: Vec<&Match> =
        found.iter().filter(|m| m.start >= start && m.end <= end).collect();
    sorted.sort_by_key(|m| (m.start, m.end));
    for found in sorted {
        match ranges.last_mut() {
            Some(last) if found.start <= last.1 => last.1 = last.1.max(found.end),
            _ => ranges.push((found.start, found.end)),
        }
    }
    let chars_before = |byte: usize| text.get(start..byte).unwrap_or_default().chars().count();
    Snippet {
        text: passage
            .chars()
            .map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c })
            .collect(),
        highlights: ranges.iter().map(|(a, b)| (chars_before(*a), chars_before(*b))).collect(),
    }
}
