//! The data folder is never a source, whatever it is called and wherever it is mounted, and no folder is the source
//! of two pipelines. An upload replaces files, and nothing else.

use madang_tests::ground::mount::Mount;
use madang_tests::ground::service::Service;
use madang_tests::ground::yard::{ADMIN, Yard, said};
use madang_wait::until;

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

/// Another service keeps its data in the folder that this one reads.
#[test]
fn the_data_of_another_madang_is_no_document_and_no_source() {
    let yard = Yard::new();
    yard.write("x/a.txt", "둘레의 글 around");
    yard.succeed(&["up", "x", "--once", "--data", "x/theirs"]);
    yard.write("x/theirs/local.key", "madang_0123456789secretofothers");
    yard.write("x/theirs/drop/b.txt", "남의 글 theirtext");
    // One of before the mark.
    for file in ["ledger.db", "local.key"] {
        yard.write(&format!("x/earlier/{file}"), "madang_0123456789secretofothers");
    }
    let summary = yard.once(&["x"]);
    assert_eq!((summary.received, summary.indexed, summary.in_flight), (1, 1, 0));
    assert_eq!(yard.found("around"), ["a.txt"]);
    assert_eq!(yard.found("theirtext"), Vec::<String>::new());
    let told = yard.succeed(&["queue", "left-out"]);
    assert!(told.contains("earlier") && told.contains("theirs"), "{told}");

    let inside = ["x/theirs", "x/theirs/drop", "x/theirs/blobs", "x/earlier"];
    for source in inside {
        refused(&yard, &[source], &[source, "data folder of another madang"]);
    }
    for folder in inside.into_iter().chain(["x/theirs/not/yet"]) {
        yard.write("madang.toml", format!("[[registry]]\nname = \"a\"\nurl = \"{folder}\"\n"));
        refused(&yard, &["x"], &["madang.toml:3: ", "data folder of another madang"]);
    }
    std::fs::remove_file(yard.path("madang.toml")).unwrap();
    // What is open in the own one is.
    std::fs::create_dir_all(yard.path("data/drop")).unwrap();
    yard.write("data/drop/c.txt", "내 글 owntext");
    yard.once(&["data/drop"]);
    assert_eq!(yard.found("owntext"), ["c.txt"]);
}

#[test]
fn mounted_parts_are_known_for_what_they_are_a_part_of() {
    let yard = Yard::new();
    yard.write("madang.toml", "[[registry]]\nname = \"exchange\"\nurl = \"file:exchange\"\n");
    yard.write("drop/2026/a.txt", "글");
    yard.once(&["drop"]);
    let parts = [("data/blobs", "data folder"), ("exchange", "registry"), ("drop/2026", "drop")];
    for (part, words) in parts {
        let _mount = Mount::bind(&yard.path(part), &yard.path("mounted"));
        match part {
            "drop/2026" => refused(&yard, &["drop", "mounted"], &["one file would be two"]),
            _ => refused(&yard, &["mounted"], &[words]),
        }
    }
    // A part of a part, whose inode nobody wrote down.
    let parts = std::fs::read_dir(yard.path("data/blobs")).unwrap();
    let mut folders = parts.map(|part| part.unwrap().path()).filter(|path| path.is_dir());
    let _mount = Mount::bind(&folders.next().unwrap(), &yard.path("mounted"));
    refused(&yard, &["mounted"], &["data folder"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_mount_and_no_second_name_makes_a_document_of_the_data() {
    let yard = Yard::new();
    yard.pipeline("press", "1741000");
    yard.pipeline("other", "6110000");
    yard.write("drop/press/a.txt", "닫힌 글 closedtext");
    yard.write("drop/other/theirs.txt", "남의 글 theirtext");
    let service = Service::start(&yard, &[]).await;
    service.settled(2).await;
    service.finds("closedtext", &["a.txt"]).await;
    let key = std::fs::read_to_string(yard.path("data/local.key")).unwrap();

    let _blobs = Mount::bind(&yard.path("data/blobs"), &yard.path("drop/press/blobs"));
    let _theirs = Mount::bind(&yard.path("drop/other"), &yard.path("drop/press/theirs"));
    for (file, name) in [("data/local.key", "key.txt"), ("data/ledger.db", "ledger.txt")] {
        std::fs::hard_link(yard.path(file), yard.path("drop/press").join(name)).unwrap();
    }
    // Two names of one file are honest.
    std::fs::hard_link(yard.path("drop/press/a.txt"), yard.path("drop/press/b.txt")).unwrap();
    service.finds("closedtext", &["a.txt", "b.txt"]).await;
    for path in ["blobs/new.txt", "blobs/n/new.txt", "theirs/new.txt"] {
        let put = format!("/v1/drop/press/{path}");
        let answer = service.ask("PUT", &put, ADMIN, b"mine".to_vec()).await;
        assert_eq!(answer.status, 422, "{path}: {}", answer.text());
    }
    service.stop().await;

    // The next listing says what it leaves out.
    let service = Service::start(&yard, &[]).await;
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
    let yard = Yard::new();
    yard.pipeline("press", "1741000");
    let service = Service::start(&yard, &[]).await;
    let fifo = yard.path("drop/press/pipe.txt");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    std::os::unix::fs::symlink("elsewhere", yard.path("drop/press/link.txt")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(yard.path("drop/press/socket.txt"));
    for (name, what) in [("pipe.txt", "pipe"), ("link.txt", "link"), ("socket.txt", "socket")] {
        let before = yard.path("drop/press").join(name).symlink_metadata().unwrap().file_type();
        let put = format!("/v1/drop/press/{name}");
        let answer = service.ask("PUT", &put, ADMIN, b"mine".to_vec()).await;
        assert_eq!(answer.status, 409, "{name}: {}", answer.text());
        assert!(
            answer.text().contains(&format!("a {what}")) || answer.text().contains("named pipe")
        );
        let after = yard.path("drop/press").join(name).symlink_metadata().unwrap().file_type();
        assert_eq!(before, after, "{name}");
    }
    service.stop().await;
}

#[test]
fn a_registry_in_the_data_folder_or_in_another_registry_is_refused() {
    let yard = Yard::new();
    yard.write("drop/a.txt", "글");
    yard.once(&["drop"]);
    let registry =
        |name: &str, url: &str| format!("[[registry]]\nname = \"{name}\"\nurl = \"{url}\"\n");
    for folder in ["data", "data/blobs", "file:data/index", "data/not/yet", "data/drop", "."] {
        yard.write("madang.toml", registry("exchange", folder));
        refused(&yard, &["drop"], &["madang.toml:3: ", "data folder"]);
    }
    std::fs::create_dir(yard.path("one")).unwrap();
    for (one, other) in [("one", "one"), ("one", "one/below"), ("one/below", "file:one")] {
        yard.write("madang.toml", [registry("a", one), registry("b", other)].concat());
        refused(&yard, &["drop"], &["madang.toml:6: ", "registry `a` (madang.toml:3)"]);
    }
    yard.write("madang.toml", [registry("a", "one"), registry("b", "two")].concat());
    yard.once(&["drop"]);
}
