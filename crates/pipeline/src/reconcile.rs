use std::collections::BTreeMap;

use madang_ledger::objects::Known;

use crate::store::Listed;

/// Compares a full listing with what is known: what to take, what is gone, and whether so much is gone that
/// the operator must say so.
///
/// Folders that could not be listed hide their files: nothing below them counts as gone.
pub fn reconcile(listing: Vec<Listed>, unlisted: &[String], known: Vec<Known>) -> Plan {
    let known_paths = known.len() as u64;
    let mut rest: BTreeMap<String, String> =
        known.into_iter().map(|known| (known.path, known.version)).collect();
    let mut take = Vec::new();
    for file in listing {
        if rest.remove(&file.path).as_deref() != Some(&file.version) {
            take.push(file);
        }
    }
    let hidden = |path: &str| {
        unlisted.iter().any(|folder| {
            folder.is_empty()
                || path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
                || path == folder
        })
    };
    let gone: Vec<String> = rest.into_keys().filter(|path| !hidden(path)).collect();
    let mass = is_mass(gone.len() as u64, known_paths);
    Plan { take, gone, mass }
}

/// Whether so many paths are gone at once that a lost mount is likelier than a clean-up: ten or more, and at
/// least half of what was known.
pub fn is_mass(gone: u64, known: u64) -> bool {
    gone >= 10 && gone.saturating_mul(2) >= known
}

/// What a reconcile is to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// New files and new versions.
    pub take: Vec<Listed>,
    /// Paths that are gone.
    pub gone: Vec<String>,
    /// Whether the operator must confirm that they are.
    pub mass: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, version: &str) -> Listed {
        Listed { path: path.into(), version: version.into(), size: 0, modified: None }
    }

    fn known(path: &str, version: &str) -> Known {
        Known { path: path.into(), version: version.into() }
    }

    #[test]
    fn takes_new_and_changed_and_finds_what_is_gone() {
        let plan = reconcile(
            vec![file("new", "1"), file("same", "1"), file("changed", "2")],
            &[],
            vec![known("same", "1"), known("changed", "1"), known("gone", "1")],
        );
        assert_eq!(plan.take, [file("new", "1"), file("changed", "2")]);
        assert_eq!(plan.gone, ["gone"]);
        assert!(!plan.mass);
    }

    #[test]
    fn what_lies_in_an_unreadable_folder_is_not_gone() {
        let known_files =
            || vec![known("shut/a", "1"), known("shut2/b", "1"), known("open/c", "1")];
        let plan = reconcile(vec![], &["shut".into()], known_files());
        assert_eq!(plan.gone, ["open/c", "shut2/b"]);
        assert!(reconcile(vec![], &[String::new()], known_files()).gone.is_empty());
    }

    #[test]
    fn a_lost_mount_is_a_mass_disappearance_and_a_clean_up_is_not() {
        assert!(is_mass(10, 10));
        assert!(is_mass(500, 1000));
        assert!(!is_mass(9, 9));
        assert!(!is_mass(100, 1000));
    }
}
