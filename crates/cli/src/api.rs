use std::env::VarError;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::body::Body;
use axum::http::{Method, Request, header};
use madang_document::principal::Principal;
use madang_index::scoped_searcher::ScopedSearcher;
use madang_ledger::ledger::Ledger;
use madang_pipeline::trial::Trials;
use madang_server::hosts::Hosts;
use madang_server::server::{OwnKey, Ports, RequestLimits, Server, Settings};
use serde_json::Value;
use tower::ServiceExt;

use crate::arguments::ServiceOptions;
use crate::configuration::Configuration;
use crate::data_folder::{DataFolder, announced};
use crate::failure::Failure;
use crate::given_key::given_key;
use crate::own_keys::{ADMIN_KEY, admin_key, own_keys};
use crate::{backends, idle, local_key};

/// The HTTP API, wherever it is: at a running service, or made for the moment over the data folder when none
/// runs. Either way the same code answers, so that a command prints the same.
pub(crate) struct Api {
    reach: Reach,
    runtime: tokio::runtime::Runtime,
}

enum Reach {
    Service { client: reqwest::Client, url: String, key: Option<String> },
    Folder { app: Box<axum::Router>, known_by: KnownBy, ledger: Arc<dyn Ledger>, _data: DataFolder },
}

/// By what the API over a data folder knows who asks.
enum KnownBy {
    /// The cookie of a session as the owner, who is whoever may read the folder.
    Session(String),
    /// The key that was given: it says what may be seen, as at a service.
    Key(String),
}

/// What came of something that was posted.
pub(crate) enum Posted {
    /// This was answered.
    Answered(Value),
    /// The thing is not there, or not any more.
    Absent,
    /// The service waited for as long as it holds a request, and others came before it all the time: it may be asked again
    /// at once.
    NoTurn,
}

/// A command ends with the API that it asked.
impl Drop for Api {
    fn drop(&mut self) {
        if let Reach::Folder { ledger, .. } = &self.reach {
            self.runtime.block_on(backends::close(ledger.as_ref()));
        }
    }
}

/// The address that the API over a data folder answers under.
const LOCAL: &str = "http://127.0.0.1";

impl Api {
    /// Reaches the service at `--url`, else the one that runs on the data folder, else the folder itself.
    pub(crate) fn reach(place: &ServiceOptions) -> Result<Api, Failure> {
        Api::reach_with(place, |_| Ok(None))
    }

    /// As [`reach`](Self::reach); over the folder itself files are tried by what `trials` makes, which is asked for
    /// nothing where a service answers.
    pub(crate) fn reach_with(
        place: &ServiceOptions,
        trials: impl FnOnce(&Configuration) -> Result<Option<Trials>, Failure>,
    ) -> Result<Api, Failure> {
        let configuration = Configuration::read(place.config.as_deref(), backends::BUCKETS)?;
        let folder = configuration.data(place.data.as_deref());
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let said = || given_key(place.key.as_deref(), |name| std::env::var(name));
        if let Some(url) = &place.url {
            return Ok(Api { reach: service(url, said()?)?, runtime });
        }
        if !DataFolder::exists_at(&folder) {
            let else_ = " or a service with --url, or start one with `madang up`";
            return Err(DataFolder::nothing_at(&folder, else_));
        }
        let reach = match DataFolder::lock(&folder)? {
            Some(data) => {
                // The one that scripts start services with is the owner's.
                let key = given_key(place.key.as_deref(), |name| match name {
                    ADMIN_KEY => Err(VarError::NotPresent),
                    name => std::env::var(name),
                })?;
                let trials = trials(&configuration)?;
                runtime.block_on(local(data, trials, key))?
            }
            None => {
                let (url, key) = announced(&folder).ok_or_else(|| {
                    anyhow::anyhow!(
                        "a madang runs on {} and takes no requests (up --once, or in another container); \
                         try again when it has ended, or name its address with --url",
                        folder.display()
                    )
                })?;
                service(&url, said()?.or(key))?
            }
        };
        Ok(Api { reach, runtime })
    }

