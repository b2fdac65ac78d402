//! Letters that are set apart: `N O T I C E`, and lines that are stretched between their letters.

use super::pdf_line::{CELL, Line};
use super::pdf_word::Word;

/// How far apart letters are set at most, in font sizes: where spaces are written, and where they are gaps, too.
const MOST: f64 = 0.6;
const MOST_UNSPACED: f64 = 0.3;

/// Letters that show that they are set apart, where spaces are gaps, too.
const LEAST: usize = 4;

/// How much the gaps between them differ, in font sizes: at most, and where a writer set one gap behind every letter. There
/// the letters themselves are not of one width, as they are in the columns of a table.
const UNEVEN: f64 = 0.1;
const EXACT: f64 = 0.02;
const UNLIKE: f64 = 0.1;

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
    let is_set = is_set(run, &gaps, &text);
    let is_written = spaced || gaps.len() + 1 < run.len();
    let usual = gaps.get(gaps.len() / 2).copied()?;
    if is_written {
        let is_hangul = run.iter().any(|word| text(word).chars().any(|c| matches!(c, '가'..='힣')));
        let even = gaps.iter().filter(|gap| (*gap - usual).abs() < size * UNEVEN).count();
        let most = if is_hangul || is_set { MOST } else { MOST_UNSPACED };
        return (usual < size * most && even * 4 >= gaps.len() * 3).then_some(usual);
    }
    // Spaces are wider gaps among them.
    let low = gaps.first().copied()?;
    let near = gaps.iter().filter(|gap| **gap < low + size * UNEVEN).count();
    let is_even = run.len() >= LEAST && near * 5 >= gaps.len() * 3;
    let usual = gaps.get(near / 2).copied()?;
    let most = if is_set { MOST } else { MOST_UNSPACED };
    (is_even && usual < size * most).then_some(usual)
}

/// Whether a writer set the same gap behind each of these letters, of which these are the gaps in their order: then they
/// may be wider apart than letters are where only the eye sees words.
fn is_set<'a>(run: &[Word], gaps: &[f64], text: impl Fn(&Word) -> &'a str) -> bool {
    let (Some(first), Some(low), Some(high)) = (run.first(), gaps.first(), gaps.last()) else {
        return false;
    };
    let widths = || run.iter().map(|word| word.x1 - word.x0);
    let spread = widths().fold(f64::MIN, f64::max) - widths().fold(f64::MAX, f64::min);
    run.len() >= LEAST
        && high - low < first.size * EXACT
        && spread > first.size * UNLIKE
        && run.iter().all(|word| word.glyphs == 1 && text(word).chars().all(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::super::pdf_glyph::{Glyph, Glyphs};
    use super::super::pdf_line::lines_of;
    use super::super::pdf_word::Words;
    use super::*;

    /// The gaps before the letters of a line in size 10, from the letters with their widths, where each begins.
    fn tracked(letters: &[(&str, f64, f64)]) -> Vec<f64> {
        let mut glyphs = Glyphs::default();
        for &(text, x, dx) in letters {
            let start = glyphs.chars.len() as u32;
            glyphs.chars.push_str(text);
            let end = glyphs.chars.len() as u32;
            glyphs.glyphs.push(Glyph { start, end, x, y: 0.0, dx, dy: 0.0, size: 10.0 });
        }
        let words = Words::of(&glyphs).remove(0);
        of(&lines_of(&words.words)[0], false, |word| words.text(word))
    }

    #[test]
    fn letters_with_one_gap_are_a_word() {
        let set = [("N", 0.0, 7.0), ("O", 12.0, 8.0), ("T", 25.0, 6.0), ("E", 36.0, 6.5)];
        assert_eq!(tracked(&set), [0.0, 5.0, 5.0, 5.0]);
        // Letters in columns begin at even distances; figures of one width could be either.
        for columns in [
            [("N", 0.0, 7.0), ("O", 12.0, 8.0), ("T", 24.0, 6.0), ("E", 36.0, 6.5)],
            [("1", 0.0, 5.0), ("2", 10.0, 5.0), ("3", 20.0, 5.0), ("4", 30.0, 5.0)],
        ] {
            assert!(tracked(&columns).iter().all(|gap| *gap == 0.0));
        }
    }
}
