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

/// Where the line of a row stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// In a cell of another table.
    Nested,
    /// At a place of a sheet, which says in which column its first cell stands.
    Placed,
    /// In a text, below the lines of the rows before it: its first cell keeps its column, which cells from above may span.
    Below,
}

/// The line of a row, by the columns and texts of its cells, counted from 0.
pub(super) fn line(cells: &[(usize, String)], standing: Standing) -> String {
    let nested = standing == Standing::Nested;
    let mut line = String::new();
    // Where the last cell stood, or, before the first, the column before that of the line's beginning.
    let mut last: Option<usize> = match standing {
        Standing::Below => None,
        Standing::Nested | Standing::Placed => cells.first().map(|(column, _)| *column),
    };
    for (column, text) in cells {
        let steps = column.saturating_sub(last.unwrap_or(0));
        let tabs = if steps > GAP + 1 { 2 } else { steps };
        line.push_str(&if nested { " ".repeat(tabs.min(1)) } else { "\t".repeat(tabs) });
        line.push_str(text);
        last = Some(*column);
    }
    line
}
