//! Lines that are drawn: those of tables and boxes, and what is underlined. They say where cells are, and then they only
//! disturb whoever reads letters.

use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

/// Pixels of a gap in a rule that a scanner left.
const GAP: usize = 3;

/// Of what stands beside a hairline, the part that may not be paper: the rules that it meets, and letters that touch it.
const ALONE: usize = 6;

/// Cells of one table that are told apart.
const CELLS_MOST: usize = 4_000;

/// Rules of one page, each way.
const RULES_MOST: usize = 4_000;

/// The rules of a page.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    across: Vec<Rect>,
    down: Vec<Rect>,
    letter: usize,
}

/// A cell of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) row: usize,
    pub(crate) column: usize,
    pub(crate) rect: Rect,
}

/// A table with rules: its cells, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grid {
    pub(crate) rect: Rect,
    pub(crate) cells: Vec<Cell>,
}

impl Rules {
    /// Those of a page whose letters are so high: of its ink, and of what is fainter where nothing else stands beside it.
    pub(crate) fn of(ink: &Pixels, faint: &Pixels, letter: usize) -> Rules {
        let mut across = runs(ink, letter * 4, letter);
        add(&mut across, hairlines(faint, letter * 6, letter));
        let turned = |rect: &Rect| Rect {
            left: rect.top,
            top: rect.left,
            right: rect.bottom,
            bottom: rect.right,
        };
        let near = (letter / 4).max(GAP);
        let touches = |x: usize, y: usize| {
            across.iter().any(|rule| {
                rule.left <= x + near
                    && x <= rule.right + near
                    && rule.top <= y + near
                    && y <= rule.bottom + near
            })
        };
        // A stroke of a large letter is as long as the side of a low cell, but it ends at no rule.
        let mut down = runs(&ink.transposed(), letter * 3 / 2, letter);
        add(&mut down, hairlines(&faint.transposed(), letter * 3 / 2, letter));
        let down = down.iter().map(turned).filter(|rule| {
            rule.height() >= letter * 4
                || (touches(rule.left, rule.top) && touches(rule.left, rule.bottom))
        });
        let down = down.collect();
        Rules { across, down, letter }
    }

    /// Wipes them from the page.
    pub(crate) fn erase(&self, ink: &mut Pixels, grey: &mut Pixels) {
        for rule in self.across.iter().chain(&self.down) {
            let wide = rule.grown(1, ink.width, ink.height);
            ink.fill_rect(wide, 0);
            grey.fill_rect(wide.grown(1, ink.width, ink.height), 255);
        }
    }

    /// The tables that they draw.
    pub(crate) fn grids(&self) -> Vec<Grid> {
        let all = self.across.len() + self.down.len();
        let mut groups: Vec<usize> = (0..all).collect();
        let near = (self.letter / 2).max(GAP);
        for (n, across) in self.across.iter().enumerate() {
            let reach = Rect {
                left: across.left.saturating_sub(near),
                top: across.top.saturating_sub(near),
                right: across.right + near,
                bottom: across.bottom + near,
            };
            for (m, down) in self.down.iter().enumerate() {
                let crosses = down.left < reach.right
                    && reach.left < down.right
                    && down.top < reach.bottom
                    && reach.top < down.bottom;
                if crosses {
                    let (a, b) = (root(&groups, n), root(&groups, self.across.len() + m));
                    if let Some(group) = groups.get_mut(a.max(b)) {
                        *group = a.min(b);
                    }
                }
            }
        }
        let mut roots: Vec<usize> = (0..all).map(|n| root(&groups, n)).collect();
        let of = roots.clone();
        roots.sort_unstable();
        roots.dedup();
        let members = |rules: &[Rect], first: usize, group: usize| -> Vec<Rect> {
            let in_group =
                rules.iter().enumerate().filter(|(n, _)| of.get(first + n) == Some(&group));
            in_group.map(|(_, rule)| *rule).collect()
        };
        let grids = roots.into_iter().filter_map(|group| {
            let across = members(&self.across, 0, group);
            let down = members(&self.down, self.across.len(), group);
            grid(&across, &down, near)
        });
        grids.collect()
    }
}

fn root(groups: &[usize], mut n: usize) -> usize {
    while let Some(above) = groups.get(n).copied().filter(|above| *above != n) {
        n = above;
    }
    n
}

