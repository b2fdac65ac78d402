use std::io;
use std::path::Path;
use std::sync::Arc;

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
#[derive(Clone, Debug)]
pub(crate) struct DurableDirectory {
    inner: MmapDirectory,
}

impl DurableDirectory {
    pub(crate) fn new(inner: MmapDirectory) -> DurableDirectory {
        DurableDirectory { inner }
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
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.inner.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
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
