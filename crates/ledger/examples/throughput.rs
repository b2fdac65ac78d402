//! How many jobs a second the SQLite ledger takes, with commits that outlive a power cut:
//! `cargo run --release -p madang-ledger --example throughput [JOBS] [BATCH] [FOLDER]`.
//!
//! A job is one claim and one completion with its document, its entry, its act and two outbox rows.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement: prints its figures and has nobody to report an error to"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use madang_document::principal::Scope;
use madang_ledger::conformance::sample::{
    Hand, LEASE, PIPELINE, at, done, ours, queue, sighting, worker,
};
use madang_ledger::jobs::Jobs;
use madang_ledger::objects::Objects;
use madang_ledger::sqlite::SqliteLedger;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let jobs: u32 = arguments.next().map_or(20_000, |n| n.parse().unwrap());
    let batch: u32 = arguments.next().map_or(32, |n| n.parse().unwrap());
    let folder = arguments.next().map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let folder = tempfile::tempdir_in(folder).unwrap();
    let hand = Hand::default();
    let ledger = SqliteLedger::open(&folder.path().join("ledger.db"), hand.clock()).await.unwrap();
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();

    let start = Instant::now();
    for first in (0..jobs).step_by(500) {
        let names = first..jobs.min(first + 500);
        let sightings: Vec<_> = names.map(|n| sighting(&format!("{n:08}.hwp"), "v1")).collect();
        hand.set(at(i64::from(first)));
        ledger.see(&sightings).await.unwrap();
    }
    println!("see       {:>8.0} paths/s", f64::from(jobs) / start.elapsed().as_secs_f64());

    // For twenty seconds at most: a long queue is to be measured, not to be emptied.
    let start = Instant::now();
    hand.set(at(i64::from(jobs)));
    let (mut finished, mut claims_took) = (0u32, Vec::new());
    while start.elapsed() < Duration::from_secs(20) {
        let moment = Instant::now();
        let claims = ledger.claim(&worker(1), batch, LEASE).await.unwrap();
        claims_took.push(moment.elapsed());
        if claims.is_empty() {
            break;
        }
        finished += claims.len() as u32;
        let completions: Vec<_> = claims.iter().map(|claim| done(claim, &[])).collect();
        ledger.complete(&completions).await.unwrap();
    }
    println!("jobs      {:>8.0} jobs/s", f64::from(finished) / start.elapsed().as_secs_f64());
    claims_took.sort();
    let rank = |share: f64| {
        let place = (claims_took.len() as f64 * share) as usize;
        claims_took.get(place).copied().unwrap_or_default()
    };
    println!("claim     p50 {:?}, p99 {:?}", rank(0.5), rank(0.99));

    let start = Instant::now();
    let queues = ledger.queues().await.unwrap();
    println!(
        "queues()  {:?}, {} ready",
        start.elapsed(),
        queues.iter().map(|q| q.ready).sum::<u64>()
    );
    let start = Instant::now();
    let balance = ledger.balance(&Scope::All).await.unwrap();
    println!("balance() {:?}, holds: {}", start.elapsed(), balance.holds());
}
