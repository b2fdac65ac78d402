use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use madang_document::counted::counted;
use madang_document::shown::Shown;
use madang_pipeline::terms::Terms;
use madang_pipeline::trial::Trials;
use madang_sandbox::zygote::Zygote;
use serde_json::{Map, Value, json};

use crate::api::{Api, Posted, part, query};
use crate::arguments::Reprocess;
use crate::configuration::{Configuration, pipelines};
use crate::failure::Failure;
use crate::terminal::{
    from_to, line, number_of, out, out_all, out_json, out_json_indented, path_of, raw_text_of,
    shown, text_of,
};
use crate::{backends, engines, models};

/// `madang reprocess`.
pub(crate) fn run(command: &Reprocess) -> Result<(), Failure> {
    if !command.dry_run {
        if !command.sources.is_empty() {
            return Err(Failure::usage(SOURCES));
        }
        if asked(command).is_empty() {
            return Err(Failure::usage(NOTHING));
        }
        return queue(&Api::reach(&command.place)?, command);
    }
    let api = Api::reach_with(&command.place, |configuration| own_trials(command, configuration))?;
    if api.is_service() && !command.sources.is_empty() {
        return Err(Failure::usage(format!(
            "a service runs and tries the files by itself; {SOURCES}"
        )));
    }
    dry_run(&api, command)
}

/// Everything at once is days of work for a large collection, and rarely what is meant.
const NOTHING: &str = "nothing says which files are to be read again: `madang reprocess --outdated --dry-run` shows what \
the present readers would change, `madang reprocess --outdated` has it done; all files are `--path '**'`";

/// Passed over, they would look as if they chose files.
const SOURCES: &str = "pipelines are named behind the options for --dry-run where no service runs, to say where the files lie; which \
files it is about is said by --pipeline NAME, --path and the like";

/// What tries files where no service runs.
fn own_trials(
    command: &Reprocess,
    configuration: &Configuration,
) -> Result<Option<Trials>, Failure> {
    let data = configuration.data(command.place.data.as_deref());
    let pipelines = pipelines(&command.sources, &data, configuration, backends::BUCKETS)?;
    let model = models::speech_model(configuration, &data)?;
    let engines = engines::arguments(model.as_deref());
    let zygote = Arc::new(Zygote::start_with(Path::new("/proc/self/exe"), engines)?);
    let stores = backends::stores(&pipelines, configuration, &data)?;
    Ok(Some(Trials::new(zygote, stores, Terms::new(&pipelines, &configuration.limits()))))
}

/// What was asked for, by the names that the API has for it.
fn asked(command: &Reprocess) -> Vec<(&'static str, String)> {
    let one = |name, value: &Option<String>| value.clone().map(|value| (name, value));
    let mut pairs: Vec<(&'static str, String)> = [
        one("pipeline", &command.pipeline),
        one("format", &command.format),
        one("media", &command.media),
        one("outcome", &command.outcome),
        one("glob", &command.path),
        one("since", &command.since),
    ]
    .into_iter()
    .flatten()
    .collect();
    pairs.extend(command.agency.iter().map(|code| ("agency", code.clone())));
    if command.outdated {
        pairs.push(("outdated", "true".to_owned()));
    }
    pairs
}

/// The same as the body of a request.
fn body(command: &Reprocess) -> Value {
    let mut body = Map::new();
    for (name, value) in asked(command) {
        match name {
            "agency" => {}
            "outdated" => _ = body.insert(name.to_owned(), Value::Bool(true)),
            name => _ = body.insert(name.to_owned(), Value::String(value)),
        }
    }
    if !command.agency.is_empty() {
        body.insert("agency".to_owned(), json!(command.agency));
    }
    Value::Object(body)
}

/// The files that fit.
fn chosen(api: &Api, command: &Reprocess) -> Result<Vec<Value>, Failure> {
    let asked = asked(command);
    let (mut chosen, mut after): (Vec<Value>, Option<String>) = (Vec::new(), None);
    loop {
        let mut pairs: Vec<(&str, &str)> =
            asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
        pairs.push(("limit", "1000"));
        pairs.extend(after.as_deref().map(|after| ("after", after)));
        let mut page = api.get(&format!("/v1/reprocess{}", query(&pairs)))?;
        if let Some(Value::Array(objects)) = page.get_mut("objects").map(Value::take) {
            chosen.extend(objects);
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = Some(next.to_owned()),
            None => return Ok(chosen),
        }
    }
}

