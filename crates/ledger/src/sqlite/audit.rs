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
        type Row = (i64, i64, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);
        // As bytes: a text that was written past this program may be none, and its row is to be found all the same.
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT number, at, CAST(actor AS BLOB), CAST(action AS BLOB), CAST(subject AS BLOB),
                    CAST(detail AS BLOB), hash
             FROM audit WHERE number > ? ORDER BY number LIMIT ?",
        )
        .bind(signed(after))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(rows
            .into_iter()
            .map(|(number, at, actor, action, subject, detail, hash)| {
                let mut is_text = true;
                let mut text = |bytes: Vec<u8>| {
                    String::from_utf8(bytes).unwrap_or_else(|error| {
                        is_text = false;
                        String::from_utf8_lossy(error.as_bytes()).into_owned()
                    })
                };
                let act = Act {
                    actor: text(actor),
                    action: text(action),
                    subject: text(subject),
                    detail: text(detail),
                };
                // What is no hash, or stands beside what is no text, is that of no row: whoever checks the trail finds
                // it there.
                let hash = digest(&hash).ok().filter(|_| is_text);
                let hash = hash.unwrap_or(BlobId::from_digest([0; 32]));
                Recorded { number: count(number), at: Timestamp(at), act, hash }
            })
            .collect())
    }
}
