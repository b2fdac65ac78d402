//! The router over the real ledger and the real index.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod house;

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use futures::StreamExt;
use house::{A, B, House, Paper, pipeline};
use madang_document::condition::Kind;
use madang_document::id::DocumentId;
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::locator::Locator;
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::{Principal, Role};
use madang_document::shown::is_misleading;
use madang_index::index::Index;
use madang_ledger::documents::Documents;
use madang_ledger::entries::Entries;
use madang_ledger::jobs::{Completion, Jobs, Verdict};
use madang_ledger::keys::Keys;
use madang_ledger::left_out::LeftOuts;
use madang_ledger::notes::{By, NewNote, NoteKind, Notes};
use madang_ledger::outbox::Outbox;
use madang_ledger::worker::Worker;
use madang_server::ports::Condition;
use madang_server::route::{Access, Scoped, Surface};
use madang_server::routes::{ROUTES, app};
use object_store::{ObjectStoreExt, PutPayload};
use serde_json::Value;
use tower::ServiceExt;

const UPLOAD: u64 = 1 << 16;

/// An answer with its body read, or none of it if it does not end.
struct Reply {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

async fn send(house: &House, request: Request<Body>) -> Reply {
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

fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

async fn get(house: &House, key: &str, path: &str) -> Reply {
    send(house, request("GET", path, &[("authorization", &format!("Bearer {key}"))])).await
}

async fn post(house: &House, key: &str, path: &str, body: &str) -> Reply {
    let headers =
        [("authorization", &*format!("Bearer {key}")), ("content-type", "application/json")];
    send(house, request("POST", path, &headers).map(|_| Body::from(body.to_owned()))).await
}

async fn page(house: &House, key: &str, path: &str) -> Reply {
    let headers = [("authorization", &*format!("Bearer {key}")), ("accept", "text/html,*/*")];
    send(house, request("GET", path, &headers)).await
}

struct Rig {
    house: House,
    admin: String,
    only_a: String,
    only_b: String,
}

async fn rig() -> Rig {
    let house = House::open(UPLOAD, "127.0.0.1:8484".parse().unwrap()).await;
    let admin = house.key("admin", &[Role::Admin], &[]).await;
    let only_a = house.key("onlya", &Role::ALL, &[A]).await;
    let only_b = house.key("onlyb", &Role::ALL, &[B]).await;
    Rig { house, admin, only_a, only_b }
}

fn paper<'a>(agency: &'a str, path: &'a str, title: &'a str, text: &str) -> Paper<'a> {
    Paper {
        agency,
        path,
        title,
        media_type: "application/pdf",
        outcome: Outcome::Ok,
        pieces: vec![(Locator::page(3), text.to_owned())],
        preview: Some(b"\xff\xd8\xff\xd9".to_vec()),
    }
}

#[tokio::test]
async fn every_route_that_is_not_open_wants_a_principal() {
    let Rig { house, .. } = rig().await;
    let mut open = Vec::new();
    for route in ROUTES {
        let path = route.path.replace("{id}", "1").replace("{queue}", "q");
        let path = path.replace("{pipeline}", "p").replace("{*path}", "a/b").replace("{file}", "x");
        let reply = send(&house, request(route.method, &path, &[])).await;
        let wrong = [("authorization", "Bearer madang_nobody_has_this_key")];
        let refused = send(&house, request(route.method, &path, &wrong)).await;
        match (route.access, route.surface) {
            (Access::Open, _) => open.push((route.method, route.path)),
            (Access::Any(_), Surface::Api) => {
                assert_eq!(reply.status, 401, "{} {}", route.method, route.path);
                assert_eq!(reply.header("content-type"), "application/problem+json");
                assert_eq!(refused.status, 401, "{} {}", route.method, route.path);
            }
            (Access::Any(_), Surface::Page) => {
                assert_eq!(reply.status, 303, "{} {}", route.method, route.path);
                assert!(reply.header("location").starts_with("/sign-in?next="));
                assert_eq!(refused.status, 303, "{} {}", route.method, route.path);
            }
        }
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert!(reply.header("content-security-policy").contains("default-src 'none'"));
        assert_eq!(reply.header("referrer-policy"), "no-referrer");
    }
    let expected = [
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/openapi.json"),
        ("GET", "/static/{file}"),
        ("GET", "/favicon.ico"),
        ("GET", "/sign-in"),
        ("POST", "/sign-in"),
    ];
    assert_eq!(open, expected, "an open route is a decision: write it down here");
}

#[tokio::test]
async fn what_belongs_to_another_agency_does_not_exist() {
    let Rig { house, admin, only_a, only_b, .. } = rig().await;
    let id = house.take(&paper(B, "6110000/secret.pdf", "비밀문서", "극비 침수 대책")).await;
    let quarantined = Paper {
        outcome: Outcome::Corrupt,
        ..paper(B, "6110000/broken.pdf", "깨진문서", "가")
    };
    house.take(&quarantined).await;
    let jobs = get(&house, &only_b, "/v1/jobs?state=quarantined").await.json();
    let job = jobs["jobs"][0]["id"].as_i64().unwrap();

    for route in ROUTES.iter().filter(|route| route.scope != Scoped::Nothing) {
        if route.path == "/sign-out" {
            continue;
        }
        let what = if route.path.contains("/jobs/") { job.to_string() } else { id.to_string() };
        let path = route.path.replace("{id}", &what).replace("{queue}", &pipeline(B));
        let path = path.replace("{pipeline}", &pipeline(B)).replace("{*path}", "6110000/x.pdf");
        let headers = [("authorization", &*format!("Bearer {only_a}"))];
        let reply = send(&house, request(route.method, &path, &headers)).await;
        match route.scope {
            Scoped::One => assert_eq!(reply.status, 404, "{} {path}", route.method),
            Scoped::Many => {
                assert_eq!(reply.status, 200, "{} {path}: {}", route.method, reply.body);
            }
            Scoped::Nothing => unreachable!(),
        }
        for word in
            ["비밀문서", "극비", "secret.pdf", "broken.pdf", "press-6110000", &id.to_string()]
        {
            // A problem may repeat what was asked for, but here it does not either.
            assert!(!reply.body.contains(word), "{} {path} tells {word}", route.method);
        }
    }
    let balance = get(&house, &only_a, "/v1/ledger/balance").await.json();
    assert_eq!((balance["received"].as_u64(), balance["holds"].as_bool()), (Some(0), Some(true)));
    // A redrive of "all" by A must not touch B's job.
    let still = get(&house, &only_b, &format!("/v1/jobs/{job}")).await.json();
    assert_eq!(still["state"], "quarantined");
    // The same things are there for B and for whoever may see everything.
    for key in [&only_b, &admin] {
        for path in [
            format!("/v1/documents/{id}"),
            format!("/v1/documents/{id}/text"),
            format!("/v1/documents/{id}/preview"),
            format!("/v1/documents/{id}/original"),
            format!("/v1/receipts/{id}"),
            format!("/v1/catalog/entries/{id}"),
            format!("/v1/jobs/{job}"),
            format!("/documents/{id}"),
        ] {
            assert_eq!(get(&house, key, &path).await.status, 200, "{path}");
        }
        let found = get(&house, key, "/v1/search?q=%EC%B9%A8%EC%88%98").await.json();
        assert_eq!(found["hits"][0]["id"], id.to_string());
        assert_eq!(found["hits"][0]["locator"]["page"]["number"], 3);
    }
}

