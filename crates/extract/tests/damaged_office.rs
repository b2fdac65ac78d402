//! Damages every fixture of the old Office formats, byte by byte and cut by cut: reading must neither panic nor deliver
//! more than the limits allow, whatever the outcome.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

use std::cell::RefCell;
use std::fs;
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
fn word_xml() {
    damage_each("word_xml");
}

#[test]
fn spreadsheet_xml() {
    damage_each("spreadsheet_xml");
}
