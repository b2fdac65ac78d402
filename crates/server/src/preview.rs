use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::caller::Caller;
use crate::documents::visible;
use crate::loss::Kept;
use crate::original::SANDBOX;
use crate::problem::Problem;
use crate::server::Server;

/// `GET /v1/documents/{id}/preview`
pub(crate) async fn preview(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = visible(&server, &caller, &id).await?.document;
    let Some(blob) = document.preview else {
        return Err(Problem::not_found("미리보기", "preview"));
    };
    let tag = format!("\"{blob}\"");
    let keep = [
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=60")),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, keep).into_response());
    }
    // Whole, before the first byte of the answer: a preview is small, and one that is damaged shows only at its end.
    let read = server.blobs.read(&blob).await;
    match &read {
        Ok(_) => Kept::Preview.had(&server, &document).await,
        Err(error) => Kept::Preview.met(&server, &document, error).await,
    }
    let bytes = read?;
    let kind = [(header::CONTENT_TYPE, "image/jpeg"), (header::CONTENT_SECURITY_POLICY, SANDBOX)];
    Ok((keep, kind, bytes).into_response())
}
