use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use tantivy::Directory;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    DirectoryLock, FileHandle, FileSlice, Lock, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};

/// A folder of memory-mapped files in which a replaced file stays replaced after a power cut.
///
/// Tantivy makes a commit visible by writing `meta.json` anew: temporary file, sync, rename. It does not sync the
/// folder after the rename, so a commit that has returned may be gone after a power cut, while files that only
/// the former commit names are already deleted. Here the folder is synced before `atomic_write` returns: `commit`
/// is durable, and garbage is collected only after it.
///
/// The list of files that tantivy has made is written once for each commit, before it, and not once for each file: a
/// commit of few documents makes seven files, and each writing of the list costs two flushes. Files that were made and
/// listed nowhere when the power went are removed when the index is next written to.
#[derive(Clone, Debug)]
pub(crate) struct DurableDirectory {
    inner: MmapDirectory,
    /// The list of files, while it is newer than the one on the disk.
    list: Arc<Mutex<Option<Vec<u8>>>>,
}

/// Where tantivy keeps the list of files it has made.
const LIST: &str = ".managed.json";

impl DurableDirectory {
    pub(crate) fn new(inner: MmapDirectory) -> DurableDirectory {
        DurableDirectory { inner, list: Arc::default() }
    }
}

impl DurableDirectory {
    fn newer_list(&self) -> Option<Vec<u8>> {
        self.list.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

// A method that tantivy gives a default later must not slip past the wrapper.
#[deny(clippy::missing_trait_methods)]
impl Directory for DurableDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn open_read(&self, path: &Path) -> Result<FileSlice, OpenReadError> {
        self.inner.open_read(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        if path == Path::new(LIST) && self.newer_list().is_some() {
            return Ok(true);
        }
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.inner.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        match self.newer_list() {
            Some(list) if path == Path::new(LIST) => Ok(list),
            _ => self.inner.atomic_read(path),
        }
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if path == Path::new(LIST) {
            *list = Some(data.to_owned());
            return Ok(());
        }
        if let Some(newer) = &*list {
            self.inner.atomic_write(Path::new(LIST), newer)?;
            *list = None;
        }
        drop(list);
        self.inner.atomic_write(path, data)?;
        self.inner.sync_directory()
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        self.inner.acquire_lock(lock)
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}
