use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use object_store::path::Path;
use object_store::{BackoffConfig, MultipartUpload, ObjectStore, PutMode, RetryConfig};

use crate::secret::Secret;

/// The variables of the environment, by name.
pub type Environment = BTreeMap<String, String>;

/// How the text of a file is had.
pub type ReadFile<'a> = &'a dyn Fn(&FilePath) -> std::io::Result<String>;

/// What a kind of bucket is told: as `madang.toml` declares it under `[stores.NAME]`; what it leaves out, the
/// environment says in the words of that service's own programs.
pub trait BucketSettings: std::fmt::Debug + Send + Sync {
    /// Reads the secrets that are given as files, by `read`.
    ///
    /// # Errors
    /// [`BadSettings`], naming the file.
    fn read_secrets(&mut self, read: ReadFile<'_>) -> Result<(), BadSettings>;

    /// The client of a bucket. Asks nobody yet.
    ///
    /// # Errors
    /// [`BadSettings`], saying what is missing.
    fn client(
        &self,
        bucket: &str,
        environment: &Environment,
    ) -> Result<Arc<dyn BucketClient>, BadSettings>;
}

/// A bucket of some service: what `object_store` says of all of them, and the one thing that it does not.
#[async_trait]
pub trait BucketClient: std::fmt::Debug + Send + Sync {
    /// Its objects.
    fn objects(&self) -> &Arc<dyn ObjectStore>;

    /// Begins an upload in parts, handed over one after the other in their order, each of 8 MiB or more but for the
    /// last. The object takes its place when the upload is completed, and only if the condition holds at that
    /// moment: nobody can come between the two.
    ///
    /// # Errors
    /// What the service says.
    async fn begin(
        &self,
        key: &Path,
        mode: PutMode,
    ) -> Result<Box<dyn MultipartUpload>, object_store::Error>;
}

/// Settings that make no client.
#[derive(Debug, thiserror::Error)]
pub enum BadSettings {
    /// A file of a secret cannot be read.
    #[error("{file}: {source}")]
    Secret {
        /// The file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// One thing is said twice.
    #[error("`{0}` and `{0}_file` say the same: take one out")]
    Twice(&'static str),
    /// What the client says.
    #[error(transparent)]
    Client(#[from] object_store::Error),
}

/// Puts what a file holds in the place of a secret.
pub(crate) fn read_secret(
    name: &'static str,
    secret: &mut Option<Secret>,
    file: Option<&PathBuf>,
    read: ReadFile<'_>,
) -> Result<(), BadSettings> {
    let Some(file) = file else { return Ok(()) };
    if secret.is_some() {
        return Err(BadSettings::Twice(name));
    }
    let failed = |source| BadSettings::Secret { file: file.display().to_string(), source };
    *secret = Some(Secret::new(read(file).map_err(failed)?.trim()));
    Ok(())
}

/// How often a request is made again. Whoever uses a store tries again by themselves and tells the operator
/// meanwhile; what is left here is the hiccup.
pub(crate) fn retry() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig {
            init_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_secs(2),
            base: 2.0,
        },
        max_retries: 3,
        retry_timeout: Duration::from_secs(30),
    }
}
