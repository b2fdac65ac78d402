//! Fonts whose letters are signs: what a code of theirs shows.

use super::pdf_standard_font;

/// The sign of a code in a font of this name; none if the font has it where no character of Unicode is known to stand
/// for it. Codes at U+F000 and up are those of the font without that.
pub(super) fn sign(font: &str, code: u32) -> Option<char> {
    let code =
        u8::try_from(code & 0xFF).ok().filter(|_| code < 0x100 || code & 0xFF00 == 0xF000)?;
    let font = font.trim().to_ascii_lowercase();
    match font.as_str() {
        "wingdings" => wingdings(code),
        "wingdings 2" => wingdings_2(code),
        "wingdings 3" | "webdings" | "marlett" | "mt extra" => None,
        name if name.contains("dingbats") => built_in("ZapfDingbats", code),
        _ => built_in("Symbol", code),
    }
}

/// Whether the letters of a font of this name are signs.
pub(super) fn has_signs(font: &str) -> bool {
    let font = font.trim().to_ascii_lowercase();
    matches!(
        font.as_str(),
        "symbol"
            | "wingdings"
            | "wingdings 2"
            | "wingdings 3"
            | "webdings"
            | "marlett"
            | "mt extra"
    ) || font.contains("dingbats")
}

fn built_in(font: &str, code: u8) -> Option<char> {
    let sign = pdf_standard_font::built_in(font, code, true)?;
    match sign.chars().next()? {
        // The operator that Symbol has in place of the bullet.
        '∙' => Some('•'),
        c => Some(c),
    }
}

fn wingdings(code: u8) -> Option<char> {
    Some(match code {
        0x20 => ' ',
        0x22 => '✂',
        0x28 => '☎',
        0x2A => '✉',
        0x4A => '☺',
        0x4C => '☹',
        0x6C => '●',
        0x6E => '■',
        0x6F | 0xA8 => '☐',
        0x71 => '❑',
        0x72 => '❒',
        0x75 => '◆',
        0x76 => '❖',
        0x77 => '⬥',
        0x80 => '⓪',
        0x81..=0x8A => char::from_u32(0x2460 + u32::from(code - 0x81))?,
        0x8C..=0x95 => char::from_u32(0x2776 + u32::from(code - 0x8C))?,
        0x9F => '•',
        0xA7 => '▪',
        0xAB => '★',
        0xD8 => '➢',
        0xDF | 0xE7 => '←',
        0xE0 | 0xE8 => '→',
        0xE1 | 0xE9 => '↑',
        0xE2 | 0xEA => '↓',
        0xF0 => '⇨',
        0xFB => '✗',
        0xFC => '✓',
        0xFD => '☒',
        0xFE => '☑',
        _ => return None,
    })
}

fn wingdings_2(code: u8) -> Option<char> {
    Some(match code {
        0x20 => ' ',
        0x4F => '✗',
        0x50 => '✓',
        0x51 | 0x54 => '☒',
        0x52 => '☑',
        0x2A | 0xA3 => '☐',
        0x97 => '●',
        0xA2 => '■',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_of_signs_are_known_by_name() {
        assert!(has_signs("Wingdings 2") && has_signs("ITC Zapf Dingbats") && has_signs("symbol"));
        assert!(!has_signs("Symbola") && !has_signs("바탕"));
    }

    #[test]
    fn signs_by_font() {
        for (font, code, c) in [
            ("Symbol", 0xB7, Some('•')),
            ("Symbol", 0xF061, Some('α')),
            ("Wingdings", 0xF0FE, Some('☑')),
            ("Wingdings 2", 0x52, Some('☑')),
            ("Wingdings 3", 0x52, None),
            ("Symbol", 0xAC00, None),
        ] {
            assert_eq!(sign(font, code), c, "{font} {code:x}");
        }
    }
}
