use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use madang_document::annotation::{Annotation, Finding};
use madang_document::document::Document;
use madang_document::fingerprint::Fingerprint;
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::opening::Opening;
use madang_document::principal::Scope;
use sqlx::{AssertSqlSafe, QueryBuilder};

use super::SqliteLedger;
use super::body::{DOCUMENT, DocumentRow};
use super::fault::fault;
use super::openings::opening_of;
use super::shelves::{self, Key, Kind, Near, Shelved, Shelves};
use super::slices::slices;
use super::value::{bytes, covered, document_id, json, scope, signed, small};
use super::writing::Writing;
use crate::documents::{Documents, Stored};
use crate::error::{LedgerError, Result};
use crate::lookalikes::{
    Lookalike, Lookalikes, MOST_CHECKED, Relation, is_rendition, text_likeness,
};

/// A row of [`OWN`].
type OwnRow = (i64, i64, i64, Vec<u8>, Option<String>);

/// The fingerprints of a document: kind, version of the stage, shingles, bits and place.
const OWN: &str =
    "SELECT kind, version, shingles, bits, locator FROM fingerprint WHERE document = ? ORDER BY id";

/// What came to the fingerprints of some agencies since they were last looked at. They come agency by agency, of each in the
/// order of their numbers, as they lie in the index.
const NEW: &str = "
    SELECT f.agency, f.id, f.kind, f.version, f.shingles, f.bits
    FROM json_each(?) a CROSS JOIN fingerprint f WHERE f.agency = a.key AND f.id > a.value LIMIT ?";

/// What came after a number, of all agencies, as it lies in the table.
const ALL: &str = "
    SELECT agency, id, kind, version, shingles, bits FROM fingerprint WHERE id > ? ORDER BY id LIMIT ?";

/// A row of [`NEW`] and of [`ALL`].
type PrintRow = (String, i64, i64, i64, i64, Vec<u8>);

/// Fingerprints that are brought to memory before anybody asks: some 200 MB. The others come when they are asked for.
const MOST_PREPARED: u64 = 1 << 22;

/// Of which documents these fingerprints are.
const DOCUMENTS: &str = "
    SELECT f.id, f.document FROM json_each(?) i CROSS JOIN fingerprint f WHERE f.id = i.value";

/// The agencies that have any, one seek each.
const AGENCIES: &str = "
    WITH RECURSIVE agencies (agency) AS (
        SELECT min(agency) FROM fingerprint
        UNION ALL
        SELECT (SELECT min(f.agency) FROM fingerprint f WHERE f.agency > a.agency)
        FROM agencies a WHERE a.agency IS NOT NULL
    )
    SELECT agency FROM agencies WHERE agency IS NOT NULL";

/// Copies of a document's bytes: `content` are the first eight of their hash, the rest stands in the body.
fn copies(agencies: &Scope) -> String {
    format!(
        "{DOCUMENT} WHERE d.content = (SELECT content FROM document WHERE id = ?1) AND d.withdrawn = 0
             AND d.id <> ?1 {} ORDER BY d.rowid LIMIT ?3",
        covered("d", agencies)
    )
}

/// Copies that are looked at: of the bytes of an empty form there may be thousands.
const MOST_COPIES: u32 = 1000;

/// Fingerprints that are brought to memory at once.
const AT_ONCE: u32 = 1 << 16;

/// Candidates that are asked for at once.
const PAGE: usize = 256;

