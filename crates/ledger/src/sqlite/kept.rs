use async_trait::async_trait;
use madang_document::blob_part::BlobPart;
use madang_document::document::PlacedPreview;
use madang_document::id::DocumentId;
use madang_document::timestamp::Timestamp;
use serde::Deserialize;

use super::SqliteLedger;
use super::compact::unpack;
use super::fault::{fault, odd};
use super::value::{bytes, document_id};
use crate::error::Result;
use crate::kept::{Kept, NamedBlobs};

/// What of a document's body names blobs.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    text: Option<BlobPart>,
    #[serde(default)]
    preview: Option<BlobPart>,
    #[serde(default)]
    previews: Vec<PlacedPreview>,
}

/// What the documents of a page were.
const VERSIONS: &str = "SELECT body FROM version WHERE document > ? AND document <= ?";

fn read(body: &[u8]) -> Result<Named> {
    serde_json::from_str(&unpack(body)?).map_err(|error| odd("a document", error))
}

#[async_trait]
impl Kept for SqliteLedger {
    async fn named_blobs(&self, after: Option<DocumentId>, limit: u32) -> Result<NamedBlobs> {
        // Every id is longer than the empty blob, and so greater.
        let rows: Vec<(Vec<u8>, bool, Vec<u8>)> = sqlx::query_as(
            "SELECT id, withdrawn, body FROM document WHERE id > ? ORDER BY id LIMIT ?",
        )
        .bind(after.map_or(Vec::new(), bytes))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let mut named = NamedBlobs::default();
        for (id, withdrawn, body) in &rows {
            named.last = Some(document_id(id)?);
            if *withdrawn {
                continue;
            }
            match read(body) {
                Ok(Named { text, preview, previews }) => {
                    let previews = previews.into_iter().map(|preview| preview.file);
                    let parts = text.into_iter().chain(preview).chain(previews);
                    named.blobs.extend(parts.map(|part| part.blob));
                }
                Err(error) => named.unreadable.push((document_id(id)?, error.to_string())),
            }
        }
        let Some((last, ..)) = rows.last() else { return Ok(named) };
        // Asked after the documents: what one of them named when it was met, its version names since. Previews of former
        // versions are not kept; those of the withdrawn wait for their files to be seen elsewhere.
        let versions: Vec<Vec<u8>> = sqlx::query_scalar(VERSIONS)
            .bind(after.map_or(Vec::new(), bytes))
            .bind(last)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        // One that cannot be read back is told to nobody, and so its text is of no use.
        let texts = versions.iter().filter_map(|body| read(body).ok()?.text);
        named.blobs.extend(texts.map(|text| text.blob));
        Ok(named)
    }

    async fn oldest_claim(&self) -> Result<Option<Timestamp>> {
        // A claim sets the moment of the change; a renewal leaves it.
        let at: Option<i64> =
            sqlx::query_scalar("SELECT min(changed_at) FROM job WHERE state = 'leased'")
                .fetch_one(self.readers())
                .await
                .map_err(fault)?;
        Ok(at.map(Timestamp))
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    #[tokio::test]
    async fn what_the_documents_of_a_page_were_is_a_range() {
        let plan = plan(VERSIONS).await;
        let range = "(document>? AND document<?)";
        assert!(plan.len() == 1 && plan[0].ends_with(range), "{plan:#?}");
    }
}
