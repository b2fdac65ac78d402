//! Which of many documents have renditions: each text is compared with all there is, once, and from then on with what came
//! since.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, PoisonError};

use madang_document::fingerprint::Fingerprint;
use madang_document::id::DocumentId;
use madang_document::opening::Opening;
use madang_document::principal::Scope;
use sqlx::AssertSqlSafe;

use super::SqliteLedger;
use super::comparison;
use super::fault::fault;
use super::neighbours::Known;
use super::shelves::{Kind, Row};
use super::value::{covered, document_id, json, scope, small};
use crate::documents::{Documents, Stored};
use crate::error::{LedgerError, Result};
use crate::lookalikes::{MOST_CHECKED, RENDITION, is_rendition, may_be_renditions};

/// The fingerprints of the texts of some documents.
pub(super) const TEXTS: &str = "
    SELECT f.id, f.document, f.version, f.shingles, f.bits
    FROM json_each(?) d CROSS JOIN fingerprint f WHERE f.document = unhex(d.value) AND f.kind = 1";

/// A row of [`TEXTS`].
type TextRow = (i64, Vec<u8>, i64, i64, Vec<u8>);

/// Which of these fingerprints are there still.
pub(super) const THERE: &str = "
    SELECT f.id FROM json_each(?) i CROSS JOIN fingerprint f WHERE f.id = i.value";

/// Of each of some documents one other that is live, covered by the scope and, by the first bytes of their hashes, of the same
/// bytes.
pub(super) fn copies_of(agencies: &Scope) -> String {
    format!(
        "SELECT k.id, (
             SELECT o.id FROM document o WHERE o.content = k.content AND o.id <> k.id AND o.withdrawn = 0 {} LIMIT 1
         ) AS other
         FROM json_each(?1) d CROSS JOIN document k
         WHERE k.id = unhex(d.value) AND k.content IS NOT NULL AND other IS NOT NULL",
        covered("o", agencies)
    )
}

/// Fingerprints that are compared with all texts that are asked about before others get their turn.
const SLICE: usize = 1 << 13;

/// Of these as many as stay in the processor's cache while each text is compared with them.
const CACHED: usize = 512;

/// Alignments that are made before others get their turn: some tenth of a second.
const ALIGNED: usize = 1 << 12;

// Those of one text are made in one turn.
const _: () = assert!(MOST_CHECKED <= ALIGNED);

/// A text that is asked about.
#[derive(Clone, Debug)]
struct Text {
    id: i64,
    document: DocumentId,
    version: u32,
    shingles: u32,
    print: Fingerprint,
    known: Known,
    /// Those that are like it, the nearest first: in how many bits they differ, and their rows.
    alike: Vec<(u32, i64)>,
}

impl Text {
    /// What is known of it once it was compared with all up to this number: with one that is near it was not compared any further.
    fn settled(&self, upto: i64) -> (i64, Known) {
        match self.known.near {
            None => (self.id, Known { upto, near: None }),
            Some(_) => (self.id, self.known),
        }
    }
}

impl SqliteLedger {
    /// Those of some documents of which another live one that the scope covers has the same text or the same bytes.
    pub(super) async fn with_renditions(
        &self,
        documents: &[DocumentId],
        agencies: &Scope,
    ) -> Result<BTreeSet<DocumentId>> {
        let mut found = self.with_the_same_text(documents, agencies).await?;
        let rest: Vec<DocumentId> =
            documents.iter().copied().filter(|id| !found.contains(id)).collect();
        found.extend(self.with_the_same_bytes(&rest, agencies).await?);
        Ok(found)
    }

