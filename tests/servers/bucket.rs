use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tempfile::TempDir;
use tokio::net::TcpListener;

/// A real S3 service (s3s-fs) on a free port of this machine, over a folder of its own, with one bucket. Ends
/// with its runtime.
#[derive(Debug)]
pub struct Bucket {
    folder: TempDir,
    address: SocketAddr,
    reads: Arc<Mutex<Vec<Read>>>,
}

/// A GET of an object that the service was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// The path in the address.
    pub path: String,
    /// Bytes of the range; none when the whole object was asked for.
    pub range: Option<u64>,
}

/// The bucket's name and keys.
pub const BUCKET: &str = "drop";
/// The access key.
pub const ACCESS: &str = "madang-access";
/// The secret key.
pub const SECRET: &str = "madang-secret";

impl Bucket {
    /// Starts it.
    ///
    /// # Panics
    /// When there is no port or no folder.
    pub async fn start() -> Bucket {
        let folder = tempfile::Builder::new().prefix("madang-s3-").tempdir().unwrap();
        std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
        let files = s3s_fs::FileSystem::new(folder.path()).expect("a folder of buckets");
        let mut builder = S3ServiceBuilder::new(files);
        builder.set_auth(SimpleAuth::from_single(ACCESS, SECRET));
        let service = builder.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let reads = Arc::new(Mutex::new(Vec::new()));
        tokio::spawn(serve(listener, service, Arc::clone(&reads)));
        Bucket { folder, address, reads }
    }

    /// The address of the service.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A `madang.toml` that knows the bucket.
    pub fn configuration(&self) -> String {
        format!(
            "[stores.{BUCKET}]\nendpoint = \"{}\"\nallow_http = true\n\
             access_key_id = \"{ACCESS}\"\nsecret_access_key = \"{SECRET}\"\n",
            self.endpoint()
        )
    }

    /// The folder behind the bucket.
    pub fn folder(&self) -> std::path::PathBuf {
        self.folder.path().join(BUCKET)
    }

    /// Every GET of an object so far whose key ends so.
    ///
    /// # Panics
    /// Never, unless a connection panicked.
    pub fn reads(&self, suffix: &str) -> Vec<Read> {
        let reads = self.reads.lock().unwrap();
        reads.iter().filter(|read| read.path.ends_with(suffix)).cloned().collect()
    }

    /// A client that is not madang's, to put and delete objects.
    ///
    /// # Panics
    /// When it cannot be made.
    pub fn client(&self) -> object_store::aws::AmazonS3 {
        madang_store::tls::provide();
        object_store::aws::AmazonS3Builder::new()
            .with_bucket_name(BUCKET)
            .with_region("us-east-1")
            .with_endpoint(self.endpoint())
            .with_virtual_hosted_style_request(false)
            .with_allow_http(true)
            .with_access_key_id(ACCESS)
            .with_secret_access_key(SECRET)
            .build()
            .expect("a client")
    }

    /// A place in the folder behind the bucket.
    pub fn object(&self, key: &str) -> std::path::PathBuf {
        self.folder().join(Path::new(key))
    }
}

async fn serve(listener: TcpListener, service: S3Service, reads: Arc<Mutex<Vec<Read>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        let reads = Arc::clone(&reads);
        let noting = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
            // A listing is a GET too, of the bucket, with a query.
            if request.method() == hyper::Method::GET && request.uri().query().is_none() {
                let range = request.headers().get("range").and_then(|range| range.to_str().ok());
                let read =
                    Read { path: request.uri().path().to_owned(), range: range.and_then(length) };
                reads.lock().unwrap().push(read);
            }
            hyper::service::Service::call(&service, request)
        });
        tokio::spawn(async move {
            let connection = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), noting);
            let _ = connection.await;
        });
    }
}

/// Bytes of a range such as `bytes=0-99`.
fn length(range: &str) -> Option<u64> {
    let (first, last) = range.strip_prefix("bytes=")?.split_once('-')?;
    Some(last.parse::<u64>().ok()? + 1 - first.parse::<u64>().ok()?)
}
