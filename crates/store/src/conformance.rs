//! What every implementation of [`Store`] must do, as plain functions that panic where it does not. A backend's test
//! hands in [`Ground`]s, each empty, and calls [`all`].

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "these functions are tests that backends outside of this crate run too: to panic is their answer"
)]

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use madang_document::object::ObjectRef;
use madang_document::object_key;

use crate::error::StoreError;
use crate::store::{Body, Listed, Pinned, Precondition, Seen, Store};

/// A store, and whoever fills its place by other means: a program of the service's own, say.
#[async_trait]
pub trait Ground: Send + Sync {
    /// The store under trial.
    fn store(&self) -> Arc<dyn Store>;

    /// Puts these bytes under a key, whatever is there. False if the place cannot have such a key.
    async fn lay(&self, key: &str, bytes: &[u8]) -> bool;

    /// Takes away what is under a key.
    async fn take(&self, key: &str);

    /// Things in one page of a listing; none if all come at once.
    fn page(&self) -> Option<usize>;

    /// Whether the service itself holds a condition and the write together. An emulator may not.
    fn is_atomic(&self) -> bool;
}

/// Holds a backend to every promise. `make` gives an empty ground each time.
pub async fn all(mut make: impl AsyncFnMut() -> Arc<dyn Ground>) {
    macro_rules! hold {
        ($($promise:path),+ $(,)?) => {$(
            let ground = make().await;
            $promise(&ground).await;
        )+};
    }
    hold!(
        a_listing_is_in_the_order_of_the_keys,
        a_listing_goes_on_after_a_page,
        an_odd_key_ends_no_listing,
        an_empty_object_is_one_and_the_mark_of_a_folder_is_none,
        an_object_is_read_in_ranges,
        a_version_that_was_replaced_is_gone,
        what_was_put_is_there_whole,
        what_broke_off_leaves_nothing,
        conditions_are_kept,
        a_condition_holds_at_the_end_of_an_upload,
        of_many_who_come_first_one_is,
        paths_that_lead_elsewhere_are_refused,
    );
}

/// Bytes of an upload that goes in parts, where a backend has such: two whole ones and a rest.
const LARGE: usize = (17 << 20) + 12_345;

/// So many bytes that no two stretches of them are alike.
fn bytes(size: usize) -> Vec<u8> {
    (0..size.div_ceil(8) as u64).flat_map(u64::to_le_bytes).take(size).collect()
}

/// The bytes as they come from a browser: in pieces of no round size.
fn body(bytes: &[u8]) -> Body {
    let pieces: Vec<std::io::Result<Bytes>> =
        bytes.chunks(61_441).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    futures::stream::iter(pieces).boxed()
}

fn broken_after(bytes: &[u8]) -> Body {
    let broken = std::io::Error::other("the sender went away");
    body(bytes).chain(futures::stream::iter([Err(broken)])).boxed()
}

async fn put(store: &Arc<dyn Store>, path: &str, bytes: &[u8], condition: Precondition) -> Listed {
    store.put(path, body(bytes), condition).await.unwrap_or_else(|error| panic!("{path}: {error}"))
}

async fn list(store: &Arc<dyn Store>) -> Vec<Seen> {
    let seen: Vec<Seen> = store.list().map(|seen| seen.expect("a listing")).collect().await;
    for pair in seen.windows(2) {
        assert!(pair[0].key() < pair[1].key(), "{:?} before {:?}", pair[0].key(), pair[1].key());
    }
    seen
}

async fn files(store: &Arc<dyn Store>) -> BTreeMap<String, Listed> {
    let seen = list(store).await.into_iter();
    seen.map(|seen| match seen {
        Seen::Object(listed) => (listed.path.clone(), listed),
        other => panic!("{other:?}"),
    })
    .collect()
}

fn version(store: &Arc<dyn Store>, listed: &Listed) -> ObjectRef {
    ObjectRef {
        store: store.name().to_owned(),
        path: listed.path.clone(),
        version: listed.version.clone(),
        size: listed.size,
    }
}

async fn whole(pinned: &dyn Pinned, size: u64) -> Result<Vec<u8>, StoreError> {
    let mut whole = Vec::new();
    while (whole.len() as u64) < size {
        let piece = pinned.read(whole.len() as u64, 3 << 20).await?;
        assert!(!piece.is_empty(), "the end came early");
        whole.extend_from_slice(&piece);
    }
    pinned.unchanged().await?;
    Ok(whole)
}

async fn read(store: &Arc<dyn Store>, listed: &Listed) -> Vec<u8> {
    let pinned = store.open(&version(store, listed)).await;
    let pinned = pinned.unwrap_or_else(|error| panic!("{}: {error}", listed.path));
    whole(pinned.as_ref(), listed.size).await.unwrap()
}

