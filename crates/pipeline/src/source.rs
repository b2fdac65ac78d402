use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use madang_document::condition::Kind;
use madang_document::id::DocumentId;
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::object::ObjectRef;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;
use madang_ledger::held::Held;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::objects::Sighting;
use tokio::sync::{Notify, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::backoff::Backoff;
use crate::board::{Board, Subject};
use crate::clock::{Clock, Jitter, ms, until};
use crate::declaration::Pipeline;
use crate::known_paths::KnownPaths;
use crate::left_outs::LeftOuts;
use crate::listing::Listing;
use crate::missing::{Decision, Missing, Window, decide, is_mass};
use crate::noted::Noted;
use crate::reconcile::{Compared, compare, is_hidden};
use crate::settle::{Look, Settle, settled};
use crate::waiting::Waiting;
use madang_store::error::StoreError;
use madang_store::store::{Listed, Seen, Store};
use madang_store::watcher::{Heard, Watcher};

/// Sightings of one transaction at most.
const BATCH: usize = 500;

/// Looks are due at multiples of so many milliseconds, so that files which came together share a transaction.
const TICK_MS: i64 = 100;

/// A path that cannot be recorded comes again soon: what stands in its way (a full disk, no descriptor) goes away
/// without telling anybody.
const AGAIN: Backoff = Backoff { base_ms: 500, cap_ms: 4_000 };

/// Listings that fail before those who wait for the source are told that it cannot be had.
const PATIENCE: u32 = 3;

/// While a disappearance is held, the source is listed this often: the files may be back.
const HELD_LISTING: Duration = Duration::from_secs(10);

/// A source that cannot be listened to, or not everywhere, is listed this often.
const DEAF_LISTING: Duration = Duration::from_secs(60);

/// What can be asked of a running source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Look at this path: its object is not there, as a worker found.
    LookAt(String),
    /// List everything now.
    Reconcile,
    /// List everything now, and take the absence of files at its word, however many are gone.
    Release,
}

/// How a source fares, for those who wait for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceState {
    /// Whether everything was listed once, and all that was there has settled, is recorded, and is withdrawn or held
    /// if it is gone.
    pub settled: bool,
    /// Why it cannot be listed, again and again.
    pub failure: Option<String>,
    /// What could not be listed, each with the reason and the cure.
    pub unlisted: Vec<(String, String)>,
}

