use std::ops::Range;

use madang_document::content::{Origin, Segment};
use madang_document::locator::{Bounds, Locator};
use madang_document::word as seen;

use crate::libtesseract::{Symbol, Word};
use crate::word_box;
use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

/// A word on a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Placed {
    pub(crate) text: String,
    pub(crate) confidence: f32,
    pub(crate) rect: Rect,
    /// Letters and digits.
    pub(crate) letters: usize,
    /// Whether a blank stands before it.
    pub(crate) is_apart: bool,
    /// Its characters, in columns of the page.
    pub(crate) symbols: Vec<Symbol>,
}

/// A line as it was read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) rect: Rect,
    /// The mean of its words, each as often as it has letters.
    pub(crate) confidence: f32,
    /// Letters and digits.
    pub(crate) letters: usize,
    /// Its words in the order of the text.
    pub(crate) words: Vec<Placed>,
}

/// Below this a line is what an engine sees in a photograph.
const DOUBTED: f32 = 0.35;

/// Below this a line of a few letters is, on a page on which little else is read.
const DOUBTED_SHORT: f32 = 0.55;

/// Below this a line of which less than half are letters and digits is what an engine sees in leaves.
const DOUBTED_SIGNS: f32 = 0.65;

/// On a page that is read as surely as this, a line of a few letters is believed as any other.
const SURE_PAGE: f32 = 0.8;

/// Below this a word without Hangul is read once more.
const UNSURE: f32 = 0.75;

/// Below this a word with Hangul is read once more, where it stands among others that are none of Korean.
const HARDLY: f32 = 0.6;

/// How sure one is of what is believed in place of a word of the language that the line is written in, and how much surer.
const BELIEVED: f32 = 0.8;
const SURER: f32 = 0.1;

/// Width of Latin letters, of the height of a line of Hangul: on an average of a word none has more, and no syllable less.
const WIDEST: f32 = 0.8;

/// Letters of a short line.
const SHORT: usize = 3;

impl Placed {
    fn has_hangul(&self) -> bool {
        self.text.chars().any(is_hangul)
    }

    /// Whether it is one of several digits, and nothing else.
    fn is_digits(&self) -> bool {
        self.text.len() > 1 && self.text.bytes().all(|digit| digit.is_ascii_digit())
    }

    fn weight(&self) -> f32 {
        self.letters.max(1) as f32
    }
}

/// Whether it may stand at the edge of a word in print. Others are what is made of a stroke of the syllable beside it.
fn may_end_a_word(c: char) -> bool {
    c.is_alphanumeric() || ".,:;!?()[]%'\"“”‘’-/&@#".contains(c)
}

fn is_hangul(c: char) -> bool {
    matches!(c, '가'..='힣')
}

impl Line {
    /// The lines of words, whose image lies at `left`, `top` of the page.
    pub(crate) fn of(words: &[Word], left: f32, top: f32) -> Vec<Line> {
        let mut lines: Vec<Vec<Placed>> = Vec::new();
        for word in words {
            let placed = Placed {
                text: word.text.clone(),
                confidence: word.confidence,
                rect: on_page(word.bounds, left, top),
                letters: word.text.chars().filter(|c| c.is_alphanumeric()).count(),
                is_apart: word.is_apart,
                symbols: word.symbols.iter().map(|it| moved(it, left)).collect(),
            };
            match lines.last_mut().filter(|_| !word.begins_line) {
                Some(line) => line.push(placed),
                None => lines.push(vec![placed]),
            }
        }
        lines.into_iter().filter_map(Line::of_words).collect()
    }

