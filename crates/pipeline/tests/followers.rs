//! The followers of the outbox over a real ledger, real texts and real indexes: one bad row stops nobody.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

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
use madang_ledger::audit::Audit;
use madang_ledger::declarations::Declarations;
use madang_ledger::documents::Documents;
use madang_ledger::entries::Entries;
use madang_ledger::jobs::{Claim, Completion, JobFilter, JobState, Jobs, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_ledger::worker::Worker;
use madang_pipeline::board::{Board, Kind};
use madang_pipeline::cataloguer::{Cataloguer, rebuild};
use madang_pipeline::completer::{Completer, Finished};
use madang_pipeline::declaration::parse;
use madang_pipeline::follow::{Way, follow};
use madang_pipeline::heads::{self, Heads};
use madang_pipeline::indexer::Indexers;
use madang_pipeline::lease::Leases;
use madang_pipeline::reading::unread;
use madang_store::blobs::Blobs;
use object_store::local::LocalFileSystem;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn agency(digit: u32) -> Agency {
    format!("174100{digit}").parse().unwrap()
}

fn partition(digit: u32) -> Partition {
    Partition::of(agency(digit))
}

fn worker() -> Worker {
    Worker { node: Uuid::nil(), process: Uuid::nil() }
}

/// A data folder with a ledger, texts and indexes, and pipelines `press0`, `press1` … of an agency each.
struct House {
    root: tempfile::TempDir,
    ledger: Arc<SqliteLedger>,
    blobs: Blobs,
    changed: Arc<Notify>,
    moved: Arc<Notify>,
    board: Board,
    stop: CancellationToken,
}

impl House {
    async fn new() -> House {
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
            root,
        }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn way(&self) -> Way {
        let (tell, heads) = watch::channel(Heads::default());
        let ledger = Arc::clone(&self.ledger) as Arc<dyn Ledger>;
        tokio::spawn(heads::tell(ledger, tell, Arc::clone(&self.changed), self.stop.clone()));
        Way {
            heads,
            moved: Arc::clone(&self.moved),
            board: self.board.clone(),
            jitter: Arc::new(|| 0.0),
            stop: self.stop.clone(),
        }
    }

    /// Starts the indexers; gives the index.
    fn index(&self) -> Arc<TantivyIndex> {
        let index = Arc::new(TantivyIndex::open(&self.path("index")).unwrap());
        let indexers = Indexers {
            ledger: Arc::clone(&self.ledger) as _,
            blobs: self.blobs.clone(),
            index: Arc::clone(&index) as _,
            board: self.board.clone(),
        };
        tokio::spawn(indexers.run(self.way()));
        index
    }

    /// Ends what runs, as when the service stops.
    async fn end(&mut self) {
        self.stop.cancel();
        self.stop = CancellationToken::new();
        // The index has one writer at a time: the next waits for it by itself.
    }

    /// Has files of a pipeline seen and read.
    async fn drop(&self, pipeline: u32, files: std::ops::Range<u32>) -> Vec<Document> {
        let name = format!("press{pipeline}");
        let queue = QueueDeclaration { name: name.clone(), agency: agency(pipeline), weight: 1 };
        self.ledger.open_queue(&queue).await.unwrap();
        let seen: Vec<Sighting> = files.map(|n| sighting(&name, n, agency(pipeline))).collect();
        self.ledger.see(&seen).await.unwrap();
        self.read_all().await
    }

    /// Reads whatever is ready.
    async fn read_all(&self) -> Vec<Document> {
        let mut all = Vec::new();
        loop {
            let claims = self.ledger.claim(&worker(), 100, Duration::from_secs(60)).await.unwrap();
            if claims.is_empty() {
                return all;
            }
            let mut completions = Vec::new();
            for claim in &claims {
                completions.push(completion(claim, self.read(claim).await));
            }
            self.ledger.complete(&completions).await.unwrap();
            self.changed.notify_waiters();
            all.extend(completions.into_iter().flat_map(|completion| completion.documents));
        }
    }

    async fn read(&self, claim: &Claim) -> Document {
        let segment = Segment {
            text: format!("글 {} {}", claim.pipeline, claim.object.path),
            locator: Locator::Whole {},
            origin: Origin::Native,
            confidence: None,
        };
        let text = self.blobs.keep_text(&[segment]).await.unwrap();
        Document { text: Some(text), segments: 1, reason: None, ..unread(claim, Outcome::Ok, "") }
    }

    fn lose(&self, document: &Document) {
        let blob = self.path("blobs").join(document.text.unwrap().blob.path());
        std::fs::remove_file(blob).unwrap();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn sighting(pipeline: &str, n: u32, agency: Agency) -> Sighting {
    let object = ObjectRef {
        store: pipeline.into(),
        path: format!("{n}.txt"),
        version: "1".into(),
        size: 1,
    };
    Sighting { object, pipeline: pipeline.into(), agency, modified: None, priority: 3 }
}

fn completion(claim: &Claim, document: Document) -> Completion {
    Completion {
        ticket: claim.ticket,
        verdict: Verdict::Done,
        documents: vec![document],
        actor: "test".into(),
    }
}

/// Waits until the index of an agency holds exactly these documents.
async fn holds(index: &TantivyIndex, agency: &Agency, expected: &[Document]) {
    let partition = Partition::of(agency.clone());
    let expected: BTreeSet<DocumentId> = expected.iter().map(|document| document.id).collect();
    until(&format!("{agency} holds {}", expected.len()), async || {
        index
            .verify(&partition)
            .is_ok_and(|census| census.ids.iter().copied().collect::<BTreeSet<_>>() == expected)
    })
    .await;
}

async fn until(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !look().await {
        assert!(begun.elapsed() < Duration::from_secs(30), "in vain until {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_agency_code_moves_the_documents_and_stops_nobody() {
    let house = House::new().await;
    let index = house.index();
    let moving = house.drop(0, 0..30).await;
    let staying = house.drop(1, 0..5).await;
    holds(&index, &agency(0), &moving).await;
    while house.ledger.reassign("press0", &agency(7), 10).await.unwrap() > 0 {}
    house.changed.notify_waiters();
    holds(&index, &agency(7), &moving).await;
    holds(&index, &agency(0), &[]).await;
    holds(&index, &agency(1), &staying).await;
    let more = house.drop(1, 5..9).await;
    holds(&index, &agency(1), &[staying, more].concat()).await;
    assert!(house.board.now().is_empty(), "{:?}", house.board);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_text_costs_one_text_and_the_file_is_read_again() {
    let mut house = House::new().await;
    let hurt = house.drop(0, 0..20).await;
    let unhurt = house.drop(1, 0..5).await;
    house.lose(&hurt[7]);
    let index = house.index();
    // All are found, the one by its other properties.
    holds(&index, &agency(0), &hurt).await;
    holds(&index, &agency(1), &unhurt).await;
    let acts = house.ledger.acts(0, 1000).await.unwrap();
    let lost: Vec<_> = acts.iter().filter(|row| row.act.action == "text.lost").collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].act.subject, hurt[7].id.to_string());
    let ready = JobFilter { state: Some(JobState::Ready), ..JobFilter::default() };
    let jobs = house.ledger.jobs(&ready, None, 10).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.object.path.clone()).collect::<Vec<_>>(), ["7.txt"]);
    // Read again it gives the same document, and yet the index hears of it.
    let before = index.checkpoint(&partition(0)).unwrap();
    house.read_all().await;
    until("the index has heard", async || index.checkpoint(&partition(0)).unwrap() > before).await;
    holds(&index, &agency(0), &hurt).await;
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_built_anew_by_itself() {
    let mut house = House::new().await;
    let hurt = house.drop(0, 0..20).await;
    let unhurt = house.drop(1, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &hurt).await;
    holds(&index, &agency(1), &unhurt).await;
    house.end().await;
    drop(index);
    std::fs::write(house.path("index").join(agency(0).as_str()).join("meta.json"), "{").unwrap();
    let index = house.index();
    holds(&index, &agency(0), &hurt).await;
    holds(&index, &agency(1), &unhurt).await;
    until("all is well", async || house.board.now().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_ahead_of_its_ledger_is_built_anew() {
    let house = House::new().await;
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    index.apply(&partition(0), &[], 9_999).unwrap();
    drop(index);
    let documents = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    assert!(index.checkpoint(&partition(0)).unwrap().unwrap() < 9_999);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_declaration_changes_the_entries_and_reads_no_file() {
    let house = House::new().await;
    let documents = house.drop(0, 0..30).await;
    let declared = |license: License| {
        let text = "name = \"press0\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\n";
        let pipeline = parse(text, "press.toml", house.root.path()).unwrap();
        let series = Series { license, ..pipeline.series };
        Arc::new(HashMap::from([("press0".to_owned(), series)]))
    };
    let live = async || house.ledger.entries(&Scope::All, false, None, 100).await.unwrap();
    for (license, version) in [(License::Kogl1, 1), (License::Kogl1, 1), (License::Kogl4, 2)] {
        let stop = CancellationToken::new();
        let way = Way { stop: stop.clone(), ..house.way() };
        let cataloguer = Cataloguer::new(Arc::clone(&house.ledger) as _, declared(license));
        let running = tokio::spawn(follow(cataloguer, way));
        let word = format!("{license:?}").replace("Kogl", "KOGL-");
        until(&format!("every entry says {word} in version {version}"), async || {
            let entries = live().await;
            let assets = entries.iter().filter(|entry| entry.draft.document.is_some());
            let said = assets.clone().filter(|entry| entry.version == version);
            let folder = entries.iter().any(|entry| entry.draft.id == "series-press0");
            assets.count() == documents.len() && said.count() == documents.len() && folder
        })
        .await;
        stop.cancel();
        running.await.unwrap();
    }
    let done = JobFilter { state: Some(JobState::Done), ..JobFilter::default() };
    let jobs = house.ledger.jobs(&done, None, 100).await.unwrap();
    assert!(jobs.iter().all(|job| job.attempt == 1), "no file was read again");

    // Made anew, nothing changes; and what nobody has any more goes.
    let series = declared(License::Kogl4);
    // The folder's own entry is written when it has been quiet for a while: by now, or by this.
    rebuild(house.ledger.as_ref(), &series).await.unwrap();
    assert_eq!(rebuild(house.ledger.as_ref(), &series).await.unwrap(), 0);
    house.ledger.vanish("press0", &["3.txt".to_owned()]).await.unwrap();
    let claims = house.ledger.claim(&worker(), 9, Duration::from_secs(60)).await.unwrap();
    let gone = Completion {
        ticket: claims[0].ticket,
        verdict: Verdict::Deleted,
        documents: Vec::new(),
        actor: "test".into(),
    };
    house.ledger.complete(&[gone]).await.unwrap();
    assert!(rebuild(house.ledger.as_ref(), &series).await.unwrap() > 0);
    assert!(live().await.iter().all(|entry| entry.draft.document != Some(documents[3].id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_completion_that_is_refused_does_not_stop_the_others() {
    let house = House::new().await;
    let queue = QueueDeclaration { name: "press0".into(), agency: agency(0), weight: 1 };
    house.ledger.open_queue(&queue).await.unwrap();
    let seen: Vec<Sighting> = (0..10).map(|n| sighting("press0", n, agency(0))).collect();
    house.ledger.see(&seen).await.unwrap();
    let leases = Leases::start(Arc::clone(&house.ledger) as _, Arc::new(now)).unwrap();
    let (finished, completions) = mpsc::channel(64);
    let completer = Completer {
        ledger: Arc::clone(&house.ledger) as _,
        leases: leases.clone(),
        board: house.board.clone(),
        changed: Arc::clone(&house.changed),
        clock: Arc::new(now),
        jitter: Arc::new(|| 0.0),
    };
    let running = tokio::spawn(completer.run(completions));
    let claims = house.ledger.claim(&worker(), 10, Duration::from_secs(60)).await.unwrap();
    for claim in &claims {
        leases.hold(claim.ticket, Arc::default());
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
    running.await.unwrap();
    leases.close();
    let balance = house.ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.done, balance.quarantined, balance.in_flight), (9, 1, 0));
    let job = house.ledger.job(claims[4].ticket.job).await.unwrap().unwrap();
    assert!(job.failure.unwrap().message.contains("refuses"));
    assert!(!house.board.now().iter().any(|condition| condition.kind == Kind::LedgerUnwritable));
    assert!(
        house.ledger.document(DocumentId::new("press0", "4.txt", None)).await.unwrap().is_some()
    );
}
