//! Of an object over which readers died is left alone what they died of, or all that has pixels or samples; and it says so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]

use std::cell::RefCell;
use std::path::Path;

use madang_document::content::{Origin, Segment};
use madang_document::locator::Locator;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_extract::detected::Detected;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::left_alone::LeftAlone;
use madang_extract::options::{Ocr, Options, Speech};
use madang_extract::order::Order;
use madang_extract::recogniser::{Patience, Recogniser, Sense, Signal, Unrecognised};
use madang_extract::sink::Sink;

/// An engine that makes out one word in everything.
struct Parrot(Sense);

impl Recogniser for Parrot {
    fn name(&self) -> &str {
        "parrot 1"
    }

    fn sense(&self) -> Sense {
        self.0
    }

    fn languages(&self) -> &[String] {
        &[]
    }

    fn sample_rate(&self) -> u32 {
        8_000
    }

    fn recognise(
        &self,
        signal: &Signal<'_>,
        _: &[String],
        _: &dyn Patience,
    ) -> Result<Vec<Segment>, Unrecognised> {
        let (locator, origin) = match signal {
            Signal::Picture(_) => (Locator::page(1), Origin::Ocr),
            Signal::Sound(_) => (Locator::Time { start_ms: 0, end_ms: 900 }, Origin::Speech),
        };
        let (text, confidence) = ("글자".into(), Some(0.9));
        Ok(vec![Segment { text, locator, origin, confidence, words: Vec::new() }])
    }
}

/// An engine that is not to be asked.
struct Mine(Sense);

impl Recogniser for Mine {
    fn name(&self) -> &str {
        "mine 1"
    }

    fn sense(&self) -> Sense {
        self.0
    }

    fn languages(&self) -> &[String] {
        &[]
    }

    fn sample_rate(&self) -> u32 {
        8_000
    }

    fn recognise(
        &self,
        _: &Signal<'_>,
        _: &[String],
        _: &dyn Patience,
    ) -> Result<Vec<Segment>, Unrecognised> {
        panic!("it was asked")
    }
}

/// Keeps documents, and what was about to be looked at.
#[derive(Default)]
struct Looking {
    documents: RefCell<Vec<Extraction>>,
    looks: RefCell<Vec<u32>>,
}

impl Sink for Looking {
    fn detected(&self, _: &Detected) {}

    fn progress(&self, _: u32) {}

    fn look(&self, number: u32) {
        self.looks.borrow_mut().push(number);
    }

    fn engines_wanted(&self) {}

    fn document(&self, extraction: Extraction) {
        self.documents.borrow_mut().push(extraction);
    }
}

/// The same with an engine that reads a word on whatever it is shown, and with these looks left alone.
fn looked(fixture: &str, left_alone: LeftAlone) -> (Vec<Extraction>, Vec<u32>) {
    let options = Options { ocr: Ocr::Always, speech: Speech::Always, ..Options::default() };
    let order = Order { options, left_alone, ..Order::named(fixture) };
    let parrots = [Sense::Sight, Sense::Hearing].map(|sense| Box::new(Parrot(sense)) as _);
    let engines = Engines::media().unwrap().and(Vec::from(parrots));
    let sink = Looking::default();
    extract(&bytes(fixture), &order, &engines, &sink);
    (sink.documents.into_inner(), sink.looks.into_inner())
}

/// Places of what was recognised, and what was left alone.
fn places(document: &Extraction) -> (usize, Vec<String>) {
    let seen = document.content.segments.iter().filter(|it| it.origin != Origin::Native).count();
    let told = document.content.warnings.iter().map(|it| it.reason.english());
    (seen, told.filter(|it| it.contains("left alone")).collect())
}

