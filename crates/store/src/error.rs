use madang_document::cause::told;

/// What lies behind an error.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What a caller of a store can act on.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Not there, or not in this version.
    #[error("`{0}` is not there any more, or was replaced")]
    Gone(String),
    /// Not allowed: trying again is useless until somebody changes the rights.
    #[error("`{path}` may not be read or written: {reason}")]
    Denied {
        /// The path.
        path: String,
        /// The store's words and the cure.
        reason: String,
        /// What the system said.
        source: Option<Cause>,
    },
    /// Something else stands where it would be: a folder in the place of a file, or the other way round.
    #[error("`{path}` cannot be put there: {reason}")]
    Conflict {
        /// The path.
        path: String,
        /// What stands in the way.
        reason: String,
    },
    /// The condition of a put does not hold.
    #[error("`{0}` is there already, or is not the version that was named")]
    Precondition(String),
    /// The bytes to be written ended early.
    #[error("`{path}`: the upload broke off: {source}")]
    BrokenOff {
        /// The path.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// No answer, disk full, and the like: trying again may help.
    #[error("`{path}`: {reason}")]
    Unavailable {
        /// The path.
        path: String,
        /// The store's words and the cure.
        reason: String,
        /// What the system said.
        source: Option<Cause>,
    },
}

impl StoreError {
    /// What a file system error means.
    pub fn of_io(path: &str, error: std::io::Error) -> StoreError {
        use std::io::ErrorKind;
        let owned = path.to_owned();
        match (error.kind(), error.raw_os_error().map(rustix::io::Errno::from_raw_os_error)) {
            (ErrorKind::NotFound | ErrorKind::NotADirectory, _) => StoreError::Gone(owned),
            (ErrorKind::PermissionDenied, _) => {
                let reason = format!("{error}; give the account that runs madang the right to it");
                StoreError::Denied { path: owned, reason, source: Some(error.into()) }
            }
            (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => {
                let reason = format!("{error}; free some space");
                StoreError::Unavailable { path: owned, reason, source: Some(error.into()) }
            }
            (_, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE)) => {
                let reason = format!("{error}; raise the limit on open files (ulimit -n)");
                StoreError::Unavailable { path: owned, reason, source: Some(error.into()) }
            }
            _ => StoreError::unavailable(path, error.to_string(), error),
        }
    }

    /// That trying again may help.
    pub fn unavailable(
        path: &str,
        reason: impl Into<String>,
        cause: impl Into<Cause>,
    ) -> StoreError {
        StoreError::Unavailable {
            path: path.to_owned(),
            reason: reason.into(),
            source: Some(cause.into()),
        }
    }

    /// That trying again may help, where no system call has failed.
    pub fn away(path: &str, reason: impl Into<String>) -> StoreError {
        StoreError::Unavailable { path: path.to_owned(), reason: reason.into(), source: None }
    }

    /// That trying again is useless, where an error says why.
    pub fn denied_by(path: &str, cause: impl Into<Cause>) -> StoreError {
        let cause = cause.into();
        StoreError::Denied { path: path.to_owned(), reason: cause.to_string(), source: Some(cause) }
    }

    /// That trying again is useless, where no error has said so.
    pub fn denied(path: &str, reason: impl Into<String>) -> StoreError {
        StoreError::Denied { path: path.to_owned(), reason: reason.into(), source: None }
    }

    /// In one line, as an error of a place as a whole: one that names the place itself does not name it twice.
    pub fn told_of(&self, place: &str) -> String {
        let told = told(self);
        // What was said of the place by the empty key.
        let told = told.strip_prefix("``: ").unwrap_or(&told);
        match told.contains(place) {
            true => told.to_owned(),
            false => format!("{place}: {told}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_named_once() {
        for (error, told) in [
            (StoreError::away("/srv/drop", "it is away"), "`/srv/drop`: it is away"),
            (StoreError::away("", "it is away"), "/srv/drop: it is away"),
            (
                StoreError::denied("/srv/drop", "it is closed"),
                "`/srv/drop` may not be read or written: it is closed",
            ),
            (
                StoreError::unavailable("a.txt", "broken", std::io::Error::other("the disk")),
                "/srv/drop: `a.txt`: broken: the disk",
            ),
        ] {
            assert_eq!(error.told_of("/srv/drop"), told);
        }
    }

    #[test]
    fn a_refusal_keeps_its_cause() {
        let cause = std::io::Error::from_raw_os_error(13);
        let words = cause.to_string();
        let error = StoreError::denied_by("a.txt", cause);
        assert_eq!(error.to_string(), format!("`a.txt` may not be read or written: {words}"));
        let source = std::error::Error::source(&error).unwrap();
        assert!(source.downcast_ref::<std::io::Error>().is_some(), "{source:?}");
    }
}
