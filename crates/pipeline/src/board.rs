use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use madang_document::agency::Agency;
use madang_document::shown::Shown;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;

use crate::clock::Clock;

/// What can stand in the way of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// The disk of the data folder is almost full.
    DiskLow,
    /// The ledger does not take what is to be recorded.
    LedgerUnwritable,
    /// The ledger's store is damaged: waiting mends nothing.
    LedgerDamaged,
    /// The process has hardly any descriptors left.
    DescriptorsOut,
    /// No reader can be started, or what was read cannot be kept, and neither the disk nor descriptors are out.
    Stalled,
    /// A source cannot be listed.
    SourceAway,
    /// So much is gone from a source that the operator must say whether it is real.
    Held,
    /// A follower of the outbox cannot go on.
    Behind,
    /// Another process follows the outbox for this reader.
    Elsewhere,
    /// An index is damaged, and is built anew.
    IndexDamaged,
    /// A part of the service panicked, and is begun again.
    Panicked,
}

impl Kind {
    /// The word used in messages and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::DiskLow => "disk_low",
            Kind::LedgerUnwritable => "ledger_unwritable",
            Kind::LedgerDamaged => "ledger_damaged",
            Kind::DescriptorsOut => "descriptors_out",
            Kind::Stalled => "stalled",
            Kind::SourceAway => "source_away",
            Kind::Held => "held",
            Kind::Behind => "behind",
            Kind::Elsewhere => "elsewhere",
            Kind::IndexDamaged => "index_damaged",
            Kind::Panicked => "panicked",
        }
    }

    /// Whether the service as a whole cannot do its work. What ails one agency is shown, but must not take the
    /// others' service off the air.
    pub fn is_unready(self) -> bool {
        match self {
            Kind::DiskLow
            | Kind::LedgerUnwritable
            | Kind::LedgerDamaged
            | Kind::DescriptorsOut
            | Kind::Stalled => true,
            Kind::SourceAway
            | Kind::Held
            | Kind::Behind
            | Kind::Elsewhere
            | Kind::IndexDamaged
            | Kind::Panicked => false,
        }
    }

    /// What the operator can do.
    pub fn cure(self) -> &'static str {
        match self {
            Kind::DiskLow => "free some space on the disk of the data folder",
            Kind::LedgerUnwritable => {
                "look at the disk of the data folder; nothing is lost meanwhile"
            }
            Kind::LedgerDamaged => {
                "stop madang; put a sound copy of ledger.db in its place, or move it (and ledger.db-wal, ledger.db-shm) \
                 aside: then every file is read anew at the next start"
            }
            Kind::DescriptorsOut => "raise the limit of open files (ulimit -n, LimitNOFILE)",
            Kind::Stalled => "look at what the message names; nothing is lost meanwhile",
            Kind::SourceAway => {
                "a folder: see to its mount, and that the account that runs madang may list it; a bucket: see to its \
                 keys and the network"
            }
            Kind::Held => {
                "put the files back, or confirm that they are gone (madang queue release)"
            }
            Kind::Behind => "it goes on by itself when what it waits for is back",
            Kind::Elsewhere => "none needed: this process takes over when that one ends",
            Kind::IndexDamaged => "none needed: it is built anew from the ledger",
            Kind::Panicked => {
                "none needed: it is begun again by itself; if it lasts, report it with the log"
            }
        }
    }
}

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
            let (message, cure) = (Shown::new(message), kind.cure());
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
            LedgerError::Damaged(_) => {
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
        board.ledger_failed(press.clone(), &LedgerError::Unavailable("full".into()));
        assert!(board.stands(Kind::LedgerUnwritable, &press));
        assert!(!board.stands(Kind::LedgerDamaged, &Subject::service()));
        board.ledger_failed(press, &LedgerError::Damaged("malformed".into()));
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
