use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use madang_document::object::ObjectRef;
use madang_document::timestamp::Timestamp;
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{
    GetOptions, GetRange, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt, PutPayload,
};
use serde::Deserialize;

use crate::store::{Listed, Listing, Pinned, Store, StoreError};

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
        BucketStore { name: name.into(), place, store, prefix }
    }

    fn key(&self, path: &str) -> Result<Path, StoreError> {
        let below = Path::parse(path)
            .map_err(|error| StoreError::Denied { path: path.into(), reason: error.to_string() })?;
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
/// asked for its own. None if it is gone meanwhile.
async fn with_tag(
    store: Arc<dyn ObjectStore>,
    listed: Result<ObjectMeta, object_store::Error>,
) -> Result<Option<ObjectMeta>, object_store::Error> {
    let meta = listed?;
    if meta.e_tag.is_some() {
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
    let path = path.to_owned();
    match error {
        Error::NotFound { .. } | Error::Precondition { .. } => StoreError::Gone(path),
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            let reason = format!("{error}; check the store's keys in madang.toml");
            StoreError::Denied { path, reason }
        }
        // A refused listing has no error of its own: only its words tell that the keys are wrong.
        Error::Generic { .. } if error.to_string().contains("403 Forbidden") => {
            let reason = format!("{error}; check the store's keys in madang.toml");
            StoreError::Denied { path, reason }
        }
        error => StoreError::Unavailable { path, reason: error.to_string() },
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

    async fn list(&self) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        let mut objects = self
            .store
            .list(Some(&self.prefix))
            .map(|meta| with_tag(Arc::clone(&self.store), meta))
            .buffered(HEADS);
        while let Some(meta) = objects.next().await {
            let Some(meta) = meta.map_err(|error| refusal(&self.place, error))? else { continue };
            // Consoles make empty objects that end in a slash to show a folder.
            if meta.size > 0 || !meta.location.as_ref().ends_with('/') {
                listing.objects.extend(self.listed(&meta));
            }
        }
        listing.objects.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(listing)
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
        mut body: BoxStream<'static, std::io::Result<Bytes>>,
    ) -> Result<Listed, StoreError> {
        let key = self.key(path)?;
        // Parts of an upload to S3 are 5 MiB or more, but for the last.
        const PART: usize = 8 << 20;
        let mut upload: Option<Box<dyn MultipartUpload>> = None;
        let mut part: Vec<u8> = Vec::new();
        while let Some(chunk) = body.try_next().await.map_err(|error| StoreError::BrokenOff {
            path: path.into(),
            reason: error.to_string(),
        })? {
            part.extend_from_slice(&chunk);
            if part.len() >= PART {
                let upload = match &mut upload {
                    Some(upload) => upload,
                    None => upload.insert(
                        self.store.put_multipart(&key).await.map_err(|e| refusal(path, e))?,
                    ),
                };
                let full = PutPayload::from(std::mem::take(&mut part));
                upload.put_part(full).await.map_err(|error| refusal(path, error))?;
            }
        }
        match upload {
            None => {
                let whole = PutPayload::from(part);
                self.store.put(&key, whole).await.map_err(|error| refusal(path, error))?;
            }
            Some(mut upload) => {
                if !part.is_empty() {
                    let last = PutPayload::from(part);
                    upload.put_part(last).await.map_err(|error| refusal(path, error))?;
                }
                upload.complete().await.map_err(|error| refusal(path, error))?;
            }
        }
        self.look(path).await?.ok_or_else(|| StoreError::Gone(path.to_owned()))
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
        answer.bytes().await.map_err(|error| refusal(&self.object.path, error))
    }

    async fn unchanged(&self) -> Result<(), StoreError> {
        // Every range was asked for with If-Match: had it changed, a read would have failed.
        Ok(())
    }
}
