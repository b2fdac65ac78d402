use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use madang_server::routes::app;
use serde_json::Value;
use tower::ServiceExt;

use crate::house::{A, House, pipeline};

pub(crate) const UPLOAD: u64 = 1 << 16;

/// An answer with its body read, or none of it if it does not end.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

pub(crate) async fn send(house: &House, request: Request<Body>) -> Reply {
    let response = app(house.server.clone()).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let stream = parts
        .headers
        .get("content-type")
        .is_some_and(|t| t.as_bytes().starts_with(b"text/event-stream"));
    let body = if stream { Vec::new() } else { to_bytes(body, 1 << 24).await.unwrap().to_vec() };
    let body = String::from_utf8_lossy(&body).into_owned();
    Reply { status: parts.status, headers: parts.headers, body }
}

pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

pub(crate) async fn get(house: &House, key: &str, path: &str) -> Reply {
    send(house, request("GET", path, &[("authorization", &format!("Bearer {key}"))])).await
}

pub(crate) async fn post(house: &House, key: &str, path: &str, body: &str) -> Reply {
    let headers =
        [("authorization", &*format!("Bearer {key}")), ("content-type", "application/json")];
    send(house, request("POST", path, &headers).map(|_| Body::from(body.to_owned()))).await
}

pub(crate) async fn page(house: &House, key: &str, path: &str) -> Reply {
    let headers = [("authorization", &*format!("Bearer {key}")), ("accept", "text/html,*/*")];
    send(house, request("GET", path, &headers)).await
}

pub(crate) fn put(
    key: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Request<Body> {
    let bearer = format!("Bearer {key}");
    let mut lines = vec![("authorization", bearer.as_str())];
    lines.extend_from_slice(headers);
    let mut request = request("PUT", &format!("/v1/drop/{}/{path}", pipeline(A)), &lines);
    *request.body_mut() = body.into();
    request
}

pub(crate) fn percent(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}
