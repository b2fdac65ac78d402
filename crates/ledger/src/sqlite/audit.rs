use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;

use super::SqliteLedger;
use super::fault::fault;
use super::value::{count, digest, signed};
use crate::audit::{Act, Audit, Recorded};
use crate::error::Result;

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
        Ok(rows
            .into_iter()
            .map(|(number, at, actor, action, subject, detail, hash)| {
                Recorded {
                    number: count(number),
                    at: Timestamp(at),
                    act: Act { actor, action, subject, detail },
                    // What is no hash is that of no row: whoever checks the trail finds it there.
                    hash: digest(&hash).unwrap_or(BlobId::from_digest([0; 32])),
                }
            })
            .collect())
    }
}
