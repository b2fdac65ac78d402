//! What is written in the frames of a film: titles, signs, slides, the name below a face.
//!
//! Read are the frames that were taken anyway to be looked at, and of these the ones that are likely to say something. What
//! stands in one is told from its time until that of the next frame that shows something else; and what stands there still,
//! once.

use image::{DynamicImage, RgbImage};
use madang_document::content::{Content, Segment};
use madang_document::locator::Locator;
use madang_document::part::Noun;
use madang_document::reason_kind::ReasonKind;
use madang_document::unit::Unit;

use crate::context::Context;
use crate::options::Ocr;
use crate::recogniser::Sense;
use crate::seen_text::{self, SURE, Seen, Sight, letters};

/// Longer side of a frame that is read, pixels: letters that are meant to be read from a chair are thirty pixels high then.
const SIDE: u32 = 1_920;

/// Letters of a line that says something.
const LETTERS: usize = 2;

/// Lines of one frame, and letters of one line that are compared with others.
const LINES_MOST: usize = 100;
const COMPARED_MOST: usize = 64;

/// Of the letters of a line, the part that may differ where it is the same line in another frame: one in so many.
const DIFFERENT: usize = 5;

/// How sure one is of two lines that differ in a digit, and are two.
const SURELY: f32 = 0.85;

/// Reads frames, one after the other.
pub(crate) struct FrameText<'a, 'c> {
    context: &'c Context<'a>,
    orientation: Option<i64>,
    /// What each frame says, by when it is seen, milliseconds.
    frames: Vec<(u64, Vec<Segment>)>,
    seen: Seen,
    /// Whether no more are read.
    is_over: bool,
}

impl<'a, 'c> FrameText<'a, 'c> {
    /// Of a film that is turned as EXIF has it.
    pub(crate) fn new(context: &'c Context<'a>, orientation: Option<i64>) -> FrameText<'a, 'c> {
        let is_over = context.seen_text_wanted() == Ocr::Never;
        FrameText { context, orientation, frames: Vec::new(), seen: Seen::default(), is_over }
    }

    /// Reads the frame that is seen at this time: `frame` makes a picture of it whose longer side has so many pixels at most.
    pub(crate) fn read(
        &mut self,
        frame: &dyn Fn(u32) -> Option<RgbImage>,
        at: u64,
        content: &mut Content,
    ) {
        if self.is_over {
            return;
        }
        if !self.context.has_time() {
            let first = self.frames.len() as u64;
            let only = ReasonKind::OnlyFirst { first, of: None, unit: Unit::Frames };
            content.cut(only.because(ReasonKind::TimeUsed));
            self.is_over = true;
            return;
        }
        // A frame that cannot be had is told of where it is made small.
        let Some(picture) = frame(SIDE) else { return };
        let sight = Sight::of(&DynamicImage::from(picture), self.orientation, None);
        let mut lines = Vec::new();
        if let Some(look) = sight.worth_reading(self.context) {
            let Some(engine) = self.context.recogniser(Sense::Sight, content) else {
                self.context.note_unrecognised(Noun::Frames, 0, content);
                self.is_over = true;
                return;
            };
            match sight.recognised(&look, engine, self.context) {
                Ok(read) => {
                    if !read.is_whole {
                        content.cut(ReasonKind::NoTimeForRest.of(Noun::Frame));
                        self.is_over = true;
                    }
                    lines = read.segments;
                }
                Err(broken) => {
                    content.note(ReasonKind::Unreadable.of(Noun::Frame).because(broken));
                    self.is_over = true;
                }
            }
            lines.retain(says_something);
            lines.truncate(LINES_MOST);
            seen_text::tell(engine, &lines, content);
            self.seen.take(None, &lines);
        }
        self.frames.push((at, lines));
    }

    /// Puts what was read into the content of a film that ends then, milliseconds.
    pub(crate) fn finish(self, end: u64, content: &mut Content) {
        self.seen.tell(content);
        content.segments.extend(joined(self.frames, end));
    }
}

/// A frame is full of what is no letter: windows, branches, the weave of a curtain.
fn says_something(line: &Segment) -> bool {
    line.confidence.is_some_and(|sure| sure >= SURE) && letters(&line.text).count() >= LETTERS
}

