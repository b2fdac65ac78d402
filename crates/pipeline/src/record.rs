use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::legibility::Legibility;
use madang_document::metadata::{self as meta, Metadata, Value};
use madang_index::record::Record;

use crate::record_date::record_date;

/// The record of a document, with its text in pieces. Where the words of a scan stand is left behind: no index looks at it, it is three
/// times as much as they are, and a batch is bounded by its [`text_bytes`].
pub(crate) fn record(document: &Document, segments: Vec<Segment>) -> Record {
    let bare = |segment| Segment { words: Vec::new(), ..segment };
    Record {
        id: document.id,
        partition: document.partition(),
        pipeline: document.pipeline.clone(),
        path: document.path(),
        title: document.title().into_owned(),
        keywords: keywords(&document.metadata).join("\n"),
        media_type: document.media_type.clone(),
        kind: document.media_type.kind(),
        language: document.language.clone(),
        outcome: document.outcome,
        legibility: Legibility::of(&document.metadata),
        reasons: document.reason_words(),
        date: record_date(&document.metadata, document.object_modified),
        size: document.size.unwrap_or(document.object.size),
        segments: segments.into_iter().map(bare).collect(),
    }
}

/// What somebody looks for who knows a document by more than its title and text.
const FOUND_BY: [&str; 15] = [
    meta::DESCRIPTION,
    meta::AUTHOR,
    meta::KEYWORDS,
    meta::IDENTIFIER,
    meta::DEPARTMENT,
    meta::PUBLISHER,
    meta::CONTRIBUTOR,
    meta::COVERAGE,
    meta::RELATION,
    meta::SOURCE,
    meta::TYPE,
    meta::STREAM_TITLES,
    // What people write of a recording or a picture, and whose it is.
    "tag.comment",
    "comment",
    "tag.artist",
];

/// What it can be found by besides its title and its text: all that the file or what lies beside it says, the one that
/// is trusted less, too.
fn keywords(metadata: &Metadata) -> Vec<String> {
    let titles = metadata.stated(meta::TITLE).iter().skip(1);
    let known = FOUND_BY.iter().flat_map(|name| metadata.stated(name));
    let own = metadata.all().filter(|(name, _)| name.starts_with("own.")).flat_map(|(_, of)| of);
    known.chain(titles).chain(own).flat_map(|stated| texts(&stated.value)).collect()
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Text(text) => vec![text.clone()],
        Value::List(list) => list.iter().flat_map(texts).collect(),
        Value::Bool(_) | Value::Integer(_) | Value::Number(_) => Vec::new(),
    }
}

/// Bytes of text in it.
pub(crate) fn text_bytes(record: &Record) -> usize {
    record.segments.iter().map(|segment| segment.text.len()).sum()
}

#[cfg(test)]
mod tests {
    use madang_document::content::{Origin, Warning, WarningKind};
    use madang_document::document::Provenance;
    use madang_document::id::DocumentId;
    use madang_document::inner_path::InnerPath;
    use madang_document::locator::{Bounds, Locator};
    use madang_document::media_type::{Kind, MediaType};
    use madang_document::object::ObjectRef;
    use madang_document::outcome::Outcome;
    use madang_document::partition::Partition;
    use madang_document::reason_kind::ReasonKind;
    use madang_document::timestamp::Timestamp;
    use madang_document::word::Word;

    use super::*;

    fn document(metadata: Metadata, inner: Option<InnerPath>) -> Document {
        let object = ObjectRef {
            store: "press".into(),
            path: "2026/글.zip".into(),
            version: "1".into(),
            size: 9,
        };
        Document {
            id: DocumentId::new(&object.store, &object.path, inner.as_ref()),
            agency: "1741000".parse().unwrap(),
            pipeline: "press".into(),
            object,
            object_modified: Some(Timestamp(5)),
            parent: None,
            inner,
            size: None,
            sha256: None,
            media_type: MediaType::new("text/plain"),
            language: Some("ko".into()),
            outcome: Outcome::Partial,
            reason: Some("cut".into()),
            metadata,
            members: Vec::new(),
            warnings: Vec::new(),
            segments: 0,
            characters: 0,
            text: None,
            wordless: None,
            preview: None,
            previews: Vec::new(),
            likeness: false,
            annotations: Vec::new(),
            provenance: Provenance { format: "text".into(), format_version: 1 },
        }
    }

