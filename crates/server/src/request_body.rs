use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::guest::Guest;
use crate::waiting::{TooFew, Waiting};

/// The body of a request as it arrives. A guest of whom too little of it comes for too long has broken off; meanwhile
/// he owes it, and may have to make room. Only time in which he is waited for counts against him.
#[derive(Debug)]
pub(crate) struct RequestBody {
    body: Incoming,
    guest: Arc<Guest>,
    waiting: Waiting,
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, guest: Arc<Guest>, patience: Duration) -> RequestBody {
        RequestBody { body, guest, waiting: Waiting::of(patience) }
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
            self.waiting.passed(bytes);
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::other)));
        }
        self.guest.owes(true);
        self.waiting.poll_end(context).map(|TooFew { bytes, seconds }| {
            let reason = format!("of the request only {bytes} bytes came in {seconds} seconds");
            Some(Err(Error::new(ErrorKind::TimedOut, reason)))
        })
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
