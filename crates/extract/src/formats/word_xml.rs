//! Word documents in one XML file: the WordprocessingML of Word 2003, and the package of a later document written flat
//! (ECMA-376 calls it Flat OPC), which PowerPoint writes, too.

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use madang_document::content::{Content, Member};
use madang_document::outcome::Outcome;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use mail_parser::decoders::base64::base64_decode;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::office_xml::{cut, properties};
use super::xml::declared;
use super::{docx, pptx};
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::{leave_member, take_member};

pub(super) const FORMAT: Format = Format {
    name: "word_xml",
    version: 5,
    media_types: &[WORD, PRESENTATION],
    sniff: |probe| match is_flat_package(probe) || names(probe, WORD_2003) {
        true => Match::Container,
        false => Match::No,
    },
    media_type: |probe| match is_flat_package(probe) && names(probe, "/ppt/") {
        true => PRESENTATION,
        false => WORD,
    },
    extract,
};

const WORD: &str = "application/msword";
const PRESENTATION: &str =
    "application/vnd.openxmlformats-officedocument.presentationml.presentation";

const WORD_2003: &str = "http://schemas.microsoft.com/office/word/2003/wordml";
const FLAT_PACKAGE: &str = "http://schemas.microsoft.com/office/2006/xmlPackage";

/// First characters in which the root element declares its namespaces.
const ROOT_WITHIN: usize = 8192;

fn names(probe: &Probe<'_>, namespace: &str) -> bool {
    let text = probe.text().map(str::trim_start).filter(|text| text.starts_with('<'));
    let head = text.map(|text| text.get(..text.floor_char_boundary(ROOT_WITHIN)).unwrap_or(text));
    head.is_some_and(|head| head.contains(namespace))
}

fn is_flat_package(probe: &Probe<'_>) -> bool {
    names(probe, FLAT_PACKAGE)
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let text = encoding::read(blob, context, &mut content, declared)?.text;
    if let Some(package) = package(&text, context)? {
        let read = match context.media_type {
            PRESENTATION => pptx::FORMAT.extract,
            _ => docx::FORMAT.extract,
        };
        let mut read = read(&package, context)?;
        read.warnings.splice(0..0, content.warnings);
        return Ok(read);
    }
    properties(&text, &mut content);
    // Each section names its edges, often with the same words.
    let edges = cut(&text, "", &["hdr", "ftr"]);
    let mut seen = BTreeSet::new();
    let mut edge = |element: &str, content: &mut Content| {
        for part in edges.iter().filter(|edge| edge.element == element) {
            if seen.insert((part.element.clone(), part.inner)) {
                docx::stretch(part.inner, element, true, context, content);
            }
        }
    };
    edge("hdr", &mut content);
    let body = cut(&text, "", &["body"]);
    if body.is_empty() {
        return Err(ExtractError::corrupt(
            ReasonKind::MissingFrom(Noun::Document.into()).of(Noun::Body),
        ));
    }
    for part in body {
        docx::stretch(part.inner, "body", false, context, &mut content);
    }
    edge("ftr", &mut content);
    members(&text, context, &mut content);
    Ok(content)
}

/// Takes the pictures of Word 2003, and lists what else is kept in base64: data of objects.
fn members(text: &str, context: &Context<'_>, content: &mut Content) {
    let mut paths = MemberPaths::default();
    for part in cut(text, "binData", &["binData"]) {
        let path = paths.take(part.name.strip_prefix("wordml://").unwrap_or(&part.name));
        let extension = path.rsplit_once('.').map(|(_, extension)| extension.to_lowercase());
        let is_picture = !matches!(extension.as_deref(), None | Some("mso"));
        let bytes = base64_decode(part.inner.trim().as_bytes());
        let goes_on = match bytes {
            Some(bytes) if is_picture => {
                take_member(bytes.as_slice(), &path, None, context, content)
            }
            Some(bytes) => {
                let size = Some(bytes.len() as u64);
                content.members.push(Member { path, size, outcome: None, told: None });
                true
            }
            None => {
                let reason = ReasonKind::NotDecoded.into();
                leave_member(&path, None, Outcome::Corrupt, reason, context, content)
            }
        };
        if !goes_on {
            break;
        }
    }
}

/// The package that is written flat as the ZIP file that it is elsewhere; none if it is no package.
///
/// # Errors
/// [`ExtractError::Limit`] when it is too large.
fn package(text: &str, context: &Context<'_>) -> Result<Option<Vec<u8>>, ExtractError> {
    let parts = cut(text, "part", &["xmlData", "binaryData"]);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    let mut is_package = false;
    for part in &parts {
        let name = part.name.trim_start_matches('/');
        let decoded;
        let bytes = match part.element.as_str() {
            "xmlData" => part.inner.as_bytes(),
            _ => {
                decoded = base64_decode(part.inner.as_bytes()).unwrap_or_default();
                &decoded
            }
        };
        context.spend_unpacked(bytes.len() as u64)?;
        // A name that is taken already is left out, as in any package.
        if !name.is_empty() && archive.start_file(name, stored).is_ok() {
            is_package |= archive.write_all(bytes).is_ok();
        }
    }
    let written = archive.finish().map(Cursor::into_inner);
    Ok(written.ok().filter(|_| is_package))
}
