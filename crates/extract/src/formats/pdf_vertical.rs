//! Upright glyphs that are set one below the other. Browsers and office programs write vertical text so, glyph by glyph
//! and without a word of the direction: seen as lines, it would be read across.

use std::collections::BTreeMap;

use super::pdf_glyph::{Glyph, Glyphs};

/// Glyphs that make a run: two may be a label that was broken into lines.
const RUN_LEAST: usize = 3;

/// How far a glyph reaches above its base line, in font sizes.
const ASCENT: f64 = 0.88;

/// How far a glyph may stand into the one above or below it, in font sizes: past a space, but not past a line.
const OVERLAP: f64 = 0.35;
const GAP: f64 = 0.7;

/// How far from the ends of a column further glyphs of it may stand, in font sizes.
const STRAY: f64 = 1.5;

/// Turns such runs, so that their glyphs run down the page as those of vertical fonts do.
pub(super) fn turn(glyphs: &mut Glyphs) {
    let mut start = 0;
    let mut before = None;
    let mut columns = Columns::default();
    while start < glyphs.glyphs.len() {
        let end = end_of_run(glyphs, start);
        let run = turn_run(glyphs, start, end, before);
        if let Some(run) = run.filter(|_| run != before) {
            columns.add(run);
        }
        before = run;
        start = end;
    }
    if !columns.extents.is_empty() {
        turn_strays(glyphs, &columns);
    }
}

/// A run where it stands.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Run {
    middle: f64,
    top: f64,
    bottom: f64,
    size: f64,
    step: f64,
}

/// Runs by the place of their middle, those of one column as one.
#[derive(Debug, Default)]
struct Columns {
    extents: BTreeMap<i64, Run>,
}

impl Columns {
    fn key(middle: f64) -> i64 {
        (middle / 2.0).round() as i64
    }

    fn add(&mut self, run: Run) {
        let column = self.extents.entry(Columns::key(run.middle)).or_insert(run);
        column.top = column.top.max(run.top);
        column.bottom = column.bottom.min(run.bottom);
    }

    /// The column that a cell stands in.
    fn of(&self, cell: &Cell) -> Option<&Run> {
        let key = Columns::key(cell.middle);
        self.extents.range(key - 1..=key + 1).map(|(_, run)| run).find(|run| {
            (run.middle - cell.middle).abs() < cell.size * 0.2
                && (run.size - cell.size).abs() < cell.size * 0.1
                && cell.bottom < run.top + cell.size * STRAY
                && cell.top > run.bottom - cell.size * STRAY
        })
    }
}

/// Turns what belongs to a column but was set at another time, as office programs do with glyphs of another font.
fn turn_strays(glyphs: &mut Glyphs, columns: &Columns) {
    for at in 0..glyphs.glyphs.len() {
        let cell = glyphs.glyphs.get(at).and_then(|glyph| Cell::of(glyphs, glyph));
        let Some(cell) = cell.filter(|cell| cell.is_upright) else { continue };
        if let (Some(run), Some(glyph)) = (columns.of(&cell), glyphs.glyphs.get_mut(at)) {
            cell.turn(glyph, run.step);
        }
    }
}

/// What a glyph covers of a vertical line, if it may stand in one.
#[derive(Clone, Copy, Debug)]
struct Cell {
    middle: f64,
    top: f64,
    bottom: f64,
    size: f64,
    /// Not lying on its side, as letters and spaces between such glyphs do.
    is_upright: bool,
}

impl Cell {
    fn of(glyphs: &Glyphs, glyph: &Glyph) -> Option<Cell> {
        let size = glyph.size;
        if glyph.dx.abs() < size * 0.01 && glyph.dy < 0.0 {
            let (middle, bottom) = (glyph.x + size * 0.3, glyph.y + glyph.dy);
            return Some(Cell { middle, top: glyph.y, bottom, size, is_upright: false });
        }
        let text = glyphs.text(glyph);
        let is_upright =
            glyph.dy == 0.0 && glyph.dx > 0.0 && !text.is_empty() && text.chars().all(is_tall);
        let (middle, top) = (glyph.x + glyph.dx / 2.0, glyph.y + size * ASCENT);
        is_upright.then_some(Cell { middle, top, bottom: top - size, size, is_upright })
    }

    /// The base line of letters that lie on their side stands as far left of the middle.
    fn turn(&self, glyph: &mut Glyph, step: f64) {
        (glyph.x, glyph.y) = (self.middle - self.size * 0.3, self.top);
        (glyph.dx, glyph.dy) = (0.0, -step);
    }

    fn stands_on(&self, below: &Cell) -> bool {
        let gap = self.bottom - below.top;
        (below.size - self.size).abs() < self.size * 0.1
            && (-self.size * OVERLAP..self.size * GAP).contains(&gap)
            && (self.middle - below.middle).abs() < self.size * 0.4
    }
}

