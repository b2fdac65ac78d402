//! What commands say of what is wrong: all of it, in words, with the cure.

use std::path::Path;

use madang_tests::ground::binary::{fixture, fixtures, workspace};
use madang_tests::ground::scenario::{Scenario, lines, said};
use serde_json::Value;

#[test]
fn a_command_in_a_wrong_folder_makes_nothing_there() {
    let scenario = Scenario::new();
    for arguments in [
        &["key", "ls"] as &[&str],
        &["key", "new", "export"],
        &["key", "revoke", "1"],
        &["search", "x"],
        &["show", "x"],
        &["queue"],
        &["catalog", "ls"],
        &["index", "verify"],
        &["index", "rebuild"],
        &["top"],
    ] {
        let output = scenario.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("no data in data; name the folder with --data"), "{told}");
        assert!(!scenario.path("data").exists(), "{arguments:?} made a data folder");
    }
}

#[test]
fn a_check_tells_everything_at_once_and_makes_nothing() {
    let scenario = Scenario::new();
    scenario
        .write("madang.toml", "listen = \"hello\"\nworkers = \"many\"\n[limits]\nmemory_mib = 1\n");
    scenario.write(
        "pipelines/a.toml",
        "name = \"A\"\nagency = \"12\"\nagnecy = \"1741000\"\n[source]\nurl = 1\nsettle = \"soon\"\n",
    );
    scenario.write(
        "pipelines/b.toml",
        "name = \"B\"\nagency = \"1741000\"\n[source]\nurl = \"file:drop/b\"\nsettle = \"soon\"\n",
    );
    scenario.pipeline("press", "1741000");
    scenario.write(
        "pipelines/c.toml",
        "name = \"press\"\nagency = \"1741000\"\n[source]\nurl = \"ftp://x/y\"\n",
    );
    let output = scenario.run(&["check"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for expected in [
        "madang.toml:1: `hello` is no address to listen on",
        "madang.toml:2: `workers`: ",
        "madang.toml:4: `memory_mib`: ",
        "pipelines/a.toml:2: `12` is not an institution code",
        "pipelines/a.toml:3: unknown key `agnecy`; did you mean `agency`?",
        "pipelines/a.toml:5: `url`: ",
        "pipelines/b.toml:1: `B` is no name",
        "pipelines/b.toml:5: `soon` is no span of time",
        "the pipeline of pipelines/c.toml:4 is called `press`, too",
    ] {
        assert!(told.lines().any(|line| line.contains(expected)), "{expected}: {told}");
    }
    // What is sound of several is looked at all the same.
    scenario.write("madang.toml", "[[registry]]\nname = \"exchange\"\nurl = \"file:exchange\"\n");
    std::fs::remove_file(scenario.path("pipelines/a.toml")).unwrap();
    std::fs::remove_file(scenario.path("pipelines/c.toml")).unwrap();
    scenario.write("drop/press/one.txt", "글");
    let output = scenario.run(&["check"]);
    let told = said(&output);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("`B` is no name") && told.contains("`soon`"), "{told}");
    assert!(told.contains("press: ") && told.contains(": ok, 1 file\n"), "{told}");
    assert!(
        !scenario.path("exchange").exists() && !scenario.path("data").exists(),
        "it made a folder"
    );
}

#[test]
fn an_index_that_cannot_be_read_is_named_with_its_agency_and_the_cure() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "1352000");
    scenario.write("drop/press/a.txt", "글 damagedword");
    scenario.write("drop/other/b.txt", "글 damagedword");
    scenario.once(&[]);
    let damage = |agency: &str| scenario.write(&format!("data/index/{agency}/meta.json"), "{");
    damage("1741000");
    // The others answer, and whose answer is missing is said.
    let output = scenario.run(&["search", "damagedword"]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("b.txt"), "{}", said(&output));
    assert!(said(&output).contains("not in this answer: 1741000"), "{}", said(&output));
    let refused = |arguments: &[&str], words: &[&str]| {
        let output = scenario.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
        for word in words {
            assert!(said(&output).contains(word), "{arguments:?}, {word}: {}", said(&output));
        }
        assert!(!said(&output).contains("in a moment"), "{}", said(&output));
    };
    // One damaged index hides no other from the comparison.
    let words = ["1352000: 1 document, 1 indexed", "the index of 1741000", "madang index rebuild"];
    refused(&["index", "verify"], &words);
    damage("1352000");
    refused(&["search", "damagedword"], &["1352000, 1741000", "madang index rebuild"]);
    scenario.succeed(&["index", "rebuild"]);
    assert_eq!(scenario.found("damagedword"), ["a.txt", "b.txt"]);
}

