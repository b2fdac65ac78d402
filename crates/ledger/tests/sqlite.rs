//! The SQLite backend: the promises that every backend makes, and what only this one has.
#![allow(clippy::unwrap_used, reason = "a helper of a test panics as the test itself does")]

use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Waker};

use madang_document::annotation::Finding;
use madang_document::entry::Draft;
use madang_document::failure_kind::FailureKind;
use madang_document::fingerprint::Fingerprint;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::opening::Opening;
use madang_document::principal::Scope;
use madang_ledger::audit::{Act, Broken, first_broken, verify};
use madang_ledger::conformance::sample::{Hand, NOBODY, NODE, Trial, at};
use madang_ledger::conformance::{self, sample};
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Completed, JobFilter, JobState, Jobs, PriorityClass, Redrive};
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NewNote, NoteKind};
use madang_ledger::objects::Objects;
use madang_ledger::reader::Reader;
use madang_ledger::retention::{DAY_MS, Retention};
use madang_ledger::sqlite::{Durability, SqliteLedger};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

#[tokio::test]
async fn keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let mut n = 0;
    conformance::all(async |clock| {
        n += 1;
        let path = folder.path().join(format!("{n}.db"));
        let ledger = SqliteLedger::open_with(&path, clock, Durability::Process).await.unwrap();
        Arc::new(ledger) as Arc<dyn Ledger>
    })
    .await;
}

/// A ledger in this file, as hard as tests need it.
async fn open(path: &Path, durability: Durability) -> Trial {
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(path, hand.clock(), durability).await.unwrap();
    Trial::new(Arc::new(ledger), hand)
}

async fn raw(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

/// A shelf that may be half gone is emptied before it is filled for a question, and not after.
#[tokio::test]
async fn whatever_comes_between_two_questions_they_find_what_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    sample::see(&ledger, &["a", "b"], at(0)).await;
    for claim in sample::claim(&ledger, 9, at(1)).await {
        let finding = Finding::Text {
            fingerprint: Fingerprint::new([0; 4]),
            shingles: 100,
            opening: Opening::default(),
        };
        let mut completion = sample::done(&claim, &[]);
        completion.documents[0].annotations = vec![sample::said("text_fingerprint", 1, finding)];
        sample::apply(&ledger, completion, at(2)).await;
    }
    let [a, b] = ["a", "b"].map(sample::id);
    for comes in [true, false, false] {
        let found = ledger.lookalikes(a, &Scope::All, 9).await.unwrap();
        let found: Vec<DocumentId> = found.iter().map(|found| found.stored.document.id).collect();
        assert_eq!(found, [b]);
        assert_eq!(ledger.with_renditions(&[a], &Scope::All).await.unwrap(), [a].into());
        if comes {
            // So many that a shelf with two is one of which half may be gone.
            raw(
                &path,
                "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 65540)
                 INSERT INTO fingerprint (document, agency, kind, version, shingles, bits)
                 SELECT randomblob(16), '1741000', 1, 1, 100, randomblob(32) FROM n",
            )
            .await;
        }
    }
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Power).await;
    sample::see(&ledger, &["a"], at(0)).await;
    let claim = sample::claim_one(&ledger, at(1)).await;
    // Without a word of farewell, as after a kill.
    drop(ledger);

    let reader = SqliteLedger::open_read_only(&path, Hand::default().clock()).await.unwrap();
    assert_eq!(reader.balance(&Scope::All).await.unwrap().in_flight, 1);
    let answer = reader.release(NODE).await;
    assert!(matches!(answer, Err(LedgerError::Unavailable { .. })), "{answer:?}");

    let ledger = open(&path, Durability::Power).await;
    assert_eq!(ledger.when(at(2)).release(NODE).await.unwrap(), 1);
    let answer = sample::complete(&ledger, sample::done(&claim, &[]), at(3)).await;
    assert_eq!(answer, Completed::Stale, "a worker of the former process");
}

