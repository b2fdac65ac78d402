use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use madang_document::agency::Agency;
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_ledger::jobs::{Job, JobState, Task};
use madang_ledger::objects::Standing;
use madang_ledger::reader::Reader;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::problem::Problem;
use crate::recent::Remembered;
use crate::sentence::Sentence;
use crate::server::Server;
use crate::wire::json;

/// `GET /v1/receipts/{id}`
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let hidden = || Problem::not_found("접수증", "receipt");
    let id: DocumentId = id.parse().map_err(|_| hidden())?;
    let receipt = of(&server, &caller, id).await?.ok_or_else(hidden)?;
    Ok(json(&receipt))
}

/// The receipt of the object with this document id; none if there is none or it is hidden.
pub(crate) async fn of(
    server: &Server,
    caller: &Caller,
    id: DocumentId,
) -> Result<Option<Receipt>, Problem> {
    let remembered = server.recent.of(id);
    let stored = server.ledger.document(id).await?;
    let agency = match (&stored, &remembered) {
        (Some(stored), _) => Some(stored.document.agency.clone()),
        (None, Some(remembered)) => Some(remembered.target.agency.clone()),
        (None, None) => None,
    };
    if agency.is_some_and(|agency| !caller.principal.agencies.covers(&agency)) {
        return Ok(None);
    }
    let standing = server.ledger.standing_of(id).await?;
    if let Some(standing) = &standing
        && !caller.principal.agencies.covers(&standing.agency)
    {
        return Ok(None);
    }
    // What was dropped a moment ago may not have been seen yet; what the ledger says is then about the
    // version before, or nothing.
    if let Some(remembered) = remembered
        && standing.as_ref().is_none_or(|standing| remembered.is_newer_than(standing))
    {
        return Ok(Some(Receipt::just_dropped(id, remembered)));
    }
    let Some(standing) = standing else { return Ok(None) };
    let document = stored.filter(|stored| !stored.withdrawn).map(|stored| stored.document);
    let searchable = document.is_some() && indexed(server, &standing.agency, id).await?;
    let entry = server.ledger.entry(&id.to_string()).await?;
    let catalogued = entry.is_some_and(|entry| !entry.withdrawn);
    let published = published(server, id).await?;
    Ok(Some(Receipt::new(id, &standing, document.as_ref(), searchable, catalogued, published)))
}

/// Whether the index has passed the last change of this document.
async fn indexed(server: &Server, agency: &Agency, id: DocumentId) -> Result<bool, Problem> {
    let reader = Reader::Index(Partition::of(agency.clone()));
    Ok(server.ledger.passed(id, &reader).await?)
}

/// Whether each registry has passed the last event of this entry, by the registry's name.
async fn published(server: &Server, id: DocumentId) -> Result<Vec<Publication>, Problem> {
    let mut publications = Vec::new();
    for registry in &server.settings.registries {
        let passed = server.ledger.passed(id, &Reader::Registry(registry.clone())).await?;
        publications.push(Publication { registry: registry.clone(), passed });
    }
    Ok(publications)
}

/// Where a file is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Safe in its store; waits to be read.
    Received,
    /// Being read.
    Reading,
    /// Reading failed and is tried again at `next_attempt`.
    WaitingForRetry,
    /// Read; on its way into the index.
    Indexing,
    /// Read and to be found.
    Indexed,
    /// Set aside for the operator.
    Quarantined,
    /// Gone, or dropped by the operator.
    Deleted,
}

impl Stage {
    /// The stage of a path by its job, and by whether its document is in the index.
    fn of(job: &Job, searchable: bool) -> Stage {
        match (job.state, job.task) {
            (JobState::Done, Task::Delete) | (JobState::Cancelled, _) => Stage::Deleted,
            (JobState::Quarantined, _) => Stage::Quarantined,
            (JobState::Leased, _) => Stage::Reading,
            (JobState::Ready, _) if job.failure.is_some() => Stage::WaitingForRetry,
            (JobState::Ready, _) => Stage::Received,
            (JobState::Done, Task::Extract) if searchable => Stage::Indexed,
            (JobState::Done, Task::Extract) => Stage::Indexing,
        }
    }

