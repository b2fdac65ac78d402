use madang_document::part::Noun;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use std::collections::BTreeSet;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use crate::blob::{Blob, read_range};
use crate::error::reason_of;

/// A compound file (MS-CFB, version 9.0), read as far as it can be.
///
/// The library `cfb` refuses a file as a whole when its allocation table is damaged, points to a sector twice
/// or is cut short; Hancom's and Microsoft's programs open such files, and most of their text is there.
/// Nothing here is larger than the file itself, and every chain ends after as many steps as there are
/// sectors.
pub(crate) struct CompoundFile<'a> {
    blob: &'a dyn Blob,
    /// The size of a sector as a power of two: 9 or 12.
    shift: u32,
    fat: Vec<u32>,
    mini_fat: Vec<u32>,
    /// The stream that holds all small streams, in pieces of 64 bytes.
    mini_stream: Vec<u8>,
    entries: Vec<DirectoryEntry>,
}

/// A storage or stream.
#[derive(Debug)]
pub(crate) struct DirectoryEntry {
    pub(crate) name: String,
    kind: u8,
    left: u32,
    right: u32,
    child: u32,
    start: u32,
    /// Bytes, as the directory says.
    pub(crate) size: u64,
}

/// How a compound file starts (section 2.2).
pub(crate) const SIGNATURE: [u8; 8] = [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1];

const HEADER: u64 = 512;
const HEADER_DIFAT: usize = 109;
const ENTRY: usize = 128;
const MINI_SHIFT: u32 = 6;
/// Streams below this size lie in the mini stream.
const MINI_CUTOFF: u64 = 4096;
/// Kinds of entries (section 2.6.1).
const STORAGE: u8 = 1;
const STREAM: u8 = 2;

impl<'a> CompoundFile<'a> {
    /// How deep storages lie in one another that a copy holds.
    const DEEPEST: usize = 64;

    /// Reads the tables of the file.
    ///
    /// # Errors
    /// When not even the directory can be found.
    pub(crate) fn open(blob: &'a dyn Blob) -> Result<CompoundFile<'a>, Reason> {
        let header = read_range(blob, 0, HEADER).map_err(|error| reason_of(&error))?;
        let dwords = dwords(&header);
        let dword = |n: usize| dwords.get(n).copied().unwrap_or_default();
        if !header.starts_with(&SIGNATURE) || header.len() < HEADER as usize {
            return Err(ReasonKind::CutShort.of(Noun::Header));
        }
        let shift = if header.get(30) == Some(&12) { 12 } else { 9 };
        let mut this = CompoundFile {
            blob,
            shift,
            fat: Vec::new(),
            mini_fat: Vec::new(),
            mini_stream: Vec::new(),
            entries: Vec::new(),
        };
        let listed = dwords.get(19..19 + HEADER_DIFAT).unwrap_or_default();
        this.fat = this.read_fat(listed.to_vec(), dword(17));
        let directory = this.read_chain(dword(12), u64::MAX);
        this.entries = directory
            .chunks_exact(ENTRY)
            .map(|bytes| DirectoryEntry::parse(bytes, shift))
            .collect();
        this.mini_fat = self::dwords(&this.read_chain(dword(15), u64::MAX));
        let Some(root) = this.entries.first() else {
            return Err(ReasonKind::Unreadable.of(Noun::Directory));
        };
        this.mini_stream = this.read_chain(root.start, root.size);
        Ok(this)
    }

    /// Whether its directory is damaged: a link in it leads nowhere, to what is no entry, or to what another leads to, or there
    /// are entries to which none leads. What storages hold is then guessed, and some of it may be lost.
    pub(crate) fn is_tangled(&self) -> bool {
        let mut seen = vec![false; self.entries.len()];
        seen.iter_mut().take(1).for_each(|root| *root = true);
        let mut open: Vec<u32> = self.root().map(|root| root.child).into_iter().collect();
        while let Some(id) = open.pop() {
            if id == u32::MAX {
                continue;
            }
            let place = seen.get_mut(id as usize);
            let (Some(seen @ false), Some(entry)) = (place, self.entries.get(id as usize)) else {
                return true;
            };
            *seen = true;
            open.extend([entry.left, entry.right]);
            match entry.kind {
                STORAGE => open.push(entry.child),
                STREAM => {}
                _ => return true,
            }
        }
        let is_entry = |entry: &DirectoryEntry| matches!(entry.kind, STREAM | STORAGE);
        self.entries.iter().zip(&seen).any(|(entry, seen)| is_entry(entry) && !seen)
    }

    /// The root storage.
    pub(crate) fn root(&self) -> Option<&DirectoryEntry> {
        self.entries.first()
    }

    /// The stream or storage of this name in a storage. Names are compared without regard to case (section 2.6.4).
    pub(crate) fn child(&self, storage: &DirectoryEntry, name: &str) -> Option<&DirectoryEntry> {
        self.inside(storage).into_iter().find(|entry| entry.name.eq_ignore_ascii_case(name))
    }

    /// The streams and storages in a storage, in the order of its tree.
    pub(crate) fn inside(&self, storage: &DirectoryEntry) -> Vec<&DirectoryEntry> {
        self.children(Some(storage), |kind| matches!(kind, STREAM | STORAGE))
    }

    /// The paths of the streams, at most `most`, with `/` as separator.
    pub(crate) fn paths(&self, most: usize) -> Vec<String> {
        let mut paths = Vec::new();
        let mut open: Vec<_> = self.root().map(|root| (String::new(), root)).into_iter().collect();
        // A tree that is damaged may lead into itself.
        let mut entered = BTreeSet::new();
        while let Some((folder, storage)) = open.pop() {
            if !entered.insert(storage.child) || entered.len() > most {
                continue;
            }
            for entry in self.inside(storage) {
                let path = format!("{folder}{}", entry.name);
                if entry.is_storage() {
                    open.push((format!("{path}/"), entry));
                } else if paths.len() < most {
                    paths.push(path);
                }
            }
        }
        paths
    }

    /// A storage as a compound file of its own: how a document that is embedded in another is read. At most `limit`
    /// bytes of streams; what has a name that it may not have is left out, and so is what lies deeper than [`Self::DEEPEST`].
    /// `progress` is called for each entry.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub(crate) fn copy(
        &self,
        storage: &DirectoryEntry,
        limit: u64,
        progress: &dyn Fn(),
    ) -> std::io::Result<Vec<u8>> {
        self.copy_with(&[("/", storage)], limit, progress, |_, bytes| bytes)
    }

