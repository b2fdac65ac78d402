use madang_document::shown::is_misleading;

use crate::mark::is_kept_name;

/// Why a path is not acceptable for an upload.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path is not acceptable: {0}")]
pub(crate) struct BadPath(pub(crate) &'static str);

/// Checks the path of an upload: relative, no way up, no hidden or temporary names (sources would skip the
/// file, and its uploader would wait for ever), nothing that a terminal or a listing could misread.
///
/// # Errors
/// [`BadPath`], naming what is wrong.
pub(crate) fn check_path(path: &str) -> Result<(), BadPath> {
    if path.is_empty() || path.len() > 1024 {
        return Err(BadPath("it must have 1 to 1024 bytes"));
    }
    if path.chars().any(is_misleading) || path.contains('\\') {
        return Err(BadPath("it holds control or direction characters, or a backslash"));
    }
    for part in path.split('/') {
        match part {
            "" => {
                return Err(BadPath("it has an empty part; write it without a slash at the start"));
            }
            "." | ".." => return Err(BadPath("`.` and `..` are not names")),
            part if part.starts_with('.') || part.starts_with("~$") || part.ends_with(".part") => {
                return Err(BadPath("hidden and temporary names are skipped; rename the file"));
            }
            part if is_kept_name(part.as_bytes()) => {
                return Err(BadPath(
                    "madang knows its own data folders by that name; choose another",
                ));
            }
            part if part.len() > 255 => return Err(BadPath("a name has at most 255 bytes")),
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
        for bad in [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../b",
            ".env",
            "a/.x",
            "~$a.doc",
            "a.part",
            "a\\b",
            "a\nb",
            "a\u{202E}b",
            "this-is-madang-data",
            "a/local.key",
            "a/LEDGER.DB",
        ] {
            assert!(check_path(bad).is_err(), "{bad}");
        }
    }
}
