//! Words of a page: glyphs that follow one another without a gap, seen along their own direction.

use super::pdf_glyph::{Glyph, Glyphs};

/// Gap between two glyphs, in font sizes, from which on it parts words. A space is 0.25 wide and may be
/// squeezed to a half; kerning and uneven widths stay below a tenth.
const GAP: f64 = 0.14;

/// Directions that one page may write in; of further ones each glyph is a word of the nearest.
const DIRECTIONS_MOST: usize = 32;

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
        let mut directions: Vec<(i32, usize, Builder)> = Vec::new();
        let mut last = 0;
        for glyph in &glyphs.glyphs {
            let found = direction(glyph).map(|key| {
                let at = directions.iter().position(|(known, ..)| *known == key);
                at.unwrap_or_else(|| {
                    if directions.len() < DIRECTIONS_MOST {
                        directions.push((key, 0, Builder::new(key)));
                    }
                    directions.len() - 1
                })
            });
            // A glyph without a width goes where its neighbour went.
            last = found.unwrap_or(last);
            if directions.is_empty() {
                directions.push((0, 0, Builder::new(0)));
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

/// The angle of a glyph in degrees; those near a right angle are that.
fn direction(glyph: &Glyph) -> Option<i32> {
    if glyph.dx == 0.0 && glyph.dy == 0.0 {
        return None;
    }
    if glyph.dy == 0.0 && glyph.dx > 0.0 {
        return Some(0);
    }
    let degrees = glyph.dy.atan2(glyph.dx).to_degrees().round() as i32;
    let right = (f64::from(degrees) / 90.0).round() as i32 * 90;
    let degrees = if (degrees - right).abs() <= 3 { right } else { degrees };
    Some(degrees.rem_euclid(360))
}

/// Puts glyphs of one direction together to words.
#[derive(Debug)]
struct Builder {
    cosine: f64,
    sine: f64,
    words: Words,
    /// The last word still grows.
    open: bool,
    /// Where the last glyph began, and its characters.
    before: (f64, f64),
    before_text: (usize, usize),
}

impl Builder {
    fn new(degrees: i32) -> Builder {
        let (sine, cosine) = match degrees {
            0 => (0.0, 1.0),
            90 => (1.0, 0.0),
            180 => (0.0, -1.0),
            270 => (-1.0, 0.0),
            degrees => f64::from(degrees).to_radians().sin_cos(),
        };
        Builder {
            cosine,
            sine,
            words: Words::default(),
            open: false,
            before: (f64::NAN, f64::NAN),
            before_text: (0, 0),
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
        self.before = (x, y);
        let start = self.words.chars.len();
        self.before_text = (start, start + text.len());
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
