//! What is derived from the ledger is made anew from it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use madang_tests::ground::process::ends;
use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;
use madang_wait::until;
use serde_json::Value;

fn files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn the_index_is_rebuilt_around_a_lost_text() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "1352000");
    for n in 0..5 {
        scenario
            .write(&format!("drop/press/{n}.txt"), format!("다시 만드는 색인 rebuilt{n} everyone"));
        scenario
            .write(&format!("drop/other/{n}.txt"), format!("다른 기관의 색인 others{n} everyone"));
    }
    scenario.once(&[]);
    assert_eq!(scenario.found("everyone").len(), 10);
    // The text of one document is lost.
    std::fs::remove_file(blob_of(&scenario, b"rebuilt3")).unwrap();
    std::fs::remove_dir_all(scenario.path("data/index")).unwrap();
    let mut command = scenario.command(&["index", "rebuild"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    ends("index rebuild", &mut child);
    let found = scenario.found("everyone");
    assert!(found.len() >= 9, "{found:?}");
    assert_eq!(scenario.found("others3"), ["3.txt"]);
    // The original is there, so the next run reads it again.
    scenario.once(&[]);
    assert_eq!(scenario.found("rebuilt3"), ["3.txt"]);
}

/// What stands in the place of an index goes, and an index that is not there is missing and not empty, whoever asks:
/// also where no service runs that could remember it.
#[test]
fn a_lost_index_is_named_by_a_search_and_made_anew_whatever_took_its_place() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/a.txt", "다시 만드는 색인 rebuilt");
    scenario.once(&[]);
    let index = scenario.path("data/index/1741000");
    let lost = |left: &str| {
        let found = scenario.search("rebuilt");
        assert_eq!(
            (&found["total"], &found["missing"][0]),
            (&0.into(), &"1741000".into()),
            "{left}"
        );
        scenario.once(&[]);
        let found = scenario.search("rebuilt");
        assert_eq!(
            (&found["total"], &found["missing"]),
            (&1.into(), &Value::Array(vec![])),
            "{left}"
        );
    };
    std::fs::remove_dir_all(&index).unwrap();
    lost("nothing");

    // And what a version that could not remove it made of such a file.
    std::fs::remove_dir_all(&index).unwrap();
    std::fs::write(scenario.path("data/index/.1741000.removed"), "").unwrap();
    lost("a file of an earlier removal");

    std::fs::remove_dir_all(&index).unwrap();
    std::fs::write(&index, "").unwrap();
    let output = scenario.run(&["search", "rebuilt"]);
    assert!(said(&output).contains("of 1741000 must be built anew"), "{}", said(&output));
    scenario.once(&[]);
    assert_eq!(scenario.found("rebuilt"), ["a.txt"]);
}

/// The blob in which this text lies.
fn blob_of(scenario: &Scenario, text: &[u8]) -> PathBuf {
    let blobs = files(&scenario.path("data/blobs")).into_iter();
    let mut with_text = blobs.filter(|blob| {
        let bytes = std::fs::read(blob).unwrap();
        bytes.windows(text.len()).any(|window| window == text)
    });
    with_text.next().expect("a blob with the text")
}

#[test]
fn a_pipe_in_the_place_of_a_text_holds_nobody() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for n in 0..3 {
        scenario.write(&format!("drop/press/{n}.txt"), format!("다시 만드는 색인 rebuilt{n}"));
    }
    scenario.once(&[]);
    let lost = blob_of(&scenario, b"rebuilt1");
    std::fs::remove_file(&lost).unwrap();
    assert!(Command::new("mkfifo").arg(&lost).status().unwrap().success());
    std::fs::remove_dir_all(scenario.path("data/index")).unwrap();
    let mut command = scenario.command(&["up", "--once"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    ends("up --once", &mut child);
    assert_eq!(scenario.found("rebuilt1"), ["1.txt"], "it was read again");
    assert_eq!(scenario.found("rebuilt2"), ["2.txt"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_in_the_way_of_one_text_is_no_matter_of_the_house() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write("drop/press/first.txt", "자리를 잃는 글 displaced");
    scenario.once(&[]);
    let lost = blob_of(&scenario, b"displaced");
    std::fs::remove_file(&lost).unwrap();
    std::fs::create_dir_all(lost.join("full")).unwrap();
    std::fs::remove_dir_all(scenario.path("data/index")).unwrap();
    let service = Service::start(&scenario, &[]).await;
    until("its file was read and could not be kept", async || {
        let jobs = service.jobs("ready").await;
        let told = jobs.iter().filter_map(|job| job["failure"]["message"].as_str());
        told.into_iter().any(|reason| reason.contains("cannot be kept")).then_some(())
    })
    .await;
    let conditions = service.ask("GET", "/v1/queues", ADMIN, Vec::new()).await.json();
    let conditions = conditions["conditions"].as_array().unwrap();
    assert!(conditions.iter().all(|one| one["kind"] != "stalled"), "{conditions:?}");
    scenario.write("drop/press/second.txt", "그 뒤에 온 글 afterwards");
    service.finds("afterwards", &["second.txt"]).await;
    std::fs::remove_dir_all(&lost).unwrap();
    service.finds("displaced", &["first.txt"]).await;
    service.stop().await;
}

#[test]
fn the_registry_is_made_anew_from_documents_and_declarations() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    for n in 0..3 {
        scenario.write(&format!("drop/press/{n}.txt"), format!("목록의 글 {n}"));
    }
    scenario.once(&[]);
    let before = scenario.live_entries();
    assert_eq!(before.len(), 4, "three files and their folder: {before:?}");
    let rebuild = || {
        let output = scenario.run(&["catalog", "rebuild"]);
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stderr).unwrap()
    };
    // What is as it should be stays in its version.
    assert_eq!(rebuild(), "0 entries changed\n");
    assert_eq!(scenario.live_entries(), before);
    let declaration = std::fs::read_to_string(scenario.path("pipelines/press.toml")).unwrap();
    scenario.write("pipelines/press.toml", declaration.replace("KOGL-1", "KOGL-4"));
    assert_eq!(rebuild(), "4 entries changed\n");
    let after = scenario.live_entries();
    assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
    assert!(after.iter().all(|(id, version)| *version == before[id] + 1), "{after:?}");
    assert_eq!(rebuild(), "0 entries changed\n");
}