async fn look(store: &Arc<dyn Store>, path: &str) -> Option<Listed> {
    match store.look(path).await.unwrap() {
        None => None,
        Some(Seen::Object(listed)) => Some(listed),
        Some(other) => panic!("{other:?}"),
    }
}

/// Any name comes back as it was, in the order of the bytes, and a look shows the same.
pub async fn a_listing_is_in_the_order_of_the_keys(ground: &Arc<dyn Ground>) {
    let store = ground.store();
    assert!(list(&store).await.is_empty(), "nothing was laid there");
    let keys = [
        "a",
        "a b c",
        "a+b&c=d",
        "a-",
        "a.txt",
        "a/b",
        "a/b.txt",
        "a0",
        "a#b?c",
        "a%2Fb",
        "a%zz",
        "b\\c",
        "보도자료/2026/첫 번째 글 (최종).hwp",
        "보도자료.hwp",
        "\u{1100}\u{1161}",
        "😀",
        "~\"'<>&;",
    ];
    let mut expected = BTreeMap::new();
    for key in keys {
        if ground.lay(key, key.as_bytes()).await {
            expected.insert(object_key::from_bytes(key.as_bytes()), key);
        }
    }
    assert!(expected.len() >= keys.len() - 2, "{expected:?}");
    let listed = files(&store).await;
    assert!(listed.keys().eq(expected.keys()), "{:?}", listed.keys());
    for (path, listed) in &listed {
        assert_eq!(look(&store, path).await.as_ref(), Some(listed));
        assert_eq!(read(&store, listed).await, expected[path].as_bytes());
    }
    assert_eq!(look(&store, "a/none").await, None);
}

/// A listing is longer than what a service says at once.
pub async fn a_listing_goes_on_after_a_page(ground: &Arc<dyn Ground>) {
    let Some(page) = ground.page() else { return };
    let count = page + 10;
    let laying = futures::stream::iter(0..count).for_each_concurrent(16, |n| async move {
        assert!(ground.lay(&format!("n/{n:05}"), b"x").await);
    });
    laying.await;
    let store = ground.store();
    assert_eq!(files(&store).await.len(), count);
    // Whoever listens no longer hears no more.
    let first: Vec<_> = store.list().take(3).collect().await;
    assert_eq!(first.len(), 3);
}

/// What cannot be asked for is named, by a listing and by a look, and hides nothing else.
pub async fn an_odd_key_ends_no_listing(ground: &Arc<dyn Ground>) {
    let plain = ["a", "m/n", "z"];
    for key in plain {
        assert!(ground.lay(key, b"plain").await);
    }
    let mut odd = Vec::new();
    for key in
        ["a//b", "/c", "d/", "e/../f", "g/./h", "i/..", "j\u{1}k", "l\nm", "보도//자료", "%2F%2F"]
    {
        if ground.lay(key, b"odd").await {
            odd.push(key);
        }
    }
    let store = ground.store();
    let seen = list(&store).await;
    let mut found = BTreeMap::new();
    for seen in &seen {
        assert_eq!(store.look(seen.key()).await.unwrap().as_ref(), Some(seen));
        match seen {
            Seen::Object(listed) => {
                let bytes = read(&store, listed).await;
                found.insert(listed.path.clone(), bytes == b"plain");
            }
            Seen::LeftOut(left_out) => {
                assert!(left_out.reason.contains("rename"), "{left_out:?}: no cure");
                found.insert(left_out.key.clone(), false);
            }
            Seen::Unlisted { .. } => panic!("{seen:?}"),
        }
    }
    let mut expected: BTreeMap<String, bool> =
        plain.iter().map(|key| ((*key).to_owned(), true)).collect();
    expected.extend(odd.iter().map(|key| (object_key::from_bytes(key.as_bytes()), false)));
    assert_eq!(found, expected);
}

/// An empty file is a file; an empty object with a slash at its end is how consoles show a folder.
pub async fn an_empty_object_is_one_and_the_mark_of_a_folder_is_none(ground: &Arc<dyn Ground>) {
    assert!(ground.lay("empty", b"").await);
    assert!(ground.lay("folder/file", b"1").await);
    ground.lay("folder/", b"").await;
    ground.lay("lone/", b"").await;
    let store = ground.store();
    let listed = files(&store).await;
    assert!(listed.keys().eq(["empty", "folder/file"]), "{listed:?}");
    assert_eq!(listed["empty"].size, 0);
    let empty = store.open(&version(&store, &listed["empty"])).await.unwrap();
    assert!(empty.read(0, 10).await.unwrap().is_empty());
    empty.unchanged().await.unwrap();
}

