//! Korean analysis: what a text is found by.
//!
//! A text in NFC is cut into runs of one script. The last Hangul run of an eojeol loses its particle or ending
//! ([`crate::particle`]), Latin words are lower-cased and stemmed (Snowball, English), digits stay. Two fields are
//! made of these stems: `stem` holds them whole, `xbi` holds the bigrams inside each and one bigram across the space
//! to the next where the left one lost nothing, so that 데이터 기반 행정 and 데이터기반행정 find each other.
//!
//! Both fields are made of one pass, by way of a [`digest`]: a text that lists the folded stems, from which the two
//! tokenizers only have to cut. That saves holding a token per bigram in memory: 32 MiB of text have ten million.

use std::borrow::Cow;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;

use crate::particle;
use crate::script::{Script, is_syllable};

/// Raised whenever the tokens of some text change, or what of a record becomes tokens or can be asked for: an index made by
/// another version must be rebuilt, because its terms and those of a query would not meet.
pub(crate) const VERSION: u32 = 4;

/// Characters of a run that make its whole-stem token. A longer run is no word (an encoded file, text without
/// spaces) and would not fit into a term; its bigrams are all kept.
const LONGEST_STEM: usize = 64;

/// Opens a stem that is searched by bigrams and continues the stem before it across a space.
const JOINED: char = '\u{1}';
/// Opens a stem that is searched by bigrams and stands apart from the stem before it.
const APART: char = '\u{2}';
/// Opens a stem that is searched as a whole in both fields.
const WORD: char = '\u{3}';

/// A stem in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// First byte.
    pub(crate) start: usize,
    /// Byte after the stem. Never `start`: a run that is all particle is not a stem.
    pub(crate) end: usize,
    /// Byte after the run that the stem begins, its particle or ending included.
    pub(crate) run: usize,
    /// Script.
    pub(crate) script: Script,
    /// Whether a bigram leads from the stem before to this one.
    pub(crate) joined: bool,
}

/// The stems of a text in NFC, in order.
pub(crate) fn spans(text: &str) -> Spans<'_> {
    Spans { text, at: 0, eojeol: None, before: None }
}

/// Iterator of [`spans`].
#[derive(Debug)]
pub(crate) struct Spans<'a> {
    text: &'a str,
    at: usize,
    /// Where the run before ended, if it touches the next one.
    eojeol: Option<usize>,
    /// Where the last stem ended, if it was searched by bigrams and lost nothing.
    before: Option<usize>,
}

impl Iterator for Spans<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        loop {
            let rest = self.text.get(self.at..)?;
            let (skipped, script) = rest
                .char_indices()
                .map(|(n, c)| (n, Script::of(c)))
                .find(|(_, script)| *script != Script::Other)?;
            let start = self.at + skipped;
            let run = self.text.get(start..)?;
            let mut length = run.len();
            let mut next = Script::Other;
            for (n, c) in run.char_indices() {
                let other = Script::of(c);
                if other != script {
                    (length, next) = (n, other);
                    break;
                }
            }
            let follows = self.eojeol == Some(start);
            let end_of_run = start + length;
            self.at = end_of_run;
            self.eojeol = Some(end_of_run);

            let stem = if script == Script::Hangul && next == Script::Other {
                particle::stem_len(run.get(..length)?, follows)
            } else {
                length
            };
            let before = self.before.take();
            if stem == 0 {
                continue;
            }
            let joined = script.has_bigrams()
                && before.is_some_and(|end| {
                    end < start
                        && self.text.get(end..start).is_some_and(|gap| gap.chars().all(joins))
                });
            if script.has_bigrams() && stem == length {
                self.before = Some(end_of_run);
            }
            return Some(Span { start, end: start + stem, run: end_of_run, script, joined });
        }
    }
}

/// Whether a bigram may lead across this character. A line feed counts: lines of a PDF or HWP page break anywhere.
fn joins(c: char) -> bool {
    matches!(c, ' ' | '\n' | '\r' | '\t' | '\u{A0}' | '\u{3000}')
}

/// The token text of a stem: NFKC, lower case; an English word loses its ending (Snowball, `english`).
pub(crate) fn fold<'a>(surface: &'a str, script: Script, stemmer: &Stemmer) -> Cow<'a, str> {
    if script == Script::Hangul && surface.chars().all(is_syllable) {
        return Cow::Borrowed(surface);
    }
    if script != Script::Alnum {
        return Cow::Owned(surface.nfkc().collect());
    }
    let cut = surface.char_indices().nth(LONGEST_STEM).map_or(surface.len(), |(end, _)| end);
    let surface = surface.get(..cut).unwrap_or(surface);
    let folded: String = if surface.is_ascii() {
        surface.to_ascii_lowercase()
    } else {
        surface.nfkc().flat_map(char::to_lowercase).collect()
    };
    if folded.len() > 3 && folded.bytes().all(|b| b.is_ascii_alphabetic()) {
        return Cow::Owned(stemmer.stem(&folded).into_owned());
    }
    Cow::Owned(folded)
}