    async fn with_the_same_text(
        &self,
        documents: &[DocumentId],
        agencies: &Scope,
    ) -> Result<BTreeSet<DocumentId>> {
        let mut texts = self.texts(documents).await?;
        if texts.is_empty() {
            return Ok(BTreeSet::new());
        }
        let codes = self.codes(agencies).await?;
        let ids: Vec<i64> = texts.iter().map(|text| text.id).collect();
        let turn = self.neighbours().lock().unwrap_or_else(PoisonError::into_inner).turn(&codes);
        let _turn = turn.lock().await;
        loop {
            let versions: BTreeSet<u32> = texts.iter().map(|text| text.version).collect();
            let (upto, rows) = self
                .caught_up(&codes, |shelves, upto| {
                    let rows = versions
                        .iter()
                        .map(|version| (*version, shelves.rows(&codes, Kind::Text, *version)));
                    (upto, rows.collect::<Vec<_>>())
                })
                .await?;
            {
                let known = self.neighbours().lock().unwrap_or_else(PoisonError::into_inner);
                for (text, known) in texts.iter_mut().zip(known.of(&codes, &ids)) {
                    text.known = known;
                }
            }
            for (version, rows) in rows {
                for row in rows {
                    texts = self.compare(texts, version, row).await?;
                }
            }
            texts = self.tell_apart(texts, &codes, upto).await?;
            let near: BTreeSet<i64> = texts.iter().filter_map(|text| text.known.near).collect();
            let there = self.there(&near).await?;
            let found = texts.iter().map(|text| {
                let (id, known) = text.settled(upto);
                (id, Known { near: known.near.filter(|id| there.contains(id)), ..known })
            });
            self.remember(&codes, &found.collect::<Vec<_>>());
            let gone: Vec<i64> = near.into_iter().filter(|id| !there.contains(id)).collect();
            if gone.is_empty() {
                let near = texts.iter().filter(|text| text.known.near.is_some());
                return Ok(near.map(|text| text.document).collect());
            }
            // What is gone is on no shelf the next time, so that this comes to an end.
            self.shelves().write().unwrap_or_else(PoisonError::into_inner).take_off(&codes, &gone);
        }
    }

    async fn texts(&self, documents: &[DocumentId]) -> Result<Vec<Text>> {
        let rows: Vec<TextRow> = sqlx::query_as(TEXTS)
            .bind(json(&hex(documents))?)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        let text = |(id, document, version, shingles, bits): TextRow| {
            Some(Text {
                id,
                document: document_id(&document).ok()?,
                version: Kind::Text.compared_as(small(version)),
                shingles: small(shingles),
                print: Fingerprint::from_bytes(&bits)?,
                known: Known::default(),
                alike: Vec::new(),
            })
        };
        Ok(rows.into_iter().filter_map(text).collect())
    }

    /// Compares texts with a row, slice by slice: whoever waits for another comparison gets a turn between two of them, and one
    /// that nobody waits for any more ends with its slice.
    async fn compare(&self, mut texts: Vec<Text>, version: u32, row: Row) -> Result<Vec<Text>> {
        let oldest =
            texts.iter().filter(|text| is_sought(text, version)).map(|text| text.known.upto);
        let Some(oldest) = oldest.min() else { return Ok(texts) };
        let begin = row.partition_point(|shelved| shelved.id <= oldest);
        for from in (begin..row.len()).step_by(SLICE) {
            let turn = self.comparing().lock().await;
            let (row, slice) = (Arc::clone(&row), from..row.len().min(from + SLICE));
            let work = move || {
                compare_slice(&mut texts, version, &row, slice);
                texts
            };
            texts = tokio::task::spawn_blocking(work)
                .await
                .map_err(|e| LedgerError::unavailable(format!("a comparison broke off: {e}")))?;
            drop(turn);
        }
        Ok(texts)
    }