/// A range is what was asked for, cut at the end.
pub async fn an_object_is_read_in_ranges(ground: &Arc<dyn Ground>) {
    let all = bytes(100_000);
    assert!(ground.lay("n/object", &all).await);
    let store = ground.store();
    let listed = look(&store, "n/object").await.unwrap();
    assert_eq!(listed.size, 100_000);
    let pinned = store.open(&version(&store, &listed)).await.unwrap();
    for (offset, length, expected) in [
        (0, 10, &all[..10]),
        (70_001, 9, &all[70_001..70_010]),
        (99_990, 100, &all[99_990..]),
        (0, 1 << 40, &all[..]),
        (100_000, 1, &[]),
        (200_000, 1, &[]),
    ] {
        assert_eq!(pinned.read(offset, length).await.unwrap(), expected, "{offset} {length}");
    }
    pinned.unchanged().await.unwrap();
}

/// One version is read, or none.
pub async fn a_version_that_was_replaced_is_gone(ground: &Arc<dyn Ground>) {
    let gone = |result: Result<_, StoreError>| matches!(result, Err(StoreError::Gone(_)));
    assert!(ground.lay("object", b"first").await);
    let store = ground.store();
    let first = look(&store, "object").await.unwrap();
    let pinned = store.open(&version(&store, &first)).await.unwrap();
    assert_eq!(pinned.read(0, 5).await.unwrap(), &b"first"[..]);
    pinned.unchanged().await.unwrap();

    assert!(ground.lay("object", b"other").await);
    let between = match pinned.read(0, 5).await {
        Ok(_) => pinned.unchanged().await,
        Err(error) => Err(error),
    };
    assert!(gone(between), "it was replaced between two reads");
    assert!(gone(store.open(&version(&store, &first)).await.map(|_| ())), "an old version");
    let other = look(&store, "object").await.unwrap();
    assert_ne!(other.version, first.version);
    assert_eq!(read(&store, &other).await, b"other");

    let pinned = store.open(&version(&store, &other)).await.unwrap();
    ground.take("object").await;
    // Whoever holds a file by its descriptor may read what was taken away.
    if let Ok(bytes) = pinned.read(0, 5).await {
        assert_eq!(bytes, &b"other"[..]);
    }
    assert!(gone(store.open(&version(&store, &other)).await.map(|_| ())), "taken away");
    assert_eq!(look(&store, "object").await, None);
}

/// What was put is what is read, of any size, and is told as a listing will show it.
pub async fn what_was_put_is_there_whole(ground: &Arc<dyn Ground>) {
    let store = ground.store();
    for (path, size) in [
        ("empty.bin", 0),
        ("보도자료/글 1.txt", 12),
        ("large/a.bin", LARGE),
        ("even.bin", 16 << 20),
    ] {
        let content = bytes(size);
        let told = put(&store, path, &content, Precondition::Always).await;
        assert_eq!((told.path.as_str(), told.size), (path, size as u64));
        assert_eq!(look(&store, path).await.as_ref(), Some(&told));
        assert!(read(&store, &told).await == content, "{path}");
        let again = put(&store, path, b"again", Precondition::Always).await;
        assert_eq!(read(&store, &again).await, b"again");
        assert_eq!(files(&store).await[path], again);
    }
}

/// An upload that ends early leaves what was there.
pub async fn what_broke_off_leaves_nothing(ground: &Arc<dyn Ground>) {
    let store = ground.store();
    assert!(ground.lay("there", b"before").await);
    for size in [100, LARGE] {
        for path in ["there", "new", "folder/new"] {
            let broken = broken_after(&bytes(size));
            match store.put(path, broken, Precondition::Always).await {
                Err(StoreError::BrokenOff { path: told, .. }) => assert_eq!(told, path),
                other => panic!("{path}: {other:?}"),
            }
            assert!(files(&store).await.keys().eq(["there"]), "{path} of {size} bytes");
        }
    }
    assert_eq!(read(&store, &look(&store, "there").await.unwrap()).await, b"before");
}

async fn refused(store: &Arc<dyn Store>, path: &str, content: &[u8], condition: Precondition) {
    let told = format!("{condition:?}");
    match store.put(path, body(content), condition).await {
        Err(StoreError::Precondition(named)) => assert_eq!(named, path),
        other => panic!("{path} {told} of {} bytes: {other:?}", content.len()),
    }
}

