//! Extracts every file of a tree in this process and writes the texts, for measuring against references:
//! `extract_tree CORPUS OUT [FOLDER…]` writes `OUT/<folder>/<file>.txt`, the object's own text first, then its members',
//! and `OUT-own/<folder>/<file>.txt`, its own text alone, and `<file>.pages` beside it, the page of each segment of the
//! object with its text; and prints per file: path, outcome, media type, format,
//! milliseconds, number of documents, encoding, reason, last page, reason in Korean.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for measuring, outside of the pure crate"
)]
#![allow(clippy::expect_used, reason = "a tool for measuring stops at what it cannot write")]

use std::cell::RefCell;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Instant;

use madang_document::content::Segment;
use madang_document::locator::Locator;
use madang_document::reason::Reason;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(corpus), Some(out)) = (arguments.next(), arguments.next()) else {
        println!("extract_tree CORPUS OUT [FOLDER…]");
        std::process::exit(2);
    };
    let engines = Engines::media().expect("the libraries for audio and video");
    let folders: Vec<String> = arguments.collect();
    let mut paths: Vec<_> =
        folders.iter().flat_map(|f| files(&Path::new(&corpus).join(f))).collect();
    paths.sort();
    for path in paths {
        let inner = path.strip_prefix(&corpus).expect("a path in the corpus");
        let name = inner.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let Ok(bytes) = fs::read(&path) else { continue };
        let start = Instant::now();
        let kept = RefCell::new(Vec::<Extraction>::new());
        let order = Order::named(name);
        let outcome = catch_unwind(AssertUnwindSafe(|| extract(&bytes, &order, &engines, &kept)));
        let elapsed = start.elapsed().as_millis();
        let mut documents = kept.into_inner();
        if !documents.is_empty() {
            documents.rotate_right(1);
        }
        let first = documents.first();
        println!(
            "{}\t{}\t{}\t{}\t{elapsed}\t{}\t{}\t{}\t{}\t{}",
            inner.display(),
            outcome.as_ref().map_or("PANIC", |o| o.as_str()),
            first.map_or("-", |d| d.media_type.as_str()),
            first.map_or("-", |d| d.format.as_str()),
            documents.len(),
            first.and_then(|d| d.content.metadata.text("encoding")).unwrap_or("-"),
            first
                .and_then(|d| d.reason.as_ref())
                .map_or_else(|| "-".to_owned(), |reason| reason.english())
                .replace(['\t', '\n'], " "),
            first.map_or(0, last_page),
            first.and_then(|d| d.reason.as_ref()).map_or_else(|| "-".to_owned(), Reason::korean),
        );
        let texts: Vec<_> = documents.iter().map(|d| d.content.text()).collect();
        let own = texts.first().cloned().unwrap_or_default();
        for (out, text) in [(out.clone(), texts.join("\n")), (format!("{out}-own"), own)] {
            let target = Path::new(&out).join(format!("{}.txt", inner.display()));
            fs::create_dir_all(target.parent().expect("a folder")).expect("a folder to write to");
            fs::write(&target, text).expect("a file to write");
            if let Some(document) = first.filter(|document| last_page(document) > 0) {
                fs::write(target.with_extension("pages"), pages(document))
                    .expect("a file to write");
            }
        }
    }
}

/// The last page on which a segment begins; 0 without pages.
fn last_page(document: &Extraction) -> u32 {
    document.content.segments.iter().map(page).max().unwrap_or_default()
}

fn page(segment: &Segment) -> u32 {
    match segment.locator {
        Locator::Page { number, .. } => number,
        _ => 0,
    }
}

/// A line for each segment: its page, and its text on one line.
fn pages(document: &Extraction) -> String {
    let line = |segment: &Segment| {
        format!("{}\t{}\n", page(segment), segment.text.replace(['\t', '\n'], " "))
    };
    document.content.segments.iter().map(line).collect()
}

fn files(path: &Path) -> Vec<std::path::PathBuf> {
    if path.is_file() {
        return vec![path.to_owned()];
    }
    let Ok(entries) = fs::read_dir(path) else { return Vec::new() };
    entries.flatten().flat_map(|entry| files(&entry.path())).collect()
}
