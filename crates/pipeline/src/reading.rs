use madang_document::document::{Document, Provenance};
use madang_document::id::DocumentId;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_extract::extraction::Extraction;
use madang_ledger::jobs::{Claim, Failure, Task, Ticket};
use madang_store::blobs::wordless_id;

/// The document that an extraction is, but for its text and preview, which are kept with those of the whole object.
pub fn document(claim: &Claim, extraction: Extraction) -> Document {
    let store = &claim.object.store;
    let path = &claim.object.path;
    let own = extraction.member.is_none();
    let segments = &extraction.content.segments;
    Document {
        id: DocumentId::new(store, path, extraction.member.as_ref()),
        agency: claim.agency.clone(),
        pipeline: claim.pipeline.clone(),
        object: claim.object.clone(),
        object_modified: claim.modified,
        parent: extraction
            .member
            .as_ref()
            .map(|inner| DocumentId::new(store, path, inner.parent().as_ref())),
        inner: extraction.member,
        size: Some(if own { claim.object.size } else { extraction.size }),
        sha256: extraction.sha256,
        media_type: extraction.media_type,
        language: extraction.language,
        outcome: extraction.outcome,
        reason: extraction.reason,
        segments: segments.len() as u64,
        characters: segments.iter().map(|segment| segment.text.chars().count() as u64).sum(),
        metadata: extraction.content.metadata,
        members: extraction.content.members,
        warnings: extraction.content.warnings,
        text: None,
        // Without it any place of a word counts as another text, no more.
        wordless: wordless_id(segments).ok().flatten(),
        preview: None,
        previews: Vec::new(),
        likeness: extraction.content.likeness,
        annotations: extraction.annotations,
        provenance: Provenance {
            format: extraction.format,
            format_version: extraction.format_version,
        },
    }
}

/// What reading the object of a document again came to, its own or a member's, where no job is worked on.
pub fn again(object: &Document, extraction: Extraction) -> Document {
    // As the last claim of it said; nobody holds this one.
    let claim = Claim {
        ticket: Ticket { job: 0, fence: 0 },
        task: Task::Extract,
        object: object.object.clone(),
        modified: object.object_modified,
        pipeline: object.pipeline.clone(),
        agency: object.agency.clone(),
        attempt: 1,
        crashes: 0,
    };
    document(&claim, extraction)
}

/// The outcome of an object whose bytes nobody got, however often they were asked for. Nothing is known of them, so they
/// are not `Corrupt`: the file may be whole, and its owner is not to be told to mend it. Of the outcomes this is the one
/// that is true and says what helps: it was not read in the time of all attempts, and the operator can retry it. The
/// reason says what the store said.
const NOT_GIVEN: Outcome = Outcome::Timeout;

/// The outcome of an object of which the ledger did not take what the reader found, which its own document says.
///
/// It is no crash: the reader answered, and what it said of the file stands. But where it read a text, none is kept of
/// it: that a file was read in full or in part would promise what nobody can find. What remains is the house's limit:
/// name and size are recorded, and that is as far as it went.
pub fn unrecorded(read: Option<Outcome>) -> Outcome {
    match read {
        None | Some(Outcome::Ok | Outcome::Partial) => Outcome::Limit,
        Some(other) => other,
    }
}

/// The document of an object that is set aside with this failure, nothing of it read.
pub fn set_aside(claim: &Claim, failure: &Failure) -> Document {
    unread(claim, failure.kind.outcome().unwrap_or(NOT_GIVEN), failure.reason.clone())
}

/// The document of an object of which nothing could be read: it too is catalogued, with its outcome.
pub fn unread(claim: &Claim, outcome: Outcome, reason: Reason) -> Document {
    let extraction = unread_extraction(claim.object.size, outcome, reason);
    let mut document = document(claim, extraction);
    document.metadata = Metadata::default();
    document
}

