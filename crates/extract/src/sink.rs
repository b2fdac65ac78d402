use std::cell::RefCell;

use madang_document::blob_id::BlobId;
use madang_document::content::Segment;
use madang_document::headway::Headway;
use madang_document::inner_path::InnerPath;

use crate::blob::Blob;
use crate::detected::Detected;
use crate::extraction::Extraction;
#[cfg(doc)]
use crate::left_alone::LeftAlone;

/// What is wanted of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// What it says: it is read, with its own members.
    Document,
    /// Its bytes, as they lie in the container: [`Sink::bytes`].
    Bytes,
    /// Nothing: it is passed by.
    Nothing,
}

impl Wanted {
    /// What is wanted of a member where one was `asked` for: its bytes, and what lies on the way to it is opened.
    pub fn of(member: &InnerPath, asked: &InnerPath) -> Wanted {
        if member == asked {
            Wanted::Bytes
        } else if asked.parts().starts_with(member.parts()) {
            Wanted::Document
        } else {
            Wanted::Nothing
        }
    }
}

/// Who takes what extraction finds: the frames of a sandboxed child, or a list in a test.
pub trait Sink {
    /// The object itself (not a member) was taken for this. Said once and before a format reads it, so that whoever
    /// watches can name what a reader died of.
    fn detected(&self, detected: &Detected);

    /// Work goes on. A child that stays silent is taken for hung, so this is called at least once for every page,
    /// member, sheet or decoded picture. `units` of work have begun since the last call: a page, a slide, a sheet, a
    /// member, a frame. Zero is a mere sign of life. Time is allowed by these.
    fn progress(&self, units: u32);

    /// Recognising has come so far in the document that is read, for whoever waits for it.
    fn headway(&self, _: Headway) {}

    /// An engine made this out in the signal of this key, where the order wants that remembered.
    fn recognised(&self, _key: &BlobId, _segments: &[Segment]) {}

    /// Something of this number is about to be looked at or listened to (see [`LeftAlone`]), so that whoever watches can say what
    /// a reader died of.
    fn look(&self, _number: u32) {}

    /// Engines are wanted that are not loaded. A child may end here, to be run again where they are; if this returns,
    /// the document is read without them.
    fn engines_wanted(&self);

    /// Whether there is time for work that may be broken off, as trying one password after the other: less than three quarters of
    /// what the object may take are used up. Who is not limited has it always.
    fn has_time(&self) -> bool {
        true
    }

    /// What is wanted of the member at this place. All members are read, unless one of them was asked for.
    fn wanted(&self, _member: &InnerPath) -> Wanted {
        Wanted::Document
    }

    /// These are the bytes of the member that was asked for. A child may end here; if this returns, the object is read
    /// to its end.
    fn bytes(&self, _member: &dyn Blob) {}

    /// A document is finished. Members come before the object that holds them.
    fn document(&self, extraction: Extraction);
}

/// A list of the documents in the order of their delivery, for who needs no sign of life.
impl Sink for RefCell<Vec<Extraction>> {
    fn detected(&self, _: &Detected) {}

    fn progress(&self, _: u32) {}

    fn engines_wanted(&self) {}

    fn document(&self, extraction: Extraction) {
        self.borrow_mut().push(extraction);
    }
}
