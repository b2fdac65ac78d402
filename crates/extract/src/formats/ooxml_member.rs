//! The parts of Word, Excel and PowerPoint files that are files of their own: media, charts' workbooks, embedded
//! documents.

use std::collections::{BTreeSet, HashSet};

use madang_document::content::{Content, Member};

use super::drawing;
use super::ole_object;
use super::ooxml_relationship::relationships;
use super::package::Package;
use crate::limits::MISSING_MOST;
use crate::member_path::MemberPaths;

/// What is known of parts that are files of their own.
#[derive(Default)]
pub(super) struct Members {
    /// Parts that are documents, wherever they lie.
    pub(super) opened: Vec<String>,
    /// Parts that hold nothing but what was read elsewhere: they are listed, not opened.
    pub(super) listed: Vec<String>,
    /// Parts in which the document begins: what these show, and what is shown by what they lead to, is opened.
    pub(super) from: Vec<String>,
}

/// The kinds of relationships by which a part shows a picture, or plays sound or film.
const MEDIA: [&str; 4] = ["image", "audio", "video", "media"];

/// The kinds that lead to what nobody sees: colours and fonts with their fills, text to be put in some day, the page under
/// notes and handouts, the likeness of the document.
const UNSEEN: [&str; 6] =
    ["theme", "themeOverride", "glossaryDocument", "notesMaster", "handoutMaster", "thumbnail"];

/// Whether a part that is shown, and was reached by a relationship of this kind, shows what the next leads to. A slide
/// shows its layout and the master of that; a master names every layout, also those that no slide has.
fn shows(reached_by: &str, next: &str) -> bool {
    match next {
        "slideMaster" => reached_by == "slideLayout",
        "slideLayout" => reached_by != "slideMaster",
        next => !UNSEEN.contains(&next),
    }
}

/// The pictures, sounds and films that the document shows, in lower case. Whatever lies beside them (fills of a theme,
/// pictures of layouts without a slide, what an earlier edit left behind) is nothing that a reader meets.
fn media(package: &mut Package<'_>, from: &[String], content: &mut Content) -> BTreeSet<String> {
    let mut open: Vec<(String, String)> =
        from.iter().map(|part| (part.clone(), String::new())).collect();
    let mut seen: BTreeSet<String> = from.iter().map(|part| part.to_lowercase()).collect();
    let mut media = BTreeSet::new();
    // The relationships of most parts were read with their text, and what is wrong with them was told then.
    let mut told: HashSet<_> =
        content.warnings.iter().map(|warning| warning.reason.clone()).collect();
    let mut left = MISSING_MOST;
    while let Some((part, kind)) = open.pop() {
        let mut met = Content::default();
        let related = relationships(package, &part, &mut met);
        met.warnings.retain(|warning| told.insert(warning.reason.clone()));
        met.warnings.truncate(left);
        left -= met.warnings.len();
        content.warnings.append(&mut met.warnings);
        for next in related {
            if next.target.is_empty() || !package.has(&next.target) {
                continue;
            }
            let target = next.target.to_lowercase();
            if MEDIA.contains(&next.kind.as_str()) {
                media.insert(target);
            } else if shows(&kind, &next.kind) && seen.insert(target) {
                open.push((next.target, next.kind));
            }
        }
    }
    media
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

/// Extracts the pictures, sounds and films that the document shows and the files embedded in it, and lists the others.
pub(super) fn take_members(package: &mut Package<'_>, known: &Members, content: &mut Content) {
    let media = media(package, &known.from, content);
    let names: Vec<_> = package.names().map(str::to_owned).collect();
    let mut paths = MemberPaths::default();
    for name in names {
        let lower = name.to_lowercase();
        let among = |parts: &[String]| parts.iter().any(|part| part.to_lowercase() == lower);
        if media.contains(&lower) {
            if !package.take_member(&name, &paths.take(&name), content) {
                return;
            }
        } else if lower.contains("/media/") || among(&known.listed) {
            let size = package.size(&name);
            content.members.push(Member { path: name, size, outcome: None, told: None });
        } else if lower.contains("/embeddings/") || among(&known.opened) {
            embedded(package, &name, content);
        }
    }
}

/// Extracts an embedded file as a member; an OLE object that only wraps a file is unwrapped first.
fn embedded(package: &mut Package<'_>, name: &str, content: &mut Content) {
    let Some(bytes) = package.bytes(name, content) else {
        let size = package.size(name);
        content.members.push(Member { path: name.to_owned(), size, outcome: None, told: None });
        return;
    };
    ole_object::open_file(name, bytes, package.context(), content);
}
