use std::collections::BTreeSet;
use std::sync::Arc;

use madang_document::agency::Agency;
use madang_document::content::{Origin, Segment};
use madang_document::id::DocumentId;
use madang_document::locator::Locator;
use madang_document::media_type::{Kind, MediaType};
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::principal::{Principal, Role, Scope};

use crate::index::Index;
use crate::query::{Hits, Query};
use crate::record::{Change, Record};

/// An agency whose code ends in this digit.
pub fn agency(digit: u8) -> Agency {
    format!("174100{}", digit % 10).parse().unwrap()
}

/// The partition of [`agency`].
pub fn partition(digit: u8) -> Partition {
    Partition::of(agency(digit))
}

/// Who sees these agencies and may search.
pub fn reader(agencies: &[Agency]) -> Principal {
    Principal {
        name: "key:conformance".into(),
        roles: [Role::Search].into(),
        agencies: Scope::Only(agencies.iter().cloned().collect()),
    }
}

/// A text document at this path in partition 0, with one segment per text, each a page.
pub fn record(path: &str, pages: &[&str]) -> Record {
    let pages = pages.iter().zip(1..).map(|(text, number)| Segment {
        text: (*text).to_owned(),
        locator: Locator::page(number),
        origin: Origin::Native,
        confidence: None,
        words: Vec::new(),
    });
    Record {
        id: DocumentId::new("conformance", path, None),
        partition: partition(0),
        pipeline: "press".into(),
        path: path.into(),
        title: path.rsplit('/').next().unwrap_or(path).into(),
        keywords: String::new(),
        media_type: MediaType::new("application/pdf"),
        kind: Kind::Document,
        language: Some("ko".into()),
        outcome: Outcome::Ok,
        legibility: None,
        reasons: Vec::new(),
        date: None,
        size: 1000,
        segments: pages.collect(),
    }
}

/// Puts a record, at revision 1.
pub fn put(record: Record) -> Change {
    put_at(1, record)
}

/// Puts a record, at this revision.
pub(super) fn put_at(revision: u64, record: Record) -> Change {
    Change::Put { revision, record: Box::new(record) }
}

/// Deletes the document at this path, at this revision.
pub(super) fn delete_at(revision: u64, path: &str) -> Change {
    Change::Delete { revision, id: DocumentId::new("conformance", path, None) }
}

/// Puts these records into partition 0.
pub(super) fn fill(index: &Arc<dyn Index>, records: impl IntoIterator<Item = Record>) {
    let changes: Vec<Change> = records.into_iter().map(put).collect();
    index.apply(&partition(0), &changes, 1).unwrap();
}

/// A query for this text, twenty hits to a page.
pub fn ask(text: &str) -> Query {
    Query { text: text.into(), limit: 20, ..Query::default() }
}

/// What a query over all partitions finds.
pub(super) fn answer(index: &Arc<dyn Index>, query: &Query) -> Hits {
    index.search(&index.partitions().unwrap(), query).unwrap()
}

/// The paths of hits, in their order.
pub(super) fn paths(hits: &Hits) -> Vec<&str> {
    hits.hits.iter().map(|hit| hit.path.as_str()).collect()
}

/// The paths that a query finds, in order of the alphabet.
#[track_caller]
pub(super) fn finds(index: &Arc<dyn Index>, query: &Query, expected: &[&str]) {
    let hits = answer(index, query);
    let found: BTreeSet<&str> = paths(&hits).into_iter().collect();
    assert_eq!(found, expected.iter().copied().collect(), "{query:?}");
    assert_eq!(hits.total, expected.len() as u64, "{query:?}");
}
