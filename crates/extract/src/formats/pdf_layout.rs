//! The reading order of a page: words to lines, lines to columns. Rows of tables stay rows.

use std::cell::Cell;

use super::pdf_cmap::is_no_text;
use super::pdf_column;
use super::pdf_flow::flow;
use super::pdf_glyph::Glyphs;
use super::pdf_korean_break::{MAYBE, may_be_broken};
use super::pdf_line::{APART, CELL, Line, lines_of, stand_apart, widest_gap};
use super::pdf_spelling;
use super::pdf_tracking;
use super::pdf_word::{Word, Words};

/// Gap between words, in font sizes, that shows as a space though none was written.
const SPACE: f64 = 0.14;

/// Gap that is set between scripts at most, where spaces are written.
const SCRIPTS: f64 = 0.35;

/// How far a word stands over the one before, in font sizes, where both are of different texts.
const OVER: f64 = 0.6;

/// Lines with a gap, or beside another, without which no columns are looked for.
const PARTED_LEAST: usize = 3;

/// Words of a page that is searched for columns. The fullest newspaper page has half as many.
const WORDS_MOST: usize = 20_000;

/// How often each word of a page is looked at in the search for columns, on the average.
const LOOKS_MOST: usize = 300;

/// How often a page is cut in two to find its columns.
const CUTS_DEEPEST: u32 = 24;

/// How far from the end of its column a line may end within a word, in font sizes: no syllable has room there.
const FULL: f64 = 1.5;

/// Lines around one that tell where its column ends.
const NEIGHBOURS: usize = 3;

/// The text of a page in reading order. Where a line may end within a Korean word, [`MAYBE`] stands.
pub(super) fn text(glyphs: &Glyphs) -> String {
    let mut out = String::new();
    for words in Words::of(glyphs) {
        let mut all: Vec<Word> = words.words.clone();
        all.retain(|word| !words.text(word).is_empty());
        let mut lines = Vec::new();
        let looks = Cell::new(all.len().saturating_mul(LOOKS_MOST));
        cut(&mut all, CUTS_DEEPEST, &looks, &mut lines);
        if !out.is_empty() && !lines.is_empty() {
            out.push_str("\n\n");
        }
        write(&words, &lines, &mut out);
    }
    out
}

/// Puts the words of a region into lines: as they were written, or after cutting it where columns stand side by side.
fn cut(words: &mut [Word], depth: u32, looks: &Cell<usize>, out: &mut Vec<Line>) {
    if let Some(lines) = flow(words, looks).filter(|lines| has_no_columns(lines, looks)) {
        return out.extend(lines);
    }
    let lines = lines_of(words);
    // Without several lines that have a gap, or stand beside one another, there are no columns to look for.
    let parted = lines.iter().filter(|line| is_parted(line)).count()
        + lines.windows(2).filter(|pair| stand_apart(pair)).count();
    let may_part = depth > 0
        && words.len() <= WORDS_MOST
        && parted >= PARTED_LEAST
        && lines.len() > PARTED_LEAST + 1;
    let gutter = may_part.then(|| pdf_column::gutter(words, &lines, looks)).flatten();
    if let Some(gutter) = gutter {
        let words_of = |lines: &[Line]| -> Vec<Word> {
            lines.iter().flat_map(|line| line.words.iter().copied()).collect()
        };
        let (above, rest) = lines.split_at_checked(gutter.start).unwrap_or_default();
        let length = gutter.end.saturating_sub(gutter.start);
        let (run, below) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        cut(&mut words_of(above), depth - 1, looks, out);
        let (left, right) = words_of(run).into_iter().partition(|word| word.x0 < gutter.x);
        for mut part in [left, right, words_of(below)] {
            let first = out.len();
            cut(&mut part, depth - 1, looks, out);
            if let Some(line) = out.get_mut(first) {
                line.opens = true;
            }
        }
        return;
    }
    if may_part && let Some(y) = break_between(&lines) {
        let (top, bottom) = parts(words, |word| word.y > y);
        cut(top, depth - 1, looks, out);
        cut(bottom, depth - 1, looks, out);
        return;
    }
    out.extend(lines);
}

