//! What is written in pictures: decided whether it is worth reading, read by an engine, and put in its place.

use image::metadata::Orientation;
use image::{DynamicImage, Rgb, RgbImage};
use madang_document::content::{Content, Segment};
use madang_document::legibility::Legibility;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use crate::context::{Context, MadeOut};
use crate::letters::Pieces;
use crate::likely_text::LikelyText;
use crate::options::Ocr;
use crate::pixels::Pixels;
use crate::recogniser::{Picture, Recogniser, Sense, Signal};
use crate::rect::Rect;

/// Pixels of what is read: a sheet of A4 has half as many at 300 to the inch.
const PIXELS_MOST: usize = 18_000_000;

/// Shorter side of a picture on which anything could be read, pixels.
const LEAST: usize = 24;

/// Longer side of a sheet of A4 at 300 to the inch, pixels; and of the middle of what is larger, which is looked at by itself.
const SHEET: usize = 3_508;
const MIDDLE: usize = SHEET / 2;

/// How sure one is of a line that is told where most of what an engine makes out may be none: in a frame of a film, beside the
/// words of a page.
pub(crate) const SURE: f32 = 0.6;

/// The part that says what an engine said.
const PART: &str = "recognition";

/// A picture or a page that may have something written on it.
pub(crate) struct Sight {
    /// Grey and upright.
    pub(crate) grey: Pixels,
    /// Pixels to the inch, if they are known.
    pub(crate) dpi: Option<u32>,
    /// The page that it is, from 1.
    pub(crate) page: u32,
    /// Whether it is a page of several.
    pub(crate) is_page: bool,
    /// Whether what is written on it is too small to be read, as small as it was made.
    pub(crate) is_too_fine: bool,
}

/// What was read so far.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pages: u64,
    letters: f64,
    sure: f64,
    right: f64,
    /// Pages that are probably read badly.
    doubtful: Vec<u32>,
}

/// What part of the characters of a page is right where an engine is this sure of it, in the mean: measured on pages of
/// `tests/measure/scans.py`, whole, small, blurred and noisy. Of a page that is half wrong it is still sure by half.
const RIGHT: [(f64, f64); 6] =
    [(0.40, 0.0), (0.60, 0.35), (0.75, 0.77), (0.85, 0.91), (0.93, 0.98), (1.0, 1.0)];

/// Pages that are named.
const NAMED_MOST: usize = 100;

/// The part that is probably right.
fn probably_right(sure: f64) -> f64 {
    let below = RIGHT.iter().rev().find(|(at, _)| *at <= sure);
    let above = RIGHT.iter().find(|(at, _)| *at > sure);
    match (below, above) {
        (Some((from, low)), Some((to, high))) => low + (high - low) * (sure - from) / (to - from),
        (Some((_, right)), None) => *right,
        (None, _) => 0.0,
    }
}

fn is_likely(picture: &Pixels) -> bool {
    LikelyText::of(picture).is_likely()
}

/// Height of a piece of a letter, pixels, at which the letter is none any more to an engine: a syllable of Hangul, which is about twice as
/// high as its pieces, has up to nine strokes above each other.
const LOST: f32 = 7.0;

/// Whether letters of a picture are lost where it is made smaller by this factor.
fn is_lost(picture: &Pixels, factor: f32) -> bool {
    let look = LikelyText::of(picture);
    look.is_likely() && look.height(picture).is_some_and(|height| height * factor < LOST)
}

/// The middle of what is larger than a sheet of A4: its letters are no letters any more where all of it is looked at as small as that.
fn middle(grey: &Pixels) -> Option<Pixels> {
    let (width, height) = (grey.width, grey.height);
    let part = |side: usize| {
        let part = side.min(MIDDLE);
        let from = (side - part) / 2;
        (from, from + part)
    };
    let ((left, right), (top, bottom)) = (part(width), part(height));
    (width.max(height) > SHEET).then(|| grey.cut(Rect { left, top, right, bottom }, 0))
}