#[async_trait]
impl Lookalikes for SqliteLedger {
    async fn lookalikes(
        &self,
        document: DocumentId,
        agencies: &Scope,
        limit: u32,
    ) -> Result<Vec<Lookalike>> {
        let Some(own) = self.document(document).await? else { return Ok(Vec::new()) };
        let limit = limit as usize;
        let mut found = self.copies(&own.document, agencies).await?;
        found.truncate(limit);
        let mut known: HashSet<DocumentId> =
            found.iter().map(|found| found.stored.document.id).collect();
        known.insert(document);
        let prints = self.own_prints(document).await?;
        if prints.is_empty() || found.len() >= limit {
            return Ok(found);
        }
        let codes = self.codes(agencies).await?;
        let rows = self.caught_up(&codes, |shelves, _| {
            let rows = prints.iter().map(|key| shelves.rows(&codes, key.kind, key.version));
            rows.collect::<Vec<_>>()
        });
        let (rows, keys) = (rows.await?, prints.clone());
        let scan = move || shelves::near(&rows, &keys);
        // Some milliseconds for each million: not on a thread that others wait for.
        let near = tokio::task::spawn_blocking(scan)
            .await
            .map_err(|e| LedgerError::unavailable(format!("a comparison broke off: {e}")))?;
        let own = opening_of(&own.document).unwrap_or_default();
        let near = self.related(near, &prints, own).await?;
        for page in near.chunks(PAGE) {
            let ids: Vec<i64> = page.iter().map(|(_, near)| near.id).collect();
            let rows: Vec<(i64, Vec<u8>, Option<String>)> = sqlx::query_as(
                "SELECT id, document, locator FROM fingerprint WHERE id IN (SELECT value FROM json_each(?))",
            )
            .bind(json(&ids)?)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
            let mut rows: HashMap<i64, (Vec<u8>, Option<String>)> =
                rows.into_iter().map(|(id, document, locator)| (id, (document, locator))).collect();
            let mut fresh = Vec::new();
            for (relation, near) in page {
                let Some((document, locator)) = rows.remove(&near.id) else { continue };
                let document = document_id(&document)?;
                if known.insert(document) {
                    fresh.push((document, *relation, near, locator));
                }
            }
            let ids: Vec<DocumentId> = fresh.iter().map(|(id, ..)| *id).collect();
            let mut documents: HashMap<DocumentId, Stored> = HashMap::new();
            for row in self.documents(&ids).await?.0 {
                // One that cannot be read back is none that could be shown.
                if let Ok(stored) = row.value {
                    documents.insert(row.key, stored);
                }
            }
            for (id, relation, near, locator) in fresh {
                let Some(stored) = documents.remove(&id) else { continue };
                // It may have changed hands since it was looked at.
                if stored.withdrawn || !agencies.covers(&stored.document.agency) {
                    continue;
                }
                let Some(key) = prints.get(near.key) else { continue };
                let place = |text: &Option<String>| {
                    text.as_deref().and_then(|text| serde_json::from_str::<Locator>(text).ok())
                };
                let likeness = match key.kind {
                    Kind::Text => text_likeness(&key.print, &near.print),
                    Kind::Picture => 1.0 - near.distance as f32 / Fingerprint::BITS as f32,
                };
                let (here, there) = (key.locator.clone(), place(&locator));
                found.push(Lookalike { stored, relation, likeness, here, there });
                if found.len() >= limit {
                    return Ok(found);
                }
            }
        }
        Ok(found)
    }

    async fn with_renditions(
        &self,
        documents: &[DocumentId],
        agencies: &Scope,
    ) -> Result<BTreeSet<DocumentId>> {
        SqliteLedger::with_renditions(self, documents, agencies).await
    }

    async fn prepare(&self) -> Result<u64> {
        let mut brought = 0;
        let mut at = 0;
        // Of each agency the last that this walk met.
        let mut met: HashMap<String, i64> = HashMap::new();
        while brought < MOST_PREPARED {
            // Whoever asks meanwhile waits for one slice, and goes on from there.
            let _turn = self.filling().lock().await;
            let rows: Vec<PrintRow> = sqlx::query_as(ALL)
                .bind(at)
                .bind(AT_ONCE)
                .fetch_all(self.readers())
                .await
                .map_err(fault)?;
            let is_last = rows.len() < AT_ONCE as usize;
            brought += rows.len() as u64;
            let mut shelves = self.shelves().write().unwrap_or_else(PoisonError::into_inner);
            let mut touched = BTreeSet::new();
            for row in rows {
                at = row.1;
                if !touched.contains(&row.0) {
                    touched.insert(row.0.clone());
                }
                let since = match met.get_mut(&row.0) {
                    Some(last) => std::mem::replace(last, at),
                    None => met.insert(row.0.clone(), at).unwrap_or(0),
                };
                // Emptied since the slice before, it is filled from its beginning by whoever asks.
                if shelves.last(&row.0) >= since {
                    shelve(&mut shelves, row);
                }
            }
            touched.iter().for_each(|code| shelves.tidy(code, true));
            if is_last {
                break;
            }
        }
        Ok(brought)
    }
}

