use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use madang_document::condition::Kind;
use madang_document::locale::Locale;

use crate::server::Server;
use crate::wire::Said;

/// `GET /healthz`: the process answers.
pub(crate) async fn live() -> Response {
    plain(StatusCode::OK, "ok\n".to_owned())
}

/// `GET /readyz`: the ledger and the index answer, the server is not closing, and nothing stands on the board
/// that keeps the whole service from its work. Says what does in words, and names nothing, because nobody has to
/// sign in to ask.
pub(crate) async fn ready(State(server): State<Arc<Server>>) -> Response {
    let mut reasons = Vec::new();
    if *server.closing.borrow() {
        reasons.push("The server is closing.".to_owned());
    }
    if let Err(error) = server.ledger.last_seq().await {
        tracing::warn!(%error, "not ready");
        reasons.push("The ledger does not answer.".to_owned());
    }
    let searcher = server.searcher.clone();
    if !matches!(tokio::task::spawn_blocking(move || searcher.answers()).await, Ok(true)) {
        reasons.push("The index does not answer.".to_owned());
    }
    let kinds: BTreeSet<Kind> =
        server.conditions.now().into_iter().map(|condition| condition.kind).collect();
    let unready = !reasons.is_empty() || kinds.iter().any(|kind| kind.is_unready());
    reasons.extend(kinds.into_iter().map(|kind| kind.sentence(Locale::English).to_owned()));
    let (status, head) = match unready {
        true => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n"),
        false => (StatusCode::OK, "ok\n"),
    };
    let lines = reasons.into_iter().map(|reason| format!("{reason}\n"));
    plain(status, std::iter::once(head.to_owned()).chain(lines).collect())
}

fn plain(status: StatusCode, text: String) -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    let mut response = (status, headers, text).into_response();
    response.extensions_mut().insert(Said);
    response
}
