use std::sync::Arc;

use madang_document::id::DocumentId;

use super::sample::{
    agency, answer, ask, delete_at, fill, finds, partition, paths, put, put_at, record,
};
use crate::index::{Index, IndexError};
use crate::query::Query;
use crate::record::{Change, Record};

/// A second record of an id replaces the first, in a later batch and in the same one.
pub fn upsert_replaces(index: &Arc<dyn Index>) {
    fill(index, [record("a", &["도로 정비 계획"])]);
    fill(index, [record("a", &["하수도 점검"]), record("a", &["상수도 점검"])]);
    finds(index, &ask("도로"), &[]);
    finds(index, &ask("하수도"), &[]);
    finds(index, &ask("상수도"), &["a"]);
    let census = index.verify(&partition(0)).unwrap();
    assert_eq!(census.ids, [DocumentId::new("conformance", "a", None)]);
    assert_eq!(census.doubled, []);
}

/// A deleted document is gone; deleting what is not there changes nothing; put after delete stays.
pub fn delete_removes(index: &Arc<dyn Index>) {
    let [a, b] = ["a", "b"].map(|path| record(path, &["도로 정비"]));
    fill(index, [a, b.clone()]);
    let changes = [delete_at(1, "a"), delete_at(1, "none"), delete_at(1, "b"), put(b)];
    index.apply(&partition(0), &changes, 2).unwrap();
    finds(index, &ask("도로"), &["b"]);
    assert_eq!(index.verify(&partition(0)).unwrap().ids.len(), 1);
}

/// The checkpoint is that of the last commit, also of an empty one; an index that was never written has none.
pub fn checkpoint_is_of_the_last_commit(index: &Arc<dyn Index>) {
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), None);
    assert_eq!(index.partitions().unwrap(), []);
    index.apply(&partition(0), &[], 7).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(7));
    index.apply(&partition(0), &[put(record("a", &["도로"]))], 9).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(9));
    assert_eq!(index.checkpoint(&partition(1)).unwrap(), None);
    assert_eq!(index.partitions().unwrap(), [partition(0)]);
}

/// The same changes again leave the same documents.
pub fn apply_is_idempotent(index: &Arc<dyn Index>) {
    let changes =
        [put(record("a", &["도로 정비"])), put(record("b", &["도로 점검"])), delete_at(1, "a")];
    for _ in 0..3 {
        index.apply(&partition(0), &changes, 5).unwrap();
        finds(index, &ask("도로"), &["b"]);
        assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(5));
        assert_eq!(index.verify(&partition(0)).unwrap().doubled, []);
    }
}

/// A lower revision changes nothing, whatever it would do and in whatever batch it comes; an equal one does.
pub fn versions_never_go_back(index: &Arc<dyn Index>) {
    let apply = |changes: &[Change]| index.apply(&partition(0), changes, 1).unwrap();
    apply(&[put_at(5, record("a", &["도로 정비"]))]);
    apply(&[put_at(4, record("a", &["하천 정비"]))]);
    finds(index, &ask("도로"), &["a"]);
    finds(index, &ask("하천"), &[]);
    apply(&[delete_at(4, "a")]);
    finds(index, &ask("도로"), &["a"]);
    apply(&[put_at(5, record("a", &["하수도 정비"]))]);
    finds(index, &ask("하수도"), &["a"]);
    // In one batch, too, the order does not matter.
    apply(&[put_at(7, record("a", &["상수도 정비"])), put_at(6, record("a", &["도로"]))]);
    finds(index, &ask("상수도"), &["a"]);
    apply(&[delete_at(9, "a"), put_at(8, record("a", &["도로"]))]);
    finds(index, &ask(""), &[]);
    // A put that was on its way while the document was deleted.
    apply(&[put_at(8, record("a", &["도로"]))]);
    finds(index, &ask(""), &[]);
    // Nor one of a document that was deleted before the index had heard of it.
    apply(&[delete_at(3, "b")]);
    apply(&[put_at(2, record("b", &["도로"]))]);
    finds(index, &ask(""), &[]);
    apply(&[put_at(10, record("a", &["도로"])), put_at(3, record("b", &["도로"]))]);
    finds(index, &ask("도로"), &["a", "b"]);
    assert_eq!(index.verify(&partition(0)).unwrap().doubled, []);
}

