use std::sync::Arc;

use futures::StreamExt;
use futures::stream::BoxStream;
use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use tokio::sync::Mutex;

use crate::blobs::{BlobError, Blobs, takes_others};

/// The blobs that are named, each by the first eight bytes of its hash: 8 bytes for a document. Two blobs that begin
/// alike are both taken for named if one is, which keeps one too many and never one too few.
#[derive(Debug, Default)]
pub struct NamedSet {
    hashes: Vec<u64>,
    sorted: bool,
}

impl NamedSet {
    /// Takes these in.
    pub fn extend(&mut self, blobs: &[BlobId]) {
        self.sorted = false;
        self.hashes.extend(blobs.iter().map(beginning));
    }

    /// Makes it ready to be asked.
    fn sort(&mut self) {
        if !self.sorted {
            self.hashes.sort_unstable();
            self.hashes.dedup();
            self.sorted = true;
        }
    }

    fn contains(&self, blob: &BlobId) -> bool {
        self.hashes.binary_search(&beginning(blob)).is_ok()
    }
}

fn beginning(blob: &BlobId) -> u64 {
    blob.as_bytes().iter().take(8).fold(0, |hash, byte| (hash << 8) | u64::from(*byte))
}

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs that were looked at.
    pub seen: u64,
    /// Blobs that nobody names and that were laid aside.
    pub aside: u64,
    /// Blobs laid aside by an earlier sweep and named after all: they are back.
    pub back: u64,
    /// Blobs laid aside by an earlier sweep and removed for good.
    pub removed: u64,
    /// Bytes of those.
    pub bytes: u64,
}

/// Where blobs lie that nobody names, until a later sweep.
const ASIDE: &str = "unnamed";

/// Where it says when the last whole sweep began: in the blobs' own store, so that whoever sweeps them next knows, whichever
/// process it is.
const SWEPT: &str = "unnamed/swept";

/// One sweep over the blobs: those that no live document names are laid aside, and removed when a later sweep still
/// finds nobody who names them.
///
/// **Why no blob is lost that somebody names, whatever is completed meanwhile.** The caller reads the moment `before`
/// first and the named blobs after that; `before` is earlier than the start of every job that is being worked on, and
/// than any that begins later. A worker keeps the blobs of its object within its job, before it completes it, and
/// writes them even if they are there. So what a completion names that the caller did not see was written after
/// `before`, and such blobs are passed over. One case is left: the worker writes a blob again that is there and old,
/// between this sweep's look at it and its step. That is why the step is a move and no removal: a blob that turns out
/// to be younger once it is moved goes back at once, and where a store's move loses that (a copy and a removal), the
/// bytes that were moved are those that were written, for a blob's name is its hash: the next sweep finds it named and
/// brings it back. Meanwhile its document counts as one whose text is lost, and its file is read again.
pub struct BlobSweep {
    store: Arc<dyn ObjectStore>,
    named: NamedSet,
    before: Timestamp,
    now: Timestamp,
    /// Locked by nobody: the lock only lets a stream, which one thread at a time may use, be part of what several
    /// threads may look at.
    listing: Mutex<BoxStream<'static, object_store::Result<ObjectMeta>>>,
    swept: Swept,
}

impl std::fmt::Debug for BlobSweep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobSweep").field("swept", &self.swept).finish_non_exhaustive()
    }
}

impl Blobs {
    /// Begins a sweep: blobs last written before `before` go aside if they are not `named`; what was laid aside before
    /// that is removed if it still is not.
    pub fn sweep(&self, mut named: NamedSet, before: Timestamp, now: Timestamp) -> BlobSweep {
        named.sort();
        let store = self.store();
        let listing = Mutex::new(store.list(None));
        BlobSweep { store, named, before, now, listing, swept: Swept::default() }
    }
}

impl Blobs {
    /// When the last sweep began that went through all blobs; none if there was none, or it cannot be told.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn last_swept(&self) -> Result<Option<Timestamp>, BlobError> {
        let found = match self.store().get(&Path::from(SWEPT)).await {
            Ok(found) => found.bytes().await.map_err(BlobError::Unavailable)?,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(BlobError::Unavailable(error)),
        };
        let text = std::str::from_utf8(&found).ok();
        Ok(text.and_then(|text| text.trim().parse().ok()).map(Timestamp))
    }
}