impl Sight {
    /// A decoded picture, turned by its orientation as EXIF has it.
    pub(crate) fn of(picture: &DynamicImage, orientation: Option<i64>, dpi: Option<u32>) -> Sight {
        let shorter = picture.width().min(picture.height()) as usize;
        // A line of pixels says nothing, however long it is: to make it smaller takes more memory than it has.
        let mut grey = if shorter < LEAST { Pixels::of(0, 0, 255) } else { grey(picture) };
        let (mut factor, mut is_too_fine) = (1.0, false);
        if grey.bytes.len() > PIXELS_MOST {
            factor = (PIXELS_MOST as f32 / grey.bytes.len() as f32).sqrt();
            is_too_fine = middle(&grey).is_some_and(|middle| is_lost(&middle, factor));
            grey = grey.scaled(factor);
        }
        let orientation = orientation.and_then(|n| u8::try_from(n).ok());
        let mirrored = |mut grey: Pixels| {
            grey.rows_mut().for_each(<[u8]>::reverse);
            grey
        };
        use Orientation::{
            FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180,
            Rotate270, Rotate270FlipH,
        };
        let grey = match orientation.and_then(Orientation::from_exif).unwrap_or(NoTransforms) {
            NoTransforms => grey,
            Rotate90 => grey.turned(1),
            Rotate180 => grey.turned(2),
            Rotate270 => grey.turned(3),
            FlipHorizontal => mirrored(grey),
            FlipVertical => mirrored(grey.turned(2)),
            Rotate90FlipH => mirrored(grey.turned(1)),
            Rotate270FlipH => mirrored(grey.turned(3)),
        };
        // Without a resolution places are told in pixels of the picture as it is.
        let dpi = ((dpi.unwrap_or(72) as f32 * factor).round() as u32).max(1);
        Sight { grey, dpi: Some(dpi), page: 1, is_page: false, is_too_fine }
    }

    /// Reads it into the content, if something is likely to be written on it or everything is to be read. False where there
    /// is no engine that could, now or at all.
    pub(crate) fn read(
        &self,
        context: &Context<'_>,
        seen: &mut Seen,
        content: &mut Content,
    ) -> bool {
        if self.is_too_fine && context.seen_text_wanted() != Ocr::Never {
            content.note(ReasonKind::TooFine.of(self.part()));
        }
        let Some(look) = self.worth_reading(context) else { return true };
        let Some(engine) = context.recogniser(Sense::Sight, content) else {
            if !self.is_page {
                context.note_unrecognised(Noun::Picture, 0, content);
            }
            return false;
        };
        match self.recognised(&look, engine, context) {
            Ok(MadeOut { segments, is_whole }) => {
                if !is_whole {
                    content.cut(ReasonKind::NoTimeForRest.of(self.part()));
                }
                seen.take(Some(self.page), &segments);
                self::tell(engine, &segments, content);
                content.segments.extend(segments.into_iter().map(|segment| self.placed(segment)));
            }
            Err(broken) => {
                content.note(ReasonKind::Unreadable.of(self.part()).because(broken));
            }
        }
        true
    }

    /// What a look at it tells, if something is likely to be written on it or everything is to be read.
    pub(crate) fn worth_reading(&self, context: &Context<'_>) -> Option<LikelyText> {
        let wanted = context.seen_text_wanted();
        let shorter = self.grey.width.min(self.grey.height);
        let is_never = wanted == Ocr::Never || shorter < LEAST;
        let look = (!is_never).then(|| LikelyText::of(&self.grey));
        context.progress();
        look.filter(|look| {
            wanted == Ocr::Always
                || look.is_likely()
                || middle(&self.grey).is_some_and(|it| is_likely(&it))
        })
    }

    /// What it is called where something is told of it.
    fn part(&self) -> Part {
        match self.is_page {
            true => Part::Page(self.page.into()),
            false => Noun::Picture.into(),
        }
    }

    /// What an engine reads on it.
    ///
    /// # Errors
    /// What the engine says.
    pub(crate) fn recognised(
        &self,
        look: &LikelyText,
        engine: &dyn Recogniser,
        context: &Context<'_>,
    ) -> Result<MadeOut, ReasonKind> {
        context.recognition();
        let to_be_read = look.to_be_read(&self.grey);
        let grey = to_be_read.as_ref().unwrap_or(&self.grey);
        let side = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
        let picture = Picture {
            grey: &grey.bytes,
            width: side(grey.width),
            height: side(grey.height),
            dpi: self.dpi,
        };
        let languages = &context.options.ocr_languages;
        context
            .recognise(engine, &Signal::Picture(picture), languages)
            .map_err(|failed| ReasonKind::Broken(Quote::of(&failed)))
    }

    /// A line where it stands in the document.
    pub(crate) fn placed(&self, segment: Segment) -> Segment {
        let Locator::Page { bounds, .. } = segment.locator else { return segment };
        Segment { locator: Locator::Page { number: self.page, bounds }, ..segment }
    }
}

