//! The course of a recording as a picture: one column for each of as many stretches of time.

use image::{DynamicImage, Rgb, RgbImage};

/// Columns, and rows of the picture.
pub(crate) const COLUMNS: usize = 480;
const ROWS: u32 = 96;

const GROUND: Rgb<u8> = Rgb([255; 3]);
const INK: Rgb<u8> = Rgb([38, 84, 124]);

/// The loudest sample of each column.
pub(crate) struct Waveform {
    seconds: f64,
    peaks: Vec<f32>,
}

impl Waveform {
    /// Of a recording that lasts so long.
    pub(crate) fn new(seconds: f64) -> Waveform {
        Waveform { seconds: seconds.max(0.001), peaks: vec![0.0; COLUMNS] }
    }

    /// Takes samples of all channels by turns that begin at this second.
    pub(crate) fn take(&mut self, start: f64, rate: u32, channels: usize, samples: &[f32]) {
        let per_sample = COLUMNS as f64 / self.seconds / f64::from(rate.max(1));
        let first = start / self.seconds * COLUMNS as f64;
        for (n, moment) in samples.chunks(channels.max(1)).enumerate() {
            // The cast of what is negative or too large saturates.
            let column = (first + n as f64 * per_sample) as usize;
            let Some(peak) = self.peaks.get_mut(column) else { continue };
            for sample in moment {
                *peak = peak.max(sample.abs());
            }
        }
    }

    /// Takes samples that stand for all that is between two seconds.
    pub(crate) fn take_all(&mut self, from: f64, to: f64, samples: &[f32]) {
        let column = |at: f64| (at / self.seconds * COLUMNS as f64).round() as usize;
        let (from, to) = (column(from), column(to).min(COLUMNS));
        let loudest = samples.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs()));
        for peak in self.peaks.get_mut(from..to).unwrap_or_default() {
            *peak = peak.max(loudest);
        }
    }

    /// The picture. The loudest column fills it, as a quiet recording would be a line otherwise.
    pub(crate) fn picture(&self) -> DynamicImage {
        let loudest = self.peaks.iter().copied().fold(0.0, f32::max).max(0.01);
        let width = u32::try_from(COLUMNS).unwrap_or(0);
        let half = (ROWS / 2) as f32;
        let picture = RgbImage::from_fn(width, ROWS, |x, y| {
            let peak = usize::try_from(x).ok().and_then(|x| self.peaks.get(x)).copied();
            let reach = (peak.unwrap_or(0.0) / loudest).min(1.0) * half;
            let off = (y as f32 + 0.5 - half).abs();
            if off <= reach.max(0.5) { INK } else { GROUND }
        });
        DynamicImage::ImageRgb8(picture)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_column_stands_for_its_time() {
        // Ten seconds, of which only the third is loud.
        let mut waveform = Waveform::new(10.0);
        for second in 0..10 {
            let level = if second == 2 { 0.5 } else { 0.05 };
            waveform.take(f64::from(second), 1_000, 2, &[level; 2_000]);
        }
        let picture = waveform.picture().into_rgb8();
        let dark = |x: u32| (0..ROWS).filter(|y| picture.get_pixel(x, *y) == &INK).count();
        assert_eq!(picture.width(), 480);
        assert!(dark(120) >= 94 && dark(20) <= 12 && dark(470) <= 12, "{} {}", dark(120), dark(20));
        waveform.take_all(5.0, 7.5, &[-0.5, 0.1]);
        let picture = waveform.picture().into_rgb8();
        let dark = |x: u32| (0..ROWS).filter(|y| picture.get_pixel(x, *y) == &INK).count();
        assert!(dark(241) >= 94 && dark(359) >= 94 && dark(362) <= 12);
        waveform.take_all(9.0, 1e30, &[]);
        waveform.take(-5.0, 1_000, 1, &[1.0; 10]);
        waveform.take(f64::NAN, 0, 0, &[1.0; 10]);
        waveform.take(1e30, 1_000, 1, &[1.0; 10]);
    }
}
