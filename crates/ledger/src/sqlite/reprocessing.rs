use std::collections::BTreeMap;

use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::outcome::Outcome;
use sqlx::AssertSqlSafe;

use super::SqliteLedger;
use super::body::{DOCUMENT, DocumentRow};
use super::each::{Each, rows};
use super::fault::fault;
use super::value::{agency, bytes, count, document_id, json, scope};
use crate::documents::Stored;
use crate::error::Result;
use crate::reprocessing::{BACKGROUND, Chosen, Reprocessing, Which};
use crate::rows::Rows;

/// A page of the objects that fit, in the order in which they are joined, which nothing but a walk over the paths keeps. `?7` is an object of the versions of formats by their names.
const CHOSEN: &str = "
    SELECT p.document, p.store, p.path, o.version, o.size, p.pipeline, p.agency
    FROM path p CROSS JOIN job j ON j.path = p.id AND j.current = 1 CROSS JOIN object o ON o.id = p.object
    WHERE p.id > iif(?1 IS NULL, -1, (SELECT a.id FROM path a WHERE a.document = ?1)) AND p.live = 1 AND j.task = 'extract' AND j.state IN ('done', 'quarantined')
      AND (?2 IS NULL OR p.agency IN (SELECT value FROM json_each(?2)))
      AND (?3 IS NULL OR p.pipeline = ?3)
      AND (?4 IS NULL OR j.done_at >= ?4)
      AND EXISTS (
          SELECT 1 FROM document d WHERE d.path = p.id AND d.withdrawn = 0
            AND (?5 IS NULL OR d.format = ?5) AND (?6 IS NULL OR d.outcome = ?6)
            AND (?7 IS NULL OR d.format_version IS NOT ?7 ->> d.format)
            AND (?8 IS NULL OR substr(d.media_type, 1, instr(d.media_type, '/') - 1) = ?8))
    ORDER BY p.id LIMIT ?9";

/// A row of [`CHOSEN`].
type Row = (Vec<u8>, String, String, String, i64, String, String);

#[async_trait]
impl Reprocessing for SqliteLedger {
    async fn chosen(
        &self,
        which: &Which,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<Chosen>> {
        let unlike = match &which.unlike {
            None => None,
            Some(formats) => {
                let formats = formats.iter().map(|(name, version)| (name.as_str(), *version));
                Some(json(&formats.collect::<BTreeMap<&str, u32>>())?)
            }
        };
        let rows: Vec<Row> = sqlx::query_as(CHOSEN)
            .bind(after.map(bytes))
            .bind(scope(&which.agencies)?)
            .bind(which.pipeline.as_deref())
            .bind(which.since.map(|since| since.0))
            .bind(which.format.as_deref())
            .bind(which.outcome.map(Outcome::as_str))
            .bind(unlike)
            .bind(which.media.as_deref())
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        rows.into_iter()
            .map(|(document, store, path, version, size, pipeline, owner)| {
                let object = ObjectRef { store, path, version, size: count(size) };
                let (document, agency) = (document_id(&document)?, agency(owner)?);
                Ok(Chosen { document, object, pipeline, agency })
            })
            .collect()
    }

    async fn documents_of(&self, document: DocumentId) -> Result<Rows<DocumentId, Stored>> {
        let each: Vec<Each<Vec<u8>, DocumentRow>> = sqlx::query_as(AssertSqlSafe(format!(
            "{DOCUMENT} WHERE d.path = (SELECT id FROM path WHERE document = ?) AND d.withdrawn = 0 ORDER BY d.id"
        )))
        .bind(bytes(document))
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows(each, |id| document_id(&id), DocumentRow::stored)
    }

    async fn reprocess(
        &self,
        documents: &[DocumentId],
        actor: &str,
        asked: &serde_json::Value,
    ) -> Result<u64> {
        let ids: Vec<String> = documents.iter().map(|id| id.uuid().simple().to_string()).collect();
        let mut tx = self.begin().await?;
        let ready = sqlx::query(
            "UPDATE job SET state = 'ready', priority = ?1, fence = fence + 1, attempt = 0, crashes = 0,
                 run_at = ?2, changed_at = ?2, done_at = NULL
             WHERE current = 1 AND task = 'extract' AND state IN ('done', 'quarantined')
               AND path IN (SELECT p.id FROM path p WHERE p.live = 1
                   AND p.document IN (SELECT unhex(value) FROM json_each(?3)))",
        )
        .bind(BACKGROUND)
        .bind(tx.now.0)
        .bind(json(&ids)?)
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?
        .rows_affected();
        if ready == 0 {
            tx.abandon().await?;
            return Ok(0);
        }
        // Read, and not taken from what is known of the same bytes, theirs or another object's.
        sqlx::query(
            "UPDATE document SET reading = NULL, parts = NULL WHERE reading IN (
                 SELECT d.reading FROM document d
                 WHERE d.id IN (SELECT unhex(value) FROM json_each(?)) AND d.reading IS NOT NULL)",
        )
        .bind(json(&ids)?)
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        let mut detail = asked.as_object().cloned().unwrap_or_default();
        detail.insert("jobs".to_owned(), ready.into());
        let detail = serde_json::Value::Object(detail);
        tx.act(actor, "documents.reprocess", "documents".to_owned(), detail.to_string());
        tx.commit().await?;
        Ok(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    /// A page is a range of the paths, in their order, and each costs a few seeks: nothing is sorted.
    #[tokio::test]
    async fn what_is_chosen_is_walked_over_in_order() {
        let plan = plan(CHOSEN).await;
        let ends = |end: &str| plan.iter().any(|step| step.contains(end));
        assert!(ends("SEARCH p USING INTEGER PRIMARY KEY (rowid>?)"), "{plan:#?}");
        assert!(ends("job_current (path=?)"), "{plan:#?}");
        assert!(ends("document_path (path=?)"), "{plan:#?}");
        assert!(!ends("TEMP B-TREE"), "{plan:#?}");
    }
}
