use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use madang_document::headway::Headway;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use madang_ledger::jobs::{Claim, Failure, Ticket};
use madang_ledger::ledger::Ledger;
use madang_sandbox::watch::Watch;

use crate::clock::{Clock, Jitter};
use crate::decide::{Attempt, Policy, broke};
use crate::panicked::caught;

/// The leases that this process holds, renewed from a thread of their own: decoding, however heavy, never
/// delays a renewal. A lease is renewed only while its child makes progress, so that a hung one ends.
#[derive(Clone)]
pub struct Leases {
    held: Arc<(Mutex<Held>, Condvar)>,
}

#[derive(Default)]
struct Held {
    leases: BTreeMap<Ticket, Lease>,
    /// Those that may be lost: what they are for is gone, or another version now.
    doubted: Vec<Ticket>,
    closed: bool,
}

struct Lease {
    attempt: Attempt,
    /// The store and the path of what is read.
    object: (String, String),
    watch: Arc<Watch>,
    progress: u64,
    /// Rounds of renewal without progress so far.
    silent: u32,
    /// Whether a child runs: a job that waits for a worker, or for its completion, needs no progress.
    running: bool,
}

/// How long a lease lasts. It is renewed three times in that span.
pub const LEASE: Duration = Duration::from_secs(30);

/// Rounds without progress after which a job is given back. How long a child may be silent is the sandbox's to say, which tells of
/// progress as long as it looks after one; this covers a parent that hangs itself.
const SILENT_ROUNDS: u32 = 6;

impl std::fmt::Debug for Leases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Leases")
    }
}

impl Leases {
    /// Starts the thread that renews. `policy` says when what a worker of ours hangs on is tried again.
    ///
    /// # Errors
    /// When no thread or runtime can be had.
    pub fn start(
        ledger: Arc<dyn Ledger>,
        policy: Policy,
        clock: Clock,
        jitter: Jitter,
    ) -> std::io::Result<Leases> {
        let held = Arc::new((Mutex::new(Held::default()), Condvar::new()));
        let leases = Leases { held: Arc::clone(&held) };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("leases".into()).spawn(move || {
            let mut round = Instant::now() + LEASE / 3;
            loop {
                let (lock, wake) = &*held;
                let mut guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
                while !guard.closed && guard.doubted.is_empty() {
                    let left = round.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        break;
                    }
                    guard =
                        wake.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0;
                }
                if guard.closed {
                    return;
                }
                let doubted = std::mem::take(&mut guard.doubted);
                // A round asks for all. Doubts between two rounds count nobody's silence, however many there are.
                let (due, silent) = match round <= Instant::now() {
                    true => {
                        round = Instant::now() + LEASE / 3;
                        guard.due()
                    }
                    false => (doubted, Vec::new()),
                };
                drop(guard);
                for (ticket, attempt) in silent {
                    let told = ReasonKind::WorkerSilent.into();
                    let (at, failure) = broke(&attempt, told, &policy, clock(), jitter());
                    give_back(&runtime, ledger.as_ref(), ticket, at, &failure);
                }
                if due.is_empty() {
                    continue;
                }
                match runtime.block_on(caught(ledger.renew(&due, LEASE))) {
                    // Nobody else renews: this thread goes on at its next round, whatever happens in one.
                    Err(panicked) => tracing::error!(%panicked, "leases could not be renewed"),
                    Ok(Ok(lost)) => {
                        let guard = lock.lock().unwrap_or_else(PoisonError::into_inner);
                        for ticket in lost {
                            if let Some(lease) = guard.leases.get(&ticket) {
                                tracing::warn!(job = ticket.job, "lost its lease: calling it off");
                                lease.watch.cancel();
                            }
                        }
                    }
                    Ok(Err(error)) => tracing::warn!(%error, "leases could not be renewed"),
                }
            }
        })?;
        Ok(leases)
    }

    /// Holds the lease of a claim from now on.
    pub fn hold(&self, claim: &Claim, watch: Arc<Watch>) {
        let attempt = Attempt::of(claim);
        let object = (claim.object.store.clone(), claim.object.path.clone());
        let lease = Lease { attempt, object, watch, progress: 0, silent: 0, running: false };
        self.lock().leases.insert(claim.ticket, lease);
    }

    /// Says whether a child runs for this lease.
    pub fn running(&self, ticket: Ticket, running: bool) {
        if let Some(lease) = self.lock().leases.get_mut(&ticket) {
            lease.running = running;
            lease.silent = 0;
        }
    }

    /// The objects of these paths are gone, or other versions now: whoever reads one of them reads it in vain, unless the
    /// ledger, which is asked at once, says that the lease still holds. Without this a scan of an hour would go on until
    /// the next round.
    pub fn doubt(&self, store: &str, paths: &[String]) {
        let mut held = self.lock();
        let doubted = held.of(store, paths);
        if !doubted.is_empty() {
            held.doubted.extend(doubted);
            drop(held);
            self.held.1.notify_all();
        }
    }

    /// How far recognising has come in a job that is read here; none where nothing of it is recognised at present.
    pub fn headway(&self, job: i64) -> Option<Headway> {
        let from = Ticket { job, fence: i64::MIN };
        let to = Ticket { job, fence: i64::MAX };
        let held = self.lock();
        let running = held.leases.range(from..=to).filter(|(_, lease)| lease.running);
        running.filter_map(|(_, lease)| lease.watch.headway()).next_back()
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

/// A worker that hangs cannot give its job back, and a sweep never takes what this process holds: so it is taken
/// from it here. Its answer, if it ever comes, is stale.
fn give_back(
    runtime: &tokio::runtime::Runtime,
    ledger: &dyn Ledger,
    ticket: Ticket,
    at: Timestamp,
    failure: &Failure,
) {
    tracing::error!(job = ticket.job, "its worker hangs: it is given to another one");
    match runtime.block_on(caught(ledger.retry(ticket, at, failure))) {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!(job = ticket.job, %error, "could not be given back"),
        Err(panicked) => tracing::error!(job = ticket.job, %panicked, "could not be given back"),
    }
}

impl Held {
    /// The leases on these objects for which a child runs.
    fn of(&self, store: &str, paths: &[String]) -> Vec<Ticket> {
        let is_one = |lease: &Lease| {
            let (its_store, its_path) = &lease.object;
            lease.running && its_store == store && paths.contains(its_path)
        };
        self.leases.iter().filter(|(_, lease)| is_one(lease)).map(|(ticket, _)| *ticket).collect()
    }

    /// The leases to renew, and those whose child has been silent for too long: they are held no longer. Silence is
    /// counted in rounds, not by a clock: when the whole process stands still, no round passes.
    fn due(&mut self) -> (Vec<Ticket>, Vec<(Ticket, Attempt)>) {
        let mut due = Vec::with_capacity(self.leases.len());
        let mut silent = Vec::new();
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
            } else {
                lease.watch.cancel();
                silent.push((*ticket, lease.attempt));
            }
        }
        for (ticket, _) in &silent {
            self.leases.remove(ticket);
        }
        (due, silent)
    }
}

