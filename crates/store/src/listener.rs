use std::collections::{BTreeMap, HashMap, HashSet};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use inotify::{Event, EventMask, EventOwned, Inotify, WatchDescriptor, WatchMask, Watches};
use madang_document::object_key;
use madang_document::sidecar::described;
use rustix::fd::{AsFd, AsRawFd};
use rustix::fs::{Dir, FileType};
use rustix::io::Errno;
use tokio::sync::mpsc;

use crate::beneath::{Barred, Beneath, PATH_MAX, Root, refusal};
use crate::error::StoreError;
use crate::mark::is_kept_name;
use crate::stat;
use crate::watcher::{Heard, Watcher};

/// How often a folder that could not be listened to is tried again.
const AGAIN: Duration = Duration::from_secs(30);

/// Listens to a folder and every folder below it.
///
/// Each folder is reached by descriptors, as in a listing, and watched by its descriptor: so no link that
/// somebody puts in the way is followed.
///
/// # Errors
/// When the root itself cannot be listened to: no inotify, no watches left (the message names the cure), or the
/// folder is away.
pub(crate) async fn listen(root: Arc<Root>) -> Result<Watcher, StoreError> {
    let (to, events) = mpsc::channel(4096);
    let inotify = Inotify::init().map_err(|error| StoreError::of_io(&shown(&root), error))?;
    let mut folders = Folders {
        root,
        watches: inotify.watches(),
        keys: HashMap::new(),
        deaf: BTreeMap::new(),
        closed: HashSet::new(),
        told: Vec::new(),
    };
    let started = tokio::task::spawn_blocking(move || {
        folders.start()?;
        Ok::<_, StoreError>(folders)
    });
    let folders = match started.await {
        Ok(folders) => folders?,
        Err(error) => return Err(StoreError::unavailable("", error.to_string(), error)),
    };
    tokio::spawn(hear(inotify, folders, to));
    Ok(Watcher::new(events))
}

fn shown(root: &Root) -> String {
    root.path().display().to_string()
}

struct Folders {
    root: Arc<Root>,
    watches: Watches,
    /// Keys of the watched folders; empty for the root.
    keys: HashMap<WatchDescriptor, String>,
    /// Folders that cannot be listened to, each with the reason.
    deaf: BTreeMap<String, String>,
    /// Folders that are closed: there is something to tell of them when they come and go, and of nothing in them.
    closed: HashSet<String>,
    /// What is to be said next.
    told: Vec<Heard>,
}

impl Folders {
    /// Watches everything; what is there already is found by a listing.
    fn start(&mut self) -> Result<(), StoreError> {
        let beneath = self.root.open()?;
        self.watch(&beneath, "").map_err(|barred| match barred {
            Barred::System(errno @ Errno::NOSPC) => {
                StoreError::unavailable(&shown(&self.root), NO_WATCHES, errno)
            }
            barred => refusal(&shown(&self.root), barred),
        })?;
        self.descend(&beneath, String::new());
        self.told.retain(|heard| !matches!(heard, Heard::Path(_)));
        Ok(())
    }

