//! What the sheets of an Excel workbook share, whether it is stored as XML or in binary.

use std::borrow::Cow;

use madang_document::content::Content;
use madang_document::part::Part;
use madang_document::reason_kind::ReasonKind;

use super::number_format::{formatted, formatted_text};

/// An opened workbook.
#[derive(Default)]
pub(super) struct Workbook {
    /// Name and part of each sheet, in order, hidden ones too.
    pub(super) sheets: Vec<(String, String)>,
    pub(super) strings: SharedStrings,
    /// The number format of each cell style.
    pub(super) formats: Vec<String>,
    /// Whether days are counted from 1904.
    pub(super) from_1904: bool,
}

impl Workbook {
    /// A number as a cell of this style shows it.
    pub(super) fn number(&self, number: f64, style: usize) -> String {
        let code = self.formats.get(style).map_or("General", String::as_str);
        formatted(number, code, self.from_1904)
    }

    /// A text as a cell of this style shows it.
    pub(super) fn text<'a>(&self, text: &'a str, style: usize) -> Cow<'a, str> {
        match self.formats.get(style) {
            Some(code) => formatted_text(text, code),
            None => text.into(),
        }
    }
}

/// Says that so many cells of a sheet refer to strings that the workbook has not.
pub(super) fn lost_strings(count: u64, sheet: &str, content: &mut Content) {
    if count > 0 {
        content.lost(ReasonKind::LostStrings(count).within(Part::Sheet(sheet.into())));
    }
}

/// The strings that cells refer to by number, end to end: a million empty ones cost eight megabytes.
#[derive(Default)]
pub(super) struct SharedStrings {
    text: String,
    /// Where each string ends.
    ends: Vec<usize>,
}

impl SharedStrings {
    /// Adds to the string that is being read.
    pub(super) fn append(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// Ends the string that is being read.
    pub(super) fn end(&mut self) {
        self.ends.push(self.text.len());
    }

    /// String `number`, counted from 0.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)?;
        let start = number.checked_sub(1).and_then(|n| self.ends.get(n)).copied().unwrap_or(0);
        self.text.get(start..end)
    }
}
