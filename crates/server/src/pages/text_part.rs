//! A long text is shown in parts, of which a page has one.

use std::ops::Range;

use madang_document::content::{Origin, Segment};
use madang_document::locator::Locator;
use maud::{Markup, html};

use crate::count::count;
use crate::here::{Here, anchor};
use crate::pages::hits::Hits;
use crate::pages::passage::{origin, place};
use crate::pages::words::Words;

/// Segments on one page, and bytes of text: what a browser on a phone still scrolls.
const SEGMENTS: usize = 2000;
const BYTES: usize = 1 << 20;

/// The parts in which a long text is shown: each from one segment to another. Where a part begins does not depend on what
/// is asked for, so that places near each other stand on one page.
pub(crate) fn parts(text: &[Segment]) -> Vec<Range<usize>> {
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
pub(crate) fn part_of(parts: &[Range<usize>], segment: usize) -> Range<usize> {
    let part = parts.partition_point(|part| part.end <= segment);
    parts.get(part).or(parts.last()).cloned().unwrap_or(0..0)
}

/// Which segments are shown.
pub(crate) type IsShown<'a> = &'a dyn Fn(&Segment) -> bool;

/// A place: its fragment, and the segments that stand there with their numbers.
type Place<'a> = (Option<String>, Vec<(usize, &'a Segment)>);

/// A part of the text, each place with an anchor that the fragment of a hit names. Pages are sheets of paper.
pub(crate) fn passages(
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
            words: Vec::new(),
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
