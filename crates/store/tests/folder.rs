//! A drop folder, on a real file system.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]
#![allow(
    clippy::disallowed_methods,
    reason = "the test is the one who drops files, by their paths"
)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures::StreamExt;
use madang_document::left_out::LeftOutKind;
use madang_document::object::ObjectRef;
use madang_document::object_key;
use madang_store::closed::Closed;
use madang_store::error::StoreError;
use madang_store::folder::FolderStore;
use madang_store::store::{Listed, Precondition, Seen, Store};
use madang_store::watcher::{Heard, Watcher};
use rustix::fs::{CWD, FileType, Mode, RenameFlags, mkdirat, renameat_with};
use rustix::process::{Gid, Uid};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

/// The account that owns nothing.
const NOBODY: u32 = 65534;

fn chunks(
    parts: Vec<std::io::Result<&'static [u8]>>,
) -> futures::stream::BoxStream<'static, std::io::Result<Bytes>> {
    let parts: Vec<std::io::Result<Bytes>> =
        parts.into_iter().map(|part| part.map(Bytes::from_static)).collect();
    futures::stream::iter(parts).boxed()
}

fn open(folder: &Path) -> FolderStore {
    FolderStore::new("drop", folder, Closed::default())
}

async fn list(store: &FolderStore) -> Vec<Seen> {
    store.list().map(Result::unwrap).collect().await
}

async fn files(store: &FolderStore) -> Vec<Listed> {
    let seen = list(store).await.into_iter();
    seen.filter_map(|seen| if let Seen::Object(file) = seen { Some(file) } else { None }).collect()
}

async fn put(store: &FolderStore, path: &str, text: &'static str) -> Result<Listed, StoreError> {
    store.put(path, chunks(vec![Ok(text.as_bytes())]), Precondition::Always).await
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn stat_kind(path: &Path) -> FileType {
    FileType::from_raw_mode(rustix::fs::lstat(path).unwrap().st_mode)
}

fn object(file: &Listed) -> ObjectRef {
    ObjectRef {
        store: "drop".into(),
        path: file.path.clone(),
        version: file.version.clone(),
        size: file.size,
    }
}

/// The file at a path.
async fn looked(store: &FolderStore, path: &str) -> Listed {
    match store.look(path).await.unwrap() {
        Some(Seen::Object(file)) => file,
        other => panic!("{path}: {other:?}"),
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
    let store = open(folder.path());

    let listing = files(&store).await;
    let paths: Vec<&str> = listing.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["real/a#b 100%.txt"]);
    for path in [
        "link",
        "way-out/secret",
        "../secret",
        "real/../link",
        "alias",
        "alias-folder/a#b 100%.txt",
    ] {
        let seen = store.look(path).await.unwrap();
        // A link is what it is; behind it, nothing is.
        let is_link = matches!(&seen, Some(Seen::LeftOut(one)) if one.kind == LeftOutKind::Link);
        assert!(if path.contains('/') { seen.is_none() } else { is_link }, "{path}: {seen:?}");
        let mut object = object(&listing[0]);
        object.path = path.into();
        assert!(matches!(store.open(&object).await, Err(StoreError::Gone(_))), "{path}");
    }
    for path in ["way-out/new.txt", "way-out/n1/n2/new.txt", "alias-folder/new.txt"] {
        let refused = put(&store, path, "x").await;
        assert!(matches!(refused, Err(StoreError::Denied { .. })), "{refused:?}");
    }
    // Not even the folders on the way.
    assert_eq!(names(outside.path()), ["secret"]);
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "first").unwrap();
    let store = open(folder.path());
    let file = looked(&store, "a.txt").await;
    let pinned = store.open(&object(&file)).await.unwrap();
    assert_eq!(pinned.read(1, 100).await.unwrap(), Bytes::from_static(b"irst"));
    pinned.unchanged().await.unwrap();

    // Replaced by rename: what was opened stays what it was, and is opened no more.
    std::fs::write(folder.path().join("b"), "second, longer").unwrap();
    std::fs::rename(folder.path().join("b"), &path).unwrap();
    assert_eq!(pinned.read(0, 100).await.unwrap(), Bytes::from_static(b"first"));
    assert!(matches!(store.open(&object(&file)).await, Err(StoreError::Gone(_))));

    // Written in place: the end of the reading notices.
    let file = looked(&store, "a.txt").await;
    let pinned = store.open(&object(&file)).await.unwrap();
    std::fs::write(&path, "third").unwrap();
    assert!(matches!(pinned.unchanged().await, Err(StoreError::Gone(_))));
}

