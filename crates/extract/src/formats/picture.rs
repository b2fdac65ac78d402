//! What the picture formats share: properties in one vocabulary.

use std::io::BufReader;

use image::{DynamicImage, ImageFormat, ImageReader};
use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{self, Metadata};
use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::preview::{self, DecodeError, Showing};
use super::{icc, iptc, picture_exif, xmp};
use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::options::Ocr;
use crate::seen_text::{Seen, Sight};

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
    /// Of all frames together, seconds.
    pub(super) duration: Option<f64>,
    /// Dots per inch, across and down.
    pub(super) dpi: Option<(f64, f64)>,
    /// How the pixels are packed.
    pub(super) compression: Option<&'static str>,
    /// The colour profile, or its beginning.
    pub(super) icc: Vec<u8>,
    /// A TIFF structure with EXIF tags.
    pub(super) exif: Option<Vec<u8>>,
    /// What such tags say, where they were read already.
    pub(super) said: Metadata,
    pub(super) xmp: Option<Vec<u8>>,
    /// Data sets of IPTC.
    pub(super) iptc: Option<Vec<u8>>,
    /// Photoshop's image resources, which may hold such, too.
    pub(super) photoshop: Vec<u8>,
    /// Whether there is a manifest of C2PA.
    pub(super) c2pa: bool,
    /// Properties that this format has besides: part, name and text.
    pub(super) texts: Vec<(&'static str, &'static str, String)>,
    /// What was odd on the way.
    pub(super) odd: Option<Reason>,
    /// Whether the file ends before it should.
    pub(super) is_cut: bool,
}

/// Which way a decoded picture is turned to be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// As its properties say.
    AsTold,
    /// By this number of EXIF's, whatever else is told of it.
    By(i64),
}

impl Turn {
    /// A picture that comes as it is to be seen.
    pub(super) const NONE: Turn = Turn::By(1);

    fn orientation(self, content: &Content) -> Option<i64> {
        match self {
            Turn::AsTold => content.metadata.integer(metadata::ORIENTATION),
            Turn::By(number) => Some(number),
        }
    }
}

/// The pixels of a picture.
pub(super) struct Decoded {
    pub(super) picture: DynamicImage,
    pub(super) turn: Turn,
    /// Why a part of it is missing.
    pub(super) damage: Option<Reason>,
}

/// Decodes a picture, by whoever knows its format: all of its pixels, or a smaller picture that the file stores, too, and whose
/// longer side is no less than so many. It is called for none that is larger than may be decoded by its head.
pub(super) type Decode<'a> = dyn Fn(Option<u32>) -> Result<Decoded, DecodeError> + 'a;

/// A blob as buffered `Read` and `Seek`.
pub(super) fn reader<'a>(blob: &'a dyn Blob) -> BufReader<Cursor<'a>> {
    BufReader::new(Cursor::new(blob))
}

/// Content of a picture whose head could be read, with a preview of its pixels.
///
/// # Errors
/// [`ExtractError::Corrupt`] if there are no dimensions.
pub(super) fn content(
    blob: &dyn Blob,
    context: &Context<'_>,
    format: ImageFormat,
    header: Header,
) -> Result<Content, ExtractError> {
    let mut seen = Seen::default();
    let mut content = first(blob, context, format, header, &mut seen)?;
    seen.tell(&mut content);
    Ok(content)
}

/// The same of the first picture of a file that may hold more: what is read on it is `seen`, and the caller has that told.
///
/// # Errors
/// [`ExtractError::Corrupt`] if there are no dimensions.
pub(super) fn first(
    blob: &dyn Blob,
    context: &Context<'_>,
    format: ImageFormat,
    header: Header,
    seen: &mut Seen,
) -> Result<Content, ExtractError> {
    let decode = |_: Option<u32>| {
        let picture = preview::decode(ImageReader::with_format(reader(blob), format), context);
        picture.map(|picture| Decoded { picture, turn: Turn::AsTold, damage: None })
    };
    first_decoded(context, header, &decode, seen)
}

