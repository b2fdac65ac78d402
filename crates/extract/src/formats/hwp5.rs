//! HWP 5: the compound file of the word processor 한글 (HWP 5.0 document file format, revision 1.3).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read};

use flate2::bufread::DeflateDecoder;
use madang_document::content::Content;
use madang_document::instead::Instead;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use crate::blob::Blob;
use crate::compound_file::{CompoundFile, DirectoryEntry, SIGNATURE};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::bytes::u32_at;
use crate::formats::hangul::{Body, protection_notice, read_sections};
use crate::formats::windows_text::wide;
use crate::formats::{hangul_object, preview};
use crate::limits::MISSING_MOST;
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::Metered;
use doc_info::DocInfo;
use file_header::FileHeader;
use inflate::{Inflate, without_head};
use password::Key;
use stored::Stored;

mod control;
mod distribution;
mod doc_info;
mod file_header;
mod inflate;
mod paragraph_text;
mod password;
mod record;
mod section;
mod stored;
mod summary;

pub(super) const FORMAT: Format = Format {
    name: "hwp5",
    version: 9,
    media_types: &["application/x-hwp"],
    sniff,
    media_type: |_| "application/x-hwp",
    extract,
};

/// Sections of a document that are read; the largest real ones have some hundred.
const SECTIONS: usize = 10_000;

/// Hashes of a try of a password, or as much work.
const PASSWORD_ROUNDS: u64 = 500;

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
        .map_err(|error| ExtractError::corrupt(error.within(Noun::CompoundFile)))?;
    let header = file.root_stream("FileHeader", SMALL_STREAM).ok_or_else(|| {
        ExtractError::corrupt(ReasonKind::Unreadable.of(Part::Stream("FileHeader".into())))
    })?;
    let header = FileHeader::parse(&header)?;

    let mut content = Content::default();
    content.metadata.at("FileHeader").set(metadata::FORMAT_VERSION, header.version());
    header.check_readable()?;
    super::ole_object::tell_damage(&file, &mut content);
    let key = key(&file, header, context)?;
    if key.is_some() {
        content.metadata.at("FileHeader").set(metadata::ENCRYPTED, true);
    }
    let file = Stored::new(file, key);
    let properties = file.plain("\u{5}HwpSummaryInformation", context.limits.metadata);
    if let Some(properties) = properties {
        summary::summary(&properties, &mut content.metadata);
    }
    let text = read_text(&file, header, &mut content, context);
    if let Some(notice) = protection_notice(&content) {
        return Err(notice);
    }
    match text {
        Ok(()) => {}
        Err(error @ ExtractError::Limit(_)) => content.cut(error),
        Err(error) => {
            // The word processor keeps the first page or so as plain text.
            let start = file.plain("PrvText", SMALL_STREAM).unwrap_or_default();
            content.push_text(wide(&start).replace('\r', ""), Locator::Whole {});
            // The notice of a protected document is none of its text.
            if content.segments.is_empty() || protection_notice(&content).is_some() {
                return Err(error);
            }
            content.lost(error.into_reason().instead(Instead::FirstPage));
        }
    }
    members(&file, header, blob.len(), &mut content, context);
    preview::likeness(&mut content, context, |most| file.plain("PrvImage", most));
    Ok(content)
}

/// The key of a password document; none if it is another.
///
/// # Errors
/// [`ExtractError::Encrypted`] when no password opens it.
fn key(
    file: &CompoundFile<'_>,
    header: FileHeader,
    context: &Context<'_>,
) -> Result<Option<Key>, ExtractError> {
    if !header.needs_password() {
        return Ok(None);
    }
    let refused = |still| ExtractError::locked(ReasonKind::Password.of(Noun::Document), still);
    if !header.known_encryption() {
        return Err(refused(context.none_tried()));
    }
    let info = file.root_stream("DocInfo", SMALL_STREAM).unwrap_or_default();
    let right =
        |password: &str| Key::of(password).filter(|key| key.is_of(&info, header.compressed()));
    context.unlock(PASSWORD_ROUNDS, right).map(Some).map_err(refused)
}

