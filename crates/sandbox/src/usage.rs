use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a child has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Time of the processor in the program, microseconds.
    pub user_us: u64,
    /// Time of the processor in the kernel, microseconds.
    pub system_us: u64,
    /// Page faults that needed no disk.
    pub faults: u64,
    /// Peak resident memory, bytes.
    pub peak_rss: u64,
}

/// When a run came how far, counted from the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// The zygote had forked.
    pub forked: Duration,
    /// The child had looked at the object and said what it is.
    pub detected: Option<Duration>,
    /// The child had said everything.
    pub answered: Option<Duration>,
    /// The child was reaped.
    pub reaped: Duration,
}
