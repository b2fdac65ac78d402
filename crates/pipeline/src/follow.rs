use std::time::Duration;

use async_trait::async_trait;
use madang_document::cause::{Cause, told};
use madang_document::condition::{Kind, Subject};
use madang_ledger::error::LedgerError;
use madang_ledger::reader::Reader;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backoff::{Backoff, DAMAGED};
use crate::board::Board;
use crate::clock::Jitter;
use crate::heads::Heads;
use crate::panicked::caught;
use crate::part::{AFTER_PANIC, Part};
use crate::reader_leases::{Obstruction, ReaderLeases, Standing};

/// Somebody who follows the outbox with a cursor of their own: an index, the catalogue, another registry.
#[async_trait]
pub trait Follower: Send {
    /// For whom it reads the outbox.
    fn reader(&self) -> Reader;

    /// What it is, for the board.
    fn subject(&self) -> Subject;

    /// It is its reader's only follower from now on: where another one came meanwhile, or what a step that broke off
    /// left behind, it has to ask.
    fn begin(&mut self);

    /// What stands on the board while it cannot go on.
    fn behind(&self) -> Kind;

    /// The last outbox row that concerns it.
    fn head(&self, heads: &Heads) -> u64;

    /// How long news are gathered before a step.
    fn gathering(&self) -> Gathering;

    /// Takes one batch of what is new, where `head` is the last outbox row that concerns it, or looks after itself if
    /// nothing is. A row that cannot be had is noted and
    /// passed over: it is not worth waiting for.
    ///
    /// # Errors
    /// When something that all of the batch needs cannot be reached: the same again later.
    async fn step(&mut self, head: u64) -> Result<Progress, Obstacle>;

    /// Returns when somebody waits for what it puts off: the next step, which comes at once then, does it. Of most
    /// followers nobody does, for they put nothing off.
    async fn asked(&mut self) {
        std::future::pending::<()>().await;
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There may be more: once more at once.
    More,
    /// All is done up to this outbox row.
    Done(u64),
}

impl Progress {
    /// After a batch of `rows`, of `most` that were asked for, which was taken up to the row `through` of `last`. One
    /// that is not full ends the backlog, and what came while it was taken is gathered like all other news: to take
    /// that at once would make the batches small, and more of them, whenever there is much to do.
    pub fn after(rows: usize, most: u32, through: u64, last: u64) -> Progress {
        match rows < most as usize && through == last {
            true => Progress::Done(through),
            false => Progress::More,
        }
    }
}

/// What a follower waits for. It says all that lies behind it.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Something cannot be reached now.
    #[error("{}", told(.0.as_ref()))]
    Unreachable(#[source] Cause),
    /// The ledger is damaged, which no waiting mends.
    #[error("{}", told(.0.as_ref()))]
    LedgerDamaged(#[source] Cause),
}

impl From<LedgerError> for Obstacle {
    fn from(error: LedgerError) -> Obstacle {
        match error {
            LedgerError::Damaged { .. } => Obstacle::LedgerDamaged(error.into()),
            _ => Obstacle::of(error),
        }
    }
}

impl Obstacle {
    /// How long to wait after so many of them in a row, milliseconds; `jitter` is a random number from 0 to 1.
    pub fn wait_ms(&self, failures: u32, jitter: f64) -> i64 {
        match self {
            Obstacle::Unreachable(_) => AGAIN.wait_ms(failures, jitter),
            Obstacle::LedgerDamaged(_) => DAMAGED.wait_ms(failures, jitter),
        }
    }

    /// Says so on the board, of whoever is of this kind when it waits.
    pub(crate) fn show(&self, board: &Board, kind: Kind, subject: &Subject) {
        match self {
            Obstacle::Unreachable(cause) => board.failed(kind, subject.clone(), cause.as_ref()),
            Obstacle::LedgerDamaged(cause) => {
                board.failed(Kind::LedgerDamaged, Subject::service(), cause.as_ref());
            }
        }
    }

    /// Something cannot be reached: an error, with its causes.
    pub fn of(error: impl Into<Cause>) -> Obstacle {
        Obstacle::Unreachable(error.into())
    }
}

/// How news are gathered, so that a batch is worth its commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gathering {
    /// Without further news for so long, what is there is taken.
    pub quiet: Duration,
    /// It is taken after so long in any case.
    pub longest: Duration,
    /// So many outbox rows are taken at once.
    pub enough: u64,
}

/// How long to wait before a step: `rows` are new, the first of them since `first`, the last since `last`.
pub fn gather(gathering: &Gathering, rows: u64, first: Duration, last: Duration) -> Duration {
    if rows >= gathering.enough {
        return Duration::ZERO;
    }
    let quiet = gathering.quiet.saturating_sub(last);
    quiet.min(gathering.longest.saturating_sub(first))
}

/// How a follower is run.
#[derive(Clone)]
pub struct Way {
    /// How far the outbox goes.
    pub heads: watch::Receiver<Heads>,
    /// Told when a follower moved.
    pub moved: std::sync::Arc<tokio::sync::Notify>,
    /// Who reads for whom.
    pub leases: ReaderLeases,
    /// Told of obstacles.
    pub board: Board,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
    /// Ends it.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Way")
    }
}

