use async_trait::async_trait;
use madang_document::extent::Extent;
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use madang_document::sidecar;
use sqlx::AssertSqlSafe;

use super::SqliteLedger;
use super::body::{DOCUMENT, DocumentRow};
use super::each::{Each, readable, rows};
use super::fault::{fault, odd};
use super::value::{bytes, count, document_id, json, partition, scope};
use crate::documents::{Documents, Stored};
use crate::error::Result;
use crate::rows::Rows;

#[async_trait]
impl Documents for SqliteLedger {
    async fn document_in(&self, id: DocumentId, agencies: &Scope) -> Result<Option<Stored>> {
        let row: Option<DocumentRow> = sqlx::query_as(AssertSqlSafe(one()))
            .bind(bytes(id))
            .bind(scope(agencies)?)
            .fetch_optional(self.readers())
            .await
            .map_err(fault)?;
        row.map(DocumentRow::stored).transpose()
    }

    async fn documents(&self, ids: &[DocumentId]) -> Result<Rows<DocumentId, Stored>> {
        if ids.is_empty() {
            return Ok(Rows::default());
        }
        let ids: Vec<String> = ids.iter().map(|id| id.uuid().simple().to_string()).collect();
        let each: Vec<Each<Vec<u8>, DocumentRow>> = sqlx::query_as(AssertSqlSafe(format!(
            "{DOCUMENT} WHERE d.id IN (SELECT unhex(value) FROM json_each(?))"
        )))
        .bind(json(&ids)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows(each, |id| document_id(&id), DocumentRow::stored)
    }

    async fn members(&self, parent: DocumentId, limit: u32) -> Result<Rows<DocumentId, Stored>> {
        let each: Vec<Each<Vec<u8>, DocumentRow>> = sqlx::query_as(AssertSqlSafe(format!(
            "{DOCUMENT} WHERE d.parent = ? AND d.withdrawn = 0 AND d.parent IS NOT NULL ORDER BY d.inner_path LIMIT ?"
        )))
        .bind(bytes(parent))
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows(each, |id| document_id(&id), DocumentRow::stored)
    }

    async fn ids_after(
        &self,
        partition: &Partition,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<DocumentId>> {
        self.walk("d.agency = ?1", partition.agency.as_str(), after, limit).await
    }

    async fn ids_of(
        &self,
        pipeline: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<DocumentId>> {
        self.walk("d.pipeline = ?1", pipeline, after, limit).await
    }

    async fn outcomes(&self, agencies: &Scope) -> Result<Vec<(Outcome, u64)>> {
        let rows: Vec<(String, i64)> = sqlx::query_as(
            "SELECT outcome, count(*) FROM document
             WHERE withdrawn = 0 AND (?1 IS NULL OR agency IN (SELECT value FROM json_each(?1)))
             GROUP BY outcome ORDER BY outcome",
        )
        .bind(scope(agencies)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(readable(rows, |(word, n)| {
            let outcome = Outcome::parse(&word).ok_or_else(|| odd("an outcome", word))?;
            Ok((outcome, count(n)))
        }))
    }

    async fn partitions(&self) -> Result<Vec<Partition>> {
        // A walk over the distinct agencies, one seek each.
        let rows: Vec<String> = sqlx::query_scalar(
            "WITH RECURSIVE agencies (agency) AS (
                 SELECT min(agency) FROM document
                 UNION ALL
                 SELECT (SELECT min(d.agency) FROM document d WHERE d.agency > a.agency)
                 FROM agencies a WHERE a.agency IS NOT NULL
             )
             SELECT agency FROM agencies WHERE agency IS NOT NULL ORDER BY agency",
        )
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(readable(rows, partition))
    }

    async fn extent(&self, pipeline: &str) -> Result<Extent> {
        let rows: Vec<(String, i64, i64)> = sqlx::query_as(
            // Those that describe others are taken off again: the first count needs an index only, as long as it does
            // not ask for the format.
            "SELECT media_type, sum(objects), sum(bytes) FROM (
                 SELECT media_type, count(*) AS objects, sum(bytes) AS bytes FROM document
                 WHERE pipeline = ?1 AND withdrawn = 0 AND parent IS NULL GROUP BY media_type
                 UNION ALL
                 SELECT media_type, -count(*), -sum(bytes) FROM document
                 WHERE format = ?2 AND pipeline = ?1 AND withdrawn = 0 AND parent IS NULL
                 GROUP BY media_type
             ) GROUP BY media_type HAVING sum(objects) > 0 ORDER BY media_type",
        )
        .bind(pipeline)
        .bind(sidecar::FORMAT)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let mut extent = Extent::default();
        for (media_type, objects, bytes) in rows {
            extent.objects += count(objects);
            extent.bytes = extent.bytes.saturating_add(count(bytes));
            extent.media_types.push((media_type, count(objects)));
        }
        Ok(extent)
    }
}

impl SqliteLedger {
    /// Ids of the live documents of `of`, in the order of their rows: it stays when they change, and those that come while the walk
    /// goes on stand at its end.
    async fn walk(
        &self,
        condition: &'static str,
        of: &str,
        after: Option<DocumentId>,
        limit: u32,
    ) -> Result<Vec<DocumentId>> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(AssertSqlSafe(walk(condition)))
            .bind(of)
            .bind(after.map(bytes))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        rows.iter().map(|id| document_id(id)).collect()
    }
}

/// A document, if its agency is one of these.
fn one() -> String {
    format!(
        "{DOCUMENT} WHERE d.id = ?1 AND (?2 IS NULL OR d.agency IN (SELECT value FROM json_each(?2)))"
    )
}

/// A page of the ids of documents of which `condition` holds.
fn walk(condition: &str) -> String {
    format!(
        "SELECT d.id FROM document d WHERE {condition} AND d.withdrawn = 0
             AND d.rowid > iif(?2 IS NULL, -1, (SELECT i.rowid FROM document i WHERE i.id = ?2))
         ORDER BY d.rowid LIMIT ?3"
    )
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::*;

    /// Whose it is stands before anything else is looked up of it.
    #[tokio::test]
    async fn a_document_is_found_by_its_id() {
        let plan = plan(&one()).await;
        assert!(
            plan.first().is_some_and(|step| step.contains("SEARCH d") && step.contains("(id=?)")),
            "{plan:#?}"
        );
    }

    /// A page is a range of an index, whatever was walked over before: nothing is sorted.
    #[tokio::test]
    async fn a_walk_is_answered_by_an_index() {
        for (condition, seek) in [
            ("d.agency = ?1", "document_agency (agency=? AND withdrawn=? AND rowid>?)"),
            ("d.pipeline = ?1", "document_pipeline (pipeline=? AND rowid>?)"),
        ] {
            let plan = plan(&walk(condition)).await;
            assert!(plan.iter().any(|step| step.ends_with(seek)), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:#?}");
        }
    }
}