/// Whether parts of a line may belong to different columns or cells.
fn is_parted(line: &Line) -> bool {
    widest_gap(line) > APART * line.size
}

/// Whether the lines of a flow were written over no gutter: columns may have been written line by line.
fn has_no_columns(flow: &[Line], looks: &Cell<usize>) -> bool {
    let is_beside = |at: usize| flow.get(at..=at + 1).is_some_and(stand_apart);
    let stands_beside = |at: usize| is_beside(at) || at > 0 && is_beside(at - 1);
    let parted = flow.iter().enumerate().filter(|(at, line)| is_parted(line) || stands_beside(*at));
    let words: Vec<Word> = parted.flat_map(|(_, line)| line.words.iter().copied()).collect();
    let lines = lines_of(&words);
    lines.len() < PARTED_LEAST || pdf_column::gutter(&words, &lines, looks).is_none()
}

/// Moves the words of the first part to the front.
fn parts(words: &mut [Word], first: impl Fn(&Word) -> bool) -> (&mut [Word], &mut [Word]) {
    words.sort_by_key(|word| !first(word));
    let at = words.partition_point(first);
    words.split_at_mut(at)
}

/// The middle of the widest gap between two lines.
fn break_between(lines: &[Line]) -> Option<f64> {
    let gap = |pair: &[Line]| match pair {
        [above, below] => {
            let top = below.y + below.size * 0.75;
            let bottom = above.y - above.size * 0.2;
            (bottom - top > -above.size * 0.3).then_some((bottom - top, (below.y + bottom) / 2.0))
        }
        _ => None,
    };
    let widest = lines.windows(2).filter_map(gap).max_by(|a, b| a.0.total_cmp(&b.0));
    // Words are told apart by their base line, which may be anything between the lines but on them.
    widest.map(|(_, y)| y)
}

fn write(words: &Words, lines: &[Line], out: &mut String) {
    let pitches: Vec<f64> = lines.windows(2).map(pitch).collect();
    // Letters that are set apart are words of one glyph.
    let spaces = words.words.iter().filter(|word| word.space.is_some()).count();
    let others = words.words.iter().filter(|word| word.space.is_none() && word.glyphs > 1).count();
    let spaced = spaces * 2 > others;
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        text.clear();
        write_line(words, line, spaced, &mut text);
        // A paragraph ends where the next line is farther away than its neighbours are.
        let above = |back: usize| at.checked_sub(back).and_then(|at| pitches.get(at)).copied();
        let here = above(1).unwrap_or(0.0);
        let near = [above(2), pitches.get(at).copied()].into_iter().flatten();
        let usual = near.filter(|pitch| *pitch > 0.0).reduce(f64::min);
        let usual = usual.unwrap_or(line.size * 1.7);
        let parted = line.opens || here < 0.0 || here > usual.max(line.size) * 1.3;
        join(out, &text, at == 0, parted, at > 0 && may_go_on(lines, at - 1));
    }
}

/// How far the second of two lines lies below the first.
fn pitch(pair: &[Line]) -> f64 {
    match pair {
        [above, below] => above.y - below.y,
        _ => 0.0,
    }
}

/// Whether a line may end within a word: it fills its column, no space stands at its end, and the next begins below it.
fn may_go_on(lines: &[Line], at: usize) -> bool {
    let (Some(line), Some(next)) = (lines.get(at), lines.get(at + 1)) else { return false };
    if line.words.last().is_none_or(|word| word.space.is_some()) {
        return false;
    }
    let ((left, right), (next_left, next_right)) = (line.span(), next.span());
    let is_below = next_left < right && next_right > left;
    let around = lines.get(at.saturating_sub(NEIGHBOURS)..).unwrap_or_default();
    let around = around.iter().take(NEIGHBOURS * 2 + 1).map(|line| line.span());
    let end = around.filter(|span| span.0 < right).map(|span| span.1).fold(right, f64::max);
    is_below && right > end - line.size * FULL && widest_gap(line) < CELL * 1.5 * line.size
}

