use std::sync::Arc;

use bytes::Bytes;
use madang_document::blob_id::BlobId;
use madang_document::content::Segment;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

/// Texts and previews, each under the SHA-256 of its bytes: written once, never changed.
#[derive(Clone, Debug)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
}

impl Blobs {
    /// Over this store, which must be durable when a write returns.
    pub fn new(store: Arc<dyn ObjectStore>) -> Blobs {
        Blobs { store }
    }

    /// The store, for readers.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    /// Keeps these bytes; a blob that is there already is not written again.
    ///
    /// # Errors
    /// When the store refuses: disk full, no answer.
    pub async fn keep(&self, bytes: Vec<u8>) -> Result<BlobId, object_store::Error> {
        let id = BlobId::of(&bytes);
        let path = Path::from(id.path());
        // The size is compared too: a blob that a power loss left empty is written anew.
        match self.store.head(&path).await {
            Ok(there) if there.size == bytes.len() as u64 => return Ok(id),
            Ok(_) | Err(object_store::Error::NotFound { .. }) => {}
            Err(error) => return Err(error),
        }
        self.store.put(&path, PutPayload::from(bytes)).await?;
        Ok(id)
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// When it is not there, or the store does not answer.
    pub async fn read(&self, id: &BlobId) -> Result<Bytes, object_store::Error> {
        self.store.get(&Path::from(id.path())).await?.bytes().await
    }

    /// Keeps the text of a document as a JSON array of segments.
    ///
    /// # Errors
    /// As [`Blobs::keep`].
    pub async fn keep_text(&self, segments: &[Segment]) -> Result<BlobId, object_store::Error> {
        let json = serde_json::to_vec(segments).map_err(|error| object_store::Error::Generic {
            store: "blobs",
            source: Box::new(error),
        })?;
        self.keep(json).await
    }

    /// The text of a document.
    ///
    /// # Errors
    /// As [`Blobs::read`], and when the blob is not such an array.
    pub async fn read_text(&self, id: &BlobId) -> Result<Vec<Segment>, object_store::Error> {
        let bytes = self.read(id).await?;
        serde_json::from_slice(&bytes).map_err(|error| object_store::Error::Generic {
            store: "blobs",
            source: Box::new(error),
        })
    }
}
