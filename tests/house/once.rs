//! `madang up FOLDER --once`: a run that ends.

use std::path::Path;
use std::time::{Duration, SystemTime};

use madang_tests::ground::binary::{fixture, fixtures};
use madang_tests::ground::scenario::{Scenario, Summary, lines, said};
use madang_tests::ground::service::Service;
use madang_wait::{patiently, until};

/// Copies every fixture into the folder `drop`. Gives how many there are.
fn drop_fixtures(scenario: &Scenario) -> u64 {
    let mut dropped = 0;
    for path in fixtures() {
        scenario.write(&format!("drop/{path}"), fixture(&path));
        // What begins with a dot is left out by every source.
        dropped += u64::from(!path.split('/').any(|part| part.starts_with('.')));
    }
    assert!(dropped > 60, "only {dropped} fixtures");
    dropped
}

const QUERIES: [&str; 5] =
    ["안전점검", "행정안전부", "inspection", "\"Safety inspection\"", "회의 안내"];

#[test]
fn every_file_is_accounted_for_and_a_second_run_changes_nothing() {
    let scenario = Scenario::new();
    let dropped = drop_fixtures(&scenario);
    let first = scenario.once(&["drop"]);
    assert_eq!(first.received, dropped, "{first:?}");
    assert_eq!((first.in_flight, first.deleted), (0, 0), "{first:?}");
    assert!(first.holds(), "{first:?}");
    assert!(first.quarantined > 0 && first.indexed > first.quarantined, "{first:?}");
    assert!(first.members > 5, "{first:?}");

    // One live entry for each file, for each document in it, and for the drop folder itself.
    let entries = scenario.live_entries();
    assert_eq!(entries.len() as u64, dropped + first.members + 1);

    let changes = scenario.changes();
    let hits: Vec<_> = QUERIES.iter().map(|query| scenario.search(query)["hits"].clone()).collect();
    for (query, hits) in QUERIES.iter().zip(&hits) {
        assert!(!hits.as_array().unwrap().is_empty(), "nothing is found for {query}");
    }

    let second = scenario.once(&["drop"]);
    assert_eq!(second, first);
    assert_eq!(scenario.changes(), changes, "a run that finds nothing new is silent");
    scenario.succeed(&["index", "verify"]);

    // Only what a query can tell is compared: scores depend on how the segments lie.
    scenario.succeed(&["index", "rebuild"]);
    scenario.succeed(&["index", "verify"]);
    for (query, before) in QUERIES.iter().zip(&hits) {
        let after = scenario.search(query)["hits"].clone();
        assert_eq!(ids(&after), ids(before), "{query}");
    }
}

#[test]
fn a_run_whose_last_line_is_lost_has_failed() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "글");
    let mut command = scenario.command(&["up", "drop", "--once"]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("No space left on device"), "{}", said(&output));
    let mut command = scenario.command(&["--help"]);
    command.stdout(std::fs::File::options().write(true).open("/dev/full").unwrap());
    assert_eq!(command.output().unwrap().status.code(), Some(1));
    // The work is done all the same.
    assert_eq!(scenario.once(&["drop"]).received, 1);
}

