use axum::body::Body;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::outcome::Outcome;
use madang_document::principal::{Principal, Role};
use madang_ledger::keys::Keys;
use madang_server::route::{Access, Scoped, Surface};
use madang_server::routes::ROUTES;

use crate::house::{self, A, B, Paper, pipeline};
use crate::reply::{get, post, request, send};
use crate::rig::{Rig, paper, rig};

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
            // Who says nothing of what is to be read again has nothing read; `reprocessing.rs` tries what is said.
            Scoped::Many if (route.method, route.path) == ("POST", "/v1/reprocess") => {
                assert_eq!(reply.status, 400, "{}", reply.body);
            }
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

/// Not by the words of an answer, by its headers nor by its length: what nobody has, what another agency has, what is withdrawn
/// and what lies locked in an archive are the same to whoever asks for something of it.
#[tokio::test]
async fn nothing_tells_what_exists_from_what_does_not() {
    let Rig { house, admin, only_a, only_b, .. } = rig().await;
    let theirs = house.take(&paper(B, "6110000/theirs.pdf", "그들의 것", "글")).await;
    let gone_theirs = house.take(&paper(B, "6110000/gone.pdf", "그들의 것", "글")).await;
    let gone = house.take(&paper(A, "1741000/gone.pdf", "회수할 것", "글")).await;
    let ours = house.take(&paper(A, "1741000/ours.zip", "우리 것", "글")).await;
    house.withdraw("6110000/gone.pdf").await;
    house.withdraw("1741000/gone.pdf").await;
    // A member that is only listed: its id is known to whoever knows the name of its file.
    let member = |path: &str| DocumentId::new(house::STORE, path, Some(&InnerPath::of("잠긴.txt")));
    let (locked, locked_theirs) = (member("1741000/ours.zip"), member("6110000/theirs.pdf"));
    let nothing = DocumentId::new(house::STORE, "1741000/nothing.pdf", None);
    let of_document = ROUTES.iter().filter(|route| route.path.contains("/documents/{id}"));
    let mut asked = 0;
    for route in of_document {
        let itself = route.path.ends_with("/documents/{id}");
        let ask = async |id: DocumentId, key: &str| {
            let path = route.path.replace("{id}", &id.to_string());
            let bearer = format!("Bearer {key}");
            let headers = [("authorization", bearer.as_str()), ("range", "bytes=0-3")];
            let reply = send(&house, request(route.method, &path, &headers)).await;
            let mut told: Vec<(String, String)> = Vec::new();
            for (name, value) in &reply.headers {
                told.push((name.to_string(), format!("{value:?}")));
            }
            told.sort();
            // A page has the address that was asked for in it.
            (reply.status.as_u16(), reply.body.replace(&id.to_string(), ""), told)
        };
        let absent = ask(nothing, &only_a).await;
        assert_eq!(absent.0, 404, "{}", route.path);
        for id in [theirs, gone_theirs, locked, locked_theirs] {
            assert_eq!(ask(id, &only_a).await, absent, "{} {id}", route.path);
        }
        if itself {
            // Whoever may see it is told what became of the document, as in the catalogue.
            assert_eq!(ask(gone, &only_a).await.0, 410, "{}", route.path);
            assert_eq!(ask(gone, &admin).await.0, 410, "{}", route.path);
        } else {
            assert_eq!(ask(gone, &only_a).await, absent, "{}", route.path);
            assert_eq!(ask(gone, &admin).await, absent, "{}", route.path);
        }
        assert_ne!(ask(ours, &only_a).await, absent, "{}", route.path);
        assert_eq!(ask(ours, &only_b).await, absent, "{}", route.path);
        asked += 1;
    }
    assert!(asked >= 8, "{asked}");
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
