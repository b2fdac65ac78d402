use std::collections::HashSet;

use madang_document::annotation::Finding;
use madang_document::content::{Warning, WarningKind};
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::metadata::{Part, Stated, TITLE};
use madang_document::outcome::Outcome;
use madang_document::part;

use madang_document::principal::Scope;
use madang_document::reason_kind::ReasonKind;

use super::sample::*;
use crate::error::LedgerError;
use crate::jobs::{
    Claim, Completed, Completion, Failure, JobFilter, JobState, LONGEST_WAIT, PriorityClass,
    Redrive, Task,
};
use crate::notes::{By, NewNote, NoteKind};
use crate::queue::QueueDeclaration;
use crate::reader::Reader;
use crate::reprocessing::BACKGROUND;
use crate::worker::Worker;

/// Whoever waits in person first, then the queues in turn, each by priority and then by time; never more than
/// asked for.
pub async fn claims_come_in_order(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    ledger.open_queue(&queue("other", theirs())).await.unwrap();
    let cases = [
        ("late", 3, 5, PIPELINE),
        ("low", 4, 0, PIPELINE),
        ("early", 3, 1, "other"),
        ("urgent", 1, 9, "other"),
        ("soon", 3, 3, PIPELINE),
    ];
    for (path, priority, when, pipeline) in cases {
        let mut sighting = sighting(path, "v1");
        sighting.priority = priority;
        sighting.pipeline = pipeline.to_owned();
        ledger.when(at(when)).see(&[sighting]).await.unwrap();
    }
    assert!(claim(ledger, 0, at(10)).await.is_empty());
    let mut order = Vec::new();
    for limit in [2, 2, 9] {
        let claims = claim(ledger, limit, at(10)).await;
        assert!(claims.len() <= limit as usize);
        order.extend(claims.into_iter().map(|claim| claim.object.path));
    }
    assert_eq!(order, ["urgent", "soon", "early", "late", "low"]);
}

/// What nobody waits for is claimed beside the others, and not by whoever works for those.
pub async fn a_class_is_claimed_by_itself(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    for (path, priority) in [("urgent", 1), ("usual", 3), ("slow", 4)] {
        let mut sighting = sighting(path, "v1");
        sighting.priority = priority;
        ledger.when(at(i64::from(priority))).see(&[sighting]).await.unwrap();
    }
    let due = |class| ledger.when(at(9)).next_due(None, class);
    assert_eq!(due(PriorityClass::Prompt).await.unwrap(), Some(at(1)));
    assert_eq!(due(PriorityClass::Background).await.unwrap(), Some(at(4)));
    let paths = |claims: Vec<Claim>| -> Vec<String> {
        claims.into_iter().map(|claim| claim.object.path).collect()
    };
    let worker = worker(1);
    let claim = |class| ledger.when(at(9)).claim(&worker, None, class, 9, LEASE);
    assert_eq!(paths(claim(PriorityClass::Background).await.unwrap()), ["slow"]);
    assert_eq!(due(PriorityClass::Background).await.unwrap(), None);
    assert_eq!(paths(claim(PriorityClass::Prompt).await.unwrap()), ["urgent", "usual"]);
    assert_eq!(due(PriorityClass::Any).await.unwrap(), None);
}

/// What was read quickly stands, and its object is read once more when nobody waits.
pub async fn what_was_put_off_is_read_again_last(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    ledger.when(at(1)).see(&[sighting("scan.pdf", "v1")]).await.unwrap();
    let claims = claim(ledger, 9, at(1)).await;
    let completion = Completion { again: true, ..done(&claims[0], &[]) };
    ledger.when(at(2)).complete(std::slice::from_ref(&completion)).await.unwrap();
    let document = completion.documents[0].clone();
    let kept = ledger.document(document.id).await.unwrap();
    assert!(kept.is_some(), "it is there meanwhile");
    let job = ledger.job(claims[0].ticket.job).await.unwrap().unwrap();
    assert_eq!((job.state, job.priority, job.attempt), (JobState::Ready, BACKGROUND, 0));
    balanced(ledger).await;
    assert_eq!(ledger.complete(&[completion]).await.unwrap(), [Completed::Stale]);
    let prompt = ledger.when(at(3)).claim(&worker(1), None, PriorityClass::Prompt, 9, LEASE).await;
    assert!(prompt.unwrap().is_empty());
    let again = claim(ledger, 9, at(3)).await;
    ledger.when(at(4)).complete(&[done(&again[0], &[])]).await.unwrap();
    let job = ledger.job(claims[0].ticket.job).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Done);
    // Where all of it is known, less is not put in its place meanwhile; but what is told beside it counts at once.
    let known = ledger.document(document.id).await.unwrap();
    let redrive = Redrive::Format { format: "text".into(), below: 9 };
    for (n, title, stays) in [(0, None, true), (1, Some("제목"), false)] {
        let ms = 10 + n * 10;
        assert_eq!(ledger.when(at(ms)).redrive(&redrive, "key:1").await.unwrap(), 1);
        let claims = claim(ledger, 9, at(ms + 1)).await;
        let mut less = Completion { again: true, ..done(&claims[0], &[]) };
        less.documents[0].text = None;
        if let Some(title) = title {
            let part = Some(Part::Beside("scan.pdf.meta.yml".into()));
            less.documents[0].metadata.add(TITLE, Stated { value: title.into(), part });
        }
        ledger.when(at(ms + 2)).complete(&[less]).await.unwrap();
        assert_eq!(ledger.document(document.id).await.unwrap() == known, stays, "{title:?}");
        let job = ledger.job(claims[0].ticket.job).await.unwrap().unwrap();
        assert_eq!((job.state, job.priority), (JobState::Ready, BACKGROUND));
        let again = claim(ledger, 9, at(ms + 3)).await;
        ledger.when(at(ms + 4)).complete(&[done(&again[0], &[])]).await.unwrap();
    }
    // Nothing that failed is read again by this.
    ledger.when(at(50)).see(&[sighting("gone.pdf", "v1")]).await.unwrap();
    let claims = claim(ledger, 9, at(50)).await;
    let completion = Completion { again: true, ..deleted(&claims[0]) };
    ledger.when(at(51)).complete(&[completion]).await.unwrap();
    let job = ledger.job(claims[0].ticket.job).await.unwrap().unwrap();
    assert_eq!(job.state, JobState::Cancelled);
}

