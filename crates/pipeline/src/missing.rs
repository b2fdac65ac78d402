use std::collections::{BTreeSet, VecDeque};

use madang_document::timestamp::Timestamp;

/// Paths that seem to be gone, whichever way that was heard of: an event, or a listing. Nothing is withdrawn
/// before [`decide`] says so.
#[derive(Debug, Default)]
pub struct Missing {
    paths: BTreeSet<String>,
    first: Timestamp,
    last: Timestamp,
    withdrawn: VecDeque<(Timestamp, u64)>,
}

impl Missing {
    /// This path is not there now.
    pub fn add(&mut self, path: String, now: Timestamp) {
        if self.paths.is_empty() {
            self.first = now;
        }
        if self.paths.insert(path) {
            self.last = now;
        }
    }

    /// This path is there.
    pub fn is_back(&mut self, path: &str) {
        self.paths.remove(path);
    }

    /// Whether this path is among them.
    pub fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    /// Only these of them are missed by anybody.
    pub fn keep(&mut self, paths: BTreeSet<String>) {
        self.paths = paths;
    }

    /// A whole listing says that these are gone and no others.
    pub fn replace(&mut self, gone: Vec<String>, now: Timestamp) {
        let gone: BTreeSet<String> = gone.into_iter().collect();
        if self.paths.is_empty() {
            self.first = now;
        }
        if gone.difference(&self.paths).next().is_some() {
            self.last = now;
        }
        self.paths = gone;
    }

    /// They count as missed from now on: what was held is coming back, and may be on its way still.
    pub fn watch_anew(&mut self, now: Timestamp) {
        (self.first, self.last) = (now, now);
    }

    /// At most so many of the paths, for one transaction.
    pub fn batch(&self, limit: usize) -> Vec<String> {
        self.paths.iter().take(limit).cloned().collect()
    }

    /// The withdrawal of these paths is recorded.
    pub fn confirm(&mut self, paths: &[String], now: Timestamp) {
        for path in paths {
            self.paths.remove(path);
        }
        self.withdrawn.push_back((now, paths.len() as u64));
    }

    /// How many there are.
    pub fn len(&self) -> u64 {
        self.paths.len() as u64
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// What the decision goes by, where `known` paths are live in the ledger, the missing ones included.
    pub fn gone(&mut self, known: u64, window: &Window, now: Timestamp) -> Gone {
        while let Some((at, _)) = self.withdrawn.front()
            && at.plus_ms(window.longest_ms) < now
        {
            self.withdrawn.pop_front();
        }
        let lately = self.withdrawn.iter().map(|(_, paths)| paths).sum();
        let (missing, first, last) = (self.len(), self.first, self.last);
        Gone { missing, lately, known, doubted: false, first, last }
    }
}

/// What is gone at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gone {
    /// Paths that are missing.
    pub missing: u64,
    /// Paths withdrawn within the longest window: a disappearance that goes on slowly is one, too.
    pub lately: u64,
    /// Paths that the ledger holds live, the missing ones included.
    pub known: u64,
    /// Whether the source was away, or is held, since most of its files were last seen there.
    pub doubted: bool,
    /// When the first of the missing ones was missed.
    pub first: Timestamp,
    /// When the last of them was missed.
    pub last: Timestamp,
}

/// How long absence is watched before it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Without further news for so long, a few removals are taken at their word, milliseconds.
    pub quiet_ms: i64,
    /// Ten or more removals wait for so long whether they become a mass, milliseconds.
    pub span_ms: i64,
    /// While they go on, at most so long, milliseconds.
    pub longest_ms: i64,
}

impl Default for Window {
    fn default() -> Window {
        Window { quiet_ms: 1_000, span_ms: 10_000, longest_ms: 60_000 }
    }
}

/// What becomes of missing paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// They are withdrawn.
    Withdraw,
    /// So many are gone that the operator must say so.
    Hold,
    /// Decide again then.
    Wait(Timestamp),
}

/// Removals from which on absence may be a lost mount.
const MANY: u64 = 10;

/// Whether missing paths are really gone.
///
/// A mass is held at once. A few are withdrawn when nothing more was missed for a moment, at the latest when the
/// window ends: a person who removes a file wants it gone. Many are watched for the whole window, and on while
/// more of them go: an `rm -rf` must have come to its end before it can be told from a clean-up.
pub fn decide(gone: &Gone, window: &Window, now: Timestamp) -> Decision {
    let Gone { missing, lately, known, doubted, first, last } = *gone;
    if is_mass(missing.saturating_add(lately), known.saturating_add(lately), doubted) {
        return Decision::Hold;
    }
    let quiet = last.plus_ms(window.quiet_ms);
    let span = first.plus_ms(window.span_ms);
    let due = match missing < MANY {
        true => quiet.min(span),
        false => span.max(quiet.min(first.plus_ms(window.longest_ms))),
    };
    if due <= now { Decision::Withdraw } else { Decision::Wait(due) }
}

