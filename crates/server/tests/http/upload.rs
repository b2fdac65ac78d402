use axum::body::Body;
use axum::http::Request;
use futures::channel::mpsc;
use futures::future::join;
use futures::{SinkExt, StreamExt};
use madang_document::id::DocumentId;
use madang_document::principal::Role;
use madang_ledger::keys::Keys;
use madang_server::routes::app;
use madang_wait::in_time;
use object_store::ObjectStoreExt;
use tower::ServiceExt;

use crate::house::{self, A, pipeline};
use crate::reply::{Reply, UPLOAD, get, put, request, send};
use crate::rig::{Rig, paper, rig};

#[tokio::test]
async fn a_dropped_file_has_a_receipt_from_the_first_moment() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let put = |path: &str, body: Vec<u8>| {
        Request::builder()
            .method("PUT")
            .uri(format!("/v1/drop/{}/{path}", pipeline(A)))
            .header("host", "localhost")
            .header("authorization", format!("Bearer {only_a}"))
            .body(Body::from(body))
            .unwrap()
    };
    for bad in ["..%2F..%2Fetc%2Fpasswd", "a%2F..%2Fb", "a%0Ab", "a%00", "a%E2%80%AEb"] {
        assert_eq!(send(&house, put(bad, vec![1])).await.status, 400, "{bad}");
    }
    let large = vec![0; UPLOAD as usize + 1];
    assert_eq!(send(&house, put("large.bin", large.clone())).await.status, 413);
    let chunks = futures::stream::iter(
        large.chunks(1000).map(|c| Ok::<_, std::io::Error>(c.to_vec())).collect::<Vec<_>>(),
    );
    let mut unannounced = put("large.bin", vec![]);
    *unannounced.body_mut() = Body::from_stream(chunks);
    assert_eq!(send(&house, unannounced).await.status, 413);

    let reply = send(&house, put("2026/%EB%B3%B4%EA%B3%A0.txt", b"abc".to_vec())).await;
    assert_eq!(reply.status, 201);
    let receipt = reply.json()["receipt"].as_str().unwrap().to_owned();
    assert_eq!(reply.header("location"), receipt);
    let path = "1741000/2026/보고.txt";
    let state = |reply: Reply| reply.json()["state"].as_str().unwrap().to_owned();
    assert_eq!(state(get(&house, &only_a, &receipt).await), "received");
    assert_eq!(get(&house, &only_b, &receipt).await.status, 404);
    house.see(A, path, 3).await;
    assert_eq!(state(get(&house, &only_a, &receipt).await), "received");
    house.take(&paper(A, path, "보고", "침수")).await;
    let done = get(&house, &only_a, &receipt).await.json();
    assert_eq!(done["state"], "indexed");
    assert_eq!(done["outcome"], "ok");
    assert_eq!(
        (done["searchable"].as_bool(), done["catalogued"].as_bool()),
        (Some(true), Some(true))
    );
    assert_eq!(get(&house, &only_b, &receipt).await.status, 404);
    let again = send(&house, put("2026/%EB%B3%B4%EA%B3%A0.txt", b"abcd".to_vec())).await;
    assert_eq!(again.status, 200);
}

#[tokio::test]
async fn a_receipt_is_found_before_the_file_was_read() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    house.see(A, "1741000/seen.txt", 3).await;
    let id = DocumentId::new(house::STORE, "1741000/seen.txt", None);
    let receipt = get(&house, &only_a, &format!("/v1/receipts/{id}")).await;
    assert_eq!(receipt.json()["state"], "received");
    assert_eq!(get(&house, &only_b, &format!("/v1/receipts/{id}")).await.status, 404);
}

