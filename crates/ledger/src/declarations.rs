use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;

use crate::error::Result;

/// What the record knows of the declarations that its rows were made under, so that a changed one is seen.
#[async_trait]
pub trait Declarations: Send + Sync {
    /// The hash of what the catalogue was last told of a pipeline; none if it was told nothing.
    async fn declared(&self, pipeline: &str) -> Result<Option<BlobId>>;

    /// Remembers the hash of what the catalogue is told of a pipeline: once all its entries say it.
    async fn declare(&self, pipeline: &str, declaration: BlobId) -> Result<()>;

    /// Moves what a pipeline holds under another agency's code to this one: at most `limit` paths with their
    /// jobs and documents, in one transaction. Of a live document the outbox hears twice: it is no longer in
    /// the former partition, and it is in the new one. Call it until it moves none.
    async fn reassign(&self, pipeline: &str, agency: &Agency, limit: u32) -> Result<Moved>;
}

/// What was moved to another agency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// Paths, those included that are gone from their store.
    pub paths: u64,
    /// Those of them that are there: files, as people count them.
    pub live: u64,
}
