//! How long an agency's next file waits while another agency has a backlog: runs the real service, end to end.
//!
//! ```text
//! cargo bench -p madang-cli --bench fairness -- [--waiting N] [--files N] [--data FOLDER] [--binary MADANG]
//! ```
//!
//! One pipeline gets `--waiting` text files of 1 kB (100,000), which wait until all of them were seen; then they are let
//! go. The other gets `--files` files (20) one after the other, before that and while they are read. Printed is how long
//! each took from its place in the folder to an answer of the search, in milliseconds by the clock.
#![allow(clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// What failed, in words.
type Failure = Box<dyn std::error::Error>;

/// A key with every right, of this run.
const KEY: &str = "fairness-bench-0123456789-0123456789-0123456789";
/// How often the search is asked.
const ASK: Duration = Duration::from_millis(5);
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(1800);

#[derive(Debug)]
struct Arguments {
    waiting: usize,
    files: usize,
    data: PathBuf,
    binary: PathBuf,
}

/// A running service, killed when it is dropped.
#[derive(Debug)]
struct Service {
    child: Child,
    url: String,
    http: reqwest::Client,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let Some(arguments) = arguments() else {
        println!("usage: fairness [--waiting N] [--files N] [--data FOLDER] [--binary MADANG]");
        return ExitCode::SUCCESS;
    };
    match measure(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("fairness: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What was asked for; none if it cannot be understood. `cargo bench` adds `--bench`.
fn arguments() -> Option<Arguments> {
    let mut given = std::env::args_os().skip(1).filter(|argument| argument != "--bench");
    let mut arguments = Arguments {
        waiting: 100_000,
        files: 20,
        data: std::env::temp_dir(),
        binary: env!("CARGO_BIN_EXE_madang").into(),
    };
    while let Some(argument) = given.next() {
        match argument.to_str()? {
            "--waiting" => arguments.waiting = given.next()?.to_str()?.parse().ok()?,
            "--files" => arguments.files = given.next()?.to_str()?.parse().ok()?,
            "--data" => arguments.data = given.next()?.into(),
            "--binary" => arguments.binary = given.next()?.into(),
            _ => return None,
        }
    }
    Some(arguments)
}

async fn measure(asked: &Arguments) -> Result<(), Failure> {
    let place = tempfile::tempdir_in(&asked.data)?;
    let root = place.path();
    for (name, agency) in [("bulk", "1741000"), ("other", "5360000")] {
        fs::create_dir_all(root.join("drop").join(name))?;
        fs::create_dir_all(root.join("pipelines"))?;
        let declaration = format!(
            "name = \"{name}\"\nagency = \"{agency}\"\n[source]\nurl = \"file:drop/{name}\"\nsettle = \"50ms\"\n\
             [catalog]\ntitle = \"{name}\"\nlicense = \"KOGL-1\"\n"
        );
        fs::write(root.join("pipelines").join(format!("{name}.toml")), declaration)?;
    }
    let service = Service::start(&asked.binary, root).await?;
    // What is made once (the index of an agency, the first fork) is no wait of a file.
    service.waits_for(root, "first").await?;

    let mut idle = Vec::new();
    for n in 0..asked.files {
        idle.push(service.waits_for(root, &format!("idle{n}")).await?);
    }
    print(&format!("{} files one after the other, nothing else", idle.len()), &mut idle);

    service.post("/v1/queues/bulk/pause").await?;
    let filler = "침수 대비 점검 결과를 다음과 같이 보고한다. ".repeat(17);
    for n in 0..asked.waiting {
        let folder = root.join("drop/bulk").join((n / 1000).to_string());
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("{n}.txt")), format!("글 {n}\n{filler}\n"))?;
    }
    let all = asked.waiting as u64;
    service.until(|balance| (in_flight(balance) >= all).then_some(())).await?;
    service.post("/v1/queues/bulk/resume").await?;
    service.until(|balance| (in_flight(balance) < all).then_some(())).await?;

    let mut behind = Vec::new();
    for n in 0..asked.files {
        behind.push(service.waits_for(root, &format!("behind{n}")).await?);
    }
    let left = in_flight(&service.balance().await?);
    print(
        &format!("{} files while {all} to {left} of another agency wait", behind.len()),
        &mut behind,
    );
    println!(
        "p95 behind the others / p95 alone: {:.2}",
        percentile(&behind, 95) / percentile(&idle, 95)
    );
    Ok(())
}

impl Service {
    async fn start(binary: &Path, root: &Path) -> Result<Service, Failure> {
        let mut command = Command::new(binary);
        command.args(["up", "--listen", "127.0.0.1:0"]).current_dir(root);
        command.env("MADANG_ADMIN_KEY", KEY).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn()?;
        madang_store::tls::provide();
        let http =
            reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60)).build()?;
        let mut service = Service { child, url: String::new(), http };
        let began = Instant::now();
        while service.url.is_empty() {
            if began.elapsed() > PATIENCE || service.child.try_wait()?.is_some() {
                return Err("the service does not start".into());
            }
            let told = fs::read_to_string(root.join("data/service.url")).unwrap_or_default();
            told.lines().next().unwrap_or_default().clone_into(&mut service.url);
            tokio::time::sleep(ASK).await;
        }
        Ok(service)
    }

    /// Places a file that holds this word, and gives how many milliseconds go by until it is found.
    async fn waits_for(&self, root: &Path, word: &str) -> Result<f64, Failure> {
        let aside = root.join("aside");
        fs::write(&aside, format!("다른 기관의 글 {word}\n"))?;
        let began = Instant::now();
        fs::rename(&aside, root.join("drop/other").join(format!("{word}.txt")))?;
        loop {
            let found = self.get(&format!("/v1/search?q={word}")).await?;
            if found.get("total").and_then(Value::as_u64) > Some(0) {
                return Ok(began.elapsed().as_secs_f64() * 1e3);
            }
            if began.elapsed() > PATIENCE {
                return Err(format!("{word} is not found").into());
            }
            tokio::time::sleep(ASK).await;
        }
    }

    async fn until(&self, mut met: impl FnMut(&Value) -> Option<()>) -> Result<(), Failure> {
        let began = Instant::now();
        while met(&self.balance().await?).is_none() {
            if began.elapsed() > PATIENCE {
                return Err("the backlog does not come about".into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    async fn balance(&self) -> Result<Value, Failure> {
        self.get("/v1/ledger/balance").await
    }

    async fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.http.get(format!("{}{path}", self.url)).bearer_auth(KEY);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    async fn post(&self, path: &str) -> Result<(), Failure> {
        let request = self.http.post(format!("{}{path}", self.url)).bearer_auth(KEY);
        request.send().await?.error_for_status()?;
        Ok(())
    }
}

/// Files that wait or are read.
fn in_flight(balance: &Value) -> u64 {
    balance.get("in_flight").and_then(Value::as_u64).unwrap_or_default()
}

/// Prints the spread of these, which it sorts.
fn print(what: &str, values: &mut [f64]) {
    values.sort_by(f64::total_cmp);
    let at = |percent| percentile(values, percent);
    println!(
        "{what}: min {:.0}, p50 {:.0}, p95 {:.0}, max {:.0} ms",
        at(0),
        at(50),
        at(95),
        at(100)
    );
}

/// Of sorted values, the one that so many percent do not exceed.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let last = values.len().saturating_sub(1);
    values.get((last * percent).div_ceil(100)).copied().unwrap_or_default()
}
