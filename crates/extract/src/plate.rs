//! Plates: parts of a picture in which something is written on an even ground, as on the sign of a road in a photograph. For whoever
//! reads them they become dark letters on white.

use std::ops::Range;

use crate::letters::{Piece, Pieces};
use crate::pixels::Pixels;
use crate::rect::Rect;

/// A part of a picture with letters on an even ground.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Plate {
    rect: Rect,
    /// The columns of each of its rows, of one that was found whole.
    spans: Vec<Range<usize>>,
    /// Shades of the ground and of the letters.
    ground: u8,
    letters: u8,
}

/// Shade below which half of a dark plate lies.
const DARK: u8 = 120;

/// By how much its letters are lighter than the ground, or darker.
const APART: u8 = 70;

/// Of the pixels of a plate those that are neither ground nor letters: the edges of letters, noise, and no scene in all its shades.
const BETWEEN: f32 = 0.2;

/// Of the pixels along the edges of a plate those that are its ground.
const AROUND: f32 = 0.85;

/// So many times as large as what is written on it is a plate at most.
const LARGER: usize = 20;

impl Plate {
    /// The plate of which something dark, or something light, is a part that stands in rows there; none if it stands on none.
    pub(crate) fn at(picture: &Pixels, rect: Rect, is_light: bool) -> Option<Plate> {
        let mut counts = [0usize; 256];
        for y in rect.top..rect.bottom.min(picture.height) {
            for shade in picture.row(y).get(rect.left..rect.right).unwrap_or(&[]) {
                counts.get_mut(usize::from(*shade)).into_iter().for_each(|count| *count += 1);
            }
        }
        let all: usize = counts.iter().sum();
        let shade_at = |part: f32| {
            let mut below = 0;
            let found = (0u8..=255).zip(&counts).find(|(_, count)| {
                below += **count;
                below as f32 >= all as f32 * part
            });
            found.map_or(255, |(shade, _)| shade)
        };
        let (ground, letters) = match is_light {
            true => (shade_at(0.3), shade_at(0.97)),
            false => (shade_at(0.7), shade_at(0.03)),
        };
        let (dark, light) = (ground.min(letters), ground.max(letters));
        let span = light - dark;
        let is_so = (ground < letters) == is_light && (!is_light || shade_at(0.5) < DARK);
        if all == 0 || span < APART || !is_so {
            return None;
        }
        let between = usize::from(dark + span / 4)..usize::from(light - span / 4);
        let between: usize = counts.get(between)?.iter().sum();
        let plate = Plate { rect, spans: Vec::new(), ground, letters };
        let is_plate = between as f32 <= all as f32 * BETWEEN && plate.is_surrounded(picture);
        is_plate.then_some(plate)
    }

    /// Whether its ground is all around its letters, as on a sign, and not at one side of them, as behind leaves.
    fn is_surrounded(&self, picture: &Pixels) -> bool {
        let Rect { left, top, right, bottom } = self.rect;
        let rows = [top, bottom.saturating_sub(1)];
        let columns = [left, right.saturating_sub(1)];
        let along = rows.into_iter().flat_map(|y| (left..right).map(move |x| (x, y)));
        let down = columns.into_iter().flat_map(|x| (top..bottom).map(move |y| (x, y)));
        let (mut all, mut even) = (0usize, 0usize);
        for (x, y) in along.chain(down) {
            all += 1;
            even += usize::from(self.is_ground(picture.at(x, y, self.letters)));
        }
        even as f32 >= all as f32 * AROUND
    }

    fn is_ground(&self, shade: u8) -> bool {
        shade.abs_diff(self.ground) <= self.ground.abs_diff(self.letters) / 4
    }

    /// The same as far as its ground goes on, unless that is into the scene around it.
    pub(crate) fn whole(mut self, picture: &Pixels) -> Plate {
        let ground = Pixels {
            width: picture.width,
            height: picture.height,
            bytes: picture.bytes.iter().map(|shade| u8::from(self.is_ground(*shade))).collect(),
        };
        let area = |rect: &Rect| rect.width() * rect.height();
        let pieces = Pieces::of(&ground);
        let is_plate = |piece: &Piece| {
            let all = area(&piece.rect);
            let common = area(&piece.rect.common(&self.rect));
            common * 10 >= area(&self.rect) * 8
                && piece.ink * 2 >= all
                && all <= area(&self.rect) * LARGER
        };
        let most = |n: &usize| pieces.pieces.get(*n).map_or(0, |piece| piece.ink);
        let all = pieces.pieces.iter().enumerate();
        let whole = all.filter(|(_, piece)| is_plate(piece)).map(|(n, _)| n).max_by_key(most);
        match whole.and_then(|n| Some((n, pieces.pieces.get(n)?))) {
            Some((n, piece)) => {
                self.rect = piece.rect;
                self.spans = pieces.spans(n);
            }
            None => {
                self.rect = self.rect.grown(self.rect.height() / 2, picture.width, picture.height);
            }
        }
        self
    }

