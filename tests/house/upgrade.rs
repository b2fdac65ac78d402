//! A data folder that an earlier version made is opened, and nothing in it is lost or read again.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{Scenario, Summary, lines, said};
use madang_tests::ground::service::Service;
use serde_json::Value;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode};

/// The key that stood in the environment of the earlier version (fixtures/data-v1/README.md).
const FORMER_KEY: &str = "chosen-key-of-the-earlier-version";

/// The files that were read, as pipeline and path, each with a word of it.
const READ: [(&str, &str, &str); 4] = [
    ("press", "2026/plan.txt", "upgradeplan"),
    ("press", "report.hwpx", "글맵시"),
    ("press", "mail.zip", "deepmember"),
    ("other", "notice.txt", "upgradenotice"),
];

/// A place with the data, drop folders and pipelines of an earlier version.
async fn former(version: &str) -> Scenario {
    let scenario = Scenario::new();
    let packed = fixture(&format!("{version}/{version}.tar.gz"));
    tar::Archive::new(flate2::read::GzDecoder::new(packed.as_slice()))
        .unpack(scenario.path(""))
        .unwrap();
    // An unpacked file has another inode than the one that was read; the version in the ledger follows, as the
    // earlier version wrote it.
    let options = SqliteConnectOptions::new()
        .filename(scenario.path("data/ledger.db"))
        .journal_mode(SqliteJournalMode::Wal);
    let mut ledger = SqliteConnection::connect_with(&options).await.unwrap();
    let objects: Vec<(i64, String, String)> = sqlx::query_as(
        "SELECT object.id, store, path.path FROM path JOIN object ON object.id = path.object
         WHERE live = 1",
    )
    .fetch_all(&mut ledger)
    .await
    .unwrap();
    assert_eq!(objects.len(), READ.len() + 1, "{objects:?}");
    for (object, store, path) in objects {
        let version = sighted(&scenario.path("drop").join(store).join(path));
        let query = sqlx::query("UPDATE object SET version = ? WHERE id = ?");
        query.bind(version).bind(object).execute(&mut ledger).await.unwrap();
    }
    ledger.close().await.unwrap();
    scenario
}

/// Inode, time of change and size, as commit cbccaf5 wrote it; the second version takes it for its own.
fn sighted(file: &Path) -> String {
    let metadata = file.metadata().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let nanos = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
    format!("{:x}-{nanos:x}-{:x}", metadata.ino(), metadata.len())
}

/// How often each path was read, by pipeline and path.
fn readings(scenario: &Scenario) -> BTreeMap<(String, String), usize> {
    let mut readings = BTreeMap::new();
    for state in ["done", "quarantined"] {
        let jobs = scenario.succeed(&["queue", "ls", "--state", state, "--limit", "100", "--json"]);
        let jobs: Value = serde_json::from_str(&jobs).unwrap();
        for job in jobs["jobs"].as_array().unwrap() {
            let text = |name: &str| job[name].as_str().unwrap().to_owned();
            *readings.entry((text("queue"), text("path"))).or_insert(0) += 1;
        }
    }
    readings
}

/// Opens the data folder of an earlier version. In all the archive may have been read so often, and nothing else twice.
async fn nothing_is_lost(version: &str, archive: usize) {
    let scenario = former(version).await;
    let entries = String::from_utf8(fixture(&format!("{version}/entries.jsonl"))).unwrap();
    let entries: Vec<String> =
        lines(&entries).iter().map(|entry| entry["entry"].as_str().unwrap().to_owned()).collect();
    let output = scenario.command(&["up", "--once"]).output().unwrap();
    // An index of an earlier version is no damage, and nobody has to look at a disk for it.
    let told = said(&output);
    assert!(output.status.success() && !told.contains("index_damaged"), "{told}");
    let summary = Summary::of(&String::from_utf8_lossy(&output.stdout));
    // Four read, one set aside, one removed while the earlier version ran.
    let counts = (summary.received, summary.indexed, summary.quarantined, summary.deleted);
    assert_eq!((counts, summary.in_flight), ((6, 4, 1, 1), 0), "{summary:?}");
    for (_, path, word) in READ {
        let found = scenario.found(word);
        assert!(found.iter().any(|found| found.starts_with(path)), "{word}: {found:?}");
    }
    for (place, times) in readings(&scenario) {
        let at_most = match place.1.as_str() {
            "mail.zip" => archive,
            // Its removal is a job as well.
            "gone.txt" => 2,
            _ => 1,
        };
        assert!(times <= at_most, "{place:?} was read {times} times");
    }
    let live = scenario.live_entries();
    let lost: Vec<&String> = entries.iter().filter(|id| !live.contains_key(*id)).collect();
    assert!(lost.is_empty(), "{lost:?} of {entries:?} are no entries any more");
    // The index was made anew in its present form.
    let verified = scenario.succeed(&["index", "verify"]);
    assert!(verified.lines().all(|line| line.contains(" 0 missing, 0 extra")), "{verified}");
    // And a second run has nothing to do.
    assert_eq!(scenario.once(&[]), summary);

    // An edit in place that leaves the size and the time of change, which the earlier version could not have seen.
    let (path, former) = ("drop/other/notice.txt", "upgradenotice");
    let text = std::fs::read_to_string(scenario.path(path)).unwrap();
    let modified = scenario.path(path).metadata().unwrap().modified().unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(scenario.path(path)).unwrap();
    file.write_all(text.replace(former, "editednotice1").as_bytes()).unwrap();
    file.set_modified(modified).unwrap();
    assert_eq!(scenario.once(&[]).indexed, summary.indexed);
    assert!(scenario.found(former).is_empty());
    assert_eq!(scenario.found("editednotice1").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_of_the_first_version_is_opened_and_nothing_is_lost() {
    // The archive once more: members in members have other ids since.
    nothing_is_lost("data-v1", 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_folder_of_the_second_schema_is_opened_and_nothing_is_lost() {
    nothing_is_lost("data-v2", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_that_the_first_version_kept_are_no_keys_any_more() {
    let scenario = former("data-v1").await;
    let service = Service::start(&scenario, &[]).await;
    let answer = service.ask("GET", "/v1/queues", FORMER_KEY, Vec::new()).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    // One that a person made still is one.
    let made = String::from_utf8(fixture("data-v1/made.key")).unwrap();
    let answer = service.ask("GET", "/v1/catalog", made.trim(), Vec::new()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    service.stop().await;
}