/// Content of a picture with a preview of its pixels, which are decoded in this way.
///
/// # Errors
/// [`ExtractError::Corrupt`] if there are no dimensions.
pub(super) fn decoded(
    context: &Context<'_>,
    header: Header,
    decode: &Decode<'_>,
) -> Result<Content, ExtractError> {
    let mut seen = Seen::default();
    let mut content = first_decoded(context, header, decode, &mut seen)?;
    seen.tell(&mut content);
    Ok(content)
}

/// The same of the first picture of a file that may hold more.
///
/// # Errors
/// [`ExtractError::Corrupt`] if there are no dimensions.
pub(super) fn first_decoded(
    context: &Context<'_>,
    header: Header,
    decode: &Decode<'_>,
    seen: &mut Seen,
) -> Result<Content, ExtractError> {
    let (width, height) = (header.width, header.height);
    let mut content = described(header)?;
    // Asked before a decoder is made: it would call a size that it cannot hold a damage.
    let decode = |least: Option<u32>| {
        preview::may_decode(width, height, context).map_err(DecodeError::TooLarge)?;
        decode(least)
    };
    see(context, &decode, (width, height), seen, &mut content);
    Ok(content)
}

/// Content of a picture whose own pixels nothing here decodes: what its head says, and in their place the picture that it
/// stores to be shown, decoded in this way. If that cannot be shown nothing of the picture itself is lost, but it is said.
///
/// # Errors
/// [`ExtractError::Corrupt`] if there are no dimensions.
pub(super) fn stood_for(
    context: &Context<'_>,
    header: Header,
    stored: &Decode<'_>,
) -> Result<Content, ExtractError> {
    let size = (header.width, header.height);
    let mut content = described(header)?;
    let stored =
        |least: Option<u32>| stored(least).map_err(|error| DecodeError::Unfit(error.reason()));
    let mut seen = Seen::default();
    see(context, &stored, size, &mut seen, &mut content);
    let is_said = content.warnings.iter().any(|w| matches!(w.reason.kind, ReasonKind::NoPreview));
    if content.previews.is_empty() && !is_said && is_shown_now(size, context) {
        let blank = ReasonKind::NoContent.of(Noun::Preview);
        content.note(ReasonKind::NoPreview.because(blank));
    }
    seen.tell(&mut content);
    Ok(content)
}

/// Content of a picture of which nothing can be shown, and why: whoever sees that it was read would look for it.
///
/// # Errors
/// [`ExtractError::Corrupt`] if there are no dimensions.
pub(super) fn undecoded(
    context: &Context<'_>,
    header: Header,
    why: Reason,
) -> Result<Content, ExtractError> {
    let size = (header.width, header.height);
    let mut content = described(header)?;
    if is_shown_now(size, context) {
        content.note(ReasonKind::NoPreview.because(why));
    }
    Ok(content)
}

fn is_shown_now((width, height): (u32, u32), context: &Context<'_>) -> bool {
    context.previews_wanted() && Showing::of(width, height, context) == Showing::Now
}

/// Decodes a picture of this size for whatever is wanted of its pixels, if that is not for later.
fn see(
    context: &Context<'_>,
    decode: &Decode<'_>,
    size: (u32, u32),
    seen: &mut Seen,
    content: &mut Content,
) {
    let showing = Showing::of(size.0, size.1, context);
    let words = context.seen_text_wanted();
    let is_decoded = match showing {
        Showing::Now => context.previews_wanted() || words != Ocr::Never,
        Showing::Later => words != Ocr::Never,
        Showing::Never => words == Ocr::Always,
    };
    if is_decoded && !context.may_look(Noun::Picture, content) {
        return;
    }
    content.likeness |= showing == Showing::Later;
    match showing {
        _ if !is_decoded => {}
        Showing::Now => show(context, decode, size, seen, content),
        Showing::Later | Showing::Never => look(context, decode, size, seen, content),
    }
}

