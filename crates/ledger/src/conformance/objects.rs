use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;

use madang_document::principal::Scope;

use super::sample::*;
use crate::held::Held;
use crate::jobs::{Completed, JobState, Task};
use crate::objects::{Balance, KnownPath, Renewal, Seen};

/// The same version again changes nothing.
pub async fn a_sighting_counts_once(ledger: &Trial) {
    assert_eq!(ledger.standing_of(id("a"), &Scope::All).await.unwrap(), None);
    assert_eq!(see(ledger, &["a", "b", "a"], at(0)).await.received, 2);
    let before = everything(ledger).await;
    assert_eq!(see(ledger, &["a", "b"], at(9)).await, Seen { known: 2, ..Seen::default() });
    assert_eq!(everything(ledger).await, before, "a second sighting changed something");

    let standing = ledger.standing_of(id("a"), &Scope::All).await.unwrap().unwrap();
    let own = ledger.standing_of(id("a"), &only([ours()])).await.unwrap();
    assert_eq!(own.as_ref(), Some(&standing));
    // Whoever may not see it hears the same as of what is not there.
    assert_eq!(ledger.standing_of(id("a"), &only([theirs()])).await.unwrap(), None);
    assert_eq!(standing.object, sighting("a", "v1").object);
    assert_eq!((standing.seen_at, standing.job.state), (at(0), JobState::Ready));
    assert_eq!((standing.pipeline.as_str(), standing.agency), (PIPELINE, ours()));
}

/// Of several paths those that are live, each in its current version.
pub async fn current_objects_are_found_by_their_paths(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    ledger.when(at(1)).see(&[sighting("b", "v2")]).await.unwrap();
    ledger.when(at(2)).vanish(STORE, &["c".to_owned()]).await.unwrap();
    let paths = |store| ["a", "b", "c", "d"].map(|path| (store, path));
    let mut current = ledger.current(&[paths(STORE), paths("elsewhere")].concat()).await.unwrap();
    current.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(current, [sighting("a", "v1").object, sighting("b", "v2").object]);
    assert_eq!(ledger.current(&paths("elsewhere")).await.unwrap(), []);
    assert_eq!(ledger.current(&[]).await.unwrap(), []);
}

/// What was read stays, whoever reads goes on, and the words from then on are those that count.
pub async fn a_version_may_be_said_in_other_words(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    let reading = claim_one(ledger, at(1)).await;
    ledger.when(at(1)).vanish(STORE, &["c".to_owned()]).await.unwrap();
    let renewal = |path: &str, from: &str| Renewal {
        path: path.to_owned(),
        from: from.to_owned(),
        to: "v1 in full".to_owned(),
    };
    // Another version came meanwhile; the path is gone; it was never there.
    let renewals = [renewal("a", "v1"), renewal("b", "v0"), renewal("c", "v1"), renewal("d", "v1")];
    let head = ledger.last_seq().await.unwrap();
    assert_eq!(ledger.renew_versions(STORE, &renewals).await.unwrap(), 1);
    assert_eq!(ledger.renew_versions(STORE, &renewals).await.unwrap(), 0);
    assert_eq!(ledger.last_seq().await.unwrap(), head);
    let versions = async || {
        let known = ledger.known(PIPELINE, None, 9).await.unwrap();
        known.into_iter().map(|known| known.version).collect::<Vec<_>>()
    };
    assert_eq!(versions().await, ["v1 in full", "v1"]);

    apply(ledger, done(&reading, &[]), at(2)).await;
    let standing = ledger.standing_of(id("a"), &Scope::All).await.unwrap().unwrap();
    assert_eq!(
        (standing.job.state, standing.object.version),
        (JobState::Done, "v1 in full".into())
    );
    let stored = ledger.document(id("a")).await.unwrap().unwrap();
    assert_eq!(stored.document.object.version, "v1 in full");
    let seen = ledger.when(at(3)).see(&[sighting("a", "v1 in full")]).await.unwrap();
    assert_eq!(seen, Seen { known: 1, ..Seen::default() });
    let seen = ledger.when(at(4)).see(&[sighting("a", "v2")]).await.unwrap();
    assert_eq!(seen, Seen { changed: 1, ..Seen::default() });
}

