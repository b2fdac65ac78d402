//! Parquet tables: the columns with their types and the least and greatest value of each, from the footer, and the first rows.
//!
//! Read here and not by a library: the first pages of each column are enough, and what they are packed by has readers here.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{PRODUCER, Value};
use madang_document::part::{Noun, Part};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::bytes::split_u32;
use super::parquet_column::{Broken, Levels, read_chunk};
use super::parquet_encoding::Stored;
use super::parquet_value::Meaning;
use super::thrift::{Item, read_struct};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::encoding::decode;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "parquet",
    version: 3,
    media_types: &["application/vnd.apache.parquet"],
    sniff,
    media_type: |_| "application/vnd.apache.parquet",
    extract,
};

/// The largest footer that is read.
const MOST: u64 = 16 << 20;
/// Columns that are read.
const MOST_COLUMNS: usize = 10_000;
/// Groups of rows that are looked at.
const MOST_GROUPS: usize = 10_000;
/// Rows that are read, and cells of all of them: a table is known by a sample.
const MOST_ROWS: usize = 1_000;
const MOST_CELLS: usize = 1_000_000;
/// Bytes of one cell, in which all values of a list stand.
const LONGEST_CELL: usize = 1 << 20;
/// Texts of a property that are longer are left out.
const LONG: usize = 4096;

fn sniff(probe: &Probe<'_>) -> Match {
    // Encrypted ones begin with another letter.
    if probe.starts_with(b"PAR1") || probe.starts_with(b"PARE") { Match::Magic } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let size = blob.len();
    let tail = read_range(blob, size.saturating_sub(8), 8)?;
    let (length, magic) = match split_u32(&tail) {
        Some((length, magic)) => (u64::from(length), magic),
        None => (0, tail.as_slice()),
    };
    match magic {
        b"PARE" => {
            return Err(ExtractError::Encrypted(ReasonKind::Encrypted(None).of(Noun::TableFooter)));
        }
        b"PAR1" if length > 0 && length <= size.saturating_sub(12) => {}
        _ => return Err(ExtractError::corrupt(ReasonKind::Missing.of(Noun::TableFooter))),
    }
    if length > MOST {
        let larger = ReasonKind::LargerThanMemory { bytes: length, limit: MOST };
        return Err(ExtractError::Limit(larger.of(Noun::TableFooter)));
    }
    let footer = read_range(blob, size - 8 - length, length)?;
    let table = read_struct(&footer)
        .ok_or_else(|| ExtractError::corrupt(ReasonKind::Damaged.of(Noun::TableFooter)))?;
    let mut content = Content::default();
    let columns = columns(&table);
    content.metadata.at("footer").set("parquet.rows", table.whole(3).unwrap_or_default());
    content.metadata.at("footer").set("parquet.columns", columns.len());
    content.metadata.at("footer").set_some(PRODUCER, table.text(6));
    let names = columns.iter().take(1000).map(|column| Value::from(column.name.as_str())).collect();
    content.metadata.at("footer").set("parquet.header", Value::List(names));
    let sheet = context.name.rsplit_once('.').map_or(context.name, |(stem, _)| stem);
    let mut paragraphs = Paragraphs::new(&mut content, context.limits.text);
    for (n, column) in columns.iter().enumerate() {
        let number = u32::try_from(n + 1).unwrap_or(u32::MAX);
        let place = || Locator::Cell { sheet: sheet.to_owned(), row: 1, column: number };
        let mut line = vec![column.name.as_str(), column.meaning.word()];
        line.extend(column.range.iter().flat_map(|(least, most)| [least.as_str(), most.as_str()]));
        paragraphs.line(&line.join("\t"), place);
        paragraphs.end();
    }
    let rows = u64::try_from(table.whole(3).unwrap_or_default()).unwrap_or_default();
    let most = MOST_ROWS.min(MOST_CELLS / columns.len().max(1));
    let sample = sample(blob, &table, &columns, most, context);
    for (number, row) in (2..).zip(&sample.rows) {
        let place = || Locator::Cell { sheet: sheet.to_owned(), row: number, column: 1 };
        paragraphs.line(&row.join("\t"), place);
        paragraphs.end();
    }
    // What programs keep of a table for themselves is none of its words.
    const OF_PROGRAMS: [&str; 6] =
        ["ARROW:schema", "pandas", "geo", "PANDAS", "huggingface", "org.apache.spark"];
    for pair in table.list(5).iter().take(100) {
        if let (Some(key), Some(value)) = (pair.text(1), pair.text(2))
            && value.len() <= LONG
            && !OF_PROGRAMS.iter().any(|known| key.starts_with(known))
        {
            paragraphs.line(&format!("{key}: {value}"), || Locator::Whole {});
            paragraphs.end();
        }
    }
    paragraphs.finish();
    if rows > sample.rows.len() as u64 && !sample.rows.is_empty() {
        let first = sample.rows.len() as u64;
        content.note(ReasonKind::OnlyFirst { first, of: Some(rows), unit: Unit::Rows });
    }
    for (name, reason) in sample.lost {
        content.lost(reason.within(Part::Named(name.as_str().into())));
    }
    if sample.is_cut {
        content.cut(ReasonKind::LimitReached.of(Noun::TableRows));
    }
    if let Some(limit) = sample.limit {
        content.cut(limit);
    }
    Ok(content)
}

struct Column {
    name: String,
    meaning: Meaning,
    levels: Levels,
    /// The least and the greatest value, as far as they can be shown.
    range: Option<(String, String)>,
}

