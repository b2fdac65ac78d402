//! Excel workbooks (ECMA-376 part 1, section 18), transitional and strict;
//! binary ones through [`super::xlsb`].

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::drawing;
use super::hidden_cells::HiddenCells;
use super::markup::{Markup, Node, Tag};
use super::number_format::built_in;
use super::ooxml;
use super::ooxml_member::{Members, take_members};
use super::ooxml_property::properties;
use super::ooxml_relationship::{Relationship, relationships};
use super::package::{Package, cut_once};
use super::running_line::running_line;
use super::sheet_control::SheetControl;
use super::sheet_row::{SheetRow, Written};
use super::symbol_font;
use super::thumbnail::thumbnail;
use super::workbook::{SharedStrings, Workbook, lost_strings};
use super::xlsb;
use super::xstring::xstring;
use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::format::Format;
use crate::probe::Probe;

pub(super) const FORMAT: Format = Format {
    name: "xlsx",
    version: 11,
    media_types: &[XLSX, XLTX, XLSM, XLTM, XLSB],
    sniff: |probe| ooxml::sniff(probe, "xl/", &["xlsx", "xltx", "xlsm", "xltm", "xlsb"]),
    media_type,
    extract,
};

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const XLTX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.template";
const XLSM: &str = "application/vnd.ms-excel.sheet.macroenabled.12";
const XLTM: &str = "application/vnd.ms-excel.template.macroenabled.12";
const XLSB: &str = "application/vnd.ms-excel.sheet.binary.macroenabled.12";

