//! A data folder with much in it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt;
use madang_document::timestamp::Timestamp;
use madang_ledger::conformance::sample;
use madang_ledger::jobs::{Jobs, PriorityClass};
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_pipeline::declaration::parse;
use madang_pipeline::sightings::sighting;
use madang_store::closed::Closed;
use madang_store::folder::FolderStore;
use madang_store::store::{Seen, Store};
use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;
use madang_wait::until;

const DOCUMENTS: usize = 10_000;

/// The ledger of a service that has read so many files, without their texts: what a start has to do with.
async fn make(scenario: &Scenario) {
    // The folder is as the program makes it.
    scenario.once(&[]);
    let folder = scenario.path("drop/press");
    for n in 0..DOCUMENTS {
        std::fs::write(folder.join(format!("{n}.txt")), "x").unwrap();
    }
    let text = std::fs::read_to_string(scenario.path("pipelines/press.toml")).unwrap();
    let pipeline = parse(&text, "press.toml", &scenario.path("")).unwrap();
    let listed = FolderStore::new("press", &folder, Closed::default()).list();
    let sightings: Vec<Sighting> = listed
        .filter_map(async |seen| match seen {
            Ok(Seen::Object(file)) => Some(sighting(&pipeline, "press", &file, 3)),
            other => panic!("{other:?}"),
        })
        .collect()
        .await;
    assert_eq!(sightings.len(), DOCUMENTS);

    let clock = Arc::new(|| Timestamp(1_700_000_000_000));
    let file = scenario.path("data/ledger.db");
    let ledger = SqliteLedger::open_with(&file, clock, Durability::Process).await.unwrap();
    ledger.open_queue(&sample::queue("press", pipeline.agency.clone())).await.unwrap();
    for batch in sightings.chunks(500) {
        ledger.see(batch).await.unwrap();
        let claims = ledger
            .claim(&sample::worker(1), None, PriorityClass::Any, 500, sample::LEASE)
            .await
            .unwrap();
        let completions: Vec<_> = claims
            .iter()
            .map(|claim| {
                let mut completion = sample::done(claim, &[]);
                for document in &mut completion.documents {
                    (document.text, document.segments, document.characters) = (None, 0, 0);
                }
                completion
            })
            .collect();
        ledger.complete(&completions).await.unwrap();
    }
    ledger.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_over_ten_thousand_documents_is_ready_before_it_has_gone_over_them() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    make(&scenario).await;
    let begun = Instant::now();
    let service = Service::start(&scenario, &[]).await;
    // It has an index of all of them to build: whoever is ready only then has not said so yet.
    let metrics = service.ask("GET", "/metrics", ADMIN, Vec::new()).await.text();
    println!("ready after {:?}", begun.elapsed());
    let lag = metrics.lines().find(|line| line.starts_with("madang_index_lag")).expect("a lag");
    assert!(!lag.ends_with(" 0"), "it was ready only when its index was built: {lag}");
    assert_eq!(service.ask("GET", "/healthz", ADMIN, Vec::new()).await.status, 200);
    // What is dropped now does not wait for the rest.
    let balance = service.balance().await;
    assert_eq!((balance.received, balance.in_flight), (DOCUMENTS as u64, 0));
    scenario.write_now("drop/press/new.txt", "새로 놓인 글 newcomer");
    service.settled(DOCUMENTS as u64 + 1).await;
    service.finds("newcomer", &["new.txt"]).await;
    let all = until("all of them are indexed", async || {
        let total = service.search("").await["total"].as_u64()?;
        (total == DOCUMENTS as u64 + 1).then_some(total)
    });
    tokio::time::timeout(Duration::from_secs(120), all).await.expect("in time");
    service.stop().await;
}
