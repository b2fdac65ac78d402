//! Photoshop's pictures (Adobe Photoshop File Formats Specification): what their head and their resources say, the names of
//! their layers and the words on them. Shown is the picture of all layers together that they end with, or the small one that they
//! store of themselves.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};
use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::iptc;
use super::korean_bytes::tag_text;
use super::photoshop_pixels::{self, Planes};
use super::picture::{self, BLOCK_MOST, Decoded, Header, Turn};
use super::preview::{self, DecodeError};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "photoshop",
    version: 5,
    media_types: &["image/vnd.adobe.photoshop"],
    sniff: |probe| {
        // The version, then six zeros.
        let is = probe.starts_with(b"8BPS\0\x01\0\0\0\0\0\0")
            || probe.starts_with(b"8BPS\0\x02\0\0\0\0\0\0");
        if is { Match::Magic } else { Match::No }
    },
    media_type: |_| "image/vnd.adobe.photoshop",
    extract,
};

/// Bytes of all image resources that are read, and of the records of layers.
const RESOURCES_MOST: u64 = 32 << 20;
const LAYERS_MOST: u64 = 32 << 20;

/// Layers whose records are read.
const LAYER_COUNT_MOST: usize = 8_000;

/// Image resources (Image Resource IDs).
const ICC: [u8; 2] = [0x04, 0x0F];
const EXIF: [u8; 2] = [0x04, 0x22];
const XMP: [u8; 2] = [0x04, 0x24];
const THUMBNAIL: [u8; 2] = [0x04, 0x0C];
const VERSION_INFO: [u8; 2] = [0x04, 0x21];

/// Bytes before the JPEG file in the resource of the small picture.
const THUMBNAIL_HEAD: usize = 28;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, 26)?;
    let &[
        _,
        _,
        _,
        _,
        _,
        version,
        _,
        _,
        _,
        _,
        _,
        _,
        c1,
        c2,
        h1,
        h2,
        h3,
        h4,
        w1,
        w2,
        w3,
        w4,
        d1,
        d2,
        m1,
        m2,
    ] = head.as_slice()
    else {
        return Err(ExtractError::corrupt(ReasonKind::EndsEarly.of(Noun::BeforePixels)));
    };
    let colours = section(blob, 26, 4);
    let resources_at = colours.map_or(u64::MAX, |(_, next)| next);
    let resources = section(blob, resources_at, 4);
    let resource_bytes = resources
        .and_then(|((at, length), _)| read_range(blob, at, length.min(RESOURCES_MOST)).ok());
    let resource_bytes = resource_bytes.unwrap_or_default();
    let resource = |kind| {
        let bytes = iptc::resource(&resource_bytes, kind)?;
        Some(bytes.get(..BLOCK_MOST as usize).unwrap_or(bytes).to_vec())
    };
    let mut header = Header {
        width: u32::from_be_bytes([w1, w2, w3, w4]),
        height: u32::from_be_bytes([h1, h2, h3, h4]),
        bit_depth: Some(u16::from_be_bytes([d1, d2]).into()),
        channels: Some(u16::from_be_bytes([c1, c2]).into()),
        icc: resource(ICC).unwrap_or_default(),
        exif: resource(EXIF),
        xmp: resource(XMP),
        ..Header::default()
    };
    // A file that was saved without the picture of all layers has a white one in its place, and says so.
    let is_merged = iptc::resource(&resource_bytes, VERSION_INFO)
        .is_none_or(|info| info.get(4).is_none_or(|is_merged| *is_merged != 0));
    let thumbnail = iptc::resource(&resource_bytes, THUMBNAIL);
    let thumbnail =
        thumbnail.and_then(|resource| resource.get(THUMBNAIL_HEAD..)).map(<[u8]>::to_vec);
    if thumbnail.is_some() {
        header.said.at("Photoshop").set(metadata::THUMBNAIL, true);
    }
    let layers_at = resources.map_or(u64::MAX, |(_, next)| next);
    let is_large = version == 2;
    let layers = section(blob, layers_at, if is_large { 8 } else { 4 });
    if layers.is_none() {
        header.odd = Some(ReasonKind::EndsEarly.of(Noun::BeforePixels));
    }
    let colours = colours.and_then(|((at, length), _)| read_range(blob, at, length.min(768)).ok());
    let planes = layers.filter(|_| is_merged).map(|(_, at)| Planes {
        width: header.width,
        height: header.height,
        count: u16::from_be_bytes([c1, c2]).into(),
        depth: u16::from_be_bytes([d1, d2]).into(),
        mode: u16::from_be_bytes([m1, m2]),
        is_large,
        at,
        colours: colours.unwrap_or_default(),
    });
    let layers =
        layers.and_then(|((at, length), _)| read_range(blob, at, length.min(LAYERS_MOST)).ok());
    header.photoshop = resource_bytes;
    let mut content = picture::stood_for(context, header, &|_| {
        let all = planes.as_ref().map(|planes| planes.decode(blob, context));
        match (all, thumbnail.as_deref()) {
            (Some(Ok(all)), None) => Ok(all),
            (Some(Ok(all)), Some(_)) if !photoshop_pixels::is_even(&all.picture) => Ok(all),
            (_, Some(small)) => {
                let reader = ImageReader::with_format(Cursor::new(small), ImageFormat::Jpeg);
                let picture = preview::decode(reader, context)?;
                Ok(Decoded { picture, turn: Turn::AsTold, damage: None })
            }
            (Some(Err(error)), None) => Err(error),
            (None, None) => Err(DecodeError::Unfit(ReasonKind::Missing.of(Noun::Preview))),
        }
    })?;
    let mut words = Vec::new();
    let _ = read_layers(&layers.unwrap_or_default(), is_large, &mut words);
    for word in words {
        content.push_text(word, Locator::Whole {});
    }
    Ok(content)
}

