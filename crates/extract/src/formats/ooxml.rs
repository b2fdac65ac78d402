//! What Word, Excel and PowerPoint files have in common (ECMA-376): the package's relationships, the
//! properties, the thumbnail, media and embedded files.

use madang_document::content::{Content, Member};
use madang_document::metadata;

use super::date;
use super::drawing;
use super::keywords::keywords;
use super::markup::{Markup, Node};
use super::ole_object;
use super::package::Package;
use super::preview;
use super::xstring::xstring;
use crate::format::Match;
use crate::probe::Probe;

/// How sure it is that these bytes are a package whose parts lie in `folder`, as in `word/`.
pub(super) fn sniff(probe: &Probe<'_>, folder: &str, extensions: &[&str]) -> Match {
    let named = extensions.contains(&probe.extension.as_str());
    match probe.zip() {
        Some(zip) => {
            let has = |start: &str| {
                zip.names.iter().any(|name| {
                    let name = name.trim_start_matches('/').as_bytes();
                    name.get(..start.len())
                        .is_some_and(|n| n.eq_ignore_ascii_case(start.as_bytes()))
                })
            };
            if has("[Content_Types].xml") && has(folder) {
                Match::Container
            } else if named {
                Match::Extension
            } else {
                Match::No
            }
        }
        // The directory stands at the end: a file that was cut short has lost it, but keeps its name.
        None if named && probe.starts_with(b"PK") => Match::Magic,
        None => Match::No,
    }
}

/// A relationship of a part (ECMA-376 part 2, section 6.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Relationship {
    pub(super) id: String,
    /// The last word of its type: transitional and strict types differ before it.
    pub(super) kind: String,
    /// The name of the part it leads to; empty if it leads out of the package.
    pub(super) target: String,
}

/// The relationships of `part`, or of the package if it is empty.
pub(super) fn relationships(
    package: &mut Package<'_>,
    part: &str,
    content: &mut Content,
) -> Vec<Relationship> {
    let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
    let name = match folder {
        "" => format!("_rels/{file}.rels"),
        folder => format!("{folder}/_rels/{file}.rels"),
    };
    let Some(text) = package.text(&name, content) else { return Vec::new() };
    let mut found = Vec::new();
    let mut markup = Markup::new(&text);
    while let Some(node) = markup.next() {
        if let Node::Start(tag) = node
            && tag.name() == "Relationship"
        {
            let external = tag.attribute("TargetMode").is_some_and(|mode| mode == "External");
            let target = tag.attribute("Target").unwrap_or_default();
            let kind = tag.attribute("Type").unwrap_or_default();
            found.push(Relationship {
                id: tag.attribute("Id").unwrap_or_default(),
                kind: kind.rsplit('/').next().unwrap_or_default().to_owned(),
                target: if external { String::new() } else { resolve(folder, &target) },
            });
        }
    }
    markup.report(&name, content);
    found
}

/// The part that `target` names as seen from `folder`.
fn resolve(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    let target = target.split('#').next().unwrap_or_default();
    let mut path: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => folder.split('/').filter(|name| !name.is_empty()).collect(),
    };
    for step in target.split('/') {
        match step {
            "" | "." => {}
            ".." => drop(path.pop()),
            name => path.push(name),
        }
    }
    path.join("/")
}

/// The part that the package is about: what the relationship `officeDocument` leads to, else `usual`.
pub(super) fn main_part(
    package: &mut Package<'_>,
    usual: &str,
    content: &mut Content,
) -> Option<String> {
    let main = relationships(package, "", content)
        .into_iter()
        .find(|r| r.kind == "officeDocument" && package.has(&r.target))
        .map(|r| r.target);
    main.or_else(|| package.has(usual).then(|| usual.to_owned()))
}

/// Reads the core and the application properties (ECMA-376 part 2, section 8; part 1, section 22.2).
pub(super) fn properties(package: &mut Package<'_>, content: &mut Content) {
    let mut subject = String::new();
    for part in ["docProps/core.xml", "docProps/app.xml"] {
        let Some(text) = package.text(part, content) else { continue };
        let mut markup = Markup::new(&text);
        let mut version = None;
        while let Some(node) = markup.next() {
            let Node::Start(tag) = node else { continue };
            let name = match tag.name() {
                "title" => metadata::TITLE,
                "description" => metadata::DESCRIPTION,
                "subject" => {
                    subject = markup.text();
                    continue;
                }
                "keywords" => metadata::KEYWORDS,
                "creator" => metadata::AUTHOR,
                "lastModifiedBy" => metadata::LAST_SAVED_BY,
                "created" => metadata::CREATED,
                "modified" => metadata::MODIFIED,
                "Application" => metadata::PRODUCER,
                "AppVersion" => {
                    version = Some(markup.text());
                    continue;
                }
                "Pages" => metadata::PAGES,
                _ => continue,
            };
            set_property(content, name, &markup.text());
        }
        if let (Some(version), Some(producer)) =
            (version, content.metadata.text(metadata::PRODUCER).map(str::to_owned))
        {
            content.metadata.set(metadata::PRODUCER, format!("{producer} {}", version.trim()));
        }
        markup.report(part, content);
    }
    add_subject(content, &subject);
    own_properties(package, content);
}

