use std::collections::HashMap;

use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::entry::{Draft, Entry};
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use sqlx::QueryBuilder;

use super::SqliteLedger;
use super::compact::{Kind, pack, unpack};
use super::each::{Each, rows};
use super::fault::{fault, odd};
use super::news::{self, News, What};
use super::slices::slices;
use super::value::{agency, bytes, count, document_id, json, scope, signed};
use super::writing::Writing;
use crate::entries::{Entries, Event};
use crate::error::Result;
use crate::rows::Rows;

/// An entry as it stood before.
struct FormerEntry {
    /// None of one that cannot be read back: whatever is written next is another.
    hash: Option<BlobId>,
    agency: String,
    version: u64,
    withdrawn: bool,
    seq: u64,
}

impl Writing<'_> {
    /// How these entries stand before they are written.
    async fn known_entries(&mut self, ids: &[&str]) -> Result<HashMap<String, FormerEntry>> {
        type Row = (String, Vec<u8>, String, i64, bool, i64);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, body, agency, version, withdrawn, seq FROM entry
             WHERE id IN (SELECT value FROM json_each(?))",
        )
        .bind(json(ids)?)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        rows.into_iter()
            .map(|(id, body, agency, version, withdrawn, seq)| {
                let hash = unpack(&body).ok().map(|body| BlobId::of(body.as_bytes()));
                let (version, seq) = (count(version), count(seq));
                Ok((id, FormerEntry { hash, agency, version, withdrawn, seq }))
            })
            .collect()
    }

    /// Whether an entry changes; if so, its version grows in `known` and the change is news. `next` is the number
    /// of the first row of the news.
    fn version_entry(
        &mut self,
        draft: &Draft,
        known: &mut HashMap<String, FormerEntry>,
        next: u64,
    ) -> bool {
        let agency = draft.agency.to_string();
        let mut version = 1;
        if let Some(known) = known.get(&draft.id) {
            let moved = known.agency != agency;
            if known.hash == Some(draft.content_hash) && !known.withdrawn && !moved {
                return false;
            }
            version = known.version + 1;
            if moved && !known.withdrawn {
                // Who harvests the former agency only must hear that the entry is gone from there.
                self.tell_entry(draft.id.clone(), known.agency.clone(), version, true);
                version += 1;
            }
        }
        let seq = next + self.news.len() as u64;
        self.tell_entry(draft.id.clone(), agency.clone(), version, false);
        let hash = Some(draft.content_hash);
        known
            .insert(draft.id.clone(), FormerEntry { hash, agency, version, withdrawn: false, seq });
        true
    }

    /// Writes the entries that changed, in the versions that they have by now.
    async fn write_entries(
        &mut self,
        drafts: &[&Draft],
        known: &HashMap<String, FormerEntry>,
    ) -> Result<()> {
        for drafts in slices(drafts) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO entry (id, document, agency, version, issued, modified, seq, body) ",
            );
            insert.push_values(drafts, |mut row, draft| {
                let known = known.get(&draft.id);
                row.push_bind(draft.id.as_str())
                    .push_bind(draft.document.map(bytes))
                    .push_bind(draft.agency.as_str())
                    .push_bind(signed(known.map_or(1, |known| known.version)))
                    .push_bind(self.now.0)
                    .push_bind(self.now.0)
                    .push_bind(signed(known.map_or(0, |known| known.seq)))
                    .push_bind(pack(Kind::Entry, &draft.body));
            });
            insert.push(
                " ON CONFLICT (id) DO UPDATE SET document = excluded.document, agency = excluded.agency,
                     version = excluded.version, withdrawn = 0, modified = excluded.modified,
                     seq = excluded.seq, body = excluded.body",
            );
            insert.build().execute(&mut self.conn).await.map_err(fault)?;
        }
        Ok(())
    }

    /// Withdraws the entries with these ids; gives how many changed.
    async fn withdraw_entries(&mut self, ids: &[String]) -> Result<u64> {
        let mut rows: Vec<(String, String, i64)> = sqlx::query_as(
            "UPDATE entry SET withdrawn = 1, version = version + 1, modified = ?
             WHERE id IN (SELECT value FROM json_each(?)) AND withdrawn = 0
             RETURNING id, agency, version",
        )
        .bind(self.now.0)
        .bind(json(ids)?)
        .fetch_all(&mut self.conn)
        .await
        .map_err(fault)?;
        // RETURNING promises no order; the harvest feed of two equal runs should be equal.
        rows.sort();
        let next = news::next(&mut self.conn).await?;
        let changed = rows.len() as u64;
        for (id, agency, version) in rows {
            sqlx::query("UPDATE entry SET seq = ? WHERE id = ?")
                .bind(signed(next + self.news.len() as u64))
                .bind(&id)
                .execute(&mut self.conn)
                .await
                .map_err(fault)?;
            self.tell_entry(id, agency, count(version), true);
        }
        Ok(changed)
    }

    fn tell_entry(&mut self, id: String, agency: String, version: u64, withdrawn: bool) {
        self.news.push(News { what: What::Entry(id), agency, version, withdrawn });
    }
}

