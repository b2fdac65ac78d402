use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use madang_ledger::jobs::{Job, JobFilter, Jobs};
use madang_ledger::sqlite::SqliteLedger;
use serde_json::Value;
use tempfile::TempDir;

use super::binary::madang;

/// The key that the environment sets, with every role.
pub const ADMIN: &str = "madang_key_of_the_scenarios_0123456789";

/// A place of its own for one scenario: configuration, pipelines, drop folders and data, all below one temporary
/// folder that is the working directory of every command.
#[derive(Debug)]
pub struct Scenario {
    root: TempDir,
}

impl Default for Scenario {
    fn default() -> Scenario {
        Scenario::new()
    }
}

impl Scenario {
    /// An empty one, with a folder `drop`.
    ///
    /// # Panics
    /// When there is no temporary folder.
    pub fn new() -> Scenario {
        let root =
            tempfile::Builder::new().prefix("madang-").tempdir().expect("a temporary folder");
        std::fs::create_dir(root.path().join("drop")).expect("a folder");
        Scenario { root }
    }

    /// A path in it.
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    /// Writes a file whose last change lies an hour back: it has settled.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let file = self.write_now(path, bytes);
        let hour_ago = SystemTime::now() - Duration::from_secs(3600);
        File::options().write(true).open(file).unwrap().set_modified(hour_ago).unwrap();
    }

    /// Puts a settled file in its place in one step: nobody sees a part of it, whatever the clock says.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn place(&self, path: &str, bytes: impl AsRef<[u8]>) {
        self.write("aside", bytes);
        std::fs::rename(self.path("aside"), self.path(path)).unwrap();
    }

    /// Writes a file as it is written now.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_now(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let file = self.path(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, bytes).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        file
    }

    /// Removes a file.
    ///
    /// # Panics
    /// When it is not there.
    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.path(path)).unwrap();
    }

    /// Declares a pipeline over the folder `drop/<name>`, quick to settle.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn pipeline(&self, name: &str, agency: &str) {
        std::fs::create_dir_all(self.path("drop").join(name)).unwrap();
        let text = format!(
            "name = \"{name}\"\nagency = \"{agency}\"\n[source]\nurl = \"file:drop/{name}\"\nsettle = \"50ms\"\n\
             [catalog]\ntitle = \"{name}\"\nlicense = \"KOGL-1\"\n"
        );
        self.write(&format!("pipelines/{name}.toml"), text);
    }

    /// As [`pipeline`](Self::pipeline), with more of a declaration below it.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn pipeline_with(&self, name: &str, agency: &str, more: &str) {
        self.pipeline(name, agency);
        let path = format!("pipelines/{name}.toml");
        let text = std::fs::read_to_string(self.path(&path)).unwrap();
        self.write(&path, format!("{text}{more}"));
    }

    /// Every job in the ledger, as it stands, by the path of its file.
    ///
    /// # Panics
    /// When there is no ledger.
    pub async fn jobs(&self) -> std::collections::BTreeMap<String, Job> {
        let clock = std::sync::Arc::new(madang_document::timestamp::Timestamp::default);
        let ledger = SqliteLedger::open_read_only(&self.path("data/ledger.db"), clock).await;
        let jobs =
            ledger.unwrap().jobs(&JobFilter::default(), None, 100_000).await.unwrap().readable();
        jobs.into_iter().map(|job| (job.object.path.clone(), job)).collect()
    }

    /// A command of the binary, run in this place.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_of(&madang(), arguments)
    }

    /// As [`command`](Self::command), of another program.
    pub fn command_of(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.root.path()).env("MADANG_ADMIN_KEY", ADMIN);
        for name in [
            "AWS_ENDPOINT_URL",
            "AWS_REGION",
            "AWS_ACCESS_KEY_ID",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "STORAGE_EMULATOR_HOST",
            "AZURE_STORAGE_ACCOUNT_NAME",
            "AZURE_STORAGE_ACCOUNT",
            "AZURE_STORAGE_CONNECTION_STRING",
            "MADANG_KEY",
            "RUST_LOG",
        ] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// Runs a command that must succeed; gives what it printed.
    ///
    /// # Panics
    /// When it fails, with all that it said.
    pub fn succeed(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "madang {arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Runs `madang up … --once` over these sources; gives the closing line.
    ///
    /// # Panics
    /// When it fails.
    pub fn once(&self, sources: &[&str]) -> Summary {
        let mut arguments = vec!["up"];
        arguments.extend(sources);
        arguments.push("--once");
        Summary::of(&self.succeed(&arguments))
    }

    /// What a search of the data folder finds.
    ///
    /// # Panics
    /// When the search fails.
    pub fn search(&self, query: &str) -> Value {
        let answer = self.succeed(&["search", query, "--json", "--limit", "100"]);
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// The paths of what a search of the data folder finds, in order of the paths.
    ///
    /// # Panics
    /// When the search fails.
    pub fn found(&self, query: &str) -> Vec<String> {
        paths(&self.search(query))
    }

    /// The changes of the catalogue since its beginning.
    ///
    /// # Panics
    /// When the command fails.
    pub fn changes(&self) -> Vec<Value> {
        lines(&self.succeed(&["catalog", "changes"]))
    }

    /// The entries that are live, by id, each with its version.
    ///
    /// # Panics
    /// When the command fails.
    pub fn live_entries(&self) -> std::collections::BTreeMap<String, u64> {
        let mut live = std::collections::BTreeMap::new();
        for change in self.changes() {
            let id = change["entry"].as_str().unwrap().to_owned();
            if change["withdrawn"] == true {
                live.remove(&id);
            } else {
                live.insert(id, change["version"].as_u64().unwrap());
            }
        }
        live
    }
}

/// The closing line of `madang up --once`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files ever seen.
    pub received: u64,
    /// Files that can be found.
    pub indexed: u64,
    /// Files set aside.
    pub quarantined: u64,
    /// Files that are gone.
    pub deleted: u64,
    /// Files that wait or are worked on.
    pub in_flight: u64,
    /// Documents inside files.
    pub members: u64,
}

