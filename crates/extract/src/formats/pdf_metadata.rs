//! The properties of a PDF: the information dictionary (ISO 32000-1, section 14.3.3), and what the XMP
//! packet says else.

use lopdf::{Dictionary, Document, Object, decode_text_string};
use madang_document::content::Content;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use madang_document::unit::Unit;

use super::keywords::keywords;
use super::{date, pdf_stream, xmp};

/// Bytes of an XMP packet that is unpacked: programs for pictures keep the whole history of their work in it.
const PACKET_MOST: usize = 32 << 20;

/// Keys of the information dictionary and their names here.
const TEXTS: &[(&[u8], &str)] = &[
    (b"Title", metadata::TITLE),
    (b"Author", metadata::AUTHOR),
    (b"Subject", metadata::DESCRIPTION),
    (b"Producer", metadata::PRODUCER),
    (b"Creator", "pdf.creator"),
];

/// Keys that are no property of the document's own: what is read above, and what programs keep there for themselves; and
/// how further ones of these begin.
const TAKEN: &[&[u8]] = &[
    b"Title",
    b"Author",
    b"Subject",
    b"Producer",
    b"Creator",
    b"Keywords",
    b"CreationDate",
    b"ModDate",
    b"Trapped",
    b"SourceModified",
];
const OF_PROGRAMS: &[&str] = &["PTEX.", "TeX.", "ConTeXt.", "GTS_"];

/// Properties of the document's own that are kept.
const OWN_MOST: usize = 1000;

pub(super) fn read(document: &Document, content: &mut Content) {
    let metadata = &mut content.metadata;
    metadata.at("header").set(metadata::FORMAT_VERSION, document.version.as_str());
    if let Ok(info) = document.trailer.get_deref(b"Info", document).and_then(Object::as_dict) {
        let mut metadata = metadata.at("Info");
        for (key, name) in TEXTS {
            metadata.set_some(name, text(document, info, key));
        }
        let list = text(document, info, b"Keywords").unwrap_or_default();
        metadata.set(metadata::KEYWORDS, keywords(&list));
        for (key, name) in
            [(b"CreationDate".as_slice(), metadata::CREATED), (b"ModDate", metadata::MODIFIED)]
        {
            metadata.set_some(name, text(document, info, key).and_then(|text| date::pdf(&text)));
        }
        own_properties(document, info, content);
    }
    let metadata = &mut content.metadata;
    let packet = document
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"Metadata", document))
        .and_then(Object::as_stream);
    let Ok(packet) = packet else { return };
    let packet = pdf_stream::decode(packet, PACKET_MOST);
    if let Ok(packet) = &packet {
        xmp::read(&packet.bytes, "XMP", metadata);
    }
    match packet {
        Ok(packet) if packet.bytes.len() > xmp::MOST => {
            content.note(ReasonKind::PropertyCut("XMP".into()));
        }
        Ok(packet) if packet.is_whole => {}
        _ => content.note(ReasonKind::Damaged.of(Noun::Properties)),
    }
}

/// The properties that somebody named himself, as `own.NAME`: document management keeps the number of a document there.
fn own_properties(document: &Document, info: &Dictionary, content: &mut Content) {
    let own = info.iter().filter(|(key, _)| {
        let is_taken = TAKEN.iter().any(|taken| taken.eq_ignore_ascii_case(key));
        !is_taken && !OF_PROGRAMS.iter().any(|start| key.starts_with(start.as_bytes()))
    });
    let own = own.filter_map(|(key, _)| {
        let name = std::str::from_utf8(key).map(str::to_owned).ok();
        let name = name.or_else(|| super::korean_bytes::decode(key))?;
        let value = text(document, info, key)?;
        (!name.trim().is_empty() && !value.trim().is_empty())
            .then(|| (format!("own.{}", name.trim()), value.trim().to_owned()))
    });
    let mut own: Vec<_> = own.take(OWN_MOST + 1).collect();
    if own.len() > OWN_MOST {
        own.truncate(OWN_MOST);
        let (first, unit) = (OWN_MOST as u64, Unit::Properties);
        content.note(ReasonKind::OnlyFirst { first, of: None, unit }.within("Info"));
    }
    for (name, value) in own {
        content.metadata.at("Info").set(&name, value);
    }
}

