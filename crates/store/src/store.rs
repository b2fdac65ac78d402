use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use madang_document::object::ObjectRef;
use madang_document::timestamp::Timestamp;

/// Where dropped files lie: a folder, or a bucket.
///
/// Smaller than `object_store::ObjectStore`, which stands behind buckets: a drop folder needs what that
/// interface hides (a folder that cannot be listed must not hide its neighbours, links are not followed, a
/// file is read through one descriptor so that it cannot be swapped between two reads).
#[async_trait]
pub trait Store: Send + Sync {
    /// The name that object references carry.
    fn name(&self) -> &str;

    /// What a person would call the place, without credentials.
    fn place(&self) -> String;

    /// Every object.
    ///
    /// # Errors
    /// When the place as a whole cannot be listed: then nothing is known about any object.
    async fn list(&self) -> Result<Listing, StoreError>;

    /// One object; none if it is not there.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn look(&self, path: &str) -> Result<Option<Listed>, StoreError>;

    /// Opens one version for reading.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the path holds another version, or none.
    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError>;

    /// Writes an object whole, or not at all; replaces one of the same path.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn put(
        &self,
        path: &str,
        body: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> Result<Listed, StoreError>;
}

/// One version of an object, open for reading.
#[async_trait]
pub trait Pinned: Send + Sync {
    /// Reads at most `length` bytes from `offset` on; fewer only at the end.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it is no longer the version that was opened.
    async fn read(&self, offset: u64, length: u64) -> Result<Bytes, StoreError>;

    /// Whether it is still the version that was opened: asked after the last read.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when it is not.
    async fn unchanged(&self) -> Result<(), StoreError>;
}

/// An object as a listing shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The path, `/` as separator.
    pub path: String,
    /// The store's word for this version.
    pub version: String,
    /// Bytes.
    pub size: u64,
    /// When the store says it was last changed.
    pub modified: Option<Timestamp>,
}

/// The answer to a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// Every object that could be listed.
    pub objects: Vec<Listed>,
    /// Folders that could not be listed (or files whose name is not UTF-8), each with the reason and cure.
    pub unlisted: Vec<(String, String)>,
}

/// What a caller of a store can act on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not there, or not in this version.
    #[error("`{0}` is not there any more, or was replaced")]
    Gone(String),
    /// Not allowed: trying again is useless until somebody changes the rights.
    #[error("`{path}` may not be read or written: {reason}")]
    Denied {
        /// The path.
        path: String,
        /// The store's words and the cure.
        reason: String,
    },
    /// The bytes to be written ended early.
    #[error("`{path}`: the upload broke off: {reason}")]
    BrokenOff {
        /// The path.
        path: String,
        /// Why.
        reason: String,
    },
    /// No answer, disk full, and the like: trying again may help.
    #[error("`{path}`: {reason}")]
    Unavailable {
        /// The path.
        path: String,
        /// The store's words and the cure.
        reason: String,
    },
}

impl StoreError {
    /// What a file system error means.
    pub fn of_io(path: &str, error: &std::io::Error) -> StoreError {
        use std::io::ErrorKind;
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => StoreError::Gone(path),
            ErrorKind::PermissionDenied => StoreError::Denied {
                path,
                reason: format!("{error}; give the account that runs madang the right to it"),
            },
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
                StoreError::Unavailable { path, reason: format!("{error}; free some space") }
            }
            _ => StoreError::Unavailable { path, reason: error.to_string() },
        }
    }
}
