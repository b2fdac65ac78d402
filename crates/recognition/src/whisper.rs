//! Speech to text by whisper.cpp.
#![allow(unsafe_code)]

use std::cell::RefCell;
use std::ffi::{c_int, c_void};
use std::fmt;
use std::path::Path;

use madang_document::content::{Origin, Segment};
use madang_document::locator::Locator;
use madang_extract::recogniser::{Patience, Recogniser, Sense, Signal, Unrecognised};
use whisper_rs::{
    FullParams, SamplingStrategy, WHISPER_CPP_VERSION, WhisperContext, WhisperContextParameters,
    WhisperSegment, WhisperState, get_lang_id,
};

use crate::data_file;
use crate::speech_language;

/// What every model of Whisper listens to.
const RATE: u32 = 16_000;

/// A child starts no thread, and the engine starts none for one.
const THREADS: c_int = 1;

/// Above this probability that nobody speaks, and below [`UNSURE`], what was made out is not said.
const SILENT: f32 = 0.6;

/// Mean logarithm of the probability of a token, below which a text is a guess.
const UNSURE: f32 = -1.0;

/// The same words one after the other are a loop of the decoder from this number on, not a speaker.
const REPEATED: usize = 3;

/// Fewer samples than a tenth of a second are not listened to: the engine takes them for an error.
const LEAST: usize = RATE as usize / 10;

/// A model of Whisper. It is loaded once and shared by all children; the memory that listening takes is made by the child
/// that listens, when it does.
///
/// Decoding is greedy and at temperature zero, without the text before as a prompt: the same sound gives the same text, and a
/// mistake does not lead to the next.
pub struct Whisper {
    name: String,
    data: String,
    languages: Vec<String>,
    context: WhisperContext,
    state: RefCell<Option<WhisperState>>,
}

impl Whisper {
    /// Loads a model in the format of whisper.cpp (`ggml`).
    ///
    /// # Errors
    /// One sentence that says why it cannot be used.
    pub fn load(model: &Path) -> Result<Whisper, String> {
        // The engine is built with these, whatever the machine that builds; without them it would die of the first one.
        #[cfg(target_arch = "x86_64")]
        if !(std::arch::is_x86_feature_detected!("avx2")
            && std::arch::is_x86_feature_detected!("fma")
            && std::arch::is_x86_feature_detected!("f16c")
            && std::arch::is_x86_feature_detected!("bmi2"))
        {
            return Err("speech recognition needs a processor with AVX2, FMA, F16C and BMI2".into());
        }
        // Without a backend for logging this makes the engine silent: its complaints would stand in the way of frames.
        whisper_rs::install_logging_hooks();
        let mut parameters = WhisperContextParameters::default();
        parameters.use_gpu(false);
        let broken = |error| format!("{}: not a model of Whisper: {error}", model.display());
        let context = WhisperContext::new_with_params(model, parameters).map_err(broken)?;
        let languages = match context.is_multilingual() {
            true => speech_language::all(),
            false => vec!["eng".to_owned()],
        };
        let stem = model.file_stem().unwrap_or_default().to_string_lossy();
        let name = format!("whisper.cpp {WHISPER_CPP_VERSION} {stem}");
        Ok(Whisper {
            name,
            data: data_file::stamp(model),
            languages,
            context,
            state: RefCell::default(),
        })
    }

    fn failed(&self, error: impl fmt::Display) -> Unrecognised {
        Unrecognised { engine: self.name.clone(), reason: error.to_string() }
    }

    /// The language to listen for: the only one that is expected, or the likeliest of them by the first half minute.
    fn language(
        &self,
        state: &mut WhisperState,
        samples: &[f32],
        expected: &[String],
    ) -> Result<&'static str, Unrecognised> {
        if !self.context.is_multilingual() {
            return match expected.is_empty() || expected.iter().any(|code| code == "eng") {
                true => Ok("en"),
                false => Err(self
                    .failed(format!("this model knows English only, not {}", expected.join(", ")))),
            };
        }
        let known: Vec<&'static str> =
            expected.iter().filter_map(|code| speech_language::whispers(code)).collect();
        if let [only] = known.as_slice() {
            return Ok(only);
        }
        let threads = usize::try_from(THREADS).unwrap_or(1);
        let first = samples.get(..30 * RATE as usize).unwrap_or(samples);
        state.pcm_to_mel(first, threads).map_err(|error| self.failed(error))?;
        let (likeliest, all) = state.lang_detect(0, threads).map_err(|error| self.failed(error))?;
        let of = |code: &str| {
            let id = get_lang_id(code).and_then(|id| usize::try_from(id).ok());
            id.and_then(|id| all.get(id)).copied().unwrap_or(0.0)
        };
        let best = known.into_iter().max_by(|a, b| of(a).total_cmp(&of(b)));
        Ok(best.or_else(|| whisper_rs::get_lang_str(likeliest)).unwrap_or("en"))
    }
}

/// Calls the closure that `user` points to. Nothing is ever aborted.
unsafe extern "C" fn alive_callback(user: *mut c_void) -> bool {
    // SAFETY: `recognise` hands over a pointer to a reference that lives for the whole run.
    unsafe { (*user.cast::<&dyn Fn()>())() };
    false
}

impl Recogniser for Whisper {
    fn name(&self) -> &str {
        &self.name
    }

