//! The description of the API (OpenAPI 3.1), made from the table of routes and the shapes of the answers, so
//! that a route cannot be there and not be described.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, ContentBuilder, HeaderBuilder, InfoBuilder, ObjectBuilder, OpenApi,
    OpenApiBuilder, Ref, Required, ResponseBuilder, Server as Place, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::problem::Problem;
use crate::route::{Access, Answer, Route, Scoped, Surface};
use crate::sentence::Sentence;
use crate::server::Server;
use crate::{
    catalog, change, conditions, difference, document_answer, drop, jobs, left_out, lookalikes,
    notes, queues, receipts, recognition, reprocessing, search, shortfall, standing, texts, trial,
    versions,
};

/// The table that is described: handed in, since it holds this route, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table(pub(crate) &'static [Route]);

/// `GET /openapi.json`
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(Table(routes)): Extension<Table>,
) -> Result<Response, Problem> {
    let text = describe(&server.settings.base_url, routes).to_json();
    let text = text.map_err(|error| Problem::internal(&error))?;
    let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    Ok((json, text).into_response())
}

/// The description of a table of routes.
pub(crate) fn describe(base_url: &str, routes: &[Route]) -> OpenApi {
    let mut paths = PathsBuilder::new();
    for route in routes.iter().filter(|route| route.surface == Surface::Api) {
        let method = match route.method {
            "PUT" => HttpMethod::Put,
            "POST" => HttpMethod::Post,
            _ => HttpMethod::Get,
        };
        // The wild card is axum's spelling; OpenAPI has none for a parameter that holds slashes.
        let path = route.path.replace("{*", "{");
        paths = paths.path(path, PathItem::new(method, operation(route)));
    }
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API key made by `madang key new`."))
        .build();
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Madang")
                .version("1")
                .description(Some(
                    "Search, drop, registry and operation. Problems follow RFC 9457. What a key may not \
                     see does not exist for it: 404, or left out of lists and counts.",
                ))
                .build(),
        )
        .servers(Some([Place::new(base_url)]))
        .paths(paths)
        .components(Some(shapes().security_scheme("key", SecurityScheme::Http(key)).build()))
        .build()
}

fn operation(route: &Route) -> utoipa::openapi::path::Operation {
    let scope = match route.scope {
        Scoped::Nothing => "Tells nothing about any object.",
        Scoped::One => "404 if it belongs to an agency that the principal may not see.",
        Scoped::Many => "Holds only what belongs to the principal's agencies.",
    };
    let problem =
        ContentBuilder::new().schema(Some(Ref::from_schema_name("ProblemAnswer"))).build();
    let problem = ResponseBuilder::new()
        .description("A problem (RFC 9457)")
        .content("application/problem+json", problem)
        .build();
    let mut operation = OperationBuilder::new()
        .summary(Some(route.summary))
        .operation_id(Some(operation_id(route)))
        .response("default", problem);
    for (status, response) in responses(route) {
        operation = operation.response(status, response.build());
    }
    let roles = match route.access {
        Access::Open => "Open to everybody.".to_owned(),
        Access::Any(roles) => {
            operation = operation.security(SecurityRequirement::new("key", Vec::<String>::new()));
            let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
            format!("Needs the role `{}`.", words.join("` or `"))
        }
    };
    operation = operation.description(Some(format!("{roles} {scope}")));
    let text = || ObjectBuilder::new().schema_type(Type::String).build();
    for name in variables(route.path) {
        let parameter = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .schema(Some(text()));
        operation = operation.parameter(parameter.build());
    }
    for name in route.query {
        let parameter = ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Query)
            .required(Required::False)
            .description(Some(meaning(route.path, name)))
            .schema(Some(text()));
        operation = operation.parameter(parameter.build());
    }
    for (name, meaning) in request_headers(route.answer) {
        let parameter = ParameterBuilder::new()
            .name(*name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(*meaning))
            .schema(Some(text()));
        operation = operation.parameter(parameter.build());
    }
    if route.method == "PUT" {
        let bytes = ContentBuilder::new().build();
        let body = RequestBodyBuilder::new().content("application/octet-stream", bytes);
        operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
    }
    if route.path.ends_with("/redrive") {
        let asked = ContentBuilder::new().schema(Some(Ref::from_schema_name("Asked"))).build();
        let body = RequestBodyBuilder::new().content("application/json", asked);
        operation = operation.request_body(Some(body.build()));
    }
    if route.path.ends_with("/reprocess") && route.method == "POST" {
        let asked = ContentBuilder::new().schema(Some(Ref::from_schema_name("Reprocess"))).build();
        let body = RequestBodyBuilder::new().content("application/json", asked);
        operation = operation.request_body(Some(body.required(Some(Required::True)).build()));
    }
    operation.build()
}

