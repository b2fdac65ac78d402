//! What properties are called in Dublin Core (DCMI Metadata Terms, 2020-01-20), and in which order they are told.

use serde::Serialize;

use crate::metadata::{self, Metadata, Stated};

/// The properties that have a term, in the order in which they are told. A name may have the term of another: what a
/// recording calls its artist is a contributor.
const TERMS: &[(&str, &str)] = &[
    (metadata::TITLE, "dcterms:title"),
    (metadata::AUTHOR, "dcterms:creator"),
    (metadata::KEYWORDS, "dcterms:subject"),
    (metadata::DESCRIPTION, "dcterms:description"),
    (metadata::PUBLISHER, "dcterms:publisher"),
    ("tag.publisher", "dcterms:publisher"),
    (metadata::CONTRIBUTOR, "dcterms:contributor"),
    (metadata::LAST_SAVED_BY, "dcterms:contributor"),
    ("tag.artist", "dcterms:contributor"),
    (metadata::DATE, "dcterms:date"),
    (metadata::CREATED, "dcterms:created"),
    (metadata::MODIFIED, "dcterms:modified"),
    ("tag.date", "dcterms:issued"),
    (metadata::TYPE, "dcterms:type"),
    (metadata::IDENTIFIER, "dcterms:identifier"),
    ("mail.message_id", "dcterms:identifier"),
    (metadata::SOURCE, "dcterms:source"),
    (metadata::LANGUAGE, "dcterms:language"),
    ("tag.language", "dcterms:language"),
    (metadata::RELATION, "dcterms:relation"),
    (metadata::COVERAGE, "dcterms:coverage"),
    (metadata::COPYRIGHT, "dcterms:rights"),
    (metadata::LICENSE, "dcterms:license"),
    (metadata::DISCLOSURE, "dcterms:accessRights"),
    (metadata::PAGES, "dcterms:extent"),
    (metadata::DURATION, "dcterms:extent"),
];

/// The term of a property, as in `dcterms:title`; none if Dublin Core has none for it.
pub fn term(name: &str) -> Option<&'static str> {
    TERMS.iter().find(|(property, _)| *property == name).map(|(_, term)| *term)
}

/// All properties with all that is said of them: those of Dublin Core first, in its order, then the others by name.
pub fn in_order(metadata: &Metadata) -> Vec<(&str, &[Stated])> {
    let place = |name: &str| TERMS.iter().position(|(property, _)| *property == name);
    let mut all: Vec<(&str, &[Stated])> = metadata.all().collect();
    all.sort_by_key(|(name, _)| place(name).unwrap_or(TERMS.len()));
    all
}

/// A property as answers show it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Property<'a> {
    /// Its name in the vocabulary.
    pub name: &'a str,
    /// Its term in Dublin Core, if there is one.
    pub term: Option<&'static str>,
    /// The value, and who says so: `part` names a part of the file, `beside` a file beside it.
    #[serde(flatten)]
    pub stated: &'a Stated,
    /// What others say, in the order of trust.
    #[serde(skip_serializing_if = "<[Stated]>::is_empty")]
    pub also: &'a [Stated],
}

/// All properties [in order](in_order), as answers show them.
pub fn properties(metadata: &Metadata) -> Vec<Property<'_>> {
    in_order(metadata)
        .into_iter()
        .filter_map(|(name, claims)| {
            let (stated, also) = claims.split_first()?;
            Some(Property { name, term: term(name), stated, also })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terms_of_dublin_core_come_first() {
        let mut metadata = Metadata::default();
        for name in ["csv.rows", metadata::CREATED, "bit_rate", metadata::TITLE, metadata::AUTHOR] {
            metadata.set(name, "x");
        }
        let names: Vec<&str> = in_order(&metadata).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["title", "author", "created", "bit_rate", "csv.rows"]);
        assert_eq!(term(metadata::KEYWORDS), Some("dcterms:subject"));
        assert_eq!(term("csv.rows"), None);
        metadata.at("XMP").add(metadata::TITLE, "y");
        let told = serde_json::to_value(properties(&metadata)).unwrap();
        let title = serde_json::json!({
            "name": "title", "term": "dcterms:title", "value": "x",
            "also": [{"value": "y", "part": "XMP"}]
        });
        assert_eq!(told[0], title);
    }
}
