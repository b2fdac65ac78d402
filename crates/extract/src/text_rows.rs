//! Rows of pieces of ink that stand beside each other as the letters of a line do.

use crate::rect::Rect;

/// How many pieces stand in rows of so many at least.
pub(crate) fn in_rows(pieces: &[Rect], least: usize) -> usize {
    // Each is in two pairs of strips.
    rows(pieces, least).iter().map(Vec::len).sum::<usize>() / 2
}

/// The rows of so many pieces at least, most of them twice.
pub(crate) fn rows(pieces: &[Rect], least: usize) -> Vec<Vec<Rect>> {
    // Each piece belongs to the strips that it reaches into with its middle, so that only neighbours are compared.
    let strip = |rect: &Rect| (rect.top + rect.bottom) / 2 / 8;
    let last = pieces.iter().map(strip).max().unwrap_or(0);
    let mut strips: Vec<Vec<&Rect>> = vec![Vec::new(); last + 1];
    for piece in pieces {
        strips.get_mut(strip(piece)).into_iter().for_each(|strip| strip.push(piece));
    }
    strips.iter_mut().for_each(|strip| strip.sort_by_key(|rect| rect.left));
    let mut rows: Vec<Vec<Rect>> = Vec::new();
    let mut row: Vec<Rect> = Vec::new();
    for n in 0..strips.len() {
        // A line may lie on the border of two strips: the middle of its letters is in one or the other.
        let mut near: Vec<&Rect> = strips.iter().skip(n).take(2).flatten().copied().collect();
        near.sort_by_key(|rect| rect.left);
        for rect in near {
            if row.last().is_some_and(|before| !is_next(before, rect)) {
                end(&mut row, &mut rows, least);
            }
            row.push(*rect);
        }
        end(&mut row, &mut rows, least);
    }
    rows
}

/// Ends a row, which counts if it is long enough.
fn end(row: &mut Vec<Rect>, rows: &mut Vec<Vec<Rect>>, least: usize) {
    let row = std::mem::take(row);
    if row.len() >= least {
        rows.push(row);
    }
}

/// Whether a piece may be the next letter of a line, or the next part of one.
fn is_next(before: &Rect, next: &Rect) -> bool {
    let (a, b) = (before.height(), next.height());
    let common = before.bottom.min(next.bottom).saturating_sub(before.top.max(next.top));
    let gap = next.left.saturating_sub(before.right);
    common * 2 >= a.min(b) && a.max(b) <= a.min(b) * 3 && gap <= a.max(b) * 3 / 2
}
