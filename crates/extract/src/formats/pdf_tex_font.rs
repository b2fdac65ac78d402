//! The encodings of TeX's fonts of pixels. pdfTeX names their glyphs by their codes (`a12`), so that nothing in the file
//! says which characters the codes below the space are: ligatures, accents, dashes.

/// Small letters that a font of text shows at least: fonts of symbols have other encodings.
const LETTERS_LEAST: usize = 8;

/// The codes from 0x0B of the first encoding (OT1): ligatures, accents, and letters of Western Europe.
const FIRST: [&str; 21] = [
    "ff", "fi", "fl", "ffi", "ffl", "ı", "ȷ", "`", "´", "ˇ", "˘", "¯", "˚", "¸", "ß", "æ", "œ",
    "ø", "Æ", "Œ", "Ø",
];

/// The codes below the space of the encoding of Cork (T1).
const CORK_LOW: [&str; 32] = [
    "`", "´", "ˆ", "˜", "¨", "˝", "˚", "ˇ", "˘", "¯", "˙", "¸", "˛", "‚", "‹", "›", "“", "”", "„",
    "«", "»", "–", "—", "", "", "ı", "ȷ", "ff", "fi", "fl", "ffi", "ffl",
];

/// The codes from 0x80 of the same; from 0xC0 on they are nearly those of Western Europe.
const CORK_HIGH: &str = "ĂĄĆČĎĚĘĞĹĽŁŃŇŊŐŔŘŚŠŞŤŢŰŮŸŹŽŻĲİđ§ăąćčďěęğĺľłńňŋőŕřśšşťţűůÿźžżĳ¡¿£";

/// Which encoding a font has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TexEncoding {
    First,
    Cork,
}

impl TexEncoding {
    /// That of a font that shows these codes; none if it is no font of text.
    pub(super) fn of(codes: &[usize]) -> Option<TexEncoding> {
        let among =
            |low: usize, high: usize| codes.iter().filter(move |c| (low..=high).contains(*c));
        if among(0x61, 0x7A).count() < LETTERS_LEAST {
            return None;
        }
        // Where the ligatures are, or letters that the first one has none of.
        let is_first = among(0x0B, 0x0F).count() > 0;
        let is_cork = among(0x80, 0xFF).count() > 0 || among(0x1B, 0x1F).count() > 0;
        Some(if is_cork && !is_first { TexEncoding::Cork } else { TexEncoding::First })
    }

    /// What a code is that is no character of ASCII; of those the encodings differ in few.
    pub(super) fn text(self, code: usize) -> Option<String> {
        let text = match (self, code) {
            (TexEncoding::First, 0x0B..=0x1F) => (*FIRST.get(code - 0x0B)?).to_owned(),
            (TexEncoding::First, 0x7F) => "¨".to_owned(),
            (TexEncoding::Cork, 0..0x20) => (*CORK_LOW.get(code)?).to_owned(),
            (TexEncoding::Cork, 0x80..=0xBF) => CORK_HIGH.chars().nth(code - 0x80)?.to_string(),
            (TexEncoding::Cork, 0xD7) => "Œ".to_owned(),
            (TexEncoding::Cork, 0xDF) => "SS".to_owned(),
            (TexEncoding::Cork, 0xF7) => "œ".to_owned(),
            (TexEncoding::Cork, 0xFF) => "ß".to_owned(),
            (TexEncoding::Cork, 0xC0..=0xFE) => char::from(u8::try_from(code).ok()?).to_string(),
            _ => return None,
        };
        (!text.is_empty()).then_some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_the_encodings_apart_by_where_their_ligatures_are() {
        let letters = || 0x61..=0x7A;
        let of = |more: &[usize]| {
            TexEncoding::of(&letters().chain(more.iter().copied()).collect::<Vec<_>>())
        };
        let text = |more: &[usize], code| of(more).unwrap().text(code);
        assert_eq!(text(&[0x0C], 0x0C).as_deref(), Some("fi"));
        assert_eq!(text(&[0x0C, 0x1B], 0x1B).as_deref(), Some("œ"));
        assert_eq!(text(&[0x1C], 0x1C).as_deref(), Some("fi"));
        assert_eq!(text(&[0xE9], 0xE9).as_deref(), Some("é"));
        assert_eq!(text(&[0x8E, 0xAE], 0xAE).as_deref(), Some("ő"));
        assert_eq!(text(&[0xFF], 0xBF).as_deref(), Some("£"));
        assert_eq!(text(&[], 0x41), None);
        assert_eq!(TexEncoding::of(&[0x0B, 0x61, 0x62]), None);
    }
}
