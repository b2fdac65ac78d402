//! The fonts of an RTF file, which say in which code page the text set in them is.

use std::collections::BTreeMap;

use super::super::code_page::{decode, is_double_byte_text};
use super::super::symbol_font;
use crate::encoding;

/// Fonts that are remembered; real files have some dozens.
const MOST: usize = 10_000;
/// Bytes of a name that are remembered.
const LONGEST_NAME: usize = 256;

/// In which encoding a text set in a font is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// That of the file.
    Ours,
    /// A code page by its number.
    Number(u16),
    /// None: codes are signs of the font.
    Signs,
}

#[derive(Debug)]
struct Font {
    name: String,
    page: Page,
}

/// The table of fonts.
#[derive(Debug, Default)]
pub(super) struct Fonts {
    fonts: BTreeMap<i32, Font>,
    /// The font whose entry is being read.
    current: i32,
    /// The code page of the file, if it names one.
    page: Option<u16>,
}

impl Fonts {
    /// The code page of the file.
    pub(super) fn set_page(&mut self, page: u16) {
        self.page = Some(page);
    }

    /// The entry of a font begins.
    pub(super) fn begin(&mut self, number: i32) {
        self.current = number;
        if self.fonts.len() < MOST {
            self.fonts.insert(number, Font { name: String::new(), page: Page::Ours });
        }
    }

    /// `\fcharset` of the entry.
    pub(super) fn charset(&mut self, charset: i32) {
        let page = match charset {
            0 => Page::Number(1252),
            2 => Page::Signs,
            77 => Page::Number(10000),
            78 | 128 => Page::Number(932),
            79 | 129 => Page::Number(949),
            80 | 134 => Page::Number(936),
            81 | 136 => Page::Number(950),
            130 => Page::Number(1361),
            161 => Page::Number(1253),
            162 => Page::Number(1254),
            163 => Page::Number(1258),
            177 | 181 => Page::Number(1255),
            178..=180 => Page::Number(1256),
            186 => Page::Number(1257),
            204 => Page::Number(1251),
            222 => Page::Number(874),
            238 => Page::Number(1250),
            254 => Page::Number(437),
            255 => Page::Number(850),
            _ => Page::Ours,
        };
        if let Some(font) = self.fonts.get_mut(&self.current) {
            font.page = page;
        }
    }

    /// `\cpg` of the entry.
    pub(super) fn code_page(&mut self, page: u16) {
        if let Some(font) = self.fonts.get_mut(&self.current)
            && page != 0
            && font.page != Page::Signs
        {
            font.page = Page::Number(page);
        }
    }

    /// A piece of the name of the entry, which a semicolon ends.
    pub(super) fn name(&mut self, text: &str) {
        let Some(font) = self.fonts.get_mut(&self.current) else { return };
        if font.name.len() + text.len() > LONGEST_NAME {
            return;
        }
        font.name.push_str(text.trim_end_matches(';'));
        // Windows named a font once for each of its scripts, and old writers say no more than that.
        let scripts = [
            (" CE", 1250),
            (" Cyr", 1251),
            (" Greek", 1253),
            (" Tur", 1254),
            (" (Hebrew)", 1255),
            (" (Arabic)", 1256),
            (" Baltic", 1257),
        ];
        if let Some((_, page)) = scripts.iter().find(|(script, _)| font.name.ends_with(script))
            && matches!(font.page, Page::Ours | Page::Number(1252))
        {
            font.page = Page::Number(*page);
        }
    }

    /// The name of a font of signs; none if its codes are letters.
    fn signs(&self, font: Option<i32>) -> Option<&str> {
        let font = self.fonts.get(&font?)?;
        // Some writers give every font the character set of Latin letters, or none.
        let is_of_signs = font.page == Page::Signs || symbol_font::has_signs(&font.name);
        is_of_signs.then_some(font.name.as_str())
    }

    /// The text of bytes that are set in a font.
    pub(super) fn text(&self, bytes: &[u8], font: Option<i32>) -> String {
        if bytes.is_ascii() && self.signs(font).is_none() {
            return String::from_utf8_lossy(bytes).into_owned();
        }
        let set = font.and_then(|font| self.fonts.get(&font)).map_or(Page::Ours, |font| font.page);
        let signs = || bytes.iter().filter_map(|byte| self.sign(u32::from(*byte), font)).collect();
        let own_page = match set {
            Page::Number(page) if page != 1252 => Some(page),
            _ => self.page,
        };
        let is_double =
            !bytes.is_ascii() && own_page.is_some_and(|page| is_double_byte_text(bytes, page));
        match (set, self.page) {
            (Page::Signs, _) => signs(),
            // Hangul comes from another font.
            _ if self.signs(font).is_some() && !is_double => signs(),
            // Writers give Korean text to a font of Latin letters and leave it to Windows to find another.
            (Page::Number(1252), Some(page)) if is_double_byte_text(bytes, page) => {
                decode(bytes, page)
            }
            (Page::Number(page), _) | (Page::Ours, Some(page)) => decode(bytes, page),
            (Page::Ours, None) => match encoding::decode(bytes) {
                guess if guess.encoding == "EUC-KR" && !guess.lossy => guess.text,
                _ => decode(bytes, 1252),
            },
        }
    }

    /// A character given by its number: itself, or what a font of signs shows for it.
    pub(super) fn sign(&self, code: u32, font: Option<i32>) -> Option<char> {
        match self.signs(font) {
            Some(name) => symbol_font::sign(name, code).or(match code {
                // Hangul comes from another font.
                0x20..=0x7E | 0x100..=0xDFFF | 0xF900.. => char::from_u32(code),
                _ => None,
            }),
            // Word writes signs of any font at U+F000 and up.
            None if (0xF020..=0xF0FF).contains(&code) => symbol_font::sign("Symbol", code),
            None => char::from_u32(code),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fonts_of_signs_are_known_by_name_whatever_their_character_set() {
        let mut fonts = Fonts::default();
        for (number, name, charset) in [
            (1, "Wingdings;", Some(0)),
            (2, "Wingdings;", None),
            (3, "Wingdings;", Some(129)),
            (4, "Arial;", Some(0)),
        ] {
            fonts.begin(number);
            charset.into_iter().for_each(|charset| fonts.charset(charset));
            fonts.name(name);
        }
        fonts.set_page(949);
        for font in 1..=3 {
            assert_eq!(fonts.text(b"\xFE", Some(font)), "☑", "{font}");
            assert_eq!(fonts.text(b"o", Some(font)), "☐", "{font}");
            assert_eq!(fonts.sign(0xFE, Some(font)), Some('☑'), "{font}");
            // Hangul comes from another font.
            assert_eq!(fonts.text(b"\xB5\xBF\xC0\xC7", Some(font)), "동의", "{font}");
            assert_eq!(fonts.sign(0xB3D9, Some(font)), Some('동'), "{font}");
        }
        assert_eq!(fonts.text(b"o", Some(4)), "o");
    }
}
