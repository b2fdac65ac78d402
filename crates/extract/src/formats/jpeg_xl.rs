//! JPEG XL (ISO 18181), in boxes or bare.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use jxl_oxide::{
    AllocTracker, EnumColourEncoding, InitializeResult, JxlImage, JxlThreadPool, RenderingIntent,
};
use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::iso_boxes::{self, each};
use super::jumbf;
use super::picture::{self, BLOCK_MOST, Decoded, Header, Turn};
use super::preview::{self, DecodeError};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "jpeg_xl",
    version: 7,
    media_types: &["image/jxl"],
    sniff: |probe| {
        let is =
            probe.starts_with(SIGNATURE) || (probe.starts_with(CODESTREAM) && is_one(&probe.head));
        if is { Match::Magic } else { Match::No }
    },
    media_type: |_| "image/jxl",
    extract,
};

const SIGNATURE: &[u8] = b"\0\0\0\x0CJXL \r\n\x87\n";

const CODESTREAM: &[u8] = b"\xFF\x0A";

/// Boxes that are walked.
const BOXES_MOST: usize = 10_000;

/// Bytes of a codestream that are read.
const HEAD_MOST: u64 = 64;

/// Bytes of a file that are held to be decoded, and of memory that decoding takes.
const FILE_MOST: u64 = 256 << 20;
const MEMORY_MOST: usize = 640 << 20;

/// Bytes that are given to the decoder at once.
const PIECE: usize = 64 << 10;

/// Two bytes are weak evidence: a size must follow.
fn is_one(head: &[u8]) -> bool {
    let mut header = Header::default();
    codestream(head, &mut header).is_some() && header.width < 1 << 20 && header.height < 1 << 20
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header::default();
    let head = read_range(blob, 0, HEAD_MOST)?;
    if head.starts_with(CODESTREAM) {
        let _ = codestream(&head, &mut header);
    } else {
        header.is_cut = iso_boxes::reach_beyond(blob);
        each(blob, 0, blob.len(), BOXES_MOST, &mut |kind, from, to| {
            let bytes =
                |most: u64| read_range(blob, from, (to - from).min(most)).unwrap_or_default();
            match &kind {
                b"jxlc" => {
                    let _ = codestream(&bytes(HEAD_MOST), &mut header);
                }
                // A part, with its number before it.
                b"jxlp" if header.width == 0 => {
                    let part = bytes(HEAD_MOST);
                    let _ = codestream(part.get(4..).unwrap_or_default(), &mut header);
                }
                b"Exif" => header.exif = after_offset(&bytes(BLOCK_MOST)),
                b"xml " => header.xmp = Some(bytes(BLOCK_MOST)),
                b"jumb" => {
                    let body = bytes(4096);
                    header.c2pa |= jumbf::is_c2pa(&[b"\0\0\0\0jumb", body.as_slice()].concat());
                }
                _ => {}
            }
        });
    }
    let size = (header.width, header.height);
    let decode = |_: Option<u32>| decode(blob, size, context);
    picture::decoded(context, header, &decode)
}

