//! Pages that we drew, read by the engine that is installed (`deploy/packages.txt`).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::cell::Cell;
use std::path::Path;

use madang_document::content::Segment;
use madang_document::locator::{Bounds, Locator};
use madang_document::word::Word;
use madang_extract::pixels::Pixels;
use madang_extract::recogniser::{Patience, Picture, Recogniser, Signal};
use madang_extract::rect::Rect;
use madang_recognition::tesseract::Tesseract;

fn page() -> Pixels {
    fixture("scanned-words.png")
}

fn fixture(name: &str) -> Pixels {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/png").join(name);
    let picture = image::open(path).unwrap().into_luma8();
    let (width, height) = (picture.width() as usize, picture.height() as usize);
    Pixels { width, height, bytes: picture.into_raw() }
}

fn read(tesseract: &Tesseract, page: &Pixels) -> Vec<Segment> {
    counted(tesseract, page).0
}

/// What is read, and how often whoever waits hears of it meanwhile.
fn counted(tesseract: &Tesseract, page: &Pixels) -> (Vec<Segment>, u32) {
    let alive = Cell::new(0);
    let picture = Picture {
        grey: &page.bytes,
        width: page.width as u32,
        height: page.height as u32,
        dpi: None,
    };
    let read = tesseract
        .recognise(&Signal::Picture(picture), &[], &|| alive.set(alive.get() + 1))
        .unwrap();
    assert!(alive.get() > 0, "whoever waits hears of it");
    (read, alive.get())
}

/// Rows of blocks by chance: as regular as print, and no letter among them.
fn pattern(rows: usize) -> Pixels {
    let mut page = Pixels::of(1240, 60 + rows * 25, 255);
    let mut state = 1u32;
    for row in 0..rows {
        for place in 0..110 {
            for (n, (x, y)) in (0..12).map(|n| (n, (n % 3 * 3, n / 3 * 4))) {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                if state >> 30 > 0 || n == 0 {
                    let (left, top) = (60 + place * 10 + x, 30 + row * 25 + y);
                    page.fill_rect(Rect { left, top, right: left + 3, bottom: top + 4 }, 20);
                }
            }
        }
    }
    page
}

/// Has time for so many parts, and counts the units that are begun.
struct Stopwatch {
    parts: Cell<u32>,
    units: Cell<u32>,
}

impl Patience for Stopwatch {
    fn alive(&self) {}

    fn more(&self, units: u32) {
        self.units.set(self.units.get() + units);
    }

    fn has_time(&self) -> bool {
        self.parts.set(self.parts.get().saturating_sub(1));
        self.parts.get() > 0
    }
}

#[test]
fn a_page_is_read_as_far_as_there_is_time_and_more_is_allowed_for_a_dense_one() {
    let tesseract = Tesseract::load(None).unwrap();
    let line = page();
    let title = Rect { left: 240, top: 50, right: 760, bottom: 100 };
    let read = |rows: usize, parts: u32| {
        // The title of the page, in two columns, so many times.
        let mut sheet = Pixels::of(1240, rows * 60 + 80, 255);
        for row in 0..rows {
            for y in 0..50 {
                for (x, left) in (0..520).flat_map(|x| [(x, 60), (x, 640)]) {
                    let at = (40 + row * 60 + y) * sheet.width + left + x;
                    sheet.bytes[at] = line.at(title.left + x, title.top + y, 255);
                }
            }
        }
        let picture = Picture {
            grey: &sheet.bytes,
            width: sheet.width as u32,
            height: sheet.height as u32,
            dpi: None,
        };
        let watch = Stopwatch { parts: Cell::new(parts), units: Cell::new(0) };
        let read = tesseract.recognise(&Signal::Picture(picture), &[], &watch).unwrap();
        (read.len(), watch.units.get())
    };
    let (whole, units) = read(20, u32::MAX);
    assert!((20..=40).contains(&whole) && units == 0, "{whole} {units}");
    let (some, _) = read(20, 2);
    assert!(some > 0 && some <= whole / 2, "{some} of {whole}");
    // Ten letters to a line, twice.
    let (_, units) = read(110, u32::MAX);
    assert!((1..=4).contains(&units), "{units}");
}