#[test]
fn what_a_reader_died_of_is_left_alone_and_the_rest_is_not() {
    let alone =
        |what: &str| vec![format!("{what} was left alone, because a reader ended over it before")];
    for (fixture, all, number, what) in [
        ("pdf/scanned-words.pdf", 3, 1, "page 2"),
        ("tiff/scanned-words.tif", 3, 2, "page 3"),
        ("png/scanned-words.png", 1, 0, "the picture"),
        ("mp4/memo.m4a", 1, 0, "the sound"),
    ] {
        let (documents, looks) = looked(fixture, LeftAlone::Nothing);
        let (seen, left_alone) = places(documents.last().unwrap());
        assert_eq!((seen, left_alone), (all, vec![]), "{fixture}");
        assert_eq!(looks, (0..all as u32).collect::<Vec<_>>(), "{fixture}");
        let (documents, others) = looked(fixture, LeftAlone::Looks(vec![number]));
        let own = documents.last().unwrap();
        assert_eq!(places(own), (all - 1, alone(what)), "{fixture}");
        assert_eq!(own.outcome, Outcome::Partial, "{fixture}");
        assert_eq!(others, looks.iter().copied().filter(|it| *it != number).collect::<Vec<_>>());
    }
    // A film shows and sounds: one look each.
    let (documents, looks) = looked("mp4/seen-words.mp4", LeftAlone::Looks(vec![0]));
    let own = documents.last().unwrap();
    assert_eq!(places(own).1, alone("the film"));
    assert!(own.content.previews.is_empty() && looks.len() <= 1, "{looks:?}");
}

fn bytes(fixture: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(fixture);
    std::fs::read(path).unwrap()
}

fn read(fixture: &str, options: Options) -> Vec<Extraction> {
    let order = Order { options, left_alone: LeftAlone::All, ..Order::named(fixture) };
    let mines = [Sense::Sight, Sense::Hearing].map(|sense| Box::new(Mine(sense)) as _);
    let engines = Engines::media().unwrap().and(Vec::from(mines));
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes(fixture), &order, &engines, &kept);
    kept.into_inner()
}

fn is_left_alone(document: &Extraction) -> bool {
    document.content.warnings.iter().any(|it| it.reason == ReasonKind::LeftAlone.into())
}

#[test]
fn nothing_is_decoded_or_recognised_and_that_is_told() {
    let always = || Options { ocr: Ocr::Always, speech: Speech::Always, ..Options::default() };
    for fixture in [
        "png/scanned-words.png",
        "tiff/scanned-words.tif",
        "heif/words.heic",
        "pdf/scanned-words.pdf",
        "pdf/numbered-scan.pdf",
        "mp4/seen-words.mp4",
        "mp4/memo.m4a",
    ] {
        for options in [Options::default(), always()] {
            let document = read(fixture, options).pop().unwrap();
            assert_eq!(document.outcome, Outcome::Partial, "{fixture}: {:?}", document.reason);
            assert_eq!(document.reason, Some(ReasonKind::LeftAlone.into()), "{fixture}");
            let told = document
                .content
                .warnings
                .iter()
                .filter(|it| it.reason == ReasonKind::LeftAlone.into());
            assert_eq!(told.count(), 1, "{fixture}");
            assert!(document.content.previews.is_empty(), "{fixture}");
            assert!(
                document.content.metadata.iter().next().is_some(),
                "{fixture}: its head is read"
            );
        }
    }
}

#[test]
fn what_a_document_says_is_read_and_its_pictures_say_that_they_are_not() {
    for fixture in ["docx/seen-words.docx", "hwp5/seen-words.hwp", "hwpx/seen-words.hwpx"] {
        let mut documents = read(fixture, Options::default());
        let own = documents.pop().unwrap();
        assert!(!own.content.segments.is_empty(), "{fixture}");
        assert!(documents.iter().any(is_left_alone), "{fixture}");
    }
    let letter = read("pdf/columns.pdf", Options::default()).pop().unwrap();
    assert!(!is_left_alone(&letter), "{:?}", letter.content.warnings);
}
