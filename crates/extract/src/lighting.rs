//! Paper is white, however the light fell on it.

use crate::pixels::Pixels;

/// Pixels of a side of the squares of which each has one light.
const SQUARE: usize = 32;

/// Of the light of the sheet, what a square has at least: what is darker is no paper.
const DARKEST: f32 = 0.45;

/// Shade of paper afterwards.
const PAPER: f32 = 250.0;

/// A sheet that is this light everywhere is left as it is.
const WHITE: u8 = 238;

/// Shades that are ink, afterwards.
const INK: u8 = 160;

/// Shades that may be a hairline: of one that is thinner than the pixels of the scanner each has a part only.
const FAINT: u8 = 222;

/// The image with even light.
pub fn evened(mut picture: Pixels) -> Pixels {
    let (columns, rows) = (picture.width.div_ceil(SQUARE), picture.height.div_ceil(SQUARE));
    let lights = lights(&picture, columns, rows);
    let mut sorted = lights.bytes.clone();
    sorted.sort_unstable();
    // Most of a sheet is paper.
    let of_sheet = sorted.get(sorted.len() * 3 / 4).copied().unwrap_or(255);
    let dark = sorted.get(sorted.len() / 20).copied().unwrap_or(255);
    if dark >= WHITE {
        return picture;
    }
    let floor = f32::from(of_sheet) * DARKEST;
    let lights: Vec<f32> =
        widened(&lights).bytes.iter().map(|l| f32::from(*l).max(floor).max(1.0)).collect();
    let light = |column: usize, row: usize| {
        let at = row.min(rows.saturating_sub(1)) * columns + column.min(columns.saturating_sub(1));
        lights.get(at).copied().unwrap_or(PAPER)
    };
    let mut along = vec![0f32; picture.width];
    for (y, row) in picture.rows_mut().enumerate() {
        let (above, down) = between(y);
        for (x, light_here) in along.iter_mut().enumerate() {
            if x % 8 == 0 {
                let (left, across) = between(x);
                let upper = light(left, above) * (1.0 - across) + light(left + 1, above) * across;
                let lower =
                    light(left, above + 1) * (1.0 - across) + light(left + 1, above + 1) * across;
                *light_here = PAPER / (upper * (1.0 - down) + lower * down);
            }
        }
        for (shades, gains) in row.chunks_mut(8).zip(along.chunks(8)) {
            let gain = gains.first().copied().unwrap_or(1.0);
            for shade in shades {
                *shade = (f32::from(*shade) * gain).min(255.0) as u8;
            }
        }
    }
    picture
}

/// Between the middles of which squares a pixel lies, and how far from the first to the second.
fn between(pixel: usize) -> (usize, f32) {
    let at = (pixel as f32 / SQUARE as f32 - 0.5).max(0.0);
    (at as usize, at.fract())
}

/// The light of each square: what an eighth of its pixels is lighter than.
fn lights(picture: &Pixels, columns: usize, rows: usize) -> Pixels {
    let mut lights = Pixels::of(columns, rows, 255);
    let mut counts = vec![[0u16; 64]; columns];
    for (row, lights) in lights.rows_mut().enumerate() {
        counts.fill([0; 64]);
        for y in (row * SQUARE..((row + 1) * SQUARE).min(picture.height)).step_by(2) {
            for (square, counts) in picture.row(y).chunks(SQUARE).zip(&mut counts) {
                for shade in square.iter().step_by(2) {
                    if let Some(count) = counts.get_mut(usize::from(shade >> 2)) {
                        *count += 1;
                    }
                }
            }
        }
        for (light, counts) in lights.iter_mut().zip(&counts) {
            let all: u32 = counts.iter().map(|count| u32::from(*count)).sum();
            let mut above = 0;
            let lightest = (0u8..64).zip(counts).rev().find(|(_, count)| {
                above += u32::from(**count);
                above * 8 > all
            });
            *light = lightest.map_or(255, |(shade, _)| shade * 4 + 3);
        }
    }
    lights
}

/// Each light the largest of those around it, and then the mean of these: a square full of print is as light as its neighbours.
fn widened(lights: &Pixels) -> Pixels {
    let around = |of: &Pixels, x: usize, y: usize| {
        let mut found = [None; 9];
        let places = (0..3).flat_map(|dy| (0..3).map(move |dx| (dx, dy)));
        for (found, (dx, dy)) in found.iter_mut().zip(places) {
            let (Some(x), Some(y)) = ((x + dx).checked_sub(1), (y + dy).checked_sub(1)) else {
                continue;
            };
            *found = of.row(y).get(x).copied();
        }
        found.into_iter().flatten().map(u32::from).collect::<Vec<_>>()
    };
    let mapped = |of: &Pixels, by: fn(&[u32]) -> u32| {
        let mut to = of.clone();
        for (y, row) in to.rows_mut().enumerate() {
            for (x, light) in row.iter_mut().enumerate() {
                *light = by(&around(of, x, y)).min(255) as u8;
            }
        }
        to
    };
    let largest = mapped(lights, |around| around.iter().copied().max().unwrap_or(255));
    mapped(&largest, |around| around.iter().sum::<u32>() / around.len().max(1) as u32)
}

/// What is ink (1) on an image of even light.
pub fn ink(picture: &Pixels) -> Pixels {
    darker(picture, INK)
}

/// What is ink, or a trace of it, on an image of even light.
pub fn faint(picture: &Pixels) -> Pixels {
    darker(picture, FAINT)
}

fn darker(picture: &Pixels, than: u8) -> Pixels {
    Pixels {
        width: picture.width,
        height: picture.height,
        bytes: picture.bytes.iter().map(|shade| u8::from(*shade < than)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paper_is_white_under_any_light_and_ink_stays_black() {
        let mut page = Pixels::of(640, 640, 0);
        for (y, row) in page.rows_mut().enumerate() {
            for (x, shade) in row.iter_mut().enumerate() {
                let light = 0.4 + 0.6 * x as f32 / 640.0;
                let reflected = if y % 40 < 6 && x % 20 < 15 { 30.0 } else { 230.0 };
                *shade = (reflected * light) as u8;
            }
        }
        let even = evened(page);
        let ink = ink(&even);
        for (y, row) in ink.rows().enumerate().skip(32).take(570) {
            for (x, is_ink) in row.iter().enumerate().skip(32).take(570) {
                assert_eq!(*is_ink == 1, y % 40 < 6 && x % 20 < 15, "{x} {y}");
            }
        }
    }
}
