use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Who did what: append-only, each row hashed with the one before, so that a row changed later is found. Rows go from
/// its beginning only, when they are older than the retention says ([`root`]).
#[async_trait]
pub trait Audit: Send + Sync {
    /// Appends a row that belongs to no other transaction (a sign-in, a refused request).
    async fn append(&self, act: &Act) -> Result<()>;

    /// Rows after number `after`, in order, at most `limit`.
    async fn acts(&self, after: u64, limit: u32) -> Result<Vec<Recorded>>;
}

/// An act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Who: `key:…`, `session:…`, `worker`, `local`.
    pub actor: String,
    /// What: `job.complete`, `queue.pause`, `key.new`.
    pub action: String,
    /// On what.
    pub subject: String,
    /// More, as text; empty if there is no more to say.
    pub detail: String,
}

/// A recorded act.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// Counted from 1, without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: Act,
    /// `SHA-256(hash of the row before ‖ this row's canonical form)`.
    pub hash: BlobId,
}

impl Recorded {
    /// The hash that this row must have after `previous` (32 zero bytes before the first row). The canonical
    /// form is the JSON array `[number, at, actor, action, subject, detail]`.
    pub fn hash_after(previous: &[u8; 32], number: u64, at: Timestamp, act: &Act) -> BlobId {
        let row = serde_json::json!([number, at, act.actor, act.action, act.subject, act.detail]);
        let mut bytes = previous.to_vec();
        bytes.extend_from_slice(row.to_string().as_bytes());
        BlobId::of(&bytes)
    }
}

/// The action of the rows that tell of a trimming. Their detail is a [`Cut`].
pub const TRIM: &str = "audit.trim";

/// What a trimming took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cut {
    /// The number of the last row that went.
    pub through: u64,
    /// Its hash.
    pub hash: BlobId,
}

/// What the first of these rows, which reach to the end of the trail, goes on from: the number and the hash of the row
/// before it. 0 and 32 zero bytes where it is the first that there ever was; none if rows are gone of which none of
/// these says that they were trimmed.
pub fn root(rows: &[Recorded]) -> Option<(u64, [u8; 32])> {
    let before = rows.first().map_or(0, |first| first.number.saturating_sub(1));
    if before == 0 {
        return Some((0, [0; 32]));
    }
    let trims = rows.iter().rev().filter(|row| row.act.action == TRIM);
    let cuts = trims.filter_map(|row| serde_json::from_str::<Cut>(&row.act.detail).ok());
    let mut cuts = cuts.filter(|cut| cut.through == before);
    cuts.next().map(|cut| (cut.through, *cut.hash.as_bytes()))
}

/// The number of the first row that is not what was written there: changed, out of place or missing. `previous`
/// is the hash of the row before the first of these. Rows cut off the end cannot be seen from the rest.
pub fn first_broken(previous: &[u8; 32], before: u64, rows: &[Recorded]) -> Option<u64> {
    let mut previous = *previous;
    for (row, number) in rows.iter().zip(before + 1..) {
        let due = Recorded::hash_after(&previous, number, row.at, &row.act);
        if row.number != number || row.hash != due {
            return Some(number);
        }
        previous = *due.as_bytes();
    }
    None
}

/// A trail that is as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The number of its first row: 1, or the one behind what was trimmed.
    pub first: u64,
    /// The number of its last row.
    pub last: u64,
    /// The hash of its last row: who keeps it elsewhere finds that rows were cut off the end later.
    pub hash: BlobId,
}

/// Where a trail is not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// This row is changed, out of place or missing.
    Row(u64),
    /// The rows before this one are gone, and none that is left says that they were trimmed.
    Before(u64),
}

/// How a trail is.
pub type Verdict = std::result::Result<Whole, Broken>;

/// Rows that are held at once.
const STEP: u32 = 1_000;

/// Checks a trail from what was last trimmed to its end, in steps; none of one without rows. Others may write and trim
/// meanwhile.
///
/// # Errors
/// When the ledger does not answer.
pub async fn verify<A: Audit + ?Sized>(trail: &A) -> Result<Option<Verdict>> {
    loop {
        let Some(begin) = trail.acts(0, 1).await?.pop() else { return Ok(None) };
        let first = begin.number;
        let verdict = verify_from(trail, begin).await?;
        let begin = trail.acts(0, 1).await?.pop();
        // What was trimmed meanwhile is missing, and nothing is wrong with that.
        if verdict.is_ok() || begin.is_none_or(|begin| begin.number <= first) {
            return Ok(Some(verdict));
        }
    }
}

