use std::sync::Arc;
use std::time::Duration;

use madang_document::condition::Kind;
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::principal::Scope;
use madang_ledger::documents::Documents;
use madang_ledger::jobs::Jobs;
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::queue::QueueDeclaration;
use madang_pipeline::completer::{Completer, Finished};
use madang_pipeline::decide::Policy;
use madang_pipeline::lease::Leases;
use tokio::sync::mpsc;

use crate::house::{House, agency, completion, now, sighting, worker};

#[tokio::test(flavor = "multi_thread")]
async fn one_completion_that_is_refused_does_not_stop_the_others() {
    let house = House::new().await;
    let queue = QueueDeclaration { name: "press0".into(), agency: agency(0), weight: 1 };
    house.ledger.open_queue(&queue).await.unwrap();
    let seen: Vec<Sighting> = (0..10).map(|n| sighting("press0", n, agency(0))).collect();
    house.ledger.see(&seen).await.unwrap();
    let policy = Policy::default();
    let ledger = Arc::clone(&house.ledger) as _;
    let leases = Leases::start(ledger, policy.clone(), Arc::new(now), Arc::new(|| 0.0)).unwrap();
    let (finished, mut completions) = mpsc::channel(64);
    let completer = Completer {
        ledger: Arc::clone(&house.ledger) as _,
        leases: leases.clone(),
        policy,
        board: house.board.clone(),
        changed: Arc::clone(&house.changed),
        clock: Arc::new(now),
        jitter: Arc::new(|| 0.0),
    };
    let running = tokio::spawn(async move { completer.run(&mut completions).await });
    let claims = house.ledger.claim(&worker(), 10, Duration::from_secs(60)).await.unwrap();
    for claim in &claims {
        leases.hold(claim, Arc::default());
    }
    for (n, claim) in claims.iter().enumerate() {
        let mut document = house.read(claim).await;
        if n == 4 {
            // A document of another object: the ledger refuses it, and always will.
            document.object.path = "elsewhere".into();
        }
        let completion = completion(claim, document);
        finished
            .send(Finished::Completed { claim: Box::new(claim.clone()), completion })
            .await
            .unwrap();
    }
    drop(finished);
    let ended = tokio::time::timeout(Duration::from_secs(30), running).await;
    ended.expect("it waits for what never comes").unwrap();
    leases.close();
    let balance = house.ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.done, balance.quarantined, balance.in_flight), (9, 1, 0));
    let job = house.ledger.job(claims[4].ticket.job).await.unwrap().unwrap();
    assert!(job.failure.unwrap().message.contains("refuses"));
    // Its reader did not die of it, and no text of it is kept.
    let document = house.ledger.document(DocumentId::new("press0", "4.txt", None)).await.unwrap();
    assert_eq!(document.unwrap().document.outcome, Outcome::Limit);
    assert!(!house.board.now().iter().any(|condition| condition.kind == Kind::LedgerUnwritable));
}
