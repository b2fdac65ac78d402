//! The relationships between the parts of a package (ECMA-376 part 2, section 6.5).

use std::collections::BTreeSet;

use madang_document::content::Content;
use madang_document::reason_kind::ReasonKind;

use super::markup::{Markup, Node};
use super::package::Package;
use super::part_path::part_path;
use crate::limits::MISSING_MOST;

/// A relationship of a part (ECMA-376 part 2, section 6.5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Relationship {
    pub(super) id: String,
    /// The last word of its type: transitional and strict types differ before it.
    pub(super) kind: String,
    /// The name of the part it leads to; empty if it leads out of the package.
    pub(super) target: String,
}

/// The kinds of parts in which text stands, or by which text is shown. Sheets and slides have names of their own, and are
/// missed where these are read.
const TEXTS: [&str; 16] = [
    "numbering",
    "styles",
    "sharedStrings",
    "slideLayout",
    "slideMaster",
    "header",
    "footer",
    "footnotes",
    "endnotes",
    "comments",
    "threadedComment",
    "diagramData",
    "chart",
    "chartEx",
    "notesSlide",
    "drawing",
];

/// The kinds of parts that the text shows where it names their relationship: writers of all kinds leave relationships of
/// pictures behind that nothing shows any more.
const SHOWN: [&str; 7] = ["image", "oleObject", "package", "audio", "video", "media", "aFChunk"];

/// The relationships of `part`, or of the package if it is empty. `content` is told which of its texts, and of the pictures
/// and objects that it shows, are not there.
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
                target: if external { String::new() } else { target_part(folder, &target) },
            });
        }
    }
    markup.report(&name, content);
    let mut missed: BTreeSet<&str> = BTreeSet::new();
    let mut source: Option<String> = None;
    for relation in &found {
        let (kind, target) = (relation.kind.as_str(), relation.target.as_str());
        let is_shown = SHOWN.contains(&kind);
        if !(is_shown || TEXTS.contains(&kind)) || target.is_empty() || !package.misses(target) {
            continue;
        }
        if is_shown {
            let source = source.get_or_insert_with(|| {
                package.text(part, &mut Content::default()).unwrap_or_default()
            });
            if !names(source, &relation.id) {
                continue;
            }
        }
        if missed.len() < MISSING_MOST && missed.insert(target) {
            // Many parts may show one.
            let reason = ReasonKind::Missing.of(target);
            if !content.warnings.iter().any(|warning| warning.reason == reason) {
                content.lost(reason);
            }
        }
    }
    found
}

/// Whether an attribute of the part has this identifier of a relationship.
fn names(source: &str, id: &str) -> bool {
    ['"', '\''].iter().any(|quote| source.contains(&format!("{quote}{id}{quote}")))
}

/// The part that `target` names as seen from `folder`; some writers part its names by backslashes.
fn target_part(folder: &str, target: &str) -> String {
    let target = target.replace('\\', "/");
    part_path(folder, target.split('#').next().unwrap_or_default())
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
            assert_eq!(target_part(folder, target), part);
        }
    }
}
