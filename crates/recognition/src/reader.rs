use std::cell::Cell as Mutable;
use std::ops::Range;

use madang_extract::recogniser::Patience;
use madang_extract::rect::Rect;

use crate::layout::Part;
use crate::libtesseract::{Model, Segmentation, Word};
use crate::page::Page;
use crate::prepared::{Prepared, strips};
use crate::rules::Cell;
use crate::segments::{Line, confidence};
use crate::slope::Slope;
use crate::straight::Straight;
use crate::vertical::Vertical;
use crate::word_box;

/// Reads a page with models in some order.
pub(crate) struct Reader<'a> {
    models: &'a [Model],
    order: Vec<usize>,
    learned: Mutable<Learned>,
    patience: &'a dyn Patience,
    /// Letters that were read, whatever came of them.
    letters: Mutable<usize>,
}

/// What was learned of a page while it was read, in one position of it: of one that lies on its head nothing is learned about the one
/// that does not.
#[derive(Clone, Copy, Debug, Default)]
struct Learned {
    /// Whether what was read last was Latin.
    is_latin: bool,
    /// Blocks of which nothing was read in either language.
    blocks_in_vain: u32,
    /// Lines that run down of which nothing was read on either side.
    verticals_in_vain: u32,
    /// Words of which no more was read in the other language.
    words_in_vain: u32,
}

/// Letters of a page for which there is time when recognising it begins, and those of a unit of work: an A4 page of dense print has
/// as many, a page of a newspaper ten times that.
const USUAL: usize = 2_000;
const OF_UNIT: usize = 500;

/// Parts of one page that are read.
const PARTS_MOST: usize = 2_000;

/// Of the letters of a block, the share of Hangul of what is not Korean.
const FOREIGN: f32 = 0.15;

/// So many parts of a page of which nothing can be read are followed by no others: noise is cut into hundreds.
const HOPELESS_PARTS: usize = 24;

/// Or so many letters: a pattern that has rows is one large block.
const HOPELESS_LETTERS: usize = 400;

/// A confidence at which nothing was read at all.
const HOPELESS: f32 = 0.35;

/// A confidence at which a block is tried in the other language, whatever its letters seem to be: of a page of Latin nothing is
/// read in Korean, or syllables that are none.
const GUESS: f32 = 0.5;

/// Digits of what is taken for one number.
const NUMBER_MOST: usize = 12;

/// So many words of a page are tried in the other language in vain: of a bad scan none is sure.
const FOREIGN_TRIED: u32 = 24;

/// So many blocks of a page are tried so in vain: of a bad scan, or of noise, nothing is read in either language.
const GUESSES_TRIED: u32 = 3;

/// A confidence at which nothing else is tried.
const SURE: f32 = 0.6;

/// How much surer of a page turned by a half or a quarter one has to be.
const SURER: f32 = 0.12;

/// Letters on a picture up to which it is taken for a sign, which may lie on its side and not look so.
const SIGN_MOST: usize = 120;

/// A confidence at which a sign is not looked at from another side.
const SURE_OF_SIGN: f32 = 0.85;

/// So many lines that run down tell whether a page of them lies so.
const PROBED_VERTICALS: usize = 3;

