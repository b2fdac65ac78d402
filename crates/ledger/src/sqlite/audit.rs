use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;
use sqlx::QueryBuilder;
use sqlx::sqlite::SqliteConnection;

use super::fault::{fault, odd};
use super::{SqliteLedger, count, signed};
use crate::audit::{Act, Audit, Recorded};
use crate::error::{LedgerError, Result};

/// Rows of one statement, seven values each.
const ROWS: usize = 256;

/// Appends the rows, each chained to the one before.
pub(super) async fn write(conn: &mut SqliteConnection, acts: &[Act], now: Timestamp) -> Result<()> {
    if acts.is_empty() {
        return Ok(());
    }
    let last: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1")
            .fetch_optional(&mut *conn)
            .await
            .map_err(fault)?;
    let (mut number, mut previous) = match last {
        Some((number, hash)) => (count(number), *digest(&hash)?.as_bytes()),
        None => (0, [0; 32]),
    };
    for rows in acts.chunks(ROWS) {
        let mut insert = QueryBuilder::new(
            "INSERT INTO audit (number, at, actor, action, subject, detail, hash) ",
        );
        insert.push_values(rows, |mut row, act| {
            number += 1;
            previous = *Recorded::hash_after(&previous, number, now, act).as_bytes();
            row.push_bind(signed(number))
                .push_bind(now.0)
                .push_bind(act.actor.clone())
                .push_bind(act.action.clone())
                .push_bind(act.subject.clone())
                .push_bind(act.detail.clone())
                .push_bind(previous.to_vec());
        });
        insert.build().persistent(false).execute(&mut *conn).await.map_err(fault)?;
    }
    Ok(())
}

/// A stored SHA-256.
pub(super) fn digest(bytes: &[u8]) -> Result<BlobId> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| odd("a hash", "no 32 bytes"))?;
    Ok(BlobId::from_digest(bytes))
}

#[async_trait]
impl Audit for SqliteLedger {
    async fn append(&self, act: &Act) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.acts.push(act.clone());
        tx.commit().await?;
        Ok(())
    }

    async fn acts(&self, after: u64, limit: u32) -> Result<Vec<Recorded>> {
        type Row = (i64, i64, String, String, String, String, Vec<u8>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT number, at, actor, action, subject, detail, hash FROM audit
             WHERE number > ? ORDER BY number LIMIT ?",
        )
        .bind(signed(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows.into_iter()
            .map(|(number, at, actor, action, subject, detail, hash)| {
                Ok::<_, LedgerError>(Recorded {
                    number: count(number),
                    at: Timestamp(at),
                    act: Act { actor, action, subject, detail },
                    hash: digest(&hash)?,
                })
            })
            .collect()
    }
}