    /// Of the texts that are like one, finds one that is the same, if any is: of some texts, then of the next, in turns as they are
    /// compared. What is settled is remembered at once, so that whoever cannot wait for all finds it when he asks again.
    async fn tell_apart(
        &self,
        texts: Vec<Text>,
        codes: &BTreeSet<String>,
        upto: i64,
    ) -> Result<Vec<Text>> {
        let mut told = Vec::with_capacity(texts.len());
        let mut rest = texts.into_iter().peekable();
        while rest.peek().is_some() {
            let (mut some, mut alignments) = (Vec::new(), 0);
            while let Some(text) = rest.next_if(|text| alignments + text.alike.len() <= ALIGNED) {
                alignments += text.alike.len();
                some.push(text);
            }
            let some = self.tell_some_apart(some).await?;
            let known: Vec<(i64, Known)> = some.iter().map(|text| text.settled(upto)).collect();
            self.remember(codes, &known);
            told.extend(some);
        }
        Ok(told)
    }

    fn remember(&self, codes: &BTreeSet<String>, known: &[(i64, Known)]) {
        self.neighbours().lock().unwrap_or_else(PoisonError::into_inner).remember(codes, known);
    }

    async fn tell_some_apart(&self, mut texts: Vec<Text>) -> Result<Vec<Text>> {
        let unsettled = || texts.iter().filter(|text| !text.alike.is_empty());
        let rows: BTreeSet<i64> = unsettled()
            .flat_map(|text| text.alike.iter().map(|(_, id)| *id).chain([text.id]))
            .collect();
        if rows.is_empty() {
            return Ok(texts);
        }
        let openings = self.openings(&rows).await?;
        let _turn = self.comparing().lock().await;
        let settle = move || {
            texts.iter_mut().for_each(|text| settle(text, &openings));
            texts
        };
        tokio::task::spawn_blocking(settle)
            .await
            .map_err(|e| LedgerError::unavailable(format!("a comparison broke off: {e}")))
    }

    /// Which of these fingerprints are there still. One that was withdrawn is not, nor one that changed hands: it has another
    /// number since.
    async fn there(&self, ids: &BTreeSet<i64>) -> Result<HashSet<i64>> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let there: Vec<i64> = sqlx::query_scalar(THERE)
            .bind(json(ids)?)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        Ok(there.into_iter().collect())
    }

    async fn with_the_same_bytes(
        &self,
        documents: &[DocumentId],
        agencies: &Scope,
    ) -> Result<BTreeSet<DocumentId>> {
        if documents.is_empty() {
            return Ok(BTreeSet::new());
        }
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(AssertSqlSafe(copies_of(agencies)))
            .bind(json(&hex(documents))?)
            .bind(scope(agencies)?)
            .fetch_all(self.readers())
            .await
            .map_err(fault)?;
        let mut both = BTreeSet::new();
        let mut paired = Vec::new();
        for (own, other) in pairs {
            let (own, other) = (document_id(&own)?, document_id(&other)?);
            both.extend([own, other]);
            paired.push((own, other));
        }
        let both: Vec<DocumentId> = both.into_iter().collect();
        let mut known: HashMap<DocumentId, Stored> = HashMap::new();
        for row in self.documents(&both).await?.0 {
            // One that cannot be read back is no copy that could be shown.
            if let Ok(stored) = row.value {
                known.insert(row.key, stored);
            }
        }
        let mut found = BTreeSet::new();
        for (own, other) in paired {
            let (Some(one), Some(two)) = (known.get(&own), known.get(&other)) else { continue };
            let is_same =
                one.document.sha256.is_some() && one.document.sha256 == two.document.sha256;
            // Two hashes begin alike: whether a third is the same is to be looked up.
            if is_same && one.document.size != Some(0)
                || !is_same && !self.copies(&one.document, agencies).await?.is_empty()
            {
                found.insert(own);
            }
        }
        Ok(found)
    }
}

/// Documents as JSON names them to a statement.
fn hex(documents: &[DocumentId]) -> Vec<String> {
    documents.iter().map(|id| id.uuid().simple().to_string()).collect()
}

fn is_sought(text: &Text, version: u32) -> bool {
    text.version == version && text.known.near.is_none()
}