/// One source: sees what is dropped, and what is gone.
///
/// Whatever is heard of is looked at, and whatever is seen is recorded before it is forgotten: a path that cannot
/// be looked at, or whose sighting the ledger does not take, comes again.
#[derive(Clone)]
pub struct Source {
    /// What is declared.
    pub pipeline: Pipeline,
    /// Where it looks.
    pub store: Arc<dyn Store>,
    /// Where it records.
    pub ledger: Arc<dyn Ledger>,
    /// Told when there is work.
    pub work: Arc<Notify>,
    /// The time, as people and stores have it.
    pub clock: Clock,
    /// The time that nobody sets: what is waited for is waited for by this.
    pub steady: Clock,
    /// Random numbers from 0 to 1.
    pub jitter: Jitter,
    /// Where conditions are told.
    pub board: Board,
    /// How long absence is watched.
    pub window: Window,
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
        asks: &mut mpsc::Receiver<Ask>,
        state: watch::Sender<SourceState>,
        stop: CancellationToken,
    ) {
        let mut run = Run {
            noted: Noted::new(Arc::clone(&self.ledger), By::Source(self.pipeline.name.clone())),
            left_outs: LeftOuts::of(Arc::clone(&self.ledger), &self.pipeline.name),
            next_listing: (self.steady)(),
            not_before: (self.steady)(),
            source: self,
            waiting: Waiting::default(),
            missing: Missing::default(),
            watcher: None,
            can_hear: true,
            deaf: BTreeSet::new(),
            held: None,
            released: false,
            known: 0,
            listed: false,
            owed: true,
            overslept: false,
            reassigned: false,
            in_order: false,
            listing_failures: 0,
            record_failures: 0,
        };
        let mut ask = Some(Ask::Reconcile);
        loop {
            if let Some(ask) = ask.take() {
                run.list(ask == Ask::Release, &state).await;
            }
            if run.drain() {
                ask = Some(Ask::Reconcile);
                continue;
            }
            run.look().await;
            let decide_again = run.decide().await;
            let done = run.is_settled();
            state.send_if_modified(|state| std::mem::replace(&mut state.settled, done) != done);

            let due = run.waiting.next_due().into_iter().chain(decide_again).min();
            let due =
                due.map_or(run.next_listing, |due| due.max(run.not_before).min(run.next_listing));
            let pause = until(due, run.now());
            let planned = run.now().plus_ms(ms(pause));
            tokio::select! {
                () = stop.cancelled() => return,
                asked = asks.recv() => match asked {
                    Some(Ask::LookAt(path)) => {
                        run.hears(Some(Heard::Path(path)));
                    }
                    Some(asked) => ask = Some(asked),
                    None => return,
                },
                heard = hear(&mut run.watcher) => {
                    if run.hears(heard) {
                        ask = Some(Ask::Reconcile);
                    }
                }
                () = tokio::time::sleep(pause) => {
                    // Woken late, it has not heard yet what happened meanwhile.
                    let late = run.now().0.saturating_sub(planned.0);
                    run.overslept = late > run.source.window.quiet_ms / 2;
                    if run.next_listing <= run.now() {
                        ask = Some(Ask::Reconcile);
                    }
                }
            }
        }
    }
}

/// A running source with what it remembers.
struct Run {
    source: Source,
    noted: Noted,
    waiting: Waiting,
    missing: Missing,
    watcher: Option<Watcher>,
    /// Whether the store could be listened to, or never tells anything.
    can_hear: bool,
    /// Folders that cannot be listened to.
    deaf: BTreeSet<String>,
    held: Option<Held>,
    /// Whether the operator said that what is held is really gone, and it is not withdrawn yet.
    released: bool,
    /// Live paths in the ledger, as far as this source knows; counted anew where a decision hangs on it.
    known: u64,
    /// Whether everything was listed and recorded once.
    listed: bool,
    /// Whether a listing is wanted that has not come to its end.
    owed: bool,
    /// Whether what the ledger holds under another agency's code was moved to the declared one.
    reassigned: bool,
    left_outs: LeftOuts,
    /// Whether it was woken so late that events may wait which it has not heard.
    overslept: bool,
    /// Whether the ledger was told what this source knows of a former hold.
    in_order: bool,
    next_listing: Timestamp,
    /// After a record failed, nothing is recorded before this.
    not_before: Timestamp,
    listing_failures: u32,
    record_failures: u32,
}

impl Run {
    fn now(&self) -> Timestamp {
        (self.source.steady)()
    }

    fn name(&self) -> &str {
        &self.source.pipeline.name
    }

    fn subject(&self) -> Subject {
        Subject::of(self.name(), &self.source.pipeline.agency)
    }

    fn is_settled(&self) -> bool {
        let decided = self.missing.is_empty() || self.held.is_some();
        self.listed && !self.owed && self.waiting.is_empty() && decided
    }

    /// Takes note of what the watcher says. Gives whether only a listing tells the rest.
    fn hears(&mut self, heard: Option<Heard>) -> bool {
        match heard {
            Some(Heard::Path(path)) => {
                if self.source.pipeline.source.filter.takes(&path) {
                    self.waiting.look_at(&path, self.now());
                }
                false
            }
            Some(Heard::Everything) => true,
            Some(Heard::Deaf { folder, reason }) => {
                tracing::warn!(pipeline = self.name(), %folder, %reason, "no events from this folder: it is listed every minute");
                self.deaf.insert(folder);
                self.next_listing = self.next_listing.min(self.now().plus_ms(ms(DEAF_LISTING)));
                false
            }
            Some(Heard::Again(folder)) => self.deaf.remove(&folder),
            None => {
                self.watcher = None;
                self.deaf.clear();
                true
            }
        }
    }

