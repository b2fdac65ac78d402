use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use madang_ledger::objects::Standing;

use crate::ports::{DropTarget, Dropped};

/// Uploads of the last while, by the document that they become: what a receipt says before the source has
/// seen the file. Lost at a restart, when the source lists everything anew.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    state: Mutex<(HashMap<DocumentId, Remembered>, VecDeque<DocumentId>)>,
}

/// An upload that was taken.
#[derive(Clone, Debug)]
pub(crate) struct Remembered {
    pub(crate) dropped: Dropped,
    pub(crate) target: DropTarget,
    /// When the upload began.
    pub(crate) at: Timestamp,
}

/// Uploads remembered.
const MOST: usize = 20_000;

impl Recent {
    pub(crate) fn remember(&self, id: DocumentId, remembered: Remembered) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (uploads, order) = &mut *state;
        if uploads.insert(id, remembered).is_none() {
            order.push_back(id);
        }
        if order.len() > MOST
            && let Some(oldest) = order.pop_front()
        {
            uploads.remove(&oldest);
        }
    }

    pub(crate) fn of(&self, id: DocumentId) -> Option<Remembered> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.get(&id).cloned()
    }
}

impl Remembered {
    /// Whether the upload is not what the ledger speaks of. A store that gives the same bytes the same
    /// version makes no new job, so an equal version counts as seen.
    pub(crate) fn is_newer_than(&self, standing: &Standing) -> bool {
        standing.object.version != self.dropped.version && standing.job.created_at < self.at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_document::agency::Agency;
    use madang_document::object::ObjectRef;
    use madang_ledger::jobs::{Job, JobState, Task};

    #[test]
    fn a_fresh_upload_outruns_what_the_ledger_knows() {
        let object =
            ObjectRef { store: "s".into(), path: "a".into(), version: "1".into(), size: 1 };
        let job = Job {
            id: 1,
            queue: "press".into(),
            agency: Agency::undeclared(),
            task: Task::Extract,
            state: JobState::Done,
            object,
            priority: 1,
            attempt: 1,
            crashes: 0,
            run_at: Timestamp(0),
            lease_until: None,
            failure: None,
            created_at: Timestamp(100),
            done_at: None,
        };
        let standing = Standing {
            object: job.object.clone(),
            pipeline: "press".into(),
            agency: Agency::undeclared(),
            seen_at: Timestamp(0),
            job,
            ahead: None,
            per_minute: 0,
        };
        let remembered = |version: &str, at| Remembered {
            dropped: Dropped { store: "s".into(), path: "a".into(), version: version.into() },
            target: DropTarget {
                pipeline: "press".into(),
                agency: Agency::undeclared(),
                title: String::new(),
            },
            at: Timestamp(at),
        };
        assert!(remembered("2", 200).is_newer_than(&standing));
        assert!(!remembered("1", 200).is_newer_than(&standing), "the same version");
        assert!(!remembered("2", 50).is_newer_than(&standing), "seen since");
    }
}
