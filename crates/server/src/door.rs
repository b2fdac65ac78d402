use std::fs::File;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::guest::{Guest, Guests};
use crate::line::Line;
use crate::request_body::RequestBody;

/// How long to wait before the next try when the system gives no connection (it is out of descriptors).
const BREATH: Duration = Duration::from_millis(200);

/// Most connections at once, however many descriptors there are, and fewest, however few.
const MOST: usize = 2048;
const FEWEST: usize = 4;

/// How many seats there are for one at which guests that were sent away take the end of an answer.
const FAREWELLS: usize = 8;

/// How connections are let in.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// Connections open at once; the next one takes the place of the one that was quiet for longest, or waits.
    pub most: usize,
    /// How long a client may take for the head of a request, and how long a connection may lie idle between two.
    pub head: Duration,
    /// How long a client that owes a body may send next to nothing of it.
    pub body: Duration,
    /// How long a client may take next to nothing of an answer.
    pub answer: Duration,
    /// How long a client that is sent away may take for the end of an answer.
    pub farewell: Duration,
}

impl Door {
    /// For this process as it is now: at most a fourth as many connections as it may still open descriptors. An upload
    /// holds two beside its connection, and strangers must not use up those that the service itself needs.
    pub fn of_this_process() -> Door {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        // Where there is no `/proc`, a fourth of the limit is left to the service.
        let used = std::fs::read_dir("/proc/self/fd").map(|entries| entries.count() as u64);
        let most = limit.map_or(MOST, |limit| seats(limit, used.unwrap_or(limit / 4)));
        Door {
            most,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            farewell: Duration::from_millis(500),
        }
    }

    /// Answers the connections of a listener until `stop` is ready, then ends each after the answer that it is
    /// at. Where all seats are taken, whoever has asked nothing for longest makes room, else whoever owes the rest of a
    /// request for longest: so idle connections, and heads and bodies that never end, however many, keep nobody from
    /// asking how the service is. The seat is free at once: nobody at the door waits for a farewell.
    ///
    /// HTTP/1 only: no browser speaks HTTP/2 without TLS, and its requests carry no `Host` for
    /// [`Hosts`](crate::hosts::Hosts) to check.
    pub async fn serve(self, listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
        let seats = Arc::new(Semaphore::new(self.most.max(1)));
        let farewells = Arc::new(Semaphore::new(self.most.div_ceil(FAREWELLS)));
        let guests = Guests::default();
        let (closing, _) = watch::channel(false);
        let mut open = JoinSet::new();
        let mut spare = spare();
        let mut stop = pin!(stop);
        loop {
            // The finished ones must not pile up.
            while open.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = &mut stop => break,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    // Out of descriptors: the one that was kept for this is free now, and soon that of a quiet guest.
                    guests.send_away();
                    if spare.take().is_none() {
                        tracing::warn!(%error, "no connection could be taken");
                        tokio::time::sleep(BREATH).await;
                        spare = self::spare();
                    }
                    continue;
                }
            };
            let seat = match Arc::clone(&seats).try_acquire_owned() {
                Ok(seat) => Ok(seat),
                Err(_) => tokio::select! {
                    seat = next_seat(&seats, &guests) => seat,
                    () = &mut stop => break,
                },
            };
            let Ok(seat) = seat else { break };
            let guest = Arc::new(guests.come());
            let place = Admission { seat, farewells: Arc::clone(&farewells) };
            open.spawn(answer(stream, app.clone(), self, closing.subscribe(), guest, place));
            spare = spare.or_else(self::spare);
        }
        drop(listener);
        closing.send_replace(true);
        while open.join_next().await.is_some() {}
    }
}

/// The next seat that is free, for which a guest is sent away as soon as there is one who may be.
async fn next_seat(
    seats: &Arc<Semaphore>,
    guests: &Guests,
) -> Result<OwnedSemaphorePermit, AcquireError> {
    let mut seat = pin!(Arc::clone(seats).acquire_owned());
    loop {
        // Registered before the look, so that who falls quiet in between is not missed.
        let quiet = guests.quiet();
        if guests.send_away() {
            return seat.await;
        }
        tokio::select! {
            seat = seat.as_mut() => return seat,
            () = quiet => {}
        }
    }
}

/// What a connection holds of the house.
struct Admission {
    /// One of the seats.
    seat: OwnedSemaphorePermit,
    /// Where it may stand for a moment when the seat is needed: few, because each is a descriptor, too.
    farewells: Arc<Semaphore>,
}

/// How many connections a process takes that may have so many descriptors and has opened so many.
fn seats(limit: u64, used: u64) -> usize {
    usize::try_from(limit.saturating_sub(used) / 4).unwrap_or(MOST).clamp(FEWEST, MOST)
}

/// A descriptor that is let go when there is none for a connection.
fn spare() -> Option<File> {
    File::open("/dev/null").ok()
}

async fn answer(
    stream: TcpStream,
    app: Router,
    door: Door,
    mut closing: watch::Receiver<bool>,
    guest: Arc<Guest>,
    place: Admission,
) {
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(door.head);
    let asking = Arc::clone(&guest);
    let app = TowerToHyperService::new(app);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let request_begun = asking.ask();
        let answer =
            app.call(request.map(|body| RequestBody::new(body, Arc::clone(&asking), door.body)));
        async move { answer.await.map(|answer| answer.map(|body| request_begun.until_sent(body))) }
    });
    let connection =
        builder.serve_connection(TokioIo::new(Line::new(stream, door.answer)), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        // Whose head has come by now is heard.
        biased;
        ended = connection.as_mut() => ended,
        () = async { _ = closing.wait_for(|closing| *closing).await } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = guest.leave.notified() => {
            // Who has not asked yet is owed nothing. What is being sent to others may be sent to its end, where there
            // is a place to wait for that.
            if !guest.has_asked() {
                return;
            }
            let Ok(_farewell) = place.farewells.try_acquire_owned() else { return };
            drop(place.seat);
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(door.farewell, connection).await {
                Ok(ended) => ended,
                Err(_) => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_get_a_fourth_of_what_is_left() {
        for (limit, used, seats_there) in [
            (64, 40, 6),
            (64, 60, FEWEST),
            (64, 100, FEWEST),
            (1_024, 100, 231),
            (1 << 20, 100, MOST),
        ] {
            assert_eq!(seats(limit, used), seats_there, "{used} of {limit}");
        }
    }
}
