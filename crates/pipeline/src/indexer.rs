use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use madang_document::cause::told;
use madang_document::condition::{Kind, Subject};
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_index::index::{Index, IndexError};
use madang_index::record::{Change, Record};
use madang_ledger::documents::Stored;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;

use crate::async_index::AsyncIndex;
use crate::batch::{self, Taken};
use crate::board::Board;
use crate::clock::Clock;
use crate::follow::{Follower, Gathering, Obstacle, Progress};
use crate::heads::Heads;
use crate::lost_texts::LostTexts;
use crate::noted::{Fetched, Noted};
use crate::record::{record, text_bytes};
use crate::resume::{Resume, resume};
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
    let own = AsyncIndex::of(Arc::clone(index), partition.clone()).checkpoint().await;
    Ok(match own {
        Ok(Some(own)) => told.min(own),
        // Where nothing is to be found any more, no index is all there is to have.
        Ok(None) if is_left(ledger, partition).await? => told,
        Ok(None) | Err(_) => 0,
    })
}

/// Whether a partition is an agency's whose code was corrected, or that was never one of ours: no document in it, not even
/// a withdrawn one, and no pipeline that could bring one.
async fn is_left(ledger: &dyn Ledger, partition: &Partition) -> Result<bool, LedgerError> {
    if ledger.partitions().await?.contains(partition) {
        return Ok(false);
    }
    Ok(ledger.queues().await?.iter().all(|queue| queue.agency != partition.agency))
}

/// What indexers work on.
#[derive(Clone)]
pub struct Indexing {
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

impl std::fmt::Debug for Indexing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Indexing")
    }
}

