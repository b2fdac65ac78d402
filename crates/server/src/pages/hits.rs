//! Where the words of a search stand in a document, and the way from one place to the next.

use std::ops::Range;

use madang_document::content::Segment;
use madang_document::locator::{Locator, column_letters};
use madang_index::marker::{Marked, Marker};
use maud::{Markup, html};

use crate::count::count;
use crate::here::Here;
use crate::pages::passage::{ShownText, place};
use crate::pages::words::Words;

/// Marks that are not further from each other than so many bytes are one place.
const NEAR: usize = 120;
/// Places that are listed at once.
const LISTED: usize = 100;
/// Characters of a text that are listed before and behind a mark.
const BEFORE: usize = 24;
const BEHIND: usize = 60;

/// All places of a document in which words of a search stand.
#[derive(Debug, Default)]
pub(crate) struct Hits {
    marks: Vec<Marked>,
    places: Vec<Place>,
    /// The one that is shown.
    now: Option<usize>,
}

/// A place.
#[derive(Clone, Debug)]
struct Place {
    segment: usize,
    /// Which of the marks stand there.
    marks: Range<usize>,
}

impl Hits {
    /// Those of a query. A query that cannot be read finds none: the search page says why.
    pub(crate) fn find(text: &[Segment], query: &str) -> Hits {
        let Ok(marker) = Marker::of(query) else { return Hits::default() };
        let marks = marker.marks(text.iter().map(|segment| segment.text.as_str()));
        let mut places: Vec<Place> = Vec::new();
        for (n, mark) in marks.iter().enumerate() {
            let is_row = |segment: usize| {
                text.get(segment).is_some_and(|it| matches!(it.locator, Locator::Cell { .. }))
            };
            let before = n.checked_sub(1).and_then(|before| marks.get(before));
            match (places.last_mut(), before) {
                (Some(last), Some(before))
                    if last.segment == mark.piece
                        && (is_row(mark.piece)
                            || mark.start.saturating_sub(before.end) <= NEAR) =>
                {
                    last.marks.end = n + 1;
                }
                _ => places.push(Place { segment: mark.piece, marks: n..n + 1 }),
            }
        }
        Hits { marks, places, now: None }
    }

    /// Goes to the place of this number, counted from 1; the last one if there are fewer.
    pub(crate) fn go_to(&mut self, number: usize) {
        self.now = number.min(self.places.len()).checked_sub(1);
    }

    /// Goes to the first place in a segment or behind it; the last one if there is none.
    pub(crate) fn go_near(&mut self, segment: usize) {
        self.go_to(self.places.partition_point(|place| place.segment < segment) + 1);
    }

    /// The segment of the place that is shown.
    pub(crate) fn segment(&self) -> Option<usize> {
        Some(self.places.get(self.now?)?.segment)
    }