/// A query, or none, after these words of a line; up to its closing quote.
fn quoted<'a>(line: &'a str, before: &str) -> Option<&'a str> {
    line.split_once(before)?.1.split(['\'', '`']).next()
}

#[test]
fn properties_are_the_same_without_previews() {
    let scenario = Scenario::new();
    let photo = "drop/5360000/flood/2026-07 집중호우/삼문동 지하차도 침수 현장.jpg";
    scenario.write("photo.jpg", fixture(photo));
    let read = |more: &[&str]| {
        let arguments = [&["extract", "--json", "--ocr", "never", "photo.jpg"][..], more].concat();
        lines(&scenario.succeed(&arguments)).remove(0)
    };
    let (with, without) = (read(&[]), read(&["--no-previews"]));
    assert_eq!(with["properties"], without["properties"]);
    let finding = |document: &Value| document["annotations"][1]["finding"].clone();
    assert!(finding(&with)["picture"].is_object(), "{with}");
    assert_eq!(finding(&without), "nothing", "{without}");
    // What is decoded for its words says of its pixels what it always does.
    scenario.write("flood.png", fixture("png/pixel_flood.png"));
    for more in [&[][..], &["--no-previews"]] {
        let arguments = [&["extract", "--json", "flood.png"][..], more].concat();
        let document = lines(&scenario.succeed(&arguments)).remove(0);
        assert_eq!(document["outcome"], "limit", "{document}");
    }
}

#[test]
fn every_search_that_the_readme_shows_finds_something_in_the_sample() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).unwrap();
    let scenario = Scenario::new();
    for path in fixtures().iter().filter_map(|path| path.strip_prefix("drop/")) {
        scenario.write(&format!("data/drop/{path}"), fixture(&format!("drop/{path}")));
    }
    for name in ["press.toml", "flood.toml"] {
        let text = std::fs::read(workspace().join("pipelines").join(name)).unwrap();
        scenario.write(Path::new("pipelines").join(name).to_str().unwrap(), text);
    }
    scenario.once(&[]);
    let (_, worth_trying) = readme.split_once("\nSearches worth trying").unwrap();
    let listed = worth_trying.lines().filter_map(|line| quoted(line, "- `"));
    // One more wants a model for speech, which the sample does not bring (`house speech` has one).
    let listed = listed.take(4);
    let mut searches: Vec<(String, bool)> = listed.map(|query| (query.to_owned(), false)).collect();
    for line in readme.lines() {
        let shown =
            quoted(line, "madang search '").or_else(|| quoted(line, "--data-urlencode 'q="));
        let video = line.contains("--kind video") || line.contains("-d kind=video");
        searches.extend(shown.map(|query| (query.to_owned(), video)));
    }
    assert!(searches.len() >= 5, "{searches:?}");
    for (query, video) in searches {
        let mut arguments = vec!["search", query.as_str(), "--json"];
        if video {
            arguments.extend(["--kind", "video"]);
        }
        let found: Value = serde_json::from_str(&scenario.succeed(&arguments)).unwrap();
        assert!(found["total"].as_u64().unwrap() > 0, "{arguments:?} finds nothing");
    }
}

#[test]
fn what_the_environment_says_wrongly_is_told() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "글 envword");
    let output =
        scenario.command(&["up", "drop", "--once"]).env("RUST_LOG", "%%%").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("RUST_LOG is `%%%`"), "{}", said(&output));
    let mut command = scenario.command(&["queue", "--url", "http://127.0.0.1:1"]);
    let output = command.env("MADANG_KEY", "bad\nkey").output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("MADANG_KEY holds no key"), "{}", said(&output));
    for (arguments, code) in
        [(&["key", "new", ""] as &[&str], 2), (&["key", "new", "x", "--agencies", "9999999"], 0)]
    {
        let output = scenario.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        let told = said(&output);
        let expected =
            if code == 0 { "no pipeline here is of agency 9999999" } else { "needs a name" };
        assert!(told.contains(expected), "{told}");
    }
}
