//! The properties of a PDF: the information dictionary (ISO 32000-1, section 14.3.3), and what the XMP
//! packet says else.

use lopdf::{Dictionary, Document, Object, decode_text_string};
use madang_document::metadata::{self, Metadata};

use super::keywords::keywords;
use super::{date, xmp};

/// Keys of the information dictionary and their names here.
const TEXTS: &[(&[u8], &str)] = &[
    (b"Title", metadata::TITLE),
    (b"Author", metadata::AUTHOR),
    (b"Subject", metadata::DESCRIPTION),
    (b"Producer", metadata::PRODUCER),
    (b"Creator", "pdf.creator"),
];

pub(super) fn read(document: &Document, metadata: &mut Metadata) {
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
    }
    let packet = document
        .catalog()
        .and_then(|catalog| catalog.get_deref(b"Metadata", document))
        .and_then(Object::as_stream)
        .and_then(|stream| stream.get_plain_content_with_limit(xmp::MOST));
    if let Ok(packet) = packet {
        xmp::read(&packet, "XMP", metadata);
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
