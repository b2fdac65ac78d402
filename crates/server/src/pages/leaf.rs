//! A page of a document as a picture, with the places of the words on it.

use std::collections::BTreeMap;

use madang_document::content::Segment;
use madang_document::document::Document;
use madang_document::locator::{Bounds, Locator};
use madang_document::media_type::Kind;
use madang_document::metadata;
use madang_document::shown::Shown;
use madang_index::marker::Marker;
use maud::{Markup, html};

use crate::count::count;
use crate::gallery::Picture;
use crate::here::Here;
use crate::page_picture::pages;
use crate::pages::hits::Hits;
use crate::pages::words::{Words, name};

/// A page that is looked at.
#[derive(Debug)]
pub(crate) struct Leaf {
    /// Which, counted from 1.
    pub(crate) number: u32,
    /// How many there are.
    pub(crate) pages: u32,
    /// What is seen; or one sentence that says why nothing is.
    pub(crate) picture: Result<Picture, String>,
    /// Whether a picture that the file stores of itself is shown where there is no other.
    pub(crate) is_stored: bool,
}

/// A place on a page.
#[derive(Debug, PartialEq)]
struct Spot {
    bounds: Bounds,
    /// The number of the place, and whether it is the one that is shown; none where that is not known.
    place: Option<(usize, bool)>,
}

impl Leaf {
    /// Whether a segment stands on it.
    pub(crate) fn holds(&self, segment: &Segment) -> bool {
        match segment.locator {
            Locator::Page { number, .. } => number == self.number,
            // A picture is one page, and what is said of it stands on that.
            _ => self.pages == 1,
        }
    }

    /// The way to the other pages, and to the text without pictures.
    pub(crate) fn tools(&self, words: Words, document: &Document, here: &Here<'_>) -> Markup {
        let link = |number: u32| here.with(&[("page", &number.to_string())], None);
        html! {
            div.viewer-tools {
                @if self.pages > 1 {
                    nav.leaves aria-label=(words.say("쪽", "Pages")) {
                        @if self.number > 1 {
                            a rel="prev" href=(link(self.number - 1)) aria-label=(words.say("앞 쪽", "Page before")) { "←" }
                        }
                        span { b { (count(self.number.into())) } " / " (count(self.pages.into())) (words.say("쪽", "")) }
                        @if self.number < self.pages {
                            a rel="next" href=(link(self.number + 1)) aria-label=(words.say("다음 쪽", "Next page")) { "→" }
                        }
                    }
                }
                @if self.picture.is_ok() {
                    a.enlarge href=(format!("/v1/documents/{}/page/{}?zoom=2", document.id, self.number)) target="_blank" { (enlarge(words)) }
                }
                nav.views aria-label=(words.say("보기", "View")) {
                    a href=(here.with(&[("view", ""), ("page", &self.number.to_string())], None)) aria-current="true" { (view_name(words, document)) }
                    a href=(here.with(&[("view", "text"), ("at", &format!("page={}", self.number))], Some(&format!("page={}", self.number)))) { (words.say("글자만", "Text")) }
                }
            }
        }
    }

    /// The picture with its places. Whether any of them can be opened is told, too.
    pub(crate) fn view(
        &self,
        words: Words,
        document: &Document,
        here: &Here<'_>,
        hits: &Hits,
        text: &[Segment],
    ) -> (Markup, bool) {
        let picture = match &self.picture {
            Ok(picture) => picture,
            Err(why) => {
                let stored = format!("/v1/documents/{}/preview", document.id);
                let leaf = html! {
                    p.notice-line { (Shown::new(why)) }
                    @if self.is_stored {
                        div.desk { div.leaf.stored {
                            a.whole href=(stored) target="_blank" title=(enlarge(words)) {
                                img src=(stored) alt=(words.say("파일에 담긴 미리보기", "Preview stored in the file"));
                            }
                        } }
                    }
                };
                return (leaf, false);
            }
        };
        let (width, height) = picture.points.or_else(|| sides(document)).unwrap_or((0.0, 0.0));
        let spots = self.spots(here.query, hits, text, &picture.words);
        let opens = spots.iter().any(|spot| spot.place.is_some());
        let address = format!("/v1/documents/{}/page/{}", document.id, self.number);
        let larger = format!("{address} 1x, {address}?zoom=2 2x");
        let said = match self.pages {
            1 => name(&document.title()).to_string(),
            _ => format!("{} {}", words.say("쪽", "Page"), self.number),
        };
        let side = |length: f32| (length > 0.0).then(|| format!("{length:.0}"));
        let mut opened = 0;
        let leaf = html! {
            div.desk {
                div.leaf {
                    a.whole href=(format!("{address}?zoom=2")) target="_blank" title=(enlarge(words)) {
                        img src=(address) srcset=(larger) width=[side(width)] height=[side(height)] alt=(Shown::new(&said));
                    }
                    @if width > 0.0 && !spots.is_empty() {
                        svg viewBox=(format!("0 0 {width:.2} {height:.2}")) preserveAspectRatio="none" aria-hidden="true" {
                            @for Spot { bounds, place } in &spots {
                                @let number = place.map_or(0, |(number, _)| number);
                                @let is_first = number > opened;
                                @let () = opened = opened.max(number);
                                rect class=(if place.is_some_and(|(_, is_now)| is_now) { "spot now" } else { "spot" })
                                    id=[is_first.then(|| format!("hit-{number}"))]
                                    x=(format!("{:.2}", bounds.left)) y=(format!("{:.2}", bounds.top))
                                    width=(format!("{:.2}", (bounds.right - bounds.left).max(0.0)))
                                    height=(format!("{:.2}", (bounds.bottom - bounds.top).max(0.0))) rx="2" {}
                            }
                        }
                    }
                }
            }
        };
        (leaf, opens && width > 0.0)
    }

