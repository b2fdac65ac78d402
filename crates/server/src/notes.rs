use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;
use madang_document::object_key;
use madang_ledger::notes::{By, Note, NoteKind, Redo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body;
use crate::caller::{Caller, Manner};
use crate::parameters::{Parameters, next, number, one_of, unreadable};
use crate::problem::Problem;
use crate::queues::done;
use crate::redirect::see_other;
use crate::sentence::Sentence;
use crate::server::Server;
use crate::wire::json;

/// What the list can be asked with.
pub(crate) const PARAMETERS: &[&str] = &["after", "limit"];

/// `GET /v1/notes`
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let limit = parameters.limit()?;
    let after = parameters.after(&Sentence::new("항목 번호", "the number of a note"), number)?;
    let notes = server.ledger.notes(&caller.principal.agencies, after, limit).await?;
    let next = next(&notes, limit, |note| *note);
    let notes = notes.readable();
    Ok(json(&NoteList { notes: notes.into_iter().map(NoteAnswer::from).collect(), next }))
}

/// `POST /v1/notes/{id}/redo`
pub(crate) async fn redo(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let hidden = || Problem::not_found("넘어간 항목", "note");
    let id = id.parse().map_err(|_| hidden())?;
    match done_again(&server, &caller, &Redo::One(id)).await? {
        0 => Err(hidden()),
        _ => Ok(done(manner)),
    }
}

/// `POST /v1/notes/redo`
pub(crate) async fn redo_many(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = body::read(&headers, &body, &["kind"], Asked::from_form)?;
    let which = match asked.kind {
        Some(word) => Redo::Kind(NoteKind::parse(&word).ok_or_else(|| {
            let words: Vec<&str> = NoteKind::ALL.iter().map(|kind| kind.as_str()).collect();
            unreadable("kind", &word, &one_of(&words))
        })?),
        None => Redo::All,
    };
    let notes = done_again(&server, &caller, &which).await?;
    Ok(if manner.html { see_other("/queues") } else { json(&Redone { notes }) })
}

/// Has it done again; gives how many notes it is about.
async fn done_again(server: &Server, caller: &Caller, which: &Redo) -> Result<u64, Problem> {
    let principal = &caller.principal;
    let notes = server.ledger.redo(which, &principal.agencies, &principal.name).await?;
    let source = |by: &By| match by {
        By::Source(pipeline) => Some(pipeline.clone()),
        By::Reader(_) | By::Previews | By::Texts => None,
    };
    let mut sources: Vec<String> = notes.iter().filter_map(|note| source(&note.by)).collect();
    sources.sort_unstable();
    sources.dedup();
    for pipeline in sources {
        server.sources.look_again(&pipeline).await;
    }
    Ok(notes.len() as u64)
}

/// Which notes a request is about; without a kind, all.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    kind: Option<String>,
}

impl Asked {
    fn from_form(form: &Parameters) -> Result<Asked, Problem> {
        Ok(Asked { kind: form.one("kind")?.map(str::to_owned) })
    }
}

/// The name of a kind, for choosing among them.
pub(crate) fn title(kind: NoteKind) -> Sentence {
    let (ko, en) = match kind {
        NoteKind::RecordRefused => ("색인이 받지 않음", "refused by the index"),
        NoteKind::TextLost => ("글이 사라짐", "text lost"),
        NoteKind::PreviewLost => ("미리보기가 사라짐", "preview lost"),
        NoteKind::DocumentUnreadable => ("장부에서 읽을 수 없음", "unreadable in the ledger"),
        NoteKind::EntryUnreadable => {
            ("장부에서 항목을 읽을 수 없음", "entry unreadable in the ledger")
        }
        NoteKind::EntryRefused => ("등록부가 받지 않음", "refused by a registry"),
        NoteKind::ObjectRefused => ("장부가 받지 않음", "refused by the ledger"),
    };
    Sentence::new(ko, en)
}