/// Has the files read again.
fn queue(api: &Api, command: &Reprocess) -> Result<(), Failure> {
    if !command.yes {
        let chosen = chosen(api, command)?;
        let can = chosen.iter().filter(|file| file.get("declared") != Some(&Value::Bool(false)));
        let files = can.count() as u64;
        if files == 0 {
            return told(command, 0, chosen.len() as u64);
        }
        if !agreed(files)? {
            return Err(Failure::usage(format!(
                "{}; --yes has them read again, --dry-run shows what would change",
                counted(files, "file fits", "files fit")
            )));
        }
    }
    let answer = api.post("/v1/reprocess", &body(command))?;
    let jobs = number_of(&answer, "jobs");
    told(command, jobs, number_of(&answer, "undeclared"))?;
    if jobs > 0 && !api.is_service() && !command.json {
        line(&shown!("the next `madang up` reads them"));
    }
    Ok(())
}

fn told(command: &Reprocess, jobs: u64, undeclared: u64) -> Result<(), Failure> {
    if undeclared > 0 && !command.json {
        line(&shown!(
            "{} not declared at present",
            counted(
                undeclared,
                "file that fits stays as it is: its pipeline is",
                "files that fit stay as they are: their pipelines are"
            )
        ));
    }
    match (command.json, jobs) {
        (true, _) => out_json_indented(&json!({ "jobs": jobs, "undeclared": undeclared })),
        (false, 0) if undeclared > 0 => out(&"no other file fits, so none is read again".into()),
        (false, 0) => out(&"no file fits, so none is read again".into()),
        (false, jobs) => out(&shown!(
            "{} again, after everything else that waits",
            counted(jobs, "file is read", "files are read")
        )),
    }
}

/// Whether a person at the terminal wants so many files read again; nobody does where there is none.
fn agreed(files: u64) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    line(&shown!("{} again? (y/N)", counted(files, "file is read", "files are read")));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes" | "예"))
}

/// What the trials came to, in files.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    files: u64,
    unchanged: u64,
    text: u64,
    outcome: u64,
    metadata: u64,
    preview: u64,
    reader: u64,
    members: u64,
    gone: u64,
    unread: u64,
}

impl Counts {
    fn count(&mut self, trial: &Value) {
        self.files += 1;
        match raw_text_of(trial, "state") {
            "unchanged" => self.unchanged += 1,
            "gone" => self.gone += 1,
            "unread" => self.unread += 1,
            _ => {}
        }
        let changes = trial.get("changes").and_then(Value::as_array);
        let has = |word: &str| {
            let kinds = |change: &Value| change.get("kinds").and_then(Value::as_array).cloned();
            let mut all = changes.into_iter().flatten().filter_map(kinds).flatten();
            u64::from(all.any(|kind| kind == word))
        };
        self.text += has("text");
        self.outcome += has("outcome");
        self.metadata += has("metadata");
        self.preview += has("preview");
        self.reader += has("reader");
        self.members += u64::from(has("added") + has("removed") > 0);
    }

    fn to_json(&self) -> Value {
        json!({
            "files": self.files, "unchanged": self.unchanged, "text_changed": self.text,
            "outcome_changed": self.outcome, "metadata_changed": self.metadata,
            "preview_changed": self.preview, "reader_changed": self.reader,
            "members_changed": self.members, "original_gone": self.gone, "unread": self.unread,
        })
    }

    /// A file may be in several of these.
    fn told(&self) -> Shown {
        shown!(
            "{}: unchanged {}, text changed {}, outcome changed {}, metadata changed {}, preview changed {}, \
             reader changed {}, members changed {}, original gone {}, unread {}",
            counted(self.files, "file", "files"),
            self.unchanged,
            self.text,
            self.outcome,
            self.metadata,
            self.preview,
            self.reader,
            self.members,
            self.gone,
            self.unread
        )
    }
}

