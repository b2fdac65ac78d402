use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::scenario::{ADMIN, Scenario, paths};
use madang_wait::{until, until_within};

/// A running `madang up`, killed when it is dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    said: Arc<Mutex<String>>,
    /// Where it listens.
    pub url: String,
    http: reqwest::Client,
}

impl Service {
    /// Starts `madang up` over these sources on a free port, and waits until it answers.
    ///
    /// # Panics
    /// When it ends or does not answer.
    pub async fn start(scenario: &Scenario, sources: &[&str]) -> Service {
        let mut arguments = vec!["up", "--listen", "127.0.0.1:0"];
        arguments.extend(sources);
        Service::spawn(scenario, scenario.command(&arguments)).await
    }

    /// Starts this command and waits until it answers.
    ///
    /// # Panics
    /// When it ends or does not answer.
    pub async fn spawn(scenario: &Scenario, command: Command) -> Service {
        // Of a service that was killed here before.
        let announced = scenario.path("data/service.url");
        let _ = std::fs::remove_file(&announced);
        let mut service = Service::of(command);
        service
            .listens(|_| {
                // The address stands in the first line, the process that listens there in the second.
                let text = std::fs::read_to_string(&announced).ok()?;
                text.lines().next().map(str::to_owned)
            })
            .await;
        service.is_ready().await;
        service
    }

    /// As [`start`](Self::start), but waits only until it says where it listens: it may not be ready, and find no room
    /// to announce its address.
    ///
    /// # Panics
    /// When it ends.
    pub async fn start_unready(scenario: &Scenario) -> Service {
        let mut service = Service::of(scenario.command(&["up", "--listen", "127.0.0.1:0"]));
        service
            .listens(|said| {
                let (_, rest) = said.split_once("madang listens on ")?;
                rest.split_once('\n').map(|(url, _)| url.to_owned())
            })
            .await;
        service
    }

