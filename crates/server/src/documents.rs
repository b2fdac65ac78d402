use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use madang_document::blob_part::BlobPart;
use madang_document::content::{Segment, Warning, WarningKind};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::object_key;
use madang_document::partition::Partition;
use madang_document::reason::Reason;
use madang_document::term;
use madang_ledger::documents::Stored;
use madang_ledger::error::LedgerError;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;
use madang_ledger::rereads::{self, Lost};
use madang_store::blobs::{BlobError, Opened};
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::receipts::{self, Receipt, Stage};
use crate::sentence::{Sentence, korean};
use crate::server::Server;
use crate::wire::json;

/// Members listed with a document.
const MEMBERS: u32 = 1000;
/// Largest text that is taken into memory for a page or as plain text, bytes.
const TEXT_IN_MEMORY: u64 = 128 << 20;

/// `GET /v1/documents/{id}`: 202 with the receipt while the file has not been read.
pub(crate) async fn document(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let stored = match found(&server, &caller, &id).await? {
        Found::Read(stored) => *stored,
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
}

/// What there is of the document of this id, if the caller may see it.
pub(crate) async fn found(server: &Server, caller: &Caller, id: &str) -> Result<Found, Problem> {
    let hidden = || Problem::not_found("문서", "document");
    let id: DocumentId = id.parse().map_err(|_| hidden())?;
    let Some(stored) = server.ledger.document(id).await? else {
        let receipt = receipts::of(server, caller, id).await?;
        return receipt.map(|receipt| Found::Unread(Box::new(receipt))).ok_or_else(hidden);
    };
    caller.must_see(&stored.document.agency, "문서", "document")?;
    if stored.withdrawn {
        let receipt = receipts::of(server, caller, id).await?;
        let (ko, en) = match receipt.map(|receipt| receipt.state) {
            Some(Stage::Discarded) => (
                "운영자가 버려 회수된 문서입니다.",
                "the document was withdrawn: its file was discarded by the operator",
            ),
            _ => {
                ("원본이 지워져 회수된 문서입니다.", "the document was withdrawn: its file is gone")
            }
        };
        return Err(Problem::new(StatusCode::GONE, "withdrawn", ko, en));
    }
    Ok(Found::Read(Box::new(stored)))
}

/// The live document of this id, if the caller may see it and it was read.
pub(crate) async fn visible(server: &Server, caller: &Caller, id: &str) -> Result<Stored, Problem> {
    match found(server, caller, id).await? {
        Found::Read(stored) => Ok(*stored),
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

/// `GET /v1/documents/{id}/text`: the blob holds the segments as a JSON array, so it streams through as it
/// is, however long.
pub(crate) async fn text(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = visible(&server, &caller, &id).await?.document;
    let accept = headers.get(header::ACCEPT).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if accept.starts_with("text/plain") {
        let segments = segments(&server, &document).await?;
        let lines: Vec<String> = segments.into_iter().map(|segment| segment.text).collect();
        return Ok((no_store("text/plain; charset=utf-8"), lines.join("\n")).into_response());
    }
    let head = serde_json::json!({
        "id": document.id,
        "title": document.title(),
        "language": document.language,
        "outcome": document.outcome,
        "characters": document.characters,
    });
    let mut head = head.to_string();
    head.truncate(head.len().saturating_sub(1));
    head.push_str(",\"segments\":");
    let Some(blob) = document.text else {
        head.push_str("[]}");
        return Ok((no_store("application/json"), head).into_response());
    };
    // Ends with an error, and not with the closing brace, if these were not the bytes that were kept.
    let whole = stream::once(async { Ok(Bytes::from(head)) })
        .chain(opened(&server, &document, &blob).await?.bytes)
        .chain(stream::once(async { Ok(Bytes::from_static(b"}")) }))
        .map_err(std::io::Error::other);
    Ok((no_store("application/json"), Body::from_stream(whole)).into_response())
}

/// The segments of a document.
pub(crate) async fn segments(
    server: &Server,
    document: &Document,
) -> Result<Vec<Segment>, Problem> {
    let Some(blob) = document.text else { return Ok(Vec::new()) };
    if opened(server, document, &blob).await?.size > TEXT_IN_MEMORY {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text-too-long",
            "글이 너무 길어 한 번에 보여 줄 수 없습니다. JSON으로 받으세요.",
            "the text is too long for this form; take it as JSON",
        ));
    }
    match server.blobs.read_text(&blob).await {
        Ok(segments) => Ok(segments),
        Err(error) => Err(lost(server, document, error).await),
    }
}

/// What was kept of a document.
async fn opened(server: &Server, document: &Document, blob: &BlobPart) -> Result<Opened, Problem> {
    match server.blobs.open(blob).await {
        Ok(opened) => Ok(opened),
        Err(error) => Err(lost(server, document, error).await),
    }
}

/// What was made of a file can be made again: where its text is lost or damaged, the file is read anew. Not where the
/// indexer has noted the same: then it is read anew by itself, or that did not help.
async fn lost(server: &Server, document: &Document, error: BlobError) -> Problem {
    if error.is_lasting()
        && let Err(error) = read_anew(server, document, &error.to_string()).await
    {
        tracing::warn!(%error, document = %document.id, "cannot be read again now");
    }
    Problem::from(error)
}

async fn read_anew(server: &Server, document: &Document, why: &str) -> Result<(), LedgerError> {
    let by = By::Reader(Reader::Index(Partition::of(document.agency.clone())));
    if server.ledger.noted(&by, &document.id.to_string()).await?.is_none() {
        server.ledger.reread(document.id, why).await?;
    }
    Ok(())
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

/// What a file that a browser opens by itself may do: nothing, and without an origin.
pub(crate) const SANDBOX: &str = "sandbox; default-src 'none'";

fn no_store(media_type: &'static str) -> [(header::HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store")]
}

/// A document: metadata and outcome.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentAnswer {
    /// Deterministic id.
    id: String,
    /// Title, else name.
    title: String,
    /// Path in the store, with `!/` and the inner path for members; a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// The store's configured name.
    store: String,
    /// The store's word for the version.
    version: String,
    /// When the store says that the object was last changed, RFC 3339.
    modified: Option<String>,
    /// Institution code.
    agency: String,
    /// The pipeline that took it.
    pipeline: String,
    /// The document it lies in.
    parent: Option<String>,
    /// Size in bytes.
    size: Option<u64>,
    /// SHA-256 of the bytes, if they were read whole.
    sha256: Option<String>,
    /// Media type.
    media_type: String,
    /// Its family.
    kind: &'static str,
    /// Language of the text.
    language: Option<String>,
    /// How reading it ended.
    outcome: &'static str,
    /// The same as a sentence.
    sentence: Sentence,
    /// Why it was not read whole, in English.
    reason: Option<String>,
    /// The same in Korean; null where there are only English words, as of what an earlier version read.
    reason_ko: Option<String>,
    /// Its family, as in `damaged`.
    reason_kind: Option<&'static str>,
    /// Properties by name: of each the value that is trusted most.
    #[schema(value_type = Object)]
    metadata: serde_json::Value,
    /// The same, those of Dublin Core first, each with its term, with the `part` of the file or the file `beside` it
    /// that says so, and with what others say (`also`).
    #[schema(value_type = Vec<Object>)]
    properties: serde_json::Value,
    /// What was odd, lost or cut.
    warnings: Vec<WarningAnswer>,
    /// What it holds, opened members with their ids.
    members: Vec<MemberAnswer>,
    /// Pieces of text.
    segments: u64,
    /// Unicode scalar values in them.
    characters: u64,
    /// What read it, as in `hwp5/3`.
    format: String,
    /// Grows when the document changes.
    revision: u64,
    /// Where more is.
    links: Links,
}

/// Something odd, lost or cut.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WarningAnswer {
    /// `note` (nothing was lost), `lost` (a part could not be read) or `cut` (a limit cut the content).
    kind: &'static str,
    /// What it is, in English.
    message: String,
    /// The same in Korean; null where there are only English words.
    message_ko: Option<String>,
    /// The family of the reason, as in `damaged`.
    reason_kind: &'static str,
}

