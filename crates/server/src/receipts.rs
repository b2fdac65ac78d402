use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::Response;
use madang_document::document::{Document, Provenance};
use madang_document::failure_kind::FailureKind;
use madang_document::headway::Headway;
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::partition::Partition;
use madang_document::reason::Reason;
use madang_document::sidecar::{self, Described};
use madang_ledger::error::LedgerError;
use madang_ledger::jobs::{Failure, Job, JobState, Task};
use madang_ledger::objects::Standing;
use madang_ledger::reader::Reader;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::Caller;
use crate::count::count;
use crate::problem::Problem;
use crate::recognition::{HeadwayAnswer, headway_of};
use crate::sentence::{self, Sentence, awaits_recognition, korean};
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

/// The receipt of the object with this document id, or of the one that this member lies in; none if there is
/// none or it is hidden. A few look-ups by key, however much waits.
pub(crate) async fn of(
    server: &Server,
    caller: &Caller,
    id: DocumentId,
) -> Result<Option<Receipt>, Problem> {
    let scope = &caller.principal.agencies;
    // What cannot be read back keeps nobody from hearing where the file is.
    let stored = readable(server.ledger.document_in(id, scope).await)?;
    let object = stored.as_ref().map_or(id, |stored| {
        let object = &stored.document.object;
        DocumentId::new(&object.store, &object.path, None)
    });
    let Some(standing) = server.ledger.standing_of(object, scope).await? else { return Ok(None) };
    let document = stored.filter(|stored| !stored.withdrawn).map(|stored| stored.document);
    let index = Reader::Index(Partition::of(standing.agency.clone()));
    let searchable = document.is_some() && server.ledger.passed(id, &index).await?;
    let entry = readable(server.ledger.entry(&id.to_string()).await)?;
    let catalogued = entry.is_some_and(|entry| !entry.withdrawn);
    let mut published = Vec::new();
    for registry in &server.settings.registries {
        let passed = server.ledger.passed(id, &Reader::Registry(registry.clone())).await?;
        published.push(Publication { registry: registry.clone(), passed });
    }
    let receipt = Receipt::new(id, &standing, document.as_ref(), searchable, catalogued, published);
    let receipt = receipt.recognised(document.as_ref(), headway_of(server, &standing.job));
    let stands = Still::of(standing.paused, server.sources.declares(&standing.pipeline));
    Ok(Some(receipt.standing_still(stands)))
}

/// What is held of a row, or nothing if it cannot be read back.
fn readable<T>(row: Result<Option<T>, LedgerError>) -> Result<Option<T>, LedgerError> {
    row.or_else(|error| if error.is_of_the_act() { Ok(None) } else { Err(error) })
}

/// How long a file will wait, as words. Honest about what it is: the queues move by turns, so neither number is
/// a promise.
fn estimate(ahead: u64, per_minute: u64) -> Sentence {
    let (ko, en) = match ahead {
        0 => ("다음 차례입니다.".to_owned(), "It is next.".to_owned()),
        1 => ("앞에 1건이 있습니다.".to_owned(), "1 file is before it.".to_owned()),
        n => (
            format!("앞에 약 {}건이 있습니다.", count(n)),
            format!("About {} files are before it.", count(n)),
        ),
    };
    let minutes = match per_minute {
        0 => return Sentence { ko, en },
        rate => ahead.div_ceil(rate),
    };
    let (ko_time, en_time) = match minutes {
        0 | 1 => ("1분 안에".to_owned(), "within a minute".to_owned()),
        2..=90 => (format!("{minutes}분쯤 뒤에"), format!("in about {minutes} minutes")),
        _ => {
            let hours = minutes.div_ceil(60);
            (format!("{}시간쯤 뒤에", count(hours)), format!("in about {} hours", count(hours)))
        }
    };
    Sentence {
        ko: format!("{ko} 지금 빠르기라면 {ko_time} 읽습니다."),
        en: format!("{en} At the present rate it is read {en_time}."),
    }
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
    /// Read; it describes other files, and is to be found under those.
    Described,
    /// Set aside for the operator.
    Quarantined,
    /// Set aside, and then discarded by the operator; its store may hold it still.
    Discarded,
    /// Gone from its store.
    Deleted,
}

