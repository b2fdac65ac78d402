use madang_document::annotation::{Annotation, Finding};
use madang_document::blob_id::BlobId;
use madang_document::fingerprint::Fingerprint;
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::opening::Opening;
use madang_document::principal::Scope;

use super::sample::*;
use crate::jobs::{Claim, Completion};
use crate::lookalikes::{PICTURE, RENDITION, Relation, SURE};
use crate::objects::Sighting;

/// A fingerprint in which so many bits are set.
fn bits(count: u32) -> Fingerprint {
    let word = |nth: u32| match count.saturating_sub(nth * 64) {
        0 => 0,
        many if many >= 64 => u64::MAX,
        some => (1 << some) - 1,
    };
    Fingerprint::new([word(0), word(1), word(2), word(3)])
}

fn text(count: u32, shingles: u32) -> Annotation {
    about("수문", count, shingles)
}

/// The text of a notice that was made from a template, about something.
fn about(subject: &str, count: u32, shingles: u32) -> Annotation {
    let text = format!(
        "{subject} 일제점검을 다음과 같이 실시함을 공고합니다 {subject} 관리자는 협조하시기 바랍니다"
    );
    let opening = Opening::of(text.chars().filter(|letter| letter.is_alphanumeric()));
    said("text_fingerprint", 2, Finding::Text { fingerprint: bits(count), shingles, opening })
}

/// What the stage found before it kept how a text begins; the fingerprint is the same.
fn bare(count: u32) -> Annotation {
    let opening = Opening::default();
    said("text_fingerprint", 1, Finding::Text { fingerprint: bits(count), shingles: 100, opening })
}

fn picture(count: u32, page: u32) -> Annotation {
    let finding = Finding::Picture { fingerprint: bits(count), locator: Locator::page(page) };
    said("picture_fingerprint", 1, finding)
}

/// A reading of an object of these bytes in which stages found this.
fn found(claim: &Claim, content: &str, annotations: &[Annotation]) -> Completion {
    let mut completion = done(claim, &[]);
    completion.documents[0].sha256 = Some(BlobId::of(content.as_bytes()));
    completion.documents[0].annotations = annotations.to_vec();
    completion
}

/// Has objects of these paths read: of each its bytes and what stages found.
async fn read(ledger: &Trial, objects: &[(&str, &str, &[Annotation])], ms: i64) {
    let paths: Vec<&str> = objects.iter().map(|(path, ..)| *path).collect();
    see(ledger, &paths, at(ms)).await;
    for claim in claim(ledger, 99, at(ms + 1)).await {
        let of = objects.iter().find(|(path, ..)| *path == claim.object.path);
        let Some((_, content, annotations)) = of else { panic!("{}", claim.object.path) };
        apply(ledger, found(&claim, content, annotations), at(ms + 2)).await;
    }
}

/// The paths of what looks like the object at a path, and how.
async fn like(ledger: &Trial, path: &str, scope: &Scope, limit: u32) -> Vec<(String, Relation)> {
    let found = ledger.lookalikes(id(path), scope, limit).await.unwrap();
    found.into_iter().map(|found| (found.stored.document.object.path, found.relation)).collect()
}

fn paths(of: &[(&str, Relation)]) -> Vec<(String, Relation)> {
    of.iter().map(|(path, relation)| ((*path).to_owned(), *relation)).collect()
}

/// Copies first, then renditions, then pictures, of each what is most alike first, and each document once.
pub async fn what_looks_alike_is_found(ledger: &Trial) {
    use Relation::{Copy, Picture, Rendition};
    read(
        ledger,
        &[
            ("a", "one", &[text(0, 100), picture(0, 1), picture(200, 2)]),
            ("copy", "one", &[text(0, 100)]),
            ("near", "2", &[text(RENDITION, 100)]),
            ("nearer", "3", &[text(9, 300)]),
            ("far", "4", &[text(RENDITION + 1, 100)]),
            ("longer", "5", &[text(0, 400)]),
            ("newer", "6", &[said("text_fingerprint", 3, text(0, 100).finding)]),
            ("seen", "7", &[picture(200 + PICTURE, 7), picture(3, 8)]),
            ("unseen", "8", &[picture(PICTURE + 1, 1)]),
            ("both", "9", &[text(20, 100), picture(0, 1)]),
            ("none", "10", &[said("text_fingerprint", 1, Finding::Nothing)]),
        ],
        0,
    )
    .await;
    let all = [
        ("copy", Copy),
        ("nearer", Rendition),
        ("both", Rendition),
        ("near", Rendition),
        ("seen", Picture),
    ];
    assert_eq!(like(ledger, "a", &Scope::All, 99).await, paths(&all));
    assert_eq!(like(ledger, "a", &Scope::All, 2).await, paths(&all[..2]));
    assert_eq!(like(ledger, "none", &Scope::All, 99).await, []);
    assert_eq!(like(ledger, "nobody", &Scope::All, 99).await, []);
    let found = ledger.lookalikes(id("a"), &Scope::All, 99).await.unwrap();
    let seen = found.last().unwrap();
    assert_eq!((&seen.here, &seen.there), (&Some(Locator::page(1)), &Some(Locator::page(8))));
    let likeness: Vec<f32> = found.iter().map(|found| found.likeness).collect();
    assert!(
        likeness[0] == 1.0 && likeness[1] > likeness[2] && likeness[2] > likeness[3],
        "{likeness:?}"
    );
    assert!(likeness.iter().all(|likeness| (0.4..=1.0).contains(likeness)), "{likeness:?}");
    // What comes later is found as well.
    read(ledger, &[("later", "11", &[text(1, 100)])], 10).await;
    assert_eq!(
        like(ledger, "a", &Scope::All, 2).await,
        paths(&[("copy", Copy), ("later", Rendition)])
    );
}

