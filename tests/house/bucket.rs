//! A bucket as a source, served by a real S3 service.

use std::os::unix::fs::FileExt;

use madang_document::raster::{Raster, Shades};
use madang_pipeline::jpeg_file::jpeg_file;
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

/// Bytes of a film, and the part of them that may be fetched.
const LARGE: u64 = 2 << 30;
const FETCHED: u64 = LARGE / 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_long_film_shows_its_frames_wherever_its_index_stands() {
    let bucket = Bucket::start().await;
    let scenario = Scenario::new();
    // A child has little besides.
    let configuration = format!("{}[limits]\nmemory_mib = 512\n", bucket.configuration());
    scenario.write("madang.toml", configuration);
    for (name, is_index_first) in [("first.mp4", true), ("last.mp4", false)] {
        // The service keeps the ETag of what is put and would hash the gigabytes of anything else for each answer. Nobody
        // holds the bytes between the pictures, on the disk neither.
        let key = format!("보도자료/{name}");
        put(&bucket.client(), &key, name).await;
        let file = std::fs::File::options().write(true).open(bucket.object(&key)).unwrap();
        file.set_len(LARGE).unwrap();
        for (offset, bytes) in film(is_index_first) {
            file.write_all_at(&bytes, offset).unwrap();
        }
    }
    let summary = once(&scenario, SOURCE).await;
    assert_eq!(summary, Summary { received: 2, indexed: 2, ..Summary::default() });
    let hits = scenario.search("");
    for hit in hits["hits"].as_array().unwrap() {
        let (id, name) = (hit["id"].as_str().unwrap(), hit["path"].as_str().unwrap());
        let shown: serde_json::Value =
            serde_json::from_str(&scenario.succeed(&["show", id, "--json"])).unwrap();
        assert_eq!((&shown["size"], &shown["outcome"]), (&LARGE.into(), &"ok".into()), "{shown}");
        assert_eq!(shown["metadata"]["duration_s"], 3600.0, "{shown}");
        let previews = shown["previews"].as_array().unwrap();
        assert!(previews.len() > 20, "{name}: {}", previews.len());
        assert_eq!(previews[0]["locator"], serde_json::json!({"whole": {}}), "the sheet");
        let times = previews.iter().filter_map(|it| it["locator"]["time"]["start_ms"].as_u64());
        let times: Vec<u64> = times.collect();
        assert!(times.is_sorted() && times.last() > Some(&3_400_000), "{name}: {times:?}");

        let reads = bucket.reads(name);
        assert!(reads.iter().all(|read| read.range.is_some()), "{name}: {reads:?}");
        let bytes: u64 = reads.iter().filter_map(|read| read.range).sum();
        assert!(bytes < FETCHED, "{name}: {bytes} bytes were fetched in {} ranges", reads.len());
        println!("{name}: {bytes} of {LARGE} bytes in {} ranges", reads.len());
        let told = shown["metadata"]["fetched_bytes"].as_u64();
        assert!(told > Some(0) && told <= Some(bytes), "{name}: {told:?} of {bytes}");
    }
}

/// A film of an hour (ISO 14496-12), a picture every six seconds, as places and bytes of a file of [`LARGE`] bytes of which
/// all else is nought.
fn film(is_index_first: bool) -> Vec<(u64, Vec<u8>)> {
    const PICTURES: u32 = 600;
    // A bar that wanders from left to right.
    let pictures: Vec<Vec<u8>> = (0..16)
        .map(|n| {
            let shade = |x: u32| if x / 10 == n { 250 } else { 30 };
            let pixels = (0..120).flat_map(|_| (0..160).map(shade)).collect();
            jpeg_file(&Raster::new(160, 120, Shades::Gray, pixels).unwrap())
        })
        .collect();
    let picture = |n: u32| &pictures[n as usize * 5 % pictures.len()];
    fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        [&(body.len() as u32 + 8).to_be_bytes(), kind.as_slice(), &body].concat()
    }
    let numbers = |list: &[u32]| -> Vec<u8> { list.iter().flat_map(|n| n.to_be_bytes()).collect() };
    let sizes: Vec<u32> = (0..PICTURES).map(|n| picture(n).len() as u32).collect();
    let index = |places: &[u64]| {
        let flags = [0u8; 4];
        let mut entry = vec![0; 78];
        entry[7] = 1;
        entry[24..28].copy_from_slice(&[0, 160, 0, 120]);
        let places: Vec<u8> = places.iter().flat_map(|place| place.to_be_bytes()).collect();
        let table = boxed(
            b"stbl",
            &[
                &boxed(b"stsd", &[&flags, &numbers(&[1]), &boxed(b"jpeg", &[&entry])]),
                &boxed(b"stts", &[&flags, &numbers(&[1, PICTURES, 6000])]),
                &boxed(b"stsc", &[&flags, &numbers(&[1, 1, 1, 1])]),
                &boxed(b"stsz", &[&flags, &numbers(&[0, PICTURES]), &numbers(&sizes)]),
                &boxed(b"co64", &[&flags, &numbers(&[PICTURES]), &places]),
            ],
        );
        let here = boxed(b"url ", &[&[0, 0, 0, 1]]);
        let place = boxed(b"dinf", &[&boxed(b"dref", &[&flags, &numbers(&[1]), &here])]);
        let handler = boxed(b"hdlr", &[&[0; 8], b"vide", &[0; 13]]);
        let header =
            boxed(b"mdhd", &[&flags, &numbers(&[0, 0, 1000, PICTURES * 6000, 0x55C4_0000])]);
        let information =
            boxed(b"minf", &[&boxed(b"vmhd", &[&[0, 0, 0, 1], &[0; 8]]), &place, &table]);
        let media = boxed(b"mdia", &[&header, &handler, &information]);
        let mut track = vec![0u8; 84];
        (track[3], track[15]) = (3, 1);
        let track = boxed(b"trak", &[&boxed(b"tkhd", &[&track]), &media]);
        let mut movie = vec![0u8; 100];
        movie[12..16].copy_from_slice(&1000u32.to_be_bytes());
        movie[16..20].copy_from_slice(&(PICTURES * 6000).to_be_bytes());
        boxed(b"moov", &[&boxed(b"mvhd", &[&movie]), &track])
    };
    let start = boxed(b"ftyp", &[b"isom\0\0\0\0isom"]);
    let length = index(&[0; PICTURES as usize]).len() as u64;
    let before = start.len() as u64 + if is_index_first { length } else { 0 };
    let behind = LARGE - if is_index_first { 0 } else { length };
    let room = (behind - before - 16) / u64::from(PICTURES);
    let places: Vec<u64> = (0..PICTURES).map(|n| before + 16 + u64::from(n) * room).collect();
    let media = [&numbers(&[1])[..], b"mdat", &(behind - before).to_be_bytes()].concat();
    let mut pieces = vec![(0, start.clone()), (before, media)];
    pieces.push((if is_index_first { start.len() as u64 } else { behind }, index(&places)));
    pieces.extend((0..PICTURES).zip(places).map(|(n, place)| (place, picture(n).clone())));
    pieces
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
