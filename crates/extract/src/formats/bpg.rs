//! BPG (a picture of HEVC in a head of its own): what it says of itself. Its pixels are not decoded.

use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "bpg",
    version: 4,
    media_types: &["image/bpg"],
    sniff: |probe| if probe.starts_with(b"BPG\xFB") { Match::Magic } else { Match::No },
    media_type: |_| "image/bpg",
    extract,
};

/// Extensions that are walked.
const EXTENSIONS_MOST: usize = 100;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header { compression: Some("HEVC"), ..Header::default() };
    let _ = read(&read_range(blob, 0, 4 * BLOCK_MOST)?, &mut header);
    picture::undecoded(context, header, ReasonKind::NotDecoded.of(Noun::Pixels))
}

/// Reads what there is of the head (BPG Specification 0.9.8, section 2).
fn read(head: &[u8], header: &mut Header) -> Option<()> {
    let &[_, _, _, _, format, flags, ref rest @ ..] = head else { return None };
    let mut rest = rest;
    let is_gray = format >> 5 == 0;
    let has_alpha = format & 0x10 != 0 || flags & 0x04 != 0;
    header.channels = Some(if is_gray { 1 } else { 3 } + u32::from(has_alpha));
    header.bit_depth = Some(u32::from(format & 0xF) + 8);
    header.width = number(&mut rest)?;
    header.height = number(&mut rest)?;
    // How many bytes the picture takes; then, where there are extensions, how many they do.
    number(&mut rest)?;
    if flags & 0x08 == 0 {
        return Some(());
    }
    let length = usize::try_from(number(&mut rest)?).ok()?;
    let mut rest = rest.get(..length).unwrap_or(rest);
    for _ in 0..EXTENSIONS_MOST {
        let (tag, length) = (number(&mut rest)?, usize::try_from(number(&mut rest)?).ok()?);
        let (data, behind) = rest.split_at_checked(length)?;
        match tag {
            1 => header.exif = Some(exif(data).to_vec()),
            2 => header.icc = data.to_vec(),
            3 => header.xmp = Some(data.to_vec()),
            4 => header.said.at("thumbnail").set(metadata::THUMBNAIL, true),
            _ => {}
        }
        rest = behind;
    }
    Some(())
}

/// The block of EXIF in an extension: the bytes of JPEG's segment without its name. The encoder of the format's author leaves one
/// byte of the name.
fn exif(data: &[u8]) -> &[u8] {
    let bare = data.strip_prefix(b"Exif\0\0").unwrap_or(data);
    let is_block = |data: &[u8]| data.starts_with(b"II*\0") || data.starts_with(b"MM\0*");
    match bare.split_first() {
        Some((_, behind)) if !is_block(bare) && is_block(behind) => behind,
        _ => bare,
    }
}

/// Seven bits of each byte, the high ones first; the highest bit says that more follow.
fn number(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0u32;
    for _ in 0..5 {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number = number << 7 | u32::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_size_and_extensions() {
        let file = b"BPG\xFB\x22\x08\x85\x00\x83\x60\x10\x0A\x01\x03abc\x03\x02<>";
        let mut header = Header::default();
        read(file, &mut header);
        assert_eq!((header.width, header.height), (640, 480));
        assert_eq!((header.bit_depth, header.channels), (Some(10), Some(3)));
        assert_eq!(header.exif.as_deref(), Some(b"abc".as_slice()));
        for block in [&b"II*\0ab"[..], b"\0II*\0ab", b"Exif\0\0II*\0ab"] {
            assert_eq!(exif(block), b"II*\0ab");
        }
        assert_eq!((exif(b"\0"), exif(b"")), (&b"\0"[..], &b""[..]));
        for at in 0..file.len() {
            read(&file[..at], &mut Header::default());
            let mut broken = file.to_vec();
            broken[at] = 0xFF;
            read(&broken, &mut Header::default());
        }
    }
}
