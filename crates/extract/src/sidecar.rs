//! Files beside an object that describe it, on their way to where they are read, and what they were found to say.

use std::sync::Arc;

use madang_document::content::Content;
use madang_document::metadata::{DISCLOSURE, LICENSE, Metadata};
use madang_document::reason::Reason;
use serde::{Deserialize, Serialize};

/// Bytes of a sidecar that are read, 1 MiB: what says more describes no single folder.
pub const MOST: u64 = 1 << 20;

/// A file beside the object that is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sidecar {
    /// What its values are said to come from.
    pub name: String,
    /// Its size in its store; what is above [`MOST`] is not handed over.
    pub size: u64,
    /// The path by which a row names the object, if the sidecar is a table.
    pub row: Option<String>,
    /// Its bytes, shared by all that a table describes. They come to a child beside its order and not in it.
    #[serde(skip)]
    pub bytes: Arc<[u8]>,
}

impl Sidecar {
    /// The bytes that are handed over: all, or none if it is too large.
    pub fn given(&self) -> &[u8] {
        let is_whole = self.size <= MOST && self.bytes.len() as u64 == self.size;
        if is_whole { &self.bytes } else { &[] }
    }

    /// Takes its bytes from the first of these, and gives the rest.
    pub fn take<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let length = if self.size <= MOST { self.size } else { 0 };
        let given = usize::try_from(length).ok().and_then(|length| bytes.split_at_checked(length));
        let Some((own, rest)) = given else { return &[] };
        self.bytes = own.into();
        rest
    }
}

/// What sidecars say, those that are trusted most first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    /// What they say, each value with the sidecar that says so.
    pub(crate) said: Metadata,
    /// What is wrong with them, each with the cure.
    pub(crate) faults: Vec<Reason>,
}

impl Beside {
    /// Puts it before what the object says of itself. What cannot be read is noted, with its cure, and costs the object
    /// nothing.
    pub(crate) fn describe(&self, content: &mut Content) {
        for fault in &self.faults {
            content.note(fault.clone());
        }
        if !self.said.is_empty() {
            content.metadata.trust(self.said.clone());
        }
    }

    /// Of what the object is, a member has the terms only: it is no freer than the file that it lies in.
    pub(crate) fn describe_member(&self, content: &mut Content) {
        let mut terms = Metadata::default();
        for name in [LICENSE, DISCLOSURE] {
            for stated in self.said.stated(name) {
                terms.add(name, stated.clone());
            }
        }
        if !terms.is_empty() {
            content.metadata.trust(terms);
        }
    }
}
