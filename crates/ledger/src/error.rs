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
    /// This one act fails however often it is tried, and others do not: a rule of the store forbids it, or a row that
    /// it reads holds what Madang did not write.
    #[error("the ledger cannot do this: {0}")]
    Refused(String),
    /// The store itself is damaged, or was written by a newer Madang: no act is worth trying before somebody mends it.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
}

impl LedgerError {
    /// Whether it is this act that fails, and not the ledger: what was asked beside it may well be done.
    pub fn is_of_the_act(&self) -> bool {
        match self {
            LedgerError::NotFound { .. } | LedgerError::Conflict(_) | LedgerError::Refused(_) => {
                true
            }
            LedgerError::Unavailable(_) | LedgerError::Damaged(_) => false,
        }
    }
}

/// Short for every answer of the ledger.
pub type Result<T> = std::result::Result<T, LedgerError>;
