//! How a table of a document of the word processor 한글 lies on pages. Two things of the last layout are stored: the
//! lines of each cell, whose distance from the top falls back where the cell goes on on the next page, and the height of
//! the table, which is that of its first piece alone. Rows are as high as their cells, and so the rest follows.

use super::hangul_line::Line;

/// A cell while it is read: how high it is, in pieces if it goes over pages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CellHeight {
    /// Counted from 0.
    pub(super) row: u16,
    /// Rows that it spans.
    pub(super) span: u16,
    /// The least height that is stored for it.
    pub(super) height: i64,
    /// Its margins at the top and the bottom together.
    pub(super) margins: i64,
    /// How far the lines reach in each piece.
    pub(super) pieces: Vec<i64>,
    pub(super) last: Option<Line>,
}

/// Pieces of one cell that are told apart.
const PIECES: usize = 10_000;

impl CellHeight {
    /// Takes the next line of the cell. Gives whether it is the first of another piece.
    pub(super) fn line(&mut self, line: Line) -> bool {
        let turns = self.last.is_some_and(|last| line.top < last.top);
        self.last = Some(line);
        let more = self.pieces.len() < PIECES;
        match self.pieces.last_mut() {
            Some(piece) if !turns || !more => {
                *piece = (*piece).max(line.bottom());
                false
            }
            _ => {
                self.pieces.push(line.bottom());
                turns
            }
        }
    }
}

/// A table that stands below a line and may go on over several pages, with what is stored of its height.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spread {
    /// From the top of its paragraph, with the margin above it.
    pub(super) offset: i64,
    /// The margin that stays free above each piece, and below it.
    pub(super) margins: (i64, i64),
    /// The height of the first piece; of the whole table if it does not go on.
    pub(super) height: i64,
    /// Whether it may be broken at the end of a page.
    pub(super) breaks: bool,
    /// Whether the first row stands above each piece.
    pub(super) repeats_head: bool,
    pub(super) rows: Vec<Row>,
    /// The last row and the height of cells that span several, and the row where they begin.
    pub(super) spans: Vec<(u16, u16, i64)>,
}

/// A row of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    number: u16,
    /// What its cells need that do not go over pages.
    whole: i64,
    /// The pieces of those that do.
    pieces: Vec<i64>,
}

/// Where the parts of a table lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Places {
    /// Pages between the one on which the table begins and that of each row.
    pub(super) rows: Vec<u32>,
    /// The same of its end, and how far the table reaches on that page; none if what follows in the text does not stand
    /// below it.
    pub(super) end: Option<(u32, i64)>,
}

/// Rows of a table that are placed.
const ROWS: usize = 65_536;

/// Difference of heights that says nothing: the least that a row of text has is twice as much.
const SLACK: i64 = 500;

impl Row {
    fn first(&self) -> i64 {
        self.pieces.first().copied().unwrap_or(self.whole)
    }

    fn rest(&self) -> impl Iterator<Item = i64> {
        self.pieces.iter().skip(1).copied()
    }

    fn height(&self) -> i64 {
        self.rest().fold(self.first(), i64::saturating_add)
    }
}

impl Spread {
    /// Takes the next cell; those of a row come one after the other.
    pub(super) fn cell(&mut self, cell: &CellHeight) {
        if self.rows.last().is_none_or(|row| row.number != cell.row) && self.rows.len() < ROWS {
            self.rows.push(Row { number: cell.row, ..Row::default() });
        }
        let Some(row) = self.rows.last_mut() else { return };
        let of = |piece: i64| piece.saturating_add(cell.margins);
        if cell.span > 1 {
            let needed = cell.pieces.iter().fold(0i64, |sum, piece| sum.saturating_add(of(*piece)));
            if self.spans.len() < ROWS {
                self.spans.push((cell.row.saturating_add(cell.span - 1), cell.row, needed));
            }
            return;
        }
        match cell.pieces.as_slice() {
            [] | [_] => {
                let text = cell.pieces.first().map_or(0, |piece| of(*piece));
                row.whole = row.whole.max(text).max(cell.height);
            }
            // What is stored as the height of such a cell says nothing about its pieces.
            pieces => {
                row.pieces.resize(row.pieces.len().max(pieces.len()), 0);
                for (row, piece) in row.pieces.iter_mut().zip(pieces) {
                    *row = (*row).max(of(*piece));
                }
            }
        }
    }

