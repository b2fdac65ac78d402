//! What the two formats of the word processor 한글 share: paragraphs with objects anchored in them, tables,
//! the body that they make up, and the notice that stands in for a protected text.

use std::collections::{BTreeMap, BTreeSet};

use madang_document::content::{Content, Segment};
use madang_document::locator::Locator;
use madang_document::part::Part;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use crate::context::Context;
use crate::error::ExtractError;
use crate::formats::hangul_numbering::Numbers;
use crate::formats::hangul_pages::{Layout, Pages, Placement};
use crate::formats::hangul_private::spelled;
use crate::limits::MISSING_MOST;

/// Where the text of an object goes that is anchored in a paragraph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchoring {
    /// In the line, as a part of the sentence: an equation, a ruby.
    Inline,
    /// On lines of its own at the anchor: a table, a text box.
    Block,
    /// On lines of its own below the paragraph: a note whose anchor stands inside a word must not break it.
    Below,
}

/// The text of a paragraph while it is put together.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    /// The number before it.
    label: String,
    text: String,
    below: String,
}

impl Paragraph {
    /// Puts a number before it, which is shown if there is text.
    pub(super) fn number(&mut self, label: String) {
        self.label = label;
    }

    /// Adds text of the paragraph itself.
    pub(super) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Adds the text of an object at its anchor; a blank one leaves no trace.
    pub(super) fn object(&mut self, place: Anchoring, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        match place {
            Anchoring::Inline => self.text.push_str(text),
            Anchoring::Block => {
                if !self.text.is_empty() && !self.text.ends_with('\n') {
                    self.text.push('\n');
                }
                self.text.push_str(text);
                self.text.push('\n');
            }
            Anchoring::Below => add_lines(&mut self.below, text),
        }
    }

    /// The whole text, without blanks at its end.
    pub(super) fn finish(mut self) -> String {
        self.text.truncate(self.text.trim_end().len());
        if !self.label.is_empty() && !self.text.trim().is_empty() {
            self.text.insert_str(0, &self.label);
        }
        add_lines(&mut self.text, &self.below);
        self.text
    }
}

/// A box that is ticked or not, with what it is called.
pub(super) fn tick(is_ticked: bool, label: &str) -> String {
    format!("{} {label}", if is_ticked { '☒' } else { '☐' })
}

/// Adds `text` on new lines; blank text adds nothing.
pub(super) fn add_lines(lines: &mut String, text: &str) {
    if text.trim().is_empty() {
        return;
    }
    if !lines.is_empty() {
        lines.push('\n');
    }
    lines.push_str(text);
}

/// What stands around a table that lies in a cell of another, until the text reaches the body.
const FRAME: [char; 2] = ['\u{2}', '\u{3}'];

/// The lines of a table, marked as such: in a row of several cells they do not melt into the line of the row.
pub(super) fn framed(table: &str) -> String {
    let [begin, end] = FRAME;
    if table.is_empty() { String::new() } else { format!("{begin}{table}{end}") }
}

/// The text of a cell without the tables in it, and the lines of these.
fn apart(cell: &str) -> (String, Vec<&str>) {
    let [begin, end] = FRAME;
    let (mut text, mut tables) = (String::new(), Vec::new());
    // How many tables are open, and where the outermost began.
    let (mut depth, mut from) = (0usize, 0);
    for (at, c) in cell.char_indices() {
        match (c == begin, c == end, depth) {
            (true, _, 0) => {
                text.push_str(cell.get(from..at).unwrap_or_default());
                (depth, from) = (1, at);
            }
            (true, ..) => depth += 1,
            (_, true, 1) => {
                tables.extend(cell.get(from + begin.len_utf8()..at));
                (depth, from) = (0, at + end.len_utf8());
            }
            (_, true, 2..) => depth -= 1,
            _ => {}
        }
    }
    text.push_str(cell.get(from..).unwrap_or_default());
    (text, tables)
}