fn media_type(probe: &Probe<'_>) -> &'static str {
    let binary = |zip: &crate::probe::ZipContents| {
        zip.names.iter().any(|n| n.replace('\\', "/") == "xl/workbook.bin")
    };
    match probe.extension.as_str() {
        _ if probe.zip().is_some_and(binary) => XLSB,
        "xltx" => XLTX,
        "xlsm" => XLSM,
        "xltm" => XLTM,
        _ => XLSX,
    }
}

fn extract(blob: &dyn Blob, context: &Context<'_>) -> Result<Content, ExtractError> {
    let mut content = Content::default();
    let mut package = Package::open(blob, context, &mut content)?;
    let main = ooxml::main_part(&mut package, "xl/workbook.xml", &mut content)
        .or_else(|| package.has("xl/workbook.bin").then(|| "xl/workbook.bin".to_owned()))
        .ok_or_else(|| package.lacks(Noun::Workbook))?;
    properties(&mut package, &mut content);
    let binary = main.ends_with(".bin");
    let workbook = match binary {
        true => xlsb::workbook(&mut package, &main, &mut content),
        false => workbook(&mut package, &main, &mut content),
    };
    read(&workbook, binary, &mut package, &mut content);
    let members = Members { from: vec![main], ..Members::default() };
    take_members(&mut package, &members, &mut content);
    thumbnail(&mut package, "docProps/thumbnail.jpeg", &mut content);
    package.finish(content)
}

/// Sheets that are named of those that are another sheet once more.
const REPEATED_MOST: u32 = 20;

fn read(workbook: &Workbook, binary: bool, package: &mut Package<'_>, content: &mut Content) {
    content.metadata.at("xl/workbook").set(metadata::SHEETS, workbook.sheets.len());
    let context = package.context();
    let mut written = Written::new(context);
    let mut seen = BTreeSet::new();
    let mut repeated = 0;
    for (name, part) in &workbook.sheets {
        // Two names for one part are damage; a thousand would have it read a thousand times.
        if !seen.insert(part.to_lowercase()) {
            context.progress();
            repeated += 1;
            if repeated <= REPEATED_MOST {
                content.lost(ReasonKind::NotThere.of(Part::Sheet(name.into())));
            }
            continue;
        }
        context.unit();
        let place = Locator::Cell { sheet: name.clone(), row: 1, column: 1 };
        content.push_text(name.clone(), place);
        if binary {
            let bytes = package.bytes(part, content).unwrap_or_default();
            xlsb::sheet(workbook, (name, part), &bytes, &mut written, context, content);
        } else if let Some(text) = package.text(part, content) {
            sheet(workbook, (name, part), &text, &mut written, context, content);
        }
        besides(package, name, part, content);
        if written.is_full() {
            cut_once(content, ReasonKind::TextLimit.of(Part::Sheet(name.into())));
            break;
        }
    }
}

/// Reads what the sheets share.
fn workbook(package: &mut Package<'_>, main: &str, content: &mut Content) -> Workbook {
    let related = relationships(package, main, content);
    let part = |kind: &str| related.iter().find(|r| r.kind == kind).map(|r| r.target.clone());
    let text = package.text(main, content).unwrap_or_default();
    let mut markup = Markup::new(&text);
    let (mut sheets, mut from_1904) = (Vec::new(), false);
    while let Some(node) = markup.next() {
        let Node::Start(tag) = node else { continue };
        match tag.name() {
            "workbookPr" => {
                let value = tag.attribute("date1904");
                from_1904 = value.is_some_and(|v| matches!(v.as_str(), "1" | "true" | "on"));
            }
            "sheet" => {
                let name = tag.attribute("name").unwrap_or_default();
                let name = xstring(&name).into_owned();
                if tag
                    .attribute("state")
                    .is_some_and(|s| matches!(s.as_str(), "hidden" | "veryHidden"))
                {
                    content.note(ReasonKind::Hidden.of(Part::Sheet(name.as_str().into())));
                }
                let id = tag.prefixed("id");
                match related.iter().find(|r| Some(&r.id) == id.as_ref()) {
                    Some(sheet) if package.has(&sheet.target) => {
                        sheets.push((name, sheet.target.clone()));
                    }
                    _ => content.lost(ReasonKind::Missing.of(Part::Sheet(name.into()))),
                }
            }
            _ => {}
        }
    }
    markup.report(main, content);
    let strings = part("sharedStrings").unwrap_or_else(|| "xl/sharedStrings.xml".into());
    let styles = part("styles").unwrap_or_else(|| "xl/styles.xml".into());
    let strings = shared_strings(package, &strings, content);
    let (formats, signs) = formats(package, &styles, content);
    Workbook { sheets, strings, formats, signs, from_1904 }
}

/// Reads the cells as they stream by: nothing is allocated by a stated dimension or a cell's address.
fn sheet(
    workbook: &Workbook,
    (sheet, part): (&str, &str),
    text: &str,
    written: &mut Written,
    context: &Context<'_>,
    content: &mut Content,
) {
    let mut markup = Markup::new(text);
    // Rows that do not say their number are counted.
    let mut row = SheetRow::new(0);
    let mut is_counted = true;
    let mut cell = Cell::default();
    let mut unnamed = 0u64;
    let mut hidden = HiddenCells::default();
    // The font that the open run of an inline string names.
    let mut font: Option<String> = None;
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                "col" => hidden_columns(&tag, &mut hidden),
                "row" => {
                    hidden.row = is_on(&tag, "hidden");
                    let stated = tag.attribute("r").and_then(|r| r.parse().ok());
                    is_counted = stated.is_none();
                    row = SheetRow::new(stated.unwrap_or_else(|| row.number().saturating_add(1)));
                    if row.number().is_multiple_of(1024) {
                        context.progress();
                    }
                }
                "c" => {
                    let place = tag.attribute("r").and_then(|r| address(&r));
                    // The cells of a row that does not say its number may say it.
                    let number = place.map_or(1, |(_, number)| number);
                    if is_counted && number > row.number() {
                        row = SheetRow::new(number);
                    }
                    is_counted = false;
                    font = None;
                    cell = Cell {
                        column: place.map(|(column, _)| column),
                        kind: tag.attribute("t").unwrap_or_default(),
                        style: tag.attribute("s").and_then(|s| s.parse().ok()).unwrap_or(0),
                        value: String::new(),
                        own_font: None,
                    };
                }
                "v" => cell.value = markup.text(),
                // Inline strings are rich text too, with the reading of ideographs beside it.
                "r" => font = None,
                "rPr" => {
                    font = run_font(&mut markup);
                    if font.is_some() {
                        cell.own_font.get_or_insert(cell.value.len());
                    }
                }
                "t" => cell.value.push_str(&in_font(xstring(&markup.text()), font.as_deref())),
                "f" | "rPh" | "conditionalFormatting" | "dataValidations" | "extLst" => {
                    markup.skip();
                }
                "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader"
                | "firstFooter" => {
                    let line = running_line(&xstring(&markup.text()));
                    let place = Locator::Cell { sheet: sheet.to_owned(), row: 1, column: 1 };
                    content.push_text(line, place);
                }
                _ => {}
            },
            Node::End(name) => match name.as_str() {
                "c" => {
                    let cell = std::mem::take(&mut cell);
                    let shown = shown(workbook, &cell).unwrap_or_else(|| {
                        unnamed += 1;
                        String::new()
                    });
                    hidden.meet(cell.column.unwrap_or_default(), &shown);
                    if !row.push(cell.column, &shown, written) {
                        break;
                    }
                }
                "row" => row.deliver(sheet, written, content),
                _ => {}
            },
            Node::Text(_) => {}
        }
    }
    row.deliver(sheet, written, content);
    lost_strings(unnamed, sheet, content);
    hidden.tell(sheet, content);
    markup.report(part, content);
}

