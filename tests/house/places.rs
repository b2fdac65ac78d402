//! The data folder is never a source, whatever it is called and wherever it is mounted, and no folder is the source
//! of two pipelines. An upload replaces files, and nothing else.

use madang_tests::ground::mount::Mount;
use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;
use madang_wait::until;

/// That `check` and `up` both refuse, and say these words.
fn refused(scenario: &Scenario, sources: &[&str], words: &[&str]) {
    for command in ["check", "up"] {
        let mut arguments = vec![command];
        arguments.extend(sources);
        if command == "up" {
            arguments.push("--once");
        }
        let output = scenario.run(&arguments);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", said(&output));
        for word in words {
            assert!(told.contains(word), "{arguments:?} does not say {word:?}: {told}");
        }
    }
}

#[test]
fn two_pipelines_over_one_folder_are_refused_whatever_it_is_called() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "1741000");
    let declare = |url: &str| {
        let text = format!(
            "name = \"other\"\nagency = \"1741000\"\n\n[source]\nurl = \"{url}\"\n\
             [catalog]\ntitle = \"other\"\nlicense = \"KOGL-1\"\n"
        );
        scenario.write("pipelines/other.toml", text);
    };
    // The folder itself, one below, one above, and the same by a link.
    std::fs::create_dir_all(scenario.path("drop/press/2026")).unwrap();
    std::os::unix::fs::symlink("drop/press", scenario.path("again")).unwrap();
    for url in
        ["file:drop/press", "file:./drop/../drop/press/", "file:drop/press/2026", "file:drop"]
    {
        declare(url);
        refused(&scenario, &[], &["press", "other", "pipelines/other.toml:5"]);
    }
    declare("file:again");
    refused(&scenario, &[], &["press", "other", "pipelines/other.toml:5"]);
    declare("file:drop/other");
    scenario.succeed(&["check"]);
}

#[test]
fn the_data_folder_is_refused_as_a_source() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "글");
    scenario.once(&["drop"]);
    std::os::unix::fs::symlink("data", scenario.path("link")).unwrap();
    for source in ["data", "./drop/../data", "link", "data/blobs"] {
        refused(&scenario, &[source], &["data folder"]);
    }
}

#[test]
fn a_source_around_the_data_folder_takes_everything_but_the_data() {
    let scenario = Scenario::new();
    scenario.write("a.txt", "둘레의 글 around");
    std::fs::remove_dir(scenario.path("drop")).unwrap();
    for _ in 0..3 {
        let summary = scenario.once(&["."]);
        assert_eq!((summary.received, summary.indexed, summary.in_flight), (1, 1, 0));
    }
    assert_eq!(scenario.found("around"), ["a.txt"]);
    // Another way to the same folder.
    let summary = scenario.once(&[scenario.path("data/..").to_str().unwrap()]);
    assert_eq!(summary.in_flight, 0);
    let output = scenario.run(&["search", "madang", "--json"]);
    assert!(!said(&output).contains("local.key"), "{}", said(&output));
}

/// Another service keeps its data in the folder that this one reads.
#[test]
fn the_data_of_another_madang_is_no_document_and_no_source() {
    let scenario = Scenario::new();
    scenario.write("x/a.txt", "둘레의 글 around");
    scenario.succeed(&["up", "x", "--once", "--data", "x/theirs"]);
    scenario.write("x/theirs/local.key", "madang_0123456789secretofothers");
    scenario.write("x/theirs/drop/b.txt", "남의 글 theirtext");
    // One of before the mark.
    for file in ["ledger.db", "local.key"] {
        scenario.write(&format!("x/earlier/{file}"), "madang_0123456789secretofothers");
    }
    let summary = scenario.once(&["x"]);
    assert_eq!((summary.received, summary.indexed, summary.in_flight), (1, 1, 0));
    assert_eq!(scenario.found("around"), ["a.txt"]);
    assert_eq!(scenario.found("theirtext"), Vec::<String>::new());
    let told = scenario.succeed(&["queue", "left-out"]);
    assert!(told.contains("earlier") && told.contains("theirs"), "{told}");

    let inside = ["x/theirs", "x/theirs/drop", "x/theirs/blobs", "x/earlier"];
    for source in inside {
        refused(&scenario, &[source], &[source, "data folder of another madang"]);
    }
    for folder in inside.into_iter().chain(["x/theirs/not/yet"]) {
        scenario.write("madang.toml", format!("[[registry]]\nname = \"a\"\nurl = \"{folder}\"\n"));
        refused(&scenario, &["x"], &["madang.toml:3: ", "data folder of another madang"]);
    }
    std::fs::remove_file(scenario.path("madang.toml")).unwrap();
    // What is open in the own one is.
    std::fs::create_dir_all(scenario.path("data/drop")).unwrap();
    scenario.write("data/drop/c.txt", "내 글 owntext");
    scenario.once(&["data/drop"]);
    assert_eq!(scenario.found("owntext"), ["c.txt"]);
}