/// Reads all sections. A damaged one is a warning.
///
/// # Errors
/// When no section could be read at all, or a limit was reached.
fn read_text(
    file: &Stored<'_>,
    header: FileHeader,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let folder = if header.distribution() { "ViewText" } else { "BodyText" };
    let sections = sections(file, folder);
    if sections.is_empty() {
        let missing = ReasonKind::MissingFrom(Part::Named(folder.into()));
        return Err(ExtractError::corrupt(missing.of(Noun::Sections)));
    }
    let info = doc_info(file, header, context);
    // Its numbers before paragraphs and its list of objects are then lost.
    if let Some(damage) = &info.damage {
        content.lost(damage.clone().within(Part::Stream("DocInfo".into())));
    }
    if info.tracked_changes {
        content.note(ReasonKind::Tracked);
    }
    missing(file, folder, &sections, &info, content);
    let body = Body::new(charts(file, header, &info, content, context), info.numbers);
    read_sections(
        &sections,
        |section| format!("{folder}/{}", section.name),
        |section, body, content| read_one(file, section, header, body, content, context),
        body,
        content,
        context,
    )
}

fn read_one(
    file: &Stored<'_>,
    section: &DirectoryEntry,
    header: FileHeader,
    body: &mut Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let bytes = file.read(section, context);
    let read = bytes.len() as u64;
    let bytes = if header.distribution() {
        distribution::decrypt(&bytes)
            .ok_or_else(|| ExtractError::corrupt(ReasonKind::Missing.of(Noun::DistributionKey)))?
    } else {
        bytes
    };
    if header.distribution() && bytes.is_empty() {
        return Err(ExtractError::corrupt(
            ReasonKind::EndsBefore(Noun::Text.into()).of(Noun::Section),
        ));
    }
    let is_packed = match header.compressed() {
        true => !bytes.is_empty() && !is_plain(&bytes),
        false => !is_plain(&bytes) && is_packed(&bytes, is_plain),
    };
    if is_packed {
        let inflated = Metered::new(Inflate::new(&bytes), context);
        section::read_section(BufReader::new(inflated), body, content, context)?;
    } else {
        let plain = Metered::new(bytes.as_slice(), context);
        section::read_section(BufReader::new(plain), body, content, context)?;
    }
    if read < section.size {
        let held = ReasonKind::HoldsOnly { held: read, stated: section.size };
        return Err(ExtractError::corrupt(held));
    }
    Ok(())
}

/// Whether a stream that should be compressed starts like one that is not: with the record of a paragraph at
/// level 0, and 22 to 40 bytes of data. Some programs set the flag and do not compress.
fn is_plain(bytes: &[u8]) -> bool {
    u32_at(bytes, 0).is_some_and(|header| {
        header & 0xF_FFFF == u32::from(record::tag::PARA_HEADER)
            && (22..=40).contains(&(header >> 20))
    })
}

/// Whether a stream that should be plain is packed all the same: it unpacks to what starts as it should.
fn is_packed(bytes: &[u8], starts: fn(&[u8]) -> bool) -> bool {
    let mut head = [0; 4];
    Inflate::new(bytes).read_exact(&mut head).is_ok_and(|()| starts(&head))
}

/// Whether a stream starts like the plain description of a document: with its properties.
fn is_plain_info(bytes: &[u8]) -> bool {
    u32_at(bytes, 0)
        .is_some_and(|header| header & 0xF_FFFF == u32::from(record::tag::DOCUMENT_PROPERTIES))
}

/// The sections in a folder, in the order of their numbers.
fn sections<'a>(file: &'a Stored<'_>, folder: &str) -> Vec<&'a DirectoryEntry> {
    let mut sections = file.streams(folder);
    sections.retain(|entry| section_number(entry).is_some());
    sections.sort_by_key(|entry| section_number(entry));
    sections.truncate(SECTIONS);
    sections
}

/// Says which sections, and which of the pictures and objects that the document lists, are not there. A section is missed
/// that stands before the last, or that the document counts.
fn missing(
    file: &Stored<'_>,
    folder: &str,
    sections: &[&DirectoryEntry],
    info: &DocInfo,
    content: &mut Content,
) {
    let numbers: BTreeSet<u32> =
        sections.iter().filter_map(|entry| section_number(entry)).collect();
    let last = numbers.last().copied().unwrap_or_default();
    // Whose sections are numbered otherwise misses none as long as there are as many.
    let counted =
        Some(u32::from(info.sections)).filter(|&counted| counted as usize > numbers.len());
    let expected = 0..last.max(counted.unwrap_or_default());
    for number in expected.filter(|number| !numbers.contains(number)).take(MISSING_MOST) {
        content.lost(ReasonKind::Missing.of(format!("{folder}/Section{number}").as_str()));
    }
    let there: BTreeSet<u16> = file
        .streams("BinData")
        .into_iter()
        .filter_map(|entry| stream_number(&entry.name))
        .collect();
    let listed: BTreeSet<u16> = info.streams.iter().copied().filter(|number| *number > 0).collect();
    for number in listed.difference(&there).take(MISSING_MOST) {
        content.lost(ReasonKind::Missing.of(format!("BinData/BIN{number:04X}").as_str()));
    }
}

