//! SQLite databases: the tables, the names of their columns and the first rows of each.
//!
//! Read here and not by SQLite's own library: this needs a walk over pages and no query, and foreign bytes then meet no C.
//! What waits in a write-ahead log beside the file is not seen.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::Value as Property;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::sqlite_page::Database;
use super::sqlite_record::Value;
use super::sqlite_schema::Table;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;

pub(super) const FORMAT: Format = Format {
    name: "sqlite",
    version: 1,
    media_types: &[SQLITE, GEOPACKAGE],
    sniff: |probe| match probe.starts_with(b"SQLite format 3\0") {
        true => Match::Magic,
        false => Match::No,
    },
    // The application's mark (GeoPackage 1.3, requirement 2).
    media_type: |probe| match probe.has_at(68, b"GPKG") || probe.has_at(68, b"GP1") {
        true => GEOPACKAGE,
        false => SQLITE,
    },
    extract,
};

const SQLITE: &str = "application/vnd.sqlite3";
const GEOPACKAGE: &str = "application/geopackage+sqlite3";

/// Tables that are read, and rows of each: a database is known by a sample.
const MOST_TABLES: usize = 1_000;
const MOST_ROWS: u32 = 1_000;

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let database = Database::open(blob)?;
    let mut content = Content::default();
    let mut tables = Vec::new();
    let whole = database.rows(1, |_, row| {
        tables.extend(Table::of(row));
        tables.len() < MOST_TABLES
    })?;
    if let Some(damage) = whole {
        content.lost(damage.within(Noun::TableList));
    }
    let names = tables.iter().take(1000).map(|table| Property::from(table.name.as_str())).collect();
    content.metadata.at("sqlite_schema").set("sqlite.tables", Property::List(names));
    let mut notes = Vec::new();
    let mut paragraphs = Paragraphs::new(&mut content, context.limits.text);
    for table in &tables {
        context.unit();
        let place = |row: u32| Locator::Cell { sheet: table.name.clone(), row, column: 1 };
        paragraphs.line(&table.name, || place(1));
        paragraphs.line(&table.columns.join("\t"), || place(1));
        paragraphs.end();
        let mut number = 0;
        let mut more = false;
        let end = database.rows(table.root, |id, row| {
            number += 1;
            if number > MOST_ROWS || paragraphs.is_full() {
                more = number > MOST_ROWS;
                return false;
            }
            let line = shown(table, id, &row);
            paragraphs.line(&line, || place(number + 1));
            paragraphs.end();
            true
        });
        match end {
            Ok(None) if more => {
                let (first, unit) = (MOST_ROWS.into(), Unit::Rows);
                let only = ReasonKind::OnlyFirst { first, of: None, unit };
                notes.push((false, only.within(named(table))));
            }
            Ok(None) => {}
            Ok(Some(damage)) => notes.push((true, damage.within(named(table)))),
            Err(error) => return Err(error.into()),
        }
        if paragraphs.is_full() {
            break;
        }
    }
    paragraphs.finish();
    for (is_loss, note) in notes {
        if is_loss { content.lost(note) } else { content.note(note) }
    }
    Ok(content)
}

fn named(table: &Table) -> Part {
    Part::Table(table.name.as_str().into())
}

/// The cells of a row, parted by tabs; pictures and other bytes show nothing.
fn shown(table: &Table, id: i64, row: &[Value]) -> String {
    let cells: Vec<String> = row
        .iter()
        .enumerate()
        .map(|(n, value)| match value {
            // The column that is the row's own number is stored there and not among the others.
            Value::Nothing if table.number == Some(n) => id.to_string(),
            Value::Nothing | Value::Bytes => String::new(),
            Value::Whole(number) => number.to_string(),
            Value::Real(number) => number.to_string(),
            Value::Text(text) => text.split_whitespace().collect::<Vec<_>>().join(" "),
        })
        .collect();
    cells.join("\t")
}
