use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use madang_document::document::Document;
use madang_document::media_type::Kind;
use madang_document::metadata;

use crate::caller::Caller;
use crate::documents::visible;
use crate::gallery::Sight;
use crate::parameters::Parameters;
use crate::preview::{Cached, KIND, cached, seen};
use crate::problem::Problem;
use crate::server::Server;

/// What a picture of a page can be asked with.
pub(crate) const PARAMETERS: &[&str] = &["zoom"];

/// Pixels on the longer side of a page: A4 at 150 to the inch.
const SIDE: u32 = 1754;

/// Pages of one document that are shown as pictures.
const PAGES: u32 = 100_000;

/// How many pages of a document can be seen as pictures; none of one that is not made of such.
pub(crate) fn pages(document: &Document) -> Option<u32> {
    let counted = |name| document.metadata.integer(name).and_then(|n| u32::try_from(n).ok());
    let pages = match document.media_type.as_str() {
        "application/pdf" => counted(metadata::PAGES).unwrap_or(0),
        "image/tiff" => counted(metadata::FRAMES).unwrap_or(1),
        _ if document.media_type.kind() == Kind::Image => 1,
        _ => 0,
    };
    let can_be_had = document.inner.is_none() || document.sha256.is_some();
    Some(pages.min(PAGES)).filter(|pages| *pages > 0 && can_be_had)
}

/// A page, larger by `zoom`.
pub(crate) fn page(number: u32, zoom: u32) -> Sight {
    Sight::Page { number, side: SIDE.saturating_mul(zoom.clamp(1, 2)) }
}

/// `GET /v1/documents/{id}/page/{n}`: a picture of a page, drawn in a child. How large the page is in points (1/72 inch), of
/// which the bounds of its words are told, stands in a header.
pub(crate) async fn page_picture(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path((id, number)): Path<(String, String)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let zoom = Parameters::read(&uri, PARAMETERS)?.number("zoom", 1, 1..=2)?;
    let document = visible(&server, &caller, &id).await?.document;
    let none = || Problem::not_found("쪽 그림", "picture of that page");
    let number = number.parse::<u32>().ok().filter(|number| *number > 0);
    let number = number.filter(|number| pages(&document).is_some_and(|pages| *number <= pages));
    let sight = page(number.ok_or_else(none)?, if zoom > 1 { 2 } else { 1 });
    let picture = seen(&server, &caller, &document, sight).await?.ok_or_else(none)?;
    let keep = match cached(&picture.hash, &headers) {
        Cached::Known(answer) => return Ok(answer),
        Cached::Sent(keep) => keep,
    };
    let mut answer = (keep, KIND, picture.jpeg).into_response();
    let size = picture.points.map(|(width, height)| format!("{width:.2} {height:.2}"));
    if let Some(size) = size.and_then(|size| HeaderValue::from_str(&size).ok()) {
        answer.headers_mut().insert(HeaderName::from_static("madang-page-points"), size);
    }
    Ok(answer)
}
