use encoding_rs::EUC_KR;

use crate::encoding::johab_letters;

/// The character of a unit of text, which has 16 bits: ASCII as it is, Hangul as in Johab, the Hanja and symbols of
/// KS X 1001 by their numbers there. None for the word processor's own signs and for letters of old Korean that
/// Unicode spells with several characters.
///
/// Source: the description of the format by Hancom (한글 문서 파일 형식 3.0, the code of characters).
pub(super) fn letter(unit: u16) -> Option<char> {
    match unit {
        0x20..=0x7F => char::from_u32(u32::from(unit)),
        // Quotation marks of the fonts.
        0x81 | 0x82 => Some('"'),
        0x83 | 0x84 => Some('\''),
        // Kana are rows 10 and 11, of 96 cells each, as in all rows here.
        0x1F00..=0x1FBF => symbol(9 + (unit - 0x1F00) / 96, (unit - 0x1F00) % 96),
        0x2C21..=0x2C3A => nth('ⓐ', unit - 0x2C21),
        0x2C40..=0x2C4D => nth('㉠', unit - 0x2C40),
        0x2C50..=0x2C5D => nth('㉮', unit - 0x2C50),
        0x2E01..=0x2E14 => nth('①', unit - 0x2E01),
        // Seven shapes in nine sizes and fillings each, the first six of which are hollow.
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

/// The text of a field of units, up to the first that is 0.
pub(super) fn text(field: &[u8]) -> String {
    let units = field.as_chunks().0.iter().map(|&unit| u16::from_le_bytes(unit));
    units
        .take_while(|&unit| unit != 0)
        .map(|u| letter(u).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
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
            (0x5318, None),
            (0x2000, None),
            (0xFFFF, None),
        ] {
            assert_eq!(letter(unit), c, "{unit:X}");
        }
    }

    #[test]
    fn a_field_ends_at_its_first_zero() {
        assert_eq!(text(&[0x65, 0xD0, 0x69, 0x8B, 0, 0, 0x41, 0]), "한글");
        assert_eq!(text(&[0x00, 0x20, 0x41]), "\u{FFFD}");
    }
}
