use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::reader::Reader;
use madang_ledger::worker::Worker;
use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;

/// How long a lease on a reader lasts. Of a process that died without a word, another node takes the readers over
/// after so long; on the same node they are given back at once, when it starts again (`Jobs::release`).
pub const READER_LEASE: Duration = Duration::from_secs(30);

/// Waits while the ledger does not answer.
const AGAIN: Backoff = Backoff { base_ms: 500, cap_ms: 4_000 };

/// The leases on the readers that this process follows the outbox for: of all processes on a ledger, one at a time
/// follows for each reader.
///
/// One task renews them all in one transaction, three times in their span, and asks as often for those that another
/// process has. How long a lease is still good is judged by the monotonic clock, from the moment before the ledger
/// was asked: a clock that is set moves no lease here. Where it does elsewhere (the ledger goes by its own), two
/// processes may follow for one reader until the next renewal, which takes nothing from anybody: what a follower
/// writes is an upsert, and no checkpoint goes back.
#[derive(Clone)]
pub struct ReaderLeases {
    ledger: Arc<dyn Ledger>,
    worker: Worker,
    span: Duration,
    wanted: Arc<Mutex<BTreeMap<Reader, watch::Sender<Standing>>>>,
    /// One question to the ledger at a time, so that none that is under way takes again what was let go.
    asking: Arc<tokio::sync::Mutex<()>>,
    wake: Arc<Notify>,
}

impl fmt::Debug for ReaderLeases {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ReaderLeases")
    }
}

/// How a lease stands.
#[derive(Clone, Debug, Default)]
pub struct Standing {
    /// Until when it is held; none if it is not.
    pub until: Option<Instant>,
    /// Why it is not held, or was not renewed; none before the ledger was asked.
    pub obstacle: Option<Obstruction>,
}

/// Why a lease is not to be had.
#[derive(Clone, Debug)]
pub enum Obstruction {
    /// Another process has it.
    Elsewhere,
    /// The ledger does not answer.
    Ledger(Arc<LedgerError>),
}

impl ReaderLeases {
    /// None yet. `span` is how long each lasts.
    pub fn new(ledger: Arc<dyn Ledger>, worker: Worker, span: Duration) -> ReaderLeases {
        ReaderLeases {
            ledger,
            worker,
            span,
            wanted: Arc::default(),
            asking: Arc::default(),
            wake: Arc::default(),
        }
    }

    /// Asks for what is wanted and renews what is held, until `stop`; what is held then is kept until it is let go.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures = 0;
        loop {
            let wait = match self.ask().await {
                Ok(()) => {
                    failures = 0;
                    self.span / 3
                }
                Err(error) => {
                    failures += 1;
                    let wait = AGAIN.after(&error).wait_ms(failures, 0.5);
                    Duration::from_millis(wait.unsigned_abs())
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Asks for the lease of this reader from now on. What it gives says how it stands, at each moment.
    pub fn want(&self, reader: Reader) -> watch::Receiver<Standing> {
        let standing = {
            let mut wanted = self.wanted();
            let standing = wanted.entry(reader).or_default();
            standing.subscribe()
        };
        self.wake.notify_one();
        standing
    }

    /// Lets go of a reader, so that another process need not wait for the end of its lease.
    ///
    /// # Errors
    /// When the ledger does not answer: then the lease ends by itself.
    pub async fn let_go(&self, reader: &Reader) -> Result<(), LedgerError> {
        let _alone = self.asking.lock().await;
        self.wanted().remove(reader);
        self.ledger.let_go(reader, &self.worker).await
    }

    async fn ask(&self) -> Result<(), Arc<LedgerError>> {
        let _alone = self.asking.lock().await;
        let readers: Vec<Reader> = self.wanted().keys().cloned().collect();
        let asked = Instant::now();
        let answer = self.ledger.hold(&readers, &self.worker, self.span).await.map_err(Arc::new);
        for (reader, standing) in self.wanted().iter() {
            if !readers.contains(reader) {
                continue;
            }
            standing.send_modify(|standing| match &answer {
                Ok(held) if held.contains(reader) => {
                    *standing = Standing { until: Some(asked + self.span), obstacle: None };
                }
                Ok(_) => {
                    let obstacle = Some(Obstruction::Elsewhere);
                    *standing = Standing { until: None, obstacle };
                }
                // What is held stays held to its end.
                Err(error) => standing.obstacle = Some(Obstruction::Ledger(Arc::clone(error))),
            });
        }
        answer.map(drop)
    }

    fn wanted(&self) -> MutexGuard<'_, BTreeMap<Reader, watch::Sender<Standing>>> {
        // Every change is one call on the map, so a thread that panicked has left it whole.
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Standing {
    /// Whether it is held at this moment.
    pub fn is_held(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}