#[test]
fn a_shut_folder_hides_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    // Root may read every folder: so it is listed by nobody. Credentials are those of a thread, and of the threads
    // that it starts.
    let listing = std::thread::spawn(move || {
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
            let nobody = (Gid::from_raw(NOBODY), Uid::from_raw(NOBODY));
            set_thread_groups(&[]).unwrap();
            set_thread_res_gid(nobody.0, nobody.0, nobody.0).unwrap();
            set_thread_res_uid(nobody.1, nobody.1, nobody.1).unwrap();
        }
        let shut = path.join("shut");
        std::fs::create_dir(&shut).unwrap();
        std::fs::write(path.join("a.txt"), "x").unwrap();
        std::fs::set_permissions(&shut, PermissionsExt::from_mode(0o000)).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let seen = runtime.block_on(list(&open(&path)));
        std::fs::set_permissions(&shut, PermissionsExt::from_mode(0o700)).unwrap();
        seen
    });
    let seen = listing.join().unwrap();
    let shut = matches!(&seen[..], [Seen::Object(file), Seen::Unlisted { key, .. }]
        if file.path == "a.txt" && key == "shut");
    assert!(shut, "{seen:?}");
}

#[tokio::test]
async fn an_upload_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let body = chunks(vec![Ok(b"one "), Ok(b"two")]);
    let file = store.put("2026/보도.txt", body, Precondition::Always).await.unwrap();
    assert_eq!(looked(&store, "2026/보도.txt").await, file);
    assert_eq!(std::fs::read(folder.path().join("2026/보도.txt")).unwrap(), b"one two");

    let broken = std::io::Error::other("the sender went away");
    let body = chunks(vec![Ok(b"half"), Err(broken)]);
    let answer = store.put("2026/보도.txt", body, Precondition::Always).await;
    assert!(matches!(answer, Err(StoreError::BrokenOff { .. })), "{answer:?}");
    assert_eq!(std::fs::read(folder.path().join("2026/보도.txt")).unwrap(), b"one two");
    let left = std::fs::read_dir(folder.path().join("2026")).unwrap().count();
    assert_eq!(left, 1, "a temporary file was left behind");
}

#[tokio::test]
async fn an_upload_whose_folder_went_elsewhere_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("drop"));
    std::fs::create_dir(folder.path().join("drop")).unwrap();
    for moved in ["drop/2026", "drop"] {
        let (from, to) = (folder.path().join(moved), folder.path().join("elsewhere"));
        let gone = to.clone();
        let moving = futures::stream::once(async move {
            std::fs::rename(&from, &gone).unwrap();
            Ok(Bytes::from_static(b"two"))
        });
        let body = chunks(vec![Ok(b"one ")]).chain(moving).boxed();
        let answer = store.put("2026/보도.txt", body, Precondition::Always).await;
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{moved}: {answer:?}");
        let files = walk(&to);
        assert!(files.is_empty(), "{moved}: {files:?}");
        std::fs::remove_dir_all(&to).unwrap();
    }
}

/// The files below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(walk(&path)) } else { files.push(path) }
    }
    files
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_no_empty_folder_and_is_never_made() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("mount"));
    let away = |answer: &StoreError| matches!(answer, StoreError::Unavailable { reason, .. } if reason.contains("mount it"));
    let listing: Vec<_> = store.list().collect().await;
    assert!(matches!(&listing[..], [Err(error)] if away(error)), "{listing:?}");
    let answer = put(&store, "a/b.txt", "x").await;
    assert!(matches!(&answer, Err(error) if away(error)), "{answer:?}");
    assert!(store.look("a").await.is_err(), "nothing is known of its files");
    assert_eq!(names(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_in_the_place_of_the_one_that_was_listed_takes_nothing() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("drop");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("a.txt"), "x").unwrap();
    let store = open(&root);
    assert_eq!(files(&store).await.len(), 1);
    std::fs::rename(&root, outer.path().join("away")).unwrap();
    let answer = put(&store, "b.txt", "x").await;
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    // Another folder there is no reason to say that the files are gone, until a listing has taken it.
    std::fs::create_dir(&root).unwrap();
    let answer = put(&store, "b.txt", "x").await;
    assert!(matches!(answer, Err(StoreError::Unavailable { .. })), "{answer:?}");
    assert!(store.look("a.txt").await.is_err());
    assert_eq!(names(&root), Vec::<String>::new());
    assert_eq!(files(&store).await.len(), 0);
    put(&store, "b.txt", "x").await.unwrap();
    assert_eq!(store.look("a.txt").await.unwrap(), None);
}

