//! Previews: a picture decoded within limits, then made small and upright. What is handed on are its pixels: no byte of a
//! foreign picture, and no file that was made here.

use std::io::{BufRead, Cursor, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageError, ImageReader, Rgba, RgbaImage};
use madang_document::content::{Content, Preview};
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::raster::{Raster, Shades};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use crate::context::Context;

/// Memory that decoding one picture may take: 100 Mpixel of four bytes, and some.
const DECODE_MOST: u64 = 512 << 20;

/// Bytes of a likeness that a document stores of itself; 한글 and Office write some tens of kilobytes.
const STORED_MOST: u64 = 16 << 20;

/// Bytes of it that are looked at where nobody wants to see it: in these most pictures say how large they are.
const STORED_HEAD: u64 = 1 << 10;

/// Longer side of a picture in a document, pixels, from which on it is looked at by itself: a scan, a photo, a plan. What is
/// smaller is a logo, a bullet or a drawing, which is seen where the document shows it.
const IN_DOCUMENT_LEAST: u32 = 800;

/// Why there is no preview.
#[derive(Debug)]
pub(super) enum DecodeError {
    /// The picture may be whole, but is more than is decoded.
    TooLarge(Reason),
    /// It may be whole, but is of a variant that has no decoder.
    Unfit(Reason),
    /// It is damaged.
    Damaged(Reason),
}

impl DecodeError {
    /// One sentence that says why, whichever it is.
    pub(super) fn reason(self) -> Reason {
        match self {
            DecodeError::TooLarge(reason)
            | DecodeError::Unfit(reason)
            | DecodeError::Damaged(reason) => reason,
        }
    }
}

/// When the preview of a picture is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Showing {
    /// As it is read.
    Now,
    /// When somebody looks at it.
    Later,
    /// Never: nobody looks at it by itself.
    Never,
}

impl Showing {
    /// That of a picture of this size. One that lies in a document is seen where the document shows it, and seldom by
    /// itself: decoding it would cost more than reading the document.
    pub(super) fn of(width: u32, height: u32, context: &Context<'_>) -> Showing {
        let longer = width.max(height);
        match context.is_part_of_a_document() {
            // Of its own pages a picture has the first.
            _ if context.page_picture.is_some_and(|page| page > 1) => Showing::Never,
            _ if context.page_picture.is_some() => Showing::Now,
            false => Showing::Now,
            true if longer < IN_DOCUMENT_LEAST => Showing::Never,
            true if context.likeness => Showing::Now,
            true if may_decode(width, height, context).is_ok() => Showing::Later,
            true => Showing::Never,
        }
    }
}

/// Whether a picture of this size may be decoded.
///
/// # Errors
/// One sentence that says why not.
pub(super) fn may_decode(width: u32, height: u32, context: &Context<'_>) -> Result<(), Reason> {
    let pixels = u64::from(width) * u64::from(height);
    let most = context.limits.pixels;
    if pixels > most {
        let more = ReasonKind::MoreThan { limit: most, unit: Unit::Pixels };
        return Err(more.of(Noun::Picture));
    }
    Ok(())
}

/// Decodes a picture within the limits; its pixels are accounted for before they are decoded.
pub(super) fn decode<R: BufRead + Seek>(
    mut reader: ImageReader<R>,
    context: &Context<'_>,
) -> Result<DynamicImage, DecodeError> {
    let mut most = image::Limits::default();
    most.max_alloc = Some(DECODE_MOST);
    reader.limits(most);
    let read = || {
        let mut decoder = reader.into_decoder()?;
        let (width, height) = decoder.dimensions();
        if let Err(reason) = may_decode(width, height, context) {
            return Ok(Err(reason));
        }
        // The decoder's own limit counts its rows, not the picture that it fills.
        let bytes = decoder.total_bytes();
        if bytes > DECODE_MOST {
            let takes = ReasonKind::TakesMemory { bytes, limit: DECODE_MOST };
            return Ok(Err(takes.of(Noun::Picture)));
        }
        if let Err(limit) = context.spend_decoded(bytes) {
            return Ok(Err(limit.into_reason()));
        }
        let mut left = image::Limits::default();
        left.max_alloc = Some(DECODE_MOST - bytes);
        decoder.set_limits(left)?;
        DynamicImage::from_decoder(decoder).map(Ok)
    };
    context.unit();
    // A decoder that panics costs the preview, not the document.
    let answer = catch_unwind(AssertUnwindSafe(read));
    context.progress();
    match answer {
        Ok(Ok(Ok(picture))) => Ok(picture),
        Ok(Ok(Err(reason))) => Err(DecodeError::TooLarge(reason)),
        Ok(Err(error @ ImageError::Limits(_))) => Err(DecodeError::TooLarge(said(error))),
        Ok(Err(error @ ImageError::Unsupported(_))) => Err(DecodeError::Unfit(said(error))),
        Ok(Err(error)) => Err(DecodeError::Damaged(said(error))),
        Err(_) => Err(DecodeError::Damaged(ReasonKind::DecoderBroke.into())),
    }
}

