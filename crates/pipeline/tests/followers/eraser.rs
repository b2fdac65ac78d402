use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use madang_document::blob_part::BlobPart;
use madang_document::content::{Origin, Segment};
use madang_document::document::Document;
use madang_document::locator::Locator;
use madang_ledger::audit::Audit;
use madang_ledger::jobs::{Completion, Jobs, PriorityClass, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::Objects;
use madang_ledger::versions::Versions;
use madang_pipeline::clock::Clock;
use madang_pipeline::eraser::{Eraser, Sweeping};
use madang_pipeline::follow::{Follower, Progress, follow};
use madang_wait::until;

use crate::house::{House, agency, completion, now, sighting, worker};

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
    let claims = house
        .ledger
        .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap();
    // The clock that stamps files goes in steps, and its text is younger than the claim.
    let claimed = now();
    until("that clock has gone on", async || now() > claimed.plus_ms(20)).await;
    let open = house.read(&claims[0]).await;
    let kept = open.text.unwrap();
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    let eraser = Eraser::new(ledger, house.blobs.clone(), Arc::new(now), Arc::new(now), AT_ONCE);
    tokio::spawn(follow(eraser, house.way()));
    // While a job is under way only what was written before it goes.
    until("the orphan is laid aside", async || house.blobs.read(&orphan.into()).await.is_err())
        .await;
    let swept = house.blobs.last_swept().await.unwrap();
    until("that sweep ends", async || house.blobs.last_swept().await.unwrap() > swept).await;
    assert!(
        house.blobs.read(&kept).await.is_ok(),
        "nobody names it yet, and it was not laid aside"
    );
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
    let claims = house
        .ledger
        .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap();
    let gone = Completion {
        ticket: claims[0].ticket,
        verdict: Verdict::Deleted,
        documents: Vec::new(),
        key: None,
        again: false,
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
        let clock: Clock = Arc::new(|| now().plus_ms(1_000));
        let eraser = Eraser::new(ledger, house.blobs.clone(), Arc::clone(&clock), clock, sweeping);
        eraser.sweep_if_due().await.unwrap()
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

/// The text of what a document was stays as long as that is kept, and goes with the document at once.
#[tokio::test(flavor = "multi_thread")]
async fn the_text_of_a_kept_version_stays_until_its_past_is_forgotten() {
    let house = House::new().await;
    let former = house.drop(0, 0..1).await[0].text.unwrap();
    let sweep = async || {
        let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
        // What was written in this very millisecond is as old as the sweep.
        let clock: Clock = Arc::new(|| now().plus_ms(1_000));
        let at_once = Sweeping { every: Duration::ZERO, ..AT_ONCE };
        let eraser = Eraser::new(ledger, house.blobs.clone(), Arc::clone(&clock), clock, at_once);
        assert!(eraser.sweep_if_due().await.unwrap());
    };
    let mut changed = sighting("press0", 0, agency(0));
    changed.object.version = "2".into();
    house.ledger.see(&[changed]).await.unwrap();
    let claims = house
        .ledger
        .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap();
    let segment = Segment {
        text: "다른 글".into(),
        locator: Locator::Whole {},
        origin: Origin::Native,
        confidence: None,
        words: Vec::new(),
    };
    let kept = house.blobs.keep(serde_json::to_vec(&[segment]).unwrap()).await.unwrap();
    let present = BlobPart::from(kept);
    let document = Document { text: Some(present), ..house.read(&claims[0]).await };
    let id = document.id;
    house.ledger.complete(&[completion(&claims[0], document)]).await.unwrap();
    sweep().await;
    sweep().await;
    assert!(house.blobs.read(&present).await.is_ok());
    let versions = house.ledger.versions(id).await.unwrap();
    assert_eq!(versions[0].document.text, Some(former));
    assert!(house.blobs.read(&former).await.is_ok(), "a version names it");
    house.ledger.vanish("press0", &["0.txt".to_owned()]).await.unwrap();
    let claims = house
        .ledger
        .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap();
    let gone = Completion {
        ticket: claims[0].ticket,
        verdict: Verdict::Deleted,
        documents: Vec::new(),
        key: None,
        again: false,
        actor: "test".into(),
    };
    house.ledger.complete(&[gone]).await.unwrap();
    sweep().await;
    assert!(house.blobs.read(&present).await.is_err(), "it is withdrawn");
    assert!(house.blobs.read(&former).await.is_ok(), "its past waits for the file elsewhere");
    // The file comes back, and has no past.
    let mut back = sighting("press0", 0, agency(0));
    back.object.version = "3".into();
    house.ledger.see(&[back]).await.unwrap();
    let claims = house
        .ledger
        .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
        .await
        .unwrap();
    let document = Document { text: None, ..house.read(&claims[0]).await };
    house.ledger.complete(&[completion(&claims[0], document)]).await.unwrap();
    sweep().await;
    assert!(house.blobs.read(&former).await.is_err(), "nothing names it");
}

/// Somebody sets the clock: the next sweep begins when its time has passed, and no blob is older for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_makes_no_sweep_early_or_late() {
    const HOUR: i64 = 3_600_000;
    let house = House::new().await;
    let (set, passed) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicI64::new(0)));
    let moved = |by: &Arc<AtomicI64>| -> Clock {
        let by = Arc::clone(by);
        Arc::new(move || now().plus_ms(by.load(Ordering::SeqCst)))
    };
    let sweeping = Sweeping { pace: Duration::ZERO, ..Sweeping::default() };
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    let (clock, steady) = (moved(&set), moved(&passed));
    let mut eraser = Eraser::new(ledger, house.blobs.clone(), clock, steady, sweeping);
    let young = house.blobs.keep(b"young".to_vec()).await.unwrap();
    let last = async || house.blobs.last_swept().await.unwrap();
    set.store(72 * HOUR, Ordering::SeqCst);
    assert!(matches!(eraser.step(0).await.unwrap(), Progress::Done(_)), "its time has not come");
    // Its time has come, and that of the blob has not, whatever the clock says.
    passed.store(HOUR, Ordering::SeqCst);
    while eraser.step(0).await.unwrap() == Progress::More {}
    let first = last().await.unwrap();
    assert!(house.blobs.read(&young.into()).await.is_ok(), "it was written a moment ago");
    // Set back by days: the next one is a day after the first.
    set.store(-72 * HOUR, Ordering::SeqCst);
    passed.store(24 * HOUR, Ordering::SeqCst);
    assert!(matches!(eraser.step(0).await.unwrap(), Progress::Done(_)), "a day has not passed");
    passed.store(26 * HOUR, Ordering::SeqCst);
    while eraser.step(0).await.unwrap() == Progress::More {}
    assert!(last().await.unwrap() < first, "another one, by the clock that was set back");
}

