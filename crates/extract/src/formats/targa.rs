//! Targa's pictures (Truevision TGA), which have no magic at their head.

use image::ImageFormat;
use madang_document::content::Content;

use super::bytes::{u8_at, u16_at};
use super::korean_bytes::tag_text;
use super::picture::{self, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "targa",
    version: 4,
    media_types: &["image/x-tga"],
    sniff,
    media_type: |_| "image/x-tga",
    extract,
};

/// Bytes of the head.
const HEAD: u64 = 18;

/// The name says it, and the head has values that such a picture can have.
fn sniff(probe: &Probe<'_>) -> Match {
    let head = probe.head.as_slice();
    let named = matches!(probe.extension.as_str(), "tga" | "icb" | "vda" | "vst");
    let is_head = matches!(
        (u8_at(head, 1), u8_at(head, 2), u8_at(head, 16)),
        (Some(0 | 1), Some(1..=3 | 9..=11), Some(8 | 15 | 16 | 24 | 32))
    );
    let sized = u16_at(head, 12) > Some(0) && u16_at(head, 14) > Some(0);
    if named && is_head && sized { Match::Magic } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, HEAD + 255)?;
    let kind = u8_at(&head, 2).unwrap_or(0);
    let mut header = Header {
        width: u16_at(&head, 12).unwrap_or(0).into(),
        height: u16_at(&head, 14).unwrap_or(0).into(),
        compression: Some(if kind >= 9 { "RLE" } else { "none" }),
        ..Header::default()
    };
    (header.bit_depth, header.channels) = match (u8_at(&head, 16), kind) {
        (Some(8), _) => (Some(8), Some(1)),
        (Some(16), 3 | 11) => (Some(8), Some(2)),
        (Some(15 | 16), _) => (Some(5), Some(3)),
        (Some(24), _) => (Some(8), Some(3)),
        (Some(32), _) => (Some(8), Some(4)),
        _ => (None, None),
    };
    // A text of its maker's stands behind the head.
    let text = super::bytes::piece(&head, HEAD as usize, usize::from(u8_at(&head, 0).unwrap_or(0)));
    let text = text.split(|byte| *byte == 0).next().unwrap_or_default();
    header.texts.push(("image ID", "comment", tag_text(text)));
    picture::content(blob, context, ImageFormat::Tga, header)
}