    /// Takes note of all that the watcher has ready: what came together is looked at together. Gives whether only a
    /// listing tells the rest.
    fn drain(&mut self) -> bool {
        let mut everything = false;
        while let Some(heard) = self.watcher.as_mut().and_then(Watcher::ready) {
            everything |= self.hears(Some(heard));
        }
        everything
    }

    /// Lists everything, records what is new and notes what is missing.
    async fn list(&mut self, release: bool, state: &watch::Sender<SourceState>) {
        // Before the listing, so that nothing falls between the two; again at each listing while it fails.
        if self.watcher.is_none() {
            self.watcher = self.listen().await;
        }
        self.owed = true;
        self.released |= release;
        let begun = self.now();
        let clock = Arc::clone(&self.source.steady);
        match self.compare(release).await {
            Ok(unlisted) => {
                self.listed = true;
                self.owed = false;
                self.listing_failures = 0;
                self.source.board.clear(Kind::SourceAway, &self.subject());
                self.recorded();
                if state.borrow().unlisted != unlisted {
                    for (path, reason) in &unlisted {
                        tracing::warn!(pipeline = self.name(), %path, %reason, "cannot be listed");
                    }
                }
                // It was away when it was to be listened to, and is back: what falls between the two only another
                // listing tells.
                let back = !self.can_hear && {
                    self.watcher = self.listen().await;
                    self.watcher.is_some()
                };
                let often = match self.can_hear && self.deaf.is_empty() {
                    true => self.source.pipeline.source.reconcile,
                    // Without events, listing is the only way to hear of a new file.
                    false => DEAF_LISTING.min(self.source.pipeline.source.reconcile),
                };
                self.next_listing = clock().plus_ms(ms(often));
                // What a listing costs is not paid again and again: at most a tenth of the time.
                let took = clock().0.saturating_sub(begun.0);
                let soon = ms(HELD_LISTING).max(took.saturating_mul(10));
                if self.held.is_some() || is_mass(self.missing.len(), self.known) {
                    self.next_listing = self.next_listing.min(clock().plus_ms(soon));
                }
                if back {
                    self.next_listing = clock();
                }
                state.send_modify(|state| {
                    state.failure = None;
                    state.unlisted = unlisted;
                });
            }
            Err(SourceError::Store(error)) => {
                self.listing_failures += 1;
                let message = format!("{}: {error}", self.source.store.place());
                self.source.board.set(Kind::SourceAway, self.subject(), &message);
                self.next_listing = clock().plus_ms(self.wait_ms(self.listing_failures));
                if self.listing_failures >= PATIENCE {
                    state.send_modify(|state| state.failure = Some(error.to_string()));
                }
            }
            Err(SourceError::Ledger(error)) => {
                self.not_recorded(&error);
                self.next_listing = self.not_before;
            }
        }
    }

    fn wait_ms(&self, failures: u32) -> i64 {
        AGAIN.wait_ms(failures, (self.source.jitter)())
    }

    /// The ledger took nothing: everything waits for a moment.
    fn not_recorded(&mut self, error: &LedgerError) {
        self.record_failures += 1;
        let wait = AGAIN.after(error).wait_ms(self.record_failures, (self.source.jitter)());
        self.not_before = self.now().plus_ms(wait);
        self.source.board.ledger_failed(self.subject(), error);
    }

    fn recorded(&mut self) {
        self.record_failures = 0;
        self.source.board.clear(Kind::LedgerUnwritable, &self.subject());
    }

