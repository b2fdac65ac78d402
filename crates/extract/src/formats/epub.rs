//! EPUB books (EPUB 2 and 3): the chapters in the order of the spine, each an XHTML page.

use std::collections::{BTreeMap, BTreeSet};

use madang_document::content::{Content, Member};
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::keywords::keywords;
use super::markup::{Markup, Node};
use super::package::Package;
use super::part_path::part_path;
use super::thumbnail::thumbnail;
use super::{date, html};
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding::decode_declared;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::limits::MISSING_MOST;
use crate::member_path::MemberPaths;
use crate::probe::Probe;

pub(super) const FORMAT: Format =
    Format { name: "epub", version: 5, media_types: &[EPUB], sniff, media_type: |_| EPUB, extract };

const EPUB: &str = "application/epub+zip";
const CONTAINER: &str = "META-INF/container.xml";

fn sniff(probe: &Probe<'_>) -> Match {
    let Some(zip) = probe.zip() else {
        // The directory is lost, but the first entry still says what the ZIP was.
        let says = probe.has_at(30, b"mimetypeapplication/epub+zip");
        let named = probe.extension == "epub" && probe.starts_with(b"PK");
        return if says || named { Match::Magic } else { Match::No };
    };
    let stated = zip.mimetype.as_deref().is_some_and(|stated| stated.starts_with(EPUB));
    let has = |is: &dyn Fn(&str) -> bool| zip.names.iter().any(|name| is(name));
    if stated || (has(&|name| name == CONTAINER) && has(&|name| name.ends_with(".opf"))) {
        Match::Container
    } else {
        Match::No
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut package = Package::open(blob, context, &mut content)?;
    let root = root(&mut package, &mut content).ok_or_else(|| package.lacks(Noun::BookContents))?;
    let text = package.text(&root, &mut content).ok_or_else(|| package.lacks(&root))?;
    let book = Book::read(&text, &root, &mut content);
    let chapters = book.chapters();
    if chapters.is_empty() {
        content.lost(ReasonKind::MissingFrom(Noun::BookContents.into()).of(Noun::Chapters));
    }
    locked(&mut package, &chapters, &mut content)?;
    let mut number = 0;
    let mut shown: BTreeSet<String> = book.cover.iter().cloned().collect();
    for chapter in &chapters {
        context.unit();
        if !package.has(chapter) {
            let missing = ReasonKind::MissingFrom(Noun::Book.into());
            content.lost(missing.of(Part::Chapter(chapter.into())));
            continue;
        }
        let Some(bytes) = package.bytes(chapter, &mut content) else { continue };
        let page = decode_declared(&bytes, html::declared(&bytes).as_deref()).text;
        shown.extend(shows(&page, chapter));
        // The title of a page is that of the book or of the chapter, which the page shows itself.
        let properties = content.metadata.clone();
        number = html::read_chapter(&page, number, &mut content, context);
        content.metadata = properties;
    }
    if let Some(cover) = &book.cover {
        thumbnail(&mut package, cover, &mut content);
    }
    book.take_media(&mut package, shown, &mut content);
    package.finish(content)
}

/// The parts that a page shows, or plays, by their paths.
fn shows(page: &str, part: &str) -> Vec<String> {
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut shown = Vec::new();
    // Most pages show nothing but text, and need not be read once more.
    const SHOWING: [&str; 6] = ["<img", "image", "<object", "<audio", "<video", ":img"];
    if !SHOWING.iter().any(|element| page.contains(element)) {
        return shown;
    }
    let mut markup = Markup::new(page);
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        let attribute = match tag.name() {
            "img" | "audio" | "video" | "source" => "src",
            "image" => "href",
            "object" => "data",
            _ => continue,
        };
        shown.extend(tag.attribute(attribute).map(|href| resolve(folder, &href)));
    }
    shown
}

/// The path of the list of contents (OCF 3.3, section 4.2.6.3.1).
fn root(package: &mut Package<'_>, content: &mut Content) -> Option<String> {
    let mut named = None;
    if let Some(text) = package.text(CONTAINER, content) {
        let mut markup = Markup::new(&text);
        while let Some(node) = markup.next() {
            if let Node::Start(tag) = node
                && tag.name() == "rootfile"
                && named.is_none()
            {
                named = tag.attribute("full-path");
            }
        }
        markup.report(CONTAINER, content);
    }
    named
        .filter(|path| package.has(path))
        .or_else(|| package.names().find(|name| is_list(name)).map(str::to_owned))
}

