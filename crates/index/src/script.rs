/// The script of a character, as far as analysis tells scripts apart.
///
/// Runs of different scripts inside one word are separate tokens (`AI반도체` is `ai` and `반도체`): an analyzer
/// that keeps them together misses both when a user spaces them differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Script {
    /// Syllables and letters of the Korean alphabet. Every character of this class takes three bytes in UTF-8,
    /// on which [`crate::particle`] relies.
    Hangul,
    /// Chinese characters (Hanja, Kanji).
    Han,
    /// Hiragana and Katakana.
    Kana,
    /// Letters and digits of every script that separates its words by spaces.
    Alnum,
    /// Anything between words.
    Other,
}

impl Script {
    /// The script of `c`. Ranges are those of the Unicode blocks (Unicode 17, Blocks.txt).
    pub(crate) fn of(c: char) -> Script {
        if c.is_ascii() {
            return if c.is_ascii_alphanumeric() { Script::Alnum } else { Script::Other };
        }
        match u32::from(c) {
            0xAC00..=0xD7A3
            | 0x1100..=0x11FF
            | 0x3131..=0x318E
            | 0xA960..=0xA97F
            | 0xD7B0..=0xD7FF => Script::Hangul,
            0x4E00..=0x9FFF | 0x3400..=0x4DBF | 0xF900..=0xFAFF | 0x20000..=0x3134F | 0x3005 => {
                Script::Han
            }
            0x3041..=0x309F | 0x30A1..=0x30FA | 0x30FC..=0x30FF | 0xFF66..=0xFF9F => Script::Kana,
            _ if c.is_alphanumeric() => Script::Alnum,
            _ => Script::Other,
        }
    }

    /// Whether words of this script are searched by bigrams as well.
    pub(crate) fn has_bigrams(self) -> bool {
        matches!(self, Script::Hangul | Script::Han | Script::Kana)
    }
}

/// Whether `c` is a Hangul syllable in the precomposed block, which NFC and NFKC leave as it is.
pub(crate) fn is_syllable(c: char) -> bool {
    ('\u{AC00}'..='\u{D7A3}').contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts() {
        for (c, script) in [
            ('가', Script::Hangul),
            ('ㅋ', Script::Hangul),
            ('法', Script::Han),
            ('々', Script::Han),
            ('の', Script::Kana),
            ('・', Script::Other),
            ('ー', Script::Kana),
            ('a', Script::Alnum),
            ('é', Script::Alnum),
            ('７', Script::Alnum),
            ('①', Script::Alnum),
            ('-', Script::Other),
            ('。', Script::Other),
            ('\u{3000}', Script::Other),
        ] {
            assert_eq!(Script::of(c), script, "{c}");
        }
    }
}
