use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use madang_document::blob_id::BlobId;
use madang_document::cause::told;
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_extract::left_alone::LeftAlone;
use madang_extract::sidecar::Sidecar;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_sandbox::input::Input;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::{RunError, run};
use madang_sandbox::run_report::RunReport;
use madang_sandbox::watch::Watch;
use madang_sandbox::zygote::Zygote;
use madang_store::blobs::text_id;
use madang_store::error::StoreError;
use madang_store::stores::Stores;

use crate::asked::Asked;
use crate::besides::{BesideError, Besides, close};
use crate::fetch::fetch;
use crate::jpeg_file::jpeg_file;
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
const AT_ONCE: usize = 2;
/// Those of one agency: a slow file of its keeps no other agency waiting.
const OF_ONE: usize = 1;
/// How long somebody waits while none of those before him ends: a large file may take this long to be read.
pub const PATIENCE: Duration = Duration::from_secs(60);

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
    Died(Reason),
    /// A text cannot be written as it would be kept.
    #[error("{0}")]
    Text(#[from] serde_json::Error),
    /// Those that are tried just now do not come to an end, so that this one had no turn.
    #[error("other files are being tried; try again in a moment")]
    Busy,
    /// The service stops.
    #[error("it was called off")]
    CalledOff,
}

impl TrialError {
    /// The same as a reason, if it is about the file: trying again may not help. None of what passes.
    pub fn reason(&self) -> Option<Reason> {
        Some(match self {
            TrialError::Store(StoreError::Gone(_)) => ReasonKind::Gone.into(),
            TrialError::Store(error) => ReasonKind::NotGiven(told(error).into()).into(),
            TrialError::Undeclared(store) => ReasonKind::NoStore(store.as_str().into()).into(),
            TrialError::Run(error) => ReasonKind::NoReaderAnswered(told(error).into()).into(),
            TrialError::Died(why) => Reason::new(ReasonKind::DiedOnTrial).because(why.clone()),
            TrialError::Text(error) => ReasonKind::NotKept(told(error).into()).into(),
            TrialError::Ledger(_) | TrialError::Busy | TrialError::CalledOff => return None,
        })
    }
}

impl fmt::Debug for Trials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trials")
    }
}

impl Trials {
    /// Over these stores, under the terms of the pipelines.
    pub fn new(zygote: Arc<Zygote>, stores: Stores, terms: Terms) -> Trials {
        let seats = Seats::new(AT_ONCE, OF_ONE, PATIENCE);
        Trials { zygote, stores, terms: Arc::new(terms), seats, besides: Arc::default() }
    }

    /// What reading the object of a document again comes to, with what lies beside it as the ledger knows it: its own
    /// document and those of its members. Who waits for it no longer calls it off.
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
        let mut seat = taken.map_err(|_| TrialError::Busy)?;
        let asked = Asked::default();
        let beside = self.besides.of(ledger, store.as_ref(), &object.object).await;
        let mut describing = beside.map_err(|error| match error {
            BesideError::Ledger(error) => TrialError::Ledger(error),
            BesideError::Store(error) => TrialError::Store(error),
        })?;
        loop {
            let (input, hash) = fetch(&object.object, store.open(&object.object).await?).await?;
            let (zygote, terms, object) =
                (Arc::clone(&self.zygote), Arc::clone(&self.terms), object.clone());
            let (sidecars, watch) = (describing.sidecars.clone(), asked.watch());
            // They are held by the child, whoever waits for it.
            let once = tokio::task::spawn_blocking(move || {
                (seat, once(&zygote, &terms, &object, (input, hash), &sidecars, &watch))
            });
            let (held, read) = once.await.map_err(|_| TrialError::CalledOff)?;
            let (mut tried, report) = read?;
            if describing.once_more(report.death()) {
                seat = held;
                continue;
            }
            if report.died {
                let why = report.reason.unwrap_or_else(|| ReasonKind::NoReason.into());
                return Err(TrialError::Died(why));
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
    (input, hash): (Input, Option<BlobId>),
    sidecars: &[Sidecar],
    watch: &Watch,
) -> Result<(Vec<Tried>, RunReport), TrialError> {
    let (limits, options) = terms.of(&object.pipeline);
    let request = Request {
        name: object.object.name(),
        limits,
        options,
        sidecars,
        pace: Pace::Whole,
        left_alone: &LeftAlone::Nothing,
    };
    let (mut tried, mut unwritten) = (Vec::new(), None);
    let ended = run(zygote, &request, input, watch, &mut |mut extraction| {
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
        let preview = preview.map(|preview| BlobId::of(&jpeg_file(&preview.raster)));
        tried.push(Tried { document, segments, text, preview });
    });
    match (ended?, unwritten) {
        (None, _) => Err(TrialError::CalledOff),
        (Some(_), Some(error)) => Err(error.into()),
        (Some(report), None) => Ok((tried, report)),
    }
}