/// The ids of hits, in order of the ids.
fn ids(hits: &serde_json::Value) -> Vec<String> {
    let mut ids: Vec<String> =
        hits.as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

/// What lies beside the ledger when nobody has it open: a log of megabytes, or nothing.
fn beside_the_ledger(scenario: &Scenario) -> Vec<String> {
    let files = std::fs::read_dir(scenario.path("data")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("ledger.db-")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_well_closes_the_ledger() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/a.txt", "안전점검 결과");
    scenario.once(&[]);
    assert!(beside_the_ledger(&scenario).is_empty(), "after a run that ends by itself");
    for command in [&["queue", "ls"][..], &["key", "ls"], &["index", "verify"], &["catalog", "ls"]]
    {
        scenario.succeed(command);
        assert!(beside_the_ledger(&scenario).is_empty(), "after {command:?}");
    }
    let service = Service::start(&scenario, &[]).await;
    service.settled(1).await;
    assert!(!beside_the_ledger(&scenario).is_empty(), "it has it open");
    scenario.succeed(&["key", "ls"]);
    assert!(!beside_the_ledger(&scenario).is_empty(), "a command takes it from nobody");
    service.stop().await;
    assert!(beside_the_ledger(&scenario).is_empty(), "after the service");
}

#[test]
fn a_run_waits_for_the_parts_that_it_has_and_for_no_other() {
    for (roles, indexed, found, catalogued) in [
        ("source,worker,indexer", 2, 2, 0),
        ("source,worker,relay", 2, 0, 0),
        ("source,worker,cataloguer", 2, 0, 3),
        ("source", 0, 0, 0),
        ("source,worker,indexer,cataloguer,relay", 2, 2, 3),
    ] {
        let scenario = Scenario::new();
        scenario.write("drop/one.txt", "첫째 글 everyone");
        scenario.write("drop/two.txt", "둘째 글 everyone");
        let summary = scenario.once(&["drop", "--roles", roles]);
        assert_eq!((summary.received, summary.indexed), (2, indexed), "{roles}: {summary:?}");
        assert_eq!(scenario.found("everyone").len(), found, "{roles}");
        assert_eq!(scenario.live_entries().len(), catalogued, "{roles}");
        // The rest is done by a later run that has the other parts, too.
        scenario.once(&["drop"]);
        assert_eq!(scenario.found("everyone").len(), 2, "after {roles}");
        assert_eq!(scenario.live_entries().len(), 3, "after {roles}");
    }
}

#[test]
fn a_changed_file_is_one_update_and_a_removed_one_is_withdrawn() {
    let scenario = Scenario::new();
    scenario.write("drop/staying.txt", "머무르는 글 staying");
    scenario.write("drop/changing.txt", "처음 적은 글 beforehand");
    scenario.write("drop/leaving.hwp", fixture("hwp5/table.hwp"));
    scenario.once(&["drop"]);
    let before = scenario.live_entries();
    let seq = scenario.changes().len();
    assert_eq!(scenario.found("beforehand"), ["changing.txt"]);
    let leaving = scenario.search("").get("hits").and_then(|hits| hits.as_array()).cloned();
    let leaving = leaving.unwrap_or_default();
    let leaving = leaving.iter().find(|hit| hit["path"] == "leaving.hwp").expect("it is found");
    let leaving = leaving["id"].as_str().unwrap().to_owned();

    scenario.write("drop/changing.txt", "나중에 고친 글 afterwards");
    scenario.remove("drop/leaving.hwp");
    let summary = scenario.once(&["drop"]);
    assert_eq!(summary, Summary { received: 3, indexed: 2, deleted: 1, ..Summary::default() },);
    assert!(scenario.found("beforehand").is_empty());
    assert_eq!(scenario.found("afterwards"), ["changing.txt"]);
    assert_eq!(scenario.found("staying"), ["staying.txt"]);

    // One new version, one withdrawal, and the entry of the folder, which counts its files.
    let changes = scenario.changes();
    let new: Vec<_> = changes[seq..]
        .iter()
        .filter(|change| !change["entry"].as_str().unwrap().starts_with("series-"))
        .collect();
    assert_eq!(new.len(), 2, "{new:?}");
    let updated = new.iter().find(|change| change["withdrawn"] == false).unwrap();
    assert_eq!(updated["version"], 2);
    assert_eq!(before[updated["entry"].as_str().unwrap()], 1);
    let withdrawn = new.iter().find(|change| change["withdrawn"] == true).unwrap();
    assert_eq!(withdrawn["entry"], leaving.as_str());
    scenario.succeed(&["index", "verify"]);
}

#[test]
fn an_unknown_key_names_the_file_the_line_and_the_nearest_key() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let text = std::fs::read_to_string(scenario.path("pipelines/press.toml")).unwrap();
    scenario.write("pipelines/press.toml", text.replace("settle", "setle"));
    for arguments in
        [vec!["up", "pipelines/press.toml", "--once"], vec!["up", "--once"], vec!["check"]]
    {
        let output = scenario.run(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        let error = String::from_utf8_lossy(&output.stderr);
        let expected = "pipelines/press.toml:5: unknown key `setle`; did you mean `settle`?";
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    scenario.write("madang.toml", "listn = \"127.0.0.1:0\"\n");
    let output = scenario.run(&["up", "drop", "--once"]);
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("madang.toml:1: unknown key `listn`; did you mean `listen`?"),
        "{error}"
    );
}

#[test]
fn a_folder_that_is_not_there_is_wrong_usage() {
    let scenario = Scenario::new();
    for source in ["nowhere", "pipelines/none.toml", "ftp://host/x"] {
        let output = scenario.run(&["up", source, "--once"]);
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{source}: {}", said(&output));
        assert_eq!(error.lines().count(), 1, "one clear line: {error}");
    }
}

#[test]
fn a_folder_that_may_not_be_read_is_reported_and_the_others_are_read() {
    use std::os::unix::fs::{PermissionsExt, chown};
    const NOBODY: u32 = 65534;
    let scenario = Scenario::new();
    scenario.write("drop/open/a.txt", "열린 곳의 글 opened");
    scenario.write("drop/shut/b.txt", "닫힌 곳의 글 hidden");
    scenario.write("drop/c.txt", "곁에 있는 글 beside");
    scenario.write("drop/private.txt", "남의 글 private");
    // The superuser reads everything, so the run is given to an account that does not.
    let as_root =
        Path::new("/proc/self").metadata().map(|m| std::os::unix::fs::MetadataExt::uid(&m));
    assert_eq!(
        as_root.unwrap(),
        0,
        "run the tests as root: this one gives a folder to another account"
    );
    let root = scenario.path("drop").parent().unwrap().to_owned();
    chown(&root, Some(NOBODY), Some(NOBODY)).unwrap();
    let shut = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(scenario.path("drop/shut"), shut).unwrap();
    std::fs::set_permissions(scenario.path("drop/private.txt"), PermissionsExt::from_mode(0o600))
        .unwrap();
    // Where the binary lies may be closed to that account.
    let binary = scenario.path("madang");
    std::fs::copy(madang_tests::ground::binary::madang(), &binary).unwrap();
    let up = |scenario: &Scenario| {
        let program = binary.to_str().unwrap();
        let account =
            ["--reuid=65534", "--regid=65534", "--clear-groups", program, "up", "drop", "--once"];
        scenario
            .command_of(Path::new("setpriv"), &account)
            .output()
            .expect("setpriv (package util-linux)")
    };
    let output = up(&scenario);
    assert!(output.status.success(), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("shut") && told.contains("may not be read"), "{told}");
    let summary = Summary::of(&String::from_utf8_lossy(&output.stdout));
    assert_eq!(summary, Summary { received: 3, indexed: 2, quarantined: 1, ..Summary::default() });
    assert_eq!(scenario.found("opened"), ["open/a.txt"]);
    assert_eq!(scenario.found("beside"), ["c.txt"]);
    assert!(scenario.found("hidden").is_empty());

    // Once it may be read, it is.
    std::fs::set_permissions(scenario.path("drop/shut"), PermissionsExt::from_mode(0o755)).unwrap();
    // The search above ran as root in the same data folder.
    give(&root.join("data"), NOBODY);
    let output = up(&scenario);
    assert!(output.status.success(), "{}", said(&output));
    let summary = Summary::of(&String::from_utf8_lossy(&output.stdout));
    assert_eq!((summary.received, summary.indexed), (4, 3), "{}", said(&output));
    assert_eq!(scenario.found("hidden"), ["shut/b.txt"]);
}

fn give(path: &Path, account: u32) {
    std::os::unix::fs::chown(path, Some(account), Some(account)).unwrap();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).unwrap() {
            give(&entry.unwrap().path(), account);
        }
    }
}

