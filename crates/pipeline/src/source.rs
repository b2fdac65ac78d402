use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use madang_document::object::ObjectRef;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::{Held, Known, Sighting};
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::declaration::Pipeline;
use crate::reconcile::reconcile;
use crate::service::Clock;
use crate::settle::{Look, Settle, settled};
use crate::store::{Listed, Store, StoreError};
use crate::watcher::{Heard, Watcher};

/// Sightings of one transaction at most.
const BATCH: usize = 500;

/// What can be asked of a running source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// List everything now.
    Reconcile,
    /// List everything now, and take the absence of files at its word, however many are gone.
    Release,
}

/// Where a source stands, for those who wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stand {
    /// Whether everything was listed once, and all that was there has settled and was taken.
    pub settled: bool,
    /// Why the last listing failed.
    pub failure: Option<String>,
    /// What could not be listed, each with the reason and the cure.
    pub unlisted: Vec<(String, String)>,
}

/// One source: sees what is dropped, and what is gone.
pub struct Source {
    /// What is declared.
    pub pipeline: Pipeline,
    /// Where it looks.
    pub store: Arc<dyn Store>,
    /// The folder to listen to, if the store is one.
    pub folder: Option<std::path::PathBuf>,
    /// Where it records.
    pub ledger: Arc<dyn Ledger>,
    /// Told when there is work.
    pub work: Arc<Notify>,
    /// The time.
    pub clock: Clock,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Source({})", self.pipeline.name)
    }
}

