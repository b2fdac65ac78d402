//! Who may see what.

use madang_tests::ground::scenario::{ADMIN, Scenario, paths, said};
use madang_tests::ground::service::{Service, percent};

const OURS: &str = "1741000";
const THEIRS: &str = "1352000";

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_agency_sees_nothing_of_another() {
    let scenario = Scenario::new();
    scenario.pipeline("ours", OURS);
    scenario.pipeline("theirs", THEIRS);
    scenario.write("drop/ours/a.txt", "함께 쓰는 낱말 우리 글 sharedword");
    scenario.write("drop/theirs/b.txt", "함께 쓰는 낱말 남의 글 sharedword secretplan");
    scenario.write("drop/theirs/broken.docx", b"PK\x03\x04 cut");
    let service = Service::start(&scenario, &[]).await;
    service.settled(3).await;
    service.finds("sharedword", &["a.txt", "b.txt"]).await;
    let all = service.search("sharedword").await;
    let theirs = all["hits"].as_array().unwrap().iter().find(|hit| hit["path"] == "b.txt").unwrap();
    let their_id = theirs["id"].as_str().unwrap().to_owned();
    let their_job =
        service.jobs("done").await.iter().find(|job| job["path"] == "b.txt").unwrap()["id"].clone();

    let made = scenario.succeed(&[
        "key",
        "new",
        "ours only",
        "--roles",
        "search,drop,operate",
        "--agencies",
        OURS,
    ]);
    let key = made.lines().last().unwrap().trim().to_owned();
    assert!(key.starts_with("madang_"), "{made}");
    let get = async |path: &str| service.ask("GET", path, &key, Vec::new()).await;

    let found = get("/v1/search?q=sharedword&facets=agency").await;
    assert_eq!(found.status, 200, "{}", found.text());
    assert_eq!(paths(&found.json()), ["a.txt"]);
    assert_eq!(found.json()["total"], 1);
    assert!(!found.text().contains(THEIRS), "{}", found.text());
    for query in ["secretplan", "secret*", ""] {
        let found = get(&format!("/v1/search?q={}", percent(query))).await;
        assert!(!found.text().contains(&their_id), "{query}: {}", found.text());
    }
    let asked = get(&format!("/v1/search?q=sharedword&agency={THEIRS}")).await;
    assert!(!asked.text().contains(&their_id), "{}", asked.text());

    // Hidden and absent look the same.
    let absent = "00000000-0000-5000-8000-000000000000";
    for (theirs, nobodys) in [
        (format!("/v1/documents/{their_id}"), format!("/v1/documents/{absent}")),
        (format!("/v1/documents/{their_id}/text"), format!("/v1/documents/{absent}/text")),
        (format!("/v1/documents/{their_id}/original"), format!("/v1/documents/{absent}/original")),
        (format!("/v1/documents/{their_id}/preview"), format!("/v1/documents/{absent}/preview")),
        (format!("/v1/catalog/entries/{their_id}"), format!("/v1/catalog/entries/{absent}")),
        (format!("/v1/receipts/{their_id}"), format!("/v1/receipts/{absent}")),
        (format!("/v1/jobs/{their_job}"), "/v1/jobs/999999".to_owned()),
    ] {
        let (hidden, missing) = (get(&theirs).await, get(&nobodys).await);
        assert_eq!((hidden.status, missing.status), (404, 404), "{theirs}");
        assert_eq!(hidden.text(), missing.text(), "{theirs}");
    }
    for path in
        ["/v1/catalog", "/v1/catalog/changes", "/v1/queues", "/v1/jobs", "/v1/drop", "/metrics"]
    {
        let answer = get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        for word in [their_id.as_str(), THEIRS, "theirs", "b.txt"] {
            assert!(!answer.text().contains(word), "{path} shows {word}: {}", answer.text());
        }
    }
    let balance = get("/v1/ledger/balance").await.json();
    assert_eq!(
        (&balance["received"], &balance["quarantined"]),
        (&1.into(), &0.into()),
        "{balance}"
    );

    // Nor can it act there.
    for (method, path) in [
        ("POST", "/v1/queues/theirs/pause".to_owned()),
        ("POST", format!("/v1/jobs/{their_job}/retry")),
        ("PUT", "/v1/drop/theirs/c.txt".to_owned()),
    ] {
        let answer = service.ask(method, &path, &key, b"x".to_vec()).await;
        assert_eq!(answer.status, 404, "{path}: {}", answer.text());
    }
    assert!(!scenario.path("drop/theirs/c.txt").exists());

    // A revoked key is no key; no key is no way in.
    let listed = scenario.succeed(&["key", "ls"]);
    let line = listed
        .lines()
        .find(|line| line.contains("ours only"))
        .unwrap_or_else(|| panic!("{listed}"));
    let number = line.split_whitespace().next().unwrap();
    scenario.succeed(&["key", "revoke", number]);
    assert_eq!(get("/v1/search?q=sharedword").await.status, 401);
    assert_eq!(
        service.ask("GET", "/v1/search?q=x", "madang_no_such_key", Vec::new()).await.status,
        401
    );
    assert_eq!(service.ask("GET", "/v1/search?q=x", ADMIN, Vec::new()).await.status, 200);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_does_only_what_its_roles_say() {
    let scenario = Scenario::new();
    scenario.pipeline("press", OURS);
    let service = Service::start(&scenario, &[]).await;
    let key = scenario.succeed(&["key", "new", "reader"]);
    let key = key.lines().last().unwrap().trim();
    for (method, path, status) in [
        ("GET", "/v1/search?q=x", 200),
        ("GET", "/v1/queues", 403),
        ("POST", "/v1/queues/press/pause", 403),
        ("PUT", "/v1/drop/press/a.txt", 403),
        ("GET", "/metrics", 403),
    ] {
        let answer = service.ask(method, path, key, b"x".to_vec()).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    assert!(!scenario.path("drop/press/a.txt").exists());
    service.stop().await;
}

#[test]
fn a_chosen_key_that_is_refused_starts_nothing() {
    let scenario = Scenario::new();
    scenario.pipeline("press", OURS);
    scenario.write("drop/press/a.txt", "글 quietword");
    let with_short = |arguments: &[&str]| {
        scenario.command(arguments).env("MADANG_ADMIN_KEY", "short").output().unwrap()
    };
    // A run that answers nobody, too: whoever set it is to know before somebody is served.
    for arguments in [&["up", "--listen", "127.0.0.1:0"] as &[&str], &["up", "--once"]] {
        let refused = with_short(arguments);
        assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
        assert!(said(&refused).contains("fewer than 32 characters"), "{}", said(&refused));
        assert!(!scenario.path("data").exists(), "something had started");
    }
}

/// What a command is told of a key and a service counts, or is refused.
#[test]
fn a_key_counts_on_a_data_folder_that_nothing_runs_on() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("flood", "6110000");
    for name in ["press/ours.txt", "flood/theirs.txt"] {
        scenario.write(&format!("drop/{name}"), "열쇠가 있는 글");
    }
    scenario.once(&[]);
    let key = scenario.succeed(&["key", "new", "ours", "--agencies", "1741000"]);
    let found = |more: &[&str]| {
        let arguments = [&["search", "열쇠", "--json"], more].concat();
        let answer = scenario.succeed(&arguments);
        let mut paths = paths(&serde_json::from_str(&answer).unwrap());
        paths.sort();
        paths
    };
    assert_eq!(found(&[]), ["ours.txt", "theirs.txt"], "its owner sees all of it");
    assert_eq!(found(&["--key", key.trim()]), ["ours.txt"]);
    for refused in [
        &["search", "열쇠", "--key", "bogus"] as &[&str],
        &["queue", "--key", "bogus"],
        &["queue", "--key", key.trim()],
        &["catalog", "rebuild", "--key", "bogus"],
        &["catalog", "rebuild", "--url", "http://127.0.0.1:1"],
    ] {
        let output = scenario.run(refused);
        assert!(!output.status.success(), "{refused:?}: {}", said(&output));
    }
    scenario.succeed(&["key", "revoke", "1"]);
    let output = scenario.run(&["search", "열쇠", "--key", key.trim()]);
    assert!(said(&output).contains("knows no such key"), "{}", said(&output));
}
