use std::collections::BTreeMap;

use crate::formats::bytes::u32_at;
use crate::formats::office_art::{Record, record, records};

/// Where the objects of a presentation lie in its stream (MS-PPT, section 2.1.2): each time it is saved, what changed
/// is put at the end, and a directory says which of the copies are the newest.
pub(super) struct Persist<'a> {
    stream: &'a [u8],
    offsets: BTreeMap<u32, u32>,
    /// The number of the document itself.
    document: Option<u32>,
    /// Whether the objects are encrypted.
    pub(super) is_locked: bool,
    /// The number of the object that says how, if they are.
    pub(super) session: Option<u32>,
}

/// The document container (section 2.4.1).
const DOCUMENT: u16 = 0x03E8;
const USER_EDIT: u16 = 0x0FF5;
const DIRECTORY: u16 = 0x1772;

/// What the stream `Current User` says of an encrypted presentation (section 2.3.2).
const ENCRYPTED: u32 = 0xF3D1_C4DF;

/// Times that a presentation was saved that are followed.
const EDITS: usize = 10_000;

impl<'a> Persist<'a> {
    /// Follows the edits from the newest to the first.
    pub(super) fn read(stream: &'a [u8], current_user: &[u8]) -> Persist<'a> {
        let is_locked = u32_at(current_user, 12) == Some(ENCRYPTED);
        let mut this =
            Persist { stream, offsets: BTreeMap::new(), document: None, is_locked, session: None };
        let newest = u32_at(current_user, 16).map(|at| at as usize);
        let is_edit = |at: &usize| record(stream, *at).is_some_and(|r| r.kind == USER_EDIT);
        let mut next = newest.filter(is_edit).or_else(|| this.last_edit());
        for _ in 0..EDITS {
            let Some(edit) = next.and_then(|at| record(stream, at)) else { break };
            if edit.kind != USER_EDIT {
                break;
            }
            // Only that of an encrypted presentation names what says how it is encrypted (section 2.3.3).
            if let Some(session) = u32_at(edit.data, 28) {
                this.is_locked = true;
                this.session = this.session.or(Some(session));
            }
            this.directory(u32_at(edit.data, 12).unwrap_or(0) as usize);
            this.document = this.document.or(u32_at(edit.data, 16));
            // An edit stands behind those before it: so this ends.
            let before = u32_at(edit.data, 8).unwrap_or(0) as usize;
            next = Some(before).filter(|before| *before > 0 && Some(*before) < next);
        }
        this
    }

    /// The numbers of the objects, with their offsets.
    pub(super) fn offsets(&self) -> impl Iterator<Item = (u32, u32)> {
        self.offsets.iter().map(|(number, offset)| (*number, *offset))
    }

    /// The last edit of the stream, where nothing says which is the newest.
    fn last_edit(&self) -> Option<usize> {
        let mut at = 0usize;
        let mut last = None;
        while let Some(record) = record(self.stream, at) {
            if record.kind == USER_EDIT {
                last = Some(at);
            }
            at = at.checked_add(8)?.checked_add(record.data.len())?;
        }
        last
    }

    /// A directory (section 2.3.4): runs of numbers, each with the offsets of its objects. Newer ones came before.
    fn directory(&mut self, at: usize) {
        let Some(directory) = record(self.stream, at).filter(|r| r.kind == DIRECTORY) else {
            return;
        };
        let mut at = 0;
        while let Some(head) = u32_at(directory.data, at) {
            at += 4;
            let first = head & 0x000F_FFFF;
            for n in 0..head >> 20 {
                let Some(offset) = u32_at(directory.data, at) else { return };
                at += 4;
                self.offsets.entry(first + n).or_insert(offset);
            }
        }
    }

    /// The object of this number and its offset.
    pub(super) fn object(&self, number: u32) -> Option<(u32, Record<'a>)> {
        let offset = *self.offsets.get(&number)?;
        Some((offset, record(self.stream, offset as usize)?))
    }

    /// The document container; where the directory is lost, the last one in the stream.
    pub(super) fn document(&self) -> Option<Record<'a>> {
        let named = self.document.and_then(|number| self.object(number)).map(|(_, record)| record);
        named
            .filter(|record| record.kind == DOCUMENT)
            .or_else(|| self.everything().filter(|r| r.kind == DOCUMENT).last())
    }

    /// The records of the stream as they lie there.
    pub(super) fn everything(&self) -> impl Iterator<Item = Record<'a>> + use<'a> {
        records(self.stream)
    }

    /// The objects that the directory names, in the order of the stream.
    pub(super) fn objects(&self) -> Vec<Record<'a>> {
        let mut offsets: Vec<_> = self.offsets.values().copied().collect();
        offsets.sort_unstable();
        offsets.dedup();
        offsets.into_iter().filter_map(|at| record(self.stream, at as usize)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(stream: &mut Vec<u8>, kind: u16, data: &[u8]) -> u32 {
        let at = stream.len() as u32;
        stream.extend([0, 0]);
        stream.extend(kind.to_le_bytes());
        stream.extend((data.len() as u32).to_le_bytes());
        stream.extend(data);
        at
    }

    fn edit(before: u32, directory: u32) -> Vec<u8> {
        [0, 0, before, directory, 1, 2, 0].iter().flat_map(|n: &u32| n.to_le_bytes()).collect()
    }

    #[test]
    fn the_newest_copy_of_an_object_counts() {
        let mut stream = Vec::new();
        let old = put(&mut stream, 0x03EE, b"old");
        let list =
            |at: u32| [1 | 1 << 20, at].iter().flat_map(|n| n.to_le_bytes()).collect::<Vec<_>>();
        let directory = put(&mut stream, DIRECTORY, &list(old));
        let first = put(&mut stream, USER_EDIT, &edit(0, directory));
        let new = put(&mut stream, 0x03EE, b"new");
        let directory = put(&mut stream, DIRECTORY, &list(new));
        put(&mut stream, USER_EDIT, &edit(first, directory));
        let persist = Persist::read(&stream, &[]);
        assert!(!persist.is_locked);
        assert_eq!(persist.object(1).map(|(_, record)| record.data), Some(&b"new"[..]));
        assert_eq!(persist.objects().len(), 1);
        let mut user = vec![0; 20];
        user[12..16].copy_from_slice(&ENCRYPTED.to_le_bytes());
        assert!(Persist::read(&stream, &user).is_locked);
    }
}
