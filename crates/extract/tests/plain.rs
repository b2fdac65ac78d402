//! An object over which readers died is read plainly: what it shows and sounds like is left alone, and it says so.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures")]

use std::cell::RefCell;
use std::path::Path;

use madang_document::content::Segment;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::options::{Ocr, Options, Speech};
use madang_extract::order::Order;
use madang_extract::recogniser::{Patience, Recogniser, Sense, Signal, Unrecognised};

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

fn read(fixture: &str, options: Options) -> Vec<Extraction> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(fixture);
    let bytes = std::fs::read(path).unwrap();
    let order = Order { options, plain: true, ..Order::named(fixture) };
    let mines = [Sense::Sight, Sense::Hearing].map(|sense| Box::new(Mine(sense)) as _);
    let engines = Engines::media().unwrap().and(Vec::from(mines));
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes, &order, &engines, &kept);
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