    /// Where the marks of the search stand on the page: by the bounds of what was recognised there, and of the words that
    /// came with the picture.
    fn spots(&self, query: &str, hits: &Hits, text: &[Segment], shown: &[Segment]) -> Vec<Spot> {
        let mut spots = Vec::new();
        // The places of what was found in text without bounds, in order.
        let mut unplaced: BTreeMap<usize, (usize, bool)> = BTreeMap::new();
        let here = text.iter().enumerate().filter(|(_, segment)| self.holds(segment));
        for (n, segment) in here {
            for (mark, number, is_now) in hits.marks_of(n) {
                let place = Some((number, is_now));
                match bounds_of(segment) {
                    Some(bounds) => {
                        let mut found: Vec<Bounds> =
                            of_words(segment, mark.start, mark.end).collect();
                        if found.is_empty() {
                            found.push(within(bounds, &segment.text, mark.start, mark.end));
                        }
                        spots.extend(found.into_iter().map(|bounds| Spot { bounds, place }));
                    }
                    None => {
                        unplaced.insert(mark.found, (number, is_now));
                    }
                }
            }
        }
        let Ok(marker) = Marker::of(query) else { return spots };
        let marks = match unplaced.is_empty() {
            true => Vec::new(),
            false => marker.marks(shown.iter().map(|word| word.text.as_str())),
        };
        // The text says what stands there in the order of reading, the picture in that of drawing. Where both have as many,
        // they are the same.
        let all = marks.last().map_or(0, |last| last.found + 1);
        let places: Vec<(usize, bool)> = match all == unplaced.len() {
            true => unplaced.into_values().collect(),
            false => Vec::new(),
        };
        for mark in marks {
            let word = shown.get(mark.piece);
            if let Some((word, bounds)) = word.and_then(|word| Some((word, bounds_of(word)?))) {
                let bounds = within(bounds, &word.text, mark.start, mark.end);
                spots.push(Spot { bounds, place: places.get(mark.found).copied() });
            }
        }
        spots
    }
}

/// What opens a picture by itself, as large as there is one.
fn enlarge(words: Words) -> &'static str {
    words.say("크게 보기", "Full size")
}

/// What it is called to look at a document, and not at its text alone: a photograph has no pages.
pub(crate) fn view_name(words: Words, document: &Document) -> &'static str {
    match (document.media_type.kind(), pages(document)) {
        (Kind::Image, None | Some(1)) => words.say("그림 보기", "Picture"),
        _ => words.say("쪽 보기", "Page"),
    }
}

fn bounds_of(segment: &Segment) -> Option<Bounds> {
    match segment.locator {
        Locator::Page { bounds, .. } => bounds,
        _ => None,
    }
}

/// Where a part of a text stands that was recognised, by the places of its words: a box for each of them.
fn of_words(segment: &Segment, start: usize, end: usize) -> impl Iterator<Item = Bounds> {
    let text = segment.text.as_str();
    // Words are told in characters, marks in bytes.
    let mut starts = text.char_indices().map(|(at, _)| at).chain([text.len()]).enumerate();
    let mut at = move |n: u32| starts.find(|(k, _)| *k as u64 >= u64::from(n)).map(|(_, at)| at);
    let words = segment.words.iter().filter_map(move |word| Some((at(word.start)?, word)));
    words.filter_map(move |(from, word)| {
        let rest = text.get(from..)?;
        let to = rest.char_indices().nth(word.end.saturating_sub(word.start) as usize);
        let to = to.map_or(text.len(), |(at, _)| from + at);
        let (start, end) = (start.max(from), end.min(to));
        (start < end).then(|| {
            within(word.bounds, text.get(from..to).unwrap_or_default(), start - from, end - from)
        })
    })
}

/// The part of a box in which a part of its text stands: by the share of its characters, which in one line are about as wide.
/// A box that is higher than wide is written downwards.
fn within(bounds: Bounds, text: &str, start: usize, end: usize) -> Bounds {
    // A syllable of Hangul is twice as wide as a letter, and a space or a stop half as wide as that.
    let wide = |c: char| match c {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '(' | ')' => 0.5,
        c if c.is_ascii() => 1.0,
        _ => 2.0,
    };
    let width = |text: &str| text.chars().map(wide).sum::<f32>();
    let all = width(text).max(1.0);
    let share = |end: usize| width(text.get(..end).unwrap_or_default()) / all;
    let (from, to) = (share(start), share(end));
    let Bounds { left, top, right, bottom } = bounds;
    let is_upright = bottom - top > (right - left) * 1.5 && text.chars().nth(1).is_some();
    match is_upright {
        true => {
            let at = |share: f32| top + (bottom - top) * share;
            Bounds { top: at(from), bottom: at(to), ..bounds }
        }
        false => {
            let at = |share: f32| left + (right - left) * share;
            Bounds { left: at(from), right: at(to), ..bounds }
        }
    }
}

