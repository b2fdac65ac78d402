use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use madang_document::condition::{Kind, Subject};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use madang_index::index::{Census, Index, IndexError};
use madang_index::query::{Hits, Query, SearchError};
use madang_index::record::Change;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::audit::Audit;
use madang_ledger::declarations::Declarations;
use madang_ledger::jobs::{JobFilter, JobState, Jobs, PriorityClass};
use madang_ledger::notes::{By, NoteKind, Notes, Redo};
use madang_ledger::outbox::Outbox;
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::reader::Reader;
use madang_pipeline::indexer::reached;
use madang_wait::until;

use crate::house::{House, agency, completion, count, holds, partition, worker};

#[tokio::test(flavor = "multi_thread")]
async fn a_corrected_agency_code_moves_the_documents_and_stops_nobody() {
    let house = House::new().await;
    let index = house.index();
    let moving = house.drop(0, 0..30).await;
    let staying = house.drop(1, 0..5).await;
    holds(&index, &agency(0), &moving).await;
    while house.ledger.reassign("press0", &agency(7), 10).await.unwrap().paths > 0 {}
    house.changed.notify_waiters();
    holds(&index, &agency(7), &moving).await;
    holds(&index, &agency(0), &[]).await;
    holds(&index, &agency(1), &staying).await;
    let more = house.drop(1, 5..9).await;
    holds(&index, &agency(1), &[staying, more].concat()).await;
    assert!(house.board.now().is_empty(), "{:?}", house.board);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_nothing_can_be_in_any_more_is_removed() {
    let mut house = House::new().await;
    let index = house.index();
    let moving = house.drop(0, 0..3).await;
    holds(&index, &agency(0), &moving).await;
    // As the service does when a declaration says another agency.
    let (name, corrected) = ("press0".to_owned(), agency(7));
    let queue = QueueDeclaration { name, agency: corrected, weight: 1 };
    house.ledger.open_queue(&queue).await.unwrap();
    while house.ledger.reassign("press0", &agency(7), 10).await.unwrap().paths > 0 {}
    house.changed.notify_waiters();
    holds(&index, &agency(7), &moving).await;
    let left = house.path("index").join(agency(0).as_str());
    let others = [partition(7)];
    until("it is gone from the list", async || index.partitions().unwrap() == others).await;
    assert!(!left.exists());
    // And yet it has come as far as there is anything to come to, also after a restart and a rebuild.
    let last = house.ledger.last_changes().await.unwrap();
    let last = last.iter().find(|(partition, _)| partition.agency == agency(0)).unwrap().1;
    let rests = async |house: &House, index: &Arc<TantivyIndex>| {
        let index: Arc<dyn Index> = Arc::clone(index) as _;
        reached(house.ledger.as_ref(), &index, &partition(0)).await.unwrap() >= last
    };
    until("it is at rest", async || rests(&house, &index).await).await;
    house.end().await;
    drop(index);
    let index = house.index();
    holds(&index, &agency(7), &moving).await;
    until("it is at rest", async || rests(&house, &index).await).await;
    assert!(!left.exists());
    // Back with its documents, it is there again.
    let queue = QueueDeclaration { name: "press0".into(), agency: agency(0), weight: 1 };
    house.ledger.open_queue(&queue).await.unwrap();
    while house.ledger.reassign("press0", &agency(0), 10).await.unwrap().paths > 0 {}
    house.changed.notify_waiters();
    holds(&index, &agency(0), &moving).await;
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_text_costs_one_text_and_the_file_is_read_again() {
    let mut house = House::new().await;
    let hurt = house.drop(0, 0..20).await;
    let unhurt = house.drop(1, 0..5).await;
    house.lose(&hurt[7]);
    let index = house.index();
    // All are found, the one by its other properties.
    holds(&index, &agency(0), &hurt).await;
    holds(&index, &agency(1), &unhurt).await;
    // What stands in every text and in no name.
    let texts = || {
        let query = Query { text: "글".into(), ..Query::default() };
        index.search(&[partition(0)], &query).unwrap().total
    };
    assert_eq!(texts(), 19);
    let acts = house.ledger.acts(0, 1000).await.unwrap();
    let lost: Vec<_> = acts.iter().filter(|row| row.act.action == "text.lost").collect();
    assert_eq!(lost.len(), 1);
    assert_eq!(lost[0].act.subject, hurt[7].id.to_string());
    let ready = JobFilter { state: Some(JobState::Ready), ..JobFilter::default() };
    let jobs = house.ledger.jobs(&ready, None, 10).await.unwrap().readable();
    assert_eq!(jobs.iter().map(|job| job.object.path.clone()).collect::<Vec<_>>(), ["7.txt"]);
    // Read again it gives the same document, and yet the index hears of it.
    let before = house.ledger.last_seq().await.unwrap();
    house.read_all().await;
    until("the index has heard", async || {
        index.checkpoint(&partition(0)).unwrap().unwrap_or(0) > before
    })
    .await;
    holds(&index, &agency(0), &hurt).await;
    assert_eq!(texts(), 20);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_index_is_built_anew_by_itself() {
    let mut house = House::new().await;
    let hurt = house.drop(0, 0..20).await;
    let unhurt = house.drop(1, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &hurt).await;
    holds(&index, &agency(1), &unhurt).await;
    house.end().await;
    drop(index);
    std::fs::write(house.path("index").join(agency(0).as_str()).join("meta.json"), "{").unwrap();
    let index = house.index();
    holds(&index, &agency(0), &hurt).await;
    holds(&index, &agency(1), &unhurt).await;
    until("all is well", async || house.board.now().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_ahead_of_its_ledger_is_built_anew() {
    let house = House::new().await;
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    index.apply(&partition(0), &[], 9_999).unwrap();
    drop(index);
    let documents = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    assert!(index.checkpoint(&partition(0)).unwrap().unwrap() < 9_999);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_index_is_built_anew_though_the_outbox_tells_of_nobody_any_more() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    house.trim().await;
    // Of this agency the documents speak, and nothing else.
    house.write("DELETE FROM trimmed").await;
    house.end().await;
    drop(index);
    std::fs::remove_dir_all(house.path("index")).unwrap();
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_is_lost_has_come_nowhere_whatever_the_ledger_was_told() {
    let mut house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = house.index();
    holds(&index, &agency(0), &documents).await;
    house.trim().await;
    let (_, last) = house.ledger.last_changes().await.unwrap()[0];
    let reached = async |index: Arc<TantivyIndex>| {
        let index = index as Arc<dyn Index>;
        reached(house.ledger.as_ref(), &index, &partition(0)).await.unwrap()
    };
    assert_eq!(reached(Arc::clone(&index)).await, last);
    let lost = Arc::new(TantivyIndex::open(&house.path("another")).unwrap());
    assert_eq!(reached(lost).await, 0);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_an_index_is_asked_again_until_it_is_known_and_the_board_says_so() {
    let house = House::new().await;
    // An index of an agency of which the ledger knows nothing: only the index can tell of it.
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    index.apply(&partition(5), &[], 9).unwrap();
    let shaky = Arc::new(Shaky { index, panics: AtomicU32::new(0), unlisted: AtomicU32::new(2) });
    house.follow_into(Arc::clone(&shaky) as _);
    let subject = Subject::part("indexers");
    until("it is told", async || house.board.stands(Kind::IndexBehind, &subject)).await;
    until("it is not told any more", async || !house.board.stands(Kind::IndexBehind, &subject))
        .await;
    // It is ahead of its ledger, and so it is begun anew by who follows for it.
    until("somebody follows for it", async || {
        shaky.index.checkpoint(&partition(5)).unwrap() != Some(9)
    })
    .await;
}

/// An index whose first writes panic, and that cannot be listed at first.
struct Shaky {
    index: TantivyIndex,
    panics: AtomicU32,
    /// How often it cannot say whose indexes are there.
    unlisted: AtomicU32,
}

impl Index for Shaky {
    fn apply(
        &self,
        partition: &Partition,
        changes: &[Change],
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        let left =
            self.panics.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        assert!(left.is_err(), "the index breaks off");
        self.index.apply(partition, changes, checkpoint)
    }

    fn checkpoint(&self, partition: &Partition) -> Result<Option<u64>, IndexError> {
        self.index.checkpoint(partition)
    }

    fn clear(&self, partition: &Partition) -> Result<(), IndexError> {
        self.index.clear(partition)
    }

    fn forget(&self, partition: &Partition) -> Result<(), IndexError> {
        self.index.forget(partition)
    }

    fn expect(&self, partitions: &[Partition]) {
        self.index.expect(partitions);
    }

    fn partitions(&self) -> Result<Vec<Partition>, IndexError> {
        let left =
            self.unlisted.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
        match left {
            Ok(_) => Err(IndexError::unavailable("not now")),
            Err(_) => self.index.partitions(),
        }
    }

    fn verify(&self, partition: &Partition) -> Result<Census, IndexError> {
        self.index.verify(partition)
    }

    fn search(&self, partitions: &[Partition], query: &Query) -> Result<Hits, SearchError> {
        self.index.search(partitions, query)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_panics_is_told_and_built_anew_with_a_pause() {
    let house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    let shaky = Arc::new(Shaky { index, panics: AtomicU32::new(3), unlisted: AtomicU32::new(0) });
    house.follow_into(Arc::clone(&shaky) as _);
    until("the damage is told", async || {
        house.board.now().iter().any(|condition| condition.kind == Kind::IndexDamaged)
    })
    .await;
    // Broken off while it was built, it waits before it begins once more.
    until("it waits", async || {
        house.board.now().iter().any(|condition| condition.kind == Kind::IndexBehind)
    })
    .await;
    holds(&shaky.index, &agency(0), &documents).await;
    until("all is well", async || house.board.now().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_text_that_stays_bad_is_not_read_again_and_again_and_the_operator_may_ask() {
    let house = House::new().await;
    let hurt = house.drop(0, 0..3).await;
    house.lose(&hurt[1]);
    let index = house.index();
    holds(&index, &agency(0), &hurt).await;
    let by = By::Reader(Reader::Index(Partition::of(agency(0))));
    let subject = hurt[1].id.to_string();
    let note = async || house.ledger.noted(&by, &subject).await.unwrap();
    until("it is noted, and its file is to be read again", async || {
        note().await.is_some_and(|note| note.tries == 1)
    })
    .await;
    // The disk garbles it each time: read again, it is lost again. It is not read a second time before a minute.
    let rereads = async || {
        let acts = house.ledger.acts(0, 10_000).await.unwrap();
        acts.iter().filter(|row| row.act.action == "document.reread").count()
    };
    let again = async || {
        let seq = house.ledger.last_seq().await.unwrap();
        let claims = house
            .ledger
            .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
            .await
            .unwrap();
        assert_eq!(claims.len(), 1);
        let document = house.read(&claims[0]).await;
        house.lose(&document);
        house.ledger.complete(&[completion(&claims[0], document)]).await.unwrap();
        house.changed.notify_waiters();
        until("the index has heard", async || {
            index.checkpoint(&partition(0)).unwrap().unwrap_or(0) > seq
        })
        .await;
    };
    again().await;
    assert_eq!((rereads().await, note().await.unwrap().tries), (1, 1));
    assert!(
        house
            .ledger
            .claim(&worker(), None, PriorityClass::Any, 9, Duration::from_secs(60))
            .await
            .unwrap()
            .is_empty()
    );
    // The operator asks: it counts anew, at once.
    let redone = house.ledger.redo(&Redo::All, &Scope::All, "operator").await.unwrap();
    assert_eq!(redone.len(), 1);
    house.changed.notify_waiters();
    until("it is to be read again", async || rereads().await == 2).await;
    // This time the disk is sound: the note is taken back.
    house.read_all().await;
    until("nothing is noted any more", async || note().await.is_none()).await;
    holds(&index, &agency(0), &hurt).await;
}

/// An index that refuses one document while it is told to.
struct Picky {
    index: TantivyIndex,
    refuses: AtomicU32,
    document: DocumentId,
}

impl Index for Picky {
    fn apply(
        &self,
        partition: &Partition,
        changes: &[Change],
        checkpoint: u64,
    ) -> Result<(), IndexError> {
        let refused = changes.iter().any(|change| change.id() == self.document);
        if count(&self.refuses) == 1 && refused {
            return Err(IndexError::Refused("it is odd".into()));
        }
        self.index.apply(partition, changes, checkpoint)
    }

    fn checkpoint(&self, partition: &Partition) -> Result<Option<u64>, IndexError> {
        self.index.checkpoint(partition)
    }

    fn clear(&self, partition: &Partition) -> Result<(), IndexError> {
        self.index.clear(partition)
    }

    fn forget(&self, partition: &Partition) -> Result<(), IndexError> {
        self.index.forget(partition)
    }

    fn expect(&self, partitions: &[Partition]) {
        self.index.expect(partitions);
    }

    fn partitions(&self) -> Result<Vec<Partition>, IndexError> {
        self.index.partitions()
    }

    fn verify(&self, partition: &Partition) -> Result<Census, IndexError> {
        self.index.verify(partition)
    }

    fn search(&self, partitions: &[Partition], query: &Query) -> Result<Hits, SearchError> {
        self.index.search(partitions, query)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_record_is_noted_and_put_when_the_operator_asks_for_it() {
    let house = House::new().await;
    let documents = house.drop(0, 0..5).await;
    let index = TantivyIndex::open(&house.path("index")).unwrap();
    let document = documents[2].id;
    let picky = Arc::new(Picky { index, refuses: AtomicU32::new(1), document });
    house.follow_into(Arc::clone(&picky) as _);
    let others: Vec<Document> =
        documents.iter().filter(|one| one.id != document).cloned().collect();
    holds(&picky.index, &agency(0), &others).await;
    let notes = async || house.ledger.notes(&Scope::All, None, 9).await.unwrap().readable();
    until("it is noted", async || notes().await.len() == 1).await;
    let note = notes().await.remove(0);
    assert_eq!((note.kind, note.subject), (NoteKind::RecordRefused, document.to_string()));
    picky.refuses.store(0, Ordering::SeqCst);
    house.ledger.redo(&Redo::One(note.id), &Scope::All, "operator").await.unwrap();
    house.changed.notify_waiters();
    holds(&picky.index, &agency(0), &documents).await;
    until("the note is taken back", async || notes().await.is_empty()).await;
}
