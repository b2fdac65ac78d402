//! Words of a page: glyphs that follow one another without a gap, seen along their own direction.

use std::collections::BTreeMap;

use super::pdf_accent::{accented, mark_of};
use super::pdf_glyph::{Glyph, Glyphs};

/// Gap between two glyphs, in font sizes, from which on it parts words. A space is 0.25 wide and may be
/// squeezed to a half; kerning and uneven widths stay below a tenth.
const GAP: f64 = 0.14;

/// Directions that one page may write in; of further ones each glyph is a word of the nearest.
const DIRECTIONS_MOST: usize = 32;

/// Degrees up to which what leans goes with what is upright; from so many on not where so many glyphs lean alike.
const LEANING_MOST: i32 = 3;
const LEANING_LEAST: i32 = 2;
const ALIKE_LEAST: usize = 40;

/// A word, in a system of coordinates whose x runs along the text and whose y runs up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Word {
    /// Where its characters stand in [`Words::chars`], which is also its place in the order of writing.
    pub(super) start: usize,
    end: usize,
    pub(super) x0: f64,
    pub(super) x1: f64,
    /// The base line.
    pub(super) y: f64,
    pub(super) size: f64,
    /// How many glyphs it has.
    pub(super) glyphs: u32,
    /// A space was written after it: what begins behind here stands apart.
    pub(super) space: Option<f64>,
}

impl Word {
    /// The middle of small letters above the base line.
    pub(super) fn middle(&self) -> f64 {
        self.y + self.size * 0.3
    }
}

/// The words of one direction, in the order of the content.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) chars: String,
    pub(super) words: Vec<Word>,
}

impl Words {
    pub(super) fn text(&self, word: &Word) -> &str {
        self.chars.get(word.start..word.end).unwrap_or_default()
    }

    /// The words of a page by direction, those of most glyphs first.
    pub(super) fn of(glyphs: &Glyphs) -> Vec<Words> {
        let angles = Angles::of(glyphs);
        let mut directions: Vec<(i32, usize, Builder)> = Vec::new();
        let mut last = 0;
        for glyph in &glyphs.glyphs {
            let found = angle(glyph).map(|angle| {
                let key = angles.key(angle);
                let at = directions.iter().position(|(known, ..)| *known == key);
                at.unwrap_or_else(|| {
                    if directions.len() < DIRECTIONS_MOST {
                        directions.push((key, 0, Builder::new(angles.exact(key))));
                    }
                    directions.len() - 1
                })
            });
            // A glyph without a width goes where its neighbour went.
            last = found.unwrap_or(last);
            if directions.is_empty() {
                directions.push((0, 0, Builder::new(0.0)));
            }
            if let Some((_, count, builder)) = directions.get_mut(last) {
                *count += 1;
                builder.add(glyph, glyphs.text(glyph));
            }
        }
        directions.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
        directions.into_iter().map(|(_, _, builder)| builder.words).collect()
    }
}

/// The angle of a glyph in degrees, from 0 to 360.
fn angle(glyph: &Glyph) -> Option<f64> {
    if glyph.dx == 0.0 && glyph.dy == 0.0 {
        return None;
    }
    if glyph.dy == 0.0 && glyph.dx > 0.0 {
        return Some(0.0);
    }
    Some(glyph.dy.atan2(glyph.dx).to_degrees().rem_euclid(360.0))
}

/// The angles of a page, in whole degrees, and what those of their glyphs come to. Over the length of a line half a degree
/// is half the height of a letter, and a page that lay askew under the glass is off by one.
#[derive(Debug, Default)]
struct Angles {
    /// Glyphs by their angle in whole degrees.
    counts: BTreeMap<i32, usize>,
    /// By direction.
    exact: BTreeMap<i32, f64>,
}

impl Angles {
    fn of(glyphs: &Glyphs) -> Angles {
        let mut angles = Angles::default();
        let all = || glyphs.glyphs.iter().filter_map(angle);
        // On nearly every page all are right.
        if all().all(|angle| angle % 90.0 == 0.0) {
            return angles;
        }
        for angle in all() {
            *angles.counts.entry(whole(angle)).or_default() += 1;
        }
        let mut of_keys: BTreeMap<i32, Vec<f64>> = BTreeMap::new();
        for angle in all() {
            let key = angles.key(angle);
            of_keys.entry(key).or_default().push(off(angle, key));
        }
        for (key, mut offs) in of_keys {
            let middle = offs.len() / 2;
            let (_, middle, _) = offs.select_nth_unstable_by(middle, f64::total_cmp);
            angles.exact.insert(key, f64::from(key) + *middle);
        }
        angles
    }

    /// The direction of an angle: the right angle near to it, unless so many glyphs lean alike that they are a text of
    /// their own.
    fn key(&self, angle: f64) -> i32 {
        let degrees = whole(angle);
        let right = (f64::from(degrees) / 90.0).round() as i32 * 90;
        let away = (degrees - right).abs();
        let is_own = || {
            let alike = self.counts.get(&degrees).copied().unwrap_or(0);
            away >= LEANING_LEAST && alike >= ALIKE_LEAST
        };
        let degrees = if away <= LEANING_MOST && !is_own() { right } else { degrees };
        degrees.rem_euclid(360)
    }

