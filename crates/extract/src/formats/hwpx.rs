//! HWPX: the ZIP package of the word processor 한글 (OWPML, KS X 6101).

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read as _};

use madang_document::content::Content;
use madang_document::instead::Instead;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::outcome::Outcome;
use madang_document::part::{Noun, Part};
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;

use crate::blob::{Blob, Cursor};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::formats::hangul::{Body, protection_notice, read_sections};
use crate::formats::hangul_chart::chart_text;
use crate::formats::odf_cipher::Sealed;
use crate::formats::package::cut_once;
use crate::formats::{hangul_object, preview};
use crate::limits::MISSING_MOST;
use crate::member_path::MemberPaths;
use crate::probe::Probe;
use crate::unpack::{End, Metered, leave_member, unpack};
use package::Listed;
use unsealed::unsealed;

mod header;
pub(super) mod package;
pub(super) mod section;
mod unsealed;

pub(super) const FORMAT: Format = Format {
    name: "hwpx",
    version: 12,
    media_types: &[MEDIA_TYPE],
    sniff,
    media_type: |_| MEDIA_TYPE,
    extract,
};

const MEDIA_TYPE: &str = "application/hwp+zip";

/// The package document, which lists the parts and their order.
const PACKAGE: &str = "Contents/content.hpf";

/// What names the package document.
const CONTAINER: &str = "META-INF/container.xml";

/// What the text looks like.
const HEAD: &str = "Contents/header.xml";

/// Sections of a document that are read.
const SECTIONS: usize = 10_000;

/// Charts of a document that are read.
const CHARTS: usize = 1000;

fn sniff(probe: &Probe<'_>) -> Match {
    match probe.zip() {
        Some(zip) if zip.mimetype.as_deref() == Some(MEDIA_TYPE) => Match::Container,
        Some(zip) if zip.names.iter().any(|name| section_number(name).is_some()) => {
            Match::Container
        }
        // The first entry of the package is its media type, stored: it can be seen without the directory.
        None if probe.has_at(30, b"mimetypeapplication/hwp+zip") => Match::Magic,
        None if probe.starts_with(b"PK") && probe.extension == "hwpx" => Match::Extension,
        _ => Match::No,
    }
}

type Archive<'a> = zip::ZipArchive<Cursor<'a>>;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut archive = match zip::ZipArchive::new(Cursor::new(blob)) {
        Ok(archive) => archive,
        Err(error) => return read_cut(blob, &error, context),
    };
    let mut untold = Content::default();
    if let Some(manifest) = part(&mut archive, "META-INF/manifest.xml", &mut untold, context)?
        && package::is_encrypted(&manifest)
    {
        let unsealed = unsealed(&mut archive, &Sealed::read(&manifest), context)?;
        let plain: &dyn Blob = &unsealed.package;
        let archive = zip::ZipArchive::new(Cursor::new(plain)).map_err(ExtractError::broken)?;
        let mut content = read(archive, context)?;
        if unsealed.is_secret {
            content.metadata.at("META-INF/manifest.xml").set(metadata::ENCRYPTED, true);
        }
        return Ok(content);
    }
    read(archive, context)
}

/// Reads the parts of a package.
fn read(mut archive: Archive<'_>, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    if let Some(version) = part(&mut archive, "version.xml", &mut content, context)? {
        package::version(&version, &mut content);
    }
    let package = match part(&mut archive, PACKAGE, &mut content, context)? {
        Some(package) => package::package(&package, PACKAGE, &mut content),
        None => {
            let container = part(&mut archive, CONTAINER, &mut content, context)?;
            if archive.index_for_name(PACKAGE).is_none()
                && container.is_some_and(|container| container.contains(PACKAGE))
            {
                content.lost(ReasonKind::Missing.of(PACKAGE));
            }
            Listed::default()
        }
    };
    let text = read_text(&mut archive, &package, &mut content, context);
    missing(&archive, &package, &mut content);
    if let Some(notice) = protection_notice(&content) {
        return Err(notice);
    }
    match text {
        Ok(()) => {}
        Err(error @ ExtractError::Limit(_)) => content.cut(error),
        Err(error) => {
            let mut untold = Content::default();
            let start = part(&mut archive, "Preview/PrvText.txt", &mut untold, context)?;
            let start = start.unwrap_or_default();
            content.push_text(start.replace('\r', ""), Locator::Whole {});
            // The notice of a protected document is none of its text.
            if content.segments.is_empty() || protection_notice(&content).is_some() {
                return Err(error);
            }
            content.lost(error.into_reason().instead(Instead::FirstPage));
        }
    }
    members(&mut archive, &mut content, context);
    likeness(&mut archive, &mut content, context);
    Ok(content)
}

