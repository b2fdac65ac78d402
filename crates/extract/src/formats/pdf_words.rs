//! The words of a page with the places where they are seen: for whoever marks them on a picture of the page.

use lopdf::{Document, Object, ObjectId};
use madang_document::content::{Content, Origin, Segment};
use madang_document::locator::{Bounds, Locator};

use super::pdf_annotation::numbers;
use super::pdf_glyph::{Glyph, Glyphs};

/// Words of one page at most. The fullest newspaper page has half as many.
const WORDS_MOST: usize = 20_000;

/// Gap between two glyphs, in font sizes, from which on it parts words.
const GAP: f64 = 0.14;

/// How far letters reach above the base line and below it, in font sizes.
const ABOVE: f64 = 0.88;
const BELOW: f64 = 0.2;

/// How far up a page inherits its box.
const PARENTS_MOST: usize = 32;

/// A sheet as it is seen: what it is cropped to, turned as the page says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sheet {
    left: f64,
    bottom: f64,
    right: f64,
    top: f64,
    /// Quarters by which it is turned clockwise.
    quarters: i64,
}

impl Sheet {
    /// That of a page; none if it names none, which is not allowed.
    pub(super) fn of(document: &Document, page: ObjectId) -> Option<Sheet> {
        let media = rectangle(document, page, b"MediaBox");
        let crop = rectangle(document, page, b"CropBox");
        let [left, bottom, right, top] = match (crop, media) {
            (Some(crop), Some(media)) => [
                crop[0].max(media[0]),
                crop[1].max(media[1]),
                crop[2].min(media[2]),
                crop[3].min(media[3]),
            ],
            (one, other) => one.or(other)?,
        };
        let turned = inherited(document, page, b"Rotate").and_then(|turned| turned.as_i64().ok());
        let quarters = (turned.unwrap_or(0) / 90).rem_euclid(4);
        (left < right && bottom < top).then_some(Sheet { left, bottom, right, top, quarters })
    }

    /// A point of the page as it is seen, from the upper left corner.
    fn seen(&self, x: f64, y: f64) -> (f64, f64) {
        match self.quarters {
            1 => (y - self.bottom, x - self.left),
            2 => (self.right - x, y - self.bottom),
            3 => (self.top - y, self.right - x),
            _ => (x - self.left, self.top - y),
        }
    }

    /// Where a glyph is seen.
    fn bounds(&self, glyph: &Glyph) -> Option<Bounds> {
        let length = glyph.dx.hypot(glyph.dy);
        // What has no width stands upright.
        let (along_x, along_y) = match length > 0.0 {
            true => (glyph.dx / length, glyph.dy / length),
            false => (1.0, 0.0),
        };
        let (up_x, up_y) = (-along_y * glyph.size, along_x * glyph.size);
        let corner = |along: f64, up: f64| {
            self.seen(
                glyph.x + along * glyph.dx + up * up_x,
                glyph.y + along * glyph.dy + up * up_y,
            )
        };
        let corners = [(0.0, ABOVE), (1.0, ABOVE), (0.0, -BELOW), (1.0, -BELOW)];
        let corners = corners.map(|(along, up)| corner(along, up));
        let least = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::MAX, f64::min);
        let most = |of: fn(&(f64, f64)) -> f64| corners.iter().map(of).fold(f64::MIN, f64::max);
        let bounds = Bounds {
            left: least(|c| c.0) as f32,
            top: least(|c| c.1) as f32,
            right: most(|c| c.0) as f32,
            bottom: most(|c| c.1) as f32,
        };
        let all = [bounds.left, bounds.top, bounds.right, bounds.bottom];
        all.iter().all(|side| side.is_finite()).then_some(bounds)
    }
}

/// A property of a page: its own or the nearest that it inherits.
fn inherited<'a>(document: &'a Document, page: ObjectId, key: &[u8]) -> Option<&'a Object> {
    let mut node = document.get_dictionary(page).ok()?;
    for _ in 0..PARENTS_MOST {
        if let Ok(found) = node.get_deref(key, document) {
            return Some(found);
        }
        node = node.get_deref(b"Parent", document).and_then(Object::as_dict).ok()?;
    }
    None
}

/// A rectangle of a page, its corners in order; none if it has no area.
fn rectangle(document: &Document, page: ObjectId, key: &[u8]) -> Option<[f64; 4]> {
    let [x0, y0, x1, y1] = numbers::<4>(document, inherited(document, page, key)?)?;
    let sorted = [x0.min(x1), y0.min(y1), x0.max(x1), y0.max(y1)];
    (x0 != x1 && y0 != y1 && sorted.iter().all(|side| side.is_finite())).then_some(sorted)
}

/// Puts the words of a page into `content`, each as a segment with its bounds, in the order in which they were written.
pub(super) fn place(number: u32, sheet: &Sheet, glyphs: &Glyphs, content: &mut Content) {
    let mut words = Words { number, sheet, open: None, content };
    let mut before: Option<&Glyph> = None;
    for glyph in &glyphs.glyphs {
        if before.is_some_and(|before| stands_apart(before, glyph)) {
            words.end();
        }
        words.take(glyph, glyphs.text(glyph));
        before = Some(glyph);
        if words.content.segments.len() >= WORDS_MOST {
            return;
        }
    }
    words.end();
}

