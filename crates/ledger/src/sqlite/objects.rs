use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::object::ObjectRef;
use madang_document::principal::Scope;
use madang_document::sidecar;
use madang_document::timestamp::Timestamp;
use sqlx::QueryBuilder;

use super::SqliteLedger;
use super::fault::{fault, odd};
use super::job_row::{JOB, JobRow, task_word};
use super::slices::slices;
use super::value::{agency, bytes, count, document_id, json, scope, signed};
use super::writing::Writing;
use crate::error::Result;
use crate::held::Held;
use crate::jobs::{JobState, Task};
use crate::objects::{Balance, KnownPath, Objects, Renewal, Seen, Sighting, Standing};

/// Deletions go before the files of their queue: they are cheap, and what is gone should not be found. Not before
/// those that a person waits for.
const DELETE_PRIORITY: u8 = 2;

/// Of a held disappearance: missing, known, since, released.
type HeldRow = (i64, i64, i64, bool);

fn held((missing, known, since, released): HeldRow) -> Held {
    Held { missing: count(missing), known: count(known), since: Timestamp(since), released }
}

/// A path as it was before.
struct Former {
    id: i64,
    live: bool,
    pipeline: String,
    agency: String,
    version: Option<String>,
}

impl Writing<'_> {
    /// Records sightings. Those of unknown paths, which is what a first listing is made of, take three statements for
    /// all; the others some for each.
    async fn see(&mut self, sightings: &[Sighting]) -> Result<Seen> {
        let mut seen = Seen::default();
        let mut rest: Vec<&Sighting> = sightings.iter().collect();
        while !rest.is_empty() {
            let ids: Vec<DocumentId> = rest
                .iter()
                .map(|sighting| {
                    DocumentId::new(&sighting.object.store, &sighting.object.path, None)
                })
                .collect();
            let known = self.former(&ids).await?;
            let mut met = HashSet::new();
            let (mut new, mut again) = (Vec::new(), Vec::new());
            for (sighting, id) in rest.into_iter().zip(ids) {
                // Of a path that stands twice in the list the second is about what the first has made of it.
                if !met.insert(id) {
                    again.push(sighting);
                    continue;
                }
                match known.get(&id) {
                    Some(former) => self.see_again(sighting, former, &mut seen).await?,
                    None => new.push((id, sighting)),
                }
            }
            seen.received += new.len() as u64;
            self.see_first(&new).await?;
            rest = again;
        }
        Ok(seen)
    }

    /// The paths with these document ids, as they are.
    async fn former(&mut self, ids: &[DocumentId]) -> Result<HashMap<DocumentId, Former>> {
        type Row = (Vec<u8>, i64, bool, String, String, Option<String>);
        let ids: Vec<String> = ids.iter().map(|id| id.uuid().simple().to_string()).collect();
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT p.document, p.id, p.live, p.pipeline, p.agency, o.version
             FROM path p LEFT JOIN object o ON o.id = p.object
             WHERE p.document IN (SELECT unhex(value) FROM json_each(?))",
        )
        .bind(json(&ids)?)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        rows.into_iter()
            .map(|(document, id, live, pipeline, agency, version)| {
                Ok((document_id(&document)?, Former { id, live, pipeline, agency, version }))
            })
            .collect()
    }

    /// A path that is known.
    async fn see_again(
        &mut self,
        sighting: &Sighting,
        former: &Former,
        seen: &mut Seen,
    ) -> Result<()> {
        let id = former.id;
        let owner = sighting.agency.as_str();
        if former.pipeline != sighting.pipeline || former.agency != owner {
            self.move_paths(&[id], &sighting.pipeline, owner).await?;
        }
        if former.live && former.version.as_ref() == Some(&sighting.object.version) {
            seen.known += 1;
            return Ok(());
        }
        seen.changed += 1;
        let tell = self.supersede(id).await?;
        let object = self.object(id, sighting).await?;
        sqlx::query("UPDATE path SET object = ?, live = 1 WHERE id = ?")
            .bind(object)
            .bind(id)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        self.enqueue(id, Task::Extract, sighting.priority.clamp(1, 4), tell).await
    }

    /// Paths that nobody has seen before, each with its object and its job.
    async fn see_first(&mut self, sightings: &[(DocumentId, &Sighting)]) -> Result<()> {
        if sightings.is_empty() {
            return Ok(());
        }
        let (path, object): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT coalesce(max(id), 0) + 1 FROM path), (SELECT coalesce(max(id), 0) + 1 FROM object)",
        )
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)?;
        let now = self.now.0;
        let numbered: Vec<(i64, i64, DocumentId, &Sighting)> = sightings
            .iter()
            .zip(0..)
            .map(|((id, sighting), n)| (path + n, object + n, *id, *sighting))
            .collect();
        for rows in slices(&numbered) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO path (id, document, store, path, pipeline, agency, object, seen_at) ",
            );
            insert.push_values(rows, |mut row, (path, object, id, sighting)| {
                row.push_bind(*path)
                    .push_bind(bytes(*id))
                    .push_bind(sighting.object.store.as_str())
                    .push_bind(sighting.object.path.as_str())
                    .push_bind(sighting.pipeline.as_str())
                    .push_bind(sighting.agency.as_str())
                    .push_bind(*object)
                    .push_bind(now);
            });
            insert.build().execute(&mut self.conn).await.map_err(fault)?;
            let mut insert = QueryBuilder::new(
                "INSERT INTO object (id, path, version, size, modified, seen_at) ",
            );
            insert.push_values(rows, |mut row, (path, object, _, sighting)| {
                row.push_bind(*object)
                    .push_bind(*path)
                    .push_bind(sighting.object.version.as_str())
                    .push_bind(signed(sighting.object.size))
                    .push_bind(sighting.modified.map(|at| at.0))
                    .push_bind(now);
            });
            insert.build().execute(&mut self.conn).await.map_err(fault)?;
            let mut insert = QueryBuilder::new(
                "INSERT INTO job (path, object, queue, agency, task, priority, run_at, created_at, changed_at) ",
            );
            insert.push_values(rows, |mut row, (path, object, _, sighting)| {
                row.push_bind(*path)
                    .push_bind(*object)
                    .push_bind(sighting.pipeline.as_str())
                    .push_bind(sighting.agency.as_str())
                    .push_bind(task_word(Task::Extract))
                    .push_bind(sighting.priority.clamp(1, 4))
                    .push_bind(now)
                    .push_bind(now)
                    .push_bind(now);
            });
            insert.build().execute(&mut self.conn).await.map_err(fault)?;
        }
        Ok(())
    }

    /// The row of a path's version. A version that returns (the old file was put back, or the path was away) is
    /// the same object.
    async fn object(&mut self, path: i64, sighting: &Sighting) -> Result<i64> {
        let ObjectRef { version, size, .. } = &sighting.object;
        let modified = sighting.modified.map(|at| at.0);
        let known: Option<i64> = sqlx::query_scalar(
            "UPDATE object SET size = ?3, modified = ?4 WHERE path = ?1 AND version = ?2 RETURNING id",
        )
        .bind(path)
        .bind(version)
        .bind(signed(*size))
        .bind(modified)
        .fetch_optional(&mut self.conn)
        .await
        .map_err(fault)?;
        if let Some(known) = known {
            return Ok(known);
        }
        sqlx::query_scalar(
            "INSERT INTO object (path, version, size, modified, seen_at) VALUES (?1, ?2, ?3, ?4, ?5)
             RETURNING id",
        )
        .bind(path)
        .bind(version)
        .bind(signed(*size))
        .bind(modified)
        .bind(self.now.0)
        .fetch_one(&mut self.conn)
        .await
        .map_err(fault)
    }

    /// Ends the current job of a path in favour of one that is about to be enqueued. The fence grows, so that
    /// whoever holds the job can no longer complete it. What was done stays done. Gives whether what the job
    /// would have given must be told even if it is the same: the next one owes it.
    async fn supersede(&mut self, path: i64) -> Result<bool> {
        let tell: Option<bool> = sqlx::query_scalar(
            "UPDATE job SET current = 0,
                 done_at = CASE WHEN state IN ('done', 'cancelled') THEN done_at ELSE ?1 END,
                 changed_at = CASE WHEN state IN ('done', 'cancelled') THEN changed_at ELSE ?1 END,
                 state = CASE state WHEN 'done' THEN 'done' ELSE 'cancelled' END,
                 fence = fence + 1, lease_until = NULL, leased_by = NULL, leased_on = NULL
             WHERE path = ?2 AND current = 1 RETURNING tell",
        )
        .bind(self.now.0)
        .bind(path)
        .fetch_optional(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(tell.unwrap_or(false))
    }

    /// Makes the one current job of a path, from what the path's row says.
    async fn enqueue(&mut self, path: i64, task: Task, priority: u8, tell: bool) -> Result<()> {
        sqlx::query(
            "INSERT INTO job (path, object, queue, agency, task, priority, tell, run_at, created_at, changed_at)
             SELECT id, object, pipeline, agency, ?2, ?3, ?5, ?4, ?4, ?4 FROM path WHERE id = ?1",
        )
        .bind(path)
        .bind(task_word(task))
        .bind(priority)
        .bind(self.now.0)
        .bind(tell)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }
}

