use std::sync::Arc;

use axum::routing::{get, post, put};
use axum::{Extension, Router, middleware};
use madang_document::principal::Role;

use crate::access::{finish, guard};
use crate::openapi::Table;
use crate::route::{Access, Answer, Route, Scoped, Surface};
use crate::server::Server;
use crate::{
    asset, captions, catalog, documents, drop, events, health, jobs, left_out, lookalikes, media,
    metrics, notes, openapi, original, page_picture, pages, preview, queues, receipts,
    reprocessing, search, sign_in, texts, trial, versions,
};

const SEARCH: Access = Access::Any(&[Role::Search]);
const DROP: Access = Access::Any(&[Role::Drop]);
const RECEIPT: Access = Access::Any(&[Role::Drop, Role::Operate]);
const OPERATE: Access = Access::Any(&[Role::Operate]);

macro_rules! route {
    ($method:literal $path:literal, $access:expr, $surface:ident, $scope:ident, $summary:literal,
     $query:expr, $answer:expr, $verb:ident($handler:path)) => {
        Route {
            method: $method,
            path: $path,
            access: $access,
            surface: Surface::$surface,
            scope: Scoped::$scope,
            summary: $summary,
            query: $query,
            answer: $answer,
            handler: || $verb($handler),
        }
    };
}