/// The English stemmer that [`fold`] takes.
pub(crate) fn stemmer() -> Stemmer {
    Stemmer::create(Algorithm::English)
}

/// Where analysis stood at some byte: how many positions of each field came before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Byte in the text; the start of a stem.
    pub(crate) byte: u32,
    /// Position of that stem in the field `stem`.
    pub(crate) stem: u32,
    /// Position of its first bigram in the field `xbi`.
    pub(crate) xbi: u32,
}

/// Bytes of text between two marks, at least.
const MARK_EVERY: usize = 1024;

/// A text made ready for indexing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest {
    /// The folded stems, each behind the sign that says how it is cut.
    pub(crate) stems: String,
    /// Marks in ascending order; the last one stands at the end of the text and counts all of it.
    pub(crate) marks: Vec<Mark>,
}

/// Analyses a text in NFC once for both fields.
pub(crate) fn digest(text: &str) -> Digest {
    let stemmer = stemmer();
    let mut digest = Digest { stems: String::with_capacity(text.len()), marks: Vec::new() };
    let (mut stem, mut xbi, mut marked) = (0u32, 0u32, None::<usize>);
    for span in spans(text) {
        if marked.is_none_or(|at| span.start - at >= MARK_EVERY) {
            marked = Some(span.start);
            let byte = u32::try_from(span.start).unwrap_or(u32::MAX);
            digest.marks.push(Mark { byte, stem, xbi });
        }
        let surface = text.get(span.start..span.end).unwrap_or_default();
        let folded = fold(surface, span.script, &stemmer);
        digest.stems.push(match (span.script.has_bigrams(), span.joined) {
            (false, _) => WORD,
            (true, true) => JOINED,
            (true, false) => APART,
        });
        digest.stems.push_str(&folded);
        stem += 1;
        xbi += if span.script.has_bigrams() { count(&folded) } else { 1 };
    }
    digest.marks.push(Mark { byte: u32::try_from(text.len()).unwrap_or(u32::MAX), stem, xbi });
    digest
}

fn count(text: &str) -> u32 {
    u32::try_from(text.chars().count()).unwrap_or(u32::MAX)
}

/// A stem of a digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stem<'a> {
    /// Folded text; possibly empty, if a character folds to nothing.
    pub(crate) text: &'a str,
    /// Whether it is cut into bigrams.
    pub(crate) bigrams: bool,
    /// Whether a bigram leads from the stem before to this one.
    pub(crate) joined: bool,
}

impl<'a> Stem<'a> {
    /// The whole-stem token.
    pub(crate) fn token(&self) -> &'a str {
        let cut =
            self.text.char_indices().nth(LONGEST_STEM).map_or(self.text.len(), |(end, _)| end);
        self.text.get(..cut).unwrap_or(self.text)
    }
}

/// The stems of a digest.
pub(crate) fn stems(digest: &str) -> impl Iterator<Item = Stem<'_>> {
    let mut rest = digest;
    std::iter::from_fn(move || {
        let (stem, next) = split_stem(rest)?;
        rest = next;
        Some(stem)
    })
}

/// The tokens of the field `xbi` of a digest, one at a time and without an allocation for each.
///
/// The position of a token is the number of its first syllable (or word). A bigram across a space thus stands
/// where it would stand were the two words written together.
#[derive(Debug)]
pub(crate) struct Bigrams<'a> {
    digest: &'a str,
    /// What is left of the present stem, from the first syllable of the next bigram.
    rest: &'a str,
    /// Position of that syllable.
    position: u32,
    /// Last syllable of the stem before, if the present stem has bigrams.
    last: Option<char>,
}

/// The first stem of a digest and what follows it.
fn split_stem(digest: &str) -> Option<(Stem<'_>, &str)> {
    let mut chars = digest.chars();
    let sign = chars.next()?;
    let body = chars.as_str();
    // The signs are single bytes below any letter.
    let end = body.bytes().position(|b| b <= WORD as u8).unwrap_or(body.len());
    let (text, rest) = body.split_at_checked(end)?;
    Some((Stem { text, bigrams: sign != WORD, joined: sign == JOINED }, rest))
}

