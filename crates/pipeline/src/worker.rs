use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use madang_catalog::asset;
use madang_catalog::series::Series;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::outcome::Outcome;
use madang_extract::extraction::Extraction;
use madang_ledger::jobs::{Claim, Completion, Failure, Task, Verdict};
use madang_ledger::ledger::Ledger;
use madang_sandbox::limits::Limits;
use madang_sandbox::run::{Input, Ranges, SealedFile, Watch, run};
use madang_sandbox::zygote::Zygote;
use sha2::{Digest, Sha256};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::blobs::Blobs;
use crate::decide::{Attempt, Policy, Reading, Step, before_reading, decide};
use crate::lease::{LEASE, Leases};
use crate::reading::{document, unread};
use crate::service::{Clock, Jitter};
use crate::store::{Pinned, Store, StoreError};

/// What workers work with.
#[derive(Clone)]
pub struct Bench {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Stores by name.
    pub stores: Arc<HashMap<String, Arc<dyn Store>>>,
    /// Series by pipeline.
    pub series: Arc<HashMap<String, Series>>,
    /// Texts and previews.
    pub blobs: Blobs,
    /// Where children come from.
    pub zygote: Arc<Zygote>,
    /// What a child may use.
    pub limits: Arc<Limits>,
    /// How often to try again.
    pub policy: Policy,
    /// Leases held.
    pub leases: Leases,
    /// Where finished jobs go.
    pub finished: mpsc::Sender<Completion>,
    /// The time.
    pub clock: Clock,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
}

impl std::fmt::Debug for Bench {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Bench")
    }
}

/// Objects up to this size are read whole, into a sealed memory file; larger ones by ranges on demand.
pub const WHOLE: u64 = 64 << 20;