/// What is where, of the jobs that wait.
async fn waiting(ledger: &SqliteLedger) -> Vec<(String, i64)> {
    let filter = JobFilter { state: Some(JobState::Ready), ..JobFilter::default() };
    let jobs = ledger.jobs(&filter, None, 9).await.unwrap().readable();
    let mut waiting: Vec<_> =
        jobs.into_iter().map(|job| (job.object.path, job.run_at.0 - sample::START.0)).collect();
    waiting.sort();
    waiting
}

#[tokio::test]
async fn a_clock_that_is_set_back_while_nothing_runs_delays_nothing() {
    const DAY: i64 = 86_400_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    sample::see(&ledger, &["a"], at(DAY)).await;
    let claim = sample::claim_one(&ledger, at(DAY + 5_000)).await;
    let failure = sample::failure(FailureKind::Read, false);
    ledger.retry(claim.ticket, at(DAY + 65_000), &failure).await.unwrap();
    sample::see(&ledger, &["b"], at(DAY + 5_000)).await;
    drop(ledger);

    let hand = Hand::default();
    hand.set(at(1_000));
    for _ in 0..3 {
        let ledger = SqliteLedger::open(&path, hand.clock()).await.unwrap();
        assert_eq!(ledger.release(NODE).await.unwrap(), 0);
        let expected = [("a".to_owned(), 61_000), ("b".to_owned(), 1_000)];
        assert_eq!(waiting(&ledger).await, expected, "each start brings forward once more");
    }
    let ledger = SqliteLedger::open(&path, hand.clock()).await.unwrap();
    let claims =
        ledger.claim(&sample::worker(1), None, PriorityClass::Any, 9, sample::LEASE).await.unwrap();
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].object.path, "b");
}

/// A command beside the service is a second one that writes.
#[tokio::test]
async fn what_waits_is_brought_forward_once_by_all_who_write() {
    const DAY: i64 = 86_400_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let trial = open(&path, Durability::Process).await;
    sample::see(&trial, &["a"], at(DAY)).await;
    let claim = sample::claim_one(&trial, at(DAY)).await;
    trial
        .retry(claim.ticket, at(DAY + 60_000), &sample::failure(FailureKind::Read, false))
        .await
        .unwrap();
    hand.set(at(DAY));
    let other = SqliteLedger::open(&path, hand.clock()).await.unwrap();
    // Far from what the last change was made at, so that nothing but what each remembers tells of it.
    for moment in [at(DAY + 10_000), at(1_000), at(2_000)] {
        hand.set(moment);
        assert_eq!(trial.when(moment).sweep(NOBODY).await.unwrap(), 0);
        assert_eq!(other.sweep(NOBODY).await.unwrap(), 0);
    }
    let expected = [("a".to_owned(), 51_000)];
    assert_eq!(waiting(&other).await, expected);
    for moment in [at(12_000), at(500)] {
        hand.set(moment);
        assert_eq!(other.sweep(NOBODY).await.unwrap(), 0);
        assert_eq!(trial.when(moment).sweep(NOBODY).await.unwrap(), 0);
    }
    assert_eq!(waiting(&other).await, [("a".to_owned(), 39_500)], "a second time, too");
}

