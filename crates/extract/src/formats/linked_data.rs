//! What a page says of itself to search engines: JSON-LD with the words of schema.org.

use madang_document::metadata::{AUTHOR, CREATED, DESCRIPTION, MODIFIED, Metadata};

use serde_json::Value;

use super::date::iso8601;

/// What these properties are told as a part of.
const PART: &str = "JSON-LD";

/// Records, and questions of a record, that are looked at.
const MOST: usize = 100;

/// Records stand alone, in a list, or under `@graph`.
fn records(value: &Value) -> impl Iterator<Item = &Value> {
    let listed = value.as_array().or_else(|| value.get("@graph")?.as_array());
    let alone = listed.is_none().then_some(value);
    listed.into_iter().flatten().chain(alone).take(MOST)
}

/// What the records hold that is text of the page: the body of an article, and questions with their answers.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if !["articleBody", "Answer"].iter().any(|name| text.contains(name)) {
        return found;
    }
    let Ok(value) = serde_json::from_str::<Value>(text) else { return found };
    let mut add = |words: Option<&Value>| {
        let words = words.and_then(Value::as_str).filter(|words| !words.trim().is_empty());
        found.extend(words.map(str::to_owned));
    };
    for record in records(&value) {
        add(record.get("articleBody"));
        let questions = record.get("mainEntity").map(one_or_more).unwrap_or_default();
        // A page of one question may be it itself.
        for question in questions.into_iter().chain([record]).take(MOST) {
            let answers = ["acceptedAnswer", "suggestedAnswer"].map(|name| question.get(name));
            if answers.iter().all(Option::is_none) {
                continue;
            }
            add(question.get("name").or_else(|| question.get("text")));
            for answer in answers.into_iter().flatten().flat_map(one_or_more).take(MOST) {
                add(answer.get("text"));
            }
        }
    }
    found
}

fn one_or_more(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}

/// The properties of the first record of a page for search engines (JSON-LD with the words of schema.org) that has any.
pub(super) fn read(text: &str, metadata: &mut Metadata, title: &mut Option<(String, String)>) {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    for record in records(&value) {
        let text = |name: &str| record.get(name).and_then(|value| value.as_str());
        if let Some(name) = text("headline").or_else(|| text("name")) {
            title.get_or_insert_with(|| (PART.to_owned(), name.to_owned()));
        }
        let person = record.get("author").and_then(|author| match author {
            Value::Array(authors) => authors.first(),
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
