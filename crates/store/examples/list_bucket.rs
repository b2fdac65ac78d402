//! What listing a large bucket costs.
//!
//!     cargo run -p madang-store --example list_bucket -- 100000           lists it, in a process of its own
//!     cargo run -p madang-store --example list_bucket -- 100000 serve     serves it until standard input ends
//!
//! The bucket is none on a disk: its service says what S3 would say of so many small texts, a thousand to a page, and
//! answers every GET with a text. `serve` prints its address; `AWS_ENDPOINT_URL` leads `madang up s3://large` there.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "an example that cannot go on says where"
)]

use std::convert::Infallible;
use std::fmt::Write;
use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use futures::StreamExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use madang_store::bucket::BucketStore;
use madang_store::bucket_client::{BucketSettings, Environment};
use madang_store::s3::S3Settings;
use madang_store::secret::Secret;
use madang_store::store::Store;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["list", endpoint] => list(endpoint).await,
        [keys, "serve"] => {
            println!("{}", serve(keys.parse().expect("a number of keys")).await);
            tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()))
                .await
                .expect("a thread")
                .expect("standard input");
        }
        _ => {
            let keys =
                words.first().map_or(100_000, |keys| keys.parse().expect("a number of keys"));
            let endpoint = serve(keys).await;
            let myself = std::env::current_exe().expect("this program");
            let listing = tokio::task::spawn_blocking(move || {
                std::process::Command::new(myself).args(["list", &endpoint]).status()
            });
            assert!(listing.await.expect("a thread").expect("a process").success());
        }
    }
}

async fn list(endpoint: &str) {
    let settings = S3Settings {
        endpoint: Some(endpoint.to_owned()),
        access_key_id: Some("id".into()),
        secret_access_key: Some(Secret::new("secret")),
        allow_http: true,
        ..S3Settings::default()
    };
    let client = settings.client("large", &Environment::new()).expect("a client");
    let store: Arc<dyn Store> =
        Arc::new(BucketStore::new("large", "s3://large".into(), client, "").expect("a store"));
    let before = memory("VmRSS");
    let started = Instant::now();
    let mut seen = 0u64;
    let mut listing = store.list();
    while let Some(one) = listing.next().await {
        one.expect("a listing");
        seen += 1;
    }
    println!(
        "{seen} keys in {:.1} s; resident {before} KiB before, {} KiB at most",
        started.elapsed().as_secs_f64(),
        memory("VmHWM")
    );
}

/// A line of what the system says of this process, KiB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("the process's status");
    let line = status.lines().find(|line| line.starts_with(name)).expect("its memory");
    line.split_whitespace().nth(1).expect("a number").parse().expect("a number")
}

/// Starts the service; gives its address.
async fn serve(keys: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let service = service_fn(move |request| async move { answer(&request, keys) });
            tokio::spawn(async move {
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(connection), service);
                let _ = connection.await;
            });
        }
    });
    address
}

/// The text of every object.
const TEXT: &str = "큰 통에 든 짧은 글";

fn answer(request: &Request<Incoming>, keys: usize) -> Result<Response<String>, Infallible> {
    let query = request.uri().query().unwrap_or_default();
    let mut answer = Response::builder();
    let body = if query.contains("list-type=2") {
        let token = query.split('&').find_map(|part| part.strip_prefix("continuation-token="));
        page(token.map_or(0, |token| token.parse().expect("a token of ours")), keys)
    } else {
        answer =
            answer.header("etag", "\"e\"").header("last-modified", "Wed, 25 Nov 2026 00:00:00 GMT");
        if let Some(range) = request.headers().get("range") {
            let last = TEXT.len() - 1;
            assert_eq!(range.as_bytes(), format!("bytes=0-{last}").as_bytes());
            answer = answer
                .status(StatusCode::PARTIAL_CONTENT)
                .header("content-range", format!("bytes 0-{last}/{}", TEXT.len()));
        }
        TEXT.to_owned()
    };
    let answer = answer.header("content-length", body.len());
    let body = if request.method() == hyper::Method::HEAD { String::new() } else { body };
    Ok(answer.body(body).expect("an answer"))
}

/// A page of the listing, from this key on.
fn page(from: usize, keys: usize) -> String {
    let until = keys.min(from + 1000);
    let mut page = String::from("<?xml version=\"1.0\"?><ListBucketResult>");
    if until < keys {
        let _ = write!(page, "<NextContinuationToken>{until}</NextContinuationToken>");
    }
    for key in from..until {
        let _ = write!(
            page,
            "<Contents><Key>보도자료/{:03}/문서 {key:07}.txt</Key>\
             <LastModified>2026-11-25T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>{}</Size></Contents>",
            key / 1000,
            TEXT.len()
        );
    }
    page + "</ListBucketResult>"
}