/// Reads a package whose directory is lost, as when a transfer broke off: the parts one after the other, as
/// far as they go.
///
/// # Errors
/// [`ExtractError::Corrupt`] with the reason why there is no directory, when no section is left either.
fn read_cut(
    blob: &dyn Blob,
    error: &zip::result::ZipError,
    context: &Context<'_>,
) -> Result<Content, ExtractError> {
    let broken = ReasonKind::Broken(Quote::of(error)).within(Noun::ZipPackage);
    let mut content = Content::default();
    let mut body = Body::default();
    let mut stream = BufReader::new(Cursor::new(blob));
    while let Ok(Some(entry)) = zip::read::read_zipfile_from_stream(&mut stream) {
        context.progress();
        if !entry.name().is_ok_and(|name| section_number(&name).is_some()) {
            continue;
        }
        let reader = BufReader::new(Metered::new(entry, context));
        match section::read_section(reader, |name| name, &mut body, &mut content, context) {
            Ok(()) => {}
            Err(error @ ExtractError::Limit(_)) => {
                content.cut(error);
                break;
            }
            // The parts behind it lie where this one would have ended.
            Err(_) => break,
        }
    }
    body.finish(&mut content);
    if let Some(notice) = protection_notice(&content) {
        return Err(notice);
    }
    if content.segments.is_empty() {
        return Err(ExtractError::corrupt(broken));
    }
    content.lost(broken.instead(Instead::SectionsBefore));
    Ok(content)
}

/// Reads all sections, in the order of the package, or of their numbers if it names none. A damaged one is a
/// warning.
///
/// # Errors
/// When no section could be read at all, or a limit was reached.
fn read_text(
    archive: &mut Archive<'_>,
    package: &Listed,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let sections = sections(archive, &package.spine);
    if sections.iter().all(|path| is_master_page(path)) {
        return Err(ExtractError::corrupt(
            ReasonKind::MissingFrom(Part::Named("Contents".into())).of(Noun::Sections),
        ));
    }
    // Where it is not there although the package lists it, that is told with the other parts.
    let head = part(archive, HEAD, content, context)?.unwrap_or_default();
    header::damage(&head, HEAD, content);
    uncounted(&sections, header::sections(&head), package, content);
    let mut body = Body::new(charts(archive, content, context)?, header::numbers(&head));
    body.beside = Some(named_parts(archive, package));
    let is_listed = package.parts.values().any(|path| path == HEAD);
    // Whose sections are called otherwise may call its head otherwise, too.
    let is_expected = sections.iter().any(|path| section_number(path).is_some()) && !is_listed;
    body.looks = (is_expected && archive.index_for_name(HEAD).is_none()).then_some(HEAD);
    body.signs = header::signs(&head);
    read_sections(
        &sections,
        String::clone,
        |path, body, content| read_one(archive, path, body, content, context),
        body,
        content,
        context,
    )
}

fn read_one(
    archive: &mut Archive<'_>,
    path: &str,
    body: &mut Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    if is_master_page(path) {
        body.master_pages();
    }
    let entry = archive.by_name(path).map_err(ExtractError::broken)?;
    if entry.encrypted() {
        return Err(ExtractError::Encrypted(ReasonKind::Password.of(Noun::Document)));
    }
    let reader = Metered::new(entry, context);
    section::read_section(reader, |name| name, body, content, context)
}

