use std::fs::{File, Metadata};
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use madang_document::object::ObjectRef;
use madang_document::timestamp::Timestamp;
use rustix::fs::{Mode, OFlags, ResolveFlags};

use crate::store::{Listed, Listing, Pinned, Store, StoreError};

/// A drop folder on a local or mounted file system.
///
/// Links are neither listed nor followed, in no part of a path: whoever may drop a file must not be able to
/// have any other file of the machine read. Only regular files count.
#[derive(Clone, Debug)]
pub struct FolderStore {
    name: String,
    root: PathBuf,
}

impl FolderStore {
    /// The folder `root`; it need not exist yet.
    pub fn new(name: &str, root: &Path) -> FolderStore {
        FolderStore { name: name.into(), root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Opens a path below the root, following no link; the kernel holds the wall (openat2, RESOLVE_BENEATH).
    fn open_beneath(&self, path: &str, flags: OFlags) -> Result<File, StoreError> {
        let failed = |error: rustix::io::Errno| match error {
            // A link in the path, or a way out of the root.
            rustix::io::Errno::LOOP | rustix::io::Errno::XDEV => StoreError::Gone(path.to_owned()),
            error => StoreError::of_io(path, &error.into()),
        };
        let root = File::open(&self.root).map_err(|error| StoreError::of_io(path, &error))?;
        let opened = rustix::fs::openat2(
            root.as_fd(),
            path,
            flags | OFlags::CLOEXEC,
            Mode::empty(),
            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS,
        )
        .map_err(failed)?;
        Ok(File::from(opened))
    }

    fn list_now(&self) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        let mut folders = vec![(self.root.clone(), String::new())];
        while let Some((folder, prefix)) = folders.pop() {
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if prefix.is_empty() => {
                    return Err(match StoreError::of_io(&folder.to_string_lossy(), &error) {
                        // For the place as a whole, absence is a lost mount, not an answer.
                        StoreError::Gone(path) => StoreError::Unavailable {
                            path,
                            reason: format!("{error}; create the folder or mount it"),
                        },
                        other => other,
                    });
                }
                Err(error) => {
                    let reason = StoreError::of_io(&prefix, &error).to_string();
                    listing.unlisted.push((prefix, reason));
                    continue;
                }
            };
            for entry in entries {
                let entry = match entry {
                    Ok(entry) => entry,
                    Err(error) => {
                        listing.unlisted.push((prefix.clone(), error.to_string()));
                        break;
                    }
                };
                let name = entry.file_name();
                let Some(name) = name.to_str() else {
                    let shown = format!("{prefix}{}", name.to_string_lossy());
                    let reason = "its name is not UTF-8; rename it".to_owned();
                    listing.unlisted.push((shown, reason));
                    continue;
                };
                let path = format!("{prefix}{name}");
                // `DirEntry::metadata` does not follow links. A file that vanished meanwhile is just not
                // there.
                let Ok(metadata) = entry.metadata() else { continue };
                if metadata.is_dir() {
                    folders.push((entry.path(), format!("{path}/")));
                } else if metadata.is_file() {
                    listing.objects.push(listed(path, &metadata));
                }
            }
        }
        for (folder, _) in &mut listing.unlisted {
            folder.truncate(folder.trim_end_matches('/').len());
        }
        listing.objects.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(listing)
    }
}

fn listed(path: String, metadata: &Metadata) -> Listed {
    let modified =
        metadata.mtime().saturating_mul(1000).saturating_add(metadata.mtime_nsec() / 1_000_000);
    Listed {
        path,
        version: version(metadata),
        size: metadata.len(),
        modified: Some(Timestamp(modified)),
    }
}

/// Inode, time of change in nanoseconds and size. The device is left out: its number may change when a
/// machine restarts, and every file would seem new.
fn version(metadata: &Metadata) -> String {
    let nanos = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    format!("{:x}-{nanos:x}-{:x}", metadata.ino(), metadata.len())
}

/// Runs file system work where blocking is allowed.
async fn blocking<T: Send + 'static>(
    path: &str,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => {
            Err(StoreError::Unavailable { path: path.to_owned(), reason: error.to_string() })
        }
    }
}

