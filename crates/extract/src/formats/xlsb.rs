//! Binary Excel workbooks (MS-XLSB): the same package as an .xlsx, with records in place of XML.
//!
//! calamine reads these too, but indexes by what the file states (a string's number, a record's length) and
//! so panics on foreign bytes.

use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::locator::Locator;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

use super::bytes::{f64_at, split_u32, u16_at, u32_at};
use super::hidden_cells::HiddenCells;
use super::number_format::built_in;
use super::ooxml_relationship::relationships;
use super::package::Package;
use super::running_line::running_line;
use super::sheet_row::{SheetRow, Written};
use super::workbook::{SharedStrings, Workbook, lost_strings};
use crate::context::Context;

/// Reads what the sheets share.
pub(super) fn workbook(package: &mut Package<'_>, main: &str, content: &mut Content) -> Workbook {
    let related = relationships(package, main, content);
    let part = |kind: &str| related.iter().find(|r| r.kind == kind).map(|r| r.target.clone());
    let bytes = package.bytes(main, content).unwrap_or_default();
    let mut workbook = Workbook::default();
    let mut records = Records::new(&bytes);
    while let Some((kind, data)) = records.next() {
        match kind {
            BRT_WB_PROP => workbook.from_1904 = u32_at(data, 0).is_some_and(|flags| flags & 1 == 1),
            BRT_BUNDLE_SH => {
                let Some((id, after)) = wide_string(data, 8) else { continue };
                let Some((name, _)) = wide_string(data, after) else { continue };
                if u32_at(data, 0).is_some_and(|state| matches!(state, 1 | 2)) {
                    content.note(ReasonKind::Hidden.of(Part::Sheet(name.as_str().into())));
                }
                match related.iter().find(|r| r.id == id && package.has(&r.target)) {
                    Some(sheet) => workbook.sheets.push((name, sheet.target.clone())),
                    None => content.lost(ReasonKind::Missing.of(Part::Sheet(name.into()))),
                }
            }
            _ => {}
        }
    }
    records.report(main, content);
    if let Some(part) = part("sharedStrings") {
        let bytes = package.bytes(&part, content).unwrap_or_default();
        let mut strings = SharedStrings::default();
        let mut records = Records::new(&bytes);
        while let Some((kind, data)) = records.next() {
            if kind == BRT_SST_ITEM {
                strings.append(&wide_string(data, 1).unwrap_or_default().0);
                strings.end();
            }
        }
        records.report(&part, content);
        workbook.strings = strings;
    }
    if let Some(part) = part("styles") {
        let bytes = package.bytes(&part, content).unwrap_or_default();
        workbook.formats = formats(&bytes, &part, content);
    }
    workbook
}

fn formats(bytes: &[u8], part: &str, content: &mut Content) -> Vec<String> {
    let mut codes: BTreeMap<u16, String> = BTreeMap::new();
    let mut formats = Vec::new();
    let mut in_cell_styles = false;
    let mut records = Records::new(bytes);
    while let Some((kind, data)) = records.next() {
        match kind {
            BRT_FMT => {
                // Excel takes codes of up to 255 characters.
                let code = wide_string(data, 2).filter(|(code, _)| code.len() <= 1024);
                if let (Some(id), Some((code, _))) = (u16_at(data, 0), code) {
                    codes.entry(id).or_insert(code);
                }
            }
            BRT_BEGIN_CELL_XFS => in_cell_styles = true,
            BRT_END_CELL_XFS => in_cell_styles = false,
            // Excel has 64,000 styles at most.
            BRT_XF if in_cell_styles && formats.len() < 65_536 => {
                let id = u16_at(data, 2).unwrap_or(0);
                let code = codes.get(&id).map_or_else(|| built_in(id.into()), String::as_str);
                formats.push(code.to_owned());
            }
            _ => {}
        }
    }
    records.report(part, content);
    formats
}

