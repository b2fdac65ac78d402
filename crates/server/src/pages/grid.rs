//! Sheets of a table as grids.

use std::ops::Range;

use madang_document::content::Segment;
use madang_document::locator::{Locator, column_letters};
use madang_document::shown::Shown;
use maud::{Markup, html};

use crate::count::count;
use crate::here::Here;
use crate::pages::hits::{Hits, cell_at};
use crate::pages::passage::ShownText;
use crate::pages::words::Words;

/// Rows that are shown at once.
const ROWS: usize = 200;
/// Columns that are shown.
const COLUMNS: u32 = 100;
/// Characters of a cell that are shown.
const CELL: usize = 300;
/// Sheets that have a tab.
const SHEETS: usize = 100;

/// The sheets of a text.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    text: &'a [Segment],
    sheets: Vec<Sheet<'a>>,
}

/// A sheet.
#[derive(Debug)]
struct Sheet<'a> {
    name: &'a str,
    /// Its segments, whatever they are.
    all: Range<usize>,
    /// Those of them that are rows, in order.
    rows: Vec<usize>,
}

impl<'a> Grid<'a> {
    /// Those of a text, if it is one of sheets.
    pub(crate) fn of(text: &'a [Segment]) -> Option<Grid<'a>> {
        let mut sheets: Vec<Sheet<'a>> = Vec::new();
        let mut last = 0;
        for (n, segment) in text.iter().enumerate() {
            let Locator::Cell { sheet, row, column } = &segment.locator else { continue };
            match sheets.last_mut() {
                Some(open) if open.name == sheet => open.all.end = n + 1,
                _ => {
                    sheets.push(Sheet { name: sheet, all: n..n + 1, rows: Vec::new() });
                    last = 0;
                }
            }
            // Its name stands before its rows; comments and drawings come behind them and name a row again.
            let is_name = last == 0 && (*row, *column) == (1, 1) && segment.text == *sheet;
            if let Some(open) = sheets.last_mut()
                && !is_name
                && *row > last
            {
                open.rows.push(n);
                last = *row;
            }
        }
        (!sheets.is_empty()).then_some(Grid { text, sheets })
    }

    /// The sheet and the row of it that show a segment.
    fn place(&self, segment: usize) -> (usize, usize) {
        let sheet = self.sheets.partition_point(|sheet| sheet.all.end <= segment);
        let sheet = sheet.min(self.sheets.len().saturating_sub(1));
        let rows = self.sheets.get(sheet).map_or(&[][..], |sheet| &sheet.rows);
        (sheet, rows.partition_point(|row| *row < segment).min(rows.len().saturating_sub(1)))
    }

    /// The window of a sheet in which a segment stands, with the cell of the place that is shown.
    pub(crate) fn window(
        &self,
        words: Words,
        here: &Here<'_>,
        hits: &Hits,
        segment: usize,
    ) -> Markup {
        let (number, row) = self.place(segment);
        let Some(sheet) = self.sheets.get(number) else { return html! {} };
        let first = row / ROWS * ROWS;
        let shown = sheet.rows.get(first..).unwrap_or_default();
        let shown = shown.get(..ROWS).unwrap_or(shown);
        let now = self.now(hits);
        let columns = self.columns(shown);
        // The head of a table is its first row; it stays above every window.
        let head = sheet.rows.first().copied().filter(|_| first > 0);
        let all = sheet.rows.len();
        html! {
            section.grid-panel aria-label=(words.say("표", "Table")) {
                @if let Some((cell, text)) = &now {
                    div.formula { b { (cell_name(cell)) } span { (text) } }
                }
                div.gridbox role="group" tabindex="0" aria-label=(Shown::new(sheet.name)) {
                    table.grid {
                        thead {
                            tr {
                                th scope="col" { span.hidden { (words.say("행", "Row")) } }
                                @for column in 1..=columns {
                                    th scope="col" class=[is_of(&now, None, Some(column)).then_some("on")] { (column_letters(column)) }
                                }
                            }
                        }
                        tbody {
                            @for n in head.iter().chain(shown) { (self.row(*n, columns, hits, &now, sheet.rows.first() == Some(n))) }
                        }
                    }
                }
                @if all > ROWS { (self.pager(words, here, sheet, first)) }
                @if self.sheets.len() > 1 { (self.tabs(words, here, hits, number)) }
            }
            (self.beside(words, sheet, hits))
        }
    }

    /// The cell of the place that is shown, with what stands in it.
    fn now(&self, hits: &Hits) -> Option<(Locator, Markup)> {
        let mark = hits.mark()?;
        let segment = self.text.get(mark.piece)?;
        let locator = cell_at(segment, mark.start);
        matches!(locator, Locator::Cell { .. }).then_some(())?;
        let part = part_at(&segment.text, mark.start);
        let text = Shown::new(segment.text.get(part).unwrap_or_default()).within(CELL);
        Some((locator, html! { (text) }))
    }

    /// How many columns a window has.
    fn columns(&self, rows: &[usize]) -> u32 {
        let last = |n: &usize| match self.text.get(*n).map(|it| (&it.locator, it.text.as_str())) {
            Some((Locator::Cell { column, .. }, text)) => {
                column.saturating_add(u32::try_from(text.matches('\t').count()).unwrap_or(u32::MAX))
            }
            _ => 1,
        };
        rows.iter().map(last).max().unwrap_or(1).clamp(1, COLUMNS)
    }

    fn row(
        &self,
        n: usize,
        columns: u32,
        hits: &Hits,
        now: &Option<(Locator, Markup)>,
        is_head: bool,
    ) -> Markup {
        let Some(segment) = self.text.get(n) else { return html! {} };
        let Locator::Cell { row, column: first, .. } = &segment.locator else { return html! {} };
        let cells = cells(&segment.text);
        let cell = |column: u32| cells.get(column.checked_sub(*first)? as usize).cloned();
        let is_now = is_of(now, Some(*row), None);
        let class = match (is_head, is_now) {
            (true, true) => Some("head row-now"),
            (true, false) => Some("head"),
            (false, true) => Some("row-now"),
            (false, false) => None,
        };
        html! {
            tr id=[segment.locator.fragment()] class=[class] {
                th scope="row" class=[is_now.then_some("on")] { (row) }
                @for column in 1..=columns {
                    @match cell(column) {
                        None => td {},
                        Some(part) => {
                            @let text = segment.text.get(part.clone()).unwrap_or_default();
                            td class=[cell_class(text, is_of(now, Some(*row), Some(column)))] {
                                (hits.marked(&segment.text, n, within(&segment.text, part)))
                                @if text.chars().nth(CELL).is_some() { "…" }
                            }
                        },
                    }
                }
            }
        }
    }

    fn pager(&self, words: Words, here: &Here<'_>, sheet: &Sheet<'_>, first: usize) -> Markup {
        let all = sheet.rows.len();
        let link = |row: usize| {
            let segment = sheet.rows.get(row).copied().unwrap_or_default();
            here.with(&[("part", &segment.to_string())], None)
        };
        html! {
            p.pager.grid-pager {
                @if first > 0 {
                    a href=(link(first.saturating_sub(ROWS))) rel="prev" { "← " (words.say("앞 행", "Rows before")) }
                }
                span.faint {
                    (words.say("행", "Rows")) " " (count(first as u64 + 1)) "–" (count(all.min(first + ROWS) as u64)) " / " (count(all as u64))
                }
                @if first + ROWS < all {
                    a href=(link(first + ROWS)) rel="next" { (words.say("다음 행", "Next rows")) " →" }
                }
            }
        }
    }

    fn tabs(&self, words: Words, here: &Here<'_>, hits: &Hits, now: usize) -> Markup {
        html! {
            nav.sheet-tabs aria-label=(words.say("시트", "Sheets")) {
                @for (n, sheet) in self.sheets.iter().enumerate().take(SHEETS.max(now + 1)) {
                    @let found = hits.within(sheet.all.clone());
                    a href=(here.with(&[("part", &sheet.all.start.to_string())], None)) aria-current=[(n == now).then_some("true")] {
                        bdi { (Shown::new(sheet.name).within(60)) }
                        @if found > 0 { " " span.count { (count(found as u64)) } }
                    }
                }
            }
        }
    }

    /// What is said of a sheet besides its rows: comments, drawings, heads and feet of its pages.
    fn beside(&self, words: Words, sheet: &Sheet<'_>, hits: &Hits) -> Markup {
        let is_row = |n: &usize| sheet.rows.binary_search(n).is_ok();
        let others = sheet.all.clone().filter(|n| !is_row(n));
        let others = others.filter_map(|n| Some((n, self.text.get(n)?)));
        let others: Vec<_> =
            others.filter(|(_, segment)| segment.text != sheet.name).take(ROWS).collect();
        html! {
            @if !others.is_empty() {
                section.beside {
                    h2 { (words.say("메모와 그 밖의 글", "Comments and other text")) }
                    @for (n, segment) in others {
                        div.passage {
                            span.place { (cell_name(&segment.locator)) }
                            p { (hits.marked(&segment.text, n, 0..segment.text.len())) }
                        }
                    }
                }
            }
        }
    }

    /// The row of the place that is shown, under the names of its columns.
    pub(crate) fn now_row(&self, words: Words, hits: &Hits) -> Markup {
        let row = hits.mark().and_then(|mark| {
            let (sheet, _) = self.place(mark.piece);
            let sheet = self.sheets.get(sheet)?;
            let head = self.text.get(*sheet.rows.first()?)?;
            sheet.rows.binary_search(&mark.piece).ok()?;
            Some((head, self.text.get(mark.piece)?, mark.piece)).filter(|(head, it, _)| head != it)
        });
        let Some((head, segment, n)) = row else { return html! {} };
        let (Locator::Cell { column: of_head, .. }, Locator::Cell { row, column, .. }) =
            (&head.locator, &segment.locator)
        else {
            return html! {};
        };
        let names = cells(&head.text);
        let name = |at: u32| {
            let part = names.get(at.checked_sub(*of_head)? as usize)?.clone();
            head.text.get(part).filter(|name| !name.trim().is_empty())
        };
        let values = (*column..).zip(cells(&segment.text));
        html! {
            section.panel {
                h2 { (match words.0 {
                    madang_document::locale::Locale::Korean => format!("{row}번째 행"),
                    madang_document::locale::Locale::English => format!("Row {row}"),
                }) }
                dl {
                    @for (at, part) in values.take(COLUMNS as usize) {
                        @if !part.is_empty() {
                            dt { (name(at).map_or_else(|| ShownText::new(&column_letters(at)), |name| ShownText::new(clipped(name)))) }
                            dd { (hits.glanced(&segment.text, n, within(&segment.text, part))) }
                        }
                    }
                }
            }
        }
    }
}

/// The cells of a row, as parts of its text.
fn cells(text: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let cell = |cell: &str| {
        let part = at..at + cell.len();
        at = part.end + 1;
        part
    };
    text.split('\t').map(cell).collect()
}

/// The cell of a row in which a byte stands.
fn part_at(text: &str, byte: usize) -> Range<usize> {
    cells(text).into_iter().find(|part| byte <= part.end).unwrap_or(0..0)
}

/// As much of a cell as is shown.
fn within(text: &str, part: Range<usize>) -> Range<usize> {
    let shown = clipped(text.get(part.clone()).unwrap_or_default()).len();
    part.start..part.start + shown
}

fn clipped(cell: &str) -> &str {
    let end = cell.char_indices().nth(CELL).map_or(cell.len(), |(n, _)| n);
    cell.get(..end).unwrap_or(cell)
}

fn cell_class(text: &str, is_now: bool) -> Option<&'static str> {
    let is_number = |c: char| c.is_ascii_digit() || "+-−.,%()₩$€ ".contains(c);
    let number = text.chars().any(|c| c.is_ascii_digit()) && text.chars().all(is_number);
    match (number, is_now) {
        (true, true) => Some("n cell-now"),
        (true, false) => Some("n"),
        (false, true) => Some("cell-now"),
        (false, false) => None,
    }
}