#[async_trait]
impl Store for FolderStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> String {
        self.root.display().to_string()
    }

    async fn list(&self) -> Result<Listing, StoreError> {
        let store = self.clone();
        blocking("", move || store.list_now()).await
    }

    async fn look(&self, path: &str) -> Result<Option<Listed>, StoreError> {
        let store = self.clone();
        let path = path.to_owned();
        blocking(&path.clone(), move || {
            let opened = store.open_beneath(&path, OFlags::PATH | OFlags::NOFOLLOW);
            match opened {
                Ok(file) => {
                    let metadata =
                        file.metadata().map_err(|error| StoreError::of_io(&path, &error))?;
                    Ok(metadata.is_file().then(|| listed(path, &metadata)))
                }
                Err(StoreError::Gone(_)) => Ok(None),
                Err(error) => Err(error),
            }
        })
        .await
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        let store = self.clone();
        let object = object.clone();
        blocking(&object.path.clone(), move || {
            // Not blocking on a named pipe that somebody put in the file's place.
            let file = store.open_beneath(&object.path, OFlags::RDONLY | OFlags::NONBLOCK)?;
            let pinned =
                PinnedFile { file: Arc::new(file), path: object.path, version: object.version };
            pinned.check()?;
            Ok(Box::new(pinned) as Box<dyn Pinned>)
        })
        .await
    }

    async fn put(
        &self,
        path: &str,
        mut body: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> Result<Listed, StoreError> {
        let place = place_for(&self.root, path)?;
        let in_place = place.clone();
        let owned = path.to_owned();
        let (mut file, temporary) = blocking(path, move || {
            std::fs::create_dir_all(&in_place.folder)
                .map_err(|error| StoreError::of_io(&owned, &error))?;
            in_place.check_no_way_out(&owned)?;
            let file = File::options()
                .write(true)
                .create_new(true)
                .open(&in_place.temporary)
                .map_err(|error| StoreError::of_io(&owned, &error))?;
            Ok((file, TemporaryFile(in_place.temporary)))
        })
        .await?;
        while let Some(chunk) = body.next().await {
            let owned = path.to_owned();
            let chunk = chunk.map_err(|error| StoreError::BrokenOff {
                path: owned.clone(),
                reason: error.to_string(),
            })?;
            file = blocking(path, move || {
                file.write_all(&chunk).map_err(|error| StoreError::of_io(&owned, &error))?;
                Ok(file)
            })
            .await?;
        }
        let owned = path.to_owned();
        let target = place.target;
        let folder = place.folder;
        blocking(path, move || {
            let failed = |error: std::io::Error| StoreError::of_io(&owned, &error);
            file.sync_all().map_err(failed)?;
            std::fs::rename(&temporary.0, &target).map_err(failed)?;
            File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
            let metadata = file.metadata().map_err(failed)?;
            Ok(listed(owned.clone(), &metadata))
        })
        .await
    }
}

/// Where an upload is written, and where it ends.
#[derive(Clone, Debug)]
struct Place {
    root: PathBuf,
    folder: PathBuf,
    temporary: PathBuf,
    target: PathBuf,
}

impl Place {
    /// A link among the folders could lead out of the root: then nothing is written.
    fn check_no_way_out(&self, path: &str) -> Result<(), StoreError> {
        let real = |p: &Path| p.canonicalize().map_err(|error| StoreError::of_io(path, &error));
        if real(&self.folder)?.starts_with(real(&self.root)?) {
            Ok(())
        } else {
            Err(StoreError::Denied {
                path: path.to_owned(),
                reason: "a link on the way leads out of the drop folder; remove it".into(),
            })
        }
    }
}

fn place_for(root: &Path, path: &str) -> Result<Place, StoreError> {
    crate::upload::check_path(path).map_err(|reason| StoreError::Denied {
        path: path.to_owned(),
        reason: reason.to_string(),
    })?;
    let target = root.join(path);
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(StoreError::Denied { path: path.to_owned(), reason: "it has no name".into() });
    };
    // Hidden and with the suffix that sources skip, unique so that two uploads of one name do not mix.
    let mark = uuid::Uuid::now_v7().simple();
    let short: String = name.to_string_lossy().chars().take(40).collect();
    let temporary = folder.join(format!(".{short}.{mark}.part"));
    Ok(Place { root: root.to_owned(), folder: folder.to_owned(), temporary, target })
}

/// Removed when it is not needed any more: after the rename there is nothing to remove.
struct TemporaryFile(PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[derive(Debug)]
struct PinnedFile {
    file: Arc<File>,
    path: String,
    version: String,
}

impl PinnedFile {
    fn check(&self) -> Result<(), StoreError> {
        let metadata =
            self.file.metadata().map_err(|error| StoreError::of_io(&self.path, &error))?;
        if metadata.is_file() && version(&metadata) == self.version {
            Ok(())
        } else {
            Err(StoreError::Gone(self.path.clone()))
        }
    }
}

#[async_trait]
impl Pinned for PinnedFile {
    async fn read(&self, offset: u64, length: u64) -> Result<Bytes, StoreError> {
        let file = Arc::clone(&self.file);
        let path = self.path.clone();
        blocking(&self.path, move || {
            let mut buffer = vec![0; usize::try_from(length).unwrap_or(usize::MAX).min(8 << 20)];
            let n = file
                .read_at(&mut buffer, offset)
                .map_err(|error| StoreError::of_io(&path, &error))?;
            buffer.truncate(n);
            Ok(Bytes::from(buffer))
        })
        .await
    }

    async fn unchanged(&self) -> Result<(), StoreError> {
        self.check()
    }
}