/// Another notice of the same template is no rendition, however near; nor is what is not near enough where it is not known how the
/// texts begin.
pub async fn siblings_are_told_from_renditions(ledger: &Trial) {
    use Relation::{Alike, Picture, Rendition};
    let all =
        ["hwp", "scan", "other", "other scan", "picture", "old", "old copy", "old other", "now"];
    read(
        ledger,
        &[
            ("hwp", "1", &[about("축사", 0, 100), picture(0, 1)]),
            ("scan", "2", &[about("축사", 40, 100)]),
            ("other", "3", &[about("교량", 10, 100)]),
            ("other scan", "4", &[about("옹벽", 60, 100)]),
            ("picture", "5", &[picture(0, 1)]),
            ("old", "6", &[bare(100)]),
            ("old copy", "7", &[bare(100 + SURE)]),
            ("old other", "8", &[bare(101 + 2 * SURE)]),
            ("now", "10", &[about("제방", 100 - SURE, 100)]),
        ],
        0,
    )
    .await;
    let found =
        [("scan", Rendition), ("other", Alike), ("other scan", Alike), ("picture", Picture)];
    assert_eq!(like(ledger, "hwp", &Scope::All, 99).await, paths(&found));
    assert_eq!(like(ledger, "hwp", &Scope::All, 1).await, paths(&found[..1]));
    let found = like(ledger, "old", &Scope::All, 3).await;
    assert_eq!(found, paths(&[("old copy", Rendition), ("now", Rendition), ("old other", Alike)]));
    for _ in 0..2 {
        let found = several(ledger, &all, &Scope::All).await;
        assert_eq!(found, ["hwp", "scan", "old", "old copy", "now"]);
    }
    // A rendition that comes later is found among them.
    read(ledger, &[("later", "9", &[about("교량", 30, 100)])], 10).await;
    let found = several(ledger, &all, &Scope::All).await;
    assert_eq!(found, ["hwp", "scan", "other", "old", "old copy", "now"]);
}

/// Among however many of one template that are nearer a rendition is found, and both questions have one answer.
pub async fn a_rendition_is_found_among_its_siblings(ledger: &Trial) {
    let siblings: Vec<(String, String)> =
        (0..80).map(|nth| (format!("sibling {nth}"), format!("{nth}"))).collect();
    let subject =
        |nth: u32| format!("{}{}", ["교량", "옹벽", "제방", "터널"][nth as usize % 4], nth);
    let own = [about("축사", 0, 100)];
    let scan = [about("축사", 60, 100)];
    let others: Vec<[Annotation; 1]> =
        (0..80).map(|nth| [about(&subject(nth), 1 + nth % 50, 100)]).collect();
    let mut objects: Vec<(&str, &str, &[Annotation])> =
        vec![("hwp", "hwp", &own), ("scan", "scan", &scan)];
    for ((path, content), others) in siblings.iter().zip(&others) {
        objects.push((path, content, others));
    }
    read(ledger, &objects, 0).await;
    let found = like(ledger, "hwp", &Scope::All, 99).await;
    assert_eq!((found.len(), &found[0]), (81, &("scan".to_owned(), Relation::Rendition)));
    assert!(found[1..].iter().all(|(_, relation)| *relation == Relation::Alike), "{found:?}");
    for _ in 0..2 {
        assert_eq!(several(ledger, &["hwp", "scan"], &Scope::All).await, ["hwp", "scan"]);
    }
}

