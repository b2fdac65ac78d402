//! HWPML 2: the XML of the word processor 한글 in one file. The law information centre serves it under the
//! name `.hwp`. It has the elements of OWPML under capital names, so that one reader serves both.

mod bin_data;
mod head;

use std::collections::BTreeMap;

use madang_document::content::Content;

use self::head::Head;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::hangul::{Body, as_far_as_read, protection_notice};
use crate::formats::hwpx::section;
use crate::probe::Probe;
use crate::unpack::Metered;

pub(super) const FORMAT: Format = Format {
    name: "hwpml",
    version: 7,
    media_types: &["application/x-hwp"],
    sniff,
    media_type: |_| "application/x-hwp",
    extract,
};

/// First bytes in which the root element stands, behind a declaration and a document type.
const ROOT_WITHIN: usize = 4096;

fn sniff(probe: &Probe<'_>) -> Match {
    let head = probe.head.get(..ROOT_WITHIN.min(probe.head.len())).unwrap_or_default();
    // In units of two bytes each letter of a mark-up has a byte that is 0.
    let is_wide = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    let narrow: Vec<u8>;
    let head = match is_wide {
        true => {
            narrow = head.iter().skip(2).copied().filter(|byte| *byte != 0).collect();
            narrow.as_slice()
        }
        false => head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head),
    };
    let head = head.trim_ascii_start();
    let root = head.windows(7).any(|bytes| bytes == b"<HWPML " || bytes == b"<HWPML>");
    if head.starts_with(b"<") && root { Match::Container } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let stream = || Metered::new(Cursor::new(blob), context);
    let Head { numbers, files } = Head::read(stream(), &mut content);
    let mut body = Body::new(BTreeMap::new(), numbers);
    let read = section::read_section(stream(), owpml_name, &mut body, &mut content, context);
    body.finish(&mut content);
    if let Some(notice) = protection_notice(&content) {
        return Err(notice);
    }
    if !files.is_empty() {
        bin_data::open(stream(), &files, &mut content, context);
    }
    as_far_as_read(read, content)
}

/// The name that OWPML has for an element of HWPML.
fn owpml_name(name: &str) -> &str {
    match name {
        "P" => "p",
        "SECDEF" => "secPr",
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
        "SHAPECOMMENT" => "shapeComment",
        "BUTTON" => "btn",
        "CHECKBUTTON" => "checkBtn",
        "RADIOBUTTON" => "radioBtn",
        "BUTTONSET" => "buttonSet",
        "COMBOBOX" => "comboBox",
        "LISTBOX" => "listBox",
        "EDITTEXT" => "text",
        _ => "",
    }
}
