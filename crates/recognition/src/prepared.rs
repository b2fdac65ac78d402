use madang_extract::letters::{Piece, Pieces};
use madang_extract::lighting;
use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

use crate::layout::{self, Item, Part};
use crate::page::{Page, is_small};
use crate::pictured::Pictured;
use crate::rules::{Cell, Rules};
use crate::slope::Points;
use crate::straight::Straight;
use crate::vertical::Vertical;

/// What is to be read of a page, level.
pub(crate) struct Prepared {
    pub(crate) grey: Pixels,
    pub(crate) letter: usize,
    pub(crate) straight: Straight,
    pub(crate) parts: Vec<Part>,
    pub(crate) tables: Vec<Vec<(Cell, Vec<Part>)>>,
    /// Lines that run down.
    pub(crate) verticals: Vec<Vertical>,
}

/// The margin that the engine wants around letters, pixels.
const MARGIN: usize = 12;

/// Letters of what is read at once, and lines that it has at the least.
const STRIP_LETTERS: usize = 4_000;
const STRIP_LINES: usize = 4;

/// Columns of a page, by which the lines that run down there are found.
const BAND: usize = 16;

/// Shades between dark and light of which a picture has many, and letters on a dark ground few.
const BETWEEN: f32 = 0.25;

impl Prepared {
    pub(crate) fn of(page: &Page, alive: &dyn Fn()) -> Prepared {
        let letter = page.letter;
        let mut ink = lighting::ink(&page.grey);
        let pieces = Pieces::of(&ink);
        let mut letters = ink.clone();
        pieces.erase(&mut letters, |piece| !is_small(&piece.rect, letter));
        let slope = Points::of(&letters).slope(letter);
        let straight = Straight::new(slope, ink.width, ink.height);
        alive();
        let mut grey = match straight.is_level() {
            true => page.grey.clone(),
            false => {
                let level = straight.page(&page.grey);
                ink = lighting::ink(&level);
                level
            }
        };
        alive();
        turn_dark(&mut grey, &mut ink, letter);
        Pictured::of(&grey, letter).erase(&mut ink, &mut grey);
        let verticals = take_verticals(&mut ink, &mut grey, letter);
        alive();
        let rules = Rules::of(&ink, &lighting::faint(&grey), letter);
        rules.erase(&mut ink, &mut grey);
        let grids = rules.grids();
        alive();
        let pieces = Pieces::of(&ink);
        // What reaches across half the page is the edge of the sheet, or of the table on which it lay.
        let is_edge = |piece: &Piece| {
            let (width, height) = (piece.rect.width(), piece.rect.height());
            width * 2 > ink.width || height * 2 > ink.height
        };
        pieces.paint(&mut grey, 255, 2, is_edge);
        let pictures: Vec<Rect> =
            pieces.pieces.iter().filter(|it| is_picture(it, letter)).map(|it| it.rect).collect();
        let items: Vec<Rect> = pieces
            .pieces
            .iter()
            .map(|piece| piece.rect)
            .filter(|rect| {
                is_of_letter(rect, letter)
                    && !pictures.iter().any(|picture| picture.has_middle_of(rect))
            })
            .collect();
        let (mut loose, mut held): (Vec<Item>, Vec<Vec<Item>>) =
            (Vec::new(), vec![Vec::new(); grids.len()]);
        for rect in items {
            let item = Item { rect, table: None };
            match grids.iter().position(|grid| grid.rect.has_middle_of(&rect)) {
                Some(grid) => held.get_mut(grid).into_iter().for_each(|held| held.push(item)),
                None => loose.push(item),
            }
        }
        let tables = grids.iter().zip(&held).map(|(grid, items)| {
            let cells = grid.cells.iter().map(|cell| {
                let within = items.iter().copied().filter(|it| cell.rect.has_middle_of(&it.rect));
                let parts = layout::parts(within.collect(), letter);
                let is_within = |line: &Vertical| cell.rect.has_middle_of(&line.rect);
                (*cell, with_verticals(parts, &verticals, &[], is_within))
            });
            cells.collect::<Vec<_>>()
        });
        let tables: Vec<Vec<(Cell, Vec<Part>)>> = tables.collect();
        loose.extend(
            grids.iter().enumerate().map(|(n, grid)| Item { rect: grid.rect, table: Some(n) }),
        );
        let parts = layout::parts(loose, letter);
        let grids: Vec<Rect> = grids.iter().map(|grid| grid.rect).collect();
        let is_loose = |line: &Vertical| !grids.iter().any(|grid| grid.has_middle_of(&line.rect));
        let parts = with_verticals(parts, &verticals, &grids, is_loose);
        Prepared { grey, letter, straight, parts, tables, verticals }
    }

