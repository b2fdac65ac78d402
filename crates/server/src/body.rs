use axum::http::{HeaderMap, header};
use serde::de::DeserializeOwned;

use crate::parameters::Parameters;
use crate::problem::Problem;

/// What the body of a request asks for: as JSON, as a form sends it with the fields `known`, or nothing, which is the
/// default.
///
/// # Errors
/// 400 for what is neither, or has a field that is not known.
pub(crate) fn read<T: Default + DeserializeOwned>(
    headers: &HeaderMap,
    body: &[u8],
    known: &[&str],
    from_form: impl FnOnce(&Parameters) -> Result<T, Problem>,
) -> Result<T, Problem> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(T::default());
    }
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    if media_type.is_some_and(|t| t.starts_with("application/x-www-form-urlencoded")) {
        // A form's fields are written as those of an address are.
        let uri = format!("/?{}", String::from_utf8_lossy(body)).parse().unwrap_or_default();
        return from_form(&Parameters::read(&uri, known)?);
    }
    serde_json::from_slice(body).map_err(|error| {
        Problem::bad(
            "body",
            "요청 본문을 읽을 수 없습니다.",
            format!("the body cannot be read: {error}"),
        )
    })
}
