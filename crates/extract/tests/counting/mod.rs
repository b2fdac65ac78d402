use std::cell::{Cell, RefCell};

use madang_extract::detected::Detected;
use madang_extract::extraction::Extraction;
use madang_extract::sink::Sink;

/// Keeps what it is told, counts units, and grants time so often.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    documents: RefCell<Vec<Extraction>>,
    units: Cell<u32>,
    asked: Cell<u32>,
    granted: u32,
}

impl Counting {
    pub(crate) fn granting(granted: u32) -> Counting {
        Counting { granted, ..Counting::default() }
    }

    /// The document that was told last, and the units that were begun.
    pub(crate) fn kept(self) -> (Extraction, u32) {
        (self.documents.into_inner().pop().unwrap(), self.units.get())
    }
}

impl Sink for Counting {
    fn detected(&self, _: &Detected) {}

    fn progress(&self, units: u32) {
        self.units.set(self.units.get() + units);
    }

    fn engines_wanted(&self) {}

    fn has_time(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.asked.get() <= self.granted
    }

    fn document(&self, extraction: Extraction) {
        self.documents.borrow_mut().push(extraction);
    }
}
