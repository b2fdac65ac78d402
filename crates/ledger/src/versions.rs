use async_trait::async_trait;
use madang_document::document::{Document, DocumentPart, Provenance};
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;

use crate::error::Result;

/// What live documents were before they became what they are. [`Jobs::complete`](crate::jobs::Jobs::complete) writes it
/// when a document comes to [something else](Document::reads_otherwise); it goes in the transaction that withdraws the
/// document, or gives it to another agency: what is erased has no past. Of a file that is gone it waits, told to nobody, for the
/// same bytes to be seen under another path of the same agency, and is that document's past then ([`AWAITED_MS`]).
#[async_trait]
pub trait Versions: Send + Sync {
    /// What a live document was before, newest first: at most [`KEPT`], none for longer than
    /// [`Retention::versions_ms`](crate::retention::Retention::versions_ms). One that cannot be read back is left out.
    async fn versions(&self, document: DocumentId) -> Result<Vec<Version>>;

    /// The same as far as it is told at a glance, for which nothing of what was read is read back, however much it is.
    async fn glances(&self, document: DocumentId) -> Result<Vec<Glance>>;
}

/// How many former versions of a document are kept, and their texts with them.
pub const KEPT: u32 = 5;

/// How long what a document was waits for its file to be seen elsewhere once that is gone, milliseconds: as long as new files
/// may wait to be read, and no longer than what was erased may be there. The sweep of what nobody names goes once a day.
pub const AWAITED_MS: i64 = 60 * 60 * 1000;

/// What is told at a glance of what a document was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glance {
    /// The last revision that it had.
    pub revision: u64,
    /// When something else was recorded in its place.
    pub until: Timestamp,
    /// How reading it ended.
    pub outcome: Outcome,
    /// What read it.
    pub provenance: Provenance,
    /// Unicode scalar values in its text.
    pub characters: u64,
    /// In which parts what came after it was something else.
    pub changed: Vec<DocumentPart>,
    /// Whether what came after it was read from other bytes.
    pub is_new_file: bool,
    /// The store that its file lay in.
    pub store: String,
    /// The path that it had there.
    pub path: String,
}

impl Glance {
    /// Of a version, by what came `after` it.
    pub fn of(version: &Version, after: &Document) -> Glance {
        let before = &version.document;
        Glance {
            revision: version.revision,
            until: version.until,
            outcome: before.outcome,
            provenance: before.provenance.clone(),
            characters: before.characters,
            changed: after.differences(before),
            is_new_file: after.is_of_another_file(before),
            store: before.object.store.clone(),
            path: before.object.path.clone(),
        }
    }
}

/// What a document was.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The last revision that it had.
    pub revision: u64,
    /// When something else was recorded in its place.
    pub until: Timestamp,
    /// What was recorded, without its preview, which is not kept. Agency and pipeline are the present ones;
    /// the path is the one that its file had then.
    pub document: Document,
}