/// What of a text is no space and no stop.
pub(crate) fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| c.is_alphanumeric())
}

/// Says which engine read, if it read anything.
pub(crate) fn tell(engine: &dyn Recogniser, segments: &[Segment], content: &mut Content) {
    if !segments.is_empty() {
        content.metadata.at(PART).set(metadata::OCR_ENGINE, engine.name());
    }
}

impl Seen {
    /// Counts what was read on one page, or on a picture that is none.
    pub(crate) fn take(&mut self, page: Option<u32>, segments: &[Segment]) {
        let (mut letters, mut sure) = (0.0, 0.0);
        for segment in segments {
            let here = self::letters(&segment.text).count() as f64;
            letters += here;
            sure += here * f64::from(segment.confidence.unwrap_or(0.0));
        }
        if letters < 1.0 {
            return;
        }
        let right = probably_right(sure / letters);
        if right < Legibility::LEAST {
            self.doubtful.extend(page);
        }
        self.pages += 1;
        self.letters += letters;
        self.sure += sure;
        self.right += right * letters;
    }

    /// Says of a document what was read in its pictures, once all of them were.
    pub(crate) fn tell(&self, content: &mut Content) {
        if self.letters < 1.0 {
            return;
        }
        let share = |sum: f64| (sum / self.letters * 100.0).round() / 100.0;
        let mut properties = content.metadata.at(PART);
        properties.set(metadata::OCR_PAGES, self.pages);
        properties.set(metadata::OCR_CONFIDENCE, share(self.sure));
        properties.set(metadata::OCR_QUALITY, share(self.right));
        if !self.doubtful.is_empty() {
            let pages = self.doubtful.iter().take(NAMED_MOST).map(u32::to_string);
            properties.set(metadata::OCR_DOUBTFUL, pages.collect::<Vec<_>>().join(", "));
        }
    }
}

