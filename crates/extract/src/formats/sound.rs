//! What is heard in a file: speech as text with its times, whether there is a voice at all, how loud it is, and its course as a
//! picture.
//!
//! For text the sound is decoded as a stream and handed to the engine in pieces of some minutes, each cut where it is quietest:
//! no more than one of them is ever held, however long the recording. Where nothing is transcribed a few seconds are listened
//! to, and the picture is drawn when somebody looks at it: decoding all of a recording costs a hundred times its headers.

use std::collections::VecDeque;

use madang_document::content::{Content, Origin, Preview, Segment};
use madang_document::headway::{Headway, Stretch};
use madang_document::locator::Locator;
use madang_document::metadata;
use madang_document::part::Noun;
use madang_document::quote::Quote;
use madang_document::reason::Reason;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use super::media_io::{MediaFile, MediaSound, SoundEnd};
use super::preview;
use crate::context::Context;
use crate::guesses::Guesses;
use crate::loudness::Loudness;
use crate::options::Speech;
use crate::recogniser::{Recogniser, Sense, Signal, Sound};
use crate::voice;
use crate::waveform::{COLUMNS, Waveform};

/// Seconds that are handed to the engine at once. It listens half a minute at a time, from the end of what it made out last,
/// so that what is lost at the end of a piece is once in so many of its steps.
const PIECE: usize = 240;

/// The same where there are subtitles: what they say is passed over by pieces.
const SUBTITLED_PIECE: usize = 60;

/// Which part of the time that somebody speaks in a piece subtitles cover where they say what is said, and how many
/// milliseconds they may come too late or go too early.
const COVERED: f64 = 0.6;
const SUBTITLE_OFF: u64 = 500;

/// How long the last one stands that does not say how long, in milliseconds.
const LINE: u64 = 5_000;

/// The longest that one stands which has no end of its own: it stands until the next, or nothing is said for long.
const LONGEST_LINE: u64 = LINE * 4;

/// Which part of a recording subtitles cover where somebody hardly speaks without them, as long as nobody listened.
const SUBTITLED: f64 = 0.5;

/// Seconds at the end of a piece within which the place to cut it is looked for.
const SEAM: usize = 15;

/// Parts of a second of which the quietest is cut at.
const PARTS: usize = 10;

/// Seconds that are listened to. Longer is no recording of a meeting but of a camera.
const MOST: usize = 12 * 3600;

/// Bytes read of one file for the sake of its sound.
const BYTES_MOST: u64 = 64 << 30;

/// Units of work that a minute of sound is: by the time that one is allowed, a minute of the processor.
const UNITS_OF_MINUTE: usize = 12;

/// Seconds by which the times of the container may differ from the samples counted before they are believed.
const DRIFT: f64 = 0.2;

/// Places in a piece where the times of the container leap.
const LEAPS_MOST: usize = 1_000;

/// Seconds up to which a recording is listened to as a whole where nothing is transcribed.
const SHORT: f64 = 6.0;

/// Of a longer one so many stretches of so many seconds are.
const STRETCHES: u32 = 4;
const STRETCH: f64 = 1.5;

/// What they are called where they say something.
const STRETCHES_NAME: &str = "stretches of the sound";
const WHOLE_NAME: &str = "sound";

/// Samples per second at which a voice is looked for.
const VOICE_RATE: u32 = 16_000;

/// Seconds up to which the course of a recording is drawn of all of it; of a longer one it is drawn of short stretches.
const DRAWN_WHOLE: f64 = 1_200.0;
const DRAWN: f64 = 0.1;

/// Bytes read for one of the two.
const GLANCE_BYTES_MOST: u64 = 256 << 20;

