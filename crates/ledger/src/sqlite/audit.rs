use async_trait::async_trait;
use madang_document::timestamp::Timestamp;

use super::SqliteLedger;
use super::fault::fault;
use super::value::{count, digest, signed};
use crate::audit::{Act, Audit, Recorded};
use crate::error::{LedgerError, Result};

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
