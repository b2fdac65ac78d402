use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::partition::Partition;
use madang_document::timestamp::Timestamp;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;

use super::documents::{document_id, partition};
use super::fault::fault;
use super::{SqliteLedger, count, signed};
use crate::error::Result;
use crate::outbox::{Change, Outbox};

/// A row of the outbox before it has its number.
pub(super) struct News {
    pub(super) what: What,
    pub(super) agency: String,
    /// The revision or version that the change made.
    pub(super) version: u64,
    pub(super) withdrawn: bool,
}

/// What changed.
pub(super) enum What {
    Document(DocumentId),
    Entry(String),
}

/// Rows of one statement: eight values each, far below SQLite's limit of 32,766 (`SQLITE_MAX_VARIABLE_NUMBER`).
const ROWS: usize = 256;

/// Numbers and writes the rows; gives the first number.
pub(super) async fn write(
    conn: &mut SqliteConnection,
    news: &[News],
    now: Timestamp,
) -> Result<u64> {
    if news.is_empty() {
        return Ok(0);
    }
    let first: i64 = sqlx::query_scalar(
        "UPDATE seq_alloc SET next = next + ?1 WHERE one = 1 RETURNING next - ?1",
    )
    .bind(signed(news.len() as u64))
    .fetch_one(&mut *conn)
    .await
    .map_err(fault)?;
    let mut seq = first;
    for rows in news.chunks(ROWS) {
        let mut insert = QueryBuilder::new(
            "INSERT INTO outbox (seq, kind, agency, document, entry, version, withdrawn, at) ",
        );
        insert.push_values(rows, |mut row, news| {
            row.push_bind(seq);
            seq += 1;
            let (kind, document, entry) = match &news.what {
                What::Document(id) => ("document", Some(id.uuid().as_bytes().to_vec()), None),
                What::Entry(id) => ("entry", None, Some(id.clone())),
            };
            row.push_bind(kind)
                .push_bind(news.agency.clone())
                .push_bind(document)
                .push_bind(entry)
                .push_bind(signed(news.version))
                .push_bind(news.withdrawn)
                .push_bind(now.0);
        });
        insert.build().persistent(false).execute(&mut *conn).await.map_err(fault)?;
    }
    Ok(count(first))
}

#[async_trait]
impl Outbox for SqliteLedger {
    async fn changes(&self, partition: &Partition, after: u64, limit: u32) -> Result<Vec<Change>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT seq, document, agency, withdrawn FROM outbox
             WHERE kind = 'document' AND agency = ? AND seq > ? ORDER BY seq LIMIT ?",
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
             WHERE kind = 'document' AND seq > ? ORDER BY seq LIMIT ?",
        )
        .bind(signed(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(change).collect()
    }

    async fn last_seq(&self) -> Result<u64> {
        self.number("SELECT max(seq) FROM outbox").await
    }

    async fn last_changes(&self) -> Result<Vec<(Partition, u64)>> {
        // A walk over the distinct agencies, one seek each: a plain GROUP BY would read the whole index.
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "WITH RECURSIVE agencies (agency) AS (
                 SELECT min(agency) FROM outbox WHERE kind = 'document'
                 UNION ALL
                 SELECT (SELECT min(o.agency) FROM outbox o WHERE o.kind = 'document' AND o.agency > a.agency)
                 FROM agencies a WHERE a.agency IS NOT NULL
             )
             SELECT agency,
                    (SELECT max(seq) FROM outbox o WHERE o.kind = 'document' AND o.agency = a.agency)
             FROM agencies a WHERE agency IS NOT NULL ORDER BY agency",
        )
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter().map(|(agency, seq)| Ok((partition(agency)?, count(seq)))).collect()
    }

    async fn last_event(&self) -> Result<u64> {
        self.number("SELECT max(seq) FROM outbox WHERE kind = 'entry'").await
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
