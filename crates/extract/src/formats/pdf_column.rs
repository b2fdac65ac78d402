//! Columns of running text that stand side by side, over the whole of a region or over some of its lines.

use std::cell::Cell;
use std::ops::Range;

use super::pdf_line::{APART, CELL, Line, lines_of, stand_apart, widest_gap};
use super::pdf_word::Word;

/// Lines that a column must have on either side of a gutter, and how wide it is at least in font sizes.
const COLUMN_LINES: usize = 4;
const COLUMN_WIDTH: f64 = 9.0;

/// How wide a gutter is at least, in font sizes.
const GUTTER: f64 = 0.6;

/// How wide the spaces of text on a grid are at least, in font sizes, in how many of its lines. The spaces of single lines
/// are stretched as wide where words are kept whole.
const GRID: f64 = 0.9;
const GRID_LEAST: f64 = 0.5;

/// How deep columns may lie in columns.
const COLUMNS_DEEPEST: u32 = 2;

/// Places that are tried for a gutter which does not reach from top to bottom.
const PLACES_MOST: usize = 8;

/// A gap between two columns, and the lines that it parts, from the first to below the last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gutter {
    pub(super) x: f64,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The gutter of a region of which the lines are given too: one from top to bottom, or that of the most words. Every look
/// at a word is taken from `looks`; when there are none left, there is no gutter.
pub(super) fn gutter(words: &[Word], lines: &[Line], looks: &Cell<usize>) -> Option<Gutter> {
    let on_grid = lines.iter().filter(|line| usual_gap(line) > line.size * GRID).count();
    let on_grid = on_grid as f64 > lines.len() as f64 * GRID_LEAST;
    // A title may have a wide space above the gutter.
    let whole = whole_gutter(words, COLUMNS_DEEPEST, looks)
        .filter(|&x| lines.iter().all(|line| is_open(line, x, on_grid)));
    let whole = whole.map(|x| match columns_of(lines, 0..lines.len(), x, looks) {
        Some((gutter, _)) => gutter,
        None => Gutter { x, start: 0, end: lines.len() },
    });
    whole.or_else(|| {
        let found =
            places(lines).into_iter().filter_map(|x| partial_gutter(lines, x, on_grid, looks));
        found.max_by_key(|(_, words)| *words).map(|(gutter, _)| gutter)
    })
}

/// The middle of a gap that runs from top to bottom between two columns of running text. Cells of a table are no
/// columns: they leave most of their width empty.
fn whole_gutter(words: &[Word], depth: u32, looks: &Cell<usize>) -> Option<f64> {
    let mut sorted: Vec<&Word> = words.iter().collect();
    sorted.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    let size = usual_size(words)?;
    let mut gaps: Vec<(f64, f64)> = Vec::new();
    let mut end = f64::MAX;
    for word in sorted {
        if word.x0 - end > size * GUTTER {
            gaps.push((word.x0 - end, (word.x0 + end) / 2.0));
        }
        end = if end == f64::MAX { word.x1 } else { end.max(word.x1) };
    }
    gaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    gaps.iter().take(6).map(|&(_, x)| x).find(|&x| parts_columns(words, x, size, depth, looks))
}

fn parts_columns(words: &[Word], x: f64, size: f64, depth: u32, looks: &Cell<usize>) -> bool {
    let (left, right): (Vec<Word>, Vec<Word>) = words.iter().partition(|word| word.x0 < x);
    is_column(&left, size, depth, looks) && is_column(&right, size, depth, looks)
}

fn usual_size(words: &[Word]) -> Option<f64> {
    let mut sizes: Vec<f64> = words.iter().map(|word| word.size).collect();
    sizes.sort_by(f64::total_cmp);
    sizes.get(sizes.len() / 2).copied()
}

