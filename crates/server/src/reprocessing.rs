use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use bytes::Bytes;
use globset::{Glob, GlobMatcher};
use madang_document::agency::Agency;
use madang_document::id::DocumentId;
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::principal::Scope;
use madang_document::timestamp::Timestamp;
use madang_ledger::reprocessing::{Chosen, Which};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::body;
use crate::caller::{Caller, Manner};
use crate::parameters::{Parameters, one_of, unreadable};
use crate::problem::Problem;
use crate::redirect::see_other;
use crate::sentence::Sentence;
use crate::server::Server;
use crate::wire::json;

/// What files can be chosen by.
const FIELDS: [&str; 8] =
    ["agency", "pipeline", "format", "media", "outcome", "glob", "since", "outdated"];

/// What the list can be asked with.
pub(crate) const PARAMETERS: &[&str] = &[
    "agency", "pipeline", "format", "media", "outcome", "glob", "since", "outdated", "after",
    "limit",
];

/// Objects of one question to the ledger.
const PAGE: u32 = 1000;

/// `GET /v1/reprocess`
pub(crate) async fn list(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let choice = Reprocess::from_form(&parameters)?.choice(&server, &caller).await?;
    let limit = parameters.limit()? as usize;
    let expected = Sentence::new("문서의 id", "the id of a document");
    let mut after = parameters.after(&expected, |text| text.parse::<DocumentId>().ok())?;
    let mut objects = Vec::new();
    // The next page begins behind the last that is shown, not behind the last that was looked at.
    'pages: loop {
        let page = server.ledger.chosen(&choice.which, after, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        for chosen in page {
            if objects.len() == limit {
                break 'pages;
            }
            after = Some(chosen.document);
            if choice.takes(&chosen) {
                let declared = server.sources.declares(&chosen.pipeline);
                objects.push(ObjectAnswer::of(chosen, declared));
            }
        }
        if is_last {
            after = None;
            break;
        }
    }
    Ok(json(&Objects { objects, next: after.map(|id| id.to_string()) }))
}

/// `POST /v1/reprocess`
pub(crate) async fn queue(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let asked = body::read(&headers, &body, &FIELDS, Reprocess::from_form)?;
    // Everything at once is days of work for a large collection, and most often a variable that was empty.
    if asked == Reprocess::default() {
        return Err(Problem::bad(
            "reprocess",
            "어느 파일을 다시 읽을지 정해 주세요. 모두 다시 읽으려면 `glob`에 `**`를 적으세요.",
            "nothing says which files are to be read again; all files are `{\"glob\": \"**\"}`"
                .to_owned(),
        ));
    }
    let told = asked.told();
    let choice = asked.choice(&server, &caller).await?;
    let (mut jobs, mut undeclared, mut after) = (0, 0, None);
    loop {
        let page = server.ledger.chosen(&choice.which, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.document);
        let fits = page.iter().filter(|chosen| choice.takes(chosen));
        // Nobody here could read those of the others, and what was read of them stands meanwhile.
        let (fits, waits): (Vec<&Chosen>, Vec<&Chosen>) =
            fits.partition(|chosen| server.sources.declares(&chosen.pipeline));
        undeclared += waits.len() as u64;
        let fits: Vec<DocumentId> = fits.iter().map(|chosen| chosen.document).collect();
        if !fits.is_empty() {
            jobs += server.ledger.reprocess(&fits, &caller.principal.name, &told).await?;
        }
    }
    Ok(if manner.html { see_other("/queues") } else { json(&Reprocessed { jobs, undeclared }) })
}

/// The top-level media types that may be chosen by.
const MEDIA: [&str; 3] = ["image", "video", "audio"];

/// Which files are read again. Something must be said: without any of it the request is refused (400). All that were read
/// are those whose path fits `**`.
#[derive(Debug, Default, Serialize, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reprocess {
    /// Only of these agencies.
    #[serde(default)]
    agency: Vec<String>,
    /// Only of this pipeline.
    pipeline: Option<String>,
    /// Only files of this format, as in `hwp5`, or with a member of it; `none` for those that no format fits.
    format: Option<String>,
    /// Only pictures, films or sound (`image`, `video`, `audio`), or what has one as a member: those that an engine recognises
    /// something in.
    media: Option<String>,
    /// Only files that ended so, as in `partial`, or with a member that did.
    outcome: Option<String>,
    /// Only files whose path fits this pattern, as in `2026/**/*.hwp`.
    glob: Option<String>,
    /// Only files that were last read on this day or later.
    since: Option<String>,
    /// Only files that another version of their format read.
    #[serde(default)]
    outdated: bool,
}

impl Reprocess {
    fn from_form(form: &Parameters) -> Result<Reprocess, Problem> {
        let owned = |name| Ok::<_, Problem>(form.one(name)?.map(str::to_owned));
        let outdated = match form.one("outdated")? {
            None | Some("false") => false,
            Some("true") => true,
            Some(other) => return Err(unreadable("outdated", other, &one_of(&["true", "false"]))),
        };
        Ok(Reprocess {
            agency: form.list("agency").into_iter().map(str::to_owned).collect(),
            pipeline: owned("pipeline")?,
            format: owned("format")?,
            media: owned("media")?,
            outcome: owned("outcome")?,
            glob: owned("glob")?,
            since: owned("since")?,
            outdated,
        })
    }

