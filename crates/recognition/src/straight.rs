use crate::slope::Slope;
use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

/// The way from a page whose lines are level to the image that it was made of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Straight {
    slope: Slope,
    middle: (f32, f32),
}

impl Straight {
    pub(crate) fn new(slope: Slope, width: usize, height: usize) -> Straight {
        Straight { slope, middle: (width as f32 / 2.0, height as f32 / 2.0) }
    }

    /// Whether it is the image itself.
    pub(crate) fn is_level(&self) -> bool {
        let Slope { middle, per_row } = self.slope;
        middle.abs() < 0.001 && per_row == 0.0
    }

    /// Where a point of the level page stands in the image.
    fn source(&self, x: f32, y: f32) -> (f32, f32) {
        let (dx, dy) = (x - self.middle.0, y - self.middle.1);
        let slope = self.slope.middle + self.slope.per_row * dy;
        (x - self.slope.middle * dy, y + slope * dx)
    }

    /// A rectangle of the level page, as that of the image around it: left, top, right, bottom.
    pub(crate) fn of_image(&self, rect: Rect) -> [f32; 4] {
        let (left, top) = (rect.left as f32, rect.top as f32);
        let (right, bottom) = (rect.right as f32, rect.bottom as f32);
        let corners = [(left, top), (right, top), (left, bottom), (right, bottom)];
        let corners = corners.map(|(x, y)| self.source(x, y));
        corners.iter().fold([f32::MAX, f32::MAX, f32::MIN, f32::MIN], |around, (x, y)| {
            let [left, top, right, bottom] = around;
            [left.min(*x), top.min(*y), right.max(*x), bottom.max(*y)]
        })
    }

    /// The level page of an image.
    pub(crate) fn page(&self, image: &Pixels) -> Pixels {
        let mut page = Pixels::of(image.width, image.height, 255);
        for (y, row) in page.rows_mut().enumerate() {
            // Both run evenly along a row.
            let (mut from_x, mut from_y) = self.source(0.0, y as f32);
            let step = self.source(1.0, y as f32).1 - from_y;
            for shade in row {
                *shade = between(image, from_x, from_y);
                from_x += 1.0;
                from_y += step;
            }
        }
        page
    }
}

/// The shade at a point between pixels; white outside.
fn between(image: &Pixels, x: f32, y: f32) -> u8 {
    if x < 0.0 || y < 0.0 {
        return 255;
    }
    let (left, top) = (x as usize, y as usize);
    let (across, down) = ((x.fract() * 256.0) as u32, (y.fract() * 256.0) as u32);
    let pair = |row: &[u8]| match row.get(left..left + 2) {
        Some([a, b]) => (u32::from(*a) * (256 - across) + u32::from(*b) * across) >> 8,
        _ => row.get(left).map_or(255, |only| u32::from(*only)),
    };
    let upper = pair(image.row(top));
    let lower = if top + 1 < image.height { pair(image.row(top + 1)) } else { 255 };
    ((upper * (256 - down) + lower * down) >> 8).min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sloping_line_becomes_level_and_is_found_again() {
        let slope = Slope { middle: 0.05, per_row: 0.0 };
        let mut image = Pixels::of(400, 300, 255);
        for x in 20..380usize {
            let y = (150.0 + 0.05 * (x as f32 - 200.0)) as usize;
            (y..y + 4).for_each(|y| image.fill(y, x, x + 1, 0));
        }
        let straight = Straight::new(slope, 400, 300);
        let page = straight.page(&image);
        let dark: Vec<usize> = (0..300).filter(|y| page.at(60, *y, 255) < 128).collect();
        let far: Vec<usize> = (0..300).filter(|y| page.at(340, *y, 255) < 128).collect();
        assert_eq!(dark.first().map(|y| y.abs_diff(far[0]) <= 1), Some(true), "{dark:?} {far:?}");
        let rect = Rect { left: 340, top: far[0], right: 341, bottom: far[0] + 1 };
        let [left, top, ..] = straight.of_image(rect);
        assert!(image.at(left as usize, top as usize + 1, 255) < 128);
    }
}
