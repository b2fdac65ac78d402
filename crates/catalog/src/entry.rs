use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;

/// A catalogue entry in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable id: a document's id, or `series-` and the pipeline's name.
    pub id: String,
    /// Counted from 1.
    pub version: u64,
    /// Whether its object is gone.
    pub withdrawn: bool,
    /// When version 1 was made.
    pub issued: Timestamp,
    /// When this version was made.
    pub modified: Timestamp,
    /// SHA-256 of the canonical form of `body`: the same hash is the same content.
    pub content_hash: BlobId,
    /// The entry without version, dates and status: a JSON object (see [`crate::jsonld`]).
    pub body: String,
}
