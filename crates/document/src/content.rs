use serde::ser::SerializeStruct;
use serde::{Deserialize, Serialize, Serializer};

use crate::locator::Locator;
use crate::metadata::Metadata;
use crate::outcome::Outcome;
use crate::raster::Raster;
use crate::reason::Reason;
use crate::reason_kind::ReasonKind;
use crate::told::Told;
use crate::word::Word;

/// What was read of one document: the answer of an extractor.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Content {
    /// Properties of the document, under the field's own words (see [`crate::metadata`]).
    pub metadata: Metadata,
    /// The text in reading order, in pieces that each have a place.
    pub segments: Vec<Segment>,
    /// What an archive, a mail or a compound document holds. Each member that could be opened is a document
    /// of its own, delivered apart; this is only the list.
    pub members: Vec<Member>,
    /// Pictures of the document, the one that shows it best first.
    pub previews: Vec<Preview>,
    /// Whether a preview can be made when somebody looks at it: the document stores a small likeness of itself, its first
    /// page or its cover, or it is a picture that lies in another document. It was looked at for being a picture and not
    /// decoded, so that there may be nothing to see on it.
    pub likeness: bool,
    /// What was odd, lost or cut. A damaged part is a warning; an error means that nothing could be read.
    pub warnings: Vec<Warning>,
}

impl Content {
    /// All segments joined by line feeds.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(self.segments.iter().map(|s| s.text.len() + 1).sum());
        for (n, segment) in self.segments.iter().enumerate() {
            if n > 0 {
                text.push('\n');
            }
            text.push_str(&segment.text);
        }
        text
    }

    /// Adds a piece of native text, unless it is blank.
    pub fn push_text(&mut self, text: impl Into<String>, locator: Locator) {
        let text = text.into();
        if !text.trim().is_empty() {
            self.segments.push(Segment {
                text,
                locator,
                origin: Origin::Native,
                confidence: None,
                words: Vec::new(),
            });
        }
    }

    /// Notes something odd that cost no content.
    pub fn note(&mut self, reason: impl Into<Reason>) {
        self.warnings.push(Warning { kind: WarningKind::Note, reason: reason.into() });
    }

    /// Notes that a part could not be read: the outcome becomes [`Outcome::Partial`].
    pub fn lost(&mut self, reason: impl Into<Reason>) {
        self.warnings.push(Warning { kind: WarningKind::Lost, reason: reason.into() });
    }

    /// Notes that a limit cut the content: the outcome becomes [`Outcome::Limit`].
    pub fn cut(&mut self, reason: impl Into<Reason>) {
        self.warnings.push(Warning { kind: WarningKind::Cut, reason: reason.into() });
    }
}

/// A piece of text with its place.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Segment {
    /// The text, as read; lines are separated by line feeds, table cells by tabs.
    pub text: String,
    /// Where it stands.
    pub locator: Locator,
    /// Who read it.
    pub origin: Origin,
    /// How sure the reader was, from 0 to 1; none for text that was not recognised but stored.
    pub confidence: Option<f32>,
    /// The words of what was recognised on a page, in the order of the text; none of what was not.
    #[serde(default)]
    pub words: Vec<Word>,
}

/// In JSON words that there are none of do not stand: what was kept before there were any is the same segment. The wire from a
/// child knows no names, so that there nothing may be left out.
impl Serialize for Segment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Segment { text, locator, origin, confidence, words } = self;
        let are_said = !words.is_empty() || !serializer.is_human_readable();
        let mut fields = serializer.serialize_struct("Segment", if are_said { 5 } else { 4 })?;
        fields.serialize_field("text", text)?;
        fields.serialize_field("locator", locator)?;
        fields.serialize_field("origin", origin)?;
        fields.serialize_field("confidence", confidence)?;
        if are_said {
            fields.serialize_field("words", words)?;
        }
        fields.end()
    }
}

