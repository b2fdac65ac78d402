use super::pdf_matrix::Matrix;

/// Pixels that a picture has at least for a square point: 36 a inch. No letter can be read in a coarser one; it is a
/// colour that lies behind the page.
const PIXELS_LEAST: f64 = 0.25;

/// The share of a page that its pictures cover at least to be more than a mark or a letterhead.
const SHARE_LEAST: f64 = 0.05;

/// Shapes that a page is drawn with at least where they may be letters. A form without a word has fewer.
const SHAPES_LEAST: u32 = 100;

/// What a page shows that is no text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Painted {
    /// What pictures cover, square points. Those that lie over one another count twice.
    area: f64,
    shapes: u32,
    /// Whether anything is drawn that can be told from the sheet: a line, a shape that is not white, a picture.
    is_drawn: bool,
}

impl Painted {
    /// Takes a picture, which is laid over the square from 0 to 1 (ISO 32000-2, section 8.9.4).
    pub(super) fn picture(&mut self, place: &Matrix, pixels: f64) {
        let area = (place.a * place.d - place.b * place.c).abs();
        if area.is_finite() && pixels >= area * PIXELS_LEAST {
            self.area += area;
            // One pixel is a colour, however small the place.
            self.is_drawn |= area > 0.0 && pixels > 1.0;
        }
    }

    /// Takes a line or a shape that can be told from a white sheet.
    pub(super) fn mark(&mut self) {
        self.is_drawn = true;
    }

    /// Takes a shape that is filled.
    pub(super) fn shape(&mut self) {
        self.shapes = self.shapes.saturating_add(1);
    }

    /// Whether a part of a page of some square points is a picture that may hold words.
    pub(super) fn has_picture(&self, page: f64) -> bool {
        self.area > page * SHARE_LEAST
    }

    /// Whether anything can be seen on the page.
    pub(super) fn is_drawn(&self) -> bool {
        self.is_drawn
    }

    /// Whether what the page shows may be drawn letter by letter.
    pub(super) fn may_be_letters(&self) -> bool {
        self.shapes >= SHAPES_LEAST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: f64 = 600.0 * 800.0;

    fn painted(pictures: &[(f64, f64, f64)]) -> Painted {
        let mut painted = Painted::default();
        for &(width, height, pixels) in pictures {
            painted.picture(&Matrix::of([0.0, width, -height, 0.0, 0.0, 0.0]), pixels);
        }
        painted
    }

    #[test]
    fn a_scan_in_strips_is_a_picture_and_a_colour_or_a_mark_is_none() {
        let strip = (600.0, 8.0, 2480.0 * 33.0);
        assert!(painted(&[strip; 100]).has_picture(PAGE));
        assert!(!painted(&[(600.0, 800.0, 1.0)]).has_picture(PAGE));
        assert!(!painted(&[(100.0, 60.0, 400.0 * 240.0)]).has_picture(PAGE));
        assert!(!painted(&[(f64::NAN, 800.0, 1e6), (f64::MAX, f64::MAX, 1e6)]).has_picture(PAGE));
    }
}
