//! Workers over stores that the binary has not: their own work breaks off.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;
use madang_ledger::documents::Documents;
use madang_ledger::jobs::{Job, JobFilter, JobState, Jobs, PriorityClass};
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_ledger::worker::Worker;
use madang_pipeline::backoff::Backoff;
use madang_pipeline::board::Board;
use madang_pipeline::completer::Completer;
use madang_pipeline::decide::Policy;
use madang_pipeline::hindrance::Hindrances;
use madang_pipeline::lease::Leases;
use madang_pipeline::recollections::Recollections;
use madang_pipeline::terms::Terms;
use madang_pipeline::underway::Underway;
use madang_pipeline::workers::Workers;
use madang_sandbox::limits::ChildLimits;
use madang_sandbox::zygote::Zygote;
use madang_store::blobs::Blobs;
use madang_store::closed::Closed;
use madang_store::error::StoreError;
use madang_store::folder::FolderStore;
use madang_store::store::{Body, Listed, Listing, Pinned, Precondition, Seen, Store};
use madang_store::watcher::Watcher;
use madang_tests::ground::binary::madang;
use madang_wait::{in_time, until};
use object_store::local::LocalFileSystem;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A folder that breaks whoever opens a file of it off, so many times.
struct Breaking {
    folder: FolderStore,
    times: AtomicU32,
}

#[async_trait]
impl Store for Breaking {
    fn name(&self) -> &str {
        self.folder.name()
    }

    fn place(&self) -> String {
        self.folder.place()
    }

    fn list(&self) -> Listing {
        self.folder.list()
    }

    async fn look(&self, path: &str) -> Result<Option<Seen>, StoreError> {
        self.folder.look(path).await
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        let left =
            self.times.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        assert!(left.is_err(), "the store breaks off");
        self.folder.open(object).await
    }

    async fn put(
        &self,
        path: &str,
        body: Body,
        condition: Precondition,
    ) -> Result<Listed, StoreError> {
        self.folder.put(path, body, condition).await
    }

    async fn watch(&self) -> Result<Option<Watcher>, StoreError> {
        self.folder.watch().await
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

/// The end of the job of a file that a store breaks off over so many times, and its document's outcome.
async fn read(times: u32) -> (Job, Outcome) {
    let root = tempfile::tempdir().unwrap();
    let (drop, blobs) = (root.path().join("drop"), root.path().join("blobs"));
    std::fs::create_dir(&drop).unwrap();
    std::fs::create_dir(&blobs).unwrap();
    std::fs::write(drop.join("a.txt"), "도로 정비").unwrap();
    let folder = FolderStore::new("press", &drop, Closed::default());
    let Some(Seen::Object(file)) = folder.look("a.txt").await.unwrap() else { panic!("no file") };
    let file_of_ledger = root.path().join("ledger.db");
    let ledger = SqliteLedger::open_with(&file_of_ledger, Arc::new(now), Durability::Process).await;
    let ledger = Arc::new(ledger.unwrap());
    let agency: madang_document::agency::Agency = "1741000".parse().unwrap();
    let queue = QueueDeclaration { name: "press".into(), agency: agency.clone(), weight: 1 };
    ledger.open_queue(&queue).await.unwrap();
    let object = ObjectRef {
        store: "press".into(),
        path: file.path,
        version: file.version,
        size: file.size,
    };
    let sighting =
        Sighting { object, modified: None, pipeline: "press".into(), agency, priority: 3 };
    ledger.see(&[sighting]).await.unwrap();

    let at_once = Backoff { base_ms: 1, cap_ms: 1 };
    let policy = Policy { backoff: at_once, ..Policy::default() };
    let board = Board::new(Arc::new(now));
    let leases =
        Leases::start(Arc::clone(&ledger) as _, policy.clone(), Arc::new(now), Arc::new(|| 0.0))
            .unwrap();
    let (finished, mut completions) = mpsc::channel(16);
    let completer = Completer {
        ledger: Arc::clone(&ledger) as _,
        leases: leases.clone(),
        recollections: Recollections::none(),
        policy: policy.clone(),
        board: board.clone(),
        changed: Arc::default(),
        clock: Arc::new(now),
        jitter: Arc::new(|| 0.0),
    };
    let completer = tokio::spawn(async move { completer.run(&mut completions).await });
    let store: Arc<dyn Store> = Arc::new(Breaking { folder, times: AtomicU32::new(times) });
    let workers = Workers {
        underway: Underway::default(),
        recollections: Recollections::none(),
        ledger: Arc::clone(&ledger) as _,
        stores: [store].into_iter().collect(),
        queues: ["press".to_owned()].into(),
        worker: Worker { node: uuid::Uuid::now_v7(), process: uuid::Uuid::now_v7() },
        blobs: Blobs::new(Arc::new(LocalFileSystem::new_with_prefix(&blobs).unwrap())),
        zygote: Arc::new(Zygote::start(&madang()).unwrap()),
        class: PriorityClass::Any,
        children: 1,
        terms: Arc::new(Terms::new(&[], &ChildLimits::default())),
        policy,
        leases: leases.clone(),
        hindrances: Hindrances::new(board.clone()),
        board,
        finished,
        clock: Arc::new(now),
        jitter: Arc::new(|| 0.0),
        missed: Arc::new(|_, _| {}),
    };
    let stop = CancellationToken::new();
    let end = stop.clone();
    let work = Arc::<Notify>::default();
    let running = tokio::spawn(async move { workers.run(&mut JoinSet::new(), work, end).await });
    let jobs = async || ledger.jobs(&JobFilter::default(), None, 9).await.unwrap().readable();
    let job = until("the job has its end", async || {
        let ended = |job: &Job| matches!(job.state, JobState::Done | JobState::Quarantined);
        jobs().await.into_iter().find(ended)
    })
    .await;
    // Nothing is held any more: whoever broke off has let go of what it had.
    stop.cancel();
    in_time("the workers end", running).await.unwrap();
    in_time("all is recorded", completer).await.unwrap();
    leases.close();
    let id = DocumentId::new("press", "a.txt", None);
    let document = ledger.document(id).await.unwrap().unwrap().document;
    (job, document.outcome)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_breaks_off_gives_the_file_back_and_blames_the_house() {
    let (job, outcome) = read(1).await;
    assert_eq!((job.state, outcome), (JobState::Done, Outcome::Ok));
    assert_eq!((job.attempt, job.crashes), (2, 1));

    // Over and over: it is poison, and yet the house's fault.
    let (job, _) = read(u32::MAX).await;
    assert_eq!(job.state, JobState::Quarantined);
    let failure = job.failure.unwrap();
    assert_eq!(failure.kind, FailureKind::House);
    let why = failure.reason.english();
    assert!(why.contains("the store breaks off"), "{why}");
    assert_eq!(job.crashes, Policy::default().max_crashes);
}
