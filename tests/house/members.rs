//! Members of archives and mails, each handed out as the file that it is.

use std::io::{Cursor, Write as _};

use madang_document::blob_id::BlobId;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::random::Random;
use madang_tests::ground::service::Service;
use madang_tests::ground::yard::{ADMIN, Yard};

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
    let yard = Yard::new();
    yard.pipeline("press", "1741000");
    yard.pipeline("other", "5360000");
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
    yard.write("drop/press/outer.zip", &outer);
    yard.write("drop/press/locked.7z", fixture("7z/encrypted.7z"));
    let service = Service::start(&yard, &[]).await;
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
    let made =
        yard.succeed(&["key", "new", "theirs", "--roles", "search", "--agencies", "5360000"]);
    let key = made.lines().last().unwrap().trim().to_owned();
    let theirs = get(&original("outer.zip", &["long.txt"]), &key).await;
    let absent = get(&original("outer.zip", &["nothing.txt"]), &key).await;
    assert_eq!((theirs.status, absent.status), (404, 404));
    assert_eq!(theirs.text(), absent.text());
    service.stop().await;
}
