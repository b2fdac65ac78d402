//! Damages every fixture of the old Office formats, byte by byte and cut by cut: reading must neither panic nor deliver
//! more than the limits allow, whatever the outcome.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

use std::cell::RefCell;
use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::limits::Limits;
use madang_extract::order::Order;

/// Bytes of text that a document may have here: more than any fixture has.
const TEXT: u64 = 20_000;

/// All documents that come of these bytes; the object is the last.
fn read(bytes: Vec<u8>, name: &str) -> Vec<Extraction> {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let limits = Limits { text: TEXT, segments: 500, pixels: 0, ..Limits::default() };
    let order = Order { limits, ..Order::named(name) };
    extract(&bytes, &order, &Engines::none(), &kept);
    kept.into_inner()
}

fn fixtures(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e != "expected" && e != "md"));
    files.sort();
    assert!(!files.is_empty(), "no fixture in {}", folder.display());
    let named = |path: &std::path::PathBuf| {
        (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap())
    };
    files.iter().map(named).collect()
}

const STEP: usize = 29;

fn damage_each(folder: &str) {
    for (n, (name, whole)) in fixtures(folder).into_iter().enumerate() {
        for at in (n % STEP..whole.len()).step_by(STEP) {
            let mut broken = whole.clone();
            // Another bit each time, and now and then all of them.
            broken[at] ^= if at % 7 == 0 { 0xFF } else { 1 << (at % 8) };
            check(&read(broken, &name), &format!("{name}, byte {at}"));
        }
        // Counts and offsets lie at even places: the largest that there are.
        for at in (0..whole.len().saturating_sub(4)).step_by(254) {
            let mut broken = whole.clone();
            broken[at..at + 4].fill(0xFF);
            check(&read(broken, &name), &format!("{name}, four bytes at {at}"));
        }
        for length in (0..whole.len()).step_by(257) {
            check(&read(whole[..length].to_vec(), &name), &format!("{name}, cut at {length}"));
        }
    }
}

fn check(documents: &[Extraction], what: &str) {
    assert!(!documents.is_empty() && documents.len() < 100, "{what}: {}", documents.len());
    for document in documents {
        let text: usize = document.content.segments.iter().map(|s| s.text.len()).sum();
        assert!(text as u64 <= TEXT, "{what}: {text} bytes of text");
        assert!(document.outcome != Outcome::Crashed, "{what}");
    }
}

#[test]
fn doc() {
    damage_each("doc");
}

#[test]
fn xls() {
    damage_each("xls");
}

#[test]
fn ppt() {
    damage_each("ppt");
}

#[test]
fn msg() {
    damage_each("msg");
}

#[test]
fn word_xml() {
    damage_each("word_xml");
}

#[test]
fn spreadsheet_xml() {
    damage_each("spreadsheet_xml");
}

/// A compound file in whose allocation table two chains go on at one sector where they should end: strict readers refuse
/// it as a whole, and whoever stops at the size of a stream loses nothing.
fn doubled(mut bytes: Vec<u8>) -> Vec<u8> {
    let table = 512 * (1 + u32::from_le_bytes(bytes[76..80].try_into().unwrap()) as usize);
    let ends =
        (table..table + 512).step_by(4).filter(|at| bytes[*at..at + 4] == [0xFE, 0xFF, 0xFF, 0xFF]);
    let ends: Vec<usize> = ends.take(2).collect();
    assert_eq!(ends.len(), 2);
    for at in ends {
        bytes[at..at + 4].copy_from_slice(&1u32.to_le_bytes());
    }
    assert!(cfb::CompoundFile::open(Cursor::new(&bytes)).is_err());
    bytes
}

fn fixture(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path)).unwrap()
}

#[test]
fn a_sector_that_is_named_twice_costs_no_message() {
    for (name, word) in [("meeting.msg", "회의"), ("cp949.msg", "단수")] {
        let documents = read(doubled(fixture(&format!("msg/{name}"))), name);
        let message = documents.last().unwrap();
        let whole = read(fixture(&format!("msg/{name}")), name);
        assert_eq!(message.format, "msg", "{name}: {:?}", message.reason);
        assert_eq!(message.content.text(), whole.last().unwrap().content.text(), "{name}");
        assert!(message.content.text().contains(word), "{}", message.content.text());
    }
}

#[test]
fn a_damaged_document_in_another_is_read_or_told_of() {
    let mut from = zip::ZipArchive::new(Cursor::new(fixture("docx/features.docx"))).unwrap();
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for n in 0..from.len() {
        to.raw_copy_file(from.by_index_raw(n).unwrap()).unwrap();
    }
    to.start_file("word/embeddings/old.doc", zip::write::SimpleFileOptions::default()).unwrap();
    to.write_all(&doubled(fixture("doc/features.doc"))).unwrap();
    let documents = read(to.finish().unwrap().into_inner(), "outer.docx");
    let inner = documents.iter().find(|document| {
        document.member.as_ref().is_some_and(|path| path.to_string().ends_with("old.doc"))
    });
    let inner = inner.unwrap_or_else(|| panic!("{:?}", documents.last().unwrap().content.members));
    assert_eq!((inner.format.as_str(), inner.outcome), ("doc", Outcome::Ok), "{:?}", inner.reason);
    assert!(!inner.content.text().is_empty());
}
