use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use bytes::Bytes;
use madang_document::failure_kind::FailureKind;
use madang_document::object_key;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::jobs::{Job, JobFilter, JobState, Redrive, Task};
use madang_ledger::rows::Rows;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body;
use crate::caller::{Caller, Manner};
use crate::parameters::{self, Parameters, number, one_of, unreadable};
use crate::problem::Problem;
use crate::queues::{done, visible};
use crate::recognition::{HeadwayAnswer, headway_of};
use crate::redirect::see_other;
use crate::sentence::{Sentence, korean};
use crate::server::Server;
use crate::wire::json;

/// What a list of jobs can be asked with.
pub(crate) const PARAMETERS: &[&str] = &["state", "queue", "limit", "after"];

/// What the queues call those that are ready and not due yet, as after a failure.
const WAITING: &str = "waiting";

/// `GET /v1/jobs`
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let (filter, after, limit) = filter(&parameters, &caller, server.now())?;
    let jobs = server.ledger.jobs(&filter, after, limit).await?;
    let next = next(&jobs, limit);
    let jobs = jobs.readable().into_iter().map(|job| JobAnswer::of(&server, job));
    Ok(json(&Jobs { jobs: jobs.collect(), next }))
}

/// What a query string asks of the list of jobs: the filter, the job before, the number.
pub(crate) fn filter(
    parameters: &Parameters,
    caller: &Caller,
    now: Timestamp,
) -> Result<(JobFilter, Option<i64>, u32), Problem> {
    let word = parameters.one("state")?;
    let waits = word == Some(WAITING);
    let state = match word {
        None => None,
        Some(_) if waits => Some(JobState::Ready),
        Some(word) => Some(JobState::parse(word).ok_or_else(|| {
            let words = JobState::ALL.iter().map(|state| state.as_str());
            let words: Vec<&str> = words.chain([WAITING]).collect();
            unreadable("state", word, &one_of(&words))
        })?),
    };
    let after = parameters.after(&Sentence::new("작업 번호", "the number of a job"), number)?;
    let filter = JobFilter {
        state,
        due_after: waits.then_some(now),
        queue: parameters.one("queue")?.map(str::to_owned),
        agencies: caller.principal.agencies.clone(),
    };
    Ok((filter, after, parameters.number("limit", 50, 1..=500)? as u32))
}

/// Where the next page begins; none at the end.
pub(crate) fn next(jobs: &Rows<i64, Job>, limit: u32) -> Option<i64> {
    parameters::next(jobs, limit, |job| *job)
}

/// `GET /v1/jobs/{id}`
pub(crate) async fn one(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    Ok(json(&JobAnswer::of(&server, seen(&server, &caller, &id).await?)))
}

/// The job of this number, if the caller may see it.
async fn seen(server: &Server, caller: &Caller, id: &str) -> Result<Job, Problem> {
    let hidden = || Problem::not_found("작업", "job");
    let id: i64 = id.parse().map_err(|_| hidden())?;
    let job = server.ledger.job(id).await?.ok_or_else(hidden)?;
    caller.must_see(&job.agency, "작업", "job")?;
    Ok(job)
}

/// `POST /v1/jobs/{id}/retry`
pub(crate) async fn retry(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let job = seen(&server, &caller, &id).await?;
    if job.state == JobState::Done {
        return Err(is_done(&job));
    }
    server.ledger.retry_now(job.id, &caller.principal.name).await?;
    Ok(done(manner))
}

/// 409: what a job gave is read again in another way than by trying it once more.
fn is_done(job: &Job) -> Problem {
    let id = job.id;
    Problem::new(
        StatusCode::CONFLICT,
        "job-done",
        format!(
            "작업 {id}번은 끝났습니다. 그 파일을 다시 읽으려면 `madang reprocess --path …`를 실행하거나 `POST /v1/reprocess`를 쓰세요."
        ),
        format!(
            "job {id} is done; to have its file read again use `madang reprocess --path …` or `POST /v1/reprocess`"
        ),
    )
}

/// `POST /v1/jobs/{id}/drop`
pub(crate) async fn drop(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let job = seen(&server, &caller, &id).await?;
    server.ledger.drop_job(job.id, &caller.principal.name).await?;
    Ok(done(manner))
}