#[cfg(test)]
mod tests {
    use madang_ledger::jobs::Task;

    use super::*;

    fn lease(attempt: Attempt, path: &str, running: bool) -> Lease {
        let object = ("press".to_owned(), path.to_owned());
        Lease { attempt, object, watch: Arc::default(), progress: 0, silent: 0, running }
    }

    #[test]
    fn what_is_gone_is_asked_for_where_a_child_reads_it() {
        let mut held = Held::default();
        let attempt = Attempt { task: Task::Extract, attempt: 1, crashes: 0 };
        let ticket = |job| Ticket { job, fence: 1 };
        for (job, path, running) in
            [(1, "a.pdf", true), (2, "a.pdf", false), (3, "b.pdf", true), (4, "c.pdf", true)]
        {
            held.leases.insert(ticket(job), lease(attempt, path, running));
        }
        let paths: Vec<String> = ["a.pdf", "c.pdf", "z.pdf"].map(str::to_owned).into();
        assert_eq!(held.of("press", &paths), [ticket(1), ticket(4)]);
        assert!(held.of("other", &paths).is_empty());
    }

    #[test]
    fn a_silent_child_loses_its_lease_and_a_waiting_job_does_not() {
        let mut held = Held::default();
        let attempt = Attempt { task: Task::Extract, attempt: 1, crashes: 0 };
        for job in [1, 2] {
            let running = job == 1;
            let lease = lease(attempt, "a.pdf", running);
            held.leases.insert(Ticket { job, fence: 1 }, lease);
        }
        for _ in 1..SILENT_ROUNDS {
            assert_eq!(held.due().0.len(), 2);
        }
        let ticket = |job| Ticket { job, fence: 1 };
        assert_eq!(held.due(), (vec![ticket(2)], vec![(ticket(1), attempt)]));
        assert_eq!(held.due(), (vec![ticket(2)], vec![]), "given back once");
    }
}
