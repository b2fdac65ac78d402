//! A file of an earlier schema is opened, and everything is found again.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test panics as the test itself does"
)]

use std::path::Path;
use std::sync::Arc;

use madang_document::blob_id::BlobId;
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::outcome::Outcome;
use madang_document::principal::{Role, Scope};
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_ledger::audit::{Act, Recorded};
use madang_ledger::conformance::sample::{
    Hand, NODE, PIPELINE, STORE, Trial, apply, at, balanced, chained, claim, done, failure, id,
    our_partition, ours, quarantined, see, sighting, stored,
};
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Failure, JobState, Redrive, Task};
use madang_ledger::objects::Balance;
use madang_ledger::reader::Reader;
use madang_ledger::sqlite::{Durability, SqliteLedger};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

/// The id that the first schema gave a member: its way was one text, joined with slashes.
fn old_id(path: &str, inner: Option<&str>) -> DocumentId {
    DocumentId::new(STORE, path, inner.map(InnerPath::of).as_ref())
}

/// A document as the first schema kept it: all of it, as JSON.
fn body(path: &str, inner: Option<&str>, parent: Option<DocumentId>, outcome: &str) -> String {
    let text = BlobId::of(path.as_bytes());
    serde_json::json!({
        "id": old_id(path, inner), "agency": "1741000", "pipeline": "press",
        "object": { "store": STORE, "path": path, "version": "v1", "size": 1000 },
        "object_modified": 1_800_000_000_000_i64, "parent": parent, "inner": inner, "size": 900,
        "sha256": text, "media_type": "text/plain", "language": "ko", "outcome": outcome,
        "reason": null, "metadata": {}, "members": [],
        "warnings": [], "segments": 1, "characters": 10, "text": text, "preview": null,
        "provenance": { "format": "text", "format_version": 1 },
    })
    .to_string()
}

async fn execute(conn: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(conn).await.unwrap();
}

