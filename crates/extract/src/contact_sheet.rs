//! The sheet on which pictures are seen at once.

use image::{Rgba, RgbaImage, imageops};
use madang_document::raster::{Raster, Shades};

/// Pictures on a sheet.
const ON_A_SHEET: usize = 16;

/// Pixels between them.
const GAP: u32 = 2;

/// The sheet on which these pictures are seen at once, in their order, row by row, its longer side at most `side` pixels;
/// none of fewer than three. Of more than fit some are passed over.
pub(crate) fn sheet(tiles: &[&Raster], side: u32) -> Option<Raster> {
    let count = tiles.len().min(ON_A_SHEET);
    if count < 3 {
        return None;
    }
    let first = tiles.first()?;
    let (width, height) = (u32::from(first.width()), u32::from(first.height()));
    let columns = (1..=count as u32)
        .max_by(|a, b| {
            let size = |columns: u32| tile_sides(width, height, columns, count as u32, side).0;
            // Of equally large tiles those in fewer rows.
            size(*a).cmp(&size(*b)).then(a.cmp(b))
        })
        .unwrap_or(1);
    let rows = (count as u32).div_ceil(columns);
    let (across, down) = tile_sides(width, height, columns, count as u32, side);
    if across == 0 || down == 0 {
        return None;
    }
    let whole = |tile: u32, count: u32| tile * count + GAP * (count - 1);
    let (wide, high) = (whole(across, columns), whole(down, rows));
    let mut sheet = RgbaImage::from_pixel(wide, high, Rgba([32, 32, 32, 255]));
    for n in 0..count {
        // Spread over all of them, the first and the last among them.
        let tile = tiles.get(n * (tiles.len() - 1) / (count - 1))?;
        let picture = imageops::thumbnail(&rgba(tile)?, across, down);
        let (column, row) = (n as u32 % columns, n as u32 / columns);
        let (x, y) = (column * (across + GAP), row * (down + GAP));
        imageops::replace(&mut sheet, &picture, i64::from(x), i64::from(y));
    }
    let pixels = sheet.pixels().flat_map(|&Rgba([red, green, blue, _])| [red, green, blue]);
    Raster::new(wide, high, Shades::Rgb, pixels.collect())
}

/// The sides of each of so many tiles, in so many columns.
fn tile_sides(width: u32, height: u32, columns: u32, count: u32, side: u32) -> (u32, u32) {
    let rows = count.div_ceil(columns.max(1));
    let room = |count: u32| side.saturating_sub(GAP * (count.saturating_sub(1))) / count.max(1);
    let (across, down) = (room(columns), room(rows));
    let (width, height) = (width.max(1), height.max(1));
    let high = u64::from(across) * u64::from(height) / u64::from(width);
    match u32::try_from(high) {
        Ok(high) if high <= down => (across, high),
        _ => {
            let wide = u64::from(down) * u64::from(width) / u64::from(height);
            (u32::try_from(wide).unwrap_or(across).min(across), down)
        }
    }
}

fn rgba(tile: &Raster) -> Option<RgbaImage> {
    let pixels = match tile.shades() {
        Shades::Gray => {
            tile.pixels().iter().flat_map(|&shade| [shade, shade, shade, 255]).collect()
        }
        Shades::Rgb => {
            let colours = tile.pixels().chunks_exact(3);
            colours.flat_map(|colour| colour.iter().copied().chain([255])).collect()
        }
    };
    RgbaImage::from_raw(tile.width().into(), tile.height().into(), pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sheet_has_all_frames_in_their_order() {
        let tile = |width: u32, height: u32, shade: u8| {
            let pixels = vec![shade; (width * height) as usize];
            Raster::new(width, height, Shades::Gray, pixels).unwrap()
        };
        for (width, height, count) in [(240, 135, 16), (240, 135, 3), (135, 240, 9), (240, 1, 32)] {
            let tiles: Vec<Raster> =
                (0..count).map(|n| tile(width, height, (n * 8) as u8)).collect();
            let sheet = sheet(&tiles.iter().collect::<Vec<_>>(), 480);
            if height == 1 {
                continue;
            }
            let sheet = sheet.unwrap();
            let (wide, high) = (u32::from(sheet.width()), u32::from(sheet.height()));
            assert!(wide.max(high) <= 480 && wide.max(high) > 300, "{wide}x{high}");
            let at = |x: u32, y: u32| sheet.pixels()[((y * wide + x) * 3) as usize];
            assert_eq!(at(0, 0), 0);
            assert_eq!(at(3, 3), 0);
        }
        assert_eq!(sheet(&[&tile(240, 135, 1), &tile(240, 135, 2)], 480), None);
        let tiles: Vec<Raster> = (0..4).map(|n| tile(240, 120, n * 60)).collect();
        let sheet = sheet(&tiles.iter().collect::<Vec<_>>(), 480).unwrap();
        assert_eq!((sheet.width(), sheet.height()), (480, 240));
        let at = |x: usize, y: usize| sheet.pixels()[(y * 480 + x) * 3];
        assert_eq!([at(5, 5), at(400, 5), at(5, 200), at(400, 200)], [0, 60, 120, 180]);
    }
}
