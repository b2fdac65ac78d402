use madang_document::blob_id::BlobId;
use madang_document::document::DocumentPart;
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::metadata::TITLE;
use madang_document::outcome::Outcome;

use super::sample::*;
use crate::objects::Sighting;
use crate::retention::Retention;
use crate::versions::{Glance, KEPT, Version};

async fn named(ledger: &Trial, version: &str) -> bool {
    let all = ledger.named_blobs(None, 99).await.unwrap().blobs;
    all.contains(&BlobId::of(version.as_bytes()))
}

/// What it was, which is told at a glance as it is by all of it.
async fn was(ledger: &Trial, document: DocumentId) -> Vec<Version> {
    let versions = ledger.versions(document).await.unwrap();
    let glances = ledger.glances(document).await.unwrap();
    let present = ledger.document(document).await.unwrap().map(|stored| stored.document);
    let after = present.iter().chain(versions.iter().map(|version| &version.document));
    let expected: Vec<Glance> =
        versions.iter().zip(after).map(|(version, after)| Glance::of(version, after)).collect();
    assert_eq!(glances, expected);
    versions
}

fn objects(versions: &[Version]) -> Vec<&str> {
    versions.iter().map(|version| version.document.object.version.as_str()).collect()
}

fn member(path: &str, inner: &str) -> DocumentId {
    DocumentId::new(STORE, path, Some(&InnerPath::of(inner)))
}

/// Sees this version of `a` and reads it, with these members.
async fn read(ledger: &Trial, version: &str, members: &[&str], ms: i64) {
    ledger.when(at(ms)).see(&[sighting("a", version)]).await.unwrap();
    apply(ledger, done(&claim_one(ledger, at(ms)).await, members), at(ms)).await;
}

/// The last few, newest first, all of what was recorded; a text is named as long as they are.
pub async fn what_a_document_was_is_kept_for_a_while(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &["m"]), at(2)).await;
    let first = ledger.document(id("a")).await.unwrap().unwrap();
    assert!(was(ledger, id("a")).await.is_empty(), "it was never another one");
    for n in 2..=8 {
        read(ledger, &format!("v{n}"), &["m"], n * 10).await;
        let versions = was(ledger, id("a")).await;
        if n == 2 {
            let expected = Version { revision: 1, until: at(20), document: first.document.clone() };
            assert_eq!(versions, [expected]);
        }
    }
    let versions = was(ledger, id("a")).await;
    assert_eq!(objects(&versions), ["v7", "v6", "v5", "v4", "v3"]);
    assert_eq!(versions.len(), KEPT as usize);
    let revisions: Vec<u64> = versions.iter().map(|version| version.revision).collect();
    assert_eq!(revisions, [7, 6, 5, 4, 3]);
    assert_eq!(
        objects(&was(ledger, member("a", "m")).await),
        objects(&versions),
        "its member, too"
    );
    for (version, kept) in [("v8", true), ("v7", true), ("v3", true), ("v2", false), ("v1", false)]
    {
        assert_eq!(named(ledger, version).await, kept, "{version}");
    }
    // Page by page, each document with what it was.
    let (mut blobs, mut after) = (Vec::new(), None);
    loop {
        let page = ledger.named_blobs(after, 1).await.unwrap();
        blobs.extend(page.blobs);
        after = page.last;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(blobs.len(), 2 * (1 + KEPT as usize));

    // What is older than the retention says goes, whatever stays.
    let retention = Retention { versions_ms: 1_000, ..Retention::default() };
    let trimmed = ledger.when(at(1_065)).trim(&retention).await.unwrap();
    assert_eq!((trimmed.versions, trimmed.jobs), (6, 0));
    assert_eq!(ledger.when(at(1_065)).trim(&retention).await.unwrap().versions, 0);
    let versions = was(ledger, id("a")).await;
    assert_eq!(objects(&versions), ["v7", "v6"], "they were it until 80 and 70");
    assert!(!named(ledger, "v5").await && named(ledger, "v6").await);
    // A version outlives the job that read it, and its object's row.
    let retention = Retention { jobs_ms: 1_000, ..Retention::default() };
    assert!(ledger.when(at(2_000)).trim(&retention).await.unwrap().jobs > 0);
    assert_eq!(was(ledger, id("a")).await, versions);
}

