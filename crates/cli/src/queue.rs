use madang_document::counted::counted;
use madang_document::shown::Shown;
use madang_extract::formats::FORMATS;
use madang_extract::stages::STAGES;
use serde_json::{Value, json};

use crate::api::{Api, part, query};
use crate::arguments::{Queue, QueueAct};
use crate::failure::Failure;
use crate::terminal::{
    line, number_of, out, out_all, out_json_indented, path_of, raw_text_of, shown, table, text_of,
    whole_path_of,
};
use crate::terminal_locale::{failure_message, sentence};

/// Jobs that are listed if nobody says how many.
const JOBS: u32 = 50;

/// `madang queue`.
pub(crate) fn queue(command: &Queue) -> Result<(), Failure> {
    let api = Api::reach(&command.place)?;
    let list = QueueAct::Ls { state: None, queue: None, limit: None };
    let answer = match command.act.as_ref().unwrap_or(&list) {
        QueueAct::Ls { state: None, queue: None, limit: None } => {
            let queues = api.get("/v1/queues")?;
            let balance = api.get("/v1/ledger/balance")?;
            if !command.json {
                return print_queues(&queues, &balance);
            }
            queues
        }
        QueueAct::Ls { state, queue, limit } => {
            let limit = limit.unwrap_or(JOBS).to_string();
            let mut pairs = vec![("limit", limit.as_str())];
            pairs.extend(state.as_deref().map(|state| ("state", state)));
            pairs.extend(queue.as_deref().map(|queue| ("queue", queue)));
            let jobs = api.get(&format!("/v1/jobs{}", query(&pairs)))?;
            if !command.json {
                return print_jobs(&jobs);
            }
            jobs
        }
        QueueAct::LeftOut { limit } => return left_out(&api, *limit as usize, command.json),
        QueueAct::Noted { limit } => return noted(&api, *limit as usize, command.json),
        QueueAct::Redo { note: Some(note), .. } => act(&api, &format!("/v1/notes/{note}/redo"))?,
        QueueAct::Redo { note: None, kind } => {
            let body = kind.as_ref().map_or_else(|| json!({}), |kind| json!({ "kind": kind }));
            api.post("/v1/notes/redo", &body)?
        }
        QueueAct::Show { job } => api.get(&format!("/v1/jobs/{job}"))?,
        QueueAct::Pause { queue } => act(&api, &format!("/v1/queues/{}/pause", part(queue)))?,
        QueueAct::Resume { queue } => act(&api, &format!("/v1/queues/{}/resume", part(queue)))?,
        QueueAct::Release { queue, yes } => {
            let for_good = if *yes { "?gone=true" } else { "" };
            act(&api, &format!("/v1/queues/{}/release{for_good}", part(queue)))?
        }
        QueueAct::Retry { job } => act(&api, &format!("/v1/jobs/{job}/retry"))?,
        QueueAct::Drop { job } => act(&api, &format!("/v1/jobs/{job}/drop"))?,
        QueueAct::Redrive { queue, reason, format, stage, below } => {
            let mut body = json!({});
            let mut set = |name: &str, value: Value| {
                if let Some(body) = body.as_object_mut() {
                    body.insert(name.to_owned(), value);
                }
            };
            let formats = || FORMATS.iter().map(|row| (row.name, row.version));
            let stages = || STAGES.iter().map(|row| (row.name, row.version));
            match (format, stage) {
                (Some(format), _) => {
                    let version = version("format", format, formats().collect())?;
                    set("format", json!(format));
                    set("below", json!(below.unwrap_or(version)));
                }
                (None, Some(stage)) => {
                    let version = version("stage", stage, stages().collect())?;
                    set("stage", json!(stage));
                    set("below", json!(below.unwrap_or(version)));
                }
                (None, None) if below.is_some() => {
                    return Err(Failure::usage("--below wants a --format or a --stage"));
                }
                (None, None) => {
                    queue.iter().for_each(|queue| set("queue", json!(queue)));
                    reason.iter().for_each(|reason| set("kind", json!(reason)));
                }
            }
            api.post("/v1/jobs/redrive", &body)?
        }
    };
    match command.json {
        true => out_json_indented(&answer),
        false => out_all(&told(command.act.as_ref().unwrap_or(&list), &answer)),
    }
}

/// The version of a row of a table of these.
fn version(what: &str, name: &str, rows: Vec<(&str, u32)>) -> Result<u32, Failure> {
    let row = rows.iter().find(|(known, _)| *known == name);
    row.map(|(_, version)| *version).ok_or_else(|| {
        let known: Vec<&str> = rows.iter().map(|(known, _)| *known).collect();
        Failure::usage(format!("no {what} `{name}`; there are {}", known.join(", ")))
    })
}