/// What frames say, by time: a line that stands in several that follow each other is one.
fn joined(mut frames: Vec<(u64, Vec<Segment>)>, end: u64) -> Vec<Segment> {
    frames.sort_by_key(|(at, _)| *at);
    let mut told: Vec<Segment> = Vec::new();
    // Of what was told, that which stood in the frame before.
    let mut open: Vec<usize> = Vec::new();
    let times: Vec<u64> = frames.iter().map(|(at, _)| *at).skip(1).chain([end]).collect();
    for ((start_ms, lines), next) in frames.into_iter().zip(times) {
        let end_ms = next.max(start_ms);
        let mut still = Vec::new();
        for line in lines {
            let before = open
                .iter()
                .position(|at| told.get(*at).is_some_and(|before| is_same(before, &line)));
            let at = match before {
                Some(before) => open.swap_remove(before),
                None => {
                    let locator = Locator::Time { start_ms, end_ms };
                    // Where its words stand is told of pages.
                    told.push(Segment { locator, words: Vec::new(), ..line.clone() });
                    told.len() - 1
                }
            };
            if let Some(known) = told.get_mut(at) {
                // The surest of what was read of it.
                if line.confidence > known.confidence {
                    (known.text, known.confidence) = (line.text, line.confidence);
                }
                if let Locator::Time { end_ms: until, .. } = &mut known.locator {
                    *until = end_ms;
                }
            }
            still.push(at);
        }
        open = still;
    }
    told
}

/// Whether two lines say the same, but for what an engine reads differently in another frame.
fn is_same(one: &Segment, other: &Segment) -> bool {
    let are_sure = [one, other].iter().all(|it| it.confidence.is_some_and(|sure| sure >= SURELY));
    let [one, other] =
        [one, other].map(|it| letters(&it.text).take(COMPARED_MOST).collect::<Vec<_>>());
    // The second step differs from the first in one digit.
    let digits = |text: &[char]| -> String { text.iter().filter(|c| c.is_numeric()).collect() };
    if are_sure && digits(&one) != digits(&other) {
        return false;
    }
    let most = one.len().max(other.len()) / DIFFERENT;
    one == other || one.len().abs_diff(other.len()) <= most && edits(&one, &other) <= most
}

/// Letters to change, add or take away (Levenshtein).
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (n, a) in one.iter().enumerate() {
        let mut diagonal = n;
        let mut left = n + 1;
        for (b, above) in other.iter().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + usize::from(a != b);
            diagonal = *above;
            left = changed.min(left + 1).min(diagonal + 1);
            *above = left;
        }
        row.first_mut().into_iter().for_each(|first| *first = n + 1);
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use madang_document::content::Origin;

    use super::*;

    fn line(text: &str, confidence: f32) -> Segment {
        Segment {
            text: text.into(),
            locator: Locator::page(1),
            origin: Origin::Ocr,
            confidence: Some(confidence),
            words: Vec::new(),
        }
    }

    #[test]
    fn what_stands_in_frames_that_follow_each_other_is_told_once() {
        let frames = vec![
            (0, vec![line("수문 개방 훈련", 0.7), line("제1부", 0.9)]),
            (5_000, vec![line("수문 개밥 훈련", 0.65), line("제2부 조작", 0.9)]),
            (9_000, vec![]),
            (12_000, vec![line("수문 개방 훈련", 0.9)]),
        ];
        let told = joined(frames, 15_000);
        let told: Vec<(&str, u64, u64)> = told
            .iter()
            .map(|it| match it.locator {
                Locator::Time { start_ms, end_ms } => (it.text.as_str(), start_ms, end_ms),
                _ => panic!("{it:?}"),
            })
            .collect();
        assert_eq!(
            told,
            [
                ("수문 개방 훈련", 0, 9_000),
                ("제1부", 0, 5_000),
                ("제2부 조작", 5_000, 9_000),
                ("수문 개방 훈련", 12_000, 15_000),
            ]
        );
    }

    #[test]
    fn lines_that_differ_in_a_digit_are_one_only_where_it_is_doubtful() {
        for (one, other, expected) in [
            (line("SLIDE NUMBER 1", 0.96), line("SLIDE NUMBER 2", 0.95), false),
            (line("SLIDE NUMBER 1", 0.96), line("SLIDE NUMBFR 1", 0.95), true),
            (line("SLIDE NUMBER 1", 0.96), line("SLIDE NUMBER 7", 0.70), true),
        ] {
            assert_eq!(is_same(&one, &other), expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn edits_are_counted() {
        let count = |one: &str, other: &str| {
            edits(&one.chars().collect::<Vec<_>>(), &other.chars().collect::<Vec<_>>())
        };
        assert_eq!(count("수문", "수문"), 0);
        assert_eq!(count("", "수문"), 2);
        assert_eq!(count("수문을 연다", "수문 열다"), 2);
        assert_eq!(count("abcdef", "azced"), 3);
    }
}
