//! Parquet tables: the columns with their types and the least and greatest value of each, from the footer.
//!
//! The rows themselves stay unread: they are packed by half a dozen encodings under as many compressions, and a
//! library for these is larger than all other formats together. What a table is about, its columns tell.

use madang_document::civil_date::CivilDate;
use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::{PRODUCER, Value};
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;

use super::bytes::split_u32;
use super::thrift::{Item, read_struct};
use crate::blob::{Blob, read_range};
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "parquet",
    version: 1,
    media_types: &["application/vnd.apache.parquet"],
    sniff,
    media_type: |_| "application/vnd.apache.parquet",
    extract,
};

/// The largest footer that is read.
const MOST: u64 = 16 << 20;
/// Columns that are read.
const MOST_COLUMNS: usize = 10_000;
/// Texts of a value or of a property that are longer are left out.
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
        let mut line = vec![column.name.as_str(), column.kind];
        line.extend(column.range.iter().flat_map(|(least, most)| [least.as_str(), most.as_str()]));
        paragraphs.line(&line.join("\t"), place);
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
    Ok(content)
}

struct Column {
    name: String,
    kind: &'static str,
    /// The least and the greatest value, as far as they can be shown.
    range: Option<(String, String)>,
}

/// The columns that hold values, in order: those of nested ones under the names of what they lie in.
fn columns(table: &Item<'_>) -> Vec<Column> {
    let mut columns = Vec::new();
    // How many children are still to come of each that is open, and its name; the first element is the table.
    let mut open: Vec<(i64, String)> = Vec::new();
    for element in table.list(2).iter().skip(1).take(MOST_COLUMNS) {
        while open.last().is_some_and(|(left, _)| *left <= 0) {
            open.pop();
        }
        if let Some((left, _)) = open.last_mut() {
            *left -= 1;
        }
        let name = element.text(4).unwrap_or_default();
        let above = open.last().map_or("", |(_, name)| name.as_str());
        // Names are said at each level again: those below many levels would grow without bound.
        let name = match above.is_empty() || above.len() > LONG {
            true => name,
            false => format!("{above}.{name}"),
        };
        match element.whole(5) {
            Some(children) if children > 0 => open.push((children, name)),
            _ => columns.push(Column { name, kind: kind(element), range: None }),
        }
    }
    for group in table.list(4).iter().take(10_000) {
        for (column, chunk) in columns.iter_mut().zip(group.list(1)) {
            let Some(statistics) = chunk.field(3).and_then(|meta| meta.field(12)) else { continue };
            let value = |new, old| {
                let bytes = statistics.bytes(new).or_else(|| statistics.bytes(old))?;
                shown(column.kind, bytes)
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

/// Numbers are compared as such, texts and dates letter by letter.
fn is_less(one: &str, other: &str) -> bool {
    match (one.parse::<f64>(), other.parse::<f64>()) {
        (Ok(one), Ok(other)) => one < other,
        _ => one < other,
    }
}

/// The type of a column: what it means, else how it is stored.
fn kind(element: &Item<'_>) -> &'static str {
    match (element.whole(6), element.whole(1)) {
        (Some(0), _) => "string",
        (Some(5), _) => "decimal",
        (Some(6), _) => "date",
        (Some(7 | 8), _) => "time",
        (Some(9 | 10), _) => "timestamp",
        (Some(19), _) => "json",
        (_, Some(0)) => "boolean",
        (_, Some(1)) => "int32",
        (_, Some(2)) => "int64",
        (_, Some(3)) => "int96",
        (_, Some(4)) => "float",
        (_, Some(5)) => "double",
        // The newer notation of the same: a struct whose only field says which.
        (_, Some(6)) if element.field(10).is_some_and(|logical| logical.field(1).is_some()) => {
            "string"
        }
        (_, Some(6)) => "bytes",
        (_, Some(7)) => "fixed bytes",
        _ => "group",
    }
}

fn shown(kind: &str, bytes: &[u8]) -> Option<String> {
    Some(match kind {
        "string" => {
            let text = std::str::from_utf8(bytes).ok().filter(|text| text.len() <= LONG)?;
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        }
        "int32" => i32::from_le_bytes(bytes.try_into().ok()?).to_string(),
        "int64" => i64::from_le_bytes(bytes.try_into().ok()?).to_string(),
        "float" => f32::from_le_bytes(bytes.try_into().ok()?).to_string(),
        "double" => f64::from_le_bytes(bytes.try_into().ok()?).to_string(),
        "date" => date(i32::from_le_bytes(bytes.try_into().ok()?).into())?,
        _ => return None,
    })
}

/// A day counted from 1970.
fn date(days: i64) -> Option<String> {
    let CivilDate { year, month, day } = CivilDate::of_day(days);
    (0..=9999).contains(&year).then(|| format!("{year:04}-{month:02}-{day:02}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        assert_eq!(date(0).as_deref(), Some("1970-01-01"));
        assert_eq!(date(20_515).as_deref(), Some("2026-03-03"));
        assert_eq!(date(-1).as_deref(), Some("1969-12-31"));
        assert_eq!(date(i64::from(i32::MAX)), None);
    }
}
