//! Sound on its way to an engine that recognises speech: in pieces, at its times, and only where somebody speaks.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it fails"
)]

mod counting;

use std::cell::RefCell;
use std::f32::consts::TAU;
use std::rc::Rc;

use madang_document::content::{Origin, Segment};
use madang_document::locator::Locator;
use madang_document::outcome::Outcome;
use madang_extract::engines::Engines;
use madang_extract::extract::extract;
use madang_extract::extraction::Extraction;
use madang_extract::options::{Options, Speech};
use madang_extract::order::Order;
use madang_extract::recogniser::{Patience, Recogniser, Sense, Signal, Unrecognised};

use counting::Counting;

const RATE: u32 = 8_000;

/// Says of each piece where it begins and ends, and keeps how long they were.
struct Echo {
    heard: Rc<RefCell<Vec<usize>>>,
    languages: Vec<String>,
    fails: bool,
}

impl Recogniser for Echo {
    fn name(&self) -> &str {
        "echo 1"
    }

    fn sense(&self) -> Sense {
        Sense::Hearing
    }

    fn languages(&self) -> &[String] {
        &self.languages
    }

    fn sample_rate(&self) -> u32 {
        RATE
    }

    fn recognise(
        &self,
        signal: &Signal<'_>,
        languages: &[String],
        patience: &dyn Patience,
    ) -> Result<Vec<Segment>, Unrecognised> {
        let Signal::Sound(sound) = signal else { panic!("no sound") };
        assert_eq!(languages, ["kor"]);
        patience.alive();
        self.heard.borrow_mut().push(sound.samples.len());
        if self.fails {
            return Err(Unrecognised { engine: "echo 1".into(), reason: "it is deaf".into() });
        }
        let end_ms = sound.samples.len() as u64 * 1000 / u64::from(RATE);
        let segment = |start_ms, end_ms| Segment {
            text: "말".into(),
            locator: Locator::Time { start_ms, end_ms },
            origin: Origin::Speech,
            confidence: Some(0.5),
            words: Vec::new(),
        };
        Ok(vec![segment(0, 1_000), segment(1_000, end_ms)])
    }
}

/// A file of samples: four syllables to the second where somebody speaks, and silence elsewhere.
fn wav(seconds: u32, speaks: impl Fn(u32) -> bool) -> Vec<u8> {
    let mut state = 1u32;
    let samples: Vec<u8> = (0..seconds * RATE)
        .flat_map(|n| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = (state >> 8) as f32 / 8_388_608.0 - 1.0;
            let at = (n % RATE) as f32 / RATE as f32;
            let voiced: f32 = (1..9).map(|k| (at * 130.0 * k as f32 * TAU).sin() / k as f32).sum();
            let sample = match (at * 4.0).fract() {
                _ if !speaks(n / RATE) => 0.0,
                ..0.25 => noise * 0.3,
                ..0.8 => voiced * 0.2,
                _ => 0.0,
            };
            ((sample * 32_767.0) as i16).to_le_bytes()
        })
        .collect();
    let size = u32::try_from(samples.len()).unwrap();
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((size + 36).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples);
    bytes
}

struct Heard {
    document: Extraction,
    pieces: Vec<usize>,
    units: u32,
}

fn read(bytes: &[u8], speech: Speech, granted: u32, fails: bool) -> Heard {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let echo = Echo { heard: Rc::clone(&heard), languages: vec!["kor".into()], fails };
    let engines = Engines::media().unwrap().and(vec![Box::new(echo)]);
    let options = Options { speech, speech_languages: vec!["kor".into()], ..Options::default() };
    let order = Order { options, ..Order::named("말.wav") };
    let sink = Counting::granting(granted);
    extract(&bytes.to_vec(), &order, &engines, &sink);
    let (document, units) = sink.kept();
    Heard { document, pieces: heard.take(), units }
}

#[test]
fn a_long_recording_is_heard_in_pieces_without_a_gap() {
    let bytes = wav(500, |_| true);
    let Heard { document, pieces, units } = read(&bytes, Speech::Auto, u32::MAX, false);
    assert_eq!(document.outcome, Outcome::Ok, "{:?}", document.content.warnings);
    let seconds = |samples: usize| samples as f64 / f64::from(RATE);
    assert_eq!(pieces.len(), 3, "{pieces:?}");
    for piece in &pieces[..2] {
        assert!((225.0..=240.0).contains(&seconds(*piece)), "{pieces:?}");
    }
    assert!((seconds(pieces.iter().sum()) - 500.0).abs() < 0.1, "{pieces:?}");
    // Nine minutes of work have begun, each of so many units.
    assert!(units >= 9 * 12, "{units}");
    let times: Vec<(u64, u64)> = document
        .content
        .segments
        .iter()
        .map(|segment| match segment.locator {
            Locator::Time { start_ms, end_ms } => (start_ms, end_ms),
            _ => panic!("{segment:?}"),
        })
        .collect();
    assert_eq!(times.len(), 6);
    assert_eq!(times[0].0, 0);
    for two in times.windows(2) {
        assert!(two[0].1.abs_diff(two[1].0) <= 300, "{times:?}");
    }
    assert!(times[5].1.abs_diff(500_000) <= 100, "{times:?}");
    let metadata = &document.content.metadata;
    assert_eq!(metadata.text("speech_engine"), Some("echo 1"));
    // The same bytes come to the same.
    let again = read(&bytes, Speech::Auto, u32::MAX, false);
    assert_eq!(again.document.content.segments, document.content.segments);
}

#[test]
fn nobody_listens_where_nobody_speaks_unless_always_is_said() {
    let silence = wav(20, |_| false);
    assert!(read(&silence, Speech::Auto, u32::MAX, false).pieces.is_empty());
    assert_eq!(read(&silence, Speech::Always, u32::MAX, false).pieces.len(), 1);
    let late = wav(20, |second| second > 16);
    assert_eq!(read(&late, Speech::Auto, u32::MAX, false).pieces.len(), 1);
    let never = read(&late, Speech::Never, u32::MAX, false);
    assert!(never.pieces.is_empty() && never.document.content.warnings.is_empty());
}

#[test]
fn what_there_is_no_time_for_is_told_and_what_was_heard_stays() {
    let Heard { document, pieces, .. } = read(&wav(500, |_| true), Speech::Auto, 1, false);
    assert_eq!(pieces.len(), 1);
    assert_eq!(document.outcome, Outcome::Limit);
    assert_eq!(document.content.segments.len(), 2);
    let told = document.content.warnings[0].reason.english().to_string();
    assert!(told.contains("only the first 3 of 9 minutes"), "{told}");
}

#[test]
fn an_engine_that_fails_costs_its_text_and_no_more() {
    let Heard { document, pieces, .. } = read(&wav(3, |_| true), Speech::Auto, u32::MAX, true);
    assert_eq!(document.outcome, Outcome::Ok);
    assert_eq!(pieces.len(), 1, "{:?}", document.content);
    let told = document.content.warnings[0].reason.english().to_string();
    assert!(told.contains("could not be transcribed") && told.contains("it is deaf"), "{told}");
}
