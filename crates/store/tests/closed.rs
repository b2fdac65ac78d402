//! What is closed to a drop folder stays closed, by whatever name, link or mount it is reached.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "the test is the one who makes files and mounts, by their paths"
)]

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use madang_document::left_out::LeftOutKind;
use madang_document::object::ObjectRef;
use madang_store::closed::{Closed, ClosedFolder};
use madang_store::error::StoreError;
use madang_store::folder::FolderStore;
use madang_store::mark::Mark;
use madang_store::store::{Precondition, Seen, Store};
use madang_store::watcher::{Heard, Watcher};

/// A second name of a file or folder, or a file system of its own; taken away when it is dropped.
struct Mount(PathBuf);

impl Mount {
    fn bind(what: &Path, place: &Path) -> Mount {
        match what.is_dir() {
            true => std::fs::create_dir_all(place).unwrap(),
            false => std::fs::write(place, "underneath").unwrap(),
        }
        Mount::make(&["--bind".as_ref(), what.as_os_str()], place)
    }

    fn tmpfs(place: &Path) -> Mount {
        std::fs::create_dir_all(place).unwrap();
        Mount::make(&["-t".as_ref(), "tmpfs".as_ref(), "madang-test".as_ref()], place)
    }

    /// An overlay over a folder, whose own writings lie in `space`.
    fn overlay(what: &Path, space: &Path, place: &Path) -> Mount {
        for folder in [place, &space.join("upper"), &space.join("work")] {
            std::fs::create_dir_all(folder).unwrap();
        }
        let show = |path: &Path| path.display().to_string();
        let (lower, upper) = (show(what), show(&space.join("upper")));
        let options =
            format!("lowerdir={lower},upperdir={upper},workdir={}", show(&space.join("work")));
        let arguments = ["-t", "overlay", "-o", &options, "madang-test"];
        Mount::make(&arguments.map(std::ffi::OsStr::new), place)
    }

