use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use madang_document::principal::Scope;
use tokio::sync::watch;

use crate::change::EntryChange;

/// What the ledger said at one beat, of one scope.
#[derive(Debug)]
pub(crate) struct Tick {
    pub(crate) seq: u64,
    /// Balance and queues as JSON: made once, sent to everybody.
    pub(crate) state: String,
    pub(crate) changes: Vec<EntryChange>,
}

/// Where a poller says its ticks; none before the first.
pub(crate) type Ticks = Arc<watch::Sender<Option<Arc<Tick>>>>;

/// The scopes that somebody listens in, each with one poller that ends with its last listener.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    scopes: Mutex<Vec<(Scope, Ticks)>>,
    listeners: Listeners,
}

impl Feed {
    /// Listens in a scope. Who is the first there also gets what its poller must speak into.
    pub(crate) fn subscribe(
        &self,
        scope: &Scope,
    ) -> (watch::Receiver<Option<Arc<Tick>>>, Option<Ticks>) {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, ticks)) = scopes.iter().find(|(known, _)| known == scope) {
            let mut receiver = ticks.subscribe();
            receiver.mark_changed();
            return (receiver, None);
        }
        let ticks = Arc::new(watch::Sender::new(None));
        scopes.push((scope.clone(), Arc::clone(&ticks)));
        (ticks.subscribe(), Some(ticks))
    }

    /// Whether nobody listens in a scope any more; then it is forgotten, and its poller must end.
    pub(crate) fn is_deserted(&self, scope: &Scope, ticks: &Ticks) -> bool {
        let mut scopes = self.scopes.lock().unwrap_or_else(PoisonError::into_inner);
        if ticks.receiver_count() > 0 {
            return false;
        }
        scopes.retain(|(known, _)| known != scope);
        true
    }

    /// A place among the listeners for this principal: at most `most` in all, and an eighth of them each, so
    /// that nobody alone can keep the others out. None if there is none left.
    pub(crate) fn seat(&self, principal: &str, most: usize) -> Option<Seat> {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = listeners.values().sum();
        let own = listeners.entry(principal.to_owned()).or_default();
        if all >= most || *own >= most.div_ceil(8) {
            return None;
        }
        *own += 1;
        Some(Seat { principal: principal.to_owned(), listeners: Arc::clone(&self.listeners) })
    }
}

/// How many listeners each principal has.
type Listeners = Arc<Mutex<HashMap<String, usize>>>;

/// A place among the listeners, given back when its stream ends.
#[derive(Debug)]
pub(crate) struct Seat {
    principal: String,
    listeners: Listeners,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut listeners = self.listeners.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = listeners.get_mut(&self.principal) {
            *own = own.saturating_sub(1);
        }
        listeners.retain(|_, own| *own > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_poller_serves_a_scope_until_its_last_listener_leaves() {
        let feed = Feed::default();
        let (first, poller) = feed.subscribe(&Scope::All);
        let poller = poller.unwrap();
        let (second, none) = feed.subscribe(&Scope::All);
        assert!(none.is_none());
        drop(first);
        assert!(!feed.is_deserted(&Scope::All, &poller));
        drop(second);
        assert!(feed.is_deserted(&Scope::All, &poller));
        assert!(feed.subscribe(&Scope::All).1.is_some(), "the next listener begins anew");
    }

    #[test]
    fn seats_are_given_back_and_nobody_has_them_all() {
        let feed = Feed::default();
        let taken: Vec<Seat> = std::iter::from_fn(|| feed.seat("a", 16)).collect();
        assert_eq!(taken.len(), 2, "one principal has an eighth of them");
        assert!(feed.seat("b", 16).is_some());
        assert!(feed.seat("b", 2).is_none(), "all are taken");
        drop(taken);
        assert!(feed.seat("a", 16).is_some());
    }
}
