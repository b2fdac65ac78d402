use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::blob_id::{BlobId, NotABlobId};

/// A text or a picture in the blob store: a whole blob, or a part of one that holds all of one object's.
///
/// Written as the id of the blob, for a part with `/offset+length/hash` behind it: what was written before there
/// were parts is read as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BlobPart {
    /// The blob.
    pub blob: BlobId,
    /// Which part of it; none for the whole.
    pub part: Option<Part>,
}

/// Some bytes of a blob.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Bytes before it.
    pub offset: u64,
    /// Bytes of it.
    pub length: u64,
    /// SHA-256 of it, so that it can be told whole without the rest.
    pub hash: BlobId,
}

impl BlobPart {
    /// The id that its bytes must have.
    pub fn hash(&self) -> BlobId {
        self.part.map_or(self.blob, |part| part.hash)
    }
}

impl From<BlobId> for BlobPart {
    fn from(blob: BlobId) -> BlobPart {
        BlobPart { blob, part: None }
    }
}

impl FromStr for BlobPart {
    type Err = NotABlobId;

    fn from_str(text: &str) -> Result<BlobPart, NotABlobId> {
        let Some((blob, rest)) = text.split_once('/') else {
            return Ok(BlobPart::from(text.parse::<BlobId>()?));
        };
        let (range, hash) = rest.split_once('/').ok_or(NotABlobId)?;
        let (offset, length) = range.split_once('+').ok_or(NotABlobId)?;
        let number = |digits: &str| digits.parse().map_err(|_| NotABlobId);
        let part = Part { offset: number(offset)?, length: number(length)?, hash: hash.parse()? };
        Ok(BlobPart { blob: blob.parse()?, part: Some(part) })
    }
}

impl TryFrom<String> for BlobPart {
    type Error = NotABlobId;

    fn try_from(text: String) -> Result<BlobPart, NotABlobId> {
        text.parse()
    }
}

impl From<BlobPart> for String {
    fn from(part: BlobPart) -> String {
        part.to_string()
    }
}

impl fmt::Display for BlobPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.blob)?;
        match &self.part {
            Some(Part { offset, length, hash }) => write!(f, "/{offset}+{length}/{hash}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_id_is_a_whole_blob_and_parts_come_back() {
        let blob = BlobId::of(b"all");
        let plain: BlobPart = serde_json::from_value(blob.to_string().into()).unwrap();
        assert_eq!(plain, BlobPart::from(blob));
        assert_eq!(serde_json::to_value(plain).unwrap(), blob.to_string());
        assert_eq!(plain.hash(), blob);
        let part = Part { offset: 7, length: 12, hash: BlobId::of(b"part") };
        let part = BlobPart { blob, part: Some(part) };
        assert_eq!(part.to_string().parse(), Ok(part));
        for bad in
            ["", "x", &format!("{blob}/"), &format!("{blob}/1+2"), &format!("{blob}/1/{blob}")]
        {
            assert!(bad.parse::<BlobPart>().is_err(), "{bad}");
        }
    }
}
