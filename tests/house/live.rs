//! A running service: what is dropped is found, what goes is withdrawn.

use madang_tests::ground::binary::{fixture, fixtures};
use madang_tests::ground::scenario::{ADMIN, Scenario, paths};
use madang_tests::ground::service::{Service, percent};
use madang_wait::until;

#[tokio::test(flavor = "multi_thread")]
async fn files_and_folders_dropped_while_it_runs_are_found_and_removed_ones_are_not() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;

    scenario.write_now("drop/press/하나.txt", "달려 있는 동안 놓인 글 whilerunning");
    service.finds("whilerunning", &["하나.txt"]).await;
    service.finds("놓인 글", &["하나.txt"]).await;

    // A folder made meanwhile, with a folder in it, each with a file.
    scenario.write_now("drop/press/새 폴더/둘.txt", "하위 폴더의 글 insidefolder");
    scenario.write_now("drop/press/새 폴더/더 깊이/셋.txt", "더 깊은 곳의 글 deeperfolder");
    service.finds("insidefolder", &["새 폴더/둘.txt"]).await;
    service.finds("deeperfolder", &["새 폴더/더 깊이/셋.txt"]).await;

    // A file in that folder later still, moved in whole, as careful writers do.
    let aside = scenario.write_now("넷.part", "옮겨 온 글 movedinwhole");
    std::fs::rename(aside, scenario.path("drop/press/새 폴더/넷.txt")).unwrap();
    service.finds("movedinwhole", &["새 폴더/넷.txt"]).await;

    scenario.write_now("drop/press/하나.txt", "고쳐 쓴 글 rewritten");
    service.finds("rewritten", &["하나.txt"]).await;
    service.finds("whilerunning", &[]).await;

    let hit = service.search("movedinwhole").await["hits"][0].clone();
    let id = hit["id"].as_str().unwrap();
    scenario.remove("drop/press/새 폴더/넷.txt");
    service.finds("movedinwhole", &[]).await;
    // The catalogue follows by itself, and may be behind the index.
    let entry = until("its entry is withdrawn", async || {
        let path = format!("/v1/catalog/entries/{id}");
        let entry = service.ask("GET", &path, ADMIN, Vec::new()).await;
        (entry.status == 410).then_some(entry)
    })
    .await;
    assert!(entry.text().contains(id), "the tombstone stays readable");
    let document = service.ask("GET", &format!("/v1/documents/{id}"), ADMIN, Vec::new()).await;
    assert_eq!(document.status, 410);

    // What is no document yet is left alone.
    scenario.write_now("drop/press/~$잠금.docx", "lock");
    scenario.write_now("drop/press/끝나지 않음.part", "unfinished");
    scenario.write_now("drop/press/마지막.txt", "마지막 글 lastone");
    service.finds("lastone", &["마지막.txt"]).await;
    let balance = service.settled(5).await;
    assert_eq!((balance.received, balance.deleted), (5, 1));
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_balance_holds_at_every_moment_of_an_ingestion() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let fixtures = fixtures();
    for path in &fixtures {
        scenario.write(&format!("drop/press/{path}"), fixture(path));
    }
    let service = Service::start(&scenario, &[]).await;
    // `settled` asserts the balance at every look.
    let balance = service.settled(fixtures.len() as u64).await;
    assert_eq!(balance.received, fixtures.len() as u64);
    assert!(balance.quarantined > 0, "{balance:?}");
    let metrics = service.ask("GET", "/metrics", ADMIN, Vec::new()).await;
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("madang_"), "{}", metrics.text());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_the_same_over_http_by_command_and_without_a_service() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for path in ["text/utf8.txt", "text/cp949.txt", "hwpx/plain.hwpx", "eml/attachments.eml"] {
        scenario.write(&format!("drop/press/{path}"), fixture(path));
    }
    let service = Service::start(&scenario, &[]).await;
    service.settled(4).await;
    let queries =
        ["안전점검", "점검을", "교량 120개소", "safety", "\"Ministry of the Interior\"", "회의"];
    service.indexed().await;
    let mut answers = Vec::new();
    for query in queries {
        let over_http = service.search(query).await["hits"].clone();
        assert!(!over_http.as_array().unwrap().is_empty(), "{query}: nothing");
        let by_command = scenario.search(query)["hits"].clone();
        assert_eq!(by_command, over_http, "{query}");
        for hit in over_http.as_array().unwrap() {
            let marks = hit["snippet"]["highlights"].as_array().unwrap();
            assert!(!marks.is_empty(), "{query}: {hit}");
        }
        answers.push(over_http);
    }
    service.stop().await;
    for (query, over_http) in queries.iter().zip(answers) {
        assert_eq!(scenario.search(query)["hits"], over_http, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_has_a_receipt_until_it_is_found() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    let path = format!("/v1/drop/press/2026/{}", percent("보도자료 1.hwpx"));
    let answer = service.ask("PUT", &path, ADMIN, fixture("hwpx/table.hwpx")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let receipt = answer.location.clone().expect("the receipt's address");
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let stages = ["received", "reading", "waiting_for_retry", "indexing", "indexed"];
    let mut before = 0;
    let receipt = until("the receipt says that it can be found", async || {
        let receipt = service.get(&receipt).await;
        let stage = receipt["state"].as_str().unwrap().to_owned();
        let now = stages.iter().position(|known| *known == stage).expect("a stage of success");
        assert!(now >= before, "a receipt does not go back: {receipt}");
        before = now;
        // The index and the catalogue follow the ledger each by itself.
        (stage == "indexed" && receipt["catalogued"] == true).then_some(receipt)
    })
    .await;
    assert_eq!(receipt["outcome"], "ok", "{receipt}");
    assert!(receipt["sentence"]["ko"].as_str().is_some_and(|text| !text.is_empty()));
    assert_eq!((&receipt["searchable"], &receipt["catalogued"]), (&true.into(), &true.into()));
    let all = service.search("").await;
    assert_eq!(paths(&all), ["2026/보도자료 1.hwpx"]);
    assert_eq!(all["hits"][0]["id"], id.as_str());
    assert_eq!(
        std::fs::read(scenario.path("drop/press/2026/보도자료 1.hwpx")).unwrap(),
        fixture("hwpx/table.hwpx")
    );

    // The original comes back byte for byte.
    let original =
        service.ask("GET", &format!("/v1/documents/{id}/original"), ADMIN, Vec::new()).await;
    assert_eq!((original.status, original.bytes), (200, fixture("hwpx/table.hwpx")));

    // A damaged one is told in both languages, with what to do.
    let answer =
        service.ask("PUT", "/v1/drop/press/cut.hwpx", ADMIN, fixture("hwpx/cut-early.hwpx")).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let at = answer.location.unwrap();
    let receipt = until("the receipt says that it is damaged", async || {
        let receipt = service.get(&at).await;
        (receipt["state"] == "quarantined").then_some(receipt)
    })
    .await;
    assert_eq!(receipt["outcome"], "corrupt", "{receipt}");
    // What to do stands in the outcome's own sentence, and is not said a second time as advice.
    for (locale, cure) in [("ko", "다시 올려"), ("en", "drop it again")] {
        let told = receipt["outcome_sentence"][locale].as_str();
        assert!(told.is_some_and(|text| text.contains(cure)), "{receipt}");
    }
    assert!(receipt["advice"].is_null(), "{receipt}");
    assert!(receipt["reason"].as_str().is_some_and(|reason| reason.contains("ZIP")), "{receipt}");

    // What the pipeline leaves out, or what would leave the folder, is refused.
    for (path, status) in [
        ("/v1/drop/press/a.part", 422),
        ("/v1/drop/press/..%2Fa.txt", 400),
        ("/v1/drop/none/a.txt", 404),
    ] {
        let answer = service.ask("PUT", path, ADMIN, b"x".to_vec()).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text());
    }
    assert_eq!(service.settled(2).await.received, 2);
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_while_it_waits_or_is_read_is_no_failure() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    // While it waits.
    service.post("/v1/queues/press/pause").await;
    scenario.write("drop/press/waiting.txt", "기다리다 사라진 글 vanishedwaiting");
    until("its job is ready", async || (service.jobs("ready").await.len() == 1).then_some(()))
        .await;
    scenario.remove("drop/press/waiting.txt");
    service.post("/v1/queues/press/resume").await;
    // While it is read: 48 MiB take longer than the request that sees the lease.
    let line = "읽히는 동안 사라지는 글 vanishedreading\n";
    scenario.write("drop/press/reading.txt", line.repeat((48 << 20) / line.len()));
    until("it is being read", async || {
        let jobs = service.jobs("leased").await;
        jobs.iter().any(|job| job["path"] == "reading.txt").then_some(())
    })
    .await;
    scenario.remove("drop/press/reading.txt");
    let balance = until("both are gone", async || {
        let balance = service.balance().await;
        (balance.deleted == 2).then_some(balance)
    })
    .await;
    assert_eq!((balance.received, balance.in_flight, balance.quarantined), (2, 0, 0));
    service.finds("vanishedreading", &[]).await;
    service.finds("vanishedwaiting", &[]).await;
    service.stop().await;
}