/// Whether so many paths are gone at once that a lost mount is likelier than a clean-up: at least half of what was
/// known, and ten or more; or however few, where the source was away since they were last seen (`doubted`).
pub fn is_mass(gone: u64, known: u64, doubted: bool) -> bool {
    let fewest = if doubted { 1 } else { MANY };
    gone >= fewest && gone.saturating_mul(2) >= known
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_mount_is_a_mass_disappearance_and_a_clean_up_is_not() {
        for (gone, known, mass, after_absence) in [
            (10, 10, true, true),
            (500, 1000, true, true),
            (9, 9, false, true),
            (1, 1, false, true),
            (1, 2, false, true),
            (1, 3, false, false),
            (100, 1000, false, false),
            (0, 0, false, false),
        ] {
            assert_eq!(is_mass(gone, known, false), mass, "{gone} of {known}");
            assert_eq!(is_mass(gone, known, true), after_absence, "{gone} of {known}");
        }
    }

    #[test]
    fn decisions() {
        use Decision::{Hold, Wait, Withdraw};
        let wait = |at| Wait(Timestamp(at));
        // missing, lately, known, first, last, now
        #[rustfmt::skip]
        let cases = [
            // One file: when it is quiet for a second.
            (1, 0, 1_000, 0, 0, 0, wait(1_000)),
            (1, 0, 1_000, 0, 0, 999, wait(1_000)),
            (1, 0, 1_000, 0, 0, 1_000, Withdraw),
            // The only file there is.
            (1, 0, 1, 0, 0, 1_000, Withdraw),
            (9, 0, 9, 0, 500, 1_500, Withdraw),
            // A trickle that never is quiet: at the end of the window.
            (9, 0, 1_000, 0, 9_900, 9_950, wait(10_000)),
            (9, 0, 1_000, 0, 9_900, 10_000, Withdraw),
            // Many: the whole window.
            (10, 0, 1_000, 0, 0, 1_000, wait(10_000)),
            (10, 0, 1_000, 0, 0, 10_000, Withdraw),
            // Many, and more are going: until it is quiet, but not for ever.
            (400, 0, 1_000, 0, 9_900, 10_000, wait(10_900)),
            (400, 0, 1_000, 0, 59_900, 59_990, wait(60_000)),
            (400, 0, 1_000, 0, 60_900, 60_950, Withdraw),
            // A mass, at once, however it came about.
            (10, 0, 10, 0, 0, 0, Hold),
            (300, 0, 300, 0, 0, 99_000, Hold),
            (30, 0, 35, 0, 0, 0, Hold),
            // One by one, and yet a mass: those that went before count.
            (1, 149, 151, 0, 0, 5_000, Hold),
            (1, 149, 451, 0, 0, 5_000, Withdraw),
        ];
        for (missing, lately, known, first, last, now, expected) in cases {
            let (first, last) = (Timestamp(first), Timestamp(last));
            let gone = Gone { missing, lately, known, doubted: false, first, last };
            assert_eq!(
                decide(&gone, &Window::default(), Timestamp(now)),
                expected,
                "{gone:?} {now}"
            );
        }
    }

    #[test]
    fn the_window_begins_with_the_first_and_forgets_those_that_are_back() {
        let window = Window::default();
        let mut missing = Missing::default();
        missing.add("a".into(), Timestamp(1));
        missing.add("b".into(), Timestamp(2));
        missing.add("a".into(), Timestamp(3));
        let gone = missing.gone(50, &window, Timestamp(3));
        assert_eq!((gone.missing, gone.first.0, gone.last.0), (2, 1, 2));
        missing.is_back("a");
        missing.is_back("b");
        missing.add("c".into(), Timestamp(9));
        assert_eq!(missing.gone(50, &window, Timestamp(9)).first, Timestamp(9));
    }

    #[test]
    fn a_listing_is_the_whole_truth() {
        let mut missing = Missing::default();
        missing.add("back".into(), Timestamp(1));
        missing.add("gone".into(), Timestamp(1));
        missing.replace(vec!["gone".into()], Timestamp(5));
        assert_eq!(missing.batch(9), ["gone"]);
        let gone = missing.gone(9, &Window::default(), Timestamp(5));
        assert_eq!((gone.first, gone.last), (Timestamp(1), Timestamp(1)), "nothing new is missed");
        missing.replace(Vec::new(), Timestamp(6));
        assert!(missing.is_empty());
    }

    #[test]
    fn what_was_withdrawn_counts_for_a_minute() {
        let window = Window::default();
        let mut missing = Missing::default();
        missing.add("a".into(), Timestamp(0));
        missing.confirm(&["a".to_owned()], Timestamp(0));
        assert_eq!(missing.gone(9, &window, Timestamp(60_000)).lately, 1);
        assert_eq!(missing.gone(9, &window, Timestamp(60_001)).lately, 0);
    }
}