#[test]
fn a_pattern_is_not_read_to_its_end() {
    let tesseract = Tesseract::load(None).unwrap();
    let (_, few) = counted(&tesseract, &pattern(20));
    let (said, many) = counted(&tesseract, &pattern(80));
    assert!(said.is_empty(), "{said:?}");
    assert!(many < few * 2, "{many} of four times as many rows, {few} of these");
}

fn bounds(segment: &Segment) -> Bounds {
    let Locator::Page { number: 1, bounds: Some(bounds) } = segment.locator else {
        panic!("{segment:?}")
    };
    bounds
}

#[test]
fn lines_are_read_with_their_place_and_how_sure_one_is() {
    let tesseract = Tesseract::load(None).unwrap();
    assert!(tesseract.name().starts_with("tesseract 5"), "{}", tesseract.name());
    assert_eq!(tesseract.languages(), ["kor", "eng"]);
    let page = page();
    let read_once = read(&tesseract, &page);
    let texts: Vec<&str> = read_once.iter().map(|segment| segment.text.as_str()).collect();
    assert_eq!(texts[0], "지하차도 침수 대응 안내");
    assert_eq!(texts.len(), 4, "{texts:?}");
    let title = bounds(&read_once[0]);
    assert!((240.0..262.0).contains(&title.left) && (55.0..80.0).contains(&title.top), "{title:?}");
    for segment in &read_once {
        assert!(segment.confidence.unwrap() > 0.8, "{segment:?}");
        let place = bounds(segment);
        assert!(place.left < place.right && place.right <= 1000.0 && place.bottom <= 640.0);
    }
    assert_eq!(read(&tesseract, &page), read_once, "the same again");
}

/// The words of a segment, as they stand in its text.
fn worded(segment: &Segment) -> Vec<String> {
    let of = |word: &Word| {
        let length = (word.end - word.start) as usize;
        segment.text.chars().skip(word.start as usize).take(length).collect()
    };
    segment.words.iter().map(of).collect()
}

#[test]
fn each_word_is_told_where_it_stands() {
    let tesseract = Tesseract::load(None).unwrap();
    let page = page();
    for segment in read(&tesseract, &page) {
        let texts: Vec<&str> = segment.text.split_whitespace().collect();
        assert_eq!(worded(&segment).concat(), texts.concat(), "nothing is left out");
        let line = bounds(&segment);
        let has_ink = |from: f32, to: f32, top: f32, bottom: f32| {
            let mut columns = from as usize..to as usize;
            columns.any(|x| (top as usize..bottom as usize).any(|y| page.at(x, y, 255) < 128))
        };
        for word in &segment.words {
            let Bounds { left, top, right, bottom } = word.bounds;
            assert!(left >= line.left - 0.1 && right <= line.right + 0.1, "{segment:?}");
            assert!(top >= line.top - 0.1 && bottom <= line.bottom + 0.1, "{segment:?}");
            assert!(has_ink(left, left + 9.0, top, bottom), "{word:?} of {segment:?}");
            assert!((0.5..=1.0).contains(&word.confidence), "{segment:?}");
        }
        // Of words with a blank between them the places have a gap in which nothing stands.
        for pair in segment.words.windows(2).filter(|pair| pair[1].start > pair[0].end) {
            let [before, after] = [pair[0].bounds, pair[1].bounds];
            let (from, to) = (before.right + 2.0, after.left - 2.0);
            assert!(before.right < after.left, "{segment:?}");
            assert!(!has_ink(from, to, line.top, line.bottom), "{from} to {to} of {segment:?}");
        }
    }
    let read = read(&tesseract, &fixture("mixed-words.png"));
    let mixed = &read[1];
    let words = worded(mixed);
    let at = words.iter().position(|word| word == "배수펌프장").unwrap();
    let place = mixed.words[at].bounds;
    assert!(place.left > mixed.words[at - 1].bounds.right - 3.0, "{mixed:?}");
    assert!(place.right < mixed.words[at + 1].bounds.left + 3.0, "{mixed:?}");
}