/// Reads the cells of a sheet.
pub(super) fn sheet(
    workbook: &Workbook,
    (name, part): (&str, &str),
    bytes: &[u8],
    written: &mut Written,
    context: &Context<'_>,
    content: &mut Content,
) {
    let mut row = SheetRow::new(1);
    let mut unnamed = 0;
    let mut hidden = HiddenCells::default();
    // The column of the last cell, counted from 0.
    let mut last = None;
    let mut records = Records::new(bytes);
    while let Some((kind, data)) = records.next() {
        if kind == BRT_COL_INFO {
            let is_hidden = u16_at(data, 16).is_some_and(|flags| flags & 1 == 1);
            if let (true, Some(first), Some(last)) = (is_hidden, u32_at(data, 0), u32_at(data, 4)) {
                hidden.columns(first, last);
            }
            continue;
        }
        if kind == BRT_ROW_HDR {
            row.deliver(name, written, content);
            hidden.row = data.get(11).is_some_and(|flags| flags & ROW_IS_HIDDEN != 0);
            last = None;
            row = SheetRow::new(u32_at(data, 0).unwrap_or(0).saturating_add(1));
            if row.number().is_multiple_of(1024) {
                context.progress();
            }
            continue;
        }
        if kind == BRT_BEGIN_HEADER_FOOTER {
            running_lines(data, name, content);
            continue;
        }
        // A short cell stands next to the one before it, and does not say its column (section 2.5.10).
        let is_short = (BRT_SHORT_BLANK..=BRT_SHORT_ISST).contains(&kind);
        let (column, cell) = match is_short {
            true => (None, data),
            false => match split_u32(data) {
                Some((column, cell)) => (Some(column.saturating_add(1)), cell),
                None => continue,
            },
        };
        let style = u32_at(cell, 0).map_or(0, |style| (style & 0x00FF_FFFF) as usize);
        let text = |text: String| workbook.text(&text, style).into_owned();
        let shown = match kind {
            BRT_CELL_RK | BRT_SHORT_RK => {
                u32_at(cell, 4).map(|n| workbook.number(packed_number(n), style))
            }
            BRT_CELL_REAL | BRT_FMLA_NUM | BRT_SHORT_REAL => {
                f64_at(cell, 4).map(|n| workbook.number(n, style))
            }
            BRT_CELL_BOOL | BRT_FMLA_BOOL | BRT_SHORT_BOOL => {
                cell.get(4).map(|b| if *b == 0 { "FALSE" } else { "TRUE" }.to_owned())
            }
            BRT_CELL_ERROR | BRT_FMLA_ERROR | BRT_SHORT_ERROR => {
                cell.get(4).map(|code| error(*code).to_owned())
            }
            BRT_CELL_ST | BRT_FMLA_STRING | BRT_SHORT_ST => {
                wide_string(cell, 4).map(|(string, _)| text(string))
            }
            // Rich text has flags in front.
            BRT_CELL_RSTRING => wide_string(cell, 5).map(|(string, _)| text(string)),
            BRT_CELL_ISST | BRT_SHORT_ISST => {
                let number = u32_at(cell, 4).and_then(|n| usize::try_from(n).ok());
                let string = number.and_then(|n| workbook.strings.get(n));
                unnamed += u64::from(string.is_none());
                string.map(|string| text(string.to_owned()))
            }
            // They take a place without showing anything.
            BRT_CELL_BLANK | BRT_SHORT_BLANK => None,
            _ => continue,
        };
        let shown = shown.unwrap_or_default();
        let at =
            column.map_or_else(|| last.map_or(0, |last: u32| last.saturating_add(1)), |n| n - 1);
        last = Some(at);
        hidden.meet(at, &shown);
        if !row.push(column, &shown, written) {
            break;
        }
    }
    row.deliver(name, written, content);
    lost_strings(unnamed, name, content);
    hidden.tell(name, content);
    records.report(part, content);
}

/// Reads the headers and footers of a sheet: those of odd, even and first pages.
fn running_lines(data: &[u8], sheet: &str, content: &mut Content) {
    let mut at = 2;
    for _ in 0..6 {
        let Some((line, after)) = wide_string(data, at) else { break };
        let place = Locator::Cell { sheet: sheet.to_owned(), row: 1, column: 1 };
        content.push_text(running_line(&line), place);
        at = after;
    }
}

/// Reads the comments of a sheet.
pub(super) fn comments(sheet: &str, part: &str, bytes: &[u8], content: &mut Content) {
    let mut records = Records::new(bytes);
    let mut place = (1, 1);
    while let Some((kind, data)) = records.next() {
        match kind {
            BRT_BEGIN_COMMENT => {
                let (row, column) = (u32_at(data, 4), u32_at(data, 12));
                place = (row.unwrap_or(0).saturating_add(1), column.unwrap_or(0).saturating_add(1));
            }
            BRT_COMMENT_TEXT => {
                let (row, column) = place;
                let text = wide_string(data, 1).unwrap_or_default().0;
                content.push_text(text, Locator::Cell { sheet: sheet.to_owned(), row, column });
            }
            _ => {}
        }
    }
    records.report(part, content);
}

// The records that say something, MS-XLSB section 2.3.2.
const BRT_ROW_HDR: u32 = 0;
const BRT_CELL_BLANK: u32 = 1;
const BRT_CELL_RK: u32 = 2;
const BRT_CELL_ERROR: u32 = 3;
const BRT_CELL_BOOL: u32 = 4;
const BRT_CELL_REAL: u32 = 5;
const BRT_CELL_ST: u32 = 6;
const BRT_CELL_ISST: u32 = 7;
const BRT_FMLA_STRING: u32 = 8;
const BRT_FMLA_NUM: u32 = 9;
const BRT_FMLA_BOOL: u32 = 10;
const BRT_FMLA_ERROR: u32 = 11;
const BRT_SHORT_BLANK: u32 = 12;
const BRT_SHORT_RK: u32 = 13;
const BRT_SHORT_ERROR: u32 = 14;
const BRT_SHORT_BOOL: u32 = 15;
const BRT_SHORT_REAL: u32 = 16;
const BRT_SHORT_ST: u32 = 17;
const BRT_SHORT_ISST: u32 = 18;
const BRT_SST_ITEM: u32 = 19;
const BRT_FMT: u32 = 44;
const BRT_XF: u32 = 47;
const BRT_COL_INFO: u32 = 60;
const BRT_CELL_RSTRING: u32 = 62;
const BRT_WB_PROP: u32 = 153;
const BRT_BUNDLE_SH: u32 = 156;
const BRT_BEGIN_HEADER_FOOTER: u32 = 479;
const BRT_BEGIN_CELL_XFS: u32 = 617;
const BRT_END_CELL_XFS: u32 = 618;
const BRT_BEGIN_COMMENT: u32 = 635;
const BRT_COMMENT_TEXT: u32 = 637;

