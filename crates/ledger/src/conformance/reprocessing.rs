use madang_document::failure_kind::FailureKind;
use madang_document::inner_path::InnerPath;
use madang_document::media_type::MediaType;
use madang_document::principal::Scope;

use super::sample::*;
use crate::jobs::JobState;
use crate::reprocessing::{BACKGROUND, Which};

/// The paths that fit, in pages of two.
async fn paths(ledger: &Trial, which: &Which) -> Vec<String> {
    let (mut paths, mut after) = (Vec::new(), None);
    loop {
        let page = ledger.chosen(which, after, 2).await.unwrap();
        assert!(page.len() <= 2, "{page:?}");
        let Some(last) = page.last() else { return paths };
        after = Some(last.document);
        assert!(page.iter().all(|one| one.document == id(&one.object.path)), "{page:?}");
        paths.extend(page.into_iter().map(|one| one.object.path));
    }
}

/// Whatever is asked for, of the object or of a member of it; nothing that is gone, or waits to be read anyway.
pub async fn what_fits_is_chosen_page_by_page(ledger: &Trial) {
    see(ledger, &["old", "new", "member", "bad", "gone"], at(0)).await;
    let mut other = sighting("theirs", "v1");
    (other.pipeline, other.agency) = ("bulk".to_owned(), theirs());
    ledger.open_queue(&queue("bulk", theirs())).await.unwrap();
    ledger.when(at(0)).see(&[other]).await.unwrap();
    for claim in claim(ledger, 9, at(1)).await {
        let mut completion = match claim.object.path.as_str() {
            "bad" => quarantined(&claim, failure(FailureKind::Crashed, true)),
            _ => done(&claim, &["m"]),
        };
        let (n, version) = match claim.object.path.as_str() {
            "member" => (1, 1),
            "new" => (0, 2),
            _ => (0, 1),
        };
        if claim.object.path == "member" {
            completion.documents[n].media_type = MediaType::new("audio/mpeg");
        }
        let provenance = &mut completion.documents[n].provenance;
        (provenance.format, provenance.format_version) = ("hwp5".to_owned(), version);
        let late = claim.object.path == "new";
        apply(ledger, completion, at(if late { 500 } else { 2 })).await;
    }
    ledger.when(at(501)).vanish(STORE, &["gone".to_owned()]).await.unwrap();
    ledger.when(at(501)).see(&[sighting("unread", "v1")]).await.unwrap();

    let all = Which::default();
    assert_eq!(paths(ledger, &all).await, ["old", "new", "member", "bad", "theirs"]);
    let which = Which { format: Some("hwp5".to_owned()), ..all.clone() };
    assert_eq!(paths(ledger, &which).await, ["old", "new", "member", "bad", "theirs"]);
    let which = Which { format: Some("text".to_owned()), ..all.clone() };
    assert_eq!(paths(ledger, &which).await, ["old", "new", "member", "theirs"]);
    for (media, found) in [("audio", &["member"][..]), ("video", &[]), ("audi", &[])] {
        let which = Which { media: Some(media.to_owned()), ..all.clone() };
        assert_eq!(paths(ledger, &which).await, found, "{media}");
    }
    let today = vec![("hwp5".to_owned(), 2), ("text".to_owned(), 1)];
    let which = Which { unlike: Some(today), ..all.clone() };
    assert_eq!(paths(ledger, &which).await, ["old", "member", "bad", "theirs"]);
    let which = Which { unlike: Some(vec![("hwp5".to_owned(), 2)]), ..all.clone() };
    assert_eq!(paths(ledger, &which).await.len(), 5, "no such format any more");
    let which = Which { outcome: Some(madang_document::outcome::Outcome::Crashed), ..all.clone() };
    assert_eq!(paths(ledger, &which).await, ["bad"]);
    let which = Which { pipeline: Some("bulk".to_owned()), ..all.clone() };
    assert_eq!(paths(ledger, &which).await, ["theirs"]);
    let which = Which { agencies: only([theirs()]), ..all.clone() };
    assert_eq!(paths(ledger, &which).await, ["theirs"]);
    let which = Which { agencies: only([]), ..all.clone() };
    assert_eq!(paths(ledger, &which).await, [""; 0]);
    let which = Which { since: Some(at(400)), ..all };
    assert_eq!(paths(ledger, &which).await, ["new"]);
}

