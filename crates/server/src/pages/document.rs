use std::sync::Arc;
use std::time::Duration;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Uri, header};
use axum::response::Response;
use madang_document::content::{Origin, Segment, WarningKind};
use madang_document::document::Document;
use madang_document::headway::Headway;
use madang_document::id::DocumentId;
use madang_document::locale::Locale;
use madang_document::locator::Locator;
use madang_document::outcome::Outcome;
use madang_document::reason::Reason;
use madang_document::shown::Shown;
use maud::{Markup, html};

use crate::address::query_string;
use crate::caller::{Caller, Manner};
use crate::captions::{self, with_subtitles};
use crate::document_answer::{MemberAnswer, members};
use crate::documents::{Found, found, withdrawn};
use crate::gallery::Picture;
use crate::here::Here;
use crate::page_picture::{self, pages};
use crate::pages::caution::{cautions, findings};
use crate::pages::described::{named, whom};
use crate::pages::facts::facts;
use crate::pages::frames::frames;
use crate::pages::grid::Grid;
use crate::pages::hits::Hits;
use crate::pages::layout::Layout;
use crate::pages::leaf::{Leaf, view_name};
use crate::pages::opened::Opened;
use crate::pages::passage::origin;
use crate::pages::player;
use crate::pages::remark::reason;
use crate::pages::renditions::Renditions;
use crate::pages::text_part::{part_of, parts, passages};
use crate::pages::unread;
use crate::pages::versions::{self, Compared};
use crate::pages::words::{Words, name, size};
use crate::parameters::Parameters;
use crate::partners::{is_recording, is_subtitles, partners};
use crate::playable::Playable;
use crate::policy;
use crate::preview::{is_shown, seen};
use crate::problem::Problem;
use crate::recognition::headway_in;
use crate::sentence::{Sentence, awaits_recognition, why};
use crate::server::Server;
use crate::texts::segments;
use crate::versions::{History, compared, glances};

/// What the page can be asked with: words to mark and the number of one of their places; a place to show, or a page, or a
/// segment; how to show it; two versions to compare.
pub(crate) const PARAMETERS: &[&str] = &["q", "hit", "at", "page", "part", "view", "from", "to"];

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
        Found::Withdrawn(gone) => return Err(withdrawn(&server, &caller, &gone.document).await?),
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
    let findings = findings(&server, &caller, &stored.document).await?;
    let renditions = Renditions::of(&server, &caller, &stored).await?;
    let document = stored.document;
    let headway = headway_in(&server, &document, &caller.principal.agencies).await?;
    let opened = server.ledger.members(document.id, MEMBERS).await?.readable();
    let members = members(&document, &opened);
    let named = named(&server, &document, MEMBERS as usize).await?;
    let query = parameters.one("q")?.unwrap_or_default();
    let view = parameters.one("view")?.unwrap_or_default();
    let here = Here { id: document.id, query, view };
    let partners = partners(&server, &caller, &document).await?;
    let shown = match segments(&server, &document).await {
        Ok(text) => {
            let text = match is_recording(&document) {
                true => with_subtitles(&server, text, &partners).await,
                false => text,
            };
            Ok(Opened::of(text, &parameters).await?)
        }
        Err(problem) => Err(problem),
    };
    let leaf = match (&shown, pages(&document)) {
        (Ok(shown), Some(pages)) if view != "text" => {
            let number = shown.page().clamp(1, pages);
            // What is stored shows the first page.
            let is_stored = number == 1 && is_shown(&server, &document);
            let picture = page_seen(&server, &caller, &document, (number, is_stored), words).await;
            Some(Leaf { number, pages, picture, is_stored })
        }
        _ => None,
    };
    let no_hits = Hits::default();
    let hits = shown.as_ref().map_or(&no_hits, |shown| &shown.hits);
    let has_picture = is_shown(&server, &document);
    let title = name(&document.title());
    // Subtitles are read beside what they were written for, where that can be played.
    let played = match is_recording(&document) {
        true => Playable::of(&document).map(|playable| (&document, playable)),
        false => partners.iter().find_map(|film| Some((film, Playable::of(film)?))),
    };
    let played = played.map(|(film, playable)| (film, playable, is_shown(&server, film)));
    let main = html! {
        article.document {
            (head(words, &document, &here, hits))
            // What was not read whole is said first; what was, beside it.
            @if !is_whole(&document) { (outcome(words, &document, headway)) }
            (cautions(words, &document, &findings))
            div.viewer {
                div.viewer-main {
                    (whom(words, &document, &named))
                    (player::partner_links(words, &here, &partners))
                    @match &shown {
                        Ok(shown) => (body(words, &document, &here, shown, (leaf.as_ref(), has_picture, played))),
                        Err(problem) => p.alert role="alert" { (Shown::new(problem.detail.say(words.0))) },
                    }
                    @if !document.is_sidecar() && !members.is_empty() { (member_list(words, &here, &members)) }
                }
                aside.viewer-side aria-label=(words.say("찾은 곳과 속성", "Matches and properties")) {
                    @if let Ok(shown) = &shown { (beside(words, &here, shown)) }
                    section.panel.facts-panel {
                        @if is_whole(&document) { (outcome(words, &document, headway)) }
                        @if has_picture && leaf.is_none() && !is_recording(&document) {
                            img.preview src=(format!("/v1/documents/{}/preview", document.id)) alt=(words.say("미리보기", "Preview"));
                        }
                        (facts(words, &document))
                        (links(words, &document))
                    }
                }
                // On a phone what was looked for stands before what else there is of it.
                div.viewer-more {
                    (renditions.section(words, query))
                    (versions::section(words, &glances, compared.as_ref()))
                }
            }
            (keys(words, !hits.is_empty(), leaf.as_ref()))
        }
    };
    let layout = Layout {
        locale: manner.locale,
        title: &title,
        here: uri.path_and_query().map_or("/", |here| here.as_str()),
        principal: Some(&caller.principal),
        scripts: match awaits_recognition(&document) {
            true => &["preview.js", "viewer.js", "recognition.js"],
            false => &["preview.js", "viewer.js"],
        },
    };
    let mut page = layout.page(main);
    // Films and sound of this server are played on this page, and on no other.
    let policy = HeaderValue::from_static(policy::PAGE_WITH_MEDIA);
    page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    Ok(page)
}

