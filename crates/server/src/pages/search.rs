use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;
use madang_document::id::DocumentId;
use madang_document::legibility::Legibility;
use madang_document::locale::Locale;
use madang_document::media_type::MediaType;
use madang_document::outcome::Outcome;
use madang_document::shown::Shown;
use madang_index::query::{Facet, Hit, Hits};
use madang_ledger::documents::Stored;
use maud::{Markup, html};

use crate::address::query_string;
use crate::answer::{Answer, Waits, find};
use crate::caller::{Caller, Manner};
use crate::count::count;
use crate::pages::layout::Layout;
use crate::pages::passage::{highlighted, place};
use crate::pages::words::{Words, day, format, name, size};
use crate::parameters::Parameters;
use crate::preview::is_shown;
use crate::problem::Problem;
use crate::search::{DATES, FACETS, address, date, facet_word, read, wanted};
use crate::server::Server;
use crate::standing::{Compared, Standing, Wanted};
use crate::wire::Said;
use crate::works::{self, Works};

/// What the page can be asked with: a search, and nothing else.
pub(crate) const PARAMETERS: &[&str] = crate::search::PARAMETERS;

/// The facets that the page shows.
const SHOWN: [Facet; 6] =
    [Facet::Kind, Facet::Year, Facet::Agency, Facet::Pipeline, Facet::Language, Facet::Outcome];

/// `GET /`
pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    uri: Uri,
) -> Result<Response, Problem> {
    let words = Words(manner.locale);
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let text = parameters.one("q")?.unwrap_or_default();
    let begun = Instant::now();
    let asked = Works::are_asked(&parameters, true).and_then(|fold| Ok((fold, read(&parameters)?)));
    let answer = match asked {
        Ok((are_folded, mut query)) => {
            let mut wanted = wanted(&parameters);
            if parameters.list("facets").is_empty() {
                query.facets = SHOWN.to_vec();
                wanted.is_counted = true;
            }
            match find(&server, &caller.principal, query, wanted, Waits::Shortly).await {
                Ok(mut answer) if are_folded => {
                    let works = Works::fold(&server, &caller.principal, &mut answer.hits).await?;
                    Ok((answer, works, wanted))
                }
                Ok(answer) => Ok((answer, Works::default(), wanted)),
                Err(problem) => Err(problem),
            }
        }
        Err(problem) => Err(problem),
    };
    // What cannot be understood is shown in the form, with all that was asked, so that it can be mended there.
    let refused = match answer {
        Err(problem) if problem.status != 400 => return Err(problem),
        Err(ref problem) => Some(problem.status),
        Ok(_) => None,
    };
    let took = begun.elapsed().as_millis();
    let known = Known::of(&server, answer.as_ref().ok().map(|(answer, ..)| &answer.hits)).await?;
    let main = html! {
        (form(words, &parameters, text)?)
        @match &answer {
            Ok((answer, works, wanted)) => {
                (results(words, &parameters, (answer, *wanted), works, &known, took)?)
            },
            Err(problem) => {
                (chosen(words, &parameters))
                @if !DATES.iter().any(|name| date(&parameters, name).is_err()) {
                    p.alert role="alert" { (Shown::new(problem.detail.say(words.0))) }
                }
            },
        }
    };
    let title = Shown::new(if text.is_empty() { words.say("검색", "Search") } else { text });
    let layout = Layout {
        locale: manner.locale,
        title: &title,
        here: uri.path_and_query().map_or("/", |here| here.as_str()),
        principal: Some(&caller.principal),
        scripts: &["preview.js"],
    };
    let mut page = layout.page(main);
    if let Some(status) = refused {
        *page.status_mut() = status;
        page.extensions_mut().insert(Said);
    }
    Ok(page)
}

/// What the ledger knows of hits beyond what the index does.
#[derive(Default)]
struct Known {
    /// Those of which a picture is shown.
    pictured: BTreeSet<DocumentId>,
    /// Those in which something was probably recognised badly.
    doubtful: BTreeSet<DocumentId>,
}

impl Known {
    async fn of(server: &Server, hits: Option<&Hits>) -> Result<Known, Problem> {
        let ids: Vec<DocumentId> =
            hits.into_iter().flat_map(|hits| &hits.hits).map(|hit| hit.id).collect();
        let mut known = Known::default();
        for Stored { document, .. } in server.ledger.documents(&ids).await?.readable() {
            if is_shown(server, &document) {
                known.pictured.insert(document.id);
            }
            if Legibility::of(&document.metadata) == Some(Legibility::Doubtful) {
                known.doubtful.insert(document.id);
            }
        }
        Ok(known)
    }
}

