use async_trait::async_trait;
use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Result;

/// Who did what: append-only, each row hashed with the one before, so that a row changed later is found.
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
