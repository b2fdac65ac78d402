//! What a page says of itself to search engines: JSON-LD with the words of schema.org.

use madang_document::metadata::{AUTHOR, CREATED, DESCRIPTION, MODIFIED, Metadata};

use super::date::iso8601;

/// What these properties are told as a part of.
const PART: &str = "JSON-LD";

/// The properties of the first record of a page for search engines (JSON-LD with the words of schema.org) that has any.
pub(super) fn read(text: &str, metadata: &mut Metadata, title: &mut Option<(String, String)>) {
    let Ok(value) = serde_json::from_str::<serde_json::Value>(text) else { return };
    // Records stand alone, in a list, or under `@graph`.
    let records = match &value {
        serde_json::Value::Array(records) => records.iter().collect::<Vec<_>>(),
        one => match one.get("@graph").and_then(|graph| graph.as_array()) {
            Some(records) => records.iter().collect(),
            None => vec![one],
        },
    };
    for record in records.into_iter().take(100) {
        let text = |name: &str| record.get(name).and_then(|value| value.as_str());
        if let Some(name) = text("headline").or_else(|| text("name")) {
            title.get_or_insert_with(|| (PART.to_owned(), name.to_owned()));
        }
        let person = record.get("author").and_then(|author| match author {
            serde_json::Value::Array(authors) => authors.first(),
            one => Some(one),
        });
        let person = person.and_then(|p| p.as_str().or_else(|| p.get("name")?.as_str()));
        for (name, value) in [
            (DESCRIPTION, text("description")),
            (AUTHOR, person),
            (CREATED, text("datePublished").and_then(iso8601)),
            (MODIFIED, text("dateModified").and_then(iso8601)),
        ] {
            metadata.at(PART).add_some(name, value);
        }
    }
}
