//! Which of what an engine heard is only a guess: what it is hardly sure of, as a model is that does not know the language,
//! and the loops that it falls into then.
//!
//! The bound is measured on English and Korean voices of espeak-ng, bare and under noise, and on recordings of people in seven
//! languages, with a small English model. It is sure of English by 0.7 to 0.97 where it is clear and by 0.5 to 0.9 under noise
//! 10 dB softer than the voice; of what it makes of other languages by 0.1 to 0.45, unless it repeats itself: of what it has
//! just said it is sure, whatever it heard.

use std::collections::HashSet;

use madang_document::content::Segment;

/// How sure an engine is of words that are no guess.
const SURE: f32 = 0.45;

/// Words in a row by which it is told that the same is said again.
const IN_A_ROW: usize = 3;

/// How often the same is said in one stretch, in the mean of it, where nobody speaks like that.
const LOOP: usize = 4;

/// What was guessed lately.
#[derive(Debug, Default)]
pub(crate) struct Guesses {
    /// Words in a row of the guess before; none if what came before is none.
    before: HashSet<Vec<String>>,
}

impl Guesses {
    /// Whether what was heard next is a guess: by itself, or as the echo of one.
    pub(crate) fn is_next(&mut self, heard: &Segment) -> bool {
        let rows = rows(&heard.text);
        let count = rows.len();
        let again = rows.iter().filter(|row| self.before.contains(*row)).count();
        let distinct: HashSet<Vec<String>> = rows.into_iter().collect();
        let is_echo = count > 0 && again * 2 >= count;
        let is_loop = count > distinct.len() && count >= LOOP * distinct.len();
        let is_unsure = heard.confidence.is_some_and(|sure| sure < SURE);
        let is_guess = is_unsure || is_loop || is_echo;
        match is_guess {
            true => self.before.extend(distinct),
            false => self.before.clear(),
        }
        is_guess
    }
}

/// Each few words of a text that follow each other, without what stands between them: all, if there are no more.
fn rows(text: &str) -> Vec<Vec<String>> {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| {
            word.chars().filter(|it| it.is_alphanumeric()).collect::<String>().to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect();
    let length = IN_A_ROW.min(words.len()).max(1);
    words.windows(length).map(<[String]>::to_vec).collect()
}

#[cfg(test)]
mod tests {
    use madang_document::content::Origin;
    use madang_document::locator::Locator;

    use super::*;

    fn left(heard: &[(&str, f32)]) -> Vec<String> {
        let mut guesses = Guesses::default();
        let segments = heard.iter().map(|(text, sure)| Segment {
            text: (*text).into(),
            locator: Locator::Time { start_ms: 0, end_ms: 0 },
            origin: Origin::Speech,
            confidence: Some(*sure),
            words: Vec::new(),
        });
        segments.filter(|it| !guesses.is_next(it)).map(|it| it.text).collect()
    }

    #[test]
    fn what_an_engine_is_hardly_sure_of_is_a_guess_and_so_is_its_echo() {
        let heard = [
            ("I am not sure if I am going to be able to do this.", 0.25),
            ("I am not sure if I am going to do this.", 0.63),
            ("Volunteers may register at the fire station.", 0.68),
            ("I am not sure if I am going to do this.", 0.63),
        ];
        assert_eq!(left(&heard), [heard[2].0, heard[3].0]);
    }

    #[test]
    fn a_loop_is_a_guess_and_what_people_say_twice_is_none() {
        let endless = "and the only one who is ".repeat(9);
        assert!(left(&[(&endless, 0.9)]).is_empty());
        let calls = [
            ("Please leave the building. Please leave the building.", 0.8),
            ("Please leave the building. Please leave the building.", 0.8),
            ("No, no, no, no.", 0.8),
            ("Yes.", 0.8),
        ];
        assert_eq!(left(&calls).len(), 4);
    }
}
