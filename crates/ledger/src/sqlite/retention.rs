use std::collections::BTreeMap;

use async_trait::async_trait;
use madang_document::agency::Agency;

use super::SqliteLedger;
use super::fault::fault;
use super::news::{DOCUMENT, ENTRY};
use super::schema::AUDIT_IS_NOT_CUT;
use super::value::{count, digest, json};
use super::writing::Writing;
use crate::audit::{self, Cut};
use crate::error::Result;
use crate::reader::Reader;
use crate::retention::{DAY_MS, Retention, Trim, Trimmed};
use crate::versions::AWAITED_MS;

/// Rows of one transaction at most: others wait for the connection meanwhile.
const ROWS: u32 = 5_000;

#[async_trait]
impl Trim for SqliteLedger {
    async fn trim(&self, retention: &Retention) -> Result<Trimmed> {
        let now = self.now();
        // Chosen without holding up those who write: what is passed stays passed.
        let before = now.plus_ms(-retention.outbox_ms);
        let unpassed = now.plus_ms(-retention.unpassed_ms());
        let passed = self.passed_by_all(before.0, unpassed.0).await?;
        let mut tx = self.begin().await?;
        tx.trim_outbox(&passed).await?;
        let jobs = tx.trim_jobs(now.plus_ms(-retention.jobs_ms).0).await?;
        let versions = tx.trim_versions(now.plus_ms(-retention.versions_ms).0).await?;
        let old = now.plus_ms(-retention.audit_ms);
        let audit = match tx.is_audit_due(old.plus_ms(-DAY_MS).0).await? {
            true => tx.trim_audit(old.0).await?,
            false => 0,
        };
        let outbox = passed.len() as u64;
        if outbox + jobs + versions + audit == 0 {
            tx.abandon().await?;
        } else {
            tx.commit().await?;
        }
        let is_full =
            [outbox, jobs, versions, audit].into_iter().any(|rows| rows >= u64::from(ROWS));
        Ok(Trimmed { outbox, jobs, versions, audit, is_full })
    }

    async fn trimmed(&self, reader: &Reader) -> Result<u64> {
        let (kind, agency) = match reader {
            Reader::Index(partition) => (DOCUMENT, Some(partition.agency.as_str())),
            Reader::Cataloguer | Reader::Eraser => (DOCUMENT, None),
            Reader::Registry(_) => (ENTRY, None),
        };
        let seq: Option<i64> = sqlx::query_scalar(
            "SELECT max(seq) FROM trimmed WHERE kind = ?1 AND (?2 IS NULL OR agency = ?2)",
        )
        .bind(kind)
        .bind(agency)
        .fetch_one(self.readers())
        .await
        .map_err(fault)?;
        Ok(seq.map_or(0, count))
    }
}

/// A row of the outbox: its number, its kind and its agency.
type Passed = (i64, i64, String);

impl SqliteLedger {
    /// Rows that are older than `before` and that every reader has passed that they are for, and those older than
    /// `unpassed`, whoever has passed them.
    async fn passed_by_all(&self, before: i64, unpassed: i64) -> Result<Vec<Passed>> {
        let oldest: Option<i64> = sqlx::query_scalar("SELECT at FROM outbox ORDER BY seq LIMIT 1")
            .fetch_optional(self.readers())
            .await
            .map_err(fault)?;
        if oldest.is_none_or(|oldest| oldest >= before) {
            return Ok(Vec::new());
        }
        let readers: Vec<(String, i64)> = sqlx::query_as("SELECT name, seq FROM reader")
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        // How far all have come that follow every document, and all that follow every entry.
        let (mut documents, mut entries) = (i64::MAX, i64::MAX);
        // How far those have come that follow the documents of one agency.
        let mut indexes: BTreeMap<Agency, i64> = BTreeMap::new();
        for (name, seq) in readers {
            match name.parse() {
                Ok(Reader::Cataloguer | Reader::Eraser) => documents = documents.min(seq),
                Ok(Reader::Registry(_)) => entries = entries.min(seq),
                Ok(Reader::Index(partition)) => {
                    let passed = indexes.entry(partition.agency).or_insert(seq);
                    *passed = seq.min(*passed);
                }
                Err(_) => {}
            }
        }
        let indexes: Vec<(Agency, i64)> = indexes.into_iter().collect();
        sqlx::query_as(
            "WITH indexed (agency, seq) AS MATERIALIZED (
                 SELECT value ->> 0, value ->> 1 FROM json_each(?6))
             SELECT o.seq, o.kind, o.agency FROM outbox o LEFT JOIN indexed i ON i.agency = o.agency
             WHERE o.at < ?1 AND (o.at < ?5 OR CASE o.kind
                 WHEN 1 THEN o.seq <= ?2 AND o.seq <= coalesce(i.seq, 0)
                 ELSE o.seq <= ?3 END)
             ORDER BY o.seq LIMIT ?4",
        )
        .bind(before)
        .bind(documents)
        .bind(entries)
        .bind(ROWS)
        .bind(unpassed)
        .bind(json(&indexes)?)
        .fetch_all(self.readers())
        .await
        .map_err(fault)
    }
}