/// Says of a recording whether somebody speaks in it, and how loud it is, by some seconds of it.
pub(super) fn glance(file: &mut MediaFile<'_>, index: usize, content: &mut Content) {
    let duration = file.duration().unwrap_or(0.0);
    let is_short = duration <= SHORT;
    let (count, length) = if is_short { (1, SHORT) } else { (STRETCHES, STRETCH) };
    let mut loudness = Loudness::new();
    // Judged together: one of them alone may be a pause.
    let mut mixed = Vec::new();
    for n in 0..count {
        let at = match is_short {
            true => 0.0,
            false => duration * (f64::from(n) + 0.5) / f64::from(count),
        };
        let mut seconds = 0.0;
        // What cannot be read there may be read elsewhere.
        let _ = file.sound(index, at, VOICE_RATE, GLANCE_BYTES_MOST, |sound| {
            loudness.take(sound.rate, sound.channels, sound.recorded);
            mixed.extend_from_slice(sound.mixed);
            seconds += seconds_of(&sound);
            seconds < length
        });
        loudness.leap();
    }
    if !mixed.is_empty() {
        let is_voice = voice::is_likely(&mixed, VOICE_RATE as usize);
        describe(is_voice, &loudness, if is_short { WHOLE_NAME } else { STRETCHES_NAME }, content);
    }
}

fn seconds_of(sound: &MediaSound<'_>) -> f64 {
    (sound.recorded.len() / sound.channels.max(1)) as f64 / f64::from(sound.rate.max(1))
}

fn describe(is_voice: bool, loudness: &Loudness, part: &str, content: &mut Content) {
    let mut properties = content.metadata.at(part);
    properties.set(metadata::VOICE, is_voice);
    let loudness = loudness.integrated().map(|lufs| (lufs * 10.0).round() / 10.0);
    properties.set_some(metadata::LOUDNESS, loudness);
}

/// Draws the course of a recording.
///
/// # Errors
/// One sentence that says why it cannot be drawn.
pub(super) fn draw(
    file: &mut MediaFile<'_>,
    index: usize,
    context: &Context<'_>,
) -> Result<Option<Preview>, Reason> {
    let Some(duration) = file.duration().filter(|duration| *duration > 0.0) else {
        return Ok(None);
    };
    let mut waveform = Waveform::new(duration);
    if duration <= DRAWN_WHOLE {
        let mut at = 0.0;
        file.sound(index, 0.0, 0, BYTES_MOST, |sound| {
            waveform.take(at, sound.rate, sound.channels, sound.recorded);
            at += seconds_of(&sound);
            context.progress();
            at < DRAWN_WHOLE * 2.0
        })?;
    } else {
        for n in 0..COLUMNS / 2 {
            let begin = duration * (2 * n) as f64 / COLUMNS as f64;
            let width = duration * 2.0 / COLUMNS as f64;
            let mut at = 0.0;
            context.progress();
            // Where one stretch cannot be read its columns stay empty.
            let _ = file.sound(index, begin, 0, GLANCE_BYTES_MOST, |sound| {
                let length = seconds_of(&sound);
                // It stands for its two columns.
                waveform.take_all(begin, begin + width, sound.recorded);
                at += length;
                at < DRAWN
            });
        }
    }
    preview::of(waveform.picture(), None, Locator::Whole {}, context)
}

