use madang_document::content::Segment;
use madang_document::id::DocumentId;
use madang_document::legibility::Legibility;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::timestamp::Timestamp;

/// A document as the index takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The document; a second record of the same id replaces the first.
    pub id: DocumentId,
    /// Which index it goes to.
    pub partition: Partition,
    /// The pipeline that took it.
    pub pipeline: String,
    /// Path in the store, with `!/` and the inner path for members.
    pub path: String,
    /// Title, else name.
    pub title: String,
    /// Further words to be found by: description, keywords, author. Weigh as the body does.
    pub keywords: String,
    /// Media type.
    pub media_type: MediaType,
    /// Its family.
    pub kind: Kind,
    /// Language of the text.
    pub language: Option<String>,
    /// How reading it ended.
    pub outcome: Outcome,
    /// How well what is written in its pictures was recognised, if anything was.
    pub legibility: Option<Legibility>,
    /// The words of the reasons why it was not read, or not whole, and of what is worth knowing of how it was read
    /// ([`ReasonKind::word`](madang_document::reason_kind::ReasonKind::word)), each once.
    pub reasons: Vec<&'static str>,
    /// The document's own date (taken, created, modified), else the store's: what `from`, `to` and sorting by
    /// date go by.
    pub date: Option<Timestamp>,
    /// Size in bytes.
    pub size: u64,
    /// The text in pieces that each have a place.
    pub segments: Vec<Segment>,
}

/// A change to an index, with the revision of the document that it makes true.
///
/// A revision is a number that only grows over the life of a document, deletions included, such as the number of
/// its latest row in an outbox. It decides which of two changes of a document stands, in whatever order they come:
/// the higher one, and of two equal ones the later.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Add or replace.
    Put {
        /// The document's revision.
        revision: u64,
        /// The document.
        record: Box<Record>,
    },
    /// Remove; nothing happens if it is not there.
    Delete {
        /// The revision at which it is gone.
        revision: u64,
        /// The document.
        id: DocumentId,
    },
}

impl Change {
    /// The document that changes.
    pub fn id(&self) -> DocumentId {
        match self {
            Change::Put { record, .. } => record.id,
            Change::Delete { id, .. } => *id,
        }
    }

    /// Its revision.
    pub fn revision(&self) -> u64 {
        match self {
            Change::Put { revision, .. } | Change::Delete { revision, .. } => *revision,
        }
    }
}
