//! The order in which a page was written, taken where the places of its words bear it out. Writers set text by text,
//! column by column, row by row and each cell of it whole; only those who print over what is there, or set by place,
//! do not, and of these the places tell.

use std::cell::Cell;

use super::pdf_column::is_column;
use super::pdf_line::{CELL, Line};
use super::pdf_word::Word;

/// Words and parts of lines of one region at most. The fullest newspaper page has half as many words, and a page some
/// hundreds of parts.
const WORDS_MOST: usize = 20_000;
const PARTS_MOST: usize = 3_000;

/// Places across a region for which it is kept how far down it was written.
const PLACES: usize = 96;

/// Parts at the start that may be the foot of the page, or at the end its head.
const EDGE_MOST: usize = 8;

/// Lines that stand beside as many others at the same heights, from which on they may be columns of a table.
const TABLE_LEAST: usize = 4;

/// The lines of a region in the order of writing, if its words were written from left to right and from top to bottom
/// wherever one stands above another. `looks` is as for columns.
pub(super) fn flow(words: &[Word], looks: &Cell<usize>) -> Option<Vec<Line>> {
    if words.len() > WORDS_MOST {
        return None;
    }
    let mut parts = parts_of(words)?;
    turn_edges(&mut parts);
    let blocks = blocks_of(&parts)?;
    let is_borne_out =
        goes_down(&parts) && !blocks.windows(2).any(|pair| is_table(&parts, pair, looks));
    is_borne_out.then(|| join(parts))
}

/// Puts the parts of one line together that follow one another.
fn join(parts: Vec<Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for mut part in parts {
        match lines.last_mut() {
            Some(line) if is_beside(line, &part) && line.span().1 <= part.span().0 => {
                part.words.into_iter().for_each(|word| line.take(word));
            }
            before => {
                part.opens = before.is_some_and(|line| part.y > line.y);
                lines.push(part);
            }
        }
    }
    lines
}

/// Whether two parts stand on one line.
fn is_beside(a: &Line, b: &Line) -> bool {
    (a.y - b.y).abs() < a.size.min(b.size) * 0.3
}

/// What was written on one line without a wide gap.
fn parts_of(words: &[Word]) -> Option<Vec<Line>> {
    let mut written: Vec<&Word> = words.iter().collect();
    written.sort_unstable_by_key(|word| word.start);
    let mut parts: Vec<Line> = Vec::new();
    let mut before: Option<&Word> = None;
    for word in written {
        let follows = |last: &Word| {
            let gap = word.x0 - last.x1;
            let size = word.size.min(last.size);
            word.x0 > last.x0 && gap > -size && gap < size * CELL * 1.5
        };
        let goes_on = before.is_some_and(follows);
        if let Some(part) = parts.last_mut().filter(|part| goes_on && part.is_level(word)) {
            part.take(*word);
        } else {
            parts.push(Line::new(*word));
        }
        before = Some(word);
    }
    (parts.len() <= PARTS_MOST).then_some(parts)
}

/// Sets the foot of a page that was written first behind the rest, and a head that was written last before it.
fn turn_edges(parts: &mut [Line]) {
    let lowest = |parts: &[Line]| parts.iter().map(|part| part.y).fold(f64::MAX, f64::min);
    let highest = |parts: &[Line]| parts.iter().map(|part| part.y).fold(f64::MIN, f64::max);
    let size = parts.iter().map(|part| part.size).fold(0.0, f64::max);
    let most = EDGE_MOST.min(parts.len().saturating_sub(1));
    let foot = (1..=most).rev().find(|&at| {
        let (edge, rest) = parts.split_at_checked(at).unwrap_or_default();
        highest(edge) < lowest(rest) - size
    });
    if let Some(at) = foot {
        parts.rotate_left(at);
        return;
    }
    let head = (1..=most).rev().find(|&count| {
        let at = parts.len().saturating_sub(count);
        let (rest, edge) = parts.split_at_checked(at).unwrap_or_default();
        lowest(edge) > highest(rest) + size
    });
    if let Some(count) = head {
        parts.rotate_right(count);
    }
}

/// Whether nothing was written above what stands there already, or over it.
fn goes_down(parts: &[Line]) -> bool {
    let left = parts.iter().map(|part| part.span().0).fold(f64::MAX, f64::min);
    let right = parts.iter().map(|part| part.span().1).fold(f64::MIN, f64::max);
    let wide = (right - left).max(1.0) / PLACES as f64;
    let mut depths = [f64::MAX; PLACES];
    parts.iter().all(|part| {
        let (x0, x1) = part.span();
        let inset = (part.size * 0.3).min((x1 - x0) * 0.4);
        let place = |x: f64| (((x - left) / wide) as usize).min(PLACES - 1);
        let (first, last) = (place(x0 + inset), place(x1 - inset));
        let Some(depths) = depths.get_mut(first..=last) else { return false };
        let above = depths.iter().filter(|depth| part.y > **depth - part.size * 0.3).count();
        let ok = above * 10 < depths.len() * 3;
        depths.iter_mut().for_each(|depth| *depth = depth.min(part.y));
        ok
    })
}

/// Parts that stand one below the other: from where to where. None where a part was written before what stands left of
/// it on its line, or where single lines were.
fn blocks_of(parts: &[Line]) -> Option<Vec<std::ops::Range<usize>>> {
    let (mut blocks, mut start) = (Vec::new(), 0);
    for (at, pair) in (1usize..).zip(parts.windows(2)) {
        let [before, part] = pair else { continue };
        let size = before.size.max(part.size);
        let pitch = before.y - part.y;
        let ((left, right), (next_left, next_right)) = (before.span(), part.span());
        let is_alike = (0.75..1.34).contains(&(part.size / before.size));
        let is_below = is_alike && pitch > before.size * 0.3 && pitch < size * 2.5;
        if is_below && next_left < right && next_right > left {
            continue;
        }
        if pitch <= before.size * 0.3 && next_right <= left + size * 0.3 && at - start < 3 {
            return None;
        }
        blocks.push(start..at);
        start = at;
    }
    blocks.push(start..parts.len());
    Some(blocks)
}

/// Whether two blocks are columns of a table that was written column by column, whose rows are to be read.
fn is_table(parts: &[Line], pair: &[std::ops::Range<usize>], looks: &Cell<usize>) -> bool {
    let [a, b] = pair else { return false };
    if a.len() < TABLE_LEAST || b.len() < TABLE_LEAST {
        return false;
    }
    let (Some(a), Some(b)) = (parts.get(a.clone()), parts.get(b.clone())) else { return false };
    let rows = a.iter().filter(|part| b.iter().any(|other| is_beside(part, other))).count();
    if rows * 10 < a.len().min(b.len()) * 7 {
        return false;
    }
    let words_of = |parts: &[Line]| -> Vec<Word> {
        parts.iter().flat_map(|part| part.words.iter().copied()).collect()
    };
    let is_text = |parts: &[Line]| {
        let size = parts.get(parts.len() / 2).map_or(0.0, |part| part.size);
        is_column(&words_of(parts), size, 0, looks)
    };
    !is_text(a) || !is_text(b)
}