    /// The first mark of the place that is shown.
    pub(crate) fn mark(&self) -> Option<Marked> {
        self.marks.get(self.places.get(self.now?)?.marks.start).copied()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The marks of a segment, each with the number of its place, counted from 1, and whether that is the one that is shown.
    pub(crate) fn marks_of(&self, segment: usize) -> impl Iterator<Item = (Marked, usize, bool)> {
        let (first, marks) = self.of_segment(segment);
        marks.iter().enumerate().map(move |(n, mark)| {
            let place = self.places.partition_point(|place| place.marks.end <= first + n);
            (*mark, place + 1, self.now == Some(place))
        })
    }

    /// How many places stand in these segments.
    pub(crate) fn within(&self, segments: Range<usize>) -> usize {
        let before = |n: usize| self.places.partition_point(|place| place.segment < n);
        before(segments.end).saturating_sub(before(segments.start))
    }

    /// The way to the place before and to the next one.
    pub(crate) fn navigation(&self, words: Words, here: &Here<'_>) -> Markup {
        let Some(now) = self.now else { return html! {} };
        let all = self.places.len();
        let link = |n: usize| {
            let number = n.to_string();
            here.with(&[("hit", &number)], Some(&format!("hit-{number}")))
        };
        // Behind the last one comes the first.
        let before = if now == 0 { all } else { now };
        let next = if now + 1 == all { 1 } else { now + 2 };
        html! {
            div.hitnav role="group" aria-label=(words.say("찾은 곳", "Matches")) data-all=(all) {
                span { (words.say("찾은 곳", "Match")) " " b { (count(now as u64 + 1)) } " / " (count(all as u64)) }
                a rel="prev" href=(link(before)) aria-label=(words.say("앞의 찾은 곳", "Previous match")) { "↑" }
                a rel="next" href=(link(next)) aria-label=(words.say("다음 찾은 곳", "Next match")) { "↓" }
            }
        }
    }

    /// The places as a list, of many those around the one that is shown.
    pub(crate) fn list(&self, words: Words, here: &Here<'_>, text: &[Segment]) -> Markup {
        let sheets = text.iter().filter_map(|segment| match &segment.locator {
            Locator::Cell { sheet, .. } => Some(sheet),
            _ => None,
        });
        let is_one_sheet = sheets.clone().min() == sheets.max();
        let first = self.now.unwrap_or(0) / LISTED * LISTED;
        let all = self.places.len();
        html! {
            section.panel.hits-panel {
                h2 { (words.say("찾은 곳", "Matches")) " " span.count { (count(all as u64)) } }
                ol.hitlist start=(first + 1) {
                    @for (n, place) in self.places.iter().enumerate().skip(first).take(LISTED) {
                        @let number = (n + 1).to_string();
                        li {
                            a href=(here.with(&[("hit", &number)], Some(&format!("hit-{number}"))))
                                data-to=(number) aria-current=[(self.now == Some(n)).then_some("true")] {
                                @if let Some(segment) = text.get(place.segment) {
                                    span.at { (self.place_name(words, place, segment, is_one_sheet)) }
                                    " " span { (self.glimpse(place, segment)) }
                                }
                            }
                        }
                    }
                }
                @if first > 0 || first + LISTED < all {
                    @let link = |number: usize| {
                        let number = number.to_string();
                        here.with(&[("hit", &number)], Some(&format!("hit-{number}")))
                    };
                    p.faint {
                        @if let Some(before) = first.checked_sub(LISTED) {
                            a href=(link(before + 1)) { (words.say("앞", "Earlier")) } " "
                        }
                        (count(first as u64 + 1)) "–" (count(all.min(first + LISTED) as u64)) " / " (count(all as u64))
                        @if first + LISTED < all {
                            " " a href=(link(first + LISTED + 1)) { (words.say("다음", "Later")) }
                        }
                    }
                }
            }
        }
    }

    fn place_name(
        &self,
        words: Words,
        it: &Place,
        segment: &Segment,
        is_one_sheet: bool,
    ) -> String {
        let start = self.marks.get(it.marks.start).map_or(0, |mark| mark.start);
        let cell = cell_at(segment, start);
        if let (true, Locator::Cell { row, column, .. }) = (is_one_sheet, &cell) {
            return format!("{}{row}", column_letters(*column));
        }
        let place = place(words, &cell);
        place.map_or_else(String::new, |place| place.to_string())
    }

    /// Some words around the marks of a place.
    fn glimpse(&self, place: &Place, segment: &Segment) -> Markup {
        let marks = self.marks.get(place.marks.clone()).unwrap_or_default();
        let (Some(first), text) = (marks.first(), segment.text.as_str()) else { return html! {} };
        let before = text.get(..first.start).unwrap_or_default();
        let from = before.char_indices().rev().take(BEFORE).last().map_or(first.start, |(n, _)| n);
        let behind = text.get(first.start..).unwrap_or_default();
        let to = behind.char_indices().nth(BEHIND).map_or(text.len(), |(n, _)| first.start + n);
        html! {
            @if from > 0 { "…" }
            (pieces(text, from..to, marks, |_| None))
            @if to < text.len() { "…" }
        }
    }

    /// A part of the text of a segment with its marks, shown once more: nothing in it can be opened.
    pub(crate) fn glanced(&self, text: &str, segment: usize, part: Range<usize>) -> Markup {
        pieces(text, part, self.of_segment(segment).1, |_| None)
    }

    /// The same where a press on the place leads to somewhere else: it has a number, and is nothing to be opened.
    pub(crate) fn numbered(&self, text: &str, segment: usize) -> Markup {
        let (first, marks) = self.of_segment(segment);
        pieces(text, 0..text.len(), marks, |n| self.number(first + n, false))
    }

    /// The place of a mark.
    fn number(&self, mark: usize, may_open: bool) -> Option<Number> {
        let place = self.places.partition_point(|place| place.marks.end <= mark);
        let found = self.places.get(place)?;
        let opens = may_open && found.marks.start == mark;
        Some(Number { place: place + 1, opens, is_now: self.now == Some(place) })
    }

    /// The marks of a segment, and the number of the first.
    fn of_segment(&self, segment: usize) -> (usize, &[Marked]) {
        let first = self.marks.partition_point(|mark| mark.piece < segment);
        let marks = self.marks.get(first..).unwrap_or_default();
        let end = marks.partition_point(|mark| mark.piece == segment);
        (first, marks.get(..end).unwrap_or_default())
    }

    /// A part of the text of a segment with its marks; the first mark of each place can be opened.
    pub(crate) fn marked(&self, text: &str, segment: usize, part: Range<usize>) -> Markup {
        let (first, marks) = self.of_segment(segment);
        let number = |n: usize| self.number(first + n, true);
        pieces(text, part, marks, number)
    }
}

/// Which place a mark belongs to.
struct Number {
    place: usize,
    opens: bool,
    is_now: bool,
}

/// A part of a text with its marks. A mark that is cut by the border of the part is marked as far as it is in it.
fn pieces(
    text: &str,
    part: Range<usize>,
    marks: &[Marked],
    number: impl Fn(usize) -> Option<Number>,
) -> Markup {
    let shown = |from: usize, to: usize| ShownText::new(text.get(from..to).unwrap_or_default());
    let mut cuts = Vec::new();
    let mut at = part.start;
    for (n, mark) in marks.iter().enumerate() {
        let (start, end) = (mark.start.max(at), mark.end.min(part.end));
        if start >= end {
            continue;
        }
        // What begins before this part was opened there.
        cuts.push((at..start, start..end, number(n), mark.start >= part.start));
        at = end;
    }
    html! {
        @for (before, marked, number, is_whole) in cuts {
            (shown(before.start, before.end))
            @match number {
                Some(Number { place, opens, is_now }) => {
                    mark id=[(opens && is_whole).then(|| format!("hit-{place}"))] class=[is_now.then_some("now")] data-hit=(place) {
                        (shown(marked.start, marked.end))
                    }
                },
                None => mark { (shown(marked.start, marked.end)) },
            }
        }
        (shown(at, part.end))
    }
}

/// Where a byte of a segment stands: of a row of a sheet the cell, of anything else the segment's place.
pub(crate) fn cell_at(segment: &Segment, byte: usize) -> Locator {
    match &segment.locator {
        Locator::Cell { sheet, row, column } => {
            let before = segment.text.get(..byte).unwrap_or_default();
            let tabs = u32::try_from(before.matches('\t').count()).unwrap_or(u32::MAX);
            Locator::Cell { sheet: sheet.clone(), row: *row, column: column.saturating_add(tabs) }
        }
        other => other.clone(),
    }
}

/// The segment that stands at the place of a fragment: of a cell its row.
pub(crate) fn segment_at(text: &[Segment], fragment: &str) -> Option<usize> {
    let exactly =
        |segment: &Segment| segment.locator.fragment().is_some_and(|found| found == fragment);
    let row = |segment: &Segment| match &segment.locator {
        Locator::Cell { sheet, row, .. } => fragment
            .strip_prefix("cell=")
            .and_then(|cell| cell.strip_prefix(sheet.as_str())?.strip_prefix('!'))
            .and_then(|cell| cell.trim_start_matches(|c: char| c.is_ascii_uppercase()).parse().ok())
            .is_some_and(|number: u32| number == *row),
        _ => false,
    };
    text.iter().position(exactly).or_else(|| text.iter().position(row))
}

#[cfg(test)]
mod tests {
    use madang_document::content::Origin;
    use madang_document::id::DocumentId;
    use madang_document::locale::Locale;

