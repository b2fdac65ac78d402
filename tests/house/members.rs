//! Members of archives and mails, each handed out as the file that it is.

use std::collections::BTreeMap;
use std::fs::Permissions;
use std::io::{Cursor, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use madang_document::blob_id::BlobId;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::process::{readers, signal};
use madang_tests::ground::random::Random;
use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;
use madang_wait::{until, until_within};
use tokio::io::AsyncReadExt as _;

fn zipped(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn original(path: &str, inner: &[&str]) -> String {
    let (first, rest) = inner.split_first().unwrap();
    let inner = rest.iter().fold(InnerPath::of(*first), |inner, part| inner.join(*part));
    format!("/v1/documents/{}/original", DocumentId::new("press", path, Some(&inner)))
}

#[tokio::test(flavor = "multi_thread")]
async fn each_member_is_handed_out_as_the_file_that_it_is() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "5360000");
    // Longer than many frames, and unlike itself.
    let mut random = Random::seeded("members");
    let long: String = (0..200_000).map(|_| random.word() + " ").collect();
    let mail = fixture("eml/attachments.eml");
    let inside = zipped(&[("mail.eml", &mail), ("empty.txt", b"")]);
    let outer = zipped(&[
        ("메모/하나.txt", "하나 memberone".as_bytes()),
        ("long.txt", long.as_bytes()),
        ("안쪽.zip", &inside),
    ]);
    scenario.write("drop/press/outer.zip", &outer);
    scenario.write("drop/press/locked.7z", fixture("7z/encrypted.7z"));
    let service = Service::start(&scenario, &[]).await;
    service.settled(2).await;
    let get = async |path: &str, key: &str| service.ask("GET", path, key, Vec::new()).await;

    for (inner, bytes) in [
        (&["메모/하나.txt"][..], "하나 memberone".as_bytes()),
        (&["long.txt"], long.as_bytes()),
        (&["안쪽.zip"], &inside),
        (&["안쪽.zip", "mail.eml"], &mail),
        (&["안쪽.zip", "empty.txt"], b""),
    ] {
        let answer = get(&original("outer.zip", inner), ADMIN).await;
        assert_eq!(answer.status, 200, "{inner:?}: {}", answer.text());
        assert!(answer.bytes == bytes, "{inner:?}: {} bytes", answer.bytes.len());
    }
    // What was encoded for the mail comes as it was attached: the hash that was taken when it was read says so.
    let attached = original("outer.zip", &["안쪽.zip", "mail.eml", "점검 결과.txt"]);
    let document = service.get(attached.trim_end_matches("/original")).await;
    let answer = get(&attached, ADMIN).await;
    assert_eq!((answer.status, answer.bytes.len()), (200, 213), "{}", answer.text());
    assert_eq!(document["sha256"], BlobId::of(&answer.bytes).to_string());
    assert_eq!(document["links"]["original"], attached.as_str());

    // What cannot be opened says why; what another agency has does not exist.
    let locked = service.get("/v1/search?q=&limit=50").await;
    let hits = locked["hits"].as_array().unwrap();
    let locked = hits.iter().find(|hit| hit["path"].as_str().unwrap().starts_with("locked.7z!/"));
    let locked = locked.unwrap()["id"].as_str().unwrap();
    let answer = get(&format!("/v1/documents/{locked}/original"), ADMIN).await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("encrypted (AES-256)"), "{}", answer.text());
    // A page offers what can be had: of one that cannot be taken out, the file around it.
    let offers = async |page: &str, original: &str| {
        let page = get(&format!("/documents/{page}"), ADMIN).await.text();
        page.contains(&format!("href=\"{original}\" download"))
    };
    let around =
        |path: &str| format!("/v1/documents/{}/original", DocumentId::new("press", path, None));
    assert!(!offers(locked, &format!("/v1/documents/{locked}/original")).await);
    assert!(offers(locked, &around("locked.7z")).await);
    let opened = original("outer.zip", &["long.txt"]);
    let page = opened.trim_start_matches("/v1/documents/").trim_end_matches("/original");
    assert!(offers(page, &opened).await && offers(page, &around("outer.zip")).await);
    let made =
        scenario.succeed(&["key", "new", "theirs", "--roles", "search", "--agencies", "5360000"]);
    let key = made.lines().last().unwrap().trim().to_owned();
    let theirs = get(&original("outer.zip", &["long.txt"]), &key).await;
    let absent = get(&original("outer.zip", &["nothing.txt"]), &key).await;
    assert_eq!((theirs.status, absent.status), (404, 404));
    assert_eq!(theirs.text(), absent.text());
    service.stop().await;
}

