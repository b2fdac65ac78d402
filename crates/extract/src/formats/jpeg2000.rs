//! JPEG 2000 (ITU-T T.800), in boxes or bare.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};
use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use super::cut_short;
use super::ifd::Ifds;
use super::iso_boxes::{self, boxes, each};
use super::korean_bytes::tag_text;
use super::picture::{self, BLOCK_MOST, Decoded, Header, Turn};
use super::preview::DecodeError;
use super::{geotiff, jumbf};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "jpeg2000",
    version: 8,
    media_types: &["image/jp2", "image/j2c"],
    sniff: |probe| {
        let is = probe.starts_with(SIGNATURE) || probe.starts_with(CODESTREAM);
        if is { Match::Magic } else { Match::No }
    },
    media_type: |probe| if probe.starts_with(CODESTREAM) { "image/j2c" } else { "image/jp2" },
    extract,
};

const SIGNATURE: &[u8] = b"\0\0\0\x0CjP  \r\n\x87\n";

/// Start of the codestream, then its size.
const CODESTREAM: &[u8] = b"\xFF\x4F\xFF\x51";

/// Boxes that are walked.
const BOXES_MOST: usize = 10_000;

/// Bytes of the head of a codestream that are read.
const HEAD_MOST: u64 = 64 << 10;

/// Marker segments of that head that are walked.
const SEGMENTS_MOST: usize = 1_000;

/// Samples of a pixel up to which one is shown.
const CHANNELS_MOST: u32 = 4;

/// Bytes of a file that are held to be decoded.
const FILE_MOST: u64 = 256 << 20;

/// Bytes of samples that are held while they are decoded: of 22 million pixels in three colours, or what is the half of them
/// across and down where there are more.
const SAMPLES_MOST: u64 = 512 << 20;

/// Boxes of other standards by their identifiers: XMP, EXIF, IPTC, a GeoTIFF without pixels.
const XMP: [u8; 16] = 0xBE7A_CFCB_97A9_42E8_9C71_9994_91E3_AFAC_u128.to_be_bytes();
const EXIF: &[u8; 16] = b"JpgTiffExif->JP2";
const IPTC: [u8; 16] = 0x33C7_A4D2_B81D_4723_A0BA_F1A3_E097_AD38_u128.to_be_bytes();
const GEO: [u8; 16] = 0xB14B_F8BD_083D_4B43_A5AE_8CD7_D5A6_CE03_u128.to_be_bytes();

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header::default();
    let head = read_range(blob, 0, 4)?;
    let is_bare = head.as_slice() == CODESTREAM;
    if is_bare {
        codestream(&read_range(blob, 0, HEAD_MOST)?, &mut header);
        // Its end is the marker that JPEG's is, and stands in nothing coded either (ISO 15444-1, A.1).
        header.is_cut = cut_short::jpeg(blob, 2);
    } else {
        header.is_cut = iso_boxes::reach_beyond(blob);
        each(blob, 0, blob.len(), BOXES_MOST, &mut |kind, from, to| {
            let bytes =
                |most: u64| read_range(blob, from, (to - from).min(most)).unwrap_or_default();
            match &kind {
                b"jp2h" => described(&bytes(BLOCK_MOST), &mut header),
                b"jp2c" => codestream(&bytes(HEAD_MOST), &mut header),
                b"uuid" => foreign(&bytes(BLOCK_MOST), &mut header),
                b"jumb" => {
                    let body = bytes(4096);
                    header.c2pa |= jumbf::is_c2pa(&[b"\0\0\0\0jumb", body.as_slice()].concat());
                }
                _ => {}
            }
        });
    }
    let size = (header.width, header.height);
    let channels = header.channels.unwrap_or(0);
    let decode = |least| {
        let picture = decode(blob, size, channels, least, context)?;
        Ok(Decoded { picture, turn: Turn::AsTold, damage: None })
    };
    picture::decoded(context, header, &decode)
}

