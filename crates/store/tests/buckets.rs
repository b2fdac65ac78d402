//! Every kind of bucket, held to the promises of a store by a real service of its kind, or the nearest that a package
//! brings: s3s-fs in this process, Azurite and fake-gcs-server beside it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use madang_servers::azurite::{self, azurite};
use madang_servers::bucket::{ACCESS, BUCKET, Bucket, SECRET};
use madang_servers::gcs::gcs;
use madang_store::azure::AzureSettings;
use madang_store::bucket::BucketStore;
use madang_store::bucket_client::{BucketSettings, Environment};
use madang_store::closed::Closed;
use madang_store::conformance::{self, Ground};
use madang_store::folder::FolderStore;
use madang_store::gcs::GcsSettings;
use madang_store::s3::S3Settings;
use madang_store::secret::Secret;
use madang_store::store::{Seen, Store};
use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};

/// A prefix that needs care, and that others begin with: the last is `자료 1`, beside `자료 10`.
fn prefixes() -> impl Iterator<Item = String> {
    (1..20).rev().map(|n| format!("보도 자료/자료 {n}"))
}

fn open(settings: &dyn BucketSettings, bucket: &str, prefix: &str) -> Arc<dyn Store> {
    let client = settings.client(bucket, &Environment::new()).unwrap();
    Arc::new(BucketStore::new("trial", format!("{bucket}/{prefix}"), client, prefix).unwrap())
}

fn s3(bucket: &Bucket, secret: &str) -> S3Settings {
    S3Settings {
        endpoint: Some(bucket.endpoint()),
        access_key_id: Some(ACCESS.into()),
        secret_access_key: Some(Secret::new(secret)),
        allow_http: true,
        ..S3Settings::default()
    }
}

fn azure(key: &str) -> AzureSettings {
    AzureSettings {
        account: Some(azurite::ACCOUNT.into()),
        endpoint: Some(azurite().endpoint()),
        access_key: Some(Secret::new(key)),
        allow_http: true,
        ..AzureSettings::default()
    }
}

fn google(endpoint: &str) -> GcsSettings {
    GcsSettings {
        endpoint: Some(endpoint.into()),
        anonymous: true,
        allow_http: true,
        ..GcsSettings::default()
    }
}

struct FolderGround {
    folder: tempfile::TempDir,
    store: Arc<dyn Store>,
}

#[async_trait]
impl Ground for FolderGround {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    async fn lay(&self, key: &str, bytes: &[u8]) -> bool {
        let path = self.folder.path().join(key);
        // A name that means another place, or a folder, is none of a file.
        let plain: PathBuf = path.components().collect();
        if key.starts_with('/') || key.contains("..") || plain.as_os_str() != path.as_os_str() {
            return false;
        }
        std::fs::create_dir_all(path.parent().unwrap()).is_ok() && {
            // As a new file: one of the same inode may change within a tick of the clock.
            let _ = std::fs::remove_file(&path);
            std::fs::write(&path, bytes).is_ok()
        }
    }

    async fn take(&self, key: &str) {
        std::fs::remove_file(self.folder.path().join(key)).unwrap();
    }

    fn page(&self) -> Option<usize> {
        Some(1_000)
    }

