use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madang_document::agency::Agency;
use madang_document::condition::Kind;
use madang_document::locale::Locale;
use madang_document::shown::Shown;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;

use crate::clock::Clock;

/// What a condition is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// A pipeline, a reader of the outbox, a part of the service; blank for the whole of it.
    pub name: String,
    /// Whose it is; none if it is everybody's.
    pub agency: Option<Agency>,
}

impl Subject {
    /// The whole service.
    pub fn service() -> Subject {
        Subject::part("")
    }

    /// A part of the service that is everybody's.
    pub fn part(name: &str) -> Subject {
        Subject { name: name.to_owned(), agency: None }
    }

    /// Something of one agency.
    pub fn of(name: &str, agency: &Agency) -> Subject {
        Subject { name: name.to_owned(), agency: Some(agency.clone()) }
    }
}

/// Something that stands in the way of the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// What it is.
    pub kind: Kind,
    /// What it is about.
    pub subject: Subject,
    /// Since when.
    pub since: Timestamp,
    /// What is the matter, in English; may hold paths.
    pub message: String,
}

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

    /// The ledger failed whoever stands at `subject`: it does not take what is to be recorded, or it is damaged, which
    /// is everybody's and stands until the service is started again.
    pub fn ledger_failed(&self, subject: Subject, error: &LedgerError) {
        match error {
            LedgerError::Damaged { .. } => {
                self.set(Kind::LedgerDamaged, Subject::service(), &error.to_string());
            }
            _ => self.set(Kind::LedgerUnwritable, subject, &error.to_string()),
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
