//! Whether something is written on a picture, told without reading it.
//!
//! Letters are pieces of ink of about one size that stand beside each other on a line, and nothing else in a photograph is
//! so regular for long: leaves, gravel and windows give many pieces, of all sizes, and few of them in a row. So a picture
//! is likely to say something if enough pieces stand in such rows, or a few of them on a plate (`plate.rs`). It takes some milliseconds, where reading a picture takes
//! seconds; `tests/measure/likely_text.py` measures how often it is right.

use std::cmp::Reverse;

use crate::letters::{Piece, Pieces};
use crate::lighting;
use crate::pixels::Pixels;
use crate::plate::Plate;
use crate::rect::Rect;
use crate::text_rows::{in_rows, rows};

/// Longer side of what is looked at, pixels: letters of a sheet of A4 are ten pixels high then.
const SIDE: usize = 1_400;

/// The same of a look from afar: letters that stand alone on a picture, as those of a title, are so large that their parts stand
/// in no row, and come together where they are small.
const FAR: usize = SIDE / 3;

/// Height of a letter, pixels.
const LOWEST: usize = 5;
const HIGHEST: usize = 120;

/// Pieces that are compared; there are no more on a full page of print.
const PIECES_MOST: usize = 12_000;

/// Letters in a row that are no accident.
const IN_ROW: usize = 5;

/// Letters in rows of a picture that says something.
const LETTERS: usize = 10;

/// Of all pieces, the part that stands in rows where something is written: a hundredth less than in any text.
const SHARE: f32 = 0.25;

/// A picture with so few pieces is no photograph: it is a drawing, a title or a screen, and costs little to read.
const FEW: usize = 200;

/// Letters in a row that are no accident where there are few pieces: words stand far apart on some signs.
const IN_SHORT_ROW: usize = 3;

/// Letters in such rows, and the part of all pieces that they are.
const FEW_LETTERS: usize = 6;
const MOST_OF_FEW: f32 = 0.5;

/// Plates of one picture that are turned.
const PLATES_MOST: usize = 16;

/// Blocks of letters that are looked at for that: how far a plate goes is asked of the whole picture.
const PLATES_TRIED: usize = 4 * PLATES_MOST;

/// A picture with no more pieces than these says something, or shows next to nothing.
const FEWEST: usize = 12;

/// Letters on a plate in a photograph.
const ON_PLATE: usize = 4;

/// Blocks of something in rows: more are leaves.
const BLOCKS_MOST: usize = 200;

/// Of the height of a picture, the part that the letters of a title take at the most, as a divisor.
const BAND: usize = 3;

/// Shade below which half of a picture lies that is dark.
const DARK: u8 = 110;

/// What could be letters on a picture, upright or lying on their side.
pub(crate) struct LikelyText {
    /// The picture as small as it is looked at.
    small: Pixels,
    dark: Letters,
    light: Letters,
    is_likely: bool,
}

/// Those of one shade.
struct Letters {
    upright: Vec<Rect>,
    turned: Vec<Rect>,
}

impl Letters {
    fn of(picture: Pixels) -> Letters {
        let pieces = pieces(picture);
        let turned = letters(pieces.iter().map(on_its_side).collect());
        Letters { upright: letters(pieces), turned }
    }

    /// Whether they stand beside each other as letters do. A sheet may lie on its side.
    fn are_letters(&self) -> bool {
        are_letters(&self.upright) || are_letters(&self.turned)
    }
}

impl LikelyText {
    /// Looks at a picture, and from afar if nothing is seen.
    pub(crate) fn of(grey: &Pixels) -> LikelyText {
        let near = LikelyText::at(small(grey, SIDE));
        if near.is_likely || grey.width.max(grey.height) <= FAR {
            return near;
        }
        let far = LikelyText::at(small(&near.small, FAR));
        if far.is_likely { far } else { near }
    }