/// What readers died of this time was read before: that stands, and a reading that leaves something alone takes the place of one that did
/// so, too, and of one that was nothing.
pub async fn what_was_read_stands_where_something_is_left_alone(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    ledger.when(at(1)).see(&[sighting("scan.pdf", "v1")]).await.unwrap();
    let left_alone = |claim: &Claim, page: u32| {
        let mut completion = done(claim, &[]);
        let own = &mut completion.documents[0];
        own.text = None;
        own.outcome = Outcome::Partial;
        let reason = ReasonKind::LeftAlone.of(part::Part::Page(page.into()));
        own.reason = Some(reason.clone());
        own.warnings = vec![Warning { kind: WarningKind::Lost, reason }];
        completion
    };
    let redrive = Redrive::Format { format: "text".into(), below: 9 };
    let mut ms = 1;
    let mut next = async || {
        ms += 10;
        if ms > 11 {
            assert_eq!(ledger.when(at(ms)).redrive(&redrive, "key:1").await.unwrap(), 1);
        }
        (claim(ledger, 9, at(ms + 1)).await.remove(0), at(ms + 2))
    };
    let mut pages = Vec::new();
    for page in [Some(1), Some(2), Some(0), Some(3), None, Some(4)] {
        let (claim, now) = next().await;
        let completion = match page {
            // Its words are still to come.
            Some(0) => {
                let mut waits = done(&claim, &[]);
                let reason = ReasonKind::RecognitionWaits.into();
                waits.documents[0].warnings = vec![Warning { kind: WarningKind::Note, reason }];
                waits
            }
            Some(page) => left_alone(&claim, page),
            None => done(&claim, &[]),
        };
        ledger.when(now).complete(std::slice::from_ref(&completion)).await.unwrap();
        let id = completion.documents[0].id;
        let known = ledger.document(id).await.unwrap().unwrap();
        pages.push(known.document.reason.map(|reason| reason.english()));
        assert_eq!(ledger.job(claim.ticket.job).await.unwrap().unwrap().state, JobState::Done);
    }
    let said = |page: u32| Some(ReasonKind::LeftAlone.of(part::Part::Page(page.into())).english());
    assert_eq!(pages, [said(1), said(2), None, said(3), None, None]);
}

/// A hundred thousand files of one agency do not stand before the first file of another.
pub async fn queues_take_turns(ledger: &Trial) {
    ledger.open_queue(&queue("bulk", theirs())).await.unwrap();
    let twice = QueueDeclaration { weight: 2, ..queue(PIPELINE, ours()) };
    ledger.open_queue(&twice).await.unwrap();
    let of = |name: String, queue: &str, agency| {
        let mut sighting = sighting(&name, "v1");
        (sighting.pipeline, sighting.agency) = (queue.to_owned(), agency);
        sighting
    };
    let many: Vec<_> = (0..1000).map(|n| of(format!("bulk/{n:04}"), "bulk", theirs())).collect();
    ledger.when(at(0)).see(&many).await.unwrap();
    let taken = claim(ledger, 500, at(1)).await;
    assert_eq!(taken.len(), 500);
    ledger.when(at(2)).see(&[of("first".into(), PIPELINE, ours())]).await.unwrap();
    let standing = ledger.standing_of(id("first"), &Scope::All).await.unwrap().unwrap();
    assert!(standing.ahead.is_some_and(|ahead| ahead <= 1), "{:?}", standing.ahead);
    let standing = ledger.standing_of(id("bulk/0999"), &Scope::All).await.unwrap().unwrap();
    assert!(standing.ahead.is_some_and(|ahead| (490..=510).contains(&ahead)), "{standing:?}");
    let turn: Vec<_> = claim(ledger, 2, at(2)).await;
    assert!(turn.iter().any(|claim| claim.object.path == "first"), "{turn:?}");

    let more: Vec<_> = (0..100).map(|n| of(format!("ours/{n:03}"), PIPELINE, ours())).collect();
    ledger.when(at(3)).see(&more).await.unwrap();
    let turns = claim(ledger, 60, at(4)).await;
    let bulk = turns.iter().filter(|claim| claim.pipeline == "bulk").count();
    assert!((18..=22).contains(&bulk), "weight 2 against 1: {bulk} of 60");
    let mut upload = of("upload".into(), "bulk", theirs());
    upload.priority = 1;
    ledger.when(at(5)).see(&[upload]).await.unwrap();
    assert_eq!(claim_one(ledger, at(6)).await.object.path, "upload", "a person waits for it");
    ledger.pause(PIPELINE, true, "key:1").await.unwrap();
    let alone = claim(ledger, 9, at(7)).await;
    assert!(alone.len() == 9 && alone.iter().all(|claim| claim.pipeline == "bulk"));
}

/// A picture comes after the scan that is in work, however many texts of its agency were read meanwhile.
pub async fn what_is_read_in_a_moment_costs_no_turn_of_what_takes_long(ledger: &Trial) {
    ledger.open_queue(&queue("bulk", theirs())).await.unwrap();
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    let of = |name: String, (queue, agency), priority| {
        let mut sighting = sighting(&name, "v1");
        (sighting.pipeline, sighting.agency, sighting.priority) =
            (String::from(queue), agency, priority);
        sighting
    };
    let scans: Vec<_> =
        (0..10).map(|n| of(format!("scan/{n}"), ("bulk", theirs()), BACKGROUND)).collect();
    ledger.when(at(0)).see(&scans).await.unwrap();
    let taken = claim_of(ledger, PriorityClass::Background, 1, at(1)).await;
    assert_eq!(taken[0].object.path, "scan/0");
    let texts = (0..16).map(|n| of(format!("text/{n}"), (PIPELINE, ours()), 3));
    let picture = of("picture".into(), (PIPELINE, ours()), BACKGROUND);
    ledger.when(at(2)).see(&texts.chain([picture]).collect::<Vec<_>>()).await.unwrap();
    assert_eq!(claim_of(ledger, PriorityClass::Prompt, 20, at(3)).await.len(), 16);
    let next = claim_of(ledger, PriorityClass::Background, 1, at(4)).await;
    assert_eq!(next[0].object.path, "picture");
    let rest = claim_of(ledger, PriorityClass::Background, 20, at(5)).await;
    assert_eq!(rest.len(), 9, "and all of the others after it");
}

