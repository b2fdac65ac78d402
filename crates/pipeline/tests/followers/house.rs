use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use madang_catalog::license::License;
use madang_catalog::series::Series;
use madang_document::agency::Agency;
use madang_document::content::{Origin, Segment};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_index::index::Index;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::jobs::{Claim, Completion, Jobs, PriorityClass, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{NoteKind, Notes};
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::outbox::Outbox;
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::reader::{Reader, Readers};
use madang_ledger::retention::{Retention, Trim};
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_ledger::worker::Worker;
use madang_pipeline::board::Board;
use madang_pipeline::declaration::parse;
use madang_pipeline::follow::Way;
use madang_pipeline::heads::{self, Heads};
use madang_pipeline::indexer::Indexing;
use madang_pipeline::indexers::{Following, Indexers};
use madang_pipeline::reader_leases::ReaderLeases;
use madang_pipeline::reading::unread;
use madang_store::blobs::Blobs;
use madang_wait::until;
use object_store::local::LocalFileSystem;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

pub(crate) fn agency(digit: u32) -> Agency {
    format!("174100{digit}").parse().unwrap()
}

pub(crate) fn partition(digit: u32) -> Partition {
    Partition::of(agency(digit))
}

pub(crate) fn worker() -> Worker {
    Worker { node: Uuid::nil(), process: Uuid::nil() }
}

/// How long a lease on a reader lasts here, by the ledger's clock and by the monotonic one. Two followers of one test
/// are two processes.
pub(crate) const LEASE: Duration = Duration::from_secs(3);

pub(crate) fn process(n: u128) -> Worker {
    Worker { node: Uuid::nil(), process: Uuid::from_u128(n) }
}

/// A data folder with a ledger, texts and indexes, and pipelines `press0`, `press1` … of an agency each.
pub(crate) struct House {
    pub(crate) root: tempfile::TempDir,
    pub(crate) ledger: Arc<SqliteLedger>,
    pub(crate) blobs: Blobs,
    pub(crate) changed: Arc<Notify>,
    pub(crate) moved: Arc<Notify>,
    pub(crate) board: Board,
    pub(crate) stop: CancellationToken,
    /// The indexers that were started.
    indexers: Mutex<Vec<JoinHandle<()>>>,
}

impl House {
    pub(crate) async fn new() -> House {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("ledger.db");
        let ledger = SqliteLedger::open_with(&file, Arc::new(now), Durability::Process).await;
        std::fs::create_dir(root.path().join("blobs")).unwrap();
        let blobs = LocalFileSystem::new_with_prefix(root.path().join("blobs")).unwrap();
        House {
            ledger: Arc::new(ledger.unwrap()),
            blobs: Blobs::new(Arc::new(blobs)),
            changed: Arc::default(),
            moved: Arc::default(),
            board: Board::new(Arc::new(now)),
            stop: CancellationToken::new(),
            indexers: Mutex::default(),
            root,
        }
    }

    /// Holds the write lock of the ledger until it is dropped.
    pub(crate) async fn lock(&self) -> sqlx::SqliteConnection {
        let options = SqliteConnectOptions::new().filename(self.path("ledger.db"));
        let mut conn = options.connect().await.unwrap();
        sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await.unwrap();
        conn
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    pub(crate) fn way(&self) -> Way {
        self.way_of(worker(), self.board.clone(), self.stop.clone()).0
    }

    /// The way of a process of its own on this ledger, and the task that renews its leases until it is stopped.
    pub(crate) fn way_of(
        &self,
        worker: Worker,
        board: Board,
        stop: CancellationToken,
    ) -> (Way, JoinHandle<()>) {
        let (tell, heads) = watch::channel(Heads::default());
        let ledger = Arc::clone(&self.ledger) as Arc<dyn Ledger>;
        let leases = ReaderLeases::new(Arc::clone(&ledger), worker, LEASE);
        let renewing = tokio::spawn(leases.clone().run(stop.clone()));
        let changed = Arc::clone(&self.changed);
        tokio::spawn(heads::tell(ledger, tell, changed, board.clone(), stop.clone()));
        let moved = Arc::clone(&self.moved);
        (Way { heads, moved, leases, board, jitter: Arc::new(|| 0.0), stop }, renewing)
    }

    /// Starts the indexers; gives the index.
    pub(crate) fn index(&self) -> Arc<TantivyIndex> {
        let index = Arc::new(TantivyIndex::open(&self.path("index")).unwrap());
        self.follow_into(Arc::clone(&index) as _);
        index
    }

    /// Starts indexers over this index.
    pub(crate) fn follow_into(&self, index: Arc<dyn Index>) {
        let indexers = Indexers::new(Indexing {
            ledger: Arc::clone(&self.ledger) as _,
            blobs: self.blobs.clone(),
            index,
            board: self.board.clone(),
            clock: Arc::new(now),
        });
        let way = self.way();
        let running =
            tokio::spawn(async move { indexers.run(&mut Following::default(), way).await });
        self.indexers.lock().unwrap().push(running);
    }

    /// Ends what runs, as when the service stops: nothing writes into the folder of the indexes any more.
    pub(crate) async fn end(&mut self) {
        self.stop.cancel();
        self.stop = CancellationToken::new();
        for running in self.indexers.get_mut().unwrap().drain(..) {
            running.await.unwrap();
        }
    }

    /// Has files of a pipeline seen and read.
    pub(crate) async fn drop(&self, pipeline: u32, files: std::ops::Range<u32>) -> Vec<Document> {
        self.drop_into(pipeline, files, &self.blobs).await
    }

    /// The same, with their texts kept elsewhere.
    pub(crate) async fn drop_into(
        &self,
        pipeline: u32,
        files: std::ops::Range<u32>,
        blobs: &Blobs,
    ) -> Vec<Document> {
        let name = format!("press{pipeline}");
        let queue = QueueDeclaration { name: name.clone(), agency: agency(pipeline), weight: 1 };
        self.ledger.open_queue(&queue).await.unwrap();
        let seen: Vec<Sighting> = files.map(|n| sighting(&name, n, agency(pipeline))).collect();
        self.ledger.see(&seen).await.unwrap();
        self.read_all_into(blobs).await
    }

    /// Reads whatever is ready.
    pub(crate) async fn read_all(&self) -> Vec<Document> {
        self.read_all_into(&self.blobs).await
    }

    pub(crate) async fn read_all_into(&self, blobs: &Blobs) -> Vec<Document> {
        let mut all = Vec::new();
        loop {
            let claims = self
                .ledger
                .claim(&worker(), None, PriorityClass::Any, 100, Duration::from_secs(60))
                .await
                .unwrap();
            if claims.is_empty() {
                return all;
            }
            let mut completions = Vec::new();
            for claim in &claims {
                completions.push(completion(claim, read(claim, blobs).await));
            }
            self.ledger.complete(&completions).await.unwrap();
            self.changed.notify_waiters();
            all.extend(completions.into_iter().flat_map(|completion| completion.documents));
        }
    }

    pub(crate) async fn read(&self, claim: &Claim) -> Document {
        read(claim, &self.blobs).await
    }

    /// Makes the ledger's row of a document one that nobody can read back.
    pub(crate) async fn garble(&self, document: &Document) {
        let options = SqliteConnectOptions::new().filename(self.path("ledger.db"));
        let mut conn = options.connect().await.unwrap();
        let garbled = sqlx::query("UPDATE document SET body = x'0badc0de' WHERE id = ?")
            .bind(document.id.uuid().as_bytes().to_vec())
            .execute(&mut conn)
            .await
            .unwrap();
        assert_eq!(garbled.rows_affected(), 1);
        conn.close().await.unwrap();
    }

    /// Who noted which documents as unreadable.
    pub(crate) async fn unreadable(&self) -> BTreeSet<(String, String)> {
        let notes = self.ledger.notes(&Scope::All, None, 99).await.unwrap().readable();
        assert!(notes.iter().all(|note| note.kind == NoteKind::DocumentUnreadable), "{notes:?}");
        notes.into_iter().map(|note| (note.by.to_string(), note.subject)).collect()
    }

    pub(crate) fn lose(&self, document: &Document) {
        let blob = self.path("blobs").join(document.text.unwrap().blob.path());
        std::fs::remove_file(blob).unwrap();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(crate) async fn read(claim: &Claim, blobs: &Blobs) -> Document {
    let segment = Segment {
        text: format!("글 {} {}", claim.pipeline, claim.object.path),
        locator: Locator::Whole {},
        origin: Origin::Native,
        confidence: None,
        words: Vec::new(),
    };
    let kept = blobs.keep(serde_json::to_vec(&[segment]).unwrap()).await.unwrap();
    Document {
        text: Some(kept.into()),
        segments: 1,
        reason: None,
        ..unread(claim, Outcome::Ok, "".into())
    }
}

pub(crate) fn sighting(pipeline: &str, n: u32, agency: Agency) -> Sighting {
    let object = ObjectRef {
        store: pipeline.into(),
        path: format!("{n}.txt"),
        version: "1".into(),
        size: 1,
    };
    Sighting { object, pipeline: pipeline.into(), agency, modified: None, priority: 3 }
}

pub(crate) fn completion(claim: &Claim, document: Document) -> Completion {
    Completion {
        ticket: claim.ticket,
        verdict: Verdict::Done,
        documents: vec![document],
        key: None,
        again: false,
        actor: "test".into(),
    }
}

/// Waits until the index of an agency holds exactly these documents.
pub(crate) async fn holds(index: &TantivyIndex, agency: &Agency, expected: &[Document]) {
    let partition = Partition::of(agency.clone());
    let expected: BTreeSet<DocumentId> = expected.iter().map(|document| document.id).collect();
    until(&format!("{agency} holds {}", expected.len()), async || {
        index
            .verify(&partition)
            .is_ok_and(|census| census.ids.iter().copied().collect::<BTreeSet<_>>() == expected)
    })
    .await;
}

impl House {
    /// Removes what the outbox holds, as the year's end does, once the index has passed it.
    pub(crate) async fn trim(&self) {
        let index = Reader::Index(partition(0));
        let last = self.ledger.last_changes().await.unwrap()[0].1;
        until("the index has passed all", async || {
            self.ledger.cursor(&index).await.unwrap() == last
        })
        .await;
        let all = Retention { outbox_ms: -1_000, jobs_ms: -1_000, ..Retention::default() };
        assert!(self.ledger.trim(&all).await.unwrap().outbox > 0);
        assert!(self.ledger.changes(&partition(0), 0, 9).await.unwrap().readable().is_empty());
    }

    pub(crate) async fn write(&self, sql: &'static str) {
        let file = self.path("ledger.db");
        let mut conn = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        sqlx::query(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }
}

/// `press0` under this license.
pub(crate) fn declared(house: &House, license: License) -> Arc<HashMap<String, Series>> {
    let text = "name = \"press0\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\n";
    let pipeline = parse(text, "press.toml", house.root.path()).unwrap();
    let series = Series { license, ..pipeline.series };
    Arc::new(HashMap::from([("press0".to_owned(), series)]))
}

/// What was counted so far.
pub(crate) fn count(of: &AtomicU32) -> u32 {
    of.load(Ordering::SeqCst)
}
