use crate::agency::Agency;
use crate::blob_id::BlobId;
use crate::id::DocumentId;
use crate::timestamp::Timestamp;

/// A catalogue entry in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What was last written.
    pub draft: Draft,
    /// Counted from 1; grows when the content or the status changes.
    pub version: u64,
    /// Whether what it describes is gone. A withdrawn entry is an entry, too: harvesters learn from it.
    pub withdrawn: bool,
    /// When version 1 was written.
    pub issued: Timestamp,
    /// When this version was written.
    pub modified: Timestamp,
}

/// An entry before it has a version: what the content alone says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Stable id: a document's id, or `series-` and the pipeline's name.
    pub id: String,
    /// The document it describes; none for a series.
    pub document: Option<DocumentId>,
    /// Whose it is.
    pub agency: Agency,
    /// SHA-256 of `body`: the same hash is the same content.
    pub content_hash: BlobId,
    /// The dataset's node without version, dates and status: a JSON object in canonical form (RFC 8785), its
    /// IRIs compact, so that it does not depend on where the registry is served.
    pub body: String,
}

impl Draft {
    /// The draft of a body in canonical form.
    pub fn new(id: String, document: Option<DocumentId>, agency: Agency, body: String) -> Draft {
        Draft { id, document, agency, content_hash: BlobId::of(body.as_bytes()), body }
    }
}