    /// Whether it covers a part of what lies there.
    pub(crate) fn covers(&self, rect: &Rect) -> bool {
        self.rect.overlaps(rect)
    }

    /// Its size, in pixels.
    pub(crate) fn area(&self) -> usize {
        self.rect.width() * self.rect.height()
    }

    /// Whether it covers a part of another.
    pub(crate) fn overlaps(&self, other: &Plate) -> bool {
        self.covers(&other.rect)
    }

    /// Puts it as dark letters on white on a picture that is as large as the one it was found on by this factor: on the picture itself,
    /// or on an empty one.
    pub(crate) fn put(&self, from: &Pixels, by: f32, to: &mut Pixels) {
        let small = |at: usize| (at as f32 / by) as usize;
        let large = |at: usize| (at as f32 * by).round() as usize;
        let (top, bottom) = (large(self.rect.top), large(self.rect.bottom).min(from.height));
        for y in top..bottom.min(to.height) {
            let row = small(y).saturating_sub(self.rect.top);
            // Of a plate that is seen askew the corners of its rectangle are none of it.
            let span = self.spans.get(row).cloned().unwrap_or(self.rect.left..self.rect.right);
            let columns = large(span.start)..large(span.end).min(from.width.min(to.width));
            let begin = y * to.width;
            let shades = from.row(y).get(columns.clone()).unwrap_or(&[]);
            let own = to.bytes.get_mut(begin + columns.start.min(columns.end)..begin + columns.end);
            for (own, shade) in own.into_iter().flatten().zip(shades) {
                *own = self.as_ink(*shade);
            }
        }
    }

    /// White for its ground, black for its letters.
    fn as_ink(&self, shade: u8) -> u8 {
        let span = usize::from(self.letters.abs_diff(self.ground)).max(1);
        let away = match self.is_light() {
            true => shade.saturating_sub(self.ground),
            false => self.ground.saturating_sub(shade),
        };
        (255 - usize::from(away).min(span) * 255 / span) as u8
    }

    /// Whether its letters are lighter than its ground.
    pub(crate) fn is_light(&self) -> bool {
        self.letters > self.ground
    }

    /// Whether it was found how far it goes.
    pub(crate) fn is_whole(&self) -> bool {
        !self.spans.is_empty()
    }

    /// Whether the middle of a letter lies on it.
    pub(crate) fn holds(&self, letter: &Rect) -> bool {
        self.rect.has_middle_of(letter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PART: Rect = Rect { left: 20, top: 20, right: 180, bottom: 80 };

    /// A part of one shade with blocks of another, in a scene of middling shades.
    fn scene(ground: u8, letters: u8) -> Pixels {
        let mut picture = Pixels::of(200, 100, 140);
        picture.fill_rect(PART, ground);
        for left in (30..170).step_by(20) {
            picture.fill_rect(Rect { left, top: 40, right: left + 8, bottom: 60 }, letters);
        }
        picture
    }

    #[test]
    fn light_letters_on_a_dark_plate_are_turned_and_nothing_else() {
        let mut picture = scene(60, 230);
        let part = Rect { left: 60, right: 140, ..PART };
        let plate = Plate::at(&picture, part, true).unwrap().whole(&picture);
        assert_eq!((plate.rect, plate.ground, plate.letters), (PART, 60, 230));
        assert_eq!(plate.spans, vec![PART.left..PART.right; PART.height()]);
        let from = picture.clone();
        plate.put(&from, 1.0, &mut picture);
        assert_eq!((picture.at(22, 22, 0), picture.at(32, 45, 255)), (255, 0));
        assert_eq!(picture.at(5, 5, 0), 140, "all around stays as it is");
        for (ground, letters, is_light, is_plate, why) in [
            (230, 60, true, false, "dark on light"),
            (230, 60, false, true, "dark on light, as it should be"),
            (60, 230, false, false, "light on dark"),
            (60, 100, true, false, "hardly lighter"),
            (150, 250, true, false, "a light ground"),
        ] {
            let scene = scene(ground, letters);
            assert_eq!(Plate::at(&scene, PART, is_light).is_some(), is_plate, "{why}");
        }
        // What is dark at one side alone is no ground, as behind leaves.
        let mut leaves = Pixels::of(200, 100, 230);
        leaves.fill_rect(PART, 60);
        let at_its_edge = Rect { left: 100, top: 30, right: 195, bottom: 75 };
        assert_eq!(Plate::at(&leaves, at_its_edge, true), None);
        // A scene has all shades.
        let mut slope = scene(0, 255);
        for y in PART.top..PART.bottom {
            for x in PART.left..PART.right {
                slope.fill(y, x, x + 1, (x + y) as u8);
            }
        }
        let empty = Pixels::of(0, 0, 0);
        for is_light in [true, false] {
            assert_eq!(Plate::at(&slope, PART, is_light), None);
            assert_eq!(Plate::at(&empty, PART, is_light), None);
        }
    }
}
