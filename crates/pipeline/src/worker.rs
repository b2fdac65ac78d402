use std::sync::Arc;
use std::time::Duration;

use madang_document::cause::told;
use madang_document::condition::{Kind, Subject};
use madang_document::failure_kind::FailureKind;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Claim, Completion, Failure, PriorityClass, Task, Verdict};
use madang_sandbox::watch::Watch;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::attempted::Found;
use crate::backoff::Backoff;
use crate::besides::read_described;
use crate::clock::until;
use crate::completer::Finished;
use crate::decide::{Attempt, Reading, Step, before_reading, decide};
use crate::known::key_of;
use crate::lanes::{Lanes, SLOW, ahead};
use crate::lease::LEASE;
use crate::object_reading::read;
use crate::panicked::caught;
use crate::reading::set_aside;
use crate::workers::Workers;

impl Workers {
    /// Claims jobs and works on them until `stop`. Between claims it waits for `work` (a source saw something) or
    /// for the time when the next retry is due. `running` is what is being worked on.
    pub async fn run(self, running: &mut JoinSet<()>, work: Arc<Notify>, stop: CancellationToken) {
        let children = self.children.max(1);
        // What was put off takes long, or it would not have been.
        let pace = match self.class {
            PriorityClass::Background => SLOW,
            PriorityClass::Prompt | PriorityClass::Any => USUAL,
        };
        let lanes = Lanes::new(children, pace, stop.clone());
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
                limit => {
                    let (worker, queues) = (&self.worker, Some(&*self.queues));
                    match self.ledger.claim(worker, queues, self.class, limit, LEASE).await {
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
                    }
                }
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
        match self.ledger.next_due(Some(&self.queues), self.class).await {
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
        let (recollections, job) = (&workers.recollections, claim.ticket.job);
        if let Err(error) = recollections.forget_unless_open(workers.ledger.as_ref(), job).await {
            tracing::debug!(job, error = %told(&error), "what was recognised of it is swept later");
        }
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
    let Found { mut documents, keys, put_off, look: _, turn } = found;
    let again = step == Step::Commit && put_off;
    let key = match step {
        // Whoever drops the same bytes is to have all of them read.
        Step::Commit if again => None,
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
    let completion = Completion { ticket, verdict, documents, key, again, actor: "worker".into() };
    Finished::Completed { claim: Box::new(claim.clone()), completion, turn }
}

/// What an object is expected to take before any was read.
const USUAL: Duration = Duration::from_millis(100);

/// How often the ledger is asked again while it gives no jobs.
const AGAIN: Backoff = Backoff { base_ms: 500, cap_ms: 4_000 };
