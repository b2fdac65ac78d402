use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use madang_document::left_out::LeftOut;
use madang_document::object::ObjectRef;
use madang_document::timestamp::Timestamp;

use crate::error::StoreError;
use crate::watcher::Watcher;

/// The bytes of a file on their way, into a store or out of it. An upload ends with an error when the sender goes away or a
/// limit is passed.
pub type Body = BoxStream<'static, std::io::Result<Bytes>>;

/// What a listing brings, one by one.
pub type Listing = BoxStream<'static, Result<Seen, StoreError>>;

/// Where dropped files lie: a folder, or a bucket.
///
/// Smaller than `object_store::ObjectStore`, which stands behind buckets: a drop folder needs what that
/// interface hides (a folder that cannot be listed must not hide its neighbours, links are not followed, a
/// file is read through one descriptor so that it cannot be swapped between two reads).
///
/// Paths are keys (see [`madang_document::object_key`]): text that gives back any name.
#[async_trait]
pub trait Store: Send + Sync {
    /// The name that object references carry.
    fn name(&self) -> &str;

    /// What a person would call the place, without credentials.
    fn place(&self) -> String;

    /// Everything that is there, in the order of the bytes of the keys, a little at a time: neither a folder
    /// nor a bucket ever lies in memory whole.
    ///
    /// An error ends the listing: then nothing is known about what was not listed before it. An error instead
    /// of the first object means that the place as a whole cannot be had.
    fn list(&self) -> Listing;

    /// What a listing would show at this key now: an object, or something that is there and cannot be taken. None
    /// if nothing is there, if it is a folder like any other (one with the name of a sidecar is not), or if it lies behind a link or in a closed folder.
    ///
    /// A key that no client of a bucket can ask for is said to be left out, whether it is there or not.
    ///
    /// # Errors
    /// [`StoreError`]; never for an object that is simply not there.
    async fn look(&self, path: &str) -> Result<Option<Seen>, StoreError>;

    /// Opens one version for reading.
    ///
    /// # Errors
    /// [`StoreError::Gone`] when the path holds another version, or none.
    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError>;

    /// Writes an object whole, or not at all; replaces one of the same path if the condition allows it. Gives
    /// it as the next listing will show it.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing remains of it.
    async fn put(
        &self,
        path: &str,
        body: Body,
        condition: Precondition,
    ) -> Result<Listed, StoreError>;

    /// Begins to listen; none where the store tells nothing, and only listing finds what is new.
    ///
    /// # Errors
    /// [`StoreError`] when the place as a whole cannot be listened to.
    async fn watch(&self) -> Result<Option<Watcher>, StoreError>;
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

/// One thing of a listing, or of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A file.
    Object(Listed),
    /// Something that is there and cannot be taken.
    LeftOut(LeftOut),
    /// What could not be listed: of the key itself and of everything below it nothing is known. Comes before
    /// all that lies behind it.
    Unlisted {
        /// The key of a folder, or of a file; empty for the whole.
        key: String,
        /// Why, and the cure.
        reason: String,
    },
}

impl Seen {
    /// The key that it is about.
    pub fn key(&self) -> &str {
        match self {
            Seen::Object(listed) => &listed.path,
            Seen::LeftOut(left_out) => &left_out.key,
            Seen::Unlisted { key, .. } => key,
        }
    }
}

/// When an object may be written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Whatever is there.
    #[default]
    Always,
    /// Only if nothing is there (`If-None-Match: *`).
    IfAbsent,
    /// Only if something is there, whatever it is (`If-Match: *`). A bucket holds on to what it saw there when the upload
    /// began: its service knows no such condition, and what is removed meanwhile must not be made anew.
    IfPresent,
    /// Only if this version is there (`If-Match`).
    IfVersion(String),
}
