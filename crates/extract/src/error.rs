use std::io;

use madang_document::outcome::Outcome;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;

use crate::still_locked::StillLocked;

/// Why nothing of a document could be read. A damaged part is a warning in the content, not an error.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// Needs a password.
    #[error("{0}")]
    Encrypted(Reason),
    /// Protected by a rights management system.
    #[error("{0}")]
    Drm(Reason),
    /// Recognised, but this variant has no reader.
    #[error("{0}")]
    Unsupported(Reason),
    /// Not readable as what it claims to be.
    #[error("{0}")]
    Corrupt(Reason),
    /// A limit was reached before anything could be read.
    #[error("{0}")]
    Limit(Reason),
    /// The bytes could not be had.
    #[error("reading the object: {0}")]
    Read(#[from] io::Error),
}

impl ExtractError {
    /// The outcome this error means for the document.
    pub fn outcome(&self) -> Outcome {
        match self {
            ExtractError::Encrypted(_) => Outcome::Encrypted,
            ExtractError::Drm(_) => Outcome::Drm,
            ExtractError::Unsupported(_) => Outcome::Unsupported,
            ExtractError::Corrupt(_) | ExtractError::Read(_) => Outcome::Corrupt,
            ExtractError::Limit(_) => Outcome::Limit,
        }
    }

    /// Locked, as `what` says, and why none of the passwords opens it.
    pub(crate) fn locked(what: impl Into<Reason>, still: StillLocked) -> ExtractError {
        ExtractError::Encrypted(still.told(what))
    }

    /// Corrupt, with the reason.
    pub fn corrupt(reason: impl Into<Reason>) -> ExtractError {
        ExtractError::Corrupt(reason.into())
    }

    /// Corrupt, as a library says of it.
    pub fn broken(error: impl std::fmt::Display) -> ExtractError {
        ExtractError::corrupt(ReasonKind::Broken(Quote::of(&error)))
    }

    /// The reason, without what it means for the outcome.
    pub fn into_reason(self) -> Reason {
        match self {
            ExtractError::Encrypted(reason)
            | ExtractError::Drm(reason)
            | ExtractError::Unsupported(reason)
            | ExtractError::Corrupt(reason)
            | ExtractError::Limit(reason) => reason,
            ExtractError::Read(error) => reason_of(&error),
        }
    }
}

impl From<ExtractError> for Reason {
    fn from(error: ExtractError) -> Reason {
        error.into_reason()
    }
}

/// The reason why bytes could not be read: the one that a reader of ours put into the error, else what the error says.
pub fn reason_of(error: &io::Error) -> Reason {
    let own = error.get_ref().and_then(|cause| cause.downcast_ref::<Reason>());
    own.cloned().unwrap_or_else(|| ReasonKind::Broken(Quote::of(error)).into())
}

/// An error of a reader of ours, from which [`reason_of`] takes the reason again.
pub fn io_error(kind: io::ErrorKind, reason: impl Into<Reason>) -> io::Error {
    io::Error::new(kind, reason.into())
}
