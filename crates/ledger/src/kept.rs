use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;

use crate::error::Result;

/// What the record knows of the blobs that were kept: enough to tell those that nobody names any more.
#[async_trait]
pub trait Kept: Send + Sync {
    /// The blobs that live documents name, and the texts of what they were that is kept ([`Versions`](crate::versions::Versions)), from the documents
    /// after `after` in order of their ids, whatever their partition, at most `limit` of them. A document has one id for good, so whoever goes through all pages has
    /// met each that was live all the while. What one names that cannot be read back is not known.
    async fn named_blobs(&self, after: Option<DocumentId>, limit: u32) -> Result<NamedBlobs>;

    /// When the oldest of the jobs that are being worked on was claimed; none if none is. Whatever a completion that
    /// is still to come names was kept after this.
    async fn oldest_claim(&self) -> Result<Option<Timestamp>>;
}

/// A page of [`Kept::named_blobs`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedBlobs {
    /// The last document of the page; none after the last page.
    pub last: Option<DocumentId>,
    /// The blobs that its documents name; a blob may stand in it more than once.
    pub blobs: Vec<BlobId>,
    /// Those of its documents that cannot be read back, with the reason.
    pub unreadable: Vec<(DocumentId, String)>,
}