/// How long the page waits for a picture of itself; whoever asks again finds it made.
const PATIENCE: Duration = Duration::from_secs(8);

/// A picture of a page, or one sentence that says why there is none.
async fn page_seen(
    server: &Arc<Server>,
    caller: &Caller,
    document: &Document,
    (number, is_stored): (u32, bool),
    words: Words,
) -> Result<Picture, String> {
    let none = match is_stored {
        true => words.say(
            "이 형식은 그림으로 바꿀 수 없어 파일에 담긴 미리보기를 보여 드립니다. 원본보다 작을 수 있습니다.",
            "No picture can be made of this format. The preview that is stored in the file is shown, which may be smaller.",
        ),
        false => words.say(
            "이 쪽은 그림으로 보여 드릴 수 없어 글자만 보여 드립니다.",
            "No picture can be made of this page. Its text is shown.",
        ),
    };
    let seen = seen(server, caller, document, page_picture::page(number, 1));
    match tokio::time::timeout(PATIENCE, seen).await {
        Ok(Ok(picture)) => picture.ok_or_else(|| none.to_owned()),
        Ok(Err(problem)) => Err(problem.detail.say(words.0).to_owned()),
        Err(_) => Err(words
            .say(
                "쪽 그림을 만드는 데 시간이 걸립니다. 잠시 뒤에 다시 여세요.",
                "Making a picture of the page takes a while. Open it again in a moment.",
            )
            .to_owned()),
    }
}

/// What stays in sight: the way back, the title, the way from match to match, the original.
fn head(words: Words, document: &Document, here: &Here<'_>, hits: &Hits) -> Markup {
    let back = match here.query {
        "" => words.say("검색", "Search").to_owned(),
        query => match words.0 {
            Locale::Korean => format!("‘{query}’ 검색 결과"),
            Locale::English => format!("Results for ‘{query}’"),
        },
    };
    html! {
        header.viewer-head {
            div.viewer-title {
                p.ways {
                    a #back href=(format!("/{}", query_string(&[("q", here.query)]))) { "← " bdi { (Shown::new(&back).within(60)) } }
                    @if let Some(parent) = document.parent {
                        a #parent href=(format!("/documents/{parent}{}", query_string(&[("q", here.query)]))) { "↑ " (words.say("바깥 문서", "Containing document")) }
                    }
                }
                h1 { bdi { (name(&document.title())) } }
            }
            (hits.navigation(words, here))
            div.acts {
                @if can_be_had(document) {
                    a.button href=(format!("/v1/documents/{}/original", document.id)) download { (words.say("원본 내려받기", "Download the original")) }
                } @else {
                    (container_link(words, document))
                }
                button.quiet.wide-only type="button" popovertarget="keys" aria-label=(words.say("단축키", "Keys")) { "?" }
            }
        }
    }
}

/// What is played on a page, how, and whether there is a picture of it.
type Played<'a> = (&'a Document, Playable, bool);

