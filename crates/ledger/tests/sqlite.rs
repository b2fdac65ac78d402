//! The SQLite backend: the promises that every backend makes, and what only this one has.
#![allow(clippy::unwrap_used, reason = "a helper of a test panics as the test itself does")]

use std::path::Path;
use std::task::{Context, Waker};

use madang_ledger::audit::{Audit, first_broken};
use madang_ledger::conformance::{self, sample};
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Completed, Jobs};
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::Objects;
use madang_ledger::sqlite::{Durability, SqliteLedger};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};

#[tokio::test]
async fn keeps_every_promise() {
    let folder = tempfile::tempdir().unwrap();
    let mut n = 0;
    conformance::all(async || {
        n += 1;
        let path = folder.path().join(format!("{n}.db"));
        let ledger = SqliteLedger::open_with(&path, Durability::Process).await.unwrap();
        Box::new(ledger) as Box<dyn Ledger>
    })
    .await;
}

async fn raw(path: &Path, sql: &'static str) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn = options.connect().await.unwrap();
    sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = SqliteLedger::open(&path).await.unwrap();
    sample::see(&ledger, &["a"], sample::at(0)).await;
    let claim = sample::claim_one(&ledger, sample::at(1)).await;
    // Without a word of farewell, as after a kill.
    drop(ledger);

    let reader = SqliteLedger::open_read_only(&path).await.unwrap();
    assert_eq!(reader.balance(None).await.unwrap().in_flight, 1);
    let answer = reader.release_all(sample::at(2)).await;
    assert!(matches!(answer, Err(LedgerError::Unavailable(_))), "{answer:?}");

    let ledger = SqliteLedger::open(&path).await.unwrap();
    assert_eq!(ledger.release_all(sample::at(2)).await.unwrap(), 1);
    let answer = sample::complete(&ledger, sample::done(&claim, &[]), sample::at(3)).await;
    assert_eq!(answer, Completed::Stale, "a worker of the former process");
}

#[tokio::test]
async fn a_file_that_is_no_ledger_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let newer = folder.path().join("newer.db");
    drop(SqliteLedger::open(&newer).await.unwrap());
    raw(&newer, "PRAGMA user_version = 99").await;
    let noise = folder.path().join("noise.db");
    std::fs::write(&noise, "이것은 데이터베이스가 아니다. ".repeat(200)).unwrap();
    let missing = folder.path().join("no/such/folder/ledger.db");
    for (path, word) in [(&newer, "newer Madang"), (&noise, "restore"), (&missing, "folder")] {
        let answer = SqliteLedger::open(path).await.unwrap_err();
        assert!(answer.to_string().contains(word), "{answer}");
        assert_eq!(matches!(answer, LedgerError::Damaged(_)), *path != missing, "{answer:?}");
    }
    let answer = SqliteLedger::open_read_only(&missing).await.unwrap_err();
    assert!(matches!(answer, LedgerError::Unavailable(_)), "{answer:?}");
    assert!(!missing.exists());
}

#[tokio::test]
async fn an_act_edited_in_the_file_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = SqliteLedger::open(&path).await.unwrap();
    sample::see(&ledger, &["a", "b"], sample::at(0)).await;
    for claim in sample::claim(&ledger, 9, sample::at(1)).await {
        sample::apply(&ledger, sample::done(&claim, &[]), sample::at(2)).await;
    }
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let edit = "UPDATE audit SET actor = 'nobody' WHERE number = 1";
    let refused = sqlx::query(edit).execute(&mut conn).await.unwrap_err();
    assert!(refused.to_string().contains("append-only"), "{refused}");
    conn.close().await.unwrap();
    raw(
        &path,
        "DROP TRIGGER audit_is_not_edited; UPDATE audit SET actor = 'nobody' WHERE number = 1",
    )
    .await;
    let acts = ledger.acts(0, 9).await.unwrap();
    assert_eq!(first_broken(&[0; 32], 0, &acts), Some(1));
}

/// Whoever waits for an answer may stop waiting at any moment: the act is whole or was not.
#[tokio::test]
async fn a_dropped_call_leaves_no_half_act() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = SqliteLedger::open_with(&path, Durability::Process).await.unwrap();
    sample::see(&ledger, &["a"], sample::at(0)).await;
    let batch: Vec<_> = (0..20).map(|n| sample::sighting(&format!("{n}"), "v1")).collect();
    let mut whole = 0;
    for polls in 0..200 {
        let mut call = ledger.see(&batch, sample::at(1));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..polls {
            if call.as_mut().poll(&mut context).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
            std::thread::yield_now();
        }
        drop(call);
        let balance = ledger.balance(None).await.unwrap();
        assert!(balance.holds() && [1, 21].contains(&balance.received), "{balance:?}");
        whole = balance.received;
    }
    if whole == 1 {
        assert_eq!(ledger.see(&batch, sample::at(2)).await.unwrap().received, 20);
    }
}
