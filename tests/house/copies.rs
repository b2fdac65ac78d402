//! The same bytes are read once in an agency, whatever they are called.

use std::process::Output;

use madang_document::id::DocumentId;
use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{Scenario, said};
use madang_tests::ground::service::Service;
use serde_json::Value;

/// Runs until all is settled, and says how many children read something, and how often that was not needed.
fn once(scenario: &Scenario) -> (usize, usize) {
    let mut command = scenario.command(&["up", "--once"]);
    let output: Output = command.env("RUST_LOG", "madang=debug,warn").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let said = said(&output);
    let count = |word: &str| said.lines().filter(|line| line.contains(word)).count();
    (count("it was read"), count("the same bytes were read before"))
}

/// A ZIP archive with two texts.
fn archive() -> Vec<u8> {
    use std::io::Write;
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in [("안/하나.txt", "첫째 글 firstmember"), ("둘.txt", "둘째 글 secondmember")]
    {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_copies_are_read_once() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let bytes = archive();
    for n in 0..100 {
        scenario.write(&format!("drop/press/{n}/사본 {n}.zip"), &bytes);
    }
    let (read, known) = once(&scenario);
    // More than one only where the first takes longer than a copy waits.
    assert!(read < 10 && read + known == 100, "{read} read, {known} known");
    assert_eq!(scenario.search("firstmember")["total"], 100);
    assert_eq!(scenario.search("secondmember")["total"], 100);

    // Renamed, put back, dropped once more: nothing is read again.
    std::fs::rename(scenario.path("drop/press/0"), scenario.path("drop/press/renamed")).unwrap();
    assert_eq!(once(&scenario), (0, 1));
    for n in 1..100 {
        scenario.remove(&format!("drop/press/{n}/사본 {n}.zip"));
    }
    scenario.remove("drop/press/renamed/사본 0.zip");
    let mut release = scenario.command(&["up", "--once"]);
    assert!(release.output().unwrap().status.success());
    scenario.succeed(&["queue", "release", "press"]);
    assert_eq!(once(&scenario), (0, 0));
    assert_eq!(scenario.search("firstmember")["total"], 0);
    scenario.write("drop/press/back.zip", &bytes);
    assert_eq!(once(&scenario), (0, 1), "a file that is put back");
    assert_eq!(scenario.search("firstmember")["total"], 1);

    // Where a text is gone, it is read anew, and all have it again.
    std::fs::remove_dir_all(scenario.path("data/blobs")).unwrap();
    scenario.write("drop/press/again.zip", &bytes);
    let (read, _) = once(&scenario);
    assert!(read >= 1, "{read}");
    assert_eq!(scenario.search("firstmember")["total"], 2);
    assert!(scenario.succeed(&["index", "verify"]).contains("0 missing"));
}

/// What is asked of a document but for what its own place says.
fn content(answer: &Value) -> Value {
    let mut content = answer.clone();
    let map = content.as_object_mut().unwrap();
    for own in [
        "title", "id", "path", "name", "version", "modified", "agency", "pipeline", "store",
        "links", "parent",
    ] {
        map.remove(own);
    }
    for member in map["members"].as_array_mut().unwrap() {
        member.as_object_mut().unwrap().remove("id");
    }
    content
}

/// Another agency's copy is read anew, or how soon it is known would say that there is one; and it comes to the same.
#[tokio::test(flavor = "multi_thread")]
async fn another_agencys_copy_is_read_and_comes_to_the_same() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("flood", "6110000");
    scenario.write("drop/press/비밀/원본.hwpx", fixture("hwpx/plain.hwpx"));
    scenario.write("drop/press/표.csv", "가,나\n1,2\n");
    assert_eq!(once(&scenario).0, 2);
    scenario.write("drop/flood/copy.hwpx", fixture("hwpx/plain.hwpx"));
    assert_eq!(once(&scenario), (1, 0));
    scenario.write("drop/flood/again.hwpx", fixture("hwpx/plain.hwpx"));
    assert_eq!(once(&scenario), (0, 1));
    // Under other options, and where the name stands in what is read, it is read in any case.
    scenario.pipeline_with("brief", "6110000", "[extract]\nocr = \"never\"\n");
    scenario.write("drop/brief/copy.hwpx", fixture("hwpx/plain.hwpx"));
    scenario.write("drop/press/다른 표.csv", "가,나\n1,2\n");
    assert_eq!(once(&scenario), (2, 0));

    let service = Service::start(&scenario, &[]).await;
    let of = async |store: &str, path: &str, what: &str| {
        let id = DocumentId::new(store, path, None);
        service.get(&format!("/v1/documents/{id}{what}")).await
    };
    let (theirs, ours) =
        (of("press", "비밀/원본.hwpx", "").await, of("flood", "copy.hwpx", "").await);
    assert_eq!((&theirs["agency"], &ours["agency"]), (&"1741000".into(), &"6110000".into()));
    assert_eq!(ours["path"], "copy.hwpx");
    assert_eq!(content(&ours), content(&theirs));
    let texts =
        (of("press", "비밀/원본.hwpx", "/text").await, of("flood", "copy.hwpx", "/text").await);
    assert_eq!(texts.0["segments"], texts.1["segments"]);
    let told = of("press", "다른 표.csv", "/text").await.to_string();
    assert!(told.contains("다른 표") && !told.contains("\"표\""), "{told}");
    service.stop().await;
}
