//! Documents of Pages, Numbers and Keynote, of which the stored preview is read: what the program itself wrote is known to
//! nobody but the program. Up to the versions of 2009 the preview is a PDF file of all pages; later ones store a picture
//! of the first.

use madang_document::content::Content;
use madang_document::instead::Instead;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use super::ole_object::open_file;
use super::package::Package;
use super::thumbnail::thumbnail;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "iwork",
    version: 1,
    media_types: &[IWORK, PAGES, NUMBERS, KEYNOTE],
    sniff,
    media_type,
    extract,
};

const IWORK: &str = "application/vnd.apple.iwork";
const PAGES: &str = "application/vnd.apple.pages";
const NUMBERS: &str = "application/vnd.apple.numbers";
const KEYNOTE: &str = "application/vnd.apple.keynote";

/// What only such packages hold, below their root: the archives of the versions since 2013, and the history of builds that
/// all versions keep.
const MARKS: [&str; 5] = [
    "Index/Document.iwa",
    "Metadata/BuildVersionHistory.plist",
    "buildVersionHistory.plist",
    "index.apxl",
    "index.apxl.gz",
];
/// What a locked one keeps of its password, to verify it and to remind of it.
const LOCKED: [&str; 2] = [".iwpv2", ".iwph"];
/// Where previews lie, the best first.
const PREVIEWS: [&str; 6] = [
    "QuickLook/Preview.pdf",
    "preview.jpg",
    "QuickLook/Thumbnail.jpg",
    "QuickLook/Thumbnail.png",
    "preview-web.jpg",
    "preview-micro.jpg",
];

fn sniff(probe: &Probe<'_>) -> Match {
    let Some(zip) = probe.zip() else { return Match::No };
    match root(zip.names.iter().map(String::as_str)) {
        Some("") => Match::Container,
        // A folder packed as it lay on the disk: an archive of some project may hold such a document beside other files.
        Some(root) if zip.names.iter().all(|name| name.starts_with(root)) => Match::Container,
        _ => Match::No,
    }
}

fn media_type(probe: &Probe<'_>) -> &'static str {
    let inside = probe.zip().and_then(|zip| {
        let names: Vec<&str> = zip.names.iter().map(String::as_str).collect();
        let folder = root(names.iter().copied())?;
        let slides = names.iter().any(|name| name.contains("index.apxl"));
        match folder.trim_end_matches('/').rsplit_once('.') {
            _ if slides => Some("key"),
            Some((_, extension)) => Some(match extension {
                "pages" => "pages",
                "numbers" => "numbers",
                "key" => "key",
                _ => return None,
            }),
            None => None,
        }
    });
    match inside.unwrap_or(&probe.extension) {
        "pages" => PAGES,
        "numbers" => NUMBERS,
        "key" => KEYNOTE,
        _ => IWORK,
    }
}

/// The folder that the package is, with its slash: the root, or one folder in it.
fn root<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .filter_map(|name| {
            let folder = MARKS.iter().find_map(|mark| name.strip_suffix(mark))?;
            let slashes = folder.matches('/').count();
            (slashes == 0 && folder.is_empty() || slashes == 1 && folder.ends_with('/'))
                .then_some(folder)
        })
        .min_by_key(|folder| folder.len())
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut package = Package::open(blob, context, &mut content)?;
    let folder = root(package.names()).unwrap_or_default().to_owned();
    let at = |name: &str| format!("{folder}{name}");
    if LOCKED.iter().any(|mark| package.has(&at(mark))) {
        return Err(ExtractError::Encrypted(ReasonKind::Encrypted(None).into()));
    }
    let unread = ReasonKind::NoReader("iWork documents".into());
    let Some(preview) = PREVIEWS.iter().map(|name| at(name)).find(|path| package.has(path)) else {
        return Err(ExtractError::Unsupported(unread.into()));
    };
    content.lost(Reason::new(unread).instead(Instead::Preview));
    context.unit();
    if let Some(bytes) = package.bytes(&preview, &mut content) {
        open_file(&preview, bytes, context, &mut content);
    }
    if let Some(picture) =
        PREVIEWS.iter().skip(1).map(|name| at(name)).find(|path| package.has(path))
    {
        thumbnail(&mut package, &picture, &mut content);
    }
    package.finish(content)
}
