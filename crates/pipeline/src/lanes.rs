use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::besides::Besides;
use crate::threads::Threads;
use crate::together::Together;

/// As many lanes as there may be children, and how fast objects pass them.
#[derive(Clone)]
pub(crate) struct Lanes {
    pub(crate) free: Arc<Semaphore>,
    pub(crate) threads: Threads,
    pace: Arc<AtomicU64>,
    pub(crate) stop: CancellationToken,
    pub(crate) besides: Arc<Besides>,
    pub(crate) before: Arc<Together<[BlobId; 2], Option<Vec<Document>>>>,
}

impl Lanes {
    /// Of so many children, whose objects are expected to take so long.
    pub(crate) fn new(children: usize, pace: Duration, stop: CancellationToken) -> Lanes {
        let pace = u64::try_from(pace.as_micros()).unwrap_or(u64::MAX);
        let pace = Arc::new(AtomicU64::new(pace));
        let threads = Threads::new("lane", children);
        let free = Arc::new(Semaphore::new(children));
        Lanes { free, threads, pace, stop, besides: Arc::default(), before: Arc::default() }
    }

    /// What an object took of late.
    pub(crate) fn pace(&self) -> Duration {
        Duration::from_micros(self.pace.load(Ordering::Relaxed))
    }

    /// Takes an object's time into the average; the last few weigh most.
    pub(crate) fn passed(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).min(60_000_000);
        let before = self.pace.load(Ordering::Relaxed);
        self.pace.store((before * 7 + took) / 8, Ordering::Relaxed);
    }
}

/// Objects are claimed ahead of the children, so that the next one is read while others are being extracted; no
/// further than this much work reaches, because what is claimed goes before what a person uploads meanwhile.
const AHEAD: Duration = Duration::from_millis(200);

/// How long an object takes of which none is claimed ahead: that saves the moment in which it is fetched, and keeps those of
/// others waiting for minutes behind it.
pub(crate) const SLOW: Duration = Duration::from_secs(2);

/// How many objects may be in flight beside those in children: as many as `children` finish within [`AHEAD`] when
/// each takes `pace`, at least two, at most thirty; none of slow ones.
pub(crate) fn ahead(children: usize, pace: Duration) -> usize {
    if pace >= SLOW {
        return 0;
    }
    let pace = pace.as_micros().max(1);
    let quick = AHEAD.as_micros().saturating_mul(children as u128) / pace;
    usize::try_from(quick).unwrap_or(usize::MAX).clamp(2, 30)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quick_objects_are_claimed_further_ahead_than_slow_ones() {
        for (ms, expected) in [(0, 30), (12, 30), (40, 10), (100, 4), (300, 2), (60_000, 0)] {
            assert_eq!(ahead(2, Duration::from_millis(ms)), expected, "{ms} ms");
        }
    }
}
