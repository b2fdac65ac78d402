//! A small house of ledger, outbox, indexer and index, made to be killed. With the index of the product, each
//! document stands in it exactly once whatever happens; with [`Careless`], which carries the two classic
//! faults, it does not. The crash test runs both: a check that cannot see the fault proves nothing.
//!
//! `exactly-once FOLDER real|careless DOCUMENTS` works until all is indexed; with `verify` behind it, it prints
//! what is missing and what is doubled.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use madang_document::agency::Agency;
use madang_document::content::{Origin, Segment};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::timestamp::Timestamp;
use madang_index::index::{Census, Index, IndexError};
use madang_index::query::{Hits, Query, SearchError};
use madang_index::record::Change;
use madang_index::tantivy::index::TantivyIndex;
use madang_ledger::jobs::{Claim, Completion, Jobs, PriorityClass, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::{Objects, Sighting};
use madang_ledger::outbox::Outbox;
use madang_ledger::queue::QueueDeclaration;
use madang_ledger::reader::Readers;
use madang_ledger::sqlite::SqliteLedger;
use madang_ledger::worker::Worker;
use madang_pipeline::board::Board;
use madang_pipeline::follow::Way;
use madang_pipeline::heads::{self, Heads};
use madang_pipeline::indexer::{Indexing, reader};
use madang_pipeline::indexers::{Following, Indexers};
use madang_pipeline::reader_leases::{READER_LEASE, ReaderLeases};
use madang_pipeline::reading::unread;
use madang_store::blobs::Blobs;
use object_store::local::LocalFileSystem;
use tantivy::collector::DocSetCollector;
use tantivy::query::AllQuery;
use tantivy::schema::{Field, STORED, STRING, Schema, Value};
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const STORE: &str = "crash";

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, kind, documents, rest @ ..] = arguments.as_slice() else {
        panic!("exactly-once FOLDER real|careless DOCUMENTS [verify]");
    };
    let folder = Path::new(folder);
    let documents: u32 = documents.parse().expect("a number of documents");
    let index: Arc<dyn Index> = match kind.as_str() {
        "real" => Arc::new(TantivyIndex::open(&folder.join("index")).unwrap()),
        "careless" => Arc::new(Careless::open(&folder.join("index"))),
        other => panic!("no such index: {other}"),
    };
    match rest {
        [] => work(folder, index, documents).await,
        _ => verify(index.as_ref(), documents),
    }
}

fn agency() -> Agency {
    "1741000".parse().unwrap()
}

fn partition() -> Partition {
    Partition::of(agency())
}

fn path(n: u32) -> String {
    format!("{n}.txt")
}

fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64)
}

/// Completes a few documents at a time, while the product's own indexer follows the outbox.
async fn work(folder: &Path, index: Arc<dyn Index>, documents: u32) {
    let ledger =
        Arc::new(SqliteLedger::open(&folder.join("ledger.db"), Arc::new(now)).await.unwrap());
    let worker = Worker { node: Uuid::nil(), process: Uuid::now_v7() };
    ledger.release(worker.node).await.unwrap();
    let queue = QueueDeclaration { name: STORE.into(), agency: agency(), weight: 1 };
    ledger.open_queue(&queue).await.unwrap();
    std::fs::create_dir_all(folder.join("blobs")).unwrap();
    let blobs =
        Blobs::new(Arc::new(LocalFileSystem::new_with_prefix(folder.join("blobs")).unwrap()));
    let seen: Vec<Sighting> = (0..documents).map(sighting).collect();
    ledger.see(&seen).await.unwrap();

    let changed = Arc::new(Notify::new());
    let indexed = Arc::new(Notify::new());
    let stop = CancellationToken::new();
    let (tell, heads) = watch::channel(Heads::default());
    let shared: Arc<dyn Ledger> = Arc::clone(&ledger) as _;
    let board = Board::new(Arc::new(now));
    let told = board.clone();
    tokio::spawn(heads::tell(Arc::clone(&shared), tell, Arc::clone(&changed), told, stop.clone()));
    let leases = ReaderLeases::new(Arc::clone(&shared), worker, READER_LEASE);
    tokio::spawn(leases.clone().run(stop.clone()));
    let (texts, clock) = (blobs.clone(), Arc::new(now));
    let indexing = Indexing { ledger: shared, blobs: texts, index, board: board.clone(), clock };
    let indexers = Indexers::new(indexing);
    let moved = Arc::clone(&indexed);
    let way = Way { heads, moved, leases, board, jitter: Arc::new(|| 0.5), stop };
    tokio::spawn(async move { indexers.run(&mut Following::default(), way).await });
    println!("begun");
    loop {
        let claims = ledger
            .claim(&worker, None, PriorityClass::Any, 4, Duration::from_secs(60))
            .await
            .unwrap();
        if claims.is_empty() {
            break;
        }
        let mut completions = Vec::new();
        for claim in &claims {
            completions.push(completion(claim, &blobs).await);
        }
        ledger.complete(&completions).await.unwrap();
        changed.notify_waiters();
        println!("completed {}", completions.len());
        std::io::stdout().flush().unwrap();
    }
    for (partition, last) in ledger.last_changes().await.unwrap() {
        while ledger.cursor(&reader(&partition)).await.unwrap() < last {
            let _ = tokio::time::timeout(Duration::from_millis(50), indexed.notified()).await;
        }
    }
    println!("done");
}

