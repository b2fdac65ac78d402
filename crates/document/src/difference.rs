//! What differs between two readings of a text, for people: a unified difference by lines, no longer than somebody
//! reads.

use std::collections::HashMap;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// Lines on each side that are compared at once, those at both ends that are the same apart: the work grows with their
/// product.
const COMPARED: usize = 2_000;
/// How often the comparison goes on behind the last line that it found on both sides.
const STEPS: usize = 16;
/// Lines around a change that show where it stands.
const AROUND: usize = 1;
/// Characters of a line that are shown at most.
const WIDE: usize = 200;
/// Characters before the first that differs, where a line is too long to be shown from its beginning.
const BEFORE: usize = 60;

/// What differs between two texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Lines as `diff -u` writes them: ` ` the same, `-` gone, `+` new, `@@` where a piece begins. A long line is
    /// shown around the first character that differs.
    pub lines: Vec<String>,
    /// Lines that are gone.
    pub removed: u64,
    /// Lines that are new.
    pub added: u64,
    /// Whether there is more than is shown or was compared: of both counts it is known then that they are no less.
    pub is_cut: bool,
}

/// What differs between two texts, in at most `most` lines; none if they are the same.
pub fn difference(before: &str, after: &str, most: usize) -> Option<Difference> {
    if before == after {
        return None;
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tails = old.iter().skip(same).rev().zip(new.iter().skip(same).rev());
    let end = tails.take_while(|(a, b)| a == b).count();
    // Some of what is the same stays, to show where the change stands.
    let skipped = same.saturating_sub(AROUND);
    let part = |lines: &[&str]| (lines.len() - end).saturating_add(AROUND).min(lines.len());
    let old_part = old.get(skipped..part(&old)).unwrap_or_default();
    let new_part = new.get(skipped..part(&new)).unwrap_or_default();
    // Each line by a number: two are held against each other again and again, and may be as long as the text.
    let mut known = HashMap::new();
    let [old_lines, new_lines] = [old_part, new_part].map(|lines| numbered(&mut known, lines));
    let (ops, is_long) = stepwise(&old_lines, &new_lines);
    let mut told = Difference { is_cut: is_long, ..Difference::default() };
    for group in group_diff_ops(ops, AROUND) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        told.push(most, || {
            let (from, to) = (first.old_range().start, last.old_range().end);
            let (new_from, new_to) = (first.new_range().start, last.new_range().end);
            format!(
                "@@ -{},{} +{},{} @@",
                skipped + from + 1,
                to - from,
                skipped + new_from + 1,
                new_to - new_from
            )
        });
        for op in &group {
            told.piece(op, old_part, new_part, most);
        }
    }
    Some(told)
}

/// The steps from one text to the other, and whether they end before the texts do.
fn stepwise(old: &[usize], new: &[usize]) -> (Vec<DiffOp>, bool) {
    let mut all: Vec<DiffOp> = Vec::new();
    let (mut at, mut new_at) = (0, 0);
    for _ in 0..STEPS {
        let ends = (old.len().min(at + COMPARED), new.len().min(new_at + COMPARED));
        let is_last = ends == (old.len(), new.len());
        let some = old.get(at..ends.0).unwrap_or_default();
        let others = new.get(new_at..ends.1).unwrap_or_default();
        let mut ops = capture_diff_slices(Algorithm::Myers, some, others);
        // What stands at the edge may stand behind it on the other side.
        let sure = ops.iter().rposition(|op| matches!(op, DiffOp::Equal { .. }));
        if let (false, Some(sure)) = (is_last, sure) {
            ops.truncate(sure + 1);
        }
        all.extend(ops.iter().map(|op| moved(op, at, new_at)));
        let last = ops.last().filter(|_| !is_last && sure.is_some());
        let Some(last) = last else { return (joined(all), !is_last) };
        (at, new_at) = (at + last.old_range().end, new_at + last.new_range().end);
    }
    (joined(all), true)
}

/// A step that stands so many lines further on.
fn moved(op: &DiffOp, old: usize, new: usize) -> DiffOp {
    let (old_range, new_range) = (op.old_range(), op.new_range());
    let (old_index, new_index) = (old + old_range.start, new + new_range.start);
    match op {
        DiffOp::Equal { len, .. } => DiffOp::Equal { old_index, new_index, len: *len },
        DiffOp::Delete { old_len, .. } => {
            DiffOp::Delete { old_index, old_len: *old_len, new_index }
        }
        DiffOp::Insert { new_len, .. } => {
            DiffOp::Insert { old_index, new_index, new_len: *new_len }
        }
        DiffOp::Replace { old_len, new_len, .. } => {
            DiffOp::Replace { old_index, old_len: *old_len, new_index, new_len: *new_len }
        }
    }
}

/// The steps with those that go on with the same lines made one.
fn joined(all: Vec<DiffOp>) -> Vec<DiffOp> {
    let mut joined: Vec<DiffOp> = Vec::with_capacity(all.len());
    for op in all {
        match (joined.last_mut(), op) {
            (Some(DiffOp::Equal { len, .. }), DiffOp::Equal { len: more, .. }) => *len += more,
            (_, op) => joined.push(op),
        }
    }
    joined
}

/// The lines as numbers, one for all that are the same.
fn numbered<'a>(known: &mut HashMap<&'a str, usize>, lines: &[&'a str]) -> Vec<usize> {
    lines
        .iter()
        .map(|line| {
            let next = known.len();
            *known.entry(line).or_insert(next)
        })
        .collect()
}