impl<'a> Reader<'a> {
    /// Of a page that is likely to be in Latin letters, or not. `patience` waits for it.
    pub(crate) fn new(
        models: &'a [Model],
        order: Vec<usize>,
        is_latin: bool,
        patience: &'a dyn Patience,
    ) -> Reader<'a> {
        Reader {
            models,
            order,
            learned: Mutable::new(Learned { is_latin, ..Learned::default() }),
            patience,
            letters: Mutable::new(0),
        }
    }

    fn learn(&self, what: impl FnOnce(&mut Learned)) {
        let mut learned = self.learned.get();
        what(&mut learned);
        self.learned.set(learned);
    }

    /// The lines of a page as they are read best, and by how many quarters it was turned for that.
    pub(crate) fn upright(&self, page: &Page) -> Result<(u8, Vec<Line>, Straight, f32), String> {
        let mut quarters = 0;
        if page.is_sideways {
            let none = self.probe(page)?;
            let mut surest = none;
            for turned in [1, 3] {
                let sure = self.probe(&page.turned(turned))?;
                if sure > (none + SURER).max(surest) {
                    quarters = turned;
                }
                surest = surest.max(sure);
            }
            // A pattern has rows, too, and the rest of it says as little. Of a page of tables nothing was tried.
            if surest > 0.0 && surest < HOPELESS {
                let (width, height) = (page.grey.width, page.grey.height);
                let straight = Straight::new(Slope::default(), width, height);
                return Ok((0, Vec::new(), straight, page.scale));
            }
        }
        let turned;
        let mut upright = page;
        if quarters > 0 {
            turned = page.turned(quarters);
            upright = &turned;
        }
        let before = self.learned.get();
        let prepared = Prepared::of(upright, &|| self.patience.alive());
        let lines = self.lines(&prepared)?;
        let sure = confidence(&lines);
        // How the few letters of a sign stand beside each other does not tell how they lie, and as words they are short enough to
        // be taken for others.
        let letters: usize = lines.iter().map(|line| line.letters).sum();
        let is_sign = letters <= SIGN_MOST && !page.is_sideways;
        let enough = if is_sign { SURE_OF_SIGN } else { SURE };
        if sure < enough && !lines.is_empty() && quarters == 0 {
            let ways: &[u8] = if is_sign { &[2, 1, 3] } else { &[2] };
            for &quarters in ways {
                let other = page.turned(quarters);
                if self.probe(&other)? > sure + SURER {
                    self.learned.set(before);
                    let prepared = Prepared::of(&other, &|| self.patience.alive());
                    return Ok((quarters, self.lines(&prepared)?, prepared.straight, page.scale));
                }
            }
        }
        Ok((quarters, lines, prepared.straight, page.scale))
    }

    /// How sure one is of the largest block of a page.
    fn probe(&self, page: &Page) -> Result<f32, String> {
        let before = self.learned.get();
        let prepared = Prepared::of(page, &|| self.patience.alive());
        let area = |rect: &Rect| rect.width() * rect.height();
        let blocks = prepared.parts.iter().filter_map(|part| match part {
            Part::Lines(rect) => Some(*rect),
            Part::Table(_) | Part::Vertical(_) => None,
        });
        let block = blocks.max_by_key(area);
        let down: usize = prepared.verticals.iter().map(|line| area(&line.rect)).sum();
        let sure = match block {
            Some(mut rect) if down < area(&rect) => {
                rect.bottom = rect.bottom.min(rect.top + prepared.letter * 10);
                confidence(&self.block(&prepared, rect)?)
            }
            _ => {
                let mut lines = Vec::new();
                for line in prepared.verticals.iter().take(PROBED_VERTICALS) {
                    lines.extend(self.vertical(line)?);
                }
                confidence(&lines)
            }
        };
        self.learned.set(before);
        Ok(sure)
    }

    fn lines(&self, prepared: &Prepared) -> Result<Vec<Line>, String> {
        let mut lines: Vec<Line> = Vec::new();
        for (n, part) in prepared.parts.iter().take(PARTS_MOST).enumerate() {
            let letters: usize = lines.iter().map(|line| line.letters).sum();
            let is_enough = n >= HOPELESS_PARTS || letters >= HOPELESS_LETTERS;
            if is_enough && confidence(&lines) < HOPELESS || !self.patience.has_time() {
                break;
            }
            match part {
                Part::Lines(rect) => lines.extend(self.fitted_block(prepared, *rect)?),
                Part::Vertical(number) => lines.extend(self.sure_vertical(prepared, *number)?),
                Part::Table(number) => {
                    let cells = prepared.tables.get(*number).map_or(&[][..], Vec::as_slice);
                    lines.extend(self.table(prepared, cells)?);
                }
            }
        }
        Ok(lines)
    }

    /// A table, a line for each row of it, with tabs between its cells.
    fn table(&self, prepared: &Prepared, cells: &[(Cell, Vec<Part>)]) -> Result<Vec<Line>, String> {
        let mut rows: Vec<(usize, usize, Line)> = Vec::new();
        for (cell, parts) in cells {
            if !self.patience.has_time() {
                break;
            }
            let mut read: Vec<Line> = Vec::new();
            for part in parts {
                match part {
                    Part::Lines(rect) => read.extend(self.fitted_block(prepared, *rect)?),
                    Part::Vertical(number) => read.extend(self.sure_vertical(prepared, *number)?),
                    Part::Table(_) => {}
                }
            }
            let sure = confidence(&read);
            let Some(rect) = read.iter().map(|line| line.rect).reduce(Rect::and) else { continue };
            let texts: Vec<&str> = read.iter().map(|line| line.text.as_str()).collect();
            let letters: usize = read.iter().map(|line| line.letters).sum();
            let text = texts.join(" ");
            let words = read.iter().flat_map(Line::words_apart);
            match rows.last_mut().filter(|(row, ..)| *row == cell.row) {
                Some((_, column, line)) => {
                    let tabs = "\t".repeat(cell.column.saturating_sub(*column).clamp(1, 64));
                    line.text = format!("{}{tabs}{text}", line.text);
                    let all = (line.letters + letters).max(1) as f32;
                    line.confidence =
                        (line.confidence * line.letters as f32 + sure * letters as f32) / all;
                    line.letters += letters;
                    line.rect = line.rect.and(rect);
                    line.words.extend(words);
                    *column = cell.column;
                }
                None => {
                    let tabs = "\t".repeat(cell.column.min(64));
                    let text = format!("{tabs}{text}");
                    let words = words.collect();
                    let line = Line { text, rect, confidence: sure, letters, words };
                    rows.push((cell.row, cell.column, line));
                }
            }
        }
        Ok(rows.into_iter().map(|(.., line)| line).collect())
    }

    /// A line that runs down, with its letters upright.
    fn vertical(&self, line: &Vertical) -> Result<Vec<Line>, String> {
        let Some(model) = self.order.first().and_then(|n| self.models.get(*n)) else {
            return Ok(Vec::new());
        };
        let laid = line.laid();
        let dpi = dpi(line.rect.width());
        let words = model.read(&laid.image, Segmentation::Line, dpi, &|| self.patience.alive())?;
        self.patience.alive();
        let words: Vec<Word> = words.into_iter().map(|word| laid.on_page(word)).collect();
        Ok(Line::of(&words, 0.0, 0.0))
    }

    /// The same if it is read for sure. If not, its letters may lie on their sides, as those of a label along the edge of a
    /// drawing; what is read neither way is left out.
    fn sure_vertical(&self, prepared: &Prepared, number: usize) -> Result<Vec<Line>, String> {
        let Some(line) = prepared.verticals.get(number) else { return Ok(Vec::new()) };
        let mut best = self.vertical(line)?;
        let mut sure = confidence(&best);
        if sure < SURE && self.learned.get().verticals_in_vain < GUESSES_TRIED {
            let (image, left, top) = line.standing();
            let size = (image.width as f32, image.height as f32);
            for (quarters, model) in [1, 3].into_iter().flat_map(|quarters| {
                self.order.iter().filter_map(move |n| Some((quarters, self.models.get(*n)?)))
            }) {
                let turned = image.turned(quarters);
                let dpi = dpi(line.rect.width());
                let words =
                    model.read(&turned, Segmentation::Line, dpi, &|| self.patience.alive())?;
                self.patience.alive();
                let words = words.into_iter().map(|word| {
                    let edges = word.bounds.map(|edge| edge as f32);
                    let bounds = turned_back(edges, quarters, size).map(|edge| edge as i32);
                    Word { bounds, ..word }
                });
                let lines = Line::of(&words.collect::<Vec<_>>(), left, top);
                if confidence(&lines) > sure {
                    (sure, best) = (confidence(&lines), lines);
                }
            }
            if sure < SURE {
                self.learn(|learned| learned.verticals_in_vain += 1);
            }
        }
        Ok(if sure < SURE { Vec::new() } else { best })
    }

    /// A block of lines whose words are where they stand, as far as there is time.
    fn fitted_block(&self, prepared: &Prepared, rect: Rect) -> Result<Vec<Line>, String> {
        let mut lines = Vec::new();
        for (n, strip) in strips(&prepared.grey, prepared.letter, rect).into_iter().enumerate() {
            if n > 0 && !self.patience.has_time() {
                break;
            }
            lines.extend(self.block(prepared, strip)?);
        }
        let fitted = lines.into_iter().map(|line| line.fitted(&prepared.grey, prepared.letter));
        Ok(fitted.collect())
    }

    /// A block of lines.
    fn block(&self, prepared: &Prepared, rect: Rect) -> Result<Vec<Line>, String> {
        let (first, second) = match (self.order.as_slice(), self.learned.get().is_latin) {
            ([first, second, ..], true) => (*second, Some(*first)),
            ([first, rest @ ..], _) => (*first, rest.first().copied()),
            ([], _) => return Ok(Vec::new()),
        };
        let mut lines = self.read(prepared, rect, first)?;
        let Some(second) = second else { return Ok(lines) };
        let mut foreign = second;
        let letters: usize = lines.iter().map(|line| line.letters).sum();
        let hangul: usize = lines.iter().map(Line::hangul).sum();
        let sure = confidence(&lines);
        // The model of Korean overlooks signs and points of numbers that stand alone, as in a table.
        let is_number = letters <= NUMBER_MOST
            && lines.iter().all(|line| line.text.chars().all(|c| !c.is_alphabetic()))
            && lines.iter().any(|line| line.text.contains(|c: char| c.is_ascii_digit()));
        if is_number && !self.learned.get().is_latin {
            let other = self.read(prepared, rect, second)?;
            return Ok(if is_better_number(&other, &lines) { other } else { lines });
        }
        let is_guess = sure < GUESS && self.learned.get().blocks_in_vain < GUESSES_TRIED;
        let is_foreign = letters > 8 && hangul as f32 <= letters as f32 * FOREIGN;
        // What was read in the wrong language is read as no word of it, and shows by how sure one is of it.
        let is_unclear = (HOPELESS..SURE + 0.2).contains(&sure);
        let is_wrong = is_unclear && is_foreign != self.learned.get().is_latin;
        if is_guess && !is_wrong {
            // The first lines tell, and cost little where it is in vain.
            let bottom = rect.bottom.min(rect.top + prepared.letter * 6);
            let first = self.read(prepared, Rect { bottom, ..rect }, second)?;
            if confidence(&first) < SURE {
                self.learn(|learned| learned.blocks_in_vain += 1);
                return Ok(lines);
            }
        }
        if is_guess || is_wrong {
            let other = self.read(prepared, rect, second)?;
            if confidence(&other) > sure {
                self.learn(|learned| learned.is_latin = !learned.is_latin);
                (lines, foreign) = (other, first);
            }
        }
        for line in &mut lines {
            self.number_alone(prepared, line, [second, first])?;
            self.foreign_words(prepared, line, foreign)?;
        }
        Ok(lines)
    }

    /// Reads a number by itself that stands alone in its line, and of which one is not sure at all: among numbers that stand higher
    /// and lower, as those over the bars of a chart do, the engine makes one out and says that it is none.
    fn number_alone(
        &self,
        prepared: &Prepared,
        line: &mut Line,
        models: [usize; 2],
    ) -> Result<(), String> {
        let is_doubted = line.confidence < HOPELESS && are_numbers(&line.text);
        if !is_doubted || self.learned.get().words_in_vain >= FOREIGN_TRIED {
            return Ok(());
        }
        for model in models {
            // As a block, for what is left of a bar may stand below it.
            let mut alone = self.read_as(Segmentation::Block, prepared, line.rect, model)?;
            let read = alone.pop().filter(|read| alone.is_empty() && are_numbers(&read.text));
            if let Some(read) = read.filter(|read| read.confidence > line.confidence) {
                *line = read;
            }
            if line.confidence >= SURE {
                return Ok(());
            }
        }
        self.learn(|learned| learned.words_in_vain += 1);
        Ok(())
    }

    /// Reads words of a line once more that are none of the language it was read in.
    fn foreign_words(
        &self,
        prepared: &Prepared,
        line: &mut Line,
        model: usize,
    ) -> Result<(), String> {
        let is_latin = self.learned.get().is_latin;
        let is_even = |rect: &Rect| word_box::is_even(rect, &prepared.grey);
        for span in line.doubtful(is_latin, &is_even).into_iter().rev() {
            if self.learned.get().words_in_vain >= FOREIGN_TRIED {
                break;
            }
            if self.is_foreign_span(prepared, line, span.clone(), model)? {
                continue;
            }
            let mut is_in_vain = true;
            if !is_latin {
                for part in line.without_hangul(&span).into_iter().rev() {
                    is_in_vain &= !self.is_foreign_span(prepared, line, part, model)?;
                }
            }
            if is_in_vain {
                self.learn(|learned| learned.words_in_vain += 1);
            }
        }
        Ok(())
    }

    /// Reads some words of a line in another language, and puts that in their place if it is better. False if it is not.
    fn is_foreign_span(
        &self,
        prepared: &Prepared,
        line: &mut Line,
        span: Range<usize>,
        model: usize,
    ) -> Result<bool, String> {
        let Some(before) = line.span(&span) else { return Ok(false) };
        let (width, height) = (prepared.grey.width, prepared.grey.height);
        let around = line.rect.grown(prepared.letter / 4, width, height);
        // The engine tells only about where a word ends: with its neighbours no letter is cut in two.
        let (beside, near) = (prepared.letter * 5 / 4, prepared.letter / 4);
        let rect = Rect {
            left: before.rect.left.saturating_sub(beside).max(around.left),
            right: (before.rect.right + beside).min(around.right),
            ..line.rect
        };
        let columns = before.rect.left.saturating_sub(near / 2)..before.rect.right + near / 2;
        let read = self.read(prepared, rect, model)?;
        let after = match read.as_slice() {
            [after] => after.within(columns, near),
            _ => None,
        };
        let is_even = |rect: &Rect| word_box::is_even(rect, &prepared.grey);
        let are_no_digits = !self.learned.get().is_latin && line.are_no_digits(&span, &is_even);
        let after = after.filter(|after| {
            are_no_digits && after.is_surely_latin()
                || after.is_better_than(&before, self.learned.get().is_latin, prepared.letter)
        });
        let is_better = after.is_some();
        if let Some(after) = after {
            line.replace(span, after.words);
        }
        Ok(is_better)
    }

    fn read(&self, prepared: &Prepared, rect: Rect, model: usize) -> Result<Vec<Line>, String> {
        // Two lines, of which the lower begins a third of a letter below the upper, are higher.
        let is_line = rect.height() * 10 < prepared.letter * 23;
        let segmentation = if is_line { Segmentation::Line } else { Segmentation::Block };
        self.read_as(segmentation, prepared, rect, model)
    }

    fn read_as(
        &self,
        segmentation: Segmentation,
        prepared: &Prepared,
        rect: Rect,
        model: usize,
    ) -> Result<Vec<Line>, String> {
        let Some(model) = self.models.get(model) else { return Ok(Vec::new()) };
        let (image, left, top) = prepared.image(rect);
        self.patience.alive();
        let words =
            model.read(&image, segmentation, dpi(prepared.letter), &|| self.patience.alive())?;
        self.patience.alive();
        self.allow(words.iter().map(|word| word.symbols.len()).sum());
        Ok(Line::distinct(Line::of(&words, left, top)))
    }

    /// Has time allowed for what follows so many letters more that were read.
    fn allow(&self, letters: usize) {
        let units = |letters: usize| letters.saturating_sub(USUAL).div_ceil(OF_UNIT);
        let before = self.letters.get();
        self.letters.set(before + letters);
        let more = units(before + letters) - units(before);
        if more > 0 {
            self.patience.more(u32::try_from(more).unwrap_or(u32::MAX));
        }
    }
}

