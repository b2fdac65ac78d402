use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use madang_document::condition::{Kind, Subject};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::principal::Scope;
use madang_ledger::documents::Documents;
use madang_ledger::jobs::{Claim, Jobs, PriorityClass};
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::queue::QueueDeclaration;
use madang_pipeline::clock::Jitter;
use madang_pipeline::completer::{Completer, Finished};
use madang_pipeline::decide::Policy;
use madang_pipeline::lease::Leases;
use madang_pipeline::recollections::Recollections;
use madang_wait::{in_time, until};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::house::{House, agency, completion, now, sighting, worker};

/// A completer that runs, and ten jobs that it is to hear the end of.
struct Running {
    claims: Vec<Claim>,
    leases: Leases,
    finished: mpsc::Sender<Finished>,
    task: JoinHandle<()>,
}

impl Running {
    async fn over(house: &House, jitter: Jitter) -> Running {
        let queue = QueueDeclaration { name: "press0".into(), agency: agency(0), weight: 1 };
        house.ledger.open_queue(&queue).await.unwrap();
        let seen: Vec<Sighting> = (0..10).map(|n| sighting("press0", n, agency(0))).collect();
        house.ledger.see(&seen).await.unwrap();
        let policy = Policy::default();
        let ledger = Arc::clone(&house.ledger) as _;
        let leases =
            Leases::start(ledger, policy.clone(), Arc::new(now), Arc::new(|| 0.0)).unwrap();
        let (finished, mut completions) = mpsc::channel(64);
        let completer = Completer {
            ledger: Arc::clone(&house.ledger) as _,
            leases: leases.clone(),
            recollections: Recollections::none(),
            policy,
            board: house.board.clone(),
            changed: Arc::clone(&house.changed),
            clock: Arc::new(now),
            jitter,
        };
        let task = tokio::spawn(async move { completer.run(&mut completions).await });
        let claims = house
            .ledger
            .claim(&worker(), None, PriorityClass::Any, 10, Duration::from_secs(60))
            .await
            .unwrap();
        for claim in &claims {
            leases.hold(claim, Arc::default());
        }
        Running { claims, leases, finished, task }
    }

    /// The job of this number ended with this document.
    async fn end(&self, n: usize, document: Document) {
        let claim = Box::new(self.claims[n].clone());
        let completion = completion(&claim, document);
        self.finished.send(Finished::Completed { claim, completion, turn: None }).await.unwrap();
    }

    /// Waits until all that ended is recorded.
    async fn recorded(self) {
        drop(self.finished);
        in_time("all is recorded", self.task).await.unwrap();
        self.leases.close();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_completion_that_is_refused_does_not_stop_the_others() {
    let house = House::new().await;
    let running = Running::over(&house, Arc::new(|| 0.0)).await;
    let refused = running.claims[4].ticket.job;
    for (n, claim) in running.claims.iter().enumerate() {
        let mut document = house.read(claim).await;
        if n == 4 {
            // A document of another object: the ledger refuses it, and always will.
            document.object.path = "elsewhere".into();
        }
        running.end(n, document).await;
    }
    running.recorded().await;
    let balance = house.ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.done, balance.quarantined, balance.in_flight), (9, 1, 0));
    let job = house.ledger.job(refused).await.unwrap().unwrap();
    assert!(job.failure.unwrap().reason.english().contains("refuses"));
    // Its reader did not die of it, and no text of it is kept.
    let document = house.ledger.document(DocumentId::new("press0", "4.txt", None)).await.unwrap();
    assert_eq!(document.unwrap().document.outcome, Outcome::Limit);
    assert!(!house.board.now().iter().any(|condition| condition.kind == Kind::LedgerUnwritable));
}

/// Hears what is told of importance: what an operator reads without asking for more.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO && metadata.target().starts_with("madang")
    }

    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(format!("{event:?}"));
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// A sidecar that comes while its file is read has it read anew, and nothing is wrong.
#[tokio::test]
async fn what_was_read_in_vain_is_no_news() {
    let log = Log::default();
    let _hears = tracing::subscriber::set_default(log.clone());
    let house = House::new().await;
    let running = Running::over(&house, Arc::new(|| 0.0)).await;
    let paths = ["3.txt".to_owned()];
    assert_eq!(house.ledger.read_anew("press0", &paths, "3.txt.meta.yml").await.unwrap(), 1);
    for (n, claim) in running.claims.iter().enumerate() {
        running.end(n, house.read(claim).await).await;
    }
    running.recorded().await;
    let balance = house.ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.done, balance.in_flight), (9, 1));
    assert_eq!(*log.0.lock().unwrap(), Vec::<String>::new());
}

/// Whatever breaks it off (here the one who is asked how long to wait for a ledger that is locked) costs nobody his
/// work: it is recorded once more, each alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_panic_while_a_batch_is_recorded_loses_none_of_it() {
    let house = House::new().await;
    let calm = AtomicBool::new(false);
    let jitter = move || {
        assert!(calm.swap(true, Ordering::SeqCst), "the jitter broke");
        0.0
    };
    let running = Running::over(&house, Arc::new(jitter)).await;
    let documents: Vec<Document> =
        join_all(running.claims.iter().map(|claim| house.read(claim))).await;
    let locked = house.lock().await;
    for (n, document) in documents.into_iter().enumerate() {
        running.end(n, document).await;
    }
    let completer = Subject::part("completer");
    until("the panic is told", async || house.board.stands(Kind::Panicked, &completer)).await;
    drop(locked);
    running.recorded().await;
    let balance = house.ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.done, balance.quarantined, balance.in_flight), (10, 0, 0));
}