/// The properties that the author named himself (part 1, section 22.3), as `office.NAME`: document management
/// systems keep the number of the document there.
fn own_properties(package: &mut Package<'_>, content: &mut Content) {
    const PART: &str = "docProps/custom.xml";
    /// Word takes some hundred.
    const MOST: usize = 1000;
    let Some(text) = package.text(PART, content) else { return };
    let mut markup = Markup::new(&text);
    let mut count = 0;
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        let Some(name) = tag.attribute("name").filter(|_| tag.name() == "property") else {
            continue;
        };
        count += 1;
        if count > MOST {
            content.note(format!("{PART}: properties after number {MOST} were left out"));
            break;
        }
        let value = markup.text();
        let (name, value) = (name.trim(), value.trim());
        if !name.is_empty() && !value.is_empty() {
            content.metadata.set(&format!("office.{name}"), xstring(value).into_owned());
        }
    }
    markup.report(PART, content);
}

/// Puts the subject before the description: the vocabulary has one word for both.
pub(super) fn add_subject(content: &mut Content, subject: &str) {
    let description = content.metadata.text(metadata::DESCRIPTION).unwrap_or_default();
    if !subject.trim().is_empty() && subject.trim() != description {
        content.metadata.set(metadata::DESCRIPTION, format!("{}\n{description}", subject.trim()));
    }
}

/// Sets a property of an office document from its text: keywords become a list, times and numbers are kept
/// only if they are such.
pub(super) fn set_property(content: &mut Content, name: &str, text: &str) {
    let text = text.trim();
    match name {
        metadata::KEYWORDS => content.metadata.set(name, keywords(text)),
        metadata::PAGES => content.metadata.set_some(name, text.parse::<u32>().ok()),
        metadata::CREATED | metadata::MODIFIED => {
            content.metadata.set_some(name, date::iso8601(text));
        }
        name => content.metadata.set(name, text),
    }
}

/// Keeps the thumbnail `part`, if there is one, as a preview: decoded within the limits and encoded anew.
/// One that cannot be decoded (often a Windows metafile) is left out: it is no content.
pub(super) fn thumbnail(package: &mut Package<'_>, part: &str, content: &mut Content) {
    let Some(bytes) = package.bytes(part, content) else { return };
    content.previews.extend(preview::stored(&bytes, package.context()).ok().flatten());
}

/// What is known of parts that are files of their own.
#[derive(Default)]
pub(super) struct Members {
    /// Parts that are documents, wherever they lie.
    pub(super) opened: Vec<String>,
    /// Parts that hold nothing but what was read elsewhere: they are listed, not opened.
    pub(super) listed: Vec<String>,
}

/// The words and values of a chart. The workbook that Word or PowerPoint keeps behind it holds the same, and nobody
/// sees it beside the chart: it goes to what is only listed.
pub(super) fn chart(
    package: &mut Package<'_>,
    part: &str,
    members: &mut Members,
    content: &mut Content,
) -> String {
    let Some(text) = package.text(part, content) else { return String::new() };
    let lines = drawing::chart(&text, part, content);
    if !lines.is_empty() {
        let related = relationships(package, part, content);
        let workbooks = related.into_iter().filter(|r| r.kind == "package").map(|r| r.target);
        members.listed.extend(workbooks);
    }
    lines
}

/// Lists the pictures and sounds of the package and extracts the files embedded in it.
pub(super) fn members(package: &mut Package<'_>, known: &Members, content: &mut Content) {
    let names: Vec<_> = package.names().map(str::to_owned).collect();
    for name in names {
        let lower = name.to_lowercase();
        let among = |parts: &[String]| parts.iter().any(|part| part.to_lowercase() == lower);
        if lower.contains("/media/") || among(&known.listed) {
            let size = package.size(&name);
            content.members.push(Member { path: name, size, outcome: None });
        } else if lower.contains("/embeddings/") || among(&known.opened) {
            embedded(package, &name, content);
        }
    }
}

/// Extracts an embedded file as a member; an OLE object that only wraps a file is unwrapped first.
fn embedded(package: &mut Package<'_>, name: &str, content: &mut Content) {
    let Some(bytes) = package.bytes(name, content) else {
        let size = package.size(name);
        content.members.push(Member { path: name.to_owned(), size, outcome: None });
        return;
    };
    ole_object::open_file(name, bytes, package.context(), content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_resolve_like_paths() {
        for (folder, target, part) in [
            ("word", "media/image1.png", "word/media/image1.png"),
            ("ppt/slides", "../notesSlides/notesSlide1.xml", "ppt/notesSlides/notesSlide1.xml"),
            ("ppt", "/ppt/slides/slide1.xml", "ppt/slides/slide1.xml"),
            ("", "../../etc/passwd", "etc/passwd"),
            ("xl", ".\\worksheets\\sheet1.xml", "xl/worksheets/sheet1.xml"),
        ] {
            assert_eq!(resolve(folder, target), part);
        }
    }
}
