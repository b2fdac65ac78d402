use std::sync::Arc;
use std::time::Duration;

use madang_ledger::audit::Audit;
use madang_ledger::jobs::{Completion, Jobs, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::Objects;
use madang_pipeline::eraser::{Eraser, Sweeping};
use madang_pipeline::follow::follow;

use crate::house::{House, agency, completion, now, sighting, until, worker};

/// Sweeps all the time, of whatever age.
const AT_ONCE: Sweeping = Sweeping {
    first: Duration::ZERO,
    every: Duration::from_millis(50),
    age: Duration::ZERO,
    skew: Duration::ZERO,
    pace: Duration::ZERO,
};

#[tokio::test(flavor = "multi_thread")]
async fn blobs_that_nobody_names_are_removed_and_those_of_an_open_job_are_not() {
    let house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let orphan = house.blobs.keep(b"orphan".to_vec()).await.unwrap();
    // A job is under way: it has kept its text, and is completed after many sweeps.
    house.ledger.see(&[sighting("press0", 9, agency(0))]).await.unwrap();
    let claims = house.ledger.claim(&worker(), 9, Duration::from_secs(60)).await.unwrap();
    let open = house.read(&claims[0]).await;
    let kept = open.text.unwrap();
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    let eraser = Eraser::new(ledger, house.blobs.clone(), Arc::new(now), AT_ONCE);
    tokio::spawn(follow(eraser, house.way()));
    // While a job is under way only what was written before it goes.
    until("the orphan is laid aside", async || house.blobs.read(&orphan.into()).await.is_err())
        .await;
    house.ledger.complete(&[completion(&claims[0], open)]).await.unwrap();
    until("it is removed for good", async || {
        let acts = house.ledger.acts(0, 10_000).await.unwrap();
        acts.iter().any(|row| row.act.detail.contains("\"removed\":1"))
    })
    .await;
    assert!(house.blobs.read(&kept).await.is_ok(), "the text of the open job");
    for document in &documents {
        assert!(house.blobs.read(&document.text.unwrap()).await.is_ok());
    }
    // What is withdrawn names nothing any more.
    house.ledger.vanish("press0", &["3.txt".to_owned()]).await.unwrap();
    let claims = house.ledger.claim(&worker(), 9, Duration::from_secs(60)).await.unwrap();
    let gone = Completion {
        ticket: claims[0].ticket,
        verdict: Verdict::Deleted,
        documents: Vec::new(),
        actor: "test".into(),
    };
    house.ledger.complete(&[gone]).await.unwrap();
    let withdrawn = documents.iter().find(|document| document.object.path == "3.txt").unwrap();
    let text = withdrawn.text.unwrap();
    until("its text goes", async || house.blobs.read(&text).await.is_err()).await;
    assert!(house.blobs.read(&kept).await.is_ok());
}

/// Before a run ends: whichever process swept last, not again within the span between two sweeps.
#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_that_is_due_is_made_without_waiting_and_not_repeated() {
    let house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let sweeping =
        Sweeping { first: Duration::from_secs(3600), every: Duration::from_secs(3600), ..AT_ONCE };
    let sweep = async |sweeping: Sweeping| {
        let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
        // What was written in this very millisecond is as old as the sweep.
        let clock = Arc::new(|| now().plus_ms(1_000));
        Eraser::new(ledger, house.blobs.clone(), clock, sweeping).sweep_if_due().await.unwrap()
    };
    let orphan = house.blobs.keep(b"orphan".to_vec()).await.unwrap();
    assert!(sweep(sweeping).await);
    assert!(house.blobs.read(&orphan.into()).await.is_err(), "it is laid aside");
    let second = house.blobs.keep(b"second".to_vec()).await.unwrap();
    assert!(!sweep(sweeping).await, "it was swept a moment ago");
    assert!(house.blobs.read(&second.into()).await.is_ok());
    assert!(sweep(Sweeping { every: Duration::ZERO, ..sweeping }).await);
    assert!(house.blobs.read(&second.into()).await.is_err());
    for document in &documents {
        assert!(house.blobs.read(&document.text.unwrap()).await.is_ok());
    }
}