/// What it names nobody knows: it is noted, its file is read again, and what others have withdrawn is removed.
#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_cannot_be_read_keeps_nothing_from_being_removed_and_is_read_again() {
    let house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    house.garble(&documents[2]).await;
    let orphan = house.blobs.keep(b"orphan".to_vec()).await.unwrap();
    let sweep = async || {
        let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
        // What was written in this very millisecond is as old as the sweep.
        let clock: Clock = Arc::new(|| now().plus_ms(1_000));
        // However soon after the last one.
        let sweeping = Sweeping { every: Duration::ZERO, ..AT_ONCE };
        let eraser = Eraser::new(ledger, house.blobs.clone(), Arc::clone(&clock), clock, sweeping);
        eraser.sweep_if_due().await.unwrap()
    };
    assert!(sweep().await);
    assert!(house.blobs.read(&orphan.into()).await.is_err(), "it is laid aside");
    let by = ("eraser".to_owned(), documents[2].id.to_string());
    assert_eq!(house.unreadable().await, [by.clone()].into());
    assert!(sweep().await);
    assert_eq!(house.unreadable().await, [by].into(), "it still stands");
    let again = house.read_all().await;
    assert_eq!(again.iter().map(|one| one.id).collect::<Vec<_>>(), [documents[2].id]);
    assert!(sweep().await);
    assert!(house.unreadable().await.is_empty(), "it can be read");
    for document in documents.iter().chain(&again) {
        assert!(house.blobs.read(&document.text.unwrap()).await.is_ok());
    }
}