#[tokio::test]
async fn a_missing_role_is_told_apart_from_a_missing_thing() {
    let Rig { house, .. } = rig().await;
    let searcher = house.key("searcher", &[Role::Search], &[]).await;
    let dropper = house.key("dropper", &[Role::Drop], &[]).await;
    for route in ROUTES {
        let Access::Any(roles) = route.access else { continue };
        for (key, role) in [(&searcher, Role::Search), (&dropper, Role::Drop)] {
            if roles.contains(&role) {
                continue;
            }
            let path = route.path.replace("{id}", "1").replace("{queue}", &pipeline(A));
            let path = path.replace("{pipeline}", &pipeline(A)).replace("{*path}", "a.txt");
            let headers = [("authorization", &*format!("Bearer {key}"))];
            let reply = send(&house, request(route.method, &path, &headers)).await;
            assert_eq!(reply.status, 403, "{} {}", route.method, route.path);
        }
    }
}

#[tokio::test]
async fn hostile_content_stays_text() {
    let Rig { house, admin, .. } = rig().await;
    let path = "1741000/a\"><img src=x onerror=alert(1)>\u{202e}fdp.txt";
    let path = &format!("{path}\u{200f}\u{2028}\u{9b}");
    let title = "<script>alert(1)</script>";
    let text = "침수 <b onmouseover=alert(1)>대책</b> </p><script>alert(2)</script> 끝";
    let id = house.take(&paper(A, path, title, text)).await;
    for address in [
        "/?q=%EC%B9%A8%EC%88%98".to_owned(),
        format!("/documents/{id}"),
        "/queues?state=done".to_owned(),
        "/?q=%22%3E%3Cscript%3Ealert(3)%3C/script%3E".to_owned(),
        "/drop".to_owned(),
    ] {
        let reply = page(&house, &admin, &address).await;
        assert_eq!(reply.status, 200, "{address}: {}", reply.body);
        for bad in ["<script>", "<img src=x", "<b onmouseover", "<공지>"] {
            assert!(!reply.body.contains(bad), "{address} holds {bad}");
        }
        let hidden = reply.body.chars().find(|c| is_misleading(*c) && *c != '\n');
        assert_eq!(hidden, None, "{address}");
        assert!(!reply.body.contains(" style=") && !reply.body.contains("javascript:"));
    }
    let found = page(&house, &admin, "/?q=%EC%B9%A8%EC%88%98").await.body;
    assert!(found.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "the title is shown as text");
    assert!(found.contains("<mark>침수</mark> &lt;b onmouseover"), "{found}");
    assert!(found.contains(&format!("/documents/{id}?at=page%3D3#page=3")));
    let json = get(&house, &admin, "/v1/search?q=%EC%B9%A8%EC%88%98").await.json();
    assert_eq!(json["hits"][0]["title"], title);

    let original = get(&house, &admin, &format!("/v1/documents/{id}/original")).await;
    assert_eq!(original.body, title);
    assert!(original.header("content-disposition").starts_with("attachment; "));
    assert!(!original.header("content-disposition").contains("%E2%80%AE"));
    assert_eq!(original.header("content-security-policy"), "sandbox; default-src 'none'");
    let headers = [("authorization", &*format!("Bearer {admin}")), ("range", "bytes=1-6")];
    let address = format!("/v1/documents/{id}/original");
    let part = send(&house, request("GET", &address, &headers)).await;
    assert_eq!((part.status.as_u16(), part.body.as_str()), (206, "script"));
    assert_eq!(part.header("content-range"), format!("bytes 1-6/{}", title.len()));
}

