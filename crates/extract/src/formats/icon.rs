//! Icons and cursors of Windows: a table of pictures of several sizes.

use image::ImageFormat;
use madang_document::content::Content;

use super::bytes::{u8_at, u16_at};
use super::picture::{self, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "icon",
    version: 3,
    media_types: &["image/vnd.microsoft.icon", "image/x-win-bitmap-cursor"],
    sniff,
    media_type: |probe| match probe.has_at(2, &[2]) {
        true => "image/x-win-bitmap-cursor",
        false => "image/vnd.microsoft.icon",
    },
    extract,
};

/// Bytes of the head, and of an entry of the table.
const HEAD: usize = 6;
const ENTRY: usize = 16;

/// Bytes of a picture in one.
const PNG_MOST: u64 = 16 << 20;

/// Entries that are looked at; icons have some ten.
const ENTRIES_MOST: u16 = 1_000;

/// Four bytes are weak evidence (worksheets of Lotus begin so, too): the first picture must lie behind the table, in the file.
fn sniff(probe: &Probe<'_>) -> Match {
    let head = probe.head.as_slice();
    let magic = probe.starts_with(b"\0\0\x01\0") || probe.starts_with(b"\0\0\x02\0");
    let count = u16_at(head, 4).filter(|count| (1..=ENTRIES_MOST).contains(count));
    let entry = |at: usize| super::bytes::u32_at(head, HEAD + at).map(u64::from);
    let is_entry = || {
        let table = (HEAD + ENTRY * usize::from(count?)) as u64;
        let (length, at) = (entry(8)?, entry(12)?);
        Some(u8_at(head, HEAD + 3)? == 0 && at >= table && length > 0 && at < probe.size())
    };
    if magic && is_entry() == Some(true) { Match::Magic } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, HEAD as u64)?;
    let count = u16_at(&head, 4).unwrap_or(0).min(ENTRIES_MOST);
    let table = read_range(blob, HEAD as u64, (ENTRY * usize::from(count)) as u64)?;
    let is_cursor = head.get(2) == Some(&2);
    let mut header = Header { frames: Some(count.into()), ..Header::default() };
    let mut largest = None;
    // The largest is the picture; 0 means 256.
    let side = |side: u8| if side == 0 { 256 } else { u32::from(side) };
    for entry in table.chunks_exact(ENTRY) {
        if let &[width, height, _, _, _, _, b1, b2, ..] = entry
            && side(width) > header.width
        {
            (header.width, header.height) = (side(width), side(height));
            largest = entry.get(8..).map(|place| place.to_vec());
            // In cursors it is where they point to.
            let bits = u32::from(u16::from_le_bytes([b1, b2]));
            let bits = (!is_cursor && bits > 0).then_some(bits);
            (header.bit_depth, header.channels) = match bits {
                Some(32) => (Some(8), Some(4)),
                Some(24) => (Some(8), Some(3)),
                Some(bits @ 1..=8) => (Some(bits), Some(1)),
                _ => (None, None),
            };
        }
    }
    // The decoder of icons takes no PNG but those with a channel of clearness, and others are as good.
    let number = |at| largest.as_deref().and_then(|place| super::bytes::u32_at(place, at));
    if let (Some(length), Some(at)) = (number(0), number(4))
        && u64::from(length) <= PNG_MOST
    {
        let png = read_range(blob, at.into(), length.into())?;
        if png.starts_with(b"\x89PNG\r\n\x1A\n") {
            return picture::content(&png, context, ImageFormat::Png, header);
        }
    }
    picture::content(blob, context, ImageFormat::Ico, header)
}
