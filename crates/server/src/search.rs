use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use madang_document::agency::Agency;
use madang_document::legibility::Legibility;
use madang_document::media_type::{Kind, MediaType};
use madang_document::object_key;
use madang_document::outcome::Outcome;
use madang_document::reason_kind::ReasonKind;
use madang_document::timestamp::Timestamp;
use madang_index::query::{Facet, Hit, Hits, Query, Sort};
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer::{Answer, Waits, find};
use crate::caller::Caller;
use crate::here::Here;
use crate::parameters::{LONGEST_TEXT, Parameters, one_of, unreadable};
use crate::problem::Problem;
use crate::sentence::Sentence;
use crate::server::Server;
use crate::standing::{Compared, Wanted};
use crate::wire::json;
use crate::works::{self, Works};

/// What a search can be asked with.
pub(crate) const PARAMETERS: &[&str] = &[
    "q",
    "agency",
    "kind",
    "type",
    "lang",
    "outcome",
    "ocr",
    "reason",
    "pipeline",
    "path",
    "from",
    "to",
    "sort",
    "limit",
    "after",
    "facets",
    works::PARAMETER,
];

/// Hits per page when nobody says how many.
const LIMIT: u64 = 20;

/// `GET /v1/search`
pub(crate) async fn api(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    uri: Uri,
) -> Result<Response, Problem> {
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let query = read(&parameters)?;
    let text = query.text.clone();
    let begun = Instant::now();
    let are_folded = Works::are_asked(&parameters, false)?;
    let wanted = wanted(&parameters);
    let answer = find(&server, &caller.principal, query, wanted, Waits::ToTheEnd).await?;
    let Answer { mut hits, standings, .. } = answer;
    let works = match are_folded {
        true => Works::fold(&server, &caller.principal, &mut hits).await?,
        false => Works::default(),
    };
    let mut found = Found::new(hits, &works, &text);
    if let Some(standings) = standings {
        found.compared = Some(standings.compared);
        if wanted.is_counted {
            let counts = standings.counts(wanted).into_iter();
            let counts = counts.map(|(value, count)| Count { value: value.to_owned(), count });
            found.facets.insert(works::PARAMETER, counts.collect());
        }
    }
    found.took_ms = begun.elapsed().as_millis() as u64;
    Ok(json(&found))
}

/// What is asked about whether hits have renditions.
pub(crate) fn wanted(parameters: &Parameters) -> Wanted {
    let is_counted = parameters.list("facets").contains(&works::PARAMETER);
    Wanted { is_counted, only: Works::wanted(parameters) }
}

/// Reads a query from a query string.
pub(crate) fn read(parameters: &Parameters) -> Result<Query, Problem> {
    let text = parameters.one("q")?.unwrap_or_default();
    if text.len() > LONGEST_TEXT {
        return Err(Problem::bad(
            "query-too-long",
            "검색어가 너무 깁니다. 4,096바이트까지 쓸 수 있습니다.",
            format!("the query is too long: at most {LONGEST_TEXT} bytes"),
        ));
    }
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
    let legibilities = Legibility::ALL.map(Legibility::as_str);
    let outcomes: Vec<&str> = Outcome::ALL.iter().map(|outcome| outcome.as_str()).collect();
    let facets: Vec<&str> =
        FACETS.iter().map(|(word, _)| *word).chain([works::PARAMETER]).collect();
    let owned = |name| parameters.list(name).into_iter().map(str::to_owned).collect();
    Ok(Query {
        text: text.to_owned(),
        agencies: parameters.parsed(
            "agency",
            &Sentence::new("`1741000` 같은 숫자 일곱 자리", "seven digits, as in `1741000`,"),
            |word| word.parse::<Agency>().ok(),
        )?,
        kinds: parameters.parsed("kind", &one_of(&kinds), Kind::parse)?,
        media_types: parameters.parsed(
            "type",
            &Sentence::new(
                "`application/pdf` 같은 미디어 타입",
                "a media type such as `application/pdf`",
            ),
            |word| word.contains('/').then(|| MediaType::new(word)),
        )?,
        languages: owned("lang"),
        outcomes: parameters.parsed("outcome", &one_of(&outcomes), Outcome::parse)?,
        legibilities: parameters.parsed("ocr", &one_of(&legibilities), Legibility::parse)?,
        reasons: parameters.parsed("reason", &one_of(&ReasonKind::WORDS), |word| {
            ReasonKind::WORDS.contains(&word).then(|| word.to_owned())
        })?,
        pipelines: owned("pipeline"),
        path: parameters.one("path")?.map(str::to_owned),
        from: date(parameters, "from")?,
        to: date(parameters, "to")?,
        sort: match parameters.one("sort")? {
            None | Some("score") => Sort::Score,
            Some("newest") => Sort::Newest,
            Some("oldest") => Sort::Oldest,
            Some(other) => {
                return Err(unreadable("sort", other, &one_of(&["score", "newest", "oldest"])));
            }
        },
        // None: the total and the facets alone.
        limit: parameters.number("limit", LIMIT, 0..=100)? as usize,
        after: parameters.one("after")?.map(str::to_owned),
        // Whether hits have renditions is not in the index.
        facets: parameters
            .parsed("facets", &one_of(&facets), |word| match word == works::PARAMETER {
                true => Some(None),
                false => facet(word).map(Some),
            })?
            .into_iter()
            .flatten()
            .collect(),
        first: 0,
        among: None,
    })
}

