/// A line of the word processor 한글 as it was laid out last, in 1/7200 inch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// From the top of the page, of the zone of columns, or of the cell's part on its page.
    pub(super) top: i64,
    pub(super) height: i64,
    /// From the left edge of the column; lines beside a picture differ in this alone.
    pub(super) left: i64,
}

impl Line {
    /// Where it ends.
    pub(super) fn bottom(self) -> i64 {
        self.top.saturating_add(self.height)
    }

    /// Whether it lies before the one that comes first in the text: a column or a page lies between them.
    pub(super) fn is_back_of(self, last: Line) -> bool {
        self.top < last.top || (self.top == last.top && self.left <= last.left)
    }
}
