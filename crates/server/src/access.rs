//! Who may come in: every request of a route that is not open passes here, and nothing else makes a
//! [`Caller`].

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use madang_document::blob_id::BlobId;
use madang_document::principal::{Principal, Role, Scope};
use madang_ledger::keys::Key;

use crate::address::percent;
use crate::caller::{Caller, Credential, LANGUAGE_COOKIE, Manner, chosen, code, cookie};
use crate::hosts::authority;
use crate::pages::error;
use crate::parameters::Parameters;
use crate::policy;
use crate::problem::{Problem, sign_in_needed};
use crate::redirect::see_other;
use crate::route::{Access, Route, Surface};
use crate::server::Server;
use crate::session::Bearer;
use crate::wire::Said;

/// The session's cookie.
pub(crate) const SESSION_COOKIE: &str = "madang_session";

/// The layer around one route: principal, origin, role.
pub(crate) async fn guard(
    State((server, route)): State<(Arc<Server>, &'static Route)>,
    mut request: Request,
    next: Next,
) -> Response {
    let answer = match admit(&server, route, &mut request).await {
        Ok(()) => {
            let caller = request.extensions().get::<Caller>().cloned();
            let mut answer = next.run(request).await;
            // A problem is told on a page with the menu of whoever is signed in.
            if let Some(caller) = caller {
                answer.extensions_mut().insert(caller);
            }
            answer
        }
        Err(problem) if route.surface == Surface::Page && problem.status == 401 => {
            let wanted = request.uri().path_and_query().map_or("/", |p| p.as_str());
            let to = format!("/sign-in?next={}", percent(wanted, b"/"));
            see_other(&to)
        }
        Err(problem) => problem.into_response(),
    };
    let mut answer = answer;
    answer.extensions_mut().insert(Template(route.path));
    answer
}

/// The path of the route that answered, for the metrics: a label of few values, whatever people ask for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Template(pub(crate) &'static str);

async fn admit(
    server: &Server,
    route: &'static Route,
    request: &mut Request,
) -> Result<(), Problem> {
    let Access::Any(roles) = route.access else {
        return Parameters::read(request.uri(), route.query).map(drop);
    };
    let caller = caller(server, request.headers()).await?;
    let by_session = matches!(caller.credential, Credential::Session(_));
    // A key in a header is never sent by a browser on its own; a cookie is.
    if by_session && request.method() != Method::GET && request.method() != Method::HEAD {
        same_origin(request.headers())?;
    }
    if !roles.iter().any(|role| caller.principal.may(*role)) {
        return Err(missing_role(roles));
    }
    // What a route does not know it must not pass over: an act would be another than the one that was meant.
    Parameters::read(request.uri(), route.query)?;
    request.extensions_mut().insert(caller);
    Ok(())
}

/// Who makes a request, and by what that is known.
async fn caller(server: &Server, headers: &HeaderMap) -> Result<Caller, Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        // A key that was given and is wrong is never made good by a cookie.
        let key = value.to_str().ok().and_then(bearer).ok_or_else(sign_in_needed)?;
        let hash = BlobId::of(key.as_bytes());
        let Holder { principal, key } = key_holder(server, &hash, "key").await?;
        return Ok(Caller { principal, key, credential: Credential::Key });
    }
    let token = cookie(headers, SESSION_COOKIE).ok_or_else(sign_in_needed)?;
    let token = BlobId::of(token.as_bytes());
    let bearer = server.sessions.bearer(&token, server.now()).ok_or_else(sign_in_needed)?;
    let Holder { principal, key } = match bearer {
        Bearer::Vouched(principal) => Holder { principal, key: None },
        Bearer::Key(hash) => key_holder(server, &hash, "session").await?,
    };
    Ok(Caller { principal, key, credential: Credential::Session(token) })
}

/// Whether a caller is still who he was when he was let in: his key was not revoked, his session has not ended. That
/// the ledger does not answer takes nothing from him.
pub(crate) async fn still_holds(server: &Server, caller: &Caller) -> bool {
    let way = match &caller.credential {
        Credential::Key => "key",
        Credential::Session(token) if server.sessions.is_live(token, server.now()) => "session",
        Credential::Session(_) => return false,
    };
    let Some(id) = caller.key else { return true };
    let keys = server.keys.now(async || server.ledger.keys().await.ok()).await;
    keys.is_none_or(|keys| {
        let key = keys.iter().find(|key| key.id == id && key.revoked_at.is_none());
        key.is_some_and(|key| principal(key.clone(), way) == caller.principal)
    })
}

/// The key in an `Authorization` header (RFC 6750, section 2.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, key) = value.split_once(' ')?;
    let key = key.trim();
    (scheme.eq_ignore_ascii_case("bearer") && plausible(key)).then_some(key)
}

/// Whether a text can be a key at all: keeps the ledger from being asked about nonsense. Keys made by Madang
/// begin with `madang_`; one that the operator chose need not.
pub(crate) fn plausible(key: &str) -> bool {
    (8..=512).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
}

/// Who holds a key.
pub(crate) struct Holder {
    pub(crate) principal: Principal,
    /// The key's number in the ledger; none for one that stands outside.
    key: Option<i64>,
}

/// The bearer of a key. The ledger is asked by the key's SHA-256, so how long it takes tells nothing about
/// the key itself.
pub(crate) async fn key_holder(
    server: &Server,
    hash: &BlobId,
    way: &str,
) -> Result<Holder, Problem> {
    if let Some(own) = server.settings.own_keys.iter().find(|own| own.hash == *hash) {
        let name = format!("{way}:{}", own.name);
        let principal = Principal { name, roles: [Role::Admin].into(), agencies: Scope::All };
        return Ok(Holder { principal, key: None });
    }
    let key = server.ledger.key_of(hash).await?.ok_or_else(sign_in_needed)?;
    Ok(Holder { key: Some(key.id), principal: principal(key, way) })
}

