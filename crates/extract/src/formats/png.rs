//! PNG (W3C, third edition), with its text chunks, EXIF and XMP.

use std::io::{BufRead, Read, Seek};

use image::ImageFormat;
use madang_document::content::Content;
use madang_document::metadata;

use super::date::rfc3339;
use super::jumbf;
use super::korean_bytes::tag_text;
use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "png",
    version: 9,
    media_types: &["image/png"],
    sniff: |probe| if probe.starts_with(SIGNATURE) { Match::Magic } else { Match::No },
    media_type: |_| "image/png",
    extract,
};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";

/// Chunks that are walked: a large picture has one per 8 KiB of pixels.
const CHUNKS_MOST: u32 = 200_000;

/// Chunks that are read.
const WANTED: [&[u8; 4]; 11] = [
    b"IHDR", b"acTL", b"fcTL", b"pHYs", b"tIME", b"iCCP", b"tEXt", b"zTXt", b"iTXt", b"eXIf",
    b"caBX",
];

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
        header.is_cut = true;
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
        let wanted = WANTED.contains(&&kind);
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
            // The delay of a frame, as a fraction of a second; nothing below it means hundredths.
            b"fcTL" => {
                if let Some(&[n1, n2, d1, d2]) = data.get(20..24) {
                    let below = f64::from(u16::from_be_bytes([d1, d2]));
                    let below = if below == 0.0 { 100.0 } else { below };
                    let seconds = f64::from(u16::from_be_bytes([n1, n2])) / below;
                    header.duration = Some(header.duration.unwrap_or(0.0) + seconds);
                }
            }
            // Pixels per metre.
            b"pHYs" => {
                if let [x1, x2, x3, x4, y1, y2, y3, y4, 1] = *data.as_slice() {
                    let dots =
                        |dots: [u8; 4]| (f64::from(u32::from_be_bytes(dots)) * 25.4).round() / 1e3;
                    header.dpi = Some((dots([x1, x2, x3, x4]), dots([y1, y2, y3, y4])));
                }
            }
            b"tIME" => {
                if let [y1, y2, month, day, hour, minute, second] = *data.as_slice() {
                    let year = u16::from_be_bytes([y1, y2]).into();
                    let rest = [month, day, hour, minute, second].map(u32::from);
                    let [month, day, hour, minute, second] = rest;
                    let time = rfc3339([year, month, day, hour, minute, second], "Z");
                    header.texts.extend(time.map(|time| ("tIME", metadata::MODIFIED, time)));
                }
            }
            b"iCCP" => {
                let packed = split_at_nul(&data).and_then(|(_, rest)| rest.get(1..));
                header.icc = packed.map(inflate).unwrap_or_default();
            }
            b"caBX" => header.c2pa |= jumbf::is_c2pa(&data),
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
    } else if let Some(profile) = keyword.strip_prefix(b"Raw profile type ") {
        raw_profile(profile, &value, header);
    } else if let Some((word, name)) =
        KEYWORDS.iter().find(|(word, _)| word.as_bytes().eq_ignore_ascii_case(keyword))
    {
        header.texts.push((word, name, tag_text(&value)));
    }
}

/// A block that ImageMagick writes as a text: its name, its length, its bytes in hexadecimal digits.
fn raw_profile(kind: &[u8], text: &[u8], header: &mut Header) {
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let digits = lines.by_ref().skip(2).flatten();
    let digits = digits.filter_map(|byte| char::from(*byte).to_digit(16));
    let digits: Vec<u8> = digits.filter_map(|digit| u8::try_from(digit).ok()).collect();
    let bytes: Vec<u8> = digits.as_chunks::<2>().0.iter().map(|[a, b]| a << 4 | b).collect();
    match kind {
        b"exif" | b"APP1" => {
            if let Some(exif) = bytes.strip_prefix(b"Exif\0\0") {
                header.exif.get_or_insert_with(|| exif.to_vec());
            } else if let Some(at) = bytes.iter().position(|byte| *byte == b'<') {
                header.xmp.get_or_insert_with(|| bytes.get(at..).unwrap_or_default().to_vec());
            }
        }
        b"xmp" => {
            header.xmp.get_or_insert(bytes);
        }
        b"iptc" | b"8bim" => match bytes.starts_with(b"8BIM") {
            true => header.photoshop = bytes,
            false => header.iptc = Some(bytes),
        },
        b"icc" | b"icm" if header.icc.is_empty() => header.icc = bytes,
        _ => {}
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
