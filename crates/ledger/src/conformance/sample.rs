use std::time::Duration;

use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::document::{Document, Provenance};
use madang_document::entry::Draft;
use madang_document::id::DocumentId;
use madang_document::inner_path::InnerPath;
use madang_document::media_type::MediaType;
use madang_document::metadata::Metadata;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::timestamp::Timestamp;
use uuid::Uuid;

use crate::audit::first_broken;
use crate::jobs::{Claim, Completed, Completion, Failure, Verdict};
use crate::ledger::Ledger;
use crate::objects::{Seen, Sighting};

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

/// The agency of the samples.
pub fn ours() -> Agency {
    "1741000".parse().unwrap()
}

/// Another agency.
pub fn theirs() -> Agency {
    "3010000".parse().unwrap()
}

/// A worker of its own.
pub fn worker(n: u128) -> Uuid {
    Uuid::from_u128(n)
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
        text: Some(BlobId::of(claim.object.version.as_bytes())),
        preview: None,
        provenance: Provenance { format: "text".to_owned(), format_version: 1 },
    }
}

/// The catalogue entry of a document; its hash is that of `body`.
pub fn entry(document: &Document, body: &str) -> Draft {
    Draft {
        id: document.id.to_string(),
        document: Some(document.id),
        agency: document.agency.clone(),
        content_hash: BlobId::of(body.as_bytes()),
        body: body.to_owned(),
    }
}

/// A completed reading: the object itself and these members, each with an entry.
pub fn done(claim: &Claim, members: &[&str]) -> Completion {
    let mut documents = vec![document(claim, None)];
    documents.extend(members.iter().map(|inner| document(claim, Some(inner))));
    let entries = documents.iter().map(|d| entry(d, &claim.object.version)).collect();
    let actor = "worker".to_owned();
    Completion { ticket: claim.ticket, verdict: Verdict::Done, documents, entries, actor }
}

/// A job set aside, with the document that says so.
pub fn quarantined(claim: &Claim, failure: Failure) -> Completion {
    let mut completion = done(claim, &[]);
    for document in &mut completion.documents {
        document.outcome = Outcome::Crashed;
        document.reason = Some(failure.message.clone());
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
        entries: Vec::new(),
        actor: "worker".to_owned(),
    }
}

/// A failure of this kind.
pub fn failure(kind: &str, crashed: bool) -> Failure {
    Failure { kind: kind.to_owned(), message: format!("it ended with {kind}"), crashed }
}

/// Opens the queue of the samples and sees these paths in version `v1`.
pub async fn see(ledger: &dyn Ledger, paths: &[&str], now: Timestamp) -> Seen {
    ledger.open_queue(PIPELINE, &ours()).await.unwrap();
    let sightings: Vec<Sighting> = paths.iter().map(|path| sighting(path, "v1")).collect();
    let seen = ledger.see(&sightings, now).await.unwrap();
    balanced(ledger).await;
    seen
}

/// Claims at most `limit` jobs as worker 1.
pub async fn claim(ledger: &dyn Ledger, limit: u32, now: Timestamp) -> Vec<Claim> {
    let claims = ledger.claim(worker(1), limit, LEASE, now).await.unwrap();
    balanced(ledger).await;
    claims
}

/// Claims exactly one job.
pub async fn claim_one(ledger: &dyn Ledger, now: Timestamp) -> Claim {
    let mut claims = claim(ledger, 1, now).await;
    assert_eq!(claims.len(), 1, "one job should be due");
    claims.remove(0)
}

/// Completes one job.
pub async fn complete(ledger: &dyn Ledger, completion: Completion, now: Timestamp) -> Completed {
    let mut answers = ledger.complete(&[completion], now).await.unwrap();
    assert_eq!(answers.len(), 1, "each completion has one answer");
    balanced(ledger).await;
    answers.remove(0)
}

/// Completes one job that is still held; gives the last outbox row.
pub async fn apply(ledger: &dyn Ledger, completion: Completion, now: Timestamp) -> Option<u64> {
    match complete(ledger, completion, now).await {
        Completed::Applied { seq } => seq,
        Completed::Stale => panic!("a completion with the current fence was refused"),
    }
}

/// Everything that a refused act must not change, as one text.
pub async fn everything(ledger: &dyn Ledger) -> String {
    let documents = ledger.documents_after(&ours(), None, 1000).await.unwrap();
    let entries = ledger.entries(None, true, None, 1000).await.unwrap();
    let events = ledger.events(None, 0, 1000).await.unwrap();
    let changes = ledger.changes(&ours(), 0, 1000).await.unwrap();
    let acts = ledger.acts(0, 1000).await.unwrap();
    let jobs = ledger.jobs(&Default::default(), None, 1000).await.unwrap();
    let balance = ledger.balance(None).await.unwrap();
    format!("{documents:?} {entries:?} {events:?} {changes:?} {acts:?} {jobs:?} {balance:?}")
}

/// Conservation holds.
pub async fn balanced(ledger: &dyn Ledger) {
    let balance = ledger.balance(None).await.unwrap();
    assert!(balance.holds(), "conservation is broken: {balance:?}");
}

/// The audit trail is whole.
pub async fn chained(ledger: &dyn Ledger) {
    let acts = ledger.acts(0, 10_000).await.unwrap();
    assert_eq!(first_broken(&[0; 32], 0, &acts), None, "the audit chain is broken");
}
