use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use madang_document::principal::Scope;
use tokio::sync::watch;

use crate::change::Change;

/// What the ledger said at one beat, of one scope.
#[derive(Debug)]
pub(crate) struct Tick {
    pub(crate) seq: u64,
    /// Balance and queues as JSON: made once, sent to everybody.
    pub(crate) state: String,
    pub(crate) changes: Vec<Change>,
}

/// Where a poller says its ticks; none before the first.
pub(crate) type Ticks = Arc<watch::Sender<Option<Arc<Tick>>>>;

/// The scopes that somebody listens in, each with one poller that ends with its last listener.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    scopes: Mutex<Vec<(Scope, Ticks)>>,
    listeners: Arc<AtomicUsize>,
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

    /// A place among at most `most` listeners; none if all are taken.
    pub(crate) fn seat(&self, most: usize) -> Option<Seat> {
        let seat = Seat { listeners: Arc::clone(&self.listeners) };
        (seat.listeners.fetch_add(1, Ordering::AcqRel) < most).then_some(seat)
    }
}

/// A place among the listeners, given back when its stream ends.
#[derive(Debug)]
pub(crate) struct Seat {
    listeners: Arc<AtomicUsize>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.listeners.fetch_sub(1, Ordering::AcqRel);
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
    fn seats_are_given_back() {
        let feed = Feed::default();
        let seat = feed.seat(1);
        assert!(seat.is_some() && feed.seat(1).is_none());
        drop(seat);
        assert!(feed.seat(1).is_some());
    }
}
