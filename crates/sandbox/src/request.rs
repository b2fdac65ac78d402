use madang_extract::left_alone::LeftAlone;
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
    /// Who waits for it.
    pub pace: Pace,
    /// What of it is left alone, because readers died of it.
    pub left_alone: &'a LeftAlone,
}

/// Who waits for what a child reads, and so what it does at once and what it gives way to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Somebody wants all of it.
    #[default]
    Whole,
    /// Others wait behind it: what takes long is put off.
    Prompt,
    /// Nobody: it is read whole, and gives way to every other process of the machine. The clock allows it more, since the
    /// processor is given to others meanwhile.
    Background,
}
