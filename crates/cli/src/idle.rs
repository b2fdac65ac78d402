use async_trait::async_trait;
use bytes::Bytes;
use madang_document::condition::Condition;
use madang_document::document::Document;
use madang_document::headway::Headway;
use madang_ledger::ledger::Ledger;
use madang_pipeline::trial::Trials as Again;
use madang_server::ports::{
    Conditions, Drawn, DropError, DropTarget, Dropped, Drops, Likenesses, MemberError, Members,
    Recognising, Sources, TrialError, Trials, Tried,
};
use madang_store::store::{Body, Precondition};

use crate::trials;

/// The ports of a data folder on which nothing runs: it can be read, and takes nothing.
pub(crate) struct Idle;

const CURE: &str = "no service runs on this data folder; start it with `madang up`";

#[async_trait]
impl Drops for Idle {
    fn targets(&self) -> Vec<DropTarget> {
        Vec::new()
    }

    async fn put(&self, _: &str, _: &str, _: Body, _: Precondition) -> Result<Dropped, DropError> {
        Err(DropError::Unavailable(CURE.into()))
    }
}

/// Trials where no service runs: by the command that asks for them, if it can reach the stores.
pub(crate) struct OwnTrials(pub(crate) Option<Again>);

#[async_trait]
impl Trials for OwnTrials {
    fn formats(&self) -> Vec<(String, u32)> {
        trials::formats()
    }

    async fn read(&self, ledger: &dyn Ledger, object: &Document) -> Result<Vec<Tried>, TrialError> {
        match &self.0 {
            Some(again) => trials::read(again, ledger, object).await,
            None => Err(TrialError::NoService),
        }
    }
}

#[async_trait]
impl Sources for Idle {
    fn first(&self, _: &str) -> Vec<String> {
        // Which they are, only a source that lists knows.
        Vec::new()
    }

    async fn look_again(&self, _: &str) {
        // The next start lists every source.
    }

    fn declares(&self, _: &str) -> bool {
        true
    }
}

#[async_trait]
impl Members for Idle {
    async fn open(&self, _: &Document) -> Result<Body, MemberError> {
        Err(MemberError::Unavailable(CURE.into()))
    }
}

#[async_trait]
impl Likenesses for Idle {
    async fn make(&self, _: &Document) -> Result<Option<Bytes>, MemberError> {
        Err(MemberError::Unavailable(CURE.into()))
    }

    async fn page(&self, _: &Document, _: u32, _: u32) -> Result<Option<Drawn>, MemberError> {
        Err(MemberError::Unavailable(CURE.into()))
    }
}

impl Recognising for Idle {
    fn headway(&self, _: i64) -> Option<Headway> {
        None
    }
}

impl Conditions for Idle {
    fn now(&self) -> Vec<Condition> {
        Vec::new()
    }
}