/// `POST /v1/jobs/redrive`
pub(crate) async fn redrive(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = Asked::read(&headers, &body)?;
    let mut jobs = 0;
    for which in asked.redrives(&server, &caller).await? {
        jobs += server.ledger.redrive(&which, &caller.principal.name).await?;
    }
    Ok(if manner.html { see_other("/queues") } else { json(&Redriven { jobs }) })
}

/// The kinds of failure that set a job aside: what can be made ready again by its kind.
pub(crate) fn kinds() -> impl Iterator<Item = FailureKind> {
    FailureKind::ALL.into_iter().filter(|kind| kind.sets_aside())
}

/// Which jobs to make ready again. Without a body: every quarantined one.
#[derive(Debug, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Only of this queue.
    queue: Option<String>,
    /// Only with this failure kind, as in `timeout`.
    kind: Option<String>,
    /// Done jobs whose document was read by this format…
    format: Option<String>,
    /// …or with a document at which this stage looked, as in `text_fingerprint`…
    stage: Option<String>,
    /// …in a version below this one; of a stage, or not at all.
    below: Option<u32>,
}

impl Asked {
    fn read(headers: &HeaderMap, body: &[u8]) -> Result<Asked, Problem> {
        body::read(headers, body, &["queue", "kind", "format", "stage", "below"], Asked::from_form)
    }

    fn from_form(form: &Parameters) -> Result<Asked, Problem> {
        let owned = |name| Ok::<_, Problem>(form.one(name)?.map(str::to_owned));
        let below = match form.one("below")? {
            None => None,
            Some(text) => {
                let expected = Sentence::new("정수", "a whole number");
                Some(text.parse().map_err(|_| unreadable("below", text, &expected))?)
            }
        };
        Ok(Asked {
            queue: owned("queue")?,
            kind: owned("kind")?,
            format: owned("format")?,
            stage: owned("stage")?,
            below,
        })
    }

    /// What to ask of the ledger. A redrive of "all" is narrowed to the caller's queues, one by one; a
    /// format spans every agency, so it takes a principal who may see every agency.
    async fn redrives(self, server: &Server, caller: &Caller) -> Result<Vec<Redrive>, Problem> {
        let scope = &caller.principal.agencies;
        let kind = match self.kind.as_deref() {
            None => None,
            Some(word) => Some(kinds().find(|kind| kind.as_str() == word).ok_or_else(|| {
                let known: Vec<&str> = kinds().map(FailureKind::as_str).collect();
                unreadable("kind", word, &one_of(&known))
            })?),
        };
        match self {
            Asked { format, stage, below: Some(below), queue: None, kind: None }
                if format.is_some() != stage.is_some() =>
            {
                if *scope == Scope::All {
                    let of_format = format.map(|format| Redrive::Format { format, below });
                    let of_stage = stage.map(|stage| Redrive::Stage { stage, below });
                    return Ok(of_format.into_iter().chain(of_stage).collect());
                }
                Err(Problem::new(
                    StatusCode::FORBIDDEN,
                    "every-agency",
                    "형식이나 단계 단위 재처리는 모든 기관을 볼 수 있는 운영자만 할 수 있습니다.",
                    "redriving a format or a stage spans every agency; this principal does not see all of them",
                ))
            }
            Asked { format: None, stage: None, below: None, queue: None, .. }
                if *scope == Scope::All =>
            {
                Ok(vec![Redrive::Quarantined { queue: None, kind }])
            }
            Asked { format: None, stage: None, below: None, queue, .. } => {
                let queues = visible(server, scope).await?.into_iter().map(|queue| queue.name);
                let wanted: Vec<String> = queues
                    .filter(|name| queue.as_ref().is_none_or(|queue| queue == name))
                    .collect();
                if wanted.is_empty() && queue.is_some() {
                    return Err(Problem::not_found("작업 줄", "queue"));
                }
                let one = |name| Redrive::Quarantined { queue: Some(name), kind };
                Ok(wanted.into_iter().map(one).collect())
            }
            Asked { .. } => Err(Problem::bad(
                "redrive",
                "`queue`와 `kind`를 쓰거나, `format`이나 `stage`를 `below`와 함께 쓰세요.",
                "give `queue` and `kind` (either may be left out), or `format` or `stage` together with `below`",
            )),
        }
    }
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jobs {
    /// Newest change first.
    jobs: Vec<JobAnswer>,
    /// What to put into `after` for the next page; null at the end.
    next: Option<i64>,
}

/// How many jobs were made ready again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Redriven {
    /// How many.
    jobs: u64,
}

