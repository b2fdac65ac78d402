use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use madang_document::blob_id::BlobId;
use madang_document::blob_part::{BlobPart, Part};
use madang_document::content::Segment;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload};
use serde::Serializer as _;
use sha2::{Digest, Sha256};

/// Texts and previews, each blob under the SHA-256 of its bytes: written once, never changed. What is read is held
/// against that.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

/// What is written to see whether anything can be: among what is laid aside, where nothing is looked for.
const PROBE: &str = "unnamed/probe";

/// Why a blob cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// It is not there.
    #[error("blob {0} is not there")]
    Lost(BlobPart),
    /// Its bytes are not those that were kept.
    #[error("blob {0} is damaged")]
    Damaged(BlobPart),
    /// No answer: trying again may help.
    #[error("the blobs cannot be had: {0}")]
    Unavailable(#[source] object_store::Error),
}

impl BlobError {
    /// Whether waiting does not bring it back.
    pub fn is_lasting(&self) -> bool {
        matches!(self, BlobError::Lost(_) | BlobError::Damaged(_))
    }
}

/// Bytes of a blob as they come. The stream ends with [`BlobError::Damaged`] when they were not the right ones.
pub struct Opened {
    /// How many there are.
    pub size: u64,
    /// They themselves.
    pub bytes: BoxStream<'static, Result<Bytes, BlobError>>,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Blobs {
    /// Over this store, which must be durable when a write returns.
    pub fn new(store: Arc<dyn ObjectStore>) -> Blobs {
        Blobs { store }
    }

    pub(crate) fn store(&self) -> Arc<dyn ObjectStore> {
        Arc::clone(&self.store)
    }

    /// Keeps these bytes. A blob that is there already is written once more: that costs what asking for it would,
    /// and heals one that is damaged.
    ///
    /// # Errors
    /// When the store refuses: disk full, no answer.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<BlobId, BlobError> {
        let id = BlobId::of(&bytes);
        let put = self.store.put(&Path::from(id.path()), PutPayload::from(bytes)).await;
        put.map_err(BlobError::Unavailable)?;
        Ok(id)
    }

    /// Whether bytes other than those that were just refused can be kept: then something is in the way of that one
    /// name only, and nothing of all the others.
    pub async fn take_others(&self) -> bool {
        takes_others(self.store.as_ref()).await
    }

    /// Opens a blob, or a part of one, for reading.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn open(&self, part: &BlobPart) -> Result<Opened, BlobError> {
        let part = *part;
        let range = part.part.map(|Part { offset, length, .. }| {
            GetRange::Bounded(offset..offset.saturating_add(length))
        });
        if part.part.is_some_and(|part| part.length == 0) {
            return Ok(Opened { size: 0, bytes: futures::stream::empty().boxed() });
        }
        let options = GetOptions::default().with_range(range);
        let answer = self.store.get_opts(&Path::from(part.blob.path()), options).await;
        let answer = answer.map_err(|error| match error {
            object_store::Error::NotFound { .. } => BlobError::Lost(part),
            // Shorter than it was: the range is none of it.
            object_store::Error::Generic { .. } if part.part.is_some() => BlobError::Damaged(part),
            error => BlobError::Unavailable(error),
        })?;
        let size = answer.range.end.saturating_sub(answer.range.start);
        if part.part.is_some_and(|part| part.length != size) {
            return Err(BlobError::Damaged(part));
        }
        let state = (answer.into_stream(), Some(Sha256::new()));
        let bytes = futures::stream::unfold(state, move |(mut bytes, hash)| async move {
            let mut hash = hash?;
            match bytes.next().await {
                Some(Ok(chunk)) => {
                    hash.update(&chunk);
                    Some((Ok(chunk), (bytes, Some(hash))))
                }
                Some(Err(error)) => Some((Err(BlobError::Unavailable(error)), (bytes, None))),
                None => {
                    let right = BlobId::from_digest(hash.finalize().into()) == part.hash();
                    (!right).then_some((Err(BlobError::Damaged(part)), (bytes, None)))
                }
            }
        });
        Ok(Opened { size, bytes: bytes.boxed() })
    }

    /// Whether a blob is there, and long enough for this part of it. Does not read it.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn has(&self, part: &BlobPart) -> Result<bool, BlobError> {
        let end = part.part.map_or(0, |part| part.offset.saturating_add(part.length));
        match self.store.head(&Path::from(part.blob.path())).await {
            Ok(meta) => Ok(meta.size >= end),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(BlobError::Unavailable(error)),
        }
    }

    /// The bytes of a blob, or of a part of one.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn read(&self, part: &BlobPart) -> Result<Bytes, BlobError> {
        let mut opened = self.open(part).await?;
        let mut all = BytesMut::new();
        while let Some(chunk) = opened.bytes.try_next().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }

    /// The text of a document: a JSON array of segments.
    ///
    /// # Errors
    /// [`BlobError`].
    pub async fn read_text(&self, text: &BlobPart) -> Result<Vec<Segment>, BlobError> {
        let bytes = self.read(text).await?;
        let is_short = bytes.len() <= READ_ON_TASK;
        let read = move || serde_json::from_slice(&bytes);
        let segments = match is_short {
            true => read(),
            false => tokio::task::spawn_blocking(read).await.map_err(unavailable)?,
        };
        segments.map_err(|_| BlobError::Damaged(*text))
    }
}