/// Transcribes what is said in stream `index` of a file, as its pipeline wants it, but for what its subtitles say. Whether
/// all of it was listened to: then it is said what was heard, too.
pub(super) fn transcribe(
    file: &mut MediaFile<'_>,
    index: usize,
    subtitles: Subtitles,
    context: &Context<'_>,
    content: &mut Content,
) -> bool {
    let subtitles = match context.options.speech {
        Speech::Never => return false,
        Speech::Auto => subtitles,
        Speech::Always => Subtitles::default(),
    };
    // Who reads sound has all the engines there are.
    if context.engines.of(Sense::Hearing).is_none() {
        if subtitles.part_of(file.duration().unwrap_or(0.0)) < SUBTITLED {
            content.note(ReasonKind::NotTranscribed);
        }
        return false;
    }
    let Some(engine) = context.recogniser(Sense::Hearing, content) else { return false };
    let rate = usize::try_from(engine.sample_rate()).unwrap_or(0).max(1);
    let mut listener = Listener {
        engine,
        rate,
        piece: if subtitles.0.is_empty() { PIECE } else { SUBTITLED_PIECE },
        subtitles,
        length: file.duration().map(|seconds| seconds.ceil() as u64),
        context,
        samples: VecDeque::new(),
        leaps: Vec::new(),
        taken: 0,
        heard: 0,
        text: 0,
        segments: Vec::new(),
        failure: None,
        is_full: false,
        is_voice: false,
        is_asked: false,
        covered: 0,
        unsure: 0,
        guesses: Guesses::default(),
    };
    let mut loudness = Loudness::new();
    let ended = file.sound(index, 0.0, engine.sample_rate(), BYTES_MOST, |sound| {
        loudness.take(sound.rate, sound.channels, sound.recorded);
        listener.take(sound.start, sound.mixed)
    });
    if matches!(ended, Ok(SoundEnd::Whole | SoundEnd::Damaged)) {
        listener.finish();
    }
    let minutes = |samples: usize| (samples / rate / 60) as u64;
    let duration = file.duration().map(|seconds| (seconds / 60.0).ceil() as u64);
    let Listener { segments, heard, failure, is_full, is_voice, is_asked, .. } = listener;
    let (covered, unsure) = (listener.covered, listener.unsure);
    if heard > 0 {
        describe(is_voice, &loudness, WHOLE_NAME, content);
    }
    if is_asked {
        content.metadata.at("speech").set(metadata::SPEECH_ENGINE, engine.name());
    }
    let wants_more = context.options.speech_languages != ["eng"];
    let is_english = wants_more && engine.languages() == ["eng"];
    if !segments.is_empty() && is_english {
        content.note(ReasonKind::HeardAsEnglish);
    }
    if unsure > 0 {
        content.metadata.at("speech").set(metadata::SPEECH_LEFT_OUT, unsure);
        content.note(ReasonKind::HeardUnsurely { stretches: unsure, is_english });
    }
    if covered > 0 {
        let seconds = (covered / rate).max(1) as u64;
        content.note(ReasonKind::SaidInSubtitles { seconds });
    }
    content.segments.extend(segments);
    match ended {
        Err(reason) => content.note(ReasonKind::NotUnderstood.because(reason)),
        Ok(_) if failure.is_some() => {
            let reason = failure.unwrap_or_else(|| ReasonKind::NoReason.into());
            content.note(ReasonKind::NotUnderstood.because(reason));
        }
        Ok(SoundEnd::Stopped) if is_full => content.cut(ReasonKind::TextLimit.of(Noun::Speech)),
        Ok(SoundEnd::Stopped) => {
            let only = ReasonKind::OnlyFirst {
                first: minutes(heard),
                of: duration.filter(|all| *all >= minutes(heard)),
                unit: Unit::Minutes,
            };
            content.cut(only.of(Noun::Speech));
        }
        Ok(SoundEnd::Damaged) => content.lost(ReasonKind::Damaged.of(Noun::Sound)),
        Ok(SoundEnd::Whole) => {}
    }
    heard > 0
}

/// Milliseconds that are kept before what is heard: a word begins softly.
const MARGIN: u64 = 200;

/// From when to when there is sound between two times in a piece, in milliseconds. An engine says of the first words that they
/// begin with the recording, however late they are; who opens a hit wants to hear them at once.
fn sounding(piece: &[f32], rate: usize, start_ms: u64, end_ms: u64) -> (u64, u64) {
    let sample = |ms: u64| usize::try_from(ms.saturating_mul(rate as u64) / 1000).unwrap_or(0);
    let (from, to) = (sample(start_ms).min(piece.len()), sample(end_ms).min(piece.len()));
    let part = (rate / PARTS).max(1);
    let energies: Vec<f32> = piece
        .get(from..to)
        .unwrap_or_default()
        .chunks(part)
        .map(|part| part.iter().map(|sample| sample * sample).sum::<f32>() / part.len() as f32)
        .collect();
    let loudest = energies.iter().copied().fold(0.0, f32::max);
    let quietest = energies.iter().copied().fold(f32::MAX, f32::min);
    // 6 dB above what is there anyway, and no more than 30 dB below the voice.
    let threshold = (quietest * 4.0).max(loudest / 1000.0);
    let is_heard = |energy: &f32| *energy >= threshold;
    let first = energies.iter().position(is_heard);
    let last = energies.iter().rposition(is_heard);
    let (Some(first), Some(last)) = (first, last) else { return (start_ms, end_ms) };
    let at = |parts: usize| parts as u64 * 1000 / PARTS as u64;
    let start = (start_ms + at(first)).saturating_sub(MARGIN).max(start_ms);
    let end = (start_ms + at(last + 1) + MARGIN).min(end_ms);
    (start, end.max(start))
}