    /// The angle that most glyphs of a direction have.
    fn exact(&self, key: i32) -> f64 {
        self.exact.get(&key).copied().unwrap_or(f64::from(key))
    }
}

/// An angle in whole degrees.
fn whole(angle: f64) -> i32 {
    (angle.round() as i32).rem_euclid(360)
}

/// How far an angle is off some degrees, the shorter way round.
fn off(angle: f64, degrees: i32) -> f64 {
    (angle - f64::from(degrees) + 180.0).rem_euclid(360.0) - 180.0
}

/// Puts glyphs of one direction together to words.
#[derive(Debug)]
struct Builder {
    cosine: f64,
    sine: f64,
    words: Words,
    /// The last word still grows.
    open: bool,
    /// Where the last glyph began, its width and its characters, and where its word ended before it.
    before: (f64, f64),
    before_width: f64,
    before_text: (usize, usize),
    before_end: f64,
}

impl Builder {
    fn new(degrees: f64) -> Builder {
        let (sine, cosine) = match degrees {
            0.0 => (0.0, 1.0),
            90.0 => (1.0, 0.0),
            180.0 => (0.0, -1.0),
            270.0 => (-1.0, 0.0),
            degrees => degrees.to_radians().sin_cos(),
        };
        Builder {
            cosine,
            sine,
            words: Words::default(),
            open: false,
            before: (f64::NAN, f64::NAN),
            before_width: 0.0,
            before_text: (0, 0),
            before_end: f64::NAN,
        }
    }

    fn add(&mut self, glyph: &Glyph, text: &str) {
        let x = glyph.x * self.cosine + glyph.y * self.sine;
        let y = glyph.y * self.cosine - glyph.x * self.sine;
        let width = glyph.dx.hypot(glyph.dy);
        let size = glyph.size;
        if !text.is_empty() && text.chars().all(char::is_whitespace) {
            if let Some(word) = self.words.words.last_mut().filter(|w| (w.y - y).abs() < size) {
                word.space.get_or_insert(x + width * 0.4);
            }
            self.open = false;
            return;
        }
        // Struck twice to look bold.
        let moved = (x - self.before.0).abs();
        let again =
            moved < size * 0.15 && moved < width * 0.4 && (y - self.before.1).abs() < size * 0.15;
        if again
            && !text.is_empty()
            && self.words.chars.get(self.before_text.0..self.before_text.1) == Some(text)
        {
            return;
        }
        let mut letter = [0; 4];
        let text: &str = match self.joined(x, y, width, size, text) {
            // What stood alone goes into the place of both.
            Some(Joined { c, is_letter: true }) => c.encode_utf8(&mut letter),
            Some(Joined { c, is_letter: false }) => {
                self.words.chars.push(c);
                if let Some(word) = self.words.words.last_mut() {
                    word.end = self.words.chars.len();
                }
                self.before_text.1 = self.words.chars.len();
                return;
            }
            None => text,
        };
        self.before = (x, y);
        self.before_width = width;
        let start = self.words.chars.len();
        self.before_text = (start, start + text.len());
        self.before_end = f64::NAN;
        if let Some(word) = self.words.words.last_mut().filter(|_| self.open) {
            let gap = x - word.x1;
            let ratio = size / word.size;
            if (y - word.y).abs() < size * 0.12
                && (0.75..1.34).contains(&ratio)
                && gap > -size * 0.6
                && gap < size * GAP
            {
                self.words.chars.push_str(text);
                word.end = self.words.chars.len();
                self.before_end = word.x1;
                word.x1 = word.x1.max(x + width);
                word.glyphs += 1;
                return;
            }
        }
        if text.is_empty() {
            return;
        }
        self.words.chars.push_str(text);
        let end = self.words.chars.len();
        self.words.words.push(Word {
            start,
            end,
            x0: x,
            x1: x + width,
            y,
            size,
            glyphs: 1,
            space: None,
        });
        self.open = true;
    }

    /// What this glyph and the last one are together, if one is an accent over or under the other. The last one is taken
    /// away then.
    fn joined(&mut self, x: f64, y: f64, width: f64, size: f64, text: &str) -> Option<Joined> {
        let (start, end) = self.before_text;
        let last = self.words.chars.get(start..end).filter(|_| self.open)?;
        let between = (x + width / 2.0) - (self.before.0 + self.before_width / 2.0);
        let is_over = between.abs() < size * 0.25 && (y - self.before.1).abs() < size * 0.4;
        // Beside one another they would be half of both widths apart.
        if !is_over || between.abs() > (width + self.before_width) * 0.35 {
            return None;
        }
        let joined = match mark_of(last) {
            Some(mark) => Joined { c: accented(text, mark)?, is_letter: true },
            None => Joined { c: accented(last, mark_of(text)?)?, is_letter: false },
        };
        let word = self.words.words.last_mut().filter(|word| word.end == end)?;
        self.words.chars.truncate(start);
        word.end = start;
        if joined.is_letter {
            word.glyphs -= 1;
            if self.before_end.is_finite() {
                word.x1 = self.before_end;
            }
            if word.start == start {
                self.words.words.pop();
            }
        }
        Some(joined)
    }
}

