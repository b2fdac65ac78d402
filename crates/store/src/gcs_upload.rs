//! Writing to Google Cloud Storage: its JSON interface, which takes a condition with every upload, of one request or
//! of many, and holds it when the object takes its place.
//!
//! <https://cloud.google.com/storage/docs/json_api/v1/objects/insert>,
//! <https://cloud.google.com/storage/docs/performing-resumable-uploads>

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, LOCATION, RANGE};
use http::{HeaderName, Method, StatusCode};
use object_store::client::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use object_store::gcp::GcpCredentialProvider;
use object_store::path::Path;
use object_store::{
    Error, MultipartUpload, PutMode, PutPayload, PutResult, Result, UpdateVersion, UploadPart,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::Mutex;

/// Who writes to one bucket.
#[derive(Clone)]
pub(crate) struct GcsUpload {
    http: HttpClient,
    credentials: GcpCredentialProvider,
    /// The address that objects are inserted at.
    address: String,
}

impl std::fmt::Debug for GcsUpload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GcsUpload").field("address", &self.address).finish_non_exhaustive()
    }
}

/// All chunks of an upload but the last are a multiple of this.
const UNIT: usize = 256 << 10;

/// Times that a request is made.
const TRIES: u32 = 4;

impl GcsUpload {
    pub(crate) fn new(
        http: HttpClient,
        credentials: GcpCredentialProvider,
        base: &str,
        bucket: &str,
    ) -> GcsUpload {
        let bucket = utf8_percent_encode(bucket, NON_ALPHANUMERIC);
        let address = format!("{base}/upload/storage/v1/b/{bucket}/o");
        GcsUpload { http, credentials, address }
    }

    /// Writes an object in one request.
    pub(crate) async fn put(
        &self,
        key: &Path,
        payload: PutPayload,
        mode: &PutMode,
    ) -> Result<PutResult> {
        let address = self.insertion("media", key, mode)?;
        let body: Bytes = payload.into();
        let answer = self.ask(Method::POST, &address, None, body).await?;
        written(accepted(key, answer, mode).await?).await
    }

    /// Begins an upload of many.
    pub(crate) async fn begin(
        &self,
        key: &Path,
        mode: &PutMode,
    ) -> Result<Box<dyn MultipartUpload>> {
        let address = self.insertion("resumable", key, mode)?;
        let answer = self.ask(Method::POST, &address, None, Bytes::new()).await?;
        let answer = accepted(key, answer, mode).await?;
        let session = answer.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(session) = session else {
            return Err(generic("an upload was begun, and its address is missing".into()));
        };
        let session = Session {
            upload: self.clone(),
            key: key.clone(),
            mode: mode.clone(),
            address: session.to_owned(),
            kept: 0,
            waiting: BytesMut::new(),
        };
        Ok(Box::new(Resumable(Arc::new(Mutex::new(session)))))
    }

    fn insertion(&self, kind: &str, key: &Path, mode: &PutMode) -> Result<String> {
        let name = utf8_percent_encode(key.as_ref(), NON_ALPHANUMERIC);
        let condition = match mode {
            PutMode::Overwrite => String::new(),
            PutMode::Create => "&ifGenerationMatch=0".into(),
            PutMode::Update(UpdateVersion { version: Some(generation), .. }) => {
                format!("&ifGenerationMatch={}", utf8_percent_encode(generation, NON_ALPHANUMERIC))
            }
            PutMode::Update(_) => {
                return Err(generic("the generation of what is there is not known".into()));
            }
        };
        Ok(format!("{}?uploadType={kind}&name={name}{condition}", self.address))
    }

