//! Which frames of a film stand for it: a few key frames, spread over its length and rather behind a cut than before one,
//! without those that show the same again; and the sheet on which all of them are seen at once.

use image::{Rgba, RgbaImage, imageops};
use madang_document::raster::{Raster, Shades};

/// Frames of one film, however long.
const MOST: usize = 32;

/// Frames of a film of one minute; of a longer one there are more, but not as many more as it is longer.
const OF_A_MINUTE: f64 = 4.0;
const GROWS_BY: f64 = 0.6;

/// Seconds below which a film has one frame: it is a clip, which whoever wants to see it plays.
const CLIP: f64 = 10.0;

/// How far into a clip its frame is taken, beyond the black start and the title; and where else it is looked for if there
/// is nothing to see.
const OF_A_CLIP: [f64; 3] = [0.1, 0.5, 0.9];

/// How many frames a film of so many seconds has at most.
fn count(seconds: f64) -> usize {
    if !seconds.is_finite() || seconds < CLIP {
        return 1;
    }
    let count = OF_A_MINUTE * (seconds / 60.0).powf(GROWS_BY);
    (count.round() as usize).clamp(1, MOST)
}

/// Where the frames are taken, each with where else if that one does not do: one in each of as many equal parts as there
/// are frames. `keys` are the times of all key frames, as far as they are known.
pub(super) fn plan(seconds: f64, keys: &[f64]) -> Vec<Vec<f64>> {
    let count = count(seconds);
    if count == 1 {
        let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
        let mut places = OF_A_CLIP.map(|part| seconds * part).to_vec();
        places.push(0.0);
        return vec![places];
    }
    let length = seconds / count as f64;
    let mut ordered: Vec<f64> = keys.iter().copied().filter(|time| time.is_finite()).collect();
    ordered.sort_by(f64::total_cmp);
    let gaps: Vec<f64> = ordered.windows(2).map(span).collect();
    let usual = usual(&gaps);
    let part = |n: usize| {
        let (start, end) = (n as f64 * length, (n + 1) as f64 * length);
        let middle = (start + end) / 2.0;
        let from = ordered.partition_point(|time| *time < start);
        let to = ordered.partition_point(|time| *time < end);
        if ordered.is_empty() {
            return Some(vec![middle]);
        }
        // What encoders insert out of turn stands behind a cut.
        let is_cut = |at: usize| {
            at.checked_sub(1).and_then(|gap| gaps.get(gap)).is_some_and(|gap| *gap < usual * 0.9)
        };
        let rank = |at: &usize| {
            let off = ordered.get(*at).map_or(f64::MAX, |time| (time - middle).abs());
            (!is_cut(*at), off)
        };
        let best = (from..to).min_by(|a, b| {
            let ((a, off_a), (b, off_b)) = (rank(a), rank(b));
            a.cmp(&b).then(off_a.total_cmp(&off_b))
        });
        best.and_then(|at| ordered.get(at)).map(|time| vec![*time])
    };
    let mut places: Vec<Vec<f64>> = (0..count).filter_map(part).collect();
    if places.is_empty() {
        places.push(vec![seconds / 10.0, 0.0]);
    }
    places
}

fn span(pair: &[f64]) -> f64 {
    match pair {
        [a, b] => b - a,
        _ => 0.0,
    }
}

/// The gap that most key frames keep.
fn usual(gaps: &[f64]) -> f64 {
    let mut gaps = gaps.to_vec();
    gaps.sort_by(f64::total_cmp);
    gaps.get(gaps.len() / 2).copied().unwrap_or(0.0)
}

/// Blocks of a picture, across and down.
const ACROSS: u32 = 16;
const DOWN: u32 = 12;

/// What a picture looks like from afar: the mean shade of each block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glimpse(Vec<u8>);

impl Glimpse {
    /// Of a picture in colours, three bytes for each pixel.
    pub(super) fn of(width: u32, height: u32, rgb: &[u8]) -> Glimpse {
        let blocks = (ACROSS * DOWN) as usize;
        let (mut sums, mut counts) = (vec![0u64; blocks], vec![0u64; blocks]);
        let row = width as usize * 3;
        for (y, line) in (0u32..height).zip(rgb.chunks_exact(row.max(3))) {
            let down = u64::from(y) * u64::from(DOWN) / u64::from(height.max(1));
            // Each fourth pixel tells enough.
            for (x, pixel) in (0u32..width).zip(line.chunks_exact(3)).step_by(4) {
                let across = u64::from(x) * u64::from(ACROSS) / u64::from(width.max(1));
                let at = (down * u64::from(ACROSS) + across) as usize;
                if let ([red, green, blue], Some(sum), Some(count)) =
                    (pixel, sums.get_mut(at), counts.get_mut(at))
                {
                    *sum += u64::from(*red) * 3 + u64::from(*green) * 6 + u64::from(*blue);
                    *count += 10;
                }
            }
        }
        let mean = |(sum, count): (u64, u64)| (sum / count.max(1)).min(255) as u8;
        Glimpse(sums.into_iter().zip(counts).map(mean).collect())
    }

