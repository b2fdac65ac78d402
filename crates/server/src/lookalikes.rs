use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use madang_document::locator::Locator;
use madang_document::object_key;
use madang_ledger::documents::Stored;
use madang_ledger::lookalikes::Lookalike;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::documents::visible;
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::server::Server;
use crate::wire::json;

/// What can be asked with.
pub(crate) const PARAMETERS: &[&str] = &["limit"];

/// `GET /v1/documents/{id}/similar`
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let limit = parameters.number("limit", 20, 1..=100)? as u32;
    let stored = visible(&server, &caller, &id).await?;
    let similar = of(&server, &caller, &stored, limit).await?;
    Ok(json(&Similar { similar: similar.into_iter().map(SimilarAnswer::from).collect() }))
}

/// What looks like a document, as far as the caller may see: its copies first, then its renditions, then what is like it, then
/// what shows the same picture.
pub(crate) async fn of(
    server: &Server,
    caller: &Caller,
    stored: &Stored,
    limit: u32,
) -> Result<Vec<Lookalike>, Problem> {
    let scope = &caller.principal.agencies;
    Ok(server.ledger.lookalikes(stored.document.id, scope, limit).await?)
}

/// How long a page waits for what looks alike: it is found in milliseconds, but right after a start, while it is brought to
/// memory, and where many are compared for the first time.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is sought, or none where that takes too long: it goes on, and who comes again finds it in memory.
///
/// # Errors
/// When it breaks off.
pub(crate) async fn soon<T: Send + 'static>(
    sought: impl Future<Output = T> + Send + 'static,
) -> Result<Option<T>, Problem> {
    match tokio::time::timeout(PATIENCE, tokio::spawn(sought)).await {
        Ok(found) => Ok(Some(found.map_err(|error| Problem::internal(&error))?)),
        Err(_) => Ok(None),
    }
}

/// What looks like a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Similar {
    /// Copies first, then renditions, then what is like it, then pictures; of each what is most alike first.
    similar: Vec<SimilarAnswer>,
}

/// A document that looks like the one that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimilarAnswer {
    /// Its id.
    id: String,
    /// Title, else name.
    title: String,
    /// Path in the store, with `!/` and the inner path for members; a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// Institution code.
    agency: String,
    /// Media type.
    media_type: String,
    /// Its family.
    kind: &'static str,
    /// `copy` (the same bytes), `rendition` (the same text, in whatever format), `alike` (much of the same text, and something else, as of
    /// one template) or `picture` (the same picture in it).
    relation: &'static str,
    /// From 0 to 1: 1 for copies; of renditions and what is alike about the share of the text that both have.
    likeness: f32,
    /// Of pictures, the place of the one in the document that was asked for.
    #[schema(value_type = Option<Object>)]
    here: Option<Locator>,
    /// Of pictures, the place of the other in this one.
    #[schema(value_type = Option<Object>)]
    there: Option<Locator>,
}

impl From<Lookalike> for SimilarAnswer {
    fn from(found: Lookalike) -> SimilarAnswer {
        let document = found.stored.document;
        SimilarAnswer {
            id: document.id.to_string(),
            title: document.title().into_owned(),
            name: object_key::readable(&document.path()).into_owned(),
            path: document.path(),
            agency: document.agency.to_string(),
            kind: document.media_type.kind().as_str(),
            media_type: document.media_type.to_string(),
            relation: found.relation.as_str(),
            likeness: found.likeness,
            here: found.here,
            there: found.there,
        }
    }
}