#[tokio::test]
async fn a_closed_ledger_leaves_its_file_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Power).await;
    sample::see(&ledger, &["a"], at(0)).await;
    assert!(folder.path().join("ledger.db-wal").exists());
    ledger.close().await.unwrap();
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[tokio::test]
async fn a_file_that_is_no_ledger_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.db");
    drop(SqliteLedger::open(&newer, Hand::default().clock()).await.unwrap());
    raw(&newer, "PRAGMA user_version = 99").await;
    let noise = folder.path().join("noise.db");
    std::fs::write(&noise, "이것은 데이터베이스가 아니다. ".repeat(200)).unwrap();
    let missing = folder.path().join("no/such/folder/ledger.db");
    for (path, word) in [(&newer, "newer Madang"), (&noise, "restore"), (&missing, "folder")] {
        let answer = SqliteLedger::open(path, Hand::default().clock()).await.unwrap_err();
        assert!(answer.to_string().contains(word), "{answer}");
        assert_eq!(matches!(answer, LedgerError::Damaged { .. }), *path != missing, "{answer:?}");
    }
    let answer = SqliteLedger::open_read_only(&missing, Hand::default().clock()).await.unwrap_err();
    assert!(matches!(answer, LedgerError::Unavailable { .. }), "{answer:?}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn an_act_edited_in_the_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Power).await;
    sample::see(&ledger, &["a", "b"], at(0)).await;
    for claim in sample::claim(&ledger, 9, at(1)).await {
        sample::apply(&ledger, sample::done(&claim, &[]), at(2)).await;
    }
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    for edit in [
        "UPDATE audit SET actor = 'nobody' WHERE number = 1",
        "INSERT OR REPLACE INTO audit SELECT number, at, 'nobody', action, subject, detail, hash
         FROM audit WHERE number = 1",
        "REPLACE INTO audit (number, at, actor, action, subject, detail, hash)
         VALUES (2, 1, 'nobody', 'b', 'c', '', zeroblob(32))",
    ] {
        let refused = sqlx::query(edit).execute(&mut conn).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
    }
    conn.close().await.unwrap();
    assert!(verify(&*ledger).await.unwrap().is_some_and(|verdict| verdict.is_ok()));
    raw(
        &path,
        "DROP TRIGGER audit_is_not_edited; UPDATE audit SET actor = 'nobody' WHERE number = 1",
    )
    .await;
    let acts = ledger.acts(0, 9).await.unwrap();
    assert_eq!(first_broken(&[0; 32], 0, &acts), Some(1));
    assert_eq!(verify(&*ledger).await.unwrap(), Some(Err(Broken::Row(1))));
    // As is what is put in the place of a hash.
    raw(&path, "UPDATE audit SET actor = 'worker', hash = x'00' WHERE number = 2").await;
    assert_eq!(verify(&*ledger).await.unwrap(), Some(Err(Broken::Row(1))));
}

/// What is no text is told as a row that was changed, also where the text stood that is shown in its place.
#[tokio::test]
async fn an_act_that_is_no_text_any_more_is_found() {
    let folder = tempfile::tempdir().unwrap();
    for (column, edit) in [
        ("actor", "UPDATE audit SET actor = CAST(x'ff' AS TEXT) WHERE number = 2"),
        ("action", "UPDATE audit SET action = CAST(x'ff' AS TEXT) WHERE number = 2"),
        ("subject", "UPDATE audit SET subject = CAST(x'ff' AS TEXT) WHERE number = 2"),
        ("detail", "UPDATE audit SET detail = CAST(x'ff' AS TEXT) WHERE number = 2"),
    ] {
        let path = folder.path().join(format!("{column}.db"));
        let ledger = open(&path, Durability::Power).await;
        for number in 0..3 {
            let act = Act {
                actor: "\u{fffd}".into(),
                action: "\u{fffd}".into(),
                subject: "\u{fffd}".into(),
                detail: if number == 1 { "\u{fffd}".into() } else { String::new() },
            };
            ledger.append(&act).await.unwrap();
        }
        let whole = verify(&*ledger).await.unwrap();
        assert!(whole.is_some_and(|verdict| verdict.is_ok()));
        raw(&path, "DROP TRIGGER audit_is_not_edited").await;
        raw(&path, edit).await;
        assert_eq!(verify(&*ledger).await.unwrap(), Some(Err(Broken::Row(2))), "{column}");
    }
}

/// What takes the oldest acts away leaves the lock in its place.
#[tokio::test]
async fn nothing_but_a_trimming_cuts_the_audit_trail() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Power).await;
    sample::see(&ledger, &["a", "b"], at(0)).await;
    for claim in sample::claim(&ledger, 9, at(1)).await {
        sample::apply(&ledger, sample::done(&claim, &[]), at(2)).await;
    }
    let retention = Retention { audit_ms: 1, ..Retention::default() };
    for (moment, gone) in [(DAY_MS + 3, 0), (DAY_MS + 4, 1), (DAY_MS + 6, 1)] {
        assert_eq!(ledger.when(at(moment)).trim(&retention).await.unwrap().audit, gone, "{moment}");
        let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
        let refused = sqlx::query("DELETE FROM audit").execute(&mut conn).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{refused}");
        conn.close().await.unwrap();
    }
    sample::chained(&ledger).await;
}