/// Every route.
#[rustfmt::skip]
pub static ROUTES: &[Route] = &[
    route!("GET" "/v1/search", SEARCH, Api, Many, "Search documents", search::PARAMETERS, Answer::Json("Found"), get(search::api)),
    route!("GET" "/v1/documents/{id}", SEARCH, Api, One, "Metadata and outcome of a document", &[], Answer::JsonOnceRead("DocumentAnswer", "Receipt"), get(documents::document)),
    route!("GET" "/v1/documents/{id}/text", SEARCH, Api, One, "The text with its places; plain text on request (Accept: text/plain)", &[], Answer::Json("TextAnswer"), get(texts::text)),
    route!("GET" "/v1/documents/{id}/preview", SEARCH, Api, One, "A picture of the document, encoded anew; with a number one of its further ones", preview::PARAMETERS, Answer::Picture, get(preview::preview)),
    route!("GET" "/v1/documents/{id}/page/{number}", SEARCH, Api, One, "A picture of a page of a PDF or of a picture, counted from 1; its size in points stands in the header Madang-Page-Points", page_picture::PARAMETERS, Answer::Picture, get(page_picture::page_picture)),
    route!("GET" "/v1/documents/{id}/original", SEARCH, Api, One, "The file as it lies in its store, as an attachment; one byte range. Of a member, the file that it is in its archive, mail or document, whole", &[], Answer::File, get(original::original)),
    route!("GET" "/v1/documents/{id}/media", SEARCH, Api, One, "A film or sound to be played in a browser, under one of a few media types; one byte range, of a member, too", &[], Answer::Media, get(media::media)),
    route!("GET" "/v1/documents/{id}/captions", SEARCH, Api, One, "What is spoken in a film that is played in a browser, or shown under it, as captions for its player (WebVTT): by its own subtitles, else by a file with subtitles beside it, else by what was heard; and the same of such a file", &[], Answer::Other("text/vtt"), get(captions::captions)),
    route!("GET" "/v1/documents/{id}/versions", SEARCH, Api, One, "What a document is and was: since when, why, what changed, how reading it ended", &[], Answer::Json("VersionList"), get(versions::list)),
    route!("GET" "/v1/documents/{id}/versions/compare", SEARCH, Api, One, "What differs between two versions of a document; without numbers the last change", versions::PARAMETERS, Answer::Json("Comparison"), get(versions::compare)),
    route!("GET" "/v1/documents/{id}/similar", SEARCH, Api, One, "What looks like a document: copies of its bytes, renditions of its text in other formats, texts like it, the same picture elsewhere", lookalikes::PARAMETERS, Answer::Json("Similar"), get(lookalikes::api)),
    route!("PUT" "/v1/drop/{pipeline}/{*path}", DROP, Api, One, "Upload a file; answers with the receipt's address", &[], Answer::Kept("DropAnswer"), put(drop::api)),
    route!("GET" "/v1/drop", DROP, Api, Many, "The pipelines that take uploads", &[], Answer::Json("DropTargets"), get(drop::targets)),
    route!("GET" "/v1/receipts/{id}", RECEIPT, Api, One, "Where a file is now, what was read, why not, what to do", &[], Answer::Json("Receipt"), get(receipts::api)),
    route!("GET" "/v1/queues", OPERATE, Api, Many, "The queues with their counts", &[], Answer::Json("Queues"), get(queues::list)),
    route!("POST" "/v1/queues/{queue}/pause", OPERATE, Api, One, "Stop claims from a queue", &[], Answer::Json("Done"), post(queues::pause)),
    route!("POST" "/v1/queues/{queue}/resume", OPERATE, Api, One, "Resume claims from a queue", &[], Answer::Json("Done"), post(queues::resume)),
    route!("POST" "/v1/queues/{queue}/release", OPERATE, Api, One, "Let a held mass disappearance go on: the files are really gone", queues::RELEASE, Answer::Json("Released"), post(queues::release)),
    route!("GET" "/v1/jobs", OPERATE, Api, Many, "Jobs, newest change first", jobs::PARAMETERS, Answer::Json("Jobs"), get(jobs::list)),
    route!("GET" "/v1/jobs/{id}", OPERATE, Api, One, "One job", &[], Answer::Json("JobAnswer"), get(jobs::one)),
    route!("POST" "/v1/jobs/{id}/retry", OPERATE, Api, One, "Make a job ready again", &[], Answer::Json("Done"), post(jobs::retry)),
    route!("POST" "/v1/jobs/{id}/drop", OPERATE, Api, One, "Discard a quarantined job: it leaves the list, its document is withdrawn, its file stays", &[], Answer::Json("Done"), post(jobs::drop)),
    route!("POST" "/v1/jobs/redrive", OPERATE, Api, Many, "Make many jobs ready again: quarantined ones, or those of an older version of a format or a stage", &[], Answer::Json("Redriven"), post(jobs::redrive)),
    route!("GET" "/v1/reprocess", OPERATE, Api, Many, "Files that were read and fit, to be read again", reprocessing::PARAMETERS, Answer::Json("Objects"), get(reprocessing::list)),
    route!("POST" "/v1/reprocess", OPERATE, Api, Many, "Have the files that fit read again, after everything else that waits", &[], Answer::Json("Reprocessed"), post(reprocessing::queue)),
    route!("POST" "/v1/documents/{id}/trial", OPERATE, Api, One, "Read a file again without recording anything, and say what would change", &[], Answer::Json("TrialAnswer"), post(trial::api)),
    route!("GET" "/v1/ledger/balance", OPERATE, Api, Many, "Conservation: where every received file is now", &[], Answer::Json("BalanceAnswer"), get(queues::balance)),
    route!("GET" "/v1/left-out", OPERATE, Api, Many, "What lies in the sources and is not taken, with the reason and the cure", left_out::PARAMETERS, Answer::Json("LeftOuts"), get(left_out::api)),
    route!("GET" "/v1/notes", OPERATE, Api, Many, "What was passed over so that the rest could go on, with the reason and the cure", notes::PARAMETERS, Answer::Json("NoteList"), get(notes::list)),
    route!("POST" "/v1/notes/{id}/redo", OPERATE, Api, One, "Do again what was passed over", &[], Answer::Json("Done"), post(notes::redo)),
    route!("POST" "/v1/notes/redo", OPERATE, Api, Many, "Do again all that was passed over, or all of a kind", &[], Answer::Json("Redone"), post(notes::redo_many)),
    route!("GET" "/v1/events", OPERATE, Api, Many, "Live state of balance and queues, and changes (server-sent events)", &[], Answer::Other("text/event-stream"), get(events::api)),
    route!("GET" "/v1/catalog", SEARCH, Api, Many, "The catalogue (DCAT-AP, JSON-LD), in pages", catalog::PAGE, Answer::Other("application/ld+json"), get(catalog::catalog)),
    route!("GET" "/v1/catalog/entries/{id}", SEARCH, Api, One, "A catalogue entry (JSON-LD); 410 with its tombstone when withdrawn", &[], Answer::Other("application/ld+json"), get(catalog::entry)),
    route!("GET" "/v1/catalog/changes", SEARCH, Api, Many, "The harvest feed: changes of entries in order", catalog::FEED, Answer::Json("Changes"), get(catalog::changes)),
    route!("GET" "/metrics", OPERATE, Api, Many, "Metrics in the text format of Prometheus", &[], Answer::Other("text/plain"), get(metrics::api)),
    route!("GET" "/healthz", Access::Open, Api, Nothing, "Whether the process lives", &[], Answer::Other("text/plain"), get(health::live)),
    route!("GET" "/readyz", Access::Open, Api, Nothing, "Whether requests can be answered", &[], Answer::Other("text/plain"), get(health::ready)),
    route!("GET" "/openapi.json", Access::Open, Api, Nothing, "This description", &[], Answer::Other("application/json"), get(openapi::api)),
    route!("GET" "/static/{file}", Access::Open, Api, Nothing, "Style, script and pictures of the pages", &["v"], Answer::Other("text/css"), get(asset::api)),
    route!("GET" "/favicon.ico", Access::Open, Api, Nothing, "The mark of the pages", &[], Answer::Other("image/svg+xml"), get(asset::favicon)),
    route!("GET" "/sign-in", Access::Open, Page, Nothing, "Sign in with a one-time link, or a form for an API key", sign_in::PARAMETERS, Answer::Other("text/html"), get(sign_in::page)),
    route!("POST" "/sign-in", Access::Open, Page, Nothing, "Sign in with an API key", &[], Answer::Other("text/html"), post(sign_in::with_key)),
    route!("POST" "/sign-out", Access::Any(&Role::ALL), Page, Nothing, "End the session", &[], Answer::Other("text/html"), post(sign_in::out)),
    route!("GET" "/", SEARCH, Page, Many, "Search", pages::search::PARAMETERS, Answer::Other("text/html"), get(pages::search::page)),
    route!("GET" "/documents/{id}", SEARCH, Page, One, "A document", pages::document::PARAMETERS, Answer::Other("text/html"), get(pages::document::page)),
    route!("GET" "/queues", OPERATE, Page, Many, "The queues", pages::queues::PARAMETERS, Answer::Other("text/html"), get(pages::queues::page)),
    route!("GET" "/drop", DROP, Page, Many, "Drop files", &[], Answer::Other("text/html"), get(pages::drop::page)),
];

