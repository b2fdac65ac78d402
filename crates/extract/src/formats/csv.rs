//! Tables as text: values separated by commas, tabs, semicolons or bars.

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata::Value;

use super::csv_rows::{Rows, separator};
use crate::blob::Blob;
use crate::context::Context;
use crate::described;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::paragraphs::Paragraphs;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "csv",
    version: 5,
    media_types: &["text/csv", "text/tab-separated-values"],
    sniff,
    media_type: |probe| match probe.extension.as_str() {
        "tsv" | "tab" => "text/tab-separated-values",
        _ => "text/csv",
    },
    extract,
};

fn sniff(probe: &Probe<'_>) -> Match {
    let named = matches!(probe.extension.as_str(), "csv" | "tsv" | "tab");
    if named && probe.text().is_some() { Match::Extension } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let decoded = encoding::read(blob, context, &mut content, |_| None)?;
    let (separator, text) = separator(&decoded.text);
    // A table without a sheet is named as spreadsheet programs name it: after its file.
    let sheet = context.name.rsplit_once('.').map_or(context.name, |(stem, _)| stem);
    let mut paragraphs = Paragraphs::new(&mut content, context.limits.text);
    let (mut rows, mut columns, mut header) = (0u32, 0usize, Vec::new());
    for row in Rows::new(text, separator) {
        rows = rows.saturating_add(1);
        columns = columns.max(row.len());
        let cells: Vec<String> = row.iter().map(|cell| one_line(cell)).collect();
        let place = || Locator::Cell { sheet: sheet.to_owned(), row: rows, column: 1 };
        paragraphs.line(&cells.join("\t"), place);
        paragraphs.end();
        if rows == 1 {
            header = cells;
        }
        if rows.is_multiple_of(10_000) {
            context.progress();
        }
        if paragraphs.is_full() {
            break;
        }
    }
    paragraphs.finish();
    if context.inner().is_none()
        && let Some(nothing) = described::describes_nothing(context.name, &decoded.text)
    {
        content.note(nothing);
    }
    content.metadata.at("rows").set("csv.rows", rows);
    content.metadata.at("rows").set("csv.columns", columns);
    content.metadata.at("rows").set("csv.separator", separator_name(separator).as_str());
    // The first row names the columns only if it could: no cell is blank or a number.
    if header.len() > 1 && header.iter().all(|h| !h.trim().is_empty() && h.parse::<f64>().is_err())
    {
        let names = header.iter().take(1000).map(|h| Value::from(h.trim())).collect();
        content.metadata.at("row 1").set("csv.header", Value::List(names));
    }
    Ok(content)
}

/// A cell without the line breaks and tabs that separate rows and cells of a segment.
fn one_line(cell: &str) -> String {
    cell.split(['\n', '\r', '\t']).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn separator_name(separator: char) -> String {
    let name = match separator {
        '\t' => "tab",
        ';' => "semicolon",
        '|' => "bar",
        ',' => "comma",
        other => return other.to_string(),
    };
    name.to_owned()
}
