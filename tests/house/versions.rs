//! What a document was before is listed and compared, by whoever may see the document, and goes with it.

use madang_document::id::DocumentId;
use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;
use madang_wait::until;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// Waits until what was recorded of a document has a revision, and gives what it is and was.
async fn revision(service: &Service, id: DocumentId, revision: u64) -> Vec<Value> {
    until(&format!("revision {revision}"), async || {
        let path = format!("/v1/documents/{id}/versions");
        let answer = service.ask("GET", &path, ADMIN, Vec::new()).await;
        let versions = answer.json()["versions"].as_array()?.clone();
        (versions[0]["revision"] == revision).then_some(versions)
    })
    .await
}

fn words(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_document_was_is_listed_and_compared_until_it_is_gone() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("flood", "6110000");
    scenario.place("drop/press/계획.txt", "첫째 줄\n둘째 줄\n셋째 줄\n");
    let service = Service::start(&scenario, &[]).await;
    service.settled(1).await;
    let id = DocumentId::new("press", "계획.txt", None);
    let first = revision(&service, id, 1).await;
    assert_eq!(first.len(), 1, "it was never another one");
    assert_eq!(words(&first[0]["changed"]), [""; 0]);
    assert!(scenario.succeed(&["versions", &id.to_string()]).lines().count() == 2);
    let none = scenario.run(&["compare", &id.to_string()]);
    assert!(
        !none.status.success() && said(&none).contains("no version before it"),
        "{}",
        said(&none)
    );

    // Another file of the same content is told, and no version.
    scenario.place("drop/press/계획.txt", "첫째 줄\n둘째 줄\n셋째 줄\n");
    assert_eq!(revision(&service, id, 2).await.len(), 1);
    scenario.place("drop/press/계획.txt", "첫째 줄\n고친 줄\n셋째 줄\n");
    let versions = revision(&service, id, 3).await;
    assert_eq!(versions.len(), 2);
    let (present, former) = (&versions[0], &versions[1]);
    assert_eq!(words(&present["changed"]), ["text"]);
    assert_eq!(present["why"], "new_file");
    assert_eq!((&former["revision"], &former["until"]), (&2.into(), &present["since"]));

    // What describes it makes one, too: the same file, read with another property.
    scenario.place("drop/press/계획.txt.meta.yml", "title: 침수 대응 계획\n");
    let versions = revision(&service, id, 4).await;
    assert_eq!(words(&versions[0]["changed"]), ["metadata"]);
    assert_eq!(versions[0]["why"], "read_again");

    let compared = async |query: &str| {
        service.get(&format!("/v1/documents/{id}/versions/compare{query}")).await
    };
    let last = compared("").await;
    assert_eq!(last["metadata"][0]["to"], "침수 대응 계획", "{last}");
    assert_eq!((&last["text_state"], &last["text"]), (&"same".into(), &Value::Null));
    let all = compared("?from=2").await;
    assert_eq!(words(&all["kinds"]), ["text", "metadata"]);
    let lines = ["@@ -1,3 +1,3 @@", " 첫째 줄", "-둘째 줄", "+고친 줄", " 셋째 줄"];
    assert_eq!(words(&all["text"]["lines"]), lines);
    // A number that the former version had once, and the other way round.
    let back = compared("?from=4&to=2").await;
    assert!(words(&back["text"]["lines"]).contains(&"+둘째 줄"), "{back}");
    for (query, status) in [("?from=9", 404), ("?from=1", 404), ("?to=x", 400), ("?of=1", 400)] {
        let path = format!("/v1/documents/{id}/versions/compare{query}");
        let answer = service.ask("GET", &path, ADMIN, Vec::new()).await;
        assert_eq!(answer.status, status, "{query}: {}", answer.text());
    }

    let listed = scenario.succeed(&["versions", &id.to_string()]);
    assert_eq!(listed.lines().count(), 4, "{listed}");
    let told = scenario.succeed(&["compare", &id.to_string(), "--from", "2", "--to", "3"]);
    assert!(told.starts_with("revision 2 → 3: text\n"), "{told}");
    assert!(told.contains("    -둘째 줄\n    +고친 줄\n"), "{told}");
    let json = scenario.succeed(&["compare", &id.to_string(), "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap(), last);

    // Another agency's key sees neither the document nor what it was.
    let key = |agency: &str| {
        let made = scenario.succeed(&["key", "new", agency, "--agencies", agency]);
        made.lines().last().unwrap().trim().to_owned()
    };
    let (ours, theirs) = (key("1741000"), key("6110000"));
    let absent = DocumentId::new("press", "nothing.txt", None);
    for what in ["versions", "versions/compare?from=2&to=3"] {
        let ask = async |id: DocumentId, key: &str| {
            service.ask("GET", &format!("/v1/documents/{id}/{what}"), key, Vec::new()).await
        };
        assert_eq!(ask(id, &ours).await.status, 200, "{what}");
        let (hidden, missing) = (ask(id, &theirs).await, ask(absent, &theirs).await);
        assert_eq!((hidden.status, hidden.text()), (404, missing.text()), "{what}");
    }

    // Gone is gone, all of it at once.
    scenario.remove("drop/press/계획.txt");
    until("it is withdrawn", async || {
        let path = format!("/v1/documents/{id}");
        (service.ask("GET", &path, ADMIN, Vec::new()).await.status == 410).then_some(())
    })
    .await;
    for what in ["versions", "versions/compare?from=2&to=3"] {
        let ask = async |id: DocumentId, key: &str| {
            let path = format!("/v1/documents/{id}/{what}");
            let answer = service.ask("GET", &path, key, Vec::new()).await;
            (answer.status, answer.text())
        };
        let missing = ask(absent, &ours).await;
        assert_eq!(missing.0, 404, "{what}");
        for key in [ADMIN, &ours, &theirs] {
            assert_eq!(ask(id, key).await, missing, "{what}");
        }
    }
    scenario.place("drop/press/계획.txt", "첫째 줄\n");
    let back = revision(&service, id, 6).await;
    assert_eq!(back.len(), 1, "it has no past");
    assert_eq!(kept(&scenario).await, 0);
    service.stop().await;
    // Where no service runs the data folder is asked.
    assert_eq!(scenario.succeed(&["versions", &id.to_string()]).lines().count(), 2);
}

/// Rows of what documents were, whoever's.
async fn kept(scenario: &Scenario) -> i64 {
    let file = scenario.path("data/ledger.db");
    let mut conn = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let kept = sqlx::query_scalar("SELECT count(*) FROM version").fetch_one(&mut conn).await;
    conn.close().await.unwrap();
    kept.unwrap()
}

/// A run from time to time may be all that a house has: it, too, removes what is older than its retention.
#[tokio::test]
async fn a_run_that_ends_trims_what_is_old_enough() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for text in ["첫째 글", "둘째 글, 고침"] {
        scenario.write("drop/press/계획.txt", text);
        scenario.once(&[]);
    }
    assert_eq!(kept(&scenario).await, 1);
    let file = scenario.path("data/ledger.db");
    let mut conn = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    let long_ago = "UPDATE version SET until = until - 500 * 86400000";
    assert_eq!(sqlx::query(long_ago).execute(&mut conn).await.unwrap().rows_affected(), 1);
    conn.close().await.unwrap();
    scenario.once(&[]);
    assert_eq!(kept(&scenario).await, 0);
}

/// A member has versions of its own, and its archive one where the list of what is in it changed.
#[test]
fn members_of_an_archive_have_their_own() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let archive = |members: &[(&str, &str)]| {
        use std::io::Write;
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, text) in members {
            zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text.as_bytes()).unwrap();
        }
        scenario.write("drop/press/모음.zip", zip.finish().unwrap().into_inner());
        scenario.once(&[]);
    };
    let versions = |inner: Option<&str>| {
        let inner = inner.map(madang_document::inner_path::InnerPath::of);
        let id = DocumentId::new("press", "모음.zip", inner.as_ref()).to_string();
        let output = scenario.run(&["versions", &id, "--json"]);
        let answer: Value = serde_json::from_slice(&output.stdout).ok()?;
        Some((id, answer["versions"].as_array()?.len()))
    };
    archive(&[("하나.txt", "첫째 글"), ("둘.txt", "둘째 글"), ("셋.txt", "셋째 글")]);
    archive(&[("하나.txt", "첫째 글을 고침"), ("둘.txt", "둘째 글"), ("넷.txt", "넷째 글")]);
    assert_eq!(versions(Some("하나.txt")).unwrap().1, 2);
    assert_eq!(versions(Some("둘.txt")).unwrap().1, 1, "it is the same in another blob");
    assert_eq!(versions(Some("넷.txt")).unwrap().1, 1);
    assert_eq!(versions(Some("셋.txt")), None, "withdrawn");
    let (id, own) = versions(None).unwrap();
    assert_eq!(own, 2);
    let told = scenario.succeed(&["compare", &id]);
    assert!(told.contains("- member 셋.txt\n  + member 넷.txt\n"), "{told}");
}

