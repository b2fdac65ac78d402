//! How far a scan has come while it is recognised: told wherever somebody waits for it.

use madang_tests::ground::scan::scan;
use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;
use madang_wait::until;
use serde_json::Value;

/// Sheets of the scan: enough that it is still read while the test looks at it.
const SHEETS: u64 = 30;

/// How much is done of the job of this path, once that is at least one sheet.
async fn begun(service: &Service, path: &str) -> (Value, u64) {
    until("a sheet is recognised", async || {
        let jobs = service.jobs("leased").await;
        let job = jobs.into_iter().find(|job| job["path"] == path)?;
        let done = job["progress"]["done"].as_u64().filter(|done| *done >= 1)?;
        Some((job, done))
    })
    .await
}

/// A page in this language.
async fn html(service: &Service, path: &str, language: &str) -> String {
    let page = service.ask("GET", &format!("{path}?hl={language}"), ADMIN, Vec::new()).await;
    assert_eq!(page.status, 200, "{}", page.text());
    page.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn how_far_a_scan_has_come_is_told_wherever_somebody_waits_for_it() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/scan.pdf", scan(SHEETS as usize));
    let service = Service::start(&scenario, &[]).await;
    let (job, done) = begun(&service, "scan.pdf").await;
    let progress = &job["progress"];
    assert_eq!((&progress["counted"], progress["all"].as_u64()), (&"pages".into(), Some(SHEETS)));
    assert!(done <= SHEETS, "{job}");
    let english = progress["sentence"]["en"].as_str().unwrap();
    assert_eq!(english, format!("{done} of {SHEETS} pages recognised"));
    let korean = progress["sentence"]["ko"].as_str().unwrap();
    assert_eq!(korean, format!("{SHEETS}쪽 가운데 {done}쪽 인식함"));

    // To the operator by its name, on the page, for programs and by the commands.
    let queues = service.get("/v1/queues").await;
    let running = &queues["running"][0];
    assert_eq!((&running["path"], &running["job"]), (&"scan.pdf".into(), &job["id"]), "{queues}");
    let now = running["progress"]["done"].as_u64().unwrap();
    assert!((done..=SHEETS).contains(&now), "{queues}");
    let page = html(&service, "/queues", "en").await;
    let told = format!("of {SHEETS} pages recognised");
    assert!(page.contains("Being read now") && page.contains(&told), "{page}");
    for command in [&["queue"][..], &["queue", "ls", "--state", "leased"]] {
        let printed = scenario.succeed(&[command, &["--url", &service.url]].concat());
        let line = printed.lines().find(|line| line.contains("scan.pdf"));
        assert!(line.is_some_and(|line| line.contains(&told)), "{printed}");
    }
    let shown = scenario.succeed(&["queue", "show", &job["id"].to_string(), "--url", &service.url]);
    assert!(shown.contains(&told), "{shown}");

    // To the uploader in the receipt, and to the reader on the page; nobody is told that nothing is written in it.
    let receipt = service.get(job["receipt"].as_str().unwrap()).await;
    assert_eq!(receipt["awaits_recognition"], true, "{receipt}");
    assert_eq!(receipt["progress"]["all"].as_u64(), Some(SHEETS), "{receipt}");
    let sentence = receipt["outcome_sentence"]["en"].as_str().unwrap();
    assert!(sentence.contains("is being read") && sentence.contains(&told), "{receipt}");
    assert!(!receipt.to_string().contains("글자가 없습니다"), "{receipt}");
    let id = receipt["id"].as_str().unwrap().to_owned();
    let page = html(&service, &format!("/documents/{id}"), "ko").await;
    assert!(page.contains("인식 중") && page.contains(&format!("{SHEETS}쪽 가운데")), "{page}");
    assert!(!page.contains("글자가 없습니다"), "{page}");

    // Whoever takes the file away is not kept waiting by its scan.
    scenario.remove("drop/press/scan.pdf");
    let balance = until("its scan is called off", async || {
        let balance = service.balance().await;
        (balance.deleted == 1).then_some(balance)
    })
    .await;
    assert_eq!((balance.received, balance.in_flight), (1, 0));
    let running = until("nothing is in work", async || {
        let queues = service.get("/v1/queues").await;
        let running = queues["running"].as_array().unwrap().clone();
        running.is_empty().then_some(running)
    })
    .await;
    assert!(running.is_empty());
    let document = service.ask("GET", &format!("/v1/documents/{id}"), ADMIN, Vec::new()).await;
    assert_eq!(document.status, 410);
    service.stop().await;
}

/// What is remembered of the pages of the only scan that is read, each by its key.
fn remembered(scenario: &Scenario) -> Vec<String> {
    let Ok(mut files) = std::fs::read_dir(scenario.path("data/recognised")) else {
        return Vec::new();
    };
    let Some(Ok(file)) = files.next() else { return Vec::new() };
    let text = std::fs::read_to_string(file.path()).unwrap_or_default();
    // Behind the first line, and whole ones only.
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().skip(1).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_goes_on_after_a_restart_where_it_was() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/scan.pdf", scan(12));
    let service = Service::start(&scenario, &[]).await;
    let before = until("some sheets are recognised", async || {
        let lines = remembered(&scenario);
        (lines.len() >= 3).then_some(lines)
    })
    .await;
    service.kill();
    let before = before.len().max(remembered(&scenario).len());

    let service = Service::start(&scenario, &[]).await;
    let lines = until("more sheets are recognised", async || {
        let lines = remembered(&scenario);
        (lines.len() >= before + 2).then_some(lines)
    })
    .await;
    // None of them twice: those of before were not recognised again.
    let keys: std::collections::BTreeSet<String> = lines
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()[0].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(keys.len(), lines.len(), "{lines:?}");
    // It comes to the same as if it had been read at once, and nothing of it is left beside its document.
    service.finds("집중호우", &["scan.pdf"]).await;
    let hits = service.search("집중호우").await;
    let id = hits["hits"][0]["id"].as_str().unwrap();
    let text = service.get(&format!("/v1/documents/{id}/text")).await;
    let told = |word: &str| {
        let segments = text["segments"].as_array().unwrap().iter();
        segments.filter(|it| it["text"].as_str().unwrap().contains(word)).count()
    };
    assert_eq!((told("집중호우"), told("침수")), (12, 12), "{text}");
    assert!(remembered(&scenario).is_empty());
    let left = std::fs::read_dir(scenario.path("data/recognised")).unwrap().count();
    assert_eq!(left, 0);
    service.stop().await;
}