/// Where a row of a table begins that may go on over pages, until the text reaches the body.
const ROW: char = '\u{4}';

/// Where a cell of such a table goes on on the next page.
pub(super) const PIECE: char = '\u{5}';

/// Where such a table ends.
const TABLE_END: char = '\u{6}';

/// A table while it is put together: rows become lines, cells are separated by tabs.
#[derive(Debug, Default)]
pub(super) struct Table {
    lines: String,
    row: Vec<String>,
    /// Whether the beginnings of its rows are marked.
    marked: bool,
    /// Rows that began since the last line.
    begun: usize,
}

/// Cells of one row that are held back before they are written out; a row of more is cut into lines.
const ROW_CELLS: usize = 4096;

impl Table {
    /// A table whose rows may lie on several pages.
    pub(super) fn marked() -> Table {
        Table { marked: true, ..Table::default() }
    }

    /// Takes the marks away: it turned out that its rows are not placed.
    pub(super) fn unmark(&mut self) {
        if std::mem::take(&mut self.marked) {
            self.lines.retain(|c| !matches!(c, ROW | PIECE));
        }
    }

    /// Adds the text of the next cell of the current row. Its column, counted from 0, keeps it below the others of that
    /// column where cells before it are spanned, from the side or from above.
    pub(super) fn cell(&mut self, column: Option<u16>, text: String) {
        let column = column.map_or(0, usize::from);
        if self.row.len() < column && column < ROW_CELLS {
            self.row.resize(column, String::new());
        }
        if self.row.len() >= ROW_CELLS {
            self.end_row();
        }
        self.row.push(text);
    }

    /// Ends the current row. A row with several filled cells is one line, whatever lines its cells have; the tables in
    /// them stand below it. In a row with one filled cell the lines stay: that is how layout tables frame whole pages of
    /// text.
    pub(super) fn end_row(&mut self) {
        let mut cells = std::mem::take(&mut self.row);
        self.begun += usize::from(!cells.is_empty());
        while cells.last().is_some_and(|cell| cell.trim().is_empty()) {
            cells.pop();
        }
        let cells_before = cells.len().saturating_sub(1);
        let filled = cells.iter().filter(|cell| !cell.trim().is_empty()).count();
        if filled == 1
            && let Some(text) = cells.pop_if(|text| cells_before == 0 || text.contains('\n'))
        {
            self.add_row(&text);
        } else if filled > 0 {
            let (mut line, mut below) = (String::new(), Vec::new());
            for (n, cell) in cells.iter().enumerate() {
                if n > 0 {
                    line.push('\t');
                }
                let (text, tables) = apart(cell);
                let flat = |c| if matches!(c, '\n' | '\t') { ' ' } else { c };
                line.extend(text.trim().chars().filter(|c| *c != PIECE).map(flat));
                below.extend(tables);
            }
            if !below.is_empty() {
                line.truncate(line.trim_end().len());
            }
            self.add_row(&line);
            below.into_iter().for_each(|table| add_lines(&mut self.lines, table));
        }
    }

    /// Adds the lines of a row behind the marks of the rows that began.
    fn add_row(&mut self, text: &str) {
        let marks = std::mem::take(&mut self.begun);
        if self.marked && !text.trim().is_empty() {
            if !self.lines.is_empty() {
                self.lines.push('\n');
            }
            self.lines.extend(std::iter::repeat_n(ROW, marks));
            self.lines.push_str(text);
        } else {
            add_lines(&mut self.lines, &text.replace(PIECE, ""));
        }
    }

    /// The whole table as lines.
    pub(super) fn finish(mut self) -> String {
        self.end_row();
        if self.marked && !self.lines.is_empty() {
            self.lines.push(TABLE_END);
        }
        self.lines
    }
}

/// A segment that has a page.
#[derive(Debug)]
struct Placed {
    segment: usize,
    page: u32,
    /// Whether it lies beside the paragraphs.
    is_aside: bool,
    /// Where it goes on on other pages: bytes of its text, ascending, and the page.
    cuts: Vec<(usize, u32)>,
}

