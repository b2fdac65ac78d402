//! Pictures of PC Paintbrush. Their pixels are not decoded.

use madang_document::content::Content;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::bytes::{u8_at, u16_at};
use super::picture::{self, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "pcx",
    version: 3,
    media_types: &["image/vnd.zbrush.pcx"],
    sniff,
    media_type: |_| "image/vnd.zbrush.pcx",
    extract,
};

/// One byte is no evidence: version, packing and depth must be known ones, and the edges in their order.
fn sniff(probe: &Probe<'_>) -> Match {
    let head = probe.head.as_slice();
    let is_head = matches!(head.get(..4), Some([0x0A, 0 | 2..=5, 0 | 1, 1 | 2 | 4 | 8]))
        && u8_at(head, 64) == Some(0)
        && matches!(u8_at(head, 65), Some(1..=4));
    let size = size(head);
    if is_head && size.is_some() { Match::Magic } else { Match::No }
}

fn size(head: &[u8]) -> Option<(u32, u32)> {
    let side = |from: usize, to: usize| {
        let side = u16_at(head, to)?.checked_sub(u16_at(head, from)?)?;
        Some(u32::from(side) + 1)
    };
    Some((side(4, 8)?, side(6, 10)?))
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, 128)?;
    let (width, height) = size(&head).unwrap_or((0, 0));
    let dots = |at: usize| f64::from(u16_at(&head, at).unwrap_or(0));
    let header = Header {
        width,
        height,
        bit_depth: u8_at(&head, 3).map(u32::from),
        channels: u8_at(&head, 65).map(u32::from),
        dpi: Some((dots(12), dots(14))),
        compression: Some(if u8_at(&head, 2) == Some(1) { "RLE" } else { "none" }),
        ..Header::default()
    };
    picture::undecoded(context, header, ReasonKind::NotDecoded.of(Noun::Pixels))
}
