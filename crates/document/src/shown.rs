use std::fmt;

use serde::Serialize;

/// Text that may go to a terminal, a line of a log or a page: whatever could pretend to be something else is
/// made visible. Control characters and line breaks are shown by their pictures (U+2400 ff.), marks without a
/// shape of their own (directions, separators, C1 controls) by their number.
///
/// Names, paths and reasons come from strangers. A place that prints takes this type and no `String`, so that it
/// cannot be forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Shown(String);

impl Shown {
    /// Makes a text visible.
    pub fn new(text: &str) -> Shown {
        let mut shown = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '\0'..='\x1f' => {
                    shown.push(char::from_u32(0x2400 + u32::from(c)).unwrap_or('\u{fffd}'));
                }
                '\x7f' => shown.push('\u{2421}'),
                c if is_misleading(c) => shown.push_str(&format!("\\u{{{:x}}}", u32::from(c))),
                c => shown.push(c),
            }
        }
        Shown(shown)
    }

    /// Makes what something says visible.
    pub fn of(value: &(impl fmt::Display + ?Sized)) -> Shown {
        Shown::new(&value.to_string())
    }

    /// At most so many characters of it: what is left out stands in the middle as `…`, since a path tells most by its
    /// beginning and its end.
    #[must_use]
    pub fn within(&self, most: usize) -> Shown {
        let length = self.0.chars().count();
        if length <= most {
            return self.clone();
        }
        let kept = most.saturating_sub(1);
        let (head, tail) = (kept.div_ceil(2), kept / 2);
        let mut short: String = self.0.chars().take(head).collect();
        short.push('…');
        short.extend(self.0.chars().skip(length - tail));
        Shown(short)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad` and not `write_str`, so that widths of a format string count.
        f.pad(&self.0)
    }
}

impl From<&str> for Shown {
    fn from(text: &str) -> Shown {
        Shown::new(text)
    }
}

impl From<String> for Shown {
    fn from(text: String) -> Shown {
        Shown::new(&text)
    }
}

impl AsRef<str> for Shown {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Whether a character has no business in a name: a control (C0, DEL, C1), a break of line or paragraph
/// (U+2028, U+2029), a mark that turns the direction of writing (Unicode Bidirectional Algorithm, section 2,
/// the implicit marks included), or one that nobody sees and that makes two names look alike (soft hyphen, zero
/// width space, word joiner, the fillers of Hangul, blank Braille, byte order mark, tags). The joiners of emoji and of Indic scripts are letters' business and stay.
/// The one list of them.
pub fn is_misleading(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{061C}'
                | '\u{115F}'..='\u{1160}'
                | '\u{180E}'
                | '\u{200B}'
                | '\u{200E}'
                | '\u{200F}'
                | '\u{2028}'
                | '\u{2029}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{2069}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{FFF9}'..='\u{FFFB}'
                | '\u{E0000}'..='\u{E007F}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_hides() {
        assert_eq!(Shown::new("a\nb\u{202e}gpj.exe\u{85}").as_str(), "a␊b\\u{202e}gpj.exe\\u{85}");
        assert_eq!(Shown::new("\u{1b}]0;x\u{7}").as_str(), "␛]0;x␇");
        assert_eq!(Shown::new("보고서 \"1\".hwp").as_str(), "보고서 \"1\".hwp");
        for c in [
            '\u{ad}',
            '\u{115f}',
            '\u{200b}',
            '\u{2060}',
            '\u{3164}',
            '\u{ffa0}',
            '\u{feff}',
            '\u{e0041}',
            '\u{61c}',
            '\u{200f}',
            '\u{2028}',
            '\u{2069}',
            '\u{9b}',
            '\r',
            '\u{7f}',
        ] {
            let shown = Shown::new(&c.to_string());
            assert!(!shown.as_str().chars().any(is_misleading), "{c:?}");
        }
        assert_eq!(Shown::new("\n가").within(2).as_str(), "␊가");
        for (most, short) in [(9, "abcdefghi"), (8, "abcd…ghi"), (3, "a…i"), (2, "a…"), (1, "…")]
        {
            assert_eq!(Shown::new("abcdefghi").within(most).as_str(), short);
        }
        assert_eq!(format!("{:>4}|{:<3}|", Shown::new("가"), Shown::new("b")), "   가|b  |");
    }

    #[test]
    fn a_long_text_keeps_its_beginning_and_its_end() {
        for (text, most, expected) in [
            ("", 0, ""),
            ("가나다", 3, "가나다"),
            ("가나다라", 3, "가…라"),
            ("가나다라", 2, "가…"),
            ("drop/press/보고서.hwp", 12, "drop/p…서.hwp"),
            ("ab\u{202e}c", 7, "ab\\…e}c"),
            ("가나", 1, "…"),
            ("가나", 0, "…"),
        ] {
            let short = Shown::new(text).within(most);
            assert_eq!(short.as_str(), expected);
        }
        // What hides is made visible before anything is cut, and counts as what it is shown as.
        let flood = "깊은/".repeat(1500) + "끝.hwp";
        let short = Shown::new(&flood).within(200);
        assert_eq!(short.as_str().chars().count(), 200);
        assert!(short.as_str().starts_with("깊은/") && short.as_str().ends_with("끝.hwp"));
    }
}