    /// Watches what is below a folder that is watched, and tells of the files found: they may have come before
    /// the watch.
    fn descend(&mut self, beneath: &Beneath, folder: String) {
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            let mut below = Vec::new();
            let mut files = Vec::new();
            match names(beneath, &folder, &mut below, &mut files) {
                Ok(()) => self.told.extend(files.into_iter().map(Heard::Path)),
                Err(barred) if barred.is_gone() => {}
                Err(barred) => self.deaf(folder, barred),
            }
            // Watched before its names are read, so that nothing falls between.
            for folder in below {
                self.stands_for(&folder);
                match self.watch(beneath, &folder) {
                    Ok(()) => open.push(folder),
                    Err(Barred::Closed(_)) => self.closed(folder),
                    Err(barred) if barred.is_gone() => {}
                    Err(barred) => self.deaf(folder, barred),
                }
            }
        }
    }

    fn watch(&mut self, beneath: &Beneath, key: &str) -> Result<(), Barred> {
        // The mask says nothing of links: the way goes through one of the kernel's own, which leads to the
        // descriptor and nowhere else.
        let mask = WatchMask::CREATE
            | WatchMask::CLOSE_WRITE
            | WatchMask::MOVED_TO
            | WatchMask::MOVED_FROM
            | WatchMask::DELETE
            | WatchMask::ATTRIB
            | WatchMask::MOVE_SELF
            | WatchMask::ONLYDIR;
        if object_key::to_bytes(key).len() >= PATH_MAX {
            return Err(Errno::NAMETOOLONG.into());
        }
        let folder = beneath.folder(key)?;
        let way = format!("/proc/self/fd/{}", folder.as_fd().as_raw_fd());
        let watch = self
            .watches
            .add(way, mask)
            .map_err(|error| error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error))?;
        self.keys.insert(watch, key.to_owned());
        Ok(())
    }

    fn deaf(&mut self, folder: String, barred: Barred) {
        let is_left_out = barred == Barred::System(Errno::NAMETOOLONG);
        let reason = match barred {
            Barred::Closed(reason) => reason,
            Barred::System(Errno::NOSPC) => NO_WATCHES.to_owned(),
            Barred::System(Errno::NAMETOOLONG) => {
                "its path is longer than 4,096 bytes; move it up".to_owned()
            }
            Barred::System(errno) => StoreError::of_io(&folder, errno.into()).to_string(),
        };
        if self.deaf.insert(folder.clone(), reason.clone()).as_ref() != Some(&reason) {
            if is_left_out {
                self.told.push(Heard::Path(folder.clone()));
            }
            self.told.push(Heard::Deaf { folder, reason });
        }
    }

    fn closed(&mut self, folder: String) {
        self.told.push(Heard::Path(folder.clone()));
        self.closed.insert(folder);
    }

    /// A folder that is new to us: watches it and all below it.
    fn add(&mut self, folder: String) {
        let beneath = match self.root.open() {
            Ok(beneath) => beneath,
            Err(_) => return self.told.push(Heard::Everything),
        };
        match self.watch(&beneath, &folder) {
            Ok(()) => self.descend(&beneath, folder),
            Err(Barred::Closed(_)) => self.closed(folder),
            Err(barred) if barred.is_gone() => {}
            Err(barred) => {
                self.deaf(folder, barred);
                self.told.push(Heard::Everything);
            }
        }
    }

    /// Tries again what could not be listened to.
    fn mend(&mut self) {
        let Ok(beneath) = self.root.open() else { return };
        for folder in self.deaf.keys().cloned().collect::<Vec<_>>() {
            match self.watch(&beneath, &folder) {
                Ok(()) => {
                    self.deaf.remove(&folder);
                    self.told.push(Heard::Again(folder.clone()));
                    self.descend(&beneath, folder);
                }
                Err(barred) if barred.is_gone() => {
                    self.deaf.remove(&folder);
                    self.told.push(Heard::Again(folder));
                }
                Err(_) => {}
            }
        }
    }

    /// What an event says. Gives whether to go on listening.
    fn take(&mut self, event: &EventOwned) -> bool {
        let Event { wd, mask, name, .. } = event;
        if mask.contains(EventMask::Q_OVERFLOW) || mask.contains(EventMask::UNMOUNT) {
            self.told.push(Heard::Everything);
            return true;
        }
        let Some(folder) = self.keys.get(wd) else { return true };
        if mask.intersects(EventMask::MOVE_SELF | EventMask::IGNORED) {
            // The root itself was moved away or removed, and another may stand in its place: this watch hears
            // nothing of that one, so it ends and a new one begins.
            if folder.is_empty() {
                return false;
            }
            if mask.contains(EventMask::IGNORED) {
                self.keys.remove(wd);
            }
            return true;
        }
        let Some(name) = name else { return true };
        let last = name.as_bytes();
        let name = object_key::from_bytes(last);
        let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if !mask.contains(EventMask::ISDIR) {
            // What lies around it may be a data folder from now on, or none any more: by what comes and goes, never by
            // what is written into it, or an honest file of such a name that is written often would have the source
            // listed without end.
            let came_or_went =
                EventMask::CREATE | EventMask::MOVED_TO | EventMask::MOVED_FROM | EventMask::DELETE;
            if mask.intersects(came_or_went) && is_kept_name(last) {
                self.told.push(Heard::Everything);
            }
            self.told.push(Heard::Path(key));
        } else if mask.intersects(EventMask::CREATE | EventMask::MOVED_TO) {
            self.stands_for(&key);
            self.add(key);
        } else if mask.intersects(EventMask::MOVED_FROM | EventMask::ATTRIB) {
            // The files below are gone, or can be read now, without an event of their own.
            self.closed.remove(&key);
            self.told.push(Heard::Everything);
        } else if self.closed.remove(&key) || described(&key).is_some() {
            self.told.push(Heard::Path(key));
        }
        true
    }

    /// A folder with the name of a sidecar is news, beside what lies in it.
    fn stands_for(&mut self, folder: &str) {
        if described(folder).is_some() {
            self.told.push(Heard::Path(folder.to_owned()));
        }
    }
}

/// Why the kernel takes no more watches, and the cure.
const NO_WATCHES: &str = "no watches are left; raise fs.inotify.max_user_watches";

/// The folders in a folder, and all else in it, by their keys: what cannot be taken is news, too.
fn names(
    beneath: &Beneath,
    key: &str,
    folders: &mut Vec<String>,
    files: &mut Vec<String>,
) -> Result<(), Barred> {
    let folder = beneath.folder(key)?;
    let mut listing = Dir::read_from(folder.as_fd())?;
    while let Some(entry) = listing.read() {
        let entry = entry?;
        let bytes = entry.file_name().to_bytes();
        if bytes == b"." || bytes == b".." {
            continue;
        }
        let name = object_key::from_bytes(bytes);
        let below = if key.is_empty() { name } else { format!("{key}/{name}") };
        match entry.file_type() {
            FileType::Directory => folders.push(below),
            // Some file systems do not say it here.
            FileType::Unknown => match stat::at(folder.as_fd(), bytes) {
                Ok(seen) if stat::kind(&seen) == FileType::Directory => {
                    folders.push(below);
                }
                _ => files.push(below),
            },
            _ => files.push(below),
        }
    }
    Ok(())
}

async fn hear(inotify: Inotify, mut folders: Folders, to: mpsc::Sender<Heard>) {
    let mut buffer = vec![0; 64 * 1024];
    let Ok(mut events) = inotify.into_event_stream(&mut buffer) else { return };
    let mut again = tokio::time::interval(AGAIN);
    again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        for heard in std::mem::take(&mut folders.told) {
            if to.send(heard).await.is_err() {
                return;
            }
        }
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => if !folders.take(&event) { return },
                Some(Err(_)) | None => return,
            },
            _ = again.tick() => if !folders.deaf.is_empty() { folders.mend() },
            () = to.closed() => return,
        }
    }
}