#[test]
fn a_mass_disappearance_between_runs_is_held() {
    let scenario = Scenario::new();
    for n in 0..12 {
        scenario.write(&format!("drop/{n}.txt"), format!("열두 글 가운데 하나 twelve{n}"));
    }
    scenario.once(&["drop"]);
    assert_eq!(scenario.found("twelve7"), ["7.txt"]);
    std::fs::rename(scenario.path("drop"), scenario.path("elsewhere")).unwrap();
    std::fs::create_dir(scenario.path("drop")).unwrap();
    let summary = scenario.once(&["drop"]);
    assert_eq!(summary, Summary { received: 12, indexed: 12, ..Summary::default() });
    assert_eq!(
        scenario.found("twelve7"),
        ["7.txt"],
        "nothing is withdrawn without the operator's word"
    );

    // The mount is back.
    std::fs::remove_dir(scenario.path("drop")).unwrap();
    std::fs::rename(scenario.path("elsewhere"), scenario.path("drop")).unwrap();
    let before = scenario.changes();
    let summary = scenario.once(&["drop"]);
    assert_eq!(summary, Summary { received: 12, indexed: 12, ..Summary::default() });
    assert_eq!(scenario.changes(), before);
}

/// Files that were seen and not read when all of them went: they wait for the operator, and no run waits for them.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_does_not_wait_for_files_that_are_held_unread() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    scenario.succeed(&["queue", "pause", "press"]);
    for n in 0..12 {
        scenario.write(&format!("drop/press/{n}.txt"), format!("열두 글 가운데 하나 twelve{n}"));
    }
    until("all are seen", async || (service.balance().await.received == 12).then_some(())).await;
    service.stop().await;
    for n in 0..12 {
        scenario.remove(&format!("drop/press/{n}.txt"));
    }
    scenario.succeed(&["queue", "resume", "press"]);
    let held = scenario.run(&["up", "--once"]);
    let text = said(&held);
    assert!(held.status.success() && text.contains("12 of 12 files are gone"), "{text}");
    assert!(text.contains("deleted 0, in flight 12"), "{text}");
    scenario.succeed(&["queue", "release", "press"]);
    let released = said(&scenario.run(&["up", "--once"]));
    assert!(released.contains("deleted 12, in flight 0"), "{released}");
}

