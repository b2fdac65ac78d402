//! HWPML 2: the XML of the word processor 한글 in one file. The law information centre serves it under the
//! name `.hwp`. It has the elements of OWPML under capital names, so that one reader serves both.

use std::io::{BufRead, BufReader};

use madang_document::content::Content;
use madang_document::metadata;
use quick_xml::Reader;
use quick_xml::events::Event;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::hangul::{Body, as_far_as_read, protection_notice};
use crate::formats::hwpx::package::attribute;
use crate::formats::hwpx::section;
use crate::probe::Probe;
use crate::unpack::Metered;

pub(super) const FORMAT: Format = Format {
    name: "hwpml",
    version: 2,
    media_types: &["application/x-hwp"],
    sniff,
    media_type: |_| "application/x-hwp",
    extract,
};

/// First bytes in which the root element stands, behind a declaration and a document type.
const ROOT_WITHIN: usize = 4096;

fn sniff(probe: &Probe<'_>) -> Match {
    let head = probe.head.get(..ROOT_WITHIN.min(probe.head.len())).unwrap_or_default();
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let root = head.windows(7).any(|bytes| bytes == b"<HWPML " || bytes == b"<HWPML>");
    if head.starts_with(b"<") && root { Match::Container } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    read_properties(BufReader::new(Metered::new(Cursor::new(blob), context)), &mut content);
    let stream = BufReader::new(Metered::new(Cursor::new(blob), context));
    let mut body = Body::default();
    let read = section::read_section(stream, owpml_name, &mut body, &mut content, context);
    body.finish(&mut content);
    if let Some(notice) = protection_notice(&content) {
        return Err(notice);
    }
    as_far_as_read(read, content)
}

/// The name that OWPML has for an element of HWPML.
fn owpml_name(name: &str) -> &str {
    match name {
        "P" => "p",
        "CHAR" => "t",
        "TABLE" => "tbl",
        "ROW" => "tr",
        "CELL" => "tc",
        "HEADER" => "header",
        "FOOTER" => "footer",
        "FOOTNOTE" => "footNote",
        "ENDNOTE" => "endNote",
        "HIDDENCOMMENT" => "hiddenComment",
        "FIELDBEGIN" => "fieldBegin",
        "TAB" => "tab",
        "LINEBREAK" => "lineBreak",
        "NBSPACE" => "nbSpace",
        "FWSPACE" => "fwSpace",
        // So spelt in the specification.
        "HYPEN" => "hyphen",
        "SCRIPT" => "script",
        "MAINTEXT" => "mainText",
        "SUBTEXT" => "subText",
        "AUTONUM" => "autoNum",
        "TEXTART" => "textart",
        _ => "",
    }
}

/// Reads the properties in front of the body. What is damaged is left to the reader of the body.
fn read_properties(stream: impl BufRead, content: &mut Content) {
    let mut reader = Reader::from_reader(stream);
    let mut buffer = Vec::new();
    let mut property: Option<(&str, String)> = None;
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Err(_) | Ok(Event::Eof) => break,
            Ok(Event::Start(e)) => match e.local_name().as_ref() {
                "BODY" => break,
                "HWPML" => {
                    content.metadata.set_some(metadata::FORMAT_VERSION, attribute(&e, "Version"));
                }
                "TITLE" => property = Some((metadata::TITLE, String::new())),
                "AUTHOR" => property = Some((metadata::AUTHOR, String::new())),
                "SUBJECT" => property = Some((metadata::DESCRIPTION, String::new())),
                _ => property = None,
            },
            Ok(Event::Text(text)) => {
                if let Some((_, value)) = &mut property {
                    value.push_str(&text.xml10_content());
                }
            }
            Ok(Event::GeneralRef(reference)) => {
                if let Some((_, value)) = &mut property {
                    value.extend(section::character(&reference));
                }
            }
            Ok(Event::End(_)) => {
                if let Some((name, value)) = property.take() {
                    content.metadata.set(name, value);
                }
            }
            Ok(_) => {}
        }
    }
}
