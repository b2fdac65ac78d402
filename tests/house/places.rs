//! The data folder is never a source, and no folder is the source of two pipelines.

use madang_tests::ground::yard::{Yard, said};

/// That `check` and `up` both refuse, and say these words.
fn refused(yard: &Yard, sources: &[&str], words: &[&str]) {
    for command in ["check", "up"] {
        let mut arguments = vec![command];
        arguments.extend(sources);
        if command == "up" {
            arguments.push("--once");
        }
        let output = yard.run(&arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        for word in words {
            assert!(told.contains(word), "{arguments:?} does not say {word:?}: {told}");
        }
    }
}

#[test]
fn two_pipelines_over_one_folder_are_refused_whatever_it_is_called() {
    let yard = Yard::new();
    yard.pipeline("press", "1741000");
    yard.pipeline("other", "1741000");
    let declare = |url: &str| {
        let text = format!(
            "name = \"other\"\nagency = \"1741000\"\n\n[source]\nurl = \"{url}\"\n\
             [catalog]\ntitle = \"other\"\nlicense = \"KOGL-1\"\n"
        );
        yard.write("pipelines/other.toml", text);
    };
    // The folder itself, one below, one above, and the same by a link.
    std::fs::create_dir_all(yard.path("drop/press/2026")).unwrap();
    std::os::unix::fs::symlink("drop/press", yard.path("again")).unwrap();
    for url in
        ["file:drop/press", "file:./drop/../drop/press/", "file:drop/press/2026", "file:drop"]
    {
        declare(url);
        refused(&yard, &[], &["press", "other", "pipelines/other.toml:5"]);
    }
    declare("file:again");
    refused(&yard, &[], &["press", "other", "pipelines/other.toml:5"]);
    declare("file:drop/other");
    yard.succeed(&["check"]);
}

#[test]
fn the_data_folder_is_refused_as_a_source() {
    let yard = Yard::new();
    yard.write("drop/a.txt", "글");
    yard.once(&["drop"]);
    std::os::unix::fs::symlink("data", yard.path("link")).unwrap();
    for source in ["data", "./drop/../data", "link", "data/blobs"] {
        refused(&yard, &[source], &["data folder"]);
    }
}

#[test]
fn a_source_around_the_data_folder_takes_everything_but_the_data() {
    let yard = Yard::new();
    yard.write("a.txt", "둘레의 글 around");
    std::fs::remove_dir(yard.path("drop")).unwrap();
    for _ in 0..3 {
        let summary = yard.once(&["."]);
        assert_eq!((summary.received, summary.indexed, summary.in_flight), (1, 1, 0));
    }
    assert_eq!(yard.found("around"), ["a.txt"]);
    // Another way to the same folder.
    let summary = yard.once(&[yard.path("data/..").to_str().unwrap()]);
    assert_eq!(summary.in_flight, 0);
    let output = yard.run(&["search", "madang", "--json"]);
    assert!(!said(&output).contains("local.key"), "{}", said(&output));
}
