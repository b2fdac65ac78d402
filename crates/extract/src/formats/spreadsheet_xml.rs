//! Excel workbooks in one XML file: the XML Spreadsheet of Excel 2002 and 2003, which many programs still write and
//! name `.xls` (Microsoft, "XML Spreadsheet Reference").

use std::collections::BTreeMap;

use madang_document::civil_date::CivilDate;
use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::markup::{Markup, Node, Tag};
use super::number_format::{formatted, formatted_text};
use super::office_xml::properties;
use super::running_line::running_line;
use super::sheet_row::{SheetRow, Written};
use super::xml::declared;
use crate::blob::Blob;
use crate::context::Context;
use crate::encoding;
use crate::error::ExtractError;
use crate::format::{Format, Match};
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "spreadsheet_xml",
    version: 5,
    media_types: &["application/vnd.ms-excel"],
    sniff,
    media_type: |_| "application/vnd.ms-excel",
    extract,
};

/// First characters in which the root element stands.
const ROOT_WITHIN: usize = 8192;

fn sniff(probe: &Probe<'_>) -> Match {
    let Some(text) = probe.text().map(str::trim_start) else { return Match::No };
    let head = text.get(..text.floor_char_boundary(ROOT_WITHIN)).unwrap_or(text);
    let is_workbook = head.starts_with('<')
        && head.contains("urn:schemas-microsoft-com:office:spreadsheet")
        && (head.contains("<Workbook") || head.contains(":Workbook"));
    if is_workbook { Match::Container } else { Match::No }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let text = encoding::read(blob, context, &mut content, declared)?.text;
    properties(&text, &mut content);
    let mut walk = Walk::new(context);
    walk.read(&text, context, &mut content);
    content.metadata.at("Workbook").set(metadata::SHEETS, walk.sheets);
    Ok(content)
}

/// A walk through the workbook.
struct Walk {
    /// The code of the number format of each style.
    styles: BTreeMap<String, String>,
    style: String,
    sheet: String,
    sheets: u32,
    row: SheetRow,
    /// The column of the open cell and how many it covers besides.
    column: u32,
    across: u32,
    cell_style: String,
    /// What is beside the cells, told after them.
    beside: Vec<(String, u32, u32)>,
    written: Written,
}

impl Walk {
    fn new(context: &Context<'_>) -> Walk {
        Walk {
            styles: BTreeMap::new(),
            style: String::new(),
            sheet: String::new(),
            sheets: 0,
            row: SheetRow::new(0),
            column: 0,
            across: 0,
            cell_style: String::new(),
            beside: Vec::new(),
            written: Written::new(context),
        }
    }

    fn read(&mut self, text: &str, context: &Context<'_>, content: &mut Content) {
        let mut markup = Markup::new(text);
        let mut in_comment = false;
        while let Some(node) = markup.next() {
            match node {
                Node::Start(tag) => match tag.name() {
                    "Comment" => in_comment = true,
                    "Data" if in_comment => {
                        let comment = markup.text();
                        self.beside.push((comment, self.row.number(), self.column));
                    }
                    "Data" => {
                        let kind = tag.attribute("Type").unwrap_or_default();
                        let shown = self.shown(&kind, &markup.text());
                        if !self.row.push(Some(self.column), &shown, &mut self.written) {
                            let sheet = Part::Sheet(self.sheet.as_str().into());
                            content.cut(ReasonKind::TextLimit.of(sheet));
                            break;
                        }
                    }
                    "Visible" => {
                        // What is shown has no such element, or says so.
                        if markup.text().trim() != "SheetVisible" {
                            let sheet = Part::Sheet(self.sheet.as_str().into());
                            content.note(ReasonKind::Hidden.of(sheet));
                        }
                    }
                    _ => self.open(&tag, context, content),
                },
                Node::End(name) => match name.as_str() {
                    "Comment" => in_comment = false,
                    "Cell" => self.column = self.column.saturating_add(self.across),
                    "Row" => self.row.deliver(&self.sheet, &mut self.written, content),
                    "Worksheet" => self.end_sheet(content),
                    _ => {}
                },
                Node::Text(_) => {}
            }
        }
        self.row.deliver(&self.sheet, &mut self.written, content);
        self.end_sheet(content);
        markup.report(Noun::Workbook, content);
    }

