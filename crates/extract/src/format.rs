use madang_document::content::Content;

use crate::blob::Blob;
use crate::context::Context;
use crate::error::ExtractError;
use crate::probe::Probe;

/// A row of the table of formats.
#[derive(Debug)]
pub struct Format {
    /// Short name, as in `hwp5`.
    pub name: &'static str,
    /// Raised when the output for the same bytes changes: that is how selective reprocessing finds what to
    /// redo.
    pub version: u32,
    /// The media types it answers for.
    pub media_types: &'static [&'static str],
    /// How sure this row is that the bytes are of its kind. Never reads beyond the probe.
    pub sniff: fn(&Probe<'_>) -> Match,
    /// Which of [`Format::media_types`] these bytes are; asked only after `sniff` said yes.
    pub media_type: fn(&Probe<'_>) -> &'static str,
    /// Bytes to content.
    pub extract: fn(&dyn Blob, &Context<'_>) -> Result<Content, ExtractError>,
}

/// How sure a row is. Ordered, never a number: of two rows that say the same, the earlier in the table wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Not of this kind.
    No,
    /// Only the name says so, and the bytes do not contradict it.
    Extension,
    /// The first bytes say so.
    Magic,
    /// The inside of the container (a member of the archive, a stream of the compound file) says so.
    Container,
}
