use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::blob_id::BlobId;
use crate::blob_part::BlobPart;
use crate::content::{Member, Warning};
use crate::id::DocumentId;
use crate::inner_path::InnerPath;
use crate::media_type::MediaType;
use crate::metadata::Metadata;
use crate::object::ObjectRef;
use crate::object_key;
use crate::outcome::Outcome;
use crate::reason::Reason;
use crate::sidecar;
use crate::timestamp::Timestamp;

/// A document as the ledger keeps it: everything but the text and the pictures, which are blobs.
///
/// Holds only facts about the object and its content, no time of processing: reading the same object again
/// gives the same value, and an unchanged value is no new version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Deterministic id.
    pub id: DocumentId,
    /// Whose it is.
    pub agency: Agency,
    /// The pipeline that took it.
    pub pipeline: String,
    /// The object it is, or lies in.
    pub object: ObjectRef,
    /// When the store says that the object was last changed.
    pub object_modified: Option<Timestamp>,
    /// The archive, mail or compound document it lies in.
    pub parent: Option<DocumentId>,
    /// The way inside the object; none for the object itself.
    pub inner: Option<InnerPath>,
    /// Size in bytes; of a member once unpacked, if known.
    pub size: Option<u64>,
    /// SHA-256 of the bytes, if they were read whole.
    pub sha256: Option<BlobId>,
    /// By content first.
    pub media_type: MediaType,
    /// ISO 639-1 code of the language of the text (639-3 where there is none), if it could be told.
    pub language: Option<String>,
    /// How reading it ended.
    pub outcome: Outcome,
    /// Why, if it was not read whole.
    pub reason: Option<Reason>,
    /// Properties.
    pub metadata: Metadata,
    /// What it holds, if it is an archive, a mail or a compound document.
    pub members: Vec<Member>,
    /// What was odd, lost or cut.
    pub warnings: Vec<Warning>,
    /// Number of segments, and of characters (Unicode scalar values) in them.
    pub segments: u64,
    /// Number of characters (Unicode scalar values) in the segments.
    pub characters: u64,
    /// The segments as a JSON array, in the blob store; none if there is no text.
    pub text: Option<BlobPart>,
    /// The preview, a JPEG file in the blob store.
    pub preview: Option<BlobPart>,
    /// What read it.
    pub provenance: Provenance,
}

impl Document {
    /// What a list shows: the title, else the name.
    pub fn title(&self) -> Cow<'_, str> {
        let title = self.metadata.text(crate::metadata::TITLE);
        title.map_or_else(|| self.name(), Cow::Borrowed)
    }

    /// The last part of the path, of the inner path for a member; as people read it, so that two paths may have one
    /// name (see [`object_key::readable`]).
    pub fn name(&self) -> Cow<'_, str> {
        match &self.inner {
            Some(inner) => Cow::Borrowed(inner.name()),
            None => object_key::readable(self.object.name()),
        }
    }

    /// Whether it describes another file beside it, and is to be found under that.
    pub fn is_sidecar(&self) -> bool {
        self.inner.is_none() && self.provenance.format == sidecar::FORMAT
    }

    /// The path in the store, then `!/` and the way inside the object.
    pub fn path(&self) -> String {
        match &self.inner {
            Some(inner) => format!("{}!/{inner}", self.object.path),
            None => self.object.path.clone(),
        }
    }
}

/// What read a document: names the extractor so that selective reprocessing finds what to redo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The row of the table of formats, as in `hwp5`; `none` if no row matched.
    pub format: String,
    /// The version of that row when it read the document.
    pub format_version: u32,
}
