use std::vec::IntoIter;

use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::object_key;
use madang_document::sidecar::described;
use madang_document::timestamp::Timestamp;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, Dir, FileType, FlockOperation, OFlags, Statx, flock, unlinkat};
use rustix::io::Errno;
use uuid::Uuid;

use crate::beneath::{Barred, Beneath, PATH_MAX, step};
use crate::error::StoreError;
use crate::store::{Listed, Seen};
use crate::{stat, version};

/// Walks a folder in the order of its keys. Holds the names of the folders on the way down, and one descriptor
/// besides the root's: however deep somebody nests, descriptors do not run out.
#[derive(Debug)]
pub(crate) struct Walk {
    beneath: Beneath,
    levels: Vec<Level>,
    /// Uploads that were begun before this and whose writer is dead are removed on the way.
    born: Uuid,
    failed: bool,
}

#[derive(Debug)]
struct Level {
    /// Key of the folder with a slash at its end; empty for the root.
    prefix: String,
    entries: IntoIter<FolderEntry>,
    /// Opened when it is needed, and let go when the walk goes deeper.
    folder: Option<OwnedFd>,
}

/// A name in a folder. Ordered as the keys of what it stands for: those of a folder's files begin with its name
/// and a slash, and that slash stands in the name here.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct FolderEntry {
    name: String,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    File,
    Folder,
    LeftOut(LeftOutKind),
}

impl Walk {
    /// Of everything below a root.
    ///
    /// # Errors
    /// When the root itself cannot be listed.
    pub(crate) fn new(beneath: Beneath, born: Uuid) -> Result<Walk, StoreError> {
        let entries =
            entries(beneath.root()).map_err(|errno| StoreError::of_io("", errno.into()))?;
        let root = Level { prefix: String::new(), entries, folder: None };
        Ok(Walk { beneath, levels: vec![root], born, failed: false })
    }

    /// A folder: gone deeper into, or said to be unlisted.
    fn descend(&mut self, name: &str) -> Result<Option<Seen>, StoreError> {
        let Some(level) = self.levels.last_mut() else { return Ok(None) };
        let prefix = format!("{}{name}", level.prefix);
        let key = prefix.trim_end_matches('/');
        if object_key::to_bytes(key).len() >= PATH_MAX {
            return Ok(Some(left_out(key, LeftOutKind::TooLong)));
        }
        let bytes = object_key::to_bytes(name.trim_end_matches('/'));
        let opened = level
            .open(&self.beneath)
            .and_then(|folder| self.beneath.enter(folder, &bytes))
            .and_then(|folder| Ok((entries(folder.as_fd())?, folder)));
        match opened {
            Ok((entries, folder)) => {
                level.folder = None;
                let seen = in_place_of_a_sidecar(key);
                self.levels.push(Level { prefix, entries, folder: Some(folder) });
                Ok(seen)
            }
            Err(Barred::Closed(reason)) => Ok(Some(closed(key, reason))),
            // Removed or replaced meanwhile.
            Err(barred) if barred.is_gone() => Ok(None),
            Err(Barred::System(errno)) => unlisted(key, errno).map(Some),
        }
    }

    /// A file: listed, removed as half an upload, or said to be unlisted.
    fn file(&mut self, name: &str) -> Result<Option<Seen>, StoreError> {
        let Some(level) = self.levels.last_mut() else { return Ok(None) };
        let key = format!("{}{name}", level.prefix);
        let bytes = object_key::to_bytes(name);
        let folder = match level.open(&self.beneath) {
            Ok(folder) => folder,
            Err(Barred::Closed(_)) => return Ok(None),
            Err(Barred::System(errno)) => return unlisted(&key, errno).map(Some),
        };
        if half_upload(name).is_some_and(|begun| begun < self.born) {
            sweep(folder, &bytes);
        }
        match seen_at(&self.beneath, folder, &key, &bytes) {
            Err(Errno::NOENT) => Ok(None),
            Err(errno) => unlisted(&key, errno).map(Some),
            Ok(seen) => Ok(seen),
        }
    }