    /// Whether a service answers, and not the data folder.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self.reach, Reach::Service { .. })
    }

    /// `GET`; the path carries its own query.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.runtime.block_on(self.ask(Method::GET, path, None))
    }

    /// As [`get`](Self::get), for whoever waits in front of a screen: an answer that takes longer than this is none.
    pub(crate) fn get_within(&self, path: &str, wait: Duration) -> Result<Value, Failure> {
        let asked = async { tokio::time::timeout(wait, self.ask(Method::GET, path, None)).await };
        self.runtime.block_on(asked).unwrap_or_else(|_| {
            let told = format!("no answer within {} seconds", wait.as_secs());
            Err(Failure::Other(anyhow::anyhow!(told)))
        })
    }

    /// `POST` with a JSON body.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.runtime.block_on(self.ask(Method::POST, path, Some(body)))
    }

    /// As [`post`](Self::post); nothing where the thing is not there, or not any more.
    pub(crate) fn post_if_there(&self, path: &str, body: &Value) -> Result<Posted, Failure> {
        let (status, value) = self.runtime.block_on(self.answer(Method::POST, path, Some(body)))?;
        let kind = value.get("type").and_then(Value::as_str);
        match status {
            404 | 410 => Ok(Posted::Absent),
            503 if kind == Some("urn:madang:problem:busy") => Ok(Posted::NoTurn),
            _ => self.judged(status, value).map(Posted::Answered),
        }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Failure> {
        let (status, value) = self.answer(method, path, body).await?;
        self.judged(status, value)
    }

    /// The status and what was answered.
    async fn answer(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(u16, Value), Failure> {
        let (status, bytes) = match &self.reach {
            Reach::Service { client, url, key } => {
                let mut request = client.request(method, format!("{url}{path}"));
                if let Some(key) = key {
                    request = request.bearer_auth(key);
                }
                if let Some(body) = body {
                    request = request.json(body);
                }
                let answer = request.send().await.map_err(|error| {
                    anyhow::anyhow!("{url} does not answer: {}", innermost(&error))
                })?;
                (answer.status().as_u16(), answer.bytes().await?.to_vec())
            }
            Reach::Folder { app, known_by, .. } => {
                let (name, value) = match known_by {
                    KnownBy::Session(cookie) => (header::COOKIE, cookie.clone()),
                    KnownBy::Key(key) => (header::AUTHORIZATION, format!("Bearer {key}")),
                };
                let mut request = Request::builder()
                    .method(method)
                    .uri(path)
                    .header(header::HOST, "127.0.0.1")
                    .header(header::ORIGIN, LOCAL)
                    .header(name, value);
                let body = match body {
                    Some(body) => {
                        request = request.header(header::CONTENT_TYPE, "application/json");
                        Body::from(body.to_string())
                    }
                    None => Body::empty(),
                };
                let answer = app.as_ref().clone().oneshot(request.body(body)?).await?;
                let status = answer.status().as_u16();
                (status, axum::body::to_bytes(answer.into_body(), 1 << 30).await?.to_vec())
            }
        };
        let value: Value = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).with_context(|| {
                format!("the answer to {path} is no JSON (status {status}); is this a madang?")
            })?,
        };
        Ok((status, value))
    }

    /// An answer, or why it is none.
    fn judged(&self, status: u16, value: Value) -> Result<Value, Failure> {
        if (200..300).contains(&status) {
            return Ok(value);
        }
        let of =
            |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (title, detail) = (of("title"), of("detail"));
        let message = match detail.is_empty() {
            true => format!("{title} ({status})"),
            false => detail,
        };
        match status {
            400 | 404 | 409 => Err(Failure::usage(message)),
            401 => Err(Failure::usage(match &self.reach {
                Reach::Service { key: Some(_), .. } => {
                    "the service does not take this key: it was revoked, mistyped, or is of another service \
                     (`madang key ls` lists them, `madang key new` makes one)"
                }
                Reach::Folder { known_by: KnownBy::Key(_), .. } => {
                    "this data folder knows no such key: it was revoked, mistyped, or is of another service \
                     (`madang key ls` lists them, `madang key new` makes one); without --key and MADANG_KEY its owner \
                     needs none"
                }
                _ => "the service wants a key: --key or MADANG_KEY (madang key new)",
            })),
            _ => Err(Failure::Other(anyhow::anyhow!("{message}"))),
        }
    }
}

fn service(url: &str, key: Option<String>) -> Result<Reach, Failure> {
    let url = url.trim_end_matches('/').to_owned();
    let sound = ["http://", "https://"].iter().any(|scheme| url.starts_with(scheme))
        && reqwest::Url::parse(&url).is_ok_and(|url| url.has_host());
    if !sound {
        return Err(Failure::usage(format!(
            "`{url}` is no address; write it as http://127.0.0.1:8484"
        )));
    }
    // No redirects: the key goes to the address that was meant and to no other.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    Ok(Reach::Service { client, url, key })
}

