//! The rows of a table in an OpenDocument file as they become lines, and what repeated ones may cost.

use madang_document::content::Content;
use madang_document::reason_kind::ReasonKind;

/// Bytes that repeated cells and rows may add to one document. A sheet may say that a cell repeats a million
/// times (`table:number-rows-repeated`); what a person wrote does not.
pub(super) const REPETITION: usize = 1 << 20;

/// Wider gaps between two cells of a row are written as one tab.
const GAP: usize = 32;

/// What repetition has added so far.
#[derive(Default)]
pub(super) struct Repetition {
    bytes: usize,
    cut: bool,
}

impl Repetition {
    /// How many of `copies` of `text` may still be written.
    pub(super) fn afford(&mut self, text: &str, copies: usize) -> usize {
        let left = REPETITION.saturating_sub(self.bytes);
        let affordable = copies.min(left / (text.len() + 1));
        self.bytes += affordable * (text.len() + 1);
        self.cut |= affordable < copies;
        affordable
    }

    /// Notes in `content` that something was written fewer times than the part says.
    pub(super) fn report(&self, part: &str, content: &mut Content) {
        if self.cut {
            content.note(ReasonKind::Repeated(REPETITION as u64).within(part));
        }
    }
}

/// The line of a row, by the columns and texts of its cells, counted from 0; `nested` in a cell of another table.
pub(super) fn line(cells: &[(usize, String)], nested: bool) -> String {
    let mut line = String::new();
    let mut next = 0;
    for (column, text) in cells {
        let gap = column.saturating_sub(next);
        let tabs = if gap > GAP { 1 } else { gap };
        // The place of the row says where its first cell stands; the others stand behind it.
        let tabs = if line.is_empty() { 0 } else { tabs + 1 };
        line.push_str(&if nested { " ".repeat(tabs.min(1)) } else { "\t".repeat(tabs) });
        line.push_str(text);
        next = column.saturating_add(1);
    }
    line
}
