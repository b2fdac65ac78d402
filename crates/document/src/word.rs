use serde::{Deserialize, Serialize};

use crate::locator::Bounds;

/// A word that was recognised: which part of a segment's text it is, where it stands on the page, and how sure the engine was.
///
/// In JSON seven numbers, because a dense page has a thousand of them: `[start, end, left, top, right, bottom, confidence]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Numbers", into = "Numbers")]
pub struct Word {
    /// Its first character in the text of the segment: Unicode scalar values, counted from 0.
    pub start: u32,
    /// Behind its last one.
    pub end: u32,
    /// The rectangle on the page.
    pub bounds: Bounds,
    /// From 0 to 1.
    pub confidence: f32,
}

type Numbers = (u32, u32, f32, f32, f32, f32, f32);

impl From<Numbers> for Word {
    fn from((start, end, left, top, right, bottom, confidence): Numbers) -> Word {
        Word { start, end, bounds: Bounds { left, top, right, bottom }, confidence }
    }
}

impl From<Word> for Numbers {
    fn from(word: Word) -> Numbers {
        let Word { start, end, bounds, confidence } = word;
        let Bounds { left, top, right, bottom } = bounds;
        (start, end, left, top, right, bottom, confidence)
    }
}

impl Word {
    /// The words of a text that are sane: in order, none within another, none beyond the text, their places and confidences
    /// numbers. All of them or none: words of which some are missing tell nobody where a match stands.
    pub fn all_of(text: &str, words: Vec<Word>) -> Vec<Word> {
        if Word::are_of(text, &words) { words } else { Vec::new() }
    }

    /// Whether these are words of the text, as [`all_of`](Word::all_of) says.
    pub fn are_of(text: &str, words: &[Word]) -> bool {
        if words.is_empty() {
            return true;
        }
        let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
        let mut before = 0;
        words.iter().all(|word| {
            let Bounds { left, top, right, bottom } = word.bounds;
            let is_sane = word.start >= before
                && word.start < word.end
                && word.end <= characters
                && [left, top, right, bottom].iter().all(|edge| edge.is_finite())
                && (0.0..=1.0).contains(&word.confidence);
            before = word.end;
            is_sane
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(start: u32, end: u32) -> Word {
        let bounds = Bounds { left: 71.2, top: 10.0, right: 90.5, bottom: 20.0 };
        Word { start, end, bounds, confidence: 0.93 }
    }

    #[test]
    fn a_word_is_seven_numbers() {
        let json = serde_json::to_string(&word(3, 5)).unwrap();
        assert_eq!(json, "[3,5,71.2,10.0,90.5,20.0,0.93]");
        assert_eq!(serde_json::from_str::<Word>(&json).unwrap(), word(3, 5));
    }

    #[test]
    fn words_lie_within_their_text_one_after_the_other() {
        for (words, are) in [
            (vec![word(0, 2), word(3, 5)], true),
            (vec![word(0, 2), word(2, 5)], true),
            (vec![word(3, 5), word(0, 2)], false),
            (vec![word(0, 3), word(2, 5)], false),
            (vec![word(2, 2)], false),
            (vec![word(3, 6)], false),
            (vec![Word { confidence: 1.5, ..word(0, 1) }], false),
            (
                vec![Word { bounds: Bounds { left: f32::NAN, ..word(0, 1).bounds }, ..word(0, 1) }],
                false,
            ),
        ] {
            assert_eq!(Word::are_of("새터 침수", &words), are, "{words:?}");
        }
    }
}