    /// What was asked for, for the audit trail: only what was said.
    fn told(&self) -> serde_json::Value {
        let mut told = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = told.as_object_mut() {
            fields.retain(|_, value| {
                let is_empty = value.as_array().is_some_and(Vec::is_empty);
                !value.is_null() && value.as_bool() != Some(false) && !is_empty
            });
        }
        told
    }

    /// What to ask of the ledger, no further than the caller sees.
    async fn choice(self, server: &Server, caller: &Caller) -> Result<Choice, Problem> {
        if let Some(word) = &self.pipeline {
            let queues = server.ledger.queues().await?;
            let seen =
                queues.iter().filter(|queue| caller.principal.agencies.covers(&queue.agency));
            let names: Vec<&str> = seen.map(|queue| queue.name.as_str()).collect();
            if !names.contains(&word.as_str()) {
                return Err(unreadable("pipeline", word, &one_of(&names)));
            }
        }
        let formats = server.trials.formats();
        if let Some(word) = &self.format
            && word != "none"
            && !formats.iter().any(|(name, _)| name == word)
        {
            let known: Vec<&str> = formats.iter().map(|(name, _)| name.as_str()).collect();
            return Err(unreadable("format", word, &one_of(&known)));
        }
        if let Some(word) = self.media.as_deref()
            && !MEDIA.contains(&word)
        {
            return Err(unreadable("media", word, &one_of(&MEDIA)));
        }
        let outcome = match self.outcome.as_deref() {
            None => None,
            Some(word) => Some(Outcome::parse(word).ok_or_else(|| {
                let known: Vec<&str> = Outcome::ALL.iter().map(|one| one.as_str()).collect();
                unreadable("outcome", word, &one_of(&known))
            })?),
        };
        let since = match self.since.as_deref() {
            None => None,
            Some(text) => Some(Timestamp::parse_start(text).ok_or_else(|| {
                let expected =
                    Sentence::new("`2026-11-23` 같은 날짜", "a date such as `2026-11-23`");
                unreadable("since", text, &expected)
            })?),
        };
        let glob = match self.glob.as_deref() {
            None => None,
            Some(pattern) => Some(Glob::new(pattern).map_err(|error| {
                let en = format!("a pattern such as `2026/**/*.hwp` ({})", error.kind());
                let expected = Sentence { ko: "`2026/**/*.hwp` 같은 무늬".to_owned(), en };
                unreadable("glob", pattern, &expected)
            })?),
        };
        let mut asked = BTreeSet::new();
        for code in &self.agency {
            let expected = Sentence::new("기관 코드 7자리", "an institution code of seven digits");
            let code: Agency = code.parse().map_err(|_| unreadable("agency", code, &expected))?;
            asked.insert(code);
        }
        let seen = &caller.principal.agencies;
        let agencies = match asked.is_empty() {
            true => seen.clone(),
            false => Scope::Only(asked.into_iter().filter(|code| seen.covers(code)).collect()),
        };
        let unlike = self.outdated.then(|| {
            // What no format fits is of no version: another one might fit it, and nobody knows.
            let none = ("none".to_owned(), 0);
            formats.into_iter().chain([none]).collect()
        });
        let Reprocess { pipeline, format, media, .. } = self;
        let which = Which { agencies, pipeline, format, media, outcome, since, unlike };
        Ok(Choice { which, glob: glob.map(|glob| glob.compile_matcher()) })
    }
}

/// What was asked for, as it is asked of the ledger and of each path.
struct Choice {
    which: Which,
    glob: Option<GlobMatcher>,
}

impl Choice {
    fn takes(&self, chosen: &Chosen) -> bool {
        self.glob.as_ref().is_none_or(|glob| glob.is_match(&chosen.object.path))
    }
}

/// A page of files that fit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Objects {
    /// In an order that stays.
    objects: Vec<ObjectAnswer>,
    /// What to put into `after` for the next page; null at the end.
    next: Option<String>,
}

/// A file that fits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ObjectAnswer {
    /// Its document.
    id: String,
    /// Institution code.
    agency: String,
    /// The pipeline that took it.
    pipeline: String,
    /// Path in the store, as a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// Whether its pipeline is declared at present: of one that is not, no file is read again.
    declared: bool,
}

impl ObjectAnswer {
    fn of(chosen: Chosen, declared: bool) -> ObjectAnswer {
        ObjectAnswer {
            declared,
            id: chosen.document.to_string(),
            agency: chosen.agency.to_string(),
            pipeline: chosen.pipeline,
            name: object_key::readable(&chosen.object.path).into_owned(),
            path: chosen.object.path,
        }
    }
}

/// How many files are read again.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Reprocessed {
    /// How many.
    jobs: u64,
    /// How many more fit, and are left as they are because their pipelines are not declared at present.
    undeclared: u64,
}
