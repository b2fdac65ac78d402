use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use madang_document::condition::Condition;
use madang_document::document::Document;
use madang_document::headway::Headway;
use madang_ledger::ledger::Ledger;
use madang_pipeline::board::Board;
use madang_pipeline::likenesses::Likenesses as Making;
use madang_pipeline::service::Service;
use madang_pipeline::trial::Trials as Again;
use madang_pipeline::unpacker::{UnpackError, Unpacker};
use madang_pipeline::uploads::{Put, PutError};
use madang_server::ports::{
    Conditions, Drawn, DropError, DropTarget, Dropped, Drops, Likenesses, MemberError, Members,
    Recognising, Sources, TrialError, Trials, Tried,
};
use madang_store::error::StoreError;
use madang_store::store::{Body, Precondition};

use crate::{likenesses, trials};

/// The service as the server sees it.
pub(crate) struct ServicePorts {
    pub(crate) service: Arc<Service>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) board: Board,
    pub(crate) unpacker: Unpacker,
    pub(crate) likenesses: Making,
    pub(crate) trials: Again,
}

#[async_trait]
impl Members for ServicePorts {
    async fn open(&self, member: &Document) -> Result<Body, MemberError> {
        self.unpacker.open(member).await.map_err(|error| match error {
            UnpackError::Store(StoreError::Gone(_)) => MemberError::Gone(error.into()),
            UnpackError::Closed(why) => MemberError::Closed(why.into()),
            UnpackError::Store(_) | UnpackError::Run(_) | UnpackError::Busy => {
                MemberError::Unavailable(error.into())
            }
        })
    }
}

#[async_trait]
impl Likenesses for ServicePorts {
    async fn make(&self, document: &Document) -> Result<Option<Bytes>, MemberError> {
        likenesses::make(&self.likenesses, document).await
    }

    async fn page(
        &self,
        document: &Document,
        number: u32,
        side: u32,
    ) -> Result<Option<Drawn>, MemberError> {
        likenesses::page(&self.likenesses, document, number, side).await
    }
}

#[async_trait]
impl Trials for ServicePorts {
    fn formats(&self) -> Vec<(String, u32)> {
        trials::formats()
    }

    async fn read(&self, ledger: &dyn Ledger, object: &Document) -> Result<Vec<Tried>, TrialError> {
        trials::read(&self.trials, ledger, object).await
    }
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
        body: Body,
        condition: Precondition,
    ) -> Result<Dropped, DropError> {
        let put = self.service.put(pipeline, path, body, condition).await;
        let Put { file, recorded } = put.map_err(drop_error)?;
        Ok(Dropped { store: pipeline.to_owned(), file, recorded })
    }
}

/// Why an upload was not taken, as the server answers it.
fn drop_error(error: PutError) -> DropError {
    match error {
        PutError::NoPipeline(name) => DropError::UnknownPipeline(name),
        PutError::Excluded(_) => DropError::LeftOut(error.into()),
        PutError::Store(StoreError::Denied { .. }) => DropError::Refused(error.into()),
        PutError::Store(StoreError::Precondition(path)) => DropError::Precondition(path),
        PutError::Store(StoreError::Conflict { .. }) => DropError::Conflict(error.into()),
        PutError::Store(StoreError::BrokenOff { .. }) => DropError::BrokenOff(error.into()),
        PutError::Held { .. } => DropError::Held(error.into()),
        PutError::Unrecordable(_) | PutError::Ledger(_) => DropError::Unrecordable(error.into()),
        PutError::Store(_) => DropError::Unavailable(error.into()),
    }
}

impl Recognising for ServicePorts {
    fn headway(&self, job: i64) -> Option<Headway> {
        self.service.headway(job)
    }
}

impl Conditions for ServicePorts {
    fn now(&self) -> Vec<Condition> {
        self.board.now()
    }
}

#[async_trait]
impl Sources for ServicePorts {
    fn first(&self, pipeline: &str) -> Vec<String> {
        self.service.held(pipeline)
    }

    async fn look_again(&self, pipeline: &str) {
        self.service.look_again(pipeline).await;
    }

    fn declares(&self, pipeline: &str) -> bool {
        self.service.pipelines().iter().any(|one| one.name == pipeline)
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::mem::discriminant;

    use madang_document::cause::Cause;
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
        let refused = DropError::Refused;
        let unavailable = DropError::Unavailable;
        // The uploader reads the same sentence as the log holds.
        type Told = fn(Cause) -> DropError;
        let cases: [(PutError, Told); 9] = [
            (PutError::Excluded("a".into()), DropError::LeftOut),
            (PutError::Store(StoreError::denied("a", "closed")), refused),
            (PutError::Store(conflict), DropError::Conflict),
            (PutError::Store(broken_off), DropError::BrokenOff),
            (PutError::Held { missing: 10, known: 12 }, DropError::Held),
            (PutError::Store(StoreError::away("a", "full")), unavailable),
            (PutError::Store(StoreError::Gone("a".into())), unavailable),
            (PutError::Ledger(LedgerError::unavailable("locked")), DropError::Unrecordable),
            (PutError::Unrecordable("1 KiB is left".into()), DropError::Unrecordable),
        ];
        for (error, told) in cases {
            let expected = told(error.to_string().into());
            let found = drop_error(error);
            assert_eq!(found.to_string(), expected.to_string());
            assert_eq!(discriminant(&found), discriminant(&expected), "{found}");
            assert!(found.source().is_some_and(|cause| cause.is::<PutError>()), "{found}");
        }
    }
}