    /// As [`copy`](Self::copy), of several storages, each to a folder of the copy that ends with `/`. Streams pass through
    /// `edit` with their path in the copy.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub(crate) fn copy_with(
        &self,
        storages: &[(&str, &DirectoryEntry)],
        limit: u64,
        progress: &dyn Fn(),
        mut edit: impl FnMut(&str, Vec<u8>) -> Vec<u8>,
    ) -> std::io::Result<Vec<u8>> {
        let mut copy = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new()))?;
        let mut left = limit;
        let mut entered = BTreeSet::new();
        let mut open: Vec<(String, usize, &DirectoryEntry)> = Vec::new();
        for (folder, storage) in storages {
            if *folder != "/" {
                copy.create_storage(folder.trim_end_matches('/'))?;
            }
            open.push(((*folder).to_owned(), 1, storage));
        }
        while let Some((folder, depth, storage)) = open.pop() {
            if !entered.insert(storage.child) {
                continue;
            }
            for entry in
                self.inside(storage).into_iter().filter(|entry| may_be_written(&entry.name))
            {
                progress();
                let path = format!("{folder}{}", entry.name);
                // A damaged tree may show two of one name: the first counts.
                if copy.exists(&path) {
                    continue;
                }
                if entry.is_storage() {
                    copy.create_storage(&path)?;
                    // Each level of a copy is copied again by the next: nobody opens so many.
                    if depth < Self::DEEPEST {
                        open.push((format!("{path}/"), depth + 1, entry));
                    }
                } else {
                    let bytes = self.read(entry, left);
                    left = left.saturating_sub(bytes.len() as u64);
                    copy.create_new_stream(&path)?.write_all(&edit(&path, bytes))?;
                }
            }
        }
        progress();
        without_times(copy)
    }

    /// The streams of a storage below the root, or of the root itself.
    pub(crate) fn streams(&self, storage: Option<&str>) -> Vec<&DirectoryEntry> {
        let root = self.entries.first();
        let Some(name) = storage else {
            return self.children(root, |kind| kind == STREAM);
        };
        let found = self
            .children(root, |kind| kind == STORAGE)
            .into_iter()
            .find(|entry| entry.name == name);
        self.children(found, |kind| kind == STREAM)
    }

    /// The bytes of a stream of the root, at most `limit`.
    pub(crate) fn root_stream(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        let entry = self.streams(None).into_iter().find(|e| e.name.eq_ignore_ascii_case(name))?;
        Some(self.read(entry, limit))
    }

    /// The bytes of a stream, at most `limit`; fewer than its size if the file is damaged there.
    pub(crate) fn read(&self, entry: &DirectoryEntry, limit: u64) -> Vec<u8> {
        let size = entry.size.min(limit);
        if entry.size >= MINI_CUTOFF {
            return self.read_chain(entry.start, size);
        }
        let mut bytes = Vec::new();
        for sector in chain(&self.mini_fat, entry.start) {
            let from = (sector as usize) << MINI_SHIFT;
            let to = self.mini_stream.len().min(from + (1 << MINI_SHIFT));
            bytes.extend_from_slice(self.mini_stream.get(from..to).unwrap_or_default());
            if bytes.len() as u64 >= size {
                break;
            }
        }
        bytes.truncate(usize::try_from(size).unwrap_or(usize::MAX));
        bytes
    }

    /// The children of an entry, which lie in a tree by name. A tree that is damaged may have lost any of
    /// them, so that then every entry of the file is taken.
    fn children(
        &self,
        entry: Option<&DirectoryEntry>,
        wanted: fn(u8) -> bool,
    ) -> Vec<&DirectoryEntry> {
        let Some(entry) = entry else { return Vec::new() };
        let mut seen = vec![false; self.entries.len()];
        let mut found = Vec::new();
        let mut damaged = false;
        let mut open = vec![entry.child];
        while let Some(id) = open.pop() {
            if id == u32::MAX {
                continue;
            }
            let place = seen.get_mut(id as usize);
            let (Some(seen @ false), Some(child)) = (place, self.entries.get(id as usize)) else {
                damaged = true;
                continue;
            };
            *seen = true;
            open.extend([child.left, child.right]);
            if wanted(child.kind) {
                found.push(child);
            }
        }
        if damaged {
            found = self.entries.iter().filter(|entry| wanted(entry.kind)).collect();
        }
        found
    }

    /// Reads the allocation table from its sectors: those listed in the header, and those that a chain of
    /// further lists names.
    fn read_fat(&self, mut listed: Vec<u32>, first_list: u32) -> Vec<u32> {
        let total = self.sectors();
        let per_sector = 1usize << (self.shift - 2);
        let mut next = first_list;
        // A list sector names at least as many sectors as it takes itself, so that this bounds a loop.
        while u64::from(next) < total && (listed.len() as u64) < total.saturating_add(109) {
            let mut list = dwords(&self.sector(next));
            next = list.pop().unwrap_or(u32::MAX);
            listed.extend(list);
        }
        let mut fat = Vec::new();
        for sector in listed {
            if u64::from(sector) >= total || fat.len() as u64 >= total {
                continue;
            }
            let mut part = dwords(&self.sector(sector));
            part.resize(per_sector, u32::MAX);
            fat.append(&mut part);
        }
        fat
    }

    fn sectors(&self) -> u64 {
        self.blob.len().div_ceil(1 << self.shift)
    }

    fn sector(&self, number: u32) -> Vec<u8> {
        self.run(number, 1)
    }

    /// Sectors that follow one another in the file; what cannot be read is left out.
    fn run(&self, first: u32, count: u64) -> Vec<u8> {
        let offset = (u64::from(first) + 1) << self.shift;
        read_range(self.blob, offset, count << self.shift).unwrap_or_default()
    }

    /// The bytes of a chain, at most `limit`.
    fn read_chain(&self, start: u32, limit: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sectors = chain(&self.fat, start).peekable();
        while let Some(first) = sectors.next() {
            let mut count = 1;
            let wanted = limit.saturating_sub(bytes.len() as u64).div_ceil(1 << self.shift);
            // Neighbours are read at once.
            while count < wanted
                && sectors.next_if(|&s| u64::from(s) == u64::from(first) + count).is_some()
            {
                count += 1;
            }
            bytes.extend(self.run(first, count));
            if bytes.len() as u64 >= limit {
                break;
            }
        }
        bytes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        bytes
    }
}

