//! Frames: how a child answers. `u32 length ≤ 1 MiB, little-endian | u8 type | postcard body`.
//!
//! The decoder believes nothing: it is a pure function over bytes, gives a [`ProtocolViolation`] for whatever is not a frame,
//! and never allocates more than a small multiple of the bytes it was given.

use madang_document::annotation::Annotation;
use madang_document::content::{Member, Segment, Warning};
use madang_document::headway::Headway;
use madang_document::inner_path::InnerPath;
use madang_document::locator::Locator;
use madang_document::metadata::{Metadata, Part, Stated, Value};
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::shown::Shown;
use serde::{Deserialize, Serialize};

use crate::raw_bytes;

/// Longest frame, type and body, in bytes.
pub const LONGEST: usize = 1 << 20;

/// What a child says. The order of the variants is the type on the wire.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Frame {
    /// Work goes on: so many units of it (pages, members, frames) have begun since this was last said.
    Progress(u32),
    /// What the object is, said before it is read: a child that dies of it leaves that behind.
    Detected(Kind),
    /// A document begins.
    Begin(Box<Head>),
    /// Properties of the document.
    Fields(Vec<Claim>),
    /// Pieces of its text.
    Segments(Vec<Segment>),
    /// More text of the last piece.
    More(String),
    /// Its list of members.
    Members(Vec<Member>),
    /// A picture of it begins.
    Preview(Picture),
    /// Pixels of that picture, one piece after the other, until it is whole.
    Pixels(#[serde(with = "raw_bytes")] Vec<u8>),
    /// It stores a likeness of itself, of which a preview can be made. Said once.
    Likeness,
    /// What was odd, lost or cut.
    Warnings(Vec<Warning>),
    /// The document is finished.
    Finish,
    /// Asks for bytes of the object.
    Range {
        /// Where they start.
        offset: u64,
        /// How many.
        length: u32,
    },
    /// Engines are wanted that this child has not: it ends, and is to be run again where they are.
    Wanting,
    /// Bytes of the member that was asked for, one piece after the other.
    Bytes(#[serde(with = "raw_bytes")] Vec<u8>),
    /// That was all of them. The child ends.
    Given,
    /// Everything is said.
    End(Outcome),
    /// The reader panicked, with this message.
    Panic(String),
    /// What the stages found out about the document.
    Annotations(Vec<Annotation>),
    /// Recognising has come so far.
    Headway(Headway),
    /// Something of this number is about to be looked at or listened to.
    Look(u32),
    /// An engine made this out in the signal of this key: to be remembered until the object is read to its end.
    Recognised {
        /// What stands for the signal.
        key: [u8; 32],
        /// What was made out.
        segments: Vec<Segment>,
    },
}

/// What a document is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kind {
    /// The row of the table of formats, or `none`.
    pub format: String,
    /// The version of that row.
    pub format_version: u32,
    /// The media type.
    pub media_type: String,
}

/// A document without its content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Head {
    /// The way inside the object; none for the object itself.
    pub member: Option<InnerPath>,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256 of a member's bytes.
    pub sha256: Option<[u8; 32]>,
    /// What it is.
    pub kind: Kind,
    /// Language of the text.
    pub language: Option<String>,
    /// How reading it ended.
    pub outcome: Outcome,
    /// Why, if it was not read whole.
    pub reason: Option<Reason>,
}

/// A picture without its pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Picture {
    /// Where in the document it was taken.
    pub locator: Locator,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Three bytes for each pixel; else one.
    pub has_colours: bool,
}

/// What is said of a property: of one name the most trusted first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The property.
    pub name: String,
    /// Its value.
    pub field: Field,
    /// The part that says so.
    pub part: Option<Part>,
}

/// The value of a property. Not [`Value`], because its lists nest: a frame of 1 MiB could nest them 500,000
/// deep and overflow the stack of whoever decodes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Field {
    /// One value.
    One(Scalar),
    /// Several.
    Many(Vec<Scalar>),
}

/// A single value of a property.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

/// A child broke the protocol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("protocol: {0}")]
pub struct ProtocolViolation(pub String);

impl Frame {
    /// Appends the frame to `out`.
    ///
    /// # Errors
    /// When it is longer than [`LONGEST`]; then `out` is as it was.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), ProtocolViolation> {
        let body = postcard::to_stdvec(self)
            .map_err(|e| ProtocolViolation(format!("cannot be encoded: {e}")))?;
        if body.len() > LONGEST {
            return Err(ProtocolViolation(format!("a frame of {} bytes is too long", body.len())));
        }
        out.extend_from_slice(&(body.len() as u32).to_le_bytes());
        out.extend_from_slice(&body);
        Ok(())
    }
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    start: usize,
}

