use encoding_rs::EUC_KR;

use crate::encoding::johab_letters;

/// The character of a unit of text, which has 16 bits: ASCII as it is, Hangul as in Johab, the Hanja and symbols of
/// KS X 1001 by their numbers there. None for signs of the word processor's own that nobody described, and for letters of old Korean that
/// Unicode spells with several characters (see [`old_syllable`]).
///
/// Source: the description of the format by Hancom (한글 문서 파일 형식 3.0, the code of characters); for western letters, pieces of
/// lines and the second numbers in circles, comparisons of documents with what the word processor makes of them, as those who
/// read such documents published them.
pub(super) fn letter(unit: u16) -> Option<char> {
    match unit {
        0x20..=0x7F => char::from_u32(u32::from(unit)),
        // Quotation marks of the fonts.
        0x81 | 0x82 => Some('"'),
        0x83 | 0x84 => Some('\''),
        // Letters of western Europe, as in Unicode.
        0xA0..=0xFF => char::from_u32(u32::from(unit)),
        // Kana are rows 10 and 11, of 96 cells each, as in all rows here.
        0x1F00..=0x1FBF => symbol(9 + (unit - 0x1F00) / 96, (unit - 0x1F00) % 96),
        0x2C21..=0x2C3A => nth('ⓐ', unit - 0x2C21),
        0x2C40..=0x2C4D => nth('㉠', unit - 0x2C40),
        0x2C50..=0x2C5D => nth('㉮', unit - 0x2C50),
        // Numbers in circles, twice.
        0x2E00 => Some('⓪'),
        0x2E01..=0x2E09 => nth('①', unit - 0x2E01),
        0x2E0A..=0x2E12 => nth('①', unit - 0x2E0A),
        // Seven shapes in nine sizes and fillings each, the first six of which are hollow.
        0x2F67 => Some('▸'),
        0x2F00..=0x2F6F if unit & 15 < 9 => {
            let (hollow, filled) = match unit >> 4 & 7 {
                0 => ('□', '■'),
                1 => ('○', '●'),
                2 => ('◇', '◆'),
                3 => ('△', '▲'),
                4 => ('▽', '▼'),
                5 => ('◁', '◀'),
                _ => ('▷', '▶'),
            };
            Some(if unit & 15 < 6 { hollow } else { filled })
        }
        0x2024 => Some('·'),
        0x2058 => Some('△'),
        0x205A => Some('○'),
        0x3013..=0x301D => {
            "┌┬┐   └ ┘━│".chars().nth(usize::from(unit - 0x3013)).filter(|c| *c != ' ')
        }
        0x303D => Some('■'),
        0x3048 | 0x37ED => Some('═'),
        0x3366 => Some('□'),
        // The rows of symbols; the tenth is that of Cyrillic letters, which is the twelfth of the standard.
        0x3400..=0x37BF => {
            let row = (unit - 0x3400) / 96;
            symbol(if row == 9 { 11 } else { row }, (unit - 0x3400) % 96)
        }
        // The name of the firm.
        0x37C0..=0x37C5 => "한글과컴퓨터".chars().nth(usize::from(unit - 0x37C0)),
        // Hanja stand in rows of 94 from the 42nd.
        0x4000..=0x5317 => {
            let index = unit - 0x4000;
            symbol(41 + index / 94, 1 + index % 94)
        }
        // The letters of Hangul that stand alone, under a vowel that there is none of.
        0x8000..=0x801D => nth('ㄱ', unit - 0x8000),
        0x8020..=u16::MAX => johab_letters(unit),
        _ => None,
    }
}

/// A syllable with the vowel ㆍ or ㆎ, spelled with the letters of Unicode that make one up: none of it has a character of its
/// own. Letters that are not in use any more beside it are not known here.
pub(super) fn old_syllable(unit: u16) -> Option<String> {
    let (lead, vowel, tail) = (unit >> 10 & 31, unit >> 5 & 31, unit & 31);
    let vowel = match vowel {
        30 if unit >= 0x8000 => '\u{119E}',
        31 if unit >= 0x8000 => '\u{11A1}',
        _ => return None,
    };
    // 1 is no letter; among the last ones 18 is left free.
    let lead = match lead {
        1 => None,
        2..=20 => Some(nth('\u{1100}', lead - 2)?),
        _ => return None,
    };
    let tail = match tail {
        1 => None,
        2..=17 => Some(nth('\u{11A8}', tail - 2)?),
        19..=29 => Some(nth('\u{11A8}', tail - 3)?),
        _ => return None,
    };
    Some(lead.into_iter().chain([vowel]).chain(tail).collect())
}

/// The text of a field of units, up to the first that is 0.
pub(super) fn text(field: &[u8]) -> String {
    let units = field.as_chunks().0.iter().map(|&unit| u16::from_le_bytes(unit));
    let mut text = String::new();
    for unit in units.take_while(|&unit| unit != 0) {
        match letter(unit) {
            Some(c) => text.push(c),
            None => text.push_str(old_syllable(unit).as_deref().unwrap_or("\u{FFFD}")),
        }
    }
    text
}

fn nth(first: char, n: u16) -> Option<char> {
    char::from_u32(u32::from(first) + u32::from(n))
}

/// The character in a row, counted from 0, and a cell, counted from 1, of KS X 1001.
fn symbol(row: u16, cell: u16) -> Option<char> {
    let pair = [u8::try_from(row + 0xA1).ok()?, u8::try_from(cell + 0xA0).ok()?];
    let text = EUC_KR.decode_without_bom_handling_and_without_replacement(&pair)?;
    text.chars().next().filter(|_| cell > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_characters() {
        for (unit, c) in [
            (0x41, Some('A')),
            (0xD065, Some('한')),
            (0x8B69, Some('글')),
            (0x8841, Some('ㄱ')),
            (0x8001, Some('ㄲ')),
            (0x3401, Some('\u{3000}')),
            (0x3402, Some('、')),
            (0x3400, None),
            (0x345F, None),
            (0x3761, Some('А')),
            (0x1F02, Some('あ')),
            (0x1F62, Some('ア')),
            (0x4000, Some('伽')),
            (0x405E, Some('匣')),
            (0x5317, Some('詰')),
            (0x2F12, Some('○')),
            (0x2F18, Some('●')),
            (0x2E03, Some('③')),
            (0x37C0, Some('한')),
            (0xFC, Some('ü')),
            (0x2E00, Some('⓪')),
            (0x2E0A, Some('①')),
            (0x3013, Some('┌')),
            (0x301D, Some('│')),
            (0x3016, None),
            (0x5318, None),
            (0x2000, None),
            (0xFFFF, None),
        ] {
            assert_eq!(letter(unit), c, "{unit:X}");
        }
    }

    #[test]
    fn old_syllables_are_spelled() {
        for (unit, text) in [
            (0x87C1, Some("\u{119E}")),
            (0xD3C5, Some("\u{1112}\u{119E}\u{11AB}")),
            (0x8BFD, Some("\u{1100}\u{11A1}\u{11C2}")),
            (0xD065, None),
            (0x87D2, None),
            (0x53C5, None),
        ] {
            assert_eq!(old_syllable(unit).as_deref(), text, "{unit:X}");
        }
    }

    #[test]
    fn a_field_ends_at_its_first_zero() {
        assert_eq!(text(&[0x65, 0xD0, 0x69, 0x8B, 0, 0, 0x41, 0]), "한글");
        assert_eq!(text(&[0x00, 0x20, 0x41]), "\u{FFFD}");
    }
}
