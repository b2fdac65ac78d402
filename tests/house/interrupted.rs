//! What happens to a service from outside while it reads: it is stopped and continued, its clock is set, its readers
//! are killed. No file is to blame for any of it.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use madang_ledger::jobs::JobState;
use madang_tests::ground::process::{readers, signal, zygotes};
use madang_tests::ground::scenario::{Scenario, lines};
use madang_tests::ground::service::Service;
use madang_wait::until;
use serde_json::{Value, json};

/// An archive that takes a while to read, and says all the time that it goes on.
fn long(members: u32) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default()
        .compression_method(zip::CompressionMethod::Deflated);
    for n in 0..members {
        writer.start_file(format!("{n}.txt"), options).unwrap();
        let line = format!("안전점검 결과를 알려 드립니다 member{n}\n");
        writer.write_all(line.repeat(100).as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Waits until a file is being read; gives the process that reads it.
async fn reader(service: &Service) -> u32 {
    until("a file is being read", async || readers(service.pid()).first().copied()).await
}

/// That the only attempt at this file was the one that read it.
async fn read_at_once(scenario: &Scenario, path: &str) {
    let job = scenario.jobs().await.remove(path).expect("it has a job");
    assert_eq!((job.state, job.attempt, job.crashes), (JobState::Done, 1, 0), "{job:?}");
}

/// A document that takes a while to read, in which its reader says nothing but that it goes on: whatever it said is
/// heard at once.
fn lengthy(records: usize) -> String {
    let record = "<record><title>안전점검 결과</title><body>교량을 점검하였다</body></record>\n";
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<a>\n{}</a>\n", record.repeat(records))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_stopped_and_continued_blames_no_file() {
    let scenario = Scenario::new();
    scenario.pipeline_with("press", "1741000", "[limits]\nsilence_seconds = 3\n");
    let service = Service::start(&scenario, &[]).await;
    scenario.place("drop/press/lengthy.xml", lengthy(500_000));
    let reading = reader(&service).await;
    // As when a container is frozen or a machine suspended, in the order that is the hardest for the service: it is
    // stopped last, when all that its reader said is heard, and wakes first, when nothing is said yet.
    let mut all = readers(service.pid());
    all.extend(zygotes(service.pid()));
    all.push(service.pid());
    for pid in &all {
        signal(*pid, "STOP");
    }
    assert!(readers(service.pid()).contains(&reading), "it was read too soon to prove anything");
    // The stop must outlast the silence that a reader is allowed: the one thing here that takes its time.
    tokio::time::sleep(Duration::from_secs(4)).await;
    for pid in all.iter().rev() {
        signal(*pid, "CONT");
    }
    let balance = service.settled(1).await;
    assert_eq!((balance.received, balance.done), (1, 1), "{balance:?}");
    service.stop().await;
    read_at_once(&scenario, "lengthy.xml").await;
}

/// A command of the binary whose clock the file `clock` sets, by libfaketime.
fn with_a_clock(scenario: &Scenario, arguments: &[&str]) -> Command {
    let library = Command::new("faketime").args(["-f", "+0", "printenv", "LD_PRELOAD"]).output();
    let library = library.expect("faketime (package faketime)").stdout;
    let library = String::from_utf8(library).unwrap().trim().replace(".so.1", "MT.so.1");
    let mut command = scenario.command(arguments);
    command
        .env("LD_PRELOAD", library)
        .env("FAKETIME_TIMESTAMP_FILE", scenario.path("clock"))
        .env("FAKETIME_NO_CACHE", "1")
        // A clock that is set is the one on the wall: neither the monotonic one nor the times of files.
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        .env("NO_FAKE_STAT", "1");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_set_by_a_day_blames_no_file_and_keeps_none_waiting() {
    let set = |scenario: &Scenario, offset: &str| {
        // In one step, so that no half of it is read.
        scenario.write_now("clock.new", offset);
        std::fs::rename(scenario.path("clock.new"), scenario.path("clock")).unwrap();
    };
    for step in ["+1d", "-1d"] {
        let scenario = Scenario::new();
        scenario.pipeline("press", "1741000");
        set(&scenario, "+0");
        let up = with_a_clock(&scenario, &["up", "--listen", "127.0.0.1:0"]);
        let service = Service::spawn(&scenario, up).await;
        scenario.place("drop/press/long.zip", long(2000));
        let reading = reader(&service).await;
        set(&scenario, step);
        scenario.place("drop/press/later.txt", "시계가 바뀐 뒤의 글 afterwards");
        assert!(
            readers(service.pid()).contains(&reading),
            "it was read too soon to prove anything"
        );
        service.finds("afterwards", &["later.txt"]).await;
        let balance = service.settled(2).await;
        assert_eq!((balance.received, balance.done), (2, 2), "{step}: {balance:?}");
        service.indexed().await;
        assert_eq!(service.found("member1234").await.len(), 1, "{step}: it is found once");
        scenario.place("drop/press/last.txt", "마지막 글 lastone");
        service.finds("lastone", &["last.txt"]).await;
        service.stop().await;
        let jobs = scenario.jobs().await;
        let seen = |path: &str| jobs[path].created_at.0;
        let stepped = seen("later.txt") - seen("long.zip");
        assert!(stepped.abs() > 23 * 3600 * 1000, "the clock was not set: {stepped} ms");
        for path in ["long.zip", "later.txt", "last.txt"] {
            read_at_once(&scenario, path).await;
        }
        scenario.succeed(&["index", "verify"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_dies_is_the_files_affair_and_a_zygote_that_dies_is_not() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;

    // The process that readers are forked from: the run is repeated from another one, and no crash is counted.
    scenario.write("drop/press/long.zip", long(2000));
    reader(&service).await;
    let first = zygotes(service.pid());
    for zygote in &first {
        signal(*zygote, "KILL");
    }
    scenario.write("drop/press/beside.txt", "곁에 놓인 글 besides");
    service.finds("besides", &["beside.txt"]).await;
    let balance = service.settled(2).await;
    assert_eq!((balance.done, balance.quarantined), (2, 0), "{balance:?}");
    assert!(zygotes(service.pid()).iter().all(|zygote| !first.contains(zygote)));
    assert_eq!(scenario.jobs().await["long.zip"].crashes, 0);
    service.indexed().await;
    assert_eq!(service.found("member1234").await.len(), 1, "it is found once");

    // A reader that dies of its file, as one does that runs out of its stack or breaks its heap: tried again, and set aside
    // at the third time with its reason; the file has an entry and a document that say so.
    scenario.write("drop/press/poison.zip", long(3000));
    let mut killed = Vec::new();
    let job = until("it is set aside", async || {
        for reader in readers(service.pid()) {
            if !killed.contains(&reader) {
                signal(reader, "ABRT");
                killed.push(reader);
            }
        }
        service.jobs("quarantined").await.into_iter().find(|job| job["path"] == "poison.zip")
    })
    .await;
    // Three attempts, the last of which is made once more with all left alone that has pixels or samples.
    assert_eq!(killed.len(), 4, "{job}");
    assert_eq!(job["failure"]["kind"], "crashed", "{job}");
    let reason = job["failure"]["message"].as_str().unwrap();
    assert!(reason.contains("SIGABRT"), "{job}");
    let balance = service.settled(3).await;
    assert_eq!((balance.done, balance.quarantined), (2, 1), "{balance:?}");
    scenario.write("drop/press/after.txt", "그 뒤에 놓인 글 thereafter");
    service.finds("thereafter", &["after.txt"]).await;
    service.stop().await;
    let set_aside = &scenario.jobs().await["poison.zip"];
    assert_eq!((set_aside.attempt, set_aside.crashes), (3, 3), "{set_aside:?}");
}

/// Tries a file again, and ends so many of the readers in turn; gives what it came to.
async fn tried(scenario: &Scenario, path: &str, ended: usize) -> Value {
    let arguments = ["reprocess", "--path", path, "--dry-run", "--json"];
    let mut command = scenario.command(&arguments);
    let mut command = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut killed = Vec::new();
    while killed.len() < ended {
        let next = until("it is being read", async || {
            readers(command.id()).into_iter().find(|reader| !killed.contains(reader))
        });
        let reader = next.await;
        signal(reader, "KILL");
        killed.push(reader);
    }
    let mut output = String::new();
    command.stdout.take().unwrap().read_to_string(&mut output).unwrap();
    assert!(command.wait().unwrap().success(), "{output}");
    lines(&output).swap_remove(0)
}

/// A trial is read as a run reads it: once more without what describes it, and nothing is foretold of a reader that dies.
#[tokio::test(flavor = "multi_thread")]
async fn a_trial_whose_reader_dies_foretells_no_change_of_the_file() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for name in ["described", "alone"] {
        scenario.write(&format!("drop/press/{name}.xml"), lengthy(60_000));
    }
    scenario.write("drop/press/described.xml.meta.yml", "title: 긴 글\n");
    scenario.once(&[]);
    assert_eq!(tried(&scenario, "described.xml", 0).await["state"], "unchanged");

    // As in a run: it is read without its sidecar, whose title is not known then, and which might close it.
    let trial = tried(&scenario, "described.xml", 1).await;
    let [change] = trial["changes"].as_array().unwrap().as_slice() else { panic!("{trial}") };
    assert_eq!(change["kinds"], json!(["warnings", "metadata"]), "{trial}");

    for (path, readings) in [("described.xml", 2), ("alone.xml", 1)] {
        let trial = tried(&scenario, path, readings).await;
        assert_eq!((&trial["state"], &trial["changes"]), (&"unread".into(), &json!([])), "{trial}");
        assert!(trial["reason"].as_str().unwrap().contains("is tried again"), "{trial}");
    }
}