/// Waits after an obstacle.
const AGAIN: Backoff = Backoff { base_ms: 500, cap_ms: 8_000 };

/// How often an idle follower looks after itself: an index, whether a search met damage.
const IDLE: Duration = Duration::from_secs(2);

/// Runs a follower until it is to stop: takes its reader's lease, waits for news, gathers them, takes a step; after
/// an obstacle waits, longer each time, and says so on the board; so it does after a panic, wherever it was, which is a
/// fault of ours and no reason to do without it. Every follower of a running service is run by this, and each waits alone. Commands
/// that make something anew (`Indexers::rebuild`, `cataloguer::rebuild`) do without it: where they run no service does,
/// by the lock of the data folder, and an obstacle is told to whoever typed the command, and not waited for.
///
/// The lease is looked at between steps. A step that is under way when it ends goes to its end: to break it off would
/// leave its writes behind in a thread that cannot be broken off, and what it writes is an upsert like any other.
pub async fn follow(follower: impl Follower, way: Way) {
    let (reader, leases) = (follower.reader(), way.leases.clone());
    let part = Part {
        subject: follower.subject(),
        board: way.board.clone(),
        jitter: way.jitter.clone(),
        stop: way.stop.clone(),
    };
    part.run(follower, |follower| Box::pin(turns(follower, way.clone()))).await;
    if let Err(error) = leases.let_go(&reader).await {
        tracing::warn!(%reader, error = %told(&error), "its lease ends by itself");
    }
}

/// One turn after the other, until it is to stop.
async fn turns(follower: &mut impl Follower, mut way: Way) {
    let reader = follower.reader();
    let (subject, behind) = (follower.subject(), follower.behind());
    let mut lease = way.leases.want(reader);
    let mut holds = false;
    let mut done: Option<u64> = None;
    let mut failures = 0;
    while !way.stop.is_cancelled() {
        if !lease.borrow().is_held(Instant::now()) {
            holds = false;
            if wait_for_lease(&mut lease, &way, behind, &subject).await.is_err() {
                break;
            }
        }
        if !holds {
            holds = true;
            way.board.clear(Kind::Elsewhere, &subject);
            follower.begin();
        }
        let head = follower.head(&way.heads.borrow());
        let pause = match caught(follower.step(head)).await {
            Ok(Ok(step)) => {
                failures = 0;
                way.board.clear(behind, &subject);
                way.board.clear(Kind::Panicked, &subject);
                match step {
                    Progress::More => 0,
                    Progress::Done(seq) => {
                        if done.replace(seq) != Some(seq) {
                            way.moved.notify_waiters();
                        }
                        if wait_for_news(follower, &mut way, seq).await.is_err() {
                            break;
                        }
                        0
                    }
                }
            }
            Ok(Err(obstacle)) => {
                failures += 1;
                obstacle.show(&way.board, behind, &subject);
                obstacle.wait_ms(failures, (way.jitter)())
            }
            Err(panicked) => {
                failures += 1;
                way.board.set(Kind::Panicked, subject.clone(), &panicked.0);
                follower.begin();
                AFTER_PANIC.wait_ms(failures, (way.jitter)())
            }
        };
        if pause == 0 {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = way.stop.cancelled() => break,
            () = tokio::time::sleep(Duration::from_millis(pause.unsigned_abs())) => {}
        }
    }
}