#[async_trait]
impl Objects for SqliteLedger {
    async fn see(&self, sightings: &[Sighting]) -> Result<Seen> {
        let mut tx = self.begin().await?;
        let seen = tx.see(sightings).await?;
        tx.commit().await?;
        Ok(seen)
    }

    async fn renew_versions(&self, store: &str, renewals: &[Renewal]) -> Result<u64> {
        let mut renewed = 0;
        let mut tx = self.begin().await?;
        for Renewal { path, from, to } in renewals {
            let done = sqlx::query(
                "UPDATE object SET version = ?3 WHERE version = ?2
                 AND id = (SELECT object FROM path WHERE document = ?1 AND live = 1)",
            )
            .bind(bytes(DocumentId::new(store, path, None)))
            .bind(from)
            .bind(to)
            .execute(&mut tx.conn)
            .await
            .map_err(fault)?;
            renewed += done.rows_affected();
        }
        tx.commit().await?;
        Ok(renewed)
    }

    async fn known(
        &self,
        pipeline: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<KnownPath>> {
        // An empty text is no path, and every path is greater.
        let rows: Vec<(String, String)> = sqlx::query_as(
            "SELECT p.path, o.version FROM path p JOIN object o ON o.id = p.object
             WHERE p.pipeline = ? AND p.live = 1 AND p.path > ? ORDER BY p.path LIMIT ?",
        )
        .bind(pipeline)
        .bind(after.unwrap_or_default())
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(rows.into_iter().map(|(path, version)| KnownPath { path, version }).collect())
    }

    async fn current(&self, paths: &[(&str, &str)]) -> Result<Vec<ObjectRef>> {
        let ids = paths.iter().map(|(store, path)| DocumentId::new(store, path, None));
        let ids: Vec<String> = ids.map(|id| id.uuid().simple().to_string()).collect();
        let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
            "SELECT p.store, p.path, o.version, o.size FROM path p JOIN object o ON o.id = p.object
             WHERE p.live = 1 AND p.document IN (SELECT unhex(value) FROM json_each(?))",
        )
        .bind(json(&ids)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let object = |(store, path, version, size)| {
            let size = count(size);
            ObjectRef { store, path, version, size }
        };
        Ok(rows.into_iter().map(object).collect())
    }

    async fn vanish(&self, store: &str, paths: &[String]) -> Result<u64> {
        let mut gone = 0;
        let mut tx = self.begin().await?;
        for path in paths {
            let id: Option<i64> = sqlx::query_scalar(
                "UPDATE path SET live = 0 WHERE document = ? AND live = 1 RETURNING id",
            )
            .bind(bytes(DocumentId::new(store, path, None)))
            .fetch_optional(&mut tx.conn)
            .await
            .map_err(fault)?;
            let Some(id) = id else { continue };
            let tell = tx.supersede(id).await?;
            tx.enqueue(id, Task::Delete, DELETE_PRIORITY, tell).await?;
            gone += 1;
        }
        tx.commit().await?;
        Ok(gone)
    }

    async fn hold_back(&self, pipeline: &str, missing: u64, known: u64) -> Result<Held> {
        let mut tx = self.begin().await?;
        let row: HeldRow = sqlx::query_as(
            "INSERT INTO held (pipeline, missing, known, since, released) VALUES (?1, ?2, ?3, ?4, 0)
             ON CONFLICT (pipeline) DO UPDATE
             SET released = released AND ?2 <= missing, missing = ?2, known = ?3
             RETURNING missing, known, since, released",
        )
        .bind(pipeline)
        .bind(signed(missing))
        .bind(signed(known))
        .bind(tx.now.0)
        .fetch_one(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(held(row))
    }

    async fn end_hold(&self, pipeline: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let statement = sqlx::query("DELETE FROM held WHERE pipeline = ?").bind(pipeline);
        statement.execute(&mut tx.conn).await.map_err(fault)?;
        tx.commit().await?;
        Ok(())
    }

    async fn release_held(&self, pipeline: &str, actor: &str) -> Result<Option<Held>> {
        let mut tx = self.begin().await?;
        let row: Option<HeldRow> = sqlx::query_as(
            "UPDATE held SET released = 1 WHERE pipeline = ? RETURNING missing, known, since, released",
        )
        .bind(pipeline)
        .fetch_optional(&mut tx.conn)
        .await
        .map_err(fault)?;
        let Some(held) = row.map(held) else { return Ok(None) };
        let about = format!("{} of {}", held.missing, held.known);
        tx.act(actor, "queue.release", format!("queue/{pipeline}"), about);
        tx.commit().await?;
        Ok(Some(held))
    }

    async fn held(&self, pipeline: &str) -> Result<Option<Held>> {
        let row: Option<HeldRow> =
            sqlx::query_as("SELECT missing, known, since, released FROM held WHERE pipeline = ?")
                .bind(pipeline)
                .fetch_optional(self.readers())
                .await
                .map_err(fault)?;
        Ok(row.map(held))
    }

    async fn balance(&self, agencies: &Scope) -> Result<Balance> {
        // One statement, so that all its numbers are of one moment. `received` is counted from the paths
        // and the rest from their jobs: two books, and their agreement is what conservation says.
        let rows: Vec<(String, String, i64)> = sqlx::query_as(
            "SELECT task, state, count(*) FROM job
             WHERE current = 1 AND (?1 IS NULL OR agency IN (SELECT value FROM json_each(?1)))
             GROUP BY task, state
             UNION ALL
             SELECT 'received', '', count(*) FROM path
             WHERE ?1 IS NULL OR agency IN (SELECT value FROM json_each(?1))
             UNION ALL
             SELECT 'members', '', count(*) FROM document
             WHERE withdrawn = 0 AND parent IS NOT NULL
               AND (?1 IS NULL OR agency IN (SELECT value FROM json_each(?1)))
             UNION ALL
             SELECT 'sidecars', '', count(*) FROM document
             WHERE format = ?2 AND withdrawn = 0 AND parent IS NULL
               AND (?1 IS NULL OR agency IN (SELECT value FROM json_each(?1)))
             UNION ALL
             SELECT 'left_out', '', count(*) FROM left_out
             WHERE ?1 IS NULL OR pipeline IN (
                 SELECT name FROM queue WHERE agency IN (SELECT value FROM json_each(?1)))",
        )
        .bind(scope(agencies)?)
        .bind(sidecar::FORMAT)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        let mut balance = Balance::default();
        for (task, state, n) in rows {
            let n = count(n);
            match (task.as_str(), JobState::parse(&state)) {
                ("received", _) => balance.received = n,
                ("members", _) => balance.members = n,
                ("sidecars", _) => balance.sidecars = n,
                ("left_out", _) => balance.left_out = n,
                (_, Some(JobState::Ready | JobState::Leased)) => balance.in_flight += n,
                (_, Some(JobState::Quarantined)) => balance.quarantined += n,
                (_, Some(JobState::Cancelled)) | ("delete", Some(JobState::Done)) => {
                    balance.deleted += n;
                }
                (_, Some(JobState::Done)) => balance.done += n,
                (_, None) => return Err(odd("a job's state", state)),
            }
        }
        Ok(balance)
    }

    async fn standing_of(&self, document: DocumentId, covered: &Scope) -> Result<Option<Standing>> {
        let row: Option<(String, String, i64, i64, bool)> = sqlx::query_as(
            "SELECT p.pipeline, p.agency, p.seen_at, j.id, coalesce(q.paused, 0) FROM path p
             JOIN job j ON j.path = p.id AND j.current = 1 LEFT JOIN queue q ON q.name = j.queue
             WHERE p.document = ?1 AND (?2 IS NULL OR p.agency IN (SELECT value FROM json_each(?2)))",
        )
        .bind(bytes(document))
        .bind(scope(covered)?)
        .fetch_optional(self.readers())
        .await
        .map_err(fault)?;
        let Some((pipeline, owner, seen_at, id, paused)) = row else { return Ok(None) };
        let sql = sqlx::AssertSqlSafe(format!("{JOB} WHERE j.id = ?"));
        let row: Option<JobRow> =
            sqlx::query_as(sql).bind(id).fetch_optional(self.readers()).await.map_err(fault)?;
        let Some(job) = row.map(JobRow::job).transpose()? else { return Ok(None) };
        let (ahead, per_minute) = self.outlook(&job).await?;
        let object = job.object.clone();
        let (agency, seen_at) = (agency(owner)?, Timestamp(seen_at));
        Ok(Some(Standing { object, pipeline, agency, seen_at, job, paused, ahead, per_minute }))
    }
}
