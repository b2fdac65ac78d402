//! How far recognising has come in what is read just now, as people and programs are told.

use madang_document::document::Document;
use madang_document::headway::Headway;
use madang_document::id::DocumentId;
use madang_document::locale::Locale;
use madang_document::object_key;
use madang_document::principal::Scope;
use madang_ledger::jobs::{Job, JobFilter, JobState};
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::Problem;
use crate::sentence::{Sentence, awaits_recognition};
use crate::server::Server;

/// Jobs in work that are looked at, and those of them that are named.
const LOOKED_AT: u32 = 200;
const NAMED: usize = 20;

/// How far the recognising of a document has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct HeadwayAnswer {
    /// What is counted: `pages` that are recognised, or `seconds` of sound.
    counted: &'static str,
    /// So many are done.
    done: u32,
    /// Of so many; null if that is not known.
    all: Option<u32>,
    /// The same in words.
    pub(crate) sentence: Sentence,
}

impl From<Headway> for HeadwayAnswer {
    fn from(headway: Headway) -> HeadwayAnswer {
        HeadwayAnswer {
            counted: headway.stretch.as_str(),
            done: headway.done,
            all: headway.all,
            sentence: Sentence {
                ko: headway.text(Locale::Korean),
                en: headway.text(Locale::English),
            },
        }
    }
}

/// A job in work.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Running {
    /// The job.
    job: i64,
    /// Its queue.
    queue: String,
    /// Path in the store, as a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// How often it was tried, this time included.
    attempt: u32,
    /// How far recognising has come; null where nothing is recognised at present.
    progress: Option<HeadwayAnswer>,
}

impl Running {
    pub(crate) fn of((job, headway): &(Job, Option<Headway>)) -> Running {
        Running {
            job: job.id,
            queue: job.queue.clone(),
            path: job.object.path.clone(),
            name: object_key::readable(&job.object.path).into_owned(),
            attempt: job.attempt,
            progress: headway.map(HeadwayAnswer::from),
        }
    }
}

/// How far recognising has come in a job.
pub(crate) fn headway_of(server: &Server, job: &Job) -> Option<Headway> {
    (job.state == JobState::Leased).then(|| server.recognising.headway(job.id)).flatten()
}

/// The jobs of these agencies that are in work: first those in which something is recognised.
pub(crate) async fn running(
    server: &Server,
    scope: &Scope,
) -> Result<Vec<(Job, Option<Headway>)>, Problem> {
    let leased = JobFilter {
        state: Some(JobState::Leased),
        agencies: scope.clone(),
        ..JobFilter::default()
    };
    let jobs = server.ledger.jobs(&leased, None, LOOKED_AT).await?.readable();
    let with_headway = |job: Job| {
        let headway = headway_of(server, &job);
        (job, headway)
    };
    let mut jobs: Vec<_> = jobs.into_iter().map(with_headway).collect();
    jobs.sort_by_key(|(job, headway)| (headway.is_none(), job.id));
    jobs.truncate(NAMED);
    Ok(jobs)
}

/// How far recognising has come in the object of a document of which something is still to be recognised; none of any other.
pub(crate) async fn headway_in(
    server: &Server,
    document: &Document,
    scope: &Scope,
) -> Result<Option<Headway>, Problem> {
    if !awaits_recognition(document) {
        return Ok(None);
    }
    let object = DocumentId::new(&document.object.store, &document.object.path, None);
    let standing = server.ledger.standing_of(object, scope).await?;
    Ok(standing.and_then(|standing| headway_of(server, &standing.job)))
}
