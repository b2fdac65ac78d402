/// What a caller of the ledger can act on.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// No row of this name; also what is hidden from a caller.
    #[error("no {what} `{name}`")]
    NotFound {
        /// The noun: `job`, `queue`, `key`.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The act does not fit the row's state.
    #[error("{0}")]
    Conflict(String),
    /// The store is full, locked or gone: trying again later may help.
    #[error("the ledger cannot be reached: {0}")]
    Unavailable(String),
    /// The store holds what Madang did not write, or was written by a newer Madang.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
}

/// Short for every answer of the ledger.
pub type Result<T> = std::result::Result<T, LedgerError>;