/// What was lost is read again, and told although it is the same.
pub async fn what_is_lost_is_read_again(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    assert!(!ledger.reread(id("a"), "no text").await.unwrap(), "it was never read");
    for claim in claim(ledger, 9, at(1)).await {
        apply(ledger, done(&claim, &["m"]), at(2)).await;
    }
    let member = DocumentId::new(STORE, "a", Some(&InnerPath::of("m")));
    assert!(ledger.when(at(3)).reread(member, "no text").await.unwrap());
    assert!(!ledger.reread(id("a"), "no text").await.unwrap(), "one is open");
    balanced(ledger).await;
    let before = ledger.last_seq().await.unwrap();
    let again = claim_one(ledger, at(4)).await;
    assert_eq!((again.object.path.as_str(), again.attempt), ("a", 1));
    assert!(!ledger.reread(id("a"), "no text").await.unwrap(), "one is being worked on");
    apply(ledger, done(&again, &["m"]), at(5)).await;
    let told = ledger.changes(&our_partition(), before, 9).await.unwrap().readable();
    assert_eq!(told.len(), 2, "the same text must be told to an index that lost it");
    assert!(told.iter().all(|change| !change.withdrawn));
    let again = Redrive::Format { format: "text".to_owned(), below: 2 };
    ledger.when(at(6)).redrive(&again, "key:1").await.unwrap();
    for claim in claim(ledger, 9, at(7)).await {
        apply(ledger, done(&claim, &["m"]), at(8)).await;
    }
    assert_eq!(ledger.last_seq().await.unwrap(), told[1].seq, "told once");
    ledger.when(at(9)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    assert!(!ledger.reread(id("a"), "no text").await.unwrap(), "it is gone");
}

/// What describes a file changed: it is read anew, and whoever reads it just now reads it in vain.
pub async fn what_is_described_anew_is_read_anew(ledger: &Trial) {
    see(ledger, &["done", "read", "waits", "aside", "gone"], at(0)).await;
    let claims = claim(ledger, 9, at(1)).await;
    let of = |path: &str| claims.iter().find(|claim| claim.object.path == path).unwrap();
    apply(ledger, done(of("done"), &[]), at(2)).await;
    apply(ledger, quarantined(of("aside"), failure(FailureKind::Corrupt, false)), at(2)).await;
    apply(ledger, done(of("gone"), &[]), at(2)).await;
    ledger.when(at(2)).vanish(STORE, &["gone".to_owned()]).await.unwrap();
    let waits = of("waits");
    ledger.retry(waits.ticket, at(5), &failure(FailureKind::Read, false)).await.unwrap();

    let all = ["done", "read", "waits", "aside", "gone", "unheard of"].map(str::to_owned);
    assert_eq!(ledger.when(at(3)).break_off(STORE, &all, "a.meta.yml").await.unwrap(), 1);
    balanced(ledger).await;
    let again = claim(ledger, 9, at(3)).await;
    let [again] = again.iter().filter(|claim| claim.task == Task::Extract).collect::<Vec<_>>()[..]
    else {
        panic!("the one that was being read, and no other: {again:?}")
    };
    assert_eq!(again.object.path, "read");
    assert_eq!(complete(ledger, done(of("read"), &[]), at(3)).await, Completed::Stale);
    assert_eq!(ledger.when(at(3)).read_anew(STORE, &all, "a.meta.yml").await.unwrap(), 3);
    assert_eq!(ledger.read_anew("elsewhere", &all, "a.meta.yml").await.unwrap(), 0);
    balanced(ledger).await;
    // What it found is of before.
    assert_eq!(complete(ledger, done(again, &[]), at(4)).await, Completed::Stale);
    let mut again: Vec<String> = claim(ledger, 9, at(5))
        .await
        .into_iter()
        .filter(|claim| claim.task == Task::Extract)
        .map(|claim| claim.object.path)
        .collect();
    again.sort();
    assert_eq!(again, ["aside", "done", "read", "waits"]);
}

/// A queue must be known and not paused; what it holds meanwhile waits.
pub async fn a_claim_takes_from_open_queues_only(ledger: &Trial) {
    ledger.when(at(0)).see(&[sighting("a", "v1")]).await.unwrap();
    assert!(claim(ledger, 9, at(1)).await.is_empty(), "nobody opened this queue");
    assert_eq!(
        ledger.next_due(None, PriorityClass::Any).await.unwrap(),
        None,
        "and so nothing is to be waited for"
    );
    let answer = ledger.when(at(1)).pause(PIPELINE, true, "key:1").await;
    assert!(matches!(answer, Err(LedgerError::NotFound { what: "queue", .. })), "{answer:?}");

    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    ledger.when(at(1)).pause(PIPELINE, true, "key:1").await.unwrap();
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    assert!(ledger.when(at(1)).queues().await.unwrap()[0].paused, "opening is idempotent");
    assert!(claim(ledger, 9, at(1)).await.is_empty(), "the queue is paused");
    let standing = ledger.standing_of(id("a"), &Scope::All).await.unwrap().unwrap();
    assert!(standing.paused && standing.ahead.is_none(), "{standing:?}");
    assert_eq!(ledger.next_due(None, PriorityClass::Any).await.unwrap(), None);

    ledger.when(at(2)).pause(PIPELINE, false, "key:1").await.unwrap();
    assert!(!ledger.standing_of(id("a"), &Scope::All).await.unwrap().unwrap().paused);
    assert_eq!(ledger.next_due(None, PriorityClass::Any).await.unwrap(), Some(at(0)));
    assert_eq!(claim(ledger, 9, at(2)).await.len(), 1);
    let acts = ledger.acts(0, 9).await.unwrap();
    let acts: Vec<_> = acts.iter().map(|row| row.act.action.as_str()).collect();
    assert_eq!(acts, ["queue.pause", "queue.resume"]);
}

/// Who names queues takes from those only, and hears of no moment of the others: what they hold waits as it is for
/// somebody who has their store.
pub async fn a_claim_takes_from_the_queues_that_are_named(ledger: &Trial) {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    ledger.open_queue(&queue("other", theirs())).await.unwrap();
    let mut others = sighting("b", "v1");
    (others.pipeline, others.agency) = ("other".to_owned(), theirs());
    ledger.when(at(0)).see(&[sighting("a", "v1")]).await.unwrap();
    ledger.when(at(1)).see(&[others]).await.unwrap();

    let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mine = named(&["other", "unheard of"]);
    assert_eq!(ledger.next_due(Some(&mine), PriorityClass::Any).await.unwrap(), Some(at(1)));
    assert_eq!(ledger.next_due(Some(&[]), PriorityClass::Any).await.unwrap(), None);
    let now = ledger.when(at(2));
    assert!(
        now.claim(&worker(1), Some(&[]), PriorityClass::Any, 9, LEASE).await.unwrap().is_empty()
    );
    let claims = now.claim(&worker(1), Some(&mine), PriorityClass::Any, 9, LEASE).await.unwrap();
    let paths: Vec<&str> = claims.iter().map(|claim| claim.object.path.as_str()).collect();
    assert_eq!(paths, ["b"]);
    assert!(
        now.claim(&worker(1), Some(&mine), PriorityClass::Any, 9, LEASE).await.unwrap().is_empty()
    );
    assert_eq!(ledger.next_due(Some(&mine), PriorityClass::Any).await.unwrap(), None);

    let all = named(&["other", PIPELINE]);
    let rest = now.claim(&worker(2), Some(&all), PriorityClass::Any, 9, LEASE).await.unwrap();
    assert_eq!(
        rest.iter().map(|claim| (claim.attempt, claim.crashes)).collect::<Vec<_>>(),
        [(1, 0)]
    );
    balanced(ledger).await;
}

/// Workers that claim at the same time share the jobs. One claim may give fewer than are due: a store that
/// passes over what another transaction holds does so; asking until nothing comes gives all.
pub async fn nothing_is_claimed_twice(ledger: &Trial) {
    let names: Vec<String> = (0..40).map(|n| format!("{n:02}")).collect();
    let paths: Vec<&str> = names.iter().map(String::as_str).collect();
    see(ledger, &paths, at(0)).await;
    let now = ledger.when(at(1));
    let all = async |n| {
        let mut claimed: Vec<i64> = Vec::new();
        loop {
            let claims = now.claim(&worker(n), None, PriorityClass::Any, 3, LEASE).await.unwrap();
            if claims.is_empty() {
                return claimed;
            }
            claimed.extend(claims.iter().map(|claim| claim.ticket.job));
        }
    };
    let (a, b, c, d) = tokio::join!(all(1), all(2), all(3), all(4));
    let claimed: Vec<i64> = [a, b, c, d].into_iter().flatten().collect();
    assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), claimed.len(), "claimed twice");
    assert_eq!(claimed.len(), 40);
}