/// What happened, and what to do.
pub(crate) fn sentence(kind: NoteKind) -> Sentence {
    let (ko, en) = match kind {
        NoteKind::RecordRefused => (
            "색인이 이 문서를 받지 않아 검색되지 않습니다. 까닭을 없앤 뒤 다시 하세요.",
            "The index refuses this document, so it is not found. Do it again once the reason is gone.",
        ),
        NoteKind::TextLost => (
            "이 문서의 글이 사라지거나 손상되어 제목 등으로만 검색됩니다. 원본을 다시 읽습니다. 되풀이되면 디스크를 확인한 뒤 다시 하세요.",
            "The text of this document is lost or damaged; it is found by its title and the like. Its file is read again; if that does not help, check the disk and do it again.",
        ),
        NoteKind::PreviewLost => (
            "이 문서의 미리보기가 사라지거나 손상되었습니다. 원본을 다시 읽습니다. 되풀이되면 디스크를 확인한 뒤 다시 하세요.",
            "The preview of this document is lost or damaged. Its file is read again; if that does not help, check the disk and do it again.",
        ),
        NoteKind::DocumentUnreadable => (
            "장부에서 이 문서를 읽을 수 없습니다. 장부를 온전한 사본으로 되돌리거나 파일을 다시 넣은 뒤 다시 하세요.",
            "This document cannot be read from the ledger. Restore the ledger or drop the file again, then do it again.",
        ),
        NoteKind::EntryUnreadable => (
            "장부에서 이 목록 항목을 읽을 수 없습니다. madang catalog rebuild로 다시 만든 뒤 다시 하세요.",
            "This entry cannot be read from the ledger. Make it anew with madang catalog rebuild, then do it again.",
        ),
        NoteKind::EntryRefused => (
            "등록부가 이 항목을 받지 않습니다. 까닭을 없앤 뒤 다시 하세요.",
            "The registry refuses this entry. Do it again once the reason is gone.",
        ),
        NoteKind::ObjectRefused => (
            "장부가 이 파일을 받지 않습니다. 까닭을 없앤 뒤 다시 하세요.",
            "The ledger refuses this file. Do it again once the reason is gone.",
        ),
    };
    Sentence::new(ko, en)
}

/// The name of what a note is about, as people read it.
pub(crate) fn name(note: &Note) -> String {
    object_key::readable(&note.subject).into_owned()
}

/// A page of what was passed over.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteList {
    /// In order of their numbers.
    notes: Vec<NoteAnswer>,
    /// What to put into `after` for the next page; null at the end.
    next: Option<i64>,
}

/// Something that was passed over so that the rest could go on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoteAnswer {
    /// Number.
    id: i64,
    /// `record_refused`, `text_lost`, `preview_lost`, `document_unreadable`, `entry_unreadable`, `entry_refused` or `object_refused`.
    kind: &'static str,
    /// Who passed it over: `index/…`, `cataloguer`, `registry/…`, `source/…` or `previews`.
    by: String,
    /// The id of a document or an entry; for a source the path.
    subject: String,
    /// Institution code; null if it is nobody's.
    agency: Option<String>,
    /// What happened, and what to do.
    sentence: Sentence,
    /// The words of whoever refused.
    reason: String,
    /// How often it was tried again.
    tries: u32,
    /// Since when, RFC 3339.
    since: String,
}

impl From<Note> for NoteAnswer {
    fn from(note: Note) -> NoteAnswer {
        NoteAnswer {
            id: note.id,
            kind: note.kind.as_str(),
            subject: name(&note),
            by: note.by.to_string(),
            agency: note.agency.as_ref().map(ToString::to_string),
            sentence: sentence(note.kind),
            reason: note.reason,
            tries: note.tries,
            since: note.since.to_string(),
        }
    }
}

/// How many notes are done again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redone {
    /// How many.
    notes: u64,
}