#[test]
fn a_page_is_read_however_it_lies() {
    let tesseract = Tesseract::load(None).unwrap();
    let page = page();
    for quarters in 1..4 {
        let read = read(&tesseract, &page.turned(quarters));
        let title = read
            .iter()
            .find(|it| it.text.contains("침수 대응"))
            .unwrap_or_else(|| panic!("{quarters}: {read:?}"));
        // Where the title stands on the picture as it was given.
        let place = bounds(title);
        let expected = match quarters {
            1 => (640.0 - 110.0, 250.0),
            2 => (1000.0 - 750.0, 640.0 - 110.0),
            _ => (60.0, 1000.0 - 750.0),
        };
        let near = |edge: f32, other: f32| (edge - other).abs() < 40.0;
        assert!(near(place.left, expected.0), "{quarters}: {place:?}");
        assert!(quarters == 3 || near(place.top, expected.1), "{quarters}: {place:?}");
    }
}

/// Of small print in English nothing, or some syllables, are read in Korean: that is no reason to turn the page over.
#[test]
fn a_page_in_english_is_read_in_english_and_stays_as_it_lies() {
    let tesseract = Tesseract::load(None).unwrap();
    let read = read(&tesseract, &fixture("latin-words.png"));
    // The engine takes the j of this face for a capital.
    let texts: Vec<String> =
        read.iter().map(|segment| segment.text.replace("Jumps", "jumps")).collect();
    let expected = |number| format!("The quick brown fox jumps over the lazy dog number {number}");
    let numbers = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];
    assert_eq!(texts, numbers.map(expected));
}

#[test]
fn lines_that_run_down_are_read_from_right_to_left() {
    let tesseract = Tesseract::load(None).unwrap();
    let read = read(&tesseract, &fixture("vertical-words.png"));
    let texts: Vec<&str> = read.iter().map(|segment| segment.text.as_str()).collect();
    let expected = [
        "마을 이야기",
        "비가 내리는 날이 이어집니다",
        "수문을 미리 열어 놓습니다",
        "다시 안내할 때까지 기다립니다",
    ];
    assert_eq!(texts, expected);
    let place = bounds(&read[1]);
    assert!(place.left > 490.0 && place.bottom - place.top > 400.0, "{place:?}");
}

#[test]
fn words_of_the_other_language_are_read_within_a_line() {
    let tesseract = Tesseract::load(None).unwrap();
    let page = fixture("mixed-words.png");
    // Of one that lies on its head as many words are tried.
    for quarters in [0, 2] {
        let read = read(&tesseract, &page.turned(quarters));
        let texts: Vec<&str> = read.iter().map(|segment| segment.text.as_str()).collect();
        assert!(texts[0].contains("rain warning (호우경보"), "{quarters}: {texts:?}");
        assert_eq!(texts[1], "The flood gate at 배수펌프장 opens by itself today.", "{quarters}");
    }
}

/// A sign has a few large letters.
#[test]
fn a_sign_is_read_however_it_lies() {
    let tesseract = Tesseract::load(None).unwrap();
    let sign = fixture("few-words.png");
    for quarters in 0..4 {
        let read = read(&tesseract, &sign.turned(quarters));
        let text: String = read.iter().map(|segment| segment.text.as_str()).collect();
        assert_eq!(text.replace(' ', ""), "출입금지", "{quarters}: {read:?}");
    }
}

#[test]
fn what_says_nothing_is_no_text_and_what_lies_is_an_error() {
    let tesseract = Tesseract::load(None).unwrap();
    for page in [Pixels::of(1, 1, 0), Pixels::of(900, 3, 0), Pixels::of(300, 300, 255)] {
        assert_eq!(read(&tesseract, &page), [], "{} x {}", page.width, page.height);
    }
    // As many pieces as there can be.
    let mut board = Pixels::of(1200, 1200, 255);
    for (n, shade) in board.bytes.iter_mut().enumerate() {
        *shade = if (n / 1200 + n) % 2 == 0 { 0 } else { 255 };
    }
    assert!(read(&tesseract, &board).len() < 50);
    let lying = Picture { grey: &[0; 10], width: 100, height: 100, dpi: None };
    assert!(tesseract.recognise(&Signal::Picture(lying), &[], &|| {}).is_err());
}

#[test]
fn a_folder_without_data_is_named() {
    let error = Tesseract::load(Some(Path::new("/nowhere/tessdata"))).unwrap_err();
    assert!(error.contains("kor.traineddata") && error.contains("/nowhere/tessdata"), "{error}");
}
