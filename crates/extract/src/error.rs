use std::io;

use madang_document::outcome::Outcome;

use crate::still_locked::StillLocked;

/// Why nothing of a document could be read. A damaged part is a warning in the content, not an error.
/// Each message is one lower-case sentence in English that names the place.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// Needs a password.
    #[error("{0}")]
    Encrypted(String),
    /// Protected by a rights management system.
    #[error("{0}")]
    Drm(String),
    /// Recognised, but this variant has no reader.
    #[error("{0}")]
    Unsupported(String),
    /// Not readable as what it claims to be.
    #[error("{0}")]
    Corrupt(String),
    /// A limit was reached before anything could be read.
    #[error("{0}")]
    Limit(String),
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

    /// Locked, and why none of the passwords opens it. `what` says so in words.
    pub(crate) fn locked(what: &str, still: StillLocked) -> ExtractError {
        ExtractError::Encrypted(still.told(what))
    }

    /// Corrupt, with the reason.
    pub fn corrupt(reason: impl std::fmt::Display) -> ExtractError {
        ExtractError::Corrupt(reason.to_string())
    }
}
