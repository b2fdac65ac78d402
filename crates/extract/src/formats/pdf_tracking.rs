//! Letters that are set apart: `N O T I C E`, and lines that are stretched between their letters.

use super::pdf_line::{CELL, Line};
use super::pdf_word::Word;

/// How far apart letters are set at most, in font sizes: where spaces are written, and where they are gaps, too.
const MOST: f64 = 0.6;
const MOST_UNSPACED: f64 = 0.3;

/// Letters that show that they are set apart, where spaces are gaps, too.
const LEAST: usize = 4;

/// How much the gaps between them differ, in font sizes.
const UNEVEN: f64 = 0.1;

/// How far the letters of a line are set apart before each of its words, in units of the page; `spaced` says that the
/// page writes its spaces as characters. Letters that are set apart are words of one glyph.
pub(super) fn of<'a>(line: &Line, spaced: bool, text: impl Fn(&Word) -> &'a str) -> Vec<f64> {
    if line.words.iter().all(|word| word.glyphs > 1) {
        return Vec::new();
    }
    let mut tracking = vec![0.0; line.words.len()];
    let mut start = 0;
    for end in 1..=line.words.len() {
        let pair = line.words.get(end - 1).zip(line.words.get(end));
        let goes_on = pair.is_some_and(|(a, b)| b.x0 - a.x1 <= CELL * 1.5 * a.size.min(b.size));
        if goes_on {
            continue;
        }
        let run = line.words.get(start..end).unwrap_or_default();
        let gap = gap(run, spaced, &text).unwrap_or(0.0);
        tracking.iter_mut().take(end).skip(start + 1).for_each(|before| *before = gap);
        start = end;
    }
    tracking
}

/// The gap between the letters of some words, if they are set apart evenly.
fn gap<'a>(run: &[Word], spaced: bool, text: impl Fn(&Word) -> &'a str) -> Option<f64> {
    let size = run.first()?.size;
    let glyphs: u32 = run.iter().map(|word| word.glyphs).sum();
    if glyphs as usize * 4 > run.len() * 5 {
        return None;
    }
    let within = run.windows(2).filter_map(|pair| match pair {
        [a, b] if a.space.is_none_or(|at| b.x0 <= at) => Some(b.x0 - a.x1),
        _ => None,
    });
    let mut gaps: Vec<f64> = within.collect();
    gaps.sort_by(f64::total_cmp);
    let is_written = spaced || gaps.len() + 1 < run.len();
    let usual = gaps.get(gaps.len() / 2).copied()?;
    if is_written {
        let is_hangul = run.iter().any(|word| text(word).chars().any(|c| matches!(c, '가'..='힣')));
        let even = gaps.iter().filter(|gap| (*gap - usual).abs() < size * UNEVEN).count();
        let most = if is_hangul { MOST } else { MOST_UNSPACED };
        return (usual < size * most && even * 4 >= gaps.len() * 3).then_some(usual);
    }
    // Spaces are wider gaps among them.
    let low = gaps.first().copied()?;
    let near = gaps.iter().filter(|gap| **gap < low + size * UNEVEN).count();
    let is_even = run.len() >= LEAST && near * 5 >= gaps.len() * 3;
    let usual = gaps.get(near / 2).copied()?;
    (is_even && usual < size * MOST_UNSPACED).then_some(usual)
}