fn compare_slice(texts: &mut [Text], version: u32, row: &Row, slice: Range<usize>) {
    let mut found = Vec::new();
    for cached in row.get(slice).unwrap_or_default().chunks(CACHED) {
        for text in texts.iter_mut().filter(|text| is_sought(text, version)) {
            let from = cached.partition_point(|shelved| shelved.id <= text.known.upto);
            let unseen = cached.get(from..).unwrap_or_default();
            found.clear();
            let prints = unseen.iter().map(|shelved| &shelved.print);
            comparison::near(prints, &text.print, RENDITION, &mut found);
            for (place, distance) in &found {
                let Some(other) = unseen.get(*place) else { continue };
                if other.id != text.id && may_be_renditions(text.shingles, other.shingles) {
                    text.alike.push((*distance, other.id));
                }
            }
            if text.alike.len() > 2 * MOST_CHECKED {
                leave_the_nearest(&mut text.alike);
            }
        }
    }
    texts.iter_mut().for_each(|text| leave_the_nearest(&mut text.alike));
}

fn leave_the_nearest(alike: &mut Vec<(u32, i64)>) {
    alike.sort_unstable();
    alike.truncate(MOST_CHECKED);
}

fn settle(text: &mut Text, openings: &HashMap<i64, Arc<Opening>>) {
    let alike = std::mem::take(&mut text.alike);
    let Some(own) = openings.get(&text.id) else { return };
    let same = alike.into_iter().find(|(distance, id)| {
        openings.get(id).is_some_and(|other| is_rendition(*distance, own, other))
    });
    if let Some((_, id)) = same {
        text.known.near = Some(id);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::shelves::Shelved;
    use super::*;
    use crate::conformance::sample;

    fn text(id: i64) -> Text {
        Text {
            id,
            document: sample::id("a"),
            version: 1,
            shingles: 100,
            print: Fingerprint::new([0; 4]),
            known: Known::default(),
            alike: Vec::new(),
        }
    }

    #[test]
    fn of_all_that_is_like_a_text_the_nearest_are_looked_at() {
        let shelved = |id: i64| {
            let print = Fingerprint::new([(1 << (id % 3)) - 1, 0, 0, 0]);
            Shelved { id, print, shingles: 100 }
        };
        let most = MOST_CHECKED as i64;
        let row: Row = Arc::new((1..=3 * most).map(shelved).collect());
        let mut texts = vec![text(3)];
        for slice in [0..row.len() / 2, row.len() / 2..row.len()] {
            compare_slice(&mut texts, 1, &row, slice);
        }
        let alike = &texts[0].alike;
        // Its own row is none of them.
        let nearest = (2..=most).map(|nth| (0, 3 * nth)).chain([(1, 1)]);
        assert_eq!(*alike, nearest.collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn texts_are_told_apart_in_turn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.sqlite");
        let ledger = SqliteLedger::open(&path, sample::Hand::default().clock()).await.unwrap();
        let codes: BTreeSet<String> = ["1741000".to_owned()].into();
        let like = |id: i64| Text { alike: vec![(1, 9); MOST_CHECKED], ..text(id) };
        let texts: Vec<Text> = (1..=20).map(like).collect();
        let turn = ledger.comparing().lock().await;
        let told = ledger.tell_apart(texts, &codes, 30);
        let mut told = std::pin::pin!(told);
        let waited = tokio::time::timeout(Duration::from_millis(200), &mut told).await;
        assert!(waited.is_err(), "it is another one's turn");
        drop(turn);
        let told: Vec<i64> = told.await.unwrap().iter().map(|text| text.id).collect();
        assert_eq!(told, (1..=20).collect::<Vec<_>>());
        let neighbours = ledger.neighbours().lock().unwrap();
        assert_eq!(neighbours.of(&codes, &told), [Known { upto: 30, near: None }; 20]);
    }
}