/// Shades of a picture, on white where it is clear, and without the seals on it.
fn grey(picture: &DynamicImage) -> Pixels {
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    let bytes = match picture.color().has_alpha() {
        true => {
            let flat = picture.to_luma_alpha8().into_raw();
            let (pixels, _) = flat.as_chunks::<2>();
            let on_white = |&[shade, alpha]: &[u8; 2]| {
                let (shade, alpha) = (u32::from(shade), u32::from(alpha));
                u8::try_from((shade * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
            };
            pixels.iter().map(on_white).collect()
        }
        false => picture.to_luma8().into_raw(),
    };
    let mut grey = Pixels { width, height, bytes };
    if let Some(colours) = picture.as_rgb8() {
        without_seals(colours, &mut grey);
    }
    grey
}

/// How much more red than anything else the ink of a seal is.
const RED: u8 = 50;

/// Sides of a seal, parts of the longer side of a sheet: from a centimetre to seven.
const SEAL_LEAST: usize = 30;
const SEAL_MOST: usize = 4;

/// Takes seals from a page: round or square, hollow and red. They are set across what is written, which is black, and
/// nobody could read it otherwise.
fn without_seals(colours: &RgbImage, grey: &mut Pixels) {
    let is_red = |pixel: &Rgb<u8>| {
        let [red, green, blue] = pixel.0;
        red.saturating_sub(green.max(blue)) > RED
    };
    let bytes: Vec<u8> = colours.pixels().map(|pixel| u8::from(is_red(pixel))).collect();
    let longer = grey.width.max(grey.height);
    let red = bytes.iter().filter(|pixel| **pixel == 1).count();
    // A page with much red on it is no page with a seal.
    if red * 10 > bytes.len() || red < longer / 4 {
        return;
    }
    let marks = Pixels { width: grey.width, height: grey.height, bytes };
    for (rect, ink) in joined(Pieces::of(&marks), longer) {
        let (width, height) = (rect.width(), rect.height());
        let is_seal = width.min(height) * SEAL_LEAST >= longer
            && width.max(height) * SEAL_MOST <= longer
            && width.abs_diff(height) * 4 <= width.max(height)
            && ink * 5 <= width * height * 3;
        if !is_seal {
            continue;
        }
        for y in rect.top..rect.bottom {
            let from = y * marks.width + rect.left;
            let shades = grey.bytes.get_mut(from..from + width).into_iter().flatten();
            let of_row = colours.as_raw().get(from * 3..(from + width) * 3).unwrap_or(&[]);
            for (shade, [red, green, blue]) in shades.zip(of_row.as_chunks::<3>().0) {
                // Where its ink lies on black it stays dark; its edges are a paler red.
                if *red > 110 && red.saturating_sub(*green.max(blue)) > RED / 3 {
                    *shade = 255;
                }
            }
        }
    }
}

/// Pieces that are joined at most: a page with more of them has no seal.
const PIECES_MOST: usize = 200;

/// The pieces of red and how much of each is ink; those that lie close together are one: what is written across a seal cuts
/// it into pieces.
fn joined(pieces: Pieces, longer: usize) -> Vec<(Rect, usize)> {
    let gap = longer / 60;
    let mut whole: Vec<(Rect, usize)> = Vec::new();
    let large = pieces.pieces.into_iter().filter(|piece| piece.ink * 16 >= longer);
    for piece in large.take(PIECES_MOST) {
        let (mut rect, mut ink) = (piece.rect, piece.ink);
        // What it joins may reach others.
        while let Some(at) = whole.iter().position(|(other, _)| is_near(&rect, other, gap)) {
            let (other, more) = whole.swap_remove(at);
            rect = rect.and(other);
            ink += more;
        }
        whole.push((rect, ink));
    }
    whole
}

/// Whether no more than `gap` pixels lie between two.
fn is_near(one: &Rect, other: &Rect, gap: usize) -> bool {
    let within = |from: usize, to: usize| from <= to.saturating_add(gap);
    within(one.left, other.right)
        && within(other.left, one.right)
        && within(one.top, other.bottom)
        && within(other.top, one.bottom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_letters_on_a_large_sheet_are_seen() {
        let mut sheet = Pixels::of(5_000, 3_600, 240);
        for top in (600..3_000).step_by(24) {
            for left in (600..4_400).step_by(14) {
                sheet.fill_rect(Rect { left, top, right: left + 9, bottom: top + 12 }, 30);
            }
        }
        assert!(!LikelyText::of(&sheet).is_likely(), "as small as all of it is looked at");
        assert!(middle(&sheet).is_some_and(|it| is_likely(&it)));
        // Twelve pixels are enough as they are, and half of them are not.
        for (factor, expected) in [(1.0, false), (0.5, true)] {
            assert_eq!(middle(&sheet).map(|it| is_lost(&it, factor)), Some(expected), "{factor}");
        }
        assert_eq!(middle(&Pixels::of(3_508, 2_480, 240)), None);
    }

    #[test]
    fn a_line_of_pixels_is_not_made_smaller_to_be_read() {
        let sides = |width, height| {
            let Pixels { width, height, .. } =
                Sight::of(&DynamicImage::new_luma8(width, height), None, None).grey;
            (width, height)
        };
        assert_eq!(sides(3, 20_000_000), (0, 0));
        assert_eq!(sides(LEAST as u32, 30), (LEAST, 30));
    }

    #[test]
    fn how_much_is_right_grows_with_how_sure_one_is() {
        assert_eq!((probably_right(0.2), probably_right(1.0)), (0.0, 1.0));
        let all: Vec<f64> = (0..=100).map(|n| probably_right(f64::from(n) / 100.0)).collect();
        assert!(all.windows(2).all(|pair| pair[0] <= pair[1]), "{all:?}");
        assert!(
            probably_right(0.75) < Legibility::LEAST && probably_right(0.85) > Legibility::LEAST
        );
    }

    #[test]
    fn a_seal_goes_and_what_it_lies_on_stays() {
        let mut sheet = RgbImage::from_pixel(600, 800, Rgb([250, 250, 250]));
        // A word of black across a red ring, and a word of red.
        let mut put = |x: u32, y: u32, colour: [u8; 3]| sheet.put_pixel(x, y, Rgb(colour));
        for turn in 0..7200 {
            let angle = f64::from(turn) / 7200.0 * std::f64::consts::TAU;
            for radius in 28..32 {
                let at = |of: f64| (300.0 + f64::from(radius) * of) as u32;
                put(at(angle.cos()), at(angle.sin()), [210, 40, 50]);
            }
        }
        for x in 250..350 {
            (296..304).for_each(|y| put(x, y, [20, 20, 20]));
        }
        for x in 100..110 {
            (600..620).for_each(|y| put(x, y, [210, 40, 50]));
        }
        let grey = grey(&DynamicImage::from(sheet));
        assert!(grey.at(300, 300, 255) < 60 && grey.at(270, 300, 255) < 60, "the word stays");
        assert_eq!(grey.at(300, 270, 0), 255, "the ring is gone");
        assert!(grey.at(105, 610, 255) < 130, "what is written in red is no seal");
    }
}
