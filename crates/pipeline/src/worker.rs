use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use madang_document::blob_id::BlobId;
use madang_document::blob_part::BlobPart;
use madang_document::cause::{causes, told};
use madang_document::condition::{Kind, Subject};
use madang_document::document::Document;
use madang_document::failure_kind::FailureKind;
use madang_document::object::ObjectRef;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::sidecar;
use madang_extract::extraction::Extraction;
use madang_extract::sidecar::Sidecar;
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Claim, Completion, Failure, Task, Verdict};
use madang_ledger::ledger::Ledger;
use madang_ledger::worker::Worker;
use madang_sandbox::input::Input;
use madang_sandbox::request::Request;
use madang_sandbox::run::{RunError, run};
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::besides::{BesideError, Besides, Describing, Unread, close, read_described};
use crate::board::Board;
use crate::clock::{Clock, Jitter, until};
use crate::completer::Finished;
use crate::decide::{Attempt, Policy, Reading, Step, before_reading, decide};
use crate::fetch::fetch;
use crate::hindrance::{Hindrance, Hindrances, shortage};
use crate::known::{key_of, keys, known};
use crate::lease::{LEASE, Leases};
use crate::panicked::caught;
use crate::reading::{document, set_aside};
use crate::terms::Terms;
use crate::threads::Threads;
use crate::underway::{Turn, Underway};
use madang_store::blobs::{BlobError, Blobs, Bundle};
use madang_store::error::StoreError;
use madang_store::store::{Seen, Store};
use madang_store::stores::Stores;

/// The workers of a process, with what they work with.
#[derive(Clone)]
pub struct Workers {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Stores by name.
    pub stores: Stores,
    /// Who holds the leases.
    pub worker: Worker,
    /// Texts and previews.
    pub blobs: Blobs,
    /// Where children come from.
    pub zygote: Arc<Zygote>,
    /// Children at the same time: as many as there are processors to run them.
    pub children: usize,
    /// What is wanted of an object, and what reading it may use.
    pub terms: Arc<Terms>,
    /// How often to try again.
    pub policy: Policy,
    /// Leases held.
    pub leases: Leases,
    /// Where conditions are told.
    pub board: Board,
    /// What keeps these workers from going on.
    pub hindrances: Hindrances,
    /// Where the ends of attempts go.
    pub finished: mpsc::Sender<Finished>,
    /// The time.
    pub clock: Clock,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
    /// Told of objects that are not there.
    pub missed: Missed,
    /// What is being read.
    pub underway: Underway,
}

/// Tells the source of a pipeline that the object of a path is not there: the two names. Nothing where that source runs
/// in another process, which hears of it itself.
pub type Missed = Arc<dyn Fn(&str, &str) + Send + Sync>;

impl std::fmt::Debug for Workers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Workers")
    }
}

/// How often the ledger is asked again while it gives no jobs.
const AGAIN: Backoff = Backoff { base_ms: 500, cap_ms: 4_000 };

/// How long a copy waits for what the same bytes come to, before it is read by itself: the seats that
/// copies take while they wait are kept from others no longer than that.
const FOR_A_COPY: Duration = Duration::from_secs(10);

/// Objects are claimed ahead of the children, so that the next one is read while others are being extracted; no
/// further than this much work reaches, because what is claimed goes before what a person uploads meanwhile.
const AHEAD: Duration = Duration::from_millis(200);

/// How many objects may be in flight beside those in children: as many as `children` finish within [`AHEAD`] when
/// each takes `pace`, at least two, at most thirty.
fn ahead(children: usize, pace: Duration) -> usize {
    let pace = pace.as_micros().max(1);
    let quick = AHEAD.as_micros().saturating_mul(children as u128) / pace;
    usize::try_from(quick).unwrap_or(usize::MAX).clamp(2, 30)
}

