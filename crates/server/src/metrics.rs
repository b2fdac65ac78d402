use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use madang_document::principal::Scope;
use madang_ledger::reader::Reader;

use crate::caller::Caller;
use crate::conditions;
use crate::exposition::Exposition;
use crate::problem::Problem;
use crate::queues::visible;
use crate::server::Server;

/// `GET /metrics`, for a principal with the role `operate`: a scraper gets a key of its own
/// (`authorization: {credentials: madang_…}` in Prometheus). Counts are of the principal's agencies; what the
/// process as a whole does is told only to who may see every agency.
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let scope = &caller.principal.agencies;
    let mut text = Exposition::default();

    text.family("madang_documents", "gauge", "Live documents by how reading them ended.");
    for (outcome, count) in server.ledger.outcomes(scope).await? {
        text.sample("madang_documents", &[("outcome", outcome.as_str())], count as f64);
    }

    let queues = visible(&server, scope).await?;
    text.family("madang_jobs", "gauge", "Jobs by queue and state.");
    for queue in &queues {
        for (state, count) in [
            ("ready", queue.ready),
            ("waiting", queue.waiting),
            ("leased", queue.leased),
            ("done", queue.done),
            ("quarantined", queue.quarantined),
        ] {
            text.sample("madang_jobs", &[("queue", &queue.name), ("state", state)], count as f64);
        }
    }
    text.family("madang_queue_paused", "gauge", "1 while claims from the queue are stopped.");
    for queue in &queues {
        let paused = f64::from(u8::from(queue.paused));
        text.sample("madang_queue_paused", &[("queue", &queue.name)], paused);
    }
    text.family("madang_queue_held_paths", "gauge", "Vanished paths that wait for a word.");
    for queue in &queues {
        let missing = queue.held.as_ref().map_or(0, |held| held.missing);
        text.sample("madang_queue_held_paths", &[("queue", &queue.name)], missing as f64);
    }
    text.family("madang_queue_oldest_ready_seconds", "gauge", "Age of the oldest due job.");
    for queue in &queues {
        let age = queue.oldest_ready.map_or(0, |since| (server.now().0 - since.0).max(0));
        let labels = [("queue", queue.name.as_str())];
        text.sample("madang_queue_oldest_ready_seconds", &labels, age as f64 / 1000.0);
    }

    let balance = server.ledger.balance(scope).await?;
    text.family("madang_balance_paths", "gauge", "Where every path ever received is.");
    for (place, count) in [
        ("received", balance.received),
        ("done", balance.done),
        ("quarantined", balance.quarantined),
        ("deleted", balance.deleted),
        ("in_flight", balance.in_flight),
    ] {
        text.sample("madang_balance_paths", &[("place", place)], count as f64);
    }
    text.family("madang_balance_members", "gauge", "Live members of archives and mails.");
    text.sample("madang_balance_members", &[], balance.members as f64);
    text.family("madang_balance_sidecars", "gauge", "Of what is done, files that describe others.");
    text.sample("madang_balance_sidecars", &[], balance.sidecars as f64);
    text.family("madang_balance_left_out", "gauge", "What lies in the sources and is not taken.");
    text.sample("madang_balance_left_out", &[], balance.left_out as f64);
    text.family("madang_notes", "gauge", "What was passed over so that the rest could go on.");
    text.sample("madang_notes", &[], server.ledger.count_notes(scope).await? as f64);
    text.family("madang_balance_holds", "gauge", "1 while nothing is lost.");
    text.sample("madang_balance_holds", &[], f64::from(u8::from(balance.holds())));

    text.family(
        "madang_condition",
        "gauge",
        "1 for each thing that keeps the service from its work.",
    );
    for condition in conditions::of(&server, scope) {
        let labels =
            [("kind", condition.kind.as_str()), ("subject", condition.subject.name.as_str())];
        text.sample("madang_condition", &labels, 1.0);
    }

    text.family("madang_index_lag", "gauge", "Outbox numbers the index has still to pass.");
    for (partition, last) in server.ledger.last_changes().await? {
        if scope.covers(&partition.agency) {
            let reader = Reader::Index(partition.clone());
            let passed = server.ledger.cursor(&reader).await?;
            let labels = [("agency", partition.agency.as_str())];
            text.sample("madang_index_lag", &labels, last.saturating_sub(passed) as f64);
        }
    }
    if *scope == Scope::All {
        let last = server.ledger.last_event().await?;
        text.family("madang_relay_lag", "gauge", "Outbox numbers a relay has still to pass.");
        for registry in &server.settings.registries {
            let passed = server.ledger.cursor(&Reader::Registry(registry.clone())).await?;
            let labels = [("registry", registry.as_str())];
            text.sample("madang_relay_lag", &labels, last.saturating_sub(passed) as f64);
        }
        server.traffic.write(&mut text);
        text.family("madang_uptime_seconds", "gauge", "Time since the server began.");
        let uptime = (server.now().0 - server.started.0).max(0) as f64 / 1000.0;
        text.sample("madang_uptime_seconds", &[], uptime);
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text.0).into_response())
}