    /// A block of lines as an image of its own, and where its left upper corner stands.
    pub(crate) fn image(&self, rect: Rect) -> (Pixels, f32, f32) {
        let wide = rect.grown(self.letter / 4, self.grey.width, self.grey.height);
        let place = |edge: usize| edge as f32 - MARGIN as f32;
        (self.grey.cut(wide, MARGIN), place(wide.left), place(wide.top))
    }
}

/// A block of lines on a page whose letters are so high, in pieces of which each is read within seconds: one whose lines reach into each other, so that nothing
/// parted them, may be a whole sheet of small print. It is cut where the least stands.
pub(crate) fn strips(grey: &Pixels, letter: usize, rect: Rect) -> Vec<Rect> {
    let letter = letter.max(1);
    let lines = (STRIP_LETTERS * letter / rect.width().max(1)).max(STRIP_LINES);
    let (height, near) = (lines * letter, letter * 2);
    let dark = |y: usize| -> usize {
        let row = grey.row(y).get(rect.left..rect.right).unwrap_or_default();
        row.iter().map(|shade| usize::from(255 - shade)).sum()
    };
    let mut strips = Vec::new();
    let mut top = rect.top;
    while rect.bottom.saturating_sub(top) > height + near {
        let places = top + height - near..top + height + near;
        let bottom = places.min_by_key(|y| dark(*y)).unwrap_or(top + height);
        strips.push(Rect { top, bottom, ..rect });
        top = bottom;
    }
    strips.push(Rect { top, ..rect });
    strips
}

/// Whether a piece is of a letter, and no speck.
fn is_of_letter(rect: &Rect, letter: usize) -> bool {
    is_small(rect, letter) && side(rect) * 5 >= letter
}

fn side(rect: &Rect) -> usize {
    rect.width().max(rect.height())
}

/// Takes the lines that run down from a page, before its rules are sought: the upright strokes of vowels that stand below each
/// other are taken for one.
fn take_verticals(ink: &mut Pixels, grey: &mut Pixels, letter: usize) -> Vec<Vertical> {
    let pieces = Pieces::of(ink);
    let all = pieces.pieces.iter().map(|piece| piece.rect);
    let of_letters: Vec<Rect> = all.filter(|rect| is_of_letter(rect, letter)).collect();
    let found = Vertical::of_page(grey, of_letters, letter);
    if !found.is_empty() {
        // Of a page of specks there are as many as there are pixels: each is held against those lines alone that stand where it is.
        let mut at: Vec<Vec<&Rect>> = vec![Vec::new(); ink.width / BAND + 1];
        for line in &found {
            let bands = line.rect.left / BAND..=line.rect.right / BAND;
            for band in at.get_mut(bands).into_iter().flatten() {
                band.push(&line.rect);
            }
        }
        let is_taken = |piece: &Piece| {
            let middle = (piece.rect.left + piece.rect.right) / 2;
            is_small(&piece.rect, letter)
                && at
                    .get(middle / BAND)
                    .is_some_and(|lines| lines.iter().any(|line| line.has_middle_of(&piece.rect)))
        };
        pieces.paint(grey, 255, 2, is_taken);
        pieces.erase(ink, is_taken);
    }
    found
}

