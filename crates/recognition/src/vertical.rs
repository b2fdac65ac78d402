//! Lines that run down: letters below each other, upright, with white on both sides. A sign has them, a book of old, the head
//! of a row of a table.
//!
//! Their letters are set beside each other before they are read, so that the data of every language do, and no others are
//! needed: those of vertical Korean that the engine has read worse (3.6 edits of a hundred letters, where this has 2.0) and see
//! few of the blanks.

use madang_extract::pixels::Pixels;
use madang_extract::rect::Rect;

use crate::libtesseract::Word;

/// Pieces of a page; one of noise has more.
const PIECES_MOST: usize = 8_000;

/// Letters of a line that runs down, at least.
const LETTERS_LEAST: usize = 3;

/// How far from each other parts of one letter and neighbouring letters are, of the longer side of the larger part: beside each
/// other, and below.
const BESIDE: f32 = 0.25;
const BELOW: f32 = 0.35;

/// White beside such a line, of how wide it is, and of the height of letters: words stand closer to each other than that.
const APART: f32 = 0.25;
const APART_LETTERS: f32 = 0.5;

/// The height of what is cut as one letter, of how wide the line is: at most, half of them at least, and as most are.
const HIGHEST: f32 = 1.2;
const LOWEST: f32 = 0.7;
const USUAL: f32 = 0.88;

/// White between letters, of how wide the line is: half of them have less, and all have less than the second.
const CLOSE: Gaps = Gaps { usual: 0.35, most: 1.5 };

/// The same on a page of which most runs down, as a signboard or the stone of a monument: nothing else stands there for which letters
/// below each other could be taken.
const LOOSE: Gaps = Gaps { usual: 0.8, most: 3.5 };

/// Of the pieces of a page those that stand in lines that run down, if it is such a page.
const MOST_OF_PAGE: f32 = 0.8;

/// White around letters that are set beside each other, pixels.
const MARGIN: usize = 12;

/// A line that runs down.
#[derive(Clone, Debug)]
pub(crate) struct Vertical {
    pub(crate) rect: Rect,
    /// Its letters, from above.
    letters: Vec<Rect>,
    /// The page within its rectangle.
    image: Pixels,
}

/// Its letters beside each other, and which columns of the image each takes.
pub(crate) struct Laid {
    pub(crate) image: Pixels,
    places: Vec<(usize, usize, Rect)>,
}

/// White between letters, of how wide their line is.
#[derive(Clone, Copy)]
struct Gaps {
    usual: f32,
    most: f32,
}

/// Pieces that hang together.
#[derive(Clone, Debug)]
struct Group {
    rect: Rect,
    pieces: Vec<Rect>,
}

impl Group {
    fn with(self, other: Group) -> Group {
        let mut pieces = self.pieces;
        pieces.extend(other.pieces);
        Group { rect: self.rect.and(other.rect), pieces }
    }
}

impl Vertical {
    /// Those of a page, by the pieces of its letters, which are so high, in the order in which they are read.
    pub(crate) fn of_page(grey: &Pixels, mut pieces: Vec<Rect>, letter: usize) -> Vec<Vertical> {
        if pieces.len() > PIECES_MOST {
            return Vec::new();
        }
        pieces.sort_unstable_by_key(|rect| (rect.top, rect.left));
        let groups = together(&pieces);
        let with = |gaps: Gaps| {
            let (mut found, mut in_lines) = (Vec::new(), 0);
            for stack in stacked(groups.clone(), gaps) {
                if stack.rect.width() * 10 >= letter * 6
                    && stack.rect.height() >= stack.rect.width() * 2
                    && is_apart(&stack, &pieces, letter)
                    && let Some(line) = Vertical::of(grey, &stack, gaps)
                {
                    found.push(line);
                    in_lines += stack.pieces.len();
                }
            }
            (found, in_lines as f32 >= pieces.len() as f32 * MOST_OF_PAGE)
        };
        let (mut found, is_all) = with(CLOSE);
        // A list of which each item is one letter is one such line, and no page of them.
        if !is_all
            && let (loose, true) = with(LOOSE)
            && loose.len() > 1
        {
            found = loose;
        }
        order(&mut found);
        found
    }

