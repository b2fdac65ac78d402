//! What the sheets of an Excel workbook share, whether it is stored as XML or in binary.

use std::borrow::Cow;
use std::collections::BTreeMap;

use madang_document::content::Content;
use madang_document::part::Part;
use madang_document::reason_kind::ReasonKind;

use super::number_format::{formatted, formatted_text};
use super::symbol_font;

/// An opened workbook.
#[derive(Default)]
pub(super) struct Workbook {
    /// Name and part of each sheet, in order, hidden ones too.
    pub(super) sheets: Vec<(String, String)>,
    pub(super) strings: SharedStrings,
    /// The number format of each cell style.
    pub(super) formats: Vec<String>,
    /// The fonts of signs of cell styles that have one.
    pub(super) signs: BTreeMap<usize, String>,
    /// Whether days are counted from 1904.
    pub(super) from_1904: bool,
}

impl Workbook {
    /// A number as a cell of this style shows it.
    pub(super) fn number(&self, number: f64, style: usize) -> String {
        let code = self.formats.get(style).map_or("General", String::as_str);
        let shown = formatted(number, code, self.from_1904);
        // Formats draw ticks: `[=1]"þ";"o"`. A bare number stays what it is, which people look for.
        match shown.parse::<f64>() {
            Ok(_) => shown,
            Err(_) => self.in_font(&shown, None, style).into_owned(),
        }
    }

    /// A text as a cell of this style shows it.
    pub(super) fn text<'a>(&self, text: &'a str, style: usize) -> Cow<'a, str> {
        match self.formats.get(style) {
            Some(code) => formatted_text(text, code),
            None => text.into(),
        }
    }
}

impl Workbook {
    /// A text as the font of a cell of this style shows it, up to the runs that name fonts of their own.
    pub(super) fn in_font<'a>(
        &self,
        text: &'a str,
        own: Option<usize>,
        style: usize,
    ) -> Cow<'a, str> {
        let Some(font) = self.signs.get(&style) else { return text.into() };
        let own = own.unwrap_or(text.len());
        let (head, tail) = text.split_at_checked(own).unwrap_or((text, ""));
        (symbol_font::signs(font, head) + tail).into()
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
    /// Where the first run begins that names a font of its own, of the strings that have one: the font of the cell goes no
    /// further.
    own_fonts: BTreeMap<usize, usize>,
}

impl SharedStrings {
    /// Adds to the string that is being read.
    pub(super) fn append(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// Notes that a run begins in the string that is being read that names a font of its own.
    pub(super) fn begin_own_font(&mut self) {
        let start = self.ends.last().copied().unwrap_or(0);
        self.own_fonts.entry(self.ends.len()).or_insert(self.text.len() - start);
    }

    /// How far string `number` is in the font of its cell; none if all of it is.
    pub(super) fn own_font(&self, number: usize) -> Option<usize> {
        self.own_fonts.get(&number).copied()
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
