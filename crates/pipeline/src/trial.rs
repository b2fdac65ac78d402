use std::fmt;
use std::sync::Arc;

use madang_document::blob_id::BlobId;
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::reason::Reason;
use madang_extract::sidecar::Sidecar;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_sandbox::input::Input;
use madang_sandbox::request::Request;
use madang_sandbox::run::{RunError, run};
use madang_sandbox::run_report::RunReport;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;
use madang_store::blobs::text_id;
use madang_store::error::StoreError;
use madang_store::stores::Stores;

use crate::besides::{BesideError, Besides, close};
use crate::fetch::fetch;
use crate::reading::again;
use crate::seats::Seats;
use crate::terms::Terms;

/// Reads objects again for whoever wants to know what would change, in a child as always, and keeps nothing of it.
#[derive(Clone)]
pub struct Trials {
    zygote: Arc<Zygote>,
    stores: Stores,
    terms: Arc<Terms>,
    seats: Seats,
    besides: Arc<Besides>,
}

/// Objects that are tried at the same time: it takes processors and memory away from those that are waited for.
const AT_ONCE: usize = 1;

/// A document as it would be.
#[derive(Clone, Debug)]
pub struct Tried {
    /// It itself, without its text and preview, which were kept nowhere.
    pub document: Document,
    /// Its text.
    pub segments: Vec<Segment>,
    /// What its text would be kept under; none if there is none.
    pub text: Option<BlobId>,
    /// The same of its preview.
    pub preview: Option<BlobId>,
}

/// Why an object cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// Its store does not give it as it was.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// What lies beside it cannot be asked for.
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    /// It has no store any more.
    #[error("no store `{0}` is configured any more: declare its pipeline again")]
    Undeclared(String),
    /// No child could do it.
    #[error("{0}")]
    Run(#[from] RunError),
    /// Its reader died. Reading it in earnest is tried again before the file is set aside, so what that would come to is
    /// not known.
    #[error("{0}; reading it in earnest is tried again before the file is set aside")]
    Died(String),
    /// A text cannot be written as it would be kept.
    #[error("{0}")]
    Text(#[from] serde_json::Error),
    /// The service stops.
    #[error("it was called off")]
    CalledOff,
}

impl fmt::Debug for Trials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trials")
    }
}

impl Trials {
    /// Over these stores, under the terms of the pipelines.
    pub fn new(zygote: Arc<Zygote>, stores: Stores, terms: Terms) -> Trials {
        let seats = Seats::new(AT_ONCE, 1);
        Trials { zygote, stores, terms: Arc::new(terms), seats, besides: Arc::default() }
    }

    /// What reading the object of a document again comes to, with what lies beside it as the ledger knows it: its own
    /// document and those of its members.
    ///
    /// # Errors
    /// [`TrialError`].
    pub async fn read(
        &self,
        ledger: &dyn Ledger,
        object: &Document,
    ) -> Result<Vec<Tried>, TrialError> {
        let name = &object.object.store;
        let store = self.stores.get(name).ok_or_else(|| TrialError::Undeclared(name.clone()))?;
        let taken = self.seats.take(&object.agency).await;
        let mut seat = taken.map_err(|_| TrialError::CalledOff)?;
        let beside = self.besides.of(ledger, store.as_ref(), &object.object).await;
        let mut describing = beside.map_err(|error| match error {
            BesideError::Ledger(error) => TrialError::Ledger(error),
            BesideError::Store(error) => TrialError::Store(error),
        })?;
        loop {
            let (input, hash) = fetch(&object.object, store.open(&object.object).await?).await?;
            let (zygote, terms, object) =
                (Arc::clone(&self.zygote), Arc::clone(&self.terms), object.clone());
            let sidecars = describing.sidecars.clone();
            // They are held by the child, whoever waits for it.
            let once = tokio::task::spawn_blocking(move || {
                (seat, once(&zygote, &terms, &object, input, hash, &sidecars))
            });
            let (held, read) = once.await.map_err(|_| TrialError::CalledOff)?;
            let (mut tried, report) = read?;
            if describing.once_more(report.death()) {
                seat = held;
                continue;
            }
            if report.died {
                let why = report.reason.as_ref().map(Reason::english);
                return Err(TrialError::Died(why.unwrap_or(report.outcome.to_string())));
            }
            tried.iter_mut().for_each(|one| close(&mut one.document, &describing.unread));
            return Ok(tried);
        }
    }
}

/// What one reading of the object of a document comes to.
fn once(
    zygote: &Zygote,
    terms: &Terms,
    object: &Document,
    input: Input,
    hash: Option<BlobId>,
    sidecars: &[Sidecar],
) -> Result<(Vec<Tried>, RunReport), TrialError> {
    let (limits, options) = terms.of(&object.pipeline);
    let request = Request { name: object.object.name(), limits, options, sidecars };
    let (mut tried, mut unwritten) = (Vec::new(), None);
    let ended = run(zygote, &request, input, &Watch::default(), &mut |mut extraction| {
        let content = &mut extraction.content;
        let segments = content.segments.clone();
        let preview = content.previews.drain(..).next();
        let own = extraction.member.is_none();
        let mut document = again(object, extraction);
        if own {
            document.sha256 = hash;
        }
        let text = match segments.is_empty() {
            true => None,
            false => match text_id(&segments) {
                Ok(id) => Some(id),
                Err(error) => {
                    unwritten = Some(error);
                    None
                }
            },
        };
        let preview = preview.map(|preview| BlobId::of(&preview.jpeg));
        tried.push(Tried { document, segments, text, preview });
    });
    match (ended?, unwritten) {
        (None, _) => Err(TrialError::CalledOff),
        (Some(_), Some(error)) => Err(error.into()),
        (Some(report), None) => Ok((tried, report)),
    }
}