    fn data(&self) -> &str {
        &self.data
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
        let Signal::Sound(sound) = signal else { return Err(self.failed("this is no sound")) };
        if sound.samples.len() < LEAST {
            return Ok(Vec::new());
        }
        let mut kept = self.state.borrow_mut();
        let state = match kept.as_mut() {
            Some(state) => state,
            None => {
                let made = self.context.create_state().map_err(|error| self.failed(error))?;
                kept.insert(made)
            }
        };
        patience.alive();
        let language = self.language(state, sound.samples, languages)?;
        patience.alive();
        let mut parameters = FullParams::new(SamplingStrategy::Greedy { best_of: 1 });
        parameters.set_n_threads(THREADS);
        parameters.set_language(Some(language));
        parameters.set_no_context(true);
        parameters.set_n_max_text_ctx(0);
        parameters.set_temperature(0.0);
        parameters.set_temperature_inc(0.0);
        parameters.set_suppress_blank(true);
        parameters.set_suppress_nst(true);
        parameters.set_no_speech_thold(SILENT);
        parameters.set_logprob_thold(UNSURE);
        parameters.set_print_progress(false);
        parameters.set_print_special(false);
        parameters.set_print_realtime(false);
        parameters.set_print_timestamps(false);
        let alive = || patience.alive();
        let mut user: &dyn Fn() = &alive;
        // SAFETY: the callback takes what is handed over, which lives until the run has ended.
        unsafe {
            parameters.set_abort_callback(Some(alive_callback));
            parameters.set_abort_callback_user_data((&raw mut user).cast());
        }
        state.full(parameters, sound.samples).map_err(|error| self.failed(error))?;
        let length = sound.samples.len() as u64 * 1000 / u64::from(RATE);
        let end_of_text = self.context.token_eot();
        let said = state.as_iter().filter_map(|segment| said(&segment, length, end_of_text));
        Ok(without_loops(said.collect()))
    }
}

/// A segment of the engine's as one of ours; none if nothing is said in it.
fn said(segment: &WhisperSegment<'_>, length: u64, end_of_text: c_int) -> Option<Segment> {
    let text = segment.to_str_lossy().ok()?.trim().to_owned();
    if text.is_empty() || is_sign(&text) {
        return None;
    }
    let tokens = (0..segment.n_tokens()).filter_map(|n| segment.get_token(n));
    let sure: Vec<f32> = tokens
        .filter(|token| token.token_id() < end_of_text)
        .map(|token| token.token_probability())
        .collect();
    let confidence = sure.iter().sum::<f32>() / sure.len().max(1) as f32;
    if segment.no_speech_probability() > SILENT && confidence.max(f32::MIN_POSITIVE).ln() < UNSURE {
        return None;
    }
    // The engine counts in hundredths of a second.
    let at = |time: i64| u64::try_from(time).unwrap_or(0).saturating_mul(10).min(length);
    let start_ms = at(segment.start_timestamp());
    let end_ms = at(segment.end_timestamp()).max(start_ms);
    Some(Segment {
        text,
        locator: Locator::Time { start_ms, end_ms },
        origin: Origin::Speech,
        confidence: Some(confidence.clamp(0.0, 1.0)),
        words: Vec::new(),
    })
}

/// Whether a text only says that there is no word: `[BLANK_AUDIO]`, `(music)`, `♪`.
fn is_sign(text: &str) -> bool {
    let framed = |from, to| text.starts_with(from) && text.ends_with(to);
    framed('[', ']')
        || framed('(', ')')
        || framed('*', '*')
        || !text.contains(char::is_alphanumeric)
}

/// The segments without those that only repeat the one before, where a few do so in a row.
fn without_loops(segments: Vec<Segment>) -> Vec<Segment> {
    let mut kept: Vec<Segment> = Vec::with_capacity(segments.len());
    for run in segments.chunk_by(|a, b| a.text == b.text) {
        let most = if run.len() >= REPEATED { 1 } else { run.len() };
        kept.extend(run.iter().take(most).cloned());
    }
    kept
}

impl fmt::Debug for Whisper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Whisper({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(text: &str) -> Segment {
        Segment {
            text: text.into(),
            locator: Locator::Time { start_ms: 0, end_ms: 0 },
            origin: Origin::Speech,
            confidence: Some(0.5),
            words: Vec::new(),
        }
    }

    #[test]
    fn what_the_decoder_repeats_is_said_once() {
        let texts = |texts: &[&str]| {
            let kept = without_loops(texts.iter().map(|text| segment(text)).collect());
            kept.into_iter().map(|segment| segment.text).collect::<Vec<_>>()
        };
        assert_eq!(texts(&["a", "b", "b", "b", "c"]), ["a", "b", "c"]);
        assert_eq!(texts(&["yes", "yes", "no"]), ["yes", "yes", "no"]);
    }

    #[test]
    fn signs_are_no_words() {
        for sign in ["[BLANK_AUDIO]", "(music)", "♪ ♪", "*sighs*", "..."] {
            assert!(is_sign(sign), "{sign}");
        }
        for words in ["the bridge (closed)", "119", "예"] {
            assert!(!is_sign(words), "{words}");
        }
    }

    #[test]
    fn what_is_no_model_is_refused() {
        let none = Whisper::load(Path::new("/nowhere/ggml-none.bin")).unwrap_err();
        assert!(none.contains("ggml-none.bin"), "{none}");
    }
}
