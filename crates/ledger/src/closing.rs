use async_trait::async_trait;

use crate::error::Result;

/// An orderly end.
#[async_trait]
pub trait Closing: Send + Sync {
    /// Lets go of all that the backend holds open, and leaves the record as tidy as it can be. Not needed for
    /// durability: what was committed stays so either way. For the last act on a ledger.
    async fn close(&self) -> Result<()>;
}
