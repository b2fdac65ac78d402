//! Films and sound with the text that is spoken or shown in them.

use std::ops::Range;

use madang_document::content::{Origin, Segment};
use madang_document::document::Document;
use madang_document::locale::Locale;
use madang_document::locator::Locator;
use madang_document::media_type::Kind;
use madang_document::outcome::Outcome;
use madang_document::shown::Shown;
use maud::{Markup, html};

use crate::address::query_string;
use crate::here::Here;
use crate::pages::hits::Hits;
use crate::pages::passage::{origin, place};
use crate::pages::words::{Words, name};
use crate::playable::{Playable, Player};

/// What the player shows under a film.
#[derive(Clone, Copy)]
pub(crate) struct Captions<'a> {
    /// Whose they are asked for: the film, or subtitles of it.
    pub(crate) of: &'a Document,
    /// Where they come from.
    pub(crate) origin: Origin,
}

/// The player, begun at a moment in milliseconds, with the captions that there are. Without a script the address of the film
/// says the moment.
pub(crate) fn player(
    words: Words,
    document: &Document,
    playable: Playable,
    (has_poster, captions): (bool, Option<Captions<'_>>),
    start: u64,
) -> Markup {
    let address = format!("/v1/documents/{}/media", document.id);
    let source = match start {
        0 => address,
        ms => format!("{address}#t={}.{:03}", ms / 1000, ms % 1000),
    };
    let poster = has_poster.then(|| format!("/v1/documents/{}/preview", document.id));
    let title = name(&document.title());
    html! {
        section.player aria-label=(words.say("재생", "Player")) {
            @match playable.player {
                // A poster would hide the moment that was asked for.
                Player::Video => video #media controls preload="metadata" playsinline src=(source) poster=[poster.filter(|_| start == 0)] aria-label=(title) {
                    @if let Some(Captions { of, origin }) = captions {
                        // Until somebody wants them the player loads none.
                        track kind="captions" src=(format!("/v1/documents/{}/captions", of.id)) srclang=[of.language.as_deref()] label=(captioned(words, origin));
                    }
                    (unplayed(words))
                },
                Player::Audio => audio #media controls preload="metadata" src=(source) aria-label=(title) { (unplayed(words)) },
            }
            p.alert #unplayed hidden role="status" { (unplayed(words)) }
        }
    }
}

/// The way from a recording to the subtitles beside it, and back. Blank where there is neither.
pub(crate) fn partner_links(words: Words, here: &Here<'_>, partners: &[Document]) -> Markup {
    let asked = query_string(&[("q", here.query)]);
    html! {
        @if !partners.is_empty() {
            p.partners {
                @for (n, partner) in partners.iter().enumerate() {
                    @if n > 0 { " · " }
                    @let called = match partner.media_type.kind() {
                        Kind::Video => words.say("영상: ", "Film: "),
                        Kind::Audio => words.say("소리: ", "Sound: "),
                        _ => words.say("자막: ", "Subtitles: "),
                    };
                    (called)
                    a href=(format!("/documents/{}{asked}", partner.id)) { bdi { (name(file_name(partner))) } }
                }
            }
        }
    }
}

/// The name of a file or member, without folders.
fn file_name(document: &Document) -> &str {
    match &document.inner {
        Some(inner) => inner.name(),
        None => document.object.name(),
    }
}

/// What the player calls captions.
fn captioned(words: Words, origin: Origin) -> &'static str {
    match origin {
        Origin::Speech => words.say("자동으로 받아쓴 글", "Automatic transcript"),
        _ => words.say("자막", "Subtitles"),
    }
}

fn unplayed(words: Words) -> &'static str {
    words.say(
        "이 브라우저는 이 영상이나 소리를 재생하지 못합니다. 원본을 내려받아 여세요.",
        "This browser cannot play it. Download the original to open it.",
    )
}