/// The router over the table. Uploads have no limit here but the one of
/// [`RequestLimits`](crate::server::RequestLimits): they stream, and nothing else reads a body of more than 64 KiB.
pub fn app(server: Arc<Server>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let guarded = (route.handler)()
            .layer(middleware::from_fn_with_state((Arc::clone(&server), route), guard));
        router = router.route(route.path, guarded);
    }
    router
        .layer(Extension(Table(ROUTES)))
        .layer(axum::extract::DefaultBodyLimit::max(64 << 10))
        .layer(middleware::from_fn_with_state(Arc::clone(&server), finish))
        .with_state(server)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::{describe, meaning};
    use std::collections::BTreeSet;

    /// A path in an answer is a key, which may hold characters that stand for bytes: nobody can read it.
    #[test]
    fn whoever_is_told_a_path_is_told_it_as_people_read_it() {
        let text = describe("http://localhost", ROUTES).to_json().unwrap();
        let api: serde_json::Value = serde_json::from_str(&text).unwrap();
        let mut pairs = 0;
        for (shape, of) in api["components"]["schemas"].as_object().unwrap() {
            // The way inside an archive or a mail, which is text already.
            if shape != "MemberAnswer" && of["properties"].get("path").is_some() {
                assert!(of["properties"].get("name").is_some(), "{shape} has a path and no name");
                pairs += 1;
            }
        }
        assert!(pairs >= 6, "{pairs}");
    }

    /// A client that is made from the description takes a status that it does not name for an error.
    #[test]
    fn every_status_and_header_that_matters_is_described() {
        let text = describe("http://localhost", ROUTES).to_json().unwrap();
        let api: serde_json::Value = serde_json::from_str(&text).unwrap();
        for (path, method, statuses, header) in [
            ("/v1/documents/{id}", "get", &["200", "202"][..], None),
            ("/v1/documents/{id}/original", "get", &["200", "206", "416"], Some("Range")),
            ("/v1/documents/{id}/media", "get", &["200", "206", "304", "416"], Some("Range")),
            ("/v1/documents/{id}/preview", "get", &["200", "304"], Some("If-None-Match")),
            ("/v1/drop/{pipeline}/{path}", "put", &["200", "201", "202"], Some("If-Match")),
            ("/v1/search", "get", &["200"], None),
        ] {
            let operation = &api["paths"][path][method];
            let told: Vec<&String> = operation["responses"].as_object().unwrap().keys().collect();
            let expected: Vec<&str> = statuses.iter().copied().chain(["default"]).collect();
            assert_eq!(told, expected, "{path}");
            let parameters = operation["parameters"].as_array().unwrap();
            let headers = parameters.iter().filter(|parameter| parameter["in"] == "header");
            let names: Vec<&str> =
                headers.map(|parameter| parameter["name"].as_str().unwrap()).collect();
            assert_eq!(names.first().copied(), header, "{path}");
        }
    }

    #[test]
    fn every_route_for_programs_is_described_and_every_shape_is_there() {
        let text = describe("http://localhost", ROUTES).to_json().unwrap();
        let api: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(api["openapi"], "3.1.0");
        let mut ids = BTreeSet::new();
        for route in ROUTES.iter().filter(|route| route.surface == Surface::Api) {
            let method = route.method.to_ascii_lowercase();
            let operation = &api["paths"][route.path.replace("{*", "{")][&method];
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
            for name in route.query {
                assert!(!meaning(route.path, name).is_empty(), "{name} has no meaning");
            }
        }
        // What two routes read otherwise each tells for itself.
        let told = |path: &str, name: &str| {
            let given = api["paths"][path]["get"]["parameters"].as_array().unwrap();
            let one = given.iter().find(|parameter| parameter["name"] == name).unwrap();
            one["description"].as_str().unwrap().to_owned()
        };
        let compare = "/v1/documents/{id}/versions/compare";
        for (path, name, has, lacks) in [
            ("/v1/search", "from", "date", "revision"),
            ("/v1/search", "to", "date", "revision"),
            (compare, "from", "revision", "date"),
            (compare, "to", "revision", "date"),
            ("/v1/search", "pipeline", "several", "one pipeline"),
            ("/v1/reprocess", "pipeline", "one", "several"),
            ("/v1/reprocess", "outcome", "one of", "several"),
            ("/v1/search", "limit", "100", "1000"),
            ("/v1/jobs", "limit", "500", "1000"),
            ("/v1/catalog/changes", "after", "change", "next"),
        ] {
            let told = told(path, name);
            assert!(told.contains(has) && !told.contains(lacks), "{path} {name}: {told}");
        }
        for (n, _) in text.match_indices("#/components/schemas/") {
            let name = text[n + 21..].split('"').next().unwrap();
            assert!(api["components"]["schemas"].get(name).is_some(), "no shape {name}");
        }
    }
}