    /// Whether two pictures show the same: no block of one differs much from the other's.
    pub(super) fn resembles(&self, other: &Glimpse) -> bool {
        let steps = || self.0.iter().zip(&other.0).map(|(a, b)| u64::from(a.abs_diff(*b)));
        steps().max().unwrap_or(0) <= BLOCK_STEP
            && steps().sum::<u64>() <= MEAN_STEP * self.0.len() as u64
    }

    /// How much is to be seen: how far its blocks are from being of one shade.
    pub(super) fn contrast(&self) -> u64 {
        let count = self.0.len().max(1) as u64;
        let mean = self.0.iter().map(|shade| u64::from(*shade)).sum::<u64>() / count;
        self.0.iter().map(|shade| mean.abs_diff(u64::from(*shade))).sum::<u64>() / count
    }
}

/// Shades by which a block of the same view may differ (noise, the clock of a camera), and all of them on an average.
const BLOCK_STEP: u64 = 24;
const MEAN_STEP: u64 = 4;

/// Which of these pictures stands for the film: the first on which nearly as much is to be seen as on the best.
pub(super) fn representative(glimpses: &[&Glimpse]) -> Option<usize> {
    let best = glimpses.iter().map(|it| it.contrast()).max()?;
    glimpses.iter().position(|it| it.contrast() * 5 >= best * 3)
}

/// Pictures on a sheet.
const ON_A_SHEET: usize = 16;

/// Pixels between them.
const GAP: u32 = 2;

/// The sheet on which these pictures are seen at once, in their order, row by row, its longer side at most `side` pixels;
/// none of fewer than three. Of more than fit some are passed over.
pub(super) fn sheet(tiles: &[&Raster], side: u32) -> Option<Raster> {
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
    fn longer_films_have_more_frames_but_never_many() {
        let counts = [0.0, 1.0, 9.9, 30.0, 60.0, 600.0, 3600.0, 1e9, f64::NAN, f64::INFINITY];
        let counts = counts.map(count);
        assert_eq!(counts, [1, 1, 1, 3, 4, 16, 32, 32, 1, 1]);
    }

    #[test]
    fn frames_are_spread_and_stand_behind_cuts() {
        // A key frame each two seconds, and one at a cut that comes out of turn.
        let mut keys: Vec<f64> = (0..26).map(|n| f64::from(n) * 2.0).collect();
        keys.extend((0..274).map(|n| 51.3 + f64::from(n) * 2.0));
        let places: Vec<f64> = plan(600.0, &keys).into_iter().map(|it| it[0]).collect();
        assert_eq!(places.len(), 16);
        assert!(places.contains(&51.3), "{places:?}");
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        assert!(places.iter().all(|time| keys.contains(time)), "{places:?}");
        // Without an index in the middle of each part.
        let places = plan(60.0, &[]);
        assert_eq!(places, [[7.5], [22.5], [37.5], [52.5]]);
        // All key frames at the start: there are no others.
        assert_eq!(plan(600.0, &[0.0]), [[0.0]]);
        assert_eq!(plan(600.0, &[700.0]), [[60.0, 0.0]]);
        assert_eq!(plan(5.0, &[0.0]).len(), 1);
        assert_eq!(plan(f64::NAN, &[f64::NAN]), [[0.0, 0.0, 0.0, 0.0]]);
    }

    fn picture(width: u32, height: u32, ink: impl Fn(u32, u32) -> u8) -> Vec<u8> {
        let pixels = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        pixels.flat_map(|(x, y)| [ink(x, y); 3]).collect()
    }

    #[test]
    fn the_same_view_is_known_again_and_a_change_in_a_corner_is_seen() {
        let glimpse = |ink: &dyn Fn(u32, u32) -> u8| Glimpse::of(480, 270, &picture(480, 270, ink));
        let street = glimpse(&|x, _| (x / 2) as u8);
        let noisy = glimpse(&|x, y| ((x / 2) as u8).saturating_add(((x * 7 + y * 13) % 5) as u8));
        let visited = glimpse(&|x, y| if x < 60 && y < 45 { 200 } else { (x / 2) as u8 });
        let black = glimpse(&|_, _| 0);
        assert!(street.resembles(&noisy));
        assert!(!street.resembles(&visited));
        assert!(!street.resembles(&black));
        assert_eq!(representative(&[&black, &street, &visited]), Some(1));
        assert_eq!(representative(&[&black]), Some(0));
        assert_eq!(representative(&[]), None);
        assert_eq!(Glimpse::of(0, 0, &[]).contrast(), 0);
    }

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
