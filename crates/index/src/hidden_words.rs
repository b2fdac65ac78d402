//! The words that a run of Hangul without spaces hides: 예산은누가확정하나요 is 예산은 누가 확정하나요.
//!
//! Of all ways to cut the run, the one whose words are together the most frequent in the documents (a unigram model,
//! by the algorithm of Viterbi). The dictionary is the index's own list of stems, so that a name or a term that the
//! documents use is a word, and no list of words has to be kept. Typed without spaces, questions of KorQuAD find their
//! passage nearly as well as with them; as one word of which half the bigrams must be found, 38 % found nothing.

use std::collections::HashMap;

use crate::particle;

/// Syllables of a word with its particle, at most.
const LONGEST_WORD: usize = 10;
/// Syllables of a run that is cut, at most: a longer one is no question.
const LONGEST_RUN: usize = 64;
/// What a syllable costs that is in no known word, beyond a word that stands in one document.
const UNKNOWN: f32 = 4.0;
/// What a particle or ending costs.
const ENDING: f32 = 0.7;

/// A word in a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// As it stands in the run.
    pub(crate) surface: String,
    /// Without its particle or ending.
    pub(crate) stem: String,
}

#[derive(Clone, Copy)]
struct Step {
    cost: f32,
    from: usize,
    /// Bytes of the stem; none if the word is not known.
    stem: Option<usize>,
}

/// Cuts a run of syllables. `frequency` tells in how many of `documents` a stem stands. A single piece, or none, if no
/// words are to be seen in it.
pub(crate) fn split(
    run: &str,
    documents: u64,
    mut frequency: impl FnMut(&str) -> u64,
) -> Vec<Piece> {
    let borders: Vec<usize> = run.char_indices().map(|(at, _)| at).chain([run.len()]).collect();
    let syllables = borders.len().saturating_sub(1);
    if syllables > LONGEST_RUN {
        return Vec::new();
    }
    let rarest = (documents as f32 + 1.0).ln();
    let mut known: HashMap<&str, u64> = HashMap::new();
    let mut best: Vec<Option<Step>> = vec![None; borders.len()];
    if let Some(first) = best.first_mut() {
        *first = Some(Step { cost: 0.0, from: 0, stem: None });
    }
    for from in 0..syllables {
        let Some(reached) = best.get(from).copied().flatten() else { continue };
        for to in from + 1..=syllables.min(from + LONGEST_WORD) {
            let Some(surface) =
                borders.get(from).zip(borders.get(to)).and_then(|(a, b)| run.get(*a..*b))
            else {
                continue;
            };
            let stripped = particle::stem_len(surface, false);
            for (stem, more) in [(surface.len(), 0.0), (stripped, ENDING)] {
                let Some(text) = surface.get(..stem).filter(|text| !text.is_empty()) else {
                    continue;
                };
                if more > 0.0 && stem == surface.len() {
                    continue;
                }
                let found = *known.entry(text).or_insert_with(|| frequency(text));
                if found > 0 {
                    let cost = rarest - (found as f32).ln().min(rarest) + more;
                    let step = Step { cost: reached.cost + cost, from, stem: Some(stem) };
                    improve(&mut best, to, step);
                }
            }
            if to == from + 1 {
                let cost = reached.cost + rarest + UNKNOWN;
                improve(&mut best, to, Step { cost, from, stem: None });
            }
        }
    }
    trace(run, &borders, &best)
}

fn improve(best: &mut [Option<Step>], to: usize, step: Step) {
    if let Some(slot) = best.get_mut(to)
        && slot.is_none_or(|other| step.cost < other.cost)
    {
        *slot = Some(step);
    }
}

/// The pieces of the best way, in order. Unknown syllables that stand together are one piece.
fn trace(run: &str, borders: &[usize], best: &[Option<Step>]) -> Vec<Piece> {
    let mut steps: Vec<(usize, usize, Option<usize>)> = Vec::new();
    let mut at = borders.len().saturating_sub(1);
    while at > 0 {
        let Some(step) = best.get(at).copied().flatten() else { break };
        match steps.last_mut() {
            Some((start, _, None)) if step.stem.is_none() => *start = step.from,
            _ => steps.push((step.from, at, step.stem)),
        }
        at = step.from;
    }
    let pieces = steps.into_iter().rev().filter_map(|(from, to, stem)| {
        let surface = run.get(*borders.get(from)?..*borders.get(to)?)?;
        let stem = surface.get(..stem.unwrap_or_else(|| particle::stem_len(surface, false)))?;
        Some(Piece { surface: surface.to_owned(), stem: stem.to_owned() })
    });
    pieces.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(run: &str, expected: &str) {
        let frequency = |stem: &str| match stem {
            "예산" | "국회" | "확정" => 20,
            "누" | "누가" | "결과" | "안전" | "점검" => 10,
            "지하차도" | "침수" | "산은" => 2,
            _ => 0,
        };
        let pieces = split(run, 100, frequency);
        let shown: Vec<String> = pieces
            .iter()
            .map(|piece| match piece.surface.strip_prefix(piece.stem.as_str()) {
                Some("") | None => piece.stem.clone(),
                Some(ending) => format!("{}+{ending}", piece.stem),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{run}");
    }

    #[test]
    fn words_are_seen_without_spaces() {
        check("예산은누가확정하나요", "예산+은 누가 확정+하나요");
        check("안전점검결과", "안전 점검 결과");
        check("지하차도침수", "지하차도 침수");
        // What no document holds stays together.
        check("예산은뷁뷁이국회에서", "예산+은 뷁뷁+이 국회+에서");
        check("뷁뷁뷁", "뷁뷁뷁");
        check("", "");
        check(&"가".repeat(65), "");
    }
}
