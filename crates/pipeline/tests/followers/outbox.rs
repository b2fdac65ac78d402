use std::collections::BTreeSet;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;

use madang_catalog::license::License;
use madang_document::condition::{Kind, Subject};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::principal::Scope;
use madang_index::index::Index;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::declarations::Declarations;
use madang_ledger::entries::Entries;
use madang_ledger::ledger::Ledger;
use madang_ledger::outbox::Outbox;
use madang_ledger::reader::{Reader, Readers};
use madang_ledger::retention::{Retention, Trim};
use madang_ledger::sqlite::{Durability, SqliteLedger};
use madang_pipeline::board::Board;
use madang_pipeline::cataloguer::{Cataloguer, declaration, rebuild};
use madang_pipeline::follow::{Way, follow};
use madang_pipeline::indexer::Indexing;
use madang_pipeline::indexers::Indexers;
use madang_store::blobs::Blobs;
use madang_wait::until;
use object_store::local::LocalFileSystem;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio_util::sync::CancellationToken;

use crate::house::{House, agency, declared, holds, now, partition};

#[tokio::test(flavor = "multi_thread")]
async fn the_board_says_when_the_outbox_cannot_be_read() {
    let house = House::new().await;
    house.drop(0, 0..5).await;
    house.write("ALTER TABLE outbox RENAME TO away").await;
    let _way = house.way();
    let subject = Subject::part("outbox");
    until("it is told", async || house.board.stands(Kind::OutboxUnread, &subject)).await;
    house.write("ALTER TABLE away RENAME TO outbox").await;
    until("all is well", async || house.board.now().is_empty()).await;
}

/// One document's row cannot be read: what is caught up with, built anew, walked over and made anew goes on without it.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_read_stops_no_walk() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..30).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    let kogl1 = declared(&house, License::Kogl1);
    let stop = CancellationToken::new();
    let way = Way { stop: stop.clone(), ..house.way() };
    let cataloguer = Cataloguer::new(Arc::clone(&house.ledger) as _, kogl1, Arc::default());
    let running = tokio::spawn(follow(cataloguer, way));
    let entries = async |version: u64| {
        let all = house.ledger.entries(&Scope::All, false, None, 99).await.unwrap().readable();
        let made = all.iter().filter(|entry| entry.version == version);
        made.filter_map(|entry| entry.draft.document).collect::<BTreeSet<_>>()
    };
    until("all have an entry", async || entries(1).await.len() == 30).await;
    stop.cancel();
    running.await.unwrap();

    house.garble(&documents[7]).await;
    let others: Vec<Document> =
        documents.iter().filter(|d| d.id != documents[7].id).cloned().collect();
    let ids: BTreeSet<DocumentId> = others.iter().map(|document| document.id).collect();
    // A changed declaration.
    let kogl4 = declared(&house, License::Kogl4);
    let stop = CancellationToken::new();
    let way = Way { stop: stop.clone(), ..house.way() };
    let cataloguer =
        Cataloguer::new(Arc::clone(&house.ledger) as _, Arc::clone(&kogl4), Arc::default());
    let running = tokio::spawn(follow(cataloguer, way));
    until("the others have a new one", async || entries(2).await == ids).await;
    let told = declaration(&kogl4["press0"]);
    until("the walk is at its end", async || {
        house.ledger.declared("press0").await.unwrap() == Some(told)
    })
    .await;
    stop.cancel();
    running.await.unwrap();
    let subject = documents[7].id.to_string();
    let by = |by: &str| (by.to_owned(), subject.clone());
    assert_eq!(house.unreadable().await, [by("cataloguer")].into());
    // All entries made anew: that of the unreadable one is not withdrawn, for nobody knows that it is gone.
    rebuild(&(Arc::clone(&house.ledger) as Arc<dyn Ledger>), &kogl4).await.unwrap();
    assert_eq!(entries(1).await, [documents[7].id].into());
    // An index made anew.
    house.end().await;
    let index = Arc::new(TantivyIndex::open(&house.path("anew")).unwrap());
    house.follow_into(Arc::clone(&index) as _);
    holds(&index, &agency(0), &others).await;
    until("it is noted", async || {
        house.unreadable().await == [by("cataloguer"), by("index/1741000")].into()
    })
    .await;
    until("it follows", async || index.checkpoint(&partition(0)).unwrap().unwrap_or(0) > 0).await;
    house.end().await;
    let indexing = Indexing {
        ledger: Arc::clone(&house.ledger) as _,
        blobs: house.blobs.clone(),
        index: Arc::new(TantivyIndex::open(&house.path("third")).unwrap()),
        board: house.board.clone(),
        clock: Arc::new(now),
    };
    Indexers::new(indexing.clone()).rebuild().await.unwrap();
    assert_eq!(indexing.index.verify(&partition(0)).unwrap().ids.len(), 29);
    assert!(house.board.now().is_empty(), "{:?}", house.board);
}