/// The answers of a route by their statuses, but for problems.
fn responses(route: &Route) -> Vec<(&'static str, ResponseBuilder)> {
    let json =
        |shape: &str| ContentBuilder::new().schema(Some(Ref::from_schema_name(shape))).build();
    let any = || ContentBuilder::new().build();
    let of = |told: &str| ResponseBuilder::new().description(told);
    let header = |told: &str| HeaderBuilder::new().description(Some(told)).build();
    let tag = || header("The version that was answered with, in quotes.");
    match route.answer {
        Answer::Json(shape) => {
            vec![("200", of(route.summary).content("application/json", json(shape)))]
        }
        Answer::JsonOnceRead(shape, before) => vec![
            ("200", of(route.summary).content("application/json", json(shape))),
            ("202", of("The file was not read yet").content("application/json", json(before))),
        ],
        Answer::Kept(shape) => [
            ("200", "It was kept in the place of another"),
            ("201", "It was kept, and is new"),
            ("202", "It was kept, and is recorded as soon as that is possible"),
        ]
        .map(|(status, told)| {
            let response = of(told).content("application/json", json(shape));
            let place = header("Where its receipt is.");
            (status, response.header("Location", place).header("ETag", tag()))
        })
        .into(),
        Answer::File => vec![
            ("200", of("The file").content("*/*", any()).header("ETag", tag())),
            ("206", of("A range of it").content("*/*", any()).header("ETag", tag())),
            ("416", of("The range lies beyond its end")),
        ],
        Answer::Media => vec![
            ("200", of("All of it").content("*/*", any()).header("ETag", tag())),
            ("206", of("A range of it").content("*/*", any()).header("ETag", tag())),
            ("304", of("The same as before").header("ETag", tag())),
            ("416", of("The range lies beyond its end")),
        ],
        Answer::Picture => vec![
            ("200", of(route.summary).content("image/jpeg", any()).header("ETag", tag())),
            ("304", of("The same as before").header("ETag", tag())),
        ],
        Answer::Other(media_type) => vec![("200", of(route.summary).content(media_type, any()))],
    }
}

const IF_RANGE: &str =
    "The version of which a range is wanted, in quotes; of another one it is all.";

/// The headers of a request that change its answer, with what they mean.
fn request_headers(answer: Answer) -> &'static [(&'static str, &'static str)] {
    match answer {
        Answer::Kept(_) => &[
            ("If-Match", "Only in the place of the file of this version, in quotes; `*`: of any."),
            ("If-None-Match", "`*`: only if there is no file of that name."),
        ],
        Answer::File => &[
            ("Range", "One range of bytes, as in `bytes=0-99`; of a member it is not heeded."),
            ("If-Range", IF_RANGE),
        ],
        Answer::Media => &[
            ("Range", "One range of bytes, as in `bytes=0-99`."),
            ("If-Range", IF_RANGE),
            ("If-None-Match", "The version that is there already, in quotes."),
        ],
        Answer::Picture => &[("If-None-Match", "The version that is there already, in quotes.")],
        Answer::Json(_) | Answer::JsonOnceRead(..) | Answer::Other(_) => &[],
    }
}

/// `get_v1_documents_id_text`
fn operation_id(route: &Route) -> String {
    let words: Vec<&str> =
        route.path.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    format!("{}_{}", route.method.to_ascii_lowercase(), words.join("_"))
}

/// The names in braces.
fn variables(path: &str) -> Vec<&str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| name.trim_start_matches('*'))
        .collect()
}

/// What a query parameter means on the route of this path: some routes read one of the same name otherwise.
pub(crate) fn meaning(path: &str, name: &str) -> &'static str {
    match (path, name) {
        ("/v1/search", "limit") => {
            "How many hits at most, to 100; 20 without it, and 0 for the counts alone."
        }
        ("/v1/documents/{id}/versions/compare", "from") => {
            "The revision before; without it the version before `to`."
        }
        ("/v1/documents/{id}/versions/compare", "to") => {
            "The revision after; without it the present one."
        }
        ("/v1/documents/{id}/similar", "limit") => "How many at most, to 100; 20 without it.",
        ("/v1/jobs", "limit") => "How many at most, to 500; 50 without it.",
        ("/v1/reprocess", "pipeline") => "The name of one pipeline.",
        ("/v1/reprocess", "outcome") => {
            "How reading the file or a member of it ended; one of ok, partial, empty, encrypted, drm, unsupported, corrupt, \
             limit, timeout, memory, crashed."
        }
        ("/v1/catalog", "after") => {
            "The id of the last entry of the former page: its `next` has it."
        }
        ("/v1/catalog/changes", "after") => {
            "The number of the last change that is known: the `after` of the former answer; all without it."
        }
        ("/v1/catalog/changes", "limit") => "How many at most, to 10000; 1000 without it.",
        (_, name) => of_each(name),
    }
}