    fn at(small: Pixels) -> LikelyText {
        let light = Letters::of(inverted(&small));
        let dark = Letters::of(small.clone());
        let turned = small.transposed();
        let is_likely = [(&dark, false), (&light, true)].into_iter().any(|(letters, is_light)| {
            letters.are_letters()
                || is_on_plate(&small, &letters.upright, is_light)
                || is_on_plate(&turned, &letters.turned, is_light)
        });
        LikelyText { small, dark, light, is_likely }
    }

    /// Whether something is likely to be written on it: dark on light, or light on dark.
    pub(crate) fn is_likely(&self) -> bool {
        self.is_likely
    }

    /// How high the pieces of letters are that stand in rows, upright or on their side, in pixels of the picture, which is given:
    /// the middle one of all. None where none stand so.
    pub(crate) fn height(&self, grey: &Pixels) -> Option<f32> {
        let lines = [&self.dark, &self.light].into_iter().flat_map(|it| {
            let mut ways = [&it.upright, &it.turned].into_iter();
            ways.find(|way| are_letters(way)).map(|way| rows(way, IN_ROW).concat())
        });
        let mut heights: Vec<usize> = lines.flatten().map(|piece| piece.height()).collect();
        heights.sort_unstable();
        let by = grey.height as f32 / self.small.height.max(1) as f32;
        heights.get(heights.len() / 2).map(|height| *height as f32 * by)
    }

    /// The picture, which is given, as it is best read, if that is not as it is. One that is dark and light all over is turned; of a photograph there
    /// are the plates alone, for in leaves and gravel an engine sees letters for seconds; and on a page the dark plates are
    /// turned.
    pub(crate) fn to_be_read(&self, grey: &Pixels) -> Option<Pixels> {
        let LikelyText { small, dark, light, .. } = self;
        let is_dark = is_light_on_dark(small, &dark.upright, &light.upright);
        if is_dark && are_letters(&light.upright) {
            return Some(inverted(grey));
        }
        let by = grey.width as f32 / small.width.max(1) as f32;
        let mut plates = plates(small, &light.upright, true);
        if !dark.are_letters() && dark.upright.len() > FEWEST {
            plates.extend(self::plates(small, &dark.upright, false));
            // On a light sign may be a dark one, which is put over it.
            plates.sort_by_key(|plate| Reverse(plate.area()));
            if self.are_on(&plates) {
                let mut alone = Pixels::of(grey.width, grey.height, 255);
                plates.iter().for_each(|plate| plate.put(grey, by, &mut alone));
                return Some(alone);
            }
        }
        if is_dark {
            return Some(inverted(grey));
        }
        plates.retain(Plate::is_light);
        if plates.is_empty() {
            return None;
        }
        let mut page = grey.clone();
        plates.iter().for_each(|plate| plate.put(grey, by, &mut page));
        Some(page)
    }

    /// Whether what could be letters stands on these plates for the most part, and hardly elsewhere.
    fn are_on(&self, plates: &[Plate]) -> bool {
        // A plate of which nobody knows how far it goes may be the middle of a sheet.
        let is_on_one = |it: &&Rect| plates.iter().any(|plate| plate.is_whole() && plate.holds(it));
        let is_on_part = |it: &&Rect| plates.iter().any(|plate| plate.holds(it)) && !is_on_one(it);
        let short = [&self.dark, &self.light].map(|it| rows(&it.upright, IN_SHORT_ROW).concat());
        let on_plates = short.iter().flatten().filter(is_on_one).count();
        let on_parts = short.iter().flatten().filter(is_on_part).count();
        let long = rows(&self.dark.upright, IN_ROW).concat();
        let elsewhere = long.iter().filter(|it| !is_on_one(it)).count();
        on_plates > on_parts && elsewhere <= on_plates * 2
    }
}

/// Whether some of these pieces stand on a plate as letters do, whatever else is on the picture.
fn is_on_plate(small: &Pixels, letters: &[Rect], is_light: bool) -> bool {
    let (row, least) = if letters.len() <= FEWEST { (2, 2) } else { (IN_SHORT_ROW, ON_PLATE) };
    let blocks = blocks(small, letters, row);
    blocks
        .into_iter()
        .any(|(block, many)| many >= least && Plate::at(small, block, is_light).is_some())
}