#[tokio::test]
async fn a_listing_is_sorted_and_names_what_it_leaves_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    std::fs::create_dir(root.join("a")).unwrap();
    for name in ["a.txt", "a/x", "a0", "b", "가.hwp"] {
        std::fs::write(root.join(name), "x").unwrap();
    }
    let old_korean = OsStr::from_bytes(b"\xba\xb8\xb0\xed.hwp");
    std::fs::write(root.join(old_korean), "x").unwrap();
    symlink("b", root.join("a/link")).unwrap();
    rustix::fs::mknodat(CWD, root.join("fifo"), FileType::Fifo, Mode::RWXU, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.join("socket")).unwrap();

    let store = open(root);
    let seen = list(&store).await;
    let keys: Vec<&str> = seen.iter().map(Seen::key).collect();
    let old_key = object_key::from_bytes(old_korean.as_bytes());
    let expected = ["a.txt", "a/link", "a/x", "a0", "b", "fifo", "socket", "가.hwp", &old_key];
    assert_eq!(keys, expected);
    assert!(keys.is_sorted());
    let left_out = seen.iter().filter_map(|seen| match seen {
        Seen::LeftOut(left_out) => Some((left_out.key.as_str(), left_out.kind)),
        _ => None,
    });
    let expected = [
        ("a/link", LeftOutKind::Link),
        ("fifo", LeftOutKind::Fifo),
        ("socket", LeftOutKind::Socket),
    ];
    assert_eq!(left_out.collect::<Vec<_>>(), expected);

    // A name that is not UTF-8 is read, and uploaded over.
    let file = looked(&store, &old_key).await;
    assert_eq!(store.open(&object(&file)).await.unwrap().read(0, 9).await.unwrap(), "x");
    put(&store, &old_key, "newer").await.unwrap();
    assert_eq!(std::fs::read(root.join(old_korean)).unwrap(), b"newer");
    // A look shows what a listing shows, what cannot be taken included; a folder is nothing.
    for seen in list(&store).await {
        assert_eq!(store.look(seen.key()).await.unwrap(), Some(seen));
    }
    for none in ["a", "fifo/x", "none", "b/x"] {
        assert_eq!(store.look(none).await.unwrap(), None, "{none}");
    }
}

#[tokio::test]
async fn however_deep_somebody_nests_the_rest_is_listed_and_heard() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    std::fs::write(folder.path().join("z.txt"), "x").unwrap();
    // Made step by step, as a path of 5,000 bytes is none that the system takes in one call.
    let name = "d".repeat(100);
    let mut here =
        rustix::fs::open(folder.path(), rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
    for _ in 0..50 {
        mkdirat(&here, &name, Mode::RWXU).unwrap();
        here = rustix::fs::openat(&here, &name, rustix::fs::OFlags::PATH, Mode::empty()).unwrap();
    }
    let seen = list(&store).await;
    assert!(
        matches!(&seen[..], [Seen::LeftOut(deep), Seen::Object(file)]
            if deep.kind == LeftOutKind::TooLong && file.path == "z.txt"),
        "{seen:?}"
    );
    let deep = seen[0].key();
    assert_eq!(store.look(deep).await.unwrap().as_ref(), Some(&seen[0]));
    let below = format!("{deep}/{name}");
    assert_eq!(store.look(&below).await.unwrap(), None, "the folder above it is left out already");
    let mut watcher = store.watch().await.unwrap().unwrap();
    let heard = watcher.next().await.unwrap();
    assert!(matches!(&heard, Heard::Deaf { reason, .. } if reason.contains("move it up")));
    std::fs::write(folder.path().join("new.txt"), "x").unwrap();
    assert_eq!(next_path(&mut watcher).await, "new.txt");
}

async fn next_path(watcher: &mut Watcher) -> String {
    let limit = std::time::Duration::from_secs(20);
    loop {
        match tokio::time::timeout(limit, watcher.next()).await.unwrap().unwrap() {
            Heard::Path(path) => return path,
            _ => continue,
        }
    }
}