/// A file of each kind that holds others; `crates/extract/tests/originals.rs` asks for each member of all there are.
const CONTAINERS: [&str; 32] = [
    "zip/nested.zip",
    "locked/aes.zip",
    "tar/hard-links.tar",
    "gzip/files.tar.gz",
    "bzip2/note.txt.bz2",
    "xz/files.tar.xz",
    "zstd/note.txt.zst",
    "lzma/note.txt.lzma",
    "compress/note.txt.Z",
    "7z/solid.7z",
    "locked/files.7z",
    "rar/rar5.rar",
    "egg/methods.egg",
    "locked/members.egg",
    "alz/methods.alz",
    "locked/members.alz",
    "cab/mszip.cab",
    "iso9660/joliet.iso",
    "eml/attachments.eml",
    "mbox/two.mbox",
    "msg/meeting.msg",
    "pst/unicode.pst",
    "tnef/winmail.dat",
    "rtf/parts.rtf",
    "docx/words.docx",
    "xlsx/embedded.xlsx",
    "pptx/embedded.pptx",
    "ppt/embedded.ppt",
    "odt/embedded.odt",
    "hwp5/objects.hwp",
    "hwpx/distribution.hwpx",
    "pdf/associated.pdf",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_container_hands_out_each_member_that_it_holds() {
    let scenario = Scenario::new();
    scenario.pipeline_with("press", "1741000", "[extract]\npassword_file = \"keys\"\n");
    scenario.write("keys", fixture("locked/passwords"));
    std::fs::set_permissions(scenario.path("keys"), Permissions::from_mode(0o600)).unwrap();
    for container in CONTAINERS {
        scenario.write(&format!("drop/press/{}", container.replace('/', "-")), fixture(container));
    }
    let service = Service::start(&scenario, &[]).await;
    service.settled(CONTAINERS.len() as u64).await;
    service.indexed().await;

    let mut given = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = service.get(&format!("/v1/search?q=&limit=100{after}")).await;
        for hit in page["hits"].as_array().unwrap() {
            let (path, id) = (hit["path"].as_str().unwrap(), hit["id"].as_str().unwrap());
            let Some((container, _)) = path.split_once("!/") else { continue };
            let document = service.get(&format!("/v1/documents/{id}")).await;
            let original = format!("/v1/documents/{id}/original");
            let answer = service.ask("GET", &original, ADMIN, Vec::new()).await;
            let page = service.ask("GET", &format!("/documents/{id}"), ADMIN, Vec::new()).await;
            let is_offered = page.text().contains(&original);
            assert_eq!(is_offered, document["sha256"].is_string(), "{path}: {}", page.text());
            match document["sha256"].as_str() {
                Some(known) => {
                    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
                    assert_eq!(BlobId::of(&answer.bytes).to_string(), known, "{path}");
                    *given.entry(container.to_owned()).or_insert(0) += 1;
                }
                // What could not be opened has no bytes, and says why.
                None => {
                    assert_eq!(answer.status, 404, "{path}: {}", answer.text());
                    let reason = document["reason"].as_str().unwrap();
                    assert!(answer.text().contains(reason), "{path}: {}", answer.text());
                }
            }
        }
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let mut containers = CONTAINERS.map(|container| container.replace('/', "-"));
    containers.sort();
    assert_eq!(given.keys().cloned().collect::<Vec<_>>(), containers, "{given:?}");
    service.stop().await;
}

/// A new key of an agency.
fn key(scenario: &Scenario, agency: &str) -> String {
    let made = scenario.succeed(&["key", "new", agency, "--roles", "search", "--agencies", agency]);
    made.lines().last().unwrap().trim().to_owned()
}

/// More than lies in the buffers between a service and somebody who reads nothing, and nothing that packing makes smaller.
fn endless() -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(24 << 20);
    while bytes.len() < 24 << 20 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend(state.to_le_bytes());
    }
    bytes
}