impl SqliteLedger {
    pub(super) async fn copies(&self, own: &Document, agencies: &Scope) -> Result<Vec<Lookalike>> {
        if own.sha256.is_none() || own.size == Some(0) {
            return Ok(Vec::new());
        }
        let rows: Vec<DocumentRow> = sqlx::query_as(AssertSqlSafe(copies(agencies)))
            .bind(bytes(own.id))
            .bind(scope(agencies)?)
            .bind(MOST_COPIES)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        // One that cannot be read back is none that could be shown.
        let stored = rows.into_iter().filter_map(|row| row.stored().ok());
        let copy = |stored| Lookalike {
            stored,
            relation: Relation::Copy,
            likeness: 1.0,
            here: None,
            there: None,
        };
        Ok(stored.filter(|stored| stored.document.sha256 == own.sha256).map(copy).collect())
    }

    /// How each that is near is related, in the order of [`Relation`].
    async fn related(
        &self,
        near: Vec<Near>,
        keys: &[Key],
        own: Opening,
    ) -> Result<Vec<(Relation, Near)>> {
        let kind = |near: &Near| keys.get(near.key).map(|key| key.kind);
        let texts = near.iter().filter(|near| kind(near) == Some(Kind::Text));
        // Itself is one of them.
        let checked: BTreeSet<i64> = texts.take(MOST_CHECKED + 1).map(|near| near.id).collect();
        let openings = self.openings(&checked).await?;
        let is_text: Vec<bool> = near.iter().map(|near| kind(near) == Some(Kind::Text)).collect();
        let relate = move || {
            let related = near.into_iter().zip(is_text).map(|(near, is_text)| {
                let is_same =
                    |other: &Arc<Opening>| is_rendition(near.distance, &own, other.as_ref());
                let relation = match openings.get(&near.id) {
                    Some(other) if is_same(other) => Relation::Rendition,
                    _ if is_text => Relation::Alike,
                    _ => Relation::Picture,
                };
                (relation, near)
            });
            let mut related: Vec<(Relation, Near)> = related.collect();
            related.sort_by_key(|(relation, _)| *relation);
            related
        };
        tokio::task::spawn_blocking(relate)
            .await
            .map_err(|e| LedgerError::unavailable(format!("a comparison broke off: {e}")))
    }

    /// How the texts begin of which these rows are the fingerprints. What cannot be read back is not among them.
    pub(super) async fn openings(
        &self,
        rows: &BTreeSet<i64>,
    ) -> Result<HashMap<i64, Arc<Opening>>> {
        let mut found =
            self.known_openings().lock().unwrap_or_else(PoisonError::into_inner).of(rows);
        let missing: Vec<i64> = rows.iter().filter(|id| !found.contains_key(id)).copied().collect();
        for ids in missing.chunks(PAGE) {
            let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as(DOCUMENTS)
                .bind(json(&ids)?)
                .fetch_all(self.readers())
                .await
                .map_err(fault)?;
            let mut of: BTreeMap<DocumentId, i64> = BTreeMap::new();
            for (id, document) in rows {
                of.insert(document_id(&document)?, id);
            }
            let documents: Vec<DocumentId> = of.keys().copied().collect();
            let read = self.documents(&documents).await?.0;
            let mut known = self.known_openings().lock().unwrap_or_else(PoisonError::into_inner);
            for row in read {
                let (Some(id), Ok(stored)) = (of.get(&row.key), row.value) else { continue };
                let opening = Arc::new(opening_of(&stored.document).unwrap_or_default());
                known.remember(*id, &opening);
                found.insert(*id, opening);
            }
        }
        Ok(found)
    }

    async fn own_prints(&self, document: DocumentId) -> Result<Vec<Key>> {
        let rows: Vec<OwnRow> = sqlx::query_as(OWN)
            .bind(bytes(document))
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        let key = |(kind, version, shingles, bits, locator): OwnRow| {
            let kind = Kind::of(kind)?;
            Some(Key {
                kind,
                version: kind.compared_as(small(version)),
                shingles: small(shingles),
                print: Fingerprint::from_bytes(&bits)?,
                locator: locator.and_then(|text| serde_json::from_str(&text).ok()),
            })
        };
        Ok(rows.into_iter().filter_map(key).collect())
    }