#[tokio::test]
async fn a_dropped_file_has_a_receipt_from_the_first_moment() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let put = |path: &str, body: Vec<u8>| {
        Request::builder()
            .method("PUT")
            .uri(format!("/v1/drop/{}/{path}", pipeline(A)))
            .header("host", "localhost")
            .header("authorization", format!("Bearer {only_a}"))
            .body(Body::from(body))
            .unwrap()
    };
    for bad in ["..%2F..%2Fetc%2Fpasswd", "a%2F..%2Fb", "a%0Ab", "a%00", "a%E2%80%AEb"] {
        assert_eq!(send(&house, put(bad, vec![1])).await.status, 400, "{bad}");
    }
    let large = vec![0; UPLOAD as usize + 1];
    assert_eq!(send(&house, put("large.bin", large.clone())).await.status, 413);
    let chunks = futures::stream::iter(
        large.chunks(1000).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>(),
    );
    let mut unannounced = put("large.bin", vec![]);
    *unannounced.body_mut() = Body::from_stream(chunks);
    assert_eq!(send(&house, unannounced).await.status, 413);

    let reply = send(&house, put("2026/%EB%B3%B4%EA%B3%A0.txt", b"abc".to_vec())).await;
    assert_eq!(reply.status, 201);
    let receipt = reply.json()["receipt"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("location"), receipt);
    let path = "1741000/2026/보고.txt";
    let state = |reply: Reply| reply.json()["state"].as_str().unwrap().to_owned();
    assert_eq!(state(get(&house, &only_a, &receipt).await), "received");
    assert_eq!(get(&house, &only_b, &receipt).await.status, 404);
    house.see(A, path, 3).await;
    assert_eq!(state(get(&house, &only_a, &receipt).await), "received");
    house.take(&paper(A, path, "보고", "침수")).await;
    let done = get(&house, &only_a, &receipt).await.json();
    assert_eq!(done["state"], "indexed");
    assert_eq!(done["outcome"], "ok");
    assert_eq!(
        (done["searchable"].as_bool(), done["catalogued"].as_bool()),
        (Some(true), Some(true))
    );
    assert_eq!(get(&house, &only_b, &receipt).await.status, 404);
    let again = send(&house, put("2026/%EB%B3%B4%EA%B3%A0.txt", b"abcd".to_vec())).await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn a_receipt_is_found_before_the_file_was_read() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    house.see(A, "1741000/seen.txt", 3).await;
    let id = DocumentId::new(house::STORE, "1741000/seen.txt", None);
    let receipt = get(&house, &only_a, &format!("/v1/receipts/{id}")).await;
    assert_eq!(receipt.json()["state"], "received");
    assert_eq!(get(&house, &only_b, &format!("/v1/receipts/{id}")).await.status, 404);
}

#[tokio::test]
async fn a_sign_in_link_begins_one_session() {
    let Rig { house, admin, .. } = rig().await;
    let token = house.server.sessions().link(Principal::local(), house::now()).unwrap();
    let link = format!("/sign-in?token={token}&next=/queues");
    assert_eq!(send(&house, request("HEAD", &link, &[])).await.status, 200, "only looked at");
    let reply = send(&house, request("GET", &link, &[])).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/queues"));
    let cookie = reply.header("set-cookie").to_owned();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert_eq!(send(&house, request("GET", &link, &[])).await.status, 401, "used up");
    let cookie = cookie.split(';').next().unwrap();
    assert_eq!(send(&house, request("GET", "/queues", &[("cookie", cookie)])).await.status, 200);

    // A change with a cookie must come from our own page; a form is led back to it.
    let pause = format!("/v1/queues/{}/pause", pipeline(A));
    for (origin, status) in [
        (("sec-fetch-site", "cross-site"), 403),
        (("origin", "http://evil.example"), 403),
        (("origin", "http://localhost"), 200),
        (("sec-fetch-site", "same-origin"), 200),
    ] {
        let reply = send(&house, request("POST", &pause, &[("cookie", cookie), origin])).await;
        assert_eq!(reply.status, status, "{origin:?}");
    }
    let form = [("cookie", cookie), ("sec-fetch-site", "same-origin"), ("accept", "text/html")];
    let reply = send(&house, request("POST", &pause, &form)).await;
    assert_eq!((reply.status.as_u16(), reply.header("location")), (303, "/queues"));
    let queues = get(&house, &admin, "/v1/queues").await.json();
    assert_eq!(queues["queues"][0]["paused"], true);

    let form = [("cookie", cookie), ("sec-fetch-site", "same-origin")];
    assert_eq!(send(&house, request("POST", "/sign-out", &form)).await.status, 303);
    assert_eq!(send(&house, request("GET", "/queues", &[("cookie", cookie)])).await.status, 303);
}

#[tokio::test]
async fn revoking_a_key_ends_its_sessions() {
    let Rig { house, admin, .. } = rig().await;
    let mut form = request("POST", "/sign-in", &[("sec-fetch-site", "same-origin")]);
    *form.body_mut() = Body::from(format!("key={admin}&next=%2F"));
    let reply = send(&house, form).await;
    assert_eq!(reply.status, 303);
    let cookie = reply.header("set-cookie").split(';').next().unwrap().to_owned();
    let search = || request("GET", "/v1/search", &[("cookie", &cookie)]);
    assert_eq!(send(&house, search()).await.status, 200);
    let keys = house.ledger.keys().await.unwrap();
    let key = keys.iter().find(|key| key.name == "admin").unwrap();
    house.ledger.revoke_key(key.id, "test").await.unwrap();
    assert_eq!(send(&house, search()).await.status, 401);
}

#[tokio::test]
async fn problems_are_json_for_programs_and_pages_for_people() {
    let Rig { house, admin, .. } = rig().await;
    for (path, status, word) in [
        ("/v1/nothing", 404, "no such address"),
        ("/v1/search?agncy=1741000", 400, "did you mean `agency`"),
        ("/v1/jobs?state=broken", 400, "`quarantined`"),
        ("/v1/documents/not-an-id", 404, "no such document"),
        ("/v1/queues/x/pause", 405, "method"),
    ] {
        let reply = get(&house, &admin, path).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        let problem = reply.json();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains(word), "{path}: {problem}");
        let shown = page(&house, &admin, path).await;
        assert_eq!(shown.status, status, "{path}");
        assert!(shown.header("content-type").starts_with("text/html"));
        assert!(shown.body.contains("<h1>"));
    }
    let foreign = Request::builder().uri("/healthz").header("host", "evil.example:8484");
    let reply = send(&house, foreign.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.status, 421);
}

