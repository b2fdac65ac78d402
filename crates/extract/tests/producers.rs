//! What six producers make of one Korean text (a heading, paragraphs, two columns, a table, ligatures) is read whole.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "this is a test")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

const PRODUCERS: [&str; 6] =
    ["libreoffice", "chromium", "typst", "reportlab", "weasyprint", "xetex"];

/// The share of the syllables of the text that is to be read, each as often as it stands there.
const RECALL: f64 = 0.995;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures")
}

/// What was written, without the marks of its kinds.
fn written() -> String {
    fs::read_to_string(fixtures().join("make/producers.txt")).unwrap()
}

fn read(producer: &str) -> String {
    let name = format!("by_{producer}.pdf");
    let bytes = fs::read(fixtures().join("pdf").join(&name)).unwrap();
    let kept = RefCell::new(Vec::<Extraction>::new());
    extract(&bytes, &Order::named(&name), &Engines::none(), &kept);
    let document = kept.into_inner().pop().unwrap();
    assert_eq!(document.outcome, Outcome::Ok, "{producer}: {:?}", document.content.warnings);
    document.content.text()
}

fn syllables(text: &str) -> HashMap<char, usize> {
    let mut counts = HashMap::new();
    text.chars()
        .filter(|c| ('가'..='힣').contains(c))
        .for_each(|c| *counts.entry(c).or_default() += 1);
    counts
}

#[test]
fn korean_syllables_are_complete() {
    let written = syllables(&written());
    let all: usize = written.values().sum();
    assert!(all > 300);
    for producer in PRODUCERS {
        let read = syllables(&read(producer));
        let found = |(c, count): (&char, &usize)| read.get(c).map_or(0, |n| *n.min(count));
        let recall = written.iter().map(found).sum::<usize>() as f64 / all as f64;
        assert!(recall >= RECALL, "{producer}: {recall}");
        assert!(read.values().sum::<usize>() <= all, "{producer}: something is said twice");
    }
}

#[test]
fn the_order_of_columns_cells_and_ligatures_is_kept() {
    let bare = |text: &str| text.replace(|c: char| c.is_whitespace() || "#>|".contains(c), "");
    let written = bare(&written());
    for producer in PRODUCERS {
        assert_eq!(bare(&read(producer)), written, "{producer}");
    }
}