    /// Begins to listen. A store that never tells anything is listed as often as declared; one that cannot just
    /// now, every minute.
    async fn listen(&mut self) -> Option<Watcher> {
        match self.source.store.watch().await {
            Ok(watcher) => {
                self.can_hear = true;
                watcher
            }
            Err(error) => {
                if std::mem::replace(&mut self.can_hear, false) {
                    tracing::warn!(pipeline = self.name(), %error, "no events: it is listed every minute instead");
                }
                None
            }
        }
    }

    /// Compares everything that is listed with everything that is known. Gives what could not be listed.
    async fn compare(&mut self, release: bool) -> Result<Vec<(String, String)>, SourceError> {
        self.reassign().await?;
        let told = self.word().await?;
        let filter = self.source.pipeline.source.filter.clone();
        let mut listed = Listing::of(self.source.store.list(), move |key| filter.takes(key));
        if let Err(error) = listed.peek().await {
            if self.released {
                self.withdraw_held().await?;
            }
            if self.listing_failures + 1 >= PATIENCE && self.held.is_none() {
                // Everything is out of sight, which is the largest disappearance there is.
                self.known = self.count_known().await?;
                // A word about fewer is none about all of it.
                self.released &= told >= self.known;
                if self.known > 0 {
                    self.hold(self.known).await?;
                }
            }
            return Err(error.into());
        }
        let ledger = Arc::clone(&self.source.ledger);
        let mut known = KnownPaths::of(ledger, self.name());
        let mut known_paths = 0;
        let mut gone = Vec::new();
        let mut take = Vec::new();
        while let Some(compared) = compare(listed.peek().await?, known.peek().await?) {
            if compared != Compared::New {
                known_paths += 1;
            }
            let old = if compared == Compared::New { None } else { known.take() };
            let new = if compared == Compared::Gone { None } else { listed.take() };
            match (compared, old, new) {
                (Compared::Gone, Some(old), _) => gone.push(old.path),
                (Compared::New | Compared::Changed, _, Some(file)) if self.has_settled(&file) => {
                    take.push(file);
                }
                (Compared::Same, _, Some(file)) => self.waiting.forget(&file.path),
                _ => {}
            }
            if take.len() >= BATCH {
                known_paths += self.see(std::mem::take(&mut take)).await?;
            }
        }
        known_paths += self.see(take).await?;
        let left_out = listed.left_out();
        let unreadable = |left_out: &&LeftOut| left_out.kind == LeftOutKind::Unreadable;
        let unlisted: Vec<(String, String)> = left_out
            .iter()
            .filter(unreadable)
            .map(|left_out| (left_out.key.clone(), left_out.reason.clone()))
            .collect();
        let folders: Vec<String> = unlisted.iter().map(|(path, _)| path.clone()).collect();
        gone.retain(|path| !is_hidden(path, &folders));
        self.left_outs.replace(left_out).await?;
        self.known = known_paths;
        let now = self.now();
        let first = !self.listed;
        self.missing.replace(gone, now);
        // A word that was given while the source was away, or while nobody looked, is about what was missing then.
        if release || (self.released && self.missing.len() <= told) {
            self.withdraw().await?;
            self.released = false;
            return Ok(unlisted);
        }
        self.released = false;
        if first {
            // Nothing goes at this moment as far as anybody can tell: all of it went while nobody looked, and there
            // is no more to wait for.
            self.conclude(&Window { quiet_ms: 0, span_ms: 0, longest_ms: 0 }).await?;
        }
        Ok(unlisted)
    }

    /// How many missing paths the operator's word is about. It may have been given before this process began.
    async fn word(&mut self) -> Result<u64, LedgerError> {
        let held = match &self.held {
            Some(held) => Some(held.clone()),
            None if self.released || !self.listed => self.source.ledger.held(self.name()).await?,
            None => None,
        };
        self.released |= held.as_ref().is_some_and(|held| held.released);
        Ok(held.map_or(0, |held| held.missing))
    }

