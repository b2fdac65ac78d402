//! WebP (RFC 9649).

use std::io::{BufRead, Read, Seek};

use image::ImageFormat;
use madang_document::content::Content;

use super::cut_short;
use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "webp",
    version: 9,
    media_types: &["image/webp"],
    sniff: |probe| {
        let magic = probe.starts_with(b"RIFF") && probe.has_at(8, b"WEBP");
        if magic { Match::Magic } else { Match::No }
    },
    media_type: |_| "image/webp",
    extract,
};

/// Chunks that are walked: one per frame, and a handful.
const CHUNKS_MOST: u32 = 100_000;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header { bit_depth: Some(8), ..Header::default() };
    walk(&mut picture::reader(blob), blob.len(), &mut header);
    header.is_cut = cut_short::riff(blob);
    picture::content(blob, context, ImageFormat::WebP, header)
}

/// Walks the chunks up to the end or the first that is cut.
fn walk(reader: &mut (impl BufRead + Seek), size: u64, header: &mut Header) -> Option<()> {
    reader.seek_relative(12).ok()?;
    let mut at = 12u64;
    for _ in 0..CHUNKS_MOST {
        let mut head = [0; 8];
        reader.read_exact(&mut head).ok()?;
        let [kind @ .., a, b, c, d] = head;
        // Chunks are padded to even sizes.
        let length = u64::from(u32::from_le_bytes([a, b, c, d]));
        at = at.saturating_add(8 + length + (length & 1));
        let wanted = match &kind {
            b"EXIF" | b"XMP " | b"ICCP" => BLOCK_MOST,
            _ => 16,
        };
        let mut data = Vec::new();
        reader.by_ref().take(length.min(wanted)).read_to_end(&mut data).ok()?;
        keep(&kind, data, header);
        if at >= size {
            break;
        }
        reader.seek(std::io::SeekFrom::Start(at)).ok()?;
    }
    Some(())
}

fn keep(kind: &[u8; 4], data: Vec<u8>, header: &mut Header) {
    match (kind, data.as_slice()) {
        (b"VP8X", &[flags, _, _, _, w1, w2, w3, h1, h2, h3, ..]) => {
            header.width = u32::from_le_bytes([w1, w2, w3, 0]) + 1;
            header.height = u32::from_le_bytes([h1, h2, h3, 0]) + 1;
            header.channels = Some(if flags & 0x10 == 0 { 3 } else { 4 });
        }
        // The frame header follows the start code (RFC 6386, section 9.1).
        (b"VP8 ", &[_, _, _, 0x9D, 0x01, 0x2A, w1, w2, h1, h2, ..]) if header.width == 0 => {
            header.width = u32::from(u16::from_le_bytes([w1, w2]) & 0x3FFF);
            header.height = u32::from(u16::from_le_bytes([h1, h2]) & 0x3FFF);
            header.channels = Some(3);
            header.compression = Some("lossy");
        }
        (b"VP8L", &[0x2F, a, b, c, d, ..]) if header.width == 0 => {
            let bits = u32::from_le_bytes([a, b, c, d]);
            header.width = (bits & 0x3FFF) + 1;
            header.height = ((bits >> 14) & 0x3FFF) + 1;
            header.channels = Some(if bits & (1 << 28) == 0 { 3 } else { 4 });
            header.compression = Some("lossless");
        }
        (b"ANMF", data) => {
            header.frames = Some(header.frames.unwrap_or(0).saturating_add(1));
            // Where it stands and how large it is, then how long it is shown, milliseconds.
            if let Some(&[a, b, c]) = data.get(12..15) {
                let seconds = f64::from(u32::from_le_bytes([a, b, c, 0])) / 1e3;
                header.duration = Some(header.duration.unwrap_or(0.0) + seconds);
            }
        }
        (b"ICCP", _) => header.icc = data,
        (b"EXIF", exif) => {
            // Some writers leave the prefix of JPEG on it.
            let exif = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
            header.exif = Some(exif.to_vec());
        }
        (b"XMP ", _) => header.xmp = Some(data),
        _ => {}
    }
}