impl Source {
    /// Runs until `stop`.
    pub async fn run(
        self,
        mut asks: mpsc::Receiver<Ask>,
        stand: watch::Sender<Stand>,
        stop: CancellationToken,
    ) {
        let mut waiting = Waiting::default();
        let mut watcher = None;
        let mut ask = Some(Ask::Reconcile);
        let mut listed = false;
        let mut next_listing = (self.clock)();
        loop {
            if let Some(ask) = ask.take() {
                // Before the listing, so that nothing falls between the two; again at each listing while it fails.
                watcher = watcher.or_else(|| self.listen());
                let now = (self.clock)();
                match self.reconcile(ask == Ask::Release, &mut waiting, now).await {
                    Ok(unlisted) => {
                        for (path, reason) in &unlisted {
                            tracing::warn!(pipeline = %self.pipeline.name, %path, %reason, "cannot be listed");
                        }
                        listed = true;
                        let often = match (&watcher, &self.folder) {
                            // Without events, listing is the only way to hear of a new file.
                            (None, Some(_)) => Duration::from_secs(60),
                            _ => self.pipeline.source.reconcile,
                        };
                        next_listing = now.plus_ms(ms(often));
                        stand.send_modify(|stand| {
                            stand.failure = None;
                            stand.unlisted = unlisted;
                        });
                    }
                    Err(error) => {
                        tracing::warn!(pipeline = %self.pipeline.name, %error, "the source cannot be listed");
                        next_listing = now.plus_ms(5_000);
                        stand.send_modify(|stand| stand.failure = Some(error.to_string()));
                    }
                }
            }
            let done = listed && waiting.is_empty();
            stand.send_if_modified(|stand| std::mem::replace(&mut stand.settled, done) != done);

            let now = (self.clock)();
            let due = waiting.next_due().map_or(next_listing, |due| due.min(next_listing));
            let pause = Duration::from_millis(u64::try_from(due.0 - now.0).unwrap_or(0));
            tokio::select! {
                () = stop.cancelled() => return,
                asked = asks.recv() => match asked {
                    Some(asked) => ask = Some(asked),
                    None => return,
                },
                heard = hear(&mut watcher) => match heard {
                    Some(Heard::Path(path)) if self.pipeline.source.filter.takes(&path) => {
                        waiting.look_at(path, (self.clock)());
                    }
                    Some(Heard::Path(_)) => {}
                    Some(Heard::Everything) => ask = Some(Ask::Reconcile),
                    None => {
                        watcher = None;
                        ask = Some(Ask::Reconcile);
                    }
                },
                () = tokio::time::sleep(pause) => {
                    let now = (self.clock)();
                    if let Err(error) = self.look(&mut waiting, now).await {
                        tracing::error!(pipeline = %self.pipeline.name, %error, "a sighting is not recorded yet");
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                    if next_listing.0 <= now.0 {
                        ask = Some(Ask::Reconcile);
                    }
                }
            }
        }
    }

    fn listen(&self) -> Option<Watcher> {
        let folder = self.folder.as_ref()?;
        Watcher::start(folder)
            .inspect_err(|error| {
                tracing::warn!(pipeline = %self.pipeline.name, %error, "no events: the folder is listed every minute instead");
            })
            .ok()
    }

    /// Lists everything and compares. Gives what could not be listed.
    async fn reconcile(
        &self,
        release: bool,
        waiting: &mut Waiting,
        now: Timestamp,
    ) -> Result<Vec<(String, String)>, Trouble> {
        let mut listing = match self.store.list().await {
            Ok(listing) => listing,
            Err(error) => {
                // Everything is out of sight, which is the largest disappearance there is.
                let known = self.known().await?.len() as u64;
                if known > 0 {
                    let held = Held { missing: known, known, since: now };
                    self.ledger.hold(&self.pipeline.name, Some(held)).await?;
                }
                return Err(error.into());
            }
        };
        listing.objects.retain(|file| self.pipeline.source.filter.takes(&file.path));
        let folders: Vec<String> = listing.unlisted.iter().map(|(path, _)| path.clone()).collect();
        let known = self.known().await?;
        let known_paths = known.len() as u64;
        let plan = reconcile(listing.objects, &folders, known);
        let mut take = Vec::new();
        for file in plan.take {
            self.consider(file, waiting, &mut take, now);
        }
        self.see(take, now).await?;
        if plan.mass && !release {
            let missing = plan.gone.len() as u64;
            let before = self.ledger.held(&self.pipeline.name).await?;
            let since = before.map_or(now, |held| held.since);
            tracing::warn!(pipeline = %self.pipeline.name, missing, known = known_paths,
                "so many files are gone that the operator must confirm it (madang queue release)");
            let held = Held { missing, known: known_paths, since };
            self.ledger.hold(&self.pipeline.name, Some(held)).await?;
        } else {
            self.ledger.hold(&self.pipeline.name, None).await?;
            self.vanish(&plan.gone, now).await?;
        }
        Ok(listing.unlisted)
    }

    async fn known(&self) -> Result<Vec<Known>, LedgerError> {
        let mut known: Vec<Known> = Vec::new();
        loop {
            let after = known.last().map(|last| last.path.clone());
            let page = self.ledger.known(&self.pipeline.name, after.as_deref(), 10_000).await?;
            let last = page.len() < 10_000;
            known.extend(page);
            if last {
                return Ok(known);
            }
        }
    }

    /// Looks at the paths that are due.
    async fn look(&self, waiting: &mut Waiting, now: Timestamp) -> Result<(), Trouble> {
        let mut take = Vec::new();
        let mut gone = Vec::new();
        for path in waiting.due(now) {
            match self.store.look(&path).await {
                Ok(Some(file)) => self.consider(file, waiting, &mut take, now),
                Ok(None) => gone.push(path),
                Err(error) => {
                    tracing::warn!(pipeline = %self.pipeline.name, %path, %error, "cannot be looked at");
                }
            }
        }
        self.see(take, now).await?;
        self.vanish(&gone, now).await
    }

    fn consider(
        &self,
        file: Listed,
        waiting: &mut Waiting,
        take: &mut Vec<Listed>,
        now: Timestamp,
    ) {
        let settle = ms(self.pipeline.source.settle);
        match settled(&file, waiting.looks.get(&file.path), settle, now) {
            Settle::Take => {
                waiting.looks.remove(&file.path);
                take.push(file);
            }
            Settle::LookAgain(due) => {
                let look = Look { version: file.version, at: now };
                let seen = waiting.looks.entry(file.path.clone()).or_insert_with(|| look.clone());
                if seen.version != look.version {
                    *seen = look;
                }
                waiting.look_at(file.path, due);
            }
        }
    }

    async fn see(&self, files: Vec<Listed>, now: Timestamp) -> Result<(), Trouble> {
        for batch in files.chunks(BATCH) {
            let sightings: Vec<Sighting> = batch
                .iter()
                .map(|file| sighting(&self.pipeline, self.store.name(), file))
                .collect();
            self.ledger.see(&sightings, now).await?;
            self.work.notify_waiters();
        }
        Ok(())
    }

    async fn vanish(&self, paths: &[String], now: Timestamp) -> Result<(), Trouble> {
        for batch in paths.chunks(BATCH) {
            self.ledger.vanish(self.store.name(), batch, now).await?;
            self.work.notify_waiters();
        }
        Ok(())
    }
}

/// The sighting of a file by a pipeline.
pub fn sighting(pipeline: &Pipeline, store: &str, file: &Listed) -> Sighting {
    Sighting {
        object: ObjectRef {
            store: store.to_owned(),
            path: file.path.clone(),
            version: file.version.clone(),
            size: file.size,
        },
        pipeline: pipeline.name.clone(),
        agency: pipeline.agency.clone(),
        modified: file.modified,
        priority: 3,
    }
}

fn ms(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

async fn hear(watcher: &mut Option<Watcher>) -> Option<Heard> {
    match watcher {
        Some(watcher) => watcher.next().await,
        None => std::future::pending().await,
    }
}

/// Paths to be looked at again, and what they looked like.
#[derive(Debug, Default)]
struct Waiting {
    due: BTreeMap<String, Timestamp>,
    looks: HashMap<String, Look>,
}

impl Waiting {
    fn look_at(&mut self, path: String, at: Timestamp) {
        self.due.insert(path, at);
    }

    fn is_empty(&self) -> bool {
        self.due.is_empty()
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.due.values().min().copied()
    }

    fn due(&mut self, now: Timestamp) -> Vec<String> {
        let due: Vec<String> =
            self.due.iter().filter(|(_, at)| at.0 <= now.0).map(|(path, _)| path.clone()).collect();
        for path in &due {
            self.due.remove(path);
        }
        due
    }
}

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
