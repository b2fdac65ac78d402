//! What the binary Office formats have in common: a compound file around named streams, and objects that are
//! embedded in it as storages.

use madang_document::content::{Content, Member};
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::bytes::split_u32;
use super::package::cut_once;
use crate::blob::Blob;
use crate::compound_file::{CompoundFile, DirectoryEntry, SIGNATURE};
use crate::context::Context;
use crate::error::{ExtractError, reason_of};
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

/// The streams that hold what rights management has locked (MS-OFFCRYPTO, section 2.2.11); in the others stands what tells
/// people without the right program so.
const OF_RIGHTS: [&str; 2] = ["\tDRMContent", "\tDRMViewerContent"];

/// Opens the compound file of a document.
///
/// # Errors
/// [`ExtractError::Corrupt`] when not even its directory can be read; [`ExtractError::Drm`] when rights management locks
/// what is in it.
pub(super) fn open(blob: &dyn Blob) -> Result<CompoundFile<'_>, ExtractError> {
    let file = CompoundFile::open(blob)
        .map_err(|error| ExtractError::corrupt(error.within(Noun::CompoundFile)))?;
    let has = |name: &&str| file.root().is_some_and(|root| file.child(root, name).is_some());
    match OF_RIGHTS.iter().any(has) {
        true => Err(ExtractError::Drm(ReasonKind::Drm.of(Noun::Document))),
        false => Ok(file),
    }
}

/// Says that the directory of a compound file is damaged, so that parts of the document may be lost.
pub(super) fn tell_damage(file: &CompoundFile<'_>, content: &mut Content) {
    if file.is_tangled() {
        content.lost(ReasonKind::Damaged.of(Noun::Directory));
    }
}

/// Extracts an embedded object as the member `path`. Gives whether another may be.
pub(super) fn member(
    file: &CompoundFile<'_>,
    object: &DirectoryEntry,
    path: &str,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let most = context.member_left();
    match file.copy(object, most, &|| context.progress()) {
        Ok(bytes) => deliver(path, bytes, context, content),
        Err(error) => {
            let unreadable = ReasonKind::Unreadable.of(Noun::Object).because(reason_of(&error));
            content.lost(unreadable.within(Part::Member(path.into())));
            content.members.push(Member {
                path: path.to_owned(),
                size: None,
                outcome: None,
                told: None,
            });
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
        content.cut(limit);
        return false;
    }
    open_file(path, bytes, context, content);
    true
}

/// Extracts the bytes of an embedded file, which were accounted for, as the member `path`; an object that only wraps a file
/// is unwrapped first.
pub(super) fn open_file(path: &str, bytes: Vec<u8>, context: &Context<'_>, content: &mut Content) {
    let size = bytes.len() as u64;
    let (path, bytes) = match OleObject::of(&bytes) {
        OleObject::NotOne | OleObject::Document => (path.to_owned(), bytes),
        OleObject::File { name, bytes } => (format!("{path}/{name}"), bytes),
        OleObject::Foreign => {
            // The data of some program's own object: nothing in it is a file.
            content.lost(ReasonKind::ForeignObject.within(Part::Member(path.into())));
            content.members.push(Member {
                path: path.to_owned(),
                size: Some(size),
                outcome: None,
                told: None,
            });
            return;
        }
    };
    match context.member(&path, &bytes) {
        Ok(member) => content.members.push(member),
        Err(error) => {
            cut_once(content, error);
            content.members.push(Member { path, size: Some(size), outcome: None, told: None });
        }
    }
}

/// What an embedded compound file (MS-CFB) turns out to be.
enum OleObject {
    /// No compound file, or one that is too damaged to tell: what is wrong with it is said where it is read.
    NotOne,
    /// A document that is itself a compound file: .doc, .xls, .ppt, .msg, .hwp.
    Document,
    /// A wrapped file.
    File { name: String, bytes: Vec<u8> },
    /// Something else.
    Foreign,
}

/// Streams that only a document has at its root.
const OF_DOCUMENTS: [&str; 6] = [
    "WordDocument",
    "Workbook",
    "Book",
    "PowerPoint Document",
    "FileHeader",
    "__properties_version1.0",
];

impl OleObject {
    fn of(bytes: &[u8]) -> OleObject {
        if !bytes.starts_with(&SIGNATURE) {
            return OleObject::NotOne;
        }
        let Ok(file) = CompoundFile::open(&bytes) else { return OleObject::NotOne };
        // No stream is longer than the file, whatever its directory entry says.
        let stream = |name: &str| file.root_stream(name, bytes.len() as u64);
        if let Some((name, bytes)) = stream("\u{1}Ole10Native").as_deref().and_then(packaged) {
            return OleObject::File { name, bytes };
        }
        if let Some(bytes) = stream("Package") {
            return OleObject::File { name: "package".into(), bytes };
        }
        if let Some(bytes) = stream("CONTENTS").filter(|data| data.starts_with(b"%PDF")) {
            return OleObject::File { name: "contents.pdf".into(), bytes };
        }
        let streams = file.streams(None);
        if streams.is_empty() {
            return OleObject::NotOne;
        }
        let is_document = streams
            .iter()
            .any(|entry| OF_DOCUMENTS.iter().any(|name| entry.name.eq_ignore_ascii_case(name)));
        if is_document { OleObject::Document } else { OleObject::Foreign }
    }
}

/// The name and bytes of a file in the stream `Ole10Native` (MS-OLEDS, section 2.3.6; the layout of the
/// packager's data is from the Apache POI source, `Ole10Native`): size, two bytes, label, path, four bytes,
/// a counted path, size, data.
pub(super) fn packaged(data: &[u8]) -> Option<(String, Vec<u8>)> {
    fn c_string(data: &[u8]) -> Option<(&[u8], &[u8])> {
        let end = data.iter().position(|&b| b == 0)?;
        Some((data.get(..end)?, data.get(end + 1..)?))
    }
    fn number(data: &[u8]) -> Option<(usize, &[u8])> {
        let (number, rest) = split_u32(data)?;
        Some((usize::try_from(number).ok()?, rest))
    }
    let (_, rest) = number(data)?;
    let (label, rest) = c_string(rest.get(2..)?)?;
    let (_, rest) = c_string(rest)?;
    let (length, rest) = number(rest.get(4..)?)?;
    let (length, rest) = number(rest.get(length..)?)?;
    let bytes = rest.get(..length)?;
    // Packager writes the name in the code page of the machine that embedded it.
    let label = String::from_utf8(label.to_vec())
        .unwrap_or_else(|_| encoding_rs::EUC_KR.decode_without_bom_handling(label).0.into_owned());
    let name = label.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = if name.is_empty() { "object" } else { name };
    Some((name.to_owned(), bytes.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packaged_file_is_unwrapped() {
        let mut data = vec![0, 0, 0, 0, 2, 0];
        data.extend(b"plan.txt\0C:\\plan.txt\0");
        data.extend([0, 0, 3, 0, 3, 0, 0, 0]);
        data.extend(b"x.t");
        data.extend([5, 0, 0, 0]);
        data.extend(b"hello");
        assert_eq!(packaged(&data), Some(("plan.txt".to_owned(), b"hello".to_vec())));
        data.truncate(data.len() - 1);
        assert_eq!(packaged(&data), None);
    }
}
