//! How many jobs a second the SQLite ledger takes, with commits that outlive a power cut, how large it becomes and
//! how long claims and receipts take while much waits:
//! `cargo run --release -p madang-ledger --example throughput [JOBS] [BATCH] [FOLDER] [QUEUES]`.
//! The ledger lies below FOLDER, else below the system's temporary folder, which should lie on a disk.
//!
//! A job is one claim and one completion with its document, its act and its outbox row; its entry is written as
//! the cataloguer does, in batches of 200, and counted apart.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement: prints its figures and has nobody to report an error to"
)]

#[path = "measure/spread.rs"]
mod spread;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use madang_document::entry::Draft;
use madang_document::principal::Scope;
use madang_ledger::conformance::sample::{
    Hand, LEASE, at, done, id, ours, queue, sighting, worker,
};
use madang_ledger::documents::Documents;
use madang_ledger::entries::Entries;
use madang_ledger::jobs::{Jobs, PriorityClass};
use madang_ledger::objects::Objects;
use madang_ledger::outbox::Outbox;
use madang_ledger::sqlite::SqliteLedger;
use spread::Spread;

/// An entry as the catalogue makes it of a small text file, but for what is the document's own.
const ENTRY: &str = include_str!("entry.json");

fn name(n: u32) -> String {
    format!("2026/보도자료/{n:08}.txt")
}

/// How much processor time this process has used, its threads together; nothing where /proc is not. It says what the work
/// costs also on a machine that is busy with something else.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // Field 14 and 15, in hundredths of a second (proc_pid_stat(5)); the second field ends with the last bracket.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok());
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// What one of so many took of the processor since then, in microseconds.
fn each(since: Duration, count: u64) -> f64 {
    (processor() - since).as_secs_f64() * 1e6 / count.max(1) as f64
}

/// Bytes of the file, its log written back.
async fn size(ledger: &SqliteLedger, path: &Path) -> u64 {
    ledger.close().await.unwrap();
    std::fs::metadata(path).unwrap().len()
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let jobs: u32 = arguments.next().map_or(20_000, |n| n.parse().unwrap());
    let batch: u32 = arguments.next().map_or(32, |n| n.parse().unwrap());
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let queues: u32 = arguments.next().map_or(1, |n| n.parse().unwrap());
    let folder = tempfile::tempdir_in(folder).unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open(&path, hand.clock()).await.unwrap();
    for n in 0..queues {
        ledger.open_queue(&queue(&format!("press-releases-{n}"), ours())).await.unwrap();
    }

    let (start, used) = (Instant::now(), processor());
    for first in (0..jobs).step_by(500) {
        let names = first..jobs.min(first + 500);
        let sightings: Vec<_> = names
            .map(|n| {
                let mut sighting =
                    sighting(&name(n), "66312345-1800000000123456789-1800000000123456789-1024");
                sighting.pipeline = format!("press-releases-{}", n % queues);
                sighting
            })
            .collect();
        hand.set(at(i64::from(first)));
        ledger.see(&sightings).await.unwrap();
    }
    let rate = f64::from(jobs) / start.elapsed().as_secs_f64();
    println!(
        "see       {rate:>8.0} paths/s, {:.0} µs of processor each",
        each(used, u64::from(jobs))
    );
    hand.set(at(i64::from(jobs)));
    let mut receipts = Vec::new();
    let mut ahead = None;
    for n in (0..200).map(|n| jobs / 200 * n).chain([jobs - 1]) {
        let moment = Instant::now();
        let standing = ledger.standing_of(id(&name(n)), &Scope::All).await.unwrap().unwrap();
        receipts.push(moment.elapsed());
        ahead = standing.ahead;
    }
    println!("receipt   {}", Spread::of(receipts));
    println!("          {jobs} wait; the last sees {ahead:?} before it");

    // For twenty seconds at most: a long queue is to be measured, not to be emptied.
    let (start, used) = (Instant::now(), processor());
    let (mut finished, mut claims_took, mut completions_took) = (0u32, Vec::new(), Vec::new());
    while start.elapsed() < Duration::from_secs(20) {
        let moment = Instant::now();
        let claims =
            ledger.claim(&worker(1), None, PriorityClass::Any, batch, LEASE).await.unwrap();
        claims_took.push(moment.elapsed());
        if claims.is_empty() {
            break;
        }
        finished += claims.len() as u32;
        let completions: Vec<_> = claims
            .iter()
            .map(|claim| {
                let mut completion = done(claim, &[]);
                for document in &mut completion.documents {
                    document.sha256 = document.text.map(|text| text.blob);
                }
                completion
            })
            .collect();
        let moment = Instant::now();
        ledger.complete(&completions).await.unwrap();
        completions_took.push(moment.elapsed());
    }
    let rate = f64::from(finished) / start.elapsed().as_secs_f64();
    println!(
        "jobs      {rate:>8.0} jobs/s, {:.0} µs of processor each",
        each(used, u64::from(finished))
    );
    println!("claim     {}", Spread::of(claims_took));
    println!("complete  {}", Spread::of(completions_took));

    let (start, used) = (Instant::now(), processor());
    let (mut after, mut written) = (0, 0);
    loop {
        let changes = ledger.document_changes(after, 200).await.unwrap().readable();
        let Some(last) = changes.last() else { break };
        after = last.seq;
        let ids: Vec<_> = changes.iter().map(|change| change.document).collect();
        let drafts: Vec<Draft> = ledger
            .documents(&ids)
            .await
            .unwrap()
            .readable()
            .into_iter()
            .map(|stored| {
                let document = stored.document;
                let body = ENTRY
                    .trim()
                    .replace("ID", &document.id.to_string())
                    .replace("PATH", &document.object.path)
                    .replace("HASH", &document.sha256.unwrap().to_string());
                Draft::new(document.id.to_string(), Some(document.id), document.agency, body)
            })
            .collect();
        written += ledger.put_entries(&drafts).await.unwrap();
    }
    let rate = written as f64 / start.elapsed().as_secs_f64();
    println!("entries   {rate:>8.0} entries/s, {:.0} µs of processor each", each(used, written));

    let start = Instant::now();
    let queues = ledger.queues().await.unwrap();
    let ready: u64 = queues.iter().map(|q| q.ready).sum();
    println!("queues()  {:?}, {ready} ready", start.elapsed());
    let start = Instant::now();
    let balance = ledger.balance(&Scope::All).await.unwrap();
    println!("balance() {:?}, holds: {}", start.elapsed(), balance.holds());
    let bytes = size(&ledger, &path).await;
    println!("file      {:>8} bytes a path ({finished} of {jobs} read)", bytes / u64::from(jobs));
}
