use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use madang_catalog::asset;
use madang_catalog::series::Series;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::entry::Draft;
use madang_document::extent::Extent;
use madang_document::id::DocumentId;
use madang_document::principal::Scope;
use madang_ledger::documents::Stored;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::notes::{By, NoteKind};
use madang_ledger::reader::Reader;
use tokio::sync::Notify;

use crate::batch::{self, of_the_act};
use crate::follow::{Follower, Gathering, Obstacle, Progress};
use crate::heads::Heads;
use crate::noted::{Fetched, Noted};
use crate::series;
use madang_document::cause::told;
use madang_document::condition::{Kind, Subject};

/// Documents of one transaction at most: one flush to disk serves them all.
const BATCH: u32 = 500;

/// Entries are catalogued as soon as they can be found, or a little later.
const GATHERING: Gathering = Gathering {
    quiet: Duration::from_millis(200),
    longest: Duration::from_secs(4),
    enough: BATCH as u64,
};

/// How often the entries of drop folders are written while files keep coming: their counts change with every
/// file, and each change is an event that others harvest. When nothing more comes they are written at once.
const SERIES: Duration = Duration::from_secs(60);

/// Makes the catalogue entries of documents as they change: an entry is made from the document and the declaration
/// of its pipeline, and from nothing else.
pub struct Cataloguer {
    ledger: Arc<dyn Ledger>,
    series: Arc<HashMap<String, Series>>,
    noted: Noted,
    at: Option<u64>,
    /// Declarations that changed, or are new: what their pipelines hold is walked over, after so many documents.
    walks: Vec<Walk>,
    /// Pipelines of documents that nobody declares here: told once each.
    undeclared: BTreeSet<String>,
    /// Pipelines whose documents changed since their own entry was written.
    changed: BTreeSet<String>,
    /// When a batch was last catalogued, and when the entries of drop folders were last written.
    batch: Instant,
    written: Instant,
    /// Told when somebody waits for the entries of drop folders, and whether that was heard.
    flush: Arc<Notify>,
    asked: bool,
}

/// A walk over the documents of a pipeline.
struct Walk {
    pipeline: String,
    declaration: BlobId,
    after: Option<DocumentId>,
}

/// Grows when entries of the same document and declaration are made in another way: then all are made anew.
const PROFILE: u32 = 3;

/// What the catalogue is told of a pipeline, as a hash. The entry of its folder says all that those of its
/// documents inherit.
pub fn declaration(series: &Series) -> BlobId {
    let node = madang_catalog::series::entry(series, &Extent::default());
    BlobId::of(format!("{PROFILE}\n{}", node.body).as_bytes())
}

impl std::fmt::Debug for Cataloguer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cataloguer")
    }
}

#[async_trait]
impl Follower for Cataloguer {
    fn reader(&self) -> Reader {
        Reader::Cataloguer
    }

    fn begin(&mut self) {
        self.at = None;
        self.walks.clear();
        self.noted.forget();
    }

    fn subject(&self) -> Subject {
        Subject::part(&Reader::Cataloguer.to_string())
    }

    fn behind(&self) -> Kind {
        Kind::CatalogueBehind
    }

    fn head(&self, heads: &Heads) -> u64 {
        heads.documents
    }

    fn gathering(&self) -> Gathering {
        GATHERING
    }

    async fn step(&mut self, head: u64) -> Result<Progress, Obstacle> {
        let step = self.take_step(head).await;
        if step.is_err() {
            // However long it waits: the outbox may be trimmed meanwhile.
            self.at = None;
        }
        Ok(step?)
    }

    async fn asked(&mut self) {
        self.flush.notified().await;
        self.asked = true;
    }
}

impl Cataloguer {
    /// Over these declarations, by pipeline. Told by `flush`, it writes the entries of drop folders at once.
    pub fn new(
        ledger: Arc<dyn Ledger>,
        series: Arc<HashMap<String, Series>>,
        flush: Arc<Notify>,
    ) -> Cataloguer {
        let now = Instant::now();
        let changed = series.keys().cloned().collect();
        Cataloguer {
            noted: noted(Arc::clone(&ledger)),
            ledger,
            series,
            at: None,
            walks: Vec::new(),
            undeclared: BTreeSet::new(),
            changed,
            batch: now,
            written: now,
            flush,
            asked: false,
        }
    }

