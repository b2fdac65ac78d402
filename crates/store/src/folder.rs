use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use madang_document::object::ObjectRef;
use madang_document::object_key;
use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, FlockOperation, Mode, OFlags, RawMode, RenameFlags, Stat, Statx, fchmod,
    flock, fstat, linkat, mkdirat, openat, renameat, renameat_with, unlinkat,
};
use rustix::io::Errno;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::beneath::{Barred, Beneath, Folder, PATH_MAX, Root, refusal, step};
use crate::closed::Closed;
use crate::error::StoreError;
use crate::store::{Body, Listed, Listing, Pinned, Precondition, Seen, Store};
use crate::upload::check_path;
use crate::version::same_version;
use crate::walk::{Walk, half_name, listed, seen_at};
use crate::watcher::Watcher;
use crate::{listener, stat, version};

/// A drop folder on a local or mounted file system.
///
/// Links are neither listed nor followed, in no part of a path. Only regular files count. The folder is never
/// made: where it is not, nothing can be put.
#[derive(Clone, Debug)]
pub struct FolderStore {
    name: String,
    root: Arc<Root>,
    /// Half uploads that were begun before this are those of a service that is dead.
    born: Uuid,
    /// One upload takes its place at a time, so that a condition holds when it does.
    placing: Arc<Mutex<()>>,
}

impl FolderStore {
    /// The folder at `root`, which need not be there yet. What is `closed` (the service's own) is no part of it,
    /// wherever below it that lies, and by whatever link or mount.
    pub fn new(name: &str, root: &Path, closed: Closed) -> FolderStore {
        FolderStore {
            name: name.into(),
            root: Arc::new(Root::new(root, closed)),
            born: Uuid::now_v7(),
            placing: Arc::default(),
        }
    }
}

/// Runs file system work where blocking is allowed.
async fn blocking<T: Send + 'static>(
    path: &str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::unavailable(path, error.to_string(), error)),
    }
}

/// Things of a listing that go from the thread that walks to the one that listens at once.
const BATCH: usize = 256;

/// What the walking thread says. A listing without an end is none: whoever took a thread that died for the end
/// of the folder would take everything behind it for deleted.
enum Walked {
    Seen(Vec<Seen>),
    Failed(StoreError),
    End,
}

fn walk(root: &Root, born: Uuid, to: &mpsc::Sender<Walked>) -> Result<(), StoreError> {
    let walk = Walk::new(root.take()?, born).map_err(|error| match error {
        StoreError::Denied { reason, source, .. } => {
            StoreError::Denied { path: root.path().display().to_string(), reason, source }
        }
        other => other,
    })?;
    let mut batch = Vec::with_capacity(BATCH);
    for seen in walk {
        batch.push(seen?);
        if batch.len() == BATCH
            && to.blocking_send(Walked::Seen(std::mem::take(&mut batch))).is_err()
        {
            return Ok(());
        }
    }
    let _ = to.blocking_send(Walked::Seen(batch));
    let _ = to.blocking_send(Walked::End);
    Ok(())
}

