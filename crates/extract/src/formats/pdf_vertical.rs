//! Upright glyphs that are set one below the other. Browsers and office programs write vertical text so, glyph by glyph
//! and without a word of the direction: seen as lines, it would be read across.

use super::pdf_glyph::{Glyph, Glyphs};

/// Glyphs that make a run: two may be a label that was broken into lines.
const RUN_LEAST: usize = 3;

/// How far a glyph reaches above its base line, in font sizes.
const ASCENT: f64 = 0.88;

/// How far a glyph may stand into the one above or below it, in font sizes: past a space, but not past a line.
const OVERLAP: f64 = 0.35;
const GAP: f64 = 0.7;

/// Turns such runs, so that their glyphs run down the page as those of vertical fonts do.
pub(super) fn turn(glyphs: &mut Glyphs) {
    let mut start = 0;
    let mut before = None;
    while start < glyphs.glyphs.len() {
        let end = end_of_run(glyphs, start);
        before = turn_run(glyphs, start, end, before);
        start = end;
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
fn turn_run(
    glyphs: &mut Glyphs,
    start: usize,
    end: usize,
    before: Option<(f64, f64, f64)>,
) -> Option<(f64, f64, f64)> {
    let run = glyphs.glyphs.get(start..end)?;
    let cells: Vec<Cell> = run.iter().filter_map(|glyph| Cell::of(glyphs, glyph)).collect();
    let (first, last) = (cells.first()?, cells.last()?);
    // The last column of a text may have one glyph.
    let goes_on = before.is_some_and(|(middle, top, bottom)| {
        let aside = (middle - first.middle) / first.size;
        (0.8..4.0).contains(&aside) && first.top > bottom && first.bottom < top
    });
    let upright = cells.iter().filter(|cell| cell.is_upright).count();
    let is_run = upright >= RUN_LEAST || goes_on && upright > 0;
    if !is_run {
        return before.filter(|_| goes_on || upright == 0 && cells.len() == run.len());
    }
    let mut steps: Vec<f64> = cells.windows(2).filter_map(step).collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() / 4).copied().unwrap_or(first.size);
    let place = (first.middle, first.top, last.bottom);
    for at in start..end {
        let cell = glyphs.glyphs.get(at).and_then(|glyph| Cell::of(glyphs, glyph));
        let (Some(cell), Some(glyph)) = (cell.filter(|c| c.is_upright), glyphs.glyphs.get_mut(at))
        else {
            continue;
        };
        // The base line of letters that lie on their side stands as far left of the middle.
        (glyph.x, glyph.y) = (cell.middle - cell.size * 0.3, cell.top);
        (glyph.dx, glyph.dy) = (0.0, -usual);
    }
    Some(place)
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
    fn leaves_lines_and_columns_of_numbers() {
        let across = [('가', 0.0, 90.0), ('나', 10.0, 90.0), ('다', 20.0, 90.0)];
        assert_eq!(turned(&across), [false; 3]);
        let numbers = [('1', 0.0, 90.0), ('2', 0.0, 80.0), ('3', 0.0, 70.0), ('4', 0.0, 60.0)];
        assert_eq!(turned(&numbers), [false; 4]);
        let items = [('가', 0.0, 90.0), ('나', 0.0, 70.0), ('다', 0.0, 50.0)];
        assert_eq!(turned(&items), [false; 3]);
    }
}
