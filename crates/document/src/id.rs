use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::inner_path::InnerPath;

/// The id of a document: a UUIDv5 (RFC 9562, section 5.5) of the store, the path and the path inside the
/// archive. Deterministic, so that every write of a document is an upsert, and without the version, so that
/// a changed file keeps its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DocumentId(Uuid);

/// The name space of document ids: UUIDv5 of the URL name space and `https://madang.kr/ns/document`.
const NAMESPACE: Uuid = Uuid::from_u128(0x3887_1f05_4815_5204_986b_ca57_b5f8_785d);

impl DocumentId {
    /// The id of the object at `path` in `store`, or of its member `inner`.
    pub fn new(store: &str, path: &str, inner: Option<&InnerPath>) -> DocumentId {
        // NUL can stand in no part, so no two ways give the same name.
        let mut name = format!("{store}\0{path}");
        for part in inner.into_iter().flat_map(InnerPath::parts) {
            name.push('\0');
            name.push_str(part);
        }
        DocumentId(Uuid::new_v5(&NAMESPACE, name.as_bytes()))
    }

    /// The id as a UUID.
    pub fn uuid(self) -> Uuid {
        self.0
    }
}

impl From<Uuid> for DocumentId {
    fn from(uuid: Uuid) -> DocumentId {
        DocumentId(uuid)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DocumentId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<DocumentId, uuid::Error> {
        Uuid::try_parse(text).map(DocumentId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_all_three_parts_only() {
        let id = DocumentId::new("drop", "a/b.zip", Some(&InnerPath::of("c.txt")));
        assert_eq!(id, DocumentId::new("drop", "a/b.zip", Some(&InnerPath::of("c.txt"))));
        assert_ne!(id, DocumentId::new("drop", "a/b.zip", None));
        assert_ne!(id, DocumentId::new("drop", "a/b.zip/c.txt", None));
        let deeper = InnerPath::of("c").join("d");
        let folder = InnerPath::of("c/d");
        assert_ne!(
            DocumentId::new("drop", "a.zip", Some(&deeper)),
            DocumentId::new("drop", "a.zip", Some(&folder))
        );
        assert_eq!(id.to_string().parse::<DocumentId>().unwrap(), id);
    }
}
