use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::shown::Shown;
use madang_ledger::documents::Stored;
use madang_ledger::lookalikes::{Lookalike, Relation};

use crate::caller::Caller;
use crate::document_answer::DocumentAnswer;
use crate::problem::Problem;
use crate::receipts::{self, Receipt, Stage};
use crate::server::Server;
use crate::wire::json;

/// Members listed with a document.
const MEMBERS: u32 = 1000;

/// `GET /v1/documents/{id}`: 202 with the receipt while the file has not been read.
pub(crate) async fn document(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = match found(&server, &caller, &id).await? {
        Found::Read(stored) => *stored,
        Found::Withdrawn(id) => return Err(withdrawn(&server, &caller, id).await?),
        Found::Unread(receipt) => {
            let mut answer = json(&receipt);
            *answer.status_mut() = StatusCode::ACCEPTED;
            return Ok(answer);
        }
    };
    let members = server.ledger.members(stored.document.id, MEMBERS).await?.readable();
    Ok(json(&DocumentAnswer::new(stored, members)))
}

/// What there is of a document.
pub(crate) enum Found {
    /// It was read.
    Read(Box<Stored>),
    /// Its file was received, and there is no more of it yet.
    Unread(Box<Receipt>),
    /// It was read, and is withdrawn.
    Withdrawn(DocumentId),
}

/// What there is of the document of this id, if the caller may see it.
pub(crate) async fn found(server: &Server, caller: &Caller, id: &str) -> Result<Found, Problem> {
    let id: DocumentId = id.parse().map_err(|_| hidden())?;
    // What another agency has is asked for as what nobody has, in as many steps.
    let Some(stored) = server.ledger.document_in(id, &caller.principal.agencies).await? else {
        let receipt = receipts::of(server, caller, id).await?;
        return receipt.map(|receipt| Found::Unread(Box::new(receipt))).ok_or_else(hidden);
    };
    Ok(match stored.withdrawn {
        true => Found::Withdrawn(id),
        false => Found::Read(Box::new(stored)),
    })
}

fn hidden() -> Problem {
    Problem::not_found("문서", "document")
}

/// 410, with why: only where the document itself is asked for. Nothing of what it had is there any more, or ever was; but
/// where the same bytes are, as far as the caller may see, is said: a file that was renamed or moved is found by its former
/// address.
pub(crate) async fn withdrawn(
    server: &Server,
    caller: &Caller,
    id: DocumentId,
) -> Result<Problem, Problem> {
    let receipt = receipts::of(server, caller, id).await?;
    let (ko, en) = match receipt.map(|receipt| receipt.state) {
        Some(Stage::Discarded) => (
            "운영자가 버려 회수된 문서입니다.",
            "the document was withdrawn: its file was discarded by the operator",
        ),
        _ => ("원본이 지워져 회수된 문서입니다.", "the document was withdrawn: its file is gone"),
    };
    let scope = &caller.principal.agencies;
    let copy = server.ledger.lookalikes(id, scope, 1).await?.into_iter().next();
    let Some(Lookalike { stored, relation: Relation::Copy, .. }) = copy else {
        return Ok(Problem::new(StatusCode::GONE, "withdrawn", ko, en));
    };
    let document = stored.document;
    let name = Shown::new(&object_key::readable(&document.path()));
    let mut problem = Problem::new(
        StatusCode::GONE,
        "withdrawn",
        format!("{ko} 같은 파일이 지금은 `{name}`에 있습니다: /documents/{}", document.id),
        format!("{en}; the same file is now `{name}`: /documents/{}", document.id),
    );
    problem.moved_to = Some(document.id);
    Ok(problem)
}

/// The live document of this id, if the caller may see it and it was read.
pub(crate) async fn visible(server: &Server, caller: &Caller, id: &str) -> Result<Stored, Problem> {
    match found(server, caller, id).await? {
        Found::Read(stored) => Ok(*stored),
        Found::Withdrawn(_) => Err(hidden()),
        Found::Unread(receipt) => {
            let mut problem = Problem::new(
                StatusCode::NOT_FOUND,
                "unread",
                format!("아직 읽지 않은 파일입니다. {}", receipt.sentence.ko),
                format!("The file was not read yet. {}", receipt.sentence.en),
            );
            problem.retry_after = Some(10);
            Err(problem)
        }
    }
}
