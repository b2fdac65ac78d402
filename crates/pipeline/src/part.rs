use std::time::Duration;

use futures::future::BoxFuture;
use madang_document::condition::{Kind, Subject};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::board::Board;
use crate::clock::Jitter;
use crate::panicked::caught;

/// A part of the service that runs as long as the service does. One that panics is a fault of ours, and no reason to
/// do without it: it is told on the board, and begun again after a wait that grows.
#[derive(Clone)]
pub(crate) struct Part {
    /// What it is, for the board.
    pub subject: Subject,
    /// Where its panic is told.
    pub board: Board,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
    /// Ends it.
    pub stop: CancellationToken,
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({})", self.subject.name)
    }
}

/// Waits after a panic.
pub(crate) const AFTER_PANIC: Backoff = Backoff { base_ms: 1_000, cap_ms: 60_000 };

/// A part that has run for so long since its panic counts as sound again.
const SOUND: Duration = Duration::from_secs(60);

impl Part {
    /// Runs it until it returns by itself. `state` is what outlives its panics; it is given back.
    pub(crate) async fn run<S>(
        self,
        mut state: S,
        mut work: impl for<'a> FnMut(&'a mut S) -> BoxFuture<'a, ()>,
    ) -> S {
        let subject = self.subject;
        let mut failures = 0;
        loop {
            let ended = {
                let running = caught(work(&mut state));
                tokio::pin!(running);
                let soon = tokio::select! {
                    ended = &mut running => Some(ended),
                    () = tokio::time::sleep(SOUND), if failures > 0 => None,
                };
                match soon {
                    Some(ended) => ended,
                    None => {
                        failures = 0;
                        self.board.clear(Kind::Panicked, &subject);
                        running.await
                    }
                }
            };
            let Err(panicked) = ended else {
                self.board.clear(Kind::Panicked, &subject);
                return state;
            };
            failures += 1;
            self.board.set(Kind::Panicked, subject.clone(), &panicked.0);
            let wait = AFTER_PANIC.wait_ms(failures, (self.jitter)());
            tokio::select! {
                () = self.stop.cancelled() => return state,
                () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use madang_document::timestamp::Timestamp;

    use super::*;

    #[tokio::test]
    async fn a_part_that_panics_is_told_and_begun_again_with_what_it_had() {
        let board = Board::new(Arc::new(|| Timestamp(0)));
        let part = Part {
            subject: Subject::part("shaky"),
            board: board.clone(),
            jitter: Arc::new(|| 0.0),
            stop: CancellationToken::new(),
        };
        let told = board.clone();
        let runs = part
            .run(0, |runs| {
                let told = told.clone();
                Box::pin(async move {
                    *runs += 1;
                    let stands = told.stands(Kind::Panicked, &Subject::part("shaky"));
                    assert_eq!(stands, *runs > 1, "told once it has panicked");
                    assert!(*runs > 2, "run {runs} breaks off");
                })
            })
            .await;
        assert_eq!(runs, 3);
        assert!(board.now().is_empty(), "it ended as it should");
    }

    #[tokio::test]
    async fn a_part_that_panicked_is_not_begun_again_once_all_stops() {
        let board = Board::new(Arc::new(|| Timestamp(0)));
        let stop = CancellationToken::new();
        let part = Part {
            subject: Subject::part("shaky"),
            board: board.clone(),
            jitter: Arc::new(|| 0.0),
            stop: stop.clone(),
        };
        let runs = part.run(0, |runs| {
            let stop = stop.clone();
            Box::pin(async move {
                *runs += 1;
                stop.cancel();
                panic!("run {runs}");
            })
        });
        assert_eq!(runs.await, 1);
        assert_eq!(board.now()[0].message, "run 1");
    }
}