/// What an act did, or a job is, for people.
fn told(act: &QueueAct, answer: &Value) -> Vec<Shown> {
    let one = |sentence: Shown| vec![sentence];
    match act {
        // Printed where they are asked for.
        QueueAct::Ls { .. } | QueueAct::LeftOut { .. } | QueueAct::Noted { .. } => Vec::new(),
        QueueAct::Show { .. } => job(answer),
        QueueAct::Pause { queue } => one(shown!(
            "queue {queue} is paused: nothing of it is begun any more, and what is being read is finished"
        )),
        QueueAct::Resume { queue } => one(shown!("queue {queue} is no longer paused")),
        QueueAct::Release { queue, .. } => one(shown!(
            "queue {queue} is released: {} withdrawn at the next listing of its source",
            counted(
                number_of(answer, "withdraws"),
                "file that is gone is",
                "files that are gone are"
            )
        )),
        QueueAct::Retry { job } => one(shown!("job {job} is ready again")),
        QueueAct::Drop { job } => one(shown!(
            "job {job} is discarded: its document is withdrawn, and the file stays where it is"
        )),
        QueueAct::Redrive { .. } => one(match number_of(answer, "jobs") {
            0 => shown!("no job fits, so none is ready again"),
            jobs => shown!("{} ready again", counted(jobs, "job is", "jobs are")),
        }),
        QueueAct::Redo { note: Some(note), .. } => one(shown!("note {note} is done again")),
        QueueAct::Redo { note: None, .. } => one(match number_of(answer, "notes") {
            0 => shown!("nothing fits that was passed over"),
            notes => shown!("{} done again", counted(notes, "note is", "notes are")),
        }),
    }
}

/// A job, a line for each thing that is known of it.
fn job(job: &Value) -> Vec<Shown> {
    let mut lines = Vec::new();
    for name in ["id", "state", "queue", "agency", "task"] {
        lines.extend(field(job, name));
    }
    lines.push(shown!("{:12} {}", "path", whole_path_of(job, "path")));
    for name in ["size", "attempt", "crashes"] {
        lines.extend(field(job, name));
    }
    let headway = headway(job);
    if !headway.as_str().is_empty() {
        lines.push(shown!("{:12} {headway}", "progress"));
    }
    if let Some(failure) = job.get("failure").filter(|failure| failure.is_object()) {
        let (kind, message) = (text_of(failure, "kind"), failure_message(failure));
        lines.push(shown!("{:12} {kind}: {message}", "failure"));
    }
    for name in ["created_at", "run_at", "lease_until", "done_at", "document", "receipt"] {
        lines.extend(field(job, name));
    }
    lines
}

/// A field with its name; none if it has no value.
fn field(value: &Value, name: &str) -> Option<Shown> {
    match value.get(name)? {
        Value::String(text) => Some(shown!("{name:12} {text}")),
        Value::Number(number) => Some(shown!("{name:12} {number}")),
        _ => None,
    }
}

fn act(api: &Api, path: &str) -> Result<Value, Failure> {
    api.post(path, &json!({}))
}

fn print_queues(queues: &Value, balance: &Value) -> Result<(), Failure> {
    let rows: Vec<Vec<Shown>> = queues
        .get("queues")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|row| {
            let mut cells = vec![text_of(row, "name")];
            cells.extend(
                ["ready", "waiting", "leased", "done", "quarantined", "last_minute"]
                    .map(|name| shown!("{}", number_of(row, name))),
            );
            cells.push(state_of(row));
            cells
        })
        .collect();
    let head =
        ["queue", "ready", "waiting", "leased", "done", "quarantined", "last minute", "state"];
    out_all(&table(&head, &rows))?;
    out(&Shown::default())?;
    out(&shown!(
        "received {} = done {} + quarantined {} + deleted {} + in flight {}",
        number_of(balance, "received"),
        number_of(balance, "done"),
        number_of(balance, "quarantined"),
        number_of(balance, "deleted"),
        number_of(balance, "in_flight"),
    ))?;
    out_all(&besides(queues, balance))?;
    let running = running(queues);
    if !running.is_empty() {
        out(&Shown::default())?;
        out_all(&running)?;
    }
    out_all(&conditions(queues))
}