impl Summary {
    /// Reads the last line of an output.
    ///
    /// # Panics
    /// When the last line is none.
    pub fn of(output: &str) -> Summary {
        let line = output.lines().last().unwrap_or_default();
        let numbers: Vec<(&str, u64)> = line
            .split(", ")
            .map(|part| {
                let (name, number) = part.rsplit_once(' ').unwrap_or(("", ""));
                (name, number.parse().unwrap_or_else(|_| panic!("not a closing line: {line:?}")))
            })
            .collect();
        let names: Vec<&str> = numbers.iter().map(|(name, _)| *name).collect();
        let expected = ["received", "indexed", "quarantined", "deleted", "in flight", "members"];
        assert_eq!(names, expected, "{line:?}");
        Summary {
            received: numbers[0].1,
            indexed: numbers[1].1,
            quarantined: numbers[2].1,
            deleted: numbers[3].1,
            in_flight: numbers[4].1,
            members: numbers[5].1,
        }
    }

    /// Whether nothing is lost.
    pub fn holds(&self) -> bool {
        self.received == self.indexed + self.quarantined + self.deleted + self.in_flight
    }
}

/// The paths of a search's answer, in order of the paths.
///
/// # Panics
/// When it is no answer of a search.
pub fn paths(answer: &Value) -> Vec<String> {
    let hits =
        answer["hits"].as_array().unwrap_or_else(|| panic!("no answer of a search: {answer}"));
    let mut paths: Vec<String> =
        hits.iter().map(|hit| hit["path"].as_str().unwrap().to_owned()).collect();
    paths.sort();
    paths
}

/// Lines of JSON.
///
/// # Panics
/// When a line is none.
pub fn lines(text: &str) -> Vec<Value> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(read).collect()
}

/// All that a command said, for a message.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n--- stdout\n{}\n--- stderr\n{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
