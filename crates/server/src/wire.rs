//! Ways in which several answers are written.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::problem::Problem;

/// A JSON answer that no cache keeps: what may be seen depends on who asks.
pub(crate) fn json(value: &impl Serialize) -> Response {
    typed(value, "application/json")
}

/// As [`json`], with another media type.
pub(crate) fn typed(value: &impl Serialize, media_type: &'static str) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => (
            StatusCode::OK,
            [
                (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ],
            body,
        )
            .into_response(),
        Err(error) => Problem::internal(&error).into_response(),
    }
}

/// Marks an answer with an error status that is not a problem: a tombstone, a probe, a page that says so itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said;