/// The older job is cancelled and never claimed; the path stays one path.
pub async fn a_new_version_supersedes_a_waiting_job(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let old = ledger.standing_of(id("a"), &Scope::All).await.unwrap().unwrap().job.id;
    let seen = ledger.when(at(1)).see(&[sighting("a", "v2")]).await.unwrap();
    assert_eq!(seen, Seen { changed: 1, ..Seen::default() });
    assert_eq!(ledger.job(old).await.unwrap().unwrap().state, JobState::Cancelled);

    let claims = claim(ledger, 9, at(2)).await;
    assert_eq!(claims.len(), 1, "the superseded job was claimed");
    assert_eq!(claims[0].object.version, "v2");
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.received, balance.in_flight), (1, 1));
}

/// Who reads the older version can no longer complete, renew or give back.
pub async fn a_new_version_refuses_the_worker_of_the_old_one(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let old = claim_one(ledger, at(1)).await;
    ledger.when(at(2)).see(&[sighting("a", "v2")]).await.unwrap();
    balanced(ledger).await;

    let before = everything(ledger).await;
    assert_eq!(complete(ledger, done(&old, &["m"]), at(3)).await, Completed::Stale);
    let answer = ledger.retry(old.ticket, at(9), &failure(FailureKind::Read, false)).await.unwrap();
    assert_eq!(answer, Completed::Stale);
    assert_eq!(ledger.when(at(3)).renew(&[old.ticket], LEASE).await.unwrap(), [old.ticket]);
    assert_eq!(everything(ledger).await, before, "a superseded worker changed something");

    let new = claim_one(ledger, at(4)).await;
    assert_eq!(new.object.version, "v2");
    apply(ledger, done(&new, &[]), at(5)).await;
    let stored = ledger.document(DocumentId::new(STORE, "a", None)).await.unwrap().unwrap();
    assert_eq!(stored.document.object.version, "v2");
}

/// A file that was set aside and is dropped anew leaves the operator's list.
pub async fn a_new_version_ends_a_quarantine(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let old = claim_one(ledger, at(1)).await;
    apply(ledger, quarantined(&old, failure(FailureKind::Crashed, true)), at(2)).await;
    assert_eq!(ledger.balance(&Scope::All).await.unwrap().quarantined, 1);
    ledger.when(at(3)).see(&[sighting("a", "v2")]).await.unwrap();
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.received, balance.quarantined, balance.in_flight), (1, 0, 1));
    let state = ledger.job(old.ticket.job).await.unwrap().unwrap().state;
    assert_eq!(state, JobState::Cancelled);
}

/// The old file put back is a change, though its version was seen before.
pub async fn a_former_version_may_return(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &[]), at(2)).await;
    for (n, version) in [(10, "v2"), (20, "v1")] {
        let seen = ledger.when(at(n)).see(&[sighting("a", version)]).await.unwrap();
        assert_eq!(seen.changed, 1, "{version}");
        let claim = claim_one(ledger, at(n + 1)).await;
        assert_eq!(claim.object.version, version);
        apply(ledger, done(&claim, &[]), at(n + 2)).await;
    }
    let stored = ledger.document(DocumentId::new(STORE, "a", None)).await.unwrap().unwrap();
    assert_eq!((stored.document.object.version.as_str(), stored.revision), ("v1", 3));
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!(balance, Balance { received: 1, done: 1, ..Balance::default() });
}