/// Six paths: one read, one archive in an archive, one waiting, one gone, one set aside, one being read.
async fn first(path: &Path) {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let mut conn = options.connect().await.unwrap();
    execute(&mut conn, include_str!("../src/sqlite/first.sql")).await;
    execute(
        &mut conn,
        "PRAGMA user_version = 1;
         INSERT INTO queue VALUES ('press', '1741000', 1);
         INSERT INTO held VALUES ('press', 90, 100, 5);
         INSERT INTO path VALUES (1, 'drop', 'a.txt', 'press', '1741000', 1, 1, 10),
             (2, 'drop', 'box.zip', 'press', '1741000', 2, 1, 10),
             (3, 'drop', 'waits.txt', 'press', '1741000', 3, 1, 10),
             (4, 'drop', 'gone.txt', 'press', '1741000', 4, 0, 10),
             (5, 'drop', 'bad.hwp', 'press', '1741000', 5, 1, 10),
             (6, 'drop', 'leased.pdf', 'press', '1741000', 6, 1, 10);
         INSERT INTO object SELECT id, id, 'v1', 1000, 1800000000000, 10 FROM path;
         INSERT INTO object VALUES (7, 1, 'v0', 999, 5, 5);
         INSERT INTO job (id, path, object, queue, agency, task, state, current, priority, run_at, fence,
                 lease_until, leased_by, attempt, created_at, changed_at, done_at, failure_kind,
                 failure_message, failure_crashed)
         VALUES (1, 1, 7, 'press', '1741000', 'extract', 'done', 0, 3, 5, 1, NULL, NULL, 1, 5, 6, 6, NULL, NULL, NULL),
             (2, 1, 1, 'press', '1741000', 'extract', 'done', 1, 3, 10, 1, NULL, NULL, 1, 10, 12, 12, NULL, NULL, NULL),
             (3, 2, 2, 'press', '1741000', 'extract', 'done', 1, 3, 10, 1, NULL, NULL, 1, 10, 12, 12, NULL, NULL, NULL),
             (4, 3, 3, 'press', '1741000', 'extract', 'ready', 1, 3, 10, 0, NULL, NULL, 0, 10, 10, NULL, NULL, NULL, NULL),
             (5, 4, 4, 'press', '1741000', 'delete', 'done', 1, 1, 10, 1, NULL, NULL, 1, 10, 12, 12, NULL, NULL, NULL),
             (6, 5, 5, 'press', '1741000', 'extract', 'quarantined', 1, 3, 10, 3, NULL, NULL, 3, 10, 12, 12,
                 'crashed', 'it died', 1),
             (9, 6, 6, 'press', '1741000', 'extract', 'leased', 1, 3, 10, 4, 99, x'00', 1, 10, 12, NULL, NULL, NULL, NULL);
         INSERT INTO reader VALUES ('index/1741000', 7), ('registry/folder', 3);
         INSERT INTO api_key (hash, prefix, name, roles, agencies, created_at)
             VALUES (zeroblob(32), 'mdg_1234', 'harvester', '[\"search\"]', '\"all\"', 7);
         UPDATE seq_alloc SET next = 20;",
    )
    .await;
    let zip = old_id("box.zip", None);
    let inner = old_id("box.zip", Some("in.zip"));
    for (n, path, name, inner, parent, outcome, withdrawn) in [
        (1, 1, "a.txt", None, None, "ok", false),
        (2, 2, "box.zip", None, None, "ok", false),
        (3, 2, "box.zip", Some("in.zip"), Some(zip), "ok", false),
        (4, 2, "box.zip", Some("in.zip/b.txt"), Some(inner), "ok", false),
        (5, 4, "gone.txt", None, None, "ok", true),
        (6, 5, "bad.hwp", None, None, "crashed", false),
    ] {
        let document = old_id(name, inner);
        let bytes = document.uuid().as_bytes().to_vec();
        let body = body(name, inner, parent, outcome);
        sqlx::query("INSERT INTO document VALUES (?, ?, '1741000', 'press', ?, ?, ?, 'text/plain', 900, 'text', 1, 2, ?, ?, ?)")
            .bind(bytes.clone())
            .bind(path)
            .bind(parent.map(|parent| parent.uuid().as_bytes().to_vec()))
            .bind(inner)
            .bind(outcome)
            .bind(withdrawn)
            .bind(BlobId::of(body.as_bytes()).as_bytes().to_vec())
            .bind(body)
            .execute(&mut conn)
            .await
            .unwrap();
        let entry = format!("{{\"n\":{n}}}");
        sqlx::query("INSERT INTO entry VALUES (?, ?, '1741000', ?, 3, ?, 11, 12, ?)")
            .bind(document.to_string())
            .bind(bytes.clone())
            .bind(BlobId::of(entry.as_bytes()).as_bytes().to_vec())
            .bind(withdrawn)
            .bind(entry)
            .execute(&mut conn)
            .await
            .unwrap();
        sqlx::query(
            "INSERT INTO outbox VALUES (?1, 'document', '1741000', ?2, NULL, 2, ?4, 12),
                 (?1 + 1, 'entry', '1741000', NULL, ?3, 3, ?4, 12)",
        )
        .bind(n * 2)
        .bind(bytes)
        .bind(document.to_string())
        .bind(withdrawn)
        .execute(&mut conn)
        .await
        .unwrap();
    }
    let series = "{\"series\":true}";
    sqlx::query("INSERT INTO entry VALUES ('series-press', NULL, '1741000', ?, 1, 0, 11, 11, ?)")
        .bind(BlobId::of(series.as_bytes()).as_bytes().to_vec())
        .bind(series)
        .execute(&mut conn)
        .await
        .unwrap();
    execute(
        &mut conn,
        "INSERT INTO outbox VALUES (14, 'entry', '1741000', NULL, 'series-press', 1, 0, 11)",
    )
    .await;
    let mut previous = [0; 32];
    for number in 1..=3 {
        let act = Act {
            actor: "worker".into(),
            action: "job.complete".into(),
            subject: format!("job/{number}"),
            detail: String::new(),
        };
        previous = *Recorded::hash_after(&previous, number, at(0), &act).as_bytes();
        sqlx::query("INSERT INTO audit VALUES (?, ?, ?, ?, ?, '', ?)")
            .bind(number as i64)
            .bind(at(0).0)
            .bind(act.actor)
            .bind(act.action)
            .bind(act.subject)
            .bind(previous.to_vec())
            .execute(&mut conn)
            .await
            .unwrap();
    }
    conn.close().await.unwrap();
}

