use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use madang_document::object::ObjectRef;
use madang_document::timestamp::Timestamp;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutMode,
    PutOptions, PutPayload, UpdateVersion,
};
use serde::Deserialize;

use crate::error::StoreError;
use crate::store::{Body, Condition, Listed, Listing, Pinned, Seen, Store};
use crate::tls;
use crate::upload::check_path;
use crate::watcher::Watcher;

/// What is declared of an S3 store, under its name in `madang.toml`.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BucketSettings {
    /// Address of the service, as in `http://127.0.0.1:9000`; Amazon's own if there is none.
    pub endpoint: Option<String>,
    /// Region; `us-east-1` if there is none, which most other services accept.
    pub region: Option<String>,
    /// Access key.
    pub access_key_id: Option<String>,
    /// Secret key.
    pub secret_access_key: Option<String>,
    /// File that holds the secret key, read by the binary.
    pub secret_access_key_file: Option<std::path::PathBuf>,
    /// Whether an address without TLS is acceptable.
    #[serde(default)]
    pub allow_http: bool,
}

impl BucketSettings {
    /// The client of a bucket.
    ///
    /// # Errors
    /// When the settings do not make one; the message names what is missing.
    pub fn client(&self, bucket: &str) -> Result<AmazonS3, object_store::Error> {
        tls::provide();
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(bucket)
            .with_region(self.region.as_deref().unwrap_or("us-east-1"))
            .with_allow_http(self.allow_http);
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        if let (Some(id), Some(secret)) = (&self.access_key_id, &self.secret_access_key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret);
        }
        builder.build()
    }
}

/// Without the secret: settings end up in messages.
impl std::fmt::Debug for BucketSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BucketSettings")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// A prefix of a bucket. Paths are keys below the prefix.
#[derive(Clone, Debug)]
pub struct BucketStore {
    name: String,
    place: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// Whether this service was seen to list out of order.
    unordered: Arc<AtomicBool>,
}

impl BucketStore {
    /// The prefix of an S3 bucket.
    ///
    /// # Errors
    /// When the settings do not make a client; the message names what is missing.
    pub fn s3(
        name: &str,
        bucket: &str,
        prefix: &str,
        settings: &BucketSettings,
    ) -> Result<BucketStore, object_store::Error> {
        let store = Arc::new(settings.client(bucket)?);
        let place = format!("s3://{bucket}/{prefix}");
        // `Path::from` would write a Korean prefix in percent signs, which is another key.
        Ok(BucketStore::new(name, place, store, Path::parse(prefix)?))
    }

    /// The prefix of any object store.
    pub fn new(
        name: &str,
        place: String,
        store: Arc<dyn ObjectStore>,
        prefix: Path,
    ) -> BucketStore {
        BucketStore { name: name.into(), place, store, prefix, unordered: Arc::default() }
    }

    /// Every object, as the service lists them.
    fn objects(&self) -> BoxStream<'static, Result<Listed, StoreError>> {
        let bucket = self.clone();
        self.store
            .list(Some(&self.prefix))
            .map(move |meta| whole(Arc::clone(&bucket.store), meta))
            .buffered(HEADS)
            .filter_map({
                let bucket = self.clone();
                move |meta| {
                    let listed = match meta {
                        Ok(Some(meta)) => bucket.listed(&meta).map(Ok),
                        Ok(None) => None,
                        Err(error) => Some(Err(refusal(&bucket.place, error))),
                    };
                    std::future::ready(listed)
                }
            })
            .boxed()
    }

    /// Every object in order, of a service that lists in none: all of it lies in memory.
    async fn sorted(&self) -> Result<Vec<Listed>, StoreError> {
        let mut all: Vec<Listed> = self.objects().try_collect().await?;
        all.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(all)
    }

    /// How a condition is said to the service; asks it what is there.
    async fn mode(&self, path: &str, condition: &Condition) -> Result<PutMode, StoreError> {
        let wanted = match condition {
            Condition::Always => return Ok(PutMode::Overwrite),
            Condition::IfAbsent => None,
            Condition::IfVersion(wanted) => Some(wanted),
        };
        let there = match self.store.head(&self.key(path)?).await {
            Ok(meta) => Some(meta),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => return Err(refusal(path, error)),
        };
        match (wanted, there) {
            (None, None) => Ok(PutMode::Create),
            (Some(wanted), Some(there)) if *wanted == version(&there) => {
                Ok(PutMode::Update(UpdateVersion { e_tag: there.e_tag, version: there.version }))
            }
            _ => Err(StoreError::Precondition(path.to_owned())),
        }
    }

    fn key(&self, path: &str) -> Result<Path, StoreError> {
        let below =
            Path::parse(path).map_err(|error| StoreError::denied(path, error.to_string()))?;
        Ok(self.prefix.parts().chain(below.parts()).collect())
    }

    fn listed(&self, meta: &ObjectMeta) -> Option<Listed> {
        let below: Path = meta.location.prefix_match(&self.prefix)?.collect();
        Some(Listed {
            path: below.to_string(),
            version: version(meta),
            size: meta.size,
            modified: Some(Timestamp(meta.last_modified.timestamp_millis())),
        })
        .filter(|listed| !listed.path.is_empty())
    }
}

