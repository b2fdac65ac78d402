//! The process has no descriptors left.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use madang_tests::ground::process::ends;
use madang_tests::ground::scenario::{ADMIN, Scenario};
use madang_tests::ground::service::Service;
use madang_wait::until;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// Limits the descriptors that a process may have, softly.
fn limit(pid: u32, descriptors: u64) {
    let (pid, limit) = (pid.to_string(), format!("--nofile={descriptors}:"));
    let done = Command::new("prlimit").args(["--pid", &pid, &limit]).output();
    let done = done.expect("prlimit (package util-linux)");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// One connection, opened while there are descriptors and kept: a client that opens another when the first is not free
/// at once would wait for one that nobody can take.
struct Connection(BufReader<TcpStream>);

impl Connection {
    async fn open(service: &Service) -> Connection {
        let address = service.url.trim_start_matches("http://");
        Connection(BufReader::new(TcpStream::connect(address).await.unwrap()))
    }

    /// The status and the body.
    async fn ask(&mut self, method: &str, path: &str) -> (u16, String) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {ADMIN}\r\n\
             Content-Length: 0\r\n\r\n"
        );
        self.0.write_all(head.as_bytes()).await.unwrap();
        let (mut status, mut length) = (0, 0);
        loop {
            let mut line = String::new();
            assert!(self.0.read_line(&mut line).await.unwrap() > 0, "{method} {path}: no answer");
            let line = line.trim_end().to_ascii_lowercase();
            if let Some(told) = line.strip_prefix("http/1.1 ") {
                status = told.split(' ').next().unwrap().parse().unwrap();
            } else if let Some(told) = line.strip_prefix("content-length:") {
                length = told.trim().parse().unwrap();
            } else if line.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).await.unwrap();
        (status, String::from_utf8(body).unwrap())
    }

    /// The kinds and subjects of what stands in the way, as far as it can be had just now: the ledger may want a
    /// descriptor to say so.
    async fn conditions(&mut self) -> Vec<(String, String)> {
        let (200, answer) = self.ask("GET", "/v1/queues").await else { return Vec::new() };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let word = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
        let conditions = answer["conditions"].as_array().unwrap().iter();
        conditions.map(|one| (word(one, "kind"), word(one, "subject"))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_dropped_while_descriptors_are_out_is_read_when_there_are_some() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/first.txt", "미리 놓인 글 beforehand");
    let service = Service::start(&scenario, &[]).await;
    service.finds("beforehand", &["first.txt"]).await;
    // Some are known and wait, so that workers meet the want of descriptors, too.
    service.post("/v1/queues/press/pause").await;
    for n in 0..10 {
        scenario.write(&format!("drop/press/known {n}.txt"), format!("기다리는 글 known{n}"));
    }
    until("ten wait", async || (service.jobs("ready").await.len() == 10).then_some(())).await;

    let mut line = Connection::open(&service).await;
    line.ask("GET", "/readyz").await;
    // Fewer than it has: not one more is to be had, whichever it lets go. The connection over which it is asked stays
    // open, so it can be asked all the same.
    limit(service.pid(), 4);
    for n in 0..10 {
        scenario.write_now(&format!("drop/press/new {n}.txt"), format!("새로 놓인 글 new{n}"));
    }
    until("the queue is resumed", async || {
        (line.ask("POST", "/v1/queues/press/resume").await.0 == 200).then_some(())
    })
    .await;
    let told = until("it is not ready, and says why", async || {
        let (status, told) = line.ask("GET", "/readyz").await;
        (status == 503).then_some(told)
    })
    .await;
    assert!(told.contains("no more open files"), "{told}");
    // Whoever reads says so as well: files are claimed, and none can be opened.
    until("the workers wait for descriptors", async || {
        let worker = ("descriptors_out".to_owned(), "worker".to_owned());
        line.conditions().await.contains(&worker).then_some(())
    })
    .await;

    limit(service.pid(), 1024);
    let raised = std::time::Instant::now();
    let balance = service.settled(21).await;
    println!("all read {:?} after there were descriptors", raised.elapsed());
    assert_eq!((balance.received, balance.done, balance.quarantined), (21, 21, 0));
    for n in 0..10 {
        service.finds(&format!("known{n}"), &[&format!("known {n}.txt")]).await;
        service.finds(&format!("new{n}"), &[&format!("new {n}.txt")]).await;
    }
    until("it is ready again", async || {
        (service.ask("GET", "/readyz", ADMIN, Vec::new()).await.status == 200).then_some(())
    })
    .await;
    assert!(!service.said().contains("index_damaged"), "{}", service.said());
    service.stop().await;
    for (path, job) in scenario.jobs().await {
        assert_eq!((job.attempt, job.crashes), (1, 0), "{path} is not to blame: {job:?}");
    }
}

#[test]
fn a_service_that_may_open_too_few_files_says_so_and_ends() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/first.txt", "미리 놓인 글");
    for limit in [24, 63] {
        let plain = scenario.command(&["up", "--once"]);
        let mut limited =
            scenario.command_of(Path::new("prlimit"), &[&format!("--nofile={limit}:{limit}")]);
        limited.arg(plain.get_program()).args(plain.get_args());
        let child = limited.stderr(Stdio::piped()).spawn();
        let mut child = child.expect("prlimit (package util-linux)");
        let status = ends("up --once", &mut child);
        let mut told = String::new();
        child.stderr.take().unwrap().read_to_string(&mut told).unwrap();
        assert!(!status.success() && told.contains("ulimit -n"), "{limit}: {told}");
    }
}
