use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use madang_document::document::Document;
use madang_document::partition::Partition;
use madang_ledger::error::LedgerError;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;
use madang_ledger::rereads::{self, Lost};

use crate::caller::Caller;
use crate::documents::visible;
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
    let told = match &read {
        Ok(_) => preview_is_there(&server, &document).await,
        Err(error) if error.is_lasting() => {
            preview_is_lost(&server, &document, &error.to_string()).await
        }
        Err(_) => Ok(()),
    };
    if let Err(error) = told {
        tracing::warn!(%error, document = %document.id, "what became of its preview cannot be noted now");
    }
    let bytes = read?;
    let kind = [(header::CONTENT_TYPE, "image/jpeg"), (header::CONTENT_SECURITY_POLICY, SANDBOX)];
    Ok((keep, kind, bytes).into_response())
}

/// A preview is lost or damaged: the file is read anew, after the same waits as for a lost text, however often it is asked
/// for. They are counted in a note.
async fn preview_is_lost(
    server: &Server,
    document: &Document,
    why: &str,
) -> Result<(), LedgerError> {
    let ledger = &server.ledger;
    let subject = document.id.to_string();
    // Both may lie in one blob: then what is done for the text helps the preview.
    let index = By::Reader(Reader::Index(Partition::of(document.agency.clone())));
    if ledger.noted(&index, &subject).await?.is_some() {
        return Ok(());
    }
    // What was read anew meanwhile has another preview.
    let stands = ledger.document(document.id).await?;
    if stands.is_none_or(|now| now.withdrawn || now.document.preview != document.preview) {
        return Ok(());
    }
    let lost = Lost {
        by: &By::Previews,
        kind: NoteKind::PreviewLost,
        what: "preview",
        document: document.id,
        agency: &document.agency,
        why,
    };
    rereads::lost(ledger.as_ref(), lost, server.now()).await.map(|_| ())
}

/// A preview is there: what was noted of it is done.
async fn preview_is_there(server: &Server, document: &Document) -> Result<(), LedgerError> {
    let subject = document.id.to_string();
    if server.ledger.noted(&By::Previews, &subject).await?.is_some() {
        server.ledger.clear_notes(&By::Previews, &[subject]).await?;
    }
    Ok(())
}
