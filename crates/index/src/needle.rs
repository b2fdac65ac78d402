//! What a query looks for in a text, and where that stands.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

use crate::analyzer;
use crate::query_text::{Prefix, Word};

/// One word, phrase or prefix of a query.
#[derive(Clone, Debug)]
pub(crate) struct Needle {
    shape: Shape,
    /// What was typed behind the last stem. Where it stands in the text as well it is marked along: analysis takes the
    /// end of 지하차도 for a particle, and half a word must not be marked.
    ending: String,
}

#[derive(Clone, Debug)]
enum Shape {
    /// The stems, one after the other.
    Stems(Vec<Vec<Atom>>),
    /// The beginning of a stem, or a whole one.
    Prefix(Prefix),
}

/// The smallest thing that is compared.
#[derive(Clone, Debug, PartialEq)]
enum Atom {
    /// A character of a script with bigrams.
    Syllable(char),
    /// A word of another script, folded.
    Word(String),
}

impl Needle {
    /// Words that follow each other.
    pub(crate) fn of_words(words: &[Word]) -> Needle {
        let ending = words.last().map(|word| word.ending.clone()).unwrap_or_default();
        Needle { shape: Shape::Stems(words.iter().map(atoms_of).collect()), ending }
    }

    /// The beginning of a word.
    pub(crate) fn of_prefix(prefix: &Prefix) -> Needle {
        Needle { shape: Shape::Prefix(prefix.clone()), ending: String::new() }
    }
}

fn atoms_of(word: &Word) -> Vec<Atom> {
    if word.script.has_bigrams() {
        word.stem.chars().map(Atom::Syllable).collect()
    } else {
        vec![Atom::Word(word.stem.clone())]
    }
}

/// A place in a text where a needle stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Match {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Its number among the needles.
    pub(crate) needle: usize,
}

/// An atom of a text.
struct Placed {
    atom: Atom,
    start: usize,
    end: usize,
    /// Whether a stem begins here.
    opens: bool,
    /// Whether it begins here apart from the stem before.
    apart: bool,
}

/// Where the needles stand in a region of a text as they are, in order.
pub(crate) fn exact(text: &str, region: Range<usize>, needles: &[&Needle]) -> Vec<Match> {
    let placed = place(text, region);
    let mut found = Vec::new();
    for at in 0..placed.len() {
        let Some(rest) = placed.get(at..) else { break };
        for (n, needle) in needles.iter().enumerate() {
            let length = match &needle.shape {
                Shape::Stems(stems) => stems_stand(stems, rest),
                Shape::Prefix(prefix) => prefix_stands(prefix, rest),
            };
            let last = length.and_then(|length| rest.get(length.checked_sub(1)?));
            if let (Some(first), Some(last)) = (rest.first(), last) {
                let behind = text.get(last.end..).unwrap_or_default();
                let ending = needle.ending.as_str();
                let ending = if behind.starts_with(ending) { ending.len() } else { 0 };
                found.push(Match { start: first.start, end: last.end + ending, needle: n });
            }
        }
    }
    found
}

/// Where pieces of the needles stand, in order: of a word that is misspelt, or joined otherwise.
pub(crate) fn parts(text: &str, region: Range<usize>, needles: &[&Needle]) -> Vec<Match> {
    let placed = place(text, region);
    let mut found = Vec::new();
    for (n, needle) in needles.iter().enumerate() {
        if let Shape::Stems(stems) = &needle.shape
            && let [stem] = stems.as_slice()
        {
            parts_of(stem, &placed, n, &mut found);
        }
    }
    found.sort_by_key(|found| found.start);
    found
}

/// Where at least half of a word of three syllables or more stands in one piece.
fn parts_of(stem: &[Atom], placed: &[Placed], needle: usize, found: &mut Vec<Match>) {
    if stem.len() < 3 {
        return;
    }
    let mut at = 0;
    while let Some(rest) = placed.get(at..).filter(|rest| !rest.is_empty()) {
        let common = |from: usize| {
            let pairs = stem.iter().skip(from).zip(rest).enumerate();
            pairs.take_while(|(n, (a, here))| **a == here.atom && (*n == 0 || !here.apart)).count()
        };
        let length = (0..stem.len()).map(common).max().unwrap_or(0);
        if length >= (stem.len() / 2).max(2)
            && let (Some(first), Some(last)) = (rest.first(), rest.get(length - 1))
        {
            found.push(Match { start: first.start, end: last.end, needle });
            at += length;
        } else {
            at += 1;
        }
    }
}

fn place(text: &str, region: Range<usize>) -> Vec<Placed> {
    let offset = region.start;
    let region = text.get(region).unwrap_or_default();
    let stemmer = analyzer::stemmer();
    let mut placed = Vec::new();
    for span in analyzer::spans(region) {
        let surface = region.get(span.start..span.end).unwrap_or_default();
        let start = offset + span.start;
        if !span.script.has_bigrams() {
            let word = analyzer::fold(surface, span.script, &stemmer).into_owned();
            let end = offset + span.end;
            placed.push(Placed { atom: Atom::Word(word), start, end, opens: true, apart: true });
            continue;
        }
        let mut opens = true;
        for (at, c) in surface.char_indices() {
            for folded in std::iter::once(c).nfkc() {
                placed.push(Placed {
                    atom: Atom::Syllable(folded),
                    start: start + at,
                    end: start + at + c.len_utf8(),
                    opens,
                    apart: opens && !span.joined,
                });
                opens = false;
            }
        }
    }
    placed
}

/// How many atoms the stems take if they stand here. Inside a stem of the query the text may have a space, but
/// nothing that analysis keeps apart; between two stems of a phrase it may.
fn stems_stand(stems: &[Vec<Atom>], placed: &[Placed]) -> Option<usize> {
    let mut at = 0;
    for stem in stems {
        for (n, atom) in stem.iter().enumerate() {
            let here = placed.get(at)?;
            if here.atom != *atom || (n > 0 && here.apart) {
                return None;
            }
            at += 1;
        }
    }
    Some(at)
}

fn prefix_stands(prefix: &Prefix, placed: &[Placed]) -> Option<usize> {
    let first = placed.first().filter(|first| first.opens)?;
    if let Atom::Word(word) = &first.atom {
        let stands = word.starts_with(&prefix.start) || *word == prefix.stem;
        return stands.then_some(1);
    }
    let mut length = 0;
    for c in prefix.start.chars() {
        let here = placed.get(length)?;
        if here.atom != Atom::Syllable(c) || (length > 0 && here.opens) {
            return None;
        }
        length += 1;
    }
    Some(length)
}
