use std::sync::Arc;
use std::time::Duration;

use madang_document::cause::told;
use madang_document::condition::Kind;
use madang_document::id::DocumentId;
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;
use madang_ledger::objects::Renewal;
use madang_store::error::StoreError;
use madang_store::store::Listed;
use madang_store::watcher::Heard;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::absence::Absence;
use crate::backoff::Backoff;
use crate::clock::{ms, until};
use crate::declaration::Pipeline;
use crate::hearing::{Hearing, News};
use crate::known_paths::KnownPaths;
use crate::left_outs::LeftOuts;
use crate::listing::Listing;
use crate::listing_due::{DEAF_LISTING, Ended, HELD_LISTING, listing_due};
use crate::looked::{Looked, looked};
use crate::reconcile::{Compared, compare, is_hidden};
use crate::recording::Recording;
use crate::settle::{Look, Settle, settled};
use crate::sightings::Sightings;
use crate::source::{Ask, Source, SourceState};
use crate::waiting::Waiting;

/// Sightings of one transaction at most.
const BATCH: usize = 500;

/// Looks are due at multiples of so many milliseconds, so that files which came together share a transaction.
const TICK_MS: i64 = 100;

/// A path that cannot be recorded comes again soon: what stands in its way (a full disk, no descriptor) goes away
/// without telling anybody.
const AGAIN: Backoff = Backoff { base_ms: 500, cap_ms: 4_000 };

/// Listings that fail before those who wait for the source are told that it cannot be had.
const PATIENCE: u32 = 3;