fn unread_extraction(size: u64, outcome: Outcome, reason: Reason) -> Extraction {
    Extraction {
        member: None,
        size,
        sha256: None,
        format: Provenance::NONE.into(),
        format_version: 0,
        media_type: MediaType::new(MediaType::UNKNOWN),
        language: None,
        outcome,
        reason: Some(reason),
        content: Default::default(),
        annotations: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_document::content::{Origin, Segment};
    use madang_document::failure_kind::FailureKind;
    use madang_document::inner_path::InnerPath;
    use madang_document::locator::{Bounds, Locator};
    use madang_document::object::ObjectRef;
    use madang_document::word::Word;
    use madang_store::blobs::text_id;

    fn claim() -> Claim {
        Claim {
            ticket: Ticket { job: 1, fence: 1 },
            task: Task::Extract,
            object: ObjectRef {
                store: "s".into(),
                path: "a.zip".into(),
                version: "1".into(),
                size: 9,
            },
            modified: None,
            pipeline: "p".into(),
            agency: "1741000".parse().unwrap(),
            attempt: 1,
            crashes: 0,
        }
    }

    #[test]
    fn a_text_is_the_same_wherever_its_words_stand() {
        let line = |left: Option<f32>| {
            let word = |left| {
                let bounds = Bounds { left, top: 2.0, right: 30.0, bottom: 4.0 };
                Word { start: 0, end: 2, bounds, confidence: 0.9 }
            };
            let words = left.map(word).into_iter().collect();
            let (locator, origin, confidence) = (Locator::page(1), Origin::Ocr, Some(0.9));
            vec![Segment { text: "침수".into(), locator, origin, confidence, words }]
        };
        let wordless = |segments: Vec<Segment>| {
            let mut extraction = unread_extraction(9, Outcome::Ok, "none".into());
            extraction.content.segments = segments;
            document(&claim(), extraction).wordless
        };
        // As it was kept before there were any.
        let before = text_id(&line(None)).unwrap();
        assert_ne!(text_id(&line(Some(1.0))).unwrap(), before);
        assert_eq!(wordless(line(Some(1.0))), Some(before));
        assert_eq!(wordless(line(Some(1.1))), Some(before));
        // The hash of its text says so itself.
        assert_eq!(wordless(line(None)), None);
        let other = Segment { text: "침하".into(), ..line(Some(1.0)).remove(0) };
        assert_ne!(wordless(vec![other]), Some(before));
    }

    #[test]
    fn a_file_that_nobody_got_is_not_called_damaged() {
        use FailureKind::*;
        for (kind, outcome) in [
            (Corrupt, Outcome::Corrupt),
            (Crashed, Outcome::Crashed),
            (Timeout, Outcome::Timeout),
            (Memory, Outcome::Memory),
            (Read, Outcome::Timeout),
        ] {
            let failure = Failure { kind, reason: "no answer".into(), crashed: false };
            let document = set_aside(&claim(), &failure);
            assert_eq!((document.outcome, document.reason), (outcome, Some("no answer".into())));
        }
    }

    #[test]
    fn what_the_ledger_refuses_promises_no_text_and_blames_no_reader() {
        assert_eq!(unrecorded(None), Outcome::Limit);
        for outcome in Outcome::ALL {
            let expected = match outcome {
                Outcome::Ok | Outcome::Partial => Outcome::Limit,
                other => other,
            };
            assert_eq!(unrecorded(Some(outcome)), expected);
        }
    }

    #[test]
    fn the_parent_is_the_container() {
        let of = |member: Option<InnerPath>| {
            let mut extraction = unread_extraction(9, Outcome::Ok, "".into());
            extraction.member = member;
            document(&claim(), extraction)
        };
        let object = of(None);
        let tar = of(Some(InnerPath::of("d/in.tar")));
        let inside = of(Some(InnerPath::of("d/in.tar").join("folder/b.txt")));
        let beside = of(Some(InnerPath::of("d/in.tar/c.txt")));
        assert_eq!(object.parent, None);
        assert_eq!(tar.parent, Some(object.id));
        assert_eq!(inside.parent, Some(tar.id));
        assert_eq!(beside.parent, Some(object.id));
    }
}