/// What is in work, and how far recognising has come in it, as a table; nothing where nothing is.
pub(crate) fn running(queues: &Value) -> Vec<Shown> {
    let running = queues.get("running").and_then(Value::as_array);
    let rows: Vec<Vec<Shown>> = running
        .into_iter()
        .flatten()
        .map(|one| {
            vec![
                shown!("{}", number_of(one, "job")),
                text_of(one, "queue"),
                shown!("{}", number_of(one, "attempt")),
                path_of(one, "path"),
                headway(one),
            ]
        })
        .collect();
    match rows.is_empty() {
        true => Vec::new(),
        false => table(&["in work", "queue", "attempts", "path", "progress"], &rows),
    }
}

/// How far recognising has come in a job; empty where nothing is recognised.
fn headway(job: &Value) -> Shown {
    sentence(job.get("progress").and_then(|progress| progress.get("sentence")))
}

/// What is in no queue: what lies in the sources and is not taken, what was passed over, and of what was read something was
/// not. Nothing where nothing is.
pub(crate) fn besides(queues: &Value, balance: &Value) -> Vec<Shown> {
    let mut lines = Vec::new();
    let left_out = number_of(balance, "left_out");
    if left_out > 0 {
        lines.push(shown!("left out {left_out} (madang queue left-out)"));
    }
    let noted = number_of(queues, "noted");
    if noted > 0 {
        lines.push(shown!("passed over {noted} (madang queue noted)"));
    }
    let shortfall = queues.get("shortfall").unwrap_or(&Value::Null);
    let left_alone = number_of(shortfall, "left_alone");
    if left_alone > 0 {
        lines.push(shown!(
            "read, with something left alone {left_alone} (madang search '' --reason left_alone)"
        ));
    }
    let doubtful = number_of(shortfall, "doubtful");
    if doubtful > 0 {
        lines.push(shown!("read, and probably badly {doubtful} (madang search '' --ocr doubtful)"));
    }
    lines
}

/// What keeps the service from its work just now, one line each.
pub(crate) fn conditions(queues: &Value) -> Vec<Shown> {
    let conditions = queues.get("conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .map(|condition| {
            let subject = match raw_text_of(condition, "subject") {
                "" => Shown::default(),
                subject => shown!("{subject}: "),
            };
            shown!(
                "! {} {subject}{} {}",
                text_of(condition, "since"),
                sentence(condition.get("sentence")),
                sentence(condition.get("cure"))
            )
        })
        .collect()
}

/// At most so many rows of a list that comes in pages, and where it goes on.
fn pages(
    api: &Api,
    path: &str,
    name: &str,
    limit: usize,
) -> Result<(Vec<Value>, Option<String>), Failure> {
    let mut found = Vec::new();
    let mut after = None;
    while found.len() < limit {
        let page_limit = (limit - found.len()).min(1000).to_string();
        let mut pairs = vec![("limit", page_limit.as_str())];
        pairs.extend(after.as_deref().map(|after| ("after", after)));
        let mut page = api.get(&format!("{path}{}", query(&pairs)))?;
        if let Some(Value::Array(rows)) = page.get_mut(name).map(Value::take) {
            found.extend(rows);
        }
        after = match page.get("next") {
            Some(Value::String(next)) => Some(next.clone()),
            Some(Value::Number(next)) => Some(next.to_string()),
            _ => None,
        };
        if after.is_none() {
            break;
        }
    }
    Ok((found, after))
}

/// `madang queue noted`: what was passed over so that the rest could go on.
fn noted(api: &Api, limit: usize, as_json: bool) -> Result<(), Failure> {
    let (found, after) = pages(api, "/v1/notes", "notes", limit)?;
    if as_json {
        return out_json_indented(&json!({ "notes": found, "next": after }));
    }
    let rows: Vec<Vec<Shown>> = found
        .iter()
        .map(|row| {
            vec![
                shown!("{}", number_of(row, "id")),
                text_of(row, "kind"),
                text_of(row, "by"),
                path_of(row, "subject"),
                text_of(row, "reason"),
                sentence(row.get("sentence")),
            ]
        })
        .collect();
    out_all(&table(&["note", "kind", "by", "what", "reason", "what to do"], &rows))?;
    if after.is_some() {
        line(&shown!("there are more than {limit}; --limit shows more"));
    }
    Ok(())
}

/// `madang queue left-out`: what lies in the sources and is not taken.
fn left_out(api: &Api, limit: usize, as_json: bool) -> Result<(), Failure> {
    let (found, after) = pages(api, "/v1/left-out", "left_out", limit)?;
    if as_json {
        return out_json_indented(&json!({ "left_out": found, "next": after }));
    }
    let rows: Vec<Vec<Shown>> = found
        .iter()
        .map(|row| {
            vec![
                text_of(row, "pipeline"),
                text_of(row, "kind"),
                path_of(row, "path"),
                sentence(row.get("sentence")),
            ]
        })
        .collect();
    out_all(&table(&["queue", "kind", "path", "what to do"], &rows))?;
    if after.is_some() {
        line(&shown!("there are more than {limit}; --limit shows more"));
    }
    Ok(())
}

