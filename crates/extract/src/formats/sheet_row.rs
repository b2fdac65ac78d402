//! A row of a sheet as it becomes a line of text.

use madang_document::content::Content;
use madang_document::locator::Locator;

use crate::context::Context;

/// Wider gaps between two cells of a row are written as one tab.
const GAP: u32 = 32;

/// How much text the sheets of a workbook have given so far. Cells refer to strings by number, so a small
/// file can stand for any amount of text: it is counted as it is written, not afterwards.
pub(super) struct Written {
    bytes: u64,
    rows: u64,
    bytes_limit: u64,
    rows_limit: u64,
}

impl Written {
    pub(super) fn new(context: &Context<'_>) -> Written {
        let limits = context.limits;
        Written { bytes: 0, rows: 0, bytes_limit: limits.text, rows_limit: limits.segments }
    }

    /// Whether the limits are reached.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= self.bytes_limit || self.rows >= self.rows_limit
    }
}

/// The open row.
pub(super) struct SheetRow {
    number: u32,
    line: String,
    /// The column of the first cell that shows something.
    first: u32,
    /// The column after the last cell, shown or not, counted from 1.
    next: u32,
    /// The column after the last cell that was written.
    written_to: u32,
}

impl SheetRow {
    /// An empty row, `number` counted from 1.
    pub(super) fn new(number: u32) -> SheetRow {
        SheetRow { number, line: String::new(), first: 1, next: 1, written_to: 1 }
    }

    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Adds a cell; without a column it follows the last one. False when the limits are reached.
    pub(super) fn push(&mut self, column: Option<u32>, shown: &str, written: &mut Written) -> bool {
        let column = column.unwrap_or(self.next);
        self.next = column.saturating_add(1);
        let shown = shown.trim();
        if shown.is_empty() {
            return true;
        }
        if written.is_full() {
            return false;
        }
        let gap = column.saturating_sub(self.written_to);
        let mut tabs = if gap > GAP { 1 } else { gap };
        // The place of the row says where its first cell stands; the others stand behind it.
        if self.line.is_empty() {
            self.first = column;
            tabs = 0;
        } else {
            tabs += 1;
        }
        self.line.extend(std::iter::repeat_n('\t', tabs as usize));
        // A row is a line and a tab parts cells, whatever the cell holds.
        self.line
            .extend(shown.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }));
        self.written_to = self.next;
        written.bytes = written.bytes.saturating_add(shown.len() as u64 + u64::from(tabs));
        true
    }

    /// Delivers the row as a segment and leaves it empty.
    pub(super) fn deliver(&mut self, sheet: &str, written: &mut Written, content: &mut Content) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            written.rows += 1;
            let (row, column) = (self.number, self.first);
            content.push_text(line, Locator::Cell { sheet: sheet.to_owned(), row, column });
        }
        (self.first, self.next, self.written_to) = (1, 1, 1);
    }
}
