//! A bucket as a source, served by a real S3 service.

use madang_servers::bucket::{BUCKET, Bucket};
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{Scenario, Summary};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};

const SOURCE: &[&str] = &["s3://drop/보도자료", "--config", "madang.toml"];

async fn put(client: &impl ObjectStore, key: &str, bytes: impl Into<Vec<u8>>) {
    client.put(&Path::parse(key).unwrap(), PutPayload::from(bytes.into())).await.unwrap();
}

/// Runs without keeping the runtime from serving the bucket meanwhile.
async fn once(scenario: &Scenario, sources: &[&str]) -> Summary {
    tokio::task::block_in_place(|| scenario.once(sources))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_is_read_followed_and_forgotten_like_a_folder() {
    let bucket = Bucket::start().await;
    let client = bucket.client();
    let scenario = Scenario::new();
    scenario.write("madang.toml", bucket.configuration());
    put(&client, "보도자료/처음.txt", "통에 든 글 inthebucket").await;
    put(&client, "보도자료/문서/table.hwpx", fixture("hwpx/table.hwpx")).await;
    put(&client, "보도자료/바뀔 것.txt", "먼저 있던 글 formerly").await;
    put(&client, "2025/elsewhere.txt", "다른 곳의 글 elsewhere").await;
    put(&client, "보도자료/파일.part", "left out").await;

    let summary = once(&scenario, SOURCE).await;
    assert_eq!(summary, Summary { received: 3, indexed: 3, ..Summary::default() });
    assert_eq!(scenario.found("inthebucket"), ["처음.txt"]);
    assert_eq!(scenario.found("formerly"), ["바뀔 것.txt"]);
    assert!(scenario.found("elsewhere").is_empty(), "it lies outside of the prefix");
    let before = scenario.live_entries();
    let changes = scenario.changes();

    // A listing alone, and nothing is read again.
    let reads = bucket.reads("").len();
    assert_eq!(once(&scenario, SOURCE).await, summary);
    assert_eq!(scenario.changes(), changes);
    assert_eq!(bucket.reads("").len(), reads);

    put(&client, "보도자료/바뀔 것.txt", "나중에 든 글 afterwards").await;
    client.delete(&Path::parse("보도자료/처음.txt").unwrap()).await.unwrap();
    let summary = once(&scenario, SOURCE).await;
    assert_eq!(summary, Summary { received: 3, indexed: 2, deleted: 1, ..Summary::default() });
    assert!(scenario.found("inthebucket").is_empty());
    assert!(scenario.found("formerly").is_empty());
    assert_eq!(scenario.found("afterwards"), ["바뀔 것.txt"]);
    let replaced = scenario.search("afterwards")["hits"][0]["id"].as_str().unwrap().to_owned();
    let after = scenario.live_entries();
    assert_eq!((before[&replaced], after[&replaced]), (1, 2));
    assert_eq!(after.len(), before.len() - 1);
    scenario.succeed(&["index", "verify"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_film_is_read_by_ranges_only() {
    const SIZE: u64 = 70 << 20;
    let bucket = Bucket::start().await;
    let scenario = Scenario::new();
    scenario.write("madang.toml", bucket.configuration());
    put(&bucket.client(), "보도자료/long.wav", wav(SIZE)).await;
    let summary = once(&scenario, SOURCE).await;
    assert_eq!(summary, Summary { received: 1, indexed: 1, ..Summary::default() });
    assert_eq!(scenario.search("")["hits"][0]["path"], "long.wav");
    let id = scenario.search("")["hits"][0]["id"].as_str().unwrap().to_owned();
    let shown = scenario.succeed(&["show", &id, "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["size"], &shown["outcome"]), (&SIZE.into(), &"ok".into()), "{shown}");
    assert_eq!(shown["metadata"]["sample_rate"], 48_000, "{shown}");

    let reads = bucket.reads("long.wav");
    assert!(!reads.is_empty());
    assert!(reads.iter().all(|read| read.range.is_some()), "{reads:?}");
    let bytes: u64 = reads.iter().filter_map(|read| read.range).sum();
    assert!(bytes < SIZE / 4, "{bytes} of {SIZE} bytes were read in {} ranges", reads.len());
}

/// A WAV file of silence, one channel of 16 bits at 48 kHz (RIFF: Multimedia Programming Interface, chapter 3).
fn wav(size: u64) -> Vec<u8> {
    let size = size as u32;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((size - 8).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16u32.to_le_bytes());
    for value in [1u16, 1] {
        bytes.extend(value.to_le_bytes());
    }
    for value in [48_000u32, 96_000] {
        bytes.extend(value.to_le_bytes());
    }
    for value in [2u16, 16] {
        bytes.extend(value.to_le_bytes());
    }
    bytes.extend(b"data");
    bytes.extend((size - 44).to_le_bytes());
    bytes.resize(size as usize, 0);
    bytes
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_and_a_missing_bucket_are_told_with_the_cure() {
    let bucket = Bucket::start().await;
    let scenario = Scenario::new();
    scenario.write("madang.toml", bucket.configuration().replace("madang-secret", "wrong-secret"));
    let output = tokio::task::block_in_place(|| scenario.run(&["up", SOURCE[0], "--once"]));
    assert!(!output.status.success());
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("check the store's keys in madang.toml"), "{error}");
    assert!(!error.contains("wrong-secret"), "a secret is never printed: {error}");

    scenario.write(
        "madang.toml",
        bucket.configuration().replace(&format!("[stores.{BUCKET}]"), "[stores.gone]"),
    );
    let output =
        tokio::task::block_in_place(|| scenario.run(&["up", "s3://gone/보도자료", "--once"]));
    assert!(!output.status.success(), "an absent bucket is no empty one");
}
