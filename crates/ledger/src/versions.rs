use async_trait::async_trait;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;

use crate::error::Result;

/// What live documents were before they became what they are. [`Jobs::complete`](crate::jobs::Jobs::complete) writes it
/// when a document comes to [something else](Document::reads_otherwise); it goes in the transaction that withdraws the
/// document, or gives it to another agency: what is erased has no past.
#[async_trait]
pub trait Versions: Send + Sync {
    /// What a live document was before, newest first: at most [`KEPT`], none for longer than
    /// [`Retention::versions_ms`](crate::retention::Retention::versions_ms). One that cannot be read back is left out.
    async fn versions(&self, document: DocumentId) -> Result<Vec<Version>>;
}

/// How many former versions of a document are kept, and their texts with them.
pub const KEPT: u32 = 5;

/// What a document was.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The last revision that it had.
    pub revision: u64,
    /// When something else was recorded in its place.
    pub until: Timestamp,
    /// What was recorded, without its preview, which is not kept. Agency and pipeline are the present ones.
    pub document: Document,
}
