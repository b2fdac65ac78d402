use madang_document::failure_kind::FailureKind;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use madang_ledger::jobs::{Claim, Failure, Task};

use crate::backoff::Backoff;

/// What comes next for a job: the one decision of a worker.
///
/// A verdict of the reader ("encrypted", "no reader for it") is a completion, not a failure: the same bytes
/// would give the same answer. Damage is set aside at once, for the same reason. What may pass (a store that
/// does not answer, a child that died) is tried again, later each time. `jitter` is a random number from 0 to
/// 1 that spreads the attempts of files that failed together.
pub fn decide(
    attempt: &Attempt,
    reading: &Reading,
    policy: &Policy,
    now: Timestamp,
    jitter: f64,
) -> Step {
    if attempt.task == Task::Delete {
        return Step::Delete;
    }
    match reading {
        Reading::Extracted { outcome: Outcome::Corrupt, reason, died: false } => {
            Step::Quarantine(failure(FailureKind::Corrupt, reason.clone(), false))
        }
        Reading::Extracted { died: false, .. } => Step::Commit,
        Reading::Extracted { outcome, reason, died: true } => {
            let failure = failure(FailureKind::of_death(*outcome), reason.clone(), true);
            if is_fatal(attempt, policy) {
                Step::Quarantine(failure)
            } else {
                Step::Retry { at: policy.again(attempt.attempt, now, jitter), failure }
            }
        }
        Reading::Gone => {
            // Whoever reads one file cannot tell a removal from a lost mount.
            let failure = failure(FailureKind::Gone, Some(ReasonKind::Gone.into()), false);
            Step::Retry { at: now.plus_ms(policy.gone.wait_ms(1, jitter)), failure }
        }
        Reading::Elsewhere { reason } => {
            // It waits as it would for a source that is away, however often it is claimed: nobody has looked at the file.
            let failure = failure(FailureKind::Gone, Some(reason.clone()), false);
            Step::Retry { at: now.plus_ms(policy.gone.wait_ms(1, jitter)), failure }
        }
        Reading::Broke { reason } => {
            let (at, failure) = broke(attempt, reason.clone(), policy, now, jitter);
            if is_fatal(attempt, policy) {
                Step::Quarantine(failure)
            } else {
                Step::Retry { at, failure }
            }
        }
        Reading::Interrupted { reason } => {
            let failure = failure(FailureKind::House, Some(reason.clone()), false);
            if attempt.attempt >= policy.max_attempts {
                Step::Quarantine(failure)
            } else {
                Step::Retry { at: policy.again(attempt.attempt, now, jitter), failure }
            }
        }
        Reading::Unread { reason, lasting } => {
            let failure = failure(FailureKind::Read, Some(reason.clone()), false);
            if *lasting || attempt.attempt >= policy.max_attempts {
                Step::Quarantine(failure)
            } else {
                Step::Retry { at: policy.again(attempt.attempt, now, jitter), failure }
            }
        }
    }
}

/// An attempt that broke off by a fault of ours, for whoever can only give the job back: when it is due again, and why
/// it failed. It says nothing of the file, and counts like a death all the same: what breaks us off again and again is
/// not passed on.
pub fn broke(
    attempt: &Attempt,
    reason: Reason,
    policy: &Policy,
    now: Timestamp,
    jitter: f64,
) -> (Timestamp, Failure) {
    let failure = failure(FailureKind::House, Some(reason), true);
    (policy.again(attempt.attempt, now, jitter), failure)
}

/// The decision before anything is read: a job whose workers keep dying is not given to another one. It
/// covers the crash that takes the whole process along, after which nobody is left to decide.
pub fn before_reading(attempt: &Attempt, policy: &Policy) -> Option<Step> {
    let poison = attempt.crashes >= policy.max_crashes || attempt.attempt > policy.max_starts;
    (attempt.task == Task::Extract && poison).then(|| {
        Step::Quarantine(failure(
            FailureKind::Crashed,
            Some(ReasonKind::AgainAndAgain.into()),
            true,
        ))
    })
}

/// Whether a death in this attempt is the last one that is allowed.
fn is_fatal(attempt: &Attempt, policy: &Policy) -> bool {
    attempt.crashes + 1 >= policy.max_crashes
}

/// Whether an attempt is the last one after deaths: then what readers die of is left alone, for the rest is not to be lost
/// with it.
pub fn is_last(attempt: &Attempt, policy: &Policy) -> bool {
    attempt.crashes > 0 && is_fatal(attempt, policy)
}

fn failure(kind: FailureKind, reason: Option<Reason>, crashed: bool) -> Failure {
    Failure { kind, reason: reason.unwrap_or_else(|| ReasonKind::NoReason.into()), crashed }
}