#[test]
fn a_registry_that_is_a_folder_receives_every_entry() {
    let scenario = Scenario::new();
    scenario.write("madang.toml", "[[registry]]\nname = \"exchange\"\nurl = \"file:exchange\"\n");
    scenario.write("drop/a.txt", "등록부로 가는 글");
    scenario.write("drop/b.hwpx", fixture("hwpx/plain.hwpx"));
    scenario.write("drop/m.eml", fixture("eml/attachments.eml"));
    scenario.once(&["drop"]);
    let entries = scenario.live_entries();
    assert!(entries.len() >= 6, "{entries:?}");
    let read = |id: &String| {
        let file = scenario.path("exchange").join(&id[..2]).join(format!("{id}.jsonld"));
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    for id in entries.keys() {
        assert!(read(id).to_string().contains(id.as_str()));
    }
    // A withdrawn entry becomes its tombstone there too.
    let a = scenario.search("등록부")["hits"][0]["id"].as_str().unwrap().to_owned();
    let before = read(&a);
    scenario.remove("drop/a.txt");
    scenario.once(&["drop"]);
    assert!(!scenario.live_entries().contains_key(&a));
    assert_ne!(read(&a), before);
}

/// A folder stands in the place of one entry: the run ends all the same, the entry is noted with what to do, and written
/// by the next run once it is done again.
#[test]
fn a_place_that_is_taken_in_a_registry_ends_a_run_all_the_same() {
    let scenario = Scenario::new();
    scenario.write("madang.toml", "[[registry]]\nname = \"exchange\"\nurl = \"file:exchange\"\n");
    scenario.write("drop/a.txt", "등록부로 가는 글");
    scenario.write("drop/b.txt", "등록부로 가는 다른 글");
    scenario.once(&["drop"]);
    let id = |word: &str| scenario.search(word)["hits"][0]["id"].as_str().unwrap().to_owned();
    let [a, b] = ["등록부로 가는 글", "다른"]
        .map(id)
        .map(|id| scenario.path("exchange").join(&id[..2]).join(format!("{id}.jsonld")));
    assert_ne!(a, b);
    std::fs::remove_file(&a).unwrap();
    std::fs::create_dir(&a).unwrap();
    let before = std::fs::read(&b).unwrap();
    for name in ["a", "b"] {
        scenario.write(&format!("drop/{name}.txt"), format!("{name}: 고쳐 쓴 글 amended"));
    }
    scenario.once(&["drop"]);
    assert_ne!(std::fs::read(&b).unwrap(), before);
    let noted = scenario.succeed(&["queue", "noted"]);
    assert!(noted.contains("move away what stands in its place"), "{noted}");

    std::fs::remove_dir(&a).unwrap();
    scenario.succeed(&["queue", "redo"]);
    scenario.once(&["drop"]);
    assert!(a.is_file());
}

#[test]
fn a_second_process_on_the_same_data_is_refused() {
    let scenario = Scenario::new();
    // Standard error fills no pipe here, so the child may be left alone until it is killed.
    let mut up = scenario.command(&["up", "drop", "--listen", "127.0.0.1:0"]);
    let null = std::process::Stdio::null;
    let mut first = up.stdout(null()).stderr(null()).spawn().unwrap();
    let listens = patiently(|| scenario.path("data/service.url").exists());
    listens.expect("it listens");
    let output = scenario.run(&["up", "drop", "--once"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("another madang runs on") && error.contains("--data"), "{error}");
}

/// A folder that is only ever used so has its unnamed blobs swept, too: once a day, and no more often.
#[test]
fn a_run_sweeps_what_nobody_names_once_a_day() {
    let scenario = Scenario::new();
    scenario.write("drop/staying.txt", "머무르는 글 staying");
    scenario.once(&["drop"]);
    let swept = scenario.path("data/blobs/unnamed/swept");
    let first = std::fs::read_to_string(&swept).unwrap();
    let orphan = |n: u8| {
        let name = format!("{n:02x}/{}", format!("{n:02x}").repeat(31));
        let path = scenario.path(&format!("data/blobs/{name}"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, "orphan").unwrap();
        let old = SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
        std::fs::File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        path
    };
    let blob = orphan(0xab);
    scenario.once(&["drop"]);
    assert_eq!(std::fs::read_to_string(&swept).unwrap(), first, "it was swept a moment ago");
    assert!(blob.exists());

    // Two days later, as far as the mark can tell.
    std::fs::write(&swept, "1700000000000\n").unwrap();
    scenario.once(&["drop"]);
    assert!(!blob.exists(), "nobody names it");
    assert_ne!(std::fs::read_to_string(&swept).unwrap(), "1700000000000\n");
    let aside = |path: &Path| path.file_name().unwrap().to_string_lossy().contains('-');
    let folder = || std::fs::read_dir(scenario.path("data/blobs/unnamed")).unwrap();
    let laid: Vec<_> = folder().map(|file| file.unwrap().path()).filter(|p| aside(p)).collect();
    assert_eq!(laid.len(), 1, "laid aside, not removed: {laid:?}");
    assert_eq!(scenario.found("staying"), ["staying.txt"]);
    scenario.succeed(&["index", "rebuild"]);
    assert_eq!(scenario.found("staying"), ["staying.txt"], "its text is still there");
}

/// The command that a run has printed in backquotes, without its first word.
fn cure(output: &std::process::Output) -> Vec<String> {
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    let command = told.split('`').find(|part| part.starts_with("madang queue release"));
    let command = command.unwrap_or_else(|| panic!("no cure in {told}"));
    command.split(' ').skip(1).map(str::to_owned).collect()
}

#[test]
fn the_command_that_a_run_prints_for_a_held_disappearance_works() {
    let scenario = Scenario::new();
    for n in 0..12 {
        scenario.write(&format!("drop/{n}.txt"), format!("열두 글 가운데 하나 twelve{n}"));
    }
    let once = ["up", "drop", "--once", "--data", "kept"];
    let found = |query: &str| scenario.succeed(&["search", query, "--data", "kept", "--json"]);
    scenario.succeed(&once);
    for n in 0..11 {
        scenario.remove(&format!("drop/{n}.txt"));
    }
    let held = scenario.run(&once);
    assert!(held.status.success(), "{}", said(&held));
    let cure = cure(&held);
    let cure: Vec<&str> = cure.iter().map(String::as_str).collect();
    scenario.succeed(&cure);
    assert!(scenario.succeed(&["queue", "--data", "kept"]).contains("released: 11 of 12"));
    assert!(found("twelve7").contains("7.txt"), "it is the next run that withdraws");

    // The word is about those eleven.
    scenario.remove("drop/11.txt");
    let more = scenario.run(&once);
    assert!(said(&more).contains("12 of 12 files are gone"), "{}", said(&more));
    assert!(found("twelve7").contains("7.txt"));

    scenario.succeed(&cure);
    let balance = said(&scenario.run(&once));
    assert!(!balance.contains("files are gone"), "{balance}");
    assert!(!found("twelve7").contains("7.txt"));
    let nothing = scenario.run(&cure);
    assert_eq!(nothing.status.code(), Some(2), "{}", said(&nothing));
}

/// Fewer than a mass by far. They were held while their folder was away, and an empty one in its place, met by another
/// process, is no proof that they are gone.
#[test]
fn a_few_files_whose_folder_was_away_stay_held_when_an_empty_one_stands_there() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for n in 0..3 {
        scenario.write(&format!("drop/press/{n}.txt"), format!("세 글 가운데 하나 three{n}"));
    }
    scenario.succeed(&["up", "--once"]);
    std::fs::rename(scenario.path("drop/press"), scenario.path("elsewhere")).unwrap();
    let away = scenario.run(&["up", "--once"]);
    assert!(said(&away).contains("3 of 3 files are gone"), "{}", said(&away));
    std::fs::create_dir(scenario.path("drop/press")).unwrap();
    let empty = scenario.run(&["up", "--once"]);
    assert!(said(&empty).contains("3 of 3 files are gone"), "{}", said(&empty));
    assert_eq!(scenario.found("three1"), ["1.txt"]);
    scenario.succeed(&["queue", "release", "press"]);
    let ended = said(&scenario.run(&["up", "--once"]));
    assert!(ended.contains("deleted 3"), "{ended}");
}

/// A word that was given while nobody looked is about what the next listing shows. Where that shows nothing, because the
/// source is away, it is asked for anew.
#[test]
fn a_word_given_while_nobody_looked_withdraws_nothing_of_a_source_that_is_away() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for n in 0..3 {
        scenario.write(&format!("drop/press/{n}.txt"), format!("세 글 가운데 하나 three{n}"));
    }
    scenario.succeed(&["up", "--once"]);
    std::fs::rename(scenario.path("drop/press"), scenario.path("elsewhere")).unwrap();
    scenario.run(&["up", "--once"]);
    scenario.succeed(&["queue", "release", "press"]);
    let away = scenario.run(&["up", "--once"]);
    assert!(said(&away).contains("3 of 3 files are gone"), "{}", said(&away));
    assert!(!scenario.succeed(&["queue"]).contains("released"));
    assert_eq!(scenario.found("three1"), ["1.txt"]);
}

/// The operator spoke of twenty. When the folder itself goes, so do the other ten, and of these nobody said anything.
#[test]
fn a_word_about_some_is_none_about_all_when_their_folder_goes() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for n in 0..30 {
        scenario.write(&format!("drop/press/{n}.txt"), format!("서른 글 가운데 하나 thirty{n}"));
    }
    scenario.succeed(&["up", "--once"]);
    for n in 0..20 {
        scenario.remove(&format!("drop/press/{n}.txt"));
    }
    let held = scenario.run(&["up", "--once"]);
    assert!(said(&held).contains("20 of 30 files are gone"), "{}", said(&held));
    scenario.succeed(&["queue", "release", "press"]);

    std::fs::rename(scenario.path("drop/press"), scenario.path("elsewhere")).unwrap();
    for _ in 0..2 {
        let away = scenario.run(&["up", "--once"]);
        assert!(said(&away).contains("30 of 30 files are gone"), "{}", said(&away));
        let queue = scenario.succeed(&["queue"]);
        assert!(!queue.contains("released"), "{queue}");
    }
    assert_eq!(scenario.found("thirty7"), ["7.txt"]);

    // It is back, and what the word was about is asked for anew.
    std::fs::rename(scenario.path("elsewhere"), scenario.path("drop/press")).unwrap();
    let back = scenario.run(&["up", "--once"]);
    assert!(said(&back).contains("20 of 30 files are gone"), "{}", said(&back));
    scenario.succeed(&["queue", "release", "press"]);
    let ended = said(&scenario.run(&["up", "--once"]));
    assert!(ended.contains("deleted 20"), "{ended}");
}