/// A text string (ISO 32000-1, section 7.9.2.2). Korean writers also put bare CP949 there, which
/// PDFDocEncoding would turn into accented letters.
pub(super) fn text(document: &Document, dictionary: &Dictionary, key: &[u8]) -> Option<String> {
    text_of(dictionary.get_deref(key, document).ok()?)
}

/// The same of the string itself.
pub(super) fn text_of(object: &Object) -> Option<String> {
    let bytes = object.as_str().ok()?;
    if let [0xFF, 0xFE, rest @ ..] = bytes {
        let text = encoding_rs::UTF_16LE.decode_without_bom_handling(rest).0;
        return Some(without_languages(text.into_owned()));
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
    let text = decode_text_string(object).ok()?;
    Some(if marked { without_languages(text) } else { text })
}

/// A text without the codes of languages in it, which stand between two escapes each (section 7.9.2.2.1).
fn without_languages(mut text: String) -> String {
    const ESCAPE: char = '\u{1B}';
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find(ESCAPE)).map(|at| from + at)
    {
        let behind = text.get(start + 1..).unwrap_or_default();
        let code = behind.split_once(ESCAPE).map(|(code, _)| code).filter(|code| {
            (2..=4).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphabetic())
        });
        match code.map(str::len) {
            Some(length) => text.replace_range(start..start + length + 2, ""),
            None => from = start + 1,
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::*;

    fn read_info(info: Dictionary) -> Content {
        let mut document = Document::with_version("1.7");
        let info = document.add_object(info);
        document.trailer.set("Info", info);
        let mut content = Content::default();
        read(&document, &mut content);
        content
    }

    fn string(bytes: &[u8]) -> Object {
        Object::String(bytes.to_vec(), lopdf::StringFormat::Literal)
    }

    #[test]
    fn codes_of_languages_are_no_text() {
        let utf16 = |text: &str| {
            let units = text.encode_utf16().flat_map(u16::to_be_bytes);
            string(&[0xFE, 0xFF].into_iter().chain(units).collect::<Vec<_>>())
        };
        for (text, expected) in [
            (utf16("\u{1B}ko\u{1B}예산"), "예산"),
            (utf16("\u{1B}koKR\u{1B}예산 \u{1B}en\u{1B}budget"), "예산 budget"),
            (utf16("\u{1B}예산\u{1B}안"), "\u{1B}예산\u{1B}안"),
            (utf16("예산\u{1B}ko"), "예산\u{1B}ko"),
            (string(b"\xFF\xFE\x1B\0k\0o\0\x1B\0\x08\xC6"), "예"),
            (string(b"\xEF\xBB\xBF\x1Bko\x1Bplan"), "plan"),
            (string(b"plan"), "plan"),
        ] {
            assert_eq!(text_of(&text).as_deref(), Some(expected));
        }
    }

    #[test]
    fn keys_of_ones_own_are_properties() {
        let mut info = dictionary! {
            "Title" => string(b"x"), "DocNo" => string("재난-417".as_bytes()), "Company" => string(b" ACME "),
            "trapped" => string(b"no"), "Empty" => string(b" "), "PTEX.FullBanner" => string(b"TeX"),
        };
        info.set("문서번호", string(b"12"));
        let content = read_info(info);
        let own = ["own.DocNo", "own.Company", "own.문서번호"].map(|it| content.metadata.text(it));
        assert_eq!(own, [Some("재난-417"), Some("ACME"), Some("12")]);
        assert_eq!(content.metadata.len(), 5);
        assert!(content.warnings.is_empty());
        let many = (0..=OWN_MOST).map(|n| (format!("k{n}").into_bytes(), string(b"x")));
        let many = read_info(many.collect());
        assert_eq!((many.metadata.len(), many.warnings.len()), (OWN_MOST + 1, 1));
    }
}