/// The table that some rules draw; none if they are no table.
fn grid(across: &[Rect], down: &[Rect], near: usize) -> Option<Grid> {
    if across.len() < 2 || down.is_empty() {
        return None;
    }
    let rect = across.iter().chain(down).copied().reduce(Rect::and)?;
    let ys =
        edges(across.iter().map(|rule| (rule.top + rule.bottom) / 2), rect.top, rect.bottom, near);
    let xs =
        edges(down.iter().map(|rule| (rule.left + rule.right) / 2), rect.left, rect.right, near);
    let (rows, columns) = (ys.len().checked_sub(1)?, xs.len().checked_sub(1)?);
    if rows == 0 || columns == 0 || rows * columns < 2 || rows * columns > CELLS_MOST {
        return None;
    }
    // A wall stands where a rule covers most of a side.
    let covers = |from: usize, to: usize, start: usize, end: usize| {
        let common = to.min(end).saturating_sub(from.max(start));
        common * 2 > end - start
    };
    let wall_right = |row: usize, column: usize| -> Option<bool> {
        let (x, top, bottom) = (*xs.get(column + 1)?, *ys.get(row)?, *ys.get(row + 1)?);
        Some(down.iter().any(|rule| {
            ((rule.left + rule.right) / 2).abs_diff(x) <= near
                && covers(rule.top, rule.bottom, top, bottom)
        }))
    };
    let wall_below = |row: usize, column: usize| -> Option<bool> {
        let (y, left, right) = (*ys.get(row + 1)?, *xs.get(column)?, *xs.get(column + 1)?);
        Some(across.iter().any(|rule| {
            ((rule.top + rule.bottom) / 2).abs_diff(y) <= near
                && covers(rule.left, rule.right, left, right)
        }))
    };
    let mut groups: Vec<usize> = (0..rows * columns).collect();
    let mut join = |a: usize, b: usize| {
        let (a, b) = (root(&groups, a), root(&groups, b));
        if let Some(group) = groups.get_mut(a.max(b)) {
            *group = a.min(b);
        }
    };
    for row in 0..rows {
        for column in 0..columns {
            let here = row * columns + column;
            if column + 1 < columns && wall_right(row, column) == Some(false) {
                join(here, here + 1);
            }
            if row + 1 < rows && wall_below(row, column) == Some(false) {
                join(here, here + columns);
            }
        }
    }
    let mut cells: Vec<Option<Cell>> = vec![None; rows * columns];
    for row in 0..rows {
        for column in 0..columns {
            let rect = Rect {
                left: *xs.get(column)?,
                top: *ys.get(row)?,
                right: *xs.get(column + 1)?,
                bottom: *ys.get(row + 1)?,
            };
            let first = root(&groups, row * columns + column);
            let cell = cells.get_mut(first)?;
            let whole = cell.map_or(rect, |cell: Cell| cell.rect.and(rect));
            *cell = Some(Cell { row: first / columns, column: first % columns, rect: whole });
        }
    }
    let cells: Vec<Cell> = cells.into_iter().flatten().collect();
    (cells.len() > 1).then_some(Grid { rect, cells })
}

/// Where rules stand, those that are near each other as one, and the ends of what they draw.
fn edges(at: impl Iterator<Item = usize>, first: usize, last: usize, near: usize) -> Vec<usize> {
    let mut all: Vec<usize> = at.collect();
    all.push(first);
    all.push(last);
    all.sort_unstable();
    let mut kept: Vec<usize> = Vec::new();
    for edge in all {
        if kept.last().is_none_or(|before| edge - before > near * 2) {
            kept.push(edge);
        }
    }
    kept
}

/// Adds rules that are not there yet.
fn add(rules: &mut Vec<Rect>, more: Vec<Rect>) {
    let known = rules.clone();
    let is_known = |rule: &Rect| {
        known.iter().any(|it| it.grown(2, usize::MAX, usize::MAX).has_middle_of(rule))
    };
    rules.extend(more.into_iter().filter(|rule| !is_known(rule)));
}