#[async_trait]
impl Store for FolderStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> String {
        self.root.path().display().to_string()
    }

    fn list(&self) -> Listing {
        let root = Arc::clone(&self.root);
        let born = self.born;
        let walking = async move {
            let (to, from) = mpsc::channel(4);
            tokio::task::spawn_blocking(move || {
                if let Err(error) = walk(&root, born, &to) {
                    let _ = to.blocking_send(Walked::Failed(error));
                }
            });
            futures::stream::unfold(Some(from), |from| async move {
                let mut from = from?;
                match from.recv().await {
                    Some(Walked::Seen(batch)) => {
                        Some((batch.into_iter().map(Ok).collect(), Some(from)))
                    }
                    Some(Walked::Failed(error)) => Some((vec![Err(error)], None)),
                    Some(Walked::End) => None,
                    None => {
                        let error = StoreError::away("", "the listing was broken off");
                        Some((vec![Err(error)], None))
                    }
                }
            })
        };
        futures::stream::once(walking).flatten().flat_map(futures::stream::iter).boxed()
    }

    async fn look(&self, path: &str) -> Result<Option<Seen>, StoreError> {
        let root = Arc::clone(&self.root);
        let path = path.to_owned();
        blocking(&path.clone(), move || {
            let beneath = root.open()?;
            let name = object_key::to_bytes(&path);
            let found = beneath.folder_of(&name).and_then(|(folder, last)| {
                let above = name.len().saturating_sub(last.len() + 1);
                if above >= PATH_MAX {
                    // That folder is what is left out, and all in it with it.
                    return Err(Errno::NAMETOOLONG.into());
                }
                Ok(seen_at(&beneath, folder.as_fd(), &path, last)?)
            });
            match found.map_err(|barred| refusal(&path, barred)) {
                Err(StoreError::Gone(_)) => Ok(None),
                found => found,
            }
        })
        .await
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        let root = Arc::clone(&self.root);
        let object = object.clone();
        blocking(&object.path.clone(), move || {
            let beneath = root.open()?;
            let name = object_key::to_bytes(&object.path);
            let file = beneath
                .folder_of(&name)
                // Not blocking on a named pipe that somebody put in the file's place.
                .and_then(|(folder, name)| {
                    let file = step(folder.as_fd(), name, OFlags::RDONLY | OFlags::NONBLOCK)?;
                    beneath.check(&stat::of(file.as_fd())?)?;
                    Ok(file)
                })
                .map_err(|barred| refusal(&object.path, barred))?;
            let file = Arc::new(File::from(file));
            let head = Bytes::new();
            let mut pinned = PinnedFile { file, path: object.path, version: object.version, head };
            // From here on it must stay as it is now, to the inode's own time.
            pinned.version = pinned.check()?;
            if object.size <= HEAD {
                pinned.head = pinned.read_here(0, object.size)?;
            }
            Ok(Box::new(pinned) as Box<dyn Pinned>)
        })
        .await
    }

    async fn put(
        &self,
        path: &str,
        mut body: Body,
        condition: Precondition,
    ) -> Result<Listed, StoreError> {
        check_path(path).map_err(|bad| StoreError::denied_by(path, bad))?;
        let root = Arc::clone(&self.root);
        let owned = path.to_owned();
        let asked = condition.clone();
        let mut half = blocking(path, move || {
            let half = Half::begin(&root.open()?, &owned)?;
            // Before the bytes come: nobody should send 10 GB to hear that.
            half.check(&asked)?;
            Ok(half)
        })
        .await?;
        while let Some(chunk) = body.next().await {
            let chunk =
                chunk.map_err(|source| StoreError::BrokenOff { path: path.to_owned(), source })?;
            half = blocking(path, move || {
                half.write(&chunk)?;
                Ok(half)
            })
            .await?;
        }
        let placing = Arc::clone(&self.placing);
        let root = Arc::clone(&self.root);
        blocking(path, move || {
            half.flush()?;
            let _one = placing.lock().unwrap_or_else(PoisonError::into_inner);
            half.is_still_there(&root.open()?)?;
            half.check(&condition)?;
            half.place(condition == Precondition::IfAbsent)
        })
        .await
    }

    async fn watch(&self) -> Result<Option<Watcher>, StoreError> {
        listener::listen(Arc::clone(&self.root)).await.map(Some)
    }
}

fn is_file(seen: &Statx) -> bool {
    stat::kind(seen) == FileType::RegularFile
}

/// How often half an upload is begun anew because somebody swept it before its lock was held.
const BEGINNINGS: usize = 16;

/// A new file for half an upload of `name`, and what it is called there. Its lock is held while it is written: so nobody
/// takes it for one of a dead service. It cannot be made and locked in one step; what a service that starts just then
/// takes between the two is begun anew.
fn held(folder: BorrowedFd<'_>, name: &str) -> Result<(File, String), Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    for _ in 0..BEGINNINGS {
        let temporary = half_name(name, Uuid::now_v7());
        let file = File::from(openat(folder, &temporary, flags, Mode::from_raw_mode(0o600))?);
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) if fstat(&file)?.st_nlink > 0 => return Ok((file, temporary)),
            Ok(()) | Err(Errno::WOULDBLOCK) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::AGAIN)
}

/// An upload that is not whole yet: a hidden file in the folder where it will stand. Removed when it is let go,
/// unless it took its place.
#[derive(Debug)]
struct Half {
    folder: OwnedFd,
    file: File,
    /// The name it has, until it is placed.
    temporary: Option<String>,
    /// The name it will have.
    name: Vec<u8>,
    path: String,
}

impl Half {
    /// Makes the folders on the way, and the file. Every step is taken from the folder before it.
    fn begin(beneath: &Beneath, path: &str) -> Result<Half, StoreError> {
        let failed = |errno: Errno| put_refusal(path, errno.into());
        let mut parts = path.split('/');
        let name = parts.next_back().unwrap_or_default();
        let mut folder = Folder::Root(beneath.root());
        for part in parts {
            let part = object_key::to_bytes(part);
            let made = enter_or_make(beneath, folder.as_fd(), &part)
                .map_err(|barred| put_refusal(path, barred))?;
            folder = Folder::Below(made);
        }
        let here = fstat(folder.as_fd()).map_err(failed)?;
        let (file, temporary) = held(folder.as_fd(), name).map_err(failed)?;
        let half = Half {
            folder: rustix::io::fcntl_dupfd_cloexec(&folder, 0).map_err(failed)?,
            file,
            temporary: Some(temporary),
            name: object_key::to_bytes(name).into_owned(),
            path: path.to_owned(),
        };
        open_as(half.file.as_fd(), &here, 0o666).map_err(failed)?;
        Ok(half)
    }