/// A job that was given back is not due before its time; attempts and crashes are counted.
pub async fn a_retry_waits_until_it_is_due(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    for (attempt, crashes, crashed) in [(1, 0, false), (2, 0, true), (3, 1, true)] {
        let due = at(i64::from(attempt) * 100);
        let claim = claim_one(ledger, due).await;
        assert_eq!((claim.attempt, claim.crashes), (attempt, crashes));
        let reason = ReasonKind::NotGiven("no answer".into()).into();
        let failure = Failure { reason, ..failure(FailureKind::Read, crashed) };
        let next = due.plus_ms(100);
        let answer = ledger.retry(claim.ticket, next, &failure).await.unwrap();
        assert_eq!(answer, Completed::Applied { seq: None });
        assert!(claim_early(ledger, next.plus_ms(-1)).await, "claimed before it was due");
        assert_eq!(ledger.next_due(None, PriorityClass::Any).await.unwrap(), Some(next));
        let job = ledger.job(claim.ticket.job).await.unwrap().unwrap();
        assert_eq!((job.state, job.failure), (JobState::Ready, Some(failure)));
    }
    apply(ledger, done(&claim_one(ledger, at(400)).await, &[]), at(401)).await;
    assert_eq!(ledger.next_due(None, PriorityClass::Any).await.unwrap(), None);
}

/// However often there was nothing to read: it says nothing of the file.
pub async fn an_attempt_that_found_nothing_does_not_count(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    for n in 1..=60 {
        let claim = claim_one(ledger, at(n * 100)).await;
        assert_eq!((claim.attempt, claim.crashes), (1, 0));
        let failure = failure(FailureKind::Gone, false);
        ledger.retry(claim.ticket, at(n * 100 + 50), &failure).await.unwrap();
        let job = ledger.job(claim.ticket.job).await.unwrap().unwrap();
        assert_eq!((job.state, job.attempt, job.failure), (JobState::Ready, 0, Some(failure)));
    }
    ledger.when(at(9_000)).vanish(STORE, &["a".to_owned()]).await.unwrap();
    let gone = claim_one(ledger, at(9_000)).await;
    assert_eq!(gone.task, Task::Delete, "its source says so, and it is looked for no more");
}

/// A moment that was told by a clock which was set back meanwhile lies far ahead: the job waits as long as any may, and
/// no longer.
pub async fn no_retry_waits_longer_than_any_may(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let claim = claim_one(ledger, at(1)).await;
    let day = at(86_400_000);
    ledger.retry(claim.ticket, day, &failure(FailureKind::Read, false)).await.unwrap();
    let due = at(1).plus_ms(i64::try_from(LONGEST_WAIT.as_millis()).unwrap());
    assert_eq!(ledger.next_due(None, PriorityClass::Any).await.unwrap(), Some(due));
}

