//! Encapsulated PostScript (Adobe's EPSF 3.0): what the comments at its head say of it (Document Structuring Conventions 3.0), and
//! the small picture that programs of Windows put behind it. The code that draws it is not run.

use std::io::Cursor;

use image::{ImageFormat, ImageReader};
use madang_document::content::Content;
use madang_document::metadata::{self, Metadata};
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::korean_bytes::tag_text;
use super::picture::{self, Decoded, Header, Turn};
use super::preview::{self, DecodeError};
use super::{date, xmp};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "eps",
    version: 1,
    media_types: &["image/x-eps"],
    sniff: |probe| if is_eps(probe) { Match::Magic } else { Match::No },
    media_type: |_| "image/x-eps",
    extract,
};

/// A head in bytes, with the places of the code and of a small picture.
const WRAPPED: &[u8] = b"\xC5\xD0\xD3\xC6";

/// Bytes of the head that are searched for comments, and of the end, where those stand that the head puts off.
const HEAD_MOST: u64 = 64 << 10;
const TAIL_MOST: u64 = 8 << 10;

/// Bytes that are searched for a packet of XMP.
const SEARCHED_MOST: u64 = 1 << 20;

/// Bytes of a small picture.
const STORED_MOST: u64 = 16 << 20;

/// Comments and their names here. A date is any way of writing it.
const COMMENTS: &[(&str, &str)] = &[
    ("%%Title", metadata::TITLE),
    ("%%Creator", metadata::PRODUCER),
    ("%%For", metadata::AUTHOR),
    ("%%Copyright", metadata::COPYRIGHT),
    (CREATED, metadata::CREATED),
];
const CREATED: &str = "%%CreationDate";

/// The edges of what is drawn, in points.
const EDGES: &str = "%%BoundingBox";

/// What says that the comment stands at the end.
const PUT_OFF: &str = "(atend)";

/// Documents of PostScript are no pictures, and stay unread.
fn is_eps(probe: &Probe<'_>) -> bool {
    let line = probe.head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    probe.starts_with(WRAPPED)
        || line.starts_with(b"%!PS-Adobe-") && line.windows(5).any(|window| window == b"EPSF-")
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let (code, stored) = places(&read_range(blob, 0, 32)?, blob.len());
    let (at, length) = code;
    let head = read_range(blob, at, length.min(SEARCHED_MOST))?;
    let end = at.saturating_add(length).min(blob.len());
    let tail_length = length.min(TAIL_MOST);
    let tail = read_range(blob, end.saturating_sub(tail_length), tail_length)?;
    let mut header = Header::default();
    let comments = head.get(..HEAD_MOST as usize).unwrap_or(&head);
    read(comments, &tail, &mut header);
    header.xmp = packet(&head).map(<[u8]>::to_vec);
    if (header.width, header.height) == (0, 0) {
        // Of unknown size; what it says of itself stands all the same.
        let mut content = Content { metadata: header.said, ..Content::default() };
        if let Some(packet) = header.xmp {
            xmp::read(&packet, "XMP", &mut content.metadata);
        }
        content.note(ReasonKind::NoPreview.because(ReasonKind::NotDecoded.of(Noun::Picture)));
        return Ok(content);
    }
    let Some((at, length)) = stored else {
        return picture::undecoded(context, header, ReasonKind::NotDecoded.of(Noun::Picture));
    };
    header.said.at("preview").set(metadata::THUMBNAIL, true);
    picture::stood_for(context, header, &|_| {
        let bytes = read_range(blob, at, length.min(STORED_MOST))
            .map_err(|_| DecodeError::Damaged(ReasonKind::Unreadable.of(Noun::Preview)))?;
        let reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Tiff);
        let picture = preview::decode(reader, context)?;
        Ok(Decoded { picture, turn: Turn::NONE, damage: None })
    })
}

/// Where the bytes of something lie, and how many there are.
type Place = (u64, u64);

/// The place of the code, and of a small picture of TIFF (EPSF 3.0, section 5.2).
fn places(head: &[u8], length: u64) -> (Place, Option<Place>) {
    let number = |at: usize| {
        let bytes = head.get(at..)?.first_chunk()?;
        Some(u64::from(u32::from_le_bytes(*bytes)))
    };
    let place = |at: usize| Some((number(at)?, number(at + 4)?)).filter(|(_, length)| *length > 0);
    match head.starts_with(WRAPPED) {
        true => (place(4).unwrap_or((0, length)), place(20)),
        false => ((0, length), None),
    }
}

/// Sets what the comments say.
fn read(head: &[u8], tail: &[u8], header: &mut Header) {
    let value = |name: &str| {
        let said = comment(head, name).filter(|said| said.trim() != PUT_OFF);
        said.or_else(|| last_comment(tail, name).filter(|said| said.trim() != PUT_OFF))
    };
    set(&mut header.said, |name| value(name).map(|said| text(&said)));
    if let Some(edges) = value(EDGES) {
        let edges: Vec<f64> =
            edges.split_whitespace().filter_map(|edge| edge.parse().ok()).collect();
        if let [left, bottom, right, top, ..] = edges.as_slice() {
            // One point is shown as one pixel where nobody says otherwise; casts of what is out of range saturate.
            (header.width, header.height) =
                ((right - left).ceil() as u32, (top - bottom).ceil() as u32);
        }
    }
}

