use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, Sleep, sleep};

use crate::patience::Patience;

/// The wait for a guest who owes bytes, or is to take some, as long as patience with him lasts. Only time in which he is waited
/// for counts against him.
#[derive(Debug)]
pub(crate) struct Waiting {
    patience: Patience,
    /// Since when he is waited for, if he is.
    since: Option<Instant>,
    end: Pin<Box<Sleep>>,
}

/// The end of patience: so few bytes passed in so many seconds.
pub(crate) struct TooFew {
    pub(crate) bytes: usize,
    pub(crate) seconds: u64,
}

impl Waiting {
    pub(crate) fn of(patience: Duration) -> Waiting {
        let end = Box::pin(sleep(patience));
        Waiting { patience: Patience::of(patience), since: None, end }
    }

    /// So many bytes passed, for which he is no longer waited.
    pub(crate) fn passed(&mut self, bytes: usize) {
        let waited = self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.patience.take(waited, bytes);
    }

    /// None passed: he is waited for, until patience ends.
    pub(crate) fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<TooFew> {
        if self.since.is_none() {
            let now = Instant::now();
            self.since = Some(now);
            self.end.as_mut().reset(now + self.patience.left());
        }
        self.end.as_mut().poll(context).map(|()| {
            let (bytes, seconds) = self.patience.spent();
            TooFew { bytes, seconds }
        })
    }
}
