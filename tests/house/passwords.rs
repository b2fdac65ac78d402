//! Passwords that a pipeline gives: what they open, who may keep them, and that nothing ever says them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use madang_tests::ground::binary::fixture;
use madang_tests::ground::scenario::{Scenario, said};

/// Those of the locked fixtures.
const PASSWORDS: [&str; 2] = ["sesame-2026", "열려라 참깨"];

fn give(scenario: &Scenario, path: &str, mode: u32) {
    scenario.write(path, PASSWORDS.join("\n"));
    std::fs::set_permissions(scenario.path(path), std::fs::Permissions::from_mode(mode)).unwrap();
}

fn locked(scenario: &Scenario, name: &str) {
    scenario.write(&format!("drop/press/{name}"), fixture(&format!("locked/{name}")));
}

/// Every file below a folder whose bytes hold one of the passwords.
fn tell(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let holds = |password: &str| {
                    bytes.windows(password.len()).any(|window| window == password.as_bytes())
                };
                found.extend(
                    PASSWORDS.iter().any(|it| holds(it)).then(|| path.display().to_string()),
                );
            }
        }
    }
    found
}

#[test]
fn a_pipeline_opens_what_its_passwords_open_and_tells_nobody_which() {
    let scenario = Scenario::new();
    scenario.pipeline_with("press", "1741000", "[extract]\npassword_file = \"keys/press\"\n");
    give(&scenario, "keys/press", 0o600);
    for name in ["report.hwpx", "minutes.odt", "aes-256.pdf", "other.hwpx"] {
        locked(&scenario, name);
    }
    let checked = scenario.run(&["check"]);
    assert!(checked.status.success(), "{}", said(&checked));
    let output = scenario.run(&["up", "--once"]);
    assert!(output.status.success(), "{}", said(&output));
    let found = scenario.found("안전점검");
    assert!(found.iter().any(|path| path.contains("report.hwpx")), "{found:?}: {}", said(&output));
    assert!(found.iter().all(|path| !path.contains("other.hwpx")), "{found:?}");
    let told = said(&output) + &said(&checked);
    assert!(PASSWORDS.iter().all(|password| !told.contains(password)), "{told}");
    assert_eq!(tell(&scenario.path("data")), Vec::<String>::new());
    let hits = scenario.search("안전점검");
    let id = hits["hits"][0]["id"].as_str().unwrap();
    let shown = scenario.succeed(&["show", id, "--json"]);
    assert!(PASSWORDS.iter().all(|password| !shown.contains(password)), "{shown}");
}

#[test]
fn passwords_that_others_may_read_are_refused_before_anything_starts() {
    let scenario = Scenario::new();
    scenario.pipeline_with("press", "1741000", "[extract]\npassword_file = \"keys/press\"\n");
    locked(&scenario, "report.hwpx");
    for (mode, expected) in [
        (None, "keys/press: No such file"),
        (Some(0o644), "others may read or change it (its mode is 0644): make it `chmod 600`"),
        (Some(0o660), "others may read or change it (its mode is 0660)"),
    ] {
        if let Some(mode) = mode {
            give(&scenario, "keys/press", mode);
        }
        for arguments in [&["check"] as &[&str], &["up", "--once"]] {
            let output = scenario.run(arguments);
            assert_eq!(output.status.code(), Some(2), "{}", said(&output));
            let told = said(&output);
            assert!(
                told.contains("pipelines/press.toml:10: ") && told.contains(expected),
                "{told}"
            );
            assert!(PASSWORDS.iter().all(|password| !told.contains(password)), "{told}");
        }
    }
    // A drop folder is no place for them: they would be indexed.
    give(&scenario, "drop/press/keys", 0o600);
    scenario.pipeline_with("press", "1741000", "[extract]\npassword_file = \"drop/press/keys\"\n");
    let output = scenario.run(&["check"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("would become a document"), "{}", said(&output));
}

#[test]
fn a_command_takes_passwords_from_a_file_and_reads_that_file_to_nobody() {
    let scenario = Scenario::new();
    give(&scenario, "files/passwords", 0o600);
    for name in ["report.hwp", "other.hwp"] {
        scenario.write(&format!("files/{name}"), fixture(&format!("locked/{name}")));
    }
    let output = scenario.run(&["extract", "--password-file", "files/passwords", "files"]);
    assert!(output.status.success(), "{}", said(&output));
    let told = said(&output);
    assert!(told.contains("none of 2 given passwords opens it"), "{told}");
    assert!(told.contains("passwords: left out: the file of passwords"), "{told}");
    assert!(told.contains("안전점검"), "{told}");
    assert!(PASSWORDS.iter().all(|password| !told.contains(password)), "{told}");
    give(&scenario, "files/passwords", 0o640);
    let output = scenario.run(&["extract", "--password-file", "files/passwords", "files"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("make it `chmod 600`"), "{}", said(&output));
}