/// Whether a part is a list of contents by its name. What macOS puts beside each file into a folder of its own has its name, too.
fn is_list(name: &str) -> bool {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    file.ends_with(".opf") && !file.starts_with("._") && !folder.starts_with("__MACOSX")
}

/// Whether chapters are encrypted. Fonts often are, only to keep them from being taken out of the book.
///
/// # Errors
/// [`ExtractError::Drm`] or [`ExtractError::Encrypted`].
fn locked(
    package: &mut Package<'_>,
    chapters: &[String],
    content: &mut Content,
) -> Result<(), ExtractError> {
    const PART: &str = "META-INF/encryption.xml";
    let Some(text) = package.text(PART, content) else { return Ok(()) };
    let mut markup = Markup::new(&text);
    let mut encrypted = false;
    while let Some(node) = markup.next() {
        if let Node::Start(tag) = node
            && tag.name() == "CipherReference"
            && let Some(path) = tag.attribute("URI")
        {
            let path = resolve("", &path);
            encrypted |= chapters.iter().any(|c| c.eq_ignore_ascii_case(&path));
        }
    }
    markup.report(PART, content);
    if !encrypted {
        return Ok(());
    }
    // Adobe's and Apple's rights, and Readium's licence.
    let rights = ["META-INF/rights.xml", "META-INF/sinf.xml", "META-INF/license.lcpl"];
    if rights.iter().any(|part| package.has(part)) {
        Err(ExtractError::Drm(ReasonKind::Drm.of(Noun::Book)))
    } else {
        Err(ExtractError::Encrypted(ReasonKind::Encrypted(None).of(Noun::Chapters)))
    }
}

/// What the list of contents says (EPUB 3.3, section 5).
#[derive(Debug, Default)]
struct Book {
    items: BTreeMap<String, Item>,
    spine: Vec<String>,
    cover: Option<String>,
}

#[derive(Debug)]
struct Item {
    path: String,
    media_type: String,
    is_navigation: bool,
    /// The order of the list.
    number: usize,
}

