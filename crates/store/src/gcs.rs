use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::client::{ClientOptions, HttpConnector};
use object_store::gcp::{
    GcpCredential, GoogleCloudStorage, GoogleCloudStorageBuilder, GoogleConfigKey,
};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, StaticCredentialProvider,
};
use serde::Deserialize;

use crate::bucket_client::{
    self, BadSettings, BucketClient, BucketSettings, Environment, ReadFile,
};
use crate::gcs_upload::GcsUpload;
use crate::secret::Secret;
use crate::tls;
use crate::wire::Wire;

/// What is declared of a store of kind `gs`: Google Cloud Storage.
///
/// The environment fills in what Google's own programs read there: `GOOGLE_APPLICATION_CREDENTIALS`, and
/// `STORAGE_EMULATOR_HOST` for an emulator. Without any of it, the account of the machine signs in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GcsSettings {
    /// Address of the service, as in `http://127.0.0.1:4443`; Google's own if there is none.
    pub endpoint: Option<String>,
    /// The key of a service account: the JSON that Google hands out.
    pub service_account_key: Option<Secret>,
    /// File that holds the key.
    pub service_account_key_file: Option<PathBuf>,
    /// Asks without signing in: for a public bucket, or an emulator.
    #[serde(default)]
    pub anonymous: bool,
    /// Whether an address without TLS is acceptable.
    #[serde(default)]
    pub allow_http: bool,
}

/// Google's own address.
const GOOGLE: &str = "https://storage.googleapis.com";

impl BucketSettings for GcsSettings {
    fn read_secrets(&mut self, read: ReadFile<'_>) -> Result<(), BadSettings> {
        let file = self.service_account_key_file.as_ref();
        bucket_client::read_secret("service_account_key", &mut self.service_account_key, file, read)
    }

    fn client(
        &self,
        bucket: &str,
        environment: &Environment,
    ) -> Result<Arc<dyn BucketClient>, BadSettings> {
        tls::provide();
        let emulator = environment
            .get("STORAGE_EMULATOR_HOST")
            .map(|host| if host.contains("://") { host.clone() } else { format!("http://{host}") });
        let emulator = emulator.filter(|_| self.endpoint.is_none());
        let anonymous = self.anonymous || emulator.is_some();
        let allow_http = self.allow_http || emulator.is_some();
        let options = ClientOptions::new().with_allow_http(allow_http);
        let base = self.endpoint.clone().or(emulator);
        let base = base.as_deref().unwrap_or(GOOGLE).trim_end_matches('/').to_owned();
        let mut builder = GoogleCloudStorageBuilder::new().with_client_options(options.clone());
        if anonymous {
            let nobody = GcpCredential { bearer: String::new() };
            builder = builder
                .with_credentials(Arc::new(StaticCredentialProvider::new(nobody)))
                .with_skip_signature(true);
        } else if let Some(key) = &self.service_account_key {
            builder = builder.with_service_account_key(key.reveal());
        } else {
            for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("GOOGLE_"))
            {
                match name.to_ascii_lowercase().parse::<GoogleConfigKey>() {
                    Ok(GoogleConfigKey::BaseUrl) | Err(_) => {}
                    Ok(key) => builder = builder.with_config(key, value),
                }
            }
        }
        let wire = Wire::default();
        let client = builder
            .with_bucket_name(bucket)
            .with_base_url(&base)
            .with_retry(bucket_client::retry())
            .with_http_connector(wire.clone())
            .build()?;
        let upload = GcsUpload::new(
            wire.connect(&options)?,
            Arc::clone(client.credentials()),
            &base,
            bucket,
        );
        let objects = Arc::new(GcsObjects { client, upload: upload.clone() });
        Ok(Arc::new(GcsBucket { objects, upload }))
    }
}

/// A bucket of Google's.
#[derive(Debug)]
struct GcsBucket {
    objects: Arc<dyn ObjectStore>,
    upload: GcsUpload,
}

#[async_trait]
impl BucketClient for GcsBucket {
    fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    async fn begin(
        &self,
        key: &Path,
        mode: PutMode,
    ) -> Result<Box<dyn MultipartUpload>, object_store::Error> {
        self.upload.begin(key, &mode).await
    }
}

/// Its objects. All but writing is `object_store`'s: that writes by the XML interface, whose uploads in parts know no
/// conditions. One way to write, which knows them for every size, is better than two.
struct GcsObjects {
    client: GoogleCloudStorage,
    upload: GcsUpload,
}

impl std::fmt::Debug for GcsObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.client)
    }
}

impl std::fmt::Display for GcsObjects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.client.fmt(f)
    }
}

#[async_trait]
#[deny(clippy::missing_trait_methods)]
impl ObjectStore for GcsObjects {
    async fn put_opts(
        &self,
        key: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> object_store::Result<PutResult> {
        self.upload.put(key, payload, &options.mode).await
    }

    async fn put_multipart_opts(
        &self,
        key: &Path,
        _options: PutMultipartOptions,
    ) -> object_store::Result<Box<dyn MultipartUpload>> {
        self.upload.begin(key, &PutMode::Overwrite).await
    }

    async fn get_opts(&self, key: &Path, options: GetOptions) -> object_store::Result<GetResult> {
        self.client.get_opts(key, options).await
    }

    async fn get_ranges(
        &self,
        key: &Path,
        ranges: &[std::ops::Range<u64>],
    ) -> object_store::Result<Vec<bytes::Bytes>> {
        self.client.get_ranges(key, ranges).await
    }

    fn delete_stream(
        &self,
        keys: BoxStream<'static, object_store::Result<Path>>,
    ) -> BoxStream<'static, object_store::Result<Path>> {
        self.client.delete_stream(keys)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.client.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, object_store::Result<ObjectMeta>> {
        self.client.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> object_store::Result<ListResult> {
        self.client.list_with_delimiter(prefix).await
    }

    async fn copy_opts(
        &self,
        from: &Path,
        to: &Path,
        options: CopyOptions,
    ) -> object_store::Result<()> {
        self.client.copy_opts(from, to, options).await
    }

    async fn rename_opts(
        &self,
        from: &Path,
        to: &Path,
        options: object_store::RenameOptions,
    ) -> object_store::Result<()> {
        self.client.rename_opts(from, to, options).await
    }
}
