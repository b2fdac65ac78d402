use madang_document::agency::Agency;
use madang_document::content::Segment;
use madang_document::id::DocumentId;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;

/// A document as the index takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The document; a second record of the same id replaces the first.
    pub id: DocumentId,
    /// Whose it is: which index it goes to.
    pub agency: Agency,
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
    /// The document's own date (taken, created, modified), else the store's: what `from`, `to` and sorting by
    /// date go by.
    pub date: Option<Timestamp>,
    /// Size in bytes.
    pub size: u64,
    /// The text in pieces that each have a place.
    pub segments: Vec<Segment>,
}

/// A change to an index.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Add or replace.
    Put(Box<Record>),
    /// Remove; nothing happens if it is not there.
    Delete(DocumentId),
}
