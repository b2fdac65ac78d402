use madang_document::outcome::Outcome;
use madang_document::reason::Reason;

use crate::usage::{Stages, Usage};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunReport {
    /// The outcome of the object.
    pub outcome: Outcome,
    /// Why, if it was not read whole.
    pub reason: Option<Reason>,
    /// Whether the child died (crash, time, memory, a lie in the protocol) instead of answering.
    pub died: bool,
    /// What it was about to look at last.
    pub look: Option<u32>,
    /// What its child used; both children's, where a second one was needed.
    pub usage: Usage,
    /// When it came how far.
    pub stages: Stages,
    /// Bytes of the object that were given by ranges, to both children; none if it was given whole.
    pub fetched: Option<u64>,
}

impl RunReport {
    /// How the child died, if it did.
    pub fn death(&self) -> Option<Outcome> {
        self.died.then_some(self.outcome)
    }
}
