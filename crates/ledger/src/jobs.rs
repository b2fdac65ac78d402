use std::time::Duration;

use async_trait::async_trait;
use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::document::Document;
use madang_document::failure_kind::FailureKind;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::principal::Scope;
use madang_document::reason::Reason;
use madang_document::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::error::Result;
use crate::queue::{Queue, QueueDeclaration};
use crate::reprocessing::BACKGROUND;
use crate::rows::Rows;
use crate::worker::Worker;

/// What no retry waits longer than.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// Work to do: one job per object, and one per deletion.
///
/// A clock that is set back delays nothing: before the next change, whatever waits for a moment is brought forward by
/// as much. One that is set forward ends leases and makes retries due before their time.
///
/// Every change of a claimed job carries its fence, a number that only grows; an act with a stale fence
/// changes nothing and says so.
#[async_trait]
pub trait Jobs: Send + Sync {
    /// Leases at most `limit` jobs of this class that are due, from queues that are not paused; of the queues that are named,
    /// where any are: a process takes nothing that it has no store for, and what others can read waits for them.
    ///
    /// The queues that have any take turns, by their weights and not by the age of their jobs, so that a
    /// hundred thousand jobs of one delay those of another by a bounded time. A job of priority 1 (a person
    /// waits for it) makes its queue go first, unless the queue is far ahead of its turns already. Within a
    /// queue by priority, then by time. May give fewer than are due; none only if none is. A job whose row cannot be
    /// read back is set aside instead, with that reason: it stops no other.
    async fn claim(
        &self,
        worker: &Worker,
        queues: Option<&[String]>,
        class: PriorityClass,
        limit: u32,
        lease: Duration,
    ) -> Result<Vec<Claim>>;

    /// Prolongs leases, ended or not, as long as nobody took them back; gives those that are no longer held:
    /// their work must be dropped.
    async fn renew(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<Ticket>>;

    /// Completes jobs in one transaction. For each whose fence still matches: job done, quarantined or
    /// deleted · documents upserted (an unchanged one is no new revision) · documents of the same object that
    /// are not in the list withdrawn · audit row · outbox rows with a commit-ordered `seq`. For the others
    /// nothing.
    async fn complete(&self, completions: &[Completion]) -> Result<Vec<Completed>>;

    /// Gives a job back, to be claimed again at `at`, and not later than [`LONGEST_WAIT`] from now: `at` may be of a
    /// clock that was set back since. An attempt that does not count by its [`FailureKind`] is none.
    async fn retry(&self, ticket: Ticket, at: Timestamp, failure: &Failure) -> Result<Completed>;

    /// Takes back leases that ended; each counts as a crash of the worker. Gives how many.
    ///
    /// Never those of `own_process`, which knows better than a clock does whether its work goes on: a clock
    /// that is set, or a machine that sleeps, is not its files' fault.
    async fn sweep(&self, own_process: Uuid) -> Result<u64>;

    /// Takes back every lease of this node's processes at once, those on readers included: only where the
    /// caller proved that none of them lives (by the lock of the data folder). No crash is counted, only the
    /// attempt that the claim counted: a service that is killed is not its files' fault, and poison shows by
    /// its number of attempts. Gives how many jobs.
    async fn release(&self, node: Uuid) -> Result<u64>;

    /// Makes a queue known, so that its jobs can be claimed. Idempotent; the agency and the weight are those
    /// of the last call.
    async fn open_queue(&self, queue: &QueueDeclaration) -> Result<()>;

    /// Stops or resumes claims from a queue.
    async fn pause(&self, queue: &str, paused: bool, actor: &str) -> Result<()>;

    /// Makes a job ready again: a quarantined one, one that was dropped, or one that waits for its next attempt. Its
    /// attempts and crashes start anew.
    async fn retry_now(&self, job: i64, actor: &str) -> Result<()>;

    /// Takes a quarantined job from the operator's list for good: its path counts as deleted, its documents are withdrawn.
    async fn drop_job(&self, job: i64, actor: &str) -> Result<()>;

    /// Makes jobs ready again: quarantined ones, or done ones whose format has a newer version.
    async fn redrive(&self, which: &Redrive, actor: &str) -> Result<u64>;

    /// Has the object of a document read again, because something that was made of it is lost. What it gives is
    /// told to every reader, the same or not. Gives whether a job was made ready: not when one is open already,
    /// and not when the object is gone or set aside for the operator.
    async fn reread(&self, document: DocumentId, reason: &str) -> Result<bool>;

    /// Has these live paths read anew, because what describes them changed: whatever was read of them, or is being read
    /// just now, is of before. Waiting jobs stay as they are, since they have not begun; whoever holds one of the others
    /// can no longer complete it. Gives how many were made ready.
    async fn read_anew(&self, store: &str, paths: &[String], reason: &str) -> Result<u64>;

    /// The same of those of these paths that are being read just now, and of no others.
    async fn break_off(&self, store: &str, paths: &[String], reason: &str) -> Result<u64>;

    /// The queues with their counts.
    async fn queues(&self) -> Result<Vec<Queue>>;

    /// One job.
    async fn job(&self, job: i64) -> Result<Option<Job>>;

    /// Jobs of a state, newest change first, at most `limit`, after job `after` of the former page.
    async fn jobs(
        &self,
        filter: &JobFilter,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Rows<i64, Job>>;

    /// The moment at which the first of all jobs that wait is or was due, of the queues and the class that
    /// [`claim`](Jobs::claim) would take from; none if none waits.
    async fn next_due(
        &self,
        queues: Option<&[String]>,
        class: PriorityClass,
    ) -> Result<Option<Timestamp>>;
}

/// Which jobs are asked for, by their priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriorityClass {
    /// All.
    Any,
    /// Those that somebody waits for, or may: above [`BACKGROUND`].
    Prompt,
    /// Those of [`BACKGROUND`].
    Background,
}

impl PriorityClass {
    /// The lowest and the highest number of its priorities.
    pub(crate) fn bounds(self) -> (u8, u8) {
        match self {
            PriorityClass::Any => (1, BACKGROUND),
            PriorityClass::Prompt => (1, BACKGROUND - 1),
            PriorityClass::Background => (BACKGROUND, BACKGROUND),
        }
    }
}

/// What a job is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Read the object.
    Extract,
    /// Withdraw what was read: the object is gone.
    Delete,
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// Waits to be claimed; after a failure, until its next attempt is due.
    Ready,
    /// A worker holds it.
    Leased,
    /// Completed.
    Done,
    /// Set aside for the operator, with a reason.
    Quarantined,
    /// Ended without being read: superseded by a newer version, or dropped by the operator.
    Cancelled,
}

