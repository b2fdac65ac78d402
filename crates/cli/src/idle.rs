use async_trait::async_trait;
use madang_server::ports::{
    Condition, Conditions, DropError, DropTarget, Dropped, Drops, HoldError, Holds, Upload,
};
use madang_store::store::Condition as PutCondition;

/// The ports of a data folder on which nothing runs: it can be read, and takes nothing.
#[derive(Debug)]
pub(crate) struct Idle;

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
        _: PutCondition,
    ) -> Result<Dropped, DropError> {
        Err(DropError::Unavailable(CURE.into()))
    }
}

#[async_trait]
impl Holds for Idle {
    async fn release(&self, _: &str, _: &str) -> Result<(), HoldError> {
        Err(HoldError::Unavailable(CURE.into()))
    }

    async fn look_again(&self, _: &str) {
        // The next start lists every source.
    }
}

impl Conditions for Idle {
    fn now(&self) -> Vec<Condition> {
        Vec::new()
    }
}