/// The paths, of these, of what does not stand alone.
async fn several(ledger: &Trial, of: &[&str], scope: &Scope) -> Vec<String> {
    let ids: Vec<DocumentId> = of.iter().map(|path| id(path)).collect();
    let found = ledger.with_renditions(&ids, scope).await.unwrap();
    let paths = of.iter().filter(|path| found.contains(&id(path)));
    paths.map(|path| (*path).to_owned()).collect()
}

/// What has renditions or copies is told from what stands alone, by what is there when it is asked, and what the scope covers.
pub async fn what_stands_alone_is_told(ledger: &Trial) {
    let all = ["a", "copy", "bare", "bare copy", "near", "longer", "seen", "newer", "none", "x"];
    let own = only([ours()]);
    read(
        ledger,
        &[
            ("a", "one", &[text(0, 100), picture(0, 1)]),
            ("copy", "one", &[text(0, 100)]),
            ("bare", "2", &[]),
            ("bare copy", "2", &[]),
            ("near", "3", &[text(RENDITION, 100)]),
            ("longer", "4", &[text(0, 400)]),
            ("seen", "5", &[picture(0, 1)]),
            ("newer", "6", &[said("text_fingerprint", 3, text(0, 100).finding)]),
            ("none", "7", &[said("text_fingerprint", 1, Finding::Nothing)]),
        ],
        0,
    )
    .await;
    let first = ["a", "copy", "bare", "bare copy", "near"];
    for _ in 0..2 {
        assert_eq!(several(ledger, &all, &own).await, first);
    }
    assert_eq!(several(ledger, &["bare", "none"], &own).await, ["bare"]);
    assert_eq!(several(ledger, &[], &own).await, [""; 0]);
    // Another agency's changes nothing but for whoever may see it.
    ledger.open_queue(&queue("theirs", theirs())).await.unwrap();
    let seen = Sighting { pipeline: "theirs".to_owned(), agency: theirs(), ..sighting("x", "v1") };
    ledger.when(at(10)).see(&[seen]).await.unwrap();
    let theirs_read = found(&claim_one(ledger, at(11)).await, "5", &[text(0, 1000)]);
    apply(ledger, theirs_read, at(12)).await;
    assert_eq!(several(ledger, &all[..9], &own).await, first);
    assert_eq!(several(ledger, &["x", "seen"], &only([theirs()])).await, ["seen"]);
    let both = ["a", "copy", "bare", "bare copy", "near", "longer", "seen", "x"];
    assert_eq!(several(ledger, &all, &Scope::All).await, both);
    // What comes later is compared, too.
    read(ledger, &[("later", "8", &[text(0, 401)])], 20).await;
    assert_eq!(several(ledger, &["longer", "later"], &own).await, ["longer", "later"]);
    // What goes is found gone, and what else is near is found instead.
    ledger.when(at(30)).vanish(STORE, &["copy".to_owned(), "later".to_owned()]).await.unwrap();
    for claim in claim(ledger, 9, at(31)).await {
        apply(ledger, deleted(&claim), at(32)).await;
    }
    assert_eq!(several(ledger, &["a", "longer", "near"], &own).await, ["a", "near"]);
    // Read anew, it is what it is now.
    ledger.when(at(40)).see(&[sighting("near", "v2")]).await.unwrap();
    apply(ledger, found(&claim_one(ledger, at(41)).await, "9", &[text(200, 100)]), at(42)).await;
    assert_eq!(several(ledger, &["a", "near"], &own).await, [""; 0]);
    ledger.when(at(50)).see(&[sighting("near", "v3")]).await.unwrap();
    apply(ledger, found(&claim_one(ledger, at(51)).await, "9", &[text(5, 100)]), at(52)).await;
    assert_eq!(several(ledger, &["a", "near"], &own).await, ["a", "near"]);
    // Given to another agency, it is found there.
    ledger.open_queue(&queue(PIPELINE, theirs())).await.unwrap();
    while ledger.reassign(PIPELINE, &theirs(), 2).await.unwrap().paths > 0 {}
    assert_eq!(several(ledger, &["a", "near"], &own).await, [""; 0]);
    assert_eq!(several(ledger, &["a", "near"], &only([theirs()])).await, ["a", "near"]);
}