#[async_trait]
impl Entries for SqliteLedger {
    async fn put_entries(&self, entries: &[Draft]) -> Result<u64> {
        let mut tx = self.begin().await?;
        let ids: Vec<&str> = entries.iter().map(|draft| draft.id.as_str()).collect();
        let mut known = tx.known_entries(&ids).await?;
        let next = news::next(&mut tx.conn).await?;
        let changed: Vec<&Draft> =
            entries.iter().filter(|draft| tx.version_entry(draft, &mut known, next)).collect();
        if changed.is_empty() {
            tx.abandon().await?;
            return Ok(0);
        }
        tx.write_entries(&changed, &known).await?;
        tx.commit().await?;
        Ok(changed.len() as u64)
    }

    async fn withdraw_entries(&self, ids: &[String]) -> Result<u64> {
        let mut tx = self.begin().await?;
        let changed = tx.withdraw_entries(ids).await?;
        tx.commit().await?;
        Ok(changed)
    }

    async fn entry_in(&self, id: &str, agencies: &Scope) -> Result<Option<Entry>> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, document, agency, version, withdrawn, issued, modified, body
             FROM entry WHERE id = ?1 AND (?2 IS NULL OR agency IN (SELECT value FROM json_each(?2)))",
        )
        .bind(id)
        .bind(scope(agencies)?)
        .fetch_optional(self.readers())
        .await
        .map_err(fault)?;
        row.map(entry).transpose()
    }

    async fn entries(
        &self,
        agencies: &Scope,
        withdrawn: bool,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Rows<String, Entry>> {
        // With a scope: the first rows of each agency, by index, and of these the first.
        let sql = match agencies {
            Scope::All => {
                "SELECT id, document, agency, version, withdrawn, issued, modified, body
                 FROM entry WHERE id > ?2 AND (?3 OR withdrawn = 0) AND ?1 IS NULL ORDER BY id LIMIT ?4"
            }
            Scope::Only(_) => {
                "SELECT e.id, e.document, e.agency, e.version, e.withdrawn, e.issued,
                        e.modified, e.body
                 FROM (SELECT DISTINCT value AS agency FROM json_each(?1)) a
                 JOIN entry e ON e.id IN (
                     SELECT i.id FROM entry i
                     WHERE i.agency = a.agency AND i.id > ?2 AND (?3 OR i.withdrawn = 0)
                     ORDER BY i.id LIMIT ?4)
                 ORDER BY e.id LIMIT ?4"
            }
        };
        let each: Vec<Each<String, Row>> = sqlx::query_as(sql)
            .bind(scope(agencies)?)
            .bind(after.unwrap_or_default())
            .bind(withdrawn)
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        rows(each, Ok, entry)
    }

    async fn events(&self, agencies: &Scope, after: u64, limit: u32) -> Result<Rows<u64, Event>> {
        type Row = (i64, Option<String>, Option<Vec<u8>>, String, i64, bool, i64);
        let sql = match agencies {
            Scope::All => {
                "SELECT seq, entry, document, agency, version, withdrawn, at FROM outbox
                 WHERE kind = 2 AND seq > ?2 AND ?1 IS NULL ORDER BY seq LIMIT ?3"
            }
            Scope::Only(_) => {
                "SELECT o.seq, o.entry, o.document, o.agency, o.version, o.withdrawn, o.at
                 FROM (SELECT DISTINCT value AS agency FROM json_each(?1)) a
                 JOIN outbox o ON o.seq IN (
                     SELECT i.seq FROM outbox i
                     WHERE i.kind = 2 AND i.agency = a.agency AND i.seq > ?2
                     ORDER BY i.seq LIMIT ?3)
                 ORDER BY o.seq LIMIT ?3"
            }
        };
        let each: Vec<Each<i64, Row>> = sqlx::query_as(sql)
            .bind(scope(agencies)?)
            .bind(signed(after))
            .bind(limit)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        let read = |(seq, entry, document, owner, version, withdrawn, at): Row| {
            let entry = match (entry, document) {
                (Some(entry), _) => entry,
                (None, Some(document)) => document_id(&document)?.to_string(),
                (None, None) => return Err(odd("an event", "no entry")),
            };
            Ok(Event {
                seq: count(seq),
                entry,
                agency: agency(owner)?,
                version: count(version),
                withdrawn,
                at: Timestamp(at),
            })
        };
        rows(each, |seq| Ok(count(seq)), read)
    }
}

type Row = (String, Option<Vec<u8>>, String, i64, bool, i64, i64, Vec<u8>);

fn entry(row: Row) -> Result<Entry> {
    let (id, document, owner, version, withdrawn, issued, modified, body) = row;
    let document = document.as_deref().map(document_id).transpose()?;
    let draft = Draft::new(id, document, agency(owner)?, unpack(&body)?);
    let (issued, modified) = (Timestamp(issued), Timestamp(modified));
    Ok(Entry { draft, version: count(version), withdrawn, issued, modified })
}