    fn check(&self, condition: &Precondition) -> Result<(), StoreError> {
        let there = match stat::at(self.folder.as_fd(), &self.name) {
            Ok(there) => Some(there),
            Err(Errno::NOENT) => None,
            Err(errno) => return Err(put_refusal(&self.path, errno.into())),
        };
        if let Some(what) = there.as_ref().and_then(in_the_way) {
            let reason = format!("{what} of that name stands there; choose another name");
            return Err(StoreError::Conflict { path: self.path.clone(), reason });
        }
        let holds = match (condition, &there) {
            (Precondition::Always, _) => true,
            (Precondition::IfAbsent, there) => there.is_none(),
            (Precondition::IfPresent, there) => there.is_some(),
            (Precondition::IfVersion(_), None) => false,
            (Precondition::IfVersion(wanted), Some(there)) => {
                same_version(wanted, &version::of_file(there))
            }
        };
        if holds { Ok(()) } else { Err(StoreError::Precondition(self.path.clone())) }
    }

    fn write(&mut self, chunk: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(chunk).map_err(|error| StoreError::of_io(&self.path, error))
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.file.sync_all().map_err(|error| StoreError::of_io(&self.path, error))
    }

    /// Whether the way to its folder still leads there: while the bytes came, the folder may have been moved, or another
    /// file system mounted over it, and nobody would find the file again.
    fn is_still_there(&self, beneath: &Beneath) -> Result<(), StoreError> {
        let name = object_key::to_bytes(&self.path);
        let now = match beneath.folder_of(&name) {
            Ok((folder, _)) => fstat(folder.as_fd()).map(Some),
            Err(Barred::System(Errno::NOENT)) => Ok(None),
            Err(barred) => return Err(put_refusal(&self.path, barred)),
        };
        let failed = |errno: Errno| put_refusal(&self.path, errno.into());
        let (now, then) = (now.map_err(failed)?, fstat(&self.folder).map_err(failed)?);
        match now {
            Some(now) if (now.st_dev, now.st_ino) == (then.st_dev, then.st_ino) => Ok(()),
            _ => Err(StoreError::away(
                &self.path,
                "its folder was moved or its disk went away while it came; send it again",
            )),
        }
    }

    /// Gives it its name, and makes that durable.
    fn place(mut self, only_if_absent: bool) -> Result<Listed, StoreError> {
        let failed = |errno: Errno| put_refusal(&self.path, errno.into());
        let Some(temporary) = self.temporary.take() else {
            return Err(StoreError::Gone(self.path.clone()));
        };
        let folder = self.folder.as_fd();
        let placed = match only_if_absent {
            true => place_new(folder, &temporary, &self.name),
            false => renameat(folder, &temporary, folder, self.name.as_slice()),
        };
        if let Err(errno) = placed {
            let _ = unlinkat(folder, &temporary, AtFlags::empty());
            return Err(match errno {
                Errno::EXIST if only_if_absent => StoreError::Precondition(self.path.clone()),
                errno => failed(errno),
            });
        }
        // The inode's own time is that of the renaming: asked for afterwards, it is what a listing will show.
        let there = stat::of(self.file.as_fd()).map_err(failed)?;
        sync(folder).map_err(failed)?;
        Ok(listed(self.path.clone(), &there))
    }
}

impl Drop for Half {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = unlinkat(&self.folder, temporary, AtFlags::empty());
        }
    }
}

/// Gives a file a name that nobody has.
fn place_new(folder: BorrowedFd<'_>, temporary: &str, name: &[u8]) -> Result<(), Errno> {
    match renameat_with(folder, temporary, folder, name, RenameFlags::NOREPLACE) {
        // Some mounted file systems do not know the flag; a second name is as good, and they know that.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            linkat(folder, temporary, folder, name, AtFlags::empty())?;
            unlinkat(folder, temporary, AtFlags::empty())
        }
        placed => placed,
    }
}

/// What an upload does not replace: whoever made it wants it there, and it was never a document.
fn in_the_way(there: &Statx) -> Option<&'static str> {
    match stat::kind(there) {
        FileType::RegularFile if stat::is_mount_root(there) == Some(true) => Some("a mounted file"),
        FileType::RegularFile | FileType::Unknown => None,
        FileType::Directory => Some("a folder"),
        FileType::Symlink => Some("a link"),
        FileType::Fifo => Some("a named pipe"),
        FileType::Socket => Some("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
    }
}

