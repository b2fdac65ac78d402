use madang_document::timestamp::Timestamp;

use madang_store::store::Listed;

/// Whether a file has settled: nobody is writing to it any more, as far as its store can tell.
///
/// A file is taken when its last change lies `settle_ms` back. A change that lies in the future says nothing
/// (clocks differ, archives restore odd dates): then the file must look the same at two looks that far apart.
pub fn settled(file: &Listed, before: Option<&Look>, settle_ms: i64, now: Timestamp) -> Settle {
    let trusted = file.modified.filter(|modified| modified.0 <= now.0);
    if let Some(modified) = trusted {
        let due = modified.plus_ms(settle_ms);
        return if due.0 <= now.0 { Settle::Take } else { Settle::LookAgain(due) };
    }
    match before {
        Some(look) if look.version == file.version => {
            let due = look.at.plus_ms(settle_ms);
            if due.0 <= now.0 { Settle::Take } else { Settle::LookAgain(due) }
        }
        _ => Settle::LookAgain(now.plus_ms(settle_ms)),
    }
}

/// An earlier look at a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The version it had.
    pub version: String,
    /// When it was first seen in that version.
    pub at: Timestamp,
}

/// Whether to take a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// Take it.
    Take,
    /// Look again then.
    LookAgain(Timestamp),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(version: &str, modified: Option<i64>) -> Listed {
        Listed {
            path: "a".into(),
            version: version.into(),
            size: 1,
            modified: modified.map(Timestamp),
        }
    }

    #[test]
    fn an_old_file_is_taken_at_once_and_a_fresh_one_later() {
        let now = Timestamp(10_000);
        assert_eq!(settled(&file("v", Some(8_000)), None, 2_000, now), Settle::Take);
        let later = Settle::LookAgain(Timestamp(11_000));
        assert_eq!(settled(&file("v", Some(9_000)), None, 2_000, now), later);
    }

    #[test]
    fn a_date_in_the_future_needs_two_looks() {
        let future = file("v", Some(99_000));
        let look = |at| Look { version: "v".into(), at: Timestamp(at) };
        let now = Timestamp(10_000);
        assert_eq!(settled(&future, None, 2_000, now), Settle::LookAgain(Timestamp(12_000)));
        assert_eq!(settled(&future, Some(&look(8_000)), 2_000, now), Settle::Take);
        let changed = Look { version: "u".into(), at: Timestamp(0) };
        assert_eq!(
            settled(&future, Some(&changed), 2_000, now),
            Settle::LookAgain(Timestamp(12_000))
        );
    }
}
