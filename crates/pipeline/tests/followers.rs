//! The followers of the outbox over a real ledger, real texts and real indexes: one bad row stops nobody.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

use std::collections::{BTreeSet, HashMap};
use std::io::{Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
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
use madang_index::index::{Census, Index, IndexError};
use madang_index::query::{Hits, Query, SearchError};
use madang_index::record::Change;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::audit::Audit;
use madang_ledger::declarations::Declarations;
use madang_ledger::documents::Documents;
use madang_ledger::entries::Entries;
use madang_ledger::jobs::{Claim, Completion, JobFilter, JobState, Jobs, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{NoteKind, Notes, Redo};
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::outbox::Outbox;
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::reader::{Reader, Readers};
use madang_ledger::retention::{Retention, Trim};
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_ledger::worker::Worker;
use madang_pipeline::board::{Board, Kind, Subject};
use madang_pipeline::cataloguer::{Cataloguer, declaration, rebuild};
use madang_pipeline::completer::{Completer, Finished};
use madang_pipeline::declaration::parse;
use madang_pipeline::eraser::{Eraser, Sweeping};
use madang_pipeline::follow::{Follower, Gathering, Obstacle, Progress, Way, follow};
use madang_pipeline::heads::{self, Heads};
use madang_pipeline::indexer::{Indexing, reached};
use madang_pipeline::indexers::{Following, Indexers};
use madang_pipeline::lease::Leases;
use madang_pipeline::reader_leases::ReaderLeases;
use madang_pipeline::reading::unread;
use madang_pipeline::series;
use madang_store::blobs::Blobs;
use object_store::local::LocalFileSystem;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
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

/// How long a lease on a reader lasts here, by the ledger's clock and by the monotonic one. Two followers of one test
/// are two processes.
const LEASE: Duration = Duration::from_secs(3);

fn process(n: u128) -> Worker {
    Worker { node: Uuid::nil(), process: Uuid::from_u128(n) }
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
        self.way_of(worker(), self.board.clone(), self.stop.clone())
    }

    /// The way of a process of its own on this ledger.
    fn way_of(&self, worker: Worker, board: Board, stop: CancellationToken) -> Way {
        let (tell, heads) = watch::channel(Heads::default());
        let ledger = Arc::clone(&self.ledger) as Arc<dyn Ledger>;
        let leases = ReaderLeases::new(Arc::clone(&ledger), worker, LEASE);
        tokio::spawn(leases.clone().run(stop.clone()));
        let changed = Arc::clone(&self.changed);
        tokio::spawn(heads::tell(ledger, tell, changed, board.clone(), stop.clone()));
        let moved = Arc::clone(&self.moved);
        Way { heads, moved, leases, board, jitter: Arc::new(|| 0.0), stop }
    }

    /// Starts the indexers; gives the index.
    fn index(&self) -> Arc<TantivyIndex> {
        let index = Arc::new(TantivyIndex::open(&self.path("index")).unwrap());
        self.follow_into(Arc::clone(&index) as _);
        index
    }

    /// Starts indexers over this index.
    fn follow_into(&self, index: Arc<dyn Index>) {
        let indexers = Indexers::new(Indexing {
            ledger: Arc::clone(&self.ledger) as _,
            blobs: self.blobs.clone(),
            index,
            board: self.board.clone(),
            clock: Arc::new(now),
        });
        let way = self.way();
        tokio::spawn(async move { indexers.run(&mut Following::default(), way).await });
    }

    /// Ends what runs, as when the service stops.
    async fn end(&mut self) {
        self.stop.cancel();
        self.stop = CancellationToken::new();
        // The index has one writer at a time: the next waits for it by itself.
    }

    /// Has files of a pipeline seen and read.
    async fn drop(&self, pipeline: u32, files: std::ops::Range<u32>) -> Vec<Document> {
        self.drop_into(pipeline, files, &self.blobs).await
    }

    /// The same, with their texts kept elsewhere.
    async fn drop_into(
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
    async fn read_all(&self) -> Vec<Document> {
        self.read_all_into(&self.blobs).await
    }

    async fn read_all_into(&self, blobs: &Blobs) -> Vec<Document> {
        let mut all = Vec::new();
        loop {
            let claims = self.ledger.claim(&worker(), 100, Duration::from_secs(60)).await.unwrap();
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

    async fn read(&self, claim: &Claim) -> Document {
        read(claim, &self.blobs).await
    }

    /// Makes the ledger's row of a document one that nobody can read back.
    async fn garble(&self, document: &Document) {
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
    async fn unreadable(&self) -> BTreeSet<(String, String)> {
        let notes = self.ledger.notes(&Scope::All, None, 99).await.unwrap();
        assert!(notes.iter().all(|note| note.kind == NoteKind::DocumentUnreadable), "{notes:?}");
        notes.into_iter().map(|note| (note.by, note.subject)).collect()
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

async fn read(claim: &Claim, blobs: &Blobs) -> Document {
    let segment = Segment {
        text: format!("글 {} {}", claim.pipeline, claim.object.path),
        locator: Locator::Whole {},
        origin: Origin::Native,
        confidence: None,
    };
    let text = blobs.keep_text(&[segment]).await.unwrap();
    Document { text: Some(text), segments: 1, reason: None, ..unread(claim, Outcome::Ok, "") }
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

impl House {
    /// Removes what the outbox holds, as the year's end does, once the index has passed it.
    async fn trim(&self) {
        let index = Reader::Index(partition(0));
        let last = self.ledger.last_changes().await.unwrap()[0].1;
        until("the index has passed all", async || {
            self.ledger.cursor(&index).await.unwrap() == last
        })
        .await;
        let all = Retention { outbox_ms: -1_000, jobs_ms: -1_000 };
        assert!(self.ledger.trim(&all).await.unwrap().outbox > 0);
        assert!(self.ledger.changes(&partition(0), 0, 9).await.unwrap().is_empty());
    }

    async fn write(&self, sql: &'static str) {
        let file = self.path("ledger.db");
        let mut conn = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        sqlx::query(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_index_is_built_anew_though_the_outbox_tells_of_nobody_any_more() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    house.trim().await;
    // Of this agency the documents speak, and nothing else.
    house.write("DELETE FROM trimmed").await;
    house.end().await;
    drop(index);
    std::fs::remove_dir_all(house.path("index")).unwrap();
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_lost_has_come_nowhere_whatever_the_ledger_was_told() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    house.trim().await;
    let (_, last) = house.ledger.last_changes().await.unwrap()[0];
    let reached = async |index: Arc<TantivyIndex>| {
        let index = index as Arc<dyn Index>;
        reached(house.ledger.as_ref(), &index, &partition(0)).await.unwrap()
    };
    assert_eq!(reached(Arc::clone(&index)).await, last);
    let lost = Arc::new(TantivyIndex::open(&house.path("another")).unwrap());
    assert_eq!(reached(lost).await, 0);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_index_is_asked_again_until_it_is_known_and_the_board_says_so() {
    let house = House::new().await;
    // An index of an agency of which the ledger knows nothing: only the index can tell of it.
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    index.apply(&partition(5), &[], 9).unwrap();
    let shaky = Arc::new(Shaky { index, panics: AtomicU32::new(0), unlisted: AtomicU32::new(2) });
    house.follow_into(Arc::clone(&shaky) as _);
    let subject = Subject::part("indexers");
    until("it is told", async || house.board.stands(Kind::Behind, &subject)).await;
    until("it is not told any more", async || !house.board.stands(Kind::Behind, &subject)).await;
    // It is ahead of its ledger, and so it is begun anew by who follows for it.
    until("somebody follows for it", async || {
        shaky.index.checkpoint(&partition(5)).unwrap() != Some(9)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_says_when_the_outbox_cannot_be_read() {
    let house = House::new().await;
    house.drop(0, 0..5).await;
    house.write("ALTER TABLE outbox RENAME TO away").await;
    let _way = house.way();
    let subject = Subject::part("outbox");
    until("it is told", async || house.board.stands(Kind::Behind, &subject)).await;
    house.write("ALTER TABLE away RENAME TO outbox").await;
    until("all is well", async || house.board.now().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_entry_of_a_folder_is_written_by_its_cataloguer_alone_when_it_is_asked_to() {
    let house = House::new().await;
    house.drop(0, 0..5).await;
    let text = "name = \"press0\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\n";
    let series = parse(text, "press.toml", house.root.path()).unwrap().series;
    let all = Arc::new(HashMap::from([("press0".to_owned(), series.clone())]));
    let ledger = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    let flush = Arc::new(Notify::new());
    let mut cataloguer = Cataloguer::new(Arc::clone(&ledger), all, Arc::clone(&flush));
    let head = heads::heads(ledger.as_ref()).await.unwrap().documents;
    while cataloguer.step(head).await.unwrap() == Progress::More {}
    // Files may come: it is put off. To ask whether it is written does not write it.
    let fresh = async || series::are_fresh(ledger.as_ref(), &[&series]).await.unwrap();
    let seq = ledger.last_seq().await.unwrap();
    assert!(!fresh().await);
    assert_eq!(ledger.last_seq().await.unwrap(), seq);
    flush.notify_one();
    cataloguer.asked().await;
    assert_eq!(cataloguer.step(head).await.unwrap(), Progress::Done(head));
    assert!(fresh().await);
    assert_eq!(ledger.last_seq().await.unwrap(), seq + 1);
}

/// One document's row cannot be read: what is caught up with, built anew, walked over and made anew goes on without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_stops_no_walk() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..30).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    let kogl1 = declared(&house, License::Kogl1);
    let stop = CancellationToken::new();
    let way = Way { stop: stop.clone(), ..house.way() };
    let cataloguer = Cataloguer::new(Arc::clone(&house.ledger) as _, kogl1, Arc::default());
    let running = tokio::spawn(follow(cataloguer, way));
    let entries = async |version: u64| {
        let all = house.ledger.entries(&Scope::All, false, None, 99).await.unwrap();
        let made = all.iter().filter(|entry| entry.version == version);
        made.filter_map(|entry| entry.draft.document).collect::<BTreeSet<_>>()
    };
    until("all have an entry", async || entries(1).await.len() == 30).await;
    stop.cancel();
    running.await.unwrap();

    house.garble(&documents[7]).await;
    let others: Vec<Document> =
        documents.iter().filter(|d| d.id != documents[7].id).cloned().collect();
    let ids: BTreeSet<DocumentId> = others.iter().map(|document| document.id).collect();
    // A changed declaration.
    let kogl4 = declared(&house, License::Kogl4);
    let stop = CancellationToken::new();
    let way = Way { stop: stop.clone(), ..house.way() };
    let cataloguer =
        Cataloguer::new(Arc::clone(&house.ledger) as _, Arc::clone(&kogl4), Arc::default());
    let running = tokio::spawn(follow(cataloguer, way));
    until("the others have a new one", async || entries(2).await == ids).await;
    let told = declaration(&kogl4["press0"]);
    until("the walk is at its end", async || {
        house.ledger.declared("press0").await.unwrap() == Some(told)
    })
    .await;
    stop.cancel();
    running.await.unwrap();
    let subject = documents[7].id.to_string();
    let by = |by: &str| (by.to_owned(), subject.clone());
    assert_eq!(house.unreadable().await, [by("cataloguer")].into());
    // All entries made anew: that of the unreadable one is not withdrawn, for nobody knows that it is gone.
    rebuild(&(Arc::clone(&house.ledger) as Arc<dyn Ledger>), &kogl4).await.unwrap();
    assert_eq!(entries(1).await, [documents[7].id].into());
    // An index made anew.
    house.end().await;
    let index = Arc::new(TantivyIndex::open(&house.path("anew")).unwrap());
    house.follow_into(Arc::clone(&index) as _);
    holds(&index, &agency(0), &others).await;
    until("it is noted", async || {
        house.unreadable().await == [by("cataloguer"), by("index/1741000")].into()
    })
    .await;
    until("it follows", async || index.checkpoint(&partition(0)).unwrap().unwrap_or(0) > 0).await;
    house.end().await;
    let indexing = Indexing {
        ledger: Arc::clone(&house.ledger) as _,
        blobs: house.blobs.clone(),
        index: Arc::new(TantivyIndex::open(&house.path("third")).unwrap()),
        board: house.board.clone(),
        clock: Arc::new(now),
    };
    Indexers::new(indexing.clone()).rebuild().await.unwrap();
    assert_eq!(indexing.index.verify(&partition(0)).unwrap().ids.len(), 29);
    assert!(house.board.now().is_empty(), "{:?}", house.board);
}

/// `press0` under this license.
fn declared(house: &House, license: License) -> Arc<HashMap<String, Series>> {
    let text = "name = \"press0\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\n";
    let pipeline = parse(text, "press.toml", house.root.path()).unwrap();
    let series = Series { license, ..pipeline.series };
    Arc::new(HashMap::from([("press0".to_owned(), series)]))
}

/// The outbox was trimmed of what a follower had not passed, while an obstacle kept it: it starts anew.
#[tokio::test(flavor = "multi_thread")]
async fn who_waited_longer_than_the_outbox_is_kept_starts_anew() {
    let house = House::new().await;
    let first = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &first).await;
    until("it follows", async || {
        house.ledger.cursor(&Reader::Index(partition(0))).await.unwrap() > 0
    })
    .await;
    // The texts cannot be reached.
    let (blobs, away) = (house.path("blobs"), house.path("away"));
    std::fs::rename(&blobs, &away).unwrap();
    std::fs::write(&blobs, "").unwrap();
    let missed = {
        let elsewhere = LocalFileSystem::new_with_prefix(&away).unwrap();
        let elsewhere = Blobs::new(Arc::new(elsewhere));
        house.drop_into(0, 5..9, &elsewhere).await
    };
    until("it waits", async || {
        house.board.now().iter().any(|condition| condition.kind == Kind::Behind)
    })
    .await;
    // As if all of it were long past.
    let retention = Retention { outbox_ms: -60_000, jobs_ms: i64::MAX / 4 };
    while house.ledger.trim(&retention).await.unwrap().outbox > 0 {}
    assert!(house.ledger.document_changes(0, 9).await.unwrap().is_empty());
    std::fs::remove_file(&blobs).unwrap();
    std::fs::rename(&away, &blobs).unwrap();
    holds(&index, &agency(0), &[first, missed].concat()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_declaration_changes_the_entries_and_reads_no_file() {
    let house = House::new().await;
    let documents = house.drop(0, 0..30).await;
    let declared = |license: License| declared(&house, license);
    let live = async || house.ledger.entries(&Scope::All, false, None, 100).await.unwrap();
    for (license, version) in [(License::Kogl1, 1), (License::Kogl1, 1), (License::Kogl4, 2)] {
        let stop = CancellationToken::new();
        let way = Way { stop: stop.clone(), ..house.way() };
        let cataloguer =
            Cataloguer::new(Arc::clone(&house.ledger) as _, declared(license), Arc::default());
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

    let shared = Arc::clone(&house.ledger) as Arc<dyn Ledger>;
    // Made anew, nothing changes; and what nobody has any more goes.
    let series = declared(License::Kogl4);
    // The folder's own entry is written when it has been quiet for a while: by now, or by this.
    rebuild(&shared, &series).await.unwrap();
    assert_eq!(rebuild(&shared, &series).await.unwrap(), 0);
    house.ledger.vanish("press0", &["3.txt".to_owned()]).await.unwrap();
    let claims = house.ledger.claim(&worker(), 9, Duration::from_secs(60)).await.unwrap();
    let gone = Completion {
        ticket: claims[0].ticket,
        verdict: Verdict::Deleted,
        documents: Vec::new(),
        actor: "test".into(),
    };
    house.ledger.complete(&[gone]).await.unwrap();
    assert!(rebuild(&shared, &series).await.unwrap() > 0);
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

/// Follows the outbox, and tells when it begins and how often it steps.
#[derive(Clone, Default)]
struct Counting {
    begun: Arc<AtomicU32>,
    steps: Arc<AtomicU32>,
    /// Steps that panic, from the first on.
    panics: u32,
}

#[async_trait]
impl Follower for Counting {
    fn reader(&self) -> Reader {
        Reader::Cataloguer
    }

    fn begin(&mut self) {
        self.begun.fetch_add(1, Ordering::SeqCst);
    }

    fn subject(&self) -> Subject {
        Subject::part("counting")
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.documents
    }

    fn gathering(&self) -> Gathering {
        Gathering { quiet: Duration::ZERO, longest: Duration::ZERO, enough: 1 }
    }

    async fn step(&mut self, head: u64) -> Result<Progress, Obstacle> {
        let step = self.steps.fetch_add(1, Ordering::SeqCst);
        assert!(step >= self.panics, "step {step} breaks off");
        Ok(Progress::Done(head))
    }
}

fn count(of: &AtomicU32) -> u32 {
    of.load(Ordering::SeqCst)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_one_follows_and_the_other_takes_over() {
    let root = tempfile::tempdir().unwrap();
    let time = Arc::new(AtomicI64::new(1));
    let clock = Arc::clone(&time);
    let clock = Arc::new(move || Timestamp(clock.load(Ordering::SeqCst)));
    let file = root.path().join("ledger.db");
    let ledger = SqliteLedger::open_with(&file, clock, Durability::Process).await.unwrap();
    let mut house = House::new().await;
    house.ledger = Arc::new(ledger);
    let board = |n| (Board::new(Arc::new(now)), Counting::default(), n);
    let subject = Subject::part("counting");
    let begin = |(board, follower, n): &(Board, Counting, u128)| {
        let stop = CancellationToken::new();
        let way = house.way_of(process(*n), board.clone(), stop.clone());
        (tokio::spawn(follow(follower.clone(), way)), stop)
    };

    // One steps, the other says that it stands by. The ledger's clock stands: no lease ends by itself.
    let (first, second) = (board(1), board(2));
    let (one, one_stop) = begin(&first);
    until("the first steps", async || count(&first.1.steps) > 0).await;
    let (two, two_stop) = begin(&second);
    until("the second stands by", async || second.0.stands(Kind::Elsewhere, &subject)).await;
    let before = count(&first.1.steps);
    until("the first goes on, its lease renewed", async || count(&first.1.steps) > before + 1)
        .await;
    assert_eq!((count(&first.1.begun), count(&second.1.steps)), (1, 0));

    // It dies without a word. Its lease has to end first.
    one.abort();
    one_stop.cancel();
    time.fetch_add(i64::try_from(LEASE.as_millis()).unwrap(), Ordering::SeqCst);
    until("the second takes over", async || count(&second.1.steps) > 0).await;
    assert!(!second.0.stands(Kind::Elsewhere, &subject));

    // Stopped as it should be, it gives the lease back: the next one begins though the clock stands.
    two_stop.cancel();
    two.await.unwrap();
    let third = board(3);
    let (three, three_stop) = begin(&third);
    until("the third begins", async || count(&third.1.steps) > 0).await;

    // Killed, and started again on the same node: whoever holds the lock of the data folder gives the leases back.
    three.abort();
    three_stop.cancel();
    house.ledger.release(Uuid::nil()).await.unwrap();
    let fourth = board(4);
    let (_four, four_stop) = begin(&fourth);
    until("the fourth begins", async || count(&fourth.1.steps) > 0).await;
    four_stop.cancel();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_that_lost_its_lease_stops_and_asks_where_it_is_when_it_has_it_again() {
    let house = House::new().await;
    let follower = Counting::default();
    let (board, stop) = (house.board.clone(), house.stop.clone());
    let way = house.way_of(process(1), board.clone(), stop.clone());
    tokio::spawn(follow(follower.clone(), way));
    let subject = Subject::part("counting");
    until("it steps", async || count(&follower.steps) > 0).await;
    // The node is thought dead (a clock that was set): another process takes the reader.
    let other = process(2);
    let day = Duration::from_secs(86_400);
    until("the other has it", async || {
        // Between the two the first one may be quicker.
        house.ledger.release(Uuid::nil()).await.unwrap();
        house.ledger.hold(&[Reader::Cataloguer], &other, day).await.unwrap().len() == 1
    })
    .await;
    until("it stands by", async || board.stands(Kind::Elsewhere, &subject)).await;
    let steps = count(&follower.steps);
    house.changed.notify_waiters();
    house.drop(0, 0..1).await;
    assert_eq!(count(&follower.steps), steps, "it does not step");
    house.ledger.let_go(&Reader::Cataloguer, &other).await.unwrap();
    until("it goes on", async || count(&follower.steps) > steps).await;
    assert_eq!(count(&follower.begun), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_panics_is_told_and_taken_again() {
    let house = House::new().await;
    let follower = Counting { panics: 2, ..Counting::default() };
    tokio::spawn(follow(follower.clone(), house.way()));
    let subject = Subject::part("counting");
    until("the panic is told", async || house.board.stands(Kind::Panicked, &subject)).await;
    until("it goes on", async || count(&follower.steps) > 2).await;
    until("all is well", async || house.board.now().is_empty()).await;
    assert_eq!(count(&follower.begun), 3, "it asks where it is after each");
}

/// An index whose first writes panic, and that cannot be listed at first.
struct Shaky {
    index: TantivyIndex,
    panics: AtomicU32,
    /// How often it cannot say whose indexes are there.
    unlisted: AtomicU32,
}

impl Index for Shaky {
    fn apply(
        &self,
        partition: &Partition,
        changes: &[Change],
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        let left =
            self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        assert!(left.is_err(), "the index breaks off");
        self.index.apply(partition, changes, checkpoint)
    }

    fn checkpoint(&self, partition: &Partition) -> Result<Option<u64>, IndexError> {
        self.index.checkpoint(partition)
    }

    fn clear(&self, partition: &Partition) -> Result<(), IndexError> {
        self.index.clear(partition)
    }

    fn partitions(&self) -> Result<Vec<Partition>, IndexError> {
        let left =
            self.unlisted.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match left {
            Ok(_) => Err(IndexError::Unavailable("not now".into())),
            Err(_) => self.index.partitions(),
        }
    }

    fn verify(&self, partition: &Partition) -> Result<Census, IndexError> {
        self.index.verify(partition)
    }

    fn search(&self, partitions: &[Partition], query: &Query) -> Result<Hits, SearchError> {
        self.index.search(partitions, query)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_panics_is_told_and_built_anew_with_a_pause() {
    let house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    let shaky = Arc::new(Shaky { index, panics: AtomicU32::new(3), unlisted: AtomicU32::new(0) });
    house.follow_into(Arc::clone(&shaky) as _);
    until("the damage is told", async || {
        house.board.now().iter().any(|condition| condition.kind == Kind::IndexDamaged)
    })
    .await;
    // Broken off while it was built, it waits before it begins once more.
    until("it waits", async || {
        house.board.now().iter().any(|condition| condition.kind == Kind::Behind)
    })
    .await;
    holds(&shaky.index, &agency(0), &documents).await;
    until("all is well", async || house.board.now().is_empty()).await;
}

/// Overwrites the first page of a table, as a disk does that garbles what it holds.
async fn damage_table(file: &std::path::Path, table: &str) {
    let mut conn =
        SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
    let (page, size): (i64, i64) = sqlx::query_as(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_schema WHERE name = ?",
    )
    .bind(table)
    .fetch_one(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    let (page, size) = (u64::try_from(page).unwrap(), u64::try_from(size).unwrap());
    let mut file = std::fs::File::options().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start((page - 1) * size)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(size).unwrap()]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_is_told_as_such_and_not_as_an_index_that_is_behind() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..300).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    house.end().await;
    drop(index);
    house.ledger.close().await.unwrap();
    let file = house.path("ledger.db");
    damage_table(&file, "document").await;
    let ledger = SqliteLedger::open_with(&file, Arc::new(now), Durability::Process).await.unwrap();
    house.ledger = Arc::new(ledger);
    house.board = Board::new(Arc::new(now));
    std::fs::remove_dir_all(house.path("index")).unwrap();
    let _index = house.index();
    until("the damage is told", async || {
        house.board.stands(Kind::LedgerDamaged, &Subject::service())
    })
    .await;
    let told = house.board.now();
    assert!(told.iter().all(|condition| condition.kind != Kind::Behind), "{told:?}");
}

/// Takes one row with each step; meets an obstacle where it is told to.
struct Hindered {
    at: u64,
    obstacles: u32,
}

#[async_trait]
impl Follower for Hindered {
    fn reader(&self) -> Reader {
        Reader::Cataloguer
    }

    fn begin(&mut self) {}

    fn subject(&self) -> Subject {
        Subject::part("hindered")
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.documents
    }

    fn gathering(&self) -> Gathering {
        Gathering { quiet: Duration::ZERO, longest: Duration::ZERO, enough: 1 }
    }

    async fn step(&mut self, _head: u64) -> Result<Progress, Obstacle> {
        if self.obstacles > 0 {
            self.obstacles -= 1;
            return Err(Obstacle::Unreachable("not now".into()));
        }
        if self.at < 3 {
            self.at += 1;
            return Ok(Progress::More);
        }
        Ok(Progress::Done(self.at))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_goes_on_after_an_obstacle_and_the_board_says_so_meanwhile() {
    let house = House::new().await;
    let woken = house.moved.notified();
    tokio::spawn(follow(Hindered { at: 0, obstacles: 1 }, house.way()));
    let subject = Subject::part("hindered");
    until("it is told", async || house.board.stands(Kind::Behind, &subject)).await;
    woken.await;
    assert!(house.board.now().is_empty());
}

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

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_stays_bad_is_not_read_again_and_again_and_the_operator_may_ask() {
    let house = House::new().await;
    let hurt = house.drop(0, 0..3).await;
    house.lose(&hurt[1]);
    let index = house.index();
    holds(&index, &agency(0), &hurt).await;
    let by = format!("index/{}", agency(0));
    let subject = hurt[1].id.to_string();
    let note = async || house.ledger.noted(&by, &subject).await.unwrap();
    until("it is noted, and its file is to be read again", async || {
        note().await.is_some_and(|note| note.tries == 1)
    })
    .await;
    // The disk garbles it each time: read again, it is lost again. It is not read a second time before a minute.
    let rereads = async || {
        let acts = house.ledger.acts(0, 10_000).await.unwrap();
        acts.iter().filter(|row| row.act.action == "document.reread").count()
    };
    let again = async || {
        let seq = house.ledger.last_seq().await.unwrap();
        let claims = house.ledger.claim(&worker(), 9, Duration::from_secs(60)).await.unwrap();
        assert_eq!(claims.len(), 1);
        let document = house.read(&claims[0]).await;
        house.lose(&document);
        house.ledger.complete(&[completion(&claims[0], document)]).await.unwrap();
        house.changed.notify_waiters();
        until("the index has heard", async || {
            index.checkpoint(&partition(0)).unwrap().unwrap_or(0) > seq
        })
        .await;
    };
    again().await;
    assert_eq!((rereads().await, note().await.unwrap().tries), (1, 1));
    assert!(house.ledger.claim(&worker(), 9, Duration::from_secs(60)).await.unwrap().is_empty());
    // The operator asks: it counts anew, at once.
    let redone = house.ledger.redo(&Redo::All, &Scope::All, "operator").await.unwrap();
    assert_eq!(redone.len(), 1);
    house.changed.notify_waiters();
    until("it is to be read again", async || rereads().await == 2).await;
    // This time the disk is sound: the note is taken back.
    house.read_all().await;
    until("nothing is noted any more", async || note().await.is_none()).await;
    holds(&index, &agency(0), &hurt).await;
}

/// An index that refuses one document while it is told to.
struct Picky {
    index: TantivyIndex,
    refuses: AtomicU32,
    document: DocumentId,
}

impl Index for Picky {
    fn apply(
        &self,
        partition: &Partition,
        changes: &[Change],
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        let refused = changes.iter().any(|change| change.id() == self.document);
        if count(&self.refuses) == 1 && refused {
            return Err(IndexError::Refused("it is odd".into()));
        }
        self.index.apply(partition, changes, checkpoint)
    }

    fn checkpoint(&self, partition: &Partition) -> Result<Option<u64>, IndexError> {
        self.index.checkpoint(partition)
    }

    fn clear(&self, partition: &Partition) -> Result<(), IndexError> {
        self.index.clear(partition)
    }

    fn partitions(&self) -> Result<Vec<Partition>, IndexError> {
        self.index.partitions()
    }

    fn verify(&self, partition: &Partition) -> Result<Census, IndexError> {
        self.index.verify(partition)
    }

    fn search(&self, partitions: &[Partition], query: &Query) -> Result<Hits, SearchError> {
        self.index.search(partitions, query)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_is_noted_and_put_when_the_operator_asks_for_it() {
    let house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    let document = documents[2].id;
    let picky = Arc::new(Picky { index, refuses: AtomicU32::new(1), document });
    house.follow_into(Arc::clone(&picky) as _);
    let others: Vec<Document> =
        documents.iter().filter(|one| one.id != document).cloned().collect();
    holds(&picky.index, &agency(0), &others).await;
    let notes = async || house.ledger.notes(&Scope::All, None, 9).await.unwrap();
    until("it is noted", async || notes().await.len() == 1).await;
    let note = notes().await.remove(0);
    assert_eq!((note.kind, note.subject), (NoteKind::RecordRefused, document.to_string()));
    picky.refuses.store(0, Ordering::SeqCst);
    house.ledger.redo(&Redo::One(note.id), &Scope::All, "operator").await.unwrap();
    house.changed.notify_waiters();
    holds(&picky.index, &agency(0), &documents).await;
    until("the note is taken back", async || notes().await.is_empty()).await;
}
