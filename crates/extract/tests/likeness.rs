//! What a document stores as a likeness of itself is told when it is read, and made into a preview when that is wanted.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

use std::cell::RefCell;
use std::fs;
use std::io::{Cursor, Read as _, Write as _};
use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};
use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::limits::Limits;
use madang_extract::order::Order;

fn fixture(path: &str) -> Vec<u8> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    fs::read(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The object itself, read as this order says.
fn read(bytes: &[u8], order: &Order) -> Extraction {
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes.to_vec(), order, &Engines::media().unwrap(), &kept);
    kept.into_inner().pop().unwrap()
}

/// What reading says of the likeness of a file, and the sizes of the previews that are made of it.
fn likeness(bytes: &[u8], name: &str) -> (bool, Vec<(u16, u16)>) {
    let order = Order::named(name);
    let document = read(bytes, &order);
    assert_eq!(document.outcome, Outcome::Ok, "{name}: {:?}", document.content.warnings);
    assert!(document.content.previews.is_empty(), "{name}: nobody looks at it yet");
    let made = read(bytes, &Order { likeness: true, ..order });
    assert!(!made.content.likeness, "{name}: it is made, not told");
    let previews = made.content.previews;
    let sizes = previews.iter().map(|it| (it.raster.width(), it.raster.height())).collect();
    (document.content.likeness, sizes)
}

/// A package with a part more.
fn with_part(package: &[u8], name: &str, bytes: &[u8]) -> Vec<u8> {
    let mut package = zip::ZipArchive::new(Cursor::new(package)).unwrap();
    let mut more = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for n in 0..package.len() {
        let mut part = package.by_index(n).unwrap();
        let (path, mut bytes) = (part.name().unwrap().into_owned(), Vec::new());
        part.read_to_end(&mut bytes).unwrap();
        if path != name {
            more.start_file(path, options).unwrap();
            more.write_all(&bytes).unwrap();
        }
    }
    more.start_file(name, options).unwrap();
    more.write_all(bytes).unwrap();
    more.finish().unwrap().into_inner()
}