impl Attempt {
    /// The attempt that a claim is.
    pub fn of(claim: &Claim) -> Attempt {
        Attempt { task: claim.task, attempt: claim.attempt, crashes: claim.crashes }
    }
}

/// A job as far as the decision goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What is to be done.
    pub task: Task,
    /// Counted from 1.
    pub attempt: u32,
    /// Deaths before this attempt.
    pub crashes: u32,
}

/// What an attempt found. What hinders the house (no disk, no descriptor, no child) is none of these: it says nothing
/// about the file, and is waited for within the attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The child answered, or died.
    Extracted {
        /// The outcome of the object.
        outcome: Outcome,
        /// Why, if it was not read whole.
        reason: Option<Reason>,
        /// Whether the child died instead of answering.
        died: bool,
    },
    /// We ourselves broke off over it: a panic, a thread that hangs.
    Broke {
        /// What is known of it.
        reason: Reason,
    },
    /// The process died from which readers come, and all that were being read with it: nobody's file did that.
    Interrupted {
        /// What is known of it.
        reason: Reason,
    },
    /// The object is not there, or not in this version.
    Gone,
    /// This process has no store of that name: whoever has it can read the object.
    Elsewhere {
        /// Which store.
        reason: Reason,
    },
    /// The store did not give the bytes.
    Unread {
        /// Why, and the cure.
        reason: Reason,
        /// Whether trying again is useless until somebody does something.
        lasting: bool,
    },
}

/// The next step of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Keep what was read.
    Commit,
    /// Withdraw what was read before.
    Delete,
    /// Try again.
    Retry {
        /// Not before.
        at: Timestamp,
        /// Why it failed this time.
        failure: Failure,
    },
    /// Set aside for the operator, with what is known of the document.
    Quarantine(Failure),
}

/// How often and how late to try again.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Attempts in all.
    pub max_attempts: u32,
    /// Starts in all, those included that ended because the whole service was killed. Far above
    /// [`Policy::max_attempts`]: a service that is killed often is not the file's fault.
    pub max_starts: u32,
    /// Deaths in all, whatever attempts remain: poison is not passed on.
    pub max_crashes: u32,
    /// How long to wait between them.
    pub backoff: Backoff,
    /// How long to wait for an object that is not there, or whose store is not, each time: its source is told, and ends the wait when it has
    /// decided. Seldom, for of a lost mount there may be many; without end, for the operator may be asleep.
    pub gone: Backoff,
    /// How long to wait within an attempt while the house cannot go on. Never long, for what stands in its way goes
    /// away without telling anybody; without end, for no file is to blame.
    pub hindered: Backoff,
}

impl Default for Policy {
    fn default() -> Policy {
        let backoff = Backoff { base_ms: 1_000, cap_ms: 600_000 };
        let gone = Backoff { base_ms: 300_000, cap_ms: 300_000 };
        let hindered = Backoff { base_ms: 500, cap_ms: 4_000 };
        Policy { max_attempts: 8, max_starts: 50, max_crashes: 3, backoff, gone, hindered }
    }
}

impl Policy {
    /// When to try again.
    fn again(&self, attempt: u32, now: Timestamp, jitter: f64) -> Timestamp {
        now.plus_ms(self.backoff.wait_ms(attempt, jitter))
    }
}