/// Tells of the columns of an element `col` that are not shown (section 18.3.1.13).
fn hidden_columns(tag: &Tag<'_>, hidden: &mut HiddenCells) {
    let number = |name: &str| tag.attribute(name).and_then(|n| n.parse().ok());
    if let (true, Some(first)) = (is_on(tag, "hidden"), number("min")) {
        hidden.columns(first, number("max").unwrap_or(first));
    }
}

fn is_on(tag: &Tag<'_>, name: &str) -> bool {
    tag.attribute(name).is_some_and(|v| matches!(v.as_str(), "1" | "true" | "on"))
}

/// What the cell shows; none if it refers to a string that is not there.
fn shown(workbook: &Workbook, cell: &Cell) -> Option<String> {
    let value = cell.value.trim();
    let text = |text: &str, own| {
        let text = workbook.in_font(text, own, cell.style);
        workbook.text(&text, cell.style).into_owned()
    };
    Some(match cell.kind.as_str() {
        "s" if value.is_empty() => String::new(),
        "s" => {
            let number = value.parse().ok()?;
            text(workbook.strings.get(number)?, workbook.strings.own_font(number))
        }
        "b" => if value == "1" { "TRUE" } else { "FALSE" }.to_owned(),
        "str" => text(&xstring(&cell.value), None),
        "inlineStr" => text(&cell.value, cell.own_font),
        "e" | "d" => cell.value.clone(),
        _ => match value.parse::<f64>() {
            Ok(number) => workbook.number(number, cell.style),
            Err(_) => cell.value.clone(),
        },
    })
}

/// Reads the properties of a run, whose opening tag the walk has just met: the font that it names (section 18.4.5).
fn run_font(markup: &mut Markup<'_>) -> Option<String> {
    let mut font = None;
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) if tag.name() == "rFont" => font = tag.attribute("val"),
            Node::End(name) if name == "rPr" => break,
            _ => {}
        }
    }
    font
}

/// The text of a run in the font that it names.
fn in_font<'t>(text: Cow<'t, str>, font: Option<&str>) -> Cow<'t, str> {
    match font.filter(|font| symbol_font::has_signs(font)) {
        Some(font) => symbol_font::signs(font, &text).into(),
        None => text,
    }
}

/// The open cell.
#[derive(Default)]
struct Cell {
    column: Option<u32>,
    kind: String,
    style: usize,
    value: String,
    /// Where the first run begins that names a font of its own.
    own_font: Option<usize>,
}

