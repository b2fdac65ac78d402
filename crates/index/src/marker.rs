use std::ops::Range;

use crate::needle::{Match, Needle, exact, parts};
use crate::query::QueryFault;
use crate::query_text::{Clause, parse};

/// Finds the words of a query again in the pieces of a text that was read: for whoever shows a whole document, where a
/// [`Snippet`](crate::query::Snippet) is one passage of it. It asks no index, so that it may be used on any text.
#[derive(Clone, Debug)]
pub struct Marker {
    needles: Vec<Needle>,
}

/// A stretch of a piece that is to be marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marked {
    /// The number of the piece.
    pub piece: usize,
    /// First byte in it.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
    /// Its number among all that was found: the stretches of a word that lies across two pieces have one.
    pub found: usize,
}

/// Bytes that are analysed at once: analysis holds some twenty times as much in memory.
const AT_ONCE: usize = 128 << 10;
/// Bytes that are analysed at most: what takes about a second.
const MOST_ANALYSED: usize = 16 << 20;
/// Stretches that are marked at most.
const MOST_MARKED: usize = 10_000;

impl Marker {
    /// That of a query as a person typed it.
    ///
    /// # Errors
    /// As a search for it.
    pub fn of(query: &str) -> Result<Marker, QueryFault> {
        let query = parse(query)?;
        let words = query.words.iter().map(|word| Needle::of_words(std::slice::from_ref(word)));
        let required = query.required.iter().map(|clause| match clause {
            Clause::Word(word) => Needle::of_words(std::slice::from_ref(word)),
            Clause::Phrase(phrase) => Needle::of_words(&phrase.words),
            Clause::Prefix(prefix) => Needle::of_prefix(prefix),
        });
        Ok(Marker { needles: words.chain(required).collect() })
    }

    /// Where the words stand in these pieces, in order and without overlap. Where none stands as it is, what of them
    /// does: of a word that is misspelt or written together otherwise. A word may lie across two pieces, as across two
    /// lines of a page, and is two stretches then. Text behind the first 16 MiB is not looked at.
    pub fn marks<'a>(&self, pieces: impl Iterator<Item = &'a str> + Clone) -> Vec<Marked> {
        let whole = self.found(pieces.clone(), exact);
        if whole.is_empty() { self.found(pieces, parts) } else { whole }
    }

    fn found<'a>(
        &self,
        pieces: impl Iterator<Item = &'a str>,
        look: fn(&str, Range<usize>, &[&Needle]) -> Vec<Match>,
    ) -> Vec<Marked> {
        let needles: Vec<&Needle> = self.needles.iter().collect();
        let mut marked = Vec::new();
        let mut stretch = Stretch::default();
        let mut left = MOST_ANALYSED;
        for (n, piece) in pieces.enumerate() {
            let mut at = 0;
            while let Some(head) = piece.get(at..).and_then(|rest| head(rest, AT_ONCE)) {
                stretch.push(n, at, head);
                at += head.len();
                if stretch.text.len() >= AT_ONCE {
                    left = left.saturating_sub(stretch.text.len());
                    stretch.look(&needles, look, &mut marked);
                }
            }
            if left == 0 || marked.len() >= MOST_MARKED {
                break;
            }
        }
        stretch.look(&needles, look, &mut marked);
        marked.truncate(MOST_MARKED);
        marked
    }
}

/// What a text begins with, about so many bytes of it, to where a word ends if one does near there; none of no text.
fn head(text: &str, most: usize) -> Option<&str> {
    let (head, tail) = text.split_at_checked(text.floor_char_boundary(most))?;
    let end = match tail.is_empty() {
        true => None,
        false => head.rfind(char::is_whitespace).filter(|end| *end > most / 2),
    };
    text.get(..end.unwrap_or(head.len())).filter(|head| !head.is_empty())
}

/// Pieces, or parts of them, that are looked at together: analysis reads across their borders.
#[derive(Debug, Default)]
struct Stretch {
    text: String,
    /// Where each begins in the text, its piece, and where it begins in that.
    parts: Vec<(usize, usize, usize)>,
}

impl Stretch {
    fn push(&mut self, piece: usize, from: usize, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.parts.push((self.text.len(), piece, from));
        self.text.push_str(text);
    }

