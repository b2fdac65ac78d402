use std::collections::HashSet;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use madang_document::document::Document;

use crate::access::still_holds;
use crate::caller::Caller;
use crate::documents::visible;
use crate::gallery::{Picture, Sight};
use crate::loss::Kept;
use crate::original::{not_taken, undeclared};
use crate::parameters::Parameters;
use crate::policy::SANDBOX;
use crate::ports::Drawn;
use crate::problem::Problem;
use crate::server::Server;
use crate::withdrawals;

/// What the query may hold.
pub(crate) const PARAMETERS: &[&str] = &["number"];

/// `GET /v1/documents/{id}/preview`
pub(crate) async fn preview(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let document = visible(&server, &caller, &id).await?.document;
    let number = parameters.number("number", 0, 0..=1000)? as usize;
    let further = number.checked_sub(1).map(|at| document.previews.get(at).map(|it| it.file));
    let kept = match further {
        Some(None) => return Err(Problem::not_found("미리보기", "preview")),
        Some(further) => further,
        None => document.preview,
    };
    let Some(blob) = kept else {
        let picture = made(&server, &caller, &document).await?;
        let keep = match cached(&picture.hash, &headers) {
            Cached::Known(answer) => return Ok(answer),
            Cached::Sent(keep) => keep,
        };
        return Ok((keep, KIND, picture.jpeg).into_response());
    };
    let keep = match cached(&blob, &headers) {
        Cached::Known(answer) => return Ok(answer),
        Cached::Sent(keep) => keep,
    };
    // Whole, before the first byte of the answer: a preview is small, and one that is damaged shows only at its end.
    let read = server.blobs.read(&blob).await;
    match &read {
        Ok(_) => Kept::Preview.had(&server, &document).await,
        Err(error) => Kept::Preview.met(&server, &document, error).await,
    }
    let bytes = read?;
    Ok((keep, KIND, bytes).into_response())
}

/// What a preview is, and may do.
pub(crate) const KIND: [(HeaderName, &str); 2] =
    [(header::CONTENT_TYPE, "image/jpeg"), (header::CONTENT_SECURITY_POLICY, SANDBOX)];

/// What is done with a preview that a browser may have already.
pub(crate) enum Cached {
    /// It has it: this says so.
    Known(Response),
    /// It is sent, with these headers.
    Sent([(HeaderName, HeaderValue); 2]),
}

/// Whether a browser has the preview of this name.
pub(crate) fn cached(name: &dyn Display, headers: &HeaderMap) -> Cached {
    let tag = format!("\"{name}\"");
    let keep = [
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60")),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    match headers.get(header::IF_NONE_MATCH) {
        Some(known) if known.as_bytes() == tag.as_bytes() => {
            Cached::Known((StatusCode::NOT_MODIFIED, keep).into_response())
        }
        _ => Cached::Sent(keep),
    }
}

/// Whether a page shows a picture of a document: there is a preview, or it stores a likeness of itself of which nobody has
/// found yet that there is nothing to see.
pub(crate) fn is_shown(server: &Server, document: &Document) -> bool {
    document.preview.is_some()
        || (document.likeness && !server.gallery.is_blank(document, Instant::now()))
}

/// The preview of the likeness that a document stores of itself, made now if nobody looked at it lately.
async fn made(
    server: &Arc<Server>,
    caller: &Caller,
    document: &Document,
) -> Result<Picture, Problem> {
    let none = || Problem::not_found("미리보기", "preview");
    if !document.likeness {
        // What was noted of a preview that was kept once has nothing to wait for.
        Kept::Preview.had(server, document).await;
        return Err(none());
    }
    let picture = seen(server, caller, document, Sight::Likeness).await?;
    Kept::Preview.had(server, document).await;
    picture.ok_or_else(none)
}

/// What is seen of a document, made now if nobody looked at it lately; none if there is nothing to see.
pub(crate) async fn seen(
    server: &Arc<Server>,
    caller: &Caller,
    document: &Document,
    sight: Sight,
) -> Result<Option<Picture>, Problem> {
    let store = &document.object.store;
    if server.stores.get(store).is_none() {
        return Err(undeclared(store));
    }
    let watch = async |watch| Ok(withdrawals::follow(Arc::clone(server), watch).await?);
    let make = async || match sight {
        Sight::Likeness => {
            let jpeg = server.likenesses.make(document).await.map_err(not_taken)?;
            Ok(jpeg.map(Drawn::from))
        }
        Sight::Page { number, side } => {
            server.likenesses.page(document, number, side).await.map_err(not_taken)
        }
    };
    let picture = server.gallery.picture((document, sight), Instant::now(), watch, make).await?;
    // Making it may have taken a while: it is shown to whoever may see the document now, of which it still is the picture.
    let now = visible(server, caller, &document.id.to_string()).await;
    if !now.as_ref().is_ok_and(|now| now.document.object == document.object) {
        server.gallery.take_down(&HashSet::from([document.id]));
    }
    if !still_holds(server, caller).await || now?.document.object != document.object {
        return Ok(None);
    }
    Ok(picture)
}
