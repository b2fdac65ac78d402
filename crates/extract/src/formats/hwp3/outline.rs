use crate::formats::docx_numbering::counted;

/// Levels that an outline has.
pub(super) const LEVELS: usize = 7;

/// The number of a heading, which the word processor stores in the text (control 28).
#[derive(Debug)]
pub(super) struct Outline {
    /// How numbers are written: 0 as the writer says, 1 to 5 as the word processor offers; bullets from 128 on.
    pub(super) shape: u8,
    /// Counted from 0.
    pub(super) level: usize,
    pub(super) numbers: [u16; LEVELS],
    /// For each level what the writer says: how it counts.
    pub(super) kinds: [u16; LEVELS],
    /// What stands before and behind a number of the writer's.
    pub(super) around: (Option<char>, Option<char>),
}

/// How the levels look that the word processor offers, by their first numbers.
const OFFERED: [[&str; LEVELS]; 3] = [
    ["I.", "가.", "1.", "가)", "(1)", "(가)", "i)"],
    ["I.", "A.", "1.", "a)", "(1)", "(a)", "i)"],
    ["1.", "가.", "(1)", "(가)", "1)", "가)", "a."],
];

impl Outline {
    /// The number as it is shown; empty for bullets.
    pub(super) fn label(&self) -> String {
        let number = |level: usize| u32::from(self.numbers.get(level).map_or(1, |&n| n.max(1)));
        let own = number(self.level);
        let joined = || {
            let numbers: Vec<_> = (0..=self.level).map(|n| number(n).to_string()).collect();
            numbers.join(".")
        };
        match self.shape {
            1 => joined() + ".",
            2 if self.level > 0 => joined(),
            2 => joined() + ".",
            3..=5 => {
                let offered = OFFERED.get(usize::from(self.shape - 3));
                let pattern = offered.and_then(|levels| levels.get(self.level)).unwrap_or(&"");
                let counts = [
                    ('I', "upperRoman"),
                    ('i', "lowerRoman"),
                    ('A', "upperLetter"),
                    ('a', "lowerLetter"),
                    ('가', "ganada"),
                    ('1', "decimal"),
                ];
                match counts.iter().find(|(first, _)| pattern.contains(*first)) {
                    Some((first, format)) => pattern.replace(*first, &counted(own, format)),
                    None => String::new(),
                }
            }
            0 => {
                let shown = match self.kinds.get(self.level).copied().unwrap_or_default() {
                    0 | 7 => own.to_string(),
                    1 => counted(own, "upperRoman"),
                    2 => counted(own, "lowerRoman"),
                    3 => counted(own, "upperLetter"),
                    4 => counted(own, "lowerLetter"),
                    5 => counted(own, "ganada"),
                    6 => counted(own, "chosung"),
                    8 => counted(own, "decimalEnclosedCircle"),
                    12 => joined(),
                    _ => own.to_string(),
                };
                let (before, behind) = self.around;
                before.into_iter().chain(shown.chars()).chain(behind).collect()
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        let outline = |shape, level, kind| Outline {
            shape,
            level,
            numbers: [3, 2, 4, 0, 1, 1, 1],
            kinds: [kind; LEVELS],
            around: (Some('제'), Some('조')),
        };
        for (shape, level, kind, label) in [
            (1, 2, 0, "3.2.4."),
            (2, 0, 0, "3."),
            (2, 1, 0, "3.2"),
            (3, 0, 0, "III."),
            (3, 1, 0, "나."),
            (4, 3, 0, "a)"),
            (5, 2, 0, "(4)"),
            (0, 0, 0, "제3조"),
            (0, 0, 5, "제다조"),
            (0, 2, 12, "제3.2.4조"),
            (129, 0, 0, ""),
            (3, 9, 0, ""),
        ] {
            assert_eq!(outline(shape, level, kind).label(), label, "{shape} {level}");
        }
    }
}
