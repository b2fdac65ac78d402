//! Connected pieces of ink, and which of them are of letters.

use std::ops::Range;

use crate::pixels::Pixels;
use crate::rect::Rect;

/// A connected piece of ink.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// What it lies in.
    pub rect: Rect,
    /// Pixels of ink.
    pub ink: usize,
}

/// A run of ink in a row.
#[derive(Clone, Copy, Debug)]
struct Run {
    row: u32,
    from: u32,
    to: u32,
    /// The run that its piece was last joined by; in the end the number of its piece.
    piece: u32,
}

/// The pieces of ink of an image, eight neighbours to a pixel.
#[derive(Debug)]
pub struct Pieces {
    runs: Vec<Run>,
    /// One by one, from above.
    pub pieces: Vec<Piece>,
}

impl Pieces {
    /// Finds them.
    pub fn of(ink: &Pixels) -> Pieces {
        let mut runs: Vec<Run> = Vec::new();
        let mut parents: Vec<u32> = Vec::new();
        let mut above = 0..0usize;
        for (row, pixels) in (0u32..).zip(ink.rows()) {
            let first = runs.len();
            let mut x = 0usize;
            while let Some(from) =
                pixels.get(x..).and_then(|rest| rest.iter().position(|p| *p != 0))
            {
                let from = x + from;
                let rest = pixels.get(from..).unwrap_or(&[]);
                let to = from + rest.iter().position(|p| *p == 0).unwrap_or(rest.len());
                let name = runs.len() as u32;
                runs.push(Run { row, from: from as u32, to: to as u32, piece: name });
                parents.push(name);
                x = to;
            }
            // Joins with the row above: both go from left to right.
            let mut upper = above.start;
            for lower in first..runs.len() {
                let Some(run) = runs.get(lower).copied() else { break };
                while upper < above.end && runs.get(upper).is_some_and(|it| it.to < run.from) {
                    upper += 1;
                }
                let mut touching = upper;
                while touching < above.end && runs.get(touching).is_some_and(|it| it.from <= run.to)
                {
                    join(&mut parents, lower as u32, touching as u32);
                    touching += 1;
                }
            }
            above = first..runs.len();
        }
        let mut numbers = vec![u32::MAX; runs.len()];
        let mut pieces: Vec<Piece> = Vec::new();
        for (name, run) in runs.iter_mut().enumerate() {
            let root = root(&mut parents, name as u32) as usize;
            let Some(number) = numbers.get_mut(root) else { continue };
            let rect = Rect {
                left: run.from as usize,
                top: run.row as usize,
                right: run.to as usize,
                bottom: run.row as usize + 1,
            };
            if *number == u32::MAX {
                *number = pieces.len() as u32;
                pieces.push(Piece { rect, ink: 0 });
            }
            run.piece = *number;
            if let Some(piece) = pieces.get_mut(*number as usize) {
                piece.rect = piece.rect.and(rect);
                piece.ink += rect.width();
            }
        }
        Pieces { runs, pieces }
    }

    /// Makes the pieces that are `meant` no ink.
    pub fn erase(&self, ink: &mut Pixels, meant: impl Fn(&Piece) -> bool) {
        self.paint(ink, 0, 0, meant);
    }

    /// Paints the pieces that are `meant`, and so many pixels beside them, in a shade.
    pub fn paint(
        &self,
        page: &mut Pixels,
        shade: u8,
        beside: usize,
        meant: impl Fn(&Piece) -> bool,
    ) {
        let meant: Vec<bool> = self.pieces.iter().map(meant).collect();
        for run in &self.runs {
            if meant.get(run.piece as usize) == Some(&true) {
                let from = (run.from as usize).saturating_sub(beside);
                page.fill(run.row as usize, from, run.to as usize + beside, shade);
            }
        }
    }

    /// From where to where a piece reaches in each of its rows, from above.
    pub fn spans(&self, number: usize) -> Vec<Range<usize>> {
        let Some(rect) = self.pieces.get(number).map(|piece| piece.rect) else { return Vec::new() };
        let mut spans = vec![rect.right..rect.left; rect.height()];
        for run in self.runs.iter().filter(|run| run.piece as usize == number) {
            if let Some(span) = spans.get_mut((run.row as usize).saturating_sub(rect.top)) {
                *span = span.start.min(run.from as usize)..span.end.max(run.to as usize);
            }
        }
        spans
    }

    /// How high letters are, in pixels: most of the ink is in pieces of about this height or less. A syllable of Hangul is
    /// several pieces, of which the vowel is nearly as high as it. None if there are no letters.
    pub fn letter_height(&self, page: &Pixels) -> Option<usize> {
        let most = (page.height.max(page.width) / 6).max(8);
        let mut heights = vec![0usize; most + 1];
        for piece in &self.pieces {
            let (width, height) = (piece.rect.width(), piece.rect.height());
            // Specks are no letters, and neither is what is long and low.
            let is_letter = height >= 5 && width <= 8 * height && width.max(height) <= most;
            if let Some(count) = heights.get_mut(height).filter(|_| is_letter) {
                *count += height;
            }
        }
        let all: usize = heights.iter().sum();
        let mut below = 0;
        let found = heights.iter().position(|count| {
            below += count;
            below * 3 >= all * 2
        });
        found.filter(|_| all > 0)
    }
}

fn root(parents: &mut [u32], mut name: u32) -> u32 {
    loop {
        let parent = parents.get(name as usize).copied().unwrap_or(name);
        if parent == name {
            return name;
        }
        // Half the way is shortened at each look.
        let above = parents.get(parent as usize).copied().unwrap_or(parent);
        if let Some(it) = parents.get_mut(name as usize) {
            *it = above;
        }
        name = above;
    }
}

fn join(parents: &mut [u32], a: u32, b: u32) {
    let (a, b) = (root(parents, a), root(parents, b));
    if let Some(parent) = parents.get_mut(a.max(b) as usize) {
        *parent = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(rows: &[&str]) -> Pixels {
        let bytes = rows.iter().flat_map(|row| row.bytes().map(|b| u8::from(b == b'#')));
        Pixels { width: rows[0].len(), height: rows.len(), bytes: bytes.collect() }
    }

    #[test]
    fn what_touches_is_one_piece() {
        let mut ink = drawn(&["#..#.", "#..#.", ".##..", "....#", "#...."]);
        let pieces = Pieces::of(&ink);
        let found: Vec<(Rect, usize)> = pieces.pieces.iter().map(|it| (it.rect, it.ink)).collect();
        let rect = |left, top, right, bottom| Rect { left, top, right, bottom };
        assert_eq!(found, [(rect(0, 0, 4, 3), 6), (rect(4, 3, 5, 4), 1), (rect(0, 4, 1, 5), 1)]);
        pieces.erase(&mut ink, |piece| piece.ink == 1);
        assert_eq!(ink, drawn(&["#..#.", "#..#.", ".##..", ".....", "....."]));
    }
}