/// A deletion flows like a reading, ahead of it; a return counts as a new version.
pub async fn a_vanished_path_is_withdrawn_and_may_return(ledger: &Trial) {
    see(ledger, &["a", "waits", "stays"], at(0)).await;
    let first = claim_one(ledger, at(1)).await;
    assert_eq!(first.object.path, "a");
    apply(ledger, done(&first, &["m"]), at(2)).await;

    let gone = ["a", "waits", "never"].map(str::to_owned);
    assert_eq!(ledger.when(at(3)).vanish(STORE, &gone).await.unwrap(), 2);
    assert_eq!(ledger.when(at(3)).vanish(STORE, &gone).await.unwrap(), 0, "they are gone already");
    balanced(ledger).await;
    let known = ledger.known(PIPELINE, None, 9).await.unwrap();
    assert_eq!(known, [KnownPath { path: "stays".into(), version: "v1".into() }]);

    let claims = claim(ledger, 9, at(4)).await;
    let tasks: Vec<_> = claims.iter().map(|c| (c.task, c.object.path.as_str())).collect();
    let due = [(Task::Delete, "a"), (Task::Delete, "waits"), (Task::Extract, "stays")];
    assert_eq!(tasks, due, "deletions go first and the reading of `waits` is cancelled");
    for claim in &claims[..2] {
        apply(ledger, deleted(claim), at(5)).await;
    }
    let balance = ledger.balance(&Scope::All).await.unwrap();
    let expected = Balance { received: 3, deleted: 2, in_flight: 1, ..Balance::default() };
    assert_eq!(balance, expected, "the member of a deleted path is gone too");
    for inner in [None, Some(InnerPath::of("m"))] {
        let id = DocumentId::new(STORE, "a", inner.as_ref());
        let stored = ledger.document(id).await.unwrap().unwrap();
        assert!(stored.withdrawn, "{inner:?}");
    }

    let seen = ledger.when(at(6)).see(&[sighting("a", "v1")]).await.unwrap();
    assert_eq!(seen, Seen { changed: 1, ..Seen::default() }, "back in the same version");
    let back = claim_one(ledger, at(7)).await;
    let seq = apply(ledger, done(&back, &["m"]), at(8)).await;
    assert!(seq.is_some(), "what is back must be told");
    let stored = ledger
        .document(DocumentId::new(STORE, "a", Some(&InnerPath::of("m"))))
        .await
        .unwrap()
        .unwrap();
    assert_eq!((stored.withdrawn, stored.revision), (false, 3));
}

/// Whoever deletes is refused once the path is back, and the reverse.
pub async fn a_deletion_does_not_hit_a_path_that_is_back(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &[]), at(2)).await;
    ledger.when(at(3)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    let deletion = claim_one(ledger, at(4)).await;
    assert_eq!(deletion.task, Task::Delete);
    ledger.when(at(5)).see(&[sighting("a", "v1")]).await.unwrap();
    assert_eq!(complete(ledger, deleted(&deletion), at(6)).await, Completed::Stale);
    let id = DocumentId::new(STORE, "a", None);
    assert!(!ledger.document(id).await.unwrap().unwrap().withdrawn);

    let reading = claim_one(ledger, at(7)).await;
    assert_eq!(reading.task, Task::Extract);
    ledger.when(at(8)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(9)).await), at(10)).await;
    assert_eq!(complete(ledger, done(&reading, &[]), at(11)).await, Completed::Stale);
    assert!(ledger.document(id).await.unwrap().unwrap().withdrawn, "a deleted path came back");
}

/// A reading that finds the object gone counts as its deletion.
pub async fn an_extraction_may_find_nothing(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    apply(ledger, deleted(&claim_one(ledger, at(1)).await), at(2)).await;
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!(balance, Balance { received: 1, deleted: 1, ..Balance::default() });
    assert!(ledger.known(PIPELINE, None, 9).await.unwrap().is_empty());
    assert_eq!(see(ledger, &["a"], at(3)).await.changed, 1, "it is back");
    assert_eq!(ledger.balance(&Scope::All).await.unwrap().in_flight, 1);
}

/// Ordered by path, each page after the last path of the one before.
pub async fn what_is_known_comes_in_pages(ledger: &Trial) {
    see(ledger, &["b", "가", "a", "c"], at(0)).await;
    let mut paths = Vec::new();
    let mut after: Option<String> = None;
    loop {
        let page = ledger.known(PIPELINE, after.as_deref(), 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.path.clone());
        paths.extend(page.into_iter().map(|known| known.path));
    }
    assert_eq!(paths, ["a", "b", "c", "가"]);
    assert!(ledger.known("other", None, 9).await.unwrap().is_empty());
}

