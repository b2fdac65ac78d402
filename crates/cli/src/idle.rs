use std::sync::Arc;

use async_trait::async_trait;
use madang_document::document::Document;
use madang_ledger::audit::Act;
use madang_ledger::error::LedgerError;
use madang_ledger::held::Held;
use madang_ledger::ledger::Ledger;
use madang_server::ports::{
    Condition, Conditions, Download, DropError, DropTarget, Dropped, Drops, HoldError, Holds,
    MemberError, Members, Upload,
};
use madang_store::store::Precondition;

/// The ports of a data folder on which nothing runs: it can be read, takes nothing, and keeps the operator's word for
/// the next run.
pub(crate) struct Idle {
    pub(crate) ledger: Arc<dyn Ledger>,
}

/// The operator's word on a mass disappearance, as the audit trail has it.
pub(crate) fn release_act(pipeline: &str, actor: &str) -> Act {
    Act {
        actor: actor.to_owned(),
        action: "queue.release".into(),
        subject: format!("queue/{pipeline}"),
        detail: String::new(),
    }
}

const CURE: &str = "no service runs on this data folder; start it with `madang up`";

#[async_trait]
impl Drops for Idle {
    fn targets(&self) -> Vec<DropTarget> {
        Vec::new()
    }

    async fn put(
        &self,
        _: &str,
        _: &str,
        _: Upload,
        _: Option<u64>,
        _: Precondition,
    ) -> Result<Dropped, DropError> {
        Err(DropError::Unavailable(CURE.into()))
    }
}

#[async_trait]
impl Holds for Idle {
    async fn release(&self, pipeline: &str, actor: &str) -> Result<(), HoldError> {
        let unavailable = |error: LedgerError| HoldError::Unavailable(error.into());
        let held = self.ledger.held(pipeline).await.map_err(unavailable)?;
        let held = held.ok_or_else(|| HoldError::NothingHeld(pipeline.to_owned()))?;
        // Whoever asks twice is told the same, and the trail holds each.
        self.ledger.append(&release_act(pipeline, actor)).await.map_err(unavailable)?;
        let told = Held { released: true, ..held };
        self.ledger.hold_back(pipeline, Some(told)).await.map_err(unavailable)
    }

    fn first(&self, _: &str) -> Vec<String> {
        // Which they are, only a source that lists knows.
        Vec::new()
    }

    async fn look_again(&self, _: &str) {
        // The next start lists every source.
    }
}

#[async_trait]
impl Members for Idle {
    async fn open(&self, _: &Document) -> Result<Download, MemberError> {
        Err(MemberError::Unavailable(CURE.into()))
    }
}

impl Conditions for Idle {
    fn now(&self) -> Vec<Condition> {
        Vec::new()
    }
}