#[test]
fn lost_texts_are_not_well() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "첫째 글");
    scenario.write("drop/b.txt", "둘째 글");
    scenario.once(&["drop"]);
    scenario.succeed(&["index", "verify"]);
    std::fs::remove_dir_all(scenario.path("data/blobs")).unwrap();
    let output = scenario.run(&["index", "verify"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("2 texts are lost"), "{}", said(&output));
    let output = scenario.run(&["index", "rebuild"]);
    assert!(said(&output).contains("2 texts are lost: madang queue noted"), "{}", said(&output));
    assert!(scenario.succeed(&["queue", "noted"]).contains("text_lost"));
}

#[test]
fn a_list_of_entries_says_that_it_is_cut() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "첫째 글");
    scenario.write("drop/b.txt", "둘째 글");
    scenario.once(&["drop"]);
    let cut = scenario.run(&["catalog", "ls", "--limit", "2"]);
    assert!(said(&cut).contains("2 of 3; --limit shows more"), "{}", said(&cut));
    assert!(!said(&scenario.run(&["catalog", "ls", "--limit", "3"])).contains("--limit"));
}

#[test]
fn a_name_that_is_not_utf_8_is_found_and_shown_as_people_read_it() {
    use std::os::unix::ffi::OsStrExt;
    let scenario = Scenario::new();
    let name = std::ffi::OsStr::from_bytes(b"\xba\xb8\xb0\xed\xbc\xad.txt");
    std::fs::write(scenario.path("drop").join(name), "글").unwrap();
    scenario.once(&["drop"]);
    let hits = scenario.search("보고서")["hits"].clone();
    assert_eq!(hits[0]["title"], "보고서.txt", "{hits}");
    let id = hits[0]["id"].as_str().unwrap();
    assert!(scenario.succeed(&["show", id]).contains("보고서.txt"));
    let shown: serde_json::Value =
        serde_json::from_str(&scenario.succeed(&["show", id, "--json"])).unwrap();
    assert_eq!(shown["title"], "보고서.txt");
    // However many are asked for, it is jobs that are listed.
    let one = scenario.succeed(&["queue", "ls", "--limit", "1", "--json"]);
    let one: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(one["jobs"].as_array().map(Vec::len), Some(1), "{one}");
    // Beside each path, which gives the bytes back and which nobody can read.
    let jobs = scenario.succeed(&["queue", "ls", "--state", "done", "--json"]);
    let jobs: serde_json::Value = serde_json::from_str(&jobs).unwrap();
    let extracted = lines(&scenario.succeed(&["extract", "--json", "drop"]));
    for (told, name) in [
        (&hits[0], "보고서.txt"),
        (&shown, "보고서.txt"),
        (&jobs["jobs"][0], "보고서.txt"),
        (&extracted[0], "drop/보고서.txt"),
    ] {
        assert_eq!(told["name"], name, "{told}");
        assert_ne!(told["path"], name, "{told}");
    }
    assert!(scenario.succeed(&["catalog", "show", id]).contains("보고서.txt"));
}

