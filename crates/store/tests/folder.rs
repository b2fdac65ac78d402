//! A drop folder, on a real file system.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::os::unix::fs::{PermissionsExt, symlink};

use bytes::Bytes;
use futures::StreamExt;
use madang_document::object::ObjectRef;
use madang_store::folder::FolderStore;
use madang_store::store::{Listed, Store, StoreError};

fn chunks(
    parts: Vec<std::io::Result<&'static [u8]>>,
) -> futures::stream::BoxStream<'static, std::io::Result<Bytes>> {
    let parts: Vec<std::io::Result<Bytes>> =
        parts.into_iter().map(|part| part.map(Bytes::from_static)).collect();
    futures::stream::iter(parts).boxed()
}

fn object(file: &Listed) -> ObjectRef {
    ObjectRef {
        store: "drop".into(),
        path: file.path.clone(),
        version: file.version.clone(),
        size: file.size,
    }
}

#[tokio::test]
async fn links_are_neither_listed_nor_followed() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("secret"), "비밀").unwrap();
    std::fs::create_dir(folder.path().join("real")).unwrap();
    std::fs::write(folder.path().join("real/a#b 100%.txt"), "x").unwrap();
    symlink(outside.path().join("secret"), folder.path().join("link")).unwrap();
    symlink(outside.path(), folder.path().join("way-out")).unwrap();
    // These stay inside: the wall round the folder would let them pass.
    symlink("real/a#b 100%.txt", folder.path().join("alias")).unwrap();
    symlink("real", folder.path().join("alias-folder")).unwrap();
    let store = FolderStore::new("drop", folder.path());

    let listing = store.list().await.unwrap();
    let paths: Vec<&str> = listing.objects.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["real/a#b 100%.txt"]);
    for path in [
        "link",
        "way-out/secret",
        "../secret",
        "real/../link",
        "alias",
        "alias-folder/a#b 100%.txt",
    ] {
        assert_eq!(store.look(path).await.unwrap(), None, "{path}");
        let mut object = object(&listing.objects[0]);
        object.path = path.into();
        assert!(matches!(store.open(&object).await, Err(StoreError::Gone(_))), "{path}");
    }
    let refused = store.put("way-out/new.txt", chunks(vec![Ok(b"x")])).await;
    assert!(matches!(refused, Err(StoreError::Denied { .. })), "{refused:?}");
    assert!(!outside.path().join("new.txt").exists());
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "first").unwrap();
    let store = FolderStore::new("drop", folder.path());
    let file = store.look("a.txt").await.unwrap().unwrap();
    let pinned = store.open(&object(&file)).await.unwrap();
    assert_eq!(pinned.read(1, 100).await.unwrap(), Bytes::from_static(b"irst"));
    pinned.unchanged().await.unwrap();

    // Replaced by rename: what was opened stays what it was, and is opened no more.
    std::fs::write(folder.path().join("b"), "second, longer").unwrap();
    std::fs::rename(folder.path().join("b"), &path).unwrap();
    assert_eq!(pinned.read(0, 100).await.unwrap(), Bytes::from_static(b"first"));
    assert!(matches!(store.open(&object(&file)).await, Err(StoreError::Gone(_))));

    // Written in place: the end of the reading notices.
    let file = store.look("a.txt").await.unwrap().unwrap();
    let pinned = store.open(&object(&file)).await.unwrap();
    std::fs::write(&path, "third").unwrap();
    assert!(matches!(pinned.unchanged().await, Err(StoreError::Gone(_))));
}

#[tokio::test]
async fn a_shut_folder_hides_only_itself() {
    if rustix_is_root() {
        // Root may read every folder: then a name that is no UTF-8 stands for what cannot be listed.
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.txt"), "x").unwrap();
        let odd = std::ffi::OsStr::from_bytes(b"odd\xff.txt");
        std::fs::write(folder.path().join(odd), "x").unwrap();
        let listing = FolderStore::new("drop", folder.path()).list().await.unwrap();
        assert_eq!(listing.objects.len(), 1);
        assert!(listing.unlisted[0].1.contains("rename it"), "{listing:?}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let shut = folder.path().join("shut");
    std::fs::create_dir(&shut).unwrap();
    std::fs::write(folder.path().join("a.txt"), "x").unwrap();
    std::fs::set_permissions(&shut, PermissionsExt::from_mode(0o000)).unwrap();
    let listing = FolderStore::new("drop", folder.path()).list().await.unwrap();
    std::fs::set_permissions(&shut, PermissionsExt::from_mode(0o700)).unwrap();
    assert_eq!(listing.objects.len(), 1);
    assert_eq!(listing.unlisted[0].0, "shut");
}

fn rustix_is_root() -> bool {
    rustix::process::geteuid().is_root()
}

#[tokio::test]
async fn an_upload_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new("drop", folder.path());
    let file = store.put("2026/보도.txt", chunks(vec![Ok(b"one "), Ok(b"two")])).await.unwrap();
    assert_eq!(store.look("2026/보도.txt").await.unwrap(), Some(file));
    assert_eq!(std::fs::read(folder.path().join("2026/보도.txt")).unwrap(), b"one two");

    let broken = std::io::Error::other("the sender went away");
    let answer = store.put("2026/보도.txt", chunks(vec![Ok(b"half"), Err(broken)])).await;
    assert!(matches!(answer, Err(StoreError::BrokenOff { .. })), "{answer:?}");
    assert_eq!(std::fs::read(folder.path().join("2026/보도.txt")).unwrap(), b"one two");
    let left = std::fs::read_dir(folder.path().join("2026")).unwrap().count();
    assert_eq!(left, 1, "a temporary file was left behind");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_no_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::new("drop", &folder.path().join("mount"));
    let answer = store.list().await;
    assert!(
        matches!(&answer, Err(StoreError::Unavailable { reason, .. }) if reason.contains("mount it")),
        "{answer:?}"
    );
}