/// Bytes of a text that are read as JSON beside whatever else the task's thread has to do: a millisecond or two. More
/// take a thread of their own.
const READ_ON_TASK: usize = 512 << 10;

/// As [`Blobs::take_others`], of what they lie in.
pub(crate) async fn takes_others(store: &dyn ObjectStore) -> bool {
    let probe = Path::from(PROBE);
    let put = store.put(&probe, PutPayload::from_static(b"probe")).await;
    // What stays is written over by the next, and is no blob to anybody.
    put.is_ok() && store.delete(&probe).await.is_ok()
}

/// The id of the text of these segments, kept or not.
///
/// # Errors
/// When they cannot be written as JSON.
pub fn text_id(segments: &[Segment]) -> Result<BlobId, serde_json::Error> {
    serde_json::to_vec(segments).map(|text| BlobId::of(&text))
}

/// The id that the text of these segments would have if nothing were known of where its words stand; none if nothing is.
///
/// # Errors
/// When they cannot be written as JSON.
pub fn wordless_id(segments: &[Segment]) -> Result<Option<BlobId>, serde_json::Error> {
    if segments.iter().all(|segment| segment.words.is_empty()) {
        return Ok(None);
    }
    let bare = |segment: &Segment| Segment {
        text: segment.text.clone(),
        locator: segment.locator.clone(),
        words: Vec::new(),
        ..*segment
    };
    let mut text = Vec::new();
    // One at a time: a copy of all would be as large as what it is of.
    serde_json::Serializer::new(&mut text).collect_seq(segments.iter().map(bare))?;
    Ok(Some(BlobId::of(&text)))
}

fn json(segments: &[Segment]) -> Result<Vec<u8>, BlobError> {
    serde_json::to_vec(segments).map_err(unavailable)
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> BlobError {
    BlobError::Unavailable(object_store::Error::Generic { store: "blobs", source: Box::new(error) })
}

/// The texts and previews of one object on their way into one blob: one write, one flush, however many members it
/// has. More than [`BUNDLE`] of them make a second blob, so that they never lie in memory all.
#[derive(Debug)]
pub struct Bundle {
    blobs: Blobs,
    bytes: Vec<u8>,
    /// Ends of the parts that wait in `bytes`, with the hash of each.
    waiting: Vec<(usize, BlobId)>,
    kept: Vec<BlobPart>,
}

/// Bytes of a bundle from which on it is written.
pub const BUNDLE: usize = 16 << 20;

impl Bundle {
    /// An empty one.
    pub fn new(blobs: &Blobs) -> Bundle {
        Bundle { blobs: blobs.clone(), bytes: Vec::new(), waiting: Vec::new(), kept: Vec::new() }
    }

    /// Takes bytes in. Gives their place among the parts that [`Bundle::keep`] answers with.
    ///
    /// # Errors
    /// When the store refuses: disk full, no answer.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<usize, BlobError> {
        self.bytes.extend_from_slice(bytes);
        self.waiting.push((self.bytes.len(), BlobId::of(bytes)));
        let place = self.kept.len() + self.waiting.len() - 1;
        if self.bytes.len() >= BUNDLE {
            self.write().await?;
        }
        Ok(place)
    }

    /// Takes a text in, as a JSON array of segments.
    ///
    /// # Errors
    /// As [`Bundle::add`].
    pub async fn add_text(&mut self, segments: &[Segment]) -> Result<usize, BlobError> {
        self.add(&json(segments)?).await
    }

    /// Keeps all that was taken in. Gives where each lies, in the order in which they came.
    ///
    /// # Errors
    /// As [`Bundle::add`].
    pub async fn keep(mut self) -> Result<Vec<BlobPart>, BlobError> {
        self.write().await?;
        Ok(self.kept)
    }

    async fn write(&mut self) -> Result<(), BlobError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let blob = self.blobs.keep(std::mem::take(&mut self.bytes)).await?;
        let waiting = std::mem::take(&mut self.waiting);
        // One that is alone is the blob itself.
        if waiting.len() == 1 {
            self.kept.push(BlobPart::from(blob));
            return Ok(());
        }
        let mut start = 0;
        for (end, hash) in waiting {
            let part = Part { offset: start as u64, length: (end - start) as u64, hash };
            self.kept.push(BlobPart { blob, part: Some(part) });
            start = end;
        }
        Ok(())
    }
}