impl JobState {
    /// Every state.
    pub const ALL: [JobState; 5] = [
        JobState::Ready,
        JobState::Leased,
        JobState::Done,
        JobState::Quarantined,
        JobState::Cancelled,
    ];

    /// The word used in JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Ready => "ready",
            JobState::Leased => "leased",
            JobState::Done => "done",
            JobState::Quarantined => "quarantined",
            JobState::Cancelled => "cancelled",
        }
    }

    /// The state of this word.
    pub fn parse(word: &str) -> Option<JobState> {
        JobState::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// Proof of a claim: the job and its fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket {
    /// The job.
    pub job: i64,
    /// Grows with every change of hands.
    pub fence: i64,
}

/// A leased job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Proof of the lease.
    pub ticket: Ticket,
    /// What to do.
    pub task: Task,
    /// The object.
    pub object: ObjectRef,
    /// When the store says that it was last changed.
    pub modified: Option<Timestamp>,
    /// The pipeline.
    pub pipeline: String,
    /// Whose it is.
    pub agency: Agency,
    /// Counted from 1, those left out that found nothing to read.
    pub attempt: u32,
    /// How often a worker or its child died of it before.
    pub crashes: u32,
}

/// A finished job with all that it found.
#[derive(Clone, Debug)]
pub struct Completion {
    /// Proof of the lease.
    pub ticket: Ticket,
    /// How it ended.
    pub verdict: Verdict,
    /// Every document of the object, the object's own included. Empty for a deletion.
    pub documents: Vec<Document>,
    /// Under which what was read may be taken again for the same bytes
    /// ([`SameBytes`](crate::same_bytes::SameBytes)); none if it may not, because something else than the bytes and the
    /// terms that the key stands for has a part in it.
    pub key: Option<BlobId>,
    /// Whether the object is read once more, with priority [`BACKGROUND`]: what was read is true and takes its place, and
    /// something slow was put off. Only of what is [`Verdict::Done`].
    pub again: bool,
    /// For the audit trail.
    pub actor: String,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Read; the outcome stands in the documents.
    Done,
    /// To be looked at by the operator.
    Quarantined(Failure),
    /// The object is gone: its documents are withdrawn.
    Deleted,
}

/// Why an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What it was.
    pub kind: FailureKind,
    /// Why, in more words.
    pub reason: Reason,
    /// Whether the reader died (crash, time, memory) instead of answering.
    pub crashed: bool,
}

/// What became of a change that carried a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completed {
    /// It is durable; `seq` is the last outbox row it wrote, if it wrote one.
    Applied {
        /// The last outbox row.
        seq: Option<u64>,
    },
    /// Somebody else holds the job, or it is no longer wanted: nothing was changed.
    Stale,
}

/// Which jobs to make ready again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redrive {
    /// Quarantined ones, of one queue or all, of one failure kind or all.
    Quarantined {
        /// Only of this queue.
        queue: Option<String>,
        /// Only with this failure kind.
        kind: Option<FailureKind>,
    },
    /// Done ones whose document was read by `format` in a version below this one.
    Format {
        /// The row of the table of formats; `none` for files that no row matched.
        format: String,
        /// Documents read by a version below this are read again.
        below: u32,
    },
    /// Done ones with a document at which `stage` looked in a version below this one, or not at all.
    Stage {
        /// The row of the table of stages.
        stage: String,
        /// Documents at which a version below this looked are read again.
        below: u32,
    },
}

/// A job as the operator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Job {
    /// The job.
    pub id: i64,
    /// The queue.
    pub queue: String,
    /// Whose it is.
    pub agency: Agency,
    /// What to do.
    pub task: Task,
    /// Where it stands.
    pub state: JobState,
    /// The object.
    pub object: ObjectRef,
    /// 1 (first) to 4.
    pub priority: u8,
    /// Attempts so far.
    pub attempt: u32,
    /// Deaths of workers or children so far.
    pub crashes: u32,
    /// When it is or was due.
    pub run_at: Timestamp,
    /// Until when it is leased.
    pub lease_until: Option<Timestamp>,
    /// The last failure.
    pub failure: Option<Failure>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When it ended.
    pub done_at: Option<Timestamp>,
}

/// Which jobs to list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFilter {
    /// Only of this state.
    pub state: Option<JobState>,
    /// Only of this queue.
    pub queue: Option<String>,
    /// Only what this scope covers.
    pub agencies: Scope,
    /// Only what is due after this moment: with [`JobState::Ready`], what waits for its next attempt.
    pub due_after: Option<Timestamp>,
}

/// Every job of every agency.
impl Default for JobFilter {
    fn default() -> JobFilter {
        JobFilter { state: None, queue: None, agencies: Scope::All, due_after: None }
    }
}
