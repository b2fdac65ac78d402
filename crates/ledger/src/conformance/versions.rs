use madang_document::blob_id::BlobId;
use madang_document::document::DocumentPart;
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::metadata::TITLE;
use madang_document::outcome::Outcome;

use super::sample::*;
use crate::jobs::{Claim, Completion};
use crate::objects::Sighting;
use crate::retention::Retention;
use crate::versions::{AWAITED_MS, Glance, KEPT, Version};

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
    // It is told where its words stand, and then otherwise: told, for the text is to be had with them, and the same.
    for places in [b"here".as_slice(), b"there"] {
        ledger.when(at(11)).reprocess(&[id("a")], "key:1", &serde_json::Value::Null).await.unwrap();
        let mut placed = done(&claim_one(ledger, at(11)).await, &[]);
        placed.documents[0].text = Some(BlobId::of(places).into());
        placed.documents[0].wordless = Some(BlobId::of(b"v1"));
        assert!(apply(ledger, placed, at(11)).await.is_some(), "it is told");
        assert!(was(ledger, id("a")).await.is_empty());
    }

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
    assert_eq!(told, [(7, at(17), Some("제목"), Outcome::Ok), (6, at(14), None, Outcome::Ok)]);
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
    // It waits for the file to be seen elsewhere, and no longer than it may.
    assert!(named(ledger, "v2").await);
    read(ledger, "v4", &["m"], 12).await;
    assert!(was(ledger, id("a")).await.is_empty(), "it was gone");
    assert!(named(ledger, "v1").await, "another file has it");
    assert!(!named(ledger, "v2").await && !named(ledger, "v3").await, "it is forgotten by then");

    // Discarded by the operator.
    ledger.when(at(20)).see(&[sighting("a", "v5")]).await.unwrap();
    let claim = claim_one(ledger, at(21)).await;
    apply(ledger, quarantined(&claim, failure(FailureKind::Corrupt, false)), at(22)).await;
    assert_eq!(objects(&was(ledger, id("a")).await), ["v4"]);
    ledger.when(at(23)).drop_job(claim.ticket.job, "key:1").await.unwrap();
    assert!(was(ledger, id("a")).await.is_empty());
    assert!(!named(ledger, "v4").await);
}

/// A reading of these bytes, with a text of its own and this member.
fn read_as(claim: &Claim, bytes: &[u8], member: &str) -> Completion {
    let mut completion = done(claim, &[member]);
    for document in &mut completion.documents {
        document.sha256 = Some(BlobId::of(bytes));
        document.text = Some(BlobId::of(bytes).into());
    }
    completion
}

/// The claim of this path, of all that are due.
fn of(claims: &[Claim], path: &str) -> Claim {
    claims.iter().find(|claim| claim.object.path == path).unwrap().clone()
}

/// Has a file with a past at this path: it was `old`, and is of these bytes.
async fn with_past(ledger: &Trial, path: &str, bytes: &[u8], ms: i64) {
    see(ledger, &[path], at(ms)).await;
    apply(ledger, read_as(&claim_one(ledger, at(ms)).await, b"old", "m"), at(ms + 1)).await;
    ledger.when(at(ms + 2)).see(&[sighting(path, "v2")]).await.unwrap();
    apply(ledger, read_as(&claim_one(ledger, at(ms + 3)).await, bytes, "m"), at(ms + 4)).await;
    assert_eq!(was(ledger, id(path)).await.len(), 1);
}

fn places(versions: &[Version]) -> Vec<(&str, &str)> {
    let object = versions.iter().map(|version| &version.document.object);
    object.map(|object| (object.path.as_str(), object.version.as_str())).collect()
}