/// Faint runs across, thin and alone: above and below a stroke of letters are others.
fn hairlines(faint: &Pixels, least: usize, letter: usize) -> Vec<Rect> {
    let thickest = (letter / 5).max(3);
    let mut found = runs(faint, least, letter);
    found.retain(|rule| {
        let rows = 2..2 + (letter / 6).max(3);
        let beside = rows.flat_map(|n| [rule.top.checked_sub(n), Some(rule.bottom + n - 1)]);
        let is_empty = |y: usize| {
            let row = faint.row(y).get(rule.left..rule.right).unwrap_or_default();
            row.iter().filter(|pixel| **pixel != 0).count() * ALONE <= row.len()
        };
        // The edge of a sheet has nothing beside it.
        rule.height() <= thickest && beside.flatten().filter(|y| *y < faint.height).all(is_empty)
    });
    found
}

/// Long thin runs across, of at least so many pixels.
fn runs(ink: &Pixels, least: usize, letter: usize) -> Vec<Rect> {
    let thickest = (letter / 2).max(4);
    let mut open: Vec<Rect> = Vec::new();
    let mut found: Vec<Rect> = Vec::new();
    for (y, row) in ink.rows().enumerate() {
        let mut x = 0;
        while let Some(from) = row.get(x..).and_then(|rest| rest.iter().position(|p| *p != 0)) {
            let from = x + from;
            let (mut to, mut gap) = (from, 0);
            for (n, pixel) in row.iter().enumerate().skip(from) {
                match pixel {
                    0 if gap == GAP => break,
                    0 => gap += 1,
                    _ => (to, gap) = (n + 1, 0),
                }
            }
            x = to + 1;
            if to - from < least {
                continue;
            }
            let run = Rect { left: from, top: y, right: to, bottom: y + 1 };
            let above = open
                .iter_mut()
                .find(|it| it.bottom + 1 >= y && it.left < run.right && run.left < it.right);
            match above {
                Some(rule) => *rule = rule.and(run),
                None => open.push(run),
            }
        }
        let is_done = |rule: &Rect| rule.bottom + 1 < y;
        found.extend(open.iter().copied().filter(is_done));
        open.retain(|rule| !is_done(rule));
        if found.len() > RULES_MOST {
            return Vec::new();
        }
    }
    found.extend(open);
    found.retain(|rule| rule.height() <= thickest);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(ink: &mut Pixels, left: usize, top: usize, right: usize, bottom: usize) {
        ink.fill_rect(Rect { left, top, right, bottom }, 1);
    }

    #[test]
    fn cells_that_are_one_are_one() {
        let mut ink = Pixels::of(400, 300, 0);
        for y in [20, 80, 140] {
            rule(&mut ink, 20, y, 322, y + 2);
        }
        for x in [20, 220, 320] {
            rule(&mut ink, x, 20, x + 2, 142);
        }
        // The upper row is divided once more.
        rule(&mut ink, 120, 20, 122, 80);
        let mut grey = Pixels::of(400, 300, 255);
        let rules = Rules::of(&ink, &ink, 12);
        let [grid] = &rules.grids()[..] else { panic!("{rules:?}") };
        let places: Vec<(usize, usize)> = grid.cells.iter().map(|c| (c.row, c.column)).collect();
        assert_eq!(places, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 2)]);
        assert!(grid.cells[3].rect.width() > 190);
        rules.erase(&mut ink, &mut grey);
        assert!(ink.bytes.iter().all(|pixel| *pixel == 0));
    }

    /// A scanner leaves of a hairline what is no ink.
    #[test]
    fn a_table_of_hairlines_is_one_and_letters_are_no_hairlines() {
        let (ink, mut faint) = (Pixels::of(400, 300, 0), Pixels::of(400, 300, 0));
        for y in [20, 80, 140] {
            rule(&mut faint, 20, y, 322, y + 1);
        }
        for x in [20, 220, 321] {
            rule(&mut faint, x, 20, x + 1, 141);
        }
        // Strokes of letters beside each other, a little above each other.
        for y in [200, 203, 206] {
            rule(&mut faint, 20, y, 322, y + 1);
        }
        let rules = Rules::of(&ink, &faint, 12);
        let [grid] = &rules.grids()[..] else { panic!("{rules:?}") };
        assert_eq!(grid.cells.len(), 4);
        assert!(rules.across.iter().all(|rule| rule.top < 190), "{rules:?}");
    }

    #[test]
    fn what_is_underlined_is_no_table() {
        let mut ink = Pixels::of(400, 300, 0);
        rule(&mut ink, 20, 50, 300, 52);
        rule(&mut ink, 20, 150, 300, 152);
        assert_eq!(Rules::of(&ink, &ink, 12).grids(), []);
    }
}
