//! The pages of a document of the word processor 한글, from the lines that it stored when it last laid the text out
//! (record `PARA_LINE_SEG`; `linesegarray` in OWPML). Each line has its distance from the top of its page, so that a
//! page ends where this distance falls back. Nothing is laid out anew: without that cache there are no pages.

/// A line of the body as it was laid out, in 1/7200 inch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    /// From the top of the page, or of the zone of columns.
    pub(super) top: i64,
    pub(super) height: i64,
    /// From the left edge of the column; lines beside a picture differ in this alone.
    pub(super) left: i64,
}

/// What a paragraph of the body says about pages.
#[derive(Debug, Default)]
pub(super) struct Layout {
    /// A page begins with it.
    pub(super) page_break: bool,
    /// A zone of so many columns begins with it.
    pub(super) columns: Option<u16>,
    /// The height that a page has for the body, from this paragraph on.
    pub(super) body_height: Option<i64>,
    /// Its lines.
    pub(super) lines: Vec<Line>,
    /// The height of its tables that stand beside the lines and may go on over several pages.
    pub(super) tables: i64,
}

/// Lines of one paragraph that are looked at.
const LINES: usize = 100_000;

impl Layout {
    /// Adds the next line.
    pub(super) fn line(&mut self, line: Line) {
        if self.lines.len() < LINES {
            self.lines.push(line);
        }
    }
}

/// The page that is being filled.
#[derive(Debug, Default)]
pub(super) struct Pages {
    page: u32,
    /// Columns of the zone; 0 means one.
    columns: u16,
    column: u16,
    body_height: i64,
    /// Where the zone begins on its page, and how far it reaches so far.
    zone_top: i64,
    zone_height: i64,
    last: Option<Line>,
    tables: i64,
    /// Paragraphs with text that have lines, and that have none.
    with: u64,
    without: u64,
    implausible: bool,
}

impl Pages {
    /// A section begins, and with it a page.
    pub(super) fn section(&mut self) {
        let page = self.page.saturating_add(self.pages_of_tables()).saturating_add(1);
        let Pages { with, without, implausible, .. } = *self;
        *self = Pages { page, with, without, implausible, ..Pages::default() };
    }

    /// The page of what comes next.
    pub(super) fn page(&self) -> u32 {
        self.page.max(1)
    }

    /// Puts a paragraph of the body to its pages and gives that of its first line.
    pub(super) fn place(&mut self, layout: &Layout, has_text: bool) -> u32 {
        if has_text {
            *(if layout.lines.is_empty() { &mut self.without } else { &mut self.with }) += 1;
        }
        self.body_height = layout.body_height.filter(|&h| h > 0).unwrap_or(self.body_height);
        let mut lines = layout.lines.iter();
        let Some(first) = lines.next() else {
            self.tables += layout.tables;
            return self.page();
        };
        let before = (self.page(), self.column, self.last.map_or(0, |last| last.top + last.height));
        self.begin(layout, *first);
        let page = self.page();
        let start = if before.0 == page && before.1 == self.column { before.2 } else { 0 };
        // Where there is room above its first line, that is where its tables stand: they end before the line.
        let are_above = first.top - start >= layout.tables - layout.tables / 10;
        for line in lines {
            if self.last.is_some_and(|last| is_back(last, *line)) {
                self.next_column();
            }
            self.line(*line);
        }
        self.tables = if are_above { 0 } else { layout.tables };
        page
    }

    /// The first line of a paragraph.
    fn begin(&mut self, layout: &Layout, line: Line) {
        if let Some(last) = self.last {
            if layout.page_break {
                self.turn(self.pages_of_tables().saturating_add(1));
            } else if layout.columns.is_some() {
                let top = self.zone_top + self.zone_height;
                if self.body_height > 0 && top + line.height > self.body_height {
                    self.turn(1);
                } else {
                    (self.zone_top, self.zone_height, self.column) = (top, 0, 0);
                }
            } else if is_back(last, line) {
                // Lines that a program made up all lie in one place, and there is room below them.
                let room = self.body_height <= 0
                    || last.top + last.height + line.height < self.body_height;
                if self.columns <= 1 && line == last && room && self.tables == 0 {
                    self.implausible = true;
                }
                match self.passed(last, line) {
                    0 | 1 => self.next_column(),
                    pages => self.turn(pages),
                }
            } else {
                self.turn(self.passed(last, line));
            }
        }
        if let Some(columns) = layout.columns {
            (self.columns, self.column) = (columns, 0);
        }
        self.line(line);
    }

    /// Pages that the tables of the paragraph before have gone over, seen from the line behind them.
    fn passed(&self, last: Line, line: Line) -> u32 {
        if self.body_height <= 0 || self.tables <= 0 {
            return 0;
        }
        let beyond = last.top + self.tables - line.top + self.body_height / 2;
        u32::try_from(beyond.div_euclid(self.body_height)).unwrap_or(0)
    }

    /// Pages that the tables of the last paragraph go on for, with nothing behind them that tells.
    fn pages_of_tables(&self) -> u32 {
        if self.body_height <= 0 || self.tables <= 0 {
            return 0;
        }
        // A table that ends at the foot of the page stays on it, whatever its margin.
        let end = self.last.map_or(0, |last| last.top) + self.tables - self.body_height / 50;
        u32::try_from(end.div_euclid(self.body_height)).unwrap_or(0)
    }