/// What is open above an element of the schema.
struct Open {
    /// Children that are still to come.
    left: i64,
    name: String,
    definition: u32,
    repetition: u32,
}

/// The columns that hold values, in order: those of nested ones under the names of what they lie in.
fn columns(table: &Item<'_>) -> Vec<Column> {
    let mut columns = Vec::new();
    // The first element is the table.
    let mut open: Vec<Open> = Vec::new();
    for element in table.list(2).iter().skip(1).take(MOST_COLUMNS) {
        while open.last().is_some_and(|above| above.left <= 0) {
            open.pop();
        }
        if let Some(above) = open.last_mut() {
            above.left -= 1;
        }
        let name = element.text(4).unwrap_or_default();
        let above = open.last().map_or("", |above| above.name.as_str());
        // Names are said at each level again: those below many levels would grow without bound.
        let name = match above.is_empty() || above.len() > LONG {
            true => name,
            false => format!("{above}.{name}"),
        };
        let (mut definition, mut repetition) =
            open.last().map_or((0, 0), |above| (above.definition, above.repetition));
        match element.whole(3) {
            Some(1) => definition += 1,
            Some(2) => (definition, repetition) = (definition + 1, repetition + 1),
            _ => {}
        }
        match element.whole(5) {
            Some(left) if left > 0 => open.push(Open { left, name, definition, repetition }),
            _ => {
                let stored = match element.whole(1) {
                    Some(0) => Stored::Bit,
                    Some(1 | 4) => Stored::Fixed(4),
                    Some(2 | 5) => Stored::Fixed(8),
                    Some(3) => Stored::Fixed(12),
                    Some(7) => {
                        let length = element.whole(2).unwrap_or_default();
                        Stored::Fixed(usize::try_from(length).unwrap_or_default())
                    }
                    _ => Stored::Bytes,
                };
                let levels = Levels { definition, repetition, stored };
                columns.push(Column { name, meaning: Meaning::of(element), levels, range: None });
            }
        }
    }
    for group in table.list(4).iter().take(MOST_GROUPS) {
        for (column, chunk) in columns.iter_mut().zip(group.list(1)) {
            let Some(statistics) = chunk.field(3).and_then(|meta| meta.field(12)) else { continue };
            let value = |new, old| {
                let bytes = statistics.bytes(new).or_else(|| statistics.bytes(old))?;
                column.meaning.shown(bytes).filter(|text| text.len() <= LONG)
            };
            if let (Some(least), Some(most)) = (value(6, 2), value(5, 1)) {
                // Groups of rows follow one another, each with a range of its own.
                match &mut column.range {
                    Some(range) => {
                        if is_less(&least, &range.0) {
                            range.0 = least;
                        }
                        if is_less(&range.1, &most) {
                            range.1 = most;
                        }
                    }
                    none => *none = Some((least, most)),
                }
            }
        }
    }
    columns
}

/// The first rows of a table, cell by cell, and what is not as it should be.
#[derive(Default)]
struct Sample {
    rows: Vec<Vec<String>>,
    /// Columns that could not be read, or not to the last of these rows.
    lost: Vec<(String, Reason)>,
    limit: Option<ExtractError>,
    /// Whether a row holds more values, or a text is longer, than is kept.
    is_cut: bool,
}

/// Reads the first `most` rows, column by column.
fn sample(
    blob: &dyn Blob,
    table: &Item<'_>,
    columns: &[Column],
    most: usize,
    context: &Context<'_>,
) -> Sample {
    let mut sample = Sample::default();
    let mut left = context.limits.text;
    for (n, column) in columns.iter().enumerate() {
        context.progress();
        let mut row = 0usize;
        let mut end = Ok(());
        let mut is_full = false;
        for group in table.list(4).iter().take(MOST_GROUPS) {
            let Some(chunk) = group.list(1).get(n) else { break };
            let mut take = |begins: bool, value: Option<&[u8]>| {
                if begins {
                    if row >= most {
                        is_full = true;
                        return false;
                    }
                    row += 1;
                    if sample.rows.len() < row {
                        sample.rows.push(vec![String::new(); columns.len()]);
                    }
                }
                let cell = row.checked_sub(1).and_then(|at| sample.rows.get_mut(at)?.get_mut(n));
                let decoded = |value| column.meaning.is_text().then(|| decode(value).text);
                let text =
                    value.and_then(|value| column.meaning.shown(value).or_else(|| decoded(value)));
                if let (Some(cell), Some(text)) = (cell, text) {
                    let size = text.len() as u64 + 2;
                    let is_longest = cell.len() + text.len() > LONGEST_CELL;
                    if is_longest || size > left {
                        sample.is_cut = true;
                        // Other rows may be shorter.
                        return is_longest;
                    }
                    left -= size;
                    if !cell.is_empty() {
                        cell.push_str(", ");
                    }
                    cell.push_str(&text);
                }
                true
            };
            end = read_chunk(blob, chunk, column.levels, context, &mut take);
            if is_full || row >= most || end.is_err() {
                break;
            }
        }
        match end {
            Ok(()) => {}
            Err(Broken::TooMany) => sample.is_cut = true,
            Err(Broken::Lost(reason)) => sample.lost.push((column.name.clone(), reason)),
            Err(Broken::Limit(limit)) => {
                sample.limit = Some(limit);
                break;
            }
        }
    }
    sample
}

/// Numbers are compared as such, texts and dates letter by letter.
fn is_less(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one < other,
        _ => one < other,
    }
}
