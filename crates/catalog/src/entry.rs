use madang_document::agency::Agency;
use madang_document::entry::Draft;
use madang_document::id::DocumentId;
use serde_json::Value;

/// The draft of an entry whose dataset node is this.
pub(crate) fn draft(
    id: String,
    document: Option<DocumentId>,
    agency: Agency,
    node: &Value,
) -> Draft {
    Draft::new(id, document, agency, canonical(node))
}

/// The canonical form of a JSON value (RFC 8785), for values whose numbers are whole and whose keys are
/// ASCII, which is all that an entry holds: names sorted, no blanks. Fractions are written as typed strings,
/// so that no rule for printing floats is needed.
pub(crate) fn canonical(value: &Value) -> String {
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
        let of = |node| draft("x".into(), None, Agency::undeclared(), node);
        assert_eq!(canonical(&a), r#"{"a":"가\n","b":[1,{"c":null,"d":"x"}]}"#);
        assert_eq!(of(&a), of(&b));
        assert_ne!(of(&a).content_hash, of(&json!({"a": "가"})).content_hash);
    }
}