/// What is left of a batch goes at once, and where all went nobody looks again so soon.
#[tokio::test]
async fn a_trimming_says_whether_more_may_be_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    raw(
        &path,
        "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5002)
         INSERT INTO audit SELECT n, n, 'a', 'b', 'c', '', zeroblob(32) FROM n",
    )
    .await;
    let retention = Retention { audit_ms: 1, ..Retention::default() };
    let ledger = ledger.when(at(3 * DAY_MS));
    let trimmed = [ledger.trim(&retention).await.unwrap(), ledger.trim(&retention).await.unwrap()];
    assert_eq!(
        trimmed.map(|trimmed| (trimmed.audit, trimmed.is_full)),
        [(5_000, true), (2, false)]
    );
    assert_eq!(ledger.trim(&retention).await.unwrap().audit, 0);
}

/// Whoever waits for an answer may stop waiting at any moment: the act is whole or was not.
#[tokio::test]
async fn a_dropped_call_leaves_no_half_act() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    sample::see(&ledger, &["a"], at(0)).await;
    let batch: Vec<_> = (0..20).map(|n| sample::sighting(&format!("{n}"), "v1")).collect();
    let mut whole = 0;
    for polls in 0..200 {
        let mut call = ledger.see(&batch);
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if call.as_mut().poll(&mut context).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
        drop(call);
        let balance = ledger.balance(&Scope::All).await.unwrap();
        assert!(balance.holds() && [1, 21].contains(&balance.received), "{balance:?}");
        whole = balance.received;
    }
    if whole == 1 {
        assert_eq!(ledger.see(&batch).await.unwrap().received, 20);
    }
}

/// A first reading costs no query more for what documents were, nor does one that came out the same: there they succeed
/// where nothing can be asked.
#[tokio::test]
async fn only_what_changed_is_looked_up_among_versions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    raw(&path, "DROP TABLE version").await;
    sample::see(&ledger, &["a", "b"], at(0)).await;
    for claim in sample::claim(&ledger, 9, at(1)).await {
        sample::apply(&ledger, sample::done(&claim, &["m"]), at(2)).await;
    }
    ledger
        .when(at(3))
        .reprocess(&[sample::id("a")], "key:1", &serde_json::Value::Null)
        .await
        .unwrap();
    let mut again = sample::done(&sample::claim_one(&ledger, at(4)).await, &["m"]);
    again.documents[0].provenance.format_version = 2;
    sample::apply(&ledger, again, at(5)).await;
    ledger.when(at(6)).see(&[sample::sighting("a", "v2")]).await.unwrap();
    let changed = sample::done(&sample::claim_one(&ledger, at(7)).await, &["m"]);
    let refused = ledger.when(at(8)).complete(&[changed]).await.unwrap_err().to_string();
    assert!(refused.contains("version"), "{refused}");
}

/// What a document was and cannot be read back costs itself alone, and keeps no blob.
#[tokio::test]
async fn a_version_that_cannot_be_read_back_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    sample::see(&ledger, &["a"], at(0)).await;
    for n in 1..=3 {
        ledger.when(at(n)).see(&[sample::sighting("a", &format!("v{n}"))]).await.unwrap();
        let claim = sample::claim_one(&ledger, at(n)).await;
        sample::apply(&ledger, sample::done(&claim, &[]), at(n)).await;
    }
    raw(&path, "UPDATE version SET body = x'07' WHERE revision = 2").await;
    let versions = ledger.versions(sample::id("a")).await.unwrap();
    let revisions: Vec<u64> = versions.iter().map(|version| version.revision).collect();
    assert_eq!(revisions, [1]);
    assert_eq!(ledger.named_blobs(None, 9).await.unwrap().blobs.len(), 2);
    // What follows is kept as ever.
    ledger.when(at(9)).see(&[sample::sighting("a", "v9")]).await.unwrap();
    let claim = sample::claim_one(&ledger, at(9)).await;
    sample::apply(&ledger, sample::done(&claim, &[]), at(9)).await;
    assert_eq!(ledger.versions(sample::id("a")).await.unwrap().len(), 2);
}