/// Parts with those lines among them that run down and are `meant`: each before what reaches lower than it begins. The tables of
/// the page lie in these rectangles.
fn with_verticals(
    parts: Vec<Part>,
    verticals: &[Vertical],
    tables: &[Rect],
    meant: impl Fn(&Vertical) -> bool,
) -> Vec<Part> {
    let bottom = |part: &Part| match part {
        Part::Lines(rect) => rect.bottom,
        Part::Table(n) => tables.get(*n).map_or(0, |rect| rect.bottom),
        Part::Vertical(_) => 0,
    };
    let place = |line: &Vertical| {
        parts.iter().position(|part| bottom(part) > line.rect.top).unwrap_or(parts.len())
    };
    let mut down: Vec<(usize, usize)> = Vec::new();
    for (n, line) in verticals.iter().enumerate().filter(|(_, line)| meant(line)) {
        down.push((place(line), n));
    }
    if down.is_empty() {
        return parts;
    }
    let mut all = Vec::with_capacity(parts.len() + down.len());
    for at in 0..=parts.len() {
        let here = down.iter().filter(|(place, _)| *place == at);
        all.extend(here.map(|(_, n)| Part::Vertical(*n)));
        all.extend(parts.get(at));
    }
    all
}

/// Whether a piece is a picture, so that what is small in it is no letter. A frame, or the table around a sheet that was
/// photographed, is large, too, but it is not what it surrounds.
fn is_picture(piece: &Piece, letter: usize) -> bool {
    let (width, height) = (piece.rect.width(), piece.rect.height());
    width > letter * 5 && height > letter * 5 && piece.ink * 3 > width * height
}

/// Turns letters that are light on a dark ground.
fn turn_dark(grey: &mut Pixels, ink: &mut Pixels, letter: usize) {
    let pieces = Pieces::of(ink);
    let dark = pieces.pieces.iter().filter(|piece| {
        let rect = piece.rect;
        rect.height() * 10 >= letter * 13
            && rect.width() >= letter * 3
            && piece.ink * 2 > rect.width() * rect.height()
    });
    for piece in dark {
        let rect = piece.rect;
        let mut counts = [0usize; 256];
        for y in rect.top..rect.bottom {
            for shade in grey.row(y).get(rect.left..rect.right).unwrap_or(&[]) {
                if let Some(count) = counts.get_mut(usize::from(*shade)) {
                    *count += 1;
                }
            }
        }
        let area = rect.width() * rect.height();
        let shade_at = |part: f32| {
            let mut below = 0;
            let found = counts.iter().position(|count| {
                below += count;
                below as f32 >= area as f32 * part
            });
            found.unwrap_or(255)
        };
        let (dark, light) = (shade_at(0.2), shade_at(0.98));
        let span = light.saturating_sub(dark);
        let between = counts.iter().skip(dark + span / 4).take(span / 2).sum::<usize>();
        if span < 70 || between as f32 > area as f32 * BETWEEN {
            continue;
        }
        for y in rect.top..rect.bottom {
            let width = grey.width;
            let row = grey.bytes.get_mut(y * width + rect.left..y * width + rect.right);
            let shades = row.into_iter().flatten();
            let marks = ink.bytes.get_mut(y * width + rect.left..y * width + rect.right);
            for (shade, mark) in shades.zip(marks.into_iter().flatten()) {
                let far = usize::from(*shade).saturating_sub(dark).min(span);
                *shade = (255 - far * 255 / span.max(1)) as u8;
                *mark = u8::from(*shade < 128);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_of_small_print_is_cut_between_its_lines() {
        // Lines of which each reaches into the next, but for a hair of white.
        let (width, pitch) = (6_000, 31);
        let mut sheet = Pixels::of(width, pitch * 100, 255);
        for line in 0..100 {
            let top = line * pitch;
            sheet.fill_rect(Rect { left: 0, top, right: width, bottom: top + pitch - 1 }, 30);
        }
        let whole = Rect { left: 0, top: 0, right: width, bottom: sheet.height };
        let cut = strips(&sheet, 30, whole);
        assert!(cut.len() >= 4, "{cut:?}");
        for pair in cut.windows(2) {
            assert_eq!(pair[0].bottom, pair[1].top, "nothing is left out");
            assert_eq!(pair[0].bottom % pitch, pitch - 1, "between two lines: {cut:?}");
        }
        assert_eq!((cut[0].top, cut[cut.len() - 1].bottom), (0, sheet.height));
        let letters = |strip: &Rect| strip.width() * strip.height() / (30 * 30);
        assert!(cut.iter().all(|strip| letters(strip) < STRIP_LETTERS * 2), "{cut:?}");
        // What is a block anyway stays one.
        let block = Rect { bottom: pitch * 10, ..whole };
        assert_eq!(strips(&sheet, 30, block), [block]);
    }
}
