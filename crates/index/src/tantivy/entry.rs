use madang_document::id::DocumentId;
use madang_document::media_type::MediaType;
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::Value;

use crate::analyzer::digest;
use crate::nfc::{nfc, push_nfc};
use crate::query::{Hit, Snippet};
use crate::record::Record;
use crate::tantivy::property::Property;
use crate::tantivy::schema::{Analysed, Fields};
use crate::tantivy::segment_map::SegmentMap;

/// What a hit shows of a document, stored beside its text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredHead {
    id: DocumentId,
    pipeline: String,
    path: String,
    title: String,
    media_type: MediaType,
    language: Option<String>,
    outcome: Outcome,
    date: Option<Timestamp>,
    size: u64,
}

impl StoredHead {
    /// A hit without its passage.
    pub(crate) fn hit(self, partition: &Partition, score: f32) -> Hit {
        Hit {
            id: self.id,
            title: self.title,
            path: self.path,
            agency: partition.agency.clone(),
            pipeline: self.pipeline,
            media_type: self.media_type,
            language: self.language,
            outcome: self.outcome,
            date: self.date,
            size: self.size,
            score,
            snippet: Snippet::default(),
            locator: madang_document::locator::Locator::Whole {},
        }
    }
}

/// A document as the index gives it back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredDocument {
    pub(crate) head: StoredHead,
    pub(crate) text: String,
    pub(crate) map: SegmentMap,
}

/// Folders of a path that are indexed; a deeper one cannot be filtered by.
const DEEPEST_FOLDER: usize = 128;

/// The path itself and every folder or container above it: `a/b.zip!/c` lies in `a`, `a/b.zip` and in itself.
fn folders(path: &str) -> impl Iterator<Item = &str> {
    let borders = path.match_indices('/').map(|(at, _)| at).take(DEEPEST_FOLDER);
    let above = borders.filter_map(|at| path.get(..at)).map(|folder| folder.trim_end_matches('!'));
    above.filter(|folder| !folder.is_empty()).chain(std::iter::once(path))
}

/// A path as a filter spells it and as [`write`] indexes it.
pub(crate) fn folder_term(path: &str) -> String {
    nfc(path.trim_matches('/').trim_end_matches('!'))
}

/// The document of a record at a revision.
pub(crate) fn write(revision: u64, record: &Record, fields: &Fields) -> TantivyDocument {
    let mut document = TantivyDocument::default();
    let (high, low) = record.id.uuid().as_u64_pair();
    let mut property = |property: Property, value: &str| {
        document.add_text(fields.property, property.text(value));
    };
    property(Property::Id, &record.id.to_string());
    property(Property::Pipeline, &record.pipeline);
    property(Property::Kind, record.kind.as_str());
    property(Property::MediaType, record.media_type.as_str());
    if let Some(language) = &record.language {
        property(Property::Language, language);
    }
    property(Property::Outcome, record.outcome.as_str());
    if let Some(legibility) = record.legibility {
        property(Property::Legibility, legibility.as_str());
    }
    for reason in &record.reasons {
        property(Property::Reason, reason);
    }
    let path = nfc(&record.path);
    for folder in folders(path.trim_matches('/')) {
        property(Property::Folder, folder);
    }

    document.add_u64(fields.id_high, high);
    document.add_u64(fields.id_low, low);
    document.add_u64(fields.revision, revision);
    document.add_text(fields.pipeline, &record.pipeline);
    document.add_text(fields.kind, record.kind.as_str());
    document.add_text(fields.media_type, record.media_type.as_str());
    if let Some(language) = &record.language {
        document.add_text(fields.language, language);
    }
    document.add_text(fields.outcome, record.outcome.as_str());
    if let Some(date) = record.date {
        document.add_i64(fields.date, date.0);
    }

    let title = nfc(&record.title);
    add_analysed(&mut document, fields.title, &digest(&title).stems);

    let mut text =
        String::with_capacity(record.segments.iter().map(|segment| segment.text.len() + 1).sum());
    let mut map = SegmentMap::default();
    for segment in &record.segments {
        if !text.is_empty() {
            text.push('\n');
        }
        map.push(text.len(), &segment.locator);
        push_nfc(&mut text, &segment.text);
    }
    let body = digest(&text);
    map.marks = body.marks;
    add_analysed(&mut document, fields.body, &body.stems);
    // A name is found by what people read in it.
    let names = object_key::readable(&record.path);
    for more in [record.keywords.as_str(), &names] {
        add_analysed(&mut document, fields.body, &digest(&nfc(more)).stems);
    }

    let head = StoredHead {
        id: record.id,
        pipeline: record.pipeline.clone(),
        path: record.path.clone(),
        title,
        media_type: record.media_type.clone(),
        language: record.language.clone(),
        outcome: record.outcome,
        date: record.date,
        size: record.size,
    };
    // Plain data of strings and numbers always has a JSON form.
    document.add_bytes(fields.head, &serde_json::to_vec(&head).unwrap_or_default());
    document.add_text(fields.text, &text);
    document.add_bytes(fields.map, &map.encode());
    document
}

fn add_analysed(document: &mut TantivyDocument, field: Analysed, digest: &str) {
    if !digest.is_empty() {
        document.add_text(field.stem, digest);
        document.add_text(field.xbi, digest);
    }
}

/// The id whose halves stand in the columns.
pub(crate) fn id(high: u64, low: u64) -> DocumentId {
    DocumentId::from(uuid::Uuid::from_u64_pair(high, low))
}

/// Reads a stored document; none if a part is missing or is not what [`write`] wrote.
pub(crate) fn read(document: &TantivyDocument, fields: &Fields) -> Option<StoredDocument> {
    Some(StoredDocument {
        head: serde_json::from_slice(document.get_first(fields.head)?.as_bytes()?).ok()?,
        text: document.get_first(fields.text)?.as_str()?.to_owned(),
        map: SegmentMap::decode(document.get_first(fields.map)?.as_bytes()?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_a_path() {
        let found: Vec<&str> = folders("a/b.zip!/c/d.txt").collect();
        assert_eq!(found, ["a", "a/b.zip", "a/b.zip!/c", "a/b.zip!/c/d.txt"]);
        assert_eq!(folder_term("/a/b/"), "a/b");
        assert_eq!(folder_term("a/b.zip!/"), "a/b.zip");
        assert_eq!(folder_term("\u{1100}\u{1161}"), "가");
    }
}