/// Whatever waits for a moment waits as long as it would have, however far the clock is set back meanwhile: a backlog
/// is due at once, in its order; a retry, a lease, a reader's lease and a note keep what remains of their time.
pub async fn a_clock_that_is_set_back_delays_nothing(ledger: &Trial) {
    const DAY: i64 = 86_400_000;
    // The same moment, before and after the clock is set.
    let then = |ms: i64| at(2 * DAY + ms);
    let now = |ms: i64| at(DAY + ms);
    see(ledger, &["lost", "again"], then(0)).await;
    let first =
        ledger.when(then(1)).claim(&worker(2), None, PriorityClass::Any, 9, LEASE).await.unwrap();
    let [lost, again] = first.as_slice() else { panic!("{first:?}") };
    let holds = async |who: u128| {
        let reader = Reader::Cataloguer;
        ledger.hold(std::slice::from_ref(&reader), &worker(who), LEASE).await.unwrap() == [reader]
    };
    assert!(holds(2).await);
    let note = NewNote {
        by: By::Reader(Reader::Index(our_partition())),
        kind: NoteKind::TextLost,
        subject: "what".to_owned(),
        agency: Some(ours()),
        reason: "blob 1 is not there".to_owned(),
        tries: 1,
    };
    ledger.note(&note).await.unwrap();
    let failure = failure(FailureKind::Read, false);
    ledger.when(then(2)).retry(again.ticket, then(60_000), &failure).await.unwrap();
    // Many hours ago, and just now.
    see(ledger, &["new"], then(10)).await;
    let mut upload = sighting("urgent", "v1");
    upload.priority = 1;
    ledger.when(then(11)).see(&[upload]).await.unwrap();
    assert_eq!(ledger.when(then(12)).sweep(NOBODY).await.unwrap(), 0);

    let paths = async |ms: i64| {
        let claims = claim(ledger, 9, now(ms)).await;
        claims.into_iter().map(|claim| claim.object.path).collect::<Vec<_>>()
    };
    assert_eq!(paths(20).await, ["urgent", "new"], "the backlog waits for the clock");
    assert_eq!(ledger.next_due(None, PriorityClass::Any).await.unwrap(), Some(now(60_008)));
    let noted = ledger.noted(&note.by, "what").await.unwrap().unwrap();
    assert_eq!(noted.at, now(9));
    let oldest = ledger.oldest_claim().await.unwrap();
    assert_eq!(oldest, Some(now(9)), "what was claimed before is claimed before what is kept now");

    assert_eq!(ledger.when(now(30_000)).sweep(worker(1).process).await.unwrap(), 0);
    assert!(!holds(1).await, "a lease lasts as long as it did");
    assert_eq!(ledger.when(now(30_010)).sweep(worker(1).process).await.unwrap(), 1);
    assert!(holds(1).await, "the lease of a reader ends with its time");
    let swept = ledger.job(lost.ticket.job).await.unwrap().unwrap();
    assert_eq!((swept.state, swept.crashes), (JobState::Ready, 1));
    assert_eq!(paths(60_007).await, ["lost"], "a retry does not come early");
    assert_eq!(paths(60_008).await, ["again"]);

    let acts = ledger.acts(0, 99).await.unwrap();
    let told: Vec<_> = acts.iter().filter(|row| row.act.action == "clock.back").collect();
    let [told] = told.as_slice() else { panic!("{acts:?}") };
    assert_eq!((told.at, told.act.actor.as_str()), (now(20), "ledger"));
    assert_eq!(told.act.detail, format!("{{\"by_ms\":{}}}", DAY - 8));
}

/// Leases end and retries are due before their time, and that is all: who works on goes on, by its fence.
pub async fn a_clock_that_is_set_forward_loses_nothing(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    let claims = claim(ledger, 9, at(1)).await;
    ledger.retry(claims[0].ticket, at(60_000), &failure(FailureKind::Read, false)).await.unwrap();
    let day = at(86_400_000);
    assert_eq!(ledger.when(day).sweep(worker(1).process).await.unwrap(), 0, "its own process");
    assert_eq!(claim_one(ledger, day).await.object.path, "a");
    apply(ledger, done(&claims[1], &[]), day).await;
}

/// What was done by a clock that was ahead was not done in the last minute.
pub async fn what_a_clock_that_was_ahead_recorded_is_no_pace(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(86_400_000)).await;
    for claim in claim(ledger, 2, at(86_400_001)).await {
        apply(ledger, done(&claim, &[]), at(86_400_002)).await;
    }
    apply(ledger, done(&claim_one(ledger, at(0)).await, &[]), at(1)).await;
    let queues = ledger.when(at(2)).queues().await.unwrap();
    assert_eq!((queues[0].done, queues[0].last_minute), (3, 1));
    assert_eq!(ledger.standing_of(id("a"), &Scope::All).await.unwrap().unwrap().per_minute, 1);
}

async fn claim_early(ledger: &Trial, now: madang_document::timestamp::Timestamp) -> bool {
    claim(ledger, 9, now).await.is_empty()
}

/// Once another hand has held the job, the former ticket is worth nothing.
pub async fn a_stale_ticket_changes_nothing(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let old = claim_one(ledger, at(1)).await;
    assert_eq!(ledger.when(at(30_001)).sweep(NOBODY).await.unwrap(), 1);
    let new = claim_one(ledger, at(30_002)).await;
    assert!(new.ticket.fence > old.ticket.fence, "a fence only grows");
    // While the other hand still holds it, too.
    let held = everything(ledger).await;
    assert_eq!(complete(ledger, done(&old, &["x"]), at(30_002)).await, Completed::Stale);
    let given_back = failure(FailureKind::Read, true);
    let answer = ledger.retry(old.ticket, at(0), &given_back).await.unwrap();
    assert_eq!(answer, Completed::Stale);
    assert_eq!(ledger.renew(&[old.ticket], LEASE).await.unwrap(), [old.ticket]);
    assert_eq!(everything(ledger).await, held, "a stale ticket took the job from who holds it");
    apply(ledger, done(&new, &[]), at(30_003)).await;

    let before = everything(ledger).await;
    let mut other = done(&old, &["x"]);
    other.documents[0].outcome = madang_document::outcome::Outcome::Corrupt;
    assert_eq!(complete(ledger, other, at(30_004)).await, Completed::Stale);
    assert_eq!(complete(ledger, done(&new, &["x"]), at(30_004)).await, Completed::Stale);
    for ticket in [old.ticket, new.ticket] {
        let answer = ledger.retry(ticket, at(0), &failure(FailureKind::Read, true)).await.unwrap();
        assert_eq!(answer, Completed::Stale);
        assert_eq!(ledger.when(at(30_004)).renew(&[ticket], LEASE).await.unwrap(), [ticket]);
    }
    assert_eq!(everything(ledger).await, before, "a stale ticket changed something");
}

