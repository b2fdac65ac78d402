/// Where the cells of a table stand: in which columns those from above reach into a row.
#[derive(Debug, Default)]
pub(super) struct HtmlTable {
    /// Of each column the rows that the cell in it still spans, the present one included.
    spanned: Vec<u16>,
    /// The column behind the last cell.
    next: usize,
    /// The column of the cell that is open, and the one up to which the line is written.
    column: usize,
    written: usize,
    /// Whether something in a cell ended the line of the row: what comes then begins a line of its own.
    is_broken: bool,
}

/// What a cell may span (HTML, "Attributes common to td and th elements").
const COLUMNS: usize = 1000;
const ROWS: u16 = 65_534;

/// Wider gaps between two cells of a row are written as so many tabs.
const GAP: usize = 32;

impl HtmlTable {
    /// A row begins.
    pub(super) fn row(&mut self) {
        for rows in &mut self.spanned {
            *rows = rows.saturating_sub(1);
        }
        (self.next, self.column, self.written, self.is_broken) = (0, 0, 0, false);
    }

    /// A cell begins that spans as much as these say. Gives how many columns the line is to go on before its first word.
    pub(super) fn cell(&mut self, columns: Option<&str>, rows: Option<&str>) -> usize {
        while self.spanned.get(self.next).is_some_and(|rows| *rows > 0) {
            self.next += 1;
        }
        let columns = number(columns).unwrap_or(1).clamp(1, COLUMNS);
        // One that spans all rows that are left says so by 0.
        let rows = match number(rows) {
            Some(0) => ROWS,
            rows => rows.unwrap_or(1).min(ROWS),
        };
        let end = (self.next + columns).min(COLUMNS);
        if self.spanned.len() < end {
            self.spanned.resize(end, 0);
        }
        self.spanned.get_mut(self.next..end).unwrap_or_default().fill(rows);
        self.column = self.next;
        self.next = end.max(self.next);
        if std::mem::take(&mut self.is_broken) {
            self.written = self.column;
        }
        let steps = self.column.saturating_sub(self.written);
        self.written = self.column;
        steps.min(GAP)
    }

    /// Something in a cell ended the line of the row.
    pub(super) fn end_line(&mut self) {
        self.is_broken = true;
    }
}

fn number<N: std::str::FromStr>(text: Option<&str>) -> Option<N> {
    text?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The steps before the cells of rows, each cell with what it spans.
    fn steps(rows: &[&[(&str, &str)]]) -> Vec<Vec<usize>> {
        let mut table = HtmlTable::default();
        let mut row = |cells: &[(&str, &str)]| {
            table.row();
            cells.iter().map(|(wide, high)| table.cell(Some(wide), Some(high))).collect()
        };
        rows.iter().map(|cells| row(cells)).collect()
    }

    #[test]
    fn cells_keep_their_columns_beside_what_spans() {
        let one = ("1", "1");
        assert_eq!(steps(&[&[("2", "1"), one], &[one, one, one]]), [vec![0, 2], vec![0, 1, 1]]);
        assert_eq!(
            steps(&[&[("1", "2"), one], &[one], &[one, one]]),
            [vec![0, 1], vec![1], vec![0, 1]]
        );
        assert_eq!(steps(&[&[one, ("2", "2"), one], &[one, one]]), [vec![0, 1, 2], vec![0, 3]]);
        // To the end of the table.
        assert_eq!(steps(&[&[("1", "0"), one], &[one], &[one]]), [vec![0, 1], vec![1], vec![1]]);
        // What says nothing, or too much.
        assert_eq!(steps(&[&[("x", "-1"), ("0", "9999999"), one]]), [[0, 1, 1]]);
        assert_eq!(steps(&[&[("99999999", "1"), one, one]]), [[0, GAP, 0]]);
    }

    #[test]
    fn what_follows_a_table_in_a_cell_begins_its_line() {
        let mut table = HtmlTable::default();
        table.row();
        assert_eq!((table.cell(None, None), table.cell(None, None)), (0, 1));
        table.end_line();
        assert_eq!((table.cell(None, None), table.cell(None, None)), (0, 1));
    }
}
