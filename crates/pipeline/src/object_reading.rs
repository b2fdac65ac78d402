use std::sync::Arc;
use std::time::{Duration, Instant};

use madang_document::blob_id::BlobId;
use madang_document::cause::told;
use madang_document::condition::Kind;
use madang_document::reason_kind::ReasonKind;
use madang_document::sidecar;
use madang_extract::left_alone::{LeftAlone, say_why};
use madang_ledger::jobs::Claim;
use madang_sandbox::watch::Watch;

use crate::attempted::{Attempted, Found, not_given, unreadable};
use crate::besides::{BesideError, close};
use crate::child_run::{Given, extract};
use crate::decide::{Attempt, Reading, is_last};
use crate::fetch::fetch;
use crate::hindrance::Hindrance;
use crate::known::{keys, take};
use crate::lanes::Lanes;
use crate::underway::Turn;
use crate::workers::Workers;

/// Reads and extracts. What hinders the house is waited for here, with the lease held: a job that is given back would
/// count an attempt, and wait longer each time for what may be mended in a minute. `None` when it was called off.
pub(crate) async fn read(
    workers: &Workers,
    claim: &Claim,
    mut watch: Arc<Watch>,
    lanes: &Lanes,
) -> Option<(Reading, Found)> {
    let mut hindrance: Option<Hindrance> = None;
    let mut waits = 0;
    loop {
        let (by, message) = match try_to_read(workers, claim, &watch, lanes).await {
            Attempted::Read(reading, found) => return Some((reading, *found)),
            Attempted::CalledOff => return None,
            Attempted::Hindered { by, message } => (by, message),
        };
        hindrance.replace(workers.hindrances.meet(by, &message));
        waits += 1;
        let wait = workers.policy.hindered.wait_ms(waits, (workers.jitter)());
        tokio::select! {
            () = lanes.stop.cancelled() => return None,
            () = tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())) => {}
        }
        // What was called off stays so: the next try has a watch of its own. If the lease is lost, its renewal will
        // say so again.
        watch = Arc::default();
        workers.leases.hold(claim, Arc::clone(&watch));
    }
}

async fn try_to_read(
    workers: &Workers,
    claim: &Claim,
    watch: &Arc<Watch>,
    lanes: &Lanes,
) -> Attempted {
    let object = &claim.object;
    let Some(store) = workers.stores.get(&object.store) else {
        let reason = ReasonKind::NoStore(object.store.as_str().into()).into();
        return Attempted::of(Reading::Elsewhere { reason });
    };
    // First of all: those that were claimed together are asked for at once.
    let mut describing =
        match lanes.besides.of(workers.ledger.as_ref(), store.as_ref(), object).await {
            Ok(describing) => describing,
            Err(BesideError::Store(error)) => return unreadable(&error),
            Err(BesideError::Ledger(error)) => {
                return Attempted::Hindered { by: Kind::LedgerUnwritable, message: told(&error) };
            }
        };
    let opened = match store.open(object).await {
        Ok(opened) => opened,
        Err(error) => return not_given(store.as_ref(), object, error).await,
    };
    let (input, hash) = match fetch(object, opened).await {
        Ok(fetched) => fetched,
        Err(error) => return not_given(store.as_ref(), object, error).await,
    };
    // What describes it may change without it, and one that describes others is known by its name.
    let is_plain = describing.is_nothing() && sidecar::described(&object.path).is_none();
    let (keys, turn) = match taken(workers, claim, hash.filter(|_| is_plain), lanes).await {
        Taken::Known(reading, found) => return Attempted::Read(reading, Box::new(found)),
        Taken::Unknown(keys, turn) => (keys, turn),
    };
    // Closed when the service stops: what has not begun then is given back.
    let Ok(lane) = lanes.free.acquire().await else { return Attempted::CalledOff };
    let begun = Instant::now();
    workers.leases.running(claim.ticket, true);
    let mut fetched = Ok((input, hash));
    let (mut left_alone, mut cause) = (LeftAlone::Nothing, None);
    let mut extracted = loop {
        let extracted = match fetched {
            Ok((input, hash)) => {
                let (sidecars, left_alone) = (describing.sidecars.clone(), left_alone.clone());
                let given = Given { input, hash, sidecars, left_alone };
                extract(workers, claim, given, Arc::clone(watch), lanes).await
            }
            Err(error) => not_given(store.as_ref(), object, error).await,
        };
        // Where what describes it was to blame, no attempt before would have been in vain.
        let is_again = match is_last(&Attempt::of(claim), &workers.policy) {
            true => match extracted.leaves_alone(&left_alone) {
                Some(more) => {
                    left_alone = more;
                    cause = extracted.cause().cloned();
                    true
                }
                None => false,
            },
            false => describing.once_more(extracted.death()),
        };
        if !is_again {
            break extracted;
        }
        fetched = match store.open(object).await {
            Ok(opened) => fetch(object, opened).await,
            Err(error) => Err(error),
        };
    };
    if let Attempted::Read(_, found) = &mut extracted {
        for document in &mut found.documents {
            close(document, &describing.unread);
            if let Some(cause) = &cause {
                let told = document.warnings.iter_mut().map(|warning| &mut warning.reason);
                say_why(told.chain(&mut document.reason), cause);
            }
        }
    }
    workers.leases.running(claim.ticket, false);
    lanes.passed(begun.elapsed());
    drop(lane);
    match extracted {
        Attempted::Read(reading, found) => {
            // Another reading might come to more than one that left something alone.
            let keys = keys.filter(|_| left_alone == LeftAlone::Nothing);
            Attempted::Read(reading, Box::new(Found { keys, turn, ..*found }))
        }
        other @ (Attempted::Hindered { .. } | Attempted::CalledOff) => other,
    }
}