#[tokio::test]
async fn a_file_of_the_first_schema_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    first(&path).await;
    let hand = Hand::default();
    let answer = SqliteLedger::open_read_only(&path, hand.clock()).await.unwrap_err();
    let LedgerError::Damaged { message: text, .. } = answer else { panic!("{answer:?}") };
    assert!(text.contains("madang up"), "the cure is one command: {text}");

    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let ledger = &Trial::new(Arc::new(ledger), hand);
    let expected = Balance {
        received: 6,
        done: 1,
        quarantined: 1,
        deleted: 1,
        in_flight: 3,
        sidecars: 0,
        members: 2,
        left_out: 0,
    };
    assert_eq!(ledger.balance(&Scope::All).await.unwrap(), expected, "box.zip is read again");
    balanced(ledger).await;
    chained(ledger).await;
    assert_eq!(ledger.acts(0, 9).await.unwrap().len(), 3);

    let standing = ledger.standing_of(id("a.txt"), &Scope::All).await.unwrap().unwrap();
    assert_eq!((standing.job.id, standing.job.state, standing.agency), (2, JobState::Done, ours()));
    let gone = ledger.standing_of(id("gone.txt"), &Scope::All).await.unwrap().unwrap();
    assert_eq!((gone.job.task, gone.job.state), (Task::Delete, JobState::Done));
    assert_eq!(ledger.jobs(&Default::default(), None, 99).await.unwrap().readable().len(), 7);
    let bad = ledger.job(6).await.unwrap().unwrap();
    assert_eq!(bad.failure.unwrap().reason, "it died".into());

    let stored = ledger.document(id("a.txt")).await.unwrap().unwrap();
    assert_eq!((stored.revision, stored.withdrawn), (2, false));
    let old: madang_document::document::Document =
        serde_json::from_str(&body("a.txt", None, None, "ok")).unwrap();
    assert_eq!(stored.document, old, "nothing of a document is lost");
    assert!(ledger.document(id("gone.txt")).await.unwrap().unwrap().withdrawn);
    let bad = ledger.document(id("bad.hwp")).await.unwrap().unwrap();
    assert_eq!(bad.document.outcome, Outcome::Crashed);
    let member = old_id("box.zip", Some("in.zip"));
    assert_eq!(ledger.members(id("box.zip"), 9).await.unwrap().readable()[0].document.id, member);

    let entry = ledger.entry(&id("a.txt").to_string()).await.unwrap().unwrap();
    assert_eq!((entry.version, entry.draft.body.as_str()), (3, "{\"n\":1}"));
    assert_eq!((entry.issued.0, entry.modified.0, entry.withdrawn), (11, 12, false));
    assert!(ledger.entry("series-press").await.unwrap().is_some());
    let events = ledger.events(&Scope::All, 0, 99).await.unwrap().readable();
    assert_eq!(events.len(), 7);
    assert_eq!(events[0].entry, id("a.txt").to_string());
    assert_eq!(events[6].entry, "series-press");
    assert_eq!(ledger.changes(&our_partition(), 0, 99).await.unwrap().readable().len(), 6);
    assert_eq!(ledger.last_seq().await.unwrap(), 19, "numbers go on where they were");

    let index = Reader::Index(our_partition());
    assert_eq!(ledger.cursor(&index).await.unwrap(), 7);
    assert!(ledger.passed(id("a.txt"), &index).await.unwrap());
    assert!(!ledger.passed(id("bad.hwp"), &index).await.unwrap());
    let registry = Reader::Registry("folder".into());
    assert!(ledger.passed(id("a.txt"), &registry).await.unwrap());
    assert!(!ledger.passed(id("box.zip"), &registry).await.unwrap());
    assert_eq!(ledger.cursor(&Reader::Cataloguer).await.unwrap(), 14, "workers wrote the entries");
    let queue = ledger.queues().await.unwrap().remove(0);
    assert!(queue.paused && queue.held.is_some() && queue.weight == 1, "{queue:?}");
    let key = ledger.keys().await.unwrap().remove(0);
    assert_eq!((key.name.as_str(), key.roles), ("harvester", vec![Role::Search]));

    // What was at work is given back by its only node, and all goes on.
    assert_eq!(ledger.release(NODE).await.unwrap(), 1);
    ledger.pause("press", false, "local").await.unwrap();
    let claims = claim(ledger, 9, at(1000)).await;
    let mut paths: Vec<_> = claims.iter().map(|claim| claim.object.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["box.zip", "leased.pdf", "waits.txt"]);
    let zip = claims.iter().find(|claim| claim.object.path == "box.zip").unwrap();
    let mut completion = done(zip, &["in.zip"]);
    let nested = InnerPath::of("in.zip").join("b.txt");
    let mut document = completion.documents[1].clone();
    document.id = DocumentId::new(STORE, "box.zip", Some(&nested));
    (document.parent, document.inner) = (Some(member), Some(nested));
    completion.documents.push(document);
    ledger.complete(&[completion]).await.unwrap();
    let former = ledger.document(old_id("box.zip", Some("in.zip/b.txt"))).await.unwrap().unwrap();
    assert!(former.withdrawn, "the former id of a nested member goes");
    let queue = ledger.queues().await.unwrap().remove(0);
    assert_eq!((queue.leased, queue.ready), (2, 0));
}

