//! How the commands behave in a shell.

use std::process::Stdio;

use madang_tests::ground::binary::workspace;
use madang_tests::ground::process::ends;
use madang_tests::ground::scenario::{Scenario, lines, said};

#[test]
fn the_version_is_that_of_the_workspace() {
    let manifest = std::fs::read_to_string(workspace().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let version = manifest["workspace"]["package"]["version"].as_str().unwrap();
    let said = Scenario::new().succeed(&["--version"]);
    assert_eq!(said.trim(), format!("madang {version}"));
    assert_ne!(version, "0.0.0");
}

#[test]
fn a_reader_that_has_seen_enough_ends_a_command_without_a_word() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "긴 글 brokenpipe ".repeat(20_000));
    scenario.once(&["drop"]);
    for arguments in [
        &["search", "brokenpipe"] as &[&str],
        &["search", "brokenpipe", "--json"],
        &["catalog", "ls"],
        &["catalog", "changes"],
        &["queue"],
        &["extract", "drop/a.txt"],
        &["extract", "--json", "drop/a.txt"],
    ] {
        let mut command = scenario.command(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
        let told = String::from_utf8_lossy(&output.stderr).to_lowercase();
        assert!(!told.contains("pipe"), "{arguments:?}: {told}");
    }
}

#[test]
fn a_wrong_key_is_called_wrong_and_not_missing() {
    let scenario = Scenario::new();
    scenario.pipeline("press", "1741000");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let service = madang_tests::ground::service::Service::start(&scenario, &[]).await;
        let output = scenario.run(&["queue", "--key", "madang_wrong", "--url", &service.url]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("does not take this key"), "{}", said(&output));
        assert!(!told.contains("wants a key"), "{}", said(&output));
        service.stop().await;
    });
}

#[test]
fn a_named_pipe_does_not_hold_extract() {
    let scenario = Scenario::new();
    scenario.write("drop/a.txt", "글 beside");
    let made =
        std::process::Command::new("mkfifo").arg(scenario.path("drop/pipe")).status().unwrap();
    assert!(made.success());
    // Asked for by itself, it is a file that could not be read; in a folder, it is left out.
    for (arguments, code) in [
        (&["extract", "drop/pipe"] as &[&str], 1),
        (&["extract", "--json", "drop/pipe"], 0),
        (&["extract", "drop"], 0),
    ] {
        let mut child = scenario
            .command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        ends(&arguments.join(" "), &mut child);
        let output = child.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(told.contains("named pipe"), "{arguments:?}: {}", said(&output));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
    }
}

#[test]
fn extract_obeys_the_limits_of_the_configuration() {
    let scenario = Scenario::new();
    scenario.write("long.txt", "한계를 넘는 긴 글 ".repeat(120_000));
    let outcome =
        || lines(&scenario.succeed(&["extract", "--json", "long.txt"]))[0]["outcome"].clone();
    assert_eq!(outcome(), "ok");
    scenario.write("madang.toml", "[limits]\ntext_mib = 1\n");
    assert_eq!(outcome(), "limit");
}
