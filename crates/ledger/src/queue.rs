use madang_document::agency::Agency;
use madang_document::timestamp::Timestamp;
use serde::Serialize;

use crate::held::Held;

/// What the ledger is told of a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueDeclaration {
    /// The pipeline's name.
    pub name: String,
    /// Whose it is.
    pub agency: Agency,
    /// Its share when several queues wait: one of weight 2 has two turns where one of weight 1 has one. 0
    /// counts as 1.
    pub weight: u32,
}

/// A queue with its counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Queue {
    /// The pipeline's name.
    pub name: String,
    /// Whose it is.
    pub agency: Agency,
    /// Its share when several queues wait.
    pub weight: u32,
    /// Whether claims are stopped.
    pub paused: bool,
    /// Due and unclaimed.
    pub ready: u64,
    /// Waiting for their next attempt.
    pub waiting: u64,
    /// Being worked on.
    pub leased: u64,
    /// Completed.
    pub done: u64,
    /// Set aside.
    pub quarantined: u64,
    /// Completed in the last minute.
    pub last_minute: u64,
    /// When the oldest ready job became due.
    pub oldest_ready: Option<Timestamp>,
    /// A mass disappearance that waits for the operator's word.
    pub held: Option<Held>,
}