/// Owns the index of one agency. The checkpoint in the index is the truth; the cursor in the ledger is moved after
/// it, for others to read.
pub(crate) struct Indexer {
    of: Indexing,
    partition: Partition,
    index: AsyncIndex,
    at: At,
    /// Whether it was begun anew because of damage, and has not caught up since.
    anew: bool,
    /// Whether the last document may have left since that was asked.
    may_be_left: bool,
    noted: Noted,
    lost_texts: LostTexts,
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
        self.may_be_left = true;
        self.noted.forget();
        self.lost_texts.forget();
    }

    fn subject(&self) -> Subject {
        Subject::of(&reader(&self.partition).to_string(), &self.partition.agency)
    }

    fn behind(&self) -> Kind {
        Kind::IndexBehind
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.changes.get(&self.partition).copied().unwrap_or(0)
    }

    fn gathering(&self) -> Gathering {
        GATHERING
    }

    async fn step(&mut self, head: u64) -> Result<Progress, Obstacle> {
        match self.take_step(head).await {
            Ok(step) => Ok(step),
            Err(IndexerError::Index(error)) if error.must_be_rebuilt() => {
                let kind = match &error {
                    IndexError::Outdated(_) => Kind::IndexAnew,
                    _ => Kind::IndexDamaged,
                };
                self.of.board.set(kind, self.subject(), &error.to_string());
                self.begin_anew().await?;
                // What breaks before it was whole breaks again: not without a pause.
                match std::mem::replace(&mut self.anew, true) {
                    true => Err(Obstacle::of(error)),
                    false => Ok(Progress::More),
                }
            }
            // Where it stood is asked anew: what was applied before the obstacle may be there or not.
            Err(IndexerError::Index(error)) => {
                self.at = At::Unknown;
                Err(Obstacle::of(error))
            }
            Err(error) => {
                // However long it waits: the outbox may be trimmed meanwhile, which is asked where it resumes.
                if let At::Following(_) = self.at {
                    self.at = At::Unknown;
                }
                Err(error.into())
            }
        }
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
enum IndexerError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Index(#[from] IndexError),
    #[error("texts cannot be read")]
    Blobs(#[from] BlobError),
}

impl From<IndexerError> for Obstacle {
    fn from(error: IndexerError) -> Obstacle {
        match error {
            IndexerError::Ledger(error) => error.into(),
            IndexerError::Index(error) => Obstacle::of(error),
            IndexerError::Blobs(error) => Obstacle::of(error),
        }
    }
}

impl Indexer {
    pub(crate) fn new(of: Indexing, partition: Partition) -> Indexer {
        let index = AsyncIndex::of(Arc::clone(&of.index), partition.clone());
        let noted = Noted::new(Arc::clone(&of.ledger), By::Reader(reader(&partition)));
        let (ledger, clock) = (Arc::clone(&of.ledger), Arc::clone(&of.clock));
        let lost_texts = LostTexts::of(ledger, partition.clone(), clock);
        Indexer {
            of,
            partition,
            index,
            at: At::Unknown,
            anew: false,
            may_be_left: true,
            noted,
            lost_texts,
        }
    }

    async fn take_step(&mut self, head: u64) -> Result<Progress, IndexerError> {
        self.noted.begin_pass();
        // Asked at each turn: a search may have met damage.
        let checkpoint = self.index.checkpoint().await?;
        match self.at {
            At::Unknown => self.resume(checkpoint).await,
            At::Building { start, after } => self.build(start, after).await,
            At::Following(from) if from >= head => {
                self.anew = false;
                if std::mem::take(&mut self.may_be_left) {
                    self.leave().await?;
                }
                self.lost_texts.read_again_what_is_due(&mut self.noted).await?;
                Ok(Progress::Done(from))
            }
            At::Following(from) => self.catch_up(from).await,
        }
    }

    async fn resume(&mut self, checkpoint: Option<u64>) -> Result<Progress, IndexerError> {
        let reader = reader(&self.partition);
        let (first, last) =
            (self.of.ledger.trimmed(&reader).await?, self.of.ledger.last_seq().await?);
        let checkpoint = match checkpoint {
            // An index that holds nothing is not built. What comes from here on the outbox tells.
            None if is_left(self.of.ledger.as_ref(), &self.partition).await? => last,
            checkpoint => checkpoint.unwrap_or(0),
        };
        match resume(checkpoint, first, last) {
            Resume::Follow => {}
            Resume::Build => {
                self.clear().await?;
                return Ok(Progress::More);
            }
            Resume::BuildAnew(reason) => {
                self.of.board.set(Kind::IndexAnew, self.subject(), reason);
                self.clear().await?;
                return Ok(Progress::More);
            }
        }
        self.of.ledger.advance(&reader, checkpoint).await?;
        self.lost_texts.resume(&self.noted.all().await?);
        self.at = At::Following(checkpoint);
        Ok(Progress::More)
    }

    /// Removes the index if nothing is left that could be in it.
    pub(crate) async fn forget_if_left(&self) -> Result<(), Obstacle> {
        self.leave().await.map_err(Obstacle::from)
    }

    async fn leave(&self) -> Result<(), IndexerError> {
        if is_left(self.of.ledger.as_ref(), &self.partition).await? {
            self.index.forget().await?;
        }
        Ok(())
    }

    pub(crate) async fn begin_anew(&mut self) -> Result<(), Obstacle> {
        match self.clear().await {
            Ok(()) => Ok(()),
            Err(error) => {
                self.at = At::Unknown;
                Err(error.into())
            }
        }
    }

    async fn clear(&mut self) -> Result<(), IndexerError> {
        self.of.ledger.reset(&reader(&self.partition)).await?;
        self.index.clear().await?;
        // Read before the first document: whatever changes from here on is told again by the outbox.
        let start = self.of.ledger.last_seq().await?;
        self.at = At::Building { start, after: None };
        Ok(())
    }

    /// Brings one page of the ledger's documents into the index. Its checkpoint stays 0 until the last is there, so
    /// that an index half built is never taken for a whole one.
    async fn build(
        &mut self,
        start: u64,
        after: Option<DocumentId>,
    ) -> Result<Progress, IndexerError> {
        let page = self.of.ledger.ids_after(&self.partition, after, PAGE).await?;
        let Some(last) = page.last().copied() else {
            if start > 0 {
                self.apply(Vec::new(), start).await?;
            }
            self.of.ledger.advance(&reader(&self.partition), start).await?;
            for kind in [Kind::IndexDamaged, Kind::IndexAnew] {
                self.of.board.clear(kind, &self.subject());
            }
            self.at = At::Following(start);
            return Ok(Progress::More);
        };
        let Fetched { stored, .. } = self.documents(&page).await?;
        // What has left since it was met is not to be found here: the outbox tells of it.
        let here: Vec<Stored> =
            stored.into_values().filter(|stored| self.is_here(stored)).collect();
        let mut changes = Vec::new();
        let mut text = 0;
        for stored in &here {
            let record = self.record(stored).await?;
            text += text_bytes(&record);
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
        Ok(Progress::More)
    }

    /// Applies one batch of the outbox.
    async fn catch_up(&mut self, from: u64) -> Result<Progress, IndexerError> {
        let outbox = self.of.ledger.changes(&self.partition, from, BATCH).await?;
        let Some(last) = outbox.last().copied() else {
            return Ok(Progress::Done(from));
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
                    text += text_bytes(&record);
                    Change::Put { revision, record: Box::new(record) }
                }
                None => {
                    self.may_be_left = true;
                    Change::Delete { revision, id: change.document }
                }
            });
        }
        self.apply(changes, through).await?;
        self.settle(taken.into_iter()).await?;
        // Before it says how far it came: a run that ends there leaves no empty index behind.
        if through == last && std::mem::take(&mut self.may_be_left) {
            self.leave().await?;
        }
        self.of.ledger.advance(&reader(&self.partition), through).await?;
        self.at = At::Following(through);
        Ok(Progress::after(rows, BATCH, through, last))
    }

    async fn documents(&mut self, ids: &[DocumentId]) -> Result<Fetched, LedgerError> {
        self.noted.documents(ids, Some(&self.partition.agency)).await
    }

    fn is_here(&self, stored: &Stored) -> bool {
        // What describes another file is found under that.
        !stored.withdrawn
            && !stored.document.is_sidecar()
            && stored.document.partition() == self.partition
    }

    /// These documents are as they should be, but for what was noted of them just now.
    async fn settle(&mut self, ids: impl Iterator<Item = DocumentId>) -> Result<(), LedgerError> {
        let settled = self.noted.settle(ids.map(|id| id.to_string())).await?;
        for subject in settled {
            if let Ok(id) = subject.parse() {
                self.lost_texts.settled(id);
            }
        }
        Ok(())
    }

    /// Applies changes. One that the index refuses for good is noted and passed over.
    async fn apply(&mut self, changes: Vec<Change>, checkpoint: u64) -> Result<(), IndexerError> {
        let changes = Arc::new(changes);
        let (index, all) = (&self.index, changes.len());
        let at = match self.at {
            At::Following(from) => from,
            At::Unknown | At::Building { .. } => 0,
        };
        let step = |part: &[Change]| {
            // The checkpoint is moved by what is done with all of them.
            let (part, at) = match part.len() == all {
                true => (Arc::clone(&changes), checkpoint),
                false => (Arc::new(part.to_vec()), at),
            };
            index.apply(part, at)
        };
        let agency = &self.partition.agency;
        let noted = &mut self.noted;
        let applied = batch::take(&changes, step, refusal, noted, |noted, change, reason| {
            let (id, agency) = (change.id().to_string(), Some(agency.clone()));
            Box::pin(async move {
                Ok(noted.note(NoteKind::RecordRefused, id, agency, &reason, 0).await?)
            })
        });
        match applied.await? {
            Taken::Together(()) => Ok(()),
            Taken::OneByOne(_) => Ok(self.index.apply(Arc::default(), checkpoint).await?),
        }
    }

    /// The record of a document. One whose text is lost is found by its other properties; the loss is noted.
    async fn record(&mut self, stored: &Stored) -> Result<Record, IndexerError> {
        let document = &stored.document;
        let Some(text) = &document.text else { return Ok(record(document, Vec::new())) };
        match self.of.blobs.read_text(text).await {
            Ok(segments) => Ok(record(document, segments)),
            Err(error) if error.is_lasting() => {
                // What was read anew meanwhile has another text; the outbox tells of it.
                let now = self.of.ledger.document(document.id).await?;
                if now.is_some_and(|now| now.document.text.as_ref() == Some(text)) {
                    let why = told(&error);
                    self.lost_texts.lost(&mut self.noted, document.id, &why).await?;
                }
                let outcome = Outcome::Partial;
                Ok(Record { outcome, ..record(document, Vec::new()) })
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Why an index refuses a change for good.
fn refusal(error: IndexError) -> Result<String, IndexerError> {
    match error {
        IndexError::Refused(reason) => Ok(reason),
        IndexError::Damaged { .. } | IndexError::Outdated(_) | IndexError::Unavailable { .. } => {
            Err(error.into())
        }
    }
}
