//! Lines of a page: words that stand at one height.

use super::pdf_word::Word;

/// Gap from which on the parts of a line may belong to different columns or cells, in font sizes.
pub(super) const CELL: f64 = 1.0;

/// Gap that parts of a line have at least where there may be columns: narrow gutters have less than a font size.
pub(super) const APART: f64 = 0.75;

/// Words of a line that a further one is held against.
const LOOK_BACK: usize = 200;

/// A line of a column.
#[derive(Debug)]
pub(super) struct Line {
    /// Base line and size of its longest word: a bracket around two lines is neither's.
    pub(super) y: f64,
    pub(super) size: f64,
    glyphs: u32,
    pub(super) words: Vec<Word>,
    /// The first of its column.
    pub(super) opens: bool,
}

impl Line {
    pub(super) fn new(word: Word) -> Line {
        let Word { y, size, glyphs, .. } = word;
        Line { y, size, glyphs, words: vec![word], opens: false }
    }

    /// Takes a further word.
    pub(super) fn take(&mut self, word: Word) {
        if word.glyphs > self.glyphs {
            (self.y, self.size, self.glyphs) = (word.y, word.size, word.glyphs);
        }
        self.words.push(word);
    }

    /// Whether a word is at its height: the middle of the smaller lies within the larger.
    pub(super) fn is_level(&self, word: &Word) -> bool {
        match word.size > self.size {
            true => within(self.y + self.size * 0.3, word.y, word.size),
            false => within(word.middle(), self.y, self.size),
        }
    }

    /// Whether a word stands on it.
    fn holds(&self, word: &Word) -> bool {
        // What lies above or below a word of the line is another line.
        self.is_level(word)
            && ((word.y - self.y).abs() < self.size * 0.1
                || !self.words.iter().rev().take(LOOK_BACK).any(|w| covers(w, word)))
    }

    /// Where it begins and ends.
    pub(super) fn span(&self) -> (f64, f64) {
        let left = self.words.iter().map(|w| w.x0).fold(f64::MAX, f64::min);
        (left, self.words.iter().map(|w| w.x1).fold(f64::MIN, f64::max))
    }

    pub(super) fn width(&self) -> f64 {
        let (left, right) = self.span();
        right - left
    }
}

fn within(middle: f64, y: f64, size: f64) -> bool {
    (y - size * 0.25..y + size * 0.9).contains(&middle)
}

fn covers(a: &Word, b: &Word) -> bool {
    let shared = a.x1.min(b.x1) - a.x0.max(b.x0);
    shared > (a.x1 - a.x0).min(b.x1 - b.x0) * 0.3
}

/// The lines of some words from top to bottom, their words from left to right.
pub(super) fn lines_of(words: &[Word]) -> Vec<Line> {
    let mut sorted: Vec<Word> = words.to_vec();
    sorted.sort_by(|a, b| b.y.total_cmp(&a.y));
    let mut lines: Vec<Line> = Vec::new();
    for word in sorted {
        let recent = lines.iter_mut().rev().take(3);
        match recent.into_iter().find(|line| line.holds(&word)) {
            Some(line) => line.take(word),
            None => lines.push(Line::new(word)),
        }
    }
    for line in &mut lines {
        line.words.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    }
    lines.sort_by(|a, b| b.y.total_cmp(&a.y));
    lines
}

pub(super) fn widest_gap(line: &Line) -> f64 {
    let (mut end, mut widest) = (f64::MAX, 0.0f64);
    for word in &line.words {
        widest = widest.max(word.x0 - end);
        end = if end == f64::MAX { word.x1 } else { end.max(word.x1) };
    }
    widest
}

/// Whether two lines are beside one another without being at one height: those of two columns seldom are.
pub(super) fn stand_apart(pair: &[Line]) -> bool {
    let [above, below] = pair else { return false };
    let size = above.size.min(below.size);
    let ((left, right), (next_left, next_right)) = (above.span(), below.span());
    (above.y - below.y).abs() < size * 0.8
        && (left - next_right).max(next_left - right) > size * 0.6
}