#[tokio::test]
async fn what_happens_in_new_folders_and_under_old_names_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    std::fs::create_dir(folder.path().join("old")).unwrap();
    let mut watcher = store.watch().await.unwrap().unwrap();
    std::fs::write(folder.path().join("old/a.txt"), "x").unwrap();
    assert_eq!(next_path(&mut watcher).await, "old/a.txt");
    std::fs::create_dir(folder.path().join("new")).unwrap();
    std::fs::write(folder.path().join("new/b.txt"), "x").unwrap();
    while next_path(&mut watcher).await != "new/b.txt" {}
    // What cannot be taken is news as well, if it came with its folder, too.
    let outside = tempfile::tempdir_in(folder.path().parent().unwrap()).unwrap();
    std::fs::create_dir(outside.path().join("moved")).unwrap();
    symlink("nowhere", outside.path().join("moved/link")).unwrap();
    std::fs::rename(outside.path().join("moved"), folder.path().join("moved")).unwrap();
    while next_path(&mut watcher).await != "moved/link" {}
    std::fs::remove_file(folder.path().join("moved/link")).unwrap();
    while next_path(&mut watcher).await != "moved/link" {}
    let name = OsStr::from_bytes(b"\xba\xb8.hwp");
    std::fs::write(folder.path().join(name), "x").unwrap();
    let key = object_key::from_bytes(name.as_bytes());
    while next_path(&mut watcher).await != key {}
}

#[tokio::test]
async fn no_race_of_links_leads_an_upload_outside() {
    let folder = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("local.key"), "ours").unwrap();
    std::fs::create_dir_all(folder.path().join("sub/deep")).unwrap();
    symlink(outside.path(), folder.path().join("link")).unwrap();
    let store = open(folder.path());
    let stop = Arc::new(AtomicBool::new(false));
    let swapping = std::thread::spawn({
        let stop = Arc::clone(&stop);
        let (sub, link) = (folder.path().join("sub"), folder.path().join("link"));
        move || {
            let mut swaps = 0u32;
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &sub, CWD, &link, RenameFlags::EXCHANGE).unwrap();
                swaps += 1;
            }
            swaps
        }
    });
    let (mut placed, mut refused) = (0, 0);
    for n in 0..400 {
        for path in ["sub/local.key".to_owned(), format!("sub/n{n}/file")] {
            match put(&store, &path, "theirs").await {
                Ok(_) => placed += 1,
                Err(_) => refused += 1,
            }
            let _ = store.look("sub/local.key").await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let swaps = swapping.join().unwrap();
    assert_eq!(std::fs::read(outside.path().join("local.key")).unwrap(), b"ours");
    assert_eq!(names(outside.path()), ["local.key"], "{swaps} swaps");
    assert!(
        swaps > 100 && placed > 0 && refused > 0,
        "{swaps} {placed} {refused}: no race was run"
    );
}

#[tokio::test]
async fn conditions_are_kept_and_nothing_is_replaced_by_what_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let body = || chunks(vec![Ok(b"x")]);
    let first = store.put("a.txt", body(), Precondition::IfAbsent).await.unwrap();
    let again = store.put("a.txt", body(), Precondition::IfAbsent).await;
    assert!(matches!(again, Err(StoreError::Precondition(_))), "{again:?}");
    let named = Precondition::IfVersion(first.version.clone());
    let second = store.put("a.txt", body(), named.clone()).await.unwrap();
    assert_ne!(first.version, second.version);
    let stale = store.put("a.txt", body(), named.clone()).await;
    assert!(matches!(stale, Err(StoreError::Precondition(_))), "{stale:?}");
    let absent = store.put("b.txt", body(), named).await;
    assert!(matches!(absent, Err(StoreError::Precondition(_))), "{absent:?}");

    std::fs::create_dir(folder.path().join("folder")).unwrap();
    let fifo = folder.path().join("fifo");
    rustix::fs::mknodat(CWD, &fifo, FileType::Fifo, Mode::RWXU, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("socket")).unwrap();
    symlink("a.txt", folder.path().join("link")).unwrap();
    symlink("nowhere", folder.path().join("dangling")).unwrap();
    let there = names(folder.path());
    for (path, what) in [
        ("folder", "a folder"),
        ("a.txt/below", "a file"),
        ("a.txt/far/below", "a file"),
        ("fifo", "a named pipe"),
        ("socket", "a socket"),
        ("link", "a link"),
        ("dangling", "a link"),
    ] {
        let refused = store.put(path, body(), Precondition::Always).await;
        let told =
            matches!(&refused, Err(StoreError::Conflict { reason, .. }) if reason.contains(what));
        assert!(told, "{path}: {refused:?}");
    }
    assert_eq!(names(folder.path()), there);
    assert!(stat_kind(&fifo) == FileType::Fifo, "it is what it was");
}

