use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::aws::{AmazonS3, AmazonS3Builder, AmazonS3ConfigKey};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode};
use serde::Deserialize;

use crate::bucket_client::{
    self, BadSettings, BucketClient, BucketSettings, Environment, ReadFile,
};
use crate::secret::Secret;
use crate::tls;
use crate::wire::{Conditional, Wire};

/// What is declared of a store of kind `s3`: Amazon's, or one that speaks like it.
///
/// The environment fills in what AWS's own programs read there, `AWS_ENDPOINT_URL` and `AWS_REGION` among them. Keys
/// are never mixed: who declares a key takes none of the environment's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct S3Settings {
    /// Address of the service, as in `http://127.0.0.1:9000`; Amazon's own if there is none.
    pub endpoint: Option<String>,
    /// Region; `us-east-1` if there is none, which most other services accept.
    pub region: Option<String>,
    /// Access key. Without one, the environment's, or the machine's own role.
    pub access_key_id: Option<String>,
    /// Secret key.
    pub secret_access_key: Option<Secret>,
    /// File that holds the secret key.
    pub secret_access_key_file: Option<PathBuf>,
    /// Whether an address without TLS is acceptable.
    #[serde(default)]
    pub allow_http: bool,
}

impl S3Settings {
    /// Whether the environment's word for this is taken.
    fn leaves_open(&self, key: &AmazonS3ConfigKey) -> bool {
        use AmazonS3ConfigKey as Key;
        match key {
            Key::Endpoint | Key::S3Endpoint => self.endpoint.is_none(),
            Key::AccessKeyId
            | Key::SecretAccessKey
            | Key::Token
            | Key::SkipSignature
            | Key::WebIdentityTokenFile
            | Key::RoleArn
            | Key::ContainerCredentialsRelativeUri
            | Key::ContainerCredentialsFullUri => self.access_key_id.is_none(),
            _ => true,
        }
    }
}

impl BucketSettings for S3Settings {
    fn read_secrets(&mut self, read: ReadFile<'_>) -> Result<(), BadSettings> {
        let file = self.secret_access_key_file.as_ref();
        bucket_client::read_secret("secret_access_key", &mut self.secret_access_key, file, read)
    }

    fn client(
        &self,
        bucket: &str,
        environment: &Environment,
    ) -> Result<Arc<dyn BucketClient>, BadSettings> {
        tls::provide();
        let mut builder = AmazonS3Builder::new();
        let mut allow_http = self.allow_http;
        for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("AWS_")) {
            let Ok(key) = name.to_ascii_lowercase().parse::<AmazonS3ConfigKey>() else { continue };
            if self.leaves_open(&key) {
                // Whoever writes `http` there means it.
                allow_http |= name.starts_with("AWS_ENDPOINT") && value.starts_with("http://");
                builder = builder.with_config(key, value);
            }
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint).with_virtual_hosted_style_request(false);
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        if let (Some(id), Some(secret)) = (&self.access_key_id, &self.secret_access_key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.reveal());
        }
        let client = builder
            .with_bucket_name(bucket)
            .with_allow_http(allow_http)
            .with_retry(bucket_client::retry())
            .with_http_connector(Wire::default())
            .build()?;
        Ok(Arc::new(S3Bucket { objects: Arc::new(client.clone()), client }))
    }
}

/// A bucket of S3.
struct S3Bucket {
    client: AmazonS3,
    objects: Arc<dyn ObjectStore>,
}

impl std::fmt::Debug for S3Bucket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.client)
    }
}

#[async_trait]
impl BucketClient for S3Bucket {
    fn objects(&self) -> &Arc<dyn ObjectStore> {
        &self.objects
    }

    async fn begin(
        &self,
        key: &Path,
        mode: PutMode,
    ) -> Result<Box<dyn MultipartUpload>, object_store::Error> {
        let upload = self.client.put_multipart(key).await?;
        Ok(Box::new(Conditional::new(upload, mode)))
    }
}