/// Who renames a file or moves it to another folder, of whatever pipeline of the agency, takes its history along.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_moves_takes_its_history_along() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("plans", "1741000");
    scenario.place("drop/press/계획.txt", "첫째 줄\n둘째 줄\n");
    let service = Service::start(&scenario, &[]).await;
    service.settled(1).await;
    scenario.place("drop/press/계획.txt", "첫째 줄\n고친 줄\n");
    revision(&service, DocumentId::new("press", "계획.txt", None), 2).await;
    let mut was = ("press", "계획.txt");
    for (round, (pipeline, path)) in
        [("press", "최종/계획(최종).txt"), ("plans", "계획.txt")].into_iter().enumerate()
    {
        let to = scenario.path(&format!("drop/{pipeline}/{path}"));
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::rename(scenario.path(&format!("drop/{}/{}", was.0, was.1)), to).unwrap();
        let id = DocumentId::new(pipeline, path, None);
        let versions = until("the history is there, too", async || {
            let path = format!("/v1/documents/{id}/versions");
            let answer = service.ask("GET", &path, ADMIN, Vec::new()).await;
            let versions = answer.json()["versions"].as_array()?.clone();
            (versions.len() == 3 + round).then_some(versions)
        })
        .await;
        assert_eq!((&versions[0]["why"], &versions[0]["path"]), (&"moved".into(), &path.into()));
        assert_eq!(words(&versions[0]["changed"]), ["place"]);
        assert_eq!(versions[1]["path"], was.1);
        assert_eq!(versions.last().unwrap()["path"], "계획.txt");
        let compared = scenario.succeed(&["compare", &id.to_string(), "--from", "1"]);
        assert!(compared.contains("-둘째 줄") && compared.contains("+고친 줄"), "{compared}");
        assert!(compared.contains(["계획(최종).txt", "plans"][round]), "where it lies: {compared}");
        let page = service.ask("GET", &format!("/documents/{id}"), ADMIN, Vec::new()).await;
        assert!(page.text().contains("그때 위치: "), "{}", page.text());
        was = (pipeline, path);
    }
    service.stop().await;
}