impl Source {
    /// Runs until `stop`.
    pub async fn run(
        self,
        asks: &mut mpsc::Receiver<Ask>,
        state: watch::Sender<SourceState>,
        stop: CancellationToken,
    ) {
        let mut run = Run {
            waiting: Waiting::default(),
            absence: Absence::of(self.clone()),
            sightings: Sightings::of(self.clone()),
            left_outs: LeftOuts::of(Arc::clone(&self.ledger), &self.pipeline.name),
            hearing: Hearing::of(&self.pipeline.name),
            recording: Recording::of(self.clone(), AGAIN),
            listed: false,
            owed: true,
            overslept: false,
            reassigned: false,
            next_listing: (self.steady)(),
            listing_failures: 0,
            listed_refused: 0,
            source: self,
        };
        let mut ask = Some(Ask::Reconcile);
        loop {
            if ask.take().is_some() {
                run.list(&state).await;
            }
            if run.drain() {
                ask = Some(Ask::Reconcile);
                continue;
            }
            run.look().await;
            let decide_again = run.decide().await;
            let done = run.is_settled();
            let held = run.absence.first_held();
            state.send_if_modified(|state| {
                let changed = state.settled != done || state.held != held;
                (state.settled, state.held) = (done, held);
                changed
            });

            let due = run.waiting.next_due().into_iter().chain(decide_again).min();
            let due = due.map_or(run.next_listing, |due| {
                due.max(run.recording.not_before()).min(run.next_listing)
            });
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
                heard = run.hearing.next() => {
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
    waiting: Waiting,
    absence: Absence,
    sightings: Sightings,
    left_outs: LeftOuts,
    hearing: Hearing,
    recording: Recording,
    /// Whether everything was listed and recorded once.
    listed: bool,
    /// Whether a listing is wanted that has not come to its end.
    owed: bool,
    /// Whether what the ledger holds under another agency's code was moved to the declared one.
    reassigned: bool,
    /// Whether it was woken so late that events may wait which it has not heard.
    overslept: bool,
    next_listing: Timestamp,
    listing_failures: u32,
    /// Listings that came to their ends one after the other while it was refused to listen.
    listed_refused: u32,
}

impl Run {
    fn now(&self) -> Timestamp {
        (self.source.steady)()
    }

    fn name(&self) -> &str {
        self.source.name()
    }

    fn is_settled(&self) -> bool {
        let decided = self.absence.is_empty() || self.absence.is_held();
        self.listed && !self.owed && self.waiting.is_empty() && decided
    }

    /// Takes note of what the watcher says. Gives whether only a listing tells the rest.
    fn hears(&mut self, heard: Option<Heard>) -> bool {
        match self.hearing.take(heard) {
            News::Nothing => false,
            News::Path(path) => {
                if self.source.pipeline.source.filter.takes(&path) {
                    self.waiting.look_at(&path, self.now());
                }
                false
            }
            News::Deaf => {
                self.list_within(DEAF_LISTING);
                false
            }
            News::Everything => true,
        }
    }

    fn list_within(&mut self, span: Duration) {
        self.next_listing = self.next_listing.min(self.now().plus_ms(ms(span)));
    }

    /// Takes note of all that the watcher has ready: what came together is looked at together. Gives whether only a
    /// listing tells the rest.
    fn drain(&mut self) -> bool {
        let mut everything = false;
        while let Some(heard) = self.hearing.ready() {
            everything |= self.hears(Some(heard));
        }
        everything
    }

    /// Lists everything, records what is new and notes what is missing.
    async fn list(&mut self, state: &watch::Sender<SourceState>) {
        // Before the listing, so that nothing falls between the two; again at each listing while it fails.
        if !self.hearing.is_listening() {
            self.hearing.listen(self.source.store.as_ref()).await;
        }
        self.owed = true;
        let begun = self.now();
        match self.compare().await {
            Ok(unlisted) => {
                self.listed = true;
                self.owed = false;
                self.listing_failures = 0;
                self.source.board.clear(Kind::SourceAway, &self.source.subject());
                self.recording.succeeded();
                if state.borrow().unlisted != unlisted {
                    for (path, reason) in &unlisted {
                        tracing::warn!(pipeline = self.name(), %path, %reason, "cannot be listed");
                    }
                }
                // It was away when it was to be listened to, and is back: what falls between the two only another
                // listing tells.
                let is_back = self.hearing.is_refused() && {
                    self.hearing.listen(self.source.store.as_ref()).await;
                    self.hearing.is_listening()
                };
                self.listed_refused = match self.hearing.is_refused() {
                    true => self.listed_refused.saturating_add(1),
                    false => 0,
                };
                self.next_listing = listing_due(&Ended {
                    begun,
                    ended: self.now(),
                    reconcile: self.source.pipeline.source.reconcile,
                    is_heard: self.hearing.is_whole(),
                    refused: self.listed_refused,
                    is_mass: self.absence.is_mass(),
                    is_back,
                });
                state.send_modify(|state| {
                    state.failure = None;
                    state.unlisted = unlisted;
                });
            }
            Err(SourceError::Store(error)) => {
                self.listing_failures += 1;
                self.listed_refused = 0;
                self.absence.doubt();
                let message = error.told_of(&self.source.store.place());
                self.source.board.set(Kind::SourceAway, self.source.subject(), &message);
                let wait = AGAIN.wait_ms(self.listing_failures, (self.source.jitter)());
                self.next_listing = self.now().plus_ms(wait);
                if self.listing_failures >= PATIENCE {
                    state.send_modify(|state| state.failure = Some(told(&error)));
                }
            }
            Err(SourceError::Ledger(error)) => {
                self.recording.failed(&error);
                self.next_listing = self.recording.not_before();
            }
        }
    }

    /// Compares everything that is listed with everything that is known. Gives what could not be listed.
    async fn compare(&mut self) -> Result<Vec<(String, String)>, SourceError> {
        self.reassign().await?;
        let about = self.absence.word(!self.listed).await?;
        let filter = self.source.pipeline.source.filter.clone();
        let mut listed = Listing::of(self.source.store.list(), move |key| filter.takes(key));
        if let Err(error) = listed.peek().await {
            let lastingly = self.listing_failures + 1 >= PATIENCE;
            self.absence.out_of_sight(lastingly, &mut self.recording).await?;
            return Err(error.into());
        }
        let ledger = Arc::clone(&self.source.ledger);
        let mut known = KnownPaths::of(ledger, self.name());
        let mut known_paths = 0;
        let mut gone = Vec::new();
        let (mut take, mut fuller) = (Vec::new(), Vec::new());
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
                (Compared::Fuller, Some(old), Some(file)) => {
                    self.waiting.forget(&file.path);
                    fuller.push(Renewal { path: file.path, from: old.version, to: file.version });
                }
                _ => {}
            }
            if fuller.len() >= BATCH {
                self.renew(std::mem::take(&mut fuller)).await?;
            }
            if take.len() >= BATCH {
                self.left_outs.listed_so_far(listed.beside()).await?;
                known_paths += self.see(std::mem::take(&mut take)).await?;
            }
        }
        self.left_outs.listed_so_far(listed.beside()).await?;
        known_paths += self.see(take).await?;
        self.renew(fuller).await?;
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
        let first = !self.listed;
        self.absence.listed(gone, known_paths, about, first, &mut self.recording).await?;
        Ok(unlisted)
    }

    /// Says the versions again that were recorded by less than is known of a file now, so that its next change is seen
    /// by all of it. Nothing is read for that.
    async fn renew(&self, fuller: Vec<Renewal>) -> Result<(), LedgerError> {
        if !fuller.is_empty() {
            self.source.ledger.renew_versions(self.source.store.name(), &fuller).await?;
        }
        Ok(())
    }

    /// A corrected agency code moves what was read under the former one, too, without reading it again.
    async fn reassign(&mut self) -> Result<(), LedgerError> {
        let Pipeline { name, agency, .. } = &self.source.pipeline;
        while !self.reassigned {
            let moved = self.source.ledger.reassign(name, agency, BATCH as u32).await?;
            // Files that went long ago are moved with their rows, and are nobody's news.
            if moved.live > 0 {
                tracing::info!(pipeline = %name, %agency, moved = moved.live, "files moved to the agency that is declared");
            }
            self.reassigned = moved.paths == 0;
        }
        Ok(())
    }

    /// Looks at the paths that are due, and records what it sees.
    async fn look(&mut self) {
        while self.recording.not_before() <= self.now() {
            let paths = self.waiting.take(self.now(), BATCH);
            if paths.is_empty() {
                return;
            }
            let mut take = Vec::new();
            // What cannot be taken, and what is not that, or no longer.
            let (mut found, mut ended) = (Vec::new(), Vec::new());
            let mut gone = Vec::new();
            for path in &paths {
                let seen = self.source.store.look(path).await;
                match &seen {
                    Err(error @ StoreError::Denied { .. }) => {
                        tracing::warn!(pipeline = self.name(), %path, %error, "cannot be looked at");
                    }
                    Err(error) => {
                        tracing::debug!(pipeline = self.name(), %path, %error, "cannot be looked at yet");
                    }
                    Ok(_) => {}
                }
                match looked(path, seen, self.left_outs.kind(path)) {
                    Looked::File(file) => {
                        self.absence.is_back(&file.path);
                        ended.push(path.to_string());
                        if self.has_settled(&file) {
                            take.push(file);
                        }
                    }
                    Looked::LeftOut(left_out) => found.push(left_out),
                    Looked::Gone => {
                        ended.push(path.to_string());
                        gone.push(path);
                    }
                    Looked::Ended => {
                        ended.push(path.to_string());
                        self.waiting.confirm(path);
                    }
                    Looked::NotYet => self.come_again(path),
                }
            }
            if let Err(error) = self.leave_out(found, ended).await {
                self.recording.failed(&error);
                for path in &paths {
                    self.come_again(path);
                }
                return;
            }
            for path in gone {
                self.absence.add(path.to_string());
                self.waiting.confirm(path);
            }
            let paths: Vec<String> = take.iter().map(|file| file.path.clone()).collect();
            match self.see(take).await {
                Ok(received) => self.absence.came(received),
                Err(error) => {
                    self.recording.failed(&error);
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
            self.recording.succeeded();
        }
        for key in replaced {
            self.absence.add(key);
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
            received += self.sightings.record(batch).await?;
            for file in batch {
                self.waiting.forget(&file.path);
            }
            self.recording.succeeded();
            self.source.work.notify_waiters();
        }
        Ok(received)
    }

    /// Decides on what is missing. Gives when to decide again.
    async fn decide(&mut self) -> Option<Timestamp> {
        // A source that cannot be listed says nothing about what is gone.
        if self.absence.is_over() || !self.listed || self.listing_failures > 0 {
            return None;
        }
        let now = self.now();
        if now < self.recording.not_before() {
            return Some(self.recording.not_before());
        }
        let window = self.source.window;
        if std::mem::take(&mut self.overslept) && !self.absence.is_empty() {
            return Some(now.plus_ms(window.quiet_ms));
        }
        let held = self.absence.is_held();
        let concluded = self.absence.conclude(&window, &mut self.recording).await;
        if !held && self.absence.is_held() {
            // Events may say that they are back, and may not: a lost mount sends none.
            self.list_within(HELD_LISTING);
        }
        match concluded {
            Ok(again) => again,
            Err(error) => {
                self.recording.failed(&error);
                Some(self.recording.not_before())
            }
        }
    }
}

fn at_tick(due: Timestamp) -> Timestamp {
    Timestamp(due.0.saturating_add(TICK_MS - 1) / TICK_MS * TICK_MS)
}

#[derive(Debug, thiserror::Error)]
enum SourceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
