use std::collections::BTreeMap;
use std::sync::Arc;

use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;

/// What lies in a source and cannot be taken, as the ledger was last told: it is told only what is news.
pub(crate) struct LeftOuts {
    ledger: Arc<dyn Ledger>,
    pipeline: String,
    /// By their keys; none before the first listing, when the ledger may hold what another run said.
    told: Option<BTreeMap<String, LeftOut>>,
}

impl LeftOuts {
    /// Of a pipeline, before anything was listed.
    pub(crate) fn of(ledger: Arc<dyn Ledger>, pipeline: &str) -> LeftOuts {
        LeftOuts { ledger, pipeline: pipeline.to_owned(), told: None }
    }

    /// What is known to be at this key and cannot be taken.
    pub(crate) fn kind(&self, key: &str) -> Option<LeftOutKind> {
        self.told.as_ref()?.get(key).map(|left_out| left_out.kind)
    }

    /// A whole listing says that these are left out and no others.
    ///
    /// # Errors
    /// When the ledger does not take it: then it is told again.
    pub(crate) async fn replace(&mut self, listed: Vec<LeftOut>) -> Result<(), LedgerError> {
        let listed: BTreeMap<String, LeftOut> =
            listed.into_iter().map(|left_out| (left_out.key.clone(), left_out)).collect();
        if self.told.as_ref() != Some(&listed) {
            let all: Vec<LeftOut> = listed.values().cloned().collect();
            self.ledger.leave_out(&self.pipeline, &all).await?;
            self.told = Some(listed);
        }
        Ok(())
    }

    /// Looks say that these are left out now, and that these keys are not, or no longer. Gives
    /// whether that was news.
    ///
    /// # Errors
    /// When the ledger does not take it: then it is news still.
    pub(crate) async fn amend(
        &mut self,
        mut found: Vec<LeftOut>,
        mut ended: Vec<String>,
    ) -> Result<bool, LedgerError> {
        if let Some(told) = &self.told {
            found.retain(|left_out| told.get(&left_out.key) != Some(left_out));
            ended.retain(|key| told.contains_key(key));
        }
        if found.is_empty() && ended.is_empty() {
            return Ok(false);
        }
        self.ledger.amend_left_out(&self.pipeline, &found, &ended).await?;
        if let Some(told) = &mut self.told {
            for key in &ended {
                told.remove(key);
            }
            told.extend(found.into_iter().map(|left_out| (left_out.key.clone(), left_out)));
        }
        Ok(true)
    }
}

impl std::fmt::Debug for LeftOuts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.told.as_ref().map(BTreeMap::len);
        f.debug_struct("LeftOuts").field("pipeline", &self.pipeline).field("told", &count).finish()
    }
}