impl Stage {
    /// The stage of a path by its job, and by whether its document is in the index.
    fn of(job: &Job, searchable: bool) -> Stage {
        match (job.state, job.task) {
            // A job that ended because its file was gone has no failure.
            (JobState::Cancelled, Task::Extract) if job.failure.is_some() => Stage::Discarded,
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
            (Stage::Described, _) => (
                "다른 파일을 설명하는 파일입니다. 적힌 내용은 그 파일에서 검색됩니다.",
                "It describes other files; what it says can be found under those.",
            ),
            (Stage::Quarantined, _) => (
                "읽지 못해 운영자에게 넘겼습니다.",
                "It could not be read and was set aside for the operator.",
            ),
            (Stage::Discarded, _) => {
                ("운영자가 버렸습니다.", "It could not be read, and was discarded by the operator.")
            }
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
            (Stage::Discarded, _) => (
                "필요하면 운영자에게 다시 시도해 달라고 하세요.",
                "If it is needed, ask the operator to retry it.",
            ),
            (Stage::Deleted, _) => ("필요하면 다시 올려 주세요.", "Drop it again if it is needed."),
            (
                Stage::Received
                | Stage::Reading
                | Stage::Indexing
                | Stage::Indexed
                | Stage::Described,
                _,
            ) => return None,
        };
        Some(Sentence::new(ko, en))
    }
}

/// Why nothing of a queue is begun, whoever's turn it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Still {
    /// The operator has stopped it.
    Paused,
    /// Its pipeline is not declared at present.
    Undeclared,
}

impl Still {
    fn of(paused: bool, declared: bool) -> Option<Still> {
        match (declared, paused) {
            (false, _) => Some(Still::Undeclared),
            (true, true) => Some(Still::Paused),
            (true, false) => None,
        }
    }

    fn sentence(self) -> Sentence {
        let (ko, en) = match self {
            Still::Paused => (
                "접수했습니다. 운영자가 이 작업 줄을 멈춰 두어, 다시 움직일 때까지 기다립니다.",
                "Received; the operator has stopped this queue, and it waits until the queue goes on.",
            ),
            Still::Undeclared => (
                "접수했습니다. 이 파일의 파이프라인이 지금 선언되어 있지 않아, 다시 선언될 때까지 기다립니다.",
                "Received; its pipeline is not declared at present, and it waits until that is declared again.",
            ),
        };
        Sentence::new(ko, en)
    }
}

