use madang_document::timestamp::Timestamp;

use madang_store::store::Listed;

/// Whether a file has settled: nobody is writing to it any more, as far as its store can tell.
///
/// A file is taken when its last change lies `settle_ms` back by `wall`, the clock that stores go by. A change that
/// lies in the future says nothing (clocks differ or are set back, archives restore odd dates): then the file must
/// have looked the same for that long, in `same_for_ms`, which no clock that is set has part in.
pub(crate) fn settled(
    file: &Listed,
    same_for_ms: Option<i64>,
    settle_ms: i64,
    wall: Timestamp,
) -> Settle {
    let unchanged_ms = match file.modified {
        Some(modified) if modified <= wall => wall.0.saturating_sub(modified.0),
        _ => same_for_ms.unwrap_or(0),
    };
    match settle_ms.saturating_sub(unchanged_ms) {
        ..=0 => Settle::Take,
        after_ms => Settle::LookAgain { after_ms },
    }
}

/// An earlier look at a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Look {
    /// The version it had.
    pub version: String,
    /// When it was first seen in that version, by a clock that nobody sets.
    pub at: Timestamp,
}

/// Whether to take a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Settle {
    /// Take it.
    Take,
    /// Look again later.
    LookAgain {
        /// When so many milliseconds have passed.
        after_ms: i64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_taken_when_it_has_been_left_alone() {
        let wall = Timestamp(10_000);
        let later = |after_ms| Settle::LookAgain { after_ms };
        for (modified, same_for_ms, expected) in [
            // An old one at once, a fresh one later.
            (Some(8_000), None, Settle::Take),
            (Some(9_000), None, later(1_000)),
            (Some(10_000), Some(1_999), later(2_000)),
            // A date in the future, or none, needs two looks.
            (Some(99_000), None, later(2_000)),
            (Some(99_000), Some(0), later(2_000)),
            (Some(99_000), Some(1_500), later(500)),
            (Some(99_000), Some(2_000), Settle::Take),
            (None, None, later(2_000)),
            (None, Some(2_500), Settle::Take),
        ] {
            let (path, version) = ("a".into(), "v".into());
            let file = Listed { path, version, size: 1, modified: modified.map(Timestamp) };
            let settle = settled(&file, same_for_ms, 2_000, wall);
            assert_eq!(settle, expected, "{modified:?} {same_for_ms:?}");
        }
    }
}