/// Whether the place that is shown is in this row and column.
fn is_of(now: &Option<(Locator, Markup)>, row: Option<u32>, column: Option<u32>) -> bool {
    match now {
        Some((Locator::Cell { row: there, column: at, .. }, _)) => {
            row.is_none_or(|row| row == *there) && column.is_none_or(|column| column == *at)
        }
        _ => false,
    }
}

fn cell_name(locator: &Locator) -> String {
    match locator {
        Locator::Cell { row, column, .. } => format!("{}{row}", column_letters(*column)),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use madang_document::content::Origin;
    use madang_document::id::DocumentId;
    use madang_document::locale::Locale;

    use super::*;

    fn row(sheet: &str, row: u32, column: u32, text: &str) -> Segment {
        let locator = Locator::Cell { sheet: sheet.into(), row, column };
        Segment {
            text: text.into(),
            locator,
            origin: Origin::Native,
            confidence: None,
            words: Vec::new(),
        }
    }

    fn sheets() -> Vec<Segment> {
        let mut text = vec![row("7월", 1, 1, "7월"), row("7월", 1, 1, "번호\t위치\t깊이(cm)")];
        text.extend((2..=500).map(|n| row("7월", n, 1, &format!("{n}\t새터동\t{}", n * 2))));
        text.push(row("7월", 450, 2, "<메모> 지하차도"));
        text.push(row("8월", 1, 1, "8월"));
        text.push(row("8월", 3, 2, "새터 지하차도\t40"));
        text
    }

    fn shown(grid: &Grid<'_>, hits: &Hits, segment: usize) -> String {
        let here = Here { id: DocumentId::new("s", "a", None), query: "지하차도", view: "" };
        grid.window(Words(Locale::Korean), &here, hits, segment).into_string()
    }

    #[test]
    fn a_window_has_its_rows_its_head_and_what_is_said_beside() {
        let text = sheets();
        let grid = Grid::of(&text).unwrap();
        let window = shown(&grid, &Hits::default(), 451);
        assert!(window.contains("<th scope=\"row\">401</th><td class=\"n\">401</td>"), "{window}");
        assert!(window.contains("<tr id=\"cell=7월!A1\" class=\"head\">"), "the head stays");
        assert!(!window.contains("<th scope=\"row\">400</th>"), "of the window before");
        assert!(window.contains("행 401–500 / 500"), "{window}");
        assert!(window.contains("&lt;메모&gt; 지하차도") && !window.contains("<메모>"));
        assert!(Grid::of(&[]).is_none());
    }

    #[test]
    fn the_cell_of_a_hit_is_marked_in_its_row_and_column() {
        let text = sheets();
        let grid = Grid::of(&text).unwrap();
        let mut hits = Hits::find(&text, "지하차도");
        hits.go_to(2);
        let window = shown(&grid, &hits, hits.segment().unwrap());
        assert!(window.contains("<b>B3</b><span>새터 지하차도</span>"), "{window}");
        assert!(window.contains("<th scope=\"col\" class=\"on\">B</th>"), "{window}");
        assert!(
            window.contains(
                "<tr id=\"cell=8월!B3\" class=\"head row-now\"><th scope=\"row\" class=\"on\">3</th>\
                 <td></td><td class=\"cell-now\">새터 <mark id=\"hit-2\""
            ),
            "{window}"
        );
        assert!(window.contains("<td class=\"n\">40</td>"), "{window}");
    }
}
