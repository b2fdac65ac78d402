//! Pages of a PDF as pixels, for whoever recognises text in a scan or looks at a page.
//!
//! Drawn by hayro (Rust, no unsafe code, MIT or Apache 2.0). The runners-up: pdfium is no package of the systems that Madang
//! runs on and its binaries come from a third party; Poppler's and MuPDF's licences Madang's does not allow.

use std::ops::RangeInclusive;
use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::object::{Dict, Stream};
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};
use image::RgbaImage;
use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::preview;
use crate::context::Context;

/// Points to the inch (ISO 32000-1, 8.3.2.3).
const POINTS: f32 = 72.0;

/// Pixels to the inch of what was scanned, in whatever resolution, and pixels that show a page of words whatever its size is said to be.
const NO_SHEET: RangeInclusive<u32> = 72..=700;
const NATIVE_LEAST: u32 = 1_500;

/// Memory that a picture of a page may take until it is drawn, in bytes: the library decodes it whole.
const PICTURE_WEIGHT_MOST: u64 = 700 << 20;

/// Bytes of that for each pixel of a picture in black and white (measured on whole children: 558 million took 760 MiB, 900 million more
/// than a GiB), and of any other (as much as a child took for a PNG in eight bits; of PDF it is not measured).
const WEIGHT_OF_BIT: u64 = 1;
const WEIGHT_OF_PIXEL: u64 = 7;

/// Objects of one page that are weighed, and how deep they lie in each other.
const WEIGHED_MOST: usize = 4_096;
const WEIGHED_DEEP: usize = 4;

/// Pictures of a page that are looked at for the one that fills it.
const PICTURES_MOST: usize = 64;

/// A PDF whose pages can be drawn.
pub(super) struct PdfRaster {
    pdf: Pdf,
}

/// A page as it is seen: upright, on white.
pub(super) struct PageRaster {
    /// Its pixels; none of them is clear.
    pub(super) picture: RgbaImage,
    /// Its width and height in points, as it is seen: turned as the page says, and of what it is cropped to.
    pub(super) points: (f32, f32),
}

/// How large a page is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scale {
    /// As many pixels as the picture has that fills the page, where it has them in these numbers to the inch: drawn larger, letters
    /// become blurred, and an engine reads every fifth number of a table wrong. Else so many to the inch as the second number says,
    /// and fewer where the longer side would be more than so many pixels.
    Scan(RangeInclusive<u32>, u32, u32),
    /// So many pixels on the longer side.
    Longer(u32),
}

impl Scale {
    /// How a page is drawn for an engine: as large as the scan is, and else at what scanners are set to; no larger than A3 is then. Of
    /// three documents of 150 to the inch more Hangul is read so than drawn at 300 (.996, .998, .998 for .989, .997, .995), in half
    /// the time, and less of the Latin among it.
    pub(super) const SCAN: Scale = Scale::Scan(140..=400, 300, 5_000);

    /// Pixels to the point for a page of this size.
    /// `filled` is the size of the picture that fills it.
    fn of(&self, (width, height): (f32, f32), filled: Option<(u32, u32)>) -> f32 {
        let longest = |pixels: u32| pixels.clamp(1, u32::from(u16::MAX)) as f32 / width.max(height);
        match self {
            Scale::Scan(usual, dpi, most) => {
                let own = filled.map(|(across, down)| across.max(down)).filter(|pixels| {
                    let dpi = *pixels as f32 / width.max(height) * POINTS;
                    usual.contains(&(dpi.round() as u32)) && pixels <= most
                });
                // Of no sheet that anybody laid on a scanner: what sizes its pages says nothing of the size of its letters.
                let is_no_sheet = |pixels: &u32| {
                    let dpi = *pixels as f32 / width.max(height) * POINTS;
                    !NO_SHEET.contains(&(dpi.round() as u32))
                        && (NATIVE_LEAST..=*most).contains(pixels)
                };
                let longer = filled.map(|(across, down)| across.max(down));
                let own = own.or(longer.filter(is_no_sheet));
                // A page is cut off at whole pixels.
                let own = own.map(|pixels| (pixels as f32 + 0.01) / width.max(height));
                own.unwrap_or_else(|| (*dpi as f32 / POINTS).min(longest(*most)))
            }
            Scale::Longer(pixels) => longest(*pixels),
        }
    }
}

