use async_trait::async_trait;
use madang_document::partition::Partition;

use super::SqliteLedger;
use super::fault::fault;
use super::value::{count, document_id, partition, signed};
use crate::error::Result;
use crate::outbox::{Change, Outbox};

#[async_trait]
impl Outbox for SqliteLedger {
    async fn changes(&self, partition: &Partition, after: u64, limit: u32) -> Result<Vec<Change>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT seq, document, agency, withdrawn FROM outbox
             WHERE kind = 1 AND agency = ? AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(partition.agency.as_str())
        .bind(signed(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(change).collect()
    }

    async fn document_changes(&self, after: u64, limit: u32) -> Result<Vec<Change>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT seq, document, agency, withdrawn FROM outbox
             WHERE kind = 1 AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(signed(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(change).collect()
    }

    async fn last_seq(&self) -> Result<u64> {
        // Not from the rows: the last of them may be trimmed, and its number is used all the same.
        self.number("SELECT next - 1 FROM seq_alloc WHERE one = 1").await
    }

    async fn last_changes(&self) -> Result<Vec<(Partition, u64)>> {
        // A walk over the distinct agencies, one seek each: a plain GROUP BY would read the whole index.
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "WITH RECURSIVE agencies (agency) AS (
                 SELECT min(agency) FROM outbox WHERE kind = 1
                 UNION ALL
                 SELECT (SELECT min(o.agency) FROM outbox o WHERE o.kind = 1 AND o.agency > a.agency)
                 FROM agencies a WHERE a.agency IS NOT NULL
             )
             SELECT agency,
                    (SELECT max(seq) FROM outbox o WHERE o.kind = 1 AND o.agency = a.agency)
             FROM agencies a WHERE agency IS NOT NULL ORDER BY agency",
        )
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(|(agency, seq)| Ok((partition(agency)?, count(seq)))).collect()
    }

    async fn last_event(&self) -> Result<u64> {
        // The last of each agency, one seek each: a plain maximum would read the whole index.
        self.number(
            "WITH RECURSIVE agencies (agency) AS (
                 SELECT min(agency) FROM outbox WHERE kind = 2
                 UNION ALL
                 SELECT (SELECT min(o.agency) FROM outbox o WHERE o.kind = 2 AND o.agency > a.agency)
                 FROM agencies a WHERE a.agency IS NOT NULL
             )
             SELECT max((SELECT max(seq) FROM outbox o WHERE o.kind = 2 AND o.agency = a.agency))
             FROM agencies a WHERE agency IS NOT NULL",
        )
        .await
    }
}

impl SqliteLedger {
    async fn number(&self, sql: &'static str) -> Result<u64> {
        let n: Option<i64> =
            sqlx::query_scalar(sql).fetch_one(self.readers()).await.map_err(fault)?;
        Ok(n.map_or(0, count))
    }
}

type Row = (i64, Vec<u8>, String, bool);

fn change((seq, document, agency, withdrawn): Row) -> Result<Change> {
    let (document, partition) = (document_id(&document)?, partition(agency)?);
    Ok(Change { seq: count(seq), document, partition, withdrawn })
}
