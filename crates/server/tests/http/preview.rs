use std::sync::atomic::Ordering;
use std::time::Duration;

use madang_document::document::Document;
use madang_document::locator::Locator;
use madang_ledger::documents::Documents;
use madang_ledger::jobs::{Completion, Jobs, PriorityClass, Verdict};
use madang_ledger::notes::{By, Notes};
use madang_ledger::worker::Worker;
use object_store::{ObjectStoreExt, PutPayload};

use crate::house::{A, Paper, Shows};
use crate::reply::{get, page, percent, post, request, send};
use crate::rig::{Rig, paper, rig};

/// What is withdrawn leaves memory with its document, and not an hour later.
#[tokio::test]
async fn a_picture_goes_with_its_document() {
    let Rig { house, admin, .. } = rig().await;
    let paper = |path: &'static str| Paper {
        preview: None,
        likeness: true,
        // Files of the same bytes would be one that moved, and the heir be told anew.
        ..paper(A, path, path, "침수")
    };
    let gone = house.take(&paper("1741000/gone.hwp")).await;
    let stays = house.take(&paper("1741000/stays.hwp")).await;
    *house.likenesses.shows.lock().unwrap() = Shows::Picture(b"a picture");
    let seen = async |id| get(&house, &admin, &format!("/v1/documents/{id}/preview")).await.status;
    assert_eq!((seen(gone).await.as_u16(), seen(stays).await.as_u16()), (200, 200));
    let asked = || house.likenesses.asked.load(Ordering::Relaxed);
    assert_eq!(asked(), 2);
    house.withdraw("1741000/gone.hwp").await;
    assert_eq!(seen(gone).await.as_u16(), 404);
    // It comes back as the file that it was, and its picture does not.
    assert_eq!(house.take(&paper("1741000/gone.hwp")).await, gone);
    madang_wait::until("its picture is made anew", async || {
        assert_eq!(seen(gone).await.as_u16(), 200);
        asked() > 2
    })
    .await;
    assert_eq!(seen(stays).await.as_u16(), 200);
    assert_eq!(asked(), 3, "the other one hangs there still");
}

/// Of a film there are further pictures, each at its time; they are seen by whom the film is seen, and by nobody else.
#[tokio::test]
async fn further_pictures_have_numbers_and_places() {
    let Rig { house, only_a, only_b, .. } = rig().await;
    let sheet = (Locator::Whole {}, b"the sheet".to_vec());
    let frame = (Locator::Time { start_ms: 7000, end_ms: 7000 }, b"a frame".to_vec());
    let film =
        Paper { further: vec![sheet, frame], ..paper(A, "1741000/film.mp4", "가", "침수") };
    let id = house.take(&film).await;
    let told = get(&house, &only_a, &format!("/v1/documents/{id}")).await.json();
    let told = &told["previews"];
    assert_eq!(told[0]["locator"], serde_json::json!({"whole": {}}), "{told}");
    assert_eq!(told[1]["locator"]["time"]["start_ms"], 7000, "{told}");
    for (n, shown) in ["the sheet", "a frame"].into_iter().enumerate() {
        let address = told[n]["picture"].as_str().unwrap();
        let seen = get(&house, &only_a, address).await;
        assert_eq!((seen.status.as_u16(), seen.body.as_str()), (200, shown));
        assert_eq!(seen.header("content-type"), "image/jpeg");
        assert_eq!(get(&house, &only_b, address).await.status, 404);
    }
    let preview = format!("/v1/documents/{id}/preview");
    for (number, status) in [("0", 200), ("3", 404), ("x", 400), ("-1", 400)] {
        let seen = get(&house, &only_a, &format!("{preview}?number={number}")).await;
        assert_eq!(seen.status.as_u16(), status, "{number}");
    }
}

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
        let claims = house
            .ledger
            .claim(&worker, None, PriorityClass::Any, 9, Duration::from_secs(60))
            .await
            .unwrap();
        let completions: Vec<Completion> = claims
            .iter()
            .map(|claim| Completion {
                ticket: claim.ticket,
                verdict: Verdict::Done,
                documents: vec![stored.document.clone()],
                key: None,
                again: false,
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
        let claims = house
            .ledger
            .claim(&worker, None, PriorityClass::Any, 9, Duration::from_secs(60))
            .await
            .unwrap();
        assert_eq!(claims.len(), 1, "{accept}: its file is read again");
        house.blobs.put(&place, whole.into()).await.unwrap();
        assert_eq!(text().await, 200, "{accept}");
        assert_eq!(note().await, None, "{accept}");
    }
}

