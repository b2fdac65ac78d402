//! Damage of one index is an answer, not the end of the process: whatever reads its files goes through here.

use std::any::Any;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::{fmt, io};

use tantivy::TantivyError;
use tantivy::directory::error::{LockError, OpenDirectoryError, OpenReadError, OpenWriteError};

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
#[derive(Debug)]
pub(crate) enum ReadError {
    /// Tantivy said so.
    Error(IndexError),
    /// Tantivy or this crate panicked: over damaged files, or by a fault of its own in good ones. Which of the two,
    /// the checksums tell; were every panic taken for damage, a query that meets a fault would destroy an index.
    Panic(String),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadError::Error(error) => error.fmt(f),
            ReadError::Panic(message) => write!(f, "a panic while it was read: {message}"),
        }
    }
}

impl ReadError {
    /// Of one that is no damage.
    pub(crate) fn unavailable(self) -> IndexError {
        match self {
            ReadError::Error(error @ IndexError::Unavailable { .. }) => error,
            ReadError::Error(error) => IndexError::unavailable(error.to_string()).because(error),
            ReadError::Panic(_) => IndexError::unavailable(self.to_string()),
        }
    }
}

/// An error of one of several indexes that are read together.
#[derive(Debug)]
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
            return IndexError::unavailable("another process is writing to it")
                .because(Said(error));
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
    let message = error.to_string();
    match again {
        true => IndexError::unavailable(message),
        false => IndexError::damaged(message),
    }
    .because(Said(error))
}

/// What tantivy said. It keeps the error of the system to itself, which is found behind this.
#[derive(Debug)]
struct Said(TantivyError);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for Said {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        let system: &io::Error = match &self.0 {
            TantivyError::IoError(error)
            | TantivyError::LockFailure(LockError::IoError(error), _)
            | TantivyError::OpenReadError(OpenReadError::IoError { io_error: error, .. })
            | TantivyError::OpenWriteError(OpenWriteError::IoError { io_error: error, .. })
            | TantivyError::OpenDirectoryError(
                OpenDirectoryError::IoError { io_error: error, .. }
                | OpenDirectoryError::FailedToCreateTempDir(error),
            ) => error,
            _ => return self.0.source(),
        };
        Some(system)
    }
}

/// Whether a file is shorter than it says, or says what no file of ours says: one that was not written whole.
fn cut_off(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use madang_document::cause::causes;

    use super::*;

    #[test]
    fn the_error_of_the_system_is_found_behind_whatever_tantivy_makes_of_it() {
        let place = || PathBuf::from("a");
        let full = || Arc::new(io::Error::from_raw_os_error(28));
        for error in [
            TantivyError::IoError(full()),
            TantivyError::LockFailure(LockError::IoError(full()), None),
            OpenReadError::IoError { io_error: full(), filepath: place() }.into(),
            OpenWriteError::IoError { io_error: full(), filepath: place() }.into(),
            OpenDirectoryError::IoError { io_error: full(), directory_path: place() }.into(),
            OpenDirectoryError::FailedToCreateTempDir(full()).into(),
        ] {
            let error = failed(error);
            assert!(matches!(error, IndexError::Unavailable { .. }), "{error}");
            let code =
                causes(&error).find_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error());
            assert_eq!(code, Some(28), "{error:?}");
        }
    }

    #[test]
    fn trouble_that_is_no_damage_is_said_once() {
        let error = ReadError::Error(IndexError::unavailable("full")).unavailable();
        assert_eq!(error.to_string(), "the index cannot be used now: full");
        let error = ReadError::Error(IndexError::damaged("torn")).unavailable();
        assert!(matches!(error, IndexError::Unavailable { .. }), "{error}");
    }
}