/// A later Madang may have words that this one does not know.
#[tokio::test]
async fn a_failure_of_an_unknown_kind_is_shown_and_stops_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    sample::see(&ledger, &["a", "b"], at(0)).await;
    for claim in sample::claim(&ledger, 9, at(1)).await {
        let failure = sample::failure(FailureKind::Timeout, false);
        sample::apply(&ledger, sample::quarantined(&claim, failure), at(2)).await;
    }
    raw(&path, "UPDATE job SET failure_kind = 'melted' WHERE id = 1").await;
    let filter = JobFilter { state: Some(JobState::Quarantined), ..JobFilter::default() };
    let jobs = ledger.jobs(&filter, None, 9).await.unwrap().readable();
    let mut failures: Vec<_> = jobs.into_iter().map(|job| (job.id, job.failure.unwrap())).collect();
    failures.sort_by_key(|(id, _)| *id);
    let kinds: Vec<FailureKind> = failures.iter().map(|(_, failure)| failure.kind).collect();
    assert_eq!(kinds, [FailureKind::Unknown, FailureKind::Timeout]);
    assert_eq!(
        failures[0].1.reason.english(),
        "`melted`: it ended with timeout",
        "its word is not lost"
    );
    let all = Redrive::Quarantined { queue: None, kind: None };
    assert_eq!(ledger.when(at(3)).redrive(&all, "key:1").await.unwrap(), 2);
    assert_eq!(sample::claim(&ledger, 9, at(4)).await.len(), 2);
}