/// The lease is counted from the last renewal.
pub async fn a_renewed_lease_is_not_swept(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    let claims = claim(ledger, 9, at(0)).await;
    let [a, b] = [claims[0].ticket, claims[1].ticket];
    assert!(ledger.when(at(20_000)).renew(&[a], LEASE).await.unwrap().is_empty());
    assert_eq!(ledger.when(at(29_999)).sweep(NOBODY).await.unwrap(), 0);
    assert_eq!(ledger.when(at(30_001)).sweep(NOBODY).await.unwrap(), 1);
    assert_eq!(ledger.when(at(30_002)).renew(&[a, b], LEASE).await.unwrap(), [b]);
    let job = ledger.job(a.job).await.unwrap().unwrap();
    assert_eq!((job.state, job.lease_until), (JobState::Leased, Some(at(60_002))));
    assert_eq!(complete(ledger, done(&claims[1], &[]), at(30_003)).await, Completed::Stale);
    apply(ledger, done(&claims[0], &[]), at(30_003)).await;
}

/// A lease that ended counts as a crash. A restart of the whole service counts as an attempt only: it is not
/// the file's fault, and a file that kills the service again and again shows by its attempts.
pub async fn a_lost_worker_counts_as_a_crash(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    claim_one(ledger, at(0)).await;
    assert_eq!(ledger.when(at(40_000)).sweep(NOBODY).await.unwrap(), 1);
    balanced(ledger).await;
    assert_eq!(claim_one(ledger, at(40_000)).await.crashes, 1);
    assert_eq!(
        ledger.when(at(40_001)).release(NODE).await.unwrap(),
        1,
        "no lease needs to end for this"
    );
    assert_eq!(ledger.when(at(40_001)).release(NODE).await.unwrap(), 0);
    let claim = claim_one(ledger, at(40_001)).await;
    assert_eq!((claim.crashes, claim.attempt), (1, 3));
    let job = ledger.job(claim.ticket.job).await.unwrap().unwrap();
    let why = job.failure.unwrap();
    assert_eq!((why.kind, why.crashed), (FailureKind::Interrupted, false));
    apply(ledger, quarantined(&claim, failure(FailureKind::Crashed, true)), at(40_002)).await;
    let job = ledger.job(claim.ticket.job).await.unwrap().unwrap();
    assert_eq!((job.state, job.crashes), (JobState::Quarantined, 2));
}

/// A clock that was set forward, or a machine that slept, ends no lease of the process that still works: it
/// knows by itself what its children do.
pub async fn nobody_sweeps_their_own_lease(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    let mine = claim_one(ledger, at(0)).await;
    let other =
        ledger.claim(&worker(2), None, PriorityClass::Any, 1, LEASE).await.unwrap().remove(0);
    let own = worker(1).process;
    assert_eq!(ledger.when(at(3_600_000)).sweep(own).await.unwrap(), 1, "the other one's");
    assert_eq!(ledger.renew(&[mine.ticket, other.ticket], LEASE).await.unwrap(), [other.ticket]);
    let job = ledger.job(mine.ticket.job).await.unwrap().unwrap();
    assert_eq!((job.state, job.crashes), (JobState::Leased, 0));
    apply(ledger, done(&mine, &[]), at(3_600_001)).await;
}

/// A node gives back what its own processes held, and nobody else's.
pub async fn a_node_releases_its_own_leases(ledger: &Trial) {
    see(ledger, &["a", "b"], at(0)).await;
    claim_one(ledger, at(0)).await;
    let elsewhere = Worker { node: uuid::Uuid::from_u128(7), ..worker(2) };
    let other =
        ledger.claim(&elsewhere, None, PriorityClass::Any, 1, LEASE).await.unwrap().remove(0);
    assert_eq!(ledger.when(at(1)).release(NODE).await.unwrap(), 1);
    apply(ledger, done(&other, &[]), at(2)).await;
    assert_eq!(claim_one(ledger, at(2)).await.object.path, "a");
}