/// What the head of a picture says.
fn described(header: Header) -> Result<Content, ExtractError> {
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
    // Sums of hundredths: nobody counts finer, and all digits would show how they were added.
    let duration = header.duration.filter(|seconds| *seconds > 0.0);
    properties.set_some(metadata::DURATION, duration.map(|all| (all * 1e3).round() / 1e3));
    properties.set_some(metadata::COMPRESSION, header.compression);
    let (across, down) = header.dpi.filter(|(x, y)| *x > 0.0 && *y > 0.0).unzip();
    properties.set_some(metadata::X_DPI, across);
    properties.set_some(metadata::Y_DPI, down);
    content.metadata.at("ICC").set_some(metadata::ICC_PROFILE, icc::name(&header.icc));
    if header.c2pa {
        content.metadata.at("C2PA").set(metadata::C2PA, true);
    }
    for (part, name, text) in header.texts {
        content.metadata.at(part).set(name, text);
    }
    let exif_note = header.exif.and_then(|exif| picture_exif::read(&exif, &mut content.metadata));
    content.metadata.trust(header.said);
    if let Some(packet) = header.xmp {
        xmp::read(&packet, "XMP", &mut content.metadata);
    }
    if let Some((across, down)) = iptc::dots_of_photoshop(&header.photoshop) {
        let mut resources = content.metadata.at("Photoshop");
        resources.add(metadata::X_DPI, across);
        resources.add(metadata::Y_DPI, down);
    }
    let iptc = header.iptc.as_deref().or_else(|| iptc::of_photoshop(&header.photoshop));
    if let Some(block) = iptc {
        iptc::read(block, &mut content);
    }
    if header.is_cut {
        content.lost(ReasonKind::EndsEarly.of(Noun::File));
    }
    for note in exif_note.into_iter().chain(header.odd) {
        content.note(note);
    }
    Ok(content)
}

/// Decodes a picture of this size for its preview.
fn show(
    context: &Context<'_>,
    decode: &Decode<'_>,
    (width, height): (u32, u32),
    seen: &mut Seen,
    content: &mut Content,
) {
    // What is read needs every pixel; to be seen, a smaller picture will do.
    let least = match context.seen_text_wanted() {
        Ocr::Never => Some(context.limits.preview),
        Ocr::Auto | Ocr::Always => None,
    };
    match decode(least) {
        Ok(Decoded { picture, turn, damage }) => {
            let orientation = turn.orientation(content);
            read_words(&picture, orientation, width.max(height), context, seen, content);
            if let Some(damage) = damage {
                content.lost(ReasonKind::Damaged.of(Noun::Pixels).because(damage));
            }
            if !context.previews_wanted() {
                return;
            }
            match preview::of(picture, orientation, Locator::Whole {}, context) {
                Ok(preview) => content.previews.extend(preview),
                Err(reason) => content.note(ReasonKind::NoPreview.because(reason)),
            }
        }
        Err(DecodeError::TooLarge(reason)) => content.cut(ReasonKind::NotSeen.because(reason)),
        Err(DecodeError::Unfit(reason)) => {
            content.note(ReasonKind::NoPreview.because(reason));
        }
        Err(DecodeError::Damaged(reason)) => {
            content.lost(ReasonKind::Damaged.of(Noun::Pixels).because(reason));
        }
    }
}

/// Decodes a picture of this size for what is written on it alone. What is damaged shows when somebody looks at it.
fn look(
    context: &Context<'_>,
    decode: &Decode<'_>,
    (width, height): (u32, u32),
    seen: &mut Seen,
    content: &mut Content,
) {
    if context.seen_text_wanted() == Ocr::Never {
        return;
    }
    match decode(None) {
        Ok(Decoded { picture, turn, .. }) => {
            let orientation = turn.orientation(content);
            read_words(&picture, orientation, width.max(height), context, seen, content);
        }
        Err(DecodeError::TooLarge(reason)) => content.cut(ReasonKind::NotSeen.because(reason)),
        Err(DecodeError::Unfit(_) | DecodeError::Damaged(_)) => {}
    }
}

/// Reads what is written on a picture whose longer side is `longer` by its head: places are told in pixels of that.
fn read_words(
    picture: &DynamicImage,
    orientation: Option<i64>,
    longer: u32,
    context: &Context<'_>,
    seen: &mut Seen,
    content: &mut Content,
) {
    if context.seen_text_wanted() == Ocr::Never {
        return;
    }
    let here = picture.width().max(picture.height());
    let dpi = (here < longer)
        .then(|| u32::try_from(u64::from(here) * 72 / u64::from(longer)).unwrap_or(72).max(1));
    Sight::of(picture, orientation, dpi).read(context, seen, content);
}