/// Sets a line below what is there. A word that was hyphenated to end a line becomes one again.
fn join(out: &mut String, line: &str, first: bool, parted: bool, may_go_on: bool) {
    if first {
        out.push_str(line);
        return;
    }
    let next = line.chars().next();
    let mut before = out.chars().rev();
    let (last, letter) = (before.next(), before.next());
    let hyphenated = match last {
        Some('\u{AD}') => true,
        Some('-' | '\u{2010}') => {
            letter.is_some_and(char::is_lowercase) && next.is_some_and(char::is_lowercase)
        }
        _ => false,
    };
    if hyphenated && !parted {
        out.truncate(out.len() - last.map_or(0, char::len_utf8));
        out.push_str(line);
        return;
    }
    match parted {
        true => out.push_str("\n\n"),
        false if may_go_on && may_be_broken(last, next) && !is_row_of_figures(line) => {
            out.push(MAYBE);
        }
        false => out.push('\n'),
    }
    out.push_str(line);
}

/// Whether a line is a row of a table rather than a sentence: half of its words are figures, and there are some.
fn is_row_of_figures(line: &str) -> bool {
    let words = line.split_whitespace().count();
    let figures = line.split_whitespace().filter(|it| it.contains(|c: char| c.is_ascii_digit()));
    words >= 4 && figures.count() * 2 >= words
}

/// Whether Hangul meets a digit or a Latin letter: there LibreOffice and others set a gap that nobody wrote.
fn is_between_scripts(words: &Words, before: &Word, after: &Word) -> bool {
    let last = words.text(before).chars().next_back();
    let first = words.text(after).chars().next();
    let is_hangul = |c: Option<char>| matches!(c, Some('가'..='힣'));
    let is_latin = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    is_hangul(last) && is_latin(first) || is_latin(last) && is_hangul(first)
}

/// Whether the first word of a line is the raised number of a note that follows it. Behind a word such a number stays with
/// it, as other readers have it: it may be a power or a unit.
fn is_note_mark(words: &Words, mark: &Word, note: &Word) -> bool {
    let up = mark.y - note.y;
    let is_raised = mark.size < note.size * 0.85 && up > note.size * 0.15 && up < note.size * 0.8;
    let text = words.text(mark);
    is_raised
        && text.len() <= 4
        && text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | ')'))
}

/// Writes the words of a line; `spaced` says that the page writes its spaces as characters.
fn write_line(words: &Words, line: &Line, spaced: bool, out: &mut String) {
    let tracking = pdf_tracking::of(line, spaced, |word| words.text(word));
    let mut before: Option<&Word> = None;
    for (at, word) in line.words.iter().enumerate() {
        if let Some(last) = before {
            // Printed twice to look bold.
            if (word.x0 - last.x0).abs() < word.size * 0.25
                && (word.y - last.y).abs() < word.size * 0.25
                && words.text(word) == words.text(last)
            {
                continue;
            }
            let gap = word.x0 - last.x1;
            let size = word.size.min(last.size);
            let tracked = tracking.get(at).copied().unwrap_or_default();
            let limit = match spaced && is_between_scripts(words, last, word) {
                true => tracked + SCRIPTS * size,
                false => tracked + SPACE * size,
            };
            // What is read from right to left has its space before it.
            let is_spaced = last.space.is_some_and(|at| last.x0 < at && at < word.x0)
                || word.space.is_some_and(|at| last.x0 < at && at < word.x0);
            if gap > CELL * 1.5 * size {
                out.push('\t');
            } else if gap > limit
                || gap < -OVER * size
                || is_spaced
                || at == 1 && is_note_mark(words, last, word)
            {
                out.push(' ');
            }
        }
        out.extend(words.text(word).chars().filter(|&c| !is_no_text(c)));
        before = Some(word);
    }
    if is_right_to_left(out) {
        *out = logical(out);
    }
    // Only now: what is read backward has its letters turned, but not those of a ligature.
    if let Some(spelled) = pdf_spelling::spelled(out) {
        *out = spelled;
    }
}

