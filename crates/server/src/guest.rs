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
pub(crate) struct Guests(Arc<House>);

#[derive(Debug, Default)]
struct House {
    table: Mutex<Table>,
    /// Told when somebody may be sent away who could not be before.
    quiet: Notify,
}

#[derive(Debug, Default)]
struct Table {
    /// Counts beginnings and ends of requests: a clock that only orders.
    ticks: u64,
    seats: BTreeMap<u64, Seat>,
}

#[derive(Debug)]
struct Seat {
    /// Whether there ever was a request.
    asked: bool,
    /// Requests that are being answered.
    requests: usize,
    /// Since when there are none.
    quiet_since: u64,
    /// Since when the rest of a request is waited for, if it is.
    owing_since: Option<u64>,
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
        let seat = Seat {
            asked: false,
            requests: 0,
            quiet_since: number,
            owing_since: None,
            leaving: false,
            leave: Arc::clone(&leave),
        };
        table.seats.insert(number, seat);
        Guest { guests: self.clone(), number, leave }
    }

    /// Asks that one to leave which has been quiet for longest, else the one that owes the rest of its request for
    /// longest. Gives whether there is one.
    pub(crate) fn send_away(&self) -> bool {
        let mut table = self.lock();
        let staying = table.seats.values_mut().filter(|seat| !seat.leaving);
        let waits = staying.filter_map(|seat| match (seat.requests, seat.owing_since) {
            (0, _) => Some((0, seat.quiet_since, seat)),
            (_, Some(since)) => Some((1, since, seat)),
            (_, None) => None,
        });
        match waits.min_by_key(|(order, since, _)| (*order, *since)).map(|(.., seat)| seat) {
            Some(seat) => {
                seat.leaving = true;
                seat.leave.notify_one();
                true
            }
            None => false,
        }
    }

    /// Ready when, from now on, somebody falls quiet or begins to owe the rest of a request.
    pub(crate) fn quiet(&self) -> impl Future<Output = ()> + '_ {
        self.0.quiet.notified()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.0.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// A request begins.
    pub(crate) fn ask(&self) -> Request {
        if let Some(seat) = self.guests.lock().seats.get_mut(&self.number) {
            seat.asked = true;
            seat.requests += 1;
        }
        Request { guests: self.guests.clone(), number: self.number }
    }

    /// Whether a request of it was heard.
    pub(crate) fn has_asked(&self) -> bool {
        self.guests.lock().seats.get(&self.number).is_some_and(|seat| seat.asked)
    }

    /// Says whether the rest of a request is waited for.
    pub(crate) fn owes(&self, owing: bool) {
        let mut table = self.guests.lock();
        table.ticks += 1;
        let now = table.ticks;
        if let Some(seat) = table.seats.get_mut(&self.number) {
            seat.owing_since = if owing { seat.owing_since.or(Some(now)) } else { None };
        }
        drop(table);
        if owing {
            self.guests.0.quiet.notify_waiters();
        }
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
        drop(table);
        self.guests.0.quiet.notify_waiters();
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
        first.owes(true);
        let asking = guests.come();
        let later = asking.ask();
        asking.owes(true);
        first.owes(false);
        first.owes(true);
        assert!(guests.send_away());
        assert!(leaves(&asking), "the first has sent something since");
        first.owes(false);
        assert!(!guests.send_away(), "nothing is owed any more");
        drop(later);
        drop(asked);
        drop((second, third, asking));
        assert!(guests.send_away());
        assert!(leaves(&first));
    }
}