#[cfg(test)]
mod tests {
    use madang_ledger::jobs::LONGEST_WAIT;

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000);

    #[test]
    fn no_wait_is_longer_than_the_ledger_lets_one_be() {
        let longest = i64::try_from(LONGEST_WAIT.as_millis()).unwrap();
        for failures in [1, 8, u32::MAX] {
            let Policy { backoff, gone, .. } = Policy::default();
            assert!(backoff.wait_ms(failures, 1.0) <= longest, "{failures}");
            assert!(gone.wait_ms(failures, 1.0) <= longest, "{failures}");
        }
    }

    fn step(attempt: u32, crashes: u32, reading: Reading) -> Step {
        let attempt = Attempt { task: Task::Extract, attempt, crashes };
        decide(&attempt, &reading, &Policy::default(), NOW, 0.5)
    }

    fn read(outcome: Outcome, died: bool) -> Reading {
        Reading::Extracted { outcome, reason: Some("because".into()), died }
    }

    #[test]
    fn a_verdict_is_a_completion() {
        for outcome in Outcome::ALL {
            let expected_commit = outcome != Outcome::Corrupt;
            assert_eq!(
                step(1, 0, read(outcome, false)) == Step::Commit,
                expected_commit,
                "{outcome}"
            );
        }
    }

    #[test]
    fn damage_is_set_aside_at_once() {
        let Step::Quarantine(failure) = step(1, 0, read(Outcome::Corrupt, false)) else { panic!() };
        assert_eq!((failure.kind, failure.crashed), (FailureKind::Corrupt, false));
    }

    #[test]
    fn a_death_is_tried_again_and_the_third_is_the_last() {
        let Step::Retry { at, failure } = step(1, 0, read(Outcome::Timeout, true)) else {
            panic!()
        };
        assert_eq!(at, NOW.plus_ms(1_000));
        assert!(failure.crashed);
        assert!(matches!(step(2, 1, read(Outcome::Crashed, true)), Step::Retry { at, .. }
            if at == NOW.plus_ms(2_000)));
        assert!(matches!(step(3, 2, read(Outcome::Crashed, true)), Step::Quarantine(_)));
        let attempt = Attempt { task: Task::Extract, attempt: 4, crashes: 3 };
        assert!(before_reading(&attempt, &Policy::default()).is_some());
        for (starts, poison) in [(50, false), (51, true)] {
            let attempt = Attempt { task: Task::Extract, attempt: starts, crashes: 0 };
            assert_eq!(before_reading(&attempt, &Policy::default()).is_some(), poison);
        }
    }

    #[test]
    fn the_last_attempt_after_deaths_is_known() {
        let last = |attempt, crashes, max_crashes| {
            let attempt = Attempt { task: Task::Extract, attempt, crashes };
            is_last(&attempt, &Policy { max_crashes, ..Policy::default() })
        };
        assert_eq!([0, 1, 2].map(|crashes| last(crashes + 1, crashes, 3)), [false, false, true]);
        // However often a store was silent, and whoever allows one death alone: nothing died yet.
        assert!(!last(8, 0, 3) && !last(1, 0, 1));
    }

    #[test]
    fn a_silent_store_is_tried_until_attempts_run_out() {
        let silent = |lasting| Reading::Unread { reason: "no answer".into(), lasting };
        assert!(matches!(step(7, 0, silent(false)), Step::Retry { .. }));
        assert!(matches!(step(8, 0, silent(false)), Step::Quarantine(_)));
        assert!(matches!(step(1, 0, silent(true)), Step::Quarantine(_)));
    }

    #[test]
    fn what_breaks_us_off_is_the_houses_and_counts_as_poison() {
        let broke = || Reading::Broke { reason: "the worker panicked: 9".into() };
        for (attempt, crashes, at) in [(1, 0, Some(1_000)), (2, 1, Some(2_000)), (3, 2, None)] {
            let (due, failure) = match step(attempt, crashes, broke()) {
                Step::Retry { at, failure } => (Some(at), failure),
                Step::Quarantine(failure) => (None, failure),
                other => panic!("{other:?}"),
            };
            assert_eq!(due, at.map(|ms| NOW.plus_ms(ms)), "{attempt}");
            assert_eq!((failure.kind, failure.crashed), (FailureKind::House, true));
            assert_eq!(failure.reason, "the worker panicked: 9".into());
        }
    }

    #[test]
    fn what_takes_all_readers_along_is_no_crash_of_a_file() {
        let interrupted = || Reading::Interrupted { reason: "the zygote died".into() };
        let Step::Retry { at, failure } = step(1, 2, interrupted()) else { panic!() };
        assert_eq!(at, NOW.plus_ms(1_000));
        assert_eq!((failure.kind, failure.crashed), (FailureKind::House, false));
        let Step::Quarantine(failure) = step(10, 0, interrupted()) else { panic!() };
        assert_eq!((failure.kind, failure.crashed), (FailureKind::House, false));
    }

    #[test]
    fn an_object_whose_store_is_not_here_waits_however_often_it_was_claimed() {
        for attempt in [1, 8, 50] {
            let reading = Reading::Elsewhere { reason: "no store".into() };
            let Step::Retry { at, failure } = step(attempt, 0, reading) else { panic!() };
            assert_eq!((failure.kind, failure.crashed), (FailureKind::Gone, false));
            assert_eq!(failure.reason, "no store".into());
            assert_eq!(at, NOW.plus_ms(300_000));
        }
    }

    #[test]
    fn a_missing_object_waits_for_its_source_and_a_deletion_is_withdrawn() {
        for attempt in [1, 8, 50] {
            let Step::Retry { at, failure } = step(attempt, 0, Reading::Gone) else { panic!() };
            assert_eq!((failure.kind, failure.crashed), (FailureKind::Gone, false));
            assert_eq!(at, NOW.plus_ms(300_000), "however often it was looked for");
        }
        let attempt = Attempt { task: Task::Delete, attempt: 1, crashes: 9 };
        assert_eq!(before_reading(&attempt, &Policy::default()), None);
        assert_eq!(decide(&attempt, &Reading::Gone, &Policy::default(), NOW, 0.0), Step::Delete);
    }
}
