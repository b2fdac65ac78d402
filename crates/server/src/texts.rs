use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_store::blobs::BlobError;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::documents::visible;
use crate::loss::Kept;
use crate::problem::Problem;
use crate::server::Server;

/// Largest text that is taken into memory for a page or as plain text, bytes.
const TEXT_IN_MEMORY: u64 = 128 << 20;
/// Largest text that is read whole before it is sent as JSON, bytes; what is longer streams.
const TEXT_AT_ONCE: u64 = 4 << 20;

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
    let head = Bytes::from(head);
    let opened = match server.blobs.open(&blob).await {
        Ok(opened) if opened.size <= TEXT_AT_ONCE => {
            // Whole, before the first byte of the answer: one that is damaged shows only at its end.
            let bytes = had(&server, &document, server.blobs.read(&blob).await).await?;
            let whole = [head, bytes, Bytes::from_static(b"}")].concat();
            return Ok((no_store("application/json"), whole).into_response());
        }
        opened => kept(&server, &document, opened).await?,
    };
    // Ends with an error, and not with the closing brace, if these were not the bytes that were kept.
    let (whole_of, whole_at) = (document.clone(), Arc::clone(&server));
    let bytes = opened.bytes.or_else(move |error| {
        let (server, document) = (Arc::clone(&server), document.clone());
        async move {
            Kept::Text.met(&server, &document, &error).await;
            Err(error)
        }
    });
    let whole = stream::once(async { Ok(head) })
        .chain(bytes)
        .chain(stream::once(async move {
            Kept::Text.had(&whole_at, &whole_of).await;
            Ok(Bytes::from_static(b"}"))
        }))
        .map_err(std::io::Error::other);
    Ok((no_store("application/json"), Body::from_stream(whole)).into_response())
}

/// The segments of a document.
pub(crate) async fn segments(
    server: &Server,
    document: &Document,
) -> Result<Vec<Segment>, Problem> {
    let Some(blob) = document.text else { return Ok(Vec::new()) };
    let opened = server.blobs.open(&blob).await;
    if opened.as_ref().is_ok_and(|opened| opened.size > TEXT_IN_MEMORY) {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "text-too-long",
            "글이 너무 길어 한 번에 보여 줄 수 없습니다. JSON으로 받으세요.",
            "the text is too long for this form; take it as JSON",
        ));
    }
    let read = match opened {
        Ok(_) => server.blobs.read_text(&blob).await,
        Err(error) => Err(error),
    };
    had(server, document, read).await
}

/// What was read of the text of a document.
async fn had<T>(
    server: &Server,
    document: &Document,
    read: Result<T, BlobError>,
) -> Result<T, Problem> {
    let had = kept(server, document, read).await?;
    Kept::Text.had(server, document).await;
    Ok(had)
}

/// What there is of the text of a document. Where it is lost, the file is read anew.
async fn kept<T>(
    server: &Server,
    document: &Document,
    there: Result<T, BlobError>,
) -> Result<T, Problem> {
    if let Err(error) = &there {
        Kept::Text.met(server, document, error).await;
    }
    Ok(there?)
}

fn no_store(media_type: &'static str) -> [(header::HeaderName, &'static str); 2] {
    [(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, "no-store")]
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
    /// `{text, locator, origin, confidence, words}` in reading order.
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
    /// Of what was recognised on a page, for each word `[start, end, left, top, right, bottom, confidence]`: its characters in
    /// `text` (Unicode scalar values, counted from 0), its rectangle in points, and from 0 to 1 how sure it is. Otherwise left out.
    #[schema(value_type = Option<Vec<[f32; 7]>>)]
    words: Option<()>,
}
