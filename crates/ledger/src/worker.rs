use uuid::Uuid;

/// Who holds leases: one start of Madang on one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Worker {
    /// The machine, or the data folder; outlives restarts.
    pub node: Uuid,
    /// This start of the process (UUIDv7).
    pub process: Uuid,
}
