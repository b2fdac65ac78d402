use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::sidecar::described_unseen;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;

use crate::besides::read_beside;

/// What lies in a source and cannot be taken, as the ledger was last told: it is told only what is news. What has the name of a
/// sidecar is news for the files that it describes, too, which count as closed while it is there.
pub(crate) struct LeftOuts {
    ledger: Arc<dyn Ledger>,
    pipeline: String,
    /// By their keys; none before the first listing, when the ledger may hold what another run said.
    told: Option<BTreeMap<String, LeftOut>>,
    /// The names of sidecars among them of which the files that they describe are still to be read anew.
    owed: BTreeSet<String>,
}

impl LeftOuts {
    /// Of a pipeline, before anything was listed.
    pub(crate) fn of(ledger: Arc<dyn Ledger>, pipeline: &str) -> LeftOuts {
        LeftOuts { ledger, pipeline: pipeline.to_owned(), told: None, owed: BTreeSet::new() }
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
            match &self.told {
                Some(told) => self.owe(differing(told.keys(), listed.keys())),
                // The last run may have ended before it had them read anew.
                None => {
                    let before = self.ledger.left_out(&self.pipeline).await?;
                    let before = before.into_iter().map(|left_out| left_out.key);
                    self.owe(before.chain(listed.keys().cloned()));
                }
            }
            self.ledger.leave_out(&self.pipeline, &all).await?;
            self.told = Some(listed);
        }
        self.read_beside().await
    }

    /// A listing that is not at its end shows these, beside files that are about to be read.
    ///
    /// # Errors
    /// When the ledger does not take it.
    pub(crate) async fn listed_so_far(&mut self, found: Vec<LeftOut>) -> Result<(), LedgerError> {
        self.amend(found, Vec::new()).await.map(drop)
    }

    /// Owes the files that these may describe another reading.
    fn owe(&mut self, keys: impl IntoIterator<Item = String>) {
        self.owed.extend(keys.into_iter().filter(|key| described_unseen(key).is_some()));
    }

    /// Has read anew what is owed that. What the ledger refuses is owed still.
    async fn read_beside(&mut self) -> Result<(), LedgerError> {
        while let Some(key) = self.owed.first() {
            // Called as its pipeline, as any store.
            let left_out =
                self.ledger.left_out_at(&[(self.pipeline.as_str(), key.as_str())]).await?;
            read_beside(self.ledger.as_ref(), &self.pipeline, key, !left_out.is_empty()).await?;
            self.owed.pop_first();
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
            self.read_beside().await?;
            return Ok(false);
        }
        self.owe(found.iter().map(|left_out| left_out.key.clone()).chain(ended.clone()));
        self.ledger.amend_left_out(&self.pipeline, &found, &ended).await?;
        if let Some(told) = &mut self.told {
            for key in &ended {
                told.remove(key);
            }
            told.extend(found.into_iter().map(|left_out| (left_out.key.clone(), left_out)));
        }
        self.read_beside().await?;
        Ok(true)
    }
}

/// The keys that are in one of these and not in the other.
fn differing<'a>(
    these: impl Iterator<Item = &'a String>,
    those: impl Iterator<Item = &'a String>,
) -> Vec<String> {
    let (these, those): (BTreeSet<_>, BTreeSet<_>) = (these.collect(), those.collect());
    these.symmetric_difference(&those).map(|key| (*key).clone()).collect()
}

impl std::fmt::Debug for LeftOuts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = self.told.as_ref().map(BTreeMap::len);
        f.debug_struct("LeftOuts").field("pipeline", &self.pipeline).field("told", &count).finish()
    }
}
