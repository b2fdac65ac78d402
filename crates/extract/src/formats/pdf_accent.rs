//! Accents that stand as glyphs of their own over or under their letter, as TeX sets them in its old fonts.

use unicode_normalization::char::compose;

/// The accent that a glyph is, as the mark that goes behind a letter.
pub(super) fn mark_of(text: &str) -> Option<char> {
    let mut chars = text.chars();
    let (accent, None) = (chars.next()?, chars.next()) else { return None };
    Some(match accent {
        '`' => '\u{300}',
        '´' => '\u{301}',
        '^' | 'ˆ' => '\u{302}',
        '~' | '˜' => '\u{303}',
        '¯' | 'ˉ' => '\u{304}',
        '˘' => '\u{306}',
        '˙' => '\u{307}',
        '¨' => '\u{308}',
        '˚' | '°' => '\u{30A}',
        '˝' => '\u{30B}',
        'ˇ' => '\u{30C}',
        '¸' => '\u{327}',
        '˛' => '\u{328}',
        '\u{300}'..='\u{30C}' | '\u{327}' | '\u{328}' => accent,
        _ => return None,
    })
}

/// The letter with an accent, if there is such a letter.
pub(super) fn accented(letter: &str, mark: char) -> Option<char> {
    let mut chars = letter.chars();
    let (letter, None) = (chars.next()?, chars.next()) else { return None };
    let letter = match letter {
        'ı' => 'i',
        'ȷ' => 'j',
        letter => letter,
    };
    compose(letter, mark).filter(|_| letter.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_accents_on_letters() {
        let both = |letter: &str, accent: &str| accented(letter, mark_of(accent)?);
        for (letter, accent, expected) in [
            ("u", "¨", 'ü'),
            ("ı", "´", 'í'),
            ("n", "˜", 'ñ'),
            ("c", "¸", 'ç'),
            ("S", "ˇ", 'Š'),
            ("o", "˝", 'ő'),
            ("A", "\u{30A}", 'Å'),
        ] {
            assert_eq!(both(letter, accent), Some(expected));
        }
        for (letter, accent) in [("x", "¸"), ("가", "´"), ("fi", "´"), ("u", "."), ("u", "¨¨")]
        {
            assert_eq!(both(letter, accent), None);
        }
    }
}