    /// The codes of the agencies of a scope that may have fingerprints.
    pub(super) async fn codes(&self, agencies: &Scope) -> Result<BTreeSet<String>> {
        match agencies {
            Scope::Only(agencies) => {
                Ok(agencies.iter().map(|code| code.as_str().to_owned()).collect())
            }
            Scope::All => {
                let codes: Vec<String> =
                    sqlx::query_scalar(AGENCIES).fetch_all(self.readers()).await.map_err(fault)?;
                Ok(codes.into_iter().collect())
            }
        }
    }

    /// Puts on the shelves of these agencies what came since, and looks at them: up to the number that is given to `look` nothing
    /// is missing there. What went stays until somebody finds it gone, or half of a shelf may be so.
    pub(super) async fn caught_up<T>(
        &self,
        codes: &BTreeSet<String>,
        look: impl FnOnce(&Shelves, i64) -> T + Send,
    ) -> Result<T> {
        let mut filled: BTreeSet<String> = BTreeSet::new();
        let mut is_tidy = false;
        loop {
            // One reads, whoever else wants the same waits and finds it here.
            let _turn = self.filling().lock().await;
            if !is_tidy {
                let mut shelves = self.shelves().write().unwrap_or_else(PoisonError::into_inner);
                codes.iter().for_each(|code| shelves.tidy(code, false));
                is_tidy = true;
            }
            let since = self.since(codes);
            filled
                .extend(since.iter().filter(|(_, last)| **last == 0).map(|(code, _)| code.clone()));
            let rows: Vec<PrintRow> = sqlx::query_as(NEW)
                .bind(json(&since)?)
                .bind(AT_ONCE)
                .fetch_all(self.readers())
                .await
                .map_err(fault)?;
            let is_last = rows.len() < AT_ONCE as usize;
            if !rows.is_empty() {
                let mut shelves = self.shelves().write().unwrap_or_else(PoisonError::into_inner);
                rows.into_iter().for_each(|row| shelve(&mut shelves, row));
                filled.iter().for_each(|code| shelves.tidy(code, true));
            }
            if is_last {
                let shelves = self.shelves().read().unwrap_or_else(PoisonError::into_inner);
                let upto = codes.iter().map(|code| shelves.last(code)).max().unwrap_or(0);
                return Ok(look(&shelves, upto));
            }
        }
    }

    /// Up to which number the fingerprints of each of these agencies are known.
    fn since(&self, codes: &BTreeSet<String>) -> BTreeMap<String, i64> {
        let shelves = self.shelves().read().unwrap_or_else(PoisonError::into_inner);
        codes.iter().map(|code| (code.clone(), shelves.last(code))).collect()
    }
}

/// Puts a row on its shelf, if it can be read.
fn shelve(shelves: &mut Shelves, (agency, id, kind, version, shingles, bits): PrintRow) {
    let Some((kind, print)) = Kind::of(kind).zip(Fingerprint::from_bytes(&bits)) else { return };
    let version = kind.compared_as(small(version));
    shelves.put(&agency, kind, version, Shelved { id, print, shingles: small(shingles) });
}

/// A fingerprint as it will be kept.
pub(super) struct Print {
    document: DocumentId,
    agency: String,
    kind: Kind,
    version: u32,
    shingles: u32,
    print: Fingerprint,
    locator: Option<String>,
}

impl Print {
    /// Those among what stages found out about a document.
    pub(super) fn all(document: &Document, agency: &str) -> Vec<Print> {
        let print = |annotation: &Annotation| {
            let (kind, shingles, print, locator) = match &annotation.finding {
                Finding::Nothing => return None,
                Finding::Text { fingerprint, shingles, .. } => {
                    (Kind::Text, *shingles, fingerprint, None)
                }
                Finding::Picture { fingerprint, locator } => {
                    (Kind::Picture, 0, fingerprint, serde_json::to_string(locator).ok())
                }
            };
            let (document, agency, version) = (document.id, agency.to_owned(), annotation.version);
            Some(Print { document, agency, kind, version, shingles, print: *print, locator })
        };
        document.annotations.iter().filter_map(print).collect()
    }
}