    async fn take_step(&mut self, head: u64) -> Result<Progress, LedgerError> {
        self.noted.begin_pass();
        let mut at = match self.at {
            Some(at) => at,
            None => self.find_place().await?,
        };
        if at < head {
            let changes = self.ledger.document_changes(at, BATCH).await?;
            if let Some(last) = changes.last().copied() {
                let rows = changes.len();
                // However often a document changed, its entry is made once, from what the ledger holds now.
                let ids: BTreeSet<DocumentId> =
                    changes.readable().into_iter().map(|change| change.document).collect();
                let ids: Vec<DocumentId> = ids.into_iter().collect();
                self.catalogue(&ids).await?;
                self.ledger.advance(&Reader::Cataloguer, last).await?;
                self.at = Some(last);
                self.batch = Instant::now();
                if Progress::after(rows, BATCH, last, last) == Progress::More {
                    return Ok(Progress::More);
                }
                at = last;
            }
        }
        if self.walk().await? {
            return Ok(Progress::More);
        }
        let quiet = self.batch.elapsed() > Duration::from_secs(1);
        let due = !self.changed.is_empty() && (quiet || self.written.elapsed() > SERIES);
        if self.asked || due {
            let series = match self.asked {
                true => in_order(&self.series),
                false => self.changed.iter().filter_map(|name| self.series.get(name)).collect(),
            };
            series::refresh(self.ledger.as_ref(), &series).await?;
            self.changed.clear();
            self.asked = false;
            self.written = Instant::now();
        }
        Ok(Progress::Done(at))
    }

    /// Finds out where to go on, and which declarations are not what the catalogue was last told. Who comes so late
    /// that the outbox was trimmed makes everything anew.
    async fn find_place(&mut self) -> Result<u64, LedgerError> {
        let reader = Reader::Cataloguer;
        let mut at = self.ledger.cursor(&reader).await?;
        if at < self.ledger.trimmed(&reader).await? {
            let start = self.ledger.last_seq().await?;
            rebuild(&self.ledger, &self.series).await?;
            self.noted.forget();
            self.ledger.advance(&reader, start).await?;
            at = start;
        }
        let mut names: Vec<&String> = self.series.keys().collect();
        names.sort();
        // A walk that an obstacle broke off goes on where it was.
        let mut former = std::mem::take(&mut self.walks);
        for pipeline in names {
            let Some(series) = self.series.get(pipeline) else { continue };
            let declaration = declaration(series);
            if self.ledger.declared(pipeline).await? != Some(declaration) {
                let walk = former
                    .extract_if(.., |walk| walk.pipeline == *pipeline)
                    .find(|walk| walk.declaration == declaration);
                let pipeline = pipeline.clone();
                self.walks.push(walk.unwrap_or(Walk { pipeline, declaration, after: None }));
            }
        }
        self.at = Some(at);
        Ok(at)
    }

    /// Makes the entries of one page of a walk, from the documents as they were read: no file is read again. Gives
    /// whether there was one to make.
    async fn walk(&mut self) -> Result<bool, LedgerError> {
        let Some(walk) = self.walks.last() else { return Ok(false) };
        let (pipeline, declaration) = (walk.pipeline.clone(), walk.declaration);
        let page = self.ledger.ids_of(&pipeline, walk.after, BATCH).await?;
        match page.last().copied() {
            Some(last) => {
                self.catalogue(&page).await?;
                if let Some(walk) = self.walks.last_mut() {
                    walk.after = Some(last);
                }
            }
            None => {
                self.changed.insert(pipeline.clone());
                self.ledger.declare(&pipeline, declaration).await?;
                self.walks.pop();
            }
        }
        Ok(true)
    }

    /// Documents of pipelines that nobody declares have no entry. Once one is declared again it is to be walked over,
    /// even if it is declared as before.
    async fn note_undeclared(&mut self, documents: &[Document]) -> Result<(), LedgerError> {
        for document in documents {
            let pipeline = &document.pipeline;
            if !self.series.contains_key(pipeline) && self.undeclared.insert(pipeline.clone()) {
                self.ledger.declare(pipeline, BlobId::of(b"undeclared")).await?;
            }
        }
        Ok(())
    }