/// When subtitles stand, in milliseconds, in order and none over another.
#[derive(Debug, Default)]
pub(super) struct Subtitles(Vec<(u64, u64)>);

impl Subtitles {
    /// Those among what was read.
    pub(super) fn of(segments: &[Segment]) -> Subtitles {
        let times = segments.iter().filter(|it| it.origin == Origin::Subtitle);
        let mut times: Vec<(u64, u64)> = times
            .filter_map(|it| match it.locator {
                Locator::Time { start_ms, end_ms } => Some((start_ms, end_ms)),
                _ => None,
            })
            .collect();
        times.sort_unstable();
        // Lines of a song have no end of their own.
        let starts: Vec<u64> = times.iter().map(|(start, _)| *start).skip(1).collect();
        for (n, (start, end)) in times.iter_mut().enumerate() {
            if end <= start {
                let longest = start.saturating_add(LONGEST_LINE);
                let next = starts.get(n).copied();
                *end = next.unwrap_or(start.saturating_add(LINE)).min(longest);
            }
        }
        let mut apart: Vec<(u64, u64)> = Vec::new();
        for (start, end) in times {
            match apart.last_mut() {
                Some((_, last)) if start <= *last => *last = end.max(*last),
                _ => apart.push((start, end.max(start))),
            }
        }
        Subtitles(apart)
    }

    /// Whether one stands at this moment, or nearly.
    fn stand_at(&self, ms: u64) -> bool {
        let next = self.0.partition_point(|(start, _)| *start <= ms.saturating_add(SUBTITLE_OFF));
        let before = next.checked_sub(1).and_then(|at| self.0.get(at));
        before.is_some_and(|(_, end)| ms <= end.saturating_add(SUBTITLE_OFF))
    }

    /// The part of so many seconds in which they stand.
    fn part_of(&self, seconds: f64) -> f64 {
        let stands = self.0.iter().map(|(start, end)| (end - start) as f64 / 1000.0).sum::<f64>();
        stands / seconds.max(1.0)
    }
}

/// Gathers sound and hands it to the engine piece by piece.
struct Listener<'a> {
    engine: &'a dyn Recogniser,
    rate: usize,
    /// Seconds of a piece.
    piece: usize,
    subtitles: Subtitles,
    /// Seconds of the recording, if that is said.
    length: Option<u64>,
    context: &'a Context<'a>,
    samples: VecDeque<f32>,
    /// Samples of the piece, and the seconds in the file at which they stand.
    leaps: Vec<(usize, f64)>,
    /// Samples taken before this piece.
    taken: usize,
    /// Samples that were listened to or passed over.
    heard: usize,
    /// Bytes of text.
    text: u64,
    segments: Vec<Segment>,
    failure: Option<Reason>,
    is_full: bool,
    is_voice: bool,
    /// Whether the engine was asked.
    is_asked: bool,
    /// Samples that subtitles stand for.
    covered: usize,
    /// Stretches that were left out because the engine only guessed.
    unsure: u64,
    guesses: Guesses,
}