/// Start and length of a section whose length stands before it in so many bytes, and where the next begins.
fn section(blob: &dyn Blob, at: u64, width: u64) -> Option<((u64, u64), u64)> {
    let length = read_range(blob, at, width).ok().filter(|bytes| bytes.len() as u64 == width)?;
    let length = length.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let start = at.checked_add(width)?;
    let next = start.checked_add(length)?;
    (start <= blob.len()).then_some(((start, length), next))
}

/// What is left of bytes that are read from the front.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self, width: usize) -> Option<usize> {
        let number =
            self.take(width)?.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        usize::try_from(number).ok()
    }
}

/// Adds the names of the layers, and the words of those that are text, from the lowest on.
fn read_layers(section: &[u8], is_large: bool, words: &mut Vec<String>) -> Option<()> {
    let wide = if is_large { 8 } else { 4 };
    let mut rest = Rest(section);
    rest.number(wide)?;
    // Negative where the first channel of transparency is that of the whole.
    let count = i16::from_be_bytes(*rest.take(2)?.first_chunk()?).unsigned_abs();
    for _ in 0..usize::from(count).min(LAYER_COUNT_MOST) {
        // Its edges, then for each channel its number and how many bytes it takes.
        rest.take(16)?;
        let channels = rest.number(2)?;
        rest.take(channels.checked_mul(2 + wide)?)?;
        // A mark, how it is blended, opacity and flags.
        rest.take(12)?;
        let extra = rest.number(4)?;
        let mut extra = Rest(rest.take(extra)?);
        let _ = read_layer(&mut extra, is_large, words);
    }
    Some(())
}

