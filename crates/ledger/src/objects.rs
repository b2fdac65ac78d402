use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use serde::Serialize;

use crate::error::Result;
use crate::held::Held;
use crate::jobs::Job;

/// What sources saw in their stores.
///
/// A *path* is a file as people know it; an *object* is one version of it. A path has at most one current
/// object. Every trait method is one transaction.
#[async_trait]
pub trait Objects: Send + Sync {
    /// Records objects and enqueues a job for each that is new, in one transaction. Idempotent: the same
    /// (store, path, version) a second time changes nothing. A new version of a known path supersedes the
    /// older one: its job, if not leased, is cancelled; if leased, its completion is refused by the fence.
    /// A path that had vanished and is back counts as a new version. What was read of a path goes with it to
    /// the pipeline and the agency of its last sighting.
    async fn see(&self, sightings: &[Sighting]) -> Result<Seen>;

    /// Says the current versions of these live paths of a store in other words, where they are still what they are said
    /// to be: nothing is read again, and nobody is told. Gives how many there were.
    async fn renew_versions(&self, store: &str, renewals: &[Renewal]) -> Result<u64>;

    /// Current objects of a pipeline, live ones only, ordered by path, at most `limit`, after path `after`:
    /// what a full listing is compared with.
    async fn known(
        &self,
        pipeline: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KnownPath>>;

    /// The current objects of those of these paths, each in a store, that are live, in no promised order.
    async fn current(&self, paths: &[(&str, &str)]) -> Result<Vec<ObjectRef>>;

    /// Enqueues a deletion for each of these paths that is live. Gives how many there were.
    async fn vanish(&self, store: &str, paths: &[String]) -> Result<u64>;

    /// Notes that a disappearance of so many of the known paths waits for the operator's word, since now or since it
    /// was noted first. A word that was given is about no more than were missing then: it does not outlast a growth.
    async fn hold_back(&self, pipeline: &str, missing: u64, known: u64) -> Result<Held>;

    /// Takes that note back, and with it a word that was given.
    async fn end_hold(&self, pipeline: &str) -> Result<()>;

    /// The operator's word that what is held of a pipeline is really gone: whoever lists its source next withdraws it.
    /// Gives what the word is about; none if nothing is held. With its row in the audit trail, each time it is given.
    async fn release_held(&self, pipeline: &str, actor: &str) -> Result<Option<Held>>;

    /// The disappearance that waits, if one does.
    async fn held(&self, pipeline: &str) -> Result<Option<Held>>;

    /// Conservation: where every path ever received is now. Of what the scope covers.
    async fn balance(&self, agencies: &Scope) -> Result<Balance>;

    /// Where the object with this document id stands; none if it was never seen or the scope does not cover it, and
    /// whoever asks cannot tell which, not by the time that it takes either. One look-up, however much waits.
    async fn standing_of(&self, document: DocumentId, scope: &Scope) -> Result<Option<Standing>>;
}

/// An object that a source saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// What was seen.
    pub object: ObjectRef,
    /// The pipeline that takes it; also the name of its queue.
    pub pipeline: String,
    /// Whose it is.
    pub agency: Agency,
    /// When the store says it was last changed.
    pub modified: Option<Timestamp>,
    /// 1 (first) to 4.
    pub priority: u8,
}

/// What became of some sightings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Paths never seen before.
    pub received: u64,
    /// New versions of known paths.
    pub changed: u64,
    /// Nothing new.
    pub known: u64,
}

/// A live path and its current version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPath {
    /// The path.
    pub path: String,
    /// Its current version.
    pub version: String,
}

/// A version that is recorded in fewer words than it is known by now: of a local file once without the inode's own time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// The path.
    pub path: String,
    /// The version as it is recorded.
    pub from: String,
    /// The same version, as it is to be recorded.
    pub to: String,
}

/// Conservation: `received = done + quarantined + deleted + in_flight`, counted in paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Balance {
    /// Paths ever seen.
    pub received: u64,
    /// Read (or recognised) and completed.
    pub done: u64,
    /// Set aside for the operator.
    pub quarantined: u64,
    /// Gone from their store, and their documents withdrawn; also dropped by the operator.
    pub deleted: u64,
    /// Waiting or being worked on.
    pub in_flight: u64,
    /// What lies in the sources and is not taken (a link, a device, a path too long): no paths, and so no part
    /// of the sum.
    pub left_out: u64,
    /// Files that describe others and are to be found under those: a part of what is done.
    pub sidecars: u64,
    /// Members of archives, mails and compound documents: live documents that are no paths.
    pub members: u64,
}

impl Balance {
    /// Whether nothing is lost.
    pub fn holds(&self) -> bool {
        self.received == self.done + self.quarantined + self.deleted + self.in_flight
    }
}

/// Where one path stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its current object.
    pub object: ObjectRef,
    /// The pipeline that took it.
    pub pipeline: String,
    /// Whose it is.
    pub agency: Agency,
    /// When it was first seen.
    pub seen_at: Timestamp,
    /// The job of the current object.
    pub job: Job,
    /// Whether claims from its queue are stopped.
    pub paused: bool,
    /// While the job waits and is due: about how many jobs, of all queues, are claimed before it.
    pub ahead: Option<u64>,
    /// Jobs completed in the last minute, of all queues: with `ahead`, about how long it will wait.
    pub per_minute: u64,
}
