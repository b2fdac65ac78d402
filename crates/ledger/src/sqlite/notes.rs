use async_trait::async_trait;
use madang_document::id::DocumentId;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;

use super::SqliteLedger;
use super::each::{Each, readable, rows};
use super::fault::{fault, odd};
use super::news::{self, News, What};
use super::value::{agency, bytes, count, json, scope, signed, small};
use super::writing::Writing;
use crate::error::Result;
use crate::notes::{By, NewNote, Note, NoteKind, Notes, Redo};
use crate::reader::Reader;
use crate::rows::Rows;

type Row = (i64, String, String, String, Option<String>, String, i64, i64, i64);

#[async_trait]
impl Notes for SqliteLedger {
    async fn note(&self, note: &NewNote) -> Result<()> {
        let by = note.by.to_string();
        let mut tx = self.begin().await?;
        let known: Option<String> =
            sqlx::query_scalar("SELECT reason FROM note WHERE noted_by = ? AND subject = ?")
                .bind(&by)
                .bind(&note.subject)
                .fetch_optional(&mut tx.conn)
                .await
                .map_err(fault)?;
        sqlx::query(
            "INSERT INTO note (noted_by, subject, kind, agency, reason, tries, since, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)
             ON CONFLICT (noted_by, subject) DO UPDATE SET
                 kind = ?3, agency = ?4, reason = ?5, tries = ?6, at = ?7",
        )
        .bind(&by)
        .bind(&note.subject)
        .bind(note.kind.as_str())
        .bind(note.agency.as_ref().map(|agency| agency.as_str()))
        .bind(&note.reason)
        .bind(note.tries)
        .bind(tx.now.0)
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        if known.as_ref() != Some(&note.reason) {
            let (subject, reason) = (note.subject.clone(), note.reason.clone());
            tx.act(&by, &note.kind.act(), subject, reason);
        }
        tx.commit().await?;
        Ok(())
    }

    async fn clear_notes(&self, by: &By, subjects: &[String]) -> Result<u64> {
        if subjects.is_empty() {
            return Ok(0);
        }
        let mut tx = self.begin().await?;
        let cleared = sqlx::query(
            "DELETE FROM note WHERE noted_by = ? AND subject IN (SELECT value FROM json_each(?))",
        )
        .bind(by.to_string())
        .bind(json(subjects)?)
        .execute(&mut tx.conn)
        .await
        .map_err(fault)?;
        tx.commit().await?;
        Ok(cleared.rows_affected())
    }

    async fn noted(&self, by: &By, subject: &str) -> Result<Option<Note>> {
        let row: Option<Row> = sqlx::query_as(
            "SELECT id, noted_by, kind, subject, agency, reason, tries, since, at FROM note
             WHERE noted_by = ? AND subject = ?",
        )
        .bind(by.to_string())
        .bind(subject)
        .fetch_optional(self.readers())
        .await
        .map_err(fault)?;
        row.map(note).transpose()
    }