/// A name is data: quotes, percent signs, line feeds and directions mean nothing here.
pub async fn any_name_is_kept_as_it_is(ledger: &Trial) {
    let names = [
        "'; DROP TABLE job; --",
        "\"%_\\",
        "한글/보고서 (1).hwp",
        "\u{1112}\u{1161}\u{11ab}",
        "line\nfeed\ttab",
        "\u{202e}fdp.exe",
        "🙂".repeat(300).as_str(),
    ]
    .map(str::to_owned);
    let borrowed: Vec<&str> = names.iter().map(String::as_str).collect();
    see(ledger, &borrowed, at(0)).await;
    for claim in claim(ledger, 99, at(1)).await {
        apply(ledger, done(&claim, &borrowed), at(2)).await;
    }
    for name in &names {
        let standing = ledger.standing_of(id(name), &Scope::All).await.unwrap();
        assert_eq!(standing.unwrap().object.path, *name);
        let members =
            ledger.members(DocumentId::new(STORE, name, None), 99).await.unwrap().readable();
        assert_eq!(members.len(), names.len(), "{name:?}");
    }
    let count = names.len() as u64;
    assert_eq!(ledger.when(at(3)).vanish(STORE, &names).await.unwrap(), count);
}

/// Also shown with the queue, from its first moment, whatever the numbers become.
pub async fn a_held_disappearance_is_remembered(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    assert_eq!(ledger.held(PIPELINE).await.unwrap(), None);
    let held = Held { missing: 90, known: 100, since: at(5), released: false };
    assert_eq!(ledger.when(at(5)).hold_back(PIPELINE, 90, 100).await.unwrap(), held);
    assert_eq!(ledger.held(PIPELINE).await.unwrap(), Some(held.clone()));
    assert_eq!(ledger.when(at(6)).queues().await.unwrap()[0].held, Some(held.clone()));
    let more = Held { missing: 95, ..held };
    assert_eq!(ledger.when(at(7)).hold_back(PIPELINE, 95, 100).await.unwrap(), more);
    assert_eq!(ledger.held(PIPELINE).await.unwrap(), Some(more));
    ledger.end_hold(PIPELINE).await.unwrap();
    assert_eq!(ledger.held(PIPELINE).await.unwrap(), None);
}

/// The operator's word stands beside what is held, on every node, until somebody acts on it; and in the audit trail,
/// or neither does.
pub async fn a_word_on_what_is_held_is_about_no_more(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    let acts = async || {
        let acts = ledger.acts(0, 99).await.unwrap().into_iter().map(|recorded| recorded.act);
        acts.filter(|act| act.action == "queue.release").collect::<Vec<_>>()
    };
    let released = async || ledger.held(PIPELINE).await.unwrap().map(|held| held.released);
    assert_eq!(ledger.when(at(1)).release_held(PIPELINE, "kim").await.unwrap(), None);
    assert_eq!(acts().await, [], "nothing was held");
    ledger.when(at(2)).hold_back(PIPELINE, 20, 30).await.unwrap();
    let word = ledger.when(at(3)).release_held(PIPELINE, "kim").await.unwrap().unwrap();
    assert_eq!((word.missing, word.known, word.since, word.released), (20, 30, at(2), true));
    assert_eq!(ledger.queues().await.unwrap()[0].held, Some(word));
    let acts = acts().await;
    assert_eq!((acts.len(), acts[0].actor.as_str()), (1, "kim"));
    assert_eq!((acts[0].subject.as_str(), acts[0].detail.as_str()), ("queue/press", "20 of 30"));
    // Fewer are missing: the word is about them, too. More: it is about none.
    for (missing, stands) in [(19, true), (19, true), (21, false), (19, false)] {
        let held = ledger.when(at(4)).hold_back(PIPELINE, missing, 30).await.unwrap();
        assert_eq!((held.released, released().await), (stands, Some(stands)), "{missing}");
    }
    ledger.when(at(5)).release_held(PIPELINE, "kim").await.unwrap();
    ledger.end_hold(PIPELINE).await.unwrap();
    ledger.when(at(6)).hold_back(PIPELINE, 19, 30).await.unwrap();
    assert_eq!(released().await, Some(false), "another disappearance");
}

/// A scope sees its own agencies only, and conservation holds in it too.
pub async fn the_balance_knows_scopes(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    let mut other = sighting("c", "v1");
    other.agency = theirs();
    ledger.when(at(0)).see(&[other]).await.unwrap();
    let received = async |scope: Scope| {
        let balance = ledger.balance(&scope).await.unwrap();
        assert!(balance.holds(), "{balance:?}");
        balance.received
    };
    assert_eq!(received(Scope::All).await, 3);
    assert_eq!(received(only([ours()])).await, 2);
    assert_eq!(received(only([ours(), theirs()])).await, 3);
    assert_eq!(received(only([])).await, 0);
}
