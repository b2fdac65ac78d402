//! What every registry must do: run by the tests of each backend.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a broken promise is a failed test")]

use madang_document::agency::Agency;
use madang_document::entry::{Draft, Entry};
use madang_document::timestamp::Timestamp;
use serde_json::json;

use crate::entry::canonical;
use crate::registry::Registry;

/// Every promise of [`Registry`], on a registry without entries. `read_back` gives what the registry holds of
/// an entry, by whatever means its users have.
pub async fn all(registry: &dyn Registry, read_back: impl AsyncFn(&str) -> Option<Entry>) {
    puts_and_reads_back(registry, &read_back).await;
    takes_the_same_twice(registry, &read_back).await;
    keeps_the_newer_version(registry, &read_back).await;
    keeps_the_record_of_a_withdrawn_entry(registry, &read_back).await;
    leaves_unknown_withdrawn_entries_alone(registry, &read_back).await;
}

/// An entry to try a registry with.
pub fn sample(id: &str, version: u64, title: &str) -> Entry {
    let agency: Agency = "1741000".parse().unwrap();
    let body = canonical(&json!({
        "@id": format!("reg:asset/{id}"),
        "@type": ["dcat:Dataset", "dcat:Resource"],
        "dct:title": {"@value": title, "@language": "ko"},
        "dct:publisher": {"@id": format!("reg:org/{agency}"), "dct:identifier": agency.as_str()},
    }));
    Entry {
        draft: Draft::new(id.into(), id.parse().ok(), agency, body),
        version,
        withdrawn: false,
        issued: Timestamp(1_700_000_000_000),
        modified: Timestamp(1_700_000_000_000 + version as i64),
    }
}

async fn puts_and_reads_back(
    registry: &dyn Registry,
    read_back: &impl AsyncFn(&str) -> Option<Entry>,
) {
    let entries = [sample("a1", 1, "침수 영상"), sample("b2", 1, "안전점검 \"보고서\"")];
    assert_eq!(registry.version_of("a1").await.unwrap(), None);
    registry.put(&entries).await.unwrap();
    for entry in &entries {
        assert_eq!(read_back(&entry.draft.id).await.as_ref(), Some(entry));
        assert_eq!(registry.version_of(&entry.draft.id).await.unwrap(), Some(1));
    }
}

async fn takes_the_same_twice(
    registry: &dyn Registry,
    read_back: &impl AsyncFn(&str) -> Option<Entry>,
) {
    let entry = sample("a1", 1, "침수 영상");
    registry.put(std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(read_back("a1").await, Some(entry));
}

async fn keeps_the_newer_version(
    registry: &dyn Registry,
    read_back: &impl AsyncFn(&str) -> Option<Entry>,
) {
    let newer = sample("a1", 3, "침수 영상, 고침");
    registry.put(std::slice::from_ref(&newer)).await.unwrap();
    registry.put(&[sample("a1", 2, "침수 영상, 늦게 온 판")]).await.unwrap();
    assert_eq!(read_back("a1").await, Some(newer));
    assert_eq!(registry.version_of("a1").await.unwrap(), Some(3));
}

async fn keeps_the_record_of_a_withdrawn_entry(
    registry: &dyn Registry,
    read_back: &impl AsyncFn(&str) -> Option<Entry>,
) {
    let entry = Entry { withdrawn: true, ..sample("a1", 4, "침수 영상, 고침") };
    for _ in 0..2 {
        registry.put(std::slice::from_ref(&entry)).await.unwrap();
        assert_eq!(read_back("a1").await, Some(entry.clone()));
    }
}

async fn leaves_unknown_withdrawn_entries_alone(
    registry: &dyn Registry,
    read_back: &impl AsyncFn(&str) -> Option<Entry>,
) {
    let entry = Entry { withdrawn: true, ..sample("c3", 1, "없는 것") };
    registry.put(&[entry]).await.unwrap();
    assert_eq!(read_back("c3").await, None);
    assert_eq!(registry.version_of("c3").await.unwrap(), None);
}
