use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use madang_document::cause::told;
use madang_document::condition::{Kind, Subject};
use madang_document::failure_kind::FailureKind;
use madang_document::quote::Quote;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Claim, Completed, Completion, Failure, Ticket, Verdict};
use madang_ledger::ledger::Ledger;
use tokio::sync::{Notify, mpsc};

use crate::backoff::Backoff;
use crate::batch::{self, Taken};
use crate::board::Board;
use crate::clock::{Clock, Jitter};
use crate::decide::{Attempt, Policy, broke};
use crate::lease::Leases;
use crate::panicked::caught;
use crate::reading::{unread, unrecorded};
use crate::recollections::Recollections;
use crate::underway::Turn;

/// Completions of one transaction at most: one flush to disk serves them all.
const BATCH: usize = 64;

/// How long the first completion of a batch waits for others while more is being worked on.
const GATHER: Duration = Duration::from_millis(50);

/// How often the ledger is asked again while it cannot be reached.
const AGAIN: Backoff = Backoff { base_ms: 200, cap_ms: 4_000 };

/// The end of an attempt.
#[derive(Debug)]
pub enum Finished {
    /// The job is done with.
    Completed {
        /// The job.
        claim: Box<Claim>,
        /// What was found.
        completion: Completion,
        /// Held until it is recorded: others wait for what the same bytes come to.
        turn: Option<Turn>,
    },
    /// The job is to be claimed again.
    GivenBack {
        /// The job.
        ticket: Ticket,
        /// Not before.
        at: Timestamp,
        /// Why.
        failure: Failure,
    },
}

/// The ends of a batch: claims beside what was found of them, and what is to be claimed again.
#[derive(Default)]
struct Ends {
    claims: Vec<Claim>,
    completions: Vec<Completion>,
    /// Given back when the batch is recorded.
    turns: Vec<Turn>,
    given_back: Vec<(Ticket, Timestamp, Failure)>,
}

impl Ends {
    fn of(batch: Vec<Finished>) -> Ends {
        let mut ends = Ends::default();
        for end in batch {
            match end {
                Finished::Completed { claim, completion, turn } => {
                    ends.turns.extend(turn);
                    ends.claims.push(*claim);
                    ends.completions.push(completion);
                }
                Finished::GivenBack { ticket, at, failure } => {
                    ends.given_back.push((ticket, at, failure));
                }
            }
        }
        ends
    }
}

/// Records the ends of attempts, many in one transaction.
#[derive(Clone)]
pub struct Completer {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Held until what was found is recorded.
    pub leases: Leases,
    /// What was recognised is remembered no longer.
    pub recollections: Recollections,
    /// When what breaks the record off is tried again.
    pub policy: Policy,
    /// Where conditions are told.
    pub board: Board,
    /// Told when something was recorded.
    pub changed: Arc<Notify>,
    /// The time.
    pub clock: Clock,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
}

impl std::fmt::Debug for Completer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Completer")
    }
}

impl Completer {
    /// Runs until the channel closes. While the ledger cannot be reached the same is tried again: the work is done,
    /// only the record is missing, and the leases are held. What the ledger refuses for any other reason is told
    /// apart from its neighbours and set aside with that reason.
    pub async fn run(self, finished: &mut mpsc::Receiver<Finished>) {
        while let Some(first) = finished.recv().await {
            let mut batch = vec![first];
            let gathered = tokio::time::sleep(GATHER);
            tokio::pin!(gathered);
            // When nothing else is being worked on, nothing else can come.
            while batch.len() < BATCH && self.leases.held() > batch.len() {
                tokio::select! {
                    next = finished.recv() => match next {
                        Some(finished) => batch.push(finished),
                        None => break,
                    },
                    () = &mut gathered => break,
                }
            }
            let ends = Ends::of(batch);
            match caught(self.end(&ends)).await {
                Ok(()) => self.board.clear(Kind::Panicked, &subject()),
                Err(panicked) => {
                    self.board.set(Kind::Panicked, subject(), &panicked.0);
                    self.end_one_by_one(&ends).await;
                }
            }
        }
    }

    /// Records the ends of these attempts.
    async fn end(&self, ends: &Ends) {
        for (ticket, at, failure) in &ends.given_back {
            self.give_back(*ticket, *at, failure).await;
        }
        if !ends.completions.is_empty() {
            self.complete(&ends.claims, &ends.completions).await;
            self.changed.notify_waiters();
        }
    }

    /// Records what a panic left without its end, each alone, so that only the one of which it comes suffers: that is
    /// given back, for its lease would be renewed for ever. What was recorded before the panic is refused by its fence.
    async fn end_one_by_one(&self, ends: &Ends) {
        for (ticket, at, failure) in &ends.given_back {
            self.give_back_at_last(*ticket, *at, failure).await;
        }
        for (claim, completion) in ends.claims.iter().zip(&ends.completions) {
            let one = (std::slice::from_ref(claim), std::slice::from_ref(completion));
            if let Err(panicked) = caught(self.complete(one.0, one.1)).await {
                let reason = ReasonKind::RecordingBroke(Quote::of(&panicked)).into();
                let (now, jitter) = ((self.clock)(), (self.jitter)());
                let (at, failure) = broke(&Attempt::of(claim), reason, &self.policy, now, jitter);
                self.give_back_at_last(claim.ticket, at, &failure).await;
            }
        }
        self.changed.notify_waiters();
    }

