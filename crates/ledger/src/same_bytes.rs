use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;

use crate::error::Result;

/// What the same bytes came to before, so that they are not read twice.
#[async_trait]
pub trait SameBytes: Send + Sync {
    /// For each of these pairs, the documents of an object that was read under one of its keys
    /// ([`Completion::key`](crate::jobs::Completion)), and of its members, of a live object if there is one; none if
    /// there is no such object, or not all of it is known any more. Whose they are says nothing: they are of whoever
    /// dropped these bytes first. What they name may be gone from the blobs.
    async fn read_before(&self, keys: &[[BlobId; 2]]) -> Result<Vec<Option<Vec<Document>>>>;
}
