//! Pages of a scan on their way to an engine: each for itself, as many as there are, and as long as there is time.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod counting;
mod parrot;

use lopdf::{Dictionary, Document, Object, Stream, dictionary};
use madang_document::content::Segment;
use madang_document::headway::{Headway, Stretch};
use madang_document::locator::Locator;
use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::limits::Limits;
use madang_extract::options::{Ocr, Options};
use madang_extract::order::Order;
use madang_extract::recall::Recall;
use madang_extract::recogniser::Sense;

use counting::Counting;
use parrot::Parrot;

/// An engine that reads so many words on whatever it is shown.
fn parrot(words: usize) -> Engines {
    Engines::none().and(vec![Box::new(Parrot { sense: Sense::Sight, words })])
}

#[test]
fn of_a_page_that_takes_too_long_is_kept_what_was_read_of_it() {
    let read = |granted| {
        let options = Options { ocr: Ocr::Always, ..Options::default() };
        let recall = Some(Recall::of(b""));
        let order = Order { options, recall, ..Order::named("scan.pdf") };
        let engines = parrot(4);
        let sink = Counting::granting(granted);
        extract(&sheets(2), &order, &engines, &sink);
        let remembered = sink.remembered().len();
        let (document, units) = sink.kept();
        (document, remembered, units)
    };
    let (whole, remembered, all) = read(u32::MAX);
    assert_eq!((whole.outcome, remembered), (Outcome::Ok, 2));
    assert_eq!(pages_of(&whole), [1, 1, 1, 1, 2, 2, 2, 2]);
    // Each page is asked for before it is begun, and then for each of its words.
    let (cut, remembered, units) = read(1 + 4 + 1 + 2);
    assert_eq!(pages_of(&cut), [1, 1, 1, 1, 2, 2]);
    assert_eq!((remembered, units), (1, all - 2), "what was cut is not remembered");
    assert_eq!(cut.outcome, Outcome::Limit);
    let told = cut.reason.unwrap();
    assert_eq!(told.english(), "there was no time for all that is written on page 2");
    assert_eq!(told.korean(), "시간이 모자라 2쪽을 끝까지 읽지 못했습니다");
}

/// So many sheets on each of which another square is drawn, and no word.
fn sheets(pages: usize) -> Vec<u8> {
    drawn(pages, |n| (20 + n % 30, 20 + n / 30))
}

/// So many sheets, each with its square at such a place.
fn drawn(pages: usize, place: impl Fn(usize) -> (usize, usize)) -> Vec<u8> {
    let mut document = Document::with_version("1.7");
    let mut kids: Vec<Object> = Vec::new();
    for n in 0..pages {
        let (x, y) = place(n);
        let drawn = format!("0 0 0 rg {x} {y} 100 100 re f").into_bytes();
        let drawn = document.add_object(Stream::new(Dictionary::new(), drawn));
        let page = dictionary! {
            "Type" => "Page",
            "MediaBox" => vec![0.into(), 0.into(), 240.into(), 240.into()],
            "Contents" => drawn,
        };
        kids.push(document.add_object(page).into());
    }
    let tree = document
        .add_object(dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => pages as i64 });
    let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
    document.trailer.set("Root", root);
    let mut bytes = Vec::new();
    document.save_to(&mut bytes).unwrap();
    bytes
}

fn read(pages: usize, granted: u32) -> (Extraction, u32) {
    read_file(&sheets(pages), granted)
}

fn read_file(file: &[u8], granted: u32) -> (Extraction, u32) {
    let options = Options { ocr: Ocr::Always, ..Options::default() };
    // A sheet has a million pixels of four bytes, and this allows twenty million bytes.
    let limits = Limits { pixels: 1_000_000, unpacked_ratio: 0, ..Limits::default() };
    let order = Order { options, limits, ..Order::named("scan.pdf") };
    let engines = parrot(1);
    let sink = Counting::granting(granted);
    extract(&file.to_vec(), &order, &engines, &sink);
    sink.kept()
}

fn pages_of(document: &Extraction) -> Vec<u32> {
    let number = |segment: &Segment| match segment.locator {
        Locator::Page { number, .. } => number,
        _ => panic!("{segment:?}"),
    };
    document.content.segments.iter().map(number).collect()
}

#[test]
fn pages_are_read_whatever_all_of_them_decode_to() {
    let (document, units) = read(12, u32::MAX);
    assert_eq!(document.outcome, Outcome::Ok, "{:?}", document.content.warnings);
    assert_eq!(pages_of(&document), (1..=12).collect::<Vec<u32>>());
    // Time is allowed for each page.
    assert!(units >= 12 * 5, "{units}");
}

