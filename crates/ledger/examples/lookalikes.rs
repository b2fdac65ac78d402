//! How long it takes to find what looks like a document among many:
//! `cargo run --release -p madang-ledger --example lookalikes [FINGERPRINTS] [FOLDER] [--prepare]`.
//! The ledger lies below FOLDER, else below the system's temporary folder.
//!
//! Fingerprints of ten agencies are put straight into their table, since recording a million documents is measured by
//! `throughput`; among them are those of a few documents that were recorded as all are. The first question fills memory, unless that is
//! done before (`--prepare`); then it is asked of a thousand texts whether they have renditions.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement: prints its figures and has nobody to report an error to"
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_document::annotation::Finding;
use madang_document::fingerprint::Fingerprint;
use madang_document::id::DocumentId;
use madang_document::opening::Opening;
use madang_document::principal::Scope;
use madang_ledger::conformance::sample::{
    Hand, Trial, apply, at, claim, done, id, only, ours, said, see,
};
use madang_ledger::sqlite::SqliteLedger;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use uuid::Uuid;

/// Documents of which it is asked at once whether they have renditions.
const ASKED: u64 = 1000;

/// How often each question is asked.
const TIMES: usize = 21;

/// Bits that look like chance, from a number (SplitMix64).
fn chance(n: u64) -> u64 {
    let mut x = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// The id of a document of which there is nothing but a fingerprint.
fn document(n: u64) -> DocumentId {
    DocumentId::from(Uuid::from_u64_pair(chance(n), chance(n)))
}

fn print(n: u64) -> Fingerprint {
    Fingerprint::new([chance(4 * n), chance(4 * n + 1), chance(4 * n + 2), chance(4 * n + 3)])
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--prepare");
    let many: u64 = arguments.next().map_or(1_000_000, |n| n.parse().unwrap());
    let folder = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("lookalikes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("ledger.db");

    let hand = Hand::default();
    let ledger = SqliteLedger::open(&path, hand.clock()).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand);
    see(&trial, &["a", "b", "c", "d"], at(0)).await;
    for (n, claim) in claim(&trial, 9, at(1)).await.iter().enumerate() {
        let mut words = print(0).words();
        words[0] ^= (1 << (8 * n)) - 1;
        let opening = Opening::of("가나다라마바사아자차카타파하".repeat(40).chars());
        let finding =
            Finding::Text { fingerprint: Fingerprint::new(words), shingles: 1000, opening };
        let mut completion = done(claim, &[]);
        completion.documents[0].annotations = vec![said("text_fingerprint", 1, finding)];
        apply(&trial, completion, at(2)).await;
    }
    let begun = Instant::now();
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let mut tx = conn.begin().await.unwrap();
    for n in 1..=many {
        // Half are texts; one agency of ten has the documents that are asked for.
        sqlx::query(
            "INSERT INTO fingerprint (document, agency, kind, version, shingles, bits)
             VALUES (?, ?, ?, 1, 1000, ?)",
        )
        .bind(document(n).uuid().as_bytes().to_vec())
        .bind(format!("{}", 1_741_000 + n % 10))
        .bind(if n % 2 == 0 { 1 } else { 2 })
        .bind(print(n).to_bytes().to_vec())
        .execute(&mut *tx)
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    conn.close().await.unwrap();
    println!("{many} fingerprints written in {:.1} s", begun.elapsed().as_secs_f64());
    if std::env::args().any(|argument| argument == "--prepare") {
        let begun = Instant::now();
        let brought = trial.prepare().await.unwrap();
        println!(
            "{brought} fingerprints brought to memory in {:.1} s",
            begun.elapsed().as_secs_f64()
        );
    }
    for (what, scope) in [("one agency of ten", only([ours()])), ("all agencies", Scope::All)] {
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            let found = trial.lookalikes(id("a"), &scope, 20).await.unwrap();
            times.push(begun.elapsed());
            assert_eq!(found.len(), 3);
        }
        let first = times.remove(0);
        times.sort_unstable();
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{what}: first {:.1} ms, then {:.1} ms (median), {:.1} ms (slowest of {})",
            ms(first),
            ms(times[times.len() / 2]),
            ms(times[times.len() - 1]),
            times.len()
        );
    }
    // Texts of which nothing is near but by chance, so that each is compared with all there is.
    let asked = |nth: u64| -> Vec<DocumentId> {
        let texts = (1..=many).filter(|n| n % 2 == 0).skip((nth * ASKED) as usize);
        texts.take(ASKED as usize).map(document).collect()
    };
    let mut first: Vec<Duration> = Vec::new();
    let mut again: Vec<Duration> = Vec::new();
    for nth in 0..5 {
        let asked = asked(nth);
        for times in [&mut first, &mut again] {
            let begun = Instant::now();
            let found = trial.with_renditions(&asked, &Scope::All).await.unwrap();
            times.push(begun.elapsed());
            assert!(found.is_empty(), "{}", found.len());
        }
    }
    for (what, mut times) in [("for the first time", first), ("again", again)] {
        times.sort_unstable();
        let ms = |nth: usize| times[nth].as_secs_f64() * 1000.0;
        println!(
            "which of {ASKED} have renditions, {what}: {:.1} ms at the least, {:.1} ms (median), {:.1} ms at the most",
            ms(0),
            ms(times.len() / 2),
            ms(times.len() - 1)
        );
    }
    drop(trial);
    std::fs::remove_dir_all(&folder).unwrap();
}
