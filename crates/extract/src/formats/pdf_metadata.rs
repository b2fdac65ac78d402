//! The properties of a PDF: the information dictionary (ISO 32000-1, section 14.3.3), then what only the XMP
//! packet says.

use lopdf::{Dictionary, Document, Object, decode_text_string};
use madang_document::metadata::{self, Metadata};

use super::xmp;

/// Keys of the information dictionary and their names here.
const TEXTS: &[(&[u8], &str)] = &[
    (b"Title", metadata::TITLE),
    (b"Author", metadata::AUTHOR),
    (b"Subject", metadata::DESCRIPTION),
    (b"Producer", metadata::PRODUCER),
    (b"Creator", "pdf.creator"),
];

pub(super) fn read(document: &Document, metadata: &mut Metadata) {
    metadata.set(metadata::FORMAT_VERSION, document.version.as_str());
    if let Ok(info) = document.trailer.get_deref(b"Info", document).and_then(Object::as_dict) {
        for (key, name) in TEXTS {
            metadata.set_some(name, text(document, info, key));
        }
        let keywords = text(document, info, b"Keywords").unwrap_or_default();
        let keywords = keywords.split([',', ';']).map(str::trim).filter(|word| !word.is_empty());
        metadata.set(metadata::KEYWORDS, keywords.map(str::to_owned).collect::<Vec<_>>());
        for (key, name) in
            [(b"CreationDate".as_slice(), metadata::CREATED), (b"ModDate", metadata::MODIFIED)]
        {
            metadata.set_some(name, text(document, info, key).and_then(|text| date(&text)));
        }
    }
    let packet = document
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"Metadata", document))
        .and_then(Object::as_stream)
        .and_then(|stream| stream.get_plain_content_with_limit(xmp::MOST));
    if let Ok(packet) = packet {
        xmp::read(&packet, metadata);
    }
}

/// A text string (ISO 32000-1, section 7.9.2.2). Korean writers also put bare CP949 there, which
/// PDFDocEncoding would turn into accented letters.
pub(super) fn text(document: &Document, dictionary: &Dictionary, key: &[u8]) -> Option<String> {
    let object = dictionary.get_deref(key, document).ok()?;
    let bytes = object.as_str().ok()?;
    if let [0xFF, 0xFE, rest @ ..] = bytes {
        return Some(encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0.into_owned());
    }
    let marked = bytes.starts_with(&[0xFE, 0xFF]) || bytes.starts_with(&[0xEF, 0xBB, 0xBF]);
    if !marked && !bytes.is_ascii() {
        if let Ok(text) = std::str::from_utf8(bytes) {
            return Some(text.to_owned());
        }
        if let Some(text) = super::korean_bytes::decode(bytes) {
            return Some(text);
        }
    }
    decode_text_string(object).ok()
}

/// A date such as `D:20240131093000+09'00'` (ISO 32000-1, section 7.9.4) as RFC 3339; the parts after the
/// year are optional.
fn date(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches("D:");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, zone) = text.split_at(digits);
    let part = |from: usize, length: usize, default: u32| match digits.get(from..from + length) {
        Some(part) => part.parse::<u32>().ok(),
        None => Some(default),
    };
    digits.get(..4)?;
    let (year, month, day) = (part(0, 4, 0)?, part(4, 2, 1)?, part(6, 2, 1)?);
    let (hour, minute, second) = (part(8, 2, 0)?, part(10, 2, 0)?, part(12, 2, 0)?);
    let sane = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !sane {
        return None;
    }
    let zone = offset(zone);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{zone}"))
}

/// `+09'00'` as `+09:00`; nothing if the file gives no offset.
fn offset(zone: &str) -> String {
    let zone = zone.trim();
    if zone.starts_with('Z') {
        return "Z".into();
    }
    let Some(sign) = zone.chars().next().filter(|c| matches!(c, '+' | '-')) else {
        return String::new();
    };
    let digits: String = zone.chars().filter(char::is_ascii_digit).take(4).collect();
    let (Some(hours), minutes) = (digits.get(..2), digits.get(2..4).unwrap_or("00")) else {
        return String::new();
    };
    format!("{sign}{hours}:{minutes}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_dates_as_people_write_them() {
        for (text, expected) in [
            ("D:20240131093000+09'00'", Some("2024-01-31T09:30:00+09:00")),
            ("D:20240131093000Z", Some("2024-01-31T09:30:00Z")),
            ("D:20240131093000Z00'00'", Some("2024-01-31T09:30:00Z")),
            ("20240131", Some("2024-01-31T00:00:00")),
            ("D:2024", Some("2024-01-01T00:00:00")),
            ("D:20241331", None),
            ("Mon Jan 1", None),
        ] {
            assert_eq!(date(text).as_deref(), expected, "{text}");
        }
    }
}
