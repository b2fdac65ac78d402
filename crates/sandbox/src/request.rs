use madang_extract::options::Options;
use madang_extract::sidecar::Sidecar;

use crate::limits::ChildLimits;

/// What a run is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The name of the object, without its folders.
    pub name: &'a str,
    /// What the child may use, and what extraction may cost.
    pub limits: &'a ChildLimits,
    /// What the object's pipeline wants of extraction.
    pub options: &'a Options,
    /// Files beside the object that describe it, those that are trusted most first.
    pub sidecars: &'a [Sidecar],
}