/// The paragraphs of the body, numbered through all sections from 1 as they come, blank ones too.
#[derive(Debug, Default)]
pub(super) struct Body {
    number: u32,
    text: u64,
    pages: Pages,
    /// What is read stands behind the text of every page.
    behind: bool,
    /// The segments that have a page; none of them is told before the last is read.
    placed: Vec<Placed>,
    /// Parts of segments on further pages.
    parts: u64,
    /// The words of charts that no paragraph has shown yet, by the names that anchors call them.
    pub(super) charts: BTreeMap<String, String>,
    /// The numbers before paragraphs.
    pub(super) numbers: Numbers,
    /// The fonts of signs in which runs set their Latin letters, by the shapes of characters that runs name.
    pub(super) signs: BTreeMap<u16, String>,
    /// What the text may name of what lies beside it, where that is known, and what it names although it is not there.
    pub(super) beside: Option<BTreeSet<String>>,
    missing: BTreeSet<String>,
    /// The part that says what paragraphs look like, if neither it is there nor anything that lists it.
    pub(super) looks: Option<&'static str>,
    /// Passages that a tracked change deleted, and that are left out.
    pub(super) deletions: u64,
}

impl Body {
    /// A body whose paragraphs show these charts and have these numbers before them.
    pub(super) fn new(charts: BTreeMap<String, String>, numbers: Numbers) -> Body {
        Body { charts, numbers, ..Body::default() }
    }

    /// The text names a part that lies beside it.
    pub(super) fn name_part(&mut self, part: &str) {
        let is_there = self.beside.as_ref().is_none_or(|beside| beside.contains(part));
        if !is_there && !part.is_empty() && self.missing.len() < MISSING_MOST {
            self.missing.insert(part.to_owned());
        }
    }

    /// A paragraph names what it looks like.
    pub(super) fn name_look(&mut self) {
        if let Some(part) = self.looks.take() {
            self.name_part(part);
        }
    }

    /// A section begins.
    pub(super) fn section(&mut self) {
        self.pages.section();
    }

    /// What comes now stands behind the text of every page: it has none of its own.
    pub(super) fn master_pages(&mut self) {
        self.behind = true;
    }

    /// Adds a paragraph of the body to the content.
    pub(super) fn push(&mut self, content: &mut Content, text: String, mut layout: Layout) {
        let placement = match self.behind {
            true => None,
            false => Some(self.pages.place(&mut layout, !text.trim().is_empty())),
        };
        self.add(content, text, placement, false);
    }

    /// Adds text that lies beside the paragraphs of the body, as memos do.
    pub(super) fn push_aside(&mut self, content: &mut Content, text: String) {
        let placement = Placement { page: self.pages.page(), ..Placement::default() };
        self.add(content, text, Some(placement), true);
    }

    fn add(
        &mut self,
        content: &mut Content,
        text: String,
        placement: Option<Placement>,
        is_aside: bool,
    ) {
        self.number = self.number.saturating_add(1);
        let segment = content.segments.len();
        let (text, cuts) = unmarked(text, placement.as_ref());
        content.push_text(text, Locator::Paragraph { number: self.number });
        let Some(placement) = placement else { return };
        let paragraphs = self.placed.iter_mut().rev().filter(|placed| !placed.is_aside);
        for before in paragraphs.take(placement.follow) {
            before.page = placement.page;
        }
        if content.segments.len() > segment {
            self.parts = self.parts.saturating_add(cuts.len() as u64);
            self.placed.push(Placed { segment, page: placement.page, is_aside, cuts });
        }
    }

