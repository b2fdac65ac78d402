/// Blocks of a picture, across and down.
const ACROSS: u32 = 16;
const DOWN: u32 = 12;

/// What a picture looks like from afar: the mean shade of each block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glimpse(Vec<u8>);

impl Glimpse {
    /// Of a picture in colours, three bytes for each pixel.
    pub(crate) fn of(width: u32, height: u32, rgb: &[u8]) -> Glimpse {
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
    pub(crate) fn resembles(&self, other: &Glimpse) -> bool {
        let steps = || self.0.iter().zip(&other.0).map(|(a, b)| u64::from(a.abs_diff(*b)));
        steps().max().unwrap_or(0) <= BLOCK_STEP
            && steps().sum::<u64>() <= MEAN_STEP * self.0.len() as u64
    }

    /// How much is to be seen: how far its blocks are from being of one shade.
    pub(crate) fn contrast(&self) -> u64 {
        let count = self.0.len().max(1) as u64;
        let mean = self.0.iter().map(|shade| u64::from(*shade)).sum::<u64>() / count;
        self.0.iter().map(|shade| mean.abs_diff(u64::from(*shade))).sum::<u64>() / count
    }
}

/// Shades by which a block of the same view may differ (noise, the clock of a camera), and all of them on an average.
const BLOCK_STEP: u64 = 24;
const MEAN_STEP: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(Glimpse::of(0, 0, &[]).contrast(), 0);
    }
}
