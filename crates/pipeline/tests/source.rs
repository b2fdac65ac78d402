//! A source over a real folder and a real ledger: nothing is forgotten, and absence is not believed too soon.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use madang_document::condition::{Kind, Subject};
use madang_document::left_out::LeftOutKind;
use madang_document::object::ObjectRef;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::left_out::LeftOuts;
use madang_ledger::objects::{Balance, Objects};
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_pipeline::board::Board;
use madang_pipeline::clock::{Clock, steady};
use madang_pipeline::declaration::{Pipeline, parse};
use madang_pipeline::missing::Window;
use madang_pipeline::source::{Ask, Source, SourceState};
use madang_store::closed::Closed;
use madang_store::error::StoreError;
use madang_store::folder::FolderStore;
use madang_store::store::{Body, Listed, Listing, Pinned, Precondition, Seen, Store};
use madang_store::watcher::Watcher;
use madang_wait::{in_time, until, until_within};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// A folder that goes between a listing and the watch that follows.
#[derive(Default)]
struct Parting {
    /// Whether it goes the next time.
    armed: AtomicBool,
    /// Whether it was listed since.
    listed: AtomicBool,
}

/// A folder whose files cannot be looked at while `out`, as when the process has no descriptors left.
struct Flaky {
    folder: FolderStore,
    root: PathBuf,
    parting: Arc<Parting>,
    out: Arc<AtomicBool>,
    /// Whether no file may be looked at.
    denied: Arc<AtomicBool>,
    /// The paths that could not be looked at.
    refused: Arc<Mutex<BTreeSet<String>>>,
}

#[async_trait]
impl Store for Flaky {
    fn name(&self) -> &str {
        self.folder.name()
    }

    fn place(&self) -> String {
        self.folder.place()
    }

    fn list(&self) -> Listing {
        let listed = self.parting.armed.load(Ordering::SeqCst) && self.root.exists();
        self.parting.listed.store(listed, Ordering::SeqCst);
        self.folder.list()
    }

    async fn look(&self, path: &str) -> Result<Option<Seen>, StoreError> {
        if self.out.load(Ordering::Relaxed) {
            self.refused.lock().unwrap().insert(path.to_owned());
            let error = std::io::Error::from_raw_os_error(24);
            return Err(StoreError::of_io(path, error));
        }
        if self.denied.load(Ordering::Relaxed) {
            return Err(StoreError::denied(path, "give the account the right to it"));
        }
        self.folder.look(path).await
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
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
        if self.parting.armed.load(Ordering::SeqCst) {
            if self.parting.listed.load(Ordering::SeqCst) {
                std::fs::remove_dir_all(&self.root).unwrap();
                self.parting.armed.store(false, Ordering::SeqCst);
            }
            return Err(StoreError::Gone(self.folder.place()));
        }
        self.folder.watch().await
    }
}

/// A running source with all that it stands on.
struct Running {
    root: tempfile::TempDir,
    ledger: Arc<SqliteLedger>,
    board: Board,
    out: Arc<AtomicBool>,
    denied: Arc<AtomicBool>,
    refused: Arc<Mutex<BTreeSet<String>>>,
    parting: Arc<Parting>,
    /// By how much somebody set the clock.
    set: Arc<AtomicI64>,
    /// What the test lets pass besides.
    passed: Arc<AtomicI64>,
    asks: mpsc::Sender<Ask>,
    state: watch::Receiver<SourceState>,
    stop: CancellationToken,
}

