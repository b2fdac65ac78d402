//! Fonts whose letters are signs, by the names that PDFs give them (`ABCDEF+Wingdings-Regular`).

use super::symbol_font;

/// What fonts of signs have at the end of their names, in small letters.
const STYLES: &[&str] = &["regular", "normal", "bold", "italic", "oblique", "mt", "ps", "std"];

/// A font of signs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Signs {
    /// Its name without tag and style.
    font: &'static str,
}

impl Signs {
    /// The font of this name, if its letters are signs.
    pub(super) fn of(base_font: &str) -> Option<Signs> {
        // The tag of a font that is cut down.
        let name = match base_font.split_once('+') {
            Some((tag, name)) if tag.len() == 6 => name,
            _ => base_font,
        };
        let name = name.chars().filter(char::is_ascii_alphanumeric);
        let name = name.collect::<String>().to_ascii_lowercase();
        let mut name = name.as_str();
        while let Some(stem) = STYLES.iter().find_map(|style| name.strip_suffix(style)) {
            name = stem;
        }
        let font = match name {
            "wingdings" => "Wingdings",
            "wingdings2" => "Wingdings 2",
            "wingdings3" => "Wingdings 3",
            "webdings" => "Webdings",
            "symbol" => "Symbol",
            _ => return None,
        };
        Some(Signs { font })
    }

    /// Whether nothing but its codes says what it shows: names and letters that a PDF gives its codes are those of the
    /// letters which stand at the same codes elsewhere. Symbol has names that all know.
    pub(super) fn has_no_names(self) -> bool {
        self.font != "Symbol"
    }

    /// What a code of the font shows.
    pub(super) fn of_code(self, code: u8) -> Option<char> {
        symbol_font::sign(self.font, code.into())
    }

    /// What stands for a character that a map gives: for a code in the private area the sign, and for a letter, too, if
    /// the font has none.
    pub(super) fn of_char(self, c: char) -> Option<char> {
        match c {
            '\u{F020}'..='\u{F0FF}' => symbol_font::sign(self.font, c.into()),
            '!'..='~' | '\u{A1}'..='\u{FF}' if self.has_no_names() => {
                symbol_font::sign(self.font, c.into())
            }
            c => Some(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_of_signs_are_known_by_the_names_of_pdfs() {
        for (name, font) in [
            ("ABCDEF+Wingdings-Regular", Some("Wingdings")),
            ("Wingdings", Some("Wingdings")),
            ("Wingdings2", Some("Wingdings 2")),
            ("ABCDEF+SymbolMT", Some("Symbol")),
            ("Symbol,Bold", Some("Symbol")),
            ("SegoeUISymbol", None),
            ("Batang", None),
            ("", None),
        ] {
            assert_eq!(Signs::of(name).map(|signs| signs.font), font, "{name}");
        }
    }

    #[test]
    fn what_codes_and_characters_of_fonts_of_signs_show() {
        let (wingdings, symbol) = (Signs::of("Wingdings").unwrap(), Signs::of("Symbol").unwrap());
        assert_eq!((wingdings.of_code(0xFE), symbol.of_code(b'a')), (Some('☑'), Some('α')));
        for (c, of_wingdings, of_symbol) in [
            ('\u{F0FE}', Some('☑'), None),
            ('\u{F0B7}', Some('🕐'), Some('•')),
            ('þ', Some('☑'), Some('þ')),
            ('×', Some('⮘'), Some('×')),
            ('✓', Some('✓'), Some('✓')),
            // No letter, but the number of a glyph.
            ('\u{84}', Some('\u{84}'), Some('\u{84}')),
            (' ', Some(' '), Some(' ')),
        ] {
            assert_eq!(wingdings.of_char(c), of_wingdings, "{c}");
            assert_eq!(symbol.of_char(c), of_symbol, "{c}");
        }
    }
}
