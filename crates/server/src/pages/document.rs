use std::collections::HashSet;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;
use madang_document::content::{Origin, Segment, WarningKind};
use madang_document::document::Document;
use madang_document::id::DocumentId;
use madang_document::locale::Locale;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::shown::Shown;
use madang_document::sidecar::{self, Described, spellings};
use maud::{Markup, html};

use crate::address::{percent, query_string};
use crate::caller::{Caller, Manner};
use crate::count::count;
use crate::document_answer::{MemberAnswer, members};
use crate::documents::{Found, found, withdrawn};
use crate::pages::layout::Layout;
use crate::pages::passage::{ShownText, place};
use crate::pages::property::{Property, Said, properties};
use crate::pages::remark::reason;
use crate::pages::unread;
use crate::pages::versions::{self, Compared};
use crate::pages::words::{Words, day, format, minute, name, size, whole_name};
use crate::parameters::Parameters;
use crate::preview::is_shown;
use crate::problem::Problem;
use crate::sentence::Sentence;
use crate::server::Server;
use crate::texts::segments;
use crate::versions::{History, compared, glances};

/// What the page can be asked with: a place to show, or the number of the first segment; two versions to compare.
pub(crate) const PARAMETERS: &[&str] = &["at", "part", "from", "to"];

/// Segments on one page, and bytes of text: what a browser on a phone still scrolls.
const SEGMENTS: usize = 2000;
const BYTES: usize = 1 << 20;
/// Characters of a warning.
const WARNING: usize = 600;
/// Members shown.
const MEMBERS: u32 = 500;

/// `GET /documents/{id}`
pub(crate) async fn page(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Extension(manner): Extension<Manner>,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let words = Words(manner.locale);
    let parameters = Parameters::read(&uri, PARAMETERS)?;
    let stored = match found(&server, &caller, &id).await? {
        Found::Read(stored) => *stored,
        Found::Withdrawn(id) => return Err(withdrawn(&server, &caller, id).await?),
        Found::Unread(receipt) => {
            let here = uri.path_and_query().map_or("/", |here| here.as_str());
            return Ok(unread::page(&caller, manner, here, &receipt));
        }
    };
    let glances = glances(&server, &stored).await?;
    let history = match asks_to_compare(&parameters)? {
        true => Some(History::of(&server, stored.clone()).await?),
        false => None,
    };
    let compared = match &history {
        Some(history) => compare(&server, history, &parameters).await?,
        None => None,
    };
    let document = stored.document;
    let opened = server.ledger.members(document.id, MEMBERS).await?.readable();
    let members = members(&document, &opened);
    let named = named(&server, &document).await?;
    let text = segments(&server, &document).await;
    let first = match parameters.one("at")? {
        Some(at) => text.as_deref().map_or(0, |text| start_of(text, at)),
        None => parameters.number("part", 0, 0..=u32::MAX.into())? as usize,
    };
    let main = html! {
        article.document {
            header {
                @if let Some(parent) = document.parent {
                    p.faint { a href=(format!("/documents/{parent}")) { "↑ " (words.say("바깥 문서", "Containing document")) } }
                }
                h1 { bdi { (name(&document.title())) } }
                p.path { bdi { (whole_name(&document.path())) } }
                (outcome(words, &document))
                (actions(words, &document))
            }
            div.columns {
                div.text {
                    (whom(words, &document, &named))
                    @if !document.is_sidecar() && !members.is_empty() { (member_list(words, &members)) }
                    (versions::section(words, &glances, compared.as_ref()))
                    h2 { (words.say("본문", "Text")) }
                    @match &text {
                        Ok(text) if text.is_empty() => p.faint { (words.say("글자가 없습니다.", "There is no text.")) },
                        Ok(text) => (passages(words, &document, text, first)),
                        Err(problem) => p.alert role="alert" { (Shown::new(problem.detail.say(words.0))) },
                    }
                }
                aside.facts-panel aria-label=(words.say("속성", "Properties")) {
                    @if is_shown(&server, &document) {
                        img.preview src=(format!("/v1/documents/{}/preview", document.id)) alt=(words.say("미리보기", "Preview"));
                    }
                    (facts(words, &document))
                }
            }
        }
    };
    let title = name(&document.title());
    let layout = Layout {
        locale: manner.locale,
        title: &title,
        here: uri.path_and_query().map_or("/", |here| here.as_str()),
        principal: Some(&caller.principal),
        script: Some("preview.js"),
    };
    Ok(layout.page(main))
}