/// What is known of the bytes of an object.
enum Taken {
    /// What they came to before.
    Known(Reading, Found),
    /// Nothing: what it will be known by, and the turn to read them.
    Unknown(Option<[BlobId; 2]>, Option<Turn>),
}

/// Takes what the same bytes came to before. Of copies that come together the first is read, and the others wait for it.
async fn taken(workers: &Workers, claim: &Claim, hash: Option<BlobId>, lanes: &Lanes) -> Taken {
    let (limits, options) = workers.terms.of(&claim.pipeline);
    // A key that stands in the ledger would prove a password to whoever guesses it.
    let hash = hash.filter(|_| options.passwords.is_empty());
    let keys = hash
        .and_then(|hash| keys(hash, (&claim.agency, claim.object.name()), limits, options).ok());
    let Some(keys) = keys else { return Taken::Unknown(None, None) };
    let [any_name, _] = keys;
    let turn = workers.underway.turn(any_name, FOR_A_COPY).await;
    // Whatever keeps it from being taken, the object itself is there.
    let untaken = |error: String| {
        tracing::debug!(path = %claim.object.path, %error, "what is known of it cannot be taken");
    };
    let ledger = workers.ledger.as_ref();
    let before =
        lanes.before.ask(keys, |keys| async move { ledger.read_before(&keys).await }).await;
    let before = before.unwrap_or_else(|error| {
        untaken(told(&error));
        None
    });
    let Some(before) = before else { return Taken::Unknown(Some(keys), turn) };
    let documents = match take(&workers.blobs, claim, before).await {
        Ok(documents) => documents,
        Err(error) => {
            untaken(told(&error));
            return Taken::Unknown(Some(keys), turn);
        }
    };
    let Some(own) = documents.iter().find(|document| document.inner.is_none()) else {
        return Taken::Unknown(Some(keys), turn);
    };
    tracing::debug!(path = %claim.object.path, "the same bytes were read before");
    let (outcome, reason) = (own.outcome, own.reason.clone());
    let reading = Reading::Extracted { outcome, reason, died: false };
    // The turn ends here: nobody has to wait for what is known.
    Taken::Known(reading, Found { documents, keys: Some(keys), ..Found::default() })
}

/// How long a copy waits for what the same bytes come to, before it is read by itself: the seats that
/// copies take while they wait are kept from others no longer than that.
const FOR_A_COPY: Duration = Duration::from_secs(10);
