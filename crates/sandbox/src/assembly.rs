//! Puts the frames of one child together to documents, and checks each length, count and order on the way.

use std::collections::HashSet;

use madang_document::annotation::{Annotation, Finding};
use madang_document::blob_id::BlobId;
use madang_document::content::{Content, Preview, Segment};
use madang_document::document::Provenance;
use madang_document::headway::Headway;
use madang_document::inner_path::InnerPath;
use madang_document::locator::Locator;
use madang_document::media_type::MediaType;
use madang_document::opening::Opening;
use madang_document::outcome::Outcome;
use madang_document::raster::{Raster, Shades};
use madang_document::shown::is_misleading;
use madang_document::word::Word;
use madang_extract::extraction::Extraction;
use madang_extract::formats::FORMATS;
use madang_extract::limits::Limits;
use madang_extract::recall;
use madang_extract::stages::STAGES;

use crate::caps;
use crate::frame::{Frame, Head, Kind, Picture, ProtocolViolation};

/// What a frame means for the run.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Go on.
    More,
    /// A member is whole.
    Member(Box<Extraction>),
    /// A piece of the member that was asked for.
    Bytes(Vec<u8>),
    /// The child wants these bytes.
    Range { offset: u64, length: u32 },
    /// Recognising has come so far.
    Headway(Headway),
    /// To be remembered: what was made out in the signal of this key.
    Recognised(BlobId, Vec<Segment>),
}

/// The answer of one child, as far as it has come.
#[derive(Debug)]
pub(crate) struct Assembly<'a> {
    limits: &'a Limits,
    size: u64,
    /// What the child took the object for, before it read it.
    pub(crate) detected: Option<Kind>,
    /// Units of work that it says it has begun.
    pub(crate) units: u64,
    /// What it was about to look at last.
    pub(crate) look: Option<u32>,
    /// Engines are wanted that the child has not.
    pub(crate) wanting: bool,
    /// The message of a panic.
    pub(crate) panic: Option<String>,
    current: Option<Extraction>,
    /// A picture of it of which pixels are to come, and those that came.
    picture: Option<Pending>,
    /// The object itself waits here until the child has ended well: one that dies after it must not have
    /// delivered it twice.
    object: Option<Box<Extraction>>,
    /// Bytes that came of the member that was asked for; none if none was.
    unpacked: Option<u64>,
    /// These were all of its bytes.
    given: bool,
    ended: Option<Outcome>,
    paths: HashSet<InnerPath>,
    bytes: u64,
    frames: u64,
    text: u64,
    document_text: u64,
    metadata: u64,
    pixels: u64,
    /// Words whose places were told.
    words: u64,
    /// Bytes of what is to be remembered.
    recognised: u64,
    /// Bytes of the object that it asked for.
    pub(crate) ranges: u64,
}

/// A picture of which some pixels came.
#[derive(Debug)]
struct Pending {
    head: Picture,
    shades: Shades,
    /// Bytes that it has when it is whole.
    length: usize,
    pixels: Vec<u8>,
}

impl<'a> Assembly<'a> {
    /// Of an object of `size` bytes, of which it is to be told what it says.
    pub(crate) fn new(limits: &'a Limits, size: u64) -> Assembly<'a> {
        Assembly {
            limits,
            size,
            detected: None,
            units: 0,
            look: None,
            wanting: false,
            panic: None,
            current: None,
            picture: None,
            object: None,
            unpacked: None,
            given: false,
            ended: None,
            paths: HashSet::new(),
            bytes: 0,
            frames: 0,
            text: 0,
            document_text: 0,
            metadata: 0,
            pixels: 0,
            words: 0,
            recognised: 0,
            ranges: 0,
        }
    }

    /// The same object, of which the bytes of a member are wanted.
    pub(crate) fn of_member(self) -> Assembly<'a> {
        Assembly { unpacked: Some(0), ..self }
    }

    /// Whether all bytes came of the member that was asked for.
    pub(crate) fn is_given(&self) -> bool {
        self.given
    }