/// Whether most letters are Hebrew or Arabic, presentation forms included.
fn is_right_to_left(text: &str) -> bool {
    let (mut letters, mut backward) = (0u32, 0u32);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        letters += 1;
        backward += u32::from(is_backward(c));
    }
    backward * 2 > letters
}

fn is_backward(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FEFC}')
}

/// Turns a line from the order of the eye to that of the tongue; numbers and Latin words keep theirs.
fn logical(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut forward: Vec<char> = Vec::new();
    for c in line.chars().rev() {
        let stays = c.is_alphanumeric() && !is_backward(c)
            || !forward.is_empty() && matches!(c, '.' | ',' | ':' | '/' | '-');
        if stays {
            forward.push(c);
            continue;
        }
        out.extend(forward.drain(..).rev());
        out.push(match c {
            '(' => ')',
            ')' => '(',
            '[' => ']',
            ']' => '[',
            c => c,
        });
    }
    out.extend(forward.drain(..).rev());
    out
}

#[cfg(test)]
mod tests {
    use super::super::pdf_glyph::Glyph;
    use super::*;

    /// A page of text set in size 10, each letter 5 wide: texts, and where they begin.
    fn page(texts: &[(f64, f64, &str)]) -> Glyphs {
        let mut glyphs = Glyphs::default();
        for &(x, y, text) in texts {
            for (at, c) in text.chars().enumerate() {
                let start = glyphs.chars.len() as u32;
                glyphs.chars.push(c);
                let end = glyphs.chars.len() as u32;
                let x = x + at as f64 * 5.0;
                glyphs.glyphs.push(Glyph { start, end, x, y, dx: 5.0, dy: 0.0, size: 10.0 });
            }
        }
        glyphs
    }

    #[test]
    fn keeps_a_narrow_space_between_words_from_right_to_left() {
        let mut glyphs = Glyphs::default();
        // In the order of the tongue: a word, its space, and the next one to the left.
        for (x, dx, c) in [
            (55.0, 5.0, 'א'),
            (50.0, 5.0, 'ב'),
            (49.0, 1.0, ' '),
            (44.0, 5.0, 'ג'),
            (39.0, 5.0, 'ד'),
        ] {
            let start = glyphs.chars.len() as u32;
            glyphs.chars.push(c);
            let end = glyphs.chars.len() as u32;
            glyphs.glyphs.push(Glyph { start, end, x, y: 0.0, dx, dy: 0.0, size: 10.0 });
        }
        assert_eq!(text(&glyphs), "אב גד");
    }

    #[test]
    fn parts_the_number_of_a_note_from_the_note() {
        let text = |before: &str, mark: &str, after: &str| {
            let mut glyphs = page(&[(0.0, 0.0, before)]);
            let mut put = |x: f64, y: f64, size: f64, text: &str| {
                for (at, c) in text.chars().enumerate() {
                    let start = glyphs.chars.len() as u32;
                    glyphs.chars.push(c);
                    let end = glyphs.chars.len() as u32;
                    let (x, dx) = (x + at as f64 * size / 2.0, size / 2.0);
                    glyphs.glyphs.push(Glyph { start, end, x, y, dx, dy: 0.0, size });
                }
            };
            let end = before.chars().count() as f64 * 5.0;
            put(end, 3.5, 7.0, mark);
            put(end + mark.chars().count() as f64 * 3.5, 0.0, 10.0, after);
            super::text(&glyphs)
        };
        assert_eq!(text("", "12", "See below"), "12 See below");
        assert_eq!(text("words", "1", ""), "words1");
        assert_eq!(text("km", "2", ""), "km2");
        assert_eq!(text("x", "2", "y"), "x2y");
    }

    #[test]
    fn reads_columns_one_after_the_other() {
        let rows = [
            "alpha beta gamma and",
            "delta epsilon zeta e",
            "theta iota kappa lam",
            "lambda mu nu xi then",
        ];
        let mut texts = vec![(0.0, 760.0, "a title that is as wide as both columns")];
        for (row, text) in rows.iter().enumerate() {
            texts.push((0.0, 700.0 - row as f64 * 12.0, *text));
            texts.push((120.0, 700.0 - row as f64 * 12.0, *text));
        }
        // A paragraph goes on.
        texts.push((0.0, 652.0, "omicron pi rho sigma"));
        texts.push((120.0, 652.0, "omicron pi rho sigma"));
        let column = format!("{}\nomicron pi rho sigma", rows.join("\n"));
        let title = texts[0].2;
        assert_eq!(text(&page(&texts)), format!("{title}\n\n{column}\n\n{column}"));
    }

