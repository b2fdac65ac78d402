use madang_document::reason::Reason;

use super::pdf_glyph::Glyphs;
use super::pdf_painted::Painted;

/// What was read of a page.
#[derive(Debug, Default)]
pub(super) struct PageText {
    pub(super) glyphs: Glyphs,
    /// What somebody wrote about the page, as its notes say it.
    pub(super) notes: Vec<String>,
    /// What it shows besides.
    pub(super) painted: Painted,
    /// Why it is not all, if so, each once.
    pub(super) faults: Vec<Reason>,
}

impl PageText {
    /// Tells why it is not all, unless that is told.
    pub(super) fn lose(&mut self, reason: impl Into<Reason>) {
        let reason = reason.into();
        if !self.faults.contains(&reason) {
            self.faults.push(reason);
        }
    }
}
