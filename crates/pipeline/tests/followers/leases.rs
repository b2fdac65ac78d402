use std::sync::Arc;
use std::time::Duration;

use madang_ledger::jobs::{Jobs, PriorityClass};
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::queue::QueueDeclaration;
use madang_pipeline::decide::Policy;
use madang_pipeline::lease::{LEASE, Leases};
use madang_sandbox::watch::Watch;
use madang_wait::until_within;

use crate::house::{House, agency, now, sighting, worker};

/// Whoever reads what is gone is told so by its lease, and not only when that is next renewed.
#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_reads_what_is_gone_is_called_off_at_once() {
    let house = House::new().await;
    let queue = QueueDeclaration { name: "press0".into(), agency: agency(0), weight: 1 };
    house.ledger.open_queue(&queue).await.unwrap();
    let seen: Vec<Sighting> = (0..2).map(|n| sighting("press0", n, agency(0))).collect();
    house.ledger.see(&seen).await.unwrap();
    let ledger = Arc::clone(&house.ledger) as _;
    let leases = Leases::start(ledger, Policy::default(), Arc::new(now), Arc::new(|| 0.0)).unwrap();
    let claims = house.ledger.claim(&worker(), None, PriorityClass::Any, 2, LEASE).await.unwrap();
    let watches: Vec<Arc<Watch>> = claims
        .iter()
        .map(|claim| {
            let watch = Arc::<Watch>::default();
            leases.hold(claim, Arc::clone(&watch));
            leases.running(claim.ticket, true);
            watch
        })
        .collect();
    let [gone, stays] = claims.as_slice() else { panic!("{claims:?}") };
    let store = gone.object.store.as_str();
    let paths = [gone, stays].map(|claim| claim.object.path.clone());
    assert_eq!(house.ledger.vanish(store, &paths[..1]).await.unwrap(), 1);
    leases.doubt(store, &paths);
    // The next round of renewals is twice as far away.
    until_within(Duration::from_secs(5), "it is called off", async || {
        watches[0].is_cancelled().then_some(())
    })
    .await;
    // Both were asked about together.
    assert!(!watches[1].is_cancelled(), "the other one is there");
    leases.close();
}