/// The sides of a picture as it is seen, a point for a pixel.
fn sides(document: &Document) -> Option<(f32, f32)> {
    let side = |name| document.metadata.integer(name).filter(|side| *side > 0);
    let (width, height) = (side(metadata::WIDTH)? as f32, side(metadata::HEIGHT)? as f32);
    // From 5 on it is stored lying on its side (EXIF 2.32, section 4.6.4).
    match document.metadata.integer(metadata::ORIENTATION) {
        Some(5..=8) => Some((height, width)),
        _ => Some((width, height)),
    }
}

#[cfg(test)]
mod tests {
    use madang_document::content::Origin;
    use madang_document::word::Word;

    use super::*;

    fn bounds(left: f32, top: f32, right: f32, bottom: f32) -> Bounds {
        Bounds { left, top, right, bottom }
    }

    fn segment(number: u32, bounds: Option<Bounds>, text: &str) -> Segment {
        let locator = Locator::Page { number, bounds };
        Segment {
            text: text.into(),
            locator,
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        }
    }

    fn leaf() -> Leaf {
        Leaf { number: 2, pages: 3, picture: Err(String::new()), is_stored: false }
    }

    #[test]
    fn marks_stand_where_the_words_of_the_picture_do() {
        let text = [segment(1, None, "침수"), segment(2, None, "지하차도 침수\n침수 15 cm")];
        let mut hits = Hits::find(&text, "지하차도 침수");
        hits.go_to(2);
        let shown = [
            segment(2, Some(bounds(0.0, 0.0, 40.0, 10.0)), "지하차도를"),
            segment(2, Some(bounds(50.0, 0.0, 70.0, 10.0)), "침수"),
            segment(2, Some(bounds(0.0, 20.0, 20.0, 30.0)), "침수"),
        ];
        let spots = leaf().spots("지하차도 침수", &hits, &text, &shown);
        let expected = [
            (bounds(0.0, 0.0, 32.0, 10.0), Some((2, true))),
            (bounds(50.0, 0.0, 70.0, 10.0), Some((2, true))),
            (bounds(0.0, 20.0, 20.0, 30.0), Some((2, true))),
        ];
        assert_eq!(spots, expected.map(|(bounds, place)| Spot { bounds, place }));
        // Where the picture has others than the text, nobody knows which is which.
        let spots = leaf().spots("지하차도 침수", &hits, &text, &shown[..2]);
        assert_eq!(spots.len(), 2);
        assert!(spots.iter().all(|spot| spot.place.is_none()));
        // Nothing of the other pages.
        assert_eq!(leaf().spots("맑음", &Hits::find(&text, "맑음"), &text, &shown), []);
    }

    #[test]
    fn what_was_recognised_is_marked_by_its_own_bounds() {
        let text = [segment(2, Some(bounds(10.0, 10.0, 110.0, 30.0)), "새터 침수")];
        let mut hits = Hits::find(&text, "침수");
        hits.go_to(1);
        let spots = leaf().spots("침수", &hits, &text, &[]);
        let bounds = bounds(10.0 + 100.0 * 4.5 / 8.5, 10.0, 110.0, 30.0);
        assert_eq!(spots, [Spot { bounds, place: Some((1, true)) }]);
    }

    #[test]
    fn what_was_recognised_is_marked_by_its_words() {
        let word = |start, end, left, right| Word {
            start,
            end,
            bounds: bounds(left, 11.0, right, 29.0),
            confidence: 0.9,
        };
        let words = vec![word(0, 2, 10.0, 30.0), word(3, 5, 60.0, 80.0), word(6, 10, 90.0, 130.0)];
        let line = segment(2, Some(bounds(10.0, 10.0, 130.0, 30.0)), "새터 침수\t침수대응");
        let text = [Segment { words, ..line }];
        let hits = Hits::find(&text, "침수");
        let marked = leaf().spots("침수", &hits, &text, &[]).into_iter().map(|spot| spot.bounds);
        let expected = [bounds(60.0, 11.0, 80.0, 29.0), bounds(90.0, 11.0, 110.0, 29.0)];
        assert_eq!(marked.collect::<Vec<_>>(), expected);
        // A phrase is marked word by word, for what stands between them is nothing.
        let hits = Hits::find(&text, "\"새터 침수\"");
        assert_eq!(leaf().spots("\"새터 침수\"", &hits, &text, &[]).len(), 2);
    }

    #[test]
    fn what_is_written_downwards_is_cut_across() {
        let spot = within(bounds(0.0, 0.0, 10.0, 40.0), "지하차도", 0, "지하".len());
        assert_eq!(spot, bounds(0.0, 0.0, 10.0, 20.0));
    }
}