#[tokio::test]
async fn the_catalogue_is_paged_and_keeps_tombstones() {
    let Rig { house, admin, .. } = rig().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let path = format!("1741000/{n}.pdf");
        ids.push(house.take(&paper(A, &path, &format!("문서 {n}"), "침수")).await);
    }
    let first = get(&house, &admin, "/v1/catalog?limit=2").await;
    assert_eq!(first.header("content-type"), "application/ld+json");
    let catalog = &first.json()["@graph"][0];
    assert_eq!(catalog["dcat:dataset"].as_array().unwrap().len(), 2);
    let next = catalog["hydra:view"]["hydra:next"]["@id"].as_str().unwrap().to_owned();
    let next =
        get(&house, &admin, next.strip_prefix("http://127.0.0.1:8484").unwrap()).await.json();
    assert_eq!(next["@graph"][0]["dcat:dataset"].as_array().unwrap().len(), 1);

    let changes = get(&house, &admin, "/v1/catalog/changes?limit=2").await.json();
    assert_eq!(changes["changes"].as_array().unwrap().len(), 2);
    let rest = get(&house, &admin, changes["next"].as_str().unwrap()).await.json();
    assert_eq!(rest["changes"].as_array().unwrap().len(), 1);

    let gone = ids[0].to_string();
    house.ledger.withdraw_entries(std::slice::from_ref(&gone)).await.unwrap();
    let tombstone = get(&house, &admin, &format!("/v1/catalog/entries/{gone}")).await;
    assert_eq!(tombstone.status, 410);
    assert!(tombstone.body.contains("concept-status/WITHDRAWN"), "{}", tombstone.body);
}