/// On whose behalf the bearer of a key speaks, by whatever way he came in.
fn principal(key: Key, way: &str) -> Principal {
    Principal {
        name: format!("{way}:{}", key.prefix),
        roles: key.roles.into_iter().collect(),
        agencies: key.agencies,
    }
}

fn missing_role(roles: &[Role]) -> Problem {
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    let words = words.join("` or `");
    Problem::new(
        StatusCode::FORBIDDEN,
        "missing-role",
        format!("이 일에는 `{}` 권한이 필요합니다.", words.replace("` or `", "` 또는 `")),
        format!("this needs the role `{words}`"),
    )
}

/// Refuses a change that another site's page asked for with our cookie (OWASP: cross-site request forgery).
/// `Sec-Fetch-Site` is the browser's own word; where it is missing (plain http on a name that is not
/// loopback), `Origin` must be ours.
pub(crate) fn same_origin(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name: header::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let ours = match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => match (text(header::ORIGIN).and_then(authority), text(header::HOST)) {
            (Some(origin), Some(host)) => origin.eq_ignore_ascii_case(host),
            _ => false,
        },
    };
    if ours {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "cross-site",
        "다른 사이트에서 온 요청이라 거부했습니다.",
        "refused: with a session, changes are only taken from this server's own pages",
    ))
}

/// The outermost layer: host names, language, problems as pages, security headers, counting.
pub(crate) async fn finish(
    State(server): State<Arc<Server>>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = std::time::Instant::now();
    let method = request.method().clone();
    let manner = Manner::of(request.uri(), request.headers());
    let chosen = chosen(request.uri());
    // Where a page of a problem is found again in the other language.
    let here = match method == Method::GET {
        true => request.uri().path_and_query().map_or("/", |here| here.as_str()).to_owned(),
        false => "/".to_owned(),
    };
    let mut response = if server.settings.hosts.allow(request.uri(), request.headers()) {
        request.extensions_mut().insert(manner);
        next.run(request).await
    } else {
        Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "host",
            "이 서버의 이름이 아닌 주소로 온 요청입니다. 설정의 base URL을 확인하세요.",
            "this server does not answer under that host name; configure it as the base URL",
        )
        .into_response()
    };
    if let Some(problem) = own_words(&response) {
        response = problem.into_response();
    }
    if manner.html
        && let Some(problem) = response.extensions().get::<Problem>().cloned()
    {
        let template = response.extensions().get::<Template>().copied();
        let caller = response.extensions().get::<Caller>().cloned();
        let principal = caller.as_ref().map(|caller| &caller.principal);
        response = error::page(&problem, manner.locale, (&here, principal));
        if let Some(template) = template {
            response.extensions_mut().insert(template);
        }
    }
    if let Some(locale) = chosen {
        let cookie = format!("{LANGUAGE_COOKIE}={}; Path=/; SameSite=Strict", code(locale));
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    harden(response.headers_mut());
    let template = response.extensions().get::<Template>().map_or("unmatched", |t| t.0);
    server.traffic.count(&method, template, response.status(), begun.elapsed());
    response
}

/// What axum refused on its own (no such route, no such method, an unreadable path) said as a problem.
fn own_words(response: &Response) -> Option<Problem> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    if response.extensions().get::<Problem>().is_some() || said(response) {
        return None;
    }
    let (kind, ko, en) = match status {
        StatusCode::NOT_FOUND => ("no-route", "그런 주소가 없습니다.", "there is no such address"),
        StatusCode::METHOD_NOT_ALLOWED => (
            "method",
            "이 주소에는 그 방법을 쓸 수 없습니다.",
            "this address does not take that method",
        ),
        _ => ("refused", "요청을 읽을 수 없습니다.", "the request cannot be read"),
    };
    Some(Problem::new(status, kind, ko, en))
}

/// Whether an answer with an error status is one that we wrote: a tombstone, a probe, or that a range lies beyond the end, which
/// says where that is.
fn said(response: &Response) -> bool {
    let media_type = response.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let is_beyond = response.headers().contains_key(header::CONTENT_RANGE);
    is_beyond
        || media_type.is_some_and(|t| t.contains("json"))
        || response.extensions().get::<Said>().is_some()
}

fn harden(headers: &mut HeaderMap) {
    let policies = [
        (header::CONTENT_SECURITY_POLICY, policy::PAGE),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    for (name, value) in policies {
        // A route that is stricter (originals, previews), or plays films, has said so already.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_change_things() {
        for (lines, ours) in [
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-site"), ("origin", "http://localhost")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("origin", "http://localhost:8484")], true),
            (vec![("origin", "http://localhost:9999")], false),
            (vec![("origin", "null")], false),
            (vec![], false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("localhost:8484"));
            for (name, value) in &lines {
                headers.insert(*name, HeaderValue::from_static(value));
            }
            assert_eq!(same_origin(&headers).is_ok(), ours, "{lines:?}");
        }
    }

    #[test]
    fn bearers() {
        assert_eq!(bearer("Bearer madang_0123"), Some("madang_0123"));
        assert_eq!(bearer("bearer  madang_0123 "), Some("madang_0123"));
        for bad in ["Basic madang_0123", "Bearer", "Bearer short", "Bearer madang_ 0123"] {
            assert_eq!(bearer(bad), None, "{bad}");
        }
    }
}
