//! Plates: parts of a picture in which something light is written on a dark ground, as on the sign of a road in a photograph. For whoever
//! reads it a plate is turned into dark letters on light; all around it stays as it is.

use crate::pixels::Pixels;
use crate::rect::Rect;

/// A part of a picture that is dark, with light letters on it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plate {
    rect: Rect,
    /// Shades of the ground and of the letters.
    ground: u8,
    letters: u8,
}

/// Shade below which half of a plate lies.
const DARK: u8 = 120;

/// How much lighter its letters are.
const LIGHTER: u8 = 70;

/// Of the pixels of a plate those that are neither ground nor letters: the edges of letters, noise, and no scene in all its shades.
const BETWEEN: f32 = 0.2;

impl Plate {
    /// The plates among parts of a picture in which rows of something light stand.
    pub(crate) fn among(picture: &Pixels, parts: &[Rect]) -> Vec<Plate> {
        parts.iter().filter_map(|part| Plate::at(picture, *part)).collect()
    }

    fn at(picture: &Pixels, rect: Rect) -> Option<Plate> {
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
        let (ground, letters) = (shade_at(0.3), shade_at(0.97));
        let span = letters.saturating_sub(ground);
        if all == 0 || shade_at(0.5) >= DARK || span < LIGHTER {
            return None;
        }
        let (from, to) = (ground + span / 4, letters - span / 4);
        let between: usize = counts.get(usize::from(from)..usize::from(to))?.iter().sum();
        let is_plate = between as f32 <= all as f32 * BETWEEN;
        is_plate.then_some(Plate { rect, ground, letters })
    }

    /// Turns it on the picture that it was found on.
    pub(crate) fn turn(&self, picture: &mut Pixels) {
        let span = usize::from(self.letters.saturating_sub(self.ground)).max(1);
        let width = picture.width;
        for y in self.rect.top..self.rect.bottom.min(picture.height) {
            let row =
                picture.bytes.get_mut(y * width + self.rect.left..y * width + self.rect.right);
            for shade in row.into_iter().flatten() {
                let above = usize::from(shade.saturating_sub(self.ground)).min(span);
                *shade = (255 - above * 255 / span) as u8;
            }
        }
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
        let plates = Plate::among(&picture, &[PART]);
        assert_eq!(plates, [Plate { rect: PART, ground: 60, letters: 230 }]);
        plates[0].turn(&mut picture);
        assert_eq!((picture.at(22, 22, 0), picture.at(32, 45, 255)), (255, 0));
        assert_eq!(picture.at(5, 5, 0), 140, "all around stays as it is");
        for (ground, letters, why) in
            [(230, 60, "dark on light"), (60, 100, "hardly lighter"), (150, 250, "a light ground")]
        {
            assert_eq!(Plate::among(&scene(ground, letters), &[PART]), [], "{why}");
        }
        // A scene has all shades.
        let mut slope = scene(0, 255);
        for y in PART.top..PART.bottom {
            for x in PART.left..PART.right {
                slope.fill(y, x, x + 1, (x + y) as u8);
            }
        }
        assert_eq!(Plate::among(&slope, &[PART]), []);
        assert_eq!(Plate::among(&Pixels::of(0, 0, 0), &[PART]), []);
    }
}
