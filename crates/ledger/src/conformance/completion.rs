use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;

use madang_document::principal::Scope;
use madang_document::reason_kind::ReasonKind;

use super::sample::*;
use crate::jobs::{Completed, Failure, Redrive, Task};
use crate::objects::Balance;

/// Read again with the same result: no revision, no event, no row in the outbox; but an act.
pub async fn an_unchanged_document_is_no_news(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let first = claim_one(ledger, at(1)).await;
    let seq = apply(ledger, done(&first, &["m"]), at(2)).await;
    assert_eq!(seq, Some(ledger.last_seq().await.unwrap()), "the last row it wrote");
    assert_eq!(ledger.acts(0, 9).await.unwrap().len(), 1);
    assert_eq!(ledger.balance(&Scope::All).await.unwrap().members, 1);

    let again = Redrive::Format { format: "text".to_owned(), below: 2 };
    ledger.when(at(3)).redrive(&again, "key:1").await.unwrap();
    let second = claim_one(ledger, at(4)).await;
    assert_eq!(apply(ledger, done(&second, &["m"]), at(5)).await, None, "nothing changed");
    assert_eq!(ledger.last_seq().await.unwrap(), seq.unwrap());
    assert_eq!(ledger.acts(0, 9).await.unwrap().len(), 3);

    ledger.when(at(6)).redrive(&again, "key:1").await.unwrap();
    let third = claim_one(ledger, at(7)).await;
    let mut changed = done(&third, &["m"]);
    changed.documents[1].characters = 11;
    let seq = apply(ledger, changed, at(8)).await;
    let changes = ledger.changes(&our_partition(), 0, 99).await.unwrap().readable();
    assert_eq!(changes.last().map(|change| change.seq), seq);
    let member = DocumentId::new(STORE, "a", Some(&InnerPath::of("m")));
    assert_eq!(changes.last().map(|change| change.document), Some(member));
    assert_eq!(ledger.document(member).await.unwrap().unwrap().revision, 2);
    let whole = ledger.document(DocumentId::new(STORE, "a", None)).await.unwrap().unwrap();
    assert_eq!(whole.revision, 1, "only the member changed");
}

/// What is no longer in the archive is no longer found, and comes back as a new revision.
pub async fn a_missing_member_is_withdrawn(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &["m", "n"]), at(2)).await;
    }
    let id = DocumentId::new(STORE, "a", Some(&InnerPath::of("m")));
    for (version, members, revision, withdrawn) in
        [("v2", vec!["n"], 2, true), ("v3", vec!["n"], 2, true), ("v4", vec!["m", "n"], 3, false)]
    {
        ledger.when(at(3)).see(&[sighting("a", version)]).await.unwrap();
        let claim = claim_one(ledger, at(4)).await;
        apply(ledger, done(&claim, &members), at(5)).await;
        let stored = ledger.document(id).await.unwrap().unwrap();
        assert_eq!((stored.revision, stored.withdrawn), (revision, withdrawn), "{version}");
        let live = ledger.members(DocumentId::new(STORE, "a", None), 9).await.unwrap().readable();
        assert_eq!(live.len(), members.len(), "{version}");
        let told = ledger.changes(&our_partition(), 0, 99).await.unwrap().readable();
        let told = told.iter().rev().find(|change| change.document == id).unwrap();
        assert_eq!(told.withdrawn, withdrawn, "{version}");
    }
    assert_eq!(
        ledger.balance(&Scope::All).await.unwrap().members,
        4,
        "the other archive is untouched"
    );
}

