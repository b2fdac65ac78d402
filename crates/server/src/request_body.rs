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
use crate::patience::Patience;

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
            let end = now + self.patience.left();
            self.end.as_mut().reset(end);
        }
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => {
                let (came, waited) = self.patience.spent();
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
