//! A pipeline that this run does not declare: what was read of it stands, and what waits in it waits.

use madang_document::id::DocumentId;
use madang_ledger::jobs::{Job, JobState};
use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;

const A: &str = "pipelines/a.toml";

/// Two pipelines that are read, each of a file with a word of its own.
fn two_that_are_read() -> Scenario {
    let scenario = Scenario::new();
    for name in ["a", "b"] {
        scenario.pipeline(name, "1741000");
        scenario.write(&format!("drop/{name}/{name}.txt"), format!("읽은 글 wordof{name}"));
    }
    scenario.once(&[]);
    scenario
}

async fn job(scenario: &Scenario, path: &str) -> Job {
    scenario.jobs().await.remove(path).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_another_pipeline_waits_as_it_is() {
    let scenario = two_that_are_read();
    // No service runs, so that nobody knows what the next one declares.
    let asked = scenario.succeed(&["reprocess", "--pipeline", "b", "--yes"]);
    assert!(asked.contains("1 file is read again"), "{asked}");
    scenario.write("drop/a/more.txt", "또 하나의 글");
    let ran = scenario.run(&["up", A, "--data", "data", "--once"]);
    assert!(ran.status.success(), "{}", said(&ran));
    let told = "b: 1 file waits for this pipeline, which is not declared in this run";
    assert!(said(&ran).contains(told), "{}", said(&ran));
    let waits = job(&scenario, "b.txt").await;
    assert_eq!((waits.state, waits.attempt, waits.failure), (JobState::Ready, 0, None));

    let service = Service::start(&scenario, &[A]).await;
    service.finds("wordofb", &["b.txt"]).await;
    // The workers had their chance at it.
    scenario.write("drop/a/last.txt", "마지막 글");
    service.finds("마지막", &["last.txt"]).await;
    service.stop().await;

    scenario.once(&[]);
    let read = job(&scenario, "b.txt").await;
    assert_eq!((read.state, read.attempt), (JobState::Done, 1), "it goes on by itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_original_that_nobody_here_has_is_not_promised_for_the_next_moment() {
    let scenario = two_that_are_read();
    let service = Service::start(&scenario, &[A]).await;
    let id = DocumentId::new("b", "b.txt", None);
    let answer =
        service.ask("GET", &format!("/v1/documents/{id}/original"), ADMIN, Vec::new()).await;
    let told = answer.json();
    assert_eq!(
        (answer.status, &told["type"]),
        (409, &"urn:madang:problem:undeclared".into()),
        "{told}"
    );
    assert!(told["detail"].as_str().unwrap().contains("`b` is not declared"), "{told}");
    assert!(told["detail_ko"].as_str().unwrap().contains("선언"), "{told}");
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reprocess_leaves_out_what_nobody_here_can_read_and_says_so() {
    let scenario = two_that_are_read();
    let service = Service::start(&scenario, &[A]).await;
    let refused = scenario.run(&["reprocess", "--path", "**"]);
    assert!(said(&refused).contains("1 file fits"), "{}", said(&refused));
    let asked = scenario.run(&["reprocess", "--path", "**", "--yes"]);
    assert!(asked.status.success(), "{}", said(&asked));
    assert!(said(&asked).contains("1 file is read again"), "{}", said(&asked));
    assert!(said(&asked).contains("1 file that fits stays as it is"), "{}", said(&asked));
    let asked = scenario.run(&["reprocess", "--pipeline", "b", "--yes"]);
    assert!(said(&asked).contains("so none is read again"), "{}", said(&asked));
    service.settled(2).await;
    assert_eq!(service.balance().await.done, 2);
    service.finds("wordofb", &["b.txt"]).await;
    service.stop().await;
    assert_eq!(job(&scenario, "b.txt").await.state, JobState::Done);
}

/// Whoever dropped a file is told that its turn does not come, and why.
#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_that_its_queue_stands_still() {
    let scenario = two_that_are_read();
    scenario.succeed(&["reprocess", "--pipeline", "b", "--yes"]);
    scenario.succeed(&["queue", "pause", "a"]);
    let service = Service::start(&scenario, &[A]).await;
    let put = service.ask("PUT", "/v1/drop/a/new.txt", ADMIN, "새 글".into()).await;
    assert!(put.status < 300, "{}", put.text());
    for (name, path, word) in [("a", "new.txt", "paused"), ("b", "b.txt", "undeclared")] {
        let id = DocumentId::new(name, path, None);
        let receipt = service.get(&format!("/v1/receipts/{id}")).await;
        assert_eq!(receipt["still"], word, "{receipt}");
        assert!(receipt["estimate"].is_null() && !receipt["advice"].is_null(), "{receipt}");
    }
    service.stop().await;
}

/// Whoever renames a pipeline, or removes its declaration, sees that it lives on.
#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_lives_on_without_its_declaration_is_seen() {
    let scenario = two_that_are_read();
    let ran = scenario.run(&["up", "--once"]);
    assert!(!said(&ran).contains("not declared"), "{}", said(&ran));
    let ran = scenario.run(&["up", A, "--data", "data", "--once"]);
    let told = "b: this pipeline is not declared in this run; what was read of it stays found";
    assert!(said(&ran).contains(told), "{}", said(&ran));
    let service = Service::start(&scenario, &[A]).await;
    service.is_ready().await;
    let queues = service.get("/v1/queues").await;
    let declared: Vec<bool> = queues["queues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|queue| queue["declared"].as_bool().unwrap())
        .collect();
    assert_eq!(declared, [true, false], "{queues}");
    let listed = scenario.succeed(&["queue"]);
    assert!(listed.contains("not declared in this run"), "{listed}");
    let released = said(&scenario.run(&["queue", "release", "b", "--yes"]));
    assert!(released.contains("over an empty folder first"), "{released}");
    let page = service.ask("GET", "/queues", ADMIN, Vec::new()).await.text();
    assert!(page.contains("선언되어 있지 않습니다") || page.contains("not declared"), "{page}");
    service.stop().await;
}
