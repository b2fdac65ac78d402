use std::cmp::Ordering;

use madang_ledger::objects::KnownPath;

use madang_store::store::Listed;
use madang_store::version::same_version;

/// Compares the heads of two lists, both ordered by path: what a store lists, and what the ledger knows. Neither
/// is ever held whole.
pub(crate) fn compare(listed: Option<&Listed>, known: Option<&KnownPath>) -> Option<Compared> {
    Some(match (listed, known) {
        (None, None) => return None,
        (Some(_), None) => Compared::New,
        (None, Some(_)) => Compared::Gone,
        (Some(listed), Some(known)) => match listed.path.cmp(&known.path) {
            Ordering::Less => Compared::New,
            Ordering::Greater => Compared::Gone,
            Ordering::Equal if known.version == listed.version => Compared::Same,
            Ordering::Equal if same_version(&known.version, &listed.version) => Compared::Fuller,
            Ordering::Equal => Compared::Changed,
        },
    })
}

/// What two heads are to one another, and with it which of the lists goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compared {
    /// The listed one is not known.
    New,
    /// Both are one path, in two versions.
    Changed,
    /// Both are one path in one version.
    Same,
    /// The same, but the listed one says more of its version than was recorded of it.
    Fuller,
    /// The known one is not listed.
    Gone,
}

/// Whether a path lies in one of these folders: they could not be listed, and hide what lies below.
pub(crate) fn is_hidden(path: &str, unlisted: &[String]) -> bool {
    unlisted.iter().any(|folder| {
        folder.is_empty()
            || path == folder
            || path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, version: &str) -> Listed {
        Listed { path: path.into(), version: version.into(), size: 0, modified: None }
    }

    fn known(path: &str, version: &str) -> KnownPath {
        KnownPath { path: path.into(), version: version.into() }
    }

    #[test]
    fn takes_new_and_changed_and_finds_what_is_gone() {
        let listed = [
            file("changed", "2"),
            file("fuller", "1a-ff-100-2"),
            file("new", "1"),
            file("same", "1"),
            file("z", "1"),
        ];
        let known = [
            known("changed", "1"),
            known("fuller", "1a-ff-2"),
            known("gone", "1"),
            known("same", "1"),
        ];
        let (mut listed, mut known) = (listed.iter().peekable(), known.iter().peekable());
        let mut found = Vec::new();
        while let Some(compared) = compare(listed.peek().copied(), known.peek().copied()) {
            let listed = (compared != Compared::Gone).then(|| listed.next()).flatten();
            let known = (compared != Compared::New).then(|| known.next()).flatten();
            let path = listed.map(|l| &l.path).or(known.map(|k| &k.path)).unwrap();
            found.push((path.as_str(), compared));
        }
        let expected = [
            ("changed", Compared::Changed),
            ("fuller", Compared::Fuller),
            ("gone", Compared::Gone),
            ("new", Compared::New),
            ("same", Compared::Same),
            ("z", Compared::New),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_lies_in_an_unreadable_folder_is_not_gone() {
        let shut = ["shut".to_owned()];
        for (path, hidden) in [("shut/a", true), ("shut", true), ("shut2/b", false), ("c", false)] {
            assert_eq!(is_hidden(path, &shut), hidden, "{path}");
        }
        assert!(is_hidden("anything", &[String::new()]));
        assert!(!is_hidden("anything", &[]));
    }
}