/// Decodes the picture: at the smallest of the sizes that it stores whose sides have `least` pixels, or at the largest of
/// which the samples can be held.
fn decode(
    blob: &dyn Blob,
    (width, height): (u32, u32),
    channels: u32,
    least: Option<u32>,
    context: &Context<'_>,
) -> Result<DynamicImage, DecodeError> {
    let said = |text: &dyn std::fmt::Display| {
        DecodeError::Unfit(ReasonKind::Broken(Quote::of(text)).into())
    };
    let undecoded = || DecodeError::Unfit(ReasonKind::NotDecoded.of(Noun::Picture));
    if channels == 0 || channels > CHANNELS_MOST {
        return Err(undecoded());
    }
    // Samples are decoded as numbers of four bytes, twice.
    let bytes_of =
        |width: u32, height: u32| u64::from(width) * u64::from(height) * u64::from(channels) * 8;
    let target = match least {
        Some(least) => (least.max(1), least.max(1)),
        None => {
            let fits = |halved: &u32| bytes_of(width >> halved, height >> halved) <= SAMPLES_MOST;
            let halved = (0..16).find(fits).unwrap_or(0);
            ((width >> halved).max(1), (height >> halved).max(1))
        }
    };
    let settings = DecodeSettings { target_resolution: Some(target), ..DecodeSettings::default() };
    let bytes = blob.read_all(FILE_MOST).map_err(|error| said(&error))?;
    let spent = context.spend_decoded(bytes_of(width, height));
    spent.map_err(|limit| DecodeError::TooLarge(limit.into_reason()))?;
    context.unit();
    let read = || {
        let picture = Image::new(&bytes, &settings).map_err(|error| said(&error))?;
        // A smaller one than its boxes say, if it stores such; a larger one would be more than was accounted for.
        let (wide, high) = (picture.width(), picture.height());
        if wide > width || high > height {
            return Err(undecoded());
        }
        let bytes = bytes_of(wide, high);
        if bytes > SAMPLES_MOST {
            let takes = ReasonKind::TakesMemory { bytes, limit: SAMPLES_MOST };
            return Err(DecodeError::TooLarge(takes.of(Noun::Picture)));
        }
        let mut decoder = DecoderContext::default();
        let decoded = picture.decode(&mut decoder).map_err(|error| said(&error))?;
        if decoded.components().is_empty() {
            return Err(undecoded());
        }
        let samples = decoded.data_u8();
        let picture = match decoded.components().len() {
            1 => GrayImage::from_raw(wide, high, samples).map(DynamicImage::from),
            2 => GrayAlphaImage::from_raw(wide, high, samples).map(DynamicImage::from),
            3 => RgbImage::from_raw(wide, high, samples).map(DynamicImage::from),
            4 => RgbaImage::from_raw(wide, high, samples).map(DynamicImage::from),
            _ => None,
        };
        picture.ok_or_else(undecoded)
    };
    // A decoder that panics costs the preview, not the document.
    let answer = catch_unwind(AssertUnwindSafe(read));
    context.progress();
    answer.unwrap_or_else(|_| Err(DecodeError::Unfit(ReasonKind::DecoderBroke.into())))
}

/// The head of the boxes (T.800, annex I.5.3).
fn described(body: &[u8], header: &mut Header) {
    for (kind, body) in boxes(body) {
        match (&kind, body) {
            (b"ihdr", &[h1, h2, h3, h4, w1, w2, w3, w4, c1, c2, depth, ..]) => {
                header.height = u32::from_be_bytes([h1, h2, h3, h4]);
                header.width = u32::from_be_bytes([w1, w2, w3, w4]);
                header.channels = Some(u16::from_be_bytes([c1, c2]).into());
                // 255 says that each has its own.
                header.bit_depth = (depth != 255).then(|| u32::from(depth & 0x7F) + 1);
            }
            // A profile, restricted or not.
            (b"colr", &[2 | 3, _, _, ref profile @ ..]) => header.icc = profile.to_vec(),
            (b"res ", body) => {
                for (kind, body) in boxes(body) {
                    // As it was scanned, or as it should be shown: the scanner knows.
                    if kind == *b"resc" || header.dpi.is_none() {
                        header.dpi = dots(body).or(header.dpi);
                    }
                }
            }
            _ => {}
        }
    }
}

/// Fractions of points per metre with their exponents, down and across (T.800, annex I.5.3.7.1).
fn dots(body: &[u8]) -> Option<(f64, f64)> {
    let &[a1, a2, b1, b2, c1, c2, d1, d2, down, across, ..] = body else { return None };
    let per_inch = |above: [u8; 2], below: [u8; 2], exponent: u8| {
        let (above, below) = (u16::from_be_bytes(above), u16::from_be_bytes(below));
        let metre = f64::from(above) / f64::from(below);
        let dots = metre * 10f64.powi(i32::from(exponent.cast_signed())) * 0.0254;
        (dots.is_finite() && dots > 0.0).then(|| (dots * 1e3).round() / 1e3)
    };
    Some((per_inch([c1, c2], [d1, d2], across)?, per_inch([a1, a2], [b1, b2], down)?))
}

