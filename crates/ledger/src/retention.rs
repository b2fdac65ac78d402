use async_trait::async_trait;

use crate::error::Result;
use crate::reader::Reader;

/// How long what is finished stays in the record, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Rows of the outbox that every reader has passed. Twice as long stay those that one still has to pass
    /// ([`Retention::unpassed_ms`]).
    pub outbox_ms: i64,
    /// Finished jobs that are not the last of their path.
    pub jobs_ms: i64,
    /// What documents were before ([`Versions`](crate::versions::Versions)), counted from when it became something else.
    pub versions_ms: i64,
    /// Rows of the audit trail. Its oldest rows go, and a row that says so carries the hash of the last of them: what
    /// is left stays a chain ([`root`](crate::audit::root)). They stay [`DAY_MS`] longer at most, to go together.
    pub audit_ms: i64,
}

/// How much longer a row of the audit trail may stay than the retention says, milliseconds. Each cut is an act itself,
/// whose row goes by another cut: so one is made for a day's rows, and none for rows that only tell of cuts.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// One year, the longest span that the yearly self-inspection of an institution's data looks back over.
pub const YEAR_MS: i64 = 366 * 24 * 60 * 60 * 1000;

impl Default for Retention {
    fn default() -> Retention {
        Retention { outbox_ms: YEAR_MS, jobs_ms: YEAR_MS, versions_ms: YEAR_MS, audit_ms: YEAR_MS }
    }
}

impl Retention {
    /// How long a row of the outbox stays that a reader has not passed, milliseconds. Then it goes whoever waits: the
    /// reader may be one that nobody runs any more (a registry that is configured no longer, a role that no process
    /// has), and one that comes back after all can tell by [`Trim::trimmed`] that it has to start anew.
    pub fn unpassed_ms(&self) -> i64 {
        self.outbox_ms.saturating_mul(2)
    }
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trimmed {
    /// Rows of the outbox.
    pub outbox: u64,
    /// Jobs.
    pub jobs: u64,
    /// Former versions of documents.
    pub versions: u64,
    /// Rows of the audit trail.
    pub audit: u64,
    /// Whether of any of these as many went as go at once, so that more may be left.
    pub is_full: bool,
}

/// Removes what nobody needs any more.
#[async_trait]
pub trait Trim: Send + Sync {
    /// Removes at most some thousands of rows that are older than the retention says; call it again while
    /// [`Trimmed::is_full`]. A row of the outbox goes when every reader that it is for has passed it (the index of its partition,
    /// and every other reader that ever said how far it is), or when it is older than [`Retention::unpassed_ms`].
    async fn trim(&self, retention: &Retention) -> Result<Trimmed>;

    /// The highest `seq` that is gone of the rows that this reader follows; 0 if none is. A reader whose
    /// checkpoint is below it cannot catch up from the outbox: it starts anew from the documents
    /// (`Documents::ids_after`) or the entries (`Entries::entries`).
    async fn trimmed(&self, reader: &Reader) -> Result<u64>;
}
