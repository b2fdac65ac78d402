//! Where words stand. The engine takes a syllable of Hangul for a word and tells only about where it ends, by half a letter; the
//! blanks between words are seen on the page.

use std::ops::Range;

use madang_extract::letters::{Piece, Pieces};
use madang_extract::lighting;
use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

/// What is darker is ink.
const INK: u8 = 128;

/// Moves the edges of the words of a level line, of letters of about this height, to where there is ink.
pub(crate) fn fit(words: &mut [Rect], page: &Pixels, letter: usize) {
    let Some(rows) = rows_of(words, page) else { return };
    let has_ink = |x: usize| rows.clone().any(|y| page.at(x, y, 255) < INK);
    for n in 1..words.len() {
        let (before, after) = words.split_at_mut(n);
        let (Some(before), Some(after)) = (before.last_mut(), after.first_mut()) else { continue };
        // Neither of them beyond the middle of the other.
        let from = before.right.saturating_sub(letter).max((before.left + before.right) / 2);
        let to = (after.left + letter).min((after.left + after.right) / 2);
        if let Some(blank) = widest_blank(from..to.min(page.width), &has_ink) {
            (before.right, after.left) = (blank.start, blank.end);
        }
    }
    if let Some(first) = words.first_mut() {
        while first.left > 0 && has_ink(first.left - 1) {
            first.left -= 1;
        }
    }
    if let Some(last) = words.last_mut() {
        while last.right < page.width && has_ink(last.right) {
            last.right += 1;
        }
    }
    for word in words {
        trim(word, page);
    }
}

/// Whether what stands in a rectangle of a page, of which one knows about where it ends, is as high all along, as digits are. Points and
/// commas do not count.
pub(crate) fn is_even(rect: &Rect, page: &Pixels) -> bool {
    let part = page.cut(*rect, 0);
    let (width, pieces) = (part.width, Pieces::of(&lighting::ink(&part)).pieces);
    let is_whole = |piece: &&Piece| piece.rect.left > 0 && piece.rect.right < width;
    let heights = || pieces.iter().filter(is_whole).map(|piece| piece.rect.height());
    let highest = heights().max().unwrap_or(0);
    heights().filter(|height| height * 5 > highest * 2).all(|height| height * 20 >= highest * 17)
}

/// The rows that most of the words have in common: one of which the engine thinks higher than it is reaches into the next line.
fn rows_of(words: &[Rect], page: &Pixels) -> Option<Range<usize>> {
    let middle = |edge: fn(&Rect) -> usize| {
        let mut edges: Vec<usize> = words.iter().map(edge).collect();
        edges.sort_unstable();
        edges.get(edges.len() / 2).copied()
    };
    let (top, bottom) = (middle(|rect| rect.top)?, middle(|rect| rect.bottom)?.min(page.height));
    (top < bottom).then_some(top..bottom)
}

/// The columns of the widest blank among these, the first of several. What is white at the edge of them counts as far as it is seen.
fn widest_blank(columns: Range<usize>, has_ink: &dyn Fn(usize) -> bool) -> Option<Range<usize>> {
    let mut widest: Option<Range<usize>> = None;
    let mut open: Option<usize> = None;
    for x in columns.clone().chain([columns.end]) {
        let is_blank = x < columns.end && !has_ink(x);
        if is_blank {
            open.get_or_insert(x);
        } else if let Some(from) = open.take()
            && widest.as_ref().is_none_or(|widest| widest.len() < x - from)
        {
            widest = Some(from..x);
        }
    }
    widest
}

/// Takes from a rectangle what is blank at its edges, unless all of it is.
fn trim(rect: &mut Rect, page: &Pixels) {
    let Rect { left, top, right, bottom } = *rect;
    let row_has_ink = |y: &usize| (left..right).any(|x| page.at(x, *y, 255) < INK);
    let column_has_ink = |x: &usize| (top..bottom).any(|y| page.at(*x, y, 255) < INK);
    let rows = (top..bottom).find(row_has_ink).zip((top..bottom).rev().find(row_has_ink));
    let columns = (left..right).find(column_has_ink).zip((left..right).rev().find(column_has_ink));
    if let (Some((top, last)), Some((left, end))) = (rows, columns) {
        *rect = Rect { left, top, right: end + 1, bottom: last + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(left: usize, right: usize, bottom: usize) -> Rect {
        Rect { left, top: 8, right, bottom }
    }

    #[test]
    fn digits_are_of_one_height_and_small_letters_are_not() {
        let page = |tops: &[usize]| {
            let mut page = Pixels::of(200, 80, 255);
            for (left, top) in (20..).step_by(20).zip(tops.iter().copied()) {
                page.fill_rect(Rect { left, top, right: left + 14, bottom: 40 }, 0);
            }
            // A point, and the edge of a syllable that stands beside.
            page.fill_rect(Rect { left: 115, top: 36, right: 119, bottom: 40 }, 0);
            page.fill_rect(Rect { left: 135, top: 25, right: 150, bottom: 45 }, 0);
            page
        };
        let around = Rect { left: 15, top: 10, right: 140, bottom: 50 };
        assert!(is_even(&around, &page(&[20, 21, 20, 20])));
        assert!(!is_even(&around, &page(&[20, 26, 20, 20])));
        assert!(is_even(&around, &Pixels::of(200, 80, 255)), "nothing is there");
        assert!(is_even(&around, &Pixels::of(10, 10, 0)), "it lies elsewhere");
    }

    #[test]
    fn words_end_where_the_ink_does() {
        let mut page = Pixels::of(200, 80, 255);
        let mut ink = |left, right| page.fill_rect(Rect { left, top: 10, right, bottom: 30 }, 0);
        // Two letters each, with a gap that is smaller than that between the words.
        for (left, right) in [(20, 38), (42, 60), (80, 98), (102, 120)] {
            ink(left, right);
        }
        // The next line.
        page.fill_rect(Rect { left: 0, top: 50, right: 200, bottom: 70 }, 0);
        // The first is thought to end within its second letter, the second to begin behind it, and to reach into the next line.
        let mut words = [word(26, 50, 32), word(64, 112, 48), word(150, 160, 32)];
        fit(&mut words[..2], &page, 20);
        assert_eq!(words[0], Rect { left: 20, top: 10, right: 60, bottom: 30 });
        assert_eq!(words[1], Rect { left: 80, top: 10, right: 120, bottom: 30 });
        // Where there is no ink nothing is moved.
        fit(&mut words[2..], &page, 20);
        assert_eq!(words[2], word(150, 160, 32));
        fit(&mut [], &page, 20);
    }
}