/// The sectors of a chain, at most as many as the table has.
fn chain(table: &[u32], start: u32) -> impl Iterator<Item = u32> {
    let inside = |&sector: &u32| (sector as usize) < table.len();
    std::iter::successors(Some(start).filter(inside), move |&sector| {
        table.get(sector as usize).copied().filter(inside)
    })
    .take(table.len())
}

/// The name of an entry: UTF-16 up to its NUL.
fn name(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|unit| unit.try_into().ok());
    let units = units.map(u16::from_le_bytes).filter(|&unit| unit != 0);
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Whether an entry may have this name (MS-CFB, section 2.6.1), and no part of a path is meant by it.
fn may_be_written(name: &str) -> bool {
    (1..=31).contains(&name.encode_utf16().count())
        && !name.contains(['/', '\\', ':', '!'])
        && !matches!(name, "." | "..")
}

impl DirectoryEntry {
    /// Whether it holds streams.
    pub(crate) fn is_storage(&self) -> bool {
        self.kind == STORAGE
    }

    fn parse(bytes: &[u8], shift: u32) -> DirectoryEntry {
        let dwords = dwords(bytes);
        let dword = |n: usize| dwords.get(n).copied().unwrap_or(u32::MAX);
        // Version 3 leaves the high half of the size undefined.
        let high = if shift == 12 { u64::from(dword(31)) << 32 } else { 0 };
        DirectoryEntry {
            name: name(bytes.get(..64).unwrap_or_default()),
            kind: bytes.get(66).copied().unwrap_or_default(),
            left: dword(17),
            right: dword(18),
            child: dword(19),
            start: dword(29),
            size: high | u64::from(dword(30)),
        }
    }
}

