use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::agency::Agency;
use crate::annotation::Annotation;
use crate::blob_id::BlobId;
use crate::blob_part::BlobPart;
use crate::content::{Member, Warning};
use crate::id::DocumentId;
use crate::inner_path::InnerPath;
use crate::locator::Locator;
use crate::media_type::MediaType;
use crate::metadata::Metadata;
use crate::object::ObjectRef;
use crate::object_key;
use crate::outcome::Outcome;
use crate::partition::Partition;
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
    /// What the hash of its text would be without the places of words; none if it has no words with places. A reader that tells
    /// another place of a word, or the first to tell any, has not read another text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wordless: Option<BlobId>,
    /// The preview, a JPEG file in the blob store.
    pub preview: Option<BlobPart>,
    /// Further pictures of it: of a film the sheet with all frames that were taken, and each of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previews: Vec<PlacedPreview>,
    /// Whether it stores a likeness of itself, of which a preview is made for whoever looks at it: see
    /// [`Content::likeness`](crate::content::Content::likeness).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub likeness: bool,
    /// What the stages found out about it, in the order of their table.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub annotations: Vec<Annotation>,
    /// What read it.
    pub provenance: Provenance,
}

/// A picture of a document at a place in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedPreview {
    /// The place; the whole for a sheet that shows all of them.
    pub locator: Locator,
    /// A JPEG file in the blob store.
    pub file: BlobPart,
}

impl Document {
    /// What of it lies in the blob store.
    pub fn blobs(&self) -> impl Iterator<Item = BlobPart> {
        let previews = self.previews.iter().map(|preview| preview.file);
        self.text.into_iter().chain(self.preview).chain(previews)
    }

    /// The words of why it was not read, or not whole, and of all that is worth knowing of how it was read, each once and in
    /// alphabetical order: what it is asked for by.
    pub fn reason_words(&self) -> Vec<&'static str> {
        let noted = self.warnings.iter().map(|warning| &warning.reason);
        let words = self.reason.iter().chain(noted).map(|reason| reason.kind.word());
        words.collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// What tells its text from another, by which it is compared; none if there is none.
    pub fn text_id(&self) -> Option<BlobId> {
        self.wordless.or(self.text.map(|text| text.hash()))
    }

    /// The partition that holds it.
    pub fn partition(&self) -> Partition {
        Partition::of(self.agency.clone())
    }

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

    /// Whether reading came to something else than `before`: whether there are any [differences](Document::differences).
    pub fn reads_otherwise(&self, before: &Document) -> bool {
        !self.differences(before).is_empty()
    }

    /// The parts in which reading came to something else than `before`. Its bytes, what read them, the preview, what
    /// stages found, where its words stand, and remarks may differ and it is the same all the same, and so may the part of the file that says a property, the blob in which
    /// the same text lies, and what a table tells of the files that it describes.
    pub fn differences(&self, before: &Document) -> Vec<DocumentPart> {
        let own = self.media_type != before.media_type
            || self.language != before.language
            || self.metadata.plain() != before.metadata.plain();
        let place =
            |document: &Document| (document.object.store.clone(), document.object.path.clone());
        let parts = [
            (DocumentPart::Text, self.text_id() != before.text_id()),
            (DocumentPart::Outcome, self.outcome != before.outcome),
            (DocumentPart::Reason, !reasons_agree(self.reason.as_ref(), before.reason.as_ref())),
            (DocumentPart::Metadata, own),
            (DocumentPart::Members, !are_same(&self.members, &before.members)),
            (DocumentPart::Place, place(self) != place(before)),
        ];
        parts.into_iter().filter_map(|(part, differs)| differs.then_some(part)).collect()
    }

    /// Whether it was read from other bytes than `before`: by these where they are known, else by what the store says.
    pub fn is_of_another_file(&self, before: &Document) -> bool {
        match (before.sha256, self.sha256) {
            (Some(before), Some(now)) => before != now,
            _ => before.object.version != self.object.version,
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

/// A part of what reading a document comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentPart {
    /// Its text or the places in it.
    Text,
    /// How reading it ended.
    Outcome,
    /// Why it ended so.
    Reason,
    /// Properties, language, media type.
    Metadata,
    /// The list of what is in it.
    Members,
    /// Where its file lies.
    Place,
}

impl DocumentPart {
    /// Every part.
    pub const ALL: [DocumentPart; 6] = [
        DocumentPart::Text,
        DocumentPart::Outcome,
        DocumentPart::Reason,
        DocumentPart::Metadata,
        DocumentPart::Members,
        DocumentPart::Place,
    ];

    /// The word for it in records.
    pub fn as_str(self) -> &'static str {
        match self {
            DocumentPart::Text => "text",
            DocumentPart::Outcome => "outcome",
            DocumentPart::Reason => "reason",
            DocumentPart::Metadata => "metadata",
            DocumentPart::Members => "members",
            DocumentPart::Place => "place",
        }
    }

    /// The part of a word.
    pub fn parse(word: &str) -> Option<DocumentPart> {
        DocumentPart::ALL.into_iter().find(|part| part.as_str() == word)
    }
}

/// Whether both readings have the same to say for themselves, or nothing (see [`Reason::says_the_same`]).
pub fn reasons_agree(one: Option<&Reason>, other: Option<&Reason>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.says_the_same(other),
        (None, None) => true,
        _ => false,
    }
}

/// Whether two lists name the same members in the same order (see [`is_same`]).
pub fn are_same(these: &[Member], those: &[Member]) -> bool {
    these.len() == those.len() && these.iter().zip(those).all(|(one, other)| is_same(one, other))
}

