//! Twenty thousand files of one agency stand before the first file of another, and delay it by one turn.
#![allow(clippy::unwrap_used, reason = "a helper of a test panics as the test itself does")]

use std::sync::Arc;

use madang_document::principal::Scope;
use madang_ledger::conformance::sample::{
    Hand, LEASE, PIPELINE, Trial, at, id, ours, queue, sighting, theirs, worker,
};
use madang_ledger::jobs::PriorityClass;
use madang_ledger::sqlite::{Durability, SqliteLedger};

const BULK: usize = 20_000;

#[tokio::test]
async fn a_bulk_drop_delays_another_agency_by_its_turn() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let ledger = &Trial::new(Arc::new(ledger), hand);
    ledger.open_queue(&queue("bulk", theirs())).await.unwrap();
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    let bulk: Vec<_> = (0..BULK)
        .map(|n| {
            let mut sighting = sighting(&format!("bulk/{n:06}"), "v1");
            (sighting.pipeline, sighting.agency) = ("bulk".to_owned(), theirs());
            sighting
        })
        .collect();
    for batch in bulk.chunks(1000) {
        ledger.when(at(0)).see(batch).await.unwrap();
    }
    // Without counting everything after each claim, as `claim_one` does.
    let one = async |n| {
        ledger
            .when(at(n))
            .claim(&worker(1), None, PriorityClass::Any, 1, LEASE)
            .await
            .unwrap()
            .remove(0)
    };
    for _ in 0..100 {
        one(1).await;
    }
    let last = ledger
        .standing_of(id(&format!("bulk/{:06}", BULK - 1)), &Scope::All)
        .await
        .unwrap()
        .unwrap();
    let ahead = last.ahead.unwrap();
    assert!((18_900..=20_900).contains(&ahead), "an honest estimate: {ahead}");

    for n in 0..20 {
        let path = format!("file/{n}");
        ledger.when(at(10 + n)).see(&[sighting(&path, "v1")]).await.unwrap();
        let ahead =
            ledger.standing_of(id(&path), &Scope::All).await.unwrap().unwrap().ahead.unwrap();
        assert!(ahead <= 1, "{ahead} before {path}");
        let mut before = 0;
        while one(10 + n).await.object.path != path {
            before += 1;
            assert!(before <= 1, "{before} files of the bulk drop went before {path}");
        }
    }
}
