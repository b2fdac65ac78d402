//! HWP 5: the compound file of the word processor 한글 (HWP 5.0 document file format, revision 1.3).

use std::io::{BufReader, Read};

use flate2::bufread::DeflateDecoder;
use madang_document::content::{Content, Member};
use madang_document::locator::Locator;
use madang_document::metadata;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::hangul::metered::Metered;
use crate::formats::hangul::{Body, preview, protection_notice};
use crate::probe::Probe;
use file_header::FileHeader;

mod control;
mod distribution;
mod file_header;
mod paragraph_text;
mod record;
mod section;
pub(super) mod summary;

pub(super) const FORMAT: Format = Format {
    name: "hwp5",
    version: 1,
    media_types: &["application/x-hwp"],
    sniff,
    media_type: |_| "application/x-hwp",
    extract,
};

const COMPOUND_FILE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

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
        _ if !probe.starts_with(&COMPOUND_FILE) => Match::No,
        _ if probe.head.windows(32).any(|bytes| bytes.starts_with(file_header::SIGNATURE)) => {
            Match::Magic
        }
        _ if probe.extension == "hwp" => Match::Extension,
        _ => Match::No,
    }
}

type File<'a> = cfb::CompoundFile<Cursor<'a>>;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut file = cfb::CompoundFile::open(Cursor::new(blob))
        .map_err(|error| ExtractError::Corrupt(format!("the compound file: {error}")))?;
    let header = stream(&mut file, "/FileHeader", SMALL_STREAM)
        .ok_or_else(|| ExtractError::corrupt("the stream FileHeader cannot be read"))?;
    let header = FileHeader::parse(&header)?;

    let mut content = Content::default();
    content.metadata.set(metadata::FORMAT_VERSION, header.version());
    header.check_readable()?;
    let properties = stream(&mut file, "/\u{5}HwpSummaryInformation", context.limits.metadata);
    if let Some(properties) = properties {
        summary::summary(&properties, &mut content.metadata);
    }
    let text = read_text(&mut file, header, &mut content, context);
    if let Some(notice) = protection_notice(&content) {
        return Err(notice);
    }
    match text {
        Ok(()) => {}
        Err(error @ ExtractError::Limit(_)) => content.cut(error.to_string()),
        Err(error) => {
            // The word processor keeps the first page or so as plain text.
            let start = stream(&mut file, "/PrvText", SMALL_STREAM).unwrap_or_default();
            content.push_text(record::utf16(&start).replace('\r', ""), Locator::Whole {});
            if content.segments.is_empty() {
                return Err(error);
            }
            content.lost(format!("{error}; the text is the stored preview of the first page"));
        }
    }
    content.members = members(&file, header, context);
    if let Some(picture) = stream(&mut file, "/PrvImage", preview::LARGEST).filter(|p| !p.is_empty())
    {
        match preview::preview(&picture, context) {
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
    file: &mut File<'_>,
    header: FileHeader,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let folder = if header.distribution() { "/ViewText" } else { "/BodyText" };
    let numbers = sections(file, folder);
    if numbers.is_empty() {
        return Err(ExtractError::Corrupt(format!("there is no section in {folder}")));
    }
    let mut body = Body::default();
    let mut failures = Vec::new();
    for &number in &numbers {
        context.progress();
        let before = content.segments.len();
        let path = format!("{folder}/Section{number}");
        match read_one(file, &path, header, &mut body, content, context) {
            Ok(()) => {}
            Err(error @ ExtractError::Limit(_)) => return Err(error),
            Err(error) => {
                failures.push((content.segments.len() > before, format!("{path}: {error}")));
            }
        }
    }
    let all_lost = failures.len() == numbers.len() && failures.iter().all(|(some, _)| !some);
    match failures.first() {
        Some((_, reason)) if all_lost => Err(ExtractError::corrupt(reason)),
        _ => {
            failures.into_iter().for_each(|(_, reason)| content.lost(reason));
            Ok(())
        }
    }
}

fn read_one(
    file: &mut File<'_>,
    path: &str,
    header: FileHeader,
    body: &mut Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let bytes = stream(file, path, context.limits.member)
        .ok_or_else(|| ExtractError::corrupt("the stream cannot be read"))?;
    let bytes = if header.distribution() {
        distribution::decrypt(&bytes)
            .ok_or_else(|| ExtractError::corrupt("there is no key to this distribution document"))?
    } else {
        bytes
    };
    if header.compressed() && !is_plain(&bytes) {
        let inflated = Metered::new(DeflateDecoder::new(bytes.as_slice()), context);
        section::read_section(BufReader::new(inflated), body, content, context)
    } else {
        let plain = Metered::new(bytes.as_slice(), context);
        section::read_section(BufReader::new(plain), body, content, context)
    }
}

/// Whether a stream that should be compressed starts like one that is not: with the record of a paragraph at
/// level 0, and 22 to 40 bytes of data. Some programs set the flag and do not compress.
fn is_plain(bytes: &[u8]) -> bool {
    record::dword_at(bytes, 0).is_some_and(|header| {
        header & 0xF_FFFF == u32::from(record::tag::PARA_HEADER)
            && (22..=40).contains(&(header >> 20))
    })
}

/// The numbers of the sections in a folder, in order.
fn sections(file: &File<'_>, folder: &str) -> Vec<u32> {
    let Ok(entries) = file.read_storage(folder) else { return Vec::new() };
    let mut numbers: Vec<u32> = entries
        .filter_map(|entry| entry.name().strip_prefix("Section")?.parse().ok())
        .take(SECTIONS)
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The pictures and embedded objects. Their size is known only if they are not compressed.
fn members(file: &File<'_>, header: FileHeader, context: &Context<'_>) -> Vec<Member> {
    let Ok(entries) = file.read_storage("/BinData") else { return Vec::new() };
    let most = usize::try_from(context.limits.members).unwrap_or(usize::MAX);
    entries
        .filter(cfb::Entry::is_stream)
        .take(most)
        .map(|entry| Member {
            path: format!("BinData/{}", entry.name()),
            size: (!header.compressed()).then_some(entry.len()),
            outcome: None,
        })
        .collect()
}

/// The bytes of a stream, at most `limit`; none if it cannot be opened. One that breaks is given as far as
/// it goes.
fn stream(file: &mut File<'_>, path: &str, limit: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let stream = file.open_stream(path).ok()?;
    // What was read before the break is worth having.
    let _ = stream.take(limit).read_to_end(&mut bytes);
    Some(bytes)
}
