//! The data folder and the keys to it belong to their owner alone.

use std::fs::{File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;

/// Everything in a folder, itself included.
fn everything(root: &Path) -> Vec<PathBuf> {
    let mut paths = vec![root.to_owned()];
    if root.is_dir() {
        for entry in std::fs::read_dir(root).unwrap() {
            paths.extend(everything(&entry.unwrap().path()));
        }
    }
    paths
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

/// The paths in the data folder that others can read.
fn open(scenario: &Scenario) -> Vec<PathBuf> {
    let paths = everything(&scenario.path("data"));
    assert!(paths.len() > 10, "{paths:?}");
    paths.into_iter().filter(|path| mode(path) & 0o077 != 0).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_can_read_anything_in_the_data_folder() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/a.txt", "닫힌 글 closedtext");
    let service = Service::start(&scenario, &[]).await;
    service.finds("closedtext", &["a.txt"]).await;
    assert_eq!(open(&scenario), Vec::<PathBuf>::new());
    service.stop().await;
    assert_eq!(open(&scenario), Vec::<PathBuf>::new());
}

#[test]
fn a_data_folder_that_was_open_is_closed_once_and_it_is_said() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "열린 글 opentext");
    scenario.once(&["drop"]);
    for path in everything(&scenario.path("data")) {
        let mode = if path.is_dir() { 0o755 } else { 0o644 };
        std::fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    }
    let output = scenario.run(&["search", "opentext"]);
    assert!(output.status.success(), "{}", said(&output));
    let told = String::from_utf8_lossy(&output.stderr).contains("could be read by other people");
    assert!(told, "{}", said(&output));
    assert_eq!(open(&scenario), Vec::<PathBuf>::new());
    let output = scenario.run(&["search", "opentext"]);
    assert!(!String::from_utf8_lossy(&output.stderr).contains("other people"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_local_key_that_madang_did_not_make_is_no_key() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let chosen = "eightabc";
    scenario.write("data/local.key", chosen);
    for path in ["data", "data/local.key"] {
        let mode = if path == "data" { 0o700 } else { 0o600 };
        std::fs::set_permissions(scenario.path(path), Permissions::from_mode(mode)).unwrap();
    }
    let service = Service::start(&scenario, &[]).await;
    assert_eq!(service.ask("GET", "/v1/queues", chosen, Vec::new()).await.status, 401);
    assert!(service.said().contains("local.key"), "{}", service.said());
    let key = std::fs::read_to_string(scenario.path("data/local.key")).unwrap();
    assert_eq!(key.trim().len(), "madang_".len() + 64, "{key}");
    // The command line finds its way with the new one.
    let output = scenario.command(&["queue"]).env_remove("MADANG_ADMIN_KEY").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    service.stop().await;
}

#[test]
fn the_owners_key_goes_to_no_stranger_on_a_port() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "글");
    scenario.once(&["drop"]);
    scenario.write("data/local.key", format!("madang_{}\n", "0".repeat(64)));
    std::fs::set_permissions(scenario.path("data/local.key"), Permissions::from_mode(0o600))
        .unwrap();
    // A run without HTTP holds the folder; a service that was killed had announced this port, which somebody else
    // took since.
    let lock = File::options().write(true).open(scenario.path("data/lock")).unwrap();
    lock.lock().unwrap();
    let stranger = TcpListener::bind("127.0.0.1:0").unwrap();
    stranger.set_nonblocking(true).unwrap();
    let address = stranger.local_addr().unwrap();
    let mut ended = std::process::Command::new("true").spawn().unwrap();
    let dead = ended.id();
    ended.wait().unwrap();
    for announced in [
        format!("http://{address}\n"),
        format!("http://{address}\nprocess {dead} since 1\n"),
        // The number came again, for another process.
        format!("http://{address}\nprocess {} since 1\n", std::process::id()),
    ] {
        std::fs::write(scenario.path("data/service.url"), &announced).unwrap();
        let mut command = scenario.command(&["queue", "ls"]);
        let output = command.env_remove("MADANG_ADMIN_KEY").output().unwrap();
        assert!(!output.status.success(), "{announced:?}: {}", said(&output));
        let came = stranger.accept();
        assert!(came.is_err(), "{announced:?}: it called {came:?}");
    }
    drop(lock);
    // Whoever holds the folder next takes the stale address away.
    scenario.once(&["drop"]);
    assert!(!scenario.path("data/service.url").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chosen_key_is_kept_nowhere_and_ends_with_its_variable() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let (first, second) =
        ("correct-horse-battery-staple-1234", "another-horse-of-thirty-six-letters");
    let start = async |key: Option<&str>| {
        let mut command = scenario.command(&["up", "--listen", "127.0.0.1:0"]);
        match key {
            Some(key) => command.env("MADANG_ADMIN_KEY", key),
            None => command.env_remove("MADANG_ADMIN_KEY"),
        };
        Service::spawn(&scenario, command).await
    };
    let status = async |service: &Service, key: &str| {
        service.ask("POST", "/v1/queues/press/pause", key, Vec::new()).await.status
    };
    let service = start(Some(first)).await;
    assert_eq!(status(&service, first).await, 200);
    let listed = scenario.command(&["key", "ls"]).output().unwrap();
    let mut kept = vec![listed.stdout, service.said().into_bytes()];
    service.stop().await;
    for path in everything(&scenario.path("data")).iter().filter(|path| path.is_file()) {
        kept.push(std::fs::read(path).unwrap());
    }
    for bytes in kept {
        let part = &first.as_bytes()[..6];
        let found = bytes.windows(part.len()).any(|window| window == part);
        assert!(!found, "{}", String::from_utf8_lossy(&bytes));
    }

    let service = start(Some(second)).await;
    assert_eq!((status(&service, first).await, status(&service, second).await), (401, 200));
    service.stop().await;
    let service = start(None).await;
    assert_eq!((status(&service, first).await, status(&service, second).await), (401, 401));
    assert_eq!(status(&service, ADMIN).await, 401);
    service.stop().await;
}
