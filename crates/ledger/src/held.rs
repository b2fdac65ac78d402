use madang_document::timestamp::Timestamp;
use serde::Serialize;

/// A mass disappearance that waits for the operator's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Paths that are gone.
    pub missing: u64,
    /// Paths that were known.
    pub known: u64,
    /// Since when.
    pub since: Timestamp,
    /// Whether the operator said that these are really gone, and nobody has acted on it yet: whoever lists the source
    /// next withdraws them, if no more are missing by then.
    pub released: bool,
}