/// Where the text of a segment comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// Text stored in the file.
    Native,
    /// Recognised in a picture.
    Ocr,
    /// Recognised in speech.
    Speech,
    /// A subtitle track or file.
    Subtitle,
}

/// A line in the list of what an archive, mail or compound document holds.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Member {
    /// The path inside the container, `/` as separator, exactly one name per member: a second member of the
    /// same name is told apart by `#2`.
    pub path: String,
    /// Size in bytes once unpacked, if known.
    pub size: Option<u64>,
    /// How reading it ended; none if it was not opened.
    pub outcome: Option<Outcome>,
    /// Of a table that describes files: what it tells of this one.
    #[serde(default)]
    pub told: Option<Told>,
}

/// In JSON what is not told does not stand: few documents are tables that describe files, and a member as it was kept
/// before is the same member. The wire from a child knows no names, so that there nothing may be left out.
impl Serialize for Member {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Member { path, size, outcome, told } = self;
        let is_said = told.is_some() || !serializer.is_human_readable();
        let mut fields = serializer.serialize_struct("Member", if is_said { 4 } else { 3 })?;
        fields.serialize_field("path", path)?;
        fields.serialize_field("size", size)?;
        fields.serialize_field("outcome", outcome)?;
        if is_said {
            fields.serialize_field("told", told)?;
        }
        fields.end()
    }
}

/// A picture of a document: pixels, of which whoever keeps them makes a file, so that no byte of a file that comes from
/// foreign bytes reaches a browser.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Where in the document it was taken.
    pub locator: Locator,
    /// What is seen there.
    pub raster: Raster,
}

/// Something odd, lost or cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// What it means for the outcome.
    pub kind: WarningKind,
    /// What it is, naming the place. Earlier versions kept a sentence under another name.
    #[serde(alias = "message")]
    pub reason: Reason,
}

impl Warning {
    /// Whether it says that what is seen or spoken is still to be recognised.
    pub fn awaits_recognition(&self) -> bool {
        self.reason.kind == ReasonKind::RecognitionWaits
    }
}

/// What a warning means for the outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// Nothing was lost.
    Note,
    /// A part could not be read.
    Lost,
    /// A limit cut the content.
    Cut,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_and_text_from_before_there_were_any_is_read() {
        let old =
            r#"{"text":"침수","locator":{"page":{"number":1}},"origin":"ocr","confidence":0.5}"#;
        let old: Segment = serde_json::from_str(old).unwrap();
        assert!(old.words.is_empty());
        let bounds = crate::locator::Bounds { left: 1.5, top: 2.0, right: 3.0, bottom: 4.0 };
        let word = Word { start: 0, end: 2, bounds, confidence: 0.5 };
        for segment in [old.clone(), Segment { words: vec![word], ..old }] {
            let json = serde_json::to_string(&segment).unwrap();
            assert_eq!(serde_json::from_str::<Segment>(&json).unwrap(), segment, "{json}");
            let wire = postcard::to_stdvec(&segment).unwrap();
            assert_eq!(postcard::from_bytes::<Segment>(&wire).unwrap(), segment);
        }
    }

    #[test]
    fn what_a_member_is_not_told_does_not_stand_in_json() {
        let plain = Member { path: "a".into(), size: Some(1), outcome: None, told: None };
        let told = Some(Told::of("m.csv", &Metadata::default(), []));
        let row = Member { told, ..plain.clone() };
        let json = serde_json::to_string(&plain).unwrap();
        assert_eq!(json, r#"{"path":"a","size":1,"outcome":null}"#);
        for member in [plain, row] {
            let json = serde_json::to_string(&member).unwrap();
            assert_eq!(serde_json::from_str::<Member>(&json).unwrap(), member);
            let wire = postcard::to_stdvec(&member).unwrap();
            assert_eq!(postcard::from_bytes::<Member>(&wire).unwrap(), member);
        }
    }
}
