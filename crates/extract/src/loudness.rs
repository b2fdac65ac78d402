//! How loud a recording is as people hear it: integrated loudness of ITU-R BS.1770-4 and EBU R 128, in LUFS.

use std::f64::consts::PI;

/// Blocks of so many steps, each of a tenth of a second, are measured: 400 ms that overlap by three quarters.
const STEPS: usize = 4;

/// Steps that are kept: half a day.
const STEPS_MOST: usize = 12 * 3600 * 10;

/// Blocks that are not louder than this, in LUFS, are silence.
const SILENT: f64 = -70.0;

/// And those that are so much below the mean of the others, in LU, do not count.
const BELOW: f64 = -10.0;

/// A filter of the second order, with what it remembers of one channel.
#[derive(Clone, Copy)]
struct Biquad {
    b: [f64; 3],
    a: [f64; 2],
    kept: [f64; 2],
}

impl Biquad {
    fn next(&mut self, x: f64) -> f64 {
        let [b0, b1, b2] = self.b;
        let [a1, a2] = self.a;
        let [one, two] = self.kept;
        let y = b0 * x + one;
        self.kept = [b1 * x - a1 * y + two, b2 * x - a2 * y];
        y
    }

    /// The head of the listener: a shelf above some 1.7 kHz. The recommendation gives the numbers for 48 kHz; these are the
    /// analogue filter that they stand for, at any rate.
    fn shelf(rate: f64) -> Biquad {
        let (frequency, gain, q) =
            (1_681.974_450_955_533, 3.999_843_853_973_347, 0.707_175_236_955_419_6);
        let k = (PI * frequency / rate).tan();
        let high = 10f64.powf(gain / 20.0);
        let band = high.powf(0.499_666_774_154_541_6);
        let a0 = 1.0 + k / q + k * k;
        Biquad {
            b: [
                (high + band * k / q + k * k) / a0,
                2.0 * (k * k - high) / a0,
                (high - band * k / q + k * k) / a0,
            ],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            kept: [0.0; 2],
        }
    }

    /// Deaf to what lies below some 38 Hz.
    fn high_pass(rate: f64) -> Biquad {
        let (frequency, q) = (38.135_470_876_024_44, 0.500_327_037_323_877_3);
        let k = (PI * frequency / rate).tan();
        let a0 = 1.0 + k / q + k * k;
        Biquad {
            b: [1.0, -2.0, 1.0],
            a: [2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0],
            kept: [0.0; 2],
        }
    }
}

/// Measures sound as it comes.
pub(crate) struct Loudness {
    rate: u32,
    filters: Vec<(Biquad, Biquad, f64)>,
    /// Weighted squares of the step that is being filled, and samples in it.
    sum: f64,
    count: usize,
    /// Mean square of each step.
    steps: Vec<f64>,
}

impl Loudness {
    pub(crate) fn new() -> Loudness {
        Loudness { rate: 0, filters: Vec::new(), sum: 0.0, count: 0, steps: Vec::new() }
    }

    /// Takes samples of all channels by turns.
    pub(crate) fn take(&mut self, rate: u32, channels: usize, samples: &[f32]) {
        if rate < 100 || channels == 0 {
            return;
        }
        if self.rate != rate || self.filters.len() != channels {
            self.rate = rate;
            let of = |n| {
                (Biquad::shelf(rate.into()), Biquad::high_pass(rate.into()), weight(n, channels))
            };
            self.filters = (0..channels).map(of).collect();
            self.leap();
        }
        let step = usize::try_from(rate / 10).unwrap_or(1);
        for moment in samples.chunks_exact(channels) {
            for (sample, (shelf, high_pass, weight)) in moment.iter().zip(&mut self.filters) {
                let heard = high_pass.next(shelf.next(f64::from(*sample)));
                self.sum += heard * heard * *weight;
            }
            self.count += 1;
            if self.count == step {
                if self.steps.len() < STEPS_MOST {
                    self.steps.push(self.sum / step as f64);
                }
                (self.sum, self.count) = (0.0, 0);
            }
        }
    }