/// The state of a queue in words.
pub(crate) fn state_of(queue: &Value) -> Shown {
    if queue.get("declared") == Some(&Value::Bool(false)) {
        return "not declared in this run: what was read stays found, what waits waits".into();
    }
    if let Some(held) = queue.get("held").filter(|held| !held.is_null()) {
        let (missing, known) = (number_of(held, "missing"), number_of(held, "known"));
        let is = |name: &str| held.get(name).and_then(Value::as_bool) == Some(true);
        return match (is("released"), is("away")) {
            (true, _) => {
                shown!("released: {missing} of {known} files are withdrawn at the next listing")
            }
            (false, true) => shown!(
                "the source is away, and with it {missing} of {known} files: mount it (only if it is gone for good: \
                 madang queue release --yes)"
            ),
            (false, false) => {
                shown!("held: {missing} of {known} files are gone (madang queue release)")
            }
        };
    }
    match queue.get("paused").and_then(Value::as_bool) {
        Some(true) => "paused".into(),
        _ => "runs".into(),
    }
}

fn print_jobs(jobs: &Value) -> Result<(), Failure> {
    let rows: Vec<Vec<Shown>> = jobs
        .get("jobs")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|job| {
            let number =
                |name: &str| job.get(name).map_or_else(Shown::default, |number| shown!("{number}"));
            let failure = job.get("failure").unwrap_or(&Value::Null);
            vec![
                number("id"),
                text_of(job, "queue"),
                text_of(job, "state"),
                number("attempt"),
                path_of(job.get("object").unwrap_or(job), "path"),
                headway(job),
                match raw_text_of(failure, "kind") {
                    "" => Shown::default(),
                    kind => shown!("{kind}: {}", failure_message(failure)),
                },
            ]
        })
        .collect();
    out_all(&table(&["job", "queue", "state", "attempts", "path", "progress", "reason"], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_act_is_answered_in_a_sentence() {
        let done = json!({ "done": true });
        let queue = || "press".to_owned();
        let redrive = || QueueAct::Redrive {
            queue: None,
            reason: None,
            format: None,
            stage: None,
            below: None,
        };
        let redo = |note| QueueAct::Redo { note, kind: None };
        for (act, answer, words) in [
            (QueueAct::Pause { queue: queue() }, done.clone(), "queue press is paused"),
            (QueueAct::Resume { queue: queue() }, done.clone(), "queue press is no longer paused"),
            (
                QueueAct::Release { queue: queue(), yes: false },
                json!({ "done": true, "withdraws": 12 }),
                "queue press is released: 12 files that are gone are withdrawn",
            ),
            (QueueAct::Retry { job: 7 }, done.clone(), "job 7 is ready again"),
            (QueueAct::Drop { job: 7 }, done.clone(), "job 7 is discarded"),
            (redrive(), json!({ "jobs": 0 }), "no job fits"),
            (redrive(), json!({ "jobs": 1 }), "1 job is ready again"),
            (redrive(), json!({ "jobs": 12 }), "12 jobs are ready again"),
            (redo(Some(5)), done, "note 5 is done again"),
            (redo(None), json!({ "notes": 0 }), "nothing fits"),
            (redo(None), json!({ "notes": 1 }), "1 note is done again"),
            (redo(None), json!({ "notes": 3 }), "3 notes are done again"),
        ] {
            let told = told(&act, &answer);
            assert_eq!(told.len(), 1, "{act:?}");
            assert!(told[0].as_str().starts_with(words), "{act:?}: {}", told[0]);
        }
    }

    #[test]
    fn a_job_is_shown_as_people_read_it() {
        let path = format!("a\u{1b}/{}", madang_document::object_key::from_bytes(b"\xba\xb8.hwp"));
        let job = json!({
            "id": 7, "state": "quarantined", "queue": "press", "path": path, "size": 9,
            "failure": { "kind": "corrupt", "message": "cut\nshort", "crashed": false },
            "lease_until": null, "receipt": "/v1/receipts/x",
        });
        let lines: Vec<String> = told(&QueueAct::Show { job: 7 }, &job)
            .iter()
            .map(|line| line.as_str().split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let expected = [
            "id 7",
            "state quarantined",
            "queue press",
            "path a␛/보.hwp",
            "size 9",
            "failure corrupt: cut␊short",
            "receipt /v1/receipts/x",
        ];
        assert_eq!(lines, expected);
    }
}
