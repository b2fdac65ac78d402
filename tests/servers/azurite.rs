use std::sync::OnceLock;

use http::{HeaderName, Method, StatusCode};
use object_store::azure::{AzureAccessKey, AzureAuthorizer, AzureCredential};
use object_store::client::HttpRequest;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::server::{Server, client};

/// Azurite, one for all tests of this process.
#[derive(Debug)]
pub struct Azurite {
    server: Server,
}

/// The account's name.
pub const ACCOUNT: &str = "madangtest";
/// The account's key: `no secret of anybody` in base64.
pub const KEY: &str = "bm8gc2VjcmV0IG9mIGFueWJvZHk=";

const NAME: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'.').remove(b'-');

/// The one of this process; started by whoever comes first.
///
/// # Panics
/// When it cannot be had.
pub fn azurite() -> &'static Azurite {
    static AZURITE: OnceLock<Azurite> = OnceLock::new();
    AZURITE.get_or_init(|| {
        madang_store::tls::provide();
        Azurite { server: Server::start("azurite", &[ACCOUNT, KEY]) }
    })
}

impl Azurite {
    /// The address of the account.
    pub fn endpoint(&self) -> String {
        format!("{}/{ACCOUNT}", self.server.address())
    }

    /// A `madang.toml` that knows the account under this name.
    pub fn configuration(&self, store: &str) -> String {
        format!(
            "[stores.{store}]\nkind = \"az\"\naccount = \"{ACCOUNT}\"\nendpoint = \"{}\"\n\
             access_key = \"{KEY}\"\nallow_http = true\n",
            self.endpoint()
        )
    }

    /// Makes a container.
    ///
    /// # Panics
    /// When it is there already.
    pub async fn make(&self, container: &str) {
        let address = format!("{}/{container}?restype=container", self.endpoint());
        let answer = self.ask(Method::PUT, &address, None, &[]).await;
        assert_eq!(answer.status(), StatusCode::CREATED, "{container}");
    }

    /// Writes a blob, whatever is there. False if it takes no such name.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn put(&self, container: &str, name: &str, bytes: &[u8]) -> bool {
        // Its listings break on control characters.
        if name.chars().any(char::is_control) {
            return false;
        }
        // No address can say them: every client takes them for steps, and the service a backslash for a slash.
        if name.contains('\\') || name.split('/').any(|part| part == "." || part == "..") {
            return false;
        }
        let header = Some((HeaderName::from_static("x-ms-blob-type"), "BlockBlob"));
        let answer = self.ask(Method::PUT, &self.blob(container, name), header, bytes).await;
        answer.status() == StatusCode::CREATED
    }

    /// The names of all its blobs, as they stand in the first page of a listing.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn names(&self, container: &str) -> Vec<String> {
        let address = format!("{}/{container}?restype=container&comp=list", self.endpoint());
        let page = self.ask(Method::GET, &address, None, &[]).await.text().await.unwrap();
        let names = page.split("<Name>").skip(1);
        names.filter_map(|rest| Some(rest.split_once("</Name>")?.0.to_owned())).collect()
    }

    /// Takes a blob away.
    ///
    /// # Panics
    /// When it is not there.
    pub async fn delete(&self, container: &str, name: &str) {
        let answer = self.ask(Method::DELETE, &self.blob(container, name), None, &[]).await;
        assert_eq!(answer.status(), StatusCode::ACCEPTED, "{name}");
    }

    fn blob(&self, container: &str, name: &str) -> String {
        format!("{}/{container}/{}", self.endpoint(), utf8_percent_encode(name, NAME))
    }

    async fn ask(
        &self,
        method: Method,
        address: &str,
        header: Option<(HeaderName, &str)>,
        body: &[u8],
    ) -> reqwest::Response {
        let mut request = http::Request::builder()
            .method(method)
            .uri(address)
            .header("content-length", body.len());
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let mut request: HttpRequest = request.body(Vec::new().into()).unwrap();
        let credential = AzureCredential::AccessKey(AzureAccessKey::try_new(KEY).unwrap());
        AzureAuthorizer::new(&credential, ACCOUNT).try_authorize(&mut request).unwrap();
        let (parts, _) = request.into_parts();
        let answer = client()
            .request(parts.method, parts.uri.to_string())
            .headers(parts.headers)
            .body(body.to_vec())
            .send()
            .await;
        answer.unwrap()
    }
}
