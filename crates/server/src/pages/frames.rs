//! The strip of frames under a film: each leads to its moment.

use madang_document::content::{Origin, Segment};
use madang_document::document::Document;
use madang_document::locator::Locator;
use madang_document::shown::Shown;
use maud::{Markup, html};

use crate::here::Here;
use crate::pages::words::Words;

/// Characters of what is seen in a frame.
const WORDS: usize = 24;

/// The frames that were kept of a film, in the order of their moments. Where the film is played a press goes to the moment,
/// and without a script the page is loaded there; where it is not, the frame is opened. Blank if no frames were kept.
pub(crate) fn frames(
    words: Words,
    document: &Document,
    here: &Here<'_>,
    text: &[Segment],
    (is_played, start): (bool, u64),
) -> Markup {
    // As they are asked for by number, counted from 1, the sheet of all of them among them.
    let frames: Vec<(usize, u64, String)> = (1..)
        .zip(&document.previews)
        .filter_map(|(number, preview)| match preview.locator {
            Locator::Time { start_ms, .. } => Some((number, start_ms, preview.locator.fragment()?)),
            _ => None,
        })
        .collect();
    // What is seen at the start is the frame before it.
    let now = frames.iter().rposition(|(_, ms, _)| *ms <= start).filter(|_| start > 0);
    let is_here = |n: usize| (now == Some(n)).then_some("true");
    let label = words.say("장면", "Frames");
    html! {
        @if !frames.is_empty() {
            div.frames role="group" tabindex="0" aria-label=(label) {
                @for (n, (number, ms, fragment)) in frames.iter().enumerate() {
                    @let picture = format!("/v1/documents/{}/preview?number={number}", document.id);
                    @let address = match is_played {
                        true => here.with(&[("at", fragment)], None),
                        false => picture.clone(),
                    };
                    a href=(address) data-ms=(ms) aria-current=[is_here(n)] {
                        img src=(picture) alt="" loading="lazy" decoding="async";
                        b { (Shown::new(&moment(words, *ms))) }
                        @if let Some(seen) = seen_at(text, *ms) { " " span { (Shown::new(seen).within(WORDS)) } }
                    }
                }
            }
        }
    }
}

fn moment(words: Words, ms: u64) -> String {
    Locator::Time { start_ms: ms, end_ms: ms }.words(words.0).unwrap_or_default()
}

/// The words that were recognised in the frame of a moment.
fn seen_at(text: &[Segment], ms: u64) -> Option<&str> {
    let is_seen = |segment: &&Segment| {
        segment.origin == Origin::Ocr
            && matches!(segment.locator, Locator::Time { start_ms, .. } if start_ms == ms)
    };
    text.iter().find(is_seen).map(|segment| segment.text.as_str())
}

/// The moment that a fragment names, in milliseconds, as in `t=12.5,14`; none of one that names anything else.
pub(crate) fn moment_at(fragment: &str) -> Option<u64> {
    let times = fragment.strip_prefix("t=")?;
    let start: f64 = times.split(',').next()?.parse().ok()?;
    // A day of film is more than anybody looks at, and all larger numbers are the end of it.
    (start.is_finite() && start >= 0.0).then(|| (start.min(1e9) * 1000.0).round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_names_a_moment() {
        for (fragment, ms) in [
            ("t=12.5,14", Some(12_500)),
            ("t=7", Some(7000)),
            ("t=0.1", Some(100)),
            ("t=1e300", Some(1_000_000_000_000)),
            ("t=-1", None),
            ("t=NaN", None),
            ("t=inf", None),
            ("t=", None),
            ("page=3", None),
        ] {
            assert_eq!(moment_at(fragment), ms, "{fragment}");
        }
    }
}