    fn of(mut command: Command) -> Service {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary starts");
        let said = Arc::new(Mutex::new(String::new()));
        keep(child.stdout.take().unwrap(), &said);
        keep(child.stderr.take().unwrap(), &said);
        madang_store::tls::provide();
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(60))
            .build()
            .expect("a client");
        Service { child, said, url: String::new(), http }
    }

    async fn listens(&mut self, look: impl Fn(&str) -> Option<String>) {
        let url = until("the service says where it listens", async || {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "it ended with {ended:?}:\n{}", self.said());
            look(&self.said())
        })
        .await;
        self.url = url;
    }

    /// Waits until it says that it is ready.
    ///
    /// # Panics
    /// When it does not.
    pub async fn is_ready(&self) {
        let health = format!("{}/readyz", self.url);
        until("the service is ready", async || {
            let answer = self.http.get(&health).send().await;
            answer.ok().filter(|answer| answer.status() == 200).map(|_| ())
        })
        .await;
    }

    /// All that it printed so far.
    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The one-time sign-in link that it printed.
    ///
    /// # Panics
    /// When it printed none.
    pub async fn sign_in_link(&self) -> String {
        until("a sign-in link is printed", || {
            let said = self.said();
            async move {
                let start = said.find("/sign-in?token=")?;
                let line = &said[said[..start].rfind("http")?..];
                let end = line.find(char::is_whitespace)?;
                Some(line[..end].to_owned())
            }
        })
        .await
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it ended, and how.
    ///
    /// # Panics
    /// When the system does not say.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Kills it where it stands (SIGKILL), and waits for its end.
    ///
    /// # Panics
    /// When it cannot be killed.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop (SIGTERM), and waits for its end.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn stop(mut self) {
        let done = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status().unwrap();
        assert!(done.success());
        let status = until("the service stops", || {
            let ended = self.child.try_wait().unwrap();
            async move { ended }
        })
        .await;
        assert!(status.success(), "{status}:\n{}", self.said());
    }

    /// A request with this key.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn ask(&self, method: &str, path: &str, key: &str, body: Vec<u8>) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let request = self
            .http
            .request(method.clone(), format!("{}{path}", self.url))
            .bearer_auth(key)
            .body(body);
        let answer = request.send().await;
        let answer =
            answer.unwrap_or_else(|error| panic!("{method} {path}: {error}\n{}", self.said()));
        let status = answer.status().as_u16();
        let location = answer
            .headers()
            .get("location")
            .and_then(|location| location.to_str().ok())
            .map(str::to_owned);
        let bytes = answer.bytes().await.expect("a body").to_vec();
        Answer { status, location, bytes }
    }

    /// A request with this key of which nobody has read the answer yet.
    ///
    /// # Panics
    /// When it cannot be sent.
    pub async fn begin(&self, method: &str, path: &str, key: &str) -> TcpStream {
        let host = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(host).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\ncontent-length: 0\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream
    }

    /// GET as administrator; the answer must be 200.
    ///
    /// # Panics
    /// When it is not.
    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask("GET", path, ADMIN, Vec::new()).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text());
        answer.json()
    }

    /// POST as administrator; the answer must be 200.
    ///
    /// # Panics
    /// When it is not.
    pub async fn post(&self, path: &str) -> Value {
        let answer = self.ask("POST", path, ADMIN, Vec::new()).await;
        assert_eq!(answer.status, 200, "POST {path}: {}", answer.text());
        answer.json()
    }

    /// What a search finds.
    ///
    /// # Panics
    /// When it fails.
    pub async fn search(&self, query: &str) -> Value {
        self.get(&format!("/v1/search?limit=100&q={}", percent(query))).await
    }

    /// The paths of what a search finds, in order of the paths.
    ///
    /// # Panics
    /// When it fails.
    pub async fn found(&self, query: &str) -> Vec<String> {
        paths(&self.search(query).await)
    }

    /// The balance; that it holds is asserted each time.
    ///
    /// # Panics
    /// When it does not hold.
    pub async fn balance(&self) -> Balance {
        let answer = self.get("/v1/ledger/balance").await;
        let of = |name: &str| answer[name].as_u64().unwrap_or_else(|| panic!("{name}: {answer}"));
        let balance = Balance {
            received: of("received"),
            done: of("done"),
            quarantined: of("quarantined"),
            deleted: of("deleted"),
            in_flight: of("in_flight"),
        };
        let sum = balance.done + balance.quarantined + balance.deleted + balance.in_flight;
        assert_eq!(balance.received, sum, "the balance does not hold: {answer}");
        assert_eq!(answer["holds"], true, "{answer}");
        balance
    }

    /// Waits until so many files were received and none is in flight. The balance is checked at every look.
    ///
    /// # Panics
    /// When it takes too long.
    pub async fn settled(&self, received: u64) -> Balance {
        let what = format!("{received} files are settled");
        until_within(Duration::from_secs(600), &what, async || {
            let balance = self.balance().await;
            (balance.received >= received && balance.in_flight == 0).then_some(balance)
        })
        .await
    }

    /// Waits until the index has passed every change that the ledger has.
    ///
    /// # Panics
    /// When it takes too long.
    pub async fn indexed(&self) {
        until("the index has caught up", async || {
            let metrics = self.ask("GET", "/metrics", ADMIN, Vec::new()).await.text();
            let lags: Vec<String> = metrics
                .lines()
                .filter(|line| line.starts_with("madang_index_lag"))
                .map(str::to_owned)
                .collect();
            (!lags.is_empty() && lags.iter().all(|line| line.ends_with(" 0"))).then_some(())
        })
        .await;
    }

    /// Waits until a search finds exactly these paths.
    ///
    /// # Panics
    /// When it does not.
    pub async fn finds(&self, query: &str, expected: &[&str]) {
        let what = format!("a search for {query} finds {expected:?}");
        until(&what, async || (self.found(query).await == expected).then_some(())).await;
    }

    /// Jobs of a state.
    ///
    /// # Panics
    /// When they cannot be listed.
    pub async fn jobs(&self, state: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v1/jobs?state={state}&limit=100")).await;
        answer["jobs"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
    }

    /// Waits until the job of this path is quarantined; gives it.
    ///
    /// # Panics
    /// When it is not.
    pub async fn quarantined(&self, path: &str) -> Value {
        until(&format!("{path} is quarantined"), async || {
            self.jobs("quarantined").await.into_iter().find(|job| job["path"] == path)
        })
        .await
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- what the service said\n{}", self.said());
        }
    }
}

/// Conservation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Files ever seen.
    pub received: u64,
    /// Files read.
    pub done: u64,
    /// Files set aside.
    pub quarantined: u64,
    /// Files that are gone.
    pub deleted: u64,
    /// Files that wait or are worked on.
    pub in_flight: u64,
}

/// The answer to a request.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

/// Percent-encodes a value for a query.
pub fn percent(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn keep(pipe: impl Read + Send + 'static, said: &Arc<Mutex<String>>) {
    let said = Arc::clone(said);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let mut said = said.lock().unwrap();
            said.push_str(&String::from_utf8_lossy(&line));
            said.push('\n');
        }
    });
}
