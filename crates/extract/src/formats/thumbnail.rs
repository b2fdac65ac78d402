//! The picture of its first page that a package may hold.

use madang_document::content::Content;

use super::package::Package;
use super::preview;

/// Takes the thumbnail `part`, if there is one, for the likeness of the document. One that cannot be decoded (often a
/// Windows metafile) is left out, and a damaged one is not told of: it is no content.
pub(super) fn thumbnail(package: &mut Package<'_>, part: &str, content: &mut Content) {
    preview::likeness(content, package.context(), |most| package.start(part, most));
}