/// The number of a section, as in `Section0`.
fn section_number(entry: &DirectoryEntry) -> Option<u32> {
    entry.name.strip_prefix("Section")?.parse().ok()
}

/// The number of a stream of `BinData`, as in `BIN000A.OLE`.
fn stream_number(name: &str) -> Option<u16> {
    name.get(3..7).and_then(|number| u16::from_str_radix(number, 16).ok())
}

fn doc_info(file: &Stored<'_>, header: FileHeader, context: &Context<'_>) -> DocInfo {
    let stored = file.info(context);
    if stored.is_empty() {
        return DocInfo { damage: Some(ReasonKind::Missing.into()), ..DocInfo::default() };
    }
    let is_packed =
        header.compressed() || !is_plain_info(&stored) && is_packed(&stored, is_plain_info);
    if is_packed {
        let unpacked = Metered::new(DeflateDecoder::new(without_head(&stored)), context);
        DocInfo::read(BufReader::new(unpacked))
    } else {
        DocInfo::read(stored.as_slice())
    }
}

/// The words of the charts, by the numbers with which the text anchors them.
fn charts(
    file: &Stored<'_>,
    header: FileHeader,
    info: &DocInfo,
    content: &mut Content,
    context: &Context<'_>,
) -> BTreeMap<String, String> {
    let mut charts = BTreeMap::new();
    let mut left = context.limits.text;
    for entry in file.streams("BinData") {
        let number = stream_number(&entry.name);
        let Some(number) = number.filter(|_| hangul_object::is_object(&entry.name)) else {
            continue;
        };
        let object = unpacked(&file.read(entry, context), header, |reader| {
            let mut bytes = Vec::new();
            // What cannot be unpacked is told where the object is opened.
            let _ =
                Metered::new(reader, context).take(context.limits.member).read_to_end(&mut bytes);
            bytes
        });
        let part = format!("BinData/{}", entry.name);
        let Some(text) = hangul_object::chart(&object, &part, context, content) else { continue };
        let at = info.streams.iter().position(|&stream| stream == number);
        left = left.saturating_sub(text.len() as u64);
        charts.insert(at.map_or(usize::from(number), |at| at + 1).to_string(), text);
        if left == 0 {
            break;
        }
    }
    charts
}

/// Hands on what a stream of `BinData` holds. Some are not compressed in a document that is.
fn unpacked<T>(stored: &[u8], header: FileHeader, read: impl FnOnce(&mut dyn Read) -> T) -> T {
    let mut head = [0; 8];
    let plain = !header.compressed()
        || (hangul_object::is_known(stored)
            && !DeflateDecoder::new(stored)
                .read_exact(&mut head)
                .is_ok_and(|()| hangul_object::is_known(&head)));
    match plain {
        true => read(&mut &*stored),
        false => read(&mut DeflateDecoder::new(stored)),
    }
}

/// Opens the pictures and embedded objects. Their size is known only if they are not compressed.
fn members(
    file: &Stored<'_>,
    header: FileHeader,
    file_size: u64,
    content: &mut Content,
    context: &Context<'_>,
) {
    let mut paths = MemberPaths::default();
    // Streams of a whole file do not overlap; its allocation table may be damaged, or made to mislead.
    let mut left = file_size.saturating_add(1);
    let mut streams = file.streams("BinData");
    // The directory is a tree; by name is the order in which they were put in.
    streams.sort_by(|a, b| a.name.cmp(&b.name));
    for entry in streams {
        let path = paths.take(&format!("BinData/{}", entry.name));
        let size = (!header.compressed()).then_some(entry.size);
        let stored = file.read(entry, context);
        left = left.saturating_sub(stored.len() as u64);
        if left == 0 {
            content.lost(ReasonKind::LieTogether.of(Part::Named("BinData".into())));
            break;
        }
        let goes_on = unpacked(&stored, header, |reader| {
            hangul_object::open_member(reader, &path, size, context, content)
        });
        if !goes_on {
            break;
        }
    }
}
