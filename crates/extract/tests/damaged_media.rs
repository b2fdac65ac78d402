//! Damages what is written into pictures, sound and film, byte by byte and cut by cut: reading must neither panic nor
//! deliver more than the limits allow, whatever the outcome.
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

/// The fixtures whose tags, boxes and attached files are read by code of our own, or handed out of FFmpeg by it.
const CASES: [&str; 13] = [
    "jpeg/iptc.jpg",
    "jpeg/iptc_cp949.jpg",
    "tiff/iptc.tif",
    "tiff/photoshop.tif",
    "mp3/lyrics.mp3",
    "mp3/lyrics_id3v22.mp3",
    "mp3/lyrics_timed.mp3",
    "flac/lyrics.flac",
    "mp4/itunes.m4a",
    "mp4/quicktime.mov",
    "mp4/asset.3gp",
    "matroska/chapters.mkv",
    "dav/recorder.dav",
];

/// Bytes of text that a document may have here: more than any fixture has.
const TEXT: u64 = 20_000;

/// All documents that come of these bytes. Pictures have no pixel to decode: this is about what is written into them.
fn read(bytes: &[u8], name: &str, engines: &Engines) -> Vec<Extraction> {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let limits = Limits { text: TEXT, segments: 50, pixels: 0, ..Limits::default() };
    let order = Order { limits, ..Order::named(name) };
    extract(&bytes.to_vec(), &order, engines, &kept);
    kept.into_inner()
}

fn hold(name: &str, place: &str, documents: &[Extraction]) {
    assert!(!documents.is_empty(), "{name}, {place}: nothing was delivered");
    for document in documents {
        let text: usize = document.content.segments.iter().map(|s| s.text.len()).sum();
        assert!(text as u64 <= TEXT, "{name}, {place}: {text} bytes of text");
        assert!(document.content.segments.len() <= 50, "{name}, {place}");
        assert!(document.outcome != Outcome::Crashed, "{name}, {place}");
    }
}

#[test]
fn damaged_tags_are_held() {
    let engines = Engines::media().unwrap();
    for name in CASES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(name);
        let whole = fs::read(path).unwrap();
        // A prime distance that gives some two hundred places.
        let step =
            [3, 7, 13, 37, 97, 499].into_iter().find(|s| whole.len() / s < 200).unwrap_or(997);
        for at in (0..whole.len()).step_by(step) {
            let mut broken = whole.clone();
            broken[at] ^= if at % 7 == 0 { 0xFF } else { 1 << (at % 8) };
            hold(name, &format!("byte {at}"), &read(&broken, name, &engines));
        }
        for at in (0..whole.len().saturating_sub(4)).step_by(step * 3) {
            let mut broken = whole.clone();
            broken[at..at + 4].fill(0xFF);
            hold(name, &format!("four bytes at {at}"), &read(&broken, name, &engines));
        }
        for length in (0..whole.len()).step_by((whole.len() / 50).max(1)) {
            hold(name, &format!("cut at {length}"), &read(&whole[..length], name, &engines));
        }
    }
}
