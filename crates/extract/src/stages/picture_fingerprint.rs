//! Fingerprints of pictures, by which a photograph finds its smaller, brighter or otherwise encoded copies.
//!
//! What is kept of a picture are the signs of its 256 slowest waves (discrete cosine transform of 64 × 64 shades, each
//! wave against the median of all): they survive what changes the finest detail, as encoding and scaling do, and what
//! changes all shades alike. Comparing neighbouring shades instead is cheaper, and says little of pages, of which most
//! neighbours are equal: there noise decides.

use std::borrow::Cow;
use std::f32::consts::PI;

use madang_document::annotation::Finding;
use madang_document::content::Preview;
use madang_document::fingerprint::Fingerprint;
use madang_document::raster::{Raster, Shades};

use crate::extraction::Extraction;
use crate::stage::Stage;

pub(super) const STAGE: Stage = Stage { name: "picture_fingerprint", version: 1, run };

/// Shades to a side of what is transformed.
const SIDE: usize = 64;

/// Waves to a side that are kept.
const WAVES: usize = 16;

/// Shorter side below which nothing is said of a picture, pixels: bullets and lines.
const LEAST: u32 = 24;

/// How much neighbouring shades of the small square differ on average at the least, of 255. Below are blank sheets, and
/// gradients that all look alike.
const DETAIL: f32 = 0.75;

/// How near a wave is to the median that what encoding leaves could carry it to the other side.
const NEAR: f32 = 16.0;

/// Most waves that near: a checkerboard or a gradient is made of few waves, and of the others noise says what they are.
const NEAR_MOST: usize = 48;

fn run(document: &Extraction) -> Vec<Finding> {
    let of = |preview: &Preview| {
        let raster = &preview.raster;
        let (width, height) = (u32::from(raster.width()), u32::from(raster.height()));
        let fingerprint = fingerprint(width, height, &grays(raster))?;
        Some(Finding::Picture { fingerprint, locator: preview.locator.clone() })
    };
    document.content.previews.iter().filter_map(of).collect()
}

/// The shades of a picture, row after row.
fn grays(raster: &Raster) -> Cow<'_, [u8]> {
    match raster.shades() {
        Shades::Gray => Cow::Borrowed(raster.pixels()),
        // How light the three look, in parts of 256.
        Shades::Rgb => raster
            .pixels()
            .chunks_exact(3)
            .map(|pixel| {
                let light =
                    pixel.iter().zip([77u32, 150, 29]).map(|(one, part)| u32::from(*one) * part);
                (light.sum::<u32>() >> 8) as u8
            })
            .collect(),
    }
}

/// The fingerprint of `width` × `height` shades; none where there is too little to see.
fn fingerprint(width: u32, height: u32, grays: &[u8]) -> Option<Fingerprint> {
    if width.min(height) < LEAST || grays.len() as u64 != u64::from(width) * u64::from(height) {
        return None;
    }
    let square = squared(width as usize, height as usize, grays);
    if detail(&square) < DETAIL {
        return None;
    }
    let waves = waves(&square);
    // The first wave is the brightness of the whole.
    let mut sorted: Vec<f32> = waves.iter().flatten().skip(1).copied().collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let median = sorted.get(sorted.len() / 2).copied()?;
    if sorted.iter().filter(|wave| (*wave - median).abs() < NEAR).count() > NEAR_MOST {
        return None;
    }
    let mut words = [0u64; 4];
    for (nth, wave) in waves.iter().flatten().enumerate().skip(1) {
        if let Some(word) = words.get_mut(nth / 64) {
            *word |= u64::from(*wave > median) << (nth % 64);
        }
    }
    Some(Fingerprint::new(words))
}

type Square = [[f32; SIDE]; SIDE];

/// The picture as a square, each shade the mean of those that it stands for.
fn squared(width: usize, height: usize, grays: &[u8]) -> Square {
    let mut square = [[0.0; SIDE]; SIDE];
    // From where to where, of so many; at least one.
    let span = |nth: usize, length: usize| {
        let start = nth * length / SIDE;
        start..((nth + 1) * length / SIDE).max(start + 1)
    };
    for (y, row) in square.iter_mut().enumerate() {
        for (x, shade) in row.iter_mut().enumerate() {
            let (mut sum, mut count) = (0u64, 0u64);
            for line in span(y, height) {
                let start = line * width;
                let across = span(x, width);
                let piece = grays.get(start + across.start..start + across.end).unwrap_or_default();
                sum += piece.iter().map(|gray| u64::from(*gray)).sum::<u64>();
                count += piece.len() as u64;
            }
            *shade = sum as f32 / count.max(1) as f32;
        }
    }
    square
}

/// How much a shade differs from the one beside it and the one below it, on average.
fn detail(square: &Square) -> f32 {
    let across = square.iter().flat_map(|row| row.iter().zip(row.iter().skip(1)));
    let down =
        square.iter().zip(square.iter().skip(1)).flat_map(|(row, below)| row.iter().zip(below));
    let sum: f32 = across.chain(down).map(|(one, other)| (one - other).abs()).sum();
    sum / (2 * SIDE * (SIDE - 1)) as f32
}