/// A job as the operator sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobAnswer {
    /// Number.
    id: i64,
    /// The queue.
    queue: String,
    /// Institution code.
    agency: String,
    /// `extract` or `delete`.
    task: &'static str,
    /// `ready`, `leased`, `done`, `quarantined` or `cancelled`.
    state: &'static str,
    /// The store's configured name.
    store: String,
    /// Path in the store, as a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// The store's word for the version.
    version: String,
    /// Size in bytes.
    size: u64,
    /// 1 (first) to 4.
    priority: u8,
    /// Attempts so far.
    attempt: u32,
    /// Deaths of workers or readers so far.
    crashes: u32,
    /// When it is or was due, RFC 3339.
    run_at: String,
    /// Until when it is leased.
    lease_until: Option<String>,
    /// How far recognising has come in it; null where nothing is recognised at present, or not in this process.
    progress: Option<HeadwayAnswer>,
    /// The last failure.
    failure: Option<FailureAnswer>,
    /// When it was enqueued.
    created_at: String,
    /// When it ended.
    done_at: Option<String>,
    /// The document it makes.
    document: String,
    /// Its receipt.
    receipt: String,
}

/// Why an attempt failed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FailureAnswer {
    /// `corrupt`, `crashed`, `timeout`, `memory`, `read`, `gone`, `house`, `interrupted` or `unknown`.
    kind: &'static str,
    /// One sentence in English.
    message: String,
    /// The same in Korean; null where there are only English words.
    message_ko: Option<String>,
    /// The family of the reason, as in `damaged`.
    reason_kind: &'static str,
    /// Whether the reader died instead of answering.
    crashed: bool,
}

/// The word of a task.
fn task_word(task: Task) -> &'static str {
    match task {
        Task::Extract => "extract",
        Task::Delete => "delete",
    }
}

impl JobAnswer {
    fn of(server: &Server, job: Job) -> JobAnswer {
        let id = madang_document::id::DocumentId::new(&job.object.store, &job.object.path, None);
        let progress = headway_of(server, &job).map(HeadwayAnswer::from);
        JobAnswer {
            id: job.id,
            queue: job.queue,
            agency: job.agency.to_string(),
            task: task_word(job.task),
            state: job.state.as_str(),
            store: job.object.store,
            name: object_key::readable(&job.object.path).into_owned(),
            path: job.object.path,
            version: job.object.version,
            size: job.object.size,
            priority: job.priority,
            attempt: job.attempt,
            crashes: job.crashes,
            run_at: job.run_at.to_string(),
            lease_until: job.lease_until.map(|moment| moment.to_string()),
            progress,
            failure: job.failure.map(|failure| FailureAnswer {
                kind: failure.kind.as_str(),
                message: failure.reason.english(),
                message_ko: korean(&failure.reason),
                reason_kind: failure.reason.kind.word(),
                crashed: failure.crashed,
            }),
            created_at: job.created_at.to_string(),
            done_at: job.done_at.map(|moment| moment.to_string()),
            document: format!("/v1/documents/{id}"),
            receipt: format!("/v1/receipts/{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    #[test]
    fn a_redrive_is_read_from_json_and_from_forms() {
        let mut headers = HeaderMap::new();
        let json = br#"{"queue":"press","kind":"timeout"}"#;
        let expected =
            Asked { queue: Some("press".into()), kind: Some("timeout".into()), ..Asked::default() };
        assert_eq!(Asked::read(&headers, json).unwrap(), expected);
        assert_eq!(Asked::read(&headers, b" ").unwrap(), Asked::default());
        assert!(Asked::read(&headers, br#"{"quue":"press"}"#).is_err());
        let form = "application/x-www-form-urlencoded".parse().unwrap();
        headers.insert(header::CONTENT_TYPE, form);
        let form = b"queue=press&kind=timeout&format=&below=";
        assert_eq!(Asked::read(&headers, form).unwrap(), expected);
    }
}
