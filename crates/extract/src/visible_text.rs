//! The text as people see it: without what nobody sees within words, and with one character for what looks like one.
//!
//! Whoever searches types what is seen. This is done once, behind all formats.

use crate::hangul_letters::syllable;
use crate::private_signs::sign;

/// The text as it is seen; none if it is that already, as nearly all is. Signs of Hancom's fonts are spelled in documents that
/// are `korean`: elsewhere, other fonts may have other signs there.
pub(crate) fn visible(text: &str, korean: bool) -> Option<String> {
    if !may_differ(text.as_bytes(), korean) {
        return None;
    }
    let mut seen = String::with_capacity(text.len());
    let mut rest = text.chars();
    let (mut before, mut differs) = (None, false);
    while let Some(c) = rest.next() {
        if is_unseen(before, c, rest.clone().next()) {
            differs = true;
            continue;
        }
        if let Some((syllable, taken)) = syllable(before, c, rest.clone()) {
            seen.push(syllable);
            rest.by_ref().take(taken).for_each(drop);
            (before, differs) = (Some(syllable), true);
            continue;
        }
        before = Some(c);
        match sign(c).filter(|_| korean) {
            Some(sign) => {
                seen.push_str(sign);
                differs = true;
            }
            None => seen.push(c),
        }
    }
    differs.then_some(seen)
}

/// Whether the bytes have the beginnings of characters that may look different; most texts have none, and cost no more.
fn may_differ(text: &[u8], korean: bool) -> bool {
    text.windows(3).any(|bytes| match *bytes {
        // U+00AD; U+200B; U+2060; U+FEFF; vowels and last letters of Hangul that stand by themselves.
        [0xC2, 0xAD, _] | [0xE2, 0x80, 0x8B] | [0xE2, 0x81, 0xA0] => true,
        [0xEF, 0xBB, 0xBF] | [0xE1, 0x85..=0x87, _] => true,
        [0xF3, 0xB0, _] => korean,
        _ => false,
    })
}

/// Whether nothing is seen of a character where it stands.
fn is_unseen(before: Option<char>, c: char, after: Option<char>) -> bool {
    match c {
        '\u{FEFF}' | '\u{2060}' => true,
        // Scripts without blanks are divided by it.
        '\u{200B}' => !before.is_some_and(is_undivided),
        // Where a word may be broken.
        '\u{AD}' => {
            before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
        }
        _ => false,
    }
}

/// Thai, Lao, Burmese and Khmer.
fn is_undivided(c: char) -> bool {
    matches!(c, '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_left_out() {
        for (text, seen) in [
            ("per\u{AD}tinent", "pertinent"),
            ("재난\u{200B}안전\u{2060}점검", "재난안전점검"),
            ("한\u{FEFF}글", "한글"),
            ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}", "한글"),
            ("\u{1112}\u{119E}\u{11AB}글\u{FEFF}", "\u{1112}\u{119E}\u{11AB}글"),
            ("\u{F02B1} 목적", "① 목적"),
            ("재난\u{AD}안전", "재난안전"),
        ] {
            assert_eq!(visible(text, true).as_deref(), Some(seen), "{}", text.escape_unicode());
        }
    }

    #[test]
    fn what_is_seen_stays() {
        for text in [
            "한글 “따옴표” … • 끝",
            "\u{AD} \u{AD}끝",
            "ไทย\u{200B}ไทย",
            "각\u{11A8}",
            "\u{1112}\u{119E}\u{11AB}",
            "\u{1109}\u{1100}\u{1161} \u{1100}\u{1161}\u{11A8}\u{11F9}",
            "\u{1F468}\u{200D}\u{1F469}",
        ] {
            assert_eq!(visible(text, true), None, "{}", text.escape_unicode());
        }
        assert_eq!(visible("\u{F02B1}", false), None);
    }
}