    /// None if the parts of a stack are no letters below each other.
    fn of(grey: &Pixels, stack: &Group, allowed: Gaps) -> Option<Vertical> {
        let wide = stack.rect.width();
        let letters = letters(&runs(&stack.pieces), wide);
        if letters.len() < LETTERS_LEAST {
            return None;
        }
        let middle = |mut lengths: Vec<usize>| {
            lengths.sort_unstable();
            lengths.get(lengths.len() / 2).copied().unwrap_or(0) as f32 / wide as f32
        };
        let heights = letters.iter().map(|(top, bottom)| bottom - top).collect();
        let pairs = letters.windows(2).filter_map(|pair| match pair {
            [(_, above), (below, _)] => Some(below.saturating_sub(*above)),
            _ => None,
        });
        let gaps: Vec<usize> = pairs.collect();
        let is_far = gaps.iter().any(|gap| *gap as f32 > wide as f32 * allowed.most);
        if is_far || middle(gaps) > allowed.usual || !(LOWEST..HIGHEST).contains(&middle(heights)) {
            return None;
        }
        let cut = |(top, bottom): &(usize, usize)| {
            let of_letter = stack.pieces.iter().filter(|it| it.top < *bottom && it.bottom > *top);
            let around = of_letter.copied().reduce(Rect::and).unwrap_or(stack.rect);
            Rect { top: *top, bottom: *bottom, ..around }
        };
        let letters = letters.iter().map(cut).collect();
        Some(Vertical { rect: stack.rect, letters, image: grey.cut(stack.rect, 0) })
    }

    /// Its letters beside each other.
    pub(crate) fn laid(&self) -> Laid {
        let wide = self.rect.width();
        let height = self.letters.iter().map(Rect::height).max().unwrap_or(0).max(wide);
        let middle = |letter: &Rect| (letter.top + letter.bottom) / 2 - self.rect.top;
        let mut places: Vec<(usize, usize, Rect)> = Vec::new();
        let mut end = MARGIN;
        for letter in &self.letters {
            // The middles of letters are as far from each other as they were: what is flat stands between more white.
            let left = (middle(letter) + MARGIN + wide / 2).saturating_sub(letter.width() / 2);
            let left = left.max(end);
            end = left + letter.width() + 2;
            places.push((left, left + letter.width(), *letter));
        }
        let mut image = Pixels::of(end + MARGIN, height + 2 * MARGIN, 255);
        for (left, _, letter) in &places {
            let low = letter.height() * 5 < wide * 2;
            let is_stop = low && letter.width() * 5 < wide * 2 && {
                letter.left + letter.right > self.rect.left + self.rect.right
            };
            // A stop stands in the corner above, and belongs on the ground.
            let space = height - letter.height().min(height);
            let top = MARGIN + if is_stop { space } else { space / 2 };
            for y in 0..letter.height() {
                let row = self.image.row(letter.top - self.rect.top + y);
                let shades = row.get(letter.left - self.rect.left..letter.right - self.rect.left);
                let from = (top + y) * image.width + left;
                let onto = image.bytes.get_mut(from..from + letter.width());
                if let (Some(shades), Some(onto)) = (shades, onto) {
                    onto.copy_from_slice(shades);
                }
            }
        }
        Laid { image, places }
    }

    /// It as it stands on the page with white around, and where the left upper corner of that is.
    pub(crate) fn standing(&self) -> (Pixels, f32, f32) {
        let whole = Rect { left: 0, top: 0, right: self.image.width, bottom: self.image.height };
        let place = |edge: usize| edge as f32 - MARGIN as f32;
        (self.image.cut(whole, MARGIN), place(self.rect.left), place(self.rect.top))
    }
}

impl Laid {
    /// A word of the image where it stands on the page.
    pub(crate) fn on_page(&self, word: Word) -> Word {
        let [left, _, right, _] = word.bounds.map(|edge| usize::try_from(edge).unwrap_or(0));
        let is_of_it = |(from, to, _): &&(usize, usize, Rect)| {
            let middle = (from + to) / 2;
            (left..right).contains(&middle)
        };
        let letters = self.places.iter().filter(is_of_it).map(|(.., letter)| *letter);
        let near = || self.places.iter().min_by_key(|(from, ..)| from.abs_diff(left));
        let rect = letters.reduce(Rect::and).or_else(|| near().map(|(.., letter)| *letter));
        let Some(Rect { left, top, right, bottom }) = rect else { return word };
        let bounds = [left, top, right, bottom].map(|edge| i32::try_from(edge).unwrap_or(i32::MAX));
        Word { bounds, ..word }
    }
}

