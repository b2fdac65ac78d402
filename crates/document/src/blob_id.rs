use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes: the name of a content-addressed blob, and an object's checksum.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobId([u8; 32]);

impl BlobId {
    /// The id of these bytes.
    pub fn of(bytes: &[u8]) -> BlobId {
        BlobId(Sha256::digest(bytes).into())
    }

    /// The id from a finished digest, for bytes that were hashed while they streamed by.
    pub fn from_digest(digest: [u8; 32]) -> BlobId {
        BlobId(digest)
    }

    /// The 32 bytes of the digest.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Where the blob lies in the blob store: two hex digits, a slash, the other 62. 256 folders keep each
    /// one listable when there are millions of blobs.
    pub fn path(&self) -> String {
        let hex = self.to_string();
        let (folder, rest) = hex.split_at(2);
        format!("{folder}/{rest}")
    }
}

/// A text that is not 64 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a blob id is 64 hexadecimal digits")]
pub struct NotABlobId;

impl FromStr for BlobId {
    type Err = NotABlobId;

    fn from_str(text: &str) -> Result<BlobId, NotABlobId> {
        let bytes = text.as_bytes();
        if bytes.len() != 64 {
            return Err(NotABlobId);
        }
        let mut digest = [0u8; 32];
        for (out, pair) in digest.iter_mut().zip(bytes.chunks_exact(2)) {
            let digit = |b: &u8| (*b as char).to_digit(16).ok_or(NotABlobId);
            let [high, low] = pair else { return Err(NotABlobId) };
            *out = (digit(high)? * 16 + digit(low)?) as u8;
        }
        Ok(BlobId(digest))
    }
}

impl TryFrom<String> for BlobId {
    type Error = NotABlobId;

    fn try_from(text: String) -> Result<BlobId, NotABlobId> {
        text.parse()
    }
}

impl From<BlobId> for String {
    fn from(id: BlobId) -> String {
        id.to_string()
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_prints() {
        let id = BlobId::of(b"");
        assert_eq!(
            id.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.path().starts_with("e3/b0c4"));
        assert_eq!("e3".parse::<BlobId>(), Err(NotABlobId));
    }
}