    /// Writes the entries of documents as they stand now, and withdraws those of documents that are gone.
    async fn catalogue(&mut self, ids: &[DocumentId]) -> Result<(), LedgerError> {
        let Fetched { stored, .. } = self.noted.documents(ids, None).await?;
        self.changed.extend(stored.values().map(|stored| stored.document.pipeline.clone()));
        let (live, gone): (Vec<_>, Vec<_>) = stored.into_values().partition(has_entry);
        let documents: Vec<Document> = live.into_iter().map(|stored| stored.document).collect();
        self.note_undeclared(&documents).await?;
        write(self.ledger.as_ref(), &self.series, &documents, &mut self.noted).await?;
        let gone: Vec<String> = gone.iter().map(|stored| stored.document.id.to_string()).collect();
        if !gone.is_empty() {
            self.ledger.withdraw_entries(&gone).await?;
        }
        let done = documents.iter().map(|document| document.id.to_string()).chain(gone);
        self.noted.settle(done).await?;
        Ok(())
    }
}

/// Whether a document has an entry: it is live, and says something for itself. What describes another file is told in the
/// entry of that.
fn has_entry(stored: &Stored) -> bool {
    !stored.withdrawn && !stored.document.is_sidecar()
}

/// What the cataloguer passed over.
fn noted(ledger: Arc<dyn Ledger>) -> Noted {
    Noted::new(ledger, By::Reader(Reader::Cataloguer))
}

/// Writes the entries of documents. One that the ledger refuses is noted and passed over.
async fn write(
    ledger: &dyn Ledger,
    series: &HashMap<String, Series>,
    documents: &[Document],
    noted: &mut Noted,
) -> Result<u64, LedgerError> {
    let drafts: Vec<Draft> = documents
        .iter()
        .filter_map(|document| {
            // One that still carries a former agency's code is about to be moved, and is told again then.
            let series = series.get(&document.pipeline)?;
            (series.agency == document.agency).then(|| asset::entry(document, series))
        })
        .collect();
    if drafts.is_empty() {
        return Ok(0);
    }
    let put = |part| ledger.put_entries(part);
    let put = batch::take(&drafts, put, of_the_act, noted, |noted, draft, error| {
        Box::pin(async move {
            let (id, agency) = (draft.id.clone(), Some(draft.agency.clone()));
            noted.note(NoteKind::EntryRefused, id, agency, &told(&error), 0).await
        })
    });
    Ok(put.await?.answers().into_iter().sum())
}

/// Makes every entry anew from the documents and declarations, and withdraws those whose document is gone. What is
/// as it should be stays in its version. Gives how many entries changed.
///
/// # Errors
/// When the ledger does not answer.
pub async fn rebuild(
    ledger: &Arc<dyn Ledger>,
    series: &HashMap<String, Series>,
) -> Result<u64, LedgerError> {
    let mut noted = noted(Arc::clone(ledger));
    let ledger = ledger.as_ref();
    let mut changed = 0;
    for partition in ledger.partitions().await? {
        let mut after = None;
        loop {
            let page = ledger.ids_after(&partition, after, BATCH).await?;
            let Some(last) = page.last().copied() else { break };
            let Fetched { stored, .. } = noted.documents(&page, None).await?;
            let live = stored.into_values().filter(has_entry);
            let documents: Vec<Document> = live.map(|stored| stored.document).collect();
            changed += write(ledger, series, &documents, &mut noted).await?;
            noted.settle(documents.iter().map(|document| document.id.to_string())).await?;
            after = Some(last);
        }
    }
    let mut after: Option<String> = None;
    loop {
        let page = ledger.entries(&Scope::All, false, after.as_deref(), BATCH).await?;
        let Some(last) = page.last().cloned() else { break };
        // An entry that cannot be read back was made anew above, if its document is live: what is left of those is to be
        // withdrawn with their documents. The entry of a document has its id.
        let ids = page.0.iter().filter_map(|row| match &row.value {
            Ok(entry) => entry.draft.document,
            Err(_) => row.key.parse().ok(),
        });
        let ids: Vec<DocumentId> = ids.collect();
        let Fetched { stored, unreadable } = noted.documents(&ids, None).await?;
        // What cannot be read is not known to be gone.
        let is_live =
            |id: &DocumentId| unreadable.contains(id) || stored.get(id).is_some_and(has_entry);
        let gone: Vec<String> =
            ids.iter().filter(|id| !is_live(id)).map(ToString::to_string).collect();
        if !gone.is_empty() {
            changed += ledger.withdraw_entries(&gone).await?;
        }
        after = Some(last);
    }
    Ok(changed + series::refresh(ledger, &in_order(series)).await?)
}

/// All of these declarations, by the names of their pipelines.
pub fn in_order(series: &HashMap<String, Series>) -> Vec<&Series> {
    let mut all: Vec<&Series> = series.values().collect();
    all.sort_by(|a, b| a.pipeline.cmp(&b.pipeline));
    all
}
