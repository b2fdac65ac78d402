use std::fmt;
use std::io;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};
use rustix::fs::{AtFlags, CWD, FileType, statat};

/// A folder of this service's own as an object store, in which only plain files are objects. A pipe in the place of one
/// would hold whoever opens it until somebody writes, and with him the end of the service; a link leads elsewhere; a
/// device may do anything when it is opened. For who asks they are not there, as a folder is not.
#[derive(Debug)]
pub struct PlainFiles {
    folder: LocalFileSystem,
}

impl PlainFiles {
    /// Over this folder.
    pub fn of(folder: LocalFileSystem) -> PlainFiles {
        PlainFiles { folder }
    }

    /// Looks before a file is opened. What another puts there in between is not guarded against: who writes here may do
    /// worse.
    fn plain(&self, key: &Path) -> Result<()> {
        let path = self.folder.path_to_filesystem(key)?;
        let source = match statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => match FileType::from_raw_mode(stat.st_mode) {
                FileType::RegularFile => return Ok(()),
                kind => io::Error::new(io::ErrorKind::NotFound, format!("it is a {kind:?}")),
            },
            // Opening it says why.
            Err(_) => return Ok(()),
        };
        Err(Error::NotFound { path: path.display().to_string(), source: source.into() })
    }
}

impl fmt::Display for PlainFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.folder.fmt(f)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for PlainFiles {
    async fn put_opts(
        &self,
        key: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        self.folder.put_opts(key, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        key: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.folder.put_multipart_opts(key, options).await
    }

    async fn get_opts(&self, key: &Path, options: GetOptions) -> Result<GetResult> {
        self.plain(key)?;
        self.folder.get_opts(key, options).await
    }

    async fn get_ranges(&self, key: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.plain(key)?;
        self.folder.get_ranges(key, ranges).await
    }

    fn delete_stream(
        &self,
        keys: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        self.folder.delete_stream(keys)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.folder.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.folder.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.folder.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.plain(from)?;
        self.folder.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.folder.rename_opts(from, to, options).await
    }
}
