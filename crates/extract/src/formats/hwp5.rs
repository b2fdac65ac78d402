//! HWP 5: the compound file of the word processor 한글 (HWP 5.0 document file format, revision 1.3).

use std::io::BufReader;

use flate2::bufread::DeflateDecoder;
use madang_document::content::{Content, Member};
use madang_document::locator::Locator;
use madang_document::metadata;

use crate::blob::Blob;
use crate::compound_file::{CompoundFile, Entry, SIGNATURE};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::hangul::{Body, protection_notice, read_sections};
use crate::formats::preview;
use crate::probe::Probe;
use crate::unpack::Metered;
use file_header::FileHeader;

mod control;
mod distribution;
mod file_header;
mod paragraph_text;
mod record;
mod section;
mod summary;

pub(super) const FORMAT: Format = Format {
    name: "hwp5",
    version: 1,
    media_types: &["application/x-hwp"],
    sniff,
    media_type: |_| "application/x-hwp",
    extract,
};

/// Sections of a document that are read; the largest real ones have some hundred.
const SECTIONS: usize = 10_000;

/// Bytes of small streams that are looked at.
const SMALL_STREAM: u64 = 1 << 20;

fn sniff(probe: &Probe<'_>) -> Match {
    let is_hwp = |path: &String| path.starts_with("BodyText/") || path.starts_with("ViewText/");
    match probe.cfb() {
        Some(paths) if paths.iter().any(|p| p == "FileHeader") && paths.iter().any(is_hwp) => {
            Match::Container
        }
        // The table of contents is damaged, or very long.
        _ if !probe.starts_with(&SIGNATURE) => Match::No,
        _ if probe.head.windows(32).any(|bytes| bytes.starts_with(file_header::SIGNATURE)) => {
            Match::Magic
        }
        _ if probe.extension == "hwp" => Match::Extension,
        _ => Match::No,
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let file = CompoundFile::open(blob)
        .map_err(|error| ExtractError::Corrupt(format!("the compound file: {error}")))?;
    let header = file
        .root_stream("FileHeader", SMALL_STREAM)
        .ok_or_else(|| ExtractError::corrupt("the stream FileHeader cannot be read"))?;
    let header = FileHeader::parse(&header)?;

    let mut content = Content::default();
    content.metadata.set(metadata::FORMAT_VERSION, header.version());
    header.check_readable()?;
    let properties = file.root_stream("\u{5}HwpSummaryInformation", context.limits.metadata);
    if let Some(properties) = properties {
        summary::summary(&properties, &mut content.metadata);
    }
    let text = read_text(&file, header, &mut content, context);
    if let Some(notice) = protection_notice(&content) {
        return Err(notice);
    }
    match text {
        Ok(()) => {}
        Err(error @ ExtractError::Limit(_)) => content.cut(error.to_string()),
        Err(error) => {
            // The word processor keeps the first page or so as plain text.
            let start = file.root_stream("PrvText", SMALL_STREAM).unwrap_or_default();
            content.push_text(record::utf16(&start).replace('\r', ""), Locator::Whole {});
            if content.segments.is_empty() {
                return Err(error);
            }
            content.lost(format!("{error}; the text is the stored preview of the first page"));
        }
    }
    content.members = members(&file, header, context);
    let picture = file.root_stream("PrvImage", preview::STORED_MOST);
    if let Some(picture) = picture.filter(|picture| !picture.is_empty()) {
        match preview::stored(&picture, context) {
            Ok(preview) => content.previews.push(preview),
            Err(reason) => content.note(format!("the stored preview picture: {reason}")),
        }
    }
    Ok(content)
}

/// Reads all sections. A damaged one is a warning.
///
/// # Errors
/// When no section could be read at all, or a limit was reached.
fn read_text(
    file: &CompoundFile<'_>,
    header: FileHeader,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let folder = if header.distribution() { "ViewText" } else { "BodyText" };
    let sections = sections(file, folder);
    if sections.is_empty() {
        return Err(ExtractError::Corrupt(format!("there is no section in {folder}")));
    }
    read_sections(
        &sections,
        |section| format!("{folder}/{}", section.name),
        |section, body, content| read_one(file, section, header, body, content, context),
        content,
        context,
    )
}

fn read_one(
    file: &CompoundFile<'_>,
    section: &Entry,
    header: FileHeader,
    body: &mut Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let bytes = file.read(section, context.limits.member);
    let read = bytes.len() as u64;
    let bytes = if header.distribution() {
        distribution::decrypt(&bytes)
            .ok_or_else(|| ExtractError::corrupt("there is no key to this distribution document"))?
    } else {
        bytes
    };
    if header.compressed() && !is_plain(&bytes) {
        let inflated = Metered::new(DeflateDecoder::new(bytes.as_slice()), context);
        section::read_section(BufReader::new(inflated), body, content, context)?;
    } else {
        let plain = Metered::new(bytes.as_slice(), context);
        section::read_section(BufReader::new(plain), body, content, context)?;
    }
    if read < section.size {
        return Err(ExtractError::Corrupt(format!(
            "the file holds only {read} of {} bytes of it",
            section.size
        )));
    }
    Ok(())
}

/// Whether a stream that should be compressed starts like one that is not: with the record of a paragraph at
/// level 0, and 22 to 40 bytes of data. Some programs set the flag and do not compress.
fn is_plain(bytes: &[u8]) -> bool {
    record::dword_at(bytes, 0).is_some_and(|header| {
        header & 0xF_FFFF == u32::from(record::tag::PARA_HEADER)
            && (22..=40).contains(&(header >> 20))
    })
}

/// The sections in a folder, in the order of their numbers.
fn sections<'a>(file: &'a CompoundFile<'_>, folder: &str) -> Vec<&'a Entry> {
    let number = |entry: &Entry| entry.name.strip_prefix("Section")?.parse::<u32>().ok();
    let mut sections = file.streams(Some(folder));
    sections.retain(|entry| number(entry).is_some());
    sections.sort_by_key(|entry| number(entry));
    sections.truncate(SECTIONS);
    sections
}

/// The pictures and embedded objects. Their size is known only if they are not compressed.
fn members(file: &CompoundFile<'_>, header: FileHeader, context: &Context<'_>) -> Vec<Member> {
    let most = usize::try_from(context.limits.members).unwrap_or(usize::MAX);
    let streams = file.streams(Some("BinData")).into_iter();
    let mut members: Vec<_> = streams
        .take(most)
        .map(|entry| Member {
            path: format!("BinData/{}", entry.name),
            size: (!header.compressed()).then_some(entry.size),
            outcome: None,
        })
        .collect();
    // The directory is a tree; by name is the order in which they were put in.
    members.sort_by(|a, b| a.path.cmp(&b.path));
    members
}