/// Nothing is delayed by it, in no queue; and the same result is no news.
pub async fn what_is_read_again_waits_for_all_else(ledger: &Trial) {
    see(ledger, &["a", "b", "bad", "gone"], at(0)).await;
    ledger.open_queue(&queue("bulk", theirs())).await.unwrap();
    for claim in claim(ledger, 9, at(1)).await {
        let completion = match claim.object.path.as_str() {
            "bad" => quarantined(&claim, failure(FailureKind::Crashed, true)),
            _ => done(&claim, &["m"]),
        };
        apply(ledger, completion, at(2)).await;
    }
    ledger.when(at(3)).vanish(STORE, &["gone".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(4)).await), at(5)).await;
    let before = ledger.last_seq().await.unwrap();
    let acts = ledger.acts(0, 99).await.unwrap().len();

    let ids = [id("a"), id("b"), id("bad"), id("gone"), id("unknown")];
    assert_eq!(
        ledger.when(at(6)).reprocess(&ids, "key:1", &serde_json::Value::Null).await.unwrap(),
        3
    );
    balanced(ledger).await;
    assert_eq!(ledger.acts(0, 99).await.unwrap().len(), acts + 1);
    assert_eq!(
        ledger.reprocess(&ids, "key:1", &serde_json::Value::Null).await.unwrap(),
        0,
        "they are ready already"
    );
    assert_eq!(ledger.acts(0, 99).await.unwrap().len(), acts + 1, "nothing was done");
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.in_flight, balance.done, balance.quarantined), (3, 0, 0));
    assert!(ledger.chosen(&Which::default(), None, 9).await.unwrap().is_empty());

    // What comes later goes first, whatever the turns of its queue say.
    let mut late = sighting("late", "v1");
    (late.pipeline, late.agency) = ("bulk".to_owned(), theirs());
    ledger.when(at(7)).see(&[late, sighting("next", "v1")]).await.unwrap();
    for path in ["late", "next"] {
        let standing = ledger.standing_of(id(path), &Scope::All).await.unwrap().unwrap();
        assert!(standing.ahead.is_some_and(|ahead| ahead <= 1), "{path}: {:?}", standing.ahead);
    }
    let claims = claim(ledger, 3, at(8)).await;
    let paths: Vec<&str> = claims.iter().map(|claim| claim.object.path.as_str()).collect();
    assert!(paths[..2].contains(&"late") && paths[..2].contains(&"next"), "{paths:?}");
    assert_eq!((paths[2], claims[2].attempt), ("a", 1));
    assert_eq!(ledger.job(claims[2].ticket.job).await.unwrap().unwrap().priority, BACKGROUND);
    assert_eq!(apply(ledger, done(&claims[2], &["m"]), at(9)).await, None, "it is the same");
    assert_eq!(ledger.last_seq().await.unwrap(), before);

    // Whoever asks for one of them does not wait with the others.
    let job = ledger.standing_of(id("bad"), &Scope::All).await.unwrap().unwrap().job;
    assert_eq!((job.state, job.priority), (JobState::Ready, BACKGROUND));
    ledger.when(at(10)).retry_now(job.id, "key:1").await.unwrap();
    let bad = claim_one(ledger, at(11)).await;
    assert_eq!((bad.object.path.as_str(), bad.crashes), ("bad", 0));
    assert!(apply(ledger, done(&bad, &[]), at(12)).await.is_some(), "it was read this time");
}

/// What is in it, however deep, and not what was.
pub async fn an_object_has_all_its_documents(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        let mut completion = done(&claim, &["m", "n"]);
        let deep = InnerPath::of("n").join("o");
        let mut member = document(&claim, Some("n"));
        member.id = madang_document::id::DocumentId::new(STORE, &claim.object.path, Some(&deep));
        (member.parent, member.inner) = (Some(member.id), Some(deep));
        completion.documents.push(member);
        apply(ledger, completion, at(2)).await;
    }
    let whole = ledger.documents_of(id("a")).await.unwrap().readable();
    assert_eq!(whole.len(), 4);
    assert!(whole.iter().all(|one| one.document.object.path == "a"), "{whole:?}");
    ledger.when(at(3)).see(&[sighting("a", "v2")]).await.unwrap();
    let again = claim_one(ledger, at(4)).await;
    apply(ledger, done(&again, &["n"]), at(5)).await;
    assert_eq!(ledger.documents_of(id("a")).await.unwrap().readable().len(), 2);
    assert!(ledger.documents_of(id("unknown")).await.unwrap().is_empty());
}
