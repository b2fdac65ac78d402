use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::board::{Board, Kind, Subject};
use crate::clock::Jitter;
use crate::heads::Heads;

/// Somebody who follows the outbox with a cursor of their own: an index, the catalogue, another registry.
#[async_trait]
pub trait Follower: Send {
    /// What it is, for the board.
    fn subject(&self) -> Subject;

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
    async fn step(&mut self, head: u64) -> Result<Step, Obstacle>;
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There may be more: once more at once.
    More,
    /// All is done up to this outbox row.
    Done(u64),
}

/// What a follower waits for: it cannot be reached now.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Obstacle(pub String);

impl Obstacle {
    /// An error with its causes.
    pub fn of(error: &(dyn std::error::Error + 'static)) -> Obstacle {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            words.push_str(": ");
            words.push_str(&error.to_string());
            cause = error.source();
        }
        Obstacle(words)
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

/// Runs a follower until it is to stop: waits for news, gathers them, takes a step; after an obstacle waits, longer
/// each time, and says so on the board. Every follower is run by this and by nothing else, and each waits alone.
pub async fn follow(mut follower: impl Follower, mut way: Way) {
    let subject = follower.subject();
    let mut done: Option<u64> = None;
    let mut failures = 0;
    loop {
        let head = follower.head(&way.heads.borrow());
        let pause = match follower.step(head).await {
            Ok(step) => {
                failures = 0;
                way.board.clear(Kind::Behind, &subject);
                match step {
                    Step::More => Duration::ZERO,
                    Step::Done(seq) => {
                        if done.replace(seq) != Some(seq) {
                            way.moved.notify_waiters();
                        }
                        if wait_for_news(&follower, &mut way, seq).await.is_err() {
                            return;
                        }
                        Duration::ZERO
                    }
                }
            }
            Err(obstacle) => {
                failures += 1;
                way.board.set(Kind::Behind, subject.clone(), &obstacle.0);
                Duration::from_millis(AGAIN.wait_ms(failures, (way.jitter)()).unsigned_abs())
            }
        };
        if pause.is_zero() {
            if way.stop.is_cancelled() {
                return;
            }
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = way.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// It is time to stop.
struct Stopped;

/// Returns when news are there and gathered, or when it is time for an idle look.
async fn wait_for_news(follower: &impl Follower, way: &mut Way, done: u64) -> Result<(), Stopped> {
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
            () = tokio::time::sleep(wait) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use madang_document::timestamp::Timestamp;

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

    /// Takes one row with each step; meets an obstacle where it is told to.
    struct Counting {
        steps: Arc<Mutex<Vec<u64>>>,
        at: u64,
        obstacles: Arc<Mutex<u32>>,
        until: u64,
    }

    #[async_trait]
    impl Follower for Counting {
        fn subject(&self) -> Subject {
            Subject::part("counting")
        }

        fn head(&self, heads: &Heads) -> u64 {
            heads.documents
        }

        fn gathering(&self) -> Gathering {
            Gathering { quiet: Duration::ZERO, longest: Duration::ZERO, enough: 1 }
        }

        async fn step(&mut self, _head: u64) -> Result<Step, Obstacle> {
            let mut obstacles = self.obstacles.lock().unwrap();
            if *obstacles > 0 {
                *obstacles -= 1;
                return Err(Obstacle("not now".into()));
            }
            if self.at < self.until {
                self.at += 1;
                self.steps.lock().unwrap().push(self.at);
                return Ok(Step::More);
            }
            Ok(Step::Done(self.at))
        }
    }

    #[tokio::test]
    async fn a_follower_goes_on_after_an_obstacle_and_the_board_says_so_meanwhile() {
        let (_heads, heads) = watch::channel(Heads::default());
        let board = Board::new(Arc::new(|| Timestamp(0)));
        let stop = CancellationToken::new();
        let way = Way {
            heads,
            moved: Arc::default(),
            board: board.clone(),
            jitter: Arc::new(|| 0.0),
            stop: stop.clone(),
        };
        let steps = Arc::new(Mutex::new(Vec::new()));
        let obstacles = Arc::new(Mutex::new(1));
        let follower = Counting {
            steps: Arc::clone(&steps),
            at: 0,
            obstacles: Arc::clone(&obstacles),
            until: 3,
        };
        let moved = Arc::clone(&way.moved);
        let woken = moved.notified();
        let running = tokio::spawn(follow(follower, way));
        while !board.stands(Kind::Behind, &Subject::part("counting")) {
            tokio::task::yield_now().await;
        }
        woken.await;
        assert_eq!(*steps.lock().unwrap(), [1, 2, 3]);
        assert!(board.now().is_empty());
        stop.cancel();
        running.await.unwrap();
    }
}