/// The parts that are read: the sections in the order of the package, whatever they are called; behind them those that it
/// forgets; and the master pages, which it does not list.
fn sections(archive: &mut Archive<'_>, spine: &[String]) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for path in spine {
        let is_new = |sections: &[String]| sections.len() < SECTIONS && !sections.contains(path);
        if is_new(&sections) && (section_number(path).is_some() || is_section(archive, path)) {
            sections.push(path.clone());
        }
    }
    sections.retain(|path| archive.index_for_name(path).is_some());
    let mut forgotten: Vec<_> = names(archive)
        .filter(|name| section_number(name).is_some() && !sections.contains(name))
        .take(SECTIONS - sections.len())
        .collect();
    forgotten.sort_by_key(|name| section_number(name));
    sections.append(&mut forgotten);
    // Master pages stand behind the text of every page.
    let mut pages: Vec<_> =
        names(archive).filter(|name| is_master_page(name)).take(SECTIONS).collect();
    pages.sort();
    sections.append(&mut pages);
    sections
}

/// First bytes of a part in which its root element stands.
const ROOT_WITHIN: u64 = 1024;

/// Whether a part of another name than sections have is one, by its root element.
fn is_section(archive: &mut Archive<'_>, path: &str) -> bool {
    if !path.ends_with(".xml") || path == HEAD || is_master_page(path) {
        return false;
    }
    let Ok(entry) = archive.by_name(path) else { return false };
    let mut head = Vec::new();
    // What is damaged is told by whoever reads it.
    let _ = entry.take(ROOT_WITHIN).read_to_end(&mut head);
    let mut tags = head.split(|byte| *byte == b'<').skip(1);
    let root = tags.find(|tag| !matches!(tag.first(), Some(b'?' | b'!') | None));
    let name =
        root.unwrap_or_default().split(|byte| byte.is_ascii_whitespace() || *byte == b'>').next();
    name.is_some_and(|name| name == b"sec" || name.ends_with(b":sec"))
}

/// Folders whose parts are read; other parts, as scripts and their like, say nothing.
const FOLDERS: [&str; 5] = ["Contents/section", "Contents/masterpage", HEAD, "BinData/", "Chart/"];

/// Says which of the parts that the package lists are not there.
fn missing(archive: &Archive<'_>, package: &Listed, content: &mut Content) {
    let is_read = |path: &str| FOLDERS.iter().any(|folder| path.starts_with(folder));
    let mut lost: Vec<&String> = package
        .parts
        .values()
        .filter(|path| is_read(path) && archive.index_for_name(path).is_none())
        .collect();
    lost.sort();
    lost.dedup();
    lost.into_iter()
        .take(MISSING_MOST)
        .for_each(|path| content.lost(ReasonKind::Missing.of(path.as_str())));
}

/// Says which of the sections that the head of the document counts are neither there nor listed: those that are listed are
/// told with the other parts. Whose sections are numbered otherwise misses none as long as there are as many.
fn uncounted(sections: &[String], counted: Option<u32>, package: &Listed, content: &mut Content) {
    let there: BTreeSet<u32> = sections.iter().filter_map(|path| section_number(path)).collect();
    let read = sections.iter().filter(|path| !is_master_page(path)).count();
    let Some(counted) = counted.filter(|&counted| counted as usize > read) else { return };
    let listed: BTreeSet<u32> =
        package.parts.values().filter_map(|path| section_number(path)).collect();
    (0..counted)
        .filter(|number| !there.contains(number) && !listed.contains(number))
        .take(MISSING_MOST)
        .for_each(|n| {
            content.lost(ReasonKind::Missing.of(format!("Contents/section{n}.xml").as_str()));
        });
}

/// What the text may name: the ids of the parts that the package lists (of those that are not there it is said once), the
/// parts themselves, and the pictures by their names without the extension, for a package that lists none.
fn named_parts(archive: &Archive<'_>, package: &Listed) -> BTreeSet<String> {
    let stem = |path: &str| {
        let name = path.strip_prefix("BinData/")?;
        Some(name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned())
    };
    let paths: Vec<_> = names(archive).collect();
    let stems = paths.iter().filter_map(|path| stem(path));
    package.parts.keys().cloned().chain(stems).chain(paths.iter().cloned()).collect()
}

