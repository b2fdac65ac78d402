use madang_document::cause::Cause;

/// What a caller of the ledger can act on. A message is a sentence of its own; what lies behind it (an error of the
/// system, or of the backend) is its source.
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
    #[error("{message}")]
    Conflict {
        /// What does not fit.
        message: String,
        /// What lies behind it.
        source: Option<Cause>,
    },
    /// The store is full, locked or gone: trying again later may help.
    #[error("the ledger cannot be reached: {message}")]
    Unavailable {
        /// Why, and the cure.
        message: String,
        /// What lies behind it.
        source: Option<Cause>,
    },
    /// This one act fails however often it is tried, and others do not: a rule of the store forbids it, or a row that
    /// it reads holds what Madang did not write.
    #[error("the ledger cannot do this: {message}")]
    Refused {
        /// Why.
        message: String,
        /// What lies behind it.
        source: Option<Cause>,
    },
    /// The store itself is damaged, or was written by a newer Madang: no act is worth trying before somebody mends it.
    #[error("the ledger is damaged: {message}")]
    Damaged {
        /// How, and the cure.
        message: String,
        /// What lies behind it.
        source: Option<Cause>,
    },
}

impl LedgerError {
    /// The act does not fit the row's state.
    pub fn conflict(message: impl Into<String>) -> LedgerError {
        LedgerError::Conflict { message: message.into(), source: None }
    }

    /// Trying again later may help.
    pub fn unavailable(message: impl Into<String>) -> LedgerError {
        LedgerError::Unavailable { message: message.into(), source: None }
    }

    /// This one act fails however often it is tried.
    pub fn refused(message: impl Into<String>) -> LedgerError {
        LedgerError::Refused { message: message.into(), source: None }
    }

    /// The store itself is damaged.
    pub fn damaged(message: impl Into<String>) -> LedgerError {
        LedgerError::Damaged { message: message.into(), source: None }
    }

    /// The same, with what lies behind it. Nothing lies behind a row that is not there.
    #[must_use]
    pub fn because(mut self, cause: impl Into<Cause>) -> LedgerError {
        match &mut self {
            LedgerError::NotFound { .. } => {}
            LedgerError::Conflict { source, .. }
            | LedgerError::Unavailable { source, .. }
            | LedgerError::Refused { source, .. }
            | LedgerError::Damaged { source, .. } => *source = Some(cause.into()),
        }
        self
    }

    /// Whether it is this act that fails, and not the ledger: what was asked beside it may well be done.
    pub fn is_of_the_act(&self) -> bool {
        match self {
            LedgerError::NotFound { .. }
            | LedgerError::Conflict { .. }
            | LedgerError::Refused { .. } => true,
            LedgerError::Unavailable { .. } | LedgerError::Damaged { .. } => false,
        }
    }
}

/// Short for every answer of the ledger.
pub type Result<T> = std::result::Result<T, LedgerError>;
