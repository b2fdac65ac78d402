//! The rows and columns that a sheet does not show.

use madang_document::content::Content;
use madang_document::part::{Noun, Part};
use madang_document::reason_kind::ReasonKind;

/// What a sheet hides of its cells. They are read like the others, and the sheet says that somebody hid them.
#[derive(Default)]
pub(super) struct HiddenCells {
    /// The first and the last of columns that lie together, counted as cells count them.
    columns: Vec<(u32, u32)>,
    /// Whether the open row is hidden.
    pub(super) row: bool,
    /// Whether there was something in a hidden cell.
    any: bool,
}

impl HiddenCells {
    /// Groups of columns that are looked at; a sheet has no more columns.
    const MOST: usize = 16_384;

    /// Columns from the first to the last are hidden.
    pub(super) fn columns(&mut self, first: u32, last: u32) {
        if self.columns.len() < HiddenCells::MOST {
            self.columns.push((first, last));
        }
    }

    /// A cell in this column of the open row shows this, or would.
    pub(super) fn meet(&mut self, column: u32, shown: &str) {
        if self.any || shown.trim().is_empty() {
            return;
        }
        let within = |column| self.columns.iter().any(|(a, b)| (*a..=*b).contains(&column));
        self.any = self.row || within(column);
    }

    /// Says so, if there was something in a hidden cell.
    pub(super) fn tell(&self, sheet: &str, content: &mut Content) {
        if self.any {
            let hidden = ReasonKind::Hidden.of(Noun::RowsOrColumns);
            content.note(hidden.within(Part::Sheet(sheet.into())));
        }
    }
}