    fn is_atomic(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_keeps_every_promise() {
    conformance::all(async || {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(FolderStore::new("trial", folder.path(), Closed::default()));
        Arc::new(FolderGround { folder, store }) as Arc<dyn Ground>
    })
    .await;
}

struct S3Ground {
    client: object_store::aws::AmazonS3,
    prefix: String,
    store: Arc<dyn Store>,
}

#[async_trait]
impl Ground for S3Ground {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    async fn lay(&self, key: &str, bytes: &[u8]) -> bool {
        let whole = format!("{}/{key}", self.prefix);
        // A service over a folder has no other keys either.
        let path = Path::parse(&whole).ok().filter(|path| path.as_ref() == whole);
        let Some(path) = path else { return false };
        self.client.put(&path, PutPayload::from(bytes.to_vec())).await.is_ok()
    }

    async fn take(&self, key: &str) {
        let path = Path::parse(format!("{}/{key}", self.prefix)).unwrap();
        self.client.delete(&path).await.unwrap();
    }

    fn page(&self) -> Option<usize> {
        Some(1_000)
    }

    fn is_atomic(&self) -> bool {
        // s3s-fs looks first and writes then; Amazon's does both at once.
        false
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s3_keeps_every_promise() {
    let bucket = Bucket::start().await;
    let mut prefixes = prefixes();
    conformance::all(async || {
        let prefix = prefixes.next().unwrap();
        let store = open(&s3(&bucket, SECRET), BUCKET, &prefix);
        Arc::new(S3Ground { client: bucket.client(), prefix, store }) as Arc<dyn Ground>
    })
    .await;
}

struct AzureGround {
    container: &'static str,
    prefix: String,
    store: Arc<dyn Store>,
}

#[async_trait]
impl Ground for AzureGround {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    async fn lay(&self, key: &str, bytes: &[u8]) -> bool {
        azurite().put(self.container, &format!("{}/{key}", self.prefix), bytes).await
    }

    async fn take(&self, key: &str) {
        azurite().delete(self.container, &format!("{}/{key}", self.prefix)).await;
    }

    fn page(&self) -> Option<usize> {
        Some(5_000)
    }

    fn is_atomic(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn azure_keeps_every_promise() {
    let container = "promises";
    azurite().make(container).await;
    let mut prefixes = prefixes();
    conformance::all(async || {
        let prefix = prefixes.next().unwrap();
        let store = open(&azure(azurite::KEY), container, &prefix);
        Arc::new(AzureGround { container, prefix, store }) as Arc<dyn Ground>
    })
    .await;
}

struct GcsGround {
    bucket: &'static str,
    prefix: String,
    store: Arc<dyn Store>,
}

#[async_trait]
impl Ground for GcsGround {
    fn store(&self) -> Arc<dyn Store> {
        Arc::clone(&self.store)
    }

    async fn lay(&self, key: &str, bytes: &[u8]) -> bool {
        gcs().put(self.bucket, &format!("{}/{key}", self.prefix), bytes).await
    }

    async fn take(&self, key: &str) {
        gcs().delete(self.bucket, &format!("{}/{key}", self.prefix)).await;
    }

    fn page(&self) -> Option<usize> {
        // The stand-in says all at once. The pages of Google's are read by the code that reads those of S3.
        None
    }

    fn is_atomic(&self) -> bool {
        true
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gcs_keeps_every_promise() {
    let bucket = "promises";
    gcs().make(bucket).await;
    let mut prefixes = prefixes();
    conformance::all(async || {
        let prefix = prefixes.next().unwrap();
        let store = open(&google(gcs().endpoint()), bucket, &prefix);
        Arc::new(GcsGround { bucket, prefix, store }) as Arc<dyn Ground>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_keys_are_told_with_the_cure() {
    let bucket = Bucket::start().await;
    conformance::wrong_keys_are_told_with_the_cure(&open(&s3(&bucket, "wrong"), BUCKET, "a")).await;
    azurite().make("wrong-keys").await;
    let store = open(&azure("d3Jvbmc="), "wrong-keys", "a");
    conformance::wrong_keys_are_told_with_the_cure(&store).await;
    // The stand-in of Google's asks nobody for a key: here is one that refuses all.
    let store = open(&google(&answering("401 Unauthorized", "").await), "drop", "a");
    conformance::wrong_keys_are_told_with_the_cure(&store).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_away_is_told() {
    // A port that nobody listens on: it was free, and is held without listening.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let endpoint = format!("http://{}", socket.local_addr().unwrap());
    let s3 = S3Settings {
        endpoint: Some(endpoint.clone()),
        access_key_id: Some("id".into()),
        secret_access_key: Some(Secret::new("secret")),
        allow_http: true,
        ..S3Settings::default()
    };
    let azure = AzureSettings {
        account: Some("account".into()),
        endpoint: Some(format!("{endpoint}/account")),
        access_key: Some(Secret::new("c2VjcmV0")),
        allow_http: true,
        ..AzureSettings::default()
    };
    let google = google(&endpoint);
    let stores = [open(&s3, "drop", "a"), open(&azure, "drop", "a"), open(&google, "drop", "a")];
    let told = stores.iter().map(conformance::a_service_that_is_away_is_told);
    futures::future::join_all(told).await;
}

/// A service that gives every request the same answer; its address.
async fn answering(status: &'static str, body: &'static str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|end| end == b"\r\n\r\n") {
                    match connection.read_buf(&mut head).await {
                        Ok(0) | Err(_) => return,
                        Ok(_) => {}
                    }
                }
                let answer = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = connection.write_all(answer.as_bytes()).await;
                // What is still being sent is taken in, so that the answer is not lost to a reset.
                let _ = tokio::io::copy(&mut connection, &mut tokio::io::sink()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_of_s3_hides_the_others() {
    // s3s-fs keeps files, and cannot have such keys. Amazon's can.
    let keys = ["p/a", "p/a//b", "p/c/", "p/d/../e", "p/f/", "p/g&#x1;h", "p//i", "p/z"];
    let sizes = [1, 1, 0, 1, 7, 1, 1, 1];
    let contents: String = keys
        .iter()
        .zip(sizes)
        .map(|(key, size)| {
            format!(
                "<Contents><Key>{key}</Key><LastModified>2026-11-25T00:00:00.000Z</LastModified>\
                 <ETag>&quot;e&quot;</ETag><Size>{size}</Size></Contents>"
            )
        })
        .collect();
    let listing = format!(
        "<?xml version=\"1.0\"?><ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
    );
    let settings = S3Settings {
        endpoint: Some(answering("200 OK", Box::leak(listing.into_boxed_str())).await),
        access_key_id: Some("id".into()),
        secret_access_key: Some(Secret::new("secret")),
        allow_http: true,
        ..S3Settings::default()
    };
    let store = open(&settings, "drop", "p");
    let mut seen: Vec<Seen> = Vec::new();
    // It lists out of order, so a second time sorts.
    for _ in 0..2 {
        seen = store.list().filter_map(async |seen| seen.ok()).collect().await;
    }
    let said: Vec<(&str, bool)> =
        seen.iter().map(|seen| (seen.key(), matches!(seen, Seen::Object(_)))).collect();
    let expected = [
        ("/i", false),
        ("a", true),
        ("a//b", false),
        ("d/../e", false),
        ("f/", false),
        ("g\u{1}h", false),
        ("z", true),
    ];
    assert_eq!(said, expected);
}

#[test]
fn settings_never_show_a_secret() {
    let shown = format!(
        "{:?} {:?} {:?}",
        S3Settings { secret_access_key: Some(Secret::new("geheim")), ..S3Settings::default() },
        AzureSettings {
            access_key: Some(Secret::new("geheim")),
            sas_token: Some(Secret::new("geheim")),
            ..AzureSettings::default()
        },
        GcsSettings { service_account_key: Some(Secret::new("geheim")), ..GcsSettings::default() },
    );
    assert!(shown.contains("(secret)") && !shown.contains("geheim"), "{shown}");
    let client = azure_like("Z2VoZWlt").client("drop", &Environment::new()).unwrap();
    let shown =
        format!("{client:?} {:?}", BucketStore::new("a", "az://drop".into(), client.clone(), ""));
    for secret in ["Z2VoZWlt", "geheim", "[103, 101, 104, 101, 105, 109]"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn azure_like(key: &str) -> AzureSettings {
    AzureSettings {
        account: Some("account".into()),
        access_key: Some(Secret::new(key)),
        ..AzureSettings::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_declared_comes_from_the_environment() {
    let environment = |pairs: &[(&str, &str)]| -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    };
    let listed = async |settings: &dyn BucketSettings, bucket: &str, environment: Environment| {
        let client = settings.client(bucket, &environment).unwrap();
        let store = BucketStore::new("trial", String::new(), client, "").unwrap();
        store.list().map(Result::unwrap).collect::<Vec<Seen>>().await.len()
    };
    let bucket = Bucket::start().await;
    bucket.client().put(&Path::from("a"), "x".into()).await.unwrap();
    let endpoint = bucket.endpoint();
    let amazon = environment(&[
        ("AWS_ENDPOINT_URL", &endpoint),
        ("AWS_ACCESS_KEY_ID", ACCESS),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_PROFILE", "said by nobody"),
    ]);
    assert_eq!(listed(&S3Settings::default(), BUCKET, amazon.clone()).await, 1);
    // A declared key is never mixed with the environment's.
    let token = environment(&[("AWS_SESSION_TOKEN", "of another"), ("AWS_SKIP_SIGNATURE", "true")]);
    assert_eq!(listed(&s3(&bucket, SECRET), BUCKET, token).await, 1);

    azurite().make("environment").await;
    assert!(azurite().put("environment", "a", b"x").await);
    let microsoft = environment(&[
        ("AZURE_STORAGE_ENDPOINT", &azurite().endpoint()),
        ("AZURE_STORAGE_ACCOUNT_NAME", azurite::ACCOUNT),
        ("AZURE_STORAGE_ACCOUNT_KEY", azurite::KEY),
    ]);
    assert_eq!(listed(&AzureSettings::default(), "environment", microsoft).await, 1);
    let string = format!(
        "DefaultEndpointsProtocol=http;AccountName={};AccountKey={};BlobEndpoint={};",
        azurite::ACCOUNT,
        azurite::KEY,
        azurite().endpoint()
    );
    let string = environment(&[("AZURE_STORAGE_CONNECTION_STRING", &string)]);
    assert_eq!(listed(&AzureSettings::default(), "environment", string).await, 1);
    let command_line = environment(&[
        ("AZURE_STORAGE_ENDPOINT", &azurite().endpoint()),
        ("AZURE_STORAGE_ACCOUNT", azurite::ACCOUNT),
        ("AZURE_STORAGE_KEY", azurite::KEY),
    ]);
    assert_eq!(listed(&AzureSettings::default(), "environment", command_line).await, 1);

    gcs().make("environment").await;
    assert!(gcs().put("environment", "a", b"x").await);
    let host = gcs().endpoint().trim_start_matches("http://");
    let emulator = environment(&[("STORAGE_EMULATOR_HOST", host)]);
    assert_eq!(listed(&GcsSettings::default(), "environment", emulator).await, 1);
    let missing = environment(&[("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere/key.json")]);
    let refused = GcsSettings::default().client("environment", &missing).unwrap_err();
    assert!(refused.to_string().contains("/nowhere/key.json"), "{refused}");
}