impl Listener<'_> {
    /// Takes what follows; whether more is wanted.
    fn take(&mut self, start: Option<f64>, samples: &[f32]) -> bool {
        let due = self.time_of(self.samples.len());
        if let Some(start) = start.filter(|start| start.is_finite() && *start >= 0.0)
            && self.leaps.len() < LEAPS_MOST
            && due.is_none_or(|due| (start - due).abs() > DRIFT)
        {
            self.leaps.push((self.samples.len(), start));
        }
        self.samples.extend(samples);
        while self.samples.len() >= self.piece * self.rate {
            if !self.may_go_on() {
                return false;
            }
            let cut = self.quietest();
            if !self.listen(cut) {
                return false;
            }
        }
        true
    }

    /// Listens to what is left.
    fn finish(&mut self) {
        if !self.samples.is_empty() && self.failure.is_none() && !self.is_full {
            self.listen(self.samples.len());
        }
    }

    fn may_go_on(&self) -> bool {
        self.heard < MOST * self.rate && self.context.has_time()
    }

    /// The second in the file at which a sample of the piece stands, if any was said.
    fn time_of(&self, sample: usize) -> Option<f64> {
        let (at, seconds) = self.leaps.iter().rev().find(|(at, _)| *at <= sample)?;
        Some(seconds + (sample - at) as f64 / self.rate as f64)
    }

    /// Where to cut the piece: in the middle of the quietest part near its end.
    fn quietest(&mut self) -> usize {
        let samples = self.samples.make_contiguous();
        let part = (self.rate / PARTS).max(1);
        let from = samples.len().saturating_sub(SEAM * self.rate);
        let energy = |part: &[f32]| part.iter().map(|sample| sample * sample).sum::<f32>();
        let parts = samples.get(from..).unwrap_or_default().chunks_exact(part).enumerate();
        let quietest = parts.min_by(|(_, a), (_, b)| energy(a).total_cmp(&energy(b)));
        quietest.map_or(samples.len(), |(n, _)| from + n * part + part / 2).max(1)
    }

    /// Hands the first `count` samples to the engine, unless nobody speaks in them, and drops them.
    fn listen(&mut self, count: usize) -> bool {
        let seconds = (self.taken / self.rate) as u64;
        let all = self.length.map(|length| length.min(MOST as u64));
        self.context.headway(Headway::new(Stretch::Seconds, seconds, all));
        let minutes = count.div_ceil(60 * self.rate);
        self.context.units(u32::try_from(minutes * UNITS_OF_MINUTE).unwrap_or(u32::MAX));
        let always = self.context.options.speech == Speech::Always;
        self.samples.make_contiguous();
        let piece = self.samples.as_slices().0.get(..count).unwrap_or_default();
        let (is_voice, is_covered) = match self.subtitles.0.is_empty() {
            true => (voice::is_likely(piece, self.rate), false),
            false => self.judged(&voice::places(piece, self.rate)),
        };
        self.is_voice |= is_voice;
        if is_covered {
            self.covered += count;
        }
        let recognised = match always || is_voice && !is_covered {
            false => Ok(Vec::new()),
            true => {
                self.is_asked = true;
                let signal = Signal::Sound(Sound { samples: piece });
                let languages = &self.context.options.speech_languages;
                let made_out = self.context.recognise(self.engine, &signal, languages);
                made_out.map(|made_out| made_out.segments)
            }
        };
        match recognised {
            Ok(segments) => {
                let piece = self.samples.as_slices().0.get(..count).unwrap_or_default();
                let moved = segments.into_iter().map(|mut segment| {
                    if let Locator::Time { start_ms, end_ms } = &mut segment.locator {
                        (*start_ms, *end_ms) = sounding(piece, self.rate, *start_ms, *end_ms);
                    }
                    self.moved(segment)
                });
                let moved: Vec<Segment> = moved.collect();
                for segment in moved {
                    if self.guesses.is_next(&segment) {
                        self.unsure += 1;
                        continue;
                    }
                    self.text = self.text.saturating_add(segment.text.len() as u64);
                    self.is_full |= self.text > self.context.limits.text
                        || self.segments.len() as u64 >= self.context.limits.segments;
                    if self.is_full {
                        break;
                    }
                    self.segments.push(segment);
                }
            }
            Err(error) => self.failure = Some(ReasonKind::Broken(Quote::of(&error)).into()),
        }
        let next = self.time_of(count);
        self.samples.drain(..count.min(self.samples.len()));
        self.leaps.retain_mut(|(at, _)| {
            let is_ahead = *at > count;
            *at = at.saturating_sub(count);
            is_ahead
        });
        if let Some(next) = next {
            self.leaps.insert(0, (0, next));
        }
        self.taken += count;
        self.heard = self.taken;
        self.failure.is_none() && !self.is_full
    }

    /// The millisecond in the file at which a sample of the piece stands.
    fn ms_of(&self, sample: usize) -> u64 {
        match self.time_of(sample) {
            Some(seconds) => (seconds * 1000.0).round() as u64,
            None => (self.taken as u64).saturating_add(sample as u64) * 1000 / self.rate as u64,
        }
    }

    /// Whether somebody speaks in a piece, at these samples, and whether subtitles say most of it.
    fn judged(&self, places: &[usize]) -> (bool, bool) {
        let told = places.iter().filter(|at| self.subtitles.stand_at(self.ms_of(**at))).count();
        let is_voice = !places.is_empty();
        (is_voice, is_voice && told as f64 >= COVERED * places.len() as f64)
    }

    /// A segment of the piece at its place in the file.
    fn moved(&self, segment: Segment) -> Segment {
        let Locator::Time { start_ms, end_ms } = segment.locator else { return segment };
        let sample = |ms: u64| ms.saturating_mul(self.rate as u64) / 1000;
        let at = |ms: u64| self.ms_of(usize::try_from(sample(ms)).unwrap_or(0));
        let start_ms = at(start_ms);
        Segment { locator: Locator::Time { start_ms, end_ms: at(end_ms).max(start_ms) }, ..segment }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_when_subtitles_stand() {
        let segment = |start_ms, end_ms, origin| Segment {
            text: "말".into(),
            locator: Locator::Time { start_ms, end_ms },
            origin,
            confidence: None,
            words: Vec::new(),
        };
        let subtitles = Subtitles::of(&[
            segment(14_000, 17_000, Origin::Subtitle),
            segment(2_000, 4_000, Origin::Subtitle),
            segment(3_000, 5_000, Origin::Subtitle),
            segment(8_000, 9_000, Origin::Ocr),
        ]);
        assert_eq!(subtitles.0, [(2_000, 5_000), (14_000, 17_000)]);
        let stands = [0, 1_500, 5_400, 5_600, 8_500, 13_600, 17_600];
        let stands = stands.map(|ms| subtitles.stand_at(ms));
        assert_eq!(stands, [false, true, true, false, false, true, false]);
        assert_eq!(subtitles.part_of(12.0), 0.5);
        assert!(!Subtitles::default().stand_at(0));
        let lines = [segment(100, 100, Origin::Subtitle), segment(900, 900, Origin::Subtitle)];
        assert_eq!(Subtitles::of(&lines).0, [(100, 5_900)], "lines of a song");
    }

    #[test]
    fn a_time_begins_where_something_is_heard() {
        // Five seconds of soft noise, two of voice, three of noise.
        let level = |n: usize| if (50_000..70_000).contains(&n) { 0.3 } else { 0.02 };
        let sign = |n: usize| if n.is_multiple_of(2) { 1.0 } else { -1.0 };
        let piece: Vec<f32> = (0..100_000).map(|n| level(n) * sign(n)).collect();
        assert_eq!(sounding(&piece, 10_000, 0, 10_000), (4_800, 7_200));
        assert_eq!(sounding(&piece, 10_000, 5_000, 6_500), (5_000, 6_500), "all of it is voice");
        assert_eq!(sounding(&piece, 10_000, 4_950, 7_100), (4_950, 7_100));
        assert_eq!(sounding(&[], 10_000, 0, 900), (0, 900));
        assert_eq!(sounding(&piece, 10_000, 90_000, 99_000), (90_000, 99_000));
    }
}
