use async_trait::async_trait;
use madang_document::left_out::LeftOut;
use madang_document::principal::Scope;

use crate::error::Result;
use crate::rows::Rows;

/// What lies in a source and is not taken: it is in no path's row, and has a named state all the same.
#[async_trait]
pub trait LeftOuts: Send + Sync {
    /// Says what a pipeline leaves out, in the place of what it said before.
    async fn leave_out(&self, pipeline: &str, left_out: &[LeftOut]) -> Result<()>;

    /// Amends what a pipeline leaves out: with what was `found`, and without the keys that have `ended`. All that is
    /// named in neither stays.
    async fn amend_left_out(
        &self,
        pipeline: &str,
        found: &[LeftOut],
        ended: &[String],
    ) -> Result<()>;

    /// What a pipeline leaves out, ordered by key.
    async fn left_out(&self, pipeline: &str) -> Result<Vec<LeftOut>>;

    /// What these pipelines leave out at these keys: the pairs of which that is so, in any order.
    async fn left_out_at(&self, places: &[(&str, &str)]) -> Result<Vec<(String, String)>>;

    /// What the pipelines of a scope leave out, ordered by pipeline and key, after those of `after`, at most
    /// `limit`.
    async fn left_outs(
        &self,
        scope: &Scope,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Rows<(String, String), (String, LeftOut)>>;
}
