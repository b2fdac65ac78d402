use crate::rect::Rect;

/// An image of one byte a pixel, row by row: shades of grey, or ink (1) and paper (0).
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Pixels in a row.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// `width` times `height`.
    pub bytes: Vec<u8>,
}

impl Pixels {
    /// All of one shade.
    pub fn of(width: usize, height: usize, shade: u8) -> Pixels {
        Pixels { width, height, bytes: vec![shade; width * height] }
    }

    /// The rows from the top; none of an image without columns.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &[u8]> + ExactSizeIterator {
        self.bytes.chunks_exact(self.width.max(1))
    }

    /// The same, to write on.
    pub fn rows_mut(&mut self) -> impl ExactSizeIterator<Item = &mut [u8]> {
        self.bytes.chunks_exact_mut(self.width.max(1))
    }

    /// A row; nothing below the last.
    pub fn row(&self, y: usize) -> &[u8] {
        self.bytes.get(y * self.width..(y + 1) * self.width).unwrap_or(&[])
    }

    /// A pixel; `beyond` outside of the image.
    pub fn at(&self, x: usize, y: usize, beyond: u8) -> u8 {
        self.row(y).get(x).copied().unwrap_or(beyond)
    }

    /// Fills what lies between these columns of a row.
    pub fn fill(&mut self, y: usize, from: usize, to: usize, shade: u8) {
        let width = self.width;
        let (from, to) = (from.min(width), to.min(width));
        if let Some(row) = self.bytes.get_mut(y * width + from..y * width + to.max(from)) {
            row.fill(shade);
        }
    }

    /// Fills a rectangle.
    pub fn fill_rect(&mut self, rect: Rect, shade: u8) {
        for y in rect.top..rect.bottom.min(self.height) {
            self.fill(y, rect.left, rect.right, shade);
        }
    }

    /// What lies in a rectangle, with a margin of white around it.
    pub fn cut(&self, rect: Rect, margin: usize) -> Pixels {
        let (left, right) = (rect.left.min(self.width), rect.right.min(self.width));
        let (top, bottom) = (rect.top.min(self.height), rect.bottom.min(self.height));
        let width = right.saturating_sub(left);
        let mut cut = Pixels::of(width + 2 * margin, bottom.saturating_sub(top) + 2 * margin, 255);
        for (to, y) in cut.rows_mut().skip(margin).zip(top..bottom) {
            let from = self.row(y).get(left..right).unwrap_or(&[]);
            if let Some(to) = to.get_mut(margin..margin + width) {
                to.copy_from_slice(from);
            }
        }
        cut
    }

    /// Scaled by a factor: each pixel between those around it, or the mean of those it stands for.
    pub fn scaled(&self, factor: f32) -> Pixels {
        let side = |length: usize| ((length as f32 * factor).round() as usize).max(1);
        let (width, height) = (side(self.width), side(self.height));
        if self.width == 0 || self.height == 0 || (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let across = weights(self.width, width);
        let down = weights(self.height, height);
        // First each row, then the columns.
        let mut narrow = Vec::with_capacity(width * self.height);
        for row in self.rows() {
            narrow.extend(across.iter().map(|weighed| mean(weighed, |n| row.get(n).copied())));
        }
        let narrow = Pixels { width, height: self.height, bytes: narrow };
        let mut bytes = Vec::with_capacity(width * height);
        let mut sums = vec![0u32; width];
        for weighed in &down {
            sums.fill(0);
            for (n, weight) in weighed {
                for (sum, shade) in sums.iter_mut().zip(narrow.row(*n)) {
                    *sum += u32::from(*shade) * weight;
                }
            }
            bytes.extend(sums.iter().map(|sum| (sum >> 16).min(255) as u8));
        }
        Pixels { width, height, bytes }
    }

    /// Rows as columns.
    pub fn transposed(&self) -> Pixels {
        let mut turned = Pixels::of(self.height, self.width, 0);
        for (y, row) in self.rows().enumerate() {
            let column = turned.bytes.iter_mut().skip(y).step_by(self.height.max(1));
            column.zip(row).for_each(|(to, from)| *to = *from);
        }
        turned
    }

    /// Turned by quarters of a circle, clockwise.
    pub fn turned(&self, quarters: u8) -> Pixels {
        let mut turned = match quarters % 2 {
            1 => self.transposed(),
            _ => self.clone(),
        };
        match quarters % 4 {
            // Transposed, then each row from its end.
            1 => turned.rows_mut().for_each(<[u8]>::reverse),
            2 => turned.bytes.reverse(),
            3 => {
                turned.rows_mut().for_each(<[u8]>::reverse);
                turned.bytes.reverse();
            }
            _ => {}
        }
        turned
    }
}

/// Of which pixels of `from` each pixel of `to` consists: numbers and weights, which are 65,536 in all.
fn weights(from: usize, to: usize) -> Vec<Vec<(usize, u32)>> {
    let scale = from as f64 / to as f64;
    let reach = scale.max(1.0);
    (0..to)
        .map(|n| {
            let middle = (n as f64 + 0.5) * scale;
            let first = (middle - reach).floor().max(0.0) as usize;
            let last = ((middle + reach).ceil() as usize).min(from);
            // A triangle: linear where it is enlarged, a soft mean where it is shrunk.
            let weigh = |at: usize| (1.0 - ((at as f64 + 0.5 - middle) / reach).abs()).max(0.0);
            let all: f64 = (first..last).map(weigh).sum();
            let share = |at| (at, (weigh(at) / all.max(1e-9) * 65_536.0) as u32);
            (first..last).map(share).filter(|(_, weight)| *weight > 0).collect()
        })
        .collect()
}

fn mean(weighed: &[(usize, u32)], at: impl Fn(usize) -> Option<u8>) -> u8 {
    let sum: u32 =
        weighed.iter().map(|(n, weight)| u32::from(at(*n).unwrap_or(255)) * weight).sum();
    // Weights are rounded down, so that white is a shade short of it.
    ((sum + 0x8000) >> 16).min(255) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(width: usize, height: usize) -> Pixels {
        Pixels { width, height, bytes: (0..width * height).map(|n| n as u8).collect() }
    }

    #[test]
    fn four_quarters_are_a_circle() {
        let picture = numbered(3, 2);
        assert_eq!(picture.turned(1).bytes, [3, 0, 4, 1, 5, 2]);
        for quarters in 0..4 {
            assert_eq!(picture.turned(quarters).turned(4 - quarters), picture, "{quarters}");
        }
    }

    #[test]
    fn a_scaled_image_keeps_its_shades() {
        for factor in [0.4, 0.5, 1.0, 1.7, 2.0] {
            let grey = Pixels::of(31, 17, 200).scaled(factor);
            assert_eq!(grey.width, (31.0 * factor).round() as usize);
            assert!(grey.bytes.iter().all(|shade| (199..=200).contains(shade)), "{factor}");
        }
    }

    #[test]
    fn a_cut_has_a_margin_and_ends_with_the_image() {
        let cut = numbered(4, 4).cut(Rect { left: 2, top: 3, right: 9, bottom: 9 }, 1);
        assert_eq!((cut.width, cut.height), (4, 3));
        assert_eq!(cut.row(1), [255, 14, 15, 255]);
        assert!(cut.row(0).iter().all(|shade| *shade == 255));
    }
}
