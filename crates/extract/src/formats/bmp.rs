//! Windows bitmaps.

use image::ImageFormat;
use madang_document::content::Content;

use super::picture::{self, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "bmp",
    version: 8,
    media_types: &["image/bmp"],
    sniff,
    media_type: |_| "image/bmp",
    extract,
};

/// Two letters are weak evidence, so the size of the header that follows must be one of the known ones too.
fn sniff(probe: &Probe<'_>) -> Match {
    match probe.head.get(..18) {
        Some(&[b'B', b'M', .., 12 | 16 | 40 | 52 | 56 | 64 | 108 | 124, 0, 0, 0]) => Match::Magic,
        _ => Match::No,
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 14, 32)?;
    let mut header = Header::default();
    let bits = match *head.as_slice() {
        // BITMAPCOREHEADER.
        [12, _, _, _, w1, w2, h1, h2, _, _, b1, b2, ..] => {
            header.width = u16::from_le_bytes([w1, w2]).into();
            header.height = u16::from_le_bytes([h1, h2]).into();
            u16::from_le_bytes([b1, b2])
        }
        // BITMAPINFOHEADER and its successors; a negative height means top row first.
        [_, _, _, _, w1, w2, w3, w4, h1, h2, h3, h4, _, _, b1, b2, ref rest @ ..] => {
            header.compression = match rest.first() {
                Some(0) => Some("none"),
                Some(1 | 2) => Some("RLE"),
                Some(3 | 6) => Some("bit fields"),
                _ => None,
            };
            // Pixels per metre.
            if let Some(&[x1, x2, x3, x4, y1, y2, y3, y4]) = rest.get(8..16) {
                let dots = |dots| (f64::from(i32::from_le_bytes(dots)) * 25.4).round() / 1e3;
                header.dpi = Some((dots([x1, x2, x3, x4]), dots([y1, y2, y3, y4])));
            }
            header.width = i32::from_le_bytes([w1, w2, w3, w4]).unsigned_abs();
            header.height = i32::from_le_bytes([h1, h2, h3, h4]).unsigned_abs();
            u16::from_le_bytes([b1, b2])
        }
        _ => 0,
    };
    (header.bit_depth, header.channels) = match bits {
        1 | 2 | 4 | 8 => (Some(bits.into()), Some(1)),
        16 => (Some(5), Some(3)),
        24 => (Some(8), Some(3)),
        32 => (Some(8), Some(4)),
        _ => (None, None),
    };
    // What is packed by runs says itself where it ends.
    if matches!(header.compression, None | Some("none" | "bit fields")) && bits > 0 {
        header.is_cut = ends_within(blob, &header, bits.into())?;
    }
    picture::content(blob, context, ImageFormat::Bmp, header)
}

/// Whether the file ends before its last row; what fills that up to four bytes may be missing.
fn ends_within(blob: &dyn Blob, header: &Header, bits: u64) -> Result<bool, ExtractError> {
    let offset = read_range(blob, 10, 4)?;
    let offset = offset.first_chunk().map_or(0, |offset| u32::from_le_bytes(*offset));
    let row = (u64::from(header.width) * bits).div_ceil(32).saturating_mul(4);
    let pixels = row.saturating_mul(header.height.into());
    Ok(pixels.saturating_add(offset.into()) > blob.len() + 3)
}