    /// The same without what an engine makes of the upper halves of a line of large syllables, before it reads the line: it
    /// lies within that line, and says less.
    pub(crate) fn distinct(lines: Vec<Line>) -> Vec<Line> {
        let area = |rect: &Rect| rect.width() * rect.height();
        let is_within = |line: &Line, other: &Line| {
            let [rect, around] = [line.rect, other.rect];
            let common = Rect {
                left: rect.left.max(around.left),
                top: rect.top.max(around.top),
                right: rect.right.min(around.right),
                bottom: rect.bottom.min(around.bottom),
            };
            area(&common) * 10 >= area(&rect) * 8
                && area(&rect) < area(&around)
                && line.letters < other.letters
                && line.confidence < other.confidence
        };
        let is_told: Vec<bool> =
            lines.iter().map(|line| !lines.iter().any(|other| is_within(line, other))).collect();
        lines.into_iter().zip(is_told).filter_map(|(line, told)| told.then_some(line)).collect()
    }

    fn of_words(words: Vec<Placed>) -> Option<Line> {
        let rect = words.iter().map(|word| word.rect).reduce(Rect::and)?;
        let weight: f32 = words.iter().map(Placed::weight).sum();
        let sure: f32 = words.iter().map(|word| word.confidence * word.weight()).sum();
        let mut text = String::new();
        for word in &words {
            if word.is_apart && !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&word.text);
        }
        Some(Line {
            text,
            rect,
            confidence: sure / weight.max(1.0),
            letters: words.iter().map(|word| word.letters).sum(),
            words,
        })
    }

    /// Neighbouring words that may be of the other language, of which one is not sure: without Hangul, or hardly read, in a line of
    /// Korean; and all that are not sure in one of Latin. `is_even` says whether what stands there is as high all along.
    pub(crate) fn doubtful(
        &self,
        is_latin: bool,
        is_even: &dyn Fn(&Rect) -> bool,
    ) -> Vec<Range<usize>> {
        let is_foreign = |word: &Placed| match is_latin {
            true => word.confidence < UNSURE,
            false => !word.has_hangul() || word.confidence < HARDLY,
        };
        let mut spans: Vec<Range<usize>> = Vec::new();
        for (n, _) in self.words.iter().enumerate().filter(|(_, word)| is_foreign(word)) {
            match spans.last_mut().filter(|span| span.end == n) {
                Some(span) => span.end = n + 1,
                None => spans.push(n..n + 1),
            }
        }
        spans
            .retain(|span| self.is_doubted(span) || !is_latin && self.are_no_digits(span, is_even));
        spans
    }

    /// Whether digits were read in a span that are none: digits are of one height, and small letters are not.
    pub(crate) fn are_no_digits(
        &self,
        span: &Range<usize>,
        is_even: &dyn Fn(&Rect) -> bool,
    ) -> bool {
        let words = self.words.get(span.clone()).unwrap_or(&[]);
        words.iter().any(|word| word.is_digits() && !is_even(&word.rect))
    }

    /// Its words as far as they stand in these columns; near their edges, where the engine tells only about which letter is whose,
    /// those of which it is sure.
    pub(crate) fn within(&self, columns: Range<usize>, near: usize) -> Option<Line> {
        let inner = columns.start + near..columns.end.saturating_sub(near);
        let is_within = |symbol: &Symbol| {
            let [left, right] = symbol.columns;
            usize::try_from((left + right) / 2).is_ok_and(|middle| {
                inner.contains(&middle)
                    || columns.contains(&middle)
                        && symbol.confidence >= BELIEVED
                        && symbol.text.chars().all(may_end_a_word)
            })
        };
        let words = self.words.iter().filter_map(|word| {
            let symbols: Vec<Symbol> =
                word.symbols.iter().filter(|it| is_within(it)).cloned().collect();
            if symbols.len() == word.symbols.len() {
                return Some(word.clone());
            }
            let edge = |edge: i32| usize::try_from(edge).unwrap_or(0);
            let left = symbols.iter().map(|it| edge(it.columns[0])).min()?;
            let right = symbols.iter().map(|it| edge(it.columns[1])).max()?;
            let text: String = symbols.iter().map(|it| it.text.as_str()).collect();
            let confidence = symbols.iter().map(|it| it.confidence).fold(1.0, f32::min);
            let letters = text.chars().filter(|c| c.is_alphanumeric()).count();
            let rect = Rect { left, right, ..word.rect };
            Some(Placed { text, confidence, rect, letters, is_apart: word.is_apart, symbols })
        });
        Line::of_words(words.collect())
    }

    /// Whether it is surely one of Latin letters.
    pub(crate) fn is_surely_latin(&self) -> bool {
        self.text.chars().any(|c| c.is_ascii_alphabetic()) && self.confidence >= BELIEVED
    }

    /// Whether this reading of some words is to be believed rather than one in the language of the line they stand in, whose letters
    /// are so high.
    pub(crate) fn is_better_than(&self, before: &Line, is_latin: bool, letter: usize) -> bool {
        let many = |line: &Line| line.text.chars().filter(|c| !c.is_whitespace()).count();
        let has_hangul = |line: &Line| line.text.chars().any(is_hangul);
        // Half of what stands there is not what stands there.
        if many(self) * 2 < many(before) || is_latin && !has_hangul(self) {
            return false;
        }
        // Of syllables that are hardly read the engine makes capitals as wide as they are, and is sure of them.
        let is_wide = before.rect.width() as f32 > many(self) as f32 * letter as f32 * WIDEST;
        if !is_latin && has_hangul(before) && is_wide {
            return false;
        }
        match is_latin || has_hangul(before) {
            true => {
                self.words.iter().all(|word| word.confidence >= BELIEVED)
                    && self.confidence > before.confidence + SURER
            }
            false => self.confidence > before.confidence,
        }
    }

    /// The parts of a span that have no Hangul at all, if that is not all of it.
    pub(crate) fn without_hangul(&self, span: &Range<usize>) -> Vec<Range<usize>> {
        let mut parts: Vec<Range<usize>> = Vec::new();
        let words = self.words.iter().enumerate().skip(span.start).take(span.len());
        for (n, _) in words.filter(|(_, word)| !word.has_hangul()) {
            match parts.last_mut().filter(|part| part.end == n) {
                Some(part) => part.end = n + 1,
                None => parts.push(n..n + 1),
            }
        }
        parts.retain(|part| part != span && self.is_doubted(part));
        parts
    }

    fn is_doubted(&self, span: &Range<usize>) -> bool {
        let words = self.words.get(span.clone()).unwrap_or(&[]);
        let characters = || words.iter().flat_map(|word| word.text.chars());
        let is_unsure = words.iter().any(|word| word.confidence < UNSURE);
        is_unsure && characters().count() > 1 && !characters().all(is_hangul)
    }

    /// The words of a span, as one.
    pub(crate) fn span(&self, span: &Range<usize>) -> Option<Line> {
        Line::of_words(self.words.get(span.clone())?.to_vec())
    }

    /// With other words in place of a span.
    pub(crate) fn replace(&mut self, span: Range<usize>, mut by: Vec<Placed>) {
        if span.end <= self.words.len() {
            // What stands before the span stands there as it did.
            if let (Some(first), Some(before)) = (by.first_mut(), self.words.get(span.start)) {
                first.is_apart = before.is_apart;
            }
            self.words.splice(span, by);
            if let Some(line) = Line::of_words(std::mem::take(&mut self.words)) {
                *self = line;
            }
        }
    }

    /// Whether it is worth keeping, on a page that is read as surely as this.
    pub(crate) fn is_read(&self, page: f32) -> bool {
        let is_doubted = self.letters <= SHORT && page < SURE_PAGE;
        let signs = self.text.chars().filter(|c| !c.is_whitespace()).count();
        let least = match (signs > self.letters * 2, is_doubted) {
            (true, _) => DOUBTED_SIGNS,
            (false, true) => DOUBTED_SHORT,
            (false, false) => DOUBTED,
        };
        self.letters > 0 && self.confidence >= least
    }

    /// How many of its letters are Hangul, of words of which one is sure: of Latin the engine makes a syllable here and there.
    pub(crate) fn hangul(&self) -> usize {
        let sure = self.words.iter().filter(|word| word.confidence >= UNSURE);
        sure.flat_map(|word| word.text.chars()).filter(|c| is_hangul(*c)).count()
    }

    /// The same with words that have blanks between them, each within the ink of this page, which is level; `letter` is the height of
    /// its letters. Until then a word is what the engine takes for one.
    pub(crate) fn fitted(mut self, page: &Pixels, letter: usize) -> Line {
        self.words = whole(std::mem::take(&mut self.words));
        let mut boxes: Vec<Rect> = self.words.iter().map(|word| word.rect).collect();
        word_box::fit(&mut boxes, page, letter);
        self.rect = boxes.iter().copied().reduce(Rect::and).unwrap_or(self.rect);
        for (word, rect) in self.words.iter_mut().zip(boxes) {
            word.rect = rect;
        }
        self
    }

    /// Its words, as those of a line that stands behind another.
    pub(crate) fn words_apart(&self) -> impl Iterator<Item = Placed> + '_ {
        let words = self.words.iter().cloned().enumerate();
        words.map(|(n, word)| Placed { is_apart: word.is_apart || n == 0, ..word })
    }

    /// The segment of a line. `on_picture` says where a rectangle stands on the picture, in points.
    pub(crate) fn segment(&self, on_picture: &dyn Fn(Rect) -> Bounds) -> Segment {
        // Two digits are all that it means, and the same on every machine.
        let rounded = |sure: f32| (sure * 100.0).round() / 100.0;
        let mut words = Vec::with_capacity(self.words.len());
        let (mut rest, mut start) = (self.text.as_str(), 0);
        let words_said = whole(self.words.clone()).into_iter();
        for word in words_said.filter(|word| !word.text.trim().is_empty()) {
            // Between them stand blanks and tabs alone.
            let Some((before, after)) = rest.split_once(word.text.as_str()) else {
                // Words of which some are missing tell nobody where a match stands.
                words.clear();
                break;
            };
            start += before.chars().count();
            let end = start + word.text.chars().count();
            if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) {
                let tenths = |edge: f32| (edge * 10.0).round() / 10.0;
                let Bounds { left, top, right, bottom } = on_picture(word.rect);
                let [left, top, right, bottom] = [left, top, right, bottom].map(tenths);
                let bounds = Bounds { left, top, right, bottom };
                let confidence = rounded(word.confidence.clamp(0.0, 1.0));
                words.push(seen::Word { start, end, bounds, confidence });
            }
            (rest, start) = (after, end);
        }
        Segment {
            text: self.text.clone(),
            locator: Locator::Page { number: 1, bounds: Some(on_picture(self.rect)) },
            origin: Origin::Ocr,
            confidence: Some(rounded(self.confidence)),
            words: seen::Word::all_of(&self.text, words),
        }
    }
}

