use super::sprm::{HIDDEN, sprms};
use crate::formats::bytes::{piece, u8_at, u16_at};

/// Styles that are read; Word allows some thousand.
const MOST: usize = 10_000;

/// A style of paragraphs or of characters (MS-DOC, section 2.9.260): what it builds on, and what it changes.
pub(super) struct Style<'a> {
    pub(super) number: u16,
    pub(super) is_of_paragraphs: bool,
    pub(super) base: Option<u16>,
    /// Changes of paragraphs, if it is one of these, and of characters.
    pub(super) paragraphs: &'a [u8],
    pub(super) characters: &'a [u8],
}

/// The styles of a sheet (section 2.9.271).
pub(super) fn styles(sheet: &[u8]) -> Vec<Style<'_>> {
    let head = usize::from(u16_at(sheet, 0).unwrap_or(0));
    let count = usize::from(u16_at(sheet, 2).unwrap_or(0)).min(MOST);
    // The size of the fixed part of each style, which later versions made longer.
    let fixed = usize::from(u16_at(sheet, 4).unwrap_or(10));
    let mut at = 2 + head;
    let mut styles = Vec::new();
    for number in 0..count {
        let Some(length) = u16_at(sheet, at) else { break };
        let style = piece(sheet, at + 2, length.into());
        at += 2 + usize::from(length);
        let Some(kind) = u16_at(style, 2).filter(|kind| matches!(kind & 0xF, 1 | 2)) else {
            continue;
        };
        let is_of_paragraphs = kind & 0xF == 1;
        let base = Some(kind >> 4).filter(|base| *base != 0xFFF);
        let name = usize::from(u16_at(style, fixed).unwrap_or(0));
        // Behind the name and its NUL: each set of changes with its size, at an even offset.
        let mut next = fixed + 2 + (name + 1) * 2;
        let mut changes = || {
            let size = usize::from(u16_at(style, next).unwrap_or(0));
            let changes = piece(style, next + 2, size);
            next += 2 + size.next_multiple_of(2);
            changes
        };
        // Those of paragraphs stand behind the number of the style.
        let paragraphs = match is_of_paragraphs {
            true => changes().get(2..).unwrap_or_default(),
            false => &[],
        };
        let characters = changes();
        let number = number as u16;
        styles.push(Style { number, is_of_paragraphs, base, paragraphs, characters });
    }
    styles
}

/// The styles that have something to say of whether characters are shown, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Vanishing {
    styles: Vec<Vanish>,
    /// Whether there is one that hides.
    pub(super) any: bool,
}

#[derive(Clone, Copy, Debug, Default)]
struct Vanish {
    base: Option<u16>,
    own: Option<u8>,
}

impl Vanishing {
    /// Reads a sheet of styles.
    pub(super) fn read(sheet: &[u8]) -> Vanishing {
        let mut this = Vanishing::default();
        for Style { number, base, characters, .. } in styles(sheet) {
            let own = sprms(characters, true).filter(|(code, _)| *code == HIDDEN);
            let own = own.last().and_then(|(_, operand)| u8_at(operand, 0));
            this.any |= own.is_some_and(|own| own & 1 == 1);
            this.styles.resize(usize::from(number), Vanish::default());
            this.styles.push(Vanish { base, own });
        }
        this
    }

    /// Whether a style hides; none if neither it nor what it builds on says so.
    pub(super) fn hides(&self, style: u16) -> Option<bool> {
        let mut style = Some(style);
        let mut is_other_way_round = false;
        // Styles build on styles, a few deep; a circle among them is damage.
        for _ in 0..16 {
            let Vanish { base, own } = self.styles.get(usize::from(style?)).copied()?;
            match own {
                Some(own @ (0 | 1)) => return Some((own == 1) != is_other_way_round),
                Some(0x81) => is_other_way_round = !is_other_way_round,
                _ => {}
            }
            if base.is_none() && is_other_way_round {
                return Some(true);
            }
            style = base;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sheet of styles: kind, base, whether they hide.
    fn sheet(styles: &[(u16, u16, Option<u8>)]) -> Vec<u8> {
        let mut sheet = vec![4, 0, styles.len() as u8, 0, 10, 0];
        for (kind, base, hides) in styles {
            let mut style = vec![0, 0];
            style.extend((kind | base << 4).to_le_bytes());
            style.extend([0; 6]);
            // A name of one letter.
            style.extend([1, 0, b'a', 0, 0, 0]);
            if *kind == 1 {
                // The number of the style and a change of an odd size.
                style.extend([5, 0, 0, 0, 0x16, 0x24, 1, 0]);
            }
            match hides {
                Some(hides) => style.extend([3, 0, 0x3C, 0x08, *hides, 0]),
                None => style.extend([0, 0]),
            }
            sheet.extend((style.len() as u16).to_le_bytes());
            sheet.extend(style);
        }
        sheet
    }

    #[test]
    fn styles_hide_and_build_on_one_another() {
        const NONE: u16 = 0xFFF;
        let sheet = sheet(&[
            (1, NONE, None),
            (1, 0, Some(1)),
            (1, 1, None),
            (2, 1, Some(0x81)),
            (2, NONE, Some(0x81)),
            (1, 2, Some(0)),
            (1, 6, None),
        ]);
        let vanishing = Vanishing::read(&sheet);
        assert!(vanishing.any);
        let hides: Vec<_> = (0..8).map(|style| vanishing.hides(style)).collect();
        let (yes, no) = (Some(true), Some(false));
        assert_eq!(hides, [None, yes, yes, no, yes, no, None, None]);
        assert!(!Vanishing::read(&self::sheet(&[(1, NONE, Some(0))])).any);
        assert!(!Vanishing::read(&sheet[..20]).any && !Vanishing::read(&[9; 7]).any);
    }
}
