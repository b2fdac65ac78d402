use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use madang_ledger::audit::Act;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;
use madang_store::blobs::{BlobError, Blobs};
use madang_store::sweep::{BlobSweep, NamedSet, Swept};

use crate::clock::{Clock, ms};
use crate::follow::{Follower, Gathering, Obstacle, Progress};
use crate::heads::Heads;
use crate::noted::Noted;
use madang_document::condition::{Kind, Subject};

/// Nobody waits for it: its cursor is written once in a while, so that the outbox can be trimmed.
const QUIET: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(600);

/// How the blobs are swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweeping {
    /// How long after the start the first sweep begins.
    pub first: Duration,
    /// How long after the one before the others begin.
    pub every: Duration,
    /// What was written within this span is left alone, whoever names it.
    pub age: Duration,
    /// How far the clock of the blobs' store may be from the ledger's.
    pub skew: Duration,
    /// How long to wait after each page.
    pub pace: Duration,
}

/// Once a day, of what is a day old; a hundred thousand documents or blobs take half a minute, most of it waiting.
impl Default for Sweeping {
    fn default() -> Sweeping {
        const HOUR: u64 = 3600;
        Sweeping {
            first: Duration::from_secs(600),
            every: Duration::from_secs(24 * HOUR),
            age: Duration::from_secs(24 * HOUR),
            skew: Duration::from_secs(HOUR),
            pace: Duration::from_millis(100),
        }
    }
}

/// Documents or blobs of one step.
const PAGE: u32 = 500;

/// After a sweep that broke off the next one begins later.
const AGAIN: Duration = Duration::from_secs(600);

/// Removes the blobs that no live document names: texts and previews of what was withdrawn, or read anew since. It
/// marks what the ledger names, then goes through the blobs; [`BlobSweep`] says why nothing is lost by it.
pub struct Eraser {
    ledger: Arc<dyn Ledger>,
    blobs: Blobs,
    clock: Clock,
    steady: Clock,
    sweeping: Sweeping,
    at: At,
    /// When the next sweep begins, by the steady clock.
    next: Timestamp,
    cursor: u64,
    noted: Noted,
}

enum At {
    Idle,
    Marking { before: Timestamp, after: Option<DocumentId>, named: NamedSet },
    Sweeping(Box<BlobSweep>),
}

impl std::fmt::Debug for Eraser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Eraser")
    }
}

/// Why a sweep broke off.
#[derive(Debug, thiserror::Error)]
enum SweepError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Blobs(#[from] BlobError),
}

#[async_trait]
impl Follower for Eraser {
    fn reader(&self) -> Reader {
        Reader::Eraser
    }

    fn begin(&mut self) {
        self.noted.forget();
        self.at = At::Idle;
        self.next = (self.steady)().plus_ms(ms(self.sweeping.first));
    }

    fn subject(&self) -> Subject {
        Subject::part(&Reader::Eraser.to_string())
    }

    fn behind(&self) -> Kind {
        Kind::EraserBehind
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.documents
    }

    fn gathering(&self) -> Gathering {
        // While it waits for more it begins no sweep, so it waits no longer than from one to the next.
        let every = self.sweeping.every;
        Gathering { quiet: QUIET.min(every), longest: LONGEST.min(every), enough: u64::MAX }
    }

    async fn step(&mut self, head: u64) -> Result<Progress, Obstacle> {
        match self.take_step(head).await {
            Ok(Progress::More) => {
                tokio::time::sleep(self.sweeping.pace).await;
                Ok(Progress::More)
            }
            Ok(step) => Ok(step),
            Err(error) => {
                self.at = At::Idle;
                self.next = (self.steady)().plus_ms(ms(AGAIN));
                Err(match error {
                    SweepError::Ledger(error) => error.into(),
                    SweepError::Blobs(error) => Obstacle::of(error),
                })
            }
        }
    }
}

