use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at};

use crate::access::still_holds;
use crate::caller::Caller;
use crate::server::Server;

/// How often it is asked whether a caller still holds what he was let in by.
const BEAT: Duration = Duration::from_secs(1);

/// Passes bytes on, from a caller or to one, for as long as he is who he was when he was let in. That is asked at each
/// beat, and once more when all is through, before anybody acts on it. When it is so no more, the bytes break off.
pub(crate) fn while_held(
    bytes: BoxStream<'static, io::Result<Bytes>>,
    server: Arc<Server>,
    caller: Caller,
) -> BoxStream<'static, io::Result<Bytes>> {
    let passing = Passing::of(bytes, server, caller);
    stream::unfold(Some(passing), |passing| async move {
        let mut passing = passing?;
        match passing.next().await {
            Some(Ok(bytes)) => Some((Ok(bytes), Some(passing))),
            end => end.map(|error| (error, None)),
        }
    })
    .boxed()
}

/// The same to a caller who may take his time: what the bytes come from is let go when he is no longer who he was, also while
/// he takes none of them.
pub(crate) fn sent_while_held(
    bytes: BoxStream<'static, io::Result<Bytes>>,
    server: Arc<Server>,
    caller: Caller,
) -> BoxStream<'static, io::Result<Bytes>> {
    let passing = Passing::of(bytes, server, caller);
    let (send, receive) = mpsc::channel(1);
    tokio::spawn(passing.send(send));
    stream::unfold(Some(receive), |receive| async move {
        let mut receive = receive?;
        match receive.recv().await {
            Some(Sent::Bytes(bytes)) => Some((Ok(bytes), Some(receive))),
            Some(Sent::End) => None,
            Some(Sent::Error(error)) => Some((Err(error), None)),
            None => Some((Err(ended()), None)),
        }
    })
    .boxed()
}

/// What a caller is sent. That there is nothing more is said, too: bytes that break off look like their end.
enum Sent {
    Bytes(Bytes),
    End,
    Error(io::Error),
}

/// Bytes on their way.
struct Passing {
    bytes: BoxStream<'static, io::Result<Bytes>>,
    server: Arc<Server>,
    caller: Caller,
    beat: Interval,
}

impl Passing {
    fn of(
        bytes: BoxStream<'static, io::Result<Bytes>>,
        server: Arc<Server>,
        caller: Caller,
    ) -> Passing {
        let mut beat = interval_at(Instant::now() + BEAT, BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Passing { bytes, server, caller, beat }
    }

    /// Sends all of them, until nobody receives any.
    async fn send(mut self, send: mpsc::Sender<Sent>) {
        loop {
            // First the room, and then the bytes: what is taken from a child is not held here.
            let room = loop {
                tokio::select! {
                    biased;
                    _ = self.beat.tick() => {
                        if asked(&self.server, &self.caller).await.is_err() {
                            return;
                        }
                    }
                    room = send.reserve() => match room {
                        Ok(room) => break room,
                        Err(_) => return,
                    },
                }
            };
            let next = tokio::select! {
                biased;
                () = send.closed() => return,
                next = self.next() => next,
            };
            match next {
                Some(Ok(bytes)) => room.send(Sent::Bytes(bytes)),
                Some(Err(error)) => return room.send(Sent::Error(error)),
                None => return room.send(Sent::End),
            }
        }
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        loop {
            tokio::select! {
                biased;
                _ = self.beat.tick() => {
                    if let Err(error) = asked(&self.server, &self.caller).await {
                        return Some(Err(error));
                    }
                }
                bytes = self.bytes.next() => {
                    return match bytes {
                        None => asked(&self.server, &self.caller).await.err().map(Err),
                        bytes => bytes,
                    };
                }
            }
        }
    }
}

async fn asked(server: &Server, caller: &Caller) -> io::Result<()> {
    match still_holds(server, caller).await {
        true => Ok(()),
        false => Err(ended()),
    }
}

fn ended() -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, "the key or the session has ended")
}
