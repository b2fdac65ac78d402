use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madang_document::cause::told;
use madang_document::condition::{Condition, Kind, Subject};
use madang_document::locale::Locale;
use madang_document::shown::Shown;
use madang_ledger::error::LedgerError;

use crate::clock::Clock;

/// The conditions of a process: set and cleared by those who meet them, read by whoever shows them. Each is logged
/// when it begins and when it ends, and not in between.
#[derive(Clone)]
pub struct Board {
    clock: Clock,
    conditions: Arc<Mutex<BTreeMap<(Kind, Subject), Condition>>>,
}

impl fmt::Debug for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.now()).finish()
    }
}

impl Board {
    /// An empty one.
    pub fn new(clock: Clock) -> Board {
        Board { clock, conditions: Arc::default() }
    }

    /// It stands. The moment at which it began is kept.
    pub fn set(&self, kind: Kind, subject: Subject, message: &str) {
        let now = (self.clock)();
        let mut conditions = self.lock();
        let condition = conditions.entry((kind, subject.clone())).or_insert_with(|| {
            let (message, cure) = (Shown::new(message), kind.cure(Locale::English));
            tracing::warn!(condition = kind.as_str(), subject = %subject.name, %message, %cure, "begins");
            Condition { kind, subject, since: now, message: String::new() }
        });
        if condition.message != message {
            message.clone_into(&mut condition.message);
        }
    }

    /// It stands because of an error, which is told with all that lies behind it: what is set as text has lost that.
    pub fn failed(&self, kind: Kind, subject: Subject, error: &(dyn Error + 'static)) {
        self.set(kind, subject, &told(error));
    }

    /// The ledger does not take what whoever stands at `subject` has to record.
    pub fn ledger_failed(&self, subject: Subject, error: &LedgerError) {
        self.ledger_hinders(Kind::LedgerUnwritable, subject, error);
    }

    /// The ledger failed whoever stands at `subject`, which is of this kind; or it is damaged, which is everybody's and
    /// stands until the service is started again.
    pub fn ledger_hinders(&self, kind: Kind, subject: Subject, error: &LedgerError) {
        match error {
            LedgerError::Damaged { .. } => {
                self.failed(Kind::LedgerDamaged, Subject::service(), error);
            }
            _ => self.failed(kind, subject, error),
        }
    }

    /// It no longer stands, if it did.
    pub fn clear(&self, kind: Kind, subject: &Subject) {
        if self.lock().remove(&(kind, subject.clone())).is_some() {
            tracing::info!(condition = kind.as_str(), subject = %subject.name, "ends");
        }
    }

    /// Whether it stands.
    pub fn stands(&self, kind: Kind, subject: &Subject) -> bool {
        self.lock().contains_key(&(kind, subject.clone()))
    }

    /// Whatever stands at this moment, ordered by kind and subject. Does not block.
    pub fn now(&self) -> Vec<Condition> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Kind, Subject), Condition>> {
        // Every change is one call on the map, so a thread that panicked has left it whole.
        self.conditions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use madang_document::timestamp::Timestamp;

    use super::*;

    #[test]
    fn damage_of_the_ledger_is_told_from_a_ledger_that_does_not_answer() {
        let board = Board::new(Arc::new(|| Timestamp(0)));
        let press = Subject::part("press");
        board.ledger_failed(press.clone(), &LedgerError::unavailable("full"));
        assert!(board.stands(Kind::LedgerUnwritable, &press));
        assert!(!board.stands(Kind::LedgerDamaged, &Subject::service()));
        board.ledger_failed(press, &LedgerError::damaged("malformed"));
        assert!(board.stands(Kind::LedgerDamaged, &Subject::service()));
        assert!(Kind::LedgerDamaged.is_unready());
    }

    #[test]
    fn what_lies_behind_an_error_stands_on_the_board() {
        let board = Board::new(Arc::new(|| Timestamp(0)));
        let disk = || std::io::Error::other("no space left on device");
        board.ledger_failed(Subject::part("a"), &LedgerError::unavailable("busy").because(disk()));
        board.ledger_failed(Subject::part("b"), &LedgerError::damaged("page 3").because(disk()));
        let outbox = Subject::part("outbox");
        let error = LedgerError::unavailable("busy").because(disk());
        board.ledger_hinders(Kind::OutboxUnread, outbox, &error);
        let now = board.now();
        assert_eq!(now.len(), 3);
        for condition in now {
            assert!(condition.message.ends_with(": no space left on device"), "{condition:?}");
        }
    }

    #[test]
    fn a_condition_stands_from_its_first_setting_until_it_is_cleared() {
        let time = Arc::new(AtomicI64::new(1));
        let clock = Arc::clone(&time);
        let board = Board::new(Arc::new(move || Timestamp(clock.load(Ordering::Relaxed))));
        let press = Subject::part("press");
        board.set(Kind::SourceAway, press.clone(), "no such folder");
        time.store(9, Ordering::Relaxed);
        board.set(Kind::SourceAway, press.clone(), "permission denied");
        board.set(Kind::DiskLow, Subject::service(), "1 MiB left");
        let now = board.now();
        let shown: Vec<_> = now.iter().map(|c| (c.kind, c.since.0, c.message.as_str())).collect();
        let expected =
            [(Kind::DiskLow, 9, "1 MiB left"), (Kind::SourceAway, 1, "permission denied")];
        assert_eq!(shown, expected);
        board.clear(Kind::SourceAway, &Subject::part("other"));
        board.clear(Kind::SourceAway, &press);
        assert!(!board.stands(Kind::SourceAway, &press));
        assert!(board.stands(Kind::DiskLow, &Subject::service()));
    }
}
