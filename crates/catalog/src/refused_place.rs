use std::io;

use madang_document::cause::causes;

/// A store that refuses to read or write the place of one entry, while it takes others.
#[derive(Debug, thiserror::Error)]
#[error("`{key}` cannot be {}: {cure}", .deed.as_str())]
pub(crate) struct RefusedPlace {
    /// The key of the entry's file.
    pub key: String,
    /// What is refused.
    pub deed: Deed,
    /// What to do about it.
    pub cure: &'static str,
    /// What the store said.
    pub source: object_store::Error,
}

/// What is done at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Deed {
    Read,
    Write,
}

impl Deed {
    fn as_str(self) -> &'static str {
        match self {
            Deed::Read => "read",
            Deed::Write => "written",
        }
    }
}

const OCCUPIED: &str = "move away what stands in its place, then do it again";
const DENIED: &str = "give the account that runs madang the right to this place, then do it again";
const NAME: &str = "its place has a name that this store does not take; declare the registry with a shorter path, then \
                    do it again";
const DISK: &str =
    "check the disk below it, or move away what stands in its place, then do it again";
const SERVICE: &str =
    "the service refuses this key; change what it forbids there, then do it again";

/// What to do about an error that may be of one place alone; none if it is of the whole store: it is away, full, busy, or
/// knows no such bucket. The same error may still be of the whole, if its folder is no folder, or all of it is forbidden:
/// only another place tells.
pub(crate) fn cure(error: &object_store::Error) -> Option<&'static str> {
    use object_store::Error;
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()) {
        return of_system(error);
    }
    match error {
        Error::InvalidPath { .. } => Some(NAME),
        Error::PermissionDenied { .. } => Some(DENIED),
        Error::Precondition { .. } | Error::NotSupported { .. } => Some(SERVICE),
        // A refused key has no error of its own: only the status in the words tells. S3 says also with 400 that it waited
        // too long for the bytes.
        Error::Generic { .. } => {
            let words = error.to_string();
            let refused = [
                "400 Bad Request",
                "403 Forbidden",
                "405 Method Not Allowed",
                "413 Payload Too Large",
                "414 URI Too Long",
                "422 Unprocessable Entity",
            ];
            let is_refused = refused.iter().any(|status| words.contains(status));
            (is_refused && !words.contains("RequestTimeout")).then_some(SERVICE)
        }
        _ => None,
    }
}

fn of_system(error: &io::Error) -> Option<&'static str> {
    /// EIO has no kind of its own; it is 5 on every Linux and BSD (errno(3)).
    const EIO: i32 = 5;
    match error.kind() {
        io::ErrorKind::IsADirectory
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::DirectoryNotEmpty
        | io::ErrorKind::AlreadyExists => Some(OCCUPIED),
        io::ErrorKind::PermissionDenied => Some(DENIED),
        io::ErrorKind::InvalidFilename | io::ErrorKind::InvalidInput => Some(NAME),
        // Links that lead in a circle: ELOOP, whose kind is not stable.
        _ if is_loop(error) => Some(OCCUPIED),
        _ if error.raw_os_error() == Some(EIO) => Some(DISK),
        _ => None,
    }
}

/// ELOOP is 40 on Linux, 62 on BSD (errno(3)).
fn is_loop(error: &io::Error) -> bool {
    error.raw_os_error() == Some(if cfg!(target_os = "linux") { 40 } else { 62 })
}

#[cfg(test)]
mod tests {
    use object_store::Error;

    use super::*;

    fn generic(source: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::Generic { store: "test", source: Box::new(source) }
    }

    #[test]
    fn what_is_away_or_full_is_of_no_place() {
        // errno(3) on Linux: EPERM, EIO, EACCES, EEXIST, ENOTDIR, EISDIR, ENAMETOOLONG, ELOOP.
        for code in [1, 5, 13, 17, 20, 21, 36, 40] {
            assert!(cure(&generic(io::Error::from_raw_os_error(code))).is_some(), "{code}");
        }
        // ENOENT, ENFILE, EMFILE, ENOSPC, EROFS, ETIMEDOUT, ESTALE, EDQUOT.
        for code in [2, 23, 24, 28, 30, 110, 116, 122] {
            assert_eq!(cure(&generic(io::Error::from_raw_os_error(code))), None, "{code}");
        }
        for (words, is_refused) in [
            ("Server returned non-2xx status code: 403 Forbidden: AccessDenied", true),
            ("Server returned non-2xx status code: 400 Bad Request: KeyTooLongError", true),
            ("Server returned non-2xx status code: 400 Bad Request: RequestTimeout", false),
            ("Server returned non-2xx status code: 401 Unauthorized", false),
            ("Server returned non-2xx status code: 503 Service Unavailable: SlowDown", false),
            ("error sending request", false),
        ] {
            let error = Error::Generic { store: "S3", source: words.into() };
            assert_eq!(cure(&error).is_some(), is_refused, "{words}");
        }
        let (path, source) = ("a".to_owned(), "NoSuchBucket".into());
        assert_eq!(cure(&Error::NotFound { path, source }), None);
    }
}
