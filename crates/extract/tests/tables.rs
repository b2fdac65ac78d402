//! Tables with spanned, empty and several-lined cells: rows, columns and cells stand where the grids say that they were
//! written from, which no reader made. 300 in HWP 5 and in HWPX are of our own writer (`fixtures/make/tables.py`), 150 in
//! OpenDocument, Word and HTML of LibreOffice (`fixtures/make/office_tables.py`). How the tables of files are read that
//! we did not make is measured by `tests/measure/tables.py`, on a collection that is not ours to keep here.
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

/// The tables that a file of the makers says are there.
fn grids(truth: &str) -> Vec<String> {
    let truth = fs::read_to_string(fixture(truth)).unwrap();
    truth.trim_end().split("\n\n").map(str::to_owned).collect()
}

/// The texts of the segments of a file.
fn read(path: &str) -> Vec<String> {
    let kept = RefCell::new(Vec::<Extraction>::new());
    let bytes = fs::read(fixture(path)).unwrap();
    extract(&bytes, &Order::named(path), &Engines::none(), &kept);
    let document = kept.into_inner().pop().unwrap();
    document.content.segments.into_iter().map(|segment| segment.text).collect()
}

/// The tables that are not as their grids are, of how many.
fn wrong(grids: &[String], read: &[String]) -> (Vec<String>, usize) {
    let rows = |text: &str| -> Vec<String> { text.lines().map(str::to_owned).collect() };
    let differ = grids.iter().zip(read).filter(|(grid, read)| rows(grid) != rows(read));
    (differ.map(|(grid, read)| format!("{grid}\n--- read as\n{read}")).collect(), grids.len())
}

#[test]
fn rows_columns_spans_and_cells_are_right() {
    for path in ["hwp5/tables.hwp", "hwpx/tables.hwpx"] {
        let (grids, read) = (grids("make/tables.txt"), read(path));
        assert_eq!(read.len(), grids.len(), "{path}: a table is a paragraph");
        let (wrong, tables) = wrong(&grids, &read);
        assert!(wrong.is_empty(), "{path}: {} of {tables}\n{}", wrong.len(), wrong.join("\n\n"));
        assert_eq!(tables, 150);
    }
}

/// In these formats a row is a paragraph; a line before each table says that one begins.
#[test]
fn another_writer_s_tables_are_right() {
    for path in ["odt/tables.odt", "docx/tables.docx", "html/tables.html"] {
        let grids = grids("make/office_tables.txt");
        let mut read_as = vec![String::new(); grids.len()];
        let mut tables = read_as.iter_mut();
        let mut table = None;
        for line in read(path) {
            if line.strip_prefix("표 ").is_some_and(|number| number.parse::<u32>().is_ok()) {
                table = tables.next();
            } else if let Some(table) = table.as_mut() {
                table.push_str(&line);
                table.push('\n');
            }
        }
        let (wrong, tables) = wrong(&grids, &read_as);
        assert!(wrong.is_empty(), "{path}: {} of {tables}\n{}", wrong.len(), wrong.join("\n\n"));
        assert_eq!(tables, 50);
    }
}
