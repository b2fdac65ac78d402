use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use madang_document::condition::Kind;
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::metadata as meta;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::timestamp::Timestamp;
use madang_index::index::{Index, IndexError};
use madang_index::record::{Change, Record};
use madang_ledger::documents::Stored;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;
use madang_ledger::rereads::{Again, again};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::board::{Board, Subject};
use crate::clock::Clock;
use crate::follow::{Follower, Gathering, Obstacle, Step, Way, follow};
use crate::heads::Heads;
use crate::noted::{Fetched, Noted};
use madang_store::blobs::{BlobError, Blobs};

/// Outbox rows of one commit at most, and bytes of text at most: a commit costs some flushes to disk, so many
/// changes share one; the text of all of them lies in memory at once.
const BATCH: u32 = 2_000;
const BATCH_TEXT: usize = 32 << 20;

/// Documents read from the ledger at once while an index is built anew.
const PAGE: u32 = 500;

/// Fresh within a second when little comes, within five while much does.
const GATHERING: Gathering = Gathering {
    quiet: Duration::from_millis(200),
    longest: Duration::from_secs(4),
    enough: BATCH as u64,
};

/// Where an index stands in its owner's list of cursors.
pub fn reader(partition: &Partition) -> Reader {
    Reader::Index(partition.clone())
}

/// How far the index of a partition has come, by what it says itself and by what the ledger was told: an index that is
/// lost has come nowhere, though it was far before. One that cannot be asked is mended by who follows for it.
///
/// # Errors
/// When the ledger does not answer.
pub async fn reached(
    ledger: &dyn Ledger,
    index: &Arc<dyn Index>,
    partition: &Partition,
) -> Result<u64, LedgerError> {
    let told = ledger.cursor(&reader(partition)).await?;
    let (index, partition) = (Arc::clone(index), partition.clone());
    let own = blocking(move || index.checkpoint(&partition)).await;
    Ok(told.min(own.ok().flatten().unwrap_or(0)))
}

/// The indexes of all agencies, each followed on its own: what ails one is nothing to the others.
#[derive(Clone)]
pub struct Indexers {
    /// The record.
    pub ledger: Arc<dyn Ledger>,
    /// Texts.
    pub blobs: Blobs,
    /// Full text.
    pub index: Arc<dyn Index>,
    /// Told of damage.
    pub board: Board,
    /// The time.
    pub clock: Clock,
}

impl std::fmt::Debug for Indexers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Indexers")
    }
}

/// The indexers that run.
#[derive(Debug, Default)]
pub struct Following {
    partitions: BTreeSet<Partition>,
    running: JoinSet<()>,
}

impl Indexers {
    /// Follows the outbox with an indexer for each agency that has documents or an index, until `stop`.
    /// `following` is what runs already.
    pub async fn run(self, following: &mut Following, mut way: Way) {
        let subject = Subject::part("indexers");
        // When to ask who is there; nobody any more once it was told.
        let mut ask = Some(Instant::now());
        let mut failures = 0;
        loop {
            let mut partitions: BTreeSet<Partition> =
                way.heads.borrow_and_update().changes.keys().cloned().collect();
            if ask.is_some_and(|ask| ask <= Instant::now()) {
                match self.partitions().await {
                    Ok(there) => {
                        partitions.extend(there);
                        way.board.clear(Kind::IndexBehind, &subject);
                        ask = None;
                    }
                    Err(obstacle) => {
                        failures += 1;
                        obstacle.show(&way.board, &subject);
                        let wait = obstacle.wait_ms(failures, (way.jitter)()).unsigned_abs();
                        ask = Some(Instant::now() + Duration::from_millis(wait));
                    }
                }
            }
            for partition in partitions {
                if following.partitions.insert(partition.clone()) {
                    let indexer = Indexer::new(self.clone(), partition);
                    following.running.spawn(follow(indexer, way.clone()));
                }
            }
            tokio::select! {
                () = way.stop.cancelled() => break,
                changed = way.heads.changed() => if changed.is_err() { break },
                () = tokio::time::sleep_until(ask.unwrap_or_else(Instant::now)), if ask.is_some() => {}
            }
        }
        while following.running.join_next().await.is_some() {}
    }