    fn make(arguments: &[&std::ffi::OsStr], place: &Path) -> Mount {
        let done = Command::new("mount").args(arguments).arg(place).output();
        let done = done.expect("mount (package mount)");
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "run the tests as root where they may mount: {told}");
        Mount(place.to_owned())
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// A drop folder and a data folder beside it.
struct Ground {
    root: tempfile::TempDir,
    closed: Closed,
}

impl Ground {
    fn new() -> Ground {
        let root = tempfile::tempdir().unwrap();
        let ground = Ground { closed: closed(&root.path().join("data")), root };
        for file in ["data/local.key", "data/blobs/ab/text", "data/drop/own.txt", "drop/a.txt"] {
            ground.write(file);
        }
        ground
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn write(&self, path: &str) {
        let path = self.path(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "secret").unwrap();
    }

    fn link(&self, what: &str, name: &str) {
        std::fs::hard_link(self.path(what), self.path(name)).unwrap();
    }

    fn store(&self, folder: &str) -> FolderStore {
        FolderStore::new("drop", &self.path(folder), self.closed.clone())
    }
}

fn closed(data: &Path) -> Closed {
    let data = ClosedFolder::new(data, "the data folder").but("drop").with_all_in_it();
    [Arc::new(data)].into_iter().collect()
}

/// The files of a listing, and what is left out because it is closed.
async fn listed(store: &FolderStore) -> (Vec<String>, Vec<String>) {
    let (mut files, mut closed) = (Vec::new(), Vec::new());
    for seen in store.list().map(Result::unwrap).collect::<Vec<_>>().await {
        match seen {
            Seen::Object(file) => files.push(file.path),
            Seen::LeftOut(one) => {
                assert_eq!(one.kind, LeftOutKind::Closed, "{one:?}");
                assert!(one.reason.contains("data folder"), "{one:?}");
                closed.push(one.key);
            }
            Seen::Unlisted { .. } => panic!("{seen:?}"),
        }
    }
    (files, closed)
}

/// What a look says of closed things: of itself that it is, of what lies in it nothing.
async fn looked(store: &FolderStore, path: &str) {
    let seen = store.look(path).await.unwrap();
    let is_closed = matches!(&seen, Some(Seen::LeftOut(one))
        if one.kind == LeftOutKind::Closed && one.reason.contains("data folder"));
    assert!(if path.contains('/') { seen.is_none() } else { is_closed }, "{path}: {seen:?}");
}

/// That neither a look nor a reader nor a writer comes to it.
async fn shut(store: &FolderStore, path: &str) {
    looked(store, path).await;
    let object =
        ObjectRef { store: "drop".into(), path: path.into(), version: "1-1-1".into(), size: 6 };
    assert!(matches!(store.open(&object).await, Err(StoreError::Gone(_))), "{path}");
}

/// As [`shut`], with the version that a listing of the file by another way shows.
async fn unread(store: &FolderStore, path: &str, real: &Path) {
    let (folder, name) = (real.parent().unwrap(), real.file_name().unwrap().to_str().unwrap());
    let open = FolderStore::new("open", folder, Closed::default());
    let Some(Seen::Object(there)) = open.look(name).await.unwrap() else { panic!("{name}") };
    let version = there.version;
    let object = ObjectRef { store: "drop".into(), path: path.into(), version, size: 6 };
    assert!(matches!(store.open(&object).await, Err(StoreError::Gone(_))), "{path}");
    looked(store, path).await;
}

async fn put(store: &FolderStore, path: &str) -> Result<(), StoreError> {
    let body = futures::stream::iter([Ok(Bytes::from_static(b"mine"))]).boxed();
    store.put(path, body, Precondition::Always).await.map(|_| ())
}

async fn refused(store: &FolderStore, path: &str) {
    let answer = put(store, path).await;
    assert!(matches!(answer, Err(StoreError::Denied { .. })), "{path}: {answer:?}");
}

/// The next file that is heard of; half an upload is none.
async fn next_path(watcher: &mut Watcher) -> String {
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(20), watcher.next()).await;
        match heard.unwrap().unwrap() {
            Heard::Path(path) if !path.ends_with(".part") => return path,
            _ => continue,
        }
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn the_data_folder_is_no_part_of_the_folder_around_it() {
    let ground = Ground::new();
    let store = ground.store("");
    let mut watcher = store.watch().await.unwrap().unwrap();
    assert_eq!(listed(&store).await, (vec!["drop/a.txt".into()], vec!["data".into()]));
    shut(&store, "data").await;
    shut(&store, "data/local.key").await;
    for path in ["data/local.key", "data/new", "data/n/m"] {
        refused(&store, path).await;
    }
    assert_eq!(std::fs::read(ground.path("data/local.key")).unwrap(), b"secret");
    assert_eq!(names(&ground.path("data")), ["blobs", "drop", "local.key"]);
    ground.write("data/blobs/x");
    ground.write("drop/b.txt");
    assert_eq!(next_path(&mut watcher).await, "drop/b.txt", "the data folder is not heard");
    // That it goes and comes back is.
    std::fs::rename(ground.path("data"), ground.path("drop/data")).unwrap();
    while next_path(&mut watcher).await != "drop/data" {}
    std::fs::rename(ground.path("drop/data"), ground.path("data")).unwrap();
    while next_path(&mut watcher).await != "data" {}
    for inside in ["data", "data/blobs", "data/blobs/ab", "drop/../data/blobs"] {
        let error = ground.store(inside).look("text").await.unwrap_err();
        assert!(matches!(error, StoreError::Denied { .. }), "{inside}: {error:?}");
    }
    assert_eq!(listed(&ground.store("data/drop")).await.0, ["own.txt"]);
}

#[tokio::test]
async fn a_mounted_part_of_the_data_folder_is_no_part_of_the_place() {
    let ground = Ground::new();
    let _folder = Mount::bind(&ground.path("data/blobs/ab"), &ground.path("drop/mounted"));
    let _file = Mount::bind(&ground.path("data/local.key"), &ground.path("drop/key.txt"));
    ground.write("elsewhere/honest.txt");
    let _honest = Mount::bind(&ground.path("elsewhere"), &ground.path("drop/honest"));
    let _own = Mount::bind(&ground.path("data/drop"), &ground.path("drop/sample"));
    let store = ground.store("drop");
    let mut watcher = store.watch().await.unwrap().unwrap();
    let files = ["a.txt", "honest/honest.txt", "sample/own.txt"];
    let (found, closed) = listed(&store).await;
    assert_eq!(
        (found, closed),
        (files.map(str::to_owned).into(), vec!["key.txt".into(), "mounted".into()])
    );
    unread(&store, "mounted/text", &ground.path("data/blobs/ab/text")).await;
    unread(&store, "key.txt", &ground.path("data/local.key")).await;
    refused(&store, "mounted/new.txt").await;
    refused(&store, "mounted/n/new.txt").await;
    let answer = put(&store, "key.txt").await;
    assert!(matches!(answer, Err(StoreError::Conflict { .. })), "{answer:?}");
    ground.write("data/blobs/ab/more");
    put(&store, "honest/new.txt").await.unwrap();
    assert_eq!(next_path(&mut watcher).await, "honest/new.txt", "nothing closed is heard");

    // Mounted while the place is listened to.
    std::fs::create_dir(ground.path("drop/later")).unwrap();
    let _later = Mount::bind(&ground.path("data/blobs"), &ground.path("drop/later"));
    unread(&store, "later/ab/text", &ground.path("data/blobs/ab/text")).await;
    refused(&store, "later/new.txt").await;
    let (found, closed) = listed(&store).await;
    assert_eq!(found, ["a.txt", "honest/honest.txt", "honest/new.txt", "sample/own.txt"]);
    assert_eq!(closed, ["key.txt", "later", "mounted"]);
    assert_eq!(names(&ground.path("data/blobs")), ["ab"]);
    assert_eq!(names(&ground.path("data/blobs/ab")), ["more", "text"]);
}

#[tokio::test]
async fn a_mount_of_what_lies_around_the_data_folder_shows_all_but_the_data() {
    let ground = Ground::new();
    let _disk = Mount::tmpfs(&ground.path("data/index"));
    ground.write("data/index/1741000/segment");
    let outer = tempfile::tempdir().unwrap();
    let _around = Mount::bind(ground.root.path(), &outer.path().join("around"));
    let _index = Mount::bind(&ground.path("data/index/1741000"), &outer.path().join("index"));
    let _disk_again = Mount::bind(&ground.path("data/index"), &outer.path().join("disk"));
    let store = FolderStore::new("drop", outer.path(), ground.closed.clone());
    let (found, closed) = listed(&store).await;
    assert_eq!(found, ["around/drop/a.txt"]);
    assert_eq!(closed, ["around/data", "disk", "index"]);
    unread(&store, "index/segment", &ground.path("data/index/1741000/segment")).await;
}

#[tokio::test]
async fn a_mounted_part_of_the_data_folder_is_no_place() {
    let ground = Ground::new();
    let _mount = Mount::bind(&ground.path("data/blobs"), &ground.path("place"));
    for folder in ["place", "place/ab"] {
        let store = ground.store(folder);
        let listing: Vec<_> = store.list().collect().await;
        let denied = matches!(&listing[..], [Err(StoreError::Denied { .. })]);
        assert!(denied, "{folder}: {listing:?}");
        assert!(store.look("text").await.is_err(), "{folder}");
        assert!(store.watch().await.is_err(), "{folder}");
        assert!(put(&store, "new.txt").await.is_err(), "{folder}");
    }
    // One that was open when it was taken, and is another now.
    let store = ground.store("drop");
    assert_eq!(listed(&store).await.0, ["a.txt"]);
    let _mount = Mount::bind(&ground.path("data/blobs/ab"), &ground.path("drop"));
    assert!(store.look("text").await.is_err());
    let listing: Vec<_> = store.list().collect().await;
    assert!(matches!(&listing[..], [Err(StoreError::Denied { .. })]), "{listing:?}");
}

#[tokio::test]
async fn another_name_of_a_file_of_the_data_folder_is_left_out_and_honest_ones_are_not() {
    let ground = Ground::new();
    ground.link("data/local.key", "drop/key.txt");
    ground.link("data/blobs/ab/text", "drop/text.txt");
    // Two names in the place, and a backup that shares what did not change.
    ground.link("drop/a.txt", "drop/b.txt");
    ground.write("backup/c.txt");
    ground.link("backup/c.txt", "drop/c.txt");
    ground.link("data/drop/own.txt", "drop/own.txt");
    let store = ground.store("drop");
    let (found, closed) = listed(&store).await;
    assert_eq!(found, ["a.txt", "b.txt", "c.txt", "own.txt"]);
    assert_eq!(closed, ["key.txt", "text.txt"]);
    unread(&store, "key.txt", &ground.path("data/local.key")).await;
    unread(&store, "text.txt", &ground.path("data/blobs/ab/text")).await;
    assert!(store.look("c.txt").await.unwrap().is_some());

    // What is kept later, in a folder that was read and in one that was not.
    for file in ["data/blobs/ab/more", "data/index/1741000/segment"] {
        ground.write(file);
    }
    ground.link("data/blobs/ab/more", "drop/more.txt");
    unread(&store, "more.txt", &ground.path("data/blobs/ab/more")).await;
    ground.link("data/index/1741000/segment", "drop/segment");
    unread(&store, "segment", &ground.path("data/index/1741000/segment")).await;

    // What left the data folder is somebody else's.
    std::fs::remove_file(ground.path("data/blobs/ab/more")).unwrap();
    let (found, closed) = listed(&store).await;
    assert_eq!(found, ["a.txt", "b.txt", "c.txt", "more.txt", "own.txt"]);
    assert_eq!(closed, ["key.txt", "segment", "text.txt"]);
    // An upload takes the name, and the file of the data folder stays what it is.
    put(&store, "key.txt").await.unwrap();
    assert_eq!(std::fs::read(ground.path("data/local.key")).unwrap(), b"secret");
    assert!(store.look("key.txt").await.unwrap().is_some());
}

/// An overlay has a device of its own, and so has a copy; the mark in the folder tells.
#[tokio::test]
async fn data_that_comes_back_through_an_overlay_or_a_copy_is_closed() {
    let ground = Ground::new();
    for folder in ["data", "data/blobs"] {
        let path = ground.path(folder).join(Mark::FILE);
        std::fs::write(path, "5e1d0f0e-7d52-4c5e-8a0a-6f1f1d5f3b7a\n").unwrap();
    }
    let _space = Mount::tmpfs(&ground.path("space"));
    let (space, drop) = (ground.path("space"), ground.path("drop"));
    let _whole = Mount::overlay(&ground.path("data"), &space.join("1"), &drop.join("whole"));
    let _part = Mount::overlay(&ground.path("data/blobs"), &space.join("2"), &drop.join("part"));
    std::fs::create_dir_all(drop.join("copy/deep")).unwrap();
    for file in ["local.key", Mark::FILE] {
        std::fs::copy(ground.path("data").join(file), drop.join("copy/deep").join(file)).unwrap();
    }
    let (files, closed) = listed(&ground.store("drop")).await;
    assert_eq!(files, ["a.txt"]);
    assert_eq!(closed, ["copy/deep", "part", "whole"]);
    for path in ["whole/local.key", "part/ab/text", "copy/deep/local.key"] {
        let seen = ground.store("drop").look(path).await.unwrap();
        assert!(!matches!(seen, Some(Seen::Object(_))), "{path}: {seen:?}");
        assert!(put(&ground.store("drop"), path).await.is_err(), "{path}");
    }
    // As the place itself, and from within.
    for root in ["drop/whole", "drop/whole/blobs/ab", "drop/part", "drop/part/ab", "drop/copy/deep"]
    {
        let first = ground.store(root).list().next().await;
        assert!(matches!(first, Some(Err(StoreError::Denied { .. }))), "{root}: {first:?}");
        let data = ClosedFolder::new(&ground.path("data"), "the data folder").but("drop");
        let folder = std::fs::File::open(ground.path(root)).unwrap();
        assert!(data.holds(folder.as_fd()).unwrap(), "{root}");
    }
    // What is open in it is open there, too.
    let _open = Mount::overlay(&ground.path("data"), &space.join("3"), &ground.path("beside"));
    for root in ["data/drop", "beside/drop"] {
        assert_eq!(listed(&ground.store(root)).await.0, ["own.txt"], "{root}");
    }
}

/// Another service keeps its data in the folder, of this version or of one before the mark.
#[tokio::test]
async fn the_data_of_another_madang_is_no_part_of_the_folder_around_it() {
    let ground = Ground::new();
    for file in ["ledger.db", "local.key", "blobs/ab/text", "drop/theirs.txt"] {
        ground.write(&format!("drop/x/old/{file}"));
        ground.write(&format!("drop/x/data/{file}"));
    }
    ground.write("drop/x/b.txt");
    ground.write("drop/honest/ledger.db");
    for folder in ["drop/x/data", "drop/x/data/blobs"] {
        ground.write(&format!("{folder}/{}", Mark::FILE));
    }
    // A part of it by itself, as a backup has it.
    ground.write(&format!("drop/blobs/{}", Mark::FILE));
    ground.write("drop/blobs/ab/text");
    let stores =
        [ground.store("drop"), FolderStore::new("drop", &ground.path("drop"), Closed::default())];
    for store in &stores {
        let mut watcher = store.watch().await.unwrap().unwrap();
        let (files, closed) = listed(store).await;
        assert_eq!(files, ["a.txt", "honest/ledger.db", "x/b.txt"]);
        assert_eq!(closed, ["blobs", "x/data", "x/old"]);
        for folder in ["blobs", "x/data", "x/old"] {
            let seen = store.look(folder).await.unwrap();
            let is_closed =
                matches!(&seen, Some(Seen::LeftOut(one)) if one.kind == LeftOutKind::Closed);
            assert!(is_closed, "a look shows what a listing does: {folder}: {seen:?}");
        }
        for (path, real) in [
            ("x/data/local.key", "drop/x/data/local.key"),
            ("x/old/ledger.db", "drop/x/old/ledger.db"),
            ("blobs/ab/text", "drop/blobs/ab/text"),
        ] {
            let there = std::fs::metadata(ground.path(real)).unwrap();
            assert_eq!(there.len(), 6);
            shut(store, path).await;
            refused(store, path).await;
        }
        refused(store, "x/data/drop/new.txt").await;
        refused(store, "x/old/n/new.txt").await;
        ground.write("drop/x/data/heard.txt");
        ground.write("drop/x/c.txt");
        assert_eq!(next_path(&mut watcher).await, "x/c.txt", "closed folders are not heard");
        std::fs::remove_file(ground.path("drop/x/c.txt")).unwrap();
    }
    assert_eq!(std::fs::read(ground.path("drop/x/data/local.key")).unwrap(), b"secret");
    for root in ["x/data", "x/data/drop", "x/data/blobs/ab", "x/old", "x/old/drop", "blobs/ab"] {
        for closed in [ground.closed.clone(), Closed::default()] {
            let store = FolderStore::new("drop", &ground.path("drop").join(root), closed);
            let first = store.list().next().await;
            assert!(matches!(first, Some(Err(StoreError::Denied { .. }))), "{root}: {first:?}");
            assert!(put(&store, "new.txt").await.is_err(), "{root}");
            assert!(store.watch().await.is_err(), "{root}");
        }
    }
    // What is open in the own one stays open, whatever tells that it is one.
    ground.write("data/ledger.db");
    assert_eq!(listed(&ground.store("data/drop")).await.0, ["own.txt"]);
    ground.write(&format!("data/{}", Mark::FILE));
    assert_eq!(listed(&ground.store("data/drop")).await.0, ["own.txt"]);
}

#[tokio::test]
async fn a_folder_that_becomes_data_is_closed_from_then_on() {
    let ground = Ground::new();
    ground.write("drop/x/a.txt");
    let store = ground.store("drop");
    assert_eq!(listed(&store).await.0, ["a.txt", "x/a.txt"]);
    let mut watcher = store.watch().await.unwrap().unwrap();
    ground.write(&format!("drop/x/{}", Mark::FILE));
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(20), watcher.next()).await;
        if matches!(heard.unwrap().unwrap(), Heard::Everything) {
            break;
        }
    }
    assert!(store.look("x/a.txt").await.unwrap().is_none());
    refused(&store, "x/new.txt").await;
    // The place itself, between two listings.
    ground.write(&format!("drop/{}", Mark::FILE));
    let looked = store.look("a.txt").await;
    assert!(matches!(looked, Err(StoreError::Denied { .. })), "{looked:?}");
    assert!(put(&store, "a.txt").await.is_err());
}