/// Whether these pieces stand beside each other as letters do.
fn are_letters(pieces: &[Rect]) -> bool {
    let share = |part: usize| part as f32 / pieces.len().max(1) as f32;
    let rows = in_rows(pieces, IN_ROW);
    if rows >= LETTERS && share(rows) >= SHARE {
        return true;
    }
    let short = if pieces.len() <= FEW { in_rows(pieces, IN_SHORT_ROW) } else { 0 };
    short >= FEW_LETTERS && share(short) >= MOST_OF_FEW
}

fn on_its_side(rect: &Rect) -> Rect {
    let Rect { left, top, right, bottom } = *rect;
    Rect { left: top, top: left, right: bottom, bottom: right }
}

/// Whether what is written on a picture is light, and all around it dark: a slide, a title of a film, a sign at night. On a
/// dark table may lie a white sheet, so that it is not the ground alone that tells.
fn is_light_on_dark(picture: &Pixels, dark: &[Rect], light: &[Rect]) -> bool {
    let below = picture.bytes.iter().filter(|shade| **shade < DARK).count();
    if below <= picture.bytes.len() / 2 {
        return false;
    }
    let (of_light, of_dark) = (in_rows(light, IN_ROW), in_rows(dark, IN_ROW));
    if of_light + of_dark > 0 {
        return of_light > of_dark;
    }
    // The few letters of a title stand in no row, but in a band, and what is dark among them are the holes in them.
    let all = light.iter().copied().reduce(Rect::and);
    let is_band = all.is_some_and(|all| all.height() * BAND <= picture.height);
    is_band && light.len() > dark.len()
}

/// The plates on which these letters, that are light or dark, stand in rows.
fn plates(small: &Pixels, letters: &[Rect], is_light: bool) -> Vec<Plate> {
    let mut plates: Vec<Plate> = Vec::new();
    for (block, many) in blocks(small, letters, IN_SHORT_ROW).into_iter().take(PLATES_TRIED) {
        if many >= ON_PLATE
            && !plates.iter().any(|other| other.covers(&block))
            && let Some(plate) = Plate::at(small, block, is_light).map(|plate| plate.whole(small))
            && !plates.iter().any(|other| other.overlaps(&plate))
        {
            plates.push(plate);
        }
        if plates.len() >= PLATES_MOST {
            break;
        }
    }
    plates
}

/// Where rows of so many pieces at least stand near each other, with a quarter of their height around them, and how many pieces these are,
/// the largest first. Where there are as many as leaves only longer rows are taken, and in the end none.
fn blocks(picture: &Pixels, letters: &[Rect], least: usize) -> Vec<(Rect, usize)> {
    let tries = [least, least * 2, least * 3];
    let found = tries.into_iter().find_map(|least| few_blocks(picture, rows(letters, least)));
    let mut blocks = found.unwrap_or_default();
    blocks.sort_by_key(|(rect, many)| (Reverse(*many), rect.top, rect.left));
    blocks
}

/// None where there are too many of them.
fn few_blocks(picture: &Pixels, rows: Vec<Vec<Rect>>) -> Option<Vec<(Rect, usize)>> {
    let mut blocks: Vec<(Rect, usize)> = Vec::new();
    for row in rows {
        let Some(rect) = row.iter().copied().reduce(Rect::and) else { continue };
        let mut rect = rect.grown(rect.height() / 4, picture.width, picture.height);
        let mut many = row.len();
        while let Some(other) = blocks.iter().position(|(other, _)| other.overlaps(&rect)) {
            let (other, more) = blocks.swap_remove(other);
            (rect, many) = (rect.and(other), many + more);
        }
        blocks.push((rect, many));
        if blocks.len() > BLOCKS_MOST {
            return None;
        }
    }
    // Each piece is in most rows twice.
    Some(blocks.into_iter().map(|(rect, many)| (rect, many.div_ceil(2))).collect())
}

fn small(grey: &Pixels, side: usize) -> Pixels {
    let longer = grey.width.max(grey.height);
    match longer > side {
        true => grey.scaled(side as f32 / longer as f32),
        false => grey.clone(),
    }
}