/// Which stages looked at a document, each with its version, as an object of JSON; none if none did.
pub(super) fn stages(document: &Document) -> Result<Option<String>> {
    let stages: BTreeMap<&str, u32> = document
        .annotations
        .iter()
        .map(|annotation| (annotation.stage.as_str(), annotation.version))
        .collect();
    if stages.is_empty() { Ok(None) } else { json(&stages).map(Some) }
}

impl Writing<'_> {
    /// Puts these fingerprints in the place of what there was of these documents.
    pub(super) async fn write_prints(
        &mut self,
        documents: &[DocumentId],
        prints: &[Print],
    ) -> Result<()> {
        self.forget_prints(documents).await?;
        for prints in slices(prints) {
            let mut insert = QueryBuilder::new(
                "INSERT INTO fingerprint (document, agency, kind, version, shingles, bits, locator) ",
            );
            insert.push_values(prints, |mut row, print| {
                row.push_bind(bytes(print.document))
                    .push_bind(print.agency.as_str())
                    .push_bind(print.kind.number())
                    .push_bind(signed(u64::from(print.version)))
                    .push_bind(signed(u64::from(print.shingles)))
                    .push_bind(print.print.to_bytes().to_vec())
                    .push_bind(print.locator.as_deref());
            });
            insert.build().execute(&mut self.conn).await.map_err(fault)?;
        }
        Ok(())
    }

    /// Gives the fingerprints of these documents to another agency. They get other numbers: of those of the new one somebody may
    /// know all up to a higher one than theirs.
    pub(super) async fn move_prints(
        &mut self,
        documents: &[DocumentId],
        agency: &str,
    ) -> Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = documents.iter().map(|id| id.uuid().simple().to_string()).collect();
        let ids = json(&ids)?;
        for statement in [
            "INSERT INTO fingerprint (document, agency, kind, version, shingles, bits, locator)
             SELECT document, ?2, kind, version, shingles, bits, locator FROM fingerprint
             WHERE document IN (SELECT unhex(value) FROM json_each(?1)) AND agency <> ?2 ORDER BY id",
            "DELETE FROM fingerprint
             WHERE document IN (SELECT unhex(value) FROM json_each(?1)) AND agency <> ?2",
        ] {
            sqlx::query(statement)
                .bind(&ids)
                .bind(agency)
                .execute(&mut self.conn)
                .await
                .map_err(fault)?;
        }
        Ok(())
    }

    /// What is withdrawn looks like nothing any more.
    pub(super) async fn forget_prints(&mut self, documents: &[DocumentId]) -> Result<()> {
        if documents.is_empty() {
            return Ok(());
        }
        let ids: Vec<String> = documents.iter().map(|id| id.uuid().simple().to_string()).collect();
        sqlx::query(
            "DELETE FROM fingerprint WHERE document IN (SELECT unhex(value) FROM json_each(?))",
        )
        .bind(json(&ids)?)
        .execute(&mut self.conn)
        .await
        .map_err(fault)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::plan::plan;
    use super::super::renditions::{TEXTS, THERE, copies_of};
    use super::*;

    /// However much others have: what the scope does not cover is not read.
    #[tokio::test]
    async fn what_is_looked_at_is_found_by_indexes() {
        let one = Scope::Only(["1741000".parse().unwrap()].into());
        for (statement, seek) in [
            (OWN.to_owned(), "fingerprint_document (document=?)"),
            (NEW.to_owned(), "fingerprint_agency (agency=? AND id>?)"),
            (copies(&Scope::All), "document_copy (content=?)"),
            (copies(&one), "document_copy (content=? AND agency=?)"),
            (TEXTS.to_owned(), "fingerprint_document (document=?)"),
            (THERE.to_owned(), "f USING INTEGER PRIMARY KEY (rowid=?)"),
            (copies_of(&Scope::All), "document_copy (content=?)"),
            (copies_of(&one), "document_copy (content=? AND agency=?)"),
            (DOCUMENTS.to_owned(), "f USING INTEGER PRIMARY KEY (rowid=?)"),
            (ALL.to_owned(), "fingerprint USING INTEGER PRIMARY KEY (rowid>?)"),
        ] {
            let plan = plan(&statement).await;
            assert!(plan.iter().any(|step| step.contains(seek)), "{plan:#?}");
            assert!(!plan.iter().any(|step| step.contains("SCAN f")), "{plan:#?}");
        }
    }
}