/// The parameters that are dates.
pub(crate) const DATES: [&str; 2] = ["from", "to"];

/// The first moment of the day, month or year that a parameter names.
pub(crate) fn date(parameters: &Parameters, name: &str) -> Result<Option<Timestamp>, Problem> {
    let Some(text) = parameters.one(name)? else { return Ok(None) };
    let expected = Sentence::new(
        "`2026`, `2026-11`, `2026-11-23`, `2026. 11. 23.`, `2026-11-23T09:00:00+09:00` 같은 날짜",
        "a date such as `2026`, `2026-11`, `2026-11-23` or `2026-11-23T09:00:00+09:00`",
    );
    Timestamp::parse_start(text).map(Some).ok_or_else(|| unreadable(name, text, &expected))
}

/// The words of the facets: each is also the name of the parameter that narrows by it.
pub(crate) const FACETS: [(&str, Facet); 7] = [
    ("agency", Facet::Agency),
    ("kind", Facet::Kind),
    ("type", Facet::MediaType),
    ("lang", Facet::Language),
    ("outcome", Facet::Outcome),
    ("pipeline", Facet::Pipeline),
    ("year", Facet::Year),
];

fn facet(word: &str) -> Option<Facet> {
    FACETS.into_iter().find(|(name, _)| *name == word).map(|(_, facet)| facet)
}

/// The word of a facet.
pub(crate) fn facet_word(facet: Facet) -> &'static str {
    FACETS.into_iter().find(|(_, f)| *f == facet).map_or("", |(word, _)| word)
}

/// Where a person opens a hit: the document's page at the place of the passage, with the words that were searched for.
pub(crate) fn address(hit: &Hit, query: &str) -> String {
    let here = Here { id: hit.id, query: query.trim(), view: "" };
    match hit.locator.fragment() {
        None => here.with(&[], None),
        // `at` tells the server which part of a long document to show, `#` the browser where to scroll.
        Some(fragment) => here.at(&fragment),
    }
}

/// The answer to a search.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Found {
    /// How many documents match, each rendition of a work counted.
    total: u64,
    /// Hits that are not on this page because one on it stands for them (`renditions=fold`).
    folded: u64,
    /// This page of them.
    hits: Vec<FoundHit>,
    /// Counts by facet, in descending order.
    facets: BTreeMap<&'static str, Vec<Count>>,
    /// Of how many hits it is known whether they have renditions: the facet `renditions` counts these, and `renditions=one` and
    /// `renditions=several` choose among these; null where neither was asked for.
    compared: Option<Compared>,
    /// What to put into `after` for the next page; null at the end.
    next: Option<String>,
    /// Institution codes whose index could not be asked, because it is being built anew: the answer is without
    /// them.
    missing: Vec<String>,
    /// Milliseconds it took.
    took_ms: u64,
}

/// A document that matches.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundHit {
    /// The document.
    #[schema(value_type = String, format = "uuid")]
    id: String,
    /// Title, else name.
    title: String,
    /// Path in the store, with `!/` and the inner path for members of archives; a key that gives back any name.
    path: String,
    /// The path as people read it.
    name: String,
    /// Institution code.
    agency: String,
    /// The pipeline that took it.
    pipeline: String,
    /// Media type.
    media_type: String,
    /// Its family.
    kind: &'static str,
    /// Language of the text.
    language: Option<String>,
    /// How reading it ended.
    outcome: &'static str,
    /// Its date, RFC 3339.
    date: Option<String>,
    /// Size in bytes.
    size: u64,
    /// Relevance, comparable within one answer.
    score: f32,
    /// The passage that matches best.
    snippet: FoundSnippet,
    /// Where that passage stands, as in `{"page":{"number":3,"bounds":null}}`.
    #[schema(value_type = Object)]
    locator: madang_document::locator::Locator,
    /// Its page for people, opened at that place with the words of the query marked.
    url: String,
    /// Documents of the same bytes or the same text that the hit stands for, whether they match or not
    /// (`renditions=fold`); at most 20.
    renditions: Vec<String>,
}