#[tokio::test]
async fn what_is_written_into_a_file_that_may_close_its_folder_asks_for_no_listing() {
    let ground = Ground::new();
    let kept = ["drop/x/ledger.db".to_owned(), format!("drop/y/{}", Mark::FILE)];
    for file in &kept {
        ground.write(file);
    }
    let store = ground.store("drop");
    let mut watcher = store.watch().await.unwrap().unwrap();
    for file in &kept {
        ground.write(file);
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o640);
        std::fs::set_permissions(ground.path(file), mode).unwrap();
    }
    ground.write("drop/end.txt");
    let mut paths = Vec::new();
    loop {
        let heard = tokio::time::timeout(Duration::from_secs(20), watcher.next()).await;
        match heard.unwrap().unwrap() {
            Heard::Path(path) if path == "end.txt" => break,
            Heard::Path(path) => paths.push(path),
            heard => panic!("{heard:?}"),
        }
    }
    assert!(paths.iter().any(|path| path == "x/ledger.db"), "{paths:?}");
    // One that goes opens what it closed, and one that is moved there closes it.
    for (from, to) in [("drop/x/ledger.db", "aside"), ("aside", "drop/x/ledger.db")] {
        std::fs::rename(ground.path(from), ground.path(to)).unwrap();
        loop {
            let heard = tokio::time::timeout(Duration::from_secs(20), watcher.next()).await;
            if matches!(heard.unwrap().unwrap(), Heard::Everything) {
                break;
            }
        }
    }
}
