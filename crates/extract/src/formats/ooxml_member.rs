//! The parts of Word, Excel and PowerPoint files that are files of their own: media, charts' workbooks, embedded
//! documents.

use madang_document::content::{Content, Member};

use super::drawing;
use super::ole_object;
use super::ooxml_relationship::relationships;
use super::package::Package;

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
pub(super) fn take_members(package: &mut Package<'_>, known: &Members, content: &mut Content) {
    let names: Vec<_> = package.names().map(str::to_owned).collect();
    for name in names {
        let lower = name.to_lowercase();
        let among = |parts: &[String]| parts.iter().any(|part| part.to_lowercase() == lower);
        if lower.contains("/media/") || among(&known.listed) {
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