/// It is time to stop.
struct Stopped;

/// Returns when the lease is held. Says on the board why it is not.
async fn wait_for_lease(
    lease: &mut watch::Receiver<Standing>,
    way: &Way,
    behind: Kind,
    subject: &Subject,
) -> Result<(), Stopped> {
    loop {
        let standing = lease.borrow_and_update().clone();
        if standing.is_held(Instant::now()) {
            return Ok(());
        }
        match &standing.obstacle {
            Some(Obstruction::Elsewhere) => {
                way.board.clear(behind, subject);
                way.board.set(Kind::Elsewhere, subject.clone(), "another process follows it");
            }
            Some(Obstruction::Ledger(error)) => {
                way.board.ledger_hinders(behind, subject.clone(), error);
            }
            None => {}
        }
        tokio::select! {
            () = way.stop.cancelled() => return Err(Stopped),
            changed = lease.changed() => changed.map_err(|_| Stopped)?,
        }
    }
}

/// Returns when news are there and gathered, when it is asked for what it puts off, or when it is time for an idle look.
async fn wait_for_news(
    follower: &mut impl Follower,
    way: &mut Way,
    done: u64,
) -> Result<(), Stopped> {
    let idle = Instant::now() + IDLE;
    let mut first: Option<Instant> = None;
    let mut last = (done, Instant::now());
    loop {
        let head = follower.head(&way.heads.borrow_and_update());
        let now = Instant::now();
        let wait = if head > done {
            let first = *first.get_or_insert(now);
            if head != last.0 {
                last = (head, now);
            }
            let rows = head.saturating_sub(done);
            gather(&follower.gathering(), rows, now - first, now - last.1)
        } else {
            idle.saturating_duration_since(now)
        };
        if wait.is_zero() {
            return Ok(());
        }
        tokio::select! {
            () = way.stop.cancelled() => return Err(Stopped),
            changed = way.heads.changed() => changed.map_err(|_| Stopped)?,
            () = follower.asked() => return Ok(()),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_are_gathered_while_they_come() {
        let gathering = Gathering {
            quiet: Duration::from_millis(150),
            longest: Duration::from_secs(4),
            enough: 2_000,
        };
        // rows, first and last ms ago; the wait
        for (rows, first, last, wait) in [
            (1, 0, 0, 150),
            (1, 100, 100, 50),
            (1, 150, 150, 0),
            (900, 3_000, 0, 150),
            (900, 3_950, 0, 50),
            (900, 4_000, 0, 0),
            (2_000, 0, 0, 0),
        ] {
            let (first, last) = (Duration::from_millis(first), Duration::from_millis(last));
            let expected = Duration::from_millis(wait);
            assert_eq!(
                gather(&gathering, rows, first, last),
                expected,
                "{rows} {first:?} {last:?}"
            );
        }
    }

    #[test]
    fn only_a_full_batch_is_followed_by_another_at_once() {
        // rows, through, last
        for (rows, through, last, step) in [
            (10, 30, 30, Progress::More),
            (9, 30, 30, Progress::Done(30)),
            (1, 30, 30, Progress::Done(30)),
            // The texts were too many: the rest of what was read is still there.
            (9, 20, 30, Progress::More),
        ] {
            assert_eq!(Progress::after(rows, 10, through, last), step, "{rows} {through}");
        }
    }

    #[test]
    fn a_damaged_ledger_is_not_asked_again_soon() {
        let damaged = Obstacle::from(LedgerError::damaged("malformed"));
        let away = Obstacle::from(LedgerError::unavailable("busy"));
        assert!(damaged.wait_ms(1, 0.0) >= 30_000);
        assert!(away.wait_ms(1, 0.0) < 1_000);
    }
}
