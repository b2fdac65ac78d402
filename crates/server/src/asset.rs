use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use madang_document::blob_id::BlobId;

use crate::problem::Problem;
use crate::redirect::see_other;

/// A file that pages load, compiled into the program.
struct Asset {
    name: &'static str,
    media_type: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $media_type:literal) => {
        Asset {
            name: $name,
            media_type: $media_type,
            bytes: include_bytes!(concat!("../static/", $name)),
        }
    };
}

static ASSETS: &[Asset] = &[
    asset!("madang.css", "text/css; charset=utf-8"),
    asset!("queues.js", "text/javascript; charset=utf-8"),
    asset!("drop.js", "text/javascript; charset=utf-8"),
    asset!("preview.js", "text/javascript; charset=utf-8"),
    asset!("viewer.js", "text/javascript; charset=utf-8"),
    asset!("recognition.js", "text/javascript; charset=utf-8"),
    asset!("mark.svg", "image/svg+xml"),
];

/// `GET /static/{file}`: the address carries a digest (see [`address`]), so a browser keeps it for good and
/// still loads the new one after an upgrade.
pub(crate) async fn api(Path(file): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let hidden = || Problem::not_found("파일", "file");
    let asset = ASSETS.iter().find(|asset| asset.name == file).ok_or_else(hidden)?;
    let tag = format!("\"{}\"", digest(asset));
    let keep = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::ETAG, HeaderValue::from_str(&tag).unwrap_or(HeaderValue::from_static("\"\""))),
    ];
    if headers.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, keep).into_response());
    }
    Ok((keep, [(header::CONTENT_TYPE, asset.media_type)], asset.bytes).into_response())
}

/// `GET /favicon.ico`: what browsers ask for beside answers that are no pages.
pub(crate) async fn favicon() -> Response {
    see_other(&address("mark.svg"))
}

/// The address of an asset, with its digest: another content has another address.
pub(crate) fn address(name: &'static str) -> String {
    match ASSETS.iter().find(|asset| asset.name == name) {
        Some(asset) => format!("/static/{name}?v={}", digest(asset)),
        None => format!("/static/{name}"),
    }
}

fn digest(asset: &Asset) -> String {
    BlobId::of(asset.bytes).to_string().chars().take(12).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_never_make_markup() {
        for asset in ASSETS {
            let text = std::str::from_utf8(asset.bytes).unwrap();
            for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
            {
                assert!(!text.contains(word), "{} uses {word}", asset.name);
            }
            assert!(address(asset.name).contains("?v="));
        }
    }
}