    /// Makes rows higher where cells that span them end and need more.
    fn fit_spans(&mut self) {
        self.spans.sort_unstable();
        let mut spans = std::mem::take(&mut self.spans).into_iter().peekable();
        let mut tops: Vec<(u16, i64)> = Vec::with_capacity(self.rows.len());
        let mut bottom = 0i64;
        for row in &mut self.rows {
            tops.push((row.number, bottom));
            bottom = bottom.saturating_add(row.height());
            while let Some((_, begins, needed)) = spans.next_if(|(last, ..)| *last <= row.number) {
                let at = tops.partition_point(|(number, _)| *number < begins);
                let top = tops.get(at).map_or(bottom, |(_, top)| *top);
                let more = needed.saturating_sub(bottom.saturating_sub(top)).max(0);
                bottom = bottom.saturating_add(more);
                let end = row.pieces.last_mut().unwrap_or(&mut row.whole);
                *end = end.saturating_add(more);
            }
        }
    }

    /// Where its parts lie, if its top is this far from that of the page, which has this height for the body. None if it
    /// lies in one piece below its line.
    pub(super) fn places(&mut self, top: i64, body_height: i64) -> Option<Places> {
        self.fit_spans();
        let total = self.rows.iter().fold(0i64, |sum, row| sum.saturating_add(row.height()));
        let (above, below) = self.margins;
        let foot = body_height.saturating_sub(below);
        let goes_on = self.breaks && total > self.height.saturating_add(SLACK);
        if !goes_on || top.saturating_add(total) <= foot.saturating_add(SLACK) {
            let end = top.saturating_add(self.height);
            // Some programs store the height of the whole, and no lines.
            if self.height > body_height {
                let pages = end.saturating_sub(body_height / 50).div_euclid(body_height);
                let bottom = end.saturating_sub(pages.saturating_mul(body_height));
                let end = Some((u32::try_from(pages).unwrap_or(0), bottom));
                return Some(Places { rows: Vec::new(), end });
            }
            // One that does not fit stands on the next page, and the text flows on before it.
            let moves = end > foot.saturating_add(4 * SLACK);
            return moves.then(|| Places { rows: vec![1; self.rows.len()], end: None });
        }
        // The stored height says exactly where the first piece ends.
        let end_of_first = top.saturating_add(self.height);
        let head = self.rows.first().filter(|_| self.repeats_head).map_or(0, Row::height);
        let (mut page, mut at) = (0u32, top);
        let mut rows = Vec::with_capacity(self.rows.len());
        let mut begins = true;
        for row in &self.rows {
            let next = match page {
                0 => at.saturating_add(SLACK) >= end_of_first,
                _ => at.saturating_add(row.first()) > foot,
            };
            if next && !begins {
                page = page.saturating_add(1);
                at = above.saturating_add(head);
            }
            rows.push(page);
            begins = false;
            at = at.saturating_add(row.first());
            if page == 0 && row.pieces.len() < 2 && at > end_of_first.saturating_add(SLACK) {
                // It was broken between lines, and its lines do not tell: what did not fit stands on the next page.
                page = 1;
                at = at.saturating_sub(end_of_first).saturating_add(above).saturating_add(head);
            }
            for piece in row.rest() {
                page = page.saturating_add(1);
                at = above.saturating_add(head).saturating_add(piece);
            }
        }
        Some(Places { rows, end: Some((page, at)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: i64 = 10_000;

    fn cell(row: u16, height: i64, tops: &[i64]) -> CellHeight {
        let mut cell = CellHeight { row, span: 1, height, margins: 200, ..CellHeight::default() };
        for top in tops {
            cell.line(Line { top: *top, height: 1000, left: 0 });
        }
        cell
    }

    fn spread(height: i64, cells: &[CellHeight]) -> Spread {
        let mut spread = Spread { height, breaks: true, margins: (100, 100), ..Spread::default() };
        cells.iter().for_each(|cell| spread.cell(cell));
        spread
    }

    #[test]
    fn lines_that_fall_back_part_a_cell() {
        let mut cell = CellHeight::default();
        let turns: Vec<bool> = [0, 1600, 0, 1600, 1600, 0]
            .iter()
            .map(|top| cell.line(Line { top: *top, height: 1000, left: 0 }))
            .collect();
        assert_eq!(turns, [false, false, true, false, false, true]);
        assert_eq!(cell.pieces, [2600, 2600, 1000]);
    }

    #[test]
    fn rows_go_on_where_the_stored_height_ends() {
        // Rows of 2000: four on the first page, whose piece is as high as is stored, four on the second, one on the third.
        let rows: Vec<_> = (0..9).map(|row| cell(row, 2000, &[0])).collect();
        let places = spread(8000, &rows).places(1000, BODY).unwrap();
        assert_eq!(places.rows, [0, 0, 0, 0, 1, 1, 1, 1, 2]);
        assert_eq!(places.end, Some((2, 2100)));
        // With the head above each piece only three more rows fit.
        let mut repeats = spread(8000, &rows);
        repeats.repeats_head = true;
        let places = repeats.places(1000, BODY).unwrap();
        assert_eq!(places.rows, [0, 0, 0, 0, 1, 1, 1, 2, 2]);
        assert_eq!(places.end, Some((2, 6100)));
        // What may not be broken lies in one piece.
        let mut whole = spread(8000, &rows);
        whole.breaks = false;
        assert_eq!(whole.places(1000, BODY), None);
        // So does what is as high as is stored.
        assert_eq!(spread(8000, &rows[..4]).places(1000, BODY), None);
    }

    #[test]
    fn what_does_not_fit_stands_on_the_next_page() {
        let rows = [cell(0, 2000, &[0]), cell(1, 2000, &[0])];
        let moved = Places { rows: vec![1, 1], end: None };
        assert_eq!(spread(4000, &rows).places(8000, BODY), Some(moved));
        assert_eq!(spread(4000, &rows).places(5000, BODY), None);
    }

    #[test]
    fn cells_go_on_on_the_next_page() {
        // The second row begins on the first page and ends on the third.
        let rows =
            [cell(0, 2000, &[0]), cell(1, 9000, &[0, 1600, 0, 6000, 0]), cell(2, 2000, &[0])];
        let places = spread(4800, &rows).places(5000, BODY).unwrap();
        assert_eq!(places.rows, [0, 0, 2]);
        assert_eq!(places.end, Some((2, 3300)));
    }

    #[test]
    fn a_spanning_cell_makes_its_last_row_higher() {
        let mut tall = cell(0, 0, &[0, 7000]);
        tall.span = 2;
        let mut table =
            spread(8200, &[tall, cell(0, 1000, &[]), cell(1, 1000, &[]), cell(2, 2000, &[])]);
        let places = table.places(1500, BODY).unwrap();
        assert_eq!(places.rows, [0, 0, 1]);
    }

    #[test]
    fn a_height_of_more_than_a_page_is_that_of_the_whole() {
        let places = spread(24_000, &[]).places(1000, BODY).unwrap();
        assert_eq!(places, Places { rows: vec![], end: Some((2, 5000)) });
        assert_eq!(spread(4000, &[]).places(1000, BODY), None);
    }

    #[test]
    fn numbers_without_sense_do_no_harm() {
        let mut odd = cell(u16::MAX, i64::MAX, &[i64::MAX, i64::MIN]);
        odd.span = u16::MAX;
        let mut rows = vec![odd.clone()];
        odd.span = 1;
        rows.push(odd);
        rows.push(cell(0, i64::MIN, &[]));
        let _ = spread(1, &rows).places(i64::MAX, 1);
        let _ = spread(i64::MAX, &rows).places(i64::MIN, i64::MAX);
    }
}
