//! What the binary Office formats have in common: a compound file around named streams, and objects that are
//! embedded in it as storages.

use madang_document::content::{Content, Member};

use super::ooxml;
use crate::blob::Blob;
use crate::compound_file::{CompoundFile, DirectoryEntry, SIGNATURE};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::Match;
use crate::probe::Probe;

/// How sure it is that a compound file is a document of the kind that has one of these streams at its root, or one of
/// these extensions where the directory is lost.
pub(super) fn sniff(probe: &Probe<'_>, streams: &[&str], extensions: &[&str]) -> Match {
    if !probe.starts_with(&SIGNATURE) {
        return Match::No;
    }
    let paths = probe.cfb().unwrap_or_default();
    let mut root = paths.iter().filter(|path| !path.contains('/'));
    // Names are compared without regard to case (MS-CFB, section 2.6.4).
    if root.any(|path| streams.iter().any(|name| path.eq_ignore_ascii_case(name))) {
        Match::Container
    } else if paths.is_empty() && extensions.contains(&probe.extension.as_str()) {
        Match::Extension
    } else {
        Match::No
    }
}

/// Opens the compound file of a document.
///
/// # Errors
/// [`ExtractError::Corrupt`] when not even its directory can be read.
pub(super) fn open(blob: &dyn Blob) -> Result<CompoundFile<'_>, ExtractError> {
    CompoundFile::open(blob)
        .map_err(|error| ExtractError::Corrupt(format!("the compound file: {error}")))
}

/// Extracts an embedded object as the member `path`. Gives whether another may be.
pub(super) fn member(
    file: &CompoundFile<'_>,
    object: &DirectoryEntry,
    path: &str,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    match file.copy(object, context.limits.member.min(context.unpacked_left())) {
        Ok(bytes) => deliver(path, bytes, context, content),
        Err(error) => {
            content.lost(format!("{path}: the object cannot be read: {error}"));
            content.members.push(Member { path: path.to_owned(), size: None, outcome: None });
            true
        }
    }
}

/// Extracts the bytes of an embedded object as the member `path`, within the limits of the object around it. Gives
/// whether another may be.
pub(super) fn deliver(
    path: &str,
    bytes: Vec<u8>,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let may = context.may_open_member().and_then(|()| context.spend_unpacked(bytes.len() as u64));
    if let Err(limit) = may {
        content.cut(limit.to_string());
        return false;
    }
    ooxml::deliver(context, path, bytes, content);
    true
}