    /// Says that what follows does not follow on what came before.
    pub(crate) fn leap(&mut self) {
        (self.sum, self.count) = (0.0, 0);
        // A block must not reach over the leap.
        if self.steps.last().is_some_and(|last| !last.is_nan()) {
            self.steps.push(f64::NAN);
        }
    }

    /// The integrated loudness in LUFS; none of silence, and of less than a block.
    pub(crate) fn integrated(&self) -> Option<f64> {
        let blocks: Vec<f64> = self
            .steps
            .windows(STEPS)
            .map(|block| block.iter().sum::<f64>() / STEPS as f64)
            .filter(|energy| lufs(*energy) > SILENT)
            .collect();
        let mean = |energies: &[f64]| energies.iter().sum::<f64>() / energies.len().max(1) as f64;
        let gate = lufs(mean(&blocks)) + BELOW;
        let loud: Vec<f64> = blocks.into_iter().filter(|energy| lufs(*energy) > gate).collect();
        (!loud.is_empty()).then(|| lufs(mean(&loud))).filter(|loudness| loudness.is_finite())
    }
}

fn lufs(energy: f64) -> f64 {
    -0.691 + 10.0 * energy.log10()
}

/// What a channel counts, by the usual order: those behind the listener more, that of low effects not.
fn weight(channel: usize, channels: usize) -> f64 {
    match (channels, channel) {
        (6.., 3) => 0.0,
        (5, 3 | 4) | (6.., 4 | 5) => 1.41,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tone of so many hertz, as loud on each channel as said.
    fn tone(rate: u32, frequency: f64, amplitudes: &[f64], seconds: usize) -> Vec<f32> {
        let count = seconds * usize::try_from(rate).unwrap();
        let sample = |n: usize| (2.0 * PI * frequency * n as f64 / f64::from(rate)).sin();
        (0..count).flat_map(|n| amplitudes.iter().map(move |a| (a * sample(n)) as f32)).collect()
    }

    fn measured(rate: u32, channels: usize, samples: &[f32]) -> Option<f64> {
        let mut loudness = Loudness::new();
        for piece in samples.chunks(channels * 1_024) {
            loudness.take(rate, channels, piece);
        }
        loudness.integrated()
    }

    #[test]
    fn a_tone_of_the_recommendation_is_as_loud_as_it_says() {
        // 997 Hz at full scale on one channel reads -3.01 LUFS, whatever the rate.
        for rate in [8_000, 16_000, 44_100, 48_000, 96_000] {
            let one = measured(rate, 1, &tone(rate, 997.0, &[1.0], 5)).unwrap();
            assert!((one + 3.01).abs() < 0.1, "{rate}: {one}");
        }
        // EBU Tech 3341, case 1: stereo at -23 dBFS reads -23.0 LUFS.
        let quiet = 10f64.powf(-23.0 / 20.0);
        let both = measured(48_000, 2, &tone(48_000, 1000.0, &[quiet, quiet], 5)).unwrap();
        assert!((both + 23.0).abs() < 0.1, "{both}");
    }

    #[test]
    fn silence_does_not_count() {
        // Case 3 of the same: what is quiet for long does not pull the measure down.
        let level = |db: f64| 10f64.powf(db / 20.0);
        let mut samples = tone(48_000, 1000.0, &[level(-36.0); 2], 10);
        samples.extend(tone(48_000, 1000.0, &[level(-23.0); 2], 20));
        samples.extend(tone(48_000, 1000.0, &[level(-36.0); 2], 10));
        let all = measured(48_000, 2, &samples).unwrap();
        assert!((all + 23.0).abs() < 0.1, "{all}");
        assert_eq!(measured(8_000, 1, &[0.0; 80_000]), None);
        assert_eq!(measured(8_000, 1, &tone(8_000, 997.0, &[1.0], 0)), None);
    }
}