#[tokio::test]
async fn the_operator_retries_and_redrives() {
    let Rig { house, only_a, .. } = rig().await;
    let broken =
        Paper { outcome: Outcome::Timeout, ..paper(A, "1741000/slow.pdf", "느린 문서", "가") };
    house.take(&broken).await;
    let bearer = format!("Bearer {only_a}");
    let post = |path: &str| request("POST", path, &[("authorization", &bearer)]);
    let jobs = get(&house, &only_a, "/v1/jobs?state=quarantined").await.json();
    assert_eq!(jobs["jobs"][0]["failure"]["kind"], "timeout");
    let page = page(&house, &only_a, "/queues").await.body;
    assert!(page.contains("1741000/slow.pdf") && page.contains("시간 초과"));
    let reply = send(&house, post("/v1/jobs/redrive")).await;
    assert_eq!((reply.status.as_u16(), reply.json()["jobs"].as_u64()), (200, Some(1)));
    let job = jobs["jobs"][0]["id"].as_i64().unwrap();
    assert_eq!(get(&house, &only_a, &format!("/v1/jobs/{job}")).await.json()["state"], "ready");
    let reply = send(&house, post(&format!("/v1/jobs/{job}/drop"))).await;
    assert_eq!(reply.status, 409, "a ready job is not dropped: {}", reply.body);
    let nothing = send(&house, post(&format!("/v1/queues/{}/release", pipeline(A)))).await;
    assert_eq!(nothing.status, 409);

    let metrics = get(&house, &only_a, "/metrics").await.body;
    assert!(
        metrics.contains("madang_jobs{queue=\"press-1741000\",state=\"ready\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("madang_balance_holds 1"));
    assert!(!metrics.contains("madang_http_requests_total"), "only for who may see everything");
}

#[tokio::test]
async fn listeners_get_the_state_at_once() {
    let Rig { house, only_a, .. } = rig().await;
    let bearer = format!("Bearer {only_a}");
    let listen =
        request("GET", "/v1/events", &[("authorization", &bearer), ("last-event-id", "0")]);
    house.take(&paper(A, "1741000/a.pdf", "문서", "침수")).await;
    let response = app(house.server.clone()).oneshot(listen).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut events = response.into_body().into_data_stream();
    let missed = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(missed.contains("event: changes"), "{missed}");
    let state = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(state.contains("event: state") && state.contains("\"received\":1"), "{state}");
    assert!(!state.contains("press-6110000"));
    house.server.close();
    assert!(events.next().await.is_none(), "closing ends the stream");
    assert_eq!(get(&house, &only_a, "/readyz").await.status, 503);
}

#[tokio::test]
async fn an_id_ahead_of_ours_does_not_silence_a_listener() {
    let Rig { house, only_a, .. } = rig().await;
    let bearer = format!("Bearer {only_a}");
    // From a data folder that was since put back to an older copy.
    let listen =
        request("GET", "/v1/events", &[("authorization", &bearer), ("last-event-id", "999999")]);
    let response = app(house.server.clone()).oneshot(listen).await.unwrap();
    let mut events = response.into_body().into_data_stream();
    let state = String::from_utf8(events.next().await.unwrap().unwrap().to_vec()).unwrap();
    assert!(state.contains("event: state"), "{state}");
    house.take(&paper(A, "1741000/a.pdf", "문서", "침수")).await;
    let mut told = String::new();
    let told_of_change = async {
        while !told.contains("event: changes") {
            let event = events.next().await.unwrap().unwrap();
            told.push_str(&String::from_utf8_lossy(&event));
        }
    };
    let waited = tokio::time::timeout(std::time::Duration::from_secs(10), told_of_change).await;
    assert!(waited.is_ok(), "no change was told: {told}");
}

#[tokio::test]
async fn readiness_says_in_words_what_is_wrong_and_names_nothing() {
    let Rig { house, admin, only_a, only_b, .. } = rig().await;
    assert_eq!(send(&house, request("GET", "/readyz", &[])).await.body, "ok\n");
    let away = Condition {
        kind: Kind::SourceAway,
        subject: pipeline(A),
        agency: Some(A.parse().unwrap()),
        since: house::now(),
        detail: "/srv/drop/secret: no such folder".into(),
    };
    house.board.0.lock().unwrap().push(away);
    let told = send(&house, request("GET", "/readyz", &[])).await;
    assert_eq!(told.status, 200, "what ails one agency must not take the others off the air");
    assert!(told.body.contains("A source cannot be read"), "{}", told.body);

    let full = Condition {
        kind: Kind::DiskLow,
        subject: String::new(),
        agency: None,
        since: house::now(),
        detail: "/srv/data has 12 MiB left".into(),
    };
    house.board.0.lock().unwrap().push(full);
    let told = send(&house, request("GET", "/readyz", &[])).await;
    assert_eq!(told.status, 503);
    assert!(told.body.contains("disk of the data folder is almost full"), "{}", told.body);
    for secret in ["/srv", "press-", "1741000", "MiB"] {
        assert!(!told.body.contains(secret), "{}", told.body);
    }

    // Who may see the agency is told which source, who may not is told of the disk alone.
    for (key, words) in [(&admin, 2), (&only_a, 2), (&only_b, 1)] {
        let queues = get(&house, key, "/v1/queues").await.json();
        assert_eq!(queues["conditions"].as_array().unwrap().len(), words);
        let metrics = get(&house, key, "/metrics").await.body;
        assert_eq!(metrics.matches("madang_condition{").count(), words, "{metrics}");
        let shown = page(&house, key, "/queues").await.body;
        assert!(shown.contains("빈 공간이 거의 없습니다"), "{shown}");
        assert_eq!(shown.contains("/srv/drop/secret"), words == 2);
    }
    house.board.0.lock().unwrap().clear();
    assert_eq!(send(&house, request("GET", "/readyz", &[])).await.status, 200);
}

#[tokio::test]
async fn pages_say_things_as_people_do() {
    let Rig { house, admin, .. } = rig().await;
    let empty = Paper { outcome: Outcome::Empty, ..paper(A, "1741000/empty.txt", "", "") };
    let empty = Paper { pieces: vec![], ..empty };
    let id = house.take(&empty).await;
    let english = |path: &str| format!("{path}{}hl=en", if path.contains('?') { "&" } else { "?" });

    // B16: a file without a byte is told as that.
    let shown = page(&house, &admin, &english(&format!("/documents/{id}"))).await.body;
    assert!(shown.contains("The file is empty (0 bytes)"), "{shown}");
    assert!(!shown.contains("text recognition"), "{shown}");
    // B20: one document is one document; an error page speaks one language; the icon is there.
    let found = page(&house, &admin, &english("/?q=empty")).await.body;
    assert!(found.contains("1 document ·") && !found.contains("1 documents"), "{found}");
    let missing = page(&house, &admin, "/documents/nothing").await.body;
    assert!(
        missing.contains("찾는 문서가 없거나") && !missing.contains("There is no"),
        "{missing}"
    );
    let icon = send(&house, request("GET", "/favicon.ico", &[])).await;
    assert_eq!(icon.status, 303);
    let picture = send(&house, request("GET", icon.header("location"), &[])).await;
    assert_eq!(picture.header("content-type"), "image/svg+xml");
    // B19: a list of terms holds groups of terms and nothing else.
    let queues = page(&house, &admin, "/queues").await.body;
    let sum = queues.split("<dl class=\"sum\">").nth(1).unwrap().split("</dl>").next().unwrap();
    assert_eq!(sum.matches("<div").count(), sum.matches("<dt>").count(), "{sum}");
}

#[tokio::test]
async fn a_name_that_is_not_utf_8_is_read_as_people_read_it() {
    let Rig { house, admin, .. } = rig().await;
    let key = object_key::from_bytes(b"1741000/\xba\xb8\xb0\xed\xbc\xad.pdf");
    let id = house.take(&paper(A, &key, "", "침수")).await;
    for address in
        [format!("/documents/{id}"), "/?q=%EC%B9%A8%EC%88%98".into(), "/queues?state=done".into()]
    {
        let shown = page(&house, &admin, &address).await.body;
        assert!(shown.contains("보고서.pdf"), "{address}: {shown}");
    }
    let original = get(&house, &admin, &format!("/v1/documents/{id}/original")).await;
    assert!(original.header("content-disposition").contains("%EB%B3%B4%EA%B3%A0%EC%84%9C.pdf"));
    // Programs get the key, which gives the bytes back.
    let answer = get(&house, &admin, &format!("/v1/documents/{id}")).await.json();
    assert_eq!(answer["path"], key);
}

/// B5: a waiting file has its page, and is told apart from one that is not there.
#[tokio::test]
async fn a_file_that_waits_has_its_page() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    house.see(A, "1741000/2026/waits.pdf", 3).await;
    let id = DocumentId::new(house::STORE, "1741000/2026/waits.pdf", None);
    let shown = page(&house, &only_a, &format!("/documents/{id}?hl=en")).await;
    assert_eq!(shown.status, 200);
    assert!(shown.body.contains("waits.pdf") && shown.body.contains("it waits for its turn"));
    let answer = get(&house, &only_a, &format!("/v1/documents/{id}")).await;
    assert_eq!((answer.status.as_u16(), answer.json()["state"].as_str()), (202, Some("received")));
    let text = get(&house, &only_a, &format!("/v1/documents/{id}/text")).await;
    assert_eq!(text.status, 404);
    assert!(text.json()["type"].as_str().unwrap().ends_with(":unread"), "{}", text.body);

    // To whom it is hidden it is what is not there.
    let nothing = DocumentId::new(house::STORE, "1741000/2026/nothing.pdf", None);
    for path in ["/documents/{}", "/v1/documents/{}", "/v1/documents/{}/text"] {
        let hidden = get(&house, &only_b, &path.replace("{}", &id.to_string())).await;
        let missing = get(&house, &only_b, &path.replace("{}", &nothing.to_string())).await;
        assert_eq!((hidden.status, hidden.body), (missing.status, missing.body), "{path}");
    }
}

fn put(key: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let bearer = format!("Bearer {key}");
    let mut lines = vec![("authorization", bearer.as_str())];
    lines.extend_from_slice(headers);
    let mut request = request("PUT", &format!("/v1/drop/{}/{path}", pipeline(A)), &lines);
    *request.body_mut() = body.into();
    request
}

/// B2 and fault 29: nothing is replaced that somebody did not mean to replace.
#[tokio::test]
async fn an_upload_keeps_what_is_there_when_asked_to() {
    let Rig { house, only_a, .. } = rig().await;
    let only_if_new = [("if-none-match", "*")];
    let first = send(&house, put(&only_a, "same.txt", &only_if_new, "A")).await;
    assert_eq!((first.status.as_u16(), first.json()["replaced"].as_bool()), (201, Some(false)));
    let tag = first.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", first.json()["version"].as_str().unwrap()));

    let second = send(&house, put(&only_a, "same.txt", &only_if_new, "BB")).await;
    assert_eq!(second.status, 412);
    assert!(second.json()["detail"].as_str().unwrap().contains("same.txt"), "{}", second.body);
    let place = object_store::path::Path::parse("1741000/same.txt").unwrap();
    let kept = house.store.get(&place).await.unwrap().bytes().await.unwrap();
    assert_eq!(&*kept, b"A");

    let other = [("if-match", "\"another\"")];
    assert_eq!(send(&house, put(&only_a, "same.txt", &other, "BB")).await.status, 412);
    let same = [("if-match", tag.as_str())];
    let replaced = send(&house, put(&only_a, "same.txt", &same, "BB")).await;
    assert_eq!(
        (replaced.status.as_u16(), replaced.json()["replaced"].as_bool()),
        (200, Some(true))
    );
    let odd = [("if-none-match", "\"a\"")];
    assert_eq!(send(&house, put(&only_a, "same.txt", &odd, "C")).await.status, 400);
}

/// A browser reads no answer before it has sent the body: a refusal must read it first.
#[tokio::test]
async fn a_refused_upload_is_read_to_its_end() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let Rig { house, only_a, .. } = rig().await;
    send(&house, put(&only_a, "same.txt", &[], "A")).await;
    for (headers, expected) in [
        (vec![("if-none-match", "*")], 30),
        (vec![("if-none-match", "*"), ("expect", "100-continue")], 0),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let pieces = futures::stream::iter(0..30).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b'x'; 100])
        });
        let body = Body::from_stream(pieces);
        let reply = send(&house, put(&only_a, "same.txt", &headers, body)).await;
        assert_eq!(reply.status, 412);
        assert_eq!(sent.load(Ordering::Relaxed), expected, "{headers:?}");
    }
}

