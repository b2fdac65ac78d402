use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use madang_document::left_out::{LeftOut, LeftOutKind};
use madang_document::object::ObjectRef;
use madang_document::object_key;
use madang_document::timestamp::Timestamp;
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, PutPayload, UpdateVersion,
};

use crate::bucket_client::BucketClient;
use crate::error::StoreError;
use crate::listing_keys;
use crate::store::{Body, Listed, Listing, Pinned, Precondition, Seen, Store};
use crate::upload::check_path;
use crate::watcher::Watcher;

/// A prefix of a bucket. Paths are keys below the prefix.
#[derive(Clone)]
pub struct BucketStore {
    name: String,
    place: String,
    client: Arc<dyn BucketClient>,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Whether this service was seen to list out of order.
    unordered: Arc<AtomicBool>,
}

/// By its place: clients of services show their keys.
impl std::fmt::Debug for BucketStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketStore")
            .field("name", &self.name)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl BucketStore {
    /// The prefix of a bucket. `place` is its address, for people.
    ///
    /// # Errors
    /// When no path can say the prefix: an empty part, `..`, a control character.
    pub fn new(
        name: &str,
        place: String,
        client: Arc<dyn BucketClient>,
        prefix: &str,
    ) -> Result<BucketStore, object_store::path::Error> {
        // `Path::from` would write a Korean prefix in percent signs, which is another key.
        let prefix = Path::parse(prefix)?;
        let store = Arc::clone(client.objects());
        Ok(BucketStore {
            name: name.into(),
            place,
            client,
            store,
            prefix,
            unordered: Arc::default(),
        })
    }

    /// Everything, as the service lists it.
    fn objects(&self) -> BoxStream<'static, Result<Seen, StoreError>> {
        let bucket = self.clone();
        self.store
            .list(Some(&self.prefix))
            .map(move |meta| whole(Arc::clone(&bucket.store), meta))
            .buffered(HEADS)
            .filter_map({
                let bucket = self.clone();
                move |meta| {
                    let seen = match meta {
                        Ok(Some(meta)) => bucket.seen(&meta).map(Ok),
                        Ok(None) => None,
                        Err(error) => Some(Err(refusal(&bucket.place, error))),
                    };
                    std::future::ready(seen)
                }
            })
            .boxed()
    }

    /// Every object in order, of a service that lists in none: all of it lies in memory.
    async fn sorted(&self) -> Result<Vec<Seen>, StoreError> {
        let mut all: Vec<Seen> = self.objects().try_collect().await?;
        all.sort_by(|a, b| a.key().cmp(b.key()));
        Ok(all)
    }

    /// How a condition is said to the service; asks it what is there.
    async fn mode(&self, path: &str, condition: &Precondition) -> Result<PutMode, StoreError> {
        if *condition == Precondition::Always {
            return Ok(PutMode::Overwrite);
        }
        let there = match self.store.head(&self.key(path)?).await {
            Ok(meta) => Some(meta),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => return Err(refusal(path, error)),
        };
        let holds = match (condition, &there) {
            (Precondition::Always, _) => true,
            (Precondition::IfAbsent, there) => there.is_none(),
            (Precondition::IfPresent, there) => there.is_some(),
            (Precondition::IfVersion(wanted), there) => {
                there.as_ref().is_some_and(|there| *wanted == version(there))
            }
        };
        match there {
            _ if !holds => Err(StoreError::Precondition(path.to_owned())),
            None => Ok(PutMode::Create),
            Some(there) => {
                Ok(PutMode::Update(UpdateVersion { e_tag: there.e_tag, version: there.version }))
            }
        }
    }

    fn key(&self, path: &str) -> Result<Path, StoreError> {
        let bytes = object_key::to_bytes(path);
        // A name that is no UTF-8 is none that a bucket has.
        let Ok(text) = std::str::from_utf8(&bytes) else {
            return Err(StoreError::Gone(path.to_owned()));
        };
        let below = Path::parse(text).map_err(|error| StoreError::denied_by(path, error))?;
        if below.as_ref() != text {
            return Err(StoreError::denied(path, unaskable(text)));
        }
        Ok(self.prefix.parts().chain(below.parts()).collect())
    }

    /// A key without the prefix; none if it lies elsewhere.
    fn below<'a>(&self, key: &'a str) -> Option<&'a str> {
        match self.prefix.as_ref() {
            "" => Some(key),
            prefix => key.strip_prefix(prefix)?.strip_prefix('/'),
        }
    }

    /// What a thing of a listing is; none if it is nothing. Consoles make an empty object with a slash at the end of
    /// its key to show a folder.
    fn seen(&self, meta: &ObjectMeta) -> Option<Seen> {
        let Some(key) = listing_keys::unmark(&meta.location) else {
            return self.listed(meta).map(Seen::Object);
        };
        let below = self.below(&key)?;
        if below.is_empty() || (below.ends_with('/') && meta.size == 0) {
            return None;
        }
        Some(unasked(below))
    }

    /// An object by a key that can be asked for.
    async fn head(&self, path: &str) -> Result<Option<Listed>, StoreError> {
        match self.store.head(&self.key(path)?).await {
            Ok(meta) => Ok(self.listed(&meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(refusal(path, error)),
        }
    }

    fn listed(&self, meta: &ObjectMeta) -> Option<Listed> {
        let below = self.below(meta.location.as_ref()).filter(|below| !below.is_empty())?;
        Some(Listed {
            path: object_key::from_bytes(below.as_bytes()),
            version: version(meta),
            size: meta.size,
            modified: Some(Timestamp(meta.last_modified.timestamp_millis())),
        })
    }
}

/// An object that no client can ask for.
fn unasked(key: &str) -> Seen {
    Seen::LeftOut(LeftOut {
        key: object_key::from_bytes(key.as_bytes()),
        kind: LeftOutKind::Name,
        reason: unaskable(key).to_owned(),
    })
}

/// Why no client can ask for this key, and the cure.
fn unaskable(key: &str) -> &'static str {
    if key.ends_with('/') {
        "its key ends with a slash, as only folders do; rename the object"
    } else if key.starts_with('/') || key.contains("//") {
        "its key has an empty part, as in `a//b`; rename the object"
    } else if key.split('/').any(|part| part == "." || part == "..") {
        "its key has a part `.` or `..`; rename the object"
    } else {
        "its key holds control characters; rename the object"
    }
}