/// What a query parameter means wherever it is.
fn of_each(name: &str) -> &'static str {
    match name {
        "q" => {
            "What a person types: words, \"phrases\", prefix*, -without. Blank finds everything."
        }
        "agency" => "Institution codes, seven digits; repeated or comma-separated.",
        "kind" => {
            "document, table, text, mail, image, video, audio, archive, other; several allowed."
        }
        "type" => "Media types; several allowed.",
        "lang" => "Language codes as in `ko`; several allowed.",
        "outcome" => {
            "ok, partial, empty, encrypted, drm, unsupported, corrupt, limit, timeout, memory, crashed."
        }
        "ocr" => {
            "How well what is written in pictures and scans was recognised: good, or doubtful (a page is probably read badly)."
        }
        "reason" => {
            "Why a document was not read, or not whole, or what was noted of how it was read: the words that stand in \
             `reason_kind`, as in `left_alone`, `encrypted`, `cut`, `not_installed`; several allowed."
        }
        "pipeline" => "Names of pipelines; several allowed.",
        "path" => "A whole path, or a folder.",
        "from" => "Not before this date: 2026, 2026-11, 2026-11-23 (days of Korea) or RFC 3339.",
        "to" => "Before this date, written as `from`.",
        "sort" => "score, newest or oldest.",
        "limit" => "How many at most, to 1000; 100 without it.",
        "renditions" => {
            "fold: the first hit of a page stands for those of the same bytes or text after it; all, as without it: each document \
             is a hit. one or several, also beside these: only hits that stand alone, or only those of which there are others of \
             the same bytes or text, whether these match or not. They are found among the first 1000 hits, and `total` counts \
             what is found there: `compared` says of how many."
        }
        "after" => "Where the former page ended: its `next`.",
        "facets" => {
            "What to count hits by: agency, kind, type, lang, outcome, pipeline, year, or renditions: how many stand alone \
             (one), and of how many there are others of the same bytes or text (several), of the first 1000 hits: `compared` \
             says of how many."
        }
        "state" => {
            "ready, waiting (ready, and not due yet), leased, done, quarantined or cancelled."
        }
        "queue" => "The name of a queue.",
        "format" => "The format that read it, as in `hwp5`; `none` where none fits.",
        "media" => "image, video or audio: only pictures, films or sound.",
        "glob" => "A pattern of paths, as in `2026/**/*.hwp`.",
        "since" => {
            "Last read on this day or later: 2026, 2026-11, 2026-11-23 (days of Korea) or RFC 3339."
        }
        "outdated" => "true: only what another version of its format read.",
        "gone" => {
            "true: the source is away and will not be back; without it a release is refused then."
        }
        "zoom" => {
            "1 or 2: how large it is drawn; 1 without it, which is 150 pixels to the inch of A4."
        }
        "number" => {
            "Which of its further pictures, counted from 1: the sheet of frames of a film, then the frames, in the order of \
             `previews`; the one that stands for it without it."
        }
        "v" => "The digest of the content, for caches.",
        _ => "",
    }
}

/// A problem (RFC 9457).
#[derive(Debug, ToSchema)]
#[allow(dead_code, reason = "described here, written by problem.rs")]
struct ProblemAnswer {
    /// `urn:madang:problem:…`
    r#type: String,
    /// The name of the status.
    title: String,
    /// The status.
    status: u16,
    /// What happened and what to do, in English.
    detail: String,
    /// The same in Korean.
    detail_ko: String,
}

fn shapes() -> ComponentsBuilder {
    let mut components = ComponentsBuilder::new();
    macro_rules! shapes {
        ($($shape:ty),+ $(,)?) => {
            $(components = components.schema(<$shape as ToSchema>::name(), <$shape as PartialSchema>::schema());)+
        };
    }
    shapes!(
        ProblemAnswer,
        Sentence,
        search::Found,
        search::FoundHit,
        search::FoundSnippet,
        search::Count,
        standing::Compared,
        document_answer::DocumentAnswer,
        document_answer::MemberAnswer,
        document_answer::PreviewAnswer,
        document_answer::WarningAnswer,
        document_answer::Links,
        texts::TextAnswer,
        texts::SegmentAnswer,
        drop::DropAnswer,
        drop::DropTargets,
        drop::DropTargetAnswer,
        receipts::Receipt,
        receipts::Stage,
        receipts::Still,
        receipts::Publication,
        queues::Queues,
        shortfall::Shortfall,
        queues::QueueAnswer,
        queues::HeldAnswer,
        queues::BalanceAnswer,
        conditions::ConditionAnswer,
        queues::Done,
        queues::Released,
        recognition::HeadwayAnswer,
        recognition::Running,
        jobs::Jobs,
        jobs::JobAnswer,
        jobs::FailureAnswer,
        jobs::Asked,
        jobs::Redriven,
        reprocessing::Objects,
        reprocessing::ObjectAnswer,
        reprocessing::Reprocess,
        reprocessing::Reprocessed,
        trial::TrialAnswer,
        trial::TrialState,
        trial::ChangeAnswer,
        difference::ChangeKind,
        difference::FromTo,
        difference::PropertyChange,
        difference::TextChange,
        versions::VersionList,
        versions::VersionAnswer,
        versions::Why,
        versions::Comparison,
        versions::TextState,
        versions::MembersChange,
        lookalikes::Similar,
        lookalikes::SimilarAnswer,
        left_out::LeftOuts,
        left_out::LeftOutAnswer,
        notes::NoteList,
        notes::NoteAnswer,
        notes::Redone,
        catalog::Changes,
        change::EntryChange,
    );
    components
}
