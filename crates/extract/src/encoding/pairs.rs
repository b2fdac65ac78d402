//! Pairs of bytes: what they may be in CP949 and in Johab, told without decoding them.

use super::johab;

/// What the pairs of bytes of a line are.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// Syllables, of CP949 the common ones.
    pub(super) syllables: usize,
    /// Symbols and Hanja.
    others: usize,
    /// The syllables of CP949 that KS X 1001 lacks.
    pub(super) rare: usize,
    /// Bytes that are no half of a pair.
    broken: usize,
}

impl Pairs {
    /// How many there are, broken ones too.
    pub(super) fn all(&self) -> usize {
        self.syllables + self.others + self.rare + self.broken
    }

    /// Whether every byte that is not ASCII is half of a pair.
    pub(super) fn are_whole(&self) -> bool {
        self.broken == 0
    }

    /// Whether half of them are common syllables, and no byte is without its other half.
    pub(super) fn are_korean(&self) -> bool {
        self.are_whole() && self.syllables >= 2 && self.syllables * 2 >= self.all()
    }

    /// The pairs of bytes as CP949 has them.
    pub(super) fn of_cp949(line: &[u8]) -> Pairs {
        let mut pairs = Pairs::default();
        let mut rest = line;
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            let count = match (first, after.first()) {
                (0..=0x7F, _) => continue,
                (0xB0..=0xC8, Some(0xA1..=0xFE)) => &mut pairs.syllables,
                (0xA1..=0xFD, Some(0xA1..=0xFE)) => &mut pairs.others,
                (0x81..=0xC6, Some(0x41..=0x5A | 0x61..=0x7A | 0x81..=0xFE)) => &mut pairs.rare,
                _ => {
                    pairs.broken += 1;
                    continue;
                }
            };
            *count += 1;
            rest = after.get(1..).unwrap_or_default();
        }
        pairs
    }

    /// The pairs of bytes as Johab has them.
    pub(super) fn of_johab(line: &[u8]) -> Pairs {
        let mut pairs = Pairs::default();
        let mut rest = line;
        while let Some((&first, after)) = rest.split_first() {
            rest = after;
            if first < 0x80 {
                continue;
            }
            match after.first().and_then(|second| johab::pair(first, *second)) {
                Some('가'..='힣') => pairs.syllables += 1,
                Some(_) => pairs.others += 1,
                None => {
                    pairs.broken += 1;
                    continue;
                }
            }
            rest = after.get(1..).unwrap_or_default();
        }
        pairs
    }
}