/// A disk that is full after the file was written: whoever is told that nothing was kept sends it again, over itself.
#[tokio::test]
async fn an_upload_that_is_kept_is_never_called_refused() {
    let Rig { house, only_a, .. } = rig().await;
    for (what, refuse, status) in [
        ("the sighting", "CREATE TRIGGER full BEFORE INSERT ON path", 202),
        ("the audit row", "CREATE TRIGGER full BEFORE INSERT ON audit", 201),
    ] {
        let refuse = format!("{refuse} BEGIN SELECT RAISE(FAIL, 'full'); END");
        house.write(refuse).await;
        let path = what.replace(' ', "-");
        let kept = send(&house, put(&only_a, &path, &[("if-none-match", "*")], "A")).await;
        assert_eq!(kept.status, status, "{what}: {}", kept.body);
        assert_eq!(kept.json()["recorded"].as_bool(), Some(status == 201), "{what}");
        house.write("DROP TRIGGER full").await;
        let receipt = get(&house, &only_a, kept.header("location")).await;
        assert_eq!(receipt.status, if status == 201 { 200 } else { 404 }, "{what}");
    }
}

/// B2 and fault 29: nothing is replaced that somebody did not mean to replace.
#[tokio::test]
async fn an_upload_keeps_what_is_there_when_asked_to() {
    let Rig { house, only_a, .. } = rig().await;
    let only_if_new = [("if-none-match", "*")];
    let first = send(&house, put(&only_a, "same.txt", &only_if_new, "A")).await;
    assert_eq!((first.status.as_u16(), first.json()["replaced"].as_bool()), (201, Some(false)));
    let tag = first.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", first.json()["version"].as_str().unwrap()));

    let second = send(&house, put(&only_a, "same.txt", &only_if_new, "BB")).await;
    assert_eq!(second.status, 412);
    assert!(second.json()["detail"].as_str().unwrap().contains("same.txt"), "{}", second.body);
    let place = object_store::path::Path::parse("1741000/same.txt").unwrap();
    let kept = house.store.get(&place).await.unwrap().bytes().await.unwrap();
    assert_eq!(&*kept, b"A");

    let other = [("if-match", "\"another\"")];
    assert_eq!(send(&house, put(&only_a, "same.txt", &other, "BB")).await.status, 412);
    let same = [("if-match", tag.as_str())];
    let replaced = send(&house, put(&only_a, "same.txt", &same, "BB")).await;
    assert_eq!(
        (replaced.status.as_u16(), replaced.json()["replaced"].as_bool()),
        (200, Some(true))
    );
    let odd = [("if-none-match", "\"a\"")];
    assert_eq!(send(&house, put(&only_a, "same.txt", &odd, "C")).await.status, 400);

    // A piece, as of an upload that a client goes on with, never takes the place of the whole; nor do coded bytes.
    for (name, value, status) in [
        ("content-range", "bytes 1-1/2", 400),
        ("content-range", "bytes */2", 400),
        ("content-encoding", "gzip", 415),
        ("content-encoding", "identity", 200),
    ] {
        let answer = send(&house, put(&only_a, "same.txt", &[(name, value)], "BB")).await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {value}");
    }
}

/// Whoever's key is revoked while he sends has sent nothing: whether he goes on to the end or falls silent.
#[tokio::test]
async fn an_upload_ends_with_the_key_that_began_it() {
    let Rig { house, admin, .. } = rig().await;
    for (n, goes_on) in [true, false].into_iter().enumerate() {
        let name = format!("sender{n}");
        let key = house.key(&name, &[Role::Drop], &[A]).await;
        let (mut pieces, body) = mpsc::channel::<std::io::Result<&[u8]>>(0);
        let upload = put(&key, &format!("{name}.txt"), &[], Body::from_stream(body));
        let revoked = async {
            // Taken from the channel: the upload has begun.
            pieces.send(Ok(b"first")).await.unwrap();
            pieces.flush().await.unwrap();
            let keys = house.ledger.keys().await.unwrap();
            let key = keys.iter().find(|key| key.name == name).unwrap();
            house.ledger.revoke_key(key.id, "test").await.unwrap();
            if goes_on {
                pieces.send(Ok(b"last")).await.unwrap();
                pieces.close_channel();
            }
        };
        let (reply, ()) = in_time("it ends", join(send(&house, upload), revoked)).await;
        assert_eq!(reply.status, 401, "{}", reply.body);
        let place = object_store::path::Path::parse(format!("1741000/{name}.txt")).unwrap();
        assert!(house.store.head(&place).await.is_err(), "it is kept");
        let id = DocumentId::new(house::STORE, &format!("1741000/{name}.txt"), None);
        assert_eq!(get(&house, &admin, &format!("/v1/receipts/{id}")).await.status, 404);
    }
}