/// Whether a member has the same path and size in two versions of a document, and ended alike. What a table tells of it
/// ([`Member::told`]) is no part of that: it is a number, in which nobody could be shown what changed, and the words stand in
/// the table's own text.
pub fn is_same(one: &Member, other: &Member) -> bool {
    (&one.path, one.size, one.outcome) == (&other.path, other.size, other.outcome)
}

/// What read a document: names the extractor so that selective reprocessing finds what to redo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The row of the table of formats, as in `hwp5`; `none` if no row matched.
    pub format: String,
    /// The version of that row when it read the document.
    pub format_version: u32,
}

impl Provenance {
    /// The format of what no reader has looked at.
    pub const NONE: &str = "none";
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob_part::Part;
    use crate::content::WarningKind;
    use crate::metadata::TITLE;
    use crate::told::Told;

    #[test]
    fn what_was_read_is_told_from_what_read_it() {
        let before = Document {
            id: DocumentId::new("s", "a.zip", None),
            agency: Agency::try_from("1741000".to_owned()).unwrap(),
            pipeline: "p".into(),
            object: ObjectRef {
                store: "s".into(),
                path: "a.zip".into(),
                version: "1".into(),
                size: 9,
            },
            object_modified: None,
            parent: None,
            inner: None,
            size: Some(9),
            sha256: None,
            media_type: MediaType::new("text/plain"),
            language: Some("ko".into()),
            outcome: Outcome::Ok,
            reason: None,
            metadata: Metadata::default(),
            members: Vec::new(),
            warnings: Vec::new(),
            segments: 1,
            characters: 1,
            text: Some(BlobId::of(b"text").into()),
            wordless: None,
            preview: None,
            previews: Vec::new(),
            likeness: false,
            annotations: Vec::new(),
            provenance: Provenance { format: "text".into(), format_version: 1 },
        };
        let otherwise = |change: &dyn Fn(&mut Document)| {
            let mut after = before.clone();
            change(&mut after);
            after.reads_otherwise(&before)
        };
        assert!(!otherwise(&|_| {}));
        // Neither the file nor who read it is what was read.
        assert!(!otherwise(&|after| after.object.version = "2".into()));
        assert!(!otherwise(&|after| after.sha256 = Some(BlobId::of(b"bytes"))));
        assert!(!otherwise(&|after| after.provenance.format_version = 2));
        assert!(!otherwise(&|after| after.preview = Some(BlobId::of(b"preview").into())));
        assert!(!otherwise(&|after| after.likeness = true));
        assert!(!otherwise(&|after| {
            after.warnings.push(Warning { kind: WarningKind::Note, reason: "odd".into() });
        }));
        // The same text in a blob with others, as when another member of an archive changed.
        let part = Part { offset: 7, length: 4, hash: BlobId::of(b"text") };
        let other = BlobPart { blob: BlobId::of(b"all"), part: Some(part) };
        assert!(!otherwise(&|after| after.text = Some(other)));
        // The first reader to tell where its words stand, and the one after it, which tells it otherwise.
        let placed = |blob: &[u8]| {
            let mut after = before.clone();
            after.text = Some(BlobId::of(blob).into());
            after.wordless = Some(BlobId::of(b"text"));
            after
        };
        let (first, second) = (placed(b"text and places"), placed(b"text and others"));
        assert!(!first.reads_otherwise(&before) && !second.reads_otherwise(&first));
        assert!(!before.reads_otherwise(&second));
        use DocumentPart::{Members, Outcome as Ended, Text};
        let differs = |change: &dyn Fn(&mut Document)| {
            let mut after = before.clone();
            change(&mut after);
            assert!(after.reads_otherwise(&before));
            after.differences(&before)
        };
        assert_eq!(differs(&|after| after.text = None), [Text]);
        assert_eq!(differs(&|after| after.text = Some(BlobId::of(b"other").into())), [Text]);
        let other = Some(BlobId::of(b"other"));
        assert_eq!(differs(&|after| after.wordless = other), [Text]);
        assert_eq!(differs(&|after| after.outcome = Outcome::Partial), [Ended]);
        assert_eq!(differs(&|after| after.reason = Some("why".into())), [DocumentPart::Reason]);
        let own = [DocumentPart::Metadata];
        assert_eq!(differs(&|after| after.language = None), own);
        assert_eq!(differs(&|after| after.media_type = MediaType::new("text/html")), own);
        assert_eq!(differs(&|after| after.metadata.set(TITLE, "제목")), own);
        let told = differs(&|after| {
            after.text = None;
            after.members.push(Member { path: "m".into(), size: None, outcome: None, told: None });
        });
        assert_eq!(told, [Text, Members]);
        // What a table tells of a file that it describes.
        let listing = |told: Option<Told>, size| {
            let row = Member { path: "m".into(), size: Some(size), outcome: None, told };
            Document { members: vec![row], ..before.clone() }
        };
        let told = Told::of("m.csv", &Metadata::default(), []);
        assert!(!listing(Some(told), 1).reads_otherwise(&listing(None, 1)));
        assert!(listing(Some(told), 2).reads_otherwise(&listing(None, 1)));
        let mut titled = before.clone();
        titled.metadata.at("Info").set(TITLE, "제목");
        let mut elsewhere = before.clone();
        elsewhere.metadata.at("XMP").set(TITLE, "제목");
        assert!(!titled.reads_otherwise(&elsewhere), "another part says the same");
    }
}