    fn segment(text: &str) -> Segment {
        Segment {
            text: text.into(),
            locator: Locator::Whole {},
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        }
    }

    #[test]
    fn a_record_says_of_a_document_what_it_is_found_by() {
        let mut metadata = Metadata::default();
        metadata.set(meta::TITLE, "보도자료");
        metadata.set(meta::CREATED, "2026-11-23T09:00:00Z");
        let mut document = document(metadata, None);
        let noted = |kind: ReasonKind| Warning { kind: WarningKind::Lost, reason: kind.into() };
        document.warnings = vec![noted(ReasonKind::LeftAlone), noted(ReasonKind::LeftAlone)];
        let bounds = Bounds { left: 1.0, top: 2.0, right: 3.0, bottom: 4.0 };
        let word = Word { start: 0, end: 2, bounds, confidence: 0.9 };
        let seen = Segment { words: vec![word], ..segment("가나") };
        let record = record(&document, vec![seen, segment("abc")]);
        assert_eq!(text_bytes(&record), 9);
        let expected = Record {
            id: document.id,
            partition: Partition::of(document.agency.clone()),
            pipeline: "press".into(),
            path: "2026/글.zip".into(),
            title: "보도자료".into(),
            keywords: String::new(),
            media_type: document.media_type.clone(),
            kind: Kind::Text,
            language: Some("ko".into()),
            outcome: Outcome::Partial,
            legibility: None,
            reasons: vec!["left_alone", "said"],
            date: Timestamp::parse("2026-11-23T09:00:00Z"),
            // Nobody counted it as it was read: the store did.
            size: 9,
            segments: vec![segment("가나"), segment("abc")],
        };
        assert_eq!(record, expected);
    }

    #[test]
    fn a_member_has_its_own_path_name_and_size() {
        let inner = InnerPath::parse("안/note.txt");
        let document = Document { size: Some(3), ..document(Metadata::default(), Some(inner)) };
        let record = record(&document, Vec::new());
        assert_eq!(record.path, "2026/글.zip!/안/note.txt");
        assert_eq!((record.title.as_str(), record.size), ("note.txt", 3));
        assert_eq!(record.date, Some(Timestamp(5)), "the store's, for it says none");
    }

    #[test]
    fn keywords_are_words_of_texts_and_lists() {
        let words = |value: Value| {
            let mut metadata = Metadata::default();
            metadata.set(meta::KEYWORDS, value);
            keywords(&metadata)
        };
        let text = |text: &str| Value::Text(text.into());
        assert_eq!(words(text("a, b")), ["a, b"]);
        assert_eq!(words(Value::List(vec![text("a"), Value::Integer(7), text("b")])), ["a", "b"]);
        assert_eq!(words(Value::Integer(7)), [""; 0]);
        let mut metadata = Metadata::default();
        metadata.set(meta::AUTHOR, "김");
        metadata.set(meta::KEYWORDS, "b");
        metadata.set(meta::DESCRIPTION, "a");
        assert_eq!(keywords(&metadata), ["a", "김", "b"]);
        // Each property of the table is looked at, and none is in it twice.
        let mut metadata = Metadata::default();
        FOUND_BY.iter().for_each(|name| metadata.set(name, *name));
        assert_eq!(keywords(&metadata), FOUND_BY);
        metadata = Metadata::default();
        metadata.set(meta::STREAM_TITLES, Value::List(vec![text("해설"), text("현장음")]));
        assert_eq!(keywords(&metadata), ["해설", "현장음"]);
    }
}
