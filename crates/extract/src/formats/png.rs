//! PNG (W3C, third edition), with its text chunks, EXIF and XMP.

use std::io::{BufRead, Read, Seek};

use image::ImageFormat;
use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::korean_bytes::tag_text;
use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "png",
    version: 2,
    media_types: &["image/png"],
    sniff: |probe| if probe.starts_with(SIGNATURE) { Match::Magic } else { Match::No },
    media_type: |_| "image/png",
    extract,
};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";

/// Chunks that are walked: a large picture has one per 8 KiB of pixels.
const CHUNKS_MOST: u32 = 200_000;

/// Keywords of text chunks (PNG, section 11.3.3.1) and their names here; others are left.
const KEYWORDS: &[(&str, &str)] = &[
    ("Title", metadata::TITLE),
    ("Author", metadata::AUTHOR),
    ("Description", metadata::DESCRIPTION),
    ("Copyright", metadata::COPYRIGHT),
    ("Software", metadata::PRODUCER),
    ("Comment", "png.comment"),
];

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut header = Header::default();
    if walk(&mut picture::reader(blob), &mut header).is_none() && header.width > 0 {
        header.odd = Some(ReasonKind::EndsBefore(Noun::LastChunk.into()).into());
    }
    picture::content(blob, context, ImageFormat::Png, header)
}

/// Walks the chunks; none if the file ends before the last one.
fn walk(reader: &mut (impl BufRead + Seek), header: &mut Header) -> Option<()> {
    let mut signature = [0; 8];
    reader.read_exact(&mut signature).ok()?;
    for _ in 0..CHUNKS_MOST {
        let mut head = [0; 8];
        reader.read_exact(&mut head).ok()?;
        let [a, b, c, d, kind @ ..] = head;
        let length = u64::from(u32::from_be_bytes([a, b, c, d]));
        let wanted = matches!(&kind, b"IHDR" | b"acTL" | b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf");
        let mut data = Vec::new();
        if wanted {
            let most = length.min(BLOCK_MOST);
            reader.by_ref().take(most).read_to_end(&mut data).ok()?;
        }
        // What was not read, and the checksum.
        let rest = length.saturating_sub(data.len() as u64).saturating_add(4);
        reader.seek_relative(i64::try_from(rest).ok()?).ok()?;
        match &kind {
            b"IHDR" => dimensions(&data, header),
            b"acTL" => {
                header.frames = data.first_chunk().map(|frames| u32::from_be_bytes(*frames));
            }
            b"eXIf" => header.exif = Some(data),
            b"tEXt" | b"zTXt" | b"iTXt" => text(&kind, &data, header),
            b"IEND" => return Some(()),
            _ => {}
        }
    }
    None
}

fn dimensions(data: &[u8], header: &mut Header) {
    if let [w1, w2, w3, w4, h1, h2, h3, h4, depth, colour, ..] = *data {
        header.width = u32::from_be_bytes([w1, w2, w3, w4]);
        header.height = u32::from_be_bytes([h1, h2, h3, h4]);
        header.bit_depth = Some(depth.into());
        // Colour types: PNG, section 11.2.1.
        header.channels = match colour {
            0 | 3 => Some(1),
            2 => Some(3),
            4 => Some(2),
            6 => Some(4),
            _ => None,
        };
    }
}

fn text(kind: &[u8; 4], data: &[u8], header: &mut Header) {
    let Some((keyword, rest)) = split_at_nul(data) else { return };
    let value = match (kind, rest) {
        (b"tEXt", text) => Some(text.to_vec()),
        (b"zTXt", [_, packed @ ..]) => Some(inflate(packed)),
        (b"iTXt", [packed, _, rest @ ..]) => {
            let rest = split_at_nul(rest).and_then(|(_, rest)| split_at_nul(rest));
            rest.map(|(_, text)| if *packed == 1 { inflate(text) } else { text.to_vec() })
        }
        _ => None,
    };
    let Some(value) = value else { return };
    if keyword == b"XML:com.adobe.xmp" {
        header.xmp = Some(value);
    } else if let Some((word, name)) = KEYWORDS.iter().find(|(word, _)| word.as_bytes() == keyword)
    {
        header.texts.push((word, name, tag_text(&value)));
    }
}

fn split_at_nul(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|&b| b == 0)?;
    Some((data.get(..at)?, data.get(at + 1..)?))
}

/// Inflates as much as there is, up to a bound.
fn inflate(packed: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    // What came before the damage is kept.
    let _ = flate2::read::ZlibDecoder::new(packed).take(BLOCK_MOST).read_to_end(&mut data);
    data
}
