//! What lies in a drop folder and cannot be taken has a named state, everywhere.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;
use madang_wait::until;
use serde_json::Value;

/// The kinds, and the name of what is of each.
const LEFT_OUT: [(&str, &str); 5] = [
    ("device", "zero"),
    ("fifo", "pipe"),
    ("link", "link.txt"),
    ("socket", "socket"),
    ("too_long", "deep"),
];

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", said(&done));
}

/// A folder with a file of each kind that is not taken, one whose name is not UTF-8, and one like any other. Gives the
/// socket, which is one for as long as it is held.
fn drop_all(scenario: &Scenario) -> UnixListener {
    let folder = scenario.path("drop/press");
    scenario.write("outside.txt", "바깥의 글 outside");
    scenario.write("drop/press/plain.txt", "여느 글 ordinary");
    std::fs::write(folder.join(OsStr::from_bytes(b"\xba\xb8\xb0\xed.txt")), "옛 이름의 글 oldname")
        .unwrap();
    symlink(scenario.path("outside.txt"), folder.join("link.txt")).unwrap();
    run(Command::new("mkfifo").arg(folder.join("pipe")));
    run(Command::new("mknod").arg(folder.join("zero")).args(["c", "1", "5"]));
    // Below paths of 4,096 bytes, which no system call takes: made from within.
    let name = "d".repeat(200);
    let deep = format!(
        "mkdir -p deep && cd deep && for n in $(seq 21); do mkdir {name} && cd -P {name} || exit 1; done; \
         echo '깊은 글 toodeep' > file.txt"
    );
    run(Command::new("sh").args(["-c", &deep]).current_dir(&folder));
    // The name of a socket's address is short: it is bound from within, too.
    bind(&folder)
}

fn bind(folder: &Path) -> UnixListener {
    let handle = std::fs::File::open(folder).unwrap();
    let short = format!("/proc/self/fd/{}/socket", std::os::fd::AsRawFd::as_raw_fd(&handle));
    UnixListener::bind(short).unwrap()
}

/// Kind and first part of the path of each row, in order.
fn kinds(answer: &Value) -> Vec<(String, String)> {
    let rows = answer["left_out"].as_array().unwrap_or_else(|| panic!("{answer}")).iter();
    let mut kinds: Vec<(String, String)> = rows
        .map(|row| {
            assert_eq!(row["pipeline"], "press", "{row}");
            for locale in ["ko", "en"] {
                assert!(row["sentence"][locale].as_str().is_some_and(|text| !text.is_empty()));
            }
            let path = row["path"].as_str().unwrap();
            let first = path.split('/').next().unwrap().to_owned();
            (row["kind"].as_str().unwrap().to_owned(), first)
        })
        .collect();
    kinds.sort();
    kinds
}

fn expected() -> Vec<(String, String)> {
    LEFT_OUT.map(|(kind, name)| (kind.to_owned(), name.to_owned())).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_is_counted_and_listed_with_its_cure() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let _socket = drop_all(&scenario);

    // A run that ends.
    let output = scenario.run(&["up", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    let stdout = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(
        stdout.lines().last(),
        Some("received 2, indexed 2, quarantined 0, deleted 0, in flight 0, members 0")
    );
    let told = said(&output);
    assert!(told.contains("left out 5"), "{told}");
    for (_, name) in LEFT_OUT {
        assert!(told.contains(&format!("press: {name}")), "{name}: {told}");
    }
    assert_eq!(scenario.found("oldname").len(), 1, "a name that is not UTF-8 is read");
    assert_eq!(scenario.found("ordinary"), ["plain.txt"]);
    for word in ["outside", "toodeep"] {
        assert!(scenario.found(word).is_empty(), "{word}");
    }

    // The command line without a service, and with one; the API, and the page.
    let by_command = || {
        serde_json::from_str::<Value>(&scenario.succeed(&["queue", "left-out", "--json"])).unwrap()
    };
    assert_eq!(kinds(&by_command()), expected());
    let service = Service::start(&scenario, &[]).await;
    assert_eq!(kinds(&by_command()), expected());
    let table = scenario.succeed(&["queue", "left-out"]);
    for (kind, name) in LEFT_OUT {
        assert!(table.lines().any(|line| line.contains(kind) && line.contains(name)), "{table}");
    }
    assert!(scenario.succeed(&["queue"]).contains("left out 5"));
    assert_eq!(kinds(&service.get("/v1/left-out").await), expected());
    let balance = service.get("/v1/ledger/balance").await;
    assert_eq!((&balance["received"], &balance["left_out"]), (&2.into(), &5.into()), "{balance}");
    let page = service.ask("GET", "/queues", ADMIN, Vec::new()).await;
    assert_eq!(page.status, 200, "{}", page.text());
    for (_, name) in LEFT_OUT {
        assert!(page.text().contains(name), "{name} is not on the page");
    }

    // What is mended is taken, and no longer listed.
    std::fs::remove_file(scenario.path("drop/press/link.txt")).unwrap();
    scenario.write_now("drop/press/link.txt", "이제는 파일인 글 nolonger");
    service.finds("nolonger", &["link.txt"]).await;
    counts(&service, 4).await;
    service.stop().await;
    let output = scenario.run(&["up", "--once"]);
    assert!(said(&output).contains("left out 4"), "{}", said(&output));
    assert_eq!(scenario.found("nolonger"), ["link.txt"]);
}

/// Waits until so many are left out.
async fn counts(service: &Service, count: u64) {
    until(&format!("{count} are left out"), async || {
        let balance = service.get("/v1/ledger/balance").await;
        (balance["left_out"].as_u64() == Some(count)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_the_service_runs_is_counted_at_once_and_so_is_that_it_goes() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    counts(&service, 0).await;
    let socket = drop_all(&scenario);
    std::fs::hard_link(scenario.path("data/ledger.db"), scenario.path("drop/press/ledger.txt"))
        .unwrap();
    symlink("nowhere", scenario.path("drop/press/.hidden")).unwrap();
    counts(&service, 6).await;
    let mut expected = expected();
    expected.push(("closed".into(), "ledger.txt".into()));
    expected.sort();
    assert_eq!(kinds(&service.get("/v1/left-out").await), expected);
    service.finds("ordinary", &["plain.txt"]).await;

    drop(socket);
    for name in ["ledger.txt", "link.txt", "pipe", "socket", "zero"] {
        std::fs::remove_file(scenario.path("drop/press").join(name)).unwrap();
    }
    counts(&service, 1).await;
    service.stop().await;
}