    /// Ends the body: charts that no paragraph showed come last, and if the lines that the word processor laid out are
    /// there, each paragraph gets the page on which it begins.
    pub(super) fn finish(mut self, content: &mut Content) {
        for (_, text) in std::mem::take(&mut self.charts) {
            self.number = self.number.saturating_add(1);
            content.push_text(text, Locator::Paragraph { number: self.number });
        }
        for part in std::mem::take(&mut self.missing) {
            content.lost(ReasonKind::Missing.of(part.as_str()));
        }
        if self.deletions > 0 {
            content.note(ReasonKind::Deletions(self.deletions));
        }
        if self.pages.are_known() {
            put_on_pages(&mut content.segments, self.placed);
        }
        for segment in &mut content.segments {
            if let Some(text) = spelled(&segment.text) {
                segment.text = text;
            }
        }
    }

    /// Accounts for text on its way into the body, so that a bomb is stopped while it unpacks.
    ///
    /// # Errors
    /// [`ExtractError::Limit`] when the document has more text or more segments than it may.
    pub(super) fn spend(
        &mut self,
        bytes: usize,
        content: &Content,
        context: &Context<'_>,
    ) -> Result<(), ExtractError> {
        self.text = self.text.saturating_add(bytes as u64);
        if self.text > context.limits.text {
            let more = ReasonKind::MoreThan { limit: context.limits.text, unit: Unit::TextBytes };
            return Err(ExtractError::Limit(more.into()));
        }
        if (content.segments.len() as u64).saturating_add(self.parts) >= context.limits.segments {
            let limit = context.limits.segments;
            let more = ReasonKind::MoreThan { limit, unit: Unit::Paragraphs };
            return Err(ExtractError::Limit(more.into()));
        }
        Ok(())
    }
}

/// The text without marks, and where it goes on on other pages than that of its first line.
fn unmarked(mut text: String, placement: Option<&Placement>) -> (String, Vec<(usize, u32)>) {
    let is_mark = |c| FRAME.contains(&c) || matches!(c, ROW | PIECE | TABLE_END);
    let Some(placement) = placement.filter(|placement| !placement.rows.is_empty()) else {
        text.retain(|c| !is_mark(c));
        return (text, Vec::new());
    };
    let mut rows = placement.rows.iter();
    let (mut plain, mut cuts) = (String::with_capacity(text.len()), Vec::new());
    let (mut page, mut page_here) = (placement.page, placement.page);
    let mut marked_at = 0;
    for c in text.chars() {
        if is_mark(c) {
            page = match c {
                ROW => rows.next().copied().unwrap_or(page),
                PIECE => page.saturating_add(1),
                TABLE_END => placement.page,
                _ => page,
            };
            marked_at = plain.len();
            continue;
        }
        if page != page_here && !c.is_whitespace() {
            cuts.push((marked_at, page));
            page_here = page;
        }
        plain.push(c);
    }
    (plain, cuts)
}

/// Gives segments their pages, and cuts those that go on on others.
fn put_on_pages(segments: &mut Vec<Segment>, placed: Vec<Placed>) {
    let mut placed = placed.into_iter().peekable();
    let mut parts = Vec::with_capacity(segments.len());
    for (n, mut segment) in std::mem::take(segments).into_iter().enumerate() {
        let Some(Placed { page, cuts, .. }) = placed.next_if(|placed| placed.segment == n) else {
            parts.push(segment);
            continue;
        };
        let mut further = Vec::new();
        for (at, page) in cuts.into_iter().rev() {
            let text = segment.text.split_off(at).trim_start_matches('\n').to_owned();
            segment.text.truncate(segment.text.trim_end().len());
            // A text that is cut was stored: what is recognised is a line on one page.
            let Segment { origin, confidence, .. } = segment;
            further.push(Segment {
                text,
                locator: Locator::page(page),
                origin,
                confidence,
                words: Vec::new(),
            });
        }
        segment.locator = Locator::page(page);
        parts.extend(std::iter::once(segment).chain(further.into_iter().rev()));
    }
    parts.retain(|part: &Segment| !part.text.trim().is_empty());
    *segments = parts;
}