/// A file that cannot be read ends in the catalogue all the same.
pub async fn a_quarantined_job_writes_its_documents(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let claim = claim_one(ledger, at(1)).await;
    let reason = ReasonKind::Panicked("row 7".into()).within("b.hwp");
    let failure = Failure { reason: reason.clone(), ..failure(FailureKind::Crashed, true) };
    let seq = apply(ledger, quarantined(&claim, failure.clone()), at(2)).await;
    assert!(seq.is_some());
    let stored = ledger.document(DocumentId::new(STORE, "a", None)).await.unwrap().unwrap();
    assert_eq!(stored.document.reason, Some(reason));
    let job = ledger.job(claim.ticket.job).await.unwrap().unwrap();
    assert_eq!((job.failure, job.done_at), (Some(failure), Some(at(2))));
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!(balance, Balance { received: 1, quarantined: 1, ..Balance::default() });
}

/// Dropped: its documents are withdrawn and told.
pub async fn a_dropped_job_withdraws_its_documents(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let claim = claim_one(ledger, at(1)).await;
    apply(ledger, quarantined(&claim, failure(FailureKind::Crashed, true)), at(2)).await;
    let before = ledger.last_seq().await.unwrap();
    ledger.when(at(3)).drop_job(claim.ticket.job, "key:1").await.unwrap();
    let told = ledger.changes(&our_partition(), before, 9).await.unwrap().readable();
    assert!(told.len() == 1 && told[0].withdrawn, "{told:?}");
}

/// One stale completion among others has no effect, and the others have theirs.
pub async fn a_batch_leaves_out_the_stale(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    let claims = claim(ledger, 9, at(1)).await;
    ledger.when(at(2)).see(&[sighting("b", "v2")]).await.unwrap();
    let batch: Vec<_> = claims.iter().map(|claim| done(claim, &["m"])).collect();
    let answers = ledger.when(at(3)).complete(&batch).await.unwrap();
    balanced(ledger).await;
    assert!(matches!(answers[0], Completed::Applied { seq: Some(_) }));
    assert_eq!(answers[1], Completed::Stale);
    let last = ledger.last_seq().await.unwrap();
    assert_eq!(answers[2], Completed::Applied { seq: Some(last) });
    let Completed::Applied { seq: Some(first) } = answers[0] else { panic!("{answers:?}") };
    assert_eq!(last - first, 2, "each wrote two documents");
    assert!(ledger.document(DocumentId::new(STORE, "b", None)).await.unwrap().is_none());
    assert_eq!(ledger.acts(0, 9).await.unwrap().len(), 2, "one act for each that was applied");
    assert!(ledger.when(at(4)).complete(&[]).await.unwrap().is_empty());

    let twice = claim_one(ledger, at(5)).await;
    let batch = [done(&twice, &[]), done(&twice, &["m"])];
    let answers = ledger.when(at(6)).complete(&batch).await.unwrap();
    assert_eq!(answers[1], Completed::Stale, "one ticket completes once");
}

/// The former partition hears that the document is gone, at once: it is not for its eyes while it waits to be
/// read again.
pub async fn a_document_may_change_hands(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &["m"]), at(2)).await;
    let before = ledger.last_seq().await.unwrap();
    let mut moved = sighting("a", "v2");
    moved.agency = theirs();
    ledger.when(at(3)).see(&[moved]).await.unwrap();
    for (partition, withdrawn) in [(our_partition(), true), (their_partition(), false)] {
        let told = ledger.changes(&partition, before, 9).await.unwrap().readable();
        assert!(told.iter().all(|change| change.withdrawn == withdrawn), "{partition}: {told:?}");
        assert_eq!(told.len(), 2, "{partition}: {told:?}");
    }
    assert_eq!(ledger.document_changes(before, 9).await.unwrap().readable().len(), 4);
    assert!(ledger.ids_after(&our_partition(), None, 9).await.unwrap().is_empty());
    assert_eq!(ledger.ids_after(&their_partition(), None, 9).await.unwrap().len(), 2);
    let stored = ledger.document(id("a")).await.unwrap().unwrap();
    assert_eq!((stored.document.agency, stored.revision), (theirs(), 2));
    assert_eq!(ledger.balance(&only([ours()])).await.unwrap(), Balance::default());
    apply(ledger, done(&claim_one(ledger, at(4)).await, &["m"]), at(5)).await;
    assert_eq!(ledger.changes(&our_partition(), before, 9).await.unwrap().readable().len(), 2);
}

