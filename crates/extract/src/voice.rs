//! Whether somebody speaks: a cheap guess before dear recognition.
//!
//! Speech swells with each syllable, and its voiced sounds cross zero seldom where its hisses do often. A tone or a chord does
//! neither, steady noise does not swell, and most music crosses zero as evenly as it is loud. The bounds are such that speech
//! under noise as loud as itself passes; some songs pass with it. (tests/measure/speech.py says how often each happens.)

/// Frames are a hundredth of a second.
const FRAMES: usize = 100;

/// Seconds that are judged at once: a word in a long silence is heard.
const WINDOW: usize = 10;

/// Below this, in dB of the loudest that can be, there is nothing to hear.
const SILENCE: f32 = -65.0;

/// How far below the loud of its window a frame may be to be of the sound, in dB.
const SPAN: f32 = 20.0;

/// By how much loudness falls and rises again between two syllables, in dB.
const DIP: f32 = 6.0;

/// Syllables there are at the least, in all and in each second of the sound.
const LEAST: usize = 2;
const PER_SECOND: f32 = 1.0;

/// How much the rate at which the frames cross zero varies at the least, as part of the samples.
const CROSSING: f32 = 0.025;

/// Whether a voice is likely in these samples of one channel.
pub(crate) fn is_likely(samples: &[f32], rate: usize) -> bool {
    windows(samples, rate).any(|(_, frames)| is_voice(&frames))
}

/// Where in these samples somebody probably speaks, as the first sample of each hundredth of a second that sounds there.
pub(crate) fn places(samples: &[f32], rate: usize) -> Vec<usize> {
    let mut places = Vec::new();
    for (start, frames) in windows(samples, rate).filter(|(_, frames)| is_voice(frames)) {
        let loud = loud(&frames);
        let sounding = frames.iter().enumerate().filter(|(_, it)| it.loudness > loud - SPAN);
        places.extend(sounding.map(|(n, _)| start + n * frame_length(rate)));
    }
    places
}

/// What is judged at once, each with its first sample.
fn windows(samples: &[f32], rate: usize) -> impl Iterator<Item = (usize, Vec<Frame>)> {
    let window = WINDOW * rate.max(FRAMES);
    samples.chunks(window).enumerate().map(move |(n, samples)| {
        (n * window, samples.chunks_exact(frame_length(rate)).map(Frame::of).collect())
    })
}

fn frame_length(rate: usize) -> usize {
    (rate / FRAMES).max(1)
}

/// A hundredth of a second.
struct Frame {
    /// In dB of the loudest that can be.
    loudness: f32,
    /// Part of the samples at which the sign changes.
    crossing: f32,
}

impl Frame {
    fn of(samples: &[f32]) -> Frame {
        let count = samples.len().max(1) as f32;
        let energy = samples.iter().map(|sample| sample * sample).sum::<f32>() / count;
        let signs = samples.iter().zip(samples.iter().skip(1));
        let crossings = signs.filter(|(a, b)| a.is_sign_negative() != b.is_sign_negative()).count();
        Frame { loudness: 10.0 * (energy + 1e-10).log10(), crossing: crossings as f32 / count }
    }
}

/// How loud the loud of a window is.
fn loud(frames: &[Frame]) -> f32 {
    let mut sorted: Vec<f32> = frames.iter().map(|frame| frame.loudness).collect();
    sorted.sort_by(f32::total_cmp);
    sorted.get(sorted.len() * 95 / 100).copied().unwrap_or(f32::MIN)
}

fn is_voice(frames: &[Frame]) -> bool {
    let loud = loud(frames);
    if loud < SILENCE {
        return false;
    }
    let sounding: Vec<f32> = frames
        .iter()
        .filter(|frame| frame.loudness > loud - SPAN)
        .map(|frame| frame.crossing)
        .collect();
    let syllables = syllables(frames, loud - 2.0 * SPAN);
    let seconds = sounding.len() as f32 / FRAMES as f32;
    syllables >= LEAST
        && syllables as f32 >= PER_SECOND * seconds
        && deviation(&sounding) >= CROSSING
}

/// How often loudness, smoothed, falls far below where it was and rises again.
fn syllables(frames: &[Frame], floor: f32) -> usize {
    let smooth = frames.windows(5).map(|frames| {
        frames.iter().map(|frame| frame.loudness.max(floor)).sum::<f32>() / frames.len() as f32
    });
    let (mut high, mut low, mut rising, mut count) = (f32::MIN, f32::MAX, true, 0);
    for loudness in smooth {
        if rising {
            high = high.max(loudness);
            if loudness < high - DIP {
                (rising, low) = (false, loudness);
                count += 1;
            }
        } else {
            low = low.min(loudness);
            if loudness > low + DIP {
                (rising, high) = (true, loudness);
            }
        }
    }
    count
}

fn deviation(values: &[f32]) -> f32 {
    let count = values.len().max(1) as f32;
    let mean = values.iter().sum::<f32>() / count;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: usize = 16_000;

    fn sound(seconds: f32, sample: impl Fn(f32, f32) -> f32) -> Vec<f32> {
        // Noise from a generator of our own: the same at every run.
        let mut state = 1u32;
        let count = (seconds * RATE as f32) as usize;
        (0..count)
            .map(|n| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                sample(n as f32 / RATE as f32, (state >> 8) as f32 / 8_388_608.0 - 1.0)
            })
            .collect()
    }

    /// Four syllables to the second: a hiss, and a voiced sound of many harmonics.
    fn speech(at: f32, noise: f32) -> f32 {
        let within = (at * 4.0).fract();
        let voiced: f32 =
            (1..12).map(|n| (at * 130.0 * n as f32 * std::f32::consts::TAU).sin() / n as f32).sum();
        match within {
            ..0.25 => noise * 0.3,
            ..0.8 => voiced * 0.2,
            _ => 0.0,
        }
    }

    #[test]
    fn syllables_are_a_voice_also_under_noise_and_once_in_a_silence() {
        assert!(is_likely(&sound(5.0, speech), RATE));
        assert!(is_likely(&sound(5.0, |at, noise| speech(at, noise) + noise * 0.05), RATE));
        let late = |at: f32, noise| if at > 25.0 { speech(at, noise) } else { 0.0 };
        let late = sound(27.0, late);
        assert!(is_likely(&late, RATE));
        let places = places(&late, RATE);
        assert!((120..200).contains(&places.len()), "{}", places.len());
        assert!(places.iter().all(|at| *at >= 25 * RATE), "nobody speaks before");
    }

    #[test]
    fn tones_chords_noise_and_silence_are_none() {
        let tone = |hertz: f32, at: f32| (at * hertz * std::f32::consts::TAU).sin() * 0.2;
        assert!(!is_likely(&sound(5.0, |at, _| tone(440.0, at)), RATE));
        assert!(!is_likely(&sound(5.0, |_, noise| noise * 0.3), RATE));
        assert!(!is_likely(&sound(5.0, |_, _| 0.0), RATE));
        assert!(!is_likely(&[], RATE) && !is_likely(&[1.0], 0));
        // A chord that is struck twice a second and dies away.
        let chord = |at: f32, _| {
            let away = (-(at * 2.0).fract() * 3.0).exp();
            (tone(262.0, at) + tone(330.0, at) + tone(392.0, at)) * away
        };
        assert!(!is_likely(&sound(5.0, chord), RATE));
    }
}
