use async_trait::async_trait;
use madang_document::partition::Partition;

use super::SqliteLedger;
use super::each::{Each, readable, rows};
use super::fault::fault;
use super::news::{DOCUMENT, ENTRY};
use super::value::{count, document_id, partition, signed};
use crate::error::Result;
use crate::outbox::{DocumentChange, Outbox};
use crate::rows::Rows;

#[async_trait]
impl Outbox for SqliteLedger {
    async fn changes(
        &self,
        partition: &Partition,
        after: u64,
        limit: u32,
    ) -> Result<Rows<u64, DocumentChange>> {
        self.document_rows(Some(partition), after, limit).await
    }

    async fn document_changes(&self, after: u64, limit: u32) -> Result<Rows<u64, DocumentChange>> {
        self.document_rows(None, after, limit).await
    }

    async fn last_seq(&self) -> Result<u64> {
        // Not from the rows: the last of them may be trimmed, and its number is used all the same.
        let last: i64 = sqlx::query_scalar("SELECT next - 1 FROM seq_alloc WHERE one = 1")
            .fetch_one(self.readers())
            .await
            .map_err(fault)?;
        Ok(count(last))
    }

    async fn last_changes(&self) -> Result<Vec<(Partition, u64)>> {
        let last = self.last_of_each(DOCUMENT).await?;
        Ok(readable(last, |(agency, seq)| Ok((partition(agency)?, count(seq)))))
    }

    async fn last_event(&self) -> Result<u64> {
        let last = self.last_of_each(ENTRY).await?;
        Ok(last.into_iter().map(|(_, seq)| count(seq)).max().unwrap_or(0))
    }
}

impl SqliteLedger {
    /// Rows that tell of documents: of this partition, or of all.
    async fn document_rows(
        &self,
        of: Option<&Partition>,
        after: u64,
        limit: u32,
    ) -> Result<Rows<u64, DocumentChange>> {
        type Row = (i64, Vec<u8>, String, bool);
        // One text for each, so that each has its index.
        let sql = match of {
            Some(_) => {
                "SELECT seq, document, agency, withdrawn FROM outbox
                 WHERE kind = 1 AND agency = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"
            }
            None => {
                "SELECT seq, document, agency, withdrawn FROM outbox
                 WHERE kind = 1 AND ?1 IS NULL AND seq > ?2 ORDER BY seq LIMIT ?3"
            }
        };
        let each: Vec<Each<i64, Row>> = sqlx::query_as(sql)
            .bind(of.map(|partition| partition.agency.as_str()))
            .bind(signed(after))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        let read = |(seq, document, agency, withdrawn): Row| {
            let (document, partition) = (document_id(&document)?, partition(agency)?);
            Ok(DocumentChange { seq: count(seq), document, partition, withdrawn })
        };
        rows(each, |seq| Ok(count(seq)), read)
    }

    /// The last row of this kind of each agency, trimmed ones included: who comes late must hear that there were some.
    /// A walk over the distinct agencies, one seek each, where a GROUP BY or a plain maximum over the outbox would read
    /// the whole index; the trimmed ones are one row for each agency.
    async fn last_of_each(&self, kind: i64) -> Result<Vec<(String, i64)>> {
        sqlx::query_as(
            "WITH RECURSIVE agencies (agency) AS (
                 SELECT min(agency) FROM outbox WHERE kind = ?1
                 UNION ALL
                 SELECT (SELECT min(o.agency) FROM outbox o WHERE o.kind = ?1 AND o.agency > a.agency)
                 FROM agencies a WHERE a.agency IS NOT NULL
             )
             SELECT agency, max(seq) FROM (
                 SELECT agency, (SELECT max(seq) FROM outbox o
                                 WHERE o.kind = ?1 AND o.agency = a.agency) AS seq
                 FROM agencies a WHERE agency IS NOT NULL
                 UNION ALL
                 SELECT agency, seq FROM trimmed WHERE kind = ?1
             ) GROUP BY agency ORDER BY agency",
        )
        .bind(kind)
        .fetch_all(self.readers())
        .await
        .map_err(fault)
    }
}
