use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use madang_ledger::ledger::Ledger;
use madang_pipeline::board::{Board, Kind};
use madang_pipeline::service::Service;
use madang_pipeline::uploads::PutError;
use madang_server::ports::{
    Condition, ConditionKind, Conditions, DropError, DropTarget, Dropped, Drops, HoldError, Holds,
    Upload,
};
use madang_store::error::StoreError;
use madang_store::store::Condition as PutCondition;

use crate::idle::release_act;

/// The service as the server sees it.
pub(crate) struct ServicePorts {
    pub(crate) service: Arc<Service>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) board: Board,
}

#[async_trait]
impl Drops for ServicePorts {
    fn targets(&self) -> Vec<DropTarget> {
        let pipelines = self.service.pipelines().iter();
        pipelines
            .map(|pipeline| DropTarget {
                pipeline: pipeline.name.clone(),
                agency: pipeline.agency.clone(),
                title: pipeline.series.title.clone(),
            })
            .collect()
    }

    async fn put(
        &self,
        pipeline: &str,
        path: &str,
        body: Upload,
        _length: Option<u64>,
        condition: PutCondition,
    ) -> Result<Dropped, DropError> {
        let put = self.service.put(pipeline, path, body.boxed(), condition).await;
        let listed = put.map_err(drop_error)?;
        Ok(Dropped { store: pipeline.to_owned(), path: listed.path, version: listed.version })
    }
}

/// Why an upload was not taken, as the server answers it.
fn drop_error(error: PutError) -> DropError {
    match error {
        PutError::NoPipeline(name) => DropError::UnknownPipeline(name),
        PutError::Excluded(_) | PutError::Store(StoreError::Denied { .. }) => {
            DropError::Refused(error.to_string())
        }
        PutError::Store(StoreError::Precondition(path)) => DropError::Precondition(path),
        PutError::Store(StoreError::Conflict { .. }) => DropError::Conflict(error.to_string()),
        PutError::Store(StoreError::BrokenOff { .. }) => DropError::BrokenOff(error.to_string()),
        PutError::Held { .. } => DropError::Held(error.to_string()),
        PutError::Store(_) | PutError::Ledger(_) => DropError::Unavailable(error.to_string()),
    }
}

/// A condition as the server shows it; a held disappearance is shown with its queue.
fn condition(condition: madang_pipeline::board::Condition) -> Option<Condition> {
    let kind = match condition.kind {
        Kind::DiskLow => ConditionKind::DiskLow,
        Kind::LedgerUnwritable => ConditionKind::LedgerUnwritable,
        Kind::LedgerDamaged => ConditionKind::LedgerDamaged,
        Kind::DescriptorsOut => ConditionKind::DescriptorsOut,
        Kind::Stalled => ConditionKind::Stalled,
        Kind::SourceAway => ConditionKind::SourceAway,
        Kind::Behind => ConditionKind::IndexBehind,
        Kind::Elsewhere => ConditionKind::Elsewhere,
        Kind::IndexDamaged => ConditionKind::IndexDamaged,
        Kind::Panicked => ConditionKind::Panicked,
        Kind::Held => return None,
    };
    let detail = format!("{}; {}", condition.message, condition.kind.cure());
    let (subject, agency) = (condition.subject.name, condition.subject.agency);
    Some(Condition { kind, subject, agency, since: condition.since, detail })
}

impl Conditions for ServicePorts {
    fn now(&self) -> Vec<Condition> {
        self.board.now().into_iter().filter_map(condition).collect()
    }
}

#[async_trait]
impl Holds for ServicePorts {
    async fn release(&self, pipeline: &str, actor: &str) -> Result<(), HoldError> {
        let unavailable = |error: &dyn std::fmt::Display| HoldError::Unavailable(error.to_string());
        match self.ledger.held(pipeline).await {
            Ok(Some(_)) => {}
            Ok(None) => return Err(HoldError::NothingHeld(pipeline.to_owned())),
            Err(error) => return Err(unavailable(&error)),
        }
        if !self.service.release(pipeline).await {
            return Err(unavailable(&"no source runs for it in this process"));
        }
        self.ledger.append(&release_act(pipeline, actor)).await.map_err(|error| unavailable(&error))
    }

    async fn look_again(&self, pipeline: &str) {
        self.service.look_again(pipeline).await;
    }
}

#[cfg(test)]
mod tests {
    use madang_ledger::error::LedgerError;

    use super::*;

    #[test]
    fn what_an_uploader_can_mend_is_told_from_what_passes() {
        let broken = || std::io::Error::other("reset");
        let conflict = StoreError::Conflict { path: "a".into(), reason: "a folder".into() };
        let broken_off = StoreError::BrokenOff { path: "a".into(), source: broken() };
        for (error, expected) in [
            (PutError::NoPipeline("press".into()), DropError::UnknownPipeline("press".into())),
            (PutError::Store(StoreError::Precondition("a".into())), {
                DropError::Precondition("a".into())
            }),
        ] {
            assert_eq!(format!("{:?}", drop_error(error)), format!("{expected:?}"));
        }
        let refused = |message| DropError::Refused(message);
        let unavailable = |message| DropError::Unavailable(message);
        // The uploader reads the same sentence as the log holds.
        type Told = fn(String) -> DropError;
        let cases: [(PutError, Told); 8] = [
            (PutError::Excluded("a".into()), refused),
            (PutError::Store(StoreError::denied("a", "closed")), refused),
            (PutError::Store(conflict), DropError::Conflict),
            (PutError::Store(broken_off), DropError::BrokenOff),
            (PutError::Held { missing: 10, known: 12 }, DropError::Held),
            (PutError::Store(StoreError::away("a", "full")), unavailable),
            (PutError::Store(StoreError::Gone("a".into())), unavailable),
            (PutError::Ledger(LedgerError::Unavailable("locked".into())), unavailable),
        ];
        for (error, told) in cases {
            let expected = told(error.to_string());
            assert_eq!(format!("{:?}", drop_error(error)), format!("{expected:?}"));
        }
    }
}