/// The bit of a row that has no height (`fDyZero`, section 2.4.741), in the byte behind the height and its neighbours.
const ROW_IS_HIDDEN: u8 = 1 << 4;

/// The records of a part (MS-XLSB, section 2.1.4): a type in one or two bytes, a length in one to four,
/// seven bits each, and so many bytes.
struct Records<'a> {
    rest: &'a [u8],
    cut_short: bool,
}

impl<'a> Records<'a> {
    fn new(bytes: &'a [u8]) -> Records<'a> {
        Records { rest: bytes, cut_short: false }
    }

    fn next(&mut self) -> Option<(u32, &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.read();
        self.cut_short = record.is_none();
        record
    }

    fn read(&mut self) -> Option<(u32, &'a [u8])> {
        let (&low, mut rest) = self.rest.split_first()?;
        let mut kind = u32::from(low);
        if low & 0x80 != 0 {
            let (&high, after) = rest.split_first()?;
            kind = u32::from(low & 0x7F) | u32::from(high & 0x7F) << 7;
            rest = after;
        }
        let mut length = 0usize;
        for shift in [0, 7, 14, 21] {
            let (&byte, after) = rest.split_first()?;
            length |= usize::from(byte & 0x7F) << shift;
            rest = after;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let (data, rest) = rest.split_at_checked(length)?;
        self.rest = rest;
        Some((kind, data))
    }

    fn report(self, part: &str, content: &mut Content) {
        if self.cut_short {
            content.lost(ReasonKind::CutShort.of(Noun::LastRecord).within(part));
        }
    }
}

/// A counted string in UTF-16 (MS-XLSB, section 2.5.168) and where it ends; a null string is empty.
fn wide_string(data: &[u8], at: usize) -> Option<(String, usize)> {
    let start = at.checked_add(4)?;
    let count = match u32_at(data, at)? {
        u32::MAX => 0,
        count => usize::try_from(count).ok()?,
    };
    let end = start.checked_add(count.checked_mul(2)?)?;
    let text = encoding_rs::UTF_16LE.decode_without_bom_handling(data.get(start..end)?).0;
    Some((text.into_owned(), end))
}

/// A number in 30 bits (MS-XLSB, section 2.5.122): whole or the upper half of a float, perhaps times 100.
pub(super) fn packed_number(packed: u32) -> f64 {
    let number = match packed & 2 {
        0 => f64::from_bits(u64::from(packed & !3) << 32),
        _ => f64::from(packed.cast_signed() >> 2),
    };
    if packed & 1 == 1 { number / 100.0 } else { number }
}

/// MS-XLSB, section 2.5.97.2.
pub(super) fn error(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        0x2A => "#N/A",
        _ => "#ERROR",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_where_they_are_cut() {
        let bytes = [0x07, 0x02, 1, 2, 0xE9, 0x04, 0x00, 0x07, 0x05, 1];
        let mut records = Records::new(&bytes);
        assert_eq!(records.next(), Some((BRT_CELL_ISST, &[1, 2][..])));
        assert_eq!(records.next(), Some((BRT_BEGIN_CELL_XFS, &[][..])));
        assert_eq!(records.next(), None);
        assert!(records.cut_short);
    }

    #[test]
    fn packed_numbers_unpack() {
        assert_eq!(packed_number((5 << 2) | 2), 5.0);
        assert_eq!(packed_number((1234 << 2) | 3), 12.34);
        assert_eq!(packed_number(((-5i32) << 2).cast_unsigned() | 2), -5.0);
        assert_eq!(packed_number((1.5f64.to_bits() >> 32) as u32), 1.5);
    }

    #[test]
    fn a_wide_string_that_is_too_long_is_none() {
        assert_eq!(wide_string(&[1, 0, 0, 0, 0x00, 0xAC], 0), Some(("가".into(), 6)));
        assert_eq!(wide_string(&[2, 0, 0, 0, 0x00, 0xAC], 0), None);
        assert_eq!(wide_string(&[0xFF, 0xFF, 0xFF, 0xFF], 0), Some((String::new(), 4)));
        assert_eq!(wide_string(&[0xFE, 0xFF, 0xFF, 0xFF], 0), None);
    }
}
