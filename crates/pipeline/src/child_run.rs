use std::sync::Arc;

use madang_document::blob_id::BlobId;
use madang_document::blob_part::BlobPart;
use madang_document::cause::told;
use madang_document::condition::Kind;
use madang_document::content::{Segment, Warning};
use madang_document::document::{Document, PlacedPreview};
use madang_document::locator::Locator;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_extract::extraction::Extraction;
use madang_extract::left_alone::LeftAlone;
use madang_extract::sidecar::Sidecar;
use madang_ledger::jobs::Claim;
use madang_sandbox::input::Input;
use madang_sandbox::request::{Pace, Request};
use madang_sandbox::run::{RunError, run, run_again};
use madang_sandbox::watch::Watch;
use madang_store::blobs::{BlobError, Bundle};

use crate::attempted::{Attempted, Found, broken_off};
use crate::decide::Reading;
use crate::hindrance::shortage;
use crate::jpeg_file::jpeg_file;
use crate::lanes::Lanes;
use crate::reading::document;
use crate::workers::Workers;

/// What a child is given.
pub(crate) struct Given {
    /// Its bytes.
    pub(crate) input: Input,
    /// Of the whole object, if it is read whole.
    pub(crate) hash: Option<BlobId>,
    /// What describes it.
    pub(crate) sidecars: Vec<Sidecar>,
    /// What of it is left alone.
    pub(crate) left_alone: LeftAlone,
}

/// Runs the child in a lane, and keeps texts and previews as they arrive.
pub(crate) async fn extract(
    workers: &Workers,
    claim: &Claim,
    Given { input, hash, sidecars, left_alone }: Given,
    watch: Arc<Watch>,
    lanes: &Lanes,
) -> Attempted {
    let zygote = Arc::clone(&workers.zygote);
    let terms = Arc::clone(&workers.terms);
    let blobs = workers.blobs.clone();
    let runtime = tokio::runtime::Handle::current();
    let (claim, pace) = (claim.clone(), workers.pace());
    let recollections = workers.recollections.clone();
    let watched = lanes.threads.run(move || {
        let mut documents: Vec<Document> = Vec::new();
        let mut bundle = Bundle::new(&blobs);
        let mut places = Vec::new();
        let mut unkept = None;
        let mut put_off = false;
        let name = claim.object.name().to_owned();
        let (limits, options) = terms.of(&claim.pipeline);
        let (sidecars, left_alone) = (&sidecars, &left_alone);
        let request = Request { name: &name, limits, options, sidecars, pace, left_alone };
        // Where recognition is put off there is nothing to remember.
        let recollection = (pace != Pace::Prompt).then(|| recollections.open(&claim)).flatten();
        let mut keep = |extraction| {
            if unkept.is_some() {
                return;
            }
            // Of one that nothing was to be put off in it would be a lie, and the object read for ever.
            put_off |= pace == Pace::Prompt && is_put_off(&extraction);
            match runtime.block_on(bundled(&mut bundle, &claim, extraction, hash)) {
                Ok((document, place)) => {
                    documents.push(document);
                    places.push(place);
                }
                Err(error) => {
                    // Without its text the document is not read: the whole attempt is void.
                    unkept = Some(error);
                    watch.cancel();
                }
            }
        };
        let verdict = match recollection {
            None => run(&zygote, &request, input, &watch, &mut keep),
            Some(mut recollection) => {
                let recall = recollection.recall().clone();
                let mut remember = |key, segments: Vec<Segment>| recollection.add(&key, &segments);
                run_again(&zygote, &request, (input, &recall), &watch, &mut keep, &mut remember)
            }
        };
        if unkept.is_none() && matches!(verdict, Ok(Some(_))) {
            match runtime.block_on(bundle.keep()) {
                Ok(kept) => settle_in(&mut documents, &places, &kept),
                Err(error) => unkept = Some(error),
            }
        }
        if let Some(error) = unkept {
            let reason = Reason::new(ReasonKind::NotKept(told(&error).into()));
            let message = reason.english();
            return match shortage(&error) {
                Some(by) => Attempted::Hindered { by, message },
                // Something stands where these bytes are to lie, and all the others find their place.
                None if runtime.block_on(blobs.take_others()) => {
                    Attempted::of(Reading::Unread { reason, lasting: false })
                }
                None => Attempted::Hindered { by: Kind::Stalled, message },
            };
        }
        match verdict {
            Ok(None) => Attempted::CalledOff,
            Ok(Some(verdict)) => {
                // The same reader asks for the same bytes.
                let own = documents.iter_mut().find(|document| document.inner.is_none());
                if let (Some(fetched), Some(own)) = (verdict.fetched, own) {
                    own.metadata.at("ranges").set("fetched_bytes", fetched);
                }
                let reading = Reading::Extracted {
                    outcome: verdict.outcome,
                    reason: verdict.reason,
                    died: verdict.died,
                };
                tracing::debug!(path = %claim.object.path, "it was read");
                let look = verdict.look;
                let found = Found { documents, put_off, look, ..Found::default() };
                Attempted::Read(reading, Box::new(found))
            }
            Err(error) => match (shortage(&error), &error) {
                (Some(by), _) => Attempted::Hindered { by, message: told(&error) },
                (None, RunError::Unborn(_)) => {
                    Attempted::Hindered { by: Kind::Stalled, message: told(&error) }
                }
                (None, RunError::BrokenOff(_)) => Attempted::of(broken_off(&error)),
            },
        }
    });
    match watched.await {
        Ok(answer) => answer,
        Err(panicked) => {
            let reason = ReasonKind::WorkerBroke(Quote::of(&panicked)).into();
            Attempted::of(Reading::Broke { reason })
        }
    }
}

/// Whether something in a document was left for later.
fn is_put_off(extraction: &Extraction) -> bool {
    extraction.content.warnings.iter().any(Warning::awaits_recognition)
}

/// Where the text and the previews of a document lie among the parts of a bundle.
#[derive(Clone, Debug, Default)]
struct Bundled {
    text: Option<usize>,
    preview: Option<usize>,
    /// Further ones.
    previews: Vec<(Locator, usize)>,
}

/// Takes the text and the previews of a document into the bundle of its object.
async fn bundled(
    bundle: &mut Bundle,
    claim: &Claim,
    mut extraction: Extraction,
    hash: Option<BlobId>,
) -> Result<(Document, Bundled), BlobError> {
    let content = &mut extraction.content;
    let mut place = Bundled::default();
    if !content.segments.is_empty() {
        place.text = Some(bundle.add_text(&content.segments).await?);
    }
    for (n, preview) in std::mem::take(&mut content.previews).into_iter().enumerate() {
        let file = bundle.add(&jpeg_file(&preview.raster)).await?;
        match n {
            0 => place.preview = Some(file),
            _ => place.previews.push((preview.locator, file)),
        }
    }
    let own = extraction.member.is_none();
    let mut document = document(claim, extraction);
    if own {
        document.sha256 = hash;
    }
    Ok((document, place))
}

/// Tells each document where its text and previews lie.
fn settle_in(documents: &mut [Document], places: &[Bundled], kept: &[BlobPart]) {
    let part = |place: Option<usize>| place.and_then(|place| kept.get(place)).copied();
    for (document, place) in documents.iter_mut().zip(places) {
        document.text = part(place.text);
        document.preview = part(place.preview);
        let previews = place.previews.iter().filter_map(|(locator, file)| {
            Some(PlacedPreview { locator: locator.clone(), file: part(Some(*file))? })
        });
        document.previews = previews.collect();
    }
}