/// As the second schema left it: the documents were walked over by their ids.
#[tokio::test]
async fn a_file_of_the_second_schema_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand.clone());
    see(&trial, &["a", "b", "c"], at(0)).await;
    for claim in claim(&trial, 9, at(1)).await {
        apply(&trial, done(&claim, &["m"]), at(2)).await;
    }
    let ids = trial.ids_of(PIPELINE, None, 9).await.unwrap();
    let before = stored(&trial, &ids).await;
    assert_eq!(before.len(), 6);
    drop(trial);
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    execute(&mut conn, ELEVENTH).await;
    execute(
        &mut conn,
        "DROP INDEX document_agency;
         DROP INDEX document_pipeline;
         CREATE INDEX document_agency ON document (agency, withdrawn, id);
         CREATE INDEX document_pipeline ON document (pipeline, id) WHERE withdrawn = 0;
         DROP TABLE note;
         DROP TABLE clock;
         ALTER TABLE held DROP COLUMN released;
         DROP INDEX document_reading;
         ALTER TABLE document DROP COLUMN reading;
         ALTER TABLE document DROP COLUMN parts;
         ALTER TABLE job DROP COLUMN reason_code;
         DROP TABLE version;
         DROP TRIGGER audit_is_not_replaced;
         PRAGMA user_version = 2;",
    )
    .await;
    conn.close().await.unwrap();
    let answer = SqliteLedger::open_read_only(&path, hand.clock()).await.unwrap_err();
    assert!(answer.to_string().contains("madang up"), "{answer}");
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand);
    assert_eq!(trial.ids_of(PIPELINE, None, 9).await.unwrap(), ids);
    assert_eq!(trial.ids_after(&our_partition(), None, 9).await.unwrap(), ids);
    assert_eq!(stored(&trial, &ids).await, before);
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    let indexes: Vec<String> = sqlx::query_scalar(
        "SELECT sql FROM sqlite_schema WHERE name IN ('document_agency', 'document_pipeline') ORDER BY 1",
    )
    .fetch_all(&mut conn)
    .await
    .unwrap();
    assert!(indexes.len() == 2 && indexes.iter().all(|sql| !sql.contains("id")), "{indexes:?}");
    let read: i64 = sqlx::query_scalar("SELECT at FROM clock").fetch_one(&mut conn).await.unwrap();
    assert_eq!(read, at(2).0, "the latest moment of what it did");
    conn.close().await.unwrap();
}

