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
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

use crate::guest::{Guest, Guests};
use crate::request_body::RequestBody;

/// How long to wait before the next try when the system gives no connection (it is out of descriptors).
const BREATH: Duration = Duration::from_millis(200);

/// Most connections at once, however many descriptors there are, and fewest, however few.
const MOST: usize = 2048;
const FEWEST: usize = 4;

/// How long a guest that is sent away may take for the end of an answer.
const FAREWELL: Duration = Duration::from_millis(500);

/// How connections are let in.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// Connections open at once; the next one takes the place of the one that was quiet for longest, or waits.
    pub most: usize,
    /// How long a client may take for the head of a request, and how long a connection may lie idle between two.
    pub head: Duration,
    /// How long a client may send nothing of a body that it owes.
    pub body: Duration,
}

impl Door {
    /// For this process as it is now: at most a fourth as many connections as it may still open descriptors. An upload
    /// holds two beside its connection, and strangers must not use up those that the service itself needs.
    pub fn of_this_process() -> Door {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        // Where there is no `/proc`, a fourth of the limit is left to the service.
        let used = std::fs::read_dir("/proc/self/fd").map(|entries| entries.count() as u64);
        let most = limit.map_or(MOST, |limit| seats(limit, used.unwrap_or(limit / 4)));
        Door { most, head: Duration::from_secs(10), body: Duration::from_secs(30) }
    }

    /// Answers the connections of a listener until `stop` is ready, then ends each after the answer that it is
    /// at. Where all seats are taken, whoever has asked nothing for longest makes room, else whoever owes the rest of a
    /// request for longest: so idle connections and bodies that never end, however many, keep nobody from asking how
    /// the service is.
    ///
    /// HTTP/1 only: no browser speaks HTTP/2 without TLS, and its requests carry no `Host` for
    /// [`Hosts`](crate::hosts::Hosts) to check.
    pub async fn serve(self, listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
        let seats = Arc::new(Semaphore::new(self.most.max(1)));
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
                Err(_) => {
                    guests.send_away();
                    tokio::select! {
                        seat = Arc::clone(&seats).acquire_owned() => seat,
                        () = &mut stop => break,
                    }
                }
            };
            let Ok(seat) = seat else { break };
            let guest = Arc::new(guests.come());
            open.spawn(answer(stream, app.clone(), self, closing.subscribe(), guest, seat));
            spare = spare.or_else(self::spare);
        }
        drop(listener);
        closing.send_replace(true);
        while open.join_next().await.is_some() {}
    }
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
    _seat: OwnedSemaphorePermit,
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
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = async { _ = closing.wait_for(|closing| *closing).await } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = guest.leave.notified() => {
            // What is being sent may be sent to its end; who has asked nothing yet would wait for ever.
            connection.as_mut().graceful_shutdown();
            match tokio::time::timeout(FAREWELL, connection).await {
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