impl Decoder {
    /// Takes the next bytes of the stream. What [`Decoder::take`] has not taken yet is kept: whoever drains it
    /// before each push holds at most one frame and one push.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.start);
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole frame and its length on the wire; none until more bytes come.
    ///
    /// # Errors
    /// When the bytes are no frame. Nothing after that means anything.
    pub fn take(&mut self) -> Result<Option<(Frame, usize)>, ProtocolViolation> {
        let rest = self.bytes.get(self.start..).unwrap_or_default();
        let Some((length, rest)) = rest.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*length) as usize;
        if length == 0 || length > LONGEST {
            return Err(ProtocolViolation(format!("a frame of {length} bytes")));
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        // serde allocates at most 1 MiB ahead by a length it was told, and postcard lends no more bytes than
        // there are; both are held to it by a test below.
        let (frame, trailing) = postcard::take_from_bytes::<Frame>(body)
            .map_err(|e| ProtocolViolation(format!("a frame cannot be read: {e}")))?;
        if !trailing.is_empty() {
            return Err(ProtocolViolation(format!(
                "{} bytes after the end of a frame",
                trailing.len()
            )));
        }
        self.start += 4 + length;
        Ok(Some((frame, 4 + length)))
    }

    /// Whether no byte is left over.
    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }
}

impl From<&Value> for Field {
    fn from(value: &Value) -> Field {
        fn scalars(value: &Value, depth: u8, into: &mut Vec<Scalar>) {
            match value {
                Value::Bool(v) => into.push(Scalar::Bool(*v)),
                Value::Integer(v) => into.push(Scalar::Integer(*v)),
                Value::Number(v) => into.push(Scalar::Number(*v)),
                Value::Text(v) => into.push(Scalar::Text(v.clone())),
                // A list in a list is flattened; no format makes one.
                Value::List(list) if depth < 8 => {
                    list.iter().for_each(|v| scalars(v, depth + 1, into));
                }
                Value::List(_) => {}
            }
        }
        let mut all = Vec::new();
        scalars(value, 0, &mut all);
        match (value, all.pop()) {
            (Value::List(_), last) => Field::Many(all.into_iter().chain(last).collect()),
            (_, Some(one)) => Field::One(one),
            (_, None) => Field::Many(Vec::new()),
        }
    }
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Value {
        match scalar {
            Scalar::Bool(v) => v.into(),
            Scalar::Integer(v) => v.into(),
            Scalar::Number(v) => v.into(),
            // `Metadata::set` cleans a single text only, not those of a list.
            Scalar::Text(mut v) => {
                v.retain(|c| !c.is_control() || matches!(c, '\n' | '\t'));
                v.into()
            }
        }
    }
}

impl Claim {
    /// Adds it behind what is said of its property; [`Metadata::add`] drops control characters.
    pub fn add(self, metadata: &mut Metadata) {
        let value = match self.field {
            Field::One(one) => Value::from(one),
            Field::Many(many) => Value::from(many),
        };
        metadata.add(&self.name, Stated { value, part: self.part.map(shown) });
    }

    /// Bytes of its texts and names.
    pub fn size(&self) -> usize {
        let part = self.part.as_ref().map_or(0, |part| part.name().len());
        self.name.len() + part + self.field.size()
    }
}

/// The name of a part without what hides or misleads: it is shown beside the value.
fn shown(part: Part) -> Part {
    let clean = |name: String| Shown::new(&name).as_str().to_owned();
    match part {
        Part::Inside(name) => Part::Inside(clean(name)),
        Part::Beside(name) => Part::Beside(clean(name)),
    }
}

