//! JPEG (ITU-T T.81), with EXIF, XMP, IPTC and comments.

use std::io::{BufRead, Read, Seek};

use image::ImageFormat;
use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::cut_short;
use super::jumbf;
use super::korean_bytes::tag_text;
use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "jpeg",
    version: 10,
    media_types: &["image/jpeg"],
    sniff: |probe| if probe.starts_with(&[0xFF, 0xD8, 0xFF]) { Match::Magic } else { Match::No },
    media_type: |_| "image/jpeg",
    extract,
};

/// Marker segments that are walked; a photo has about twenty.
const SEGMENTS_MOST: u32 = 10_000;

const XMP: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

const PHOTOSHOP: &[u8] = b"Photoshop 3.0\0";

const ICC: &[u8] = b"ICC_PROFILE\0";

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header::default();
    let mut reader = picture::reader(blob);
    let whole = walk(&mut reader, &mut header);
    if whole.is_none() && header.width > 0 {
        header.odd = Some(ReasonKind::EndsEarly.of(Noun::BeforePixels));
    }
    let scan = reader.stream_position().unwrap_or(0);
    header.is_cut = whole.is_some() && cut_short::jpeg(blob, scan.saturating_sub(2));
    picture::content(blob, context, ImageFormat::Jpeg, header)
}

/// What the head of a JPEG file says, as far as there is one.
pub(super) fn read_header(mut file: &[u8], header: &mut Header) {
    let _ = walk(&mut file, header);
}

/// Walks the marker segments up to the first scan; none if they end before it.
fn walk(reader: &mut impl BufRead, header: &mut Header) -> Option<()> {
    let mut start = [0; 2];
    reader.read_exact(&mut start).ok()?;
    for _ in 0..SEGMENTS_MOST {
        match marker(reader)? {
            // Markers that stand alone.
            0x01 | 0xD0..=0xD8 => continue,
            // Start of scan; end of image.
            0xDA | 0xD9 => return Some(()),
            marker => {
                let mut length = [0; 2];
                reader.read_exact(&mut length).ok()?;
                let length = u64::from(u16::from_be_bytes(length)).checked_sub(2)?;
                let mut segment = Vec::new();
                reader.by_ref().take(length).read_to_end(&mut segment).ok()?;
                keep(marker, &segment, header);
            }
        }
    }
    None
}

/// The next marker; padding and stray bytes before it are skipped, as every decoder does.
fn marker(reader: &mut impl BufRead) -> Option<u8> {
    reader.skip_until(0xFF).ok()?;
    let mut byte = [0xFF];
    while byte == [0xFF] {
        reader.read_exact(&mut byte).ok()?;
    }
    let [marker] = byte;
    Some(marker)
}

fn keep(marker: u8, segment: &[u8], header: &mut Header) {
    match marker {
        // Start of frame, of any process (T.81, table B.1).
        0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
            header.compression = match marker {
                0xC0 | 0xC1 => Some("baseline"),
                0xC2 | 0xC6 | 0xCA | 0xCE => Some("progressive"),
                0xC3 | 0xC7 | 0xCB | 0xCF => Some("lossless"),
                _ => None,
            };
            if let [depth, h1, h2, w1, w2, channels, ..] = *segment {
                header.bit_depth = Some(depth.into());
                header.channels = Some(channels.into());
                header.height = u16::from_be_bytes([h1, h2]).into();
                header.width = u16::from_be_bytes([w1, w2]).into();
            }
        }
        0xE0 => {
            if let [b'J', b'F', b'I', b'F', 0, _, _, unit, x1, x2, y1, y2, ..] = *segment {
                let per_inch = match unit {
                    1 => Some(1.0),
                    2 => Some(2.54),
                    _ => None,
                };
                let dots = |dots: [u8; 2], factor| f64::from(u16::from_be_bytes(dots)) * factor;
                header.dpi =
                    per_inch.map(|factor| (dots([x1, x2], factor), dots([y1, y2], factor)));
            }
        }
        0xE1 => {
            if let Some(exif) = segment.strip_prefix(b"Exif\0").and_then(|rest| rest.get(1..)) {
                header.exif.get_or_insert_with(|| exif.to_vec());
            } else if let Some(packet) = segment.strip_prefix(XMP) {
                header.xmp.get_or_insert_with(|| packet.to_vec());
            }
        }
        0xE2 => {
            // The number of the piece, and how many there are: they stand in order.
            let piece = segment.strip_prefix(ICC).and_then(|rest| rest.get(2..));
            let room = (BLOCK_MOST as usize).saturating_sub(header.icc.len());
            header.icc.extend(piece.unwrap_or_default().iter().take(room));
        }
        // JUMBF (ISO 19566-5, annex D): the number of the box and of the piece, then the box.
        0xEB => {
            let superbox = segment.strip_prefix(b"JP").and_then(|rest| rest.get(6..));
            header.c2pa |= superbox.is_some_and(jumbf::is_c2pa);
        }
        // What does not fit into one segment goes on in the next.
        0xED => {
            let room = (BLOCK_MOST as usize).saturating_sub(header.photoshop.len());
            let resources = segment.strip_prefix(PHOTOSHOP).unwrap_or_default();
            header.photoshop.extend(resources.iter().take(room));
        }
        0xFE => header.texts.push(("COM", "jpeg.comment", tag_text(segment))),
        _ => {}
    }
}