/// Whether a glyph does not follow right behind the one before.
fn stands_apart(before: &Glyph, glyph: &Glyph) -> bool {
    let (dx, dy) = (glyph.x - before.x - before.dx, glyph.y - before.y - before.dy);
    dx.hypot(dy) > GAP * before.size.max(glyph.size)
}

/// The word that is being put together.
struct Words<'a> {
    number: u32,
    sheet: &'a Sheet,
    open: Option<(String, Bounds)>,
    content: &'a mut Content,
}

impl Words<'_> {
    fn take(&mut self, glyph: &Glyph, text: &str) {
        if text.trim().is_empty() {
            if text.contains(char::is_whitespace) {
                self.end();
            }
            return;
        }
        let Some(bounds) = self.sheet.bounds(glyph) else { return };
        match &mut self.open {
            Some((word, all)) => {
                word.push_str(text);
                *all = Bounds {
                    left: all.left.min(bounds.left),
                    top: all.top.min(bounds.top),
                    right: all.right.max(bounds.right),
                    bottom: all.bottom.max(bounds.bottom),
                };
            }
            None => self.open = Some((text.to_owned(), bounds)),
        }
        if text.ends_with(char::is_whitespace) {
            self.end();
        }
    }

    fn end(&mut self) {
        let Some((text, bounds)) = self.open.take() else { return };
        let locator = Locator::Page { number: self.number, bounds: Some(bounds) };
        let text = text.trim().to_owned();
        let (origin, confidence) = (Origin::Native, None);
        self.content.segments.push(Segment {
            text,
            locator,
            origin,
            confidence,
            words: Vec::new(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyphs(shown: &[(&str, f64, f64, f64, f64)]) -> Glyphs {
        let mut glyphs = Glyphs::default();
        for &(text, x, y, dx, dy) in shown {
            let start = glyphs.chars.len() as u32;
            glyphs.chars.push_str(text);
            let end = glyphs.chars.len() as u32;
            glyphs.glyphs.push(Glyph { start, end, x, y, dx, dy, size: 10.0 });
        }
        glyphs
    }

    fn placed(sheet: Sheet, glyphs: &Glyphs) -> Vec<(String, [i32; 4])> {
        let mut content = Content::default();
        place(3, &sheet, glyphs, &mut content);
        let word = |segment: Segment| match segment.locator {
            Locator::Page { number: 3, bounds: Some(b) } => {
                let sides = [b.left, b.top, b.right, b.bottom];
                (segment.text, sides.map(|side| side.round() as i32))
            }
            other => panic!("{other:?}"),
        };
        content.segments.into_iter().map(word).collect()
    }

    #[test]
    fn words_are_where_they_are_seen() {
        let sheet = Sheet { left: 10.0, bottom: 20.0, right: 210.0, top: 320.0, quarters: 0 };
        let shown = glyphs(&[
            ("지", 20.0, 300.0, 10.0, 0.0),
            ("하", 30.0, 300.0, 10.0, 0.0),
            (" ", 40.0, 300.0, 3.0, 0.0),
            ("차", 43.0, 300.0, 10.0, 0.0),
            // A gap without a space, and another line.
            ("도", 60.0, 300.0, 10.0, 0.0),
            ("a", 20.0, 280.0, 5.0, 0.0),
        ]);
        let expected = [
            ("지하", [10, 11, 30, 22]),
            ("차", [33, 11, 43, 22]),
            ("도", [50, 11, 60, 22]),
            ("a", [10, 31, 15, 42]),
        ];
        let expected = expected.map(|(text, sides)| (text.to_owned(), sides));
        assert_eq!(placed(sheet, &shown), expected);

        // The same sheet, turned by a quarter: what was at the upper left is at the upper right.
        let turned = placed(Sheet { quarters: 1, ..sheet }, &shown);
        assert_eq!(turned[0], ("지하".to_owned(), [278, 10, 289, 30]));
        let upside_down = placed(Sheet { quarters: 2, ..sheet }, &shown);
        assert_eq!(upside_down[0], ("지하".to_owned(), [170, 278, 190, 289]));
        let back = placed(Sheet { quarters: 3, ..sheet }, &shown);
        assert_eq!(back[0], ("지하".to_owned(), [11, 170, 22, 190]));
    }

    #[test]
    fn what_leans_has_the_box_around_it() {
        let sheet = Sheet { left: 0.0, bottom: 0.0, right: 100.0, top: 100.0, quarters: 0 };
        // Written upwards.
        let up = placed(sheet, &glyphs(&[("가", 50.0, 20.0, 0.0, 10.0)]));
        assert_eq!(up, [("가".to_owned(), [41, 70, 52, 80])]);
        let odd = placed(sheet, &glyphs(&[("가", f64::NAN, 20.0, 0.0, 10.0)]));
        assert_eq!(odd, []);
    }
}
