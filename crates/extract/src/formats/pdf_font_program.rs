//! What an embedded font says of its glyphs: the last resort where the PDF does not say which characters they are.

use std::collections::{BTreeMap, HashMap};

use ttf_parser::{GlyphId, PlatformId, RawFace, Tag, cff, cmap, post};

use super::pdf_glyph_name;

/// Characters of one table of a font that are looked at: there are no more glyphs.
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
    /// Whether what would say characters is there and cannot be read.
    pub(super) is_damaged: bool,
    /// Whether it has more characters than are looked at.
    pub(super) is_cut: bool,
}

impl FontProgram {
    /// Reads `FontFile2`, or `FontFile3` with an OpenType font or a bare CFF table.
    pub(super) fn parse(bytes: &[u8]) -> FontProgram {
        if let Ok(face) = RawFace::parse(bytes, 0) {
            return FontProgram::of_face(&face);
        }
        cff::Table::parse(bytes)
            .map_or_else(FontProgram::damaged, |table| FontProgram::of_cff(&table))
    }

    fn damaged() -> FontProgram {
        FontProgram { is_damaged: true, ..FontProgram::default() }
    }

    /// Reads the encoding of a Type 1 program (`FontFile`), which stands in its open part.
    pub(super) fn parse_type1(bytes: &[u8]) -> FontProgram {
        let mut program = FontProgram::default();
        let open = bytes.windows(5).position(|w| w == b"eexec").and_then(|at| bytes.get(..at));
        let open = String::from_utf8_lossy(open.unwrap_or(bytes));
        let Some((_, encoding)) = open.split_once("/Encoding") else {
            // A program in segments begins with a mark of its own.
            program.is_damaged = !open.starts_with("%!") && bytes.first() != Some(&0x80);
            return program;
        };
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
        let table = |tag| face.table(Tag::from_bytes(tag)).filter(|table| !table.is_empty());
        if let Some(table) = table(b"CFF ") {
            program = cff::Table::parse(table)
                .map_or_else(FontProgram::damaged, |t| FontProgram::of_cff(&t));
        }
        // A font that is cut still says where its tables were.
        let telling = [b"CFF ", b"post", b"cmap"].map(Tag::from_bytes);
        let reaches_out = face.table_records.into_iter().any(|record| {
            let end = u64::from(record.offset) + u64::from(record.length);
            telling.contains(&record.tag) && end > face.data.len() as u64
        });
        program.is_damaged |= reaches_out;
        if let Some(post) = table(b"post").and_then(post::Table::parse) {
            for (glyph, name) in (0..=u16::MAX).zip(post.names()) {
                program.name(glyph, name);
            }
        }
        let Some(bytes) = table(b"cmap") else { return program };
        let Some(cmap) = cmap::Table::parse(bytes) else {
            program.is_damaged = true;
            return program;
        };
        let (mut own, mut is_cut) = (BTreeMap::new(), false);
        for (at, subtable) in (0u16..).zip(cmap.subtables) {
            let unicode = subtable.is_unicode();
            let mut take = |code: u32| {
                let glyph = subtable.glyph_index(code).filter(|glyph| glyph.0 != 0);
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
            };
            // Segments may lie over one another, so that a small table could go on for hours.
            match segments(bytes, at) {
                Some(segments) => {
                    let codes = segments.iter().flat_map(|(first, last)| *first..=*last);
                    let mut left = CHARS_MOST;
                    for code in codes {
                        let Some(less) = left.checked_sub(1) else {
                            is_cut = true;
                            break;
                        };
                        left = less;
                        take(code);
                    }
                }
                None => subtable.codepoints(take),
            }
        }
        program.is_cut = is_cut;
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

/// The first and last codes of the segments of a table of characters, of a format that has such (4, 12 and 13).
fn segments(cmap: &[u8], at: u16) -> Option<Vec<(u32, u32)>> {
    let number = |place: usize, size: usize| -> Option<u32> {
        let bytes = cmap.get(place..place.checked_add(size)?)?;
        Some(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    };
    let start = number(8 + usize::from(at) * 8, 4)? as usize;
    match number(start, 2)? {
        4 => {
            let length = number(start + 6, 2)? as usize;
            let segment = |at: usize| {
                let last = number(start + 14 + at * 2, 2)?;
                Some((number(start + 16 + length + at * 2, 2)?, last))
            };
            // The last one only says that it is the last.
            let is_end = |(first, last): &(u32, u32)| *first == 0xFFFF && first == last;
            Some((0..length / 2).map_while(segment).take_while(|it| !is_end(it)).collect())
        }
        12 | 13 => {
            let groups = number(start + 12, 4)? as usize;
            let group = |at: usize| {
                Some((number(start + 16 + at * 12, 4)?, number(start + 20 + at * 12, 4)?))
            };
            Some((0..groups).map_while(group).collect())
        }
        _ => None,
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

    /// A TrueType font of one table.
    fn font(table: &[u8]) -> Vec<u8> {
        let head = [
            0x0001_0000u32,
            0x0001_0000,
            0,
            u32::from_be_bytes(*b"cmap"),
            0,
            28,
            table.len() as u32,
        ];
        head.iter().flat_map(|word| word.to_be_bytes()).chain(table.iter().copied()).collect()
    }

    /// A table of characters of format 12 for Windows.
    fn characters(groups: &[(u32, u32, u32)]) -> Vec<u8> {
        let mut table = vec![0, 0, 0, 1, 0, 3, 0, 10, 0, 0, 0, 12, 0, 12, 0, 0];
        let words = [16 + groups.len() as u32 * 12, 0, groups.len() as u32];
        let groups = groups.iter().flat_map(|(first, last, glyph)| [*first, *last, *glyph]);
        table.extend(words.into_iter().chain(groups).flat_map(u32::to_be_bytes));
        table
    }

    #[test]
    fn tells_a_damaged_program_from_one_that_says_nothing() {
        let whole = font(&characters(&[(0xAC00, 0xAC02, 5)]));
        let program = FontProgram::parse(&whole);
        assert_eq!(program.text_of_glyph(6).as_deref(), Some("각"));
        assert!(!program.is_damaged && !program.is_cut);
        assert!(FontProgram::parse(&whole[..whole.len() - 4]).is_damaged);
        assert!(FontProgram::parse(&[0x55; 300]).is_damaged);
        let mut nameless = whole.clone();
        nameless[12..16].copy_from_slice(b"glyf");
        assert!(!FontProgram::parse(&nameless).is_damaged);
    }

    #[test]
    fn bounds_segments_that_lie_over_one_another() {
        let groups: Vec<_> = (0..1000).map(|n| (n, u32::MAX - 1, 1)).collect();
        assert!(FontProgram::parse(&font(&characters(&groups))).is_cut);
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
