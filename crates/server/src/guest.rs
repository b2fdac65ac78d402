use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::Notify;

/// Who is connected: each connection from its beginning on, and since when it has asked nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guests(Arc<Mutex<Table>>);

#[derive(Debug, Default)]
struct Table {
    /// Counts beginnings and ends of requests: a clock that only orders.
    ticks: u64,
    seats: BTreeMap<u64, Seat>,
}

#[derive(Debug)]
struct Seat {
    /// Requests that are being answered.
    requests: usize,
    /// Since when there are none.
    quiet_since: u64,
    /// Whether it was asked to leave.
    leaving: bool,
    leave: Arc<Notify>,
}

/// A connection. Gone from the table when it is dropped.
#[derive(Debug)]
pub(crate) struct Guest {
    guests: Guests,
    number: u64,
    /// Told when the connection should end.
    pub(crate) leave: Arc<Notify>,
}

/// A request that is being answered, until the last byte of its answer is taken.
#[derive(Debug)]
pub(crate) struct Request {
    guests: Guests,
    number: u64,
}

impl Guests {
    /// A new connection.
    pub(crate) fn come(&self) -> Guest {
        let mut table = self.lock();
        table.ticks += 1;
        let (number, leave) = (table.ticks, Arc::new(Notify::new()));
        let seat =
            Seat { requests: 0, quiet_since: number, leaving: false, leave: Arc::clone(&leave) };
        table.seats.insert(number, seat);
        Guest { guests: self.clone(), number, leave }
    }

    /// Asks that one to leave which has been quiet for longest. Gives whether there is one.
    pub(crate) fn send_away(&self) -> bool {
        let mut table = self.lock();
        let quiet = table.seats.values_mut().filter(|seat| seat.requests == 0 && !seat.leaving);
        match quiet.min_by_key(|seat| seat.quiet_since) {
            Some(seat) => {
                seat.leaving = true;
                seat.leave.notify_one();
                true
            }
            None => false,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// A request begins.
    pub(crate) fn ask(&self) -> Request {
        if let Some(seat) = self.guests.lock().seats.get_mut(&self.number) {
            seat.requests += 1;
        }
        Request { guests: self.guests.clone(), number: self.number }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.guests.lock().seats.remove(&self.number);
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        let mut table = self.guests.lock();
        table.ticks += 1;
        let now = table.ticks;
        if let Some(seat) = table.seats.get_mut(&self.number) {
            seat.requests = seat.requests.saturating_sub(1);
            seat.quiet_since = now;
        }
    }
}

impl Request {
    /// An answer that keeps the request going until it is sent.
    pub(crate) fn until_sent(self, body: Body) -> Body {
        Body::new(Answer { body, _request: self })
    }
}

struct Answer {
    body: Body,
    _request: Request,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(guest: &Guest) -> bool {
        let mut notified = std::pin::pin!(guest.leave.notified());
        notified.as_mut().enable()
    }

    #[test]
    fn who_was_quiet_for_longest_goes_and_nobody_who_is_answered() {
        let guests = Guests::default();
        let (first, second, third) = (guests.come(), guests.come(), guests.come());
        let asked = first.ask();
        drop(second.ask());
        assert!(guests.send_away());
        assert_eq!([&first, &second, &third].map(leaves), [false, false, true]);
        assert!(guests.send_away(), "the second has asked later");
        assert!(leaves(&second));
        assert!(!guests.send_away(), "the first is being answered");
        drop(asked);
        drop((second, third));
        assert!(guests.send_away());
        assert!(leaves(&first));
    }
}
