use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::server::Server;
use crate::wire::Said;

/// `GET /healthz`: the process answers.
pub(crate) async fn live() -> Response {
    plain(StatusCode::OK, "ok\n")
}

/// `GET /readyz`: the ledger and the index answer, and the server is not closing. Tells no more than that,
/// because nobody has to sign in to ask.
pub(crate) async fn ready(State(server): State<Arc<Server>>) -> Response {
    if *server.closing.borrow() {
        return plain(StatusCode::SERVICE_UNAVAILABLE, "closing\n");
    }
    if let Err(error) = server.ledger.last_seq().await {
        tracing::warn!(%error, "not ready");
        return plain(StatusCode::SERVICE_UNAVAILABLE, "the ledger does not answer\n");
    }
    let index = Arc::clone(&server.index);
    match tokio::task::spawn_blocking(move || index.agencies().is_ok()).await {
        Ok(true) => plain(StatusCode::OK, "ok\n"),
        Ok(false) | Err(_) => plain(StatusCode::SERVICE_UNAVAILABLE, "the index does not answer\n"),
    }
}

fn plain(status: StatusCode, text: &'static str) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    let mut response = (status, headers, text).into_response();
    response.extensions_mut().insert(Said);
    response
}
