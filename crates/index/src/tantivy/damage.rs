//! Damage of one index is an answer, not the end of the process: whatever reads its files goes through here.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenReadError};

use crate::index::IndexError;

/// Runs what reads an index's files. Tantivy takes them at their word, so damaged ones may make it panic.
pub(crate) fn guarded<T>(read: impl FnOnce() -> tantivy::Result<T>) -> Result<T, ReadError> {
    // What the closure leaves half done is dropped with it: readers have no state, a writer is thrown away.
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(ReadError::Error(failed(error))),
        Err(panic) => Err(ReadError::Panic(message(panic.as_ref()))),
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic".into())
}

/// Why files could not be read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ReadError {
    /// Tantivy said so.
    Error(IndexError),
    /// Tantivy or this crate panicked: over damaged files, or by a fault of its own in good ones. Which of the two,
    /// the checksums tell; were every panic taken for damage, a query that meets a fault would destroy an index.
    Panic(String),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Error(error) => error.fmt(f),
            ReadError::Panic(message) => write!(f, "a panic while it was read: {message}"),
        }
    }
}

/// An error of one of several indexes that are read together.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    /// Which.
    pub(crate) at: usize,
    pub(crate) error: ReadError,
}

/// Reads one of several indexes.
pub(crate) fn reading<T>(
    at: usize,
    read: impl FnOnce() -> tantivy::Result<T>,
) -> Result<T, Failure> {
    guarded(read).map_err(|error| Failure { at, error })
}

/// What a caller can do about an error of tantivy: wait and try again, or rebuild.
pub(crate) fn failed(error: TantivyError) -> IndexError {
    let again = match &error {
        TantivyError::LockFailure(LockError::LockBusy, _) => {
            return IndexError::Unavailable("another process is writing to it".into());
        }
        TantivyError::DataCorruption(_)
        | TantivyError::IncompatibleIndex(_)
        | TantivyError::SchemaError(_)
        | TantivyError::FieldNotFound(_)
        | TantivyError::DeserializeError(_)
        | TantivyError::OpenReadError(
            OpenReadError::FileDoesNotExist(_) | OpenReadError::IncompatibleIndex(_),
        ) => false,
        TantivyError::OpenReadError(OpenReadError::IoError { io_error, .. }) => !cut_off(io_error),
        TantivyError::IoError(error) => !cut_off(error),
        _ => true,
    };
    if again {
        IndexError::Unavailable(error.to_string())
    } else {
        IndexError::Damaged(error.to_string())
    }
}

/// Whether a file is shorter than it says, or says what no file of ours says: one that was not written whole.
fn cut_off(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::InvalidData)
}