fn foreign(body: &[u8], header: &mut Header) {
    let Some((identifier, body)) = body.split_first_chunk::<16>() else { return };
    if *identifier == XMP {
        header.xmp = Some(body.to_vec());
    } else if identifier == EXIF {
        let body = body.strip_prefix(b"Exif\0\0").unwrap_or(body);
        header.exif = Some(body.to_vec());
    } else if *identifier == IPTC {
        header.iptc = Some(body.to_vec());
    } else if *identifier == GEO
        && let Some(ifds) = Ifds::open(&body)
        && let Some(ifd) = ifds.first()
    {
        geotiff::read(&ifd, (header.width, header.height), &mut header.said);
    }
}

/// The main head of a codestream (T.800, annex A): its size, and its comments.
fn codestream(bytes: &[u8], header: &mut Header) {
    let mut rest = bytes.get(2..).unwrap_or_default();
    for _ in 0..SEGMENTS_MOST {
        let &[0xFF, marker, l1, l2, ref after @ ..] = rest else { return };
        let Some(length) = usize::from(u16::from_be_bytes([l1, l2])).checked_sub(2) else { return };
        let Some(segment) = after.get(..length) else { return };
        match (marker, segment) {
            (0x51, segment) => size(segment, header),
            // Text in Latin letters, as the standard has it.
            (0x64, &[0, 1, ref text @ ..]) => {
                header.texts.push(("COM", "comment", tag_text(text)));
            }
            // The first tile.
            (0x90, _) => return,
            _ => {}
        }
        rest = after.get(length..).unwrap_or_default();
    }
}

fn size(segment: &[u8], header: &mut Header) {
    let number = |at: usize| {
        segment
            .get(at..)
            .and_then(<[u8]>::first_chunk)
            .map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let of = |whole: u32, before: u32| match whole.saturating_sub(before) {
        // Some encoders write nonsense for where it begins.
        0 => whole,
        side => side,
    };
    let (width, height) = (of(number(2), number(10)), of(number(6), number(14)));
    if header.width == 0 || header.height == 0 {
        (header.width, header.height) = (width, height);
    }
    if let Some(&[c1, c2, depth, ..]) = segment.get(34..) {
        // Boxes may promise fewer than there are.
        let channels = u32::from(u16::from_be_bytes([c1, c2]));
        header.channels = header.channels.max(Some(channels));
        header.bit_depth.get_or_insert(u32::from(depth & 0x7F) + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boxed(kind: &[u8], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes(), kind, body].concat()
    }

    fn stream() -> Vec<u8> {
        let numbers = [300u32, 200, 0, 0, 300, 200, 0, 0];
        let numbers: Vec<u8> = numbers.into_iter().flat_map(u32::to_be_bytes).collect();
        let size = [&[0xFF, 0x51, 0, 41, 0, 0], numbers.as_slice(), &[0, 1, 11, 1, 1]].concat();
        let comment = b"\xFF\x64\0\x0B\0\x01scanned";
        [b"\xFF\x4F".as_slice(), &size, comment, b"\xFF\x90\0\x0A"].concat()
    }

    #[test]
    fn reads_a_codestream_and_boxes() {
        let mut header = Header::default();
        codestream(&stream(), &mut header);
        assert_eq!((header.width, header.height), (300, 200));
        assert_eq!((header.channels, header.bit_depth), (Some(1), Some(12)));
        assert_eq!(header.texts, [("COM", "comment", "scanned".to_owned())]);

        let mut header = Header::default();
        let resolution = [0x2E, 0x22, 0, 1, 0x17, 0x11, 0, 1, 0, 0];
        let head = [
            boxed(b"ihdr", &[0, 0, 0, 9, 0, 0, 0, 12, 0, 3, 7, 7, 0, 0]),
            boxed(b"res ", &boxed(b"resc", &resolution)),
        ];
        described(&head.concat(), &mut header);
        assert_eq!((header.width, header.height), (12, 9));
        assert_eq!(header.dpi, Some((149.987, 299.974)));
    }

    #[test]
    fn hostile_heads_end() {
        let whole = stream();
        for at in 0..whole.len() {
            codestream(&whole[..at], &mut Header::default());
            let mut broken = whole.clone();
            broken[at] = 0xFF;
            codestream(&broken, &mut Header::default());
            size(&broken[at..], &mut Header::default());
            described(&broken[at..], &mut Header::default());
        }
    }
}