/// The size of the picture that fills a page: the largest of its pictures, if it has the shape of the page.
fn filled(page: &Page<'_>, (width, height): (f32, f32)) -> Option<(u32, u32)> {
    let pictures = &page.resources().x_objects;
    let sizes = pictures.keys().take(PICTURES_MOST).filter_map(|name| {
        let picture = pictures.get::<Stream<'_>>(&*name)?;
        let side = |name: &[u8]| picture.dict().get::<u32>(name).filter(|side| *side > 0);
        Some((side(b"Width")?, side(b"Height")?))
    });
    let (across, down) =
        sizes.max_by_key(|(width, height)| u64::from(*width) * u64::from(*height))?;
    let shape = |long: f32, short: f32| long.max(short) / long.min(short);
    let is_alike = (shape(across as f32, down as f32) / shape(width, height) - 1.0).abs() < 0.02;
    is_alike.then_some((across, down))
}

/// Memory that the heaviest of these pictures takes when it is drawn, with those within the drawings among them. Not that of all: many a
/// producer names the pictures of all pages on each of them.
fn weight(x_objects: &Dict<'_>, depth: usize) -> u64 {
    let weights = x_objects.keys().take(WEIGHED_MOST).filter_map(|name| {
        let stream = x_objects.get::<Stream<'_>>(&*name)?;
        let dict = stream.dict();
        let side = |name: &[u8]| dict.get::<u32>(name).map(u64::from);
        if let Some((width, height)) = side(b"Width").zip(side(b"Height")) {
            let is_bit = dict.get::<u32>(b"BitsPerComponent".as_slice()) == Some(1)
                || dict.get::<bool>(b"ImageMask".as_slice()) == Some(true);
            let each = if is_bit { WEIGHT_OF_BIT } else { WEIGHT_OF_PIXEL };
            return Some(width.saturating_mul(height).saturating_mul(each));
        }
        let inner = dict.get::<Dict<'_>>(b"Resources".as_slice())?;
        let inner = inner.get::<Dict<'_>>(b"XObject".as_slice())?;
        (depth < WEIGHED_DEEP).then(|| weight(&inner, depth + 1))
    });
    weights.max().unwrap_or(0)
}

impl PdfRaster {
    /// Opens a PDF, by this password if it is locked; the empty one opens what anybody may read.
    ///
    /// # Errors
    /// That its pages cannot be drawn.
    pub(super) fn open(bytes: Vec<u8>, password: &str) -> Result<PdfRaster, Reason> {
        let broken = || ReasonKind::Unreadable.of(Noun::Pages);
        let read = || Pdf::new_with_password(bytes, password).map(|pdf| PdfRaster { pdf });
        match catch_unwind(AssertUnwindSafe(read)) {
            Ok(opened) => opened.map_err(|_| broken()),
            Err(_) => Err(broken().because(ReasonKind::DecoderBroke)),
        }
    }