/// A line in the list of what a document holds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberAnswer {
    /// Its document, if it was opened.
    pub(crate) id: Option<String>,
    /// The path inside.
    pub(crate) path: String,
    /// Size in bytes once unpacked.
    pub(crate) size: Option<u64>,
    /// How reading it ended.
    pub(crate) outcome: Option<&'static str>,
}

/// Addresses that belong to a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Links {
    /// The text with its places.
    text: Option<String>,
    /// A picture.
    preview: Option<String>,
    /// The file; of a member, what it is once taken out of the file around it.
    original: String,
    /// The catalogue entry.
    entry: String,
    /// The page for people.
    page: String,
}

/// The members of a document: those that are documents, then those that are only listed.
pub(crate) fn members(document: &Document, opened: &[Stored]) -> Vec<MemberAnswer> {
    let mut lines: Vec<MemberAnswer> = Vec::new();
    for stored in opened {
        let member = &stored.document;
        lines.push(MemberAnswer {
            id: Some(member.id.to_string()),
            path: member.inner.as_ref().map(|inner| inner.last().to_owned()).unwrap_or_default(),
            size: member.size,
            outcome: Some(member.outcome.as_str()),
        });
    }
    let known: std::collections::BTreeSet<&str> = opened
        .iter()
        .filter_map(|stored| stored.document.inner.as_ref())
        .map(InnerPath::last)
        .collect();
    let mut listed = Vec::new();
    for member in &document.members {
        if !known.contains(member.path.as_str()) {
            listed.push(MemberAnswer {
                id: None,
                path: member.path.clone(),
                size: member.size,
                outcome: member.outcome.map(|outcome| outcome.as_str()),
            });
        }
    }
    lines.extend(listed);
    lines
}