impl BlobSweep {
    /// Looks at the next blobs, at most so many. Gives whether there may be more.
    ///
    /// # Errors
    /// When the store does not answer; what was done is done.
    pub async fn step(&mut self, limit: usize) -> Result<bool, BlobError> {
        self.look(limit).await.map_err(BlobError::Unavailable)
    }

    async fn look(&mut self, limit: usize) -> Result<bool, object_store::Error> {
        for _ in 0..limit {
            let Some(meta) = self.listing.get_mut().next().await.transpose()? else {
                let began = format!("{}\n", self.now.0);
                self.store.put(&Path::from(SWEPT), began.into()).await?;
                return Ok(false);
            };
            let done = match Lying::at(&meta.location) {
                Some(Lying::Kept(blob)) => self.kept(blob, &meta).await,
                Some(Lying::Aside(blob, since)) => self.aside(blob, since, &meta).await,
                // Not ours.
                None => Ok(()),
            };
            if let Err(error) = done {
                if !takes_others(self.store.as_ref()).await {
                    return Err(error);
                }
                // One that cannot be moved keeps none of the others.
                tracing::warn!(blob = %meta.location, %error, "a blob cannot be swept");
            }
        }
        Ok(true)
    }

    /// What was done so far.
    pub fn swept(&self) -> Swept {
        self.swept
    }

    async fn kept(&mut self, blob: BlobId, meta: &ObjectMeta) -> Result<(), object_store::Error> {
        self.swept.seen += 1;
        if self.named.contains(&blob) || written(meta) >= self.before {
            return Ok(());
        }
        let aside = Path::from(format!("{ASIDE}/{}-{blob}", self.now.0));
        if !found(self.store.rename(&meta.location, &aside).await)? {
            return Ok(());
        }
        match self.store.head(&aside).await {
            // Written once more just before it was moved: whoever wrote it is about to name it.
            Ok(moved) if written(&moved) >= self.before => {
                return self.store.rename(&aside, &meta.location).await;
            }
            // What was listed and cannot be opened is no plain file: nobody's bytes.
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.swept.aside += 1;
        Ok(())
    }

    async fn aside(
        &mut self,
        blob: BlobId,
        since: Timestamp,
        meta: &ObjectMeta,
    ) -> Result<(), object_store::Error> {
        if self.named.contains(&blob) {
            if found(self.store.rename(&meta.location, &Path::from(blob.path())).await)? {
                self.swept.back += 1;
            }
        } else if since > self.now {
            // By a clock that was ahead: its time begins anew, or it would be kept until that is reached.
            let aside = Path::from(format!("{ASIDE}/{}-{blob}", self.now.0));
            found(self.store.rename(&meta.location, &aside).await)?;
        } else if since < self.before && found(self.store.delete(&meta.location).await)? {
            self.swept.removed += 1;
            self.swept.bytes += meta.size;
        }
        Ok(())
    }
}

/// What lies at a path of the blob store.
enum Lying {
    Kept(BlobId),
    Aside(BlobId, Timestamp),
}

impl Lying {
    fn at(path: &Path) -> Option<Lying> {
        let (folder, name) = path.as_ref().split_once('/')?;
        if folder == ASIDE {
            let (since, blob) = name.split_once('-')?;
            return Some(Lying::Aside(blob.parse().ok()?, Timestamp(since.parse().ok()?)));
        }
        let blob: BlobId = format!("{folder}{name}").parse().ok()?;
        (blob.path() == path.as_ref()).then_some(Lying::Kept(blob))
    }
}

fn written(meta: &ObjectMeta) -> Timestamp {
    Timestamp(meta.last_modified.timestamp_millis())
}

/// Whether it was there.
fn found(answer: Result<(), object_store::Error>) -> Result<bool, object_store::Error> {
    match answer {
        Ok(()) => Ok(true),
        Err(object_store::Error::NotFound { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}