    /// The agencies that have documents or an index. The outbox does not name them all: who was quiet for longer than
    /// it is kept stands in the ledger only, and may have lost its index.
    async fn partitions(&self) -> Result<BTreeSet<Partition>, Obstacle> {
        let held = self.ledger.partitions().await?;
        let index = Arc::clone(&self.index);
        let stored = blocking(move || index.partitions()).await.map_err(Obstacle::of)?;
        Ok(held.into_iter().chain(stored).collect())
    }

    /// Builds every index anew from the ledger, and returns when that is done.
    ///
    /// # Errors
    /// When the ledger, the texts or the index cannot be reached.
    pub async fn rebuild(&self) -> Result<(), Obstacle> {
        for partition in self.partitions().await? {
            let mut indexer = Indexer::new(self.clone(), partition);
            indexer.begin_anew().await?;
            while indexer.step(u64::MAX).await? == Step::More {}
        }
        Ok(())
    }
}

/// Owns the index of one agency. The checkpoint in the index is the truth; the cursor in the ledger is moved after
/// it, for others to read.
struct Indexer {
    of: Indexers,
    partition: Partition,
    at: At,
    /// Whether it was begun anew because of damage, and has not caught up since.
    anew: bool,
    noted: Noted,
    /// When the objects of documents whose text is lost are read again; each is looked at then.
    rereads: BTreeMap<DocumentId, Timestamp>,
}

/// Where an indexer is.
enum At {
    /// It has not asked the index yet.
    Unknown,
    /// It builds the index from the documents that the ledger holds; then it goes on with the outbox at `start`.
    Building { start: u64, after: Option<DocumentId> },
    /// It follows the outbox, and has come so far.
    Following(u64),
}

#[async_trait]
impl Follower for Indexer {
    fn reader(&self) -> Reader {
        reader(&self.partition)
    }

    fn begin(&mut self) {
        self.at = At::Unknown;
        self.noted.forget();
        self.rereads.clear();
    }

    fn subject(&self) -> Subject {
        Subject::of(&reader(&self.partition).to_string(), &self.partition.agency)
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.changes.get(&self.partition).copied().unwrap_or(0)
    }

    fn gathering(&self) -> Gathering {
        GATHERING
    }

    async fn step(&mut self, head: u64) -> Result<Step, Obstacle> {
        match self.take_step(head).await {
            Ok(step) => Ok(step),
            Err(Trouble::Index(IndexError::Damaged { message, source })) => {
                self.of.board.set(Kind::IndexDamaged, self.subject(), &message);
                self.begin_anew().await?;
                // What breaks before it was whole breaks again: not without a pause.
                match std::mem::replace(&mut self.anew, true) {
                    true => Err(Obstacle::of(IndexError::Damaged { message, source })),
                    false => Ok(Step::More),
                }
            }
            // Where it stood is asked anew: what was applied before the obstacle may be there or not.
            Err(Trouble::Index(error)) => {
                self.at = At::Unknown;
                Err(Obstacle::of(error))
            }
            Err(trouble) => {
                // However long it waits: the outbox may be trimmed meanwhile, which is asked where it resumes.
                if let At::Following(_) = self.at {
                    self.at = At::Unknown;
                }
                Err(match trouble {
                    Trouble::Ledger(error) => error.into(),
                    Trouble::Index(error) => Obstacle::of(error),
                    Trouble::Blobs(error) => Obstacle::of(error),
                })
            }
        }
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("texts cannot be read")]
    Blobs(#[from] BlobError),
}

impl Indexer {
    fn new(of: Indexers, partition: Partition) -> Indexer {
        let noted = Noted::new(Arc::clone(&of.ledger), By::Reader(reader(&partition)));
        let rereads = BTreeMap::new();
        Indexer { of, partition, at: At::Unknown, anew: false, noted, rereads }
    }

    async fn take_step(&mut self, head: u64) -> Result<Step, Trouble> {
        self.noted.begin_pass();
        // Asked at each turn: a search may have met damage.
        let (index, partition) = (Arc::clone(&self.of.index), self.partition.clone());
        let checkpoint = blocking(move || index.checkpoint(&partition)).await?;
        match self.at {
            At::Unknown => self.resume(checkpoint.unwrap_or(0)).await,
            At::Building { start, after } => self.build(start, after).await,
            At::Following(from) if from >= head => {
                self.anew = false;
                self.read_again_what_is_due().await?;
                Ok(Step::Done(from))
            }
            At::Following(from) => self.catch_up(from).await,
        }
    }

