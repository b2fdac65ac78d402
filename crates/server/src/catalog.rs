use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;
use madang_catalog::jsonld;
use serde::Serialize;
use utoipa::ToSchema;

use crate::address::percent;
use crate::caller::Caller;
use crate::change::EntryChange;
use crate::parameters::{Parameters, next};
use crate::problem::Problem;
use crate::server::Server;
use crate::wire::{Said, json, typed};

/// What a page of the catalogue can be asked with.
pub(crate) const PAGE: &[&str] = &["after", "limit"];
/// What the harvest feed can be asked with.
pub(crate) const FEED: &[&str] = &["after", "limit"];

const JSON_LD: &str = "application/ld+json";

/// `GET /v1/catalog`
pub(crate) async fn catalog(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PAGE)?;
    let after = parameters.one("after")?;
    let limit = parameters.limit()?;
    let entries = server.ledger.entries(&caller.principal.agencies, false, after, limit).await?;
    let base = &server.settings.base_url;
    let page = |after: Option<&str>| match after {
        None => format!("{base}/v1/catalog?limit={limit}"),
        Some(after) => format!("{base}/v1/catalog?limit={limit}&after={}", percent(after, b"")),
    };
    let next = next(&entries, limit, |last| page(Some(last)));
    let entries = entries.readable();
    let publisher = &server.settings.publisher;
    let catalog = jsonld::catalog(&entries, base, publisher, &page(after), next.as_deref());
    Ok(typed(&catalog, JSON_LD))
}

/// `GET /v1/catalog/entries/{id}`
pub(crate) async fn entry(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let hidden = || Problem::not_found("목록 항목", "catalogue entry");
    let entry = server.ledger.entry_in(&id, &caller.principal.agencies).await?;
    let entry = entry.ok_or_else(hidden)?;
    let withdrawn = entry.withdrawn;
    let mut answer = typed(&jsonld::render(&entry, &server.settings.base_url), JSON_LD);
    if withdrawn {
        // The tombstone stays readable: harvesters learn from it that the entry is gone.
        *answer.status_mut() = StatusCode::GONE;
        answer.extensions_mut().insert(Said);
    }
    Ok(answer)
}

/// `GET /v1/catalog/changes`
pub(crate) async fn changes(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, FEED)?;
    let after = parameters.number("after", 0, 0..=i64::MAX as u64)?;
    let limit = parameters.number("limit", 1000, 1..=10_000)? as u32;
    let events = server.ledger.events(&caller.principal.agencies, after, limit).await?;
    let after = events.last().copied().unwrap_or(after);
    let next =
        next(&events, limit, |after| format!("/v1/catalog/changes?after={after}&limit={limit}"));
    let changes: Vec<EntryChange> = events.readable().into_iter().map(EntryChange::from).collect();
    Ok(json(&Changes { changes, after, next }))
}

/// A page of the harvest feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// In order; an entry that changed several times stands once for each change.
    changes: Vec<EntryChange>,
    /// What to put into `after` the next time.
    after: u64,
    /// The next page, if there is one already.
    next: Option<String>,
}