/// A picture of black bars.
fn bars(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture =
        RgbImage::from_fn(width, height, |x, _| Rgb([if x / 16 % 2 == 0 { 0 } else { 255 }; 3]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

const THUMBNAIL: &str = "docProps/thumbnail.jpeg";

#[test]
fn reading_says_that_there_is_a_likeness_and_whoever_wants_it_has_it_made() {
    for (path, size) in [
        ("hwp5/previewed.hwp", (480, 240)),
        ("hwpx/previewed.hwpx", (480, 240)),
        ("odt/minutes.odt", (339, 480)),
        ("epub/book.epub", (8, 8)),
        ("mp3/cover.mp3", (64, 48)),
    ] {
        assert_eq!(likeness(&fixture(path), path), (true, vec![size]), "{path}");
    }
    let picture = bars(256, 128, ImageFormat::Jpeg);
    for path in ["docx/words.docx", "xlsx/embedded.xlsx", "pptx/embedded.pptx"] {
        let plain = fixture(path);
        assert_eq!(likeness(&plain, path), (false, vec![]), "{path}");
        let bytes = with_part(&plain, THUMBNAIL, &picture);
        assert_eq!(likeness(&bytes, path), (true, vec![(256, 128)]), "{path}");
    }
}

/// It is looked at for being a picture, and that is all: what else is wrong with it shows when it is made.
#[test]
fn what_is_no_picture_is_no_likeness_and_a_damaged_one_is_no_loss() {
    let plain = fixture("docx/words.docx");
    let told = |picture: &[u8]| likeness(&with_part(&plain, THUMBNAIL, picture), "a.docx");
    assert_eq!(told(b""), (false, vec![]));
    // What Office writes for Windows: a placeable metafile.
    assert_eq!(told(b"\xD7\xCD\xC6\x9A\0\0\0\0\0\0\x10\x27\x10\x27"), (false, vec![]));
    for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::Gif, ImageFormat::Bmp] {
        let whole = bars(64, 48, format);
        assert_eq!(told(&whole), (true, vec![(64, 48)]), "{format:?}");
        let mut broken = whole;
        broken.truncate(40);
        let (is_told, made) = told(&broken);
        assert!(is_told && made.is_empty(), "{format:?}");
    }
    // A picture of more pixels than may be decoded says so in its first bytes.
    let mut flood = bars(64, 48, ImageFormat::Bmp);
    flood[18..26].copy_from_slice(&[0x60, 0xEA, 0, 0, 0x60, 0xEA, 0, 0]);
    assert_eq!(told(&flood), (false, vec![]));
    // A sheet without a word on it is known by its pixels only.
    let mut sheet = Cursor::new(Vec::new());
    let white = RgbImage::from_pixel(64, 48, Rgb([255; 3]));
    white.write_to(&mut sheet, ImageFormat::Png).unwrap();
    assert_eq!(told(&sheet.into_inner()), (true, vec![]));
}

/// Of a likeness that nobody looks at only the start is unpacked.
#[test]
fn a_likeness_is_not_unpacked_to_be_told() {
    let plain = fixture("docx/words.docx");
    let whole = bars(1000, 1000, ImageFormat::Bmp);
    let bytes = with_part(&plain, THUMBNAIL, &whole);
    // Room for the text and not for the picture.
    let limits = Limits { unpacked: 1 << 20, unpacked_ratio: 0, ..Limits::default() };
    let order = Order { limits, ..Order::named("a.docx") };
    let document = read(&bytes, &order);
    assert!(document.content.likeness);
    assert_eq!(document.outcome, Outcome::Ok, "{:?}", document.content.warnings);
    let made = read(&bytes, &Order { likeness: true, ..order });
    assert!(made.content.previews.is_empty(), "it may not be unpacked");
}

/// A picture in a document is decoded when somebody looks at it, and then it is an object of its own; one that stands alone, as it is read.
#[test]
fn a_picture_in_a_document_waits_until_somebody_looks_at_it() {
    const PICTURE: &str = "BinData/image9.png";
    let plain = fixture("hwpx/plain.hwpx");
    let member = |picture: &[u8], likeness: bool| {
        let bytes = with_part(&plain, PICTURE, picture);
        let kept = RefCell::new(Vec::<Extraction>::new());
        let order = Order { likeness, ..Order::named("a.hwpx") };
        extract(&bytes, &order, &Engines::none(), &kept);
        let is_it =
            |it: &Extraction| it.member.as_ref().is_some_and(|it| it.name() == "image9.png");
        let found = kept.into_inner().into_iter().find(is_it).unwrap();
        assert_eq!(found.outcome, Outcome::Ok, "{:?}", found.content.warnings);
        (found.content.likeness, found.content.previews.len())
    };
    let large = bars(800, 100, ImageFormat::Png);
    assert_eq!(member(&large, false), (true, 0));
    assert_eq!(member(&large, true), (false, 1));
    let small = bars(799, 100, ImageFormat::Png);
    assert_eq!((member(&small, false), member(&small, true)), ((false, 0), (false, 0)));
    let alone = read(&large, &Order::named("a.png")).content;
    assert_eq!((alone.likeness, alone.previews.len()), (false, 1));
}

/// A PDF stores no likeness of itself: its first page is one, drawn when somebody looks at it.
#[test]
fn of_a_pdf_the_first_page_is_shown() {
    for (path, portrait) in [
        ("pdf/by_libreoffice.pdf", true),
        ("pdf/by_chromium.pdf", true),
        ("pdf/by_typst.pdf", true),
        ("pdf/scan.pdf", true),
        ("pdf/empty_password.pdf", true),
    ] {
        let bytes = fixture(path);
        let order = Order::named(path);
        let document = read(&bytes, &order);
        assert!(document.content.likeness, "{path}");
        let made = read(&bytes, &Order { likeness: true, ..order });
        let [preview] = &made.content.previews[..] else { panic!("{path}: {:?}", made.content) };
        let limit = Limits::default().preview;
        let (width, height) = (preview.raster.width(), preview.raster.height());
        assert_eq!(u32::from(width.max(height)), limit, "{path}");
        assert_eq!(height > width, portrait, "{path}");
    }
    let damaged = read(b"%PDF-1.7\nno page", &Order { likeness: true, ..Order::named("a.pdf") });
    assert!(damaged.content.previews.is_empty());
}