impl Difference {
    fn push(&mut self, most: usize, line: impl FnOnce() -> String) {
        match self.lines.len() < most {
            true => self.lines.push(line()),
            false => self.is_cut = true,
        }
    }

    fn piece(&mut self, op: &DiffOp, old: &[&str], new: &[&str], most: usize) {
        let old = old.get(op.old_range()).unwrap_or_default();
        let new = new.get(op.new_range()).unwrap_or_default();
        if let DiffOp::Equal { .. } = op {
            for line in old {
                self.push(most, || format!(" {}", shown(line, 0)));
            }
            return;
        }
        self.removed += old.len() as u64;
        self.added += new.len() as u64;
        // What stands in the place of a line is the line of the same number: good enough to show where they part.
        let parts = |line: &str, other: Option<&&str>| {
            other.map_or(0, |other| {
                line.chars().zip(other.chars()).take_while(|(a, b)| a == b).count()
            })
        };
        for (n, line) in old.iter().enumerate() {
            self.push(most, || format!("-{}", shown(line, parts(line, new.get(n)))));
        }
        for (n, line) in new.iter().enumerate() {
            self.push(most, || format!("+{}", shown(line, parts(line, old.get(n)))));
        }
    }
}

/// A line, or as much of it as is shown, with the character of number `parts` in it.
fn shown(line: &str, parts: usize) -> String {
    let length = line.chars().count();
    if length <= WIDE {
        return line.to_owned();
    }
    let start = if parts + BEFORE < WIDE { 0 } else { parts.saturating_sub(BEFORE) };
    let cut: String = line.chars().skip(start).take(WIDE).collect();
    let (left, right) =
        (if start > 0 { "…" } else { "" }, if start + WIDE < length { "…" } else { "" });
    format!("{left}{cut}{right}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_line_by_line() {
        assert_eq!(difference("가\n나", "가\n나", 9), None);
        for (before, after, expected) in [
            ("가\n나\n다\n라\n마", "가\n나\nX\n라\n마", "@@ -2,3 +2,3 @@| 나|-다|+X| 라"),
            ("", "가", "@@ -1,0 +1,1 @@|+가"),
            ("가", "", "@@ -1,1 +1,0 @@|-가"),
            ("가\n나", "나", "@@ -1,2 +1,1 @@|-가| 나"),
            ("가\n나", "가\n나\n다", "@@ -2,1 +2,2 @@| 나|+다"),
            // All that differs is the end of the last line.
            ("가", "가\n", ""),
        ] {
            let told = difference(before, after, 99).unwrap();
            assert_eq!(told.lines.join("|"), expected, "{before:?} {after:?}");
            assert!(!told.is_cut);
        }
        let told = difference("a\nb\nc", "a\nB\nC\nc", 99).unwrap();
        assert_eq!((told.removed, told.added), (1, 2));
    }

    #[test]
    fn no_more_is_shown_than_is_asked_for() {
        let many = |word: &str| (0..50).map(|n| format!("{word} {n}\n")).collect::<String>();
        let told = difference(&many("old"), &many("new"), 10).unwrap();
        assert_eq!((told.lines.len(), told.is_cut), (10, true));
        assert_eq!((told.removed, told.added), (50, 50));
    }

    #[test]
    fn what_is_far_apart_is_compared_in_steps_and_nothing_is_made_up_between_them() {
        let before: Vec<String> = (0..20_000).map(|n| format!("줄 {n}")).collect();
        let mut after = before.clone();
        (0..20_000).step_by(3_000).skip(1).for_each(|n| after[n] = format!("바뀐 줄 {n}"));
        after.insert(0, "머리".into());
        after.push("꼬리".into());
        let told = difference(&before.join("\n"), &after.join("\n"), 999).unwrap();
        assert_eq!((told.removed, told.added, told.is_cut), (6, 8, false));
        let changed = told.lines.iter().filter(|line| line.starts_with(['-', '+']));
        assert_eq!(changed.count(), 14, "{told:?}");
        assert!(told.lines.contains(&"@@ -3000,3 +3001,3 @@".to_owned()), "{told:?}");
        // No further than the steps reach.
        let many = |head: &str| {
            let rest = (0..100_000).map(|n| format!("{n}\n")).collect::<String>();
            format!("{head}\n{rest}{head}")
        };
        let told = difference(&many("old"), &many("new\nnew"), 99).unwrap();
        assert_eq!((told.removed, told.added, told.is_cut), (1, 2, true));
    }

    #[test]
    fn long_texts_that_share_nothing_are_compared_so_far() {
        let many = |word: &str| (0..100_000).map(|n| format!("{word} {n}\n")).collect::<String>();
        let told = difference(&many("old"), &many("new"), 10).unwrap();
        assert!(told.is_cut && told.removed == COMPARED as u64, "{told:?}");
        // What is the same at both ends costs nothing.
        let mut changed = many("same");
        changed.insert(changed.len() / 2, '!');
        let told = difference(&many("same"), &changed, 10).unwrap();
        assert_eq!((told.removed, told.added, told.is_cut), (1, 1, false));
    }

    #[test]
    fn a_long_line_is_shown_where_it_differs() {
        let line = |end: &str| format!("{}{end}{}", "가".repeat(1_000), "나".repeat(1_000));
        let told = difference(&line("옛"), &line("새"), 10).unwrap();
        for (line, word) in told.lines.iter().skip(1).zip(["옛", "새"]) {
            assert!(line.contains(word) && line.chars().count() <= WIDE + 3, "{line}");
        }
    }
}