/// Only what was read makes one: no other bytes, reader or name of the blob does.
pub async fn what_reads_the_same_makes_no_version(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &[]), at(2)).await;
    // Read again with the same result, by another version of its reader.
    ledger.when(at(3)).reprocess(&[id("a")], "key:1", &serde_json::Value::Null).await.unwrap();
    let mut again = done(&claim_one(ledger, at(4)).await, &[]);
    again.documents[0].provenance.format_version = 2;
    assert!(apply(ledger, again, at(5)).await.is_some(), "it is told");
    assert!(was(ledger, id("a")).await.is_empty());
    // Lost and read again: told, and the same.
    assert!(ledger.when(at(6)).reread(id("a"), "no text").await.unwrap());
    let mut again = done(&claim_one(ledger, at(7)).await, &[]);
    again.documents[0].provenance.format_version = 2;
    assert!(apply(ledger, again, at(8)).await.is_some(), "it is told");
    assert!(was(ledger, id("a")).await.is_empty());
    // Another file of the same content.
    ledger.when(at(9)).see(&[sighting("a", "v2")]).await.unwrap();
    let mut touched = done(&claim_one(ledger, at(10)).await, &[]);
    touched.documents[0].text = Some(BlobId::of(b"v1").into());
    touched.documents[0].sha256 = Some(BlobId::of(b"bytes"));
    apply(ledger, touched, at(11)).await;
    assert!(was(ledger, id("a")).await.is_empty());

    // Another property, and a reading that failed.
    ledger.when(at(12)).reprocess(&[id("a")], "key:1", &serde_json::Value::Null).await.unwrap();
    let mut titled = done(&claim_one(ledger, at(13)).await, &[]);
    titled.documents[0].metadata.set(TITLE, "제목");
    titled.documents[0].text = Some(BlobId::of(b"v1").into());
    apply(ledger, titled, at(14)).await;
    ledger.when(at(15)).see(&[sighting("a", "v3")]).await.unwrap();
    let claim = claim_one(ledger, at(16)).await;
    apply(ledger, quarantined(&claim, failure(FailureKind::Crashed, true)), at(17)).await;
    let versions = was(ledger, id("a")).await;
    let told: Vec<_> = versions
        .iter()
        .map(|version| {
            let Version { revision, until, document } = version;
            (*revision, *until, document.metadata.text(TITLE), document.outcome)
        })
        .collect();
    // The number is the last that it had.
    assert_eq!(told, [(5, at(17), Some("제목"), Outcome::Ok), (4, at(14), None, Outcome::Ok)]);
    let glances = ledger.glances(id("a")).await.unwrap();
    assert_eq!(glances[1].changed, [DocumentPart::Metadata]);
    assert!(glances[0].changed.contains(&DocumentPart::Outcome), "{glances:?}");
    assert_eq!(glances[1].provenance.format_version, 1, "the last that it had");
}

/// Erased is erased: nothing of it is named any more, and it has no past when it comes back.
pub async fn what_is_withdrawn_has_no_past(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &["m", "n"]), at(2)).await;
    }
    read(ledger, "v2", &["m", "n"], 3).await;
    for document in [id("a"), member("a", "m"), member("a", "n")] {
        assert_eq!(objects(&was(ledger, document).await), ["v1"]);
    }
    // A member that is missing.
    read(ledger, "v3", &["m"], 6).await;
    assert!(was(ledger, member("a", "n")).await.is_empty());
    assert_eq!(objects(&was(ledger, member("a", "m")).await), ["v2", "v1"]);
    // The file itself: heard of and not yet withdrawn, it is as it was.
    ledger.when(at(9)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    assert_eq!(was(ledger, id("a")).await.len(), 2);
    apply(ledger, deleted(&claim_one(ledger, at(10)).await), at(11)).await;
    for document in [id("a"), member("a", "m"), member("a", "n")] {
        assert!(was(ledger, document).await.is_empty());
    }
    assert!(named(ledger, "v1").await, "another file has it");
    assert!(!named(ledger, "v2").await && !named(ledger, "v3").await);
    read(ledger, "v4", &["m"], 12).await;
    assert!(was(ledger, id("a")).await.is_empty(), "it was gone");

    // Discarded by the operator.
    ledger.when(at(20)).see(&[sighting("a", "v5")]).await.unwrap();
    let claim = claim_one(ledger, at(21)).await;
    apply(ledger, quarantined(&claim, failure(FailureKind::Corrupt, false)), at(22)).await;
    assert_eq!(objects(&was(ledger, id("a")).await), ["v4"]);
    ledger.when(at(23)).drop_job(claim.ticket.job, "key:1").await.unwrap();
    assert!(was(ledger, id("a")).await.is_empty());
    assert!(!named(ledger, "v4").await);
}

/// What a file was in the hands of one agency is not another's, also when it comes back; another pipeline of the same agency is
/// the same hands.
pub async fn what_changes_hands_leaves_its_past_behind(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &["m"]), at(2)).await;
    read(ledger, "v2", &["m"], 3).await;
    ledger.open_queue(&queue("ours", ours())).await.unwrap();
    ledger.open_queue(&queue("theirs", theirs())).await.unwrap();
    let sighted = |pipeline: &str, agency| Sighting {
        pipeline: pipeline.to_owned(),
        agency,
        ..sighting("a", "v2")
    };
    ledger.when(at(4)).see(&[sighted("ours", ours())]).await.unwrap();
    assert_eq!(was(ledger, id("a")).await.len(), 1);
    assert_eq!(was(ledger, id("a")).await[0].document.pipeline, "ours");
    ledger.when(at(5)).see(&[sighted("theirs", theirs())]).await.unwrap();
    for document in [id("a"), member("a", "m")] {
        assert!(was(ledger, document).await.is_empty());
    }
    assert!(!named(ledger, "v1").await);
    ledger.when(at(6)).see(&[sighted("ours", ours())]).await.unwrap();
    assert!(was(ledger, id("a")).await.is_empty());
}