    /// A corrected agency code moves what was read under the former one, too, without reading it again.
    async fn reassign(&mut self) -> Result<(), LedgerError> {
        let Pipeline { name, agency, .. } = &self.source.pipeline;
        while !self.reassigned {
            let moved = self.source.ledger.reassign(name, agency, BATCH as u32).await?;
            if moved > 0 {
                tracing::info!(pipeline = %name, %agency, moved, "files moved to the agency that is declared");
            }
            self.reassigned = moved == 0;
        }
        Ok(())
    }

    async fn count_known(&self) -> Result<u64, LedgerError> {
        KnownPaths::of(Arc::clone(&self.source.ledger), self.name()).count().await
    }

    /// Looks at the paths that are due, and records what it sees.
    async fn look(&mut self) {
        while self.not_before <= self.now() {
            let paths = self.waiting.take(self.now(), BATCH);
            if paths.is_empty() {
                return;
            }
            let mut take = Vec::new();
            // What cannot be taken, and what is not that, or no longer.
            let (mut found, mut ended) = (Vec::new(), Vec::new());
            let mut gone = Vec::new();
            for path in &paths {
                match self.source.store.look(path).await {
                    Ok(Some(Seen::Object(file))) => {
                        self.missing.is_back(&file.path);
                        ended.push(path.to_string());
                        if self.has_settled(&file) {
                            take.push(file);
                        }
                    }
                    Ok(Some(Seen::LeftOut(left_out))) => found.push(left_out),
                    Ok(Some(Seen::Unlisted { reason, .. })) => {
                        found.push(unreadable(path, reason));
                    }
                    Ok(None) => {
                        ended.push(path.to_string());
                        match self.left_outs.kind(path) {
                            None | Some(LeftOutKind::Unreadable) => gone.push(path),
                            // It was no file, and what file it had replaced is missing already.
                            Some(_) => self.waiting.confirm(path),
                        }
                    }
                    Err(error @ StoreError::Denied { .. }) => {
                        // Until somebody changes the rights, which is an event, or the next listing says it again.
                        tracing::warn!(pipeline = self.name(), %path, %error, "cannot be looked at");
                        found.push(unreadable(path, error.to_string()));
                    }
                    Err(error) => {
                        tracing::debug!(pipeline = self.name(), %path, %error, "cannot be looked at yet");
                        self.come_again(path);
                    }
                }
            }
            if let Err(error) = self.leave_out(found, ended).await {
                self.not_recorded(&error);
                for path in &paths {
                    self.come_again(path);
                }
                return;
            }
            let now = self.now();
            for path in gone {
                self.missing.add(path.to_string(), now);
                self.waiting.confirm(path);
            }
            let paths: Vec<String> = take.iter().map(|file| file.path.clone()).collect();
            match self.see(take).await {
                Ok(received) => self.known += received,
                Err(error) => {
                    self.not_recorded(&error);
                    for path in paths {
                        self.come_again(&path);
                    }
                }
            }
        }
    }

    /// Tells the ledger what was found that cannot be taken, and which keys are not of such, or no longer; and lets go
    /// of their paths.
    async fn leave_out(
        &mut self,
        found: Vec<LeftOut>,
        ended: Vec<String>,
    ) -> Result<(), LedgerError> {
        let is_news = |left_out: &&LeftOut| {
            left_out.kind != LeftOutKind::Unreadable
                && self.left_outs.kind(&left_out.key) != Some(left_out.kind)
        };
        let mut replaced = Vec::new();
        for left_out in found.iter().filter(is_news) {
            // A file was there, and is missing like any other.
            let document = DocumentId::new(self.source.store.name(), &left_out.key, None);
            if self.source.ledger.standing_of(document, &Scope::All).await?.is_some() {
                replaced.push(left_out.key.clone());
            }
        }
        let keys: Vec<String> = found.iter().map(|left_out| left_out.key.clone()).collect();
        if self.left_outs.amend(found, ended).await? {
            self.recorded();
        }
        let now = self.now();
        for key in replaced {
            self.missing.add(key, now);
        }
        for key in keys {
            self.waiting.confirm(&key);
        }
        Ok(())
    }