/// A document that stores a likeness of itself has a preview as soon as somebody looks at it, and until it is known that
/// there is nothing to see.
#[tokio::test]
async fn a_likeness_is_made_when_somebody_looks_at_it_and_not_again() {
    let Rig { house, admin, only_a, only_b } = rig().await;
    let paper = |path: &'static str| Paper {
        preview: None,
        likeness: true,
        ..paper(A, path, "가", "침수")
    };
    let id = house.take(&paper("1741000/a.hwp")).await;
    let asked = || house.likenesses.asked.load(Ordering::Relaxed);
    let shows = |shows| *house.likenesses.shows.lock().unwrap() = shows;
    let preview = format!("/v1/documents/{id}/preview");
    let told = get(&house, &admin, &format!("/v1/documents/{id}")).await.json();
    assert_eq!(told["links"]["preview"], preview);
    assert_eq!(asked(), 0, "nobody looked at it");

    // Whoever may not see the document has nothing made of it either.
    assert_eq!(get(&house, &only_b, &preview).await.status, 404);
    assert_eq!(asked(), 0);
    // Neither is kept: the next one may be lucky.
    shows(Shows::Away);
    assert_eq!(get(&house, &only_a, &preview).await.status, 503);
    shows(Shows::Gone);
    let gone = get(&house, &only_a, &preview).await;
    assert_eq!(
        (gone.status.as_u16(), gone.json()["type"].as_str().unwrap().ends_with("gone")),
        (404, true)
    );
    assert_eq!(asked(), 2);

    shows(Shows::Picture(b"a picture"));
    let first = get(&house, &only_a, &preview).await;
    assert_eq!((first.status.as_u16(), first.body.as_str()), (200, "a picture"));
    assert_eq!(first.header("content-type"), "image/jpeg");
    let bearer = format!("Bearer {only_a}");
    let headers = [("authorization", bearer.as_str()), ("if-none-match", first.header("etag"))];
    let known = send(&house, request("GET", &preview, &headers)).await;
    assert_eq!((known.status.as_u16(), known.body.as_str()), (304, ""));
    assert_eq!(asked(), 3);

    // Nothing to see: known once somebody looked, and then no page shows a place for it.
    let hangul = Paper { media_type: "application/x-hwp", ..paper("1741000/b.hwp") };
    let id = house.take(&hangul).await;
    let document = format!("/documents/{id}");
    let preview = format!("/v1/documents/{id}/preview");
    let hits = format!("/?q={}", percent("침수"));
    let shown = async || {
        let text = async |path| page(&house, &admin, path).await.body.contains(&preview);
        (text(&document).await, text(&hits).await)
    };
    assert_eq!(shown().await, (true, true));
    shows(Shows::Nothing);
    for _ in 0..2 {
        assert_eq!(get(&house, &admin, &preview).await.status, 404);
    }
    assert_eq!(asked(), 4);
    assert_eq!(shown().await, (false, false));
}

/// A lost preview is waited for until its file is read again, also where what was read is a likeness now.
#[tokio::test]
async fn what_was_noted_of_a_lost_preview_goes_when_a_likeness_takes_its_place() {
    let Rig { house, admin, .. } = rig().await;
    let id = house.take(&paper(A, "1741000/a.hwp", "가", "침수")).await;
    let preview = format!("/v1/documents/{id}/preview");
    let stored = house.ledger.document(id).await.unwrap().unwrap();
    let blob = stored.document.preview.unwrap().blob;
    house.blobs.delete(&object_store::path::Path::parse(blob.path()).unwrap()).await.unwrap();
    assert_eq!(get(&house, &admin, &preview).await.status, 503);
    let note = async || house.ledger.noted(&By::Previews, &id.to_string()).await.unwrap();
    assert!(note().await.is_some());
    let worker = Worker { node: uuid::Uuid::nil(), process: uuid::Uuid::nil() };
    let claims = house
        .ledger
        .claim(&worker, None, PriorityClass::Any, 1, Duration::from_secs(60))
        .await
        .unwrap();
    let completion = Completion {
        ticket: claims[0].ticket,
        verdict: Verdict::Done,
        documents: vec![Document { preview: None, likeness: true, ..stored.document }],
        key: None,
        again: false,
        actor: "worker".into(),
    };
    house.ledger.complete(&[completion]).await.unwrap();
    *house.likenesses.shows.lock().unwrap() = Shows::Picture(b"a picture");
    assert_eq!(get(&house, &admin, &preview).await.status, 200);
    assert_eq!(note().await, None);
}