/// Each act fits some states only, is recorded, and starts attempts and crashes anew.
pub async fn an_operator_may_retry_and_drop(ledger: &Trial) {
    see(ledger, &["a"], at(0)).await;
    let claimed = claim_one(ledger, at(1)).await;
    let job = claimed.ticket.job;
    for answer in [
        ledger.when(at(1)).retry_now(job, "key:1").await,
        ledger.when(at(1)).drop_job(job, "key:1").await,
    ] {
        assert!(matches!(answer, Err(LedgerError::Conflict { .. })), "a leased job: {answer:?}");
    }
    let answer = ledger.when(at(1)).retry_now(job + 99, "key:1").await;
    assert!(matches!(answer, Err(LedgerError::NotFound { what: "job", .. })), "{answer:?}");
    assert_eq!(ledger.job(job + 99).await.unwrap(), None);
    assert!(ledger.acts(0, 9).await.unwrap().is_empty(), "a refused act leaves no row");

    ledger.retry(claimed.ticket, at(9_000), &failure(FailureKind::Crashed, true)).await.unwrap();
    ledger.when(at(2)).retry_now(job, "key:1").await.unwrap();
    let claimed = claim_one(ledger, at(2)).await;
    assert_eq!((claimed.attempt, claimed.crashes), (1, 0), "a wait was cut short");

    apply(ledger, quarantined(&claimed, failure(FailureKind::Crashed, true)), at(3)).await;
    ledger.when(at(4)).retry_now(job, "key:1").await.unwrap();
    balanced(ledger).await;
    let claimed = claim_one(ledger, at(4)).await;
    assert_eq!((claimed.attempt, claimed.crashes), (1, 0), "a quarantine was lifted");

    apply(ledger, quarantined(&claimed, failure(FailureKind::Crashed, true)), at(5)).await;
    ledger.when(at(6)).drop_job(job, "key:1").await.unwrap();
    balanced(ledger).await;
    let again = ledger.when(at(6)).drop_job(job, "key:1").await;
    assert!(matches!(again, Err(LedgerError::Conflict { .. })), "{again:?}");
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.deleted, balance.quarantined), (1, 0));
    assert_eq!(
        see(ledger, &["a"], at(7)).await.known,
        1,
        "a discarded file must not come back by itself"
    );
    ledger.when(at(8)).retry_now(job, "key:1").await.unwrap();
    balanced(ledger).await;
    let claimed = claim_one(ledger, at(8)).await;
    assert_eq!((claimed.attempt, claimed.crashes), (1, 0), "what was discarded is tried again");
    apply(ledger, deleted(&claimed), at(9)).await;
    let gone = ledger.when(at(9)).retry_now(job, "key:1").await;
    assert!(matches!(gone, Err(LedgerError::Conflict { .. })), "its file is gone: {gone:?}");
    let acts = ledger.acts(0, 99).await.unwrap();
    let acts: Vec<_> = acts.iter().map(|row| row.act.action.as_str()).collect();
    let first = ["job.retry", "job.complete", "job.retry", "job.complete", "job.drop", "job.retry"];
    assert_eq!(acts.get(..6), Some(&first[..]), "{acts:?}");
}

/// All, of one queue, or of one kind of failure.
pub async fn quarantined_jobs_are_driven_again(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    let claims = claim(ledger, 9, at(1)).await;
    use FailureKind::{Crashed, Timeout};
    for (claim, kind) in claims.iter().zip([Crashed, Timeout, Timeout]) {
        apply(ledger, quarantined(claim, failure(kind, true)), at(2)).await;
    }
    let which =
        |queue: Option<&str>, kind| Redrive::Quarantined { queue: queue.map(str::to_owned), kind };
    assert_eq!(ledger.when(at(3)).redrive(&which(Some("other"), None), "key:1").await.unwrap(), 0);
    let timeouts = which(Some(PIPELINE), Some(Timeout));
    assert_eq!(ledger.when(at(3)).redrive(&timeouts, "key:1").await.unwrap(), 2);
    balanced(ledger).await;
    let ready = claim(ledger, 9, at(3)).await;
    let fresh = |c: &crate::jobs::Claim| (c.attempt, c.crashes) == (1, 0);
    assert!(ready.len() == 2 && ready.iter().all(fresh), "{ready:?}");
    assert_eq!(ledger.when(at(4)).redrive(&which(None, None), "key:1").await.unwrap(), 1);
    assert_eq!(ledger.balance(&Scope::All).await.unwrap().in_flight, 3);
}

/// Of an object that nobody gets to read again, what was read of that version stands, with its members: it is as true as
/// it was. Of another version nothing is known, and what its reader died of says something of it.
pub async fn what_was_read_stands_when_nothing_is_read(ledger: &Trial) {
    use FailureKind::{Crashed, House, Read};
    see(ledger, &["a"], at(0)).await;
    apply(ledger, done(&claim_one(ledger, at(1)).await, &["m"]), at(2)).await;
    let ids = [id("a"), DocumentId::new(STORE, "a", Some(&InnerPath::of("m")))];
    let read = stored(ledger, &ids).await;
    let seq = ledger.last_seq().await.unwrap();
    let again = Redrive::Quarantined { queue: None, kind: None };
    ledger.when(at(10)).reread(id("a"), "once more").await.unwrap();
    for (kind, now) in [(Read, at(11)), (House, at(12))] {
        let claim = claim_one(ledger, now).await;
        apply(ledger, quarantined(&claim, failure(kind, false)), now).await;
        assert_eq!(stored(ledger, &ids).await, read, "{kind}");
        assert_eq!(ledger.last_seq().await.unwrap(), seq, "{kind}: nothing is told");
        balanced(ledger).await;
        assert_eq!(ledger.when(now).redrive(&again, "key:1").await.unwrap(), 1);
    }
    // Read after all, and the same: what was lost of it is there again, and that is told.
    apply(ledger, done(&claim_one(ledger, at(20)).await, &["m"]), at(21)).await;
    assert!(ledger.last_seq().await.unwrap() > seq);
    ledger.when(at(30)).reread(id("a"), "once more").await.unwrap();
    let claim = claim_one(ledger, at(31)).await;
    apply(ledger, quarantined(&claim, failure(Crashed, true)), at(32)).await;
    let outcomes: Vec<_> = stored(ledger, &ids)
        .await
        .into_iter()
        .map(|one| (one.document.outcome, one.withdrawn))
        .collect();
    assert_eq!(outcomes[0], (Outcome::Crashed, false));
    assert!(outcomes[1].1, "its member is gone with it");

    ledger.when(at(40)).see(&[sighting("a", "v2")]).await.unwrap();
    apply(ledger, done(&claim_one(ledger, at(41)).await, &[]), at(42)).await;
    ledger.when(at(50)).see(&[sighting("a", "v3")]).await.unwrap();
    let claim = claim_one(ledger, at(51)).await;
    apply(ledger, quarantined(&claim, failure(Read, false)), at(52)).await;
    assert_eq!(stored(ledger, &ids[..1]).await[0].document.outcome, Outcome::Crashed);
}