impl Field {
    /// Bytes of its texts; 8 for anything else.
    pub fn size(&self) -> usize {
        let size = |scalar: &Scalar| match scalar {
            Scalar::Text(text) => text.len(),
            Scalar::Bool(_) | Scalar::Integer(_) | Scalar::Number(_) => 8,
        };
        match self {
            Field::One(one) => size(one),
            Field::Many(many) => many.iter().map(size).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_document::annotation::Finding;
    use madang_document::content::{Origin, WarningKind};
    use madang_document::fingerprint::Fingerprint;
    use madang_document::headway::Stretch;
    use madang_document::locator::Bounds;
    use madang_document::locator::Locator;
    use madang_document::opening::Opening;
    use madang_document::part;
    use madang_document::reason_kind::ReasonKind;
    use madang_document::word::Word;
    use proptest::prelude::*;

    use super::*;

    fn samples() -> Vec<Frame> {
        let bounds = Bounds { left: 1.5, top: 2.0, right: 3.0, bottom: 4.0 };
        let word = Word { start: 0, end: 1, bounds, confidence: 0.5 };
        let kind =
            Kind { format: "text".into(), format_version: 1, media_type: "text/plain".into() };
        vec![
            Frame::Progress(3),
            Frame::Detected(kind.clone()),
            Frame::Begin(Box::new(Head {
                member: Some(InnerPath::of("가/b.txt")),
                size: 7,
                sha256: Some([7; 32]),
                kind,
                language: Some("ko".into()),
                outcome: Outcome::Partial,
                reason: Some(ReasonKind::Missing.of(part::Part::Page(3))),
            })),
            Frame::Fields(vec![Claim {
                name: "title".into(),
                field: Field::One(Scalar::Text("제목".into())),
                part: Some(Part::Inside("docProps/core.xml".into())),
            }]),
            Frame::Fields(vec![Claim {
                name: "n".into(),
                field: Field::Many(vec![Scalar::Number(1.5)]),
                part: None,
            }]),
            Frame::Segments(vec![Segment {
                text: "마당".into(),
                locator: Locator::Time { start_ms: 1, end_ms: 2 },
                origin: Origin::Native,
                confidence: Some(0.5),
                words: vec![word],
            }]),
            Frame::More("more".into()),
            Frame::Members(vec![Member {
                path: "a".into(),
                size: None,
                outcome: None,
                told: None,
            }]),
            Frame::Preview(Picture {
                locator: Locator::page(1),
                width: 2,
                height: 3,
                has_colours: true,
            }),
            Frame::Pixels(vec![7; 18]),
            Frame::Likeness,
            Frame::Warnings(vec![Warning {
                kind: WarningKind::Lost,
                reason: ReasonKind::DamagedAfter(7).because(ReasonKind::CheckSum).within("a/b"),
            }]),
            Frame::Finish,
            Frame::Range { offset: 5, length: 6 },
            Frame::Wanting,
            Frame::Bytes(vec![0, 1, 0xFF]),
            Frame::Given,
            Frame::End(Outcome::Ok),
            Frame::Panic("index out of bounds".into()),
            Frame::Annotations(vec![Annotation {
                stage: "text_fingerprint".into(),
                version: 1,
                finding: Finding::Text {
                    fingerprint: Fingerprint::new([1, 2, 3, 4]),
                    shingles: 9,
                    opening: Opening::of("공고".chars()),
                },
            }]),
            Frame::Headway(Headway::new(Stretch::Pages, 3, Some(40))),
            Frame::Look(7),
            Frame::Recognised {
                key: [9; 32],
                segments: vec![Segment {
                    text: "펌프".into(),
                    locator: Locator::page(1),
                    origin: Origin::Ocr,
                    confidence: Some(0.9),
                    words: vec![word, Word { start: 1, end: 2, ..word }],
                }],
            },
        ]
    }

    fn decode(bytes: &[u8], chunk: usize) -> Result<(Vec<Frame>, bool), ProtocolViolation> {
        let (mut decoder, mut frames) = (Decoder::default(), Vec::new());
        for piece in bytes.chunks(chunk.max(1)) {
            decoder.push(piece);
            while let Some((frame, _)) = decoder.take()? {
                frames.push(frame);
            }
        }
        Ok((frames, decoder.is_empty()))
    }

    #[test]
    fn frames_survive_however_the_stream_is_cut() {
        let mut bytes = Vec::new();
        samples().iter().for_each(|frame| frame.encode(&mut bytes).unwrap());
        for chunk in [1, 3, 7, 64, bytes.len()] {
            assert_eq!(decode(&bytes, chunk).unwrap(), (samples(), true), "{chunk}");
        }
        bytes.pop();
        assert!(!decode(&bytes, 64).unwrap().1, "half a frame is left over");
    }

    #[test]
    fn whatever_is_no_frame_is_a_lie() {
        for (bytes, what) in [
            (vec![0, 0, 0, 0], "empty"),
            (vec![1, 0, 16, 0, 0], "too long"),
            (vec![1, 0, 0, 0, 99], "unknown type"),
            (vec![3, 0, 0, 0, 0, 0, 0], "trailing byte"),
            (vec![1, 0, 0, 0, 6], "short body"),
            (vec![3, 0, 0, 0, 6, 1, 0xFF], "not UTF-8"),
        ] {
            let violation = decode(&bytes, 64).unwrap_err();
            assert!(violation.to_string().starts_with("protocol: "), "{what}: {violation}");
        }
    }

    #[test]
    fn a_length_in_a_frame_allocates_nothing() {
        // Each body claims 2^60 things: if a length drove an allocation, this would abort.
        let huge = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F];
        for kind in [3u8, 4, 5, 6, 8, 10, 14, 17, 19] {
            let mut bytes = vec![10, 0, 0, 0, kind];
            bytes.extend_from_slice(&huge);
            assert!(decode(&bytes, 64).is_err(), "type {kind}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_give_frames_or_a_lie(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
            let _ = decode(&bytes, 97);
            let mut framed = (bytes.len() as u32).to_le_bytes().to_vec();
            for kind in 0..20 {
                framed.truncate(4);
                framed.push(kind);
                framed.extend_from_slice(bytes.get(1..).unwrap_or_default());
                let _ = decode(&framed, 1 << 16);
            }
        }

        #[test]
        fn mutated_frames_give_frames_or_a_lie(
            edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        ) {
            let mut bytes = Vec::new();
            samples().iter().for_each(|frame| frame.encode(&mut bytes).unwrap());
            for (at, byte) in edits {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok((frames, _)) = decode(&bytes, 64) {
                prop_assert!(frames.len() <= bytes.len() / 5);
            }
        }
    }
}