/// A rectangle of a page that was turned by so many quarters, on the picture of this size as it was before.
pub(crate) fn turned_back(edges: [f32; 4], quarters: u8, (width, height): (f32, f32)) -> [f32; 4] {
    let [left, top, right, bottom] = edges;
    match quarters % 4 {
        1 => [top, height - right, bottom, height - left],
        2 => [width - right, height - bottom, width - left, height - top],
        3 => [width - bottom, left, width - top, right],
        _ => edges,
    }
}

/// Which of two readings of a number is to be believed: the one that is written as numbers are; of those with the same digits the one with more signs and points, which are
/// overlooked rather than made up, and of others that of which one is surer.
fn is_better_number(one: &[Line], other: &[Line]) -> bool {
    let text = |lines: &[Line]| -> String { lines.iter().map(|line| line.text.as_str()).collect() };
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let (a, b) = (text(one), text(other));
    match (are_numbers(&a), are_numbers(&b)) {
        (true, false) => true,
        (false, true) => false,
        _ if digits(&a) == digits(&b) => a.len() > b.len(),
        _ => confidence(one) > confidence(other),
    }
}

/// Whether all that stands there is written as numbers are: digits, with commas between threes of them, with a point and a sign.
fn are_numbers(text: &str) -> bool {
    let is_number = |word: &str| {
        let word = word.trim_start_matches(['-', '+', '−', '△', '▲']).trim_end_matches('%');
        let (whole, part) = word.split_once('.').unwrap_or((word, "0"));
        let are_digits =
            |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        let mut threes = whole.split(',');
        let first = threes.next().unwrap_or_default();
        let mut is_grouped = false;
        let are_threes = threes.all(|three| {
            is_grouped = true;
            three.len() == 3 && are_digits(three)
        });
        are_digits(first) && are_threes && are_digits(part) && (!is_grouped || first.len() <= 3)
    };
    !text.trim().is_empty() && text.split_whitespace().all(is_number)
}