#[tokio::test]
async fn the_same_size_and_time_with_other_content_is_another_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.txt");
    std::fs::write(&path, "one").unwrap();
    let store = open(folder.path());
    let before = looked(&store, "a.txt").await;
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    std::fs::write(&path, "two").unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
    let after = looked(&store, "a.txt").await;
    assert_eq!((before.size, before.modified), (after.size, after.modified));
    assert_ne!(before.version, after.version);
    assert!(matches!(store.open(&object(&before)).await, Err(StoreError::Gone(_))));
    // As it was recorded before the inode's own time was part of it.
    let mut parts = after.version.split('-');
    let (ino, mtime) = (parts.next().unwrap(), parts.next().unwrap());
    let mut old = object(&after);
    old.version = format!("{ino}-{mtime}-3");
    assert_eq!(store.open(&old).await.unwrap().read(0, 9).await.unwrap(), "two");
}

#[tokio::test]
async fn half_uploads_of_a_dead_service_are_swept_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let mark = uuid::Uuid::now_v7();
    std::fs::write(folder.path().join(format!(".a.txt.{}.part", mark.simple())), "half").unwrap();
    std::fs::write(folder.path().join(".theirs.part"), "half").unwrap();
    let living = open(folder.path());
    let (send, receive) = futures::channel::mpsc::unbounded::<std::io::Result<Bytes>>();
    let upload = tokio::spawn({
        let living = living.clone();
        async move { living.put("b.txt", receive.boxed(), Precondition::Always).await }
    });
    send.unbounded_send(Ok(Bytes::from_static(b"x"))).unwrap();
    // Its first byte comes after its lock.
    let begun = |name: &String| {
        name.starts_with(".b.txt.")
            && std::fs::metadata(folder.path().join(name)).is_ok_and(|half| half.len() > 0)
    };
    while !names(folder.path()).iter().any(begun) {
        tokio::task::yield_now().await;
    }
    // A second service, younger than the upload that runs: the ids of one process only grow, also within a millisecond.
    let younger = open(folder.path());
    files(&younger).await;
    let left = names(folder.path());
    assert!(left.iter().any(|name| name == ".theirs.part"), "{left:?}");
    assert!(left.iter().any(|name| name.starts_with(".b.txt.")), "{left:?}");
    assert!(!left.iter().any(|name| name.starts_with(".a.txt.")), "{left:?}");
    drop(send);
    upload.await.unwrap().unwrap();
    assert_eq!(names(folder.path()), [".theirs.part", "b.txt"]);
}

/// Half an upload is there for a moment before its lock is held: a service that starts just then may take it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upload_arrives_while_other_services_start() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path());
    let all_came = Arc::new(AtomicBool::new(false));
    let starting = tokio::spawn({
        let (all_came, root) = (Arc::clone(&all_came), folder.path().to_owned());
        async move {
            while !all_came.load(Ordering::Relaxed) {
                files(&open(&root)).await;
            }
        }
    });
    for _ in 0..500 {
        put(&store, "a.txt", "x").await.unwrap();
    }
    all_came.store(true, Ordering::Relaxed);
    starting.await.unwrap();
    assert_eq!(names(folder.path()), ["a.txt"]);
}

#[tokio::test]
async fn an_upload_is_open_to_those_whom_its_folder_is_open_to() {
    let folder = tempfile::tempdir().unwrap();
    let mode = |path: &str| {
        std::fs::metadata(folder.path().join(path)).unwrap().permissions().mode() & 0o777
    };
    let store = open(folder.path());
    for (folder_mode, file_mode) in [(0o755, 0o644), (0o770, 0o660), (0o700, 0o600)] {
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(folder_mode)).unwrap();
        let path = format!("n{folder_mode}/a.txt");
        put(&store, &path, "x").await.unwrap();
        assert_eq!(mode(&path), file_mode);
        assert_eq!(mode(&format!("n{folder_mode}")), folder_mode);
    }
}
