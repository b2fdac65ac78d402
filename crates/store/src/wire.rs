//! What is changed of `object_store`'s requests and answers on their way.
//!
//! Two things it has no words for: keys that are no path of its own (see [`crate::listing_keys`]), and an upload in
//! parts that takes its place under a condition. S3 and Azure take that condition as a header of the request that
//! completes the upload.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH,
};
use object_store::azure::{AzureAuthorizer, AzureCredential, AzureCredentialProvider};
use object_store::client::{
    ClientOptions, HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpService, ReqwestConnector,
};
use object_store::{MultipartUpload, PutMode, PutPayload, PutResult, UploadPart};

use crate::listing_keys;

tokio::task_local! {
    /// The condition of the upload that this task completes: neither client hands it down by itself.
    static CONDITION: PutMode;
}

/// Makes the connections of a client.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wire {
    /// Who signs anew after a header was added, where the signature covers it.
    signer: Arc<OnceLock<Signer>>,
}

/// An account of Azure, whose signature covers the conditions.
struct Signer {
    account: String,
    credentials: AzureCredentialProvider,
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer").field("account", &self.account).finish_non_exhaustive()
    }
}

impl Wire {
    /// Has conditions signed for this account.
    pub(crate) fn sign(&self, account: &str, credentials: AzureCredentialProvider) {
        let _ = self.signer.set(Signer { account: account.to_owned(), credentials });
    }
}

impl HttpConnector for Wire {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let client = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Line { client, signer: Arc::clone(&self.signer) }))
    }
}

#[derive(Debug)]
struct Line {
    client: HttpClient,
    signer: Arc<OnceLock<Signer>>,
}

#[async_trait]
impl HttpService for Line {
    async fn call(&self, mut request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        if completes(&query)
            && let Ok(Some((name, value))) = CONDITION.try_with(header)
        {
            let value = HeaderValue::from_str(&value).map_err(refused)?;
            request.headers_mut().insert(name, value);
            if let Some(signer) = self.signer.get() {
                signer.sign(&mut request).await?;
            }
        }
        let response = self.client.execute(request).await?;
        if !response.status().is_success() || !listing_keys::is_listing(&query) {
            return Ok(response);
        }
        let (mut parts, body) = response.into_parts();
        let mut page = body.bytes().await?;
        if let Some(marked) = listing_keys::marked(&page) {
            page = Bytes::from(marked);
            parts.headers.remove(CONTENT_LENGTH);
        }
        Ok(HttpResponse::from_parts(parts, page.into()))
    }
}

impl Signer {
    async fn sign(&self, request: &mut HttpRequest) -> Result<(), HttpError> {
        let credential = self.credentials.get_credential().await.map_err(refused)?;
        // Tokens do not cover the headers.
        if matches!(*credential, AzureCredential::AccessKey(_)) {
            request.headers_mut().remove(AUTHORIZATION);
            let authorizer = AzureAuthorizer::new(&credential, &self.account);
            authorizer.try_authorize(request).map_err(refused)?;
        }
        Ok(())
    }
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> HttpError {
    HttpError::new(HttpErrorKind::Request, error)
}

/// Whether a request with this query completes an upload in parts, or hands in a part of one.
fn completes(query: &str) -> bool {
    query == "comp=blocklist" || query.starts_with("uploadId=")
}

/// How the two services take a condition: as HTTP has it.
fn header(mode: &PutMode) -> Option<(HeaderName, String)> {
    match mode {
        PutMode::Overwrite => None,
        PutMode::Create => Some((IF_NONE_MATCH, "*".into())),
        PutMode::Update(version) => Some((IF_MATCH, version.e_tag.clone().unwrap_or_default())),
    }
}

/// An upload that takes its place only if a condition holds.
#[derive(Debug)]
pub(crate) struct Conditional {
    upload: Box<dyn MultipartUpload>,
    mode: PutMode,
}

impl Conditional {
    pub(crate) fn new(upload: Box<dyn MultipartUpload>, mode: PutMode) -> Conditional {
        Conditional { upload, mode }
    }
}

#[async_trait]
impl MultipartUpload for Conditional {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.upload.put_part(data)
    }

    async fn complete(&mut self) -> object_store::Result<PutResult> {
        CONDITION.scope(self.mode.clone(), self.upload.complete()).await
    }

    async fn abort(&mut self) -> object_store::Result<()> {
        self.upload.abort().await
    }
}
