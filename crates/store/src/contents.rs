use std::collections::HashMap;
use std::ffi::CString;

use rustix::fd::{AsFd, BorrowedFd};
use rustix::fs::{Dir, FileType, Mode, OFlags, Statx, openat};
use rustix::io::Errno;
use rustix::time::{ClockId, clock_gettime};

use crate::file_id::FileId;
use crate::stat;

/// Which files lie in a folder and below it, whatever other names they have elsewhere. A folder is read again
/// only when a name came into it or went.
#[derive(Debug, Default)]
pub(crate) struct Contents(HashMap<FileId, Folder>);

#[derive(Debug)]
struct Folder {
    /// When names last came or went; none if that was so short before it was read that more may have come since
    /// at the same tick of the clock.
    changed: Option<Stamp>,
    /// In order.
    files: Vec<FileId>,
    folders: Vec<CString>,
}

/// Times of change of a folder's names and of its inode, seconds and nanoseconds.
type Stamp = [(i64, u32); 2];

/// Folders in folders that are read: nothing of ours lies so deep.
const DEEPEST: usize = 32;

/// The coarsest tick that a file system keeps times in, seconds.
const TICK: i64 = 2;

impl Contents {
    /// Reads what has changed since the last time. `but` is the name of a folder in the root that is passed over.
    ///
    /// # Errors
    /// As the system says; a folder that may not be read or is gone is none.
    pub(crate) fn refresh(&mut self, root: BorrowedFd<'_>, but: Option<&str>) -> Result<(), Errno> {
        let mut former = std::mem::take(&mut self.0);
        self.visit(root, but, 0, &mut former)
    }

    /// Whether this file was among them.
    pub(crate) fn has(&self, file: FileId) -> bool {
        self.0.values().any(|folder| folder.files.binary_search(&file).is_ok())
    }

    fn visit(
        &mut self,
        folder: BorrowedFd<'_>,
        but: Option<&str>,
        depth: usize,
        former: &mut HashMap<FileId, Folder>,
    ) -> Result<(), Errno> {
        let seen = stat::of(folder)?;
        let id = FileId::of(&seen);
        if depth > DEEPEST || self.0.contains_key(&id) {
            return Ok(());
        }
        let known = former.remove(&id).filter(|known| known.changed == Some(stamp(&seen)));
        let here = match known {
            Some(known) => known,
            None => Folder::read(folder, &seen)?,
        };
        let below = here.folders.clone();
        self.0.insert(id, here);
        for name in below {
            if but.is_some_and(|but| but.as_bytes() == name.as_bytes()) {
                continue;
            }
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            match openat(folder, &name, flags, Mode::empty()) {
                Ok(child) => self.visit(child.as_fd(), None, depth + 1, former)?,
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::ACCESS) => {}
                Err(errno) => return Err(errno),
            }
        }
        Ok(())
    }
}

impl Folder {
    /// `seen` was asked before, so that a name that comes meanwhile changes the stamp.
    fn read(folder: BorrowedFd<'_>, seen: &Statx) -> Result<Folder, Errno> {
        let stamp = stamp(seen);
        // The clock that the kernel takes these times from.
        let now = clock_gettime(ClockId::RealtimeCoarse).tv_sec;
        let changed = stamp.iter().all(|(seconds, _)| seconds.saturating_add(TICK) < now);
        let (mut files, mut folders) = (Vec::new(), Vec::new());
        let mut listing = Dir::read_from(folder)?;
        while let Some(entry) = listing.read() {
            let entry = entry?;
            let name = entry.file_name();
            if matches!(name.to_bytes(), b"." | b"..") {
                continue;
            }
            match stat::at(folder, name.to_bytes()) {
                Ok(seen) if stat::kind(&seen) == FileType::Directory => {
                    folders.push(name.to_owned());
                }
                Ok(seen) => files.push(FileId::of(&seen)),
                Err(Errno::NOENT) => {}
                Err(errno) => return Err(errno),
            }
        }
        files.sort_unstable();
        Ok(Folder { changed: changed.then_some(stamp), files, folders })
    }
}

fn stamp(seen: &Statx) -> Stamp {
    let of = |time: rustix::fs::StatxTimestamp| (time.tv_sec, time.tv_nsec);
    [of(seen.stx_mtime), of(seen.stx_ctime)]
}
