use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use madang_document::object_key;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Statx, openat, openat2};
use rustix::io::Errno;

use crate::closed::Closed;
use crate::error::StoreError;
use crate::file_id::FileId;
use crate::stat;

/// A folder of the machine, as a store was told its path.
///
/// Never made and never trusted by its path: each use opens it and compares it with the folder that the last
/// listing took for it, so that a lost mount (then its empty mount point stands there) is noticed before
/// anything is read of it or written into it. No descriptor is held in between: that would keep people from
/// unmounting it.
#[derive(Debug)]
pub(crate) struct Root {
    path: PathBuf,
    closed: Closed,
    taken: Mutex<Option<Taken>>,
}

/// What a root was when it was taken for the folder that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Taken {
    id: FileId,
    /// Folders between it and the root of its mount. When the mount is lost, this is another number; when a folder
    /// was only replaced, or mounted again, it stays.
    below_mount: Option<usize>,
}

impl Root {
    /// The folder at `path`, which need not be there yet; `closed` is no part of it, wherever it lies.
    pub(crate) fn new(path: &Path, closed: Closed) -> Root {
        Root { path: path.to_owned(), closed, taken: Mutex::default() }
    }

    /// The path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the folder that the last listing took; the first use takes what is there.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it is away or another stands in its place.
    pub(crate) fn open(&self) -> Result<Beneath, StoreError> {
        let (beneath, id) = self.enter()?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match *taken {
            // What it is has been asked; another Madang may have been started on it since.
            Some(taken) if taken.id == id => {
                self.answer(self.closed.of_entered(beneath.root()))?;
            }
            Some(_) => {
                return Err(self.away("another folder stands in its place; it is listed anew"));
            }
            None => {
                self.check(&beneath)?;
                *taken = Some(Taken { id, below_mount: below_mount(beneath.root.as_fd()) });
            }
        }
        Ok(beneath)
    }

    /// Opens the folder for a listing, which may find another than before: then it is taken from now on, unless a
    /// mount was lost.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it is away.
    pub(crate) fn take(&self) -> Result<Beneath, StoreError> {
        let (beneath, id) = self.enter()?;
        self.check(&beneath)?;
        let now = Taken { id, below_mount: below_mount(beneath.root.as_fd()) };
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        match *taken {
            Some(before) if before.id != id && before.below_mount != now.below_mount => {
                return Err(self.away("what was mounted there is not; mount it again"));
            }
            _ => *taken = Some(now),
        }
        Ok(beneath)
    }

    fn enter(&self) -> Result<(Beneath, FileId), StoreError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let failed = |errno| self.failed(errno);
        let root = match openat(CWD, &self.path, flags, Mode::empty()) {
            // Enough to reach a file by its name; a listing will say that it may not.
            Err(Errno::ACCESS) => {
                openat(CWD, &self.path, OFlags::PATH | flags, Mode::empty()).map_err(failed)?
            }
            opened => opened.map_err(failed)?,
        };
        let id = FileId::of(&stat::of(root.as_fd()).map_err(failed)?);
        Ok((Beneath { root, closed: self.closed.clone(), asked: AtomicBool::default() }, id))
    }

    /// That it is not closed: asked when it is another than before.
    fn check(&self, beneath: &Beneath) -> Result<(), StoreError> {
        self.answer(self.closed.of_root(beneath.root()))
    }

    fn answer(&self, asked: Result<Option<String>, Errno>) -> Result<(), StoreError> {
        match asked {
            Ok(None) => Ok(()),
            Ok(Some(reason)) => Err(StoreError::denied(&self.shown(), reason)),
            Err(errno) => Err(self.failed(errno)),
        }
    }

    fn failed(&self, errno: Errno) -> StoreError {
        match StoreError::of_io("", errno.into()) {
            // For the place as a whole, absence is a lost mount, not an answer.
            StoreError::Gone(_) => self.away(&format!("{errno}; create the folder or mount it")),
            StoreError::Denied { reason, source, .. } => {
                StoreError::Denied { path: self.shown(), reason, source }
            }
            StoreError::Unavailable { reason, source, .. } => {
                StoreError::Unavailable { path: self.shown(), reason, source }
            }
            other => other,
        }
    }

    fn away(&self, why: &str) -> StoreError {
        StoreError::away(&self.shown(), format!("the folder is away: {why}"))
    }

    fn shown(&self) -> String {
        self.path.display().to_string()
    }
}

/// Why a step in a place was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Barred {
    /// It leads into what is closed: why, and the cure.
    Closed(String),
    /// The system says so.
    System(Errno),
}

impl Barred {
    /// Whether there is nothing at that name that is part of the place: it was removed or replaced meanwhile, or is
    /// closed.
    pub(crate) fn is_gone(&self) -> bool {
        match self {
            Barred::Closed(_) => true,
            Barred::System(errno) => matches!(*errno, Errno::NOENT | Errno::NOTDIR | Errno::LOOP),
        }
    }
}

impl From<Errno> for Barred {
    fn from(errno: Errno) -> Barred {
        Barred::System(errno)
    }
}

/// How many folders lie between a folder and the root of its mount; none if that cannot be seen.
fn below_mount(folder: BorrowedFd<'_>) -> Option<usize> {
    let mut above: Option<OwnedFd> = None;
    for steps in 0..4096 {
        let here = above.as_ref().map_or(folder, AsFd::as_fd);
        if stat::is_mount_root(&stat::of(here).ok()?)? {
            return Some(steps);
        }
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        above = Some(openat(here, "..", flags, Mode::empty()).ok()?);
    }
    None
}

