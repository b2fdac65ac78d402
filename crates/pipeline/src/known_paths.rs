use std::sync::Arc;

use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::objects::KnownPath;

/// Known paths read at once.
const PAGE: u32 = 5_000;

/// What the ledger knows of a pipeline, in order of the paths, read page by page.
pub(crate) struct KnownPaths {
    ledger: Arc<dyn Ledger>,
    pipeline: String,
    page: std::vec::IntoIter<KnownPath>,
    after: Option<String>,
    last: bool,
}

impl KnownPaths {
    /// From the first on.
    pub(crate) fn of(ledger: Arc<dyn Ledger>, pipeline: &str) -> KnownPaths {
        let page = Vec::new().into_iter();
        KnownPaths { ledger, pipeline: pipeline.to_owned(), page, after: None, last: false }
    }

    /// The next one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub(crate) async fn peek(&mut self) -> Result<Option<&KnownPath>, LedgerError> {
        if self.page.as_slice().is_empty() && !self.last {
            let page = self.ledger.known(&self.pipeline, self.after.as_deref(), PAGE).await?;
            self.last = page.len() < PAGE as usize;
            self.after = page.last().map(|known| known.path.clone());
            self.page = page.into_iter();
        }
        Ok(self.page.as_slice().first())
    }

    /// Takes the one that [`peek`](KnownPaths::peek) showed.
    pub(crate) fn take(&mut self) -> Option<KnownPath> {
        self.page.next()
    }
}

impl std::fmt::Debug for KnownPaths {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownPaths").field("pipeline", &self.pipeline).finish_non_exhaustive()
    }
}
