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

/// The body of a request as it arrives. A guest of whom nothing of it comes for too long has broken off; meanwhile he
/// owes it, and may have to make room.
#[derive(Debug)]
pub(crate) struct RequestBody {
    body: Incoming,
    guest: Arc<Guest>,
    patience: Duration,
    end: Pin<Box<Sleep>>,
}

impl RequestBody {
    pub(crate) fn new(body: Incoming, guest: Arc<Guest>, patience: Duration) -> RequestBody {
        RequestBody { body, guest, patience, end: Box::pin(sleep(patience)) }
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
            self.guest.owes(false);
            // What follows may take as long again.
            let end = Instant::now() + self.patience;
            self.end.as_mut().reset(end);
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::other)));
        }
        self.guest.owes(true);
        match self.end.as_mut().poll(context) {
            Poll::Ready(()) => {
                let waited = self.patience.as_secs();
                let reason = format!("nothing of the request came for {waited} seconds");
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
