//! Characters of private codes that documents of 한글 are full of: signs of its own fonts, and old Hangul.
//!
//! Fonts alone know what a private code shows, and nobody searches for one. What is not known here stays as it is.

use std::sync::OnceLock;

use super::symbol_font;
use crate::private_signs::sign;

/// The text with characters of Unicode in place of private ones; none if there is nothing to replace. A soft hyphen is drawn
/// as any other by this word processor (K-MOOC), but where a word of small letters may be broken.
pub(super) fn spelled(text: &str) -> Option<String> {
    // Their first bytes in UTF-8; Hangul and ASCII have others.
    let may_be = |byte: u8| matches!(byte, 0xC2 | 0xEE | 0xEF | 0xF3);
    if !text.bytes().any(may_be) || !text.contains(|c| c == SOFT_HYPHEN || is_private(c)) {
        return None;
    }
    let mut spelled = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c == SOFT_HYPHEN && !chars.peek().copied().is_some_and(char::is_lowercase) {
            spelled.push('-');
            continue;
        }
        match syllable(c).or_else(|| sign(c)) {
            Some(known) => spelled.push_str(known),
            None => spelled.push(symbol_font::unnamed(c).unwrap_or(c)),
        }
    }
    Some(spelled)
}

/// The sign that a unit of HWP 5 stands for: those of the fifteenth plane may stand at U+A000 and on, where Unicode has
/// syllables of Yi.
pub(super) fn unfolded(unit: u16) -> Option<&'static str> {
    let folded = unit.checked_sub(0xA000).filter(|folded| *folded < 0x48D)?;
    sign(char::from_u32(0xF_0000 + u32::from(folded))?)
}

const SOFT_HYPHEN: char = '\u{AD}';

fn is_private(c: char) -> bool {
    matches!(c, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{F0FFF}')
}

/// The letters of a syllable of old Hangul, as fonts of Hanyang number them.
///
/// Source: the table of the Korean TeX Users Group (KTUG Hanyang PUA Table Project, public domain), from U+E0BC to U+F8F7.
fn syllable(c: char) -> Option<&'static str> {
    static LINES: OnceLock<Vec<&str>> = OnceLock::new();
    let number = u32::from(c).checked_sub(0xE0BC)?;
    let lines = LINES.get_or_init(|| include_str!("hanyang.txt").lines().collect());
    lines.get(usize::try_from(number).ok()?).copied().filter(|letters| !letters.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_codes_are_spelled() {
        for (text, is) in [
            ("\u{F02B1} 목적 \u{F02C4} 끝", "① 목적 ⑳ 끝"),
            ("제품\u{F02EF}서비스 \u{F0854}책\u{F0855}", "제품·서비스 《책》"),
            ("\u{F53A}글", "\u{1112}\u{119E}\u{11AB}글"),
            ("\u{E0BC}", "\u{115F}\u{1161}\u{11AE}"),
            ("\u{F8F7}", "\u{11F9}"),
            ("\u{F0FE} 동의", "☑ 동의"),
            ("홍길동 \u{F012B}", "홍길동 (인)"),
            ("K\u{AD}MOOC, 1203\u{AD}1, 축사로\u{AD}한우", "K-MOOC, 1203-1, 축사로-한우"),
            ("per\u{AD}tinent \u{E000}", "per\u{AD}tinent \u{E000}"),
            ("\u{E000} \u{F0FFF}", "\u{E000} \u{F0FFF}"),
        ] {
            assert_eq!(spelled(text).as_deref(), Some(is), "{}", text.escape_unicode());
        }
        for plain in ["한글 abc ①", "", "！［］", "\u{1F600}"] {
            assert_eq!(spelled(plain), None, "{plain}");
        }
    }

    #[test]
    fn units_may_be_folded_signs() {
        assert_eq!(unfolded(0xA12B), Some("(인)"));
        for unit in [0xA000, 0xA48D, 0x9FFF, 0xAC00] {
            assert_eq!(unfolded(unit), None, "{unit:X}");
        }
    }
}