/// Whoever waits hears of each page; of what is put off, and where nothing recognises, nothing is said.
#[test]
fn each_page_is_told_of() {
    let told = |put_off: bool, engines: Engines| {
        let options = Options { ocr: Ocr::Always, ..Options::default() };
        let order = Order { options, put_off, ..Order::named("scan.pdf") };
        let sink = Counting::granting(u32::MAX);
        extract(&sheets(12), &order, &engines, &sink);
        sink.headway()
    };
    let all = (0..=12).map(|done| Headway::new(Stretch::Pages, done, Some(12)));
    assert_eq!(told(false, parrot(1)), all.collect::<Vec<_>>());
    assert!(told(true, parrot(1)).is_empty());
    assert!(told(false, Engines::none()).is_empty());
}

/// After a restart only that is recognised which was not before, and it comes to the same.
#[test]
fn what_was_recognised_before_is_not_recognised_again() {
    let file = sheets(12);
    let read = |lines: Option<&[String]>, languages: &[&str]| {
        let ocr_languages = languages.iter().map(|code| (*code).to_owned()).collect();
        let options = Options { ocr: Ocr::Always, ocr_languages, ..Options::default() };
        let recall = lines.map(|lines| Recall::of(lines.concat().as_bytes()));
        let order = Order { options, recall, ..Order::named("scan.pdf") };
        let engines = parrot(1);
        let sink = Counting::granting(u32::MAX);
        extract(&file, &order, &engines, &sink);
        let lines = sink.remembered();
        (lines, sink.kept().0)
    };
    let (nothing, plain) = read(None, &["kor"]);
    assert!(nothing.is_empty(), "nobody wants it remembered");
    let (all, first) = read(Some(&[]), &["kor"]);
    assert_eq!((all.len(), &first), (12, &plain), "each page is another picture");
    let (rest, second) = read(Some(&all[..5]), &["kor"]);
    assert_eq!((rest.as_slice(), &second), (&all[5..], &plain));
    let (rest, third) = read(Some(&all), &["kor"]);
    assert_eq!((rest.len(), &third), (0, &plain));
    // In another language another engine may make out something else.
    assert_eq!(read(Some(&all), &["eng"]).0.len(), 12);
}

/// Ten thousand pages may show one picture.
#[test]
fn a_page_that_looks_like_one_before_it_is_not_read_again() {
    let (document, units) = read_file(&drawn(12, |n| (20 + n % 2, 20)), u32::MAX);
    assert_eq!(pages_of(&document), (1..=12).collect::<Vec<u32>>());
    assert!(units < 12 + 12 * 2, "{units}");
}

#[test]
fn what_there_is_no_time_for_is_told_and_what_was_read_stays() {
    let (document, _) = read(12, 3);
    assert_eq!(document.outcome, Outcome::Limit, "{:?}", document.content.warnings);
    assert_eq!(pages_of(&document), [1, 2, 3]);
    let told = format!("{:?}", document.content.warnings);
    assert!(told.contains("OnlyFirst { first: 3, of: Some(12)"), "{told}");
}

#[test]
fn pages_that_the_bytes_cannot_hold_are_not_read() {
    let pages = 400;
    let most = 16 + sheets(pages).len() / 1024;
    let (document, _) = read(pages, u32::MAX);
    assert!(most < pages, "{most}");
    assert_eq!((document.outcome, pages_of(&document).len()), (Outcome::Limit, most));
}

/// What cannot be drawn is not known, and so not read whole.
#[test]
fn a_page_that_is_not_drawn_is_no_page_without_words() {
    let read = |width: i64, height: i64| {
        let mut document = Document::with_version("1.7");
        let picture = dictionary! {
            "Type" => "XObject", "Subtype" => "Image", "Width" => width, "Height" => height,
            "BitsPerComponent" => 1, "ColorSpace" => "DeviceGray",
        };
        let picture = document.add_object(Stream::new(picture, vec![0]));
        let drawn = document.add_object(Stream::new(Dictionary::new(), b"/I Do".to_vec()));
        let page = dictionary! {
            "Type" => "Page",
            "MediaBox" => vec![0.into(), 0.into(), 240.into(), 240.into()],
            "Resources" => dictionary! { "XObject" => dictionary! { "I" => picture } },
            "Contents" => drawn,
        };
        let page = document.add_object(page);
        let kids: Vec<Object> = vec![page.into()];
        let tree = dictionary! { "Type" => "Pages", "Kids" => kids, "Count" => 1 };
        let tree = document.add_object(tree);
        let root = document.add_object(dictionary! { "Type" => "Catalog", "Pages" => tree });
        document.trailer.set("Root", root);
        let mut bytes = Vec::new();
        document.save_to(&mut bytes).unwrap();
        let options = Options { ocr: Ocr::Always, ..Options::default() };
        let order = Order { options, ..Order::named("scan.pdf") };
        let sink = Counting::granting(u32::MAX);
        extract(&bytes, &order, &parrot(1), &sink);
        sink.kept().0
    };
    let heavy = read(30_000, 30_000);
    assert_eq!(heavy.outcome, Outcome::Limit, "{:?}", heavy.content.warnings);
    let told = heavy.reason.unwrap().english();
    assert!(told.starts_with("page 1: unpacking the picture takes 900000000 bytes"), "{told}");
    assert_eq!(read(3_000, 3_000).outcome, Outcome::Ok);
}