/// Fault 33: a name that cannot be is the sender's to change, not something to try again.
#[tokio::test]
async fn an_upload_over_a_folder_is_a_conflict() {
    let Rig { house, only_a, .. } = rig().await;
    assert_eq!(send(&house, put(&only_a, "a.folder/b.txt", &[], "A")).await.status, 201);
    let reply = send(&house, put(&only_a, "a.folder", &[], "A")).await;
    assert_eq!(reply.status, 409, "{}", reply.body);
}

/// Fault 17: a receipt is one look-up, whatever waits: behind 21,000 other files of its agency it is there.
#[tokio::test]
async fn a_receipt_is_there_behind_any_number_of_files() {
    let Rig { house, only_a, .. } = rig().await;
    house.see(A, "1741000/first.txt", 3).await;
    for page in 0..21 {
        let paths: Vec<String> = (0..1000).map(|n| format!("1741000/{page}/{n}.txt")).collect();
        house.see_all(A, &paths).await;
    }
    for (path, least) in [("1741000/first.txt", 0), ("1741000/20/999.txt", 20_000)] {
        let id = DocumentId::new(house::STORE, path, None);
        let receipt = get(&house, &only_a, &format!("/v1/receipts/{id}")).await;
        assert_eq!(receipt.status, 200, "{path}");
        let receipt = receipt.json();
        assert_eq!(receipt["state"], "received");
        assert!(receipt["ahead"].as_u64().unwrap() >= least, "{path}: {}", receipt["ahead"]);
        assert!(receipt["estimate"]["en"].as_str().unwrap().contains("before it") || least == 0);
    }
    let nothing = DocumentId::new(house::STORE, "1741000/nothing.txt", None);
    assert_eq!(get(&house, &only_a, &format!("/v1/receipts/{nothing}")).await.status, 404);
}

/// Fault 16: what cannot be taken has a name, a reason and a cure, and is counted.
#[tokio::test]
async fn what_is_left_out_is_told_with_its_cure() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let left_out =
        |key: &str, kind, reason: &str| LeftOut { key: key.into(), kind, reason: reason.into() };
    let pipe = object_key::from_bytes(b"1741000/\xba\xb8.pipe");
    let of_a = [
        left_out("1741000/link\u{202e}.hwp", LeftOutKind::Link, "points to /etc/passwd"),
        left_out(&pipe, LeftOutKind::Fifo, "a named pipe"),
    ];
    house.ledger.leave_out(&pipeline(A), &of_a).await.unwrap();
    let of_b = [left_out("6110000/deep", LeftOutKind::TooLong, "4,200 bytes")];
    house.ledger.leave_out(&pipeline(B), &of_b).await.unwrap();

    for (key, expected) in [(&admin, 3), (&only_a, 2), (&only_b, 1)] {
        let told = get(&house, key, "/v1/left-out").await.json();
        assert_eq!(told["left_out"].as_array().unwrap().len(), expected);
        let balance = get(&house, key, "/v1/ledger/balance").await.json();
        assert_eq!(balance["left_out"], expected);
        assert_eq!(
            (balance["received"].as_u64(), balance["holds"].as_bool()),
            (Some(0), Some(true))
        );
    }
    let page_one = get(&house, &only_a, "/v1/left-out?limit=1").await.json();
    assert_eq!(page_one["left_out"][0]["kind"], "link");
    let after = percent(page_one["next"].as_str().unwrap());
    let rest = get(&house, &only_a, &format!("/v1/left-out?after={after}")).await.json();
    assert_eq!(rest["left_out"].as_array().unwrap().len(), 1);
    assert_eq!(rest["left_out"][0]["name"], "1741000/보.pipe");
    assert_eq!(rest["left_out"][0]["path"], pipe);
    assert!(rest["left_out"][0]["sentence"]["ko"].as_str().unwrap().contains("파이프"));
    assert_eq!(get(&house, &only_a, "/v1/left-out?after=x").await.status, 400);

    let shown = page(&house, &only_a, "/queues").await.body;
    assert!(shown.contains("링크는 따라가지 않습니다") && shown.contains("보.pipe"), "{shown}");
    assert!(!shown.contains('\u{202e}') && !shown.contains("6110000/deep"));
}