fn form(words: Words, parameters: &Parameters, text: &str) -> Result<Markup, Problem> {
    let value = |name| Ok::<_, Problem>(parameters.one(name)?.unwrap_or_default().to_owned());
    let (from, to, path, sort) = (value("from")?, value("to")?, value("path")?, value("sort")?);
    let ocr = value("ocr")?;
    let open = !(from.is_empty() && to.is_empty() && path.is_empty() && ocr.is_empty());
    let readings = [
        ("", words.say("모두", "All documents")),
        ("doubtful", words.say("잘못 인식된 듯한 것", "Probably read badly")),
        ("good", words.say("잘 인식된 것", "Probably read well")),
    ];
    let orders = [
        ("score", words.say("관련도순", "Best first")),
        ("newest", words.say("최신순", "Newest first")),
        ("oldest", words.say("오래된순", "Oldest first")),
    ];
    Ok(html! {
        h1.hidden { (words.say("검색", "Search")) }
        form.search role="search" action="/" method="get" {
            div.line {
                label.hidden for="q" { (words.say("검색어", "Query")) }
                input #q name="q" type="search" value=(text) maxlength="1000"
                    placeholder=(words.say("낱말, \"구절\", 앞부분*, -뺄말", "words, \"phrases\", prefix*, -without"))
                    autofocus[text.is_empty()];
                button.primary { (words.say("찾기", "Search")) }
            }
            @for name in ["agency", "kind", "type", "lang", "outcome", "reason", "pipeline", works::PARAMETER] {
                @for value in parameters.list(name) { input type="hidden" name=(name) value=(value); }
            }
            details open[open] {
                summary { (words.say("기간·폴더·순서", "Dates, folder, order")) }
                div.fields {
                    (date_field(words, parameters, "from", words.say("이 날부터", "From"), "2026-01-01")?)
                    (date_field(words, parameters, "to", words.say("이 날 전까지", "Before"), "2027")?)
                    label { (words.say("폴더나 경로", "Folder or path")) input name="path" value=(path); }
                    label { (words.say("그림 속 글자 인식", "Recognised in pictures"))
                        select name="ocr" {
                            @for (word, name) in readings { option value=(word) selected[word == ocr] { (name) } }
                        }
                    }
                    label { (words.say("순서", "Order"))
                        select name="sort" {
                            @for (word, name) in orders { option value=(word) selected[word == sort] { (name) } }
                        }
                    }
                }
            }
        }
    })
}

/// A field for a date. One that cannot be read stays in it, with the cure under it.
fn date_field(
    words: Words,
    parameters: &Parameters,
    field: &str,
    label: &str,
    example: &str,
) -> Result<Markup, Problem> {
    let value = parameters.one(field)?.unwrap_or_default();
    let wrong = date(parameters, field).is_err();
    let told = format!("{field}-wrong");
    Ok(html! {
        label {
            (label)
            input name=(field) value=(value) placeholder=(example)
                aria-invalid=[wrong.then_some("true")] aria-describedby=[wrong.then_some(&told)];
            @if wrong {
                span.wrong id=(told) role="alert" {
                    (words.say("날짜로 읽을 수 없습니다. ", "That is no date. "))
                    (words.say(
                        "2026, 2026-07, 2026-07-14나 2026. 7. 14.처럼 적어 주세요.",
                        "Write it as in 2026, 2026-07 or 2026-07-14.",
                    ))
                }
            }
        }
    })
}

