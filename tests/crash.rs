//! The service is killed at a hundred moments, and nothing is lost, doubled or blamed for it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "all of it is test code: to panic is how a test says what is wrong"
)]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use madang_document::id::DocumentId;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::objects::Objects;
use madang_ledger::sqlite::SqliteLedger;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::random::Random;
use madang_tests::ground::scenario::Scenario;
use madang_tests::ground::service::Service;
use madang_wait::until;

const KILLS: u32 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_kills_lose_and_double_nothing() {
    let mut random = Random::seeded("crash");
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    // Path and the word that only it holds, as they stand at the end.
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut replaced: Vec<String> = Vec::new();
    for _ in 0..60 {
        add(&scenario, &mut files, &mut random);
    }
    let mut at_work = 0;
    // How long a service lives before it is killed, at most. A fast machine is done with a few files before a slow
    // one has begun, so this follows what the kills met.
    let mut life = Duration::from_millis(200);
    for kill in 0..KILLS {
        // Always something to do: new files, and new versions of old ones.
        for _ in 0..random.between(6, 12) {
            add(&scenario, &mut files, &mut random);
        }
        let old = random.between(0, files.len() as u64 - 1) as usize;
        let path = files.keys().nth(old).unwrap().clone();
        replaced.push(write(&scenario, &path, &mut files, &mut random));
        let service = Service::start(&scenario, &[]).await;
        if kill % 4 == 0 {
            // At a moment that is seen: a few files after the start.
            let more = random.between(1, 5);
            let before = service.balance().await;
            until("some files are done", async || {
                let balance = service.balance().await;
                (balance.in_flight == 0 || balance.done >= before.done + more).then_some(())
            })
            .await;
        } else {
            // At a random one.
            let most = u64::try_from(life.as_micros()).unwrap();
            tokio::time::sleep(Duration::from_micros(random.between(0, most))).await;
        }
        service.kill();
        let ledger = SqliteLedger::open_read_only(
            &scenario.path("data/ledger.db"),
            Arc::new(Timestamp::default),
        )
        .await
        .unwrap();
        let balance = ledger.balance(&Scope::All).await.unwrap();
        assert!(balance.holds(), "after kill {kill}: {balance:?}");
        at_work += u32::from(balance.in_flight > 0);
        life = if balance.in_flight > 0 {
            life
        } else if balance.received < files.len() as u64 {
            life.mul_f64(1.25).min(Duration::from_secs(10))
        } else {
            life.mul_f64(0.8).max(Duration::from_millis(5))
        };
    }
    println!("{KILLS} kills, {at_work} of them with files in flight; {} files", files.len());
    assert!(at_work >= KILLS / 4, "the kills came too late to prove anything: {at_work}");

    let service = Service::start(&scenario, &[]).await;
    let all = files.len() as u64;
    let balance = service.settled(all).await;
    assert_eq!((balance.received, balance.done), (all, all), "{balance:?}");
    assert_eq!(
        (balance.quarantined, balance.deleted),
        (0, 0),
        "a kill is no file's fault: {balance:?}"
    );
    for (path, word) in &files {
        until(&format!("{path} is found by {word}"), async || {
            (service.found(word).await == [path.as_str()]).then_some(())
        })
        .await;
    }
    for word in &replaced {
        assert!(service.found(word).await.is_empty(), "what {word} stood in was replaced");
    }
    // The cataloguer follows by itself: one entry for each file and one for the folder, and never more.
    until("every file and the folder have their entry", async || {
        (scenario.live_entries().len() as u64 > all).then_some(())
    })
    .await;
    service.stop().await;
    scenario.succeed(&["index", "verify"]);
    let live = scenario.live_entries();
    for path in files.keys() {
        let id = DocumentId::new("press", path, None).to_string();
        assert!(live.contains_key(&id), "{path} has no entry");
    }
    assert_eq!(live.len() as u64, all + 1, "an entry for each file and one for the folder");
}

fn add(scenario: &Scenario, files: &mut BTreeMap<String, String>, random: &mut Random) {
    let n = files.len();
    let path = if n.is_multiple_of(3) { format!("{n}.hwpx") } else { format!("{n}.txt") };
    write(scenario, &path, files, random);
}

/// Writes a file that holds a new word, and gives the word that it held before.
fn write(
    scenario: &Scenario,
    path: &str,
    files: &mut BTreeMap<String, String>,
    random: &mut Random,
) -> String {
    let word = random.word();
    let bytes = match path.ends_with(".hwpx") {
        true => hwpx(&word),
        false => format!("2026년 점검 결과 보고\n\n{word} 교량을 점검하였다.\n").into_bytes(),
    };
    // Moved in whole, as a version of its own: a write in place could be read half done.
    scenario.write("aside", bytes);
    std::fs::rename(scenario.path("aside"), scenario.path("drop/press").join(path)).unwrap();
    files.insert(path.to_owned(), word).unwrap_or_default()
}

/// The fixture with a word put before its first text.
fn hwpx(word: &str) -> Vec<u8> {
    let mut from = zip::ZipArchive::new(std::io::Cursor::new(fixture("hwpx/table.hwpx"))).unwrap();
    let mut to = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for n in 0..from.len() {
        let mut member = from.by_index(n).unwrap();
        let name = member.name().unwrap().into_owned();
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).unwrap();
        if name.ends_with("section0.xml") {
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.contains("<hp:t>"), "{text}");
            bytes = text.replacen("<hp:t>", &format!("<hp:t>{word} "), 1).into_bytes();
        }
        let options = zip::write::SimpleFileOptions::default();
        to.start_file(name, options.compression_method(zip::CompressionMethod::Stored)).unwrap();
        to.write_all(&bytes).unwrap();
    }
    to.finish().unwrap().into_inner()
}

#[test]
fn the_check_sees_the_fault_it_looks_for() {
    let mut random = Random::seeded("exactly once");
    let (kills, verdict) = killed_until_done("real", &mut random);
    assert_eq!(verdict, "missing 0 doubled 0 strange 0", "after {kills} kills");
    assert!(kills >= 10, "only {kills} kills: too few to prove anything");

    // The careless index must be caught. One run nearly always does; luck is given three.
    let caught = (0..3).any(|_| {
        let (kills, verdict) = killed_until_done("careless", &mut random);
        println!("careless: {kills} kills: {verdict}");
        !verdict.contains("doubled 0 ")
    });
    assert!(caught, "the check did not see documents that stand in the index twice");
}

/// Runs the small house, killed again and again until it comes to its end. Gives how often it was killed, and
/// what the check says then.
fn killed_until_done(kind: &str, random: &mut Random) -> (u32, String) {
    const DOCUMENTS: &str = "1200";
    let folder = tempfile::Builder::new().prefix("madang-once-").tempdir().unwrap();
    let command = |rest: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_exactly-once"));
        command.arg(folder.path()).args([kind, DOCUMENTS]).args(rest);
        command
    };
    let mut kills = 0;
    loop {
        let mut child = command(&[]).stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "begun");
        // It lives for so many completions, and then dies at any moment of the next.
        let few = random.between(3, 25);
        let done = lines.by_ref().take(few as usize).any(|line| line.unwrap() == "done");
        if done {
            assert!(child.wait().unwrap().success());
            break;
        }
        std::thread::sleep(Duration::from_micros(random.between(0, 15_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    let output = command(&["verify"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (kills, String::from_utf8(output.stdout).unwrap().trim().to_owned())
}
