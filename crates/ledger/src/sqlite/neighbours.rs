//! What is known already of which texts have another that says the same: what was compared once is compared with what came
//! since, and no more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::Mutex;

/// What is known of one text among the agencies of one scope. It is kept by what was asked, so that what others may see
/// changes nothing of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Up to this number all were compared, and none is near.
    pub(super) upto: i64,
    /// One that was near, if it still is there.
    pub(super) near: Option<i64>,
}

/// Texts of which something is known, at most: some 16 MB.
const MOST: usize = 1 << 18;

/// What is known. When it becomes too much, that of the scope is forgotten of which most is known, and found anew: whoever asks
/// about everything costs nobody else what is known for them.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// A short name for each scope.
    scopes: HashMap<BTreeSet<String>, u32>,
    /// The name for the next one.
    next: u32,
    known: HashMap<(u32, i64), Known>,
    /// Whose turn it is to compare for a scope.
    turns: HashMap<BTreeSet<String>, Arc<Mutex<()>>>,
}

/// Scopes that have turns of their own, at most.
const MOST_TURNS: usize = 1000;

/// Scopes of which something is known, at most.
const MOST_SCOPES: usize = 1000;

impl Neighbours {
    /// What is held while something is compared among these agencies: whoever asks the same meanwhile finds it known then.
    pub(super) fn turn(&mut self, agencies: &BTreeSet<String>) -> Arc<Mutex<()>> {
        if let Some(turn) = self.turns.get(agencies) {
            return Arc::clone(turn);
        }
        if self.turns.len() >= MOST_TURNS {
            self.turns.clear();
        }
        Arc::clone(self.turns.entry(agencies.clone()).or_default())
    }

    /// What is known of these texts among these agencies, in their order.
    pub(super) fn of(&self, agencies: &BTreeSet<String>, texts: &[i64]) -> Vec<Known> {
        let Some(scope) = self.scopes.get(agencies) else {
            return vec![Known::default(); texts.len()];
        };
        let known = texts.iter().map(|id| self.known.get(&(*scope, *id)).copied());
        known.map(Option::unwrap_or_default).collect()
    }

    /// Remembers what was found.
    pub(super) fn remember(&mut self, agencies: &BTreeSet<String>, found: &[(i64, Known)]) {
        if self.known.len() + found.len() > MOST || self.scopes.len() >= MOST_SCOPES {
            self.forget_the_fullest();
        }
        let scope = match self.scopes.get(agencies) {
            Some(scope) => *scope,
            None => {
                let scope = self.next;
                self.next = self.next.wrapping_add(1);
                self.scopes.insert(agencies.clone(), scope);
                scope
            }
        };
        self.known.extend(found.iter().map(|(id, known)| ((scope, *id), *known)));
    }

    fn forget_the_fullest(&mut self) {
        let mut counts: BTreeMap<u32, usize> =
            self.scopes.values().map(|scope| (*scope, 0)).collect();
        self.known.keys().for_each(|(scope, _)| *counts.entry(*scope).or_default() += 1);
        let Some((fullest, _)) = counts.into_iter().max_by_key(|(_, count)| *count) else { return };
        self.scopes.retain(|_, scope| *scope != fullest);
        self.known.retain(|(scope, _), _| *scope != fullest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_of_its_scope_and_is_bounded() {
        let scope = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect();
        let (a, both) = (scope(&["a"]), scope(&["a", "b"]));
        let mut neighbours = Neighbours::default();
        let [one, two] = [Known { upto: 9, near: None }, Known { upto: 0, near: Some(3) }];
        neighbours.remember(&a, &[(1, one), (2, two)]);
        assert_eq!(neighbours.of(&a, &[2, 7, 1]), [two, Known::default(), one]);
        assert_eq!(neighbours.of(&both, &[1]), [Known::default()]);
        for n in 0..MOST as i64 {
            neighbours.remember(&both, &[(n, one)]);
        }
        assert!(neighbours.known.len() <= MOST);
        assert_eq!(neighbours.of(&both, &[MOST as i64 - 1]), [one]);
        // Whoever asked little keeps what was found.
        assert_eq!(neighbours.of(&a, &[2, 7, 1]), [two, Known::default(), one]);
        for n in 0..2 * MOST_SCOPES {
            neighbours.remember(&scope(&[&n.to_string()]), &[(1, one)]);
        }
        assert!(
            neighbours.scopes.len() <= MOST_SCOPES && neighbours.known.len() <= MOST_SCOPES + 2
        );
    }
}
