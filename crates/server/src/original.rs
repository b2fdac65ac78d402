use std::ops::Range;
use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt};
use madang_document::blob_id::BlobId;
use madang_document::cause::Cause;
use madang_document::document::Document;
use madang_document::object_key;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::shown::is_misleading;

use crate::address::percent;
use crate::byte_range::Asked;
use crate::caller::Caller;
use crate::documents::visible;
use crate::policy::SANDBOX;
use crate::ports::MemberError;
use crate::problem::Problem;
use crate::sentence::korean;
use crate::server::Server;
use crate::while_held::sent_while_held;
use madang_store::error::StoreError;
use madang_store::store::Pinned;

/// `GET /v1/documents/{id}/original`: the file as it lies in its store, or in the file around it; never opened by the
/// browser.
pub(crate) async fn original(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let document = visible(&server, &caller, &id).await?.document;
    if server.stores.get(&document.object.store).is_none() {
        return Err(undeclared(&document.object.store));
    }
    if document.inner.is_some() {
        return member(&server, caller, &document).await;
    }
    let original = server.stores.open(&document.object).await.map_err(refusal)?;
    let size = document.object.size;
    let (tag, mut answer) = (tag(&document), headers_of(&document));
    set(&mut answer, header::ETAG, tag.clone());
    let (status, part) = Asked::of(&headers, size, &tag).answer(size, &mut answer);
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        return Ok((status, answer, Body::empty()).into_response());
    }
    let bytes = sent_while_held(stream(original, part).boxed(), server, caller);
    let body = Body::from_stream(bytes);
    Ok((status, answer, body).into_response())
}

/// The validator of a document's bytes (RFC 9110, section 8.8.3): of the document and of the version that was read. What
/// a store calls a version may hold anything, so that its hash stands here.
pub(crate) fn tag(document: &Document) -> String {
    let object = &document.object;
    let named = format!("{}\n{}\n{}", document.id, object.size, object.version);
    format!("\"{:.32}\"", BlobId::of(named.as_bytes()).to_string())
}

/// A member as the file that it is, unpacked for this answer. Whole only: a part would cost as much.
async fn member(
    server: &Arc<Server>,
    caller: Caller,
    document: &Document,
) -> Result<Response, Problem> {
    let bytes = server.members.open(document).await.map_err(not_taken)?;
    let mut answer = headers_of(document);
    if let Some(size) = document.size {
        set(&mut answer, header::CONTENT_LENGTH, size.to_string());
    }
    let bytes = sent_while_held(bytes, Arc::clone(server), caller);
    Ok((StatusCode::OK, answer, Body::from_stream(bytes)).into_response())
}

/// What is said of a file that is handed out, whatever part of it.
fn headers_of(document: &Document) -> HeaderMap {
    let mut answer = HeaderMap::new();
    for (name, value) in [
        (header::CONTENT_TYPE, document.media_type.to_string()),
        (header::CONTENT_DISPOSITION, disposition(&document.name())),
        (header::CONTENT_SECURITY_POLICY, SANDBOX.to_owned()),
        (header::CACHE_CONTROL, "private, no-cache".to_owned()),
    ] {
        set(&mut answer, name, value);
    }
    answer
}

pub(crate) fn set(headers: &mut HeaderMap, name: HeaderName, value: String) {
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(name, value);
    }
}

pub(crate) fn refusal(error: StoreError) -> Problem {
    match error {
        StoreError::Gone(_) => gone(&error),
        error => Problem::unavailable(&error),
    }
}

/// 409: no store of that name is configured, and trying again does not help until somebody declares its pipeline.
pub(crate) fn undeclared(store: &str) -> Problem {
    let reason = Reason::from(ReasonKind::NoStore(store.into()));
    Problem::new(StatusCode::CONFLICT, "undeclared", reason.korean(), reason.english())
}

/// Why nothing can be taken out of an object.
pub(crate) fn not_taken(error: MemberError) -> Problem {
    match error {
        MemberError::Gone(cause) => gone(&cause),
        MemberError::Closed(cause) => closed(&cause),
        MemberError::Unavailable(cause) => Problem::unavailable(&cause),
    }
}

/// A member cannot be taken out of its object.
fn closed(cause: &Cause) -> Problem {
    let why = cause.downcast_ref::<Reason>().and_then(korean);
    let why = why.map(|why| format!(" ({why})")).unwrap_or_default();
    Problem::new(
        StatusCode::NOT_FOUND,
        "member",
        format!("바깥 파일에서 꺼낼 수 없습니다{why}. 바깥 파일을 내려받으세요."),
        format!("it cannot be taken out of the file around it, download that one: {cause}"),
    )
}

/// The file is gone or another one.
fn gone(error: &dyn std::fmt::Display) -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        "gone",
        "원본 파일이 없어졌거나 바뀌었습니다. 곧 다시 읽습니다.",
        error.to_string(),
    )
}

/// The bytes of a part, a MiB at a time: a download never lies in memory whole.
pub(crate) fn stream(
    original: Box<dyn Pinned>,
    part: Range<u64>,
) -> impl Stream<Item = std::io::Result<Bytes>> {
    const PIECE: u64 = 1 << 20;
    futures::stream::try_unfold((original, part), |(original, part)| async move {
        if part.is_empty() {
            return Ok(None);
        }
        let piece = original.read(part.start, PIECE.min(part.end - part.start)).await;
        let piece = piece.map_err(std::io::Error::other)?;
        if piece.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        let rest = part.start + piece.len() as u64..part.end;
        Ok(Some((piece, (original, rest))))
    })
}

/// `Content-Disposition` of a download (RFC 6266, section 4.3; RFC 8187): the real name in UTF-8, and one in
/// plain ASCII for programs that know no better.
fn disposition(name: &str) -> String {
    let safe = |c: char| !(is_misleading(c) || "/\\".contains(c));
    let name = object_key::readable(name);
    let name: String = name.chars().map(|c| if safe(c) { c } else { '_' }).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || " .-_()".contains(c);
    let ascii: String = name.chars().map(|c| if plain(c) { c } else { '_' }).collect();
    format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{}", percent(&name, b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_downloads_cannot_break_out() {
        assert_eq!(
            disposition("보고서 1\".hwp\r\nX: y"),
            "attachment; filename=\"___ 1_.hwp__X_ y\"; \
             filename*=UTF-8''%EB%B3%B4%EA%B3%A0%EC%84%9C%201%22.hwp__X%3A%20y"
        );
        assert!(!disposition("a\u{202e}gpj.exe").contains("%E2%80%AE"));
    }
}