    /// The object's own document and its outcome, if the child said everything and ended.
    pub(crate) fn finish(self) -> Option<(Box<Extraction>, Outcome)> {
        self.object.zip(self.ended)
    }

    /// Whether the child has said everything.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.is_some() || self.given
    }

    /// Takes a frame that was `length` bytes long.
    pub(crate) fn take(&mut self, frame: Frame, length: usize) -> Result<Step, ProtocolViolation> {
        self.frames += 1;
        if let Frame::Pixels(pixels) = &frame {
            self.pixels = self.pixels.saturating_add(pixels.len() as u64);
            at_most("bytes of pixels", self.pixels, caps::previews(self.limits))?;
        } else if let Frame::Recognised { .. } = &frame {
            at_most("bytes to be remembered of one signal", length as u64, caps::RECOGNISED)?;
            self.recognised = self.recognised.saturating_add(length as u64);
            at_most("bytes to be remembered", self.recognised, recall::MOST)?;
        } else {
            self.bytes = self.bytes.saturating_add(length as u64);
        }
        at_most("frames", self.frames, caps::FRAMES)?;
        let most = match self.unpacked {
            None => caps::answer(self.limits),
            Some(_) => caps::unpacked(self.limits),
        };
        at_most("bytes of answer", self.bytes, most)?;
        if self.has_ended() || self.panic.is_some() || self.wanting {
            return violation("a frame after the end");
        }
        if self.picture.is_some() && !matches!(frame, Frame::Pixels(_)) {
            return violation("a picture that is not whole");
        }
        match frame {
            Frame::Progress(units) => {
                self.units = self.units.saturating_add(u64::from(units));
            }
            Frame::Look(number) => self.look = Some(number),
            Frame::Headway(headway) => {
                if !headway.is_possible() {
                    return violation("more is recognised than there is");
                }
                return Ok(Step::Headway(headway));
            }
            Frame::Recognised { key, segments } => {
                segments.iter().try_for_each(check_segment)?;
                return Ok(Step::Recognised(BlobId::from_digest(key), segments));
            }
            Frame::Detected(kind) => {
                if self.detected.is_some() || self.current.is_some() || !self.paths.is_empty() {
                    return violation("detected out of order");
                }
                check_kind(&kind)?;
                self.detected = Some(kind);
            }
            Frame::Begin(head) => self.begin(*head)?,
            Frame::Finish => {
                let Some(document) = self.current.take() else {
                    return violation("the end of a document that did not begin");
                };
                if document.member.is_some() {
                    return Ok(Step::Member(Box::new(document)));
                }
                self.object = Some(Box::new(document));
            }
            Frame::Range { offset, length } => {
                if length == 0 || length > caps::RANGE || offset >= self.size {
                    return violation(format!("a range of {length} bytes from {offset} on"));
                }
                self.ranges = self.ranges.saturating_add(u64::from(length));
                at_most("bytes asked for", self.ranges, caps::ranges(self.size))?;
                return Ok(Step::Range { offset, length });
            }
            Frame::Bytes(piece) => {
                let Some(unpacked) = &mut self.unpacked else {
                    return violation("bytes of a member that nobody asked for");
                };
                *unpacked = unpacked.saturating_add(piece.len() as u64);
                at_most("bytes of a member", *unpacked, self.limits.member)?;
                return Ok(Step::Bytes(piece));
            }
            Frame::Given if self.unpacked.is_none() || self.current.is_some() => {
                return violation("the end of bytes that nobody asked for");
            }
            Frame::Given => self.given = true,
            Frame::Wanting if self.current.is_some() || self.object.is_some() => {
                return violation("engines are wanted out of order");
            }
            Frame::Wanting => self.wanting = true,
            Frame::End(outcome) => {
                if self.current.is_some() {
                    return violation("the end within a document");
                }
                match &self.object {
                    Some(object) if object.outcome == outcome => self.ended = Some(outcome),
                    Some(_) => return violation("two outcomes of the object"),
                    None => return violation("the end without the object"),
                }
            }
            Frame::Panic(message) => {
                check_length("panic", message.len(), caps::SENTENCE)?;
                self.panic = Some(one_line(&message));
            }
            part @ (Frame::Fields(_)
            | Frame::Segments(_)
            | Frame::More(_)
            | Frame::Members(_)
            | Frame::Preview(_)
            | Frame::Pixels(_)
            | Frame::Likeness
            | Frame::Warnings(_)
            | Frame::Annotations(_)) => self.part(part)?,
        }
        Ok(Step::More)
    }

    fn begin(&mut self, head: Head) -> Result<(), ProtocolViolation> {
        if self.current.is_some() || self.object.is_some() {
            return violation("a document begins out of order");
        }
        check_kind(&head.kind)?;
        match &head.member {
            Some(path) => {
                check_inner_path(path, self.limits)?;
                at_most("members", self.paths.len() as u64 + 1, self.limits.members)?;
                if !self.paths.insert(path.clone()) {
                    return violation("two members of one path");
                }
            }
            None if head.size != self.size => return violation("another size of the object"),
            None => {}
        }
        if let Some(language) = &head.language {
            let sane = |c: char| c.is_ascii_alphabetic() || c == '-';
            if language.len() > 16 || language.is_empty() || !language.chars().all(sane) {
                return violation("no code of a language");
            }
        }
        self.document_text = 0;
        self.metadata = 0;
        self.current = Some(Extraction {
            // The object itself is hashed by whoever reads it; a child's word on that counts for nothing.
            sha256: head.member.as_ref().and(head.sha256).map(BlobId::from_digest),
            member: head.member,
            size: head.size,
            format: head.kind.format,
            format_version: head.kind.format_version,
            media_type: MediaType::new(&head.kind.media_type),
            language: head.language,
            outcome: head.outcome,
            reason: head.reason,
            content: Content::default(),
            annotations: Vec::new(),
        });
        Ok(())
    }

    fn part(&mut self, frame: Frame) -> Result<(), ProtocolViolation> {
        let Some(document) = &mut self.current else {
            return violation("content outside of a document");
        };
        let content = &mut document.content;
        match frame {
            Frame::Fields(fields) => {
                for claim in fields {
                    check_length("name of a property", claim.name.len(), caps::WORD)?;
                    let part = claim.part.as_ref().map_or(0, |part| part.name().len());
                    check_length("name of a part", part, caps::WORD)?;
                    self.metadata += claim.size() as u64;
                    at_most("bytes of properties", self.metadata, self.limits.metadata)?;
                    claim.add(&mut content.metadata);
                    check_length("properties", content.metadata.len(), caps::PROPERTIES)?;
                }
            }
            Frame::Segments(segments) => {
                let all = (content.segments.len() + segments.len()) as u64;
                at_most("segments", all, self.limits.segments)?;
                for segment in &segments {
                    check_segment(segment)?;
                    self.words += segment.words.len() as u64;
                    self.document_text += segment.text.len() as u64;
                    self.text += segment.text.len() as u64;
                }
                at_most("words", self.words, caps::words(self.limits))?;
                content.segments.extend(segments);
                at_most("bytes of text", self.document_text, self.limits.text)?;
                at_most("bytes of text", self.text, self.limits.object_text)?;
            }
            Frame::More(text) => {
                let Some(last) = content.segments.last_mut() else {
                    return violation("more of no text");
                };
                self.document_text += text.len() as u64;
                self.text += text.len() as u64;
                at_most("bytes of text", self.document_text, self.limits.text)?;
                at_most("bytes of text", self.text, self.limits.object_text)?;
                last.text.push_str(&text);
            }
            Frame::Members(members) => {
                let all = (content.members.len() + members.len()) as u64;
                at_most("listed members", all, caps::listed(self.limits))?;
                members.iter().try_for_each(|member| check_path(&member.path))?;
                content.members.extend(members);
            }
            Frame::Preview(preview) => {
                check_length("previews", content.previews.len() + 1, caps::PREVIEWS)?;
                check_locator(&preview.locator)?;
                let shades = if preview.has_colours { Shades::Rgb } else { Shades::Gray };
                let length = Raster::length(preview.width, preview.height, shades);
                let longer = preview.width.max(preview.height);
                let Some(length) = length.filter(|_| longer <= self.limits.preview) else {
                    return violation("a preview of impossible dimensions");
                };
                let pixels = Vec::with_capacity(length);
                self.picture = Some(Pending { head: preview, shades, length, pixels });
            }
            Frame::Pixels(piece) => {
                let Some(mut picture) = self.picture.take() else {
                    return violation("pixels of no preview");
                };
                if piece.is_empty() || piece.len() > picture.length - picture.pixels.len() {
                    return violation("another number of pixels than the preview has");
                }
                picture.pixels.extend_from_slice(&piece);
                if picture.pixels.len() < picture.length {
                    self.picture = Some(picture);
                    return Ok(());
                }
                let Picture { locator, width, height, .. } = picture.head;
                let raster = Raster::new(width, height, picture.shades, picture.pixels);
                let Some(raster) = raster else {
                    return violation("a preview of impossible dimensions");
                };
                content.previews.push(Preview { locator, raster });
            }
            Frame::Likeness if content.likeness => return violation("two likenesses"),
            Frame::Likeness => content.likeness = true,
            Frame::Warnings(warnings) => {
                check_length("warnings", content.warnings.len() + warnings.len(), caps::WARNINGS)?;
                // A reason is short and visible by its own decoding.
                content.warnings.extend(warnings);
            }
            Frame::Annotations(annotations) => {
                let all = document.annotations.len() + annotations.len();
                check_length("annotations", all, caps::ANNOTATIONS)?;
                annotations.iter().try_for_each(check_annotation)?;
                document.annotations.extend(annotations);
            }
            Frame::Progress(_)
            | Frame::Headway(_)
            | Frame::Look(_)
            | Frame::Recognised { .. }
            | Frame::Detected(_)
            | Frame::Begin(_)
            | Frame::Finish
            | Frame::Range { .. }
            | Frame::Wanting
            | Frame::Bytes(_)
            | Frame::Given
            | Frame::End(_)
            | Frame::Panic(_) => return violation("no part of a document"),
        }
        Ok(())
    }
}