    /// Where an index goes on: at its own checkpoint. One that has none is built from the documents, and so is one
    /// that is ahead of the ledger, which then is not the one it was built from.
    async fn resume(&mut self, checkpoint: u64) -> Result<Step, Trouble> {
        if checkpoint == 0 {
            self.clear().await?;
            return Ok(Step::More);
        }
        let (first, last) = (
            self.of.ledger.trimmed(&reader(&self.partition)).await?,
            self.of.ledger.last_seq().await?,
        );
        if checkpoint < first || checkpoint > last {
            let reason = match checkpoint > last {
                true => "it is ahead of the ledger",
                false => "it is so old that the outbox no longer tells what it missed",
            };
            self.of.board.set(Kind::IndexDamaged, self.subject(), reason);
            self.clear().await?;
            return Ok(Step::More);
        }
        self.of.ledger.advance(&reader(&self.partition), checkpoint).await?;
        let now = (self.of.clock)();
        for note in self.noted.all().await? {
            if let (NoteKind::TextLost, Ok(id)) = (note.kind, note.subject.parse()) {
                self.plan_reread(id, again(note.tries, note.at, now), now);
            }
        }
        self.at = At::Following(checkpoint);
        Ok(Step::More)
    }

    async fn begin_anew(&mut self) -> Result<(), Obstacle> {
        match self.clear().await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.at = At::Unknown;
                Err(match error {
                    Trouble::Ledger(error) => error.into(),
                    Trouble::Index(error) => Obstacle::of(error),
                    Trouble::Blobs(error) => Obstacle::of(error),
                })
            }
        }
    }

    async fn clear(&mut self) -> Result<(), Trouble> {
        self.of.ledger.reset(&reader(&self.partition)).await?;
        let (index, partition) = (Arc::clone(&self.of.index), self.partition.clone());
        blocking(move || index.clear(&partition)).await?;
        // Read before the first document: whatever changes from here on is told again by the outbox.
        let start = self.of.ledger.last_seq().await?;
        self.at = At::Building { start, after: None };
        Ok(())
    }

    /// Brings one page of the ledger's documents into the index. Its checkpoint stays 0 until the last is there, so
    /// that an index half built is never taken for a whole one.
    async fn build(&mut self, start: u64, after: Option<DocumentId>) -> Result<Step, Trouble> {
        let page = self.of.ledger.ids_after(&self.partition, after, PAGE).await?;
        let Some(last) = page.last().copied() else {
            if start > 0 {
                self.apply(Vec::new(), start).await?;
            }
            self.of.ledger.advance(&reader(&self.partition), start).await?;
            self.of.board.clear(Kind::IndexDamaged, &self.subject());
            self.at = At::Following(start);
            return Ok(Step::More);
        };
        let Fetched { stored, .. } = self.documents(&page).await?;
        // What has left since it was met is not to be found here: the outbox tells of it.
        let here: Vec<Stored> =
            stored.into_values().filter(|stored| self.is_here(stored)).collect();
        let mut changes = Vec::new();
        let mut text = 0;
        for stored in &here {
            let record = self.record(stored).await?;
            text += size(&record);
            // Whatever the outbox tells of it from here on has a higher number.
            changes.push(Change::Put { revision: start, record: Box::new(record) });
            if text > BATCH_TEXT {
                self.apply(std::mem::take(&mut changes), 0).await?;
                text = 0;
            }
        }
        self.apply(changes, 0).await?;
        self.settle(page.into_iter()).await?;
        self.at = At::Building { start, after: Some(last) };
        Ok(Step::More)
    }

    /// Applies one batch of the outbox.
    async fn catch_up(&mut self, from: u64) -> Result<Step, Trouble> {
        let outbox = self.of.ledger.changes(&self.partition, from, BATCH).await?;
        let Some(last) = outbox.last().copied() else {
            return Ok(Step::Done(from));
        };
        let rows = outbox.len();
        // Of a row that cannot be read nobody knows whom it tells of; it is passed like the others.
        let outbox = outbox.readable();
        // However often a document changed, its record is made once, from what the ledger holds now.
        let mut ids: Vec<DocumentId> = outbox.iter().map(|change| change.document).collect();
        ids.sort();
        ids.dedup();
        let Fetched { stored, unreadable } = self.documents(&ids).await?;
        // The record is of the last change of its document that was read here.
        let revisions: BTreeMap<DocumentId, u64> =
            outbox.iter().map(|change| (change.document, change.seq)).collect();
        let mut changes = Vec::new();
        let mut text = 0;
        // How far the batch goes: to its end, unless its texts are too many.
        let (mut through, mut before) = (last, from);
        let mut taken = BTreeSet::new();
        for change in &outbox {
            if text > BATCH_TEXT {
                through = before;
                break;
            }
            before = change.seq;
            if !taken.insert(change.document) || unreadable.contains(&change.document) {
                continue;
            }
            let revision = revisions.get(&change.document).copied().unwrap_or(change.seq);
            // A document that is withdrawn, or belongs to another agency by now, is not to be found here.
            let here = stored.get(&change.document).filter(|stored| self.is_here(stored));
            changes.push(match here {
                Some(stored) => {
                    let record = self.record(stored).await?;
                    text += size(&record);
                    Change::Put { revision, record: Box::new(record) }
                }
                None => Change::Delete { revision, id: change.document },
            });
        }
        self.apply(changes, through).await?;
        self.settle(taken.into_iter()).await?;
        self.of.ledger.advance(&reader(&self.partition), through).await?;
        self.at = At::Following(through);
        Ok(Step::after(rows, BATCH, through, last))
    }

    async fn documents(&mut self, ids: &[DocumentId]) -> Result<Fetched, LedgerError> {
        self.noted.documents(ids, Some(&self.partition.agency)).await
    }

    fn is_here(&self, stored: &Stored) -> bool {
        !stored.withdrawn && Partition::of(stored.document.agency.clone()) == self.partition
    }

    /// These documents are as they should be, but for what was noted of them just now.
    async fn settle(&mut self, ids: impl Iterator<Item = DocumentId>) -> Result<(), LedgerError> {
        let settled = self.noted.settle(ids.map(|id| id.to_string())).await?;
        for subject in settled {
            if let Ok(id) = subject.parse() {
                self.rereads.remove(&id);
            }
        }
        Ok(())
    }

    /// Applies changes. One that the index refuses for good is noted and passed over.
    async fn apply(&mut self, changes: Vec<Change>, checkpoint: u64) -> Result<(), Trouble> {
        let changes = Arc::new(changes);
        let (index, partition) = (Arc::clone(&self.of.index), self.partition.clone());
        let apply = |changes: Arc<Vec<Change>>, checkpoint| {
            let (index, partition) = (Arc::clone(&index), partition.clone());
            blocking(move || index.apply(&partition, &changes, checkpoint))
        };
        match apply(Arc::clone(&changes), checkpoint).await {
            Err(IndexError::Refused(_)) => {}
            answer => return Ok(answer?),
        }
        let at = match self.at {
            At::Following(from) => from,
            At::Unknown | At::Building { .. } => 0,
        };
        for change in changes.iter() {
            match apply(Arc::new(vec![change.clone()]), at).await {
                Err(IndexError::Refused(reason)) => {
                    self.note(NoteKind::RecordRefused, change.id(), &reason).await?;
                }
                answer => answer?,
            }
        }
        Ok(apply(Arc::default(), checkpoint).await?)
    }

    async fn note(
        &mut self,
        kind: NoteKind,
        document: DocumentId,
        why: &str,
    ) -> Result<(), LedgerError> {
        let agency = self.partition.agency.clone();
        self.noted.note(kind, document.to_string(), Some(agency), why, 0).await
    }

    /// The record of a document. One whose text is lost is found by its other properties; the loss is noted.
    async fn record(&mut self, stored: &Stored) -> Result<Record, Trouble> {
        let document = &stored.document;
        let Some(text) = &document.text else { return Ok(record(document, Vec::new())) };
        match self.of.blobs.read_text(text).await {
            Ok(segments) => Ok(record(document, segments)),
            Err(error) if error.is_lasting() => {
                // What was read anew meanwhile has another text; the outbox tells of it.
                let now = self.of.ledger.document(document.id).await?;
                if now.is_some_and(|now| now.document.text.as_ref() == Some(text)) {
                    self.text_is_lost(document.id, &error.to_string()).await?;
                }
                let outcome = Outcome::Partial;
                Ok(Record { outcome, ..record(document, Vec::new()) })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Has the object of a document read again whose text is lost, if it is time; notes the loss.
    async fn text_is_lost(&mut self, id: DocumentId, why: &str) -> Result<(), LedgerError> {
        let by = By::Reader(reader(&self.partition));
        let known = self.of.ledger.noted(&by, &id.to_string()).await?;
        let known = known.filter(|note| note.kind == NoteKind::TextLost);
        let now = (self.of.clock)();
        let (tries, at) = known.as_ref().map_or((0, now), |note| (note.tries, note.at));
        let mut plan = again(tries, at, now);
        let mut made = tries;
        if plan == Again::Now {
            // Not counted if one is under way already: it may wait in its queue for long.
            let reason = format!("its text is lost: {why}");
            made += u32::from(self.of.ledger.reread(id, &reason).await?);
            plan = again(made.max(1), now, now);
        }
        self.plan_reread(id, plan, now);
        if known.is_none_or(|note| note.tries != made) {
            let agency = Some(self.partition.agency.clone());
            self.noted.note(NoteKind::TextLost, id.to_string(), agency, why, made).await?;
        } else {
            self.noted.stands(id.to_string());
        }
        Ok(())
    }

    fn plan_reread(&mut self, id: DocumentId, plan: Again, now: Timestamp) {
        match plan {
            Again::Now => _ = self.rereads.insert(id, now),
            Again::At(then) => _ = self.rereads.insert(id, then),
            Again::Never => _ = self.rereads.remove(&id),
        }
    }

    /// Looks once more after the texts that are lost and whose time has come.
    async fn read_again_what_is_due(&mut self) -> Result<(), LedgerError> {
        let now = (self.of.clock)();
        let due: Vec<DocumentId> =
            self.rereads.iter().filter(|(_, then)| **then <= now).map(|(id, _)| *id).collect();
        for id in due {
            self.rereads.remove(&id);
            let by = By::Reader(reader(&self.partition));
            if let Some(note) = self.of.ledger.noted(&by, &id.to_string()).await? {
                self.text_is_lost(id, &note.reason).await?;
            }
        }
        Ok(())
    }
}

fn size(record: &Record) -> usize {
    record.segments.iter().map(|segment| segment.text.len()).sum()
}

/// Runs index work where blocking is allowed. A panic there is damage that nobody foresaw.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, IndexError> + Send + 'static,
) -> Result<T, IndexError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => {
            Err(IndexError::damaged(error.to_string()).because(error))
        }
        Err(error) => Err(IndexError::unavailable(error.to_string()).because(error)),
    }
}

