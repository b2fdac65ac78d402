use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use madang_document::timestamp::Timestamp;

use crate::settle::Look;

/// Paths that are to be looked at, each at its time.
///
/// A path leaves in two steps: [`take`](Waiting::take) hands it out, and [`confirm`](Waiting::confirm) says that
/// what was seen of it is recorded. What is taken and not confirmed still waits, so that nothing is forgotten
/// when a record fails; what is heard of again in between stays. Ordered by time: taking costs as much as is due.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    due: BTreeSet<(Timestamp, Arc<str>)>,
    paths: HashMap<Arc<str>, Noted>,
}

#[derive(Debug)]
struct Noted {
    due: Timestamp,
    taken: bool,
    failures: u32,
    look: Option<Look>,
}

impl Waiting {
    /// Notes that this path is to be looked at then, whatever was noted before.
    pub(crate) fn look_at(&mut self, path: &str, at: Timestamp) {
        self.note(path, at, |noted| noted.failures = 0);
    }

    /// Notes that this path has not settled: it looked so, and is to be looked at again then. Of several looks at
    /// one version the first is remembered.
    pub(crate) fn look_again(&mut self, path: &str, at: Timestamp, look: Look) {
        self.note(path, at, |noted| {
            noted.failures = 0;
            if noted.look.as_ref().is_none_or(|before| before.version != look.version) {
                noted.look = Some(look);
            }
        });
    }

    /// Notes that this path could not be looked at, or what was seen of it not be recorded: again after `wait` of
    /// so many failures in a row.
    pub(crate) fn failed(&mut self, path: &str, now: Timestamp, wait: impl FnOnce(u32) -> i64) {
        let failures = self.paths.get(path).map_or(0, |noted| noted.failures).saturating_add(1);
        self.note(path, now.plus_ms(wait(failures)), |noted| noted.failures = failures);
    }

    fn note(&mut self, path: &str, at: Timestamp, change: impl FnOnce(&mut Noted)) {
        let (path, old) = match self.paths.remove_entry(path) {
            Some((path, old)) => (path, Some(old)),
            None => (Arc::from(path), None),
        };
        let mut noted = match old {
            Some(old) => {
                self.due.remove(&(old.due, Arc::clone(&path)));
                Noted { due: at, taken: false, ..old }
            }
            None => Noted { due: at, taken: false, failures: 0, look: None },
        };
        change(&mut noted);
        self.due.insert((at, Arc::clone(&path)));
        self.paths.insert(path, noted);
    }

    /// Hands out at most `limit` paths that are due, the longest due first.
    pub(crate) fn take(&mut self, now: Timestamp, limit: usize) -> Vec<Arc<str>> {
        let mut taken = Vec::new();
        while taken.len() < limit
            && let Some((at, _)) = self.due.first()
            && *at <= now
            && let Some((_, path)) = self.due.pop_first()
        {
            if let Some(noted) = self.paths.get_mut(&path) {
                noted.taken = true;
            }
            taken.push(path);
        }
        taken
    }

    /// What was seen of a taken path is recorded: it no longer waits, unless it was heard of meanwhile.
    pub(crate) fn confirm(&mut self, path: &str) {
        if self.paths.get(path).is_some_and(|noted| noted.taken) {
            self.paths.remove(path);
        }
    }

    /// What a listing saw of this path is recorded: no look is needed, whenever it was due.
    pub(crate) fn forget(&mut self, path: &str) {
        if let Some((path, noted)) = self.paths.remove_entry(path) {
            self.due.remove(&(noted.due, path));
        }
    }

    /// The last look at this path, if it had not settled then.
    pub(crate) fn look(&self, path: &str) -> Option<&Look> {
        self.paths.get(path).and_then(|noted| noted.look.as_ref())
    }

    /// When the next path is due; none when all that waits is taken.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// Whether nothing waits, taken paths included.
    pub(crate) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(waiting: &mut Waiting, now: i64, limit: usize) -> Vec<String> {
        waiting.take(Timestamp(now), limit).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_taken_waits_until_it_is_confirmed() {
        let mut waiting = Waiting::default();
        waiting.look_at("a", Timestamp(5));
        assert_eq!(taken(&mut waiting, 4, 9), [""; 0]);
        assert_eq!(taken(&mut waiting, 5, 9), ["a"]);
        assert_eq!((waiting.is_empty(), waiting.next_due()), (false, None));
        assert_eq!(taken(&mut waiting, 6, 9), [""; 0], "handed out once");
        waiting.confirm("a");
        assert!(waiting.is_empty());
    }

    #[test]
    fn the_longest_due_come_first_and_no_more_than_asked_for() {
        let mut waiting = Waiting::default();
        for (path, at) in [("late", 30), ("early", 10), ("middle", 20), ("early", 15)] {
            waiting.look_at(path, Timestamp(at));
        }
        assert_eq!(waiting.next_due(), Some(Timestamp(15)));
        assert_eq!(taken(&mut waiting, 100, 2), ["early", "middle"]);
        assert_eq!(taken(&mut waiting, 100, 2), ["late"]);
    }

    #[test]
    fn what_failed_comes_again_later_each_time_and_anew_when_heard_of() {
        let mut waiting = Waiting::default();
        let wait = |failures: u32| i64::from(failures) * 10;
        waiting.look_at("a", Timestamp(0));
        for (now, due) in [(0, 10), (10, 30), (30, 60)] {
            assert_eq!(taken(&mut waiting, now, 9), ["a"]);
            waiting.failed("a", Timestamp(now), wait);
            assert_eq!(waiting.next_due(), Some(Timestamp(due)));
        }
        waiting.look_at("a", Timestamp(31));
        assert_eq!(taken(&mut waiting, 31, 9), ["a"]);
        waiting.failed("a", Timestamp(31), wait);
        assert_eq!(waiting.next_due(), Some(Timestamp(41)), "an event is a fresh start");
    }

    #[test]
    fn what_is_heard_of_while_it_is_taken_stays() {
        let mut waiting = Waiting::default();
        waiting.look_at("a", Timestamp(0));
        taken(&mut waiting, 0, 1);
        waiting.look_at("a", Timestamp(7));
        waiting.confirm("a");
        assert_eq!(waiting.next_due(), Some(Timestamp(7)));
        waiting.forget("a");
        assert!(waiting.is_empty() && waiting.next_due().is_none());
    }

    #[test]
    fn the_first_look_at_a_version_is_remembered() {
        let look = |version: &str, at| Look { version: version.into(), at: Timestamp(at) };
        let mut waiting = Waiting::default();
        waiting.look_again("a", Timestamp(10), look("1", 0));
        waiting.look_again("a", Timestamp(20), look("1", 5));
        assert_eq!(waiting.look("a"), Some(&look("1", 0)));
        waiting.look_again("a", Timestamp(30), look("2", 6));
        assert_eq!(waiting.look("a"), Some(&look("2", 6)));
    }

    #[test]
    fn a_hundred_thousand_paths_cost_what_is_due() {
        // Quadratic before: each event looked through all that waited. Counted in entries touched, not in time:
        // one path is handed out while all others wait.
        let mut waiting = Waiting::default();
        for n in 0..100_000 {
            waiting.look_at(&n.to_string(), Timestamp(1_000 + n));
        }
        assert_eq!(taken(&mut waiting, 1_000, usize::MAX), ["0"]);
        assert_eq!(waiting.next_due(), Some(Timestamp(1_001)));
    }
}