    fn come_again(&mut self, path: &str) {
        let now = self.now();
        let jitter = (self.source.jitter)();
        self.waiting.failed(path, now, |failures| AGAIN.wait_ms(failures, jitter));
    }

    /// Whether a file is to be taken now; else it is looked at again when it may have settled.
    fn has_settled(&mut self, file: &Listed) -> bool {
        let now = self.now();
        let settle = ms(self.source.pipeline.source.settle);
        let before = self.waiting.look(&file.path).filter(|look| look.version == file.version);
        let same_for_ms = before.map(|look| now.0.saturating_sub(look.at.0));
        match settled(file, same_for_ms, settle, (self.source.clock)()) {
            Settle::Take => true,
            Settle::LookAgain { after_ms } => {
                let look = Look { version: file.version.clone(), at: now };
                self.waiting.look_again(&file.path, at_tick(now.plus_ms(after_ms)), look);
                false
            }
        }
    }

    /// Records sightings, and only then lets go of their paths. Gives how many paths are live that were not.
    async fn see(&mut self, files: Vec<Listed>) -> Result<u64, LedgerError> {
        let mut received = 0;
        for batch in files.chunks(BATCH) {
            self.noted.begin_pass();
            let sightings: Vec<Sighting> = batch
                .iter()
                .map(|file| sighting(&self.source.pipeline, self.source.store.name(), file, 3))
                .collect();
            received += match self.source.ledger.see(&sightings).await {
                Ok(seen) => seen.received,
                Err(error) if error.is_of_the_act() => self.see_each(&sightings).await?,
                Err(error) => return Err(error),
            };
            self.noted.settle(batch.iter().map(|file| file.path.clone())).await?;
            for file in batch {
                self.waiting.forget(&file.path);
            }
            self.recorded();
            self.source.work.notify_waiters();
        }
        Ok(received)
    }