fn asks_to_compare(parameters: &Parameters) -> Result<bool, Problem> {
    Ok(parameters.one("from")?.is_some() || parameters.one("to")?.is_some())
}

/// What two versions differ in, if the page is asked for that. One that is not there is told where it would stand: the
/// document is shown all the same.
async fn compare<'a>(
    server: &Server,
    history: &'a History,
    parameters: &Parameters,
) -> Result<Option<Result<Compared<'a>, Problem>>, Problem> {
    let (from, to) = match history.chosen(parameters) {
        Ok(chosen) => chosen,
        Err(problem) => return Ok(Some(Err(problem))),
    };
    let (Some(before), Some(after)) = (history.document(from), history.document(to)) else {
        return Ok(None);
    };
    let comparison = compared(server, history, from, to).await;
    Ok(Some(comparison.map(|comparison| Compared { comparison, before, after })))
}

fn outcome(words: Words, document: &Document) -> Markup {
    let told = Sentence::told(document);
    let good = matches!(told, Outcome::Ok | Outcome::Empty);
    html! {
        p class=(if good { "outcome" } else { "outcome warn" }) {
            strong { (words.outcome(told.as_str())) } " — "
            (Sentence::of_document(document).say(words.0))
        }
        @if let Some(why) = &document.reason { div.faint { (reason(words, why)) } }
        @if !document.warnings.is_empty() {
            details {
                summary { (words.say("알려 드릴 것", "Warnings")) " " (document.warnings.len()) }
                ul {
                    @for warning in document.warnings.iter().take(200) {
                        li {
                            @match warning.kind {
                                WarningKind::Note => {},
                                WarningKind::Lost => strong { (words.say("잃음: ", "lost: ")) },
                                WarningKind::Cut => strong { (words.say("잘림: ", "cut: ")) },
                            }
                            (warning_text(words, &warning.reason))
                        }
                    }
                }
            }
        }
    }
}

/// A warning in the language of the page, or marked as English where there are only English words.
fn warning_text(words: Words, reason: &Reason) -> Markup {
    let text = Shown::new(&reason.text(words.0)).within(WARNING);
    let english = reason.is_said() && words.0 != Locale::English;
    html! { span lang=[english.then_some("en")] { (text) } }
}

fn actions(words: Words, document: &Document) -> Markup {
    let container = DocumentId::new(&document.object.store, &document.object.path, None);
    // What could not be taken out of its container when it was read cannot be taken out to be downloaded.
    let can_be_had = document.inner.is_none() || document.sha256.is_some();
    html! {
        ul.actions {
            @if can_be_had {
                li {
                    a.button href=(format!("/v1/documents/{}/original", document.id)) download {
                        (words.say("원본 내려받기", "Download the original"))
                    }
                }
            }
            @if document.inner.is_some() {
                li {
                    a.button[!can_be_had] href=(format!("/v1/documents/{container}/original")) download {
                        (words.say("바깥 파일 내려받기", "Download the containing file"))
                    }
                }
            }
            @if !document.is_sidecar() {
                li { a href=(format!("/v1/catalog/entries/{}", document.id)) { (words.say("목록 항목 (DCAT)", "Catalogue entry (DCAT)")) } }
            }
            li { a href=(format!("/v1/documents/{}", document.id)) { "JSON" } }
        }
    }
}