/// Puts lines beside each other from the right to the left, and those before what begins below them.
fn order(lines: &mut Vec<Vertical>) {
    lines.sort_by_key(|line| (line.rect.top, std::cmp::Reverse(line.rect.right)));
    let mut ordered: Vec<Vertical> = Vec::new();
    while let Some(foot) = lines.first().map(|first| first.rect.bottom) {
        // All that stand beside the first, as far as its foot.
        let (mut beside, below): (Vec<Vertical>, Vec<Vertical>) =
            lines.drain(..).partition(|line| line.rect.top < foot);
        beside.sort_by_key(|line| std::cmp::Reverse(line.rect.right));
        ordered.extend(beside);
        *lines = below;
    }
    *lines = ordered;
}

/// Pieces that are close to each other, as groups. They come from above.
fn together(pieces: &[Rect]) -> Vec<Group> {
    let mut groups: Vec<usize> = (0..pieces.len()).collect();
    fn first(groups: &mut [usize], mut of: usize) -> usize {
        while let Some(&up) = groups.get(of).filter(|up| **up != of) {
            let above = groups.get(up).copied().unwrap_or(up);
            if let Some(it) = groups.get_mut(of) {
                *it = above;
            }
            of = up;
        }
        of
    }
    let longest = pieces.iter().map(side).max().unwrap_or(0);
    for (n, one) in pieces.iter().enumerate() {
        let reach = one.bottom + (longest as f32 * BELOW) as usize;
        let rest = pieces.iter().enumerate().skip(n + 1);
        for (m, other) in rest.take_while(|(_, other)| other.top <= reach) {
            if is_near(one, other) {
                let (a, b) = (first(&mut groups, n), first(&mut groups, m));
                if let Some(it) = groups.get_mut(a.max(b)) {
                    *it = a.min(b);
                }
            }
        }
    }
    let mut found: Vec<Option<Group>> = vec![None; pieces.len()];
    for (n, piece) in pieces.iter().enumerate() {
        let number = first(&mut groups, n);
        if let Some(group) = found.get_mut(number) {
            let own = Group { rect: *piece, pieces: vec![*piece] };
            *group = Some(match group.take() {
                Some(group) => group.with(own),
                None => own,
            });
        }
    }
    found.into_iter().flatten().collect()
}

fn side(rect: &Rect) -> usize {
    rect.width().max(rect.height())
}

fn is_near(one: &Rect, other: &Rect) -> bool {
    let side = side(one).max(side(other)) as f32;
    let gap = |from: usize, to: usize| from.saturating_sub(to) as f32;
    gap(other.left, one.right).max(gap(one.left, other.right)) <= side * BESIDE
        && gap(other.top, one.bottom).max(gap(one.top, other.bottom)) <= side * BELOW
}

/// Groups that stand below each other, with a blank between them, as one.
fn stacked(groups: Vec<Group>, gaps: Gaps) -> Vec<Group> {
    let mut stacks: Vec<Group> = Vec::new();
    // What is as wide as a word is no part of such a line.
    let narrow = groups.into_iter().filter(|it| it.rect.width() <= it.rect.height() * 2);
    for group in narrow {
        let is_below = |stack: &&mut Group| {
            let (above, below) = (stack.rect, group.rect);
            let common = above.right.min(below.right).saturating_sub(above.left.max(below.left));
            let [wide, narrow] =
                [above.width().max(below.width()), above.width().min(below.width())];
            common * 5 >= narrow * 3
                && below.top.saturating_sub(above.bottom) as f32 <= wide as f32 * gaps.most
                && below.bottom > above.bottom
        };
        match stacks.iter_mut().find(is_below) {
            Some(stack) => {
                let before = Group { rect: stack.rect, pieces: std::mem::take(&mut stack.pieces) };
                *stack = before.with(group);
            }
            None => stacks.push(group),
        }
    }
    stacks
}

/// Whether nothing stands beside a stack.
fn is_apart(stack: &Group, pieces: &[Rect], letter: usize) -> bool {
    let rect = stack.rect;
    let far = (rect.width() as f32 * APART).max(letter as f32 * APART_LETTERS) as usize;
    let (left, right) = (rect.left.saturating_sub(far), rect.right + far);
    let beside = pieces.iter().filter(|it| {
        it.top < rect.bottom && it.bottom > rect.top && it.left < right && it.right > left
    });
    beside.count() <= stack.pieces.len()
}

