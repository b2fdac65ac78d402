//! What an embedded font says of its glyphs: the last resort where the PDF does not say which characters they are.

use std::collections::{BTreeMap, HashMap};

use ttf_parser::{GlyphId, PlatformId, RawFace, Tag, cff, cmap, post};

use super::pdf_glyph_name;

/// Characters of one font that are looked at.
const CHARS_MOST: usize = 70_000;

/// An embedded font program of a simple or a composite font.
#[derive(Debug, Default)]
pub(super) struct FontProgram {
    /// The character of glyphs that have one.
    chars: HashMap<u16, char>,
    /// The characters of ligatures.
    texts: HashMap<u16, String>,
    /// The characters of the codes of a simple font.
    codes: HashMap<u8, String>,
}

impl FontProgram {
    /// Reads `FontFile2`, or `FontFile3` with an OpenType font or a bare CFF table.
    pub(super) fn parse(bytes: &[u8]) -> FontProgram {
        if let Ok(face) = RawFace::parse(bytes, 0) {
            return FontProgram::of_face(&face);
        }
        cff::Table::parse(bytes).map(|table| FontProgram::of_cff(&table)).unwrap_or_default()
    }

    /// Reads the encoding of a Type 1 program (`FontFile`), which stands in its open part.
    pub(super) fn parse_type1(bytes: &[u8]) -> FontProgram {
        let mut program = FontProgram::default();
        let open = bytes.windows(5).position(|w| w == b"eexec").and_then(|at| bytes.get(..at));
        let open = String::from_utf8_lossy(open.unwrap_or(bytes));
        let Some((_, encoding)) = open.split_once("/Encoding") else { return program };
        let mut words = encoding.split_ascii_whitespace();
        while let Some(word) = words.next() {
            match word {
                "def" | "readonly" => break,
                "dup" => {
                    let code = words.next().and_then(|code| code.parse().ok());
                    let name = words.next().and_then(|name| name.strip_prefix('/'));
                    if let Some((code, text)) = code.zip(name.and_then(pdf_glyph_name::text_of)) {
                        program.codes.insert(code, text);
                    }
                }
                _ => {}
            }
        }
        program
    }

    /// The characters of a glyph.
    pub(super) fn text_of_glyph(&self, glyph: u16) -> Option<String> {
        let one = self.chars.get(&glyph).map(|&c| String::from(c));
        one.or_else(|| self.texts.get(&glyph).cloned())
    }

    /// The characters of a code by the font's own encoding.
    pub(super) fn text_of_code(&self, code: u8) -> Option<&str> {
        self.codes.get(&code).map(String::as_str)
    }

    fn of_face(face: &RawFace<'_>) -> FontProgram {
        let mut program = FontProgram::default();
        let table = |tag| face.table(Tag::from_bytes(tag));
        if let Some(table) = table(b"CFF ").and_then(cff::Table::parse) {
            program = FontProgram::of_cff(&table);
        }
        if let Some(post) = table(b"post").and_then(post::Table::parse) {
            for (glyph, name) in (0..=u16::MAX).zip(post.names()) {
                program.name(glyph, name);
            }
        }
        let Some(cmap) = table(b"cmap").and_then(cmap::Table::parse) else { return program };
        let mut own = BTreeMap::new();
        for subtable in cmap.subtables {
            let unicode = subtable.is_unicode();
            let mut left = CHARS_MOST;
            subtable.codepoints(|code| {
                left = left.saturating_sub(1);
                let glyph = subtable.glyph_index(code).filter(|glyph| glyph.0 != 0 && left > 0);
                let Some(GlyphId(glyph)) = glyph else { return };
                // A symbolic font puts its codes into the private area.
                let is_own = (0xF000..=0xF0FF).contains(&code) || code < 256;
                if is_own
                    && (!unicode || code >= 0xF000 || subtable.platform_id == PlatformId::Macintosh)
                {
                    own.entry((code & 0xFF) as u8).or_insert(glyph);
                }
                let c = char::from_u32(code).filter(|_| unicode && !is_private(code));
                if let Some(c) = c {
                    program.chars.insert(glyph, c);
                }
            });
        }
        for (code, glyph) in own {
            if let Some(text) = program.text_of_glyph(glyph) {
                program.codes.insert(code, text);
            }
        }
        program
    }

    /// Takes the name of a glyph, unless its characters are known.
    fn name(&mut self, glyph: u16, name: &str) {
        let Some(text) = pdf_glyph_name::text_of(name) else { return };
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => {
                self.chars.entry(glyph).or_insert(c);
            }
            _ => {
                self.texts.entry(glyph).or_insert(text);
            }
        }
    }

    fn of_cff(table: &cff::Table<'_>) -> FontProgram {
        let mut program = FontProgram::default();
        for glyph in 1..table.number_of_glyphs() {
            if let Some(name) = table.glyph_name(GlyphId(glyph)) {
                program.name(glyph, name);
            }
        }
        for code in 0..=u8::MAX {
            let glyph = table.glyph_index(code);
            if let Some(text) = glyph.and_then(|GlyphId(glyph)| program.text_of_glyph(glyph)) {
                program.codes.insert(code, text);
            }
        }
        program
    }
}

fn is_private(code: u32) -> bool {
    (0xE000..=0xF8FF).contains(&code) || code < 0x20
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_encoding_of_a_type_1_program() {
        let program = FontProgram::parse_type1(
            b"%!PS-AdobeFont-1.0\n/Encoding 256 array\n0 1 255 {1 index exch /.notdef put} for\n\
              dup 3 /Aacute put\ndup 65 /uniD55C put\nreadonly def\neexec dup 66 /B put",
        );
        assert_eq!(program.text_of_code(3), Some("Á"));
        assert_eq!(program.text_of_code(65), Some("한"));
        assert_eq!(program.text_of_code(66), None);
    }

    #[test]
    fn takes_no_harm_from_noise() {
        for bytes in [b"".as_slice(), b"\0\x01\0\0\xFF\xFF", b"\x01\0\x04\x04\xFF\xFF\xFF\xFF\xFF"]
        {
            assert_eq!(FontProgram::parse(bytes).text_of_glyph(1), None);
            assert_eq!(FontProgram::parse_type1(bytes).text_of_code(1), None);
        }
    }
}