    /// What it means, for the person who dropped the file.
    fn sentence(self, outcome: Option<Outcome>) -> Sentence {
        let (ko, en) = match (self, outcome) {
            (Stage::Received, _) => {
                ("접수했습니다. 읽을 차례를 기다립니다.", "Received; it waits for its turn.")
            }
            (Stage::Reading, _) => ("지금 읽고 있습니다.", "It is being read."),
            (Stage::WaitingForRetry, _) => {
                ("읽지 못해 잠시 뒤 다시 시도합니다.", "Reading failed; it is tried again soon.")
            }
            (Stage::Indexing, _) => {
                ("처리했습니다. 곧 검색됩니다.", "Done; it can be found in a moment.")
            }
            (Stage::Indexed, Some(Outcome::Partial | Outcome::Limit)) => (
                "일부만 읽었습니다. 읽은 만큼 검색됩니다.",
                "Read in part; what was read can be found.",
            ),
            (Stage::Indexed, Some(outcome)) if outcome != Outcome::Ok => (
                "이름만 등록했습니다. 내용으로는 검색되지 않습니다.",
                "Registered by its name only; it cannot be found by what is in it.",
            ),
            (Stage::Indexed, _) => ("읽었고 검색됩니다.", "Read, and it can be found."),
            (Stage::Quarantined, _) => (
                "읽지 못해 운영자에게 넘겼습니다.",
                "It could not be read and was set aside for the operator.",
            ),
            (Stage::Deleted, _) => ("저장소에서 지워졌습니다.", "It is gone from its store."),
        };
        Sentence::new(ko, en)
    }

    /// What to do beyond what the outcome's own sentence says, which often names the cure.
    fn advice(self, outcome: Option<Outcome>) -> Option<Sentence> {
        let (ko, en) = match (self, outcome) {
            (Stage::Quarantined, Some(Outcome::Encrypted | Outcome::Drm | Outcome::Corrupt)) => {
                return None;
            }
            (Stage::Quarantined, Some(_)) => (
                "급하면 이 접수증 주소를 운영자에게 보내세요.",
                "If it is urgent, send the operator this receipt's address.",
            ),
            (Stage::Quarantined, None) => (
                "운영자가 다시 시도할 수 있습니다. 급하면 이 접수증 주소를 운영자에게 보내세요.",
                "The operator can retry it; send them this receipt's address.",
            ),
            (Stage::WaitingForRetry, _) => ("기다리시면 됩니다.", "Just wait."),
            (Stage::Deleted, _) => ("필요하면 다시 올려 주세요.", "Drop it again if it is needed."),
            (Stage::Received | Stage::Reading | Stage::Indexing | Stage::Indexed, _) => {
                return None;
            }
        };
        Some(Sentence::new(ko, en))
    }
}

/// Where a file is now, what was read, why not, what to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The document that the file becomes.
    pub(crate) id: String,
    /// Path in the store.
    pub(crate) path: String,
    /// The pipeline that took it.
    pub(crate) pipeline: String,
    /// Institution code.
    pub(crate) agency: String,
    /// Where it is now.
    pub(crate) state: Stage,
    /// The same as a sentence.
    pub(crate) sentence: Sentence,
    /// How reading it ended; null before.
    pub(crate) outcome: Option<&'static str>,
    /// The outcome as a sentence.
    pub(crate) outcome_sentence: Option<Sentence>,
    /// More about why, in English.
    pub(crate) reason: Option<String>,
    /// What to do beyond what the outcome's sentence says; null if there is nothing.
    pub(crate) advice: Option<Sentence>,
    /// Whether it has a catalogue entry.
    pub(crate) catalogued: bool,
    /// Whether a search can find it.
    pub(crate) searchable: bool,
    /// Whether each registry has its entry.
    pub(crate) registries: Vec<Publication>,
    /// When it was first seen, RFC 3339.
    pub(crate) seen_at: Option<String>,
    /// Attempts at reading it so far.
    pub(crate) attempts: u32,
    /// When it is tried again.
    pub(crate) next_attempt: Option<String>,
    /// Its job, for the operator.
    pub(crate) job: Option<i64>,
    /// Its page, once it was read.
    pub(crate) document: Option<String>,
}

/// Whether a registry has an entry.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Publication {
    /// The registry.
    registry: String,
    /// Whether its relay has passed the entry's last event.
    passed: bool,
}

impl Receipt {
    fn just_dropped(id: DocumentId, remembered: Remembered) -> Receipt {
        let Remembered { dropped, target, at } = remembered;
        Receipt {
            id: id.to_string(),
            path: dropped.path,
            pipeline: target.pipeline,
            agency: target.agency.to_string(),
            state: Stage::Received,
            sentence: Stage::Received.sentence(None),
            outcome: None,
            outcome_sentence: None,
            reason: None,
            advice: None,
            catalogued: false,
            searchable: false,
            registries: Vec::new(),
            seen_at: Some(at.to_string()),
            attempts: 0,
            next_attempt: None,
            job: None,
            document: None,
        }
    }

