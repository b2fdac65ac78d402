use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, BoxStream, StreamExt};
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
    let mut beat = interval_at(Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let passing = Passing { bytes, server, caller, beat };
    stream::unfold(Some(passing), |passing| async move {
        let mut passing = passing?;
        match passing.next().await {
            Some(Ok(bytes)) => Some((Ok(bytes), Some(passing))),
            end => end.map(|error| (error, None)),
        }
    })
    .boxed()
}

/// Bytes on their way.
struct Passing {
    bytes: BoxStream<'static, io::Result<Bytes>>,
    server: Arc<Server>,
    caller: Caller,
    beat: Interval,
}

impl Passing {
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
        false => {
            let kind = io::ErrorKind::PermissionDenied;
            Err(io::Error::new(kind, "the key or the session has ended"))
        }
    }
}
