//! Trials as the server asks for them.

use madang_document::document::Document;
use madang_extract::formats::FORMATS;
use madang_ledger::ledger::Ledger;
use madang_pipeline::trial::{PATIENCE, TrialError as Untried, Trials as Again, Tried as Made};
use madang_server::ports::{TrialError, Tried};
use madang_store::error::StoreError;

/// The formats that this binary reads, each with its version.
pub(crate) fn formats() -> Vec<(String, u32)> {
    FORMATS.iter().map(|format| (format.name.to_owned(), format.version)).collect()
}

/// What reading an object again comes to.
pub(crate) async fn read(
    trials: &Again,
    ledger: &dyn Ledger,
    object: &Document,
) -> Result<Vec<Tried>, TrialError> {
    let tried = trials.read(ledger, object).await.map_err(|error| match error.reason() {
        _ if matches!(error, Untried::Busy) => TrialError::Busy(PATIENCE),
        Some(reason) if matches!(error, Untried::Store(StoreError::Gone(_))) => {
            TrialError::Gone(reason)
        }
        Some(reason) => TrialError::Unread(reason),
        None => TrialError::Unavailable(error.into()),
    })?;
    let of =
        |Made { document, segments, text, preview }| Tried { document, segments, text, preview };
    Ok(tried.into_iter().map(of).collect())
}
