use std::time::Duration;

use madang_document::timestamp::Timestamp;

use crate::clock::ms;

/// While a disappearance is held, the source is listed this often: the files may be back.
pub(crate) const HELD_LISTING: Duration = Duration::from_secs(10);

/// A source that cannot be listened to, or not everywhere, is listed this often.
pub(crate) const DEAF_LISTING: Duration = Duration::from_secs(60);

/// A listing that came to its end, with what decides when the next one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// When it began and when it ended, by a clock that nobody sets.
    pub begun: Timestamp,
    /// See `begun`.
    pub ended: Timestamp,
    /// How often the source is listed as declared.
    pub reconcile: Duration,
    /// Whether everything that happens between two listings is heard.
    pub is_heard: bool,
    /// Whether so much is missing that the operator is asked, or will be.
    pub is_mass: bool,
    /// Whether it can be listened to since a moment ago: what falls between the two only another listing tells.
    pub is_back: bool,
}

/// When a source is listed again.
pub fn listing_due(listing: &Ended) -> Timestamp {
    let Ended { begun, ended, reconcile, is_heard, is_mass, is_back } = *listing;
    if is_back {
        return ended;
    }
    let often = match is_heard {
        true => reconcile,
        // Without events, listing is the only way to hear of a new file.
        false => DEAF_LISTING.min(reconcile),
    };
    let due = ended.plus_ms(ms(often));
    if !is_mass {
        return due;
    }
    // What a listing costs is not paid again and again: at most a tenth of the time.
    let took = ended.0.saturating_sub(begun.0);
    let soon = ms(HELD_LISTING).max(took.saturating_mul(10));
    due.min(ended.plus_ms(soon))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_listed_as_declared_and_sooner_where_a_listing_tells_what_nothing_else_does() {
        // Seconds: how long it took, as declared, then heard, mass, back, and when it is due after its end.
        for (took, reconcile, is_heard, is_mass, is_back, expected) in [
            (1, 3_600, true, false, false, 3_600),
            (1, 3_600, false, false, false, 60),
            (1, 30, false, false, false, 30),
            (1, 3_600, true, true, false, 10),
            (1, 5, true, true, false, 5),
            // A listing of a quarter of an hour is not made every ten seconds.
            (900, 86_400, true, true, false, 9_000),
            (900, 3_600, true, true, false, 3_600),
            (900, 3_600, false, true, false, 60),
            (1, 3_600, false, true, true, 0),
        ] {
            let begun = Timestamp(5_000);
            let ended = begun.plus_ms(took * 1_000);
            let reconcile = Duration::from_secs(reconcile);
            let listing = Ended { begun, ended, reconcile, is_heard, is_mass, is_back };
            let due = listing_due(&listing);
            assert_eq!(due, ended.plus_ms(expected * 1_000), "{listing:?}");
        }
    }
}