    async fn give_back_at_last(&self, ticket: Ticket, at: Timestamp, failure: &Failure) {
        if caught(self.give_back(ticket, at, failure)).await.is_err() {
            tracing::error!(job = ticket.job, "could not be given back: it waits for a restart");
            self.leases.release(ticket);
        }
    }

    async fn complete(&self, claims: &[Claim], completions: &[Completion]) {
        // Whatever is worth waiting for was waited for.
        let record = |part| self.record_all(part);
        let mut by = (self, claims);
        let taken =
            batch::take(completions, record, Ok, &mut by, |(completer, claims), one, error| {
                Box::pin(async move {
                    if let Some(claim) = claims.iter().find(|claim| claim.ticket == one.ticket) {
                        completer.set_aside(claim, one, &error).await;
                    }
                    Ok::<(), Infallible>(())
                })
            });
        let Ok(Taken::Together(()) | Taken::OneByOne(_)) = taken.await;
    }

    async fn record_all(&self, completions: &[Completion]) -> Result<(), LedgerError> {
        match self.record(completions).await {
            Ok(results) => {
                self.recorded(completions, &results).await;
                Ok(())
            }
            Err(error) => {
                if completions.len() > 1 {
                    tracing::warn!(%error, jobs = completions.len(), "completions are refused together; one by one");
                }
                Err(error)
            }
        }
    }

    async fn recorded(&self, completions: &[Completion], results: &[Completed]) {
        for (completion, result) in completions.iter().zip(results) {
            let job = completion.ticket.job;
            if *result == Completed::Stale {
                // Nothing is wrong: the file changed, or what describes it came, while it was read. A lease that was lost
                // was told when it was. Where the same file is read once more its pages are not recognised once more.
                tracing::debug!(job, "read in vain: it is read anew, or is gone");
                let ledger = self.ledger.as_ref();
                if let Err(error) = self.recollections.forget_unless_open(ledger, job).await {
                    tracing::debug!(job, error = %told(&error), "what was recognised of it is swept later");
                }
            } else {
                self.recollections.forget(job);
            }
            self.leases.release(completion.ticket);
        }
    }

    /// What the ledger refuses is put before the operator; if it refuses even that, the job is given back.
    async fn set_aside(&self, claim: &Claim, completion: &Completion, error: &LedgerError) {
        let reason = ReasonKind::Refused(told(error).into()).into();
        tracing::error!(job = claim.ticket.job, path = %claim.object.path, %error,
            "the ledger refuses what was read; the file is set aside");
        let failure = Failure { kind: FailureKind::House, reason, crashed: false };
        let documents = match completion.verdict {
            // The file is gone: a document of it would say that it is there.
            Verdict::Deleted => Vec::new(),
            Verdict::Done | Verdict::Quarantined(_) => {
                let mut read = completion.documents.iter();
                let own = read.find(|document| document.inner.is_none());
                let outcome = unrecorded(own.map(|document| document.outcome));
                vec![unread(claim, outcome, failure.reason.clone())]
            }
        };
        let refused = Completion {
            ticket: completion.ticket,
            verdict: Verdict::Quarantined(failure.clone()),
            documents,
            key: None,
            again: false,
            actor: completion.actor.clone(),
        };
        let refused = [refused];
        match self.record(&refused).await {
            Ok(results) => self.recorded(&refused, &results).await,
            Err(_) => {
                let at = (self.clock)().plus_ms(60_000);
                self.give_back(completion.ticket, at, &failure).await;
            }
        }
    }

    async fn record(&self, completions: &[Completion]) -> Result<Vec<Completed>, LedgerError> {
        self.insist(|| self.ledger.complete(completions)).await
    }

    async fn give_back(&self, ticket: Ticket, at: Timestamp, failure: &Failure) {
        if let Err(error) = self.insist(|| self.ledger.retry(ticket, at, failure)).await {
            tracing::error!(job = ticket.job, error = %told(&error), "could not be given back");
        }
        self.leases.release(ticket);
    }

    /// Asks the ledger until it answers, whatever that is.
    async fn insist<T, F>(&self, mut ask: impl FnMut() -> F) -> Result<T, LedgerError>
    where
        F: Future<Output = Result<T, LedgerError>>,
    {
        let mut failures = 0;
        loop {
            match ask().await {
                // It fails whatever it is told, and not this completion: damage of its store is no fault of the file
                // that was to be recorded, which must not be set aside for it.
                Err(error) if !error.is_of_the_act() => {
                    self.pause(&mut failures, &error).await;
                }
                answer => {
                    self.board.clear(Kind::LedgerUnwritable, &subject());
                    return answer;
                }
            }
        }
    }

    /// Waits before the ledger is asked again.
    async fn pause(&self, failures: &mut u32, error: &LedgerError) {
        *failures += 1;
        self.board.ledger_failed(subject(), error);
        let wait = AGAIN.after(error).wait_ms(*failures, (self.jitter)());
        tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())).await;
    }
}

fn subject() -> Subject {
    Subject::part("completer")
}