fn set(said: &mut Metadata, value: impl Fn(&str) -> Option<String>) {
    let mut properties = said.at("comments");
    for (comment, name) in COMMENTS {
        let value = value(comment);
        properties.set_some(
            name,
            match *comment {
                CREATED => value.and_then(|date| date::pdf(&date)),
                _ => value,
            },
        );
    }
}

fn lines(bytes: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    bytes.split(|byte| matches!(byte, b'\r' | b'\n'))
}

/// The value of the first comment of this name. The head ends where it says so.
fn comment(head: &[u8], name: &str) -> Option<String> {
    let mut lines = lines(head).take_while(|line| !line.starts_with(b"%%EndComments"));
    lines.find_map(|line| value(line, name))
}

fn last_comment(tail: &[u8], name: &str) -> Option<String> {
    lines(tail).rev().find_map(|line| value(line, name))
}

fn value(line: &[u8], name: &str) -> Option<String> {
    let value = line.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
    Some(tag_text(value.trim_ascii()))
}

/// A value without the brackets and signs of a string of PostScript.
fn text(value: &str) -> String {
    let value = value.trim();
    let Some(inner) = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) else {
        return value.to_owned();
    };
    if !inner.contains('\\') {
        return inner.to_owned();
    }
    let mut bytes = Vec::new();
    let mut rest = inner.as_bytes();
    while let [first, behind @ ..] = rest {
        let digits = behind.iter().take(3).take_while(|byte| (b'0'..=b'7').contains(*byte)).count();
        (rest, _) = match (first, digits) {
            (b'\\', 1..) => {
                let (digits, behind) = behind.split_at(digits);
                let number = digits.iter().fold(0u32, |n, digit| n << 3 | u32::from(digit & 7));
                (behind, bytes.push(u8::try_from(number & 0xFF).unwrap_or_default()))
            }
            (b'\\', 0) => match behind {
                [sign, behind @ ..] => (behind, bytes.push(*sign)),
                [] => (behind, ()),
            },
            _ => (behind, bytes.push(*first)),
        };
    }
    tag_text(&bytes)
}

/// The packet of XMP in the code.
fn packet(code: &[u8]) -> Option<&[u8]> {
    let find =
        |bytes: &[u8], mark: &[u8]| bytes.windows(mark.len()).position(|window| window == mark);
    let from = find(code, b"<x:xmpmeta")?;
    let packet = code.get(from..)?;
    let end = find(packet, b"</x:xmpmeta>")?;
    packet.get(..end + b"</x:xmpmeta>".len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(head: &[u8], tail: &[u8]) -> Header {
        let mut header = Header::default();
        read(head, tail, &mut header);
        header
    }

    #[test]
    fn comments_are_read_to_their_end() {
        let title = encoding_rs::EUC_KR.encode("%%Title: 배수 계통도").0;
        let head = [
            b"%!PS-Adobe-3.0 EPSF-3.0\r\n".as_slice(),
            &title,
            b"\r\n%%Creator: (Madang \\(drawing\\) 1)\r%%For: (atend)\n%%CreationDate: (3 Jul 2026 09:30:00 +0900)\n\
              %%BoundingBox: -10 0 190.5 99\n%%EndComments\n%%Copyright: none\n",
        ]
        .concat();
        let header =
            said(&head, b"showpage\n%%Trailer\n%%For: \\(x\n%%For: (\\352\\260\\200)\n%%EOF");
        let text = |name| header.said.text(name);
        assert_eq!(text(metadata::TITLE), Some("배수 계통도"));
        assert_eq!(text(metadata::PRODUCER), Some("Madang (drawing) 1"));
        assert_eq!(text(metadata::AUTHOR), Some("가"));
        assert_eq!(text(metadata::CREATED), Some("2026-07-03T09:30:00+09:00"));
        assert_eq!(text(metadata::COPYRIGHT), None);
        assert_eq!((header.width, header.height), (201, 99));
    }

    #[test]
    fn hostile_comments_end() {
        for head in [
            b"%%Title: (\\".as_slice(),
            b"%%Title: (\\)",
            b"%%Title:",
            b"%%Title: (\\777\\0\\)",
            b"%%BoundingBox: 1e300 nan inf -1",
            b"%%BoundingBox: 9 9 0 0",
            b"%%BoundingBox: (atend)",
        ] {
            let header = said(head, head);
            assert!(header.width == 0 || header.height == 0, "{head:?}");
        }
        assert_eq!(places(&[0xC5, 0xD0, 0xD3, 0xC6, 1], 5), ((0, 5), None));
        assert_eq!(packet(b"<x:xmpmeta>"), None);
        assert_eq!(packet(b"% <x:xmpmeta></x:xmpmeta> "), Some(&b"<x:xmpmeta></x:xmpmeta>"[..]));
    }
}
