use madang_document::blob_id::BlobId;
use madang_document::cause::{causes, told};
use madang_document::condition::Kind;
use madang_document::document::Document;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_extract::left_alone::LeftAlone;
use madang_sandbox::run::RunError;
use madang_store::error::StoreError;
use madang_store::store::{Seen, Store};

use crate::decide::Reading;
use crate::hindrance::shortage;
use crate::underway::Turn;

/// What came of a try to read an object.
pub(crate) enum Attempted {
    /// The object was read, or is to blame that it was not.
    Read(Reading, Box<Found>),
    /// The house could not go on, and would not with any other object.
    Hindered {
        /// What stands in the way.
        by: Kind,
        /// Why, and the cure.
        message: String,
    },
    /// Nobody wants the answer any more.
    CalledOff,
}

/// What was found of an object.
#[derive(Default)]
pub(crate) struct Found {
    /// That of each member, and its own.
    pub(crate) documents: Vec<Document>,
    /// What the same bytes under the same terms are known by; none of an object that was not read whole.
    pub(crate) keys: Option<[BlobId; 2]>,
    /// Whether something that takes long was put off.
    pub(crate) put_off: bool,
    /// What its reader was about to look at last.
    pub(crate) look: Option<u32>,
    /// Held by whoever reads these bytes.
    pub(crate) turn: Option<Turn>,
}

impl Attempted {
    pub(crate) fn of(reading: Reading) -> Attempted {
        Attempted::Read(reading, Box::default())
    }

    /// What is left alone in another reading, of an attempt that left this alone and whose reader died; none if it did not, or
    /// nothing else can be.
    pub(crate) fn leaves_alone(&self, before: &LeftAlone) -> Option<LeftAlone> {
        match self {
            Attempted::Read(Reading::Extracted { died: true, .. }, found) => {
                before.after_death(found.look)
            }
            Attempted::Read(..) | Attempted::Hindered { .. } | Attempted::CalledOff => None,
        }
    }

    /// What is known of how reading it ended.
    pub(crate) fn cause(&self) -> Option<&Reason> {
        match self {
            Attempted::Read(Reading::Extracted { reason, .. }, _) => reason.as_ref(),
            Attempted::Read(..) | Attempted::Hindered { .. } | Attempted::CalledOff => None,
        }
    }

    /// How the reader died, if it did.
    pub(crate) fn death(&self) -> Option<Outcome> {
        match self {
            Attempted::Read(Reading::Extracted { outcome, died: true, .. }, _) => Some(*outcome),
            Attempted::Read(..) | Attempted::Hindered { .. } | Attempted::CalledOff => None,
        }
    }
}

/// What it means that a store does not give an object. It is gone only if the store does not show it as it was seen
/// either: one that shows what it does not give would be waited for in vain.
pub(crate) async fn not_given(
    store: &dyn Store,
    object: &ObjectRef,
    error: StoreError,
) -> Attempted {
    if !matches!(error, StoreError::Gone(_)) {
        return unreadable(&error);
    }
    match store.look(&object.path).await {
        Ok(Some(Seen::Object(file))) if file.version == object.version => {
            let reason = ReasonKind::ShownNotGiven(told(&error).into()).into();
            Attempted::of(Reading::Unread { reason, lasting: false })
        }
        Ok(_) => Attempted::of(Reading::Gone),
        Err(error) => unreadable(&error),
    }
}

/// What it means that a store does not answer as it should.
pub(crate) fn unreadable(error: &StoreError) -> Attempted {
    let message = told(error);
    if let Some(by) = shortage(error) {
        return Attempted::Hindered { by, message };
    }
    let reason = ReasonKind::NotGiven(message.into()).into();
    Attempted::of(match error {
        StoreError::Gone(_) => Reading::Gone,
        StoreError::Denied { .. } => Reading::Unread { reason, lasting: true },
        StoreError::Unavailable { .. }
        | StoreError::BrokenOff { .. }
        | StoreError::Conflict { .. }
        | StoreError::Precondition(_) => Reading::Unread { reason, lasting: false },
    })
}

/// What it means that a run broke off: the object's store did not give a range, or the zygote died, which is ours.
pub(crate) fn broken_off(error: &RunError) -> Reading {
    let reason = ReasonKind::NoReaderAnswered(told(error).into()).into();
    match causes(error).any(|cause| cause.is::<StoreError>()) {
        true => Reading::Unread { reason, lasting: false },
        false => Reading::Interrupted { reason },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_broke_off_is_the_stores_or_ours() {
        let store = std::io::Error::other(StoreError::away("a", "no answer"));
        assert!(matches!(broken_off(&store.into()), Reading::Unread { lasting: false, .. }));
        let zygote = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(matches!(broken_off(&zygote.into()), Reading::Interrupted { .. }));
    }
}