fn dwords(bytes: &[u8]) -> Vec<u32> {
    let dword = |bytes: &[u8]| bytes.try_into().map(u32::from_le_bytes).unwrap_or(u32::MAX);
    bytes.chunks_exact(4).map(dword).collect()
}

/// The bytes of a compound file that was written here, with the same time in each of its storages, which the library dates
/// by the clock: a member is known by the hash of its bytes, and the same content must give the same.
///
/// # Errors
/// When the directory cannot be written.
pub(crate) fn without_times(
    mut file: cfb::CompoundFile<Cursor<Vec<u8>>>,
) -> std::io::Result<Vec<u8>> {
    let dated: Vec<PathBuf> =
        file.walk().filter(|entry| !entry.is_stream()).map(|entry| entry.path().into()).collect();
    for path in dated {
        file.set_created_time(&path, UNIX_EPOCH)?;
        file.set_modified_time(&path, UNIX_EPOCH)?;
    }
    Ok(file.into_inner().into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a large stream in a storage and a small one in the root, by another writer than ours.
    fn file(version: cfb::Version) -> Vec<u8> {
        let bytes = std::io::Cursor::new(Vec::new());
        let mut file = cfb::CompoundFile::create_with_version(version, bytes).unwrap();
        file.create_storage("/BodyText").unwrap();
        file.create_stream("/BodyText/Section0").unwrap().write_all(&[7; 9000]).unwrap();
        file.create_stream("/FileHeader").unwrap().write_all(b"small").unwrap();
        file.into_inner().into_inner()
    }

    /// The small stream and the large one.
    fn read(bytes: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
        let file = CompoundFile::open(&bytes).ok()?;
        let sections = file.streams(Some("BodyText"));
        let section = sections.first().map(|section| file.read(section, u64::MAX));
        Some((file.root_stream("FileHeader", 100).unwrap_or_default(), section.unwrap_or_default()))
    }

    #[test]
    fn small_and_large_streams_of_both_versions() {
        for version in [cfb::Version::V3, cfb::Version::V4] {
            assert_eq!(read(file(version)), Some((b"small".to_vec(), vec![7; 9000])));
        }
    }

    #[test]
    fn a_copy_is_the_same_whenever_it_is_made() {
        let mut whole = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        whole.create_storage_all("/Outer/Inner").unwrap();
        whole.create_stream("/Outer/Inner/Data").unwrap().write_all(b"data").unwrap();
        let whole = whole.into_inner().into_inner();
        let whole = CompoundFile::open(&whole).unwrap();
        let copy = || whole.copy(whole.root().unwrap(), u64::MAX, &|| ()).unwrap();
        // The clock of the library counts in tenths of a microsecond.
        let copies: BTreeSet<Vec<u8>> = (0..20).map(|_| copy()).collect();
        assert_eq!(copies.len(), 1);
    }

    #[test]
    fn a_storage_is_copied_as_a_file() {
        let bytes = file(cfb::Version::V3);
        let whole = CompoundFile::open(&bytes).unwrap();
        assert_eq!(whole.paths(10).len(), 2);
        let body = whole.child(whole.root().unwrap(), "bodytext").unwrap();
        let copy = whole.copy(body, u64::MAX, &|| ()).unwrap();
        let copy = CompoundFile::open(&copy).unwrap();
        assert_eq!(copy.paths(10), ["Section0"]);
        assert_eq!(copy.root_stream("section0", u64::MAX), Some(vec![7; 9000]));
    }

    #[test]
    fn a_name_that_nothing_may_have_is_left_out_of_a_copy() {
        let bytes = file(cfb::Version::V3);
        let name: Vec<u8> = "BodyText".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let at = bytes.windows(name.len()).position(|bytes| bytes == name).unwrap();
        let long = "x".repeat(32);
        for name in ["Body!ext", "../BodyT", "Body/Text", &long] {
            let mut bytes = bytes.clone();
            for (at, unit) in (at..).step_by(2).zip(name.encode_utf16()) {
                bytes[at..at + 2].copy_from_slice(&unit.to_le_bytes());
            }
            let whole = CompoundFile::open(&bytes).unwrap();
            let copy = whole.copy(whole.root().unwrap(), u64::MAX, &|| ()).unwrap();
            assert_eq!(CompoundFile::open(&copy).unwrap().paths(10), ["FileHeader"], "{name}");
        }
    }

    #[test]
    fn storages_that_lie_too_deep_are_not_copied() {
        let mut whole = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
        let mut path = String::new();
        for _ in 0..CompoundFile::DEEPEST + 10 {
            path += "/In";
            whole.create_storage(&path).unwrap();
            whole.create_stream(format!("{path}/Data")).unwrap().write_all(b"data").unwrap();
        }
        let whole = whole.into_inner().into_inner();
        let whole = CompoundFile::open(&whole).unwrap();
        let steps = std::cell::Cell::new(0);
        let copy = whole.copy(whole.root().unwrap(), u64::MAX, &|| steps.set(steps.get() + 1));
        let copy = copy.unwrap();
        let copied = CompoundFile::open(&copy).unwrap().paths(1000).len();
        assert_eq!(copied, CompoundFile::DEEPEST - 1);
        assert!(steps.get() > copied);
    }

    #[test]
    fn a_directory_that_leads_nowhere_is_told() {
        let whole = file(cfb::Version::V3);
        assert!(!CompoundFile::open(&whole).unwrap().is_tangled());
        let directory = 512 * (1 + u32::from_le_bytes(whole[48..52].try_into().unwrap()) as usize);
        // Of the root: nothing in it, what is not there, and itself.
        for child in [u32::MAX, 1000, 0] {
            let mut broken = whole.clone();
            broken[directory + 76..directory + 80].copy_from_slice(&child.to_le_bytes());
            assert!(CompoundFile::open(&broken).unwrap().is_tangled(), "{child}");
        }
    }

    #[test]
    fn no_damage_makes_it_read_more_than_there_is() {
        let whole = file(cfb::Version::V3);
        for at in 8..whole.len().min(4096) {
            for mask in [0x01, 0xFF] {
                let mut broken = whole.clone();
                broken[at] ^= mask;
                if let Some((small, large)) = read(broken) {
                    assert!(small.len() + large.len() <= whole.len(), "byte {at}");
                }
            }
        }
        for length in (0..whole.len()).step_by(256) {
            read(whole[..length].to_vec());
        }
        assert_eq!(read(whole[..700].to_vec()), None);
    }

    #[test]
    fn a_sector_that_is_named_twice_does_not_spoil_the_rest() {
        let mut file = file(cfb::Version::V3);
        let fat = 512 * (1 + u32::from_le_bytes(file[76..80].try_into().unwrap()) as usize);
        let last = fat + 4 * (file.len() / 512 - 2);
        for entry in [last - 8, last - 4] {
            file[entry..entry + 4].copy_from_slice(&1u32.to_le_bytes());
        }
        assert!(cfb::CompoundFile::open(std::io::Cursor::new(&file)).is_err());
        assert_eq!(read(file).unwrap().0, b"small");
    }
}
