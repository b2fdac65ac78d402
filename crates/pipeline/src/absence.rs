use std::collections::BTreeSet;
use std::sync::Arc;

use madang_document::condition::Kind;
use madang_document::timestamp::Timestamp;
use madang_ledger::error::LedgerError;
use madang_ledger::held::Held;

use crate::known_paths::KnownPaths;
use crate::missing::{Decision, Gone, Missing, Window, decide, is_mass};
use crate::recording::Recording;
use crate::source::Source;

/// Paths of one transaction at most.
const BATCH: usize = 500;

/// Paths of a mass disappearance that are named.
const FIRST: usize = 20;

/// What a source misses, and what becomes of it: it is withdrawn, or held for the operator's word.
pub(crate) struct Absence {
    source: Source,
    missing: Missing,
    held: Option<Held>,
    /// Whether the operator said that what is held is really gone, and it is not withdrawn yet: as the ledger has it,
    /// whichever node was told.
    released: bool,
    /// Whether the source was away, or something was held, since it was last seen with most of its files: an empty
    /// folder in its place proves nothing, however few they are.
    doubted: bool,
    /// Live paths in the ledger, as far as this source knows; counted anew where a decision hangs on it.
    known: u64,
    /// Whether the ledger was told what this source knows of a former hold.
    in_order: bool,
}

impl Absence {
    /// Of a source that was not listed yet.
    pub(crate) fn of(source: Source) -> Absence {
        let missing = Missing::default();
        Absence {
            source,
            missing,
            held: None,
            released: false,
            doubted: false,
            known: 0,
            in_order: false,
        }
    }

    /// This path is not there now.
    pub(crate) fn add(&mut self, path: String) {
        let now = self.now();
        self.missing.add(path, now);
    }

    /// This path is there.
    pub(crate) fn is_back(&mut self, path: &str) {
        self.missing.is_back(path);
    }

    /// So many paths are live that were not.
    pub(crate) fn came(&mut self, paths: u64) {
        self.known += paths;
    }

