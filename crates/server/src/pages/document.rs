use std::collections::HashSet;
use std::ops::Range;
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
use madang_document::sidecar::{self, Described, spellings};
use maud::{Markup, html};

use crate::address::query_string;
use crate::caller::{Caller, Manner};
use crate::captions::{self, with_subtitles};
use crate::count::count;
use crate::document_answer::{MemberAnswer, members};
use crate::documents::{Found, found, withdrawn};
use crate::gallery::Picture;
use crate::here::{Here, anchor};
use crate::page_picture::{self, pages};
use crate::pages::caution::{cautions, findings};
use crate::pages::frames::{frames, moment_at};
use crate::pages::grid::Grid;
use crate::pages::hits::{Hits, segment_at};
use crate::pages::layout::Layout;
use crate::pages::leaf::{Leaf, view_name};
use crate::pages::passage::{origin, place};
use crate::pages::player;
use crate::pages::property::{Property, Said, parted};
use crate::pages::remark::reason;
use crate::pages::renditions::Renditions;
use crate::pages::unread;
use crate::pages::versions::{self, Compared};
use crate::pages::words::{Words, day, format, minute, name, size, whole_name};
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
    let named = named(&server, &document).await?;
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
            Ok(Opened::of(in_time(text), &parameters).await?)
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
            div.viewer.with-hits[!hits.is_empty()] {
                div.viewer-main {
                    (whom(words, &document, &named))
                    (player::partner_links(words, &here, &partners))
                    @match &shown {
                        Ok(shown) => (body(words, &document, &here, shown, (leaf.as_ref(), has_picture, played))),
                        Err(problem) => p.alert role="alert" { (Shown::new(problem.detail.say(words.0))) },
                    }
                    @if !document.is_sidecar() && !members.is_empty() { (member_list(words, &here, &members)) }
                    (renditions.section(words, query))
                    (versions::section(words, &glances, compared.as_ref()))
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

/// The text of a document and what of it is shown.
struct Opened {
    text: Arc<[Segment]>,
    hits: Hits,
    /// The segment that is to be seen; none where nobody asked for one.
    place: Option<usize>,
    /// The page that was asked for.
    asked: Option<u32>,
    /// The moment that was asked for, in milliseconds, where nothing is said or written.
    moment: Option<u64>,
}

impl Opened {
    /// What is asked for: the place of a number, the first at or behind a place, or one in a part.
    async fn of(text: Vec<Segment>, parameters: &Parameters) -> Result<Opened, Problem> {
        let text: Arc<[Segment]> = text.into();
        let mut hits = match parameters.one("q")? {
            None => Hits::default(),
            Some(query) => {
                let (text, query) = (Arc::clone(&text), query.to_owned());
                // Of a long text that takes a while.
                let found = tokio::task::spawn_blocking(move || Hits::find(&text, &query)).await;
                found.map_err(|error| Problem::internal(&error))?
            }
        };
        let asked = match parameters.one("page")? {
            None => None,
            Some(_) => u32::try_from(parameters.number("page", 1, 1..=u32::MAX.into())?).ok(),
        };
        let wanted = parameters.one("at")?;
        let at = wanted.and_then(|at| segment_at(&text, at));
        let moment = wanted.filter(|_| at.is_none()).and_then(moment_at);
        let of_page = asked.and_then(|number| segment_at(&text, &format!("page={number}")));
        let at = at.or(of_page);
        let part = match parameters.one("part")? {
            None => None,
            Some(_) => Some(parameters.number("part", 0, 0..=u32::MAX.into())? as usize),
        };
        let number = parameters.number("hit", 0, 0..=u32::MAX.into())? as usize;
        match number {
            0 => hits.go_near(at.or(part).unwrap_or(0)),
            number => hits.go_to(number),
        }
        // Who turns the leaves sees the leaf, wherever the next place is.
        let is_led = part.is_none() && asked.is_none();
        let of_hit = hits.segment().filter(|_| is_led || number > 0);
        let segment = match number {
            0 => at.or(of_hit).or(part),
            _ => of_hit,
        };
        Ok(Opened {
            text,
            hits,
            place: segment,
            asked: asked.filter(|_| number == 0),
            moment: moment.filter(|_| number == 0),
        })
    }

    /// The segment that is to be seen, the first where nobody asked for one.
    fn segment(&self) -> usize {
        self.place.unwrap_or(0)
    }

    /// The page that is to be seen.
    fn page(&self) -> u32 {
        let of_segment = self.text.get(self.segment()).and_then(|segment| match segment.locator {
            Locator::Page { number, .. } => Some(number),
            _ => None,
        });
        self.asked.or(of_segment).unwrap_or(1)
    }
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

/// What has times in their order, behind what has none: what is said, seen and listed of a film comes from several readers.
fn in_time(mut text: Vec<Segment>) -> Vec<Segment> {
    text.sort_by_key(|segment| match segment.locator {
        Locator::Time { start_ms, .. } => Some(start_ms),
        _ => None,
    });
    text
}

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

/// Which segments are shown.
type IsShown<'a> = &'a dyn Fn(&Segment) -> bool;

/// A place: its fragment, and the segments that stand there with their numbers.
type Place<'a> = (Option<String>, Vec<(usize, &'a Segment)>);

/// A part of the text, each place with an anchor that the fragment of a hit names. Pages are sheets of paper.
fn passages(
    words: Words,
    here: &Here<'_>,
    hits: &Hits,
    text: &[Segment],
    (part, is_shown): (Range<usize>, IsShown<'_>),
) -> Markup {
    let link = |n: usize| here.with(&[("part", &n.to_string())], None);
    let rows = part.clone().filter_map(|n| Some((n, text.get(n)?)));
    let mut places: Vec<Place<'_>> = Vec::new();
    for (n, segment) in rows.filter(|(_, segment)| is_shown(segment)) {
        let fragment = segment.locator.fragment();
        match places.last_mut() {
            Some((former, segments)) if *former == fragment && fragment.is_some() => {
                segments.push((n, segment));
            }
            _ => places.push((fragment, vec![(n, segment)])),
        }
    }
    let is_sheet =
        |segment: &Segment| matches!(segment.locator, Locator::Page { .. } | Locator::Slide { .. });
    html! {
        @if part.start > 0 {
            p.pager { a href=(link(part.start - 1)) { "← " (words.say("앞부분", "Before")) } }
        }
        @for (fragment, segments) in &places {
            @if let Some((_, first)) = segments.first() {
                div class=(if is_sheet(first) { "passage sheet" } else { "passage" }) id=[fragment.as_ref()] {
                    @if let (Some(fragment), Some(place)) = (fragment, place(words, &first.locator)) {
                        a.place href=(format!("#{}", anchor(fragment))) { (place) }
                    }
                    @for (n, segment) in segments {
                        @if segment.origin != Origin::Native { " " span.origin { (origin(words, segment)) } }
                        p { (hits.marked(&segment.text, *n, 0..segment.text.len())) }
                    }
                }
            }
        }
        @if part.end < text.len() {
            p.pager {
                a href=(link(part.end)) rel="next" { (words.say("이어서", "Go on")) " →" }
                " " span.faint { (count(part.end as u64)) " / " (count(text.len() as u64)) }
            }
        }
    }
}

/// The parts in which a long text is shown: each from one segment to another. Where a part begins does not depend on what
/// is asked for, so that places near each other stand on one page.
fn parts(text: &[Segment]) -> Vec<Range<usize>> {
    let mut parts: Vec<Range<usize>> = Vec::new();
    let mut bytes = 0;
    for (n, segment) in text.iter().enumerate() {
        match parts.last_mut() {
            Some(part) if part.len() < SEGMENTS && bytes < BYTES => part.end = n + 1,
            _ => {
                parts.push(n..n + 1);
                bytes = 0;
            }
        }
        bytes += segment.text.len();
    }
    parts
}

/// The part in which a segment stands.
fn part_of(parts: &[Range<usize>], segment: usize) -> Range<usize> {
    let part = parts.partition_point(|part| part.end <= segment);
    parts.get(part).or(parts.last()).cloned().unwrap_or(0..0)
}

/// Properties that are shown at once; rarer ones are folded.
const PROPERTIES: usize = 8;

fn facts(words: Words, document: &Document) -> Markup {
    let media_type = document.media_type.as_str();
    let language = document.language.as_deref().map(|code| words.language(code));
    let (first, rest) = parted(words, &document.metadata, PROPERTIES);
    html! {
        h2 { (words.say("정보", "About")) }
        dl {
            dt { (words.say("종류", "Kind")) }
            dd { (words.kind(document.media_type.kind().as_str())) " · " (Shown::new(format(media_type))) }
            @if let Some(bytes) = document.size { dt { (words.say("크기", "Size")) } dd { (size(bytes)) } }
            dt { (words.say("경로", "Path")) } dd.path { bdi { (whole_name(&document.path())) } }
            dt { (words.say("기관", "Agency")) } dd { (words.agency(document.agency.as_str())) }
            (stated(first))
            @if let Some(language) = language { dt { (words.say("언어", "Language")) } dd { (Shown::new(language)) } }
        }
        details {
            summary { (words.say("자세한 속성", "More properties")) }
            dl {
                (stated(rest))
                @if let Some(moment) = document.object_modified {
                    dt { (words.say("저장소에서 바뀐 날", "Changed in the store")) }
                    dd { time datetime=(moment) title=(minute(moment)) { (day(moment)) } }
                }
                dt { (words.say("수집 폴더", "Pipeline")) } dd { bdi { (Shown::new(&document.pipeline)) } }
                dt { (words.say("글자 수", "Characters")) } dd { (count(document.characters)) }
                @if let Some(sha256) = &document.sha256 { dt { "SHA-256" } dd.hash { (sha256) } }
                dt { (words.say("읽은 형식", "Read by")) }
                dd { (Shown::new(&words.reader(&document.provenance.format, document.provenance.format_version))) }
            }
        }
    }
}

/// What is said of a document, each with the part that says so.
fn stated(properties: Vec<Property>) -> Markup {
    html! {
        @for Property { name, said } in properties {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_shown_in_parts_that_do_not_move() {
        let segment = |number, text: &str| Segment {
            text: text.into(),
            locator: Locator::Paragraph { number },
            origin: Origin::Native,
            confidence: None,
        };
        let text: Vec<Segment> = (1..=5000).map(|number| segment(number, "가")).collect();
        let shown = parts(&text);
        assert_eq!(shown, [0..2000, 2000..4000, 4000..5000]);
        assert_eq!(part_of(&shown, 3999), 2000..4000);
        assert_eq!(part_of(&shown, 9999), 4000..5000);
        let large = "가".repeat(BYTES / 3);
        let text: Vec<Segment> = (1..=5).map(|number| segment(number, &large)).collect();
        assert_eq!(parts(&text), [0..2, 2..4, 4..5]);
        assert_eq!(part_of(&parts(&[]), 7), 0..0);
    }
}