    /// One of these sightings is refused for good; the others must not suffer for it.
    async fn see_each(&mut self, sightings: &[Sighting]) -> Result<u64, LedgerError> {
        let mut received = 0;
        for sighting in sightings {
            match self.source.ledger.see(std::slice::from_ref(sighting)).await {
                Ok(seen) => received += seen.received,
                Err(error) if error.is_of_the_act() => {
                    let path = sighting.object.path.clone();
                    let (agency, reason) = (Some(sighting.agency.clone()), error.to_string());
                    self.noted.note(NoteKind::ObjectRefused, path, agency, &reason, 0).await?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(received)
    }

    /// Decides on what is missing. Gives when to decide again.
    async fn decide(&mut self) -> Option<Timestamp> {
        let nothing = self.missing.is_empty() && self.held.is_none() && self.in_order;
        // A source that cannot be listed says nothing about what is gone.
        if nothing || !self.listed || self.listing_failures > 0 {
            return None;
        }
        let now = self.now();
        if now < self.not_before {
            return Some(self.not_before);
        }
        let window = self.source.window;
        if std::mem::take(&mut self.overslept) && !self.missing.is_empty() {
            return Some(now.plus_ms(window.quiet_ms));
        }
        match self.conclude(&window).await {
            Ok(again) => again,
            Err(error) => {
                self.not_recorded(&error);
                Some(self.not_before)
            }
        }
    }

    async fn conclude(&mut self, window: &Window) -> Result<Option<Timestamp>, LedgerError> {
        let now = self.now();
        let mut gone = self.missing.gone(self.known, window, now);
        let mut decision = decide(&gone, window, now);
        if decision == Decision::Hold && self.held.is_none() {
            // What this source remembers may be out of date: the count is worth its cost here.
            self.known = self.count_known().await?;
            gone.known = self.known;
            decision = decide(&gone, window, now);
        }
        if decision == Decision::Hold {
            self.hold(gone.missing).await?;
            return Ok(None);
        }
        self.end_hold().await?;
        if self.missing.is_empty() {
            return Ok(None);
        }
        match decision {
            Decision::Withdraw => self.withdraw().await.map(|()| None),
            Decision::Wait(then) => Ok(Some(then)),
            Decision::Hold => Ok(None),
        }
    }

    /// Holds what is missing for the operator's word.
    async fn hold(&mut self, missing: u64) -> Result<(), LedgerError> {
        let ledger = &self.source.ledger;
        let before = match &self.held {
            Some(held) => Some(held.clone()),
            None => ledger.held(self.name()).await?,
        };
        let since = before.as_ref().map_or_else(|| (self.source.clock)(), |held| held.since);
        let held = Held { missing, known: self.known, since, released: self.released };
        if before.as_ref() != Some(&held) {
            ledger.hold_back(self.name(), Some(held.clone())).await?;
            self.recorded();
        }
        let message = format!("{missing} of {} files are gone", self.known);
        self.source.board.set(Kind::Held, self.subject(), &message);
        if self.held.is_none() {
            // Events may say that they are back, and may not: a lost mount sends none.
            self.next_listing = self.next_listing.min(self.now().plus_ms(ms(HELD_LISTING)));
        }
        self.held = Some(held);
        self.in_order = true;
        Ok(())
    }

    async fn end_hold(&mut self) -> Result<(), LedgerError> {
        if self.held.is_none() && self.in_order {
            return Ok(());
        }
        self.source.ledger.hold_back(self.name(), None).await?;
        self.recorded();
        self.source.board.clear(Kind::Held, &self.subject());
        self.held = None;
        self.in_order = true;
        Ok(())
    }

    /// Withdraws what the operator was told is gone, where the source cannot be listed to look once more: the folder
    /// itself may be what was removed, and then no listing ever says so.
    async fn withdraw_held(&mut self) -> Result<(), LedgerError> {
        let held = match &self.held {
            Some(held) => Some(held.clone()),
            None => self.source.ledger.held(self.name()).await?,
        };
        match held {
            None => self.released = false,
            Some(held) if held.missing >= held.known => {
                let mut known = KnownPaths::of(Arc::clone(&self.source.ledger), self.name());
                let now = self.now();
                while known.peek().await?.is_some() {
                    if let Some(known) = known.take() {
                        self.missing.add(known.path, now);
                    }
                }
                self.withdraw().await?;
                self.released = false;
            }
            // Which they are, the next listing says.
            Some(_) => {}
        }
        Ok(())
    }

    /// Withdraws what is missing, and only then lets go of it.
    async fn withdraw(&mut self) -> Result<(), LedgerError> {
        self.end_hold().await?;
        loop {
            let batch = self.missing.batch(BATCH);
            if batch.is_empty() {
                return Ok(());
            }
            let now = self.now();
            let live = self.source.ledger.vanish(self.source.store.name(), &batch).await?;
            self.recorded();
            self.missing.confirm(&batch, now);
            self.known = self.known.saturating_sub(live);
            self.source.work.notify_waiters();
        }
    }
}

/// The sighting of a file by a pipeline, with the priority of its job: 1 for what a person waits for, 3 for a drop.
pub fn sighting(pipeline: &Pipeline, store: &str, file: &Listed, priority: u8) -> Sighting {
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
        priority,
    }
}

fn unreadable(path: &str, reason: String) -> LeftOut {
    LeftOut { key: path.to_owned(), kind: LeftOutKind::Unreadable, reason }
}

fn at_tick(due: Timestamp) -> Timestamp {
    Timestamp(due.0.saturating_add(TICK_MS - 1) / TICK_MS * TICK_MS)
}

async fn hear(watcher: &mut Option<Watcher>) -> Option<Heard> {
    match watcher {
        Some(watcher) => watcher.next().await,
        None => std::future::pending().await,
    }
}

#[derive(Debug, thiserror::Error)]
enum SourceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
