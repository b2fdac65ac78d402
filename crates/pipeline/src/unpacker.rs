use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_extract::left_alone::LeftAlone;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::{RunError, Unpacking, unpack};
use madang_sandbox::zygote::Zygote;
use madang_store::error::StoreError;
use madang_store::store::Body;
use madang_store::stores::Stores;
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use crate::asked::Asked;
use crate::fetch::fetch;
use crate::seats::{Seat, Seats};
use crate::terms::Terms;

/// Unpacks members of objects for whoever asks to see one: in a child, as everything that is made of foreign bytes.
#[derive(Clone)]
pub struct Unpacker {
    zygote: Arc<Zygote>,
    stores: Stores,
    terms: Arc<Terms>,
    seats: Seats,
}

/// Members that are unpacked at the same time, for those who download them: a child waits for whoever takes its bytes.
const AT_ONCE: usize = 8;
/// Those of one agency: its slow receivers leave room for the others'.
const OF_ONE: usize = 4;
/// How long somebody waits while none of those before him ends.
const PATIENCE: Duration = Duration::from_secs(10);
/// Pieces that lie ready for a receiver who is slower than the child.
const AHEAD: usize = 8;

/// Why a member cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// The store does not give the object around it as it was.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The object cannot be opened so far, or does not hold it any more: the message says why.
    #[error("{0}")]
    Closed(Reason),
    /// No child could do it.
    #[error("{0}")]
    Run(#[from] RunError),
    /// Those that are being unpacked do not come to an end, so that this one had no turn.
    #[error("too many members are being unpacked; try again in a moment")]
    Busy,
}

impl fmt::Debug for Unpacker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unpacker")
    }
}

impl Unpacker {
    /// Over these stores, under the terms of the pipelines.
    pub fn new(zygote: Arc<Zygote>, stores: Stores, terms: Terms) -> Unpacker {
        let seats = Seats::new(AT_ONCE, OF_ONE, PATIENCE);
        Unpacker { zygote, stores, terms: Arc::new(terms), seats }
    }

    /// The bytes of a member, as they come out of its container. They end with an error if the child breaks off, or if
    /// they are not those that were read when it was indexed. Whoever drops them calls the child off, whatever it is at.
    ///
    /// # Errors
    /// [`UnpackError`], before the first byte.
    pub async fn open(&self, member: &Document) -> Result<Body, UnpackError> {
        let turn = self.seats.take(&member.agency).await;
        let Ok(seat) = turn else { return Err(UnpackError::Busy) };
        self.unpacked(member, Some(seat)).await
    }

    /// The same for who has a seat of another kind, and takes the bytes as fast as they come.
    pub(crate) async fn open_seated(&self, member: &Document) -> Result<Body, UnpackError> {
        self.unpacked(member, None).await
    }

    async fn unpacked(&self, member: &Document, seat: Option<Seat>) -> Result<Body, UnpackError> {
        let Some(inner) = member.inner.clone() else {
            return Err(UnpackError::Closed(ReasonKind::NoSuchMember.into()));
        };
        let object = member.object.clone();
        let Some(store) = self.stores.get(&object.store) else {
            let why = ReasonKind::NoStore(object.store.as_str().into());
            return Err(UnpackError::Closed(why.into()));
        };
        let (input, _) = fetch(&object, store.open(&object).await?).await?;

        let (send, mut receive) = mpsc::channel::<Result<Bytes, UnpackError>>(AHEAD);
        let (zygote, terms) = (Arc::clone(&self.zygote), Arc::clone(&self.terms));
        let (pipeline, known) = (member.pipeline.clone(), member.sha256);
        let asked = Asked::default();
        let watch = asked.watch();
        tokio::task::spawn_blocking(move || {
            let _seat = seat;
            let (limits, options) = terms.of(&pipeline);
            let request = Request {
                name: object.name(),
                limits,
                options,
                sidecars: &[],
                pace: Pace::Whole,
                left_alone: &LeftAlone::Nothing,
            };
            let mut hash = Sha256::new();
            let ended = unpack(&zygote, &request, &inner, input, &watch, &mut |piece| {
                hash.update(&piece);
                if send.blocking_send(Ok(piece.into())).is_err() {
                    // Whoever asked has gone, and called it off.
                    watch.cancel();
                }
            });
            let found = BlobId::from_digest(hash.finalize().into());
            if let Err(error) = judge(ended, found, known) {
                let _ = send.blocking_send(Err(error));
            }
        });
        match receive.recv().await {
            Some(Ok(first)) => {
                let rest = (receive, asked);
                let rest = futures::stream::unfold(rest, |(mut receive, asked)| async move {
                    let next = receive.recv().await?;
                    Some((next.map_err(std::io::Error::other), (receive, asked)))
                });
                Ok(futures::stream::once(async { Ok(first) }).chain(rest).boxed())
            }
            Some(Err(error)) => Err(error),
            None => Err(UnpackError::Closed(ReasonKind::Stopped.into())),
        }
    }
}

/// What the end of an unpacking means, of bytes with the hash `found` where `known` was read before.
fn judge(
    ended: Result<Unpacking, RunError>,
    found: BlobId,
    known: Option<BlobId>,
) -> Result<(), UnpackError> {
    match ended? {
        Unpacking::Whole if known.is_none_or(|known| known == found) => Ok(()),
        Unpacking::Whole => Err(UnpackError::Closed(ReasonKind::OtherBytes.into())),
        Unpacking::Failed(why) => Err(UnpackError::Closed(why)),
        Unpacking::CalledOff => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_others_than_before_are_not_handed_out_as_a_whole() {
        let (one, other) = (BlobId::of(b"one"), BlobId::of(b"other"));
        assert!(judge(Ok(Unpacking::Whole), one, Some(one)).is_ok());
        assert!(judge(Ok(Unpacking::Whole), one, None).is_ok());
        assert!(judge(Ok(Unpacking::CalledOff), one, Some(other)).is_ok());
        for ended in [Unpacking::Whole, Unpacking::Failed("locked".into())] {
            assert!(judge(Ok(ended), one, Some(other)).is_err());
        }
    }
}
