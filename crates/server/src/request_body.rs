use std::future::Future;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

use crate::guest::Guest;

/// Bytes that have to come while a body is waited for as long as patience lasts: what any line carries in some seconds,
/// and more than whoever wants nothing but the place would send.
const LEAST: usize = 8 << 10;

/// The body of a request as it arrives. A guest of whom too little of it comes for too long has broken off; meanwhile
/// he owes it, and may have to make room. Only time in which he is waited for counts against him.
#[derive(Debug)]
pub(crate) struct RequestBody {
    body: Incoming,
    guest: Arc<Guest>,
    patience: Patience,
    /// Since when the guest is waited for, if he is.
    waiting: Option<Instant>,
    end: Pin<Box<Sleep>>,
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, guest: Arc<Guest>, patience: Duration) -> RequestBody {
        let end = Box::pin(sleep(patience));
        RequestBody { body, guest, patience: Patience::of(patience), waiting: None, end }
    }
}

/// How long a guest is still waited for.
#[derive(Debug)]
struct Patience {
    whole: Duration,
    left: Duration,
    /// Bytes that came since it was whole.
    came: usize,
}

impl Patience {
    fn of(whole: Duration) -> Patience {
        Patience { whole, left: whole, came: 0 }
    }

    /// After so long a wait so many bytes came.
    fn take(&mut self, waited: Duration, bytes: usize) {
        self.left = self.left.saturating_sub(waited);
        self.came = self.came.saturating_add(bytes);
        if self.came >= LEAST {
            *self = Patience::of(self.whole);
        }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            let data = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            let bytes = data.map_or(0, Bytes::len);
            self.guest.owes(false);
            let waited = self.waiting.take().map_or(Duration::ZERO, |since| since.elapsed());
            self.patience.take(waited, bytes);
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::other)));
        }
        self.guest.owes(true);
        if self.waiting.is_none() {
            let now = Instant::now();
            self.waiting = Some(now);
            let end = now + self.patience.left;
            self.end.as_mut().reset(end);
        }
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => {
                let (waited, came) = (self.patience.whole.as_secs(), self.patience.came);
                let reason = format!("of the request only {came} bytes came in {waited} seconds");
                Poll::Ready(Some(Err(Error::new(ErrorKind::TimedOut, reason))))
            }
            Poll::Pending => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for RequestBody {
    fn drop(&mut self) {
        self.guest.owes(false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_whole_again_when_enough_has_come() {
        let second = Duration::from_secs(1);
        let mut patience = Patience::of(second * 30);
        for _ in 0..29 {
            patience.take(second, 1);
        }
        assert_eq!((patience.left, patience.came), (second, 29), "a drop buys nothing");
        patience.take(second / 2, LEAST - 29);
        assert_eq!((patience.left, patience.came), (second * 30, 0));
        // The house may take as long as it likes: then nobody is waited for.
        patience.take(Duration::ZERO, 1);
        assert_eq!(patience.left, second * 30);
        patience.take(second * 40, 1);
        assert_eq!(patience.left, Duration::ZERO);
    }
}