fn sighting(n: u32) -> Sighting {
    let object = ObjectRef { store: STORE.into(), path: path(n), version: "1".into(), size: 1 };
    Sighting { object, pipeline: STORE.into(), agency: agency(), modified: None, priority: 3 }
}

async fn completion(claim: &Claim, blobs: &Blobs) -> Completion {
    let segment = Segment {
        text: format!("글 {}", claim.object.path),
        locator: Locator::Whole {},
        origin: Origin::Native,
        confidence: None,
        words: Vec::new(),
    };
    let kept = blobs.keep(serde_json::to_vec(&[segment]).unwrap()).await.unwrap();
    let document = Document {
        text: Some(kept.into()),
        segments: 1,
        reason: None,
        ..unread(claim, Outcome::Ok, "".into())
    };
    Completion {
        ticket: claim.ticket,
        verdict: Verdict::Done,
        documents: vec![document],
        key: None,
        again: false,
        actor: "crash".into(),
    }
}

/// The check: each id exactly once. The same for both indexes.
fn verify(index: &dyn Index, documents: u32) {
    let census = index.verify(&partition()).unwrap();
    let found: BTreeSet<DocumentId> = census.ids.iter().copied().collect();
    let expected: BTreeSet<DocumentId> =
        (0..documents).map(|n| DocumentId::new(STORE, &path(n), None)).collect();
    let missing = expected.difference(&found).count();
    let strange = found.difference(&expected).count();
    println!("missing {missing} doubled {} strange {strange}", census.doubled.len());
}

/// An index with two faults: it remembers how far it came beside its commit instead of in it, and it adds
/// without deleting first. Killed between commit and note, it adds the same documents again.
struct Careless {
    index: tantivy::Index,
    writer: Mutex<tantivy::IndexWriter>,
    id: Field,
    note: PathBuf,
}

impl Careless {
    fn open(folder: &Path) -> Careless {
        let mut schema = Schema::builder();
        let id = schema.add_text_field("id", STRING | STORED);
        let place = folder.join("careless");
        std::fs::create_dir_all(&place).unwrap();
        let directory = tantivy::directory::MmapDirectory::open(&place).unwrap();
        let index = tantivy::Index::open_or_create(directory, schema.build()).unwrap();
        let writer = Mutex::new(index.writer_with_num_threads(1, 15_000_000).unwrap());
        Careless { index, writer, id, note: folder.join("note") }
    }
}

impl Index for Careless {
    fn apply(&self, _: &Partition, changes: &[Change], checkpoint: u64) -> Result<(), IndexError> {
        let mut writer = self.writer.lock().unwrap();
        for change in changes {
            if let Change::Put { record, .. } = change {
                let mut document = tantivy::TantivyDocument::default();
                document.add_text(self.id, record.id.to_string());
                writer.add_document(document).unwrap();
            }
        }
        writer.commit().unwrap();
        let mut note = std::fs::File::create(self.note.with_extension("new")).unwrap();
        note.write_all(checkpoint.to_string().as_bytes()).unwrap();
        note.sync_all().unwrap();
        std::fs::rename(self.note.with_extension("new"), &self.note).unwrap();
        Ok(())
    }

    fn checkpoint(&self, _: &Partition) -> Result<Option<u64>, IndexError> {
        Ok(std::fs::read_to_string(&self.note).ok().and_then(|text| text.parse().ok()))
    }

    fn clear(&self, _: &Partition) -> Result<(), IndexError> {
        // Asked for before the index is built, when there is none.
        Ok(())
    }

    fn forget(&self, _: &Partition) -> Result<(), IndexError> {
        Ok(())
    }

    fn expect(&self, _: &[Partition]) {
        // It names the one that there is in any case.
    }

    fn partitions(&self) -> Result<Vec<Partition>, IndexError> {
        Ok(vec![partition()])
    }

    fn verify(&self, _: &Partition) -> Result<Census, IndexError> {
        let searcher = self.index.reader().unwrap().searcher();
        let mut counts: BTreeMap<DocumentId, u32> = BTreeMap::new();
        let found: BTreeSet<_> =
            searcher.search(&AllQuery, &DocSetCollector).unwrap().into_iter().collect();
        for address in found {
            let document: tantivy::TantivyDocument = searcher.doc(address).unwrap();
            let id = document.get_first(self.id).and_then(|id| id.as_str()).unwrap();
            *counts.entry(id.parse().unwrap()).or_default() += 1;
        }
        let doubled = counts.iter().filter(|(_, count)| **count > 1).map(|(id, _)| *id).collect();
        Ok(Census { ids: counts.into_keys().collect(), doubled })
    }

    fn search(&self, _: &[Partition], _: &Query) -> Result<Hits, SearchError> {
        panic!("nothing in this run searches")
    }
}