/// A row of the ledger that cannot be read back is missing from a page, and no page is missing for it.
#[tokio::test]
async fn a_bad_row_costs_no_page() {
    let Rig { house, admin, .. } = rig().await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let path = format!("1741000/{n}.pdf");
        ids.push(house.take(&paper(A, &path, "가", "침수")).await);
    }
    // The second lies in the first; the third is one that cannot be read back.
    house.write("UPDATE document SET parent = (SELECT id FROM document ORDER BY rowid LIMIT 1) WHERE rowid > 1").await;
    house.write("UPDATE document SET body = x'0badc0de' WHERE rowid = 3").await;
    house.write("UPDATE entry SET body = x'0badc0de' WHERE rowid = 3").await;
    house.write("UPDATE job SET agency = 'nobody' WHERE id = 3").await;
    let whole = get(&house, &admin, &format!("/v1/documents/{}", ids[0])).await.json();
    assert_eq!(whole["members"].as_array().map(Vec::len), Some(1), "{whole}");
    for path in ["/", "/?q=%EC%B9%A8%EC%88%98", "/queues?state=done"] {
        let shown = page(&house, &admin, path).await;
        assert_eq!(shown.status, 200, "{path}: {}", shown.body);
    }
    assert_eq!(page(&house, &admin, &format!("/documents/{}", ids[0])).await.status, 200);
    let catalog = get(&house, &admin, "/v1/catalog?limit=1").await;
    assert_eq!(catalog.status, 200, "{}", catalog.body);
    // Every page of a list leads to the next, the one of the bad row too.
    let mut after = String::new();
    let mut met = Vec::new();
    for _ in 0..4 {
        let jobs = get(&house, &admin, &format!("/v1/jobs?limit=1{after}")).await.json();
        met.extend(jobs["jobs"].as_array().unwrap().iter().map(|job| job["id"].clone()));
        let Some(next) = jobs["next"].as_i64() else { break };
        after = format!("&after={next}");
    }
    assert_eq!(met, [2, 1], "newest change first");
    let receipt = get(&house, &admin, &format!("/v1/receipts/{}", ids[1])).await;
    assert_eq!(receipt.status, 200, "{}", receipt.body);
}

/// However often a lost preview is asked for, its file is read again after the waits of a lost text; the note goes when
/// it is there again.
#[tokio::test]
async fn a_lost_preview_is_read_again_at_once_and_then_later_each_time() {
    let Rig { house, admin, .. } = rig().await;
    let id = house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    let preview = format!("/v1/documents/{id}/preview");
    assert_eq!(get(&house, &admin, &preview).await.status, 200);
    let stored = house.ledger.document(id).await.unwrap().unwrap();
    let blob = stored.document.preview.unwrap().blob;
    let place = object_store::path::Path::parse(blob.path()).unwrap();
    let reread = async || {
        let worker = Worker { node: uuid::Uuid::nil(), process: uuid::Uuid::nil() };
        let claims = house.ledger.claim(&worker, 9, Duration::from_secs(60)).await.unwrap();
        let completions: Vec<Completion> = claims
            .iter()
            .map(|claim| Completion {
                ticket: claim.ticket,
                verdict: Verdict::Done,
                documents: vec![stored.document.clone()],
                actor: "worker".into(),
            })
            .collect();
        house.ledger.complete(&completions).await.unwrap();
        claims.len()
    };
    let note = async || house.ledger.noted(&By::Previews, &id.to_string()).await.unwrap();
    // Damaged and lost are the same here; and reading it again brings neither back.
    house.blobs.put(&place, PutPayload::from_static(b"\xff\xd8\xff\xd8")).await.unwrap();
    assert_eq!(get(&house, &admin, &preview).await.status, 503);
    assert_eq!((reread().await, note().await.unwrap().tries), (1, 1));
    house.blobs.delete(&place).await.unwrap();
    for _ in 0..3 {
        assert_eq!(get(&house, &admin, &preview).await.status, 503);
        assert_eq!((reread().await, note().await.unwrap().tries), (0, 1), "not within a minute");
    }
    let told = get(&house, &admin, "/v1/notes").await.json();
    assert_eq!(told["notes"][0]["kind"], "preview_lost");
    assert!(told["notes"][0]["sentence"]["ko"].as_str().unwrap().contains("다시"));
    // The operator asks: at once, and counted anew.
    let redo = format!("/v1/notes/{}/redo", told["notes"][0]["id"]);
    assert_eq!(post(&house, &admin, &redo, "").await.status, 200);
    assert_eq!((reread().await, note().await.unwrap().tries), (1, 0));
    house.blobs.put(&place, PutPayload::from_static(b"\xff\xd8\xff\xd9")).await.unwrap();
    assert_eq!(get(&house, &admin, &preview).await.status, 200);
    assert_eq!(note().await, None);
}