/// What a library says.
fn said(error: impl std::fmt::Display) -> Reason {
    ReasonKind::Broken(Quote::of(&error)).into()
}

/// A picture as a preview: small, turned upright, on white; none if there is nothing to see on it.
/// `orientation` is EXIF's.
///
/// # Errors
/// One sentence that says why it cannot be made.
pub(super) fn of(
    picture: DynamicImage,
    orientation: Option<i64>,
    locator: Locator,
    context: &Context<'_>,
) -> Result<Option<Preview>, Reason> {
    sized(picture, orientation, locator, context.limits.preview, context)
}

/// The same, its longer side at most `side` pixels.
pub(super) fn sized(
    picture: DynamicImage,
    orientation: Option<i64>,
    locator: Locator,
    side: u32,
    context: &Context<'_>,
) -> Result<Option<Preview>, Reason> {
    let small = shrunk(on_white(picture), side.max(1))?;
    // A page is shown as it is, with nothing on it, too.
    if context.page_picture.is_none() && is_blank(&small) {
        return Ok(None);
    }
    let mut small = DynamicImage::from(small);
    let orientation = orientation.and_then(|n| u8::try_from(n).ok());
    if let Some(orientation) = orientation.and_then(Orientation::from_exif) {
        small.apply_orientation(orientation);
    }
    let small = small.into_rgba8();
    let (width, height) = small.dimensions();
    let (pixels, shades) = match grays(&small) {
        Some(grays) => (grays, Shades::Gray),
        None => (colours(&small), Shades::Rgb),
    };
    let raster = Raster::new(width, height, shades, pixels)
        .ok_or_else(|| said("the shrunk picture has another size"))?;
    Ok(Some(Preview { locator, raster }))
}

/// The colours of a picture that has no clear pixels.
fn colours(small: &RgbaImage) -> Vec<u8> {
    small.pixels().flat_map(|&Rgba([red, green, blue, _])| [red, green, blue]).collect()
}

/// How far the channels of a pixel may be from each other for it to look gray.
const GRAY_SPAN: u8 = 4;

/// The shades of a picture without colours, which takes a third of the room and of the time to encode; none of one with
/// colours.
fn grays(small: &RgbaImage) -> Option<Vec<u8>> {
    let gray = |&Rgba([red, green, blue, _]): &Rgba<u8>| {
        let span = red.max(green).max(blue) - red.min(green).min(blue);
        (span <= GRAY_SPAN).then_some(green)
    };
    small.pixels().map(gray).collect()
}

/// How far a channel may be from the ground and still be of it: what JPEG leaves around an edge, and the shades of a scanned
/// sheet without a word on it.
const GROUND_SPAN: u8 = 16;

/// How thin a stroke is that shows nothing: this part of a side, and one pixel at least.
const THIN: u32 = 20;

/// Pixels of the shorter side up to which a preview is a thread that nobody sees.
const THREAD: u32 = 2;

/// Whether there is nothing to see on a small picture: all of it is of one colour, or but for one straight stroke across it.
/// Programs that make documents without showing them store such likenesses: a white sheet, or one with the line of its
/// head.
fn is_blank(small: &RgbaImage) -> bool {
    // The ground is what most corners and the middle are of: a stroke may lie on one of them.
    let (width, height) = small.dimensions();
    if width.min(height) <= THREAD {
        return true;
    }
    let (right, bottom) = (width - 1, height - 1);
    let spots = [(0, 0), (right, 0), (0, bottom), (right, bottom), (width / 2, height / 2)];
    let spots =
        spots.map(|(x, y)| small.get_pixel_checked(x, y).copied().unwrap_or(Rgba([255; 4])));
    let near =
        |a: &Rgba<u8>, b: &Rgba<u8>| a.0.iter().zip(b.0).all(|(a, b)| a.abs_diff(b) <= GROUND_SPAN);
    let ground = spots.iter().max_by_key(|spot| spots.iter().filter(|b| near(spot, b)).count());
    let Some(ground) = ground else { return true };

    let thin = |length: u32, side: u32| length <= (side / THIN).max(1);
    let (mut left, mut right, mut top, mut bottom, mut marked) = (width, 0, height, 0, 0u64);
    for (y, row) in (0..).zip(small.rows()) {
        for (x, pixel) in (0..).zip(row) {
            if !near(pixel, ground) {
                (left, right) = (left.min(x), right.max(x));
                (top, bottom) = (top.min(y), bottom.max(y));
                marked += 1;
            }
        }
        // What is marked so far is no stroke, and more makes it none: of most pictures only the head is looked at.
        if marked > 0 && !thin(bottom - top + 1, height) && !thin(right - left + 1, width) {
            return false;
        }
    }
    if marked == 0 {
        return true;
    }
    let (across, down) = (right - left + 1, bottom - top + 1);
    // A line of text is as thin, but it has gaps; a stroke fills what it lies in.
    marked * 10 >= u64::from(across) * u64::from(down) * 9
}