    /// The answer to a request; asks again where it cannot have been carried out.
    async fn ask(
        &self,
        method: Method,
        address: &str,
        header: Option<(HeaderName, String)>,
        body: Bytes,
    ) -> Result<HttpResponse> {
        let mut wait = Duration::from_millis(100);
        for attempt in 1.. {
            let credential = self.credentials.get_credential().await?;
            let mut request = http::Request::builder()
                .method(method.clone())
                .uri(address)
                .header(CONTENT_LENGTH, body.len());
            if !credential.bearer.is_empty() {
                request = request.header(AUTHORIZATION, format!("Bearer {}", credential.bearer));
            }
            if let Some((name, value)) = &header {
                request = request.header(name, value);
            }
            let request: HttpRequest =
                request.body(body.clone().into()).map_err(|error| generic(Box::new(error)))?;
            let answer = self.http.execute(request).await;
            let again = match &answer {
                Ok(answer) => {
                    answer.status().is_server_error()
                        || answer.status() == StatusCode::TOO_MANY_REQUESTS
                }
                Err(error) => error.kind() == HttpErrorKind::Connect,
            };
            if !again || attempt == TRIES {
                return answer.map_err(away);
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        Err(generic("it was not asked".into()))
    }
}

/// An upload that has begun.
struct Session {
    upload: GcsUpload,
    key: Path,
    mode: PutMode,
    address: String,
    /// Bytes that the service has.
    kept: u64,
    /// Bytes that it has not.
    waiting: BytesMut,
}

impl Session {
    /// Takes a part in, and hands on what makes whole units. The last bytes stay: they say that they are the last.
    async fn take(&mut self, part: PutPayload) -> Result<()> {
        for bytes in part.iter() {
            self.waiting.extend_from_slice(bytes);
        }
        while self.waiting.len() > UNIT {
            let whole = (self.waiting.len() - 1) / UNIT * UNIT;
            let chunk = self.waiting.split_to(whole).freeze();
            let last = self.kept + whole as u64 - 1;
            let range = format!("bytes {}-{last}/*", self.kept);
            let answer = self.send(range, chunk.clone()).await?;
            if answer.status() != StatusCode::PERMANENT_REDIRECT {
                accepted(&self.key, answer, &self.mode).await?;
                return Err(generic("the upload ended before its last part".into()));
            }
            let kept = kept(&answer).saturating_sub(self.kept);
            let kept = usize::try_from(kept).unwrap_or(usize::MAX).min(chunk.len());
            if kept == 0 {
                return Err(generic("the service takes no part of the upload".into()));
            }
            self.kept += kept as u64;
            // It may keep less than it was sent.
            if let Some(rest) = chunk.get(kept..).filter(|rest| !rest.is_empty()) {
                let later = std::mem::replace(&mut self.waiting, BytesMut::from(rest));
                self.waiting.extend_from_slice(&later);
            }
        }
        Ok(())
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let chunk = self.waiting.split().freeze();
        let total = self.kept + chunk.len() as u64;
        let range = match chunk.len() {
            0 => format!("bytes */{total}"),
            _ => format!("bytes {}-{}/{total}", self.kept, total - 1),
        };
        let answer = self.send(range, chunk).await?;
        written(accepted(&self.key, answer, &self.mode).await?).await
    }

    async fn send(&self, range: String, chunk: Bytes) -> Result<HttpResponse> {
        let range = Some((CONTENT_RANGE, range));
        self.upload.ask(Method::PUT, &self.address, range, chunk).await
    }
}

/// Bytes that the service has of an upload: `Range: bytes=0-99` are a hundred.
fn kept(answer: &HttpResponse) -> u64 {
    let range = answer.headers().get(RANGE).and_then(|range| range.to_str().ok());
    let last =
        range.and_then(|range| range.rsplit_once('-')).and_then(|(_, last)| last.parse().ok());
    last.map_or(0, |last: u64| last + 1)
}

struct Resumable(Arc<Mutex<Session>>);

impl std::fmt::Debug for Resumable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resumable")
    }
}

#[async_trait]
impl MultipartUpload for Resumable {
    fn put_part(&mut self, part: PutPayload) -> UploadPart {
        let session = Arc::clone(&self.0);
        Box::pin(async move { session.lock().await.take(part).await })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        self.0.lock().await.complete().await
    }

    async fn abort(&mut self) -> Result<()> {
        let session = self.0.lock().await;
        // Answered by 499 when it is done.
        let (upload, address) = (&session.upload, &session.address);
        upload.ask(Method::DELETE, address, None, Bytes::new()).await.map(|_| ())
    }
}

/// The answer, unless it is a refusal.
async fn accepted(key: &Path, answer: HttpResponse, mode: &PutMode) -> Result<HttpResponse> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let body = answer.into_body().bytes().await.unwrap_or_default();
    let words: String = String::from_utf8_lossy(&body).chars().take(500).collect();
    let path = key.to_string();
    let source = format!("{status}: {words}").into();
    Err(match (status, mode) {
        (StatusCode::PRECONDITION_FAILED, PutMode::Create) => Error::AlreadyExists { path, source },
        (StatusCode::PRECONDITION_FAILED, _) => Error::Precondition { path, source },
        (StatusCode::NOT_FOUND, _) => Error::NotFound { path, source },
        (StatusCode::FORBIDDEN, _) => Error::PermissionDenied { path, source },
        (StatusCode::UNAUTHORIZED, _) => Error::Unauthenticated { path, source },
        _ => generic(source),
    })
}

/// What was written. The entity tag in the body is of the JSON interface, and no other knows it.
async fn written(answer: HttpResponse) -> Result<PutResult> {
    #[derive(serde::Deserialize)]
    struct Object {
        generation: Option<String>,
    }
    let body = answer.into_body().bytes().await.map_err(away)?;
    let object: Object = serde_json::from_slice(&body).map_err(|error| generic(Box::new(error)))?;
    Ok(PutResult { e_tag: None, version: object.generation, extensions: Default::default() })
}

fn away(error: HttpError) -> Error {
    generic(Box::new(error))
}

fn generic(source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Generic { store: "GCS", source }
}