/// The slowest waves of a square, across and down.
fn waves(square: &Square) -> [[f32; WAVES]; WAVES] {
    let mut cosines = [[0.0f32; SIDE]; WAVES];
    for (wave, row) in cosines.iter_mut().enumerate() {
        for (place, cosine) in row.iter_mut().enumerate() {
            *cosine = (PI / SIDE as f32 * (place as f32 + 0.5) * wave as f32).cos();
        }
    }
    let product =
        |a: &[f32; SIDE], b: &[f32; SIDE]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    // Across each row, then down each column of what that gave.
    let mut across = [[0.0f32; SIDE]; WAVES];
    for (y, row) in square.iter().enumerate() {
        for (out, cosines) in across.iter_mut().zip(&cosines) {
            if let Some(out) = out.get_mut(y) {
                *out = product(row, cosines);
            }
        }
    }
    let mut waves = [[0.0f32; WAVES]; WAVES];
    for (row, down) in waves.iter_mut().zip(&cosines) {
        for (wave, column) in row.iter_mut().zip(&across) {
            *wave = product(column, down);
        }
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A picture of soft spots; `seed` says where they lie.
    fn picture(width: u32, height: u32, seed: u32) -> Vec<u8> {
        let spot = |n: u32| {
            let hash = (seed * 31 + n).wrapping_mul(2_654_435_761);
            (
                (hash >> 8 & 255) as f32 / 255.0,
                (hash >> 16 & 255) as f32 / 255.0,
                (hash >> 24) as f32,
            )
        };
        let spots: Vec<_> = (0..12).map(spot).collect();
        let mut grays = Vec::new();
        for y in 0..height {
            for x in 0..width {
                let (u, v) = ((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
                let near = spots.iter().min_by(|a, b| {
                    let far = |s: &(f32, f32, f32)| (s.0 - u).powi(2) + (s.1 - v).powi(2);
                    far(a).total_cmp(&far(b))
                });
                grays.push(near.map_or(0.0, |spot| 20.0 + spot.2 * 0.8) as u8);
            }
        }
        grays
    }

    fn of(width: u32, height: u32, grays: &[u8]) -> Fingerprint {
        fingerprint(width, height, grays).unwrap()
    }

    #[test]
    fn a_copy_is_near_and_another_picture_far() {
        let whole = picture(320, 240, 1);
        let own = of(320, 240, &whole);
        let brighter: Vec<u8> = whole.iter().map(|gray| gray.saturating_add(25)).collect();
        let duller: Vec<u8> = whole.iter().map(|gray| gray / 4 * 3).collect();
        let coarser: Vec<u8> = whole.iter().map(|gray| gray / 16 * 16).collect();
        for (what, copy) in [
            ("brighter", of(320, 240, &brighter)),
            ("duller", of(320, 240, &duller)),
            ("coarser", of(320, 240, &coarser)),
            ("smaller", of(160, 120, &picture(160, 120, 1))),
            ("larger", of(900, 675, &picture(900, 675, 1))),
        ] {
            let distance = own.distance(&copy);
            assert!(distance <= 32, "{what}: {distance}");
        }
        for seed in 2..20 {
            let distance = own.distance(&of(320, 240, &picture(320, 240, seed)));
            assert!(distance > 70, "{seed}: {distance}");
        }
    }

    #[test]
    fn colours_count_by_how_light_they_are() {
        let whole = picture(320, 240, 1);
        let colours = whole.iter().flat_map(|gray| [*gray, *gray, *gray]).collect();
        let gray = Raster::new(320, 240, Shades::Gray, whole.clone()).unwrap();
        let rgb = Raster::new(320, 240, Shades::Rgb, colours).unwrap();
        assert_eq!(grays(&gray), grays(&rgb));
        let red = Raster::new(1, 1, Shades::Rgb, vec![255, 0, 0]).unwrap();
        assert_eq!(grays(&red).as_ref(), [76]);
    }

    #[test]
    fn of_what_shows_nothing_nothing_is_said() {
        assert_eq!(fingerprint(320, 240, &[255; 320 * 240]), None);
        let sheet: Vec<u8> = (0..320 * 240u32).map(|n| 250 + (n % 3) as u8).collect();
        assert_eq!(fingerprint(320, 240, &sheet), None);
        let gradient: Vec<u8> = (0..320 * 240u32).map(|n| (n % 320 / 10) as u8).collect();
        assert_eq!(fingerprint(320, 240, &gradient), None);
        let board: Vec<u8> =
            (0..320 * 240u32).map(|n| (((n / 40) ^ (n / 320 / 40)) % 2 * 200) as u8).collect();
        assert_eq!(fingerprint(320, 240, &board), None, "of few waves");
        assert_eq!(fingerprint(320, 8, &picture(320, 8, 1)), None, "a line");
        // Fewer shades than there should be.
        assert_eq!(fingerprint(320, 240, &picture(320, 200, 1)), None);
        assert_eq!(fingerprint(0, 0, &[]), None);
    }
}
