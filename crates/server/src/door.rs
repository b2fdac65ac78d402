use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;

/// How long to wait before the next try when the system gives no connection (it is out of descriptors).
const BREATH: Duration = Duration::from_millis(200);

/// Most connections at once, however many descriptors there are.
const MOST: usize = 2048;

/// How connections are let in.
#[derive(Clone, Copy, Debug)]
pub struct Door {
    /// Connections open at once; the next ones wait in the listener's queue.
    pub most: usize,
    /// How long a client may take for the head of a request, and how long a connection may lie idle between two.
    pub head: Duration,
}

impl Door {
    /// For this process: at most half of the descriptors that it may have open, so that strangers cannot use up
    /// those that the service itself needs.
    pub fn of_this_process() -> Door {
        let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
        let most = limit.map_or(MOST, |limit| usize::try_from(limit / 2).unwrap_or(MOST));
        Door { most: most.clamp(16, MOST), head: Duration::from_secs(10) }
    }

    /// Answers the connections of a listener until `stop` is ready, then ends each after the answer that it is
    /// at.
    ///
    /// HTTP/1 only: no browser speaks HTTP/2 without TLS, and its requests carry no `Host` for
    /// [`Hosts`](crate::hosts::Hosts) to check.
    pub async fn serve(self, listener: TcpListener, app: Router, stop: impl Future<Output = ()>) {
        let seats = Arc::new(Semaphore::new(self.most.max(1)));
        let (closing, _) = watch::channel(false);
        let mut open = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            // The finished ones must not pile up.
            while open.try_join_next().is_some() {}
            let accepted = tokio::select! {
                accepted = accept(&listener, &seats) => accepted,
                () = &mut stop => break,
            };
            match accepted {
                Ok(Some((stream, seat))) => {
                    open.spawn(answer(stream, app.clone(), self.head, closing.subscribe(), seat));
                }
                Ok(None) => break,
                Err(error) => {
                    tracing::warn!(%error, "no connection could be taken");
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
        drop(listener);
        closing.send_replace(true);
        while open.join_next().await.is_some() {}
    }
}

/// A connection and its seat; none when there are no seats any more.
async fn accept(
    listener: &TcpListener,
    seats: &Arc<Semaphore>,
) -> io::Result<Option<(TcpStream, OwnedSemaphorePermit)>> {
    let Ok(seat) = Arc::clone(seats).acquire_owned().await else { return Ok(None) };
    let (stream, _) = listener.accept().await?;
    Ok(Some((stream, seat)))
}

async fn answer(
    stream: TcpStream,
    app: Router,
    head: Duration,
    mut closing: watch::Receiver<bool>,
    _seat: OwnedSemaphorePermit,
) {
    let _ = stream.set_nodelay(true);
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(app));
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = async { _ = closing.wait_for(|closing| *closing).await } => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}