/// The wall round a drop folder: everything in it is reached from its descriptor, one name at a time, through no
/// link and no way up (`openat2`, RESOLVE_BENEATH). Whoever may drop a file must not be able to have another file
/// of the machine read or written, whatever he puts where between two steps.
#[derive(Debug)]
pub(crate) struct Beneath {
    root: OwnedFd,
    closed: Closed,
    /// Whether the files of closed folders were looked for: once for each way that is gone, not for each file of a
    /// listing. A file that is opened has a way of its own.
    asked: AtomicBool,
}

/// Longest path that the system takes in one call, with the zero at its end.
pub(crate) const PATH_MAX: usize = 4096;

impl Beneath {
    /// The root.
    pub(crate) fn root(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }

    /// Opens a folder by its name in another.
    ///
    /// # Errors
    /// As the system says, or when it is closed.
    pub(crate) fn enter(&self, folder: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Barred> {
        // Not by O_PATH at once: that would not make a file system come that is mounted at its first use.
        let opened = match step(folder, name, OFlags::RDONLY | OFlags::DIRECTORY) {
            Err(Errno::ACCESS) => step(folder, name, OFlags::PATH | OFlags::DIRECTORY)?,
            opened => opened?,
        };
        self.check(&stat::of(opened.as_fd())?)?;
        match self.closed.of_entered(opened.as_fd())? {
            None => Ok(opened),
            Some(reason) => Err(Barred::Closed(reason)),
        }
    }

    /// That what was reached by a name is not closed.
    ///
    /// # Errors
    /// When it is, or the system does not say.
    pub(crate) fn check(&self, seen: &Statx) -> Result<(), Barred> {
        let is_linked = seen.stx_nlink > 1 && stat::kind(seen) != FileType::Directory;
        let again = is_linked && !self.asked.swap(true, Ordering::Relaxed);
        match self.closed.of_name(seen, again)? {
            None => Ok(()),
            Some(reason) => Err(Barred::Closed(reason)),
        }
    }

    /// Opens the folder that a key lies in, and gives the last part of its name.
    ///
    /// # Errors
    /// As [`Beneath::enter`].
    pub(crate) fn folder_of<'a>(&self, name: &'a [u8]) -> Result<(Folder<'_>, &'a [u8]), Barred> {
        let mut parts = name.split(|byte| *byte == b'/');
        let last = parts.next_back().unwrap_or_default();
        let mut folder = Folder::Root(self.root.as_fd());
        for part in parts {
            folder = Folder::Below(self.enter(folder.as_fd(), part)?);
        }
        Ok((folder, last))
    }

    /// Opens a folder by its key; the root has the empty one.
    ///
    /// # Errors
    /// As [`Beneath::enter`].
    pub(crate) fn folder(&self, key: &str) -> Result<Folder<'_>, Barred> {
        let mut folder = Folder::Root(self.root.as_fd());
        if !key.is_empty() {
            for part in object_key::to_bytes(key).split(|byte| *byte == b'/') {
                folder = Folder::Below(self.enter(folder.as_fd(), part)?);
            }
        }
        Ok(folder)
    }
}

/// A folder that was reached.
#[derive(Debug)]
pub(crate) enum Folder<'a> {
    /// The root itself.
    Root(BorrowedFd<'a>),
    /// One below it.
    Below(OwnedFd),
}

impl AsFd for Folder<'_> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Folder::Root(root) => *root,
            Folder::Below(folder) => folder.as_fd(),
        }
    }
}

/// Opens what has this name in a folder, and only there: no link, no way up, no empty name.
///
/// # Errors
/// As the system says: [`Errno::LOOP`] for a link, [`Errno::XDEV`] for a way out.
pub(crate) fn step(folder: BorrowedFd<'_>, name: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    if name.is_empty() || name == b"." || name.contains(&b'/') {
        return Err(Errno::NOENT);
    }
    openat2(
        folder,
        name,
        flags | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS,
    )
}

/// What a step not taken means for one who reads: whatever is not there, is closed, or is no way, is gone.
pub(crate) fn refusal(path: &str, barred: Barred) -> StoreError {
    match barred {
        Barred::Closed(_)
        | Barred::System(Errno::LOOP | Errno::XDEV | Errno::INVAL | Errno::NAMETOOLONG) => {
            StoreError::Gone(path.to_owned())
        }
        Barred::System(errno) => StoreError::of_io(path, errno.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_the_mount_is_counted() {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(CWD, "/", flags, Mode::empty()).unwrap();
        assert_eq!(below_mount(root.as_fd()), Some(0));
        let proc = openat(CWD, "/proc/self", flags, Mode::empty()).unwrap();
        assert_eq!(below_mount(proc.as_fd()), Some(1));
    }

    #[test]
    fn no_name_leads_out() {
        let root = Root::new(Path::new("/proc/self"), Closed::default());
        let beneath = root.open().unwrap();
        for out in ["..", ".", "", "root", "cwd", "fd/..", "../self"] {
            assert!(beneath.folder(&format!("{out}/x")).is_err(), "{out}");
            let opened = step(beneath.root(), out.as_bytes(), OFlags::PATH | OFlags::DIRECTORY);
            assert!(opened.is_err(), "{out}");
        }
        assert!(beneath.folder("fd").is_ok());
    }
}
