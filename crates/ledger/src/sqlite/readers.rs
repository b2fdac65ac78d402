use std::time::Duration;

use async_trait::async_trait;
use madang_document::id::DocumentId;

use super::SqliteLedger;
use super::fault::fault;
use super::value::{bytes, count, signed};
use crate::error::Result;
use crate::reader::{Reader, Readers};
use crate::worker::Worker;

#[async_trait]
impl Readers for SqliteLedger {
    async fn cursor(&self, reader: &Reader) -> Result<u64> {
        let seq: Option<i64> = sqlx::query_scalar("SELECT seq FROM reader WHERE name = ?")
            .bind(reader.to_string())
            .fetch_optional(self.readers())
            .await
            .map_err(fault)?;
        Ok(seq.map_or(0, count))
    }

    async fn advance(&self, reader: &Reader, seq: u64) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "INSERT INTO reader (name, seq) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET seq = max(seq, ?2)",
        )
        .bind(reader.to_string())
        .bind(signed(seq))
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(())
    }

    async fn reset(&self, reader: &Reader) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query("UPDATE reader SET seq = 0 WHERE name = ?")
            .bind(reader.to_string())
            .execute(&mut tx.conn)
            .await
            .map_err(fault)?;
        tx.commit().await?;
        Ok(())
    }

    async fn passed(&self, document: DocumentId, reader: &Reader) -> Result<bool> {
        // NULL, and so not passed, as long as there is no such row.
        let (sql, agency) = match reader {
            // Of what has left this partition the last row here is an older one: it is looked for among those
            // that its reader has still to pass.
            Reader::Index(partition) => (
                "SELECT iif(d.agency = ?3, d.seq <= ?2, NOT EXISTS (
                     SELECT 1 FROM outbox o
                     WHERE o.kind = 1 AND o.agency = ?3 AND o.seq > ?2 AND o.document = ?1))
                 FROM document d WHERE d.id = ?1",
                Some(partition.agency.as_str()),
            ),
            Reader::Cataloguer | Reader::Eraser => {
                ("SELECT d.seq <= ?2 AND ?3 IS NULL FROM document d WHERE d.id = ?1", None)
            }
            Reader::Registry(_) => {
                ("SELECT e.seq <= ?2 AND ?3 IS NULL FROM entry e WHERE e.id = ?4", None)
            }
        };
        let cursor = self.cursor(reader).await?;
        let passed: Option<bool> = sqlx::query_scalar(sql)
            .bind(bytes(document))
            .bind(signed(cursor))
            .bind(agency)
            .bind(document.to_string())
            .fetch_optional(self.readers())
            .await
            .map_err(fault)?;
        Ok(passed.unwrap_or(false))
    }

    async fn hold(
        &self,
        readers: &[Reader],
        worker: &Worker,
        lease: Duration,
    ) -> Result<Vec<Reader>> {
        if readers.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.begin_soft().await?;
        let now = tx.now;
        let mut held = Vec::with_capacity(readers.len());
        for reader in readers {
            let taken = sqlx::query(
                "INSERT INTO reader (name, seq, node, process, held_until) VALUES (?1, 0, ?2, ?3, ?4)
                 ON CONFLICT (name) DO UPDATE SET node = ?2, process = ?3, held_until = ?4
                 WHERE process IS NULL OR process = ?3 OR held_until <= ?5",
            )
            .bind(reader.to_string())
            .bind(worker.node.as_bytes().to_vec())
            .bind(worker.process.as_bytes().to_vec())
            .bind(now.plus_ms(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)).0)
            .bind(now.0)
            .execute(&mut tx.conn)
            .await
            .map_err(fault)?;
            if taken.rows_affected() > 0 {
                held.push(reader.clone());
            }
        }
        // Whoever waits for another's lease asks often: as long as it waits nothing is written.
        if held.is_empty() {
            tx.abandon().await?;
        } else {
            tx.commit().await?;
        }
        Ok(held)
    }

    async fn let_go(&self, reader: &Reader, worker: &Worker) -> Result<()> {
        let mut tx = self.begin().await?;
        sqlx::query(
            "UPDATE reader SET node = NULL, process = NULL, held_until = NULL
             WHERE name = ? AND process = ?",
        )
        .bind(reader.to_string())
        .bind(worker.process.as_bytes().to_vec())
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(())
    }
}