/// A listed object with its ETag. Some services list none, while a read is pinned to it: then each object is
/// asked for its own. None if it is gone meanwhile.
async fn whole(
    store: Arc<dyn ObjectStore>,
    listed: Result<ObjectMeta, object_store::Error>,
) -> Result<Option<ObjectMeta>, object_store::Error> {
    let meta = listed?;
    if meta.e_tag.is_some() || listing_keys::unmark(&meta.location).is_some() {
        return Ok(Some(meta));
    }
    match store.head(&meta.location).await {
        Ok(meta) => Ok(Some(meta)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Objects asked for their ETag at the same time, where the listing has none.
const HEADS: usize = 16;

/// The ETag: nearly every listing carries it, and a read can be pinned to it (If-Match). A VersionId would need a
/// request for each object, since listings have none.
fn version(meta: &ObjectMeta) -> String {
    match &meta.e_tag {
        Some(tag) => tag.trim_matches('"').to_owned(),
        None => format!("{}-{}", meta.last_modified.timestamp_millis(), meta.size),
    }
}

fn refusal(path: &str, error: object_store::Error) -> StoreError {
    use object_store::Error;
    match error {
        Error::NotFound { .. } | Error::Precondition { .. } => StoreError::Gone(path.to_owned()),
        // Before the refusals: where a proxy or the machine refuses to be asked for keys, nobody gave any.
        error if is_keyless(&error.to_string()) => StoreError::unavailable(path, KEYLESS, error),
        error if is_denied(&error) => {
            let reason = format!("{error}; check the store's keys in madang.toml");
            StoreError::Denied { path: path.to_owned(), reason, source: Some(error.into()) }
        }
        error => StoreError::unavailable(path, error.to_string(), error),
    }
}

/// What to do where nobody gave keys, and the machine has no role of its own that could stand for them.
pub const KEYLESS: &str = "no keys for this bucket: declare `[stores.…]` in madang.toml (madang.toml.example shows \
                           how), or set in the environment AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (s3://), \
                           GOOGLE_APPLICATION_CREDENTIALS (gs://), or AZURE_STORAGE_ACCOUNT_NAME and \
                           AZURE_STORAGE_ACCOUNT_KEY (az://)";

/// Whether these are the words of a client that was given no keys: it asks the machine's own service for some, which
/// has this address in every cloud, and answers in none but there.
fn is_keyless(words: &str) -> bool {
    ["//169.254.169.254", "//metadata.google.internal"].iter().any(|host| words.contains(host))
}

/// Whether the keys are wrong. Refused listings and refused sign-ins have no error of their own: only the status in
/// their words tells.
fn is_denied(error: &object_store::Error) -> bool {
    use object_store::Error;
    match error {
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => true,
        Error::Generic { .. } => {
            let words = error.to_string();
            ["401 Unauthorized", "403 Forbidden", "invalid_grant", "invalid_client"]
                .iter()
                .any(|refused| words.contains(refused))
        }
        _ => false,
    }
}

#[async_trait]
impl Store for BucketStore {
    fn name(&self) -> &str {
        &self.name
    }

    fn place(&self) -> String {
        self.place.clone()
    }

    fn list(&self) -> Listing {
        let listed = if self.unordered.load(Ordering::Relaxed) {
            let bucket = self.clone();
            futures::stream::once(async move { bucket.sorted().await })
                .map_ok(|all| futures::stream::iter(all.into_iter().map(Ok)))
                .try_flatten()
                .boxed()
        } else {
            self.objects()
        };
        let unordered = Arc::clone(&self.unordered);
        let place = self.place.clone();
        let mut last = String::new();
        listed
            .map(move |seen| {
                let seen = seen?;
                if seen.key() <= last.as_str() && !last.is_empty() {
                    unordered.store(true, Ordering::Relaxed);
                    let reason =
                        "the service does not list in order; it is listed again, as a whole";
                    return Err(StoreError::away(&place, reason));
                }
                last.clear();
                last.push_str(seen.key());
                Ok(seen)
            })
            .boxed()
    }

    async fn look(&self, path: &str) -> Result<Option<Seen>, StoreError> {
        let bytes = object_key::to_bytes(path);
        // A name that is no UTF-8 is none that a bucket has.
        let Ok(text) = std::str::from_utf8(&bytes) else { return Ok(None) };
        match Path::parse(text) {
            Ok(below) if below.as_ref() == text => Ok(self.head(path).await?.map(Seen::Object)),
            _ => Ok(Some(unasked(text))),
        }
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        let key = self.key(&object.path)?;
        match self.head(&object.path).await? {
            Some(there) if there.version == object.version => Ok(Box::new(PinnedKey {
                store: Arc::clone(&self.store),
                key,
                object: object.clone(),
            })),
            _ => Err(StoreError::Gone(object.path.clone())),
        }
    }

    async fn put(
        &self,
        path: &str,
        mut body: Body,
        condition: Precondition,
    ) -> Result<Listed, StoreError> {
        check_path(path).map_err(|bad| StoreError::denied_by(path, bad))?;
        let key = self.key(path)?;
        // Before the bytes come: nobody should send 10 GB to hear that. From then on the condition is the service's.
        let mode = self.mode(path, &condition).await?;
        let mut upload: Option<Parts> = None;
        let mut part: Vec<u8> = Vec::new();
        let broken = |source| StoreError::BrokenOff { path: path.to_owned(), source };
        while let Some(chunk) = body.try_next().await.map_err(broken)? {
            part.extend_from_slice(&chunk);
            if part.len() >= PART {
                let upload = match &mut upload {
                    Some(upload) => upload,
                    None => upload.insert(Parts::begin(self, path, &key, mode.clone()).await?),
                };
                upload.put(std::mem::take(&mut part)).await?;
            }
        }
        match upload {
            None => {
                let options = PutOptions::from(mode);
                let whole = PutPayload::from(part);
                let put = self.store.put_opts(&key, whole, options).await;
                put.map_err(|error| put_refusal(path, error))?;
            }
            Some(mut upload) => {
                if !part.is_empty() {
                    upload.put(part).await?;
                }
                upload.complete().await?;
            }
        }
        self.head(path).await?.ok_or_else(|| StoreError::Gone(path.to_owned()))
    }

    async fn watch(&self) -> Result<Option<Watcher>, StoreError> {
        Ok(None)
    }
}

/// Bytes of a part of an upload, but for the last: S3 takes none under 5 MiB, and ten thousand at most.
const PART: usize = 8 << 20;

/// An upload in parts. Let go unfinished, it is taken back: unseen parts are paid for until somebody does.
struct Parts {
    upload: Option<Box<dyn MultipartUpload>>,
    path: String,
}

impl Parts {
    async fn begin(
        bucket: &BucketStore,
        path: &str,
        key: &Path,
        mode: PutMode,
    ) -> Result<Parts, StoreError> {
        let upload = bucket.client.begin(key, mode).await;
        let upload = upload.map_err(|error| put_refusal(path, error))?;
        Ok(Parts { upload: Some(upload), path: path.to_owned() })
    }

    async fn put(&mut self, part: Vec<u8>) -> Result<(), StoreError> {
        let Some(upload) = &mut self.upload else { return Ok(()) };
        let put = upload.put_part(PutPayload::from(part)).await;
        put.map_err(|error| put_refusal(&self.path, error))
    }

    async fn complete(mut self) -> Result<(), StoreError> {
        let Some(upload) = &mut self.upload else { return Ok(()) };
        upload.complete().await.map_err(|error| put_refusal(&self.path, error))?;
        self.upload = None;
        Ok(())
    }
}

impl Drop for Parts {
    fn drop(&mut self) {
        if let (Some(mut upload), Ok(runtime)) =
            (self.upload.take(), tokio::runtime::Handle::try_current())
        {
            runtime.spawn(async move {
                let _ = upload.abort().await;
            });
        }
    }
}

/// What a failed write means: a condition that does not hold is none of a file that is gone.
fn put_refusal(path: &str, error: object_store::Error) -> StoreError {
    use object_store::Error;
    match error {
        Error::AlreadyExists { .. } | Error::Precondition { .. } | Error::NotModified { .. } => {
            StoreError::Precondition(path.to_owned())
        }
        // Nothing has to be there for a write but the bucket itself.
        error @ Error::NotFound { .. } => {
            let reason = format!("the bucket is not there: {error}");
            StoreError::unavailable(path, reason, error)
        }
        error => refusal(path, error),
    }
}

struct PinnedKey {
    store: Arc<dyn ObjectStore>,
    key: Path,
    object: ObjectRef,
}

#[async_trait]
impl Pinned for PinnedKey {
    async fn read(&self, offset: u64, length: u64) -> Result<Bytes, StoreError> {
        let end = offset.saturating_add(length).min(self.object.size);
        if offset >= end {
            return Ok(Bytes::new());
        }
        let options = GetOptions::default()
            .with_range(Some(GetRange::Bounded(offset..end)))
            .with_if_match(Some(format!("\"{}\"", self.object.version)));
        let answer = self.store.get_opts(&self.key, options).await;
        let answer = answer.map_err(|error| refusal(&self.object.path, error))?;
        // Not every service honours the condition.
        if version(&answer.meta) != self.object.version {
            return Err(StoreError::Gone(self.object.path.clone()));
        }
        answer.bytes().await.map_err(|error| refusal(&self.object.path, error))
    }

    async fn unchanged(&self) -> Result<(), StoreError> {
        // Every range was asked for with If-Match: had it changed, a read would have failed.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_without_keys_says_what_is_missing() {
        for asked in [
            "http://169.254.169.254/latest/api/token",
            "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token",
        ] {
            for end in ["after 3 retries", "Server returned non-2xx status code: 403 Forbidden"] {
                let words = format!("Error performing PUT {asked} in 1.2s, {end}");
                let error = object_store::Error::Generic { store: "S3", source: words.into() };
                let told = refusal("s3://drop/press", error).to_string();
                assert_eq!(told, format!("`s3://drop/press`: {KEYLESS}"));
            }
        }
        for name in
            ["AWS_SECRET_ACCESS_KEY", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_STORAGE_ACCOUNT_KEY"]
        {
            assert!(KEYLESS.contains(name), "no {name}: {KEYLESS}");
        }
        let words = "Error performing GET http://minio:9000/drop in 1.2s".into();
        let error = object_store::Error::Generic { store: "S3", source: words };
        assert!(!refusal("s3://drop", error).to_string().contains(KEYLESS));
    }
}
