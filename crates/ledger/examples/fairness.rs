//! How long a file of one agency takes while very many of another wait, beside how long it takes when nothing waits:
//! `cargo run --release -p madang-ledger --example fairness [WAITING] [FILES] [READING_MS] [FOLDER]`.
//! The ledger lies below FOLDER, else below the system's temporary folder, which should lie on a disk.
//!
//! Two workers take one file after the other and read each for so many milliseconds. A file of the small agency is seen
//! while they work, and its time runs from there until it is completed. What it may take: twice what it takes idle, and
//! one file of the others, which is being read when it comes.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement: prints its figures and has nobody to report an error to"
)]

#[path = "measure/spread.rs"]
mod spread;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use madang_document::timestamp::Timestamp;
use madang_ledger::conformance::sample::{LEASE, done, ours, queue, sighting, theirs, worker};
use madang_ledger::jobs::{Jobs, PriorityClass};
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::sqlite::SqliteLedger;
use spread::Spread;
use tokio::sync::{Notify, mpsc};

const WORKERS: u128 = 2;

fn now() -> Timestamp {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

fn bulk(n: u32) -> Sighting {
    let mut sighting = sighting(&format!("bulk/{n:08}"), "v1");
    (sighting.pipeline, sighting.agency) = ("bulk".to_owned(), theirs());
    sighting
}

/// A worker: takes a file, reads it, completes it, tells its path.
async fn work(
    n: u128,
    reading: Duration,
    ledger: Arc<SqliteLedger>,
    stop: Arc<AtomicBool>,
    news: Arc<Notify>,
    finished: mpsc::UnboundedSender<String>,
) {
    loop {
        // Made before the look at the flag and the claim, so that no word of either is slept through.
        let wake = news.notified();
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let claims = ledger.claim(&worker(n), None, PriorityClass::Any, 1, LEASE).await.unwrap();
        let Some(claim) = claims.first() else {
            wake.await;
            continue;
        };
        tokio::time::sleep(reading).await;
        ledger.complete(&[done(claim, &[])]).await.unwrap();
        // Nobody listens at the end.
        let _ = finished.send(claim.object.path.clone());
    }
}

/// How long each of these files takes from when it is seen to when it is completed, one after the other.
async fn files(
    prefix: &str,
    files: u32,
    ledger: &SqliteLedger,
    news: &Notify,
    finished: &mut mpsc::UnboundedReceiver<String>,
) -> Spread {
    let mut took = Vec::new();
    for n in 0..files {
        let path = format!("{prefix}/{n}");
        let start = Instant::now();
        ledger.see(&[sighting(&path, "v1")]).await.unwrap();
        news.notify_waiters();
        while finished.recv().await.unwrap() != path {}
        took.push(start.elapsed());
    }
    Spread::of(took)
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let waiting: u32 = arguments.next().map_or(100_000, |n| n.parse().unwrap());
    let count: u32 = arguments.next().map_or(200, |n| n.parse().unwrap());
    let reading: u64 = arguments.next().map_or(20, |n| n.parse().unwrap());
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Arc::new(SqliteLedger::open(&path, Arc::new(now)).await.unwrap());
    ledger.open_queue(&queue("press", ours())).await.unwrap();
    ledger.open_queue(&queue("bulk", theirs())).await.unwrap();

    let (stop, news) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let (tell, mut finished) = mpsc::unbounded_channel();
    let reading = Duration::from_millis(reading);
    let workers: Vec<_> = (0..WORKERS)
        .map(|n| {
            let (ledger, stop) = (Arc::clone(&ledger), Arc::clone(&stop));
            tokio::spawn(work(n, reading, ledger, stop, Arc::clone(&news), tell.clone()))
        })
        .collect();

    let idle = files("idle", count, &ledger, &news, &mut finished).await;
    println!("idle      {idle}");
    for first in (0..waiting).step_by(1000) {
        let sightings: Vec<_> = (first..waiting.min(first + 1000)).map(bulk).collect();
        ledger.see(&sightings).await.unwrap();
    }
    news.notify_waiters();
    let beside = files("beside", count, &ledger, &news, &mut finished).await;
    println!("beside    {beside}, {waiting} of another agency wait");
    let allowed = 2.0 * idle.rank(0.95) + reading.as_secs_f64() * 1000.0;
    let p95 = beside.rank(0.95);
    println!("p95       {p95:.1} ms, allowed {allowed:.1} ms: {}", p95 <= allowed);

    stop.store(true, Ordering::SeqCst);
    news.notify_waiters();
    for worker in workers {
        worker.await.unwrap();
    }
}
