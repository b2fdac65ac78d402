use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use madang_document::agency::Agency;
use madang_document::annotation::{Annotation, Finding};
use madang_document::blob_id::BlobId;
use madang_document::document::{Document, Provenance};
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use uuid::Uuid;

use crate::audit::verify;
use crate::clock::Clock;
use crate::documents::Stored;
use crate::jobs::{Claim, Completed, Completion, Failure, PriorityClass, Verdict};
use crate::ledger::Ledger;
use crate::objects::{Seen, Sighting};
use crate::queue::QueueDeclaration;
use crate::worker::Worker;

/// The moment at which every trial starts.
pub const START: Timestamp = Timestamp(1_800_000_000_000);
/// The pipeline of every sample.
pub const PIPELINE: &str = "press";
/// The store of every sample.
pub const STORE: &str = "drop";
/// How long every lease is.
pub const LEASE: Duration = Duration::from_secs(30);

/// So many milliseconds after the start.
pub fn at(ms: i64) -> Timestamp {
    START.plus_ms(ms)
}

/// A clock that stands until it is set.
#[derive(Clone, Debug)]
pub struct Hand(Arc<AtomicI64>);

impl Default for Hand {
    fn default() -> Hand {
        Hand(Arc::new(AtomicI64::new(START.0)))
    }
}

impl Hand {
    /// Sets it; backwards, too.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::SeqCst);
    }

    /// What a backend is handed.
    pub fn clock(&self) -> Clock {
        let hand = Arc::clone(&self.0);
        Arc::new(move || Timestamp(hand.load(Ordering::SeqCst)))
    }
}

/// A ledger and its clock.
pub struct Trial {
    ledger: Arc<dyn Ledger>,
    hand: Hand,
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Trial")
    }
}

impl Trial {
    /// A ledger that was handed the clock of this hand.
    pub fn new(ledger: Arc<dyn Ledger>, hand: Hand) -> Trial {
        Trial { ledger, hand }
    }

    /// The ledger at this moment.
    pub fn when(&self, now: Timestamp) -> &dyn Ledger {
        self.hand.set(now);
        self.ledger.as_ref()
    }
}

impl Deref for Trial {
    type Target = dyn Ledger;

    fn deref(&self) -> &(dyn Ledger + 'static) {
        self.ledger.as_ref()
    }
}

/// The agency of the samples.
pub fn ours() -> Agency {
    "1741000".parse().unwrap()
}

/// Another agency.
pub fn theirs() -> Agency {
    "3010000".parse().unwrap()
}

/// The partition of the samples.
pub fn our_partition() -> Partition {
    Partition::of(ours())
}

/// The partition of the other agency.
pub fn their_partition() -> Partition {
    Partition::of(theirs())
}

/// What covers these agencies only.
pub fn only<const N: usize>(agencies: [Agency; N]) -> Scope {
    Scope::Only(agencies.into())
}

/// The node of every worker of the samples.
pub const NODE: Uuid = Uuid::from_u128(0x0de);

/// A process that holds no lease.
pub const NOBODY: Uuid = Uuid::from_u128(0xffff);

/// A worker of its own.
pub fn worker(n: u128) -> Worker {
    Worker { node: NODE, process: Uuid::from_u128(n) }
}

/// A queue of weight 1.
pub fn queue(name: &str, agency: Agency) -> QueueDeclaration {
    QueueDeclaration { name: name.to_owned(), agency, weight: 1 }
}

/// The id of the document that the object at a path is.
pub fn id(path: &str) -> DocumentId {
    DocumentId::new(STORE, path, None)
}

/// A version of a path, of priority 3.
pub fn sighting(path: &str, version: &str) -> Sighting {
    Sighting {
        object: ObjectRef {
            store: STORE.to_owned(),
            path: path.to_owned(),
            version: version.to_owned(),
            size: 1000,
        },
        pipeline: PIPELINE.to_owned(),
        agency: ours(),
        modified: Some(START),
        priority: 3,
    }
}

/// What a worker reads of a claimed object, or of its member `inner`.
pub fn document(claim: &Claim, inner: Option<&str>) -> Document {
    let inner = inner.map(InnerPath::of);
    let ObjectRef { store, path, size, .. } = &claim.object;
    Document {
        id: DocumentId::new(store, path, inner.as_ref()),
        agency: claim.agency.clone(),
        pipeline: claim.pipeline.clone(),
        object: claim.object.clone(),
        object_modified: claim.modified,
        parent: inner.as_ref().map(|_| DocumentId::new(store, path, None)),
        inner,
        size: Some(*size),
        sha256: None,
        media_type: MediaType::new("text/plain"),
        language: Some("ko".to_owned()),
        outcome: Outcome::Ok,
        reason: None,
        metadata: Metadata::default(),
        members: Vec::new(),
        warnings: Vec::new(),
        segments: 1,
        characters: 10,
        text: Some(BlobId::of(claim.object.version.as_bytes()).into()),
        wordless: None,
        preview: None,
        previews: Vec::new(),
        likeness: false,
        annotations: Vec::new(),
        provenance: Provenance { format: "text".to_owned(), format_version: 1 },
    }
}

