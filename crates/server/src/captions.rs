//! What is spoken in a film, or shown under it, as captions for the player of a page (WebVTT): by what stands in the film, or in
//! subtitles beside it.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use madang_document::clock_time::ClockTime;
use madang_document::content::{Origin, Segment};
use madang_document::document::Document;
use madang_document::locator::Locator;

use crate::caller::Caller;
use crate::documents::visible;
use crate::partners::{is_subtitles, partners};
use crate::playable::{Playable, Player};
use crate::policy::SANDBOX;
use crate::problem::Problem;
use crate::server::Server;
use crate::texts::segments;

/// Milliseconds that a line stays of which nobody knows when it ends.
const STAYS: u64 = 3000;

/// `GET /v1/documents/{id}/captions`: made by us of the segments with times, whatever was in the film, or in the subtitles.
pub(crate) async fn captions(
    State(server): State<Arc<Server>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let none = || Problem::not_found("자막", "captions");
    let document = visible(&server, &caller, &id).await?.document;
    let is_film = Playable::of(&document).is_some_and(|it| it.player == Player::Video);
    let text = match is_subtitles(&document) {
        true => cues(segments(&server, &document).await?),
        false if is_film => {
            let text = segments(&server, &document).await?;
            let beside = partners(&server, &caller, &document).await?;
            with_subtitles(&server, text, &beside).await
        }
        false => return Err(none()),
    };
    let origin = spoken(&text).ok_or_else(none)?;
    // Of a long film that is a lot to write.
    let made = tokio::task::spawn_blocking(move || webvtt(&text, origin)).await;
    let headers = [
        (header::CONTENT_TYPE, "text/vtt; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, SANDBOX),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, made.map_err(|error| Problem::internal(&error))?).into_response())
}

/// Where the captions of a text come from: from subtitles, else from what was heard; none if it has neither. Both at once
/// would say everything twice.
pub(crate) fn spoken(text: &[Segment]) -> Option<Origin> {
    let has = |origin| {
        text.iter().any(|it| it.origin == origin && matches!(it.locator, Locator::Time { .. }))
    };
    [Origin::Subtitle, Origin::Speech].into_iter().find(|origin| has(*origin))
}

/// The text of a recording with that of subtitles beside it, where it has no subtitles of its own: people wrote those, while
/// what is heard may be wrong. Subtitles that cannot be read now are passed over.
pub(crate) async fn with_subtitles(
    server: &Server,
    mut text: Vec<Segment>,
    beside: &[Document],
) -> Vec<Segment> {
    if spoken(&text) == Some(Origin::Subtitle) {
        return text;
    }
    for document in beside.iter().filter(|document| is_subtitles(document)) {
        let Ok(read) = segments(server, document).await else { continue };
        let cues = cues(read);
        if !cues.is_empty() {
            text.extend(cues);
            break;
        }
    }
    text
}

/// What stands in a file with subtitles at a time.
fn cues(text: Vec<Segment>) -> Vec<Segment> {
    let timed = text.into_iter().filter(|it| matches!(it.locator, Locator::Time { .. }));
    timed.map(|segment| Segment { origin: Origin::Subtitle, ..segment }).collect()
}

/// The segments of an origin that have times, as cues in the order of their beginnings.
fn webvtt(text: &[Segment], origin: Origin) -> String {
    let cue = |segment: &Segment| match segment.locator {
        Locator::Time { start_ms, end_ms } if segment.origin == origin => {
            let shown = cue_text(&segment.text);
            let end = if end_ms > start_ms { end_ms } else { start_ms.saturating_add(STAYS) };
            (!shown.is_empty()).then_some((start_ms, end, shown))
        }
        _ => None,
    };
    let mut cues: Vec<(u64, u64, String)> = text.iter().filter_map(cue).collect();
    cues.sort_by_key(|(start, ..)| *start);
    let mut made = String::from("WEBVTT\n");
    for (start, end, shown) in cues {
        let [start, end] = [start, end].map(|ms| ClockTime::of_ms(ms).exact());
        // Writing to a string does not fail.
        let _ = write!(made, "\n{start} --> {end}\n{shown}\n");
    }
    made
}

/// A text as the payload of a cue (WebVTT, 4.2.2): no tag, no reference, no arrow and no blank line, which would end it.
fn cue_text(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if !shown.is_empty() {
            shown.push('\n');
        }
        for c in line.chars() {
            match c {
                '&' => shown.push_str("&amp;"),
                '<' => shown.push_str("&lt;"),
                '>' => shown.push_str("&gt;"),
                // A carriage return ends a line there, too.
                c if c.is_control() => shown.push(' '),
                c => shown.push(c),
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(origin: Origin, start_ms: u64, end_ms: u64, text: &str) -> Segment {
        let locator = Locator::Time { start_ms, end_ms };
        Segment { text: text.into(), locator, origin, confidence: None, words: Vec::new() }
    }

    #[test]
    fn nothing_in_a_film_gets_out_of_its_cue() {
        let text = [
            segment(Origin::Subtitle, 3_723_004, 3_724_000, "<c>침수</c> & --> 끝"),
            segment(Origin::Subtitle, 1000, 1000, "하나\r\n\r\n00:00 --> 99:00\rNOTE\u{85}x"),
            segment(Origin::Subtitle, 2000, 3000, " \n "),
            segment(Origin::Speech, 1000, 2000, "twice"),
            segment(Origin::Ocr, 1000, 2000, "on a sign"),
        ];
        assert_eq!(spoken(&text), Some(Origin::Subtitle));
        assert_eq!(
            webvtt(&text, Origin::Subtitle),
            "WEBVTT\n\n00:00:01.000 --> 00:00:04.000\n하나\n00:00 --&gt; 99:00 NOTE x\n\n\
             01:02:03.004 --> 01:02:04.000\n&lt;c&gt;침수&lt;/c&gt; &amp; --&gt; 끝\n"
        );
        assert_eq!(spoken(&text[3..]), Some(Origin::Speech));
        assert_eq!(spoken(&text[4..]), None);
    }
}
