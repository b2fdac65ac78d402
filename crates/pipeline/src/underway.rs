use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madang_document::blob_id::BlobId;
use tokio::sync::Notify;

/// What is being read in this process, each by a key that stands for its bytes and how they are read: of copies that come
/// together one is read, and the others wait until it is recorded.
#[derive(Clone, Default)]
pub struct Underway(Arc<Mutex<HashMap<BlobId, Arc<Notify>>>>);

impl std::fmt::Debug for Underway {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Underway")
    }
}

/// The turn of a key. Whoever waits for it goes on when it is dropped.
pub struct Turn {
    underway: Underway,
    key: BlobId,
}

impl std::fmt::Debug for Turn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Turn({})", self.key)
    }
}

impl Underway {
    /// Takes the turn of this key, and waits while another has it, no longer than `patience`: then there is none to be
    /// had, which costs no more than reading the same bytes twice.
    pub async fn turn(&self, key: BlobId, patience: Duration) -> Option<Turn> {
        let end = tokio::time::sleep(patience);
        tokio::pin!(end);
        loop {
            let taken = {
                let mut turns = self.turns();
                match turns.get(&key) {
                    Some(taken) => Arc::clone(taken),
                    None => {
                        turns.insert(key, Arc::default());
                        return Some(Turn { underway: self.clone(), key });
                    }
                }
            };
            let ended = taken.notified();
            tokio::pin!(ended);
            ended.as_mut().enable();
            // It may have ended before this was heard.
            if !self.turns().get(&key).is_some_and(|now| Arc::ptr_eq(now, &taken)) {
                continue;
            }
            tokio::select! {
                () = &mut ended => {}
                () = &mut end => return None,
            }
        }
    }

    fn turns(&self) -> MutexGuard<'_, HashMap<BlobId, Arc<Notify>>> {
        // A map whose holder panicked holds what it held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(waiting) = self.underway.turns().remove(&self.key) {
            waiting.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn one_has_the_turn_and_the_others_wait_for_its_end() {
        let underway = Underway::default();
        let (one, other) = (BlobId::of(b"one"), BlobId::of(b"other"));
        let first = underway.turn(one, LONG).await.unwrap();
        assert!(underway.turn(other, LONG).await.is_some(), "it is of other bytes");
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let underway = underway.clone();
                tokio::spawn(async move { underway.turn(one, LONG).await.map(drop).is_some() })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(waiting.iter().all(|task| !task.is_finished()));
        drop(first);
        for task in waiting {
            assert!(task.await.unwrap(), "each had its turn");
        }
        assert!(underway.turns().is_empty());
    }

    #[tokio::test]
    async fn nobody_waits_for_ever() {
        let underway = Underway::default();
        let key = BlobId::of(b"slow");
        let _first = underway.turn(key, LONG).await.unwrap();
        assert!(underway.turn(key, Duration::ZERO).await.is_none());
    }
}