/// The text on one line: characters that mislead become spaces.
pub(crate) fn one_line(text: &str) -> String {
    let text: String = text.chars().map(|c| if is_misleading(c) { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// Whether a path of a member is one: relative, without `..` and without characters that mislead.
pub(crate) fn is_sane_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= caps::PATH
        && !path.starts_with('/')
        && !path.chars().any(is_misleading)
        && !path.split('/').any(|part| part == "..")
}

fn violation<T>(what: impl Into<String>) -> Result<T, ProtocolViolation> {
    Err(ProtocolViolation(what.into()))
}

fn at_most(what: &str, n: u64, limit: u64) -> Result<(), ProtocolViolation> {
    if n > limit { violation(format!("more than {limit} {what}")) } else { Ok(()) }
}

fn check_length(what: &str, length: usize, limit: usize) -> Result<(), ProtocolViolation> {
    if length > limit { violation(format!("{what}: {length}, more than {limit}")) } else { Ok(()) }
}

fn check_path(path: &str) -> Result<(), ProtocolViolation> {
    if is_sane_path(path) { Ok(()) } else { violation("a member of an impossible path") }
}

fn check_inner_path(path: &InnerPath, limits: &Limits) -> Result<(), ProtocolViolation> {
    at_most("containers around a member", path.parts().len() as u64, u64::from(limits.depth) + 1)?;
    let length = path.parts().iter().map(String::len).sum();
    check_length("path of a member", length, caps::INNER_PATH)?;
    path.parts().iter().try_for_each(|part| check_path(part))
}

fn check_kind(kind: &Kind) -> Result<(), ProtocolViolation> {
    let media_type = kind.media_type.as_str();
    let known = match FORMATS.iter().find(|format| format.name == kind.format) {
        Some(format) => {
            format.version == kind.format_version && format.media_types.contains(&media_type)
        }
        // Known by sight only: the table of those is not public, so it is held to the grammar of RFC 6838.
        None => {
            kind.format == Provenance::NONE && kind.format_version == 0 && is_media_type(media_type)
        }
    };
    if known { Ok(()) } else { violation("a format or media type that is not in the table") }
}

fn is_media_type(text: &str) -> bool {
    let name = |part: &str| {
        let sane =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "!#$&-^_.+".contains(c);
        !part.is_empty() && part.len() <= 127 && part.chars().all(sane)
    };
    text.split_once('/').is_some_and(|(kind, rest)| name(kind) && name(rest))
}

fn check_segment(segment: &Segment) -> Result<(), ProtocolViolation> {
    if segment.confidence.is_some_and(|c| !(0.0..=1.0).contains(&c)) {
        return violation("a confidence outside of 0 to 1");
    }
    if !Word::are_of(&segment.text, &segment.words) {
        return violation("words that are not those of their text");
    }
    check_locator(&segment.locator)
}

fn check_annotation(annotation: &Annotation) -> Result<(), ProtocolViolation> {
    let said = (annotation.stage.as_str(), annotation.version);
    if !STAGES.iter().any(|stage| (stage.name, stage.version) == said) {
        return violation("a stage that is not in the table");
    }
    match &annotation.finding {
        Finding::Picture { locator, .. } => check_locator(locator),
        Finding::Text { opening, .. } => {
            check_length("opening of a text", opening.len(), Opening::LETTERS)
        }
        Finding::Nothing => Ok(()),
    }
}

fn check_locator(locator: &Locator) -> Result<(), ProtocolViolation> {
    match locator {
        Locator::Time { start_ms, end_ms } if end_ms < start_ms => {
            violation("a time that ends before it starts")
        }
        Locator::Cell { sheet, .. } => check_length("name of a sheet", sheet.len(), caps::WORD),
        Locator::Page { bounds: Some(b), .. }
            if ![b.left, b.top, b.right, b.bottom].iter().all(|edge| edge.is_finite()) =>
        {
            violation("a rectangle without edges")
        }
        Locator::Whole {}
        | Locator::Page { .. }
        | Locator::Slide { .. }
        | Locator::Paragraph { .. }
        | Locator::Time { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use madang_document::content::{Member, Origin};
    use madang_document::fingerprint::Fingerprint;
    use madang_document::headway::Stretch;
    use madang_document::locator::Bounds;

    use super::*;

    fn kind() -> Kind {
        let format = FORMATS[0];
        Kind {
            format: format.name.into(),
            format_version: format.version,
            media_type: format.media_types[0].into(),
        }
    }

    fn head(member: Option<&str>) -> Frame {
        Frame::Begin(Box::new(Head {
            member: member.map(InnerPath::of),
            size: 5,
            sha256: Some([1; 32]),
            kind: kind(),
            language: Some("ko".into()),
            outcome: Outcome::Ok,
            reason: None,
        }))
    }

    fn text(text: &str, locator: Locator) -> Frame {
        let text = text.to_owned();
        Frame::Segments(vec![Segment {
            text,
            locator,
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        }])
    }

    fn worded(words: &[(u32, u32)]) -> Segment {
        let bounds = Bounds { left: 1.0, top: 2.0, right: 3.0, bottom: 4.0 };
        let word = |&(start, end)| Word { start, end, bounds, confidence: 0.5 };
        Segment {
            text: "a".into(),
            locator: Locator::page(1),
            origin: Origin::Ocr,
            confidence: None,
            words: words.iter().map(word).collect(),
        }
    }

    fn preview(width: u32, height: u32, has_colours: bool) -> Frame {
        Frame::Preview(Picture { locator: Locator::Whole {}, width, height, has_colours })
    }

    fn pixels(length: usize) -> Frame {
        Frame::Pixels(vec![7; length])
    }

    fn annotated(stage: &str, version: u32, finding: Finding, times: usize) -> Frame {
        let annotation = Annotation { stage: stage.into(), version, finding };
        Frame::Annotations(vec![annotation; times])
    }

    fn whole() -> Frame {
        text("x", Locator::Whole {})
    }

    fn say(frames: Vec<Frame>) -> Result<Vec<Step>, ProtocolViolation> {
        let limits = Limits { members: 2, object_text: 100, text: 80, ..Limits::default() };
        let mut assembly = Assembly::new(&limits, 5);
        frames.into_iter().map(|frame| assembly.take(frame, 10)).collect()
    }

    #[test]
    fn puts_documents_together() {
        let limits = Limits::default();
        let mut assembly = Assembly::new(&limits, 5);
        let mut members = Vec::new();
        for frame in [
            Frame::Detected(kind()),
            head(Some("a/b.txt")),
            text("마", Locator::page(1)),
            Frame::More("당".into()),
            Frame::Progress(1),
            Frame::Finish,
            head(None),
            whole(),
            preview(2, 3, true),
            pixels(6),
            pixels(12),
            preview(2, 3, false),
            pixels(6),
            Frame::Likeness,
            annotated(STAGES[0].name, STAGES[0].version, Finding::Nothing, 2),
            Frame::Finish,
            Frame::End(Outcome::Ok),
        ] {
            if let Step::Member(member) = assembly.take(frame, 10).unwrap() {
                members.push(member);
            }
        }
        assert_eq!(members.len(), 1);
        assert_eq!(members[0].content.text(), "마당");
        assert!(members[0].sha256.is_some() && !members[0].content.likeness);
        let (object, outcome) = assembly.finish().unwrap();
        assert!(object.content.likeness);
        assert_eq!(object.annotations.len(), 2);
        let lengths = object.content.previews.iter().map(|it| it.raster.pixels().len());
        assert_eq!(lengths.collect::<Vec<_>>(), [18, 6]);
        assert_eq!((object.member, object.sha256, outcome), (None, None, Outcome::Ok));
    }

    #[test]
    fn lies_are_found() {
        let open = |part: Frame| vec![head(None), part];
        let member = |path: &str| vec![head(Some(path))];
        let listed = |path: &str| {
            open(Frame::Members(vec![Member {
                path: path.into(),
                size: None,
                outcome: None,
                told: None,
            }]))
        };
        let of_kind = |format: &str, format_version, media_type: &str| {
            let (format, media_type) = (format.into(), media_type.into());
            vec![Frame::Detected(Kind { format, format_version, media_type })]
        };
        let stage = STAGES[0];
        let backwards = Finding::Picture {
            fingerprint: Fingerprint::new([7; 4]),
            locator: Locator::Time { start_ms: 2, end_ms: 1 },
        };
        let nan = Bounds { left: f32::NAN, top: 0.0, right: 0.0, bottom: 0.0 };
        let cases: Vec<(&str, Vec<Frame>)> = vec![
            ("bytes that nobody asked for", vec![Frame::Bytes(vec![1])]),
            ("their end", vec![Frame::Given]),
            ("content before a document", vec![whole()]),
            ("finish before a document", vec![Frame::Finish]),
            ("end before the object", vec![Frame::End(Outcome::Ok)]),
            ("end within a document", open(Frame::End(Outcome::Ok))),
            ("two outcomes", vec![head(None), Frame::Finish, Frame::End(Outcome::Empty)]),
            ("a document in a document", open(head(Some("a")))),
            ("a member after the object", vec![head(None), Frame::Finish, head(Some("a"))]),
            (
                "a frame after the end",
                vec![head(None), Frame::Finish, Frame::End(Outcome::Ok), Frame::Progress(0)],
            ),
            ("two members of one path", vec![head(Some("a")), Frame::Finish, head(Some("a"))]),
            (
                "too many members",
                vec![
                    head(Some("a")),
                    Frame::Finish,
                    head(Some("b")),
                    Frame::Finish,
                    head(Some("c")),
                ],
            ),
            ("more of no text", open(Frame::More("x".into()))),
            ("too much text", open(text(&"x".repeat(81), Locator::Whole {}))),
            ("too much text by more", vec![head(None), whole(), Frame::More("x".repeat(80))]),
            ("time backwards", open(text("x", Locator::Time { start_ms: 2, end_ms: 1 }))),
            ("no edges", open(text("x", Locator::Page { number: 1, bounds: Some(nan) }))),
            ("absolute", member("/etc/passwd")),
            ("upwards", member("a/../b")),
            ("control character", member("a\nb")),
            ("no path", member("")),
            ("long path", member(&"x".repeat(caps::PATH + 1))),
            ("upwards in the list", listed("../x")),
            ("two likenesses", vec![head(None), Frame::Likeness, Frame::Likeness]),
            ("no width", open(preview(0, 9, false))),
            ("no height", open(preview(9, 0, true))),
            ("too wide", open(preview(481, 9, false))),
            ("too high", open(preview(9, 481, true))),
            ("enormous", open(preview(u32::MAX, u32::MAX, true))),
            ("pixels of nothing", open(pixels(1))),
            ("a pixel too much", vec![head(None), preview(2, 3, false), pixels(7)]),
            (
                "a pixel too much at last",
                vec![head(None), preview(2, 3, true), pixels(17), pixels(2)],
            ),
            (
                "pixels behind the last",
                vec![head(None), preview(2, 3, true), pixels(18), pixels(1)],
            ),
            ("no pixels", vec![head(None), preview(2, 3, false), pixels(0)]),
            ("half a picture", vec![head(None), preview(2, 3, true), pixels(6), Frame::Finish]),
            ("text in a picture", vec![head(None), preview(2, 3, true), pixels(6), whole()]),
            ("a picture in a picture", vec![head(None), preview(2, 3, true), preview(2, 3, true)]),
            (
                "a picture too many",
                std::iter::once(head(None))
                    .chain((0..caps::PREVIEWS).flat_map(|_| [preview(1, 2, false), pixels(2)]))
                    .chain([preview(1, 2, false)])
                    .collect(),
            ),
            ("unknown format", of_kind("exe", 1, "text/plain")),
            ("unknown version", of_kind(FORMATS[0].name, 999, FORMATS[0].media_types[0])),
            ("foreign media type", of_kind(FORMATS[0].name, FORMATS[0].version, "text/evil")),
            ("no media type", of_kind("none", 0, "<script>/x")),
            ("wanting within a document", open(Frame::Wanting)),
            ("wanting, and more", vec![Frame::Wanting, Frame::Progress(0)]),
            (
                "words of no confidence",
                vec![Frame::Recognised {
                    key: [0; 32],
                    segments: vec![Segment {
                        text: "a".into(),
                        locator: Locator::page(1),
                        origin: Origin::Ocr,
                        confidence: Some(2.0),
                        words: Vec::new(),
                    }],
                }],
            ),
            (
                "words beyond their text",
                vec![Frame::Recognised { key: [0; 32], segments: vec![worded(&[(0, 1), (1, 2)])] }],
            ),
            ("words in no order", open(Frame::Segments(vec![worded(&[(2, 3), (0, 1)])]))),
            (
                "more pages than there are",
                vec![Frame::Headway(Headway { stretch: Stretch::Pages, done: 5, all: Some(4) })],
            ),
            ("unknown stage", open(annotated("evil", 1, Finding::Nothing, 1))),
            ("unknown version of a stage", open(annotated(stage.name, 999, Finding::Nothing, 1))),
            (
                "too many annotations",
                open(annotated(stage.name, stage.version, Finding::Nothing, caps::ANNOTATIONS + 1)),
            ),
            (
                "a picture backwards in time",
                open(annotated(stage.name, stage.version, backwards, 1)),
            ),
            (
                "an annotation of nothing",
                vec![annotated(stage.name, stage.version, Finding::Nothing, 1)],
            ),
            ("empty range", vec![Frame::Range { offset: 0, length: 0 }]),
            ("range behind the end", vec![Frame::Range { offset: 5, length: 1 }]),
            ("long range", vec![Frame::Range { offset: 0, length: u32::MAX }]),
            ("long panic", vec![Frame::Panic("x".repeat(caps::SENTENCE + 1))]),
        ];
        for (what, frames) in cases {
            let last = frames.len() - 1;
            assert!(say(frames[..last].to_vec()).is_ok(), "{what}: too early");
            assert!(say(frames).is_err(), "{what}");
        }
    }

    #[test]
    fn of_a_member_no_more_bytes_are_taken_than_one_may_have() {
        let limits = Limits { member: 10, ..Limits::default() };
        let say = |frames: Vec<Frame>| {
            let mut assembly = Assembly::new(&limits, 5).of_member();
            let steps: Result<Vec<Step>, _> =
                frames.into_iter().map(|frame| assembly.take(frame, 10)).collect();
            (steps.map(|steps| steps.len()), assembly.is_given())
        };
        let piece = |length| Frame::Bytes(vec![7; length]);
        assert_eq!(say(vec![Frame::Detected(kind()), piece(10), Frame::Given]), (Ok(3), true));
        assert_eq!(say(vec![piece(0), Frame::Given]), (Ok(2), true));
        assert_eq!(say(vec![piece(5)]), (Ok(1), false));
        for frames in [
            vec![piece(6), piece(5)],
            vec![Frame::Given, piece(1)],
            vec![Frame::Given, Frame::Given],
            vec![head(None), Frame::Given],
        ] {
            assert!(say(frames.clone()).0.is_err(), "{frames:?}");
        }
    }

    #[test]
    fn words_with_places_are_capped() {
        let lines = |n: usize| vec![head(None), Frame::Segments(vec![worded(&[(0, 1)]); n])];
        let most = Limits { object_text: 100, ..Limits::default() };
        let most = usize::try_from(caps::words(&most)).unwrap();
        assert!(say(lines(most)).is_ok());
        assert!(say(lines(most + 1)).is_err());
    }

    #[test]
    fn words_of_one_signal_are_capped_and_so_are_those_of_all() {
        let limits = Limits::default();
        let words = || Frame::Recognised { key: [0; 32], segments: Vec::new() };
        let most = caps::RECOGNISED as usize;
        assert!(Assembly::new(&limits, 5).take(words(), most + 1).is_err());
        let mut assembly = Assembly::new(&limits, 5);
        for _ in 0..recall::MOST / caps::RECOGNISED {
            assembly.take(words(), most).unwrap();
        }
        assert!(assembly.take(words(), most).is_err());
    }

    #[test]
    fn the_whole_answer_is_capped() {
        let limits = Limits::default();
        let mut assembly = Assembly::new(&limits, 5);
        for _ in 0..caps::FRAMES {
            assembly.take(Frame::Progress(u32::MAX), 1).unwrap();
        }
        assert!(assembly.take(Frame::Progress(u32::MAX), 1).is_err());
        // Pixels have a measure of their own, by which previews take no room from what is said.
        let limits = Limits { members: 1, preview: 100, ..limits };
        let whole = |assembly: &mut Assembly<'_>, path: &str| -> Result<(), ProtocolViolation> {
            for frame in [head(Some(path)), preview(100, 100, true), pixels(30_000), Frame::Finish]
            {
                assembly.take(frame, 10)?;
            }
            assembly.paths.clear();
            Ok(())
        };
        let mut assembly = Assembly::new(&limits, 5);
        let most = caps::previews(&limits) / 30_000;
        for n in 0..most {
            whole(&mut assembly, &n.to_string()).unwrap();
        }
        assert!(whole(&mut assembly, "more").is_err());
        let mut assembly = Assembly::new(&limits, 5);
        assert!(assembly.take(Frame::Progress(0), caps::answer(&limits) as usize + 1).is_err());
    }
}