fn shared_strings(package: &mut Package<'_>, part: &str, content: &mut Content) -> SharedStrings {
    let mut strings = SharedStrings::default();
    let Some(text) = package.text(part, content) else { return strings };
    let mut markup = Markup::new(&text);
    let mut font: Option<String> = None;
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                "si" | "r" => font = None,
                "t" => strings.append(&in_font(xstring(&markup.text()), font.as_deref())),
                "rPr" => {
                    font = run_font(&mut markup);
                    if font.is_some() {
                        strings.begin_own_font();
                    }
                }
                "rPh" | "phoneticPr" => markup.skip(),
                _ => {}
            },
            Node::End(name) if name == "si" => strings.end(),
            _ => {}
        }
    }
    markup.report(part, content);
    strings
}

/// The number format of each cell style, and the fonts of signs of those that have one.
fn formats(
    package: &mut Package<'_>,
    part: &str,
    content: &mut Content,
) -> (Vec<String>, BTreeMap<usize, String>) {
    let (mut fonts, mut signs) = (0usize, BTreeMap::new());
    let mut signs_of_fonts: BTreeMap<usize, String> = BTreeMap::new();
    let Some(text) = package.text(part, content) else { return (Vec::new(), signs) };
    let mut markup = Markup::new(&text);
    let mut codes: BTreeMap<u32, String> = BTreeMap::new();
    let mut formats = Vec::new();
    let (mut in_cell_styles, mut in_fonts) = (false, false);
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                "numFmt" => {
                    let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok());
                    // Excel takes codes of up to 255 characters.
                    let code = tag.attribute("formatCode").filter(|code| code.len() <= 1024);
                    if let (Some(id), Some(code)) = (id, code) {
                        codes.entry(id).or_insert(code);
                    }
                }
                "fonts" => in_fonts = true,
                "font" if in_fonts => fonts += 1,
                "name" if in_fonts => {
                    let name = tag.attribute("val").filter(|name| symbol_font::has_signs(name));
                    if let (Some(name), Some(font)) = (name, fonts.checked_sub(1)) {
                        signs_of_fonts.insert(font, name);
                    }
                }
                "cellXfs" => in_cell_styles = true,
                // Excel has 64,000 styles at most.
                "xf" if in_cell_styles && formats.len() < 65_536 => {
                    let id = tag.attribute("numFmtId").and_then(|id| id.parse().ok()).unwrap_or(0);
                    let code = codes.get(&id).map_or_else(|| built_in(id), String::as_str);
                    let font = tag.attribute("fontId").and_then(|id| id.parse().ok());
                    if let Some(font) = font.and_then(|font: usize| signs_of_fonts.get(&font)) {
                        signs.insert(formats.len(), font.clone());
                    }
                    formats.push(code.to_owned());
                }
                _ => {}
            },
            Node::End(name) if name == "cellXfs" => in_cell_styles = false,
            Node::End(name) if name == "fonts" => in_fonts = false,
            Node::End(_) | Node::Text(_) => {}
        }
    }
    markup.report(part, content);
    (formats, signs)
}

/// Reads what lies beside the cells of a sheet: comments, and the text of shapes, diagrams and charts.
fn besides(package: &mut Package<'_>, sheet: &str, part: &str, content: &mut Content) {
    let related = relationships(package, part, content);
    let threaded = related.iter().any(|r| r.kind == "threadedComment");
    // Excel repeats the words of controls in the drawing that newer programs read, there without their ticks.
    let mut repeated = controls(package, sheet, &related, content);
    for relation in &related {
        match relation.kind.as_str() {
            "threadedComment" => comments(package, sheet, &relation.target, content),
            // Excel repeats a thread as a note for older programs.
            "comments" if !threaded => comments(package, sheet, &relation.target, content),
            "drawing" => {
                let part = &relation.target;
                let mut drawings = vec![part.clone()];
                let more = relationships(package, part, content);
                let read = |r: &Relationship| {
                    matches!(r.kind.as_str(), "diagramData" | "chart" | "chartEx")
                };
                drawings.extend(more.into_iter().filter(read).map(|r| r.target));
                for part in drawings {
                    let Some(text) = package.text(&part, content) else { continue };
                    let lines = drawing::text(&text, &part, content);
                    let lines = without(&lines, &mut repeated);
                    let place = Locator::Cell { sheet: sheet.to_owned(), row: 1, column: 1 };
                    content.push_text(lines, place);
                }
            }
            _ => {}
        }
    }
}