/// Reads all sections, `read` each and `place` naming one. A damaged one is a warning.
///
/// # Errors
/// When no section could be read at all, or a limit was reached.
pub(super) fn read_sections<S>(
    sections: &[S],
    place: impl Fn(&S) -> String,
    mut read: impl FnMut(&S, &mut Body, &mut Content) -> Result<(), ExtractError>,
    mut body: Body,
    content: &mut Content,
    context: &Context<'_>,
) -> Result<(), ExtractError> {
    let mut failures = Vec::new();
    for section in sections {
        context.unit();
        let before = content.segments.len();
        match read(section, &mut body, content) {
            Ok(()) => {}
            Err(error @ ExtractError::Limit(_)) => {
                body.finish(content);
                return Err(error);
            }
            Err(error) => {
                let reason = error.into_reason().within(Part::Named(place(section).into()));
                failures.push((content.segments.len() > before, reason));
            }
        }
    }
    body.finish(content);
    let all_lost = failures.len() == sections.len() && failures.iter().all(|(some, _)| !some);
    match failures.first() {
        Some((_, reason)) if all_lost => Err(ExtractError::corrupt(reason.clone())),
        _ => {
            failures.into_iter().for_each(|(_, reason)| content.lost(reason));
            Ok(())
        }
    }
}

/// What was read of a document whose reading ended so: as far as it goes, with what stopped it.
///
/// # Errors
/// That, if nothing was read before it.
pub(super) fn as_far_as_read(
    read: Result<(), ExtractError>,
    mut content: Content,
) -> Result<Content, ExtractError> {
    match read {
        Ok(()) => {}
        Err(error @ ExtractError::Limit(_)) => content.cut(error),
        Err(error) if content.segments.is_empty() => return Err(error),
        Err(error) => content.lost(error),
    }
    Ok(content)
}

/// The sentence that 한글 writes in place of the text of a distribution document that older versions cannot
/// show (kordoc #25).
const NOTICE: &str = "상위 버전의 배포용 문서입니다";

/// Longest text that can be the notice; a document that speaks about it is longer.
const NOTICE_LONGEST: usize = 2000;