fn read_layer(extra: &mut Rest<'_>, is_large: bool, words: &mut Vec<String>) -> Option<()> {
    for _ in ["mask", "ranges of blending"] {
        let length = extra.number(4)?;
        extra.take(length)?;
    }
    // The name with the byte of its length is padded to four.
    let length = extra.number(1)?;
    let mut name = tag_text(extra.take(length)?);
    extra.take((3 - length % 4) % 4)?;
    let mut text = None;
    while let Some(head) = extra.take(8) {
        let ([mark @ .., _, _, _, _], key) = (head, head.get(4..)?) else { break };
        if mark != b"8BIM" && mark != b"8B64" {
            break;
        }
        // Some keys of large documents have long lengths; none of those that are read here.
        let is_long = is_large
            && [
                b"LMsk", b"Lr16", b"Lr32", b"Layr", b"Mt16", b"Mt32", b"Mtrn", b"Alph", b"FMsk",
                b"lnk2", b"FEid", b"FXid", b"PxSD",
            ]
            .iter()
            .any(|long| key == *long);
        let Some(length) = extra.number(if is_long { 8 } else { 4 }) else { break };
        let Some(data) = extra.take(length) else { break };
        match key {
            b"luni" => name = wide(data).unwrap_or(name),
            b"TySh" => text = layer_text(data),
            _ => {}
        }
    }
    // A layer of text is called as its text begins, unless somebody named it.
    let is_new = text.as_ref().is_none_or(|text| !text.starts_with(&name));
    words.extend(
        Some(name).filter(|name| is_new && !name.trim().is_empty() && !name.starts_with("</")),
    );
    words.extend(text.filter(|text| !text.trim().is_empty()));
    Some(())
}

/// The words of a layer of text, among what it says of their look: `Txt ` in a descriptor.
fn layer_text(data: &[u8]) -> Option<String> {
    const KEY: &[u8] = b"Txt TEXT";
    let at = data.windows(KEY.len()).position(|window| window == KEY)?;
    wide(data.get(at + KEY.len()..)?)
}

/// UTF-16 with its length before it.
fn wide(data: &[u8]) -> Option<String> {
    let mut rest = Rest(data);
    let length = rest.number(4)?.checked_mul(2)?;
    let text = encoding_rs::UTF_16BE.decode_without_bom_handling(rest.take(length)?).0;
    Some(text.trim_end_matches('\0').replace(['\r', '\u{3}'], "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn long(text: &str) -> Vec<u8> {
        let units: Vec<u16> = text.encode_utf16().collect();
        let bytes = units.iter().flat_map(|unit| unit.to_be_bytes());
        (units.len() as u32).to_be_bytes().into_iter().chain(bytes).collect()
    }

    fn block(key: &[u8], data: &[u8]) -> Vec<u8> {
        [b"8BIM", key, &(data.len() as u32).to_be_bytes(), data].concat()
    }

    fn layers() -> Vec<u8> {
        let layer = |name: &[u8], blocks: &[u8]| {
            let mut named = [&[name.len() as u8], name].concat();
            named.resize(named.len().next_multiple_of(4), 0);
            let extra = [&[0; 8], named.as_slice(), blocks].concat();
            let channels = [0, 1, 0, 0, 0, 0, 0, 2];
            let length = (extra.len() as u32).to_be_bytes();
            [&[0; 16], channels.as_slice(), b"8BIMnorm\xFF\0\0\0", &length, &extra].concat()
        };
        let text = [b"head Txt TEXT".as_slice(), &long("배수펌프장\r점검 결과"), b"tail"].concat();
        let blocks = [block(b"luni", &long("배수펌프장")), block(b"TySh", &text)].concat();
        let cp949 = encoding_rs::EUC_KR.encode("바탕 사진").0;
        let all = [layer(&cp949, &[]), layer(b"???", &blocks)].concat();
        [&[0, 0, 0, 0], [0xFF, 0xFE].as_slice(), &all].concat()
    }

    #[test]
    fn layers_have_names_and_words() {
        let mut words = Vec::new();
        read_layers(&layers(), false, &mut words).unwrap();
        assert_eq!(words, ["바탕 사진", "배수펌프장\n점검 결과"]);
    }

    #[test]
    fn hostile_layers_end() {
        let whole = layers();
        for cut in 0..whole.len() {
            let _ = read_layers(&whole[..cut], false, &mut Vec::new());
        }
        for at in 0..whole.len() {
            for byte in [0, 0x7F, 0xFF] {
                let mut broken = whole.clone();
                broken[at] = byte;
                let _ = read_layers(&broken, at % 2 == 0, &mut Vec::new());
            }
        }
    }
}
