use crate::error::LedgerError;

/// Says what a caller can act on, with the cure in words. Primary result codes:
/// <https://www.sqlite.org/rescode.html>.
pub(super) fn fault(error: sqlx::Error) -> LedgerError {
    let sqlx::Error::Database(inner) = &error else {
        return match error {
            sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::Decode(_)
            | sqlx::Error::ColumnNotFound(_)
            | sqlx::Error::RowNotFound => LedgerError::Refused(error.to_string()),
            _ => LedgerError::Unavailable(error.to_string()),
        };
    };
    // The low byte of an extended code is its primary code.
    let code =
        inner.code().and_then(|code| code.parse::<i32>().ok()).map_or(-1, |code| code & 0xff);
    let message = inner.message();
    match code {
        13 => LedgerError::Unavailable(format!(
            "the disk that holds it is full: free space and try again ({message})"
        )),
        10 => LedgerError::Unavailable(format!(
            "its disk does not read or write: look at the disk and at its free space ({message})"
        )),
        5 | 6 => LedgerError::Unavailable(format!(
            "another program holds it: end the other program or try again ({message})"
        )),
        14 => LedgerError::Unavailable(format!(
            "its file cannot be opened: the folder must exist and be writable ({message})"
        )),
        8 | 3 | 23 => LedgerError::Unavailable(format!(
            "its file cannot be written: give this user the right to write it ({message})"
        )),
        7 => LedgerError::Unavailable(format!("there is not enough memory ({message})")),
        11 | 26 => LedgerError::Damaged(format!(
            "its file is not a sound SQLite database: restore it from a copy ({message})"
        )),
        _ => LedgerError::Refused(format!("{message} (SQLite code {code})")),
    }
}

/// A stored value that Madang did not write.
pub(super) fn odd(what: &str, value: impl std::fmt::Display) -> LedgerError {
    LedgerError::Refused(format!("{what} holds {value}"))
}
