//! How tests wait: for something, and until when. Nobody sleeps to let something happen.

#![allow(clippy::panic, reason = "to panic is how a test says what is wrong")]

use std::thread;
use std::time::{Duration, Instant};

/// How long a test waits for anything that takes moments. Generous: a busy machine of two cores that runs an
/// unoptimised build must not fail a test, and a wait that succeeds costs nothing.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What a look may come to: an answer, or that there is none yet.
pub trait Answer {
    /// What the answer is made of.
    type Of;

    /// The answer, once there is one.
    fn given(self) -> Option<Self::Of>;
}

impl Answer for bool {
    type Of = ();

    fn given(self) -> Option<()> {
        self.then_some(())
    }
}

impl<T> Answer for Option<T> {
    type Of = T;

    fn given(self) -> Option<T> {
        self
    }
}

/// Looks again and again until there is an answer.
///
/// # Panics
/// When there is none within [`PATIENCE`]; the message says what was waited for.
pub async fn until<A: Answer>(what: &str, look: impl AsyncFnMut() -> A) -> A::Of {
    until_within(PATIENCE, what, look).await
}

/// As [`until`], with another limit.
///
/// # Panics
/// As [`until`].
pub async fn until_within<A: Answer>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> A,
) -> A::Of {
    let begun = Instant::now();
    loop {
        if let Some(answer) = look().await.given() {
            return answer;
        }
        assert!(begun.elapsed() < limit, "waited {limit:?} in vain until {what}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// As [`until`], for a test without a runtime. None if there was no answer within [`PATIENCE`]: who waits for a
/// process ends it before the test fails.
pub fn patiently<A: Answer>(mut look: impl FnMut() -> A) -> Option<A::Of> {
    let begun = Instant::now();
    loop {
        if let Some(answer) = look().given() {
            return Some(answer);
        }
        if begun.elapsed() >= PATIENCE {
            return None;
        }
        thread::sleep(PAUSE);
    }
}

/// What comes of this, which must come by itself.
///
/// # Panics
/// When it does not within [`PATIENCE`]; the message says what was waited for.
pub async fn in_time<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(output) => output,
        Err(_) => panic!("waited {PATIENCE:?} in vain until {what}"),
    }
}
