//! Of an object over which readers died is left alone what they died of, or all that has pixels or samples; and it says so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]

mod counting;
mod parrot;

use std::path::Path;

use madang_document::content::Origin;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::left_alone::LeftAlone;
use madang_extract::options::{Ocr, Options, Speech};
use madang_extract::order::Order;
use madang_extract::recogniser::Sense;

use counting::Counting;
use parrot::Parrot;

/// What a fixture comes to where this is left alone, and what was about to be decoded.
fn read(fixture: &str, options: Options, left_alone: LeftAlone) -> (Vec<Extraction>, Vec<u32>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(fixture);
    let bytes = std::fs::read(path).unwrap();
    let order = Order { options, left_alone, ..Order::named(fixture) };
    let parrot = |sense| Box::new(Parrot { sense, words: 1 }) as _;
    let parrots = [Sense::Sight, Sense::Hearing].map(parrot);
    let engines = Engines::media().unwrap().and(Vec::from(parrots));
    let sink = Counting::granting(u32::MAX);
    extract(&bytes, &order, &engines, &sink);
    sink.seen()
}

fn always() -> Options {
    Options { ocr: Ocr::Always, speech: Speech::Always, ..Options::default() }
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
        let (documents, looks) = read(fixture, always(), LeftAlone::Nothing);
        let (seen, left_alone) = places(documents.last().unwrap());
        assert_eq!((seen, left_alone), (all, vec![]), "{fixture}");
        assert_eq!(looks, (0..all as u32).collect::<Vec<_>>(), "{fixture}");
        let (documents, others) = read(fixture, always(), LeftAlone::Looks(vec![number]));
        let own = documents.last().unwrap();
        assert_eq!(places(own), (all - 1, alone(what)), "{fixture}");
        assert_eq!(own.outcome, Outcome::Partial, "{fixture}");
        assert_eq!(others, looks.iter().copied().filter(|it| *it != number).collect::<Vec<_>>());
    }
    // A film shows and sounds: one look each.
    let (documents, looks) = read("mp4/seen-words.mp4", always(), LeftAlone::Looks(vec![0]));
    let own = documents.last().unwrap();
    assert_eq!(places(own).1, alone("the film"));
    assert!(own.content.previews.is_empty() && looks.len() <= 1, "{looks:?}");
}

fn is_left_alone(document: &Extraction) -> bool {
    document.content.warnings.iter().any(|it| it.reason == ReasonKind::LeftAlone.into())
}

#[test]
fn nothing_is_decoded_or_recognised_and_that_is_told() {
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
            let (mut documents, looks) = read(fixture, options, LeftAlone::All);
            let document = documents.pop().unwrap();
            assert_eq!((looks, places(&document).0), (vec![], 0), "{fixture}");
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
        let (mut documents, _) = read(fixture, Options::default(), LeftAlone::All);
        let own = documents.pop().unwrap();
        assert!(!own.content.segments.is_empty(), "{fixture}");
        assert!(documents.iter().any(is_left_alone), "{fixture}");
    }
    let letter = read("pdf/columns.pdf", Options::default(), LeftAlone::All).0.pop().unwrap();
    assert!(!is_left_alone(&letter), "{:?}", letter.content.warnings);
}