fn results(
    words: Words,
    parameters: &Parameters,
    (answer, wanted): (&Answer, Wanted),
    works: &Works,
    known: &Known,
    took: u128,
) -> Result<Markup, Problem> {
    let hits = &answer.hits;
    let is_chosen = wanted.only.is_some();
    let compared = answer.standings.as_ref().map(|standings| standings.compared);
    let some = compared.filter(|compared| compared.hits < compared.of);
    let next = hits.next.as_deref().map(|next| link(parameters, &[("after", Some(next))]));
    let may_narrow = hits.facets.iter().any(|(_, values)| !values.is_empty())
        || (wanted.is_counted && hits.total > 0);
    let text = parameters.one("q")?.unwrap_or_default();
    let first = parameters.one("after")?.map(|_| link(parameters, &[("after", None)]));
    Ok(html! {
        div.columns {
            div.results {
                p.faint role="status" {
                    (match words.0 {
                        Locale::Korean => format!("{}건 · {took}ms", count(hits.total)),
                        Locale::English if hits.total == 1 => format!("1 document · {took} ms"),
                        Locale::English => format!("{} documents · {took} ms", count(hits.total)),
                    })
                }
                @if works.folded > 0 {
                    p.faint {
                        (match words.0 {
                            Locale::Korean => format!("이 쪽에서 같은 글 {}건을 접었습니다. ", count(works.folded)),
                            Locale::English if works.folded == 1 => "1 rendition of the same text is folded on this page. ".to_owned(),
                            Locale::English => format!("{} renditions of the same texts are folded on this page. ", count(works.folded)),
                        })
                        a href=(link(parameters, &[(works::PARAMETER, Some(&all_shown(parameters)))])) { (words.say("모두 보기", "Show all")) }
                    }
                }
                (chosen(words, parameters))
                @if may_narrow {
                    // On a phone the filters come up from below when they are asked for; on a desk they stand beside.
                    button.narrow type="button" popovertarget="facets" { (words.say("좁히기", "Filters")) }
                }
                @if is_chosen && let Some(some) = some { p.faint { (among(words, some)) } }
                @if is_chosen && answer.is_sought {
                    p.alert role="status" { (sought(words)) }
                } @else if hits.hits.is_empty() {
                    div.empty {
                        p { (words.say("맞는 문서가 없습니다.", "No document matches.")) }
                        p.faint { (words.say(
                            "낱말을 줄이거나, 띄어쓰기를 바꾸거나, 고른 조건을 빼 보세요.",
                            "Try fewer words, other spacing, or take a filter away.",
                        )) }
                    }
                }
                @if !hits.missing.is_empty() {
                    p.alert role="status" {
                        (words.say(
                            "색인을 다시 만드는 중이라 결과에서 빠진 기관: ",
                            "Not in the results, because their index is being built anew: ",
                        ))
                        @for (n, partition) in hits.missing.iter().enumerate() {
                            @if n > 0 { ", " }
                            (words.agency(partition.agency.as_str()))
                        }
                    }
                }
                ol.hits { @for hit in &hits.hits { li { (hit_card(words, hit, text, known, works.of(hit.id))) } } }
                nav.pager aria-label=(words.say("쪽", "Pages")) {
                    @if let Some(first) = first { a href=(first) rel="first" { (words.say("처음", "First page")) } }
                    @if let Some(next) = next { a href=(next) rel="next" { (words.say("다음", "Next page")) " →" } }
                }
            }
            @if may_narrow {
                aside #facets .facets popover aria-label=(words.say("좁히기", "Filters")) {
                    div.facets-head {
                        h2 { (words.say("좁히기", "Filters")) }
                        button type="button" popovertarget="facets" popovertargetaction="hide" { (words.say("닫기", "Close")) }
                    }
                    @for (facet, values) in &hits.facets { (facet_list(words, parameters, *facet, values)) }
                    @if wanted.is_counted { (standing_list(words, parameters, (answer, wanted), some)) }
                }
            }
        }
    })
}

/// A hit. The whole text of it is foreign.
fn hit_card(
    words: Words,
    hit: &Hit,
    query: &str,
    known: &Known,
    renditions: &[(DocumentId, MediaType)],
) -> Markup {
    let address = address(hit, query);
    let kind = hit.media_type.kind().as_str();
    html! {
        article.hit {
            @if known.pictured.contains(&hit.id) {
                a.thumb href=(address) tabindex="-1" aria-hidden="true" {
                    img src=(format!("/v1/documents/{}/preview", hit.id)) alt="" loading="lazy";
                }
            }
            div {
                h2 { a href=(address) { bdi { (name(&hit.title)) } } }
                p.path { bdi { (name(&hit.path)) } }
                @if !hit.snippet.text.is_empty() {
                    p.snippet {
                        @if let Some(place) = place(words, &hit.locator) { a.place href=(address) { (place) } " " }
                        (highlighted(&hit.snippet))
                    }
                }
                ul.facts {
                    li { (words.kind(kind)) }
                    li { (Shown::new(format(hit.media_type.as_str()))) }
                    li { (words.agency(hit.agency.as_str())) }
                    @if let Some(date) = hit.date { li { time datetime=(date) { (day(date)) } } }
                    li { (size(hit.size)) }
                    @if !renditions.is_empty() {
                        li { a href=(format!("/documents/{}{}#renditions", hit.id, query_string(&[("q", query)]))) { (more(words, renditions)) } }
                    }
                    @if known.doubtful.contains(&hit.id) {
                        li.warn title=(words.say("문자 인식이 잘못되었을 수 있습니다.", "Words in pictures were probably read badly.")) {
                            (words.say("잘못 인식된 듯함", "probably read badly"))
                        }
                    }
                    @if hit.outcome != Outcome::Ok {
                        li.warn title=(hit.outcome.sentence(words.0)) { (words.outcome(hit.outcome.as_str())) }
                    }
                }
            }
        }
    }
}

