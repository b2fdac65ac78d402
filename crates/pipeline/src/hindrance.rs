use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madang_document::cause::causes;
use madang_document::condition::{Kind, Subject};
use rustix::io::Errno;

use crate::board::Board;

/// Which shortage of the machine an error comes of, if it does, however deep it lies: of a store, the ledger, the index, a
/// reader. Then it is no fault of the file that was being read, and waiting helps.
pub fn shortage(error: &(dyn Error + 'static)) -> Option<Kind> {
    causes(error).find_map(|cause| {
        let io = cause.downcast_ref::<io::Error>()?;
        // Descriptors have no kind of their own; whatever knows a kind and no number of the system has said that.
        match (io.kind(), io.raw_os_error().map(Errno::from_raw_os_error)) {
            (_, Some(Errno::MFILE | Errno::NFILE)) => Some(Kind::DescriptorsOut),
            (ErrorKind::StorageFull | ErrorKind::QuotaExceeded, _) => Some(Kind::DiskLow),
            (ErrorKind::OutOfMemory, _) => Some(Kind::Stalled),
            _ => None,
        }
    })
}

/// What keeps the workers of a process from going on. A kind stands on the board for as long as a job waits for it.
#[derive(Clone, Debug)]
pub struct Hindrances {
    board: Board,
    waiting: Arc<Mutex<BTreeMap<Kind, usize>>>,
}

/// A job waits; until this is dropped.
#[derive(Debug)]
pub struct Hindrance {
    all: Hindrances,
    kind: Kind,
}

impl Hindrances {
    /// None so far.
    pub fn new(board: Board) -> Hindrances {
        Hindrances { board, waiting: Arc::default() }
    }

    /// A job waits for this to go away.
    pub fn meet(&self, kind: Kind, message: &str) -> Hindrance {
        let mut waiting = self.lock();
        *waiting.entry(kind).or_default() += 1;
        self.board.set(kind, Hindrances::subject(), message);
        Hindrance { all: self.clone(), kind }
    }

    fn subject() -> Subject {
        Subject::part("worker")
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Kind, usize>> {
        // Numbers, each changed in one step.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hindrance {
    fn drop(&mut self) {
        let mut waiting = self.all.lock();
        let Some(jobs) = waiting.get_mut(&self.kind) else { return };
        *jobs -= 1;
        if *jobs == 0 {
            waiting.remove(&self.kind);
            self.all.board.clear(self.kind, &Hindrances::subject());
        }
    }
}

#[cfg(test)]
mod tests {
    use madang_document::cause::Cause;
    use madang_document::timestamp::Timestamp;
    use madang_index::index::IndexError;
    use madang_ledger::error::LedgerError;
    use madang_store::error::StoreError;

    use super::*;
    use crate::follow::Obstacle;

    #[test]
    fn a_shortage_is_known_however_deep_it_lies() {
        let os = |errno: Errno| io::Error::from(errno);
        let deep = |errno| io::Error::other(StoreError::of_io("a", os(errno)));
        let ledger = |errno| LedgerError::unavailable("a").because(os(errno));
        let index = |errno| IndexError::damaged("a").because(deep(errno));
        #[rustfmt::skip]
        let cases: [(Cause, Option<Kind>); 19] = [
            (os(Errno::MFILE).into(), Some(Kind::DescriptorsOut)),
            (os(Errno::NFILE).into(), Some(Kind::DescriptorsOut)),
            (os(Errno::NOSPC).into(), Some(Kind::DiskLow)),
            (os(Errno::DQUOT).into(), Some(Kind::DiskLow)),
            (os(Errno::NOMEM).into(), Some(Kind::Stalled)),
            (StoreError::of_io("a", os(Errno::MFILE)).into(), Some(Kind::DescriptorsOut)),
            (io::Error::other(deep(Errno::MFILE)).into(), Some(Kind::DescriptorsOut)),
            (deep(Errno::IO).into(), None),
            (StoreError::away("a", "too many open files").into(), None),
            // A backend that has codes of its own knows the kind at most.
            (io::Error::from(ErrorKind::StorageFull).into(), Some(Kind::DiskLow)),
            (ledger(Errno::NOSPC).into(), Some(Kind::DiskLow)),
            (ledger(Errno::MFILE).into(), Some(Kind::DescriptorsOut)),
            (LedgerError::unavailable("a").because(index(Errno::NFILE)).into(), Some(Kind::DescriptorsOut)),
            (index(Errno::DQUOT).into(), Some(Kind::DiskLow)),
            (Obstacle::from(ledger(Errno::NOSPC)).into(), Some(Kind::DiskLow)),
            (Obstacle::of(index(Errno::MFILE)).into(), Some(Kind::DescriptorsOut)),
            (ledger(Errno::ROFS).into(), None),
            (LedgerError::unavailable("the disk is full").into(), None),
            (IndexError::unavailable("a").because(ledger(Errno::NOMEM)).into(), Some(Kind::Stalled)),
        ];
        for (error, kind) in cases {
            assert_eq!(shortage(error.as_ref()), kind, "{error:?}");
        }
    }

    #[test]
    fn a_hindrance_stands_while_anybody_waits_for_it() {
        let board = Board::new(Arc::new(|| Timestamp(1)));
        let hindrances = Hindrances::new(board.clone());
        let stands = |kind| board.stands(kind, &Hindrances::subject());
        let first = hindrances.meet(Kind::DiskLow, "full");
        let second = hindrances.meet(Kind::DiskLow, "full");
        let other = hindrances.meet(Kind::Stalled, "no memory");
        drop(first);
        assert!(stands(Kind::DiskLow) && stands(Kind::Stalled));
        drop(second);
        assert!(!stands(Kind::DiskLow) && stands(Kind::Stalled));
        drop(other);
        assert!(board.now().is_empty());
    }
}
