use madang_document::shown::Shown;
use madang_extract::formats::FORMATS;
use serde_json::{Value, json};

use crate::api::{Api, part, query};
use crate::arguments::{Queue, QueueAct};
use crate::failure::Failure;
use crate::terminal::{
    line, number_of, out, out_all, out_json_indented, path_of, raw_text_of, shown, table, text_of,
};

/// `madang queue`.
pub(crate) fn queue(command: &Queue) -> Result<(), Failure> {
    let api = Api::reach(&command.place)?;
    let list = QueueAct::Ls { state: None, queue: None, limit: 50 };
    let answer = match command.act.as_ref().unwrap_or(&list) {
        QueueAct::Ls { state: None, queue: None, .. } => {
            let queues = api.get("/v1/queues")?;
            let balance = api.get("/v1/ledger/balance")?;
            if !command.json {
                return print_queues(&queues, &balance);
            }
            queues
        }
        QueueAct::Ls { state, queue, limit } => {
            let limit = limit.to_string();
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
        QueueAct::Release { queue } => act(&api, &format!("/v1/queues/{}/release", part(queue)))?,
        QueueAct::Retry { job } => act(&api, &format!("/v1/jobs/{job}/retry"))?,
        QueueAct::Drop { job } => act(&api, &format!("/v1/jobs/{job}/drop"))?,
        QueueAct::Redrive { queue, reason, format } => {
            let mut body = json!({});
            let mut set = |name: &str, value: Value| {
                if let Some(body) = body.as_object_mut() {
                    body.insert(name.to_owned(), value);
                }
            };
            match format {
                Some(format) => {
                    let row = FORMATS.iter().find(|row| row.name == format).ok_or_else(|| {
                        let known: Vec<&str> = FORMATS.iter().map(|row| row.name).collect();
                        Failure::usage(format!(
                            "no format `{format}`; there are {}",
                            known.join(", ")
                        ))
                    })?;
                    set("format", json!(row.name));
                    set("below", json!(row.version));
                }
                None => {
                    queue.iter().for_each(|queue| set("queue", json!(queue)));
                    reason.iter().for_each(|reason| set("kind", json!(reason)));
                }
            }
            api.post("/v1/jobs/redrive", &body)?
        }
    };
    out_json_indented(&answer)
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
    let left_out = number_of(balance, "left_out");
    if left_out > 0 {
        out(&shown!("left out {left_out} (madang queue left-out)"))?;
    }
    let noted = number_of(queues, "noted");
    if noted > 0 {
        out(&shown!("passed over {noted} (madang queue noted)"))?;
    }
    out_all(&conditions(queues))
}

/// What keeps the service from its work just now, one line each.
pub(crate) fn conditions(queues: &Value) -> Vec<Shown> {
    let conditions = queues.get("conditions").and_then(Value::as_array);
    let english =
        |condition: &Value, name: &str| text_of(condition.get(name).unwrap_or(&Value::Null), "en");
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
                english(condition, "sentence"),
                english(condition, "cure")
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
            let sentence = row.get("sentence").unwrap_or(&Value::Null);
            vec![
                shown!("{}", number_of(row, "id")),
                text_of(row, "kind"),
                text_of(row, "by"),
                text_of(row, "subject"),
                text_of(row, "reason"),
                text_of(sentence, "en"),
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
            let sentence = row.get("sentence").unwrap_or(&Value::Null);
            vec![
                text_of(row, "pipeline"),
                text_of(row, "kind"),
                path_of(row, "path"),
                text_of(sentence, "en"),
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
    if let Some(held) = queue.get("held").filter(|held| !held.is_null()) {
        let (missing, known) = (number_of(held, "missing"), number_of(held, "known"));
        return match held.get("released").and_then(Value::as_bool) {
            Some(true) => {
                shown!("released: {missing} of {known} files are withdrawn at the next listing")
            }
            _ => shown!("held: {missing} of {known} files are gone (madang queue release)"),
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
                match raw_text_of(failure, "kind") {
                    "" => Shown::default(),
                    kind => shown!("{kind}: {}", text_of(failure, "message")),
                },
            ]
        })
        .collect();
    out_all(&table(&["job", "queue", "state", "attempts", "path", "reason"], &rows))
}
