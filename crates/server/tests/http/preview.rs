use std::time::Duration;

use madang_ledger::documents::Documents;
use madang_ledger::jobs::{Completion, Jobs, Verdict};
use madang_ledger::notes::{By, Notes};
use madang_ledger::worker::Worker;
use object_store::{ObjectStoreExt, PutPayload};

use crate::house::A;
use crate::reply::{get, post, request, send};
use crate::rig::{Rig, paper, rig};

/// However often a lost preview is asked for, its file is read again after the waits of a lost text; the note goes when
/// it is there again.
#[tokio::test]
async fn a_lost_preview_is_read_again_at_once_and_then_later_each_time() {
    let Rig { house, admin, .. } = rig().await;
    let id = house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
    let preview = format!("/v1/documents/{id}/preview");
    assert_eq!(get(&house, &admin, &preview).await.status, 200);
    let stored = house.ledger.document(id).await.unwrap().unwrap();
    let blob = stored.document.preview.unwrap().blob;
    let place = object_store::path::Path::parse(blob.path()).unwrap();
    let reread = async || {
        let worker = Worker { node: uuid::Uuid::nil(), process: uuid::Uuid::nil() };
        let claims = house.ledger.claim(&worker, 9, Duration::from_secs(60)).await.unwrap();
        let completions: Vec<Completion> = claims
            .iter()
            .map(|claim| Completion {
                ticket: claim.ticket,
                verdict: Verdict::Done,
                documents: vec![stored.document.clone()],
                key: None,
                actor: "worker".into(),
            })
            .collect();
        house.ledger.complete(&completions).await.unwrap();
        claims.len()
    };
    let note = async || house.ledger.noted(&By::Previews, &id.to_string()).await.unwrap();
    // Damaged and lost are the same here; and reading it again brings neither back.
    house.blobs.put(&place, PutPayload::from_static(b"\xff\xd8\xff\xd8")).await.unwrap();
    assert_eq!(get(&house, &admin, &preview).await.status, 503);
    assert_eq!((reread().await, note().await.unwrap().tries), (1, 1));
    house.blobs.delete(&place).await.unwrap();
    for _ in 0..3 {
        assert_eq!(get(&house, &admin, &preview).await.status, 503);
        assert_eq!((reread().await, note().await.unwrap().tries), (0, 1), "not within a minute");
    }
    let told = get(&house, &admin, "/v1/notes").await.json();
    assert_eq!(told["notes"][0]["kind"], "preview_lost");
    assert!(told["notes"][0]["sentence"]["ko"].as_str().unwrap().contains("다시"));
    // The operator asks: at once, and counted anew.
    let redo = format!("/v1/notes/{}/redo", told["notes"][0]["id"]);
    assert_eq!(post(&house, &admin, &redo, "").await.status, 200);
    assert_eq!((reread().await, note().await.unwrap().tries), (1, 0));
    house.blobs.put(&place, PutPayload::from_static(b"\xff\xd8\xff\xd9")).await.unwrap();
    assert_eq!(get(&house, &admin, &preview).await.status, 200);
    assert_eq!(note().await, None);
}

/// So is a text, in whatever form it is asked for, and the operator is told: whoever searches cannot have a file read
/// anew as often as they ask.
#[tokio::test]
async fn a_damaged_text_is_read_again_at_once_and_then_later_each_time() {
    for accept in ["application/json", "text/plain"] {
        let Rig { house, admin, .. } = rig().await;
        let id = house.take(&paper(A, "1741000/a.pdf", "가", "침수")).await;
        let address = format!("/v1/documents/{id}/text");
        let text = async || {
            let key = format!("Bearer {admin}");
            let headers = [("authorization", &*key), ("accept", accept)];
            send(&house, request("GET", &address, &headers)).await.status
        };
        assert_eq!(text().await, 200, "{accept}");
        let stored = house.ledger.document(id).await.unwrap().unwrap();
        let place = stored.document.text.unwrap().blob.path();
        let place = object_store::path::Path::parse(place).unwrap();
        let whole = house.blobs.get(&place).await.unwrap().bytes().await.unwrap();
        let mut damaged = whole.to_vec();
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        house.blobs.put(&place, damaged.into()).await.unwrap();
        let note = async || house.ledger.noted(&By::Texts, &id.to_string()).await.unwrap();
        for _ in 0..3 {
            assert_eq!(text().await, 503, "{accept}");
            assert_eq!(note().await.unwrap().tries, 1, "{accept}");
        }
        let worker = Worker { node: uuid::Uuid::nil(), process: uuid::Uuid::nil() };
        let claims = house.ledger.claim(&worker, 9, Duration::from_secs(60)).await.unwrap();
        assert_eq!(claims.len(), 1, "{accept}: its file is read again");
        house.blobs.put(&place, whole.into()).await.unwrap();
        assert_eq!(text().await, 200, "{accept}");
        assert_eq!(note().await, None, "{accept}");
    }
}