impl Writing<'_> {
    async fn trim_outbox(&mut self, rows: &[Passed]) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let seqs: Vec<i64> = rows.iter().map(|(seq, ..)| *seq).collect();
        let mut last: BTreeMap<(i64, &str), i64> = BTreeMap::new();
        for (seq, kind, agency) in rows {
            last.insert((*kind, agency), *seq);
        }
        for ((kind, agency), seq) in last {
            sqlx::query(
                "INSERT INTO trimmed (kind, agency, seq) VALUES (?1, ?2, ?3)
                 ON CONFLICT (kind, agency) DO UPDATE SET seq = max(seq, ?3)",
            )
            .bind(kind)
            .bind(agency)
            .bind(seq)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        }
        sqlx::query("DELETE FROM outbox WHERE seq IN (SELECT value FROM json_each(?))")
            .bind(json(&seqs)?)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        Ok(())
    }

    async fn trim_versions(&mut self, before: i64) -> Result<u64> {
        let gone = sqlx::query(
            "DELETE FROM version WHERE rowid IN (SELECT rowid FROM version WHERE until < ? LIMIT ?)",
        )
        .bind(before)
        .bind(ROWS)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        let left = sqlx::query(
            "DELETE FROM version WHERE rowid IN (SELECT rowid FROM version WHERE left_at < ? LIMIT ?)",
        )
        .bind(self.now.plus_ms(-AWAITED_MS).0)
        .bind(ROWS)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(gone.rows_affected() + left.rows_affected())
    }

    /// Whether the audit trail is to be cut: the first row that may go and tells of more than a cut is older than this.
    async fn is_audit_due(&mut self, before: i64) -> Result<bool> {
        let first: Option<i64> = sqlx::query_scalar(
            "SELECT at FROM audit WHERE action <> ? AND number < (SELECT max(number) FROM audit)
             ORDER BY number LIMIT 1",
        )
        .bind(audit::TRIM)
        .fetch_optional(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(first.is_some_and(|at| at < before))
    }

    /// The oldest rows of the audit trail, but for its last one, which the next goes on from. Nothing else may delete
    /// there: the trigger that says so is away for just this statement.
    async fn trim_audit(&mut self, before: i64) -> Result<u64> {
        let rows: Vec<(i64, i64, Vec<u8>)> =
            sqlx::query_as("SELECT number, at, hash FROM audit ORDER BY number LIMIT ?")
                .bind(ROWS + 1)
                .fetch_all(&mut self.conn)
                .await
                .map_err(fault)?;
        let but_one = rows.len().saturating_sub(1);
        let old = rows.iter().take(but_one).take_while(|(_, at, _)| *at < before);
        let (Some((last, _, hash)), gone) = (old.clone().last(), old.count()) else {
            return Ok(0);
        };
        sqlx::raw_sql("DROP TRIGGER audit_is_not_cut")
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        sqlx::query("DELETE FROM audit WHERE number <= ?")
            .bind(last)
            .execute(&mut self.conn)
            .await
            .map_err(fault)?;
        sqlx::raw_sql(AUDIT_IS_NOT_CUT).execute(&mut self.conn).await.map_err(fault)?;
        let cut = Cut { through: count(*last), hash: digest(hash)? };
        self.act("ledger", audit::TRIM, "audit".to_owned(), json(&cut)?);
        Ok(gone as u64)
    }

    async fn trim_jobs(&mut self, before: i64) -> Result<u64> {
        let rows: Vec<(i64, i64)> = sqlx::query_as(
            "DELETE FROM job WHERE id IN (
                 SELECT id FROM job WHERE current = 0 AND done_at < ? LIMIT ?)
             RETURNING id, object",
        )
        .bind(before)
        .bind(ROWS)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        let objects: Vec<i64> = rows.iter().map(|(_, object)| *object).collect();
        // A version that nobody speaks of any more: not the path, not a document, not another job.
        sqlx::query(
            "DELETE FROM object WHERE id IN (SELECT value FROM json_each(?))
             AND NOT EXISTS (SELECT 1 FROM job j WHERE j.object = object.id)
             AND NOT EXISTS (SELECT 1 FROM path p WHERE p.id = object.path AND p.object = object.id)
             AND NOT EXISTS (SELECT 1 FROM document d WHERE d.path = object.path AND d.object = object.id)",
        )
        .bind(json(&objects)?)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(rows.len() as u64)
    }
}
