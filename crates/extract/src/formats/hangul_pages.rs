//! The pages of a document of the word processor 한글, from the lines that it stored when it last laid the text out
//! (record `PARA_LINE_SEG`; `linesegarray` in OWPML). Each line has its distance from the top of its page, so that a
//! page ends where this distance falls back. Nothing is laid out anew: without that cache there are no pages.

use super::hangul_line::Line;
use super::hangul_spread::{Places, Spread};

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
    /// Its tables that stand beside the lines and may go on over several pages.
    pub(super) tables: Vec<Spread>,
}

/// Where a paragraph lies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Placement {
    /// The page of its first line.
    pub(super) page: u32,
    /// The page of each row of its table, if that goes on over pages.
    pub(super) rows: Vec<u32>,
    /// How many of the paragraphs with text before it stand on this page, too: they have no lines, and it turned out only
    /// now that they are not on the page before.
    pub(super) follow: usize,
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

/// Tables of one paragraph that are looked at.
const TABLES: usize = 1000;

impl Layout {
    /// Adds the next table.
    pub(super) fn table(&mut self, table: Spread) {
        if self.tables.len() < TABLES {
            self.tables.push(table);
        }
    }

    /// The height of its tables with their margins.
    fn tables_height(&self) -> i64 {
        self.tables.iter().fold(0i64, |sum, table| {
            let (above, below) = table.margins;
            sum.saturating_add(table.height).saturating_add(above).saturating_add(below)
        })
    }
}

/// The page that is being filled.
#[derive(Debug, Default)]
pub(super) struct Pages {
    page: u32,
    /// Whether the section has a paragraph.
    begun: bool,
    /// Columns of the zone; 0 means one.
    columns: u16,
    column: u16,
    body_height: i64,
    /// Where the zone begins on its page, and how far it reaches so far.
    zone_top: i64,
    zone_height: i64,
    last: Option<Line>,
    /// How far the tables of the last paragraph reach on its page.
    table_bottom: i64,
    /// The page on which a table ends that went on over pages, and how far it reaches there.
    table_end: Option<(u32, i64)>,
    /// Paragraphs with text since the last line that have no lines.
    lineless: usize,
    /// Paragraphs with text that have lines, and that have none.
    with: u64,
    without: u64,
    implausible: bool,
}

impl Pages {
    /// A section begins, and with it a page.
    pub(super) fn section(&mut self) {
        self.turn_over_table();
        let page = self.page.saturating_add(1);
        let Pages { with, without, implausible, .. } = *self;
        *self = Pages { page, with, without, implausible, ..Pages::default() };
    }

    /// The page of what comes next.
    pub(super) fn page(&self) -> u32 {
        self.page.max(1)
    }

    /// Puts a paragraph of the body to its pages.
    pub(super) fn place(&mut self, layout: &mut Layout, has_text: bool) -> Placement {
        if has_text {
            *(if layout.lines.is_empty() { &mut self.without } else { &mut self.with }) += 1;
        }
        self.body_height = layout.body_height.filter(|&h| h > 0).unwrap_or(self.body_height);
        let Some(first) = layout.lines.first().copied() else {
            if layout.page_break && self.begun {
                self.turn_over_table();
                self.turn(1);
                self.last = None;
                self.lineless = 0;
            }
            self.begun = true;
            self.lineless += usize::from(has_text);
            return Placement { page: self.page(), ..Placement::default() };
        };
        let bottom = self.last.map_or(0, Line::bottom).max(self.table_bottom);
        let before = (self.page(), self.column);
        self.begin(layout, first);
        self.begun = true;
        let page = self.page();
        let follow = self.following(before.0, first);
        let start = if before == (page, self.column) { bottom } else { 0 };
        // Where there is room above its first line, that is where its tables stand: they end before the line.
        let tables = layout.tables_height();
        let are_above = first.top.saturating_sub(start) >= tables - tables / 10;
        for line in layout.lines.iter().skip(1) {
            if self.last.is_some_and(|last| line.is_back_of(last)) {
                self.next_column();
            }
            self.line(*line);
        }
        let stands_below = !layout.tables.is_empty() && !are_above;
        self.table_bottom = if stands_below { first.top.saturating_add(tables) } else { 0 };
        let mut rows = Vec::new();
        if stands_below
            && let [table] = layout.tables.as_mut_slice()
            && self.body_height > 0
            && self.columns <= 1
        {
            let top = first.top.saturating_add(table.offset);
            match table.places(top, self.body_height) {
                Some(Places { rows: places, end }) => {
                    rows = places.into_iter().map(|pages| page.saturating_add(pages)).collect();
                    self.table_bottom = end.map_or(0, |(_, bottom)| bottom);
                    self.table_end =
                        end.map(|(pages, bottom)| (page.saturating_add(pages), bottom));
                }
                None => self.table_bottom = top.saturating_add(table.height),
            }
        }
        Placement { page, rows, follow }
    }