/// Whoever takes nothing of what was asked for keeps nobody else waiting, and no seat when the key has ended.
#[tokio::test(flavor = "multi_thread")]
async fn who_takes_no_bytes_holds_up_only_the_own_agency_and_no_longer_than_the_key_lives() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "5360000");
    let likeness = fixture("hwpx/previewed.hwpx");
    scenario.write("drop/press/big.zip", zipped(&[("big.bin", &endless()), ("a.txt", b"own")]));
    scenario.write("drop/press/own.zip", zipped(&[("previewed.hwpx", &likeness)]));
    scenario.write("drop/other/small.zip", zipped(&[("b.txt", b"their own")]));
    scenario.write("drop/other/seen.zip", zipped(&[("previewed.hwpx", &likeness)]));
    let service = Service::start(&scenario, &[]).await;
    service.settled(4).await;
    let [ours, theirs] = ["1741000", "5360000"].map(|agency| key(&scenario, agency));

    let mut stalled = Vec::new();
    for _ in 0..8 {
        let mut stream = service.begin("GET", &original("big.zip", &["big.bin"]), &ours).await;
        if stalled.len() < 4 {
            let mut first = [0; 12];
            stream.read_exact(&mut first).await.unwrap();
            assert_eq!(&first, b"HTTP/1.1 200");
        }
        stalled.push(stream);
    }
    until("all that the agency may have are unpacked", async || readers(service.pid()).len() == 4)
        .await;
    let id = |pipeline: &str, path: &str, inner: &str| {
        DocumentId::new(pipeline, path, Some(&InnerPath::of(inner)))
    };
    let asked = Instant::now();
    let member = format!("/v1/documents/{}/original", id("other", "small.zip", "b.txt"));
    let answer = service.ask("GET", &member, &theirs, Vec::new()).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "their own"));
    // Whoever looks at a picture takes its bytes at once, and waits for nobody who does not: of the same agency, too.
    for (pipeline, path) in [("other", "seen.zip"), ("press", "own.zip")] {
        let preview = format!("/v1/documents/{}/preview", id(pipeline, path, "previewed.hwpx"));
        let answer = service.ask("GET", &preview, ADMIN, Vec::new()).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    }
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());

    scenario.succeed(&["key", "revoke", "1"]);
    until_within(Duration::from_secs(20), "the seats are free", async || {
        readers(service.pid()).is_empty()
    })
    .await;
    let answer = service.ask("GET", &original("big.zip", &["a.txt"]), ADMIN, Vec::new()).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "own"));
    drop(stalled);
    service.stop().await;
}

/// A download that nobody waits for ends at once, whatever its child is at.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_that_nobody_waits_for_any_more_is_not_unpacked_further() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/big.zip", zipped(&[("big.bin", &endless())]));
    let service = Service::start(&scenario, &[]).await;
    service.settled(1).await;
    let asked = service.begin("GET", &original("big.zip", &["big.bin"]), ADMIN).await;
    let child = until("a child unpacks it", async || readers(service.pid()).pop()).await;
    // It sends nothing from now on, and nobody would notice that it has no receiver by sending.
    signal(child, "STOP");
    drop(asked);
    until_within(Duration::from_secs(8), "the child ends", async || {
        readers(service.pid()).is_empty()
    })
    .await;
    service.stop().await;
}
