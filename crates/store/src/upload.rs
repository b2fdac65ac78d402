use madang_document::shown::is_misleading;

use crate::mark::is_kept_name;

/// Longest path of an upload and longest part of it, bytes: what file systems and object stores hold.
const LONGEST_PATH: usize = 1024;
const LONGEST_PART: usize = 255;

/// Why a path is not acceptable for an upload, and the cure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// Empty, or too long as a whole.
    #[error("a path has 1 to 1024 bytes")]
    Length,
    /// A terminal or a log would obey it.
    #[error("a path holds no control characters")]
    Control,
    /// It would be read as another.
    #[error("a path holds no marks that break lines or turn the direction of writing")]
    Misleading,
    /// A separator elsewhere.
    #[error("the separator of a path is `/`")]
    Backslash,
    /// It leads up, or nowhere.
    #[error("no part of a path is empty, `.` or `..`")]
    Part,
    /// Sources skip it, and its uploader would wait for ever.
    #[error("hidden and temporary names are skipped; rename the file")]
    Skipped,
    /// It would make a data folder of the folder it lies in.
    #[error("madang knows its own data folders by that name; rename the file")]
    Kept,
    /// A part is too long.
    #[error("a name has at most 255 bytes")]
    LongPart,
}

/// The one rule on the path of an upload, for those who take it and those who keep it: relative, no way up, no hidden
/// or temporary names, nothing that a terminal or a listing could misread.
///
/// # Errors
/// [`BadPath`], naming what is wrong.
pub fn check_path(path: &str) -> Result<(), BadPath> {
    if path.is_empty() || path.len() > LONGEST_PATH {
        return Err(BadPath::Length);
    }
    if path.chars().any(char::is_control) {
        return Err(BadPath::Control);
    }
    if path.chars().any(is_misleading) {
        return Err(BadPath::Misleading);
    }
    if path.contains('\\') {
        return Err(BadPath::Backslash);
    }
    for part in path.split('/') {
        match part {
            "" | "." | ".." => return Err(BadPath::Part),
            part if part.starts_with('.') || part.starts_with("~$") || part.ends_with(".part") => {
                return Err(BadPath::Skipped);
            }
            part if is_kept_name(part.as_bytes()) => return Err(BadPath::Kept),
            part if part.len() > LONGEST_PART => return Err(BadPath::LongPart),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_relative_paths() {
        for good in ["a.txt", "2026/보도자료 (최종).hwp", "a%2e%2e/b#c"] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
        let long = format!("{}/a", "가".repeat(86));
        let longest = vec!["a".repeat(254); 5].join("/");
        for (bad, why) in [
            ("", BadPath::Length),
            (longest.as_str(), BadPath::Length),
            ("/a", BadPath::Part),
            ("a/", BadPath::Part),
            ("a//b", BadPath::Part),
            ("..", BadPath::Part),
            ("a/../b", BadPath::Part),
            ("a/.", BadPath::Part),
            (".env", BadPath::Skipped),
            ("..a", BadPath::Skipped),
            ("a/.x", BadPath::Skipped),
            ("~$a.doc", BadPath::Skipped),
            ("a.part", BadPath::Skipped),
            ("a\\b", BadPath::Backslash),
            ("a\nb", BadPath::Control),
            ("a\u{85}b", BadPath::Control),
            ("a\u{202E}b", BadPath::Misleading),
            ("a\u{2028}b", BadPath::Misleading),
            (long.as_str(), BadPath::LongPart),
            ("this-is-madang-data", BadPath::Kept),
            ("a/local.key", BadPath::Kept),
            ("a/LEDGER.DB", BadPath::Kept),
        ] {
            assert_eq!(check_path(bad), Err(why), "{bad}");
        }
    }
}
