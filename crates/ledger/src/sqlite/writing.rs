use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::MutexGuard;

use super::fault::fault;
use super::news::{News, What};
use super::owed::Owed;
use super::readings::Readings;
use super::{chain, news};
use crate::audit::Act;
use crate::error::{LedgerError, Result};

/// What the one who writes has.
pub(super) struct Writer {
    /// The connection; none after a transaction that ended badly.
    pub(super) conn: Option<SqliteConnection>,
    pub(super) readings: Readings,
    /// What is still to be brought forward.
    pub(super) owed: Vec<Owed>,
}

/// A transaction under way on the one writing connection. Dropped without [`commit`](Self::commit), it never was.
pub(super) struct Writing<'a> {
    writer: MutexGuard<'a, Writer>,
    pub(super) conn: SqliteConnection,
    /// The moment at which its turn came.
    pub(super) now: Timestamp,
    /// What is remembered of the clock once it has committed.
    pub(super) readings: Readings,
    /// What is still to be brought forward once it has committed.
    pub(super) owed: Vec<Owed>,
    pub(super) acts: Vec<Act>,
    pub(super) news: Vec<News>,
    pace: Pace,
}

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As the connection was opened: what it says is on the disk once it has committed.
    Full,
    /// Nothing is waited for: neither the disk nor the write-back of the log. A power cut may undo it, and nothing that
    /// came before it; the next one of full pace takes it to the disk, for both stand in one log.
    ///
    /// The two settings belong to the connection, and go back with the commit. One that did not come so far takes
    /// its connection with it.
    Soft,
}

const BEGIN_SOFT: &str =
    "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; BEGIN IMMEDIATE";
const FULL_AGAIN: &str = "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 8192";

impl<'a> Writing<'a> {
    /// Begins one. `writer` is where the connection goes back to when it ends well.
    pub(super) async fn begin(
        writer: MutexGuard<'a, Writer>,
        mut conn: SqliteConnection,
        now: Timestamp,
        pace: Pace,
    ) -> Result<Writing<'a>> {
        match pace {
            Pace::Full => sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await,
            Pace::Soft => sqlx::raw_sql(BEGIN_SOFT).execute(&mut conn).await,
        }
        .map_err(fault)?;
        let (readings, owed) = (writer.readings, writer.owed.clone());
        let (acts, news) = (Vec::new(), Vec::new());
        Ok(Writing { writer, conn, now, readings, owed, acts, news, pace })
    }

    /// Writes what the audit trail and the outbox are to hear, and commits. Gives the `seq` of the first
    /// outbox row; the others follow it without a gap.
    ///
    /// The numbers of the outbox are taken last: on a store with several writers the row they come from stays
    /// locked until the commit, and so they grow in the order of commits.
    pub(super) async fn commit(mut self) -> Result<u64> {
        chain::append(&mut self.conn, &self.acts, self.now).await?;
        let first = news::write(&mut self.conn, &self.news, self.now).await?;
        // Noted earlier, what is owed would be forgotten with this process.
        if self.owed.is_empty() {
            self.readings.note(&mut self.conn).await?;
        }
        sqlx::query("COMMIT").execute(&mut self.conn).await.map_err(fault)?;
        self.writer.readings = self.readings;
        self.writer.owed = std::mem::take(&mut self.owed);
        self.keep().await;
        Ok(first)
    }

    /// Commits what went well. What the ledger refuses changes nothing and keeps the connection; of anything else
    /// that failed nobody knows what state it left, and the connection goes with it.
    pub(super) async fn end<T>(self, answer: Result<T>) -> Result<T> {
        match &answer {
            Ok(_) => {
                self.commit().await?;
            }
            Err(LedgerError::Conflict { .. } | LedgerError::NotFound { .. }) => {
                self.abandon().await?;
            }
            Err(_) => {}
        }
        answer
    }

    /// Ends a transaction that changed nothing, and keeps its connection.
    pub(super) async fn abandon(mut self) -> Result<()> {
        sqlx::query("ROLLBACK").execute(&mut self.conn).await.map_err(fault)?;
        self.keep().await;
        Ok(())
    }

    /// Keeps the connection for the next one, if it can be made again what it was.
    async fn keep(mut self) {
        let full = match self.pace {
            Pace::Full => true,
            Pace::Soft => sqlx::raw_sql(FULL_AGAIN).execute(&mut self.conn).await.is_ok(),
        };
        self.writer.conn = full.then_some(self.conn);
    }

    pub(super) fn act(&mut self, actor: &str, action: &str, subject: String, detail: String) {
        self.acts.push(Act { actor: actor.to_owned(), action: action.to_owned(), subject, detail });
    }

    /// Tells the readers of a partition of a document. Gives the place of the row in the news.
    pub(super) fn tell(&mut self, id: DocumentId, agency: &str, version: u64, withdrawn: bool) {
        let agency = agency.to_owned();
        self.news.push(News { what: What::Document(id), agency, version, withdrawn });
    }
}
