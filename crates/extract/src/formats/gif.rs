//! GIF (87a and 89a).

use std::io::{BufRead, Read, Seek};

use image::ImageFormat;
use madang_document::content::Content;

use super::korean_bytes::tag_text;
use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "gif",
    version: 9,
    media_types: &["image/gif"],
    sniff: |probe| {
        let magic = probe.starts_with(b"GIF87a") || probe.starts_with(b"GIF89a");
        if magic { Match::Magic } else { Match::No }
    },
    media_type: |_| "image/gif",
    extract,
};

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header::default();
    let mut frames = 0;
    let end = walk(&mut picture::reader(blob), &mut header, &mut frames, context);
    if end.is_none() && header.width > 0 {
        header.is_cut = true;
    }
    header.frames = Some(frames).filter(|&frames| frames > 0);
    // One picture is shown for ever.
    header.duration = header.duration.filter(|_| frames > 1);
    picture::content(blob, context, ImageFormat::Gif, header)
}

/// Walks the blocks without decoding a pixel; none if the file ends before its trailer.
fn walk(
    reader: &mut (impl BufRead + Seek),
    header: &mut Header,
    frames: &mut u32,
    context: &Context<'_>,
) -> Option<()> {
    let mut screen = [0; 13];
    reader.read_exact(&mut screen).ok()?;
    let [.., w1, w2, h1, h2, packed, _, _] = screen;
    header.width = u16::from_le_bytes([w1, w2]).into();
    header.height = u16::from_le_bytes([h1, h2]).into();
    // Bits of an index into the table of colours, if there is one for the whole file.
    header.bit_depth = (packed & 0x80 != 0).then(|| u32::from(packed & 7) + 1);
    skip_colours(reader, packed)?;
    loop {
        match byte(reader)? {
            // Image descriptor.
            0x2C => {
                let mut descriptor = [0; 9];
                reader.read_exact(&mut descriptor).ok()?;
                let [.., packed] = descriptor;
                skip_colours(reader, packed)?;
                byte(reader)?;
                sub_blocks(reader, 0)?;
                *frames += 1;
                context.progress();
            }
            // Extension.
            0x21 => extension(reader, header)?,
            // Trailer.
            0x3B => return Some(()),
            _ => return None,
        }
    }
}

fn extension(reader: &mut (impl BufRead + Seek), header: &mut Header) -> Option<()> {
    match byte(reader)? {
        // Graphic control: flags, the delay in hundredths of a second.
        0xF9 => {
            let control = sub_blocks(reader, 8)?;
            if let [_, a, b, ..] = *control.as_slice() {
                let seconds = f64::from(u16::from_le_bytes([a, b])) / 100.0;
                header.duration = Some(header.duration.unwrap_or(0.0) + seconds);
            }
        }
        // Comment.
        0xFE => {
            let text = sub_blocks(reader, BLOCK_MOST)?;
            header.texts.push(("comment", "gif.comment", tag_text(&text)));
        }
        // Application: its name in eleven bytes, then what it likes.
        0xFF => {
            let length = byte(reader)?;
            let mut name = Vec::new();
            reader.by_ref().take(length.into()).read_to_end(&mut name).ok()?;
            match name.as_slice() {
                b"XMP DataXMP" => header.xmp = Some(packet(reader)?),
                b"ICCRGBG1012" => header.icc = sub_blocks(reader, BLOCK_MOST)?,
                _ => drop(sub_blocks(reader, 0)?),
            }
        }
        _ => drop(sub_blocks(reader, 0)?),
    }
    Some(())
}

/// A packet of XMP: it stands there as it is, and its letters are the lengths of sub-blocks (XMP specification part 3,
/// section 1.1.2); at its end a run of falling bytes catches whoever skips these.
fn packet(reader: &mut (impl BufRead + Seek)) -> Option<Vec<u8>> {
    const CATCH: usize = 257;
    let mut packet = Vec::new();
    loop {
        let length = byte(reader)?;
        if length == 0 {
            let text = packet.len().saturating_sub(CATCH);
            packet.truncate(text);
            return Some(packet);
        }
        if (packet.len() as u64) < BLOCK_MOST {
            packet.push(length);
            reader.by_ref().take(length.into()).read_to_end(&mut packet).ok()?;
        } else {
            reader.seek_relative(length.into()).ok()?;
        }
    }
}

fn byte(reader: &mut impl BufRead) -> Option<u8> {
    let mut byte = [0];
    reader.read_exact(&mut byte).ok()?;
    let [byte] = byte;
    Some(byte)
}

fn skip_colours(reader: &mut (impl BufRead + Seek), packed: u8) -> Option<()> {
    if packed & 0x80 != 0 {
        reader.seek_relative(3 << ((packed & 7) + 1)).ok()?;
    }
    Some(())
}

/// Skips data sub-blocks, and keeps their first `keep` bytes.
fn sub_blocks(reader: &mut (impl BufRead + Seek), keep: u64) -> Option<Vec<u8>> {
    let mut kept = Vec::new();
    loop {
        let length = u64::from(byte(reader)?);
        if length == 0 {
            return Some(kept);
        }
        if (kept.len() as u64) < keep {
            reader.by_ref().take(length).read_to_end(&mut kept).ok()?;
        } else {
            reader.seek_relative(i64::try_from(length).ok()?).ok()?;
        }
    }
}