/// Members count; what was withdrawn or is read by the newer version already does not.
pub async fn documents_of_an_older_format_are_driven_again(ledger: &Trial) {
    see(ledger, &["old", "new", "member", "gone"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        let mut completion = done(&claim, &["m"]);
        let n = usize::from(claim.object.path == "member");
        completion.documents[n].provenance.format = "hwp5".to_owned();
        completion.documents[n].provenance.format_version =
            if claim.object.path == "new" { 2 } else { 1 };
        apply(ledger, completion, at(2)).await;
    }
    ledger.when(at(3)).vanish(STORE, &["gone".to_owned()]).await.unwrap();
    apply(ledger, deleted(&claim_one(ledger, at(4)).await), at(5)).await;

    let which = Redrive::Format { format: "hwp5".to_owned(), below: 2 };
    assert_eq!(ledger.when(at(6)).redrive(&which, "key:1").await.unwrap(), 2);
    assert_eq!(
        ledger.when(at(6)).redrive(&which, "key:1").await.unwrap(),
        0,
        "they are ready already"
    );
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.in_flight, balance.done, balance.deleted), (2, 1, 1));
    let claims = claim(ledger, 9, at(7)).await;
    let paths: HashSet<&str> = claims.iter().map(|c| c.object.path.as_str()).collect();
    assert_eq!(paths, HashSet::from(["old", "member"]));
}

/// By the documents of an object, its members among them; those at which no stage looked, too.
pub async fn documents_at_which_an_older_stage_looked_are_driven_again(ledger: &Trial) {
    see(ledger, &["never", "new", "member"], at(0)).await;
    for claim in claim(ledger, 9, at(1)).await {
        let mut completion = done(&claim, &["m"]);
        for (n, document) in completion.documents.iter_mut().enumerate() {
            let version = if claim.object.path == "member" && n == 1 { 1 } else { 2 };
            if claim.object.path != "never" {
                document.annotations = vec![
                    said("other", 1, Finding::Nothing),
                    said("text_fingerprint", version, Finding::Nothing),
                ];
            }
        }
        apply(ledger, completion, at(2)).await;
    }
    let which = |below| Redrive::Stage { stage: "text_fingerprint".to_owned(), below };
    assert_eq!(ledger.when(at(6)).redrive(&which(0), "key:1").await.unwrap(), 0);
    assert_eq!(ledger.when(at(6)).redrive(&which(2), "key:1").await.unwrap(), 2);
    assert_eq!(
        ledger.when(at(6)).redrive(&which(2), "key:1").await.unwrap(),
        0,
        "they are ready already"
    );
    let claims = claim(ledger, 9, at(7)).await;
    let paths: HashSet<&str> = claims.iter().map(|c| c.object.path.as_str()).collect();
    assert_eq!(paths, HashSet::from(["never", "member"]));
}

/// Every job is in one count.
pub async fn queues_count_their_jobs(ledger: &Trial) {
    see(ledger, &["1", "2", "3", "4", "5", "6"], at(0)).await;
    ledger.open_queue(&queue("empty", theirs())).await.unwrap();
    let claims = claim(ledger, 4, at(1)).await;
    apply(ledger, done(&claims[0], &[]), at(1000)).await;
    apply(ledger, quarantined(&claims[1], failure(FailureKind::Crashed, true)), at(1000)).await;
    ledger.retry(claims[2].ticket, at(90_000), &failure(FailureKind::Read, false)).await.unwrap();

    let queues = ledger.when(at(2000)).queues().await.unwrap();
    let names: Vec<_> = queues.iter().map(|q| (q.name.as_str(), q.agency.clone())).collect();
    assert_eq!(names, [("empty", theirs()), (PIPELINE, ours())]);
    let queue = &queues[1];
    let counts = (queue.ready, queue.waiting, queue.leased, queue.done, queue.quarantined);
    assert_eq!(counts, (2, 1, 1, 1, 1));
    assert_eq!((queue.last_minute, queue.oldest_ready), (1, Some(at(0))));
    assert_eq!((queues[0].ready, queues[0].oldest_ready), (0, None));
    assert_eq!(
        ledger.when(at(61_001)).queues().await.unwrap()[1].last_minute,
        0,
        "that was long ago"
    );
    assert_eq!(ledger.when(at(90_000)).queues().await.unwrap()[1].ready, 3, "the wait is over");
}

/// Newest change first; each page after the last job of the one before; only what the filter lets through.
pub async fn jobs_are_listed_in_pages(ledger: &Trial) {
    see(ledger, &["a", "b", "c"], at(0)).await;
    for n in 1..=2 {
        let claim = claim_one(ledger, at(n * 10)).await;
        apply(ledger, done(&claim, &[]), at(n * 10 + 1)).await;
    }
    let mut paths = Vec::new();
    let mut after = None;
    loop {
        let page = ledger.jobs(&JobFilter::default(), after, 2).await.unwrap().readable();
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        paths.extend(page.into_iter().map(|job| job.object.path));
    }
    assert_eq!(paths, ["b", "a", "c"]);
    let listed = async |state, queue: Option<&str>, agencies| {
        let queue = queue.map(str::to_owned);
        let filter = JobFilter { state, queue, agencies, due_after: None };
        ledger.jobs(&filter, None, 9).await.unwrap().readable().len()
    };
    assert_eq!(listed(Some(JobState::Done), None, Scope::All).await, 2);
    assert_eq!(listed(Some(JobState::Ready), Some(PIPELINE), only([ours()])).await, 1);
    assert_eq!(listed(None, Some("other"), Scope::All).await, 0);
    assert_eq!(listed(None, None, only([theirs()])).await, 0);
    // What is due by now does not wait; what is tried again later does.
    let waiting = async |now: i64| {
        let filter = JobFilter {
            state: Some(JobState::Ready),
            due_after: Some(at(now)),
            ..JobFilter::default()
        };
        ledger.jobs(&filter, None, 9).await.unwrap().readable().len()
    };
    assert_eq!((waiting(30).await, waiting(-1).await), (0, 1));
    let job = ledger.jobs(&JobFilter::default(), None, 1).await.unwrap().readable().remove(0);
    assert_eq!((job.done_at, job.created_at, job.attempt), (Some(at(21)), at(0), 1));
    assert!(ledger.document(DocumentId::new(STORE, "c", None)).await.unwrap().is_none());
}
