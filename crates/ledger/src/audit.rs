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