/// The resolution of a page whose letters are so high, which the engine asks for only to guess how large they are.
fn dpi(letter: usize) -> u32 {
    (letter * 9).clamp(100, 600) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_so() {
        for number in ["7", "-3.6", "1,325,360", "12.5%", "△1,234", "466 74,370", "20261128"] {
            assert!(are_numbers(number), "{number}");
        }
        for other in ["", " ", "2.297.263", "/3,455", "1,23", "1234,567", "12:30", "383;375", "-"] {
            assert!(!are_numbers(other), "{other}");
        }
    }

    #[test]
    fn signs_of_numbers_are_overlooked_rather_than_made_up() {
        let line = |text: &str, confidence| {
            let (rect, letters) = (Rect { left: 0, top: 0, right: 9, bottom: 9 }, text.len());
            [Line { text: text.to_owned(), rect, confidence, letters, words: Vec::new() }]
        };
        for (one, other, expected) in [
            (line("-3.6", 0.6), line("36", 0.9), true),
            (line("40", 0.9), line("4.0", 0.6), false),
            (line("8,100", 0.9), line("18,100", 0.6), true),
            (line("8,100", 0.6), line("18,100", 0.9), false),
            (line("980", 0.9), line("980", 0.6), false),
            (line("73,455", 0.6), line("/3.455", 0.9), true),
            (line("2,742,.312", 0.9), line("2,742,312", 0.6), false),
            (line("2,297,263", 0.6), line("2.297.263", 0.9), true),
        ] {
            assert_eq!(is_better_number(&one, &other), expected, "{one:?} {other:?}");
        }
    }
}
