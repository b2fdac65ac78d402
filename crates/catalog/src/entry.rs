use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;
use serde_json::Value;

/// A catalogue entry in one of its versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable id: a document's id, or `series-` and the pipeline's name.
    pub id: String,
    /// Counted from 1.
    pub version: u64,
    /// Whether its object is gone.
    pub withdrawn: bool,
    /// When version 1 was made.
    pub issued: Timestamp,
    /// When this version was made.
    pub modified: Timestamp,
    /// SHA-256 of `body`: the same hash is the same content.
    pub content_hash: BlobId,
    /// What [`Draft::body`] says.
    pub body: String,
}

/// An entry before it has a version: what the content alone says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Stable id.
    pub id: String,
    /// SHA-256 of `body`.
    pub content_hash: BlobId,
    /// The dataset's node without version, dates and status: a JSON object in canonical form, its IRIs
    /// compact, so that it does not depend on where the registry is served.
    pub body: String,
}

impl Draft {
    /// The draft of this node.
    pub fn new(id: String, node: &Value) -> Draft {
        let body = canonical(node);
        Draft { id, content_hash: BlobId::of(body.as_bytes()), body }
    }
}

/// The canonical form of a JSON value (RFC 8785), for values whose numbers are whole and whose keys are
/// ASCII, which is all that an entry holds: names sorted, no blanks. Fractions are written as typed strings,
/// so that no rule for printing floats is needed.
pub fn canonical(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let mut names: Vec<&String> = map.keys().collect();
            names.sort();
            let fields: Vec<String> = names
                .into_iter()
                .filter_map(|name| Some((name, map.get(name)?)))
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", fields.join(","))
        }
        Value::Array(list) => {
            format!("[{}]", list.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn order_of_names_does_not_matter() {
        let a: Value = serde_json::from_str(r#"{"b":[1,{"d":"x","c":null}],"a":"가\n"}"#).unwrap();
        let b: Value = serde_json::from_str(r#"{"a":"가\n","b":[1,{"c":null,"d":"x"}]}"#).unwrap();
        assert_eq!(canonical(&a), r#"{"a":"가\n","b":[1,{"c":null,"d":"x"}]}"#);
        assert_eq!(Draft::new("x".into(), &a), Draft::new("x".into(), &b));
        assert_ne!(
            Draft::new("x".into(), &a).content_hash,
            Draft::new("x".into(), &json!({"a": "가"})).content_hash
        );
    }
}