    /// The first line of a paragraph.
    fn begin(&mut self, layout: &Layout, line: Line) {
        let page = self.page();
        let table_end = self.table_end;
        self.turn_over_table();
        if layout.page_break && self.begun {
            self.turn(1);
        } else if let Some(last) = self.last {
            if layout.columns.is_some() {
                let top = self.zone_top + self.zone_height;
                if self.body_height > 0 && top + line.height > self.body_height {
                    self.turn(1);
                } else {
                    (self.zone_top, self.zone_height, self.column) = (top, 0, 0);
                }
            } else if let Some((end, bottom)) = table_end {
                // How far the table reaches is known but for the height of some rows, and what stands below it is
                // not far from its end.
                if line.top < bottom.saturating_sub(self.body_height / 8) {
                    self.next_column();
                } else if end > page && line.top.saturating_sub(bottom) > self.body_height / 8 * 5 {
                    self.page = end - 1;
                }
            } else if line.is_back_of(last) {
                // Lines that a program made up all lie in one place, and there is room below them.
                let room = self.body_height <= 0 || last.bottom() + line.height < self.body_height;
                if self.columns <= 1 && line == last && room && self.table_bottom == 0 {
                    self.implausible = true;
                }
                self.next_column();
            }
        }
        if let Some(columns) = layout.columns {
            (self.columns, self.column) = (columns, 0);
        }
        self.line(line);
    }

    /// Paragraphs without lines right before this one, the first that has lines again, that stand above it on the page
    /// that it begins: those for which there is room.
    fn following(&mut self, page: u32, line: Line) -> usize {
        let lineless = std::mem::take(&mut self.lineless);
        if self.page() == page {
            return 0;
        }
        // A heading with its distances takes about three lines; less than one and a half are a distance alone.
        let height = line.height.max(1);
        let fit = if line.top * 2 < height * 3 { 0 } else { (line.top / height + 2) / 3 };
        lineless.min(usize::try_from(fit).unwrap_or(0))
    }

    /// Goes on where the table of the last paragraph ends.
    fn turn_over_table(&mut self) {
        if let Some((end, _)) = self.table_end.take() {
            self.turn(end.saturating_sub(self.page()));
        }
    }

    fn line(&mut self, line: Line) {
        self.zone_height = self.zone_height.max(line.bottom());
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

#[cfg(test)]
mod tests {
    use super::super::hangul_spread::CellHeight;
    use super::*;

    const BODY: i64 = 10_000;

    fn table(height: i64) -> Vec<Spread> {
        vec![Spread { height, breaks: true, ..Spread::default() }]
    }

    fn at(tops: &[i64]) -> Layout {
        let lines = tops.iter().map(|&top| Line { top, height: 1000, left: 0 }).collect();
        Layout { lines, body_height: Some(BODY), ..Layout::default() }
    }

    fn pages(section: Vec<Layout>) -> (Vec<u32>, bool) {
        let mut pages = Pages::default();
        pages.section();
        let found =
            section.into_iter().map(|mut layout| pages.place(&mut layout, true).page).collect();
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
        let table = |height| Layout { tables: table(height), ..at(&[1000]) };
        assert_eq!(pages(vec![table(4000), at(&[5000])]).0, [1, 1]);
        assert_eq!(pages(vec![table(24_000), at(&[5000])]).0, [1, 3]);
        assert_eq!(pages(vec![table(29_200), at(&[500])]).0, [1, 4]);
        let mut ends = Pages::default();
        ends.section();
        ends.place(&mut table(24_000), true);
        ends.section();
        assert_eq!(ends.page(), 4);
    }

    #[test]
    fn what_has_no_lines_still_has_a_page() {
        let lineless = |page_break| Layout { page_break, ..Layout::default() };
        // The text below the break lies lower than the last line before it.
        assert_eq!(pages(vec![at(&[0]), lineless(true), at(&[3000])]).0, [1, 2, 2]);
        assert_eq!(pages(vec![lineless(true), at(&[0])]).0, [1, 1]);
        assert_eq!(pages(vec![at(&[0]), lineless(true), lineless(true), at(&[0])]).0, [1, 2, 3, 3]);
        // One that has none stands on the next page if there is room above the line that begins it.
        let mut found = Pages::default();
        found.section();
        for (mut layout, place) in [
            (at(&[0, 8000]), (1, 0)),
            (lineless(false), (1, 0)),
            (lineless(false), (1, 0)),
            (at(&[3000, 8000]), (2, 1)),
            (lineless(false), (2, 0)),
            (at(&[500]), (3, 0)),
            (lineless(false), (3, 0)),
            (at(&[4000]), (3, 0)),
        ] {
            let Placement { page, follow, .. } = found.place(&mut layout, true);
            assert_eq!((page, follow), place);
        }
    }

    #[test]
    fn a_table_ends_on_the_page_of_the_line_below_it() {
        // The stored height is that of the first piece: of 12 rows of 1000 four go on on the next page.
        let over = |top| {
            let mut table = Spread { height: 8000, breaks: true, ..Spread::default() };
            for row in 0..12 {
                table.cell(&CellHeight { row, span: 1, height: 1000, ..CellHeight::default() });
            }
            Layout { tables: vec![table], ..at(&[top]) }
        };
        let mut found = Pages::default();
        found.section();
        let rows = found.place(&mut over(2000), true).rows;
        assert_eq!(rows, [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2]);
        // It lies lower than the line of the table, and on the next page all the same.
        assert_eq!(pages(vec![over(2000), at(&[4000]), at(&[5600])]).0, [1, 2, 2]);
        // A page break comes behind the end of the table.
        let broken = Layout { page_break: true, ..at(&[0]) };
        assert_eq!(pages(vec![over(2000), broken]).0, [1, 3]);
        // The table of the paragraph before fills the room above this line: its own stands below it.
        let one = Layout { tables: table(4000), ..at(&[0]) };
        assert_eq!(pages(vec![one, over(4000), at(&[8000])]).0, [1, 1, 2]);
    }

    #[test]
    fn a_table_above_its_line_ends_there() {
        let table = |top, height| Layout { tables: table(height), ..at(&[top]) };
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
