//! What every registry must do: run by the tests of each backend.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a broken promise is a failed test")]

use madang_document::blob_id::BlobId;
use madang_document::timestamp::Timestamp;
use serde_json::json;

use crate::entry::{Entry, canonical};
use crate::registry::{Registry, Retraction};

/// Every promise of [`Registry`], on a registry without entries.
pub async fn all(registry: &dyn Registry) {
    publishes_and_reads_back(registry).await;
    takes_the_same_twice(registry).await;
    keeps_the_newer_version(registry).await;
    retracts_and_keeps_the_record(registry).await;
    leaves_unknown_entries_alone(registry).await;
}

/// An entry to try a registry with.
pub fn sample(id: &str, version: u64, title: &str) -> Entry {
    let body = canonical(&json!({
        "@id": format!("reg:asset/{id}"),
        "@type": ["dcat:Dataset", "dcat:Resource"],
        "dct:title": {"@value": title, "@language": "ko"},
    }));
    Entry {
        id: id.into(),
        version,
        withdrawn: false,
        issued: Timestamp(1_700_000_000_000),
        modified: Timestamp(1_700_000_000_000 + version as i64),
        content_hash: BlobId::of(body.as_bytes()),
        body,
    }
}

async fn publishes_and_reads_back(registry: &dyn Registry) {
    let entries = [sample("a1", 1, "침수 영상"), sample("b2", 1, "안전점검 \"보고서\"")];
    registry.publish(&entries).await.unwrap();
    for entry in &entries {
        assert_eq!(registry.read_back(&entry.id).await.unwrap().as_ref(), Some(entry));
    }
}

async fn takes_the_same_twice(registry: &dyn Registry) {
    let entry = sample("a1", 1, "침수 영상");
    registry.publish(std::slice::from_ref(&entry)).await.unwrap();
    assert_eq!(registry.read_back("a1").await.unwrap(), Some(entry));
}

async fn keeps_the_newer_version(registry: &dyn Registry) {
    let newer = sample("a1", 3, "침수 영상, 고침");
    registry.publish(std::slice::from_ref(&newer)).await.unwrap();
    registry.publish(&[sample("a1", 2, "침수 영상, 늦게 온 판")]).await.unwrap();
    assert_eq!(registry.read_back("a1").await.unwrap(), Some(newer));
}

async fn retracts_and_keeps_the_record(registry: &dyn Registry) {
    let entry = Entry { withdrawn: true, ..sample("a1", 4, "침수 영상, 고침") };
    for _ in 0..2 {
        registry.retract(&[Retraction { entry: entry.clone() }]).await.unwrap();
        assert_eq!(registry.read_back("a1").await.unwrap(), Some(entry.clone()));
    }
}

async fn leaves_unknown_entries_alone(registry: &dyn Registry) {
    let entry = Entry { withdrawn: true, ..sample("c3", 1, "없는 것") };
    registry.retract(&[Retraction { entry }]).await.unwrap();
    assert_eq!(registry.read_back("c3").await.unwrap(), None);
}