    #[test]
    fn keeps_columns_apart_where_spaces_are_as_wide_as_their_gutter() {
        let mut texts = Vec::new();
        for row in 0..8 {
            for left in [0.0, 110.0] {
                let y = 700.0 - f64::from(row) * 12.0;
                match row {
                    3 | 4 => texts.extend([0.0, 37.5, 75.0].map(|x| (left + x, y, "words"))),
                    _ => texts.push((left, y, "alpha beta gamma and")),
                }
            }
        }
        let plain = ["alpha beta gamma and"; 3].join("\n");
        let column = format!("{plain}\nwords words words\nwords words words\n{plain}");
        assert_eq!(text(&page(&texts)).replace('\t', " "), format!("{column}\n\n{column}"));
    }

    #[test]
    fn marks_lines_that_may_end_within_a_korean_word() {
        let texts = [
            (0.0, 100.0, "공공기관이 가진 공공데"),
            (0.0, 88.0, "이터를 제공하고 이용을 "),
            (0.0, 76.0, "활성화하는"),
            (0.0, 64.0, "법과 그 시행에 드는 일"),
            (0.0, 52.0, "is told"),
        ];
        let expected = "공공기관이 가진 공공데\u{1F}이터를 제공하고 이용을\n활성화하는\n법과 그 시행에 드는 일\nis told";
        assert_eq!(text(&page(&texts)), expected);
    }

    #[test]
    fn keeps_rows_of_tables() {
        let mut texts = Vec::new();
        for row in 0..6 {
            let y = 700.0 - f64::from(row) * 14.0;
            texts.extend([(0.0, y, "region"), (150.0, y, "12"), (300.0, y, "345")]);
        }
        assert_eq!(text(&page(&texts)), ["region\t12\t345"; 6].join("\n"));
    }

    #[test]
    fn keeps_cells_of_several_lines_whole() {
        let mut texts = Vec::new();
        for row in 0..4 {
            let y = 700.0 - f64::from(row) * 40.0;
            // The middle of the row, as office programs set short cells.
            texts.push((0.0, y - 6.0, "12"));
            texts.extend([(40.0, y, "a road that is"), (40.0, y - 12.0, "mended")]);
            texts.extend([(150.0, y, "until the end of"), (150.0, y - 12.0, "the winter")]);
        }
        let row = "12\n\na road that is\nmended\n\nuntil the end of\nthe winter";
        let found = text(&page(&texts)).replace("\n\n", "\n");
        assert_eq!(found, [row; 4].join("\n").replace("\n\n", "\n"));
    }

    #[test]
    fn reads_a_column_beside_the_text_as_it_was_written() {
        let side = ["note on", "all that", "is told", "beside"];
        let main = ["the text itself goes on to", "the end of each of its lines", "for as long as"];
        let mut texts = vec![(0.0, 780.0, "Heading")];
        texts.extend(side.iter().zip(0..).map(|(t, at)| (160.0, 700.0 - f64::from(at) * 11.0, *t)));
        texts.extend(main.iter().zip(0..).map(|(t, at)| (0.0, 700.0 - f64::from(at) * 12.0, *t)));
        let found = text(&page(&texts)).replace("\n\n", "\n");
        assert_eq!(found, format!("Heading\n{}\n{}", side.join("\n"), main.join("\n")));
    }

    #[test]
    fn reads_rows_of_a_table_that_was_written_by_columns() {
        let mut texts = Vec::new();
        for (x, cell) in [(0.0, "region"), (150.0, "12"), (300.0, "345")] {
            texts.extend((0..6).map(|row| (x, 700.0 - f64::from(row) * 14.0, cell)));
        }
        assert_eq!(text(&page(&texts)), ["region\t12\t345"; 6].join("\n"));
    }