/// The number in `Contents/section3.xml`; none if it is another part.
fn section_number(path: &str) -> Option<u32> {
    path.strip_prefix("Contents/section")?.strip_suffix(".xml")?.parse().ok()
}

fn is_master_page(path: &str) -> bool {
    path.starts_with("Contents/masterpage") && path.ends_with(".xml")
}

/// The words of the charts, by the names of their parts.
///
/// # Errors
/// [`ExtractError::Limit`] when the package unpacks to more than it may.
fn charts(
    archive: &mut Archive<'_>,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<BTreeMap<String, String>, ExtractError> {
    let is_chart = |name: &String| name.starts_with("Chart/") && name.ends_with(".xml");
    let paths: Vec<_> = names(archive).filter(is_chart).take(CHARTS).collect();
    let mut charts = BTreeMap::new();
    let mut left = context.limits.text;
    for path in paths {
        if let Some(xml) = part(archive, &path, content, context)? {
            let text = chart_text(&xml, &path, content);
            left = left.saturating_sub(text.len() as u64);
            charts.insert(path, text);
        }
        if left == 0 {
            break;
        }
    }
    Ok(charts)
}

/// Opens the pictures and embedded objects.
fn members(archive: &mut Archive<'_>, content: &mut Content, context: &Context<'_>) {
    let stored: Vec<_> = names(archive)
        .filter(|name| name.starts_with("BinData/") && !name.ends_with('/'))
        .collect();
    let mut paths = MemberPaths::default();
    for name in stored {
        let path = paths.take(&name);
        let goes_on = match archive.by_name(&name) {
            Ok(entry) => {
                let size = Some(entry.size());
                hangul_object::open_member(entry, &path, size, context, content)
            }
            Err(error) => {
                let reason = ReasonKind::Broken(Quote::of(&error)).into();
                leave_member(&path, None, Outcome::Corrupt, reason, context, content)
            }
        };
        if !goes_on {
            break;
        }
    }
}

fn likeness(archive: &mut Archive<'_>, content: &mut Content, context: &Context<'_>) {
    let stored = names(archive).find(|name| name.starts_with("Preview/PrvImage"));
    preview::likeness(content, context, |most| {
        let entry = archive.by_name(&stored?).ok()?;
        let picture = unpack(entry.take(most), most, context);
        matches!(picture.end, End::Whole).then_some(picture.bytes)
    });
}

/// A small part as text, at most as large as properties may be; none if there is none or it is unreadable. What was read
/// before a damage or that limit is kept, and the damage or limit told in `content`.
///
/// # Errors
/// [`ExtractError::Limit`] when the package unpacks to more than it may.
fn part(
    archive: &mut Archive<'_>,
    path: &str,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<Option<String>, ExtractError> {
    let entry = match archive.by_name(path) {
        Ok(entry) => entry,
        Err(zip::result::ZipError::FileNotFound) => return Ok(None),
        Err(error) => {
            let broken = ReasonKind::Broken(Quote::of(&error));
            content.lost(ReasonKind::NotUnpacked.of(path).because(broken));
            return Ok(None);
        }
    };
    let part = unpack(entry, context.limits.metadata, context);
    let bytes = part.bytes.len() as u64;
    match part.end {
        End::Whole => {}
        End::TooLarge => cut_once(content, ReasonKind::CutAfter { bytes, of: None }.of(path)),
        End::Damaged(what) => {
            content.lost(ReasonKind::DamagedAfter(bytes).of(path).because(what));
        }
        End::Spent(limit) => return Err(limit),
    }
    let text = String::from_utf8(part.bytes);
    Ok(Some(text.unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())))
}

/// Names of the entries that are valid text.
fn names<'a>(archive: &'a Archive<'_>) -> impl Iterator<Item = String> + 'a {
    archive.file_names().flatten().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_have_a_number() {
        assert_eq!(section_number("Contents/section12.xml"), Some(12));
        assert_eq!(section_number("Contents/header.xml"), None);
        assert_eq!(section_number("Contents/section.xml"), None);
    }
}