/// A file that a document describes, if it is there.
struct Named {
    path: String,
    id: Option<DocumentId>,
}

/// The files that the document describes by their paths. What is not there has no page, and no link.
async fn named(server: &Server, document: &Document) -> Result<Vec<Named>, Problem> {
    let by = sidecar::described(&document.object.path).filter(|_| document.is_sidecar());
    let paths: Vec<String> = match by {
        None | Some(Described::Stem(_)) => return Ok(Vec::new()),
        Some(Described::File(path)) => vec![path],
        Some(Described::Folder(folder)) => {
            let rows = document.members.iter().take(MEMBERS as usize);
            rows.map(|row| format!("{folder}{}", row.path)).collect()
        }
    };
    let store = &document.object.store;
    let spelled: Vec<String> = paths.iter().flat_map(|path| spellings(path)).collect();
    let spelled: Vec<(&str, &str)> =
        spelled.iter().map(|path| (store.as_str(), path.as_str())).collect();
    let there = server.ledger.current(&spelled).await?;
    let there: HashSet<String> = there.into_iter().map(|object| object.path).collect();
    let named = |path: String| {
        let spelled = spellings(&path).into_iter().find(|path| there.contains(path));
        Named { id: spelled.map(|path| DocumentId::new(store, &path, None)), path }
    };
    Ok(paths.into_iter().map(named).collect())
}

/// Whom the document describes, if it is to be found under others.
fn whom(words: Words, document: &Document, named: &[Named]) -> Markup {
    let by = sidecar::described(&document.object.path).filter(|_| document.is_sidecar());
    html! {
        @if let Some(by) = by {
            h2 { (words.say("설명하는 파일", "What it describes")) }
            @match &by {
                Described::Stem(path) => p {
                    (words.say("이 이름의 모든 파일: ", "Every file of this name: ")) bdi { (whole_name(path)) }
                },
                Described::File(_) | Described::Folder(_) => ul.members {
                    @for Named { path, id } in named {
                        li {
                            @match id {
                                Some(id) => a href=(format!("/documents/{id}")) { bdi { (whole_name(path)) } },
                                None => {
                                    bdi { (whole_name(path)) } " "
                                    span.faint { (words.say("여기 없음", "not here")) }
                                },
                            }
                        }
                    }
                },
            }
        }
    }
}

fn member_list(words: Words, members: &[MemberAnswer]) -> Markup {
    html! {
        h2 { (words.say("들어 있는 파일", "Files inside")) " " span.count { (members.len()) } }
        ul.members {
            @for member in members.iter().take(MEMBERS as usize) {
                li {
                    @match &member.id {
                        Some(id) => a href=(format!("/documents/{id}")) { bdi { (name(&member.path)) } },
                        None => bdi { (name(&member.path)) },
                    }
                    " "
                    @if let Some(bytes) = member.size { span.faint { (size(bytes)) } " " }
                    @if let Some(outcome) = member.outcome.filter(|outcome| *outcome != "ok") {
                        span.warn { (words.outcome(outcome)) }
                    }
                }
            }
        }
    }
}

/// The text from segment `first` on, each place with an anchor that the fragment of a hit names.
fn passages(words: Words, document: &Document, text: &[Segment], first: usize) -> Markup {
    let mut bytes = 0;
    let part: Vec<&Segment> = text
        .iter()
        .skip(first)
        .take(SEGMENTS)
        .take_while(|segment| {
            let room = bytes < BYTES;
            bytes += segment.text.len();
            room
        })
        .collect();
    let next = first.saturating_add(part.len());
    let part_link = |n: usize| {
        format!("/documents/{}{}", document.id, query_string(&[("part", &n.to_string())]))
    };
    let mut former: Option<String> = None;
    html! {
        @if first > 0 {
            p.pager { a href=(part_link(first.saturating_sub(SEGMENTS))) { "← " (words.say("앞부분", "Before")) } }
        }
        @for segment in part {
            @let fragment = segment.locator.fragment();
            @let new = fragment.is_some() && fragment != former;
            @let () = if new { former.clone_from(&fragment) };
            div.passage id=[fragment.as_ref().filter(|_| new)] {
                @if let (true, Some(place)) = (new, place(words, &segment.locator)) {
                    a.place href=(format!("#{}", percent(fragment.as_deref().unwrap_or_default(), b"=,!:"))) { (place) }
                }
                @if segment.origin != Origin::Native { " " span.origin { (origin(words, segment)) } }
                p { (ShownText::new(&segment.text)) }
            }
        }
        @if next < text.len() {
            p.pager {
                a href=(part_link(next)) rel="next" { (words.say("이어서", "Go on")) " →" }
                " " span.faint { (count(next as u64)) " / " (count(text.len() as u64)) }
            }
        }
    }
}