/// A condition that does not hold writes nothing; one that holds does.
pub async fn conditions_are_kept(ground: &Arc<dyn Ground>) {
    let store = ground.store();
    for (path, size) in [("small", 10), ("large", LARGE)] {
        let content = bytes(size);
        refused(&store, path, &content, Precondition::IfVersion("none".into())).await;
        refused(&store, path, &content, Precondition::IfPresent).await;
        let first = put(&store, path, &content, Precondition::IfAbsent).await;
        refused(&store, path, b"second", Precondition::IfAbsent).await;
        refused(&store, path, &content, Precondition::IfAbsent).await;
        refused(&store, path, b"second", Precondition::IfVersion("none".into())).await;
        assert_eq!(look(&store, path).await.as_ref(), Some(&first));
        let mut second = content.clone();
        second[0] ^= 1;
        let given = Precondition::IfVersion(first.version.clone());
        let second = put(&store, path, &second, given.clone()).await;
        refused(&store, path, &content, given).await;
        assert_eq!(look(&store, path).await.as_ref(), Some(&second));
        let third = put(&store, path, &content, Precondition::IfPresent).await;
        assert_eq!(look(&store, path).await.as_ref(), Some(&third));
    }
}

/// The condition is the service's word when the object takes its place, not ours before the bytes came.
pub async fn a_condition_holds_at_the_end_of_an_upload(ground: &Arc<dyn Ground>) {
    let store = ground.store();
    for size in [100, LARGE] {
        for begun in [None, Some(b"first")] {
            let path = format!("n/{size}/{}", begun.is_some());
            let condition = match begun {
                None => Precondition::IfAbsent,
                Some(first) => {
                    let first = put(&store, &path, first, Precondition::Always).await;
                    Precondition::IfVersion(first.version)
                }
            };
            // When all but the last bytes have come, somebody else puts something there.
            let other = {
                let (ground, path) = (Arc::clone(ground), path.clone());
                futures::stream::once(async move {
                    assert!(ground.lay(&path, b"of somebody else").await);
                    Ok(Bytes::from_static(b"the end"))
                })
            };
            let coming = body(&bytes(size)).chain(other).boxed();
            match store.put(&path, coming, condition).await {
                Err(StoreError::Precondition(_)) => {}
                other => panic!("{path}: {other:?}"),
            }
            let there = look(&store, &path).await.unwrap();
            assert_eq!(read(&store, &there).await, b"of somebody else", "{path}");
        }
    }
}

/// Of uploads at the same time that want nothing to be there, one is the first.
pub async fn of_many_who_come_first_one_is(ground: &Arc<dyn Ground>) {
    if !ground.is_atomic() {
        return;
    }
    let store = ground.store();
    for size in [100, LARGE] {
        let path = format!("contested/{size}");
        let tries = (0..4u8).map(|n| {
            let mut content = bytes(size);
            content[0] = n;
            let (store, path) = (Arc::clone(&store), path.clone());
            async move {
                match store.put(&path, body(&content), Precondition::IfAbsent).await {
                    Ok(_) => Some(n),
                    Err(StoreError::Precondition(_)) => None,
                    Err(error) => panic!("{error}"),
                }
            }
        });
        let first: Vec<u8> = futures::future::join_all(tries).await.into_iter().flatten().collect();
        assert_eq!(first.len(), 1, "{path}: {first:?} were told that they are the first");
        let there = look(&store, &path).await.unwrap();
        assert_eq!(read(&store, &there).await[0], first[0], "{path}");
    }
}

/// No upload leaves the place, hides or misleads.
pub async fn paths_that_lead_elsewhere_are_refused(ground: &Arc<dyn Ground>) {
    let store = ground.store();
    for path in ["", "/a", "a/", "a//b", "..", "a/../b", "a/./b", ".hidden", "a\u{1}", "a\u{202E}b"]
    {
        match store.put(path, body(b"x"), Precondition::Always).await {
            Err(StoreError::Denied { .. }) => {}
            other => panic!("{path:?}: {other:?}"),
        }
    }
    assert!(list(&store).await.is_empty());
}

/// Every verb of a store whose keys are wrong says so, and what to do.
pub async fn wrong_keys_are_told_with_the_cure(store: &Arc<dyn Store>) {
    for error in errors(store).await {
        match error {
            StoreError::Denied { reason, .. } => {
                assert!(reason.contains("keys in madang.toml"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
}

/// Every verb of a store whose service is away says that trying again may help.
pub async fn a_service_that_is_away_is_told(store: &Arc<dyn Store>) {
    for error in errors(store).await {
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    }
}

/// What each verb says.
async fn errors(store: &Arc<dyn Store>) -> Vec<StoreError> {
    let object =
        ObjectRef { store: store.name().into(), path: "a".into(), version: "1".into(), size: 1 };
    let mut listing: Vec<_> = store.list().collect().await;
    assert_eq!(listing.len(), 1, "an error ends a listing: {listing:?}");
    vec![
        listing.remove(0).expect_err("a listing"),
        store.look("a").await.expect_err("a look"),
        store.open(&object).await.map(|_| ()).expect_err("a version"),
        store.put("a", body(b"x"), Precondition::Always).await.expect_err("a put"),
        store.put("a", body(&bytes(LARGE)), Precondition::IfAbsent).await.expect_err("a put"),
    ]
}
