//! Passages of a retrieval collection as records of an index: what the examples that measure have in common.

use std::path::Path;

use madang_document::agency::Agency;
use madang_document::content::{Origin, Segment};
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_index::record::Record;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// What failed, in words.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// A passage: one JSON object a line.
#[derive(Deserialize)]
pub(crate) struct Passage {
    pub(crate) id: String,
    pub(crate) title: String,
    pub(crate) text: String,
}

impl Passage {
    /// Bytes of what is indexed of it.
    pub(crate) fn size(&self) -> usize {
        self.title.len() + self.text.len()
    }

    /// The id that its record has.
    pub(crate) fn document(&self) -> DocumentId {
        DocumentId::new("passages", &self.id, None)
    }

    /// It as the record of a text file at this path.
    pub(crate) fn record(&self, path: &str) -> Box<Record> {
        Box::new(Record {
            id: self.document(),
            partition: partition(),
            pipeline: "passages".into(),
            path: path.into(),
            title: self.title.clone(),
            keywords: String::new(),
            media_type: MediaType::new("text/plain"),
            kind: Kind::Text,
            language: Some("ko".into()),
            outcome: Outcome::Ok,
            legibility: None,
            reasons: Vec::new(),
            date: None,
            size: self.text.len() as u64,
            segments: vec![Segment {
                text: self.text.clone(),
                locator: Locator::Whole {},
                origin: Origin::Native,
                confidence: None,
                words: Vec::new(),
            }],
        })
    }
}

/// Where all of them belong.
pub(crate) fn partition() -> Partition {
    Partition::of(Agency::undeclared())
}

/// The values of a file of one JSON value a line.
pub(crate) fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, Failure> {
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

/// Bytes of the files in a folder.
pub(crate) fn size(folder: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        bytes += match entry.metadata()? {
            inner if inner.is_dir() => size(&entry.path())?,
            inner => inner.len(),
        };
    }
    Ok(bytes)
}
