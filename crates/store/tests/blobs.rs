//! Texts and previews, on a real file system.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "the test is the one who damages blobs, by their paths"
)]

use std::path::Path;
use std::sync::Arc;

use madang_document::blob_id::BlobId;
use madang_document::blob_part::BlobPart;
use madang_store::blobs::{BUNDLE, BlobError, Blobs, Bundle};
use object_store::local::LocalFileSystem;

fn open(folder: &Path) -> Blobs {
    Blobs::new(Arc::new(LocalFileSystem::new_with_prefix(folder).unwrap()))
}

fn count(folder: &Path) -> usize {
    let folders = std::fs::read_dir(folder).unwrap();
    folders.map(|folder| std::fs::read_dir(folder.unwrap().path()).unwrap().count()).sum()
}

#[tokio::test]
async fn ten_thousand_members_are_one_blob_and_each_is_read_alone() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let mut bundle = Bundle::new(&blobs);
    let text = |n: usize| format!("글 {n}").into_bytes();
    for n in 0..10_000 {
        assert_eq!(bundle.add(&text(n)).await.unwrap(), n);
    }
    let kept = bundle.keep().await.unwrap();
    assert_eq!(count(folder.path()), 1);
    for n in [0, 1, 9_999] {
        assert_eq!(blobs.read(&kept[n]).await.unwrap(), text(n));
    }
}

#[tokio::test]
async fn one_text_alone_is_a_blob_as_it_always_was() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let mut bundle = Bundle::new(&blobs);
    bundle.add(b"[]").await.unwrap();
    let kept = bundle.keep().await.unwrap();
    assert_eq!(kept, [BlobPart::from(BlobId::of(b"[]"))]);
    assert_eq!(blobs.read_text(&kept[0]).await.unwrap(), []);
    assert!(Bundle::new(&blobs).keep().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_great_deal_of_text_is_cut_into_several_blobs() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let mut bundle = Bundle::new(&blobs);
    let large = |byte: u8| vec![byte; BUNDLE / 2 + 1];
    for byte in 0..5 {
        bundle.add(&large(byte)).await.unwrap();
    }
    let kept = bundle.keep().await.unwrap();
    assert_eq!(count(folder.path()), 3);
    for byte in 0..5 {
        assert_eq!(blobs.read(&kept[usize::from(byte)]).await.unwrap(), large(byte));
    }
}

#[tokio::test]
async fn what_is_lost_or_damaged_is_told_and_can_be_healed() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let mut bundle = Bundle::new(&blobs);
    bundle.add(b"one").await.unwrap();
    bundle.add(b"two").await.unwrap();
    let kept = bundle.keep().await.unwrap();
    let path = folder.path().join(kept[0].blob.path());
    std::fs::write(&path, "onetwi").unwrap();
    assert_eq!(blobs.read(&kept[0]).await.unwrap(), "one".as_bytes());
    assert!(matches!(blobs.read(&kept[1]).await, Err(BlobError::Damaged(_))));
    assert!(matches!(blobs.read(&kept[0].blob.into()).await, Err(BlobError::Damaged(_))));
    for cut in ["onet", "o", ""] {
        std::fs::write(&path, cut).unwrap();
        let answer = blobs.read(&kept[1]).await;
        assert!(matches!(answer, Err(BlobError::Damaged(_))), "{cut}: {answer:?}");
    }
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(blobs.read(&kept[1]).await, Err(BlobError::Lost(_))));
    assert_eq!(blobs.keep(b"onetwo".to_vec()).await.unwrap(), kept[0].blob);
    assert_eq!(blobs.read(&kept[1]).await.unwrap(), "two".as_bytes());
}