/// A passage of plain text.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundSnippet {
    /// Plain text, never HTML.
    text: String,
    /// Ranges to highlight: start and end in Unicode scalar values.
    #[schema(value_type = Vec<Vec<u64>>)]
    highlights: Vec<(usize, usize)>,
}

/// A value of a facet and how many documents have it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Count {
    /// The value.
    value: String,
    /// How many.
    count: u64,
}

impl Found {
    fn new(hits: Hits, works: &Works, query: &str) -> Found {
        let facets = hits.facets.into_iter().map(|(facet, values)| {
            let counts = values.into_iter().map(|(value, count)| Count { value, count });
            (facet_word(facet), counts.collect())
        });
        Found {
            total: hits.total,
            folded: works.folded,
            facets: facets.collect(),
            compared: None,
            next: hits.next,
            missing: hits.missing.iter().map(|partition| partition.agency.to_string()).collect(),
            took_ms: 0,
            hits: hits.hits.into_iter().map(|hit| FoundHit::new(hit, works, query)).collect(),
        }
    }
}

impl FoundHit {
    fn new(hit: Hit, works: &Works, query: &str) -> FoundHit {
        FoundHit {
            url: address(&hit, query),
            renditions: works.of(hit.id).iter().map(|(id, _)| id.to_string()).collect(),
            id: hit.id.to_string(),
            title: hit.title,
            name: object_key::readable(&hit.path).into_owned(),
            path: hit.path,
            agency: hit.agency.to_string(),
            pipeline: hit.pipeline,
            kind: hit.media_type.kind().as_str(),
            media_type: hit.media_type.to_string(),
            language: hit.language,
            outcome: hit.outcome.as_str(),
            date: hit.date.map(|date| date.to_string()),
            size: hit.size,
            score: hit.score,
            snippet: FoundSnippet { text: hit.snippet.text, highlights: hit.snippet.highlights },
            locator: hit.locator,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(query: &str) -> Result<Query, Problem> {
        read(&Parameters::read(&format!("/x?{query}").parse().unwrap(), PARAMETERS)?)
    }

    #[test]
    fn filters_are_read() {
        let query = parse(
            "q=%EC%95%88%EC%A0%84&agency=1741000,1741001&kind=video&kind=table&type=application/PDF\
             &from=2026-11&to=2027&sort=newest&limit=5&facets=kind,year&lang=ko&outcome=ok,partial&ocr=doubtful&reason=left_alone",
        )
        .unwrap();
        assert_eq!(query.text, "안전");
        assert_eq!(query.agencies.len(), 2);
        assert_eq!(query.kinds, [Kind::Video, Kind::Table]);
        assert_eq!(query.media_types, [MediaType::new("application/pdf")]);
        assert_eq!(query.from.unwrap().to_string(), "2026-10-31T15:00:00Z");
        assert_eq!(query.sort, Sort::Newest);
        assert_eq!(query.limit, 5);
        assert_eq!(query.facets, [Facet::Kind, Facet::Year]);
        assert_eq!(query.outcomes, [Outcome::Ok, Outcome::Partial]);
        assert_eq!(query.legibilities, [Legibility::Doubtful]);
        assert_eq!(query.reasons, ["left_alone"]);
        assert_eq!(parse("").unwrap(), Query { limit: 20, ..Query::default() });
    }

    #[test]
    fn unreadable_values_say_what_is_expected() {
        for (query, expected) in [
            ("agency=12", "seven digits"),
            ("kind=films", "`video`"),
            ("ocr=bad", "`doubtful`"),
            ("reason=left", "`left_alone`"),
            ("from=yesterday", "2026-11-23"),
            ("sort=best", "`newest`"),
            ("limit=1000", "100"),
            ("facets=size", "`year`"),
            ("type=pdf", "application/pdf"),
        ] {
            let problem = parse(query).unwrap_err();
            assert_eq!(problem.status, 400);
            assert!(problem.detail.en.contains(expected), "{query}: {}", problem.detail.en);
            // Whoever reads Korean is told in Korean; what is typed stands between backquotes.
            let told: String = problem.detail.ko.split('`').step_by(2).collect();
            assert!(!told.contains(|c: char| c.is_ascii_alphabetic()), "{told}");
        }
        assert_eq!(parse(&format!("q={}", "a".repeat(4097))).unwrap_err().status, 400);
    }
}
