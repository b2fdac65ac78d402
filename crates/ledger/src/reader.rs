use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::partition::Partition;

use crate::error::Result;
use crate::worker::Worker;

/// Who follows the outbox, each with a cursor of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reader {
    /// Brings documents into the index of one partition.
    Index(Partition),
    /// Makes catalogue entries from documents.
    Cataloguer,
    /// Brings entries to another registry, by its name.
    Registry(String),
    /// Removes what was withdrawn or superseded.
    Eraser,
}

/// As in `index/1741000`, `cataloguer`, `registry/folder`, `eraser`.
impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reader::Index(partition) => write!(f, "index/{partition}"),
            Reader::Cataloguer => f.write_str("cataloguer"),
            Reader::Registry(name) => write!(f, "registry/{name}"),
            Reader::Eraser => f.write_str("eraser"),
        }
    }
}

/// A text that names no reader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no reader: `index/PARTITION`, `cataloguer`, `registry/NAME` and `eraser` are")]
pub struct NotAReader(pub String);

impl FromStr for Reader {
    type Err = NotAReader;

    fn from_str(text: &str) -> std::result::Result<Reader, NotAReader> {
        let unknown = || NotAReader(text.to_owned());
        match text.split_once('/') {
            None if text == "cataloguer" => Ok(Reader::Cataloguer),
            None if text == "eraser" => Ok(Reader::Eraser),
            Some(("index", partition)) => {
                partition.parse().map(Reader::Index).map_err(|_| unknown())
            }
            Some(("registry", name)) if !name.is_empty() => Ok(Reader::Registry(name.to_owned())),
            _ => Err(unknown()),
        }
    }
}

/// How far each reader has come, and which process reads for it.
#[async_trait]
pub trait Readers: Send + Sync {
    /// How far a reader has come; 0 if it never said.
    async fn cursor(&self, reader: &Reader) -> Result<u64>;

    /// Remembers how far a reader has come. Never goes back: a lower number changes nothing.
    async fn advance(&self, reader: &Reader, seq: u64) -> Result<()>;

    /// Sends a reader back to the start, 0.
    async fn reset(&self, reader: &Reader) -> Result<()>;

    /// Whether a reader has passed the last change that it is told of this document: for the index, the
    /// cataloguer and the eraser the document's own, for a registry that of its entry. Not before the document
    /// was read, and for a registry not before it has an entry.
    async fn passed(&self, document: DocumentId, reader: &Reader) -> Result<bool>;

    /// Takes, or keeps, the one lease of each of these readers for this process, for so long from now, in one
    /// transaction. Gives those that this process holds: none of which another one's lease lasts.
    async fn hold(
        &self,
        readers: &[Reader],
        worker: &Worker,
        lease: Duration,
    ) -> Result<Vec<Reader>>;

    /// Ends this process's lease of a reader, if it has it, so that another one need not wait for its end.
    async fn let_go(&self, reader: &Reader, worker: &Worker) -> Result<()>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        let partition = Partition::of("1741000".parse().unwrap());
        let readers = [
            Reader::Index(partition),
            Reader::Cataloguer,
            Reader::Registry("folder/two".into()),
            Reader::Eraser,
        ];
        for reader in readers {
            assert_eq!(reader.to_string().parse(), Ok(reader));
        }
        for text in ["", "index", "index/../1", "registry/", "relay/x"] {
            assert!(text.parse::<Reader>().is_err(), "{text}");
        }
    }
}