impl WarningAnswer {
    fn new(warning: &Warning) -> WarningAnswer {
        WarningAnswer {
            kind: match warning.kind {
                WarningKind::Note => "note",
                WarningKind::Lost => "lost",
                WarningKind::Cut => "cut",
            },
            message: warning.reason.english(),
            message_ko: korean(&warning.reason),
            reason_kind: warning.reason.kind.word(),
        }
    }
}

impl DocumentAnswer {
    fn new(stored: Stored, opened: Vec<Stored>) -> DocumentAnswer {
        let d = stored.document;
        let at = |what: &str| format!("/v1/documents/{}/{what}", d.id);
        DocumentAnswer {
            links: Links {
                text: d.text.map(|_| at("text")),
                preview: d.preview.map(|_| at("preview")),
                original: at("original"),
                entry: format!("/v1/catalog/entries/{}", d.id),
                page: format!("/documents/{}", d.id),
            },
            id: d.id.to_string(),
            title: d.title().into_owned(),
            name: object_key::readable(&d.path()).into_owned(),
            path: d.path(),
            modified: d.object_modified.map(|moment| moment.to_string()),
            agency: d.agency.to_string(),
            parent: d.parent.map(|parent| parent.to_string()),
            size: d.size,
            sha256: d.sha256.map(|sha256| sha256.to_string()),
            kind: d.media_type.kind().as_str(),
            media_type: d.media_type.to_string(),
            outcome: d.outcome.as_str(),
            sentence: Sentence::of_document(&d),
            members: members(&d, &opened),
            segments: d.segments,
            characters: d.characters,
            format: format!("{}/{}", d.provenance.format, d.provenance.format_version),
            revision: stored.revision,
            pipeline: d.pipeline,
            language: d.language,
            reason: d.reason.as_ref().map(Reason::english),
            reason_ko: d.reason.as_ref().and_then(korean),
            reason_kind: d.reason.as_ref().map(|reason| reason.kind.word()),
            metadata: serde_json::json!(d.metadata.plain()),
            properties: serde_json::json!(term::properties(&d.metadata)),
            warnings: d.warnings.iter().map(WarningAnswer::new).collect(),
            store: d.object.store,
            version: d.object.version,
        }
    }
}

/// The shape of `/text`, for the description: the answer itself streams.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code, reason = "described, never built")]
pub(crate) struct TextAnswer {
    /// The document.
    id: String,
    /// Title, else name.
    title: String,
    /// Language of the text.
    language: Option<String>,
    /// How reading it ended.
    outcome: String,
    /// Unicode scalar values.
    characters: u64,
    /// `{text, locator, origin, confidence}` in reading order.
    segments: Vec<SegmentAnswer>,
}

/// A piece of text with its place.
#[derive(Debug, Serialize, ToSchema)]
#[allow(dead_code, reason = "described, never built")]
pub(crate) struct SegmentAnswer {
    /// The text.
    text: String,
    /// Where it stands, as in `{"page":{"number":3,"bounds":null}}`.
    #[schema(value_type = Object)]
    locator: (),
    /// `native`, `ocr`, `speech` or `subtitle`.
    origin: String,
    /// From 0 to 1; null for stored text.
    confidence: Option<f32>,
}