impl<'a> Bigrams<'a> {
    pub(crate) fn new(digest: &'a str) -> Bigrams<'a> {
        Bigrams { digest, rest: "", position: 0, last: None }
    }

    /// Writes the next token into `token` and tells its position.
    pub(crate) fn next(&mut self, token: &mut String) -> Option<u32> {
        token.clear();
        while self.rest.is_empty() {
            let (stem, digest) = split_stem(self.digest)?;
            self.digest = digest;
            if !stem.bigrams {
                self.last = None;
                self.position += 1;
                token.push_str(stem.text);
                return Some(self.position - 1);
            }
            self.rest = stem.text;
            let left = self.last.take();
            if let (true, Some(left), Some(right)) = (stem.joined, left, stem.text.chars().next()) {
                token.extend([left, right]);
                return Some(self.position.saturating_sub(1));
            }
        }
        let mut chars = self.rest.chars();
        let first = chars.next()?;
        let after_first = chars.as_str();
        token.push(first);
        let position = self.position;
        self.position += 1;
        match chars.next() {
            // Of a stem of one syllable that syllable is the token.
            None => {
                self.rest = "";
                self.last = Some(first);
            }
            Some(second) => {
                token.push(second);
                if chars.as_str().is_empty() {
                    self.rest = "";
                    self.last = Some(second);
                    self.position += 1;
                } else {
                    self.rest = after_first;
                }
            }
        }
        Some(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem_tokens(text: &str) -> Vec<String> {
        stems(&digest(text).stems).map(|stem| stem.token().to_owned()).collect()
    }

    fn xbi_tokens(text: &str) -> Vec<(String, u32)> {
        let mut tokens = Vec::new();
        let digest = digest(text);
        let (mut bigrams, mut token) = (Bigrams::new(&digest.stems), String::new());
        while let Some(position) = bigrams.next(&mut token) {
            tokens.push((token.clone(), position));
        }
        tokens
    }

    #[track_caller]
    fn check(text: &str, stem: &str, bigrams: &str) {
        assert_eq!(stem_tokens(text).join(" "), stem, "{text}");
        let found: Vec<String> = xbi_tokens(text).into_iter().map(|(token, _)| token).collect();
        assert_eq!(found.join(" "), bigrams, "{text}");
    }

    #[test]
    fn tokens() {
        check("개인정보를 보호하여", "개인정보 보호", "개인 인정 정보 보호");
        check("데이터 기반 행정을", "데이터 기반 행정", "데이 이터 터기 기반 반행 행정");
        check("데이터기반행정을", "데이터기반행정", "데이 이터 터기 기반 반행 행정");
        check("데이터\n기반", "데이터 기반", "데이 이터 터기 기반");
        check("데이터, 기반", "데이터 기반", "데이 이터 기반");
        check("AI반도체를 API로", "ai 반도체 api", "ai 반도 도체 api");
        check("2024년 예산", "2024 년 예산", "2024 년 년예 예산");
        check("Regulations ＡＢＣ １２", "regul abc 12", "regul abc 12");
        check("大韓民國 헌법", "大韓民國 헌법", "大韓 韓民 民國 國헌 헌법");
        check("ｶﾞｷﾞ", "ガギ", "ガギ");
        check("- !?", "", "");
        check("", "", "");
    }

    #[test]
    fn spacing_does_not_move_positions() {
        assert_eq!(xbi_tokens("데이터 기반 행정"), xbi_tokens("데이터기반행정"));
        let positions: Vec<u32> = xbi_tokens("이 법 a 행정").into_iter().map(|t| t.1).collect();
        assert_eq!(positions, [0, 0, 1, 2, 3]);
    }

    #[test]
    fn marks_agree_with_the_tokens() {
        let text = "데이터 기반 행정을 a1 위하여 ".repeat(400);
        let digest = digest(&text);
        assert!(digest.marks.len() > 5);
        for mark in digest.marks {
            let head = super::digest(&text[..mark.byte as usize]);
            assert_eq!(mark.stem as usize, stems(&head.stems).count());
            // What precedes a mark ends before it in both fields.
            let last = xbi_tokens(&text[..mark.byte as usize]).last().map_or(0, |token| token.1);
            assert!(mark.byte == 0 || mark.xbi > last && mark.xbi <= last + 2, "{mark:?} {last}");
            assert!(text.is_char_boundary(mark.byte as usize));
        }
    }

    #[test]
    fn a_run_without_spaces_has_a_bounded_token_and_all_its_bigrams() {
        let text = "국법".repeat(50_000);
        assert_eq!(stem_tokens(&text), ["국법".repeat(32)]);
        assert_eq!(xbi_tokens(&text).len(), 99_999);
        assert_eq!(stem_tokens(&"x".repeat(1 << 20)), ["x".repeat(64)]);
    }
}