/// A picture with light for dark.
fn inverted(picture: &Pixels) -> Pixels {
    let bytes = picture.bytes.iter().map(|shade| 255 - shade).collect();
    Pixels { width: picture.width, height: picture.height, bytes }
}

/// The pieces of a picture that are no mere outlines.
fn pieces(picture: Pixels) -> Vec<Rect> {
    let ink = &lighting::ink(&lighting::evened(picture));
    let pieces = Pieces::of(ink).pieces;
    let is_solid = |piece: &Piece| piece.ink * 10 >= piece.rect.width() * piece.rect.height();
    pieces.iter().filter(|piece| is_solid(piece)).map(|piece| piece.rect).collect()
}

/// Those that could be letters.
fn letters(mut pieces: Vec<Rect>) -> Vec<Rect> {
    pieces.retain(|piece| {
        let (width, height) = (piece.width(), piece.height());
        (LOWEST..HIGHEST).contains(&height) && width <= height * 4 && height <= width * 10
    });
    if pieces.len() > PIECES_MOST {
        // As many as fit, from the middle of the picture.
        let over = (pieces.len() - PIECES_MOST) / 2;
        pieces.drain(..over);
        pieces.truncate(PIECES_MOST);
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to_be_read(picture: &Pixels) -> Option<Pixels> {
        LikelyText::of(picture).to_be_read(picture)
    }

    /// Blocks like letters, in lines; `jitter` of their places and sizes.
    fn page(jitter: u32) -> Pixels {
        let mut page = Pixels::of(600, 400, 240);
        let mut seed = 7u32;
        let mut chance = |most: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if most == 0 { 0 } else { (seed >> 8) as usize % most as usize }
        };
        for y in (40..340).step_by(30) {
            for x in (40..560).step_by(16) {
                let (x, y) = (x + chance(jitter), y + chance(jitter * 3));
                let (width, height) = (10 + chance(jitter * 2), 12 + chance(jitter * 3));
                page.fill_rect(Rect { left: x, top: y, right: x + width, bottom: y + height }, 30);
            }
        }
        page
    }

    #[test]
    fn letters_stand_in_lines() {
        assert!(LikelyText::of(&page(0)).is_likely());
        assert!(LikelyText::of(&page(0).turned(1)).is_likely(), "on its side");
        let mut inverse = page(0);
        inverse.bytes.iter_mut().for_each(|shade| *shade = 255 - *shade);
        assert!(LikelyText::of(&inverse).is_likely());
        assert!(!LikelyText::of(&Pixels::of(600, 400, 240)).is_likely());
    }

    /// The parts of its letters stand in no row, and are told from a scene by the band that they take.
    #[test]
    fn a_title_is_light_on_dark_by_the_band_of_its_letters() {
        let ground = Pixels::of(600, 400, 20);
        let part = |left, top| Rect { left, top, right: left + 20, bottom: top + 20 };
        let title = [part(100, 160), part(160, 200), part(220, 170), part(280, 210)];
        let hole = [part(165, 205)];
        assert!(is_light_on_dark(&ground, &hole, &title));
        assert!(!is_light_on_dark(&ground, &title, &hole), "the holes are fewer");
        let scene = [part(100, 20), part(160, 200), part(220, 340), part(280, 110)];
        assert!(!is_light_on_dark(&ground, &hole, &scene), "all over the picture");
        assert!(!is_light_on_dark(&Pixels::of(600, 400, 200), &hole, &title));
    }

    #[test]
    fn a_dark_plate_in_a_light_scene_is_turned() {
        let mut scene = Pixels::of(1600, 1200, 150);
        scene.fill_rect(Rect { left: 400, top: 300, right: 1200, bottom: 700 }, 60);
        for top in [400, 520] {
            for left in (500..1100).step_by(60) {
                let (right, bottom) = (left + 40, top + 60);
                scene.fill_rect(Rect { left, top, right, bottom }, 240);
            }
        }
        let turned = to_be_read(&scene).unwrap();
        assert!(turned.at(490, 390, 0) > 250 && turned.at(520, 430, 255) < 5);
        assert_eq!(to_be_read(&page(0)), None, "dark on light");
        assert_eq!(to_be_read(&Pixels::of(600, 400, 200)), None);
    }

    /// Gravel, and in it a plate of this size with letters on it, of these shades; `step` from one letter to the next.
    fn gravel(plates: &[(Rect, u8, u8)], step: usize) -> Pixels {
        let mut scene = Pixels::of(1200, 900, 130);
        let mut seed = 3u32;
        let mut chance = |most: usize| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) as usize % most
        };
        for _ in 0..2_000 {
            let (left, top) = (chance(1200), chance(900));
            let (right, bottom) = (left + 2 + chance(60), top + 2 + chance(60));
            scene.fill_rect(Rect { left, top, right, bottom }, 70 + chance(120) as u8);
        }
        for (plate, ground, letters) in plates {
            scene.fill_rect(*plate, *ground);
            let (from, to) = (plate.left + 30, plate.right - 50);
            for left in (from..to).step_by(step) {
                let (top, right, bottom) = (plate.top + 30, left + 20, plate.top + 60);
                scene.fill_rect(Rect { left, top, right, bottom }, *letters);
            }
        }
        scene
    }

    #[test]
    fn of_a_photograph_the_plates_alone_are_read() {
        let light = Rect { left: 100, top: 100, right: 500, bottom: 190 };
        let dark = Rect { left: 600, top: 500, right: 1000, bottom: 590 };
        let scene = gravel(&[(light, 230, 20), (dark, 30, 240)], 30);
        assert!(LikelyText::of(&scene).is_likely());
        let read = to_be_read(&scene).unwrap();
        for (plate, why) in [(light, "dark on light"), (dark, "light on dark")] {
            let ink = |x: usize, y: usize| read.at(plate.left + x, plate.top + y, 128);
            assert!(
                ink(40, 45) < 30 && ink(10, 10) > 225,
                "{why}: {} {}",
                ink(40, 45),
                ink(10, 10)
            );
        }
        // Of the gravel there is hardly anything left.
        let is_gravel = |x: usize, y: usize| {
            let at = Rect { left: x, top: y, right: x + 1, bottom: y + 1 };
            !light.overlaps(&at) && !dark.overlaps(&at)
        };
        let all = (0..900).flat_map(|y| (0..1200).map(move |x| (x, y)));
        let left = all.filter(|(x, y)| is_gravel(*x, *y) && read.at(*x, *y, 0) < 255).count();
        assert!(left < 1200 * 900 / 50, "{left}");
        // A plate of which nobody knows how far it goes is none alone: it may be the middle of a sheet.
        let mut sheet = scene.clone();
        sheet.fill_rect(Rect { left: 0, top: 190, right: 1200, bottom: 900 }, 230);
        sheet.fill_rect(Rect { left: 0, top: 0, right: 1200, bottom: 100 }, 230);
        assert_eq!(to_be_read(&sheet), None);
    }

    #[test]
    fn light_letters_on_a_dark_ground_are_known_and_a_sheet_on_a_dark_table_is_none() {
        let is_light_on_dark = |picture: &Pixels| {
            let of = |picture: Pixels| letters(pieces(picture));
            is_light_on_dark(picture, &of(picture.clone()), &of(inverted(picture)))
        };
        assert!(!is_light_on_dark(&page(0)));
        assert!(is_light_on_dark(&inverted(&page(0))));
        let mut table = Pixels::of(1200, 800, 30);
        for (y, row) in page(0).rows().enumerate() {
            table.bytes[(y + 200) * 1200 + 300..][..600].copy_from_slice(row);
        }
        assert!(!is_light_on_dark(&table));
    }

    #[test]
    fn noise_says_nothing() {
        let mut noise = Pixels::of(600, 400, 240);
        let mut seed = 1u32;
        for shade in &mut noise.bytes {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *shade = (seed >> 24) as u8;
        }
        assert!(!LikelyText::of(&noise).is_likely());
    }
}
