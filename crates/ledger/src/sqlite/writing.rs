use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::MutexGuard;

use super::fault::fault;
use super::news::{News, What};
use super::{chain, news};
use crate::audit::Act;
use crate::error::Result;

/// A transaction under way on the one writing connection. Dropped without [`commit`](Self::commit), it never was.
pub(super) struct Writing<'a> {
    slot: MutexGuard<'a, Option<SqliteConnection>>,
    pub(super) conn: SqliteConnection,
    /// The moment at which its turn came.
    pub(super) now: Timestamp,
    pub(super) acts: Vec<Act>,
    pub(super) news: Vec<News>,
}

impl<'a> Writing<'a> {
    /// Begins one. `slot` is where the connection goes back to when it ends well.
    pub(super) async fn begin(
        slot: MutexGuard<'a, Option<SqliteConnection>>,
        mut conn: SqliteConnection,
        now: Timestamp,
    ) -> Result<Writing<'a>> {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut conn).await.map_err(fault)?;
        Ok(Writing { slot, conn, now, acts: Vec::new(), news: Vec::new() })
    }

    /// Writes what the audit trail and the outbox are to hear, and commits. Gives the `seq` of the first
    /// outbox row; the others follow it without a gap.
    ///
    /// The numbers of the outbox are taken last: on a store with several writers the row they come from stays
    /// locked until the commit, and so they grow in the order of commits.
    pub(super) async fn commit(mut self) -> Result<u64> {
        chain::append(&mut self.conn, &self.acts, self.now).await?;
        let first = news::write(&mut self.conn, &self.news, self.now).await?;
        sqlx::query("COMMIT").execute(&mut self.conn).await.map_err(fault)?;
        *self.slot = Some(self.conn);
        Ok(first)
    }

    /// Ends a transaction that changed nothing, and keeps its connection.
    pub(super) async fn abandon(mut self) -> Result<()> {
        sqlx::query("ROLLBACK").execute(&mut self.conn).await.map_err(fault)?;
        *self.slot = Some(self.conn);
        Ok(())
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