/// A letter with its accent.
struct Joined {
    c: char,
    /// Whether the letter came last, and is to go where it stands.
    is_letter: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Glyphs of size 10 from their text, place, and width along the line.
    fn glyphs(all: &[(&str, f64, f64, f64, f64)]) -> Glyphs {
        let mut glyphs = Glyphs::default();
        for &(text, x, y, dx, dy) in all {
            let start = glyphs.chars.len() as u32;
            glyphs.chars.push_str(text);
            let end = glyphs.chars.len() as u32;
            glyphs.glyphs.push(Glyph { start, end, x, y, dx, dy, size: 10.0 });
        }
        glyphs
    }

    fn texts(glyphs: &Glyphs) -> Vec<Vec<String>> {
        let texts = |words: &Words| words.words.iter().map(|w| words.text(w).to_owned()).collect();
        Words::of(glyphs).iter().map(texts).collect()
    }

    #[test]
    fn parts_words_at_gaps_and_spaces() {
        let line = glyphs(&[
            ("a", 0.0, 0.0, 5.0, 0.0),
            ("b", 5.5, 0.0, 5.0, 0.0),
            ("c", 13.0, 0.0, 5.0, 0.0),
            (" ", 18.0, 0.0, 2.5, 0.0),
            ("d", 18.5, 0.0, 5.0, 0.0),
        ]);
        assert_eq!(texts(&line), [["ab", "c", "d"]]);
    }

    #[test]
    fn reads_what_is_struck_twice_once() {
        let bold = glyphs(&[
            ("가", 0.0, 0.0, 10.0, 0.0),
            ("가", 0.4, 0.0, 10.0, 0.0),
            ("나", 10.0, 0.0, 10.0, 0.0),
        ]);
        assert_eq!(texts(&bold), [["가나"]]);
    }

    /// A line of so many letters that leans by so many degrees.
    fn leaning(degrees: f64, count: usize) -> Vec<(&'static str, f64, f64, f64, f64)> {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let place = |n: usize| (n as f64 * 5.0 * cosine, n as f64 * 5.0 * sine);
        (0..count).map(|n| ("a", place(n).0, place(n).1, 5.0 * cosine, 5.0 * sine)).collect()
    }

    #[test]
    fn keeps_a_line_that_leans_in_one_piece() {
        for degrees in [0.6, 1.4, 2.4, 3.0, -3.0, 17.4, 91.2, 359.3] {
            let words = Words::of(&glyphs(&leaning(degrees, 100)));
            assert_eq!((words.len(), words[0].words.len()), (1, 1), "{degrees}");
        }
        // A word that leans stays among the upright ones.
        let upright = (0..50).map(|n| ("b", f64::from(n) * 5.0, 20.0, 5.0, 0.0));
        let both: Vec<_> = upright.chain(leaning(2.0, 5)).collect();
        assert_eq!(Words::of(&glyphs(&both)).len(), 1);
        let both: Vec<_> = both.into_iter().chain(leaning(3.0, 60)).collect();
        assert_eq!(Words::of(&glyphs(&both)).len(), 2);
    }

    #[test]
    fn puts_accents_on_the_letters_that_they_stand_over() {
        // As TeX sets it: the accent, and back to the letter.
        let before = glyphs(&[
            ("f", 0.0, 0.0, 3.0, 0.0),
            ("¨", 3.2, 0.0, 5.0, 0.0),
            ("u", 3.0, 0.0, 5.5, 0.0),
            ("r", 8.5, 0.0, 3.0, 0.0),
        ]);
        assert_eq!(texts(&before), [["für"]]);
        let raised = glyphs(&[
            ("a", 0.0, 0.0, 5.0, 0.0),
            ("´", 6.0, 2.0, 5.0, 0.0),
            ("E", 5.0, 0.0, 6.8, 0.0),
            ("b", 11.8, 0.0, 5.0, 0.0),
        ]);
        assert_eq!(texts(&raised), [["aÉb"]]);
        let behind = glyphs(&[
            ("c", 0.0, 0.0, 4.4, 0.0),
            ("¸", 0.0, 0.0, 4.4, 0.0),
            ("a", 4.4, 0.0, 5.0, 0.0),
        ]);
        assert_eq!(texts(&behind), [["ça"]]);
        let beside = glyphs(&[("~", 0.0, 0.0, 5.0, 0.0), ("n", 5.0, 0.0, 5.0, 0.0)]);
        assert_eq!(texts(&beside), [["~n"]]);
    }

    #[test]
    fn keeps_directions_apart() {
        let both = glyphs(&[
            ("a", 0.0, 0.0, 5.0, 0.0),
            ("b", 50.0, 0.0, 0.0, 5.0),
            ("c", 50.0, 5.0, 0.0, 5.0),
        ]);
        assert_eq!(texts(&both), [vec!["bc"], vec!["a"]]);
    }
}
