use std::fmt;

use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use serde::Serialize;

use crate::error::Result;
use crate::reader::Reader;
use crate::rows::Rows;

/// What was passed over because it could not be had, so that one bad row stops nobody: it stands here until it is
/// done, and the operator may have it done again.
#[async_trait]
pub trait Notes: Send + Sync {
    /// Notes something. Noted a second time by the same one, it is the same note with the new reason, count and
    /// moment. The audit trail hears of it when it is new, or its reason is.
    async fn note(&self, note: &NewNote) -> Result<()>;

    /// Takes back what was noted by this one of these subjects: it is done, or there is nothing left to do. Gives how
    /// many notes there were.
    async fn clear_notes(&self, by: &By, subjects: &[String]) -> Result<u64>;

    /// What this one noted of a subject.
    async fn noted(&self, by: &By, subject: &str) -> Result<Option<Note>>;

    /// All that this one noted, in order of the subjects.
    async fn noted_by(&self, by: &By) -> Result<Vec<Note>>;

    /// Notes in order of their numbers, after number `after`, at most `limit`, of what the scope covers. One that is
    /// nobody's is of the scope that covers all.
    async fn notes(
        &self,
        agencies: &Scope,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Rows<i64, Note>>;

    /// How many notes there are, of what the scope covers.
    async fn count_notes(&self, agencies: &Scope) -> Result<u64>;

    /// Has what is noted done again, as far as the scope covers it: whoever follows the outbox is told of the document
    /// or the entry once more, and counts anew. Gives the notes that this is about; each stands until it is done.
    async fn redo(&self, which: &Redo, agencies: &Scope, actor: &str) -> Result<Vec<Note>>;
}

/// Why something was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoteKind {
    /// The index refuses the record of a document.
    RecordRefused,
    /// The text of a document is lost or damaged: it is found by its other properties.
    TextLost,
    /// The preview of a document is lost or damaged.
    PreviewLost,
    /// A document cannot be read back from the ledger.
    DocumentUnreadable,
    /// An entry cannot be read back from the ledger.
    EntryUnreadable,
    /// The ledger, or a registry, refuses an entry.
    EntryRefused,
    /// The ledger refuses a file that a source saw.
    ObjectRefused,
}

impl NoteKind {
    /// Every kind.
    pub const ALL: [NoteKind; 7] = [
        NoteKind::RecordRefused,
        NoteKind::TextLost,
        NoteKind::PreviewLost,
        NoteKind::DocumentUnreadable,
        NoteKind::EntryUnreadable,
        NoteKind::EntryRefused,
        NoteKind::ObjectRefused,
    ];

    /// The word used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            NoteKind::RecordRefused => "record_refused",
            NoteKind::TextLost => "text_lost",
            NoteKind::PreviewLost => "preview_lost",
            NoteKind::DocumentUnreadable => "document_unreadable",
            NoteKind::EntryUnreadable => "entry_unreadable",
            NoteKind::EntryRefused => "entry_refused",
            NoteKind::ObjectRefused => "object_refused",
        }
    }

    /// What the audit trail calls it.
    pub fn act(self) -> String {
        self.as_str().replace('_', ".")
    }

    /// The kind of this word.
    pub fn parse(word: &str) -> Option<NoteKind> {
        NoteKind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// Who passes something over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum By {
    /// A reader of the outbox.
    Reader(Reader),
    /// The source of this pipeline. What it notes is a path.
    Source(String),
    /// Whoever asks for a preview that is lost, of which no reader of the outbox knows. So such a note goes when its
    /// document is withdrawn, and where it is done again the file is read again.
    Previews,
    /// Whoever asks for a text that is lost. The same holds.
    Texts,
}

impl By {
    /// Whether it is who asked for what was kept of a document.
    pub fn has_asked(&self) -> bool {
        By::ASKERS.contains(self)
    }

    /// All who ask for what was kept.
    pub const ASKERS: [By; 2] = [By::Previews, By::Texts];

    /// The one of this word.
    pub fn parse(word: &str) -> Option<By> {
        match word.split_once('/') {
            None if word == PREVIEWS => Some(By::Previews),
            None if word == TEXTS => Some(By::Texts),
            Some((SOURCE, pipeline)) if !pipeline.is_empty() => {
                Some(By::Source(pipeline.to_owned()))
            }
            _ => word.parse().ok().map(By::Reader),
        }
    }
}

const PREVIEWS: &str = "previews";
const TEXTS: &str = "texts";
const SOURCE: &str = "source";

/// As in `index/1741000`, `cataloguer`, `registry/folder`, `source/press`, `previews`, `texts`.
impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Reader(reader) => reader.fmt(f),
            By::Source(pipeline) => write!(f, "{SOURCE}/{pipeline}"),
            By::Previews => f.write_str(PREVIEWS),
            By::Texts => f.write_str(TEXTS),
        }
    }
}

impl Serialize for By {
    fn serialize<S: serde::Serializer>(
        &self,
        serializer: S,
    ) -> std::result::Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewNote {
    /// Who passed it over.
    pub by: By,
    /// Why.
    pub kind: NoteKind,
    /// What: a document's or an entry's id, for a source the path.
    pub subject: String,
    /// Whose it is, if it is one agency's.
    pub agency: Option<Agency>,
    /// The words of whoever refused.
    pub reason: String,
    /// How often it was tried again since it was noted, or since the operator asked for it.
    pub tries: u32,
}

/// What is noted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// Its number.
    pub id: i64,
    /// Who passed it over.
    pub by: By,
    /// Why.
    #[serde(serialize_with = "word")]
    pub kind: NoteKind,
    /// What.
    pub subject: String,
    /// Whose it is, if it is one agency's.
    pub agency: Option<Agency>,
    /// The words of whoever refused.
    pub reason: String,
    /// How often it was tried again.
    pub tries: u32,
    /// Since when.
    pub since: Timestamp,
    /// When it was last noted, or asked for.
    pub at: Timestamp,
}

fn word<S: serde::Serializer>(
    kind: &NoteKind,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_str(kind.as_str())
}

/// Which notes to do again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redo {
    /// The one of this number.
    One(i64),
    /// All of this kind.
    Kind(NoteKind),
    /// All.
    All,
}

#[cfg(test)]
mod tests {
    use madang_document::partition::Partition;

    use super::*;

    #[test]
    fn who_noted_has_a_word_that_comes_back() {
        let index = Reader::Index(Partition::of("1741000".parse().unwrap()));
        for (by, word) in [
            (By::Reader(index), "index/1741000"),
            (By::Reader(Reader::Cataloguer), "cataloguer"),
            (By::Reader(Reader::Registry("source/two".into())), "registry/source/two"),
            (By::Source("press".into()), "source/press"),
            (By::Source("a/b".into()), "source/a/b"),
            (By::Previews, "previews"),
            (By::Texts, "texts"),
        ] {
            assert_eq!(by.to_string(), word);
            assert_eq!(serde_json::to_value(&by).unwrap(), word);
            assert_eq!(By::parse(word), Some(by));
        }
        for word in ["", "source", "source/", "previews/a", "index/x", "operator"] {
            assert_eq!(By::parse(word), None, "{word}");
        }
    }
}
