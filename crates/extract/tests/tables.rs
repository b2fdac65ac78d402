//! Three hundred tables with spanned, empty and several-lined cells, in HWP 5 and in HWPX: rows, columns and cells stand
//! where the grids say that they were written from (`fixtures/make/tables.py`), which no reader made.
#![allow(clippy::disallowed_methods, reason = "a test reads its fixtures from the disk")]
#![allow(clippy::unwrap_used, reason = "this is a test")]

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::order::Order;

fn fixture(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures").join(path)
}

/// The tables that are not as their grids are, of how many.
fn wrong(path: &str) -> (Vec<String>, usize) {
    let truth = fs::read_to_string(fixture("make/tables.txt")).unwrap();
    let tables: Vec<&str> = truth.trim_end().split("\n\n").collect();
    let kept = RefCell::new(Vec::<Extraction>::new());
    let bytes = fs::read(fixture(path)).unwrap();
    extract(&bytes, &Order::named(path), &Engines::none(), &kept);
    let document = kept.into_inner().pop().unwrap();
    let read: Vec<_> = document.content.segments.iter().map(|s| s.text.as_str()).collect();
    assert_eq!(read.len(), tables.len(), "{path}: a table is a paragraph");
    let rows = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let differ = tables.iter().zip(&read).filter(|(truth, read)| rows(truth) != rows(read));
    (differ.map(|(truth, read)| format!("{truth}\n--- read as\n{read}")).collect(), tables.len())
}

#[test]
fn rows_columns_spans_and_cells_are_right() {
    for path in ["hwp5/tables.hwp", "hwpx/tables.hwpx"] {
        let (wrong, tables) = wrong(path);
        assert!(wrong.is_empty(), "{path}: {} of {tables}\n{}", wrong.len(), wrong.join("\n\n"));
        assert_eq!(tables, 150);
    }
}