/// Opens a folder on the way of an upload; makes it if nothing is there.
fn enter_or_make(
    beneath: &Beneath,
    folder: BorrowedFd<'_>,
    name: &[u8],
) -> Result<OwnedFd, Barred> {
    match beneath.enter(folder, name) {
        Err(Barred::System(Errno::NOENT)) => {}
        entered => return entered,
    }
    let above = fstat(folder)?;
    match mkdirat(folder, name, Mode::from_raw_mode(0o700)) {
        Ok(()) => {
            let made = beneath.enter(folder, name)?;
            open_as(made.as_fd(), &above, 0o777)?;
            sync(folder)?;
            Ok(made)
        }
        // Another upload made it just now.
        Err(Errno::EXIST) => beneath.enter(folder, name),
        Err(errno) => Err(errno.into()),
    }
}

/// Lets those in who are let into the folder above: whoever shares a drop folder reads what others dropped, and
/// whoever keeps it to himself keeps this, too.
fn open_as(file: BorrowedFd<'_>, above: &Stat, bits: RawMode) -> Result<(), Errno> {
    let mode = Mode::from_raw_mode(above.st_mode & bits | 0o600 & bits);
    match fchmod(file, mode) {
        // A file system without modes.
        Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
        done => done,
    }
}

/// Makes the names in a folder durable.
fn sync(folder: BorrowedFd<'_>) -> Result<(), Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    match openat(folder, ".", flags, Mode::empty()) {
        Ok(folder) => match rustix::fs::fsync(folder) {
            // Not every mounted file system can.
            Err(Errno::INVAL | Errno::ROFS | Errno::NOTSUP) => Ok(()),
            done => done,
        },
        // A folder that may be written and not read cannot be made durable by name.
        Err(Errno::ACCESS) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// What a failed step means for one who writes.
fn put_refusal(path: &str, barred: Barred) -> StoreError {
    let errno = match barred {
        Barred::Closed(reason) => return StoreError::denied(path, reason),
        Barred::System(errno) => errno,
    };
    match errno {
        Errno::LOOP | Errno::XDEV => StoreError::denied(
            path,
            "a link stands on the way, and links are not followed; remove it",
        ),
        Errno::NOTDIR => StoreError::Conflict {
            path: path.to_owned(),
            reason: "a file stands where a folder of that name would be; choose another".into(),
        },
        Errno::ISDIR | Errno::NOTEMPTY | Errno::EXIST => StoreError::Conflict {
            path: path.to_owned(),
            reason: "a folder of that name stands there; choose another name".into(),
        },
        Errno::BUSY => StoreError::Conflict {
            path: path.to_owned(),
            reason: "something is mounted at that name; choose another".into(),
        },
        Errno::NAMETOOLONG => {
            StoreError::denied(path, "the name is longer than this file system takes")
        }
        // The folder was taken away while the bytes came.
        Errno::NOENT => StoreError::away(path, "its folder was removed meanwhile; put it again"),
        errno => StoreError::of_io(path, errno.into()),
    }
}

#[derive(Clone, Debug)]
struct PinnedFile {
    file: Arc<File>,
    path: String,
    version: String,
    /// Its first bytes, read when it was opened: all of them where there are few.
    head: Bytes,
}

/// A file of at most so many bytes is read where it is opened: going to another thread costs more than the bytes.
const HEAD: u64 = 256 << 10;

impl PinnedFile {
    /// Reads where blocking is allowed.
    fn read_here(&self, offset: u64, length: u64) -> Result<Bytes, StoreError> {
        let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(8 << 20)];
        let n = self.file.read_at(&mut buffer, offset);
        buffer.truncate(n.map_err(|error| StoreError::of_io(&self.path, error))?);
        Ok(Bytes::from(buffer))
    }

    /// So many bytes from there on, if they were read already.
    fn known(&self, offset: u64, length: u64) -> Option<Bytes> {
        let start = usize::try_from(offset).ok()?;
        let end = start.checked_add(usize::try_from(length).ok()?)?;
        (end <= self.head.len()).then(|| self.head.slice(start..end))
    }

    /// The version that is there, if it is the one that is meant.
    fn check(&self) -> Result<String, StoreError> {
        let there = stat::of(self.file.as_fd())
            .map_err(|errno| StoreError::of_io(&self.path, errno.into()))?;
        let seen = version::of_file(&there);
        if is_file(&there) && same_version(&self.version, &seen) {
            Ok(seen)
        } else {
            Err(StoreError::Gone(self.path.clone()))
        }
    }
}

#[async_trait]
impl Pinned for PinnedFile {
    async fn read(&self, offset: u64, length: u64) -> Result<Bytes, StoreError> {
        if let Some(bytes) = self.known(offset, length) {
            return Ok(bytes);
        }
        let pinned = self.clone();
        blocking(&self.path, move || pinned.read_here(offset, length)).await
    }

    async fn unchanged(&self) -> Result<(), StoreError> {
        self.check().map(|_| ())
    }
}
