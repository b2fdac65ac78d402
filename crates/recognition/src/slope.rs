//! How far lines are from level: a sheet lies askew, or was photographed from one side.

use madang_extract::pixels::Pixels;

/// The slope of lines: of one in the middle of the page, and how much it grows from row to row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Slope {
    pub(crate) middle: f32,
    pub(crate) per_row: f32,
}

/// The steepest slope that is found, some six degrees.
const STEEPEST: f32 = 0.105;

/// Pixels of ink that are looked at.
const POINTS_MOST: usize = 120_000;

/// Bands of the page of which each has a slope.
const BANDS: usize = 8;

/// How many letters high a band is at least: of one that is cut out of a line of large letters the edges of the cut have a
/// slope, and no line has.
const BAND_LEAST: f32 = 3.0;

/// By how much the best slope stands out where there are lines.
const SHARP: f32 = 1.12;

/// Points of ink, seen from the middle of a page.
pub(crate) struct Points {
    points: Vec<(f32, f32)>,
    height: f32,
}

impl Points {
    pub(crate) fn of(ink: &Pixels) -> Points {
        let all = ink.bytes.iter().filter(|pixel| **pixel != 0).count();
        let step = all.div_ceil(POINTS_MOST).max(1);
        let (half_width, half_height) = (ink.width as f32 / 2.0, ink.height as f32 / 2.0);
        let mut points = Vec::with_capacity(all / step + 1);
        let mut seen = 0usize;
        for (y, row) in ink.rows().enumerate() {
            for (x, pixel) in row.iter().enumerate() {
                if *pixel != 0 {
                    seen += 1;
                    // Every so many, and from row to row at other places.
                    if (seen * 7919).is_multiple_of(step) {
                        points.push((x as f32 - half_width, y as f32 - half_height));
                    }
                }
            }
        }
        Points { points, height: ink.height as f32 }
    }

    /// The same page with columns as rows.
    pub(crate) fn transposed(&self, width: usize) -> Points {
        let points = self.points.iter().map(|(x, y)| (*y, *x)).collect();
        Points { points, height: width as f32 }
    }

    /// The best slope among some, and how far its lines stand out from the mean of all.
    fn best(&self, slopes: &[f32], within: std::ops::Range<f32>) -> (f32, f32) {
        let mut bins = vec![0u32; (self.height * 1.4) as usize + 64];
        let (mut best, mut most, mut all) = (0.0, -1.0f32, 0.0f32);
        for slope in slopes {
            bins.fill(0);
            for (x, y) in self.points.iter().filter(|(_, y)| within.contains(y)) {
                let at = (y - slope * x + self.height * 0.7) as usize;
                if let Some(bin) = bins.get_mut(at) {
                    *bin += 1;
                }
            }
            let sum: f32 = bins.iter().map(|bin| (*bin as f32) * (*bin as f32)).sum();
            all += sum;
            if sum > most {
                (best, most) = (*slope, sum);
            }
        }
        (best, most / (all / slopes.len().max(1) as f32).max(1.0))
    }

    /// How far lines stand out, whatever their slope: below each other, of one page, more than beside each other.
    pub(crate) fn sharpness(&self) -> f32 {
        self.best(&steps(0.0, STEEPEST, 0.005), self.everything()).1
    }

    fn everything(&self) -> std::ops::Range<f32> {
        -self.height..self.height
    }

    /// The slope of the lines, of letters that are so high; level where there are none.
    pub(crate) fn slope(&self, letter: usize) -> Slope {
        let (coarse, sharp) = self.best(&steps(0.0, STEEPEST, 0.004), self.everything());
        if sharp < SHARP {
            return Slope::default();
        }
        let (middle, _) = self.best(&steps(coarse, 0.004, 0.0005), self.everything());
        // Each band by itself: they agree, unless the page was seen from one side.
        let (mut found, band) = (Vec::new(), self.height / BANDS as f32);
        if band < letter as f32 * BAND_LEAST {
            return Slope { middle, per_row: 0.0 };
        }
        for n in 0..BANDS {
            let from = n as f32 * band - self.height / 2.0;
            let within = from..from + band;
            let held = self.points.iter().filter(|(_, y)| within.contains(y)).count();
            let (slope, sharp) = self.best(&steps(middle, 0.03, 0.0015), within);
            if held * BANDS * 4 > self.points.len() && sharp > SHARP {
                found.push((from + band / 2.0, slope, held as f32 * (sharp - 1.0)));
            }
        }
        let line = fitted(&found);
        let near: Vec<_> = found
            .iter()
            .copied()
            .filter(|(y, slope, _)| (line.middle + line.per_row * y - slope).abs() < 0.006)
            .collect();
        if near.len() < 4 {
            return Slope { middle, per_row: 0.0 };
        }
        let line = fitted(&near);
        // Lines that are level to half a pixel stay as they are.
        match (line.per_row * self.height / 2.0).abs() < 0.0015 {
            true => Slope { middle, per_row: 0.0 },
            false => line,
        }
    }
}

/// Slopes around one, as far as `reach` to both sides.
fn steps(around: f32, reach: f32, step: f32) -> Vec<f32> {
    let each = (reach / step).round() as i32;
    (-each..=each).map(|n| around + n as f32 * step).collect()
}

/// The line through points of some weight.
fn fitted(points: &[(f32, f32, f32)]) -> Slope {
    let sum = |of: fn(&(f32, f32, f32)) -> f32| points.iter().map(of).sum::<f32>();
    let weight = sum(|p| p.2).max(1e-6);
    let (x, y) = (sum(|p| p.0 * p.2) / weight, sum(|p| p.1 * p.2) / weight);
    let spread: f32 = points.iter().map(|p| p.2 * (p.0 - x) * (p.0 - x)).sum();
    let both: f32 = points.iter().map(|p| p.2 * (p.0 - x) * (p.1 - y)).sum();
    let per_row = if spread > 0.0 { both / spread } else { 0.0 };
    Slope { middle: y - per_row * x, per_row }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_slope_of_lines_and_how_it_grows() {
        for (middle, grows) in [(0.0, 0.0), (0.02, 0.0), (-0.07, 0.0), (0.01, 0.03), (-0.01, -0.04)]
        {
            let mut page = Pixels::of(800, 1100, 0);
            let per_row = grows / 1100.0;
            for line in (40..1060).step_by(30) {
                let y = line as f32 - 550.0;
                for x in (60..740).filter(|x| x % 11 < 7) {
                    let drop = (middle + per_row * y) * (x as f32 - 400.0);
                    let y = (y + drop + 550.0) as usize;
                    (y..y + 9).for_each(|y| page.fill(y, x, x + 1, 1));
                }
            }
            let slope = Points::of(&page).slope(9);
            let far = |y: f32| (slope.middle + slope.per_row * y - middle - per_row * y).abs();
            assert!(far(0.0) < 0.002 && far(400.0) < 0.006, "{middle} {grows}: {slope:?}");
            assert!(Points::of(&page).sharpness() > SHARP);
        }
    }

    #[test]
    fn noise_has_no_slope() {
        let mut page = Pixels::of(400, 400, 0);
        let mut seed = 1u32;
        for pixel in &mut page.bytes {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *pixel = u8::from(seed >> 28 == 0);
        }
        assert_eq!(Points::of(&page).slope(9), Slope::default());
    }
}
