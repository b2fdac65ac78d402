use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::shown::Shown;
use madang_ledger::documents::Stored;
use madang_ledger::lookalikes::{Lookalike, Relation};
use madang_ledger::versions::Glance;

use crate::caller::Caller;
use crate::document_answer::DocumentAnswer;
use crate::problem::{Elsewhere, Problem};
use crate::receipts::{self, Receipt, Stage};
use crate::recognition::headway_in;
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
        Found::Withdrawn(gone) => return Err(withdrawn(&server, &caller, &gone.document).await?),
        Found::Unread(receipt) => {
            let mut answer = json(&receipt);
            *answer.status_mut() = StatusCode::ACCEPTED;
            return Ok(answer);
        }
    };
    let members = server.ledger.members(stored.document.id, MEMBERS).await?.readable();
    let headway = headway_in(&server, &stored.document, &caller.principal.agencies).await?;
    Ok(json(&DocumentAnswer::new(stored, members, headway)))
}

/// What there is of a document.
pub(crate) enum Found {
    /// It was read.
    Read(Box<Stored>),
    /// Its file was received, and there is no more of it yet.
    Unread(Box<Receipt>),
    /// It was read, and is withdrawn.
    Withdrawn(Box<Stored>),
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
        true => Found::Withdrawn(Box::new(stored)),
        false => Found::Read(Box::new(stored)),
    })
}

fn hidden() -> Problem {
    Problem::not_found("문서", "document")
}

/// Copies of a withdrawn document among which the one is looked for that has its history.
const COPIES: u32 = 8;

/// 410, with why: only where the document itself is asked for. Nothing of what it had is there any more, or ever was; but
/// where the same bytes are, as far as the caller may see, is said: a file that was renamed or moved is found by its former
/// address.
pub(crate) async fn withdrawn(
    server: &Server,
    caller: &Caller,
    gone: &Document,
) -> Result<Problem, Problem> {
    let receipt = receipts::of(server, caller, gone.id).await?;
    let (ko, en) = match receipt.map(|receipt| receipt.state) {
        Some(Stage::Discarded) => (
            "운영자가 버려 회수된 문서입니다.",
            "the document was withdrawn: its file was discarded by the operator",
        ),
        _ => ("원본이 지워져 회수된 문서입니다.", "the document was withdrawn: its file is gone"),
    };
    let Some(there) = elsewhere(server, caller, gone).await? else {
        return Ok(Problem::new(StatusCode::GONE, "withdrawn", ko, en));
    };
    let name = Shown::new(&there.name);
    let mut problem = Problem::new(
        StatusCode::GONE,
        "withdrawn",
        format!("{ko} 같은 파일이 지금은 `{name}`에 있습니다: /documents/{}", there.id),
        format!("{en}; the same file is now `{name}`: /documents/{}", there.id),
    );
    problem.moved_to = Some(Box::new(there));
    Ok(problem)
}

/// Where the bytes of a withdrawn document are, as far as the caller may see: rather where its history went than at any
/// other copy.
async fn elsewhere(
    server: &Server,
    caller: &Caller,
    gone: &Document,
) -> Result<Option<Elsewhere>, Problem> {
    let alike = server.ledger.lookalikes(gone.id, &caller.principal.agencies, COPIES).await?;
    let mut first = None;
    for Lookalike { stored: Stored { document, .. }, relation, .. } in alike {
        if relation != Relation::Copy {
            continue;
        }
        let lay_there =
            |past: &Glance| past.store == gone.object.store && past.path == gone.object.path;
        // A member's file is that around it.
        let is_moved = document.agency == gone.agency
            && document.inner == gone.inner
            && server.ledger.glances(document.id).await?.iter().any(lay_there);
        let name = object_key::readable(&document.path()).into_owned();
        let there = Elsewhere { id: document.id, name, is_moved };
        if is_moved {
            return Ok(Some(there));
        }
        first.get_or_insert(there);
    }
    Ok(first)
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
