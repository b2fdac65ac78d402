use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;

use crate::documents::Stored;
use crate::error::Result;
use crate::rows::Rows;

/// Reading again what was read before, because whoever operates it wants it: a reader is better now than it was.
#[async_trait]
pub trait Reprocessing: Send + Sync {
    /// The objects that fit, after the one whose own document is `after`, in an order of the backend's own that stays, at
    /// most `limit`. Only what was read and is there still: what waits to be read, or is being read, is read anyway.
    async fn chosen(
        &self,
        which: &Which,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Chosen>>;

    /// The live documents of an object, itself and its members however deep, ordered by their ids. `document` is the
    /// object's own.
    async fn documents_of(&self, document: DocumentId) -> Result<Rows<DocumentId, Stored>>;

    /// Has the objects of these documents read again, after everything else that waits: their jobs are ready again with
    /// priority [`BACKGROUND`], and nothing is known any more of what the same bytes came to
    /// ([`SameBytes`](crate::same_bytes::SameBytes)). What they give is told if it is another. Those whose job is open already, and those that
    /// are gone, are passed over. Gives how many are ready now. `asked` is what they were chosen by, as an object of JSON: the
    /// audit trail keeps it.
    async fn reprocess(
        &self,
        documents: &[DocumentId],
        actor: &str,
        asked: &serde_json::Value,
    ) -> Result<u64>;
}

/// The priority of what nobody waits for: of all jobs that are asked for it is claimed when no queue has anything else that is
/// due, and whoever wants it done beside the others asks for it alone
/// ([`PriorityClass`](crate::jobs::PriorityClass)).
pub const BACKGROUND: u8 = 4;

/// Which objects to read again. An object fits if one live document of it does, a member as well as itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Which {
    /// Only what this scope covers.
    pub agencies: Scope,
    /// Only of this pipeline.
    pub pipeline: Option<String>,
    /// Only what was read by this row of the table of formats; `none` for what no row matched.
    pub format: Option<String>,
    /// Only what is of this top-level media type (RFC 2046), as in `audio`.
    pub media: Option<String>,
    /// Only what ended so.
    pub outcome: Option<Outcome>,
    /// Only objects that were last read then or later.
    pub since: Option<Timestamp>,
    /// Only what was read by another version of its format than is named here, or by a format that is not named.
    pub unlike: Option<Vec<(String, u32)>>,
}

/// Every object of every agency.
impl Default for Which {
    fn default() -> Which {
        let agencies = Scope::All;
        Which {
            agencies,
            pipeline: None,
            format: None,
            media: None,
            outcome: None,
            since: None,
            unlike: None,
        }
    }
}

/// An object that fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its own document.
    pub document: DocumentId,
    /// It itself.
    pub object: ObjectRef,
    /// The pipeline that took it.
    pub pipeline: String,
    /// Whose it is.
    pub agency: Agency,
}
