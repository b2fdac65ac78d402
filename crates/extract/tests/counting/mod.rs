use std::cell::{Cell, RefCell};

use madang_document::blob_id::BlobId;
use madang_document::content::Segment;
use madang_document::headway::Headway;
use madang_extract::detected::Detected;
use madang_extract::extraction::Extraction;
use madang_extract::recall::line;
use madang_extract::sink::Sink;

/// Keeps what it is told, counts units, and grants time so often.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    documents: RefCell<Vec<Extraction>>,
    units: Cell<u32>,
    asked: Cell<u32>,
    granted: u32,
    headway: RefCell<Vec<Headway>>,
    remembered: RefCell<Vec<String>>,
    looks: RefCell<Vec<u32>>,
}

impl Counting {
    pub(crate) fn granting(granted: u32) -> Counting {
        Counting { granted, ..Counting::default() }
    }

    /// How far recognising came, as it was said.
    #[allow(dead_code, reason = "not every test that counts recognises")]
    pub(crate) fn headway(&self) -> Vec<Headway> {
        self.headway.borrow().clone()
    }

    /// What was to be remembered, line by line.
    #[allow(dead_code, reason = "not every test that counts recognises")]
    pub(crate) fn remembered(&self) -> Vec<String> {
        self.remembered.borrow().clone()
    }

    /// All documents, the object itself last, and the numbers of what was about to be decoded.
    #[allow(dead_code, reason = "not every test that counts looks")]
    pub(crate) fn seen(self) -> (Vec<Extraction>, Vec<u32>) {
        (self.documents.into_inner(), self.looks.into_inner())
    }

    /// The document that was told last, and the units that were begun.
    #[allow(dead_code, reason = "not every test wants the last alone")]
    pub(crate) fn kept(self) -> (Extraction, u32) {
        (self.documents.into_inner().pop().unwrap(), self.units.get())
    }
}

impl Sink for Counting {
    fn detected(&self, _: &Detected) {}

    fn progress(&self, units: u32) {
        self.units.set(self.units.get() + units);
    }

    fn look(&self, number: u32) {
        self.looks.borrow_mut().push(number);
    }

    fn headway(&self, headway: Headway) {
        self.headway.borrow_mut().push(headway);
    }

    fn recognised(&self, key: &BlobId, segments: &[Segment]) {
        self.remembered.borrow_mut().extend(line(key, segments));
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
