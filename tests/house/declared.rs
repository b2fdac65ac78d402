//! What changes when a declaration changes, when a text is lost, and when a folder is emptied.

use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;
use madang_wait::until;

/// The folders that blobs lie in.
fn blob_folders(scenario: &Scenario) -> impl Iterator<Item = std::path::PathBuf> {
    let entries = std::fs::read_dir(scenario.path("data/blobs")).unwrap();
    entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir())
}

fn drop_files(scenario: &Scenario, pipeline: &str, files: usize) {
    for n in 0..files {
        let text = format!("안전점검 결과 {pipeline}word{n}");
        scenario.write(&format!("drop/{pipeline}/{n}.txt"), text);
    }
}

#[test]
fn a_corrected_agency_code_and_another_licence_reach_what_is_there() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "1741001");
    drop_files(&scenario, "press", 20);
    drop_files(&scenario, "other", 5);
    let before = scenario.once(&[]);
    assert_eq!((before.received, before.indexed), (25, 25));
    let versions = scenario.live_entries();

    scenario.pipeline("press", "1741999");
    assert_eq!(scenario.once(&[]), before);
    assert_eq!(scenario.found("안전점검").len(), 25);
    let verified = scenario.succeed(&["index", "verify"]);
    // What the old code had is gone with it.
    assert!(!verified.contains("1741000"), "{verified}");
    assert!(!scenario.path("data/index/1741000").exists());
    let hits = scenario.search("pressword7");
    assert_eq!(hits["hits"][0]["agency"], "1741999", "{hits}");

    let file = scenario.path("pipelines/press.toml");
    let text = std::fs::read_to_string(&file).unwrap().replace("KOGL-1", "KOGL-4");
    std::fs::write(&file, text).unwrap();
    // The originals are not needed for it.
    assert_eq!(scenario.once(&[]), before);
    let after = scenario.live_entries();
    assert_eq!(after.len(), versions.len());
    let id = hits["hits"][0]["id"].as_str().unwrap();
    // It left the one agency, came to the other, and changed its licence.
    assert_eq!((versions[id], after[id]), (1, 4));
    let entry = scenario.succeed(&["catalog", "show", id]);
    assert!(entry.contains("제4유형"), "{entry}");
}

#[test]
fn a_lost_text_is_read_again_and_hides_nobody() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "1741001");
    drop_files(&scenario, "press", 20);
    drop_files(&scenario, "other", 5);
    scenario.once(&[]);
    // One blob goes, another is damaged, and the index goes with them.
    let mut blobs: Vec<_> = blob_folders(&scenario)
        .flat_map(|folder| std::fs::read_dir(folder).unwrap())
        .map(|blob| blob.unwrap().path())
        .collect();
    blobs.sort();
    std::fs::remove_file(&blobs[0]).unwrap();
    let mut bytes = std::fs::read(&blobs[1]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x20;
    std::fs::write(&blobs[1], bytes).unwrap();
    std::fs::remove_dir_all(scenario.path("data/index")).unwrap();
    let summary = scenario.once(&[]);
    assert_eq!((summary.received, summary.indexed, summary.in_flight), (25, 25, 0));
    assert_eq!(
        scenario.found("안전점검").len(),
        25,
        "the lost one and the damaged one were read again"
    );
    scenario.succeed(&["index", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_emptied_file_by_file_is_held_and_one_file_is_not() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    drop_files(&scenario, "press", 300);
    let service = Service::start(&scenario, &[]).await;
    service.settled(300).await;
    scenario.remove("drop/press/0.txt");
    until("the one is withdrawn", async || (service.balance().await.deleted == 1).then_some(()))
        .await;
    for n in 1..300 {
        scenario.remove(&format!("drop/press/{n}.txt"));
    }
    until("the many are held", async || {
        let queues = service.get("/v1/queues").await;
        (queues["queues"][0]["held"]["missing"].as_u64()? > 200).then_some(())
    })
    .await;
    // The source goes on with its work, and what is held stays. (That it does past every window is shown where a test
    // can let time pass: crates/pipeline/tests/source.rs.)
    scenario.write_now("drop/press/later.txt", "그 뒤에 놓인 글 thereafter");
    service.finds("thereafter", &["later.txt"]).await;
    assert!(service.balance().await.deleted < 100, "{:?}", service.balance().await);
    for n in 1..300 {
        scenario.write(&format!("drop/press/{n}.txt"), "돌아온 글");
    }
    until("the hold ends by itself", async || {
        let queues = service.get("/v1/queues").await;
        queues["queues"][0]["held"].is_null().then_some(())
    })
    .await;
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_is_lost_while_the_service_runs_comes_back_when_it_is_asked_for() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/a.txt", "도로 안전점검 결과 keepsake");
    let service = Service::start(&scenario, &[]).await;
    service.finds("keepsake", &["a.txt"]).await;
    let id = service.search("keepsake").await["hits"][0]["id"].as_str().unwrap().to_owned();
    let text = format!("/v1/documents/{id}/text");
    assert_eq!(service.ask("GET", &text, ADMIN, Vec::new()).await.status, 200);

    for folder in blob_folders(&scenario) {
        std::fs::remove_dir_all(folder).unwrap();
    }
    let answer = service.ask("GET", &text, ADMIN, Vec::new()).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("read again"), "{}", answer.text());
    let answer = until("its text is there again", async || {
        let answer = service.ask("GET", &text, ADMIN, Vec::new()).await;
        (answer.status == 200).then_some(answer)
    })
    .await;
    assert!(answer.text().contains("keepsake"), "{}", answer.text());
    service.stop().await;
}