    use super::*;

    fn segment(locator: Locator, text: &str) -> Segment {
        Segment {
            text: text.into(),
            locator,
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        }
    }

    fn row(row: u32, text: &str) -> Segment {
        segment(Locator::Cell { sheet: "7월".into(), row, column: 2 }, text)
    }

    #[test]
    fn words_that_stand_together_are_one_place() {
        let far = "가나다 ".repeat(20);
        let text = [
            segment(Locator::page(1), &format!("새터 지하차도 침수. {far} <침수>")),
            segment(Locator::page(2), "맑음"),
            row(9, "0702\t새터 지하차도\t도로\t침수"),
        ];
        let mut hits = Hits::find(&text, "지하차도 침수");
        assert_eq!(hits.places.len(), 3, "{hits:?}");
        assert_eq!((hits.within(0..1), hits.within(1..3)), (2, 1));
        hits.go_near(1);
        assert_eq!(hits.segment(), Some(2));
        let mark = hits.mark().unwrap();
        let cell = cell_at(&text[2], mark.start);
        assert_eq!(cell, Locator::Cell { sheet: "7월".into(), row: 9, column: 3 });
        assert_eq!(segment_at(&text, "cell=7월!C9"), Some(2));
        assert_eq!(segment_at(&text, "page=2"), Some(1));
        assert_eq!(segment_at(&text, "page=3"), None);
        hits.go_to(99);
        assert_eq!(hits.segment(), Some(2));

        let whole = hits.marked(&text[0].text, 0, 0..text[0].text.len()).into_string();
        assert!(
            whole.starts_with(
                "새터 <mark id=\"hit-1\" data-hit=\"1\">지하차도</mark> <mark data-hit=\"1\">침수</mark>. "
            ),
            "{whole}"
        );
        assert!(
            whole.ends_with("&lt;<mark id=\"hit-2\" data-hit=\"2\">침수</mark>&gt;"),
            "{whole}"
        );
        // A part that cuts a mark.
        let cell = hits.marked(&text[2].text, 2, 5.."0702\t새터 지하".len()).into_string();
        assert_eq!(cell, "새터 <mark id=\"hit-3\" class=\"now\" data-hit=\"3\">지하</mark>");
    }

    #[test]
    fn from_the_last_place_the_way_leads_to_the_first() {
        let text = [segment(Locator::page(1), "침수"), segment(Locator::page(2), "침수")];
        let here = Here { id: DocumentId::new("s", "a", None), query: "침수", view: "" };
        let way = |number| {
            let mut hits = Hits::find(&text, "침수");
            hits.go_to(number);
            hits.navigation(Words(Locale::English), &here).into_string()
        };
        for (number, before, next) in [(1, 2, 2), (2, 1, 1)] {
            let way = way(number);
            assert!(way.contains(&format!("<b>{number}</b> / 2")), "{way}");
            let link = |rel: &str| way.split(&format!("rel=\"{rel}\" href=\"")).nth(1).unwrap();
            assert!(link("prev").split('"').next().unwrap().ends_with(&format!("#hit-{before}")));
            assert!(link("next").split('"').next().unwrap().ends_with(&format!("#hit-{next}")));
        }
        assert!(Hits::find(&text, "*").is_empty(), "a query that cannot be read");
    }
}
