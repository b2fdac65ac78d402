use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::cause::Cause;
use madang_document::condition::Condition;
use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::headway::Headway;
use madang_document::reason::Reason;
use madang_ledger::ledger::Ledger;
use madang_store::store::{Body, Listed, Precondition};

/// Where uploads go: the source folders and buckets of the pipelines.
#[async_trait]
pub trait Drops: Send + Sync {
    /// The pipelines that take uploads.
    fn targets(&self) -> Vec<DropTarget>;

    /// Writes an upload below the pipeline's source, all of it or nothing, if the condition holds at the
    /// moment at which it appears there, and records it in the ledger: its receipt can be asked for at once, on
    /// any node, but for the rare one that was written and could not be recorded then. A condition that fails from the
    /// start is told before the body is read. `path` is relative, has no empty, `.` or `..` part and no control
    /// character. A `body` that ends with an error (the sender went away, a limit was passed) leaves nothing in the
    /// store.
    async fn put(
        &self,
        pipeline: &str,
        path: &str,
        body: Body,
        condition: Precondition,
    ) -> Result<Dropped, DropError>;
}

/// A pipeline that takes uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropTarget {
    /// The pipeline's name.
    pub pipeline: String,
    /// Whose it is.
    pub agency: Agency,
    /// What people call it.
    pub title: String,
}

/// An upload that is safe in its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The store's configured name.
    pub store: String,
    /// The file, as the source will see it.
    pub file: Listed,
    /// Whether it is in the ledger; else its source records it as soon as the ledger can be written.
    pub recorded: bool,
}

/// Why an upload was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DropError {
    /// No such pipeline, or it takes no uploads.
    #[error("no pipeline `{0}` takes uploads")]
    UnknownPipeline(String),
    /// The pipeline leaves out files of that name: it would never read it.
    #[error("{0}")]
    LeftOut(#[source] Cause),
    /// The store cannot hold that name: the message says why.
    #[error("{0}")]
    Refused(#[source] Cause),
    /// The condition does not hold.
    #[error("`{0}` is there already, or is no longer the version that was named")]
    Precondition(String),
    /// Something else stands at the path (a folder, a link, a pipe), or a file above it: another name may do.
    #[error("{0}")]
    Conflict(#[source] Cause),
    /// The sender's bytes ended early or passed a limit.
    #[error("the upload was broken off: {0}")]
    BrokenOff(#[source] Cause),
    /// So many files of the pipeline are gone that the operator must first say whether that is real: what is written
    /// now may lie under a mount that is lost.
    #[error("{0}")]
    Held(#[source] Cause),
    /// The ledger cannot be written, so that nothing may be taken: the same again later may help.
    #[error("{0}")]
    Unrecordable(#[source] Cause),
    /// The store is full or gone: the same again later may help.
    #[error("the store cannot be written: {0}")]
    Unavailable(#[source] Cause),
}

/// Members of archives, mails and documents, each as the file that it is.
#[async_trait]
pub trait Members: Send + Sync {
    /// Unpacks a member. Its bytes end with an error when they cannot be had to the end, or are not those that were
    /// read when it was indexed.
    async fn open(&self, member: &Document) -> Result<Body, MemberError>;
}

/// Why a member, or the likeness that a document stores of itself, cannot be handed out.
#[derive(Debug, thiserror::Error)]
pub enum MemberError {
    /// The object around it is gone or another one.
    #[error("{0}")]
    Gone(#[source] Cause),
    /// It cannot be unpacked, or is not there any more: the message says why.
    #[error("{0}")]
    Closed(#[source] Cause),
    /// Not possible now.
    #[error("{0}")]
    Unavailable(#[source] Cause),
}

/// Likenesses that documents store of themselves, and pictures of their pages.
#[async_trait]
pub trait Likenesses: Send + Sync {
    /// What the likeness of a document shows, as a JPEG file that was encoded anew; none if there is nothing to see on it,
    /// or if it cannot be decoded.
    async fn make(&self, document: &Document) -> Result<Option<Bytes>, MemberError>;

    /// A page of a document, counted from 1, with at most so many pixels on its longer side; none if there is no such page, or
    /// if it cannot be drawn.
    async fn page(
        &self,
        document: &Document,
        number: u32,
        side: u32,
    ) -> Result<Option<Drawn>, MemberError>;
}

/// What somebody looks at.
#[derive(Clone, Debug)]
pub struct Drawn {
    /// A JPEG file that was encoded anew.
    pub jpeg: Bytes,
    /// The page's width and height in points, where they are known.
    pub points: Option<(f32, f32)>,
    /// Its words and where they stand; none where the picture is all that there is.
    pub words: Vec<Segment>,
}

impl From<Bytes> for Drawn {
    fn from(jpeg: Bytes) -> Drawn {
        Drawn { jpeg, points: None, words: Vec::new() }
    }
}

/// Reading files again, to see what would change.
#[async_trait]
pub trait Trials: Send + Sync {
    /// The formats that are read today, each with its version.
    fn formats(&self) -> Vec<(String, u32)>;

    /// What reading the object of a document again comes to: its own document and those of its members, without their
    /// blobs, with what lies beside it as the ledger knows it. Nothing is kept.
    async fn read(&self, ledger: &dyn Ledger, object: &Document) -> Result<Vec<Tried>, TrialError>;
}

/// A document as it would be.
#[derive(Clone, Debug)]
pub struct Tried {
    /// It itself, without its text and preview.
    pub document: Document,
    /// Its text.
    pub segments: Vec<Segment>,
    /// What its text would be kept under; none if there is none.
    pub text: Option<BlobId>,
    /// The same of its preview.
    pub preview: Option<BlobId>,
}

/// Why a file cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// It is gone, or another one since.
    #[error("{0}")]
    Gone(Reason),
    /// Its store does not give it, or no child could read it.
    #[error("{0}")]
    Unread(Reason),
    /// No service is there that could read it.
    #[error("no service runs on this data folder; start it with `madang up`")]
    NoService,
    /// Those that are tried before it do not come to an end, so that it had no turn in this time. It keeps no place.
    #[error("no file that is being tried ended within {} seconds", .0.as_secs())]
    Busy(Duration),
    /// Not possible now.
    #[error("{0}")]
    Unavailable(#[source] Cause),
}

/// The sources, as far as they run in this process.
#[async_trait]
pub trait Sources: Send + Sync {
    /// The first paths of what is held in a pipeline, in order; none where no source here knows them. Does not block.
    fn first(&self, pipeline: &str) -> Vec<String>;

    /// Has the source of a pipeline listed now, if one runs here: what the ledger refused of it is seen again, and the
    /// operator's word on what is held of it is acted on.
    async fn look_again(&self, pipeline: &str);

    /// Whether a pipeline of this name is declared here. Where no service runs nothing is, and nothing follows from that:
    /// all of them count as declared. Does not block.
    fn declares(&self, pipeline: &str) -> bool;
}

/// What is recognised just now.
pub trait Recognising: Send + Sync {
    /// How far it has come in a job; none of one in which nothing is recognised at present, or not in this process. Does not
    /// block.
    fn headway(&self, job: i64) -> Option<Headway>;
}

/// What keeps the service from its work just now.
pub trait Conditions: Send + Sync {
    /// Whatever stands at this moment; nothing when all is well. Does not block.
    fn now(&self) -> Vec<Condition>;
}