/// A picture whose longer side is at most so many pixels, each the mean of those that it stands for. It has no clear
/// pixels.
///
/// Every picture comes as one kind of pixels: each kind that is shrunk by itself is compiled 240 times over, for so
/// many numbers of rows, and together they were half of this crate.
fn shrunk(picture: RgbaImage, side: u32) -> Result<RgbaImage, Reason> {
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer <= side {
        return Ok(picture);
    }
    let scaled = |length: u32| {
        let scaled =
            (u64::from(length) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    let picture =
        Image::from_vec_u8(width, height, picture.into_raw(), PixelType::U8x4).map_err(said)?;
    let (width, height) = (scaled(width), scaled(height));
    let mut small = Image::new(width, height, PixelType::U8x4);
    let mean =
        ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box)).use_alpha(false);
    Resizer::new().resize(&picture, &mut small, &mean).map_err(said)?;
    RgbaImage::from_raw(width, height, small.into_vec())
        .ok_or_else(|| said("the shrunk picture has another size"))
}

/// Says that a document stores a small likeness of itself (the first page, the cover of an album), or makes a preview of it
/// where that is wanted: decoding and encoding it costs more than all else of most documents, and nobody looks at most of
/// them. `read` gives as many of its bytes as it is told, or fewer where it ends; none if they cannot be had. A likeness
/// that turns out to be damaged is no loss of the document's.
pub(super) fn likeness(
    content: &mut Content,
    context: &Context<'_>,
    read: impl FnOnce(u64) -> Option<Vec<u8>>,
) {
    match context.likeness {
        false => {
            let head = read(STORED_HEAD);
            content.likeness = head.is_some_and(|head| may_be_shown(&head, context));
        }
        true => {
            // Cameras turn the picture by a word about it, and the likeness with it.
            let orientation = content.metadata.integer(metadata::ORIENTATION);
            let preview =
                read(STORED_MOST).and_then(|picture| stored(&picture, orientation, context).ok());
            content.previews.extend(preview.flatten());
        }
    }
}

/// Whether what begins so is a picture that has a decoder, and no larger than may be decoded as far as these bytes tell.
fn may_be_shown(head: &[u8], context: &Context<'_>) -> bool {
    let Ok(format) = image::guess_format(head) else { return false };
    if !format.reading_enabled() {
        return false;
    }
    let reader = ImageReader::with_format(Cursor::new(head), format);
    // The size may stand further behind, after a thumbnail of the thumbnail: then its decoder will meet it.
    let size = catch_unwind(AssertUnwindSafe(|| reader.into_dimensions().ok())).ok().flatten();
    size.is_none_or(|(width, height)| {
        width > 0 && height > 0 && may_decode(width, height, context).is_ok()
    })
}

/// A preview of a stored likeness. None if there is nothing to see on it.
///
/// # Errors
/// One sentence that says why there is no preview.
fn stored(
    picture: &[u8],
    orientation: Option<i64>,
    context: &Context<'_>,
) -> Result<Option<Preview>, Reason> {
    let reader = ImageReader::new(Cursor::new(picture)).with_guessed_format().map_err(said)?;
    let picture = decode(reader, context).map_err(DecodeError::reason)?;
    of(picture, orientation, Locator::Whole {}, context)
}

