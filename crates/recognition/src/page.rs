//! A page as it came.

use madang_extract::letters::Pieces;
use madang_extract::lighting;
use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

use crate::slope::Points;

/// A page of even light, in the size in which it is read.
pub(crate) struct Page {
    pub(crate) grey: Pixels,
    /// How high its letters are.
    pub(crate) letter: usize,
    /// How many times larger it is than the picture.
    pub(crate) scale: f32,
    /// Whether its lines seem to stand beside each other.
    pub(crate) is_sideways: bool,
}

/// Height of letters, pixels, that the page is scaled to if it is far from it.
const LETTER: usize = 30;
const SMALLEST: usize = 19;
const LARGEST: usize = 44;

/// Pixels of a page that is enlarged.
const PIXELS_MOST: f32 = 24e6;

/// Lines beside each other stand out so much more than those below each other, where the page lies on its side.
const SIDEWAYS: f32 = 1.15;

impl Page {
    /// None if there is nothing on it that could be letters.
    pub(crate) fn of(grey: Pixels, alive: &dyn Fn()) -> Option<Page> {
        let ink = lighting::ink(&grey);
        let pieces = Pieces::of(&ink);
        let letter = pieces.letter_height(&ink)?;
        let factor = match letter {
            ..SMALLEST => (LETTER as f32 / letter as f32).min(3.0),
            LARGEST.. => LETTER as f32 / letter as f32,
            _ => 1.0,
        };
        let area = grey.bytes.len() as f32;
        let factor = factor.min((PIXELS_MOST / area).sqrt().max(1.0));
        let is_sideways = {
            let mut letters = ink;
            pieces.erase(&mut letters, |piece| !is_small(&piece.rect, letter));
            let points = Points::of(&letters);
            points.transposed(letters.width).sharpness() > points.sharpness() * SIDEWAYS
        };
        alive();
        let (grey, letter) = match factor {
            1.0 => (grey, letter),
            factor => (grey.scaled(factor), (letter as f32 * factor) as usize),
        };
        Some(Page { grey, letter: letter.max(4), scale: factor, is_sideways })
    }

    pub(crate) fn turned(&self, quarters: u8) -> Page {
        let grey = self.grey.turned(quarters);
        Page { grey, letter: self.letter, scale: self.scale, is_sideways: false }
    }
}

/// Whether a piece may be of a letter among those of this height.
pub(crate) fn is_small(rect: &Rect, letter: usize) -> bool {
    rect.height() <= letter * 5 && rect.width() <= letter * 8
}