/// As the sixth schema left it: of a failure there was an English sentence, in jobs and in the bodies of documents.
#[tokio::test]
async fn a_file_of_the_sixth_schema_keeps_its_reasons_as_they_were_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand.clone());
    see(&trial, &["a", "b"], at(0)).await;
    let claims = claim(&trial, 9, at(1)).await;
    let set_aside = |claim, reason: Reason| {
        let failure = Failure { reason, ..failure(FailureKind::Corrupt, false) };
        quarantined(claim, failure)
    };
    apply(&trial, set_aside(&claims[0], "the page is torn".into()), at(2)).await;
    drop(trial);
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    execute(&mut conn, ELEVENTH).await;
    let back = "ALTER TABLE job DROP COLUMN reason_code; DROP INDEX document_reading;
                ALTER TABLE document DROP COLUMN reading; ALTER TABLE document DROP COLUMN parts;
                DROP TABLE version; DROP TRIGGER audit_is_not_replaced;
                PRAGMA user_version = 6;";
    execute(&mut conn, back).await;
    conn.close().await.unwrap();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand);
    let known = ReasonKind::DamagedAfter(7).because(ReasonKind::CheckSum).within("a/b");
    apply(&trial, set_aside(&claims[1], known.clone()), at(3)).await;
    for (claim, reason) in claims.iter().zip([Reason::said("the page is torn"), known]) {
        let job = trial.job(claim.ticket.job).await.unwrap().unwrap();
        assert_eq!(job.failure.unwrap().reason, reason);
        let id = DocumentId::new(STORE, &claim.object.path, None);
        let stored = trial.document(id).await.unwrap().unwrap();
        assert_eq!(stored.document.reason, Some(reason));
    }
}

/// As the eighth schema left it: nothing is known of what documents were, and it is from now on.
#[tokio::test]
async fn a_file_of_the_eighth_schema_keeps_versions_from_now_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand.clone());
    see(&trial, &["a", "b"], at(0)).await;
    for claim in claim(&trial, 9, at(1)).await {
        apply(&trial, done(&claim, &["m"]), at(2)).await;
    }
    let ids = trial.ids_of(PIPELINE, None, 9).await.unwrap();
    let before = stored(&trial, &ids).await;
    drop(trial);
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    execute(&mut conn, ELEVENTH).await;
    let back = "DROP TABLE version; DROP TRIGGER audit_is_not_replaced; PRAGMA user_version = 8;";
    execute(&mut conn, back).await;
    conn.close().await.unwrap();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand);
    assert_eq!(stored(&trial, &ids).await, before);
    assert!(trial.versions(id("a")).await.unwrap().is_empty());
    trial.when(at(3)).see(&[sighting("a", "v2")]).await.unwrap();
    apply(&trial, done(&claim(&trial, 9, at(4)).await[0], &["m"]), at(5)).await;
    let versions = trial.versions(id("a")).await.unwrap();
    let [version] = versions.as_slice() else { panic!("{versions:?}") };
    let known = before.iter().find(|stored| stored.document.id == id("a")).unwrap();
    assert_eq!((version.revision, version.until), (1, at(5)));
    assert_eq!(version.document, known.document);
}

/// As the ninth schema left it: a row of the audit trail could be put in the place of another.
#[tokio::test]
async fn a_file_of_the_ninth_schema_replaces_no_act_from_now_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand.clone());
    see(&trial, &["a"], at(0)).await;
    apply(&trial, done(&claim(&trial, 9, at(1)).await[0], &[]), at(2)).await;
    drop(trial);
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    execute(&mut conn, ELEVENTH).await;
    execute(&mut conn, TENTH).await;
    execute(&mut conn, "DROP TRIGGER audit_is_not_replaced; PRAGMA user_version = 9;").await;
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand);
    let replace = "INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE number = 1";
    let refused = sqlx::query(replace).execute(&mut conn).await.unwrap_err();
    assert!(refused.to_string().contains("append-only"), "{refused}");
    conn.close().await.unwrap();
    chained(&trial).await;
}