impl Book {
    fn read(text: &str, part: &str, content: &mut Content) -> Book {
        let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut book = Book::default();
        let (mut creators, mut subjects, mut languages) = (Vec::new(), Vec::new(), Vec::new());
        let mut cover_id = None;
        let mut markup = Markup::new(text);
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            let name = match tag.name() {
                "title" if content.metadata.text(metadata::TITLE).is_none() => metadata::TITLE,
                "description" => metadata::DESCRIPTION,
                "rights" => metadata::COPYRIGHT,
                "publisher" => "dc.publisher",
                "identifier" if content.metadata.text("dc.identifier").is_none() => "dc.identifier",
                "creator" => {
                    creators.push(markup.text().trim().to_owned());
                    continue;
                }
                "subject" => {
                    subjects.extend(keywords(&markup.text()));
                    continue;
                }
                "language" => {
                    languages.push(markup.text().trim().to_owned());
                    continue;
                }
                "date" => {
                    let date = markup.text();
                    content.metadata.at(part).set("dc.date", date.trim());
                    content.metadata.at(part).set_some(metadata::CREATED, date::iso8601(&date));
                    continue;
                }
                "meta" => {
                    let is = |attribute: &str, value: &str| {
                        tag.attribute(attribute).is_some_and(|v| v == value)
                    };
                    if is("name", "cover") {
                        cover_id = tag.attribute("content");
                    }
                    if is("property", "dcterms:modified") {
                        let date = markup.text();
                        content
                            .metadata
                            .at(part)
                            .set_some(metadata::MODIFIED, date::iso8601(&date));
                    }
                    continue;
                }
                "item" => {
                    let properties = tag.attribute("properties").unwrap_or_default();
                    let has = |word: &str| properties.split_whitespace().any(|p| p == word);
                    if let (Some(id), Some(href)) = (tag.attribute("id"), tag.attribute("href")) {
                        let item = Item {
                            path: resolve(folder, &href),
                            media_type: tag.attribute("media-type").unwrap_or_default(),
                            is_navigation: has("nav"),
                            number: book.items.len(),
                        };
                        if has("cover-image") {
                            book.cover = Some(item.path.clone());
                        }
                        book.items.entry(id).or_insert(item);
                    }
                    continue;
                }
                "itemref" => {
                    book.spine.extend(tag.attribute("idref"));
                    continue;
                }
                _ => continue,
            };
            content.metadata.at(part).set(name, markup.text());
        }
        markup.report(part, content);
        let by_id = || cover_id.and_then(|id| book.items.get(&id)).map(|item| item.path.clone());
        if book.cover.is_none() {
            book.cover = by_id();
        }
        content.metadata.at(part).set(metadata::AUTHOR, creators.join(", "));
        content.metadata.at(part).set(metadata::KEYWORDS, subjects);
        content.metadata.at(part).set("dc.language", languages.join(", "));
        book
    }

    /// The paths of the pages in reading order, each once; the table of contents repeats what they say.
    fn chapters(&self) -> Vec<String> {
        let is_page = |item: &&Item| {
            !item.is_navigation
                && (item.media_type.contains("html") || item.media_type.ends_with("/xml"))
        };
        let mut spine: Vec<&Item> = Vec::new();
        let mut known = BTreeSet::new();
        for item in self.spine.iter().filter_map(|id| self.items.get(id)).filter(is_page) {
            if known.insert(item.path.as_str()) {
                spine.push(item);
            }
        }
        if spine.is_empty() {
            spine = self.items.values().filter(is_page).collect();
            spine.sort_by_key(|item| item.number);
        }
        spine.into_iter().map(|item| item.path.clone()).collect()
    }

    /// Extracts the pictures, sounds and films that pages show, and lists the others of the book.
    fn take_media(
        &self,
        package: &mut Package<'_>,
        mut shown: BTreeSet<String>,
        content: &mut Content,
    ) {
        let is_media = |item: &&Item| {
            ["image/", "audio/", "video/"].iter().any(|kind| item.media_type.starts_with(kind))
        };
        let mut media: Vec<&Item> = self.items.values().filter(is_media).collect();
        media.sort_by_key(|item| item.number);
        // A picture may be a page.
        let pages = self.spine.iter().filter_map(|id| self.items.get(id)).filter(is_media);
        shown.extend(pages.map(|item| item.path.clone()));
        let mut paths = MemberPaths::default();
        let mut missed = 0;
        for Item { path, .. } in media {
            if !shown.remove(path) {
                let size = package.size(path);
                let path = path.clone();
                content.members.push(Member { path, size, outcome: None, told: None });
            } else if package.misses(path) && missed < MISSING_MOST {
                missed += 1;
                content.lost(ReasonKind::Missing.of(path.as_str()));
            } else if !package.take_member(path, &paths.take(path), content) {
                return;
            }
        }
        // What the list of contents leaves out.
        let listed: BTreeSet<&str> = self.items.values().map(|item| item.path.as_str()).collect();
        shown.retain(|path| !listed.contains(path.as_str()));
        for path in shown {
            if package.has(&path) && !package.take_member(&path, &paths.take(&path), content) {
                return;
            }
        }
    }
}

/// The path of a part that `folder` refers to by `href`.
fn resolve(folder: &str, href: &str) -> String {
    let href = href.split(['#', '?']).next().unwrap_or_default();
    let mut bytes = Vec::with_capacity(href.len());
    let mut rest = href.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = (byte == b'%').then(|| after.get(..2)).flatten();
        let code =
            digits.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        if code.is_some() {
            rest = after.get(2..).unwrap_or_default();
        }
        bytes.push(code.unwrap_or(byte));
    }
    part_path(folder, &String::from_utf8_lossy(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_paths() {
        for (folder, href, path) in [
            ("OEBPS", "text/1.xhtml#top", "OEBPS/text/1.xhtml"),
            ("OEBPS/a", "../%EA%B0%80.xhtml", "OEBPS/가.xhtml"),
            ("", "1.xhtml", "1.xhtml"),
            ("OEBPS", "../../../x", "x"),
            ("OEBPS", "/x%", "x%"),
        ] {
            assert_eq!(resolve(folder, href), path);
        }
    }
}