    fn line(&mut self, line: Line) {
        self.zone_height = self.zone_height.max(line.top + line.height);
        self.last = Some(line);
    }

    fn next_column(&mut self) {
        self.column = self.column.saturating_add(1);
        if self.column >= self.columns.max(1) {
            self.turn(1);
        }
    }

    fn turn(&mut self, pages: u32) {
        if pages > 0 {
            self.page = self.page().saturating_add(pages);
            (self.column, self.zone_top, self.zone_height) = (0, 0, 0);
        }
    }

    /// Whether the lines are a layout: most paragraphs have some (in distribution documents one in five has none), and
    /// they do not all lie in one place, as those do that programs write which lay nothing out.
    pub(super) fn are_known(&self) -> bool {
        self.with > 0 && !self.implausible && self.without.saturating_mul(2) <= self.with
    }
}

/// Whether a line lies before the one that comes first in the text: a column or a page lies between them.
fn is_back(last: Line, line: Line) -> bool {
    line.top < last.top || (line.top == last.top && line.left <= last.left)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: i64 = 10_000;

    fn at(tops: &[i64]) -> Layout {
        let lines = tops.iter().map(|&top| Line { top, height: 1000, left: 0 }).collect();
        Layout { lines, body_height: Some(BODY), ..Layout::default() }
    }

    fn pages(section: Vec<Layout>) -> (Vec<u32>, bool) {
        let mut pages = Pages::default();
        pages.section();
        let found = section.iter().map(|layout| pages.place(layout, true)).collect();
        (found, pages.are_known())
    }

    #[test]
    fn a_page_ends_where_lines_fall_back() {
        let found = pages(vec![at(&[0, 1600]), at(&[3200, 0, 1600]), at(&[3200]), at(&[0])]);
        assert_eq!(found, (vec![1, 1, 2, 3], true));
        // A page break says so even where nothing falls back.
        let broken = Layout { page_break: true, ..at(&[3200]) };
        assert_eq!(pages(vec![at(&[0]), broken, at(&[4800])]), (vec![1, 2, 2], true));
        // On both sides of a picture.
        let mut around = at(&[1600, 1600]);
        around.lines[1].left = 500;
        assert_eq!(pages(vec![at(&[0]), around, at(&[3200])]).0, [1, 1, 1]);
    }

    #[test]
    fn columns_fill_a_page_before_it_is_turned() {
        let two = Layout { columns: Some(2), ..at(&[0, 8000, 0, 8000, 0]) };
        assert_eq!(pages(vec![two, at(&[1600])]).0, [1, 2]);
        // A zone begins in the middle of the page if there is room for a line.
        let zone = |top| Layout { columns: Some(2), ..at(&[top]) };
        assert_eq!(pages(vec![at(&[0, 4000]), zone(0), at(&[0]), at(&[0])]).0, [1, 1, 1, 2]);
        assert_eq!(pages(vec![at(&[0, 9000]), zone(0)]).0, [1, 2]);
    }

    #[test]
    fn tables_go_on_over_pages() {
        let table = |height| Layout { tables: height, ..at(&[1000]) };
        assert_eq!(pages(vec![table(4000), at(&[5000])]).0, [1, 1]);
        assert_eq!(pages(vec![table(24_000), at(&[5000])]).0, [1, 3]);
        assert_eq!(pages(vec![table(29_200), at(&[500])]).0, [1, 4]);
        let mut ends = Pages::default();
        ends.section();
        ends.place(&table(24_000), true);
        ends.section();
        assert_eq!(ends.page(), 4);
    }

    #[test]
    fn a_table_above_its_line_ends_there() {
        let table = |top, height| Layout { tables: height, ..at(&[top]) };
        let broken = || Layout { page_break: true, ..at(&[0]) };
        // It fills the room between the lines, and the page: nothing goes on.
        assert_eq!(pages(vec![at(&[4000]), table(9200, 4000), broken()]).0, [1, 1, 2]);
        assert_eq!(pages(vec![at(&[0]), broken(), table(9200, 8000), broken()]).0, [1, 2, 2, 3]);
        // There is no room above this line.
        assert_eq!(pages(vec![at(&[4000]), table(5200, 12_000), broken()]).0, [1, 1, 3]);
    }

    #[test]
    fn lines_that_nobody_laid_out_are_not_believed() {
        assert!(!pages(vec![at(&[0]), at(&[0]), at(&[0])]).1);
        let anywhere = || Layout { body_height: None, ..at(&[0]) };
        assert!(!pages(vec![anywhere(), anywhere()]).1);
        assert!(!pages(vec![at(&[0]), Layout::default()]).1);
        assert!(!pages(vec![]).1);
        // Tables that fill a page each do lie in one place.
        let mut full = at(&[0]);
        full.lines[0].height = 9500;
        let mut other = at(&[0]);
        other.lines[0].height = 9500;
        assert_eq!(pages(vec![full, other]), (vec![1, 2], true));
    }
}