/// Whether words are a column of running text: several lines, most of which fill it. Rows of a table have gaps that
/// part no further columns.
pub(super) fn is_column(words: &[Word], size: f64, depth: u32, looks: &Cell<usize>) -> bool {
    let Some(left_over) = looks.get().checked_sub(words.len()) else { return false };
    looks.set(left_over);
    let left = words.iter().map(|w| w.x0).fold(f64::MAX, f64::min);
    let right = words.iter().map(|w| w.x1).fold(f64::MIN, f64::max);
    let lines = lines_of(words);
    if lines.len() < COLUMN_LINES || right - left < COLUMN_WIDTH * size {
        return false;
    }
    let full = |line: &&Line| {
        let used: f64 = line.words.iter().map(|word| word.x1 - word.x0).sum();
        line.width() > (right - left) * 0.55 && used > (right - left) * 0.45
    };
    let gapped = lines.iter().filter(|line| widest_gap(line) > CELL * line.size).count();
    lines.iter().filter(full).count() * 2 >= lines.len()
        && (gapped * 2 < lines.len()
            || depth > 0 && whole_gutter(words, depth - 1, looks).is_some())
}

/// Where second columns may begin: what stands behind gaps of several lines at one place.
fn places(lines: &[Line]) -> Vec<f64> {
    let behind_gaps = lines.iter().flat_map(|line| {
        line.words.windows(2).filter_map(|pair| match pair {
            [a, b] if b.x0 - a.x1 > APART * line.size => Some((b.x0, line.size)),
            _ => None,
        })
    });
    let beside = lines.windows(2).filter(|pair| stand_apart(pair)).filter_map(|pair| match pair {
        [a, b] => Some((a.span().0.max(b.span().0), a.size)),
        _ => None,
    });
    let mut starts: Vec<(f64, f64)> = behind_gaps.chain(beside).collect();
    starts.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut places: Vec<(usize, f64, f64)> = Vec::new();
    for (x, size) in starts {
        match places.last_mut() {
            Some((count, first, _)) if x - *first < size * 0.5 => *count += 1,
            _ => places.push((1, x, size)),
        }
    }
    places.retain(|(count, ..)| *count >= COLUMN_LINES - 1);
    places.sort_by_key(|(count, ..)| std::cmp::Reverse(*count));
    places.into_iter().take(PLACES_MOST).map(|(_, x, size)| x - size * GUTTER / 2.0).collect()
}

/// The lines around a place that no word crosses, if they are two columns, and how many words they have.
fn partial_gutter(
    lines: &[Line],
    x: f64,
    on_grid: bool,
    looks: &Cell<usize>,
) -> Option<(Gutter, usize)> {
    let mut best: Option<(Gutter, usize)> = None;
    let mut start = 0;
    while start < lines.len() {
        let open = open_lines(lines.get(start..).unwrap_or_default(), x, on_grid);
        if let Some(found) = columns_of(lines, start..start + open, x, looks)
            && best.is_none_or(|(_, words)| words < found.1)
        {
            best = Some(found);
        }
        start += open + 1;
    }
    best
}

/// How many of the first lines leave a place open. One between two others may reach into the gutter.
fn open_lines(lines: &[Line], x: f64, on_grid: bool) -> usize {
    let mut open = 0;
    while let Some(line) = lines.get(open) {
        let is_tight = || {
            let is_next = lines.get(open + 1).is_some_and(|next| is_open(next, x, on_grid));
            is_next
                && open > 0
                && line.words.iter().any(|word| (word.x0 - x).abs() < line.size * GUTTER)
        };
        if !is_open(line, x, on_grid) && !is_tight() {
            break;
        }
        open += 1;
    }
    open
}

/// Whether a line leaves a gap at a place, or stands on one side of it.
fn is_open(line: &Line, x: f64, on_grid: bool) -> bool {
    let left = line.words.iter().filter(|w| w.x0 < x).map(|w| w.x1).fold(f64::MIN, f64::max);
    let right = line.words.iter().filter(|w| w.x0 >= x).map(|w| w.x0).fold(f64::MAX, f64::min);
    // Text that is set on a grid has spaces as wide as a gutter, one below the other.
    let usual = if on_grid { usual_gap(line) } else { 0.0 };
    left <= x && right - left > (line.size * GUTTER).max(usual * 1.2)
}