#[test]
fn nonsense_in_the_configuration_is_told_with_its_line() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let check = |text: &str, line: usize, words: &str| {
        scenario.write("madang.toml", text);
        let output = scenario.run(&["check"]);
        assert_eq!(output.status.code(), Some(2), "{text}: {}", said(&output));
        let told = said(&output);
        assert!(told.contains(&format!("madang.toml:{line}: ")), "{text}: {told}");
        assert!(told.contains(words), "{text}: {told}");
    };
    for key in ["memory_mib", "cpu_seconds", "wall_seconds", "silence_seconds", "text_mib"] {
        check(&format!("[limits]\n{key} = 0\n"), 2, "expected a whole number from ");
    }
    check("[limits]\nmemory_mib = 1\n", 2, "from 64 ");
    check("[limits]\ntext_mib = 999999999\n", 2, " to 1024");
    check("\nworkers = 0\n", 2, "a whole number from 1 on");
    check("upload_mib = 0\n", 1, "a whole number from 1 on");
    for address in ["madang.example.kr", "ftp://example.kr", "https://", ""] {
        check(&format!("base_url = \"{address}\"\n"), 1, "is no address");
    }
    scenario.write("madang.toml", "base_url = \"https://madang.example.kr\"\n");
    scenario.succeed(&["check"]);
    let output = scenario.run(&["up", "--once", "--workers", "0"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
}

#[test]
fn a_store_that_nobody_declared_is_told_with_the_nearest_that_is() {
    let scenario = Scenario::new();
    scenario
        .write("madang.toml", "[stores.drop]\naccess_key_id = \"a\"\nsecret_access_key = \"b\"\n");
    let declare = |store: &str| {
        scenario.write(
            "pipelines/press.toml",
            format!(
                "name = \"press\"\nagency = \"1741000\"\n[source]\nurl = \"s3://bucket/press\"\nstore = \"{store}\"\n"
            ),
        );
        scenario.run(&["check"])
    };
    let output = declare("drp");
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let expected = "pipelines/press.toml:5: no store `drp` is declared; did you mean `drop`?";
    assert!(said(&output).contains(expected), "{}", said(&output));
    let registry = "[[registry]]\nname = \"x\"\nurl = \"s3://bucket/x\"\nstore = \"archive\"\n";
    let text = std::fs::read_to_string(scenario.path("madang.toml")).unwrap();
    scenario.write("madang.toml", format!("{text}{registry}"));
    scenario.pipeline("press", "1741000");
    let output = scenario.run(&["check"]);
    let expected = "madang.toml:7: no store `archive` is declared; there are `drop`";
    assert!(said(&output).contains(expected), "{}", said(&output));
}