/// The machine's clock, as somebody else moved it by so many milliseconds.
fn moved(clock: Clock, by: &Arc<AtomicI64>) -> Clock {
    let by = Arc::clone(by);
    Arc::new(move || clock().plus_ms(by.load(Ordering::SeqCst)))
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn pipeline(folder: &Path, settle: &str) -> Pipeline {
    let text = format!(
        "name = \"press\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\nsettle = \"{settle}\"\n"
    );
    parse(&text, "press.toml", folder).unwrap()
}

/// Longer than any test waits: what is not to wait for the end of it must not, and a test that wants it to end lets it
/// pass.
const WINDOW: Window = Window { quiet_ms: 1_000, span_ms: 600_000, longest_ms: 600_000 };

impl Running {
    /// Starts over these files.
    async fn over(files: usize) -> Running {
        Running::settling(files, "50ms").await
    }

    /// As [`over`](Self::over), with files that settle only after a while.
    async fn settling(files: usize, settle: &str) -> Running {
        let root = tempfile::tempdir().unwrap();
        let drop = root.path().join("drop");
        std::fs::create_dir(&drop).unwrap();
        for n in 0..files {
            std::fs::write(drop.join(n.to_string()), "글").unwrap();
        }
        let file = root.path().join("ledger.db");
        let ledger = Arc::new(
            SqliteLedger::open_with(&file, Arc::new(now), Durability::Process).await.unwrap(),
        );
        let board = Board::new(Arc::new(now));
        let out = Arc::new(AtomicBool::new(false));
        let denied = Arc::new(AtomicBool::new(false));
        let (refused, set, passed) = (Arc::default(), Arc::default(), Arc::default());
        let parting = Arc::<Parting>::default();
        let clock: Clock = Arc::new(now);
        let source = Source {
            pipeline: pipeline(root.path(), settle),
            store: Arc::new(Flaky {
                folder: FolderStore::new("press", &drop, Closed::default()),
                root: drop.clone(),
                parting: Arc::clone(&parting),
                out: Arc::clone(&out),
                denied: Arc::clone(&denied),
                refused: Arc::clone(&refused),
            }),
            ledger: Arc::clone(&ledger) as _,
            outdated: Arc::new(|_, _| {}),
            work: Arc::default(),
            clock: moved(Arc::clone(&clock), &set),
            steady: moved(steady(&clock), &passed),
            jitter: Arc::new(|| 0.0),
            board: board.clone(),
            window: WINDOW,
        };
        let (asks, mut asked) = mpsc::channel(8);
        let (told, state) = watch::channel(SourceState::default());
        let stop = CancellationToken::new();
        let end = stop.clone();
        tokio::spawn(async move { source.run(&mut asked, told, end).await });
        let running = Running {
            root,
            ledger,
            board,
            out,
            denied,
            refused,
            parting,
            set,
            passed,
            asks,
            state,
            stop,
        };
        running.settled().await;
        assert_eq!(running.balance().await.received, files as u64);
        running
    }

    fn path(&self, name: &str) -> PathBuf {
        self.root.path().join("drop").join(name)
    }

    async fn balance(&self) -> Balance {
        self.ledger.balance(&Scope::All).await.unwrap()
    }

    /// How many paths the ledger holds live.
    async fn live(&self) -> usize {
        self.ledger.known("press", None, 10_000).await.unwrap().len()
    }

    async fn settled(&self) {
        let mut state = self.state.clone();
        let settled = state.wait_for(|state| state.settled);
        in_time("it settles", settled).await.unwrap();
    }

    /// Something was heard of that is not settled yet.
    async fn stirred(&self) {
        let mut state = self.state.clone();
        let stirred = state.wait_for(|state| !state.settled);
        in_time("it hears", stirred).await.unwrap();
    }

    /// Lets so much time pass as far as the source can tell, until it has looked at its folder again.
    async fn pass(&self, ms: i64) {
        self.passed.fetch_add(ms, Ordering::SeqCst);
        let later = format!("later {ms}");
        std::fs::write(self.path(&later), "글").unwrap();
        until("what is dropped later is seen", async || {
            let known = self.ledger.known("press", None, 10_000).await.unwrap();
            known.iter().any(|known| known.path == later)
        })
        .await;
        self.settled().await;
    }

    /// The operator's word, as a node that runs no source gives it, and the poke of one that does.
    async fn release(&self) {
        self.ledger.release_held("press", "operator").await.unwrap().expect("something is held");
        self.asks.send(Ask::Reconcile).await.unwrap();
    }

    fn is_held(&self) -> bool {
        self.board.now().iter().any(|condition| condition.kind == Kind::Held)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_dropped_while_nothing_can_be_looked_at_are_seen_afterwards() {
    let running = Running::over(1).await;
    running.out.store(true, Ordering::Relaxed);
    for n in 0..20 {
        std::fs::write(running.path(&format!("new {n}")), "글").unwrap();
    }
    running.stirred().await;
    until("each was tried", async || running.refused.lock().unwrap().len() == 20).await;
    assert_eq!(running.balance().await.received, 1);
    assert!(!running.state.borrow().settled, "a run with --once must not end now");
    running.out.store(false, Ordering::Relaxed);
    until("all are seen", async || running.balance().await.received == 21).await;
    running.settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_dropped_while_the_ledger_is_locked_are_seen_afterwards() {
    let running = Running::over(1).await;
    let locked = lock(&running.root.path().join("ledger.db")).await;
    for n in 0..20 {
        std::fs::write(running.path(&format!("new {n}")), "글").unwrap();
    }
    let press = Subject::of("press", &"1741000".parse().unwrap());
    until("the board says that the ledger takes nothing", async || {
        running.board.stands(Kind::LedgerUnwritable, &press)
    })
    .await;
    assert!(!running.state.borrow().settled, "a run with --once must not end now");
    drop(locked);
    until("all are seen", async || running.balance().await.received == 21).await;
    running.settled().await;
    assert!(running.board.now().is_empty(), "{:?}", running.board);
}

/// Holds the write lock of a ledger until it is dropped.
async fn lock(file: &Path) -> sqlx::SqliteConnection {
    use sqlx::ConnectOptions;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file);
    let mut conn = options.connect().await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await.unwrap();
    conn
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_folder_removed_file_by_file_is_held_until_it_is_back() {
    let running = Running::over(300).await;
    let aside = running.root.path().join("aside");
    std::fs::create_dir(&aside).unwrap();
    for n in 0..300 {
        std::fs::rename(running.path(&n.to_string()), aside.join(n.to_string())).unwrap();
    }
    until("it is held", async || running.is_held()).await;
    // Past the window, all of them are still there.
    running.pass(WINDOW.longest_ms).await;
    assert_eq!(running.live().await, 301);
    let held = running.ledger.held("press").await.unwrap().expect("it waits for a word");
    assert_eq!((held.missing, held.known), (300, 301));
    // Who is to give the word hears which files it is about.
    let named = running.state.borrow().held.clone();
    assert_eq!((named.len(), named.first().map(String::as_str)), (20, Some("0")), "{named:?}");

    for n in 0..300 {
        std::fs::rename(aside.join(n.to_string()), running.path(&n.to_string())).unwrap();
    }
    until("the hold ends by itself", async || !running.is_held()).await;
    running.settled().await;
    assert_eq!(running.ledger.held("press").await.unwrap(), None);
    until("nothing is named any more", async || running.state.borrow().held.is_empty()).await;
    assert_eq!(running.balance().await.deleted, 0);
    assert_eq!(running.live().await, 301);
}

/// A mount that is restored file by file: when half of it is back, the other half is on its way.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_back_with_the_rest_is_watched_anew() {
    let running = Running::over(30).await;
    let aside = running.root.path().join("aside");
    std::fs::create_dir(&aside).unwrap();
    for n in 0..30 {
        std::fs::rename(running.path(&n.to_string()), aside.join(n.to_string())).unwrap();
    }
    until("it is held", async || running.is_held()).await;
    running.pass(WINDOW.longest_ms).await;
    for n in 0..25 {
        std::fs::rename(aside.join(n.to_string()), running.path(&n.to_string())).unwrap();
    }
    until("the hold ends", async || !running.is_held()).await;
    assert_eq!(running.live().await, 31, "nobody said that the five are gone");
    running.pass(WINDOW.longest_ms).await;
    until("they are, after a while", async || running.live().await == 26).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_word_withdraws_what_is_held() {
    let running = Running::over(30).await;
    for n in 0..20 {
        std::fs::remove_file(running.path(&n.to_string())).unwrap();
    }
    until("it is held", async || running.is_held()).await;
    running.release().await;
    until("they are withdrawn", async || running.live().await == 10).await;
    until("nothing is held", async || !running.is_held()).await;
    assert_eq!(running.ledger.held("press").await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subfolder_removed_live_is_held_and_a_file_is_withdrawn_at_once() {
    let running = Running::over(5).await;
    std::fs::create_dir(running.path("sub")).unwrap();
    for n in 0..30 {
        std::fs::write(running.path(&format!("sub/{n}")), "글").unwrap();
    }
    until("all are seen", async || running.live().await == 35).await;
    std::fs::remove_file(running.path("3")).unwrap();
    until("the one is withdrawn", async || running.live().await == 34).await;
    std::fs::remove_dir_all(running.path("sub")).unwrap();
    until("the many are held", async || running.is_held()).await;
    running.pass(WINDOW.longest_ms).await;
    assert_eq!(running.live().await, 35);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_is_in_the_book_while_it_is_there() {
    use std::os::unix::fs::symlink;
    let running = Running::over(40).await;
    let left_out = async || {
        let left_out = running.ledger.left_out("press").await.unwrap();
        left_out.into_iter().map(|one| (one.key, one.kind.as_str())).collect::<Vec<_>>()
    };
    // Many at once, where no file was: nothing is missing for that, and no mass of files is gone.
    for n in 0..60 {
        symlink("nowhere", running.path(&format!("link {n}"))).unwrap();
    }
    until("each is counted", async || running.balance().await.left_out == 60).await;
    running.settled().await;
    assert!(!running.is_held());
    assert_eq!(running.live().await, 40);
    for n in 1..60 {
        std::fs::remove_file(running.path(&format!("link {n}"))).unwrap();
    }
    until("each is gone", async || left_out().await == [("link 0".into(), "link")]).await;
    running.settled().await;
    assert!(!running.is_held());

    // A file in the place of one, and one in the place of a file: the one is taken, the other withdrawn.
    std::fs::write(running.path("aside"), "글").unwrap();
    std::fs::rename(running.path("aside"), running.path("link 0")).unwrap();
    until("it is a file", async || left_out().await.is_empty()).await;
    until("it is taken", async || running.live().await == 41).await;
    symlink("nowhere", running.path(".link")).unwrap();
    std::fs::rename(running.path(".link"), running.path("7")).unwrap();
    until("it is withdrawn", async || running.live().await == 40).await;
    assert_eq!(left_out().await, [("7".into(), "link")], "a hidden link is not wanted");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_looked_at_is_in_the_book_until_it_may() {
    let running = Running::over(3).await;
    running.denied.store(true, Ordering::Relaxed);
    std::fs::write(running.path("shut"), "글").unwrap();
    let unreadable = async || {
        let left_out = running.ledger.left_out("press").await.unwrap();
        left_out.into_iter().map(|one| (one.key, one.kind)).collect::<Vec<_>>()
    };
    let shut = [("shut".to_owned(), LeftOutKind::Unreadable)];
    until("it is counted", async || unreadable().await == shut).await;
    running.settled().await;
    assert_eq!(running.live().await, 3);
    running.denied.store(false, Ordering::Relaxed);
    std::fs::write(running.path("shut"), "글글").unwrap();
    until("it is taken", async || running.live().await == 4).await;
    assert_eq!(running.balance().await.left_out, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_out_while_the_ledger_is_locked_is_in_the_book_afterwards() {
    let running = Running::over(1).await;
    let locked = lock(&running.root.path().join("ledger.db")).await;
    std::os::unix::fs::symlink("nowhere", running.path("link")).unwrap();
    let press = Subject::of("press", &"1741000".parse().unwrap());
    until("the board says that the ledger takes nothing", async || {
        running.board.stands(Kind::LedgerUnwritable, &press)
    })
    .await;
    assert!(!running.state.borrow().settled, "a run with --once must not end now");
    drop(locked);
    until("it is counted", async || running.balance().await.left_out == 1).await;
    running.settled().await;
    assert!(running.board.now().is_empty(), "{:?}", running.board);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_keeps_no_file_waiting() {
    const DAY: i64 = 24 * 3600 * 1000;
    for by in [-DAY, DAY] {
        let running = Running::settling(1, "2s").await;
        // One that waits until it has settled while the clock is set, and one that comes afterwards.
        std::fs::write(running.path("before"), "글").unwrap();
        running.stirred().await;
        running.set.store(by, Ordering::SeqCst);
        std::fs::write(running.path("after"), "글").unwrap();
        until("both are seen", async || running.balance().await.received == 3).await;
        running.settled().await;
        std::fs::remove_file(running.path("after")).unwrap();
        until("what is gone is withdrawn", async || running.live().await == 2).await;
    }
}

/// What nobody recorded is missed by nobody, however many came and went.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_go_before_they_are_taken_are_no_mass() {
    let running = Running::settling(1, "2s").await;
    let passing: Vec<_> = (0..12).map(|n| running.path(&format!("passing{n}"))).collect();
    for path in &passing {
        std::fs::write(path, "글").unwrap();
    }
    running.stirred().await;
    for path in &passing {
        std::fs::remove_file(path).unwrap();
    }
    running.settled().await;
    assert!(!running.is_held(), "{:?}", running.board);
    assert_eq!((running.live().await, running.balance().await.received), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_mount_is_held_and_lifted_when_it_is_back() {
    let running = Running::over(12).await;
    let drop = running.root.path().join("drop");
    let away = running.root.path().join("away");
    std::fs::rename(&drop, &away).unwrap();
    until("it is held", async || running.is_held()).await;
    let board = running.board.now();
    let one = board.iter().find(|condition| condition.kind == Kind::SourceAway).unwrap();
    let named = one.message.matches(drop.to_str().unwrap()).count();
    assert_eq!(named, 1, "the folder is named once: {}", one.message);
    assert_eq!(running.live().await, 12);
    std::fs::rename(&away, &drop).unwrap();
    until("all is well", async || running.board.now().is_empty()).await;
    assert_eq!((running.live().await, running.balance().await.deleted), (12, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operators_word_counts_where_the_folder_itself_is_gone() {
    let running = Running::over(30).await;
    let folder = running.root.path().join("drop");
    std::fs::remove_dir_all(&folder).unwrap();
    let press = Subject::of("press", &"1741000".parse().unwrap());
    until("all of it is held", async || running.board.stands(Kind::Held, &press)).await;
    assert_eq!(running.live().await, 30);
    running.release().await;
    until("all of it is withdrawn", async || running.live().await == 0).await;
    until("nothing is held", async || !running.board.stands(Kind::Held, &press)).await;
    assert!(running.board.stands(Kind::SourceAway, &press), "the folder is still away");
    // What comes back is taken, and the word that was given is not a word on what goes later.
    std::fs::create_dir(&folder).unwrap();
    for n in 0..30 {
        std::fs::write(folder.join(n.to_string()), "글").unwrap();
    }
    until("they are back", async || running.live().await == 30).await;
    std::fs::remove_dir_all(&folder).unwrap();

    until("all of it is held again", async || running.board.stands(Kind::Held, &press)).await;
    assert_eq!(running.live().await, 30);
}

/// It is listed, goes, and is to be listened to: nothing tells that it went but another listing.
#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_goes_between_listing_and_watch_is_soon_missed() {
    let running = Running::over(30).await;
    let drop = running.root.path().join("drop");
    let press = Subject::of("press", &"1741000".parse().unwrap());
    let is_away = async || running.board.stands(Kind::SourceAway, &press);
    std::fs::rename(&drop, running.root.path().join("away")).unwrap();
    until("it is away", is_away).await;
    running.parting.armed.store(true, Ordering::SeqCst);
    std::fs::create_dir(&drop).unwrap();
    until("it is listed, and goes", async || !running.parting.armed.load(Ordering::SeqCst)).await;
    // Long before it is listed because nothing is heard.
    until_within(Duration::from_secs(30), "it is away again", is_away).await;
    until("all of it is held", async || running.is_held()).await;
    assert_eq!(running.live().await, 30);
}

/// It is not away for long enough to be held, and what stands in its place then proves nothing either.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_away_for_a_moment_is_not_emptied_by_what_comes_back() {
    let running = Running::over(3).await;
    let drop = running.root.path().join("drop");
    std::fs::rename(&drop, running.root.path().join("away")).unwrap();
    let press = Subject::of("press", &"1741000".parse().unwrap());
    let is_away = async || running.board.stands(Kind::SourceAway, &press);
    until("it cannot be listed", is_away).await;
    std::fs::create_dir(&drop).unwrap();
    until("a folder is there", async || !is_away().await).await;
    running.settled().await;
    running.pass(WINDOW.longest_ms).await;
    assert!(
        running.ledger.held("press").await.unwrap().is_some(),
        "nobody has said that they are gone"
    );
    assert_eq!(running.live().await, 4);
}

/// Fewer than a mass by far: what the source was away for is not proved by an empty folder in its place.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_was_away_and_comes_back_empty_is_held_however_few_it_had() {
    let running = Running::over(3).await;
    let drop = running.root.path().join("drop");
    let away = running.root.path().join("away");
    let press = Subject::of("press", &"1741000".parse().unwrap());
    std::fs::rename(&drop, &away).unwrap();
    until("it is held", async || running.is_held()).await;
    std::fs::create_dir(&drop).unwrap();
    let is_back = async || !running.board.stands(Kind::SourceAway, &press);
    until("a folder is there", is_back).await;
    running.settled().await;
    running.pass(WINDOW.longest_ms).await;
    let held =
        running.ledger.held("press").await.unwrap().expect("nobody has said that they are gone");
    assert_eq!((held.missing, running.live().await), (3, 4));

    for n in 0..3 {
        std::fs::rename(away.join(n.to_string()), running.path(&n.to_string())).unwrap();
    }
    until("the hold ends by itself", async || !running.is_held()).await;
    running.settled().await;
    assert_eq!((running.live().await, running.balance().await.deleted), (4, 0));
    // And then a file that goes is gone.
    std::fs::remove_file(running.path("1")).unwrap();
    until("it is withdrawn", async || running.live().await == 3).await;
}

/// What an earlier version recorded without the inode's own time is said in full at the next listing, and nothing is read
/// for it: the next edit that leaves size and time of change is seen.
#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_an_earlier_time_is_recorded_in_full_at_a_listing() {
    use sqlx::ConnectOptions;
    let running = Running::over(2).await;
    let versions = async || {
        let known = running.ledger.known("press", None, 9).await.unwrap();
        known.into_iter().map(|known| known.version).collect::<Vec<_>>()
    };
    let full = versions().await;
    let file = running.root.path().join("ledger.db");
    let mut ledger =
        sqlx::sqlite::SqliteConnectOptions::new().filename(file).connect().await.unwrap();
    for version in &full {
        let parts: Vec<&str> = version.split('-').collect();
        let former = [parts[0], parts[1], parts[3]].join("-");
        let query = sqlx::query("UPDATE object SET version = ? WHERE version = ?");
        query.bind(former).bind(version).execute(&mut ledger).await.unwrap();
    }
    assert_ne!(versions().await, full);
    running.asks.send(Ask::Reconcile).await.unwrap();
    until("both are said in full", async || versions().await == full).await;
    let jobs: i64 =
        sqlx::query_scalar("SELECT count(*) FROM job").fetch_one(&mut ledger).await.unwrap();
    assert_eq!(jobs, 2, "nothing is read for it");
}
