//! The picture of its first page that a package may hold.

use madang_document::content::Content;

use super::package::Package;
use super::preview;

/// Keeps the thumbnail `part`, if there is one, as a preview: decoded within the limits and encoded anew.
/// One that cannot be decoded (often a Windows metafile) is left out: it is no content.
pub(super) fn thumbnail(package: &mut Package<'_>, part: &str, content: &mut Content) {
    let Some(bytes) = package.bytes(part, content) else { return };
    content.previews.extend(preview::stored(&bytes, package.context()).ok().flatten());
}
