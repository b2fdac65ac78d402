/// Blocks of a picture, across and down.
const ACROSS: u32 = 16;
const DOWN: u32 = 12;

/// Smaller ones in each of them, across and down: letters that are read from a chair are some of these high.
const FINER: u32 = 6;

/// What a picture looks like from afar: the mean shade of each block, and from nearer: of each of many smaller ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glimpse {
    far: Vec<u8>,
    near: Vec<u8>,
}

impl Glimpse {
    /// Of a picture in colours, three bytes for each pixel.
    pub(crate) fn of(width: u32, height: u32, rgb: &[u8]) -> Glimpse {
        Glimpse {
            // Each fourth pixel tells enough.
            far: means((width, height), rgb, (ACROSS, DOWN), 4),
            near: means((width, height), rgb, (ACROSS * FINER, DOWN * FINER), 1),
        }
    }

    /// Whether two pictures show the same: no block of one differs much from the other's.
    pub(crate) fn resembles(&self, other: &Glimpse) -> bool {
        let steps = || self.far.iter().zip(&other.far).map(|(a, b)| u64::from(a.abs_diff(*b)));
        steps().max().unwrap_or(0) <= BLOCK_STEP
            && steps().sum::<u64>() <= MEAN_STEP * self.far.len() as u64
    }

    /// Whether two pictures say the same, if they say anything: no more differs than the digits of a clock.
    pub(crate) fn reads_as(&self, other: &Glimpse) -> bool {
        let steps = self.near.iter().zip(&other.near).map(|(a, b)| u64::from(a.abs_diff(*b)));
        steps.filter(|step| *step > BLOCK_STEP).count() <= CLOCK
    }

    /// How much is to be seen: how far its blocks are from being of one shade.
    pub(crate) fn contrast(&self) -> u64 {
        let count = self.far.len().max(1) as u64;
        let mean = self.far.iter().map(|shade| u64::from(*shade)).sum::<u64>() / count;
        self.far.iter().map(|shade| mean.abs_diff(u64::from(*shade))).sum::<u64>() / count
    }
}

/// The mean shade of each block of a picture in colours, by each `step`th pixel of a row.
fn means(
    (width, height): (u32, u32),
    rgb: &[u8],
    (across, down): (u32, u32),
    step: usize,
) -> Vec<u8> {
    let blocks = (across * down) as usize;
    let (mut sums, mut counts) = (vec![0u64; blocks], vec![0u64; blocks]);
    let block = |at: u32, blocks: u32, side: u32| {
        (u64::from(at) * u64::from(blocks) / u64::from(side.max(1))) as usize
    };
    let columns: Vec<usize> = (0..width).map(|x| block(x, across, width)).collect();
    let row = width as usize * 3;
    for (y, line) in (0u32..height).zip(rgb.chunks_exact(row.max(3))) {
        let first = block(y, down, height) * across as usize;
        for (column, pixel) in columns.iter().zip(line.chunks_exact(3)).step_by(step) {
            let at = first + column;
            if let ([red, green, blue], Some(sum), Some(count)) =
                (pixel, sums.get_mut(at), counts.get_mut(at))
            {
                *sum += u64::from(*red) * 3 + u64::from(*green) * 6 + u64::from(*blue);
                *count += 10;
            }
        }
    }
    let mean = |(sum, count): (u64, u64)| (sum / count.max(1)).min(255) as u8;
    sums.into_iter().zip(counts).map(mean).collect()
}

/// Shades by which a block of the same view may differ (noise, the clock of a camera), and all of them on an average.
const BLOCK_STEP: u64 = 24;
const MEAN_STEP: u64 = 4;

/// Smaller blocks in which digits of a clock change, at the most.
const CLOCK: usize = 16;

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

    #[test]
    fn another_line_of_text_is_seen_where_the_view_stays_and_noise_and_a_clock_are_not() {
        // Strokes of one thickness at several places, as lines of the same length have.
        let slide = |shift: u32, clock: u32| {
            let is_ink = |x: u32, y: u32| {
                let is_line = (60..300).contains(&x) && (120..140).contains(&y);
                let is_digit = (440..448).contains(&x) && (8..18).contains(&y);
                is_line && (x + shift) % 16 < 6 || is_digit && (x + clock) % 8 < 4
            };
            let ink = |x, y| if is_ink(x, y) { 20 } else { 230 + ((x * 7 + y * 13) % 5) as u8 };
            Glimpse::of(480, 270, &picture(480, 270, ink))
        };
        let first = slide(0, 0);
        assert!(first.resembles(&slide(8, 0)), "from afar it is the same");
        assert!(!first.reads_as(&slide(8, 0)));
        assert!(first.reads_as(&slide(0, 4)));
        assert_ne!(first, slide(0, 4));
    }
}