    async fn noted_by(&self, by: &By) -> Result<Vec<Note>> {
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT id, noted_by, kind, subject, agency, reason, tries, since, at FROM note
             WHERE noted_by = ? ORDER BY subject",
        )
        .bind(by.to_string())
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        Ok(readable(rows, note))
    }

    async fn notes(
        &self,
        agencies: &Scope,
        after: Option<i64>,
        limit: u32,
    ) -> Result<Rows<i64, Note>> {
        let each: Vec<Each<i64, Row>> = sqlx::query_as(
            "SELECT id, noted_by, kind, subject, agency, reason, tries, since, at FROM note
             WHERE id > ?1 AND (?2 IS NULL OR agency IN (SELECT value FROM json_each(?2)))
             ORDER BY id LIMIT ?3",
        )
        .bind(after.unwrap_or(i64::MIN))
        .bind(scope(agencies)?)
        .bind(limit)
        .fetch_all(self.readers())
        .await
        .map_err(fault)?;
        rows(each, Ok, note)
    }

    async fn count_notes(&self, agencies: &Scope) -> Result<u64> {
        let n: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM note
             WHERE ?1 IS NULL OR agency IN (SELECT value FROM json_each(?1))",
        )
        .bind(scope(agencies)?)
        .fetch_one(self.readers())
        .await
        .map_err(fault)?;
        Ok(count(n))
    }

    async fn redo(&self, which: &Redo, agencies: &Scope, actor: &str) -> Result<Vec<Note>> {
        let (one, kind) = match which {
            Redo::One(id) => (Some(*id), None),
            Redo::Kind(kind) => (None, Some(kind.as_str())),
            Redo::All => (None, None),
        };
        let mut tx = self.begin().await?;
        let rows: Vec<Row> = sqlx::query_as(
            "UPDATE note SET tries = 0, at = ?1
             WHERE (?2 IS NULL OR id = ?2) AND (?3 IS NULL OR kind = ?3)
                 AND (?4 IS NULL OR agency IN (SELECT value FROM json_each(?4)))
             RETURNING id, noted_by, kind, subject, agency, reason, tries, since, at",
        )
        .bind(tx.now.0)
        .bind(one)
        .bind(kind)
        .bind(scope(agencies)?)
        .fetch_all(&mut tx.conn)
        .await
        .map_err(fault)?;
        let mut notes = readable(rows, note);
        if notes.is_empty() {
            tx.abandon().await?;
            return Ok(notes);
        }
        // RETURNING promises no order.
        notes.sort_by_key(|note| note.id);
        tx.tell_again(&notes).await?;
        let subject = match which {
            Redo::One(id) => format!("note/{id}"),
            Redo::Kind(kind) => format!("notes/{}", kind.as_str()),
            Redo::All => "notes/*".to_owned(),
        };
        let detail = serde_json::json!({ "notes": notes.len() });
        tx.act(actor, "notes.redo", subject, detail.to_string());
        tx.commit().await?;
        Ok(notes)
    }
}

impl Writing<'_> {
    /// Tells the outbox once more of what is noted, changed or not.
    async fn tell_again(&mut self, notes: &[Note]) -> Result<()> {
        let next = news::next(&mut self.conn).await?;
        for note in notes {
            match note.by {
                By::Reader(Reader::Registry(_)) => {
                    self.tell_entry_again(&note.subject, next).await?;
                    continue;
                }
                // The outbox knows nothing of paths: its next listing sees it again.
                By::Source(_) => continue,
                By::Reader(_) | By::Previews | By::Texts => {}
            }
            let Ok(id) = note.subject.parse::<DocumentId>() else { continue };
            if note.by.has_asked() {
                self.reread(id, &note.reason).await?;
                continue;
            }
            let row: Option<(String, i64, bool)> = sqlx::query_as(
                "UPDATE document SET seq = ? WHERE id = ? RETURNING agency, revision, withdrawn",
            )
            .bind(signed(next + self.news.len() as u64))
            .bind(bytes(id))
            .fetch_optional(&mut self.conn)
            .await
            .map_err(fault)?;
            if let Some((agency, revision, withdrawn)) = row {
                self.tell(id, &agency, count(revision), withdrawn);
            }
        }
        Ok(())
    }

    /// Nobody asks for the texts and previews of these any more.
    pub(super) async fn forget_askers(&mut self, ids: &[DocumentId]) -> Result<()> {
        let subjects: Vec<String> = ids.iter().map(ToString::to_string).collect();
        sqlx::query(
            "DELETE FROM note WHERE noted_by IN (SELECT value FROM json_each(?))
             AND subject IN (SELECT value FROM json_each(?))",
        )
        .bind(json(&By::ASKERS.map(|by| by.to_string()))?)
        .bind(json(&subjects)?)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }

    async fn tell_entry_again(&mut self, id: &str, next: u64) -> Result<()> {
        let row: Option<(String, i64, bool)> = sqlx::query_as(
            "UPDATE entry SET seq = ? WHERE id = ? RETURNING agency, version, withdrawn",
        )
        .bind(signed(next + self.news.len() as u64))
        .bind(id)
        .fetch_optional(&mut self.conn)
        .await
        .map_err(fault)?;
        if let Some((agency, version, withdrawn)) = row {
            let what = What::Entry(id.to_owned());
            self.news.push(News { what, agency, version: count(version), withdrawn });
        }
        Ok(())
    }
}

fn note((id, by, kind, subject, whose, reason, tries, since, at): Row) -> Result<Note> {
    Ok(Note {
        id,
        by: By::parse(&by).ok_or_else(|| odd("a note", by))?,
        kind: NoteKind::parse(&kind).ok_or_else(|| odd("a note", kind))?,
        subject,
        agency: whose.map(agency).transpose()?,
        reason,
        tries: small(tries),
        since: Timestamp(since),
        at: Timestamp(at),
    })
}