/// What was passed over has a name, a reason and a cure, and is done again for who may see it.
#[tokio::test]
async fn what_was_passed_over_is_told_and_done_again() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let id = house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    let note = |by: &str, kind, subject: &str, agency: &str| NewNote {
        by: By::parse(by).unwrap(),
        kind,
        subject: subject.into(),
        agency: Some(agency.parse().unwrap()),
        reason: "odd\u{202e}".into(),
        tries: 5,
    };
    for noted in [
        note("index/1741000", NoteKind::TextLost, &id.to_string(), A),
        note("source/b", NoteKind::ObjectRefused, "6110000/b.pdf", B),
    ] {
        house.ledger.note(&noted).await.unwrap();
    }
    for (key, expected) in [(&admin, 2), (&only_a, 1), (&only_b, 1)] {
        let told = get(&house, key, "/v1/notes").await.json();
        assert_eq!(told["notes"].as_array().unwrap().len(), expected);
        assert_eq!(get(&house, key, "/v1/queues").await.json()["noted"], expected);
    }
    let told = get(&house, &only_a, "/v1/notes?limit=1").await.json();
    let first = &told["notes"][0];
    assert_eq!((&first["kind"], &first["tries"]), (&"text_lost".into(), &5.into()));
    assert!(first["sentence"]["ko"].as_str().unwrap().contains("다시"));
    assert_eq!(told["next"], first["id"]);
    let rest = get(&house, &only_a, &format!("/v1/notes?after={}", told["next"])).await.json();
    assert!(rest["notes"].as_array().unwrap().is_empty() && rest["next"].is_null());
    assert_eq!(get(&house, &only_a, "/v1/notes?after=x").await.status, 400);
    let shown = page(&house, &only_a, "/queues").await.body;
    assert!(shown.contains(&format!("/v1/notes/{}/redo", first["id"])), "{shown}");
    assert!(!shown.contains('\u{202e}') && !shown.contains("6110000/b.pdf"));
    let titled = r#"<option value="text_lost">글이 사라짐</option>"#;
    assert!(shown.contains(titled), "the kinds stand there in words: {shown}");

    let redo = format!("/v1/notes/{}/redo", first["id"]);
    assert_eq!(post(&house, &only_b, &redo, "").await.status, 404, "hidden");
    let before = house.ledger.last_seq().await.unwrap();
    assert_eq!(post(&house, &only_a, &redo, "").await.status, 200);
    assert_eq!(house.ledger.last_seq().await.unwrap(), before + 1, "its readers are told again");
    let many = post(&house, &admin, "/v1/notes/redo", r#"{"kind":"object_refused"}"#).await;
    assert_eq!(many.json()["notes"], 1);
    assert_eq!(post(&house, &admin, "/v1/notes/redo", "").await.json()["notes"], 2);
    assert_eq!(post(&house, &admin, "/v1/notes/redo", r#"{"kind":"x"}"#).await.status, 400);
}

fn percent(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}

/// An index that is being built anew is named, to whom may see its agency; the others answer.
#[tokio::test]
async fn a_search_names_what_is_missing_from_it() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    house.take(&paper(B, "6110000/b.pdf", "나", "침수")).await;
    let of_b = Partition::of(B.parse().unwrap());
    house.index.clear(&of_b).unwrap();
    house.index.apply(&of_b, &[], 0).unwrap();
    for (key, total, missing) in [(&admin, 1, vec![B]), (&only_a, 1, vec![]), (&only_b, 0, vec![B])]
    {
        let found = get(&house, key, "/v1/search?q=%EC%B9%A8%EC%88%98").await.json();
        assert_eq!(found["total"], total);
        assert_eq!(found["missing"], serde_json::json!(missing));
        for (language, words) in [("ko", "결과에서 빠진 기관"), ("en", "Not in the results")]
        {
            let address = format!("/?q=%EC%B9%A8%EC%88%98&hl={language}");
            let shown = page(&house, key, &address).await.body;
            assert_eq!(shown.contains(words), !missing.is_empty(), "{shown}");
        }
    }
}

/// A parameter that nobody reads would be an act other than the one that was meant.
#[tokio::test]
async fn no_route_passes_over_a_parameter_that_it_does_not_know() {
    let Rig { house, admin, .. } = rig().await;
    let broken =
        Paper { outcome: Outcome::Timeout, ..paper(A, "1741000/slow.pdf", "느린", "가") };
    house.take(&broken).await;
    for route in ROUTES {
        let path = route.path.replace("{id}", "1").replace("{queue}", "q");
        let path = path.replace("{pipeline}", "p").replace("{*path}", "a/b").replace("{file}", "x");
        let bearer = format!("Bearer {admin}");
        let headers = [("authorization", &*bearer)];
        let reply =
            send(&house, request(route.method, &format!("{path}?banana=1"), &headers)).await;
        assert_eq!(reply.status, 400, "{} {}: {}", route.method, route.path, reply.body);
    }
    let reply = post(&house, &admin, "/v1/jobs/redrive?reason=banana", "{}").await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    let reply = post(&house, &admin, "/v1/jobs/redrive", r#"{"kind":"banana"}"#).await;
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(reply.body.contains("one of `corrupt`, `crashed`, `timeout`"), "{}", reply.body);
    let set_aside = get(&house, &admin, "/v1/jobs?state=quarantined").await.json();
    assert_eq!(set_aside["jobs"].as_array().unwrap().len(), 1, "nothing was redriven");
}

#[tokio::test]
async fn what_the_operator_discarded_is_not_said_to_be_gone_and_can_be_retried() {
    let Rig { house, admin, .. } = rig().await;
    let broken =
        Paper { outcome: Outcome::Timeout, ..paper(A, "1741000/slow.pdf", "느린", "가") };
    let id = house.take(&broken).await;
    let jobs = get(&house, &admin, "/v1/jobs?state=quarantined").await.json();
    let job = jobs["jobs"][0]["id"].as_i64().unwrap();
    assert_eq!(post(&house, &admin, &format!("/v1/jobs/{job}/drop"), "").await.status, 200);
    let document = get(&house, &admin, &format!("/v1/documents/{id}")).await;
    assert_eq!(document.status, 410);
    assert!(document.body.contains("discarded by the operator"), "{}", document.body);
    let receipt = get(&house, &admin, &format!("/v1/receipts/{id}")).await.json();
    assert_eq!(receipt["state"], "discarded", "{receipt}");
    assert!(receipt["sentence"]["en"].as_str().unwrap().contains("discarded by the operator"));
    let listed = page(&house, &admin, "/queues?state=cancelled").await.body;
    assert!(listed.contains(&format!("/v1/jobs/{job}/retry")), "{listed}");
    assert_eq!(post(&house, &admin, &format!("/v1/jobs/{job}/retry"), "").await.status, 200);
    assert_eq!(get(&house, &admin, &format!("/v1/jobs/{job}")).await.json()["state"], "ready");
}