fn origin(words: Words, segment: &Segment) -> String {
    let who = match segment.origin {
        Origin::Native => "",
        Origin::Ocr => words.say("문자 인식", "text recognition"),
        Origin::Speech => words.say("음성 인식", "speech recognition"),
        Origin::Subtitle => words.say("자막", "subtitle"),
    };
    match segment.confidence {
        Some(sure) => format!("{who} {:.0}%", sure.clamp(0.0, 1.0) * 100.0),
        None => who.to_owned(),
    }
}

/// The segment that stands at the place of a fragment, or the first.
fn start_of(text: &[Segment], at: &str) -> usize {
    let found = text.iter().position(|segment| segment.locator.fragment().is_some_and(|f| f == at));
    // From the start where that shows the place too: then the text before it can be read without a click.
    found.filter(|n| *n >= SEGMENTS / 2).unwrap_or(0)
}

fn facts(words: Words, document: &Document) -> Markup {
    let media_type = document.media_type.as_str();
    let language = document.language.as_deref().map(|code| words.language(code));
    html! {
        dl {
            dt { (words.say("종류", "Kind")) }
            dd { (words.kind(document.media_type.kind().as_str())) " · " (Shown::new(format(media_type))) }
            @if let Some(bytes) = document.size { dt { (words.say("크기", "Size")) } dd { (size(bytes)) } }
            @if let Some(moment) = document.object_modified {
                dt { (words.say("저장소에서 바뀐 날", "Changed in the store")) }
                dd { time datetime=(moment) title=(minute(moment)) { (day(moment)) } }
            }
            dt { (words.say("기관", "Agency")) } dd { (words.agency(document.agency.as_str())) }
            dt { (words.say("수집 폴더", "Pipeline")) } dd { bdi { (Shown::new(&document.pipeline)) } }
            @if let Some(language) = language { dt { (words.say("언어", "Language")) } dd { (Shown::new(language)) } }
            dt { (words.say("글자 수", "Characters")) } dd { (count(document.characters)) }
            @if let Some(sha256) = &document.sha256 { dt { "SHA-256" } dd.hash { (sha256) } }
            dt { (words.say("읽은 형식", "Read by")) }
            dd { (Shown::new(&words.reader(&document.provenance.format, document.provenance.format_version))) }
            @for Property { name, said } in properties(words, &document.metadata) {
                dt { (Shown::new(&name)) }
                @for Said { value, part } in said {
                    dd {
                        bdi { (Shown::new(&value)) }
                        @if let Some(part) = part { " " small.faint.part { bdi { (Shown::new(&part)) } } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use madang_document::locator::Locator;

    #[test]
    fn a_far_place_is_where_the_part_begins() {
        let text: Vec<Segment> = (1..=5000)
            .map(|number| Segment {
                text: "가".into(),
                locator: Locator::Paragraph { number },
                origin: Origin::Native,
                confidence: None,
            })
            .collect();
        assert_eq!(start_of(&text, "paragraph=4000"), 3999);
        assert_eq!(start_of(&text, "paragraph=10"), 0);
        assert_eq!(start_of(&text, "page=1"), 0);
    }
}
