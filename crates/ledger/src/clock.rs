use std::sync::Arc;

use madang_document::timestamp::Timestamp;

/// The time, as a value that somebody hands in when a backend is made. A store with a clock of its own (a
/// server database) uses that one instead, so that nodes whose clocks differ agree on when a lease ends.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How far a reading may lie before an earlier one and count as the same moment, milliseconds: threads that read at
/// once, and small corrections.
pub const TOLERANCE_MS: i64 = 1_000;

/// By how much a clock was set back that was at `latest` and now is at `now`, milliseconds: as much sooner as its readings
/// say is due what was to be due by it. None if it went on. How long it went on before it was set cannot be told of
/// one that nobody read meanwhile, so that what waits, waits for as long as remained at the last reading.
pub fn set_back(latest: Timestamp, now: Timestamp) -> Option<i64> {
    let by = latest.0.saturating_sub(now.0);
    (by > TOLERANCE_MS).then_some(by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_back_is_told_from_a_clock_that_goes_on() {
        let day = 86_400_000;
        for (latest, now, expected) in [
            (0, 0, None),
            (5, 6, None),
            (0, day, None),
            (1_000, 0, None),
            (1_001, 0, Some(1_001)),
            (day, 0, Some(day)),
            (3, -day, Some(day + 3)),
            // Never read.
            (i64::MIN, day, None),
            (i64::MAX, -1, Some(i64::MAX)),
        ] {
            assert_eq!(set_back(Timestamp(latest), Timestamp(now)), expected, "{latest} {now}");
        }
    }
}