    /// Looks for the needles, and begins anew.
    fn look(
        &mut self,
        needles: &[&Needle],
        look: fn(&str, Range<usize>, &[&Needle]) -> Vec<Match>,
        marked: &mut Vec<Marked>,
    ) {
        let mut found = look(&self.text, 0..self.text.len(), needles);
        found.sort_by_key(|found| (found.start, found.end));
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for Match { start, end, .. } in found {
            match ranges.last_mut() {
                Some(last) if start <= last.end => last.end = last.end.max(end),
                _ => ranges.push(start..end),
            }
        }
        let before = marked.last().map_or(0, |last| last.found + 1);
        for (found, range) in (before..).zip(ranges) {
            let first = self.parts.partition_point(|(start, ..)| *start <= range.start);
            for n in first.saturating_sub(1).. {
                let Some(&(start, piece, from)) = self.parts.get(n) else { break };
                // The line feed before the next one is of neither.
                let next = self.parts.get(n + 1).map(|(next, ..)| *next);
                let end = next.map_or(self.text.len(), |next| next - 1);
                if start >= range.end {
                    break;
                }
                let within = range.start.max(start)..range.end.min(end);
                if within.start < within.end {
                    let (start, end) = (from + within.start - start, from + within.end - start);
                    marked.push(Marked { piece, start, end, found });
                }
            }
        }
        self.text.clear();
        self.parts.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(query: &str, pieces: &[&str]) -> Vec<String> {
        let marks = Marker::of(query).unwrap().marks(pieces.iter().copied());
        let text = |m: &Marked| format!("{}:{}", m.piece, &pieces[m.piece][m.start..m.end]);
        marks.iter().map(text).collect()
    }

    #[test]
    fn each_word_is_marked_wherever_it_stands() {
        let pieces = ["새터 지하차도를 막았다", "", "침수된 지하 차도, 침수"];
        // The particle behind a word is no part of it, and a space inside it does no harm.
        assert_eq!(
            marked("지하차도 침수", &pieces),
            ["0:지하차도", "2:침수", "2:지하 차도", "2:침수"]
        );
        assert_eq!(marked("\"침수된 지하\"", &pieces), ["2:침수된 지하"]);
        assert_eq!(marked("침수*", &pieces), ["2:침수", "2:침수"]);
        assert_eq!(marked("없는말", &pieces), [""; 0]);
        assert_eq!(marked("", &pieces), [""; 0]);
        assert_eq!(marked("-침수", &pieces), [""; 0]);
        assert_eq!(marked("flood", &["Floods and a flooded road"]), ["0:Floods", "0:flooded"]);
        assert!(Marker::of("*").is_err());
    }

    #[test]
    fn a_word_across_two_lines_is_marked_in_both() {
        let pieces = ["새터 지하", "차도 입구", "지하차도"];
        assert_eq!(marked("지하차도", &pieces), ["0:지하", "1:차도", "2:지하차도"]);
        let marks = Marker::of("지하차도").unwrap().marks(pieces.iter().copied());
        assert_eq!(marks.iter().map(|mark| mark.found).collect::<Vec<_>>(), [0, 0, 1]);
    }

    #[test]
    fn what_is_written_otherwise_is_marked_only_where_nothing_else_is() {
        assert_eq!(marked("지하챠도", &["지하차도 입구"]), ["0:지하"]);
        assert_eq!(marked("지하차도", &["지하차도 입구", "지하철"]), ["0:지하차도"]);
    }

    #[test]
    fn long_texts_are_looked_at_piece_by_piece() {
        let filler = "가나다 ".repeat(AT_ONCE / 10);
        let long = format!("침수 {filler}{filler}침수{filler}끝 침수");
        assert_eq!(marked("침수", &["침수", &long, "침수"]).len(), 5);
        // Without a single space.
        let solid = "가".repeat(AT_ONCE) + " 침수";
        assert_eq!(marked("침수", &[&solid]), ["0:침수"]);
        let many = "침수 ".repeat(MOST_MARKED + 5);
        assert_eq!(marked("침수", &[&many]).len(), MOST_MARKED);
    }
}