/// The middle one of the gaps of a line but the widest.
fn usual_gap(line: &Line) -> f64 {
    let gaps = line.words.windows(2).map(|pair| match pair {
        [a, b] => b.x0 - a.x1,
        _ => 0.0,
    });
    let mut gaps: Vec<f64> = gaps.collect();
    gaps.sort_by(f64::total_cmp);
    gaps.pop();
    gaps.get(gaps.len() / 2).copied().unwrap_or(0.0)
}

fn columns_of(
    lines: &[Line],
    run: Range<usize>,
    x: f64,
    looks: &Cell<usize>,
) -> Option<(Gutter, usize)> {
    let (start, end) = without_ends(lines, run.start, run.end, x);
    let run = lines.get(start..end)?;
    if run.len() < COLUMN_LINES {
        return None;
    }
    let words: Vec<Word> = run.iter().flat_map(|line| line.words.iter().copied()).collect();
    if !parts_columns(&words, x, usual_size(&words)?, COLUMNS_DEEPEST, looks) {
        return None;
    }
    Some((Gutter { x, start, end }, words.len()))
}

/// Leaves out tables, whose rows have further gaps, and headings: lines of one side that stand apart from those of two.
fn without_ends(lines: &[Line], mut start: usize, mut end: usize, x: f64) -> (usize, usize) {
    let run = lines.get(start..end).unwrap_or_default();
    let rows: Vec<bool> = run.iter().map(is_row).collect();
    let (above, below) = (rows_of(rows.iter()), rows_of(rows.iter().rev()));
    // Three columns have such gaps throughout.
    if above + below < rows.len() {
        (start, end) = (start + above, end - below);
    }
    let run = lines.get(start..end).unwrap_or_default();
    let mut pitches: Vec<f64> = run.windows(2).map(pitch).collect();
    pitches.sort_by(f64::total_cmp);
    let usual = pitches.get(pitches.len() * 3 / 4).copied().unwrap_or(0.0);
    let is_left = |line: &Line| line.words.iter().all(|word| word.x0 < x);
    let is_right = |line: &Line| line.words.iter().all(|word| word.x0 >= x);
    let head = run.iter().take_while(|line| is_left(line)).count();
    let head = head.max(run.iter().take_while(|line| is_right(line)).count());
    let tail = run.iter().rev().take_while(|line| is_left(line)).count();
    let far = |at: usize| {
        let pair = at.checked_sub(1).and_then(|above| lines.get(above..=at));
        pair.is_some_and(|pair| pitch(pair) > usual * 1.3)
    };
    if let Some(at) = (start + 1..=start + head).rev().find(|&at| far(at)) {
        start = at;
    }
    if let Some(at) = (end - tail..end).find(|&at| at > start && far(at)) {
        end = at;
    }
    (start, end)
}

/// Whether a line has more gaps than that of two columns.
fn is_row(line: &Line) -> bool {
    let gaps = line.words.windows(2).filter(|pair| match pair {
        [a, b] => b.x0 - a.x1 > CELL * line.size,
        _ => false,
    });
    gaps.count() > 1
}

/// How many of the first lines are a table: rows, between which cells may have a further line or two.
fn rows_of<'a>(lines: impl Iterator<Item = &'a bool>) -> usize {
    let (mut rows, mut last) = (0, 0);
    for (at, is_row) in (1usize..).zip(lines) {
        if *is_row {
            rows += 1;
            last = at;
        } else if at - last > 2 {
            break;
        }
    }
    if rows < 2 { 0 } else { last }
}

fn pitch(pair: &[Line]) -> f64 {
    match pair {
        [above, below] => above.y - below.y,
        _ => 0.0,
    }
}