/// How many more documents say the same, and of which formats they are.
fn more(words: Words, renditions: &[(DocumentId, MediaType)]) -> String {
    let formats: BTreeSet<&str> = renditions.iter().map(|(_, it)| format(it.as_str())).collect();
    let formats = formats.into_iter().collect::<Vec<_>>().join(", ");
    let all = renditions.len();
    match words.0 {
        Locale::Korean => format!("같은 글 {all}건 더 ({formats})"),
        Locale::English if all == 1 => format!("1 more rendition ({formats})"),
        Locale::English => format!("{all} more renditions ({formats})"),
    }
}

/// The filters that are on, each with a link that takes it away.
fn chosen(words: Words, parameters: &Parameters) -> Markup {
    let mut on = Vec::new();
    for (name, facet) in FACETS {
        for value in parameters.list(name) {
            on.push((
                facet_value(words, facet, value).to_owned(),
                without(parameters, name, value),
            ));
        }
    }
    for value in parameters.list("reason") {
        on.push((words.reason(value).to_owned(), without(parameters, "reason", value)));
    }
    for value in parameters.list(works::PARAMETER) {
        if let Some(standing) = Standing::parse(value) {
            let name = standing_name(words, standing).to_owned();
            on.push((name, without(parameters, works::PARAMETER, value)));
        }
    }
    html! {
        @if !on.is_empty() {
            ul.chosen {
                @for (name, link) in on {
                    li { a href=(link) aria-label=(Shown::new(&format!("{} {name}", words.say("빼기:", "Remove")))) {
                        (Shown::new(&name)) span aria-hidden="true" { " ×" }
                    } }
                }
            }
        }
    }
}

fn facet_list(
    words: Words,
    parameters: &Parameters,
    facet: Facet,
    values: &[(String, u64)],
) -> Markup {
    let name = match facet {
        Facet::Agency => words.say("기관", "Agency"),
        Facet::Kind => words.say("종류", "Kind"),
        Facet::MediaType => words.say("형식", "Format"),
        Facet::Language => words.say("언어", "Language"),
        Facet::Outcome => words.say("읽은 결과", "Outcome"),
        Facet::Pipeline => words.say("수집 폴더", "Pipeline"),
        Facet::Year => words.say("연도", "Year"),
    };
    html! {
        @if !values.is_empty() {
            section {
                h2 { (name) }
                ul {
                    @for (value, n) in values.iter().take(12) {
                        li { a href=(narrowed(parameters, facet, value)) {
                            span { bdi { (Shown::new(facet_value(words, facet, value))) } }
                            " " span.count { (count(*n)) }
                        } }
                    }
                }
            }
        }
    }
}

/// What whoever waited long enough is told.
fn sought(words: Words) -> &'static str {
    words.say(
        "찾고 있습니다. 잠시 뒤에 다시 여세요.",
        "They are looked for. Open the page again in a moment.",
    )
}

/// How many hits stand alone, and how many do not.
fn standing_list(
    words: Words,
    parameters: &Parameters,
    (answer, wanted): (&Answer, Wanted),
    some: Option<Compared>,
) -> Markup {
    let counts = answer.standings.as_ref().map(|standings| standings.counts(wanted));
    let counts = counts.unwrap_or_default();
    html! {
        @if answer.is_sought || !counts.is_empty() {
            section {
                h2 { (words.say("같은 글·파일", "Copies and renditions")) }
                @if answer.is_sought { p.faint { (sought(words)) } }
                @if let Some(some) = some { p.faint { (among(words, some)) } }
                ul {
                    @for (value, n) in counts {
                        @if let Some(standing) = Standing::parse(value) {
                            li { a href=(standing_so(parameters, standing)) {
                                span { (standing_name(words, standing)) }
                                " " span.count { (count(n)) }
                            } }
                        }
                    }
                }
            }
        }
    }
}