/// Where a file is now, what was read, why not, what to do.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Receipt {
    /// The document that the file becomes.
    pub(crate) id: String,
    /// Path in the store, as a key that gives back any name.
    pub(crate) path: String,
    /// The path as people read it.
    pub(crate) name: String,
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
    /// The same in Korean; null where there are only English words.
    pub(crate) reason_ko: Option<String>,
    /// Its family, as in `damaged`.
    pub(crate) reason_kind: Option<&'static str>,
    /// The same as a value.
    #[serde(skip)]
    pub(crate) why: Option<Reason>,
    /// Whether something that is seen or heard in it is still to be recognised: it can be found by the rest until then.
    pub(crate) awaits_recognition: bool,
    /// How far recognising has come; null where nothing is recognised at present.
    pub(crate) progress: Option<HeadwayAnswer>,
    /// Why nothing of its queue is read at present, if it waits and nothing is; then there is no estimate.
    pub(crate) still: Option<Still>,
    /// About how many files are read before it; null when it does not wait for its turn.
    pub(crate) ahead: Option<u64>,
    /// Files read in the last minute, of all queues; null when it does not wait for its turn.
    pub(crate) per_minute: Option<u64>,
    /// The two as a sentence: an estimate, no promise.
    pub(crate) estimate: Option<Sentence>,
    /// What to do beyond what the outcome's sentence says; null if there is nothing.
    pub(crate) advice: Option<Sentence>,
    /// The file or folder that it describes, if it does that and is not to be found for itself: its path in the store, or
    /// how the paths begin.
    pub(crate) describes: Option<String>,
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
    fn new(
        id: DocumentId,
        standing: &Standing,
        document: Option<&Document>,
        searchable: bool,
        catalogued: bool,
        registries: Vec<Publication>,
    ) -> Receipt {
        let job = &standing.job;
        let describes = document.filter(|document| document.is_sidecar()).map(Document::path);
        let describes = describes.as_deref().and_then(sidecar::described).map(|by| match by {
            Described::File(path) | Described::Stem(path) | Described::Folder(path) => path,
        });
        let searchable = searchable && describes.is_none();
        // What was read quickly is read once more when nobody waits: until then it is there, and told as that.
        let waits = document.is_some_and(|document| {
            awaits_recognition(document) && document.object == standing.object
        });
        let state = match Stage::of(job, searchable) {
            Stage::Indexing if describes.is_some() => Stage::Described,
            Stage::Received | Stage::Reading if waits && searchable => Stage::Indexed,
            Stage::Received | Stage::Reading if waits => Stage::Indexing,
            state => state,
        };
        let read = matches!(
            state,
            Stage::Indexing | Stage::Indexed | Stage::Described | Stage::Quarantined
        );
        // That it was interrupted is over once it is read again.
        let is_over = |failure: &&Failure| match job.state {
            JobState::Done => true,
            JobState::Leased => failure.kind == FailureKind::Interrupted,
            JobState::Ready | JobState::Quarantined | JobState::Cancelled => false,
        };
        let failed = job.failure.as_ref().filter(|failure| !is_over(failure));
        // Where somebody else is to blame, the outcome of a file that nobody got or kept says less than that.
        let blameless = failed.map(|failure| failure.kind).filter(|kind| match state {
            Stage::Quarantined => kind.outcome().is_none(),
            Stage::WaitingForRetry => *kind == FailureKind::Gone,
            _ => false,
        });
        // Of a file that nobody got this time, what was read of it before stands: that tells nothing of this failure.
        let stands = |document: &&Document| document.provenance.format != Provenance::NONE;
        let current =
            document.filter(|document| read && !(blameless.is_some() && stands(document)));
        let outcome = current
            .map(|document| document.outcome)
            .or_else(|| failed.and_then(|failure| failure.kind.outcome()));
        let why = current.and_then(sentence::why).cloned();
        let why = why.or_else(|| failed.map(|failure| failure.reason.clone()));
        let path = document.map_or_else(|| standing.object.path.clone(), Document::path);
        Receipt {
            id: id.to_string(),
            name: object_key::readable(&path).into_owned(),
            path,
            pipeline: standing.pipeline.clone(),
            agency: standing.agency.to_string(),
            state,
            sentence: match blameless {
                // Its own sentence says that it was read.
                Some(FailureKind::House) => {
                    Sentence::new("운영자에게 넘겼습니다.", "It was set aside for the operator.")
                }
                _ if state == Stage::Indexed && waits && outcome == Some(Outcome::Empty) => {
                    Sentence::new("이름으로 검색됩니다.", "It can be found by its name.")
                }
                _ => state.sentence(current.map(Sentence::told).or(outcome)),
            },
            outcome: outcome.map(|outcome| outcome.as_str()),
            outcome_sentence: blameless
                .map(Sentence::of_failure)
                .or_else(|| current.map(Sentence::of_document))
                .or_else(|| {
                    outcome.map(|outcome| Sentence::of(outcome, Some(standing.object.size)))
                }),
            reason: why.as_ref().map(Reason::english),
            reason_ko: why.as_ref().and_then(korean),
            reason_kind: why.as_ref().map(|why| why.kind.word()),
            why,
            awaits_recognition: waits && matches!(job.state, JobState::Ready | JobState::Leased),
            progress: None,
            still: None,
            ahead: standing.ahead,
            per_minute: standing.ahead.map(|_| standing.per_minute),
            estimate: standing.ahead.map(|ahead| estimate(ahead, standing.per_minute)),
            advice: state.advice(outcome),
            describes,
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

    /// The same, where this much is recognised of its object just now.
    fn recognised(self, document: Option<&Document>, headway: Option<Headway>) -> Receipt {
        let Some(headway) = headway else { return self };
        let now = document.filter(|_| self.awaits_recognition);
        let now = now.map(|document| Sentence::of_document_now(document, Some(headway)));
        Receipt {
            progress: Some(headway.into()),
            outcome_sentence: now.or(self.outcome_sentence),
            ahead: None,
            per_minute: None,
            estimate: None,
            ..self
        }
    }

    /// The same, where nothing of its queue is begun: whoever waits for their turn is told that there is none.
    fn standing_still(self, still: Option<Still>) -> Receipt {
        match (still, self.state) {
            (Some(why), Stage::Received | Stage::WaitingForRetry) => Receipt {
                still,
                sentence: why.sentence(),
                ahead: None,
                per_minute: None,
                estimate: None,
                next_attempt: None,
                advice: Some(Sentence::new(
                    "급하면 이 접수증 주소를 운영자에게 보내세요.",
                    "If it is urgent, send the operator this receipt's address.",
                )),
                ..self
            },
            // It is there, and what of it waits is not begun.
            (Some(_), _) => Receipt { ahead: None, per_minute: None, estimate: None, ..self },
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_document::agency::Agency;
    use madang_document::content::{Member, Warning, WarningKind};
    use madang_document::headway::Stretch;
    use madang_document::locale::Locale;
    use madang_document::media_type::MediaType;
    use madang_document::metadata::Metadata;
    use madang_document::object::ObjectRef;
    use madang_document::reason_kind::ReasonKind;
    use madang_document::sidecar_fault::SidecarFault;
    use madang_document::timestamp::Timestamp;
    use madang_ledger::jobs::Failure;

    fn job(task: Task, state: JobState, failed: bool) -> Job {
        let failure = failed.then(|| Failure {
            kind: FailureKind::Timeout,
            reason: "took too long".into(),
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
            (Extract, Cancelled, true, false, Stage::Discarded),
            (Delete, Cancelled, true, false, Stage::Deleted),
            (Delete, Done, false, false, Stage::Deleted),
        ] {
            assert_eq!(Stage::of(&job(task, state, failed), searchable), stage);
        }
    }

    fn standing(job: Job) -> Standing {
        Standing {
            object: job.object.clone(),
            pipeline: "press".into(),
            agency: Agency::undeclared(),
            seen_at: Timestamp(100),
            job,
            paused: false,
            ahead: Some(3),
            per_minute: 0,
        }
    }

    /// Nobody waits for a turn that does not come.
    #[test]
    fn a_queue_that_stands_still_is_told_to_who_waits_in_it_and_to_no_other() {
        let of = |state, failed, still| {
            let standing = standing(job(Task::Extract, state, failed));
            let id = DocumentId::new("s", "a", None);
            Receipt::new(id, &standing, None, false, false, Vec::new()).standing_still(still)
        };
        for failed in [false, true] {
            for (paused, declared, word) in [
                (true, true, "stopped"),
                (false, false, "not declared"),
                (true, false, "not declared"),
            ] {
                let still = Still::of(paused, declared);
                let told = of(JobState::Ready, failed, still);
                assert!(told.sentence.en.contains(word), "{}", told.sentence.en);
                assert_eq!((told.still, told.ahead, &told.next_attempt), (still, None, &None));
                assert!(told.estimate.is_none() && told.advice.is_some());
                let read = of(JobState::Leased, failed, still);
                assert_eq!((read.still, read.state), (None, Stage::Reading));
            }
        }
        let runs = of(JobState::Ready, false, Still::of(false, true));
        assert!(runs.still.is_none() && runs.estimate.is_some(), "{runs:?}");
        assert!(runs.sentence.en.contains("its turn"));
    }

    fn document(standing: &Standing, outcome: Outcome, reason: Reason) -> Document {
        Document {
            id: DocumentId::new("s", "a", None),
            agency: Agency::undeclared(),
            pipeline: "press".into(),
            object: standing.object.clone(),
            object_modified: None,
            parent: None,
            inner: None,
            size: None,
            sha256: None,
            media_type: MediaType::new(MediaType::UNKNOWN),
            language: None,
            outcome,
            reason: Some(reason),
            segments: 0,
            characters: 0,
            metadata: Metadata::default(),
            members: Vec::new(),
            warnings: Vec::new(),
            text: None,
            wordless: None,
            preview: None,
            previews: Vec::new(),
            likeness: false,
            annotations: Vec::new(),
            provenance: Provenance { format: "none".into(), format_version: 0 },
        }
    }

    /// The receipt of a file that was set aside with this, its document having this outcome.
    fn set_aside(kind: FailureKind, outcome: Outcome) -> Receipt {
        let mut job = job(Task::Extract, JobState::Quarantined, false);
        job.failure = Some(Failure { kind, reason: "why".into(), crashed: false });
        let standing = standing(job);
        let document = document(&standing, outcome, "why".into());
        Receipt::new(document.id, &standing, Some(&document), false, false, Vec::new())
    }

    #[test]
    fn what_is_read_again_is_not_told_as_interrupted() {
        for (state, kind, expected) in [
            (JobState::Leased, FailureKind::Interrupted, None),
            (JobState::Leased, FailureKind::Crashed, Some("why")),
            (JobState::Ready, FailureKind::Interrupted, Some("why")),
        ] {
            let mut job = job(Task::Extract, state, false);
            job.failure = Some(Failure { kind, reason: "why".into(), crashed: false });
            let standing = standing(job);
            let id = DocumentId::new("s", "a", None);
            let receipt = Receipt::new(id, &standing, None, false, false, Vec::new());
            assert_eq!(receipt.reason.as_deref(), expected, "{state:?} {kind:?}");
        }
    }

    #[test]
    fn a_broken_sidecar_is_not_told_as_read() {
        let mut job = job(Task::Extract, JobState::Done, false);
        job.object.path = "a.txt.meta.yml".into();
        let standing = standing(job);
        let what = SidecarFault::NoYaml("a colon".into());
        let file = "a.txt.meta.yml".into();
        let why = ReasonKind::BesideFault { file, line: Some(3), what: Box::new(what) };
        let mut document = document(&standing, Outcome::Partial, why.into());
        document.provenance.format = sidecar::FORMAT.into();
        let receipt =
            Receipt::new(document.id, &standing, Some(&document), true, false, Vec::new());
        assert_eq!((receipt.state, receipt.outcome), (Stage::Described, Some("partial")));
        let sentence = receipt.outcome_sentence.unwrap();
        assert!(sentence.ko.contains("이 설명 파일에 잘못된 곳"), "{}", sentence.ko);
        assert!(sentence.en.contains("Mend it as the reason says"), "{}", sentence.en);
        assert!(receipt.reason.unwrap().starts_with("a.txt.meta.yml, line 3: "));
        assert!(receipt.reason_ko.unwrap().contains("3번째 줄"));
    }

    /// What was read quickly is there, and what is seen or spoken in it is still to come; then nothing of that is told.
    #[test]
    fn what_waits_for_recognition_is_told_as_there() {
        let waiting = job(Task::Extract, JobState::Ready, false);
        let standing_now = standing(waiting);
        let mut document = document(&standing_now, Outcome::Empty, "why".into());
        // As an earlier version has it.
        document.reason = Some(ReasonKind::NoText.into());
        let note = Warning { kind: WarningKind::Note, reason: ReasonKind::RecognitionWaits.into() };
        document.warnings = vec![note];
        let of = |standing: &Standing, document: &Document| {
            Receipt::new(document.id, standing, Some(document), true, false, Vec::new())
        };
        for state in [JobState::Ready, JobState::Leased] {
            let receipt = of(&standing(job(Task::Extract, state, false)), &document);
            assert_eq!((receipt.state, receipt.outcome), (Stage::Indexed, Some("empty")));
            assert_eq!(receipt.sentence.ko, "이름으로 검색됩니다.");
            let told = receipt.outcome_sentence.unwrap();
            assert!(told.ko.contains("아직 읽지 않았습니다"), "{}", told.ko);
            assert!(told.en.contains("still to be read"), "{}", told.en);
            assert!(receipt.awaits_recognition && receipt.reason.is_none(), "{:?}", receipt.reason);
        }
        // While it is recognised, how far that has come is told in place of what waits.
        let leased = standing(job(Task::Extract, JobState::Leased, false));
        let headway = Headway::new(Stretch::Pages, 3, Some(40));
        let receipt = of(&leased, &document).recognised(Some(&document), Some(headway));
        let told = receipt.outcome_sentence.unwrap();
        assert!(told.ko.contains("지금 읽고 있습니다: 40쪽 가운데 3쪽 인식함."), "{}", told.ko);
        assert!(told.en.contains("is being read: 3 of 40 pages recognised."), "{}", told.en);
        assert_eq!(receipt.progress, Some(headway.into()));
        // Of one that somebody waits for as a whole nothing is there yet.
        let receipt = Receipt::new(document.id, &leased, None, false, false, Vec::new());
        let receipt = receipt.recognised(None, Some(headway));
        assert_eq!((receipt.state, receipt.outcome_sentence), (Stage::Reading, None));
        assert_eq!(receipt.progress, Some(headway.into()));
        document.reason = None;
        // It was read in part, and both is told.
        document.outcome = Outcome::Ok;
        let told = of(&standing_now, &document).outcome_sentence.unwrap();
        let own = Outcome::Ok.sentence(Locale::Korean);
        assert!(told.ko.starts_with(own) && told.ko.contains("아직 읽지"), "{}", told.ko);
        // Of another version of the file nothing is read yet.
        document.object.version = "before".into();
        assert_eq!(of(&standing_now, &document).state, Stage::Received);
        document.object = standing_now.object.clone();
        document.warnings.clear();
        let receipt = of(&standing(job(Task::Extract, JobState::Done, false)), &document);
        let told = receipt.outcome_sentence.unwrap();
        assert!(!told.ko.contains("아직") && !told.en.contains("still"), "{}", told.en);
    }

    /// Nobody is told that an archive is read, and next that its members are locked.
    #[test]
    fn an_archive_of_locked_members_is_not_told_as_read() {
        let standing = standing(job(Task::Extract, JobState::Done, false));
        let mut archive = document(&standing, Outcome::Ok, "why".into());
        archive.reason = None;
        let member = |outcome| Member {
            path: "a.txt".into(),
            size: None,
            outcome: Some(outcome),
            told: None,
        };
        for (members, said) in [
            (vec![member(Outcome::Ok)], "읽었고 검색됩니다."),
            (vec![member(Outcome::Ok), member(Outcome::Encrypted)], "일부만 읽었습니다."),
            (vec![member(Outcome::Encrypted)], "이름만 등록했습니다."),
        ] {
            archive.members = members;
            let receipt =
                Receipt::new(archive.id, &standing, Some(&archive), true, false, Vec::new());
            assert_eq!((receipt.state, receipt.outcome), (Stage::Indexed, Some("ok")));
            assert!(receipt.sentence.ko.starts_with(said), "{}", receipt.sentence.ko);
        }
    }

    /// Whose fault it is not is not told that its file should be mended or split, nor that nobody could read it where
    /// somebody did.
    #[test]
    fn no_file_is_blamed_for_its_store_or_for_the_house() {
        let said = |kind, outcome| {
            let receipt = set_aside(kind, outcome);
            let sentence = receipt.outcome_sentence.unwrap();
            (receipt.sentence.en, sentence.en, receipt.reason)
        };
        let (whole, why, reason) = said(FailureKind::Read, Outcome::Timeout);
        assert!(whole.contains("could not be read") && why.contains("may be whole"), "{why}");
        assert_eq!(reason.as_deref(), Some("why"));
        let (whole, why, _) = said(FailureKind::House, Outcome::Limit);
        assert!(
            !whole.contains("could not be read") && why.contains("It was read"),
            "{whole} {why}"
        );
        let (_, why, _) = said(FailureKind::Timeout, Outcome::Timeout);
        assert_eq!(why, Sentence::of(Outcome::Timeout, None).en);
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

    #[test]
    fn estimates_are_words() {
        for (ahead, per_minute, ko, en) in [
            (0, 0, "다음 차례입니다.", "It is next."),
            (1, 0, "앞에 1건이 있습니다.", "1 file is before it."),
            (
                2_400,
                1_200,
                "앞에 약 2,400건이 있습니다. 지금 빠르기라면 2분쯤 뒤에 읽습니다.",
                "About 2,400 files are before it. At the present rate it is read in about 2 minutes.",
            ),
            (
                100_000,
                100,
                "앞에 약 100,000건이 있습니다. 지금 빠르기라면 17시간쯤 뒤에 읽습니다.",
                "About 100,000 files are before it. At the present rate it is read in about 17 hours.",
            ),
            (
                5,
                60,
                "앞에 약 5건이 있습니다. 지금 빠르기라면 1분 안에 읽습니다.",
                "About 5 files are before it. At the present rate it is read within a minute.",
            ),
        ] {
            let said = estimate(ahead, per_minute);
            assert_eq!((said.ko.as_str(), said.en.as_str()), (ko, en));
        }
    }
}
