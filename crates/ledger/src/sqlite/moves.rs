use madang_document::id::DocumentId;

use super::fault::fault;
use super::news;
use super::value::{count, document_id, json, signed};
use super::writing::Writing;
use crate::error::Result;

impl Writing<'_> {
    /// Gives these paths, with their jobs and documents, to a pipeline of an agency. Readers hear of every live
    /// document: of one that changes its partition twice, out of the former one and into the new one. What it was in the
    /// former one is forgotten: nobody of the new one could see it then.
    pub(super) async fn move_paths(
        &mut self,
        paths: &[i64],
        pipeline: &str,
        agency: &str,
    ) -> Result<()> {
        let paths = json(paths)?;
        for statement in [
            "UPDATE path SET pipeline = ?2, agency = ?3 WHERE id IN (SELECT value FROM json_each(?1))",
            "UPDATE job SET queue = ?2, agency = ?3 WHERE object IN (
                 SELECT o.id FROM object o WHERE o.path IN (SELECT value FROM json_each(?1)))",
        ] {
            sqlx::query(statement)
                .bind(&paths)
                .bind(pipeline)
                .bind(agency)
                .execute(&mut self.conn)
                .await
                .map_err(fault)?;
        }
        type Row = (Vec<u8>, String, i64, bool);
        let documents: Vec<Row> = sqlx::query_as(
            "SELECT id, agency, revision, withdrawn FROM document
             WHERE path IN (SELECT value FROM json_each(?1)) AND (agency <> ?3 OR pipeline <> ?2)
             ORDER BY id",
        )
        .bind(&paths)
        .bind(pipeline)
        .bind(agency)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        if documents.is_empty() {
            return Ok(());
        }
        let theirs = documents.iter().filter(|(_, former, ..)| former != agency);
        let theirs: Result<Vec<DocumentId>> = theirs.map(|(id, ..)| document_id(id)).collect();
        let theirs = theirs?;
        self.forget_versions(&theirs).await?;
        self.move_prints(&theirs, agency).await?;
        let next = news::next(&mut self.conn).await?;
        for (id, former, revision, withdrawn) in documents {
            let document = document_id(&id)?;
            let mut revision = revision;
            let mut seq = None;
            if !withdrawn {
                revision += 1;
                let version = count(revision);
                if former != agency {
                    self.tell(document, &former, version, true);
                }
                seq = Some(signed(next + self.news.len() as u64));
                self.tell(document, agency, version, false);
            }
            sqlx::query(
                "UPDATE document SET pipeline = ?2, agency = ?3, revision = ?4, seq = coalesce(?5, seq)
                 WHERE id = ?1",
            )
            .bind(id)
            .bind(pipeline)
            .bind(agency)
            .bind(revision)
            .bind(seq)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        }
        Ok(())
    }
}