/// A download of a file that takes its time is no key that holds for ever.
#[tokio::test]
async fn a_download_ends_with_the_key_that_began_it() {
    let Rig { house, only_a, .. } = rig().await;
    let title = "가".repeat(1 << 20);
    let id = house.take(&paper(A, "1741000/large.pdf", &title, "침수")).await;
    let bearer = format!("Bearer {only_a}");
    let path = format!("/v1/documents/{id}/original");
    let download = request("GET", &path, &[("authorization", &bearer)]);
    let answer = app(house.server.clone()).oneshot(download).await.unwrap();
    assert_eq!(answer.status(), 200);
    let mut bytes = answer.into_body().into_data_stream();
    bytes.next().await.unwrap().unwrap();
    let keys = house.ledger.keys().await.unwrap();
    let key = keys.iter().find(|key| key.name == "onlya").unwrap();
    house.ledger.revoke_key(key.id, "test").await.unwrap();
    let rest: Vec<_> = in_time("it ends", bytes.collect()).await;
    assert!(rest.last().unwrap().is_err(), "it is sent to its end");
}

/// A browser reads no answer before it has sent the body: a refusal must read it first.
#[tokio::test]
async fn a_refused_upload_is_read_to_its_end() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    let Rig { house, only_a, .. } = rig().await;
    send(&house, put(&only_a, "same.txt", &[], "A")).await;
    for (headers, expected) in [
        (vec![("if-none-match", "*")], 30),
        (vec![("if-none-match", "*"), ("expect", "100-continue")], 0),
    ] {
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        let pieces = futures::stream::iter(0..30).map(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::io::Error>(vec![b'x'; 100])
        });
        let body = Body::from_stream(pieces);
        let reply = send(&house, put(&only_a, "same.txt", &headers, body)).await;
        assert_eq!(reply.status, 412);
        assert_eq!(sent.load(Ordering::Relaxed), expected, "{headers:?}");
    }
}

/// Fault 33: a name that cannot be is the sender's to change, not something to try again.
#[tokio::test]
async fn an_upload_over_a_folder_is_a_conflict() {
    let Rig { house, only_a, .. } = rig().await;
    assert_eq!(send(&house, put(&only_a, "a.folder/b.txt", &[], "A")).await.status, 201);
    let reply = send(&house, put(&only_a, "a.folder", &[], "A")).await;
    assert_eq!(reply.status, 409, "{}", reply.body);
}

/// Fault 17: a receipt is one look-up, whatever waits: behind 21,000 other files of its agency it is there.
#[tokio::test]
async fn a_receipt_is_there_behind_any_number_of_files() {
    let Rig { house, only_a, .. } = rig().await;
    house.see(A, "1741000/first.txt", 3).await;
    for page in 0..21 {
        let paths: Vec<String> = (0..1000).map(|n| format!("1741000/{page}/{n}.txt")).collect();
        house.see_all(A, &paths).await;
    }
    for (path, least) in [("1741000/first.txt", 0), ("1741000/20/999.txt", 20_000)] {
        let id = DocumentId::new(house::STORE, path, None);
        let receipt = get(&house, &only_a, &format!("/v1/receipts/{id}")).await;
        assert_eq!(receipt.status, 200, "{path}");
        let receipt = receipt.json();
        assert_eq!(receipt["state"], "received");
        assert!(receipt["ahead"].as_u64().unwrap() >= least, "{path}: {}", receipt["ahead"]);
        assert!(receipt["estimate"]["en"].as_str().unwrap().contains("before it") || least == 0);
    }
    let nothing = DocumentId::new(house::STORE, "1741000/nothing.txt", None);
    assert_eq!(get(&house, &only_a, &format!("/v1/receipts/{nothing}")).await.status, 404);
}