/// The confidence of some lines, each as often as it has letters.
pub(crate) fn confidence(lines: &[Line]) -> f32 {
    let (sum, weight) = lines.iter().fold((0.0, 0.0), |(sum, weight), line| {
        let letters = line.letters as f32;
        (sum + line.confidence * letters, weight + letters)
    });
    if weight > 0.0 { sum / weight } else { 0.0 }
}

/// Words that have blanks between them, of those that the engine takes for such.
fn whole(words: Vec<Placed>) -> Vec<Placed> {
    let mut whole: Vec<Placed> = Vec::with_capacity(words.len());
    for word in words {
        match whole.last_mut().filter(|_| !word.is_apart) {
            Some(before) => {
                let weight = before.weight() + word.weight();
                let sure = before.confidence * before.weight() + word.confidence * word.weight();
                before.confidence = sure / weight;
                before.text.push_str(&word.text);
                before.rect = before.rect.and(word.rect);
                before.letters += word.letters;
                before.symbols.extend(word.symbols);
            }
            None => whole.push(word),
        }
    }
    whole
}

fn moved(symbol: &Symbol, x: f32) -> Symbol {
    Symbol {
        columns: symbol.columns.map(|edge| (edge as f32 + x).max(0.0) as i32),
        ..symbol.clone()
    }
}

