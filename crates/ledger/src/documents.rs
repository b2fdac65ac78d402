use async_trait::async_trait;
use madang_document::document::Document;
use madang_document::extent::Extent;
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::Scope;

use crate::error::Result;
use crate::rows::Rows;

/// What was read. Rows are written by [`Jobs::complete`](crate::jobs::Jobs::complete) only.
#[async_trait]
pub trait Documents: Send + Sync {
    /// A document, withdrawn ones included.
    async fn document(&self, id: DocumentId) -> Result<Option<Stored>> {
        self.document_in(id, &Scope::All).await
    }

    /// The same, if the scope covers its agency. What is hidden is looked up as what is not there: nothing of it is read,
    /// however much that would be, so that no time tells that it exists.
    async fn document_in(&self, id: DocumentId, agencies: &Scope) -> Result<Option<Stored>>;

    /// Several documents; those that are unknown are left out. In no promised order.
    async fn documents(&self, ids: &[DocumentId]) -> Result<Rows<DocumentId, Stored>>;

    /// The live members of a document, ordered by inner path, at most `limit`.
    async fn members(&self, parent: DocumentId, limit: u32) -> Result<Rows<DocumentId, Stored>>;

    /// The ids of live documents of a partition after `after`, in an order of the backend's own that stays: for rebuilding
    /// an index. A document that comes while somebody walks over them may be met or not; the outbox tells of it. A row that
    /// cannot be read back is met like any other: it stops no walk, and is refused where it is asked for by its id.
    async fn ids_after(
        &self,
        partition: &Partition,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<DocumentId>>;

    /// The same of a pipeline: for walking over its documents when what is declared of it changed.
    async fn ids_of(
        &self,
        pipeline: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<DocumentId>>;

    /// How many live documents have each outcome, of what the scope covers. A word that is no outcome is left out.
    async fn outcomes(&self, agencies: &Scope) -> Result<Vec<(Outcome, u64)>>;

    /// The partitions that have documents, withdrawn ones included. A code that is no agency's is left out.
    async fn partitions(&self) -> Result<Vec<Partition>>;

    /// Live objects (members apart), bytes and latest change of a pipeline: what its series entry says.
    async fn extent(&self, pipeline: &str) -> Result<Extent>;
}

/// A document with its revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Counted from 1; grows when the document changes.
    pub revision: u64,
    /// Whether its object is gone.
    pub withdrawn: bool,
    /// The document.
    pub document: Document,
}
