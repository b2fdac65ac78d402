use madang_document::annotation::Finding;

use crate::extraction::Extraction;

/// A row of the table of stages: a question that is asked of each document once it is read, whatever its format.
#[derive(Debug)]
pub struct Stage {
    /// Short name, as in `text_fingerprint`.
    pub name: &'static str,
    /// Raised when it would find something else in the same document: that is how redoing finds what to redo.
    pub version: u32,
    /// What it finds; [`Finding::Nothing`] stands for an empty answer. It looks at what was read only, and its work is
    /// bounded by what that may come to.
    pub run: fn(&Extraction) -> Vec<Finding>,
}