impl Workers {
    /// Claims jobs and works on them until `stop`. Between claims it waits for `work` (a source saw something) or
    /// for the time when the next retry is due. `running` is what is being worked on.
    pub async fn run(self, running: &mut JoinSet<()>, work: Arc<Notify>, stop: CancellationToken) {
        let children = self.children.max(1);
        let lanes = Lanes::new(children, stop.clone());
        let mut failures = 0;
        let stopped = stop.cancelled();
        tokio::pin!(stopped);
        loop {
            let most = children + ahead(children, lanes.pace());
            let free = most.saturating_sub(running.len());
            let wake = work.notified();
            tokio::pin!(wake);
            // Registered before the claim, so that work that comes in between is not slept through.
            wake.as_mut().enable();
            // A claim is a flush to disk: half of what may be in flight at once, not one by one.
            let wanted = if free * 2 >= most || running.len() < children { free } else { 0 };
            let claims = match u32::try_from(wanted).unwrap_or(u32::MAX) {
                0 => Vec::new(),
                limit => match self.ledger.claim(&self.worker, limit, LEASE).await {
                    Ok(claims) => {
                        failures = 0;
                        self.board.clear(Kind::LedgerUnwritable, &Subject::part("worker"));
                        claims
                    }
                    Err(error) => {
                        failures += 1;
                        self.board.ledger_failed(Subject::part("worker"), &error);
                        let wait = AGAIN.after(&error).wait_ms(failures, (self.jitter)());
                        tokio::select! {
                            () = &mut stopped => break,
                            () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
                        }
                        Vec::new()
                    }
                },
            };
            let idle = claims.len() < wanted;
            for claim in claims {
                let watch = Arc::new(Watch::default());
                self.leases.hold(&claim, Arc::clone(&watch));
                running.spawn(self.clone().work(claim, watch, lanes.clone()));
            }
            let pause = if idle { self.until_due().await } else { Duration::from_secs(3600) };
            tokio::select! {
                () = &mut stopped => break,
                _ = running.join_next(), if !running.is_empty() => {}
                () = &mut wake, if idle => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        lanes.free.close();
        while running.join_next().await.is_some() {}
    }

    /// How long nothing will be due; at most a second, because another process may enqueue as well.
    async fn until_due(&self) -> Duration {
        let longest = Duration::from_secs(1);
        match self.ledger.next_due().await {
            Ok(Some(due)) => until(due, (self.clock)()).clamp(Duration::from_millis(5), longest),
            _ => longest,
        }
    }

    /// Works on one job from claim to its end. Whatever happens on the way, it has one: a panic of ours is an end,
    /// too, or the lease would be renewed for ever.
    async fn work(self, claim: Claim, watch: Arc<Watch>, lanes: Lanes) {
        let ticket = claim.ticket;
        let finished = match caught(carry_out(&self, &claim, watch, lanes)).await {
            Ok(finished) => finished,
            Err(panicked) => {
                tracing::error!(job = ticket.job, path = %claim.object.path, %panicked, "a worker panicked");
                let reason = ReasonKind::WorkerBroke(Quote::of(&panicked)).into();
                conclude(&self, &claim, &Reading::Broke { reason }, Found::default())
            }
        };
        if self.finished.send(finished).await.is_err() {
            self.leases.release(ticket);
        }
    }
}

/// As many lanes as there may be children, and how fast objects pass them.
#[derive(Clone)]
struct Lanes {
    free: Arc<Semaphore>,
    threads: Threads,
    pace: Arc<AtomicU64>,
    stop: CancellationToken,
    besides: Arc<Besides>,
}

impl Lanes {
    fn new(children: usize, stop: CancellationToken) -> Lanes {
        let pace = Arc::new(AtomicU64::new(100_000));
        let threads = Threads::new("lane", children);
        let besides = Arc::default();
        Lanes { free: Arc::new(Semaphore::new(children)), threads, pace, stop, besides }
    }

    /// What an object took of late.
    fn pace(&self) -> Duration {
        Duration::from_micros(self.pace.load(Ordering::Relaxed))
    }

    /// Takes an object's time into the average; the last few weigh most.
    fn passed(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).min(60_000_000);
        let before = self.pace.load(Ordering::Relaxed);
        self.pace.store((before * 7 + took) / 8, Ordering::Relaxed);
    }
}

/// Works on one job, and says how it ended.
async fn carry_out(workers: &Workers, claim: &Claim, watch: Arc<Watch>, lanes: Lanes) -> Finished {
    if let Some(step) = before_reading(&Attempt::of(claim), &workers.policy) {
        return end(claim, step, Found::default());
    }
    if claim.task == Task::Delete {
        return match read_described(workers.ledger.as_ref(), claim, None).await {
            Ok(()) => end(claim, Step::Delete, Found::default()),
            Err(error) => again(workers, claim, &error),
        };
    }
    let Some((reading, found)) = read(workers, claim, watch, &lanes).await else {
        // Called off, because the lease was lost (then this is refused) or because the service stops.
        let failure = Failure {
            kind: FailureKind::Interrupted,
            reason: ReasonKind::Stopped.into(),
            crashed: false,
        };
        return Finished::GivenBack { ticket: claim.ticket, at: (workers.clock)(), failure };
    };
    if reading == Reading::Gone {
        (workers.missed)(&claim.pipeline, &claim.object.path);
    }
    let own = found.documents.iter().find(|document| document.inner.is_none());
    if matches!(reading, Reading::Extracted { .. })
        && let Err(error) = read_described(workers.ledger.as_ref(), claim, own).await
    {
        return again(workers, claim, &error);
    }
    conclude(workers, claim, &reading, found)
}

/// The ledger could not be told which files are described otherwise now: the job comes again, with all that it does.
fn again(workers: &Workers, claim: &Claim, error: &LedgerError) -> Finished {
    let reason = ReasonKind::DescribedUntold(Quote::new(&told(error))).into();
    let failure = Failure { kind: FailureKind::Interrupted, reason, crashed: false };
    let at = (workers.clock)().plus_ms(AGAIN.cap_ms);
    Finished::GivenBack { ticket: claim.ticket, at, failure }
}

/// The end of a job whose attempt found this.
fn conclude(workers: &Workers, claim: &Claim, reading: &Reading, found: Found) -> Finished {
    let (now, jitter) = ((workers.clock)(), (workers.jitter)());
    end(claim, decide(&Attempt::of(claim), reading, &workers.policy, now, jitter), found)
}

/// The end of a job by this step.
fn end(claim: &Claim, step: Step, found: Found) -> Finished {
    let ticket = claim.ticket;
    let Found { mut documents, keys, turn } = found;
    let key = match step {
        Step::Commit => keys.and_then(|keys| key_of(&keys, &documents)),
        Step::Delete | Step::Retry { .. } | Step::Quarantine(_) => None,
    };
    let verdict = match step {
        Step::Commit => Verdict::Done,
        Step::Delete => {
            documents.clear();
            Verdict::Deleted
        }
        Step::Retry { at, failure } => {
            tracing::info!(path = %claim.object.path, reason = %failure.reason, "will be tried again");
            return Finished::GivenBack { ticket, at, failure };
        }
        Step::Quarantine(failure) => {
            if documents.is_empty() {
                documents.push(set_aside(claim, &failure));
            }
            tracing::warn!(path = %claim.object.path, kind = %failure.kind, reason = %failure.reason, "quarantined");
            Verdict::Quarantined(failure)
        }
    };
    let completion = Completion { ticket, verdict, documents, key, actor: "worker".into() };
    Finished::Completed { claim: Box::new(claim.clone()), completion, turn }
}

/// What was found of an object.
#[derive(Default)]
struct Found {
    documents: Vec<Document>,
    /// What the same bytes under the same terms are known by; none of an object that was not read whole.
    keys: Option<[BlobId; 2]>,
    /// Held by whoever reads these bytes.
    turn: Option<Turn>,
}

/// What came of a try to read an object.
enum Tried {
    /// The object was read, or is to blame that it was not.
    Read(Reading, Box<Found>),
    /// The house could not go on, and would not with any other object.
    Hindered {
        /// What stands in the way.
        by: Kind,
        /// Why, and the cure.
        message: String,
    },
    /// Nobody wants the answer any more.
    CalledOff,
}

impl Tried {
    fn of(reading: Reading) -> Tried {
        Tried::Read(reading, Box::default())
    }
}

/// Reads and extracts. What hinders the house is waited for here, with the lease held: a job that is given back would
/// count an attempt, and wait longer each time for what may be mended in a minute. `None` when it was called off.
async fn read(
    workers: &Workers,
    claim: &Claim,
    mut watch: Arc<Watch>,
    lanes: &Lanes,
) -> Option<(Reading, Found)> {
    let mut hindrance: Option<Hindrance> = None;
    let mut waits = 0;
    loop {
        let (by, message) = match try_to_read(workers, claim, &watch, lanes).await {
            Tried::Read(reading, found) => return Some((reading, *found)),
            Tried::CalledOff => return None,
            Tried::Hindered { by, message } => (by, message),
        };
        hindrance.replace(workers.hindrances.meet(by, &message));
        waits += 1;
        let wait = workers.policy.hindered.wait_ms(waits, (workers.jitter)());
        tokio::select! {
            () = lanes.stop.cancelled() => return None,
            () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
        }
        // What was called off stays so: the next try has a watch of its own. If the lease is lost, its renewal will
        // say so again.
        watch = Arc::default();
        workers.leases.hold(claim, Arc::clone(&watch));
    }
}

async fn try_to_read(workers: &Workers, claim: &Claim, watch: &Arc<Watch>, lanes: &Lanes) -> Tried {
    let object = &claim.object;
    let Some(store) = workers.stores.get(&object.store) else {
        let reason = ReasonKind::NoStore(object.store.as_str().into()).into();
        return Tried::of(Reading::Unread { reason, lasting: true });
    };
    let opened = match store.open(object).await {
        Ok(opened) => opened,
        Err(error) => return not_given(store.as_ref(), object, error).await,
    };
    let (input, hash) = match fetch(object, opened).await {
        Ok(fetched) => fetched,
        Err(error) => return not_given(store.as_ref(), object, error).await,
    };
    let describing = match lanes.besides.of(workers.ledger.as_ref(), store.as_ref(), object).await {
        Ok(describing) => describing,
        Err(BesideError::Store(error)) => return unreadable(&error),
        Err(BesideError::Ledger(error)) => {
            return Tried::Hindered { by: Kind::LedgerUnwritable, message: told(&error) };
        }
    };
    // What describes it may change without it, and one that describes others is known by its name.
    let is_plain = describing.is_nothing() && sidecar::described(&object.path).is_none();
    let (keys, turn) = match taken(workers, claim, hash.filter(|_| is_plain)).await {
        Taken::Known(reading, found) => return Tried::Read(reading, Box::new(found)),
        Taken::Unknown(keys, turn) => (keys, turn),
    };
    // Closed when the service stops: what has not begun then is given back.
    let Ok(lane) = lanes.free.acquire().await else { return Tried::CalledOff };
    let begun = Instant::now();
    workers.leases.running(claim.ticket, true);
    let Describing { sidecars, mut unread } = describing;
    let described = sidecars.first().map(|first| first.name.clone());
    let given = Given { input, hash, sidecars };
    let mut extracted = extract(workers, claim, given, Arc::clone(watch), lanes).await;
    if let (Some(name), Tried::Read(Reading::Extracted { died: true, outcome, .. }, _)) =
        (described, &extracted)
    {
        // Of which of them the reader died nobody knows. A file is read, whatever is said of it.
        let outcome = *outcome;
        let fetched = match store.open(object).await {
            Ok(opened) => fetch(object, opened).await,
            Err(error) => Err(error),
        };
        extracted = match fetched {
            Ok((input, hash)) => {
                let given = Given { input, hash, sidecars: Vec::new() };
                extract(workers, claim, given, Arc::clone(watch), lanes).await
            }
            Err(error) => not_given(store.as_ref(), object, error).await,
        };
        if let Tried::Read(Reading::Extracted { died: false, .. }, _) = &extracted {
            let reason = ReasonKind::BesideBroke(outcome.as_str().into()).into();
            unread.insert(0, Unread { name, reason });
        }
    }
    if let Tried::Read(_, found) = &mut extracted {
        found.documents.iter_mut().for_each(|document| close(document, &unread));
    }
    workers.leases.running(claim.ticket, false);
    lanes.passed(begun.elapsed());
    drop(lane);
    match extracted {
        Tried::Read(reading, found) => {
            Tried::Read(reading, Box::new(Found { keys, turn, ..*found }))
        }
        other @ (Tried::Hindered { .. } | Tried::CalledOff) => other,
    }
}

/// What is known of the bytes of an object.
enum Taken {
    /// What they came to before.
    Known(Reading, Found),
    /// Nothing: what it will be known by, and the turn to read them.
    Unknown(Option<[BlobId; 2]>, Option<Turn>),
}

/// Takes what the same bytes came to before. Of copies that come together the first is read, and the others wait for it.
async fn taken(workers: &Workers, claim: &Claim, hash: Option<BlobId>) -> Taken {
    let (limits, options) = workers.terms.of(&claim.pipeline);
    // A key that stands in the ledger would prove a password to whoever guesses it.
    let hash = hash.filter(|_| options.passwords.is_empty());
    let keys = hash.and_then(|hash| keys(hash, claim.object.name(), limits, options).ok());
    let Some(keys) = keys else { return Taken::Unknown(None, None) };
    let [any_name, _] = keys;
    let turn = workers.underway.turn(any_name, FOR_A_COPY).await;
    let documents = match known(workers.ledger.as_ref(), &workers.blobs, claim, &keys).await {
        Ok(Some(documents)) => documents,
        Ok(None) => return Taken::Unknown(Some(keys), turn),
        Err(error) => {
            // Whatever it is, the object itself is there.
            tracing::debug!(path = %claim.object.path, error = %told(&error), "what is known of it cannot be taken");
            return Taken::Unknown(Some(keys), turn);
        }
    };
    let Some(own) = documents.iter().find(|document| document.inner.is_none()) else {
        return Taken::Unknown(Some(keys), turn);
    };
    tracing::debug!(path = %claim.object.path, "the same bytes were read before");
    let (outcome, reason) = (own.outcome, own.reason.clone());
    let reading = Reading::Extracted { outcome, reason, died: false };
    // The turn ends here: nobody has to wait for what is known.
    Taken::Known(reading, Found { documents, keys: Some(keys), turn: None })
}

/// What a child is given.
struct Given {
    input: Input,
    /// Of the whole object, if it is read whole.
    hash: Option<BlobId>,
    sidecars: Vec<Sidecar>,
}

/// What it means that a store does not give an object. It is gone only if the store does not show it as it was seen
/// either: one that shows what it does not give would be waited for in vain.
async fn not_given(store: &dyn Store, object: &ObjectRef, error: StoreError) -> Tried {
    if !matches!(error, StoreError::Gone(_)) {
        return unreadable(&error);
    }
    match store.look(&object.path).await {
        Ok(Some(Seen::Object(file))) if file.version == object.version => {
            let reason = ReasonKind::ShownNotGiven(told(&error).into()).into();
            Tried::of(Reading::Unread { reason, lasting: false })
        }
        Ok(_) => Tried::of(Reading::Gone),
        Err(error) => unreadable(&error),
    }
}

fn unreadable(error: &StoreError) -> Tried {
    let message = told(error);
    if let Some(by) = shortage(error) {
        return Tried::Hindered { by, message };
    }
    let reason = ReasonKind::NotGiven(message.into()).into();
    Tried::of(match error {
        StoreError::Gone(_) => Reading::Gone,
        StoreError::Denied { .. } => Reading::Unread { reason, lasting: true },
        StoreError::Unavailable { .. }
        | StoreError::BrokenOff { .. }
        | StoreError::Conflict { .. }
        | StoreError::Precondition(_) => Reading::Unread { reason, lasting: false },
    })
}

/// Runs the child in a lane, and keeps texts and previews as they arrive.
async fn extract(
    workers: &Workers,
    claim: &Claim,
    Given { input, hash, sidecars }: Given,
    watch: Arc<Watch>,
    lanes: &Lanes,
) -> Tried {
    let zygote = Arc::clone(&workers.zygote);
    let terms = Arc::clone(&workers.terms);
    let blobs = workers.blobs.clone();
    let runtime = tokio::runtime::Handle::current();
    let claim = claim.clone();
    let watched = lanes.threads.run(move || {
        let mut documents: Vec<Document> = Vec::new();
        let mut bundle = Bundle::new(&blobs);
        let mut places = Vec::new();
        let mut unkept = None;
        let name = claim.object.name().to_owned();
        let (limits, options) = terms.of(&claim.pipeline);
        let request = Request { name: &name, limits, options, sidecars: &sidecars };
        let verdict = run(&zygote, &request, input, &watch, &mut |extraction| {
            if unkept.is_some() {
                return;
            }
            match runtime.block_on(bundled(&mut bundle, &claim, extraction, hash)) {
                Ok((document, place)) => {
                    documents.push(document);
                    places.push(place);
                }
                Err(error) => {
                    // Without its text the document is not read: the whole attempt is void.
                    unkept = Some(error);
                    watch.cancel();
                }
            }
        });
        if unkept.is_none() && matches!(verdict, Ok(Some(_))) {
            match runtime.block_on(bundle.keep()) {
                Ok(kept) => settle_in(&mut documents, &places, &kept),
                Err(error) => unkept = Some(error),
            }
        }
        if let Some(error) = unkept {
            let reason = Reason::new(ReasonKind::NotKept(told(&error).into()));
            let message = reason.english();
            return match shortage(&error) {
                Some(by) => Tried::Hindered { by, message },
                // Something stands where these bytes are to lie, and all the others find their place.
                None if runtime.block_on(blobs.take_others()) => {
                    Tried::of(Reading::Unread { reason, lasting: false })
                }
                None => Tried::Hindered { by: Kind::Stalled, message },
            };
        }
        match verdict {
            Ok(None) => Tried::CalledOff,
            Ok(Some(verdict)) => {
                let reading = Reading::Extracted {
                    outcome: verdict.outcome,
                    reason: verdict.reason,
                    died: verdict.died,
                };
                tracing::debug!(path = %claim.object.path, "it was read");
                Tried::Read(reading, Box::new(Found { documents, ..Found::default() }))
            }
            Err(error) => match (shortage(&error), &error) {
                (Some(by), _) => Tried::Hindered { by, message: told(&error) },
                (None, RunError::Unborn(_)) => {
                    Tried::Hindered { by: Kind::Stalled, message: told(&error) }
                }
                (None, RunError::BrokenOff(_)) => Tried::of(broken_off(&error)),
            },
        }
    });
    match watched.await {
        Ok(answer) => answer,
        Err(panicked) => {
            let reason = ReasonKind::WorkerBroke(Quote::of(&panicked)).into();
            Tried::of(Reading::Broke { reason })
        }
    }
}

/// What it means that a run broke off: the object's store did not give a range, or the zygote died, which is ours.
fn broken_off(error: &RunError) -> Reading {
    let reason = ReasonKind::NoReaderAnswered(told(error).into()).into();
    match causes(error).any(|cause| cause.is::<StoreError>()) {
        true => Reading::Unread { reason, lasting: false },
        false => Reading::Interrupted { reason },
    }
}

/// Where the text and the preview of a document lie among the parts of a bundle.
#[derive(Clone, Copy, Debug, Default)]
struct Bundled {
    text: Option<usize>,
    preview: Option<usize>,
}

/// Takes the text and the preview of a document into the bundle of its object.
async fn bundled(
    bundle: &mut Bundle,
    claim: &Claim,
    mut extraction: Extraction,
    hash: Option<BlobId>,
) -> Result<(Document, Bundled), BlobError> {
    let content = &mut extraction.content;
    let mut place = Bundled::default();
    if !content.segments.is_empty() {
        place.text = Some(bundle.add_text(&content.segments).await?);
    }
    if let Some(preview) = content.previews.drain(..).next() {
        place.preview = Some(bundle.add(&preview.jpeg).await?);
    }
    let own = extraction.member.is_none();
    let mut document = document(claim, extraction);
    if own {
        document.sha256 = hash;
    }
    Ok((document, place))
}

/// Tells each document where its text and preview lie.
fn settle_in(documents: &mut [Document], places: &[Bundled], kept: &[BlobPart]) {
    let part = |place: Option<usize>| place.and_then(|place| kept.get(place)).copied();
    for (document, place) in documents.iter_mut().zip(places) {
        document.text = part(place.text);
        document.preview = part(place.preview);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_broke_off_is_the_stores_or_ours() {
        let store = std::io::Error::other(StoreError::away("a", "no answer"));
        assert!(matches!(broken_off(&store.into()), Reading::Unread { lasting: false, .. }));
        let zygote = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(matches!(broken_off(&zygote.into()), Reading::Interrupted { .. }));
    }

    #[test]
    fn quick_objects_are_claimed_further_ahead_than_slow_ones() {
        for (ms, expected) in [(0, 30), (12, 30), (40, 10), (100, 4), (300, 2), (60_000, 2)] {
            assert_eq!(ahead(2, Duration::from_millis(ms)), expected, "{ms} ms");
        }
    }
}
