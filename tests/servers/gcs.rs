use std::sync::OnceLock;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, StatusCode};

use crate::server::{Server, client};

/// fake-gcs-server, one for all tests of this process.
#[derive(Debug)]
pub struct Gcs {
    server: Server,
}

/// The one of this process; started by whoever comes first.
///
/// # Panics
/// When it cannot be had.
pub fn gcs() -> &'static Gcs {
    static GCS: OnceLock<Gcs> = OnceLock::new();
    GCS.get_or_init(|| {
        madang_store::tls::provide();
        Gcs { server: Server::start("fake-gcs", &[]) }
    })
}

impl Gcs {
    /// Its address.
    pub fn endpoint(&self) -> &str {
        self.server.address()
    }

    /// A `madang.toml` that knows it under this name.
    pub fn configuration(&self, store: &str) -> String {
        format!(
            "[stores.{store}]\nkind = \"gs\"\nendpoint = \"{}\"\nanonymous = true\nallow_http = true\n",
            self.endpoint()
        )
    }

    /// Makes a bucket.
    ///
    /// # Panics
    /// When it is there already.
    pub async fn make(&self, bucket: &str) {
        let address = format!("{}/storage/v1/b?project=test", self.endpoint());
        let body = format!("{{\"name\":\"{bucket}\"}}");
        assert_eq!(ask(Method::POST, &address, body.into_bytes()).await, StatusCode::OK);
    }

    /// Writes an object, whatever is there. False if it takes no such name.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn put(&self, bucket: &str, name: &str, bytes: &[u8]) -> bool {
        // Its listings write a replacement character for each: another name.
        if name.chars().any(char::is_control) {
            return false;
        }
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let address = format!(
            "{}/upload/storage/v1/b/{bucket}/o?uploadType=media&name={name}",
            self.endpoint()
        );
        ask(Method::POST, &address, bytes.to_vec()).await == StatusCode::OK
    }

    /// The names of all its objects.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn names(&self, bucket: &str) -> Vec<String> {
        let address = format!("{}/storage/v1/b/{bucket}/o", self.endpoint());
        let answer: serde_json::Value =
            client().get(address).send().await.unwrap().json().await.unwrap();
        let items = answer["items"].as_array().cloned().unwrap_or_default();
        items.iter().filter_map(|item| Some(item["name"].as_str()?.to_owned())).collect()
    }

    /// Takes an object away.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn delete(&self, bucket: &str, name: &str) {
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let address = format!("{}/storage/v1/b/{bucket}/o/{name}", self.endpoint());
        assert_eq!(ask(Method::DELETE, &address, Vec::new()).await, StatusCode::OK);
    }
}

async fn ask(method: Method, address: &str, body: Vec<u8>) -> StatusCode {
    client().request(method, address).body(body).send().await.unwrap().status()
}