fn on_page([left, top, right, bottom]: [i32; 4], x: f32, y: f32) -> Rect {
    let at = |edge: i32, origin: f32| (edge as f32 + origin).max(0.0) as usize;
    Rect { left: at(left, x), top: at(top, y), right: at(right, x), bottom: at(bottom, y) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, confidence: f32, begins_line: bool) -> Word {
        Word {
            text: text.into(),
            confidence,
            begins_line,
            is_apart: true,
            bounds: [10, 10, 30, 20],
            symbols: Vec::new(),
        }
    }

    #[test]
    fn a_line_is_as_sure_as_its_letters() {
        let words = [word("침수대응", 0.9, true), word("·", 0.1, false), word("가", 0.5, true)];
        let lines = Line::of(&words, 100.0, 50.0);
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[0].text, "침수대응 ·");
        assert!((lines[0].confidence - 0.74).abs() < 0.001);
        assert_eq!(lines[0].rect, Rect { left: 110, top: 60, right: 130, bottom: 70 });
        assert!(lines[0].is_read(0.7) && !lines[1].is_read(0.7) && lines[1].is_read(0.9));
    }
    #[test]
    fn words_of_cells_are_told_apart() {
        let cell = |text: &str, left: i32| {
            let first = Word {
                is_apart: false,
                bounds: [left, 10, left + 20, 20],
                ..word(text, 0.9, true)
            };
            Line::of(&[first], 0.0, 0.0).remove(0)
        };
        let (one, other) = (cell("삼문동", 10), cell("466", 100));
        let words = [&one, &other].into_iter().flat_map(Line::words_apart).collect();
        let row = Line { text: "삼문동\t466".into(), words, ..one.clone() };
        let as_it_is = |rect: Rect| Bounds {
            left: rect.left as f32,
            top: rect.top as f32,
            right: rect.right as f32,
            bottom: rect.bottom as f32,
        };
        let told = row.segment(&as_it_is).words;
        let places: Vec<(u32, u32, f32)> =
            told.iter().map(|word| (word.start, word.end, word.bounds.left)).collect();
        assert_eq!(places, [(0, 3, 10.0), (4, 7, 100.0)]);
    }

    #[test]
    fn a_stroke_of_the_next_syllable_is_no_sign() {
        let symbol = |text: &str, left: i32| Symbol {
            text: text.into(),
            confidence: 0.95,
            columns: [left, left + 8],
        };
        let read = |last: &str| {
            let symbols = vec![symbol("c", 10), symbol("m", 20), symbol(last, 30)];
            let word = Word { symbols, ..word(&format!("cm{last}"), 0.95, true) };
            let line = Line::of(&[word], 0.0, 0.0).remove(0);
            line.within(5..36, 5).unwrap().text
        };
        assert_eq!(read("="), "cm");
        assert_eq!(read(")"), "cm)");
        assert_eq!(read("s"), "cms");
    }

    #[test]
    fn the_halves_of_a_line_are_told_once() {
        let line = |text: &str, sure: f32, bounds: [i32; 4]| {
            Line::of(&[Word { bounds, ..word(text, sure, true) }], 0.0, 0.0).remove(0)
        };
        let half = line("스므 ㅎ", 0.5, [64, 77, 328, 98]);
        let whole = line("수문 개방 훈련", 0.9, [61, 77, 378, 125]);
        let below = line("둘째", 0.4, [61, 120, 120, 160]);
        let told = Line::distinct(vec![half, whole.clone(), below.clone()]);
        assert_eq!(told, [whole, below]);
    }
}