/// Paper is white: JPEG knows no transparency, and dropping it would turn clear pixels black.
fn on_white(picture: DynamicImage) -> RgbaImage {
    let may_be_clear = picture.color().has_alpha();
    let mut flat = picture.into_rgba8();
    if may_be_clear {
        for pixel in flat.pixels_mut() {
            let [red, green, blue, alpha] = pixel.0;
            if alpha < 255 {
                let alpha = u32::from(alpha);
                let blend = |c: u8| {
                    let c = (u32::from(c) * alpha + 255 * (255 - alpha)) / 255;
                    u8::try_from(c).unwrap_or(255)
                };
                pixel.0 = [blend(red), blend(green), blend(blue), 255];
            }
        }
    }
    flat
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    #[test]
    fn a_shrunk_picture_keeps_its_shape_and_each_pixel_is_a_mean() {
        // Black and white columns by turns: gray from afar.
        let striped =
            RgbImage::from_fn(1000, 10, |x, _| Rgb([if x % 2 == 0 { 0 } else { 255 }; 3]));
        let striped = DynamicImage::from(striped);
        for picture in [
            DynamicImage::from(striped.to_luma8()),
            DynamicImage::from(striped.to_luma_alpha8()),
            DynamicImage::from(striped.to_rgb8()),
            DynamicImage::from(striped.to_rgba8()),
            DynamicImage::from(striped.to_rgb16()),
            DynamicImage::from(striped.to_rgba16()),
            DynamicImage::from(striped.to_luma16()),
        ] {
            let kind = picture.color();
            let flat = on_white(picture);
            let small = shrunk(flat.clone(), 500).unwrap();
            assert_eq!(small.dimensions(), (500, 5), "{kind:?}");
            let gray = |pixel: &Rgba<u8>| {
                let [colours @ .., alpha] = pixel.0;
                alpha == 255 && colours.iter().all(|c| (127..=128).contains(c))
            };
            assert!(small.pixels().all(gray), "{kind:?}");
            assert_eq!(shrunk(flat.clone(), 1000).unwrap(), flat, "{kind:?}");
            // A line stays a line.
            assert_eq!(shrunk(flat, 20).unwrap().height(), 1, "{kind:?}");
        }
    }

    #[test]
    fn a_picture_with_nothing_on_it_is_blank() {
        let sheet = |width, height, ink: &dyn Fn(u32, u32) -> bool| {
            RgbaImage::from_fn(width, height, |x, y| {
                // The paper is not quite even, as JPEG leaves it.
                let paper = 255 - u8::try_from((x * 7 + y * 3) % 9).unwrap();
                let ink = if ink(x, y) { 90 } else { paper };
                Rgba([ink, ink, ink, 255])
            })
        };
        let blank =
            |width, height, ink: &dyn Fn(u32, u32) -> bool| is_blank(&sheet(width, height, ink));
        assert!(blank(370, 480, &|_, _| false), "a white sheet");
        assert!(is_blank(&RgbaImage::from_pixel(64, 48, Rgba([9, 30, 200, 255]))), "one colour");
        assert!(blank(480, 240, &|_, y| (8..16).contains(&y)), "a line across it");
        assert!(blank(480, 240, &|_, y| y < 8), "a line along its edge");
        assert!(
            blank(480, 240, &|x, y| x == 240 && (20..200).contains(&y)),
            "a line down its middle"
        );
        assert!(
            blank(1, 1, &|_, _| true) && blank(500, 1, &|x, _| x % 2 == 0),
            "a speck, a thread"
        );

        assert!(!blank(480, 240, &|x, y| (8..16).contains(&y) && x % 3 == 0), "a line of text");
        assert!(!blank(480, 240, &|_, y| y % 40 < 4), "several lines");
        assert!(!blank(480, 240, &|x, _| x > 240), "two halves");
        assert!(!blank(480, 240, &|x, y| x.abs_diff(y) < 3), "a diagonal");
        assert!(!blank(64, 48, &|x, y| (20..40).contains(&x) && (20..40).contains(&y)), "a square");
        let shaded = RgbaImage::from_fn(32, 32, |x, y| {
            let shade = u8::try_from(x * 4 + y * 4).unwrap();
            Rgba([shade, shade, shade, 255])
        });
        assert!(!is_blank(&shaded), "a gradient");
    }

    #[test]
    fn a_picture_without_colours_is_told_by_its_shades() {
        let mut sheet = RgbaImage::from_pixel(4, 2, Rgba([120, 122, 124, 255]));
        assert_eq!(grays(&sheet), Some(vec![122; 8]));
        sheet.put_pixel(3, 1, Rgba([120, 122, 125, 255]));
        assert_eq!(grays(&sheet), None);
    }

    #[test]
    fn clear_pixels_are_paper() {
        let half = RgbaImage::from_pixel(2, 1, Rgba([0, 0, 0, 127]));
        let clear = RgbaImage::from_pixel(2, 1, Rgba([9, 9, 9, 0]));
        let gray = on_white(DynamicImage::from(half));
        assert_eq!(gray.get_pixel(0, 0).0, [128, 128, 128, 255]);
        assert_eq!(on_white(DynamicImage::from(clear)).get_pixel(1, 0).0, [255; 4]);
    }
}
