use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_store::error::StoreError;
use madang_store::store::{Listed, Seen};

/// What a look at one path came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Looked {
    /// A file is there.
    File(Listed),
    /// Something is there that cannot be taken.
    LeftOut(LeftOut),
    /// A file was there, as far as is known, and is gone.
    Gone,
    /// What was there was no file, and is gone; what file it had replaced is missing already.
    Ended,
    /// It cannot be told yet.
    NotYet,
}

/// What is to be thought of a look. `left_out` is what was known to be at the path and could not be taken.
pub(crate) fn looked(
    path: &str,
    seen: Result<Option<Seen>, StoreError>,
    left_out: Option<LeftOutKind>,
) -> Looked {
    match seen {
        Ok(Some(Seen::Object(file))) => Looked::File(file),
        Ok(Some(Seen::LeftOut(left_out))) => Looked::LeftOut(left_out),
        Ok(Some(Seen::Unlisted { reason, .. })) => Looked::LeftOut(unreadable(path, reason)),
        Ok(None) => match left_out {
            None | Some(LeftOutKind::Unreadable) => Looked::Gone,
            Some(_) => Looked::Ended,
        },
        // Until somebody changes the rights, which is an event, or the next listing says it again.
        Err(error @ StoreError::Denied { .. }) => {
            Looked::LeftOut(unreadable(path, error.to_string()))
        }
        Err(_) => Looked::NotYet,
    }
}

fn unreadable(path: &str, reason: String) -> LeftOut {
    LeftOut { key: path.to_owned(), kind: LeftOutKind::Unreadable, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks() {
        let file = Listed { path: "a".into(), version: "1".into(), size: 0, modified: None };
        let left_out = |key: &str, kind, reason: &str| LeftOut {
            key: key.into(),
            kind,
            reason: reason.into(),
        };
        let link = left_out("a", LeftOutKind::Link, "a link");
        let shut = Seen::Unlisted { key: "a/".into(), reason: "shut".into() };
        let (known_link, known_shut) = (Some(LeftOutKind::Link), Some(LeftOutKind::Unreadable));
        let denied = StoreError::denied("a", "closed");
        let words = denied.to_string();
        let unreadable =
            |reason: &str| Looked::LeftOut(left_out("a", LeftOutKind::Unreadable, reason));
        for (seen, known, expected) in [
            (Ok(Some(Seen::Object(file.clone()))), None, Looked::File(file.clone())),
            (Ok(Some(Seen::Object(file.clone()))), known_link, Looked::File(file.clone())),
            (Ok(Some(Seen::LeftOut(link.clone()))), None, Looked::LeftOut(link.clone())),
            (Ok(Some(shut)), None, unreadable("shut")),
            (Ok(None), None, Looked::Gone),
            // It could not be read, and yet it was a file.
            (Ok(None), known_shut, Looked::Gone),
            (Ok(None), known_link, Looked::Ended),
            (Err(denied), known_link, unreadable(&words)),
            (Err(StoreError::away("a", "no descriptors")), None, Looked::NotYet),
            (Err(StoreError::Gone("a".into())), known_link, Looked::NotYet),
        ] {
            let what = format!("{seen:?} {known:?}");
            assert_eq!(looked("a", seen, known), expected, "{what}");
        }
    }
}