/// Decodes the picture, the first of a film.
fn decode(
    blob: &dyn Blob,
    (width, height): (u32, u32),
    context: &Context<'_>,
) -> Result<Decoded, DecodeError> {
    let damaged = |error: &dyn std::fmt::Display| {
        let said = ReasonKind::Broken(Quote::of(error));
        DecodeError::Damaged(Reason::from(said))
    };
    let undecoded = || DecodeError::Unfit(ReasonKind::NotDecoded.of(Noun::Picture));
    let bytes = blob.read_all(FILE_MOST).map_err(|error| damaged(&error))?;
    // Of numbers of four bytes for each sample.
    let spent = context.spend_decoded(u64::from(width) * u64::from(height) * 12);
    spent.map_err(|limit| DecodeError::TooLarge(limit.into_reason()))?;
    context.unit();
    let read = || {
        let (mut picture, is_whole) = loaded(&bytes).map_err(|error| damaged(&error))?;
        let (wide, high) = (picture.width(), picture.height());
        preview::may_decode(wide, high, context).map_err(DecodeError::TooLarge)?;
        if !picture.pixel_format().has_black() && picture.original_icc().is_none() {
            let usual = match picture.pixel_format().is_grayscale() {
                true => EnumColourEncoding::gray_srgb(RenderingIntent::Relative),
                false => EnumColourEncoding::srgb(RenderingIntent::Relative),
            };
            picture.request_color_encoding(usual);
        }
        context.progress();
        let drawn = match is_whole {
            true => picture.render_frame(0),
            false => picture.render_loading_frame(),
        };
        let drawn = drawn.map_err(|error| damaged(&error))?;
        context.progress();
        let mut stream = drawn.stream();
        let (wide, high, channels) = (stream.width(), stream.height(), stream.channels());
        let samples = u64::from(wide) * u64::from(high) * u64::from(channels);
        let samples = usize::try_from(samples).map_err(|_| undecoded())?;
        let mut pixels = vec![0u8; samples];
        stream.write_to_buffer(&mut pixels);
        let picture = match channels {
            1 => GrayImage::from_raw(wide, high, pixels).map(DynamicImage::from),
            2 => GrayAlphaImage::from_raw(wide, high, pixels).map(DynamicImage::from),
            3 => RgbImage::from_raw(wide, high, pixels).map(DynamicImage::from),
            // Of the four inks of print only some profile says what they look like.
            4 if !picture.pixel_format().has_black() => {
                RgbaImage::from_raw(wide, high, pixels).map(DynamicImage::from)
            }
            _ => None,
        };
        let damage = (!is_whole).then(|| ReasonKind::EndsEarly.of(Noun::Picture));
        // Its decoder turns it, and what EXIF says of that does not count (ISO 18181-2).
        let turn = Turn::NONE;
        picture.map(|picture| Decoded { picture, turn, damage }).ok_or_else(undecoded)
    };
    // A decoder that panics costs the preview, not the document.
    let answer = catch_unwind(AssertUnwindSafe(read));
    context.progress();
    answer.unwrap_or_else(|_| Err(DecodeError::Damaged(ReasonKind::DecoderBroke.into())))
}

/// A picture of which the first frame is loaded, or as much of that as there is, and whether that is all of it. The frames of a
/// film that follow are not.
fn loaded(bytes: &[u8]) -> Result<(JxlImage, bool), Box<dyn Error + Send + Sync>> {
    let memory = AllocTracker::with_limit(MEMORY_MOST);
    let builder = JxlImage::builder().pool(JxlThreadPool::none()).alloc_tracker(memory);
    let mut pieces = Pieces { bytes, taken: 0, given: 0 };
    let mut head = builder.build_uninit();
    let mut picture = loop {
        let piece = pieces.next().ok_or("the head of the picture ends too early")?;
        pieces.taken += head.feed_bytes(piece)?;
        match head.try_init()? {
            InitializeResult::NeedMoreData(more) => head = more,
            InitializeResult::Initialized(picture) => break picture,
        }
    };
    while picture.num_loaded_keyframes() == 0 {
        let Some(piece) = pieces.next() else { return Ok((picture, false)) };
        pieces.taken += picture.feed_bytes(piece)?;
    }
    Ok((picture, true))
}

/// Bytes that are given piece by piece to who may take fewer.
struct Pieces<'a> {
    bytes: &'a [u8],
    taken: usize,
    given: usize,
}

impl<'a> Pieces<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let given = self.given.saturating_add(PIECE).min(self.bytes.len());
        if given == self.given {
            return None;
        }
        self.given = given;
        self.bytes.get(self.taken..given)
    }
}

/// A TIFF structure behind a number that says how far behind that it begins.
fn after_offset(body: &[u8]) -> Option<Vec<u8>> {
    let (offset, rest) = body.split_first_chunk()?;
    let offset = usize::try_from(u32::from_be_bytes(*offset)).ok()?;
    rest.get(offset..).map(<[u8]>::to_vec)
}