/// Tries the files one after the other.
fn dry_run(api: &Api, command: &Reprocess) -> Result<(), Failure> {
    let files = chosen(api, command)?;
    let bar = bar(files.len());
    let mut counts = Counts::default();
    for (tried, file) in files.iter().enumerate() {
        let id = raw_text_of(file, "id");
        let path = format!("/v1/documents/{}/trial", part(id));
        let waits = |waited| bar.suspend(|| line(&waiting(file, waited)));
        let trial = in_turn(|| api.post_if_there(&path, &json!({})), Instant::now, waits)?;
        let Ok(trial) = trial else {
            bar.finish_and_clear();
            return Err(no_turn(tried, files.len()));
        };
        // It was withdrawn while others were tried.
        let trial = trial.unwrap_or_else(|| {
            json!({ "id": id, "path": file.get("path"), "name": file.get("name"), "state": "gone" })
        });
        counts.count(&trial);
        bar.suspend(|| match command.json {
            true => out_json(&trial),
            false => out_all(&lines(&trial)),
        })?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    match command.json {
        true => out_json(&json!({ "counts": counts.to_json() })),
        false => out(&counts.told()),
    }
}

/// How long a file waits for its turn: a large one before it may be read for an hour, and another one before that.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// No turn came as long as patience lasted.
#[derive(Debug, PartialEq, Eq)]
struct NoTurn;

/// Asks until it is this file's turn, which is told as often as the service says that it is not yet.
fn in_turn(
    mut ask: impl FnMut() -> Result<Posted, Failure>,
    now: impl Fn() -> Instant,
    mut waits: impl FnMut(Duration),
) -> Result<Result<Option<Value>, NoTurn>, Failure> {
    let begun = now();
    loop {
        match ask()? {
            Posted::Answered(trial) => return Ok(Ok(Some(trial))),
            Posted::Absent => return Ok(Ok(None)),
            Posted::NoTurn => match now().saturating_duration_since(begun) {
                waited if waited >= PATIENCE => return Ok(Err(NoTurn)),
                waited => waits(waited),
            },
        }
    }
}

fn waiting(file: &Value, waited: Duration) -> Shown {
    shown!(
        "{} waits for its turn, by now for {}: other files are being tried",
        path_of(file, "path"),
        counted(waited.as_secs() / 60, "minute", "minutes")
    )
}

fn no_turn(tried: usize, files: usize) -> Failure {
    Failure::Other(anyhow::anyhow!(
        "no turn for {} hours: the service tries two files at once, and those that others had tried did not come to an end; \
         {tried} of {files} were tried, and the same command tries all of them again: in the meantime it may name fewer \
         (--path, --format, --agency), or be run when the others have ended; without a dry run nobody waits",
        PATIENCE.as_secs() / 3600
    ))
}

/// A bar for the files, where no JSON goes to the same terminal.
fn bar(files: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() || files < 2 {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(files as u64);
    let style = "{spinner} {bar:30} {pos}/{len} files  {per_sec}  {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style);
    }
    bar
}

/// What would change of a file, for people; nothing of one that stays as it is.
fn lines(trial: &Value) -> Vec<Shown> {
    let path = path_of(trial, "path");
    let mut lines = Vec::new();
    match raw_text_of(trial, "state") {
        "gone" => lines.push(shown!("{path}: gone, or another file since")),
        "unread" => lines.push(shown!("{path}: cannot be foretold: {}", text_of(trial, "reason"))),
        _ => {}
    }
    for change in trial.get("changes").and_then(Value::as_array).into_iter().flatten() {
        let kinds = change.get("kinds").and_then(Value::as_array).into_iter().flatten();
        let kinds: Vec<&str> = kinds.filter_map(Value::as_str).collect();
        let member = match raw_text_of(change, "member") {
            "" => Shown::default(),
            member => shown!("!/{member}"),
        };
        lines.push(shown!("{path}{member}: {}", kinds.join(", ")));
        for (name, what) in [
            ("reader", "reader"),
            ("outcome", "outcome"),
            ("reason", "reason"),
            ("characters", "characters"),
        ] {
            lines.extend(change.get(name).and_then(|pair| changed(what, pair)));
        }
        for property in change.get("metadata").and_then(Value::as_array).into_iter().flatten() {
            lines.extend(changed(raw_text_of(property, "property"), property));
        }
        let text = change.get("text").filter(|text| !text.is_null());
        let differing = text.and_then(|text| text.get("lines")).and_then(Value::as_array);
        lines.extend(
            differing
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .map(|line| shown!("    {line}")),
        );
        if text.and_then(|text| text.get("cut")) == Some(&Value::Bool(true)) {
            lines.push("    …".into());
        }
    }
    lines
}

/// A value that would be another one.
fn changed(name: &str, pair: &Value) -> Option<Shown> {
    from_to(name, pair.get("from")?, pair.get("to")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial() -> Value {
        json!({
            "id": "x", "path": "a\u{1b}.hwp", "state": "changed", "changes": [{
                "member": null, "kinds": ["text", "reader"], "reader": { "from": "hwp5/1", "to": "hwp5/2" },
                "outcome": { "from": "ok", "to": "ok" }, "characters": { "from": "3", "to": "4" },
                "metadata": [{ "property": "title", "from": null, "to": "제목" }],
                "text": { "lines": ["@@ -1,1 +1,1 @@", "-가나", "+가나다"], "removed": 1, "added": 1, "cut": true },
            }],
        })
    }

    #[test]
    fn what_would_change_is_told_for_people() {
        let lines: Vec<String> = lines(&trial()).iter().map(ToString::to_string).collect();
        let expected = [
            "a␛.hwp: text, reader",
            "  reader: hwp5/1 → hwp5/2",
            "  characters: 3 → 4",
            "  title: nothing → 제목",
            "    @@ -1,1 +1,1 @@",
            "    -가나",
            "    +가나다",
            "    …",
        ];
        assert_eq!(lines, expected);
        assert!(
            super::lines(&json!({ "path": "a", "state": "unchanged", "changes": [] })).is_empty()
        );
    }

    #[test]
    fn a_file_waits_for_its_turn_and_says_so() {
        let begun = Instant::now();
        let minutes = &std::cell::Cell::new(0);
        let now = || begun + Duration::from_secs(60 * minutes.get());
        let asked = |turn: u64| {
            move || {
                minutes.set(minutes.get() + 1);
                Ok(match minutes.get() {
                    minute if minute < turn => Posted::NoTurn,
                    _ => Posted::Answered(json!({ "state": "unchanged" })),
                })
            }
        };
        let mut told = Vec::new();
        let trial =
            in_turn(asked(4), now, |waited| told.push(waiting(&json!({ "path": "a" }), waited)));
        assert_eq!(trial.unwrap(), Ok(Some(json!({ "state": "unchanged" }))));
        let told: Vec<&str> = told.iter().map(Shown::as_str).collect();
        let words = ["1 minute", "2 minutes", "3 minutes"];
        assert!(told.iter().zip(words).all(|(told, word)| told.contains(word)), "{told:?}");
        assert_eq!(told.len(), 3);
        minutes.set(0);
        let trial = in_turn(asked(u64::MAX), now, |_| {});
        assert_eq!(trial.unwrap(), Err(NoTurn));
        assert_eq!(minutes.get(), 2 * 60);
        let told = no_turn(3, 9).told().join("");
        assert!(told.contains("2 hours") && told.contains("3 of 9"), "{told}");
        assert_eq!(in_turn(|| Ok(Posted::Absent), Instant::now, |_| {}).unwrap(), Ok(None));
    }

    #[test]
    fn files_are_counted_by_what_would_change() {
        let mut counts = Counts::default();
        counts.count(&trial());
        counts.count(&json!({ "state": "unchanged", "changes": [] }));
        counts.count(&json!({ "state": "gone" }));
        let expected =
            Counts { files: 3, unchanged: 1, text: 1, reader: 1, gone: 1, ..Counts::default() };
        assert_eq!(counts, expected);
        assert!(counts.told().as_str().starts_with("3 files: unchanged 1, text changed 1"));
    }
}
