//! A source of very many files: what its listing holds in memory does not grow with them.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]
#![allow(unsafe_code, reason = "an allocator that counts is an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use futures::StreamExt;
use madang_document::object::ObjectRef;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::objects::Objects;
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_pipeline::board::Board;
use madang_pipeline::clock::{Clock, steady};
use madang_pipeline::declaration::parse;
use madang_pipeline::missing::Window;
use madang_pipeline::source::{Source, SourceState};
use madang_store::error::StoreError;
use madang_store::store::{Body, Listed, Listing, Pinned, Precondition, Seen, Store};
use madang_store::watcher::Watcher;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The system's allocator, which counts the bytes that are in use, and the most that were.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call is the system allocator's own; beside it two numbers are counted.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller's promise is the one asked for.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, bytes: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: likewise.
        unsafe { System.dealloc(bytes, layout) }
    }
}

const FILES: usize = 200_000;
const NEW: usize = 30_000;

/// A place of very many files, none of which is anywhere: their names are made up as they are listed.
struct MadeUp {
    listed: Arc<AtomicUsize>,
}

#[async_trait]
impl Store for MadeUp {
    fn name(&self) -> &str {
        "press"
    }

    fn place(&self) -> String {
        "nowhere".to_owned()
    }

    fn list(&self) -> Listing {
        let listed = Arc::clone(&self.listed);
        let names = (0..FILES).map(move |n| {
            listed.fetch_add(1, Ordering::Relaxed);
            Ok(Seen::Object(Listed {
                path: format!("보도자료/2026년/{:03}/붙임 문서의 긴 이름 {n:07}.hwpx", n / 1_000),
                version: format!("{n:x}-18ab3c5d7e9f0000-18ab3c5d7e9f0000-400"),
                size: 1_024,
                modified: Some(Timestamp(1_700_000_000_000)),
            }))
        });
        futures::stream::iter(names).boxed()
    }

    async fn look(&self, _: &str) -> Result<Option<Seen>, StoreError> {
        Ok(None)
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        Err(StoreError::Gone(object.path.clone()))
    }

    async fn put(&self, path: &str, _: Body, _: Precondition) -> Result<Listed, StoreError> {
        Err(StoreError::denied(path, "nothing is kept here"))
    }

    async fn watch(&self) -> Result<Option<Watcher>, StoreError> {
        Ok(None)
    }
}

/// Writes the first of the files into a ledger as ones that are known: to see them one after the other takes what a first
/// listing takes.
async fn know(file: &Path, files: usize) {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    let mut ledger = options.connect().await.unwrap();
    let numbers = format!(
        "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < {files}) "
    );
    let paths = "INSERT INTO path (id, document, store, path, pipeline, agency, object, seen_at)
         SELECT i + 1, randomblob(16), 'press',
             printf('보도자료/2026년/%03d/붙임 문서의 긴 이름 %07d.hwpx', i / 1000, i),
             'press', '1741000', i + 1, 0 FROM n";
    let objects = "INSERT INTO object (id, path, version, size, modified, seen_at)
         SELECT i + 1, i + 1, printf('%x-18ab3c5d7e9f0000-18ab3c5d7e9f0000-400', i), 1024, 0, 0 FROM n";
    for insert in [paths, objects] {
        let insert = format!("{numbers}{insert}");
        sqlx::query(sqlx::AssertSqlSafe(insert)).execute(&mut ledger).await.unwrap();
    }
    ledger.close().await.unwrap();
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

/// Most of 200,000 files are known, and the rest is new. A list of the known held whole takes over 30 MB, one of the new
/// over 6; what is held at any moment is a batch of what is new and a page of what is known. A parent that holds so little
/// lists them under 300 MiB, with all else that it has.
#[tokio::test]
async fn a_listing_of_200_000_files_holds_a_batch_of_them() {
    const ALLOWED: usize = 3 << 20;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ledger.db");
    let ledger = SqliteLedger::open_with(&file, Arc::new(now), Durability::Process).await.unwrap();
    let ledger = Arc::new(ledger);
    know(&file, FILES - NEW).await;
    let text = "name = \"press\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop\"\n";
    let listed = Arc::new(AtomicUsize::new(0));
    let clock: Clock = Arc::new(now);
    let source = Source {
        pipeline: parse(text, "press.toml", folder.path()).unwrap(),
        store: Arc::new(MadeUp { listed: Arc::clone(&listed) }),
        ledger: Arc::clone(&ledger) as _,
        outdated: Arc::new(|_, _| {}),
        work: Arc::default(),
        steady: steady(&clock),
        clock,
        jitter: Arc::new(|| 0.0),
        board: Board::new(Arc::new(now)),
        window: Window { quiet_ms: 1_000, span_ms: 600_000, longest_ms: 600_000 },
    };
    let (_asks, mut asked) = mpsc::channel(8);
    let (told, mut state) = watch::channel(SourceState::default());
    let stop = CancellationToken::new();
    let end = stop.clone();
    let before = IN_USE.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let running = tokio::spawn(async move { source.run(&mut asked, told, end).await });

    state.wait_for(|state| state.settled).await.unwrap();
    assert_eq!(listed.load(Ordering::Relaxed), FILES);
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!(balance.received, FILES as u64);
    let most = MOST.load(Ordering::Relaxed) - before;
    assert!(most < ALLOWED, "{most} bytes were in use");
    stop.cancel();
    running.await.unwrap();
}
