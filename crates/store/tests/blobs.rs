//! Texts and previews, on a real file system.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(clippy::indexing_slicing, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "the test is the one who damages blobs, by their paths"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use madang_document::blob_id::BlobId;
use madang_document::blob_part::BlobPart;
use madang_document::timestamp::Timestamp;
use madang_store::blobs::{BUNDLE, BlobError, Blobs, Bundle};
use madang_store::plain_files::PlainFiles;
use madang_store::sweep::{NamedSet, Swept};
use object_store::local::LocalFileSystem;
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open as open_file};

fn open(folder: &Path) -> Blobs {
    Blobs::new(Arc::new(PlainFiles::of(LocalFileSystem::new_with_prefix(folder).unwrap())))
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

#[tokio::test]
async fn what_is_no_plain_file_is_a_lost_blob_and_is_healed() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let text = BlobPart::from(blobs.keep(b"text".to_vec()).await.unwrap());
    let path = folder.path().join(text.blob.path());
    let elsewhere = folder.path().join("elsewhere");
    std::fs::write(&elsewhere, b"text").unwrap();
    for kind in ["pipe", "link"] {
        std::fs::remove_file(&path).unwrap();
        match kind {
            "pipe" => mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap(),
            _ => std::os::unix::fs::symlink(&elsewhere, &path).unwrap(),
        }
        let read = tokio::time::timeout(Duration::from_secs(10), blobs.read(&text)).await;
        let has = tokio::time::timeout(Duration::from_secs(10), blobs.has(&text)).await;
        if kind == "pipe" {
            // Whoever was taken by it after all is let go, so that this test ends.
            open_file(&path, OFlags::RDWR | OFlags::NONBLOCK, Mode::empty()).unwrap();
        }
        assert!(matches!(read, Ok(Err(BlobError::Lost(_)))), "{kind}: {read:?}");
        assert!(matches!(has, Ok(Ok(false))), "{kind}: {has:?}");
        assert_eq!(blobs.keep(b"text".to_vec()).await.unwrap(), text.blob);
        assert_eq!(blobs.read(&text).await.unwrap(), b"text".as_slice());
    }
}

#[tokio::test]
async fn what_stands_in_the_way_of_one_blob_is_told_from_what_stands_in_the_way_of_all() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let in_the_way = folder.path().join(BlobId::of(b"text").path());
    std::fs::create_dir_all(in_the_way.join("full")).unwrap();
    assert!(blobs.keep(b"text".to_vec()).await.is_err());
    assert!(blobs.take_others().await);
    std::fs::remove_dir_all(folder.path()).unwrap();
    std::fs::write(folder.path(), b"no folder").unwrap();
    assert!(blobs.keep(b"text".to_vec()).await.is_err());
    assert!(!blobs.take_others().await);
    std::fs::remove_file(folder.path()).unwrap();
    std::fs::create_dir(folder.path()).unwrap();
}

/// Was last written at this moment, seconds since 1970.
fn written(folder: &Path, blob: &BlobId, seconds: u64) {
    let file = std::fs::File::options().write(true).open(folder.join(blob.path())).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
}

/// Sweeps everything last written before second `before`, at second `now`.
async fn sweep(blobs: &Blobs, named: &[BlobId], before: i64, now: i64) -> Swept {
    let mut set = NamedSet::default();
    set.extend(named);
    let mut sweep = blobs.sweep(set, Timestamp(before * 1000), Timestamp(now * 1000));
    while sweep.step(2).await.unwrap() {}
    sweep.swept()
}

/// Laid aside by a clock that was a year ahead: it is not kept for a year.
#[tokio::test]
async fn what_was_laid_aside_by_a_clock_that_was_ahead_is_removed_in_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let unnamed = blobs.keep(b"unnamed".to_vec()).await.unwrap();
    written(folder.path(), &unnamed, 10);
    assert_eq!(sweep(&blobs, &[], 1_000, 40_000_000).await.aside, 1);
    assert_eq!(sweep(&blobs, &[], 1_100, 2_000).await.removed, 0, "its time begins");
    assert_eq!(sweep(&blobs, &[], 1_900, 2_900).await.removed, 0);
    assert_eq!(sweep(&blobs, &[], 2_100, 3_000).await.removed, 1);
}

#[tokio::test]
async fn what_nobody_names_is_laid_aside_and_later_removed() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let mut ids = Vec::new();
    for text in ["named", "unnamed", "young", "named late"] {
        let id = blobs.keep(text.as_bytes().to_vec()).await.unwrap();
        written(folder.path(), &id, if text == "young" { 2_000 } else { 10 });
        ids.push(id);
    }
    let [named, unnamed, young, late] = ids[..] else { panic!() };
    let there = async |id: BlobId| blobs.read(&id.into()).await.is_ok();
    std::fs::write(folder.path().join("notes.txt"), "not ours").unwrap();

    let swept = sweep(&blobs, &[named], 1_000, 1_500).await;
    assert_eq!(swept, Swept { seen: 4, aside: 2, ..Swept::default() });
    assert!(there(named).await && there(young).await && !there(unnamed).await);
    // At once nothing goes for good, whoever sweeps again.
    assert_eq!(sweep(&blobs, &[named], 1_000, 1_501).await.removed, 0);
    // Named after all, it is back; the other one is removed.
    let swept = sweep(&blobs, &[named, late, young], 1_600, 3_000).await;
    let bytes = "unnamed".len() as u64;
    assert_eq!((swept.back, swept.removed, swept.bytes, swept.aside), (1, 1, bytes, 0));
    assert!(there(named).await && there(late).await && there(young).await);
    assert!(folder.path().join("notes.txt").exists());
    // Nothing is left of it.
    let swept = sweep(&blobs, &[named, late, young], 9_000, 9_001).await;
    assert_eq!(swept, Swept { seen: 3, ..Swept::default() });
}

#[tokio::test]
async fn a_blob_that_cannot_be_moved_keeps_none_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let mut kept = Vec::new();
    for text in ["a", "b", "c", "d", "e"] {
        let blob = blobs.keep(text.into()).await.unwrap();
        written(folder.path(), &blob, 10);
        kept.push(blob);
    }
    let in_the_way = folder.path().join(format!("unnamed/1000000-{}", kept[2]));
    std::fs::create_dir_all(in_the_way.join("full")).unwrap();
    let swept = sweep(&blobs, &[], 500, 1000).await;
    assert_eq!((swept.seen, swept.aside), (5, 4));
}

/// A worker that writes a blob again, which is there and which nobody named so far, is about to name it.
#[tokio::test]
async fn a_blob_that_is_written_again_while_it_is_swept_stays() {
    let folder = tempfile::tempdir().unwrap();
    let blobs = open(folder.path());
    let mut ids = Vec::new();
    for n in 0..20 {
        let id = blobs.keep(format!("text {n}").into_bytes()).await.unwrap();
        written(folder.path(), &id, 10);
        ids.push(id);
    }
    let mut sweep = blobs.sweep(NamedSet::default(), Timestamp(1_000_000), Timestamp(1_500_000));
    // It has looked at all of them by now, and has taken one step.
    assert!(sweep.step(1).await.unwrap());
    assert_eq!(sweep.swept().aside, 1);
    for n in 0..20 {
        blobs.keep(format!("text {n}").into_bytes()).await.unwrap();
    }
    while sweep.step(100).await.unwrap() {}
    for id in ids {
        assert!(blobs.read(&id.into()).await.is_ok(), "{id}");
    }
}
