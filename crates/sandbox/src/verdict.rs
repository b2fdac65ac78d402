use madang_document::outcome::Outcome;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The outcome of the object.
    pub outcome: Outcome,
    /// Why, if it was not read whole.
    pub reason: Option<String>,
    /// Whether the child died (crash, time, memory, a lie in the protocol) instead of answering.
    pub died: bool,
    /// CPU time of the child, milliseconds.
    pub cpu_ms: u64,
    /// Peak resident memory of the child, bytes.
    pub peak_rss: u64,
}
