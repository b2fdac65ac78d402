use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use madang_document::headway::Headway;

/// What watches a run from another thread: the lease's renewer reads the progress, and may call the run off.
#[derive(Debug, Default)]
pub struct Watch {
    progress: AtomicU64,
    headway: Mutex<Option<Headway>>,
    cancelled: AtomicBool,
}

impl Watch {
    /// How often the child said that work goes on, or was looked after while it said nothing.
    pub fn progress(&self) -> u64 {
        self.progress.load(Ordering::Relaxed)
    }

    pub(crate) fn work_goes_on(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
    }

    /// How far the child says that recognising has come; none before it recognises anything.
    pub fn headway(&self) -> Option<Headway> {
        *self.headway.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn reached(&self, headway: Headway) {
        *self.headway.lock().unwrap_or_else(PoisonError::into_inner) = Some(headway);
    }

    /// Whether the run was called off.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Calls the run off: the child is killed, the answer is `None`.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}
