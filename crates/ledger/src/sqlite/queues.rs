use madang_document::timestamp::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};

use super::SqliteLedger;
use super::each::readable;
use super::fault::fault;
use super::value::{agency, count, small};
use super::writing::Writing;
use crate::error::{LedgerError, Result};
use crate::held::Held;
use crate::queue::{Queue, QueueDeclaration};

impl Writing<'_> {
    pub(super) async fn open_queue(&mut self, queue: &QueueDeclaration) -> Result<()> {
        sqlx::query(
            "INSERT INTO queue (name, agency, weight) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET agency = ?2, weight = ?3",
        )
        .bind(&queue.name)
        .bind(queue.agency.as_str())
        .bind(queue.weight.max(1))
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }

    pub(super) async fn pause(&mut self, queue: &str, paused: bool, actor: &str) -> Result<()> {
        let known = sqlx::query("UPDATE queue SET paused = ? WHERE name = ?")
            .bind(paused)
            .bind(queue)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        if known.rows_affected() == 0 {
            return Err(LedgerError::NotFound { what: "queue", name: queue.to_owned() });
        }
        let action = if paused { "queue.pause" } else { "queue.resume" };
        self.act(actor, action, format!("queue/{queue}"), String::new());
        Ok(())
    }
}

impl SqliteLedger {
    /// The queues with their counts.
    pub(super) async fn counted_queues(&self) -> Result<Vec<Queue>> {
        // Every count is a range of an index; none touches the table.
        let rows: Vec<QueueRow> = sqlx::query_as(
            "SELECT q.name, q.agency, q.weight, q.paused, h.missing, h.known, h.since, h.released,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'ready') AS ready,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'ready'
                     AND priority IN (1, 2, 3, 4) AND run_at > ?1) AS waiting,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'leased') AS leased,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'done') AS done,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'quarantined') AS quarantined,
                (SELECT count(*) FROM job WHERE queue = q.name AND state = 'done'
                     AND changed_at > ?1 - 60000 AND changed_at <= ?1) AS last_minute,
                (SELECT min(run_at) FROM (
                     SELECT (SELECT min(run_at) FROM job WHERE queue = q.name AND state = 'ready'
                             AND priority = n.column1 AND run_at <= ?1) AS run_at
                     FROM (VALUES (1), (2), (3), (4)) n)) AS oldest_ready
             FROM queue q LEFT JOIN held h ON h.pipeline = q.name ORDER BY q.name",
        )
        .bind(self.now().0)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(readable(rows, |row: QueueRow| row.0))
    }
}

struct QueueRow(Result<Queue>);

impl FromRow<'_, SqliteRow> for QueueRow {
    fn from_row(row: &SqliteRow) -> sqlx::Result<QueueRow> {
        let number = |name: &str| row.try_get::<i64, _>(name).map(count);
        let owner: String = row.try_get("agency")?;
        let oldest_ready: Option<i64> = row.try_get("oldest_ready")?;
        let held = match row.try_get::<Option<i64>, _>("since")? {
            None => None,
            Some(since) => Some(Held {
                missing: number("missing")?,
                known: number("known")?,
                since: Timestamp(since),
                released: row.try_get("released")?,
            }),
        };
        let waiting = number("waiting")?;
        let (name, paused) = (row.try_get("name")?, row.try_get("paused")?);
        let weight = small(row.try_get("weight")?);
        let ready = number("ready")?.saturating_sub(waiting);
        let (leased, done) = (number("leased")?, number("done")?);
        let (quarantined, last_minute) = (number("quarantined")?, number("last_minute")?);
        Ok(QueueRow(agency(owner).map(|agency| Queue {
            name,
            agency,
            weight,
            paused,
            ready,
            waiting,
            leased,
            done,
            quarantined,
            last_minute,
            oldest_ready: oldest_ready.map(Timestamp),
            held,
        })))
    }
}