/// Back to the eleventh schema.
const ELEVENTH: &str = "DROP INDEX document_gone; DROP INDEX version_left; ALTER TABLE version DROP COLUMN left_at;
                        ALTER TABLE version DROP COLUMN store; ALTER TABLE version DROP COLUMN path;
                        DROP TABLE fingerprint; DROP INDEX document_copy;
                        ALTER TABLE document DROP COLUMN stages; ALTER TABLE document DROP COLUMN content;
                        ALTER TABLE queue DROP COLUMN background_turn; ALTER TABLE turn DROP COLUMN background_at;
                        PRAGMA user_version = 11;";

/// Back to the tenth schema.
const TENTH: &str =
    "ALTER TABLE version DROP COLUMN characters; ALTER TABLE version DROP COLUMN changed;
                     ALTER TABLE version DROP COLUMN new_file; PRAGMA user_version = 10;";

/// As the tenth schema left it: a version says nothing of itself at a glance, and is read back for it.
#[tokio::test]
async fn a_file_of_the_tenth_schema_tells_at_a_glance_what_documents_were() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand.clone());
    see(&trial, &["a"], at(0)).await;
    apply(&trial, done(&claim(&trial, 9, at(1)).await[0], &[]), at(2)).await;
    let read = async |trial: &Trial, version: &str, ms: i64| {
        trial.when(at(ms)).see(&[sighting("a", version)]).await.unwrap();
        apply(trial, done(&claim(trial, 9, at(ms)).await[0], &[]), at(ms)).await;
    };
    read(&trial, "v2", 3).await;
    let expected = trial.glances(id("a")).await.unwrap();
    assert_eq!(expected.len(), 1);
    drop(trial);
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    execute(&mut conn, ELEVENTH).await;
    execute(&mut conn, TENTH).await;
    conn.close().await.unwrap();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand);
    assert_eq!(trial.glances(id("a")).await.unwrap(), expected);
    // Beside one that says so by itself.
    read(&trial, "v3", 4).await;
    let glances = trial.glances(id("a")).await.unwrap();
    assert_eq!((glances.len(), &glances[1]), (2, &expected[0]));
    let revisions: Vec<u64> = glances.iter().map(|glance| glance.revision).collect();
    assert_eq!(revisions, [2, 1]);
    assert!(glances.iter().all(|glance| glance.is_new_file && !glance.changed.is_empty()));
}

/// As the eleventh schema left it: nobody knew which documents are of the same bytes, nor which stages looked at them.
#[tokio::test]
async fn a_file_of_the_eleventh_schema_finds_copies_and_what_stages_are_to_look_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let hand = Hand::default();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand.clone());
    see(&trial, &["a", "b", "c"], at(0)).await;
    for claim in claim(&trial, 9, at(1)).await {
        let mut completion = done(&claim, &[]);
        let bytes: &[u8] = if claim.object.path == "c" { b"other" } else { b"same" };
        completion.documents[0].sha256 = Some(BlobId::of(bytes));
        apply(&trial, completion, at(2)).await;
    }
    let ids = trial.ids_of(PIPELINE, None, 9).await.unwrap();
    let before = stored(&trial, &ids).await;
    drop(trial);
    let mut conn = SqliteConnectOptions::new().filename(&path).connect().await.unwrap();
    execute(&mut conn, ELEVENTH).await;
    conn.close().await.unwrap();
    let ledger = SqliteLedger::open_with(&path, hand.clock(), Durability::Process).await.unwrap();
    let trial = Trial::new(Arc::new(ledger), hand);
    assert_eq!(stored(&trial, &ids).await, before);
    let copies = trial.lookalikes(id("a"), &Scope::All, 9).await.unwrap();
    let copies: Vec<_> = copies.iter().map(|copy| copy.stored.document.id).collect();
    assert_eq!(copies, [id("b")]);
    assert!(trial.lookalikes(id("c"), &Scope::All, 9).await.unwrap().is_empty());
    let which = Redrive::Stage { stage: "text_fingerprint".to_owned(), below: 1 };
    assert_eq!(trial.when(at(3)).redrive(&which, "key:1").await.unwrap(), 3);
}