    fn open(&mut self, tag: &Tag<'_>, context: &Context<'_>, content: &mut Content) {
        let number = |name| tag.attribute(name).and_then(|n| n.parse::<u32>().ok());
        match tag.name() {
            "Style" => self.style = tag.attribute("ID").unwrap_or_default(),
            "NumberFormat" => {
                // Excel takes codes of up to 255 characters.
                let code = tag.attribute("Format").filter(|code| code.len() <= 1024);
                self.styles.insert(self.style.clone(), code_of(&code.unwrap_or_default()));
            }
            "Worksheet" => {
                context.unit();
                self.sheet = tag.attribute("Name").unwrap_or_default();
                self.sheets = self.sheets.saturating_add(1);
                let place = Locator::Cell { sheet: self.sheet.clone(), row: 1, column: 1 };
                content.push_text(self.sheet.clone(), place);
                self.row = SheetRow::new(0);
            }
            "Row" => {
                let next = self.row.number().saturating_add(1);
                self.row = SheetRow::new(number("Index").unwrap_or(next));
                self.column = 0;
                if self.row.number().is_multiple_of(1024) {
                    context.progress();
                }
            }
            "Cell" => {
                let next = self.column.saturating_add(1);
                self.column = number("Index").unwrap_or(next);
                self.across = number("MergeAcross").unwrap_or(0);
                self.cell_style = tag.attribute("StyleID").unwrap_or_default();
            }
            "Header" | "Footer" => {
                let line = running_line(&tag.attribute("Data").unwrap_or_default());
                self.beside.push((line, 1, 1));
            }
            _ => {}
        }
    }

    /// What a cell shows.
    fn shown(&self, kind: &str, value: &str) -> String {
        let code = self.styles.get(&self.cell_style).map_or("General", String::as_str);
        match kind {
            "Number" => match value.trim().parse() {
                Ok(number) => formatted(number, code, false),
                Err(_) => value.to_owned(),
            },
            "DateTime" => match serial(value.trim()) {
                Some(number) if code != "General" => formatted(number, code, false),
                _ => value.trim().trim_end_matches("T00:00:00.000").to_owned(),
            },
            "Boolean" => if value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "String" => formatted_text(value, code).into_owned(),
            _ => value.to_owned(),
        }
    }

    fn end_sheet(&mut self, content: &mut Content) {
        for (text, row, column) in std::mem::take(&mut self.beside) {
            let sheet = self.sheet.clone();
            content.push_text(text.trim(), Locator::Cell { sheet, row, column });
        }
    }
}

/// The code of a format that has a name.
fn code_of(name: &str) -> String {
    match name {
        "" | "General Number" => "General",
        "General Date" => "yyyy-mm-dd h:mm",
        "Long Date" | "Medium Date" | "Short Date" => "yyyy-mm-dd",
        "Long Time" => "h:mm:ss",
        "Medium Time" => "h:mm AM/PM",
        "Short Time" => "h:mm",
        "Currency" | "Euro Currency" | "Standard" => "#,##0.00",
        "Fixed" => "0.00",
        "Percent" => "0.00%",
        "Scientific" => "0.00E+00",
        code => code,
    }
    .to_owned()
}

/// The number that stands for a time such as `2026-03-02T09:30:00.000` in a cell.
fn serial(text: &str) -> Option<f64> {
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let days = days_since_1970(part(0, 4)?, part(5, 7)?, part(8, 10)?)?;
    let seconds = match part(11, 13) {
        Some(hour) => f64::from(hour * 3600 + part(14, 16)? * 60 + part(17, 19)?),
        None => 0.0,
    };
    // Day 25569 of a sheet is 1970-01-01.
    Some(days as f64 + 25_569.0 + seconds / 86_400.0)
}

/// Days from 1970-01-01 to a date; none if there is no such date.
fn days_since_1970(year: u32, month: u32, day: u32) -> Option<i64> {
    let date = CivilDate { year: year.into(), month: month.into(), day: day.into() };
    let days = date.since_1970();
    ((1..=9999).contains(&year) && CivilDate::of_day(days) == date).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_become_numbers() {
        assert_eq!(serial("2024-01-01T18:00:00.000"), Some(45292.75));
        assert_eq!(serial("1970-01-01"), Some(25569.0));
        for text in ["", "2024", "2024-13-01", "2024-01-01T18", "가나다라마바사"] {
            assert_eq!(serial(text), None, "{text}");
        }
    }
}
