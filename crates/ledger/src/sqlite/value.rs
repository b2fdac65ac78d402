use madang_document::agency::Agency;
use madang_document::blob_id::BlobId;
use madang_document::id::DocumentId;
use madang_document::partition::Partition;
use madang_document::principal::Scope;
use madang_document::reason::Reason;
use uuid::Uuid;

use super::fault::odd;
use crate::error::{LedgerError, Result};

/// As a bound value: SQLite has signed integers only, and no count of ours comes near the end of them.
pub(super) fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A count read back.
pub(super) fn count(n: i64) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

/// A small count read back.
pub(super) fn small(n: i64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// A list as a JSON array for `json_each(?)`: one statement for any number of values, and nothing spliced.
pub(super) fn json<T: serde::Serialize + ?Sized>(list: &T) -> Result<String> {
    serde_json::to_string(list).map_err(|e| LedgerError::conflict(e.to_string()).because(e))
}

/// A reason as a value, for the column beside its English sentence.
pub(super) fn reason_code(reason: &Reason) -> Option<String> {
    serde_json::to_string(reason).ok()
}

/// A document id as it is stored.
pub(super) fn bytes(id: DocumentId) -> Vec<u8> {
    id.uuid().as_bytes().to_vec()
}

/// A stored document id.
pub(super) fn document_id(bytes: &[u8]) -> Result<DocumentId> {
    Uuid::from_slice(bytes).map(DocumentId::from).map_err(|e| odd("a document id", e))
}

/// A stored institution code.
pub(super) fn agency(text: String) -> Result<Agency> {
    Agency::try_from(text).map_err(|e| odd("an agency", e))
}

/// A partition, by the institution code that its rows hold.
pub(super) fn partition(text: String) -> Result<Partition> {
    agency(text).map(Partition::of)
}

/// A stored SHA-256.
pub(super) fn digest(bytes: &[u8]) -> Result<BlobId> {
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| odd("a hash", "no 32 bytes"))?;
    Ok(BlobId::from_digest(bytes))
}

/// By what the copies of some bytes find each other: the first eight of their hash.
pub(super) fn content_of(hash: BlobId) -> i64 {
    hash.as_bytes().first_chunk::<8>().map_or(0, |eight| i64::from_be_bytes(*eight))
}

/// Names as a JSON array, or NULL where none are given.
pub(super) fn named(names: Option<&[String]>) -> Result<Option<String>> {
    names.map(json).transpose()
}

/// The agencies of a scope as a JSON array, or NULL for all of them.
pub(super) fn scope(scope: &Scope) -> Result<Option<String>> {
    match scope {
        Scope::All => Ok(None),
        Scope::Only(agencies) => json(agencies).map(Some),
    }
}

/// That the agency of a row is covered by a [`scope`], which is bound as `?2`. Another statement for each, so that the index by
/// which a copy is found is asked for those agencies and no other.
pub(super) fn covered(table: &str, agencies: &Scope) -> String {
    match agencies {
        Scope::All => "AND ?2 IS NULL".to_owned(),
        Scope::Only(_) => format!("AND {table}.agency IN (SELECT value FROM json_each(?2))"),
    }
}
