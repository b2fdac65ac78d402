use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use madang_ledger::keys::Key;
use tokio::sync::Mutex;

/// The keys of the ledger as they stand now, for everybody whose request goes on after it was let in: who listens, sends
/// or downloads. They all ask at about the same moments, and one asking answers all who came before it began.
#[derive(Debug, Default)]
pub(crate) struct KeyRoll {
    /// Askings that have begun.
    begun: AtomicU64,
    last: Mutex<Asked>,
}

/// What an asking came to.
#[derive(Debug, Default)]
struct Asked {
    number: u64,
    /// None if the ledger did not answer.
    keys: Option<Arc<[Key]>>,
}

impl KeyRoll {
    /// The keys, by an asking that began after this call; none where the ledger does not answer.
    pub(crate) async fn now(
        &self,
        ask: impl AsyncFnOnce() -> Option<Vec<Key>>,
    ) -> Option<Arc<[Key]>> {
        let before = self.begun.load(Ordering::SeqCst);
        let mut last = self.last.lock().await;
        if last.number <= before {
            let number = self.begun.fetch_add(1, Ordering::SeqCst) + 1;
            *last = Asked { number, keys: ask().await.map(Arc::from) };
        }
        last.keys.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::FutureExt;
    use futures::future::join_all;
    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn one_asking_answers_all_who_came_before_it_began() {
        let (roll, answers, asked) = (KeyRoll::default(), Notify::new(), Cell::new(0));
        let ask = || async {
            roll.now(async || {
                asked.set(asked.get() + 1);
                answers.notified().await;
                Some(Vec::new())
            })
            .await
        };
        let mut first = Box::pin(ask());
        assert!(first.as_mut().now_or_never().is_none(), "the ledger has not answered");
        // They came while it was asked: what it says may be older than they are, so it is asked once more, for all.
        let mut others = Box::pin(join_all((0..100).map(|_| ask())));
        assert!(others.as_mut().now_or_never().is_none());
        assert_eq!(asked.get(), 1);
        answers.notify_one();
        first.await.unwrap();
        answers.notify_one();
        assert!(others.await.iter().all(Option::is_some));
        assert_eq!(asked.get(), 2);
    }
}
