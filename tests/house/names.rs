//! A file may have any name, and no name may deceive whoever reads it in a terminal or a log.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::{Command, Output, Stdio};

use madang_document::shown::is_misleading;
use madang_tests::ground::binary::madang;
use madang_tests::ground::scenario::{ADMIN, Scenario, said};
use madang_tests::ground::service::Service;
use madang_wait::until;

/// Sets the window's title, rings, colours, returns, breaks the line, turns the direction, breaks again and clears
/// the screen.
const NAME: &str =
    "a\u{1b}]0;owned\u{7}\u{1b}[31m\r\n9999  forged\u{202e}\u{2028}\u{85}\u{9b}2J\u{7f}\u{200f}b";

/// That nothing in an output could be obeyed.
fn clean(what: &str, output: &[u8]) {
    let text = String::from_utf8(output.to_vec()).expect("UTF-8");
    let bad = text.lines().find(|line| line.chars().any(is_misleading));
    assert!(bad.is_none(), "{what} prints {bad:?}");
    assert!(!text.contains('\r') && !text.contains("\n9999"), "{what} prints {text:?}");
}

fn both_clean(what: &str, output: &Output) {
    clean(what, &output.stdout);
    clean(what, &output.stderr);
}

/// A place with one good and one damaged file of that name.
fn scenario() -> Scenario {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    scenario.write(&format!("drop/press/{NAME}.txt"), "이름이 속이는 글 deceptive\nsecond line");
    scenario.write(&format!("drop/press/{NAME}.docx"), b"PK\x03\x04 cut");
    scenario
}

#[test]
fn a_run_that_ends_prints_no_name_raw() {
    let scenario = scenario();
    let output =
        scenario.command(&["up", "--once"]).env("RUST_LOG", "trace").output().expect("it starts");
    assert!(output.status.success(), "{}", said(&output));
    both_clean("up --once", &output);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_and_no_log_prints_a_name_raw() {
    let scenario = scenario();
    let mut command = scenario.command(&["up", "--listen", "127.0.0.1:0"]);
    command.env("RUST_LOG", "trace");
    let service = Service::spawn(&scenario, command).await;
    let job = service.quarantined(&format!("{NAME}.docx")).await["id"].to_string();
    service.finds("deceptive", &[&format!("{NAME}.txt")]).await;
    let id = service.search("deceptive").await["hits"][0]["id"].as_str().unwrap().to_owned();
    // It is catalogued by another follower than it is found by.
    let entry = format!("/v1/catalog/entries/{id}");
    until("it is catalogued", async || {
        let answer = service.ask("GET", &entry, ADMIN, Vec::new()).await;
        (answer.status == 200).then_some(())
    })
    .await;
    let made = scenario.run(&["key", "new", NAME]);
    assert!(made.status.success(), "{}", said(&made));
    both_clean("key new", &made);
    let folder = scenario.path("drop/press");
    let folder = folder.to_str().unwrap();
    let missing = format!("{NAME}.missing");
    for arguments in [
        &["search", "deceptive"] as &[&str],
        &["search", "deceptive", "--json"],
        &["show", &id],
        &["show", &id, "--json"],
        &["queue"],
        &["queue", "ls", "--state", "quarantined"],
        &["queue", "ls", "--state", "quarantined", "--json"],
        &["queue", "show", &job],
        &["catalog", "ls"],
        &["catalog", "show", &id],
        &["catalog", "changes"],
        &["key", "ls"],
        &["check"],
        &["extract", "--json", folder],
    ] {
        let output = scenario.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
        both_clean(&format!("{arguments:?}"), &output);
    }
    for arguments in [
        // One of the two is damaged.
        &["extract", folder] as &[&str],
        &["extract", &missing],
        &["up", &missing],
        &["check", &missing],
        &["show", NAME],
        &["queue", "pause", NAME],
        &[NAME],
    ] {
        let output = scenario.run(arguments);
        assert!(!output.status.success(), "{arguments:?}: {}", said(&output));
        both_clean(&format!("{arguments:?}"), &output);
    }

    // On a terminal, whose own sequences are top's. util-linux's `script` gives it one.
    let top = format!("stty cols 400 rows 50; '{}' top", madang().display());
    let mut command = Command::new("script");
    command.args(["-qec", &top, "/dev/null"]).current_dir(scenario.path(""));
    command.env("MADANG_ADMIN_KEY", ADMIN).env("TERM", "xterm");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("script of util-linux is there");
    std::io::Write::write_all(child.stdin.as_mut().unwrap(), b"q").unwrap();
    let output = child.wait_with_output().unwrap();
    let screen = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(screen.contains("quarantined"), "{}", said(&output));
    for sequence in ["\u{1b}]0;", "\u{7}", "\u{1b}[31m", "\n9999"] {
        assert!(!screen.contains(sequence), "{sequence:?} in {screen:?}");
    }
    let foreign = |c: char| !matches!(c, '\u{1b}' | '\r' | '\n') && is_misleading(c);
    assert!(!screen.contains(foreign), "{screen:?}");

    clean("the log", service.said().as_bytes());
    service.stop().await;
    for act in ["verify", "rebuild"] {
        let output = scenario.run(&["index", act]);
        assert!(output.status.success(), "{}", said(&output));
        both_clean(act, &output);
    }
}

/// A wide space, as Korean documents have it, one that does not break, one that is not seen, a joiner; and a name that
/// is not UTF-8, as older shares have it.
#[test]
fn a_folder_of_any_name_is_read() {
    let scenario = Scenario::new();
    let names: [&[u8]; 5] = [
        "회의\u{3000}자료".as_bytes(),
        "a\u{a0}b".as_bytes(),
        "a\u{200b}b".as_bytes(),
        "\u{1f468}\u{200d}\u{1f469} 'x' \"y\"".as_bytes(),
        b"\xc8\xb8\xc0\xc7",
    ];
    for (n, name) in names.into_iter().enumerate() {
        let folder = scenario.path("").join(OsStr::from_bytes(name));
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(folder.join(format!("{n}.txt")), format!("글 anyname{n}")).unwrap();
        for arguments in [&["check"][..], &["up", "--once"]] {
            let output = scenario.command(arguments).arg(OsStr::from_bytes(name)).output().unwrap();
            assert!(output.status.success(), "{arguments:?} {name:?}: {}", said(&output));
        }
        assert_eq!(scenario.found(&format!("anyname{n}")), [format!("{n}.txt")]);
    }
}