/// The record of a document.
pub fn record(document: &Document, segments: Vec<Segment>) -> Record {
    let text = |name| document.metadata.text(name);
    let mut keywords: Vec<String> = Vec::new();
    keywords.extend(text(meta::DESCRIPTION).map(str::to_owned));
    keywords.extend(text(meta::AUTHOR).map(str::to_owned));
    match document.metadata.get(meta::KEYWORDS) {
        Some(meta::Value::Text(words)) => keywords.push(words.clone()),
        Some(meta::Value::List(words)) => {
            keywords.extend(words.iter().filter_map(|word| match word {
                meta::Value::Text(word) => Some(word.clone()),
                _ => None,
            }));
        }
        _ => {}
    }
    let date = [meta::TAKEN_AT, meta::CREATED, meta::MODIFIED]
        .into_iter()
        .find_map(|name| date(text(name)?))
        .or(document.object_modified);
    Record {
        id: document.id,
        partition: Partition::of(document.agency.clone()),
        pipeline: document.pipeline.clone(),
        path: document.path(),
        title: document.title().into_owned(),
        keywords: keywords.join("\n"),
        media_type: document.media_type.clone(),
        kind: document.media_type.kind(),
        language: document.language.clone(),
        outcome: document.outcome,
        date,
        size: document.size.unwrap_or(document.object.size),
        segments,
    }
}

/// A property that is a time, with or without an offset; without one it is taken as Korean time, where the
/// cameras and offices are.
fn date(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text)
        .or_else(|| Timestamp::parse(&format!("{text}+09:00")))
        .or_else(|| Timestamp::parse_start(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_an_offset_is_korean() {
        assert_eq!(date("2026-11-23T09:00:00").unwrap().to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(date("2026-11-23T09:00:00Z").unwrap().to_string(), "2026-11-23T09:00:00Z");
        assert_eq!(date("2026-11-23").unwrap().to_string(), "2026-11-23T00:00:00Z");
        assert_eq!(date("sometime"), None);
    }
}
