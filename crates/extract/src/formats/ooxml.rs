//! What Word, Excel and PowerPoint files have in common (ECMA-376): how they are known, and where they begin.

use madang_document::content::Content;

use super::ooxml_relationship::relationships;
use super::package::Package;
use crate::format::Match;
use crate::probe::Probe;

/// How sure it is that these bytes are a package whose parts lie in `folder`, as in `word/`.
pub(super) fn sniff(probe: &Probe<'_>, folder: &str, extensions: &[&str]) -> Match {
    let named = extensions.contains(&probe.extension.as_str());
    match probe.zip() {
        Some(zip) => {
            let has = |start: &str| {
                zip.names.iter().any(|name| {
                    // Some writers part the names by backslashes.
                    let name = name.replace('\\', "/");
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