/// The API over a data folder on which nothing runs, for whoever has this key, or else for its owner.
async fn local(
    data: DataFolder,
    trials: Option<Trials>,
    key: Option<String>,
) -> Result<Reach, Failure> {
    let clock = backends::clock();
    let ledger = backends::ledger(&data).await?;
    let index = backends::index(&data)?;
    // A ledger that cannot say who holds something is no reason not to search.
    if let Ok(held) = ledger.partitions().await {
        index.expect(&held);
    }
    let idle = Arc::new(idle::Idle);
    let ports = Ports {
        ledger: Arc::clone(&ledger),
        searcher: ScopedSearcher::new(index),
        blobs: backends::blobs(&data)?,
        stores: Default::default(),
        members: Arc::clone(&idle) as _,
        likenesses: Arc::clone(&idle) as _,
        trials: Arc::new(idle::OwnTrials(trials)),
        drops: Arc::clone(&idle) as _,
        sources: Arc::clone(&idle) as _,
        conditions: Arc::clone(&idle) as _,
        recognising: idle as _,
        clock: Arc::clone(&clock),
    };
    let settings = Settings {
        base_url: LOCAL.to_owned(),
        hosts: Hosts::any(),
        publisher: "Madang".into(),
        registries: Vec::new(),
        own_keys: keys_of(&data),
        limits: RequestLimits::default(),
    };
    let server = Arc::new(Server::new(ports, settings));
    if let Some(key) = key {
        let app = Box::new(madang_server::routes::app(server));
        return Ok(Reach::Folder { app, known_by: KnownBy::Key(key), ledger, _data: data });
    }
    let token = server
        .sessions()
        .link(Principal::local(), clock())
        .map_err(|error| anyhow::anyhow!("no random bytes: {error}"))?;
    let app = madang_server::routes::app(server);
    let request = Request::builder()
        .uri(format!("/sign-in?token={token}"))
        .header(header::HOST, "127.0.0.1")
        .body(Body::empty())?;
    let answer = app.clone().oneshot(request).await?;
    let cookie = answer
        .headers()
        .get(header::SET_COOKIE)
        .and_then(|cookie| cookie.to_str().ok()?.split(';').next().map(str::to_owned))
        .context("the API over the data folder gave no session")?;
    let known_by = KnownBy::Session(cookie);
    Ok(Reach::Folder { app: Box::new(app), known_by, ledger, _data: data })
}

/// The keys outside the ledger that a service on this folder would take: what is none counts as little here.
fn keys_of(data: &DataFolder) -> Vec<OwnKey> {
    let local = local_key::read(&data.join(local_key::FILE)).ok().flatten();
    let admin = admin_key(std::env::var(ADMIN_KEY)).ok().flatten();
    own_keys(local.as_deref(), admin.as_deref())
}

/// What really happened, without the address again.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A query string.
pub(crate) fn query(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        out.push(if out.is_empty() { '?' } else { '&' });
        out.push_str(name);
        out.push('=');
        out.push_str(&part(value));
    }
    out
}

/// A part of a path or query, percent-encoded (RFC 3986, unreserved characters stay).
pub(crate) fn part(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
        out
    })
}

/// The data folder alone, for what needs no service. Fails while one runs.
pub(crate) fn idle_folder(
    data: Option<&PathBuf>,
    config: Option<&PathBuf>,
) -> Result<DataFolder, Failure> {
    let configuration = Configuration::read(config.map(PathBuf::as_path), backends::BUCKETS)?;
    let path = configuration.data(data.map(PathBuf::as_path));
    if !DataFolder::exists_at(&path) {
        return Err(DataFolder::nothing_at(&path, ""));
    }
    DataFolder::lock(&path)?.ok_or_else(|| {
        Failure::Other(anyhow::anyhow!("a madang runs on {}; stop it first", path.display()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_takes_requests_and_answers_none_is_not_waited_for() {
        madang_store::tls::provide();
        // Who connects is held by the system, and nobody ever reads what he asks.
        let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let reach = service(&format!("http://{}", deaf.local_addr().unwrap()), None);
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let api = Api { reach: reach.unwrap(), runtime };
        let failure = api.get_within("/v1/queues", Duration::from_millis(20)).unwrap_err();
        assert!(failure.told().join("").contains("no answer within"), "{failure:?}");
    }
}