/// The document itself, shown as what it is.
fn body(
    words: Words,
    document: &Document,
    here: &Here<'_>,
    shown: &Opened,
    (leaf, has_picture, played): (Option<&Leaf>, bool, Option<Played<'_>>),
) -> Markup {
    let (text, hits) = (&*shown.text, &shown.hits);
    let part = part_of(&parts(text), shown.segment());
    let rest = |is_shown: &dyn Fn(&Segment) -> bool| {
        passages(words, here, hits, text, (part.clone(), is_shown))
    };
    let is_timed = |segment: &Segment| matches!(segment.locator, Locator::Time { .. });
    let is_cell = |segment: &Segment| matches!(segment.locator, Locator::Cell { .. });
    let none = || {
        let told = match awaits_recognition(document) {
            true => words.say(
                "글자를 아직 인식하지 않았습니다. 인식이 끝나면 여기에 나옵니다.",
                "Its text is not recognised yet. It stands here once it is.",
            ),
            false => words.say("글자가 없습니다.", "There is no text."),
        };
        html! { p.faint { (told) } }
    };
    if is_recording(document) || played.is_some() {
        let of_place = match shown.place.and_then(|n| text.get(n)).map(|segment| &segment.locator) {
            Some(Locator::Time { start_ms, .. }) => *start_ms,
            _ => 0,
        };
        let start = shown.moment.unwrap_or(of_place);
        let origin = match is_subtitles(document) {
            true => Some(Origin::Subtitle),
            false => captions::spoken(text),
        };
        let captions = origin.map(|origin| player::Captions { of: document, origin });
        return html! {
            @match played {
                Some((film, playable, has_poster)) => (player::player(words, film, playable, (has_poster, captions), start)),
                None => {
                    @if has_picture { img.poster src=(format!("/v1/documents/{}/preview", document.id)) alt=(words.say("미리보기", "Preview")); }
                    (player::not_played(words, document))
                },
            }
            (frames(words, document, here, text, (played.is_some(), start)))
            @if text.iter().any(|segment| !is_timed(segment)) {
                h2 { (words.say("본문", "Text")) }
                (rest(&|segment| !is_timed(segment)))
            }
        };
    }
    if let Some(leaf) = leaf {
        let (picture, opens) = leaf.view(words, document, here, hits, text);
        let on_it: Vec<(usize, &Segment)> =
            text.iter().enumerate().filter(|(_, segment)| leaf.holds(segment)).collect();
        let has_hits = on_it.iter().any(|(n, _)| hits.marks_of(*n).next().is_some());
        let is_elsewhere = |segment: &Segment| !matches!(segment.locator, Locator::Page { .. });
        return html! {
            section.leaf-panel aria-label=(words.say("쪽", "Page")) {
                (leaf.tools(words, document, here))
                (picture)
            }
            @if !on_it.is_empty() {
                details.leaf-text open[leaf.picture.is_err() || (has_hits && !opens)] {
                    summary { @if leaf.pages > 1 { (words.say("이 쪽의 글", "Text of this page")) } @else { (words.say("담긴 글", "Text in it")) } }
                    div.sheet {
                        @for (n, segment) in on_it {
                            @if segment.origin != Origin::Native { span.origin { (origin(words, segment)) } }
                            p {
                                @match opens {
                                    true => (hits.glanced(&segment.text, n, 0..segment.text.len())),
                                    false => (hits.marked(&segment.text, n, 0..segment.text.len())),
                                }
                            }
                        }
                    }
                }
            } @else if text.is_empty() { (none()) }
            @if leaf.pages > 1 && text.iter().any(is_elsewhere) {
                h2 { (words.say("그 밖의 글", "Other text")) }
                (rest(&is_elsewhere))
            }
        };
    }
    html! {
        @if document.media_type.as_str() == "application/pdf" || here.view == "text" {
            div.viewer-tools {
                nav.views aria-label=(words.say("보기", "View")) {
                    a href=(here.with(&[("view", ""), ("page", &shown.page().to_string())], None)) { (view_name(words, document)) }
                    a href=(here.with(&[], None)) aria-current="true" { (words.say("글자만", "Text")) }
                }
            }
        }
        @if text.is_empty() {
            h2 { (words.say("본문", "Text")) }
            (none())
        } @else if let Some(grid) = Grid::of(text) {
            (grid.window(words, here, hits, shown.segment()))
            @if text.iter().any(|segment| !is_cell(segment)) {
                h2 { (words.say("그 밖의 글", "Other text")) }
                (rest(&|segment| !is_cell(segment)))
            }
        } @else {
            h2 { (words.say("본문", "Text")) }
            (rest(&|_| true))
        }
    }
}

/// What stands beside the document: the transcript, the matches, the row.
fn beside(words: Words, here: &Here<'_>, shown: &Opened) -> Markup {
    let (text, hits) = (&*shown.text, &shown.hits);
    let is_timed = text.iter().any(|segment| matches!(segment.locator, Locator::Time { .. }));
    html! {
        @if is_timed {
            (player::transcript(words, here, hits, text, part_of(&parts(text), shown.segment())))
        } @else if !hits.is_empty() {
            (hits.list(words, here, text))
        }
        @if let Some(grid) = Grid::of(text) { (grid.now_row(words, hits)) }
    }
}

/// The keys of the page.
fn keys(words: Words, has_hits: bool, leaf: Option<&Leaf>) -> Markup {
    let has_leaves = leaf.is_some_and(|leaf| leaf.pages > 1);
    let keys = [
        (has_hits, "n", "p", words.say("다음, 앞의 찾은 곳", "Next, previous match")),
        (has_leaves, "[", "]", words.say("앞 쪽, 다음 쪽", "Page before, next page")),
        (leaf.is_some(), "t", "", words.say("그림과 글자 사이를 오가기", "Picture or text")),
        (true, "u", "", words.say("검색 결과로", "Back to the results")),
        (true, "/", "", words.say("검색", "Search")),
        (
            true,
            "k",
            "← →",
            words.say("재생·멈춤, 5초 앞뒤로", "Play or pause, 5 seconds back or on"),
        ),
        (true, "?", "", words.say("이 목록", "This list")),
        (true, "Esc", "", words.say("닫기", "Close")),
    ];
    html! {
        div #keys .question popover {
            h2 { (words.say("단축키", "Keys")) }
            dl.keys {
                @for (is_there, one, other, does) in keys {
                    @if is_there {
                        dt { kbd { (one) } @if !other.is_empty() { " " kbd { (other) } } }
                        dd { (does) }
                    }
                }
            }
            div.line { button type="button" popovertarget="keys" popovertargetaction="hide" { (words.say("닫기", "Close")) } }
        }
    }
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

/// Whether nothing of a document is missing, and nothing is to be said of it.
fn is_whole(document: &Document) -> bool {
    Sentence::told(document) == Outcome::Ok && document.warnings.is_empty()
}

/// How reading it ended, or how far it has come: `headway` of what is recognised just now.
fn outcome(words: Words, document: &Document, headway: Option<Headway>) -> Markup {
    let told = Sentence::told(document);
    let good = matches!(told, Outcome::Ok | Outcome::Empty);
    let awaits = awaits_recognition(document);
    let label = match (awaits && good, headway) {
        (true, Some(_)) => words.say("인식 중", "being recognised"),
        (true, None) => words.say("인식 대기", "recognition waits"),
        (false, _) => words.outcome(told.as_str()),
    };
    html! {
        p id=[awaits.then_some("recognition")] class=(if good { "outcome" } else { "outcome warn" }) role=[awaits.then_some("status")] {
            strong { (label) } " — "
            (Sentence::of_document_now(document, headway).say(words.0))
        }
        @if let Some(why) = why(document) { div.faint { (reason(words, why)) } }
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

/// What could not be taken out of its container when it was read cannot be taken out to be downloaded.
fn can_be_had(document: &Document) -> bool {
    document.inner.is_none() || document.sha256.is_some()
}

/// The file around a document, to be downloaded.
fn container_link(words: Words, document: &Document) -> Markup {
    let container = DocumentId::new(&document.object.store, &document.object.path, None);
    html! {
        a.button[!can_be_had(document)] href=(format!("/v1/documents/{container}/original")) download {
            (words.say("바깥 파일 내려받기", "Download the containing file"))
        }
    }
}

fn links(words: Words, document: &Document) -> Markup {
    html! {
        ul.actions {
            @if document.inner.is_some() && can_be_had(document) { li { (container_link(words, document)) } }
            @if !document.is_sidecar() {
                li { a href=(format!("/v1/catalog/entries/{}", document.id)) { (words.say("목록 항목 (DCAT)", "Catalogue entry (DCAT)")) } }
            }
            li { a href=(format!("/v1/documents/{}", document.id)) { "JSON" } }
        }
    }
}

fn member_list(words: Words, here: &Here<'_>, members: &[MemberAnswer]) -> Markup {
    html! {
        h2 { (words.say("들어 있는 파일", "Files inside")) " " span.count { (members.len()) } }
        ul.members {
            @for member in members.iter().take(MEMBERS as usize) {
                li {
                    @match &member.id {
                        Some(id) => a href=(format!("/documents/{id}{}", query_string(&[("q", here.query)]))) { bdi { (name(&member.path)) } },
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
