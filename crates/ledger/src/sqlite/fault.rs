use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;

use crate::error::LedgerError;

/// Says what a caller can act on, with the cure in words.
pub(super) fn fault(error: sqlx::Error) -> LedgerError {
    meaning(error, descriptors)
}

/// Whether the process may open what a connection to a ledger takes: the database, its log, and the index of the log.
fn descriptors() -> io::Result<()> {
    let open = || File::open("/");
    let _all = (open()?, open()?, open()?);
    Ok(())
}

/// What an error means. Primary and extended result codes: <https://www.sqlite.org/rescode.html>. SQLite keeps to itself
/// which error of the system lies behind a code: a full disk has two codes of its own, and for a file that cannot be
/// opened the `descriptors` are asked.
fn meaning(error: sqlx::Error, descriptors: impl FnOnce() -> io::Result<()>) -> LedgerError {
    let sqlx::Error::Database(inner) = &error else {
        let message = error.to_string();
        return match error {
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::RowNotFound => LedgerError::refused(message),
            _ => LedgerError::unavailable(message),
        }
        .because(error);
    };
    let code = inner.code().and_then(|code| code.parse::<i32>().ok()).unwrap_or(-1);
    let words = format!("{}, SQLite code {code}", inner.message());
    let mut system: Option<io::Error> = None;
    // The low byte of an extended code is its primary code.
    let told = match (code, code & 0xff) {
        (SHM_SIZE, _) | (_, 13) => {
            system = Some(io::ErrorKind::StorageFull.into());
            LedgerError::unavailable(format!(
                "the disk that holds it is full: free space and try again ({words})"
            ))
        }
        (_, 10) => LedgerError::unavailable(format!(
            "its disk does not read or write: look at the disk and at its free space ({words})"
        )),
        (_, 5 | 6) => LedgerError::unavailable(format!(
            "another program holds it: end the other program or try again ({words})"
        )),
        (_, 14) => {
            system = descriptors().err();
            LedgerError::unavailable(match system {
                Some(_) => format!(
                    "its file cannot be opened, nor any other: raise the limit of open files (ulimit -n) ({words})"
                ),
                None => format!(
                    "its file cannot be opened: the folder must exist and be writable ({words})"
                ),
            })
        }
        (_, 8 | 3 | 23) => LedgerError::unavailable(format!(
            "its file cannot be written: give this user the right to write it ({words})"
        )),
        (_, 7) => {
            system = Some(io::ErrorKind::OutOfMemory.into());
            LedgerError::unavailable(format!("there is not enough memory ({words})"))
        }
        (_, 11 | 26) => LedgerError::damaged(format!(
            "its file is not a sound SQLite database: restore it from a copy ({words})"
        )),
        _ => LedgerError::refused(words.clone()),
    };
    told.because(Said { words, system })
}

/// `SQLITE_IOERR_SHMSIZE`: the index of the log finds no room. It is what the first connection to a ledger on a full disk
/// meets.
const SHM_SIZE: i32 = 10 | (19 << 8);

/// What SQLite said: its words and its extended code, and the error of the system behind it, as far as the code tells.
#[derive(Debug)]
struct Said {
    words: String,
    system: Option<io::Error>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for Said {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.system.as_ref().map(|system| system as _)
    }
}

/// A stored value that Madang did not write.
pub(super) fn odd(what: &str, value: impl fmt::Display) -> LedgerError {
    LedgerError::refused(format!("{what} holds {value}"))
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use madang_document::cause::causes;
    use sqlx::error::{DatabaseError, ErrorKind};

    use super::*;

    /// An error of the database of which nothing but its code matters.
    #[derive(Debug)]
    struct Code(i32);

    impl fmt::Display for Code {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "(code: {})", self.0)
        }
    }

    impl Error for Code {}

    impl DatabaseError for Code {
        fn message(&self) -> &str {
            "in its words"
        }

        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.to_string().into())
        }

        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> ErrorKind {
            ErrorKind::Other
        }
    }

    /// The error of the system that is found behind one of the ledger.
    fn system(error: &LedgerError) -> Option<&io::Error> {
        causes(error).find_map(|cause| cause.downcast_ref::<io::Error>())
    }

    #[test]
    fn the_error_of_the_system_is_found_behind_a_code() {
        let full = Some(io::ErrorKind::StorageFull);
        for (code, kind) in [
            (13, full),
            (4874, full),
            (7, Some(io::ErrorKind::OutOfMemory)),
            (10, None),
            (778, None),
            (5, None),
            (14, None),
            (526, None),
            (8, None),
            (11, None),
            (1, None),
        ] {
            let error = meaning(sqlx::Error::Database(Box::new(Code(code))), || Ok(()));
            assert_eq!(system(&error).map(io::Error::kind), kind, "{code}: {error}");
            assert!(
                error.to_string().contains(&format!("in its words, SQLite code {code}")),
                "{error}"
            );
            assert_eq!(error.is_of_the_act(), code == 1, "{error}");
        }
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_told_from_a_want_of_descriptors() {
        let asked =
            |answer: io::Result<()>| meaning(sqlx::Error::Database(Box::new(Code(14))), || answer);
        let out = asked(Err(io::Error::from_raw_os_error(24)));
        assert_eq!(system(&out).and_then(io::Error::raw_os_error), Some(24));
        assert!(out.to_string().contains("limit of open files"), "{out}");
        let other = asked(Ok(()));
        assert!(other.to_string().contains("must exist and be writable"), "{other}");
        // What SQLite itself said is there all the same.
        assert!(causes(&other).any(|cause| cause.downcast_ref::<Said>().is_some()));
    }

    #[test]
    fn what_the_driver_met_itself_is_a_cause_too() {
        let error = fault(sqlx::Error::Io(io::Error::from_raw_os_error(28)));
        assert_eq!(system(&error).and_then(io::Error::raw_os_error), Some(28));
    }
}
