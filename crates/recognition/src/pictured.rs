//! Where on a page a picture is and no writing: next to no paper is seen there.

use madang_extract::letters::{Piece, Pieces};
use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

/// Shades of paper on an image of even light.
const PAPER: u8 = 205;

/// Of a square, the part that is paper where something is written, at least.
const WRITTEN: usize = 25;

/// Squares of a side of a picture, at least: the square is as large as a letter.
const SIDE: usize = 4;

/// The squares of a page that belong to pictures.
#[derive(Debug)]
pub(crate) struct Pictured {
    squares: Pixels,
    side: usize,
}

impl Pictured {
    /// Those of a page of even light whose letters are so high.
    pub(crate) fn of(grey: &Pixels, letter: usize) -> Pictured {
        let side = letter.max(12);
        let (columns, rows) = (grey.width.div_ceil(side), grey.height.div_ceil(side));
        let mut paper = vec![(0usize, 0usize); columns * rows];
        for (y, row) in grey.rows().enumerate() {
            let of_row = paper.iter_mut().skip(y / side * columns);
            for (square, (light, all)) in row.chunks(side).zip(of_row) {
                *light += square.iter().filter(|shade| **shade >= PAPER).count();
                *all += square.len();
            }
        }
        let bytes = paper.iter().map(|(light, all)| u8::from(light * 100 < all * WRITTEN));
        let mut squares = Pixels { width: columns, height: rows, bytes: bytes.collect() };
        // A light spot in a picture is of it.
        let before = squares.clone();
        for (y, row) in squares.rows_mut().enumerate() {
            for (x, square) in row.iter_mut().enumerate() {
                let around = (0..9).filter_map(|n| {
                    let (x, y) = ((x + n % 3).checked_sub(1)?, (y + n / 3).checked_sub(1)?);
                    before.row(y).get(x).copied()
                });
                if around.map(usize::from).sum::<usize>() >= 5 {
                    *square = 1;
                }
            }
        }
        let small = |piece: &Piece| piece.rect.width() < SIDE || piece.rect.height() < SIDE;
        Pieces::of(&squares.clone()).erase(&mut squares, small);
        Pictured { squares, side }
    }

    /// Whether what stands here reaches into a picture.
    fn touches(&self, rect: &Rect) -> bool {
        let last = |edge: usize| edge.saturating_sub(1) / self.side;
        let (top, bottom) = (rect.top / self.side, last(rect.bottom));
        (top..=bottom).any(|y| {
            let squares = self.squares.row(y).get(rect.left / self.side..=last(rect.right));
            squares.unwrap_or(&[]).contains(&1)
        })
    }

    /// Wipes pictures from a page, and what hangs together with them.
    pub(crate) fn erase(&self, ink: &mut Pixels, grey: &mut Pixels) {
        if self.squares.bytes.iter().all(|square| *square == 0) {
            return;
        }
        let pieces = Pieces::of(ink);
        let is_of_it = |piece: &Piece| self.touches(&piece.rect);
        pieces.paint(grey, 255, 2, is_of_it);
        pieces.erase(ink, is_of_it);
        for (y, row) in self.squares.rows().enumerate() {
            for (x, _) in row.iter().enumerate().filter(|(_, square)| **square == 1) {
                let rect = Rect {
                    left: x * self.side,
                    top: y * self.side,
                    right: (x + 1) * self.side,
                    bottom: (y + 1) * self.side,
                };
                ink.fill_rect(rect, 0);
                grey.fill_rect(rect, 255);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_goes_and_letters_stay() {
        let mut grey = Pixels::of(400, 400, 250);
        for x in (20..380).step_by(12) {
            grey.fill_rect(Rect { left: x, top: 20, right: x + 8, bottom: 36 }, 40);
        }
        grey.fill_rect(Rect { left: 100, top: 150, right: 300, bottom: 350 }, 120);
        let ink = |grey: &Pixels| madang_extract::lighting::ink(grey);
        let (mut left, mut page) = (ink(&grey), grey.clone());
        Pictured::of(&grey, 16).erase(&mut left, &mut page);
        assert!(page.row(28).contains(&40));
        assert!((100..399).all(|y| page.row(y).iter().all(|shade| *shade > 200)));
        assert_eq!(left, ink(&page));
    }
}