async fn verify_from<A: Audit + ?Sized>(trail: &A, begin: Recorded) -> Result<Verdict> {
    let first = begin.number;
    // The row that tells of a trimming stands somewhere behind what was trimmed.
    let (mut rows, mut before) = (vec![begin], None);
    let mut last = 0;
    loop {
        let step = trail.acts(last, STEP).await?;
        let Some(end) = step.last() else { break };
        last = end.number;
        for row in step.into_iter().filter(|row| row.act.action == TRIM) {
            rows.push(row);
            before = root(&rows).or(before);
            rows.truncate(1);
        }
    }
    let Some((mut number, mut hash)) = before.or_else(|| root(&rows)) else {
        return Ok(Err(Broken::Before(first)));
    };
    loop {
        let step = trail.acts(number, STEP).await?;
        let Some(end) = step.last() else { break };
        if let Some(row) = first_broken(&hash, number, &step) {
            return Ok(Err(Broken::Row(row)));
        }
        (number, hash) = (end.number, *end.hash.as_bytes());
    }
    Ok(Ok(Whole { first, last: number, hash: BlobId::from_digest(hash) }))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// A trail in memory; whatever is cut off its front at the next look stands beside it.
    struct Rows(Mutex<(Vec<Recorded>, usize)>);

    #[async_trait]
    impl Audit for Rows {
        async fn append(&self, _: &Act) -> Result<()> {
            Ok(())
        }

        async fn acts(&self, after: u64, limit: u32) -> Result<Vec<Recorded>> {
            let mut held = self.0.lock().unwrap();
            let from = held.0.iter().filter(|row| row.number > after);
            let found = from.take(limit as usize).cloned().collect();
            if limit > 1 {
                let cut = std::mem::take(&mut held.1);
                held.0.drain(..cut);
            }
            Ok(found)
        }
    }

    /// Several steps of rows; the last but one tells that those up to the tenth were trimmed.
    fn rows() -> Vec<Recorded> {
        let mut rows: Vec<Recorded> = Vec::new();
        for number in 1..=2_500 {
            let (action, detail) = match number {
                2_499 => (TRIM, format!(r#"{{"through":10,"hash":"{}"}}"#, rows[9].hash)),
                _ => ("job.complete", String::new()),
            };
            let (actor, action) = ("worker".to_owned(), action.to_owned());
            let act = Act { actor, action, subject: number.to_string(), detail };
            let before = rows.last().map_or([0; 32], |row| *row.hash.as_bytes());
            let hash = Recorded::hash_after(&before, number, Timestamp(1), &act);
            rows.push(Recorded { number, at: Timestamp(1), act, hash });
        }
        rows
    }

    async fn verdict(edit: impl FnOnce(&mut Vec<Recorded>), cut: usize) -> Option<Verdict> {
        let mut rows = rows();
        edit(&mut rows);
        verify(&Rows(Mutex::new((rows, cut)))).await.unwrap()
    }

    #[tokio::test]
    async fn a_trail_is_checked_from_what_was_trimmed_to_its_end() {
        let all = rows();
        let whole = |first| Some(Ok(Whole { first, last: 2_500, hash: all[2_499].hash }));
        let row = |number| Some(Err(Broken::Row(number)));
        assert_eq!(verdict(Vec::clear, 0).await, None);
        assert_eq!(verdict(|_| {}, 0).await, whole(1));
        assert_eq!(verdict(|rows| drop(rows.drain(..10)), 0).await, whole(11));
        let untold = Some(Err(Broken::Before(12)));
        assert_eq!(verdict(|rows| drop(rows.drain(..11)), 0).await, untold);
        for number in [1, 2, 1_000, 1_001, 2_001, 2_500] {
            let edit = |rows: &mut Vec<Recorded>| rows[number as usize - 1].act.actor.push('x');
            assert_eq!(verdict(edit, 0).await, row(number));
        }
        let missing = |rows: &mut Vec<Recorded>| drop(rows.remove(1_499));
        assert_eq!(verdict(missing, 0).await, row(1_500));
        let first = |rows: &mut Vec<Recorded>| {
            rows.drain(..10);
            rows[0].at = Timestamp(2);
        };
        assert_eq!(verdict(first, 0).await, row(11));
        // It is trimmed while it is checked.
        assert_eq!(verdict(|_| {}, 10).await, whole(11));
    }
}
