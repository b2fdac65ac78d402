use madang_document::metadata::{self as meta, Metadata};
use madang_document::stated_date::{given, made, moment};
use madang_document::timestamp::Timestamp;

/// The date of a record: the one that a file beside the document gives it, else the document's own (taken, created,
/// modified, the first that is a time), else the one that the store gives its object.
pub(crate) fn record_date(
    metadata: &Metadata,
    object_modified: Option<Timestamp>,
) -> Option<Timestamp> {
    let modified = || moment(metadata.text(meta::MODIFIED)?);
    given(metadata).or_else(|| made(metadata)).or_else(modified).or(object_modified)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_property_that_is_a_time_counts_else_the_store() {
        let (taken, created, modified) = (meta::TAKEN_AT, meta::CREATED, meta::MODIFIED);
        let (first, second) = ("2026-01-01T00:00:00Z", "2026-02-02T00:00:00Z");
        let store = Timestamp::parse("2026-03-03T00:00:00Z");
        let (first_time, title) = (Timestamp::parse(first), meta::TITLE);
        let cases = [
            (vec![(modified, second), (created, second), (taken, first)], first_time),
            (vec![(modified, second), (created, first)], first_time),
            (vec![(modified, first)], first_time),
            (vec![(taken, "sometime"), (created, first)], first_time),
            (vec![(taken, "sometime"), (title, first)], store),
            (Vec::new(), store),
        ];
        for (properties, expected) in cases {
            let mut metadata = Metadata::default();
            for (name, text) in &properties {
                metadata.set(name, *text);
            }
            assert_eq!(record_date(&metadata, store), expected, "{properties:?}");
        }
        assert_eq!(record_date(&Metadata::default(), None), None);
        // A date in the file itself may be that of a template; whoever writes one beside it means the file.
        let mut metadata = Metadata::default();
        metadata.set(created, first);
        metadata.at("book.opf").set(meta::DATE, second);
        assert_eq!(record_date(&metadata, None), first_time);
        let part = Some(meta::Part::Beside("a.meta.yml".into()));
        let mut beside = Metadata::default();
        beside.add(meta::DATE, meta::Stated { value: second.into(), part });
        metadata.trust(beside);
        assert_eq!(record_date(&metadata, None), Timestamp::parse(second));
    }
}