    fn new(
        id: DocumentId,
        standing: &Standing,
        document: Option<&Document>,
        searchable: bool,
        catalogued: bool,
        registries: Vec<Publication>,
    ) -> Receipt {
        let job = &standing.job;
        let state = Stage::of(job, searchable);
        let read = matches!(state, Stage::Indexing | Stage::Indexed | Stage::Quarantined);
        let failed = job.failure.as_ref().filter(|_| job.state != JobState::Done);
        let outcome = document
            .filter(|_| read)
            .map(|document| document.outcome)
            .or_else(|| failed.and_then(|failure| Outcome::parse(&failure.kind)));
        let reason = document.filter(|_| read).and_then(|document| document.reason.clone());
        Receipt {
            id: id.to_string(),
            path: document.map_or_else(|| standing.object.path.clone(), Document::path),
            pipeline: standing.pipeline.clone(),
            agency: standing.agency.to_string(),
            state,
            sentence: state.sentence(outcome),
            outcome: outcome.map(|outcome| outcome.as_str()),
            outcome_sentence: outcome
                .map(|outcome| Sentence::of(outcome, Some(standing.object.size))),
            reason: reason.or_else(|| failed.map(|failure| failure.message.clone())),
            advice: state.advice(outcome),
            catalogued,
            searchable,
            registries,
            seen_at: Some(standing.seen_at.to_string()),
            attempts: job.attempt,
            next_attempt: (state == Stage::WaitingForRetry).then(|| job.run_at.to_string()),
            job: Some(job.id),
            document: document.map(|document| format!("/documents/{}", document.id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_document::object::ObjectRef;
    use madang_document::timestamp::Timestamp;
    use madang_ledger::jobs::Failure;

    fn job(task: Task, state: JobState, failed: bool) -> Job {
        let failure = failed.then(|| Failure {
            kind: "timeout".into(),
            message: "took too long".into(),
            crashed: true,
        });
        Job {
            id: 1,
            queue: "press".into(),
            agency: Agency::undeclared(),
            task,
            state,
            object: ObjectRef { store: "s".into(), path: "a".into(), version: "1".into(), size: 1 },
            priority: 1,
            attempt: 1,
            crashes: 0,
            run_at: Timestamp(0),
            lease_until: None,
            failure,
            created_at: Timestamp(100),
            done_at: None,
        }
    }

    #[test]
    fn stages() {
        use JobState::{Cancelled, Done, Leased, Quarantined, Ready};
        use Task::{Delete, Extract};
        for (task, state, failed, searchable, stage) in [
            (Extract, Ready, false, false, Stage::Received),
            (Extract, Ready, true, false, Stage::WaitingForRetry),
            (Extract, Leased, true, false, Stage::Reading),
            (Extract, Done, false, false, Stage::Indexing),
            (Extract, Done, false, true, Stage::Indexed),
            (Extract, Quarantined, true, true, Stage::Quarantined),
            (Extract, Cancelled, false, false, Stage::Deleted),
            (Delete, Done, false, false, Stage::Deleted),
        ] {
            assert_eq!(Stage::of(&job(task, state, failed), searchable), stage);
        }
    }

    #[test]
    fn advice_is_given_once() {
        let words = |text: &str| -> std::collections::BTreeSet<String> {
            text.split(['.', ';']).map(|part| part.trim().to_lowercase()).collect()
        };
        for outcome in Outcome::ALL {
            let Some(advice) = Stage::Quarantined.advice(Some(outcome)) else { continue };
            for (said, also) in [
                (Sentence::of(outcome, None).en, advice.en),
                (Sentence::of(outcome, None).ko, advice.ko),
            ] {
                let twice: Vec<String> = words(&said)
                    .intersection(&words(&also))
                    .filter(|w| !w.is_empty())
                    .cloned()
                    .collect();
                assert!(twice.is_empty(), "{outcome}: {twice:?}");
                assert!(!(said.contains("again") && also.contains("again")), "{said} {also}");
                assert!(
                    !(said.contains("다시 올려") && also.contains("다시 올려")),
                    "{said} {also}"
                );
            }
        }
    }
}