fn standing_name(words: Words, standing: Standing) -> &'static str {
    match standing {
        Standing::One => words.say("하나뿐인 문서", "Stands alone"),
        Standing::Several => words.say("같은 것이 더 있는 문서", "Has copies or renditions"),
    }
}

/// Among how many hits they were looked for, where that are not all.
fn among(words: Words, compared: Compared) -> String {
    let Compared { hits, of } = compared;
    match words.0 {
        Locale::Korean => format!("{}건 가운데 앞의 {}건만 살폈습니다.", count(of), count(hits)),
        Locale::English => format!("Among the first {} of {} alone.", count(hits), count(of)),
    }
}

/// The address of this search, narrowed to hits that stand so.
fn standing_so(parameters: &Parameters, standing: Standing) -> String {
    let mut said = parameters.list(works::PARAMETER);
    said.retain(|word| Standing::parse(word).is_none());
    said.push(standing.as_str());
    link(parameters, &[(works::PARAMETER, Some(&said.join(","))), ("after", None)])
}

/// What is said of renditions, and that each document is a hit.
fn all_shown(parameters: &Parameters) -> String {
    let mut said = parameters.list(works::PARAMETER);
    said.retain(|word| *word != works::FOLD);
    said.push(works::ALL);
    said.join(",")
}

fn facet_value(words: Words, facet: Facet, value: &str) -> &str {
    match facet {
        Facet::Kind => words.kind(value),
        Facet::Outcome => words.outcome(value),
        Facet::Language => words.language(value),
        Facet::Agency => words.agency(value),
        Facet::MediaType => format(value),
        Facet::Pipeline | Facet::Year => value,
    }
}

/// The address of this search, narrowed to a value of a facet. A year is a span of dates.
fn narrowed(parameters: &Parameters, facet: Facet, value: &str) -> String {
    if facet == Facet::Year {
        let after = value.parse::<u16>().map(|year| (year + 1).to_string()).unwrap_or_default();
        return link(parameters, &[("from", Some(value)), ("to", Some(&after)), ("after", None)]);
    }
    link(parameters, &[(facet_word(facet), Some(value)), ("after", None)])
}

fn without(parameters: &Parameters, name: &str, value: &str) -> String {
    let mut rest = parameters.list(name);
    rest.retain(|other| *other != value);
    link(parameters, &[(name, Some(&rest.join(","))), ("after", None)])
}

/// The address of this search with some parameters replaced.
fn link(parameters: &Parameters, changes: &[(&str, Option<&str>)]) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    for name in PARAMETERS {
        let value = match changes.iter().find(|(changed, _)| changed == name) {
            Some((_, value)) => value.unwrap_or_default().to_owned(),
            None if matches!(*name, "q" | "path" | "from" | "to" | "sort" | "limit" | "after") => {
                parameters.one(name).ok().flatten().unwrap_or_default().to_owned()
            }
            None => parameters.list(name).join(","),
        };
        pairs.push((name, value));
    }
    let pairs: Vec<(&str, &str)> = pairs.iter().map(|(n, v)| (*n, v.as_str())).collect();
    format!("/{}", query_string(&pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_the_search_and_change_one_thing() {
        let uri = "/?q=%EC%95%88&kind=video&kind=table&after=x".parse().unwrap();
        let parameters = Parameters::read(&uri, PARAMETERS).unwrap();
        assert_eq!(without(&parameters, "kind", "video"), "/?q=%EC%95%88&kind=table");
        assert_eq!(
            narrowed(&parameters, Facet::Year, "2026"),
            "/?q=%EC%95%88&kind=video%2Ctable&from=2026&to=2027"
        );
        let uri = "/?renditions=all,one&after=x".parse().unwrap();
        let parameters = Parameters::read(&uri, PARAMETERS).unwrap();
        assert_eq!(standing_so(&parameters, Standing::Several), "/?renditions=all%2Cseveral");
        assert_eq!(without(&parameters, works::PARAMETER, "one"), "/?renditions=all");
    }
}