/// The checkpoint does not go back: what a slower caller had in hand is no news, and the next one need not repeat it.
pub fn the_checkpoint_does_not_go_back(index: &Arc<dyn Index>) {
    index.apply(&partition(0), &[put(record("a", &["도로"]))], 9).unwrap();
    index.apply(&partition(0), &[put(record("b", &["도로"]))], 7).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(9));
    finds(index, &ask("도로"), &["a", "b"]);
    index.clear(&partition(0)).unwrap();
    index.apply(&partition(0), &[], 3).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(3));
}

/// While a partition is built (its checkpoint is 0), what it has is found and the answer says that it is not all.
pub fn what_is_being_built_is_missing(index: &Arc<dyn Index>) {
    index.apply(&partition(0), &[put(record("a", &["도로"]))], 0).unwrap();
    let other = Record { partition: partition(1), ..record("b", &["도로"]) };
    index.apply(&partition(1), &[put(other)], 4).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, [partition(0)]);
    finds(index, &ask("도로"), &["a", "b"]);
    let elsewhere = Query { agencies: vec![agency(1)], ..ask("도로") };
    assert_eq!(answer(index, &elsewhere).missing, []);
    index.apply(&partition(0), &[], 4).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, []);

    // From the moment it is cleared, before anything is built.
    index.clear(&partition(0)).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, [partition(0)]);
    index.apply(&partition(0), &[], 5).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, []);
}

/// A partition that holds something by the ledger and has no index is no empty one.
pub fn what_is_expected_and_not_there_is_missing(index: &Arc<dyn Index>) {
    fill(index, [record("a", &["도로"])]);
    index.expect(&[partition(0), partition(1)]);
    assert_eq!(index.partitions().unwrap(), [partition(0), partition(1)]);
    assert_eq!(index.checkpoint(&partition(1)).unwrap(), None);
    assert_eq!(answer(index, &ask("도로")).missing, [partition(1)]);
    finds(index, &ask("도로"), &["a"]);
    let other = Record { partition: partition(1), ..record("b", &["도로"]) };
    index.apply(&partition(1), &[put(other)], 4).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, []);
    index.forget(&partition(1)).unwrap();
    assert_eq!(answer(index, &ask("도로")).missing, []);
}

/// A record of another partition is refused, and then nothing of the batch is there.
pub fn a_record_of_another_partition_is_refused(index: &Arc<dyn Index>) {
    fill(index, [record("a", &["도로"])]);
    let foreign = Record { partition: partition(1), ..record("b", &["도로"]) };
    let batch = [put(record("c", &["도로"])), put(foreign)];
    let refused = index.apply(&partition(0), &batch, 8);
    assert!(matches!(refused, Err(IndexError::Refused(_))), "{refused:?}");
    finds(index, &ask("도로"), &["a"]);
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(1));
}

/// A forgotten index is empty, and nothing is missing of it; others stay; what is applied later makes another.
pub fn forget_removes_one_partition_for_good(index: &Arc<dyn Index>) {
    index.forget(&partition(3)).unwrap();
    fill(index, [record("a", &["도로"])]);
    let other = Record { partition: partition(1), ..record("b", &["도로"]) };
    index.apply(&partition(1), &[put(other)], 3).unwrap();
    for _ in 0..2 {
        index.forget(&partition(0)).unwrap();
        assert_eq!(index.checkpoint(&partition(0)).unwrap(), None);
        assert_eq!(index.partitions().unwrap(), [partition(1)]);
        let hits = index.search(&[partition(0), partition(1)], &ask("도로")).unwrap();
        assert_eq!((paths(&hits), &hits.missing[..]), (vec!["b"], &[][..]));
    }
    index.clear(&partition(0)).unwrap();
    index.forget(&partition(0)).unwrap();
    assert_eq!(index.partitions().unwrap(), [partition(1)], "it is not to be built anew");
    index.apply(&partition(0), &[put(record("c", &["도로"]))], 5).unwrap();
    finds(index, &ask("도로"), &["b", "c"]);
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), Some(5));
}

/// A cleared index is empty and has no checkpoint; others stay; it can be filled anew.
pub fn clear_removes_one_partition(index: &Arc<dyn Index>) {
    fill(index, [record("a", &["도로"])]);
    let other = Record { partition: partition(1), ..record("b", &["도로"]) };
    index.apply(&partition(1), &[put(other)], 3).unwrap();
    index.clear(&partition(0)).unwrap();
    index.clear(&partition(0)).unwrap();
    assert_eq!(index.checkpoint(&partition(0)).unwrap(), None);
    assert_eq!(index.partitions().unwrap(), [partition(0), partition(1)], "it is to be built anew");
    finds(index, &ask("도로"), &["b"]);
    fill(index, [record("c", &["도로"])]);
    finds(index, &ask("도로"), &["b", "c"]);
}