/// A corrected agency code moves what did not change, too: in batches, and what is being read meanwhile
/// arrives under the new code.
pub async fn a_pipeline_may_change_hands(ledger: &Trial) {
    see(ledger, &["a", "b", "c", "gone"], at(0)).await;
    ledger.when(at(0)).vanish(STORE, &["gone".to_owned()]).await.unwrap();
    let claims = claim(ledger, 9, at(1)).await;
    for claim in claims.iter().filter(|claim| claim.object.path != "c") {
        let completion = match claim.task {
            Task::Delete => deleted(claim),
            Task::Extract => done(claim, &["m"]),
        };
        apply(ledger, completion, at(2)).await;
    }
    let before = ledger.last_seq().await.unwrap();
    ledger.open_queue(&queue(PIPELINE, theirs())).await.unwrap();
    let mut moved = Vec::new();
    loop {
        moved.push(ledger.reassign(PIPELINE, &theirs(), 3).await.unwrap());
        balanced(ledger).await;
        if moved.last().is_some_and(|moved| moved.paths == 0) {
            break;
        }
    }
    assert_eq!(moved.iter().map(|moved| moved.paths).collect::<Vec<_>>(), [3, 1, 0]);
    let live: u64 = moved.iter().map(|moved| moved.live).sum();
    assert_eq!(live, 3, "the one that is gone is no file that was moved");
    assert_eq!(ledger.balance(&only([ours()])).await.unwrap(), Balance::default());
    let (out, into) = (
        ledger.changes(&our_partition(), before, 99).await.unwrap().readable(),
        ledger.changes(&their_partition(), before, 99).await.unwrap().readable(),
    );
    assert!(out.len() == 4 && out.iter().all(|change| change.withdrawn), "{out:?}");
    assert!(into.len() == 4 && into.iter().all(|change| !change.withdrawn), "{into:?}");

    let late = claims.iter().find(|claim| claim.object.path == "c").unwrap();
    assert_eq!(late.agency, ours(), "it was claimed under the former code");
    apply(ledger, done(late, &[]), at(3)).await;
    assert!(ledger.ids_after(&our_partition(), None, 9).await.unwrap().is_empty());
    assert_eq!(ledger.ids_after(&their_partition(), None, 9).await.unwrap().len(), 5);
    assert_eq!(ledger.partitions().await.unwrap(), [their_partition()]);
    let jobs = ledger.jobs(&Default::default(), None, 99).await.unwrap().readable();
    assert!(jobs.iter().all(|job| job.agency == theirs()), "{jobs:?}");

    let again = Redrive::Format { format: "text".to_owned(), below: 2 };
    ledger.when(at(4)).redrive(&again, "key:1").await.unwrap();
    let before = ledger.last_seq().await.unwrap();
    let claim = claim_one(ledger, at(5)).await;
    assert_eq!(claim.agency, theirs());
    apply(ledger, done(&claim, &["m"]), at(6)).await;
    assert_eq!(ledger.last_seq().await.unwrap(), before, "moved, and otherwise the same");
}

/// A document of another path is a mistake of the caller: nothing of the batch is written.
pub async fn a_foreign_document_is_refused_with_its_batch(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    let claims = claim(ledger, 9, at(1)).await;
    let before = everything(ledger).await;
    let mut wrong = done(&claims[1], &[]);
    wrong.documents = done(&claims[0], &[]).documents;
    let answer = ledger.when(at(2)).complete(&[done(&claims[0], &[]), wrong]).await;
    assert!(matches!(answer, Err(crate::error::LedgerError::Conflict { .. })), "{answer:?}");
    assert_eq!(everything(ledger).await, before, "half a batch was written");
    apply(ledger, done(&claims[0], &[]), at(3)).await;
}
