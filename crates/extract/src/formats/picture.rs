//! What the picture formats share: properties in one vocabulary.

use std::io::BufReader;

use exif::Exif;
use image::{ImageFormat, ImageReader};
use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::preview::{self, DecodeError, Showing};
use super::{iptc, picture_exif, xmp};
use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::options::Ocr;

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
    /// Data sets of IPTC.
    pub(super) iptc: Option<Vec<u8>>,
    /// Photoshop's image resources, which may hold such, too.
    pub(super) photoshop: Vec<u8>,
    /// Properties that this format has besides: name and text.
    pub(super) texts: Vec<(&'static str, &'static str, String)>,
    /// What was odd on the way.
    pub(super) odd: Option<Reason>,
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
        return Err(ExtractError::corrupt(ReasonKind::Unreadable.of(Noun::Size)));
    }
    let mut content = Content::default();
    let mut properties = content.metadata.at("header");
    properties.set(metadata::WIDTH, header.width);
    properties.set(metadata::HEIGHT, header.height);
    properties.set_some(metadata::BIT_DEPTH, header.bit_depth);
    properties.set_some(metadata::CHANNELS, header.channels);
    properties.set_some(metadata::FRAMES, header.frames);
    for (part, name, text) in header.texts {
        content.metadata.at(part).set(name, text);
    }
    let exif_note = header.exif.and_then(|exif| picture_exif::read(exif, &mut content.metadata));
    if let Some(fields) = &header.fields {
        picture_exif::read_fields(fields, &mut content.metadata);
    }
    if let Some(packet) = header.xmp {
        xmp::read(&packet, "XMP", &mut content.metadata);
    }
    let iptc = header.iptc.as_deref().or_else(|| iptc::of_photoshop(&header.photoshop));
    if let Some(block) = iptc {
        iptc::read(block, &mut content);
    }
    for note in exif_note.into_iter().chain(header.odd) {
        content.note(note);
    }
    match Showing::of(header.width, header.height, context) {
        Showing::Now => show(blob, context, format, (header.width, header.height), &mut content),
        Showing::Later => content.likeness = true,
        Showing::Never => {}
    }
    if context.options.ocr == Ocr::Always {
        context.note_unrecognised(Noun::Picture, 0, &mut content);
    }
    Ok(content)
}

/// Decodes a picture of this size for its preview.
fn show(
    blob: &dyn Blob,
    context: &Context<'_>,
    format: ImageFormat,
    (width, height): (u32, u32),
    content: &mut Content,
) {
    // Asked before a decoder is made: it would call a size that it cannot hold a damage.
    let fits = preview::may_decode(width, height, context);
    let picture = fits
        .map_err(DecodeError::Unfit)
        .and_then(|()| preview::decode(ImageReader::with_format(reader(blob), format), context));
    match picture {
        Ok(picture) => {
            let orientation = content.metadata.integer(metadata::ORIENTATION);
            match preview::of(picture, orientation, Locator::Whole {}, context) {
                Ok(preview) => content.previews.extend(preview),
                Err(reason) => content.note(ReasonKind::NoPreview.because(reason)),
            }
        }
        Err(DecodeError::Unfit(reason)) => {
            content.note(ReasonKind::NoPreview.because(reason));
        }
        Err(DecodeError::Damaged(reason)) => {
            content.lost(ReasonKind::Damaged.of(Noun::Pixels).because(reason));
        }
    }
}