    /// Draws a page, counted from 1; its pixels are accounted for before they are drawn.
    ///
    /// # Errors
    /// Why it cannot be drawn: it is not there, is larger than may be decoded, or the library fails.
    pub(super) fn page(
        &self,
        number: u32,
        scale: &Scale,
        context: &Context<'_>,
    ) -> Result<PageRaster, Reason> {
        let part = || Part::Page(number.into());
        let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let draw = || {
            let page = index.and_then(|index| self.pdf.pages().get(index));
            let page = page.ok_or_else(|| ReasonKind::Missing.of(part()))?;
            let points = page.render_dimensions();
            let is_sized = |side: f32| side.is_finite() && side > 0.0;
            if !is_sized(points.0) || !is_sized(points.1) {
                return Err(ReasonKind::Unreadable.of(part()));
            }
            let scale = scale.of(points, filled(page, points));
            // As the library rounds.
            let side = |points: f32| f64::from((points * scale).min(f32::from(u16::MAX)).floor());
            let (width, height) = (side(points.0) as u32, side(points.1) as u32);
            if width == 0 || height == 0 {
                return Err(ReasonKind::Unreadable.of(part()));
            }
            preview::may_decode(width, height, context)?;
            let bytes = weight(&page.resources().x_objects, 0);
            if bytes > PICTURE_WEIGHT_MOST {
                let takes = ReasonKind::TakesMemory { bytes, limit: PICTURE_WEIGHT_MOST };
                return Err(takes.of(Noun::Picture));
            }
            let bytes = u64::from(width) * u64::from(height) * 4;
            context.spend_decoded(bytes).map_err(crate::error::ExtractError::into_reason)?;
            let settings = PixmapSettings { x_scale: scale, y_scale: scale, bg_color: WHITE };
            let drawn = render(
                page,
                &RenderCache::new(),
                &InterpreterSettings::default(),
                &RenderSettings::default(),
                &settings,
            );
            let (width, height) = (drawn.width(), drawn.height());
            // On white nothing is clear, so that no colour is weakened by what is clear of it.
            let pixels = drawn.data_as_u8_slice().to_vec();
            let picture = RgbaImage::from_raw(width.into(), height.into(), pixels);
            let picture = picture.ok_or_else(|| ReasonKind::DecoderBroke.of(part()))?;
            Ok(PageRaster { picture, points })
        };
        let answer = catch_unwind(AssertUnwindSafe(draw));
        context.progress();
        answer.unwrap_or_else(|_| Err(ReasonKind::DecoderBroke.of(part())))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use madang_document::outcome::Outcome;

    use super::*;
    use crate::blob::Blob;
    use crate::context::Spent;
    use crate::engines::Engines;
    use crate::extraction::Extraction;
    use crate::order::Order;

    /// A PDF of one empty page that names pictures of these sides, in black and white or not.
    fn naming(pictures: &[(u32, u32, u8)]) -> Vec<u8> {
        let names: String = (0..pictures.len()).map(|n| format!("/I{n} {} 0 R ", n + 4)).collect();
        let mut objects = vec![
            "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
            "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
            format!(
                "<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]/Resources<</XObject<<{names}>>>>>>"
            ),
        ];
        objects.extend(pictures.iter().map(|(width, height, bits)| {
            format!(
                "<</Type/XObject/Subtype/Image/Width {width}/Height {height}/BitsPerComponent {bits}\
                 /ColorSpace/DeviceGray/Length 1>>\nstream\n0\nendstream"
            )
        }));
        let (mut file, mut places) = (String::from("%PDF-1.7\n"), String::new());
        for (n, object) in (1..).zip(&objects) {
            places.push_str(&format!("{:010} 00000 n \n", file.len()));
            file.push_str(&format!("{n} 0 obj\n{object}\nendobj\n"));
        }
        let (at, count) = (file.len(), objects.len() + 1);
        file.push_str(&format!("xref\n0 {count}\n0000000000 65535 f \n{places}"));
        file.push_str(&format!("trailer<</Root 1 0 R/Size {count}>>\nstartxref\n{at}\n%%EOF\n"));
        file.into_bytes()
    }

    #[test]
    fn a_page_is_not_drawn_whose_picture_takes_more_than_there_is() {
        let (order, engines, spent) = (Order::named("a.pdf"), Engines::none(), Spent::default());
        let kept = RefCell::new(Vec::<Extraction>::new());
        let no_members = |_: &dyn Blob, _: &Context<'_>| Outcome::Empty;
        let context = Context::new(&order, 1_000_000, &engines, &spent, &kept, no_members);
        for (pictures, is_drawn) in [
            (&[(1, i32::MAX as u32, 1)][..], false),
            (&[(30_000, 30_000, 1)], false),
            (&[(11_000, 11_000, 8)], false),
            (&[(20_000, 28_000, 1)], true),
            // Those of all pages of a scan.
            (&[(8_000, 8_000, 8), (8_000, 8_000, 8), (8_000, 8_000, 8)], true),
        ] {
            let Ok(raster) = PdfRaster::open(naming(pictures), "") else { panic!() };
            let page = raster.page(1, &Scale::SCAN, &context);
            let reason = page.as_ref().err();
            assert_eq!(page.is_ok(), is_drawn, "{pictures:?}: {reason:?}");
            let is_weighed = |why: &Reason| matches!(why.kind, ReasonKind::TakesMemory { .. });
            assert_eq!(reason.is_some_and(is_weighed), !is_drawn, "{pictures:?}: {reason:?}");
        }
    }

    #[test]
    fn a_scan_is_drawn_as_large_as_it_is() {
        let a4 = (595.32, 841.92);
        let pixels = |filled| {
            let scale = Scale::SCAN.of(a4, filled);
            [a4.0, a4.1].map(|side| (side * scale).floor() as u32)
        };
        assert_eq!(pixels(Some((1654, 2339))), [1653, 2339]);
        assert_eq!(pixels(Some((1241, 1754))), [1240, 1754]);
        let usual = pixels(None);
        assert_eq!(usual, [2480, 3507]);
        // What no sheet is: the same scan on a page of an inch, and on one of seven feet.
        let native = |points: (f32, f32)| {
            let scale = Scale::SCAN.of(points, Some((2480, 3507)));
            (points.1 * scale).floor() as u32
        };
        assert_eq!([native((72.0, 101.8)), native((6000.0, 8485.0))], [3507, 3507]);
        // What is set lower, or higher, than scanners are.
        assert_eq!(pixels(Some((827, 1169))), usual);
        assert_eq!(pixels(Some((4961, 7016))), usual);
    }
}