/// The notice that stands in for a protected text, if that is all there is.
pub(super) fn protection_notice(content: &Content) -> Option<ExtractError> {
    let length: usize = content.segments.iter().map(|s| s.text.len()).sum();
    if length > NOTICE_LONGEST || !content.text().contains(NOTICE) {
        return None;
    }
    let notice = ReasonKind::Notice("이 문서는 상위 버전의 배포용 문서입니다".into());
    Some(ExtractError::Drm(notice.into()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::hangul_line::Line;

    #[test]
    fn objects_find_their_place() {
        let mut paragraph = Paragraph::default();
        paragraph.push_str("본문");
        paragraph.object(Anchoring::Below, "각주");
        paragraph.object(Anchoring::Block, "표");
        paragraph.object(Anchoring::Block, " ");
        paragraph.push_str("끝 ");
        assert_eq!(paragraph.finish(), "본문\n표\n끝\n각주");
    }

    #[test]
    fn rows_are_lines_and_cells_are_separated_by_tabs() {
        for (rows, lines) in [
            (vec![vec!["가", "나"], vec!["다", "라"]], "가\t나\n다\t라"),
            (vec![vec!["가\n나", "다\t라"]], "가 나\t다 라"),
            (vec![vec!["", "가\n나", ""]], "가\n나"),
            (vec![vec!["가", "나"], vec!["", "다"]], "가\t나\n\t다"),
            (vec![vec!["가", "", "나", " "], vec!["", ""]], "가\t\t나"),
        ] {
            let mut table = Table::default();
            for row in rows {
                row.into_iter().for_each(|cell| table.cell(None, cell.to_owned()));
                table.end_row();
            }
            assert_eq!(table.finish(), lines);
        }
    }

    #[test]
    fn spans_leave_their_columns_free() {
        let mut table = Table::default();
        for (column, text) in [(0, "가로 둘"), (2, "다")] {
            table.cell(Some(column), text.to_owned());
        }
        table.end_row();
        table.cell(Some(1), "위가 덮임".to_owned());
        assert_eq!(table.finish(), "가로 둘\t\t다\n\t위가 덮임");
        let mut table = Table::default();
        table.cell(Some(u16::MAX), "먼 칸".to_owned());
        assert_eq!(table.finish(), "먼 칸");
    }

    #[test]
    fn tables_in_a_row_stand_below_it() {
        let table = |rows: &[&[&str]]| {
            let mut table = Table::default();
            for row in rows {
                row.iter().for_each(|cell| table.cell(None, (*cell).to_owned()));
                table.end_row();
            }
            table.finish()
        };
        let innermost = framed(&table(&[&["1", "2"]]));
        let inner = framed(&table(&[&["가", "나"], &["다", &format!("라\n{innermost}")]]));
        let row = table(&[&["앞", &format!("위\n{inner}\n아래"), "뒤"], &["끝"]]);
        let [begin, end] = FRAME.map(String::from);
        assert_eq!(row, "앞\t위  아래\t뒤\n가\t나\n다\t라\n1\t2\n끝");
        // One that fills its row alone stays where it is, and keeps its frame for whatever lies around it.
        assert_eq!(table(&[&[&inner]]).matches(&begin).count(), 1);
        for odd in [begin.clone(), end.clone(), end + &begin] {
            assert_eq!(table(&[&["가", &odd]]).chars().next(), Some('가'));
        }
    }

    #[test]
    fn only_a_table_that_is_followed_is_marked() {
        let table = |is_followed: bool| {
            let mut table = Table::marked();
            for (n, text) in ["가", "나\n\u{5}다"].into_iter().enumerate() {
                if n == 1 && !is_followed {
                    table.unmark();
                }
                table.cell(None, text.to_owned());
                table.end_row();
            }
            table.finish()
        };
        assert_eq!(table(true), "\u{4}가\n\u{4}나\n\u{5}다\u{6}");
        assert_eq!(table(false), "가\n나\n다");
    }

    #[test]
    fn a_memo_does_not_follow_in_the_place_of_a_paragraph() {
        let at = |tops: &[i64]| {
            let lines = tops.iter().map(|&top| Line { top, height: 1000, left: 0 }).collect();
            Layout { lines, body_height: Some(10_000), ..Layout::default() }
        };
        let (mut body, mut content) = (Body::default(), Content::default());
        body.section();
        body.push(&mut content, "앞".into(), at(&[0, 8000]));
        body.push(&mut content, "줄 없음".into(), Layout::default());
        body.push_aside(&mut content, "메모".into());
        // There is room for one paragraph above its first line.
        body.push(&mut content, "뒤".into(), at(&[3000, 8000]));
        body.finish(&mut content);
        let found: Vec<_> =
            content.segments.iter().map(|it| (it.text.as_str(), it.locator.clone())).collect();
        let page = Locator::page;
        assert_eq!(
            found,
            [("앞", page(1)), ("줄 없음", page(2)), ("메모", page(1)), ("뒤", page(2))]
        );
    }

    #[test]
    fn private_signs_are_spelled() {
        let (mut body, mut content) = (Body::default(), Content::default());
        body.push(&mut content, "\u{F02B1} 목적".into(), Layout::default());
        body.finish(&mut content);
        assert_eq!(content.text(), "① 목적");
    }

    #[test]
    fn the_notice_alone_is_not_content() {
        let mut content = Content::default();
        content.push_text("이 문서는 상위 버전의 배포용 문서입니다.", Locator::Whole {});
        assert!(matches!(protection_notice(&content), Some(ExtractError::Drm(_))));
        content.push_text("설명 ".repeat(500), Locator::Whole {});
        assert!(protection_notice(&content).is_none());
    }
}