    /// The source could not be listed.
    pub(crate) fn doubt(&mut self) {
        self.doubted = true;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.missing.is_empty()
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The first paths of what is held, for those who are to say whether it is really gone.
    pub(crate) fn first_held(&self) -> Vec<String> {
        if self.is_held() { self.missing.batch(FIRST) } else { Vec::new() }
    }

    /// Whether nothing is missing or held, and the ledger knows that.
    pub(crate) fn is_over(&self) -> bool {
        self.missing.is_empty() && self.held.is_none() && self.in_order
    }

    /// Whether so much is missing that the operator is asked, or will be.
    pub(crate) fn is_mass(&self) -> bool {
        self.held.is_some() || is_mass(self.missing.len(), self.known, self.doubted)
    }

    /// The source cannot be listed, though it was tried again (`lastingly`): everything is out of sight, which is the
    /// largest disappearance there is.
    pub(crate) async fn out_of_sight(
        &mut self,
        lastingly: bool,
        recording: &mut Recording,
    ) -> Result<(), LedgerError> {
        if self.released && self.held.is_some() {
            self.withdraw_held(recording).await?;
        }
        if lastingly && self.held.is_none() {
            self.known = self.count_known().await?;
            if std::mem::take(&mut self.released) {
                // It was given when nobody looked, about what the next listing would show. It shows nothing, and that
                // the source is away whoever gave it did not know.
                self.source.ledger.end_hold(self.source.name()).await?;
            }
            if self.known > 0 {
                self.hold(self.known, recording).await?;
            }
        }
        Ok(())
    }

    /// A whole listing says that these are gone and no others, of so many that the ledger knows. `about` is what
    /// [`word`](Absence::word) gave.
    pub(crate) async fn listed(
        &mut self,
        gone: Vec<String>,
        known: u64,
        about: u64,
        first: bool,
        recording: &mut Recording,
    ) -> Result<(), LedgerError> {
        self.known = known;
        let now = self.now();
        self.missing.replace(gone, now);
        self.doubted &= is_mass(self.missing.len(), known, true);
        if covers(self.released, about, self.missing.len()) {
            self.withdraw(recording).await?;
            self.released = false;
            return Ok(());
        }
        self.released = false;
        if first {
            // Nothing goes at this moment as far as anybody can tell: all of it went while nobody looked, and there
            // is no more to wait for.
            let at_once = Window { quiet_ms: 0, span_ms: 0, longest_ms: 0 };
            self.conclude(&at_once, recording).await?;
        }
        Ok(())
    }

    /// How many missing paths the operator's word is about. It may have been given before this process began.
    /// `first` is whether nothing was listed yet.
    pub(crate) async fn word(&mut self, first: bool) -> Result<u64, LedgerError> {
        if self.held.is_none() && !first {
            self.released = false;
            return Ok(0);
        }
        let held = self.source.ledger.held(self.source.name()).await?;
        self.released = held.as_ref().is_some_and(|held| held.released);
        self.doubted |= held.is_some();
        Ok(held.map_or(0, |held| held.missing))
    }

    /// Decides on what is missing. Gives when to decide again.
    pub(crate) async fn conclude(
        &mut self,
        window: &Window,
        recording: &mut Recording,
    ) -> Result<Option<Timestamp>, LedgerError> {
        let now = self.now();
        let doubted = self.doubted || self.held.is_some();
        let mut gone = Gone { doubted, ..self.missing.gone(self.known, window, now) };
        let mut decision = decide(&gone, window, now);
        if decision == Decision::Hold && self.held.is_none() {
            // What this source remembers may be out of date: the count is worth its cost here.
            self.known = self.count_known().await?;
            (gone.known, gone.missing) = (self.known, self.missing.len());
            decision = decide(&gone, window, now);
        }
        if decision == Decision::Hold {
            self.hold(gone.missing, recording).await?;
            return Ok(None);
        }
        let was_held = self.held.is_some();
        self.end_hold(recording).await?;
        if self.missing.is_empty() {
            return Ok(None);
        }
        if was_held {
            // So many are back that the rest is no mass any more. They come one after the other: nobody may take those that
            // are on their way for removed.
            self.missing.watch_anew(now);
            return Ok(Some(now.plus_ms(window.quiet_ms)));
        }
        match decision {
            Decision::Withdraw => self.withdraw(recording).await.map(|()| None),
            Decision::Wait(then) => Ok(Some(then)),
            Decision::Hold => Ok(None),
        }
    }

    /// Holds what is missing for the operator's word.
    async fn hold(&mut self, missing: u64, recording: &mut Recording) -> Result<(), LedgerError> {
        let stands = |held: &Held| (held.missing, held.known) == (missing, self.known);
        if !self.held.as_ref().is_some_and(stands) {
            let (ledger, known) = (&self.source.ledger, self.known);
            self.held = Some(ledger.hold_back(self.source.name(), missing, known).await?);
            recording.succeeded();
        }
        let message = format!("{missing} of {} files are gone", self.known);
        self.source.board.set(Kind::Held, self.source.subject(), &message);
        self.in_order = true;
        Ok(())
    }

    async fn end_hold(&mut self, recording: &mut Recording) -> Result<(), LedgerError> {
        if self.held.is_none() && self.in_order {
            return Ok(());
        }
        self.source.ledger.end_hold(self.source.name()).await?;
        recording.succeeded();
        self.source.board.clear(Kind::Held, &self.source.subject());
        self.held = None;
        self.in_order = true;
        Ok(())
    }

    /// Withdraws what the operator was told is gone, where the source cannot be listed to look once more: the folder
    /// itself may be what was removed, and then no listing ever says so.
    async fn withdraw_held(&mut self, recording: &mut Recording) -> Result<(), LedgerError> {
        match &self.held {
            None => self.released = false,
            Some(held) if held.missing >= held.known => {
                let mut known = KnownPaths::of(Arc::clone(&self.source.ledger), self.source.name());
                let now = self.now();
                while known.peek().await?.is_some() {
                    if let Some(known) = known.take() {
                        self.missing.add(known.path, now);
                    }
                }
                self.withdraw(recording).await?;
                self.released = false;
            }
            // Which they are, the next listing says.
            Some(_) => {}
        }
        Ok(())
    }

    /// Withdraws what is missing, and only then lets go of it.
    async fn withdraw(&mut self, recording: &mut Recording) -> Result<(), LedgerError> {
        self.doubted = false;
        self.end_hold(recording).await?;
        loop {
            let batch = self.missing.batch(BATCH);
            if batch.is_empty() {
                return Ok(());
            }
            let now = self.now();
            let live = self.source.ledger.vanish(self.source.store.name(), &batch).await?;
            recording.succeeded();
            (self.source.outdated)(self.source.store.name(), &batch);
            self.missing.confirm(&batch, now);
            self.known = self.known.saturating_sub(live);
            self.source.work.notify_waiters();
        }
    }

    /// Counts what the ledger knows, and forgets of what is missing whatever it does not: a file that came and went
    /// before it was recorded is missed by nobody, and many of them are no mass of a few.
    async fn count_known(&mut self) -> Result<u64, LedgerError> {
        let mut known = KnownPaths::of(Arc::clone(&self.source.ledger), self.source.name());
        let (mut count, mut missed) = (0, BTreeSet::new());
        while known.peek().await?.is_some() {
            count += 1;
            missed.extend(known.take().map(|known| known.path).filter(|it| self.missing.has(it)));
        }
        self.missing.keep(missed);
        Ok(count)
    }

    fn now(&self) -> Timestamp {
        (self.source.steady)()
    }
}

/// Whether a word of the operator, which was given (`released`) when so many were missing, is about all that are missing
/// now.
fn covers(released: bool, about: u64, missing: u64) -> bool {
    released && missing <= about
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_about_no_more_than_was_missing_then() {
        for (released, about, missing, expected) in [
            (false, 0, 0, false),
            (false, 9, 9, false),
            (true, 9, 9, true),
            (true, 9, 8, true),
            (true, 9, 10, false),
        ] {
            assert_eq!(covers(released, about, missing), expected, "{released} {about} {missing}");
        }
    }
}