/// Reads the controls of a sheet, and gives the lines of their words.
fn controls(
    package: &mut Package<'_>,
    sheet: &str,
    related: &[Relationship],
    content: &mut Content,
) -> Vec<String> {
    let mut lines = Vec::new();
    for relation in related.iter().filter(|relation| relation.kind == "vmlDrawing") {
        let Some(text) = package.text(&relation.target, content) else { continue };
        for control in SheetControl::read(&text) {
            let (row, column) = (control.row, control.column);
            let place = Locator::Cell { sheet: sheet.to_owned(), row, column };
            content.push_text(control.shown(), place);
            lines.extend(control.label.lines().map(str::to_owned));
        }
    }
    lines
}

/// The lines of a drawing without those that were told already, each once.
fn without(lines: &str, told: &mut Vec<String>) -> String {
    let is_new = |line: &&str| match told.iter().position(|it| it == line.trim()) {
        Some(at) => {
            told.swap_remove(at);
            false
        }
        None => true,
    };
    lines.lines().filter(is_new).collect::<Vec<_>>().join("\n")
}

fn comments(package: &mut Package<'_>, sheet: &str, part: &str, content: &mut Content) {
    if part.ends_with(".bin") {
        let bytes = package.bytes(part, content).unwrap_or_default();
        xlsb::comments(sheet, part, &bytes, content);
        return;
    }
    let Some(text) = package.text(part, content) else { return };
    let mut markup = Markup::new(&text);
    let mut place = (1, 1);
    let mut threaded = false;
    let mut comment = String::new();
    while let Some(node) = markup.next() {
        match node {
            Node::Start(tag) => match tag.name() {
                name @ ("comment" | "threadedComment") => {
                    threaded = name == "threadedComment";
                    place = tag.attribute("ref").and_then(|r| address(&r)).unwrap_or((1, 1));
                }
                "t" => comment.push_str(&xstring(&markup.text())),
                // A threaded comment has its words directly here.
                "text" if threaded => comment.push_str(&xstring(&markup.text())),
                _ => {}
            },
            Node::End(name) if matches!(name.as_str(), "comment" | "threadedComment") => {
                let (column, row) = place;
                let place = Locator::Cell { sheet: sheet.to_owned(), row, column };
                content.push_text(std::mem::take(&mut comment).trim(), place);
            }
            Node::End(_) | Node::Text(_) => {}
        }
    }
    markup.report(part, content);
}

/// Column and row of an address such as `AB12`, counted from 1; none if it is not one.
fn address(reference: &str) -> Option<(u32, u32)> {
    let letters = reference.bytes().take_while(u8::is_ascii_alphabetic).count();
    if letters > 3 {
        return None;
    }
    let (column, row) = reference.split_at_checked(letters)?;
    let column = column
        .bytes()
        .fold(0u32, |n, letter| n * 26 + u32::from(letter.to_ascii_uppercase() - b'A') + 1);
    Some((column, row.parse().ok()?)).filter(|(column, row)| *column > 0 && *row > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (reference, place) in [
            ("A1", Some((1, 1))),
            ("AB12", Some((28, 12))),
            ("XFD1048576", Some((16384, 1_048_576))),
            ("1", None),
            ("A", None),
            ("ABCD1", None),
            ("A0", None),
            ("가1", None),
            ("", None),
        ] {
            assert_eq!(address(reference), place, "{reference}");
        }
    }
}
