use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use madang_catalog::registry::Registry;
use madang_catalog::series::Series;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_index::index::Index;
use madang_ledger::error::LedgerError;
use madang_ledger::ledger::Ledger;
use madang_ledger::reader::Reader;

use crate::declaration::Pipeline;
use crate::role::Role;
use crate::{cataloguer, indexer, relay, series, unfinished};

/// What is still to be done.
pub(crate) enum Rest {
    /// Nothing.
    Quiet,
    /// The entries of drop folders only, which the cataloguer puts off while files may come.
    Unflushed,
    /// More.
    Busy,
}

/// Where to look for it.
pub(crate) struct Looking<'a> {
    pub(crate) ledger: &'a dyn Ledger,
    pub(crate) index: &'a Arc<dyn Index>,
    pub(crate) registries: &'a [Arc<dyn Registry>],
    pub(crate) pipelines: &'a [Pipeline],
    pub(crate) series: &'a HashMap<String, Series>,
    /// The parts that run here.
    pub(crate) roles: &'a BTreeSet<Role>,
    /// Whether the source of a pipeline runs here, which decides on what is missing.
    pub(crate) decides: &'a (dyn Fn(&str) -> bool + Sync),
    pub(crate) now: Timestamp,
}

impl Looking<'_> {
    /// The queues that workers here take from.
    fn queues(&self) -> Vec<String> {
        self.pipelines.iter().map(|pipeline| pipeline.name.clone()).collect()
    }

    /// What is still to be done by the parts that run here. Only looks.
    pub(crate) async fn rest(&self) -> Result<Rest, LedgerError> {
        let ledger = self.ledger;
        let runs = |role| self.roles.contains(&role);
        if runs(Role::Worker)
            && ledger.balance(&Scope::All).await?.in_flight > 0
            && !unfinished::is_worked_off(ledger, &self.queues(), self.now, self.decides).await?
        {
            return Ok(Rest::Busy);
        }
        let changes = ledger.last_changes().await?;
        // The entries of what changed first: they are events that others wait for.
        if runs(Role::Cataloguer) {
            let last = changes.iter().map(|(_, last)| *last).max().unwrap_or(0);
            if ledger.cursor(&Reader::Cataloguer).await? < last {
                return Ok(Rest::Busy);
            }
            for pipeline in self.pipelines {
                let declaration = cataloguer::declaration(&pipeline.series);
                if ledger.declared(&pipeline.name).await? != Some(declaration) {
                    return Ok(Rest::Busy);
                }
            }
        }
        if runs(Role::Indexer) {
            for (partition, last) in changes {
                if indexer::reached(ledger, self.index, &partition).await? < last {
                    return Ok(Rest::Busy);
                }
            }
        }
        if runs(Role::Cataloguer) {
            let all = cataloguer::in_order(self.series);
            if !series::are_fresh(ledger, &all).await? {
                return Ok(Rest::Unflushed);
            }
        }
        if runs(Role::Relay) {
            let last = ledger.last_event().await?;
            for registry in self.registries {
                if ledger.cursor(&relay::reader(registry.as_ref())).await? < last {
                    return Ok(Rest::Busy);
                }
            }
        }
        Ok(Rest::Quiet)
    }
}

/// Why a service does not come to rest.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// A source cannot be listed.
    #[error("pipeline `{pipeline}`: {reason}")]
    Source {
        /// The pipeline.
        pipeline: String,
        /// Why, and the cure.
        reason: String,
    },
    /// The ledger does not answer.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}