/// A file that is renamed or moved is another document with the same bytes: it has the past of the one that went, and says
/// where it lay, whichever is recorded first.
pub async fn what_a_file_was_goes_with_it_where_it_moves(ledger: &Trial) {
    for (round, comes_first) in [(0, true), (1, false)] {
        let start = round * 100_000;
        let (from, to) = (format!("from{round}"), format!("to{round}"));
        let bytes = from.as_bytes();
        with_past(ledger, &from, bytes, start).await;
        ledger.when(at(start + 10)).see(&[sighting(&to, "v1")]).await.unwrap();
        ledger.when(at(start + 10)).vanish(STORE, std::slice::from_ref(&from)).await.unwrap();
        let claims = claim(ledger, 9, at(start + 11)).await;
        let comes = read_as(&of(&claims, &to), bytes, "m");
        let goes = deleted(&of(&claims, &from));
        let (first, second) = if comes_first { (comes, goes) } else { (goes, comes) };
        apply(ledger, first, at(start + 12)).await;
        apply(ledger, second, at(start + 13)).await;
        assert!(was(ledger, id(&from)).await.is_empty(), "it is gone");
        let versions = was(ledger, id(&to)).await;
        let from = from.as_str();
        assert_eq!(places(&versions), [(from, "v2"), (from, "v1")], "{comes_first}");
        let glances = ledger.glances(id(&to)).await.unwrap();
        assert_eq!(glances[0].changed, [DocumentPart::Place]);
        assert_eq!((glances[0].path.as_str(), glances[0].is_new_file), (from, false));
        assert!(glances[1].is_new_file);
        assert_eq!(places(&was(ledger, member(&to, "m")).await).len(), 2, "its member, too");
        // Its revision goes on from theirs, and is told.
        let stored = ledger.document(id(&to)).await.unwrap().unwrap();
        assert!(versions.iter().all(|version| version.revision < stored.revision), "{versions:?}");
        let told = ledger.changes(&our_partition(), 0, 1000).await.unwrap().readable();
        let told = told.iter().filter(|change| change.document == id(&to));
        assert_eq!(told.count(), 2, "as it came and as it took over");
        // What it was is named for as long as it is the past of one of both.
        let late = at(start + 13 + AWAITED_MS + 1);
        ledger.when(late).trim(&Retention::default()).await.unwrap();
        assert!(named(ledger, "old").await);
        assert_eq!(was(ledger, id(&to)).await, versions);
        // A copy that comes later does not have it, too.
        let copy = format!("copy{round}");
        ledger.when(at(start + 14)).see(&[sighting(&copy, "v1")]).await.unwrap();
        let claim = claim_one(ledger, at(start + 15)).await;
        apply(ledger, read_as(&claim, bytes, "m"), at(start + 16)).await;
        assert!(was(ledger, id(&copy)).await.is_empty());
    }
}

/// Nothing is another file's past but that of the same bytes in the same hands, gone of late.
pub async fn what_a_file_was_is_no_past_of_another(ledger: &Trial) {
    let elsewhere = |path: &str| Sighting {
        pipeline: "theirs".to_owned(),
        agency: theirs(),
        ..sighting(path, "v1")
    };
    ledger.open_queue(&queue("theirs", theirs())).await.unwrap();
    for (n, (bytes, agency, hours)) in
        [(&b"other"[..], ours(), 0), (b"same", theirs(), 0), (b"same", ours(), 2)]
            .into_iter()
            .enumerate()
    {
        let start = n as i64 * 100_000;
        let (from, to) = (format!("from{n}"), format!("to{n}"));
        with_past(ledger, &from, b"same", start).await;
        ledger.when(at(start + 10)).vanish(STORE, std::slice::from_ref(&from)).await.unwrap();
        apply(ledger, deleted(&claim_one(ledger, at(start + 11)).await), at(start + 12)).await;
        let later = start + 13 + hours * AWAITED_MS;
        let seen = if agency == ours() { sighting(&to, "v1") } else { elsewhere(&to) };
        ledger.when(at(later)).see(&[seen]).await.unwrap();
        apply(ledger, read_as(&claim_one(ledger, at(later + 1)).await, bytes, "m"), at(later + 2))
            .await;
        assert!(was(ledger, id(&to)).await.is_empty(), "{n}");
    }
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