/// What stands in one row cannot be read back: whoever lists or walks over its table meets its neighbours all the same,
/// and itself by its key.
#[tokio::test]
async fn a_bad_row_costs_itself_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    sample::see(&ledger, &["a", "b"], at(0)).await;
    for claim in sample::claim(&ledger, 9, at(1)).await {
        sample::apply(&ledger, sample::done(&claim, &["m", "n"]), at(2)).await;
    }
    let entries: Vec<Draft> = ["a", "b"]
        .map(|path| {
            let body = format!("{{\"title\":\"{path}\"}}");
            Draft::new(sample::id(path).to_string(), Some(sample::id(path)), sample::ours(), body)
        })
        .to_vec();
    ledger.when(at(3)).put_entries(&entries).await.unwrap();
    for path in ["a", "b"] {
        let note = NewNote {
            by: By::Reader(Reader::Cataloguer),
            kind: NoteKind::EntryRefused,
            subject: sample::id(path).to_string(),
            agency: None,
            reason: "why".into(),
            tries: 0,
        };
        ledger.note(&note).await.unwrap();
    }
    let link =
        |key: &str| LeftOut { key: key.into(), kind: LeftOutKind::Link, reason: "why".into() };
    ledger.leave_out(sample::PIPELINE, &[link("x"), link("y")]).await.unwrap();
    let filter = JobFilter::default();
    let id = sample::id("a");
    let inner = DocumentId::new(sample::STORE, "a", Some(&InnerPath::of("m")));
    raw(
        &path,
        "UPDATE document SET body = x'0badc0de' WHERE inner_path = 'm';
         UPDATE entry SET body = x'0badc0de' WHERE rowid = 1;
         UPDATE outbox SET agency = 'nobody' WHERE seq = (SELECT min(seq) FROM outbox WHERE kind = 1);
         UPDATE outbox SET agency = 'nobody' WHERE seq = (SELECT min(seq) FROM outbox WHERE kind = 2);
         UPDATE job SET agency = 'nobody' WHERE id = 1;
         UPDATE note SET kind = 'melted' WHERE id = 1;
         UPDATE left_out SET kind = 'melted' WHERE key = 'x';",
    )
    .await;
    let counts = |met: usize, read: usize| (met, read);
    let rows = ledger.members(id, 9).await.unwrap();
    assert_eq!((rows.0[0].key, rows.len()), (inner, 2));
    assert_eq!(rows.readable().len(), 1);
    let rows = ledger.documents(&[id, inner]).await.unwrap();
    assert_eq!((rows.len(), rows.readable().len()), counts(2, 1));
    assert!(ledger.document(inner).await.unwrap_err().is_of_the_act());
    let rows = ledger.entries(&Scope::All, false, None, 9).await.unwrap();
    let (last, met) = (rows.last().cloned(), rows.len());
    assert_eq!((met, rows.readable().len()), counts(2, 1));
    let rest = ledger.entries(&Scope::All, false, last.as_deref(), 9).await.unwrap();
    assert!(rest.is_empty(), "a walk goes on behind it");
    let rows = ledger.events(&Scope::All, 0, 9).await.unwrap();
    assert_eq!((rows.len(), rows.readable().len()), counts(2, 1));
    let rows = ledger.document_changes(0, 99).await.unwrap();
    assert_eq!((rows.len(), rows.readable().len()), counts(6, 5));
    assert_eq!(ledger.last_changes().await.unwrap().len(), 1, "the partition of a code is none");
    let rows = ledger.jobs(&filter, None, 9).await.unwrap();
    assert_eq!((rows.len(), rows.readable().len()), counts(2, 1));
    let rows = ledger.notes(&Scope::All, None, 9).await.unwrap();
    assert_eq!((rows.len(), rows.readable().len()), counts(2, 1));
    assert_eq!(ledger.noted_by(&By::Reader(Reader::Cataloguer)).await.unwrap().len(), 1);
    let rows = ledger.left_outs(&Scope::All, None, 9).await.unwrap();
    assert_eq!((rows.len(), rows.readable().len()), counts(2, 1));
    assert_eq!(ledger.left_out(sample::PIPELINE).await.unwrap(), [link("y")]);
    let named = ledger.named_blobs(None, 99).await.unwrap();
    assert_eq!(named.unreadable.len(), 2);
    // Written again, an entry is whole again, in a new version.
    assert_eq!(ledger.when(at(4)).put_entries(&entries).await.unwrap(), 1);
    assert_eq!(ledger.entries(&Scope::All, false, None, 9).await.unwrap().readable().len(), 2);

    raw(
        &path,
        "UPDATE document SET outcome = 'melted' WHERE inner_path = 'n';
         UPDATE document SET agency = 'nobody' WHERE inner_path = 'm';
         INSERT INTO queue (name, agency) VALUES ('q', 'nobody');",
    )
    .await;
    assert_eq!(ledger.outcomes(&Scope::All).await.unwrap().len(), 1);
    assert_eq!(ledger.partitions().await.unwrap(), [sample::our_partition()]);
    assert_eq!(ledger.queues().await.unwrap().len(), 1);
}

/// The first to be claimed of its queue: claimed again and again, nobody would ever claim another.
#[tokio::test]
async fn a_job_whose_row_is_bad_is_set_aside_and_keeps_no_other_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = open(&path, Durability::Process).await;
    sample::see(&ledger, &["a", "b", "c"], at(0)).await;
    raw(&path, "UPDATE job SET agency = 'nobody' WHERE id = 1").await;
    let alone = ledger
        .when(at(1))
        .claim(&sample::worker(1), None, PriorityClass::Any, 1, sample::LEASE)
        .await
        .unwrap();
    assert!(alone.is_empty(), "it was the one that was chosen");
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!(
        (balance.quarantined, balance.in_flight),
        (1, 2),
        "set aside, though none was claimed"
    );
    let claims = sample::claim(&ledger, 9, at(2)).await;
    let paths: Vec<&str> = claims.iter().map(|claim| claim.object.path.as_str()).collect();
    assert_eq!(paths, ["b", "c"]);
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert_eq!((balance.received, balance.quarantined, balance.in_flight), (3, 1, 2));
    let acts = ledger.acts(0, 9).await.unwrap();
    assert!(
        acts.iter().any(|row| row.act.action == "job.unreadable" && row.act.subject == "job/1")
    );
}
