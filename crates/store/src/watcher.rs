use std::collections::HashMap;
use std::path::{Path, PathBuf};

use futures::StreamExt;
use inotify::{EventMask, Inotify, WatchDescriptor, WatchMask, Watches};
use tokio::sync::mpsc;

/// Hears what happens in a folder and below it.
///
/// A hint only: whatever is heard is looked at again, and the hourly listing finds what was not heard.
#[derive(Debug)]
pub struct Watcher {
    events: mpsc::Receiver<Heard>,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something about this path: look at it.
    Path(String),
    /// So much happened that only a listing tells what.
    Everything,
}

impl Watcher {
    /// Watches `root` and every folder below it.
    ///
    /// # Errors
    /// When the kernel refuses: no inotify, or no watches left (then the message names the cure).
    pub fn start(root: &Path) -> std::io::Result<Watcher> {
        let inotify = Inotify::init()?;
        let mut folders =
            Folders { root: root.to_owned(), watches: inotify.watches(), paths: HashMap::new() };
        folders.add(PathBuf::new())?;
        let (heard, events) = mpsc::channel(4096);
        tokio::spawn(listen(inotify, folders, heard));
        Ok(Watcher { events })
    }

    /// The next thing that happened; none when watching ended.
    pub async fn next(&mut self) -> Option<Heard> {
        self.events.recv().await
    }

    /// The next thing that happened, if it is known already.
    pub fn ready(&mut self) -> Option<Heard> {
        self.events.try_recv().ok()
    }
}

struct Folders {
    root: PathBuf,
    watches: Watches,
    paths: HashMap<WatchDescriptor, PathBuf>,
}

impl Folders {
    /// Watches a folder and all below it; links are not followed. Gives the files found on the way: they may
    /// have come before the watch.
    fn add(&mut self, folder: PathBuf) -> std::io::Result<Vec<PathBuf>> {
        let mask = WatchMask::CREATE
            | WatchMask::CLOSE_WRITE
            | WatchMask::MOVED_TO
            | WatchMask::MOVED_FROM
            | WatchMask::DELETE
            | WatchMask::ATTRIB
            | WatchMask::MOVE_SELF
            | WatchMask::ONLYDIR
            | WatchMask::DONT_FOLLOW;
        let mut files = Vec::new();
        let mut open = vec![folder];
        while let Some(folder) = open.pop() {
            let place = self.root.join(&folder);
            match self.watches.add(&place, mask) {
                Ok(watch) => {
                    self.paths.insert(watch, folder.clone());
                }
                // Gone again, or shut: a listing says so.
                Err(error)
                    if folder != Path::new("")
                        && matches!(
                            error.kind(),
                            std::io::ErrorKind::NotFound
                                | std::io::ErrorKind::PermissionDenied
                                | std::io::ErrorKind::NotADirectory
                        ) =>
                {
                    continue;
                }
                Err(error) if error.kind() == std::io::ErrorKind::StorageFull => {
                    return Err(std::io::Error::other(format!(
                        "{error}: no watches left for {}; raise fs.inotify.max_user_watches",
                        place.display()
                    )));
                }
                Err(error) => return Err(error),
            }
            let Ok(entries) = std::fs::read_dir(&place) else { continue };
            for entry in entries.flatten() {
                let path = folder.join(entry.file_name());
                match entry.file_type() {
                    Ok(kind) if kind.is_dir() => open.push(path),
                    Ok(kind) if kind.is_file() => files.push(path),
                    _ => {}
                }
            }
        }
        Ok(files)
    }
}

async fn listen(inotify: Inotify, mut folders: Folders, heard: mpsc::Sender<Heard>) {
    let mut buffer = vec![0; 64 * 1024];
    let Ok(mut events) = inotify.into_event_stream(&mut buffer) else { return };
    loop {
        let event = tokio::select! {
            event = events.next() => event,
            () = heard.closed() => return,
        };
        let Some(Ok(event)) = event else { return };
        let mut paths = Vec::new();
        if event.mask.contains(EventMask::Q_OVERFLOW) || event.mask.contains(EventMask::UNMOUNT) {
            paths.push(Heard::Everything);
        } else if event.mask.intersects(EventMask::MOVE_SELF | EventMask::IGNORED) {
            // The folder itself was moved away or removed, and another may stand in its place: this watch hears
            // nothing of that one, so it ends and a new one begins.
            if folders.paths.get(&event.wd).is_some_and(|folder| folder == Path::new("")) {
                return;
            }
            if event.mask.contains(EventMask::IGNORED) {
                folders.paths.remove(&event.wd);
            }
        } else if let (Some(folder), Some(name)) = (folders.paths.get(&event.wd), &event.name) {
            let path = folder.join(name);
            if event.mask.contains(EventMask::ISDIR) {
                if event.mask.intersects(EventMask::CREATE | EventMask::MOVED_TO) {
                    match folders.add(path) {
                        Ok(files) => paths.extend(files.iter().filter_map(|file| heard_path(file))),
                        Err(error) => {
                            tracing::warn!(%error, "a new folder is not watched; the next listing finds its files");
                            paths.push(Heard::Everything);
                        }
                    }
                } else if event.mask.intersects(EventMask::MOVED_FROM | EventMask::ATTRIB) {
                    // The files below are gone, or can be read now, without an event of their own.
                    paths.push(Heard::Everything);
                }
            } else {
                paths.extend(heard_path(&path));
            }
        }
        for path in paths {
            if heard.send(path).await.is_err() {
                return;
            }
        }
    }
}

fn heard_path(path: &Path) -> Option<Heard> {
    path.to_str().map(|path| Heard::Path(path.to_owned()))
}
