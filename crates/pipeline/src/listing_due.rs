use std::time::Duration;

use madang_document::timestamp::Timestamp;

use crate::clock::ms;

/// While a disappearance is held, the source is listed this often: the files may be back.
pub(crate) const HELD_LISTING: Duration = Duration::from_secs(10);

/// A source that cannot be listened to, or not everywhere, is listed this often.
pub(crate) const DEAF_LISTING: Duration = Duration::from_secs(60);

/// A source that could be listed and could not be listened to may have gone in between: it is listed again so soon, and
/// then at twice the time each time, up to the above.
const FIRST_DEAF_LISTING: Duration = Duration::from_secs(1);

/// A listing that came to its end, with what decides when the next one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// When it began and when it ended, by a clock that nobody sets.
    pub begun: Timestamp,
    /// See `begun`.
    pub ended: Timestamp,
    /// How often the source is listed as declared.
    pub reconcile: Duration,
    /// Whether everything that happens between two listings is heard.
    pub is_heard: bool,
    /// How many listings came to their ends, this one with them, since it was refused to listen at all.
    pub refused: u32,
    /// Whether so much is missing that the operator is asked, or will be.
    pub is_mass: bool,
    /// Whether it can be listened to since a moment ago: what falls between the two only another listing tells.
    pub is_back: bool,
}

/// When a source is listed again.
pub(crate) fn listing_due(listing: &Ended) -> Timestamp {
    let Ended { begun, ended, reconcile, is_heard, refused, is_mass, is_back } = *listing;
    if is_back {
        return ended;
    }
    let often = match is_heard {
        true => reconcile,
        // Without events, listing is the only way to hear of a new file.
        false => DEAF_LISTING.min(reconcile),
    };
    let due = ended.plus_ms(ms(often));
    // What a listing costs is not paid again and again: at most a tenth of the time.
    let took = ended.0.saturating_sub(begun.0);
    let soon = |span: Duration| ended.plus_ms(ms(span).max(took.saturating_mul(10)));
    let refused = refused.checked_sub(1).map(|more| {
        let doubled =
            2u32.checked_pow(more).and_then(|times| FIRST_DEAF_LISTING.checked_mul(times));
        soon(doubled.unwrap_or(DEAF_LISTING))
    });
    let held = is_mass.then(|| soon(HELD_LISTING));
    [held, refused].into_iter().flatten().fold(due, Timestamp::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_listed_as_declared_and_sooner_where_a_listing_tells_what_nothing_else_does() {
        // Seconds: how long it took, as declared, then heard, refused, mass, back, and when it is due after its end.
        for (took, reconcile, is_heard, refused, is_mass, is_back, expected) in [
            (1, 3_600, true, 0, false, false, 3_600),
            (1, 3_600, false, 0, false, false, 60),
            (1, 30, false, 0, false, false, 30),
            (1, 3_600, true, 0, true, false, 10),
            (1, 5, true, 0, true, false, 5),
            // A listing of a quarter of an hour is not made every ten seconds.
            (900, 86_400, true, 0, true, false, 9_000),
            (900, 3_600, true, 0, true, false, 3_600),
            (900, 3_600, false, 0, true, false, 60),
            (1, 3_600, false, 0, true, true, 0),
            // Gone between the listing and the watch, perhaps; no watches left, when it goes on.
            (0, 3_600, false, 1, false, false, 1),
            (0, 3_600, false, 3, false, false, 4),
            (0, 3_600, false, 7, false, false, 60),
            (0, 3_600, false, 99, false, false, 60),
            (0, 3_600, false, 6, true, false, 10),
            (2, 3_600, false, 1, false, false, 20),
            (900, 3_600, false, 1, false, false, 60),
            (0, 3_600, false, 1, false, true, 0),
        ] {
            let begun = Timestamp(5_000);
            let ended = begun.plus_ms(took * 1_000);
            let reconcile = Duration::from_secs(reconcile);
            let listing = Ended { begun, ended, reconcile, is_heard, refused, is_mass, is_back };
            let due = listing_due(&listing);
            assert_eq!(due, ended.plus_ms(expected * 1_000), "{listing:?}");
        }
    }
}
