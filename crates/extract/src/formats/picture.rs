//! What the picture formats share: properties in one vocabulary, and the preview.

use std::io::BufReader;
use std::panic::{AssertUnwindSafe, catch_unwind};

use exif::Exif;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageError, ImageFormat, ImageReader, Rgb, RgbImage};
use madang_document::content::{Content, Preview};
use madang_document::locator::Locator;
use madang_document::metadata;

use super::{picture_exif, xmp};
use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::limits::Limits;

/// Memory that decoding one picture may take: 100 Mpixel of four bytes, and some.
const DECODE_MOST: u64 = 512 << 20;

/// Quality of a preview, of 100.
const QUALITY: u8 = 80;

/// Bytes of an embedded block (EXIF, a comment) that are read.
pub(super) const BLOCK_MOST: u64 = 1 << 20;

/// What stands in the head of a picture file, before any pixel is decoded.
#[derive(Default)]
pub(super) struct Header {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) bit_depth: Option<u32>,
    pub(super) channels: Option<u32>,
    pub(super) frames: Option<u32>,
    /// A TIFF structure with EXIF tags.
    pub(super) exif: Option<Vec<u8>>,
    /// The same, read already.
    pub(super) fields: Option<Exif>,
    pub(super) xmp: Option<Vec<u8>>,
    /// Properties that this format has besides: name and text.
    pub(super) texts: Vec<(&'static str, String)>,
    /// What was odd on the way.
    pub(super) odd: Option<String>,
}

/// A blob as buffered `Read` and `Seek`.
pub(super) fn reader<'a>(blob: &'a dyn Blob) -> BufReader<Cursor<'a>> {
    BufReader::new(Cursor::new(blob))
}

/// Content of a picture whose head could be read.
///
/// # Errors
/// [`ExtractError::Corrupt`] if there are no dimensions.
pub(super) fn content(
    blob: &dyn Blob,
    context: &Context<'_>,
    format: ImageFormat,
    header: Header,
) -> Result<Content, ExtractError> {
    if header.width == 0 || header.height == 0 {
        return Err(ExtractError::corrupt("its width and height cannot be read"));
    }
    let mut content = Content::default();
    let properties = &mut content.metadata;
    properties.set(metadata::WIDTH, header.width);
    properties.set(metadata::HEIGHT, header.height);
    properties.set_some(metadata::BIT_DEPTH, header.bit_depth);
    properties.set_some(metadata::CHANNELS, header.channels);
    properties.set_some(metadata::FRAMES, header.frames);
    for (name, text) in header.texts {
        properties.set(name, text);
    }
    let exif_note = header.exif.and_then(|exif| picture_exif::read(exif, &mut content.metadata));
    if let Some(fields) = &header.fields {
        picture_exif::read_fields(fields, &mut content.metadata);
    }
    if let Some(packet) = header.xmp {
        xmp::read(&packet, &mut content.metadata);
    }
    for note in exif_note.into_iter().chain(header.odd) {
        content.note(note);
    }
    let pixels = u64::from(header.width) * u64::from(header.height);
    if pixels > context.limits.pixels {
        content.note(format!(
            "no preview: {pixels} pixels are more than the {} that are decoded",
            context.limits.pixels
        ));
        return Ok(content);
    }
    context.progress();
    match decode(|| ImageReader::with_format(reader(blob), format), context.limits) {
        Ok(picture) => {
            let orientation = content.metadata.integer(metadata::ORIENTATION);
            content.previews.extend(preview(
                picture,
                orientation,
                Locator::Whole {},
                context.limits,
            ));
        }
        Err(Undecoded::Unfit(reason)) => content.note(format!("no preview: {reason}")),
        Err(Undecoded::Damaged(reason)) => {
            content.lost(format!("the pixels are damaged: {reason}"));
        }
    }
    context.progress();
    Ok(content)
}

/// Why a picture could not be decoded.
pub(super) enum Undecoded {
    /// It is whole, but of a variant that has no decoder, or too large.
    Unfit(String),
    /// It is damaged.
    Damaged(String),
}

/// Decodes a picture within limits.
pub(super) fn decode<R: std::io::BufRead + std::io::Seek>(
    open: impl FnOnce() -> ImageReader<R>,
    limits: &Limits,
) -> Result<DynamicImage, Undecoded> {
    let read = || {
        let mut reader = open();
        let mut most = image::Limits::default();
        most.max_alloc = Some(DECODE_MOST);
        let side = u32::try_from(limits.pixels).unwrap_or(u32::MAX);
        (most.max_image_width, most.max_image_height) = (Some(side), Some(side));
        reader.limits(most);
        reader.decode()
    };
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(picture)) => Ok(picture),
        Ok(Err(error @ (ImageError::Limits(_) | ImageError::Unsupported(_)))) => {
            Err(Undecoded::Unfit(error.to_string()))
        }
        Ok(Err(error)) => Err(Undecoded::Damaged(error.to_string().trim().to_owned())),
        Err(_) => Err(Undecoded::Damaged("the decoder broke on it".into())),
    }
}

/// A picture as a preview: small, turned upright, on white, as JPEG. `orientation` is EXIF's.
pub(super) fn preview(
    picture: DynamicImage,
    orientation: Option<i64>,
    locator: Locator,
    limits: &Limits,
) -> Option<Preview> {
    let side = limits.preview.max(1);
    let mut small = if picture.width().max(picture.height()) > side {
        picture.thumbnail(side, side)
    } else {
        picture
    };
    let orientation = orientation.and_then(|n| u8::try_from(n).ok());
    if let Some(orientation) = orientation.and_then(Orientation::from_exif) {
        small.apply_orientation(orientation);
    }
    let flat = if small.color().has_alpha() { on_white(&small) } else { small.into_rgb8() };
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&flat).ok()?;
    Some(Preview { locator, width: flat.width(), height: flat.height(), jpeg })
}

/// JPEG knows no transparency, and most transparent pictures are dark drawings meant for a light page.
fn on_white(picture: &DynamicImage) -> RgbImage {
    let rgba = picture.to_rgba8();
    let mut flat = RgbImage::new(rgba.width(), rgba.height());
    for (from, to) in rgba.pixels().zip(flat.pixels_mut()) {
        let [red, green, blue, alpha] = from.0.map(u32::from);
        let blend = |c: u32| u8::try_from((c * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255);
        *to = Rgb([blend(red), blend(green), blend(blue)]);
    }
    flat
}