/// Bits, the lowest of each byte first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    fn next(&mut self, count: usize) -> Option<u32> {
        let mut number = 0;
        for n in 0..count {
            let bit = self.bytes.get(self.at / 8)? >> (self.at % 8) & 1;
            number |= u32::from(bit) << n;
            self.at += 1;
        }
        Some(number)
    }

    /// A number of one of four widths.
    fn one_of(&mut self, widths: [usize; 4]) -> Option<u32> {
        let width = *widths.get(usize::try_from(self.next(2)?).ok()?)?;
        self.next(width)
    }

    /// A side of the picture (ISO 18181-1, section D.2).
    fn side(&mut self, is_small: bool) -> Option<u32> {
        match is_small {
            true => Some((self.next(5)? + 1) * 8),
            false => self.one_of([9, 13, 18, 30]).map(|side| side + 1),
        }
    }
}

/// The size of the picture, and how it is turned.
fn codestream(bytes: &[u8], header: &mut Header) -> Option<()> {
    let mut bits = Bits { bytes: bytes.strip_prefix(CODESTREAM)?, at: 0 };
    let is_small = bits.next(1)? == 1;
    let height = bits.side(is_small)?;
    let (above, below) = match bits.next(3)? {
        0 => (0, 0),
        1 => (1, 1),
        2 => (12, 10),
        3 => (4, 3),
        4 => (3, 2),
        5 => (16, 9),
        6 => (5, 4),
        _ => (2, 1),
    };
    let width = match below {
        0 => bits.side(is_small)?,
        _ => u32::try_from(u64::from(height) * above / below).ok()?,
    };
    (header.width, header.height) = (width, height);
    header.bit_depth = Some(8);
    // All else may be as it is in most pictures.
    if bits.next(1)? == 1 {
        return Some(());
    }
    if bits.next(1)? == 1 {
        let orientation = bits.next(3)? + 1;
        if orientation > 1 {
            header.said.at("codestream").set(metadata::ORIENTATION, orientation);
        }
        // Its own size, a preview, an animation: they make what follows stand elsewhere.
        if bits.next(3)? != 0 {
            header.bit_depth = None;
            return Some(());
        }
    }
    header.bit_depth = match bits.next(1)? {
        // Fractions.
        1 => None,
        _ => match bits.next(2)? {
            0 => Some(8),
            1 => Some(10),
            2 => Some(12),
            _ => Some(bits.next(6)? + 1),
        },
    };
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(fields: &[(u32, usize)]) -> Vec<u8> {
        let mut bits = Vec::new();
        for (number, width) in fields {
            bits.extend((0..*width).map(|n| (number >> n & 1) as u8));
        }
        let bytes =
            bits.chunks(8).map(|bits| (0..).zip(bits).fold(0, |byte, (n, bit)| byte | bit << n));
        CODESTREAM.iter().copied().chain(bytes).collect()
    }

    #[test]
    fn reads_sizes_of_every_kind() {
        for (fields, size, depth) in [
            // Small, square; all else as usual.
            (vec![(1, 1), (7, 5), (1, 3), (1, 1)], (64, 64), Some(8)),
            // Two sides of their own, twelve bits.
            (
                vec![
                    (0, 1),
                    (1, 2),
                    (3299, 13),
                    (0, 3),
                    (1, 2),
                    (2549, 13),
                    (0, 1),
                    (0, 1),
                    (0, 1),
                    (2, 2),
                ],
                (2550, 3300),
                Some(12),
            ),
            // 16:9, turned, an animation.
            (
                vec![(0, 1), (1, 2), (1079, 13), (5, 3), (0, 1), (1, 1), (5, 3), (4, 3)],
                (1920, 1080),
                None,
            ),
        ] {
            let mut header = Header::default();
            codestream(&stream(&fields), &mut header).unwrap();
            assert_eq!(((header.width, header.height), header.bit_depth), (size, depth));
            let turned = header.said.integer(metadata::ORIENTATION);
            assert_eq!(turned, (depth.is_none()).then_some(6));
        }
        for cut in 0..4 {
            assert!(
                codestream(&stream(&[(0, 1), (3, 2), (9, 30)])[..cut], &mut Header::default())
                    .is_none()
            );
        }
    }
}