/// The rows in which something is, from above.
fn runs(pieces: &[Rect]) -> Vec<(usize, usize)> {
    let mut spans: Vec<(usize, usize)> = pieces.iter().map(|it| (it.top, it.bottom)).collect();
    spans.sort_unstable();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (top, bottom) in spans {
        match runs.last_mut().filter(|(_, end)| top <= *end) {
            Some((_, end)) => *end = bottom.max(*end),
            None => runs.push((top, bottom)),
        }
    }
    runs
}

/// Rows in which something is, put together to letters of a line so wide: letters are about as high as it is wide, and the white
/// within them is less than between them.
fn letters(runs: &[(usize, usize)], wide: usize) -> Vec<(usize, usize)> {
    let wide = wide.max(1) as f32;
    // Of the first so many runs: what the best cut costs, and where its last letter begins.
    let mut best: Vec<(f32, usize)> = vec![(0.0, 0)];
    for (n, (_, bottom)) in runs.iter().enumerate() {
        let (mut least, mut white, mut below) = ((f32::MAX, n), 0.0, None);
        for first in (0..=n).rev() {
            let Some(&(top, end)) = runs.get(first) else { break };
            white += below.map_or(0.0, |below: usize| below.saturating_sub(end) as f32 / wide);
            below = Some(top);
            let high = (bottom - top) as f32 / wide;
            if high > HIGHEST && first < n {
                break;
            }
            let before = best.get(first).map_or(f32::MAX, |(cost, _)| *cost);
            let cost = before + (high - USUAL).powi(2) + white * 0.8;
            if cost < least.0 {
                least = (cost, first);
            }
        }
        best.push(least);
    }
    let (mut letters, mut at) = (Vec::new(), runs.len());
    while at > 0 {
        let first = best.get(at).map_or(0, |(_, first)| *first).min(at - 1);
        if let (Some((top, _)), Some((_, bottom))) = (runs.get(first), runs.get(at - 1)) {
            // Letters that touch are one run.
            let many = ((bottom - top) as f32 / wide / HIGHEST).ceil().max(1.0) as usize;
            let edge = |n: usize| top + (bottom - top) * n / many;
            letters.extend((0..many).rev().map(|n| (edge(n), edge(n + 1))));
        }
        at = first;
    }
    letters.reverse();
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of a syllable of 20 pixels: a consonant, and beside it a vowel.
    fn syllable(x: usize, y: usize) -> [Rect; 2] {
        let rect = |left, top, right, bottom| Rect { left, top, right, bottom };
        [rect(x, y + 3, x + 12, y + 15), rect(x + 15, y, x + 18, y + 18)]
    }

    fn found(pieces: Vec<Rect>) -> Vec<Vertical> {
        Vertical::of_page(&Pixels::of(600, 600, 255), pieces, 18)
    }

    #[test]
    fn lines_that_run_down_are_told_from_right_to_left() {
        let column = |x: usize, many: usize| (0..many).flat_map(move |n| syllable(x, 100 + n * 21));
        let lines = found(column(200, 6).chain(column(240, 9)).collect());
        let told: Vec<(usize, usize)> =
            lines.iter().map(|line| (line.rect.left, line.letters.len())).collect();
        assert_eq!(told, [(240, 9), (200, 6)]);
        let laid = lines[0].laid();
        assert!(laid.image.width > 9 * 18 && laid.image.height < 60, "{:?}", laid.image);
    }

    #[test]
    fn what_stands_in_lines_across_does_not_run_down() {
        let lines = |high: usize, many: usize| {
            (0..8).flat_map(move |row| {
                (0..many).flat_map(move |n| syllable(100 + n * 21, 100 + row * high))
            })
        };
        // A paragraph, closely set, and a list of which each item is one letter.
        assert!(found(lines(24, 12).collect()).is_empty());
        assert!(found(lines(32, 1).collect()).is_empty());
        assert_eq!(found(lines(22, 1).collect()).len(), 1);
        // A signboard, loosely set, on which nothing else stands; and the same beside a line across.
        let column = |x: usize| (0..5).flat_map(move |n| syllable(x, 100 + n * 32));
        let board: Vec<Rect> = column(200).chain(column(260)).collect();
        assert_eq!(found(board.clone()).len(), 2);
        let across = (0..12).flat_map(|n| syllable(100 + n * 21, 400));
        assert!(found(board.into_iter().chain(across).collect()).is_empty());
    }
}