/// Brought to memory before anybody asks or not, whole or in between: what is found is the same.
pub async fn what_is_prepared_is_what_is_found(ledger: &Trial) {
    assert_eq!(ledger.prepare().await.unwrap(), 0);
    let own: &[Annotation] = &[text(0, 100), picture(9, 1)];
    read(ledger, &[("a", "one", own), ("b", "2", own)], 0).await;
    assert_eq!(ledger.prepare().await.unwrap(), 4);
    let b = paths(&[("b", Relation::Rendition)]);
    assert_eq!(like(ledger, "a", &Scope::All, 9).await, b);
    read(ledger, &[("c", "3", own)], 10).await;
    assert_eq!(ledger.prepare().await.unwrap(), 6);
    assert_eq!(ledger.prepare().await.unwrap(), 6);
    let both = [("b", Relation::Rendition), ("c", Relation::Rendition)];
    assert_eq!(like(ledger, "a", &only([ours()]), 9).await, paths(&both));
    assert_eq!(several(ledger, &["a", "b", "c"], &Scope::All).await, ["a", "b", "c"]);
}

/// Another agency's is not found, however near it is and however little is asked for.
pub async fn what_is_hidden_changes_nothing(ledger: &Trial) {
    read(ledger, &[("a", "one", &[text(0, 100)]), ("b", "2", &[text(30, 100)])], 0).await;
    let own = only([ours()]);
    let before = like(ledger, "a", &own, 1).await;
    assert_eq!(before, paths(&[("b", Relation::Rendition)]));
    ledger.open_queue(&queue("theirs", theirs())).await.unwrap();
    let seen = |path: &str| Sighting {
        pipeline: "theirs".to_owned(),
        agency: theirs(),
        ..sighting(path, "v1")
    };
    ledger.when(at(10)).see(&[seen("x"), seen("y")]).await.unwrap();
    for claim in claim(ledger, 9, at(11)).await {
        let content = if claim.object.path == "x" { "one" } else { "3" };
        apply(ledger, found(&claim, content, &[text(1, 100)]), at(12)).await;
    }
    assert_eq!(like(ledger, "a", &own, 1).await, before);
    assert_eq!(like(ledger, "a", &only([]), 9).await, []);
    let all = [("x", Relation::Copy), ("y", Relation::Rendition), ("b", Relation::Rendition)];
    assert_eq!(like(ledger, "a", &Scope::All, 9).await, paths(&all));
    assert_eq!(like(ledger, "a", &only([theirs()]), 9).await, paths(&all[..2]));
}

/// Withdrawn, it is found no more; read anew, by what it is now.
pub async fn what_is_withdrawn_or_read_otherwise_looks_like_nothing(ledger: &Trial) {
    let own: &[Annotation] = &[text(0, 100)];
    read(ledger, &[("a", "one", own), ("b", "one", own), ("c", "3", own)], 0).await;
    let both = [("b", Relation::Copy), ("c", Relation::Rendition)];
    assert_eq!(like(ledger, "a", &Scope::All, 9).await, paths(&both));
    ledger.when(at(10)).vanish(STORE, &["b".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(11)).await), at(12)).await;
    assert_eq!(like(ledger, "a", &Scope::All, 9).await, paths(&both[1..]));
    ledger.when(at(20)).see(&[sighting("c", "v2")]).await.unwrap();
    apply(ledger, found(&claim_one(ledger, at(21)).await, "4", &[text(200, 100)]), at(22)).await;
    assert_eq!(like(ledger, "a", &Scope::All, 9).await, []);
    assert_eq!(like(ledger, "c", &Scope::All, 9).await, []);
}

/// Given to another agency, by its declaration or as a whole pipeline, it looks like what it did, for those who may see it now.
pub async fn what_changes_hands_is_found_where_it_is(ledger: &Trial) {
    let own: &[Annotation] = &[text(0, 100)];
    read(ledger, &[("a", "one", own), ("b", "one", own), ("c", "3", own)], 0).await;
    let both = [("b", Relation::Copy), ("c", Relation::Rendition)];
    assert_eq!(like(ledger, "a", &only([ours()]), 9).await, paths(&both));
    assert_eq!(like(ledger, "a", &only([theirs()]), 9).await, []);
    ledger.open_queue(&queue(PIPELINE, theirs())).await.unwrap();
    while ledger.reassign(PIPELINE, &theirs(), 2).await.unwrap().paths > 0 {}
    assert_eq!(like(ledger, "a", &only([ours()]), 9).await, []);
    assert_eq!(like(ledger, "a", &only([theirs()]), 9).await, paths(&both));
    // What was withdrawn looks like nothing, but its copies are known: a file that was moved.
    ledger.when(at(10)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(11)).await), at(12)).await;
    assert_eq!(like(ledger, "a", &only([theirs()]), 9).await, paths(&both[..1]));
    assert_eq!(like(ledger, "a", &only([ours()]), 9).await, []);
}
