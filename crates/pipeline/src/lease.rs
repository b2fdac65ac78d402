use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use madang_ledger::jobs::Ticket;
use madang_ledger::ledger::Ledger;
use madang_sandbox::watch::Watch;

/// The leases that this process holds, renewed from a thread of their own: decoding, however heavy, never
/// delays a renewal. A lease is renewed only while its child makes progress, so that a hung one ends.
#[derive(Clone)]
pub struct Leases {
    held: Arc<(Mutex<Held>, Condvar)>,
}

#[derive(Default)]
struct Held {
    leases: BTreeMap<Ticket, Lease>,
    closed: bool,
}

struct Lease {
    watch: Arc<Watch>,
    progress: u64,
    /// Rounds of renewal without progress so far.
    silent: u32,
    /// Whether a child runs: a job that waits for a worker, or for its completion, needs no progress.
    running: bool,
}

/// How long a lease lasts. It is renewed three times in that span.
pub const LEASE: Duration = Duration::from_secs(30);

/// Rounds without progress after which a lease is left to end. The child's own limit on silence (15 s) is
/// shorter; this covers a parent that hangs itself.
const SILENT_ROUNDS: u32 = 6;

impl std::fmt::Debug for Leases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Leases")
    }
}

impl Leases {
    /// Starts the thread that renews.
    ///
    /// # Errors
    /// When no thread or runtime can be had.
    pub fn start(ledger: Arc<dyn Ledger>) -> std::io::Result<Leases> {
        let held = Arc::new((Mutex::new(Held::default()), Condvar::new()));
        let leases = Leases { held: Arc::clone(&held) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("leases".into()).spawn(move || {
            loop {
                let (lock, wake) = &*held;
                let mut guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
                if !guard.closed {
                    guard = wake
                        .wait_timeout(guard, LEASE / 3)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                }
                if guard.closed {
                    return;
                }
                let due = guard.due();
                drop(guard);
                if due.is_empty() {
                    continue;
                }
                match runtime.block_on(ledger.renew(&due, LEASE)) {
                    Ok(lost) => {
                        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
                        for ticket in lost {
                            if let Some(lease) = guard.leases.get(&ticket) {
                                tracing::warn!(job = ticket.job, "lost its lease: calling it off");
                                lease.watch.cancel();
                            }
                        }
                    }
                    Err(error) => tracing::warn!(%error, "leases could not be renewed"),
                }
            }
        })?;
        Ok(leases)
    }

    /// Holds a lease from now on.
    pub fn hold(&self, ticket: Ticket, watch: Arc<Watch>) {
        self.lock().leases.insert(ticket, Lease { watch, progress: 0, silent: 0, running: false });
    }

    /// Says whether a child runs for this lease.
    pub fn running(&self, ticket: Ticket, running: bool) {
        if let Some(lease) = self.lock().leases.get_mut(&ticket) {
            lease.running = running;
            lease.silent = 0;
        }
    }

    /// How many are held.
    pub fn held(&self) -> usize {
        self.lock().leases.len()
    }

    /// Lets go of a lease.
    pub fn release(&self, ticket: Ticket) {
        self.lock().leases.remove(&ticket);
    }

    /// Ends the thread, and calls off what still runs.
    pub fn close(&self) {
        let mut held = self.lock();
        held.closed = true;
        for lease in held.leases.values() {
            lease.watch.cancel();
        }
        drop(held);
        self.held.1.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Held> {
        self.held.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    /// The leases to renew: all but those whose child has been silent for too long.
    fn due(&mut self) -> Vec<Ticket> {
        let mut due = Vec::with_capacity(self.leases.len());
        for (ticket, lease) in &mut self.leases {
            let progress = lease.watch.progress();
            if lease.running && progress == lease.progress {
                lease.silent += 1;
            } else {
                lease.silent = 0;
            }
            lease.progress = progress;
            if lease.silent < SILENT_ROUNDS {
                due.push(*ticket);
            }
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_child_loses_its_lease_and_a_waiting_job_does_not() {
        let mut held = Held::default();
        for job in [1, 2] {
            let lease = Lease { watch: Arc::default(), progress: 0, silent: 0, running: job == 1 };
            held.leases.insert(Ticket { job, fence: 1 }, lease);
        }
        for _ in 1..SILENT_ROUNDS {
            assert_eq!(held.due().len(), 2);
        }
        assert_eq!(held.due(), [Ticket { job: 2, fence: 1 }]);
    }
}