impl Eraser {
    /// Over these blobs. `steady` is a clock that nobody sets ([`crate::clock::steady`]): sweeps are waited for by it.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        blobs: Blobs,
        clock: Clock,
        steady: Clock,
        sweeping: Sweeping,
    ) -> Eraser {
        let next = steady().plus_ms(ms(sweeping.first));
        let noted = Noted::new(Arc::clone(&ledger), By::Reader(Reader::Eraser));
        Eraser { ledger, blobs, clock, steady, sweeping, at: At::Idle, next, cursor: 0, noted }
    }

    /// Sweeps now, without a pause, unless the last sweep was less than [`Sweeping::every`] ago: for a process that ends
    /// long before its first. Gives whether it swept. One that is dropped midway leaves nothing half done, and the next
    /// begins anew.
    ///
    /// # Errors
    /// When the ledger or the blobs do not answer: what was done is done.
    pub async fn sweep_if_due(mut self) -> Result<bool, Obstacle> {
        let due = self.is_due().await;
        if !due.map_err(Obstacle::of)? {
            return Ok(false);
        }
        self.next = Timestamp(i64::MIN);
        loop {
            match self.take_step(0).await {
                Ok(_) if !matches!(self.at, At::Idle) => tokio::task::yield_now().await,
                Ok(_) => return Ok(true),
                Err(SweepError::Ledger(error)) => return Err(error.into()),
                Err(SweepError::Blobs(error)) => return Err(Obstacle::of(error)),
            }
        }
    }

    async fn is_due(&self) -> Result<bool, BlobError> {
        let last = self.blobs.last_swept().await?;
        Ok(is_due(last, self.now(), &self.sweeping))
    }

    /// By which the age of blobs is told, which the clock of their store has stamped: the earlier of both clocks. One
    /// that is set forward makes no blob old, and of one that is set back both are young for a while.
    fn now(&self) -> Timestamp {
        (self.clock)().min((self.steady)())
    }

    async fn take_step(&mut self, head: u64) -> Result<Progress, SweepError> {
        let now = self.now();
        let steady = (self.steady)();
        match &mut self.at {
            At::Idle if steady < self.next => {
                if self.cursor < head {
                    self.ledger.advance(&Reader::Eraser, head).await?;
                    self.cursor = head;
                }
                Ok(Progress::Done(head))
            }
            At::Idle => {
                self.noted.begin_pass();
                // Asked before the first document is: what is completed from here on was written after this.
                let oldest = self.ledger.oldest_claim().await?;
                let before = before(now, oldest, &self.sweeping);
                self.at = At::Marking { before, after: None, named: NamedSet::default() };
                Ok(Progress::More)
            }
            At::Marking { before, after, named } => {
                let page = self.ledger.named_blobs(*after, PAGE).await?;
                named.extend(&page.blobs);
                for (id, reason) in &page.unreadable {
                    pass_over(self.ledger.as_ref(), &mut self.noted, *id, reason).await?;
                }
                match page.last {
                    Some(last) => *after = Some(last),
                    None => {
                        let standing = self.noted.all().await?;
                        self.noted.settle(standing.into_iter().map(|note| note.subject)).await?;
                        let sweep = self.blobs.sweep(std::mem::take(named), *before, now);
                        self.at = At::Sweeping(Box::new(sweep));
                    }
                }
                Ok(Progress::More)
            }
            At::Sweeping(sweep) => {
                if !sweep.step(PAGE as usize).await? {
                    let swept = sweep.swept();
                    self.at = At::Idle;
                    self.next = steady.plus_ms(ms(self.sweeping.every));
                    self.tell(swept).await?;
                }
                Ok(Progress::More)
            }
        }
    }

    /// Tells the audit trail what was done, if anything was.
    async fn tell(&self, swept: Swept) -> Result<(), LedgerError> {
        let Swept { seen, aside, back, removed, bytes } = swept;
        tracing::info!(seen, aside, back, removed, bytes, "blobs swept");
        if aside + back + removed == 0 {
            return Ok(());
        }
        let detail = serde_json::json!({
            "seen": seen, "aside": aside, "back": back, "removed": removed, "bytes": bytes,
        });
        let act = Act {
            actor: Reader::Eraser.to_string(),
            action: "blobs.swept".into(),
            subject: "blobs".into(),
            detail: detail.to_string(),
        };
        self.ledger.append(&act).await
    }
}

/// What a document names that cannot be read back nobody knows, and nobody reaches. It must not keep what others have
/// withdrawn from being removed, so its file is read again, which makes its row and its blobs anew: what of the old ones
/// is laid aside meanwhile is there for a day, and comes back if it is named by then.
async fn pass_over(
    ledger: &dyn Ledger,
    noted: &mut Noted,
    id: DocumentId,
    reason: &str,
) -> Result<(), LedgerError> {
    let subject = id.to_string();
    if ledger.noted(&By::Reader(Reader::Eraser), &subject).await?.is_some() {
        noted.stands(subject);
        return Ok(());
    }
    ledger.reread(id, reason).await?;
    noted.note(NoteKind::DocumentUnreadable, subject, None, reason, 0).await
}

/// What was written before this may be swept: what is old enough, and older than every job that is being worked on,
/// however far the clocks of the two stores are apart.
fn before(now: Timestamp, oldest_claim: Option<Timestamp>, sweeping: &Sweeping) -> Timestamp {
    let old = now.plus_ms(-ms(sweeping.age));
    let free = oldest_claim.map(|claim| claim.plus_ms(-ms(sweeping.skew)));
    free.map_or(old, |free| free.min(old))
}

/// Whether it is time for the next sweep. One that is said to lie ahead was noted by a clock that was set back since.
fn is_due(last: Option<Timestamp>, now: Timestamp, sweeping: &Sweeping) -> bool {
    last.is_none_or(|last| last > now || last.plus_ms(ms(sweeping.every)) <= now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_is_due_a_day_after_the_one_before() {
        let sweeping = Sweeping::default();
        const HOUR: i64 = 3_600_000;
        for (last, expected) in [
            (None, true),
            (Some(100 * HOUR), false),
            (Some(76 * HOUR + 1), false),
            (Some(76 * HOUR), true),
            (Some(101 * HOUR), true),
        ] {
            let due = is_due(last.map(Timestamp), Timestamp(100 * HOUR), &sweeping);
            assert_eq!(due, expected, "{last:?}");
        }
    }

    #[test]
    fn what_is_young_or_may_be_of_an_open_job_is_left_alone() {
        let sweeping = Sweeping::default();
        const HOUR: i64 = 3_600_000;
        for (claim, expected) in [
            (None, 76 * HOUR),
            // A job that began a moment ago.
            (Some(100 * HOUR), 76 * HOUR),
            (Some(78 * HOUR), 76 * HOUR),
            // One that began three days ago and waits for a ledger that cannot be written.
            (Some(28 * HOUR), 27 * HOUR),
        ] {
            let before = before(Timestamp(100 * HOUR), claim.map(Timestamp), &sweeping);
            assert_eq!(before, Timestamp(expected), "{claim:?}");
        }
    }
}