/// What a stage found.
pub fn said(stage: &str, version: u32, finding: Finding) -> Annotation {
    Annotation { stage: stage.to_owned(), version, finding }
}

/// A completed reading: the object itself and these members.
pub fn done(claim: &Claim, members: &[&str]) -> Completion {
    let mut documents = vec![document(claim, None)];
    documents.extend(members.iter().map(|inner| document(claim, Some(inner))));
    let (again, actor) = (false, "worker".to_owned());
    Completion { ticket: claim.ticket, verdict: Verdict::Done, documents, key: None, again, actor }
}

/// A job set aside, with the document that says so.
pub fn quarantined(claim: &Claim, failure: Failure) -> Completion {
    let mut completion = done(claim, &[]);
    for document in &mut completion.documents {
        document.outcome = Outcome::Crashed;
        document.reason = Some(failure.reason.clone());
    }
    completion.verdict = Verdict::Quarantined(failure);
    completion
}

/// A completed deletion.
pub fn deleted(claim: &Claim) -> Completion {
    Completion {
        ticket: claim.ticket,
        verdict: Verdict::Deleted,
        documents: Vec::new(),
        key: None,
        again: false,
        actor: "worker".to_owned(),
    }
}

/// A failure of this kind.
pub fn failure(kind: FailureKind, crashed: bool) -> Failure {
    Failure { kind, reason: format!("it ended with {kind}").as_str().into(), crashed }
}

/// Opens the queue of the samples and sees these paths in version `v1`.
pub async fn see(ledger: &Trial, paths: &[&str], now: Timestamp) -> Seen {
    ledger.open_queue(&queue(PIPELINE, ours())).await.unwrap();
    let sightings: Vec<Sighting> = paths.iter().map(|path| sighting(path, "v1")).collect();
    let seen = ledger.when(now).see(&sightings).await.unwrap();
    balanced(ledger).await;
    seen
}

/// Claims at most `limit` jobs as worker 1.
pub async fn claim(ledger: &Trial, limit: u32, now: Timestamp) -> Vec<Claim> {
    claim_of(ledger, PriorityClass::Any, limit, now).await
}

/// Claims jobs of a class.
pub async fn claim_of(
    ledger: &Trial,
    class: PriorityClass,
    limit: u32,
    now: Timestamp,
) -> Vec<Claim> {
    let claims = ledger.when(now).claim(&worker(1), None, class, limit, LEASE).await.unwrap();
    balanced(ledger).await;
    claims
}

/// Claims exactly one job.
pub async fn claim_one(ledger: &Trial, now: Timestamp) -> Claim {
    let mut claims = claim(ledger, 1, now).await;
    assert_eq!(claims.len(), 1, "one job should be due");
    claims.remove(0)
}

/// Completes one job.
pub async fn complete(ledger: &Trial, completion: Completion, now: Timestamp) -> Completed {
    let mut answers = ledger.when(now).complete(&[completion]).await.unwrap();
    assert_eq!(answers.len(), 1, "each completion has one answer");
    balanced(ledger).await;
    answers.remove(0)
}

/// Completes one job that is still held; gives the last outbox row.
pub async fn apply(ledger: &Trial, completion: Completion, now: Timestamp) -> Option<u64> {
    match complete(ledger, completion, now).await {
        Completed::Applied { seq } => seq,
        Completed::Stale => panic!("a completion with the current fence was refused"),
    }
}

/// Everything that a refused act must not change, as one text.
pub async fn everything(ledger: &Trial) -> String {
    let ids = ledger.ids_after(&our_partition(), None, 1000).await.unwrap();
    let documents = stored(ledger, &ids).await;
    let entries = ledger.entries(&Scope::All, true, None, 1000).await.unwrap().readable();
    let events = ledger.events(&Scope::All, 0, 1000).await.unwrap().readable();
    let changes = ledger.changes(&our_partition(), 0, 1000).await.unwrap().readable();
    let acts = ledger.acts(0, 1000).await.unwrap();
    let jobs = ledger.jobs(&Default::default(), None, 1000).await.unwrap().readable();
    let balance = ledger.balance(&Scope::All).await.unwrap();
    format!("{documents:?} {entries:?} {events:?} {changes:?} {acts:?} {jobs:?} {balance:?}")
}

/// The documents of these ids, in their order.
pub async fn stored(ledger: &Trial, ids: &[DocumentId]) -> Vec<Stored> {
    let mut all = ledger.documents(ids).await.unwrap().readable();
    all.sort_by_key(|one| ids.iter().position(|id| *id == one.document.id));
    all
}

/// Conservation holds.
pub async fn balanced(ledger: &Trial) {
    let balance = ledger.balance(&Scope::All).await.unwrap();
    assert!(balance.holds(), "conservation is broken: {balance:?}");
}

/// The audit trail is whole.
pub async fn chained(ledger: &Trial) {
    let verdict = verify(&**ledger).await.unwrap();
    assert!(verdict.as_ref().is_none_or(Result::is_ok), "the audit trail is broken: {verdict:?}");
}