/// A listed object with its ETag. Some services list none, while a read is pinned to it: then each object is
/// asked for its own. An empty one is asked for, too: consoles make such objects to show a folder, with a slash
/// at the end of their name that does not come through. None if it is gone meanwhile.
async fn whole(
    store: Arc<dyn ObjectStore>,
    listed: Result<ObjectMeta, object_store::Error>,
) -> Result<Option<ObjectMeta>, object_store::Error> {
    let meta = listed?;
    if meta.e_tag.is_some() && meta.size > 0 {
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
    // A refused listing has no error of its own: only its words tell that the keys are wrong.
    let refused =
        matches!(&error, Error::Generic { .. } if error.to_string().contains("403 Forbidden"));
    match error {
        Error::NotFound { .. } | Error::Precondition { .. } => StoreError::Gone(path.to_owned()),
        error
            if refused
                || matches!(
                    error,
                    Error::PermissionDenied { .. } | Error::Unauthenticated { .. }
                ) =>
        {
            let reason = format!("{error}; check the store's keys in madang.toml");
            StoreError::Denied { path: path.to_owned(), reason, source: Some(error.into()) }
        }
        error => StoreError::unavailable(path, error.to_string(), error),
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
            .map(move |listed| {
                let listed = listed?;
                if listed.path <= last && !last.is_empty() {
                    unordered.store(true, Ordering::Relaxed);
                    let reason =
                        "the service does not list in order; it is listed again, as a whole";
                    return Err(StoreError::away(&place, reason));
                }
                last.clone_from(&listed.path);
                Ok(Seen::Object(listed))
            })
            .boxed()
    }

    async fn look(&self, path: &str) -> Result<Option<Listed>, StoreError> {
        match self.store.head(&self.key(path)?).await {
            Ok(meta) => Ok(self.listed(&meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(refusal(path, error)),
        }
    }

    async fn open(&self, object: &ObjectRef) -> Result<Box<dyn Pinned>, StoreError> {
        let key = self.key(&object.path)?;
        match self.look(&object.path).await? {
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
        condition: Condition,
    ) -> Result<Listed, StoreError> {
        check_path(path).map_err(|reason| StoreError::denied(path, reason.to_string()))?;
        let key = self.key(path)?;
        // Before the bytes come: nobody should send 10 GB to hear that.
        self.mode(path, &condition).await?;
        // Parts of an upload to S3 are 5 MiB or more, but for the last.
        const PART: usize = 8 << 20;
        let mut upload: Option<Parts> = None;
        let mut part: Vec<u8> = Vec::new();
        let broken = |source| StoreError::BrokenOff { path: path.to_owned(), source };
        while let Some(chunk) = body.try_next().await.map_err(broken)? {
            part.extend_from_slice(&chunk);
            if part.len() >= PART {
                let upload = match &mut upload {
                    Some(upload) => upload,
                    None => upload.insert(Parts::begin(self, path, &key).await?),
                };
                upload.put(std::mem::take(&mut part)).await?;
            }
        }
        match upload {
            None => {
                let options = PutOptions::from(self.mode(path, &condition).await?);
                let whole = PutPayload::from(part);
                let put = self.store.put_opts(&key, whole, options).await;
                put.map_err(|error| put_refusal(path, error))?;
            }
            Some(mut upload) => {
                if !part.is_empty() {
                    upload.put(part).await?;
                }
                // An upload in parts takes no condition with it, so it is asked once more just before the end.
                self.mode(path, &condition).await?;
                upload.complete().await?;
            }
        }
        self.look(path).await?.ok_or_else(|| StoreError::Gone(path.to_owned()))
    }

    async fn watch(&self) -> Result<Option<Watcher>, StoreError> {
        Ok(None)
    }
}

/// An upload in parts. Let go unfinished, it is taken back: unseen parts are paid for until somebody does.
struct Parts {
    upload: Option<Box<dyn MultipartUpload>>,
    path: String,
}

impl Parts {
    async fn begin(bucket: &BucketStore, path: &str, key: &Path) -> Result<Parts, StoreError> {
        let upload = bucket.store.put_multipart(key).await.map_err(|e| put_refusal(path, e))?;
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
        error => refusal(path, error),
    }
}

#[derive(Debug)]
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
