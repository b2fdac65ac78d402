//! Damages every fixture of some formats, byte by byte and cut by cut: reading must neither panic nor deliver more than
//! the limits allow, whatever the outcome.
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

/// Small limits, so that a test reaches them. Pictures have no pixel to decode: this is about text.
fn limits() -> Limits {
    Limits { text: 20_000, segments: 50, pixels: 0, ..Limits::default() }
}

/// The object and its members.
fn read(bytes: &[u8], name: &str) -> Vec<Extraction> {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let order = Order { limits: limits(), ..Order::named(name) };
    extract(&bytes.to_vec(), &order, &Engines::none(), &kept);
    kept.into_inner()
}

fn hold(name: &str, place: &str, documents: &[Extraction]) {
    assert!(!documents.is_empty(), "{name}, {place}: nothing was delivered");
    for document in documents {
        let text: usize = document.content.segments.iter().map(|s| s.text.len()).sum();
        assert!(text <= 20_000, "{name}, {place}: {text} bytes of text");
        assert!(document.content.segments.len() <= 50, "{name}, {place}");
        assert!(document.outcome != Outcome::Crashed, "{name}, {place}");
    }
}

fn damage_each(folder: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(folder);
    let mut files: Vec<_> = fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()).collect();
    files.retain(|file| file.extension().is_none_or(|e| e != "expected" && e != "md"));
    files.sort();
    assert!(!files.is_empty(), "no fixture in {}", path.display());
    for (n, file) in files.iter().enumerate() {
        let name = file.file_name().unwrap().to_str().unwrap();
        let whole = fs::read(file).unwrap();
        // A prime distance that gives some three hundred places, starting elsewhere in each file.
        let step =
            [3, 7, 13, 37, 97, 499].into_iter().find(|s| whole.len() / s < 300).unwrap_or(997);
        for at in (n % step..whole.len()).step_by(step) {
            let mut broken = whole.clone();
            // Another bit each time, and now and then all of them.
            broken[at] ^= if at % 7 == 0 { 0xFF } else { 1 << (at % 8) };
            hold(name, &format!("byte {at}"), &read(&broken, name));
        }
        for length in (0..whole.len()).step_by((whole.len() / 100).max(1)) {
            hold(name, &format!("cut at {length}"), &read(&whole[..length], name));
        }
    }
}

/// Small bytes that would grow without bound: each is read in bounded memory, and soon.
#[test]
fn bombs() {
    let deep = "{".repeat(2_000_000);
    let wide = "{\\rtf1 {\\*\\shppict{\\pict\\pngblip 89}}".repeat(20_000);
    let notes = format!("{{\\rtf1 {}", "{\\footnote x".repeat(50_000));
    let frames = format!("<html>{}", "<iframe srcdoc='&lt;p&gt;x'></iframe>".repeat(50_000));
    let words = format!("Subject: {}\nFrom: a@b\n\nx", "=?euc-kr?B?yLg=?= ".repeat(50_000));
    for (name, bytes) in [
        ("deep.rtf", format!("{{\\rtf1 {deep}x")),
        ("wide.rtf", wide),
        ("notes.rtf", notes),
        ("frames.html", frames),
        ("words.eml", words),
        ("deep.ics", format!("BEGIN:VCALENDAR\n{}", "BEGIN:VEVENT\n".repeat(100_000))),
        ("syncs.smi", format!("<SAMI>{}", "<SYNC Start=1>x".repeat(50_000))),
    ] {
        hold(name, "whole", &read(bytes.as_bytes(), name));
    }
}

#[test]
fn rtf() {
    damage_each("rtf");
}

#[test]
fn epub() {
    damage_each("epub");
}

#[test]
fn msg() {
    damage_each("msg");
}

#[test]
fn tnef() {
    damage_each("tnef");
}

#[test]
fn calendar() {
    damage_each("calendar");
}

#[test]
fn eml() {
    damage_each("eml");
}

#[test]
fn card() {
    damage_each("card");
}

#[test]
fn sami() {
    damage_each("sami");
}

#[test]
fn ass() {
    damage_each("ass");
}

#[test]
fn ttml() {
    damage_each("ttml");
}

#[test]
fn html() {
    damage_each("html");
}

#[test]
fn sqlite() {
    damage_each("sqlite");
}

#[test]
fn dbf() {
    damage_each("dbf");
}

#[test]
fn parquet() {
    damage_each("parquet");
}

#[test]
fn latex() {
    damage_each("latex");
}

#[test]
fn asciidoc() {
    damage_each("asciidoc");
}
