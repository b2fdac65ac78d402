//! Pictures of GIMP: their size, their properties and the names of their layers. Their pixels are not decoded.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::picture::{self, BLOCK_MOST, Header};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};

pub(super) const FORMAT: Format = Format {
    name: "xcf",
    version: 4,
    media_types: &["image/x-xcf"],
    sniff: |probe| if probe.starts_with(b"gimp xcf ") { Match::Magic } else { Match::No },
    media_type: |_| "image/x-xcf",
    extract,
};

/// Bytes of the properties that are read, and properties, and layers.
const HEAD_MOST: u64 = 4 << 20;
const PROPERTIES_MOST: usize = 10_000;
const LAYERS_MOST: usize = 8_000;

/// Parasites, which are properties with names; resolution.
const PARASITES: u32 = 21;
const RESOLUTION: u32 = 19;

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(*self.take(4)?.first_chunk()?))
    }

    /// A text with its length, which counts its NUL.
    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let text = String::from_utf8_lossy(self.take(length)?);
        Some(text.trim_end_matches('\0').to_owned())
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let head = read_range(blob, 0, HEAD_MOST)?;
    let mut header = Header::default();
    let mut layers = Vec::new();
    let _ = read(blob, &head, &mut header, &mut layers);
    let mut content = picture::undecoded(context, header, ReasonKind::NotDecoded.of(Noun::Pixels))?;
    for layer in layers {
        content.push_text(layer, Locator::Whole {});
    }
    Ok(content)
}

/// Reads what there is of it.
fn read(blob: &dyn Blob, head: &[u8], header: &mut Header, layers: &mut Vec<String>) -> Option<()> {
    // `file`, or the letter v and a number.
    let version = std::str::from_utf8(head.get(10..13)?).ok().and_then(|n| n.parse::<u32>().ok());
    let version = version.unwrap_or(0);
    let mut rest = Rest(head.get(14..)?);
    header.width = rest.number()?;
    header.height = rest.number()?;
    header.channels = Some(if rest.number()? == 0 { 3 } else { 1 });
    if version >= 4 {
        rest.number()?;
    }
    for _ in 0..PROPERTIES_MOST {
        let (kind, length) = (rest.number()?, usize::try_from(rest.number()?).ok()?);
        let mut body = Rest(rest.take(length)?);
        match kind {
            0 => break,
            RESOLUTION => {
                let (x, y) = (body.number()?, body.number()?);
                header.dpi = Some((f32::from_bits(x).into(), f32::from_bits(y).into()));
            }
            PARASITES => while parasite(&mut body, header).is_some() {},
            _ => {}
        }
    }
    // Where the layers stand, up to a zero; wide since version 11.
    for _ in 0..LAYERS_MOST {
        let high = if version >= 11 { rest.number()? } else { 0 };
        let at = u64::from(high) << 32 | u64::from(rest.number()?);
        if at == 0 {
            break;
        }
        // Its size and its kind, then its name.
        let layer = read_range(blob, at, 1024).ok()?;
        let mut layer = Rest(layer.get(12..)?);
        layers.extend(layer.text());
    }
    Some(())
}

fn parasite(body: &mut Rest<'_>, header: &mut Header) -> Option<()> {
    let name = body.text()?;
    body.number()?;
    let length = usize::try_from(body.number()?).ok()?;
    let data = body.take(length)?;
    let bytes = data.get(..BLOCK_MOST as usize).unwrap_or(data).to_vec();
    match name.as_str() {
        "gimp-comment" => {
            let text = String::from_utf8_lossy(&bytes).trim_end_matches('\0').to_owned();
            header.texts.push(("gimp-comment", "comment", text));
        }
        "icc-profile" => header.icc = bytes,
        "gimp-metadata" | "exif-data" => {
            header.exif = bytes.strip_prefix(b"Exif\0\0").map(<[u8]>::to_vec);
        }
        _ => {}
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_size_comment_and_layers() {
        let text = |text: &str| {
            let length = (text.len() as u32 + 1).to_be_bytes();
            [length.as_slice(), text.as_bytes(), &[0]].concat()
        };
        let comment = "현장 도면\0";
        let parasite = [
            text("gimp-comment"),
            vec![0, 0, 0, 1],
            (comment.len() as u32).to_be_bytes().to_vec(),
            comment.as_bytes().to_vec(),
        ];
        let parasite = parasite.concat();
        let numbers =
            |numbers: &[u32]| numbers.iter().flat_map(|n| n.to_be_bytes()).collect::<Vec<u8>>();
        let head = [
            b"gimp xcf v011\0".to_vec(),
            numbers(&[640, 480, 0, 150, RESOLUTION, 8, 300f32.to_bits(), 300f32.to_bits()]),
            numbers(&[PARASITES, parasite.len() as u32]),
            parasite,
            numbers(&[0, 0]),
        ];
        let head = head.concat();
        let layer_at = head.len() as u32 + 16;
        let layer = [numbers(&[640, 480, 0]), text("배경")].concat();
        let file = [head, numbers(&[0, layer_at, 0, 0]), layer].concat();
        let (mut header, mut layers) = (Header::default(), Vec::new());
        read(&file, &file, &mut header, &mut layers).unwrap();
        assert_eq!((header.width, header.height, header.dpi), (640, 480, Some((300.0, 300.0))));
        assert_eq!(header.texts, [("gimp-comment", "comment", "현장 도면".to_owned())]);
        assert_eq!(layers, ["배경"]);
        for at in 0..file.len() {
            let _ = read(&file, &file[..at], &mut Header::default(), &mut Vec::new());
            let mut broken = file.clone();
            broken[at] = 0xFF;
            let _ = read(&broken, &broken, &mut Header::default(), &mut Vec::new());
        }
    }
}
