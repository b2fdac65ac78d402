use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use object_store::azure::{AzureConfigKey, MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::path::Path;
use object_store::{MultipartUpload, ObjectStore, ObjectStoreExt, PutMode};
use serde::Deserialize;

use crate::bucket_client::{
    self, BadSettings, BucketClient, BucketSettings, Environment, ReadFile,
};
use crate::secret::Secret;
use crate::tls;
use crate::wire::{Conditional, Wire};

/// What is declared of a store of kind `az`: an account of Azure Blob Storage.
///
/// The environment fills in what Azure's own programs read there (`AZURE_STORAGE_ACCOUNT_NAME`, `…_KEY`,
/// `AZURE_STORAGE_CONNECTION_STRING`, `AZURE_CLIENT_ID` …). Keys are never mixed: who declares one takes none of the environment's.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureSettings {
    /// The storage account.
    pub account: Option<String>,
    /// Its address with the account in it, as in `http://127.0.0.1:10000/account`; Azure's own if there is none.
    pub endpoint: Option<String>,
    /// A key of the account. Without one and without a token, the environment's, or the machine's own identity.
    pub access_key: Option<Secret>,
    /// File that holds the key.
    pub access_key_file: Option<PathBuf>,
    /// A shared access signature.
    pub sas_token: Option<Secret>,
    /// File that holds the signature.
    pub sas_token_file: Option<PathBuf>,
    /// Whether an address without TLS is acceptable.
    #[serde(default)]
    pub allow_http: bool,
}

impl AzureSettings {
    /// Whether the environment's word for this is taken.
    fn leaves_open(&self, key: AzureConfigKey) -> bool {
        use AzureConfigKey as Key;
        match key {
            Key::AccountName => self.account.is_none(),
            // The environment's account may lie elsewhere.
            Key::Endpoint | Key::UseEmulator => self.endpoint.is_none() && self.account.is_none(),
            Key::AccessKey
            | Key::SasKey
            | Key::Token
            | Key::ClientId
            | Key::ClientSecret
            | Key::AuthorityId
            | Key::FederatedTokenFile
            | Key::UseAzureCli
            | Key::CredentialType
            | Key::SkipSignature => self.access_key.is_none() && self.sas_token.is_none(),
            _ => true,
        }
    }
}

impl BucketSettings for AzureSettings {
    fn read_secrets(&mut self, read: ReadFile<'_>) -> Result<(), BadSettings> {
        let file = self.access_key_file.as_ref();
        bucket_client::read_secret("access_key", &mut self.access_key, file, read)?;
        let file = self.sas_token_file.as_ref();
        bucket_client::read_secret("sas_token", &mut self.sas_token, file, read)
    }

    fn client(
        &self,
        container: &str,
        environment: &Environment,
    ) -> Result<Arc<dyn BucketClient>, BadSettings> {
        tls::provide();
        let mut builder = MicrosoftAzureBuilder::new();
        let mut account = self.account.clone();
        let mut allow_http = self.allow_http;
        for (key, value) in said(environment) {
            if self.leaves_open(key) {
                if key == AzureConfigKey::AccountName {
                    account = Some(value.to_owned());
                }
                allow_http |= key == AzureConfigKey::Endpoint && value.starts_with("http://");
                builder = builder.with_config(key, value);
            }
        }
        if let Some(account) = &self.account {
            builder = builder.with_account(account);
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.clone());
        }
        if let Some(key) = &self.access_key {
            builder = builder.with_access_key(key.reveal());
        }
        if let Some(token) = &self.sas_token {
            builder = builder.with_config(AzureConfigKey::SasKey, token.reveal());
        }
        let wire = Wire::default();
        let client = builder
            .with_container_name(container)
            .with_allow_http(allow_http)
            .with_retry(bucket_client::retry())
            .with_http_connector(wire.clone())
            .build()?;
        // Without an account there is no client but of the emulator, whose account this is.
        let account = account.as_deref().unwrap_or("devstoreaccount1");
        wire.sign(account, Arc::clone(client.credentials()));
        Ok(Arc::new(AzureContainer { objects: Arc::new(client.clone()), client }))
    }
}

/// What the environment says: in the words of Azure's libraries, of its command line (`AZURE_STORAGE_ACCOUNT`,
/// `AZURE_STORAGE_KEY`), or as a connection string. Of two words for one thing the library's goes first.
fn said(environment: &Environment) -> Vec<(AzureConfigKey, &str)> {
    let string = environment.get("AZURE_STORAGE_CONNECTION_STRING").map_or("", String::as_str);
    let mut said: Vec<(AzureConfigKey, &str)> = Vec::new();
    // <https://learn.microsoft.com/en-us/azure/storage/common/storage-configure-connection-string>
    for (name, value) in string.split(';').filter_map(|part| part.trim().split_once('=')) {
        match name {
            "AccountName" => said.push((AzureConfigKey::AccountName, value)),
            "AccountKey" => said.push((AzureConfigKey::AccessKey, value)),
            "SharedAccessSignature" => said.push((AzureConfigKey::SasKey, value)),
            "BlobEndpoint" => said.push((AzureConfigKey::Endpoint, value)),
            "UseDevelopmentStorage" => said.push((AzureConfigKey::UseEmulator, value)),
            _ => {}
        }
    }
    for (name, value) in environment {
        match name.as_str() {
            "AZURE_STORAGE_ACCOUNT" => said.push((AzureConfigKey::AccountName, value)),
            "AZURE_STORAGE_KEY" => said.push((AzureConfigKey::AccessKey, value)),
            _ => {}
        }
    }
    for (name, value) in environment.iter().filter(|(name, _)| name.starts_with("AZURE_")) {
        if let Ok(key) = name.to_ascii_lowercase().parse() {
            said.push((key, value));
        }
    }
    said
}

/// A container of an account.
struct AzureContainer {
    client: MicrosoftAzure,
    objects: Arc<dyn ObjectStore>,
}

/// By its name: the client's own `Debug` shows the key.
impl std::fmt::Debug for AzureContainer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.client)
    }
}

#[async_trait]
impl BucketClient for AzureContainer {
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
