use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madang_document::condition::Kind;
use rustix::io::Errno;

use crate::board::{Board, Subject};

/// Which shortage of the machine an error comes of, if it does: then it is no fault of the file that was being read.
pub fn shortage(error: &(dyn Error + 'static)) -> Option<Kind> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>();
        match io.and_then(io::Error::raw_os_error).map(Errno::from_raw_os_error) {
            Some(Errno::MFILE | Errno::NFILE) => return Some(Kind::DescriptorsOut),
            Some(Errno::NOSPC | Errno::DQUOT) => return Some(Kind::DiskLow),
            Some(Errno::NOMEM) => return Some(Kind::Stalled),
            _ => {}
        }
        // The source of an error that io::Error wraps is the source of what it wraps: that itself would be left out.
        cause = match io.and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
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
    use madang_document::timestamp::Timestamp;
    use madang_store::error::StoreError;

    use super::*;

    #[test]
    fn a_shortage_is_known_however_deep_it_lies() {
        let os = |errno: Errno| io::Error::from(errno);
        let deep = |errno| io::Error::other(StoreError::of_io("a", os(errno)));
        #[rustfmt::skip]
        let cases: [(Box<dyn Error>, Option<Kind>); 9] = [
            (os(Errno::MFILE).into(), Some(Kind::DescriptorsOut)),
            (os(Errno::NFILE).into(), Some(Kind::DescriptorsOut)),
            (os(Errno::NOSPC).into(), Some(Kind::DiskLow)),
            (os(Errno::DQUOT).into(), Some(Kind::DiskLow)),
            (os(Errno::NOMEM).into(), Some(Kind::Stalled)),
            (StoreError::of_io("a", os(Errno::MFILE)).into(), Some(Kind::DescriptorsOut)),
            (io::Error::other(deep(Errno::MFILE)).into(), Some(Kind::DescriptorsOut)),
            (deep(Errno::IO).into(), None),
            (StoreError::away("a", "too many open files").into(), None),
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
