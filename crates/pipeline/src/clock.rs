use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_document::timestamp::Timestamp;

/// The time, as a value that somebody hands in.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// A clock that nobody sets: it begins at the time of `clock` and goes on by the monotonic one. What waits for its
/// time waits by this, or a clock that is set back by a day makes it wait for a day.
pub fn steady(clock: &Clock) -> Clock {
    let (start, begun) = (clock(), Instant::now());
    Arc::new(move || start.plus_ms(ms(begun.elapsed())))
}

/// Random numbers from 0 to 1.
pub type Jitter = Arc<dyn Fn() -> f64 + Send + Sync>;

/// A span in the unit of timestamps: milliseconds.
pub(crate) fn ms(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// How long it is until then; nothing if it is past.
pub(crate) fn until(then: Timestamp, now: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(then.0.saturating_sub(now.0)).unwrap_or(0))
}
