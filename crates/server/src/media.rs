use std::ops::Range;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, TryStreamExt};
use madang_store::store::Body as Bytes;

use crate::byte_range::Asked;
use crate::caller::Caller;
use crate::documents::visible;
use crate::original::{not_taken, refusal, set, stream, tag, undeclared};
use crate::playable::Playable;
use crate::policy::SANDBOX;
use crate::problem::Problem;
use crate::server::Server;
use crate::while_held::sent_while_held;

/// `GET /v1/documents/{id}/media`: a film or sound for the player of a page, any range of it, under a media type of ours.
///
/// A route of its own beside the original: that one is never opened by a browser, and no parameter changes it.
pub(crate) async fn media(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = visible(&server, &caller, &id).await?.document;
    let Some(playable) = Playable::of(&document) else {
        return Err(Problem::not_found(
            "재생할 영상이나 소리",
            "film or sound that is played here",
        ));
    };
    if server.stores.get(&document.object.store).is_none() {
        return Err(undeclared(&document.object.store));
    }
    let tag = tag(&document);
    let mut answer = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, playable.media_type),
        (header::CONTENT_DISPOSITION, "inline"),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::ETAG, &tag),
    ] {
        set(&mut answer, name, value.to_owned());
    }
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    let size = document.size.unwrap_or(document.object.size);
    let (status, part) = Asked::of(&headers, size, &tag).answer(size, &mut answer);
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok((status, answer, Body::empty()).into_response());
    }
    let bytes = match document.inner {
        None => {
            let original = server.stores.open(&document.object).await.map_err(refusal)?;
            stream(original, part).boxed()
        }
        Some(_) => {
            let whole = server.members.open(&document).await.map_err(not_taken)?;
            part_of(whole, part)
        }
    };
    let body = Body::from_stream(sent_while_held(bytes, server, caller));
    Ok((status, answer, body).into_response())
}

/// A part of bytes that come one after the other. Those behind it are not waited for.
fn part_of(whole: Bytes, part: Range<u64>) -> Bytes {
    let mut at = 0u64;
    let wanted = part.clone();
    let cut = whole.map_ok(move |mut piece| {
        let here = at..at + piece.len() as u64;
        at = here.end;
        let within = |n: u64| usize::try_from(n.clamp(here.start, here.end) - here.start);
        let (from, to) = (within(wanted.start).unwrap_or(0), within(wanted.end).unwrap_or(0));
        (here.end >= wanted.end, piece.split_to(to).split_off(from))
    });
    let ended = futures::stream::unfold((cut, false), |(mut cut, is_over)| async move {
        if is_over {
            return None;
        }
        Some(match cut.next().await? {
            Ok((is_last, piece)) => (Ok(piece), (cut, is_last)),
            Err(error) => (Err(error), (cut, true)),
        })
    });
    ended.try_filter(|piece| std::future::ready(!piece.is_empty())).boxed()
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    #[tokio::test]
    async fn a_part_of_a_member_is_cut_out_of_its_pieces() {
        let pieces = ["0123", "45", "6789"];
        for (part, expected) in
            [(0..10, "0123456789"), (0..4, "0123"), (3..5, "34"), (5..9, "5678"), (9..10, "9")]
        {
            let taken = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
            let counted = std::sync::Arc::clone(&taken);
            let whole = stream::iter(pieces).map(move |piece| {
                counted.fetch_add(piece.len(), std::sync::atomic::Ordering::Relaxed);
                Ok(bytes::Bytes::from_static(piece.as_bytes()))
            });
            let end = part.end as usize;
            let got: Vec<bytes::Bytes> = part_of(whole.boxed(), part).try_collect().await.unwrap();
            assert_eq!(got.concat(), expected.as_bytes());
            // Nothing is unpacked that nobody wants.
            let before_end = pieces.iter().scan(0, |at, piece| {
                let start = *at;
                *at += piece.len();
                (start < end).then_some(*at)
            });
            assert_eq!(
                taken.load(std::sync::atomic::Ordering::Relaxed),
                before_end.last().unwrap()
            );
        }
    }
}
