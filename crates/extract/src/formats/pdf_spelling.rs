//! How the characters of a line are spelled for who searches for them: ligatures as their letters, the forms that Arabic
//! letters take within words as the letters, Hangul that came letter by letter as syllables, and signs of Hancom's fonts.

use unicode_normalization::UnicodeNormalization;

use crate::hangul_letters::syllable;
use crate::private_signs::sign;

/// The line as it is spelled; none if it is so already.
pub(super) fn spelled(line: &str) -> Option<String> {
    let is_other = |c| {
        let is_form = matches!(c, '\u{FB00}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}');
        is_form || is_private(c) || matches!(c, '\u{1100}'..='\u{11FF}')
    };
    if line.is_ascii() || !line.contains(is_other) {
        return None;
    }
    let mut out = String::with_capacity(line.len());
    let mut rest = line.chars();
    let mut last = None;
    while let Some(c) = rest.next() {
        if let Some((syllable, taken)) = syllable(last, c, rest.clone()) {
            out.push(syllable);
            rest.by_ref().take(taken).for_each(drop);
            last = None;
            continue;
        }
        last = Some(c);
        match c {
            'ﬀ' => out.push_str("ff"),
            'ﬁ' => out.push_str("fi"),
            'ﬂ' => out.push_str("fl"),
            'ﬃ' => out.push_str("ffi"),
            'ﬄ' => out.push_str("ffl"),
            'ﬅ' | 'ﬆ' => out.push_str("st"),
            // A mark that stands alone is a space with the mark.
            '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' => {
                let letters = std::iter::once(c).nfkc();
                let has_words = matches!(c, '\u{FDFA}' | '\u{FDFB}');
                out.extend(letters.filter(|letter| *letter != ' ' || has_words));
            }
            c => match sign(c) {
                Some(sign) => out.push_str(sign),
                None => out.push(c),
            },
        }
    }
    Some(out)
}

/// Whether it is of the plane where Hancom's fonts have their signs.
fn is_private(c: char) -> bool {
    matches!(c, '\u{F0000}'..='\u{F0FFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ligatures_and_forms_are_their_letters() {
        for (line, is) in [
            ("oﬃce ﬆop", "office stop"),
            ("\u{FEFB} \u{FEE3}\u{FEAE}", "\u{644}\u{627} \u{645}\u{631}"),
            ("\u{FE8D}\u{FE76}\u{FEDF}", "\u{627}\u{64E}\u{644}"),
            ("\u{F02B1} 목적 \u{F0FFF}", "① 목적 \u{F0FFF}"),
        ] {
            assert_eq!(spelled(line).as_deref(), Some(is), "{line}");
        }
        for plain in ["office", "한글 é", "\u{FB4F}\u{FEFF}"] {
            assert_eq!(spelled(plain).as_deref().unwrap_or(plain), plain);
        }
    }

    #[test]
    fn letters_of_hangul_are_syllables() {
        for (line, is) in [
            ("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF} 가", "한글 가"),
            ("\u{1100}\u{1161}\u{1102}\u{1161}", "가나"),
            // Old Hangul, and letters by themselves.
            ("\u{1112}\u{119E}\u{11AB}", "\u{1112}\u{119E}\u{11AB}"),
            ("\u{1109}\u{1100}\u{1161}", "\u{1109}\u{1100}\u{1161}"),
            ("\u{1100}\u{1161}\u{11F9}", "\u{1100}\u{1161}\u{11F9}"),
            ("\u{1100}\u{1161}\u{11A8}\u{11F9}", "\u{1100}\u{1161}\u{11A8}\u{11F9}"),
            ("\u{1100} \u{1161}", "\u{1100} \u{1161}"),
            ("\u{1112}\u{1161}\u{11A7}", "\u{1112}\u{1161}\u{11A7}"),
        ] {
            assert_eq!(spelled(line).as_deref(), Some(is), "{}", line.escape_unicode());
        }
    }
}
