//! The Korean character collection Adobe-Korea1 (Adobe Technical Note 5093) without its table: its glyphs stand in
//! the order of the codes of KS X 1001 and of the Hangul that Microsoft added to them (CP949), which
//! `encoding_rs` knows.

use std::sync::LazyLock;

use encoding_rs::EUC_KR;

/// The first glyph of each series.
const LATIN: u32 = 1;
const SYMBOLS: u32 = 101;
const HANGUL: u32 = 1086;
const HANJA: u32 = 3436;
const HALF_WIDTH: u32 = 8094;
const FURTHER_HANGUL: u32 = 9333;

/// The characters of the collection by glyph number, where they are known.
static CHARS: LazyLock<Vec<Option<char>>> = LazyLock::new(|| {
    let mut chars = vec![None; 18_155];
    let mut put = |first: u32, series: &mut dyn Iterator<Item = char>| {
        for (at, c) in (first as usize..).zip(series) {
            if let Some(place) = chars.get_mut(at) {
                *place = Some(c);
            }
        }
    };
    put(LATIN, &mut (' '..='~'));
    put(HALF_WIDTH, &mut (' '..='~'));
    // € and ® joined the standard later, and the filler of A4D4 shows nothing: the series goes without them.
    let symbols = codes(0xA1..=0xAC).filter(|(code, _)| !matches!(code, 0xA2E6..=0xA2E8 | 0xA4D4));
    put(SYMBOLS, &mut symbols.map(|(_, c)| c));
    put(HANGUL, &mut codes(0xB0..=0xC8).map(|(_, c)| c));
    // A Hanja of several readings has several codes and one glyph: the others decode to the compatibility area.
    put(
        HANJA,
        &mut codes(0xCA..=0xFD).map(|(_, c)| c).filter(|c| !matches!(c, '\u{F900}'..='\u{FAFF}')),
    );
    put(FURTHER_HANGUL, &mut further_hangul());
    chars
});

/// The character of a glyph of Adobe-Korea1.
pub(super) fn char_of(cid: u32) -> Option<char> {
    CHARS.get(cid as usize).copied().flatten()
}

/// The glyph of a character that has one of its own.
pub(super) fn cid_of(c: char) -> Option<u32> {
    static CIDS: LazyLock<std::collections::HashMap<char, u32>> = LazyLock::new(|| {
        // The first series wins: proportional Latin before that of half width.
        let chars = CHARS.iter().enumerate().rev();
        chars.filter_map(|(cid, c)| Some(((*c)?, u32::try_from(cid).ok()?))).collect()
    });
    CIDS.get(&c).copied()
}

/// The codes of KS X 1001 in some rows, with their characters.
fn codes(rows: std::ops::RangeInclusive<u8>) -> impl Iterator<Item = (u16, char)> {
    rows.flat_map(|row| (0xA1..=0xFEu8).map(move |cell| [row, cell]))
        .filter_map(|code| Some((u16::from_be_bytes(code), decode(code)?)))
}

/// The 8,822 Hangul of CP949 that KS X 1001 lacks.
fn further_hangul() -> impl Iterator<Item = char> {
    let cells = |row| {
        let last = if row < 0xA1 { 0xFE } else { 0xA0 };
        (0x41..=0x5A).chain(0x61..=0x7A).chain(0x81..=last).map(move |cell: u8| [row, cell])
    };
    (0x81..=0xC6u8).flat_map(cells).filter_map(decode).filter(|c| matches!(c, '가'..='힣'))
}

fn decode(code: [u8; 2]) -> Option<char> {
    let text = EUC_KR.decode_without_bom_handling_and_without_replacement(&code)?;
    let mut chars = text.chars();
    chars.next().filter(|_| chars.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_the_collection_does() {
        for (cid, expected) in [
            (1, Some(' ')),
            (34, Some('A')),
            (101, Some('\u{3000}')),
            (1085, Some('я')),
            (1086, Some('가')),
            (3435, Some('힝')),
            (3436, Some('伽')),
            (3577, Some('鎧')),
            (8055, Some('詰')),
            (8127, Some('A')),
            (9333, Some('갂')),
            (18154, Some('힣')),
            (0, None),
            (99_999, None),
        ] {
            assert_eq!(char_of(cid), expected, "{cid}");
        }
        assert_eq!(cid_of('한').and_then(char_of), Some('한'));
        assert_eq!(cid_of('A'), Some(34));
    }
}