    fn step(&mut self) -> Option<Result<Option<Seen>, StoreError>> {
        let level = self.levels.last_mut()?;
        let Some(entry) = level.entries.next() else {
            self.levels.pop();
            return Some(Ok(None));
        };
        Some(match entry.kind {
            Kind::Folder => self.descend(&entry.name),
            Kind::File => self.file(&entry.name),
            Kind::LeftOut(kind) => {
                Ok(Some(left_out(&format!("{}{}", level.prefix, entry.name), kind)))
            }
        })
    }
}

impl Iterator for Walk {
    type Item = Result<Seen, StoreError>;

    fn next(&mut self) -> Option<Result<Seen, StoreError>> {
        while !self.failed {
            match self.step()? {
                Ok(None) => {}
                Ok(Some(seen)) => return Some(Ok(seen)),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Level {
    fn open(&mut self, beneath: &Beneath) -> Result<rustix::fd::BorrowedFd<'_>, Barred> {
        if self.folder.is_none() {
            let folder = beneath.folder(self.prefix.trim_end_matches('/'))?;
            self.folder = Some(rustix::io::fcntl_dupfd_cloexec(folder, 0)?);
        }
        self.folder.as_ref().map(AsFd::as_fd).ok_or(Barred::System(Errno::BADF))
    }
}

impl Kind {
    fn of(kind: FileType) -> Kind {
        match kind {
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::LeftOut(LeftOutKind::Link),
            FileType::Fifo => Kind::LeftOut(LeftOutKind::Fifo),
            FileType::Socket => Kind::LeftOut(LeftOutKind::Socket),
            FileType::CharacterDevice | FileType::BlockDevice => Kind::LeftOut(LeftOutKind::Device),
            FileType::RegularFile | FileType::Unknown => Kind::File,
        }
    }
}

/// The names in a folder, in the order of the keys.
fn entries(folder: rustix::fd::BorrowedFd<'_>) -> Result<IntoIter<FolderEntry>, Errno> {
    let mut entries = Vec::new();
    let mut listing = Dir::read_from(folder)?;
    while let Some(entry) = listing.read() {
        let entry = entry?;
        let bytes = entry.file_name().to_bytes();
        if bytes == b"." || bytes == b".." {
            continue;
        }
        let kind = match entry.file_type() {
            // Some file systems do not say it here.
            FileType::Unknown => match stat::at(folder, bytes) {
                Ok(seen) => Kind::of(stat::kind(&seen)),
                Err(Errno::NOENT) => continue,
                Err(errno) => return Err(errno),
            },
            kind => Kind::of(kind),
        };
        let mut name = object_key::from_bytes(bytes);
        if kind == Kind::Folder {
            name.push('/');
        }
        entries.push(FolderEntry { name, kind });
    }
    entries.sort_unstable();
    Ok(entries.into_iter())
}

/// What has this name in a folder, as a listing shows it; none for a folder that is not closed and stands for nothing else.
///
/// # Errors
/// As the system says; [`Errno::NOENT`] where nothing is.
pub(crate) fn seen_at(
    beneath: &Beneath,
    folder: rustix::fd::BorrowedFd<'_>,
    key: &str,
    name: &[u8],
) -> Result<Option<Seen>, Errno> {
    let seen = stat::at(folder, name)?;
    let kind = Kind::of(stat::kind(&seen));
    if let Kind::LeftOut(kind) = kind {
        return Ok(Some(left_out(key, kind)));
    }
    if object_key::to_bytes(key).len() >= PATH_MAX {
        return Ok(Some(left_out(key, LeftOutKind::TooLong)));
    }
    let checked = match kind {
        // What lies in it tells, too.
        Kind::Folder => beneath.enter(folder, name).map(drop),
        _ => beneath.check(&seen),
    };
    match checked {
        Ok(()) if kind == Kind::Folder => Ok(in_place_of_a_sidecar(key)),
        Ok(()) => Ok(Some(Seen::Object(listed(key.to_owned(), &seen)))),
        Err(Barred::Closed(reason)) => Ok(Some(closed(key, reason))),
        // That it cannot be entered is what a listing says of it.
        Err(Barred::System(Errno::ACCESS)) if kind == Kind::Folder => Ok(None),
        Err(Barred::System(errno)) => Err(errno),
    }
}

/// What a folder is beside what lies in it: nothing, or what stands where a file would describe others. Whoever laid it there
/// may have meant to say something of them.
fn in_place_of_a_sidecar(key: &str) -> Option<Seen> {
    described(key).map(|_| left_out(key, LeftOutKind::Folder))
}

/// A file as a listing shows it.
pub(crate) fn listed(path: String, seen: &Statx) -> Listed {
    let ms = i64::from(seen.stx_mtime.tv_nsec / 1_000_000);
    Listed {
        path,
        version: version::of_file(seen),
        size: seen.stx_size,
        modified: Some(Timestamp(seen.stx_mtime.tv_sec.saturating_mul(1000).saturating_add(ms))),
    }
}

fn closed(key: &str, reason: String) -> Seen {
    Seen::LeftOut(LeftOut { key: key.to_owned(), kind: LeftOutKind::Closed, reason })
}

fn left_out(key: &str, kind: LeftOutKind) -> Seen {
    let reason = match kind {
        LeftOutKind::Link => {
            "a link is not followed, for it may lead to any file; put the file itself there"
        }
        LeftOutKind::Fifo => "a named pipe holds nothing that can be kept; remove it",
        LeftOutKind::Socket => "a socket holds nothing that can be kept; remove it",
        LeftOutKind::Device => "a device is no file; remove it",
        LeftOutKind::Folder => {
            "a folder has the name of a file that describes others, which count as closed; give it another name"
        }
        LeftOutKind::TooLong => {
            "its path is longer than 4,096 bytes; move it up, or give its folders shorter names"
        }
        LeftOutKind::Name | LeftOutKind::Closed | LeftOutKind::Unreadable => "it is not read",
    };
    Seen::LeftOut(LeftOut { key: key.to_owned(), kind, reason: reason.to_owned() })
}

/// What cannot be listed while its neighbours can; an error of all when descriptors or memory are out, which is
/// no trouble of this folder.
fn unlisted(key: &str, errno: Errno) -> Result<Seen, StoreError> {
    let error = StoreError::of_io(key, errno.into());
    match errno {
        Errno::MFILE | Errno::NFILE | Errno::NOMEM => Err(error),
        _ => Ok(Seen::Unlisted { key: key.to_owned(), reason: error.to_string() }),
    }
}

/// Longest beginning of a file's name in the name of its half upload, characters.
const HALF_NAME: usize = 40;

/// The name under which an upload is written until it is whole: hidden and with the suffix that sources skip,
/// unique so that two uploads of one name do not mix.
pub(crate) fn half_name(name: &str, mark: Uuid) -> String {
    let name = object_key::readable(name);
    let short: String = name.chars().take(HALF_NAME).collect();
    format!(".{short}.{}.part", mark.simple())
}

/// When an upload was begun, if this is the name of half a one of ours.
fn half_upload(name: &str) -> Option<Uuid> {
    let (_, mark) = name.strip_prefix('.')?.strip_suffix(".part")?.rsplit_once('.')?;
    Uuid::try_parse(mark).ok().filter(|mark| mark.get_version_num() == 7)
}

/// Removes half an upload unless somebody still writes it: whoever writes holds its lock.
fn sweep(folder: rustix::fd::BorrowedFd<'_>, name: &[u8]) {
    let Ok(file) = step(folder, name, OFlags::RDONLY | OFlags::NONBLOCK) else { return };
    if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
        let _ = unlinkat(folder, name, AtFlags::empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_half_uploads_are_known() {
        let mark = Uuid::now_v7();
        assert_eq!(half_upload(&half_name("보고서.hwp", mark)), Some(mark));
        assert_eq!(half_upload(&half_name(&"가".repeat(80), mark)), Some(mark));
        for other in ["a.part", ".a.part", ".a.0123.part", "a.hwp"] {
            assert_eq!(half_upload(other), None, "{other}");
        }
        let random = Uuid::from_u128(0x1234_5678_9abc_4def_8123_4567_89ab_cdef);
        assert_eq!(half_upload(&format!(".a.{}.part", random.simple())), None);
    }
}
