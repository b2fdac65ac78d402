use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::inner_path::InnerPath;

use super::sample::*;
use crate::jobs::{Claim, Completion};
use crate::reprocessing::Which;

fn key(word: &str) -> BlobId {
    BlobId::of(word.as_bytes())
}

fn keyed(claim: &Claim, members: &[&str], word: &str) -> Completion {
    Completion { key: Some(key(word)), ..done(claim, members) }
}

/// The ways inside of what is known under this key, the object itself first, and the path it is of.
async fn known(ledger: &Trial, word: &str) -> Option<(String, Vec<Option<InnerPath>>)> {
    let pairs = [[key("nothing"), key(word)], [key("nothing"); 2], [key(word), key("nothing")]];
    let [documents, none, other] =
        <[_; 3]>::try_from(ledger.read_before(&pairs).await.unwrap()).unwrap();
    assert_eq!(none, None);
    assert_eq!(documents, other);
    let documents = documents?;
    let path = documents[0].object.path.clone();
    let mut ways: Vec<_> = documents.into_iter().map(|document: Document| document.inner).collect();
    ways.sort();
    Some((path, ways))
}

/// All of it or nothing, as long as it is known; also of what is gone.
pub async fn what_the_same_bytes_came_to_is_found(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    let inner = |way: &str| Some(InnerPath::of(way));
    assert_eq!(known(ledger, "k").await, None);
    for claim in claim(ledger, 9, at(1)).await {
        let completion = match claim.object.path.as_str() {
            "a" => keyed(&claim, &["m", "n"], "k"),
            "b" => keyed(&claim, &[], "other"),
            _ => done(&claim, &[]),
        };
        apply(ledger, completion, at(2)).await;
    }
    let whole = vec![None, inner("m"), inner("n")];
    assert_eq!(known(ledger, "k").await, Some(("a".into(), whole.clone())));
    assert_eq!(known(ledger, "other").await, Some(("b".into(), vec![None])));

    // Gone is not forgotten: a file that was renamed, or is put back.
    ledger.when(at(3)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(4)).await), at(5)).await;
    assert_eq!(known(ledger, "k").await, Some(("a".into(), whole.clone())));
    // A live one is nearer.
    ledger.when(at(6)).see(&[sighting("d", "v1")]).await.unwrap();
    apply(ledger, keyed(&claim_one(ledger, at(7)).await, &["m", "n"], "k"), at(8)).await;
    assert_eq!(known(ledger, "k").await, Some(("d".into(), whole)));

    // Another version of it is of other bytes.
    ledger.when(at(9)).see(&[sighting("b", "v2")]).await.unwrap();
    apply(ledger, done(&claim_one(ledger, at(10)).await, &[]), at(11)).await;
    assert_eq!(known(ledger, "other").await, None);
}

/// A member that a later reading of the same object did not find is none of it, whether the object is there or gone.
pub async fn what_is_known_in_part_is_not_known(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, keyed(&claim_one(ledger, at(1)).await, &["m", "n"], "k"), at(2)).await;
    ledger.when(at(3)).reprocess(&[id("a")], "key:1", &serde_json::Value::Null).await.unwrap();
    apply(ledger, keyed(&claim_one(ledger, at(4)).await, &["n"], "k"), at(5)).await;
    let known_now = known(ledger, "k").await.unwrap();
    assert_eq!(known_now.1, [None, Some(InnerPath::of("n"))]);
    ledger.when(at(6)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(7)).await), at(8)).await;
    assert_eq!(known(ledger, "k").await, None, "three are gone, and two were read");
}

/// What is to be read again is read, whoever else holds the same bytes; and what comes out the same may be taken again
/// without being news.
pub async fn what_is_read_again_is_not_known(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, keyed(&claim, &["m"], "k"), at(2)).await;
    }
    let seq = ledger.last_seq().await.unwrap();
    let chosen = ledger.chosen(&Which::default(), None, 1).await.unwrap();
    assert_eq!(
        ledger
            .when(at(3))
            .reprocess(&[chosen[0].document], "key:1", &serde_json::Value::Null)
            .await
            .unwrap(),
        1
    );
    assert_eq!(known(ledger, "k").await, None);
    let again = claim_one(ledger, at(4)).await;
    assert_eq!(apply(ledger, keyed(&again, &["m"], "k"), at(5)).await, None, "it is the same");
    assert_eq!(ledger.last_seq().await.unwrap(), seq);
    assert_eq!(known(ledger, "k").await.unwrap().0, again.object.path);
    // And one that may not be taken any more is not.
    ledger
        .when(at(6))
        .reprocess(&[chosen[0].document], "key:1", &serde_json::Value::Null)
        .await
        .unwrap();
    apply(ledger, done(&claim_one(ledger, at(7)).await, &["m"]), at(8)).await;
    assert_eq!(known(ledger, "k").await, None);
}