/// Where the run ends that begins at a glyph, which is a run of its own if nothing stands below it.
fn end_of_run(glyphs: &Glyphs, start: usize) -> usize {
    let cell = |at: usize| glyphs.glyphs.get(at).and_then(|glyph| Cell::of(glyphs, glyph));
    let mut end = start + 1;
    let mut above = cell(start);
    while let (Some(cell_above), Some(below)) = (above, cell(end)) {
        if !cell_above.stands_on(&below) {
            break;
        }
        above = Some(below);
        end += 1;
    }
    end
}

fn is_tall(c: char) -> bool {
    matches!(c, '\u{1100}'..='\u{11FF}' | '\u{2E80}'..='\u{D7FF}' | '\u{F900}'..='\u{FAFF}' | '\u{FE10}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '·' | '…')
}

/// Turns a run if it is long enough, or goes on beside the one before. Returns where it stands if so.
fn turn_run(glyphs: &mut Glyphs, start: usize, end: usize, before: Option<Run>) -> Option<Run> {
    let run = glyphs.glyphs.get(start..end)?;
    let cells: Vec<Cell> = run.iter().filter_map(|glyph| Cell::of(glyphs, glyph)).collect();
    let (first, last) = (cells.first()?, cells.last()?);
    // The last column of a text may have one glyph.
    let goes_on = before.is_some_and(|run| {
        let aside = (run.middle - first.middle) / first.size;
        (0.8..4.0).contains(&aside) && first.top > run.bottom && first.bottom < run.top
    });
    let upright = cells.iter().filter(|cell| cell.is_upright).count();
    let is_run = upright >= RUN_LEAST || goes_on && upright > 0;
    if !is_run {
        return before.filter(|_| goes_on || upright == 0 && cells.len() == run.len());
    }
    let mut steps: Vec<f64> = cells.windows(2).filter_map(step).collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 4).copied().unwrap_or(first.size);
    let (middle, top, bottom, size) = (first.middle, first.top, last.bottom, first.size);
    for at in start..end {
        let cell = glyphs.glyphs.get(at).and_then(|glyph| Cell::of(glyphs, glyph));
        let cell = cell.filter(|cell| cell.is_upright);
        if let (Some(cell), Some(glyph)) = (cell, glyphs.glyphs.get_mut(at)) {
            cell.turn(glyph, usual);
        }
    }
    Some(Run { middle, top, bottom, size, step: usual })
}

/// From one upright glyph to the next.
fn step(pair: &[Cell]) -> Option<f64> {
    match pair {
        [above, below] if above.is_upright && below.is_upright => Some(above.top - below.top),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Glyphs of size 10 in their order: a character, and where it stands.
    fn page(all: &[(char, f64, f64)]) -> Glyphs {
        let mut glyphs = Glyphs::default();
        for &(c, x, y) in all {
            let start = glyphs.chars.len() as u32;
            glyphs.chars.push(c);
            let end = glyphs.chars.len() as u32;
            glyphs.glyphs.push(Glyph { start, end, x, y, dx: 10.0, dy: 0.0, size: 10.0 });
        }
        glyphs
    }

    fn turned(all: &[(char, f64, f64)]) -> Vec<bool> {
        let mut glyphs = page(all);
        turn(&mut glyphs);
        glyphs.glyphs.iter().map(|glyph| glyph.dy < 0.0).collect()
    }

    #[test]
    fn turns_what_runs_down() {
        let down = [('세', 50.0, 90.0), ('로', 50.0, 80.0), ('로', 50.0, 70.0), ('쓴', 36.0, 90.0)];
        assert_eq!(turned(&down), [true; 4]);
    }

    #[test]
    fn turns_what_was_set_later() {
        let column =
            [('이', 0.0), ('게', 20.0), ('한', 30.0), ('나', 40.0), ('라', 50.0), ('렇', 10.0)];
        let column = column.map(|(c, down)| (c, 50.0, 90.0 - down));
        assert_eq!(turned(&column), [true; 6]);
    }

    #[test]
    fn leaves_lines_and_columns_of_numbers() {
        let across = [('가', 0.0, 90.0), ('나', 10.0, 90.0), ('다', 20.0, 90.0)];
        assert_eq!(turned(&across), [false; 3]);
        let numbers = [('1', 0.0, 90.0), ('2', 0.0, 80.0), ('3', 0.0, 70.0), ('4', 0.0, 60.0)];
        assert_eq!(turned(&numbers), [false; 4]);
        let items = [('가', 0.0, 90.0), ('나', 0.0, 70.0), ('다', 0.0, 50.0)];
        assert_eq!(turned(&items), [false; 3]);
    }
}