/// The outbox was trimmed of what a follower had not passed, while an obstacle kept it: it starts anew.
#[tokio::test(flavor = "multi_thread")]
async fn who_waited_longer_than_the_outbox_is_kept_starts_anew() {
    let house = House::new().await;
    let first = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &first).await;
    until("it follows", async || {
        house.ledger.cursor(&Reader::Index(partition(0))).await.unwrap() > 0
    })
    .await;
    // The texts cannot be reached.
    let (blobs, away) = (house.path("blobs"), house.path("away"));
    std::fs::rename(&blobs, &away).unwrap();
    std::fs::write(&blobs, "").unwrap();
    let missed = {
        let elsewhere = LocalFileSystem::new_with_prefix(&away).unwrap();
        let elsewhere = Blobs::new(Arc::new(elsewhere));
        house.drop_into(0, 5..9, &elsewhere).await
    };
    until("it waits", async || {
        house.board.now().iter().any(|condition| condition.kind == Kind::IndexBehind)
    })
    .await;
    // As if all of it were long past.
    let retention = Retention { outbox_ms: -60_000, jobs_ms: i64::MAX / 4, ..Retention::default() };
    while house.ledger.trim(&retention).await.unwrap().outbox > 0 {}
    assert!(house.ledger.document_changes(0, 9).await.unwrap().readable().is_empty());
    std::fs::remove_file(&blobs).unwrap();
    std::fs::rename(&away, &blobs).unwrap();
    holds(&index, &agency(0), &[first, missed].concat()).await;
}

/// Overwrites the first page of a table, as a disk does that garbles what it holds.
async fn damage_table(file: &std::path::Path, table: &str) {
    let mut conn =
        SqliteConnectOptions::new().filename(file).read_only(true).connect().await.unwrap();
    let (page, size): (i64, i64) = sqlx::query_as(
        "SELECT rootpage, (SELECT page_size FROM pragma_page_size) FROM sqlite_schema WHERE name = ?",
    )
    .bind(table)
    .fetch_one(&mut conn)
    .await
    .unwrap();
    conn.close().await.unwrap();
    let (page, size) = (u64::try_from(page).unwrap(), u64::try_from(size).unwrap());
    let mut file = std::fs::File::options().write(true).open(file).unwrap();
    file.seek(SeekFrom::Start((page - 1) * size)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(size).unwrap()]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_ledger_is_told_as_such_and_not_as_an_index_that_is_behind() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..300).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    house.end().await;
    drop(index);
    house.ledger.close().await.unwrap();
    let file = house.path("ledger.db");
    damage_table(&file, "document").await;
    let ledger = SqliteLedger::open_with(&file, Arc::new(now), Durability::Process).await.unwrap();
    house.ledger = Arc::new(ledger);
    house.board = Board::new(Arc::new(now));
    std::fs::remove_dir_all(house.path("index")).unwrap();
    let _index = house.index();
    until("the damage is told", async || {
        house.board.stands(Kind::LedgerDamaged, &Subject::service())
    })
    .await;
    let told = house.board.now();
    assert!(told.iter().all(|condition| condition.kind != Kind::IndexBehind), "{told:?}");
}
