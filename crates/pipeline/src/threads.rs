use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::sync::oneshot;

/// Threads for blocking work of one kind. Of their own and not the runtime's, so that an operator and a profile see by
/// their names what that kind costs, and so that no other kind takes them.
#[derive(Clone, Debug)]
pub(crate) struct Threads {
    work: mpsc::Sender<Work>,
}

type Work = Box<dyn FnOnce() + Send>;

/// The work gave no answer: it panicked, or there is no thread to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the work panicked")]
pub(crate) struct Panicked;

impl Threads {
    /// So many threads, `NAME-0` and on. They end when the last clone is gone and the work is done. Where fewer can be
    /// had, those do the work.
    pub(crate) fn new(name: &str, count: usize) -> Threads {
        let (work, next) = mpsc::channel::<Work>();
        let next = Arc::new(Mutex::new(next));
        for n in 0..count {
            let next = Arc::clone(&next);
            let thread = std::thread::Builder::new().name(format!("{name}-{n}")).spawn(move || {
                loop {
                    let work = next.lock().unwrap_or_else(PoisonError::into_inner).recv();
                    let Ok(work) = work else { return };
                    // Whoever waits for it hears of the panic: its answer is dropped.
                    let _ = catch_unwind(AssertUnwindSafe(work));
                }
            });
            if let Err(error) = thread {
                tracing::error!(name, %error, "a thread cannot be had");
            }
        }
        Threads { work }
    }

    /// Does this when a thread is free.
    ///
    /// # Errors
    /// [`Panicked`].
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (answer, answered) = oneshot::channel();
        let work = Box::new(move || {
            let _ = answer.send(work());
        });
        self.work.send(work).map_err(|_| Panicked)?;
        answered.await.map_err(|_| Panicked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_costs_its_own_work_only() {
        let threads = Threads::new("test", 1);
        let name = || std::thread::current().name().map(str::to_owned);
        assert_eq!(threads.run(name).await, Ok(Some("test-0".into())));
        assert_eq!(threads.run(|| panic!("on purpose")).await, Err::<(), _>(Panicked));
        assert_eq!(threads.run(|| 5).await, Ok(5));
        assert_eq!(Threads::new("none", 0).run(|| 5).await, Err(Panicked));
    }
}