#[test]
fn mounted_parts_are_known_for_what_they_are_a_part_of() {
    let scenario = Scenario::new();
    scenario.write("madang.toml", "[[registry]]\nname = \"exchange\"\nurl = \"file:exchange\"\n");
    scenario.write("drop/2026/a.txt", "글");
    scenario.once(&["drop"]);
    let parts = [("data/blobs", "data folder"), ("exchange", "registry"), ("drop/2026", "drop")];
    for (part, words) in parts {
        let _mount = Mount::bind(&scenario.path(part), &scenario.path("mounted"));
        match part {
            "drop/2026" => refused(&scenario, &["drop", "mounted"], &["one file would be two"]),
            _ => refused(&scenario, &["mounted"], &[words]),
        }
    }
    // A part of a part, whose inode nobody wrote down.
    let parts = std::fs::read_dir(scenario.path("data/blobs")).unwrap();
    let mut folders = parts.map(|part| part.unwrap().path()).filter(|path| path.is_dir());
    let _mount = Mount::bind(&folders.next().unwrap(), &scenario.path("mounted"));
    refused(&scenario, &["mounted"], &["data folder"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mount_and_no_second_name_makes_a_document_of_the_data() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.pipeline("other", "6110000");
    scenario.write("drop/press/a.txt", "닫힌 글 closedtext");
    scenario.write("drop/other/theirs.txt", "남의 글 theirtext");
    let service = Service::start(&scenario, &[]).await;
    service.settled(2).await;
    service.finds("closedtext", &["a.txt"]).await;
    let key = std::fs::read_to_string(scenario.path("data/local.key")).unwrap();

    let _blobs = Mount::bind(&scenario.path("data/blobs"), &scenario.path("drop/press/blobs"));
    let _theirs = Mount::bind(&scenario.path("drop/other"), &scenario.path("drop/press/theirs"));
    for (file, name) in [("data/local.key", "key.txt"), ("data/ledger.db", "ledger.txt")] {
        std::fs::hard_link(scenario.path(file), scenario.path("drop/press").join(name)).unwrap();
    }
    // Two names of one file are honest.
    std::fs::hard_link(scenario.path("drop/press/a.txt"), scenario.path("drop/press/b.txt"))
        .unwrap();
    service.finds("closedtext", &["a.txt", "b.txt"]).await;
    for path in ["blobs/new.txt", "blobs/n/new.txt", "theirs/new.txt"] {
        let put = format!("/v1/drop/press/{path}");
        let answer = service.ask("PUT", &put, ADMIN, b"mine".to_vec()).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.text());
    }
    service.stop().await;

    // The next listing says what it leaves out.
    let service = Service::start(&scenario, &[]).await;
    let left_out = until("all four are left out", async || {
        let answer = service.get("/v1/left-out").await;
        let rows = answer["left_out"].as_array().unwrap().clone();
        (rows.len() >= 4).then_some(rows)
    })
    .await;
    let told: Vec<(&str, &str)> = left_out
        .iter()
        .map(|row| (row["path"].as_str().unwrap(), row["kind"].as_str().unwrap()))
        .collect();
    let closed = ["blobs", "key.txt", "ledger.txt", "theirs"].map(|path| (path, "closed"));
    assert_eq!(told, closed);
    assert_eq!(service.settled(3).await.received, 3, "a.txt, b.txt, theirs.txt");
    let (_, digits) = key.trim().split_once('_').unwrap();
    assert_eq!(service.found(digits).await, Vec::<String>::new());
    service.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_replaces_no_pipe_socket_or_link() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let service = Service::start(&scenario, &[]).await;
    let fifo = scenario.path("drop/press/pipe.txt");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    std::os::unix::fs::symlink("elsewhere", scenario.path("drop/press/link.txt")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(scenario.path("drop/press/socket.txt"));
    for (name, what) in [("pipe.txt", "pipe"), ("link.txt", "link"), ("socket.txt", "socket")] {
        let before = scenario.path("drop/press").join(name).symlink_metadata().unwrap().file_type();
        let put = format!("/v1/drop/press/{name}");
        let answer = service.ask("PUT", &put, ADMIN, b"mine".to_vec()).await;
        assert_eq!(answer.status, 409, "{name}: {}", answer.text());
        assert!(
            answer.text().contains(&format!("a {what}")) || answer.text().contains("named pipe")
        );
        let after = scenario.path("drop/press").join(name).symlink_metadata().unwrap().file_type();
        assert_eq!(before, after, "{name}");
    }
    service.stop().await;
}

#[test]
fn a_registry_in_the_data_folder_or_in_another_registry_is_refused() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "글");
    scenario.once(&["drop"]);
    let registry =
        |name: &str, url: &str| format!("[[registry]]\nname = \"{name}\"\nurl = \"{url}\"\n");
    for folder in ["data", "data/blobs", "file:data/index", "data/not/yet", "data/drop", "."] {
        scenario.write("madang.toml", registry("exchange", folder));
        refused(&scenario, &["drop"], &["madang.toml:3: ", "data folder"]);
    }
    std::fs::create_dir(scenario.path("one")).unwrap();
    for (one, other) in [("one", "one"), ("one", "one/below"), ("one/below", "file:one")] {
        scenario.write("madang.toml", [registry("a", one), registry("b", other)].concat());
        refused(&scenario, &["drop"], &["madang.toml:6: ", "registry `a` (madang.toml:3)"]);
    }
    scenario.write("madang.toml", [registry("a", "one"), registry("b", "two")].concat());
    scenario.once(&["drop"]);
}