/// Claims jobs and works on at most `workers` at a time until `stop`. Between claims it waits for `work` (a
/// source saw something) or for the time when the next retry is due.
pub async fn work(bench: Bench, workers: usize, work: Arc<Notify>, stop: CancellationToken) {
    let worker = Uuid::now_v7();
    let mut running: JoinSet<()> = JoinSet::new();
    let stopped = stop.cancelled();
    tokio::pin!(stopped);
    loop {
        let free = workers.saturating_sub(running.len());
        let wake = work.notified();
        tokio::pin!(wake);
        // Registered before the claim, so that work that comes in between is not slept through.
        wake.as_mut().enable();
        let claims = match free {
            0 => Vec::new(),
            free => {
                let limit = u32::try_from(free).unwrap_or(u32::MAX);
                match bench.ledger.claim(worker, limit, LEASE, (bench.clock)()).await {
                    Ok(claims) => claims,
                    Err(error) => {
                        tracing::error!(%error, "no jobs can be claimed");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                        Vec::new()
                    }
                }
            }
        };
        let idle = claims.is_empty() && free > 0;
        for claim in claims {
            let watch = Arc::new(Watch::default());
            bench.leases.hold(claim.ticket, Arc::clone(&watch));
            let bench = bench.clone();
            running.spawn(async move { carry_out(&bench, claim, watch).await });
        }
        if !idle && running.len() < workers {
            continue;
        }
        let pause = if idle { until_due(&bench).await } else { Duration::from_secs(3600) };
        tokio::select! {
            () = &mut stopped => break,
            _ = running.join_next(), if !running.is_empty() => {}
            () = &mut wake, if idle => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
    while running.join_next().await.is_some() {}
}

/// How long nothing will be due; at most a second, because another process may enqueue as well.
async fn until_due(bench: &Bench) -> Duration {
    let longest = Duration::from_secs(1);
    match bench.ledger.next_due().await {
        Ok(Some(due)) => {
            let ms = due.0.saturating_sub((bench.clock)().0);
            Duration::from_millis(u64::try_from(ms).unwrap_or(0))
                .clamp(Duration::from_millis(5), longest)
        }
        _ => longest,
    }
}

/// Works on one job from claim to completion.
async fn carry_out(bench: &Bench, claim: Claim, watch: Arc<Watch>) {
    let attempt = Attempt { task: claim.task, attempt: claim.attempt, crashes: claim.crashes };
    let mut documents = Vec::new();
    let step = match (before_reading(&attempt, &bench.policy), claim.task) {
        (Some(step), _) => step,
        (None, Task::Delete) => Step::Delete,
        (None, Task::Extract) => {
            let Some((reading, read)) = read(bench, &claim, &watch).await else {
                // Called off, because the lease was lost (then this is refused) or because the service stops.
                let interrupted = Failure {
                    kind: "interrupted".into(),
                    message: "the service stopped while it was read".into(),
                    crashed: false,
                };
                let now = (bench.clock)();
                if let Err(error) = bench.ledger.retry(claim.ticket, now, &interrupted).await {
                    tracing::warn!(%error, path = %claim.object.path, "could not be given back");
                }
                bench.leases.release(claim.ticket);
                return;
            };
            documents = read;
            decide(&attempt, &reading, &bench.policy, (bench.clock)(), (bench.jitter)())
        }
    };
    let verdict = match step {
        Step::Commit => Verdict::Done,
        Step::Delete => {
            documents.clear();
            Verdict::Deleted
        }
        Step::Retry { at, failure } => {
            tracing::info!(path = %claim.object.path, reason = %failure.message, "will be tried again");
            if let Err(error) = bench.ledger.retry(claim.ticket, at, &failure).await {
                tracing::error!(%error, path = %claim.object.path, "could not be given back; its lease will end");
            }
            bench.leases.release(claim.ticket);
            return;
        }
        Step::Quarantine(failure) => {
            if documents.is_empty() {
                let outcome = Outcome::parse(&failure.kind).unwrap_or(Outcome::Corrupt);
                documents.push(unread(&claim, outcome, &failure.message));
            }
            tracing::warn!(path = %claim.object.path, kind = %failure.kind, reason = %failure.message, "quarantined");
            Verdict::Quarantined(failure)
        }
    };
    let entries = match bench.series.get(&claim.pipeline) {
        Some(series) => documents.iter().map(|document| asset::entry(document, series)).collect(),
        None => Vec::new(),
    };
    let completion =
        Completion { ticket: claim.ticket, verdict, documents, entries, actor: "worker".into() };
    if bench.finished.send(completion).await.is_err() {
        bench.leases.release(claim.ticket);
    }
}

/// Reads and extracts. `None` when the run was called off.
async fn read(
    bench: &Bench,
    claim: &Claim,
    watch: &Arc<Watch>,
) -> Option<(Reading, Vec<Document>)> {
    let object = &claim.object;
    let Some(store) = bench.stores.get(&object.store) else {
        let message = format!(
            "no store `{}` is configured any more; declare its pipeline again or drop the job",
            object.store
        );
        return Some((Reading::Unread { message, lasting: true }, Vec::new()));
    };
    let opened = match store.open(object).await {
        Ok(opened) => opened,
        Err(error) => return Some((unreadable(error), Vec::new())),
    };
    let (input, hash) = if object.size <= WHOLE {
        match read_whole(object.size, opened.as_ref()).await {
            Ok((file, hash)) => (Input::Memory(file), Some(hash)),
            Err(error) => return Some((unreadable(error), Vec::new())),
        }
    } else {
        let ranges = StoreRanges {
            size: object.size,
            pinned: opened,
            runtime: tokio::runtime::Handle::current(),
        };
        (Input::Ranges(Box::new(ranges)), None)
    };
    bench.leases.running(claim.ticket, true);
    let extracted = extract(bench, claim, input, hash, Arc::clone(watch)).await;
    bench.leases.running(claim.ticket, false);
    extracted
}

fn unreadable(error: StoreError) -> Reading {
    match error {
        StoreError::Gone(_) => Reading::Gone,
        StoreError::Denied { .. } => Reading::Unread { message: error.to_string(), lasting: true },
        StoreError::Unavailable { .. } | StoreError::BrokenOff { .. } => {
            Reading::Unread { message: error.to_string(), lasting: false }
        }
    }
}

/// Reads an object whole and hashes it on the way.
async fn read_whole(size: u64, pinned: &dyn Pinned) -> Result<(SealedFile, BlobId), StoreError> {
    const CHUNK: u64 = 4 << 20;
    let memory = |error: std::io::Error| StoreError::Unavailable {
        path: "memory".into(),
        reason: error.to_string(),
    };
    let mut file = SealedFile::create().map_err(memory)?;
    let mut hash = Sha256::new();
    let mut offset = 0;
    while offset < size {
        let chunk = pinned.read(offset, CHUNK.min(size - offset)).await?;
        if chunk.is_empty() {
            break;
        }
        hash.update(&chunk);
        file.write_all(&chunk).map_err(memory)?;
        offset += chunk.len() as u64;
    }
    pinned.unchanged().await?;
    if offset < size {
        return Err(StoreError::Gone("it became shorter while it was read".into()));
    }
    let file = file.seal().map_err(memory)?;
    Ok((file, BlobId::from_digest(hash.finalize().into())))
}

/// Runs the child on a thread that may block, and keeps texts and previews as they arrive.
async fn extract(
    bench: &Bench,
    claim: &Claim,
    input: Input,
    hash: Option<BlobId>,
    watch: Arc<Watch>,
) -> Option<(Reading, Vec<Document>)> {
    let zygote = Arc::clone(&bench.zygote);
    let limits = Arc::clone(&bench.limits);
    let blobs = bench.blobs.clone();
    let runtime = tokio::runtime::Handle::current();
    let claim = claim.clone();
    let joined = tokio::task::spawn_blocking(move || {
        let mut documents: Vec<Document> = Vec::new();
        let mut unkept = None;
        let name = claim.object.name().to_owned();
        let verdict = run(&zygote, &name, input, &limits, &watch, &mut |extraction| {
            if unkept.is_some() {
                return;
            }
            match runtime.block_on(keep(&blobs, &claim, extraction, hash)) {
                Ok(document) => documents.push(document),
                Err(error) => {
                    // Without its text the document is not read: the whole attempt is void.
                    unkept = Some(error.to_string());
                    watch.cancel();
                }
            }
        });
        if let Some(message) = unkept {
            let message = format!("its text could not be kept: {message}");
            return Some((Reading::Unkept { message }, Vec::new()));
        }
        match verdict {
            Ok(None) => None,
            Ok(Some(verdict)) => {
                let reading = Reading::Extracted {
                    outcome: verdict.outcome,
                    reason: verdict.reason,
                    died: verdict.died,
                };
                Some((reading, documents))
            }
            Err(error) => {
                let message = format!("no reader answered: {error}");
                Some((Reading::Unread { message, lasting: false }, Vec::new()))
            }
        }
    });
    match joined.await {
        Ok(answer) => answer,
        Err(error) => {
            let message = format!("the worker failed: {error}");
            Some((Reading::Unread { message, lasting: false }, Vec::new()))
        }
    }
}

async fn keep(
    blobs: &Blobs,
    claim: &Claim,
    mut extraction: Extraction,
    hash: Option<BlobId>,
) -> Result<Document, object_store::Error> {
    let content = &mut extraction.content;
    let text = match content.segments.is_empty() {
        true => None,
        false => Some(blobs.keep_text(&content.segments).await?),
    };
    let preview = match content.previews.is_empty() {
        true => None,
        false => Some(blobs.keep(content.previews.swap_remove(0).jpeg).await?),
    };
    let own = extraction.member.is_none();
    let mut document = document(claim, extraction, text, preview);
    if own {
        document.sha256 = hash;
    }
    Ok(document)
}

/// Ranges of an object for a child, asked for from the thread that serves it.
struct StoreRanges {
    size: u64,
    pinned: Box<dyn Pinned>,
    runtime: tokio::runtime::Handle,
}

impl Ranges for StoreRanges {
    fn size(&self) -> u64 {
        self.size
    }

    fn read(&mut self, offset: u64, length: u32) -> std::io::Result<Vec<u8>> {
        let bytes = self.runtime.block_on(self.pinned.read(offset, u64::from(length)));
        bytes.map(|bytes| bytes.to_vec()).map_err(std::io::Error::other)
    }
}
