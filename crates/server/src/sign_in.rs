use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use madang_document::blob_id::BlobId;
use madang_ledger::audit::Act;

use crate::access::{SESSION_COOKIE, key_holder, plausible, same_origin};
use crate::caller::{Caller, Manner, cookie};
use crate::pages::sign_in::{self, Refusal};
use crate::parameters::Parameters;
use crate::problem::Problem;
use crate::redirect::see_other;
use crate::server::Server;
use crate::session::Bearer;

/// What the sign-in page can be asked with.
pub(crate) const PARAMETERS: &[&str] = &["token", "next"];

/// `GET /sign-in`: with a token it begins a session and goes on; without one it explains the two ways in.
pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    Extension(manner): Extension<Manner>,
    method: Method,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let next = local(parameters.one("next")?);
    // Who only looks (a mail scanner, a preview of the link) must not use it up.
    let token = parameters.one("token")?.filter(|_| method == Method::GET);
    let Some(token) = token else {
        return Ok(sign_in::page(manner.locale, next, None));
    };
    let session = server.sessions.redeem(token, server.now()).map_err(|e| Problem::internal(&e))?;
    match session {
        Some(session) => {
            note(&server, "link", "session.begin").await?;
            Ok(enter(&server, &session, next))
        }
        None => {
            note(&server, "unknown", "session.refused").await?;
            Ok(sign_in::page(manner.locale, next, Some(Refusal::Link)))
        }
    }
}

/// `POST /sign-in` with the field `key`.
pub(crate) async fn with_key(
    State(server): State<Arc<Server>>,
    Extension(manner): Extension<Manner>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    // Without this a foreign page could sign its reader in as somebody else.
    same_origin(&headers)?;
    let form = String::from_utf8_lossy(&body);
    let uri: Uri = format!("/?{form}").parse().unwrap_or_default();
    let form = Parameters::read(&uri, &["key", "next"])?;
    let next = local(form.one("next")?);
    let key = form.one("key")?.map(str::trim).filter(|key| plausible(key));
    let hash = key.map(|key| BlobId::of(key.as_bytes()));
    let holder = match hash {
        Some(hash) => key_holder(&server, &hash, "session").await.ok().map(|h| (hash, h.principal)),
        None => None,
    };
    let Some((hash, principal)) = holder else {
        note(&server, "unknown", "session.refused").await?;
        return Ok(sign_in::page(manner.locale, next, Some(Refusal::Key)));
    };
    let session = server.sessions.begin(Bearer::Key(hash), server.now());
    let session = session.map_err(|error| Problem::internal(&error))?;
    note(&server, &principal.name, "session.begin").await?;
    Ok(enter(&server, &session, next))
}

/// `POST /sign-out`
pub(crate) async fn out(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(token) = cookie(&headers, SESSION_COOKIE) {
        server.sessions.end(token);
    }
    note(&server, &caller.principal.name, "session.end").await?;
    let mut response = see_other("/sign-in");
    let gone = format!("{SESSION_COOKIE}=; HttpOnly; SameSite=Strict; Path=/; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(header::SET_COOKIE, gone);
    }
    Ok(response)
}

/// Sets the cookie and goes on to a page of ours.
fn enter(server: &Server, session: &str, next: &str) -> Response {
    let secure = if server.settings.base_url.starts_with("https:") { "; Secure" } else { "" };
    let cookie = format!("{SESSION_COOKIE}={session}; HttpOnly; SameSite=Strict; Path=/{secure}");
    let mut response = see_other(next).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}

/// A path on this server, or the first page: `//host` and `/\host` would leave it.
fn local(next: Option<&str>) -> &str {
    next.filter(|next| {
        next.starts_with('/')
            && !next.starts_with("//")
            && !next.contains('\\')
            && next.bytes().all(|b| b.is_ascii_graphic())
    })
    .unwrap_or("/")
}

async fn note(server: &Server, actor: &str, action: &str) -> Result<(), Problem> {
    let act = Act {
        actor: actor.to_owned(),
        action: action.to_owned(),
        subject: "console".to_owned(),
        detail: String::new(),
    };
    Ok(server.ledger.append(&act).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_stays_on_this_server() {
        assert_eq!(local(Some("/queues?state=ready")), "/queues?state=ready");
        for bad in ["//evil.example", "https://evil.example", "/\\evil.example", "/a b", "x"] {
            assert_eq!(local(Some(bad)), "/", "{bad}");
        }
    }
}
