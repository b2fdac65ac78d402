//! What it costs to read pictures in this process: `picture_cost FOLDER…` prints, for all files that are read as one, the
//! CPU microseconds of their properties alone, and with a preview of their pixels.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a tool for measuring, outside of the pure crate"
)]
#![allow(clippy::expect_used, reason = "a tool for measuring stops at what it cannot read")]

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

/// How often each file is read.
const ROUNDS: u64 = 5;

fn main() {
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in std::env::args().skip(1) {
        let entries = fs::read_dir(folder).expect("a folder");
        files.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()));
    }
    files.sort();
    let engines = Engines::none();
    // Files, microseconds of properties, microseconds of all.
    let mut formats: BTreeMap<String, (u64, u64, u64)> = BTreeMap::new();
    for path in &files {
        let Ok(bytes) = fs::read(path) else { continue };
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let mut alone = Order::named(name);
        alone.limits.pixels = 0;
        let whole = Order::named(name);
        let mut format = String::new();
        let mut cost = |order: &Order| {
            let before = spent();
            for _ in 0..ROUNDS {
                let kept = RefCell::new(Vec::<Extraction>::new());
                extract(&bytes, order, &engines, &kept);
                format =
                    kept.into_inner().pop().map(|document| document.format).unwrap_or_default();
            }
            (spent() - before) / ROUNDS / 1_000
        };
        let (alone, whole) = (cost(&alone), cost(&whole));
        let sum = formats.entry(format).or_default();
        *sum = (sum.0 + 1, sum.1 + alone, sum.2 + whole);
    }
    println!("{:20} {:>6} {:>14} {:>14}", "format", "files", "properties µs", "with pixels µs");
    let all = formats.values().fold((0, 0, 0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
    for (format, (count, alone, whole)) in
        formats.iter().map(|(format, sums)| (format.as_str(), *sums)).chain([("all", all)])
    {
        let count = count.max(1);
        println!("{format:20} {count:6} {:14} {:14}", alone / count, whole / count);
    }
}

/// Nanoseconds that this process has been on a processor.
fn spent() -> u64 {
    let account = fs::read_to_string("/proc/self/schedstat").expect("the kernel's account");
    account.split(' ').next().and_then(|time| time.parse().ok()).expect("a number")
}