    #[test]
    fn sets_the_head_of_a_page_first_and_its_foot_last() {
        let lines = [(0.0, 100.0, "one"), (0.0, 88.0, "two"), (0.0, 76.0, "three")];
        let mut texts = vec![(40.0, 20.0, "- 7 -")];
        texts.extend(lines);
        assert_eq!(text(&page(&texts)), "one\ntwo\nthree\n\n- 7 -");
        let mut texts = lines.to_vec();
        texts.push((40.0, 140.0, "Report"));
        assert_eq!(text(&page(&texts)), "Report\n\none\ntwo\nthree");
    }

    #[test]
    fn parts_words_of_texts_that_lie_over_one_another() {
        let texts = [
            (0.0, 100.0, "tempor urna"),
            (0.0, 88.0, "dolor"),
            (12.0, 100.0, "quam"),
            (12.0, 88.0, "eu"),
        ];
        assert_eq!(text(&page(&texts)), "tempor quam urna\ndolor eu");
    }

    #[test]
    fn closes_letters_that_are_set_apart() {
        // Each letter is 5 wide.
        let spread = |text: &'static str, step: f64| -> Vec<(f64, f64, &'static str)> {
            let chars = text.char_indices().map(|(at, c)| &text[at..at + c.len_utf8()]);
            chars.zip(0..).map(|(c, at)| (f64::from(at) * step, 100.0, c)).collect()
        };
        let written = spread("결과 보고를 낸다 ", 7.0);
        assert_eq!(text(&page(&written)), "결과 보고를 낸다");
        // A heading among lines whose spaces are written.
        let mut texts = spread("공고", 9.0);
        texts.extend([(0.0, 80.0, "길을 "), (20.0, 80.0, "고친 "), (40.0, 80.0, "일을 ")]);
        texts.extend([(60.0, 80.0, "알린다 ")]);
        assert_eq!(text(&page(&texts)), "공고\n길을 고친 일을 알린다");
        // Where spaces are gaps, they are wider ones.
        let gaps = [0.0, 7.0, 17.0, 24.0, 31.0];
        let texts: Vec<_> =
            gaps.iter().zip(["결", "과", "보", "고", "를"]).map(|(x, c)| (*x, 100.0, c)).collect();
        assert_eq!(text(&page(&texts)), "결과 보고를");
    }

    #[test]
    fn joins_what_was_hyphenated_and_parts_paragraphs() {
        let texts = [
            (0.0, 100.0, "one exam-"),
            (0.0, 88.0, "ple of A-"),
            (0.0, 76.0, "B lines"),
            (0.0, 50.0, "new"),
        ];
        assert_eq!(text(&page(&texts)), "one example of A-\nB lines\n\nnew");
    }

    #[test]
    fn closes_gaps_between_scripts_where_spaces_are_written() {
        let gap = |x| vec![(0.0, 100.0, "we do so "), (60.0, 100.0, "2026"), (x, 100.0, "년 ")];
        assert_eq!(text(&page(&gap(82.5))), "we do so\t2026년");
        assert_eq!(text(&page(&gap(84.5))), "we do so\t2026 년");
    }

    #[test]
    fn reads_lines_struck_twice_once() {
        let texts = [(0.0, 100.0, "bold text"), (0.3, 100.0, "bold text")];
        assert_eq!(text(&page(&texts)), "bold text");
    }

    #[test]
    fn keeps_raised_letters_on_their_line() {
        let mut glyphs = page(&[(0.0, 100.0, "area m"), (35.0, 100.0, "is")]);
        let start = glyphs.chars.len() as u32;
        glyphs.chars.push('2');
        let raised =
            Glyph { start, end: start + 1, x: 30.0, y: 104.0, dx: 3.0, dy: 0.0, size: 6.0 };
        glyphs.glyphs.push(raised);
        assert_eq!(text(&glyphs), "area m2 is");
    }

    #[test]
    fn turns_right_to_left_lines() {
        assert_eq!(logical("2024 םולש"), "שלום 2024");
        assert_eq!(logical("(ב) א"), "א (ב)");
    }
}
