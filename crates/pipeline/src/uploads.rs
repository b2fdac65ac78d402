use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_store::error::StoreError;
use madang_store::store::{Body, Listed, Precondition};
use madang_store::stores::Stores;

use crate::declaration::Pipeline;
use crate::sightings::sighting;

/// Where uploads go.
pub(crate) struct Uploads<'a> {
    pub(crate) pipelines: &'a [Pipeline],
    pub(crate) stores: &'a Stores,
    pub(crate) ledger: &'a dyn Ledger,
}

impl Uploads<'_> {
    /// Takes an upload: writes it to the pipeline's store and records it at once.
    ///
    /// # Errors
    /// When there is no such pipeline, a disappearance of its files is held, or the store or the ledger refuses.
    pub(crate) async fn put(
        &self,
        pipeline: &str,
        path: &str,
        body: Body,
        condition: Precondition,
    ) -> Result<Listed, PutError> {
        let declared = self.pipelines.iter().find(|p| p.name == pipeline);
        let (Some(declared), Some(store)) = (declared, self.stores.get(pipeline)) else {
            return Err(PutError::NoPipeline(pipeline.to_owned()));
        };
        if !declared.source.filter.takes(path) {
            return Err(PutError::Excluded(path.to_owned()));
        }
        // The files may be gone because a mount is lost. What was written now would lie under it: nobody sees it
        // when the mount is back, and it would count as deleted.
        if let Some(held) = self.ledger.held(pipeline).await? {
            return Err(PutError::Held { missing: held.missing, known: held.known });
        }
        let file = store.put(path, body, condition).await?;
        let seen = sighting(declared, store.name(), &file, 1);
        self.ledger.see(&[seen]).await?;
        Ok(file)
    }
}

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// No such pipeline.
    #[error("no pipeline `{0}`")]
    NoPipeline(String),
    /// The pipeline leaves such paths out.
    #[error("`{0}` is left out by the pipeline's include and exclude patterns; rename it")]
    Excluded(String),
    /// So many files are gone that the operator must first say whether that is real.
    #[error(
        "{missing} of {known} files are gone; the operator puts them back, or confirms it (madang queue release)"
    )]
    Held {
        /// Files that are gone.
        missing: u64,
        /// Files that were known.
        known: u64,
    },
    /// The store refuses.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