/// Why a film or sound is not played here.
pub(crate) fn not_played(words: Words, document: &Document) -> Markup {
    // What is damaged says so above, and is played nowhere.
    if document.outcome == Outcome::Corrupt {
        return Markup::default();
    }
    html! {
        p.notice-line {
            (words.say(
                "이 형식은 브라우저에서 재생할 수 없습니다. 원본을 내려받아 여세요.",
                "Browsers cannot play this format. Download the original to open it.",
            ))
        }
    }
}

/// What a list of texts with times is called by where they come from: what is mixed by no more than that.
fn heading(words: Words, mut origins: impl Iterator<Item = Origin>) -> &'static str {
    let mixed = words.say("시간별 글", "Text by time");
    let Some(first) = origins.next() else { return mixed };
    if origins.any(|origin| origin != first) {
        return mixed;
    }
    match first {
        Origin::Speech => words.say("말소리 받아쓰기", "Transcript"),
        Origin::Subtitle => words.say("자막", "Subtitles"),
        Origin::Ocr => words.say("화면 글자", "Words on the screen"),
        // Of a film that is the list of its chapters: nothing else in it has words and times of its own.
        Origin::Native => words.say("장 목록", "Chapters"),
    }
}

/// What is said and shown, each with its moment; a press on one goes there. Segments without a moment are left out.
pub(crate) fn transcript(
    words: Words,
    here: &Here<'_>,
    hits: &Hits,
    text: &[Segment],
    window: Range<usize>,
) -> Markup {
    let timed = |n: &usize| {
        text.get(*n).is_some_and(|segment| matches!(segment.locator, Locator::Time { .. }))
    };
    let rows: Vec<usize> = window.filter(timed).collect();
    let by_machine = |origin: Origin| {
        rows.iter().any(|n| text.get(*n).is_some_and(|segment| segment.origin == origin))
    };
    let mut origins = rows.iter().filter_map(|n| text.get(*n)).map(|it| it.origin);
    let title = heading(words, origins.clone());
    // Where the heading says so, not every line does; of what a machine read each has its own doubt.
    let are_written = origins.all(|origin| origin == Origin::Subtitle);
    html! {
        section.panel.transcript-panel aria-label=(words.say("시각이 붙은 글", "Text with its times")) {
            h2 { (title) " " span.count { (rows.len()) } }
            div.transcript role="group" tabindex="0" aria-label=(words.say("시각이 붙은 글", "Text with its times")) {
                @for n in &rows {
                    @if let Some(segment) = text.get(*n) && let Locator::Time { start_ms, .. } = segment.locator {
                        @let fragment = segment.locator.fragment().unwrap_or_default();
                        // Nothing here is scrolled to: it is the film that is to be seen.
                        a href=(here.with(&[("at", &fragment)], None))
                            data-ms=(start_ms) aria-current=[(hits.segment() == Some(*n)).then_some("true")] {
                            span.at { (place(words, &segment.locator).unwrap_or_else(|| Shown::new(""))) }
                            " "
                            span {
                                (hits.numbered(&segment.text, *n))
                                @if segment.origin != Origin::Native && !are_written { " " small.origin { (origin(words, segment)) } }
                            }
                        }
                    }
                }
                @if rows.is_empty() {
                    p.faint { (words.say("받아쓴 글이나 자막이 없습니다.", "There is no transcript and no subtitle.")) }
                }
            }
            @if by_machine(Origin::Speech) {
                p.faint { (match words.0 {
                    Locale::Korean => "말소리는 자동으로 받아쓴 글이라 틀린 곳이 있을 수 있습니다.",
                    Locale::English => "Speech was written down automatically and may be wrong in places.",
                }) }
            }
            @if by_machine(Origin::Ocr) {
                p.faint { (words.say(
                    "화면 글자는 자동으로 읽은 것이라 틀린 곳이 있을 수 있습니다.",
                    "Words on the screen were read automatically and may be wrong in places.",
                )) }
            }
        }
    }
}
